/* test_buf.c - the growing buffer: growth, the cap, and staying failed. */
#include "unit/base/base_test.h"

#include "base/buf.h"

static void grows_and_keeps_what_it_has(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1 << 20);
    assert_string_equal(hx_buf_str(&b).ptr, "");
    for (int i = 0; i < 10000; i++)
        assert_true(hx_buf_append_byte(&b, (char)('a' + i % 26)));
    assert_int_equal(b.len, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(b.ptr[i], 'a' + i % 26);
    hx_buf_release(&b);
    assert_null(b.ptr);
    assert_int_equal(b.cap, 1 << 20);
}

static void appends_all_kinds(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1000);
    hx_buf_append_lit(&b, "one");
    hx_buf_append_str(&b, HX_STR_LIT(" two"));
    hx_buf_append_str(&b, (hx_str){NULL, 0});
    hx_buf_printf(&b, " %d %s", 3, "four");
    assert_true(hx_str_equal(hx_buf_str(&b), HX_STR_LIT("one two 3 four")));
    hx_buf_release(&b);
}

/* For each cap and length: exactly what fits, fits, be it appended or printed. */
static void holds_exactly_its_cap(void **state) {
    (void)state;
    const char *text =
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678";
    for (size_t cap = 0; cap < 75; cap++) {
        for (int printed = 0; printed < 2; printed++) {
            for (size_t len = cap > 2 ? cap - 2 : 0; len < cap + 3; len++) {
                hx_buf b;
                hx_buf_init(&b, cap);
                bool ok = printed ? hx_buf_printf(&b, "%.*s", (int)len, text)
                                  : hx_buf_append(&b, text, len);
                assert_int_equal(ok, len <= cap);
                assert_int_equal(b.failed, len > cap);
                assert_int_equal(b.len, ok ? len : 0);
                assert_true(b.alloc <= cap);
                if (ok) assert_memory_equal(hx_buf_str(&b).ptr, text, len);
                hx_buf_release(&b);
            }
        }
    }
}

static void stays_failed_until_reset(void **state) {
    (void)state;
    hx_error err = {0};
    hx_buf b;
    hx_buf_init(&b, 4);
    assert_int_equal(hx_buf_status(&b, "the list", &err), HX_OK);
    assert_true(hx_buf_append_lit(&b, "abc"));
    assert_false(hx_buf_append_lit(&b, "de"));
    assert_false(hx_buf_append_byte(&b, 'f'));
    assert_false(hx_buf_append(&b, "", 0));
    assert_false(hx_buf_printf(&b, "x"));
    assert_true(hx_str_equal(hx_buf_str(&b), HX_STR_LIT("abc")));
    assert_int_equal(hx_buf_status(&b, "the list", &err), HX_ELIMIT);
    assert_string_equal(err.message, "the list: larger than the limit of 4 bytes");
    hx_buf_reset(&b);
    assert_true(hx_buf_append_lit(&b, "de"));
    assert_int_equal(hx_buf_status(&b, "the list", NULL), HX_OK);
    hx_buf_release(&b);
}

static void refuses_lengths_that_wrap(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 100);
    hx_buf_append_byte(&b, 'x');
    assert_false(hx_buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed && !b.no_memory);
    hx_buf_release(&b);
    hx_buf_init(&b, SIZE_MAX);
    hx_buf_append_byte(&b, 'x');
    assert_false(hx_buf_reserve(&b, SIZE_MAX / 2));
    hx_error err = {0};
    assert_int_equal(hx_buf_status(&b, "the list", &err), HX_ENOMEM);
    assert_string_equal(err.message, "the list: out of memory");
    hx_buf_release(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_what_it_has), cmocka_unit_test(appends_all_kinds),
        cmocka_unit_test(holds_exactly_its_cap),       cmocka_unit_test(stays_failed_until_reset),
        cmocka_unit_test(refuses_lengths_that_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
