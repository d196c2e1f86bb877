/* norm.c - RMSNorm and LayerNorm (layers.h).
 *
 * RMSNorm: y = x r w; dx = r (dy w - x r^2 mean(dy w x)); dw = sum dy x r.
 * LayerNorm: h = (x - mean) r, y = h w + b; with g = dy w: dx = r (g - mean(g) - h mean(g h)); dw = sum dy h, db = sum dy.
 * Gradients of inputs go by rows, those of weights by columns, each a chain over ascending rows. */
#include <math.h>

#include "nn/layers.h"
#include "nn/parts.h"

typedef struct {
    const hx_nn_loops *loops;
    const float *x, *w, *b, *dy;
    const float *old_mean, *old_r; /* backward */
    float *mean, *r, *out, *dw, *db;
    size_t t, d;
    float eps;
} norm_job;

static void rms_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const norm_job *job = context;
    for (size_t i = first; i < end; i++) {
        const float *x = job->x + i * job->d;
        float mean = job->loops->dot(x, x, job->d) / (float)job->d;
        job->r[i] = 1.0f / sqrtf(mean + job->eps);
        job->loops->scale_by(x, job->w, job->d, job->r[i], job->out + i * job->d);
    }
}

void hx_nn_rms_norm(const hx_nn *nn, const float *x, size_t t, size_t d, const float *w, float eps,
                    float *r, float *y) {
    norm_job job = {
        .loops = hx_nn_loops_of(nn->kernels), .x = x, .w = w, .r = r, .out = y, .d = d, .eps = eps};
    hx_nn_ranges(nn, t, HX_NN_ROWS, rms_rows, &job);
}

static void rms_back_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const norm_job *job = context;
    for (size_t i = first; i < end; i++) {
        size_t at = i * job->d;
        job->loops->rms_back(job->x + at, job->w, job->dy + at, job->d, job->old_r[i],
                             job->out + at);
    }
}

static void rms_back_columns(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const norm_job *job = context;
    for (size_t i = 0; i < job->t; i++) {
        size_t at = i * job->d + first;
        job->loops->add_product(job->x + at, job->dy + at, end - first, job->old_r[i],
                                job->dw + first);
    }
}

void hx_nn_rms_norm_back(const hx_nn *nn, const float *x, size_t t, size_t d, const float *w,
                         const float *r, const float *dy, float *dx, float *dw) {
    norm_job job = {.loops = hx_nn_loops_of(nn->kernels),
                    .x = x,
                    .w = w,
                    .dy = dy,
                    .old_r = r,
                    .out = dx,
                    .dw = dw,
                    .t = t,
                    .d = d};
    if (dw) hx_nn_ranges(nn, d, HX_NN_COLUMNS, rms_back_columns, &job);
    hx_nn_ranges(nn, t, HX_NN_ROWS, rms_back_rows, &job);
}

typedef struct {
    const hx_nn_loops *loops;
    const hx_nn_head_norm_call *call;
    const float *dy;
    float *out, *dw;
} head_job;

static void head_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const head_job *job = context;
    const hx_nn_head_norm_call *c = job->call;
    for (size_t i = first; i < end; i++)
        for (size_t h = 0; h < c->n_heads; h++) {
            const float *x = c->x + i * c->ldx + h * c->head_dim;
            float mean = job->loops->dot(x, x, c->head_dim) / (float)c->head_dim;
            float r = 1.0f / sqrtf(mean + c->eps);
            c->r[i * c->n_heads + h] = r;
            job->loops->scale_by(x, c->w, c->head_dim, r, job->out + i * c->ldy + h * c->head_dim);
        }
}

void hx_nn_head_norm(const hx_nn *nn, const hx_nn_head_norm_call *call, float *y) {
    head_job job = {.loops = hx_nn_loops_of(nn->kernels), .call = call, .out = y};
    hx_nn_ranges(nn, call->t, HX_NN_ROWS, head_rows, &job);
}

static void head_back_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const head_job *job = context;
    const hx_nn_head_norm_call *c = job->call;
    for (size_t i = first; i < end; i++)
        for (size_t h = 0; h < c->n_heads; h++) {
            size_t at = h * c->head_dim;
            job->loops->rms_back(c->x + i * c->ldx + at, c->w, job->dy + i * c->ldy + at,
                                 c->head_dim, c->r[i * c->n_heads + h], job->out + i * c->ldy + at);
        }
}

static void head_back_columns(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const head_job *job = context;
    const hx_nn_head_norm_call *c = job->call;
    for (size_t i = 0; i < c->t; i++)
        for (size_t h = 0; h < c->n_heads; h++) {
            size_t at = h * c->head_dim + first;
            job->loops->add_product(c->x + i * c->ldx + at, job->dy + i * c->ldy + at, end - first,
                                    c->r[i * c->n_heads + h], job->dw + first);
        }
}

void hx_nn_head_norm_back(const hx_nn *nn, const hx_nn_head_norm_call *call, const float *dy,
                          float *dx, float *dw) {
    head_job job = {
        .loops = hx_nn_loops_of(nn->kernels), .call = call, .dy = dy, .out = dx, .dw = dw};
    if (dw) hx_nn_ranges(nn, call->head_dim, HX_NN_ROWS, head_back_columns, &job);
    hx_nn_ranges(nn, call->t, HX_NN_ROWS, head_back_rows, &job);
}

static void layer_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const norm_job *job = context;
    for (size_t i = first; i < end; i++) {
        const float *x = job->x + i * job->d;
        float *y = job->out + i * job->d;
        float sum = 0, squares = 0;
        for (size_t j = 0; j < job->d; j++)
            sum += x[j];
        float mean = sum / (float)job->d;
        for (size_t j = 0; j < job->d; j++)
            y[j] = x[j] - mean;
        squares = job->loops->dot(y, y, job->d);
        job->mean[i] = mean;
        job->r[i] = 1.0f / sqrtf(squares / (float)job->d + job->eps);
        job->loops->scale_by(y, job->w, job->d, job->r[i], y);
        job->loops->add_scaled(job->b, job->d, 1.0f, y);
    }
}

void hx_nn_layer_norm(const hx_nn *nn, const float *x, size_t t, size_t d, const float *w,
                      const float *b, float eps, float *mean, float *r, float *y) {
    norm_job job = {.loops = hx_nn_loops_of(nn->kernels),
                    .x = x,
                    .w = w,
                    .b = b,
                    .mean = mean,
                    .r = r,
                    .out = y,
                    .d = d,
                    .eps = eps};
    hx_nn_ranges(nn, t, HX_NN_ROWS, layer_rows, &job);
}

static void layer_back_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const norm_job *job = context;
    float n = (float)job->d;
    for (size_t i = first; i < end; i++) {
        const float *x = job->x + i * job->d, *dy = job->dy + i * job->d;
        float *dx = job->out + i * job->d, r = job->old_r[i], mean = job->old_mean[i];
        float sum = 0, sum_h = 0;
        for (size_t j = 0; j < job->d; j++) {
            float g = dy[j] * job->w[j];
            sum += g;
            sum_h += g * (x[j] - mean) * r;
        }
        for (size_t j = 0; j < job->d; j++)
            dx[j] = r * (dy[j] * job->w[j] - sum / n - (x[j] - mean) * r * (sum_h / n));
    }
}

static void layer_back_columns(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const norm_job *job = context;
    for (size_t i = 0; i < job->t; i++)
        for (size_t j = first; j < end; j++) {
            float x = job->x[i * job->d + j], dy = job->dy[i * job->d + j];
            if (job->dw) job->dw[j] += dy * (x - job->old_mean[i]) * job->old_r[i];
            if (job->db) job->db[j] += dy;
        }
}

void hx_nn_layer_norm_back(const hx_nn *nn, const float *x, size_t t, size_t d, const float *w,
                           const float *mean, const float *r, const float *dy, float *dx, float *dw,
                           float *db) {
    norm_job job = {.loops = hx_nn_loops_of(nn->kernels),
                    .x = x,
                    .w = w,
                    .dy = dy,
                    .old_mean = mean,
                    .old_r = r,
                    .out = dx,
                    .dw = dw,
                    .db = db,
                    .t = t,
                    .d = d};
    hx_nn_ranges(nn, d, HX_NN_COLUMNS, layer_back_columns, &job);
    hx_nn_ranges(nn, t, HX_NN_ROWS, layer_back_rows, &job);
}
