/* fuzz_tokenizer.h - what the fuzz targets of tokenizers promise about ids. */
#ifndef HX_FUZZ_TOKENIZER_H
#define HX_FUZZ_TOKENIZER_H

#include <string.h>

#include "llama/tokenizer_parts.h"
#include "fuzz.h"

#define FUZZ_SAMPLE                                                                                \
    HX_STR_LIT("The  battery\n lasts 10 hours, 这家餐厅很棒！ e\xCC\x81 \xF0\x9F\x98\x80 "  \
               "<s>\xFF\xE4\xB8 \xE2\x96\x81x")

static inline void fuzz_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                               hx_token_options options) {
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_buf first, second, bytes;
    hx_buf_init(&first, SIZE_MAX / 2);
    hx_buf_init(&second, SIZE_MAX / 2);
    hx_buf_init(&bytes, SIZE_MAX / 2);
    hx_status status = hx_tokenizer_encode(t, s, text, &options, &first, &err);
    if (status == HX_OK) {
        /* words come from the cache now */
        FUZZ_REQUIRE(hx_tokenizer_encode(t, s, text, &options, &second, &err) == HX_OK);
        FUZZ_REQUIRE(hx_str_equal(hx_buf_str(&first), hx_buf_str(&second)));
        size_t n = first.len / sizeof(int32_t);
        FUZZ_REQUIRE(options.max_length == 0 || n <= options.max_length);
        FUZZ_REQUIRE(hx_tokenizer_decode(t, hx_ids_of(&first), n, true, &bytes, &err) == HX_OK);
    } else {
        FUZZ_REQUIRE(err.message[0] != '\0');
    }
    hx_buf_release(&first);
    hx_buf_release(&second);
    hx_buf_release(&bytes);
}

#endif
