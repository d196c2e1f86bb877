/* test_label.c - labels by likelihood: against sums made by hand from logits, and the same for any grouping of texts. */
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

#include "huaxiang/llama.h"
#include "llama/context.h"
#include "tensor/tensor_file.h"

#define TINY HX_SOURCE_DIR "/tests/golden/llama/gguf_chat.gguf"

enum { N_TEXTS = 11, BIASES = 17 };

static const char *const texts[N_TEXTS] = {
    "good",
    "bad",
    "the good is bad",
    "",
    "a",
    "this is a very long text about nothing in particular, is it good or is it bad",
    "  good \n",
    "\xE5\xA5\xBD",
    "<|im_end|>",
    "bad bad bad bad",
    "is"};

static hx_llama *open_model(const char *path, hx_precision precision) {
    hx_llama *m = NULL;
    hx_error err = {0};
    hx_llama_options o = {.precision = precision, .n_threads = 1};
    if (hx_llama_open(&m, path, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return m;
}

static hx_llama_context *open_context(hx_llama *m, size_t n_sequences) {
    hx_llama_context *c = NULL;
    hx_error err = {0};
    hx_context_options o = {.n_sequences = n_sequences, .n_positions = 300};
    if (hx_llama_context_open(&c, m, &o, &err) != HX_OK) fail_msg("%s", err.message);
    return c;
}

static void label(hx_llama *m, size_t n_sequences, const hx_label_options *o, float *out) {
    hx_label_prompt *p = NULL;
    hx_error err = {0};
    hx_str list[N_TEXTS];
    hx_llama_context *c = open_context(m, n_sequences);
    for (size_t i = 0; i < N_TEXTS; i++)
        list[i] = hx_str_of(texts[i]);
    if (hx_label_prompt_new(&p, c, o, &err) != HX_OK) fail_msg("%s", err.message);
    if (hx_llama_label_texts(c, p, list, N_TEXTS, out, &err) != HX_OK) fail_msg("%s", err.message);
    hx_label_prompt_free(p);
    hx_llama_context_close(c);
}

static void any_grouping_gives_the_same_bits(void **state) {
    (void)state;
    hx_llama *m = open_model(TINY, HX_PRECISION_FAST);
    const char *labels[] = {"good", "bad", "neither good nor bad"};
    hx_label_options o = {.instruction = "is this good", .labels = labels, .n_labels = 3};
    float first[N_TEXTS * 3], other[N_TEXTS * 3];
    label(m, 2, &o, first);
    for (size_t i = 0; i < N_TEXTS; i++)
        assert_true(fabs((double)first[3 * i] + (double)first[3 * i + 1] +
                         (double)first[3 * i + 2] - 1) < 1e-5);
    /* White space around a text is no part of it. */
    assert_memory_equal(first, first + 3 * 6, 3 * sizeof *first);
    assert_memory_not_equal(first, first + 3 * 2, 3 * sizeof *first);
    for (size_t n = 3; n <= 14; n += 11) {
        label(m, n, &o, other);
        assert_memory_equal(first, other, sizeof first);
    }
    hx_llama_close(m);
}

/* `margin`: the log-odds of the best and the second. */
static size_t best_of_three(const float *p, double *margin) {
    size_t best = p[1] > p[0] ? 1 : 0;
    if (p[2] > p[best]) best = 2;
    float second = 0;
    for (size_t k = 0; k < 3; k++)
        if (k != best && p[k] > second) second = p[k];
    if (margin) *margin = log((double)p[best] / (double)second);
    return best;
}

/* Texts whose labels are close are read exactly; the instruction and the prior always are. */
static void fast_labels_are_the_exact_ones(void **state) {
    (void)state;
    enum { N = 300 };
    static const char *const words[] = {"good", "bad", "the", "is", "a", "z"};
    static char buffers[N][64];
    hx_str list[N];
    uint32_t seed = 3;
    for (size_t i = 0; i < N; i++) {
        int at = 0;
        for (int k = 0; k < 4; k++) {
            seed = seed * 1664525u + 1013904223u;
            at += snprintf(buffers[i] + at, 64 - (size_t)at, "%s ", words[(seed >> 16) % 6]);
        }
        list[i] = hx_str_of(buffers[i]);
    }
    const char *labels[] = {"good", "bad", "a"};
    hx_label_options o = {.instruction = "is this good", .labels = labels, .n_labels = 3};
    float out[2][N * 3], one[3];
    for (size_t precision = 0; precision < 2; precision++) {
        hx_llama *m = open_model(TINY, precision ? HX_PRECISION_EXACT : HX_PRECISION_FAST);
        hx_context_options with = {.n_sequences = 9, .n_positions = 300, .cache = HX_CACHE_F32};
        hx_llama_context *c = NULL;
        assert_int_equal(hx_llama_context_open(&c, m, &with, NULL), HX_OK);
        hx_label_prompt *p = NULL;
        assert_int_equal(hx_label_prompt_new(&p, c, &o, NULL), HX_OK);
        assert_int_equal(hx_llama_label_texts(c, p, list, N, out[precision], NULL), HX_OK);
        for (size_t i = 0; i < N; i += 7) {
            assert_int_equal(hx_llama_label_texts(c, p, list + i, 1, one, NULL), HX_OK);
            assert_memory_equal(one, out[precision] + 3 * i, sizeof one);
        }
        hx_label_prompt_free(p);
        hx_llama_context_close(c);
        hx_llama_close(m);
    }
    size_t n_close = 0;
    for (size_t i = 0; i < N; i++) {
        const float *fast = out[0] + 3 * i, *exact = out[1] + 3 * i;
        double margin = 0;
        assert_int_equal(best_of_three(fast, NULL), best_of_three(exact, &margin));
        if (margin > 0.1) continue;
        n_close++;
        assert_memory_equal(fast, exact, 3 * sizeof *fast);
    }
    assert_true(n_close > 0);
}

/* log p(label | instruction, text) by one whole conversation in one piece. */
static double likelihood(hx_llama_context *c, hx_llama *m, const char *instruction,
                         const char *text, const char *answer, bool end) {
    hx_arena *arena = hx_arena_new(0);
    hx_tokens prompt, tail;
    hx_chat_message messages[2] = {{"system", hx_str_of(instruction)}, {"user", hx_str_of(text)}};
    assert_int_equal(hx_llama_chat(m, messages, 2, true, arena, &prompt, NULL), HX_OK);
    assert_int_equal(hx_llama_tokenize(m, hx_str_of(answer), NULL, arena, &tail, NULL, NULL),
                     HX_OK);
    size_t n = prompt.n + tail.n + end, n_vocab = hx_llama_describe(m)->n_vocab;
    int32_t *ids = hx_arena_alloc(arena, n * sizeof *ids);
    memcpy(ids, prompt.ids, prompt.n * sizeof *ids);
    memcpy(ids + prompt.n, tail.ids, tail.n * sizeof *ids);
    if (end) ids[n - 1] = hx_llama_describe(m)->eos;
    hx_llama_piece piece = {.ids = ids, .n = n, .sequence = -1, .want = HX_WANT_LOGITS_ALL};
    assert_int_equal(hx_llama_run(c, &piece, 1, NULL), HX_OK);
    const float *x = hx_llama_logits(c, 0, NULL);
    double total = 0;
    for (size_t t = prompt.n; t < n; t++) {
        const float *row = x + (t - 1) * n_vocab;
        double sum = 0;
        for (size_t i = 0; i < n_vocab; i++)
            sum += exp((double)row[i]);
        total += (double)row[ids[t]] - log(sum);
    }
    hx_arena_free(arena);
    return total;
}

static void check_against_hand(bool calibrated, bool overlapping) {
    hx_llama *m = open_model(TINY, HX_PRECISION_EXACT);
    const char *apart[] = {"good", "bad"}, *overlap[] = {"good", "good is"};
    const char *const *labels = overlapping ? overlap : apart;
    static const char *const empty[] = {"", "N/A", "..."};
    hx_label_options o = {.instruction = "is this good",
                          .labels = labels,
                          .n_labels = 2,
                          .no_calibration = !calibrated};
    float got[N_TEXTS * 2];
    label(m, 4, &o, got);
    hx_llama_context *c = open_context(m, 1);
    double prior[2] = {0};
    for (size_t k = 0; k < 2 && calibrated; k++)
        for (size_t i = 0; i < 3; i++)
            prior[k] += likelihood(c, m, o.instruction, empty[i], labels[k], overlapping) / 3;
    for (size_t i = 0; i < 6; i++) {
        double a = likelihood(c, m, o.instruction, texts[i], labels[0], overlapping) - prior[0];
        double b = likelihood(c, m, o.instruction, texts[i], labels[1], overlapping) - prior[1];
        assert_true(fabs((double)got[2 * i] - 1 / (1 + exp(b - a))) < 1e-4);
    }
    hx_llama_context_close(c);
    hx_llama_close(m);
}

static void sums_are_those_made_by_hand(void **state) {
    (void)state;
    check_against_hand(false, false);
    check_against_hand(true, false);
    check_against_hand(false, true);
    check_against_hand(true, true);
}

static void mistakes_get_a_sentence(void **state) {
    (void)state;
    hx_llama *m = open_model(TINY, HX_PRECISION_FAST);
    hx_llama_context *c = open_context(m, 3), *one = open_context(m, 1);
    hx_label_prompt *p = NULL;
    hx_error err = {0};
    const char *labels[] = {"good", "bad"}, *same[] = {"good", "good"}, *nothing[] = {"good", ""};
    hx_label_options o = {.instruction = "x", .labels = labels, .n_labels = 1};
    assert_int_equal(hx_label_prompt_new(&p, c, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "give 2 to 256 labels to choose from");
    o = (hx_label_options){.instruction = "x", .labels = same, .n_labels = 2};
    assert_int_equal(hx_label_prompt_new(&p, c, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "labels 1 and 2 are the same");
    o.labels = nothing;
    assert_int_equal(hx_label_prompt_new(&p, c, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "label 2 must have 1 to 64 tokens");
    o.labels = labels;
    assert_int_equal(hx_label_prompt_new(&p, one, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "labels need a context of 2 sequences or more");
    assert_null(p);
    assert_int_equal(hx_label_prompt_new(&p, c, &o, &err), HX_OK);
    hx_str text = HX_STR_LIT("good");
    float out[2];
    assert_int_equal(hx_llama_label_texts(c, p, &text, 1, out, &err), HX_OK);
    assert_int_equal(hx_llama_sequence_cut(c, 0, 1, &err), HX_OK);
    assert_int_equal(hx_llama_label_texts(c, p, &text, 1, out, &err), HX_ECONFLICT);
    assert_string_equal(err.message, "slot 0 no longer holds the instruction of these labels");
    hx_label_prompt_free(p);
    hx_llama_context_close(one);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* Texts longer than a slot are cut, not refused. */
static void long_texts_are_cut(void **state) {
    (void)state;
    hx_llama *m = open_model(TINY, HX_PRECISION_FAST);
    hx_llama_context *c = open_context(m, 2);
    hx_label_prompt *p = NULL;
    const char *labels[] = {"good", "bad"};
    hx_label_options o = {.instruction = "x", .labels = labels, .n_labels = 2};
    assert_int_equal(hx_label_prompt_new(&p, c, &o, NULL), HX_OK);
    char *many = calloc(1, 5000);
    memset(many, 'z', 4999);
    hx_str list[2] = {{many, 1000}, {many, 4999}};
    float out[4];
    assert_int_equal(hx_llama_label_texts(c, p, list, 2, out, NULL), HX_OK);
    assert_memory_equal(out, out + 2, 2 * sizeof *out);
    free(many);
    hx_label_prompt_free(p);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

static void real_model_knows_moods(void **state) {
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
    hx_llama *m = open_model(path, HX_PRECISION_FAST);
    hx_llama_context *c = open_context(m, 5);
    hx_label_prompt *p = NULL;
    const char *labels[] = {"positive", "negative"};
    hx_label_options o = {.instruction =
                              "Is the review positive or negative? Answer with one word.",
                          .labels = labels,
                          .n_labels = 2};
    hx_str list[] = {
        HX_STR_LIT("Wonderful, I love it!"), HX_STR_LIT("Broken after a day, a waste of money."),
        HX_STR_LIT(
            "\xE9\x9D\x9E\xE5\xB8\xB8\xE5\xA5\xBD\xEF\xBC\x8C\xE5\xBE\x88\xE6\xBB\xA1\xE6\x84\x8F"),
        HX_STR_LIT("The worst hotel I have ever seen."),
        HX_STR_LIT("Great staff and a lovely room.")};
    float out[10];
    assert_int_equal(hx_label_prompt_new(&p, c, &o, NULL), HX_OK);
    assert_int_equal(hx_llama_label_texts(c, p, list, 5, out, NULL), HX_OK);
    const bool is_positive[] = {true, false, true, false, true};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(out[2 * i] > out[2 * i + 1], is_positive[i]);
    hx_label_prompt_free(p);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* ------------------------------------------------------------------ what may be wrong */
static hx_status fill_copy(void *context, hx_tensor_sink *out, hx_error *err) {
    const hx_tensor_entry *t = context;
    return hx_tensor_sink_write(out, t->data, t->bytes, err);
}

/* The tiny model with a bias on its logits. */
static void write_biased(const char *path, size_t n_vocab) {
    hx_tensor_file *f = NULL;
    hx_gguf_writer *w = NULL;
    hx_error err = {0};
    float *bias = calloc(n_vocab, sizeof *bias);
    assert_non_null(bias);
    for (size_t i = 0; i < n_vocab; i++)
        bias[i] = (float)(i % BIASES) / 8;
    hx_tensor_entry b = {.data = bias, .bytes = n_vocab * sizeof *bias};
    const uint64_t dims[] = {n_vocab};
    assert_int_equal(hx_tensor_file_open(&f, TINY, &err), HX_OK);
    assert_int_equal(hx_gguf_writer_new(&w, &err), HX_OK);
    for (size_t i = 0; i < hx_tensor_file_n_values(f); i++)
        hx_gguf_put_value(w, hx_tensor_file_value_at(f, i));
    for (size_t i = 0; i < hx_tensor_file_count(f); i++) {
        const hx_tensor_entry *t = hx_tensor_file_at(f, i);
        hx_gguf_put_tensor(w, t->name.ptr, t->type, t->n_dims, t->dims, fill_copy,
                           (void *)(uintptr_t)t);
    }
    hx_gguf_put_tensor(w, "output.bias", HX_DTYPE_F32, 1, dims, fill_copy, &b);
    if (hx_gguf_write(w, path, &err) != HX_OK) fail_msg("%s", err.message);
    hx_gguf_writer_free(w);
    hx_tensor_file_close(f);
    free(bias);
}

/* Labels of one token are scored by their rows of the output matrix, and its bias. */
static void biases_count(void **state) {
    (void)state;
    char path[] = "/tmp/hx-label-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    hx_llama *m = open_model(TINY, HX_PRECISION_EXACT);
    write_biased(path, hx_llama_describe(m)->n_vocab);
    hx_llama_close(m);
    m = open_model(path, HX_PRECISION_EXACT);
    const char *labels[] = {"good", "is"};
    hx_label_options o = {
        .instruction = "is this good", .labels = labels, .n_labels = 2, .no_calibration = true};
    float got[N_TEXTS * 2];
    label(m, 4, &o, got);
    hx_llama_context *c = open_context(m, 1);
    hx_arena *arena = hx_arena_new(0);
    hx_tokens a, b;
    assert_int_equal(hx_llama_tokenize(m, HX_STR_LIT("good"), NULL, arena, &a, NULL, NULL), HX_OK);
    assert_int_equal(hx_llama_tokenize(m, HX_STR_LIT("is"), NULL, arena, &b, NULL, NULL), HX_OK);
    assert_true(a.n == 1 && b.n == 1 && a.ids[0] % BIASES != b.ids[0] % BIASES);
    for (size_t i = 0; i < 6; i++) {
        double x = likelihood(c, m, o.instruction, texts[i], labels[0], false);
        double y = likelihood(c, m, o.instruction, texts[i], labels[1], false);
        assert_true(fabs((double)got[2 * i] - 1 / (1 + exp(y - x))) < 1e-4);
    }
    hx_arena_free(arena);
    hx_llama_context_close(c);
    hx_llama_close(m);
    assert_int_equal(unlink(path), 0);
}

/* Tokenizers may know more tokens than the model has rows, of labels and of the token that ends them. */
static void tokens_without_a_row_are_refused(void **state) {
    (void)state;
    hx_llama *m = open_model(TINY, HX_PRECISION_FAST);
    hx_llama_context *c = open_context(m, 3);
    hx_label_prompt *p = NULL;
    hx_error err = {0};
    const char *apart[] = {"good", "bad"}, *overlap[] = {"a", "a a"};
    hx_label_options o = {.instruction = "x", .labels = apart, .n_labels = 2};
    m->info.n_vocab = 2;
    assert_int_equal(hx_label_prompt_new(&p, c, &o, &err), HX_EFORMAT);
    assert_non_null(strstr(err.message, "label 1 needs token "));
    assert_non_null(strstr(err.message, "; the model knows 0 to 1"));
    o.labels = overlap;
    m->info.n_vocab = (size_t)m->info.eos;
    assert_int_equal(hx_label_prompt_new(&p, c, &o, &err), HX_EFORMAT);
    assert_null(p);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* Two instructions of equally many tokens on one context: the first has lost its slot. */
static void another_instruction_is_seen(void **state) {
    (void)state;
    hx_llama *m = open_model(TINY, HX_PRECISION_FAST);
    hx_llama_context *c = open_context(m, 3), *other = open_context(m, 3);
    hx_label_prompt *first = NULL, *second = NULL;
    hx_error err = {0};
    const char *labels[] = {"good", "bad"};
    hx_label_options o = {.instruction = "good", .labels = labels, .n_labels = 2};
    hx_str text = HX_STR_LIT("good");
    float out[2];
    assert_int_equal(hx_label_prompt_new(&first, c, &o, NULL), HX_OK);
    assert_int_equal(hx_llama_label_texts(c, first, &text, 1, out, NULL), HX_OK);
    assert_int_equal(hx_llama_label_texts(c, first, &text, 1, out, NULL), HX_OK);
    size_t length = hx_llama_sequence_length(c, 0);
    o.instruction = "good"; /* not even the same words make it the same slot */
    assert_int_equal(hx_label_prompt_new(&second, c, &o, NULL), HX_OK);
    assert_int_equal(hx_llama_sequence_length(c, 0), length);
    assert_int_equal(hx_llama_label_texts(c, first, &text, 1, out, &err), HX_ECONFLICT);
    assert_int_equal(hx_llama_label_texts(c, second, &text, 1, out, NULL), HX_OK);
    hx_label_prompt_free(first);
    assert_int_equal(hx_label_prompt_new(&first, other, &o, NULL), HX_OK);
    assert_int_equal(hx_llama_label_texts(c, first, &text, 1, out, &err), HX_ECONFLICT);
    assert_int_equal(hx_llama_label_texts(other, first, &text, 1, out, NULL), HX_OK);
    hx_label_prompt_free(first);
    hx_label_prompt_free(second);
    hx_llama_context_close(other);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* Many slots times many tokens may be more logits than a run keeps: they are run in parts, with the same bits. */
static void groups_fit_into_the_results(void **state) {
    (void)state;
    hx_llama *m = open_model(TINY, HX_PRECISION_FAST);
    const char *labels[] = {"good is", "bad a bad", "the"};
    hx_label_options o = {.instruction = "is this good", .labels = labels, .n_labels = 3};
    float want[N_TEXTS * 3], got[N_TEXTS * 3];
    label(m, 9, &o, want);
    hx_str list[N_TEXTS];
    for (size_t i = 0; i < N_TEXTS; i++)
        list[i] = hx_str_of(texts[i]);
    for (size_t rows = 5; rows <= 40; rows += 12) {
        hx_llama_context *c = open_context(m, 9);
        hx_label_prompt *p = NULL;
        hx_error err = {0};
        c->result_bytes = rows * m->info.n_vocab * sizeof(float);
        assert_int_equal(hx_label_prompt_new(&p, c, &o, NULL), HX_OK);
        if (hx_llama_label_texts(c, p, list, N_TEXTS, got, &err) != HX_OK)
            fail_msg("%s", err.message);
        assert_memory_equal(got, want, sizeof want);
        hx_label_prompt_free(p);
        hx_llama_context_close(c);
    }
    hx_llama_close(m);
}

/* NaN is no probability. */
static void numbers_that_are_none_are_refused(void **state) {
    (void)state;
    const char *one[] = {"good", "is"}, *more[] = {"good is", "bad a"};
    hx_str list[] = {HX_STR_LIT("good"), HX_STR_LIT("bad")};
    float out[4];
    for (size_t i = 0; i < 2; i++) {
        hx_llama *m = open_model(TINY, HX_PRECISION_FAST);
        hx_llama_context *c = open_context(m, 3);
        hx_label_prompt *p = NULL;
        hx_error err = {0};
        hx_label_options o = {.instruction = "x", .labels = i ? more : one, .n_labels = 2};
        assert_int_equal(hx_label_prompt_new(&p, c, &o, NULL), HX_OK);
        ((float *)(uintptr_t)m->norm_out)[0] = NAN;
        assert_int_equal(hx_llama_label_texts(c, p, list, 2, out, &err), HX_EFORMAT);
        assert_string_equal(err.message, "the model gives no finite numbers for text 1");
        hx_label_prompt_free(p);
        p = NULL;
        err = (hx_error){0};
        assert_int_equal(hx_label_prompt_new(&p, c, &o, &err), HX_EFORMAT);
        assert_string_equal(err.message, "the model gives no finite numbers for the labels");
        assert_null(p);
        hx_llama_context_close(c);
        hx_llama_close(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_grouping_gives_the_same_bits),
        cmocka_unit_test(fast_labels_are_the_exact_ones),
        cmocka_unit_test(sums_are_those_made_by_hand),
        cmocka_unit_test(mistakes_get_a_sentence),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(biases_count),
        cmocka_unit_test(tokens_without_a_row_are_refused),
        cmocka_unit_test(another_instruction_is_seen),
        cmocka_unit_test(groups_fit_into_the_results),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(real_model_knows_moods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
