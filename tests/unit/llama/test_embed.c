/* test_embed.c - texts to vectors and to classes: the same as running their tokens one by one, in any number, in their order. */
#include "llama/model.h"
#include "unit/llama/golden_test.h"

#define N_MANY 1100 /* more than two groups */

static hx_str many_texts(size_t i, char buffer[64]) {
    static const char *const words[] = {"good", "the bad", "", "is it good?", "\xe5\xa5\xbd", "a"};
    snprintf(buffer, 64, "%s %zu", words[i % 6], i % 100);
    if (i % 6 == 2) buffer[0] = '\0';
    return hx_str_of(buffer);
}

/* What running the tokens of one text alone gives. */
static void run_alone(hx_llama_context *c, hx_llama *m, hx_str text, unsigned want, bool both,
                      size_t max_length) {
    hx_arena *arena = hx_arena_new(0);
    hx_tokens tokens = {0};
    hx_token_options options = {.special = true, .max_length = max_length};
    assert_int_equal(hx_llama_tokenize(m, text, &options, arena, &tokens, NULL, NULL), HX_OK);
    hx_llama_piece p = {
        .ids = tokens.ids, .n = tokens.n, .sequence = -1, .want = want, .bidirectional = both};
    golden_run(c, &p, 1);
    hx_arena_free(arena);
}

static void check_embeddings(hx_llama *m, hx_embed_options options) {
    static char buffers[N_MANY][64];
    static hx_str texts[N_MANY];
    hx_context_options context = {.batch_tokens = 100};
    hx_llama_context *c = golden_context(m, &context), *one = golden_context(m, NULL);
    size_t d = hx_llama_describe(m)->n_embd;
    float *out = malloc(N_MANY * d * sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < N_MANY; i++)
        texts[i] = many_texts(i, buffers[i]);
    assert_int_equal(hx_llama_embed(c, texts, N_MANY, &options, out, NULL), HX_OK);
    unsigned want = options.pooling == HX_POOL_MEAN ? HX_WANT_HIDDEN_MEAN : HX_WANT_HIDDEN_LAST;
    for (size_t i = 0; i < N_MANY; i += 37) {
        const float *got = out + i * d;
        double length = 0;
        for (size_t k = 0; k < d; k++)
            length += (double)got[k] * (double)got[k];
        if (texts[i].len == 0) {
            assert_true(length == 0.0);
            continue;
        }
        run_alone(one, m, texts[i], want, options.bidirectional, options.max_length);
        const float *row = hx_llama_hidden(one, 0, NULL);
        if (options.normalize) {
            assert_true(fabs(length - 1.0) < 1e-5);
            assert_true(golden_cosine(got, row, d) > 1.0 - 1e-6);
        } else {
            assert_memory_equal(got, row, d * sizeof *row);
        }
    }
    free(out);
    hx_llama_context_close(one);
    hx_llama_context_close(c);
}

static void embeddings_are_rows_of_runs(void **state) {
    (void)state;
    hx_llama *m = golden_open("gguf_chat", HX_PRECISION_FAST, 2);
    check_embeddings(m, (hx_embed_options){0});
    check_embeddings(m, (hx_embed_options){.pooling = HX_POOL_MEAN, .normalize = true});
    check_embeddings(m, (hx_embed_options){.pooling = HX_POOL_MEAN, .bidirectional = true});
    check_embeddings(m, (hx_embed_options){.max_length = 3});
    hx_llama_close(m);
}

static void classes_are_the_softmax_of_the_head(void **state) {
    (void)state;
    hx_llama *m = golden_open("gguf_classes", HX_PRECISION_FAST, 2);
    hx_llama_context *c = golden_context(m, NULL);
    hx_str texts[] = {HX_STR_LIT("the bad"), HX_STR_LIT(""), HX_STR_LIT("good good")};
    float out[6];
    assert_int_equal(hx_llama_classify(c, texts, 3, 0, out, NULL), HX_OK);
    assert_true(fabsf(out[2] - 0.5f) < 1e-6f && fabsf(out[3] - 0.5f) < 1e-6f);
    for (size_t i = 0; i < 3; i += 2) {
        run_alone(c, m, texts[i], HX_WANT_HEAD, false, 0);
        const float *head = hx_llama_head(c, 0, NULL);
        double first = 1.0 / (1.0 + exp((double)head[1] - (double)head[0]));
        assert_true(fabs((double)out[2 * i] - first) < 1e-5);
        assert_true(fabsf(out[2 * i] + out[2 * i + 1] - 1.0f) < 1e-5f);
    }
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* ------------------------------------------------------------------ labels of both arithmetics */
enum { N_LABELLED = 2000 };

static hx_str *random_texts(char (*buffers)[64]) {
    static const char *const words[] = {"good", "bad", "the", "is", "it", "a", "?", "\xe5\xa5\xbd"};
    static hx_str texts[N_LABELLED];
    uint32_t seed = 7;
    for (size_t i = 0; i < N_LABELLED; i++) {
        size_t at = 0;
        seed = seed * 1664525u + 1013904223u;
        for (uint32_t n = 1 + (seed >> 16) % 6; n > 0; n--) {
            seed = seed * 1664525u + 1013904223u;
            at += (size_t)snprintf(buffers[i] + at, 64 - at, "%s ", words[(seed >> 16) % 8]);
        }
        texts[i] = (hx_str){buffers[i], at - 1};
    }
    return texts;
}

static float *classify(hx_precision precision, size_t n_threads, size_t batch, size_t step,
                       const hx_str *texts) {
    hx_llama *m = golden_open("gguf_classes", precision, n_threads);
    hx_context_options options = {.batch_tokens = batch};
    hx_llama_context *c = golden_context(m, &options);
    float *out = malloc(N_LABELLED * 2 * sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < N_LABELLED; i += step)
        assert_int_equal(hx_llama_classify(c, texts + i, step, 0, out + 2 * i, NULL), HX_OK);
    hx_llama_context_close(c);
    hx_llama_close(m);
    return out;
}

/* The head on the fast hidden states alone gives other labels to some of these texts: the test would fail without the second reading. */
static size_t count_raw_changes(const hx_str *texts, const float *exact) {
    hx_llama *m = golden_open("gguf_classes", HX_PRECISION_FAST, 1);
    hx_llama_context *c = golden_context(m, NULL);
    size_t n = 0;
    for (size_t i = 0; i < N_LABELLED; i++) {
        run_alone(c, m, texts[i], HX_WANT_HEAD, false, 0);
        const float *row = hx_llama_head(c, 0, NULL);
        n += (row[0] > row[1]) != (exact[2 * i] > exact[2 * i + 1]);
    }
    hx_llama_context_close(c);
    hx_llama_close(m);
    return n;
}

static void fast_labels_are_the_exact_ones(void **state) {
    (void)state;
    static char buffers[N_LABELLED][64];
    const hx_str *texts = random_texts(buffers);
    float *exact = classify(HX_PRECISION_EXACT, 2, 0, N_LABELLED, texts);
    float *fast = classify(HX_PRECISION_FAST, 2, 0, N_LABELLED, texts);
    float *other = classify(HX_PRECISION_FAST, 1, 16, 8, texts);
    size_t same = 0;
    assert_true(count_raw_changes(texts, exact) > 0);
    for (size_t i = 0; i < N_LABELLED; i++) {
        assert_int_equal(fast[2 * i] > fast[2 * i + 1], exact[2 * i] > exact[2 * i + 1]);
        same += fast[2 * i] == exact[2 * i];
    }
    assert_in_range(same, 1, N_LABELLED - 1); /* some read again, not all */
    assert_memory_equal(fast, other, N_LABELLED * 2 * sizeof *fast);
    free(other);
    free(fast);
    free(exact);
}

static void what_a_model_cannot_do(void **state) {
    (void)state;
    float out[4];
    hx_str text = HX_STR_LIT("good");
    hx_error err = {0};
    hx_llama *m = golden_open("gguf_chat", HX_PRECISION_FAST, 1);
    hx_llama_context *c = golden_context(m, NULL);
    assert_int_equal(hx_llama_classify(c, &text, 1, 0, out, &err), HX_EUNSUPPORTED);
    assert_string_equal(err.message, "the model has no classification head");
    hx_embed_options options = {.pooling = (hx_pooling)9};
    assert_int_equal(hx_llama_embed(c, &text, 1, &options, out, &err), HX_EINVAL);
    assert_string_equal(err.message, "9 is no pooling");
    assert_int_equal(hx_llama_embed(c, NULL, 0, NULL, NULL, &err), HX_OK);
    hx_llama_context_close(c);
    hx_llama_close(m);
    m = golden_open("llama_tokens", HX_PRECISION_FAST, 1);
    c = golden_context(m, NULL);
    assert_int_equal(hx_llama_classify(c, &text, 1, 0, out, &err), HX_EUNSUPPORTED);
    assert_string_equal(err.message, "the model's head labels tokens, not texts");
    assert_int_equal(hx_llama_embed(c, &text, 1, NULL, out, &err), HX_EUNSUPPORTED);
    assert_string_equal(err.message, "the model has no tokenizer and reads no texts");
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* The failure told is that of the first text, whatever thread met which first. */
static void texts_too_long_are_refused(void **state) {
    (void)state;
    hx_llama *m = golden_open("gguf_chat", HX_PRECISION_FAST, 2);
    hx_llama_context *c = golden_context(m, NULL);
    size_t n = (size_t)HX_LLAMA_TEXT_MAX + 1;
    char *big = calloc(n, 1);
    assert_non_null(big);
    hx_str texts[] = {HX_STR_LIT("good"), {big, n}};
    float out[64];
    hx_error err = {0};
    assert_int_equal(hx_llama_embed(c, texts, 2, NULL, out, &err), HX_ELIMIT);
    assert_true(err.message[0] != '\0');
    free(big);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* A broken norm makes every hidden state NaN: no vector and no class may come of that. Text 1 has no tokens, and so no hidden state. */
static void numbers_that_are_none_are_refused(void **state) {
    (void)state;
    hx_str texts[] = {HX_STR_LIT(""), HX_STR_LIT("good"), HX_STR_LIT("bad")};
    float out[3 * 256];
    static const hx_precision precisions[] = {HX_PRECISION_FAST, HX_PRECISION_EXACT};
    for (size_t i = 0; i < 2; i++) {
        hx_llama *m = golden_open("gguf_classes", precisions[i], 1);
        hx_llama_context *c = golden_context(m, NULL);
        hx_error err = {0};
        assert_true(hx_llama_describe(m)->n_embd <= 256);
        ((float *)(uintptr_t)m->norm_out)[0] = i ? NAN : INFINITY;
        assert_int_equal(hx_llama_embed(c, texts, 3, NULL, out, &err), HX_EFORMAT);
        assert_string_equal(err.message, "the model gives no finite numbers for text 2");
        err = (hx_error){0};
        assert_int_equal(hx_llama_classify(c, texts, 3, 0, out, &err), HX_EFORMAT);
        assert_string_equal(err.message, "the model gives no finite numbers for text 2");
        hx_llama_context_close(c);
        hx_llama_close(m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(embeddings_are_rows_of_runs),
        cmocka_unit_test(classes_are_the_softmax_of_the_head),
        cmocka_unit_test(fast_labels_are_the_exact_ones),
        cmocka_unit_test(what_a_model_cannot_do),
        cmocka_unit_test(texts_too_long_are_refused),
        cmocka_unit_test(numbers_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
