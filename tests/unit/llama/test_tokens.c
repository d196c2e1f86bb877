/* test_tokens.c - ids of tiny tokenizers of every kind are those of tokenizers and sentencepiece (tests/golden/llama/make_tokens.py), from the
 * folder and, written as GGUF keys, from that file again. Another folder of such vectors may be given as argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/utf8.h"
#include "llama/tokenizer.h"

static const char *vectors = HX_SOURCE_DIR "/tests/golden/llama/tokens";

typedef struct {
    hx_token_options options;
    hx_buf text, ids;
} token_case;

static int hex_value(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Takes one line; what the mode is called stands before the first tab, or nothing. */
static void read_case(token_case *c, char *line) {
    c->options = (hx_token_options){0};
    hx_buf_reset(&c->text);
    hx_buf_reset(&c->ids);
    if (strncmp(line, "special\t", 8) == 0) {
        c->options.special = true;
        line += 8;
    } else if (strncmp(line, "parse\t", 6) == 0) {
        c->options.parse_special = true;
        line += 6;
    }
    for (; *line && *line != '\t'; line += 2) {
        char byte = (char)(hex_value(line[0]) * 16 + hex_value(line[1]));
        assert_true(hx_buf_append(&c->text, &byte, 1));
    }
    for (char *end = line; *end; line = end) {
        int32_t id = (int32_t)strtol(line, &end, 10);
        if (end == line) break;
        assert_true(hx_buf_append(&c->ids, &id, sizeof id));
    }
}

static void show_ids(const char *name, const hx_buf *ids) {
    fprintf(stderr, "%s:", name);
    for (size_t i = 0; i < ids->len / sizeof(int32_t); i++)
        fprintf(stderr, " %d", ((const int32_t *)(const void *)ids->ptr)[i]);
    fprintf(stderr, "\n");
}

static bool ids_equal(const hx_tokenizer *t, hx_tokenizer_scratch *s, const token_case *c) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_buf ids;
    hx_buf_init(&ids, SIZE_MAX / 2);
    hx_status status = hx_tokenizer_encode(t, s, hx_buf_str(&c->text), &c->options, &ids, &err);
    if (status != HX_OK) fail_msg("%s", err.message);
    bool same = hx_str_equal(hx_buf_str(&ids), hx_buf_str(&c->ids));
    if (!same) {
        fprintf(stderr, "text: %.*s\n", (int)c->text.len, c->text.ptr);
        show_ids("expected", &c->ids);
        show_ids("got", &ids);
    }
    hx_buf_release(&ids);
    return same;
}

/* All lines of cases.txt. `valid_only`: texts that are UTF-8. Returns how many there were. */
static size_t check_cases(const char *kind, const hx_tokenizer *t, bool valid_only) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s/cases.txt", vectors, kind);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *line = NULL;
    size_t cap = 0, n = 0, different = 0;
    token_case c;
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    assert_non_null(s);
    hx_buf_init(&c.text, 1 << 20);
    hx_buf_init(&c.ids, 1 << 20);
    while (getline(&line, &cap, f) > 0) {
        read_case(&c, line);
        if (valid_only && !hx_utf8_is_valid(hx_buf_str(&c.text))) continue;
        n++;
        /* twice: the second time words come from the cache */
        for (int round = 0; round < 2; round++)
            different += !ids_equal(t, s, &c);
    }
    if (different) fail_msg("%s: %zu of %zu texts have other ids", kind, different, n);
    hx_buf_release(&c.text);
    hx_buf_release(&c.ids);
    hx_tokenizer_scratch_free(s);
    free(line);
    fclose(f);
    return n;
}

static hx_tokenizer *open_kind(const char *kind) {
    char path[512];
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer *t = NULL;
    snprintf(path, sizeof path, "%s/%s", vectors, kind);
    if (hx_tokenizer_open_folder(&t, path, &err) != HX_OK) fail_msg("%s", err.message);
    return t;
}

/* Through a GGUF file. */
static void check_gguf(const char *kind, const hx_tokenizer *t) {
    char path[] = "/tmp/hx_tokens_XXXXXX";
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_gguf_writer *w = NULL;
    hx_tensor_file *f = NULL;
    hx_tokenizer *again = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(hx_gguf_writer_new(&w, &err), HX_OK);
    hx_gguf_put_str(w, "general.architecture", HX_STR_LIT("llama"));
    hx_tokenizer_put_gguf(t, w);
    if (hx_gguf_write(w, path, &err) != HX_OK) fail_msg("%s", err.message);
    hx_gguf_writer_free(w);
    if (hx_tensor_file_open(&f, path, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_tokenizer_open_gguf(&again, f, &err) != HX_OK) fail_msg("%s: %s", kind, err.message);
    assert_int_equal(hx_tokenizer_n_vocab(again), hx_tokenizer_n_vocab(t));
    assert_true(check_cases(kind, again, false) > 50);
    hx_tokenizer_close(again);
    hx_tensor_file_close(f);
    unlink(path);
}

static void check_kind(const char *kind, bool gguf) {
    hx_tokenizer *t = open_kind(kind);
    assert_true(check_cases(kind, t, false) > 50);
    if (gguf) check_gguf(kind, t);
    hx_tokenizer_close(t);
}

#define KIND_TEST(name, gguf)                                                                      \
    static void test_##name(void **state) {                                                        \
        (void)state;                                                                               \
        check_kind(#name, gguf);                                                                   \
    }
KIND_TEST(gpt2, true)
KIND_TEST(gpt2_prefix, true)
KIND_TEST(llama3, true)
KIND_TEST(qwen2, true)
KIND_TEST(smollm, true)
KIND_TEST(llama2, true)
KIND_TEST(llama2_metaspace, true)
KIND_TEST(unigram, false)
KIND_TEST(sp_bpe, true)
KIND_TEST(sp_bpe_extra, true)
KIND_TEST(sp_unigram, true)

/* With a character map; only where the vectors are not those of the repository. */
static void test_charsmap(void **state) {
    (void)state;
    if (strcmp(vectors, HX_SOURCE_DIR "/tests/golden/llama/tokens") == 0) skip();
    check_kind("sp_nfkc", true);
    check_kind("sp_bpe_nfkc", true);
    check_kind("unigram_charsmap", false);
}

/* What decoding gives is the text, for texts without bad bytes that no normaliser changes. */
static void check_round_trip(const char *kind, hx_str text) {
    hx_tokenizer *t = open_kind(kind);
    hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_buf ids, out;
    assert_non_null(s);
    hx_buf_init(&ids, SIZE_MAX / 2);
    hx_buf_init(&out, SIZE_MAX / 2);
    assert_int_equal(hx_tokenizer_encode(t, s, text, NULL, &ids, &err), HX_OK);
    assert_int_equal(hx_tokenizer_decode(t, (const int32_t *)(const void *)ids.ptr,
                                         ids.len / sizeof(int32_t), false, &out, &err),
                     HX_OK);
    assert_true(hx_str_equal(hx_buf_str(&out), text));
    hx_buf_release(&ids);
    hx_buf_release(&out);
    hx_tokenizer_scratch_free(s);
    hx_tokenizer_close(t);
}

static void test_decode(void **state) {
    (void)state;
    static const char *const kinds[] = {"gpt2", "llama3", "qwen2", "smollm", "llama2", "sp_bpe"};
    hx_str texts[] = {HX_STR_LIT("The battery lasts 10 hours, 电池耐用 😀!\n\tx"), HX_STR_LIT("x"),
                      HX_STR_LIT("  two  spaces ")};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            check_round_trip(kinds[k], texts[i]);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gpt2),       cmocka_unit_test(test_gpt2_prefix),
        cmocka_unit_test(test_llama3),     cmocka_unit_test(test_qwen2),
        cmocka_unit_test(test_smollm),     cmocka_unit_test(test_llama2),
        cmocka_unit_test(test_unigram),    cmocka_unit_test(test_llama2_metaspace),
        cmocka_unit_test(test_sp_bpe),     cmocka_unit_test(test_sp_bpe_extra),
        cmocka_unit_test(test_sp_unigram), cmocka_unit_test(test_charsmap),
        cmocka_unit_test(test_decode),
    };
    if (argc > 1) vectors = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
