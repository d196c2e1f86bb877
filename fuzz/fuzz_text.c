/* fuzz_text.c - cleaning and words out of any bytes: cleaning is idempotent, the words' spans ascend and leave out white space alone. */
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "huaxiang/text.h"

typedef struct {
    hx_text_model *model;
    hx_annotator *annotator;
    hx_arena *arena;
} fixture;

/* Opened at the first input and kept until the process ends, as libFuzzer has no tear-down. */
static const fixture *the_fixture(void) {
    static fixture f;
    hx_error err = {0};
    if (!f.model) {
        FUZZ_REQUIRE(hx_text_model_open(&f.model, HX_SHARE_DIR, NULL, &err) == HX_OK);
        FUZZ_REQUIRE(hx_annotator_new(&f.annotator, f.model, &err) == HX_OK);
        f.arena = hx_arena_new(0);
    }
    hx_arena_reset(f.arena);
    return &f;
}

static bool is_blank_only(hx_str s) {
    for (size_t at = 0; at < s.len;) {
        uint32_t cp = hx_utf8_next(s, &at);
        bool blank = cp == ' ' || (cp >= 9 && cp <= 13) || cp == 0x85 || cp == 0xA0 ||
                     cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 ||
                     cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
        if (!blank) return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const fixture *f = the_fixture();
    hx_str text = {(const char *)data, size};
    hx_clean_text once, twice;
    const hx_word *words;
    size_t n, at = 0;
    if (size == 0 || size > 1 << 16) return 0;
    FUZZ_REQUIRE(hx_text_clean(f->annotator, text, NULL, f->arena, &once, NULL) == HX_OK);
    FUZZ_REQUIRE(hx_utf8_is_valid(once.text));
    FUZZ_REQUIRE(hx_text_clean(f->annotator, once.text, NULL, f->arena, &twice, NULL) == HX_OK);
    FUZZ_REQUIRE(hx_str_equal(once.text, twice.text));
    FUZZ_REQUIRE(hx_text_words(f->annotator, text, f->arena, &words, &n, NULL) == HX_OK);
    for (size_t i = 0; i < n; i++) {
        FUZZ_REQUIRE(words[i].span.start >= at && words[i].span.end > words[i].span.start &&
                     words[i].span.end <= size);
        FUZZ_REQUIRE(is_blank_only((hx_str){text.ptr + at, words[i].span.start - at}));
        at = words[i].span.end;
    }
    FUZZ_REQUIRE(is_blank_only((hx_str){text.ptr + at, size - at}));
    (void)hx_text_lang(once.text);
    return 0;
}
