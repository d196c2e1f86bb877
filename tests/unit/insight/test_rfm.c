/* test_rfm.c - classes against pandas (tests/golden/rfm.json), groups against their definition. */
#include "unit/insight/insight_test.h"

#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"

static json_t *golden(void) {
    hx_buf text;
    json_t *root = NULL;
    hx_buf_init(&text, 1u << 20);
    assert_int_equal(hx_file_read(HX_SOURCE_DIR "/tests/golden/rfm.json", &text, NULL), HX_OK);
    assert_int_equal(hx_json_parse(hx_buf_str(&text), 1u << 20, "golden", &root, NULL), HX_OK);
    hx_buf_release(&text);
    return root;
}

static json_int_t at(const json_t *c, const char *key, size_t i) {
    return json_integer_value(json_array_get(json_object_get(c, key), i));
}

static void check_case(const json_t *c) {
    size_t n = json_array_size(json_object_get(c, "recency"));
    hx_customer *list = calloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = (hx_customer){.person = i,
                                .recency = (int32_t)at(c, "recency", i),
                                .orders = (uint32_t)at(c, "frequency", i),
                                .monetary = at(c, "monetary", i)};
    hx_rfm rfm;
    assert_int_equal(hx_rfm_fit(list, n, &rfm, NULL), HX_OK);
    assert_int_equal(rfm.n, n);
    for (size_t i = 0; i < n; i++) {
        hx_rfm_score(&rfm, &list[i]);
        assert_int_equal(list[i].r, at(c, "r", i));
        assert_int_equal(list[i].f, at(c, "f", i));
        assert_int_equal(list[i].m, at(c, "m", i));
    }
    free(list);
}

static void classes_are_those_of_pandas(void **state) {
    (void)state;
    json_t *root = golden();
    const json_t *cases = json_object_get(root, "cases");
    assert_true(json_array_size(cases) >= 6);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(json_array_get(cases, i));
    json_decref(root);
}

static void people_without_a_dated_order_are_left_out(void **state) {
    (void)state;
    hx_customer list[3] = {plain_customer(1), plain_customer(2), plain_customer(3)};
    list[1].orders = 0;
    list[2].recency = HX_DAYS_UNKNOWN;
    hx_rfm rfm;
    assert_int_equal(hx_rfm_fit(list, 3, &rfm, NULL), HX_OK);
    assert_int_equal(rfm.n, 1);
    for (int i = 1; i < 3; i++) {
        hx_rfm_score(&rfm, &list[i]);
        assert_int_equal(list[i].r + list[i].f + list[i].m, 0);
        assert_int_equal(hx_rfm_group(&list[i]), -1);
    }
    assert_int_equal(hx_rfm_fit(list, 0, &rfm, NULL), HX_OK);
    hx_rfm_score(&rfm, &list[0]);
    assert_int_equal(list[0].r, 0);
}

static void groups_follow_the_high_scores(void **state) {
    (void)state;
    const struct {
        uint8_t r, f, m;
        const char *id, *zh;
    } cases[] = {{5, 4, 4, "important_value", "重要价值客户"},
                 {4, 3, 5, "important_develop", "重要发展客户"},
                 {3, 4, 4, "important_keep", "重要保持客户"},
                 {1, 1, 4, "important_win_back", "重要挽留客户"},
                 {5, 5, 3, "general_value", "一般价值客户"},
                 {4, 1, 1, "general_develop", "一般发展客户"},
                 {3, 5, 1, "general_keep", "一般保持客户"},
                 {1, 3, 3, "general_win_back", "一般挽留客户"}};
    for (size_t i = 0; i < 8; i++) {
        hx_customer c = {.r = cases[i].r, .f = cases[i].f, .m = cases[i].m};
        assert_string_equal(hx_rfm_group_id(hx_rfm_group(&c)), cases[i].id);
        assert_string_equal(hx_rfm_group_name(hx_rfm_group(&c), HX_UI_ZH), cases[i].zh);
    }
    assert_null(hx_rfm_group_id(-1));
    assert_null(hx_rfm_group_name(8, HX_UI_EN));
}

/* Scores do not depend on the order of customers, and a better measure never scores lower. */
static void scores_are_monotone(void **state) {
    (void)state;
    enum { N = 300 };
    static hx_customer list[N], turned[N];
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (size_t i = 0; i < N; i++)
        list[i] = (hx_customer){.person = i,
                                .recency = (int32_t)hx_rng_below(&r, 90),
                                .orders = 1 + (uint32_t)hx_rng_below(&r, 6),
                                .monetary = (int64_t)hx_rng_below(&r, 1000) - 200};
    for (size_t i = 0; i < N; i++)
        turned[i] = list[N - 1 - i];
    hx_rfm a, b;
    assert_int_equal(hx_rfm_fit(list, N, &a, NULL), HX_OK);
    assert_int_equal(hx_rfm_fit(turned, N, &b, NULL), HX_OK);
    assert_memory_equal(&a, &b, sizeof a);
    for (size_t i = 0; i < N; i++)
        hx_rfm_score(&a, &list[i]);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < N; k++) {
            if (list[i].recency <= list[k].recency) assert_true(list[i].r >= list[k].r);
            if (list[i].orders >= list[k].orders) assert_true(list[i].f >= list[k].f);
            if (list[i].monetary >= list[k].monetary) assert_true(list[i].m >= list[k].m);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_those_of_pandas),
        cmocka_unit_test(people_without_a_dated_order_are_left_out),
        cmocka_unit_test(groups_follow_the_high_scores),
        cmocka_unit_test(scores_are_monotone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
