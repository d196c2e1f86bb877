/* forward.c - the pass: one chunk of rows through all layers.
 *
 *     x = embedding rows                                                        (rows, n_embd)
 *     each layer   q | k | v = norm(x) Wqkv + b       [norm of q and k heads]   (rows, (n_heads + 2 n_kv_heads) head_dim)
 *                  rotate q, k; store k, v in the cache
 *                  x += attention(q, k, v) Wo
 *                  x += (silu(norm(x) Wg) * norm(x) Wu) Wd                      (rows, n_ff) between
 *     last layer   rows nobody wants end after their keys and values; the others are moved together
 *     x = norm(x)                                                               (n_wanted, n_embd); not where a run ends at a tap
 *
 * Whole texts (sequence -1) attend to their own rows of q | k | v, in F32; sequences attend to the spans of the cache, which holds the new
 * rows by then. Work of a step is shared by the team in blocks of rows, or of queries and a key-value head. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/context.h"
#include "tensor/attention.h"
#include "tensor/vector.h"

#define ROWS_A_BLOCK 16

typedef struct {
    hx_llama_context *c;
    const hx_llama_layer *layer;
    size_t index; /* of the layer */
    bool last;
} layer_job;

typedef struct {
    size_t q, kv, qkv; /* widths: of q, of k or v, of a row of all three */
} widths;

static widths widths_of(const hx_config *config) {
    size_t q = config->n_heads * config->head_dim, kv = config->n_kv_heads * config->head_dim;
    return (widths){q, kv, q + 2 * kv};
}

/* ------------------------------------------------------------------ scratch */
static size_t linear_bytes(const hx_llama_context *c, const hx_linear *l, size_t rows) {
    size_t threads = hx_team_size(c->team);
    if (c->precision == HX_PRECISION_EXACT)
        return hx_linear_scratch(l, HX_FORM_EXACT, rows, threads);
    size_t a = hx_linear_scratch(l, HX_FORM_INT8, rows, threads);
    size_t b = c->model->steps_as_stored ? hx_linear_scratch(l, HX_FORM_STORED, 1, threads) : 0;
    return a > b ? a : b;
}

static size_t scratch_bytes(const hx_llama_context *c, size_t rows) {
    const hx_llama *m = c->model;
    size_t most = m->output ? linear_bytes(c, m->output, rows) : 0;
    for (size_t i = 0; i < m->config.n_layers; i++) {
        const hx_llama_layer *a = &m->layers[i];
        const hx_linear *all[] = {a->qkv, a->out, a->gate_up, a->down};
        for (size_t j = 0; j < sizeof all / sizeof *all; j++) {
            size_t bytes = linear_bytes(c, all[j], rows);
            if (bytes > most) most = bytes;
        }
    }
    if (!m->head) return most;
    size_t bytes = hx_linear_scratch(m->head, HX_FORM_EXACT, rows, hx_team_size(c->team));
    return bytes > most ? bytes : most;
}

/* Bytes of one worker's scratch of attention, whole cache lines. */
static size_t attention_bytes(const hx_config *config) {
    size_t bytes = hx_attention_scratch(config->head_dim, config->n_heads / config->n_kv_heads);
    return (bytes + 63) & ~(size_t)63;
}

static hx_status reserve_lists(hx_llama_context *c, size_t rows, hx_error *err) {
    hx_llama_chunk *k = &c->chunk;
    size_t each = sizeof *k->stretches + 2 * sizeof *k->blocks + 2 * sizeof(uint32_t);
    HX_TRY(hx_rows_reserve(&c->lists, rows * each, err));
    k->stretches = (hx_stretch *)(void *)c->lists.data;
    k->blocks = (hx_query_block *)(void *)(k->stretches + rows);
    k->wanted_blocks = k->blocks + rows;
    k->stretch_of = (uint32_t *)(void *)(k->wanted_blocks + rows);
    k->wanted_rows = k->stretch_of + rows;
    return HX_OK;
}

hx_status hx_forward_reserve(hx_llama_context *c, size_t rows, hx_error *err) {
    const hx_config *config = &c->model->config;
    widths w = widths_of(config);
    /* Heads run in blocks of room_rows, and each arithmetic takes another size. */
    size_t most = rows > c->room_rows ? rows : c->room_rows;
    HX_TRY(hx_rows_reserve(&c->linear, scratch_bytes(c, most), err));
    if (rows <= c->room_rows) return HX_OK;
    size_t att =
        w.q > config->n_embd ? w.q : config->n_embd; /* also holds rows of x, see results.c */
    HX_TRY(hx_rows_reserve(&c->x, rows * config->n_embd * sizeof(float), err));
    HX_TRY(hx_rows_reserve(&c->qkv, rows * w.qkv * sizeof(float), err));
    HX_TRY(hx_rows_reserve(&c->att, rows * att * sizeof(float), err));
    HX_TRY(hx_rows_reserve(&c->ff, rows * config->n_ff * sizeof(float), err));
    HX_TRY(hx_rows_reserve(&c->attention, attention_bytes(config) * hx_team_size(c->team), err));
    HX_TRY(reserve_lists(c, rows, err));
    c->room_rows = rows;
    return HX_OK;
}

/* ------------------------------------------------------------------ steps of a layer */
static void run_rows(hx_llama_context *c, hx_team_fn *work, layer_job *job, size_t rows) {
    hx_team_run(c->team, (rows + ROWS_A_BLOCK - 1) / ROWS_A_BLOCK, work, job);
}

static size_t end_of_block(size_t block, size_t rows) {
    size_t end = (block + 1) * ROWS_A_BLOCK;
    return end < rows ? end : rows;
}

static void embed_rows(void *context, size_t block, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    hx_llama_context *c = job->c;
    const hx_tensor_entry *e = c->model->embedding;
    size_t n_embd = c->model->config.n_embd, bytes = (size_t)(e->bytes / e->dims[0]);
    for (size_t r = block * ROWS_A_BLOCK; r < end_of_block(block, c->chunk.n_rows); r++) {
        const hx_stretch *s = &c->chunk.stretches[c->chunk.stretch_of[r]];
        size_t id = (size_t)s->piece->ids[s->token + r - s->row];
        hx_dtype_decode(e->type, (const uint8_t *)e->data + id * bytes, n_embd,
                        c->x.data + r * n_embd);
    }
}

static void turn_heads(const hx_llama_context *c, const float *norm, size_t n_heads,
                       size_t position, float *heads) {
    const hx_llama *m = c->model;
    const hx_config *config = &m->config;
    const float *cos_ = c->rope.cos_ + position * c->rope.half;
    const float *sin_ = c->rope.sin_ + position * c->rope.half;
    for (size_t h = 0; h < n_heads; h++, heads += config->head_dim) {
        if (norm)
            hx_vector_rms_norm(m->kernels, heads, config->head_dim, norm, (float)config->norm_eps,
                               heads);
        hx_vector_rope(m->kernels, heads, config->rope.dims, cos_, sin_, config->interleaved);
    }
}

static void store_heads(const layer_job *job, size_t slot, size_t position, const float *k,
                        const float *v) {
    const hx_cache *cache = &job->c->cache;
    const hx_kernels *kernels = job->c->model->kernels;
    size_t at = (position - cache->slots[slot].shared) * cache->head_bytes;
    for (size_t h = 0; h < cache->n_kv_heads; h++) {
        hx_vector_store(kernels, cache->type, k + h * cache->head_dim, cache->head_dim,
                        hx_cache_keys(cache, slot, job->index, h) + at);
        hx_vector_store(kernels, cache->type, v + h * cache->head_dim, cache->head_dim,
                        hx_cache_values(cache, slot, job->index, h) + at);
    }
}

static void turn_rows(void *context, size_t block, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    hx_llama_context *c = job->c;
    const hx_config *config = &c->model->config;
    widths w = widths_of(config);
    for (size_t r = block * ROWS_A_BLOCK; r < end_of_block(block, c->chunk.n_rows); r++) {
        const hx_stretch *s = &c->chunk.stretches[c->chunk.stretch_of[r]];
        size_t position = s->position + r - s->row;
        float *q = c->qkv.data + r * w.qkv, *k = q + w.q, *v = k + w.kv;
        turn_heads(c, job->layer->norm_q, config->n_heads, position, q);
        turn_heads(c, job->layer->norm_k, config->n_kv_heads, position, k);
        if (s->piece->sequence >= 0) store_heads(job, (size_t)s->piece->sequence, position, k, v);
    }
}

/* The keys and values one head of a stretch sees. */
static size_t spans_of(const layer_job *job, const hx_stretch *s, size_t head,
                       hx_attention_span spans[HX_CACHE_SPANS_MAX]) {
    const hx_llama_context *c = job->c;
    if (s->piece->sequence >= 0)
        return hx_cache_spans(&c->cache, (size_t)s->piece->sequence, job->index, head,
                              s->position + s->n, spans);
    const hx_config *config = &c->model->config;
    widths w = widths_of(config);
    const float *k = c->qkv.data + s->row * w.qkv + w.q + head * config->head_dim;
    spans[0] = (hx_attention_span){HX_DTYPE_F32, k, k + w.kv, w.qkv * sizeof(float), s->n};
    return 1;
}

static void attend(void *context, size_t i, size_t worker) {
    const layer_job *job = context;
    hx_llama_context *c = job->c;
    const hx_config *config = &c->model->config;
    widths w = widths_of(config);
    size_t head = i % config->n_kv_heads, group = config->n_heads / config->n_kv_heads;
    const hx_query_block *b =
        (job->last ? c->chunk.wanted_blocks : c->chunk.blocks) + i / config->n_kv_heads;
    const hx_stretch *s = &c->chunk.stretches[b->stretch];
    size_t columns = head * group * config->head_dim;
    hx_attention_span spans[HX_CACHE_SPANS_MAX];
    hx_attention_call call = {.q = c->qkv.data + (s->row + b->first) * w.qkv + columns,
                              .out = c->att.data + b->out * w.q + columns,
                              .n_queries = b->n,
                              .n_heads = group,
                              .head_dim = config->head_dim,
                              .ldq = w.qkv,
                              .ldo = w.q,
                              .spans = spans,
                              .n_spans = spans_of(job, s, head, spans),
                              .first = s->position + b->first,
                              .causal = !s->piece->bidirectional,
                              .scale = 1.0f / sqrtf((float)config->head_dim)};
    hx_attention_run(c->model->kernels, &call,
                     (uint8_t *)(void *)c->attention.data + worker * attention_bytes(config));
}

/* y = l(norm(x)) for `rows` rows without gaps. */
static void multiply(hx_llama_context *c, const hx_linear *l, const hx_linear *next, size_t rows,
                     const float *x, const float *norm, float *y, size_t ldy) {
    hx_linear_call call = {.x = x,
                           .m = rows,
                           .ldx = hx_linear_columns(l),
                           .norm = norm,
                           .eps = (float)c->model->config.norm_eps,
                           .y = y,
                           .ldy = ldy,
                           .next = next};
    hx_linear_run(l, c->chunk.form, &call, c->linear.data, c->team);
}

/* Moves the wanted rows of x to its beginning; they only ever move up. */
static void gather_wanted(hx_llama_context *c) {
    size_t n_embd = c->model->config.n_embd;
    for (size_t i = 0; i < c->chunk.n_wanted; i++)
        if (c->chunk.wanted_rows[i] != i)
            memcpy(c->x.data + i * n_embd, c->x.data + c->chunk.wanted_rows[i] * n_embd,
                   n_embd * sizeof(float));
}

static void run_layer(hx_llama_context *c, layer_job *job) {
    const hx_llama_layer *a = job->layer;
    const hx_config *config = &c->model->config;
    widths w = widths_of(config);
    size_t rows = c->chunk.n_rows;
    size_t blocks = job->last ? c->chunk.n_wanted_blocks : c->chunk.n_blocks;
    multiply(c, a->qkv, a->out, rows, c->x.data, a->norm_attention, c->qkv.data, w.qkv);
    run_rows(c, turn_rows, job, rows);
    if (c->seen) hx_attention_see(c, job->index);
    hx_team_run(c->team, blocks * config->n_kv_heads, attend, job);
    if (job->last) {
        gather_wanted(c);
        rows = c->chunk.n_wanted;
    }
    if (rows == 0) return;
    multiply(c, a->out, a->gate_up, rows, c->att.data, NULL, c->x.data, config->n_embd);
    multiply(c, a->gate_up, a->down, rows, c->x.data, a->norm_ff, c->ff.data, config->n_ff);
    multiply(c, a->down, job->last ? c->model->output : a[1].qkv, rows, c->ff.data, NULL, c->x.data,
             config->n_embd);
}

static void norm_rows(void *context, size_t block, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    hx_llama_context *c = job->c;
    const hx_config *config = &c->model->config;
    for (size_t r = block * ROWS_A_BLOCK; r < end_of_block(block, c->chunk.n_wanted); r++) {
        float *x = c->x.data + r * config->n_embd;
        hx_vector_rms_norm(c->model->kernels, x, config->n_embd, c->model->norm_out,
                           (float)config->norm_eps, x);
    }
}

void hx_forward(hx_llama_context *c) {
    const hx_llama *m = c->model;
    size_t n_layers = c->tap ? c->tap : m->config.n_layers;
    layer_job job = {.c = c};
    run_rows(c, embed_rows, &job, c->chunk.n_rows);
    for (size_t i = 0; i < n_layers; i++) {
        job.layer = &m->layers[i];
        job.index = i;
        job.last = i + 1 == n_layers;
        run_layer(c, &job);
    }
    if (c->tap == 0) run_rows(c, norm_rows, &job, c->chunk.n_wanted);
}
