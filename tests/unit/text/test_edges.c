/* test_edges.c - texts at the edge of what texts are: every question about them has a defined answer, spans lie inside them, what is too much is said. */
#include "text_test.h"

#define LONG ((size_t)1 << 20)

static void check_span(hx_str text, uint32_t start, uint32_t end) {
    assert_true(start <= end && end <= text.len);
}

/* Everything there is to ask. */
static hx_annotation ask(text_fixture *f, hx_str text) {
    hx_annotation all;
    hx_clean_text clean;
    hx_clean_options options = {0};
    const hx_word *words;
    size_t n;
    hx_arena_reset(f->arena);
    assert_int_equal(hx_text_annotate(f->annotator, text, f->arena, &all, NULL), HX_OK);
    assert_int_equal(hx_text_words(f->annotator, text, f->arena, &words, &n, NULL), HX_OK);
    assert_int_equal(hx_text_clean(f->annotator, text, &options, f->arena, &clean, NULL), HX_OK);
    uint32_t at = 0;
    for (size_t i = 0; i < n; i++) {
        check_span(text, words[i].span.start, words[i].span.end);
        assert_true(words[i].span.start >= at);
        at = words[i].span.end;
    }
    for (size_t i = 0; i < all.sentiment.n_evidence; i++)
        check_span(text, all.sentiment.evidence[i].span.start, all.sentiment.evidence[i].span.end);
    for (size_t i = 0; i < all.intent.n_evidence; i++)
        check_span(text, all.intent.evidence[i].span.start, all.intent.evidence[i].span.end);
    for (size_t i = 0; i < all.n_keywords; i++)
        check_span(text, all.keywords[i].span.start, all.keywords[i].span.end);
    for (size_t i = 0; i < all.n_aspects; i++)
        check_span(text, all.aspects[i].span.start, all.aspects[i].span.end);
    assert_true(all.sentiment.score > 0 && all.sentiment.score <= 1);
    assert_true(all.intent.holds != 0);
    return all;
}

static void texts_without_words_are_neutral_and_want_nothing(void **state) {
    text_fixture *f = *state;
    static const char nul[] = "\0\0\0", bad[] = "\xff\xfe\x80\xc0";
    const hx_str texts[] = {HX_STR_LIT(""),
                            HX_STR_LIT("   \t\n"),
                            HX_STR_LIT("　　"),
                            {nul, 3},
                            {bad, 4},
                            HX_STR_LIT("<p></p><br>"),
                            HX_STR_LIT("。，！？"),
                            HX_STR_LIT("\xE2\x80\x8B\xE2\x80\x8F")};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hx_annotation a = ask(f, texts[i]);
        assert_int_equal(a.sentiment.label, HX_SENTIMENT_NEUTRAL);
        assert_int_equal(a.intent.label, HX_INTENT_OTHER);
        assert_int_equal(a.n_keywords, 0);
        assert_int_equal(a.n_aspects, 0);
    }
}

static void foreign_bytes_do_not_change_what_is_said(void **state) {
    text_fixture *f = *state;
    static const char bad[] = "屏幕\xff很好\0看\x80，\xc3推荐";
    hx_annotation plain = ask(f, HX_STR_LIT("屏幕很好看，推荐"));
    hx_sentiment_label label = plain.sentiment.label;
    hx_annotation a = ask(f, (hx_str){bad, sizeof bad - 1});
    assert_int_equal(a.sentiment.label, label);
    assert_int_equal(label, HX_SENTIMENT_POSITIVE);
}

static void emoji_have_a_mood(void **state) {
    text_fixture *f = *state;
    assert_int_equal(ask(f, HX_STR_LIT("😀👍")).sentiment.label, HX_SENTIMENT_POSITIVE);
    assert_int_equal(ask(f, HX_STR_LIT("😡👎")).sentiment.label, HX_SENTIMENT_NEGATIVE);
}

static void scripts_of_either_direction_mix(void **state) {
    text_fixture *f = *state;
    assert_int_equal(ask(f, HX_STR_LIT("المنتج ممتاز")).lang, HX_LANG_OTHER);
    hx_annotation a = ask(f, HX_STR_LIT("\xE2\x80\xABالمنتج\xE2\x80\xAC 质量很差 very bad סחורה"));
    assert_int_equal(a.sentiment.label, HX_SENTIMENT_NEGATIVE);
}

/* A megabyte of anything is read; were any step quadratic, these would take hours. */
static void a_megabyte_of_one_thing_is_read(void **state) {
    text_fixture *f = *state;
    static const char *const units[] = {"a",
                                        "好",
                                        "😀",
                                        " ",
                                        "<div>",
                                        "<",
                                        "&",
                                        "不",
                                        "not ",
                                        "http://a.b/",
                                        "a@b",
                                        "\xff",
                                        "e\xCC\x81\xCC\x81",
                                        "加微信",
                                        "很好，",
                                        "1"};
    char *text = malloc(LONG + 32);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = 0, n = strlen(units[i]);
        for (; len + n <= LONG; len += n)
            memcpy(text + len, units[i], n);
        ask(f, (hx_str){text, len});
    }
    free(text);
}

static void more_than_the_limit_is_refused(void **state) {
    text_fixture *f = *state;
    char *text = calloc(HX_TEXT_MAX + 1, 1);
    hx_annotation all;
    hx_sentiment s;
    hx_error err = {0};
    assert_non_null(text);
    memset(text, 'a', HX_TEXT_MAX + 1);
    hx_str much = {text, HX_TEXT_MAX + 1};
    assert_int_equal(hx_text_annotate(f->annotator, much, f->arena, &all, &err), HX_ELIMIT);
    assert_non_null(strstr(err.message, "more than the 16777216 that are read"));
    assert_int_equal(hx_text_sentiment(f->annotator, much, f->arena, &s, &err), HX_ELIMIT);
    assert_int_equal(ask(f, HX_STR_LIT("很好")).sentiment.label, HX_SENTIMENT_POSITIVE);
    free(text);
}

/* What one text leaves behind changes nothing of the next; memory of a text is given back. */
static void equal_texts_have_equal_answers(void **state) {
    text_fixture *f = *state;
    const hx_str text = HX_STR_LIT("这家店的物流很快，但是客服态度太差了。");
    hx_annotation first = ask(f, text);
    double score = first.sentiment.score, logit = first.sentiment.logit;
    hx_sentiment_label label = first.sentiment.label;
    uint64_t similarity = first.similarity;
    for (int i = 0; i < 2000; i++) {
        hx_annotation a = ask(f, text);
        assert_int_equal(a.sentiment.label, label);
        assert_true(a.sentiment.score == score && a.sentiment.logit == logit);
        assert_true(a.similarity == similarity);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_without_words_are_neutral_and_want_nothing),
        cmocka_unit_test(foreign_bytes_do_not_change_what_is_said),
        cmocka_unit_test(emoji_have_a_mood),
        cmocka_unit_test(scripts_of_either_direction_mix),
        cmocka_unit_test(a_megabyte_of_one_thing_is_read),
        cmocka_unit_test(more_than_the_limit_is_refused),
        cmocka_unit_test(equal_texts_have_equal_answers)};
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
