/* test_keyphrase.c - phrases as keywords: verbatim in the text, at their bytes, no piece of another, by statistics and by the learned ranker;
 * Porter's stems by which they are compared. */
#include "unit/text/text_test.h"

#include "text/stem.h"

static const char abstract[] =
    "Neural networks for speech recognition. We train deep neural networks on noisy speech. Speech "
    "recognition of noisy speech by a neural network needs much data, and the training data of "
    "speech recognition are rare.";

static const hx_keyword *find(hx_annotator *a, hx_arena *arena, const char *text,
                              hx_keyword_method method, size_t top, size_t *n) {
    const hx_keyword *k = NULL;
    assert_int_equal(hx_text_keywords(a, hx_str_of(text), method, top, arena, &k, n, NULL), HX_OK);
    return k;
}

static void expect_verbatim(const char *text, const hx_keyword *k, size_t n) {
    for (size_t i = 0; i < n; i++) {
        assert_true(k[i].span.start < k[i].span.end && k[i].span.end <= strlen(text));
        assert_true(k[i].score > 0 && k[i].score <= 1);
        assert_true(i == 0 || k[i].score <= k[i - 1].score);
        for (size_t j = 0; j < k[i].text.len; j++) /* the clean text of these is lower case alone */
            assert_int_equal(k[i].text.ptr[j] | 0x20, text[k[i].span.start + j] | 0x20);
    }
}

static bool has(const hx_keyword *k, size_t n, const char *text) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(k[i].text, hx_str_of(text))) return true;
    return false;
}

static void yake_finds_phrases(void **state) {
    text_fixture *f = *state;
    size_t n = 0;
    const hx_keyword *k = find(f->annotator, f->arena, abstract, HX_KEYWORDS_YAKE, 10, &n);
    expect_verbatim(abstract, k, n);
    assert_true(has(k, n, "neural networks") && has(k, n, "speech recognition"));
    assert_false(has(k, n, "neural network")); /* the same stems are one keyword */
    k = find(f->annotator, f->arena, "屏幕很清晰，电池续航也不错", HX_KEYWORDS_YAKE, 10, &n);
    assert_true(n > 0 && (has(k, n, "电池续航") || has(k, n, "电池续航不错")));
}

static void nothing_in_texts_without_words(void **state) {
    static const char *const texts[] = {"", "。。。", "3.14 of the 了", "\xff\xfe"};
    text_fixture *f = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = 9;
        find(f->annotator, f->arena, texts[i], HX_KEYWORDS_YAKE, 10, &n);
        assert_int_equal(n, 0);
    }
}

static void the_ranker_needs_its_engine(void **state) {
    text_fixture *f = *state;
    const hx_keyword *k;
    size_t n;
    hx_error err = {0};
    assert_int_equal(hx_text_keywords(f->annotator, hx_str_of(abstract), HX_KEYWORDS_LEARN, 5,
                                      f->arena, &k, &n, &err),
                     HX_EINVAL);
    assert_non_null(strstr(err.message, "needs a text model of the engine learn"));
}

static void the_ranker_finds_what_authors_choose(void **state) {
    const hx_text_model_options options = {.engine = HX_ENGINE_LEARN};
    text_fixture *f = *state;
    hx_text_model *m = NULL;
    hx_annotator *a = NULL;
    size_t n = 0, few = 0;
    assert_int_equal(hx_text_model_open(&m, HX_SHARE_DIR, &options, NULL), HX_OK);
    assert_int_equal(hx_annotator_new(&a, m, NULL), HX_OK);
    const hx_keyword *k = find(a, f->arena, abstract, HX_KEYWORDS_LEARN, 10, &n);
    expect_verbatim(abstract, k, n);
    assert_true(has(k, n, "speech recognition"));
    assert_false(has(k, n < 5 ? n : 5, "train") || has(k, n, "needs much data"));
    const hx_keyword *first = find(a, f->arena, abstract, HX_KEYWORDS_LEARN, 3, &few);
    assert_int_equal(few, 3);
    for (size_t i = 0; i < few; i++)
        assert_true(hx_str_equal(first[i].text, k[i].text));
    hx_annotator_free(a);
    hx_text_model_close(m);
}

static void stems_are_porters(void **state) {
    static const char *const pairs[][2] = {{"caresses", "caress"},
                                           {"ponies", "poni"},
                                           {"cats", "cat"},
                                           {"feed", "feed"},
                                           {"agreed", "agre"},
                                           {"plastered", "plaster"},
                                           {"motoring", "motor"},
                                           {"sing", "sing"},
                                           {"conflated", "conflat"},
                                           {"hopping", "hop"},
                                           {"falling", "fall"},
                                           {"filing", "file"},
                                           {"happy", "happi"},
                                           {"sky", "sky"},
                                           {"relational", "relat"},
                                           {"rational", "ration"},
                                           {"digitizer", "digit"},
                                           {"operator", "oper"},
                                           {"hopefulness", "hope"},
                                           {"triplicate", "triplic"},
                                           {"electrical", "electr"},
                                           {"goodness", "good"},
                                           {"revival", "reviv"},
                                           {"adjustment", "adjust"},
                                           {"adoption", "adopt"},
                                           {"effective", "effect"},
                                           {"probate", "probat"},
                                           {"rate", "rate"},
                                           {"cease", "ceas"},
                                           {"controlling", "control"},
                                           {"roll", "roll"},
                                           {"networks", "network"},
                                           {"is", "is"}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char word[32];
        (void)snprintf(word, sizeof word, "%s", pairs[i][0]);
        word[hx__stem(word, strlen(word))] = '\0';
        assert_string_equal(word, pairs[i][1]);
    }
}

static void keywords_are_compared_by_stems(void **state) {
    text_fixture *f = *state;
    hx_str a, b;
    assert_int_equal(hx_keyword_stems(HX_STR_LIT(" Neural  Networks "), f->arena, &a, NULL), HX_OK);
    assert_int_equal(hx_keyword_stems(HX_STR_LIT("neural network"), f->arena, &b, NULL), HX_OK);
    assert_true(hx_str_equal(a, b) && hx_str_equal(a, HX_STR_LIT("neural network")));
    assert_int_equal(hx_keyword_stems(HX_STR_LIT("   "), f->arena, &a, NULL), HX_OK);
    assert_int_equal(a.len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yake_finds_phrases),
        cmocka_unit_test(nothing_in_texts_without_words),
        cmocka_unit_test(the_ranker_needs_its_engine),
        cmocka_unit_test(the_ranker_finds_what_authors_choose),
        cmocka_unit_test(stems_are_porters),
        cmocka_unit_test(keywords_are_compared_by_stems),
    };
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
