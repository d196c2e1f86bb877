/* test_rng.c - the generator against its authors' reference outputs, and its bounded numbers. */
#include "unit/base/base_test.h"

#include "base/rng.h"

/* xoshiro256** from the state {1, 2, 3, 4}: the reference C code's first outputs (also rand_xoshiro's test). */
static void gives_the_reference_numbers(void **state) {
    (void)state;
    static const uint64_t want[] = {11520,
                                    0,
                                    1509978240,
                                    1215971899390074240,
                                    1216172134540287360,
                                    607988272756665600,
                                    16172922978634559625u,
                                    8476171486693032832,
                                    10595114339597558777u,
                                    2904607092377533576};
    hx_rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_true(hx_rng_next(&r) == want[i]);
}

/* splitmix64 from 1234567, as published with it. */
static void seeds_by_splitmix(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, 1234567);
    assert_true(r.s[0] == 6457827717110365317u);
    assert_true(r.s[1] == 3203168211198807973u);
    assert_true(r.s[2] == 9817491932198370423u);
    assert_true(r.s[3] == 4593380528125082431u);
}

static void is_uniform_below_a_bound(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    int counts[7] = {0};
    for (int i = 0; i < 70000; i++)
        counts[hx_rng_below(&r, 7)]++;
    double chi2 = 0;
    for (int i = 0; i < 7; i++)
        chi2 += (counts[i] - 10000.0) * (counts[i] - 10000.0) / 10000.0;
    assert_true(chi2 < 22.5); /* 6 degrees of freedom, p = 0.001 */
    assert_true(hx_rng_below(&r, 1) == 0);
    for (int i = 0; i < 1000; i++)
        assert_true(hx_rng_below(&r, (1ull << 63) + 1) <= 1ull << 63);
}

static void is_uniform_in_the_unit_interval(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        double u = hx_rng_uniform(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    assert_true(sum / 100000 > 0.497 && sum / 100000 < 0.503);
    assert_true(squares / 100000 > 0.330 && squares / 100000 < 0.337);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_reference_numbers),
        cmocka_unit_test(seeds_by_splitmix),
        cmocka_unit_test(is_uniform_below_a_bound),
        cmocka_unit_test(is_uniform_in_the_unit_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
