/* test_receipt.c - receipts: exact sums, the hash inside, tampering, reformatting, caps. */
#include "unit/insight/insight_test.h"

#include "insight/receipt.h"

static hx_event text_event(const char *text) {
    hx_event e = {
        .kind = HX_KIND_REVIEW, .row_hash = 0xABCDEF, .time = DAY(20000), .text = hx_str_of(text)};
    e.rating = HX_RATING_NONE;
    return e;
}

static hx_str write_sample(hx_arena *arena, const hx_contribution *list, size_t n, hx_ui_lang ui) {
    static const hx_fact facts[] = {
        {"recency", 70, ">", 60, "days", "customer", true},
        {"silent", 70, "<=", 120, "days", "population", true},
    };
    static hx_event e;
    e = text_event("物流太慢了 \"bad\"");
    static const hx_segment_population thresholds = {.sleeping_days = 120};
    const hx_receipt_population population = {&thresholds, 9, 0x1234, HX_STR_LIT("CNY")};
    const hx_receipt_input inputs[] = {{.event = &e, .whole_text = true}};
    hx_receipt r = {.claim = HX_STR_LIT("segment:at_risk"),
                    .person = 5,
                    .as_of = DAY(20001),
                    .ui = ui,
                    .text = HX_STR_LIT("in 'at risk'"),
                    .value = HX_STR_LIT("{\"member\":true}"),
                    .unit = "conditions",
                    .contributions = list,
                    .n_contributions = n,
                    .facts = facts,
                    .n_facts = 2,
                    .is_rule = true,
                    .inputs = inputs,
                    .n_inputs = 1,
                    .engine = HX_ENGINE_RULES,
                    .model = 0xBEEF,
                    .population = &population};
    hx_str json;
    assert_int_equal(hx_receipt_write(&r, arena, &json, NULL), HX_OK);
    return json;
}

static json_t *parsed(hx_str json) {
    json_t *r = NULL;
    assert_int_equal(hx_receipt_parse(json, &r, NULL), HX_OK);
    return r;
}

static const hx_contribution two[] = {{.part = "recency", .points = 1},
                                      {.part = "silent", .points = -3}};

static void says_everything(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    json_t *r = parsed(write_sample(arena, two, 2, HX_UI_EN));
    assert_int_equal(json_integer_value(json_object_get(r, "total")), -2);
    assert_string_equal(json_string_value(json_object_get(r, "model")), "000000000000beef");
    const json_t *input = json_array_get(json_object_get(r, "inputs"), 0);
    const json_t *quote = json_array_get(json_object_get(input, "quotes"), 0);
    assert_string_equal(json_string_value(json_object_get(quote, "text")), "物流太慢了 \"bad\"");
    const json_t *cf = json_array_get(json_object_get(r, "counterfactual"), 0);
    assert_string_equal(json_string_value(json_object_get(cf, "relation")), "<=");
    assert_string_equal(json_string_value(json_object_get(cf, "text")),
                        "would not be a member with: time since the last purchase <= 60 days");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(r, "population"), "sleeping_days")),
        120);
    assert_true(hx_receipt_is_intact(r));
    json_decref(r);
    hx_arena_free(arena);
}

static void layout_does_not_matter(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    json_t *r = parsed(write_sample(arena, two, 2, HX_UI_ZH));
    char *pretty = json_dumps(r, JSON_INDENT(4) | JSON_SORT_KEYS);
    json_t *again = parsed(hx_str_of(pretty));
    assert_true(hx_receipt_is_intact(again));
    assert_true(hx_receipt_equal(r, again));
    free(pretty);
    json_decref(again);
    json_decref(r);
    hx_arena_free(arena);
}

/* Every scalar of the receipt, changed, breaks it. */
static size_t tamper_each(json_t *root, json_t *node) {
    size_t n = 0;
    const char *key;
    json_t *value;
    void *next;
    size_t i;
    json_object_foreach_safe(node, next, key, value) {
        if (json_is_object(value) || json_is_array(value)) {
            n += tamper_each(root, value);
            continue;
        }
        json_t *kept = json_copy(value);
        json_object_set_new(node, key,
                            json_is_integer(value) ? json_integer(json_integer_value(value) + 1)
                                                   : json_string("x"));
        assert_false(hx_receipt_is_intact(root));
        json_object_set_new(node, key, kept);
        n++;
    }
    if (json_is_array(node)) {
        json_array_foreach(node, i, value) n += tamper_each(root, value);
    }
    return n;
}

static void tampering_shows(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    json_t *r = parsed(write_sample(arena, two, 2, HX_UI_EN));
    assert_true(tamper_each(r, r) > 40);
    assert_true(hx_receipt_is_intact(r));
    json_decref(r);
    hx_arena_free(arena);
}

static void long_lists_keep_their_sum(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    size_t n = HX_RECEIPT_LIST_MAX + 17;
    hx_contribution *list = calloc(n, sizeof *list);
    for (size_t i = 0; i < n; i++)
        list[i] = (hx_contribution){.part = "order", .points = (int64_t)i};
    json_t *r = parsed(write_sample(arena, list, n, HX_UI_EN));
    const json_t *shown = json_object_get(r, "contributions");
    assert_int_equal(json_array_size(shown), HX_RECEIPT_LIST_MAX + 1);
    const json_t *others = json_array_get(shown, HX_RECEIPT_LIST_MAX);
    assert_int_equal(json_integer_value(json_object_get(others, "events")), 17);
    assert_int_equal(json_integer_value(json_object_get(r, "total")),
                     (json_int_t)(n * (n - 1) / 2));
    assert_true(hx_receipt_is_intact(r));
    json_decref(r);
    free(list);
    hx_arena_free(arena);
}

static void an_overflowing_sum_is_refused(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    const hx_contribution list[] = {{.part = "a", .points = INT64_MAX}, {.part = "b", .points = 1}};
    hx_receipt r = {.claim = HX_STR_LIT("score:x"),
                    .value = HX_STR_LIT("1"),
                    .unit = "points",
                    .contributions = list,
                    .n_contributions = 2};
    hx_str json;
    hx_error err = {.ui = HX_UI_EN};
    assert_int_equal(hx_receipt_write(&r, arena, &json, &err), HX_ELIMIT);
    assert_non_null(strstr(err.message, "more than can be counted"));
    hx_arena_free(arena);
}

static void refuses_what_is_no_receipt(void **state) {
    (void)state;
    const struct {
        const char *json;
        hx_status status;
        const char *sentence;
    } cases[] = {
        {"{}", HX_EFORMAT, "receipt: this JSON is no receipt; 'why' writes one"},
        {"[1]", HX_EFORMAT, "receipt: this JSON is no receipt; 'why' writes one"},
        {"{\"receipt\":1,\"claim\":\"x\"}", HX_EFORMAT,
         "receipt: this JSON is no receipt; 'why' writes one"},
        {"{\"receipt\":2}", HX_EUNSUPPORTED,
         "receipt: it is of version 2, made by a newer program; this one knows version 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_error err = {.ui = HX_UI_EN};
        json_t *r = NULL;
        assert_int_equal(hx_receipt_parse(hx_str_of(cases[i].json), &r, &err), cases[i].status);
        assert_string_equal(err.message, cases[i].sentence);
        assert_null(r);
    }
    json_t *r = NULL;
    assert_int_equal(hx_receipt_parse(HX_STR_LIT("{\"receipt\":"), &r, NULL), HX_EFORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_everything),
        cmocka_unit_test(layout_does_not_matter),
        cmocka_unit_test(tampering_shows),
        cmocka_unit_test(long_lists_keep_their_sum),
        cmocka_unit_test(an_overflowing_sum_is_refused),
        cmocka_unit_test(refuses_what_is_no_receipt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
