/* test_codec.c - the byte codec: known bytes, round trips, and every way to be cut short or padded. */
#include "unit/base/base_test.h"

#include "base/codec.h"
#include "base/rng.h"

static const uint64_t edges[] = {0,          1,         127,        128,        16383,
                                 16384,      300,       UINT32_MAX, 1ull << 35, 1ull << 62,
                                 1ull << 63, INT64_MAX, UINT64_MAX};
#define N_EDGES (sizeof edges / sizeof edges[0])

static void writes_known_bytes(void **state) {
    (void)state;
    hx_buf b;
    hx_buf_init(&b, 1000);
    hx_put_u64(&b, 300);
    hx_put_i64(&b, -1);
    hx_put_i64(&b, 1);
    hx_put_i64(&b, -65);
    hx_put_fixed64(&b, 0x0102030405060708u);
    hx_put_str(&b, HX_STR_LIT("hi"));
    static const char want[] = "\xAC\x02\x01\x02\x81\x01\x08\x07\x06\x05\x04\x03\x02\x01\x02hi";
    assert_int_equal(b.len, sizeof want - 1);
    assert_memory_equal(b.ptr, want, b.len);
    hx_buf_release(&b);
}

static void round_trips(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < 20000; i++) {
        uint64_t v = i < (int)N_EDGES ? edges[i] : hx_rng_next(&r) >> hx_rng_below(&r, 64);
        char text[40];
        memset(text, i, sizeof text);
        size_t len = (size_t)hx_rng_below(&r, sizeof text);
        hx_buf b;
        hx_buf_init(&b, 1000);
        hx_put_u64(&b, v);
        hx_put_i64(&b, (int64_t)v);
        hx_put_i64(&b, (int64_t)(0 - v));
        hx_put_fixed64(&b, v);
        hx_put_str(&b, (hx_str){text, len});
        hx_cursor c = hx_cursor_of(hx_buf_str(&b));
        assert_true(hx_get_u64(&c) == v);
        assert_true(hx_get_i64(&c) == (int64_t)v);
        assert_true(hx_get_i64(&c) == (int64_t)(0 - v));
        assert_true(hx_get_fixed64(&c) == v);
        assert_true(hx_str_equal(hx_get_str(&c), (hx_str){text, len}));
        assert_true(c.at == c.end && !c.failed);
        hx_buf_release(&b);
    }
}

/* Each proper prefix of a value fails, without a read past its end. */
static void refuses_what_is_cut_short(void **state) {
    (void)state;
    for (size_t i = 0; i < N_EDGES; i++) {
        hx_buf b;
        hx_buf_init(&b, 1000);
        hx_put_u64(&b, edges[i]);
        for (size_t len = 0; len < b.len; len++) {
            hx_str part = test_exact(b.ptr, len);
            hx_cursor c = hx_cursor_of(part);
            assert_true(hx_get_u64(&c) == 0);
            assert_true(c.failed);
            free((void *)(uintptr_t)part.ptr);
        }
        hx_buf_release(&b);
    }
    for (size_t len = 0; len < 8; len++) {
        hx_str part = test_exact("\x05xyzw12", len);
        hx_cursor c = hx_cursor_of(part);
        hx_get_fixed64(&c);
        assert_true(c.failed);
        c = hx_cursor_of(part);
        hx_str s = hx_get_str(&c);
        assert_int_equal(c.failed, len < 6);
        assert_int_equal(s.len, len < 6 ? 0 : 5);
        free((void *)(uintptr_t)part.ptr);
    }
}

static void refuses_padded_and_oversized_varints(void **state) {
    (void)state;
    static const hx_str bad[] = {
        {"\x80\x00", 2},
        {"\xFF\x80\x00", 3},
        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10},
        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00", 11},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        hx_cursor c = hx_cursor_of(bad[i]);
        assert_true(hx_get_u64(&c) == 0);
        assert_true(c.failed);
    }
}

static void stays_failed(void **state) {
    (void)state;
    hx_cursor c = hx_cursor_of(HX_STR_LIT("\x7F"
                                          "abcdefghijklmnop"));
    assert_null(hx_get_str(&c).ptr);
    assert_true(c.failed);
    assert_true(hx_get_u64(&c) == 0 && hx_get_i64(&c) == 0 && hx_get_fixed64(&c) == 0);
    assert_int_equal(hx_get_str(&c).len, 0);
    assert_int_equal(hx_get_count(&c, 1), 0);
    assert_true(c.failed);
    c = hx_cursor_of((hx_str){NULL, 0});
    assert_true(hx_get_u64(&c) == 0 && c.failed);
}

static void counts_must_be_possible(void **state) {
    (void)state;
    hx_str bytes = HX_STR_LIT("\x03"
                              "aabbcc");
    hx_cursor c = hx_cursor_of(bytes);
    assert_int_equal(hx_get_count(&c, 2), 3);
    assert_false(c.failed);
    c = hx_cursor_of(bytes);
    assert_int_equal(hx_get_count(&c, 3), 0);
    assert_true(c.failed);
    c = hx_cursor_of(HX_STR_LIT("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01zzzz"));
    assert_int_equal(hx_get_count(&c, 8), 0);
    assert_true(c.failed);
    c = hx_cursor_of(HX_STR_LIT("\x05"
                                "abcd"));
    assert_int_equal(hx_get_count(&c, 0), 0);
    assert_true(c.failed);
}

/* Random bytes: reads end, stay inside, and what was read writes back to the same bytes. */
static void survives_noise(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED + 1);
    for (int i = 0; i < 20000; i++) {
        unsigned char noise[24];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (unsigned char)hx_rng_next(&r);
        hx_str bytes = test_exact(noise, (size_t)hx_rng_below(&r, sizeof noise));
        hx_cursor c = hx_cursor_of(bytes);
        hx_buf b;
        hx_buf_init(&b, 1000);
        while (!c.failed && c.at < c.end) {
            uint64_t v = hx_get_u64(&c);
            if (!c.failed) hx_put_u64(&b, v);
        }
        assert_memory_equal(hx_buf_str(&b).ptr, bytes.ptr, b.len);
        if (!c.failed) assert_int_equal(b.len, bytes.len);
        hx_buf_release(&b);
        free((void *)(uintptr_t)bytes.ptr);
    }
}

/* RFC 4648, section 10; and what is none. */
static void test_base64(void **state) {
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    static const char *const bad[] = {"Zg=", "Zg", "Z===", "Zm9!", "Zg==Zg==", "=Zg=", "Zm 9"};
    hx_buf text, bytes;
    (void)state;
    hx_buf_init(&text, 4096);
    hx_buf_init(&bytes, 4096);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        hx_buf_reset(&text);
        hx_buf_reset(&bytes);
        hx_put_base64(&text, hx_str_of(pairs[i][0]));
        assert_true(hx_str_equal(hx_buf_str(&text), hx_str_of(pairs[i][1])));
        assert_true(hx_get_base64(hx_buf_str(&text), &bytes));
        assert_true(hx_str_equal(hx_buf_str(&bytes), hx_str_of(pairs[i][0])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(hx_get_base64(hx_str_of(bad[i]), &bytes));
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    hx_buf_reset(&text);
    hx_buf_reset(&bytes);
    hx_put_base64(&text, (hx_str){all, sizeof all});
    assert_true(hx_get_base64(hx_buf_str(&text), &bytes));
    assert_true(bytes.len == sizeof all && memcmp(bytes.ptr, all, sizeof all) == 0);
    hx_buf_release(&text);
    hx_buf_release(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),
        cmocka_unit_test(writes_known_bytes),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(refuses_what_is_cut_short),
        cmocka_unit_test(refuses_padded_and_oversized_varints),
        cmocka_unit_test(stays_failed),
        cmocka_unit_test(counts_must_be_possible),
        cmocka_unit_test(survives_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
