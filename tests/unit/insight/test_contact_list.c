/* test_contact_list.c - the chosen against all subsets, the hold-out against its share, the interval against a published one. */
#include "unit/insight/insight_test.h"

#include <math.h>

#include "base/rng.h"
#include "huaxiang/insight.h"

#define SMALL 10
#define MANY 20000

static hx_arena *arena;

static int open_arena(void **state) {
    (void)state;
    arena = hx_arena_new(0);
    return arena ? 0 : -1;
}

static int close_arena(void **state) {
    (void)state;
    hx_arena_free(arena);
    return 0;
}

/* The greatest profit of any subset that the budget pays for. */
static double best_of_all(const hx_contact *rows, const hx_contact_offer *o) {
    double best = 0;
    for (unsigned set = 0; set < 1u << SMALL; set++) {
        double profit = 0;
        size_t n = 0;
        for (size_t i = 0; i < SMALL; i++)
            if (set >> i & 1) {
                profit += rows[i].risk * o->success * rows[i].value - o->cost;
                n++;
            }
        if (o->cost * (double)n <= o->budget && profit > best) best = profit;
    }
    return best;
}

static void no_other_list_earns_more(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int round = 0; round < 200; round++) {
        hx_contact rows[SMALL];
        char names[SMALL][8];
        const hx_contact_offer o = {.cost = 1 + hx_rng_uniform(&r),
                                    .success = hx_rng_uniform(&r),
                                    .budget = 12 * hx_rng_uniform(&r)};
        for (size_t i = 0; i < SMALL; i++) {
            (void)snprintf(names[i], sizeof names[i], "c%zu", i);
            rows[i] =
                (hx_contact){hx_str_of(names[i]), hx_rng_uniform(&r), 20 * hx_rng_uniform(&r)};
        }
        hx_contact_choice *list;
        hx_contact_sum sum;
        assert_int_equal(hx_contact_choose(rows, SMALL, &o, arena, &list, &sum, NULL), HX_OK);
        assert_true(fabs(sum.profit - best_of_all(rows, &o)) < 1e-9);
        assert_true(sum.cost <= o.budget);
        for (size_t i = 1; i < SMALL; i++)
            assert_true(list[i - 1].profit >= list[i].profit);
    }
}

static void holds_out_its_share_and_always_the_same(void **state) {
    (void)state;
    hx_contact *rows = hx_arena_alloc(arena, MANY * sizeof *rows);
    assert_non_null(rows);
    for (size_t i = 0; i < MANY; i++) {
        char *name = hx_arena_alloc(arena, 16);
        assert_non_null(name);
        (void)snprintf(name, 16, "c%zu", i);
        rows[i] = (hx_contact){hx_str_of(name), 0.5, 100};
    }
    const hx_contact_offer o = {
        .cost = 1, .success = 0.2, .budget = 9000, .hold_out = 0.1, .seed = 7};
    hx_contact_choice *list;
    hx_contact_sum sum;
    assert_int_equal(hx_contact_choose(rows, MANY, &o, arena, &list, &sum, NULL), HX_OK);
    assert_int_equal(sum.chosen, 9000);
    assert_in_range(sum.held, 900, 1100); /* 1000 expected, deviation 33 */
    assert_true(fabs(sum.profit - 9000 * 9.0) < 1e-6);
    for (size_t i = 0; i < sum.chosen + sum.held; i++) {
        const bool held = hx_contact_is_held(rows[list[i].at].customer, 0.1, 7);
        assert_int_equal(list[i].what, held ? HX_CONTACT_HELD : HX_CONTACT_CHOSEN);
        /* who is in a smaller hold-out is in a greater one */
        if (held) assert_true(hx_contact_is_held(rows[list[i].at].customer, 0.2, 7));
    }
    assert_int_equal(list[sum.chosen + sum.held].what, HX_CONTACT_LEFT);
}

/* Newcombe 1998, table II, method 10: 56/70 against 48/80 and 9/10 against 3/10. */
static void interval_as_published(void **state) {
    (void)state;
    hx_campaign_effect e;
    const hx_campaign_counts a = {70, 56, 80, 48}, b = {10, 9, 10, 3};
    assert_int_equal(hx_campaign_measure(&a, 0, &e, NULL), HX_OK);
    assert_true(fabs(e.effect - 0.2) < 1e-12 && fabs(e.kept - 14) < 1e-9);
    assert_true(fabs(e.low - 0.0524) < 5e-5 && fabs(e.high - 0.3339) < 5e-5);
    assert_int_equal(hx_campaign_measure(&b, 0.95, &e, NULL), HX_OK);
    assert_true(fabs(e.low - 0.1705) < 5e-5 && fabs(e.high - 0.8090) < 5e-5);
}

static void offer_is_refused(hx_contact_offer o, const char *sentence) {
    const hx_contact one = {hx_str_of("c1"), 0.5, 10};
    hx_contact_choice *list;
    hx_contact_sum sum;
    hx_error err;
    assert_int_equal(hx_contact_choose(&one, 1, &o, arena, &list, &sum, &err), HX_EINVAL);
    assert_string_equal(err.message, sentence);
}

static void bad_offers_have_their_sentence(void **state) {
    (void)state;
    offer_is_refused((hx_contact_offer){.cost = -1, .success = 0.5, .budget = 1},
                     "the cost of a contact is a number from 0 on, not -1");
    offer_is_refused((hx_contact_offer){.cost = 1, .success = 2, .budget = 1},
                     "the chance that a contact succeeds is from 0 to 1, not 2");
    offer_is_refused((hx_contact_offer){.cost = 1, .success = 1, .budget = -3},
                     "the budget of contacts is a number from 0 on, not -3");
    offer_is_refused((hx_contact_offer){.cost = 1, .success = 1, .budget = 1, .hold_out = 1},
                     "the share held out is from 0 to below 1, not 1");
}

static void bad_rows_have_their_sentence(void **state) {
    (void)state;
    const hx_contact_offer o = {.cost = 1, .success = 1, .budget = INFINITY};
    const hx_contact bad = {hx_str_of("c1"), NAN, 10};
    const hx_campaign_counts none = {5, 2, 0, 0}, more = {5, 6, 4, 1};
    hx_contact_choice *list;
    hx_contact_sum sum;
    hx_campaign_effect e;
    hx_error err;
    assert_int_equal(hx_contact_choose(&bad, 0, &o, arena, &list, &sum, &err), HX_EINVAL);
    assert_string_equal(err.message, "there is no customer to contact");
    assert_int_equal(hx_contact_choose(&bad, 1, &o, arena, &list, &sum, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "customer 1 of the contacts has no chance from 0 to 1 or no value");
    assert_int_equal(hx_campaign_measure(&none, 0, &e, &err), HX_EINVAL);
    assert_string_equal(err.message,
                        "an effect needs customers who were contacted and customers held out");
    assert_int_equal(hx_campaign_measure(&more, 0, &e, &err), HX_EINVAL);
    assert_string_equal(err.message, "more customers stayed than there were");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_other_list_earns_more),
                                       cmocka_unit_test(holds_out_its_share_and_always_the_same),
                                       cmocka_unit_test(interval_as_published),
                                       cmocka_unit_test(bad_offers_have_their_sentence),
                                       cmocka_unit_test(bad_rows_have_their_sentence)};
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
