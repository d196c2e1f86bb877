/* test_group.c - grouping: the plan's grammar, exact numbers, sets against a naive reference however the rows are dealt out, and whole
 * files at several thread counts and chunk sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/rng.h"
#include "frame/group.h"

static const hx_column columns[] = {
    {.name = {"customer", 8}, .type = HX_TYPE_TEXT},
    {.name = {"city", 4}, .type = HX_TYPE_TEXT},
    {.name = {"quantity", 8}, .type = HX_TYPE_INTEGER},
    {.name = {"price", 5}, .type = HX_TYPE_AMOUNT},
    {.name = {"date", 4}, .type = HX_TYPE_TIME, .date_order = HX_DATE_ORDER_YMD},
    {.name = {"a,b\"c", 5}, .type = HX_TYPE_TEXT},
    {.name = {"金额", 6}, .type = HX_TYPE_NUMBER},
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void assert_str(hx_str s, const char *want) {
    if (s.len != strlen(want) || memcmp(s.ptr, want, s.len) != 0)
        fail_msg("'%.*s' is not '%s'", (int)s.len, s.ptr, want);
}

/* ------------------------------------------------------------------ plan */
static void test_plan(void **unused) {
    (void)unused;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {.code = HX_OK};
    hx_group_plan plan;
    assert_int_equal(
        hx_group_plan_parse(&plan, " city , \"a,b\"\"c\"",
                            "count, SUM( quantity * price ) ,max(date),distinct(city),mean(金额)",
                            columns, N_COLUMNS, arena, &err),
        HX_OK);
    assert_int_equal(plan.n_by, 2);
    assert_int_equal(plan.columns[0], 1);
    assert_int_equal(plan.columns[1], 5);
    assert_int_equal(plan.n_aggregates, 5);
    assert_int_equal(plan.aggregates[0].value, HX_GROUP_NO_COLUMN);
    assert_str(plan.aggregates[1].name, "SUM( quantity * price )");
    assert_int_equal(plan.columns[plan.aggregates[1].value], 2);
    assert_int_equal(plan.columns[plan.aggregates[1].factor], 3);
    assert_int_equal(plan.aggregates[2].order, HX_TYPE_TIME);
    assert_int_equal(plan.aggregates[3].value, 0); /* shares the key's column */
    assert_int_equal(plan.columns[plan.aggregates[4].value], 6);
    assert_int_equal(hx_group_plan_parse(&plan, "city", NULL, columns, N_COLUMNS, arena, &err),
                     HX_OK);
    assert_str(plan.aggregates[0].name, "count");
    hx_arena_free(arena);
}

static void test_plan_errors(void **unused) {
    (void)unused;
    static const struct {
        const char *by, *aggregates;
        hx_status code;
        const char *part; /* of the sentence */
    } cases[] = {
        {"town", "count", HX_ENOTFOUND,
         "there is no column 'town'; the columns are: customer, city, quantity, price"},
        {"city", "sum(prize)", HX_ENOTFOUND, "there is no column 'prize'"},
        {"city", "middle(price)", HX_EINVAL,
         "there is no aggregate 'middle'; there are count, distinct"},
        {"city", "sum", HX_EINVAL, "'sum' needs a column, as in sum(amount)"},
        {"city", "sum(price", HX_EINVAL, "expected )"},
        {"city", "max(price*quantity)", HX_EINVAL, "in sum and mean only"},
        {"city", "count price", HX_EINVAL, "there is no aggregate 'count price'"},
        {"city", "count(price) count", HX_EINVAL,
         "expected a comma between the aggregates, not 'count'"},
        {"city,", "count", HX_EINVAL, "a column to group by is missing"},
        {"", "count", HX_EINVAL, "a column to group by is missing"},
        {"\"city", "count", HX_EINVAL, "the quote before 'city' is never closed"},
        {"city(", "count", HX_EINVAL, "expected a comma between the columns, not '('"},
        {"city,city,city,city,city,city,city,city,city,city,city,city,city,city,city,city,city",
         "count", HX_ELIMIT, "at most 16 columns"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hx_arena *arena = hx_arena_new(0);
        hx_error err = {.code = HX_OK};
        hx_group_plan plan;
        const hx_status status = hx_group_plan_parse(&plan, cases[i].by, cases[i].aggregates,
                                                     columns, N_COLUMNS, arena, &err);
        assert_int_equal(status, cases[i].code);
        if (strstr(err.message, cases[i].part) == NULL)
            fail_msg("'%s' lacks '%s'", err.message, cases[i].part);
        hx_arena_free(arena);
    }
}

static void test_too_many_aggregates(void **unused) {
    (void)unused;
    char text[1024] = "count";
    for (int i = 0; i < HX_GROUP_AGGREGATES_MAX; i++)
        strncat(text, ",count", sizeof text - strlen(text) - 1);
    hx_arena *arena = hx_arena_new(0);
    hx_group_plan plan;
    hx_error err = {.code = HX_OK};
    assert_int_equal(hx_group_plan_parse(&plan, "city", text, columns, N_COLUMNS, arena, &err),
                     HX_ELIMIT);
    assert_non_null(strstr(err.message, "at most 64 aggregates"));
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ numbers */
static void test_numbers(void **unused) {
    (void)unused;
    static const struct {
        const char *text;
        int64_t e4;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"7", 70000},
        {"-12", -120000},
        {"1.25", 12500},
        {"-0.0001", -1},
        {"5.", 50000},
        {"007", 70000},
        {"1.23450", 12345},
        {"1.250000", 12500},
        {"123456789012.5", 1234567890125000},
        {"99999999999999.9999", 999999999999999999},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t e4 = 77;
        assert_true(hx_group_number(hx_str_of(good[i].text), &e4));
        assert_int_equal(e4, good[i].e4);
    }
    static const char *const bad[] = {"abc", "-", ".", "1.2.3", "12x", "1.23456", "1e5x", "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t e4;
        if (hx_group_number(hx_str_of(bad[i]), &e4))
            fail_msg("'%s' was taken for a number", bad[i]);
    }
}

static void test_other_amounts(void **unused) {
    (void)unused;
    int64_t e4 = 0;
    assert_true(hx_group_number(hx_str_of("￥1,299.50"), &e4));
    assert_int_equal(e4, 12995000);
    assert_true(hx_group_number(hx_str_of("1.2万"), &e4));
    assert_int_equal(e4, 120000000);
    assert_true(hx_group_number(hx_str_of("(45.5)"), &e4));
    assert_int_equal(e4, -455000);
}

static void assert_sum(hx_int128 sum, unsigned places, const char *want) {
    char text[HX_GROUP_TEXT_MAX];
    assert_str((hx_str){text, hx_group_sum_text(sum, places, text)}, want);
}

static void assert_mean(hx_int128 sum, unsigned places, uint64_t count, const char *want) {
    char text[HX_GROUP_TEXT_MAX];
    assert_str((hx_str){text, hx_group_mean_text(sum, places, count, text)}, want);
}

static void test_texts(void **unused) {
    (void)unused;
    assert_sum(0, 4, "0");
    assert_sum(12500, 4, "1.25");
    assert_sum(-1, 4, "-0.0001");
    assert_sum(-120000, 4, "-12");
    assert_sum(100000, 0, "100000");
    assert_sum((hx_int128)1000000000000000000 * 1000000000000000000, 8,
               "10000000000000000000000000000");
    assert_mean(10000, 4, 3, "0.333333");
    assert_mean(20000, 4, 3, "0.666667");
    assert_mean(-20000, 4, 3, "-0.666667");
    assert_mean(100000, 4, 4, "2.5");
    assert_mean(1, 4, 3, "0.0000333333");
    assert_mean(0, 4, 3, "0");
    assert_mean((hx_int128)123456789 * 100000000, 8, 1, "123456789");
    assert_mean(-5, 0, 10000000, "-0.0000005");
}

static void test_times(void **unused) {
    (void)unused;
    const hx_date_order ymd = HX_DATE_ORDER_YMD;
    assert_true(hx_group_time_compare(HX_STR_LIT("2026-03-05 14:20"),
                                      HX_STR_LIT("2026-03-05 14:21"), ymd, false) < 0);
    assert_true(hx_group_time_compare(HX_STR_LIT("2026-03-05 14:20"),
                                      HX_STR_LIT("2026-03-05T14:21"), ymd, false) < 0);
    assert_true(hx_group_time_compare(HX_STR_LIT("2026-03-05T14:20"),
                                      HX_STR_LIT("2026-03-05 14:21"), ymd, false) < 0);
    assert_true(
        hx_group_time_compare(HX_STR_LIT("2026-3-5"), HX_STR_LIT("2026-12-05"), ymd, false) < 0);
    assert_true(hx_group_time_compare(HX_STR_LIT("2026-03-05T14:20:00+08:00"),
                                      HX_STR_LIT("2026-03-05T14:20:00Z"), ymd, false) < 0);
    assert_true(hx_group_time_is_valid(HX_STR_LIT("2024-02-29"), ymd, false));
    assert_false(hx_group_time_is_valid(HX_STR_LIT("2026-02-30"), ymd, false));
    assert_false(hx_group_time_is_valid(HX_STR_LIT("2026-13-05 10:00"), ymd, false));
    assert_false(hx_group_time_is_valid(HX_STR_LIT("yesterday"), ymd, false));
}

/* ------------------------------------------------------------------ names */
/* Strings of 0 to 60 bytes with NULs, many equal, prefixes of each other: ids by a linear search. */
static void test_names(void **unused) {
    (void)unused;
    enum { N = 4000 };
    static char bytes[N][64];
    static hx_str seen[N];
    hx_group_names d;
    assert_true(hx_group_names_init(&d));
    hx_rng rng;
    hx_rng_seed(&rng, 3);
    size_t n_seen = 0;
    for (size_t i = 0; i < N;) {
        hx_str keys[HX_GROUP_BATCH];
        uint32_t ids[HX_GROUP_BATCH];
        size_t n = 0;
        for (const size_t batch = 1 + hx_rng_below(&rng, HX_GROUP_BATCH); n < batch && i < N;
             n++, i++) {
            const size_t len = hx_rng_below(&rng, 61);
            memset(bytes[i], "\0ab"[hx_rng_below(&rng, 3)], sizeof bytes[i]);
            bytes[i][hx_rng_below(&rng, 64)] = (char)hx_rng_below(&rng, 4);
            keys[n] = (hx_str){bytes[i], len};
        }
        assert_true(hx_group_names_put(&d, keys, n, ids));
        for (size_t k = 0; k < n; k++) {
            size_t id = 0;
            while (id < n_seen && !hx_str_equal(seen[id], keys[k]))
                id++;
            if (id == n_seen) seen[n_seen++] = keys[k];
            assert_int_equal(ids[k], id);
            assert_true(hx_str_equal(hx_group_names_at(&d, ids[k]), keys[k]));
        }
    }
    assert_int_equal(d.n, n_seen);
    assert_in_range(n_seen, 1200, 3900);
    hx_group_names_release(&d);
}

/* ------------------------------------------------------------------ sets against a reference */
#define N_ROWS 3000
#define N_PARTS 5
static const char aggregates_all[] =
    "count,count(price),distinct(date),sum(price),sum(quantity*price),mean(price),min(price),"
    "max(price),min(date),max(date),min(a),max(a),first(a),last(a)";

typedef struct {
    char text[6][24];
} test_row; /* customer, city, quantity, price, date, a */

static const hx_column row_columns[] = {
    {.name = {"customer", 8}, .type = HX_TYPE_TEXT},
    {.name = {"city", 4}, .type = HX_TYPE_TEXT},
    {.name = {"quantity", 8}, .type = HX_TYPE_INTEGER},
    {.name = {"price", 5}, .type = HX_TYPE_AMOUNT},
    {.name = {"date", 4}, .type = HX_TYPE_TIME},
    {.name = {"a", 1}, .type = HX_TYPE_TEXT},
};

static void make_rows(test_row *rows, uint64_t seed) {
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    for (size_t i = 0; i < N_ROWS; i++) {
        test_row *r = &rows[i];
        memset(r, 0, sizeof *r);
        snprintf(r->text[0], 24, "c%u", (unsigned)hx_rng_below(&rng, 90));
        if (hx_rng_below(&rng, 9))
            snprintf(r->text[1], 24, "%c", (char)('A' + hx_rng_below(&rng, 3)));
        snprintf(r->text[2], 24, "%d", (int)hx_rng_below(&rng, 20) - 5);
        if (hx_rng_below(&rng, 10))
            snprintf(r->text[3], 24, "%u.%02u", (unsigned)hx_rng_below(&rng, 30),
                     (unsigned)hx_rng_below(&rng, 100));
        snprintf(r->text[4], 24, "2026-%02u-%02u", (unsigned)hx_rng_below(&rng, 12) + 1,
                 (unsigned)hx_rng_below(&rng, 28) + 1);
        if (hx_rng_below(&rng, 3))
            snprintf(r->text[5], 24, "v%u", (unsigned)hx_rng_below(&rng, 1000));
    }
}

static bool same_key(const test_row *a, const test_row *b) {
    return strcmp(a->text[0], b->text[0]) == 0 && strcmp(a->text[1], b->text[1]) == 0;
}

static int64_t cents(const char *price) {
    return (int64_t)(strtod(price, NULL) * 100 + 0.5);
}

/* The naive aggregates of one group, by scanning all rows. */
typedef struct {
    size_t rows, prices, dates;
    int64_t sum_cents, product_cents, min_cents, max_cents;
    const char *min_date, *max_date, *min_a, *max_a, *first_a, *last_a;
} naive;

static void naive_text(const char *v, const char **min, const char **max) {
    if (*v == '\0') return;
    if (*min == NULL || strcmp(v, *min) < 0) *min = v;
    if (*max == NULL || strcmp(v, *max) > 0) *max = v;
}

static naive naive_group(const test_row *rows, const test_row *key) {
    naive g = {.min_cents = INT64_MAX, .max_cents = INT64_MIN};
    for (size_t i = 0; i < N_ROWS; i++) {
        const test_row *r = &rows[i];
        if (!same_key(r, key)) continue;
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++)
            seen = same_key(&rows[k], key) && strcmp(rows[k].text[4], r->text[4]) == 0;
        g.rows++;
        g.dates += !seen;
        naive_text(r->text[4], &g.min_date, &g.max_date);
        naive_text(r->text[5], &g.min_a, &g.max_a);
        if (*r->text[5]) g.last_a = r->text[5];
        if (*r->text[5] && g.first_a == NULL) g.first_a = r->text[5];
        if (*r->text[3] == '\0') continue;
        const int64_t c = cents(r->text[3]);
        g.prices++;
        g.sum_cents += c;
        g.product_cents += c * strtol(r->text[2], NULL, 10);
        if (c < g.min_cents) g.min_cents = c;
        if (c > g.max_cents) g.max_cents = c;
    }
    return g;
}

static void assert_cents(hx_str cell, int64_t want) {
    char text[HX_GROUP_TEXT_MAX + 1];
    text[hx_group_sum_text(want, 2, text)] = '\0';
    assert_str(cell, text);
}

static void assert_number(hx_str cell, size_t want) {
    char text[32];
    snprintf(text, sizeof text, "%zu", want);
    assert_str(cell, text);
}

static void assert_text(hx_str cell, const char *want) {
    assert_str(cell, want == NULL ? "" : want);
}

static void assert_table(const hx_group_table *t, const test_row *rows) {
    for (size_t r = 0; r < hx_group_table_rows(t); r++) {
        test_row key = {0};
        const hx_str customer = hx_group_table_cell(t, r, 0), city = hx_group_table_cell(t, r, 1);
        memcpy(key.text[0], customer.ptr, customer.len);
        memcpy(key.text[1], city.ptr, city.len);
        const naive g = naive_group(rows, &key);
        assert_number(hx_group_table_cell(t, r, 2), g.rows);
        assert_number(hx_group_table_cell(t, r, 3), g.prices);
        assert_number(hx_group_table_cell(t, r, 4), g.dates);
        if (g.prices > 0) {
            char mean[HX_GROUP_TEXT_MAX + 1];
            assert_cents(hx_group_table_cell(t, r, 5), g.sum_cents);
            assert_cents(hx_group_table_cell(t, r, 6), g.product_cents);
            mean[hx_group_mean_text(g.sum_cents, 2, g.prices, mean)] = '\0';
            assert_str(hx_group_table_cell(t, r, 7), mean);
            assert_cents(hx_group_table_cell(t, r, 8), g.min_cents);
            assert_cents(hx_group_table_cell(t, r, 9), g.max_cents);
        } else {
            for (size_t c = 5; c < 10; c++)
                assert_str(hx_group_table_cell(t, r, c), "");
        }
        assert_text(hx_group_table_cell(t, r, 10), g.min_date);
        assert_text(hx_group_table_cell(t, r, 11), g.max_date);
        assert_text(hx_group_table_cell(t, r, 12), g.min_a);
        assert_text(hx_group_table_cell(t, r, 13), g.max_a);
        assert_text(hx_group_table_cell(t, r, 14), g.first_a);
        assert_text(hx_group_table_cell(t, r, 15), g.last_a);
    }
}

static void assert_sorted(const hx_group_table *t) {
    for (size_t r = 1; r < hx_group_table_rows(t); r++) {
        int order = hx_str_compare(hx_group_table_cell(t, r - 1, 0), hx_group_table_cell(t, r, 0));
        if (order == 0)
            order = hx_str_compare(hx_group_table_cell(t, r - 1, 1), hx_group_table_cell(t, r, 1));
        assert_true(order < 0);
    }
}

/* The rows dealt out at random to n sets, in batches of any size, merged in any order. */
static hx_group_table *group_in_parts(const hx_group_plan *plan, const test_row *rows, size_t n,
                                      uint64_t seed) {
    static hx_group_set sets[N_PARTS];
    static hx_str cells[HX_GROUP_BATCH * HX_GROUP_COLUMNS_MAX];
    int64_t ordinals[HX_GROUP_BATCH];
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    for (size_t p = 0; p < n; p++)
        assert_true(hx_group_set_init(&sets[p], plan));
    for (size_t i = 0; i < N_ROWS;) {
        const size_t batch = 1 + hx_rng_below(&rng, HX_GROUP_BATCH);
        size_t k = 0;
        for (; k < batch && i < N_ROWS; k++, i++) {
            ordinals[k] = (int64_t)i + 1;
            for (size_t c = 0; c < plan->n_columns; c++)
                cells[k * plan->n_columns + c] = hx_str_of(rows[i].text[plan->columns[c]]);
        }
        assert_int_equal(hx_group_set_add(&sets[hx_rng_below(&rng, n)], cells, ordinals, k), k);
    }
    const size_t to = hx_rng_below(&rng, n);
    for (size_t p = 0; p < n; p++)
        if (p != to) assert_true(hx_group_set_merge(&sets[to], &sets[p]));
    hx_group_table *t = NULL;
    assert_int_equal(hx_group_table_make(&t, &sets[to], NULL), HX_OK);
    for (size_t p = 0; p < n; p++)
        hx_group_set_release(&sets[p]);
    return t;
}

static void test_sets(void **unused) {
    (void)unused;
    static test_row rows[N_ROWS];
    for (uint64_t seed = 1; seed <= 2; seed++) {
        make_rows(rows, seed);
        hx_arena *arena = hx_arena_new(0);
        hx_group_plan plan;
        hx_error err = {.code = HX_OK};
        assert_int_equal(hx_group_plan_parse(&plan, "customer,city", aggregates_all, row_columns, 6,
                                             arena, &err),
                         HX_OK);
        for (size_t n = 1; n <= N_PARTS; n += 2) {
            hx_group_table *t = group_in_parts(&plan, rows, n, seed * 10 + n);
            assert_in_range(hx_group_table_rows(t), 300, 360);
            assert_sorted(t);
            assert_table(t, rows);
            hx_group_table_free(t);
        }
        hx_arena_free(arena);
    }
}

/* ------------------------------------------------------------------ files */
typedef struct {
    char path[64];
} test_file;

static test_file write_file(const char *bytes, size_t n) {
    test_file f = {"/tmp/test_group_XXXXXX.csv"};
    const int fd = mkstemps(f.path, 4);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
    return f;
}

/* The table as text, cells with | between them. */
static char *table_text(const hx_group_table *t) {
    hx_buf b;
    hx_buf_init(&b, 64u << 20);
    for (size_t r = 0; r < hx_group_table_rows(t); r++) {
        for (size_t c = 0; c < hx_group_table_columns(t); c++) {
            if (c > 0) hx_buf_append_byte(&b, '|');
            hx_buf_append_str(&b, hx_group_table_cell(t, r, c));
        }
        hx_buf_append_byte(&b, '\n');
    }
    hx_buf_append_byte(&b, '\0');
    assert_false(b.failed);
    return b.ptr;
}

static char *group_text(const char *path, const char *by, const char *aggregates, size_t n_threads,
                        size_t chunk_bytes) {
    hx_group_options o = {.by = by, .aggregates = aggregates, .n_threads = n_threads};
    o.reader.chunk_bytes = chunk_bytes;
    hx_group_table *t = NULL;
    hx_error err = {.code = HX_OK};
    if (hx_group_file(&t, path, &o, &err) != HX_OK) fail_msg("%s", err.message);
    char *text = table_text(t);
    hx_group_table_free(t);
    return text;
}

static void assert_group(const char *csv, const char *by, const char *aggregates,
                         const char *want) {
    const test_file f = write_file(csv, strlen(csv));
    for (size_t threads = 1; threads <= 3; threads++) {
        char *text = group_text(f.path, by, aggregates, threads, threads == 3 ? 32 : 0);
        assert_string_equal(text, want);
        free(text);
    }
    unlink(f.path);
}

static void test_files(void **unused) {
    (void)unused;
    assert_group("who,what,price\nb,x,1.5\na,y,2\n\nb,x,3\r\na,z,", "who",
                 "count,sum(price),distinct(what)", "a|2|2|2\nb|2|4.5|1\n");
    assert_group("who,note,n\n\"a,1\",\"two\nlines\",1\n\"b\"\"q\"\"\",x,2\n\"a,1\",,3\n,\"\",5\n",
                 "who", "sum(n),count(note),first(note)",
                 /* the empty key first */ "|5|0|\na,1|4|1|two\nlines\nb\"q\"|2|1|x\n");
    assert_group("who,q,p\n甲,2,1.25\n乙,3,0.1\n甲,-1,4\n", "who", "sum(q*p),mean(q*p)",
                 "乙|0.3|0.3\n甲|-1.5|-0.75\n");
    assert_group("who,when\na,2026-01-02 10:00\na,2026-01-10 09:00\nb,2025-12-31 23:59\n", "who",
                 "max(when),min(when)",
                 "a|2026-01-10 09:00|2026-01-02 10:00\nb|2025-12-31 23:59|2025-12-31 23:59\n");
    assert_group("who,n\na,10\na,9\na,2.50\n", "who", "max(n),min(n)", "a|10|2.5\n");
    assert_group("a,b,v\nx,y,1\nxy,,2\nx,y,3\n", "b,a", "sum(v)", "|xy|2\ny|x|4\n");
}

static void test_threads_and_chunks(void **unused) {
    (void)unused;
    static test_row rows[N_ROWS];
    make_rows(rows, 5);
    hx_buf csv;
    hx_buf_init(&csv, 1 << 20);
    hx_buf_append_lit(&csv, "customer,city,quantity,price,date,a\n");
    for (size_t i = 0; i < N_ROWS; i++)
        hx_buf_printf(&csv,
                      i % 7 == 0 ? "\"%s\",%s,%s,%s,\"%s\",\"%s\"\r\n" : "%s,%s,%s,%s,%s,%s\n",
                      rows[i].text[0], rows[i].text[1], rows[i].text[2], rows[i].text[3],
                      rows[i].text[4], rows[i].text[5]);
    assert_false(csv.failed);
    const test_file f = write_file(csv.ptr, csv.len);
    hx_buf_release(&csv);
    char *want = group_text(f.path, "customer,city", aggregates_all, 1, 0);
    const size_t chunks[] = {100, 1000, 65536};
    for (size_t threads = 1; threads <= 5; threads += 2)
        for (size_t c = 0; c < 3; c++) {
            char *text = group_text(f.path, "customer,city", aggregates_all, threads, chunks[c]);
            assert_string_equal(text, want);
            free(text);
        }
    free(want);
    unlink(f.path);
}

static void assert_file_error(const char *csv, const char *aggregates, hx_status code, int64_t row,
                              const char *part) {
    const test_file f = write_file(csv, strlen(csv));
    for (size_t threads = 1; threads <= 4; threads += 3) {
        hx_group_options o = {.by = "who", .aggregates = aggregates, .n_threads = threads};
        o.reader.chunk_bytes = 16;
        hx_group_table *t = NULL;
        hx_error err = {.code = HX_OK};
        assert_int_equal(hx_group_file(&t, f.path, &o, &err), code);
        assert_null(t);
        if (strstr(err.message, part) == NULL) fail_msg("'%s' lacks '%s'", err.message, part);
        assert_int_equal(err.row, row);
    }
    unlink(f.path);
}

static void test_file_errors(void **unused) {
    (void)unused;
    assert_file_error("who,n\na,1\nb,2\nc,many\nd,few\n", "sum(n)", HX_EFORMAT, 3,
                      "row 3: column n: 'many' is not a number of up to four decimal places");
    assert_file_error("who,n\na,1.123456\n", "sum(n)", HX_EFORMAT, 1,
                      "row 1: column n: '1.123456' is not a number");
    assert_file_error("who,n\na,1\n", "sum(m)", HX_ENOTFOUND, 0,
                      "there is no column 'm'; the columns are: who, n");
    assert_file_error("who,n\na,1\nb,\"2\nc,3\n", "sum(n)", HX_EFORMAT, 2, "row 2");
    hx_group_options o = {.by = "who", .aggregates = "count"};
    hx_group_table *t = NULL;
    hx_error err = {.code = HX_OK};
    assert_int_equal(hx_group_file(&t, "/nonexistent/table.csv", &o, &err), HX_ENOTFOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_plan_errors),
        cmocka_unit_test(test_too_many_aggregates),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_other_amounts),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_threads_and_chunks),
        cmocka_unit_test(test_file_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
