/* test_learned.c - the engine `learn`: sentiment right on plain texts of both languages, evidence that adds up to the logit, texts at
 * the edge, and a model file that is refused where it is damaged. */
#include "text_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "huaxiang/text.h"
#include "text/datafile.h"

#define MODEL "/models/huaxiang-learn/learn.hxd"

typedef struct {
    hx_text_model *model;
    hx_annotator *annotator;
    hx_arena *arena;
} fixture;

static void open_by(fixture *f, hx_engine engine) {
    const hx_text_model_options options = {.engine = engine};
    hx_error err = {0};
    assert_int_equal(hx_text_model_open(&f->model, HX_SHARE_DIR, &options, &err), HX_OK);
    assert_int_equal(hx_annotator_new(&f->annotator, f->model, &err), HX_OK);
    f->arena = hx_arena_new(0);
    assert_non_null(f->arena);
}

static void close_all(fixture *f) {
    hx_annotator_free(f->annotator);
    hx_text_model_close(f->model);
    hx_arena_free(f->arena);
}

static hx_sentiment read_text(fixture *f, hx_str text) {
    hx_error err = {0};
    hx_sentiment s;
    assert_int_equal(hx_text_sentiment(f->annotator, text, f->arena, &s, &err), HX_OK);
    return s;
}

static void expect_sound(const hx_sentiment *s, size_t bytes) {
    double sum = s->bias;
    for (size_t i = 0; i < s->n_evidence; i++) {
        sum += s->evidence[i].weight;
        assert_true(s->evidence[i].span.start < s->evidence[i].span.end);
        assert_true(s->evidence[i].span.end <= bytes);
        if (i > 0) assert_true(s->evidence[i].span.start >= s->evidence[i - 1].span.start);
    }
    assert_true(sum == s->logit);
    assert_true(s->score > 0 && s->score <= 1);
}

/* ------------------------------------------------------------------ right */
static void test_five_comments(void **state) {
    static const struct {
        const char *text;
        hx_sentiment_label label;
    } comments[] = {{"这家餐厅很棒！", HX_SENTIMENT_POSITIVE},
                    {"这个商品很差！", HX_SENTIMENT_NEGATIVE},
                    {"电影很好看！", HX_SENTIMENT_POSITIVE},
                    {"这个服务很糟糕！", HX_SENTIMENT_NEGATIVE},
                    {"这本书很有趣！", HX_SENTIMENT_POSITIVE},
                    {"The food was great and the staff friendly.", HX_SENTIMENT_POSITIVE},
                    {"Terrible quality, a waste of money.", HX_SENTIMENT_NEGATIVE}};
    static const hx_engine engines[] = {HX_ENGINE_RULES, HX_ENGINE_LEARN};
    (void)state;
    for (size_t e = 0; e < 2; e++) {
        fixture f;
        open_by(&f, engines[e]);
        assert_int_equal(hx_text_model_engine(f.model), engines[e]);
        for (size_t i = 0; i < sizeof comments / sizeof *comments; i++) {
            hx_sentiment s = read_text(&f, hx_str_of(comments[i].text));
            assert_int_equal(s.label, comments[i].label);
            assert_true(s.n_evidence > 0);
            expect_sound(&s, strlen(comments[i].text));
        }
        close_all(&f);
    }
}

static void test_annotation_names_the_engine(void **state) {
    fixture f, rules;
    hx_error err = {0};
    hx_annotation said;
    hx_str text = hx_str_of("物流很快，包装很好");
    (void)state;
    open_by(&f, HX_ENGINE_LEARN);
    open_by(&rules, HX_ENGINE_RULES);
    assert_int_equal(hx_text_annotate(f.annotator, text, f.arena, &said, &err), HX_OK);
    hx_sentiment alone = read_text(&f, text);
    assert_int_equal(said.engine, HX_ENGINE_LEARN);
    assert_true(said.model != hx_text_model_hash(rules.model));
    assert_int_equal(said.sentiment.label, alone.label);
    assert_true(said.sentiment.logit == alone.logit);
    close_all(&f);
    close_all(&rules);
}

/* ------------------------------------------------------------------ intent */
static hx_intent wish_of_text(fixture *f, const char *text) {
    hx_error err = {0};
    hx_intent i;
    assert_int_equal(hx_text_intent(f->annotator, hx_str_of(text), f->arena, &i, &err), HX_OK);
    return i;
}

static void test_intents(void **state) {
    static const struct {
        const char *text;
        hx_intent_label label;
    } wishes[] = {
        {"我要退款，把钱退给我", HX_INTENT_REFUND}, {"发票什么时候能开", HX_INTENT_INVOICE},
        {"忘记密码了怎么登录", HX_INTENT_ACCOUNT},  {"please cancel my order", HX_INTENT_CANCEL},
        {"I want a refund", HX_INTENT_REFUND},      {"今天天气怎么样", HX_INTENT_OTHER},
        {"play some jazz music", HX_INTENT_OTHER}};
    fixture f;
    (void)state;
    open_by(&f, HX_ENGINE_LEARN);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        hx_intent w = wish_of_text(&f, wishes[i].text);
        assert_int_equal(w.label, wishes[i].label);
        assert_true(w.holds >> w.label & 1);
        assert_true(w.score == w.scores[w.label] && w.score > 0 && w.score <= 1);
        assert_true((w.label == HX_INTENT_OTHER) == (w.n_evidence == 0));
        for (size_t k = 0; k < w.n_evidence; k++) {
            assert_true(w.evidence[k].weight > 0);
            assert_true(w.evidence[k].span.end <= strlen(wishes[i].text));
        }
    }
    close_all(&f);
}

static void test_several_intents_hold(void **state) {
    fixture f, rules;
    (void)state;
    open_by(&f, HX_ENGINE_LEARN);
    open_by(&rules, HX_ENGINE_RULES);
    hx_intent w = wish_of_text(&f, "我要退款，另外给我开张发票");
    assert_int_equal(w.holds, 1u << HX_INTENT_REFUND | 1u << HX_INTENT_INVOICE);
    w = wish_of_text(&rules, "我要退款，另外给我开发票");
    assert_int_equal(w.holds, 1u << HX_INTENT_REFUND | 1u << HX_INTENT_INVOICE);
    for (size_t i = 0; i < 2; i++) {
        w = wish_of_text(i == 0 ? &f : &rules, "。。。");
        assert_int_equal(w.holds, 1u << HX_INTENT_OTHER);
        assert_int_equal(w.n_evidence, 0);
    }
    close_all(&f);
    close_all(&rules);
}

/* ------------------------------------------------------------------ emotion */
static hx_emotion feeling_of(fixture *f, const char *text) {
    hx_error err = {0};
    hx_emotion e;
    double sum = 0;
    assert_int_equal(hx_text_emotion(f->annotator, hx_str_of(text), f->arena, &e, &err), HX_OK);
    for (int k = 0; k < HX_EMOTION_N; k++) {
        assert_true(e.scores[k] <= e.score);
        sum += e.scores[k];
    }
    assert_true(fabs(sum - 1) < 1e-9 && e.score == e.scores[e.label]);
    for (size_t i = 0; i < e.n_evidence; i++)
        assert_true(e.evidence[i].weight > 0 && e.evidence[i].span.end <= strlen(text));
    return e;
}

static void test_emotions(void **state) {
    static const struct {
        const char *text;
        hx_emotion_label label;
    } cases[] = {{"客服还骂人，气死我了", HX_EMOTION_ANGRY},
                 {"今天收到礼物，太开心了！", HX_EMOTION_HAPPY},
                 {"奶奶去世了，我很难过", HX_EMOTION_SAD},
                 {"半夜听到怪声，好害怕", HX_EMOTION_FEAR},
                 {"会议在三点开始。", HX_EMOTION_NEUTRAL}};
    fixture f, rules;
    (void)state;
    open_by(&f, HX_ENGINE_LEARN);
    open_by(&rules, HX_ENGINE_RULES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hx_emotion e = feeling_of(&f, cases[i].text);
        assert_int_equal(e.label, cases[i].label);
        assert_true(e.n_evidence > 0);
        assert_true(e.score != feeling_of(&rules, cases[i].text).score);
    }
    /* Nothing was learned of English. */
    assert_true(feeling_of(&f, "I cried all night, so sad").score ==
                feeling_of(&rules, "I cried all night, so sad").score);
    assert_int_equal(feeling_of(&f, "").n_evidence, 0);
    close_all(&f);
    close_all(&rules);
}

/* ------------------------------------------------------------------ the edge */
static void test_texts_at_the_edge(void **state) {
    static const char *const empty[] = {"", "   ", "\n\t"};
    static const char bad[] = "\xff\xfe很棒\xe4\xb8";
    fixture f;
    (void)state;
    open_by(&f, HX_ENGINE_LEARN);
    for (size_t i = 0; i < 3; i++) {
        hx_sentiment s = read_text(&f, hx_str_of(empty[i]));
        assert_int_equal(s.label, HX_SENTIMENT_NEUTRAL);
        assert_int_equal(s.n_evidence, 0);
        assert_true(s.logit == 0 && s.bias == 0);
    }
    hx_sentiment emoji = read_text(&f, hx_str_of("😀😀"));
    expect_sound(&emoji, strlen("😀😀"));
    hx_sentiment broken = read_text(&f, (hx_str){bad, sizeof bad - 1});
    assert_int_equal(broken.label, HX_SENTIMENT_POSITIVE);
    expect_sound(&broken, sizeof bad - 1);
    close_all(&f);
}

static void test_a_text_of_a_megabyte(void **state) {
    static const char piece[] = "质量太差了，非常失望。";
    hx_buf b;
    fixture f;
    (void)state;
    open_by(&f, HX_ENGINE_LEARN);
    hx_buf_init(&b, (size_t)2 << 20);
    while (b.len < (size_t)1 << 20)
        assert_true(hx_buf_append_lit(&b, piece));
    hx_sentiment s = read_text(&f, hx_buf_str(&b));
    expect_sound(&s, b.len);
    hx_buf_release(&b);
    close_all(&f);
}

/* ------------------------------------------------------------------ damaged files */
static void write_share(const char *folder, hx_str model) {
    static const char *const linked[] = {"words.hxd", "t2s.hxd", "lexicons"};
    char from[4096], to[4096];
    hx_error err = {0};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(from, sizeof from, "%s/%s", HX_SHARE_DIR, linked[i]);
        (void)snprintf(to, sizeof to, "%s/%s", folder, linked[i]);
        if (access(to, F_OK) != 0) assert_int_equal(symlink(from, to), 0);
    }
    (void)snprintf(to, sizeof to, "%s/models", folder);
    (void)mkdir(to, 0700);
    (void)snprintf(to, sizeof to, "%s/models/huaxiang-learn", folder);
    (void)mkdir(to, 0700);
    (void)snprintf(to, sizeof to, "%s" MODEL, folder);
    assert_int_equal(hx_file_write(to, model, false, &err), HX_OK);
}

static void expect_refused(const char *folder, hx_str model, const char *why) {
    const hx_text_model_options options = {.engine = HX_ENGINE_LEARN};
    hx_text_model *m = NULL;
    hx_error err = {0};
    write_share(folder, model);
    assert_int_equal(hx_text_model_open(&m, folder, &options, &err), HX_EFORMAT);
    assert_null(m);
    assert_non_null(strstr(err.message, why));
}

static void test_damaged_files_are_refused(void **state) {
    static const double bad_scale[6] = {0, HUGE_VAL, 0, 1, 0, 0};
    static const char few[8] = {0};
    char folder[] = "/tmp/hx_learned_XXXXXX", path[4096];
    hx_error err = {0};
    hx_buf b;
    (void)state;
    assert_non_null(mkdtemp(folder));
    hx_buf_init(&b, (size_t)16 << 20);
    assert_int_equal(hx_file_read(HX_SHARE_DIR MODEL, &b, &err), HX_OK);
    expect_refused(folder, (hx_str){b.ptr, b.len - 1}, "cut short");
    b.ptr[b.len / 2] ^= 1;
    expect_refused(folder, hx_buf_str(&b), "damaged");
    expect_refused(folder, hx_str_of("no model at all, but a text that goes on for a while"),
                   "is not a Huaxiang data file");
    hx_buf_release(&b);

    const hx_datafile_part parts[] = {{"grams.check", {few, 8}},
                                      {"grams.weight", {few, 8}},
                                      {"grams.scale", {(const char *)bad_scale, sizeof bad_scale}}};
    (void)snprintf(path, sizeof path, "%s/other.hxd", folder);
    for (size_t n = 2; n <= 3; n++) {
        assert_int_equal(hx__datafile_write(path, "learn", parts, n, &err), HX_OK);
        hx_buf_init(&b, 1 << 16);
        assert_int_equal(hx_file_read(path, &b, &err), HX_OK);
        expect_refused(folder, hx_buf_str(&b), n == 2 ? "no section" : "no sound model");
        hx_buf_release(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_five_comments),
                                       cmocka_unit_test(test_annotation_names_the_engine),
                                       cmocka_unit_test(test_intents),
                                       cmocka_unit_test(test_several_intents_hold),
                                       cmocka_unit_test(test_emotions),
                                       cmocka_unit_test(test_texts_at_the_edge),
                                       cmocka_unit_test(test_a_text_of_a_megabyte),
                                       cmocka_unit_test(test_damaged_files_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
