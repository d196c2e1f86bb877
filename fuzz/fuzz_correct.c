/* fuzz_correct.c - correction of any bytes by the rules, at a low threshold: the edits are in order, apart, of the bytes they say, and make the
 * corrected text; correcting it again changes nothing. */
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "huaxiang/text.h"

typedef struct {
    hx_text_model *words;
    hx_correct_model *model;
    hx_corrector *corrector;
    hx_arena *arena;
} fixture;

/* Opened at the first input and kept until the process ends, as libFuzzer has no tear-down. */
static const fixture *the_fixture(void) {
    static fixture f;
    const hx_correct_options options = {.engine = HX_ENGINE_RULES, .threshold = 0.3};
    if (!f.corrector) {
        FUZZ_REQUIRE(hx_text_model_open(&f.words, HX_SHARE_DIR, NULL, NULL) == HX_OK);
        FUZZ_REQUIRE(hx_correct_model_open(&f.model, HX_SHARE_DIR, f.words, &options, NULL) ==
                     HX_OK);
        FUZZ_REQUIRE(hx_corrector_new(&f.corrector, f.model, NULL) == HX_OK);
        f.arena = hx_arena_new(0);
    }
    hx_arena_reset(f.arena);
    return &f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const fixture *f = the_fixture();
    hx_str text = {(const char *)data, size};
    hx_correction once, twice;
    size_t at = 0, made = 0;
    if (size == 0 || size > 1 << 13) return 0;
    FUZZ_REQUIRE(hx_correct_texts(f->corrector, &text, 1, f->arena, &once, NULL) == HX_OK);
    FUZZ_REQUIRE(once.n_edits == 0 || hx_utf8_is_valid(once.text));
    for (size_t i = 0; i < once.n_edits; i++) {
        const hx_edit *e = &once.edits[i];
        FUZZ_REQUIRE(e->span.start >= at && e->span.end >= e->span.start && e->span.end <= size);
        FUZZ_REQUIRE(e->from.len == e->span.end - e->span.start);
        FUZZ_REQUIRE(memcmp(e->from.ptr, data + e->span.start, e->from.len) == 0);
        FUZZ_REQUIRE(!hx_str_equal(e->from, e->to));
        made += e->span.start - at;
        FUZZ_REQUIRE(made + e->to.len <= once.text.len);
        FUZZ_REQUIRE(memcmp(once.text.ptr + made, e->to.ptr, e->to.len) == 0);
        made += e->to.len;
        at = e->span.end;
    }
    FUZZ_REQUIRE(made + size - at == once.text.len);
    FUZZ_REQUIRE(hx_correct_texts(f->corrector, &once.text, 1, f->arena, &twice, NULL) == HX_OK);
    FUZZ_REQUIRE(twice.n_edits == 0);
    return 0;
}
