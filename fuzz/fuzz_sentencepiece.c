/* fuzz_sentencepiece.c - bytes as a tokenizer.model. One that opens tokenises a text twice to the same ids, all in the vocabulary, and to these
 * without cutting it into words. */
#include "llama/tokenizer_folder.h"
#include "fuzz.h"
#include "fuzz_tokenizer.h"

static void ids_of(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_buf *ids) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_buf_init(ids, SIZE_MAX / 2);
    FUZZ_REQUIRE(hx_tokenizer_encode(t, s, FUZZ_SAMPLE, NULL, ids, &err) == HX_OK ||
                 err.message[0] != '\0');
}

/* `s` knows the words of the sample. */
static void check_words(hx_tokenizer *t, hx_tokenizer_scratch *s) {
    hx_buf words, whole;
    ids_of(t, s, &words);
    t->cuts_at_meta = false;
    ids_of(t, s, &whole);
    FUZZ_REQUIRE(hx_str_equal(hx_buf_str(&words), hx_buf_str(&whole)));
    hx_buf_release(&words);
    hx_buf_release(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer *t = hx__tokenizer_new("tokenizer.model", &err);
    FUZZ_REQUIRE(t);
    hx_status status = hx__sentencepiece_read(t, (hx_str){(const char *)data, size}, &err);
    if (status == HX_OK) status = hx__tokenizer_complete(t, &err);
    if (status == HX_OK) {
        hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
        fuzz_encode(t, s, FUZZ_SAMPLE, (hx_token_options){.parse_special = true});
        check_words(t, s);
        hx_tokenizer_scratch_free(s);
    } else {
        FUZZ_REQUIRE(err.message[0] != '\0');
    }
    hx_tokenizer_close(t);
    return 0;
}
