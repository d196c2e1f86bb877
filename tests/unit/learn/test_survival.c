/* Survival: Kaplan-Meier, log-rank and Cox equal to lifelines' and statsmodels', tables with groups, what is not defined, refusals. */
#include "golden.h"
#include "huaxiang/learn.h"
#include "learn/survival.h"

#include <jansson.h>
#include <unistd.h>

/* Column `j` of an array of rows. */
static double *column(golden *g, const char *name, size_t width, size_t j, size_t *n) {
    const double *all = golden_array(g, name, n);
    *n /= width;
    double *x = hx_arena_alloc(g->arena, (*n + 1) * sizeof *x);
    for (size_t i = 0; i < *n; i++)
        x[i] = all[i * width + j];
    return x;
}

static hx_lives lives_of(golden *g, const char *name, size_t width) {
    size_t n;
    const double *times = column(g, name, width, 0, &n), *ended = column(g, name, width, 1, &n);
    unsigned char *events = hx_arena_alloc(g->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        events[i] = ended[i] == 1;
    return (hx_lives){n, times, events};
}

static const hx_survival_point *at(const hx_survival_point *points, size_t n, double time) {
    for (size_t i = 0; i < n; i++)
        if (points[i].time == time) return &points[i];
    fail_msg("no time %g", time);
    return NULL;
}

static void curves(void **st) {
    (void)st;
    golden g;
    size_t n;
    golden_open(&g, "evaluation.txt");
    hx_lives l = lives_of(&g, "rossi", 9);
    assert_int_equal(l.n, 432);
    hx_survival_point *points = hx_arena_alloc(g.arena, (l.n + 1) * sizeof *points);
    size_t *order = hx_arena_alloc(g.arena, (l.n + 1) * sizeof *order);
    size_t m = hx_kaplan_meier(&l, 0.95, order, points);
    const double *km = golden_array(&g, "rossi.km", &n), *na = golden_array(&g, "rossi.na", &n);
    for (size_t i = 0; i < 6; i++) {
        const hx_survival_point *p = at(points, m, km[4 * i]);
        golden_near(p->survival, km[4 * i + 1], 1e-12, "survival");
        golden_near(p->low, km[4 * i + 2], 1e-9, "low");
        golden_near(p->high, km[4 * i + 3], 1e-9, "high");
        golden_near(p->hazard, na[i], 1e-12, "hazard");
    }
    golden_near(at(points, m, 52)->survival, 0.7361111111, 1e-9, "Rossi at 52");
    golden_near(at(points, m, 52)->low, 0.6918597158, 1e-9, "Rossi at 52");
    golden_near(at(points, m, 52)->high, 0.7750631834, 1e-9, "Rossi at 52");
    assert_true(isinf(hx_survival_quantile(points, m, 0.5, 0)));
    l = lives_of(&g, "lives", 5);
    m = hx_kaplan_meier(&l, 0.95, order, points);
    km = golden_array(&g, "lives.km", &n);
    size_t met = 0;
    for (size_t i = 0; i < n / 4; i++) {
        if (km[4 * i] == 0 && points[0].time != 0) continue;
        const hx_survival_point *p = at(points, m, km[4 * i]);
        golden_near(p->survival, km[4 * i + 1], 1e-12, "survival");
        if (!(p->survival > 0)) continue;
        golden_near(p->low, km[4 * i + 2], 1e-9, "low");
        golden_near(p->high, km[4 * i + 3], 1e-9, "high");
        met++;
    }
    assert_true(met > 10);
    golden_near(hx_survival_quantile(points, m, 0.5, 0), golden_array(&g, "lives.median", &n)[0], 0,
                "median");
    golden_close(&g);
}

static void test_of(golden *g, const hx_lives *l, const double *groups, size_t n_groups,
                    const char *name) {
    size_t n;
    hx_log_rank r;
    hx_error err = {0};
    uint32_t *codes = hx_arena_alloc(g->arena, (l->n + 1) * sizeof *codes);
    for (size_t i = 0; i < l->n; i++)
        codes[i] = (uint32_t)groups[i];
    assert_int_equal(hx_log_rank_of(l, codes, n_groups, &r, &err), HX_OK);
    const double *wanted = golden_array(g, name, &n);
    golden_near(r.statistic, wanted[0], 1e-9, name);
    golden_near(r.p, wanted[1], 1e-9, name);
}

static void log_rank(void **st) {
    (void)st;
    golden g;
    size_t n;
    golden_open(&g, "evaluation.txt");
    hx_lives l = lives_of(&g, "rossi", 9);
    test_of(&g, &l, column(&g, "rossi", 9, 2, &n), 2, "rossi.logrank");
    double *ages = column(&g, "rossi", 9, 3, &n);
    for (size_t i = 0; i < n; i++)
        ages[i] = floor(ages[i] / 5);
    test_of(&g, &l, ages, 12, "rossi.logrank.ages");
    l = lives_of(&g, "lives", 5);
    test_of(&g, &l, column(&g, "lives", 5, 2, &n), 4, "lives.logrank");
    hx_log_rank r;
    hx_error err = {0};
    const uint32_t *same = hx_arena_alloc(g.arena, l.n * sizeof *same);
    memset((void *)(uintptr_t)same, 0, l.n * sizeof *same);
    assert_int_equal(hx_log_rank_of(&l, same, 1, &r, &err), HX_OK);
    assert_true(isnan(r.p) && r.freedom == 0);
    golden_close(&g);
}

/* Features of rows: `d` columns from the third on. */
static hx_cox coxed(golden *g, const char *name, size_t width, size_t first, size_t d,
                    bool breslow) {
    size_t n;
    hx_cox c;
    hx_error err = {0};
    const hx_lives l = lives_of(g, name, width);
    const double *all = golden_array(g, name, &n);
    double *x = hx_arena_alloc(g->arena, l.n * d * sizeof *x);
    for (size_t i = 0; i < l.n; i++)
        memcpy(x + i * d, all + i * width + first, d * sizeof *x);
    if (hx_cox_fit(&l, x, d, breslow, g->arena, &c, &err) != HX_OK) fail_msg("%s", err.message);
    return c;
}

static void risks(void **st) {
    (void)st;
    static const double known[][2] = {{-.3794221657, .1913794807}, {-.0574377400, .0219994704},
                                      {.3138997873, .3079927766},  {-.1497957018, .2122242964},
                                      {-.4337038812, .3818680571}, {-.0848710806, .1957566719},
                                      {.0914970817, .0286485499}};
    golden g;
    size_t n;
    golden_open(&g, "evaluation.txt");
    hx_cox c = coxed(&g, "rossi", 9, 2, 7, false);
    const double *wanted = golden_array(&g, "rossi.cox", &n),
                 *sums = golden_array(&g, "rossi.cox.sums", &n);
    assert_true(c.converged);
    for (size_t j = 0; j < 7; j++) {
        golden_near(c.coefficients[j], wanted[2 * j], 1e-9, "coefficient");
        golden_near(c.errors[j], wanted[2 * j + 1], 1e-9, "error");
        golden_near(c.coefficients[j], known[j][0], 1e-8, "coefficient of Rossi");
        golden_near(c.errors[j], known[j][1], 1e-8, "error of Rossi");
    }
    golden_near(c.log_likelihood, sums[0], 1e-9, "log likelihood");
    golden_near(2 * (c.log_likelihood - c.null_log_likelihood), sums[1], 1e-8, "ratio");
    golden_near(c.concordance, sums[3], 1e-12, "concordance");
    for (int breslow = 0; breslow < 2; breslow++) {
        c = coxed(&g, "lives", 5, 3, 2, breslow);
        wanted = golden_array(&g, breslow ? "lives.breslow" : "lives.efron", &n);
        for (size_t j = 0; j < 2; j++) {
            golden_near(c.coefficients[j], wanted[2 * j], 1e-6, "coefficient");
            golden_near(c.errors[j], wanted[2 * j + 1], 1e-6, "error");
        }
        golden_near(c.log_likelihood,
                    golden_array(&g, breslow ? "lives.breslow.ll" : "lives.efron.ll", &n)[0], 1e-9,
                    "log likelihood");
    }
    const hx_lives l = lives_of(&g, "lives", 5);
    double *risk = column(&g, "lives", 5, 3, &n);
    for (size_t i = 0; i < n; i++)
        risk[i] = nearbyint(risk[i] * 10) / 10;
    golden_near(hx_concordance(&l, risk, g.arena), golden_array(&g, "lives.concordance", &n)[0],
                1e-12, "concordance with ties");
    golden_close(&g);
}

static void not_defined(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_cox c;
    hx_survival_point points[5];
    size_t order[5];
    const double times[] = {1, 2, 3, 4}, same[] = {5, 5, 5, 5}, twice[] = {1, 2, 2, 4, 4, 8, 3, 6},
                 apart[] = {0, 0, 1, 1};
    const unsigned char none[4] = {0}, all[] = {1, 1, 1, 1}, some[] = {1, 1, 0, 0};
    const hx_lives still = {4, times, none}, ended = {4, times, all}, early = {4, times, some},
                   empty = {0, times, all};
    assert_int_equal(hx_kaplan_meier(&empty, 0.95, order, points), 0);
    assert_int_equal(hx_kaplan_meier(&ended, 0.95, order, points), 4);
    assert_true(points[3].survival == 0 && isnan(points[3].low));
    assert_int_equal(hx_kaplan_meier(&still, 0.95, order, points), 4);
    assert_true(points[3].survival == 1 && points[3].low == 1 && points[3].high == 1);
    assert_int_equal(hx_cox_fit(&still, times, 1, false, arena, &c, &err), HX_EINVAL);
    assert_string_equal(err.message, "nothing ended in any row, so no risk can be compared");
    assert_int_equal(hx_cox_fit(&ended, same, 1, false, arena, &c, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "feature 1 is the same in every row; leave its column out of --use");
    assert_int_equal(hx_cox_fit(&ended, twice, 2, false, arena, &c, &err), HX_EINVAL);
    assert_string_equal(err.message, "a feature is a sum of others, so no coefficient is its own; "
                                     "leave a column out of --use");
    if (hx_cox_fit(&early, apart, 1, false, arena, &c, &err) != HX_OK) fail_msg("%s", err.message);
    assert_false(c.converged);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ tables */
static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

static hx_table *leavers(void) {
    const hx_str plans[] = {HX_STR_LIT("year"), HX_STR_LIT("month")};
    const double days[] = {3, 8, 8, 12, 20, 5, 9, 30}, left[] = {1, 1, 0, 1, 0, 1, 1, 0},
                 age[] = {30, 40, 25, 60, 33, 28, 45, 50}, size[] = {1, 2, 1, 2, 1, NAN, 2, 2};
    const uint32_t plan[] = {0, 1, 0, 1, 0, 1, 1, HX_CODE_MISSING};
    hx_table *t = NULL;
    hx_error err = {0};
    assert_int_equal(hx_table_new(&t, 8, &err), HX_OK);
    put(t, "days", days);
    put(t, "left", left);
    put(t, "age", age);
    put(t, "size", size);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("plan"), plan, plans, 2, &err), HX_OK);
    return t;
}

static void tables(void **st) {
    (void)st;
    static const char *const names[] = {"", "month", "year"};
    static const char *const sizes[] = {"1", "2", ""};
    hx_table *t = leavers();
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str json;
    hx_survival_options o = {.time = "days", .event = "left", .group = "plan", .use = "age"};
    if (hx_survival(t, &o, arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL), *groups = json_object_get(e, "groups");
    assert_int_equal(json_array_size(groups), 3);
    for (size_t k = 0; k < 3; k++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(groups, k), "group")),
                            names[k]);
    const json_t *cox = json_object_get(e, "cox"), *log_rank = json_object_get(e, "log_rank");
    assert_int_equal(json_array_size(json_object_get(cox, "features")), 1);
    assert_int_equal(json_integer_value(json_object_get(log_rank, "freedom")), 2);
    json_decref(e);
    o.group = "size";
    assert_int_equal(hx_survival(t, &o, arena, &json, &err), HX_OK);
    e = json_loadb(json.ptr, json.len, 0, NULL);
    groups = json_object_get(e, "groups");
    for (size_t k = 0; k < 3; k++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(groups, k), "group")),
                            sizes[k]);
    json_decref(e);
    hx_arena_free(arena);
    hx_table_free(t);
}

static void refused(const hx_table *t, hx_survival_options o, const char *message) {
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str json;
    assert_true(hx_survival(t, &o, arena, &json, &err) != HX_OK);
    assert_string_equal(err.message, message);
    hx_arena_free(arena);
}

static void refusals(void **st) {
    (void)st;
    hx_table *t = leavers(), *none = NULL;
    hx_error err = {0};
    hx_str json;
    hx_arena *arena = hx_arena_new(0);
    refused(t, (hx_survival_options){.time = "days"},
            "survival needs the columns of --time and of --event");
    refused(t, (hx_survival_options){.time = "day", .event = "left"}, "there is no column 'day'");
    refused(t, (hx_survival_options){.time = "plan", .event = "left"},
            "the column 'plan' holds texts, not numbers");
    refused(t, (hx_survival_options){.time = "days", .event = "age"},
            "row 1: 'age' is neither 0 nor 1");
    refused(t, (hx_survival_options){.time = "size", .event = "left"},
            "row 6: 'size' is no time from 0 on");
    const hx_survival_options o = {.time = "days", .event = "left"};
    assert_int_equal(hx_table_pick(&none, t, NULL, 0, &err), HX_OK);
    if (hx_survival(none, &o, arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    json_t *e = json_loadb(json.ptr, json.len, 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(e, "n")), 0);
    json_decref(e);
    hx_arena_free(arena);
    hx_table_free(none);
    hx_table_free(t);
}

/* The model of the list: coefficients of hx_survival(), risks whose order has the concordance it says, files, refusals. */
static void learners(void **st) {
    (void)st;
    golden g;
    size_t n;
    hx_error err = {0};
    hx_table *t = NULL;
    hx_learner *l = NULL, *again = NULL;
    hx_predictions p, q;
    hx_str json;
    char path[] = "/tmp/hx-cox-XXXXXX";
    static const char *const names[] = {"week", "arrest", "fin",  "age", "race",
                                        "wexp", "mar",    "paro", "prio"};
    golden_open(&g, "evaluation.txt");
    assert_int_equal(hx_table_new(&t, 432, &err), HX_OK);
    for (size_t j = 0; j < 9; j++)
        put(t, names[j], column(&g, "rossi", 9, j, &n));
    hx_learn_options o = {
        .model = "cox", .task = HX_TASK_SURVIVAL, .target = "week", .event = "arrest"};
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    const hx_str text = hx_learner_summary(l);
    json_t *s = json_loadb(text.ptr, text.len, 0, NULL);
    const double *wanted = golden_array(&g, "rossi.cox", &n);
    for (size_t j = 0; j < 7; j++)
        golden_near(json_number_value(json_array_get(json_object_get(s, "coefficients"), j)),
                    wanted[2 * j], 1e-9, "coefficient");
    json_decref(s);
    const hx_assess_options a = {.curves = true};
    if (hx_learner_assess(l, t, &a, g.arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    s = json_loadb(json.ptr, json.len, 0, NULL);
    golden_near(json_number_value(json_object_get(s, "concordance")),
                golden_array(&g, "rossi.cox.sums", &n)[3], 1e-12, "concordance");
    assert_int_equal(json_integer_value(json_object_get(s, "events")), 114);
    json_decref(s);
    close(mkstemp(path));
    assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
    if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(hx_learner_predict(l, t, 1, g.arena, &p, &err), HX_OK);
    assert_int_equal(hx_learner_predict(again, t, 1, g.arena, &q, &err), HX_OK);
    for (size_t i = 0; i < 432; i++)
        assert_true(p.values[i] == q.values[i] && p.values[i] > 0);
    unlink(path);
    hx_learner_free(l);
    hx_learner_free(again);
    o.event = NULL;
    assert_int_equal(hx_learner_fit(&l, t, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "survival needs --event, the column that says whether a row ended");
    o.event = "age";
    assert_int_equal(hx_learner_fit(&l, t, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "row 1: the event is neither 0 nor 1");
    hx_table_free(t);
    golden_close(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(curves),  cmocka_unit_test(log_rank),
                                       cmocka_unit_test(risks),   cmocka_unit_test(not_defined),
                                       cmocka_unit_test(tables),  cmocka_unit_test(learners),
                                       cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
