/* test_condition.c - which rows a condition leaves, and the sentence for each that is no condition. */
#include "frame_test.h"

static hx_table *people(void) {
    test_file f = test_file_new("p.csv", HX_STR_LIT("id,city,age,since,member,level\n"
                                                    "1,上海,30,2025-01-01,true,gold\n"
                                                    "2,北京,41.5,2025-06-01,false,\n"
                                                    "3,上海,,2026-01-01,true,silver\n"
                                                    "4,Paris,18,,,gold card\n"));
    hx_table *t = NULL;
    assert_int_equal(hx_table_read(&t, f.path, NULL, NULL), HX_OK);
    test_file_remove(&f);
    return t;
}

/* The ids that are left, as "1,3". */
static void assert_left(const char *condition, const char *want) {
    hx_table *t = people();
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    char got[64] = "", room[64];
    if (hx_table_where(t, condition, &err) != HX_OK) fail_msg("%s: %s", condition, err.message);
    for (size_t i = 0; i < hx_table_rows(t); i++) {
        const hx_str s = hx_table_cell(t, i, 0, room);
        const size_t n = strlen(got);
        (void)snprintf(got + n, sizeof got - n, "%s%.*s", i ? "," : "", (int)s.len, s.ptr);
    }
    if (strcmp(got, want) != 0) fail_msg("%s: '%s', not '%s'", condition, got, want);
    hx_table_free(t);
}

static void assert_refused(const char *condition, const char *sentence) {
    hx_table *t = people();
    hx_error err = {HX_UI_EN, HX_OK, 0, 0, ""};
    assert_true(hx_table_where(t, condition, &err) != HX_OK);
    assert_string_equal(err.message, sentence);
    assert_int_equal(hx_table_rows(t), 4);
    hx_table_free(t);
}

static void test_tests(void **state) {
    (void)state;
    assert_left("city = 上海", "1,3");
    assert_left("city='上海'", "1,3");
    assert_left("\"city\" != 上海", "2,4");
    assert_left("age >= 30", "1,2");
    assert_left("age<30", "4");
    assert_left("age == 41.50", "2");
    assert_left("age != 30", "2,4");
    assert_left("age is missing", "3");
    assert_left("age is not missing", "1,2,4");
    assert_left("level is missing", "2");
    assert_left("age in (18, 30)", "1,4");
    assert_left("city in (Paris,北京)", "2,4");
    assert_left("city not in (Paris,北京)", "1,3");
    assert_left("level contains gold", "1,4");
    assert_left("level not contains gold", "2,3");
    assert_left("level = 'gold card'", "4");
    assert_left("since > 2025-03-01", "2,3");
    assert_left("since between 2025-01-01 and 2025-06-01", "1,2");
    assert_left("age between 18 and 30", "1,4");
    assert_left("member", "1,3");
    assert_left("member = false", "2");
    assert_left("city < 上海", "4");
}

static void test_logic(void **state) {
    (void)state;
    assert_left("city = 上海 and age >= 30", "1");
    assert_left("city = 上海 or age < 20 and member", "1,3");
    assert_left("(city = 上海 or age < 20) and not member", "4");
    assert_left("not city = 上海 and not (age > 40)", "4");
    assert_left("not not member", "1,3");
    assert_left("((((age > 40))))", "2");
}

static void test_sentences(void **state) {
    (void)state;
    assert_refused("", "condition: a column is missing at its end");
    assert_refused("agee > 3", "there is no column 'agee'; did you mean 'age'?");
    assert_refused(
        "age", "condition: =, !=, <, <=, >, >=, in, between, contains or is is missing at its end");
    assert_refused("age >", "condition: a value is missing at its end");
    assert_refused("age > x", "condition: 'x' is no number, but the column 'age' holds numbers");
    assert_refused("since > x", "condition: 'x' is no time, but the column 'since' holds times");
    assert_refused("(age > 3", "condition: ')' is missing at its end");
    assert_refused("age > 3)", "condition: '(' is missing before ')'");
    assert_refused("age > 3 age > 4", "condition: 'and' or 'or' is missing before 'age'");
    assert_refused("city = 'x", "condition: the quote before 'x' is never closed");
    assert_refused("age in 3", "condition: '(' is missing before '3'");
    assert_refused("age contains 3", "condition: 'contains' is for columns of texts");
    char deep[1000];
    memset(deep, '(', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    assert_refused(deep, "condition: nested deeper than 256");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tests),
        cmocka_unit_test(test_logic),
        cmocka_unit_test(test_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
