/* tree_bins.c - values to bins; see tree_bins.h.
 *
 * Different values are collected in ascending order until there are more than bins. Where there are, the values of at most SAMPLE rows (every k-th) are
 * sorted and cut: a bin is closed once it holds its share of the rows that are left, equal values stay together. Each row then goes to the first bin
 * whose greatest value is not below its own; the last bin takes what the sample did not show. Bins that stayed empty are taken out again. */
#include "learn/tree_bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"

#define SAMPLE ((size_t)200000)

typedef struct {
    const hx_problem *p;
    hx_tree_bins *b;
    double **room; /* (n_threads) of (n) */
    const volatile int *cancel;
} making;

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The first of n ascending edges that is not below v; n - 1 where all are. */
static size_t bin_of(const double *edges, size_t n, double v) {
    size_t low = 0, high = n - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (edges[middle] < v)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Different values in ascending order; HX_BINS_MAX + 1 where there are more. */
static size_t distinct(const double *x, size_t n, double *edges) {
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = found > 0 ? bin_of(edges, found, x[i]) : 0;
        if (found > 0 && edges[at] == x[i]) continue;
        if (found == HX_BINS_MAX) return HX_BINS_MAX + 1;
        at += found > 0 && edges[at] < x[i];
        memmove(edges + at + 1, edges + at, (found - at) * sizeof *edges);
        edges[at] = x[i];
        found++;
    }
    return found;
}

/* The greatest values of bins with about as many rows each; x is sorted. */
static size_t quantiles(const double *x, size_t n, double *edges) {
    size_t bins = 0, filled = 0, left = n;
    for (size_t i = 0; i < n; i++) {
        filled++;
        if (i + 1 < n && x[i + 1] == x[i]) continue;
        if (bins + 1 < HX_BINS_MAX && filled * (HX_BINS_MAX - bins) < left) continue;
        if (bins + 1 == HX_BINS_MAX && i + 1 < n) continue;
        edges[bins++] = x[i];
        left -= filled;
        filled = 0;
    }
    if (filled > 0) edges[bins++] = x[n - 1];
    return bins;
}

static size_t edges_of(double *x, size_t n, double *edges) {
    const size_t found = distinct(x, n, edges), step = n / SAMPLE + 1;
    size_t m = 0;
    if (found <= HX_BINS_MAX) return found;
    for (size_t i = 0; i < n; i += step)
        x[m++] = x[i];
    qsort(x, m, sizeof *x, ascending);
    return quantiles(x, m, edges);
}

/* Takes empty bins out: low is above high there. Returns how many are left; place (n) tells where each went. */
static size_t close_up(double *low, double *high, size_t n, uint8_t *place) {
    size_t kept = 0;
    for (size_t k = 0; k < n; k++) {
        place[k] = (uint8_t)kept;
        if (low[k] > high[k]) continue;
        low[kept] = low[k];
        high[kept++] = high[k];
    }
    return kept;
}

static void assign(const making *m, size_t j, const double *edges, size_t n_edges) {
    const hx_problem *p = m->p;
    uint8_t *codes = m->b->codes + j * p->n, place[HX_BINS_MAX + 1];
    double *low = m->b->low + j * HX_BINS_MAX, *high = m->b->high + j * HX_BINS_MAX;
    for (size_t k = 0; k < n_edges; k++) {
        low[k] = INFINITY;
        high[k] = -INFINITY;
    }
    for (size_t i = 0; i < p->n; i++) {
        const double v = p->x[i * p->d + j];
        codes[i] = HX_BIN_ABSENT;
        if (isnan(v)) continue;
        const size_t k = bin_of(edges, n_edges, v);
        codes[i] = (uint8_t)k;
        low[k] = fmin(low[k], v);
        high[k] = fmax(high[k], v);
    }
    const size_t kept = close_up(low, high, n_edges, place);
    for (size_t i = 0; i < p->n && kept < n_edges; i++)
        if (codes[i] != HX_BIN_ABSENT) codes[i] = place[codes[i]];
    m->b->count[j] = (uint16_t)kept;
}

static hx_status one_feature(void *context, size_t j, size_t worker, hx_error *err) {
    const making *m = context;
    const hx_problem *p = m->p;
    double edges[HX_BINS_MAX + 1], *x = m->room[worker];
    size_t n = 0;
    if (hx_flag_is_raised(m->cancel))
        return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
    for (size_t i = 0; i < p->n; i++)
        if (!isnan(p->x[i * p->d + j])) x[n++] = p->x[i * p->d + j];
    if (n > 0)
        assign(m, j, edges, edges_of(x, n, edges));
    else
        memset(m->b->codes + j * p->n, HX_BIN_ABSENT, p->n);
    return HX_OK;
}

static hx_status make(making *m, size_t n_threads, hx_error *err) {
    hx_tree_bins *b = m->b;
    b->codes = calloc(b->n * b->d + 1, 1);
    b->count = calloc(b->d + 1, sizeof *b->count);
    b->low = calloc(b->d * HX_BINS_MAX + 1, sizeof *b->low);
    b->high = calloc(b->d * HX_BINS_MAX + 1, sizeof *b->high);
    bool ok = b->codes && b->count && b->low && b->high;
    for (size_t k = 0; k < n_threads && ok; k++)
        ok = (m->room[k] = calloc(b->n + 1, sizeof(double))) != NULL;
    if (!ok) return hx_trees_no_memory(err);
    return hx_pool_run(n_threads, b->d, one_feature, m, err);
}

hx_status hx_tree_bins_make(hx_tree_bins **out, const hx_problem *p, size_t n_threads,
                            const volatile int *cancel, hx_error *err) {
    making m = {.p = p, .b = calloc(1, sizeof *m.b), .cancel = cancel};
    m.room = calloc(n_threads + 1, sizeof *m.room);
    if (m.b) *m.b = (hx_tree_bins){.n = p->n, .d = p->d};
    hx_status st = m.b && m.room ? make(&m, n_threads, err) : hx_trees_no_memory(err);
    for (size_t k = 0; k < n_threads && m.room; k++)
        free(m.room[k]);
    free(m.room);
    if (st == HX_OK)
        *out = m.b;
    else
        hx_tree_bins_free(m.b);
    return st;
}

void hx_tree_bins_free(hx_tree_bins *b) {
    if (!b) return;
    free(b->codes);
    free(b->count);
    free(b->low);
    free(b->high);
    free(b);
}
