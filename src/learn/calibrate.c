/* calibrate.c - whether probabilities mean what they say.
 *
 *     ECE = sum over bins of n_bin / n |accuracy - mean confidence|, confidence = the greatest probability of a row
 *
 * Bins hold equally many rows in ascending order of confidence: bin b of k has those from b n / k to (b + 1) n / k. A model that is calibrated
 * perfectly still shows an ECE above 0 by chance; hx_ece_limit() draws, for each row, whether its top label is right with its own probability, and
 * gives the 95th percentile of what is seen then.
 *
 * Temperature (arXiv 1706.04599): with b = 1 / temperature the loss of softmax(b logits) is convex in b; its derivative
 * sum over rows of (sum of p z - z_label) rises, and its zero is found by bisection. */
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/rng.h"
#include "learn/metrics.h"
#include "learn/ranking.h"

#define LIMIT_LEVEL 0.95
#define TEMPERATURE_MIN 0.05
#define TEMPERATURE_MAX 20.0

static size_t top_of(const float *row, size_t n_classes) {
    size_t best = 0;
    for (size_t k = 1; k < n_classes; k++)
        if (row[k] > row[best]) best = k;
    return best;
}

/* Rows in ascending order of confidence; label: whether the top label is right (labels NULL: 0). NULL where one is NaN. */
static hx_ranked *by_confidence(const uint32_t *labels, const float *probabilities, size_t n,
                                size_t n_classes, hx_arena *arena) {
    hx_ranked *rows = n <= UINT32_MAX && n < SIZE_MAX / sizeof *rows
                          ? hx_arena_alloc(arena, (n + 1) * sizeof *rows)
                          : NULL;
    for (size_t i = 0; rows && i < n; i++) {
        const float *row = probabilities + i * n_classes;
        size_t top = top_of(row, n_classes);
        for (size_t k = 0; k < n_classes; k++)
            if (isnan(row[k])) return NULL;
        rows[i] = (hx_ranked){(double)row[top], (uint32_t)i, labels && labels[i] == top};
    }
    if (rows) hx_rank(rows, n);
    return rows;
}

static hx_calibration_bin bin_of(const hx_ranked *rows, size_t from, size_t to) {
    hx_calibration_bin bin = {0, 0, to - from};
    for (size_t i = from; i < to; i++) {
        bin.confidence += rows[i].score;
        bin.accuracy += rows[i].label;
    }
    bin.confidence /= (double)bin.n;
    bin.accuracy /= (double)bin.n;
    return bin;
}

/* The ECE of ranked rows; `bins` (NULL = not wanted) gets those that hold rows. */
static double ece_of(const hx_ranked *rows, size_t n, size_t n_bins, hx_calibration_bin *bins,
                     size_t *used) {
    double sum = 0;
    *used = 0;
    for (size_t b = 0; b < n_bins; b++) {
        size_t from = b * n / n_bins, to = (b + 1) * n / n_bins;
        if (from == to) continue;
        hx_calibration_bin bin = bin_of(rows, from, to);
        sum += (double)bin.n / (double)n * fabs(bin.accuracy - bin.confidence);
        if (bins) bins[*used] = bin;
        (*used)++;
    }
    return sum;
}

size_t hx_calibration_bins(const uint32_t *labels, const float *probabilities, size_t n,
                           size_t n_classes, size_t n_bins, hx_arena *arena,
                           hx_calibration_bin *bins, double *ece) {
    size_t used = 0;
    const hx_ranked *rows =
        n && n_classes && n_bins ? by_confidence(labels, probabilities, n, n_classes, arena) : NULL;
    *ece = rows ? ece_of(rows, n, n_bins, bins, &used) : NAN;
    return used;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double hx_ece_limit(const float *probabilities, size_t n, size_t n_classes, size_t n_bins,
                    size_t rounds, uint64_t seed, hx_arena *arena) {
    size_t used;
    if (n == 0 || n_classes == 0 || n_bins == 0 || rounds == 0) return NAN;
    hx_ranked *rows = by_confidence(NULL, probabilities, n, n_classes, arena);
    double *seen = hx_arena_alloc(arena, rounds * sizeof *seen);
    if (!rows || !seen) return NAN;
    for (size_t r = 0; r < rounds; r++) {
        hx_rng rng;
        hx_rng_seed(&rng, hx_hash_mix(seed, r));
        for (size_t i = 0; i < n; i++)
            rows[i].label = hx_rng_uniform(&rng) < rows[i].score;
        seen[r] = ece_of(rows, n, n_bins, NULL, &used);
    }
    qsort(seen, rounds, sizeof *seen, compare_doubles);
    size_t at = (size_t)ceil(LIMIT_LEVEL * (double)rounds);
    return seen[at > 0 ? at - 1 : 0];
}

/* The derivative of a row's loss by b: its expected logit less that of the label. */
static double slope_of(const float *row, size_t n_classes, uint32_t label, double b) {
    double most = (double)row[top_of(row, n_classes)], sum = 0, expected = 0;
    for (size_t k = 0; k < n_classes; k++) {
        double e = exp(b * ((double)row[k] - most));
        sum += e;
        expected += e * ((double)row[k] - most);
    }
    return expected / sum - ((double)row[label] - most);
}

static double slope_at(const float *logits, const uint32_t *labels, size_t n, size_t n_classes,
                       double b) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += slope_of(logits + i * n_classes, n_classes, labels[i], b);
    return sum;
}

double hx_temperature_fit(const float *logits, const uint32_t *labels, size_t n, size_t n_classes) {
    double low = 1 / TEMPERATURE_MAX, high = 1 / TEMPERATURE_MIN;
    if (n == 0 || n_classes == 0) return NAN;
    double at_low = slope_at(logits, labels, n, n_classes, low);
    if (isnan(at_low)) return NAN;
    if (at_low >= 0) return TEMPERATURE_MAX;
    if (slope_at(logits, labels, n, n_classes, high) <= 0) return TEMPERATURE_MIN;
    while (high - low > 1e-13 * high) {
        double middle = (low + high) / 2;
        if (middle <= low || middle >= high) break;
        if (slope_at(logits, labels, n, n_classes, middle) < 0)
            low = middle;
        else
            high = middle;
    }
    return 2 / (low + high);
}
