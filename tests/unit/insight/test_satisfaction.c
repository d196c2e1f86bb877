/* Satisfaction: opinions on their scales, intervals over clusters, CSAT, NPS, loyalty, and groups drawn to the whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "insight/satisfaction.h"

static void assert_near(double a, double b) {
    if (fabs(a - b) > 1e-9) fail_msg("%.12g is not %.12g", a, b);
}

static hx_opinion stars(double rating) {
    return (hx_opinion){.has_rating = true, .rating = rating, .scale = HX_SCALE_FIVE};
}

static void opinions_are_means_of_what_they_say(void **state) {
    (void)state;
    hx_satisfaction s = {0};
    hx_opinion o = stars(5); /* 1 */
    o.has_mood = true;
    o.mood = -0.5; /* .25 */
    o.complains = true; /* 0 */
    hx_satisfaction_add(&s, &o, 1);
    o = (hx_opinion){.has_rating = true, .rating = 7, .scale = HX_SCALE_TEN}; /* .7 */
    hx_satisfaction_add(&s, &o, 2);
    hx_satisfaction_finish(&s);
    assert_near(hx_satisfaction_index(&s).value, 100 * ((1 + 0.25) / 3 + 0.7) / 2);
    assert_int_equal(s.complaints, 1);
    assert_int_equal(s.negative, 1);
    assert_int_equal(hx_scale_of(5000), HX_SCALE_FIVE);
    assert_int_equal(hx_scale_of(5001), HX_SCALE_TEN);
    assert_int_equal(hx_scale_of(87000), HX_SCALE_HUNDRED);
}

/* Clusters (0, 0), (1, 1), (.5): mean .5, residual sums -1, 1, 0: error sqrt(3/2 (1 + 1)) / 5, t(.95, 2) = 2.91998558. */
static void opinions_of_one_customer_are_one_cluster(void **state) {
    (void)state;
    const double rating[] = {1, 1, 5, 5, 3};
    hx_satisfaction s = {0}, alone = {0};
    for (uint64_t i = 0; i < 5; i++) {
        const hx_opinion o = stars(rating[i]);
        hx_satisfaction_see(&s, 1 + i / 2);
        hx_satisfaction_add(&s, &o, 1 + i / 2);
        hx_satisfaction_add(&alone, &o, 1 + i);
    }
    hx_satisfaction_finish(&s);
    hx_satisfaction_finish(&alone);
    assert_int_equal(s.customers, 3);
    assert_int_equal(s.clusters, 3);
    const hx_interval v = hx_satisfaction_index(&s);
    assert_near(v.value, 50);
    assert_near(v.low, 0); /* 50 - 101 */
    /* each by itself: the mean of five, sd sqrt(1 / 4), t(.95, 4) = 2.131846786 */
    assert_true(fabs(hx_satisfaction_index(&alone).high - (50 + 213.1846786 * sqrt(0.25 / 5))) <
                1e-5);
}

static void answers_make_csat_and_nps(void **state) {
    (void)state;
    hx_satisfaction s = {0};
    const double five[] = {5, 4, 3, 1}, ten[] = {10, 9, 8, 6, 0};
    for (uint64_t i = 0; i < 4; i++) {
        const hx_opinion o = stars(five[i]);
        hx_satisfaction_add(&s, &o, i);
    }
    for (uint64_t i = 0; i < 5; i++) {
        const hx_opinion o = {.has_nps = true, .nps = ten[i]};
        hx_satisfaction_add(&s, &o, 10 + i);
    }
    hx_satisfaction_finish(&s);
    assert_near(hx_satisfaction_csat(&s).value, 0.5);
    const hx_interval nps = hx_satisfaction_nps(&s);
    assert_near(nps.value, 0);
    /* (2 + 3/4) / 8 on both sides: 1.644853627 sqrt(.6875 / 8) */
    assert_true(fabs(nps.high - 164.4853627 * sqrt(0.6875 / 8)) < 1e-5);
    hx_satisfaction one = {.ten = 1, .promoters = 1};
    assert_near(hx_satisfaction_nps(&one).high, 100); /* the interval holds the value */
}

static void those_who_come_back_are_loyal(void **state) {
    (void)state;
    hx_satisfaction s = {0};
    assert_true(isnan(hx_satisfaction_loyalty(&s).value) && isnan(hx_satisfaction_index(&s).value));
    for (int i = 0; i < 10; i++)
        hx_satisfaction_bought(&s, i < 5);
    assert_near(hx_satisfaction_loyalty(&s).value, 0.5);
    assert_near(hx_satisfaction_loyalty(&s).low, hx_wilson(0.5, 10, HX_DYNAMIC_LEVEL).low);
}

/* Two groups of two: 0, .5 and .5, 1. Within 1/8 a degree of freedom, between 1/4: variance (1/4 - 1/8) / 2, pull 2. */
static void few_opinions_are_drawn_to_the_whole(void **state) {
    (void)state;
    const double rating[2][2] = {{1, 3}, {3, 5}};
    hx_satisfaction g[2] = {{0}, {0}};
    for (uint64_t i = 0; i < 4; i++) {
        const hx_opinion o = stars(rating[i / 2][i % 2]);
        hx_satisfaction_add(&g[i / 2], &o, i);
    }
    const hx_satisfaction *both[] = {&g[0], &g[1]}, *same[] = {&g[0], &g[0]};
    const double pull = hx_satisfaction_pull(both, 2);
    assert_near(pull, 2);
    assert_near(hx_satisfaction_score(&g[0], 50, pull), (2 * 25 + 2 * 50) / 4.0);
    assert_true(isinf(hx_satisfaction_pull(same, 2))); /* no more than chance */
    assert_near(hx_satisfaction_score(&g[0], 50, INFINITY), 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opinions_are_means_of_what_they_say),
        cmocka_unit_test(opinions_of_one_customer_are_one_cluster),
        cmocka_unit_test(answers_make_csat_and_nps),
        cmocka_unit_test(those_who_come_back_are_loyal),
        cmocka_unit_test(few_opinions_are_drawn_to_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
