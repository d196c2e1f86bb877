/* What a search puts together: the mean of its members with their weights, missing values as each member takes them, files, greedy selection, refusals. */
#include "golden.h"
#include "learn/fields.h"
#include "learn/members.h"

#include "base/hash.h"

#include <unistd.h>

#define N 180
#define FOLDS 3

static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

/* u has gaps, w is infinite once; number and two need u and v. */
static hx_table *gaps(void) {
    double u[N], v[N], w[N], number[N], two[N];
    hx_table *t = NULL;
    hx_error err = {0};
    if (hx_table_new(&t, N, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < N; i++) {
        u[i] = (double)(i * 61 % N) / N;
        v[i] = (double)(i * 37 % 101) / 101;
        w[i] = i == 17 ? INFINITY : (double)(i % 7);
        number[i] = 2 * u[i] + (v[i] > 0.6 ? 1.5 : 0) + (double)(i * 29 % 13) / 20;
        two[i] = number[i] > 1.7;
        if (i % 11 == 3) u[i] = NAN;
    }
    put(t, "u", u);
    put(t, "v", v);
    put(t, "w", w);
    put(t, "number", number);
    put(t, "two", two);
    return t;
}

static hx_learn_options options_of(const char *target) {
    return (hx_learn_options){.target = target, .use = "u,v,w", .seed = 7, .n_threads = 2};
}

static hx_predictions said(const hx_learner *l, const hx_table *t, hx_arena *arena) {
    hx_predictions p;
    hx_error err = {0};
    if (hx_learner_predict(l, t, 1, arena, &p, &err) != HX_OK) fail_msg("%s", err.message);
    return p;
}

static const double *fallbacks(const char *model, double *room) {
    const hx_model_kind *kind = hx_model_kind_of(model);
    for (size_t i = 0; i < kind->n_params; i++)
        room[i] = kind->params[i].fallback;
    return room;
}

static hx_learner *together(const hx_table *t, const char *target, const char *const *models,
                            const double *weights, size_t n) {
    double params[4][16];
    hx_member members[4];
    hx_learner *l = NULL;
    hx_error err = {0};
    const hx_learn_options o = options_of(target);
    for (size_t m = 0; m < n; m++)
        members[m] =
            (hx_member){hx_estimator_of(models[m]), fallbacks(models[m], params[m]), weights[m]};
    if (hx_learner_fit_members(&l, t, members, n, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

/* Each member alone, with the seed it has as a member, added up. */
static double *by_hand(const hx_table *t, const char *target, const char *const *models,
                       const double *weights, size_t n, hx_arena *arena) {
    double *sum = hx_arena_alloc(arena, N * sizeof *sum);
    for (size_t m = 0; m < n; m++) {
        hx_learner *l = NULL;
        hx_error err = {0};
        hx_learn_options o = options_of(target);
        o.model = models[m];
        o.seed = hx_hash_mix(7, m + 1);
        if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
        hx_predictions p = said(l, t, arena);
        for (size_t i = 0; i < N; i++)
            sum[i] += weights[m] * (p.probabilities ? p.probabilities[2 * i + 1] : p.values[i]);
        hx_learner_free(l);
    }
    return sum;
}

static void weighted_mean(void **st) {
    static const char *const numbers[] = {"tree", "ridge", "forest"};
    static const char *const classes[] = {"forest", "logistic"};
    static const double weights[] = {0.5, 0.3, 0.2}, halves[] = {0.6, 0.4};
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = gaps();
    hx_learner *l = together(t, "number", numbers, weights, 3);
    hx_predictions p = said(l, t, arena);
    const double *expected = by_hand(t, "number", numbers, weights, 3, arena);
    for (size_t i = 0; i < N; i++)
        golden_near(p.values[i], expected[i], 1e-9, "a number");
    hx_learner_free(l);
    l = together(t, "two", classes, halves, 2);
    p = said(l, t, arena);
    expected = by_hand(t, "two", classes, halves, 2, arena);
    for (size_t i = 0; i < N; i++) {
        golden_near(p.probabilities[2 * i + 1], expected[i], 1e-5, "a probability");
        golden_near(p.probabilities[2 * i] + p.probabilities[2 * i + 1], 1, 1e-12, "their sum");
    }
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
}

/* A column with gaps and an infinite number says something to models that scale but do not fill. */
static void scaled_with_gaps(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = gaps();
    hx_learner *l = NULL;
    hx_error err = {0};
    hx_learn_options o = options_of("number");
    o.model = "neighbours";
    o.use = "u,w";
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    hx_predictions p = said(l, t, arena);
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < N; i++) {
        assert_true(isfinite(p.values[i]));
        low = fmin(low, p.values[i]);
        high = fmax(high, p.values[i]);
    }
    assert_true(high - low > 1);
    hx_learner_free(l);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void file(void **st) {
    static const char *const models[] = {"tree", "logistic"};
    static const double weights[] = {0.25, 0.75};
    static const char path[] = "members_test.json";
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_table *t = gaps();
    hx_learner *l = together(t, "two", models, weights, 2), *read = NULL;
    if (hx_learner_save(l, path, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_learner_load(&read, path, &err) != HX_OK) fail_msg("%s", err.message);
    hx_predictions a = said(l, t, arena), b = said(read, t, arena);
    assert_memory_equal(a.probabilities, b.probabilities, 2 * N * sizeof(double));
    assert_non_null(strstr(hx_learner_summary(read).ptr, "\"members\":[\"tree\",\"logistic\"]"));
    (void)unlink(path);
    hx_learner_free(l);
    hx_learner_free(read);
    hx_table_free(t);
    hx_arena_free(arena);
}

/* Candidate 0 knows the classes of even rows, 1 those of odd rows, 2 none: the first two are right together. */
static void choose(void **st) {
    (void)st;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_folds f;
    hx_table *t = gaps();
    const hx_cross_options o = {.n_folds = FOLDS, .learn = options_of("two")};
    double p[3][2 * N], found[FOLDS], scores[N];
    uint8_t is[N];
    uint32_t counts[3];
    const double *all[] = {p[0], p[1], p[2]};
    if (hx_folds_open(&f, t, &o, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < 3; c++) {
            p[c][2 * i + 1] =
                c < 2 && i % 2 == c ? 0.1 + 0.8 * f.truth.y[i] : 0.4 + (double)(i * 53 % 17) / 85;
            p[c][2 * i] = 1 - p[c][2 * i + 1];
        }
    if (hx_members_choose(&f, all, 3, 2, counts, found, &err) != HX_OK) fail_msg("%s", err.message);
    assert_true(counts[0] > 0 && counts[1] > 0);
    assert_int_equal(counts[2], 0);
    for (uint32_t k = 0; k < FOLDS; k++) {
        size_t n = 0;
        for (size_t i = 0; i < N; i++) {
            if (f.folds[i] != k) continue;
            is[n] = f.truth.y[i] > 0;
            scores[n++] = counts[0] * p[0][2 * i + 1] + counts[1] * p[1][2 * i + 1];
        }
        golden_near(found[k], hx_auc(is, scores, n, arena), 1e-12, "AUC of a fold");
    }
    for (size_t i = 0; i < 2 * N; i++)
        p[0][i] = p[1][i] = p[2][i] = NAN;
    assert_int_equal(hx_members_choose(&f, all, 3, 2, counts, found, &err), HX_EINVAL);
    assert_string_equal(err.message, "no setting gave a figure: some folds have too few rows, or "
                                     "rows of one class alone; take fewer --folds, or more rows");
    hx_folds_close(&f);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void refused(const char *json) {
    hx_error err = {0};
    void *state = NULL;
    json_t *j = json_loads(json, 0, NULL);
    assert_non_null(j);
    assert_int_equal(hx_estimator_of("ensemble")->read(&state, j, 3, 2, &err), HX_EFORMAT);
    assert_string_equal(err.message, "the model's members are damaged");
    json_decref(j);
}

static void refusals(void **st) {
    (void)st;
    hx_table *t = gaps();
    hx_learner *l = NULL;
    hx_error err = {0};
    hx_learn_options o = options_of("two");
    o.model = "ensemble";
    assert_int_equal(hx_learner_fit(&l, t, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(
        err.message,
        "an ensemble is what huaxiang learn tune makes; the models voting, blending and stacking "
        "put others together");
    refused("{}");
    refused("{\"members\":[\"tree\"],\"weights\":[1],\"settings\":[{}],\"states\":[]}");
    refused("{\"members\":[\"trie\"],\"weights\":[1],\"settings\":[{}],\"filled\":null,\"states\":"
            "[{}]}");
    refused("{\"members\":[\"ensemble\"],\"weights\":[1],\"settings\":[{}],\"filled\":null,"
            "\"states\":[{}]}");
    refused("{\"members\":[\"logistic\"],\"weights\":[1],\"settings\":[{}],\"filled\":null,"
            "\"states\":[{}]}");
    refused("{\"members\":[\"logistic\"],\"weights\":[1],\"settings\":[{}],\"filled\":{\"missing\":"
            "[3]},\"states\":[{}]}");
    hx_table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighted_mean), cmocka_unit_test(scaled_with_gaps), cmocka_unit_test(file),
        cmocka_unit_test(choose),        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
