/* Paths: Kneser-Ney by hand, probabilities that sum to 1, longer histories that tell more, unseen ones that fall back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "base/rng.h"
#include "insight/paths.h"

static void assert_near(double a, double b) {
    if (fabs(a - b) > 1e-12) fail_msg("%.15g is not %.15g", a, b);
}

/* a b a b b: behind the start a; b twice behind a; a and b once behind b. Counts of one 3, of two 1: D = 3/5. Left neighbours: a 2, b 2; none of
 * them 1, so that D = 1/2 there, and both have 1/2. */
static void an_example_by_hand(void **state) {
    (void)state;
    const uint32_t s[] = {0, 1, 0, 1, 1};
    double p[2];
    hx_paths *m = hx_paths_new(1, 2);
    assert_true(hx_paths_learn(m, s, 0, 5));
    hx_paths_predict(m, (uint32_t[]){0}, 1, p);
    assert_near(p[1], (2 - 0.6) / 2 + 0.6 * 1 / 2 * 0.5);
    assert_near(p[0], 0.6 * 1 / 2 * 0.5);
    hx_paths_predict(m, (uint32_t[]){1}, 1, p);
    assert_near(p[0], (1 - 0.6) / 2 + 0.6 * 2 / 2 * 0.5);
    hx_paths_predict(m, NULL, 0, p); /* the start: a once */
    assert_near(p[0], (1 - 0.6) + 0.6 * 0.5);
    hx_paths_free(m);
}

static void probabilities_sum_to_one(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, 5);
    for (unsigned order = 0; order <= HX_PATHS_ORDER_MAX; order++) {
        uint32_t s[300];
        double p[7];
        hx_paths *m = hx_paths_new(order, 7);
        for (size_t i = 0; i < 300; i++)
            s[i] = (uint32_t)(hx_rng_below(&r, 3) * hx_rng_below(&r, 4));
        assert_true(hx_paths_learn(m, s, 0, 150) && hx_paths_learn(m, s, 150, 300));
        for (size_t n = 0; n < 300; n += 7) {
            double sum = 0;
            hx_paths_predict(m, s, n, p);
            for (size_t k = 0; k < 7; k++) {
                assert_true(p[k] > 0);
                sum += p[k];
            }
            assert_near(sum, 1);
        }
        hx_paths_free(m);
    }
}

/* 0 1 2, 3 1 4: what follows 1 hangs on what came before it. */
static void longer_histories_tell_more(void **state) {
    (void)state;
    const uint32_t s[2][3] = {{0, 1, 2}, {3, 1, 4}};
    double one[5], two[5];
    hx_paths *chain = hx_paths_new(1, 5), *m = hx_paths_new(2, 5);
    for (int i = 0; i < 20; i++) {
        assert_true(hx_paths_learn(chain, s[i % 2], 0, 3));
        assert_true(hx_paths_learn(m, s[i % 2], 0, 3));
    }
    hx_paths_predict(chain, s[0], 2, one);
    hx_paths_predict(m, s[0], 2, two);
    assert_near(one[2], one[4]);
    assert_true(two[2] > 0.9 && two[4] < 0.1);
    const uint32_t unseen[] = {2, 1};
    double back[5];
    hx_paths_predict(m, unseen, 2, back); /* falls back to what follows 1 */
    assert_near(back[2], back[4]);
    assert_true(back[2] > back[0]);
    hx_paths_free(chain);
    hx_paths_free(m);
}

static void nothing_learnt_is_alike(void **state) {
    (void)state;
    double p[4];
    hx_paths *m = hx_paths_new(3, 4);
    hx_paths_predict(m, NULL, 0, p);
    for (size_t i = 0; i < 4; i++)
        assert_near(p[i], 0.25);
    hx_paths_free(m);
    hx_paths_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_example_by_hand),
        cmocka_unit_test(probabilities_sum_to_one),
        cmocka_unit_test(longer_histories_tell_more),
        cmocka_unit_test(nothing_learnt_is_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
