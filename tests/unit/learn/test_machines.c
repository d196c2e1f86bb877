/* Naive Bayes, neighbours, support vector machines, isolation forests and perceptrons: against scikit-learn (tests/golden/learn/make_machines.py), files,
 * threads, missing values. */
#include "base/error.h"
#include "base/rng.h"
#include "golden.h"
#include "learn/families.h"
#include "learn/margins.h"
#include "learn/smo.h"
#include "learn/trees.h"

#define N 80
#define D 4
#define NEW 30
#define CLOUD 300

static hx_problem problem_of(golden *g, const char *x, const char *y, hx_learn_task task) {
    static const char *const classes[] = {"a", "b", "c"};
    size_t n;
    hx_problem p = {.n = N, .d = D, .task = task, .classes = classes};
    p.x = golden_array(g, x, &n);
    assert_int_equal(n, N * D);
    p.y = golden_array(g, y, &n);
    for (size_t i = 0; i < N && task == HX_TASK_CLASSES; i++)
        if (p.y[i] >= (double)p.n_classes) p.n_classes = (size_t)p.y[i] + 1;
    return p;
}

static void *fitted(const hx_estimator *e, const hx_problem *p, const char *json,
                    size_t n_threads) {
    double params[16];
    void *state = NULL;
    hx_error err = {0};
    if (hx_params_of(&e->kind, hx_str_of(json), params, &err) != HX_OK) fail_msg("%s", err.message);
    hx_fit_options o = {.params = params, .seed = 1, .n_threads = n_threads};
    if (e->fit(&state, p, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return state;
}

static json_t *written(const hx_estimator *e, const void *state) {
    hx_buf b;
    hx_json_writer w;
    json_t *json = NULL;
    hx_error err = {0};
    hx_buf_init(&b, 64u << 20);
    hx_json_begin(&w, &b);
    e->write(state, &w);
    if (hx_json_parse(hx_buf_str(&b), 64u << 20, "state", &json, &err) != HX_OK)
        fail_msg("%s", err.message);
    hx_buf_release(&b);
    return json;
}

/* Predictions of what comes back from a file are the same bits; a file without its greatest member is refused. */
static void same_after_file(const hx_estimator *e, const void *state, const hx_problem *p,
                            const char *member, const char *sentence) {
    size_t width = p->task == HX_TASK_CLASSES ? p->n_classes : 1;
    double *a = calloc(p->n * width, sizeof *a), *b = calloc(p->n * width, sizeof *b);
    void *again = NULL;
    hx_error err = {0};
    json_t *json = written(e, state);
    if (e->read(&again, json, p->d, p->n_classes, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(e->predict(state, p->x, p->n, 1, a, &err), HX_OK);
    assert_int_equal(e->predict(again, p->x, p->n, 3, b, &err), HX_OK);
    assert_memory_equal(a, b, p->n * width * sizeof *a);
    json_object_del(json, member);
    void *damaged = NULL;
    assert_int_equal(e->read(&damaged, json, p->d, p->n_classes, &err), HX_EFORMAT);
    assert_string_equal(err.message, sentence);
    e->release(again);
    json_decref(json);
    free(a);
    free(b);
}

#define WEIGHTS_DAMAGED "the model's weights are damaged"

static void said(golden *g, const hx_estimator *e, const hx_problem *p, const char *json,
                 const double *x, size_t n, const char *name, double tolerance) {
    double out[CLOUD * 3];
    size_t wanted_n, width = p->task == HX_TASK_CLASSES ? p->n_classes : 1;
    hx_error err = {0};
    void *state = fitted(e, p, json, 2);
    const double *wanted = golden_array(g, name, &wanted_n);
    assert_int_equal(wanted_n, n * width);
    assert_int_equal(e->predict(state, x, n, 2, out, &err), HX_OK);
    for (size_t i = 0; i < n * width; i++)
        golden_near(out[i], wanted[i], tolerance, name);
    e->release(state);
}

/* ------------------------------------------------------------------ naive Bayes */
static void bayes(void **st) {
    golden *g = *st;
    size_t n;
    const hx_estimator *e = &hx_estimator_bayes;
    const double *new = golden_array(g, "new", &n);
    hx_problem p = problem_of(g, "x", "three", HX_TASK_CLASSES);
    said(g, e, &p, "{}", new, NEW, "gaussian", 1e-9);
    void *state = fitted(e, &p, "{}", 1);
    same_after_file(e, state, &p, "means", WEIGHTS_DAMAGED);
    e->release(state);
    p.weights = golden_array(g, "weights", &n);
    said(g, e, &p, "{\"smoothing\":1e-3}", new, NEW, "gaussian_weighted", 1e-9);
    hx_problem bits = problem_of(g, "bits", "three", HX_TASK_CLASSES);
    said(g, e, &bits, "{\"alpha\":0.7}", golden_array(g, "new_bits", &n), NEW, "bernoulli", 1e-9);
}

/* What is missing says nothing: a row without values has the priors. */
static void bayes_without_values(void **st) {
    golden *g = *st;
    double x[D] = {NAN, NAN, NAN, NAN}, out[3];
    hx_error err = {0};
    hx_problem p = problem_of(g, "x", "three", HX_TASK_CLASSES);
    void *state = fitted(&hx_estimator_bayes, &p, "{}", 1);
    assert_int_equal(hx_estimator_bayes.predict(state, x, 1, 1, out, &err), HX_OK);
    for (size_t k = 0; k < 3; k++) {
        double count = 0;
        for (size_t i = 0; i < N; i++)
            count += p.y[i] == (double)k;
        golden_near(out[k], count / N, 1e-12, "prior");
    }
    hx_estimator_bayes.release(state);
}

/* ------------------------------------------------------------------ neighbours */
static double *with_holes(golden *g, const char *name) {
    size_t n;
    double *x = golden_array(g, name, &n);
    for (size_t i = 0; i < n; i++)
        if (x[i] == 99) x[i] = NAN;
    return x;
}

static void neighbours(void **st) {
    golden *g = *st;
    size_t n;
    double more[(NEW + 2) * D];
    const hx_estimator *e = &hx_estimator_neighbours;
    const double *new = golden_array(g, "new", &n);
    hx_problem p = problem_of(g, "x", "three", HX_TASK_CLASSES);
    hx_problem number = problem_of(g, "x", "y", HX_TASK_REGRESSION);
    memcpy(more, new, NEW * D * sizeof *more);
    memcpy(more + NEW * D, p.x, 2 * D * sizeof *more); /* touching */
    said(g, e, &p, "{\"k\":7}", new, NEW, "near", 1e-9);
    said(g, e, &p, "{\"k\":7,\"weights\":\"distance\"}", more, NEW + 2, "near_distance", 1e-9);
    said(g, e, &number, "{\"k\":5,\"weights\":\"distance\"}", new, NEW, "near_number", 1e-9);
    number.x = with_holes(g, "holes");
    said(g, e, &number, "{\"k\":5,\"missing\":\"skip\"}", with_holes(g, "new_holes"), NEW,
         "near_holes", 1e-9);
    void *state = fitted(e, &number, "{\"missing\":\"skip\",\"k\":3}", 1);
    same_after_file(e, state, &number, "y", WEIGHTS_DAMAGED);
    e->release(state);
}

/* ------------------------------------------------------------------ linear machines */
static void margins_are(golden *g, const char *y, const char *json, const char *name,
                        size_t machines, hx_learn_task task) {
    size_t n;
    const double *new = golden_array(g, "new", &n), *wanted = golden_array(g, name, &n);
    hx_problem p = problem_of(g, "x", y, task);
    void *state = fitted(&hx_estimator_svm, &p, json, 1);
    json_t *s = written(&hx_estimator_svm, state), *w = json_object_get(s, "weights");
    assert_int_equal(n, NEW * machines);
    for (size_t i = 0; i < NEW; i++)
        for (size_t k = 0; k < machines; k++) {
            double sum = json_number_value(json_array_get(w, k * (D + 1) + D));
            for (size_t j = 0; j < D; j++)
                sum += json_number_value(json_array_get(w, k * (D + 1) + j)) * new[i * D + j];
            golden_near(sum, wanted[i * machines + k], 1e-6, name);
        }
    same_after_file(&hx_estimator_svm, state, &p, "weights", WEIGHTS_DAMAGED);
    json_decref(s);
    hx_estimator_svm.release(state);
}

static void linear_machines(void **st) {
    margins_are(*st, "two", "{\"C\":0.8,\"tolerance\":1e-12}", "svm", 1, HX_TASK_CLASSES);
    margins_are(*st, "three", "{\"C\":0.5,\"tolerance\":1e-12}", "svm_three", 3, HX_TASK_CLASSES);
    margins_are(*st, "y", "{\"C\":0.6,\"epsilon\":0.1,\"tolerance\":1e-12}", "svm_number", 1,
                HX_TASK_REGRESSION);
}

static void contributions_sum(void **st) {
    golden *g = *st;
    double parts[N * (D + 1)], out[N * 2];
    hx_error err = {0};
    hx_problem p = problem_of(g, "x", "two", HX_TASK_CLASSES);
    void *state = fitted(&hx_estimator_svm, &p, "{}", 1);
    assert_int_equal(hx_estimator_svm.predict(state, p.x, N, 1, out, &err), HX_OK);
    for (size_t class = 0; class < 2; class ++) {
        assert_int_equal(hx_estimator_svm.contributions(state, p.x, N, class, 1, parts, &err),
                         HX_OK);
        for (size_t i = 0; i < N; i++) {
            double sum = 0;
            for (size_t j = 0; j <= D; j++)
                sum += parts[i * (D + 1) + j];
            golden_near(sum, log(out[2 * i + class] / out[2 * i + 1 - class]), 1e-9, "margin");
        }
    }
    hx_estimator_svm.release(state);
}

static void platt(void **st) {
    golden *g = *st;
    size_t n;
    double a, b;
    bool positive[60];
    const double *margins = golden_array(g, "margins", &n), *yes = golden_array(g, "positive", &n);
    assert_int_equal(n, 60);
    for (size_t i = 0; i < n; i++)
        positive[i] = yes[i] != 0;
    hx_platt_fit(margins, 1, positive, NULL, n, &a, &b);
    const double *wanted = golden_array(g, "platt", &n);
    golden_near(a, wanted[0], 1e-6, "a");
    golden_near(b, wanted[1], 1e-6, "b");
}

/* ------------------------------------------------------------------ kernels */
static double at(const json_t *s, const char *key, size_t i) {
    return json_number_value(json_array_get(json_object_get(s, key), i));
}

static void kernel_margins(golden *g, const char *y, hx_learn_task task, const char *json,
                           const char *name, bool weighted, double tolerance) {
    size_t n;
    const double *new = golden_array(g, "new", &n), *wanted = golden_array(g, name, &n);
    hx_problem p = problem_of(g, "x", y, task);
    size_t machines = task == HX_TASK_CLASSES ? hx_machines_of(p.n_classes) : 1;
    if (weighted) p.weights = golden_array(g, "weights", &n);
    void *state = fitted(&hx_estimator_kernel_svm, &p, json, 1);
    json_t *s = written(&hx_estimator_kernel_svm, state);
    const hx_kernel kernel = {.kind =
                                  (hx_kernel_kind)json_integer_value(json_object_get(s, "kernel")),
                              .gamma = json_number_value(json_object_get(s, "gamma")),
                              .coef0 = json_number_value(json_object_get(s, "coef0")),
                              .degree = (unsigned)json_integer_value(json_object_get(s, "degree"))};
    size_t vectors = (size_t)json_integer_value(json_object_get(s, "n"));
    assert_true(vectors > 0 && vectors <= N);
    for (size_t i = 0; i < NEW; i++)
        for (size_t m = 0; m < machines; m++) {
            double sum = -at(s, "rho", m);
            for (size_t v = 0; v < vectors; v++) {
                double row[D];
                for (size_t j = 0; j < D; j++)
                    row[j] = at(s, "vectors", v * D + j);
                sum += at(s, "weights", v * machines + m) *
                       hx_kernel_value(&kernel, row, new + i *D, D);
            }
            golden_near(sum, wanted[i * machines + m], tolerance, name);
        }
    same_after_file(&hx_estimator_kernel_svm, state, &p, "vectors", WEIGHTS_DAMAGED);
    json_decref(s);
    hx_estimator_kernel_svm.release(state);
}

static void kernels(void **st) {
    golden *g = *st;
    kernel_margins(g, "two", HX_TASK_CLASSES, "{\"C\":2,\"gamma\":0.3,\"tolerance\":1e-10}", "rbf",
                   false, 1e-6);
    kernel_margins(g, "two", HX_TASK_CLASSES, "{\"tolerance\":1e-10}", "rbf_scale", true, 1e-6);
    kernel_margins(g, "two", HX_TASK_CLASSES,
                   "{\"C\":0.5,\"kernel\":\"poly\",\"gamma\":0.4,\"coef0\":1,\"tolerance\":1e-10}",
                   "poly", false, 1e-5); /* libsvm keeps its kernels in 32 bits */
    kernel_margins(g, "two", HX_TASK_CLASSES, "{\"kernel\":\"linear\",\"tolerance\":1e-10}",
                   "linear", false, 1e-5);
    kernel_margins(g, "three", HX_TASK_CLASSES, "{\"C\":2,\"gamma\":0.3,\"tolerance\":1e-10}",
                   "rbf_three", false, 1e-6);
    kernel_margins(g, "y", HX_TASK_REGRESSION,
                   "{\"C\":1.5,\"gamma\":0.3,\"epsilon\":0.05,\"tolerance\":1e-10}", "svr", false,
                   1e-6);
}

/* A small cache gives the same bits: rows are reckoned again. */
static void small_cache(void **st) {
    golden *g = *st;
    size_t n, rows[N];
    double p[N], cost[N], a[2][N], rho[2];
    signed char y[N];
    hx_error err = {0};
    const double *x = golden_array(g, "x", &n), *two = golden_array(g, "two", &n);
    const hx_kernel k = {.kind = HX_KERNEL_RBF, .gamma = 0.5};
    for (size_t i = 0; i < N; i++) {
        rows[i] = i;
        p[i] = -1;
        cost[i] = 3;
        y[i] = two[i] != 0 ? 1 : -1;
    }
    const hx_smo s = {.n = N, .rows = rows, .p = p, .cost = cost, .y = y, .tolerance = 1e-8};
    for (size_t c = 0; c < 2; c++) {
        hx_kernel_rows *r;
        assert_int_equal(hx_kernel_rows_new(&r, &k, x, N, D, c ? 0 : 1u << 20, &err), HX_OK);
        assert_int_equal(hx_smo_solve(&s, r, a[c], &rho[c], &err), HX_OK);
        hx_kernel_rows_free(r);
    }
    assert_memory_equal(a[0], a[1], sizeof a[0]);
    assert_true(rho[0] == rho[1]);
}

static void probabilities(const hx_estimator *e, golden *g, const char *json) {
    double out[N * 3];
    size_t right = 0;
    hx_error err = {0};
    hx_problem p = problem_of(g, "x", "three", HX_TASK_CLASSES);
    void *state = fitted(e, &p, json, 2);
    assert_int_equal(e->predict(state, p.x, N, 2, out, &err), HX_OK);
    for (size_t i = 0; i < N; i++) {
        const double *row = out + 3 * i;
        size_t best = row[1] > row[0];
        golden_near(row[0] + row[1] + row[2], 1, 1e-12, "sum of probabilities");
        if (row[2] > row[best]) best = 2;
        right += (double)best == p.y[i];
    }
    if (right < N * 6 / 10) fail_msg("%s: %zu right", e->kind.name, right);
    e->release(state);
}

static void all_learn(void **st) {
    probabilities(&hx_estimator_kernel_svm, *st, "{\"C\":10,\"gamma\":0.5}");
    probabilities(&hx_estimator_neighbours, *st, "{\"k\":5}");
    probabilities(&hx_estimator_mlp, *st, "{\"patience\":100,\"epochs\":300}");
}

/* ------------------------------------------------------------------ isolation */
static double path_by_hand(const json_t *trees, size_t tree, const double *x, double *rows) {
    size_t i = (size_t)at(trees, "roots", tree);
    double depth = 0;
    while (json_integer_value(json_array_get(json_object_get(trees, "feature"), i)) >= 0) {
        size_t f = (size_t)at(trees, "feature", i);
        i = (size_t)at(trees, "left", i) + !(x[f] < at(trees, "threshold", i));
        depth++;
    }
    *rows = at(trees, "cover", i);
    return depth;
}

static double mean_path(double n) {
    return n < 2 ? 0 : n == 2 ? 1 : 2 * (log(n - 1) + 0.577215664901532861) - 2 * (n - 1) / n;
}

static hx_problem cloud(golden *g) {
    size_t n;
    hx_problem p = {.n = CLOUD, .d = 3, .task = HX_TASK_OUTLIERS};
    p.x = golden_array(g, "cloud", &n);
    assert_int_equal(n, CLOUD * 3);
    return p;
}

static size_t rank_of(const double *x, size_t i) {
    size_t rank = 0;
    for (size_t j = 0; j < CLOUD; j++)
        rank += x[j] > x[i];
    return rank;
}

static void isolation(void **st) {
    golden *g = *st;
    size_t n, together = 0;
    double out[CLOUD];
    hx_error err = {0};
    hx_problem p = cloud(g);
    const double *wanted = golden_array(g, "isolation", &n);
    void *state = fitted(&hx_estimator_isolation, &p, "{\"trees\":2000}", 2);
    assert_int_equal(hx_estimator_isolation.predict(state, p.x, CLOUD, 2, out, &err), HX_OK);
    for (size_t i = 0; i < CLOUD; i++) {
        golden_near(out[i], wanted[i], 0.02, "score");
        together += rank_of(out, i) < 10 && rank_of(wanted, i) < 10;
        if (i < 10) assert_true(out[i] > 0.55);
    }
    assert_true(together >= 9);
    hx_estimator_isolation.release(state);
}

/* Scores are those of the trees in the file, walked by hand. */
static void isolation_by_hand(void **st) {
    enum { TREES = 7 };
    golden *g = *st;
    double out[CLOUD], rows;
    hx_error err = {0};
    hx_problem p = cloud(g);
    void *state = fitted(&hx_estimator_isolation, &p, "{\"trees\":7,\"sample\":100}", 2);
    json_t *s = written(&hx_estimator_isolation, state), *trees = json_object_get(s, "trees");
    assert_int_equal(hx_estimator_isolation.predict(state, p.x, CLOUD, 1, out, &err), HX_OK);
    for (size_t i = 0; i < CLOUD; i++) {
        double path = 0;
        for (size_t t = 0; t < TREES; t++) {
            double depth = path_by_hand(trees, t, p.x + 3 * i, &rows);
            assert_true(depth <= 7);
            path += depth + mean_path(rows);
        }
        golden_near(out[i], exp2(-path / TREES / mean_path(100)), 1e-9, "score");
    }
    same_after_file(&hx_estimator_isolation, state, &p, "mean_path", WEIGHTS_DAMAGED);
    void *again = fitted(&hx_estimator_isolation, &p, "{\"trees\":7,\"sample\":100}", 1);
    json_t *same = written(&hx_estimator_isolation, again);
    assert_true(json_equal(s, same));
    json_decref(s);
    json_decref(same);
    hx_estimator_isolation.release(state);
    hx_estimator_isolation.release(again);
}

static void isolation_of_the_same(void **st) {
    double x[40], out[20];
    hx_error err = {0};
    (void)st;
    for (size_t i = 0; i < 40; i++)
        x[i] = i % 2 ? NAN : 3;
    hx_problem p = {.n = 20, .d = 2, .x = x, .task = HX_TASK_OUTLIERS};
    void *state = fitted(&hx_estimator_isolation, &p, "{}", 1);
    assert_int_equal(hx_estimator_isolation.predict(state, x, 20, 1, out, &err), HX_OK);
    for (size_t i = 0; i < 20; i++)
        golden_near(out[i], 0.5, 1e-12, "score"); /* none is unlike the others */
    hx_estimator_isolation.release(state);
}

/* ------------------------------------------------------------------ perceptrons */
static void perceptron(void **st) {
    enum { ROWS = 400 };
    static double x[ROWS * 2], y[ROWS], out[ROWS];
    double squares = 0, all = 0;
    hx_error err = {0};
    hx_rng rng;
    (void)st;
    hx_rng_seed(&rng, 9);
    for (size_t i = 0; i < ROWS; i++) {
        x[2 * i] = 4 * hx_rng_uniform(&rng) - 2;
        x[2 * i + 1] = 4 * hx_rng_uniform(&rng) - 2;
        y[i] = 100 + 20 * sin(2 * x[2 * i]) * x[2 * i + 1];
    }
    hx_problem p = {.n = ROWS, .d = 2, .x = x, .y = y, .task = HX_TASK_REGRESSION};
    const char *json = "{\"layers\":2,\"width\":32,\"epochs\":150,\"rate\":0.01}";
    void *state = fitted(&hx_estimator_mlp, &p, json, 2);
    assert_int_equal(hx_estimator_mlp.predict(state, x, ROWS, 2, out, &err), HX_OK);
    for (size_t i = 0; i < ROWS; i++) {
        squares += (out[i] - y[i]) * (out[i] - y[i]);
        all += (y[i] - 100) * (y[i] - 100);
    }
    if (squares > 0.1 * all) fail_msg("R2 %g", 1 - squares / all);
    same_after_file(&hx_estimator_mlp, state, &p, "weights", WEIGHTS_DAMAGED);
    void *one = fitted(&hx_estimator_mlp, &p, json, 1);
    json_t *a = written(&hx_estimator_mlp, state), *b = written(&hx_estimator_mlp, one);
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
    hx_estimator_mlp.release(state);
    hx_estimator_mlp.release(one);
}

static int setup(void **st) {
    static golden g;
    golden_open(&g, "machines.txt");
    *st = &g;
    return 0;
}

static int teardown(void **st) {
    golden_close(*st);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bayes),
        cmocka_unit_test(bayes_without_values),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(linear_machines),
        cmocka_unit_test(contributions_sum),
        cmocka_unit_test(platt),
        cmocka_unit_test(kernels),
        cmocka_unit_test(small_cache),
        cmocka_unit_test(all_learn),
        cmocka_unit_test(isolation),
        cmocka_unit_test(isolation_by_hand),
        cmocka_unit_test(isolation_of_the_same),
        cmocka_unit_test(perceptron),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
