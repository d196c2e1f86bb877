/* trunk_test.h - what the tests of the trunk share: kernels, threads, scratch; a small configuration; a packed batch; a loss. */
#ifndef HX_TESTS_TRUNK_TEST_H
#define HX_TESTS_TRUNK_TEST_H

#include "unit/llama/golden_test.h"

#include "llama/trunk.h"

#define TRUNK_TOKENS 17
#define TRUNK_SCRATCH ((size_t)16 << 20)

static const uint32_t trunk_starts[4] = {0, 5, 14, 17};
static const bool trunk_causal[3] = {true, false, true};

typedef struct {
    hx_nn nn;
    hx_error err;
    uint32_t ids[TRUNK_TOKENS];
    hx_trunk_batch batch;
} trunk_fixture;

static inline void trunk_open(trunk_fixture *f, const char *kernels, size_t threads) {
    memset(f, 0, sizeof *f);
    assert_int_equal(hx_kernels_choose(kernels, &f->nn.kernels, &f->err), HX_OK);
    assert_int_equal(hx_team_new(&f->nn.team, threads, &f->err), HX_OK);
    f->nn.scratch = aligned_alloc(64, TRUNK_SCRATCH);
    assert_non_null(f->nn.scratch);
    for (uint32_t i = 0; i < TRUNK_TOKENS; i++)
        f->ids[i] = (7 * i + 3) % 96;
    f->batch = (hx_trunk_batch){.ids = f->ids,
                                .n_tokens = TRUNK_TOKENS,
                                .starts = trunk_starts,
                                .n_sequences = 3,
                                .causal = trunk_causal,
                                .seed = 5,
                                .step = 2,
                                .training = true};
}

static inline void trunk_close(trunk_fixture *f) {
    hx_team_free(f->nn.team);
    free(f->nn.scratch);
}

/* "llama", "qwen2" (biases) or "qwen3" (norms of heads); 96 tokens, 2 layers, n_embd 32, 4 heads of 8, 2 for keys and values, n_ff 64. */
static inline hx_config trunk_config(const char *architecture, bool tied) {
    hx_config c;
    assert_int_equal(hx_config_begin(&c, hx_str_of(architecture), "test", NULL), HX_OK);
    c.n_layers = 2;
    c.n_vocab = 96;
    c.n_embd = 32;
    c.n_heads = 4;
    c.n_kv_heads = 2;
    c.n_ff = 64;
    c.tied = tied;
    c.norm_eps = 1e-5;
    return c;
}

static inline hx_trunk *trunk_new(trunk_fixture *f, const char *architecture, bool tied,
                                  const hx_trunk_options *options) {
    hx_config c = trunk_config(architecture, tied);
    hx_trunk *t = NULL;
    if (hx_trunk_new(&t, &c, options, 11, &f->err) != HX_OK) fail_msg("%s", f->err.message);
    assert_true(hx_trunk_scratch(t, TRUNK_TOKENS, 3, 4) <= TRUNK_SCRATCH);
    return t;
}

/* Weights large enough that no gradient is lost in rounding. */
static inline void trunk_stir(hx_trunk *t) {
    hx_params *p = hx_trunk_params(t);
    for (size_t i = 0; i < hx_params_count(p); i++) {
        hx_param *w = hx_params_at(p, i);
        hx_param_randomise(w, w->n_dims == 2 ? 0.25f : 0.1f, 23);
        for (size_t j = 0; w->n_dims == 1 && j < w->n; j++)
            if (strstr(w->name, "norm")) w->w[j] += 1;
    }
}

static inline float trunk_weight(size_t row, size_t column) {
    return (float)cos(0.37 * (double)row + 1.3 * (double)column);
}

/* Sum of hidden, and of half the tap, times weights by place. */
static inline double trunk_loss(trunk_fixture *f, hx_trunk *t) {
    const float *hidden = NULL;
    if (hx_trunk_forward(t, &f->nn, &f->batch, &hidden, &f->err) != HX_OK)
        fail_msg("%s", f->err.message);
    const float *tap = hx_trunk_tap(t);
    size_t d = hx_trunk_config(t)->n_embd;
    double sum = 0;
    for (size_t i = 0; i < TRUNK_TOKENS * d; i++) {
        double w = (double)trunk_weight(i / d, i % d);
        sum += (double)hidden[i] * w + (tap ? 0.5 * (double)tap[i] * w : 0);
    }
    return sum;
}

static inline void trunk_gradients(trunk_fixture *f, hx_trunk *t) {
    size_t d = hx_trunk_config(t)->n_embd, n = TRUNK_TOKENS * d;
    float *dhidden = calloc(2 * n, sizeof *dhidden);
    assert_non_null(dhidden);
    (void)trunk_loss(f, t);
    for (size_t i = 0; i < n; i++) {
        dhidden[i] = trunk_weight(i / d, i % d);
        dhidden[n + i] = 0.5f * dhidden[i];
    }
    hx_params_zero_gradients(&f->nn, hx_trunk_params(t));
    hx_trunk_backward(t, &f->nn, dhidden, hx_trunk_tap(t) ? dhidden + n : NULL);
    free(dhidden);
}

#endif
