/* fuzz_tokenizer_json.c - bytes as a tokenizer.json. One that opens tokenises a text twice to the same ids, all in the vocabulary. */
#include "llama/tokenizer_folder.h"
#include "fuzz.h"
#include "fuzz_tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_tokenizer *t = hx__tokenizer_new("tokenizer.json", &err);
    FUZZ_REQUIRE(t);
    hx_status status = hx__tokenizer_json_read(t, (hx_str){(const char *)data, size}, &err);
    if (status == HX_OK) status = hx__tokenizer_complete(t, &err);
    if (status == HX_OK) {
        hx_tokenizer_scratch *s = hx_tokenizer_scratch_new(t);
        fuzz_encode(t, s, FUZZ_SAMPLE, (hx_token_options){.parse_special = true});
        hx_tokenizer_scratch_free(s);
    } else {
        FUZZ_REQUIRE(err.message[0] != '\0');
    }
    hx_tokenizer_close(t);
    return 0;
}
