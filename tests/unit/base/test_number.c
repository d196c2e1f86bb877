/* test_number.c - doubles from decimal text and back agree with the C library. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "base/rng.h"

static void assert_text(double v, const char *want) {
    char out[HX_DOUBLE_TEXT_MAX + 1];
    out[hx_double_put(v, out)] = '\0';
    assert_string_equal(out, want);
}

static void test_known_texts(void **state) {
    (void)state;
    assert_text(0.1, "0.1");
    assert_text(0, "0");
    assert_text(-2.5, "-2.5");
    assert_text(1e-5, "1e-05");
    assert_text(1.5e300, "1.5e+300");
    assert_text(5e-324, "5e-324");
    assert_text(123456789.125, "123456789.125");
    assert_text(0.00012, "0.00012");
    assert_text(1e16, "1e+16");
    assert_text(9007199254740993e3, "9.007199254740993e+18");
    assert_text(0.30000000000000004, "0.30000000000000004");
    assert_text(INFINITY, "inf");
    assert_text(-INFINITY, "-inf");
    assert_text(NAN, "nan");
    assert_text(2.2250738585072014e-308, "2.2250738585072014e-308");
}

/* What is written reads back equal, and no shorter text of %g does. */
static void test_texts_are_shortest(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, 7);
    for (int i = 0; i < 200000; i++) {
        uint64_t image = hx_rng_next(&r);
        if (i % 2 == 0)
            image = (image & ~(UINT64_C(0x7FF) << 52)) | (hx_rng_below(&r, 160) + 943) << 52;
        double v = 0;
        memcpy(&v, &image, sizeof v);
        if (!isfinite(v)) continue;
        char out[HX_DOUBLE_TEXT_MAX + 1], shorter[64];
        const size_t n = hx_double_put(v, out);
        out[n] = '\0';
        assert_true(strtod(out, NULL) == v);
        size_t digits = 0;
        for (const char *p = out; *p != '\0' && *p != 'e'; p++)
            digits += *p >= '0' && *p <= '9' && (digits > 0 || *p != '0');
        if (digits > 1 && digits <= 17 && fabs(v) < 1) {
            (void)snprintf(shorter, sizeof shorter, "%.*g", (int)digits - 1, v);
            assert_true(strtod(shorter, NULL) != v);
        }
    }
}

static void test_decimals_read_as_the_library_does(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, 11);
    size_t decided = 0, n = 200000;
    for (size_t i = 0; i < n; i++) {
        const uint64_t mantissa = hx_rng_next(&r) >> hx_rng_below(&r, 60);
        const int exponent = (int)hx_rng_below(&r, 60) - 40;
        char text[64];
        (void)snprintf(text, sizeof text, "%llue%d", (unsigned long long)mantissa, exponent);
        double got = 0;
        const double want = strtod(text, NULL);
        if (hx_decimal_to_double(mantissa, exponent, &got)) {
            decided++;
            assert_true(got == want);
        }
        assert_true(hx_double_of(hx_str_of(text)) == want);
    }
    assert_true(decided > n * 9 / 10);
}

/* Halves between two doubles, and what lies one digit beside them. */
static void test_ties_are_not_guessed(void **state) {
    (void)state;
    double got = 0;
    if (hx_decimal_to_double(9007199254740993, 0, &got)) assert_true(got == 9007199254740992.0);
    assert_true(hx_double_of(HX_STR_LIT("9007199254740993")) == 9007199254740992.0);
    assert_true(hx_double_of(HX_STR_LIT("9007199254740993.0000000000000000000000001")) ==
                9007199254740994.0);
    assert_false(hx_decimal_to_double(1, 400, &got));
    assert_false(hx_decimal_to_double(1, -320, &got));
    assert_true(hx_decimal_to_double(0, 300, &got) && got == 0);
}

static void test_texts_that_are_no_numbers(void **state) {
    (void)state;
    assert_true(isnan(hx_double_of(HX_STR_LIT(""))));
    assert_true(isnan(hx_double_of(HX_STR_LIT("1x"))));
    assert_true(isnan(hx_double_of(HX_STR_LIT("0x10"))));
    assert_true(isnan(hx_double_of(HX_STR_LIT("1.2.3"))));
    assert_true(isinf(hx_double_of(HX_STR_LIT("1e999"))));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_texts),
        cmocka_unit_test(test_texts_are_shortest),
        cmocka_unit_test(test_decimals_read_as_the_library_does),
        cmocka_unit_test(test_ties_are_not_guessed),
        cmocka_unit_test(test_texts_that_are_no_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
