/* test_step_scale.c - scaling against scikit-learn, the way back, exponents, values outside the domain, columns without spread. */
#include "step_test.h"

#include "frame/power.h"

static void check(const char *settings, const char *array, double tolerance) {
    golden g;
    size_t n = 0;
    char steps[200];
    golden_open(&g, STEP_GOLDEN);
    hx_table *train = step_table(golden_array(&g, "train", &n), 60, 4);
    hx_table *test = step_table(golden_array(&g, "test", &n), 20, 4);
    snprintf(steps, sizeof steps, "[{\"step\":\"scale\",%s}]", settings);
    step_run_free(steps, train, test);
    assert_golden(&g, array, test, "abcd", tolerance);
    hx_table_free(train);
    hx_table_free(test);
    golden_close(&g);
}

static void test_linear_as_scikit_learn(void **state) {
    (void)state;
    check("\"method\":\"minmax\"", "scale_minmax", 1e-12);
    check("\"method\":\"minmax\",\"low\":-1,\"high\":3", "scale_minmax_range", 1e-12);
    check("\"method\":\"z\"", "scale_z", 1e-12);
    check("\"method\":\"robust\"", "scale_robust", 1e-12);
    check("\"method\":\"maxabs\"", "scale_maxabs", 1e-12);
}

static void test_quantiles_as_scikit_learn(void **state) {
    (void)state;
    check("\"method\":\"quantile\"", "scale_quantile_uniform", 1e-9);
    check("\"method\":\"quantile\",\"quantiles\":10", "scale_quantile_10", 1e-9);
    check("\"method\":\"quantile\",\"output\":\"normal\"", "scale_quantile_normal", 1e-9);
}

static void test_powers_as_scikit_learn(void **state) {
    (void)state;
    check("\"method\":\"yeo-johnson\"", "scale_yeo-johnson", 1e-6);
    check("\"method\":\"yeo-johnson\",\"standardize\":false", "scale_yeo-johnson_raw", 1e-6);
    golden g;
    size_t n = 0;
    golden_open(&g, STEP_GOLDEN);
    hx_table *train = step_table(golden_array(&g, "train", &n), 60, 4);
    hx_table *test = step_table(golden_array(&g, "test", &n), 20, 4);
    step_run_free("[{\"step\":\"scale\",\"method\":\"box-cox\",\"columns\":\"c\"}]", train, test);
    assert_golden(&g, "scale_box-cox", test, "c", 1e-6);
    hx_table_free(train);
    hx_table_free(test);
    golden_close(&g);
}

/* The best exponent is better than those beside it, whatever the data's measure. */
static void test_exponents(void **state) {
    golden g;
    size_t n = 0, count = 0;
    double column[60], room[60];
    (void)state;
    golden_open(&g, STEP_GOLDEN);
    const double *train = golden_array(&g, "train", &n);
    for (size_t i = 0; i < 60; i++)
        if (train[4 * i + 2] == train[4 * i + 2]) column[count++] = train[4 * i + 2];
    const double want = *golden_array(&g, "lambda_box-cox", &n);
    golden_near(hx_box_cox_fit(column, count, room), want, 1e-6, "lambda");
    for (size_t i = 0; i < count; i++)
        column[i] *= 1e9;
    golden_near(hx_box_cox_fit(column, count, room), want, 1e-6, "lambda of large numbers");
    for (size_t i = 0; i < count; i++)
        column[i] = 5;
    assert_true(hx_box_cox_fit(column, count, room) == 1 &&
                hx_yeo_johnson_fit(column, count, room) == 1);
    golden_close(&g);
}

static void test_inverses(void **state) {
    static const double powers[] = {-1.5, 0, 0.3, 1, 2, 2.7};
    (void)state;
    for (size_t k = 0; k < 6; k++)
        for (double x = -3; x <= 3; x += 0.25) {
            golden_near(hx_yeo_johnson_inverse(hx_yeo_johnson(x, powers[k]), powers[k]), x, 1e-10,
                        "yeo-johnson");
            if (x > 0)
                golden_near(hx_box_cox_inverse(hx_box_cox(x, powers[k]), powers[k]), x, 1e-10,
                            "box-cox");
        }
    for (double p = 1e-9; p < 1; p += 0.013)
        golden_near(hx_probit_inverse(hx_probit(p)), p, 1e-14, "probit");
    golden_near(hx_probit(0.975), 1.959963984540054, 1e-14, "probit of 0.975");
    golden_near(hx_probit(1e-7), -5.199337582192817, 1e-12, "probit of 1e-7");
}

/* Scaled and undone is what it was; a table without a column is fine. */
static void test_undone(void **state) {
    static const char *const methods[] = {"minmax", "z",        "robust",
                                          "maxabs", "quantile", "yeo-johnson"};
    char steps[200];
    (void)state;
    for (size_t k = 0; k < 6; k++) {
        golden g;
        size_t n = 0;
        golden_open(&g, STEP_GOLDEN);
        const double *x = golden_array(&g, "train", &n);
        hx_table *t = step_table(x, 60, 4);
        snprintf(steps, sizeof steps,
                 "[{\"step\":\"scale\",\"method\":\"%s\"},{\"step\":\"drop\",\"columns\":\"d\"}]",
                 methods[k]);
        hx_recipe *r = step_run(steps, t, NULL);
        assert_int_equal(hx_recipe_undo(r, t, NULL, NULL), HX_OK);
        for (size_t i = 0; i < 60 * 3; i++) {
            double v = 0;
            const double w = x[i / 3 * 4 + i % 3];
            hx_table_numbers(t, i % 3, i / 3, 1, &v);
            if (w == w) golden_near(v, w, 1e-9, methods[k]);
            assert_int_equal(w != w, v != v);
        }
        hx_recipe_free(r);
        hx_table_free(t);
        golden_close(&g);
    }
}

static void test_domain(void **state) {
    (void)state;
    hx_table *train = step_csv("a\n1\n2\n4\n"), *test = step_csv("a\n0\n2\n-1\n");
    hx_recipe *r = step_run("[{\"step\":\"scale\",\"method\":\"box-cox\"}]", train, test);
    assert_int_equal(hx_table_column_at(test, 0)->missing, 2);
    assert_string_equal(hx_recipe_note(r, 0, HX_UI_EN),
                        "columns scaled: 1; values without a result became missing: 2");
    hx_recipe_free(r);
    hx_table_free(train);
    hx_table_free(test);
    assert_step("[{\"step\":\"scale\",\"method\":\"log1p\"}]", "a\n0\n1.718281828459045\nNA\n",
                "a\n0\n1\n\"\"\n");
    assert_step_fails("[{\"step\":\"scale\",\"method\":\"box-cox\"}]", "a\n0\n1\n",
                      "the method 'box-cox' needs values above 0; the column 'a' has others");
    assert_step_fails("[{\"step\":\"scale\",\"method\":\"log1p\"}]", "a\n-1\n1\n",
                      "the method 'log1p' needs values above -1; the column 'a' has others");
    assert_step_fails("[{\"step\":\"scale\",\"low\":1}]", "a\n-1\n1\n",
                      "'low' has to be below 'high'");
    assert_step_fails("[{\"step\":\"scale\",\"method\":\"minmaxx\"}]", "a\n1\n",
                      "'method' can't be 'minmaxx'; there are: minmax, z, robust, maxabs, "
                      "quantile, log1p, box-cox, "
                      "yeo-johnson");
}

/* Constant columns, one row, no row, no value, infinities: finite where the value is. */
static void test_edges(void **state) {
    static const char *const methods[] = {"minmax",   "z",     "robust",     "maxabs",
                                          "quantile", "log1p", "yeo-johnson"};
    const double same[] = {7, 7, 7}, nothing[] = {NAN, NAN}, wild[] = {1, INFINITY, 2};
    char steps[100];
    (void)state;
    for (size_t k = 0; k < 7; k++) {
        hx_table *a = step_table(same, 3, 1), *b = step_table(nothing, 2, 1),
                 *c = step_table(wild, 3, 1);
        hx_table *one = step_table(same, 1, 1), *none = step_table(same, 0, 1);
        hx_table *all[] = {a, b, c, one, none};
        snprintf(steps, sizeof steps, "[{\"step\":\"scale\",\"method\":\"%s\"}]", methods[k]);
        for (size_t i = 0; i < 5; i++) {
            const size_t missing =
                hx_table_rows(all[i]) > 0 ? hx_table_column_at(all[i], 0)->missing : 0;
            hx_table *other = step_table(same, 3, 1);
            step_run_free(steps, all[i], other);
            double v[3];
            assert_int_equal(hx_table_column_at(all[i], 0)->missing, missing);
            hx_table_numbers(other, 0, 0, 3, v);
            assert_true(isfinite(v[0]));
            hx_table_free(other);
        }
        double v[3];
        hx_table_numbers(c, 0, 0, 3, v);
        assert_true(isfinite(v[0]) && isfinite(v[2]) && v[1] >= v[2]);
        for (size_t i = 0; i < 5; i++)
            hx_table_free(all[i]);
    }
    assert_step("[{\"step\":\"scale\",\"method\":\"z\"}]", "a\n7\n7\n", "a\n0\n0\n");
    assert_step("[{\"step\":\"scale\",\"method\":\"minmax\",\"low\":2,\"high\":5}]", "a\n7\n7\n",
                "a\n2\n2\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_as_scikit_learn),
        cmocka_unit_test(test_quantiles_as_scikit_learn),
        cmocka_unit_test(test_powers_as_scikit_learn),
        cmocka_unit_test(test_exponents),
        cmocka_unit_test(test_inverses),
        cmocka_unit_test(test_undone),
        cmocka_unit_test(test_domain),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
