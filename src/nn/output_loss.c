/* output_loss.c - losses behind a product: the output matrix with cross-entropy, and InfoNCE (loss.h).
 *
 * Output: rows whose label counts are gathered, 256 at a time; their logits are made for 8,192 rows of w at a time (what is packed for
 * a product stays small), become their gradient in place, and go into dhidden and dw. dw has the chunks in ascending order.
 * InfoNCE: with unit rows A, B: S = A B^T / tau, cross-entropy with label i in row i, dA = dS B / tau, dB = dS^T A / tau; through the
 * norm of a: da = (dA - A (A . dA)) / |a|.
 * Scratch: the arrays of a chunk, each aligned to 64 bytes, then that of hx_gemm(). */
#include <math.h>
#include <string.h>

#include "nn/loss.h"
#include "nn/parts.h"
#include "tensor/gemm.h"

#define CHUNK 256
#define SLICE 8192

static size_t aligned(size_t floats) {
    return (floats + 15) / 16 * 16;
}

static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t hx_nn_output_loss_scratch(size_t t, size_t d, size_t v, size_t n_threads) {
    size_t rows = t < CHUNK ? t : CHUNK, slice = v < SLICE ? v : SLICE;
    size_t gemm =
        most(hx_gemm_scratch(rows, slice, n_threads), hx_gemm_scratch(rows, d, n_threads));
    gemm = most(gemm, hx_gemm_scratch(slice, d, n_threads));
    return (aligned(rows * v) + 2 * aligned(rows * d) + 3 * aligned(rows)) * sizeof(float) + gemm;
}

typedef struct {
    const hx_nn *nn;
    const hx_nn_output_loss *call;
    float *logits, *hidden, *dhidden, *rows;
    uint32_t *labels, *places;
    size_t n; /* rows of this chunk */
    void *gemm;
} chunk_state;

static chunk_state chunk_of(const hx_nn *nn, const hx_nn_output_loss *c) {
    size_t rows = c->t < CHUNK ? c->t : CHUNK;
    chunk_state s = {.nn = nn, .call = c, .logits = nn->scratch};
    s.hidden = s.logits + aligned(rows * c->v);
    s.dhidden = s.hidden + aligned(rows * c->d);
    s.rows = s.dhidden + aligned(rows * c->d);
    s.labels = (uint32_t *)(void *)(s.rows + aligned(rows));
    s.places = s.labels + aligned(rows);
    s.gemm = s.places + aligned(rows);
    return s;
}

static void chunk_logits(const chunk_state *s) {
    const hx_nn_output_loss *c = s->call;
    for (size_t first = 0; first < c->v; first += SLICE) {
        size_t n = c->v - first < SLICE ? c->v - first : SLICE;
        hx_gemm_call g = {.trans_b = true,
                          .bf16 = s->nn->bf16,
                          .m = s->n,
                          .n = n,
                          .k = c->d,
                          .alpha = 1,
                          .a = s->hidden,
                          .lda = c->d,
                          .b = c->w + first * c->d,
                          .ldb = c->d,
                          .c = s->logits + first,
                          .ldc = c->v};
        hx_gemm(s->nn->kernels, s->nn->team, &g, s->gemm);
    }
}

static void chunk_back(const chunk_state *s) {
    const hx_nn_output_loss *c = s->call;
    for (size_t first = 0; first < c->v; first += SLICE) {
        size_t n = c->v - first < SLICE ? c->v - first : SLICE;
        hx_gemm_call g = {.bf16 = s->nn->bf16,
                          .m = s->n,
                          .n = c->d,
                          .k = n,
                          .alpha = 1,
                          .beta = first > 0 ? 1 : 0,
                          .a = s->logits + first,
                          .lda = c->v,
                          .b = c->w + first * c->d,
                          .ldb = c->d,
                          .c = s->dhidden,
                          .ldc = c->d};
        hx_gemm(s->nn->kernels, s->nn->team, &g, s->gemm);
        if (!c->dw) continue;
        hx_gemm_call w = {.trans_a = true,
                          .bf16 = s->nn->bf16,
                          .m = n,
                          .n = c->d,
                          .k = s->n,
                          .alpha = 1,
                          .beta = 1,
                          .a = s->logits + first,
                          .lda = c->v,
                          .b = s->hidden,
                          .ldb = c->d,
                          .c = c->dw + first * c->d,
                          .ldc = c->d};
        hx_gemm(s->nn->kernels, s->nn->team, &w, s->gemm);
    }
}

static void run_chunk(const chunk_state *s) {
    const hx_nn_output_loss *c = s->call;
    hx_nn_classes classes = c->classes;
    classes.labels = s->labels;
    chunk_logits(s);
    /* In place even where only the loss is wanted: the softmax of vectors is faster than libm's sum without one. */
    hx_nn_cross_entropy(s->nn, &classes, s->logits, s->n, c->v, s->rows, s->logits);
    if (c->dhidden) chunk_back(s);
    for (size_t i = 0; i < s->n; i++) {
        c->rows[s->places[i]] = s->rows[i];
        if (c->dhidden)
            memcpy(c->dhidden + s->places[i] * c->d, s->dhidden + i * c->d,
                   c->d * sizeof *c->dhidden);
    }
}

double hx_nn_output_cross_entropy(const hx_nn *nn, const hx_nn_output_loss *call) {
    chunk_state s = chunk_of(nn, call);
    memset(call->rows, 0, call->t * sizeof *call->rows);
    if (call->dhidden) memset(call->dhidden, 0, call->t * call->d * sizeof *call->dhidden);
    for (size_t i = 0; i < call->t; i++) {
        uint32_t label = call->classes.labels[i];
        if (label != HX_NN_IGNORE) {
            s.labels[s.n] = label;
            s.places[s.n] = (uint32_t)i;
            memcpy(s.hidden + s.n * call->d, call->hidden + i * call->d,
                   call->d * sizeof *s.hidden);
            s.n++;
        }
        if (s.n == CHUNK || (i + 1 == call->t && s.n > 0)) {
            run_chunk(&s);
            s.n = 0;
        }
    }
    double sum = 0;
    for (size_t i = 0; i < call->t; i++)
        sum += (double)call->rows[i];
    return sum;
}

size_t hx_nn_contrast_scratch(size_t n, size_t m, size_t d, size_t n_threads) {
    size_t wide = most(m, d);
    size_t floats =
        aligned(n * m) + aligned(n * d) + aligned(m * d) + aligned(n) + aligned(m) + aligned(n);
    return floats * sizeof(float) + hx_gemm_scratch(wide, wide, n_threads);
}

static void to_unit(const hx_nn_loops *loops, const float *x, size_t n, size_t d, float *unit,
                    float *inverse) {
    for (size_t i = 0; i < n; i++) {
        float norm = sqrtf(loops->dot(x + i * d, x + i * d, d));
        inverse[i] = norm > 0 ? 1 / norm : 0;
        loops->scale(x + i * d, d, inverse[i], unit + i * d);
    }
}

static void from_unit(const hx_nn_loops *loops, const float *unit, const float *inverse, size_t n,
                      size_t d, float *dx) {
    for (size_t i = 0; i < n; i++) {
        float along = loops->dot(unit + i * d, dx + i * d, d);
        loops->add_scaled(unit + i * d, d, -along, dx + i * d);
        loops->scale(dx + i * d, d, inverse[i], dx + i * d);
    }
}

double hx_nn_info_nce(const hx_nn *nn, const hx_nn_contrast *c) {
    const hx_nn_loops *loops = hx_nn_loops_of(nn->kernels);
    size_t n = c->n, m = c->m, d = c->d;
    float *s = nn->scratch, *a = s + aligned(n * m), *b = a + aligned(n * d);
    float *inverse_a = b + aligned(m * d), *inverse_b = inverse_a + aligned(n);
    uint32_t *labels = (uint32_t *)(void *)(inverse_b + aligned(m));
    void *gemm = labels + aligned(n);
    for (size_t i = 0; i < n; i++)
        labels[i] = (uint32_t)i;
    to_unit(loops, c->a, n, d, a, inverse_a);
    to_unit(loops, c->b, m, d, b, inverse_b);
    float sharp = 1 / c->temperature;
    hx_gemm_call g = {.trans_b = true,
                      .m = n,
                      .n = m,
                      .k = d,
                      .alpha = sharp,
                      .a = a,
                      .lda = d,
                      .b = b,
                      .ldb = d,
                      .c = s,
                      .ldc = m};
    hx_gemm(nn->kernels, nn->team, &g, gemm);
    hx_nn_classes classes = {.labels = labels, .scale = c->scale};
    double sum = hx_nn_cross_entropy(nn, &classes, s, n, m, c->rows, s);
    hx_gemm_call ga = {.m = n,
                       .n = d,
                       .k = m,
                       .alpha = sharp,
                       .a = s,
                       .lda = m,
                       .b = b,
                       .ldb = d,
                       .c = c->da,
                       .ldc = d};
    hx_gemm(nn->kernels, nn->team, &ga, gemm);
    hx_gemm_call gb = {.trans_a = true,
                       .m = m,
                       .n = d,
                       .k = n,
                       .alpha = sharp,
                       .a = s,
                       .lda = m,
                       .b = a,
                       .ldb = d,
                       .c = c->db,
                       .ldc = d};
    hx_gemm(nn->kernels, nn->team, &gb, gemm);
    from_unit(loops, a, inverse_a, n, d, c->da);
    from_unit(loops, b, inverse_b, m, d, c->db);
    return sum;
}
