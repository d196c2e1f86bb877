/* test_churn_features.c - features of events by hand, no leak from behind the cut-off, the shrunk gap, definitions and what becomes of people. */
#include "unit/insight/insight_test.h"

#include <math.h>

#include "base/hash.h"
#include "base/rng.h"
#include "insight/churn_features.h"

#define EVENTS 400

static hx_event order_on(double day, double amount) {
    return (hx_event){.kind = HX_KIND_ORDER,
                      .time = (int64_t)(day * HX_DAY_MS),
                      .quantity = 10000,
                      .amount = (hx_money)(amount * HX_MONEY_ONE),
                      .has_amount = true,
                      .currency = HX_STR_LIT("CNY"),
                      .rating = HX_RATING_NONE};
}

static hx_event event_on(hx_event_kind kind, double day) {
    return (hx_event){.kind = kind, .time = (int64_t)(day * HX_DAY_MS), .rating = HX_RATING_NONE};
}

static hx_churn_definition definition(const char *text) {
    hx_churn_definition d;
    assert_int_equal(hx_churn_define(text, &d, NULL), HX_OK);
    return d;
}

static void counts_what_was_known(void **state) {
    (void)state;
    hx_event e[] = {order_on(10, 50),
                    order_on(10.2, 30), /* the same day: one purchase */
                    event_on(HX_KIND_VIEW, 12),
                    order_on(40, 20),
                    event_on(HX_KIND_REVIEW, 45),
                    event_on(HX_KIND_VIEW, 50),
                    event_on(HX_KIND_REFUND, 52),
                    event_on(HX_KIND_TICKET, 53)};
    const hx_annotation angry = {.sentiment = {.label = HX_SENTIMENT_NEGATIVE, .score = 0.8},
                                 .intent = {.label = HX_INTENT_COMPLAINT}};
    e[4].rating = 2000;
    e[4].annotation = &angry;
    const hx_churn_definition d = definition("days:90");
    hx_churn_person p;
    assert_true(hx_churn_person_at(e, 8, &d, DAY(60), &p));
    assert_true(p.v[HX_CHURN_ORDERS] == 2);
    assert_true(p.v[HX_CHURN_ORDERS_30] == 1);
    assert_true(p.v[HX_CHURN_ORDERS_CHANGE] == 2);
    assert_true(p.v[HX_CHURN_SPENT] == 100);
    assert_true(p.v[HX_CHURN_LAST_VALUE] == 20);
    assert_true(p.v[HX_CHURN_SILENT_DAYS] == 20);
    assert_true(p.v[HX_CHURN_QUIET_DAYS] == 7);
    assert_true(p.v[HX_CHURN_VIEWS_90] == 2 && p.v[HX_CHURN_VIEWS_SINCE] == 1);
    assert_true(p.v[HX_CHURN_REFUNDS_SINCE] == 1 && p.v[HX_CHURN_CONTACTS_SINCE] == 1);
    assert_true(p.v[HX_CHURN_RATING] == 2 && p.v[HX_CHURN_COMPLAINTS] == 1);
    assert_true(fabs(p.v[HX_CHURN_SENTIMENT_SINCE] + 0.8) < 1e-12);
    assert_int_equal(p.repeats, 1);
    assert_true(p.last == 30 && p.age == 50);
    assert_true(hx_churn_person_at(e, 8, &d, DAY(11), &p));
    assert_true(p.v[HX_CHURN_ORDERS] == 1 && isnan(p.v[HX_CHURN_RATING]));
    assert_false(hx_churn_person_at(e, 8, &d, DAY(9), &p));
}

/* A history drawn at random: orders, views, tickets, reviews, all in order of time. */
static void draw_events(hx_rng *r, hx_event *e, size_t n) {
    double day = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t kind = hx_rng_below(r, 5);
        day += hx_rng_uniform(r) * 2;
        e[i] = kind < 2    ? order_on(day, 1 + 100 * hx_rng_uniform(r))
               : kind == 2 ? event_on(HX_KIND_VIEW, day)
               : kind == 3 ? event_on(HX_KIND_TICKET, day)
                           : event_on(HX_KIND_REVIEW, day);
        if (kind == 4) e[i].rating = 1000 * (1 + (int32_t)hx_rng_below(r, 5));
    }
}

static void assert_same(const hx_churn_person *a, const hx_churn_person *b) {
    assert_memory_equal(a->v, b->v, sizeof a->v);
    assert_true(a->repeats == b->repeats && a->last == b->last && a->age == b->age);
    assert_true(a->last_purchase == b->last_purchase && a->contract_end == b->contract_end);
}

/* Events behind the cut-off, and undated ones, change no byte of what is known at it. */
static void nothing_leaks_from_behind_the_cut_off(void **state) {
    (void)state;
    hx_rng r;
    hx_event e[EVENTS];
    const hx_churn_definition d = definition("rhythm:3");
    hx_rng_seed(&r, TEST_SEED);
    for (int round = 0; round < 200; round++) {
        hx_churn_person with, without;
        draw_events(&r, e, EVENTS);
        const size_t n = 1 + hx_rng_below(&r, EVENTS - 1);
        const int64_t cut = e[n - 1].time;
        const bool there = hx_churn_person_at(e, n, &d, cut, &without);
        assert_int_equal(hx_churn_person_at(e, EVENTS, &d, cut, &with), there);
        assert_same(&with, &without);
        hx_event undated = order_on(0, 1e6);
        undated.time = HX_TIME_NONE;
        e[0] = undated;
        const bool first_was_dated = hx_churn_person_at(e + 1, n - 1, &d, cut, &without);
        assert_int_equal(hx_churn_person_at(e, n, &d, cut, &with), first_was_dated);
        assert_same(&with, &without);
    }
}

static void gaps_shrink_to_the_median(void **state) {
    (void)state;
    hx_churn_person people[5] = {{.repeats = 0, .age = 50, .v = {[HX_CHURN_SILENT_DAYS] = 50}},
                                 {.repeats = 1, .last = 20, .age = 60},
                                 {.repeats = 2, .last = 20, .age = 40},
                                 {.repeats = 10, .last = 300, .age = 320},
                                 {.repeats = 3, .last = 120, .age = 130}};
    hx_churn_population pop;
    hx_churn_definition d = definition("rhythm:3:100");
    for (size_t i = 0; i < 5; i++)
        people[i].contract_end = HX_TIME_NONE;
    assert_int_equal(hx_churn_population_of(people, 5, &pop, NULL), HX_OK);
    assert_true(pop.gap == 25); /* of 20, 10, 30, 40 */
    assert_true(pop.has_fit);
    assert_true(hx_churn_gap(&people[0], pop.gap) == 25);
    assert_true(fabs(hx_churn_gap(&people[3], pop.gap) - 350.0 / 12) < 1e-12);
    hx_churn_person_finish(&people[2], &d, &pop);
    assert_true(fabs(people[2].horizon - 3 * 70.0 / 4) < 1e-12);
    hx_churn_person_finish(&people[0], &d, &pop);
    assert_true(people[0].horizon == 75 && people[0].v[HX_CHURN_SILENCE] == 2);
    assert_false(hx_churn_is_gone(&people[0]));
    people[0].v[HX_CHURN_SILENT_DAYS] = 75;
    assert_true(hx_churn_is_gone(&people[0]));
    assert_true(people[0].v[HX_CHURN_ALIVE] > 0 && people[0].v[HX_CHURN_ALIVE] < 1);
}

static void tells_what_became_of_people(void **state) {
    (void)state;
    const hx_event e[] = {order_on(10, 50), event_on(HX_KIND_VIEW, 80), order_on(120, 5)};
    const hx_churn_definition d = definition("days:60");
    const hx_churn_population nobody = {.gap = NAN};
    hx_churn_person p;
    assert_true(hx_churn_person_at(e, 3, &d, DAY(20), &p));
    hx_churn_person_finish(&p, &d, &nobody);
    assert_true(hx_churn_outcome_of(e, 3, &d, &p, DAY(130)) == 1);
    assert_true(isnan(hx_churn_outcome_of(e, 3, &d, &p, DAY(79)))); /* not over yet */
    assert_true(hx_churn_person_at(e, 3, &d, DAY(70), &p));
    hx_churn_person_finish(&p, &d, &nobody);
    assert_true(hx_churn_outcome_of(e, 3, &d, &p, DAY(130)) == 0);
}

static void contracts_end_or_are_renewed(void **state) {
    (void)state;
    const hx_property first = {HX_STR_LIT("valid_until"), HX_STR_LIT("1970-04-11"), HX_VALUE_DATE};
    const hx_property next = {HX_STR_LIT("valid_until"), HX_STR_LIT("1971-04-11"), HX_VALUE_DATE};
    hx_event e[] = {event_on(HX_KIND_TRAITS, 5), event_on(HX_KIND_TRAITS, 95)};
    const hx_churn_definition d = definition("contract:valid_until:30");
    const hx_churn_population nobody = {.gap = NAN};
    hx_churn_person p;
    e[0].properties = &first;
    e[1].properties = &next;
    e[0].n_properties = e[1].n_properties = 1;
    assert_false(hx_churn_person_at(e, 2, &d, DAY(4), &p)); /* no contract known */
    assert_false(hx_churn_person_at(e, 2, &d, DAY(8), &p)); /* ends in 92 days */
    assert_true(hx_churn_person_at(e, 2, &d, DAY(50), &p));
    assert_true(p.v[HX_CHURN_CONTRACT_DAYS] == 50);
    hx_churn_person_finish(&p, &d, &nobody);
    assert_true(hx_churn_outcome_of(e, 2, &d, &p, DAY(131)) == 0);
    assert_true(hx_churn_outcome_of(e, 1, &d, &p, DAY(131)) == 1);
    assert_true(isnan(hx_churn_outcome_of(e, 1, &d, &p, DAY(129))));
    assert_false(hx_churn_is_gone(&p));
}

static void refuses_what_is_no_definition(void **state) {
    (void)state;
    static const char *const wrong[] = {"",         "days:0",     "days:x",    "days:9:9",
                                        "rhythm:0", "contract",   "contract:", "month:1",
                                        "days",     "rhythm:3:x", "days:nan",  "rhythm:3:90:1"};
    hx_churn_definition d = {.days = 7};
    hx_error err = {.ui = HX_UI_EN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (strcmp(wrong[i], "days") == 0) continue; /* the usual number of days */
        assert_int_equal(hx_churn_define(wrong[i], &d, &err), HX_EINVAL);
        assert_non_null(strstr(err.message, "is no definition of churn"));
        assert_true(d.days == 7);
    }
    assert_int_equal(hx_churn_define("days", &d, NULL), HX_OK);
    assert_true(d.days == 90);
    assert_int_equal(hx_churn_define("contract:end:10", &d, NULL), HX_OK);
    assert_string_equal(d.trait, "end");
    assert_true(d.grace == 10 && hx_churn_reach(&d) == 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_was_known),
        cmocka_unit_test(nothing_leaks_from_behind_the_cut_off),
        cmocka_unit_test(gaps_shrink_to_the_median),
        cmocka_unit_test(tells_what_became_of_people),
        cmocka_unit_test(contracts_end_or_are_renewed),
        cmocka_unit_test(refuses_what_is_no_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
