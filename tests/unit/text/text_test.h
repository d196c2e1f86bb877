/* text_test.h - what the tests of the rules engine share: one model of the built data, an annotator, an arena. */
#ifndef HX_TESTS_TEXT_TEST_H
#define HX_TESTS_TEXT_TEST_H

#include "unit/base/base_test.h"

#include "huaxiang/text.h"

typedef struct {
    hx_text_model *model;
    hx_annotator *annotator;
    hx_arena *arena;
} text_fixture;

/* cmocka group set-up and tear-down: *state is a text_fixture. */
static inline int text_fixture_open(void **state) {
    text_fixture *f = calloc(1, sizeof *f);
    const hx_text_model_options rules = {.engine = HX_ENGINE_RULES};
    hx_error err = {0};
    assert_non_null(f);
    if (hx_text_model_open(&f->model, HX_SHARE_DIR, &rules, &err) != HX_OK ||
        hx_annotator_new(&f->annotator, f->model, &err) != HX_OK) {
        print_error("%s\n", err.message);
        return -1;
    }
    f->arena = hx_arena_new(0);
    *state = f;
    return f->arena ? 0 : -1;
}

static inline int text_fixture_close(void **state) {
    text_fixture *f = *state;
    hx_arena_free(f->arena);
    hx_annotator_free(f->annotator);
    hx_text_model_close(f->model);
    free(f);
    return 0;
}

#endif
