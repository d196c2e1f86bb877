/* layers.c - embedding, linear, activations, rotary positions, dropout (layers.h).
 *
 * Sums over rows (of a bias' gradient, of an embedding's) are cut by columns: each column is one chain over ascending rows.
 * Linear: y = x W^T (+ b): dx = dy W, dW = dy^T x, db = sum dy.
 * SwiGLU: y = g s u with s = sigmoid(g): du = dy g s, dg = dy u s (1 + g (1 - s)).
 * GELU: y = x Phi(x): dx = dy (Phi(x) + x phi(x)), phi the normal density. */
#include "nn/layers.h"

#include <math.h>
#include <string.h>

#include "nn/parts.h"
#include "tensor/gemm.h"

#define ELEMENTS 4096 /* a piece */

typedef struct {
    const hx_nn_loops *loops;
    const uint32_t *ids;
    const float *x, *y, *z;
    float *out;
    size_t t, d;
    float p;
    uint64_t key;
} layer_job;

static void look_up(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    for (size_t i = first; i < end; i++)
        memcpy(job->out + i * job->d, job->x + job->ids[i] * job->d, job->d * sizeof *job->out);
}

void hx_nn_embedding(const hx_nn *nn, const uint32_t *ids, size_t t, size_t d, const float *table,
                     float *y) {
    layer_job job = {.ids = ids, .x = table, .out = y, .d = d};
    hx_nn_ranges(nn, t, HX_NN_ROWS, look_up, &job);
}

/* With ids: to the rows they name; without: all to one. */
static void add_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    for (size_t i = 0; i < job->t; i++) {
        size_t row = job->ids ? job->ids[i] : 0;
        job->loops->add_scaled(job->x + i * job->d + first, end - first, 1.0f,
                               job->out + row * job->d + first);
    }
}

void hx_nn_embedding_back(const hx_nn *nn, const uint32_t *ids, size_t t, size_t d, const float *dy,
                          float *dtable) {
    layer_job job = {
        .loops = hx_nn_loops_of(nn->kernels), .ids = ids, .x = dy, .out = dtable, .t = t, .d = d};
    hx_nn_ranges(nn, d, HX_NN_COLUMNS, add_rows, &job);
}

size_t hx_nn_linear_scratch(size_t t, size_t k, size_t n, size_t n_threads) {
    size_t forward = hx_gemm_scratch(t, n, n_threads), input = hx_gemm_scratch(t, k, n_threads);
    size_t weight = hx_gemm_scratch(n, k, n_threads);
    size_t most = forward > input ? forward : input;
    return most > weight ? most : weight;
}

static void add_bias(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    for (size_t i = first; i < end; i++)
        job->loops->add_scaled(job->x, job->d, 1.0f, job->out + i * job->d);
}

void hx_nn_linear(const hx_nn *nn, const float *x, size_t t, size_t k, size_t n, const float *w,
                  const float *b, float *y) {
    hx_gemm_call g = {.trans_b = true,
                      .bf16 = nn->bf16,
                      .m = t,
                      .n = n,
                      .k = k,
                      .alpha = 1,
                      .a = x,
                      .lda = k,
                      .b = w,
                      .ldb = k,
                      .c = y,
                      .ldc = n};
    hx_gemm(nn->kernels, nn->team, &g, nn->scratch);
    if (!b) return;
    layer_job job = {.loops = hx_nn_loops_of(nn->kernels), .x = b, .out = y, .d = n};
    hx_nn_ranges(nn, t, HX_NN_ROWS, add_bias, &job);
}

void hx_nn_linear_back(const hx_nn *nn, const hx_nn_linear_grad *g) {
    if (g->dx) {
        hx_gemm_call c = {.bf16 = nn->bf16,
                          .m = g->t,
                          .n = g->k,
                          .k = g->n,
                          .alpha = 1,
                          .beta = g->add ? 1.0f : 0,
                          .a = g->dy,
                          .lda = g->n,
                          .b = g->w,
                          .ldb = g->k,
                          .c = g->dx,
                          .ldc = g->k};
        hx_gemm(nn->kernels, nn->team, &c, nn->scratch);
    }
    if (g->dw) {
        hx_gemm_call c = {.trans_a = true,
                          .bf16 = nn->bf16,
                          .m = g->n,
                          .n = g->k,
                          .k = g->t,
                          .alpha = 1,
                          .beta = 1,
                          .a = g->dy,
                          .lda = g->n,
                          .b = g->x,
                          .ldb = g->k,
                          .c = g->dw,
                          .ldc = g->k};
        hx_gemm(nn->kernels, nn->team, &c, nn->scratch);
    }
    if (g->db) {
        layer_job job = {
            .loops = hx_nn_loops_of(nn->kernels), .x = g->dy, .out = g->db, .t = g->t, .d = g->n};
        hx_nn_ranges(nn, g->n, HX_NN_COLUMNS, add_rows, &job);
    }
}

/* x and, backward, its gradient y to out; forward y is x. */
#define ELEMENT_WISE(name, formula)                                                                \
    static void name(void *context, size_t first, size_t end, size_t worker) {                     \
        (void)worker;                                                                              \
        const layer_job *job = context;                                                            \
        for (size_t i = first; i < end; i++) {                                                     \
            float x = job->x[i], y = job->y[i];                                                    \
            job->out[i] = (formula);                                                               \
        }                                                                                          \
    }

static float normal_below(float x) {
    return 0.5f * (1.0f + erff(x * 0.70710678f));
}

static float normal_density(float x) {
    return 0.39894228f * expf(-0.5f * x * x);
}

ELEMENT_WISE(gelu_range, y *normal_below(x))
ELEMENT_WISE(gelu_back_range, y *(normal_below(x) + x * normal_density(x)))
ELEMENT_WISE(relu_range, x > 0 ? y : 0)
ELEMENT_WISE(tanh_back_range, y *(1 - x * x))
ELEMENT_WISE(sigmoid_back_range, y *x *(1 - x))

static void sigmoid_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    job->loops->sigmoid(job->x + first, end - first, job->out + first);
}

static void tanh_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    job->loops->tanh(job->x + first, end - first, job->out + first);
}

static void run_elements(const hx_nn *nn, hx_nn_range_fn *work, const float *x, const float *y,
                         size_t n, float *out) {
    layer_job job = {.loops = hx_nn_loops_of(nn->kernels), .x = x, .y = y, .out = out};
    hx_nn_ranges(nn, n, ELEMENTS, work, &job);
}

void hx_nn_gelu(const hx_nn *nn, const float *x, size_t n, float *y) {
    run_elements(nn, gelu_range, x, x, n, y);
}

void hx_nn_gelu_back(const hx_nn *nn, const float *x, const float *dy, size_t n, float *dx) {
    run_elements(nn, gelu_back_range, x, dy, n, dx);
}

void hx_nn_relu(const hx_nn *nn, const float *x, size_t n, float *y) {
    run_elements(nn, relu_range, x, x, n, y);
}

void hx_nn_relu_back(const hx_nn *nn, const float *x, const float *dy, size_t n, float *dx) {
    run_elements(nn, relu_range, x, dy, n, dx);
}

void hx_nn_tanh(const hx_nn *nn, const float *x, size_t n, float *y) {
    run_elements(nn, tanh_range, x, NULL, n, y);
}

void hx_nn_tanh_back(const hx_nn *nn, const float *y, const float *dy, size_t n, float *dx) {
    run_elements(nn, tanh_back_range, y, dy, n, dx);
}

void hx_nn_sigmoid(const hx_nn *nn, const float *x, size_t n, float *y) {
    run_elements(nn, sigmoid_range, x, NULL, n, y);
}

void hx_nn_sigmoid_back(const hx_nn *nn, const float *y, const float *dy, size_t n, float *dx) {
    run_elements(nn, sigmoid_back_range, y, dy, n, dx);
}

static void swiglu_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    size_t f = job->d;
    for (size_t i = first; i < end; i++) {
        const float *gate = job->x + i * 2 * f;
        float *out = job->out + i * 2 * f;
        if (job->y)
            job->loops->swiglu_back(gate, gate + f, job->y + i * f, f, out, out + f);
        else
            job->loops->swiglu(gate, gate + f, f, job->out + i * f);
    }
}

void hx_nn_swiglu(const hx_nn *nn, const float *gate_up, size_t t, size_t f, float *y) {
    layer_job job = {.loops = hx_nn_loops_of(nn->kernels), .x = gate_up, .out = y, .d = f};
    hx_nn_ranges(nn, t, HX_NN_ROWS, swiglu_rows, &job);
}

void hx_nn_swiglu_back(const hx_nn *nn, const float *gate_up, const float *dy, size_t t, size_t f,
                       float *dgate_up) {
    layer_job job = {
        .loops = hx_nn_loops_of(nn->kernels), .x = gate_up, .y = dy, .out = dgate_up, .d = f};
    hx_nn_ranges(nn, t, HX_NN_ROWS, swiglu_rows, &job);
}

typedef struct {
    const hx_nn_loops *loops;
    const hx_nn_rope_call *call;
    float *x;
} rope_job;

static void rotate_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const rope_job *job = context;
    const hx_nn_rope_call *c = job->call;
    size_t half = (c->dims ? c->dims : c->head_dim) / 2;
    for (size_t i = first; i < end; i++) {
        const float *cos_ = c->cos_ + c->positions[i] * half;
        const float *sin_ = c->sin_ + c->positions[i] * half;
        float *x = job->x + i * c->ld;
        for (size_t head = 0; head < c->n_heads; head++, x += c->head_dim)
            job->loops->rotate(x, x + half, cos_, sin_, half, c->inverse ? -1.0f : 1.0f);
    }
}

void hx_nn_rope(const hx_nn *nn, const hx_nn_rope_call *call, float *x) {
    rope_job job = {hx_nn_loops_of(nn->kernels), call, x};
    hx_nn_ranges(nn, call->t, HX_NN_ROWS, rotate_rows, &job);
}

static void add_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    job->loops->add_scaled(job->x + first, end - first, job->p, job->out + first);
}

void hx_nn_add(const hx_nn *nn, const float *x, size_t n, float a, float *y) {
    layer_job job = {.loops = hx_nn_loops_of(nn->kernels), .x = x, .out = y, .p = a};
    hx_nn_ranges(nn, n, ELEMENTS, add_range, &job);
}

/* The last steps of splitmix64. */
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void drop_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const layer_job *job = context;
    float keep = 1.0f / (1.0f - job->p);
    uint64_t limit = (uint64_t)((double)job->p * 4294967296.0);
    for (size_t i = first; i < end; i++) {
        bool is_dropped = (mix(job->key + i * 0x9e3779b97f4a7c15u) >> 32) < limit;
        job->out[i] = is_dropped ? 0 : job->x[i] * keep;
    }
}

void hx_nn_dropout(const hx_nn *nn, const hx_nn_dropout_key *key, float p, const float *x, size_t n,
                   float *y) {
    layer_job job = {.x = x, .out = y, .p = p};
    job.key = mix(mix(mix(key->seed) + key->step) + key->layer);
    hx_nn_ranges(nn, n, ELEMENTS, drop_range, &job);
}
