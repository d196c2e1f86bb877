/* Identifiers: normal form, order, keys and profile ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "profile/id.h"

static hx_arena *arena;

static void expect_normal(hx_id_type type, const char *value, const char *normal) {
    hx_id id;
    bool ok = hx_id_normalize(type, hx_str_of(value), arena, &id);
    assert_int_equal(ok, normal != NULL);
    if (!ok || !normal) return;
    assert_int_equal(id.type, type);
    assert_int_equal(id.value.len, strlen(normal));
    assert_memory_equal(id.value.ptr, normal, id.value.len);
}

static void normal_forms(void **state) {
    (void)state;
    expect_normal(HX_ID_CUSTOMER, "  u1024 ", "u1024");
    expect_normal(HX_ID_CUSTOMER, "13085.0", "13085");
    expect_normal(HX_ID_CUSTOMER, "1.5.0", "1.5.0");
    expect_normal(HX_ID_CUSTOMER, "Ｕ１０２４", "U1024");
    expect_normal(HX_ID_CUSTOMER, "张三", "张三");
    expect_normal(HX_ID_EMAIL, "Anna@Example.COM", "anna@example.com");
    expect_normal(HX_ID_EMAIL, "anna", NULL);
    expect_normal(HX_ID_EMAIL, "a b@example.com", NULL);
    expect_normal(HX_ID_PHONE, "+86 138-0013-8000", "13800138000");
    expect_normal(HX_ID_PHONE, "0086 13800138000", "13800138000");
    expect_normal(HX_ID_PHONE, "１３８００１３８０００", "13800138000");
    expect_normal(HX_ID_PHONE, "138abc", NULL);
}

static void nobody_is_refused(void **state) {
    static const char *const values[] = {"",          "   ",   "0",    "0000-00", "null",
                                         "NULL",      "N/A",   "None", "匿名",    "匿名用户",
                                         "Anonymous", "a***n", "-",    "-1",      "游客"};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        expect_normal(HX_ID_CUSTOMER, values[i], NULL);
}

static void order_is_by_type_then_bytes(void **state) {
    (void)state;
    hx_id a = {HX_ID_CUSTOMER, HX_STR_LIT("zz")}, b = {HX_ID_EMAIL, HX_STR_LIT("a@b.c")};
    hx_id c = {HX_ID_EMAIL, HX_STR_LIT("b@b.c")};
    assert_true(hx_id_compare(a, b) < 0);
    assert_true(hx_id_compare(b, c) < 0);
    assert_int_equal(hx_id_compare(c, c), 0);
    assert_int_not_equal(hx_id_key(a), hx_id_key((hx_id){HX_ID_EMAIL, a.value}));
}

static void profile_ids_go_round(void **state) {
    hx_rng r;
    char text[HX_PROFILE_ID_MAX];
    (void)state;
    hx_rng_seed(&r, 7);
    for (int i = 0; i < 10000; i++) {
        uint64_t key = hx_rng_next(&r), back = 0;
        assert_true(hx_profile_id_parse(hx_str_of(hx_profile_id_text(key, text)), &back));
        assert_int_equal(back, key);
    }
    uint64_t key;
    assert_false(hx_profile_id_parse(HX_STR_LIT("c_zzzzzzzzzzzzz"), &key)); /* more than 64 bits */
    assert_false(hx_profile_id_parse(HX_STR_LIT("c_123"), &key));
    assert_false(hx_profile_id_parse(HX_STR_LIT("c_012345678901i"), &key));
}

static void guests_are_buckets(void **state) {
    (void)state;
    for (uint64_t h = 0; h < 1000; h++) {
        assert_true(hx_id_key_is_guest(hx_id_guest_key(h)));
        assert_int_equal(hx_id_guest_key(h), hx_id_guest_key(h + HX_GUEST_BUCKETS));
    }
    assert_false(hx_id_key_is_guest(hx_id_key((hx_id){HX_ID_CUSTOMER, HX_STR_LIT("u1")})));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_forms), cmocka_unit_test(nobody_is_refused),
        cmocka_unit_test(order_is_by_type_then_bytes), cmocka_unit_test(profile_ids_go_round),
        cmocka_unit_test(guests_are_buckets)};
    arena = hx_arena_new(0);
    int failed = cmocka_run_group_tests_name("profile/id", tests, NULL, NULL);
    hx_arena_free(arena);
    return failed;
}
