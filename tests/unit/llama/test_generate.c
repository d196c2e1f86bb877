/* test_generate.c - generation with a tiny random model: its logits are arbitrary, so what holds here holds whatever a model says.
 *
 * With HX_MODEL_DIR (or the cache folder) real models answer too; without them that part is skipped with a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/utf8.h"
#include "huaxiang/llama.h"

#define TINY HX_SOURCE_DIR "/tests/golden/llama/gguf_chat.gguf"

typedef struct {
    hx_llama *model;
    hx_llama_context *context;
    hx_arena *arena;
    hx_tokens prompt;
} fixture;

static fixture open_fixture(const char *path, const hx_context_options *options,
                            const char *question) {
    fixture f = {0};
    hx_error err = {0};
    hx_llama_options o = {.n_threads = 1};
    if (hx_llama_open(&f.model, path, &o, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_llama_context_open(&f.context, f.model, options, &err) != HX_OK)
        fail_msg("%s", err.message);
    f.arena = hx_arena_new(0);
    hx_chat_message message = {"user", hx_str_of(question)};
    if (hx_llama_chat(f.model, &message, 1, true, f.arena, &f.prompt, &err) != HX_OK)
        fail_msg("%s", err.message);
    return f;
}

static void close_fixture(fixture *f) {
    hx_arena_free(f->arena);
    hx_llama_context_close(f->context);
    hx_llama_close(f->model);
}

typedef struct {
    hx_buf text;
    size_t calls, stop_after;
    double log_prob;
} stream;

static bool collect(void *context, const hx_generated *g) {
    stream *s = context;
    assert_true(hx_utf8_is_valid(g->text));
    hx_buf_append_str(&s->text, g->text);
    s->log_prob += (double)g->log_prob;
    return ++s->calls != s->stop_after;
}

static hx_generation generate(fixture *f, const hx_generate_options *o, size_t stop_after) {
    hx_generation out = {0};
    hx_error err = {0};
    stream s = {.stop_after = stop_after};
    hx_buf_init(&s.text, 1 << 20);
    if (hx_llama_generate(f->context, 0, f->prompt.ids, f->prompt.n, o, collect, &s, f->arena, &out,
                          &err) != HX_OK)
        fail_msg("%s", err.message);
    assert_true(hx_utf8_is_valid(out.text));
    assert_int_equal(s.calls, out.n_tokens);
    if (out.end != HX_END_CANCELLED) assert_true(hx_str_equal(hx_buf_str(&s.text), out.text));
    assert_true(fabs(s.log_prob - out.log_prob) < 1e-3);
    hx_buf_release(&s.text);
    return out;
}

/* ------------------------------------------------------------------ free */
static void greedy_is_the_argmax_of_each_step(void **state) {
    (void)state;
    fixture f = open_fixture(TINY, NULL, "is this good");
    hx_generate_options o = {.max_tokens = 20, .log_probs = true};
    hx_generation out = generate(&f, &o, 0);
    assert_true(out.n_prompt == f.prompt.n && out.n_tokens > 0);
    int32_t ids[20], token = -1;
    size_t n = 0;
    hx_llama_piece piece = {
        .ids = f.prompt.ids, .n = f.prompt.n, .sequence = 0, .want = HX_WANT_LOGITS_LAST};
    assert_int_equal(hx_llama_sequence_cut(f.context, 0, 0, NULL), HX_OK);
    double log_prob = 0;
    while (n < out.n_tokens) {
        assert_int_equal(hx_llama_run(f.context, &piece, 1, NULL), HX_OK);
        const float *x = hx_llama_logits(f.context, 0, NULL);
        double sum = 0;
        token = 0;
        for (size_t i = 0; i < hx_llama_describe(f.model)->n_vocab; i++) {
            if (x[i] > x[token]) token = (int32_t)i;
            sum += exp((double)x[i]);
        }
        ids[n++] = token;
        log_prob += (double)x[token] - log(sum);
        piece = (hx_llama_piece){
            .ids = &ids[n - 1], .n = 1, .sequence = 0, .want = HX_WANT_LOGITS_LAST, .step = true};
    }
    assert_true(fabs(log_prob - out.log_prob) < 1e-3 * fabs(log_prob));
    hx_str text;
    assert_int_equal(hx_llama_detokenize(f.model, ids, n, false, f.arena, &text, NULL), HX_OK);
    if (hx_utf8_is_valid(text)) assert_true(hx_str_equal(text, out.text));
    close_fixture(&f);
}

static void random_texts_are_whole_characters(void **state) {
    (void)state;
    fixture f = open_fixture(TINY, NULL, "a");
    for (uint64_t seed = 0; seed < 20; seed++) {
        hx_generate_options o = {.temperature = 2, .seed = seed, .max_tokens = 60};
        hx_generation a = generate(&f, &o, 0), b = generate(&f, &o, 0);
        assert_true(hx_str_equal(a.text, b.text));
        assert_true(a.end == HX_END_OF_TEXT || (a.end == HX_END_LENGTH && a.n_tokens == 60));
    }
    close_fixture(&f);
}

static void stop_texts_are_not_part_of_it(void **state) {
    (void)state;
    fixture f = open_fixture(TINY, NULL, "good");
    int stopped = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
        hx_generate_options o = {.temperature = 1, .seed = seed, .max_tokens = 40};
        hx_generation whole = generate(&f, &o, 0);
        size_t at = whole.text.len / 2, end = at;
        for (int i = 0; i < 3 && end < whole.text.len; i++)
            hx_utf8_next(whole.text, &end);
        while (at < end && ((unsigned char)whole.text.ptr[at] & 0xC0) == 0x80)
            at++;
        if (at >= end) continue;
        hx_str stops[2] = {HX_STR_LIT("never this one"), {whole.text.ptr + at, end - at}};
        o.stop = stops;
        o.n_stop = 2;
        hx_generation cut = generate(&f, &o, 0);
        const char *first = memmem(whole.text.ptr, whole.text.len, stops[1].ptr, stops[1].len);
        assert_int_equal(cut.end, HX_END_STOP);
        assert_true(
            hx_str_equal(cut.text, (hx_str){whole.text.ptr, (size_t)(first - whole.text.ptr)}));
        stopped++;
    }
    assert_true(stopped > 6);
    close_fixture(&f);
}

static void ends_by_length_and_by_the_caller(void **state) {
    (void)state;
    hx_context_options small = {.n_positions = 40};
    fixture f = open_fixture(TINY, &small, "x");
    hx_generate_options o = {.temperature = 1, .seed = 3, .max_tokens = 1000};
    hx_generation out = generate(&f, &o, 0);
    if (out.end != HX_END_OF_TEXT) {
        assert_int_equal(out.end, HX_END_LENGTH);
        assert_int_equal(f.prompt.n + out.n_tokens, 41); /* the last token needs no place */
    }
    out = generate(&f, &o, 2);
    assert_int_equal(out.end, HX_END_CANCELLED);
    assert_int_equal(out.n_tokens, 2);
    close_fixture(&f);
}

/* ------------------------------------------------------------------ under a grammar */
static void grammars_hold(void **state) {
    (void)state;
    fixture f = open_fixture(TINY, NULL, "is it bad");
    hx_grammar *g = NULL;
    assert_int_equal(
        hx_grammar_new(
            &g, HX_STR_LIT("root ::= (\" good\" | \" bad\") \"\xE5\xA5\xBD\"{2} [0-9]{1,3} \"!\""),
            NULL),
        HX_OK);
    int goods = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        hx_generate_options o = {.temperature = (float)(seed % 3),
                                 .seed = seed,
                                 .grammar = g,
                                 .top_k = seed % 2 ? 5 : 0};
        hx_generation out = generate(&f, &o, 0);
        assert_int_equal(out.end, HX_END_OF_TEXT);
        bool is_good = out.text.len > 5 && memcmp(out.text.ptr, " good", 5) == 0;
        size_t at = is_good ? 5 : 4;
        assert_true(is_good || (out.text.len > 4 && memcmp(out.text.ptr, " bad", 4) == 0));
        assert_true(out.text.len >= at + 8 &&
                    memcmp(out.text.ptr + at, "\xE5\xA5\xBD\xE5\xA5\xBD", 6) == 0);
        assert_int_equal(out.text.ptr[out.text.len - 1], '!');
        for (size_t i = at + 6; i + 1 < out.text.len; i++)
            assert_in_range(out.text.ptr[i], '0', '9');
        goods += is_good;
    }
    assert_true(goods > 0 && goods < 60);
    hx_grammar_free(g);
    close_fixture(&f);
}

static void schemas_hold(void **state) {
    (void)state;
    fixture f = open_fixture(TINY, NULL, "json");
    hx_grammar *g = NULL;
    hx_str schema = HX_STR_LIT("{\"type\":\"object\",\"properties\":{\"mood\":{\"enum\":[\"good\","
                               "\"bad\"]},\"score\":{\"type\":\"integer\","
                               "\"minimum\":1,\"maximum\":5},\"words\":{\"type\":\"array\","
                               "\"items\":{\"type\":\"string\",\"maxLength\":4},"
                               "\"maxItems\":3}},\"required\":[\"mood\",\"score\"]}");
    assert_int_equal(hx_grammar_of_schema(&g, schema, NULL), HX_OK);
    for (uint64_t seed = 0; seed < 30; seed++) {
        hx_generate_options o = {
            .temperature = 1.5f, .seed = seed, .grammar = g, .max_tokens = 300};
        hx_generation out = generate(&f, &o, 0);
        json_t *value = NULL;
        hx_error err = {0};
        assert_int_equal(out.end, HX_END_OF_TEXT);
        if (hx_json_parse(out.text, 1 << 20, "text", &value, &err) != HX_OK)
            fail_msg("%s", err.message);
        assert_in_range(json_integer_value(json_object_get(value, "score")), 1, 5);
        const char *mood = json_string_value(json_object_get(value, "mood"));
        assert_true(strcmp(mood, "good") == 0 || strcmp(mood, "bad") == 0);
        assert_true(json_array_size(json_object_get(value, "words")) <= 3);
        json_decref(value);
    }
    hx_grammar_free(g);
    close_fixture(&f);
}

/* ------------------------------------------------------------------ slots and mistakes */
/* A fork of a prefix goes on from it; the text equals that of the whole prompt. */
static void goes_on_from_a_prefix(void **state) {
    (void)state;
    hx_context_options two = {.n_sequences = 2, .n_positions = 200};
    fixture f = open_fixture(TINY, &two, "is this good or bad");
    hx_generate_options o = {.max_tokens = 16};
    hx_generation whole = generate(&f, &o, 0), forked;
    size_t half = f.prompt.n / 2;
    hx_llama_piece prefix = {.ids = f.prompt.ids, .n = half, .sequence = 0};
    assert_int_equal(hx_llama_sequence_cut(f.context, 0, 0, NULL), HX_OK);
    assert_int_equal(hx_llama_run(f.context, &prefix, 1, NULL), HX_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(hx_llama_sequence_fork(f.context, 1, 0, NULL), HX_OK);
        assert_int_equal(hx_llama_generate(f.context, 1, f.prompt.ids + half, f.prompt.n - half, &o,
                                           NULL, NULL, f.arena, &forked, NULL),
                         HX_OK);
        assert_true(hx_str_equal(whole.text, forked.text));
    }
    close_fixture(&f);
}

static void mistakes_get_a_sentence(void **state) {
    (void)state;
    fixture f = open_fixture(TINY, NULL, "x");
    hx_generation out = {0};
    hx_error err = {0};
    hx_str empty = {"", 0}, bad = HX_STR_LIT("\xC3");
    hx_generate_options o = {.stop = &empty, .n_stop = 1};
    hx_llama_context *c = f.context;
    assert_int_equal(
        hx_llama_generate(c, 0, f.prompt.ids, 0, NULL, NULL, NULL, f.arena, &out, &err), HX_EINVAL);
    assert_string_equal(err.message, "the prompt is empty: give at least one token");
    assert_int_equal(hx_llama_generate(c, 0, f.prompt.ids, 1, &o, NULL, NULL, f.arena, &out, &err),
                     HX_EINVAL);
    assert_string_equal(err.message, "a stop text must be UTF-8 of 1 to 1024 bytes");
    o.stop = &bad;
    assert_int_equal(hx_llama_generate(c, 0, f.prompt.ids, 1, &o, NULL, NULL, f.arena, &out, &err),
                     HX_EINVAL);
    assert_int_equal(
        hx_llama_generate(c, 7, f.prompt.ids, 1, NULL, NULL, NULL, f.arena, &out, &err), HX_EINVAL);
    assert_int_equal(
        hx_llama_generate(c, -1, f.prompt.ids, 1, NULL, NULL, NULL, f.arena, &out, &err),
        HX_EINVAL);
    hx_generate_options hot = {.temperature = -1};
    assert_int_equal(
        hx_llama_generate(c, 0, f.prompt.ids, 1, &hot, NULL, NULL, f.arena, &out, &err), HX_EINVAL);
    assert_string_equal(err.message, "temperature must be 0 or more");
    assert_null(out.text.ptr);
    close_fixture(&f);
    fixture classes =
        open_fixture(HX_SOURCE_DIR "/tests/golden/llama/gguf_classes.gguf", NULL, "x");
    assert_int_equal(hx_llama_generate(classes.context, 0, classes.prompt.ids, 1, NULL, NULL, NULL,
                                       classes.arena, &out, &err),
                     HX_EUNSUPPORTED);
    close_fixture(&classes);
}

/* ------------------------------------------------------------------ a real model */
static void real_model_answers(void **state) {
    (void)state;
    char path[512];
    const char *folder = getenv("HX_MODEL_DIR"), *home = getenv("HOME");
    if (folder)
        snprintf(path, sizeof path, "%s/qwen2.5-coder-0.5b.gguf", folder);
    else
        snprintf(path, sizeof path, "%s/.cache/huaxiang/models/qwen2.5-coder-0.5b.gguf",
                 home ? home : "");
    if (access(path, R_OK) != 0) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    fixture f = open_fixture(path, NULL, "What is the capital of France? Answer with one word.");
    hx_generate_options o = {.max_tokens = 10};
    assert_true(hx_str_equal(generate(&f, &o, 0).text, HX_STR_LIT("Paris")));
    hx_grammar *g = NULL;
    assert_int_equal(
        hx_grammar_new(&g, HX_STR_LIT("root ::= \"The answer is \" [A-Z][a-z]+ \".\""), NULL),
        HX_OK);
    o.grammar = g;
    assert_true(hx_str_equal(generate(&f, &o, 0).text, HX_STR_LIT("The answer is Paris.")));
    hx_grammar_free(g);
    close_fixture(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_is_the_argmax_of_each_step),
        cmocka_unit_test(random_texts_are_whole_characters),
        cmocka_unit_test(stop_texts_are_not_part_of_it),
        cmocka_unit_test(ends_by_length_and_by_the_caller),
        cmocka_unit_test(grammars_hold),
        cmocka_unit_test(schemas_hold),
        cmocka_unit_test(goes_on_from_a_prefix),
        cmocka_unit_test(mistakes_get_a_sentence),
        cmocka_unit_test(real_model_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
