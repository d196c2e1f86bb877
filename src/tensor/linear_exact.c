/* linear_exact.c - the exact form: panels of W decoded to F32 into scratch, tiles of 12 rows of x by 32 rows of W.
 *
 * A piece is one panel for all rows: it is decoded once, in the second-level cache while the rows go past. The rows of x are copied
 * (normed where asked), an odd number of cache lines apart.
 * Scratch: rows (m, stride), then for each worker a panel (K, 32), 16 decoded rows and a tile. */
#include <string.h>

#include "tensor/linear_parts.h"

#define ROWS_A_PIECE 8

static size_t x_stride(const hx_linear *l) {
    return hx_linear_stride(l->k * sizeof(float));
}

static size_t exact_worker_bytes(const hx_linear *l) {
    size_t tile = HX_GEMM_ROWS * HX_GEMM_LANES * sizeof(float);
    return tile + HX_GEMM_LANES * l->k * sizeof(float) + HX_GEMM_HALF * x_stride(l);
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

static void multiply_panel(void *context, size_t i, size_t worker) {
    const hx_linear_job *job = context;
    const hx_linear *l = job->l;
    size_t panel = job->first_panel + i, m_all = job->call->m;
    float *out = (float *)(void *)(job->workers + worker * job->worker_bytes);
    float *w = out + HX_GEMM_ROWS * HX_GEMM_LANES;
    decode_panel(job, panel, w + HX_GEMM_LANES * l->k, w);
    hx_exact_tile t = {
        .ldx = job->stride / sizeof(float),
        .w = w,
        .k = l->k,
        .bias = l->bias + panel * HX_GEMM_LANES,
    };
    for (size_t m = 0; m < m_all; m += HX_GEMM_ROWS) {
        t.x = (const float *)(const void *)(job->rows + m * job->stride);
        t.rows = m_all - m < HX_GEMM_ROWS ? m_all - m : HX_GEMM_ROWS;
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
    hx_team_run(team, (m + ROWS_A_PIECE - 1) / ROWS_A_PIECE, copy_rows, job);
    hx_team_run(team, job->n_panels, multiply_panel, job);
}
