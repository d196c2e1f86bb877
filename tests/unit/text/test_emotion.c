/* test_emotion.c - emotions by rules: plain texts of both languages, negation and degree, texts at the edge, and what every answer keeps to. */
#include "text_test.h"

#include <math.h>
#include <string.h>

static hx_emotion feel(text_fixture *f, const char *text) {
    hx_error err = {0};
    hx_emotion e;
    double sum = 0;
    assert_int_equal(hx_text_emotion(f->annotator, hx_str_of(text), f->arena, &e, &err), HX_OK);
    for (int k = 0; k < HX_EMOTION_N; k++) {
        assert_true(e.scores[k] > 0 && e.scores[k] <= e.score);
        sum += e.scores[k];
    }
    assert_true(fabs(sum - 1) < 1e-9);
    assert_true(e.score == e.scores[e.label]);
    for (size_t i = 0; i < e.n_evidence; i++) {
        assert_true(e.evidence[i].span.start < e.evidence[i].span.end);
        assert_true(e.evidence[i].span.end <= strlen(text));
        assert_true(e.evidence[i].weight > 0);
    }
    return e;
}

static void test_plain_texts(void **state) {
    static const struct {
        const char *text;
        hx_emotion_label label;
    } cases[] = {{"今天收到礼物，太开心了！", HX_EMOTION_HAPPY},
                 {"客服还骂人，气死我了，投诉！", HX_EMOTION_ANGRY},
                 {"奶奶去世了，我很难过，一直哭", HX_EMOTION_SAD},
                 {"半夜听到怪声，好害怕，瑟瑟发抖", HX_EMOTION_FEAR},
                 {"天哪，竟然这么快就到了，没想到", HX_EMOTION_SURPRISE},
                 {"会议在三点开始。", HX_EMOTION_NEUTRAL},
                 {"I am so happy, thank you!", HX_EMOTION_HAPPY},
                 {"I am furious, how dare they, a total scam", HX_EMOTION_ANGRY},
                 {"I cried all night, so sad and lonely", HX_EMOTION_SAD},
                 {"I was terrified and could not stop shaking", HX_EMOTION_FEAR},
                 {"Wow, I can't believe it, totally unexpected", HX_EMOTION_SURPRISE},
                 {"The parcel has two parts.", HX_EMOTION_NEUTRAL},
                 {"😭😭😭", HX_EMOTION_SAD},
                 {"[怒][怒]", HX_EMOTION_ANGRY}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_emotion e = feel(*state, cases[i].text);
        if (e.label != cases[i].label)
            print_error("%s: %s, not %s\n", cases[i].text, hx_emotion_name(e.label),
                        hx_emotion_name(cases[i].label));
        assert_int_equal(e.label, cases[i].label);
    }
}

static void test_negation_and_degree(void **state) {
    hx_emotion glad = feel(*state, "我开心"), very = feel(*state, "我非常开心"),
               not = feel(*state, "我不开心");
    assert_int_equal(glad.label, HX_EMOTION_HAPPY);
    assert_true(very.scores[HX_EMOTION_HAPPY] > glad.scores[HX_EMOTION_HAPPY]);
    assert_true(not .scores[HX_EMOTION_HAPPY] < glad.scores[HX_EMOTION_HAPPY]);
    assert_true(not .scores[HX_EMOTION_SAD] > glad.scores[HX_EMOTION_SAD]);
    assert_true(feel(*state, "我不害怕").scores[HX_EMOTION_FEAR] <
                feel(*state, "我害怕").scores[HX_EMOTION_FEAR]);
}

static void test_places_and_repeats(void **state) {
    static const char text[] = "哎，今天真的很难过";
    hx_emotion e = feel(*state, text);
    bool found = false;
    for (size_t i = 0; i < e.n_evidence; i++)
        found = found || strncmp(text + e.evidence[i].span.start, "难过", strlen("难过")) == 0;
    assert_true(found);
    assert_true(feel(*state, "😡😡").score == feel(*state, "😡😡😡😡😡😡").score ||
                feel(*state, "😡😡😡😡😡😡").n_evidence <= 2);
}

/* An annotation has the emotion where it is asked for, and then the same. */
static void test_in_annotations(void **state) {
    static const char *const texts[] = {"客服还骂人，气死我了，投诉！", "I am so happy, thank you!",
                                        "", "😭😭😭"};
    text_fixture *f = *state;
    hx_error err = {0};
    hx_annotation all;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const hx_str text = hx_str_of(texts[i]);
        hx_emotion alone = feel(f, texts[i]);
        assert_int_equal(hx_text_annotate(f->annotator, text, f->arena, &all, &err), HX_OK);
        assert_true(all.emotion.score == 0);
        hx_annotator_feel(f->annotator, true);
        assert_int_equal(hx_text_annotate(f->annotator, text, f->arena, &all, &err), HX_OK);
        hx_annotator_feel(f->annotator, false);
        assert_int_equal(all.emotion.label, alone.label);
        assert_memory_equal(all.emotion.scores, alone.scores, sizeof alone.scores);
        assert_int_equal(all.emotion.n_evidence, alone.n_evidence);
    }
}

static void test_edges(void **state) {
    assert_int_equal(feel(*state, "").label, HX_EMOTION_NEUTRAL);
    assert_int_equal(feel(*state, "\xff\xfe").label, HX_EMOTION_NEUTRAL);
    assert_int_equal(feel(*state, "12345 ---").label, HX_EMOTION_NEUTRAL);
    assert_string_equal(hx_emotion_name(HX_EMOTION_FEAR), "fear");
    assert_string_equal(hx_emotion_name(HX_EMOTION_N), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_texts), cmocka_unit_test(test_negation_and_degree),
        cmocka_unit_test(test_places_and_repeats), cmocka_unit_test(test_in_annotations),
        cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
