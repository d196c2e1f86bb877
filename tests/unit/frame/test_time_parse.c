/* test_time_parse.c - every way of writing a time that the header promises, and the sentences for those it refuses. */
#include "unit/frame/frame_test.h"

#include "base/civil.h"
#include "base/rng.h"
#include "frame/time_parse.h"

typedef struct {
    const char *text;
    hx_date_order order;
    bool excel;
    const char *iso;
} good_case;

static const good_case good[] = {
    {"2026-03-05T14:20:11Z", 0, false, "2026-03-05T14:20:11Z"},
    {"2026-03-05T14:20:11.250Z", 0, false, "2026-03-05T14:20:11.250Z"},
    {"2026-03-05 14:20:11", 0, false, "2026-03-05T14:20:11Z"},
    {"2026-03-05 14:20", 0, false, "2026-03-05T14:20:00Z"},
    {"2026-03-05T14:20:11+08:00", 0, false, "2026-03-05T06:20:11Z"},
    {"2026-03-05T14:20:11+0800", 0, false, "2026-03-05T06:20:11Z"},
    {"2026-03-05 14:20:11 -05:30", 0, false, "2026-03-05T19:50:11Z"},
    {"2026-03-05", 0, false, "2026-03-05T00:00:00Z"},
    {"2026-3-5", 0, false, "2026-03-05T00:00:00Z"},
    {"2026/3/5", 0, false, "2026-03-05T00:00:00Z"},
    {"2026/3/5 9:05", 0, false, "2026-03-05T09:05:00Z"},
    {"2026.3.5", 0, false, "2026-03-05T00:00:00Z"},
    {"20260305", 0, false, "2026-03-05T00:00:00Z"},
    {"202603051420", 0, false, "2026-03-05T14:20:00Z"},
    {"20260305142011", 0, false, "2026-03-05T14:20:11Z"},
    {"2026年3月5日", 0, false, "2026-03-05T00:00:00Z"},
    {"2026年3月5日 14:20", 0, false, "2026-03-05T14:20:00Z"},
    {"2026年03月05日14时20分11秒", 0, false, "2026-03-05T14:20:11Z"},
    {"2026年3月5日下午2点20分", 0, false, "2026-03-05T14:20:00Z"},
    {"2026年3月5日 下午2点半", 0, false, "2026-03-05T14:30:00Z"},
    {"2026年3月5号 上午12:05", 0, false, "2026-03-05T00:05:00Z"},
    {"2026年3月", 0, false, "2026-03-01T00:00:00Z"},
    {"2026-03", 0, false, "2026-03-01T00:00:00Z"},
    {"２０２６年３月５日　１４：２０", 0, false, "2026-03-05T14:20:00Z"},
    {"26年3月5日", 0, false, "2026-03-05T00:00:00Z"},
    {"5/3/26", HX_DATE_ORDER_DMY, false, "2026-03-05T00:00:00Z"},
    {"5/3/26", HX_DATE_ORDER_MDY, false, "2026-05-03T00:00:00Z"},
    {"5/3/26", HX_DATE_ORDER_AUTO, false, "2026-03-05T00:00:00Z"},
    {"5/3/26", HX_DATE_ORDER_YMD, false, "2005-03-26T00:00:00Z"},
    {"05.03.2026 14:20", HX_DATE_ORDER_DMY, false, "2026-03-05T14:20:00Z"},
    {"3/15/2026 2:20 PM", HX_DATE_ORDER_MDY, false, "2026-03-15T14:20:00Z"},
    {"3/15/2026 12:20:01 am", HX_DATE_ORDER_MDY, false, "2026-03-15T00:20:01Z"},
    {"5-Mar-2026", 0, false, "2026-03-05T00:00:00Z"},
    {"05 March 2026", 0, false, "2026-03-05T00:00:00Z"},
    {"Mar 5, 2026", 0, false, "2026-03-05T00:00:00Z"},
    {"March 5th, 2026 2:20 pm", 0, false, "2026-03-05T14:20:00Z"},
    {"Thu, 05 Mar 2026 14:20:11 +0800", 0, false, "2026-03-05T06:20:11Z"},
    {"Thu Mar 05 14:20:11 +0800 2026", 0, false, "2026-03-05T06:20:11Z"},
    {"2026-03-05 14:20:11 UTC", 0, false, "2026-03-05T14:20:11Z"},
    {"1-Jan-70", 0, false, "1970-01-01T00:00:00Z"},
    {"1472688000", 0, false, "2016-09-01T00:00:00Z"},
    {"1472688000.5", 0, false, "2016-09-01T00:00:00.500Z"},
    {"1472688000123", 0, false, "2016-09-01T00:00:00.123Z"},
    {"1472688000123456", 0, false, "2016-09-01T00:00:00.123Z"},
    {"46086", 0, true, "2026-03-05T00:00:00Z"},
    {"46086.5", 0, true, "2026-03-05T12:00:00Z"},
    {"59", 0, true, "1900-02-28T00:00:00Z"},
    {"61", 0, true, "1900-03-01T00:00:00Z"},
    {"2026-03-05 24:00", 0, false, "2026-03-06T00:00:00Z"},
    {"  2026-03-05 14:20  ", 0, false, "2026-03-05T14:20:00Z"},
    {"1900-01-01", 0, false, "1900-01-01T00:00:00Z"},
    {"2199-12-31 23:59:59", 0, false, "2199-12-31T23:59:59Z"},
    {"2024-02-29", 0, false, "2024-02-29T00:00:00Z"},
};

static void test_good(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char iso[HX_ISO_MAX];
        int64_t ms = 0;
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        if (hx_parse_time(hx_str_of(good[i].text), good[i].order, good[i].excel, NULL, &ms, &err) !=
            HX_OK)
            fail_msg("%s: %s", good[i].text, err.message);
        assert_string_equal(hx_iso_from_ms(ms, iso), good[i].iso);
    }
}

static const struct {
    const char *text;
    hx_date_order order;
    const char *sentence;
} refused[] = {
    {"13月5日", 0, "'13月5日' is not a date"},
    {"", 0, "'' is not a date"},
    {"yesterday", 0, "'yesterday' is not a date"},
    {"2026-02-30", 0, "'2026-02-30' is not a date"},
    {"2023-02-29", 0, "'2023-02-29' is not a date"},
    {"2026-13-05", 0, "'2026-13-05' is not a date"},
    {"2026-03-05 25:00", 0, "'2026-03-05 25:00' is not a date"},
    {"2026-03-05 14:61", 0, "'2026-03-05 14:61' is not a date"},
    {"2026-03-05x", 0, "'2026-03-05x' is not a date"},
    {"2026-03-05 14:20 14:21", 0, "'2026-03-05 14:20 14:21' is not a date"},
    {"14:20", 0, "'14:20' is not a date"},
    {"5", 0, "'5' is not a date"},
    {"12345", 0, "'12345' is not a date"},
    {"1/2", 0, "'1/2' is not a date"},
    {"46086", 0, "'46086' is not a date"},
    {"0001-01-01", 0, "'0001-01-01' lies outside the years 1900 to 2199"},
    {"9999-12-31", 0, "'9999-12-31' lies outside the years 1900 to 2199"},
    {"1899-12-31", 0, "'1899-12-31' lies outside the years 1900 to 2199"},
    {"2200-01-01", 0, "'2200-01-01' lies outside the years 1900 to 2199"},
    {"9999999999", 0, "'9999999999' lies outside the years 1900 to 2199"},
    {"3/15/26", HX_DATE_ORDER_DMY,
     "'3/15/26' is not a date in the order day/month/year (see --date-order)"},
    {"15/3/26", HX_DATE_ORDER_MDY,
     "'15/3/26' is not a date in the order month/day/year (see --date-order)"},
    {"\xFF\xFE", 0, "'\\xFF\\xFE' is not a date"},
};

static void test_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int64_t ms = 77;
        hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
        if (hx_parse_time(hx_str_of(refused[i].text), refused[i].order, false, NULL, &ms, &err) !=
            HX_EFORMAT)
            fail_msg("'%s' was taken", refused[i].text);
        assert_string_equal(err.message, refused[i].sentence);
        assert_int_equal(ms, 77);
    }
}

static void test_zone(void **state) {
    (void)state;
    hx_time_zone *z = NULL;
    char iso[HX_ISO_MAX];
    int64_t ms = 0;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_time_zone_open(&z, "+08:00", &err), HX_OK);
    const char *bare[] = {"2026-03-05 14:20", "2026年3月5日14:20", "20260305142000",
                          "5 Mar 2026 14:20"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(hx_parse_time(hx_str_of(bare[i]), 0, false, z, &ms, &err), HX_OK);
        assert_string_equal(hx_iso_from_ms(ms, iso), "2026-03-05T06:20:00Z");
    }
    /* What names its zone, or counts from 1970, is left alone. */
    assert_int_equal(hx_parse_time(hx_str_of("2026-03-05T14:20:00Z"), 0, false, z, &ms, &err),
                     HX_OK);
    assert_string_equal(hx_iso_from_ms(ms, iso), "2026-03-05T14:20:00Z");
    assert_int_equal(hx_parse_time(hx_str_of("1472688000"), 0, false, z, &ms, &err), HX_OK);
    assert_int_equal(ms, 1472688000000);
    hx_time_zone_close(z);
    z = NULL;
    assert_int_not_equal(hx_time_zone_open(&z, "Mars/Olympus", &err), HX_OK);
    assert_null(z);
}

static void test_clock_and_order(void **state) {
    (void)state;
    assert_true(hx_time_is_clock(hx_str_of("14:20")));
    assert_true(hx_time_is_clock(hx_str_of("下午2:20:11")));
    assert_false(hx_time_is_clock(hx_str_of("2026-03-05 14:20")));
    assert_false(hx_time_is_clock(hx_str_of("25:00")));
    assert_false(hx_time_is_clock(hx_str_of("1420")));
    bool three = false;
    assert_int_equal(hx_time_order_of(hx_str_of("13/3/26"), &three), HX_DATE_ORDER_DMY);
    assert_true(three);
    assert_int_equal(hx_time_order_of(hx_str_of("3/13/26"), &three), HX_DATE_ORDER_MDY);
    assert_int_equal(hx_time_order_of(hx_str_of("2026/3/13"), &three), HX_DATE_ORDER_YMD);
    assert_int_equal(hx_time_order_of(hx_str_of("99/3/13"), &three), HX_DATE_ORDER_YMD);
    assert_int_equal(hx_time_order_of(hx_str_of("5/3/26"), &three), HX_DATE_ORDER_AUTO);
    assert_true(three);
    (void)hx_time_order_of(hx_str_of("5 March"), &three);
    assert_false(three);
}

/* Whatever is written in a known form is read back to the same instant. */
static void test_round_trip(void **state) {
    (void)state;
    hx_rng rng;
    hx_rng_seed(&rng, 20261121);
    const int64_t low = -2208988800000, span = 9467107200000; /* 1900-2199 */
    for (int i = 0; i < 20000; i++) {
        int64_t ms = low + (int64_t)(hx_rng_below(&rng, (uint64_t)span / 1000) * 1000), got = 0;
        hx_civil c = hx_civil_from_ms(ms);
        char text[5][64];
        snprintf(text[0], 64, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                 c.minute, c.second);
        snprintf(text[1], 64, "%d年%d月%d日%d时%d分%d秒", c.year, c.month, c.day, c.hour, c.minute,
                 c.second);
        snprintf(text[2], 64, "%d/%d/%d %d:%02d:%02d", c.day, c.month, c.year, c.hour, c.minute,
                 c.second);
        snprintf(text[3], 64, "%04d%02d%02d%02d%02d%02d", c.year, c.month, c.day, c.hour, c.minute,
                 c.second);
        snprintf(text[4], 64, "%d/%d/%d %d:%02d:%02d %s", c.month, c.day, c.year,
                 c.hour % 12 ? c.hour % 12 : 12, c.minute, c.second, c.hour < 12 ? "AM" : "PM");
        for (int k = 0; k < 5; k++) {
            hx_date_order order = k == 4 ? HX_DATE_ORDER_MDY : HX_DATE_ORDER_DMY;
            if (hx_time_try(hx_str_of(text[k]), order, false, NULL, &got) != HX_TIME_OK ||
                got != ms)
                fail_msg("%s gives %lld, not %lld", text[k], (long long)got, (long long)ms);
        }
    }
}

/* No bytes make it read beyond its input (checked under the sanitizers) or give a time outside its years. */
static void test_noise(void **state) {
    (void)state;
    static const char letters[] = "0123456789-/.:+ TZam年月日时上午,\xFF";
    hx_rng rng;
    hx_rng_seed(&rng, 5);
    for (int i = 0; i < 100000; i++) {
        size_t n = hx_rng_below(&rng, 24);
        char *s = malloc(n + 1);
        assert_non_null(s);
        for (size_t k = 0; k < n; k++)
            s[k] = letters[hx_rng_below(&rng, sizeof letters - 1)];
        int64_t ms = 0;
        hx_date_order order = (hx_date_order)hx_rng_below(&rng, 4);
        if (hx_time_try((hx_str){s, n}, order, hx_rng_below(&rng, 2), NULL, &ms) == HX_TIME_OK) {
            /* a zone may carry the year's last hours over */
            assert_in_range(hx_civil_from_ms(ms).year, 1899, 2200);
        }
        free(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_zone),       cmocka_unit_test(test_clock_and_order),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_noise)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
