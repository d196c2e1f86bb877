/* test_show.c - the profile, the timeline, segments and the summary as JSON, against the profile and against each other. */
#include "unit/answer/answer_test.h"

static json_t *show(test_shop *shop, const char *who, int64_t as_of, const char *zone,
                    hx_ui_lang ui) {
    hx_answer_options o = {.as_of = as_of, .ui = ui, .timezone = zone};
    hx_str json;
    assert_int_equal(hx_answer_show(shop->store, hx_str_of(who), &o, shop->arena, &json, NULL),
                     HX_OK);
    return test_json(json);
}

static json_t *timeline(test_shop *shop, const char *who, size_t limit) {
    hx_str json;
    assert_int_equal(
        hx_answer_timeline(shop->store, hx_str_of(who), limit, NULL, shop->arena, &json, NULL),
        HX_OK);
    return test_json(json);
}

static const json_t *at(const json_t *j, const char *a, const char *b) {
    return json_object_get(json_object_get(j, a), b);
}

static json_int_t sum_of(const json_t *list) {
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        sum += json_integer_value(json_array_get(list, i));
    return sum;
}

static void a_profile_says_who_and_what(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    json_t *p = show(&shop, "u12", HX_AS_OF_LATEST, NULL, HX_UI_EN);
    assert_int_equal(strncmp(json_string_value(json_object_get(p, "id")), "c_", 2), 0);
    assert_string_equal(json_string_value(json_array_get(at(p, "ids", "customer"), 0)), "u12");
    const json_t *traits = json_object_get(p, "traits");
    const json_t *age = json_object_get(traits, "age");
    assert_int_equal(json_integer_value(json_object_get(age, "value")),
                     32); /* a number, not a text */
    assert_string_equal(json_string_value(json_object_get(age, "type")), "number");
    assert_string_equal(json_string_value(at(traits, "city", "value")), "北京");
    json_t *events = timeline(&shop, "u12", 0);
    assert_int_equal(json_integer_value(at(p, "activity", "events")), json_array_size(events));
    double spent = 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *amount = json_object_get(json_array_get(events, i), "amount");
        const char *currency = json_string_value(json_object_get(amount, "currency"));
        if (currency && strcmp(currency, "CNY") == 0)
            spent += json_number_value(json_object_get(amount, "value"));
    }
    const json_t *by_currency = at(p, "activity", "spent_by_currency");
    for (size_t i = 0; i < json_array_size(by_currency); i++) {
        const json_t *s = json_array_get(by_currency, i);
        if (strcmp(json_string_value(json_object_get(s, "currency")), "CNY") == 0)
            assert_float_equal(json_number_value(json_object_get(s, "value")), spent, 1e-9);
    }
    json_decref(events);
    json_decref(p);
    test_shop_close(&shop);
}

/* Hours move with the zone, nothing gets lost; the weekday follows the local day. */
static void hours_are_of_the_asked_zone(void **state) {
    (void)state;
    test_shop shop;
    size_t moved = 0;
    test_shop_open(&shop, TEST_DAYS);
    for (int c = 0; c < 20; c++) {
        char who[16];
        uint64_t person;
        snprintf(who, sizeof who, "u%d", c);
        if (hx_store_find(shop.store, hx_str_of(who), &person, NULL) != HX_OK) continue;
        json_t *utc = show(&shop, who, HX_AS_OF_LATEST, "UTC", HX_UI_EN);
        json_t *east = show(&shop, who, HX_AS_OF_LATEST, "+08:00", HX_UI_EN);
        const json_t *a = at(utc, "activity", "by_hour"), *b = at(east, "activity", "by_hour");
        for (size_t h = 0; h < 24; h++)
            assert_int_equal(json_integer_value(json_array_get(a, h)),
                             json_integer_value(json_array_get(b, (h + 8) % 24)));
        const json_t *x = at(utc, "activity", "by_weekday"),
                     *y = at(east, "activity", "by_weekday");
        assert_int_equal(sum_of(x), sum_of(y));
        assert_int_equal(sum_of(x), sum_of(a));
        moved += !json_equal(x, y); /* reviews at 22:15 UTC are of the next day in the east */
        json_decref(utc);
        json_decref(east);
    }
    assert_true(moved > 5);
    hx_answer_options o = {.as_of = HX_AS_OF_LATEST, .timezone = "Mars/Olympus"};
    hx_str json;
    assert_int_not_equal(hx_answer_show(shop.store, HX_STR_LIT("u1"), &o, shop.arena, &json, NULL),
                         HX_OK);
    test_shop_close(&shop);
}

static void the_timeline_is_in_order(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    json_t *all = timeline(&shop, "u8", 0), *last = timeline(&shop, "u8", 2);
    size_t n = json_array_size(all);
    assert_true(n > 3);
    for (size_t i = 1; i < n; i++) {
        const char *a = json_string_value(json_object_get(json_array_get(all, i - 1), "time"));
        const char *b = json_string_value(json_object_get(json_array_get(all, i), "time"));
        if (a) assert_true(b && strcmp(a, b) <= 0);
    }
    assert_int_equal(json_array_size(last), 2);
    for (size_t i = 0; i < 2; i++)
        assert_true(json_equal(json_array_get(last, i), json_array_get(all, n - 2 + i)));
    json_decref(all);
    json_decref(last);
    test_shop_close(&shop);
}

static void spans_lie_in_their_text(void **state) {
    (void)state;
    test_shop shop;
    size_t n = 0;
    test_shop_open(&shop, TEST_DAYS);
    for (int c = 0; c < TEST_CUSTOMERS; c++) {
        char who[16];
        uint64_t person;
        snprintf(who, sizeof who, "u%d", c);
        if (hx_store_find(shop.store, hx_str_of(who), &person, NULL) != HX_OK) continue;
        json_t *events = timeline(&shop, who, 0);
        for (size_t i = 0; i < json_array_size(events); i++) {
            const json_t *e = json_array_get(events, i);
            const json_t *words = json_object_get(e, "keywords");
            size_t len = json_string_length(json_object_get(e, "text"));
            for (size_t k = 0; k < json_array_size(words); k++, n++) {
                json_int_t start =
                    json_integer_value(json_object_get(json_array_get(words, k), "start"));
                json_int_t end =
                    json_integer_value(json_object_get(json_array_get(words, k), "end"));
                assert_true(start >= 0 && start < end && end <= (json_int_t)len);
            }
        }
        json_decref(events);
    }
    assert_true(n > 50);
    test_shop_close(&shop);
}

static json_t *segment(test_shop *shop, const char *name, size_t limit, hx_ui_lang ui) {
    hx_answer_options o = {.as_of = HX_AS_OF_LATEST, .ui = ui};
    hx_str json;
    assert_int_equal(
        hx_answer_segment(shop->store, hx_str_of(name), limit, &o, shop->arena, &json, NULL),
        HX_OK);
    return test_json(json);
}

static bool lists(const json_t *names, const char *key) {
    for (size_t i = 0; i < json_array_size(names); i++)
        if (strcmp(json_string_value(json_array_get(names, i)), key) == 0) return true;
    return false;
}

static void segments_and_members_agree(void **state) {
    (void)state;
    test_shop shop;
    hx_str json;
    test_shop_open(&shop, TEST_DAYS);
    assert_int_equal(hx_answer_segments(shop.store, NULL, shop.arena, &json, NULL), HX_OK);
    json_t *all = test_json(json);
    assert_int_equal(json_array_size(all), HX_SEGMENT_N);
    for (size_t i = 0; i < HX_SEGMENT_N; i++) {
        const json_t *s = json_array_get(all, i);
        const char *key = json_string_value(json_object_get(s, "id"));
        json_t *members = segment(&shop, key, 0, HX_UI_ZH);
        const json_t *list = json_object_get(members, "members");
        assert_int_equal(json_array_size(list), json_integer_value(json_object_get(s, "size")));
        for (size_t k = 0; k < json_array_size(list); k++)
            assert_true(lists(json_object_get(json_array_get(list, k), "segments"), key));
        json_t *again =
            segment(&shop, json_string_value(json_object_get(members, "name")), 1, HX_UI_ZH);
        assert_true(json_array_size(json_object_get(again, "members")) <= 1);
        assert_true(json_equal(json_array_get(json_object_get(again, "members"), 0),
                               json_array_get(list, 0)) ||
                    json_array_size(list) == 0);
        json_decref(again);
        json_decref(members);
    }
    json_decref(all);
    hx_error err = {.ui = HX_UI_EN};
    assert_int_equal(
        hx_answer_segment(shop.store, HX_STR_LIT("rich"), 0, NULL, shop.arena, &json, &err),
        HX_ENOTFOUND);
    assert_string_equal(
        err.message, "there is no segment 'rich'; 'huaxiang segment list' shows those there are");
    test_shop_close(&shop);
}

static void the_summary_adds_up(void **state) {
    (void)state;
    test_shop shop;
    hx_str json;
    test_shop_open(&shop, TEST_DAYS);
    assert_int_equal(hx_answer_summary(shop.store, NULL, shop.arena, &json, NULL), HX_OK);
    json_t *s = test_json(json);
    hx_store_summary all;
    assert_int_equal(hx_store_summarize(shop.store, &all, NULL), HX_OK);
    assert_int_equal(json_integer_value(json_object_get(s, "customers")), all.customers);
    assert_int_equal(json_integer_value(json_object_get(s, "events")) +
                         json_integer_value(json_object_get(s, "guest_events")),
                     all.events);
    json_int_t scored = 0;
    const json_t *groups = json_object_get(s, "rfm");
    for (size_t i = 0; i < json_array_size(groups); i++)
        scored += json_integer_value(json_object_get(json_array_get(groups, i), "size"));
    assert_int_equal(scored, json_integer_value(json_object_get(s, "buyers")));
    const json_t *best = json_object_get(s, "best");
    assert_int_equal(json_array_size(best), 10);
    for (size_t i = 1; i < 10; i++)
        assert_true(json_number_value(at(json_array_get(best, i - 1), "spent", "value")) >=
                    json_number_value(at(json_array_get(best, i), "spent", "value")));
    json_decref(s);
    test_shop_close(&shop);
}

static void the_language_changes_names_alone(void **state) {
    (void)state;
    test_shop shop;
    test_shop_open(&shop, TEST_DAYS);
    json_t *en = show(&shop, "u8", HX_AS_OF_LATEST, NULL, HX_UI_EN),
           *zh = show(&shop, "u8", HX_AS_OF_LATEST, NULL, HX_UI_ZH);
    json_t *a = json_object_get(json_object_get(en, "scores"), "rfm"),
           *b = json_object_get(json_object_get(zh, "scores"), "rfm");
    assert_string_not_equal(json_string_value(json_object_get(a, "name")),
                            json_string_value(json_object_get(b, "name")));
    json_object_del(a, "name");
    json_object_del(b, "name");
    assert_true(json_equal(en, zh));
    json_decref(en);
    json_decref(zh);
    test_shop_close(&shop);
}

/* ------------------------------------------------------------------ contradictions, words */
static void write_file(const test_shop *shop, const char *name, const char *text, char path[160]) {
    test_file_path(shop, name, path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void contradictions_name_their_files(void **state) {
    (void)state;
    test_shop shop;
    hx_str json;
    char one[160], two[160];
    test_shop_open(&shop, TEST_DAYS);
    write_file(&shop, "one.csv", "customer_id,city,level\nu1,Paris,gold\n", one);
    write_file(&shop, "two.csv", "customer_id,city,level\nu1,Rome,gold\n", two);
    const char *paths[] = {one, two};
    hx_import_options o = {.n_threads = 1, .now = 1};
    hx_import_result r;
    assert_int_equal(hx_import_files(shop.store, paths, 2, &o, &r, NULL), HX_OK);
    assert_int_equal(hx_answer_conflicts(shop.store, shop.arena, &json, NULL), HX_OK);
    json_t *list = test_json(json);
    size_t found = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *c = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(c, "customer")), "u1") != 0 ||
            strcmp(json_string_value(json_object_get(c, "trait")), "city") != 0)
            continue;
        const char *value = json_string_value(json_object_get(c, "value")),
                   *from = json_string_value(json_array_get(json_object_get(c, "from"), 0)),
                   *other = json_string_value(json_object_get(c, "other")),
                   *other_from =
                       json_string_value(json_array_get(json_object_get(c, "other_from"), 0));
        bool rome = strcmp(value, "Rome") == 0;
        assert_string_equal(from, rome ? two : one);
        if (strcmp(other, "Rome") != 0 && strcmp(other, "Paris") != 0) continue;
        assert_string_equal(other, rome ? "Paris" : "Rome");
        assert_string_equal(other_from, rome ? one : two);
        found++;
    }
    assert_int_equal(found, 1);
    json_decref(list);
    unlink(one);
    unlink(two);
    test_shop_close(&shop);
}

static void codes_have_words_in_both_languages(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"high_value", "high value", "高价值客户"},
        {"praise", "praise", "表扬"},
        {"female", "female", "女"},
        {"age", "age", "年龄"},
        {"undone", "undone", "已撤销"},
        {"fact:recency", "time since the last purchase", "最近一次购买距今"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(hx_answer_label(cases[i][0], HX_UI_EN), cases[i][1]);
        assert_string_equal(hx_answer_label(cases[i][0], HX_UI_ZH), cases[i][2]);
    }
    assert_null(hx_answer_label("积分", HX_UI_EN));
    for (int l = 0; l < HX_INTENT_N; l++)
        assert_non_null(hx_answer_label(hx_intent_name((hx_intent_label)l), HX_UI_ZH));
    for (int k = HX_KIND_TRAITS; k < HX_KIND_N; k++)
        assert_non_null(hx_answer_label(hx_event_kind_name((hx_event_kind)k), HX_UI_ZH));
}

static void local_times_stand_beside_utc(void **state) {
    (void)state;
    test_shop shop;
    hx_str json;
    const hx_answer_options o = {.as_of = HX_AS_OF_LATEST, .ui = HX_UI_EN, .timezone = "+08:00"};
    test_shop_open(&shop, TEST_DAYS);
    assert_int_equal(
        hx_answer_timeline(shop.store, hx_str_of("u8"), 0, &o, shop.arena, &json, NULL), HX_OK);
    json_t *events = test_json(json);
    size_t dated = 0;
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *e = json_array_get(events, i);
        const char *utc = json_string_value(json_object_get(e, "time")),
                   *local = json_string_value(json_object_get(e, "time_local"));
        assert_int_equal(utc == NULL, local == NULL);
        if (!utc || strcmp(utc + 11, "10:30:00Z") != 0) continue;
        assert_memory_equal(utc, local, 10);
        assert_string_equal(local + 11, "18:30:00");
        dated++;
    }
    assert_true(dated > 0);
    json_decref(events);
    test_shop_close(&shop);
}

static json_t *dynamic(test_shop *shop, int64_t as_of) {
    hx_answer_options o = {.as_of = as_of, .household = true};
    hx_str json;
    if (hx_answer_show(shop->store, HX_STR_LIT("u12"), &o, shop->arena, &json, NULL) != HX_OK)
        return NULL;
    json_t *p = test_json(json), *d = json_incref(json_object_get(p, "dynamic"));
    json_decref(p);
    return d;
}

/* A store that ends at a day and one that goes on say the same of that day. */
static void a_dynamic_profile_knows_nothing_later(void **state) {
    (void)state;
    test_shop whole, then;
    test_shop_open(&whole, TEST_DAYS);
    test_shop_open(&then, 120);
    const int64_t as_of = (int64_t)(TEST_DAY0 + 121) * HX_DAY_MS - 1;
    json_t *a = dynamic(&whole, as_of), *b = dynamic(&then, as_of),
           *now = dynamic(&whole, HX_AS_OF_LATEST);
    assert_non_null(a);
    assert_true(json_equal(a, b));
    assert_false(json_equal(a, now));
    assert_true(json_array_size(json_object_get(now, "interests")) > 0);
    hx_answer_options o = {.as_of = as_of, .drifts = true, .since = as_of - 40 * HX_DAY_MS};
    hx_str json;
    assert_int_equal(hx_answer_show(whole.store, HX_STR_LIT("u12"), &o, whole.arena, &json, NULL),
                     HX_OK);
    json_t *p = test_json(json);
    const json_t *drift = json_object_get(p, "drift");
    assert_int_equal(json_integer_value(json_object_get(drift, "events_before")) +
                         json_integer_value(json_object_get(drift, "events_since")),
                     json_integer_value(json_object_get(a, "n")));
    o.since = as_of;
    assert_int_equal(hx_answer_show(whole.store, HX_STR_LIT("u12"), &o, whole.arena, &json, NULL),
                     HX_EINVAL);
    json_t *all[] = {a, b, now, p};
    for (size_t i = 0; i < 4; i++)
        json_decref(all[i]);
    test_shop_close(&whole);
    test_shop_close(&then);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_says_who_and_what),
        cmocka_unit_test(hours_are_of_the_asked_zone),
        cmocka_unit_test(the_timeline_is_in_order),
        cmocka_unit_test(spans_lie_in_their_text),
        cmocka_unit_test(segments_and_members_agree),
        cmocka_unit_test(the_summary_adds_up),
        cmocka_unit_test(the_language_changes_names_alone),
        cmocka_unit_test(contradictions_name_their_files),
        cmocka_unit_test(codes_have_words_in_both_languages),
        cmocka_unit_test(local_times_stand_beside_utc),
        cmocka_unit_test(a_dynamic_profile_knows_nothing_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
