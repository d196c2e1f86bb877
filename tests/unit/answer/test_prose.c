/* test_prose.c - prose is held against facts: each lie has its place, facts' own words pass, numbers in words do not. */
#include "unit/base/base_test.h"

#include <string.h>

#include "huaxiang/answer.h"

static const hx_str facts[] = {
    {"龚琪", 6},        {"31", 2}, {"4908.25", 7}, {"2026-09-12", 10}, {"20000 mAh Power Bank", 20},
    {"Seven Oaks", 10}, {"69", 2}};
static const hx_str quotes[] = {{"东西好，发货快。", 24}, {"It broke after 2 days", 21}};

static bool holds(const char *prose, char bad[HX_PROSE_BAD_MAX]) {
    return hx_prose_check(hx_str_of(prose), facts, sizeof facts / sizeof *facts, quotes,
                          sizeof quotes / sizeof *quotes, bad);
}

static void test_what_facts_say_passes(void **state) {
    (void)state;
    static const char *const good[] = {
        "",
        "龚琪共下单 31 次，消费 4,908.25 元，最近在 2026-09-12（69 天前）。",
        "They placed 31 orders and spent 4908.25; the last was 69 days ago.",
        "原话：“东西好，发货快。”",
        "In their words: \"It broke after 2 days\", and later “It broke…”",
        "They live in Seven Oaks and bought a 20000 mAh Power Bank.",
        "一直很满意，一共只有一位。"};
    char bad[HX_PROSE_BAD_MAX];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!holds(good[i], bad)) fail_msg("%s: %s", good[i], bad);
        assert_string_equal(bad, "");
    }
}

static void test_each_lie_is_named(void **state) {
    (void)state;
    static const char *const lies[][2] = {
        {"龚琪共下单 32 次", "32"},
        {"They spent 4908.26", "4908.26"},
        {"They spent 490825", "490825"},
        {"最近在 2026-09-13", "13"},
        {"共三百单", "三百"},
        {"They placed thirty-one orders", "thirty"},
        {"Twice as many", "Twice"},
        {"原话：“东西不好，发货快。”", "东西不好，发货快。"},
        {"In their words: “It broke after 3 days”", "It broke after 3 days"},
        {"In their words: “…”", "…"},
        {"“东西好，发货快。”，31 次，还有 7 次", "7"}};
    char bad[HX_PROSE_BAD_MAX];
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        if (holds(lies[i][0], bad)) fail_msg("%s passes", lies[i][0]);
        assert_string_equal(bad, lies[i][1]);
    }
}

static void test_any_bytes_are_checked(void **state) {
    (void)state;
    char bad[HX_PROSE_BAD_MAX], text[512];
    uint32_t seed = 7;
    for (int round = 0; round < 2000; round++) {
        size_t n = (seed = seed * 1664525u + 1013904223u) >> 23;
        for (size_t i = 0; i < n; i++)
            text[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
        (void)hx_prose_check((hx_str){text, n}, facts, sizeof facts / sizeof *facts, quotes, 2,
                             bad);
        assert_true(memchr(bad, '\0', sizeof bad) != NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_facts_say_passes),
        cmocka_unit_test(test_each_lie_is_named),
        cmocka_unit_test(test_any_bytes_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
