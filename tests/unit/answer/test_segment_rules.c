/* test_segment_rules.c - segments that somebody defines: kept up by whatever changes a store, the same whichever way events came, with
 * a receipt for each membership; what can't be defined is told. */
#include "unit/answer/answer_test.h"

#include "answer/segment_rules.h"
#include "insight/receipt.h"

static const hx_answer_options latest = {.as_of = HX_AS_OF_LATEST};

#define RULE(n, r)                                                                                 \
    {                                                                                              \
        {(n), sizeof(n) - 1}, {                                                                    \
            (r), sizeof(r) - 1                                                                     \
        }                                                                                          \
    }
static const hx_segment_rule_text rules[] = {
    RULE("regulars", "count(order) in 60 days >= 2"),
    RULE("hikers", "sum(order[category = 户外]) > 300"),
    RULE("sad", "review[sentiment = negative] in 90 days and not segment.regulars"),
    RULE("上海", "trait.city = 上海"),
    RULE("gone", "order and not event in 45 days"),
};
#define N_RULES (sizeof rules / sizeof *rules)

static hx_status define(test_shop *shop, const hx_segment_rule_text *list, size_t n, bool replace,
                        hx_error *err) {
    const hx_segment_define_options o = {.replace = replace, .now = 1};
    *err = (hx_error){.ui = HX_UI_EN};
    return hx_segment_define(shop->store, list, n, &o, err);
}

static void define_all(test_shop *shop) {
    hx_error err;
    if (define(shop, rules, N_RULES, false, &err) != HX_OK) fail_msg("%s", err.message);
}

/* ------------------------------------------------------------------ what is kept */
static hx_status append(void *context, uint64_t person, int64_t segment, hx_str data,
                        hx_error *err) {
    hx_buf *b = context;
    (void)err;
    hx_put_fixed64(b, person);
    hx_put_i64(b, segment);
    hx_put_str(b, data);
    return HX_OK;
}

static void kept_by(test_shop *shop, hx_buf *b) {
    uint64_t touched = 1;
    hx_buf_init(b, 1u << 24);
    assert_int_equal(hx_store_each_times(shop->store, append, b, NULL), HX_OK);
    assert_int_equal(hx_store_count_touched(shop->store, &touched, NULL), HX_OK);
    assert_int_equal(touched, 0);
    assert_true(b->len > 0);
}

static void assert_equal_and_release(hx_buf *a, hx_buf *b) {
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->ptr, b->ptr, a->len);
    hx_buf_release(a);
    hx_buf_release(b);
}

static void defining_first_or_last_keeps_the_same(void **state) {
    (void)state;
    test_shop late, early;
    hx_buf a, b;
    test_shop_open(&late, TEST_DAYS);
    define_all(&late);
    /* The other store knows its segments before the files are read, half of the rows first. */
    test_shop_open(&early, 120);
    define_all(&early);
    char path[160];
    test_file_path(&early, "orders.csv", path);
    test_write_orders(path, TEST_DAYS);
    const char *orders[] = {path};
    test_import(&early, orders, 1);
    char reviews[160];
    test_file_path(&early, "reviews.csv", reviews);
    test_write_reviews(reviews, TEST_DAYS);
    const char *second[] = {reviews};
    test_import(&early, second, 1);
    kept_by(&late, &a);
    kept_by(&early, &b);
    assert_equal_and_release(&a, &b);
    test_shop_close(&late);
    test_shop_close(&early);
}

static void an_import_taken_back_leaves_what_was_there(void **state) {
    (void)state;
    test_shop shop;
    hx_buf before, between, after;
    hx_import_info *imports;
    size_t n;
    char path[160];
    test_shop_open(&shop, 150);
    define_all(&shop);
    kept_by(&shop, &before);
    test_file_path(&shop, "more.csv", path);
    test_write_orders(path, TEST_DAYS);
    const char *more[] = {path};
    test_import(&shop, more, 1);
    kept_by(&shop, &between);
    assert_true(between.len != before.len || memcmp(between.ptr, before.ptr, before.len) != 0);
    assert_int_equal(hx_store_imports(shop.store, shop.arena, &imports, &n, NULL), HX_OK);
    assert_int_equal(hx_import_undo(shop.store, imports[n - 1].id, NULL), HX_OK);
    kept_by(&shop, &after);
    assert_equal_and_release(&before, &after);
    hx_buf_release(&between);
    test_shop_close(&shop);
}

/* ------------------------------------------------------------------ as of a time */
static json_t *list_at(test_shop *shop, int64_t as_of) {
    const hx_answer_options o = {.as_of = as_of};
    hx_str json;
    assert_int_equal(hx_answer_segments(shop->store, &o, shop->arena, &json, NULL), HX_OK);
    return test_json(json);
}

/* A store of all rows, asked as of a day, says what a store of the rows up to then says. */
static void sizes_as_of_a_day_are_those_of_that_day(void **state) {
    (void)state;
    test_shop all, then;
    test_shop_open(&all, TEST_DAYS);
    test_shop_open(&then, 180);
    define_all(&all);
    define_all(&then);
    int64_t day;
    assert_int_equal(hx_store_latest(then.store, &day, NULL), HX_OK);
    json_t *a = list_at(&all, day), *b = list_at(&then, HX_AS_OF_LATEST);
    assert_int_equal(json_array_size(a), json_array_size(b));
    size_t members = 0;
    for (size_t i = 0; i < json_array_size(a); i++) {
        const json_t *x = json_array_get(a, i), *y = json_array_get(b, i);
        assert_true(json_equal(json_object_get(x, "id"), json_object_get(y, "id")));
        assert_true(json_equal(json_object_get(x, "size"), json_object_get(y, "size")));
        members += (size_t)json_integer_value(json_object_get(x, "size"));
    }
    assert_true(members > 0);
    json_decref(a);
    json_decref(b);
    test_shop_close(&all);
    test_shop_close(&then);
}

/* ------------------------------------------------------------------ receipts */
static bool check_receipt(test_shop *shop, const char *who, const char *claim) {
    hx_str receipt, verdict;
    hx_error err = {.ui = HX_UI_EN};
    bool verified = false;
    if (hx_answer_why(shop->store, shop->model, hx_str_of(who), hx_str_of(claim), &latest,
                      shop->arena, &receipt, &err) != HX_OK)
        fail_msg("%s %s: %s", who, claim, err.message);
    assert_int_equal(hx_answer_verify(shop->store, shop->model, receipt, &latest, shop->arena,
                                      &verified, &verdict, &err),
                     HX_OK);
    assert_true(verified);
    json_t *r = test_json(receipt);
    assert_true(hx_receipt_is_intact(r));
    int64_t passed = 0;
    const json_t *facts = json_object_get(r, "facts");
    for (size_t i = 0; i < json_array_size(facts); i++)
        passed += json_boolean_value(json_object_get(json_array_get(facts, i), "passed"));
    assert_int_equal(passed, json_integer_value(json_object_get(r, "total")));
    assert_true(json_array_size(json_object_get(r, "counterfactual")) > 0);
    const bool member = json_boolean_value(json_object_get(json_object_get(r, "value"), "member"));
    json_decref(r);
    return member;
}

static bool is_member(test_shop *shop, const char *name, const char *who) {
    hx_str json;
    assert_int_equal(
        hx_answer_segment(shop->store, hx_str_of(name), 0, &latest, shop->arena, &json, NULL),
        HX_OK);
    json_t *g = test_json(json);
    const json_t *members = json_object_get(g, "members");
    bool found = false;
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *ids = json_object_get(json_array_get(members, i), "ids");
        const json_t *customer = json_array_get(json_object_get(ids, "customer"), 0);
        found = found || strcmp(json_string_value(customer), who) == 0;
    }
    json_decref(g);
    return found;
}

static void each_membership_has_a_receipt_that_replays(void **state) {
    (void)state;
    static const char *const names[] = {"regulars", "hikers", "sad", "上海", "gone"};
    test_shop shop;
    size_t in = 0, out = 0;
    test_shop_open(&shop, TEST_DAYS);
    define_all(&shop);
    for (int c = 0; c < TEST_CUSTOMERS; c += 4)
        for (size_t k = 0; k < N_RULES; k++) {
            char who[16], claim[64];
            uint64_t person;
            snprintf(who, sizeof who, "u%d", c);
            snprintf(claim, sizeof claim, "segment:%s", names[k]);
            if (hx_store_find(shop.store, hx_str_of(who), &person, NULL) != HX_OK) continue;
            const bool member = check_receipt(&shop, who, claim);
            assert_int_equal(member, is_member(&shop, names[k], who));
            *(member ? &in : &out) += 1;
        }
    assert_true(in > 5 && out > 5);
    test_shop_close(&shop);
}

static void a_receipt_says_that_the_rule_is_another(void **state) {
    (void)state;
    const hx_segment_rule_text other = RULE("regulars", "count(order) in 61 days >= 2");
    test_shop shop;
    hx_str receipt, verdict;
    hx_error err;
    bool verified = true;
    test_shop_open(&shop, TEST_DAYS);
    define_all(&shop);
    assert_int_equal(hx_answer_why(shop.store, shop.model, HX_STR_LIT("u3"),
                                   HX_STR_LIT("segment:regulars"), &latest, shop.arena, &receipt,
                                   NULL),
                     HX_OK);
    assert_int_equal(define(&shop, &other, 1, true, &err), HX_OK);
    assert_int_equal(hx_answer_verify(shop.store, shop.model, receipt, &latest, shop.arena,
                                      &verified, &verdict, NULL),
                     HX_OK);
    assert_false(verified);
    test_shop_close(&shop);
}

/* ------------------------------------------------------------------ views */
static int64_t size_of(test_shop *shop, const char *name) {
    json_t *list = list_at(shop, HX_AS_OF_LATEST);
    int64_t size = -1;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *g = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(g, "id")), name) == 0)
            size = json_integer_value(json_object_get(g, "size"));
    }
    json_decref(list);
    return size;
}

static void views_agree_with_the_list(void **state) {
    (void)state;
    test_shop shop;
    hx_str json;
    test_shop_open(&shop, TEST_DAYS);
    define_all(&shop);
    const int64_t size = size_of(&shop, "regulars");
    assert_true(size > 0);
    assert_int_equal(hx_answer_segment_history(shop.store, HX_STR_LIT("regulars"), &latest,
                                               shop.arena, &json, NULL),
                     HX_OK);
    json_t *history = test_json(json);
    const json_t *months = json_object_get(history, "months");
    const json_t *last = json_array_get(months, json_array_size(months) - 1);
    assert_int_equal(json_integer_value(json_object_get(last, "size")), size);
    json_decref(history);
    assert_int_equal(
        hx_answer_segment_test(shop.store, rules[0].rule, 1, &latest, shop.arena, &json, NULL),
        HX_OK);
    json_t *trial = test_json(json);
    assert_int_equal(json_integer_value(json_object_get(trial, "size")), size);
    json_decref(trial);
    assert_int_equal(hx_answer_segment_lift(shop.store, HX_STR_LIT("regulars"), &latest, shop.arena,
                                            &json, NULL),
                     HX_OK);
    json_t *lift = test_json(json);
    assert_int_equal(json_integer_value(json_object_get(lift, "size")), size);
    json_decref(lift);
    assert_int_equal(
        hx_answer_segment_overlap(shop.store, HX_STR_LIT("sad"), &latest, shop.arena, &json, NULL),
        HX_OK);
    json_t *pairs = test_json(json);
    assert_int_equal(json_array_size(pairs), HX_SEGMENT_N + N_RULES - 1);
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *p = json_array_get(pairs, i);
        if (strcmp(json_string_value(json_object_get(p, "b")), "regulars") == 0)
            assert_int_equal(json_integer_value(json_object_get(p, "shared")), 0);
    }
    json_decref(pairs);
    test_shop_close(&shop);
}

/* ------------------------------------------------------------------ what can't be */
static void assert_refused(test_shop *shop, const char *name, const char *rule,
                           const char *sentence) {
    const hx_segment_rule_text one = {hx_str_of(name), hx_str_of(rule)};
    hx_error err;
    assert_true(define(shop, &one, 1, false, &err) != HX_OK);
    assert_string_equal(err.message, sentence);
}

static void what_cannot_be_defined_is_told(void **state) {
    (void)state;
    test_shop shop;
    hx_error err;
    test_shop_open(&shop, 60);
    define_all(&shop);
    assert_refused(&shop, "x", "count(order) >= ",
                   "rule, column 17: expected a number of at most "
                   "four decimal places");
    assert_refused(&shop, "x", "segment.x", "a segment refers to itself: x -> x");
    assert_refused(&shop, "x", "segment.y", "segment 'x' names 'y', which nobody defined");
    assert_refused(&shop, "x", "order and not order",
                   "the rule of 'x' can hold for nobody: its conditions contradict each other");
    assert_refused(&shop, "high_value", "order",
                   "'high_value' is a segment of every store; choose another name");
    assert_refused(&shop, "a b", "order",
                   "'a b' can't be a segment's name; write letters, digits, _ and -, no blanks "
                   "and no signs of rules");
    assert_refused(&shop, "sad", "order",
                   "there is a segment 'sad' with another rule: review[sentiment = negative] in "
                   "90 days and not segment.regulars; --force gives it the new one");
    const hx_segment_rule_text circle = RULE("regulars", "order or segment.sad");
    assert_true(define(&shop, &circle, 1, true, &err) != HX_OK);
    assert_string_equal(err.message, "a segment refers to itself: sad -> regulars -> sad");
    assert_int_equal(hx_segment_undefine(shop.store, HX_STR_LIT("regulars"), &err), HX_ECONFLICT);
    assert_int_equal(hx_segment_undefine(shop.store, HX_STR_LIT("sad"), &err), HX_OK);
    assert_int_equal(hx_segment_undefine(shop.store, HX_STR_LIT("regulars"), &err), HX_OK);
    assert_int_equal(size_of(&shop, "regulars"), -1);
    test_shop_close(&shop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defining_first_or_last_keeps_the_same),
        cmocka_unit_test(an_import_taken_back_leaves_what_was_there),
        cmocka_unit_test(sizes_as_of_a_day_are_those_of_that_day),
        cmocka_unit_test(each_membership_has_a_receipt_that_replays),
        cmocka_unit_test(a_receipt_says_that_the_rule_is_another),
        cmocka_unit_test(views_agree_with_the_list),
        cmocka_unit_test(what_cannot_be_defined_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
