/* test_preview.c - the dry run: what was understood, what would be rejected and why, and that nothing is consumed by it. */
#include "unit/frame/frame_test.h"

#include "base/json.h"

#define L(s) HX_STR_LIT(s)

static json_t *preview_of(const test_file *f, size_t n, hx_ui_lang ui, hx_buf *after) {
    hx_reader *r = test_open(f, NULL);
    hx_arena *arena = hx_arena_new(0);
    hx_str text = {NULL, 0};
    json_t *json = NULL;
    hx_error err = {ui, HX_OK, 0, 0, ""};
    assert_int_equal(hx_reader_preview(r, n, NULL, arena, &text, &err), HX_OK);
    assert_int_equal(hx_json_parse(text, 1 << 20, "preview", &json, &err), HX_OK);
    assert_int_equal(test_read_all(r, after, &err), HX_OK);
    hx_arena_free(arena);
    hx_reader_close(r);
    return json;
}

static const char *string_at(const json_t *o, const char *key) {
    const char *s = json_string_value(json_object_get(o, key));
    assert_non_null(s);
    return s;
}

static void test_all(void **state) {
    (void)state;
    test_file f = test_file_new(
        "reviews.csv", L("用户,时间,评论,金额\nu1,5/3/26,很好,￥12\nu2,13月5日,不错,5\nu3,4/3/"
                         "26,\"差,贵\"\nu4,4/4/26,x,贵\nu5,4/5/26,\"never\n"));
    hx_buf after;
    hx_buf_init(&after, 1 << 20);
    json_t *j = preview_of(&f, 3, HX_UI_EN, &after);
    assert_string_equal(string_at(j, "file"), f.path);
    assert_string_equal(string_at(j, "format"), "CSV");
    assert_string_equal(string_at(j, "encoding"), "UTF-8");
    assert_string_equal(string_at(j, "compression"), "");
    assert_string_equal(string_at(j, "delimiter"), ",");
    const json_t *columns = json_object_get(j, "columns"), *rows = json_object_get(j, "rows"),
                 *reasons = json_object_get(j, "reasons");
    assert_int_equal(json_array_size(columns), 4);
    const json_t *time = json_array_get(columns, 1);
    assert_string_equal(string_at(time, "name"), "时间");
    assert_string_equal(string_at(time, "role"), "time");
    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(json_string_value(json_array_get(json_array_get(rows, 2), 2)), "差,贵");
    assert_true(json_is_null(json_array_get(json_array_get(rows, 2), 3)));
    assert_int_equal(json_integer_value(json_object_get(j, "sampled")), 5);
    assert_int_equal(json_integer_value(json_object_get(j, "rejected")), 3);
    assert_int_equal(json_array_size(reasons), 3);
    static const char *const want[][2] = {{"时间", "'13月5日' is not a date"},
                                          {"金额", "'贵' is not an amount"},
                                          {NULL, "has a quotation mark that is never closed"}};
    static const json_int_t number[] = {2, 4, 5};
    for (size_t i = 0; i < 3; i++) {
        const json_t *reason = json_array_get(reasons, i);
        assert_int_equal(json_integer_value(json_object_get(reason, "row")), number[i]);
        assert_string_equal(string_at(reason, "reason"), want[i][1]);
        if (want[i][0]) assert_string_equal(string_at(reason, "column"), want[i][0]);
        if (!want[i][0]) assert_null(json_object_get(reason, "column"));
    }
    json_decref(j);
    /* The rows are all still there. */
    assert_memory_equal(after.ptr, "1|u1|5/3/26|很好|￥12\n2|", 25);
    hx_buf_reset(&after);
    j = preview_of(&f, 3, HX_UI_ZH, &after);
    assert_string_equal(string_at(json_array_get(json_object_get(j, "reasons"), 0), "reason"),
                        "“13月5日”不是日期");
    assert_string_equal(string_at(json_array_get(json_object_get(j, "reasons"), 2), "reason"),
                        "引号没有配对");
    json_decref(j);
    hx_buf_release(&after);
    test_file_remove(&f);
}

static void test_header_only(void **state) {
    (void)state;
    test_file f = test_file_new("reviews.csv", L("用户,评论\n"));
    hx_buf after;
    hx_buf_init(&after, 1 << 20);
    json_t *j = preview_of(&f, 3, HX_UI_EN, &after);
    assert_int_equal(json_array_size(json_object_get(j, "rows")), 0);
    assert_int_equal(json_integer_value(json_object_get(j, "sampled")), 0);
    assert_int_equal(after.len, 0);
    json_decref(j);
    hx_buf_release(&after);
    test_file_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all),
                                       cmocka_unit_test(test_header_only)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
