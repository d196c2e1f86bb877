/* Dynamic profiles: arithmetic that can be done by hand, published intervals, and that what happens later changes no byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>

#include "answer/dynamic.h"
#include "unit/profile/random_event.h"

#define DAY(n) ((int64_t)(20000 + (n)) * HX_DAY_MS)
#define ROUNDS 400
#define HISTORY 60

static hx_arena *arena;
static const hx_id ids[] = {{HX_ID_CUSTOMER, {"u1", 2}}};

static int set_up(void **state) {
    (void)state;
    arena = hx_arena_new(0);
    return arena ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    hx_arena_free(arena);
    return 0;
}

static hx_event event(hx_event_kind kind, int64_t time, const char *item, const char *category) {
    hx_event e = {.kind = kind, .time = time, .ids = ids, .n_ids = 1, .rating = HX_RATING_NONE};
    e.item = hx_str_of(item);
    e.category = hx_str_of(category);
    e.row_hash = (uint64_t)time + (uint64_t)kind;
    return e;
}

static hx_event line(int64_t time, int64_t amount, int64_t discount) {
    hx_event e = event(HX_KIND_ORDER, time, "", "tents");
    e.has_amount = true;
    e.amount = amount * HX_MONEY_ONE;
    e.discount = discount * HX_MONEY_ONE;
    e.quantity = HX_MONEY_ONE;
    return e;
}

static hx_event text(int64_t time, hx_sentiment_label label, double score) {
    hx_event e = event(HX_KIND_REVIEW, time, "", "");
    hx_annotation *a = hx_arena_alloc(arena, sizeof *a);
    *a = (hx_annotation){.sentiment = {.label = label, .score = score}};
    e.text = HX_STR_LIT("a text");
    e.annotation = a;
    return e;
}

static hx_dynamic of(const hx_event *events, size_t n, hx_dynamic_options o) {
    hx_dynamic d;
    assert_int_equal(hx_dynamic_of(events, n, &o, arena, &d, NULL), HX_OK);
    return d;
}

static void assert_near(double a, double b) {
    if (fabs(a - b) > 1e-9) fail_msg("%.12g is not %.12g", a, b);
}

/* --- arithmetic ---------------------------------------------------------- */
static void interests_fade_by_half_lives(void **state) {
    (void)state;
    hx_catalog *c = hx_catalog_new();
    hx_event e[] = {
        event(HX_KIND_VIEW, DAY(0), "p1", ""), event(HX_KIND_REVIEW, DAY(10), "", "mugs"),
        event(HX_KIND_VIEW, DAY(20), "", "mugs"), event(HX_KIND_ORDER, DAY(30), "p2", "tents")};
    const hx_event known = event(HX_KIND_ORDER, DAY(1), "p1", "tents");
    hx_catalog_want(c, &e[0]);
    hx_catalog_see(c, &known);
    const hx_dynamic d =
        of(e, 4,
           (hx_dynamic_options){
               .from = HX_TIME_NONE, .as_of = DAY(30), .half_life = 10, .catalog = c});
    assert_int_equal(d.interests.n, 2);
    assert_true(hx_str_equal(d.interests.at[0].name, HX_STR_LIT("tents")));
    assert_int_equal(d.interests.at[0].points, 4125000); /* 4 + 1/8 */
    assert_int_equal(d.interests.at[1].points, 1000000); /* 2/4 + 1/2 */
    assert_int_equal(d.interests.points, 5125000);
    assert_near(d.interests.at[0].share.value, 4.125 / 5.125);
    const hx_interval w = hx_wilson(4.125 / 5.125, 26.265625 / 16.515625, HX_DYNAMIC_LEVEL);
    assert_near(d.interests.at[0].share.low, w.low);
    assert_int_equal(d.interests.at[0].n_events, 2);
    assert_true(d.interests.at[0].events[0] == hx_event_id(&e[3]));
    hx_catalog_free(c);
}

static void a_bad_review_is_no_interest(void **state) {
    (void)state;
    hx_event e[] = {text(DAY(0), HX_SENTIMENT_NEGATIVE, 0.9),
                    text(DAY(1), HX_SENTIMENT_POSITIVE, 0.9)};
    e[0].category = HX_STR_LIT("mugs");
    e[1].category = HX_STR_LIT("tents");
    const hx_dynamic d = of(e, 2, (hx_dynamic_options){.from = HX_TIME_NONE, .as_of = DAY(1)});
    assert_int_equal(d.interests.n, 1);
    assert_true(hx_str_equal(d.interests.at[0].name, HX_STR_LIT("tents")));
}

static void the_stage_is_a_tail_of_silence(void **state) {
    (void)state;
    const hx_event e[] = {line(DAY(0), 10, 0), line(DAY(10), 10, 0), line(DAY(20), 10, 0)};
    hx_dynamic_options o = {.from = HX_TIME_NONE, .as_of = DAY(50), .gap_days = 20};
    hx_dynamic d = of(e, 3, o); /* a = 3 + 2 gaps, b = 3 x 20 + 20 */
    assert_near(d.life.gap, 16);
    assert_near(d.life.own_gap, 10);
    assert_near(d.life.silent, 30);
    assert_near(d.life.tail, pow(80.0 / 110.0, 5));
    assert_int_equal(d.life.stage, HX_STAGE_SLOWING);
    o.as_of = DAY(21);
    assert_int_equal(of(e, 3, o).life.stage, HX_STAGE_NEW);
    o.as_of = DAY(33);
    assert_int_equal(of(e, 3, o).life.stage,
                     HX_STAGE_ACTIVE); /* (80/93)^5 = .47, known for 33 days */
    o.as_of = DAY(80);
    assert_int_equal(of(e, 3, o).life.stage, HX_STAGE_ASLEEP);
    o.as_of = DAY(200);
    assert_int_equal(of(e, 3, o).life.stage, HX_STAGE_LOST);
}

static void gaps_that_grow_are_slowing(void **state) {
    (void)state;
    hx_event e[13];
    for (int i = 0; i < 13; i++)
        e[i] = line(DAY(i <= 6 ? i : 6 + 8 * (i - 6)), 10, 0); /* 6 gaps of 1 day, 6 of 8 */
    const hx_dynamic d =
        of(e, 13, (hx_dynamic_options){.from = HX_TIME_NONE, .as_of = DAY(55), .gap_days = 5});
    assert_true(d.life.tail > 0.25);
    assert_true(d.life.growth < 0.01);
    assert_int_equal(d.life.stage, HX_STAGE_SLOWING);
}

static void mood_has_a_slope_with_students_interval(void **state) {
    (void)state;
    const hx_event e[] = {
        text(DAY(0), HX_SENTIMENT_POSITIVE, 0.2), text(DAY(30), HX_SENTIMENT_POSITIVE, 0.8),
        text(DAY(60), HX_SENTIMENT_POSITIVE, 0.1), text(DAY(90), HX_SENTIMENT_POSITIVE, 0.9)};
    hx_dynamic_options o = {.from = HX_TIME_NONE, .as_of = DAY(90), .half_life = 1e9};
    hx_dynamic d = of(e, 4, o);
    /* x = 0..3 months, y as above: slope .14, residual sum .402, error sqrt(.402 / 2 / 5), t(.95, 2) = 2.919985580 */
    assert_near(d.mood.slope.value, 0.14);
    assert_true(fabs(d.mood.slope.high - (0.14 + 2.919985580355 * sqrt(0.402 / 10))) < 1e-8);
    assert_int_equal(d.mood.turn, HX_TURN_STEADY);
    assert_true(fabs(d.mood.now.value - 0.5) < 1e-6);
    const hx_event rise[] = {text(DAY(0), HX_SENTIMENT_NEGATIVE, 0.5),
                             text(DAY(30), HX_SENTIMENT_NEUTRAL, 0.7),
                             text(DAY(60), HX_SENTIMENT_POSITIVE, 0.5)};
    d = of(rise, 3, o);
    assert_near(d.mood.slope.value, 0.5);
    assert_int_equal(d.mood.turn, HX_TURN_UP);
    assert_true(d.mood.worst == hx_event_id(&rise[0]) && d.mood.best == hx_event_id(&rise[2]));
    assert_int_equal(of(rise, 2, o).mood.turn, HX_TURN_UNKNOWN);
}

static void price_is_held_against_the_shop(void **state) {
    (void)state;
    const hx_event e[] = {line(DAY(0), 80, 20), line(DAY(1), 100, 0), line(DAY(2), 60, 40),
                          line(DAY(3), 100, 0), line(DAY(4), -50, 0)}; /* the last is no purchase */
    const hx_dynamic d =
        of(e, 5,
           (hx_dynamic_options){.from = HX_TIME_NONE, .as_of = HX_TIME_NONE, .discounted = 0.25});
    assert_int_equal(d.price.n, 4);
    assert_int_equal(d.price.discounted, 2);
    assert_near(d.price.share.value, 0.5);
    assert_near(d.price.shrunk, (4 * 0.5 + 5 * 0.25) / 9);
    assert_near(d.price.depth, 60.0 / 400.0);
    assert_true(d.price.events[0] == hx_event_id(&e[2])); /* the greatest discount */
    assert_int_equal(d.price.verdict, 0);
}

static void hours_are_of_the_zone_and_of_visits(void **state) {
    (void)state;
    hx_zone zone;
    hx_event e[40];
    assert_int_equal(hx_zone_init(&zone, "+08:00", NULL), HX_OK);
    for (int i = 0; i < 40;
         i++) /* four events at 20:00 there on each of ten days count once a day */
        e[i] = event(HX_KIND_VIEW, DAY(i / 4) + 12 * 3600000LL + i % 4, "", "mugs");
    const hx_dynamic d =
        of(e, 40, (hx_dynamic_options){.from = HX_TIME_NONE, .as_of = DAY(11), .zone = &zone});
    assert_int_equal(d.habits.n, 10);
    assert_true(d.habits.hour <= 20 && d.habits.hour + HX_DYNAMIC_WINDOW > 20);
    assert_near(d.habits.share.value, 1);
    assert_true(d.habits.sure);
    const hx_event midnight = event(HX_KIND_VIEW, DAY(0) - 8 * 3600000LL, "", "mugs");
    assert_int_equal(of(&midnight, 1, d.options).habits.hour, -1); /* a date is no time of day */
    assert_int_equal(of(&midnight, 1, d.options).habits.n_days, 1);
    hx_zone_release(&zone);
}

/* Newcombe 1998: 56/70 against 48/80, 95 %: .2, .0524 to .3339; Wilson of 5/10: .2366 to .7634. */
static void intervals_are_the_published_ones(void **state) {
    (void)state;
    const hx_interval w = hx_wilson(0.5, 10, 0.95);
    assert_true(hx_wilson(0, 7, 0.9).low <= 0 && hx_wilson(1, 7, 0.9).high >= 1);
    assert_true(fabs(w.low - 0.2366) < 5e-5 && fabs(w.high - 0.7634) < 5e-5);
    const hx_interval d =
        hx_interval_difference(hx_wilson(0.6, 80, 0.95), hx_wilson(0.8, 70, 0.95));
    assert_near(d.value, 0.2);
    assert_true(fabs(d.low - 0.0524) < 5e-5 && fabs(d.high - 0.3339) < 5e-5);
}

static void divergence_lies_between_alike_and_apart(void **state) {
    (void)state;
    const hx_event a[] = {event(HX_KIND_VIEW, DAY(0), "", "mugs"),
                          event(HX_KIND_VIEW, DAY(0), "", "tents")};
    const hx_event b[] = {event(HX_KIND_VIEW, DAY(0), "", "books")};
    const hx_dynamic_options o = {.from = HX_TIME_NONE, .as_of = DAY(0)};
    const hx_dynamic x = of(a, 2, o), y = of(b, 1, o), mugs = of(a, 1, o);
    assert_near(hx_dynamic_divergence(&x.interests, &x.interests), 0);
    assert_near(hx_dynamic_divergence(&x.interests, &y.interests), 1);
    /* (1/2, 1/2) against (1, 0): (1/2 log2(2/3) + 1/2 log2 2 + log2(4/3)) / 2 */
    assert_near(hx_dynamic_divergence(&x.interests, &mugs.interests),
                (0.5 * log2(2.0 / 3) + 0.5 + log2(4.0 / 3)) / 2);
}

static void home_is_concluded_only_where_allowed(void **state) {
    (void)state;
    hx_event e[] = {text(DAY(0), HX_SENTIMENT_POSITIVE, 0.9),
                    text(DAY(1), HX_SENTIMENT_POSITIVE, 0.9),
                    text(DAY(2), HX_SENTIMENT_POSITIVE, 0.9)};
    e[0].text = HX_STR_LIT("My son loves it");
    e[1].text = HX_STR_LIT("给孩子买的，孩子很喜欢");
    e[2].text =
        HX_STR_LIT("My sons-in-law; the person"); /* "my son" is no word here, nor in "person" */
    hx_dynamic_options o = {.from = HX_TIME_NONE, .as_of = DAY(9)};
    assert_int_equal(of(e, 3, o).home.n, 0);
    o.household = true;
    const hx_dynamic d = of(e, 3, o);
    assert_int_equal(d.home.n, 1);
    assert_true(hx_str_equal(d.home.at[0].name, HX_STR_LIT("child")));
    assert_int_equal(d.home.at[0].n, 2);
}

/* --- what can go wrong --------------------------------------------------- */
static void little_says_little(void **state) {
    (void)state;
    const hx_dynamic_options o = {.from = HX_TIME_NONE, .as_of = HX_TIME_NONE, .discounted = -1};
    hx_dynamic d = of(NULL, 0, o);
    assert_int_equal(d.n, 0);
    assert_int_equal(d.life.stage, HX_STAGE_UNKNOWN);
    assert_true(isnan(d.mood.now.value) && isnan(d.price.shrunk) && isnan(d.price.share.value));
    hx_event undated = line(HX_TIME_NONE, 5, 0);
    d = of(&undated, 1, o);
    assert_int_equal(d.interests.at[0].points, 4000000);
    assert_int_equal(d.life.stage, HX_STAGE_UNKNOWN);
    hx_event day[50]; /* all on one day, some taken back */
    for (int i = 0; i < 50; i++)
        day[i] = line(DAY(0) + i, i % 5 ? 10 : -10, 1);
    d = of(day, 50, (hx_dynamic_options){.from = HX_TIME_NONE, .as_of = DAY(400), .gap_days = 30});
    assert_int_equal(d.life.days, 1);
    assert_true(isnan(d.life.own_gap));
    assert_int_equal(d.life.stage, HX_STAGE_LOST);
    assert_int_equal(d.price.n, 40);
}

/* --- later events -------------------------------------------------------- */
static int in_order(const void *a, const void *b) {
    return hx_event_compare(a, b);
}

static void bytes_of(const hx_dynamic *d, hx_buf *out) {
    hx_json_writer w;
    hx_buf_init(out, 1u << 24);
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx__dynamic_put(&w, d);
    hx_json_end_object(&w);
    assert_false(out->failed);
}

static void assert_same(const hx_dynamic *a, const hx_dynamic *b) {
    hx_buf x, y;
    bytes_of(a, &x);
    bytes_of(b, &y);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.ptr, y.ptr, x.len);
    hx_buf_release(&x);
    hx_buf_release(&y);
}

static void fill(hx_catalog *c, const hx_event *e, size_t n, int64_t until) {
    for (size_t i = 0; i < n; i++)
        if (e[i].time <= until) hx_catalog_want(c, &e[i]);
    for (size_t i = 0; i < n; i++)
        if (e[i].time <= until) hx_catalog_see(c, &e[i]);
}

static void later_events_change_no_byte(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, 17);
    for (int round = 0; round < ROUNDS; round++) {
        hx_arena_reset(arena);
        hx_event e[HISTORY], then[HISTORY];
        size_t n = 0;
        for (size_t i = 0; i < HISTORY; i++)
            e[i] = random_event(&r, arena, ids, 1);
        qsort(e, HISTORY, sizeof *e, in_order);
        hx_dynamic_options o = {
            .from = HX_TIME_NONE, .gap_days = 3, .discounted = 0.3, .household = true};
        o.as_of = 1700000000000 + (int64_t)hx_rng_below(&r, 420) * 43200000 +
                  (int64_t)hx_rng_below(&r, 2);
        for (size_t i = 0; i < HISTORY; i++)
            if (e[i].time <= o.as_of) then[n++] = e[i];
        hx_catalog *whole = hx_catalog_new(), *early = hx_catalog_new();
        fill(whole, e, HISTORY, o.as_of);
        fill(early, then, n, INT64_MAX);
        o.catalog = whole;
        const hx_dynamic a = of(e, HISTORY, o);
        o.catalog = early;
        const hx_dynamic b = of(then, n, o);
        assert_int_equal(a.n, n);
        assert_same(&a, &b);
        /* what came since a time and what came before it are all there is */
        o.from = o.as_of;
        o.as_of = INT64_MAX;
        assert_int_equal(of(e, HISTORY, o).n, HISTORY - n);
        hx_catalog_free(whole);
        hx_catalog_free(early);
    }
}

static void a_catalog_takes_the_majority(void **state) {
    (void)state;
    hx_catalog *c = hx_catalog_new();
    const hx_event wanted = event(HX_KIND_VIEW, DAY(0), "p1", ""),
                   other = event(HX_KIND_VIEW, DAY(0), "p9", "");
    hx_catalog_want(c, &wanted);
    hx_catalog_want(c, &wanted);
    for (int i = 0; i < HX_CATALOG_VOTES; i++) {
        const hx_event e = event(HX_KIND_ORDER, DAY(i), "p1", i % 5 < 2 ? "mugs" : "tents");
        assert_false(hx_catalog_settled(c));
        hx_catalog_see(c, &e);
    }
    assert_true(hx_catalog_settled(c));
    assert_true(hx_str_equal(hx_catalog_category(c, &wanted), HX_STR_LIT("tents")));
    assert_int_equal(hx_catalog_category(c, &other).len, 0);
    double mean;
    uint64_t n;
    hx_event priced = line(DAY(0), 90, 10);
    priced.quantity = 2 * HX_MONEY_ONE;
    hx_catalog_see(c, &priced);
    assert_true(hx_catalog_price(c, HX_STR_LIT("tents"), &mean, &n));
    assert_int_equal(n, 1);
    assert_true(fabs(mean - log(50)) < 1e-6);
    assert_false(hx_catalog_price(c, HX_STR_LIT("mugs"), &mean, &n));
    hx_catalog_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(interests_fade_by_half_lives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_review_is_no_interest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_stage_is_a_tail_of_silence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gaps_that_grow_are_slowing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mood_has_a_slope_with_students_interval, set_up, tear_down),
        cmocka_unit_test_setup_teardown(price_is_held_against_the_shop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hours_are_of_the_zone_and_of_visits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(intervals_are_the_published_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(divergence_lies_between_alike_and_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(home_is_concluded_only_where_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(little_says_little, set_up, tear_down),
        cmocka_unit_test_setup_teardown(later_events_change_no_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_catalog_takes_the_majority, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
