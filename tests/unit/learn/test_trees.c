/* Trees and forests: against scikit-learn (tests/golden/learn/make_trees.py), Shapley values against all subsets, files, threads, missing values. */
#include "base/error.h"
#include "base/rng.h"
#include "golden.h"
#include "learn/families.h"
#include "learn/tree_bins.h"
#include "learn/trees.h"

#define N 150
#define D 4
#define NEW 60

static hx_problem problem_of(golden *g, const char *y, hx_learn_task task) {
    static const char *const classes[] = {"a", "b", "c"};
    size_t n;
    hx_problem p = {.n = N, .d = D, .task = task, .classes = classes};
    p.x = golden_array(g, "x", &n);
    assert_int_equal(n, N * D);
    p.y = golden_array(g, y, &n);
    if (task == HX_TASK_CLASSES) p.n_classes = 3;
    return p;
}

static void *fitted(const hx_estimator *e, const hx_problem *p, const char *json, size_t n_threads,
                    uint64_t seed) {
    double params[16];
    void *state = NULL;
    hx_error err = {0};
    if (hx_params_of(&e->kind, hx_str_of(json), params, &err) != HX_OK) fail_msg("%s", err.message);
    hx_fit_options o = {.params = params, .seed = seed, .n_threads = n_threads};
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

static void check_importance(golden *g, const char *name, const void *state) {
    char key[64];
    size_t n;
    double importance[D];
    snprintf(key, sizeof key, "%s.importance", name);
    const double *wanted = golden_array(g, key, &n);
    hx_estimator_tree.importance(state, importance);
    for (size_t j = 0; j < D; j++)
        golden_near(importance[j], wanted[j], 1e-9, key);
}

static void check(golden *g, const char *name, const char *y, hx_learn_task task, const char *json,
                  bool weighted) {
    char key[64];
    size_t n, width = task == HX_TASK_CLASSES ? 3 : 1;
    double out[NEW * 3];
    hx_error err = {0};
    hx_problem p = problem_of(g, y, task);
    if (weighted) p.weights = golden_array(g, "weights", &n);
    void *state = fitted(&hx_estimator_tree, &p, json, 1, 1);
    assert_int_equal(
        hx_estimator_tree.predict(state, golden_array(g, "other", &n), NEW, 2, out, &err), HX_OK);
    snprintf(key, sizeof key, "%s.said", name);
    const double *wanted = golden_array(g, key, &n);
    assert_int_equal(n, NEW * width);
    for (size_t i = 0; i < n; i++)
        golden_near(out[i], wanted[i], 1e-9, key);
    if (task == HX_TASK_REGRESSION) check_importance(g, name, state); /* counts of classes tie */
    snprintf(key, sizeof key, "%s.leaves", name);
    assert_int_equal(((const hx_trees *)state)->n_nodes, 2 * (size_t)*golden_array(g, key, &n) - 1);
    hx_estimator_tree.release(state);
}

static void as_scikit_learn(void **st) {
    golden *g = *st;
    check(g, "gini", "three", HX_TASK_CLASSES, "{\"depth\":4}", false);
    check(g, "entropy", "three", HX_TASK_CLASSES, "{\"criterion\":\"entropy\",\"leaf_rows\":5}",
          false);
    check(g, "squares", "y", HX_TASK_REGRESSION, "{\"depth\":5,\"split_rows\":10}", false);
    check(g, "weighted", "y", HX_TASK_REGRESSION, "{\"depth\":3}", true);
}

/* ------------------------------------------------------------------ Shapley values */
/* What the trees say where only the features of `known` are: other splits send shares of training rows both ways. */
static double with_known(const hx_trees *t, uint32_t node, const double *x, unsigned known,
                         size_t output) {
    if (t->feature[node] == HX_LEAF) return t->values[node * t->width + output];
    uint32_t f = t->feature[node], a = t->left[node];
    if (known & 1u << f) {
        bool left = isnan(x[f]) ? t->missing_left[node] != 0 : x[f] < t->threshold[node];
        return with_known(t, a + !left, x, known, output);
    }
    return (t->cover[a] * with_known(t, a, x, known, output) +
            t->cover[a + 1] * with_known(t, a + 1, x, known, output)) /
           t->cover[node];
}

static double all_trees(const hx_trees *t, const double *x, unsigned known, size_t output) {
    double sum = t->base[output];
    for (size_t k = 0; k < t->n_trees; k++)
        sum += with_known(t, t->roots[k], x, known, output);
    return sum;
}

static double factorial(unsigned n) {
    return n < 2 ? 1 : n * factorial(n - 1);
}

static void by_all_subsets(const hx_trees *t, const double *x, size_t output, double *out) {
    for (unsigned j = 0; j < D; j++) {
        out[j] = 0;
        for (unsigned s = 0; s < 1u << D; s++) {
            if (s & 1u << j) continue;
            unsigned size = (unsigned)__builtin_popcount(s);
            double weight = factorial(size) * factorial(D - size - 1) / factorial(D);
            out[j] += weight * (all_trees(t, x, s | 1u << j, output) - all_trees(t, x, s, output));
        }
    }
    out[D] = all_trees(t, x, 0, output);
}

static void shapley(golden *g, const char *y, hx_learn_task task, size_t output) {
    size_t n;
    double got[NEW * (D + 1)], wanted[D + 1], said[NEW * 3];
    hx_error err = {0};
    hx_problem p = problem_of(g, y, task);
    double *x = golden_array(g, "other", &n);
    x[5] = NAN;
    void *state = fitted(&hx_estimator_forest, &p, "{\"trees\":7,\"depth\":6}", 2, 4);
    const hx_trees *t = state;
    assert_int_equal(hx_estimator_forest.contributions(state, x, NEW, output, 2, got, &err), HX_OK);
    assert_int_equal(hx_estimator_forest.predict(state, x, NEW, 2, said, &err), HX_OK);
    for (size_t i = 0; i < NEW; i++) {
        double sum = 0;
        by_all_subsets(t, x + i * D, output, wanted);
        for (size_t j = 0; j <= D; j++) {
            golden_near(got[i * (D + 1) + j], wanted[j], 1e-10, "Shapley value");
            sum += got[i * (D + 1) + j];
        }
        golden_near(sum, said[i * t->n_outputs + output], 1e-12, "sum");
    }
    hx_estimator_forest.release(state);
}

static void shapley_values(void **st) {
    shapley(*st, "y", HX_TASK_REGRESSION, 0);
    shapley(*st, "three", HX_TASK_CLASSES, 2);
}

/* ------------------------------------------------------------------ forests */
static void threads_change_nothing(void **st) {
    hx_problem p = problem_of(*st, "three", HX_TASK_CLASSES);
    void *one = fitted(&hx_estimator_forest, &p, "{\"trees\":20}", 1, 4);
    void *three = fitted(&hx_estimator_forest, &p, "{\"trees\":20}", 3, 4);
    void *seed = fitted(&hx_estimator_forest, &p, "{\"trees\":20}", 3, 5);
    json_t *a = written(&hx_estimator_forest, one), *b = written(&hx_estimator_forest, three);
    json_t *c = written(&hx_estimator_forest, seed);
    assert_true(json_equal(a, b));
    assert_false(json_equal(a, c));
    json_decref(a);
    json_decref(b);
    json_decref(c);
    hx_estimator_forest.release(one);
    hx_estimator_forest.release(three);
    hx_estimator_forest.release(seed);
}

static void learns(void **st) {
    double out[N * 3];
    hx_error err = {0};
    size_t right = 0;
    hx_problem p = problem_of(*st, "three", HX_TASK_CLASSES);
    void *state = fitted(&hx_estimator_forest, &p, "{\"trees\":50}", 2, 1);
    assert_int_equal(hx_estimator_forest.predict(state, p.x, N, 2, out, &err), HX_OK);
    for (size_t i = 0; i < N; i++) {
        const double *row = out + 3 * i;
        golden_near(row[0] + row[1] + row[2], 1, 1e-12, "sum of probabilities");
        size_t best = row[1] > row[0];
        if (row[2] > row[best]) best = 2;
        right += (double)best == p.y[i];
    }
    assert_true(right > N * 9 / 10);
    hx_estimator_forest.release(state);
}

/* y follows whether x0 is there; nothing else is known of it. */
static void missing_tells(void **st) {
    double x[40], y[40], said[2], ask[2] = {NAN, 0.3};
    hx_error err = {0};
    (void)st;
    for (size_t i = 0; i < 40; i++) {
        x[i] = i % 2 ? NAN : (double)i;
        y[i] = i % 2 ? 5 : 1;
    }
    hx_problem p = {.x = x, .n = 40, .d = 1, .y = y, .task = HX_TASK_REGRESSION};
    void *state = fitted(&hx_estimator_tree, &p, "{}", 1, 1);
    assert_int_equal(hx_estimator_tree.predict(state, ask, 2, 1, said, &err), HX_OK);
    golden_near(said[0], 5, 1e-12, "missing");
    golden_near(said[1], 1, 1e-12, "there");
    hx_estimator_tree.release(state);
}

/* Infinite, constant and single values: a tree of one leaf or two, no accident. */
static void odd_columns(void **st) {
    double x[] = {INFINITY, 1, 7, -INFINITY, 1, 7, 3, 1, 7}, y[] = {1, 2, 3}, said[3];
    hx_error err = {0};
    (void)st;
    hx_problem p = {.x = x, .n = 3, .d = 3, .y = y, .task = HX_TASK_REGRESSION};
    void *state = fitted(&hx_estimator_tree, &p, "{}", 1, 1);
    assert_int_equal(hx_estimator_tree.predict(state, x, 3, 1, said, &err), HX_OK);
    for (size_t i = 0; i < 3; i++)
        golden_near(said[i], y[i], 1e-12, "row");
    json_decref(written(&hx_estimator_tree, state));
    hx_estimator_tree.release(state);
    p.n = 1;
    state = fitted(&hx_estimator_tree, &p, "{}", 1, 1);
    assert_int_equal(((const hx_trees *)state)->n_nodes, 1);
    hx_estimator_tree.release(state);
}

/* ------------------------------------------------------------------ bins */
#define MANY 2000
#define WIDE 4

/* Features with 2, 40, 200 and `different` values, some missing; a number or one of three classes that follows them. */
static void make_many(hx_problem *p, size_t different, hx_learn_task task) {
    static const char *const classes[] = {"a", "b", "c"};
    hx_rng rng;
    hx_rng_seed(&rng, 7);
    *p = (hx_problem){.n = MANY, .d = WIDE, .task = task, .classes = classes};
    if (task == HX_TASK_CLASSES) p->n_classes = 3;
    p->x = calloc(MANY * WIDE, sizeof *p->x);
    p->y = calloc(MANY, sizeof *p->y);
    for (size_t i = 0; i < MANY; i++) {
        const size_t kinds[WIDE] = {2, 40, 200, different};
        double *x = p->x + i * WIDE;
        for (size_t j = 0; j < WIDE; j++)
            x[j] = (double)hx_rng_below(&rng, kinds[j]) / 8;
        const double y = x[0] * 8 + (x[1] > 2.2) + sin(x[2]) + x[3] * 4 / (double)different;
        if (i % 13 == 5) x[1 + i % 3] = NAN;
        p->y[i] = task == HX_TASK_CLASSES ? (y < 0.8   ? 0
                                             : y < 1.7 ? 1
                                                       : 2)
                                          : floor(y * 8) / 8; /* sums of it are exact */
    }
}

static void release_many(hx_problem *p) {
    free(p->x);
    free(p->y);
}

/* With no more values than bins counting finds the splits that sorting finds. */
static void bins_are_exact(void **st) {
    (void)st;
    for (int k = 0; k < 2; k++) {
        hx_problem p;
        make_many(&p, 240, k ? HX_TASK_CLASSES : HX_TASK_REGRESSION);
        void *binned = fitted(&hx_estimator_tree, &p, "{\"leaf_rows\":3}", 1, 1);
        void *sorted = fitted(&hx_estimator_tree, &p, "{\"leaf_rows\":3,\"exact\":true}", 1, 1);
        json_t *a = written(&hx_estimator_tree, binned), *b = written(&hx_estimator_tree, sorted);
        assert_true(((const hx_trees *)binned)->n_nodes > 100);
        assert_true(json_equal(json_object_get(a, "feature"), json_object_get(b, "feature")));
        assert_true(json_equal(json_object_get(a, "threshold"), json_object_get(b, "threshold")));
        assert_true(
            json_equal(json_object_get(a, "missing_left"), json_object_get(b, "missing_left")));
        json_decref(a);
        json_decref(b);
        hx_estimator_tree.release(binned);
        hx_estimator_tree.release(sorted);
        release_many(&p);
    }
}

static void bins_of_many_values(void **st) {
    (void)st;
    hx_problem p;
    hx_tree_bins *one = NULL, *three = NULL;
    hx_error err = {0};
    size_t rows[HX_BINS_MAX] = {0};
    make_many(&p, 100000, HX_TASK_REGRESSION);
    p.x[3] = INFINITY;
    p.x[WIDE + 3] = -INFINITY;
    assert_int_equal(hx_tree_bins_make(&one, &p, 1, NULL, &err), HX_OK);
    assert_int_equal(hx_tree_bins_make(&three, &p, 3, NULL, &err), HX_OK);
    assert_memory_equal(one->codes, three->codes, MANY * WIDE);
    assert_int_equal(one->count[0], 2);
    assert_int_equal(one->count[3], HX_BINS_MAX);
    for (size_t i = 0; i < MANY; i++) {
        const double v = p.x[i * WIDE + 3];
        const size_t k = one->codes[3 * MANY + i];
        assert_int_equal(isnan(v), k == HX_BIN_ABSENT);
        if (isnan(v)) continue;
        assert_true(one->low[3 * HX_BINS_MAX + k] <= v && v <= one->high[3 * HX_BINS_MAX + k]);
        rows[k]++;
    }
    for (size_t k = 0; k < HX_BINS_MAX; k++)
        assert_in_range(rows[k], 1, 2 * MANY / HX_BINS_MAX);
    for (size_t k = 1; k < HX_BINS_MAX; k++)
        assert_true(one->high[3 * HX_BINS_MAX + k - 1] < one->low[3 * HX_BINS_MAX + k]);
    hx_tree_bins_free(one);
    hx_tree_bins_free(three);
    release_many(&p);
}

static double error_of(const hx_problem *p, const void *state) {
    double said[MANY], sum = 0;
    hx_error err = {0};
    assert_int_equal(hx_estimator_forest.predict(state, p->x, MANY, 1, said, &err), HX_OK);
    for (size_t i = 0; i < MANY; i++)
        sum += (said[i] - p->y[i]) * (said[i] - p->y[i]) / MANY;
    return sum;
}

/* Between bins a forest is as good as between all values, and the same bytes for any number of threads. */
static void binned_forest(void **st) {
    (void)st;
    hx_problem p;
    make_many(&p, 100000, HX_TASK_REGRESSION);
    void *one = fitted(&hx_estimator_forest, &p, "{\"trees\":20}", 1, 4);
    void *three = fitted(&hx_estimator_forest, &p, "{\"trees\":20}", 3, 4);
    void *sorted = fitted(&hx_estimator_forest, &p, "{\"trees\":20,\"exact\":true}", 3, 4);
    json_t *a = written(&hx_estimator_forest, one), *b = written(&hx_estimator_forest, three);
    assert_true(json_equal(a, b));
    assert_true(error_of(&p, one) < 1.2 * error_of(&p, sorted));
    json_decref(a);
    json_decref(b);
    hx_estimator_forest.release(one);
    hx_estimator_forest.release(three);
    hx_estimator_forest.release(sorted);
    release_many(&p);
}

/* A raised flag ends it before a tree is there. */
static void forest_stops(void **st) {
    (void)st;
    hx_problem p;
    const volatile int raised = 1;
    double params[16];
    void *state = NULL;
    hx_error err = {0};
    make_many(&p, 240, HX_TASK_CLASSES);
    assert_int_equal(
        hx_params_of(&hx_estimator_tree.kind, HX_STR_LIT("{\"exact\":true}"), params, &err), HX_OK);
    const hx_fit_options o = {.params = params, .n_threads = 1, .cancel = &raised};
    assert_int_equal(hx_estimator_tree.fit(&state, &p, NULL, &o, &err), HX_ECANCELLED);
    assert_null(state);
    release_many(&p);
}

/* ------------------------------------------------------------------ files */
static void refuse(json_t *json, const char *key, size_t i, json_t *value) {
    json_t *copy = json_deep_copy(json);
    void *state = NULL;
    hx_error err = {0};
    json_array_set_new(json_object_get(copy, key), i, value);
    assert_int_equal(hx_estimator_forest.read(&state, copy, D, 3, &err), HX_EFORMAT);
    assert_string_equal(err.message, "the model's trees are damaged");
    json_decref(copy);
}

static void files(void **st) {
    double a[N * 3], b[N * 3];
    hx_error err = {0};
    void *again = NULL;
    hx_problem p = problem_of(*st, "three", HX_TASK_CLASSES);
    void *state = fitted(&hx_estimator_forest, &p, "{\"trees\":5}", 2, 1);
    json_t *json = written(&hx_estimator_forest, state);
    assert_int_equal(hx_estimator_forest.read(&again, json, D, 3, &err), HX_OK);
    assert_int_equal(hx_estimator_forest.predict(state, p.x, N, 1, a, &err), HX_OK);
    assert_int_equal(hx_estimator_forest.predict(again, p.x, N, 1, b, &err), HX_OK);
    assert_memory_equal(a, b, sizeof a);
    refuse(json, "left", 0, json_integer(0));
    refuse(json, "left", 0, json_integer(1000000));
    refuse(json, "feature", 0, json_integer(D));
    refuse(json, "feature", 0, json_integer(-2));
    refuse(json, "threshold", 0, json_null());
    refuse(json, "missing_left", 0, json_integer(2));
    refuse(json, "roots", 1, json_integer(0));
    refuse(json, "base", 0, json_string("x"));
    json_decref(json);
    hx_estimator_forest.release(state);
    hx_estimator_forest.release(again);
}

static int setup(void **st) {
    golden *g = calloc(1, sizeof *g);
    if (!g) return -1;
    golden_open(g, "trees.txt");
    *st = g;
    return 0;
}

static int teardown(void **st) {
    golden_close(*st);
    free(*st);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_scikit_learn),
        cmocka_unit_test(shapley_values),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(learns),
        cmocka_unit_test(missing_tells),
        cmocka_unit_test(odd_columns),
        cmocka_unit_test(bins_are_exact),
        cmocka_unit_test(bins_of_many_values),
        cmocka_unit_test(binned_forest),
        cmocka_unit_test(forest_stops),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
