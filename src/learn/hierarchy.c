/* hierarchy.c - agglomerative clusters by chains of nearest neighbours (Murtagh 1983): O(n^2) time and space, the same joins as by always
 * taking the nearest pair, since none of the four linkages lets a join come nearer to others. Distances after a join (Lance, Williams 1967), x and y of
 * n_x and n_y rows becoming one:
 *
 *     single min, complete max, average (n_x d_x + n_y d_y) / (n_x + n_y),
 *     Ward sqrt(((n_x + n_i) d_x^2 + (n_y + n_i) d_y^2 - n_i d_xy^2) / (n_x + n_y + n_i)) */
#include "learn/hierarchy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

typedef struct {
    size_t n, *sizes, *chain, length;
    double *distances; /* of pairs i < j, row after row */
    hx_linkage linkage;
} joining;

static double *between(const joining *g, size_t i, size_t j) {
    size_t a = i < j ? i : j, b = i < j ? j : i;
    return &g->distances[g->n * a - a * (a + 1) / 2 + (b - a - 1)];
}

static void measure(joining *g, const double *x, size_t d, const volatile int *cancel) {
    double *at = g->distances;
    for (size_t i = 0; i < g->n && !hx_flag_is_raised(cancel); i++)
        for (size_t j = i + 1; j < g->n; j++) {
            double sum = 0;
            for (size_t f = 0; f < d; f++)
                sum += (x[i * d + f] - x[j * d + f]) * (x[i * d + f] - x[j * d + f]);
            *at++ = sqrt(sum);
        }
}

static double joined(hx_linkage linkage, double dx, double dy, double dxy, double nx, double ny,
                     double ni) {
    switch (linkage) {
    case HX_LINKAGE_SINGLE:
        return fmin(dx, dy);
    case HX_LINKAGE_COMPLETE:
        return fmax(dx, dy);
    case HX_LINKAGE_AVERAGE:
        return (nx * dx + ny * dy) / (nx + ny);
    case HX_LINKAGE_WARD:
        break;
    }
    double t = 1 / (nx + ny + ni);
    return sqrt((ni + nx) * t * dx * dx + (ni + ny) * t * dy * dy - ni * t * dxy * dxy);
}

/* Goes on along nearest neighbours until two are each other's; they leave the chain. */
static double find_pair(joining *g, size_t *x, size_t *y) {
    for (size_t i = 0; g->length == 0; i++)
        if (g->sizes[i]) g->chain[g->length++] = i;
    for (;;) {
        double least = INFINITY;
        *x = g->chain[g->length - 1];
        *y = SIZE_MAX;
        if (g->length > 1) {
            *y = g->chain[g->length - 2];
            least = *between(g, *x, *y);
        }
        for (size_t i = 0; i < g->n; i++) {
            if (!g->sizes[i] || i == *x) continue;
            double d = *between(g, *x, i);
            if (d >= least && *y != SIZE_MAX) continue;
            least = d;
            *y = i;
        }
        if (g->length > 1 && *y == g->chain[g->length - 2]) {
            g->length -= 2;
            return least;
        }
        g->chain[g->length++] = *y;
    }
}

static void join(joining *g, size_t x, size_t y, double distance) {
    double nx = (double)g->sizes[x], ny = (double)g->sizes[y];
    g->sizes[y] += g->sizes[x];
    g->sizes[x] = 0;
    for (size_t i = 0; i < g->n; i++) {
        if (!g->sizes[i] || i == y) continue;
        double *to = between(g, i, y);
        *to = joined(g->linkage, *between(g, i, x), *to, distance, nx, ny, (double)g->sizes[i]);
    }
}

/* ------------------------------------------------------------------ order and names */
static size_t root_of(size_t *parents, size_t i) {
    size_t root = i;
    while (parents[root] != root)
        root = parents[root];
    while (parents[i] != root) {
        size_t next = parents[i];
        parents[i] = root;
        i = next;
    }
    return root;
}

typedef struct {
    hx_join join;
    size_t place;
} placed;

static int by_distance(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->join.distance != y->join.distance) return x->join.distance < y->join.distance ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Joins of rows, as they were found, to joins of clusters in order. */
static hx_status name_joins(hx_join *joins, size_t n, hx_error *err) {
    placed *sorted = calloc(n, sizeof *sorted);
    size_t *parents = calloc(2 * n, sizeof *parents);
    bool room = sorted && parents;
    for (size_t i = 0; i + 1 < n && room; i++)
        sorted[i] = (placed){joins[i], i};
    for (size_t i = 0; i < 2 * n && room; i++)
        parents[i] = i;
    if (room) qsort(sorted, n - 1, sizeof *sorted, by_distance);
    for (size_t i = 0; i + 1 < n && room; i++) {
        size_t a = root_of(parents, sorted[i].join.a), b = root_of(parents, sorted[i].join.b);
        size_t rows = (a < n ? 1 : joins[a - n].rows) + (b < n ? 1 : joins[b - n].rows);
        joins[i] = (hx_join){a < b ? a : b, a < b ? b : a, rows, sorted[i].join.distance};
        parents[a] = parents[b] = n + i;
    }
    free(sorted);
    free(parents);
    return room ? HX_OK : no_memory(err);
}

static hx_status run(joining *g, hx_join *joins, const volatile int *cancel, hx_error *err) {
    for (size_t k = 0; k + 1 < g->n; k++) {
        size_t x, y;
        if (hx_flag_is_raised(cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        double distance = find_pair(g, &x, &y);
        joins[k] = (hx_join){x < y ? x : y, x < y ? y : x, 0, distance};
        join(g, joins[k].a, joins[k].b, distance);
    }
    return g->n > 1 ? name_joins(joins, g->n, err) : HX_OK;
}

hx_status hx_hierarchy(const double *x, size_t n, size_t d, hx_linkage linkage, hx_join *joins,
                       const volatile int *cancel, hx_error *err) {
    if (n > HX_HIERARCHY_ROWS_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "hierarchical clusters keep the distances of all pairs: %zu rows at most, "
                       "not %zu; use kmeans",
                       HX_HIERARCHY_ROWS_MAX, n);
    joining g = {.n = n, .linkage = linkage};
    g.sizes = calloc(n + 1, sizeof *g.sizes);
    g.chain = calloc(n + 1, sizeof *g.chain);
    g.distances = calloc(n * (n > 0 ? n - 1 : 0) / 2 + 1, sizeof *g.distances);
    hx_status st = g.sizes && g.chain && g.distances ? HX_OK : no_memory(err);
    for (size_t i = 0; i < n && st == HX_OK; i++)
        g.sizes[i] = 1;
    if (st == HX_OK) measure(&g, x, d, cancel);
    if (st == HX_OK) st = run(&g, joins, cancel, err);
    free(g.sizes);
    free(g.chain);
    free(g.distances);
    return st;
}

hx_status hx_hierarchy_cut(const hx_join *joins, size_t n, size_t k, uint32_t *labels,
                           hx_error *err) {
    if (k == 0 || k > n)
        return hx_fail(err, HX_EINVAL, "%zu rows can't be put into %zu clusters", n, k);
    size_t *parents = calloc(2 * n, sizeof *parents);
    uint32_t *names = calloc(2 * n, sizeof *names), next = 0;
    bool room = parents && names;
    for (size_t i = 0; i < 2 * n && room; i++) {
        parents[i] = i;
        names[i] = UINT32_MAX;
    }
    for (size_t i = 0; i < n - k && room; i++)
        parents[joins[i].a] = parents[joins[i].b] = n + i;
    for (size_t i = 0; i < n && room; i++) {
        size_t root = root_of(parents, i);
        if (names[root] == UINT32_MAX) names[root] = next++;
        labels[i] = names[root];
    }
    free(parents);
    free(names);
    return room ? HX_OK : no_memory(err);
}
