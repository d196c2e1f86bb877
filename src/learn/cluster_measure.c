/* cluster_measure.c - how good clusters are: silhouette (Rousseeuw 1987) and the adjusted Rand index (Hubert, Arabie 1985):
 *
 *     ARI = (sum over cells C(n_ij, 2) - E) / ((A + B) / 2 - E),   A, B = sums of C(rows or columns, 2),   E = A B / C(n, 2)
 *
 * Different rows are told apart by the hash of their values. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/cluster.h"

#define CELLS_MAX ((size_t)1 << 26)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

/* ------------------------------------------------------------------ silhouette */
/* Rows that are in a cluster; `most` of them at most, in ascending order. Returns how many. */
static size_t draw_rows(const uint32_t *labels, size_t n, size_t most, uint64_t seed,
                        size_t *rows) {
    size_t kept = 0, all = 0, left;
    hx_rng rng;
    hx_rng_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        all += labels[i] != HX_NOISE;
    left = all;
    for (size_t i = 0; i < n; i++) {
        if (labels[i] == HX_NOISE) continue;
        size_t wanted = (all < most ? all : most) - kept;
        if (hx_rng_below(&rng, left--) < wanted) rows[kept++] = i;
    }
    return kept;
}

static double distance(const double *a, const double *b, size_t d) {
    double sum = 0;
    for (size_t j = 0; j < d; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(sum);
}

static double of_row(size_t own, const double *sums, const size_t *counts, size_t k) {
    double other = INFINITY;
    if (counts[own] < 2) return 0;
    double within = sums[own] / (double)(counts[own] - 1);
    for (size_t c = 0; c < k; c++)
        if (c != own && counts[c]) other = fmin(other, sums[c] / (double)counts[c]);
    double most = fmax(within, other);
    return most > 0 ? (other - within) / most : 0;
}

static double silhouette(const double *x, size_t d, const uint32_t *labels, size_t k,
                         const size_t *rows, size_t m, size_t *counts, double *sums) {
    size_t filled = 0;
    double total = 0;
    for (size_t i = 0; i < m; i++)
        filled += counts[labels[rows[i]]]++ == 0;
    if (filled < 2) return NAN;
    for (size_t i = 0; i < m; i++) {
        for (size_t c = 0; c < k; c++)
            sums[c] = 0;
        for (size_t j = 0; j < m; j++)
            sums[labels[rows[j]]] += distance(x + rows[i] * d, x + rows[j] * d, d);
        total += of_row(labels[rows[i]], sums, counts, k);
    }
    return total / (double)m;
}

hx_status hx_silhouette(const double *x, size_t n, size_t d, const uint32_t *labels, size_t k,
                        size_t most, uint64_t seed, double *out, hx_error *err) {
    size_t *rows = calloc(n + 1, sizeof *rows), *counts = calloc(k + 1, sizeof *counts);
    double *sums = calloc(k + 1, sizeof *sums);
    bool room = rows && counts && sums;
    if (room) {
        size_t m = draw_rows(labels, n, most, seed, rows);
        *out = silhouette(x, d, labels, k, rows, m, counts, sums);
    }
    free(rows);
    free(counts);
    free(sums);
    return room ? HX_OK : no_memory(err);
}

/* ------------------------------------------------------------------ adjusted Rand index */
static double pairs(double n) {
    return n * (n - 1) / 2;
}

hx_status hx_adjusted_rand(const uint32_t *a, size_t ka, const uint32_t *b, size_t kb, size_t n,
                           double *out, hx_error *err) {
    if (ka > 0 && kb > CELLS_MAX / ka)
        return hx_fail(err, HX_ELIMIT, "too many clusters to compare: %zu and %zu", ka, kb);
    double *cells = calloc(ka * kb + ka + kb + 1, sizeof *cells);
    if (!cells) return no_memory(err);
    double *as = cells + ka * kb, *bs = as + ka, rows = 0, both = 0, in_a = 0, in_b = 0;
    for (size_t i = 0; i < n; i++) {
        if (a[i] == HX_NOISE || b[i] == HX_NOISE) continue;
        cells[a[i] * kb + b[i]]++;
        as[a[i]]++;
        bs[b[i]]++;
        rows++;
    }
    for (size_t i = 0; i < ka * kb; i++)
        both += pairs(cells[i]);
    for (size_t i = 0; i < ka; i++)
        in_a += pairs(as[i]);
    for (size_t i = 0; i < kb; i++)
        in_b += pairs(bs[i]);
    double chance = rows > 1 ? in_a * in_b / pairs(rows) : 0, most = (in_a + in_b) / 2;
    *out = most == chance ? 1 : (both - chance) / (most - chance);
    free(cells);
    return HX_OK;
}

/* ------------------------------------------------------------------ different rows */
/* -0 and 0 are equal. */
static uint64_t hash_of(const double *row, size_t d, double *room) {
    for (size_t j = 0; j < d; j++)
        room[j] = row[j] + 0.0;
    uint64_t h = hx_hash((hx_str){(const char *)room, d * sizeof *room});
    return h ? h : 1;
}

/* Whether h is new in the open table of `places`, a power of two; 0 is an empty place. */
static bool is_new(uint64_t *table, size_t places, uint64_t h) {
    size_t at = (size_t)h & (places - 1);
    while (table[at] && table[at] != h)
        at = (at + 1) & (places - 1);
    bool empty = table[at] == 0;
    table[at] = h;
    return empty;
}

hx_status hx_different_rows(const double *x, size_t n, size_t d, size_t most, size_t *out,
                            hx_error *err) {
    size_t places = 4;
    while (places / 2 < (most < n ? most : n) + 1)
        places *= 2;
    uint64_t *table = calloc(places, sizeof *table);
    double *room = calloc(d + 1, sizeof *room);
    *out = 0;
    for (size_t i = 0; i < n && table && room && *out <= most; i++)
        *out += is_new(table, places, hash_of(x + i * d, d, room));
    hx_status st = table && room ? HX_OK : no_memory(err);
    free(table);
    free(room);
    return st;
}
