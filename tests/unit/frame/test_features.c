/* test_features.c - features against pandas: parts of times, windows, sessions, joins by time; holidays by their calendars; leaks are found. */
#include "step_test.h"

#include "base/civil.h"
#include "base/error.h"
#include "frame/features.h"

#define GOLDEN "../frame/features.txt"
#define N 200

static void step_add_times(hx_table *t, const char *name, const double *v) {
    assert_int_equal(hx_table_put_numbers(t, hx_str_of(name), HX_KIND_TIME, v, -1, NULL), HX_OK);
}

static hx_table *empty(size_t n) {
    hx_table *t = NULL;
    assert_int_equal(hx_table_new(&t, n, NULL), HX_OK);
    return t;
}

/* Columns of these names (blank between) are the golden array, row-major. */
static void assert_columns(golden *g, const char *array, const hx_table *t, const char *names,
                           double tolerance) {
    size_t n = 0, d = 1, j = 0;
    const double *want = golden_array(g, array, &n);
    for (const char *p = names; *p != '\0'; p++)
        d += *p == ' ';
    assert_int_equal(n, hx_table_rows(t) * d);
    for (const char *p = names; *p != '\0'; j++) {
        const size_t len = strcspn(p, " "), column = hx_table_find(t, (hx_str){p, len});
        if (column == HX_COLUMN_NONE) fail_msg("no column %.*s", (int)len, p);
        for (size_t i = 0; i < n / d; i++) {
            double v = 0;
            const double w = want[i * d + j];
            hx_table_numbers(t, column, i, 1, &v);
            if (v != v && w != w) continue;
            if (!(fabs(v - w) <= tolerance * fmax(1, fabs(w))))
                fail_msg("%s, row %zu, %.*s: %.17g, not %.17g", array, i, (int)len, p, v, w);
        }
        p += len + (p[len] == ' ');
    }
}

/* ------------------------------------------------------------------ time */
static void check_parts(const char *zone, const char *array) {
    golden g;
    size_t n = 0;
    char steps[300];
    golden_open(&g, GOLDEN);
    hx_table *t = empty(N);
    step_add_times(t, "t", golden_array(&g, "times", &n));
    snprintf(steps, sizeof steps,
             "[{\"step\":\"time\",\"column\":\"t\",\"prefix\":\"p_\",\"timezone\":\"%s\",\"parts\":"
             "\"hour,minute,date,weekday,day,month,quarter,week,year,weekend,cyclic\"}]",
             zone);
    step_run_free(steps, t, NULL);
    assert_columns(
        &g, array, t,
        "p_hour p_minute p_date p_weekday p_day p_month p_quarter p_week p_year p_weekend "
        "p_hour_sin p_hour_cos p_weekday_sin p_weekday_cos p_month_sin p_month_cos",
        1e-12);
    hx_table_free(t);
    golden_close(&g);
}

static void test_parts_as_pandas(void **state) {
    (void)state;
    check_parts("UTC", "parts_utc");
    check_parts("Asia/Shanghai", "parts_shanghai");
    check_parts("America/New_York", "parts_york");
}

static void test_parts_of_texts_and_missing(void **state) {
    (void)state;
    assert_step("[{\"step\":\"time\",\"column\":\"t\",\"parts\":\"hour,weekend,holiday_cn\"}]",
                "t,x\n2026-02-17 09:30,1\n27:61:00,2\n,3\n2026-02-21T23:00:00Z,4\n1999-01-01,5\n",
                "t,x,t_hour,t_weekend,t_holiday_cn\n2026-02-17 09:30,1,9,false,spring_festival\n"
                "27:61:00,2,,,\n,3,,,\n2026-02-21T23:00:00Z,4,23,true,none\n"
                "1999-01-01,5,0,false,\n");
    assert_step("[{\"step\":\"time\",\"column\":\"t\",\"parts\":[\"hour\",\"date\"],"
                "\"timezone\":\"+08:00\"}]",
                "t\n2026-02-17T20:30:00Z\n",
                "t,t_hour,t_date\n2026-02-17T20:30:00Z,4,2026-02-18\n");
    assert_step_fails("[{\"step\":\"time\",\"column\":\"t\",\"parts\":\"age\"}]", "t\n2026-01-01\n",
                      "a time has no part 'age'; there are: hour, minute, date, weekday, day, "
                      "month, quarter, week, year, weekend, holiday_cn, holiday_us, cyclic");
    assert_step_fails("[{\"step\":\"time\",\"column\":\"t\"}]", "t\n5.5\n",
                      "column 't' holds no times");
}

/* ------------------------------------------------------------------ holidays */
static void assert_cn(int year, int month, int day, const char *name) {
    assert_string_equal(hx_holiday_cn(hx_days_from_civil(year, month, day)), name);
}

static void assert_us(int year, int month, int day, const char *name) {
    assert_string_equal(hx_holiday_us(hx_days_from_civil(year, month, day)), name);
}

/* Dates as the State Council announced them. */
static void test_chinese_holidays(void **state) {
    (void)state;
    assert_cn(2025, 1, 28, "spring_festival"); /* the eve, a holiday again from 2025 on */
    assert_cn(2025, 1, 31, "spring_festival");
    assert_cn(2025, 2, 1, "none");
    assert_cn(2024, 2, 9, "none"); /* the eve, a working day by law */
    assert_cn(2024, 2, 12, "spring_festival");
    assert_cn(2013, 2, 9, "spring_festival");
    assert_cn(2013, 2, 12, "none");
    assert_cn(2024, 4, 4, "qingming");
    assert_cn(2023, 4, 5, "qingming");
    assert_cn(2007, 4, 5, "none");
    assert_cn(2024, 6, 10, "dragon_boat");
    assert_cn(2025, 10, 6, "mid_autumn");
    assert_cn(2020, 10, 1, "national_day"); /* Mid-Autumn too */
    assert_cn(2024, 5, 2, "none");
    assert_cn(2025, 5, 2, "labour_day");
    assert_cn(2006, 5, 3, "labour_day");
    assert_cn(2033, 1, 31, "spring_festival");
    assert_null(hx_holiday_cn(hx_days_from_civil(1999, 12, 31)));
    assert_null(hx_holiday_cn(hx_days_from_civil(2051, 1, 1)));
}

/* As many days as the law gives, less those that fall together. */
static void test_chinese_holidays_are_counted(void **state) {
    (void)state;
    for (int year = 2000; year <= 2050; year++) {
        int days = 0;
        for (int64_t d = hx_days_from_civil(year, 1, 1); d < hx_days_from_civil(year + 1, 1, 1);
             d++)
            days += strcmp(hx_holiday_cn(d), "none") != 0;
        const int law = year < 2008 ? 10 : year < 2025 ? 11 : 13;
        const char *moon = hx_holiday_cn(hx_days_from_civil(year, 10, 1));
        assert_string_equal(moon, "national_day");
        assert_true(days == law || (year >= 2008 && days == law - 1));
    }
}

static void test_western_holidays(void **state) {
    golden g;
    size_t n = 0;
    (void)state;
    golden_open(&g, GOLDEN);
    const double *want = golden_array(&g, "easter", &n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(hx_easter(1900 + (int)i), (int64_t)want[i]);
    golden_close(&g);
    assert_us(2026, 4, 5, "easter");
    assert_us(2026, 4, 3, "good_friday");
    assert_us(2026, 11, 26, "thanksgiving");
    assert_us(2026, 11, 27, "black_friday");
    assert_us(2024, 11, 29, "black_friday");
    assert_us(2019, 11, 29, "black_friday");
    assert_us(2026, 5, 25, "memorial_day");
    assert_us(2021, 5, 31, "memorial_day");
    assert_us(2026, 1, 19, "mlk_day");
    assert_us(2020, 6, 19, "none");
    assert_us(2021, 6, 19, "juneteenth");
    assert_us(2026, 9, 7, "labor_day");
    assert_us(2026, 11, 20, "none");
}

/* ------------------------------------------------------------------ windows, sessions */
static hx_table *events(golden *g, const char *when) {
    size_t n = 0;
    hx_table *t = empty(N);
    step_add_texts(t, "who", golden_array(g, "who", &n));
    step_add_times(t, "when", golden_array(g, when, &n));
    return t;
}

#define WINDOW                                                                                     \
    "[{\"step\":\"window\",\"by\":\"who\",\"time\":\"when\",\"columns\":\"amount\",\"mean\":true}" \
    "]"

static void test_windows_as_pandas(void **state) {
    golden g;
    size_t n = 0;
    (void)state;
    golden_open(&g, GOLDEN);
    hx_table *t = events(&g, "when");
    step_add(t, "amount", golden_array(&g, "amount", &n));
    step_run_free(WINDOW, t, NULL);
    assert_columns(&g, "windows", t,
                   "recency count_7d sum_amount_7d mean_amount_7d count_30d sum_amount_30d "
                   "mean_amount_30d count_90d sum_amount_90d mean_amount_90d",
                   1e-12);
    hx_table_free(t);
    golden_close(&g);
}

static void test_windows_at_their_edges(void **state) {
    (void)state;
    assert_step(
        "[{\"step\":\"window\",\"by\":\"who\",\"time\":\"t\",\"columns\":\"x\",\"days\":7}]",
        "who,t,x\na,2026-01-08,4\na,2026-01-01,1e17\nb,2026-01-02,inf\na,2026-01-08,2\n,"
        "2026-01-03,7\na,,9\na,2026-01-15,1\na,2026-01-16,0\nb,2026-01-03,1\n",
        "who,t,x,recency,count_7d,sum_x_7d\na,2026-01-08,4,7,1,1e+17\na,2026-01-01,1e+17,,0,0"
        "\nb,2026-01-02,inf,,0,0\na,2026-01-08,2,7,1,1e+17\n,2026-01-03,7,,,\na,,9,,,\n"
        "a,2026-01-15,1,7,2,6\na,2026-01-16,0,1,1,1\nb,2026-01-03,1,1,1,0\n");
    assert_step_fails("[{\"step\":\"window\",\"time\":\"t\"}]", "t\n2026-01-01\n",
                      "'by' is missing");
    assert_step_fails("[{\"step\":\"window\",\"by\":\"t\",\"time\":\"t\",\"days\":[0]}]",
                      "t\n2026-01-01\n", "'days' has to be numbers above 0, at most 36500");
}

static void test_sessions_as_pandas(void **state) {
    golden g;
    size_t n = 0;
    (void)state;
    golden_open(&g, GOLDEN);
    hx_table *t = events(&g, "seen");
    step_add_texts(t, "page", golden_array(&g, "page", &n));
    step_run_free("[{\"step\":\"session\",\"by\":\"who\",\"time\":\"when\",\"page\":\"page\"}]", t,
                  NULL);
    assert_columns(&g, "sessions", t,
                   "session session_index session_seconds session_length session_duration", 0);
    const double *before = golden_array(&g, "previous", &n);
    const size_t column = hx_table_find(t, HX_STR_LIT("previous_page"));
    for (size_t i = 0; i < N; i++) {
        char room[64], want[8] = "";
        if (before[i] == before[i]) snprintf(want, sizeof want, "g%d", (int)before[i]);
        assert_true(hx_str_equal(hx_table_cell(t, i, column, room), hx_str_of(want)));
    }
    hx_table_free(t);
    golden_close(&g);
}

#define VISITS                                                                                     \
    "u,t,p\na,2026-01-01T10:00:00Z,home\na,2026-01-01T10:30:00Z,cart\na,2026-01-01T11:00:01Z,"     \
    "home\n"                                                                                       \
    "b,2026-01-01T10:00:00Z,pay\na,2026-01-01T10:00:30Z,\n"

static void test_paths_of_sessions(void **state) {
    (void)state;
    assert_step("[{\"step\":\"session\",\"by\":\"u\",\"time\":\"t\",\"page\":\"p\"},"
                "{\"step\":\"keep\",\"columns\":\"session,session_length,session_path\"}]",
                VISITS,
                "session,session_length,session_path\n1,3,home > cart\n1,3,home > cart\n3,1,home\n"
                "2,1,pay\n1,3,home > cart\n");
    assert_step("[{\"step\":\"session\",\"by\":\"u\",\"time\":\"t\",\"page\":\"p\",\"so_far\":true,"
                "\"separator\":\"/\",\"gap\":\"1h\",\"most\":2},"
                "{\"step\":\"keep\",\"columns\":\"session_length,session_duration,session_path\"}]",
                VISITS,
                "session_length,session_duration,session_path\n1,0,home\n3,1800,cart\n"
                "4,3601,cart/home\n1,0,pay\n2,30,home\n");
    assert_step_fails("[{\"step\":\"session\",\"by\":\"u\",\"time\":\"t\",\"gap\":\"soon\"}]",
                      VISITS,
                      "'gap' has to be a duration such as 90s, 30m, 12h, 30d or 2w, not 'soon'");
}

static void test_no_rows(void **state) {
    (void)state;
    assert_step("[{\"step\":\"window\",\"by\":\"u\",\"time\":\"t\",\"days\":7},"
                "{\"step\":\"session\",\"by\":\"u\",\"time\":\"t\"},"
                "{\"step\":\"time\",\"column\":\"t\",\"parts\":\"hour\"}]",
                "u,t\n",
                "u,t,recency,count_7d,session,session_index,session_seconds,session_length,"
                "session_duration,t_hour\n");
}

/* ------------------------------------------------------------------ interactions */
static void test_interactions(void **state) {
    (void)state;
    assert_step("[{\"step\":\"interact\",\"columns\":\"a,b\",\"kinds\":\"product,ratio,difference,"
                "sum\",\"squares\":true}]",
                "a,b\n6,4\n1,0\n,3\n",
                "a,b,a_x_a,a_x_b,b_x_b,a_per_b,a_minus_b,a_plus_b\n6,4,36,24,16,1.5,2,10\n"
                "1,0,1,0,0,,1,1\n,3,,,9,,,\n");
    assert_step_fails("[{\"step\":\"interact\",\"columns\":\"a\"}]", "a\n1\n",
                      "'columns' has to name two columns at least");
    assert_step_fails("[{\"step\":\"interact\",\"columns\":\"a,b\",\"kinds\":\"log\"}]",
                      "a,b\n1,2\n",
                      "there is no interaction 'log'; there are: product, ratio, difference, sum");
}

/* ------------------------------------------------------------------ joins by time */
static test_file quotes_file(golden *g) {
    size_t n = 0;
    const double *who = golden_array(g, "quote_who", &n), *when = golden_array(g, "quote_when", &n);
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    assert_true(hx_buf_append_str(&b, HX_STR_LIT("who,when,price\n")));
    for (size_t i = 0; i < n; i++) {
        char iso[HX_ISO_MAX], line[128];
        hx_iso_from_ms((int64_t)when[i], iso);
        snprintf(line, sizeof line, "g%d,%s,%zu\n", (int)who[i], iso, i);
        assert_true(hx_buf_append_str(&b, hx_str_of(line)));
    }
    const test_file f = test_file_new("quotes.csv", hx_buf_str(&b));
    hx_buf_release(&b);
    return f;
}

static void check_join(const char *more, const char *array) {
    golden g;
    char steps[2000];
    golden_open(&g, GOLDEN);
    test_file f = quotes_file(&g);
    hx_table *t = events(&g, "when");
    snprintf(steps, sizeof steps,
             "[{\"step\":\"join\",\"file\":\"%s\",\"key\":\"who\",\"as_of\":\"when\"%s}]", f.path,
             more);
    step_run_free(steps, t, NULL);
    assert_columns(&g, array, t, "price", 0);
    assert_int_not_equal(hx_table_find(t, HX_STR_LIT("when_joined")), HX_COLUMN_NONE);
    hx_table_free(t);
    test_file_remove(&f);
    golden_close(&g);
}

static void test_joins_as_pandas(void **state) {
    (void)state;
    check_join("", "asof");
    check_join(",\"tolerance\":\"5d\"", "asof_5d");
    check_join(",\"strict\":true", "asof_strict");
}

static void test_joins_of_keys_and_kinds(void **state) {
    test_file f = test_file_new("r.csv", HX_STR_LIT("k,at,v,w\n1,2026-01-01,x,true\n"));
    char steps[2000];
    (void)state;
    snprintf(steps, sizeof steps,
             "[{\"step\":\"join\",\"file\":\"%s\",\"key\":\"k\",\"as_of\":\"t\",\"time\":\"at\"}]",
             f.path);
    assert_step(steps, "k,t,v\n1,2026-01-05,a\n2,2026-01-05,b\n1,2025-12-31,c\n",
                "k,t,v,at,v_joined,w\n1,2026-01-05,a,2026-01-01,x,true\n2,2026-01-05,b,,,\n"
                "1,2025-12-31,c,,,\n");
    hx_table *t = step_csv("k,t\na,2026-01-01\n");
    hx_recipe *r = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_recipe_open(&r, hx_str_of(steps), NULL, 0, &err), HX_OK);
    assert_int_equal(hx_recipe_fit(r, t, NULL, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "the key 'k' is not of one kind in both files: text here"));
    hx_recipe_free(r);
    hx_table_free(t);
    test_file_remove(&f);
}

/* ------------------------------------------------------------------ leaks */
static void assert_leaks(const char *steps, const char *want) {
    golden g;
    size_t n = 0, n_leaks = 0;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    hx_leak *leaks = NULL;
    char found[400] = "";
    size_t len = 0;
    golden_open(&g, GOLDEN);
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = events(&g, "seen");
    step_add(t, "amount", golden_array(&g, "amount", &n));
    if (hx_recipe_leaks(hx_str_of(steps), t, HX_STR_LIT("when"), NULL, arena, &leaks, &n_leaks,
                        &err) != HX_OK)
        fail_msg("%s", err.message);
    for (size_t i = 0; i < n_leaks; i++) {
        assert_true(leaks[i].changed > 0 && leaks[i].changed <= leaks[i].compared);
        len +=
            (size_t)snprintf(found + len, sizeof found - len, "%.*s ", HX_STR_ARG(leaks[i].column));
    }
    assert_string_equal(found, want);
    assert_int_equal(hx_table_columns(t), 3);
    hx_table_free(t);
    hx_arena_free(arena);
    golden_close(&g);
}

static void test_leaks(void **state) {
    golden g;
    char steps[2000];
    (void)state;
    assert_leaks(WINDOW, "");
    assert_leaks(
        "[{\"step\":\"session\",\"by\":\"who\",\"time\":\"when\",\"gap\":\"6h\",\"so_far\":true}]",
        "");
    assert_leaks("[{\"step\":\"session\",\"by\":\"who\",\"time\":\"when\",\"gap\":\"6h\"}]",
                 "session_length session_duration ");
    assert_leaks("[{\"step\":\"impute\",\"columns\":\"amount\",\"method\":\"mean\"}]", "amount ");
    golden_open(&g, GOLDEN);
    test_file f = quotes_file(&g);
    snprintf(steps, sizeof steps,
             "[{\"step\":\"join\",\"file\":\"%s\",\"key\":\"who\",\"as_of\":\"when\"}]", f.path);
    assert_leaks(steps, "");
    test_file_remove(&f);
    golden_close(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_as_pandas),
        cmocka_unit_test(test_parts_of_texts_and_missing),
        cmocka_unit_test(test_chinese_holidays),
        cmocka_unit_test(test_chinese_holidays_are_counted),
        cmocka_unit_test(test_western_holidays),
        cmocka_unit_test(test_windows_as_pandas),
        cmocka_unit_test(test_windows_at_their_edges),
        cmocka_unit_test(test_sessions_as_pandas),
        cmocka_unit_test(test_paths_of_sessions),
        cmocka_unit_test(test_no_rows),
        cmocka_unit_test(test_interactions),
        cmocka_unit_test(test_joins_as_pandas),
        cmocka_unit_test(test_joins_of_keys_and_kinds),
        cmocka_unit_test(test_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
