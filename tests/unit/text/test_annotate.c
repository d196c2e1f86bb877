/* test_annotate.c - one pass says what the single calls say, twice the same, and nothing of it points into the annotator. */
#include "unit/text/text_test.h"

static const char *const texts[] = {
    "这家餐厅很棒！",
    "物流太慢了，快递员态度恶劣，我要退款！！！",
    "I love this dress, but the zipper broke. How do I return it?",
    "這個手機很好用 👍👍 <br> http://example.com",
    "我的 iPhone 充电器坏了，can you repair it?",
    "",
    "\xFF\xFE 好",
};

static void assert_same_evidence(const hx_evidence *a, const hx_evidence *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        assert_true(a[i].span.start == b[i].span.start && a[i].span.end == b[i].span.end &&
                    a[i].weight == b[i].weight);
}

static void one_pass_equals_the_single_calls(void **state) {
    text_fixture *f = *state;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        hx_annotation r;
        hx_sentiment s;
        hx_intent in;
        const hx_keyword *k;
        size_t n;
        hx_str text = hx_str_of(texts[t]);
        assert_int_equal(hx_text_annotate(f->annotator, text, f->arena, &r, NULL), HX_OK);
        assert_int_equal(hx_text_sentiment(f->annotator, text, f->arena, &s, NULL), HX_OK);
        assert_int_equal(hx_text_intent(f->annotator, text, f->arena, &in, NULL), HX_OK);
        assert_int_equal(
            hx_text_keywords(f->annotator, text, HX_KEYWORDS_TFIDF, 10, f->arena, &k, &n, NULL),
            HX_OK);
        assert_true(r.sentiment.label == s.label && r.sentiment.logit == s.logit &&
                    r.sentiment.score == s.score);
        assert_int_equal(r.sentiment.n_evidence, s.n_evidence);
        assert_same_evidence(r.sentiment.evidence, s.evidence, s.n_evidence);
        assert_true(r.intent.label == in.label && r.intent.score == in.score);
        assert_int_equal(r.intent.n_evidence, in.n_evidence);
        assert_same_evidence(r.intent.evidence, in.evidence, in.n_evidence);
        assert_int_equal(r.n_keywords, n);
        for (size_t i = 0; i < n; i++)
            assert_true(hx_str_equal(r.keywords[i].text, k[i].text) &&
                        r.keywords[i].score == k[i].score);
        assert_int_equal(r.engine, HX_ENGINE_RULES);
        assert_true(r.model == hx_text_model_hash(f->model) && r.model != 0);
    }
}

static void results_outlive_the_next_call(void **state) {
    text_fixture *f = *state;
    hx_annotation r, other;
    assert_int_equal(hx_text_annotate(f->annotator, hx_str_of(texts[2]), f->arena, &r, NULL),
                     HX_OK);
    assert_true(r.n_keywords > 0);
    char first[64];
    snprintf(first, sizeof first, "%.*s", (int)r.keywords[0].text.len, r.keywords[0].text.ptr);
    double weight = r.sentiment.evidence[0].weight;
    for (int i = 0; i < 10; i++)
        assert_int_equal(
            hx_text_annotate(f->annotator, hx_str_of(texts[1]), f->arena, &other, NULL), HX_OK);
    assert_memory_equal(r.keywords[0].text.ptr, first, r.keywords[0].text.len);
    assert_true(r.sentiment.evidence[0].weight == weight);
}

static void spans_lie_inside_the_text(void **state) {
    text_fixture *f = *state;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        hx_annotation r;
        size_t len = strlen(texts[t]);
        assert_int_equal(hx_text_annotate(f->annotator, hx_str_of(texts[t]), f->arena, &r, NULL),
                         HX_OK);
        for (size_t i = 0; i < r.sentiment.n_evidence; i++)
            assert_true(r.sentiment.evidence[i].span.start < r.sentiment.evidence[i].span.end &&
                        r.sentiment.evidence[i].span.end <= len);
        for (size_t i = 0; i < r.intent.n_evidence; i++)
            assert_true(r.intent.evidence[i].span.start < r.intent.evidence[i].span.end &&
                        r.intent.evidence[i].span.end <= len);
        for (size_t i = 0; i < r.n_keywords; i++)
            assert_true(r.keywords[i].span.start < r.keywords[i].span.end &&
                        r.keywords[i].span.end <= len);
    }
}

static void languages_are_told(void **state) {
    text_fixture *f = *state;
    static const hx_lang expected[] = {HX_LANG_ZH, HX_LANG_ZH, HX_LANG_EN};
    for (size_t t = 0; t < sizeof expected / sizeof *expected; t++) {
        hx_annotation r;
        assert_int_equal(hx_text_annotate(f->annotator, hx_str_of(texts[t]), f->arena, &r, NULL),
                         HX_OK);
        assert_int_equal(r.lang, expected[t]);
    }
    assert_string_equal(hx_lang_name(HX_LANG_MIXED), "mixed");
    assert_string_equal(hx_lang_name(HX_LANG_N), "unknown");
}

static void a_full_arena_is_a_clear_failure(void **state) {
    text_fixture *f = *state;
    hx_arena *tiny = hx_arena_new(64);
    hx_error err = {0};
    hx_annotation r;
    assert_int_equal(hx_text_annotate(f->annotator, hx_str_of(texts[1]), tiny, &r, &err),
                     HX_ENOMEM);
    assert_non_null(strstr(err.message, "out of memory"));
    hx_arena_free(tiny);
}

/* A model that isn't there, and one that is no model. */
static void test_llama_without_model(void **state) {
    static const char *const paths[] = {"/nonexistent/model.gguf", HX_SHARE_DIR "/words.hxd"};
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const hx_text_model_options options = {.engine = HX_ENGINE_LLAMA, .model = paths[i]};
        hx_text_model *m = NULL;
        hx_error err = {.ui = HX_UI_EN};
        assert_int_not_equal(hx_text_model_open(&m, HX_SHARE_DIR, &options, &err), HX_OK);
        assert_null(m);
        assert_true(err.message[0] != 0);
    }
}

/* Many texts at once are answered as each alone. */
static void test_many(void **state) {
    const text_fixture *f = *state;
    hx_annotation many[3], one;
    const hx_str list[3] = {HX_STR_LIT("物流很快，就是太贵了"), HX_STR_LIT(""),
                            HX_STR_LIT("I want a refund")};
    assert_int_equal(hx_text_annotate_many(f->annotator, list, 3, f->arena, many, NULL), HX_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(hx_text_annotate(f->annotator, list[i], f->arena, &one, NULL), HX_OK);
        assert_int_equal(many[i].sentiment.label, one.sentiment.label);
        assert_true(many[i].sentiment.logit == one.sentiment.logit);
        assert_int_equal(many[i].intent.label, one.intent.label);
        assert_int_equal(many[i].n_keywords, one.n_keywords);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_llama_without_model),
        cmocka_unit_test(test_many),
        cmocka_unit_test(one_pass_equals_the_single_calls),
        cmocka_unit_test(results_outlive_the_next_call),
        cmocka_unit_test(spans_lie_inside_the_text),
        cmocka_unit_test(languages_are_told),
        cmocka_unit_test(a_full_arena_is_a_clear_failure),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
