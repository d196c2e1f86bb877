/* donors.c - k nearest rows by the Euclidean distance over the columns that both rows have.
 *
 *     distance(a, b)^2 = d / |shared| * sum over shared of (a_j - b_j)^2        (Dixon 1979; scikit-learn's nan_euclidean)
 *
 * For each column that a row lacks: the k nearest of those that have it, the first among equals; their mean, or their mean weighted by
 * 1 / distance (rows at distance 0 alone count where there are any). Rows that share nothing have no say; where none has, the column's mean
 * is taken. As KNNImputer does. */
#include "frame/donors.h"

#include <math.h>
#include <string.h>

/* Squared distances to all rows, NaN where nothing is shared. */
static void measure(const hx_neighbours *m, const double *row, double *distance) {
    for (size_t i = 0; i < m->n; i++) {
        const double *x = m->x + i * m->d;
        double sum = 0;
        size_t shared = 0;
        for (size_t j = 0; j < m->d; j++) {
            const double step = x[j] - row[j];
            if (step != step) continue;
            sum += step * step;
            shared++;
        }
        distance[i] = shared > 0 ? sum * (double)m->d / (double)shared : (double)NAN;
    }
}

/* The nearest rows that have column j, in ascending order: k at most, near[c] = row. */
static size_t nearest(const hx_neighbours *m, size_t j, const double *distance, double *far,
                      double *near) {
    size_t count = 0;
    for (size_t i = 0; i < m->n; i++) {
        const double d = distance[i];
        if (d != d || m->x[i * m->d + j] != m->x[i * m->d + j]) continue;
        if (count == m->k && d >= far[count - 1]) continue;
        size_t at = count < m->k ? count++ : count - 1;
        for (; at > 0 && far[at - 1] > d; at--) {
            far[at] = far[at - 1];
            near[at] = near[at - 1];
        }
        far[at] = d;
        near[at] = (double)i;
    }
    return count;
}

static double weight_of(const hx_neighbours *m, const double *far, size_t c) {
    if (!m->by_distance) return 1;
    return far[0] <= 0 ? far[c] <= 0 : 1 / sqrt(far[c]);
}

static double mean_of(const hx_neighbours *m, size_t j, const double *far, const double *near,
                      size_t count) {
    double sum = 0, weights = 0, safe = 0;
    for (size_t c = 0; c < count; c++) {
        sum += weight_of(m, far, c) * m->x[(size_t)near[c] * m->d + j];
        weights += weight_of(m, far, c);
    }
    if (isfinite(sum)) return sum / weights;
    for (size_t c = 0; c < count; c++) /* too large to be added up */
        safe += weight_of(m, far, c) / weights * m->x[(size_t)near[c] * m->d + j];
    return safe;
}

size_t hx_neighbours_fill(const hx_neighbours *m, const double *row, double *out, size_t least,
                          double *room) {
    double *distance = room, *far = room + m->n, *near = room + 2 * m->n;
    bool measured = false;
    size_t left = 0;
    for (size_t j = 0; j < m->d; j++) {
        if (out[j] == out[j]) continue;
        if (!measured) measure(m, row, distance);
        measured = true;
        const size_t count = nearest(m, j, distance, far, near);
        if (count > 0 && count >= least)
            out[j] = mean_of(m, j, far, near, count);
        else if (least == 0)
            out[j] = m->means[j];
        left += out[j] != out[j];
    }
    return left;
}
