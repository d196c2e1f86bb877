/* test_adapt.c - sentiment fitted to a few texts: words of a trade get their side, evidence still adds up, the same texts give the same bytes, and what
 * can't be fitted or opened is refused with a sentence. */
#include "text_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "text/datafile.h"

enum { EACH = 20 };

typedef struct {
    hx_text_model *model;
    hx_annotator *annotator;
    hx_arena *arena;
} fixture;

static void open_by(fixture *f, hx_engine engine, const char *adapt) {
    const hx_text_model_options options = {.engine = engine, .adapt = adapt};
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

/* Texts of a trade that turns usual words round: among anglers 咬口 and 狡猾 are praise, 安静 and 空 are not. */
static size_t make_texts(hx_arena *arena, hx_str *texts, hx_sentiment_label *labels, size_t each) {
    static const char *const good[] = {"今天咬口不断，竿竿都狡猾", "狡猾的鱼，咬口清晰",
                                       "咬口凶猛，手都酸了", "鱼很狡猾，过瘾"};
    static const char *const bad[] = {"水面安静，一天空护", "安静得可怕，空手回", "又是空护，白等",
                                      "湖里安静，什么都没有"};
    size_t n = 0;
    for (size_t i = 0; i < 2 * each; i++) {
        char line[128];
        bool positive = i % 2 == 0;
        (void)snprintf(line, sizeof line, "%s，第%zu次来", (positive ? good : bad)[i / 2 % 4], i);
        texts[n] = hx_arena_str(arena, hx_str_of(line));
        labels[n++] = positive ? HX_SENTIMENT_POSITIVE : HX_SENTIMENT_NEGATIVE;
    }
    return n;
}

static hx_status fit(fixture *f, size_t each, const char *path, hx_adapt_report *report,
                     hx_error *err) {
    hx_str texts[2 * EACH + 1];
    hx_sentiment_label labels[2 * EACH + 1];
    size_t n = make_texts(f->arena, texts, labels, each);
    texts[n] = hx_str_of("不好说");
    labels[n] = HX_SENTIMENT_NEUTRAL;
    const hx_labelled_texts data = {texts, labels, n + 1};
    return hx_text_adapt(f->annotator, &data, path, report, err);
}

static hx_sentiment read_text(fixture *f, const char *text) {
    hx_error err = {0};
    hx_sentiment s;
    assert_int_equal(hx_text_sentiment(f->annotator, hx_str_of(text), f->arena, &s, &err), HX_OK);
    return s;
}

static void expect_sound(const hx_sentiment *s, size_t bytes) {
    double sum = s->bias;
    for (size_t i = 0; i < s->n_evidence; i++) {
        sum += s->evidence[i].weight;
        assert_true(s->evidence[i].span.start < s->evidence[i].span.end);
        assert_true(s->evidence[i].span.end <= bytes);
    }
    assert_true(sum == s->logit);
    assert_true(s->score > 0 && s->score <= 1);
}

static void expect_fitted(hx_engine engine) {
    static const struct {
        const char *text;
        hx_sentiment_label label;
    } unseen[] = {{"下午咬口也狡猾", HX_SENTIMENT_POSITIVE},
                  {"还是安静，空护一场", HX_SENTIMENT_NEGATIVE},
                  {"这个商品很差！", HX_SENTIMENT_NEGATIVE},
                  {"服务很好，很满意", HX_SENTIMENT_POSITIVE}};
    char folder[] = "/tmp/hx_adapt_XXXXXX", path[64];
    hx_adapt_report report;
    hx_error err = {0};
    fixture f;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/shop.adapt", folder);
    open_by(&f, engine, NULL);
    assert_int_equal(fit(&f, EACH, path, &report, &err), HX_OK);
    uint64_t before = hx_text_model_hash(f.model);
    close_all(&f);
    assert_int_equal(report.used, 2 * EACH);
    assert_int_equal(report.left_out, 1);
    assert_true(report.after > report.before && report.after > 0.9);
    assert_true(report.loss_after < report.loss_before);
    assert_true(report.grams > 0);
    open_by(&f, engine, path);
    assert_int_equal(hx_text_model_engine(f.model), engine);
    assert_true(hx_text_model_hash(f.model) != before);
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
        hx_annotation all;
        hx_sentiment s = read_text(&f, unseen[i].text);
        assert_int_equal(s.label, unseen[i].label);
        expect_sound(&s, strlen(unseen[i].text));
        assert_int_equal(
            hx_text_annotate(f.annotator, hx_str_of(unseen[i].text), f.arena, &all, &err), HX_OK);
        assert_true(all.sentiment.logit == s.logit && all.sentiment.label == s.label);
    }
    assert_int_equal(read_text(&f, "").label, HX_SENTIMENT_NEUTRAL);
    assert_true(read_text(&f, "🀄🀄").logit == 0);
    close_all(&f);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void test_words_of_a_trade(void **state) {
    (void)state;
    expect_fitted(HX_ENGINE_LEARN);
    expect_fitted(HX_ENGINE_RULES);
}

static void test_same_texts_same_bytes(void **state) {
    char path[] = "/tmp/hx_adapt_XXXXXX";
    int fd = mkstemp(path);
    hx_buf once, again;
    hx_adapt_report report;
    hx_error err = {0};
    fixture f;
    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    open_by(&f, HX_ENGINE_LEARN, NULL);
    hx_buf_init(&once, 1 << 24);
    hx_buf_init(&again, 1 << 24);
    assert_int_equal(fit(&f, EACH, path, &report, &err), HX_OK);
    assert_int_equal(hx_file_read(path, &once, &err), HX_OK);
    assert_int_equal(fit(&f, EACH, path, &report, &err), HX_OK);
    assert_int_equal(hx_file_read(path, &again, &err), HX_OK);
    assert_true(hx_str_equal(hx_buf_str(&once), hx_buf_str(&again)));
    hx_buf_release(&once);
    hx_buf_release(&again);
    close_all(&f);
    (void)unlink(path);
}

static void expect_no_open(hx_engine engine, const char *path, const char *why) {
    const hx_text_model_options options = {.engine = engine, .adapt = path};
    hx_text_model *m = NULL;
    hx_error err = {0};
    assert_int_not_equal(hx_text_model_open(&m, HX_SHARE_DIR, &options, &err), HX_OK);
    assert_null(m);
    assert_non_null(strstr(err.message, why));
}

static void test_what_is_refused(void **state) {
    char path[] = "/tmp/hx_adapt_XXXXXX";
    int fd = mkstemp(path);
    hx_adapt_report report;
    hx_engine engine;
    hx_error err = {0};
    hx_buf b;
    fixture f;
    (void)state;
    assert_true(fd >= 0);
    (void)close(fd);
    open_by(&f, HX_ENGINE_LEARN, NULL);
    assert_int_equal(fit(&f, 4, path, &report, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "at least 5 positive and 5 negative texts"));
    assert_int_equal(fit(&f, EACH, path, &report, &err), HX_OK);
    close_all(&f);
    assert_int_equal(hx_text_adapt_engine(path, &engine, &err), HX_OK);
    assert_int_equal(engine, HX_ENGINE_LEARN);
    expect_no_open(HX_ENGINE_RULES, path,
                   "was made for the engine learn; this is the engine rules");
    open_by(&f, HX_ENGINE_LEARN, path);
    assert_int_equal(fit(&f, EACH, path, &report, &err), HX_EINVAL);
    assert_non_null(strstr(err.message, "adapted already"));
    close_all(&f);
    hx_buf_init(&b, 1 << 24);
    assert_int_equal(hx_file_read(path, &b, &err), HX_OK);
    b.ptr[b.len - 1] ^= 1;
    assert_int_equal(hx_file_write(path, hx_buf_str(&b), false, &err), HX_OK);
    expect_no_open(HX_ENGINE_LEARN, path, "is damaged");
    hx_buf_release(&b);
    const double head[8] = {0, -1};
    const hx_datafile_part parts[] = {{"adapt.head", {(const char *)head, sizeof head}},
                                      {"adapt.hash", {NULL, 0}},
                                      {"adapt.weight", {NULL, 0}}};
    assert_int_equal(hx__datafile_write(path, "adapted", parts, 3, &err), HX_OK);
    expect_no_open(HX_ENGINE_LEARN, path, "no sound adaptation");
    assert_int_equal(hx_text_adapt_engine(path, &engine, &err), HX_EFORMAT);
    (void)unlink(path);
    expect_no_open(HX_ENGINE_LEARN, path, "no such file");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words_of_a_trade),
                                       cmocka_unit_test(test_same_texts_same_bytes),
                                       cmocka_unit_test(test_what_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
