/* trunk_forward.c - the forward pass of training (trunk.h): forward.c's in F32, keeping what backward needs.
 *
 *     a = x + drop(Wo attention(rope(norm(Wqkv norm(x)))))
 *     y = a + drop(Wd (silu(Wg norm(a)) * Wu norm(a)))
 *
 * Frozen blocks before the first trained one keep nothing. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/trunk_parts.h"
#include "nn/attention.h"

#define ROWS_A_PIECE 16

hx_nn_dropout_key hx__trunk_key(const hx_trunk *t, size_t layer, size_t site) {
    return (hx_nn_dropout_key){t->batch.seed, t->batch.step, (uint32_t)(layer * 8 + site)};
}

/* ------------------------------------------------------------------ a batch */
static hx_status check_batch(const hx_trunk *t, const hx_trunk_batch *b, hx_error *err) {
    if (b->n_tokens == 0 || b->n_sequences == 0 || b->n_tokens > UINT32_MAX)
        return hx_fail(err, HX_EINVAL, "training: a batch of %zu sequences and %zu tokens",
                       b->n_sequences, b->n_tokens);
    for (size_t i = 0; i < b->n_sequences; i++)
        if (b->starts[i] > b->starts[i + 1] ||
            b->starts[i + 1] - b->starts[i] > HX_CONFIG_POSITIONS_MAX)
            return hx_fail(err, HX_EINVAL,
                           "training: sequence %zu of a batch ends before it starts", i);
    if (b->starts[0] != 0 || b->starts[b->n_sequences] != b->n_tokens)
        return hx_fail(err, HX_EINVAL,
                       "training: the sequences of a batch do not cover its tokens");
    for (size_t i = 0; i < b->n_tokens; i++)
        if (b->ids[i] >= t->config.n_vocab || (b->mixed && b->mixed[i] >= t->config.n_vocab))
            return hx_fail(err, HX_EINVAL, "training: token %zu of a batch is not below %zu", i,
                           t->config.n_vocab);
    if (b->tap > t->config.n_layers || (b->mixed && !b->share))
        return hx_fail(err, HX_EINVAL, "training: a batch wants what the model does not have");
    return HX_OK;
}

static hx_status place(hx_trunk *t, hx_error *err) {
    const hx_trunk_batch *b = &t->batch;
    size_t longest = 1;
    for (size_t i = 0; i < b->n_sequences; i++) {
        size_t n = b->starts[i + 1] - b->starts[i];
        if (n > longest) longest = n;
        for (size_t j = 0; j < n; j++)
            t->room.positions[b->starts[i] + j] = (uint32_t)j;
    }
    return hx_rope_table_grow(&t->rope, t->frequency, t->config.rope.dims / 2, t->amplitude,
                              longest, err);
}

/* ------------------------------------------------------------------ embeddings */
typedef struct {
    const hx_trunk *t;
    const uint32_t *ids;
    float *out;
} look_up_job;

static void look_up_stored(void *context, size_t piece, size_t worker) {
    (void)worker;
    const look_up_job *job = context;
    const hx_tensor_entry *e = job->t->stored_embedding;
    size_t n = job->t->batch.n_tokens, d = job->t->config.n_embd, first = piece * ROWS_A_PIECE;
    size_t bytes = (size_t)(e->bytes / e->dims[0]);
    for (size_t i = first; i < n && i < first + ROWS_A_PIECE; i++)
        hx_dtype_decode(e->type, (const uint8_t *)e->data + job->ids[i] * bytes, d,
                        job->out + i * d);
}

static void look_up(const hx_trunk *t, const hx_nn *nn, const uint32_t *ids, float *out) {
    size_t n = t->batch.n_tokens;
    look_up_job job = {t, ids, out};
    if (t->embedding)
        hx_nn_embedding(nn, ids, n, t->config.n_embd, t->embedding, out);
    else
        hx_team_run(nn->team, (n + ROWS_A_PIECE - 1) / ROWS_A_PIECE, look_up_stored, &job);
}

static void embed(const hx_trunk *t, const hx_nn *nn) {
    const hx_trunk_batch *b = &t->batch;
    size_t d = t->config.n_embd;
    float *x = hx__trunk_stream(t, 0), *other = t->room.normed;
    look_up(t, nn, b->ids, x);
    if (!b->mixed) return;
    look_up(t, nn, b->mixed, other);
    for (size_t s = 0; s < b->n_sequences; s++)
        for (size_t i = b->starts[s] * d; i < b->starts[s + 1] * d; i++)
            x[i] = b->share[s] * x[i] + (1.0f - b->share[s]) * other[i];
}

/* ------------------------------------------------------------------ a block */
static void multiply(const hx_trunk *t, const hx_nn *nn, size_t layer, size_t place_,
                     const float *x, float *y, bool add) {
    const hx_trunk_product *p = &t->layers[layer].products[place_];
    hx_trunk_forward_call call = {.x = x,
                                  .t = t->batch.n_tokens,
                                  .y = y,
                                  .add = add,
                                  .u = hx__trunk_slot_of(t, layer)->u[place_],
                                  .key = hx__trunk_key(t, layer, 2 + place_),
                                  .dropout = t->batch.training ? t->options.lora_dropout : 0};
    hx__trunk_multiply(t, nn, p, &call);
}

typedef struct {
    const float *from;
    float *to;
    size_t row;
} copy_job;

static void copy_row(void *context, size_t i, size_t worker) {
    (void)worker;
    const copy_job *job = context;
    memcpy(job->to + i * job->row, job->from + i * job->row, job->row * sizeof *job->to);
}

/* to = from + drop(W x); `temporary` (T, d) is used with dropout. */
static void multiply_to_stream(const hx_trunk *t, const hx_nn *nn, size_t layer, size_t place_,
                               const float *x, const float *from, float *to, float *temporary) {
    size_t n = t->batch.n_tokens * t->config.n_embd;
    copy_job copy = {from, to, t->config.n_embd};
    hx_team_run(nn->team, t->batch.n_tokens, copy_row, &copy);
    if (!t->batch.training || t->options.dropout <= 0) {
        multiply(t, nn, layer, place_, x, to, true);
        return;
    }
    hx_nn_dropout_key key = hx__trunk_key(t, layer, place_ == HX_TRUNK_DOWN);
    multiply(t, nn, layer, place_, x, temporary, false);
    hx_nn_dropout(nn, &key, t->options.dropout, temporary, n, temporary);
    hx_nn_add(nn, temporary, n, 1.0f, to);
}

static void norm_heads(const hx_trunk *t, const hx_nn *nn, size_t layer, hx_trunk_slot *s) {
    const hx_config *c = &t->config;
    const hx_trunk_layer *a = &t->layers[layer];
    size_t n = t->batch.n_tokens, q = c->n_heads * c->head_dim, k = c->n_kv_heads * c->head_dim;
    size_t ld = q + 2 * k;
    if (!s->raw) return;
    for (size_t i = 0; i < n; i++)
        memcpy(s->raw + i * (q + k), s->qkv + i * ld, (q + k) * sizeof *s->raw);
    for (size_t i = 0; i < 2; i++) {
        hx_nn_head_norm_call call = {.x = s->raw + (i ? q : 0),
                                     .w = a->norm[2 + i],
                                     .t = n,
                                     .n_heads = i ? c->n_kv_heads : c->n_heads,
                                     .head_dim = c->head_dim,
                                     .ldx = q + k,
                                     .ldy = ld,
                                     .eps = (float)c->norm_eps,
                                     .r = s->raw_r + (i ? n * c->n_heads : 0)};
        hx_nn_head_norm(nn, &call, s->qkv + (i ? q : 0));
    }
}

hx_nn_rope_call hx__trunk_turn(const hx_trunk *t) {
    const hx_config *c = &t->config;
    return (hx_nn_rope_call){.positions = t->room.positions,
                             .cos_ = t->rope.cos_,
                             .sin_ = t->rope.sin_,
                             .t = t->batch.n_tokens,
                             .n_heads = c->n_heads + c->n_kv_heads,
                             .head_dim = c->head_dim,
                             .ld = (c->n_heads + 2 * c->n_kv_heads) * c->head_dim,
                             .dims = c->rope.dims};
}

hx_nn_attention_call hx__trunk_attention(const hx_trunk *t, const hx_trunk_slot *s) {
    const hx_config *c = &t->config;
    size_t q = c->n_heads * c->head_dim, k = c->n_kv_heads * c->head_dim, ld = q + 2 * k;
    return (hx_nn_attention_call){.q = s->qkv,
                                  .k = s->qkv + q,
                                  .v = s->qkv + q + k,
                                  .ldq = ld,
                                  .ldkv = ld,
                                  .n_heads = c->n_heads,
                                  .n_kv = c->n_kv_heads,
                                  .head_dim = c->head_dim,
                                  .starts = t->batch.starts,
                                  .n_sequences = t->batch.n_sequences,
                                  .causal = t->batch.causal,
                                  .scale = 1.0f / sqrtf((float)c->head_dim),
                                  .out = s->attended,
                                  .ldo = q,
                                  .lse = s->lse};
}

static void attend(const hx_trunk *t, const hx_nn *nn, hx_trunk_slot *s) {
    hx_nn_rope_call turn = hx__trunk_turn(t);
    hx_nn_attention_call call = hx__trunk_attention(t, s);
    hx_nn_rope(nn, &turn, s->qkv);
    hx_nn_attention(nn, &call);
}

void hx__trunk_layer_forward(hx_trunk *t, const hx_nn *nn, size_t layer) {
    const hx_trunk_layer *a = &t->layers[layer];
    const hx_config *c = &t->config;
    hx_trunk_slot *s = hx__trunk_slot_of(t, layer);
    hx_trunk_room *r = &t->room;
    size_t n = t->batch.n_tokens;
    float eps = (float)c->norm_eps, *x = hx__trunk_stream(t, layer);
    hx_nn_rms_norm(nn, x, n, c->n_embd, a->norm[0], eps, s->r[0], r->normed);
    multiply(t, nn, layer, HX_TRUNK_QKV, r->normed, s->qkv, false);
    norm_heads(t, nn, layer, s);
    attend(t, nn, s);
    multiply_to_stream(t, nn, layer, HX_TRUNK_OUT, s->attended, x, s->middle, r->normed);
    hx_nn_rms_norm(nn, s->middle, n, c->n_embd, a->norm[1], eps, s->r[1], r->normed);
    multiply(t, nn, layer, HX_TRUNK_GATE_UP, r->normed, s->gate_up, false);
    hx_nn_swiglu(nn, s->gate_up, n, c->n_ff, r->wide);
    multiply_to_stream(t, nn, layer, HX_TRUNK_DOWN, r->wide, s->middle,
                       hx__trunk_stream(t, layer + 1), r->normed);
}

hx_status hx_trunk_forward(hx_trunk *t, const hx_nn *nn, const hx_trunk_batch *batch,
                           const float **hidden, hx_error *err) {
    const hx_config *c = &t->config;
    HX_TRY(check_batch(t, batch, err));
    t->batch = *batch;
    HX_TRY(hx__trunk_reserve(t, batch->n_tokens, batch->training, err));
    HX_TRY(place(t, err));
    embed(t, nn);
    for (size_t i = 0; i < c->n_layers; i++) {
        hx__trunk_layer_forward(t, nn, i);
        if (batch->tap == i + 1)
            memcpy(t->room.tap, hx__trunk_stream(t, i + 1),
                   batch->n_tokens * c->n_embd * sizeof(float));
    }
    hx_nn_rms_norm(nn, hx__trunk_stream(t, c->n_layers), batch->n_tokens, c->n_embd, t->norm_out,
                   (float)c->norm_eps, t->room.r_out, t->room.hidden);
    *hidden = t->room.hidden;
    return HX_OK;
}

const float *hx_trunk_tap(const hx_trunk *t) {
    return t->batch.tap ? t->room.tap : NULL;
}
