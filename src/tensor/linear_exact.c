/* linear_exact.c - the exact form: panels of W decoded to F32 into scratch, tiles of 12 rows of x by 32 rows of W.
 *
 * A piece is one panel for a block of rows. Who works on the next piece of a panel finds it decoded, in the second-level cache, so that a
 * panel is decoded once by its owner; who helps at the end of a step decodes again what little is left to do. The rows of x are
 * copied (normed where asked), an odd number of cache lines apart.
 * Scratch: rows (m, stride), then for each worker a tile, a panel (K, 32), 16 decoded rows, and which panel it is. */
#include <string.h>

#include "tensor/linear_parts.h"

#define ROWS_A_PIECE 8 /* copied */
#define ROWS_A_BLOCK (20 * HX_GEMM_ROWS) /* multiplied: some tens of microseconds */
#define NO_PANEL SIZE_MAX

static size_t x_stride(const hx_linear *l) {
    return hx_linear_stride(l->k * sizeof(float));
}

static size_t exact_worker_bytes(const hx_linear *l) {
    size_t tile = HX_GEMM_ROWS * HX_GEMM_LANES * sizeof(float);
    return tile + HX_GEMM_LANES * l->k * sizeof(float) + HX_GEMM_HALF * x_stride(l) +
           hx_linear_round(sizeof(size_t), 64);
}

size_t hx_linear_exact_scratch(const hx_linear *l, size_t m, size_t n_threads) {
    return m * x_stride(l) + n_threads * exact_worker_bytes(l);
}

static void copy_rows(void *context, size_t i, size_t worker) {
    (void)worker;
    const hx_linear_job *job = context;
    const hx_linear_call *c = job->call;
    size_t k = job->l->k, end = (i + 1) * ROWS_A_PIECE < c->m ? (i + 1) * ROWS_A_PIECE : c->m;
    for (size_t m = i * ROWS_A_PIECE; m < end; m++) {
        const float *x = c->x + m * c->ldx;
        float *row = (float *)(void *)(job->rows + m * job->stride);
        if (c->norm)
            job->l->kernels->gemm->norm(x, k, c->norm, c->eps, row);
        else
            memcpy(row, x, k * sizeof *row);
    }
}

/* Lanes behind which there is no row, and such outside of the range, are zero. */
static bool is_wanted(const hx_linear_job *job, size_t panel, size_t lane) {
    size_t i = panel * HX_GEMM_LANES + lane;
    return job->l->kind == HX_LINEAR_SWIGLU || (i >= job->first && i - job->first < job->n);
}

static void decode_panel(const hx_linear_job *job, size_t panel, float *rows, float *out) {
    const hx_linear *l = job->l;
    size_t stride = job->stride / sizeof(float);
    for (size_t half = 0; half < HX_GEMM_LANES; half += HX_GEMM_HALF) {
        for (size_t j = 0; j < HX_GEMM_HALF; j++) {
            hx_dtype type;
            const void *stored = hx_linear_lane(l, panel, half + j, &type);
            if (stored && is_wanted(job, panel, half + j))
                l->kernels->gemm->decode(type, stored, l->k, rows + j * stride);
            else
                memset(rows + j * stride, 0, l->k * sizeof *rows);
        }
        l->kernels->gemm->pack32(rows, stride, l->k, out + half);
    }
}

/* Which panel the worker has decoded: at the end of its scratch. */
static size_t *panel_of(const hx_linear_job *job, size_t worker) {
    uint8_t *end = job->workers + (worker + 1) * job->worker_bytes;
    return (size_t *)(void *)(end - hx_linear_round(sizeof(size_t), 64));
}

static void multiply_panel(void *context, size_t i, size_t worker) {
    const hx_linear_job *job = context;
    const hx_linear *l = job->l;
    size_t panel = job->first_panel + i / job->n_row_pieces;
    size_t m = i % job->n_row_pieces * job->rows_a_piece, end = m + job->rows_a_piece;
    if (end > job->call->m) end = job->call->m;
    float *out = (float *)(void *)(job->workers + worker * job->worker_bytes);
    float *w = out + HX_GEMM_ROWS * HX_GEMM_LANES;
    if (*panel_of(job, worker) != panel) decode_panel(job, panel, w + HX_GEMM_LANES * l->k, w);
    *panel_of(job, worker) = panel;
    hx_exact_tile t = {
        .ldx = job->stride / sizeof(float),
        .w = w,
        .k = l->k,
        .bias = l->bias + panel * HX_GEMM_LANES,
    };
    for (; m < end; m += HX_GEMM_ROWS) {
        t.x = (const float *)(const void *)(job->rows + m * job->stride);
        t.rows = end - m < HX_GEMM_ROWS ? end - m : HX_GEMM_ROWS;
        t.out = hx_linear_out(job, panel, m, t.rows, out, &t.ldo);
        l->kernels->gemm->exact(&t);
        hx_linear_put(job, panel, m, t.rows, out);
    }
}

void hx_linear_run_exact(hx_linear_job *job, uint8_t *scratch, hx_team *team) {
    size_t m = job->call->m;
    job->stride = x_stride(job->l);
    job->rows = scratch;
    job->workers = scratch + m * job->stride;
    job->worker_bytes = exact_worker_bytes(job->l);
    job->rows_a_piece = ROWS_A_BLOCK;
    job->n_row_pieces = (m + ROWS_A_BLOCK - 1) / ROWS_A_BLOCK;
    for (size_t i = 0; i < hx_team_size(team); i++)
        *panel_of(job, i) = NO_PANEL;
    hx_team_run(team, (m + ROWS_A_PIECE - 1) / ROWS_A_PIECE, copy_rows, job);
    hx_team_run(team, job->n_panels * job->n_row_pieces, multiply_panel, job);
}
