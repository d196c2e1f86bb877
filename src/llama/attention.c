/* attention.c - where each token of one text looks, for a picture.
 *
 *     a run in F32 arithmetic -> behind the rotation of each layer (forward.c): p[i][j] = softmax over j of q_i . k_j / sqrt(head_dim), mean of all heads
 *     rollout (Abnar, Zuidema 2020):  R = (p_last + 1)/2 ... (p_first + 1)/2;  the row of R that the head pools
 *
 * A plain path beside the tiled kernels of the forward pass, which never keep a probability: loops anybody can read, n^2 memory, texts of at most
 * HX_ATTENTION_TOKENS tokens. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/context.h"
#include "llama/texts.h"

static float dot(const float *a, const float *b, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Adds `share` of the softmax of n scores to `to`. */
static void add_softmax(float *scores, size_t n, float share, float *to) {
    float most = scores[0], sum = 0;
    for (size_t j = 1; j < n; j++)
        most = scores[j] > most ? scores[j] : most;
    for (size_t j = 0; j < n; j++)
        sum += scores[j] = expf(scores[j] - most);
    for (size_t j = 0; j < n; j++)
        to[j] += share * scores[j] / sum;
}

void hx_attention_see(const hx_llama_context *c, size_t layer) {
    const hx_config *config = &c->model->config;
    size_t q = config->n_heads * config->head_dim, kv = config->n_kv_heads * config->head_dim;
    size_t n = c->chunk.n_rows, width = q + 2 * kv, d = config->head_dim,
           group = config->n_heads / config->n_kv_heads;
    float *out = c->seen + layer * n * n, *scores = c->seen_row;
    const float scale = 1.0f / sqrtf((float)d), share = 1.0f / (float)config->n_heads;
    const bool all = c->chunk.stretches[0].piece->bidirectional;
    for (size_t i = 0; i < n; i++) {
        size_t to = all ? n : i + 1;
        for (size_t h = 0; h < config->n_heads; h++) {
            const float *query = c->qkv.data + i * width + h * d;
            const float *keys = c->qkv.data + q + h / group * d;
            for (size_t j = 0; j < to; j++)
                scores[j] = scale * dot(query, keys + j * width, d);
            add_softmax(scores, to, share, out + i * n);
        }
    }
}

/* row (n), what the pooled row is made of behind the layers above, goes one layer down. */
static void roll(const float *p, size_t n, float *row, float *room) {
    for (size_t j = 0; j < n; j++)
        room[j] = row[j] / 2;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            room[j] += row[i] * p[i * n + j] / 2;
    memcpy(row, room, n * sizeof *row);
}

static void roll_out(const hx_attention *a, bool mean, float *row, float *room) {
    size_t n = a->n_tokens;
    for (size_t i = 0; i < n; i++)
        row[i] = mean ? 1.0f / (float)n : (float)(i + 1 == n);
    for (size_t l = a->n_layers; l > 0; l--)
        roll(a->layers + (l - 1) * n * n, n, row, room);
}

hx_status hx_attention_of(hx_llama_context *c, size_t head, const hx_tokens *t, hx_arena *arena,
                          hx_attention *out, hx_error *err) {
    const hx_llama *m = c->model;
    const hx_llama_head_info *h = hx_llama_head_of(m, head);
    size_t tap = h && m->heads[head].task ? m->heads[head].task->tap : 0;
    hx_attention all = {
        .n_tokens = t->n, .ids = t->ids, .n_layers = tap ? tap : m->config.n_layers};
    hx_attention *a = &all;
    size_t n = t->n, floats = a->n_layers * n * n;
    float *layers = hx_arena_alloc(arena, (floats + 1) * sizeof *layers);
    float *rows = hx_arena_alloc(arena, (2 * n + 1) * sizeof *rows);
    if (!layers || !rows) return hx_fail(err, HX_ENOMEM, "out of memory for %zu tokens", n);
    memset(layers, 0, floats * sizeof *layers);
    a->layers = layers;
    a->rollout = rows;
    *out = all;
    if (n == 0) return HX_OK;
    hx_llama_piece piece = {.ids = t->ids,
                            .n = n,
                            .sequence = -1,
                            .want = HX_WANT_HIDDEN_ALL,
                            .bidirectional = h && h->bidirectional};
    c->seen = layers;
    c->seen_row = rows;
    hx_status status = hx_llama_run_tapped(c, &piece, 1, HX_PRECISION_EXACT, tap, err);
    c->seen = c->seen_row = NULL;
    HX_TRY(status);
    roll_out(a, h && h->mean, rows, rows + n);
    return HX_OK;
}

hx_status hx_llama_attention(hx_llama_context *c, size_t head, hx_str text, size_t max_length,
                             hx_arena *arena, hx_attention *out, hx_error *err) {
    const hx_llama *m = c->model;
    hx_tokens t;
    hx_token_span *spans;
    HX_TRY(hx_texts_check(c, err));
    if (max_length == 0 || max_length > HX_ATTENTION_TOKENS) max_length = HX_ATTENTION_TOKENS;
    hx_token_options options = hx_texts_options(m, max_length);
    HX_TRY(hx_llama_tokenize(m, text, &options, arena, &t, NULL, err));
    HX_TRY(hx_llama_token_spans(m, text, t.ids, t.n, arena, &spans, err));
    HX_TRY(hx_attention_of(c, head, &t, arena, out, err));
    out->spans = spans;
    return HX_OK;
}
