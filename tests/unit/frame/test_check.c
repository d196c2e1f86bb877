/* test_check.c - rules files: each kind of rule kept and broken, patterns and their limits, proposals that hold, and what is refused. */
#include <math.h>

#include "base/error.h"
#include "frame/rules_pattern.h"
#include "frame_test.h"

static hx_table *read_text(const char *text) {
    const hx_table_options options = {.n_threads = 1,
                                      .texts = strstr(text, "phone") != NULL ? "phone" : NULL};
    test_file f = test_file_new("a.csv", hx_str_of(text));
    hx_table *t = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_table_read(&t, f.path, &options, &err) != HX_OK) fail_msg("%s", err.message);
    test_file_remove(&f);
    return t;
}

static const char people[] = "id,city,age,phone,since\n"
                             "1,上海,30,13812345678,2026-01-01\n"
                             "2,北京,,13912345678,2026-01-02\n"
                             "2,Paris,200,138,2026-01-03\n"
                             "4,上海,18,13612345678,\n";

typedef struct {
    hx_arena *arena;
    hx_table *t;
    hx_check_result *results;
    size_t n;
    hx_error err;
    hx_status status;
} outcome;

/* The rules of a list against `people`. */
static outcome check(const char *rules, const char *folder) {
    outcome o = {.arena = hx_arena_new(0), .t = read_text(people)};
    const hx_check_options options = {
        .as_of_ms = 1767571200000, .folder = folder, .n_threads = 1}; /* 2026-01-05 */
    char file[2048];
    snprintf(file, sizeof file, "{\"format\":\"huaxiang/rules/1\",\"rules\":[%s]}", rules);
    o.status = hx_table_check(o.t, hx_str_of(file), &options, o.arena, &o.results, &o.n, &o.err);
    return o;
}

static void done(outcome *o) {
    hx_table_free(o->t);
    hx_arena_free(o->arena);
}

static void expect(const char *rule, bool broken, size_t count, long first_row) {
    outcome o = check(rule, NULL);
    if (o.status != HX_OK) fail_msg("%s: %s", rule, o.err.message);
    assert_int_equal(o.n, 1);
    if (o.results[0].broken != broken || o.results[0].count != count)
        fail_msg("%s: broken %d, rows %zu", rule, o.results[0].broken, o.results[0].count);
    if (first_row >= 0) assert_int_equal(o.results[0].examples[0].row, first_row);
    done(&o);
}

static void test_each_kind(void **state) {
    (void)state;
    expect("{\"rule\":\"not_null\",\"column\":\"id\"}", false, 0, -1);
    expect("{\"rule\":\"not_null\",\"columns\":[\"id\",\"age\",\"since\"]}", true, 2, 1);
    expect("{\"rule\":\"unique\",\"columns\":\"id\"}", true, 1, 2);
    expect("{\"rule\":\"unique\",\"columns\":[\"id\",\"city\"]}", false, 0, -1);
    expect("{\"rule\":\"range\",\"column\":\"age\",\"min\":0,\"max\":120}", true, 1, 2);
    expect("{\"rule\":\"range\",\"column\":\"age\",\"min\":18,\"max\":200}", false, 0, -1);
    expect("{\"rule\":\"range\",\"column\":\"age\",\"max\":120,\"at_most\":0.25}", false, 1, 2);
    expect("{\"rule\":\"range\",\"column\":\"since\",\"min\":\"2026-01-02\"}", true, 1, 0);
    expect("{\"rule\":\"pattern\",\"column\":\"phone\",\"pattern\":\"^1[3-9]\\\\d{9}$\"}", true, 1,
           2);
    expect("{\"rule\":\"in_set\",\"column\":\"city\",\"values\":[\"上海\",\"北京\"]}", true, 1, 2);
    expect("{\"rule\":\"in_set\",\"column\":\"id\",\"values\":[1,2,4]}", false, 0, -1);
    expect("{\"rule\":\"freshness\",\"column\":\"since\",\"within_hours\":48}", false, 0, -1);
    expect("{\"rule\":\"freshness\",\"column\":\"since\",\"within_hours\":47.9}", true, 0, -1);
    expect("{\"rule\":\"row_count\",\"min\":4,\"max\":4}", false, 0, -1);
    expect("{\"rule\":\"row_count\",\"min\":5}", true, 0, -1);
    expect("{\"rule\":\"distribution\",\"column\":\"age\",\"quantiles\":{\"0.5\":[30,30]}}", false,
           0, -1);
    expect("{\"rule\":\"distribution\",\"column\":\"age\",\"mean\":[null,82]}", true, 0, -1);
    expect("{\"rule\":\"distribution\",\"column\":\"city\",\"missing\":[0,0]}", false, 0, -1);
}

static void test_foreign_key(void **state) {
    (void)state;
    test_file f = test_file_new("c.csv", HX_STR_LIT("name\n上海\n北京\n"));
    outcome o =
        check("{\"rule\":\"foreign_key\",\"column\":\"city\",\"file\":\"c.csv\",\"key\":\"name\","
              "\"severity\":\"warn\"}",
              f.directory);
    assert_int_equal(o.status, HX_OK);
    assert_true(o.results[0].broken);
    assert_int_equal(o.results[0].severity, HX_SEVERITY_WARN);
    assert_int_equal(o.results[0].count, 1);
    assert_true(hx_str_equal(o.results[0].examples[0].value, HX_STR_LIT("Paris")));
    done(&o);
    o = check("{\"rule\":\"foreign_key\",\"column\":\"city\",\"file\":\"none.csv\"}", f.directory);
    assert_int_equal(o.status, HX_ENOTFOUND);
    done(&o);
    test_file_remove(&f);
}

static void test_refused(void **state) {
    (void)state;
    const struct {
        const char *rule, *sentence;
    } cases[] = {
        {"{\"rule\":\"rnage\",\"column\":\"age\"}", "there are: not_null"},
        {"{\"rule\":\"range\",\"column\":\"agee\",\"min\":0}",
         "rule 1 (range): there is no column 'agee'; did you mean 'age'?"},
        {"{\"rule\":\"range\",\"column\":\"age\",\"mni\":0}",
         "rule 1 (range): there is no key 'mni'"},
        {"{\"rule\":\"range\",\"column\":\"age\"}", "'min' or 'max' is missing"},
        {"{\"rule\":\"range\",\"column\":\"city\",\"min\":1}", "holds texts"},
        {"{\"rule\":\"pattern\",\"column\":\"city\",\"pattern\":\"(a\"}", "not valid"},
        {"{\"rule\":\"freshness\",\"column\":\"age\",\"within_hours\":1}", "does not hold times"},
        {"{\"rule\":\"distribution\",\"column\":\"age\",\"psi\":0.2}", "go together"},
        {"{\"rule\":\"unique\"}", "'columns' has to name one column at least"},
        {"{\"rule\":\"range\",\"column\":\"age\",\"min\":0,\"severity\":\"fatal\"}",
         "info, warn, error"},
        {"7", "a rule has to be an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outcome o = check(cases[i].rule, NULL);
        assert_int_not_equal(o.status, HX_OK);
        if (strstr(o.err.message, cases[i].sentence) == NULL)
            fail_msg("%s: %s", cases[i].rule, o.err.message);
        done(&o);
    }
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = read_text(people);
    hx_check_result *r = NULL;
    size_t n = 0;
    const hx_check_options options = {0};
    assert_int_equal(hx_table_check(t, HX_STR_LIT("{\"rules\":[]}"), &options, arena, &r, &n, NULL),
                     HX_EFORMAT);
    hx_table_free(t);
    hx_arena_free(arena);
}

static bool matches(hx_arena *arena, const char *pattern, const char *text) {
    hx_pattern *p = NULL;
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    if (hx_pattern_compile(&p, hx_str_of(pattern), arena, &err) != HX_OK)
        fail_msg("%s: %s", pattern, err.message);
    return hx_pattern_found(p, hx_str_of(text));
}

static void test_patterns(void **state) {
    (void)state;
    const struct {
        const char *pattern, *yes, *no;
    } cases[] = {
        {"^a.c$", "a上c", "abbc"},       {"^[上海北京]+$", "北京", "南京"},
        {"^(a|bc)*$", "abcbca", "abcb"}, {"b{2,3}", "xbbx", "xbx"},
        {"^b{2,3}$", "bbb", "bbbb"},     {"^(ab){2}c?$", "abab", "ababa"},
        {"^[^0-9]*$", "abc", "ab1"},     {"^\\w+@\\w+\\.com$", "a_1@b.com", "a@b,com"},
        {"^a{0}b$", "b", "ab"},          {"^x{2,}$", "xxxx", "x"},
        {"^(|a)b$", "ab", "cb"},         {"^[]a-]+$", "a-]", "b"},
        {"\\d\\s\\D", "1 a", "1 2"},     {"^$", "", "a"},
    };
    hx_arena *arena = hx_arena_new(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!matches(arena, cases[i].pattern, cases[i].yes))
            fail_msg("%s: not %s", cases[i].pattern, cases[i].yes);
        if (matches(arena, cases[i].pattern, cases[i].no))
            fail_msg("%s: %s", cases[i].pattern, cases[i].no);
    }
    static const char *const wrong[] = {"(",  ")",     "*a",  "a{", "a{3,2}",
                                        "[a", "[b-a]", "\\q", "a\\"};
    hx_pattern *p = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(hx_pattern_compile(&p, hx_str_of(wrong[i]), arena, NULL), HX_EINVAL);
    assert_int_equal(hx_pattern_compile(&p, HX_STR_LIT("((a{99}){99}){99}"), arena, NULL),
                     HX_ELIMIT);
    char text[4001];
    memset(text, 'a', 4000);
    text[4000] = '\0';
    assert_false(matches(arena, "^(a|a)*(a*)*b$", text)); /* hours where a matcher goes back */
    hx_arena_free(arena);
}

static void test_proposal_holds(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    char text[8192];
    size_t len = (size_t)snprintf(text, sizeof text, "id,city,code,age,day\n");
    for (int i = 0; i < 100; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%d,%s,A-%04d,%d,2026-01-%02d\n", i,
                                i % 3 ? "上海" : "北京", i, 20 + i % 40, 1 + i % 28);
    hx_table *t = read_text(text);
    const hx_check_options options = {.n_threads = 1};
    hx_check_result *r = NULL;
    size_t n = 0, unique = 0, patterns = 0, sets = 0;
    hx_str json;
    assert_int_equal(hx_rules_propose(t, arena, &json, NULL), HX_OK);
    assert_int_equal(hx_table_check(t, json, &options, arena, &r, &n, NULL), HX_OK);
    for (size_t i = 0; i < n; i++) {
        if (r[i].broken) fail_msg("%s is broken", r[i].rule);
        unique += strcmp(r[i].rule, "unique") == 0;
        patterns += strcmp(r[i].rule, "pattern") == 0;
        sets += strcmp(r[i].rule, "in_set") == 0;
    }
    assert_int_equal(unique, 2); /* id and code */
    assert_int_equal(patterns, 1);
    assert_int_equal(sets, 1);
    hx_table_free(t);
    hx_arena_free(arena);
}

static void test_empty_tables(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_table *t = read_text("a,b\n");
    hx_str json;
    hx_check_result *r = NULL;
    size_t n = 0;
    const hx_check_options options = {.n_threads = 1};
    assert_int_equal(hx_rules_propose(t, arena, &json, NULL), HX_OK);
    assert_int_equal(hx_table_check(t, json, &options, arena, &r, &n, NULL), HX_OK);
    static const char rules[] = "{\"format\":\"huaxiang/rules/"
                                "1\",\"rules\":[{\"rule\":\"range\",\"column\":\"a\",\"min\":1},{"
                                "\"rule\":\"unique\",\"column\":\"a\"},"
                                "{\"rule\":\"freshness\",\"column\":\"b\",\"within_hours\":1},{"
                                "\"rule\":\"distribution\",\"column\":\"a\",\"mean\":[0,1]}]}";
    assert_int_equal(hx_table_check(t, hx_str_of(rules), &options, arena, &r, &n, NULL), HX_OK);
    assert_false(r[0].broken || r[1].broken);
    assert_true(r[2].broken && r[3].broken); /* nothing is not fresh, and has no mean */
    hx_table_free(t);
    hx_arena_free(arena);
}

static void test_page(void **state) {
    (void)state;
    outcome o = check("{\"rule\":\"in_set\",\"column\":\"city\",\"values\":[\"<b>\"]}", NULL);
    hx_str html;
    assert_int_equal(
        hx_check_html(o.results, o.n, HX_STR_LIT("<script>"), HX_UI_ZH, o.arena, &html, NULL),
        HX_OK);
    assert_null(strstr(html.ptr, "<script>"));
    assert_null(strstr(html.ptr, "<b>"));
    assert_non_null(strstr(html.ptr, "第 1 行: 上海"));
    done(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind),      cmocka_unit_test(test_foreign_key),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_proposal_holds), cmocka_unit_test(test_empty_tables),
        cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
