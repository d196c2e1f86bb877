/* The page: nothing from elsewhere, names escaped, both languages, every part, targets with one class or no row; curves and learning curves that it draws. */
#include "golden.h"
#include "huaxiang/learn.h"

#include <jansson.h>

#define N 90

static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

/* A class is called as if it were a tag. */
static hx_table *people(void) {
    double x[N], z[N], number[N], group[N];
    uint32_t label[N];
    const hx_str names[] = {HX_STR_LIT("no"), HX_STR_LIT("<script>alert(1)</script>")};
    hx_table *t = NULL;
    hx_error err = {0};
    assert_int_equal(hx_table_new(&t, N, &err), HX_OK);
    for (size_t i = 0; i < N; i++) {
        x[i] = (double)(i * 37 % 53);
        z[i] = (double)(i * 17 % 29);
        label[i] = x[i] + (double)(i % 11) > 30;
        number[i] = x[i] - 2 * z[i] + (double)(i % 5);
        group[i] = (double)(i / 9);
    }
    put(t, "x", x);
    put(t, "z", z);
    put(t, "number", number);
    put(t, "group", group);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("said"), label, names, 2, &err), HX_OK);
    return t;
}

static hx_learner *fitted(const hx_table *t, const char *model, const char *target,
                          hx_calibrate how) {
    hx_learner *l = NULL;
    hx_error err = {0};
    const hx_learn_options o = {
        .model = model, .target = target, .use = "x,z", .calibrate = how, .n_threads = 2};
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

static const char *made(const hx_learn_page *page, hx_arena *arena) {
    hx_str html;
    hx_error err = {0};
    if (hx_learn_report(page, arena, &html, &err) != HX_OK) fail_msg("%s", err.message);
    assert_true(strlen(html.ptr) == html.len);
    assert_non_null(strstr(html.ptr, "</html>"));
    static const char *const none[] = {"<script", "http", "nan", "inf"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        const char *found = strstr(html.ptr, none[i]);
        if (found) fail_msg("the page has %s: %.80s", none[i], found);
    }
    return html.ptr;
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static hx_str assessed(const hx_learner *l, const hx_table *t, const hx_assess_options *o,
                       hx_arena *arena) {
    hx_str json;
    hx_error err = {0};
    if (hx_learner_assess(l, t, o, arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    return json;
}

static void classes(void **st) {
    (void)st;
    hx_table *t = people();
    hx_arena *arena = hx_arena_new(0);
    hx_learner *l = fitted(t, "logistic", "said", HX_CALIBRATE_PLATT);
    const hx_assess_options o = {.cost_false_positive = 1,
                                 .cost_false_negative = 3,
                                 .curves = true,
                                 .rank_by = "group",
                                 .rank_at = 3,
                                 .rounds = 50};
    hx_learn_page page = {.title = HX_STR_LIT("a & b"),
                          .note = HX_STR_LIT("<b>90</b>"),
                          .fit = hx_learner_summary(l),
                          .evaluation = assessed(l, t, &o, arena)};
    const char *html = made(&page, arena);
    assert_non_null(strstr(html, "a &amp; b"));
    assert_non_null(strstr(html, "&lt;b&gt;90"));
    assert_non_null(strstr(html, "&lt;script&gt;"));
    static const char *const parts[] = {"Calibration of the probabilities",
                                        "Coefficients",
                                        "Confusion matrix",
                                        ">ROC<",
                                        "Precision by recall",
                                        "Reliability",
                                        ">Lift<",
                                        ">Gain<",
                                        ">Threshold<",
                                        "Threshold by cost",
                                        "Ranking within groups"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(html, parts[i])) fail_msg("no part %s", parts[i]);
    assert_int_equal(count(html, "<figure>"), 7);
    assert_int_equal(count(html, "<figure>"), count(html, "</figure>"));
    page.ui = HX_UI_ZH;
    html = made(&page, arena);
    assert_non_null(strstr(html, "混淆矩阵"));
    assert_non_null(strstr(html, "lang=\"zh\""));
    assert_null(strstr(html, "Confusion"));
    hx_learner_free(l);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void numbers(void **st) {
    (void)st;
    hx_table *t = people(), *one = NULL, *none = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_learner *l = fitted(t, "forest", "number", HX_CALIBRATE_NONE);
    const hx_assess_options o = {.curves = true, .rounds = 50};
    hx_learn_page page = {.fit = hx_learner_summary(l), .evaluation = assessed(l, t, &o, arena)};
    const char *html = made(&page, arena);
    assert_non_null(strstr(html, "Prediction and truth"));
    assert_non_null(strstr(html, "What counts most"));
    assert_int_equal(count(html, "<circle class=\"f0\" cx"),
                     N + 1); /* the points, and R2 on its scale */
    const size_t first = 0;
    assert_int_equal(hx_table_pick(&one, t, &first, 1, &err), HX_OK);
    page.evaluation = assessed(l, one, &o, arena); /* R2 of one row is not defined */
    assert_non_null(strstr(made(&page, arena), "<td class=\"n\">–</td>"));
    hx_table_free(one);
    assert_int_equal(hx_table_pick(&none, t, NULL, 0, &err), HX_OK);
    assert_int_equal(hx_learner_assess(l, none, &o, arena, &page.evaluation, &err), HX_EFORMAT);
    assert_string_equal(err.message, "there are no rows to evaluate the model on");
    hx_table_free(none);
    hx_learner_free(l);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* Rows of one class: figures that are not defined are dashes, and curves are left out. */
static void one_class(void **st) {
    (void)st;
    hx_table *t = people(), *some = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_learner *l = fitted(t, "logistic", "said", HX_CALIBRATE_NONE);
    const hx_assess_options o = {.cost_false_negative = 2, .curves = true, .rounds = 50};
    double x[N];
    size_t rows[N], n = 0;
    hx_table_numbers(t, 0, 0, N, x);
    for (size_t i = 0; i < N; i++)
        if (x[i] < 15) rows[n++] = i;
    assert_int_equal(hx_table_pick(&some, t, rows, n, &err), HX_OK);
    const hx_learn_page page = {.evaluation = assessed(l, some, &o, arena)};
    assert_non_null(strstr(made(&page, arena), "<td class=\"n\">–</td>"));
    hx_table_free(some);
    hx_learner_free(l);
    hx_arena_free(arena);
    hx_table_free(t);
}

static double number(const json_t *object, const char *a, const char *b) {
    const json_t *v = json_object_get(json_object_get(object, a), b);
    if (!json_is_number(v)) fail_msg("no number %s.%s", a, b);
    return json_number_value(v);
}

static void crossed(void **st) {
    (void)st;
    hx_table *t = people();
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str json, again;
    hx_cross_options o = {.models = "logistic,tree",
                          .n_folds = 3,
                          .n_repeats = 2,
                          .curve = true,
                          .curves = true,
                          .learn = {.target = "said", .use = "x,z", .n_threads = 1}};
    if (hx_cross_validate(t, &o, arena, &json, NULL, &err) != HX_OK) fail_msg("%s", err.message);
    o.learn.n_threads = 3;
    assert_int_equal(hx_cross_validate(t, &o, arena, &again, NULL, &err), HX_OK);
    assert_true(hx_str_equal(json, again));
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL);
    for (size_t m = 0; m < 2; m++) {
        const json_t *of = json_array_get(json_object_get(e, "models"), m);
        const json_t *curve = json_object_get(of, "curve"), *all = json_array_get(curve, 4);
        assert_int_equal(json_array_size(curve), 5);
        for (size_t i = 1; i < 5; i++)
            assert_true(json_integer_value(json_object_get(json_array_get(curve, i), "rows")) >
                        json_integer_value(json_object_get(json_array_get(curve, i - 1), "rows")));
        assert_int_equal(json_integer_value(json_object_get(all, "rows")), N * 2 / 3);
        /* on all rows the curve is the cross-validation itself */
        golden_near(number(json_object_get(all, "test"), "auc", "mean"), number(of, "auc", "mean"),
                    1e-15, "auc");
        assert_int_equal(json_array_size(json_object_get(
                             json_object_get(json_object_get(all, "train"), "auc"), "folds")),
                         6);
        const json_t *said = json_object_get(of, "out_of_fold");
        assert_int_equal(json_integer_value(json_object_get(said, "n")), N);
        const json_t *roc =
            json_object_get(json_array_get(json_object_get(said, "curves"), 0), "roc");
        const json_t *last = json_array_get(roc, json_array_size(roc) - 1);
        assert_true(json_number_value(json_array_get(last, 0)) == 1 &&
                    json_number_value(json_array_get(last, 1)) == 1);
        double area = 0;
        for (size_t i = 1; i < json_array_size(roc); i++) {
            const json_t *a = json_array_get(roc, i - 1), *b = json_array_get(roc, i);
            area += (json_number_value(json_array_get(b, 0)) -
                     json_number_value(json_array_get(a, 0))) *
                    (json_number_value(json_array_get(b, 1)) +
                     json_number_value(json_array_get(a, 1))) /
                    2;
        }
        golden_near(area, json_number_value(json_object_get(said, "auc")), 0.005, "area");
    }
    json_decref(e);
    const hx_learn_page page = {.cross = json};
    const char *html = made(&page, arena);
    static const char *const parts[] = {"Do two models differ?", "Each fold",
                                        "ROC of the models",     "Learning curve: logistic",
                                        "Learning curve: tree",  "Out of fold:"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(html, parts[i])) fail_msg("no part %s", parts[i]);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void searched(void **st) {
    (void)st;
    hx_table *t = people();
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_learner *best = NULL;
    hx_str json;
    const hx_tune_options o = {
        .cross = {.models = "tree", .n_folds = 3, .learn = {.target = "number", .use = "x,z"}},
        .n_trials = 6,
        .n_outer = 2};
    if (hx_learner_tune(&best, t, &o, arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    const hx_learn_page page = {.tuning = json, .fit = hx_learner_summary(best)};
    const char *html = made(&page, arena);
    assert_non_null(strstr(html, "The best setting"));
    assert_non_null(strstr(html, "judged on rows it never saw"));
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL);
    assert_int_equal(strstr(html, "Kept together") != NULL, json_object_get(e, "ensemble") != NULL);
    json_decref(e);
    hx_learner_free(best);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void survival(void **st) {
    (void)st;
    hx_table *t = people();
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str json;
    double ended[N];
    for (size_t i = 0; i < N; i++)
        ended[i] = i % 3 > 0;
    put(t, "ended", ended);
    const hx_survival_options o = {.time = "z", .event = "ended", .group = "said", .use = "x"};
    if (hx_survival(t, &o, arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    const hx_learn_page page = {.survival = json};
    const char *html = made(&page, arena);
    assert_non_null(strstr(html, "Log-rank test"));
    assert_non_null(strstr(html, "Cox regression"));
    assert_non_null(strstr(html, "&lt;script&gt;"));
    hx_arena_free(arena);
    hx_table_free(t);
}

static void damaged(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str html;
    const hx_learn_page page = {.cross = HX_STR_LIT("{")};
    assert_int_equal(hx_learn_report(&page, arena, &html, &err), HX_EFORMAT);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(classes),   cmocka_unit_test(numbers),
                                       cmocka_unit_test(one_class), cmocka_unit_test(crossed),
                                       cmocka_unit_test(searched),  cmocka_unit_test(survival),
                                       cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
