/* test_table.c - tables in memory: kinds and exact values of columns, rows that are left out, any number of threads, put and pick. */
#include <math.h>

#include "frame_test.h"

#include "base/rng.h"

static hx_table *read_with(const char *name, hx_str bytes, const hx_table_options *options) {
    test_file f = test_file_new(name, bytes);
    hx_table *t = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_read(&t, f.path, options, &err) != HX_OK) fail_msg("read: %s", err.message);
    test_file_remove(&f);
    return t;
}

static hx_table *read_text(const char *name, const char *text) {
    const hx_table_options options = {.n_threads = 2};
    return read_with(name, hx_str_of(text), &options);
}

static const hx_table_column *about(const hx_table *t, const char *name) {
    const size_t c = hx_table_find(t, hx_str_of(name));
    assert_true(c != HX_COLUMN_NONE);
    return hx_table_column_at(t, c);
}

static double number(const hx_table *t, const char *name, size_t row) {
    double v = 0;
    hx_table_numbers(t, hx_table_find(t, hx_str_of(name)), row, 1, &v);
    return v;
}

static void assert_cell(const hx_table *t, const char *name, size_t row, const char *want) {
    char room[64];
    const hx_str s = hx_table_cell(t, row, hx_table_find(t, hx_str_of(name)), room);
    if (s.len != strlen(want) || memcmp(s.ptr, want, s.len) != 0)
        fail_msg("%s, row %zu: '%.*s', not '%s'", name, row, (int)s.len, s.ptr, want);
}

static void test_kinds(void **state) {
    (void)state;
    hx_table *t =
        read_text("a.csv", "n,x,t,b,s,id,zip,e,phone\n"
                           "1,1.50,2026-03-05,true,a,1234567890123456,01234,,+8613912345678\n"
                           "-2,2,2026-03-06,False,b,2,5,,1\n"
                           "NA,1e-3,NULL,,a,3,6,nan,2\n");
    assert_int_equal(hx_table_rows(t), 3);
    assert_int_equal(hx_table_columns(t), 9);
    assert_int_equal(about(t, "n")->kind, HX_KIND_NUMBER);
    assert_true(about(t, "n")->integer);
    assert_int_equal(about(t, "n")->missing, 1);
    assert_int_equal(about(t, "x")->kind, HX_KIND_NUMBER);
    assert_false(about(t, "x")->integer);
    assert_int_equal(about(t, "t")->kind, HX_KIND_TIME);
    assert_int_equal(about(t, "b")->kind, HX_KIND_BOOLEAN);
    assert_int_equal(about(t, "s")->kind, HX_KIND_TEXT);
    assert_int_equal(about(t, "s")->n_values, 2);
    assert_int_equal(about(t, "id")->kind, HX_KIND_TEXT);
    assert_int_equal(about(t, "zip")->kind, HX_KIND_TEXT);
    assert_int_equal(about(t, "phone")->kind, HX_KIND_TEXT);
    assert_int_equal(about(t, "e")->kind, HX_KIND_NUMBER);
    assert_int_equal(about(t, "e")->missing, 3);
    assert_true(number(t, "n", 1) == -2 && isnan(number(t, "n", 2)));
    assert_true(number(t, "x", 0) == 1.5 && number(t, "x", 2) == 1e-3);
    assert_true(number(t, "t", 0) == 1772668800000.0);
    assert_true(number(t, "b", 0) == 1 && number(t, "b", 1) == 0 && isnan(number(t, "b", 2)));
    hx_table_free(t);
}

static void test_cells_as_written(void **state) {
    (void)state;
    hx_table *t =
        read_text("a.csv", "price,at,day,flag,name,real\n"
                           "1.5,2026-03-05 14:20:11,2026-03-05,true,王,0.30000000000000004\n"
                           "-0.25,2026-03-05 14:20:12,2026-03-06,false,\"a,b\",inf\n"
                           ",,,,,\n"
                           "3,2026-03-05 14:20:13,2026-03-07,true,x,1\n");
    assert_int_equal(hx_table_rows(t), 4);
    assert_cell(t, "price", 0, "1.50");
    assert_cell(t, "price", 1, "-0.25");
    assert_cell(t, "price", 2, "");
    assert_cell(t, "price", 3, "3.00");
    assert_cell(t, "at", 0, "2026-03-05T14:20:11Z");
    assert_cell(t, "day", 1, "2026-03-06");
    assert_cell(t, "flag", 1, "false");
    assert_cell(t, "name", 0, "王");
    assert_cell(t, "name", 1, "a,b");
    assert_cell(t, "real", 0, "0.30000000000000004");
    assert_cell(t, "real", 1, "inf");
    assert_cell(t, "real", 2, "");
    assert_cell(t, "real", 3, "1");
    hx_table_free(t);
}

/* The kind is that of all values, wherever the one stands that decides. */
static void test_late_values_decide(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 64u << 20);
    hx_buf_append_lit(&b, "a,b,c,d,e\n");
    for (int i = 0; i < 6000; i++)
        (void)hx_buf_printf(&b, "%d,%s,%d,%s,%d\n", i, i < 5000 ? "true" : "2", i,
                            i < 5500 ? "" : "x", i == 5999 ? -1 : 20260101);
    hx_buf_append_lit(&b, "x,true,0.125,1,2026-03-05\n");
    for (size_t threads = 1; threads <= 3; threads++) {
        const hx_table_options options = {.reader.chunk_bytes = 4096, .n_threads = threads};
        hx_table *t = read_with("a.csv", hx_buf_str(&b), &options);
        assert_int_equal(about(t, "a")->kind, HX_KIND_TEXT);
        assert_int_equal(about(t, "b")->kind, HX_KIND_TEXT);
        assert_int_equal(about(t, "c")->kind, HX_KIND_NUMBER);
        assert_int_equal(about(t, "d")->kind, HX_KIND_TEXT);
        assert_int_equal(about(t, "e")->kind, HX_KIND_TEXT);
        assert_cell(t, "a", 5999, "5999");
        assert_cell(t, "b", 5000, "2");
        assert_true(number(t, "c", 5999) == 5999 && number(t, "c", 6000) == 0.125);
        assert_cell(t, "d", 5499, "");
        assert_cell(t, "d", 6000, "1");
        assert_cell(t, "e", 6000, "2026-03-05");
        hx_table_free(t);
    }
    hx_buf_release(&b);
}

/* All doubles come out as strtod() reads them, whatever stands beside them in the column. */
static void test_numbers_are_exact(void **state) {
    (void)state;
    hx_buf b;
    hx_rng r;
    hx_buf_init(&b, 64u << 20);
    hx_rng_seed(&r, 3);
    hx_buf_append_lit(&b, "short,long,mixed\n");
    for (int i = 0; i < 20000; i++) {
        const uint64_t big = hx_rng_next(&r) >> hx_rng_below(&r, 40);
        (void)hx_buf_printf(&b, "%lld.%0*llu,%llu.%llu,", (long long)hx_rng_below(&r, 5000) - 2500,
                            (int)hx_rng_below(&r, 4) + 1, (unsigned long long)hx_rng_below(&r, 10),
                            (unsigned long long)big, (unsigned long long)hx_rng_next(&r));
        (void)hx_buf_printf(&b, i % 100 == 99 ? "%.17g\n" : "%.4g\n",
                            1e6 * hx_rng_uniform(&r) - 5e5);
    }
    const hx_table_options options = {.reader.chunk_bytes = 8192, .n_threads = 2};
    hx_table *t = read_with("a.csv", hx_buf_str(&b), &options);
    hx_buf_append_byte(&b, '\0');
    char *p = strchr(b.ptr, '\n') + 1;
    for (size_t i = 0; i < hx_table_rows(t); i++)
        for (size_t c = 0; c < 3; c++) {
            double v = 0;
            const double want = strtod(p, &p);
            hx_table_numbers(t, c, i, 1, &v);
            if (v != want) fail_msg("row %zu, column %zu: %.17g, not %.17g", i, c, v, want);
            p++;
        }
    assert_int_equal(hx_table_rows(t), 20000);
    hx_table_free(t);
    hx_buf_release(&b);
}

static void test_bad_rows_are_left_out(void **state) {
    (void)state;
    hx_table *t = read_text("a.csv", "a,b\n1,2\n3,4,5\n6\n7,8, \n\n\xff,9\n");
    assert_int_equal(hx_table_rows(t), 3);
    assert_int_equal(hx_table_bad_rows(t), 2);
    assert_string_equal(hx_table_first_bad(t), "row 2 has 3 cells where the header has 2");
    assert_true(number(t, "a", 2) == 7 && number(t, "b", 2) == 8);
    assert_true(isnan(number(t, "b", 1)));
    hx_table_free(t);
    hx_table *clean = read_text("a.csv", "a,b\n1,2\n3,4,5\n6\n7,8, \n\n9,9\n");
    assert_int_equal(hx_table_rows(clean), 4);
    assert_int_equal(hx_table_bad_rows(clean), 1);
    assert_string_equal(hx_table_first_bad(clean), "row 2 has 3 cells where the header has 2");
    hx_table_free(clean);
}

static void test_formats(void **state) {
    (void)state;
    hx_table *t =
        read_text("a.jsonl", "{\"a\":1,\"b\":\"x\",\"c\":true}\n{\"a\":2.5,\"b\":null}\n");
    assert_int_equal(about(t, "a")->kind, HX_KIND_NUMBER);
    assert_int_equal(about(t, "c")->kind, HX_KIND_BOOLEAN);
    assert_true(number(t, "a", 1) == 2.5);
    assert_true(hx_table_is_missing(t, hx_table_find(t, HX_STR_LIT("b")), 1));
    hx_table_free(t);
    t = read_text("a.csv", "\xb3\xc7\xca\xd0,n\n\xc9\xcf\xba\xa3,1\n\xb1\xb1\xbe\xa9,2\n");
    assert_cell(t, "城市", 0, "上海");
    hx_table_free(t);
    t = read_text("a.csv", "a,b\n");
    assert_int_equal(hx_table_rows(t), 0);
    assert_int_equal(hx_table_columns(t), 2);
    hx_table_free(t);
    t = read_text("a.csv", "a\n5");
    assert_int_equal(hx_table_rows(t), 1);
    assert_true(number(t, "a", 0) == 5);
    hx_table_free(t);
}

/* 10,000 categories: codes are in order of first appearance at any number of threads. */
static void test_many_categories(void **state) {
    (void)state;
    hx_buf b;
    hx_rng r;
    hx_buf_init(&b, 64u << 20);
    hx_rng_seed(&r, 5);
    hx_buf_append_lit(&b, "k,v\n");
    for (int i = 0; i < 50000; i++)
        (void)hx_buf_printf(&b, "key-%llu,%d\n", (unsigned long long)hx_rng_below(&r, 10000), i);
    for (size_t threads = 1; threads <= 5; threads += 2) {
        const hx_table_options options = {.reader.chunk_bytes = 4096, .n_threads = threads};
        hx_table *t = read_with("a.csv", hx_buf_str(&b), &options);
        assert_true(about(t, "k")->n_values > 9900 && about(t, "k")->n_values <= 10000);
        uint32_t *codes = calloc(50000, sizeof *codes), seen = 0;
        hx_table_codes(t, 0, 0, 50000, codes);
        for (size_t i = 0; i < 50000; i++) {
            assert_true(codes[i] <= seen);
            seen += codes[i] == seen;
        }
        const char *line = strchr(b.ptr, '\n') + 1;
        for (size_t i = 0; i < 50000; i++) {
            const hx_str s = hx_table_value(t, 0, codes[i]);
            assert_memory_equal(s.ptr, line, s.len);
            assert_true(line[s.len] == ',');
            line = strchr(line, '\n') + 1;
        }
        assert_int_equal(seen, about(t, "k")->n_values);
        free(codes);
        hx_table_free(t);
    }
    hx_buf_release(&b);
}

static void test_options(void **state) {
    (void)state;
    const char *text = "zip,age,city\n12,-,x\n13,40,未知\n";
    const hx_table_options options = {.columns = "age,zip", .missing = "-,未知", .texts = "zip"};
    hx_table *t = read_with("a.csv", hx_str_of(text), &options);
    assert_int_equal(hx_table_columns(t), 2);
    assert_int_equal(about(t, "zip")->kind, HX_KIND_TEXT);
    assert_int_equal(about(t, "age")->kind, HX_KIND_NUMBER);
    assert_int_equal(about(t, "age")->missing, 1);
    hx_table_free(t);
    test_file f = test_file_new("a.csv", hx_str_of(text));
    const hx_table_options wrong = {.columns = "agee"};
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    char want[200];
    (void)snprintf(want, sizeof want, "%s: there is no column 'agee'; did you mean 'age'?", f.path);
    assert_int_equal(hx_table_read(&t, f.path, &wrong, &err), HX_ENOTFOUND);
    assert_string_equal(err.message, want);
    const hx_table_options tight = {.max_bytes = 1};
    assert_int_equal(hx_table_read(&t, f.path, &tight, &err), HX_ELIMIT);
    test_file_remove(&f);
}

/* What is put comes out bit for bit. */
static void assert_odd(const hx_table *t, size_t i, const char *column, size_t cells,
                       const char *first) {
    const hx_odd_cells *o = hx_table_odd_at(t, i);
    assert_non_null(o);
    assert_true(hx_str_equal(o->column, hx_str_of(column)));
    assert_int_equal(o->cells, cells);
    assert_true(hx_str_equal(o->first, hx_str_of(first)));
}

static void kinds_that_were_learnt_from(void **state) {
    (void)state;
    const hx_column_kind kinds[] = {
        {HX_STR_LIT("ca"), HX_KIND_TEXT},     {HX_STR_LIT("age"), HX_KIND_NUMBER},
        {HX_STR_LIT("day"), HX_KIND_TIME},    {HX_STR_LIT("city"), HX_KIND_NUMBER},
        {HX_STR_LIT("gone"), HX_KIND_NUMBER}, {HX_STR_LIT("none"), HX_KIND_TEXT},
        {HX_STR_LIT("yes"), HX_KIND_BOOLEAN}};
    for (size_t threads = 1; threads <= 3; threads++) {
        const hx_table_options options = {.n_threads = threads,
                                          .reader.chunk_bytes = 16,
                                          .texts = "zip",
                                          .kinds = kinds,
                                          .n_kinds = sizeof kinds / sizeof *kinds};
        hx_table *t =
            read_with("a.csv",
                      HX_STR_LIT("ca,age,day,city,zip,none,yes\n"
                                 "0.0,1,2026-03-05,Paris,1,,true\n"
                                 "1.0,?,20260306,上海,2,,no\n"
                                 "2.0,abcdefghijklmnopqrstuvwxyz0123456789上海人,soon,3,3,,false\n"
                                 ",4.5,2026-03-08,,4,,true\n"
                                 "1,5,2026-03-09,Rome,5,,\n"),
                      &options);
        assert_int_equal(about(t, "ca")->kind, HX_KIND_TEXT);
        assert_cell(t, "ca", 0, "0.0");
        assert_cell(t, "ca", 4, "1");
        assert_int_equal(about(t, "age")->kind, HX_KIND_NUMBER);
        assert_int_equal(about(t, "age")->missing, 2);
        assert_true(number(t, "age", 3) == 4.5 && isnan(number(t, "age", 1)));
        assert_int_equal(about(t, "day")->kind, HX_KIND_TIME);
        assert_cell(t, "day", 1, "2026-03-06");
        assert_int_equal(about(t, "city")->kind, HX_KIND_TEXT); /* most are no numbers */
        assert_cell(t, "city", 2, "3");
        assert_int_equal(about(t, "zip")->kind, HX_KIND_TEXT);
        assert_int_equal(about(t, "none")->kind, HX_KIND_TEXT);
        assert_int_equal(about(t, "yes")->kind, HX_KIND_BOOLEAN);
        assert_int_equal(hx_table_odd(t), 3);
        assert_odd(t, 0, "age", 2, "?");
        assert_odd(t, 1, "day", 1, "soon");
        assert_odd(t, 2, "yes", 1, "no");
        assert_null(hx_table_odd_at(t, 3));
        hx_arena *arena = hx_arena_new(0);
        hx_column_kind *own = NULL;
        size_t n = 0;
        assert_int_equal(hx_table_kinds(t, arena, &own, &n, NULL), HX_OK);
        assert_int_equal(n, 7);
        assert_true(hx_str_equal(own[2].name, HX_STR_LIT("day")) && own[2].kind == HX_KIND_TIME);
        hx_arena_free(arena);
        hx_table_free(t);
    }
}

static void test_long_odd_cell(const char *cell, const char *shown) {
    char text[256];
    const hx_column_kind kinds[] = {{HX_STR_LIT("n"), HX_KIND_NUMBER}};
    const hx_table_options options = {.kinds = kinds, .n_kinds = 1};
    (void)snprintf(text, sizeof text, "n\n1\n%s\n2\n", cell);
    hx_table *t = read_with("a.csv", hx_str_of(text), &options);
    assert_odd(t, 0, "n", 1, shown);
    hx_table_free(t);
}

static void texts_that_may_be_numbers(void **state) {
    (void)state;
    hx_mistyped m;
    test_long_odd_cell("abcdefghijklmnopqrstuvwxyz01234567890123456",
                       "abcdefghijklmnopqrstuvwxyz01234567890123...");
    test_long_odd_cell("aabcdefghijklmnopqrstuvwxyz012345678901上海",
                       "aabcdefghijklmnopqrstuvwxyz012345678901...");
    hx_table *t = read_text("a.csv", "n,when,pay,code,zip,kind,both,free\n"
                                     "1,2026-03-05,￥68.00,A,01234,1,7,abc\n"
                                     "2.5,2026-03-06,1.2万,1,21234,2,8,b\n"
                                     "17',2026-03-07,99,B,31234,1,?,c\n"
                                     "4,27:61,100,2,41234,2,9,d\n"
                                     "5,2026-03-08,3,C,51234,3+,1,e\n"
                                     "?,2026-03-09,4,3,61234,1,2,f\n"
                                     "6,2026-03-10,5,D,71234,2,-,g\n"
                                     "7,2026-03-11,6,4,81234,1,3,h\n"
                                     "8,2026-03-12,7,E,91234,1,4,i\n"
                                     "9,2026-03-13,8,5,11234,2,5,j\n");
    assert_true(hx_table_mistyped(t, hx_table_find(t, HX_STR_LIT("n")), &m));
    assert_true(m.meant == HX_KIND_NUMBER && !m.amounts && !m.marks);
    assert_true(m.cells == 10 && m.odd == 2 && m.odd_values == 2 && m.n_examples == 2);
    assert_true(hx_str_equal(m.examples[0], HX_STR_LIT("17'")));
    assert_true(hx_table_mistyped(t, hx_table_find(t, HX_STR_LIT("when")), &m));
    assert_true(m.meant == HX_KIND_TIME && m.odd == 1);
    assert_true(hx_str_equal(m.examples[0], HX_STR_LIT("27:61")));
    assert_true(hx_table_mistyped(t, hx_table_find(t, HX_STR_LIT("pay")), &m));
    assert_true(m.amounts && hx_str_equal(m.examples[0], HX_STR_LIT("￥68.00")));
    assert_false(hx_table_mistyped(t, hx_table_find(t, HX_STR_LIT("code")), &m));
    assert_false(hx_table_mistyped(t, hx_table_find(t, HX_STR_LIT("zip")), &m)); /* codes */
    assert_true(hx_table_mistyped(t, hx_table_find(t, HX_STR_LIT("kind")), &m));
    assert_true(m.odd == 1 && !m.marks);
    assert_true(hx_table_mistyped(t, hx_table_find(t, HX_STR_LIT("both")), &m));
    assert_true(m.marks && m.odd == 2);
    assert_false(hx_table_mistyped(t, hx_table_find(t, HX_STR_LIT("free")), &m));
    hx_table_free(t);
    t = read_text("b.csv",
                  "d,e,n,g\n13/25/26,25/13/26,-1.#IND,1\n01/02/26,x,#NA,1\n03/31/26,y,1.#QNAN,2\n"
                  "04/30/26,z,#N/A N/A,1\n05/30/26,u,-nan,2\n12/31/26,v,,3\n");
    assert_true(hx_table_mistyped(t, 0, &m)); /* the month first */
    assert_true(m.meant == HX_KIND_TIME && m.odd == 1);
    assert_false(hx_table_mistyped(t, 1, &m));
    assert_int_equal(hx_table_column_at(t, 2)->missing, 6); /* what pandas takes for missing */
    assert_false(hx_table_mistyped(t, 3, &m));
    hx_table_free(t);
    t = read_text("c.csv",
                  "order,phone\n25081,+86 150 3071 8052\n25082,15030718053\n25083,150 3071 8054\n"
                  "25084,15030718055\n25085,15030718056\nB25086,15030718057\n");
    assert_false(hx_table_mistyped(t, 0, &m)); /* ids */
    assert_false(hx_table_mistyped(t, 1, &m)); /* numbers of phones are no amounts */
    hx_table_free(t);
}

static void test_put(void **state) {
    (void)state;
    enum { N = 3000 };
    hx_table *t = NULL;
    hx_rng r;
    double v[N], got[N];
    hx_rng_seed(&r, 9);
    assert_int_equal(hx_table_new(&t, N, NULL), HX_OK);
    const double scales[] = {1, 0.01, 1e-7, 0.3, 1e10, 1e300};
    for (size_t k = 0; k < 6; k++) {
        for (size_t i = 0; i < N; i++) {
            v[i] = ((double)hx_rng_below(&r, 200001) - 100000) * scales[k];
            if (k == 1) v[i] = ((double)hx_rng_below(&r, 200001) - 100000) / 100;
            if (i % 7 == 0) v[i] = NAN;
        }
        if (k == 3) v[5] = INFINITY;
        assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("x"), HX_KIND_NUMBER, v, -1, NULL),
                         HX_OK);
        assert_int_equal(hx_table_columns(t), 1);
        hx_table_numbers(t, 0, 0, N, got);
        for (size_t i = 0; i < N; i++)
            assert_true(got[i] == v[i] || (isnan(got[i]) && isnan(v[i])));
        assert_int_equal(about(t, "x")->missing, (N + 6) / 7);
        assert_int_equal(about(t, "x")->integer, k == 0 || k == 4);
    }
    for (size_t i = 0; i < N; i++)
        v[i] = i % 5 == 0 ? NAN : 1772668800000.0 + 1000.0 * (double)i;
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("t"), HX_KIND_TIME, v, -1, NULL), HX_OK);
    hx_table_numbers(t, 1, 0, N, got);
    for (size_t i = 0; i < N; i++)
        assert_true(got[i] == v[i] || (isnan(got[i]) && isnan(v[i])));
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("b"), HX_KIND_BOOLEAN, v, -1, &err),
                     HX_EINVAL);
    assert_int_equal(hx_table_columns(t), 2);
    hx_table_free(t);
}

static void test_texts_pick_keep(void **state) {
    (void)state;
    hx_table *t = NULL, *picked = NULL;
    const hx_str values[] = {HX_STR_LIT("a"), HX_STR_LIT("b")};
    const uint32_t codes[] = {1, 0, HX_CODE_MISSING, 1}, wrong[] = {0, 2, 0, 0};
    const double numbers[] = {10, 20, NAN, 40};
    const size_t rows[] = {3, 2, 2, 0, 1};
    assert_int_equal(hx_table_new(&t, 4, NULL), HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("s"), codes, values, 2, NULL), HX_OK);
    assert_int_equal(hx_table_put_texts(t, HX_STR_LIT("s"), wrong, values, 2, NULL), HX_EINVAL);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("n"), HX_KIND_NUMBER, numbers, -1, NULL),
                     HX_OK);
    assert_int_equal(hx_table_pick(&picked, t, rows, 5, NULL), HX_OK);
    hx_table_free(t);
    assert_int_equal(hx_table_rows(picked), 5);
    assert_int_equal(about(picked, "s")->missing, 2);
    assert_cell(picked, "s", 0, "b");
    assert_cell(picked, "s", 4, "a");
    assert_true(number(picked, "n", 3) == 10 && isnan(number(picked, "n", 1)));
    const size_t kept[] = {4};
    assert_int_equal(hx_table_keep(picked, kept, 1, NULL), HX_OK);
    assert_int_equal(hx_table_rows(picked), 1);
    assert_int_equal(about(picked, "s")->missing, 0);
    assert_int_equal(hx_table_rename(picked, 0, HX_STR_LIT("n"), NULL), HX_ECONFLICT);
    assert_int_equal(hx_table_rename(picked, 0, HX_STR_LIT("name"), NULL), HX_OK);
    assert_cell(picked, "name", 0, "a");
    hx_table_remove(picked, 0);
    assert_int_equal(hx_table_columns(picked), 1);
    assert_true(number(picked, "n", 0) == 20);
    assert_int_equal(hx_table_keep(picked, kept, 0, NULL), HX_OK);
    assert_int_equal(hx_table_rows(picked), 0);
    hx_table_free(picked);
}

static hx_status collect(void *context, const char *bytes, size_t n, hx_error *err) {
    (void)err;
    (void)hx_buf_append(context, bytes, n);
    return HX_OK;
}

static void write_all(const hx_table *t, hx_format format, size_t threads, hx_buf *out) {
    hx_buf_init(out, 256u << 20);
    assert_int_equal(hx_table_write(t, format, 0, SIZE_MAX, threads, collect, out, NULL), HX_OK);
    (void)hx_buf_append_byte(out, '\0');
}

static void test_writing(void **state) {
    (void)state;
    hx_buf out;
    hx_table *t = read_text("a.csv", "x,\"a,b\",t,f\n1.5,\"say \"\"hi\"\"\",2026-03-05 "
                                     "10:00:00,true\n,王,,\n-2,\" y\",2026-03-05 10:00:01,false\n");
    write_all(t, HX_FORMAT_CSV, 2, &out);
    assert_string_equal(out.ptr,
                        "x,\"a,b\",t,f\n1.5,\"say \"\"hi\"\"\",2026-03-05T10:00:00Z,true\n,王,,\n"
                        "-2.0,\" y\",2026-03-05T10:00:01Z,false\n");
    hx_buf_release(&out);
    write_all(t, HX_FORMAT_JSONL, 2, &out);
    assert_string_equal(
        out.ptr,
        "{\"x\":1.5,\"a,b\":\"say \\\"hi\\\"\",\"t\":\"2026-03-05T10:00:00Z\",\"f\":true}\n"
        "{\"x\":null,\"a,b\":\"王\",\"t\":null,\"f\":null}\n"
        "{\"x\":-2.0,\"a,b\":\" y\",\"t\":\"2026-03-05T10:00:01Z\",\"f\":false}\n");
    hx_buf_release(&out);
    assert_int_equal(hx_table_write(t, HX_FORMAT_XLSX, 0, 1, 1, collect, &out, NULL),
                     HX_EUNSUPPORTED);
    hx_table_free(t);
}

/* The same bytes at any number of threads; what is written reads back as the same table. */
static void test_round_trip(void **state) {
    (void)state;
    hx_buf b, one, many, again;
    hx_rng r;
    hx_buf_init(&b, 64u << 20);
    hx_rng_seed(&r, 13);
    hx_buf_append_lit(&b, "i,x,y,s\n");
    for (int i = 0; i < 60000; i++)
        (void)hx_buf_printf(&b, "%d,%.2f,%.17g,v%llu\n", i, 100 * hx_rng_uniform(&r),
                            hx_rng_uniform(&r), (unsigned long long)hx_rng_below(&r, 300));
    const hx_table_options options = {.reader.chunk_bytes = 65536, .n_threads = 2};
    hx_table *t = read_with("a.csv", hx_buf_str(&b), &options);
    write_all(t, HX_FORMAT_CSV, 1, &one);
    write_all(t, HX_FORMAT_CSV, 3, &many);
    assert_int_equal(one.len, many.len);
    assert_memory_equal(one.ptr, many.ptr, one.len);
    one.len--;
    hx_table *u = read_with("b.csv", hx_buf_str(&one), &options);
    write_all(u, HX_FORMAT_CSV, 2, &again);
    assert_int_equal(again.len, many.len);
    assert_memory_equal(again.ptr, many.ptr, many.len);
    hx_table_free(t);
    hx_table_free(u);
    hx_buf_release(&b);
    hx_buf_release(&one);
    hx_buf_release(&many);
    hx_buf_release(&again);
}

/* A blank line would be no row for whoever reads the file again. */
static void a_missing_cell_alone_is_quoted(void **state) {
    const double values[] = {1, NAN, 3};
    hx_table *t = NULL;
    hx_buf out;
    (void)state;
    assert_int_equal(hx_table_new(&t, 3, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("a"), HX_KIND_NUMBER, values, -1, NULL),
                     HX_OK);
    write_all(t, HX_FORMAT_CSV, 1, &out);
    assert_string_equal(out.ptr, "a\n1\n\"\"\n3\n");
    hx_buf_release(&out);
    hx_table_free(t);
}

/* A number, a time or a yes that is named as missing is one, in each kind of column; the same number written otherwise is not. */
static void named_values(void **st) {
    (void)st;
    const hx_table_options options = {.missing = "999,inf,2099-01-01,true"};
    hx_table *t =
        read_with("named.csv",
                  HX_STR_LIT("n,x,day,b\n999,inf,2099-01-01,true\n5,1.5,2026-01-02,false\n"
                             " 999 ,2,2026-01-03,false\n999.0,-inf,2026-01-04,false\n"),
                  &options);
    static const size_t missing[] = {2, 1, 1, 1};
    static const hx_kind kinds[] = {HX_KIND_NUMBER, HX_KIND_NUMBER, HX_KIND_TIME, HX_KIND_BOOLEAN};
    for (size_t k = 0; k < 4; k++) {
        assert_int_equal(hx_table_column_at(t, k)->kind, kinds[k]);
        assert_int_equal(hx_table_column_at(t, k)->missing, missing[k]);
    }
    double n[4];
    hx_table_numbers(t, 0, 0, 4, n);
    assert_true(isnan(n[0]) && n[1] == 5 && isnan(n[2]) && n[3] == 999);
    hx_table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_values),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_cells_as_written),
        cmocka_unit_test(test_late_values_decide),
        cmocka_unit_test(test_numbers_are_exact),
        cmocka_unit_test(test_bad_rows_are_left_out),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_many_categories),
        cmocka_unit_test(test_options),
        cmocka_unit_test(kinds_that_were_learnt_from),
        cmocka_unit_test(texts_that_may_be_numbers),
        cmocka_unit_test(test_put),
        cmocka_unit_test(test_texts_pick_keep),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(a_missing_cell_alone_is_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
