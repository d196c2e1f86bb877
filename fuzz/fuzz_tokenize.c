/* fuzz_tokenize.c - bytes as a text of a byte-level, a byte-fallback and a unigram tokenizer. The first byte chooses the tokenizer, the
 * second the options. Texts that are UTF-8 and that no normaliser changes come back from byte-level ids. */
#include <stdio.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "fuzz_tokenizer.h"

#define KINDS 8

/* Opened once; a process of the fuzzer ends without closing them. */
static struct {
    hx_tokenizer *t;
    hx_tokenizer_scratch *s;
} fuzz_kinds[KINDS];

static const char *const kind_names[KINDS] = {"gpt2",   "llama3", "qwen2",   "smollm",
                                              "llama2", "sp_bpe", "unigram", "sp_unigram"};

static void open_kind(size_t i) {
    char path[512];
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (fuzz_kinds[i].t) return;
    snprintf(path, sizeof path, HX_SOURCE_DIR "/tests/golden/llama/tokens/%s", kind_names[i]);
    FUZZ_REQUIRE(hx_tokenizer_open_folder(&fuzz_kinds[i].t, path, &err) == HX_OK);
    fuzz_kinds[i].s = hx_tokenizer_scratch_new(fuzz_kinds[i].t);
    FUZZ_REQUIRE(fuzz_kinds[i].s);
}

static void check_round_trip(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_buf ids, bytes;
    hx_buf_init(&ids, SIZE_MAX / 2);
    hx_buf_init(&bytes, SIZE_MAX / 2);
    FUZZ_REQUIRE(hx_tokenizer_encode(t, s, text, NULL, &ids, &err) == HX_OK);
    FUZZ_REQUIRE(hx_tokenizer_decode(t, hx_ids_of(&ids), ids.len / sizeof(int32_t), true, &bytes,
                                     &err) == HX_OK);
    FUZZ_REQUIRE(hx_str_equal(hx_buf_str(&bytes), text));
    hx_buf_release(&ids);
    hx_buf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    size_t kind = data[0] % KINDS;
    hx_str text = {(const char *)data + 2, size - 2};
    hx_token_options options = {.special = data[1] & 1,
                                .parse_special = data[1] & 2,
                                .max_length = data[1] & 4 ? data[1] >> 3 : 0,
                                .inside = data[1] & 128};
    open_kind(kind);
    fuzz_encode(fuzz_kinds[kind].t, fuzz_kinds[kind].s, text, options);
    bool changes =
        kind == 2 && hx_utf8_is_valid(text) && hx_text_needs_nfc(&fuzz_kinds[kind].t->pre, text);
    if (kind < 4 && !changes && hx_utf8_is_valid(text))
        check_round_trip(fuzz_kinds[kind].t, fuzz_kinds[kind].s, text);
    return 0;
}
