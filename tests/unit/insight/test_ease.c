/* test_ease.c - item weights equal to numpy's, scores that are the sum of their terms, taste that was planted is found, and a sentence for each mistake. */
#include "unit/insight/insight_test.h"

#include <math.h>

#include "insight/ease.h"

/* tests/golden/insight/make_ease.py */
static const double golden[] = {
    0, -0.060830112586119922, 0.17651821862348177, 0.27582142330926773, -0.076711167620258522,
    0, 0.19595141700404861,   0.13275379401797555, 0.23098114007204915, 0.20332717190388164,
    0, 0.047885663768970091,  0.79338842975206603, 0.30280625105024356, 0.10526315789473686,
    0,
};

static const size_t starts[] = {0, 2, 5, 7, 8, 12};
static const uint32_t items[] = {0, 2, 1, 2, 3, 0, 3, 1, 0, 1, 2, 3};
static const double weights[] = {1, 2, 1, 1, 0.5, 3, 1, 2, 1, 1, 1, 1};
static const hx_interactions sample = {5, 4, starts, items, weights};

static void weights_are_those_of_numpy(void **state) {
    (void)state;
    double b[16];
    assert_int_equal(hx_ease_fit(&sample, 2.5, 0, b, NULL), HX_OK);
    for (size_t i = 0; i < 16; i++)
        assert_true(fabs(b[i] - golden[i]) < 1e-13);
}

/* Ridge regression of item j on the others: row i != j of (G + D)(I - B) is 0 in column j, for D_ii = lambda (G_ii / mean)^power. */
static void well_known_items_have_a_greater_penalty(void **state) {
    (void)state;
    double b[16], g[16] = {0}, mean = 0;
    for (size_t u = 0; u < sample.n_people; u++)
        for (size_t k = starts[u]; k < starts[u + 1]; k++)
            for (size_t m = starts[u]; m < starts[u + 1]; m++)
                g[items[k] * 4 + items[m]] += weights[k] * weights[m];
    for (size_t i = 0; i < 4; i++)
        mean += g[i * 5] / 4;
    for (size_t i = 0; i < 4; i++)
        g[i * 5] += 2.5 * sqrt(g[i * 5] / mean);
    assert_int_equal(hx_ease_fit(&sample, 2.5, 0.5, b, NULL), HX_OK);
    for (size_t j = 0; j < 4; j++)
        for (size_t i = 0; i < 4; i++) {
            double sum = g[i * 4 + j];
            for (size_t k = 0; k < 4; k++)
                sum -= g[i * 4 + k] * b[k * 4 + j];
            assert_true(i == j || fabs(sum) < 1e-12);
        }
}

static void a_score_is_the_sum_of_its_terms(void **state) {
    (void)state;
    double score[4];
    hx_ease_score(&sample, golden, 1, score);
    for (size_t j = 0; j < 4; j++)
        assert_true(fabs(score[j] - (golden[4 + j] + golden[8 + j] + 0.5 * golden[12 + j])) <
                    1e-15);
}

/* Two tastes: people like items 0 to 2 or 3 to 5; who has two of a taste is offered the third. */
static void a_taste_is_found(void **state) {
    (void)state;
    static const size_t start[] = {0, 3, 6, 9, 12, 14};
    static const uint32_t item[] = {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 3, 4};
    static const double one[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const hx_interactions x = {5, 6, start, item, one};
    double b[36], score[6];
    assert_int_equal(hx_ease_fit(&x, 1, 0, b, NULL), HX_OK);
    hx_ease_score(&x, b, 4, score);
    for (size_t j = 0; j < 3; j++)
        assert_true(score[5] > score[j] + 0.1);
}

static void assert_refused(const hx_interactions *x, double lambda, const char *says) {
    double b[16];
    hx_error err = {0};
    assert_int_equal(hx_ease_fit(x, lambda, 0, b, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, says));
}

static void mistakes_are_told(void **state) {
    (void)state;
    static const size_t none[] = {0, 0};
    static const uint32_t wrong[] = {0, 4};
    hx_interactions x = sample;
    assert_refused(&x, 0, "above 0");
    assert_refused(&x, NAN, "above 0");
    double b[16];
    hx_error err = {0};
    assert_int_equal(hx_ease_fit(&x, 1, 1.5, b, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "0 to 1"));
    x.n_items = 0;
    assert_refused(&x, 1, "1 to 20000 items");
    x = (hx_interactions){1, 4, none, items, weights};
    assert_refused(&x, 1, "nobody has bought");
    x = (hx_interactions){1, 4, (const size_t[]){0, 2}, wrong, weights};
    assert_refused(&x, 1, "interaction 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(weights_are_those_of_numpy),
                                       cmocka_unit_test(well_known_items_have_a_greater_penalty),
                                       cmocka_unit_test(a_score_is_the_sum_of_its_terms),
                                       cmocka_unit_test(a_taste_is_found),
                                       cmocka_unit_test(mistakes_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
