/* step_test.h - what the tests of steps share: tables out of arrays or CSV, a recipe run over them, what came out. */
#ifndef HX_TESTS_STEP_TEST_H
#define HX_TESTS_STEP_TEST_H

#include "frame_test.h"

#include "../learn/golden.h"

#define STEP_GOLDEN "../frame/steps.txt"

/* Columns a, b, c, ... of a row-major (n, d) array. */
static inline hx_table *step_table(const double *x, size_t n, size_t d) {
    hx_table *t = NULL;
    double *v = calloc(n + 1, sizeof *v);
    assert_int_equal(hx_table_new(&t, n, NULL), HX_OK);
    for (size_t j = 0; j < d; j++) {
        const char name = (char)('a' + j);
        for (size_t i = 0; i < n; i++)
            v[i] = x[i * d + j];
        assert_int_equal(hx_table_put_numbers(t, (hx_str){&name, 1}, HX_KIND_NUMBER, v, -1, NULL),
                         HX_OK);
    }
    free(v);
    return t;
}

static inline void step_add(hx_table *t, const char *name, const double *v) {
    assert_int_equal(hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, v, -1, NULL), HX_OK);
}

/* A column of texts: "g0", "g1", ... */
static inline void step_add_texts(hx_table *t, const char *name, const double *v) {
    static const char *const texts[] = {"g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7"};
    hx_str values[8];
    uint32_t codes[256];
    for (size_t i = 0; i < 8; i++)
        values[i] = hx_str_of(texts[i]);
    assert_true(hx_table_rows(t) <= 256);
    for (size_t i = 0; i < hx_table_rows(t); i++)
        codes[i] = (uint32_t)v[i];
    assert_int_equal(hx_table_put_texts(t, hx_str_of(name), codes, values, 8, NULL), HX_OK);
}

static inline hx_table *step_csv(const char *text) {
    test_file f = test_file_new("t.csv", hx_str_of(text));
    hx_table *t = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_read(&t, f.path, NULL, &err) != HX_OK) fail_msg("%s", err.message);
    test_file_remove(&f);
    return t;
}

static inline hx_status step_collect(void *context, const char *bytes, size_t n, hx_error *err) {
    (void)err;
    return hx_buf_append(context, bytes, n) ? HX_OK : HX_ENOMEM;
}

static inline void assert_csv(const hx_table *t, const char *want) {
    hx_buf b;
    hx_buf_init(&b, 1 << 24);
    assert_int_equal(
        hx_table_write(t, HX_FORMAT_CSV, 0, hx_table_rows(t), 1, step_collect, &b, NULL), HX_OK);
    (void)hx_buf_append_byte(&b, '\0');
    assert_string_equal(b.ptr, want);
    hx_buf_release(&b);
}

/* Fits the steps on `train` (in place), sends the recipe through its file, applies that to `test` (NULL: not). */
static inline hx_recipe *step_run(const char *steps, hx_table *train, hx_table *test) {
    hx_recipe *r = NULL, *again = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    const hx_recipe_run run = {.n_threads = 2, .seed = 1};
    hx_arena *arena = hx_arena_new(0);
    hx_str json;
    if (hx_recipe_open(&r, hx_str_of(steps), NULL, 0, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_recipe_fit(r, train, &run, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_recipe_json(r, arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_recipe_read(&again, json, NULL, 0, &err) != HX_OK) fail_msg("%s", err.message);
    if (test != NULL && hx_recipe_apply(again, test, &run, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_recipe_free(r);
    hx_arena_free(arena);
    return again;
}

static inline void step_run_free(const char *steps, hx_table *train, hx_table *test) {
    hx_recipe_free(step_run(steps, train, test));
}

/* Columns `names` (a letter each) are the golden array of that name, row-major. */
static inline void assert_golden(golden *g, const char *array, const hx_table *t, const char *names,
                                 double tolerance) {
    size_t n = 0;
    const size_t d = strlen(names);
    const double *want = golden_array(g, array, &n);
    assert_int_equal(n, hx_table_rows(t) * d);
    for (size_t j = 0; j < d; j++) {
        const size_t column = hx_table_find(t, (hx_str){names + j, 1});
        assert_int_not_equal(column, HX_COLUMN_NONE);
        for (size_t i = 0; i < n / d; i++) {
            double v = 0;
            const double w = want[i * d + j];
            hx_table_numbers(t, column, i, 1, &v);
            if (v != v && w != w) continue;
            if (!(fabs(v - w) <= tolerance * fmax(1, fabs(w))))
                fail_msg("%s, row %zu, column %c: %.17g, not %.17g", array, i, names[j], v, w);
        }
    }
}

/* The steps fail on a table, when read or when fitted, with this sentence. */
static inline void assert_step_fails(const char *steps, const char *csv, const char *sentence) {
    hx_table *t = step_csv(csv);
    hx_recipe *r = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_status status = hx_recipe_open(&r, hx_str_of(steps), NULL, 0, &err);
    if (status == HX_OK) status = hx_recipe_fit(r, t, NULL, &err);
    assert_int_not_equal(status, HX_OK);
    assert_string_equal(err.message, sentence);
    hx_recipe_free(r);
    hx_table_free(t);
}

/* The steps on a table give this one. */
static inline void assert_step(const char *steps, const char *csv, const char *want) {
    hx_table *t = step_csv(csv);
    step_run_free(steps, t, NULL);
    assert_csv(t, want);
    hx_table_free(t);
}

#endif
