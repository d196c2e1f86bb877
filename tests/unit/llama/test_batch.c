/* test_batch.c - what a sequence gives depends on nothing but the sequence: not on its neighbours, their order, threads or chunks.
 *
 * All comparisons are of bits. Whole texts, causal and bidirectional, and cached sequences; both precisions, all types of cache. */
#include "llama/model.h"
#include "unit/llama/golden_test.h"

#define N_TEXTS 9
#define TEXT_MAX 90

typedef struct {
    int32_t ids[N_TEXTS][TEXT_MAX];
    size_t n[N_TEXTS];
} texts;

static void make_texts(texts *t, size_t n_vocab) {
    static const size_t lengths[N_TEXTS] = {1, 17, 2, 64, 65, 33, 90, 5, 16};
    uint32_t seed = 20240229u;
    for (size_t i = 0; i < N_TEXTS; i++) {
        t->n[i] = lengths[i];
        for (size_t k = 0; k < lengths[i]; k++) {
            seed = seed * 1664525u + 1013904223u;
            t->ids[i][k] = (int32_t)((seed >> 8) % n_vocab);
        }
    }
}

/* How the same texts are run: none of it may show. */
typedef struct {
    size_t threads, batch_tokens;
    bool one_by_one, backwards, cached;
} way;

static hx_llama_piece piece_of(const texts *t, size_t i, const way *w, bool bidirectional) {
    return (hx_llama_piece){.ids = t->ids[i],
                            .n = t->n[i],
                            .sequence = w->cached ? (int32_t)i : -1,
                            .want = HX_WANT_HIDDEN_ALL | HX_WANT_LOGITS_LAST,
                            .bidirectional = bidirectional};
}

static size_t rows_bytes(const hx_llama *m, size_t rows) {
    return rows * hx_llama_describe(m)->n_embd * sizeof(float);
}

/* hidden (all rows), then logits of the last, of every text behind each other. */
static float *run_texts(hx_llama *m, const texts *t, const way *w, hx_cache_type cache,
                        bool bidirectional, size_t *bytes) {
    size_t n_embd = hx_llama_describe(m)->n_embd, n_vocab = hx_llama_describe(m)->n_vocab;
    hx_context_options options = {
        .n_sequences = N_TEXTS, .cache = cache, .batch_tokens = w->batch_tokens};
    hx_llama_context *c = golden_context(m, &options);
    size_t total = 0, at = 0;
    for (size_t i = 0; i < N_TEXTS; i++)
        total += t->n[i] * n_embd + n_vocab;
    float *out = malloc(total * sizeof *out);
    assert_non_null(out);
    hx_llama_piece pieces[N_TEXTS];
    size_t where[N_TEXTS];
    for (size_t i = 0; i < N_TEXTS; i++) {
        where[i] = w->one_by_one ? 0 : w->backwards ? N_TEXTS - 1 - i : i;
        pieces[where[i]] = piece_of(t, i, w, bidirectional);
    }
    if (!w->one_by_one) golden_run(c, pieces, N_TEXTS);
    for (size_t i = 0; i < N_TEXTS; i++) {
        hx_llama_piece alone = piece_of(t, i, w, bidirectional);
        if (w->one_by_one) golden_run(c, &alone, 1);
        memcpy(out + at, hx_llama_hidden(c, where[i], NULL), rows_bytes(m, t->n[i]));
        at += t->n[i] * n_embd;
        memcpy(out + at, hx_llama_logits(c, where[i], NULL), n_vocab * sizeof *out);
        at += n_vocab;
    }
    hx_llama_context_close(c);
    *bytes = total * sizeof *out;
    return out;
}

static const way ways[] = {
    {.threads = 1, .one_by_one = true},
    {.threads = 1},
    {.threads = 2},
    {.threads = 3},
    {.threads = 2, .backwards = true},
    {.threads = 3, .batch_tokens = 70},
    {.threads = 2, .batch_tokens = 1},
};

static void check_ways(const char *name, hx_precision precision, hx_cache_type cache, bool cached,
                       bool bidirectional) {
    float *first = NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        way w = ways[i];
        w.cached = cached;
        texts t;
        hx_llama *m = golden_open(name, precision, w.threads);
        make_texts(&t, hx_llama_describe(m)->n_vocab);
        float *out = run_texts(m, &t, &w, cache, bidirectional, &bytes);
        if (!first)
            first = out;
        else if (memcmp(out, first, bytes) != 0)
            fail_msg("%s: way %zu differs (precision %d, cache %d, cached %d, bidirectional %d): "
                     "by %g",
                     name, i, (int)precision, (int)cache, (int)cached, (int)bidirectional,
                     golden_error(out, first, bytes / sizeof *out));
        if (out != first) free(out);
        hx_llama_close(m);
    }
    free(first);
}

static void whole_texts(void **state) {
    (void)state;
    static const char *const names[] = {"qwen3_wide", "gguf_qwen2_yarn"};
    for (size_t i = 0; i < 2; i++)
        for (int both = 0; both < 2; both++) {
            check_ways(names[i], HX_PRECISION_FAST, HX_CACHE_F16, false, both);
            check_ways(names[i], HX_PRECISION_EXACT, HX_CACHE_F16, false, both);
        }
}

static void cached_sequences(void **state) {
    (void)state;
    check_ways("qwen3_wide", HX_PRECISION_FAST, HX_CACHE_F16, true, false);
    check_ways("qwen3_wide", HX_PRECISION_FAST, HX_CACHE_Q8, true, false);
    check_ways("qwen3_wide", HX_PRECISION_FAST, HX_CACHE_F32, true, false);
    check_ways("gguf_llama3", HX_PRECISION_EXACT, HX_CACHE_F32, true, false);
}

static void bidirectional_sees_what_follows(void **state) {
    (void)state;
    hx_llama *m = golden_open("llama_mha", HX_PRECISION_EXACT, 1);
    hx_llama_context *c = golden_context(m, NULL);
    const int32_t a[] = {5, 6, 7, 8}, b[] = {5, 6, 7, 9};
    hx_llama_piece pieces[4];
    for (size_t i = 0; i < 4; i++)
        pieces[i] = (hx_llama_piece){.ids = i % 2 ? b : a,
                                     .n = 4,
                                     .sequence = -1,
                                     .want = HX_WANT_HIDDEN_ALL,
                                     .bidirectional = i >= 2};
    golden_run(c, pieces, 4);
    size_t row = rows_bytes(m, 1);
    assert_memory_equal(hx_llama_hidden(c, 0, NULL), hx_llama_hidden(c, 1, NULL), 3 * row);
    assert_memory_not_equal(hx_llama_hidden(c, 2, NULL), hx_llama_hidden(c, 3, NULL), row);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

/* Steps of one slot use the weights as stored; they stay close to the same tokens read at once. */
static void steps_are_close_to_reading(void **state) {
    (void)state;
    hx_llama *m = golden_open("gguf_qwen3", HX_PRECISION_FAST, 2);
    for (size_t slots = 1; slots <= 2; slots++) {
        hx_context_options options = {.n_sequences = slots};
        hx_llama_context *c = golden_context(m, &options);
        texts t;
        make_texts(&t, hx_llama_describe(m)->n_vocab);
        hx_llama_piece whole = {
            .ids = t.ids[1], .n = t.n[1], .sequence = -1, .want = HX_WANT_LOGITS_ALL};
        golden_run(c, &whole, 1);
        size_t n_vocab = hx_llama_describe(m)->n_vocab;
        float *want = golden_copy(hx_llama_logits(c, 0, NULL), t.n[1] * n_vocab);
        for (size_t i = 0; i < t.n[1]; i++) {
            hx_llama_piece one = {.ids = &t.ids[1][i],
                                  .n = 1,
                                  .sequence = 0,
                                  .want = HX_WANT_LOGITS_LAST,
                                  .step = true};
            golden_run(c, &one, 1);
            double cosine = golden_cosine(hx_llama_logits(c, 0, NULL), want + i * n_vocab, n_vocab);
            if (!(cosine > 0.99)) fail_msg("%zu slots, step %zu: cosine %g", slots, i, cosine);
        }
        free(want);
        hx_llama_context_close(c);
    }
    hx_llama_close(m);
}

/* ------------------------------------------------------------------ what is refused */
static void refuses(hx_llama_context *c, hx_llama_piece p, hx_status status, const char *message) {
    hx_error err = {0};
    assert_int_equal(hx_llama_run(c, &p, 1, &err), status);
    assert_string_equal(err.message, message);
}

static void wrong_pieces_have_their_sentence(void **state) {
    (void)state;
    hx_llama *m = golden_open("llama_mha", HX_PRECISION_EXACT, 1);
    hx_context_options options = {.n_sequences = 2, .n_positions = 4};
    hx_llama_context *c = golden_context(m, &options);
    static const int32_t ids[129] = {5, 6, 7}, big[] = {5, 96}, less[] = {-1};
    refuses(c, (hx_llama_piece){.ids = ids, .n = 0, .sequence = -1}, HX_EINVAL,
            "piece 0 has no tokens");
    refuses(c, (hx_llama_piece){.ids = big, .n = 2, .sequence = -1, .want = HX_WANT_HIDDEN_LAST},
            HX_EINVAL, "token 1 of piece 0 is 96; the model knows 0 to 95");
    refuses(c, (hx_llama_piece){.ids = less, .n = 1, .sequence = -1, .want = HX_WANT_HIDDEN_LAST},
            HX_EINVAL, "token 0 of piece 0 is -1; the model knows 0 to 95");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 1, .sequence = 2}, HX_EINVAL,
            "piece 0 is for sequence 2; there are 0 to 1");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 1, .sequence = -2}, HX_EINVAL,
            "piece 0 is for sequence -2; there are 0 to 1");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 5, .sequence = 0}, HX_ELIMIT,
            "sequence 0 holds 0 of at most 4 positions and cannot take 5 more");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 129, .sequence = -1}, HX_ELIMIT,
            "piece 0 has 129 tokens; the model reads at most 128");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 2, .sequence = 0, .bidirectional = true},
            HX_EINVAL, "piece 0 is bidirectional and cannot go on a sequence; give sequence -1");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 2, .sequence = 0, .step = true}, HX_EINVAL,
            "piece 0 is no step: a step is one token of a sequence");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 2, .sequence = -1, .want = HX_WANT_HEAD},
            HX_EUNSUPPORTED, "the model has no classification head");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 2, .sequence = -1, .want = 3}, HX_EINVAL,
            "piece 0 wants more than one kind of hidden rows or of logits");
    refuses(c, (hx_llama_piece){.ids = ids, .n = 2, .sequence = -1, .want = 64}, HX_EINVAL,
            "piece 0 wants 64, which is nothing known");
    hx_llama_piece twice[] = {{.ids = ids, .n = 1, .sequence = 1},
                              {.ids = ids, .n = 1, .sequence = 1}};
    hx_error err = {0};
    assert_int_equal(hx_llama_run(c, twice, 2, &err), HX_EINVAL);
    assert_string_equal(err.message, "sequence 1 occurs twice in a run");
    assert_int_equal(hx_llama_sequence_length(c, 0), 0);
    assert_int_equal(hx_llama_sequence_length(c, 1), 0);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

static void models_without_output_give_no_logits(void **state) {
    (void)state;
    hx_llama *m = golden_open("llama_classes", HX_PRECISION_EXACT, 1);
    hx_llama_context *c = golden_context(m, NULL);
    const int32_t ids[] = {5};
    refuses(c, (hx_llama_piece){.ids = ids, .n = 1, .sequence = -1, .want = HX_WANT_LOGITS_LAST},
            HX_EUNSUPPORTED, "the model has no output matrix and gives no logits");
    hx_llama_context_close(c);
    hx_llama_close(m);
}

static void wrong_contexts_have_their_sentence(void **state) {
    (void)state;
    hx_llama *m = golden_open("llama_mha", HX_PRECISION_FAST, 1);
    hx_llama_context *c = NULL;
    hx_error err = {0};
    hx_context_options o = {.n_sequences = 5000};
    assert_int_equal(hx_llama_context_open(&c, m, &o, &err), HX_EINVAL);
    assert_string_equal(err.message, "a context holds at most 4096 sequences, not 5000");
    o = (hx_context_options){.batch_tokens = SIZE_MAX};
    assert_int_equal(hx_llama_context_open(&c, m, &o, &err), HX_EINVAL);
    o = (hx_context_options){.n_positions = SIZE_MAX};
    assert_int_equal(hx_llama_context_open(&c, m, &o, &err), HX_EINVAL);
    o = (hx_context_options){.cache = HX_CACHE_Q8};
    assert_int_equal(hx_llama_context_open(&c, m, &o, &err), HX_EUNSUPPORTED);
    assert_string_equal(err.message,
                        "heads of 8 elements cannot be cached in blocks of 32; take the F16 cache");
    assert_null(c);
    hx_llama_context_close(NULL);
    hx_llama_close(m);
    hx_llama_close(NULL);
}

/* Rows of a whole text are all in memory: how many is bounded by what the caller asked for. Nothing is wanted here, so nothing is run. */
static void whole_texts_have_a_bound(void **state) {
    (void)state;
    enum { N = HX_WHOLE_TOKENS + 1 };
    hx_llama *m = golden_open("llama_mha", HX_PRECISION_EXACT, 1);
    m->config.n_positions = 4 * N;
    static const int32_t ids[N];
    hx_context_options wide = {.batch_tokens = HX_WHOLE_TOKENS / HX_WHOLE_BATCHES + 1};
    hx_llama_context *c = golden_context(m, NULL), *w = golden_context(m, &wide);
    hx_llama_piece p = {.ids = ids, .n = N - 1, .sequence = -1};
    golden_run(c, &p, 1);
    p.n = N;
    refuses(c, p, HX_ELIMIT,
            "a text has 8193 tokens, more than the 8192 read at once; cut it, or open the context "
            "with more batch_tokens");
    golden_run(w, &p, 1);
    hx_llama_context_close(w);
    hx_llama_context_close(c);
    hx_llama_close(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_texts),
        cmocka_unit_test(cached_sequences),
        cmocka_unit_test(bidirectional_sees_what_follows),
        cmocka_unit_test(steps_are_close_to_reading),
        cmocka_unit_test(whole_texts_have_a_bound),
        cmocka_unit_test(wrong_pieces_have_their_sentence),
        cmocka_unit_test(models_without_output_give_no_logits),
        cmocka_unit_test(wrong_contexts_have_their_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
