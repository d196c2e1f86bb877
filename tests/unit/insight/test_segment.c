/* test_segment.c - measures of a hand-made profile, each segment at both sides of each border, names. */
#include "unit/insight/insight_test.h"

#include "base/rng.h"

/* ------------------------------------------------------------------ measures */
static void measures_a_profile(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    p->key = 77;
    p->n_orders = 4;
    p->n_lines = 10;
    p->n_discounted = 6;
    p->intents[HX_INTENT_PRICE] = 2;
    p->first = DAY(100);
    p->first_purchase = DAY(110);
    p->last_purchase = DAY(190) + 1;
    p->last = DAY(195);
    p->purchase_days = 3;
    p->gap_sum = 80;
    p->sentiments[HX_SENTIMENT_NEGATIVE] = 2;
    p->sentiments[HX_SENTIMENT_POSITIVE] = 1;
    p->sentiment_sum = -1000;
    p->spent[0] = (hx_spent){.currency = HX_STR_LIT("GBP"), .amount = 5 * HX_MONEY_ONE};
    p->spent[1] = (hx_spent){.currency = HX_STR_LIT("CNY"), .amount = 9 * HX_MONEY_ONE};
    p->n_spent = 2;
    hx_customer c;
    hx_customer_measure(p, DAY(200), HX_STR_LIT("CNY"), &c);
    assert_int_equal(c.person, 77);
    assert_int_equal(c.monetary, 9 * HX_MONEY_ONE);
    assert_int_equal(c.orders, 4);
    assert_int_equal(c.recency, 9); /* a millisecond less than 10 days */
    assert_int_equal(c.age, 90);
    assert_int_equal(c.silent, 5);
    assert_int_equal(c.gap, 40);
    assert_int_equal(c.texts, 3);
    assert_int_equal(c.sentiment, -333);
    assert_int_equal(c.price_signals, 8);
    assert_int_equal(c.price_share, 667); /* 8 of 12 */
    hx_customer_measure(p, DAY(200), HX_STR_LIT("USD"), &c);
    assert_int_equal(c.monetary, 0);
    hx_profile_free(p);
}

static void a_store_without_times_has_no_days(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    hx_customer c;
    p->n_orders = 1;
    hx_customer_measure(p, HX_TIME_NONE, (hx_str){NULL, 0}, &c);
    assert_int_equal(c.recency, HX_DAYS_UNKNOWN);
    assert_int_equal(c.age, HX_DAYS_UNKNOWN);
    assert_int_equal(c.silent, HX_DAYS_UNKNOWN);
    assert_int_equal(c.gap, 0);
    assert_int_equal(hx_customer_days(DAY(3), DAY(5)), 0);
    assert_int_equal(hx_customer_days(INT64_MAX, INT64_MIN + 1), HX_DAYS_MAX);
    hx_profile_free(p);
}

/* ------------------------------------------------------------------ segments */
static hx_segment_population ordinary(void) {
    hx_segment_population pop = {
        .history_days = 400, .gap_median = 40, .sleeping_days = 120, .price_share_median = 100};
    pop.rfm.n = 100;
    pop.rfm.monetary[3] = 500 * HX_MONEY_ONE;
    return pop;
}

static bool is_in(hx_segment_id id, const hx_segment_population *pop, hx_customer c) {
    hx_fact facts[HX_FACTS_MAX];
    size_t n = hx_segment_facts(id, pop, &c, facts);
    bool all = n > 0;
    for (size_t i = 0; i < n; i++)
        all = all && facts[i].passed;
    bool masked = hx_segment_mask(pop, &c) >> id & 1;
    assert_int_equal(all, masked);
    return all;
}

static void an_ordinary_customer_is_in_none(void **state) {
    (void)state;
    hx_segment_population pop = ordinary();
    hx_customer c = plain_customer(1);
    assert_int_equal(hx_segment_mask(&pop, &c), 0);
}

static void high_value_is_above_the_top_fifth(void **state) {
    (void)state;
    hx_segment_population pop = ordinary();
    hx_customer c = plain_customer(1);
    c.monetary = 500 * HX_MONEY_ONE;
    assert_false(is_in(HX_SEGMENT_HIGH_VALUE, &pop, c));
    c.monetary++;
    assert_true(is_in(HX_SEGMENT_HIGH_VALUE, &pop, c));
    c.orders = 0;
    assert_false(is_in(HX_SEGMENT_HIGH_VALUE, &pop, c));
    pop.rfm.monetary[3] = -5; /* a shop of refunds: nobody who got money back is of high value */
    c = plain_customer(1);
    c.monetary = 0;
    assert_false(is_in(HX_SEGMENT_HIGH_VALUE, &pop, c));
}

static void newcomers_are_seen_in_a_long_history_alone(void **state) {
    (void)state;
    hx_segment_population pop = ordinary();
    hx_customer c = plain_customer(1);
    c.age = 31;
    assert_false(is_in(HX_SEGMENT_NEW, &pop, c));
    c.age = 30;
    assert_true(is_in(HX_SEGMENT_NEW, &pop, c));
    c.age = HX_DAYS_UNKNOWN;
    assert_false(is_in(HX_SEGMENT_NEW, &pop, c));
    c.age = 5;
    pop.history_days = 59;
    assert_false(is_in(HX_SEGMENT_NEW, &pop, c));
    pop.history_days = 60;
    assert_true(is_in(HX_SEGMENT_NEW, &pop, c));
}

static void risk_comes_before_sleep(void **state) {
    (void)state;
    hx_segment_population pop = ordinary();
    hx_customer c = plain_customer(1); /* gap 30: at risk from 61 days on */
    c.recency = c.silent = 60;
    assert_false(is_in(HX_SEGMENT_AT_RISK, &pop, c));
    c.recency = c.silent = 61;
    assert_true(is_in(HX_SEGMENT_AT_RISK, &pop, c));
    c.recency = c.silent = 120;
    assert_true(is_in(HX_SEGMENT_AT_RISK, &pop, c));
    assert_false(is_in(HX_SEGMENT_SLEEPING, &pop, c));
    c.recency = c.silent = 121;
    assert_false(is_in(HX_SEGMENT_AT_RISK, &pop, c));
    assert_true(is_in(HX_SEGMENT_SLEEPING, &pop, c));
    c.silent = 3; /* looks around, but does not buy */
    assert_true(is_in(HX_SEGMENT_AT_RISK, &pop, c));
    assert_false(is_in(HX_SEGMENT_SLEEPING, &pop, c));
    c.gap = 4; /* twice 4 days is too soon to worry */
    c.recency = 30;
    assert_false(is_in(HX_SEGMENT_AT_RISK, &pop, c));
    c.recency = 31;
    assert_true(is_in(HX_SEGMENT_AT_RISK, &pop, c));
    c.gap = 0; /* bought on one day only */
    assert_false(is_in(HX_SEGMENT_AT_RISK, &pop, c));
    c.orders = 0;
    c.silent = 300;
    assert_false(is_in(HX_SEGMENT_SLEEPING, &pop, c));
}

static void price_sensitivity_needs_more_than_everybodys(void **state) {
    (void)state;
    hx_segment_population pop = ordinary();
    hx_customer c = plain_customer(1);
    c.price_signals = 2;
    c.price_share = 500;
    assert_true(is_in(HX_SEGMENT_PRICE_SENSITIVE, &pop, c));
    c.price_signals = 1;
    assert_false(is_in(HX_SEGMENT_PRICE_SENSITIVE, &pop, c));
    c.price_signals = 2;
    c.price_share = 499;
    assert_false(is_in(HX_SEGMENT_PRICE_SENSITIVE, &pop, c));
    pop.price_share_median = 1000; /* a shop where all is always discounted */
    c.price_share = 1000;
    assert_false(is_in(HX_SEGMENT_PRICE_SENSITIVE, &pop, c));
}

static void unhappy_needs_a_text(void **state) {
    (void)state;
    hx_segment_population pop = ordinary();
    hx_customer c = plain_customer(1);
    c.texts = 2;
    c.sentiment = -200;
    assert_true(is_in(HX_SEGMENT_UNHAPPY, &pop, c));
    c.sentiment = -199;
    assert_false(is_in(HX_SEGMENT_UNHAPPY, &pop, c));
    c.sentiment = -900;
    c.texts = 0;
    assert_false(is_in(HX_SEGMENT_UNHAPPY, &pop, c));
}

static void population_thresholds(void **state) {
    (void)state;
    hx_customer list[5];
    const uint16_t gaps[] = {0, 10, 50, 20, 500};
    for (size_t i = 0; i < 5; i++) {
        list[i] = plain_customer(i);
        list[i].gap = gaps[i];
        list[i].price_share = (uint16_t)(100 * i);
    }
    list[4].orders = 0;
    hx_segment_population pop;
    assert_int_equal(hx_segment_fit(list, 5, 77, &pop, NULL), HX_OK);
    assert_int_equal(pop.history_days, 77);
    assert_int_equal(pop.gap_median, 20); /* of 10, 20, 50, 500 */
    assert_int_equal(pop.sleeping_days, 90); /* 60 is below the least */
    assert_int_equal(pop.price_share_median, 100); /* of 0, 100, 200, 300 */
    for (size_t i = 0; i < 5; i++)
        list[i].gap = 50;
    assert_int_equal(hx_segment_fit(list, 5, 77, &pop, NULL), HX_OK);
    assert_int_equal(pop.sleeping_days, 150);
    for (size_t i = 0; i < 5; i++)
        list[i].gap = 400;
    assert_int_equal(hx_segment_fit(list, 5, 77, &pop, NULL), HX_OK);
    assert_int_equal(pop.sleeping_days, 365);
    assert_int_equal(hx_segment_fit(list, 0, 0, &pop, NULL), HX_OK);
    assert_int_equal(pop.gap_median, 0);
    assert_int_equal(pop.sleeping_days, 90);
}

static void names_find_their_segment(void **state) {
    (void)state;
    for (int id = 0; id < HX_SEGMENT_N; id++) {
        hx_segment_id s = (hx_segment_id)id;
        assert_int_equal(hx_segment_find(hx_str_of(hx_segment_key(s))), s);
        assert_int_equal(hx_segment_find(hx_str_of(hx_segment_name(s, HX_UI_ZH))), s);
        assert_int_equal(hx_segment_find(hx_str_of(hx_segment_name(s, HX_UI_EN))), s);
        assert_true(strlen(hx_segment_rule(s, HX_UI_ZH)) > 10 &&
                    strlen(hx_segment_rule(s, HX_UI_EN)) > 10);
    }
    assert_int_equal(hx_segment_find(HX_STR_LIT("rich")), HX_SEGMENT_N);
    assert_int_equal(hx_segment_find((hx_str){NULL, 0}), HX_SEGMENT_N);
}

static void facts_read_as_text(void **state) {
    (void)state;
    char text[HX_FACT_TEXT_MAX];
    hx_fact money = {.name = "monetary", .unit = "1/10000"},
            days = {.name = "recency", .unit = "days"};
    hx_fact share = {.name = "sentiment", .unit = "1/1000"};
    assert_string_equal(hx_fact_text(&money, 18935000, HX_UI_EN, text), "1893.5");
    assert_string_equal(hx_fact_text(&days, 60, HX_UI_EN, text), "60 days");
    assert_string_equal(hx_fact_text(&days, 60, HX_UI_ZH, text), "60 天");
    assert_string_equal(hx_fact_text(&share, -200, HX_UI_EN, text), "-0.2");
    assert_string_equal(hx_fact_label(&days, HX_UI_ZH), "最近一次购买距今");
}

/* The order of members is total: antisymmetric and without ties between different people. */
static void member_order_is_total(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < 2000; i++) {
        hx_customer a = plain_customer(hx_rng_below(&r, 4)),
                    b = plain_customer(hx_rng_below(&r, 4));
        a.monetary = (int64_t)hx_rng_below(&r, 2);
        b.monetary = (int64_t)hx_rng_below(&r, 2);
        a.sentiment = (int16_t)hx_rng_below(&r, 2);
        for (int id = 0; id < HX_SEGMENT_N; id++) {
            int ab = hx_segment_compare((hx_segment_id)id, &a, &b);
            int ba = hx_segment_compare((hx_segment_id)id, &b, &a);
            assert_true((ab < 0) == (ba > 0));
            if (a.person != b.person) assert_true(ab != 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measures_a_profile),
        cmocka_unit_test(a_store_without_times_has_no_days),
        cmocka_unit_test(an_ordinary_customer_is_in_none),
        cmocka_unit_test(high_value_is_above_the_top_fifth),
        cmocka_unit_test(newcomers_are_seen_in_a_long_history_alone),
        cmocka_unit_test(risk_comes_before_sleep),
        cmocka_unit_test(price_sensitivity_needs_more_than_everybodys),
        cmocka_unit_test(unhappy_needs_a_text),
        cmocka_unit_test(population_thresholds),
        cmocka_unit_test(names_find_their_segment),
        cmocka_unit_test(facts_read_as_text),
        cmocka_unit_test(member_order_is_total),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
