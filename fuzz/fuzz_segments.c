/* fuzz_segments.c - rules of segments of any bytes: what is taken can be run and written; what is not has its column and its caret. */
#include "fuzz.h"

#include <string.h>

#include "insight/segment_live.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hx_arena *arena = hx_arena_new(0);
    hx_segment_program r;
    hx_error err = {0};
    const hx_str text = {(const char *)data, size};
    if (!arena) return 0;
    if (hx_segment_rule_parse(text, arena, &r, &err) != HX_OK) {
        char shown[HX_SEGMENT_CARET_MAX];
        FUZZ_REQUIRE(err.message[0] != '\0');
        if (r.text.ptr)
            FUZZ_REQUIRE(hx_segment_caret(r.text, (size_t)err.byte, shown) < sizeof shown);
    } else {
        FUZZ_REQUIRE(r.n_conditions > 0 && r.n_conditions <= HX_SEGMENT_CONDITIONS_MAX);
        const bool held = hx_segment_rule_holds(&r, 5);
        const uint64_t nearest = hx_segment_rule_nearest(&r, 5);
        FUZZ_REQUIRE(nearest == 0 || hx_segment_rule_holds(&r, 5 ^ nearest) != held);
    }
    hx_arena_free(arena);
    return 0;
}
