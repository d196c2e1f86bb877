/* test_arena.c - the arena: alignment, zeroing, caps, reuse; and views. */
#include "unit/base/base_test.h"

#include "base/rng.h"

static bool all_zero(const unsigned char *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i]) return false;
    return true;
}

static void gives_zeroed_aligned_separate_memory(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    hx_arena *a = hx_arena_new(0);
    for (int round = 0; round < 4; round++) {
        unsigned char *blocks[300];
        size_t sizes[300];
        for (int i = 0; i < 300; i++) {
            sizes[i] = (size_t)hx_rng_below(&r, i % 50 == 0 ? 300000 : 900);
            blocks[i] = hx_arena_alloc(a, sizes[i]);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            assert_true(all_zero(blocks[i], sizes[i]));
            memset(blocks[i], i % 255 + 1, sizes[i]);
        }
        for (int i = 0; i < 300; i++)
            for (size_t k = 0; k < sizes[i]; k++)
                assert_int_equal(blocks[i][k], i % 255 + 1);
        hx_arena_reset(a);
    }
    hx_arena_free(a);
}

static void keeps_its_memory_over_a_reset(void **state) {
    (void)state;
    hx_arena *a = hx_arena_new(0);
    void *first = hx_arena_alloc(a, 100);
    for (int i = 0; i < 5000; i++)
        assert_non_null(hx_arena_alloc(a, 64));
    hx_arena_reset(a);
    assert_ptr_equal(hx_arena_alloc(a, 100), first);
    hx_arena_free(a);
}

/* The whole cap but a header can be had, again after each reset, whatever the sizes were before. */
static void holds_at_most_its_cap(void **state) {
    (void)state;
    const size_t cap = 3u << 20;
    hx_arena *a = hx_arena_new(cap);
    for (size_t size = 1 << 6; size <= 1u << 20; size *= 4) {
        size_t got = 0;
        while (hx_arena_alloc(a, size))
            got += size;
        assert_true(got <= cap);
        assert_true(got >= cap / 3);
        hx_arena_reset(a);
    }
    assert_non_null(hx_arena_alloc(a, cap - (256u << 10)));
    assert_null(hx_arena_alloc(a, cap));
    assert_non_null(hx_arena_alloc(a, 16));
    hx_arena_free(a);
}

static void refuses_sizes_that_wrap(void **state) {
    (void)state;
    hx_arena *a = hx_arena_new(SIZE_MAX);
    assert_null(hx_arena_alloc(a, SIZE_MAX));
    assert_null(hx_arena_alloc(a, SIZE_MAX - 40));
    assert_null(hx_arena_str(a, (hx_str){"x", SIZE_MAX}).ptr);
    char *p = hx_arena_alloc(a, 0);
    char *q = hx_arena_alloc(a, 0);
    assert_non_null(p);
    assert_ptr_not_equal(p, q);
    hx_arena_free(a);
    hx_arena_free(NULL);
}

static void copies_views_with_a_nul(void **state) {
    (void)state;
    hx_arena *a = hx_arena_new(0);
    hx_str s = hx_arena_str(a, (hx_str){"abcdef", 3});
    assert_string_equal(s.ptr, "abc");
    assert_int_equal(s.len, 3);
    hx_str empty = hx_arena_str(a, (hx_str){NULL, 0});
    assert_string_equal(empty.ptr, "");
    hx_arena_free(a);
}

static void compares_views_bytewise(void **state) {
    (void)state;
    hx_str none = hx_str_of(NULL);
    assert_int_equal(none.len, 0);
    assert_true(hx_str_equal(none, HX_STR_LIT("")));
    assert_true(hx_str_equal(HX_STR_LIT("a\0b"), HX_STR_LIT("a\0b")));
    assert_false(hx_str_equal(HX_STR_LIT("a\0b"), HX_STR_LIT("a\0c")));
    assert_int_equal(hx_str_compare(none, HX_STR_LIT("")), 0);
    assert_int_equal(hx_str_compare(HX_STR_LIT("ab"), HX_STR_LIT("abc")), -1);
    assert_int_equal(hx_str_compare(HX_STR_LIT("b"), HX_STR_LIT("abc")), 1);
    /* unsigned bytes: 0xE4 behind 'z' */
    assert_int_equal(hx_str_compare(HX_STR_LIT("\xE4"), HX_STR_LIT("z")), 1);
    assert_string_equal(hx_version(), HX_VERSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_separate_memory),
        cmocka_unit_test(keeps_its_memory_over_a_reset),
        cmocka_unit_test(holds_at_most_its_cap),
        cmocka_unit_test(refuses_sizes_that_wrap),
        cmocka_unit_test(copies_views_with_a_nul),
        cmocka_unit_test(compares_views_bytewise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
