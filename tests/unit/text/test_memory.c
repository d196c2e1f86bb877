/* test_memory.c - corrections of single texts: at once in force for equal and nearly equal texts, not for a near text with another meaning, felt by
 * similar ones, taken back without a trace; and journals that nobody of ours wrote. Of words: the text as taught by every reader of words, other
 * texts by what was learned, the latest of two, any characters. */
#include "text_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define TAUGHT_TEXT "昨天下单的那款锅，价格真是绝了，一般人根本吃不消，你们慢慢玩吧"

static char path[] = "/tmp/hx_memory_XXXXXX/m.jsonl";

static int make_folder(void **state) {
    (void)state;
    path[strlen("/tmp/hx_memory_XXXXXX")] = '\0';
    if (!mkdtemp(path)) return -1;
    path[strlen(path)] = '/';
    return 0;
}

static int drop_folder(void **state) {
    (void)state;
    (void)unlink(path);
    *strrchr(path, '/') = '\0';
    return rmdir(path);
}

static int drop_file(void **state) {
    (void)state;
    (void)unlink(path);
    return 0;
}

static hx_sentiment ask(hx_engine engine, const char *text, double *logit) {
    const hx_text_model_options options = {.engine = engine, .memory = path};
    hx_text_model *m = NULL;
    hx_annotator *a = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_sentiment s;
    hx_annotation all;
    assert_int_equal(hx_text_model_open(&m, HX_SHARE_DIR, &options, &err), HX_OK);
    assert_int_equal(hx_annotator_new(&a, m, &err), HX_OK);
    assert_int_equal(hx_text_sentiment(a, hx_str_of(text), arena, &s, &err), HX_OK);
    double sum = s.bias;
    for (size_t i = 0; i < s.n_evidence; i++) {
        assert_true(s.evidence[i].span.start < s.evidence[i].span.end);
        assert_true(s.evidence[i].span.end <= strlen(text));
        sum += s.evidence[i].weight;
    }
    assert_true(sum == s.logit);
    assert_int_equal(hx_text_annotate(a, hx_str_of(text), arena, &all, &err), HX_OK);
    assert_int_equal(all.sentiment.label, s.label);
    assert_true(all.sentiment.logit == s.logit);
    if (logit) *logit = s.logit;
    hx_annotator_free(a);
    hx_text_model_close(m);
    hx_arena_free(arena);
    s.evidence = NULL;
    return s;
}

static int64_t teach_text(const char *text, hx_sentiment_label label) {
    hx_error err = {0};
    int64_t id = 0;
    assert_int_equal(
        hx_memory_teach(path, hx_str_of(text), label, HX_ENGINE_LEARN, 1764000000000, &id, &err),
        HX_OK);
    return id;
}

static void test_equal_and_near(void **state) {
    static const char near[] = "昨天下单的那款锅，价格真是绝了，一般人根本吃不消，你们慢慢玩呀！！";
    static const hx_engine engines[] = {HX_ENGINE_RULES, HX_ENGINE_LEARN};
    (void)state;
    for (size_t e = 0; e < 2; e++) {
        double other, after;
        hx_sentiment before = ask(engines[e], TAUGHT_TEXT, NULL);
        hx_sentiment_label taught =
            before.label == HX_SENTIMENT_NEGATIVE ? HX_SENTIMENT_POSITIVE : HX_SENTIMENT_NEGATIVE;
        (void)ask(engines[e], "书很有趣", &other);
        assert_int_equal(teach_text(TAUGHT_TEXT, taught), 1);
        hx_sentiment s = ask(engines[e], TAUGHT_TEXT "！！", NULL);
        assert_int_equal(s.label, taught);
        assert_true(s.score > 0.99);
        s = ask(engines[e], near, NULL);
        assert_int_equal(s.label, taught);
        assert_true(s.score > 0.9 && s.score < 0.99);
        (void)ask(engines[e], "书很有趣", &after);
        assert_true(other == after);
        assert_int_equal(unlink(path), 0);
    }
}

static void test_words_that_turn_a_near_text(void **state) {
    double plain, after;
    (void)state;
    (void)ask(HX_ENGINE_LEARN, "这家酒店的房间很好，我们全家都很喜欢，下次还会来住", &plain);
    assert_true(plain > 0);
    teach_text("这家酒店的房间不好，我们全家都不喜欢，下次不会来住", HX_SENTIMENT_NEGATIVE);
    (void)ask(HX_ENGINE_LEARN, "这家酒店的房间很好，我们全家都很喜欢，下次还会来住", &after);
    assert_true(after > 0);
}

static void test_similar_texts_lean(void **state) {
    double before, after;
    hx_sentiment_label side;
    (void)state;
    (void)ask(HX_ENGINE_LEARN, "真下头，走了", &before);
    side = before > 0 ? HX_SENTIMENT_NEGATIVE : HX_SENTIMENT_POSITIVE;
    teach_text("老板真下头", side);
    (void)ask(HX_ENGINE_LEARN, "真下头，走了", &after);
    assert_true(before > 0 ? after < before : after > before);
}

static void test_taken_back_without_a_trace(void **state) {
    double first, one, two, back;
    hx_arena *arena = hx_arena_new(0);
    const hx_taught *all;
    size_t n;
    hx_error err = {0};
    (void)state;
    (void)ask(HX_ENGINE_LEARN, "客服说话阴阳怪气的", &first);
    assert_int_equal(teach_text("客服阴阳怪气", HX_SENTIMENT_NEGATIVE), 1);
    (void)ask(HX_ENGINE_LEARN, "客服说话阴阳怪气的", &one);
    assert_int_equal(teach_text("说话阴阳怪气的", HX_SENTIMENT_POSITIVE), 2);
    (void)ask(HX_ENGINE_LEARN, "客服说话阴阳怪气的", &two);
    assert_true(first != one && one != two);
    assert_int_equal(hx_memory_undo(path, 2, 1764000000001, &err), HX_OK);
    (void)ask(HX_ENGINE_LEARN, "客服说话阴阳怪气的", &back);
    assert_true(back == one);
    assert_int_equal(hx_memory_undo(path, 1, 1764000000002, &err), HX_OK);
    (void)ask(HX_ENGINE_LEARN, "客服说话阴阳怪气的", &back);
    assert_true(back == first);
    assert_int_equal(hx_memory_undo(path, 1, 0, &err), HX_ENOTFOUND);
    assert_int_equal(hx_memory_undo(path, 7, 0, &err), HX_ENOTFOUND);
    assert_int_equal(hx_memory_read(path, arena, &all, &n, &err), HX_OK);
    assert_int_equal(n, 2);
    assert_true(all[0].undone && all[1].undone);
    assert_string_equal(all[0].at.ptr, "2025-11-24T16:00:00Z");
    assert_int_equal(teach_text("新的", HX_SENTIMENT_POSITIVE), 3);
    hx_arena_free(arena);
}

/* ------------------------------------------------------------------ words */
enum { WORDS_MAX = 64 };

/* The words of a text, | between them: by the rules, or by a tagger. */
static const char *cut(hx_engine engine, bool by_tagger, const char *text) {
    static char got[1024];
    const hx_text_model_options options = {.engine = engine, .memory = path};
    hx_text_model *m = NULL;
    hx_annotator *a = NULL;
    hx_tagger *t = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    const hx_word *words;
    hx_tagged_text said = {NULL, 0};
    size_t n = 0, at = 0;
    const hx_str s = hx_str_of(text);
    assert_int_equal(hx_text_model_open(&m, HX_SHARE_DIR, &options, &err), HX_OK);
    assert_int_equal(hx_annotator_new(&a, m, &err), HX_OK);
    assert_int_equal(hx_tagger_open(&t, m, HX_WORDS_PKU, &err), HX_OK);
    assert_int_equal(hx_text_words(a, s, arena, &words, &n, &err), HX_OK);
    if (by_tagger) assert_int_equal(hx_tagger_cut(t, &s, 1, arena, &said, &err), HX_OK);
    got[0] = '\0';
    for (size_t i = 0; i < n && !by_tagger; i++)
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%.*s", i ? "|" : "",
                               (int)(words[i].span.end - words[i].span.start),
                               text + words[i].span.start);
    for (size_t i = 0; i < said.n; i++)
        for (size_t k = 0; k < said.sentences[i].n; k++) {
            const hx_span span = said.sentences[i].words[k].span;
            at += (size_t)snprintf(got + at, sizeof got - at, "%s%.*s", i + k ? "|" : "",
                                   (int)(span.end - span.start), text + span.start);
        }
    hx_tagger_close(t);
    hx_annotator_free(a);
    hx_text_model_close(m);
    hx_arena_free(arena);
    return got;
}

/* words: | between them. */
static hx_status teach_words(const char *text, const char *words, size_t *learned) {
    const hx_text_model_options options = {.engine = HX_ENGINE_LEARN, .memory = path};
    hx_text_model *m = NULL;
    hx_arena *arena = hx_arena_new(0);
    hx_error err = {0};
    hx_taught t;
    hx_str list[WORDS_MAX];
    size_t n = 0;
    for (const char *at = words; *at && n < WORDS_MAX;) {
        size_t len = strcspn(at, "|");
        list[n++] = (hx_str){at, len};
        at += len + (at[len] == '|');
    }
    assert_int_equal(hx_text_model_open(&m, HX_SHARE_DIR, &options, &err), HX_OK);
    hx_status st =
        hx_memory_teach_words(path, m, hx_str_of(text), list, n, 1764000000000, arena, &t, &err);
    if (learned) *learned = t.n_learned;
    hx_text_model_close(m);
    hx_arena_free(arena);
    return st;
}

static void check_cut(const char *text, const char *words) {
    assert_string_equal(cut(HX_ENGINE_RULES, false, text), words);
    assert_string_equal(cut(HX_ENGINE_LEARN, true, text), words);
}

static void test_words_as_taught(void **state) {
    static const char *const texts[][2] = {
        {"我爱云南白药牙膏", "我|爱|云南白药牙膏"},
        {"研究生命起源", "研究生|命|起源"},
        {"我的iPhone 15 Pro很好用😀👍", "我|的|iPhone 15 Pro|很好用|😀👍"},
        {"iphone15promax值了", "iphone15|promax|值了"},
        {"I don't like it!!", "I|don't|like it|!!"},
        {"買了ＡＢＣ牙膏。\n第二行", "買了|ＡＢＣ牙膏|。|第二|行"},
        {"a&amp;b 和<b>c</b>", "a|&amp;|b|和<b>|c|</b>"}};
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(teach_words(texts[i][0], texts[i][1], NULL), HX_OK);
        assert_string_equal(cut(HX_ENGINE_RULES, true, texts[i][0]), texts[i][1]);
    }
    for (size_t i = 0; i < 6; i++)
        check_cut(texts[i][0], texts[i][1]);
    assert_int_equal(teach_words(texts[6][0], texts[6][1], NULL), HX_OK);
}

static void test_words_of_other_texts(void **state) {
    (void)state;
    char was[256];
    snprintf(was, sizeof was, "%s", cut(HX_ENGINE_RULES, false, "他说云南白药牙膏很贵"));
    assert_null(strstr(was, "|云南白药牙膏|"));
    assert_int_equal(teach_words("我爱云南白药牙膏", "我|爱|云南白药牙膏", NULL), HX_OK);
    for (int i = 0; i < 2; i++)
        assert_non_null(strstr(cut(HX_ENGINE_RULES, i, "他说雲南白藥牙膏很貴"), "|雲南白藥牙膏|"));
    assert_int_equal(teach_words("买了iphone15promax", "买|了|iphone15|promax", NULL), HX_OK);
    check_cut("iphone15promax", "iphone15|promax");
    check_cut("xiphone15promax", "xiphone15promax"); /* no word begins there */
}

static void test_latest_words_hold(void **state) {
    size_t learned = 9;
    (void)state;
    assert_int_equal(teach_words("我爱云南白药牙膏", "我|爱|云南白药牙膏", &learned), HX_OK);
    assert_int_equal(learned, 1);
    assert_int_equal(teach_words("我爱云南白药牙膏", "我|爱|云南白药牙膏", &learned), HX_OK);
    assert_int_equal(learned, 0);
    assert_int_equal(teach_words("我爱云南白药牙膏", "我|爱|云南|白药|牙膏", &learned), HX_OK);
    check_cut("我爱云南白药牙膏", "我|爱|云南|白药|牙膏");
    hx_error err = {0};
    assert_int_equal(hx_memory_undo(path, 3, 0, &err), HX_OK);
    check_cut("我爱云南白药牙膏", "我|爱|云南白药牙膏");
    assert_int_equal(hx_memory_undo(path, 2, 0, &err), HX_OK);
    assert_int_equal(hx_memory_undo(path, 1, 0, &err), HX_OK);
    assert_string_equal(cut(HX_ENGINE_RULES, false, "我爱云南白药牙膏"), "我|爱|云南白药|牙膏");
}

static void test_words_beside_sentiment(void **state) {
    double before, after;
    (void)state;
    (void)ask(HX_ENGINE_LEARN, "我爱云南白药牙膏", &before);
    assert_int_equal(teach_words("我爱云南白药牙膏", "我|爱|云南白药牙膏", NULL), HX_OK);
    (void)ask(HX_ENGINE_LEARN, "我爱云南白药牙膏", &after);
    assert_true(before == after);
    assert_int_equal(teach_text("我爱云南白药牙膏", HX_SENTIMENT_NEGATIVE), 2);
    assert_int_equal(ask(HX_ENGINE_LEARN, "我爱云南白药牙膏", NULL).label, HX_SENTIMENT_NEGATIVE);
    check_cut("我爱云南白药牙膏", "我|爱|云南白药牙膏");
}

static void test_words_that_are_not_the_texts(void **state) {
    (void)state;
    assert_int_equal(teach_words("我爱牙膏", "我|恨|牙膏", NULL), HX_EINVAL);
    assert_int_equal(teach_words("我爱牙膏", "我|爱", NULL), HX_EINVAL);
    assert_int_equal(teach_words("我爱牙膏", "我|爱|牙膏|好", NULL), HX_EINVAL);
    assert_int_equal(teach_words("我爱牙膏", "", NULL), HX_EINVAL);
    assert_int_equal(teach_words("\xff", "\xff", NULL), HX_EINVAL);
    assert_false(hx_file_exists(path));
}

static void test_journals_of_others(void **state) {
    static const char *const bad[] = {"{\"id\":1}\n",
                                      "no line\n",
                                      "{\"undo\":1}\n",
                                      "{\"id\":0,\"text\":\"a\",\"label\":\"positive\"}\n",
                                      "{\"id\":1,\"text\":\"a\",\"label\":\"glad\"}\n",
                                      "{\"id\":1,\"text\":\"a\",\"words\":[]}\n",
                                      "{\"id\":1,\"text\":\"a\",\"words\":[\"\"]}\n",
                                      "{\"id\":1,\"text\":\"a\",\"words\":\"a\"}\n",
                                      "{\"id\":1,\"text\":\"a\",\"words\":[\"a\"],"
                                      "\"learned\":[3]}\n",
                                      "{\"id\":1,\"text\":\"a\",\"words\":[\"a\"],"
                                      "\"label\":\"mixed\"}\n",
                                      "{\"id\":2,\"text\":\"a\",\"label\":\"mixed\"}\n"
                                      "{\"id\":2,\"text\":\"b\",\"label\":\"mixed\"}\n"};
    const hx_text_model_options options = {.memory = path};
    hx_text_model *m = NULL;
    hx_error err = {0};
    int64_t id;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(hx_file_write(path, hx_str_of(bad[i]), false, &err), HX_OK);
        assert_int_equal(hx_text_model_open(&m, HX_SHARE_DIR, &options, &err), HX_EFORMAT);
        assert_non_null(strstr(err.message, "no correction"));
        assert_null(m);
    }
    (void)unlink(path);
    assert_int_equal(
        hx_memory_teach(path, hx_str_of(""), HX_SENTIMENT_MIXED, HX_ENGINE_RULES, 0, &id, &err),
        HX_EINVAL);
    assert_int_equal(
        hx_memory_teach(path, hx_str_of("a"), HX_SENTIMENT_NONE, HX_ENGINE_RULES, 0, &id, &err),
        HX_EINVAL);
    assert_false(hx_file_exists(path));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_equal_and_near, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_words_that_turn_a_near_text, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_similar_texts_lean, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_taken_back_without_a_trace, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_words_as_taught, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_words_of_other_texts, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_latest_words_hold, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_words_beside_sentiment, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_words_that_are_not_the_texts, NULL, drop_file),
        cmocka_unit_test_setup_teardown(test_journals_of_others, NULL, drop_file)};
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
