/* gemm.c - blocks of 256 of k: both operands are packed, then tiles of 12 rows by 32 columns are multiplied by the exact kernel.
 *
 * Packed rows of op(A): (m, 272) floats, an odd number of cache lines apart, times alpha. Packed op(B): panels (k, 32) of 32 KB, which
 * stay in the first-level cache while the rows of a piece go past them. A piece of work is 48 rows by 8 panels.
 * Only the first block of k with beta = 0 writes tiles straight to C; others go through a tile of the worker that is added to C.
 * Scratch: rows, panels, then a tile for each worker, each part aligned to 64 bytes. */
#include "tensor/gemm.h"

#include <string.h>

#include "tensor/gemm_kernels.h"

#define K_BLOCK 256
#define ROW_STRIDE (K_BLOCK + 16)
#define PIECE_ROWS 48
#define PIECE_PANELS 8
#define TILE (HX_GEMM_ROWS * HX_GEMM_LANES)

typedef float four __attribute__((vector_size(16)));

typedef struct {
    const hx_gemm_call *call;
    const hx_gemm_kernels *kernels;
    float *rows, *panels, *tiles;
    size_t first, k; /* of this block */
    size_t n_row_pieces, n_panel_pieces, n_panels;
} gemm_job;

static size_t pieces_of(size_t n, size_t piece) {
    return (n + piece - 1) / piece;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t hx_gemm_scratch(size_t m, size_t n, size_t n_threads) {
    size_t panels = pieces_of(n, HX_GEMM_LANES) * HX_GEMM_LANES * K_BLOCK;
    return (m * ROW_STRIDE + panels + (n_threads > 0 ? n_threads : 1) * TILE) * sizeof(float);
}

static four load_four(const float *x) {
    four v;
    memcpy(&v, x, sizeof v);
    return v;
}

static void transpose_four(const float *src, size_t ld, float *dst, size_t ld_dst) {
    four a = load_four(src), b = load_four(src + ld);
    four c = load_four(src + 2 * ld), d = load_four(src + 3 * ld);
    four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    four ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    four cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    four out[4] = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5),
                   __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
                   __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5),
                   __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
    for (size_t i = 0; i < 4; i++)
        memcpy(dst + i * ld_dst, &out[i], sizeof out[i]);
}

/* dst (columns, rows) = src (rows, columns) transposed */
static void transpose(const float *src, size_t ld, size_t rows, size_t columns, float *dst,
                      size_t ld_dst) {
    size_t full_rows = rows / 4 * 4, full_columns = columns / 4 * 4;
    for (size_t j = 0; j < full_columns; j += 4)
        for (size_t i = 0; i < full_rows; i += 4)
            transpose_four(src + i * ld + j, ld, dst + j * ld_dst + i, ld_dst);
    for (size_t j = 0; j < columns; j++)
        for (size_t i = j < full_columns ? full_rows : 0; i < rows; i++)
            dst[j * ld_dst + i] = src[i * ld + j];
}

static void pack_rows(const gemm_job *job, size_t piece) {
    const hx_gemm_call *c = job->call;
    size_t first = piece * PIECE_ROWS, n = least(PIECE_ROWS, c->m - first);
    float *out = job->rows + first * ROW_STRIDE;
    if (c->trans_a)
        transpose(c->a + job->first * c->lda + first, c->lda, job->k, n, out, ROW_STRIDE);
    else
        for (size_t i = 0; i < n; i++)
            memcpy(out + i * ROW_STRIDE, c->a + (first + i) * c->lda + job->first,
                   job->k * sizeof *out);
    if (c->alpha == 1.0f) return;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < job->k; k++)
            out[i * ROW_STRIDE + k] *= c->alpha;
}

/* Columns [first, first + n) of op(B), from (n, k). */
static void pack_transposed(const gemm_job *job, size_t first, size_t n, float *out) {
    const hx_gemm_call *c = job->call;
    for (size_t half = 0; half < n; half += HX_GEMM_HALF) {
        const float *b = c->b + (first + half) * c->ldb + job->first;
        if (n - half >= HX_GEMM_HALF)
            job->kernels->pack32(b, c->ldb, job->k, out + half);
        else
            transpose(b, c->ldb, n - half, job->k, out + half, HX_GEMM_LANES);
    }
}

static void pack_panel(const gemm_job *job, size_t panel) {
    const hx_gemm_call *c = job->call;
    size_t first = panel * HX_GEMM_LANES, n = least(HX_GEMM_LANES, c->n - first);
    float *out = job->panels + first * job->k;
    if (n < HX_GEMM_LANES) memset(out, 0, HX_GEMM_LANES * job->k * sizeof *out);
    if (c->trans_b)
        pack_transposed(job, first, n, out);
    else
        for (size_t k = 0; k < job->k; k++)
            memcpy(out + k * HX_GEMM_LANES, c->b + (job->first + k) * c->ldb + first,
                   n * sizeof *out);
}

static void pack_piece(void *context, size_t i, size_t worker) {
    (void)worker;
    const gemm_job *job = context;
    if (i < job->n_row_pieces) {
        pack_rows(job, i);
        return;
    }
    size_t first = (i - job->n_row_pieces) * PIECE_PANELS;
    size_t end = least(first + PIECE_PANELS, job->n_panels);
    for (size_t panel = first; panel < end; panel++)
        pack_panel(job, panel);
}

static void multiply_tile(const gemm_job *job, size_t row, size_t rows, size_t panel, float *tile) {
    static const float no_bias[HX_GEMM_LANES] = {0};
    const hx_gemm_call *c = job->call;
    size_t first = panel * HX_GEMM_LANES, n = least(HX_GEMM_LANES, c->n - first);
    bool is_new = job->first == 0 && c->beta == 0.0f;
    float *out = c->c + row * c->ldc + first;
    bool is_direct = is_new && n == HX_GEMM_LANES;
    hx_exact_tile t = {
        .x = job->rows + row * ROW_STRIDE,
        .ldx = ROW_STRIDE,
        .rows = rows,
        .w = job->panels + first * job->k,
        .k = job->k,
        .bias = no_bias,
        .out = is_direct ? out : tile,
        .ldo = is_direct ? c->ldc : HX_GEMM_LANES,
    };
    job->kernels->exact(&t);
    if (is_direct) return;
    for (size_t i = 0; is_new && i < rows; i++)
        memcpy(out + i * c->ldc, tile + i * HX_GEMM_LANES, n * sizeof *out);
    if (!is_new) job->kernels->add(tile, HX_GEMM_LANES, rows, n, out, c->ldc);
}

static void multiply_piece(void *context, size_t i, size_t worker) {
    const gemm_job *job = context;
    size_t first_row = i / job->n_panel_pieces * PIECE_ROWS;
    size_t end_row = least(first_row + PIECE_ROWS, job->call->m);
    size_t first = i % job->n_panel_pieces * PIECE_PANELS;
    size_t end = least(first + PIECE_PANELS, job->n_panels);
    for (size_t panel = first; panel < end; panel++)
        for (size_t row = first_row; row < end_row; row += HX_GEMM_ROWS)
            multiply_tile(job, row, least(HX_GEMM_ROWS, end_row - row), panel,
                          job->tiles + worker * TILE);
}

static void scale_c(const hx_gemm_call *c, float beta) {
    for (size_t i = 0; i < c->m; i++)
        for (size_t j = 0; j < c->n; j++)
            c->c[i * c->ldc + j] = beta == 0.0f ? 0.0f : beta * c->c[i * c->ldc + j];
}

void hx_gemm(const hx_kernels *kernels, hx_team *team, const hx_gemm_call *call, void *scratch) {
    if (call->m == 0 || call->n == 0) return;
    if (call->k == 0 || (call->beta != 0.0f && call->beta != 1.0f)) scale_c(call, call->beta);
    gemm_job job = {
        .call = call,
        .kernels = kernels->gemm,
        .n_row_pieces = pieces_of(call->m, PIECE_ROWS),
        .n_panels = pieces_of(call->n, HX_GEMM_LANES),
        .rows = scratch,
    };
    job.n_panel_pieces = pieces_of(job.n_panels, PIECE_PANELS);
    job.panels = job.rows + call->m * ROW_STRIDE;
    job.tiles = job.panels + job.n_panels * HX_GEMM_LANES * K_BLOCK;
    for (; job.first < call->k; job.first += K_BLOCK) {
        job.k = least(K_BLOCK, call->k - job.first);
        hx_team_run(team, job.n_row_pieces + job.n_panel_pieces, pack_piece, &job);
        hx_team_run(team, job.n_row_pieces * job.n_panel_pieces, multiply_piece, &job);
    }
}
