/* optimiser.c - AdamW, SGD, Muon, schedules, clipping, averages (optimiser.h).
 *
 * AdamW: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = w (1 - rate decay) - rate / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps).
 * Muon: X = g / |g| (Frobenius), of a tall matrix the transpose, five times A = X X^T, X = a X + (b A + c A^2) X with
 * a = 3.4445, b = -4.7750, c = 2.0315 (the published coefficients: singular values land near 1).
 * Corrections are computed in doubles, once a step. */
#include "nn/optimiser.h"

#include <math.h>
#include <string.h>

#include "nn/parts.h"
#include "tensor/gemm.h"

#define ELEMENTS 8192 /* a piece */

typedef struct {
    const hx_nn_loops *loops;
    hx_nn_adam adam;
    hx_nn_sgd sgd;
    float *w, *m, *v;
    const float *g;
    float keep;
} step_job;

static void adam_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const step_job *job = context;
    job->loops->adam(&job->adam, job->w + first, job->g + first, job->m + first, job->v + first,
                     end - first);
}

hx_nn_adam hx_nn_adam_of(const hx_nn_adamw *o) {
    double t = (double)o->step;
    return (hx_nn_adam){
        .beta1 = o->beta1,
        .beta2 = o->beta2,
        .eps = o->eps,
        .rate = (float)((double)o->rate / (1 - pow((double)o->beta1, t))),
        .root = (float)(1 / sqrt(1 - pow((double)o->beta2, t))),
        .keep = (float)(1 - (double)o->rate * (double)o->decay),
        .scale = o->scale,
    };
}

void hx_nn_adamw_step(const hx_nn *nn, const hx_nn_adamw *o, float *w, const float *g, size_t n,
                      float *m, float *v) {
    step_job job = {.loops = hx_nn_loops_of(nn->kernels), .w = w, .m = m, .v = v, .g = g};
    job.adam = hx_nn_adam_of(o);
    hx_nn_ranges(nn, n, ELEMENTS, adam_range, &job);
}

static void sgd_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const step_job *job = context;
    const hx_nn_sgd *o = &job->sgd;
    for (size_t i = first; i < end; i++) {
        float g = job->g[i] * o->scale + o->decay * job->w[i];
        job->m[i] = o->momentum * job->m[i] + g;
        job->w[i] -= o->rate * (o->nesterov ? g + o->momentum * job->m[i] : job->m[i]);
    }
}

void hx_nn_sgd_step(const hx_nn *nn, const hx_nn_sgd *o, float *w, const float *g, size_t n,
                    float *m) {
    step_job job = {.sgd = *o, .w = w, .m = m, .g = g};
    hx_nn_ranges(nn, n, ELEMENTS, sgd_range, &job);
}

static size_t aligned(size_t floats) {
    return (floats + 15) / 16 * 16;
}

size_t hx_nn_muon_scratch(size_t rows, size_t columns, size_t n_threads) {
    size_t low = rows < columns ? rows : columns, high = rows < columns ? columns : rows;
    size_t floats = 2 * aligned(rows * columns) + 2 * aligned(low * low);
    return floats * sizeof(float) + hx_nn_norm_scratch(rows * columns) +
           hx_gemm_scratch(high, high, n_threads);
}

/* Where the parts of the scratch stand; x is (low, high). */
typedef struct {
    const hx_nn *nn;
    float *x, *next, *a, *b;
    size_t low, high;
    void *gemm;
} muon_state;

static void newton_schulz(muon_state *s) {
    const hx_kernels *kernels = s->nn->kernels;
    size_t low = s->low, high = s->high;
    hx_gemm_call a = {.trans_b = true,
                      .m = low,
                      .n = low,
                      .k = high,
                      .alpha = 1,
                      .a = s->x,
                      .lda = high,
                      .b = s->x,
                      .ldb = high,
                      .c = s->a,
                      .ldc = low};
    hx_gemm(kernels, s->nn->team, &a, s->gemm);
    memcpy(s->b, s->a, low * low * sizeof *s->b);
    hx_gemm_call b = {.m = low,
                      .n = low,
                      .k = low,
                      .alpha = 2.0315f,
                      .beta = -4.7750f,
                      .a = s->a,
                      .lda = low,
                      .b = s->a,
                      .ldb = low,
                      .c = s->b,
                      .ldc = low};
    hx_gemm(kernels, s->nn->team, &b, s->gemm);
    memcpy(s->next, s->x, low * high * sizeof *s->x);
    hx_gemm_call x = {.m = low,
                      .n = high,
                      .k = low,
                      .alpha = 1,
                      .beta = 3.4445f,
                      .a = s->b,
                      .lda = low,
                      .b = s->x,
                      .ldb = high,
                      .c = s->next,
                      .ldc = high};
    hx_gemm(kernels, s->nn->team, &x, s->gemm);
    float *old = s->x;
    s->x = s->next;
    s->next = old;
}

static muon_state muon_of(const hx_nn *nn, size_t rows, size_t columns) {
    muon_state s = {.nn = nn, .x = nn->scratch};
    s.low = rows < columns ? rows : columns;
    s.high = rows < columns ? columns : rows;
    s.next = s.x + aligned(rows * columns);
    s.a = s.next + aligned(rows * columns);
    s.b = s.a + aligned(s.low * s.low);
    s.gemm = s.b + aligned(s.low * s.low);
    return s;
}

void hx_nn_muon_step(const hx_nn *nn, const hx_nn_muon *o, float *w, const float *g, size_t rows,
                     size_t columns, float *m) {
    muon_state s = muon_of(nn, rows, columns);
    bool is_tall = rows > columns;
    for (size_t i = 0; i < rows * columns; i++) {
        float d = g[i] * o->scale;
        m[i] = o->momentum * m[i] + d;
        size_t at = is_tall ? i % columns * rows + i / columns : i;
        s.x[at] = o->nesterov ? d + o->momentum * m[i] : m[i];
    }
    double norm = sqrt(hx_nn_sum_squares(nn, s.x, rows * columns, s.gemm));
    float inverse = (float)(1 / (norm + 1e-7));
    for (size_t i = 0; i < rows * columns; i++)
        s.x[i] *= inverse;
    for (int i = 0; i < 5; i++)
        newton_schulz(&s);
    float rate = o->rate * (is_tall ? sqrtf((float)rows / (float)columns) : 1.0f);
    float keep = 1 - o->rate * o->decay;
    for (size_t i = 0; i < rows * columns; i++)
        w[i] = w[i] * keep - rate * s.x[is_tall ? i % columns * rows + i / columns : i];
}

static double falling(const hx_nn_schedule *s, double part) {
    if (s->kind == HX_NN_CONSTANT) return s->peak;
    double share =
        s->kind == HX_NN_COSINE ? 0.5 * (1 + cos(3.14159265358979323846 * part)) : 1 - part;
    return s->floor + (s->peak - s->floor) * share;
}

double hx_nn_rate(const hx_nn_schedule *s, uint64_t step) {
    if (step < s->warmup) return s->peak * (double)step / (double)s->warmup;
    uint64_t from = s->warmup;
    if (s->kind == HX_NN_WSD) from = s->total > s->decay ? s->total - s->decay : 0;
    if (from < s->warmup) from = s->warmup;
    if (step <= from) return s->peak;
    if (step >= s->total) return falling(s, 1);
    return falling(s, (double)(step - from) / (double)(s->total - from));
}

size_t hx_nn_norm_scratch(size_t n) {
    return aligned(hx_nn_blocks(n) * 2) * sizeof(float);
}

double hx_nn_global_norm(const hx_nn *nn, const float *const *arrays, const size_t *sizes,
                         size_t n_arrays) {
    double sum = 0;
    for (size_t i = 0; i < n_arrays; i++)
        sum += hx_nn_sum_squares(nn, arrays[i], sizes[i], nn->scratch);
    return sqrt(sum);
}

float hx_nn_clip_scale(double norm, double most) {
    return most > 0 && norm > most ? (float)(most / norm) : 1.0f;
}

static void average_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const step_job *job = context;
    for (size_t i = first; i < end; i++)
        job->m[i] += (1 - job->keep) * (job->g[i] - job->m[i]);
}

void hx_nn_average(const hx_nn *nn, const float *w, size_t n, float keep, float *average) {
    step_job job = {.g = w, .m = average, .keep = keep};
    hx_nn_ranges(nn, n, ELEMENTS, average_range, &job);
}
