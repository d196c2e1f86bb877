/* Conformal prediction: the coverage that was asked for on rows that were drawn as those learnt from, order statistics, files, refusals. */
#include "golden.h"
#include "base/rng.h"
#include "learn/conformal.h"
#include "learn/learner.h"

#include <unistd.h>

#define N 600
#define ROUNDS 40

static void put(hx_table *t, const char *name, const double *x) {
    hx_error err = {0};
    if (hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, x, -1, &err) != HX_OK)
        fail_msg("%s", err.message);
}

/* y = a line with noise that grows; class: three, drawn by probabilities of x. */
static hx_table *drawn(hx_rng *rng, size_t n) {
    double *room = calloc(3 * n, sizeof *room), *x = room, *y = room + n, *k = room + 2 * n;
    hx_table *t = NULL;
    hx_error err = {0};
    assert_non_null(room);
    if (hx_table_new(&t, n, &err) != HX_OK) fail_msg("%s", err.message);
    for (size_t i = 0; i < n; i++) {
        const double u = hx_rng_uniform(rng);
        x[i] = hx_rng_uniform(rng);
        y[i] = 2 * x[i] + (hx_rng_uniform(rng) - 0.5) * (0.2 + x[i]);
        k[i] = u < 0.2 + 0.5 * x[i] ? 0 : u < 0.8 ? 1 : 2;
    }
    put(t, "x", x);
    put(t, "y", y);
    put(t, "class", k);
    free(room);
    return t;
}

static hx_learner *fitted(const hx_table *t, const char *model, const char *target, uint64_t seed) {
    hx_learner *l = NULL;
    hx_error err = {0};
    const hx_learn_options o = {.model = model,
                                .target = target,
                                .use = "x",
                                .conformal = 0.3,
                                .seed = seed,
                                .n_threads = 1};
    if (hx_learner_fit(&l, t, NULL, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

/* The share of rows of `t` whose truth is within; *size: mean width or number of classes. */
static double covered(const hx_learner *l, const hx_table *t, const char *target,
                      hx_conformal_method method, double *size) {
    hx_arena *arena = hx_arena_new(0);
    hx_predictions p;
    hx_coverage c;
    hx_error err = {0};
    const size_t n = hx_table_rows(t);
    double *truth = hx_arena_alloc(arena, n * sizeof *truth), hits = 0;
    hx_table_numbers(t, hx_table_find(t, hx_str_of(target)), 0, n, truth);
    assert_int_equal(hx_learner_predict(l, t, 1, arena, &p, &err), HX_OK);
    if (hx_learner_cover(l, &p, 0.9, method, arena, &c, &err) != HX_OK) fail_msg("%s", err.message);
    *size = 0;
    for (size_t i = 0; i < n; i++) {
        if (c.low) {
            hits += truth[i] >= c.low[i] && truth[i] <= c.high[i];
            *size += (c.high[i] - c.low[i]) / (double)n;
            continue;
        }
        hits += c.members[3 * i + (size_t)truth[i]];
        assert_int_equal(c.members[3 * i + (size_t)p.values[i]], 1);
        for (size_t k = 0; k < 3; k++)
            *size += c.members[3 * i + k] / (double)n;
    }
    hx_arena_free(arena);
    return hits / (double)n;
}

/* Over many draws the mean coverage is at least 0.9 less the noise of the draws, and not far above it. */
static void coverage(void **st) {
    (void)st;
    hx_rng rng;
    double numbers = 0, lac = 0, aps = 0, width, small, large, sizes[2] = {0};
    hx_rng_seed(&rng, 3);
    for (size_t r = 0; r < ROUNDS; r++) {
        hx_table *t = drawn(&rng, N), *fresh = drawn(&rng, N);
        hx_learner *line = fitted(t, "linear", "y", r),
                   *classes = fitted(t, "logistic", "class", r);
        numbers += covered(line, fresh, "y", HX_CONFORMAL_LAC, &width) / ROUNDS;
        lac += covered(classes, fresh, "class", HX_CONFORMAL_LAC, &small) / ROUNDS;
        aps += covered(classes, fresh, "class", HX_CONFORMAL_APS, &large) / ROUNDS;
        sizes[0] += small / ROUNDS;
        sizes[1] += large / ROUNDS;
        assert_true(width > 0.3 && width < 2);
        hx_learner_free(line);
        hx_learner_free(classes);
        hx_table_free(t);
        hx_table_free(fresh);
    }
    assert_true(numbers > 0.885 && numbers < 0.92);
    assert_true(lac > 0.885 && lac < 0.93);
    assert_true(aps > 0.885 && aps < 0.93);
    assert_true(sizes[0] < sizes[1] + 0.1 && sizes[0] > 1 && sizes[1] < 2.9);
}

static void order_statistics(void **st) {
    (void)st;
    const double scores[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    double bound;
    hx_error err = {0};
    assert_int_equal(hx_conformal_bound(scores, 9, 0.9, &bound, &err), HX_OK);
    assert_true(bound == 9);
    assert_int_equal(hx_conformal_bound(scores, 9, 0.8, &bound, &err), HX_OK);
    assert_true(bound == 8);
    assert_int_equal(hx_conformal_bound(scores, 9, 0.05, &bound, &err), HX_OK);
    assert_true(bound == 1);
    assert_int_equal(hx_conformal_bound(scores, 9, 0.95, &bound, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "a coverage of 0.95 needs at least 19 rows that were kept for it, not 9");
    assert_int_equal(hx_conformal_bound(scores, 9, 1, &bound, &err), HX_EINVAL);
    assert_string_equal(err.message, "a coverage is a number between 0 and 1, not 1");
}

/* APS counts the classes that are likelier and a share of the true one, LAC what the true one lacks. */
static void scores(void **st) {
    (void)st;
    double p[] = {0.5, 0.3, 0.2, 0.1, 0.1, 0.8}, values[] = {0, 2};
    const double truth[] = {1, 1};
    const hx_predictions said = {2, 3, NULL, values, p};
    hx_conformal *c = NULL;
    hx_error err = {0};
    assert_int_equal(hx_conformal_fit(&c, &said, truth, &err), HX_OK);
    golden_near(c->lac[0], 0.7, 1e-15, "lac");
    golden_near(c->lac[1], 0.9, 1e-15, "lac");
    assert_true(c->aps[0] >= 0.5 && c->aps[0] < 0.8);
    assert_true(c->aps[1] >= 0.9 - 1e-15 &&
                c->aps[1] < 1); /* the first of equal ones is likelier */
    hx_conformal_free(c);
}

static void files(void **st) {
    (void)st;
    hx_rng rng;
    hx_error err = {0};
    hx_learner *again = NULL;
    char path[] = "/tmp/hx-conformal-XXXXXX";
    double size, same;
    hx_rng_seed(&rng, 4);
    hx_table *t = drawn(&rng, 200);
    hx_learner *l = fitted(t, "logistic", "class", 1);
    close(mkstemp(path));
    assert_int_equal(hx_learner_save(l, path, &err), HX_OK);
    if (hx_learner_load(&again, path, &err) != HX_OK) fail_msg("%s", err.message);
    assert_true(covered(l, t, "class", HX_CONFORMAL_APS, &size) ==
                covered(again, t, "class", HX_CONFORMAL_APS, &same));
    assert_true(size == same);
    unlink(path);
    static const char *const damaged[] = {"{}", "{\"rows\":0,\"lac\":[],\"aps\":[]}",
                                          "{\"rows\":2,\"residuals\":[2,1]}",
                                          "{\"rows\":2,\"lac\":[0,1],\"aps\":[0]}"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        hx_conformal *c = NULL;
        json_t *json = json_loads(damaged[i], 0, NULL);
        assert_int_equal(hx_conformal_read(&c, json, &err), HX_EFORMAT);
        json_decref(json);
    }
    hx_learner_free(l);
    hx_learner_free(again);
    hx_table_free(t);
}

static void refusals(void **st) {
    (void)st;
    hx_rng rng;
    hx_error err = {0};
    hx_learner *l = NULL;
    hx_table *one = NULL;
    hx_predictions p;
    hx_coverage c;
    hx_arena *arena = hx_arena_new(0);
    const size_t row = 0;
    hx_rng_seed(&rng, 5);
    hx_table *t = drawn(&rng, 60);
    hx_learn_options o = {.model = "linear", .target = "y", .use = "x", .conformal = 0.95};
    assert_int_equal(hx_learner_fit(&l, t, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "the share of rows kept for coverage is above 0, at most 0.9");
    o.conformal = 0.2;
    assert_int_equal(hx_table_pick(&one, t, &row, 1, &err), HX_OK);
    assert_int_equal(hx_learner_fit(&l, one, NULL, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "1 rows are too few to keep some for coverage");
    o.conformal = 0;
    assert_int_equal(hx_learner_fit(&l, t, NULL, &o, &err), HX_OK);
    assert_int_equal(hx_learner_predict(l, t, 1, arena, &p, &err), HX_OK);
    assert_int_equal(hx_learner_cover(l, &p, 0.9, HX_CONFORMAL_LAC, arena, &c, &err), HX_EINVAL);
    assert_string_equal(
        err.message,
        "the model was fitted without rows kept for its coverage; see learn fit --conformal");
    hx_learner_free(l);
    hx_table_free(one);
    hx_table_free(t);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(coverage),
                                       cmocka_unit_test(order_statistics), cmocka_unit_test(scores),
                                       cmocka_unit_test(files), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
