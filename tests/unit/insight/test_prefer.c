/* test_prefer.c - of a planted world those who like tea are told to like a new tea; a receipt adds up, quotes as it stands and comes out again in the same
 * bytes by any number of threads; orders alone tell what one buys; a sentence for each mistake. */
#include "unit/insight/insight_test.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "huaxiang/insight.h"

enum { PEOPLE = 30, ITEMS = 20, N = 360 };

static hx_tastes *make_tastes(bool comments) {
    hx_tastes *t = NULL;
    assert_int_equal(hx_tastes_new(&t, NULL), HX_OK);
    for (size_t o = 0; o < N; o++) {
        char who[16], what[16], said[40], event[16];
        const size_t person = o % PEOPLE, item = (o / PEOPLE * 5 / 2 + person % 3) % ITEMS;
        const bool liked = (item % 2 == person % 2) != (o % 23 == 0);
        (void)snprintf(who, sizeof who, "p%zu", person);
        (void)snprintf(what, sizeof what, "i%zu", item);
        (void)snprintf(said, sizeof said, "%s number %zu", liked ? "fine" : "poor", o);
        (void)snprintf(event, sizeof event, "e%zu", o);
        const hx_taste taste = {.customer = hx_str_of(who),
                                .item = hx_str_of(what),
                                .text = hx_str_of(item % 2 ? "desk lamp 台灯" : "green tea 绿茶"),
                                .category = hx_str_of(item % 2 ? "light" : "drink"),
                                .comment = hx_str_of(comments ? said : ""),
                                .event = hx_str_of(event),
                                .time = 1e12 + (double)o * 86400000,
                                .liked = o % 10 == 9 ? NAN : liked,
                                .price = 10};
        assert_int_equal(hx_tastes_add(t, &taste, NULL), HX_OK);
    }
    return t;
}

static hx_preferring *tell(const hx_tastes *t, const char *text, size_t n_threads) {
    const hx_new_item item = {.text = hx_str_of(text),
                              .category = hx_str_of("drink"),
                              .price = NAN,
                              .seed = 5,
                              .n_threads = n_threads};
    hx_preferring *p = NULL;
    assert_int_equal(hx_prefer(&p, t, &item, NULL), HX_OK);
    return p;
}

static void tea_is_for_those_who_like_tea(void **state) {
    (void)state;
    hx_tastes *t = make_tastes(true);
    hx_preferring *p = tell(t, "black tea 红茶", 2);
    size_t order[PEOPLE], even = 0;
    const hx_prefer_about a = hx_prefer_learnt(p);
    assert_true(a.people == PEOPLE && a.items == ITEMS && a.orders == N / 10);
    assert_true(a.auc > 0.8 && a.alike > 0.1);
    hx_prefer_order(p, order);
    for (size_t i = 0; i < PEOPLE / 2; i++)
        even += order[i] % 2 == 0;
    assert_true(even >= 13);
    assert_true(hx_prefer_chance(p, order[0]) > 0.6 && hx_prefer_chance(p, order[29]) < 0.4);
    assert_true(hx_prefer_find(p, hx_str_of("p7")) == 7);
    assert_true(hx_prefer_find(p, hx_str_of("nobody")) == SIZE_MAX);
    hx_preferring_free(p);
    hx_tastes_free(t);
}

static long long millionths(const json_t *o, const char *key) {
    return llround(json_number_value(json_object_get(o, key)) * 1e6);
}

static void check_sum(const json_t *r) {
    long long sum = millionths(r, "base");
    size_t i;
    json_t *term;
    json_array_foreach(json_object_get(r, "terms"), i, term) sum +=
        millionths(term, "contribution");
    assert_true(sum == millionths(r, "score"));
}

static void a_receipt_adds_up_and_comes_again(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(1u << 26);
    hx_tastes *t = make_tastes(true);
    hx_preferring *p = tell(t, "black tea 红茶", 1), *q = tell(t, "black tea 红茶", 3);
    for (size_t person = 0; person < PEOPLE; person += 5) {
        hx_str a, b, c, who;
        hx_new_item item = {.price = 0};
        assert_int_equal(hx_prefer_receipt(p, person, arena, &a, NULL), HX_OK);
        assert_int_equal(hx_prefer_receipt(q, person, arena, &b, NULL), HX_OK);
        assert_int_equal(hx_prefer_receipt(p, person, arena, &c, NULL), HX_OK);
        assert_true(hx_str_equal(a, b) && hx_str_equal(a, c));
        assert_int_equal(hx_prefer_item_of(a, arena, &item, &who, NULL), HX_OK);
        assert_true(hx_str_equal(item.text, hx_str_of("black tea 红茶")) && item.seed == 5);
        assert_true(isnan(item.price) && who.ptr[0] == 'p');
        json_t *r = json_loadb(a.ptr, a.len, 0, NULL);
        const json_t *quote = json_array_get(json_object_get(r, "quotes"), 0);
        const char *text = json_string_value(json_object_get(quote, "text")),
                   *event = json_string_value(json_object_get(quote, "event"));
        check_sum(r);
        assert_true(text && event && event[0] == 'e');
        assert_string_equal(text + strlen("fine number "), event + 1);
        assert_non_null(json_object_get(json_object_get(r, "otherwise"), "zh"));
        json_decref(r);
    }
    hx_preferring_free(p);
    hx_preferring_free(q);
    hx_tastes_free(t);
    hx_arena_free(arena);
}

static void liked_by_the_scale(void **state) {
    (void)state;
    assert_true(hx_tastes_liked(4, 5) > 0 && !(hx_tastes_liked(3, 5) > 0));
    assert_true(hx_tastes_liked(8, 10) > 0 && !(hx_tastes_liked(7, 10) > 0));
    assert_true(isnan(hx_tastes_liked(NAN, 5)));
}

static void fails(const hx_tastes *t, const char *text, const char *sentence) {
    const hx_new_item item = {.text = hx_str_of(text), .price = NAN, .n_threads = 1};
    hx_preferring *p = NULL;
    hx_error err = {0};
    assert_int_equal(hx_prefer(&p, t, &item, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, sentence));
    assert_null(p);
}

static void mistakes_have_a_sentence(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(1u << 20);
    hx_tastes *t = make_tastes(false), *none = NULL, *one = NULL;
    hx_new_item item;
    hx_str who;
    hx_taste taste = {.customer = hx_str_of("a"),
                      .item = hx_str_of("x"),
                      .text = hx_str_of("tea"),
                      .event = hx_str_of("e"),
                      .liked = NAN,
                      .price = NAN};
    fails(t, "", "no text");
    fails(t, " ！…—。 ", "no text");
    assert_int_equal(hx_tastes_new(&none, NULL), HX_OK);
    fails(none, "tea", "nobody said");
    assert_int_equal(hx_tastes_add(none, &taste, NULL), HX_OK);
    fails(none, "tea", "nobody said");
    assert_int_equal(hx_tastes_new(&one, NULL), HX_OK);
    taste.liked = 1;
    assert_int_equal(hx_tastes_add(one, &taste, NULL), HX_OK);
    fails(one, "tea", "at least two people");
    taste.customer = hx_str_of("b");
    assert_int_equal(hx_tastes_add(one, &taste, NULL), HX_OK);
    fails(one, "tea", "here are 2 and 0");
    assert_int_equal(hx_prefer_item_of(hx_str_of("{}"), arena, &item, &who, NULL), HX_EFORMAT);
    hx_tastes_free(t);
    hx_tastes_free(none);
    hx_tastes_free(one);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tea_is_for_those_who_like_tea),
                                       cmocka_unit_test(a_receipt_adds_up_and_comes_again),
                                       cmocka_unit_test(liked_by_the_scale),
                                       cmocka_unit_test(mistakes_have_a_sentence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
