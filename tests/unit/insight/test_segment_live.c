/* test_segment_live.c - rules of segments: how they are read, whom they hold, and that event by event says what all at once says. */
#include "unit/insight/insight_test.h"

#include "base/buf.h"
#include "base/rng.h"
#include "insight/segment_live.h"

#define HISTORIES 400
#define START DAY(20000)

static void assert_rule_fails(const char *text, const char *sentence) {
    hx_arena *arena = hx_arena_new(0);
    hx_segment_program r;
    hx_error err = {0};
    assert_int_equal(hx_segment_rule_parse(hx_str_of(text), arena, &r, &err), HX_EINVAL);
    char shown[HX_SEGMENT_CARET_MAX], all[HX_MESSAGE_MAX + HX_SEGMENT_CARET_MAX];
    hx_segment_caret(hx_str_of(text), (size_t)err.byte, shown);
    (void)snprintf(all, sizeof all, "%s\n%s", err.message, shown);
    assert_string_equal(all, sentence);
    hx_arena_free(arena);
}

static void mistakes_are_pointed_at(void **state) {
    (void)state;
    assert_rule_fails("count(order) in 30 days > many",
                      "rule, column 27: expected a number of at most four decimal places\n"
                      "count(order) in 30 days > many\n"
                      "                          ^");
    assert_rule_fails("订单 近 30 年", "rule, column 9: expected days, hours or weeks\n"
                                       "订单 近 30 年\n"
                                       "　　 　    ^");
    assert_rule_fails("(order or view", "rule, column 15: expected )\n(order or view\n"
                                        "              ^");
    assert_rule_fails("order)", "rule, column 6: expected no ) without its (\norder)\n     ^");
    assert_rule_fails("order view",
                      "rule, column 7: expected and, or, or the end\norder view\n      ^");
    assert_rule_fails("order[item > 3]",
                      "rule, column 14: expected = or != before a text\norder[item > 3]\n"
                      "             ^");
    assert_rule_fails("\"sign up",
                      "rule, column 1: expected a condition: count(…), sum(…), events, "
                      "trait.NAME, score.NAME, segment.NAME\n\"sign up\n^");
}

static void hostile_rules_are_refused(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    char text[HX_SEGMENT_RULE_BYTES_MAX + 2];
    hx_segment_program r;
    hx_error err = {0};
    memset(text, '(', sizeof text);
    assert_int_equal(hx_segment_rule_parse((hx_str){text, sizeof text}, arena, &r, &err),
                     HX_ELIMIT);
    assert_int_equal(hx_segment_rule_parse((hx_str){text, 4000}, arena, &r, &err), HX_EINVAL);
    for (size_t i = 0; i < 4000; i++)
        text[i] = "! "[i % 2];
    assert_int_equal(hx_segment_rule_parse((hx_str){text, 4000}, arena, &r, &err), HX_EINVAL);
    assert_int_equal(hx_segment_rule_parse(HX_STR_LIT("\xff"), arena, &r, &err), HX_EINVAL);
    assert_int_equal(hx_segment_rule_parse(HX_STR_LIT(""), arena, &r, &err), HX_EINVAL);
    hx_arena_free(arena);
}

static bool says(const char *text, uint64_t held) {
    hx_arena *arena = hx_arena_new(0);
    hx_segment_program r;
    hx_error err = {0};
    if (hx_segment_rule_parse(hx_str_of(text), arena, &r, &err) != HX_OK)
        fail_msg("%s", err.message);
    const bool holds = hx_segment_rule_holds(&r, held);
    hx_arena_free(arena);
    return holds;
}

static void operators_bind_as_usual(void **state) {
    (void)state;
    for (uint64_t held = 0; held < 8; held++) {
        const bool a = held & 1, b = held >> 1 & 1, c = held >> 2 & 1;
        assert_int_equal(says("order or view and refund", held), a || (b && c));
        assert_int_equal(says("(order or view) and refund", held), (a || b) && c);
        assert_int_equal(says("not order and not (view or refund)", held), !a && !(b || c));
        assert_int_equal(says("非 订单 或 浏览 且 退款", held), !a || (b && c));
        assert_int_equal(says("not not order or !view && refund", held), a || (!b && c));
    }
}

static void the_nearest_change_is_the_smallest(void **state) {
    (void)state;
    hx_arena *arena = hx_arena_new(0);
    hx_segment_program r;
    assert_int_equal(
        hx_segment_rule_parse(HX_STR_LIT("(order and view and chat) or (refund and ticket)"), arena,
                              &r, NULL),
        HX_OK);
    assert_int_equal(hx_segment_rule_nearest(&r, 3), 4);
    assert_int_equal(hx_segment_rule_nearest(&r, 0), 8 | 16);
    assert_int_equal(hx_segment_rule_nearest(&r, 7), 1);
    assert_int_equal(hx_segment_rule_nearest(&r, 31), 1 | 8);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ definitions */
static void assert_definitions_fail(const hx_segment_definition *d, size_t n,
                                    const char *sentence) {
    hx_segment_live *l = NULL;
    hx_error err = {0};
    assert_int_equal(hx_segment_live_new(&l, d, n, &err), HX_EINVAL);
    assert_null(l);
    assert_string_equal(err.message, sentence);
}

#define DEFINED(n, r)                                                                              \
    {                                                                                              \
        {(n), sizeof(n) - 1}, {                                                                    \
            (r), sizeof(r) - 1                                                                     \
        }                                                                                          \
    }

static void circles_are_told_with_their_path(void **state) {
    (void)state;
    const hx_segment_definition self[] = {DEFINED("a", "not segment.a")};
    assert_definitions_fail(self, 1, "a segment refers to itself: a -> a");
    const hx_segment_definition circle[] = {
        DEFINED("first", "segment.a"), DEFINED("a", "order or segment.b"),
        DEFINED("b", "view and segment.忠诚"), DEFINED("忠诚", "分群.a")};
    assert_definitions_fail(circle, 4, "a segment refers to itself: a -> b -> 忠诚 -> a");
    const hx_segment_definition lost[] = {DEFINED("a", "segment.c")};
    assert_definitions_fail(lost, 1, "segment 'a' names 'c', which nobody defined");
    const hx_segment_definition twice[] = {DEFINED("a", "order"), DEFINED("a", "view")};
    assert_definitions_fail(twice, 2, "there are two segments 'a'");
}

/* ------------------------------------------------------------------ members */
static hx_event event_at(hx_event_kind kind, int64_t time, uint64_t id) {
    return (hx_event){.kind = kind,
                      .time = time,
                      .row_hash = id * UINT64_C(0x9e3779b97f4a7c15),
                      .own_id = true,
                      .rating = HX_RATING_NONE};
}

static hx_segment_live *live_of(const hx_segment_definition *d, size_t n) {
    hx_segment_live *l = NULL;
    hx_error err = {0};
    if (hx_segment_live_new(&l, d, n, &err) != HX_OK) fail_msg("%s", err.message);
    return l;
}

static bool is_in(const hx_segment_live *l, size_t segment, uint32_t place) {
    return hx_segment_set_has(hx_segment_live_members(l, segment), place);
}

static void windows_expire_by_themselves(void **state) {
    (void)state;
    const hx_segment_definition d[] = {DEFINED("keen", "count(order) in 7 days >= 2"),
                                       DEFINED("quiet", "not segment.keen"),
                                       DEFINED("few", "count(order) in 7 days = 1")};
    hx_segment_live *l = live_of(d, 3);
    for (int64_t i = 0; i < 2; i++) {
        const hx_event e = event_at(HX_KIND_ORDER, START + DAY(2 * i), (uint64_t)i);
        assert_int_equal(hx_segment_live_add(l, 77, &e, NULL), HX_OK);
        assert_int_equal(is_in(l, 0, 0), i == 1);
        assert_int_equal(is_in(l, 1, 0), i == 0);
        assert_int_equal(is_in(l, 2, 0), i == 0);
    }
    assert_int_equal(hx_segment_live_value(l, 0, 0, 0), 2 * HX_MONEY_ONE);
    assert_int_equal(hx_segment_live_advance(l, START + DAY(7) - 1, NULL), HX_OK);
    assert_true(is_in(l, 0, 0));
    assert_int_equal(hx_segment_live_advance(l, START + DAY(7), NULL), HX_OK);
    assert_false(is_in(l, 0, 0));
    assert_true(is_in(l, 1, 0) && is_in(l, 2, 0));
    assert_int_equal(hx_segment_live_advance(l, START + DAY(9), NULL), HX_OK);
    assert_false(is_in(l, 2, 0));
    assert_int_equal(hx_segment_live_current(l), START + DAY(9));
    assert_int_equal(hx_segment_live_person(l, 0), 77);
    hx_segment_live_free(l);
}

static void sequences_keep_their_order_and_their_span(void **state) {
    (void)state;
    const hx_segment_definition d[] = {
        DEFINED("upset", "order then ticket within 3 days in 30 days")};
    static const struct {
        int64_t order, ticket;
        bool in;
    } cases[] = {{0, 3, true}, {0, 4, false}, {2, 1, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_segment_live *l = live_of(d, 1);
        const hx_event a = event_at(HX_KIND_ORDER, START + DAY(cases[i].order), 1);
        const hx_event b = event_at(HX_KIND_TICKET, START + DAY(cases[i].ticket), 2);
        assert_int_equal(hx_segment_live_add(l, 1, &b, NULL), HX_OK);
        assert_int_equal(hx_segment_live_add(l, 1, &a, NULL), HX_OK);
        assert_int_equal(is_in(l, 0, 0), cases[i].in);
        assert_int_equal(hx_segment_live_advance(l, START + DAY(30), NULL), HX_OK);
        assert_false(is_in(l, 0, 0));
        hx_segment_live_free(l);
    }
}

static void the_last_word_on_a_trait_counts(void **state) {
    (void)state;
    const hx_segment_definition d[] = {DEFINED("here", "特征.city = 上海"),
                                       DEFINED("rich", "score.clv >= 100.5")};
    hx_property p[] = {{HX_STR_LIT("city"), HX_STR_LIT("上海"), HX_VALUE_TEXT},
                       {HX_STR_LIT("score.clv"), HX_STR_LIT("100.5"), HX_VALUE_NUMBER}};
    hx_segment_live *l = live_of(d, 2);
    hx_event e = event_at(HX_KIND_TRAITS, START + DAY(2), 1);
    e.properties = p;
    e.n_properties = 2;
    assert_int_equal(hx_segment_live_add(l, 1, &e, NULL), HX_OK);
    assert_true(is_in(l, 0, 0) && is_in(l, 1, 0));
    p[0].value = HX_STR_LIT("北京");
    e.time = START + DAY(1); /* came late: says nothing new */
    e.n_properties = 1;
    assert_int_equal(hx_segment_live_add(l, 1, &e, NULL), HX_OK);
    assert_true(is_in(l, 0, 0));
    e.time = START + DAY(3);
    assert_int_equal(hx_segment_live_add(l, 1, &e, NULL), HX_OK);
    assert_false(is_in(l, 0, 0));
    assert_true(is_in(l, 1, 0));
    hx_segment_live_free(l);
}

/* ------------------------------------------------------------------ event by event = all at once */
static const hx_segment_definition many[] = {
    DEFINED("a", "count(order) in 5 days >= 2"),
    DEFINED("b", "sum(order) in 9 days > 50 or sum(refund) < -20"),
    DEFINED("c", "view then order within 2 days in 12 days"),
    DEFINED("d", "order[item = p1, amount >= 10] in 36 hours and not refund in 1 weeks"),
    DEFINED("e", "segment.a and not segment.d"),
    DEFINED("f", "count(event) in 3 days <= 1"),
    DEFINED("g", "count(order) in 5 days = 1 or segment.e"),
    DEFINED("h", "trait.city = 上海 and count(view) < 4"),
    DEFINED("i", "sum(event) in 4 days <= 5"),
    DEFINED("k", "count(order) in 6 days < 2.5 and count(view) in 4 days > 1"),
    DEFINED("l", "count(view) in 3 days <= 0.5 or count(view) in 3 days != 2"),
    DEFINED("j", "view then view within 12 hours"),
};
#define N_MANY (sizeof many / sizeof *many)

static hx_event random_event(hx_rng *r, int64_t *time, uint64_t id, hx_property *city) {
    static const hx_event_kind kinds[] = {HX_KIND_ORDER, HX_KIND_REFUND, HX_KIND_VIEW,
                                          HX_KIND_TRAITS};
    *time += (int64_t)hx_rng_below(r, 30) * (HX_DAY_MS / 24);
    const bool late = hx_rng_below(r, 5) == 0, undated = hx_rng_below(r, 20) == 0;
    hx_event e = event_at(kinds[hx_rng_below(r, 4)], late ? *time - DAY(2) : *time, id);
    if (undated) e.time = HX_TIME_NONE;
    e.item = hx_rng_below(r, 2) ? HX_STR_LIT("p1") : HX_STR_LIT("p2");
    e.has_amount = e.kind == HX_KIND_ORDER || e.kind == HX_KIND_REFUND;
    e.amount = (int64_t)hx_rng_below(r, 40) * HX_MONEY_ONE;
    if (e.kind == HX_KIND_REFUND) e.amount = -e.amount;
    *city =
        (hx_property){HX_STR_LIT("city"),
                      hx_rng_below(r, 2) ? HX_STR_LIT("上海") : HX_STR_LIT("北京"), HX_VALUE_TEXT};
    if (e.kind == HX_KIND_TRAITS) {
        e.properties = city;
        e.n_properties = 1;
    }
    return e;
}

static void assert_same(hx_segment_live *live, hx_segment_live *again) {
    hx_buf a, b;
    hx_buf_init(&a, 1u << 20);
    hx_buf_init(&b, 1u << 20);
    assert_int_equal(hx_segment_live_advance(again, hx_segment_live_current(live), NULL), HX_OK);
    assert_int_equal(hx_segment_live_recompute(again, NULL), HX_OK);
    hx_segment_live_write(live, &a);
    hx_segment_live_write(again, &b);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.ptr, b.ptr, a.len);
    hx_buf_release(&a);
    hx_buf_release(&b);
}

static void random_history(hx_rng *r) {
    hx_segment_live *live = live_of(many, N_MANY), *again = live_of(many, N_MANY);
    int64_t time = START;
    for (uint64_t i = 0; i < 60; i++) {
        hx_property city;
        const hx_event e = random_event(r, &time, hx_rng_next(r), &city);
        const uint64_t person = hx_rng_below(r, 4);
        assert_int_equal(hx_segment_live_add(live, person, &e, NULL), HX_OK);
        assert_int_equal(hx_segment_live_load(again, person, &e, NULL), HX_OK);
        assert_same(live, again);
        if (hx_rng_below(r, 4) == 0) time += (int64_t)hx_rng_below(r, 100) * (HX_DAY_MS / 24);
        assert_int_equal(hx_segment_live_advance(live, time, NULL), HX_OK);
        assert_same(live, again);
    }
    hx_segment_live_free(live);
    hx_segment_live_free(again);
}

static void event_by_event_says_what_all_at_once_says(void **state) {
    (void)state;
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < HISTORIES; i++)
        random_history(&r);
}

/* ------------------------------------------------------------------ sets */
static void sets_hold_what_was_put(void **state) {
    (void)state;
    hx_segment_set s = {0}, other = {0}, back;
    hx_buf bytes, more;
    uint64_t common = 0, n = 0;
    for (uint32_t v = 0; v < 200000; v += 3)
        assert_true(hx_segment_set_put(&s, v, true));
    for (uint32_t v = 0; v < 200000; v += 50)
        assert_true(hx_segment_set_put(&other, v, true));
    for (uint32_t v = 30000; v < 65536; v++)
        assert_true(hx_segment_set_put(&s, v, v % 17 == 0));
    for (uint32_t v = 0; v < 200000; v++) {
        const bool in = v >= 30000 && v < 65536 ? v % 17 == 0 : v % 3 == 0;
        assert_int_equal(hx_segment_set_has(&s, v), in);
        n += in;
        common += in && v % 50 == 0;
    }
    assert_int_equal(s.size, n);
    assert_int_equal(hx_segment_set_shared(&s, &other), common);
    hx_buf_init(&bytes, 1u << 20);
    hx_buf_init(&more, 1u << 20);
    hx_segment_set_write(&s, &bytes);
    hx_cursor c = hx_cursor_of(hx_buf_str(&bytes));
    assert_true(hx_segment_set_read(&c, &back));
    hx_segment_set_write(&back, &more);
    assert_int_equal(bytes.len, more.len);
    assert_memory_equal(bytes.ptr, more.ptr, bytes.len);
    uint32_t seen = 0;
    for (uint32_t v = 0; hx_segment_set_next(&back, &v); v++)
        seen++;
    assert_int_equal(seen, n);
    for (size_t cut = 0; cut < bytes.len; cut += 997) {
        hx_segment_set part;
        c = hx_cursor_of((hx_str){bytes.ptr, cut});
        assert_false(hx_segment_set_read(&c, &part));
    }
    hx_segment_set_release(&s);
    hx_segment_set_release(&other);
    hx_segment_set_release(&back);
    hx_buf_release(&bytes);
    hx_buf_release(&more);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_pointed_at),
        cmocka_unit_test(hostile_rules_are_refused),
        cmocka_unit_test(operators_bind_as_usual),
        cmocka_unit_test(the_nearest_change_is_the_smallest),
        cmocka_unit_test(circles_are_told_with_their_path),
        cmocka_unit_test(windows_expire_by_themselves),
        cmocka_unit_test(sequences_keep_their_order_and_their_span),
        cmocka_unit_test(the_last_word_on_a_trait_counts),
        cmocka_unit_test(event_by_event_says_what_all_at_once_says),
        cmocka_unit_test(sets_hold_what_was_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
