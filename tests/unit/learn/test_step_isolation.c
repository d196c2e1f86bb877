/* The step "isolation": what it finds, kept and read again, tables of no and of one row, sentences. Scores themselves: test_machines.c. */
#include <math.h>

#include "golden.h"
#include "base/rng.h"
#include "frame/step.h"
#include "huaxiang/learn.h"

#define ROWS 300
#define FAR 4 /* the last rows */

static hx_table *cloud(size_t n, uint64_t seed) {
    hx_table *t = NULL;
    hx_rng rng;
    double v[ROWS];
    hx_rng_seed(&rng, seed);
    assert_int_equal(hx_table_new(&t, n, NULL), HX_OK);
    for (size_t j = 0; j < 2; j++) {
        for (size_t i = 0; i < n; i++)
            v[i] = i + FAR < n ? hx_rng_uniform(&rng) : j == 0 ? 6 + (double)i : -9 * (double)i;
        const char name = (char)('a' + j);
        assert_int_equal(hx_table_put_numbers(t, (hx_str){&name, 1}, HX_KIND_NUMBER, v, -1, NULL),
                         HX_OK);
    }
    return t;
}

static hx_status open_recipe(hx_recipe **r, const char *json, hx_error *err) {
    size_t n;
    const hx_step_kind *const *more = hx_learn_steps(&n);
    return hx_recipe_open(r, hx_str_of(json), more, n, err);
}

static hx_recipe *fitted(const char *json, hx_table *t, size_t threads) {
    hx_recipe *r = NULL;
    hx_error err = {0};
    const hx_recipe_run run = {.n_threads = threads, .seed = 3};
    if (open_recipe(&r, json, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_recipe_fit(r, t, &run, &err) != HX_OK) fail_msg("%s", err.message);
    return r;
}

static double at(const hx_table *t, const char *name, size_t row) {
    double v = NAN;
    const size_t column = hx_table_find(t, hx_str_of(name));
    assert_true(column != HX_COLUMN_NONE);
    hx_table_numbers(t, column, row, 1, &v);
    return v;
}

static void finds_the_far_ones(void **state) {
    (void)state;
    hx_table *t = cloud(ROWS, 1), *one = cloud(ROWS, 1);
    hx_recipe *r = fitted("[{\"step\":\"isolation\"}]", t, 2);
    hx_recipe *s = fitted("[{\"step\":\"isolation\"}]", one, 1);
    size_t found = 0;
    for (size_t i = 0; i < ROWS; i++) {
        found += at(t, "outlier", i) > 0;
        assert_true((at(t, "outlier", i) > 0) == (at(t, "outlier_score", i) > 0.6));
        assert_true(at(t, "outlier_score", i) == at(one, "outlier_score", i)); /* any threads */
    }
    for (size_t i = ROWS - FAR; i < ROWS; i++)
        assert_true(at(t, "outlier", i) > 0);
    assert_true(found < 4 * FAR);
    hx_recipe_free(r);
    hx_recipe_free(s);
    hx_table_free(t);
    hx_table_free(one);
}

/* Fitted on one table, applied to another behind a file; removal, and not where each row is wanted. */
static void kept_and_applied(void **state) {
    static const char json[] = "[{\"step\":\"isolation\",\"columns\":\"a,b\",\"share\":0.02,"
                               "\"action\":\"remove\"}]";
    hx_arena *arena = hx_arena_new(0);
    hx_recipe *again = NULL;
    hx_str text;
    size_t n;
    const hx_step_kind *const *more = hx_learn_steps(&n);
    (void)state;
    hx_table *t = cloud(ROWS, 1), *later = cloud(40, 2), *kept = cloud(40, 2);
    hx_recipe *r = fitted(json, t, 2);
    assert_int_equal(hx_table_rows(t), ROWS - 6); /* 0.02 of 300 */
    assert_int_equal(hx_recipe_json(r, arena, &text, NULL), HX_OK);
    assert_int_equal(hx_recipe_read(&again, text, more, n, NULL), HX_OK);
    assert_int_equal(hx_recipe_apply(again, later, &(hx_recipe_run){0}, NULL), HX_OK);
    assert_int_equal(hx_table_rows(later), 40 - FAR);
    assert_int_equal(hx_table_columns(later), 2);
    assert_int_equal(hx_recipe_apply(r, kept, &(hx_recipe_run){.keep_rows = true}, NULL), HX_OK);
    assert_int_equal(hx_table_rows(kept), 40);
    hx_recipe_free(r);
    hx_recipe_free(again);
    hx_arena_free(arena);
    hx_table_free(t);
    hx_table_free(later);
    hx_table_free(kept);
}

static void small_tables(void **state) {
    (void)state;
    for (size_t n = 0; n <= 2; n++) {
        hx_table *t = NULL;
        const double v[] = {NAN, INFINITY};
        assert_int_equal(hx_table_new(&t, n, NULL), HX_OK);
        for (size_t j = 0; j < 2 * n; j++)
            assert_int_equal(hx_table_put_numbers(t, j % 2 ? HX_STR_LIT("b") : HX_STR_LIT("a"),
                                                  HX_KIND_NUMBER, v, -1, NULL),
                             HX_OK);
        hx_recipe *r = fitted("[{\"step\":\"isolation\"}]", t, 1);
        assert_int_equal(hx_table_rows(t), n);
        for (size_t i = 0; i < n; i++)
            assert_true(at(t, "outlier", i) <= 0);
        hx_recipe_free(r);
        hx_table_free(t);
    }
}

static void refused(void **state) {
    static const char *const wrong[][2] = {
        {"\"by\":\"a\"",
         "the method 'isolation' does not go by groups: it looks at all columns together"},
        {"\"action\":\"clip\"",
         "the method 'isolation' finds rows, not values: the action is flag or remove, not clip"},
        {"\"threshold\":1.5",
         "'threshold' has to be above 0 and below 1, as scores of isolation are"},
        {"\"share\":0.7", "'share' has to be above 0 and at most 0.5"},
        {"\"method\":\"z\"", "the step 'isolation' has no setting 'method'"}};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char json[128];
        hx_recipe *r = NULL;
        hx_error err = {0};
        (void)snprintf(json, sizeof json, "[{\"step\":\"isolation\",%s}]", wrong[i][0]);
        assert_int_equal(open_recipe(&r, json, &err), HX_EINVAL);
        assert_non_null(strstr(err.message, wrong[i][1]));
        hx_recipe_free(r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_far_ones),
                                       cmocka_unit_test(kept_and_applied),
                                       cmocka_unit_test(small_tables), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
