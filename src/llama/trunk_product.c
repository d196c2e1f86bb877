/* trunk_product.c - the products of a block, forward and backward: F32 weights, rounded ones, stored ones, and adapters (trunk_parts.h).
 *
 *     y = x W^T + b,  and part p of y += alpha / rank (drop(x) A_p^T) B_p^T           arXiv 2106.09685
 *     dx = dy W + drop(du A),  du_p = alpha / rank dy_p B_p,  dB_p += alpha / rank dy_p^T u_p,  dA += du^T drop(x)
 *
 * Weights that are stored, and those that are rounded for training that knows of quantisation, are made F32 in panels of rows; the gradient of
 * a rounded weight goes to the weight itself (straight-through, arXiv 1308.3432). int8: a scale for each row, max|w| / 127; 4 bits: blocks of 32
 * as Q4_0 has them, scale = the largest by magnitude / -8, held as F16. */
#include <math.h>
#include <string.h>

#include "llama/trunk_parts.h"
#include "nn/layers.h"
#include "tensor/gemm.h"

#define PANEL_BYTES ((size_t)4 << 20)
#define PANEL_ROWS_LEAST 64
#define ROWS_A_PIECE 16
#define Q4_BLOCK 32

/* ------------------------------------------------------------------ rows as F32 */
typedef struct {
    const hx_trunk *t;
    const hx_trunk_product *p;
    size_t first, n;
    float *out;
} rows_job;

static void round_row(const float *w, size_t k, int bits, float *out) {
    size_t block = bits == 4 ? Q4_BLOCK : k;
    for (size_t first = 0; first < k; first += block) {
        size_t n = k - first < block ? k - first : block;
        float most = 0, low = bits == 4 ? -8.0f : -127.0f, high = bits == 4 ? 7.0f : 127.0f;
        for (size_t i = 0; i < n; i++)
            if (fabsf(w[first + i]) > fabsf(most)) most = w[first + i];
        float scale = bits == 4 ? hx_f16_to_f32(hx_f32_to_f16(most / -8.0f)) : fabsf(most) / 127.0f;
        float inverse = scale != 0.0f ? 1.0f / scale : 0.0f;
        for (size_t i = 0; i < n; i++) {
            float q = nearbyintf(w[first + i] * inverse);
            out[first + i] = scale * (q < low ? low : q > high ? high : q);
        }
    }
}

static void make_row(const hx_trunk *t, const hx_trunk_product *p, size_t row, float *out) {
    size_t at = row, part = 0;
    while (at >= p->parts[part].rows)
        at -= p->parts[part++].rows;
    const hx_trunk_matrix *m = &p->parts[part];
    const float *w = p->w ? p->w + row * p->k : out;
    if (m->stored) hx__trunk_decode_row(m, at, p->k, out);
    if (t->options.quantise_aware)
        round_row(w, p->k, t->options.quantise_bits, out);
    else if (p->w)
        memcpy(out, w, p->k * sizeof *out);
}

static void make_rows(void *context, size_t piece, size_t worker) {
    (void)worker;
    const rows_job *job = context;
    size_t end = (piece + 1) * ROWS_A_PIECE < job->n ? (piece + 1) * ROWS_A_PIECE : job->n;
    for (size_t i = piece * ROWS_A_PIECE; i < end; i++)
        make_row(job->t, job->p, job->first + i, job->out + i * job->p->k);
}

void hx__trunk_rows(const hx_trunk *t, hx_team *team, const hx_trunk_product *p, size_t first,
                    size_t n, float *out) {
    rows_job job = {t, p, first, n, out};
    hx_team_run(team, (n + ROWS_A_PIECE - 1) / ROWS_A_PIECE, make_rows, &job);
}

static bool needs_panels(const hx_trunk *t, const hx_trunk_product *p) {
    return !p->w || t->options.quantise_aware;
}

static size_t panel_rows(size_t k) {
    size_t n = PANEL_BYTES / (k * sizeof(float));
    return n > PANEL_ROWS_LEAST ? n : PANEL_ROWS_LEAST;
}

size_t hx__trunk_panel_rows(const hx_trunk *t) {
    size_t most = 0;
    for (size_t i = 0; i < t->config.n_layers; i++)
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++) {
            const hx_trunk_product *p = &t->layers[i].products[j];
            size_t rows = panel_rows(p->k) < p->n ? panel_rows(p->k) : p->n;
            if (needs_panels(t, p) && rows * p->k > most) most = rows * p->k;
        }
    return (most + t->widest_columns - 1) / t->widest_columns;
}

/* ------------------------------------------------------------------ forward */
typedef struct {
    const hx_trunk *t;
    const hx_nn *nn;
    const hx_trunk_product *p;
} product_job;

static void gemm(const product_job *job, hx_gemm_call *call) {
    call->bf16 = job->nn->bf16;
    hx_gemm(job->nn->kernels, job->nn->team, call, job->nn->scratch);
}

static void forward_rows(const product_job *job, const hx_trunk_forward_call *c, const float *w,
                         size_t first, size_t n) {
    const hx_trunk_product *p = job->p;
    hx_gemm_call g = {.trans_b = true,
                      .m = c->t,
                      .n = n,
                      .k = p->k,
                      .alpha = 1,
                      .beta = c->add ? 1.0f : 0.0f,
                      .a = c->x,
                      .lda = p->k,
                      .b = w,
                      .ldb = p->k,
                      .c = c->y + first,
                      .ldc = p->n};
    gemm(job, &g);
}

static const float *dropped(const product_job *job, const float *x, size_t t, float dropout,
                            const hx_nn_dropout_key *key) {
    if (dropout <= 0) return x;
    hx_nn_dropout(job->nn, key, dropout, x, t * job->p->k, job->t->room.dropped);
    return job->t->room.dropped;
}

static void adapt(const product_job *job, const hx_trunk_forward_call *c) {
    const hx_trunk_product *p = job->p;
    const float *x = dropped(job, c->x, c->t, c->dropout, &c->key);
    hx_gemm_call down = {.trans_b = true,
                         .m = c->t,
                         .n = p->adapted,
                         .k = p->k,
                         .alpha = 1,
                         .a = x,
                         .lda = p->k,
                         .b = p->a,
                         .ldb = p->k,
                         .c = c->u,
                         .ldc = p->adapted};
    gemm(job, &down);
    float *y = c->y;
    for (size_t i = 0; i < p->n_parts; y += p->parts[i++].rows) {
        const hx_trunk_matrix *m = &p->parts[i];
        if (m->b == HX_TRUNK_NONE) continue;
        size_t rank = job->t->options.lora_rank;
        hx_gemm_call up = {.trans_b = true,
                           .m = c->t,
                           .n = m->rows,
                           .k = rank,
                           .alpha = job->t->lora_scale,
                           .beta = 1,
                           .a = c->u + m->column,
                           .lda = p->adapted,
                           .b = hx_params_at(job->t->params, m->b)->w,
                           .ldb = rank,
                           .c = y,
                           .ldc = p->n};
        gemm(job, &up);
    }
}

static void add_bias(void *context, size_t row, size_t worker) {
    (void)worker;
    const hx_trunk_forward_call *c = ((const void **)context)[0];
    const hx_trunk_product *p = ((const void **)context)[1];
    float *y = c->y + row * p->n;
    for (size_t j = 0; j < p->n; j++)
        y[j] += p->bias[j];
}

void hx__trunk_multiply(const hx_trunk *t, const hx_nn *nn, const hx_trunk_product *p,
                        const hx_trunk_forward_call *call) {
    const product_job job = {t, nn, p};
    size_t step = panel_rows(p->k);
    if (!needs_panels(t, p)) forward_rows(&job, call, p->w, 0, p->n);
    for (size_t first = 0; needs_panels(t, p) && first < p->n; first += step) {
        size_t n = p->n - first < step ? p->n - first : step;
        hx__trunk_rows(t, nn->team, p, first, n, t->room.panel);
        forward_rows(&job, call, t->room.panel, first, n);
    }
    const void *rows[2] = {call, p};
    if (p->bias) hx_team_run(nn->team, call->t, add_bias, rows);
    if (p->adapted) adapt(&job, call);
}

/* ------------------------------------------------------------------ backward */
static void backward_rows(const product_job *job, const hx_trunk_backward_call *c, const float *w,
                          size_t first, size_t n) {
    const hx_trunk_product *p = job->p;
    hx_gemm_call g = {.m = c->t,
                      .n = p->k,
                      .k = n,
                      .alpha = 1,
                      .beta = first > 0 ? 1.0f : 0.0f,
                      .a = c->dy + first,
                      .lda = p->n,
                      .b = w,
                      .ldb = p->k,
                      .c = c->dx,
                      .ldc = p->k};
    gemm(job, &g);
}

/* du of all parts, and dB. */
static void adapters_back(const product_job *job, const hx_trunk_backward_call *c) {
    const hx_trunk_product *p = job->p;
    size_t rank = job->t->options.lora_rank;
    const float *dy = c->dy;
    for (size_t i = 0; i < p->n_parts; dy += p->parts[i++].rows) {
        const hx_trunk_matrix *m = &p->parts[i];
        if (m->b == HX_TRUNK_NONE) continue;
        const hx_param *b = hx_params_at(job->t->params, m->b);
        hx_gemm_call down = {.m = c->t,
                             .n = rank,
                             .k = m->rows,
                             .alpha = job->t->lora_scale,
                             .a = dy,
                             .lda = p->n,
                             .b = b->w,
                             .ldb = rank,
                             .c = job->t->room.du + m->column,
                             .ldc = p->adapted};
        gemm(job, &down);
        hx_gemm_call weight = {.trans_a = true,
                               .m = m->rows,
                               .n = rank,
                               .k = c->t,
                               .alpha = job->t->lora_scale,
                               .beta = 1,
                               .a = dy,
                               .lda = p->n,
                               .b = c->u + m->column,
                               .ldb = p->adapted,
                               .c = b->g,
                               .ldc = rank};
        gemm(job, &weight);
    }
}

static void adapt_back(const product_job *job, const hx_trunk_backward_call *c) {
    const hx_trunk_product *p = job->p;
    float *du = job->t->room.du, *through = job->t->room.dropped;
    adapters_back(job, c);
    hx_gemm_call weight = {.trans_a = true,
                           .m = p->adapted,
                           .n = p->k,
                           .k = c->t,
                           .alpha = 1,
                           .beta = 1,
                           .a = du,
                           .lda = p->adapted,
                           .b = dropped(job, c->x, c->t, c->dropout, &c->key),
                           .ldb = p->k,
                           .c = p->da,
                           .ldc = p->k};
    gemm(job, &weight);
    bool drops = c->dropout > 0;
    hx_gemm_call input = {.m = c->t,
                          .n = p->k,
                          .k = p->adapted,
                          .alpha = 1,
                          .beta = drops ? 0.0f : 1.0f,
                          .a = du,
                          .lda = p->adapted,
                          .b = p->a,
                          .ldb = p->k,
                          .c = drops ? through : c->dx,
                          .ldc = p->k};
    gemm(job, &input);
    if (!drops) return;
    hx_nn_dropout(job->nn, &c->key, c->dropout, through, c->t * p->k, through);
    hx_nn_add(job->nn, through, c->t * p->k, 1.0f, c->dx);
}

void hx__trunk_multiply_back(const hx_trunk *t, const hx_nn *nn, const hx_trunk_product *p,
                             const hx_trunk_backward_call *call) {
    const product_job job = {t, nn, p};
    hx_nn_linear_grad grad = {.x = call->x,
                              .dy = call->dy,
                              .t = call->t,
                              .k = p->k,
                              .n = p->n,
                              .dw = p->dw,
                              .db = p->dbias};
    hx_nn_linear_back(nn, &grad);
    size_t step = panel_rows(p->k);
    if (!needs_panels(t, p)) backward_rows(&job, call, p->w, 0, p->n);
    for (size_t first = 0; needs_panels(t, p) && first < p->n; first += step) {
        size_t n = p->n - first < step ? p->n - first : step;
        hx__trunk_rows(t, nn->team, p, first, n, t->room.panel);
        backward_rows(&job, call, t->room.panel, first, n);
    }
    if (p->adapted) adapt_back(&job, call);
}

bool hx__trunk_is_trained(const hx_trunk_product *p) {
    return p->dw != NULL || p->adapted > 0;
}

void hx__trunk_add_adapter(const hx_trunk *t, const hx_nn *nn, const hx_trunk_product *p, size_t i,
                           size_t first, size_t n, float *out) {
    const hx_trunk_matrix *m = &p->parts[i];
    if (m->b == HX_TRUNK_NONE) return;
    size_t rank = t->options.lora_rank;
    hx_gemm_call g = {.m = n,
                      .n = p->k,
                      .k = rank,
                      .alpha = t->lora_scale,
                      .beta = 1,
                      .a = hx_params_at(t->params, m->b)->w + first * rank,
                      .lda = rank,
                      .b = hx_params_at(t->params, m->a)->w,
                      .ldb = p->k,
                      .c = out,
                      .ldc = p->k};
    hx_gemm(nn->kernels, nn->team, &g, nn->scratch);
}
