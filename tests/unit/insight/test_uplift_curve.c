/* test_uplift_curve.c - areas against another program's, against the ends they must have, and against known effects. */
#include "unit/insight/insight_test.h"

#include <math.h>

#include "base/rng.h"
#include "huaxiang/insight.h"

#define N 4000

static hx_arena *arena;
static hx_uplift_row rows[N];

static int open_arena(void **state) {
    (void)state;
    arena = hx_arena_new(0);
    return arena ? 0 : -1;
}

static int close_arena(void **state) {
    (void)state;
    hx_arena_free(arena);
    return 0;
}

/* Integers alone decide, so that another program makes the same rows. */
static void make_plain(size_t n) {
    for (size_t i = 0; i < n; i++) {
        const unsigned a = (unsigned)(i * 7919 % 1009), b = (unsigned)(i * 104729 % 997);
        rows[i] = (hx_uplift_row){
            .score = a % 101 / 8.0, .treated = b % 2 == 1, .outcome = (a + 3 * b) % 10 < 3 + b % 2};
    }
}

/* scikit-uplift 0.5.1: qini_auc_score, uplift_auc_score of the same rows. */
static void areas_as_scikit_uplift(void **state) {
    (void)state;
    static const struct {
        size_t n;
        double qini, auuc;
    } known[] = {{60, 0.12286783562725259, 0.10968690172908523},
                 {700, 0.055238855377319179, 0.058183183065446488},
                 {4000, 0.012930692758949787, 0.01425049480933328}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        hx_uplift_quality q;
        make_plain(known[k].n);
        assert_int_equal(hx_uplift_measure(rows, known[k].n, 10, 1, arena, &q, NULL), HX_OK);
        assert_true(fabs(q.qini.value - known[k].qini) < 1e-12);
        assert_true(fabs(q.auuc.value - known[k].auuc) < 1e-12);
    }
}

/* Treatment helps where the hidden effect is above 0, more so the greater it is. */
static void make_known(double noise, uint64_t seed) {
    hx_rng r;
    hx_rng_seed(&r, seed);
    for (size_t i = 0; i < N; i++) {
        const double effect = 0.6 * hx_rng_uniform(&r) - 0.1;
        const bool treated = hx_rng_below(&r, 2) == 1;
        rows[i] = (hx_uplift_row){.score = effect + noise * (hx_rng_uniform(&r) - 0.5),
                                  .treated = treated,
                                  .outcome = hx_rng_uniform(&r) < 0.3 + (treated ? effect : 0)};
    }
}

static void true_effects_beat_chance_and_noise_does_not(void **state) {
    (void)state;
    hx_uplift_quality sharp, dull, again;
    make_known(0, TEST_SEED);
    assert_int_equal(hx_uplift_measure(rows, N, 200, 3, arena, &sharp, NULL), HX_OK);
    assert_int_equal(hx_uplift_measure(rows, N, 200, 3, arena, &again, NULL), HX_OK);
    assert_memory_equal(&sharp, &again, sizeof sharp);
    make_known(1000, TEST_SEED);
    assert_int_equal(hx_uplift_measure(rows, N, 200, 3, arena, &dull, NULL), HX_OK);
    assert_true(sharp.qini.low > 0 && sharp.auuc.low > 0);
    assert_true(dull.qini.low < 0 && dull.qini.high > 0);
    assert_true(sharp.qini.low <= sharp.qini.value && sharp.qini.value <= sharp.qini.high);
    assert_true(sharp.qini.value > dull.qini.high);
}

static void the_best_order_is_one_and_one_score_is_none(void **state) {
    (void)state;
    hx_uplift_quality q;
    make_known(0, 5);
    for (size_t i = 0; i < N; i++)
        rows[i].score = rows[i].outcome ? (rows[i].treated ? 1 : -1) : 0;
    assert_int_equal(hx_uplift_measure(rows, N, 10, 3, arena, &q, NULL), HX_OK);
    assert_true(q.qini.value == 1);
    for (size_t i = 0; i < N; i++)
        rows[i].score = 4;
    assert_int_equal(hx_uplift_measure(rows, N, 10, 3, arena, &q, NULL), HX_OK);
    assert_true(fabs(q.qini.value) < 1e-12 && fabs(q.auuc.value) < 1e-12);
}

static void bad_rows_have_their_sentence(void **state) {
    (void)state;
    hx_uplift_row two[2] = {{1, true, true}, {2, true, false}};
    hx_uplift_quality q;
    hx_error err;
    assert_int_equal(hx_uplift_measure(two, 2, 10, 1, arena, &q, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "uplift needs rows that were treated and rows that were not: 2 of 2 were");
    assert_int_equal(hx_uplift_measure(two, 0, 10, 1, arena, &q, &err), HX_EINVAL);
    two[1] = (hx_uplift_row){NAN, false, true};
    assert_int_equal(hx_uplift_measure(two, 2, 10, 1, arena, &q, &err), HX_EINVAL);
    assert_string_equal(err.message, "row 2 has no finite score of uplift");
    two[1].score = 0;
    assert_int_equal(hx_uplift_measure(two, 2, 200000, 1, arena, &q, &err), HX_ELIMIT);
    assert_string_equal(err.message, "at most 100000 rounds of the bootstrap, not 200000");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_as_scikit_uplift),
        cmocka_unit_test(true_effects_beat_chance_and_noise_does_not),
        cmocka_unit_test(the_best_order_is_one_and_one_score_is_none),
        cmocka_unit_test(bad_rows_have_their_sentence)};
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
