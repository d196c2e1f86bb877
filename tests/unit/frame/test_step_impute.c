/* test_step_impute.c - filling missing values: against pandas and scikit-learn, by groups, with masks, and where there is nothing to learn from. */
#include "base/rng.h"
#include "step_test.h"

typedef struct {
    golden g;
    hx_table *train, *test;
} fixture;

static fixture open_golden(void) {
    fixture f;
    size_t n = 0;
    golden_open(&f.g, STEP_GOLDEN);
    f.train = step_table(golden_array(&f.g, "train", &n), 60, 4);
    f.test = step_table(golden_array(&f.g, "test", &n), 20, 4);
    step_add_texts(f.train, "g", golden_array(&f.g, "group", &n));
    step_add_texts(f.test, "g", golden_array(&f.g, "other", &n));
    return f;
}

static void close_golden(fixture *f) {
    hx_table_free(f->train);
    hx_table_free(f->test);
    golden_close(&f->g);
}

static void check(const char *steps, const char *array_train, const char *array_test,
                  double tolerance) {
    fixture f = open_golden();
    step_run_free(steps, f.train, f.test);
    if (array_train != NULL) assert_golden(&f.g, array_train, f.train, "abcd", tolerance);
    if (array_test != NULL) assert_golden(&f.g, array_test, f.test, "abcd", tolerance);
    close_golden(&f);
}

static void test_means_as_pandas(void **state) {
    (void)state;
    check("[{\"step\":\"impute\",\"method\":\"mean\"}]", NULL, "mean", 1e-12);
    check("[{\"step\":\"impute\",\"method\":\"median\",\"columns\":\"a,b,c,d\"}]", NULL, "median",
          1e-12);
    check("[{\"step\":\"impute\",\"method\":\"mean\",\"by\":\"g\"}]", NULL, "mean_by", 1e-12);
    check("[{\"step\":\"impute\",\"method\":\"median\",\"by\":[\"g\"]}]", NULL, "median_by", 1e-12);
}

static void test_carried_as_pandas(void **state) {
    (void)state;
    check("[{\"step\":\"impute\",\"method\":\"ffill\",\"columns\":\"a,b,c,d\"}]", "ffill", NULL, 0);
    check("[{\"step\":\"impute\",\"method\":\"bfill\",\"columns\":\"a,b,c,d\",\"limit\":2}]",
          "bfill_2", NULL, 0);
    check("[{\"step\":\"impute\",\"method\":\"ffill\",\"by\":\"g\"}]", "ffill_by", NULL, 0);
}

static void test_neighbours_as_scikit_learn(void **state) {
    (void)state;
    check("[{\"step\":\"impute\",\"method\":\"knn\",\"neighbours\":3}]", "knn_uniform_train",
          "knn_uniform_test", 1e-9);
    check("[{\"step\":\"impute\",\"method\":\"knn\",\"neighbours\":5,\"weights\":\"distance\"}]",
          "knn_distance_train", "knn_distance_test", 1e-9);
}

static void test_chain_as_scikit_learn(void **state) {
    (void)state;
    check("[{\"step\":\"impute\",\"method\":\"iterative\"}]", "iterative_train", "iterative_test",
          1e-6);
}

static void test_kinds_and_masks(void **state) {
    (void)state;
    assert_step(
        "[{\"step\":\"impute\",\"method\":\"mode\",\"mask\":true}]",
        "a,b,c,d\n1,x,true,2025-01-01\nNA,,,\n2,y,true,2025-01-03\n2,y,false,2025-01-03\n,x,true,"
        "2025-01-01\n",
        "a,b,c,d,a_missing,b_missing,c_missing,d_missing\n1,x,true,2025-01-01,false,false,false,"
        "false\n"
        "2,x,true,2025-01-01,true,true,true,true\n2,y,true,2025-01-03,false,false,false,false\n"
        "2,y,false,2025-01-03,false,false,false,false\n2,x,true,2025-01-01,true,false,false,"
        "false\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"mean\"}]",
                "t,n\n2025-01-01,1\n2025-01-03,2\nNA,\n",
                "t,n\n2025-01-01,1\n2025-01-03,2\n2025-01-02,1.5\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"constant\",\"value\":\"none\"}]",
                "a,b\n1,x\nNA,\n2,x\n", "a,b\n1,x\n,none\n2,x\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"constant\",\"value\":\"0\"}]",
                "a,b\n1,x\nNA,\n2,x\n", "a,b\n1,x\n0,\n2,x\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"median\"}]", "a\n1.50\n2.25\n\n",
                "a\n1.50\n2.25\n");
}

static void test_groups(void **state) {
    (void)state;
    hx_table *train = step_csv("city,level,v\nA,x,1\nA,y,3\nB,x,10\nB,y,20\nC,x,\n,x,7\n");
    hx_table *test = step_csv("city,level,v\nA,x,\nB,z,\nC,x,\n,x,\nD,,\n");
    step_run_free("[{\"step\":\"impute\",\"method\":\"median\",\"columns\":\"v\",\"by\":\"city\"}]",
                  train, test);
    assert_csv(test, "city,level,v\nA,x,2\nB,z,15\nC,x,7\n,x,7\nD,,7\n");
    hx_table_free(train);
    hx_table_free(test);
    train = step_csv("city,level,v\nA,x,1\nA,y,3\nB,x,10\nB,y,20\n");
    test = step_csv("city,level,v\nA,y,\nB,z,\n");
    step_run_free(
        "[{\"step\":\"impute\",\"method\":\"mode\",\"columns\":\"v\",\"by\":[\"city\",\"level\"]}]",
        train, test);
    assert_csv(test, "city,level,v\nA,y,3\nB,z,1\n");
    hx_table_free(train);
    hx_table_free(test);
}

static void test_carried_by_time(void **state) {
    (void)state;
    assert_step("[{\"step\":\"impute\",\"method\":\"ffill\",\"columns\":\"v,w\",\"by\":\"k\","
                "\"order_by\":\"t\"}]",
                "k,t,v,w\na,3,,\na,1,5,x\nb,2,,\na,2,,\nb,9,8,y\nb,,,\n",
                "k,t,v,w\na,3,5,x\na,1,5,x\nb,2,,\na,2,5,x\nb,9,8,y\nb,,8,y\n");
}

static void test_dropped(void **state) {
    const char *csv = "a,b,c\n1,2,3\n1,,\nNA,,\n1,2,\n";
    (void)state;
    assert_step("[{\"step\":\"impute\",\"method\":\"drop-rows\"}]", csv, "a,b,c\n1,2,3\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"drop-rows\",\"how\":\"all\"}]", csv,
                "a,b,c\n1,2,3\n1,,\n1,2,\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"drop-rows\",\"least\":2}]", csv,
                "a,b,c\n1,2,3\n1,2,\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"drop-rows\",\"columns\":\"b\"}]", csv,
                "a,b,c\n1,2,3\n1,2,\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"drop-columns\"}]", csv,
                "a,b\n1,2\n1,\n,\n1,2\n");
    assert_step("[{\"step\":\"impute\",\"method\":\"drop-columns\",\"share\":0.3}]", csv,
                "a\n1\n1\n\"\"\n1\n");
    hx_table *train = step_csv(csv), *test = step_csv("a,b,c\n1,,3\n");
    hx_recipe *r = step_run("[{\"step\":\"impute\",\"method\":\"drop-columns\"}]", train, test);
    assert_csv(test, "a,b\n1,\n");
    assert_string_equal(hx_recipe_note(r, 0, HX_UI_EN), "columns dropped: 1");
    hx_recipe_free(r);
    hx_table_free(train);
    hx_table_free(test);
}

/* Nothing to learn from: what is missing stays missing, and no method stumbles. */
static void test_nothing_there(void **state) {
    static const char *const methods[] = {"mean", "median", "mode", "ffill", "bfill", "knn"};
    char steps[200];
    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        snprintf(steps, sizeof steps, "[{\"step\":\"impute\",\"method\":\"%s\",\"mask\":true}]",
                 methods[i]);
        double nothing[] = {NAN, 1, NAN, 2}, none[] = {0};
        hx_table *t = step_table(nothing, 2, 2), *empty = step_table(none, 0, 2),
                 *one = step_table(nothing, 1, 2);
        step_run_free(steps, t, one);
        assert_true(hx_table_is_missing(t, 0, 0) && hx_table_is_missing(t, 0, 1));
        assert_true(hx_table_is_missing(one, 0, 0) && !hx_table_is_missing(one, 1, 0));
        step_run_free(steps, empty, one);
        assert_int_equal(hx_table_rows(empty), 0);
        hx_table_free(t);
        hx_table_free(empty);
        hx_table_free(one);
    }
}

/* A missing value beside an infinite one: neither distances nor regressions become infinite. */
static void test_infinities(void **state) {
    const double x[] = {1, 2, 2, NAN, 3, 6, INFINITY, 8, 4, 8};
    (void)state;
    hx_table *t = step_table(x, 5, 2);
    step_run_free("[{\"step\":\"impute\",\"method\":\"knn\",\"neighbours\":2}]", t, NULL);
    double v = 0;
    hx_table_numbers(t, 1, 1, 1, &v);
    assert_true(v == 4);
    hx_table_free(t);
    t = step_table(x, 5, 2);
    step_run_free("[{\"step\":\"impute\",\"method\":\"iterative\"}]", t, NULL);
    hx_table_numbers(t, 1, 1, 1, &v);
    assert_true(fabs(v - 4) < 0.5);
    hx_table_free(t);
}

/* ------------------------------------------------------------------ nearest rows of a group */
#define GROUP_ROWS 24

/* Rows of three groups; column 0 and 1 have holes. */
static void draw_groups(double x[GROUP_ROWS * 3], double of_row[GROUP_ROWS]) {
    hx_rng rng;
    hx_rng_seed(&rng, 7);
    for (size_t i = 0; i < GROUP_ROWS; i++) {
        of_row[i] = (double)(i % 3);
        for (size_t j = 0; j < 3; j++)
            x[i * 3 + j] = hx_rng_uniform(&rng) + 10 * of_row[i];
        if (i % 4 == 1) x[i * 3 + i % 2] = NAN;
    }
}

/* What the nearest of a group tell is what they tell where there is no other group. */
static void test_neighbours_of_groups(void **state) {
    static const char steps[] = "[{\"step\":\"impute\",\"method\":\"knn\",\"neighbours\":3,"
                                "\"weights\":\"distance\",\"by\":\"g\"}]";
    double x[GROUP_ROWS * 3], of_row[GROUP_ROWS], v[GROUP_ROWS], own[GROUP_ROWS];
    (void)state;
    draw_groups(x, of_row);
    hx_table *t = step_table(x, GROUP_ROWS, 3);
    step_add_texts(t, "g", of_row);
    step_run_free(steps, t, NULL);
    for (size_t g = 0; g < 3; g++) {
        double part[GROUP_ROWS];
        for (size_t i = 0; i < GROUP_ROWS / 3; i++)
            memcpy(part + 3 * i, x + 3 * (3 * i + g), 3 * sizeof *part);
        hx_table *alone = step_table(part, GROUP_ROWS / 3, 3);
        step_run_free("[{\"step\":\"impute\",\"method\":\"knn\",\"neighbours\":3,\"weights\":"
                      "\"distance\"}]",
                      alone, NULL);
        for (size_t j = 0; j < 3; j++) {
            hx_table_numbers(t, j, 0, GROUP_ROWS, v);
            hx_table_numbers(alone, j, 0, GROUP_ROWS / 3, own);
            for (size_t i = 0; i < GROUP_ROWS / 3; i++)
                assert_true(v[3 * i + g] == own[i]);
        }
        hx_table_free(alone);
    }
    hx_table_free(t);
}

/* A group with too few rows, one that was not seen and one that was: also behind a file. */
static void test_neighbours_of_small_groups(void **state) {
    static const char steps[] =
        "[{\"step\":\"impute\",\"method\":\"knn\",\"neighbours\":2,\"by\":\"g\"}]";
    hx_recipe *r = NULL, *again = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_str json;
    (void)state;
    hx_table *t = step_csv("g,a,b\nx,,1\nx,2,2\nx,4,3\ny,100,9\ny,,2\n");
    hx_table *later = step_csv("g,a,b\nx,,1\nz,,3\n");
    assert_int_equal(hx_recipe_open(&r, hx_str_of(steps), NULL, 0, NULL), HX_OK);
    assert_int_equal(hx_recipe_fit(r, t, &(hx_recipe_run){0}, NULL), HX_OK);
    assert_csv(t, "g,a,b\nx,3,1\nx,2,2\nx,4,3\ny,100,9\ny,3,2\n");
    assert_string_equal(hx_recipe_note(r, 0, HX_UI_EN),
                        "missing values filled: 2 of 2; left missing for want of a value: 0; told "
                        "by all rows, as their groups have too few: 1");
    assert_int_equal(hx_recipe_json(r, arena, &json, NULL), HX_OK);
    assert_int_equal(hx_recipe_read(&again, json, NULL, 0, NULL), HX_OK);
    assert_int_equal(hx_recipe_apply(again, later, &(hx_recipe_run){0}, NULL), HX_OK);
    assert_csv(later, "g,a,b\nx,3,1\nz,3,3\n");
    hx_recipe_free(r);
    hx_recipe_free(again);
    hx_arena_free(arena);
    hx_table_free(t);
    hx_table_free(later);
}

/* ------------------------------------------------------------------ nothing to fill with, too much to add up */
static void assert_note(const char *steps, const char *csv, const char *rows, const char *note) {
    hx_recipe *r = NULL;
    hx_table *t = step_csv(csv);
    assert_int_equal(hx_recipe_open(&r, hx_str_of(steps), NULL, 0, NULL), HX_OK);
    assert_int_equal(hx_recipe_fit(r, t, &(hx_recipe_run){0}, NULL), HX_OK);
    assert_csv(t, rows);
    assert_string_equal(hx_recipe_note(r, 0, HX_UI_EN), note);
    hx_recipe_free(r);
    hx_table_free(t);
}

static void test_no_value_to_fill_with(void **state) {
    static const char *const methods[] = {"mean", "median", "knn", "iterative"};
    char steps[128];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(steps, sizeof steps, "[{\"step\":\"impute\",\"method\":\"%s\"}]",
                       methods[i]);
        assert_note(steps, "a,b\n,1\n,2\n", "a,b\n,1\n,2\n",
                    "missing values filled: 0 of 2; left missing for want of a value: 2");
        assert_note(steps, "a,b\n,1\n", "a,b\n,1\n",
                    "missing values filled: 0 of 1; left missing for want of a value: 1");
        assert_note(steps, "a,b\n", "a,b\n", "missing values filled: 0 of 0");
        assert_note(steps, "a,b\ninf,1\n,2\n", "a,b\ninf,1\n,2\n",
                    "missing values filled: 0 of 1; left missing for want of a value: 1");
    }
}

static void test_large_values(void **state) {
    static const char *const methods[] = {"mean", "median", "knn"};
    const double x[] = {1e308, 1, 1.2e308, 1, 1.7e308, 1, NAN, 1};
    char steps[128];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        hx_table *t = step_table(x, 4, 2);
        double v = 0;
        (void)snprintf(steps, sizeof steps, "[{\"step\":\"impute\",\"method\":\"%s\"}]",
                       methods[i]);
        step_run_free(steps, t, NULL);
        hx_table_numbers(t, 0, 3, 1, &v);
        assert_true(fabs(v / (i == 1 ? 1.2e308 : 1.3e308) - 1) < 1e-12);
        hx_table_free(t);
    }
}

/* The same bytes for any number of threads. */
static void test_threads(void **state) {
    (void)state;
    for (size_t threads = 1; threads <= 4; threads += 3) {
        fixture f = open_golden();
        hx_recipe *r = NULL;
        const hx_recipe_run run = {.n_threads = threads};
        const char *steps = "[{\"step\":\"impute\",\"method\":\"knn\"},{\"step\":\"impute\","
                            "\"method\":\"mode\",\"by\":\"g\"}]";
        assert_int_equal(hx_recipe_open(&r, hx_str_of(steps), NULL, 0, NULL), HX_OK);
        assert_int_equal(hx_recipe_fit(r, f.train, &run, NULL), HX_OK);
        static double first[60 * 4];
        for (size_t j = 0; j < 4; j++) {
            double v[60];
            hx_table_numbers(f.train, j, 0, 60, v);
            if (threads == 1)
                memcpy(first + 60 * j, v, sizeof v);
            else
                assert_memory_equal(first + 60 * j, v, sizeof v);
        }
        hx_recipe_free(r);
        close_golden(&f);
    }
}

static void test_sentences(void **state) {
    const char *csv = "a,b,c\n1,x,true\n2,y,false\n";
    (void)state;
    assert_step_fails("[{\"step\":\"impute\",\"method\":\"mean\",\"columns\":\"b\"}]", csv,
                      "the column 'b' is of the kind text, which this method does not take");
    assert_step_fails("[{\"step\":\"impute\",\"method\":\"mean\",\"columns\":\"a,a\"}]", csv,
                      "the column 'a' is named twice");
    assert_step_fails("[{\"step\":\"impute\",\"method\":\"constant\"}]", csv,
                      "the method 'constant' needs a 'value'");
    assert_step_fails(
        "[{\"step\":\"impute\",\"method\":\"constant\",\"value\":\"x\",\"columns\":\"a\"}]", csv,
        "'value' does not fit the column 'a'");
    assert_step_fails("[{\"step\":\"impute\",\"method\":\"iterative\",\"by\":\"b\"}]", csv,
                      "the method 'iterative' does not go by groups");
    assert_step_fails("[{\"step\":\"impute\",\"method\":\"iterative\",\"columns\":\"a\"}]", csv,
                      "the method 'iterative' needs two columns of numbers");
    assert_step_fails("[{\"step\":\"impute\",\"method\":\"ffill\",\"order_by\":\"b\"}]", csv,
                      "the column 'b' gives no order: it holds neither times nor numbers");
    assert_step_fails("[{\"step\":\"impute\",\"method\":\"drop-rows\",\"mask\":true}]", csv,
                      "the method 'drop-rows' leaves nothing to mask");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means_as_pandas),
        cmocka_unit_test(test_carried_as_pandas),
        cmocka_unit_test(test_neighbours_as_scikit_learn),
        cmocka_unit_test(test_chain_as_scikit_learn),
        cmocka_unit_test(test_kinds_and_masks),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_carried_by_time),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_infinities),
        cmocka_unit_test(test_neighbours_of_groups),
        cmocka_unit_test(test_neighbours_of_small_groups),
        cmocka_unit_test(test_no_value_to_fill_with),
        cmocka_unit_test(test_large_values),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
