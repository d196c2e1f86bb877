/* objective_test.h - a head on a trunk of a few numbers, and its slopes by differences; for the tests of objective.h. */
#ifndef HX_UNIT_LLAMA_OBJECTIVE_TEST_H
#define HX_UNIT_LLAMA_OBJECTIVE_TEST_H

#include "unit/nn/nn_test.h"

#include "llama/objective.h"
#include "nn/layers.h"
#include "nn/optim.h"

enum { T = 9, D = 6, S = 4, V = 11, ROOM = 512 };

static const uint32_t starts[S + 1] = {0, 2, 4, 6, 9};

typedef struct {
    nn_test t;
    hx_trunk *trunk;
    hx_train_head *head;
    hx_trunk_batch batch;
    hx_targets targets;
    float *hidden, *dhidden; /* (T, D) */
    float scale;
} head_test;

static inline void open_trunk(head_test *h, size_t threads) {
    hx_error err = {0};
    nn_open(&h->t, NULL, threads);
    hx_config c = {.architecture = hx_architecture_find(hx_str_of("llama")),
                   .n_layers = 2,
                   .n_vocab = V,
                   .n_embd = D,
                   .n_heads = 1,
                   .n_kv_heads = 1,
                   .head_dim = 6,
                   .n_ff = 8,
                   .n_positions = 32,
                   .norm_eps = 1e-5,
                   .rope = {.theta = 10000, .factor = 1, .dims = 6},
                   .tied = true,
                   .bos = -1,
                   .eos = -1,
                   .pad = -1};
    hx_trunk_options o = {0};
    hx_status status = hx_trunk_new(&h->trunk, &c, &o, 3, &err);
    if (status != HX_OK) fail_msg("%s", err.message);
}

static inline void open_head(head_test *h, const hx_head_options *options, size_t threads) {
    hx_error err = {0};
    *h = (head_test){0};
    open_trunk(h, threads);
    hx_status status = hx_train_head_new(&h->head, h->trunk, options, 5, &err);
    if (status != HX_OK) fail_msg("%s", err.message);
    assert_true(hx_train_head_scratch(h->head, T, S, threads) <= SCRATCH_BYTES);
    h->batch = (hx_trunk_batch){.n_tokens = T, .starts = starts, .n_sequences = S};
    h->hidden = nn_random(&h->t, T * D);
    h->dhidden = nn_zeros(&h->t, T * D);
    h->scale = 1;
}

static inline void close_head(head_test *h) {
    hx_train_head_free(h->head);
    hx_trunk_free(h->trunk);
    nn_close(&h->t);
}

static inline hx_param *part(const head_test *h, const char *name) {
    hx_param *p = hx_params_find(hx_trunk_params(h->trunk), name);
    if (!p) fail_msg("no tensor %s", name);
    return p;
}

static inline hx_objective_result run(head_test *h, float *dhidden) {
    hx_error err = {0};
    hx_objective_result r;
    hx_status status = hx_train_head_loss(h->head, &h->t.nn, &h->batch, h->hidden, &h->targets,
                                          h->scale, dhidden, NULL, &r, &err);
    if (status != HX_OK) fail_msg("%s", err.message);
    return r;
}

static inline double loss_alone(void *context) {
    head_test *h = context;
    return run(h, NULL).loss * (double)h->scale;
}

/* The gradient's pass and the loss alone agree; it is added to what was there; slopes of the hidden states and of the head's tensors. */
static inline void check_slopes(head_test *h, const char *what) {
    hx_params *params = hx_trunk_params(h->trunk);
    hx_params_zero_gradients(&h->t.nn, params);
    for (size_t i = 0; i < T * D; i++)
        h->dhidden[i] = 1;
    hx_objective_result r = run(h, h->dhidden), alone = run(h, NULL);
    assert_true(fabs(r.loss - alone.loss) <= 1e-5 * (1 + fabs(r.loss)));
    assert_true(r.count == hx_train_head_count(h->head, &h->batch, &h->targets));
    assert_int_equal(r.n_right, alone.n_right);
    for (size_t i = 0; i < T * D; i++)
        h->dhidden[i] -= 1;
    nn_check_slopes(loss_alone, h, h->hidden, T * D, h->dhidden, what);
    for (size_t i = 0; i < hx_params_count(params); i++) {
        const hx_param *p = hx_params_at(params, i);
        if (strncmp(p->name, "score", 5) == 0 || strncmp(p->name, "heads.", 6) == 0 ||
            strncmp(p->name, "teacher.", 8) == 0)
            nn_check_slopes(loss_alone, h, p->w, p->n, p->g, p->name);
    }
}

#endif
