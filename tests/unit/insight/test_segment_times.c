/* test_segment_times.c - when somebody is in a segment: what the turns say of any time is what the engine says that knows the events up
 * to then and no more; turns read back as written; rules that can hold for nobody or must hold for everybody are known as such. */
#include "unit/insight/insight_test.h"

#include "base/buf.h"
#include "base/rng.h"
#include "insight/segment_times.h"

#define HISTORIES 60
#define EVENTS 24
#define START DAY(20000)
#define HALF (HX_DAY_MS / 2)

#define DEFINED(n, r)                                                                              \
    {                                                                                              \
        {(n), sizeof(n) - 1}, {                                                                    \
            (r), sizeof(r) - 1                                                                     \
        }                                                                                          \
    }

static const hx_segment_definition many[] = {
    DEFINED("often", "count(order) in 10 days >= 2"),
    DEFINED("rare", "count(order) in 20 days < 2 and order"),
    DEFINED("big", "sum(order) in 15 days > 100"),
    DEFINED("sad", "order then ticket within 2 days in 9 days"),
    DEFINED("lost", "not event in 12 days"),
    DEFINED("both", "segment.often and (segment.big or segment.sad)"),
    DEFINED("other", "not segment.both"),
    DEFINED("ever", "ticket"),
};
#define N_MANY (sizeof many / sizeof *many)

static hx_segment_live *live_of(void) {
    hx_segment_live *l = NULL;
    hx_error err = {0};
    if (hx_segment_live_new(&l, many, N_MANY, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

/* Whole half days, so that events and ends of windows meet often. */
static void make_history(hx_rng *r, hx_event events[EVENTS]) {
    int64_t time = START;
    for (size_t i = 0; i < EVENTS; i++) {
        time += (int64_t)hx_rng_below(r, 9) * HALF;
        const bool ticket = hx_rng_below(r, 3) == 0;
        events[i] = (hx_event){.kind = ticket ? HX_KIND_TICKET : HX_KIND_ORDER,
                               .time = time,
                               .row_hash = hx_rng_next(r),
                               .own_id = true,
                               .rating = HX_RATING_NONE,
                               .has_amount = !ticket,
                               .amount = (int64_t)hx_rng_below(r, 90) * HX_MONEY_ONE};
    }
    if (hx_rng_below(r, 3) == 0) events[0].time = HX_TIME_NONE;
}

/* Who is in, by an engine that hears of nothing later than `now`. */
static void assert_as_engine_says(hx_segment_live *engine, const hx_event *events, int64_t now,
                                  const hx_str written[N_MANY]) {
    hx_segment_live_forget(engine);
    for (size_t i = 0; i < EVENTS && events[i].time <= now; i++)
        assert_int_equal(hx_segment_live_load(engine, 5, &events[i], NULL), HX_OK);
    assert_int_equal(hx_segment_live_advance(engine, now, NULL), HX_OK);
    assert_int_equal(hx_segment_live_recompute(engine, NULL), HX_OK);
    for (size_t k = 0; k < N_MANY; k++) {
        int64_t since, until;
        const bool in = hx_segment_times_in(written[k], now, &since, &until);
        assert_int_equal(in, hx_segment_set_has(hx_segment_live_members(engine, k), 0));
        assert_true(since <= now && until > now);
    }
}

static void check_history(hx_rng *r, hx_segment_times *t, hx_segment_live *engine) {
    hx_event events[EVENTS];
    hx_buf written[N_MANY];
    hx_str bytes[N_MANY];
    make_history(r, events);
    assert_int_equal(hx_segment_times_find(t, 5, events, EVENTS, NULL), HX_OK);
    for (size_t k = 0, at = 0; k < N_MANY; k++) {
        const size_t from = at;
        while (at < t->n && t->at[at].definition == k)
            at++;
        hx_buf_init(&written[k], 1u << 16);
        hx_segment_times_write(t->at + from, at - from, &written[k]);
        bytes[k] = hx_buf_str(&written[k]);
        hx_segment_times_walk w = hx_segment_times_begin(bytes[k]);
        for (size_t i = from; i < at; i++) {
            assert_true(hx_segment_times_next(&w));
            assert_true(w.time == t->at[i].time && w.in == t->at[i].in);
        }
        assert_false(hx_segment_times_next(&w));
    }
    for (int64_t now = START - HALF; now < START + DAY(150); now += HALF)
        assert_as_engine_says(engine, events, now, bytes);
    for (size_t k = 0; k < N_MANY; k++)
        hx_buf_release(&written[k]);
}

static void turns_say_of_each_time_what_the_engine_says(void **state) {
    (void)state;
    hx_rng r;
    hx_segment_times t;
    hx_segment_live *live = live_of(), *engine = live_of();
    hx_rng_seed(&r, TEST_SEED);
    assert_int_equal(hx_segment_times_init(&t, live, NULL), HX_OK);
    for (int i = 0; i < HISTORIES; i++)
        check_history(&r, &t, engine);
    hx_segment_times_release(&t);
    hx_segment_live_free(live);
    hx_segment_live_free(engine);
}

static void damaged_bytes_are_nobodys_membership(void **state) {
    (void)state;
    static const char *const broken[] = {"", "\x02", "\xff", "\xff\xff\xff\xff\xff\xff\xff",
                                         "\x04\xff\xff"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        assert_false(hx_segment_times_in(hx_str_of(broken[i]), START, NULL, NULL));
}

/* ------------------------------------------------------------------ rules that say nothing */
static hx_rule_sense sense_of(const char *text) {
    hx_arena *arena = hx_arena_new(0);
    hx_segment_program r;
    hx_error err = {0};
    if (hx_segment_rule_parse(hx_str_of(text), arena, &r, &err) != HX_OK)
        fail_msg("%s", err.message);
    const hx_rule_sense sense = hx_segment_rule_sense(&r);
    hx_arena_free(arena);
    return sense;
}

static void contradictions_are_seen(void **state) {
    (void)state;
    static const struct {
        const char *rule;
        hx_rule_sense sense;
    } cases[] = {
        {"order", HX_RULE_OPEN},
        {"count(order) in 30 days >= 3 and count(order) in 30 days < 3", HX_RULE_NEVER},
        {"count(order) in 30 days >= 3 and count(order) in 60 days < 3", HX_RULE_OPEN},
        {"count(order) > 2 and count(order) < 3", HX_RULE_NEVER},
        {"sum(order) > 2 and sum(order) < 3", HX_RULE_OPEN},
        {"count(order) < 0", HX_RULE_NEVER},
        {"count(order) = 1.5", HX_RULE_NEVER},
        {"count(order) >= 0", HX_RULE_ALWAYS},
        {"order or not order", HX_RULE_ALWAYS},
        {"segment.a and not segment.a", HX_RULE_NEVER},
        {"order[item = p1] and not order[item = p2]", HX_RULE_OPEN},
        {"not order and order[item = p1]", HX_RULE_OPEN},
        {"trait.city = 上海 and trait.city = 北京", HX_RULE_NEVER},
        {"trait.city = 上海 or trait.city != 上海", HX_RULE_OPEN}, /* nobody said it */
        {"trait.age > 30 and trait.age <= 30", HX_RULE_NEVER},
        {"score.clv >= 800 or score.clv < 900", HX_RULE_OPEN},
        {"(order or view) and not order and not view", HX_RULE_NEVER},
        {"order then ticket within 3 days or not order then ticket within 3 days", HX_RULE_ALWAYS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (sense_of(cases[i].rule) != cases[i].sense) fail_msg("%s", cases[i].rule);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_say_of_each_time_what_the_engine_says),
        cmocka_unit_test(damaged_bytes_are_nobodys_membership),
        cmocka_unit_test(contradictions_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
