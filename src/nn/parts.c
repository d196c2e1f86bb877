/* parts.c - ranges of work for the team, and sums over long arrays.
 *
 * Which ranges there are depends on n and the size of a piece alone, never on the number of threads; so a sum that is kept for each range
 * and added in ascending order is the same everywhere. Nobody writes outside of its range.
 * Sums of squares take doubles: the norm of a hundred million gradients loses nothing. */
#include "nn/parts.h"

#define BLOCK 4096

typedef struct {
    hx_nn_range_fn *work;
    void *context;
    size_t n, piece;
} range_job;

static void run_range(void *context, size_t i, size_t worker) {
    const range_job *job = context;
    size_t first = i * job->piece;
    size_t end = job->n - first < job->piece ? job->n : first + job->piece;
    job->work(job->context, first, end, worker);
}

void hx_nn_ranges(const hx_nn *nn, size_t n, size_t piece, hx_nn_range_fn *work, void *context) {
    range_job job = {work, context, n, piece};
    hx_team_run(nn->team, (n + piece - 1) / piece, run_range, &job);
}

typedef struct {
    const hx_nn_loops *loops;
    const float *x;
    double *sums;
} squares_job;

static void sum_blocks(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const squares_job *job = context;
    for (; first < end; first += BLOCK)
        job->sums[first / BLOCK] =
            job->loops->squares(job->x + first, end - first < BLOCK ? end - first : BLOCK);
}

size_t hx_nn_blocks(size_t n) {
    return (n + BLOCK - 1) / BLOCK;
}

double hx_nn_sum_squares(const hx_nn *nn, const float *x, size_t n, double *sums) {
    squares_job job = {hx_nn_loops_of(nn->kernels), x, sums};
    hx_nn_ranges(nn, n, 16 * (size_t)BLOCK, sum_blocks, &job);
    double sum = 0;
    for (size_t i = 0; i < hx_nn_blocks(n); i++)
        sum += sums[i];
    return sum;
}
