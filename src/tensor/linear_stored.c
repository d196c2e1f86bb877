/* linear_stored.c - the stored form: blocks of W as they are in the file, at most 16 rows of x at once (stored.h).
 *
 * Pieces are runs of rows of W within one part; of SWIGLU the same run of gate and of up. Products go to scratch, then through bias and
 * kind to y.
 * Scratch: rows of x normed (m, K) F32, rows quantised (m), then for each worker K floats and two runs of products. */
#include <string.h>

#include "tensor/linear_parts.h"
#include "tensor/stored.h"

#define RUN_MAX 128 /* rows of W a piece */
#define RUN_MIN 8
#define PIECES_A_THREAD 8

static size_t x_stride(const hx_linear *l) {
    return hx_linear_round(l->k * sizeof(float), 64);
}

/* Float formats read x itself. */
static bool is_block_type(hx_dtype type) {
    return type != HX_DTYPE_F32 && type != HX_DTYPE_F16 && type != HX_DTYPE_BF16;
}

static bool has_blocks(const hx_linear *l) {
    for (size_t i = 0; i < l->n_parts; i++)
        if (is_block_type(l->parts[i].type)) return true;
    return false;
}

static size_t quantised_bytes(const hx_linear *l) {
    return has_blocks(l) ? hx_stored_row_bytes(l->k) : 0;
}

static size_t stored_worker_bytes(const hx_linear *l) {
    return x_stride(l) + 2 * HX_STORED_ROWS_MAX * RUN_MAX * sizeof(float);
}

size_t hx_linear_stored_scratch(const hx_linear *l, size_t m, size_t n_threads) {
    return m * (x_stride(l) + quantised_bytes(l)) + n_threads * stored_worker_bytes(l);
}

static float *x_of(const hx_linear_job *job, size_t m) {
    return (float *)(void *)(job->rows + m * job->stride);
}

static uint8_t *quantised_of(const hx_linear_job *job, size_t m) {
    return job->rows + job->call->m * job->stride + m * quantised_bytes(job->l);
}

static void ready_row(void *context, size_t m, size_t worker) {
    (void)worker;
    const hx_linear_job *job = context;
    const hx_linear_call *c = job->call;
    const hx_linear *l = job->l;
    float *row = x_of(job, m);
    if (c->norm)
        l->kernels->gemm->norm(c->x + m * c->ldx, l->k, c->norm, c->eps, row);
    else
        memcpy(row, c->x + m * c->ldx, l->k * sizeof *row);
    if (has_blocks(l)) hx_stored_quantise(l->kernels, row, l->k, quantised_of(job, m));
}

/* Rows [row, row + n) of a part times m rows of x from `from` on, with bias, to y (m, n). */
static void multiply_run(const hx_linear_job *job, const hx_linear_part *part, size_t row, size_t n,
                         size_t from, size_t m, float *y, float *scratch) {
    const hx_linear *l = job->l;
    const char *w = (const char *)part->data + row * hx_linear_row_bytes(l, part->type);
    hx_stored_run(l->kernels, part->type, w, n, l->k, quantised_of(job, from), x_of(job, from),
                  job->stride / sizeof(float), m, y, n, scratch);
    if (part->bias) l->kernels->gemm->add(part->bias + row, 0, m, n, y, n);
}

/* n outputs of m rows to columns `at` of y. */
static void put_run(const hx_linear_job *job, size_t at, size_t n, size_t from, size_t m,
                    const float *r, const float *up) {
    const hx_gemm_kernels *g = job->l->kernels->gemm;
    const size_t ldy = job->call->ldy;
    float *y = job->call->y + from * ldy + at;
    switch (job->l->kind) {
    case HX_LINEAR_STORE:
        for (size_t i = 0; i < m; i++)
            memcpy(y + i * ldy, r + i * n, n * sizeof *y);
        break;
    case HX_LINEAR_ADD:
        g->add(r, n, m, n, y, ldy);
        break;
    case HX_LINEAR_SWIGLU:
        g->swiglu(r, up, n, m, n, y, ldy);
        break;
    }
}

/* The run [row, row + n) of W, which lies in one part. */
static void multiply_rows(const hx_linear_job *job, size_t row, size_t n, float *scratch) {
    const hx_linear *l = job->l;
    size_t in_part, m_all = job->call->m;
    const hx_linear_part *part = hx_linear_part_of(l, row, &in_part);
    float *r = scratch + x_stride(l) / sizeof(float), *up = r + HX_STORED_ROWS_MAX * RUN_MAX;
    for (size_t m = 0; m < m_all; m += HX_STORED_ROWS_MAX) {
        size_t n_m = m_all - m < HX_STORED_ROWS_MAX ? m_all - m : HX_STORED_ROWS_MAX;
        multiply_run(job, part, in_part, n, m, n_m, r, scratch);
        if (l->kind == HX_LINEAR_SWIGLU)
            multiply_run(job, &l->parts[1], in_part, n, m, n_m, up, scratch);
        put_run(job, row - job->first, n, m, n_m, r, up);
    }
}

static void multiply_piece(void *context, size_t i, size_t worker) {
    const hx_linear_job *job = context;
    float *scratch = (float *)(void *)(job->workers + worker * job->worker_bytes);
    size_t row = job->first + i * job->rows_a_piece, last = job->first + job->n;
    size_t end = row + job->rows_a_piece < last ? row + job->rows_a_piece : last;
    while (row < end) {
        size_t in_part;
        const hx_linear_part *part = hx_linear_part_of(job->l, row, &in_part);
        size_t n = part->n - in_part < end - row ? part->n - in_part : end - row;
        multiply_rows(job, row, n, scratch);
        row += n;
    }
}

void hx_linear_run_stored(hx_linear_job *job, uint8_t *scratch, hx_team *team) {
    size_t m = job->call->m;
    job->stride = x_stride(job->l);
    job->rows = scratch;
    job->workers = scratch + m * (job->stride + quantised_bytes(job->l));
    job->worker_bytes = stored_worker_bytes(job->l);
    size_t run = hx_linear_round(job->n / (PIECES_A_THREAD * hx_team_size(team)), 4);
    job->rows_a_piece = run < RUN_MIN ? RUN_MIN : run > RUN_MAX ? RUN_MAX : run;
    hx_team_run(team, m, ready_row, job);
    hx_team_run(team, (job->n + job->rows_a_piece - 1) / job->rows_a_piece, multiply_piece, job);
}
