/* test_money.c - exact amounts: sums, products with rounding, overflow, text. */
#include "unit/base/base_test.h"

#include "base/money.h"
#include "base/rng.h"

static void assert_text(hx_money m, const char *want) {
    char text[HX_MONEY_TEXT_MAX];
    assert_string_equal(hx_money_text(m, text), want);
}

static void writes_the_shortest_exact_decimal(void **state) {
    (void)state;
    assert_text(0, "0");
    assert_text(18935000, "1893.5");
    assert_text(18930000, "1893");
    assert_text(1, "0.0001");
    assert_text(-1, "-0.0001");
    assert_text(10500, "1.05");
    assert_text(-999900, "-99.99");
    assert_text(1000000, "100");
    assert_text(INT64_MAX, "922337203685477.5807");
    assert_text(INT64_MIN, "-922337203685477.5808");
}

static void text_reads_back_exactly(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < 20000; i++) {
        hx_money m = (int64_t)hx_rng_next(&r) >> hx_rng_below(&r, 60);
        char text[HX_MONEY_TEXT_MAX];
        hx_money_text(m, text);
        char *dot = strchr(text, '.');
        char digits[HX_MONEY_TEXT_MAX + 8];
        int fraction = dot ? (int)strlen(dot + 1) : 0;
        assert_true(fraction <= 4);
        if (dot) assert_int_not_equal(dot[fraction], '0');
        snprintf(digits, sizeof digits, "%.*s%s%.*s", dot ? (int)(dot - text) : (int)strlen(text),
                 text, dot ? dot + 1 : "", 4 - fraction, "0000");
        assert_true(strtoll(digits, NULL, 10) == m);
    }
}

static void adds_or_says_no(void **state) {
    (void)state;
    hx_money out;
    assert_true(hx_money_add(15000, -20000, &out));
    assert_int_equal(out, -5000);
    assert_true(hx_money_add(INT64_MAX, INT64_MIN, &out));
    assert_int_equal(out, -1);
    assert_false(hx_money_add(INT64_MAX, 1, &out));
    assert_false(hx_money_add(INT64_MIN, -1, &out));
}

static void multiplies_rounding_half_away(void **state) {
    (void)state;
    hx_money out;
    assert_true(hx_money_times(199900, 30000, &out));
    assert_int_equal(out, 599700);
    static const struct {
        int64_t price, quantity, want;
    } cases[] = {{1, 5000, 1},
                 {1, 4999, 0},
                 {-1, 5000, -1},
                 {-1, 4999, 0},
                 {3, 5000, 2},
                 {-3, 5000, -2},
                 {-3, -5000, 2},
                 {7, 15000, 11},
                 {INT64_MAX, HX_MONEY_ONE, INT64_MAX},
                 {INT64_MIN, HX_MONEY_ONE, INT64_MIN}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(hx_money_times(cases[i].price, cases[i].quantity, &out));
        assert_true(out == cases[i].want);
    }
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < 20000; i++) {
        int64_t p = (int64_t)hx_rng_below(&r, 2000001) - 1000000;
        int64_t q = (int64_t)hx_rng_below(&r, 2000001) - 1000000;
        int64_t product = p * q, size = product < 0 ? -product : product;
        int64_t want = (size + 5000) / 10000 * (product < 0 ? -1 : 1);
        assert_true(hx_money_times(p, q, &out));
        assert_true(out == want);
    }
}

static void refuses_products_out_of_range(void **state) {
    (void)state;
    hx_money out = 42;
    assert_false(hx_money_times(INT64_MAX, HX_MONEY_ONE + 1, &out));
    assert_false(hx_money_times(INT64_MIN, -HX_MONEY_ONE, &out));
    assert_false(hx_money_times(INT64_MAX, INT64_MAX, &out));
    assert_false(hx_money_times(INT64_MIN, INT64_MIN, &out));
    assert_int_equal(out, 42);
    assert_true(hx_money_double(18935000) == 1893.5);
    assert_true(hx_money_double(-1) == -0.0001);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_shortest_exact_decimal),
        cmocka_unit_test(text_reads_back_exactly),
        cmocka_unit_test(adds_or_says_no),
        cmocka_unit_test(multiplies_rounding_half_away),
        cmocka_unit_test(refuses_products_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
