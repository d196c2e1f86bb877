/* test_quantile.c - the radix sort against qsort, the lower quantile against its definition. */
#include "unit/insight/insight_test.h"

#include "base/rng.h"
#include "insight/quantile.h"

#define N_MAX 700

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t value_of_shape(int shape, hx_rng *r) {
    switch (shape) {
    case 0:
        return (int64_t)hx_rng_next(r); /* all 64 bits, negative ones too */
    case 1:
        return (int64_t)hx_rng_below(r, 5) - 2;
    case 2:
        return INT64_MIN + (int64_t)hx_rng_below(r, 3);
    case 3:
        return INT64_MAX - (int64_t)hx_rng_below(r, 300);
    default:
        return 42;
    }
}

static void sorts_as_qsort(void **state) {
    (void)state;
    static int64_t ours[N_MAX], theirs[N_MAX], scratch[N_MAX];
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int round = 0; round < 200; round++) {
        size_t n = (size_t)hx_rng_below(&r, N_MAX);
        for (size_t i = 0; i < n; i++)
            ours[i] = theirs[i] = value_of_shape(round % 5, &r);
        hx_quantile_sort(ours, n, scratch);
        qsort(theirs, n, sizeof *theirs, ascending);
        assert_memory_equal(ours, theirs, n * sizeof *ours);
    }
}

static void takes_the_lower_neighbour(void **state) {
    (void)state;
    const int64_t v[] = {10, 20, 30, 40, 50, 60};
    const int64_t fifths[] = {10, 20, 30, 40, 50, 60}; /* index (6 - 1) k / 5 = k */
    for (size_t k = 0; k <= 5; k++)
        assert_int_equal(hx_quantile_lower(v, 6, k, 5), fifths[k]);
    assert_int_equal(hx_quantile_lower(v, 4, 1, 2), 20); /* floor(1.5) = 1 */
    assert_int_equal(hx_quantile_lower(v, 1, 1, 2), 10);
    for (size_t n = 1; n <= 6; n++)
        for (size_t k = 0; k <= 5; k++)
            assert_int_equal(hx_quantile_lower(v, n, k, 5), v[(n - 1) * k / 5]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sorts_as_qsort),
                                       cmocka_unit_test(takes_the_lower_neighbour)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
