/* select_filter.c - figures of one column beside the target: correlations, analysis of variance, what comes from a table of counts.
 *
 *     Pearson r          sum of products of differences from the means over the root of the sums of squares
 *     Spearman rho       Pearson's of the ranks, ties sharing the mean
 *     Kendall tau-b      (concordant - discordant) / sqrt((pairs - ties in x)(pairs - ties in y)), by merge sort (Knight 1966)
 *     ANOVA F            mean square between groups over mean square within, on k - 1 and n - k degrees of freedom
 *     gain               H(target) - H(target | column);  gain ratio = gain / H(column) (Quinlan 1986)
 *     chi-square         sum (count - expected)^2 / expected without correction, on (rows - 1)(columns - 1) degrees
 *     information value  sum (share of the second class - share of the first) ln of their quotient
 *
 * as scipy and scikit-learn have them. What is not defined (a constant column) is NAN, never 0. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/select.h"
#include "learn/special.h"

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to rank the columns");
}

/* ------------------------------------------------------------------ Pearson */
static bool known(double x, double y) {
    return !isnan(x) && !isnan(y);
}

double hx_select_pearson(const double *x, const double *y, size_t n) {
    double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0, m = 0;
    for (size_t i = 0; i < n; i++)
        if (known(x[i], y[i])) mean_x += x[i], mean_y += y[i], m++;
    if (m < 2) return NAN;
    mean_x /= m;
    mean_y /= m;
    for (size_t i = 0; i < n; i++) {
        if (!known(x[i], y[i])) continue;
        double a = x[i] - mean_x, b = y[i] - mean_y;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    if (!(xx > 0) || !(yy > 0)) return NAN;
    return fmax(-1, fmin(1, xy / sqrt(xx) / sqrt(yy)));
}

/* ------------------------------------------------------------------ ranks */
typedef struct {
    double x, y;
    size_t row;
} pair;

static int by_x(const void *a, const void *b) {
    const pair *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    if (p->y != q->y) return p->y < q->y ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

/* Pairs without a missing value, by x and then by y; returns how many. */
static size_t sorted_pairs(const double *x, const double *y, size_t n, pair *out) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (known(x[i], y[i])) out[m] = (pair){x[i], y[i], m}, m++;
    qsort(out, m, sizeof *out, by_x);
    return m;
}

/* The mean rank of each x into ranks (m) by `row`. */
static void put_ranks(const pair *p, size_t m, double *ranks) {
    for (size_t i = 0, end; i < m; i = end) {
        for (end = i + 1; end < m && p[end].x == p[i].x;)
            end++;
        for (size_t k = i; k < end; k++)
            ranks[p[k].row] = ((double)(i + end) + 1) / 2;
    }
}

hx_status hx_select_spearman(const double *x, const double *y, size_t n, double *out,
                             hx_error *err) {
    pair *p = calloc(n + 1, sizeof *p);
    double *ranks = calloc(2 * n + 1, sizeof *ranks);
    if (p && ranks) {
        size_t m = sorted_pairs(x, y, n, p);
        put_ranks(p, m, ranks);
        m = sorted_pairs(y, x, n, p);
        put_ranks(p, m, ranks + n);
        *out = hx_select_pearson(ranks, ranks + n, m);
    }
    bool ok = p && ranks;
    free(p);
    free(ranks);
    return ok ? HX_OK : no_memory(err);
}

/* ------------------------------------------------------------------ Kendall */
/* Pairs of equal members among p (m), which are in order; of `y`: of y alone, `both`: of x and y. */
typedef enum { TIES_X, TIES_Y, TIES_BOTH } tie_kind;
static double ties(const pair *p, size_t m, tie_kind kind) {
    double sum = 0;
    for (size_t i = 0, end; i < m; i = end) {
        for (end = i + 1; end < m && (kind == TIES_Y || p[end].x == p[i].x) &&
                          (kind == TIES_X || p[end].y == p[i].y);)
            end++;
        sum += (double)(end - i) * (double)(end - i - 1) / 2;
    }
    return sum;
}

/* Sorts by y by merging runs of growing length; returns how many pairs stood in the wrong order. */
static double exchanges(pair *p, pair *room, size_t m) {
    double swaps = 0;
    for (size_t run = 1; run < m; run *= 2) {
        for (size_t from = 0; from < m; from += 2 * run) {
            size_t middle = from + run < m ? from + run : m,
                   end = middle + run < m ? middle + run : m;
            for (size_t i = from, a = from, b = middle; i < end; i++) {
                if (b == end || (a < middle && p[a].y <= p[b].y)) {
                    room[i] = p[a++];
                } else {
                    room[i] = p[b++];
                    swaps += (double)(middle - a);
                }
            }
        }
        memcpy(p, room, m * sizeof *p);
    }
    return swaps;
}

hx_status hx_select_kendall(const double *x, const double *y, size_t n, double *out,
                            hx_error *err) {
    pair *p = calloc(2 * n + 1, sizeof *p);
    if (!p) return no_memory(err);
    const size_t m = sorted_pairs(x, y, n, p);
    const double all = (double)m * ((double)m - 1) / 2, tied_x = ties(p, m, TIES_X),
                 tied = ties(p, m, TIES_BOTH), wrong = exchanges(p, p + m, m),
                 tied_y = ties(p, m, TIES_Y);
    const double room_x = all - tied_x, room_y = all - tied_y;
    free(p);
    *out = m > 1 && room_x > 0 && room_y > 0
               ? (all - tied_x - tied_y + tied - 2 * wrong) / sqrt(room_x) / sqrt(room_y)
               : NAN;
    return HX_OK;
}

/* ------------------------------------------------------------------ analysis of variance */
static void anova_of(const double *x, const uint32_t *groups, size_t n, size_t n_groups,
                     double *means, double *counts, double *f, double *p) {
    double mean = 0, rows = 0, between = 0, within = 0, used = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        means[groups[i]] += x[i];
        counts[groups[i]]++;
        mean += x[i];
        rows++;
    }
    mean /= rows > 0 ? rows : 1;
    for (size_t g = 0; g < n_groups; g++) {
        if (!(counts[g] > 0)) continue;
        means[g] /= counts[g];
        between += counts[g] * (means[g] - mean) * (means[g] - mean);
        used++;
    }
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) within += (x[i] - means[groups[i]]) * (x[i] - means[groups[i]]);
    *f = *p = NAN;
    if (used < 2 || rows <= used || !(between + within > 0)) return;
    *f = within > 0 ? between / (used - 1) / (within / (rows - used)) : INFINITY;
    *p = within > 0 ? hx_f_tail(*f, used - 1, rows - used) : 0;
}

hx_status hx_select_anova(const double *x, const uint32_t *groups, size_t n, size_t n_groups,
                          double *f, double *p, hx_error *err) {
    double *room = calloc(2 * n_groups + 1, sizeof *room);
    if (!room) return no_memory(err);
    anova_of(x, groups, n, n_groups, room, room + n_groups, f, p);
    free(room);
    return HX_OK;
}

/* ------------------------------------------------------------------ counts */
typedef struct {
    size_t n_a, n_b;
    double n;
    double *cells; /* (n_a, n_b) */
    double *a, *b; /* sums */
} counts;

static double entropy(const double *x, size_t n, double sum) {
    double h = 0;
    for (size_t i = 0; i < n; i++)
        if (x[i] > 0) h -= x[i] / sum * log(x[i] / sum);
    return h;
}

static size_t used(const double *x, size_t n) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        m += x[i] > 0;
    return m;
}

static double chi2_of(const counts *c) {
    double sum = 0;
    for (size_t i = 0; i < c->n_a; i++)
        for (size_t k = 0; k < c->n_b; k++) {
            double expected = c->a[i] * c->b[k] / c->n, off = c->cells[i * c->n_b + k] - expected;
            if (expected > 0) sum += off * off / expected;
        }
    return sum;
}

static double mutual_of(const counts *c) {
    double sum = 0;
    for (size_t i = 0; i < c->n_a; i++)
        for (size_t k = 0; k < c->n_b; k++) {
            double cell = c->cells[i * c->n_b + k];
            if (cell > 0) sum += cell / c->n * log(cell * c->n / (c->a[i] * c->b[k]));
        }
    return fmax(0, sum);
}

static double information_value(const counts *c) {
    double sum = 0;
    if (used(c->b, c->n_b) != 2 || c->n_b != 2) return NAN;
    for (size_t i = 0; i < c->n_a; i++) {
        if (!(c->a[i] > 0)) continue;
        double first = fmax(c->cells[i * 2], 0.5) / c->b[0],
               second = fmax(c->cells[i * 2 + 1], 0.5) / c->b[1];
        sum += (second - first) * log(second / first);
    }
    return sum;
}

static void figures_of(const counts *c, hx_select_counts *out) {
    const size_t rows = used(c->a, c->n_a), columns = used(c->b, c->n_b);
    *out = (hx_select_counts){NAN, NAN, NAN, NAN, NAN, NAN};
    if (rows < 2 || columns < 2) return;
    out->mutual = mutual_of(c);
    out->gain = out->mutual / log(2);
    out->gain_ratio = out->mutual / entropy(c->a, c->n_a, c->n);
    out->chi2 = chi2_of(c);
    out->chi2_p = hx_chi2_tail(out->chi2, (double)((rows - 1) * (columns - 1)));
    out->information_value = information_value(c);
}

hx_status hx_select_counts_of(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b,
                              size_t n, hx_select_counts *out, hx_error *err) {
    counts c = {.n_a = n_a, .n_b = n_b, .n = (double)n};
    c.cells = calloc(n_a * n_b + n_a + n_b + 1, sizeof *c.cells);
    if (!c.cells) return no_memory(err);
    c.a = c.cells + n_a * n_b;
    c.b = c.a + n_a;
    for (size_t i = 0; i < n; i++) {
        c.cells[a[i] * n_b + b[i]]++;
        c.a[a[i]]++;
        c.b[b[i]]++;
    }
    figures_of(&c, out);
    free(c.cells);
    return HX_OK;
}

/* ------------------------------------------------------------------ variance */
static double of_numbers(const double *x, size_t n) {
    double low = INFINITY, high = -INFINITY, mean = 0, sum = 0, m = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        low = fmin(low, x[i]);
        high = fmax(high, x[i]);
        m++;
    }
    const double width = high - low;
    if (!(m > 0)) return NAN;
    if (!(width > 0) || isinf(width)) return width > 0 ? NAN : 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) mean += (x[i] - low) / width / m;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) sum += ((x[i] - low) / width - mean) * ((x[i] - low) / width - mean);
    return sum / m;
}

double hx_select_variance(const hx_select_column *c, size_t n) {
    if (c->x) return of_numbers(c->x, n);
    double same = 0, *rows = calloc(c->n_levels + 1, sizeof *rows);
    if (!rows) return NAN;
    for (size_t i = 0; i < n; i++)
        rows[c->levels[i]]++;
    for (size_t k = 0; k < c->n_levels; k++)
        same += rows[k] / (double)n * (rows[k] / (double)n);
    free(rows);
    return (1 - same) / 2;
}
