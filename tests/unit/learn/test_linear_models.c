/* Linear models and distributions against scikit-learn, statsmodels and scipy: tests/golden/learn/make_linear.py. */
#include "golden.h"
#include "learn/conjugate.h"
#include "learn/families.h"
#include "learn/minimise.h"
#include "learn/solve.h"
#include "learn/special.h"

#define N 60
#define D 5

typedef struct {
    golden g;
    hx_problem p;
} setting;

static hx_problem problem_of(golden *g, const char *x, size_t d, const char *y,
                             hx_learn_task task) {
    static const char *const classes[] = {"a", "b", "c"};
    size_t n;
    hx_problem p = {.n = N, .d = d, .task = task, .classes = classes};
    p.x = golden_array(g, x, &n);
    assert_int_equal(n, N * d);
    p.y = golden_array(g, y, &n);
    assert_int_equal(n, N);
    for (size_t i = 0; i < N && task == HX_TASK_CLASSES; i++)
        if (p.y[i] >= (double)p.n_classes) p.n_classes = (size_t)p.y[i] + 1;
    return p;
}

/* A fitted state with the parameters of a JSON object. */
static void *fitted(const hx_estimator *e, const hx_problem *p, const char *json) {
    double params[16];
    void *state = NULL;
    hx_error err = {0};
    if (hx_params_of(&e->kind, hx_str_of(json), params, &err) != HX_OK) fail_msg("%s", err.message);
    hx_fit_options o = {.params = params, .seed = 1, .n_threads = 1};
    if (e->fit(&state, p, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return state;
}

/* Numbers of the summary by name, or of the written state. */
static json_t *told(const hx_estimator *e, const void *state, bool file) {
    hx_buf b;
    hx_json_writer w;
    json_t *json = NULL;
    hx_error err = {0};
    hx_buf_init(&b, 16u << 20);
    hx_json_begin(&w, &b);
    if (file) {
        e->write(state, &w);
    } else {
        hx_json_object(&w);
        e->summary(state, &w);
        hx_json_end_object(&w);
    }
    if (hx_json_parse(hx_buf_str(&b), 16u << 20, "state", &json, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_buf_release(&b);
    return json;
}

static void numbers_near(golden *g, const char *name, const json_t *got, size_t first, size_t by,
                         double tolerance) {
    size_t n;
    const double *wanted = golden_array(g, name, &n);
    for (size_t i = 0; i < n; i++)
        golden_near(json_number_value(json_array_get(got, first + i * by)), wanted[i], tolerance,
                    name);
}

/* Predictions of the state and of what it becomes by way of a file are the same bits, and `wanted` (n). */
static void same_after_file(const hx_estimator *e, const void *state, const hx_problem *p) {
    size_t width = p->task == HX_TASK_CLASSES ? p->n_classes : 1;
    double *a = calloc(p->n * width, sizeof *a), *b = calloc(p->n * width, sizeof *b);
    void *again = NULL;
    hx_error err = {0};
    json_t *json = told(e, state, true);
    if (e->read(&again, json, p->d, p->n_classes, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(e->predict(state, p->x, p->n, 1, a, &err), HX_OK);
    assert_int_equal(e->predict(again, p->x, p->n, 1, b, &err), HX_OK);
    assert_memory_equal(a, b, p->n * width * sizeof *a);
    json_object_set_new(json, "weights", json_array());
    void *damaged = NULL;
    assert_int_equal(e->read(&damaged, json, p->d, p->n_classes, &err), HX_EFORMAT);
    assert_string_equal(err.message, "the model's weights are damaged");
    e->release(again);
    json_decref(json);
    free(a);
    free(b);
}

/* Contributions of each row sum to the prediction, of classes to the log-odds. */
static void sums_to_margin(const hx_estimator *e, const void *state, const hx_problem *p,
                           size_t class) {
    bool classes = p->task == HX_TASK_CLASSES;
    double *parts = calloc(p->n * (p->d + 1), sizeof *parts);
    double *said = calloc(p->n * (p->n_classes + 1), sizeof *said);
    hx_error err = {0};
    assert_int_equal(e->contributions(state, p->x, p->n, class, 1, parts, &err), HX_OK);
    assert_int_equal(e->predict(state, p->x, p->n, 1, said, &err), HX_OK);
    for (size_t i = 0; i < p->n; i++) {
        double sum = 0, margin = said[i];
        for (size_t j = 0; j <= p->d; j++)
            sum += parts[i * (p->d + 1) + j];
        if (classes) margin = log(said[i * 2 + class] / said[i * 2 + 1 - class]);
        golden_near(sum, margin, 1e-9, "contributions");
    }
    free(parts);
    free(said);
}

static void check_regression(golden *g, const hx_estimator *e, const char *json, const char *name,
                             const char *weights, double tolerance) {
    char coef[64], intercept[64];
    size_t n;
    hx_problem p = problem_of(g, "x", D, "y", HX_TASK_REGRESSION);
    if (weights) p.weights = golden_array(g, weights, &n);
    void *state = fitted(e, &p, json);
    json_t *s = told(e, state, false);
    snprintf(coef, sizeof coef, "%s.coef", name);
    snprintf(intercept, sizeof intercept, "%s.intercept", name);
    numbers_near(g, coef, json_object_get(s, "coefficients"), 0, 1, tolerance);
    golden_near(json_number_value(json_object_get(s, "intercept")), *golden_array(g, intercept, &n),
                tolerance, intercept);
    same_after_file(e, state, &p);
    sums_to_margin(e, state, &p, 0);
    json_decref(s);
    e->release(state);
}

static void least_squares(void **st) {
    setting *t = *st;
    golden *g = &t->g;
    size_t n;
    check_regression(g, &hx_estimator_linear, "{}", "ols", NULL, 1e-9);
    check_regression(g, &hx_estimator_linear, "{}", "ols_weighted", "weights", 1e-9);
    hx_problem p = problem_of(g, "x", D, "y", HX_TASK_REGRESSION);
    void *state = fitted(&hx_estimator_linear, &p, "{}");
    json_t *s = told(&hx_estimator_linear, state, false);
    numbers_near(g, "ols.errors", json_object_get(s, "standard_errors"), 0, 1, 1e-9);
    numbers_near(g, "ols.p", json_object_get(s, "p"), 0, 1, 1e-9);
    const char *const one[][2] = {
        {"ols.intercept_error", "intercept_error"}, {"ols.r2", "r2"}, {"ols.t_95", "t_95"}};
    for (size_t i = 0; i < 3; i++)
        golden_near(json_number_value(json_object_get(s, one[i][1])),
                    *golden_array(g, one[i][0], &n), 1e-9, one[i][0]);
    json_decref(s);
    hx_estimator_linear.release(state);
}

/* A column twice and a constant one: the shortest solution, as scikit-learn has it. */
static void dependent_columns(void **st) {
    setting *t = *st;
    hx_problem p = problem_of(&t->g, "dependent_x", D + 2, "y", HX_TASK_REGRESSION);
    void *state = fitted(&hx_estimator_linear, &p, "{}");
    json_t *s = told(&hx_estimator_linear, state, false);
    numbers_near(&t->g, "ols_dependent.coef", json_object_get(s, "coefficients"), 0, 1, 1e-9);
    json_decref(s);
    hx_estimator_linear.release(state);
}

/* The same weights by conjugate gradients; of dependent columns the same answers. */
static void conjugate_meets_closed_form(void **st) {
    setting *t = *st;
    check_regression(&t->g, &hx_estimator_linear, "{\"solver\":\"cg\"}", "ols", NULL, 1e-8);
    hx_problem p = problem_of(&t->g, "dependent_x", D + 2, "y", HX_TASK_REGRESSION);
    double a[N], b[N], w[D], means[D], residual;
    size_t rounds;
    hx_error err = {0};
    void *closed = fitted(&hx_estimator_linear, &p, "{}");
    void *cg = fitted(&hx_estimator_linear, &p, "{\"solver\":\"cg\"}");
    assert_int_equal(hx_estimator_linear.predict(closed, p.x, N, 1, a, &err), HX_OK);
    assert_int_equal(hx_estimator_linear.predict(cg, p.x, N, 1, b, &err), HX_OK);
    for (size_t i = 0; i < N; i++)
        golden_near(b[i], a[i], 1e-8, "answers of dependent columns");
    hx_estimator_linear.release(closed);
    hx_estimator_linear.release(cg);
    p = problem_of(&t->g, "x", D, "y", HX_TASK_REGRESSION);
    void *ridge = fitted(&hx_estimator_ridge, &p, "{\"alpha\":3}");
    json_t *s = told(&hx_estimator_ridge, ridge, false);
    double mean_y = 0;
    for (size_t j = 0; j < D; j++)
        means[j] = 0;
    for (size_t i = 0; i < N; i++) {
        mean_y += p.y[i] / N;
        for (size_t j = 0; j < D; j++)
            means[j] += p.x[i * D + j] / N;
    }
    assert_int_equal(hx_conjugate(&p, means, mean_y, 3, NULL, w, &residual, &rounds, &err), HX_OK);
    for (size_t j = 0; j < D; j++)
        golden_near(w[j], json_number_value(json_array_get(json_object_get(s, "coefficients"), j)),
                    1e-8, "ridge by conjugate gradients");
    json_decref(s);
    hx_estimator_ridge.release(ridge);
}

/* Thousands of features: not the closed form, and a raised flag ends either. */
static void long_problems(void **st) {
    setting *t = *st;
    const volatile int raised = 1;
    hx_problem p = problem_of(&t->g, "x", D, "y", HX_TASK_REGRESSION),
               large = {.n = 20000, .d = 1500};
    assert_false(hx_closed_is_long(&p));
    assert_true(hx_closed_is_long(&large));
    static const char *const solvers[] = {"{}", "{\"solver\":\"cg\"}", "{\"solver\":\"gd\"}"};
    for (size_t k = 0; k < 3; k++) {
        double params[16];
        void *state = NULL;
        hx_error err = {0};
        assert_int_equal(
            hx_params_of(&hx_estimator_linear.kind, hx_str_of(solvers[k]), params, &err), HX_OK);
        const hx_fit_options o = {.params = params, .n_threads = 1, .cancel = &raised};
        assert_int_equal(hx_estimator_linear.fit(&state, &p, NULL, &o, &err), HX_ECANCELLED);
    }
}

static void descent_meets_closed_form(void **st) {
    setting *t = *st;
    check_regression(&t->g, &hx_estimator_linear, "{\"solver\":\"gd\",\"epochs\":20000}", "ols",
                     NULL, 1e-9);
    hx_problem p = problem_of(&t->g, "x", D, "y", HX_TASK_REGRESSION);
    double params[8];
    void *state = NULL;
    hx_error err = {0};
    assert_int_equal(hx_params_of(&hx_estimator_linear.kind,
                                  HX_STR_LIT("{\"solver\":\"gd\",\"rate\":0.5}"), params, &err),
                     HX_OK);
    hx_fit_options o = {.params = params, .n_threads = 1};
    assert_int_equal(hx_estimator_linear.fit(&state, &p, NULL, &o, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "makes the loss grow"));
}

static void loss_falls(void **st) {
    setting *t = *st;
    hx_problem p = problem_of(&t->g, "x", D, "y", HX_TASK_REGRESSION);
    void *state = fitted(&hx_estimator_linear, &p, "{\"solver\":\"gd\",\"epochs\":50}");
    json_t *s = told(&hx_estimator_linear, state, false), *loss = json_object_get(s, "loss");
    assert_int_equal(json_array_size(loss), 50);
    for (size_t i = 1; i < 50; i++)
        assert_true(json_number_value(json_array_get(loss, i)) <
                    json_number_value(json_array_get(loss, i - 1)));
    json_decref(s);
    hx_estimator_linear.release(state);
}

static void penalised(void **st) {
    setting *t = *st;
    check_regression(&t->g, &hx_estimator_ridge, "{\"alpha\":2.5}", "ridge", NULL, 1e-9);
    check_regression(&t->g, &hx_estimator_lasso, "{\"alpha\":0.3,\"tolerance\":1e-14}", "lasso",
                     NULL, 1e-6);
    check_regression(&t->g, &hx_estimator_elastic, "{\"alpha\":0.5,\"l1\":0.4,\"tolerance\":1e-14}",
                     "elastic", NULL, 1e-6);
}

static void check_classes(golden *g, const char *y, const char *json, const char *name,
                          size_t rows) {
    char coef[64], intercept[64];
    hx_problem p = problem_of(g, "x", D, y, HX_TASK_CLASSES);
    void *state = fitted(&hx_estimator_logistic, &p, json);
    json_t *s = told(&hx_estimator_logistic, state, false),
           *got = json_object_get(s, "coefficients");
    snprintf(coef, sizeof coef, "%s.coef", name);
    snprintf(intercept, sizeof intercept, "%s.intercept", name);
    size_t n;
    const double *wanted = golden_array(g, coef, &n);
    assert_int_equal(n, rows * D);
    for (size_t k = 0; k < rows; k++)
        for (size_t j = 0; j < D; j++)
            golden_near(json_number_value(json_array_get(got, k * (D + 1) + j)), wanted[k * D + j],
                        1e-6, coef);
    numbers_near(g, intercept, got, D, D + 1, 1e-6);
    same_after_file(&hx_estimator_logistic, state, &p);
    if (rows == 1) {
        sums_to_margin(&hx_estimator_logistic, state, &p, 1);
        sums_to_margin(&hx_estimator_logistic, state, &p, 0);
    }
    json_decref(s);
    hx_estimator_logistic.release(state);
}

static void logistic(void **st) {
    setting *t = *st;
    golden *g = &t->g;
    check_classes(g, "two", "{\"C\":0.7,\"tolerance\":1e-12}", "logistic", 1);
    check_classes(g, "two", "{\"C\":0.7,\"tolerance\":1e-12,\"balanced\":true}",
                  "logistic_balanced", 1);
    check_classes(g, "three", "{\"C\":1.3,\"tolerance\":1e-12}", "multinomial", 3);
}

/* Without a penalty worth the name the errors are those of the likelihood. */
static void logistic_errors(void **st) {
    setting *t = *st;
    hx_problem p = problem_of(&t->g, "x", D, "two", HX_TASK_CLASSES);
    void *state = fitted(&hx_estimator_logistic, &p, "{\"C\":1e9,\"tolerance\":1e-14}");
    json_t *s = told(&hx_estimator_logistic, state, false);
    numbers_near(&t->g, "logit.coef", json_object_get(s, "coefficients"), 0, 1, 1e-6);
    numbers_near(&t->g, "logit.errors", json_object_get(s, "standard_errors"), 0, 1, 1e-6);
    json_decref(s);
    hx_estimator_logistic.release(state);
}

/* At its defaults no probability is further than 1e-6 from the least value's. */
static void logistic_defaults(void **st) {
    setting *t = *st;
    static const char *const targets[] = {"two", "three"};
    for (size_t k = 0; k < 2; k++) {
        hx_problem p = problem_of(&t->g, "x", D, targets[k], HX_TASK_CLASSES);
        double a[N * 3], b[N * 3];
        hx_error err = {0};
        void *usual = fitted(&hx_estimator_logistic, &p, "{}");
        void *tight = fitted(&hx_estimator_logistic, &p, "{\"tolerance\":1e-14}");
        assert_int_equal(hx_estimator_logistic.predict(usual, p.x, N, 1, a, &err), HX_OK);
        assert_int_equal(hx_estimator_logistic.predict(tight, p.x, N, 1, b, &err), HX_OK);
        for (size_t i = 0; i < N * p.n_classes; i++)
            golden_near(a[i], b[i], 1e-7, targets[k]);
        hx_estimator_logistic.release(usual);
        hx_estimator_logistic.release(tight);
    }
}

/* Nothing is said of the weight of a column with one value. */
static void constant_columns(void **st) {
    setting *t = *st;
    static const hx_estimator *const models[] = {&hx_estimator_logistic, &hx_estimator_linear};
    for (size_t k = 0; k < 2; k++) {
        hx_problem p = k ? problem_of(&t->g, "x", D, "y", HX_TASK_REGRESSION)
                         : problem_of(&t->g, "x", D, "two", HX_TASK_CLASSES);
        double x[N * D];
        memcpy(x, p.x, sizeof x);
        for (size_t i = 0; i < N; i++)
            x[i * D + 2] = 0;
        p.x = x;
        void *state = fitted(models[k], &p, "{}");
        json_t *s = told(models[k], state, false), *errors = json_object_get(s, "standard_errors");
        assert_true(json_is_null(json_array_get(errors, 2)));
        assert_true(json_is_null(json_array_get(json_object_get(s, "p"), 2)));
        assert_true(json_is_real(json_array_get(errors, 1)));
        assert_true(json_number_value(json_array_get(json_object_get(s, "coefficients"), 2)) == 0);
        json_decref(s);
        models[k]->release(state);
    }
}

static void wrong_parameters(void **st) {
    (void)st;
    static const char *const cases[][2] = {
        {"{\"alpha\":-1}", "ridge: 'alpha' is a number from 0 to 1e+10"},
        {"{\"alpha\":\"x\"}", "ridge: 'alpha' is a number from 0 to 1e+10"},
        {"{\"beta\":1}", "ridge has no parameter 'beta'; see huaxiang learn fit --help"},
        {"[]", "the parameters of ridge are no JSON object"},
    };
    double params[16];
    for (size_t i = 0; i < 4; i++) {
        hx_error err = {0};
        assert_int_equal(
            hx_params_of(&hx_estimator_ridge.kind, hx_str_of(cases[i][0]), params, &err),
            HX_EINVAL);
        assert_string_equal(err.message, cases[i][1]);
    }
    hx_error err = {0};
    assert_int_equal(
        hx_params_of(&hx_estimator_linear.kind, HX_STR_LIT("{\"solver\":\"sgd\"}"), params, &err),
        HX_EINVAL);
    assert_string_equal(err.message, "linear: 'solver' is one of closed, gd, cg");
    assert_int_equal(
        hx_params_of(&hx_estimator_linear.kind, HX_STR_LIT("{\"epochs\":2.5}"), params, &err),
        HX_EINVAL);
    assert_string_equal(err.message, "linear: 'epochs' is a whole number from 1 to 1e+07");
    assert_int_equal(
        hx_params_of(&hx_estimator_logistic.kind, HX_STR_LIT("{\"balanced\":3}"), params, &err),
        HX_EINVAL);
    assert_string_equal(err.message, "logistic: 'balanced' is true or false");
}

static void special(void **st) {
    setting *t = *st;
    golden *g = &t->g;
    size_t n, na, nz, nq;
    const double *a = golden_array(g, "special.a", &na), *z = golden_array(g, "special.z", &nz);
    const double *q = golden_array(g, "special.q", &nq), *wanted;
    const double cuts[] = {0.001, 0.2, 0.5, 0.9}, student[] = {1, 4.5, 100}, freedom[] = {1, 4, 30};
    for (size_t i = 0, k = 0; i < na; i++)
        for (size_t j = 0; j < nz; j++, k++) {
            golden_near(hx_gamma_lower(a[i], z[j]), golden_array(g, "special.gamma_lower", &n)[k],
                        1e-12, "gamma");
            golden_near(hx_gamma_upper(a[i], z[j]), golden_array(g, "special.gamma_upper", &n)[k],
                        1e-12, "gamma");
        }
    wanted = golden_array(g, "special.beta", &n);
    for (size_t i = 0, k = 0; i < na; i++)
        for (size_t j = 0; j < na; j++)
            for (size_t c = 0; c < 4; c++, k++)
                golden_near(hx_beta_share(a[i], a[j], cuts[c]), wanted[k], 1e-12, "beta");
    wanted = golden_array(g, "special.digamma", &n);
    for (size_t j = 0; j < nz; j++)
        golden_near(hx_digamma(z[j]), wanted[j], 1e-12, "digamma");
    for (size_t i = 0, k = 0; i < nq; i++) {
        golden_near(hx_normal_quantile(q[i]), golden_array(g, "special.normal", &n)[i], 1e-10,
                    "normal");
        for (size_t f = 0; f < 3; f++, k++)
            golden_near(hx_student_quantile(q[i], student[f]),
                        golden_array(g, "special.student", &n)[k], 1e-9, "student");
    }
    for (size_t i = 0, k = 0; i < nz; i++)
        for (size_t f = 0; f < 3; f++, k++) {
            golden_near(hx_chi2_tail(z[i], freedom[f]), golden_array(g, "special.chi2", &n)[k],
                        1e-12, "chi2");
            golden_near(hx_f_tail(z[i], 3, freedom[f]), golden_array(g, "special.f", &n)[k], 1e-12,
                        "F");
        }
    assert_true(isnan(hx_student_tails(NAN, 3)) && isnan(hx_gamma_lower(1, NAN)));
}

/* Rosenbrock's valley. */
static double valley(void *context, const double *x, double *g) {
    (void)context;
    double a = 1 - x[0], b = x[1] - x[0] * x[0];
    g[0] = -2 * a - 400 * x[0] * b;
    g[1] = 200 * b;
    return a * a + 100 * b * b;
}

static void minimises(void **st) {
    (void)st;
    double x[2] = {-1.2, 1}, value;
    size_t rounds;
    hx_error err = {0};
    hx_minimise_options o = {.n = 2, .tolerance = 1e-10};
    assert_int_equal(hx_minimise(valley, NULL, &o, x, &value, &rounds, &err), HX_OK);
    golden_near(x[0], 1, 1e-8, "x");
    golden_near(x[1], 1, 1e-8, "y");
    assert_true(rounds < 100 && value < 1e-15);
}

static void inverts(void **st) {
    (void)st;
    double a[9] = {4, 2, 0.6, 2, 5, 1, 0.6, 1, 3}, l[9], b[3] = {1, 2, 3};
    memcpy(l, a, sizeof l);
    assert_true(hx_cholesky(l, 3));
    hx_cholesky_solve(l, 3, b);
    for (size_t i = 0; i < 3; i++) {
        double sum = 0;
        for (size_t j = 0; j < 3; j++)
            sum += a[i * 3 + j] * b[j];
        golden_near(sum, (double)(i + 1), 1e-13, "A x");
    }
    hx_cholesky_invert(l, 3);
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            double sum = 0;
            for (size_t k = 0; k < 3; k++)
                sum += a[i * 3 + k] * l[k * 3 + j];
            golden_near(sum, i == j, 1e-13, "A A^-1");
        }
    double no[4] = {1, 2, 2, 1};
    assert_false(hx_cholesky(no, 2));
}

static int setup(void **st) {
    setting *t = calloc(1, sizeof *t);
    if (!t) return -1;
    golden_open(&t->g, "linear.txt");
    *st = t;
    return 0;
}

static int teardown(void **st) {
    setting *t = *st;
    golden_close(&t->g);
    free(t);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_squares),
        cmocka_unit_test(dependent_columns),
        cmocka_unit_test(conjugate_meets_closed_form),
        cmocka_unit_test(long_problems),
        cmocka_unit_test(logistic_defaults),
        cmocka_unit_test(constant_columns),
        cmocka_unit_test(descent_meets_closed_form),
        cmocka_unit_test(loss_falls),
        cmocka_unit_test(penalised),
        cmocka_unit_test(logistic),
        cmocka_unit_test(logistic_errors),
        cmocka_unit_test(wrong_parameters),
        cmocka_unit_test(special),
        cmocka_unit_test(minimises),
        cmocka_unit_test(inverts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
