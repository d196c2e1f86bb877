/* Rows as what differs from usual values: scores and sums equal to those of the dense rows, and the edges: constant columns, values that are all
 * different, no rows, no columns, missing values, weights that cancel. */
#include "base/rng.h"
#include "golden.h"
#include "learn/deviations.h"

enum { ROWS = 97, COLUMNS = 13 };

static hx_deviations of(double *x, size_t n, size_t d) {
    hx_deviations v;
    hx_error err = {0};
    const hx_problem p = {.x = x, .n = n, .d = d};
    if (hx_deviations_of(&v, &p, &err) != HX_OK) fail_msg("%s", err.message);
    assert_int_equal(v.n, n);
    assert_int_equal(v.d, d);
    return v;
}

static double dense_score(const double *x, size_t d, const double *w) {
    double sum = w[d];
    for (size_t j = 0; j < d; j++)
        sum += w[j] * x[j];
    return sum;
}

/* All rows' scores and one weighted sum of rows, both ways. */
static void same_products(double *x, size_t n, size_t d, uint64_t seed) {
    double w[COLUMNS + 1], wanted[COLUMNS + 1] = {0}, gradient[COLUMNS + 1] = {0}, sum = 0;
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    hx_deviations v = of(x, n, d);
    for (size_t j = 0; j <= d; j++)
        w[j] = 2 * hx_rng_uniform(&rng) - 1;
    const double usual = hx_deviations_base(&v, w);
    for (size_t i = 0; i < n; i++) {
        const double by = i % 3 == 0 ? 0 : 2 * hx_rng_uniform(&rng) - 1;
        golden_near(hx_deviations_score(&v, i, usual, w), dense_score(x + i * d, d, w), 1e-12,
                    "score");
        for (size_t j = 0; j < d; j++)
            wanted[j] += by * x[i * d + j];
        wanted[d] += by;
        sum += by;
        hx_deviations_add(&v, i, by, gradient);
    }
    hx_deviations_finish(&v, sum, gradient);
    for (size_t j = 0; j <= d; j++)
        golden_near(gradient[j], wanted[j], 1e-12, "sum of rows");
    hx_deviations_release(&v);
    assert_null(v.values);
}

/* Columns from nearly always the same value to never twice the same, scaled as features are. */
static void same_as_dense(void **st) {
    (void)st;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        double x[ROWS * COLUMNS];
        hx_rng rng;
        hx_rng_seed(&rng, seed);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < COLUMNS; j++) {
                const double u = hx_rng_uniform(&rng);
                const bool rare = u * COLUMNS < (double)j;
                x[i * COLUMNS + j] = (rare ? (j % 2 ? u : 1) : 0) / 0.3 - 0.7;
            }
        same_products(x, ROWS, COLUMNS, seed);
        same_products(x, 1, COLUMNS, seed);
        same_products(x, ROWS * COLUMNS, 1, seed);
    }
}

/* What has more than half of a column is its usual value, wherever it stands; of a constant column nothing is kept. */
static void usual_values(void **st) {
    (void)st;
    double x[] = {5, -1, 0, /**/ 7, -1, 1, /**/ 5, -1, 2, /**/ 9, -1, 3, /**/ 5, -1, 4};
    hx_deviations v = of(x, 5, 3);
    golden_near(v.usual[0], 5, 0, "three of five");
    golden_near(v.usual[1], -1, 0, "constant");
    for (size_t i = 0; i < 5; i++)
        for (size_t k = v.starts[i]; k < v.starts[i + 1]; k++) {
            assert_int_not_equal(v.columns[k], 1);
            if (k > v.starts[i]) assert_true(v.columns[k] > v.columns[k - 1]);
            golden_near(v.usual[v.columns[k]] + v.values[k], x[i * 3 + v.columns[k]], 0, "value");
        }
    assert_int_equal(v.starts[5], 2 + 4); /* 7 and 9; of the last column all but one */
    hx_deviations_release(&v);
    double same[] = {2, 3, 2, 3, 2, 3};
    v = of(same, 3, 2);
    assert_int_equal(v.starts[3], 0); /* rows without anything */
    const double w[] = {10, 1, 0.5};
    golden_near(hx_deviations_score(&v, 2, hx_deviations_base(&v, w), w), 23.5, 0, "usual row");
    hx_deviations_release(&v);
}

/* No row: the intercept is left. No column: the same. A missing value spoils its own column alone. */
static void edges(void **st) {
    (void)st;
    double none[1] = {0};
    const double w[] = {2, 3}, alone[] = {4};
    hx_deviations v = of(none, 0, 1);
    golden_near(hx_deviations_base(&v, w), 3, 0, "no row");
    assert_int_equal(v.starts[0], 0);
    hx_deviations_release(&v);
    v = of(none, 3, 0);
    golden_near(hx_deviations_score(&v, 1, hx_deviations_base(&v, alone), alone), 4, 0,
                "no column");
    hx_deviations_release(&v);
    double holes[] = {1, NAN, /**/ 1, 6, /**/ 2, 6, /**/ 1, 6};
    const double zero_second[] = {3, 0, 1}, both[] = {3, 1, 1};
    v = of(holes, 4, 2);
    golden_near(v.usual[0], 1, 0, "the column beside it");
    golden_near(v.usual[1], 6, 0, "the column with a hole");
    golden_near(hx_deviations_score(&v, 2, hx_deviations_base(&v, both), both), 13, 0, "whole row");
    assert_true(
        isnan(hx_deviations_score(&v, 0, hx_deviations_base(&v, zero_second), zero_second)));
    hx_deviations_release(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_dense),
        cmocka_unit_test(usual_values),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
