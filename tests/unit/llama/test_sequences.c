/* test_sequences.c - slots of a context: going on, forks, cuts, shifts; their bounds; the rotations they stand on.
 *
 * A fork must give the very bits of a sequence that read the prefix itself. A shift is held against its definition: keys of the kept positions
 * as they were, keys behind turned back, computed here on F32 rows. */
#include "unit/llama/golden_test.h"

#include "llama/context.h"

#define N_IDS 60

static void fill_ids(int32_t ids[N_IDS], uint32_t seed) {
    for (size_t i = 0; i < N_IDS; i++) {
        seed = seed * 1664525u + 1013904223u;
        ids[i] = (int32_t)((seed >> 8) % 96);
    }
}

static void read_on(hx_llama_context *c, int32_t sequence, const int32_t *ids, size_t n) {
    hx_llama_piece p = {.ids = ids,
                        .n = n,
                        .sequence = sequence,
                        .want = HX_WANT_HIDDEN_LAST | HX_WANT_LOGITS_LAST};
    golden_run(c, &p, 1);
}

static void refused(hx_status got, hx_status want, const hx_error *err, const char *message) {
    assert_int_equal(got, want);
    assert_string_equal(err->message, message);
}

typedef struct {
    hx_llama *m;
    hx_llama_context *c;
    size_t n_vocab;
    int32_t ids[N_IDS];
} setting;

static setting begin(const char *name, hx_precision precision, hx_context_options options) {
    setting s;
    s.m = golden_open(name, precision, 2);
    s.c = golden_context(s.m, &options);
    s.n_vocab = hx_llama_describe(s.m)->n_vocab;
    fill_ids(s.ids, 7);
    return s;
}

static void end(setting *s) {
    hx_llama_context_close(s->c);
    hx_llama_close(s->m);
}

/* ------------------------------------------------------------------ going on */
/* The cache of keys is rounded to F16 or Q8_0, so that only F32 gives the very same as reading the whole text at once. */
static void going_on_is_close_to_the_whole(void **state) {
    (void)state;
    static const struct {
        hx_precision precision;
        hx_cache_type cache;
        double error;
    } cases[] = {{HX_PRECISION_EXACT, HX_CACHE_F32, 1e-5},
                 {HX_PRECISION_FAST, HX_CACHE_F32, 0.03},
                 {HX_PRECISION_FAST, HX_CACHE_F16, 0.03},
                 {HX_PRECISION_FAST, HX_CACHE_Q8, 0.1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setting s = begin("qwen3_wide", cases[i].precision,
                          (hx_context_options){.n_sequences = 2, .cache = cases[i].cache});
        hx_llama_piece whole = {
            .ids = s.ids, .n = N_IDS, .sequence = -1, .want = HX_WANT_LOGITS_LAST};
        golden_run(s.c, &whole, 1);
        float *want = golden_copy(hx_llama_logits(s.c, 0, NULL), s.n_vocab);
        for (size_t at = 0, n = 1; at < N_IDS; at += n, n = at % 7 + 1) {
            if (n > N_IDS - at) n = N_IDS - at;
            read_on(s.c, 1, s.ids + at, n);
        }
        assert_int_equal(hx_llama_sequence_length(s.c, 1), N_IDS);
        double error = golden_error(hx_llama_logits(s.c, 0, NULL), want, s.n_vocab);
        if (!(error <= cases[i].error)) fail_msg("case %zu: error %g", i, error);
        free(want);
        end(&s);
    }
}

/* ------------------------------------------------------------------ forks and cuts */
static void a_fork_is_a_copy(void **state) {
    (void)state;
    for (int type = HX_CACHE_F16; type <= HX_CACHE_F32; type++) {
        setting s = begin("qwen3_wide", HX_PRECISION_FAST,
                          (hx_context_options){.n_sequences = 4, .cache = (hx_cache_type)type});
        hx_error err = {0};
        read_on(s.c, 0, s.ids, 21);
        read_on(s.c, 3, s.ids, 21);
        read_on(s.c, 3, s.ids + 40, 5);
        float *want = golden_copy(hx_llama_logits(s.c, 0, NULL), s.n_vocab);
        assert_int_equal(hx_llama_sequence_fork(s.c, 1, 0, &err), HX_OK);
        assert_int_equal(hx_llama_sequence_length(s.c, 1), 21);
        assert_int_equal(hx_sequence_own(s.c, 1), 0);
        read_on(s.c, 1, s.ids + 40, 5);
        assert_memory_equal(hx_llama_logits(s.c, 0, NULL), want, s.n_vocab * sizeof *want);
        assert_int_equal(hx_llama_sequence_length(s.c, 1), 26);
        assert_int_equal(hx_sequence_own(s.c, 1), 5);
        /* a fork of the fork, after one token more on it */
        assert_int_equal(hx_llama_sequence_fork(s.c, 2, 1, &err), HX_OK);
        read_on(s.c, 2, s.ids + 50, 3);
        read_on(s.c, 3, s.ids + 50, 3);
        float *longer = golden_copy(hx_llama_logits(s.c, 0, NULL), s.n_vocab);
        assert_int_equal(hx_llama_sequence_cut(s.c, 2, 26, &err), HX_OK);
        read_on(s.c, 2, s.ids + 50, 3);
        assert_memory_equal(hx_llama_logits(s.c, 0, NULL), longer, s.n_vocab * sizeof *longer);
        free(want);
        free(longer);
        end(&s);
    }
}

static void a_prefix_must_not_change(void **state) {
    (void)state;
    setting s = begin("llama_mha", HX_PRECISION_FAST, (hx_context_options){.n_sequences = 3});
    hx_error err = {0};
    read_on(s.c, 0, s.ids, 6);
    assert_int_equal(hx_llama_sequence_fork(s.c, 1, 0, &err), HX_OK);
    static const char sentence[] = "sequence 0 is the prefix of 1 others and cannot change";
    hx_llama_piece p = {.ids = s.ids, .n = 1, .sequence = 0};
    refused(hx_llama_run(s.c, &p, 1, &err), HX_ECONFLICT, &err, sentence);
    refused(hx_llama_sequence_cut(s.c, 0, 2, &err), HX_ECONFLICT, &err, sentence);
    refused(hx_llama_sequence_shift(s.c, 0, 0, 2, &err), HX_ECONFLICT, &err, sentence);
    refused(hx_llama_sequence_fork(s.c, 0, 2, &err), HX_ECONFLICT, &err, sentence);
    assert_int_equal(hx_llama_sequence_length(s.c, 0), 6);
    /* let go by emptying the fork, by forking it elsewhere */
    assert_int_equal(hx_llama_sequence_cut(s.c, 1, 0, &err), HX_OK);
    assert_int_equal(hx_llama_sequence_cut(s.c, 0, 5, &err), HX_OK);
    assert_int_equal(hx_llama_sequence_fork(s.c, 1, 0, &err), HX_OK);
    read_on(s.c, 2, s.ids, 2);
    assert_int_equal(hx_llama_sequence_fork(s.c, 1, 2, &err), HX_OK);
    assert_int_equal(hx_llama_sequence_length(s.c, 1), 2);
    assert_int_equal(hx_llama_sequence_cut(s.c, 0, 1, &err), HX_OK);
    end(&s);
}

static void forks_have_bounds(void **state) {
    (void)state;
    setting s = begin("llama_mha", HX_PRECISION_FAST,
                      (hx_context_options){.n_sequences = 10, .n_positions = 8});
    hx_error err = {0};
    refused(hx_llama_sequence_fork(s.c, 0, 0, &err), HX_EINVAL, &err,
            "sequence 0 cannot be its own prefix");
    refused(hx_llama_sequence_fork(s.c, 10, 0, &err), HX_EINVAL, &err,
            "there is no sequence 10, only 0 to 9");
    refused(hx_llama_sequence_fork(s.c, 0, -1, &err), HX_EINVAL, &err,
            "there is no sequence -1, only 0 to 9");
    /* of an empty one: nothing is shared */
    assert_int_equal(hx_llama_sequence_fork(s.c, 1, 0, &err), HX_OK);
    read_on(s.c, 0, s.ids, 3);
    for (int32_t i = 1; i < 8; i++)
        assert_int_equal(hx_llama_sequence_fork(s.c, i, i - 1, &err), HX_OK);
    refused(hx_llama_sequence_fork(s.c, 8, 7, &err), HX_ELIMIT, &err,
            "sequence 7 is already the 7th fork of a fork");
    read_on(s.c, 7, s.ids, 5);
    hx_llama_piece p = {.ids = s.ids, .n = 1, .sequence = 7};
    refused(hx_llama_run(s.c, &p, 1, &err), HX_ELIMIT, &err,
            "sequence 7 holds 8 of at most 8 positions and cannot take 1 more");
    refused(hx_llama_sequence_cut(s.c, 7, 9, &err), HX_EINVAL, &err,
            "sequence 7 holds 8 positions and cannot be cut to 9");
    refused(hx_llama_sequence_shift(s.c, 7, 2, 1, &err), HX_EINVAL, &err,
            "sequence 7 shares its first 3 positions; only those behind them can be forgotten");
    refused(hx_llama_sequence_shift(s.c, 7, 4, 5, &err), HX_EINVAL, &err,
            "sequence 7 holds 8 positions and cannot forget 5 behind the first 4");
    refused(hx_llama_sequence_shift(s.c, 7, SIZE_MAX, SIZE_MAX, &err), HX_EINVAL, &err,
            "sequence 7 holds 8 positions and cannot forget 18446744073709551615 behind the first "
            "18446744073709551615");
    assert_int_equal(hx_llama_sequence_length(s.c, 7), 8);
    assert_int_equal(hx_llama_sequence_length(s.c, 99), 0);
    assert_int_equal(hx_llama_sequence_length(s.c, -1), 0);
    end(&s);
}

static void a_cut_forgets(void **state) {
    (void)state;
    setting s = begin("gguf_llama3", HX_PRECISION_FAST, (hx_context_options){.n_sequences = 2});
    hx_error err = {0};
    read_on(s.c, 0, s.ids, 10);
    read_on(s.c, 0, s.ids + 10, 5);
    float *want = golden_copy(hx_llama_logits(s.c, 0, NULL), s.n_vocab);
    read_on(s.c, 1, s.ids, 10);
    read_on(s.c, 1, s.ids + 30, 30);
    assert_int_equal(hx_llama_sequence_cut(s.c, 1, 10, &err), HX_OK);
    read_on(s.c, 1, s.ids + 10, 5);
    assert_memory_equal(hx_llama_logits(s.c, 0, NULL), want, s.n_vocab * sizeof *want);
    free(want);
    end(&s);
}

/* ------------------------------------------------------------------ shifts */
/* One pair of a key, turned by `angle`. */
static void turn_pair(float *a, float *b, double angle) {
    double x = (double)*a, y = (double)*b;
    *a = (float)(x * cos(angle) - y * sin(angle));
    *b = (float)(x * sin(angle) + y * cos(angle));
}

static void turn_key(const hx_llama *m, float *key, double positions) {
    size_t half = m->config.rope.dims / 2;
    for (size_t i = 0; i < half; i++) {
        size_t a = m->config.interleaved ? 2 * i : i,
               b = m->config.interleaved ? 2 * i + 1 : i + half;
        turn_pair(&key[a], &key[b], positions * (double)m->rope_frequency[i]);
    }
}

static float *decoded(const hx_cache *c, const uint8_t *rows, size_t n) {
    float *out = malloc(n * c->head_dim * sizeof *out);
    assert_non_null(out);
    hx_dtype_decode(c->type, rows, n * c->head_dim, out);
    return out;
}

static void check_shift(const char *name, hx_precision precision, hx_cache_type type,
                        double bound) {
    enum { LENGTH = 40, KEEP = 5, DISCARD = 13, LEFT = LENGTH - DISCARD };
    setting s = begin(name, precision, (hx_context_options){.cache = type});
    const hx_cache *cache = &s.c->cache;
    hx_error err = {0};
    read_on(s.c, 0, s.ids, LENGTH);
    size_t n_heads = cache->n_kv_heads, d = cache->head_dim, last = cache->n_layers - 1;
    float *before[2] = {decoded(cache, hx_cache_keys(cache, 0, last, n_heads - 1), LENGTH),
                        decoded(cache, hx_cache_values(cache, 0, last, n_heads - 1), LENGTH)};
    assert_int_equal(hx_llama_sequence_shift(s.c, 0, KEEP, DISCARD, &err), HX_OK);
    assert_int_equal(hx_llama_sequence_length(s.c, 0), LEFT);
    float *after[2] = {decoded(cache, hx_cache_keys(cache, 0, last, n_heads - 1), LEFT),
                       decoded(cache, hx_cache_values(cache, 0, last, n_heads - 1), LEFT)};
    for (size_t p = KEEP + DISCARD; p < LENGTH; p++)
        turn_key(s.m, before[0] + p * d, -(double)DISCARD);
    for (int which = 0; which < 2; which++) {
        assert_memory_equal(after[which], before[which], KEEP * d * sizeof(float));
        memmove(before[which] + KEEP * d, before[which] + (KEEP + DISCARD) * d,
                (LEFT - KEEP) * d * sizeof(float));
        double error = golden_error(after[which], before[which], LEFT * d);
        if (!(error <= (which ? 0.0 : bound))) fail_msg("%s: error %g", name, error);
        free(before[which]);
        free(after[which]);
    }
    read_on(s.c, 0, s.ids, 1);
    assert_int_equal(hx_llama_sequence_length(s.c, 0), LEFT + 1);
    end(&s);
}

static void a_shift_turns_keys_back(void **state) {
    (void)state;
    check_shift("gguf_llama3", HX_PRECISION_EXACT, HX_CACHE_F32, 1e-5);
    check_shift("llama_yarn", HX_PRECISION_FAST, HX_CACHE_F32, 1e-5);
    check_shift("qwen3_wide", HX_PRECISION_FAST, HX_CACHE_F16, 1e-3);
    check_shift("qwen3_wide", HX_PRECISION_FAST, HX_CACHE_Q8, 2e-2);
}

/* In the first layer keys know only their token and their position: shifted ones are those of the shorter text. */
static void a_shift_of_the_first_layer_is_the_shorter_text(void **state) {
    (void)state;
    enum { KEEP = 4, DISCARD = 20, LENGTH = 50 };
    setting s = begin("llama_llama3", HX_PRECISION_EXACT, (hx_context_options){.n_sequences = 2});
    hx_error err = {0};
    int32_t shorter[LENGTH - DISCARD];
    for (size_t i = 0; i < LENGTH - DISCARD; i++)
        shorter[i] = s.ids[i < KEEP ? i : i + DISCARD];
    read_on(s.c, 0, s.ids, LENGTH);
    read_on(s.c, 1, shorter, LENGTH - DISCARD);
    assert_int_equal(hx_llama_sequence_shift(s.c, 0, KEEP, DISCARD, &err), HX_OK);
    const hx_cache *cache = &s.c->cache;
    size_t n = (LENGTH - DISCARD) * cache->head_dim;
    for (size_t h = 0; h < cache->n_kv_heads; h++) {
        const float *a = (const float *)(const void *)hx_cache_keys(cache, 0, 0, h);
        const float *b = (const float *)(const void *)hx_cache_keys(cache, 1, 0, h);
        assert_true(golden_error(a, b, n) < 1e-5);
        a = (const float *)(const void *)hx_cache_values(cache, 0, 0, h);
        b = (const float *)(const void *)hx_cache_values(cache, 1, 0, h);
        assert_memory_equal(a, b, n * sizeof *a);
    }
    end(&s);
}

/* ------------------------------------------------------------------ rotations */
static void positions_far_out_are_right(void **state) {
    (void)state;
    hx_rope_config r = {.theta = 10000.0, .factor = 1.0, .dims = 8};
    float frequency[4], cos_[4], sin_[4];
    assert_true(hx_rope_frequencies(&r, NULL, frequency) == 1.0f);
    assert_true(frequency[0] == 1.0f && fabsf(frequency[1] - 0.1f) < 1e-8f);
    hx_rope_angles(frequency, 4, 1.0f, 100000.0, cos_, sin_);
    /* cos and sin of 100000: bc -l */
    assert_true(fabs((double)cos_[0] - -0.999360807438212) < 1e-7);
    assert_true(fabs((double)sin_[0] - 0.035748797972017) < 1e-7);
}

static void the_table_only_grows(void **state) {
    (void)state;
    const float frequency[2] = {1.0f, 0.01f};
    hx_rope_table t = {0};
    float cos_[2], sin_[2];
    for (size_t n = 1; n < 300; n = n * 3 + 1) {
        assert_int_equal(hx_rope_table_grow(&t, frequency, 2, 1.5f, n, NULL), HX_OK);
        assert_true(t.n >= n);
        for (size_t p = 0; p < t.n; p++) {
            hx_rope_angles(frequency, 2, 1.5f, (double)p, cos_, sin_);
            assert_memory_equal(cos_, t.cos_ + 2 * p, sizeof cos_);
            assert_memory_equal(sin_, t.sin_ + 2 * p, sizeof sin_);
        }
    }
    hx_rope_table_release(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(going_on_is_close_to_the_whole),
        cmocka_unit_test(a_fork_is_a_copy),
        cmocka_unit_test(a_prefix_must_not_change),
        cmocka_unit_test(forks_have_bounds),
        cmocka_unit_test(a_cut_forgets),
        cmocka_unit_test(a_shift_turns_keys_back),
        cmocka_unit_test(a_shift_of_the_first_layer_is_the_shorter_text),
        cmocka_unit_test(positions_far_out_are_right),
        cmocka_unit_test(the_table_only_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
