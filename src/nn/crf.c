/* crf.c - crf.h: forward and backward sums in the logarithm of doubles, Viterbi, the biaffine scorer.
 *
 * alpha_t(j) = x_t(j) + log sum_i exp(alpha_{t-1}(i) + between(i, j)), beta likewise from the end; Z = log sum alpha_last + stop. The gradient
 * of Z in x_t(j) is exp(alpha + beta - Z), in between(i, j) the sum over t of exp(alpha_{t-1}(i) + between + x_t(j) + beta_t(j) - Z).
 * Sequences are independent; gradients of the transitions are added by the caller's thread, sequences and tokens ascending.
 * Scratch: alpha and beta (T, L) as doubles, Z for each token's place; Viterbi: the best before (T, L). */
#include "nn/crf.h"

#include <math.h>
#include <string.h>

#include "nn/parts.h"
#include "tensor/gemm.h"

typedef struct {
    const hx_nn_crf *crf;
    const uint32_t *tags;
    double *alpha, *beta,
        *losses; /* (T, L), (T, L), (T): a sequence's loss stands at its first token */
    float scale, *dx;
    uint32_t *before, *best; /* Viterbi */
    float *scores;
} crf_job;

size_t hx_nn_crf_scratch(size_t t, size_t l) {
    return (2 * t * l + t) * sizeof(double);
}

static double log_sum(const double *x, size_t n) {
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        max = x[i] > max ? x[i] : max;
    for (size_t i = 0; i < n; i++)
        sum += exp(x[i] - max);
    return max + log(sum);
}

static void sum_forward(const crf_job *job, size_t first, size_t end) {
    const hx_nn_crf *c = job->crf;
    double terms[HX_NN_TAGS_MAX] = {0};
    for (size_t t = first; t < end; t++)
        for (size_t j = 0; j < c->l; j++) {
            double in = (double)c->x[t * c->l + j];
            for (size_t i = 0; t > first && i < c->l; i++)
                terms[i] = job->alpha[(t - 1) * c->l + i] + (double)c->between[i * c->l + j];
            job->alpha[t * c->l + j] =
                in + (t > first ? log_sum(terms, c->l) : (double)c->start[j]);
        }
}

static void sum_backward(const crf_job *job, size_t first, size_t end) {
    const hx_nn_crf *c = job->crf;
    double terms[HX_NN_TAGS_MAX] = {0};
    for (size_t t = end; t-- > first;)
        for (size_t i = 0; i < c->l; i++) {
            for (size_t j = 0; t + 1 < end && j < c->l; j++)
                terms[j] = job->beta[(t + 1) * c->l + j] + (double)c->between[i * c->l + j] +
                           (double)c->x[(t + 1) * c->l + j];
            job->beta[t * c->l + i] = t + 1 < end ? log_sum(terms, c->l) : (double)c->stop[i];
        }
}

static double score_of(const crf_job *job, size_t first, size_t end) {
    const hx_nn_crf *c = job->crf;
    const uint32_t *y = job->tags;
    double score = (double)c->start[y[first]] + (double)c->stop[y[end - 1]];
    for (size_t t = first; t < end; t++) {
        score += (double)c->x[t * c->l + y[t]];
        if (t > first) score += (double)c->between[y[t - 1] * c->l + y[t]];
    }
    return score;
}

/* Log of the sum over all tags: of what the last token's alpha and beta say. */
static double log_all(const crf_job *job, size_t end) {
    const hx_nn_crf *c = job->crf;
    double terms[HX_NN_TAGS_MAX] = {0};
    for (size_t j = 0; j < c->l; j++)
        terms[j] = job->alpha[(end - 1) * c->l + j] + (double)c->stop[j];
    return log_sum(terms, c->l);
}

static void loss_sequence(void *context, size_t i, size_t worker) {
    (void)worker;
    const crf_job *job = context;
    const hx_nn_crf *c = job->crf;
    size_t first = c->starts[i], end = c->starts[i + 1];
    if (first == end) return;
    sum_forward(job, first, end);
    double all = log_all(job, end);
    job->losses[first] = all - score_of(job, first, end);
    if (!job->dx) return;
    sum_backward(job, first, end);
    for (size_t k = first * c->l; k < end * c->l; k++) {
        double p = exp(job->alpha[k] + job->beta[k] - all);
        job->dx[k] = (float)((double)job->scale * (p - (job->tags[k / c->l] == k % c->l)));
    }
}

/* Of the transitions from token t - 1 to t. */
static void between_back(const crf_job *job, size_t t, double all, float *d) {
    const hx_nn_crf *c = job->crf;
    for (size_t i = 0; i < c->l; i++)
        for (size_t j = 0; j < c->l; j++) {
            double p = exp(job->alpha[(t - 1) * c->l + i] + (double)c->between[i * c->l + j] +
                           (double)c->x[t * c->l + j] + job->beta[t * c->l + j] - all);
            bool is_it = job->tags[t - 1] == i && job->tags[t] == j;
            d[i * c->l + j] += (float)((double)job->scale * (p - is_it));
        }
}

double hx_nn_crf_loss(const hx_nn *nn, const hx_nn_crf *c, const uint32_t *tags, float scale,
                      float *dx, float *dbetween, float *dstart, float *dstop) {
    size_t t_all = c->starts[c->n_sequences];
    crf_job job = {.crf = c, .tags = tags, .alpha = nn->scratch, .scale = scale, .dx = dx};
    job.beta = job.alpha + t_all * c->l;
    job.losses = job.beta + t_all * c->l;
    hx_team_run(nn->team, c->n_sequences, loss_sequence, &job);
    double sum = 0;
    for (size_t s = 0; s < c->n_sequences; s++) {
        size_t first = c->starts[s], end = c->starts[s + 1];
        if (first == end) continue;
        sum += job.losses[first];
        if (!dx) continue;
        double all = log_all(&job, end);
        for (size_t t = first + 1; t < end; t++)
            between_back(&job, t, all, dbetween);
        for (size_t j = 0; j < c->l; j++) {
            dstart[j] += dx[first * c->l + j];
            dstop[j] += dx[(end - 1) * c->l + j];
        }
    }
    return sum;
}

/* Where the best path to tag j of token t comes from. */
static void best_step(const crf_job *job, size_t t, size_t j) {
    const hx_nn_crf *c = job->crf;
    const double *old = job->alpha + (t - 1) * c->l;
    uint32_t best = 0;
    for (uint32_t i = 1; i < c->l; i++)
        if (old[i] + (double)c->between[i * c->l + j] >
            old[best] + (double)c->between[best * c->l + j])
            best = i;
    job->before[t * c->l + j] = best;
    job->alpha[t * c->l + j] =
        old[best] + (double)c->between[best * c->l + j] + (double)c->x[t * c->l + j];
}

static void best_sequence(void *context, size_t s, size_t worker) {
    (void)worker;
    const crf_job *job = context;
    const hx_nn_crf *c = job->crf;
    size_t first = c->starts[s], end = c->starts[s + 1], l = c->l;
    if (job->scores) job->scores[s] = 0;
    if (first == end) return;
    for (size_t j = 0; j < l; j++)
        job->alpha[first * l + j] = (double)c->start[j] + (double)c->x[first * l + j];
    for (size_t t = first + 1; t < end; t++)
        for (size_t j = 0; j < l; j++)
            best_step(job, t, j);
    const double *last = job->alpha + (end - 1) * l;
    uint32_t best = 0;
    for (uint32_t j = 1; j < l; j++)
        if (last[j] + (double)c->stop[j] > last[best] + (double)c->stop[best]) best = j;
    if (job->scores) job->scores[s] = (float)(last[best] + (double)c->stop[best]);
    for (size_t t = end; t-- > first;) {
        job->best[t] = best;
        if (t > first) best = job->before[t * l + best];
    }
}

void hx_nn_crf_best(const hx_nn *nn, const hx_nn_crf *c, uint32_t *tags, float *scores) {
    crf_job job = {.crf = c, .alpha = nn->scratch, .best = tags, .scores = scores};
    job.before = (uint32_t *)(void *)(job.alpha + c->starts[c->n_sequences] * c->l);
    hx_team_run(nn->team, c->n_sequences, best_sequence, &job);
}

static size_t aligned(size_t floats) {
    return (floats + 15) / 16 * 16;
}

size_t hx_nn_biaffine_scratch(size_t t, size_t d, size_t e, size_t n_threads) {
    size_t wide = d > e ? d : e;
    if (t > wide) wide = t;
    return (aligned(t * t) + aligned(t * wide)) * sizeof(float) +
           hx_gemm_scratch(wide, wide, n_threads);
}

typedef struct {
    const hx_nn *nn;
    float *plane, *half; /* (T, T); (T, E) or (T, D) */
    void *gemm;
} biaffine_state;

static biaffine_state biaffine_of(const hx_nn *nn, const hx_nn_biaffine_call *c) {
    size_t wide = c->d > c->e ? c->d : c->e;
    if (c->t > wide) wide = c->t;
    biaffine_state s = {.nn = nn, .plane = nn->scratch};
    s.half = s.plane + aligned(c->t * c->t);
    s.gemm = s.half + aligned(c->t * wide);
    return s;
}

/* out (m, n) = [beta] out + op(x) op(y), all dense */
static void product(const biaffine_state *s, const float *x, bool trans_x, const float *y,
                    bool trans_y, size_t m, size_t n, size_t k, float beta, float *out) {
    hx_gemm_call g = {.trans_a = trans_x,
                      .trans_b = trans_y,
                      .m = m,
                      .n = n,
                      .k = k,
                      .alpha = 1,
                      .beta = beta,
                      .a = x,
                      .lda = trans_x ? m : k,
                      .b = y,
                      .ldb = trans_y ? k : n,
                      .c = out,
                      .ldc = n};
    hx_gemm(s->nn->kernels, s->nn->team, &g, s->gemm);
}

void hx_nn_biaffine(const hx_nn *nn, const hx_nn_biaffine_call *c, float *s) {
    biaffine_state b = biaffine_of(nn, c);
    for (size_t l = 0; l < c->l; l++) {
        product(&b, c->a, false, c->w + l * c->d * c->e, false, c->t, c->e, c->d, 0, b.half);
        product(&b, b.half, false, c->b, true, c->t, c->t, c->e, 0, b.plane);
        for (size_t i = 0; i < c->t * c->t; i++)
            s[i * c->l + l] = b.plane[i];
    }
}

void hx_nn_biaffine_back(const hx_nn *nn, const hx_nn_biaffine_call *c, const float *ds, float *da,
                         float *db, float *dw) {
    biaffine_state b = biaffine_of(nn, c);
    for (size_t l = 0; l < c->l; l++) {
        const float *w = c->w + l * c->d * c->e;
        float beta = l > 0 ? 1 : 0;
        for (size_t i = 0; i < c->t * c->t; i++)
            b.plane[i] = ds[i * c->l + l];
        product(&b, c->a, false, w, false, c->t, c->e, c->d, 0, b.half);
        product(&b, b.plane, true, b.half, false, c->t, c->e, c->t, beta, db);
        product(&b, b.plane, false, c->b, false, c->t, c->e, c->t, 0, b.half);
        product(&b, b.half, false, w, true, c->t, c->d, c->e, beta, da);
        if (dw) product(&b, c->a, true, b.half, false, c->d, c->e, c->t, 1, dw + l * c->d * c->e);
    }
}
