/* test_memory.c - corrections of single texts: at once in force for equal and nearly equal texts, not for a near text with another meaning, felt by
 * similar ones, taken back without a trace; and journals that nobody of ours wrote. */
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

static void test_journals_of_others(void **state) {
    static const char *const bad[] = {"{\"id\":1}\n",
                                      "no line\n",
                                      "{\"undo\":1}\n",
                                      "{\"id\":0,\"text\":\"a\",\"label\":\"positive\"}\n",
                                      "{\"id\":1,\"text\":\"a\",\"label\":\"glad\"}\n",
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
        cmocka_unit_test_setup_teardown(test_journals_of_others, NULL, drop_file)};
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
