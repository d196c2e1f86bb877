/* conv.c - conv.h: a convolution is a product with the rows of the windows, gathered.
 *
 * The windows of all tokens are a matrix (T, width K) in scratch, zero outside of the sequence: y = windows W^T + b, dwindows = dy W,
 * dW = dy^T windows, all by layers.h. dx[t] is the sum of what the windows hold of t, over j descending, so in ascending order of windows.
 * Scratch: the windows, then that of the linear layer. */
#include "nn/conv.h"

#include <string.h>

#include "nn/layers.h"
#include "nn/parts.h"

typedef struct {
    const hx_nn_loops *loops;
    const hx_nn_conv_call *call;
    float *windows, *dx;
} conv_job;

static size_t window_floats(size_t t, size_t k, size_t width) {
    return (t * k * width + 15) / 16 * 16;
}

size_t hx_nn_conv_scratch(size_t t, size_t k, size_t n, size_t width, size_t n_threads) {
    return window_floats(t, k, width) * sizeof(float) +
           hx_nn_linear_scratch(t, k * width, n, n_threads);
}

static void gather_sequence(void *context, size_t i, size_t worker) {
    (void)worker;
    const conv_job *job = context;
    const hx_nn_conv_call *c = job->call;
    size_t first = c->starts[i], end = c->starts[i + 1];
    for (size_t t = first; t < end; t++)
        for (size_t j = 0; j < c->width; j++) {
            float *out = job->windows + (t * c->width + j) * c->k;
            if (t + j < first + c->before || t + j - c->before >= end)
                memset(out, 0, c->k * sizeof *out);
            else
                memcpy(out, c->x + (t + j - c->before) * c->k, c->k * sizeof *out);
        }
}

static void scatter_sequence(void *context, size_t i, size_t worker) {
    (void)worker;
    const conv_job *job = context;
    const hx_nn_conv_call *c = job->call;
    size_t first = c->starts[i], end = c->starts[i + 1];
    memset(job->dx + first * c->k, 0, (end - first) * c->k * sizeof *job->dx);
    for (size_t t = first; t < end; t++)
        for (size_t j = 0; j < c->width; j++)
            if (t + j >= first + c->before && t + j - c->before < end)
                job->loops->add_scaled(job->windows + (t * c->width + j) * c->k, c->k, 1.0f,
                                       job->dx + (t + j - c->before) * c->k);
}

static conv_job conv_of(const hx_nn *nn, const hx_nn_conv_call *c, hx_nn *inner) {
    size_t t = c->starts[c->n_sequences];
    conv_job job = {.loops = hx_nn_loops_of(nn->kernels), .call = c, .windows = nn->scratch};
    *inner = *nn;
    inner->scratch = job.windows + window_floats(t, c->k, c->width);
    return job;
}

void hx_nn_conv(const hx_nn *nn, const hx_nn_conv_call *c, float *y) {
    hx_nn inner;
    conv_job job = conv_of(nn, c, &inner);
    hx_team_run(nn->team, c->n_sequences, gather_sequence, &job);
    hx_nn_linear(&inner, job.windows, c->starts[c->n_sequences], c->k * c->width, c->n, c->w, c->b,
                 y);
}

void hx_nn_conv_back(const hx_nn *nn, const hx_nn_conv_call *c, const float *dy, float *dx,
                     float *dw, float *db) {
    hx_nn inner;
    conv_job job = conv_of(nn, c, &inner);
    job.dx = dx;
    hx_nn_linear_grad g = {.x = job.windows,
                           .w = c->w,
                           .dy = dy,
                           .t = c->starts[c->n_sequences],
                           .k = c->k * c->width,
                           .n = c->n,
                           .dw = dw,
                           .db = db};
    hx_team_run(nn->team, c->n_sequences, gather_sequence, &job);
    hx_nn_linear_back(&inner, &g);
    if (!dx) return;
    g.dx = job.windows;
    g.dw = g.db = NULL;
    hx_nn_linear_back(&inner, &g);
    hx_team_run(nn->team, c->n_sequences, scatter_sequence, &job);
}

typedef struct {
    const float *x;
    const uint32_t *starts;
    uint32_t *at;
    float *y;
    size_t d;
} max_job;

static void max_sequence(void *context, size_t i, size_t worker) {
    (void)worker;
    const max_job *job = context;
    for (size_t j = 0; j < job->d; j++) {
        uint32_t best = UINT32_MAX;
        float greatest = 0;
        for (uint32_t t = job->starts[i]; t < job->starts[i + 1]; t++)
            if (best == UINT32_MAX || job->x[t * job->d + j] > greatest) {
                best = t;
                greatest = job->x[t * job->d + j];
            }
        job->at[i * job->d + j] = best;
        job->y[i * job->d + j] = greatest;
    }
}

void hx_nn_max_over_time(const hx_nn *nn, const float *x, size_t d, const uint32_t *starts,
                         size_t n_sequences, uint32_t *at, float *y) {
    max_job job = {x, starts, at, y, d};
    hx_team_run(nn->team, n_sequences, max_sequence, &job);
}

void hx_nn_max_over_time_back(const hx_nn *nn, const float *dy, const uint32_t *at, size_t d,
                              size_t t, size_t n_sequences, float *dx) {
    (void)nn;
    memset(dx, 0, t * d * sizeof *dx);
    for (size_t i = 0; i < n_sequences * d; i++)
        if (at[i] != UINT32_MAX) dx[at[i] * d + i % d] += dy[i];
}
