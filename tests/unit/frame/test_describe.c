/* test_describe.c - figures of columns equal to pandas' (tests/golden/frame/describe.py), histograms, the page, and splits of rows. */
#include <math.h>

#include "frame_test.h"

#define GOLDEN HX_SOURCE_DIR "/tests/golden/frame/"

static hx_table *read_path(const char *path, size_t threads) {
    const hx_table_options options = {.n_threads = threads, .reader.chunk_bytes = 4096};
    hx_table *t = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_read(&t, path, &options, &err) != HX_OK) fail_msg("%s", err.message);
    return t;
}

static hx_table *read_text(const char *text) {
    test_file f = test_file_new("a.csv", hx_str_of(text));
    hx_table *t = read_path(f.path, 1);
    test_file_remove(&f);
    return t;
}

static double figure(const hx_description *d, const char *name) {
    const struct {
        const char *name;
        double v;
    } all[] = {{"count", (double)d->count},
               {"unique", (double)d->unique},
               {"freq", d->freq > 0 ? (double)d->freq : NAN},
               {"mean", d->mean},
               {"std", d->std},
               {"min", d->min},
               {"q25", d->q25},
               {"q50", d->q50},
               {"q75", d->q75},
               {"max", d->max},
               {"skew", d->skew}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0) return all[i].v;
    fail_msg("no figure %s", name);
    return 0;
}

static bool is_close(double got, double want) {
    if (isnan(want) || isinf(want)) return isnan(want) ? isnan(got) : got == want;
    return fabs(got - want) <= 1e-12 * fabs(want) + 1e-300;
}

static void test_equal_to_pandas(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    for (size_t threads = 1; threads <= 3; threads += 2) {
        hx_description *d = NULL;
        hx_table *t = read_path(GOLDEN "describe.csv", threads);
        assert_int_equal(hx_table_describe(t, threads, arena, &d, NULL), HX_OK);
        FILE *f = fopen(GOLDEN "describe.tsv", "r");
        assert_non_null(f);
        char line[512];
        size_t n = 0;
        for (; fgets(line, sizeof line, f) != NULL; n++) {
            char *name = line, *key = strchr(name, '\t');
            assert_non_null(key);
            *key++ = '\0';
            char *value = strchr(key, '\t');
            assert_non_null(value);
            *value++ = '\0';
            value[strcspn(value, "\n")] = '\0';
            const size_t c = hx_table_find(t, hx_str_of(name));
            assert_true(c != HX_COLUMN_NONE);
            if (strcmp(key, "top") == 0) {
                assert_true(hx_str_equal(d[c].top, hx_str_of(value)));
                continue;
            }
            const double got = figure(&d[c], key), want = strtod(value, NULL);
            if (!is_close(got, want)) fail_msg("%s %s: %.17g, pandas %.17g", name, key, got, want);
        }
        (void)fclose(f);
        assert_int_equal(n, 17 * 12);
        hx_table_free(t);
    }
    hx_arena_free(arena);
}

/* pandas 2.3.3, NumPy 2.4.6: Series(v).describe(). */
static void infinite_values_as_pandas(void **state) {
    (void)state;
    static const struct {
        const char *cells;
        size_t infinite;
        double mean, std, min, q25, q50, q75, max;
    } cases[] = {
        {"1\n2\ninf\n", 1, INFINITY, NAN, 1, 1.5, NAN, NAN, INFINITY},
        {"-inf\n1\ninf\n", 2, NAN, NAN, -INFINITY, -INFINITY, NAN, NAN, INFINITY},
        {"-Infinity\n1\n2\n3\n", 1, -INFINITY, NAN, -INFINITY, -INFINITY, 1.5, 2.25, 3},
        {"1\n2\n3\ninf\nNA\n", 1, INFINITY, NAN, 1, 1.75, 2.5, INFINITY, INFINITY},
        {"inf\n", 1, INFINITY, NAN, INFINITY, NAN, NAN, NAN, INFINITY},
        {"1\n2\n3\n4\ninf\n", 1, INFINITY, NAN, 1, 2, 3, NAN, INFINITY},
        {"-inf\n-inf\n1\n2\n3\n", 2, -INFINITY, NAN, -INFINITY, NAN, 1, 2, 3},
    };
    static const char *const names[] = {"mean", "std", "min", "q25", "q50", "q75", "max"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "v\n%s", cases[i].cells);
        hx_arena *arena = hx_arena_new(0);
        hx_description *d = NULL;
        hx_str html;
        hx_table *t = read_text(text);
        assert_int_equal(hx_table_describe(t, 1, arena, &d, NULL), HX_OK);
        const double want[] = {cases[i].mean, cases[i].std, cases[i].min, cases[i].q25,
                               cases[i].q50,  cases[i].q75, cases[i].max};
        for (size_t k = 0; k < 7; k++)
            if (!is_close(figure(d, names[k]), want[k]))
                fail_msg("%zu %s: %g, pandas %g", i, names[k], figure(d, names[k]), want[k]);
        assert_int_equal(d->infinite, cases[i].infinite);
        size_t drawn = 0;
        for (size_t k = 0; k < d->n_bins; k++)
            drawn += d->bins[k];
        assert_int_equal(drawn, d->count - d->infinite);
        assert_int_equal(hx_table_describe_html(t, HX_STR_LIT("t"), HX_UI_EN, arena, &html, NULL),
                         HX_OK);
        assert_non_null(strstr(html.ptr, "infinite (not drawn)"));
        hx_table_free(t);
        hx_arena_free(arena);
    }
}

/* pandas: read_csv(skip_blank_lines=True) keeps `,` and skips empty lines and those of blanks. */
static void rows_of_separators_are_rows(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t rows, missing; /* of the first column */
    } cases[] = {
        {"a,b\n1,2\n,\n3,4\n", 3, 1},
        {"a,b\n1,2\n\n3,4\n\n", 2, 0},
        {"a,b\r\n1,2\r\n,\r\n\r\n  \r\n3,4", 3, 1},
        {"a,b\n1,\"2\n3\"\n\"\",\"\"\n", 2, 1}, /* a quoted line end: the general way is the same */
        {"a,b\n ,\n1,2\n", 2, 1},
        {"a\n1\n\"\"\n\n2\n", 3, 1},
        {"a,b,c\n,,\n1,2,3\n,,\n,,\n", 4, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_table *t = read_text(cases[i].text);
        if (hx_table_rows(t) != cases[i].rows ||
            hx_table_column_at(t, 0)->missing != cases[i].missing)
            fail_msg("case %zu: %zu rows, %zu missing", i, hx_table_rows(t),
                     hx_table_column_at(t, 0)->missing);
        hx_table_free(t);
    }
}

static void test_histograms(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_description *d = NULL;
    hx_table *t = read_path(GOLDEN "describe.csv", 2);
    assert_int_equal(hx_table_describe(t, 2, arena, &d, NULL), HX_OK);
    for (size_t c = 0; c < hx_table_columns(t); c++) {
        size_t sum = 0;
        for (size_t i = 0; i < d[c].n_bins; i++)
            sum += d[c].bins[i];
        const hx_str name = hx_table_column_at(t, c)->name;
        const bool infinite = hx_str_equal(name, HX_STR_LIT("infinite"));
        if (d[c].unique <= 20 || hx_table_column_at(t, c)->kind == HX_KIND_NUMBER)
            assert_int_equal(sum, d[c].count - infinite);
        assert_int_equal(d[c].missing + d[c].count, hx_table_rows(t));
    }
    hx_table_free(t);
    t = read_text("n,s\n1,a\n2,b\n2,b\n4,c\n");
    assert_int_equal(hx_table_describe(t, 1, arena, &d, NULL), HX_OK);
    assert_int_equal(d[0].n_bins, 4);
    const size_t want[] = {1, 2, 0, 1};
    assert_memory_equal(d[0].bins, want, sizeof want);
    assert_int_equal(d[1].n_bins, 3);
    assert_true(d[1].bins[0] == 2 && d[1].bins[1] == 1 && hx_str_equal(d[1].top, HX_STR_LIT("b")));
    assert_true(d[0].sum == 9 && d[0].zeros == 0 && d[0].negatives == 0);
    hx_table_free(t);
    hx_arena_free(arena);
}

/* The first to appear among equals, also where rows were taken away. */
static void test_top_of_equals(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_description *d = NULL;
    hx_table *t = read_text("s\na\nb\nb\na\n");
    assert_int_equal(hx_table_describe(t, 1, arena, &d, NULL), HX_OK);
    assert_true(hx_str_equal(d[0].top, HX_STR_LIT("a")));
    const size_t rows[] = {1, 3};
    assert_int_equal(hx_table_keep(t, rows, 2, NULL), HX_OK);
    assert_int_equal(hx_table_describe(t, 1, arena, &d, NULL), HX_OK);
    assert_true(hx_str_equal(d[0].top, HX_STR_LIT("b")) && d[0].unique == 2);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void test_small_tables(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_description *d = NULL;
    hx_str html;
    hx_table *t = read_text("a,b\n");
    assert_int_equal(hx_table_describe(t, 2, arena, &d, NULL), HX_OK);
    assert_true(d[0].count == 0 && isnan(d[0].mean) && isnan(d[0].min) && d[0].n_bins == 0);
    assert_int_equal(hx_table_describe_html(t, HX_STR_LIT("x"), HX_UI_EN, arena, &html, NULL),
                     HX_OK);
    hx_table_free(t);
    t = read_text("a,b\n-1e300,<b>\n1e300,\"\"\"&\"\n");
    assert_int_equal(hx_table_describe(t, 2, arena, &d, NULL), HX_OK);
    assert_true(d[0].bins[0] == 1 && d[0].bins[d[0].n_bins - 1] == 1);
    assert_int_equal(
        hx_table_describe_html(t, HX_STR_LIT("<script>"), HX_UI_ZH, arena, &html, NULL), HX_OK);
    assert_null(strstr(html.ptr, "<script>"));
    assert_null(strstr(html.ptr, "<b>"));
    assert_non_null(strstr(html.ptr, "&lt;b&gt;"));
    assert_non_null(strstr(html.ptr, "均值"));
    hx_table_free(t);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ splits */
enum { ROWS = 1000 };

static hx_table *numbers_table(void) {
    hx_table *t = NULL;
    double class[ROWS], group[ROWS], time[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        class[i] = i % 10 == 0;
        group[i] = (double)(i * 7919 % 97);
        time[i] = 86400000.0 * (double)((ROWS - i) / 3);
    }
    assert_int_equal(hx_table_new(&t, ROWS, NULL), HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("c"), HX_KIND_NUMBER, class, -1, NULL),
                     HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("g"), HX_KIND_NUMBER, group, -1, NULL),
                     HX_OK);
    assert_int_equal(hx_table_put_numbers(t, HX_STR_LIT("t"), HX_KIND_TIME, time, -1, NULL), HX_OK);
    return t;
}

static void test_splits(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = numbers_table();
    unsigned char *part = NULL, *again = NULL;
    hx_split_options o = {.shares = {70, 15, 15}, .seed = 1};
    size_t counts[3] = {0}, classes[3] = {0}, moved = 0;
    assert_int_equal(hx_table_split(t, &o, arena, &part, NULL), HX_OK);
    for (size_t i = 0; i < ROWS; i++)
        counts[part[i]]++;
    assert_true(counts[0] == 700 && counts[1] == 150 && counts[2] == 150);
    assert_int_equal(hx_table_split(t, &o, arena, &again, NULL), HX_OK);
    assert_memory_equal(part, again, ROWS);
    o.seed = 2;
    assert_int_equal(hx_table_split(t, &o, arena, &again, NULL), HX_OK);
    for (size_t i = 0; i < ROWS; i++)
        moved += part[i] != again[i];
    assert_true(moved > 100);
    o.stratify = "c";
    assert_int_equal(hx_table_split(t, &o, arena, &part, NULL), HX_OK);
    for (size_t i = 0; i < ROWS; i++)
        classes[part[i]] += i % 10 == 0;
    assert_true(classes[0] == 70 && classes[1] == 15 && classes[2] == 15);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void test_groups_and_times_stay_together(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = numbers_table();
    unsigned char *part = NULL;
    hx_split_options o = {.shares = {0.8, 0, 0.2}, .group = "g"};
    int of_group[97];
    size_t test = 0;
    memset(of_group, -1, sizeof of_group);
    assert_int_equal(hx_table_split(t, &o, arena, &part, NULL), HX_OK);
    for (size_t i = 0; i < ROWS; i++) {
        int *said = &of_group[i * 7919 % 97];
        assert_true(*said < 0 || *said == part[i]);
        *said = part[i];
        assert_true(part[i] != 1);
        test += part[i] == 2;
    }
    assert_in_range(test, 180, 220);
    o.group = NULL;
    o.time = "t";
    assert_int_equal(hx_table_split(t, &o, arena, &part, NULL), HX_OK);
    for (size_t i = 1; i < ROWS; i++) {
        assert_true(part[i] <= part[i - 1]);
        if ((ROWS - i) / 3 == (ROWS - i + 1) / 3) assert_int_equal(part[i], part[i - 1]);
    }
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    o.group = "g";
    assert_int_equal(hx_table_split(t, &o, arena, &part, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "a split is by values, by groups or by time: only one of them");
    o = (hx_split_options){.shares = {0, 0, 0}};
    assert_int_equal(hx_table_split(t, &o, arena, &part, &err), HX_EINVAL);
    o = (hx_split_options){.shares = {1, 0, 1}, .stratify = "cc"};
    assert_int_equal(hx_table_split(t, &o, arena, &part, &err), HX_ENOTFOUND);
    hx_table_free(t);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_to_pandas),
        cmocka_unit_test(infinite_values_as_pandas),
        cmocka_unit_test(rows_of_separators_are_rows),
        cmocka_unit_test(test_histograms),
        cmocka_unit_test(test_top_of_equals),
        cmocka_unit_test(test_small_tables),
        cmocka_unit_test(test_splits),
        cmocka_unit_test(test_groups_and_times_stay_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
