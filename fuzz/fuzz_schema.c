/* fuzz_schema.c - JSON Schemas from any bytes; texts led through their grammars by the last bytes must be JSON whenever they may end. */
#include "fuzz.h"

#include <string.h>

#include "base/json.h"
#include "llama/grammar.h"

enum { TEXT_MAX = 400, GUIDE = 24 };

/* The first byte from `from` on that may follow; -1 = none. */
static int next_byte(hx_matcher *m, uint32_t node, uint8_t from) {
    for (int i = 0; i < 256; i++) {
        int byte = (from + i * 7) & 0xFF;
        if (hx_matcher_step(m, node, (uint8_t)byte) != 0) return byte;
    }
    return -1;
}

static void check_text(hx_str text) {
    json_t *value = NULL;
    hx_error err = {0};
    hx_status status = hx_json_parse(text, TEXT_MAX, "text", &value, &err);
    /* Two equal keys and numbers beyond a double are JSON all the same. */
    FUZZ_REQUIRE(status == HX_OK || strstr(err.message, "appears twice") ||
                 strstr(err.message, "out of range"));
    json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_grammar *g = NULL;
    hx_error err = {0};
    size_t n_guide = size < GUIDE ? size : GUIDE;
    if (hx_grammar_of_schema(&g, (hx_str){(const char *)data, size}, &err) != HX_OK) {
        FUZZ_REQUIRE(g == NULL && err.message[0] != '\0');
        return 0;
    }
    hx_matcher *m = hx_matcher_new(g);
    uint32_t node = m ? hx_matcher_start(m) : 0;
    char text[TEXT_MAX];
    size_t n = 0;
    while (node != 0 && n < TEXT_MAX) {
        if (hx_matcher_may_end(m, node)) {
            check_text((hx_str){text, n});
            break;
        }
        int byte = next_byte(m, node, (uint8_t)(data[size - 1 - n % n_guide] + n / n_guide * 31));
        if (byte < 0) break;
        text[n++] = (char)byte;
        node = hx_matcher_step(m, node, (uint8_t)byte);
    }
    hx_matcher_free(m);
    hx_grammar_free(g);
    return 0;
}
