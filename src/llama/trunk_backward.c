/* trunk_backward.c - the backward pass (trunk.h), from the last norm to the first block that has something trained.
 *
 * dx (T, d) is the gradient of the stream; each half of a block adds its share: dx += norm'(W^T ...). What forward did not keep - the outputs
 * of norms and of SwiGLU - is made again; with `recompute` all of a block is. Gradients of gate and up overwrite their values.
 * Adapters and weights get their gradients added; where neither is trained the input of a product is not made at all. */
#include <string.h>

#include "llama/trunk_parts.h"
#include "nn/attention.h"

typedef struct {
    hx_trunk *t;
    const hx_nn *nn;
    hx_trunk_slot *slot;
    const hx_trunk_layer *layer;
    size_t index, n;
    float *dx;
} layer_back;

static void multiply_back(const layer_back *b, size_t place, const float *x, const float *dy,
                          float *dx) {
    const hx_trunk *t = b->t;
    hx_trunk_backward_call call = {.x = x,
                                   .t = b->n,
                                   .dy = dy,
                                   .u = b->slot->u[place],
                                   .dx = dx,
                                   .key = hx__trunk_key(t, b->index, 2 + place),
                                   .dropout = t->options.lora_dropout};
    hx__trunk_multiply_back(t, b->nn, &b->layer->products[place], &call);
}

/* The gradient of what a half of the block added to the stream, before its dropout. */
static const float *dropped_dx(const layer_back *b, size_t site) {
    hx_nn_dropout_key key = hx__trunk_key(b->t, b->index, site);
    if (b->t->options.dropout <= 0) return b->dx;
    hx_nn_dropout(b->nn, &key, b->t->options.dropout, b->dx, b->n * b->t->config.n_embd,
                  b->t->room.dnormed);
    return b->t->room.dnormed;
}

static const float *normed_again(const layer_back *b, size_t i, const float *x, size_t place) {
    const hx_trunk *t = b->t;
    if (!hx__trunk_is_trained(&b->layer->products[place])) return NULL;
    hx_nn_rms_norm(b->nn, x, b->n, t->config.n_embd, b->layer->norm[i], (float)t->config.norm_eps,
                   b->slot->r[i], t->room.normed);
    return t->room.normed;
}

static void norm_back(const layer_back *b, size_t i, const float *x) {
    const hx_trunk *t = b->t;
    size_t d = t->config.n_embd;
    float *dy = t->room.dnormed;
    hx_nn_rms_norm_back(b->nn, x, b->n, d, b->layer->norm[i], b->slot->r[i], dy, dy,
                        b->layer->dnorm[i]);
    hx_nn_add(b->nn, dy, b->n * d, 1.0f, b->dx);
}

static void feed_forward_back(const layer_back *b) {
    const hx_trunk_room *r = &b->t->room;
    const hx_trunk_slot *s = b->slot;
    size_t f = b->t->config.n_ff;
    const float *dy = dropped_dx(b, 1), *wide = NULL;
    if (hx__trunk_is_trained(&b->layer->products[HX_TRUNK_DOWN])) {
        hx_nn_swiglu(b->nn, s->gate_up, b->n, f, r->wide);
        wide = r->wide;
    }
    multiply_back(b, HX_TRUNK_DOWN, wide, dy, r->dwide);
    hx_nn_swiglu_back(b->nn, s->gate_up, r->dwide, b->n, f, s->gate_up);
    const float *x = normed_again(b, 1, s->middle, HX_TRUNK_GATE_UP);
    multiply_back(b, HX_TRUNK_GATE_UP, x, s->gate_up, r->dnormed);
    norm_back(b, 1, s->middle);
}

static void heads_back(const layer_back *b) {
    const hx_config *c = &b->t->config;
    const hx_trunk_slot *s = b->slot;
    size_t q = c->n_heads * c->head_dim, k = c->n_kv_heads * c->head_dim;
    for (size_t i = 0; s->raw && i < 2; i++) {
        hx_nn_head_norm_call call = {.x = s->raw + (i ? q : 0),
                                     .w = b->layer->norm[2 + i],
                                     .t = b->n,
                                     .n_heads = i ? c->n_kv_heads : c->n_heads,
                                     .head_dim = c->head_dim,
                                     .ldx = q + k,
                                     .ldy = q + 2 * k,
                                     .eps = (float)c->norm_eps,
                                     .r = s->raw_r + (i ? b->n * c->n_heads : 0)};
        float *dy = b->t->room.dqkv + (i ? q : 0);
        hx_nn_head_norm_back(b->nn, &call, dy, dy, b->layer->dnorm[2 + i]);
    }
}

static void attend_back(const layer_back *b) {
    const hx_trunk *t = b->t;
    const hx_config *c = &t->config;
    size_t q = c->n_heads * c->head_dim, k = c->n_kv_heads * c->head_dim;
    float *dqkv = t->room.dqkv;
    hx_nn_attention_call call = hx__trunk_attention(t, b->slot);
    hx_nn_rope_call turn = hx__trunk_turn(t);
    turn.inverse = true;
    hx_nn_attention_back(b->nn, &call, t->room.dattended, dqkv, dqkv + q, dqkv + q + k);
    hx_nn_rope(b->nn, &turn, dqkv);
    heads_back(b);
}

static void attention_back(const layer_back *b) {
    const hx_trunk_room *r = &b->t->room;
    const float *x = hx__trunk_stream(b->t, b->index);
    multiply_back(b, HX_TRUNK_OUT, b->slot->attended, dropped_dx(b, 0), r->dattended);
    attend_back(b);
    const float *normed = normed_again(b, 0, x, HX_TRUNK_QKV);
    multiply_back(b, HX_TRUNK_QKV, normed, r->dqkv, r->dnormed);
    norm_back(b, 0, x);
}

static void embedding_back(hx_trunk *t, const hx_nn *nn, float *dx) {
    const hx_trunk_batch *b = &t->batch;
    size_t d = t->config.n_embd;
    float *other = t->room.normed;
    if (!t->dembedding) return;
    if (b->mixed) {
        for (size_t s = 0; s < b->n_sequences; s++)
            for (size_t i = b->starts[s] * d; i < b->starts[s + 1] * d; i++) {
                other[i] = (1.0f - b->share[s]) * dx[i];
                dx[i] *= b->share[s];
            }
        hx_nn_embedding_back(nn, b->mixed, b->n_tokens, d, other, t->dembedding);
    }
    hx_nn_embedding_back(nn, b->ids, b->n_tokens, d, dx, t->dembedding);
}

void hx_trunk_backward(hx_trunk *t, const hx_nn *nn, float *dhidden, const float *dtap) {
    size_t n = t->batch.n_tokens, d = t->config.n_embd;
    if (!t->any_trained) return;
    hx_nn_rms_norm_back(nn, hx__trunk_stream(t, t->config.n_layers), n, d, t->norm_out,
                        t->room.r_out, dhidden, dhidden, t->dnorm_out);
    for (size_t i = t->config.n_layers; i-- > t->first_trained;) {
        layer_back b = {t, nn, hx__trunk_slot_of(t, i), &t->layers[i], i, n, dhidden};
        if (dtap && t->batch.tap == i + 1) hx_nn_add(nn, dtap, n * d, 1.0f, dhidden);
        if (t->options.recompute) hx__trunk_layer_forward(t, nn, i);
        feed_forward_back(&b);
        attention_back(&b);
    }
    embedding_back(t, nn, dhidden);
}
