/* ranking.c - figures of one class against the rest, from the order of the scores alone.
 *
 *     AUC = P(score of a positive > score of a negative) + P(equal) / 2      (Mann-Whitney)
 *     AP  = sum over thresholds of (recall - recall before) * precision
 *     KS  = greatest distance between the two cumulative distributions
 *
 * Rows of equal scores are taken together: no order among them can change a figure. Counts are integers, so the sums are exact up to the last
 * division (AUC, KS) or a sum in descending order of the thresholds (AP). */
#include "learn/ranking.h"

#include <math.h>
#include <stdlib.h>

#include "learn/metrics.h"

static int compare_ranked(const void *a, const void *b) {
    const hx_ranked *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

void hx_rank(hx_ranked *rows, size_t n) {
    qsort(rows, n, sizeof *rows, compare_ranked);
}

/* Rows in ascending order of their scores; NULL where one is NaN or memory ran out. */
static hx_ranked *rank_scores(const uint8_t *labels, const double *scores, size_t n,
                              hx_arena *arena, uint64_t *positives) {
    hx_ranked *rows = n <= UINT32_MAX && n < SIZE_MAX / sizeof *rows
                          ? hx_arena_alloc(arena, (n + 1) * sizeof *rows)
                          : NULL;
    *positives = 0;
    for (size_t i = 0; rows && i < n; i++) {
        if (isnan(scores[i])) return NULL;
        rows[i] = (hx_ranked){scores[i], (uint32_t)i, labels[i] != 0};
        *positives += rows[i].label;
    }
    if (rows) hx_rank(rows, n);
    return rows;
}

/* The end of the run of equal scores that begins at i, and how many of it are positive. */
static size_t run_end(const hx_ranked *rows, size_t i, size_t n, uint64_t *positives) {
    double score = rows[i].score;
    *positives = 0;
    for (; i < n && rows[i].score == score; i++)
        *positives += rows[i].label;
    return i;
}

double hx_auc(const uint8_t *labels, const double *scores, size_t n, hx_arena *arena) {
    uint64_t positives, hits;
    const hx_ranked *rows = rank_scores(labels, scores, n, arena, &positives);
    uint64_t negatives = n - positives, below = 0;
    double twice = 0; /* pairs in the right order, ties half, times two */
    if (!rows || positives == 0 || negatives == 0) return NAN;
    for (size_t i = 0, end; i < n; i = end) {
        end = run_end(rows, i, n, &hits);
        uint64_t misses = end - i - hits;
        twice += (double)hits * (double)(2 * below + misses);
        below += misses;
    }
    return twice / (2 * (double)positives * (double)negatives);
}

double hx_average_precision(const uint8_t *labels, const double *scores, size_t n,
                            hx_arena *arena) {
    uint64_t positives, hits, found = 0;
    hx_ranked *rows = rank_scores(labels, scores, n, arena, &positives);
    double sum = 0;
    if (!rows || positives == 0) return NAN;
    for (size_t i = 0; i < n; i++)
        rows[i].score = -rows[i].score;
    for (size_t i = 0; i < n / 2; i++) {
        hx_ranked swap = rows[i];
        rows[i] = rows[n - 1 - i];
        rows[n - 1 - i] = swap;
    }
    for (size_t i = 0, end; i < n; i = end) {
        end = run_end(rows, i, n, &hits);
        found += hits;
        sum += (double)hits * ((double)found / (double)end);
    }
    return sum / (double)positives;
}

double hx_ks(const uint8_t *labels, const double *scores, size_t n, hx_arena *arena) {
    uint64_t positives, hits, hit = 0, missed = 0;
    const hx_ranked *rows = rank_scores(labels, scores, n, arena, &positives);
    uint64_t negatives = n - positives;
    double most = 0;
    if (!rows || positives == 0 || negatives == 0) return NAN;
    for (size_t i = 0, end; i < n; i = end) {
        end = run_end(rows, i, n, &hits);
        hit += hits;
        missed += end - i - hits;
        double distance =
            fabs((double)hit / (double)positives - (double)missed / (double)negatives);
        if (distance > most) most = distance;
    }
    return most;
}
