/* test_error.c - finished sentences: both languages, foreign bytes, the cut at the end. */
#include "unit/base/base_test.h"

#include "base/error.h"
#include "base/utf8.h"

static void fills_code_place_and_sentence(void **state) {
    (void)state;
    hx_error err = {0};
    assert_int_equal(hx_fail(&err, HX_EFORMAT, "%s: %d of %s", "a.csv", 3, "4"), HX_EFORMAT);
    assert_int_equal(err.code, HX_EFORMAT);
    assert_int_equal(err.row, 0);
    assert_int_equal(err.byte, -1);
    assert_string_equal(err.message, "a.csv: 3 of 4");
    assert_int_equal(hx_fail_row(&err, HX_ELIMIT, 12, "too long"), HX_ELIMIT);
    assert_int_equal(err.row, 12);
    assert_string_equal(err.message, "too long");
    assert_int_equal(hx_fail(&err, HX_EIO, "x"), HX_EIO);
    assert_int_equal(err.row, 0);
    assert_int_equal(hx_fail(NULL, HX_EBUSY, "%s", "nobody listens"), HX_EBUSY);
    assert_int_equal(hx_fail_row(NULL, HX_EBUSY, 1, "nobody listens"), HX_EBUSY);
}

static void speaks_chinese_where_it_can(void **state) {
    (void)state;
    hx_error err = {.ui = HX_UI_ZH};
    hx_fail(&err, HX_ELIMIT, "%s: larger than the limit of %zu bytes", "订单", (size_t)9);
    assert_string_equal(err.message, "订单：超过了 9 字节的上限");
    hx_fail(&err, HX_EINVAL, "a sentence of this test, %d", 1);
    assert_string_equal(err.message, "a sentence of this test, 1");
    assert_int_equal(err.ui, HX_UI_ZH);
    assert_null(hx_message_zh("a sentence of this test, %d"));
}

static void shows_foreign_bytes_as_hex(void **state) {
    (void)state;
    static const struct {
        const char *raw, *shown;
    } cases[] = {
        {"plain 中文 \xF0\x9F\x98\x80", "plain 中文 \xF0\x9F\x98\x80"},
        {"\xB1\xB1\xBE\xA9", "\\xB1\\xB1\\xBE\\xA9"}, /* GBK */
        {"a\nb\tc\rd", "a\\x0Ab\\x09c\\x0Dd"},
        {"\x1B[31mred\x7F", "\\x1B[31mred\\x7F"},
        {"\xC2\x9B"
         "2J",
         "\\xC2\\x9B2J"}, /* C1: CSI */
        {"\xE2\x80\xAE"
         "evil",
         "\\xE2\\x80\\xAEevil"}, /* right-to-left override */
        {"\xE4\xB8", "\\xE4\\xB8"},
        {"\xED\xA0\x80", "\\xED\\xA0\\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hx_error err = {0};
        hx_fail(&err, HX_EFORMAT, "'%s'", cases[i].raw);
        char want[100];
        snprintf(want, sizeof want, "'%s'", cases[i].shown);
        assert_string_equal(err.message, want);
    }
}

/* For each length around the limit: whole while it fits, else cut at a code point with the mark at the end. */
static void cuts_at_a_code_point(void **state) {
    (void)state;
    static const char *const units[] = {"x", "é", "中", "\xF0\x9F\x98\x80", "\x01"};
    static const size_t shown[] = {1, 2, 3, 4, 4};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
        for (size_t n = 100; n<3000; n += n> 130 && n < 500 ? 1 : 97) {
            char raw[12100] = "";
            size_t len = strlen(units[u]);
            for (size_t i = 0; i < n; i++)
                memcpy(raw + i * len, units[u], len + 1);
            hx_error err = {0};
            hx_fail(&err, HX_EFORMAT, "%s", raw);
            hx_str got = hx_str_of(err.message);
            assert_true(got.len < HX_MESSAGE_MAX);
            assert_true(hx_utf8_is_valid(got));
            bool whole = n * shown[u] < HX_MESSAGE_MAX;
            bool marked = got.len >= 3 && memcmp(got.ptr + got.len - 3, "…", 3) == 0;
            assert_int_equal(marked, !whole);
            if (whole) assert_int_equal(got.len, n * shown[u]);
            if (!whole) assert_int_equal((got.len - 3) % shown[u], 0);
            if (!whole) assert_true(got.len > HX_MESSAGE_MAX - 8);
        }
}

static void shows_the_beginning_of_a_long_view(void **state) {
    (void)state;
    char text[700];
    for (size_t i = 0; i < 200; i++)
        memcpy(text + 3 * i, "中", 3);
    hx_error err = {0};
    hx_str s = {text, 600};
    hx_fail(&err, HX_EINVAL, "'%.*s'", HX_STR_ARG(s));
    assert_int_equal(strlen(err.message), 2 + 198);
    assert_null(strstr(err.message, "\\x"));
    hx_str none = {NULL, 0};
    hx_fail(&err, HX_EINVAL, "'%.*s'", HX_STR_ARG(none));
    assert_string_equal(err.message, "''");
    memset(text, 0x80, sizeof text);
    assert_in_range(hx_str_shown(s), 190, 200);
}

static hx_status try_twice(hx_status first, hx_status second, int *calls) {
    *calls = 1;
    HX_TRY(first);
    *calls = 2;
    HX_TRY(second);
    *calls = 3;
    return HX_OK;
}

static void try_returns_the_first_failure(void **state) {
    (void)state;
    int calls;
    assert_int_equal(try_twice(HX_OK, HX_OK, &calls), HX_OK);
    assert_int_equal(calls, 3);
    assert_int_equal(try_twice(HX_EIO, HX_ENOMEM, &calls), HX_EIO);
    assert_int_equal(calls, 1);
    assert_int_equal(try_twice(HX_OK, HX_ENOMEM, &calls), HX_ENOMEM);
    assert_int_equal(calls, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_code_place_and_sentence),
        cmocka_unit_test(speaks_chinese_where_it_can),
        cmocka_unit_test(shows_foreign_bytes_as_hex),
        cmocka_unit_test(cuts_at_a_code_point),
        cmocka_unit_test(shows_the_beginning_of_a_long_view),
        cmocka_unit_test(try_returns_the_first_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
