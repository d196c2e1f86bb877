/* adafactor.c - Adafactor without momentum (optimiser.h; Shazeer, Stern 2018, arXiv 1804.04235).
 *
 * With b = 1 - step^-0.8 and squares s = g^2 + 1e-30: R = b R + (1 - b) mean over columns of s, C = b C + (1 - b) mean over rows of s;
 * u_ij = g_ij / sqrt(R_i / mean(R)) / sqrt(C_j); not factored: V = b V + (1 - b) s, u = g / sqrt(V).
 * u /= max(1, rms(u) / 1); w = w (1 - decay rate) - rate u.
 * Sums over a row are one chain of lanes, sums over a column and over rows are doubles in ascending order: the same bytes for any number of
 * threads. u is never stored: it is cheap to make again.
 * Scratch: doubles for each row, then floats: 1 / sqrt of rows' and columns' parts. */
#include <math.h>
#include <string.h>

#include "nn/optimiser.h"
#include "nn/parts.h"

#define EPS 1e-30f
#define PIECE 512 /* updates made at once */
#define LEAST_SCALE 1e-3 /* eps[1] of transformers */

typedef struct {
    const hx_nn_loops *loops;
    float *w, *row, *column;
    const float *g;
    size_t rows, columns;
    double *sums; /* (rows) */
    float *by_row, *by_column; /* factors of u */
    float scale, keep, fresh; /* of the gradient; of the old mean; of the new one */
    float rate, keep_w;
} factor_job;

static size_t aligned(size_t n) {
    return (n + 15) / 16 * 16;
}

size_t hx_nn_adafactor_scratch(size_t rows, size_t columns) {
    return aligned(rows) * sizeof(double) + (aligned(rows) + aligned(columns)) * sizeof(float) +
           hx_nn_norm_scratch(rows * columns);
}

static void mean_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const factor_job *j = context;
    for (size_t i = first; i < end; i++) {
        const float *g = j->g + i * j->columns;
        float mean = j->loops->dot(g, g, j->columns) / (float)j->columns;
        j->row[i] = j->keep * j->row[i] + j->fresh * (mean * j->scale * j->scale + EPS);
    }
}

static void mean_columns(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const factor_job *j = context;
    double sums[HX_NN_COLUMNS] = {0};
    for (size_t i = 0; i < j->rows; i++) {
        const float *g = j->g + i * j->columns + first;
        for (size_t k = 0; k < end - first; k++)
            sums[k] += (double)(g[k] * g[k]);
    }
    for (size_t k = 0; k < end - first; k++) {
        float mean = (float)(sums[k] / (double)j->rows);
        float *c = &j->column[first + k];
        *c = j->keep * *c + j->fresh * (mean * j->scale * j->scale + EPS);
    }
}

static void square_elements(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const factor_job *j = context;
    for (size_t i = first; i < end; i++) {
        float g = j->g[i] * j->scale;
        j->row[i] = j->keep * j->row[i] + j->fresh * (g * g + EPS);
    }
}

/* u of elements [first, first + n) of a row. */
static void make_updates(const factor_job *j, size_t row, size_t first, size_t n, float *u) {
    size_t at = row * j->columns + first;
    if (!j->column) {
        for (size_t k = 0; k < n; k++)
            u[k] = j->g[at + k] * j->scale / sqrtf(j->row[at + k]);
        return;
    }
    float factor = j->by_row[row] * j->scale;
    for (size_t k = 0; k < n; k++)
        u[k] = j->g[at + k] * (factor * j->by_column[first + k]);
}

static void sum_updates(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const factor_job *j = context;
    float u[PIECE];
    for (size_t i = first; i < end; i++) {
        j->sums[i] = 0;
        for (size_t k = 0; k < j->columns; k += PIECE) {
            size_t n = j->columns - k < PIECE ? j->columns - k : PIECE;
            make_updates(j, i, k, n, u);
            j->sums[i] += j->loops->squares(u, n);
        }
    }
}

static void step_rows(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const factor_job *j = context;
    float u[PIECE];
    for (size_t i = first; i < end; i++)
        for (size_t k = 0; k < j->columns; k += PIECE) {
            size_t n = j->columns - k < PIECE ? j->columns - k : PIECE;
            float *w = j->w + i * j->columns + k;
            make_updates(j, i, k, n, u);
            for (size_t c = 0; c < n; c++)
                w[c] = w[c] * j->keep_w - j->rate * u[c];
        }
}

static void square_means(const hx_nn *nn, factor_job *j) {
    if (!j->column) {
        hx_nn_ranges(nn, j->rows * j->columns, 4096, square_elements, j);
        return;
    }
    hx_nn_ranges(nn, j->rows, HX_NN_ROWS, mean_rows, j);
    hx_nn_ranges(nn, j->columns, HX_NN_COLUMNS, mean_columns, j);
    double mean = 0;
    for (size_t i = 0; i < j->rows; i++)
        mean += (double)j->row[i] / (double)j->rows;
    for (size_t i = 0; i < j->rows; i++)
        j->by_row[i] = (float)(1 / sqrt((double)j->row[i] / mean));
    for (size_t k = 0; k < j->columns; k++)
        j->by_column[k] = 1 / sqrtf(j->column[k]);
}

void hx_nn_adafactor_step(const hx_nn *nn, const hx_nn_adafactor *o, float *w, const float *g,
                          size_t rows, size_t columns, float *row, float *column) {
    size_t n = rows * columns;
    double beta = 1 - pow((double)o->step, -0.8), rate = (double)o->rate;
    factor_job j = {.loops = hx_nn_loops_of(nn->kernels),
                    .w = w,
                    .row = row,
                    .column = column,
                    .g = g,
                    .rows = rows,
                    .columns = columns,
                    .sums = nn->scratch,
                    .scale = o->scale,
                    .keep = (float)beta,
                    .fresh = (float)(1 - beta)};
    j.by_row = (float *)(void *)(j.sums + aligned(rows));
    j.by_column = j.by_row + aligned(rows);
    if (n == 0) return;
    if (o->relative) {
        double *sums = (double *)(void *)(j.by_column + aligned(columns));
        double rms = sqrt(hx_nn_sum_squares(nn, w, n, sums) / (double)n);
        rate *= rms > LEAST_SCALE ? rms : LEAST_SCALE;
    }
    square_means(nn, &j);
    hx_nn_ranges(nn, rows, HX_NN_ROWS, sum_updates, &j);
    double sum = 0;
    for (size_t i = 0; i < rows; i++)
        sum += j.sums[i];
    double rms = sqrt(sum / (double)n);
    j.rate = (float)(rate / (rms > 1 ? rms : 1));
    j.keep_w = (float)(1 - (double)o->decay * rate);
    hx_nn_ranges(nn, rows, HX_NN_ROWS, step_rows, &j);
}
