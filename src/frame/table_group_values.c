/* table_group_values.c - aggregates that need all values of a group: deviations, quantiles, the commonest value.
 *
 *     rows by group (counting sort) -> the values of a group side by side -> one figure, or the row that has the value
 *
 *     var       sum (v - mean)^2 / (n - 1), in two passes; std its root; of one value none (pandas' ddof = 1)
 *     q         between the values around p (n - 1) in order, linearly (type 7 of Hyndman and Fan 1996; numpy's and pandas' default)
 *     mode      the value with the most rows, the least among equals; of texts the first in bytes
 *
 * Missing values are left out. One call is the work of one thread; results do not depend on the order of rows but for the rounding of sums, which is in
 * their order. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "frame/group.h"
#include "frame/step_fit.h"

#define BLOCK 2048

/* A value of a group and the row that has it. */
typedef struct {
    double v; /* or the rank of a text */
    int64_t row;
} placed;

/* starts (n_groups + 1): where the values of a group that are there begin, side by side. */
static void find_starts(const hx_group_values *g, const bool *there, size_t *starts) {
    const size_t n = hx_table_rows(g->t);
    for (size_t i = 0; i < n; i++)
        starts[g->ids[i] + 1] += there[i];
    for (size_t k = 0; k < g->n_groups; k++)
        starts[k + 1] += starts[k];
}

/* ------------------------------------------------------------------ figures */
static double figure_of(const hx_aggregate *a, double *v, size_t n) {
    double mean = 0, squares = 0;
    if (a->kind == HX_AGGREGATE_MEDIAN) return hx_median(v, n);
    if (a->kind == HX_AGGREGATE_QUANTILE) return hx_quantile(v, n, a->p);
    hx_mean_squares(v, n, &mean, &squares);
    if (n < 2) return NAN;
    const double variance = squares / (double)(n - 1);
    return a->kind == HX_AGGREGATE_STD ? sqrt(variance) : variance;
}

static void run_figures(const hx_group_values *g, const double *v, const bool *there,
                        size_t *starts, double *sorted) {
    const size_t n = hx_table_rows(g->t);
    find_starts(g, there, starts);
    for (size_t i = 0; i < n; i++)
        if (there[i]) sorted[starts[g->ids[i]]++] = v[i];
    for (size_t k = 0, first = 0; k < g->n_groups; first = starts[k++])
        g->numbers[k] = figure_of(g->a, sorted + first, starts[k] - first);
}

/* ------------------------------------------------------------------ the commonest value */
static int compare_placed(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->v < y->v || x->v > y->v) return x->v < y->v ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int64_t commonest(placed *p, size_t n) {
    int64_t best = -1;
    size_t most = 0;
    qsort(p, n, sizeof *p, compare_placed);
    for (size_t i = 0, j = 0; i < n; i = j) {
        while (j < n && !(p[j].v > p[i].v))
            j++;
        if (j - i <= most) continue;
        most = j - i;
        best = p[i].row;
    }
    return best;
}

static void run_mode(const hx_group_values *g, const double *v, const bool *there, size_t *starts,
                     placed *sorted) {
    const size_t n = hx_table_rows(g->t);
    find_starts(g, there, starts);
    for (size_t i = 0; i < n; i++)
        if (there[i]) sorted[starts[g->ids[i]]++] = (placed){v[i], (int64_t)i};
    for (size_t k = 0, first = 0; k < g->n_groups; first = starts[k++])
        g->rows[k] = commonest(sorted + first, starts[k] - first);
}

/* ------------------------------------------------------------------ values */
typedef struct {
    hx_str text;
    uint32_t code;
} ranked;

static int compare_ranked(const void *a, const void *b) {
    return hx_str_compare(((const ranked *)a)->text, ((const ranked *)b)->text);
}

/* Texts as their places in bytewise order. */
static bool rank_texts(const hx_group_values *g, double *v, bool *there) {
    const size_t n = hx_table_rows(g->t), n_values = hx_table_column_at(g->t, g->column)->n_values;
    ranked *all = calloc(n_values + 1, sizeof *all);
    double *ranks = calloc(n_values + 1, sizeof *ranks);
    uint32_t codes[BLOCK];
    const bool good = all != NULL && ranks != NULL;
    for (size_t i = 0; good && i < n_values; i++)
        all[i] = (ranked){hx_table_value(g->t, g->column, (uint32_t)i), (uint32_t)i};
    if (good) qsort(all, n_values, sizeof *all, compare_ranked);
    for (size_t i = 0; good && i < n_values; i++)
        ranks[all[i].code] = (double)i;
    for (size_t at = 0; good && at < n; at += BLOCK) {
        const size_t count = n - at < BLOCK ? n - at : BLOCK;
        hx_table_codes(g->t, g->column, at, count, codes);
        for (size_t i = 0; i < count; i++) {
            there[at + i] = codes[i] != HX_CODE_MISSING;
            v[at + i] = there[at + i] ? ranks[codes[i]] : 0;
        }
    }
    free(all);
    free(ranks);
    return good;
}

static bool values_of(const hx_group_values *g, double *v, bool *there) {
    const size_t n = hx_table_rows(g->t);
    if (hx_table_column_at(g->t, g->column)->kind == HX_KIND_TEXT) return rank_texts(g, v, there);
    hx_table_numbers(g->t, g->column, 0, n, v);
    for (size_t i = 0; i < n; i++)
        there[i] = v[i] == v[i];
    return true;
}

bool hx_group_values_run(const hx_group_values *g) {
    const size_t n = hx_table_rows(g->t);
    const bool mode = g->a->kind == HX_AGGREGATE_MODE;
    double *v = calloc(n + 1, sizeof *v);
    bool *there = calloc(n + 1, sizeof *there);
    size_t *starts = calloc(g->n_groups + 2, sizeof *starts);
    void *sorted = calloc(n + 1, mode ? sizeof(placed) : sizeof(double));
    const bool good =
        v != NULL && there != NULL && starts != NULL && sorted != NULL && values_of(g, v, there);
    if (good && mode)
        run_mode(g, v, there, starts, sorted);
    else if (good)
        run_figures(g, v, there, starts, sorted);
    free(v);
    free(there);
    free(starts);
    free(sorted);
    return good;
}
