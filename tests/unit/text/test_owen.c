/* test_owen.c - what each word adds: sums are exact, values are those of the definition, pages hold nothing but what they should. */
#include <math.h>

#include "huaxiang/llama.h"
#include "text_test.h"

/* The logit of "positive": +2 for good, -3 for bad, +1.5 where both of a clause's words "not bad" stand. */
static hx_status toy(void *context, const hx_str *texts, size_t n, double *logits, hx_error *err) {
    (void)err;
    *(size_t *)context += n;
    for (size_t i = 0; i < n; i++) {
        char text[256] = {0};
        assert_true(texts[i].len < sizeof text);
        if (texts[i].len > 0) memcpy(text, texts[i].ptr, texts[i].len);
        logits[i] = 0.25 + (strstr(text, "good") ? 2 : 0) - (strstr(text, "bad") ? 3 : 0) +
                    (strstr(text, "not bad") ? 1.5 : 0);
    }
    return HX_OK;
}

static double weight_of(const hx_explanation *e, hx_str text, const char *word) {
    double sum = 0;
    for (size_t i = 0; i < e->n_parts; i++) {
        hx_span s = e->parts[i].span;
        hx_str part = {text.ptr + s.start, s.end - s.start};
        if (part.len >= strlen(word) && memcmp(part.ptr, word, strlen(word)) == 0)
            sum += e->parts[i].weight;
    }
    return sum;
}

static void check_sum(const hx_explanation *e) {
    double sum = e->bias;
    for (size_t i = 0; i < e->n_parts; i++)
        sum += e->parts[i].weight;
    assert_true(sum == e->logit);
    assert_true(fabs(e->score - 1 / (1 + exp(-e->logit))) < 1e-12);
}

static void words_have_their_owen_values(void **state) {
    text_fixture *f = *state;
    const hx_str text = HX_STR_LIT("very good screen, not bad sound");
    size_t asked = 0;
    hx_text_scorer scorer = {.score = toy, .context = &asked, .rounds = 64};
    hx_explanation e;
    assert_int_equal(hx_text_explain(f->annotator, text, &scorer, f->arena, &e, NULL), HX_OK);
    check_sum(&e);
    assert_int_equal(e.n_parts, 6);
    assert_int_equal(e.asked, asked);
    assert_int_equal(asked, 2 + 64 * 5);
    assert_true(e.bias == 0.25);
    assert_true(weight_of(&e, text, "good") == 2);
    assert_true(weight_of(&e, text, "very") == 0);
    /* 1.5 is there from the second of the two words on, in half of all orders each; an order and its reverse give one each. */
    assert_true(weight_of(&e, text, "not") == 0.75);
    assert_true(weight_of(&e, text, "bad") == -2.25);
}

/* Each label's parts are those that a scorer of this label alone would have got. */
typedef struct {
    hx_annotator *a;
    hx_arena *arena;
    int intent;
} one_intent;

static hx_status score_intent(void *context, const hx_str *texts, size_t n, double *logits,
                              hx_error *err) {
    one_intent *one = context;
    for (size_t i = 0; i < n; i++) {
        hx_annotation r;
        assert_int_equal(hx_text_annotate(one->a, texts[i], one->arena, &r, err), HX_OK);
        const double p = fmin(fmax(r.intent.scores[one->intent], 1e-6), 1 - 1e-6);
        logits[i] = log(p / (1 - p));
    }
    return HX_OK;
}

static void labels_are_explained_together_as_alone(void **state) {
    text_fixture *f = *state;
    static const char *const texts[] = {"我要退款，另外发票什么时候开？质量太差了", "",
                                        "物流太慢，手机很好", "😀", "I want a refund, bad quality"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const hx_str text = hx_str_of(texts[i]);
        const hx_explained_label *list;
        size_t n = 0;
        assert_int_equal(
            hx_text_explain_labels(f->annotator, text, 4, 7, f->arena, &list, &n, NULL), HX_OK);
        assert_true(n >= 1 && n <= HX_EXPLAINED_MOST && list[0].kind == HX_EXPLAINED_SENTIMENT);
        for (size_t k = 0; k < n; k++) {
            one_intent one = {f->annotator, f->arena, list[k].label};
            const hx_text_scorer scorer = {
                .score = score_intent, .context = &one, .rounds = 4, .seed = 7};
            hx_explanation alone;
            check_sum(&list[k].why);
            if (list[k].kind != HX_EXPLAINED_INTENT) continue;
            assert_int_equal(hx_text_explain(f->annotator, text, &scorer, f->arena, &alone, NULL),
                             HX_OK);
            assert_true(alone.logit == list[k].why.logit && alone.bias == list[k].why.bias);
            assert_int_equal(alone.n_parts, list[k].why.n_parts);
            for (size_t w = 0; w < alone.n_parts; w++)
                assert_true(alone.parts[w].weight == list[k].why.parts[w].weight);
        }
    }
}

static void the_same_seed_gives_the_same_values(void **state) {
    text_fixture *f = *state;
    const hx_str text = HX_STR_LIT("good, not bad, good: bad! not bad? good");
    size_t asked = 0;
    hx_text_scorer scorer = {.score = toy, .context = &asked, .seed = 7};
    hx_explanation a, b;
    assert_int_equal(hx_text_explain(f->annotator, text, &scorer, f->arena, &a, NULL), HX_OK);
    assert_int_equal(hx_text_explain(f->annotator, text, &scorer, f->arena, &b, NULL), HX_OK);
    check_sum(&a);
    assert_int_equal(a.n_parts, b.n_parts);
    for (size_t i = 0; i < a.n_parts; i++)
        assert_true(a.parts[i].weight == b.parts[i].weight);
}

/* Of a thousand words clauses are left out, so that the scorer is not asked without end. */
static hx_status count_only(void *context, const hx_str *texts, size_t n, double *logits,
                            hx_error *err) {
    (void)err;
    *(size_t *)context += n;
    for (size_t i = 0; i < n; i++)
        logits[i] = (double)texts[i].len / 1000;
    return HX_OK;
}

static void long_texts_are_asked_about_by_clauses(void **state) {
    text_fixture *f = *state;
    char text[12000];
    size_t len = 0, asked = 0;
    for (int i = 0; i < 1000; i++) {
        memcpy(text + len, i % 5 == 4 ? "so bad, " : "thing ", i % 5 == 4 ? 8 : 6);
        len += i % 5 == 4 ? 8 : 6;
    }
    hx_text_scorer scorer = {.score = count_only, .context = &asked};
    hx_explanation e;
    assert_int_equal(
        hx_text_explain(f->annotator, (hx_str){text, len}, &scorer, f->arena, &e, NULL), HX_OK);
    check_sum(&e);
    assert_true(e.n_parts > 1 && e.n_parts <= HX_EXPLAIN_PARTS);
    assert_true(asked <= 2 + 2 * HX_EXPLAIN_PARTS);
    for (size_t i = 1; i < e.n_parts; i++)
        assert_true(e.parts[i].span.start >= e.parts[i - 1].span.end);
}

static void empty_texts_have_a_bias_alone(void **state) {
    text_fixture *f = *state;
    static const char *const texts[] = {"", "   ", "\n"};
    size_t asked = 0;
    hx_text_scorer scorer = {.score = toy, .context = &asked};
    for (size_t i = 0; i < 3; i++) {
        hx_explanation e;
        assert_int_equal(
            hx_text_explain(f->annotator, hx_str_of(texts[i]), &scorer, f->arena, &e, NULL), HX_OK);
        assert_int_equal(e.n_parts, 0);
        check_sum(&e);
    }
}

static void rules_show_their_evidence(void **state) {
    text_fixture *f = *state;
    const hx_str text = HX_STR_LIT("屏幕很清楚，但是物流太慢了。");
    hx_explanation e;
    hx_sentiment s;
    assert_int_equal(hx_text_explain(f->annotator, text, NULL, f->arena, &e, NULL), HX_OK);
    assert_int_equal(hx_text_sentiment(f->annotator, text, f->arena, &s, NULL), HX_OK);
    check_sum(&e);
    assert_true(e.logit == s.logit);
    assert_int_equal(e.n_parts, s.n_evidence);
    assert_int_equal(e.asked, 0);
}

static void pages_escape_what_texts_say(void **state) {
    text_fixture *f = *state;
    static const char bad[] = "<script>alert(1)</script> 很差 \xff\x01 \"&' 很好";
    hx_explained x[2] = {{.text = {bad, sizeof bad - 1}}, {.text = HX_STR_LIT("")}};
    hx_str html;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hx_text_annotate(f->annotator, x[i].text, f->arena, &x[i].all, NULL),
                         HX_OK);
        assert_int_equal(hx_text_explain(f->annotator, x[i].text, NULL, f->arena, &x[i].mood, NULL),
                         HX_OK);
    }
    for (int ui = HX_UI_EN; ui <= HX_UI_ZH; ui++) {
        assert_int_equal(hx_explain_page(x, 2, (hx_ui_lang)ui, f->arena, &html, NULL), HX_OK);
        assert_null(strstr(html.ptr, "<script"));
        assert_null(strstr(html.ptr, "\xff"));
        assert_null(strstr(html.ptr, "http"));
        assert_non_null(strstr(html.ptr, "&lt;script&gt;alert"));
        assert_non_null(strstr(html.ptr, ui == HX_UI_ZH ? "正面概率" : "probability of positive"));
    }
}

/* One text a model of three tokens and two layers read: maps of its layers stand in the page. */
static void pages_show_attention(void **state) {
    text_fixture *f = *state;
    const float layers[2 * 9] = {1, 0, 0, .5f, .5f, 0, .2f, .3f, .5f,
                                 1, 0, 0, .5f, .5f, 0, .2f, .3f, .5f},
                           rollout[3] = {.2f, .3f, .5f};
    const int32_t ids[3] = {1, 5, 6};
    const hx_token_span spans[3] = {{0, 0}, {0, 4}, {5, 8}};
    const hx_attention a = {3, 2, ids, spans, layers, rollout};
    hx_explained x = {.text = HX_STR_LIT("good bad"), .attention = &a};
    hx_str html;
    assert_int_equal(hx_explain_page(&x, 1, HX_UI_EN, f->arena, &html, NULL), HX_OK);
    size_t maps = 0;
    for (const char *at = html.ptr; (at = strstr(at, "<svg")) != NULL; at++)
        maps++;
    assert_int_equal(maps, 2);
    assert_non_null(strstr(html.ptr, "type=\"radio\""));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_have_their_owen_values),
                                       cmocka_unit_test(the_same_seed_gives_the_same_values),
                                       cmocka_unit_test(labels_are_explained_together_as_alone),
                                       cmocka_unit_test(long_texts_are_asked_about_by_clauses),
                                       cmocka_unit_test(empty_texts_have_a_bias_alone),
                                       cmocka_unit_test(rules_show_their_evidence),
                                       cmocka_unit_test(pages_escape_what_texts_say),
                                       cmocka_unit_test(pages_show_attention)};
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
