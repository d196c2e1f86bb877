/* select_mutual.c - mutual information of numbers by nearest neighbours, as scikit-learn's mutual_info_classif and mutual_info_regression.
 *
 *     number x, class c    psi(n) + <psi(k)> - <psi(rows of the class)> - <psi(m)>            Ross (2014), PLoS ONE 9(2)
 *                          m: rows nearer to x than its k-th neighbour of the same class, itself included
 *     numbers x, y         psi(n) + psi(k) - <psi(a)> - <psi(b)>                              Kraskov et al. (2004), Phys. Rev. E 69
 *                          a, b: rows nearer in x (in y) than the k-th neighbour by the greater of both distances, itself included
 *
 * with k = 3 and psi the digamma function. Numbers are divided by their deviation and moved by about 1e-10 by chance (the seed's), so that equal ones
 * come apart; "nearer" is up to the double before the neighbour's distance. In one dimension neighbours stand beside each other in order, so that
 * no tree is needed. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/select.h"
#include "learn/special.h"

#define NEIGHBOURS 3
#define NOISE 1e-10
#define ROWS_MAX 20000 /* of two numbers: a row may need all others */

typedef struct {
    double x, y;
    uint32_t class;
    size_t row;
} point;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to rank the columns");
}

static int by_x(const void *a, const void *b) {
    const point *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    return (p->row > q->row) - (p->row < q->row);
}

static int by_class(const void *a, const void *b) {
    const point *p = a, *q = b;
    return p->class != q->class ? (p->class < q->class ? -1 : 1) : by_x(a, b);
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double normal(hx_rng *r) {
    return hx_normal_quantile((hx_rng_uniform(r) * (1 - 1e-12)) + 1e-13);
}

/* One coordinate, `at` bytes into a point: over its deviation, and apart where it was equal. */
static void prepare(point *p, size_t n, bool second, uint64_t seed) {
    double mean = 0, squares = 0, size = 0;
    hx_rng r;
    hx_rng_seed(&r, hx_hash_mix(seed, second));
    for (size_t i = 0; i < n; i++)
        mean += (second ? p[i].y : p[i].x) / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double off = (second ? p[i].y : p[i].x) - mean;
        squares += off * off / (double)n;
    }
    const double deviation = squares > 0 ? sqrt(squares) : 1;
    for (size_t i = 0; i < n; i++) {
        double *v = second ? &p[i].y : &p[i].x;
        *v /= deviation;
        size += fabs(*v) / (double)n;
    }
    for (size_t i = 0; i < n; i++)
        *(second ? &p[i].y : &p[i].x) += NOISE * fmax(1, size) * normal(&r);
}

/* How many of the sorted x lie within `radius` of `at`, itself included. */
static size_t within(const double *x, size_t n, double at, double radius) {
    size_t low = 0, high = n, first, last;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (x[middle] < at && at - x[middle] > radius)
            low = middle + 1;
        else
            high = middle;
    }
    first = low;
    for (last = n, high = n; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (x[middle] > at && x[middle] - at > radius)
            high = middle;
        else
            low = middle + 1;
    }
    last = low;
    return last - first;
}

/* ------------------------------------------------------------------ a number and a class */
/* Distance to the k-th neighbour of p[i] among p[from, end), which are in order of x. */
static double neighbour(const point *p, size_t from, size_t end, size_t i, size_t k) {
    size_t a = i, b = i + 1;
    double distance = 0;
    for (size_t found = 0; found < k; found++) {
        const double left = a > from ? p[i].x - p[a - 1].x : INFINITY,
                     right = b < end ? p[b].x - p[i].x : INFINITY;
        distance = fmin(left, right);
        if (left <= right)
            a--;
        else
            b++;
    }
    return distance;
}

/* p (n) by class and x, all of classes with two rows at least; x (n) sorted. */
static double ross(const point *p, size_t n, const double *x) {
    double k_sum = 0, class_sum = 0, m_sum = 0;
    for (size_t from = 0, end; from < n; from = end) {
        for (end = from + 1; end < n && p[end].class == p[from].class;)
            end++;
        const size_t rows = end - from, k = rows - 1 < NEIGHBOURS ? rows - 1 : NEIGHBOURS;
        k_sum += (double)rows * hx_digamma((double)k);
        class_sum += (double)rows * hx_digamma((double)rows);
        for (size_t i = from; i < end; i++) {
            const double radius = nextafter(neighbour(p, from, end, i, k), 0);
            m_sum += hx_digamma((double)within(x, n, p[i].x, radius));
        }
    }
    const double rows = (double)n;
    return fmax(0, hx_digamma(rows) + (k_sum - class_sum - m_sum) / rows);
}

/* Leaves out rows of classes that have one row alone; p is by class. */
static size_t without_single(point *p, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const bool before = i > 0 && p[i - 1].class == p[i].class,
                   after = i + 1 < n && p[i + 1].class == p[i].class;
        if (before || after) p[kept++] = p[i];
    }
    return kept;
}

hx_status hx_select_mutual_class(const double *x, const uint32_t *classes, size_t n,
                                 size_t n_classes, uint64_t seed, double *out, hx_error *err) {
    point *p = calloc(n + 1, sizeof *p);
    double *sorted = calloc(n + 1, sizeof *sorted);
    size_t m = 0;
    (void)n_classes;
    for (size_t i = 0; p && i < n; i++)
        if (!isnan(x[i])) p[m] = (point){.x = x[i], .class = classes[i], .row = m}, m++;
    *out = NAN;
    if (p && sorted && m > NEIGHBOURS) {
        prepare(p, m, false, seed);
        qsort(p, m, sizeof *p, by_class);
        m = without_single(p, m);
        for (size_t i = 0; i < m; i++)
            sorted[i] = p[i].x;
        qsort(sorted, m, sizeof *sorted, ascending);
        if (m > NEIGHBOURS) *out = ross(p, m, sorted);
    }
    const bool ok = p && sorted;
    free(p);
    free(sorted);
    return ok ? HX_OK : no_memory(err);
}

/* ------------------------------------------------------------------ two numbers */
static void keep_nearest(double nearest[NEIGHBOURS], double distance) {
    size_t k = NEIGHBOURS - 1;
    if (distance >= nearest[k]) return;
    for (; k > 0 && nearest[k - 1] > distance; k--)
        nearest[k] = nearest[k - 1];
    nearest[k] = distance;
}

/* By the greater of both distances: rows are looked at in order of their distance in x until that alone is too far. */
static double nearest_of(const point *p, size_t n, size_t i) {
    double nearest[NEIGHBOURS] = {INFINITY, INFINITY, INFINITY};
    size_t a = i, b = i + 1;
    for (;;) {
        const double left = a > 0 ? p[i].x - p[a - 1].x : INFINITY,
                     right = b < n ? p[b].x - p[i].x : INFINITY;
        if (fmin(left, right) >= nearest[NEIGHBOURS - 1]) return nearest[NEIGHBOURS - 1];
        const size_t other = left <= right ? --a : b++;
        keep_nearest(nearest, fmax(fmin(left, right), fabs(p[other].y - p[i].y)));
    }
}

static double kraskov(const point *p, size_t n, const double *x, const double *y) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double radius = nextafter(nearest_of(p, n, i), 0);
        sum += hx_digamma((double)within(x, n, p[i].x, radius)) +
               hx_digamma((double)within(y, n, p[i].y, radius));
    }
    return fmax(0, hx_digamma((double)n) + hx_digamma(NEIGHBOURS) - sum / (double)n);
}

hx_status hx_select_mutual_numbers(const double *x, const double *y, size_t n, uint64_t seed,
                                   double *out, hx_error *err) {
    const size_t step = n / ROWS_MAX + (n % ROWS_MAX != 0 && n > ROWS_MAX);
    point *p = calloc(n + 1, sizeof *p);
    double *room = calloc(2 * n + 1, sizeof *room);
    size_t m = 0;
    for (size_t i = 0; p && i<n; i += step> 1 ? step : 1)
        if (!isnan(x[i]) && !isnan(y[i])) p[m] = (point){.x = x[i], .y = y[i], .row = m}, m++;
    *out = NAN;
    if (p && room && m > NEIGHBOURS) {
        prepare(p, m, false, seed);
        prepare(p, m, true, seed);
        qsort(p, m, sizeof *p, by_x);
        for (size_t i = 0; i < m; i++) {
            room[i] = p[i].x;
            room[m + i] = p[i].y;
        }
        qsort(room + m, m, sizeof *room, ascending);
        *out = kraskov(p, m, room, room + m);
    }
    const bool ok = p && room;
    free(p);
    free(room);
    return ok ? HX_OK : no_memory(err);
}
