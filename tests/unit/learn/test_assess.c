/* Figures of predictions: equal to scikit-learn's, intervals, deciles, thresholds by cost, what is not defined. */
#include "golden.h"
#include "learn/assess.h"
#include "learn/learner.h"

#include <jansson.h>

static hx_figures figures_of(const hx_scored *s) {
    hx_figures f;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    if (hx_figures_of(s, arena, &f, &err) != HX_OK) fail_msg("%s", err.message);
    hx_arena_free(arena);
    return f;
}

static void compare(const hx_figures *f, int first, const double *wanted, size_t n) {
    for (size_t i = 0; i < n; i++)
        golden_near(f->at[first + (int)i], wanted[i], 1e-12,
                    hx_figure_name((hx_figure)(first + (int)i)));
}

/* Classes: values are the likeliest, the first among equals. */
static hx_scored scored(golden *g, const char *y, const double *p, size_t k) {
    size_t n;
    const double *truth = golden_array(g, y, &n);
    double *values = hx_arena_alloc(g->arena, n * sizeof *values);
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        for (size_t j = 1; j < k; j++)
            if (p[i * k + j] > p[i * k + best]) best = j;
        values[i] = (double)best;
    }
    return (hx_scored){HX_TASK_CLASSES, n, k, truth, values, p, 0};
}

static double *two_columns(golden *g, const char *name) {
    size_t n;
    const double *p = golden_array(g, name, &n);
    double *both = hx_arena_alloc(g->arena, 2 * n * sizeof *both);
    for (size_t i = 0; i < n; i++) {
        both[2 * i] = 1 - p[i];
        both[2 * i + 1] = p[i];
    }
    return both;
}

static void two_classes(void **st) {
    (void)st;
    golden g;
    size_t n;
    golden_open(&g, "assess.txt");
    hx_scored s = scored(&g, "two.y", two_columns(&g, "two.p"), 2);
    hx_figures f = figures_of(&s);
    double *wanted = golden_array(&g, "two.figures", &n);
    assert_int_equal(n, HX_FIGURE_GINI + 1);
    compare(&f, HX_FIGURE_ACCURACY, wanted, n);
    assert_true(f.at[HX_FIGURE_ECE] > 0 && f.at[HX_FIGURE_ECE] < 1);
    assert_true(isnan(f.at[HX_FIGURE_R2]));
    golden_close(&g);
}

static void three_classes(void **st) {
    (void)st;
    golden g;
    size_t n;
    golden_open(&g, "assess.txt");
    const double *p = golden_array(&g, "three.p", &n);
    hx_scored s = scored(&g, "three.y", p, 3);
    hx_figures f = figures_of(&s);
    double *wanted = golden_array(&g, "three.figures", &n);
    assert_int_equal(n, HX_FIGURE_BRIER + 1);
    compare(&f, HX_FIGURE_ACCURACY, wanted, n);
    assert_true(isnan(f.at[HX_FIGURE_KS]) && isnan(f.at[HX_FIGURE_GINI]));
    golden_close(&g);
}

static void numbers(void **st) {
    (void)st;
    golden g;
    size_t n;
    golden_open(&g, "assess.txt");
    const double *y = golden_array(&g, "numbers.y", &n), *f = golden_array(&g, "numbers.f", &n);
    const hx_scored s = {HX_TASK_REGRESSION, n, 0, y, f, NULL, 0};
    hx_figures found = figures_of(&s);
    double *wanted = golden_array(&g, "numbers.figures", &n);
    assert_int_equal(n, HX_FIGURES - HX_FIGURE_R2);
    compare(&found, HX_FIGURE_R2, wanted, n);
    golden_close(&g);
}

/* One class only, no row, a constant target. */
static void not_defined(void **st) {
    (void)st;
    const double ones[] = {1, 1, 1}, p[] = {0.2, 0.8, 0.4, 0.6, 0.3, 0.7};
    const hx_scored same = {HX_TASK_CLASSES, 3, 2, ones, ones, p, 0};
    hx_figures f = figures_of(&same);
    golden_near(f.at[HX_FIGURE_ACCURACY], 1, 0, "accuracy");
    assert_true(isnan(f.at[HX_FIGURE_AUC]) && isnan(f.at[HX_FIGURE_KS]) &&
                isnan(f.at[HX_FIGURE_GINI]));
    const hx_scored none = {HX_TASK_CLASSES, 0, 2, ones, ones, p, 0};
    f = figures_of(&none);
    assert_true(isnan(f.at[HX_FIGURE_ACCURACY]) && isnan(f.at[HX_FIGURE_LOG_LOSS]));
    const hx_scored flat = {HX_TASK_REGRESSION, 3, 0, ones, p, NULL, 0};
    f = figures_of(&flat);
    assert_true(isnan(f.at[HX_FIGURE_R2]));
    assert_true(f.at[HX_FIGURE_RMSE] > 0);
    const double wrong[] = {NAN, 1, 1};
    hx_error err = {0};
    const hx_scored bad = {HX_TASK_REGRESSION, 3, 0, ones, wrong, NULL, 0};
    assert_int_equal(hx_figures_of(&bad, NULL, &f, &err), HX_EINVAL);
    assert_string_equal(err.message, "row 1: a value or prediction is not a number");
}

static void names(void **st) {
    (void)st;
    for (int i = 0; i < HX_FIGURES; i++) {
        assert_non_null(hx_figure_name((hx_figure)i));
        assert_true(hx_figure_is_of((hx_figure)i, HX_TASK_CLASSES) !=
                    hx_figure_is_of((hx_figure)i, HX_TASK_REGRESSION));
    }
    assert_true(hx_figure_is_loss(HX_FIGURE_LOG_LOSS) && !hx_figure_is_loss(HX_FIGURE_AUC));
}

/* Intervals hold the figure, are narrower than what can be, and are the same for any number of threads. */
static void intervals(void **st) {
    (void)st;
    golden g;
    hx_metric_interval one[HX_FIGURES], many[HX_FIGURES];
    hx_error err = {0};
    golden_open(&g, "assess.txt");
    hx_scored s = scored(&g, "two.y", two_columns(&g, "two.p"), 2);
    hx_figures f = figures_of(&s);
    assert_int_equal(hx_figures_bootstrap(&s, 200, 0.95, 3, 1, one, &err), HX_OK);
    assert_int_equal(hx_figures_bootstrap(&s, 200, 0.95, 3, 4, many, &err), HX_OK);
    for (int i = 0; i <= HX_FIGURE_GINI; i++) {
        assert_true(one[i].low == many[i].low && one[i].high == many[i].high);
        assert_true(one[i].low < f.at[i] && f.at[i] < one[i].high);
        assert_true(one[i].high - one[i].low < 0.5);
    }
    assert_true(isnan(one[HX_FIGURE_R2].low));
    golden_close(&g);
}

/* MAPE is not defined where a value is 0, nor is its interval, though many draws leave that row out. */
static void no_interval_of_nothing(void **st) {
    (void)st;
    const double y[] = {0, 1, 2, 3, 4, 5}, f[] = {0.5, 1, 2.5, 3, 3, 5};
    const hx_scored s = {HX_TASK_REGRESSION, 6, 0, y, f, NULL, 0};
    hx_metric_interval found[HX_FIGURES];
    hx_error err = {0};
    assert_int_equal(hx_figures_bootstrap(&s, 200, 0.95, 3, 2, found, &err), HX_OK);
    assert_true(isnan(found[HX_FIGURE_MAPE].low) && isnan(found[HX_FIGURE_MAPE].high));
    assert_true(found[HX_FIGURE_MAE].low < found[HX_FIGURE_MAE].high);
}

/* ------------------------------------------------------------------ the whole, of a learner */
static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static double at(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    if (!json_is_number(v)) fail_msg("no number %s", key);
    return json_number_value(v);
}

/* A logistic model of one feature keeps the order of it, so that deciles are those of the feature. */
static json_t *assessed(golden *g, const hx_assess_options *o, const double *p, size_t n,
                        hx_learner **l) {
    hx_table *t = NULL;
    hx_error err = {0};
    hx_str json;
    size_t k;
    if (hx_table_new(&t, n, &err) != HX_OK) fail_msg("%s", err.message);
    put(t, "score", p);
    put(t, "y", golden_array(g, "two.y", &k));
    const hx_learn_options fit = {.model = "logistic", .target = "y", .task = HX_TASK_CLASSES};
    if (hx_learner_fit(l, t, NULL, &fit, &err) != HX_OK ||
        hx_learner_assess(*l, t, o, g->arena, &json, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_table_free(t);
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL);
    assert_non_null(e);
    return e;
}

static void deciles_and_threshold(void **st) {
    (void)st;
    golden g;
    size_t n, k;
    hx_learner *l = NULL;
    golden_open(&g, "assess.txt");
    const double *p = golden_array(&g, "two.p", &n);
    const hx_assess_options o = {
        .cost_false_positive = 1, .cost_false_negative = 4, .rounds = 100, .n_threads = 1};
    json_t *e = assessed(&g, &o, p, n, &l);
    const double *lift = golden_array(&g, "two.lift", &k), *gain = golden_array(&g, "two.gain", &k);
    const json_t *deciles = json_object_get(e, "deciles");
    assert_int_equal(json_array_size(deciles), 10);
    for (size_t i = 0; i < 10; i++) {
        golden_near(at(json_array_get(deciles, i), "lift"), lift[i], 1e-12, "lift");
        golden_near(at(json_array_get(deciles, i), "gain"), gain[i], 1e-12, "gain");
    }
    const double *wanted = golden_array(&g, "two.threshold", &k);
    const json_t *threshold = json_object_get(e, "threshold");
    golden_near(at(threshold, "mean_cost"), wanted[1], 1e-12, "cost");
    const double *figures = golden_array(&g, "two.figures", &k);
    golden_near(at(e, "auc"), figures[HX_FIGURE_AUC], 1e-12, "auc");
    golden_near(at(e, "ks"), figures[HX_FIGURE_KS], 1e-12, "ks");
    const json_t *classes = json_object_get(e, "classes");
    assert_int_equal(json_array_size(classes), 2);
    assert_int_equal(at(json_array_get(classes, 0), "n") + at(json_array_get(classes, 1), "n"), n);
    json_decref(e);
    hx_learner_free(l);
    golden_close(&g);
}

/* Rows of classes the model does not know are wrong, and said: three rows, two of them of class 7, one of -1, beside one right row. */
static void unknown_classes(void **st) {
    (void)st;
    golden g;
    size_t n;
    hx_learner *l = NULL;
    hx_table *t = NULL;
    hx_str json;
    hx_error err = {0};
    const hx_assess_options o = {.rounds = 10, .n_threads = 1};
    golden_open(&g, "assess.txt");
    const double *p = golden_array(&g, "two.p", &n);
    json_decref(assessed(&g, &o, p, n, &l));
    const double score[] = {0.99, 0.2, 0.3, 0.4}, y[] = {1, 7, -1, 7};
    assert_int_equal(hx_table_new(&t, 4, &err), HX_OK);
    put(t, "score", score);
    assert_int_equal(hx_learner_assess(l, t, &o, g.arena, &json, &err), HX_ENOTFOUND);
    assert_string_equal(err.message, "there is no column 'y'");
    put(t, "y", y);
    if (hx_learner_assess(l, t, &o, g.arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL);
    assert_non_null(e);
    golden_near(at(e, "accuracy"), 0.25, 0, "accuracy");
    assert_string_equal(json_string_value(json_object_get(e, "positive")), "1");
    golden_near(at(e, "recall"), 1, 0, "recall of the positive class");
    assert_true(at(e, "log_loss") > 0.75 * 30); /* nothing was left for them */
    assert_int_equal(json_array_size(json_object_get(e, "classes")), 4);
    const json_t *unknown = json_object_get(e, "unknown_classes");
    assert_int_equal(json_array_size(unknown), 2);
    const json_t *seven = json_array_get(unknown, 0), *minus = json_array_get(unknown, 1);
    assert_string_equal(json_string_value(json_object_get(seven, "class")), "7");
    assert_true(at(seven, "n") == 2 && at(seven, "first_row") == 2);
    assert_string_equal(json_string_value(json_object_get(minus, "class")), "-1");
    assert_true(at(minus, "n") == 1 && at(minus, "first_row") == 3);
    json_decref(e);
    hx_table_free(t);
    hx_learner_free(l);
    golden_close(&g);
}

/* Of 30 values that are no classes the last of twenty places holds eleven; the rows still all count. */
static void many_unknown_classes(void **st) {
    (void)st;
    enum { ROWS = 30 };
    golden g;
    size_t n;
    hx_learner *l = NULL;
    hx_table *t = NULL;
    hx_str json;
    hx_error err = {0};
    double score[ROWS], y[ROWS];
    const hx_assess_options o = {.rounds = 10, .n_threads = 1, .curves = true};
    golden_open(&g, "assess.txt");
    const double *p = golden_array(&g, "two.p", &n);
    json_decref(assessed(&g, &o, p, n, &l));
    for (size_t i = 0; i < ROWS; i++) {
        score[i] = (double)i / ROWS;
        y[i] = 100 + (double)i;
    }
    assert_int_equal(hx_table_new(&t, ROWS, &err), HX_OK);
    put(t, "score", score);
    put(t, "y", y);
    if (hx_learner_assess(l, t, &o, g.arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL);
    const json_t *unknown = json_object_get(e, "unknown_classes");
    golden_near(at(e, "accuracy"), 0, 0, "accuracy");
    assert_int_equal(json_array_size(unknown), 20);
    assert_true(at(json_array_get(unknown, 18), "n") == 1);
    assert_true(at(json_array_get(unknown, 19), "n") == 11);
    assert_string_equal(json_string_value(json_object_get(json_array_get(unknown, 19), "class")),
                        "...");
    json_decref(e);
    hx_table_free(t);
    hx_learner_free(l);
    golden_close(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_classes),
        cmocka_unit_test(three_classes),
        cmocka_unit_test(numbers),
        cmocka_unit_test(not_defined),
        cmocka_unit_test(names),
        cmocka_unit_test(intervals),
        cmocka_unit_test(no_interval_of_nothing),
        cmocka_unit_test(deciles_and_threshold),
        cmocka_unit_test(unknown_classes),
        cmocka_unit_test(many_unknown_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
