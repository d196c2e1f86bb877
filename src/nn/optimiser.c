/* optimiser.c - AdamW, SGD, Muon, schedules, clipping, averages (optimiser.h).
 *
 * AdamW: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = w (1 - rate decay) - rate / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps).
 * Muon: X = g / |g| (Frobenius), five times A = X X^T, X = a X + (b A + c A^2) X (tall: A = X^T X, X = a X + X (b A + c A^2)) with
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

/* Where the parts of the scratch stand; x, next (rows, columns); a, b (low, low). */
typedef struct {
    const hx_nn *nn;
    float *x, *next, *a, *b;
    size_t rows, columns, low, high;
    void *gemm;
} muon_state;

/* out (m, n) = alpha x y + beta out; all dense. */
static void product(const muon_state *s, const float *x, const float *y, size_t m, size_t n,
                    size_t k, float alpha, float beta, float *out) {
    hx_gemm_call g = {.bf16 = s->nn->bf16,
                      .m = m,
                      .n = n,
                      .k = k,
                      .alpha = alpha,
                      .beta = beta,
                      .a = x,
                      .lda = k,
                      .b = y,
                      .ldb = n,
                      .c = out,
                      .ldc = n};
    hx_gemm(s->nn->kernels, s->nn->team, &g, s->gemm);
}

static void newton_schulz(muon_state *s) {
    size_t low = s->low;
    bool is_tall = s->rows > s->columns;
    hx_gemm_call a = {.bf16 = s->nn->bf16,
                      .trans_a = is_tall,
                      .trans_b = !is_tall,
                      .m = low,
                      .n = low,
                      .k = s->high,
                      .alpha = 1,
                      .a = s->x,
                      .lda = s->columns,
                      .b = s->x,
                      .ldb = s->columns,
                      .c = s->a,
                      .ldc = low};
    hx_gemm(s->nn->kernels, s->nn->team, &a, s->gemm);
    memcpy(s->b, s->a, low * low * sizeof *s->b);
    product(s, s->a, s->a, low, low, low, 2.0315f, -4.7750f, s->b);
    memcpy(s->next, s->x, s->rows * s->columns * sizeof *s->x);
    product(s, is_tall ? s->x : s->b, is_tall ? s->b : s->x, s->rows, s->columns, low, 1, 3.4445f,
            s->next);
    float *old = s->x;
    s->x = s->next;
    s->next = old;
}

static muon_state muon_of(const hx_nn *nn, size_t rows, size_t columns) {
    muon_state s = {.nn = nn, .x = nn->scratch, .rows = rows, .columns = columns};
    s.low = rows < columns ? rows : columns;
    s.high = rows < columns ? columns : rows;
    s.next = s.x + aligned(rows * columns);
    s.a = s.next + aligned(rows * columns);
    s.b = s.a + aligned(s.low * s.low);
    s.gemm = s.b + aligned(s.low * s.low);
    return s;
}

typedef struct {
    const hx_nn_muon *muon;
    float *w, *m, *x;
    const float *g;
    float inverse, keep, rate;
} muon_job;

static void muon_momentum(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const muon_job *j = context;
    const hx_nn_muon *o = j->muon;
    for (size_t i = first; i < end; i++) {
        float d = j->g[i] * o->scale, m = o->momentum * j->m[i] + d;
        j->m[i] = m;
        j->x[i] = o->nesterov ? d + o->momentum * m : m;
    }
}

static void muon_unit(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const muon_job *j = context;
    for (size_t i = first; i < end; i++)
        j->x[i] *= j->inverse;
}

static void muon_apply(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const muon_job *j = context;
    for (size_t i = first; i < end; i++)
        j->w[i] = j->w[i] * j->keep - j->rate * j->x[i];
}

void hx_nn_muon_step(const hx_nn *nn, const hx_nn_muon *o, float *w, const float *g, size_t rows,
                     size_t columns, float *m) {
    muon_state s = muon_of(nn, rows, columns);
    size_t n = rows * columns;
    float wide = rows > columns ? sqrtf((float)rows / (float)columns) : 1.0f;
    muon_job job = {.muon = o, .w = w, .m = m, .g = g, .x = s.x};
    hx_nn_ranges(nn, n, ELEMENTS, muon_momentum, &job);
    double norm = sqrt(hx_nn_sum_squares(nn, s.x, n, s.gemm));
    job.inverse = (float)(1 / (norm + 1e-7));
    hx_nn_ranges(nn, n, ELEMENTS, muon_unit, &job);
    for (int i = 0; i < 5; i++)
        newton_schulz(&s);
    job.x = s.x;
    job.rate = o->rate * wide;
    job.keep = 1 - o->rate * o->decay;
    hx_nn_ranges(nn, n, ELEMENTS, muon_apply, &job);
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
