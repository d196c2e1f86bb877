/* test_trunk.c - gradients of every tensor beside slopes by differences, for every architecture and option; the same bytes with any number of
 * threads, with and without recomputation; what is frozen stays still; batches that make no sense. */
#include "unit/llama/trunk_test.h"

#define STEP 0.01f
#define PROBES 5 /* elements of a tensor */

static void check_slope(trunk_fixture *f, hx_trunk *t, const hx_param *p, size_t at) {
    float old = p->w[at], up = old + STEP, down = old - STEP;
    p->w[at] = up;
    double above = trunk_loss(f, t);
    p->w[at] = down;
    double below = trunk_loss(f, t);
    p->w[at] = old;
    double slope = (above - below) / ((double)up - (double)down);
    if (!(fabs(slope - (double)p->g[at]) <= 0.01 * (1 + fabs(slope))))
        fail_msg("%s[%zu]: gradient %g, slope %g", p->name, at, (double)p->g[at], slope);
}

/* Every tensor at its steepest element and at some others. */
static void check_slopes(trunk_fixture *f, hx_trunk *t) {
    trunk_gradients(f, t);
    hx_params *params = hx_trunk_params(t);
    for (size_t i = 0; i < hx_params_count(params); i++) {
        const hx_param *p = hx_params_at(params, i);
        size_t top = 0;
        for (size_t j = 0; p->g && j < p->n; j++)
            if (fabsf(p->g[j]) > fabsf(p->g[top])) top = j;
        if (p->g && strcmp(p->name, "lm_head.weight") != 0) {
            assert_true(p->g[top] != 0);
            check_slope(f, t, p, top);
            for (size_t j = 0; j < PROBES; j++)
                check_slope(f, t, p, (j * 7919 + 13) % p->n);
        }
    }
}

static void check_options(const char *architecture, const hx_trunk_options *options, bool tied,
                          size_t tap, bool mixed) {
    trunk_fixture f;
    uint32_t others[TRUNK_TOKENS];
    const float share[3] = {0.3f, 1.0f, 0.6f};
    trunk_open(&f, NULL, 2);
    for (size_t i = 0; i < TRUNK_TOKENS; i++)
        others[i] = (uint32_t)(5 * i + 1) % 96;
    hx_trunk *t = trunk_new(&f, architecture, tied, options);
    trunk_stir(t);
    f.batch.tap = tap;
    if (mixed) {
        f.batch.mixed = others;
        f.batch.share = share;
    }
    check_slopes(&f, t);
    hx_trunk_free(t);
    trunk_close(&f);
}

static void test_slopes(void **state) {
    (void)state;
    const char *const names[3] = {"llama", "qwen2", "qwen3"};
    for (size_t i = 0; i < 3; i++)
        check_options(names[i], NULL, i != 1, 0, false);
}

static void test_slopes_of_options(void **state) {
    (void)state;
    const hx_trunk_options dropout = {.dropout = 0.2f};
    const hx_trunk_options all = {.dropout = 0.2f,
                                  .recompute = true,
                                  .lora_rank = 3,
                                  .lora_dropout = 0.3f,
                                  .lora_targets = HX_LORA_ALL};
    const hx_trunk_options lora = {.frozen = true, .lora_rank = 3};
    const hx_trunk_options late = {
        .frozen_layers = 1, .lora_rank = 2, .lora_targets = HX_LORA_DOWN};
    check_options("llama", NULL, true, 1, false);
    check_options("llama", NULL, true, 2, true);
    check_options("qwen3", &dropout, true, 0, false);
    check_options("qwen2", &all, false, 1, true);
    check_options("llama", &lora, true, 0, false);
    check_options("qwen3", &late, true, 2, false);
}

static float *all_gradients(size_t threads, const char *kernels, bool recompute, size_t *n) {
    trunk_fixture f;
    const hx_trunk_options options = {
        .dropout = 0.1f, .recompute = recompute, .lora_rank = 2, .lora_targets = HX_LORA_ALL};
    trunk_open(&f, kernels, threads);
    hx_trunk *t = trunk_new(&f, "qwen3", true, &options);
    trunk_stir(t);
    f.batch.tap = 1;
    trunk_gradients(&f, t);
    hx_params *p = hx_trunk_params(t);
    float *out = calloc((size_t)hx_params_elements(p, true), sizeof *out);
    assert_non_null(out);
    *n = 0;
    for (size_t i = 0; i < hx_params_count(p); i++) {
        const hx_param *w = hx_params_at(p, i);
        memcpy(out + *n, w->g, w->n * sizeof *out);
        *n += w->n;
    }
    hx_trunk_free(t);
    trunk_close(&f);
    return out;
}

static void test_same_bytes(void **state) {
    (void)state;
    size_t n = 0;
    float *want = all_gradients(1, NULL, false, &n);
    for (size_t i = 0; i < 3; i++) {
        size_t m = 0;
        float *got = all_gradients(i + 1, i == 2 ? "scalar" : NULL, i > 0, &m);
        assert_int_equal(n, m);
        assert_memory_equal(got, want, n * sizeof *got);
        free(got);
    }
    free(want);
}

static size_t n_trained(hx_trunk *t) {
    size_t n = 0;
    for (size_t i = 0; i < hx_params_count(hx_trunk_params(t)); i++)
        n += hx_params_at(hx_trunk_params(t), i)->g != NULL;
    return n;
}

static void test_frozen(void **state) {
    (void)state;
    trunk_fixture f;
    trunk_open(&f, NULL, 1);
    const hx_trunk_options options[4] = {{.frozen = true},
                                         {.frozen_layers = 1},
                                         {.frozen_embedding = true},
                                         {.frozen = true, .lora_rank = 4}};
    const size_t want[4] = {0, 10, 19, 8};
    for (size_t i = 0; i < 4; i++) {
        hx_trunk *t = trunk_new(&f, "llama", true, &options[i]);
        assert_int_equal(n_trained(t), want[i]);
        trunk_gradients(&f, t);
        const float *w = NULL;
        float *dw = NULL;
        hx_trunk_output(t, &w, &dw);
        assert_non_null(w);
        assert_null(dw);
        hx_trunk_free(t);
    }
    trunk_close(&f);
}

/* A new adapter changes nothing; one that is not zero is what merging adds. */
static void test_merge(void **state) {
    (void)state;
    trunk_fixture f;
    const hx_trunk_options options = {.lora_rank = 4, .lora_alpha = 6, .lora_targets = HX_LORA_ALL};
    trunk_open(&f, NULL, 2);
    f.batch.training = false;
    hx_trunk *plain = trunk_new(&f, "qwen2", true, NULL);
    hx_trunk *t = trunk_new(&f, "qwen2", true, &options);
    assert_true(trunk_loss(&f, t) == trunk_loss(&f, plain));
    trunk_stir(t);
    size_t n = n_trained(t);
    double before = trunk_loss(&f, t);
    assert_int_equal(hx_trunk_merge(t, &f.nn, &f.err), HX_OK);
    assert_true(fabs(trunk_loss(&f, t) - before) < 1e-4 * (1 + fabs(before)));
    assert_int_equal(n_trained(t), n - 2 * 2 * 7);
    assert_null(hx_params_find(hx_trunk_params(t),
                               "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"));
    f.batch.training = true;
    trunk_gradients(&f, t);
    assert_true(hx_params_gradient_norm(&f.nn, hx_trunk_params(t)) > 0);
    hx_trunk_free(t);
    hx_trunk_free(plain);
    trunk_close(&f);
}

/* Rounded weights change the result a little, with 4 bits more than with 8, and the gradient goes on. */
static void test_rounding(void **state) {
    (void)state;
    trunk_fixture f;
    trunk_open(&f, NULL, 2);
    double losses[3], most = 0;
    for (int i = 0; i < 3; i++) {
        const hx_trunk_options options = {.quantise_aware = i > 0, .quantise_bits = i == 1 ? 8 : 4};
        hx_trunk *t = trunk_new(&f, "llama", true, &options);
        trunk_stir(t);
        losses[i] = trunk_loss(&f, t);
        trunk_gradients(&f, t);
        const hx_param *p = hx_params_find(hx_trunk_params(t), "model.layers.0.mlp.up_proj.weight");
        for (size_t j = 0; j < p->n; j++)
            most = fmax(most, fabs((double)p->g[j]));
        assert_true(most > 0.1);
        hx_trunk_free(t);
    }
    double by8 = fabs(losses[1] - losses[0]), by4 = fabs(losses[2] - losses[0]);
    assert_true(by8 > 0 && by4 > by8);
    trunk_close(&f);
}

static void check_refused(trunk_fixture *f, hx_trunk *t, const hx_trunk_batch *b,
                          const char *sentence) {
    const float *hidden = NULL;
    assert_int_equal(hx_trunk_forward(t, &f->nn, b, &hidden, &f->err), HX_EINVAL);
    assert_string_equal(f->err.message, sentence);
}

static void test_bad_batches(void **state) {
    (void)state;
    trunk_fixture f;
    trunk_open(&f, NULL, 1);
    hx_trunk *t = trunk_new(&f, "llama", true, NULL);
    const uint32_t back[4] = {0, 9, 5, 17}, less[4] = {0, 5, 9, 16};
    hx_trunk_batch b = f.batch;
    b.n_tokens = 0;
    check_refused(&f, t, &b, "training: a batch of 3 sequences and 0 tokens");
    b = f.batch;
    b.starts = back;
    check_refused(&f, t, &b, "training: sequence 1 of a batch ends before it starts");
    b.starts = less;
    check_refused(&f, t, &b, "training: the sequences of a batch do not cover its tokens");
    b = f.batch;
    b.tap = 3;
    check_refused(&f, t, &b, "training: a batch wants what the model does not have");
    f.ids[4] = 96;
    check_refused(&f, t, &f.batch, "training: token 4 of a batch is not below 96");
    hx_trunk_free(t);
    trunk_close(&f);
}

static void check_option(const hx_trunk_options *options, const char *sentence) {
    hx_config c = trunk_config("llama", true);
    hx_trunk *t = NULL;
    hx_error err = {0};
    assert_int_equal(hx_trunk_new(&t, &c, options, 1, &err), HX_EINVAL);
    assert_string_equal(err.message, sentence);
    assert_null(t);
}

static void test_bad_options(void **state) {
    (void)state;
    check_option(&(hx_trunk_options){.dropout = 1}, "training: a dropout must be in [0, 1)");
    check_option(&(hx_trunk_options){.lora_rank = 33},
                 "training: LoRA rank 33 is above the model's width 32");
    check_option(&(hx_trunk_options){.quantise_bits = 5},
                 "training: weights are rounded to 4 or 8 bits, not 5");
    check_option(&(hx_trunk_options){.frozen_layers = 3},
                 "training: 3 layers are to be frozen, the model has 2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slopes),      cmocka_unit_test(test_slopes_of_options),
        cmocka_unit_test(test_same_bytes),  cmocka_unit_test(test_frozen),
        cmocka_unit_test(test_merge),       cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_bad_batches), cmocka_unit_test(test_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
