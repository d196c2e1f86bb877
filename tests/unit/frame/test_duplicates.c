/* test_duplicates.c - likeness of texts equal to RapidFuzz's (tests/golden/frame/make_drift.py), groups of rows and who survives, misspelt values. */
#include <math.h>

#include "base/utf8.h"
#include "frame/similar_text.h"
#include "frame_test.h"

#define GOLDEN HX_SOURCE_DIR "/tests/golden/frame/"

static hx_table *read_text(const char *text) {
    const hx_table_options options = {.n_threads = 1};
    test_file f = test_file_new("a.csv", hx_str_of(text));
    hx_table *t = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_read(&t, f.path, &options, &err) != HX_OK) fail_msg("%s", err.message);
    test_file_remove(&f);
    return t;
}

static void test_equal_to_rapidfuzz(void **state) {
    (void)state;
    FILE *f = fopen(GOLDEN "similar.tsv", "r");
    char line[256];
    size_t pairs = 0;
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    for (; fgets(line, sizeof line, f) != NULL; pairs++) {
        uint32_t x[HX_SIMILAR_MAX], y[HX_SIMILAR_MAX];
        char *b = strchr(line, '\t'), *figures = strchr(b + 1, '\t'), *last = NULL;
        *b++ = *figures++ = '\0';
        const double winkler = strtod(figures, &last);
        const size_t edits = (size_t)strtoul(last, NULL, 10);
        const size_t n = hx_plain_points(hx_str_of(line), x), m = hx_plain_points(hx_str_of(b), y);
        if (fabs(hx_jaro_winkler(x, n, y, m) - winkler) > 1e-12)
            fail_msg("%s %s: %.17g", line, b, hx_jaro_winkler(x, n, y, m));
        assert_true(hx_jaro_winkler(y, m, x, n) == hx_jaro_winkler(x, n, y, m));
        assert_int_equal(hx_edit_distance(x, n, y, m), edits);
        assert_int_equal(hx_edit_distance(y, m, x, n), edits);
    }
    assert_int_equal(pairs, 10);
    fclose(f);
}

static void test_plain_texts(void **state) {
    (void)state;
    uint32_t x[HX_SIMILAR_MAX], y[HX_SIMILAR_MAX];
    const size_t n = hx_plain_points(HX_STR_LIT("Ａ-１２ 栋（Ｂ座）"), x),
                 m = hx_plain_points(HX_STR_LIT("a12栋(b座)"), y);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof *x);
    assert_true(hx_text_similarity(x, n, y, m) == 1);
    const size_t k = hx_plain_points(HX_STR_LIT("a13栋b座"), y);
    assert_true(hx_text_similarity(x, n, y, k) == 0); /* another number, another house */
    assert_int_equal(hx_plain_points(HX_STR_LIT("--"), x), 2);
    assert_true(hx_text_similarity(x, 0, y, 0) == 1);
}

static hx_duplicates find(const hx_table *t, const char *keys, double near, const char *keep,
                          hx_arena *arena) {
    const hx_duplicate_options o = {keys, near, keep};
    hx_duplicates d;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_duplicates(t, &o, arena, &d, &err) != HX_OK) fail_msg("%s", err.message);
    return d;
}

static void test_exact(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = read_text(
        "id,v,day\n1,a,2026-01-01\n2,b,2026-01-02\n1,a,2026-01-01\n1,,2026-01-09\n,b,\n,c,\n");
    hx_duplicates d = find(t, NULL, 0, NULL, arena);
    assert_true(d.n_groups == 1 && d.n_surplus == 1 && d.survivor[2] == 0 && d.group[0] == 1 &&
                d.group[2] == 1);
    d = find(t, "id", 0, "last", arena);
    assert_true(d.n_surplus == 2 && d.survivor[0] == 3 && d.survivor[3] == 3);
    assert_true(d.group[4] == 0 && d.survivor[5] == 5); /* rows without any key are no duplicates */
    d = find(t, "id", 0, "complete", arena);
    assert_true(d.survivor[3] == 0);
    d = find(t, "id", 0, "latest:day", arena);
    assert_true(d.survivor[0] == 3 && d.survivor[1] == 1);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void test_near(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = read_text(
        "name,city\nZhang Weiming,上海\nzhang weimnig,上海\nＺＨＡＮＧ　ＷＥＩＭＩＮＧ,上海\nLi "
        "Na,北京\nZhang Weiming 2,上海\n");
    hx_duplicates d = find(t, "name,city", 0.9, NULL, arena);
    assert_true(d.n_groups == 1 && d.n_surplus == 2 && d.survivor[1] == 0 && d.survivor[2] == 0);
    assert_true(d.similarity[2] == 1 && d.similarity[1] > 0.9 && d.similarity[1] < 1);
    assert_true(d.survivor[3] == 3 && d.survivor[4] == 4);
    hx_table_free(t);
    hx_arena_free(arena);
}

/* Of 2,000 names each with one swapped pair of letters nearly all are found, and no two different ones are joined. */
static void test_near_finds_most(void **state) {
    (void)state;
    enum { NAMES = 2000, LENGTH = 12 };
    hx_arena *arena = hx_arena_new(0);
    hx_buf b;
    uint64_t seed = 1;
    hx_buf_init(&b, (size_t)1 << 20);
    (void)hx_buf_append_lit(&b, "name\n");
    char name[LENGTH + 1] = "";
    for (size_t i = 0; i < NAMES; i++) {
        for (size_t k = 0; k < LENGTH; k++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            name[k] = (char)('a' + (seed >> 33) % 26);
        }
        (void)hx_buf_printf(&b, "%s\n", name);
        const size_t at = 2 + i % (LENGTH - 3);
        const char c = name[at];
        name[at] = name[at + 1];
        name[at + 1] = c;
        (void)hx_buf_printf(&b, "%s\n", name);
    }
    (void)hx_buf_append_byte(&b, '\0');
    hx_table *t = read_text(b.ptr);
    const hx_duplicates d = find(t, "name", 0.85, NULL, arena);
    size_t found = 0;
    for (size_t i = 0; i < NAMES; i++) {
        found += d.group[2 * i] > 0 && d.group[2 * i] == d.group[2 * i + 1];
        assert_true(d.survivor[2 * i] == 2 * i);
        assert_true(d.survivor[2 * i + 1] == 2 * i || d.survivor[2 * i + 1] == 2 * i + 1);
    }
    assert_true(found >= NAMES * 99 / 100);
    hx_table_free(t);
    hx_buf_release(&b);
    hx_arena_free(arena);
}

static void test_refused(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = read_text("a,b\n1,x\n2,y\n");
    const hx_duplicate_options wrong[] = {{"c", 0, NULL},
                                          {NULL, 0.2, NULL},
                                          {NULL, 0, "best"},
                                          {NULL, 0, "latest:b"},
                                          {"a", 0.9, NULL}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        hx_duplicates d;
        assert_int_not_equal(hx_table_duplicates(t, &wrong[i], arena, &d, NULL), HX_OK);
    }
    hx_table_free(t);
    t = read_text("a,b\n");
    assert_int_equal(find(t, NULL, 0.9, NULL, arena).n_surplus, 0);
    hx_table_free(t);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ values */
static const char cities[] = "city\n上海\n上海\n上海\n上海市\nShanghia\n北京\n北京\n北京 "
                             "\nguangzhou\nBeijin\nParis\nParis\nParis\nPairs\nLyon\n";

static void test_repairs(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *reason;
    } wanted[] = {{"上海市", "上海", "suffix"},
                  {"Shanghia", "上海", "pinyin"},
                  {"Beijin", "北京", "pinyin"},
                  {"Pairs", "Paris", "spelling"}};
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = read_text(cities);
    hx_repair *r = NULL;
    size_t n = 0;
    assert_int_equal(hx_table_propose_repairs(t, "city", arena, &r, &n, NULL), HX_OK);
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        size_t found = 0;
        for (size_t i = 0; i < n; i++)
            found += hx_str_equal(r[i].from, hx_str_of(wanted[w].from)) &&
                     hx_str_equal(r[i].to, hx_str_of(wanted[w].to)) &&
                     strcmp(r[i].reason, wanted[w].reason) == 0;
        if (found != 1) fail_msg("%s -> %s", wanted[w].from, wanted[w].to);
    }
    for (size_t i = 0; i < n; i++)
        assert_false(hx_str_equal(r[i].from, HX_STR_LIT("Lyon")) ||
                     hx_str_equal(r[i].from, HX_STR_LIT("guangzhou")));
    hx_table_free(t);
    hx_arena_free(arena);
}

/* Among forms of as many rows the one with clean blanks is the target, whatever comes first; a commoner one still wins. */
static void test_repairs_of_blanks(void **state) {
    static const struct {
        const char *csv, *from, *to;
    } cases[] = {{"name\nAnn  Lee\nAnn Lee\n", "Ann  Lee", "Ann Lee"},
                 {"name\nAnn Lee\nAnn  Lee\n", "Ann  Lee", "Ann Lee"},
                 {"name\n\" Ann Lee\"\nAnn Lee\n", " Ann Lee", "Ann Lee"},
                 {"name\nＡnn Lee\nAnn Lee\n", "Ａnn Lee", "Ann Lee"},
                 {"name\nAnn\xE3\x80\x80Lee\nAnn Lee\n", "Ann\xE3\x80\x80Lee", "Ann Lee"},
                 {"name\nAnn  Lee\nAnn Lee\nAnn  Lee\n", "Ann Lee", "Ann  Lee"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_arena *arena = hx_arena_new(0);
        hx_table *t = read_text(cases[i].csv);
        hx_repair *r = NULL;
        size_t n = 0;
        assert_int_equal(hx_table_propose_repairs(t, NULL, arena, &r, &n, NULL), HX_OK);
        assert_int_equal(n, 1);
        if (!hx_str_equal(r[0].from, hx_str_of(cases[i].from)) ||
            !hx_str_equal(r[0].to, hx_str_of(cases[i].to)))
            fail_msg("%zu: '%.*s' to '%.*s'", i, (int)r[0].from.len, r[0].from.ptr,
                     (int)r[0].to.len, r[0].to.ptr);
        hx_table_free(t);
        hx_arena_free(arena);
    }
}

static size_t count_of(const hx_table *t, const char *value) {
    char room[64];
    size_t n = 0;
    for (size_t i = 0; i < hx_table_rows(t); i++)
        n += hx_str_equal(hx_table_cell(t, i, 0, room), hx_str_of(value));
    return n;
}

/* Learnt on one table, kept, and applied to another. */
static void test_repair_step(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_recipe *r = NULL, *kept = NULL;
    hx_table *t = read_text(cities), *later = read_text("city\nShanghia\nPairs\nRome\n");
    hx_str json;
    assert_int_equal(hx_recipe_open(&r,
                                    HX_STR_LIT("[{\"step\":\"repair\",\"columns\":[\"city\"]}]"),
                                    NULL, 0, NULL),
                     HX_OK);
    assert_int_equal(hx_recipe_fit(r, t, NULL, NULL), HX_OK);
    assert_int_equal(count_of(t, "上海"), 5);
    assert_int_equal(count_of(t, "Paris"), 4);
    assert_int_equal(hx_recipe_json(r, arena, &json, NULL), HX_OK);
    assert_int_equal(hx_recipe_read(&kept, json, NULL, 0, NULL), HX_OK);
    assert_int_equal(hx_recipe_apply(kept, later, NULL, NULL), HX_OK);
    assert_true(count_of(later, "上海") == 1 && count_of(later, "Paris") == 1 &&
                count_of(later, "Rome") == 1);
    hx_recipe_free(r);
    hx_recipe_free(kept);
    hx_table_free(t);
    hx_table_free(later);
    hx_arena_free(arena);
}

static void test_given_mapping(void **state) {
    (void)state;
    hx_recipe *r = NULL;
    hx_table *t = read_text("city\na\nb\nc\n");
    assert_int_equal(
        hx_recipe_open(&r,
                       HX_STR_LIT("[{\"step\":\"repair\",\"mapping\":[{\"column\":\"city\","
                                  "\"from\":\"a\",\"to\":\"b\"},"
                                  "{\"column\":\"city\",\"from\":\"b\",\"to\":\"new\"},{\"column\":"
                                  "\"city\",\"from\":\"c\",\"to\":\"\"}]}]"),
                       NULL, 0, NULL),
        HX_OK);
    assert_int_equal(hx_recipe_fit(r, t, NULL, NULL), HX_OK);
    assert_true(count_of(t, "b") == 1 && count_of(t, "new") == 1); /* once, not again and again */
    assert_int_equal(hx_table_column_at(t, 0)->missing, 1);
    hx_recipe_free(r);
    assert_int_equal(
        hx_recipe_open(&r, HX_STR_LIT("[{\"step\":\"repair\",\"mapping\":[{\"from\":\"a\"}]}]"),
                       NULL, 0, NULL),
        HX_EINVAL);
    hx_table_free(t);
}

static void test_dedupe_step(void **state) {
    (void)state;
    hx_recipe *r = NULL;
    hx_table *t = read_text("a,b\n1,x\n1,y\n2,z\n"), *u = read_text("a,b\n1,x\n1,y\n2,z\n");
    const hx_recipe_run rows_stay = {.keep_rows = true};
    assert_int_equal(
        hx_recipe_open(&r, HX_STR_LIT("[{\"step\":\"dedupe\",\"keys\":[\"a\"],\"keep\":\"last\"}]"),
                       NULL, 0, NULL),
        HX_OK);
    assert_int_equal(hx_recipe_fit(r, t, NULL, NULL), HX_OK);
    assert_int_equal(hx_table_rows(t), 2);
    assert_int_equal(hx_recipe_apply(r, u, &rows_stay, NULL), HX_OK);
    assert_int_equal(hx_table_rows(u), 3);
    hx_recipe_free(r);
    hx_table_free(t);
    hx_table_free(u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_to_rapidfuzz),
        cmocka_unit_test(test_plain_texts),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_near),
        cmocka_unit_test(test_near_finds_most),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_repairs),
        cmocka_unit_test(test_repairs_of_blanks),
        cmocka_unit_test(test_repair_step),
        cmocka_unit_test(test_given_mapping),
        cmocka_unit_test(test_dedupe_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
