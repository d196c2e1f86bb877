/* test_map.c - the hash map against a plain array; and the hash's frozen values. */
#include "unit/base/base_test.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/rng.h"

#define N_KEYS 3000

/* Key i of one of several shapes that have broken weaker maps. */
static uint64_t key_of_shape(int shape, uint64_t i, hx_rng *r) {
    switch (shape) {
    case 0:
        return i;
    case 1:
        return i << 32;
    case 2:
        return UINT64_MAX - i;
    case 3:
        return i * 4096;
    default:
        return hx_rng_next(r);
    }
}

static void behaves_like_an_array(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int shape = 0; shape < 5; shape++) {
        hx_map m;
        hx_map_init(&m);
        static uint64_t keys[N_KEYS];
        for (uint64_t i = 0; i < N_KEYS; i++) {
            keys[i] = key_of_shape(shape, i, &r);
            assert_null(hx_map_get(&m, keys[i]));
            uint64_t *value = hx_map_put(&m, keys[i]);
            assert_true(*value == 0);
            *value = i + 7;
        }
        assert_int_equal(m.n, N_KEYS);
        for (uint64_t i = 0; i < N_KEYS; i++) {
            assert_true(*hx_map_get(&m, keys[i]) == i + 7);
            assert_true(*hx_map_put(&m, keys[i]) == i + 7);
        }
        assert_int_equal(m.n, N_KEYS);
        assert_null(hx_map_get(&m, 0xDEAD00000000BEEFu + (uint64_t)shape));
        hx_map_release(&m);
    }
}

static void takes_any_key(void **state) {
    (void)state;
    hx_map m;
    hx_map_init(&m);
    assert_null(hx_map_get(&m, 0));
    *hx_map_put(&m, 0) = 1;
    assert_null(hx_map_get(&m, UINT64_MAX));
    *hx_map_put(&m, UINT64_MAX) = 2;
    assert_true(*hx_map_get(&m, 0) == 1);
    assert_true(*hx_map_get(&m, UINT64_MAX) == 2);
    hx_map_release(&m);
}

static void walks_each_entry_once(void **state) {
    (void)state;
    hx_map m;
    hx_map_init(&m);
    size_t i = 0, n = 0;
    uint64_t key, value, sum = 0;
    assert_false(hx_map_next(&m, &i, &key, &value));
    for (uint64_t k = 0; k < 1000; k++)
        *hx_map_put(&m, k) = k * k;
    for (i = 0; hx_map_next(&m, &i, &key, &value); n++) {
        assert_true(value == key * key);
        sum += key;
    }
    assert_int_equal(n, 1000);
    assert_true(sum == 999 * 1000 / 2);
    hx_map_release(&m);
}

static void is_empty_after_a_reset(void **state) {
    (void)state;
    hx_map m;
    hx_map_init(&m);
    for (uint64_t k = 0; k < 100; k++)
        *hx_map_put(&m, k) = 5;
    size_t slots = m.slots;
    hx_map_reset(&m);
    assert_int_equal(m.n, 0);
    assert_int_equal(m.slots, slots);
    for (uint64_t k = 0; k < 100; k++)
        assert_null(hx_map_get(&m, k));
    assert_true(*hx_map_put(&m, 3) == 0);
    assert_int_equal(m.n, 1);
    hx_map_release(&m);
}

/* Filling one map by walking another must not pile keys up: the longest run of used slots stays short. */
static void copies_without_piling_up(void **state) {
    (void)state;
    hx_map from, to;
    hx_map_init(&from);
    hx_map_init(&to);
    for (uint64_t k = 0; k < 24000; k++)
        hx_map_put(&from, k * 0x9E3779B97F4A7C15u);
    uint64_t key, value;
    size_t worst = 0;
    for (size_t i = 0; hx_map_next(&from, &i, &key, &value);) {
        assert_non_null(hx_map_put(&to, key));
        if (to.n % 1000 != 0) continue;
        size_t run = 0;
        for (size_t s = 0; s < to.slots; s++) {
            run = to.used[s] ? run + 1 : 0;
            if (run > worst) worst = run;
        }
    }
    assert_int_equal(to.n, from.n);
    assert_in_range(worst, 1, 400);
    hx_map_release(&from);
    hx_map_release(&to);
}

/* Stored files depend on these; the first is printed in the xxHash specification's test suite. */
static void hashes_are_frozen(void **state) {
    (void)state;
    assert_true(hx_hash((hx_str){NULL, 0}) == 0x2D06800538D394C2u);
    assert_true(hx_hash(HX_STR_LIT("abc")) == 0x78AF5F94892F3950u);
    assert_true(hx_hash_seed(HX_STR_LIT("abc"), 0) == hx_hash(HX_STR_LIT("abc")));
    assert_true(hx_hash_seed(HX_STR_LIT("abc"), 1) != hx_hash(HX_STR_LIT("abc")));
    assert_true(hx_hash_mix(1, 2) != hx_hash_mix(2, 1));
    static const char one_two[16] = {1, 0, 0, 0, 0, 0, 0, 0, 2};
    assert_true(hx_hash_mix(1, 2) == hx_hash((hx_str){one_two, 16}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaves_like_an_array),    cmocka_unit_test(takes_any_key),
        cmocka_unit_test(walks_each_entry_once),    cmocka_unit_test(is_empty_after_a_reset),
        cmocka_unit_test(copies_without_piling_up), cmocka_unit_test(hashes_are_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
