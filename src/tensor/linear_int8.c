/* linear_int8.c - the int8 form: rows of x normed, transformed and quantised, then tiles of 12 rows by panels of 32 rows of W.
 *
 * Pieces of the second step are a block of rows times a few panels. A panel (K x 32 bytes) stays in the first-level cache while the
 * block's rows, which stay in the second level, go past; so W is read from further away once for each block of some 200 rows. Blocks
 * follow each other slowest, so that all threads work on the same rows.
 * Scratch: rows (m, stride), scale (m), then for each worker a row of F32 and a tile. */
#include <string.h>

#include "tensor/linear_parts.h"

#define BLOCK_BYTES                                                                                \
    ((size_t)384                                                                                   \
     << 10) /* of rows of x: what a second-level cache of 512 KB and more holds beside a panel */
#define BLOCK_ROWS 120
#define PIECES_A_THREAD 24 /* of like size: the last one costs little */
#define ROWS_A_PIECE 8

static size_t x_stride(const hx_linear *l) {
    return hx_linear_stride(l->k4);
}

static size_t int8_worker_bytes(const hx_linear *l) {
    size_t tile = HX_GEMM_ROWS * HX_GEMM_LANES, row = hx_linear_round(l->k, 16);
    return (tile + row) * sizeof(float);
}

size_t hx_linear_int8_scratch(const hx_linear *l, size_t m, size_t n_threads) {
    return hx_linear_round(m * x_stride(l), 64) + hx_linear_round(m * sizeof(float), 64) +
           n_threads * int8_worker_bytes(l);
}

/* The tile stands first, then the row. */
static float *tile_of(const hx_linear_job *job, size_t worker) {
    return (float *)(void *)(job->workers + worker * job->worker_bytes);
}

static void quantise_row(const hx_linear_job *job, size_t m, float *row) {
    const hx_linear *l = job->l;
    const hx_linear_call *c = job->call;
    uint8_t *q = job->rows + m * job->stride;
    int32_t sum;
    job->scale[m] = l->kernels->gemm->ready(c->x + m * c->ldx, l->k, c->norm, c->eps, l->block,
                                            0x80, row, (int8_t *)q, &sum);
    memset(q + l->k, 0x80, l->k4 - l->k);
}

static void quantise_rows(void *context, size_t i, size_t worker) {
    const hx_linear_job *job = context;
    float *row = tile_of(job, worker) + HX_GEMM_ROWS * HX_GEMM_LANES;
    size_t end = (i + 1) * ROWS_A_PIECE < job->call->m ? (i + 1) * ROWS_A_PIECE : job->call->m;
    for (size_t m = i * ROWS_A_PIECE; m < end; m++)
        quantise_row(job, m, row);
}

/* Rows [from, to) times one panel. */
static void multiply_panel(const hx_linear_job *job, size_t panel, size_t from, size_t to,
                           float *out) {
    const hx_linear *l = job->l;
    const size_t at = panel * HX_GEMM_LANES,
                 next = panel + 1 < l->n_panels ? at + HX_GEMM_LANES : at;
    hx_int8_tile t = {
        .ldx = job->stride,
        .w = l->weights + at * l->k4,
        .k = l->k4,
        .start = l->start + at,
        .scale_w = l->scale + at,
        .bias = l->bias + at,
    };
    for (size_t m = from; m < to; m += HX_GEMM_ROWS) {
        t.x = job->rows + m * job->stride;
        t.scale_x = job->scale + m;
        t.next = to - m <= HX_GEMM_ROWS ? l->weights + next * l->k4 : t.w;
        t.rows = to - m < HX_GEMM_ROWS ? to - m : HX_GEMM_ROWS;
        t.out = hx_linear_out(job, panel, m, t.rows, out, &t.ldo);
        l->kernels->gemm->int8(&t);
        hx_linear_put(job, panel, m, t.rows, out);
    }
}

static void multiply_piece(void *context, size_t i, size_t worker) {
    const hx_linear_job *job = context;
    size_t chunks = (job->n_panels + job->panels_a_piece - 1) / job->panels_a_piece;
    size_t from = i / chunks * job->rows_a_piece, first = i % chunks * job->panels_a_piece;
    size_t to = from + job->rows_a_piece < job->call->m ? from + job->rows_a_piece : job->call->m;
    size_t end =
        first + job->panels_a_piece < job->n_panels ? first + job->panels_a_piece : job->n_panels;
    for (size_t p = first; p < end; p++)
        multiply_panel(job, job->first_panel + p, from, to, tile_of(job, worker));
}

/* Blocks of equal numbers of rows, whole tiles but for the last. */
static size_t plan(hx_linear_job *job, size_t n_threads) {
    size_t m = job->call->m, most = BLOCK_BYTES / job->stride;
    if (most > BLOCK_ROWS) most = BLOCK_ROWS;
    if (most < HX_GEMM_ROWS) most = HX_GEMM_ROWS;
    size_t blocks = (m + most - 1) / most;
    job->rows_a_piece = hx_linear_round((m + blocks - 1) / blocks, HX_GEMM_ROWS);
    blocks = (m + job->rows_a_piece - 1) / job->rows_a_piece;
    job->panels_a_piece = job->n_panels * blocks / (PIECES_A_THREAD * n_threads);
    if (job->panels_a_piece == 0) job->panels_a_piece = 1;
    if (job->panels_a_piece > job->n_panels) job->panels_a_piece = job->n_panels;
    return blocks * ((job->n_panels + job->panels_a_piece - 1) / job->panels_a_piece);
}

void hx_linear_run_int8(hx_linear_job *job, uint8_t *scratch, hx_team *team) {
    size_t m = job->call->m;
    job->stride = x_stride(job->l);
    job->rows = scratch;
    scratch += hx_linear_round(m * job->stride, 64);
    job->scale = (float *)(void *)scratch;
    job->workers = scratch + hx_linear_round(m * sizeof(float), 64);
    job->worker_bytes = int8_worker_bytes(job->l);
    hx_team_run(team, (m + ROWS_A_PIECE - 1) / ROWS_A_PIECE, quantise_rows, job);
    hx_team_run(team, plan(job, hx_team_size(team)), multiply_piece, job);
}
