/* test_similar.c - customers who are like one: the order, the parts, likeness the same from both sides, twins. */
#include "unit/answer/answer_test.h"

#include <math.h>

static const hx_answer_options latest = {.as_of = HX_AS_OF_LATEST};

static json_t *like(test_shop *shop, const char *who, size_t limit) {
    hx_str json;
    hx_error err = {.ui = HX_UI_EN};
    if (hx_answer_similar(shop->store, hx_str_of(who), limit, &latest, shop->arena, &json, &err) !=
        HX_OK)
        fail_msg("%s", err.message);
    return test_json(json);
}

static double likeness_of(const json_t *list, const char *customer) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *ids = json_object_get(json_array_get(list, i), "ids");
        const char *id = json_string_value(json_array_get(json_object_get(ids, "customer"), 0));
        if (strcmp(id, customer) == 0)
            return json_number_value(json_object_get(json_array_get(list, i), "likeness"));
    }
    return -1;
}

static void the_most_alike_come_first_with_their_parts(void **state) {
    (void)state;
    test_shop shop;
    double before = 1;
    test_shop_open(&shop, TEST_DAYS);
    json_t *list = like(&shop, "u8", 0);
    assert_true(json_array_size(list) > 40);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *n = json_array_get(list, i), *parts = json_object_get(n, "parts");
        const double likeness = json_number_value(json_object_get(n, "likeness"));
        double sum = 0, weights = 0;
        for (size_t k = 0; k < json_array_size(parts); k++) {
            const json_t *part = json_array_get(parts, k);
            const double v = json_number_value(json_object_get(part, "likeness"));
            const double weight = json_number_value(json_object_get(part, "weight"));
            assert_true(v >= 0 && v <= 1);
            sum += weight * v;
            weights += weight;
        }
        assert_true(fabs(sum / weights - likeness) < 1e-12);
        assert_true(likeness <= before);
        before = likeness;
    }
    assert_true(likeness_of(list, "u8") < 0);
    json_t *few = like(&shop, "u8", 3);
    assert_int_equal(json_array_size(few), 3);
    assert_true(json_equal(json_array_get(few, 0), json_array_get(list, 0)));
    json_t *other = like(&shop, "u11", 0);
    assert_true(fabs(likeness_of(list, "u11") - likeness_of(other, "u8")) < 1e-12);
    json_decref(list);
    json_decref(few);
    json_decref(other);
    test_shop_close(&shop);
}

static void who_did_the_same_is_wholly_alike(void **state) {
    (void)state;
    test_shop shop;
    char path[160];
    test_shop_open(&shop, TEST_DAYS);
    test_file_path(&shop, "twins.csv", path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("order_id,customer_id,date,item,category,amount,currency\n", f);
    for (int i = 0; i < 2; i++)
        fprintf(f,
                "a%d,twin%d,2024-03-01,tent,滑翔,50,CNY\nb%d,twin%d,2024-04-01,rope,滑翔,9,CNY\n",
                i, i, i, i);
    fclose(f);
    const char *paths[] = {path};
    test_import(&shop, paths, 1);
    json_t *list = like(&shop, "twin0", 1);
    assert_true(likeness_of(list, "twin1") > 1 - 1e-12);
    const json_t *shared = json_object_get(json_array_get(list, 0), "shared");
    assert_string_equal(json_string_value(json_array_get(shared, 0)), "滑翔");
    json_decref(list);
    test_shop_close(&shop);
}

static void nobody_has_a_sentence(void **state) {
    (void)state;
    test_shop shop;
    hx_str json;
    hx_error err = {.ui = HX_UI_EN};
    const hx_answer_options early = {.as_of = 0};
    test_shop_open(&shop, 60);
    assert_int_equal(
        hx_answer_similar(shop.store, HX_STR_LIT("ghost"), 3, &latest, shop.arena, &json, &err),
        HX_ENOTFOUND);
    assert_non_null(strstr(err.message, "ghost"));
    const hx_status status =
        hx_answer_similar(shop.store, HX_STR_LIT("u3"), 3, &early, shop.arena, &json, &err);
    assert_true(status == HX_OK || status == HX_ENOTFOUND);
    test_shop_close(&shop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_alike_come_first_with_their_parts),
        cmocka_unit_test(who_did_the_same_is_wholly_alike),
        cmocka_unit_test(nobody_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
