/* Explanations: against shap and scikit-learn (tests/golden/learn/make_explain.py), against their own definitions, edge cases, threads, pages. */
#include "base/error.h"
#include "base/json.h"
#include "base/rng.h"
#include "golden.h"
#include "learn/explain.h"
#include "learn/trees_shap.h"

#define N 120
#define D 4
#define BACKGROUND 24
#define REPEATS 3

/* ------------------------------------------------------------------ tables and learners */
static hx_table *table_of(golden *g, const char *target) {
    static const char *const names[D] = {"a", "b", "c", "d"};
    hx_table *t;
    hx_error err = {0};
    size_t n;
    double column[N];
    const double *x = golden_array(g, "x", &n);
    assert_int_equal(hx_table_new(&t, N, &err), HX_OK);
    for (size_t j = 0; j < D; j++) {
        for (size_t i = 0; i < N; i++)
            column[i] = x[i * D + j];
        assert_int_equal(
            hx_table_put_numbers(t, hx_str_of(names[j]), HX_KIND_NUMBER, column, -1, &err), HX_OK);
    }
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("y"), HX_KIND_NUMBER,
                                          golden_array(g, target, &n), -1, &err),
                     HX_OK);
    return t;
}

static hx_learner *fitted(const hx_table *t, const char *model, const char *params,
                          hx_learn_task task) {
    hx_learner *l = NULL;
    hx_error err = {0};
    const hx_learn_options o = {.model = model,
                                .target = task == HX_TASK_OUTLIERS ? NULL : "y",
                                .task = task,
                                .params = hx_str_of(params),
                                .seed = 1,
                                .n_threads = 1};
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

/* What hx_learner_explain() makes of a table, for its parts. */
static hx_explaining explaining(const hx_learner *l, const hx_table *t, hx_arena *arena,
                                const hx_explain_options *o) {
    hx_problem p;
    hx_error err = {0};
    hx_explaining e = {.l = l,
                       .design = l->design,
                       .t = t,
                       .o = o,
                       .arena = arena,
                       .n_threads = 2,
                       .n_columns = l->design->n_columns,
                       .classes = hx_learner_task(l) == HX_TASK_CLASSES,
                       .class = 1,
                       .row = SIZE_MAX};
    assert_int_equal(hx_design_problem(l->design, t, l->target[0] != 0, arena, &p, &err), HX_OK);
    assert_int_equal(hx_design_cells(l->design, t, arena, &e.cells, &err), HX_OK);
    e.n = p.n;
    e.d = p.d;
    e.read = e.x = p.x;
    e.y = p.y;
    e.background = e.cells;
    e.n_background = p.n < BACKGROUND ? p.n : BACKGROUND;
    return e;
}

static json_t *explained(const hx_learner *l, const hx_table *t, const hx_explain_options *o) {
    hx_error err = {0};
    hx_str json = {0};
    json_t *out = NULL;
    hx_arena *arena = hx_arena_new(0);
    if (hx_learner_explain(l, t, o, arena, &json, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_json_parse(json, 64u << 20, "json", &out, &err) != HX_OK) fail_msg("%s", err.message);
    hx_arena_free(arena);
    return out;
}

static double number(const json_t *object, const char *key) {
    const json_t *v = json_object_get(object, key);
    if (!json_is_number(v)) fail_msg("no number %s", key);
    return json_number_value(v);
}

/* ------------------------------------------------------------------ against shap and scikit-learn */
static void trees_as_shap(void **st) {
    golden *g = *st;
    size_t n;
    double out[N * (D + 1)];
    hx_error err = {0};
    hx_table *t = table_of(g, "y");
    hx_learner *l = fitted(t, "tree", "{\"depth\":5,\"leaf_rows\":8}", HX_TASK_REGRESSION);
    const double *wanted = golden_array(g, "tree.shap", &n),
                 base = *golden_array(g, "tree.base", &n);
    assert_int_equal(
        l->estimator->contributions(l->state, golden_array(g, "x", &n), N, 0, 2, out, &err), HX_OK);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < D; j++)
            golden_near(out[i * (D + 1) + j], wanted[i * D + j], 1e-9, "tree.shap");
        golden_near(out[i * (D + 1) + D], base, 1e-9, "tree.base");
    }
    hx_learner_free(l);
    l = fitted(t, "linear", "", HX_TASK_REGRESSION);
    wanted = golden_array(g, "linear.shap", &n);
    assert_int_equal(
        l->estimator->contributions(l->state, golden_array(g, "x", &n), N, 0, 2, out, &err), HX_OK);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < D; j++)
            golden_near(out[i * (D + 1) + j], wanted[i * D + j], 1e-9, "linear.shap");
    hx_learner_free(l);
    hx_table_free(t);
}

static void kernel_as_shap(void **st) {
    golden *g = *st;
    size_t n;
    double out[D + 1];
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    const hx_explain_options o = {0};
    hx_table *t = table_of(g, "y");
    hx_learner *l = fitted(t, "tree", "{\"depth\":5,\"leaf_rows\":8}", HX_TASK_REGRESSION);
    const hx_explaining e = explaining(l, t, arena, &o);
    const double base = *golden_array(g, "kernel.base", &n);
    const double *wanted = golden_array(g, "kernel.shap", &n);
    assert_int_equal(n, 10 * D);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(hx_explain_kernel(&e, e.cells + (30 + i) * D, 1, 2048, out, &err), HX_OK);
        for (size_t j = 0; j < D; j++)
            golden_near(out[j], wanted[i * D + j], 1e-9, "kernel.shap");
        golden_near(out[D], base, 1e-9, "kernel.base");
    }
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void permuted_as_scikit_learn(golden *g, const char *target, const char *params,
                                     hx_learn_task task, hx_figure figure, const char *name) {
    size_t n, from[N];
    double got;
    hx_error err = {0};
    hx_arena *arena = hx_arena_new(0);
    const hx_explain_options o = {0};
    hx_table *t = table_of(g, target);
    hx_learner *l = fitted(t, "tree", params, task);
    const hx_explaining e = explaining(l, t, arena, &o);
    const double *wanted = golden_array(g, name, &n),
                 *permutations = golden_array(g, "permutations", &n);
    for (size_t k = 0; k < D * REPEATS; k++) {
        for (size_t i = 0; i < N; i++)
            from[i] = (size_t)permutations[k * N + i];
        assert_int_equal(hx_explain_permuted(&e, figure, k / REPEATS, from, &got, &err), HX_OK);
        golden_near(got, wanted[k], 1e-9, name);
    }
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void permutation(void **st) {
    permuted_as_scikit_learn(*st, "y", "{\"depth\":5,\"leaf_rows\":8}", HX_TASK_REGRESSION,
                             HX_FIGURE_R2, "permuted.r2");
    permuted_as_scikit_learn(*st, "two", "{\"depth\":3,\"leaf_rows\":8}", HX_TASK_CLASSES,
                             HX_FIGURE_AUC, "permuted.auc");
}

static void partial_dependence(void **st) {
    golden *g = *st;
    char key[32];
    size_t n;
    hx_table *t = table_of(g, "y");
    hx_learner *l = fitted(t, "tree", "{\"depth\":5,\"leaf_rows\":8}", HX_TASK_REGRESSION);
    const hx_explain_options o = {.methods = "partial", .n_threads = 2};
    json_t *json = explained(l, t, &o), *list = json_object_get(json, "partial");
    assert_int_equal(json_array_size(list), D);
    for (size_t c = 0; c < D; c++) {
        const json_t *one = json_array_get(list, c);
        snprintf(key, sizeof key, "partial.%zu.grid", c);
        const double *grid = golden_array(g, key, &n);
        assert_int_equal(json_array_size(json_object_get(one, "values")), n);
        for (size_t k = 0; k < n; k++)
            golden_near(json_number_value(json_array_get(json_object_get(one, "values"), k)),
                        grid[k], 1e-12, key);
        snprintf(key, sizeof key, "partial.%zu.mean", c);
        const double *means = golden_array(g, key, &n);
        for (size_t k = 0; k < n; k++)
            golden_near(json_number_value(json_array_get(json_object_get(one, "means"), k)),
                        means[k], 1e-9, key);
    }
    json_decref(json);
    hx_learner_free(l);
    hx_table_free(t);
}

/* ------------------------------------------------------------------ a table of every kind */
#define M 90

static const char *const cities[] = {"上海", "Paris", "<b>Ulm</b>", "Rome"};

/* age with missing values, city, member, one that never changes; y: yes where age and city say so. */
static hx_table *mixed(size_t n_rows) {
    hx_table *t;
    hx_error err = {0};
    double age[M], member[M], same[M];
    uint32_t city[M], y[M];
    const hx_str names[] = {hx_str_of(cities[0]), hx_str_of(cities[1]), hx_str_of(cities[2]),
                            hx_str_of(cities[3])};
    const hx_str answers[] = {HX_STR_LIT("no"), HX_STR_LIT("yes")};
    for (size_t i = 0; i < n_rows; i++) {
        age[i] = (double)(20 + i * 7 % 50);
        city[i] = (uint32_t)(i * 5 % 11 % 4);
        member[i] = i % 3 == 0;
        same[i] = 5;
        y[i] = age[i] + (city[i] == 0 ? 12 : 0) + (double)(i % 5) * 3 > 44;
        if (i % 10 == 3) age[i] = NAN;
        if (i % 17 == 4) city[i] = HX_CODE_MISSING;
    }
    assert_int_equal(hx_table_new(&t, n_rows, &err), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("age"), HX_KIND_NUMBER, age, 0, &err),
                     HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("city"), city, names, 4, &err), HX_OK);
    assert_int_equal(
        hx_table_put_numbers(t, HX_STR_LIT("member"), HX_KIND_BOOLEAN, member, 0, &err), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("same"), HX_KIND_NUMBER, same, 0, &err),
                     HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("y"), y, answers, 2, &err), HX_OK);
    return t;
}

static const char *const all_models[][2] = {
    {"logistic", ""}, {"tree", "{\"depth\":4}"}, {"forest", "{\"trees\":15}"}, {"svm", ""},
    {"bayes", ""},    {"neighbours", ""}};

/* Features made of cells are those of the table, for designs that fill, scale, leave gaps. */
static void cells_are_features(void **st) {
    (void)st;
    hx_table *t = mixed(M), *other;
    hx_error err = {0};
    const size_t rows[] = {4, 3, 77, 5};
    assert_int_equal(hx_table_pick(&other, t, rows, 4, &err), HX_OK);
    for (size_t k = 0; k < sizeof all_models / sizeof *all_models; k++) {
        hx_arena *arena = hx_arena_new(0);
        const hx_explain_options o = {0};
        hx_learner *l = fitted(t, all_models[k][0], all_models[k][1], HX_TASK_CLASSES);
        const hx_table *const both[] = {t, other};
        for (size_t i = 0; i < 2; i++) {
            const hx_explaining e = explaining(l, both[i], arena, &o);
            double *x = hx_arena_alloc(arena, (e.n * e.d + 1) * sizeof *x);
            hx_explain_features(&e, e.cells, e.n, x);
            assert_memory_equal(x, e.x, e.n * e.d * sizeof *x);
        }
        hx_learner_free(l);
        hx_arena_free(arena);
    }
    hx_table_free(other);
    hx_table_free(t);
}

/* Contributions and base make the sum, which is the answer in its unit; every column stands there once. */
static void rows_add_up(void **st) {
    (void)st;
    hx_table *t = mixed(M);
    for (size_t k = 0; k < sizeof all_models / sizeof *all_models; k++) {
        hx_learner *l = fitted(t, all_models[k][0], all_models[k][1], HX_TASK_CLASSES);
        for (size_t row = 1; row < 9; row++) {
            const hx_explain_options o = {.methods = "shap", .row = row, .n_threads = 2};
            json_t *json = explained(l, t, &o), *shap = json_object_get(json, "shap"), *one;
            const char *unit = json_string_value(json_object_get(shap, "unit"));
            const double p = number(json, "answer"), sum = number(shap, "sum");
            double all = number(shap, "base");
            size_t i;
            assert_int_equal(json_array_size(json_object_get(shap, "contributions")), 4);
            json_array_foreach(json_object_get(shap, "contributions"), i, one) {
                all += number(one, "contribution");
                if (strcmp(json_string_value(json_object_get(one, "column")), "same") == 0)
                    golden_near(number(one, "contribution"), 0, 1e-15, "a constant column");
            }
            golden_near(all, sum, 1e-9, "sum");
            if (strcmp(unit, "probability") == 0)
                golden_near(sum, p, 1e-9, all_models[k][0]);
            else
                golden_near(1 / (1 + exp(-sum)), p, 1e-4, all_models[k][0]);
            json_decref(json);
        }
        hx_learner_free(l);
    }
    hx_table_free(t);
}

/* ------------------------------------------------------------------ kernel */
#define WIDE 14

/* Of a linear model the value is w (x - mean of the background), exactly, also where coalitions are drawn. */
static void kernel_of_linear(void **st) {
    (void)st;
    hx_table *t;
    hx_error err = {0};
    hx_rng rng;
    double column[60], y[60] = {0}, out[WIDE + 1];
    char name[8];
    hx_rng_seed(&rng, 3);
    assert_int_equal(hx_table_new(&t, 60, &err), HX_OK);
    for (size_t j = 0; j < WIDE; j++) {
        for (size_t i = 0; i < 60; i++) {
            column[i] = hx_rng_uniform(&rng);
            y[i] += column[i] * (double)(j + 1);
        }
        snprintf(name, sizeof name, "c%zu", j);
        assert_int_equal(hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, column, -1, &err),
                         HX_OK);
    }
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("y"), HX_KIND_NUMBER, y, -1, &err), HX_OK);
    hx_learner *l = fitted(t, "linear", "", HX_TASK_REGRESSION);
    hx_arena *arena = hx_arena_new(0);
    const hx_explain_options o = {0};
    const hx_explaining e = explaining(l, t, arena, &o);
    const size_t budgets[] = {1u << WIDE, 2048, 300, 100};
    for (size_t k = 0; k < 4; k++) {
        const double *row = e.cells + 41 * WIDE;
        if (hx_explain_kernel(&e, row, 5, budgets[k], out, &err) != HX_OK)
            fail_msg("%s", err.message);
        for (size_t j = 0; j < WIDE; j++) {
            double mean = 0;
            for (size_t i = 0; i < e.n_background; i++)
                mean += e.background[i * WIDE + j] / (double)e.n_background;
            golden_near(out[j], (double)(j + 1) * (row[j] - mean), 1e-9, "kernel");
        }
    }
    hx_learner_free(l);
    hx_arena_free(arena);
    hx_table_free(t);
}

/* ------------------------------------------------------------------ trees */
#define MANY 10
#define ROWS 37

/* What the trees say where the features of `known` are known; others send shares of training rows both ways. */
static double with_known(const hx_trees *t, uint32_t node, const double *x, unsigned known) {
    if (t->feature[node] == HX_LEAF) return t->values[node];
    const uint32_t f = t->feature[node], a = t->left[node];
    if (known & 1u << f) {
        const bool left = isnan(x[f]) ? t->missing_left[node] != 0 : x[f] < t->threshold[node];
        return with_known(t, a + !left, x, known);
    }
    return (t->cover[a] * with_known(t, a, x, known) +
            t->cover[a + 1] * with_known(t, a + 1, x, known)) /
           t->cover[node];
}

static void by_all_subsets(const hx_trees *t, const double *x, double *phi) {
    static double worth[1u << MANY];
    double weights[MANY];
    for (unsigned s = 0; s < 1u << MANY; s++) {
        worth[s] = 0;
        for (size_t k = 0; k < t->n_trees; k++)
            worth[s] += with_known(t, t->roots[k], x, s);
    }
    weights[0] = 1.0 / MANY;
    for (unsigned s = 1; s < MANY; s++)
        weights[s] = weights[s - 1] * s / (MANY - s);
    for (unsigned j = 0; j < MANY; j++) {
        phi[j] = 0;
        for (unsigned s = 0; s < 1u << MANY; s++)
            if (!(s & 1u << j))
                phi[j] += weights[__builtin_popcount(s)] * (worth[s | 1u << j] - worth[s]);
    }
}

static hx_learner *deep_forest(double *x) {
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    hx_table *t;
    hx_error err = {0};
    hx_rng rng;
    double column[150], y[150] = {0};
    hx_rng_seed(&rng, 9);
    assert_int_equal(hx_table_new(&t, 150, &err), HX_OK);
    for (size_t j = 0; j < MANY; j++) {
        for (size_t i = 0; i < 150; i++) {
            column[i] = hx_rng_uniform(&rng);
            y[i] += j % 2 ? column[i] * (double)j : (column[i] > 0.4) * y[i];
            if (hx_rng_below(&rng, 9) == 0) column[i] = NAN;
        }
        for (size_t i = 0; i < ROWS; i++)
            x[i * MANY + j] = column[i];
        assert_int_equal(
            hx_table_put_numbers(t, hx_str_of(names[j]), HX_KIND_NUMBER, column, -1, &err), HX_OK);
    }
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("y"), HX_KIND_NUMBER, y, -1, &err), HX_OK);
    hx_learner *l = fitted(t, "forest", "{\"trees\":4}", HX_TASK_REGRESSION);
    hx_table_free(t);
    return l;
}

static void deep_trees_and_all_subsets(void **st) {
    (void)st;
    double x[ROWS * MANY], out[ROWS * (MANY + 1)], wanted[MANY], said[ROWS];
    hx_error err = {0};
    hx_learner *l = deep_forest(x);
    const hx_trees *t = l->state;
    assert_int_equal(hx_trees_shap(t, x, ROWS, 0, 2, out, &err), HX_OK);
    assert_int_equal(hx_trees_sum(t, x, ROWS, 1, said, &err), HX_OK);
    for (size_t i = 0; i < ROWS; i++) {
        double sum = out[i * (MANY + 1) + MANY];
        if (i < 4) by_all_subsets(t, x + i * MANY, wanted);
        for (size_t j = 0; j < MANY; j++) {
            if (i < 4) golden_near(out[i * (MANY + 1) + j], wanted[j], 1e-11, "Shapley value");
            sum += out[i * (MANY + 1) + j];
        }
        golden_near(sum, said[i], 1e-12, "sum");
    }
    hx_learner_free(l);
}

/* One row or many, few threads or more, whatever the processor: the same bytes. */
static void walks_are_one(void **st) {
    (void)st;
    double x[ROWS * MANY], out[2][ROWS * (MANY + 1)];
    hx_error err = {0};
    hx_learner *l = deep_forest(x);
    const hx_trees *t = l->state;
    assert_int_equal(hx_trees_shap_by(hx_shap_walk_base, t, x, ROWS, 0, 1, out[0], &err), HX_OK);
    assert_int_equal(hx_trees_shap(t, x, ROWS, 0, 3, out[1], &err), HX_OK);
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(hx_trees_shap(t, x + i * MANY, 1, 0, 2, out[1] + i * (MANY + 1), &err),
                         HX_OK);
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    hx_learner_free(l);
}

/* A chain: each level has a feature of its own, half of what is left goes on. */
static void chain(size_t levels) {
    hx_trees t;
    hx_error err = {0};
    double *x = calloc(levels, sizeof *x), *out = calloc(levels + 1, sizeof *out), said;
    assert_true(x && out);
    assert_int_equal(hx_trees_init(&t, levels, 1, false, &err), HX_OK);
    uint32_t node = hx_trees_add_node(&t);
    t.cover[node] = 1024;
    for (size_t k = 0; k < levels; k++) {
        const uint32_t left = hx_trees_add_node(&t), right = hx_trees_add_node(&t);
        t.feature[node] = (uint32_t)k;
        t.threshold[node] = 0.5;
        t.left[node] = left;
        t.cover[left] = t.cover[node] * 0.1;
        t.cover[right] = t.cover[node] * 0.9;
        t.values[left] = sin((double)k);
        x[k] = k + 3 < levels; /* goes right nearly all the way */
        node = right;
    }
    t.values[node] = 3;
    assert_int_equal(hx_trees_end_tree(&t, &err), HX_OK);
    const hx_status st = hx_trees_shap(&t, x, 1, 0, 1, out, &err);
    assert_int_equal(st, levels > 1000 ? HX_ELIMIT : HX_OK);
    assert_int_equal(hx_trees_sum(&t, x, 1, 1, &said, &err), HX_OK);
    double sum = 0;
    for (size_t j = 0; j <= levels; j++)
        sum += out[j];
    if (st == HX_OK) golden_near(sum, said, 1e-9, "sum");
    hx_trees_release(&t);
    free(x);
    free(out);
}

static void long_paths(void **st) {
    (void)st;
    chain(1);
    chain(40);
    chain(300);
    chain(1000);
    chain(1001);
}

/* ------------------------------------------------------------------ counterfactuals */
static double cell_of(const json_t *v) {
    if (json_is_boolean(v)) return json_is_true(v);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

/* The row with the changes, asked again. */
static double asked_again(const hx_learner *l, const hx_table *t, size_t row, const json_t *changes,
                          const char *fixed) {
    hx_table *one;
    hx_error err = {0};
    hx_predictions p;
    hx_arena *arena = hx_arena_new(0);
    size_t i;
    json_t *change;
    assert_int_equal(hx_table_pick(&one, t, &row, 1, &err), HX_OK);
    json_array_foreach(changes, i, change) {
        const char *name = json_string_value(json_object_get(change, "column"));
        const json_t *to = json_object_get(change, "to");
        assert_true(!fixed || strcmp(name, fixed) != 0);
        assert_false(json_is_null(to));
        if (json_is_string(to)) {
            const uint32_t code = 0;
            const hx_str value = hx_str_of(json_string_value(to));
            assert_int_equal(hx_table_put_texts(one, hx_str_of(name), &code, &value, 1, &err),
                             HX_OK);
        } else {
            const double v = cell_of(to);
            const hx_kind kind = json_is_boolean(to) ? HX_KIND_BOOLEAN : HX_KIND_NUMBER;
            assert_int_equal(hx_table_put_numbers(one, hx_str_of(name), kind, &v, -1, &err), HX_OK);
        }
    }
    assert_int_equal(hx_learner_predict(l, one, 1, arena, &p, &err), HX_OK);
    const double answer = p.probabilities[1];
    hx_arena_free(arena);
    hx_table_free(one);
    return answer;
}

static void check_changes(const hx_learner *l, const hx_table *t, size_t row, const char *want,
                          const char *fixed) {
    const hx_explain_options o = {
        .methods = "counterfactual", .row = row + 1, .want = want, .fixed = fixed, .n_threads = 2};
    json_t *json = explained(l, t, &o), *c = json_object_get(json, "counterfactual"), *one;
    const double now = number(json, "answer");
    const json_t *found = json_object_get(c, "found");
    size_t i;
    assert_false(json_is_true(json_object_get(c, "already")));
    assert_true(json_array_size(found) > 0);
    json_array_foreach(found, i, one) {
        const json_t *changes = json_object_get(one, "changes");
        assert_in_range(json_array_size(changes), 1, 4);
        const double then = asked_again(l, t, row, changes, fixed);
        if (want)
            assert_true(then > 0.8);
        else
            assert_true((then > 0.5) != (now > 0.5));
    }
    json_decref(json);
}

static void changes_change_the_answer(void **st) {
    (void)st;
    hx_table *t = mixed(M);
    for (size_t k = 0; k < 3; k++) {
        hx_learner *l = fitted(t, all_models[k][0], all_models[k][1], HX_TASK_CLASSES);
        for (size_t row = 0; row < 12; row++)
            check_changes(l, t, row, NULL, row % 2 ? "city" : NULL);
        check_changes(l, t, 0, "above 0.8", NULL);
        hx_learner_free(l);
    }
    hx_table_free(t);
}

static void nothing_to_change(void **st) {
    (void)st;
    hx_table *t = mixed(M);
    hx_learner *l = fitted(t, "logistic", "", HX_TASK_CLASSES);
    hx_explain_options o = {.methods = "counterfactual", .row = 1, .want = "no"};
    json_t *json = explained(l, t, &o), *c = json_object_get(json, "counterfactual");
    assert_true(json_is_true(json_object_get(c, "already")));
    json_decref(json);
    o.want = "above 0.9999999";
    o.fixed = "age,city";
    json = explained(l, t, &o);
    c = json_object_get(json, "counterfactual");
    assert_int_equal(json_array_size(json_object_get(c, "found")), 0);
    assert_true(json_is_false(json_object_get(c, "already")));
    json_decref(json);
    hx_learner_free(l);
    hx_table_free(t);
}

/* ------------------------------------------------------------------ surrogate */
static void tree_of_a_tree(void **st) {
    golden *g = *st;
    hx_table *t = table_of(g, "y");
    hx_learner *l = fitted(t, "tree", "{\"depth\":2}", HX_TASK_REGRESSION);
    const hx_explain_options o = {.methods = "surrogate"};
    json_t *json = explained(l, t, &o), *s = json_object_get(json, "surrogate");
    assert_true(number(s, "r2") >
                0.9); /* two levels are within three, thresholds are from fewer rows */
    assert_true(number(s, "judged_on") < N / 2);
    assert_true(json_is_true(json_object_get(s, "unseen")));
    json_decref(json);
    hx_learner_free(l);
    hx_table_free(t);
}

/* ------------------------------------------------------------------ threads, edges, pages */
static void threads_change_nothing(void **st) {
    (void)st;
    hx_table *t = mixed(M);
    for (size_t k = 0; k < sizeof all_models / sizeof *all_models; k++) {
        hx_learner *l = fitted(t, all_models[k][0], all_models[k][1], HX_TASK_CLASSES);
        hx_arena *arena = hx_arena_new(0);
        hx_error err = {0};
        hx_str json[2];
        for (size_t i = 0; i < 2; i++) {
            const hx_explain_options o = {.methods = "shap,permutation,partial,surrogate",
                                          .max_rows = 40,
                                          .n_threads = i ? 3 : 1};
            assert_int_equal(hx_learner_explain(l, t, &o, arena, &json[i], &err), HX_OK);
        }
        assert_true(hx_str_equal(json[0], json[1]));
        hx_arena_free(arena);
        hx_learner_free(l);
    }
    hx_table_free(t);
}

static void refused(const hx_learner *l, const hx_table *t, hx_explain_options o,
                    const char *message) {
    hx_error err = {0};
    hx_str json = {0};
    hx_arena *arena = hx_arena_new(0);
    assert_int_not_equal(hx_learner_explain(l, t, &o, arena, &json, &err), HX_OK);
    if (!strstr(err.message, message)) fail_msg("'%s' says nothing of '%s'", err.message, message);
    hx_arena_free(arena);
}

static void mistakes(void **st) {
    (void)st;
    hx_table *t = mixed(M), *empty;
    hx_error err = {0};
    hx_learner *l = fitted(t, "logistic", "", HX_TASK_CLASSES),
               *tree = fitted(t, "tree", "", HX_TASK_CLASSES);
    assert_int_equal(hx_table_pick(&empty, t, NULL, 0, &err), HX_OK);
    refused(l, t, (hx_explain_options){.methods = "shap,magic"}, "'magic'");
    refused(l, t, (hx_explain_options){.row = M + 1}, "no row 91");
    refused(l, t, (hx_explain_options){.class_name = "maybe"}, "'maybe'");
    refused(l, t, (hx_explain_options){.methods = "counterfactual"}, "--row");
    refused(l, t, (hx_explain_options){.row = 1, .want = "high"}, "'high'");
    refused(l, t, (hx_explain_options){.row = 1, .fixed = "age,town"}, "'town'");
    refused(l, empty, (hx_explain_options){0}, "no row to explain");
    refused(l, t, (hx_explain_options){.background = empty}, "no row to compare");
    refused(tree, t, (hx_explain_options){.methods = "coefficients"}, "no coefficients");
    hx_table_remove(t, hx_table_find(t, HX_STR_LIT("y")));
    refused(l, t, (hx_explain_options){.methods = "permutation"}, "'y'");
    json_t *json = explained(l, t, &(hx_explain_options){0}); /* all the rest needs no truth */
    assert_null(json_object_get(json, "permutation"));
    assert_non_null(json_object_get(json, "coefficients"));
    json_decref(json);
    hx_table_remove(t, hx_table_find(t, HX_STR_LIT("age")));
    refused(l, t, (hx_explain_options){0}, "'age'");
    hx_learner_free(l);
    hx_learner_free(tree);
    hx_table_free(empty);
    hx_table_free(t);
}

/* One row, one class, a text never seen, a model without a target. */
static void little_to_go_by(void **st) {
    (void)st;
    hx_table *t = mixed(M), *one;
    hx_error err = {0};
    const size_t row = 7;
    const hx_explain_options o = {0}, first = {.row = 1};
    assert_int_equal(hx_table_pick(&one, t, &row, 1, &err), HX_OK);
    const uint32_t code = 0;
    const hx_str nowhere = HX_STR_LIT("Atlantis");
    assert_int_equal(hx_table_put_texts(one, HX_STR_LIT("city"), &code, &nowhere, 1, &err), HX_OK);
    for (size_t k = 0; k < sizeof all_models / sizeof *all_models; k++) {
        hx_learner *l = fitted(t, all_models[k][0], all_models[k][1], HX_TASK_CLASSES);
        json_t *json = explained(l, one, &o);
        assert_int_equal(number(json, "rows"), 1);
        json_decref(json);
        json = explained(l, one, &first);
        const json_t *list = json_object_get(json_object_get(json, "shap"), "contributions");
        bool seen = false;
        for (size_t i = 0; i < json_array_size(list); i++) {
            const char *value =
                json_string_value(json_object_get(json_array_get(list, i), "value"));
            seen = seen || (value && strcmp(value, "Atlantis") == 0);
        }
        assert_true(seen);
        json_decref(json);
        hx_learner_free(l);
    }
    hx_table_remove(t, hx_table_find(t, HX_STR_LIT("y")));
    hx_learner *l = fitted(t, "isolation", "{\"trees\":20}", HX_TASK_OUTLIERS);
    json_t *json = explained(l, t, &(hx_explain_options){.methods = "shap,partial", .max_rows = 8});
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "shap"), "unit")),
                        "value");
    json_decref(json);
    refused(l, t, (hx_explain_options){.methods = "permutation"}, "target");
    hx_learner_free(l);
    hx_table_free(one);
    hx_table_free(t);
}

/* A text that is read moves as a whole. */
static void a_text_that_is_read(void **st) {
    (void)st;
    static const char *const texts[] = {"good and cheap", "bad", "good", "bad and late"};
    hx_table *t;
    hx_error err = {0};
    double age[40];
    uint32_t text[40], y[40];
    hx_str values[4], answers[] = {HX_STR_LIT("no"), HX_STR_LIT("yes")};
    for (size_t i = 0; i < 40; i++) {
        values[i % 4] = hx_str_of(texts[i % 4]);
        age[i] = (double)(i * 7 % 13);
        text[i] = (uint32_t)(i * 3 % 4);
        y[i] = text[i] % 2 == 0;
    }
    assert_int_equal(hx_table_new(&t, 40, &err), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("age"), HX_KIND_NUMBER, age, 0, &err),
                     HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("said"), text, values, 4, &err), HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("y"), y, answers, 2, &err), HX_OK);
    hx_learner *l = fitted(t, "textcnn", "{\"epochs\":15}", HX_TASK_CLASSES);
    json_t *json = explained(
        l, t,
        &(hx_explain_options){.methods = "shap,permutation,partial,surrogate", .max_rows = 20});
    const json_t *first =
        json_array_get(json_object_get(json_object_get(json, "permutation"), "columns"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "column")), "said");
    assert_true(number(first, "mean") > 0.1);
    assert_int_equal(json_array_size(json_object_get(json, "partial")), 1);
    json_decref(json);
    json = explained(l, t, &(hx_explain_options){.row = 2});
    double all = number(json_object_get(json, "shap"), "base");
    for (size_t i = 0; i < 2; i++)
        all += number(
            json_array_get(json_object_get(json_object_get(json, "shap"), "contributions"), i),
            "contribution");
    golden_near(all, number(json, "answer"), 1e-9, "sum");
    json_decref(json);
    refused(l, t, (hx_explain_options){.background = t}, "reads texts");
    hx_learner_free(l);
    hx_table_free(t);
}

static void check_page(const hx_learner *l, const hx_table *t, size_t row, hx_ui_lang ui,
                       const char *heading) {
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str json, html;
    const hx_explain_options o = {.row = row};
    assert_int_equal(hx_learner_explain(l, t, &o, arena, &json, &err), HX_OK);
    assert_int_equal(hx_explain_html(json, HX_STR_LIT("why <y>"), ui, arena, &html, &err), HX_OK);
    assert_non_null(strstr(html.ptr, heading));
    assert_non_null(strstr(html.ptr, "<svg"));
    assert_non_null(strstr(html.ptr, "why &lt;y&gt;"));
    assert_null(strstr(html.ptr, "<b>Ulm"));
    assert_null(strstr(html.ptr, "<script"));
    assert_null(strstr(html.ptr, "http"));
    assert_null(strstr(html.ptr, "nan"));
    assert_null(strstr(html.ptr, "inf"));
    hx_arena_free(arena);
}

static void pages(void **st) {
    (void)st;
    hx_table *t = mixed(M);
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_str html;
    for (size_t k = 0; k < 3; k++) {
        hx_learner *l = fitted(t, all_models[k][0], all_models[k][1], HX_TASK_CLASSES);
        check_page(l, t, 0, HX_UI_EN, "What counts");
        check_page(l, t, 0, HX_UI_ZH, "什么最重要");
        check_page(l, t, 4, HX_UI_EN, "This row");
        check_page(l, t, 5, HX_UI_ZH, "怎样才会不同");
        hx_learner_free(l);
    }
    assert_int_equal(
        hx_explain_html(HX_STR_LIT("{}"), HX_STR_LIT("t"), HX_UI_EN, arena, &html, &err), HX_OK);
    assert_int_equal(hx_explain_html(HX_STR_LIT("{\"shap\":{\"columns\":[3]},\"partial\":[{}],"
                                                "\"surrogate\":{\"nodes\":[{\"left\":9}]}}"),
                                     HX_STR_LIT("t"), HX_UI_EN, arena, &html, &err),
                     HX_OK);
    assert_int_equal(
        hx_explain_html(HX_STR_LIT("{"), HX_STR_LIT("t"), HX_UI_EN, arena, &html, &err),
        HX_EFORMAT);
    hx_arena_free(arena);
    hx_table_free(t);
}

static int open_golden(void **st) {
    static golden g;
    golden_open(&g, "explain.txt");
    *st = &g;
    return 0;
}

static int close_golden(void **st) {
    golden_close(*st);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(trees_as_shap),
                                       cmocka_unit_test(kernel_as_shap),
                                       cmocka_unit_test(permutation),
                                       cmocka_unit_test(partial_dependence),
                                       cmocka_unit_test(cells_are_features),
                                       cmocka_unit_test(rows_add_up),
                                       cmocka_unit_test(kernel_of_linear),
                                       cmocka_unit_test(deep_trees_and_all_subsets),
                                       cmocka_unit_test(walks_are_one),
                                       cmocka_unit_test(long_paths),
                                       cmocka_unit_test(changes_change_the_answer),
                                       cmocka_unit_test(nothing_to_change),
                                       cmocka_unit_test(tree_of_a_tree),
                                       cmocka_unit_test(threads_change_nothing),
                                       cmocka_unit_test(mistakes),
                                       cmocka_unit_test(little_to_go_by),
                                       cmocka_unit_test(a_text_that_is_read),
                                       cmocka_unit_test(pages)};
    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
