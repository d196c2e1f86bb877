/* test_forward.c - every architecture and variant against transformers: hidden states, logits, heads; padded batches; kernels; precisions.
 *
 * Expected rows are those of tests/golden/llama/make_models.py. Errors are relative to the greatest magnitude of a sequence's rows. */
#include "unit/llama/golden_test.h"

#include "tensor/kernels.h"

#define EXACT_ERROR 1e-4
#define FAST_COSINE 0.99
#define SETS_EXACT_COSINE 0.9999999 /* the same products, summed in another order */
#define SETS_FAST_COSINE 0.999 /* a sum near a border may be another 8-bit integer after rounding */

static void wants_of(const golden *g, const hx_llama *m, hx_llama_piece *pieces) {
    for (uint32_t i = 0; i < g->n; i++) {
        const golden_sequence *s = &g->sequences[i];
        pieces[i] =
            (hx_llama_piece){.ids = s->ids, .n = s->n, .sequence = -1, .want = HX_WANT_HIDDEN_ALL};
        if (g->n_logits) pieces[i].want |= HX_WANT_LOGITS_ALL;
        if (g->head) pieces[i].want |= HX_WANT_HEAD;
    }
    assert_int_equal(hx_llama_describe(m)->n_embd, g->n_embd);
    assert_int_equal(hx_llama_describe(m)->n_labels, g->n_labels);
    if (g->n_logits) assert_true(hx_llama_describe(m)->has_output);
}

static double worst_error(const golden *g, hx_llama_context *c) {
    double worst = 0;
    for (uint32_t i = 0; i < g->n; i++) {
        const golden_sequence *s = &g->sequences[i];
        size_t rows = 0;
        const float *hidden = hx_llama_hidden(c, i, &rows);
        assert_int_equal(rows, s->n);
        worst = fmax(worst, golden_error(hidden, s->hidden, s->n * g->n_embd));
        worst = fmax(worst, golden_error(hidden, s->padded, s->n * g->n_embd));
        const float *logits = hx_llama_logits(c, i, &rows);
        assert_int_equal(rows, g->n_logits ? s->n : 0);
        if (logits) worst = fmax(worst, golden_error(logits, s->logits, s->n * g->n_logits));
        const float *head = hx_llama_head(c, i, &rows);
        assert_int_equal(rows, g->head == 2 ? s->n : g->head);
        if (head) worst = fmax(worst, golden_error(head, s->head, rows * g->n_labels));
    }
    return worst;
}

static void check_exact(const char *name, const char *kernels) {
    golden g;
    golden_read(&g, name);
    hx_llama_options options = {
        .precision = HX_PRECISION_EXACT, .n_threads = 2, .kernels = kernels};
    hx_llama *m = golden_open_with(name, &options);
    hx_llama_context *c = golden_context(m, NULL);
    hx_llama_piece pieces[GOLDEN_SEQUENCES_MAX];
    wants_of(&g, m, pieces);
    golden_run(c, pieces, g.n);
    double error = worst_error(&g, c);
    if (!(error <= EXACT_ERROR))
        fail_msg("%s, %s: error %g", name, hx_llama_describe(m)->kernels, error);
    hx_llama_context_close(c);
    hx_llama_close(m);
    golden_release(&g);
}

static void equals_transformers(void **state) {
    (void)state;
    for (size_t i = 0; i < GOLDEN_N; i++)
        check_exact(golden_names[i], NULL);
}

static void equals_transformers_with_every_set_of_kernels(void **state) {
    (void)state;
    static const char *const sets[] = {"scalar", "avx2", "avx512", "vnni", "neon"};
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++)
        for (size_t i = 0; i < GOLDEN_N && hx_kernels_has((hx_kernels_set)s); i++)
            check_exact(golden_names[i], sets[s]);
}

static void fast_is_close(void **state) {
    (void)state;
    for (size_t i = 0; i < GOLDEN_N; i++) {
        golden g;
        golden_read(&g, golden_names[i]);
        hx_llama *m = golden_open(golden_names[i], HX_PRECISION_FAST, 2);
        hx_llama_context *c = golden_context(m, NULL);
        hx_llama_piece pieces[GOLDEN_SEQUENCES_MAX];
        wants_of(&g, m, pieces);
        golden_run(c, pieces, g.n);
        for (uint32_t s = 0; s < g.n; s++) {
            const golden_sequence *want = &g.sequences[s];
            double cosine =
                golden_cosine(hx_llama_hidden(c, s, NULL), want->hidden, want->n * g.n_embd);
            if (!(cosine >= FAST_COSINE)) fail_msg("%s: cosine %g", golden_names[i], cosine);
        }
        hx_llama_context_close(c);
        hx_llama_close(m);
        golden_release(&g);
    }
}

/* Means of hidden states, which embeddings are, by one set of kernels; free() them. */
static float *means_of(const golden *g, const char *name, hx_precision precision,
                       const char *kernels) {
    hx_llama_options options = {.precision = precision, .n_threads = 2, .kernels = kernels};
    hx_llama *m = golden_open_with(name, &options);
    hx_llama_context *c = golden_context(m, NULL);
    hx_llama_piece pieces[GOLDEN_SEQUENCES_MAX];
    wants_of(g, m, pieces);
    for (uint32_t i = 0; i < g->n; i++)
        pieces[i].want = HX_WANT_HIDDEN_MEAN;
    golden_run(c, pieces, g->n);
    float *means = malloc(g->n * g->n_embd * sizeof *means);
    assert_non_null(means);
    for (uint32_t i = 0; i < g->n; i++)
        memcpy(means + i * g->n_embd, hx_llama_hidden(c, i, NULL), g->n_embd * sizeof *means);
    hx_llama_context_close(c);
    hx_llama_close(m);
    return means;
}

static void check_sets(const char *name, hx_precision precision, double least) {
    static const char *const sets[] = {"avx2", "avx512", "vnni", "neon"};
    golden g;
    golden_read(&g, name);
    float *want = means_of(&g, name, precision, "scalar");
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        if (!hx_kernels_has((hx_kernels_set)(s + 1))) continue;
        float *got = means_of(&g, name, precision, sets[s]);
        for (uint32_t i = 0; i < g.n; i++) {
            double cosine = golden_cosine(got + i * g.n_embd, want + i * g.n_embd, g.n_embd);
            if (!(cosine >= least)) fail_msg("%s, %s: cosine %.9f", name, sets[s], cosine);
        }
        free(got);
    }
    free(want);
    golden_release(&g);
}

static void embeddings_of_all_sets_agree(void **state) {
    (void)state;
    for (size_t i = 0; i < GOLDEN_N; i++) {
        check_sets(golden_names[i], HX_PRECISION_EXACT, SETS_EXACT_COSINE);
        check_sets(golden_names[i], HX_PRECISION_FAST, SETS_FAST_COSINE);
    }
}

static void last_and_mean_are_rows_of_all(void **state) {
    (void)state;
    golden g;
    golden_read(&g, "gguf_llama3");
    hx_llama *m = golden_open("gguf_llama3", HX_PRECISION_FAST, 2);
    hx_llama_context *c = golden_context(m, NULL);
    const golden_sequence *s = &g.sequences[2];
    hx_llama_piece pieces[] = {
        {.ids = s->ids, .n = s->n, .sequence = -1, .want = HX_WANT_HIDDEN_ALL | HX_WANT_LOGITS_ALL},
        {.ids = s->ids,
         .n = s->n,
         .sequence = -1,
         .want = HX_WANT_HIDDEN_LAST | HX_WANT_LOGITS_LAST},
        {.ids = s->ids, .n = s->n, .sequence = -1, .want = HX_WANT_NOTHING},
        {.ids = s->ids, .n = s->n, .sequence = -1, .want = HX_WANT_HIDDEN_MEAN}};
    golden_run(c, pieces, 4);
    size_t rows = 0, d = g.n_embd, v = g.n_logits;
    const float *all = hx_llama_hidden(c, 0, NULL), *logits = hx_llama_logits(c, 0, NULL);
    assert_memory_equal(hx_llama_hidden(c, 1, &rows), all + (s->n - 1) * d, d * sizeof(float));
    assert_int_equal(rows, 1);
    assert_memory_equal(hx_llama_logits(c, 1, &rows), logits + (s->n - 1) * v, v * sizeof(float));
    assert_int_equal(rows, 1);
    assert_null(hx_llama_hidden(c, 2, &rows));
    assert_int_equal(rows, 0);
    assert_null(hx_llama_logits(c, 3, &rows));
    assert_null(hx_llama_head(c, 0, &rows));
    assert_null(hx_llama_hidden(c, 4, &rows));
    const float *mean = hx_llama_hidden(c, 3, &rows);
    assert_int_equal(rows, 1);
    for (size_t i = 0; i < d; i++) {
        double sum = 0;
        for (size_t t = 0; t < s->n; t++)
            sum += (double)all[t * d + i];
        assert_true(fabs(sum / s->n - (double)mean[i]) < 1e-5);
    }
    hx_llama_context_close(c);
    hx_llama_close(m);
    golden_release(&g);
}

static void labels_have_names(void **state) {
    (void)state;
    hx_llama *m = golden_open("llama_classes", HX_PRECISION_EXACT, 1);
    assert_string_equal(hx_llama_label(m, 0), "negative");
    assert_string_equal(hx_llama_label(m, 2), "positive");
    assert_null(hx_llama_label(m, 3));
    assert_false(hx_llama_describe(m)->is_token_classifier);
    assert_false(hx_llama_describe(m)->has_output);
    hx_llama_close(m);
    m = golden_open("llama_tokens", HX_PRECISION_EXACT, 1);
    assert_true(hx_llama_describe(m)->is_token_classifier);
    hx_llama_close(m);
    m = golden_open("gguf_classes", HX_PRECISION_EXACT, 1);
    assert_string_equal(hx_llama_label(m, 1), "positive");
    assert_null(hx_llama_label(m, 2));
    hx_llama_close(m);
    m = golden_open("qwen2_tied", HX_PRECISION_EXACT, 1);
    assert_null(hx_llama_label(m, 0));
    hx_llama_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_transformers),
        cmocka_unit_test(equals_transformers_with_every_set_of_kernels),
        cmocka_unit_test(fast_is_close),
        cmocka_unit_test(embeddings_of_all_sets_agree),
        cmocka_unit_test(last_and_mean_are_rows_of_all),
        cmocka_unit_test(labels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
