/* test_beside.c - the engine learn beside the language model: the file of numbers and what is refused of it, sums that are exact, and that neither
 * is asked where one of the two is missing.
 *
 * The weights of huaxiang-small are what is installed; nothing here hangs on how good they are. */
#include "text_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "text/beside.h"

typedef struct {
    char share[64], numbers[128], learnt[128];
} folder;

static void folder_make(folder *f) {
    static const char *const parts[] = {"", "/models", "/models/huaxiang-small",
                                        "/models/huaxiang-learn"};
    char path[128];
    (void)snprintf(f->share, sizeof f->share, "/tmp/hx-beside-XXXXXX");
    assert_non_null(mkdtemp(f->share));
    for (size_t i = 1; i < sizeof parts / sizeof *parts; i++) {
        (void)snprintf(path, sizeof path, "%s%s", f->share, parts[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    (void)snprintf(f->numbers, sizeof f->numbers, "%s/models/huaxiang-small/beside.tsv", f->share);
    (void)snprintf(f->learnt, sizeof f->learnt, "%s/models/huaxiang-learn/learn.hxd", f->share);
    assert_int_equal(symlink(HX_SHARE_DIR "/models/huaxiang-learn/learn.hxd", f->learnt), 0);
}

static void folder_remove(folder *f) {
    static const char *const parts[] = {"/models/huaxiang-learn", "/models/huaxiang-small",
                                        "/models", ""};
    char path[128];
    (void)unlink(f->numbers);
    (void)unlink(f->learnt);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        (void)snprintf(path, sizeof path, "%s%s", f->share, parts[i]);
        assert_int_equal(rmdir(path), 0);
    }
}

static void put_numbers(const folder *f, const char *text) {
    assert_int_equal(hx_file_write(f->numbers, hx_str_of(text), false, NULL), HX_OK);
}

static void test_numbers_of_tasks_and_languages(void **state) {
    (void)state;
    folder f;
    hx_beside *b;
    folder_make(&f);
    assert_int_equal(hx__beside_open(&b, f.share, NULL), HX_OK);
    assert_null(b); /* no file, no word beside the model's */
    put_numbers(&f, "# about\nsentiment\tzh\t0.25\t0.5\t-1\n\nemotion\ten\t0\t1\t2\n");
    assert_int_equal(hx__beside_open(&b, f.share, NULL), HX_OK);
    const hx_beside_mix *mix = hx__beside_mix(b, HX_BESIDE_SENTIMENT, HX_LANG_ZH);
    assert_true(mix && mix->bias == 0.25 && mix->llama == 0.5 && mix->learn == -1 &&
                mix->rules == 0);
    put_numbers(&f, "sentiment\tzh\t0.25\t0.5\t-1\t0.125\nemotion\ten\t0\t1\t2\n");
    hx__beside_close(b);
    assert_int_equal(hx__beside_open(&b, f.share, NULL), HX_OK);
    mix = hx__beside_mix(b, HX_BESIDE_SENTIMENT, HX_LANG_ZH);
    assert_true(mix && mix->learn == -1 && mix->rules == 0.125);
    assert_ptr_equal(hx__beside_mix(b, HX_BESIDE_SENTIMENT, HX_LANG_MIXED), mix);
    assert_null(hx__beside_mix(b, HX_BESIDE_SENTIMENT, HX_LANG_EN));
    assert_non_null(hx__beside_mix(b, HX_BESIDE_EMOTION, HX_LANG_OTHER));
    assert_null(hx__beside_mix(NULL, HX_BESIDE_EMOTION, HX_LANG_ZH));
    hx__beside_close(b);
    assert_int_equal(unlink(f.learnt), 0);
    assert_int_equal(hx__beside_open(&b, f.share, NULL), HX_OK);
    assert_null(b); /* nothing learnt, nothing to add */
    folder_remove(&f);
}

static void test_bad_lines_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "sentiment\tzh\t0\t1\n",       "sentiment\tzh\t0\t1\t1\t1\t1\n",
        "emotion\tzh\t0\t1\t1\t1\n",   "mood\tzh\t0\t1\t1\n",
        "sentiment\tfr\t0\t1\t1\n",    "sentiment\tzh\t0\tx\t1\n",
        "sentiment\tzh\t0\t1000\t1\n", "sentiment\tzh\tnan\t1\t1\n",
        "sentiment zh 0 1 1\n"};
    folder f;
    hx_beside *b;
    folder_make(&f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hx_error err = {0};
        put_numbers(&f, bad[i]);
        assert_int_equal(hx__beside_open(&b, f.share, &err), HX_EFORMAT);
        assert_null(b);
        assert_non_null(strstr(err.message, "line 1 is no task, language and three numbers"));
    }
    folder_remove(&f);
}

static void test_evidence_sums_to_the_logit(void **state) {
    (void)state;
    static const char *const texts[] = {"这家餐厅很棒！",
                                        "这个商品很差！",
                                        "请问什么时候发货？",
                                        "The room was clean but rude staff",
                                        "物流快，质量不行",
                                        "waste of money!!!",
                                        "😀",
                                        "   ",
                                        "12345",
                                        "味道還可以，就是有點貴"};
    const hx_text_model_options options = {.engine = HX_ENGINE_LLAMA};
    hx_text_model *m;
    hx_annotator *a;
    hx_arena *arena = hx_arena_new(0);
    assert_int_equal(hx_text_model_open(&m, HX_SHARE_DIR, &options, NULL), HX_OK);
    assert_int_equal(hx_annotator_new(&a, m, NULL), HX_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hx_annotation r;
        hx_sentiment alone;
        hx_str text = hx_str_of(texts[i]);
        assert_int_equal(hx_text_annotate(a, text, arena, &r, NULL), HX_OK);
        double sum = r.sentiment.bias;
        for (size_t k = 0; k < r.sentiment.n_evidence; k++) {
            assert_true(r.sentiment.evidence[k].span.end <= text.len);
            sum += r.sentiment.evidence[k].weight;
        }
        assert_true(sum == r.sentiment.logit);
        assert_true(r.sentiment.score >= 0 && r.sentiment.score <= 1);
        assert_int_equal(hx_text_sentiment(a, text, arena, &alone, NULL), HX_OK);
        assert_true(alone.logit == r.sentiment.logit && alone.label == r.sentiment.label);
    }
    hx_annotator_free(a);
    hx_text_model_close(m);
    hx_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers_of_tasks_and_languages),
                                       cmocka_unit_test(test_bad_lines_are_refused),
                                       cmocka_unit_test(test_evidence_sums_to_the_logit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
