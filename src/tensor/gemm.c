/* gemm.c - C cut into blocks of rows and columns; each is one piece of work that goes through k in blocks of 256 by itself.
 *
 * Op(B) of a block: at most 8 packed panels (k, 32) of 32 KB, which stay in the second-level cache while the rows go past them; a panel stays in the
 * first while the tiles of 96 rows do. Rows of op(A) are multiplied where they are, or packed 96 at a time: (96, 272) floats, an odd number of
 * cache lines apart, times alpha. They are packed where alpha is not 1, where A is transposed and where the kernels have no `product`; with it a
 * transposed A is packed by tiles of (k, 12), which copies where the other form transposes.
 * Rows that are packed are fetched a few rows ahead: they are too short for the processor to guess, and packing would wait for memory.
 * A block of C fits into the second-level cache beside the panels, so what later blocks of k add to is there.
 * Of bfloat16 all of this holds with a word of two elements of k where a float stands, so a block is 512 of k; rows are always packed.
 * Scratch of a worker: panels, rows, a tile; each part aligned to 64 bytes. */
#include "tensor/gemm.h"

#include <string.h>

#include "tensor/gemm_kernels.h"

#define K_BLOCK 256 /* words: floats, or pairs of bfloat16 */
#define ROW_STRIDE (K_BLOCK + 16)
#define PIECE_ROWS 96
#define BLOCK_ROWS 384
#define BLOCK_PANELS 8
#define LINE 16 /* floats a cache line */
#define AHEAD 8 /* rows fetched before they are read */
#define TILE (HX_GEMM_ROWS * HX_GEMM_LANES)

typedef float four __attribute__((vector_size(16)));

typedef enum { ROWS_PACKED = 0, ROWS_THERE, ROWS_ACROSS } row_layout;

typedef struct {
    const hx_gemm_call *call;
    const hx_gemm_kernels *kernels;
    const hx_bf16_kernels *bf16; /* NULL = F32 */
    row_layout layout;
    float *scratch;
    size_t k_block, n_panels, block_panels, n_column_blocks, block_rows;
} gemm_job;

/* One block of C, at one block of k. */
typedef struct {
    const gemm_job *job;
    float *rows, *panels, *tile; /* of the worker */
    size_t first_row, end_row, first_panel, end_panel;
    size_t first, k;
    size_t words; /* that k takes */
} gemm_block;

static size_t pieces_of(size_t n, size_t piece) {
    return (n + piece - 1) / piece;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* The room of rows also turns a half panel of bfloat16. */
static size_t packed_rows(size_t m) {
    size_t rows = least(m, PIECE_ROWS);
    return rows > HX_GEMM_HALF ? rows : HX_GEMM_HALF;
}

/* Floats of one worker's scratch. */
static size_t worker_floats(size_t m, size_t n) {
    size_t panels = least(pieces_of(n, HX_GEMM_LANES), BLOCK_PANELS);
    return panels * HX_GEMM_LANES * K_BLOCK + packed_rows(m) * ROW_STRIDE + TILE;
}

size_t hx_gemm_scratch(size_t m, size_t n, size_t n_threads) {
    return worker_floats(m, n) * (n_threads > 0 ? n_threads : 1) * sizeof(float);
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

static void scale(float *x, size_t n, float alpha) {
    for (size_t i = 0; alpha != 1.0f && i < n; i++)
        x[i] *= alpha;
}

static void copy_scaled(const float *x, size_t n, float alpha, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = alpha * x[i];
}

static void fetch_row(const float *row, size_t n) {
    for (size_t i = 0; i < n; i += LINE)
        __builtin_prefetch(row + i);
}

/* Rows of a transposed A by tiles, side by side. */
static void pack_across(const gemm_block *b, size_t first, size_t n) {
    const hx_gemm_call *c = b->job->call;
    for (size_t k = 0; k < b->k; k++) {
        const float *a = c->a + (b->first + k) * c->lda + first;
        size_t i = 0;
        if (k + AHEAD < b->k) fetch_row(a + AHEAD * c->lda, n);
        for (; i + HX_GEMM_ROWS <= n; i += HX_GEMM_ROWS)
            memcpy(b->rows + i * ROW_STRIDE + k * HX_GEMM_ROWS, a + i, HX_GEMM_ROWS * sizeof *a);
        for (size_t j = i; j < n; j++)
            b->rows[i * ROW_STRIDE + k * (n - i) + j - i] = a[j];
    }
    for (size_t i = 0; i < n; i += HX_GEMM_ROWS)
        scale(b->rows + i * ROW_STRIDE, least(HX_GEMM_ROWS, n - i) * b->k, c->alpha);
}

static void weave_across(const gemm_block *b, size_t first, size_t n) {
    const hx_gemm_call *c = b->job->call;
    size_t full = n / HX_GEMM_ROWS * HX_GEMM_ROWS, rest = n - full;
    for (size_t k = 0; k < b->k; k += 2) {
        const float *a = c->a + (b->first + k) * c->lda + first;
        if (k + AHEAD < b->k) fetch_row(a + AHEAD * c->lda, n);
        if (k + AHEAD + 1 < b->k) fetch_row(a + (AHEAD + 1) * c->lda, n);
        hx_bf16_weave w = {.even = a,
                           .odd = k + 1 < b->k ? a + c->lda : NULL,
                           .n = full,
                           .piece = HX_GEMM_ROWS,
                           .step = HX_GEMM_ROWS * ROW_STRIDE,
                           .alpha = c->alpha,
                           .out = b->rows + k / 2 * HX_GEMM_ROWS};
        b->job->bf16->weave(&w);
        if (rest == 0) continue;
        w.even += full;
        if (w.odd) w.odd += full;
        w.n = w.piece = rest;
        w.out = b->rows + full * ROW_STRIDE + k / 2 * rest;
        b->job->bf16->weave(&w);
    }
}

static void pack_pairs(const gemm_block *b, size_t first, size_t n) {
    const hx_gemm_call *c = b->job->call;
    if (b->job->layout == ROWS_ACROSS) {
        weave_across(b, first, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const float *a = c->a + (first + i) * c->lda + b->first;
        if (i + 2 < n) fetch_row(a + 2 * c->lda, b->k);
        b->job->bf16->pairs(a, b->k, c->alpha, b->rows + i * ROW_STRIDE);
    }
}

static void pack_rows(const gemm_block *b, size_t first, size_t n) {
    const hx_gemm_call *c = b->job->call;
    if (b->job->bf16) {
        pack_pairs(b, first, n);
        return;
    }
    if (b->job->layout == ROWS_THERE) return;
    if (b->job->layout == ROWS_ACROSS) {
        pack_across(b, first, n);
        return;
    }
    if (c->trans_a)
        transpose(c->a + b->first * c->lda + first, c->lda, b->k, n, b->rows, ROW_STRIDE);
    for (size_t i = 0; i < n; i++) {
        float *out = b->rows + i * ROW_STRIDE;
        if (c->trans_a)
            scale(out, b->k, c->alpha);
        else
            copy_scaled(c->a + (first + i) * c->lda + b->first, b->k, c->alpha, out);
    }
}

/* n <= 16 rows of B of k floats to columns of pairs. */
static void turn_pairs(const gemm_block *b, const float *from, size_t n, float *out) {
    for (size_t i = 0; i < n; i++)
        b->job->bf16->pairs(from + i * b->job->call->ldb, b->k, 1.0f, b->rows + i * ROW_STRIDE);
    if (n == HX_GEMM_HALF)
        b->job->kernels->pack32(b->rows, ROW_STRIDE, b->words, out);
    else
        transpose(b->rows, ROW_STRIDE, n, b->words, out, HX_GEMM_LANES);
}

/* Columns [first, first + n) of op(B), from (n, k). */
static void pack_transposed(const gemm_block *b, size_t first, size_t n, float *out) {
    const hx_gemm_call *c = b->job->call;
    for (size_t half = 0; half < n; half += HX_GEMM_HALF) {
        const float *from = c->b + (first + half) * c->ldb + b->first;
        if (b->job->bf16)
            turn_pairs(b, from, least(HX_GEMM_HALF, n - half), out + half);
        else if (n - half >= HX_GEMM_HALF)
            b->job->kernels->pack32(from, c->ldb, b->k, out + half);
        else
            transpose(from, c->ldb, n - half, b->k, out + half, HX_GEMM_LANES);
    }
}

static float *panel_of(const gemm_block *b, size_t panel) {
    return b->panels + (panel - b->first_panel) * HX_GEMM_LANES * b->words;
}

static void pack_turned_panel(const gemm_block *b, size_t panel) {
    size_t first = panel * HX_GEMM_LANES, n = least(HX_GEMM_LANES, b->job->call->n - first);
    float *out = panel_of(b, panel);
    if (n < HX_GEMM_LANES) memset(out, 0, HX_GEMM_LANES * b->words * sizeof *out);
    pack_transposed(b, first, n, out);
}

/* Row by row through all panels: what is read lies together. */
static void pack_straight(const gemm_block *b) {
    const hx_gemm_call *c = b->job->call;
    size_t first = b->first_panel * HX_GEMM_LANES;
    size_t n = least(b->end_panel * HX_GEMM_LANES, c->n) - first, rest = n % HX_GEMM_LANES;
    for (size_t k = 0; k < b->k; k++) {
        const float *from = c->b + (b->first + k) * c->ldb + first;
        float *out = b->panels + k * HX_GEMM_LANES;
        if (k + AHEAD < b->k) fetch_row(from + AHEAD * c->ldb, n);
        for (size_t i = 0; i + HX_GEMM_LANES <= n; i += HX_GEMM_LANES)
            memcpy(out + i * b->k, from + i, HX_GEMM_LANES * sizeof *out);
        if (rest == 0) continue;
        memset(out + (n - rest) * b->k, 0, HX_GEMM_LANES * sizeof *out);
        memcpy(out + (n - rest) * b->k, from + n - rest, rest * sizeof *out);
    }
}

static void weave_straight(const gemm_block *b) {
    const hx_gemm_call *c = b->job->call;
    size_t first = b->first_panel * HX_GEMM_LANES;
    size_t n = least(b->end_panel * HX_GEMM_LANES, c->n) - first, rest = n % HX_GEMM_LANES;
    for (size_t k = 0; k < b->k; k += 2) {
        const float *from = c->b + (b->first + k) * c->ldb + first;
        float *out = b->panels + k / 2 * HX_GEMM_LANES;
        if (k + AHEAD < b->k) fetch_row(from + AHEAD * c->ldb, n);
        if (k + AHEAD + 1 < b->k) fetch_row(from + (AHEAD + 1) * c->ldb, n);
        hx_bf16_weave w = {.even = from,
                           .odd = k + 1 < b->k ? from + c->ldb : NULL,
                           .n = n - rest,
                           .piece = HX_GEMM_LANES,
                           .step = HX_GEMM_LANES * b->words,
                           .alpha = 1,
                           .out = out};
        b->job->bf16->weave(&w);
        if (rest == 0) continue;
        w.even += n - rest;
        if (w.odd) w.odd += n - rest;
        w.n = w.piece = rest;
        w.out = out + (n - rest) * b->words;
        memset(w.out, 0, HX_GEMM_LANES * sizeof *out);
        b->job->bf16->weave(&w);
    }
}

static void pack_panels(const gemm_block *b) {
    if (!b->job->call->trans_b) {
        if (b->job->bf16)
            weave_straight(b);
        else
            pack_straight(b);
        return;
    }
    for (size_t panel = b->first_panel; panel < b->end_panel; panel++)
        pack_turned_panel(b, panel);
}

/* Rows [row, row + rows) of the packed piece that starts at row `piece`. */
static hx_product_tile product_of(const gemm_block *b, size_t piece, size_t row, size_t rows,
                                  size_t panel) {
    const hx_gemm_call *c = b->job->call;
    hx_product_tile t = {.x = b->rows + (row - piece) * ROW_STRIDE,
                         .row_step = ROW_STRIDE,
                         .k_step = 1,
                         .rows = rows,
                         .w = panel_of(b, panel),
                         .k = b->words};
    if (b->job->layout == ROWS_THERE) {
        t.x = c->a + row * c->lda + b->first;
        t.row_step = c->lda;
    }
    if (b->job->layout == ROWS_ACROSS) {
        t.row_step = 1;
        t.k_step = rows;
    }
    return t;
}

static void multiply_packed(const hx_gemm_kernels *kernels, const hx_product_tile *p) {
    static const float no_bias[HX_GEMM_LANES] = {0};
    hx_exact_tile t = {.x = p->x,
                       .ldx = p->row_step,
                       .rows = p->rows,
                       .w = p->w,
                       .k = p->k,
                       .bias = no_bias,
                       .out = p->out,
                       .ldo = p->ldo};
    kernels->exact(&t);
}

static void multiply_tile(const gemm_block *b, size_t panel, hx_product_tile *t, size_t row) {
    const hx_gemm_call *c = b->job->call;
    const hx_gemm_kernels *kernels = b->job->kernels;
    size_t first = panel * HX_GEMM_LANES, n = least(HX_GEMM_LANES, c->n - first);
    bool is_new = b->first == 0 && c->beta == 0.0f;
    float *out = c->c + row * c->ldc + first;
    void (*multiply)(const hx_product_tile *) =
        b->job->bf16 ? b->job->bf16->product : kernels->product;
    bool is_direct = n == HX_GEMM_LANES && (is_new || multiply);
    t->add = is_direct && !is_new;
    t->out = is_direct ? out : b->tile;
    t->ldo = is_direct ? c->ldc : HX_GEMM_LANES;
    if (multiply)
        multiply(t);
    else
        multiply_packed(kernels, t);
    if (is_direct) return;
    for (size_t i = 0; is_new && i < t->rows; i++)
        memcpy(out + i * c->ldc, b->tile + i * HX_GEMM_LANES, n * sizeof *out);
    if (!is_new) kernels->add(b->tile, HX_GEMM_LANES, t->rows, n, out, c->ldc);
}

static void multiply_rows(const gemm_block *b, size_t piece, size_t end) {
    pack_rows(b, piece, end - piece);
    for (size_t panel = b->first_panel; panel < b->end_panel; panel++)
        for (size_t row = piece; row < end; row += HX_GEMM_ROWS) {
            hx_product_tile t = product_of(b, piece, row, least(HX_GEMM_ROWS, end - row), panel);
            multiply_tile(b, panel, &t, row);
        }
}

static void multiply_block(void *context, size_t i, size_t worker) {
    const gemm_job *job = context;
    const hx_gemm_call *c = job->call;
    gemm_block b = {.job = job};
    b.panels = job->scratch + worker * worker_floats(c->m, c->n);
    b.rows = b.panels + least(job->n_panels, BLOCK_PANELS) * HX_GEMM_LANES * K_BLOCK;
    b.tile = b.rows + packed_rows(c->m) * ROW_STRIDE;
    b.first_row = i / job->n_column_blocks * job->block_rows;
    b.end_row = least(b.first_row + job->block_rows, c->m);
    b.first_panel = i % job->n_column_blocks * job->block_panels;
    b.end_panel = least(b.first_panel + job->block_panels, job->n_panels);
    for (; b.first < c->k; b.first += job->k_block) {
        b.k = least(job->k_block, c->k - b.first);
        b.words = job->bf16 ? (b.k + 1) / 2 : b.k;
        pack_panels(&b);
        for (size_t row = b.first_row; row < b.end_row; row += PIECE_ROWS)
            multiply_rows(&b, row, least(row + PIECE_ROWS, b.end_row));
    }
}

static void scale_c(const hx_gemm_call *c, float beta) {
    for (size_t i = 0; i < c->m; i++)
        for (size_t j = 0; j < c->n; j++)
            c->c[i * c->ldc + j] = beta == 0.0f ? 0.0f : beta * c->c[i * c->ldc + j];
}

static row_layout layout_of(const hx_gemm_kernels *kernels, const hx_gemm_call *c) {
    if (c->bf16) return c->trans_a ? ROWS_ACROSS : ROWS_PACKED;
    if (!kernels->product) return ROWS_PACKED;
    if (c->trans_a) return ROWS_ACROSS;
    return c->alpha == 1.0f ? ROWS_THERE : ROWS_PACKED;
}

/* n cut into as many equal pieces of whole `unit`s as pieces of `most` would
 * be; the length of one. */
static size_t even_piece(size_t n, size_t most, size_t unit) {
    size_t pieces = pieces_of(n, most);
    return pieces_of(pieces_of(n, pieces), unit) * unit;
}

/* Blocks of rows are halved until there are a few for each thread. */
static void cut(gemm_job *job, size_t n_threads) {
    size_t rows = BLOCK_ROWS;
    job->block_panels = even_piece(job->n_panels, BLOCK_PANELS, 1);
    job->n_column_blocks = pieces_of(job->n_panels, job->block_panels);
    while (rows > PIECE_ROWS && n_threads > 1 &&
           pieces_of(job->call->m, rows) * job->n_column_blocks < 3 * n_threads)
        rows /= 2;
    job->block_rows = even_piece(job->call->m, rows, HX_GEMM_ROWS);
}

void hx_gemm(const hx_kernels *kernels, hx_team *team, const hx_gemm_call *call, void *scratch) {
    if (call->m == 0 || call->n == 0) return;
    if (call->k == 0 || (call->beta != 0.0f && call->beta != 1.0f)) scale_c(call, call->beta);
    gemm_job job = {
        .call = call,
        .kernels = kernels->gemm,
        .bf16 = call->bf16 ? hx__kernels_bf16(kernels) : NULL,
        .k_block = call->bf16 ? 2 * K_BLOCK : K_BLOCK,
        .layout = layout_of(kernels->gemm, call),
        .scratch = scratch,
        .n_panels = pieces_of(call->n, HX_GEMM_LANES),
    };
    cut(&job, hx_team_size(team));
    hx_team_run(team, pieces_of(call->m, job.block_rows) * job.n_column_blocks, multiply_block,
                &job);
}
