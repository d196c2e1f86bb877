/* test_topics.c - topics of texts whose subjects are known: groups, names, verbatim quotes, trends, what is new, and how often something is called
 * new where nothing is; key sentences. */
#include "unit/text/text_test.h"

#include <stdlib.h>

#include "base/rng.h"

#define DAY INT64_C(86400000)

enum { SUBJECTS = 4, FORMS = 6, MOST = 1200 };

/* A text is two clauses of one subject. */
static const char *const clauses[SUBJECTS][FORMS] = {
    {"物流很快", "快递员态度好", "两天就送到了", "快递包装严实", "物流信息更新及时",
     "送货上门很快"},
    {"屏幕清晰", "屏幕分辨率高", "显示器颜色鲜艳", "显示效果清晰", "屏幕亮度够", "显示器画面细腻"},
    {"房间隔音差", "房间太小", "酒店床单不干净", "酒店隔音不好", "房间空调坏了", "酒店前台冷淡"},
    {"battery life is short", "the battery drains fast", "charging the battery is slow",
     "battery and charger get hot", "the charger broke", "a weak battery and charger"}};

typedef struct {
    hx_str texts[MOST];
    int64_t times[MOST];
    int subject[MOST];
    size_t n;
} collection;

static void add(collection *c, hx_arena *arena, hx_rng *rng, int subject, int64_t time) {
    char text[256];
    int n = snprintf(text, sizeof text, subject == 3 ? "%s, %s." : "%s，%s。",
                     clauses[subject][hx_rng_below(rng, FORMS)],
                     clauses[subject][hx_rng_below(rng, FORMS)]);
    c->texts[c->n] = hx_arena_str(arena, (hx_str){text, (size_t)n});
    c->times[c->n] = time;
    c->subject[c->n++] = subject;
}

static hx_topics find(text_fixture *f, const collection *c, size_t k, hx_topic_period period) {
    const hx_topics_options o = {
        .texts = c->texts, .n = c->n, .times = c->times, .n_topics = k, .period = period};
    hx_topics t;
    hx_error err = {0};
    assert_int_equal(hx_topics_find(f->model, &o, f->arena, &t, &err), HX_OK);
    return t;
}

static void expect_sound(const collection *c, const hx_topics *t) {
    size_t sum = t->n_without;
    for (size_t i = 0; i < t->n; i++) {
        const hx_topic *topic = &t->list[i];
        sum += topic->size;
        assert_true(i == 0 || topic->size <= t->list[i - 1].size);
        assert_true(topic->name.len > 0 && topic->n_words > 0 && topic->n_quotes > 0);
        for (size_t q = 0; q < topic->n_quotes; q++) {
            assert_int_equal(t->topic_of[topic->quotes[q].row], i);
            assert_true(topic->quotes[q].span.end <= c->texts[topic->quotes[q].row].len);
            assert_true(topic->quotes[q].span.start < topic->quotes[q].span.end);
        }
    }
    assert_int_equal(sum, c->n);
}

static void subjects_are_found(void **state) {
    text_fixture *f = *state;
    collection *c = calloc(1, sizeof *c);
    hx_rng rng;
    size_t right = 0;
    hx_rng_seed(&rng, 7);
    for (int i = 0; i < 400; i++)
        add(c, f->arena, &rng, (int)hx_rng_below(&rng, SUBJECTS), i * DAY / 20);
    hx_topics t = find(f, c, SUBJECTS, HX_TOPIC_PERIOD_AUTO), again = find(f, c, SUBJECTS, 0);
    expect_sound(c, &t);
    assert_int_equal(t.n, SUBJECTS);
    assert_int_equal(t.period, HX_TOPIC_PERIOD_DAY);
    for (size_t g = 0; g < t.n; g++) {
        size_t of[SUBJECTS] = {0}, most = 0;
        for (size_t i = 0; i < c->n; i++)
            of[c->subject[i]] += t.topic_of[i] == g;
        for (int s = 0; s < SUBJECTS; s++)
            most = of[s] > most ? of[s] : most;
        right += most;
    }
    assert_true(right >= 380);
    for (size_t i = 0; i < c->n; i++)
        assert_int_equal(t.topic_of[i], again.topic_of[i]);
    free(c);
}

static void trends_are_seen(void **state) {
    text_fixture *f = *state;
    collection *c = calloc(1, sizeof *c);
    hx_rng rng;
    bool rising = false;
    hx_rng_seed(&rng, 8);
    for (int day = 0; day < 20; day++)
        for (int i = 0; i < 20; i++)
            add(c, f->arena, &rng, i < day ? 2 : (int)hx_rng_below(&rng, 2), day * DAY);
    hx_topics t = find(f, c, 3, HX_TOPIC_PERIOD_DAY);
    expect_sound(c, &t);
    assert_int_equal(t.n_periods, 20);
    for (size_t i = 0; i < t.n; i++) {
        uint32_t sum = 0;
        for (size_t p = 0; p < t.n_periods; p++)
            sum += t.list[i].counts[p];
        assert_int_equal(sum, t.list[i].size);
        rising = rising || (t.list[i].slope > 0.03 && t.list[i].p < 1e-6);
    }
    assert_true(rising);
    free(c);
}

static bool speaks_of(const hx_new_topic *t, const char *word) {
    for (size_t i = 0; i < t->n_words; i++)
        if (memmem(t->words[i].ptr, t->words[i].len, word, strlen(word))) return true;
    return false;
}

static void what_is_new_is_seen(void **state) {
    text_fixture *f = *state;
    collection *c = calloc(1, sizeof *c);
    hx_rng rng;
    hx_rng_seed(&rng, 9);
    for (int day = 0; day < 10; day++)
        for (int i = 0; i < 40; i++)
            add(c, f->arena, &rng, day == 9 && i < 10 ? 3 : (int)hx_rng_below(&rng, 3), day * DAY);
    hx_topics t = find(f, c, 0, HX_TOPIC_PERIOD_DAY);
    expect_sound(c, &t);
    assert_true(t.n_fresh >= 1 && t.n_fresh <= 2);
    assert_true(speaks_of(&t.fresh[0], "battery") || speaks_of(&t.fresh[0], "charger"));
    assert_true(t.fresh[0].now >= 5 && t.fresh[0].before == 0 && t.fresh[0].p < 0.05);
    assert_int_equal(c->subject[t.fresh[0].quotes[0].row], 3);
    free(c);
}

/* Nothing changes over time: at most one collection in twenty may be said to have something new. */
static void false_alarms_are_rare(void **state) {
    text_fixture *f = *state;
    collection *c = calloc(1, sizeof *c);
    size_t alarms = 0;
    for (uint64_t run = 0; run < 60; run++) {
        hx_rng rng;
        hx_rng_seed(&rng, 1000 + run);
        c->n = 0;
        for (int i = 0; i < 300; i++)
            add(c, f->arena, &rng, (int)hx_rng_below(&rng, SUBJECTS),
                (int64_t)hx_rng_below(&rng, 10) * DAY);
        hx_topics t = find(f, c, 2, HX_TOPIC_PERIOD_DAY);
        alarms += t.n_fresh > 0;
    }
    print_message("false alarms: %zu of 60 collections\n", alarms);
    assert_true(alarms <= 3);
    free(c);
}

static void edges(void **state) {
    text_fixture *f = *state;
    collection *c = calloc(1, sizeof *c);
    hx_topics t = find(f, c, 0, 0);
    assert_int_equal(t.n, 0);
    for (int i = 0; i < 50; i++) {
        c->texts[i] = i % 2 ? HX_STR_LIT("") : HX_STR_LIT("\xff\xfe。");
        c->times[i] = HX_TOPIC_NO_TIME;
    }
    c->n = 50;
    t = find(f, c, 5, 0);
    assert_int_equal(t.n, 0);
    assert_int_equal(t.n_without, 50);
    assert_int_equal(t.n_periods, 0);
    hx_error err = {0};
    const hx_topics_options many = {.texts = c->texts, .n = 1, .n_topics = HX_TOPICS_MAX + 1};
    assert_int_equal(hx_topics_find(f->model, &many, f->arena, &t, &err), HX_EINVAL);
    assert_string_equal(err.message, "101 topics are too many; at most 100");
    free(c);
}

static void sentences_are_verbatim_and_differ(void **state) {
    static const char text[] =
        "手机屏幕很清晰，屏幕颜色也鲜艳。昨天天气不错！手机屏幕清晰，颜色鲜艳。手机电池续航一般，"
        "但是手机屏幕真好。";
    text_fixture *f = *state;
    const hx_key_sentence *s;
    size_t n = 0;
    assert_int_equal(hx_text_sentences(f->annotator, hx_str_of(text), 2, f->arena, &s, &n, NULL),
                     HX_OK);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        hx_str said = {text + s[i].span.start, s[i].span.end - s[i].span.start};
        assert_non_null(memmem(said.ptr, said.len, "屏幕", strlen("屏幕")));
        assert_memory_equal(said.ptr + said.len - 3, "。", 3);
        assert_true(s[i].score > 0 && s[i].score <= 1);
    }
    assert_int_not_equal(s[0].span.start, s[1].span.start);
    assert_int_equal(hx_text_sentences(f->annotator, HX_STR_LIT("Costs $3.50 now. Fine?"), 9,
                                       f->arena, &s, &n, NULL),
                     HX_OK);
    assert_int_equal(n, 2);
    assert_int_equal(hx_text_sentences(f->annotator, HX_STR_LIT(""), 3, f->arena, &s, &n, NULL),
                     HX_OK);
    assert_int_equal(n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(subjects_are_found),
                                       cmocka_unit_test(trends_are_seen),
                                       cmocka_unit_test(what_is_new_is_seen),
                                       cmocka_unit_test(false_alarms_are_rare),
                                       cmocka_unit_test(edges),
                                       cmocka_unit_test(sentences_are_verbatim_and_differ)};
    return cmocka_run_group_tests(tests, text_fixture_open, text_fixture_close);
}
