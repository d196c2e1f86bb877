/* test_amount_parse.c - amounts as the header promises, exact, and what is refused. */
#include "unit/frame/frame_test.h"

#include "base/money.h"
#include "base/rng.h"

static const struct {
    const char *text;
    bool comma;
    int64_t e4;
    const char *currency;
} good[] = {
    {"￥1,299.00", false, 12990000, "CNY"},
    {"¥12", false, 120000, "CNY"},
    {"１２９９元", false, 12990000, "CNY"},
    {"1.2万", false, 120000000, ""},
    {"3亿", false, 3000000000000, ""},
    {"3亿5000万", false, 3500000000000, ""},
    {"1.5万元", false, 150000000, "CNY"},
    {"-45.5", false, -455000, ""},
    {"(45.5)", false, -455000, ""},
    {"45.5-", false, -455000, ""},
    {"$12", false, 120000, "USD"},
    {"-$12.50", false, -125000, "USD"},
    {"$-12.50", false, -125000, "USD"},
    {"12 USD", false, 120000, "USD"},
    {"EUR 3,50", true, 35000, "EUR"},
    {"3.000,50 €", true, 30005000, "EUR"},
    {"EUR3", false, 30000, "EUR"},
    {"HK$ 100", false, 1000000, "HKD"},
    {"NT$100", false, 1000000, "TWD"},
    {"US$5", false, 50000, "USD"},
    {"100 KRW", false, 1000000, "KRW"},
    {"2k", false, 20000000, ""},
    {"1,234,567.8912", false, 12345678912, ""},
    {"12,34,567", false, 12345670000, ""},
    {"0", false, 0, ""},
    {".5", false, 5000, ""},
    {"5.", false, 50000, ""},
    {"+7", false, 70000, ""},
    {"1.23456", false, 12346, ""},
    {"1.23455", false, 12346, ""},
    {"-1.23455", false, -12346, ""},
    {"0.00004", false, 0, ""},
    {"1.5E+3", false, 15000000, ""},
    {"2e-2", false, 200, ""},
    {" 1 299,00 ", true, 12990000, ""},
    {"1’299", false, 0, NULL},
    {"人民币 88 元整", false, 880000, "CNY"},
    {"88块", false, 880000, "CNY"},
    {"922337203685477.5807", false, INT64_MAX, ""},
    {"0000000000000000000000012", false, 120000, ""},
    {"−3", false, -30000, ""},
    {"1'299.5", false, 12995000, ""},
};

static void test_good(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t e4 = 1;
        char currency[4] = "???";
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        hx_status st = hx_parse_amount(hx_str_of(good[i].text), good[i].comma, &e4, currency, &err);
        if (!good[i].currency) {
            assert_int_equal(st, HX_EFORMAT);
            continue;
        }
        if (st != HX_OK) fail_msg("%s: %s", good[i].text, err.message);
        if (e4 != good[i].e4) fail_msg("%s: %lld", good[i].text, (long long)e4);
        assert_string_equal(currency, good[i].currency);
    }
}

static const char *const refused[] = {"",       "-",    "abc",   "3,50", "12,3456", "1.2.3",
                                      "1,,000", "--5",  "(5",    "5)",   "(-5)",    "5万万",
                                      "元",     "5 5x", "1e999", "12%",  ",5",      "1,000,5",
                                      "NaN",    "inf",  "\xFF",  "$",    "5-5"};

static void test_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int64_t e4 = 77;
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        if (hx_parse_amount(hx_str_of(refused[i]), false, &e4, NULL, &err) != HX_EFORMAT)
            fail_msg("'%s' was taken as %lld", refused[i], (long long)e4);
        assert_int_equal(e4, 77);
        assert_non_null(strstr(err.message, "is not an amount"));
    }
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    int64_t e4 = 0;
    assert_int_equal(hx_parse_amount(hx_str_of("922337203685477.5808"), false, &e4, NULL, &err),
                     HX_EFORMAT);
    assert_string_equal(err.message, "'922337203685477.5808' is too large an amount");
    err.ui = HX_UI_ZH;
    assert_int_equal(hx_parse_amount(hx_str_of("贵"), false, &e4, NULL, &err), HX_EFORMAT);
    assert_string_equal(err.message, "“贵”不是金额");
}

/* What money writes, amounts read. */
static void test_round_trip(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 9);
    for (int i = 0; i < 50000; i++) {
        int64_t want = (int64_t)(hx_rng_next(&rng) >> (1 + hx_rng_below(&rng, 62))), got = 0;
        char text[HX_MONEY_TEXT_MAX];
        if (hx_rng_below(&rng, 2)) want = -want;
        assert_int_equal(
            hx_parse_amount(hx_str_of(hx_money_text(want, text)), false, &got, NULL, NULL), HX_OK);
        assert_int_equal(got, want);
    }
}

static void test_noise(void **state) {
    (void)state;
    static const char letters[] = "0123456789.,-+()$￥万亿元 EUReK'\xFF";
    hx_rng rng;
    hx_rng_seed(&rng, 6);
    size_t taken = 0;
    for (int i = 0; i < 200000; i++) {
        size_t n = hx_rng_below(&rng, 12);
        char *s = malloc(n + 1);
        assert_non_null(s);
        for (size_t k = 0; k < n; k++)
            s[k] = letters[hx_rng_below(&rng, sizeof letters - 1)];
        int64_t e4 = 0;
        char currency[4];
        taken +=
            hx_parse_amount((hx_str){s, n}, hx_rng_below(&rng, 2), &e4, currency, NULL) == HX_OK;
        free(s);
    }
    assert_in_range(taken, 1000, 199000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_noise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
