/* attention.c - attention.h by tiles of 64 queries and 128 keys.
 *
 * Forward, a piece is one sequence and head: S = scale Q K^T, m' = max(m, rows of S), P = exp(S - m'), O = O exp(m - m') + P V,
 * l = l exp(m - m') + sum P; at the end O / l and lse = m + log l.
 * Backward, a piece is one sequence and key-value head, so that nobody else adds to its dK and dV: with P = exp(S - lse),
 * D = rows of dO . O: dV += P^T dO, dS = P (dO V^T - D) scale, dQ += dS K, dK += dS^T Q, in ascending order of heads and tiles.
 * Scratch of a worker: the tiles S and dS, a number for each query three times, and what hx_gemm() needs for a tile. */
#include "nn/attention.h"

#include <math.h>
#include <string.h>

#include "nn/parts.h"
#include "tensor/gemm.h"

#define QUERIES 64
#define KEYS 128
#define TILE (QUERIES * KEYS)

typedef struct {
    const hx_nn *nn;
    const hx_nn_attention_call *call;
    const hx_nn_loops *loops;
    const float *dout;
    float *dq, *dk, *dv;
    size_t worker_bytes;
} attention_job;

/* One tile: queries and keys as rows of T, and where its numbers stand. */
typedef struct {
    size_t query, n_queries, key, n_keys; /* rows of T */
    size_t q_column, kv_column, head;
    bool causal;
    float *s, *ds, *max, *sum, *row; /* (64, 128) twice, (64) three times */
    void *gemm;
} attention_tile;

static size_t worker_bytes(size_t head_dim) {
    size_t wide = head_dim > KEYS ? head_dim : KEYS;
    size_t floats = 2 * TILE + 3 * QUERIES;
    return (floats * sizeof(float) + hx_gemm_scratch(KEYS, wide, 1) + 63) / 64 * 64;
}

size_t hx_nn_attention_scratch(size_t head_dim, size_t n_threads) {
    return worker_bytes(head_dim) * (n_threads > 0 ? n_threads : 1);
}

static attention_tile tile_of(const attention_job *job, size_t worker, size_t sequence,
                              size_t head) {
    const hx_nn_attention_call *c = job->call;
    float *f = (float *)(void *)((uint8_t *)job->nn->scratch + worker * job->worker_bytes);
    return (attention_tile){
        .query = c->starts[sequence],
        .q_column = head * c->head_dim,
        .kv_column = head / (c->n_heads / c->n_kv) * c->head_dim,
        .head = head,
        .causal = !c->causal || c->causal[sequence],
        .s = f,
        .ds = f + TILE,
        .max = f + 2 * TILE,
        .sum = f + 2 * TILE + QUERIES,
        .row = f + 2 * TILE + 2 * QUERIES,
        .gemm = f + 2 * TILE + 3 * QUERIES,
    };
}

/* How many keys of the tile query i sees. */
static size_t visible_of(const attention_tile *t, size_t i) {
    size_t end = t->query + i + 1;
    if (!t->causal || end >= t->key + t->n_keys) return t->n_keys;
    return end > t->key ? end - t->key : 0;
}

static size_t end_of_keys(const attention_tile *t, size_t end) {
    return t->causal ? t->query + t->n_queries : end;
}

/* out (queries, keys) = scale x (queries, head_dim) y^T */
static void scores(const attention_job *job, const attention_tile *t, const float *x, size_t ldx,
                   const float *y, float scale, float *out) {
    const hx_nn_attention_call *c = job->call;
    hx_gemm_call g = {.trans_b = true,
                      .m = t->n_queries,
                      .n = t->n_keys,
                      .k = c->head_dim,
                      .alpha = scale,
                      .a = x + t->query * ldx + t->q_column,
                      .lda = ldx,
                      .b = y + t->key * c->ldkv + t->kv_column,
                      .ldb = c->ldkv,
                      .c = out,
                      .ldc = KEYS};
    hx_gemm(job->nn->kernels, NULL, &g, t->gemm);
}

/* out (queries) += p y (keys) */
static void add_to_queries(const attention_job *job, const attention_tile *t, const float *p,
                           const float *y, float *out, size_t ldo) {
    const hx_nn_attention_call *c = job->call;
    hx_gemm_call g = {.m = t->n_queries,
                      .n = c->head_dim,
                      .k = t->n_keys,
                      .alpha = 1,
                      .beta = 1,
                      .a = p,
                      .lda = KEYS,
                      .b = y + t->key * c->ldkv + t->kv_column,
                      .ldb = c->ldkv,
                      .c = out + t->query * ldo + t->q_column,
                      .ldc = ldo};
    hx_gemm(job->nn->kernels, NULL, &g, t->gemm);
}

/* out (keys) += p^T x (queries) */
static void add_to_keys(const attention_job *job, const attention_tile *t, const float *p,
                        const float *x, size_t ldx, float *out) {
    const hx_nn_attention_call *c = job->call;
    hx_gemm_call g = {.trans_a = true,
                      .m = t->n_keys,
                      .n = c->head_dim,
                      .k = t->n_queries,
                      .alpha = 1,
                      .beta = 1,
                      .a = p,
                      .lda = KEYS,
                      .b = x + t->query * ldx + t->q_column,
                      .ldb = ldx,
                      .c = out + t->key * c->ldkv + t->kv_column,
                      .ldc = c->ldkv};
    hx_gemm(job->nn->kernels, NULL, &g, t->gemm);
}

/* Scores to weights, what was summed so far to the new maximum. */
static void weigh(const attention_job *job, const attention_tile *t) {
    const hx_nn_attention_call *c = job->call;
    for (size_t i = 0; i < t->n_queries; i++) {
        size_t visible = visible_of(t, i);
        float *s = t->s + i * KEYS;
        memset(s + visible, 0, (t->n_keys - visible) * sizeof *s);
        if (visible == 0) continue;
        float max = job->loops->max(s, visible), old = t->max[i];
        if (max < old) max = old;
        float keep = 0, less = old - max;
        if (old > -INFINITY) job->loops->exp_sum(&less, 1, 1.0f, 0.0f, &keep);
        t->sum[i] = t->sum[i] * keep + job->loops->exp_sum(s, visible, 1.0f, max, s);
        t->max[i] = max;
        float *out = c->out + (t->query + i) * c->ldo + t->q_column;
        job->loops->scale(out, c->head_dim, keep, out);
    }
}

static void finish(const attention_job *job, const attention_tile *t) {
    const hx_nn_attention_call *c = job->call;
    for (size_t i = 0; i < t->n_queries; i++) {
        float *out = c->out + (t->query + i) * c->ldo + t->q_column;
        job->loops->scale(out, c->head_dim, 1.0f / t->sum[i], out);
        c->lse[(t->query + i) * c->n_heads + t->head] = t->max[i] + logf(t->sum[i]);
    }
}

static void clear_heads(float *x, size_t ld, size_t first, size_t end, size_t column, size_t n) {
    for (size_t i = first; i < end; i++)
        memset(x + i * ld + column, 0, n * sizeof *x);
}

static void forward_piece(void *context, size_t i, size_t worker) {
    const attention_job *job = context;
    const hx_nn_attention_call *c = job->call;
    size_t sequence = i / c->n_heads, first = c->starts[sequence], end = c->starts[sequence + 1];
    attention_tile t = tile_of(job, worker, sequence, i % c->n_heads);
    clear_heads(c->out, c->ldo, first, end, t.q_column, c->head_dim);
    for (; t.query < end; t.query += QUERIES) {
        t.n_queries = end - t.query < QUERIES ? end - t.query : QUERIES;
        for (size_t j = 0; j < QUERIES; j++) {
            t.max[j] = -INFINITY;
            t.sum[j] = 0;
        }
        size_t end_keys = end_of_keys(&t, end);
        for (t.key = first; t.key < end_keys; t.key += KEYS) {
            t.n_keys = end_keys - t.key < KEYS ? end_keys - t.key : KEYS;
            scores(job, &t, c->q, c->ldq, c->k, c->scale, t.s);
            weigh(job, &t);
            add_to_queries(job, &t, t.s, c->v, c->out, c->ldo);
        }
        finish(job, &t);
    }
}

void hx_nn_attention(const hx_nn *nn, const hx_nn_attention_call *call) {
    attention_job job = {.nn = nn,
                         .call = call,
                         .loops = hx_nn_loops_of(nn->kernels),
                         .worker_bytes = worker_bytes(call->head_dim)};
    hx_team_run(nn->team, call->n_sequences * call->n_heads, forward_piece, &job);
}

/* s: the weights again; ds: dO V^T to the gradient of the scores. */
static void weigh_back(const attention_job *job, const attention_tile *t) {
    const hx_nn_attention_call *c = job->call;
    for (size_t i = 0; i < t->n_queries; i++) {
        size_t visible = visible_of(t, i);
        float *s = t->s + i * KEYS, *ds = t->ds + i * KEYS;
        memset(s + visible, 0, (t->n_keys - visible) * sizeof *s);
        memset(ds + visible, 0, (t->n_keys - visible) * sizeof *ds);
        job->loops->exp_sum(s, visible, 1.0f, c->lse[(t->query + i) * c->n_heads + t->head], s);
        job->loops->softmax_back(s, visible, t->row[i], c->scale, ds);
    }
}

static void backward_tile(const attention_job *job, const attention_tile *t) {
    const hx_nn_attention_call *c = job->call;
    scores(job, t, c->q, c->ldq, c->k, c->scale, t->s);
    scores(job, t, job->dout, c->ldo, c->v, 1.0f, t->ds);
    weigh_back(job, t);
    add_to_keys(job, t, t->s, job->dout, c->ldo, job->dv);
    add_to_queries(job, t, t->ds, c->k, job->dq, c->ldq);
    add_to_keys(job, t, t->ds, c->q, c->ldq, job->dk);
}

static void backward_head(const attention_job *job, attention_tile *t, size_t first, size_t end) {
    const hx_nn_attention_call *c = job->call;
    for (t->query = first; t->query < end; t->query += QUERIES) {
        t->n_queries = end - t->query < QUERIES ? end - t->query : QUERIES;
        for (size_t i = 0; i < t->n_queries; i++) {
            size_t at = (t->query + i) * c->ldo + t->q_column;
            t->row[i] = job->loops->dot(job->dout + at, c->out + at, c->head_dim);
        }
        size_t end_keys = end_of_keys(t, end);
        for (t->key = first; t->key < end_keys; t->key += KEYS) {
            t->n_keys = end_keys - t->key < KEYS ? end_keys - t->key : KEYS;
            backward_tile(job, t);
        }
    }
}

static void backward_piece(void *context, size_t i, size_t worker) {
    const attention_job *job = context;
    const hx_nn_attention_call *c = job->call;
    size_t sequence = i / c->n_kv, group = c->n_heads / c->n_kv, head = i % c->n_kv * group;
    size_t first = c->starts[sequence], end = c->starts[sequence + 1], n = c->head_dim;
    clear_heads(job->dk, c->ldkv, first, end, i % c->n_kv * n, n);
    clear_heads(job->dv, c->ldkv, first, end, i % c->n_kv * n, n);
    clear_heads(job->dq, c->ldq, first, end, head * n, group * n);
    for (size_t h = head; h < head + group; h++) {
        attention_tile t = tile_of(job, worker, sequence, h);
        backward_head(job, &t, first, end);
    }
}

void hx_nn_attention_back(const hx_nn *nn, const hx_nn_attention_call *call, const float *dout,
                          float *dq, float *dk, float *dv) {
    attention_job job = {.nn = nn,
                         .call = call,
                         .loops = hx_nn_loops_of(nn->kernels),
                         .dout = dout,
                         .dq = dq,
                         .dk = dk,
                         .dv = dv,
                         .worker_bytes = worker_bytes(call->head_dim)};
    hx_team_run(nn->team, call->n_sequences * call->n_kv, backward_piece, &job);
}
