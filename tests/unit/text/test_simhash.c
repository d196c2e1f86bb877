/* test_simhash.c - the fingerprint of near duplicates, against a plain count of votes. */
#include "text_test.h"

#include "base/rng.h"
#include "base/utf8.h"
#include "text/wordseg.h"

static uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static uint64_t by_definition(const uint32_t *cps, size_t n) {
    long votes[64] = {0};
    size_t grams = n < 3 ? (n > 0) : n - 2;
    for (size_t g = 0; g < grams; g++) {
        uint64_t packed = 0;
        for (size_t i = 0; i < (n < 3 ? n : 3); i++)
            packed = packed << 21 | cps[g + i];
        for (int b = 0; b < 64; b++)
            votes[b] += mix(packed) >> b & 1 ? 1 : -1;
    }
    uint64_t hash = 0;
    for (int b = 0; b < 64; b++)
        if (votes[b] > 0) hash |= (uint64_t)1 << b;
    return hash;
}

static void equals_its_definition(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int round = 0; round < 200; round++) {
        uint32_t cps[1500];
        char text[6000];
        size_t n = hx_rng_below(&r, round % 20 ? 12 : 1500), len = 0;
        for (size_t i = 0; i < n; i++) {
            cps[i] = hx_rng_below(&r, 2) ? 0x4E00 + (uint32_t)hx_rng_below(&r, 500)
                                         : 'a' + (uint32_t)hx_rng_below(&r, 26);
            len += hx_utf8_put(cps[i], text + len);
        }
        assert_int_equal(hx__simhash((hx_str){text, len}), by_definition(cps, n));
    }
    assert_int_equal(hx__simhash(HX_STR_LIT("")), 0);
}

static int distance(const char *a, const char *b) {
    return __builtin_popcountll(hx__simhash(hx_str_of(a)) ^ hx__simhash(hx_str_of(b)));
}

static void near_texts_have_near_hashes(void **state) {
    (void)state;
    const char *text = "快递小哥态度特别好,包装也很结实,就是等了三天才到,总体来说还是非常满意的,"
                       "以后有需要还会再来这家店铺购买,也会推荐给身边的朋友们,"
                       "希望店家越做越好,祝生意兴隆,东西和描述的一模一样,颜色也正,大小合适,"
                       "孩子拿到以后爱不释手,家里老人也说不错";
    char changed[1024];
    snprintf(changed, sizeof changed, "%s!", text);
    assert_true(distance(text, text) == 0);
    assert_true(distance(text, changed) <= 3);
    assert_true(
        distance(text,
                 "房间隔音太差,半夜楼道里吵得根本睡不着,早餐种类太少,牛奶还是凉的,不值这个价") >
        10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_its_definition),
                                       cmocka_unit_test(near_texts_have_near_hashes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
