/* test_sentiment.c - the score is the sum it claims to be, its spans are the original's, and its scopes do what they should. */
#include "unit/text/text_test.h"

#include <math.h>

#include "base/rng.h"

static hx_sentiment score(void **state, const char *text) {
    text_fixture *f = *state;
    hx_sentiment s;
    assert_int_equal(hx_text_sentiment(f->annotator, hx_str_of(text), f->arena, &s, NULL), HX_OK);
    return s;
}

static bool has_span(const hx_sentiment *s, const char *text, const char *span) {
    for (size_t i = 0; i < s->n_evidence; i++) {
        hx_span at = s->evidence[i].span;
        if (at.end - at.start == strlen(span) && memcmp(text + at.start, span, strlen(span)) == 0)
            return true;
    }
    return false;
}

static void labels_the_five_comments_of_the_article(void **state) {
    assert_int_equal(score(state, "这家餐厅很棒！").label, HX_SENTIMENT_POSITIVE);
    assert_int_equal(score(state, "这个商品很差！").label, HX_SENTIMENT_NEGATIVE);
    assert_int_equal(score(state, "电影很好看！").label, HX_SENTIMENT_POSITIVE);
    assert_int_equal(score(state, "这个服务很糟糕！").label, HX_SENTIMENT_NEGATIVE);
    assert_int_equal(score(state, "这本书很有趣！").label, HX_SENTIMENT_POSITIVE);
}

static void evidence_adds_up_exactly_in_any_order(void **state) {
    text_fixture *f = *state;
    static const char *const bits[] = {"不",  "很",    "好",    "差",    "但是", "，",     "。",
                                       "太",  "没有",  "喜欢",  "垃圾",  "not",  " good ", "bad",
                                       "!",   "👍",     "very ", "never", "but ", "\n",     "没得说",
                                       "<b>", "&amp;", "3.14",  "退货",  "ＡＢ", "\xFF"};
    hx_rng r;
    hx_rng_seed(&r, TEST_SEED);
    for (int i = 0; i < 3000; i++) {
        char text[2048];
        size_t len = 0;
        for (size_t k = hx_rng_below(&r, 60); k > 0; k--) {
            const char *bit = bits[hx_rng_below(&r, sizeof bits / sizeof *bits)];
            memcpy(text + len, bit, strlen(bit));
            len += strlen(bit);
        }
        hx_sentiment s;
        assert_int_equal(hx_text_sentiment(f->annotator, (hx_str){text, len}, f->arena, &s, NULL),
                         HX_OK);
        double up = 0, down = 0;
        for (size_t k = 0; k < s.n_evidence; k++) {
            up += s.evidence[k].weight;
            down += s.evidence[s.n_evidence - 1 - k].weight;
            assert_true(s.evidence[k].weight != 0);
            assert_true(s.evidence[k].span.start < s.evidence[k].span.end &&
                        s.evidence[k].span.end <= len);
        }
        assert_true(up == down && up == s.logit - s.bias);
        assert_true(s.score > 0 && s.score <= 1);
        double p = 1 / (1 + exp(-fabs(s.logit)));
        if (s.label == HX_SENTIMENT_NEUTRAL) assert_true(s.n_evidence == 0 || fabs(s.logit) < 1.4);
        if (s.label == HX_SENTIMENT_MIXED)
            assert_true(fabs(s.logit) <= 1.0 && s.score == 2 - 2 * p);
        if (s.label == HX_SENTIMENT_POSITIVE || s.label == HX_SENTIMENT_NEGATIVE)
            assert_true((s.logit > 0) == (s.label == HX_SENTIMENT_POSITIVE) && s.score == p);
        hx_arena_reset(f->arena);
    }
}

static void nothing_said_is_neutral(void **state) {
    const char *const texts[] = {"", "   ", "。。。", "12345", "<br>", "商品 订单"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hx_sentiment s = score(state, texts[i]);
        assert_int_equal(s.label, HX_SENTIMENT_NEUTRAL);
        assert_int_equal(s.n_evidence, 0);
        assert_true(s.logit == s.bias);
    }
}

static void negation_turns_and_its_span_says_so(void **state) {
    const char text[] = "房间 不是 舒适";
    hx_sentiment s = score(state, text);
    assert_true(score(state, "房间 舒适").logit > s.logit);
    assert_true(has_span(&s, text, "不是 舒适"));
    assert_true(score(state, "not comfortable").logit < 0);
    assert_true(score(state, "comfortable").logit > 0);
    assert_true(score(state, "isn't comfortable").logit < 0);
    assert_true(score(state, "isn’t comfortable").logit < 0);
    assert_true(score(state, "not, comfortable").logit > score(state, "not comfortable").logit);
}

static void degree_words_scale(void **state) {
    double plain = score(state, "商品 舒适").logit;
    double more = score(state, "商品 极其 舒适").logit;
    assert_true(plain > 0 && more > plain);
    const char text[] = "extremely comfortable";
    hx_sentiment s = score(state, text);
    assert_true(has_span(&s, text, text));
}

static void phrases_count_as_one_word(void **state) {
    const char text[] = "没得说";
    hx_sentiment s = score(state, text);
    assert_int_equal(s.label, HX_SENTIMENT_POSITIVE);
    assert_int_equal(s.n_evidence, 1);
    assert_true(has_span(&s, text, text));
}

static void what_stands_behind_but_counts_more(void **state) {
    double turned = score(state, "外观 漂亮 ， 但是 质量 垃圾").logit;
    double other_way = score(state, "质量 垃圾 ， 但是 外观 漂亮").logit;
    assert_true(turned < other_way);
}

static void spans_are_of_the_text_as_given(void **state) {
    const char text[] = "<b>質量</b>&nbsp;ＧＯＯＤ ，太垃圾";
    hx_sentiment s = score(state, text);
    assert_true(has_span(&s, text, "太垃圾") || has_span(&s, text, "垃圾"));
}

static void traditional_and_case_make_no_difference(void **state) {
    assert_true(score(state, "非常滿意，質量很好").logit ==
                score(state, "非常满意，质量很好").logit);
    assert_true(score(state, "VERY GOOD").logit == score(state, "very good").logit);
}

static void refuses_texts_over_the_limit(void **state) {
    text_fixture *f = *state;
    hx_error err = {0};
    hx_sentiment s;
    char *text = malloc(HX_TEXT_MAX + 1);
    assert_non_null(text);
    memset(text, 'a', HX_TEXT_MAX + 1);
    assert_int_equal(
        hx_text_sentiment(f->annotator, (hx_str){text, HX_TEXT_MAX + 1}, f->arena, &s, &err),
        HX_ELIMIT);
    assert_true(strlen(err.message) > 0);
    free(text);
}

static void names_are_those_of_the_interface(void **state) {
    (void)state;
    assert_string_equal(hx_sentiment_name(HX_SENTIMENT_NEGATIVE), "negative");
    assert_string_equal(hx_sentiment_name(HX_SENTIMENT_NEUTRAL), "neutral");
    assert_string_equal(hx_sentiment_name(HX_SENTIMENT_POSITIVE), "positive");
    assert_string_equal(hx_sentiment_name(HX_SENTIMENT_N), "unknown");
    assert_string_equal(hx_engine_name(HX_ENGINE_RULES), "rules");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_the_five_comments_of_the_article),
        cmocka_unit_test(evidence_adds_up_exactly_in_any_order),
        cmocka_unit_test(nothing_said_is_neutral),
        cmocka_unit_test(negation_turns_and_its_span_says_so),
        cmocka_unit_test(degree_words_scale),
        cmocka_unit_test(phrases_count_as_one_word),
        cmocka_unit_test(what_stands_behind_but_counts_more),
        cmocka_unit_test(spans_are_of_the_text_as_given),
        cmocka_unit_test(traditional_and_case_make_no_difference),
        cmocka_unit_test(refuses_texts_over_the_limit),
        cmocka_unit_test(names_are_those_of_the_interface),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
