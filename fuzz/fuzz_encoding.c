/* fuzz_encoding.c - detection and decoding: a text decoded in two pieces is the text decoded at once. */
#include <string.h>

#include "frame/encoding.h"
#include "fuzz.h"

static void decode(hx_encoding e, hx_str s, size_t cut, hx_buf *out) {
    hx_decoder d;
    hx_buf_init(out, 16u << 20);
    FUZZ_REQUIRE(hx_decoder_init(&d, e, NULL) == HX_OK);
    FUZZ_REQUIRE(hx_decoder_write(&d, (hx_str){s.ptr, cut}, false, out, NULL) == HX_OK);
    FUZZ_REQUIRE(hx_decoder_write(&d, (hx_str){s.ptr + cut, s.len - cut}, true, out, NULL) ==
                 HX_OK);
    hx_decoder_release(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const hx_encoding encodings[] = {HX_ENCODING_GB18030, HX_ENCODING_UTF16LE,
                                            HX_ENCODING_UTF16BE};
    if (size == 0) return 0;
    hx_str s = {(const char *)data + 1, size - 1};
    hx_encoding_guess g = hx_encoding_detect(s, data[0] & 1);
    FUZZ_REQUIRE(g.bom <= s.len);
    for (size_t i = 0; i < 3; i++) {
        hx_buf whole, parts;
        decode(encodings[i], s, 0, &whole);
        decode(encodings[i], s, s.len ? data[0] % (s.len + 1) : 0, &parts);
        FUZZ_REQUIRE(whole.len == parts.len);
        FUZZ_REQUIRE(whole.len == 0 || memcmp(whole.ptr, parts.ptr, whole.len) == 0);
        hx_buf_release(&whole);
        hx_buf_release(&parts);
    }
    return 0;
}
