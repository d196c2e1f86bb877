/* linear_stored.c - the stored form: blocks of W as they are in the file, at most 16 rows of x at once (stored.h).
 *
 * Pieces are rows of W, as many for every thread, whose slice of W is one stretch of memory (of SWIGLU two: rows of gate and the same rows
 * of up). Runs within one part go to scratch, then through bias and kind to y. Weights are fetched ahead of use, at the
 * end of a slice those of the same thread's slice of the next product, which then arrive while norms and attention are computed.
 * Scratch: rows of x normed (m, K) F32, rows quantised (m), then for each worker K floats and two runs of products. */
#include <string.h>

#include "tensor/linear_parts.h"
#include "tensor/stored.h"

#define RUN_MAX 128 /* rows of W at once */
#define EDGE 16 /* rows: pieces end at multiples, a cache line of y */
#define PIECES_A_THREAD 8

typedef struct {
    const hx_linear_job *job;
    const hx_team *team;
    size_t n_pieces;
} stored_step;

/* Rows [row, row + n) of a part, and what is read after them (a hint; NULL = unknown). */
typedef struct {
    const hx_linear_part *part;
    size_t row, n;
    const void *after;
} stored_run;

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

static const void *address_of(const hx_linear *l, size_t row) {
    size_t in_part;
    const hx_linear_part *part = hx_linear_part_of(l, row, &in_part);
    return (const char *)part->data + in_part * hx_linear_row_bytes(l, part->type);
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
static void multiply_run(const hx_linear_job *job, const hx_linear_part *part,
                         const stored_run *run, size_t from, size_t m, float *y, const void *after,
                         float *scratch) {
    const hx_linear *l = job->l;
    const char *w = (const char *)part->data + run->row * hx_linear_row_bytes(l, part->type);
    hx_stored_run(l->kernels, part->type, w, run->n, l->k, quantised_of(job, from), x_of(job, from),
                  job->stride / sizeof(float), m, y, run->n, scratch, after);
    if (part->bias) l->kernels->gemm->add(part->bias + run->row, 0, m, run->n, y, run->n);
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

/* `at`: the first column of y. */
static void multiply_rows(const hx_linear_job *job, const stored_run *run, size_t at,
                          float *scratch) {
    const hx_linear *l = job->l;
    size_t m_all = job->call->m;
    float *r = scratch + x_stride(l) / sizeof(float), *up = r + HX_STORED_ROWS_MAX * RUN_MAX;
    const void *after = run->after;
    if (l->kind == HX_LINEAR_SWIGLU) after = address_of(l, l->n / 2 + run->row);
    for (size_t m = 0; m < m_all; m += HX_STORED_ROWS_MAX) {
        size_t n_m = m_all - m < HX_STORED_ROWS_MAX ? m_all - m : HX_STORED_ROWS_MAX;
        multiply_run(job, run->part, run, m, n_m, r, after, scratch);
        if (l->kind == HX_LINEAR_SWIGLU)
            multiply_run(job, &l->parts[1], run, m, n_m, up, run->after, scratch);
        put_run(job, at, run->n, m, n_m, r, up);
    }
}

static size_t rows_of_y(const hx_linear *l) {
    return l->kind == HX_LINEAR_SWIGLU ? l->n / 2 : l->n;
}

static size_t pieces_of(size_t n, const hx_team *team) {
    size_t most = PIECES_A_THREAD * hx_team_size(team), edges = (n + EDGE - 1) / EDGE;
    return edges < most ? edges : most;
}

/* Where piece i of n_pieces begins among n rows. */
static size_t edge_of(size_t n, size_t n_pieces, size_t i) {
    return i == n_pieces ? n : n * i / n_pieces / EDGE * EDGE;
}

/* Where the worker's slice of the next product begins; NULL = there is none. */
static const void *next_of(const stored_step *s, size_t worker) {
    const hx_linear *next = s->job->call->next;
    if (!next) return NULL;
    size_t first, last, n = rows_of_y(next), n_pieces = pieces_of(n, s->team);
    hx_team_range(s->team, n_pieces, worker, &first, &last);
    return first < last ? address_of(next, edge_of(n, n_pieces, first)) : NULL;
}

static void multiply_piece(void *context, size_t i, size_t worker) {
    const stored_step *s = context;
    const hx_linear_job *job = s->job;
    float *scratch = (float *)(void *)(job->workers + worker * job->worker_bytes);
    size_t row = job->first + edge_of(job->n, s->n_pieces, i);
    size_t end = job->first + edge_of(job->n, s->n_pieces, i + 1), first, last;
    hx_team_range(s->team, s->n_pieces, worker, &first, &last);
    while (row < end) {
        stored_run run;
        run.part = hx_linear_part_of(job->l, row, &run.row);
        run.n = run.part->n - run.row < end - row ? run.part->n - run.row : end - row;
        if (run.n > RUN_MAX) run.n = RUN_MAX;
        size_t behind = row + run.n;
        bool ends = behind == end && (i + 1 == last || behind == job->l->n);
        run.after = ends ? next_of(s, worker) : address_of(job->l, behind);
        multiply_rows(job, &run, row - job->first, scratch);
        row = behind;
    }
}

void hx_linear_run_stored(hx_linear_job *job, uint8_t *scratch, hx_team *team) {
    size_t m = job->call->m;
    stored_step step = {job, team, pieces_of(job->n, team)};
    job->stride = x_stride(job->l);
    job->rows = scratch;
    job->workers = scratch + m * (job->stride + quantised_bytes(job->l));
    job->worker_bytes = stored_worker_bytes(job->l);
    hx_team_run(team, m, ready_row, job);
    hx_team_run(team, step.n_pieces, multiply_piece, &step);
}
