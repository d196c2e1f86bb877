/* trunk_room.c - the memory of passes: one block, carved in order, that grows with the longest batch (trunk_parts.h).
 *
 *                    kept in training                            otherwise
 *     streams        one before each trained block, one behind   one
 *     slots          one a trained block, one with `recompute`   one
 *     temporaries    forward's and backward's                    forward's
 *
 * Norms, SwiGLU's output and dropout's masks are made again in backward: they cost less than their memory. */
#include <string.h>

#include "base/error.h"
#include "llama/trunk_parts.h"
#include "nn/attention.h"
#include "tensor/gemm.h"
#include "tensor/memory.h"

#define ALIGN 16 /* floats */

typedef struct {
    float *base; /* NULL = only counting */
    size_t used; /* floats */
} carver;

static float *carve(carver *c, size_t n) {
    float *p = c->base ? c->base + c->used : NULL;
    c->used += (n + ALIGN - 1) / ALIGN * ALIGN;
    return p;
}

static bool keeps(const hx_trunk *t, bool training) {
    return training && t->first_trained < t->config.n_layers;
}

static void carve_slot(const hx_trunk *t, carver *c, size_t n, hx_trunk_slot *s) {
    const hx_config *g = &t->config;
    size_t q = g->n_heads * g->head_dim, k = g->n_kv_heads * g->head_dim;
    s->qkv = carve(c, n * (q + 2 * k));
    s->raw = g->architecture->qk_norm ? carve(c, n * (q + k)) : NULL;
    s->raw_r = g->architecture->qk_norm ? carve(c, n * (g->n_heads + g->n_kv_heads)) : NULL;
    s->attended = carve(c, n * q);
    s->lse = carve(c, n * g->n_heads);
    s->middle = carve(c, n * g->n_embd);
    s->r[0] = carve(c, n);
    s->r[1] = carve(c, n);
    s->gate_up = carve(c, n * 2 * g->n_ff);
    for (size_t i = 0; i < HX_TRUNK_PRODUCTS; i++) {
        size_t most = 0;
        for (size_t j = 0; j < g->n_layers; j++)
            if (t->layers[j].products[i].adapted > most) most = t->layers[j].products[i].adapted;
        s->u[i] = carve(c, n * most);
    }
}

static size_t most_adapted(const hx_trunk *t) {
    size_t most = 0;
    for (size_t i = 0; i < t->config.n_layers; i++)
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++)
            if (t->layers[i].products[j].adapted > most) most = t->layers[i].products[j].adapted;
    return most;
}

static void carve_backward(const hx_trunk *t, carver *c, size_t n, hx_trunk_room *r) {
    const hx_config *g = &t->config;
    size_t q = g->n_heads * g->head_dim, k = g->n_kv_heads * g->head_dim;
    r->dqkv = carve(c, n * (q + 2 * k));
    r->dattended = carve(c, n * q);
    r->dnormed = carve(c, n * g->n_embd);
    r->dwide = carve(c, n * g->n_ff);
    r->du = carve(c, n * most_adapted(t));
}

static size_t carve_all(hx_trunk *t, carver *c, size_t n, bool training) {
    const hx_config *g = &t->config;
    hx_trunk_room *r = &t->room;
    bool all = keeps(t, training);
    size_t kept = g->n_layers - t->first_trained;
    r->n_streams = all ? kept + 1 : 1;
    r->n_slots = all && !t->options.recompute ? kept : 1;
    r->streams = carve(c, r->n_streams * n * g->n_embd);
    for (size_t i = 0; i < r->n_slots; i++)
        carve_slot(t, c, n, &r->slots[i]);
    r->tap = carve(c, t->batch.tap ? n * g->n_embd : 0);
    r->hidden = carve(c, n * g->n_embd);
    r->r_out = carve(c, n);
    r->normed = carve(c, n * g->n_embd);
    r->wide = carve(c, n * g->n_ff);
    r->positions = (uint32_t *)(void *)carve(c, n);
    r->panel = carve(c, hx__trunk_panel_rows(t) * t->widest_columns);
    r->dropped = carve(c, training && t->options.lora_dropout > 0 ? n * t->widest_columns : 0);
    if (all) carve_backward(t, c, n, r);
    return c->used * sizeof(float);
}

hx_status hx__trunk_reserve(hx_trunk *t, size_t n_tokens, bool training, hx_error *err) {
    hx_trunk_room *r = &t->room;
    carver count = {0};
    size_t bytes = carve_all(t, &count, n_tokens, training);
    if (bytes > r->bytes) {
        hx_memory_free(r->memory, r->bytes);
        r->bytes = 0;
        r->memory = hx_memory_new(bytes);
        if (!r->memory)
            return hx_fail(err, HX_ENOMEM, "out of memory for a batch of %zu tokens: %zu MB",
                           n_tokens, bytes >> 20);
        r->bytes = bytes;
    }
    carver carving = {.base = r->memory};
    (void)carve_all(t, &carving, n_tokens, training);
    return HX_OK;
}

float *hx__trunk_stream(const hx_trunk *t, size_t layer) {
    const hx_trunk_room *r = &t->room;
    size_t i = r->n_streams == 1 || layer < t->first_trained ? 0 : layer - t->first_trained;
    return r->streams + i * t->batch.n_tokens * t->config.n_embd;
}

hx_trunk_slot *hx__trunk_slot_of(const hx_trunk *t, size_t layer) {
    const hx_trunk_room *r = &t->room;
    return &r->slots[r->n_slots == 1 || layer < t->first_trained ? 0 : layer - t->first_trained];
}

size_t hx_trunk_scratch(const hx_trunk *t, size_t n_tokens, size_t n_sequences, size_t n_threads) {
    (void)n_sequences;
    size_t most = hx_nn_attention_scratch(t->config.head_dim, n_threads);
    for (size_t i = 0; i < t->config.n_layers; i++)
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++) {
            const hx_trunk_product *p = &t->layers[i].products[j];
            size_t k = p->k > p->adapted ? p->k : p->adapted;
            size_t n = p->n > p->adapted ? p->n : p->adapted;
            size_t bytes = hx_nn_linear_scratch(n_tokens, k, n, n_threads);
            if (bytes > most) most = bytes;
        }
    return most;
}
