/* fuzz_grammar.c - GBNF from any bytes, then a text through it: a line of 0x01 parts the two. What the matcher takes byte by byte must
 * be the beginning of valid UTF-8, and may only end at a character's end. */
#include "fuzz.h"

#include <string.h>

#include "base/utf8.h"
#include "llama/grammar.h"

enum { TEXT_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *part = size > 0 ? memchr(data, 1, size) : NULL;
    hx_str gbnf = {(const char *)data, part ? (size_t)(part - data) : size};
    hx_str text = {part ? (const char *)part + 1 : "", part ? size - gbnf.len - 1 : 0};
    hx_grammar *g = NULL;
    hx_error err = {0};
    if (hx_grammar_new(&g, gbnf, &err) != HX_OK) {
        FUZZ_REQUIRE(g == NULL && err.message[0] != '\0');
        return 0;
    }
    hx_matcher *m = hx_matcher_new(g);
    if (m) {
        uint32_t node = hx_matcher_start(m);
        for (size_t i = 0; i < text.len && i < TEXT_MAX && node != 0; i++) {
            node = hx_matcher_trim(m, hx_matcher_step(m, node, (uint8_t)text.ptr[i]));
            hx_str read = {text.ptr, i + 1};
            FUZZ_REQUIRE(node == 0 || hx_utf8_valid_prefix(read) + 3 >= read.len);
            FUZZ_REQUIRE(node == 0 || !hx_matcher_may_end(m, node) || hx_utf8_is_valid(read));
        }
        hx_status status = hx_matcher_status(m, &err);
        FUZZ_REQUIRE(status == HX_OK || node == 0);
    }
    hx_matcher_free(m);
    hx_grammar_free(g);
    return 0;
}
