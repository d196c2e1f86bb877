/* test_intent.c - the rule behind an intent: totals, exclusions, phrases inside longer ones, the mood where nothing is wished for. */
#include "unit/text/text_test.h"

static hx_intent score(void **state, const char *text) {
    text_fixture *f = *state;
    hx_intent i;
    assert_int_equal(hx_text_intent(f->annotator, hx_str_of(text), f->arena, &i, NULL), HX_OK);
    return i;
}

static void evidence_is_the_longest_phrase(void **state) {
    const char text[] = "我要申请退款";
    hx_intent i = score(state, text);
    assert_int_equal(i.label, HX_INTENT_REFUND);
    assert_int_equal(i.n_evidence, 1);
    assert_memory_equal(text + i.evidence[0].span.start, "申请退款", strlen("申请退款"));
    assert_true(i.score > 0.5 && i.score < 1);
}

static void exclusions_speak_against(void **state) {
    assert_int_equal(score(state, "I have a complaint").label, HX_INTENT_COMPLAINT);
    assert_int_not_equal(score(state, "I have no complaints").label, HX_INTENT_COMPLAINT);
    assert_int_equal(score(state, "我要开发票").label, HX_INTENT_INVOICE);
    assert_int_not_equal(score(state, "代开发票").label, HX_INTENT_INVOICE);
    assert_int_equal(score(state, "取消订单").label, HX_INTENT_CANCEL);
    assert_int_equal(score(state, "cancel my subscription").label, HX_INTENT_CHURN);
}

static void words_are_whole_in_english(void **state) {
    assert_int_equal(score(state, "the suede fabric").label,
                     score(state, "the cotton fabric").label); /* no "sue" */
    assert_int_equal(score(state, "I will sue you").label, HX_INTENT_COMPLAINT);
}

static void the_mood_speaks_where_nothing_is_wished_for(void **state) {
    hx_intent good = score(state, "这家餐厅的环境十分温馨舒适");
    hx_intent bad = score(state, "房间又脏又臭");
    assert_int_equal(good.label, HX_INTENT_PRAISE);
    assert_int_equal(bad.label, HX_INTENT_COMPLAINT);
    assert_true(good.n_evidence > 0 && good.evidence[good.n_evidence - 1].weight > 0);
    assert_int_equal(score(state, "房间又脏又臭，我要退款").label, HX_INTENT_REFUND);
}

static void nothing_said_is_other(void **state) {
    const char *const texts[] = {"", "。。。", "12345"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hx_intent r = score(state, texts[i]);
        assert_int_equal(r.label, HX_INTENT_OTHER);
        assert_int_equal(r.n_evidence, 0);
        assert_true(r.score > 0.9 && r.score <= 1);
    }
}

static void more_evidence_gives_a_higher_score(void **state) {
    assert_true(score(state, "退款").score < score(state, "退款，把钱退给我，退货").score);
}

static void names_are_those_of_the_interface(void **state) {
    (void)state;
    static const char *const names[HX_INTENT_N] = {
        "other",     "buy",     "refund", "exchange", "complaint", "consult", "praise", "churn",
        "logistics", "invoice", "repair", "price",    "cancel",    "account", "suggest"};
    for (int i = 0; i < HX_INTENT_N; i++)
        assert_string_equal(hx_intent_name((hx_intent_label)i), names[i]);
    assert_string_equal(hx_intent_name(HX_INTENT_N), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_is_the_longest_phrase),
        cmocka_unit_test(exclusions_speak_against),
        cmocka_unit_test(words_are_whole_in_english),
        cmocka_unit_test(the_mood_speaks_where_nothing_is_wished_for),
        cmocka_unit_test(nothing_said_is_other),
        cmocka_unit_test(more_evidence_gives_a_higher_score),
        cmocka_unit_test(names_are_those_of_the_interface),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
