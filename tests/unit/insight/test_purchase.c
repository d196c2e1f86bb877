/* test_purchase.c - models of purchases, amounts and contracts against mpmath and scipy (tests/golden/insight/purchase.json), their derivatives against
 * differences, and what must hold of any of them. */
#include "unit/insight/insight_test.h"

#include <math.h>

#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/insight.h"

static json_t *golden(void) {
    hx_buf text;
    json_t *root = NULL;
    hx_buf_init(&text, 1u << 22);
    assert_int_equal(hx_file_read(HX_SOURCE_DIR "/tests/golden/insight/purchase.json", &text, NULL),
                     HX_OK);
    assert_int_equal(hx_json_parse(hx_buf_str(&text), 1u << 22, "golden", &root, NULL), HX_OK);
    hx_buf_release(&text);
    return root;
}

static double number(const json_t *list, size_t i) {
    return json_number_value(json_array_get(list, i));
}

static void near(double a, double b, double relative) {
    if (!(fabs(a - b) <= relative * fmax(1e-300, fabs(b)))) fail_msg("%.17g is not %.17g", a, b);
}

static hx_purchases row_of(const json_t *r) {
    return (hx_purchases){(uint32_t)number(r, 0), number(r, 1), number(r, 2), 1};
}

static hx_purchase_fit fit_at(hx_purchase_model m, const json_t *at) {
    hx_purchase_fit f = {.model = m};
    for (size_t i = 0; i < 4; i++)
        f.parameter[i] = number(at, i);
    return f;
}

static const json_t *model_of(const json_t *root, hx_purchase_model m) {
    return json_object_get(json_object_get(root, "models"), hx_purchase_model_id(m));
}

static void likelihoods_and_expectations_are_those_of_the_closed_forms(void **state) {
    (void)state;
    json_t *root = golden();
    double horizon = json_number_value(json_object_get(root, "horizon"));
    for (hx_purchase_model m = 0; m < HX_PURCHASE_MODELS; m++) {
        const json_t *g = model_of(root, m), *rows = json_object_get(g, "rows");
        hx_purchase_fit f = fit_at(m, json_object_get(g, "at"));
        assert_true(json_array_size(rows) > 40);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *r = json_array_get(rows, i);
            hx_purchases row = row_of(r);
            near(hx_purchase_log_likelihood(&f, &row, NULL), number(r, 3), 1e-11);
            near(hx_purchase_alive(&f, &row), number(r, 4), 1e-10);
            near(hx_purchase_expected(&f, &row, horizon), number(r, 5), 1e-9);
        }
    }
    const json_t *turned = json_object_get(root, "pareto_alpha_above_beta");
    hx_purchase_fit f = fit_at(HX_PARETO_NBD, json_object_get(turned, "at"));
    const json_t *rows = json_object_get(turned, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        hx_purchases row = row_of(json_array_get(rows, i));
        near(hx_purchase_log_likelihood(&f, &row, NULL), number(json_array_get(rows, i), 3), 1e-11);
    }
    json_decref(root);
}

static void derivatives_are_those_of_differences(void **state) {
    (void)state;
    const hx_purchases rows[] = {
        {0, 0, 200, 1}, {1, 3, 90, 1}, {5, 80, 81, 1}, {40, 300, 330, 1}, {2, 10, 10, 1}};
    for (hx_purchase_model m = 0; m < HX_PURCHASE_MODELS; m++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            hx_purchase_fit f = {.model = m,
                                 .parameter = {0.7, 20, 0.8, m == HX_PARETO_NBD ? 31 : 2}};
            double g[4];
            hx_purchase_log_likelihood(&f, &rows[i], g);
            for (size_t k = 0; k < 4; k++) {
                hx_purchase_fit up = f, down = f;
                double h = 1e-5 * f.parameter[k];
                up.parameter[k] += h;
                down.parameter[k] -= h;
                double slope = (hx_purchase_log_likelihood(&up, &rows[i], NULL) -
                                hx_purchase_log_likelihood(&down, &rows[i], NULL)) /
                               (2 * h);
                assert_true(fabs(slope - g[k]) <= 1e-6 * (1 + fabs(slope)));
            }
        }
}

static size_t rows_of(const json_t *root, hx_purchases *rows, hx_spend *spend, size_t most) {
    const json_t *list = json_object_get(root, "rows");
    size_t n = json_array_size(list);
    assert_true(n > 100 && n <= most);
    for (size_t i = 0; i < n; i++) {
        const json_t *r = json_array_get(list, i);
        rows[i] = row_of(r);
        spend[i] = (hx_spend){rows[i].x, number(r, 3), 1};
    }
    return n;
}

static void fits_are_those_of_scipy(void **state) {
    (void)state;
    json_t *root = golden();
    static hx_purchases rows[1000];
    static hx_spend spend[1000];
    size_t n = rows_of(root, rows, spend, 1000);
    for (hx_purchase_model m = 0; m < HX_PURCHASE_MODELS; m++) {
        const json_t *g = model_of(root, m);
        double best = json_number_value(json_object_get(g, "log_likelihood"));
        hx_purchase_fit f, again;
        hx_purchase_options o = {.starts = 4, .seed = 3, .n_threads = 3};
        assert_int_equal(hx_purchase_fit_model(m, rows, n, NULL, &f, NULL), HX_OK);
        assert_true(f.log_likelihood >= best - 1e-7);
        near(f.log_likelihood, best, 1e-10);
        for (size_t k = 0; k < 4; k++) {
            near(f.parameter[k], number(json_object_get(g, "fit"), k), 2e-5);
            assert_true(f.error[k] > 0);
        }
        assert_true(f.n_reached >= 1 && f.n_reached <= f.n_starts);
        assert_int_equal(hx_purchase_fit_model(m, rows, n, &o, &again, NULL), HX_OK);
        for (size_t k = 0; k < 4; k++)
            near(again.parameter[k], f.parameter[k], 1e-6);
    }
    hx_spend_fit s;
    const json_t *g = json_object_get(root, "spend");
    assert_int_equal(hx_spend_fit_model(spend, n, NULL, &s, NULL), HX_OK);
    near(s.log_likelihood, json_number_value(json_object_get(g, "log_likelihood")), 1e-11);
    near(s.p, number(json_object_get(g, "fit"), 0), 1e-5);
    near(s.q, number(json_object_get(g, "fit"), 1), 1e-5);
    near(s.v, number(json_object_get(g, "fit"), 2), 1e-5);
    json_decref(root);
}

static void any_number_of_threads_gives_the_same_bytes(void **state) {
    (void)state;
    enum { N = 20000 };
    hx_purchases *rows = calloc(N, sizeof *rows);
    hx_rng rng;
    hx_rng_seed(&rng, 5);
    for (size_t i = 0; i < N; i++) {
        double age = 50 + (double)hx_rng_below(&rng, 4000) / 8;
        uint32_t x = (uint32_t)hx_rng_below(&rng, 4);
        rows[i] = (hx_purchases){x, x ? age * (0.1 + 0.9 * hx_rng_uniform(&rng)) : 0, age, 1};
    }
    hx_purchase_fit one, three;
    hx_purchase_options o = {.starts = 1, .n_threads = 1};
    assert_int_equal(hx_purchase_fit_model(HX_MBG_NBD, rows, N, &o, &one, NULL), HX_OK);
    o.n_threads = 3;
    assert_int_equal(hx_purchase_fit_model(HX_MBG_NBD, rows, N, &o, &three, NULL), HX_OK);
    assert_memory_equal(one.parameter, three.parameter, sizeof one.parameter);
    assert_true(one.log_likelihood == three.log_likelihood);
    free(rows);
}

static void alike_customers_may_be_joined(void **state) {
    (void)state;
    hx_purchases rows[] = {{1, 5, 30, 1}, {0, 0, 40, 1}, {1, 5, 30, 1}, {2, 9, 30, 1},
                           {0, 0, 40, 1}, {0, 0, 41, 2}, {3, 20, 39, 1}};
    size_t n = sizeof rows / sizeof *rows, left = n;
    hx_purchase_fit before, after;
    assert_int_equal(hx_purchase_fit_model(HX_BG_NBD, rows, n, NULL, &before, NULL), HX_OK);
    hx_purchases_join(rows, &left);
    assert_int_equal(left, 5);
    assert_int_equal(hx_purchase_fit_model(HX_BG_NBD, rows, left, NULL, &after, NULL), HX_OK);
    assert_memory_equal(before.parameter, after.parameter, sizeof after.parameter);
    assert_true(before.customers == 8);
}

static void counts_of_a_new_customer_are_a_distribution_with_the_expected_mean(void **state) {
    (void)state;
    for (hx_purchase_model m = 0; m < HX_PURCHASE_MODELS; m++) {
        hx_purchase_fit f = {.model = m, .parameter = {0.6, 9, 1.4, m == HX_PARETO_NBD ? 14 : 2.5}};
        double sum = 0, mean = 0;
        for (uint32_t x = 0; x < 1500; x++) {
            double p = hx_purchase_count(&f, x, 39);
            assert_true(p >= 0 && p <= 1);
            sum += p;
            mean += x * p;
        }
        near(sum, 1, 1e-9);
        near(mean, hx_purchase_expected_new(&f, 39), 1e-8);
        assert_true(hx_purchase_count(&f, 0, 0) == 1 && hx_purchase_count(&f, 1, 0) == 0);
    }
}

static void expectations_are_smooth_where_formulas_are_not(void **state) {
    (void)state;
    hx_purchases row = {3, 20, 30, 1};
    for (hx_purchase_model m = 0; m < HX_PURCHASE_MODELS; m++) {
        hx_purchase_fit f = {.model = m, .parameter = {0.6, 9, 1, m == HX_PARETO_NBD ? 14 : 2.5}};
        hx_purchase_fit low = f, high = f;
        low.parameter[2] = 0.999;
        high.parameter[2] = 1.001;
        double at = hx_purchase_expected(&f, &row, 10);
        double between =
            (hx_purchase_expected(&low, &row, 10) + hx_purchase_expected(&high, &row, 10)) / 2;
        near(at, between, 1e-5);
        assert_true(hx_purchase_expected(&f, &row, 0) == 0);
        assert_true(at > 0 && at < hx_purchase_expected(&f, &row, 20));
    }
}

static void the_test_of_fit_rejects_what_does_not_fit(void **state) {
    (void)state;
    json_t *root = golden();
    static hx_purchases rows[1000];
    static hx_spend spend[1000];
    size_t n = rows_of(root, rows, spend, 1000);
    hx_purchase_fit f;
    hx_purchase_test t;
    assert_int_equal(hx_purchase_fit_model(HX_BG_NBD, rows, n, NULL, &f, NULL), HX_OK);
    hx_purchase_test_fit(&f, rows, n, &t);
    double met = 0, expected = 0;
    for (size_t i = 0; i < HX_PURCHASE_CLASSES; i++) {
        met += t.observed[i];
        expected += t.expected[i];
    }
    near(met, (double)n, 1e-12);
    near(expected, (double)n, 1e-9);
    assert_true(t.freedom >= 3 && t.p > 0.001);
    f.parameter[0] *= 2;
    hx_purchase_test_fit(&f, rows, n, &t);
    assert_true(t.p < 1e-6);
    json_decref(root);
}

static void contracts_are_those_of_the_paper(void **state) {
    (void)state;
    json_t *root = golden();
    const json_t *g = json_object_get(root, "contract"), *left = json_object_get(g, "left");
    size_t n = json_array_size(left);
    hx_contract rows[16];
    for (size_t i = 1; i < n; i++)
        rows[i - 1] = (hx_contract){(uint32_t)i, true, number(left, i - 1) - number(left, i)};
    rows[n - 1] = (hx_contract){(uint32_t)n - 1, false, number(left, n - 1)};
    hx_contract_fit f;
    assert_int_equal(hx_contract_fit_model(rows, n, NULL, &f, NULL), HX_OK);
    near(f.a, number(json_object_get(g, "fit"), 0), 1e-6);
    near(f.b, number(json_object_get(g, "fit"), 1), 1e-6);
    near(f.a, 0.668, 2e-3); /* as published */
    near(f.b, 3.806, 2e-3);
    near(f.log_likelihood, json_number_value(json_object_get(g, "log_likelihood")), 1e-12);
    near(hx_contract_residual(&f, 0, 0.1), number(json_object_get(g, "residual"), 0), 1e-6);
    near(hx_contract_residual(&f, 3, 0.1), number(json_object_get(g, "residual"), 1), 1e-6);
    double s = 1;
    for (uint32_t t = 1; t < 30; t++) {
        s *= hx_contract_retention(&f, t);
        near(hx_contract_survival(&f, t), s, 1e-12);
    }
    assert_true(isinf(hx_contract_residual(&f, 2, 0)));
    json_decref(root);
}

static void values_add_up_and_their_interval_holds_what_comes(void **state) {
    (void)state;
    hx_purchase_fit f = {.model = HX_BG_NBD, .parameter = {2, 30, 0.7, 3}};
    hx_spend_fit s = {.p = 4, .q = 5, .v = 40};
    hx_purchases row = {6, 90, 100, 1};
    hx_value_options o = {.horizon = 365, .step = 30.5, .rate = 0, .draws = 20000, .seed = 1};
    hx_value plain, cheap, again;
    for (hx_purchase_model m = 0; m < HX_PURCHASE_MODELS; m++) {
        f.model = m;
        if (m == HX_PARETO_NBD) f.parameter[3] = 150;
        assert_int_equal(hx_value_expect(&f, &s, &row, 33, &o, &plain, NULL), HX_OK);
        near(plain.purchases, hx_purchase_expected(&f, &row, 365), 1e-12);
        near(plain.value, plain.purchases * hx_spend_expected(&s, 6, 33), 1e-12);
        assert_true(plain.low < plain.value && plain.value < plain.high);
        assert_int_equal(hx_value_expect(&f, &s, &row, 33, &o, &again, NULL), HX_OK);
        assert_memory_equal(&plain, &again, sizeof plain);
        o.rate = 0.02;
        assert_int_equal(hx_value_expect(&f, &s, &row, 33, &o, &cheap, NULL), HX_OK);
        assert_true(cheap.value < plain.value && cheap.high < plain.high);
        o.rate = 0;
    }
    /* The mean of draws is the expected value: of an interval that leaves nothing out, over many rows. */
    hx_value_options one = {.horizon = 365, .draws = 1, .level = 0.5};
    double sum = 0;
    for (one.seed = 0; one.seed < 40000; one.seed++) {
        assert_int_equal(hx_value_expect(&f, &s, &row, 33, &one, &again, NULL), HX_OK);
        sum += again.low / 40000;
    }
    near(sum, plain.value, 0.03);
}

/* Nobody ever stops and all buy at one rate: shapes run off, and everything stays finite. */
static void customers_who_are_all_alike_end_at_a_border(void **state) {
    (void)state;
    hx_purchases rows[200];
    for (size_t i = 0; i < 200; i++)
        rows[i] = (hx_purchases){4 + i % 2, 40 + (double)(i % 5), 45, 1};
    for (hx_purchase_model m = 0; m < HX_PURCHASE_MODELS; m++) {
        hx_purchase_fit f;
        assert_int_equal(hx_purchase_fit_model(m, rows, 200, NULL, &f, NULL), HX_OK);
        assert_true(f.alike);
        assert_true(isfinite(f.log_likelihood) && fabs(f.log_likelihood) < 1e4);
        double e = hx_purchase_expected(&f, &rows[0], 10);
        assert_true(e > 0.5 && e < 1.5);
    }
}

static void bad_input_gets_a_sentence(void **state) {
    (void)state;
    hx_error err;
    hx_purchase_fit f;
    hx_spend_fit s;
    hx_contract_fit c;
    hx_purchases late = {1, 9, 8, 1}, none[] = {{0, 0, 9, 1}, {0, 0, 5, 1}}, odd = {0, 3, 9, 1};
    assert_int_equal(hx_purchase_fit_model(HX_BG_NBD, &late, 1, NULL, &f, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "customer 1: the last purchase must lie between"));
    assert_int_equal(hx_purchase_fit_model(HX_BG_NBD, none, 2, NULL, &f, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "no customer bought twice"));
    assert_int_equal(hx_purchase_fit_model(HX_BG_NBD, &odd, 1, NULL, &f, &err), HX_EINVAL);
    assert_int_equal(hx_purchase_fit_model(HX_BG_NBD, NULL, 0, NULL, &f, &err), HX_EINVAL);
    hx_spend free_gift = {3, 0, 1};
    assert_int_equal(hx_spend_fit_model(&free_gift, 1, NULL, &s, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "fewer than two customers bought twice"));
    hx_contract stays = {3, false, 10};
    assert_int_equal(hx_contract_fit_model(&stays, 1, NULL, &c, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "none ended"));
    s = (hx_spend_fit){.p = 1, .q = 0.5, .v = 2};
    assert_true(isnan(hx_spend_expected(&s, 0, 0)));
    hx_value v;
    hx_value_options o = {.horizon = 0};
    f = (hx_purchase_fit){.parameter = {1, 1, 1, 2}};
    assert_int_equal(hx_value_expect(&f, &s, &none[0], 0, &o, &v, &err), HX_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihoods_and_expectations_are_those_of_the_closed_forms),
        cmocka_unit_test(derivatives_are_those_of_differences),
        cmocka_unit_test(fits_are_those_of_scipy),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(alike_customers_may_be_joined),
        cmocka_unit_test(counts_of_a_new_customer_are_a_distribution_with_the_expected_mean),
        cmocka_unit_test(expectations_are_smooth_where_formulas_are_not),
        cmocka_unit_test(the_test_of_fit_rejects_what_does_not_fit),
        cmocka_unit_test(contracts_are_those_of_the_paper),
        cmocka_unit_test(values_add_up_and_their_interval_holds_what_comes),
        cmocka_unit_test(customers_who_are_all_alike_end_at_a_border),
        cmocka_unit_test(bad_input_gets_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
