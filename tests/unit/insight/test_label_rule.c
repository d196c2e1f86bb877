/* test_label_rule.c - rules on labels of models: how they are written, both sides of each border. */
#include "unit/insight/insight_test.h"

#include "insight/label_rule.h"

static hx_label_rule rule_of(const char *text) {
    hx_label_rule r;
    if (!hx_label_rule_parse(hx_str_of(text), &r)) fail_msg("%s", text);
    return r;
}

static void assert_canonical(const char *text, const char *wanted) {
    char out[HX_LABEL_RULE_MAX];
    hx_label_rule r = rule_of(text), again;
    assert_true(hx_label_rule_text(&r, out));
    assert_string_equal(out, wanted);
    assert_true(hx_label_rule_parse(hx_str_of(out), &again));
    assert_int_equal(again.threshold, r.threshold);
    assert_int_equal(again.measure, r.measure);
}

static void rules_have_one_form(void **state) {
    (void)state;
    assert_canonical("label.mood=negative", "label.mood=negative");
    assert_canonical("  label.mood = very bad ", "label.mood=very bad");
    assert_canonical("label.mood(negative)>=2", "label.mood(negative)>=2");
    assert_canonical("label.mood ( negative ) >= 2", "label.mood(negative)>=2");
    assert_canonical("label.主题(退货 (急))>=50 %", "label.主题(退货 (急))>=50%");
    assert_canonical("label.a=b=c", "label.a=b=c");
    assert_canonical("label.a=b(c)>=2", "label.a=b(c)>=2");
    assert_canonical("label.stars >= 4.50", "label.stars>=4.5");
    assert_canonical("label.stars<-2", "label.stars<-2");
    assert_canonical("label.stars <= 0.000001", "label.stars<=0.000001");
    assert_canonical("label.stars>1000000", "label.stars>1000000");
    assert_canonical("label.topics.price(yes)>=2", "label.topics.price(yes)>=2");
    assert_canonical(" aspect.物流 < 0", "aspect.物流<0");
    assert_canonical("aspect.price>=0.250", "aspect.price>=0.25");
}

static void others_are_no_rules(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "label.",
                                      "aspect.",
                                      "aspect.price",
                                      "aspect.<0",
                                      "aspect.price=negative",
                                      "aspect.price(negative)>=2",
                                      "aspect.price<cheap",
                                      "label.mood",
                                      "label.mood=",
                                      "label.=x",
                                      "label.mood(x)",
                                      "label.mood(x)>2",
                                      "label.mood(x)>=",
                                      "label.mood(x)>=0",
                                      "label.mood(x)>=101%",
                                      "label.mood(x)>=0%",
                                      "label.mood()>=1",
                                      "label.mood(x>=1",
                                      "label.mood(x)>=1x",
                                      "label.mood(x)>=12345678901",
                                      "label.stars>=",
                                      "label.stars>=x",
                                      "label.stars>=1.2.3",
                                      "label.stars>=1.2345678",
                                      "label.stars<12345678901234",
                                      "label.>=4",
                                      "label.stars>=-",
                                      "high_value",
                                      "mood=negative"};
    hx_label_rule r;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (hx_label_rule_parse(hx_str_of(bad[i]), &r)) fail_msg("%s", bad[i]);
    assert_false(hx_label_rule_parse((hx_str){NULL, 0}, &r));
}

static bool passes(const char *text, const hx_profile *p) {
    hx_label_rule r = rule_of(text);
    hx_fact f = hx_label_rule_fact(&r, p, text);
    assert_string_equal(f.relation, ">=");
    assert_int_equal(f.passed, f.value >= f.threshold);
    return f.passed;
}

static void borders_are_exact(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    const hx_str mood = HX_STR_LIT("mood");
    assert_false(passes("label.mood=good", p));
    assert_false(passes("label.mood(good)>=1%", p));
    p->labels[0] = (hx_label_count){.set = mood, .label = HX_STR_LIT("good"), .count = 2, .at = 9};
    p->labels[1] = (hx_label_count){.set = mood, .label = HX_STR_LIT("bad"), .count = 1, .at = 7};
    p->labels[2] = (hx_label_count){
        .set = HX_STR_LIT("topic"), .label = HX_STR_LIT("good"), .count = 50, .at = 20};
    p->n_labels = 3;
    assert_true(passes("label.mood=good", p));
    assert_false(passes("label.mood=bad", p));
    assert_true(passes("label.mood(good)>=2", p));
    assert_false(passes("label.mood(good)>=3", p));
    assert_true(passes("label.mood(good)>=66%", p));
    assert_false(passes("label.mood(good)>=67%", p));
    assert_true(passes("label.topic(good)>=100%", p));
    assert_false(passes("label.none(good)>=1", p));
    hx_profile_free(p);
}

static bool holds(const char *text, const hx_profile *p) {
    hx_label_rule r = rule_of(text);
    return hx_label_rule_fact(&r, p, text).passed;
}

static void means_have_borders_on_both_sides(void **state) {
    (void)state;
    hx_profile *p = hx_profile_new();
    assert_false(holds("label.stars>=-5", p)); /* who has no number is in no rule on numbers */
    assert_false(holds("label.stars<5", p));
    p->labels[0] = (hx_label_count){.set = HX_STR_LIT("stars"), .count = 2, .score_sum = 8500000};
    p->n_labels = 1;
    assert_true(holds("label.stars>=4.25", p));
    assert_true(holds("label.stars<=4.25", p));
    assert_false(holds("label.stars>4.25", p));
    assert_false(holds("label.stars<4.25", p));
    assert_true(holds("label.stars>4.249999", p));
    assert_true(holds("label.stars<4.250001", p));
    assert_false(holds("label.stars>=4.250001", p));
    hx_label_rule r = rule_of("label.stars>=4.5");
    char out[256];
    hx_label_rule_sentence(&r, HX_UI_EN, out, sizeof out);
    assert_non_null(strstr(out, "stars gave the texts is >= 4.5"));
    hx_profile_free(p);
}

static void sentences_name_set_and_label(void **state) {
    (void)state;
    static const char *const rules[] = {"label.mood=bad", "label.mood(bad)>=7",
                                        "label.mood(bad)>=30%"};
    char out[256];
    for (size_t i = 0; i < 3; i++)
        for (int ui = HX_UI_EN; ui <= HX_UI_ZH; ui++) {
            hx_label_rule r = rule_of(rules[i]);
            hx_label_rule_sentence(&r, (hx_ui_lang)ui, out, sizeof out);
            assert_non_null(strstr(out, "mood"));
            assert_non_null(strstr(out, "bad"));
            if (i == 1) assert_non_null(strstr(out, "7"));
            if (i == 2) assert_non_null(strstr(out, "30%"));
        }
}

static void aspects_have_a_mean(void **state) {
    (void)state;
    const hx_aspect good = {.id = HX_STR_LIT("delivery"),
                            .name = HX_STR_LIT("物流"),
                            .label = HX_SENTIMENT_POSITIVE,
                            .score = 0.5},
                    bad = {.id = HX_STR_LIT("delivery"),
                           .name = HX_STR_LIT("delivery"),
                           .label = HX_SENTIMENT_NEGATIVE,
                           .score = 1};
    const hx_annotation says[] = {{.aspects = &good, .n_aspects = 1},
                                  {.aspects = &bad, .n_aspects = 1}};
    hx_profile *p = hx_profile_new();
    for (int i = 0; i < 2; i++) {
        hx_event e = {.kind = HX_KIND_REVIEW, .text = HX_STR_LIT("text"), .row_hash = (uint64_t)i};
        e.annotation = &says[i];
        hx_profile_fold(p, &e);
    }
    static const struct {
        const char *rule;
        bool passed;
    } cases[] = {{"aspect.delivery<0", true},      {"aspect.物流<0", true},
                 {"aspect.delivery<=-0.25", true}, {"aspect.delivery<-0.25", false},
                 {"aspect.delivery>0", false},     {"aspect.price<1", false},
                 {"aspect.price>-1", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_label_rule r = rule_of(cases[i].rule);
        hx_fact f = hx_label_rule_fact(&r, p, "");
        assert_int_equal(f.passed, cases[i].passed);
        if (i < 5) assert_int_equal(f.value, -250000);
        char out[256];
        hx_label_rule_sentence(&r, HX_UI_EN, out, sizeof out);
        assert_non_null(strstr(out, "mean sentiment"));
    }
    hx_profile_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_have_one_form), cmocka_unit_test(others_are_no_rules),
        cmocka_unit_test(borders_are_exact),   cmocka_unit_test(means_have_borders_on_both_sides),
        cmocka_unit_test(aspects_have_a_mean), cmocka_unit_test(sentences_name_set_and_label)};
    return cmocka_run_group_tests_name("insight/label_rule", tests, NULL, NULL);
}
