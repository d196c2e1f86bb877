/* Calibration: Platt, isotonic and temperature equal to scikit-learn's, of two and of three classes; learners, files, refusals. */
#include "golden.h"
#include "learn/calibration.h"
#include "learn/learner.h"

#include <jansson.h>
#include <unistd.h>

#define N 400

static double *two_columns(golden *g, const char *name, size_t *n) {
    const double *p = golden_array(g, name, n);
    double *both = hx_arena_alloc(g->arena, 2 * *n * sizeof *both);
    for (size_t i = 0; i < *n; i++) {
        both[2 * i] = 1 - p[i];
        both[2 * i + 1] = p[i];
    }
    return both;
}

static hx_calibration *mapped(hx_calibrate kind, const hx_calibration_rows *rows) {
    hx_calibration *c = NULL;
    hx_error err = {0};
    if (hx_calibration_fit(&c, kind, rows, &err) != HX_OK) fail_msg("%s", err.message);
    return c;
}

/* `new` mapped is `wanted`: of two classes the second column. */
static void compare_two(golden *g, hx_calibrate kind, const char *model, const char *wanted_name,
                        double tolerance) {
    char name[64];
    size_t n, m;
    const uint32_t *y = golden_u32(g, "two.y", &n);
    snprintf(name, sizeof name, "two.%s.out", model);
    const hx_calibration_rows rows = {n, 2, y, two_columns(g, name, &n), NULL};
    hx_calibration *c = mapped(kind, &rows);
    snprintf(name, sizeof name, "two.%s.new", model);
    double *p = two_columns(g, name, &n);
    const double *wanted = golden_array(g, wanted_name, &m);
    hx_calibration_apply(c, p, n);
    for (size_t i = 0; i < n; i++) {
        golden_near(p[2 * i + 1], wanted[i], tolerance, wanted_name);
        golden_near(p[2 * i] + p[2 * i + 1], 1, 1e-15, "sum");
    }
    hx_calibration_free(c);
}

static void two_classes(void **st) {
    (void)st;
    golden g;
    size_t n;
    golden_open(&g, "evaluation.txt");
    compare_two(&g, HX_CALIBRATE_ISOTONIC, "bayes", "two.isotonic", 1e-9);
    compare_two(&g, HX_CALIBRATE_PLATT, "logistic", "two.platt.sklearn", 1e-6);
    const uint32_t *y = golden_u32(&g, "two.y", &n);
    const hx_calibration_rows rows = {n, 2, y, two_columns(&g, "two.bayes.out", &n), NULL};
    hx_calibration *c = mapped(HX_CALIBRATE_PLATT, &rows);
    const double *wanted = golden_array(&g, "two.platt", &n);
    golden_near(c->maps[0].slope, wanted[0], 1e-8, "slope");
    golden_near(c->maps[0].offset, wanted[1], 1e-8, "offset");
    hx_calibration_free(c);
    golden_close(&g);
}

static void three_classes(void **st) {
    (void)st;
    static const char *const names[] = {"three.isotonic", "three.platt"};
    golden g;
    size_t n, m;
    golden_open(&g, "evaluation.txt");
    const uint32_t *y = golden_u32(&g, "three.y", &n);
    const hx_calibration_rows rows = {n, 3, y, golden_array(&g, "three.out", &m), NULL};
    for (int k = 0; k < 2; k++) {
        hx_calibration *c = mapped(k ? HX_CALIBRATE_PLATT : HX_CALIBRATE_ISOTONIC, &rows);
        double *p = golden_array(&g, "three.new", &m);
        const double *wanted = golden_array(&g, names[k], &m);
        hx_calibration_apply(c, p, m / 3);
        for (size_t i = 0; i < m; i++)
            golden_near(p[i], wanted[i], k ? 1e-8 : 1e-9, names[k]);
        hx_calibration_free(c);
    }
    golden_close(&g);
}

static void weighted_isotonic(void **st) {
    (void)st;
    golden g;
    size_t n, m;
    golden_open(&g, "evaluation.txt");
    const hx_calibration_rows rows = {60, 2, golden_u32(&g, "iso.y", &n),
                                      two_columns(&g, "iso.x", &n), golden_array(&g, "iso.w", &n)};
    hx_calibration *c = mapped(HX_CALIBRATE_ISOTONIC, &rows);
    double *p = two_columns(&g, "iso.at", &n);
    const double *wanted = golden_array(&g, "iso.said", &m);
    hx_calibration_apply(c, p, n);
    for (size_t i = 0; i < n; i++)
        golden_near(p[2 * i + 1], wanted[i], 1e-12, "isotonic");
    hx_calibration_free(c);
    golden_close(&g);
}

/* Probabilities made too sure by a factor of two in the log-odds: the temperature is about two, and the order stays. */
static void temperature(void **st) {
    (void)st;
    static double p[2 * N];
    static uint32_t y[N];
    for (size_t i = 0; i < N; i++) {
        const double z = (double)(i % 41) / 10 - 2;
        y[i] = (double)(i * 7919 % 1000) / 1000 < 1 / (1 + exp(-z));
        p[2 * i + 1] = 1 / (1 + exp(-2 * z));
        p[2 * i] = 1 - p[2 * i + 1];
    }
    const hx_calibration_rows rows = {N, 2, y, p, NULL};
    hx_calibration *c = mapped(HX_CALIBRATE_TEMPERATURE, &rows);
    assert_true(c->temperature > 1.5 && c->temperature < 2.7);
    double q[] = {0.5, 0.5, 0.1, 0.9, 0, 1};
    hx_calibration_apply(c, q, 3);
    golden_near(q[1], 0.5, 1e-12, "half");
    golden_near(q[3], 1 / (1 + pow(1.0 / 9, 1 / c->temperature)), 1e-12, "shared out");
    assert_true(q[5] > q[3] && q[5] < 1 && q[4] > 0);
    hx_calibration_free(c);
}

/* ------------------------------------------------------------------ learners */
static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

/* The same number twice makes naive Bayes too sure of itself. */
static hx_table *doubled(void) {
    double u[N], v[N], y[N], k[N];
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, N, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < N; i++) {
        u[i] = (double)(i * 61 % 101) / 101;
        v[i] = u[i] + (double)(i % 7) / 1000;
        y[i] = u[i] + (double)(i * 7919 % 97) / 97 > 1;
        k[i] = y[i] + (i % 9 == 0);
    }
    put(t, "u", u);
    put(t, "v", v);
    put(t, "y", y);
    put(t, "three", k);
    return t;
}

static hx_status fit(hx_learner **l, const hx_table *t, const char *target, hx_calibrate how,
                     hx_error *err) {
    const hx_learn_options o = {
        .model = "bayes", .target = target, .use = "u,v", .calibrate = how, .n_threads = 2};
    return hx_learner_fit(l, t, NULL, &o, err);
}

static double number(const json_t *object, const char *a, const char *b) {
    const json_t *v = json_object_get(json_object_get(object, a), b);
    if (!json_is_number(v)) fail_msg("no number %s.%s", a, b);
    return json_number_value(v);
}

static void learners(void **st) {
    (void)st;
    hx_table *t = doubled();
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    for (int how = HX_CALIBRATE_PLATT; how <= HX_CALIBRATE_TEMPERATURE; how++) {
        hx_learner *l = NULL, *again = NULL;
        hx_predictions p, q;
        char path[] = "/tmp/hx-calibration-XXXXXX";
        const char *target = how == HX_CALIBRATE_ISOTONIC ? "three" : "y";
        if (fit(&l, t, target, (hx_calibrate)how, &err) != HX_OK) fail_msg("%s", err.message);
        const hx_str text = hx_learner_summary(l);
        json_t *s = json_loadb(text.ptr, text.len, 0, NULL);
        const json_t *of = json_object_get(s, "calibration");
        assert_int_equal(json_integer_value(json_object_get(of, "folds")), 5);
        if (how != HX_CALIBRATE_ISOTONIC)
            assert_true(number(of, "after", "log_loss") < number(of, "before", "log_loss"));
        if (how == HX_CALIBRATE_PLATT)
            assert_true(number(of, "after", "ece") < number(of, "before", "ece"));
        json_decref(s);
        close(mkstemp(path));
        assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
        if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
        assert_int_equal(hx_learner_predict(l, t, 1, arena, &p, &err), HX_OK);
        assert_int_equal(hx_learner_predict(again, t, 1, arena, &q, &err), HX_OK);
        for (size_t i = 0; i < N * p.n_classes; i++)
            assert_true(p.probabilities[i] == q.probabilities[i]);
        unlink(path);
        hx_learner_free(l);
        hx_learner_free(again);
    }
    hx_arena_free(arena);
    hx_table_free(t);
}

static void refusals(void **st) {
    (void)st;
    hx_table *t = doubled(), *few = NULL;
    hx_learner *l = NULL;
    hx_calibration *c = NULL;
    hx_error err = {0};
    const size_t rows[] = {0, 1, 2, 3, 60};
    const hx_calibration_rows none = {0, 2, NULL, NULL, NULL};
    assert_int_equal(hx_calibration_fit(&c, HX_CALIBRATE_PLATT, &none, &err), HX_EINVAL);
    assert_string_equal(err.message, "there are too few rows to calibrate on");
    const hx_learn_options o = {
        .model = "ridge", .target = "u", .use = "v", .calibrate = HX_CALIBRATE_PLATT};
    assert_int_equal(hx_learner_fit(&l, t, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "only probabilities of classes are calibrated");
    double y[] = {0, 0, 0, 0, 1};
    assert_int_equal(hx_table_pick(&few, t, rows, 5, &err), HX_OK);
    put(few, "y", y);
    assert_int_equal(fit(&l, few, "y", HX_CALIBRATE_PLATT, &err), HX_EINVAL);
    assert_string_equal(err.message, "to calibrate, two classes need two rows each or more");
    static const char *const damaged[] = {"{}",
                                          "{\"method\":\"platt\",\"temperature\":0,\"maps\":[]}",
                                          "{\"method\":\"platt\",\"temperature\":1,\"maps\":[]}",
                                          "{\"method\":\"isotonic\",\"temperature\":1,\"maps\":[{"
                                          "\"slope\":0,\"offset\":0,\"x\":[1,0],"
                                          "\"y\":[0,1]}]}",
                                          "{\"method\":\"isotonic\",\"temperature\":1,\"maps\":[{"
                                          "\"slope\":0,\"offset\":0,\"x\":[0,1],"
                                          "\"y\":[0,2]}]}"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        json_t *json = json_loads(damaged[i], 0, NULL);
        assert_int_equal(hx_calibration_read(&c, json, 2, &err), HX_EFORMAT);
        assert_string_equal(err.message, "the model's calibration is damaged");
        json_decref(json);
    }
    hx_table_free(few);
    hx_table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_classes),       cmocka_unit_test(three_classes),
        cmocka_unit_test(weighted_isotonic), cmocka_unit_test(temperature),
        cmocka_unit_test(learners),          cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
