/* test_civil.c - the calendar against the C library's gmtime_r(), zones against its localtime_r(). */
#include "unit/base/base_test.h"

#include "base/civil.h"
#include "base/rng.h"
#include "base/zone_rule.h"

#include <time.h>

static int64_t ms_of(int year, int month, int day, int hour, int minute) {
    hx_civil c = {year, month, day, hour, minute, 0, 0};
    assert_true(hx_civil_is_valid(&c));
    return hx_civil_to_ms(&c);
}

static void agrees_with_the_c_library_on_every_day(void **state) {
    (void)state;
    int64_t first = hx_days_from_civil(1, 1, 1), last = hx_days_from_civil(9999, 12, 31);
    assert_int_equal(first, -719162);
    assert_int_equal(last, 2932896);
    for (int64_t day = first; day <= last; day += 3) {
        time_t t = day * 86400 + 86399;
        struct tm tm;
        gmtime_r(&t, &tm);
        hx_civil c = hx_civil_from_ms(t * 1000 + 999);
        if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 || c.day != tm.tm_mday ||
            c.hour != 23 || c.minute != 59 || c.second != 59 || c.ms != 999 ||
            hx_weekday(t * 1000) != (tm.tm_wday + 6) % 7 || !hx_civil_is_valid(&c) ||
            hx_civil_to_ms(&c) != t * 1000 + 999)
            fail_msg("day %lld", (long long)day);
    }
}

static void knows_what_is_no_date(void **state) {
    (void)state;
    static const hx_civil bad[] = {
        {0, 1, 1, 0, 0, 0, 0},     {10000, 1, 1, 0, 0, 0, 0}, {2026, 0, 1, 0, 0, 0, 0},
        {2026, 13, 1, 0, 0, 0, 0}, {2026, 2, 29, 0, 0, 0, 0}, {1900, 2, 29, 0, 0, 0, 0},
        {2026, 4, 31, 0, 0, 0, 0}, {2026, 1, 0, 0, 0, 0, 0},  {2026, 1, 1, 24, 0, 0, 0},
        {2026, 1, 1, 0, 60, 0, 0}, {2026, 1, 1, 0, 0, 60, 0}, {2026, 1, 1, 0, 0, 0, 1000},
        {2026, 1, 1, -1, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(hx_civil_is_valid(&bad[i]));
    hx_civil leap = {2000, 2, 29, 23, 59, 59, 999};
    assert_true(hx_civil_is_valid(&leap));
}

static void is_total_over_all_instants(void **state) {
    (void)state;
    const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        char text[HX_ISO_MAX];
        hx_civil c = hx_civil_from_ms(edges[i]);
        assert_in_range(c.month, 1, 12);
        assert_in_range(c.day, 1, 31);
        assert_in_range(c.hour, 0, 23);
        assert_in_range(c.ms, 0, 999);
        assert_true(strlen(hx_iso_from_ms(edges[i], text)) < HX_ISO_MAX);
    }
    assert_int_equal(hx_weekday(0), 3);
    assert_int_equal(hx_weekday(-1), 2);
    assert_int_equal(hx_floor_div(-1, 1000), -1);
    assert_int_equal(hx_floor_div(-1000, 1000), -1);
    assert_int_equal(hx_floor_div(999, 1000), 0);
}

static void writes_iso(void **state) {
    (void)state;
    char text[HX_ISO_MAX];
    assert_string_equal(hx_iso_from_ms(0, text), "1970-01-01T00:00:00Z");
    assert_string_equal(hx_iso_from_ms(-1, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(hx_iso_from_ms(ms_of(2026, 11, 22, 1, 50) + 11000, text),
                        "2026-11-22T01:50:11Z");
    assert_string_equal(hx_iso_from_ms(ms_of(1, 1, 1, 0, 0) + 7, text), "0001-01-01T00:00:00.007Z");
    assert_string_equal(hx_iso_from_ms(ms_of(9999, 12, 31, 23, 59), text), "9999-12-31T23:59:00Z");
    assert_string_equal(hx_iso_from_ms(INT64_MIN, text), "-292275055-05-16T16:47:04.192Z");
}

static void reads_fixed_offsets(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int minutes;
    } cases[] = {{"UTC", 0},    {"Z", 0},       {"+08:00", 480}, {"-0530", -330},
                 {"+00:00", 0}, {"+0845", 525}, {"+14", 840},    {"-12:00", -720}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hx_zone z;
        assert_int_equal(hx_zone_init(&z, cases[i].name, NULL), HX_OK);
        assert_string_equal(z.name, cases[i].name);
        int64_t shift = cases[i].minutes * 60000LL;
        assert_int_equal(hx_zone_to_local_ms(&z, 1234), 1234 + shift);
        assert_int_equal(hx_zone_to_utc_ms(&z, 1234), 1234 - shift);
        hx_zone_release(&z);
    }
}

static void refuses_unknown_zones(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "+8",
        "+08:60",
        "+16:00",
        "+8:00",
        "08:00",
        "Asia",
        "Asia/",
        "/etc/passwd",
        "../../etc/shadow",
        "Asia//Tokyo",
        "Asia/../UTC",
        "Mars/Phobos",
        "tzdata.zi",
        "zone.tab",
        "+08:00 ",
        "Asia/Sh\xFF",
        "right/UTC",
        "a-name-that-is-much-longer-than-any-zone-name-could-ever-be-in-the-database"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        hx_zone z;
        hx_error err = {0};
        if (hx_zone_init(&z, bad[i], &err) != HX_EINVAL) fail_msg("'%s' was taken", bad[i]);
        assert_int_equal(err.code, HX_EINVAL);
        assert_null(z.at);
        assert_non_null(strstr(err.message, "such as Asia/Shanghai"));
    }
    hx_zone z;
    hx_error err = {.ui = HX_UI_ZH};
    assert_int_equal(hx_zone_init(&z, "Mars/Phobos", &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "不认识时区“Mars/Phobos”"));
}

static const char *const zones[] = {"Asia/Shanghai",     "America/New_York",  "Europe/Berlin",
                                    "Australia/Sydney",  "America/Sao_Paulo", "Asia/Kathmandu",
                                    "Pacific/Apia",      "Europe/Dublin",     "Australia/Lord_Howe",
                                    "Africa/Casablanca", "America/St_Johns",  "Asia/Tokyo"};
#define N_ZONES (sizeof zones / sizeof zones[0])

static int64_t libc_local_ms(int64_t utc_ms) {
    time_t t = (time_t)hx_floor_div(utc_ms, 1000);
    struct tm tm;
    localtime_r(&t, &tm);
    return utc_ms + tm.tm_gmtoff * 1000;
}

/* 1950-2100: past the last stored transition the footer's rule speaks. */
static void agrees_with_the_c_library_on_local_time(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    int64_t from = ms_of(1950, 1, 1, 0, 0), to = ms_of(2100, 1, 1, 0, 0);
    for (size_t i = 0; i < N_ZONES; i++) {
        hx_zone z;
        assert_int_equal(hx_zone_init(&z, zones[i], NULL), HX_OK);
        setenv("TZ", zones[i], 1);
        tzset();
        for (int k = 0; k < 3000; k++) {
            int64_t utc = from + (int64_t)hx_rng_below(&r, (uint64_t)(to - from));
            if (hx_zone_to_local_ms(&z, utc) != libc_local_ms(utc))
                fail_msg("%s at %lld", zones[i], (long long)utc);
        }
        for (size_t k = 0; k < z.n; k++) {
            int64_t edge = z.at[k] * 1000;
            if (edge < from || edge > to) continue;
            assert_int_equal(hx_zone_to_local_ms(&z, edge), libc_local_ms(edge));
            assert_int_equal(hx_zone_to_local_ms(&z, edge - 1), libc_local_ms(edge - 1));
        }
        hx_zone_release(&z);
    }
    unsetenv("TZ");
    tzset();
}

/* By the definition: the least instant that shows this local time; where none does, the offset of a day before. */
static int64_t utc_by_search(const hx_zone *z, int64_t local) {
    int64_t best = INT64_MAX;
    for (size_t k = 0; k <= z->n; k++) {
        int64_t utc = local - (k ? z->offset[k - 1] : z->fixed) * 1000LL;
        if (utc < best && hx_zone_to_local_ms(z, utc) == local) best = utc;
    }
    if (best != INT64_MAX) return best;
    int64_t before = local - HX_DAY_MS - z->fixed * 1000LL;
    return local - (hx_zone_to_local_ms(z, before) - before);
}

static void turns_local_time_into_the_first_instant(void **state) {
    (void)state;
    for (size_t i = 0; i < N_ZONES; i++) {
        hx_zone z;
        assert_int_equal(hx_zone_init(&z, zones[i], NULL), HX_OK);
        for (size_t k = 0; k < z.n; k++) {
            if (z.at[k] < 0 || z.at[k] > 4102444800) continue;
            for (int64_t minutes = -200; minutes <= 200; minutes += 10) {
                int64_t local = (z.at[k] + z.offset[k] + minutes * 60) * 1000 + 5;
                int64_t want = utc_by_search(&z, local), got = hx_zone_to_utc_ms(&z, local);
                /* Apia left out a whole day: a day before its gap is not a day before any more. */
                if (got != want && strcmp(zones[i], "Pacific/Apia") != 0)
                    fail_msg("%s, transition %zu %+lld min", zones[i], k, (long long)minutes);
            }
        }
        hx_zone_release(&z);
    }
}

static void assert_utc(const hx_zone *z, int64_t local, const char *want) {
    char text[HX_ISO_MAX];
    assert_string_equal(hx_iso_from_ms(hx_zone_to_utc_ms(z, local), text), want);
}

static void knows_folds_and_gaps_by_name(void **state) {
    (void)state;
    hx_zone ny, sh;
    assert_int_equal(hx_zone_init(&ny, "America/New_York", NULL), HX_OK);
    assert_int_equal(hx_zone_init(&sh, "Asia/Shanghai", NULL), HX_OK);
    assert_utc(&ny, ms_of(2026, 11, 1, 1, 30),
               "2026-11-01T05:30:00Z"); /* twice that night: the first */
    assert_utc(&ny, ms_of(2026, 3, 8, 2, 30),
               "2026-03-08T07:30:00Z"); /* not that night: 03:30 EDT */
    assert_utc(&ny, ms_of(2150, 7, 1, 12, 0), "2150-07-01T16:00:00Z");
    assert_utc(&sh, ms_of(2026, 11, 22, 9, 50), "2026-11-22T01:50:00Z");
    assert_utc(&sh, ms_of(1988, 7, 1, 9, 0),
               "1988-07-01T00:00:00Z"); /* China had summer time then */
    hx_zone_release(&ny);
    hx_zone_release(&sh);
    hx_zone_release(&sh);
}

static void assert_changes(const char *footer, int year, bool north, const char *first,
                           const char *second) {
    hx_zone_rule rule;
    hx_zone_change out[2];
    char text[HX_ISO_MAX];
    assert_true(hx_zone_rule_parse(hx_str_of(footer), &rule));
    hx_zone_rule_year(&rule, year, out);
    assert_string_equal(hx_iso_from_ms(out[0].at * 1000, text), first);
    assert_string_equal(hx_iso_from_ms(out[1].at * 1000, text), second);
    assert_int_equal(out[0].offset, north ? rule.daylight : rule.standard);
    assert_int_equal(out[1].offset, north ? rule.standard : rule.daylight);
}

static void reads_all_forms_of_rules(void **state) {
    (void)state;
    assert_changes("\nCET-1CEST,M3.5.0,M10.5.0/3\n", 2026, true, "2026-03-29T01:00:00Z",
                   "2026-10-25T01:00:00Z");
    assert_changes("\n<-02>2<-01>,M3.5.0/-1,M10.5.0/0\n", 2026, true, "2026-03-29T01:00:00Z",
                   "2026-10-25T01:00:00Z");
    /* J60 is 1 March in every year; day 59 counted from 0 is 29 February in a leap year */
    assert_changes("\nXST+0:30:15XDT0,J60/0,J365/24\n", 2024, true, "2024-03-01T00:30:15Z",
                   "2025-01-01T00:00:00Z");
    assert_changes("\nXST0XDT-2,J60/0,J59/0\n", 2023, false, "2023-02-27T22:00:00Z",
                   "2023-03-01T00:00:00Z");
    assert_changes("\nXST0XDT,59/0,300/0\n", 2024, true, "2024-02-29T00:00:00Z",
                   "2024-10-26T23:00:00Z");
    assert_changes("\nXST0XDT,59/0,300/0\n", 2023, true, "2023-03-01T00:00:00Z",
                   "2023-10-27T23:00:00Z");
    assert_changes("\nAEST-10AEDT,M10.1.0,M4.1.0/3\n", 2026, false, "2026-04-04T16:00:00Z",
                   "2026-10-03T16:00:00Z");
    assert_changes("\nXST0XDT,M6.1.6/0,M12.5.6/0\n", 2026, true, "2026-06-06T00:00:00Z",
                   "2026-12-25T23:00:00Z");
}

/* Without daylight saving there is nothing to unroll; what is malformed is left alone. */
static void leaves_other_rules_alone(void **state) {
    (void)state;
    static const char good[] = "\n<-02>2<-01>,M3.5.0/-1,M10.5.0/0\n";
    hx_zone_rule rule;
    for (size_t len = 0; len < sizeof good - 1; len++) {
        hx_str part = test_exact(good, len);
        assert_false(hx_zone_rule_parse(part, &rule));
        free((void *)(uintptr_t)part.ptr);
    }
    static const char *const bad[] = {"\nCST-8\n",
                                      "\n\n",
                                      "\nA1B,M3.1.0,M4.1.0\n",
                                      "\nXST0XDT,M13.1.0,M4.1.0\n",
                                      "\nXST0XDT,M3.6.0,M4.1.0\n",
                                      "\nXST0XDT,M3.1.7,M4.1.0\n",
                                      "\nXST0XDT,J0,J5\n",
                                      "\nXST0XDT,1,366\n",
                                      "\nXST168XDT,1,2\n",
                                      "\nXST0XDT,1/0:60,2\n",
                                      "\nXST0XDT,1,2,3\n",
                                      "\n<XST0XDT,1,2\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(hx_zone_rule_parse(hx_str_of(bad[i]), &rule));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library_on_every_day),
        cmocka_unit_test(knows_what_is_no_date),
        cmocka_unit_test(is_total_over_all_instants),
        cmocka_unit_test(writes_iso),
        cmocka_unit_test(reads_fixed_offsets),
        cmocka_unit_test(refuses_unknown_zones),
        cmocka_unit_test(agrees_with_the_c_library_on_local_time),
        cmocka_unit_test(turns_local_time_into_the_first_instant),
        cmocka_unit_test(knows_folds_and_gaps_by_name),
        cmocka_unit_test(reads_all_forms_of_rules),
        cmocka_unit_test(leaves_other_rules_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
