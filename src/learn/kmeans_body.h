/* kmeans_body.h - the loops of kmeans_rows.h over vectors of a file's own kind. Includers define
 *
 *     HX_ROWS, HX_ROWS_NAME     the table and its name
 *     vec                       HX_LANES doubles
 *     AT_ONCE                   centres whose sums stay in registers; divides HX_CENTRES_TOGETHER
 *     v_load, v_store, v_all    to and from memory; one number in all lanes
 *     v_fma, v_sub, v_add, v_min
 *     v_take(best, score, which, centre)    where score < best: best = score, which = centre
 *
 * The operations and their order are the same for all, and so are the bits. */
#include "learn/kmeans_rows.h"

#include <math.h>

static inline void nearest_of(const double *x, size_t d, const double *minus2, const double *norms,
                              size_t first, vec *best, vec *which) {
    vec sums[AT_ONCE];
    for (size_t c = 0; c < AT_ONCE; c++)
        sums[c] = v_all(norms[c]);
    for (size_t j = 0; j < d; j++) {
        vec value = v_load(x + j * HX_LANES);
        for (size_t c = 0; c < AT_ONCE; c++)
            sums[c] = v_fma(value, v_all(minus2[c * d + j]), sums[c]);
    }
    for (size_t c = 0; c < AT_ONCE; c++)
        v_take(best, sums[c], which, v_all((double)(first + c)));
}

static void assign(const double *groups, size_t n, size_t d, const double *minus2,
                   const double *norms, size_t k, uint32_t *labels) {
    for (size_t g = 0; g < n; g++) {
        double said[HX_LANES];
        vec best = v_all(INFINITY), which = v_all(0);
        for (size_t c = 0; c < k; c += AT_ONCE)
            nearest_of(groups + g * d * HX_LANES, d, minus2 + c * d, norms + c, c, &best, &which);
        v_store(said, which);
        for (size_t l = 0; l < HX_LANES; l++)
            labels[g * HX_LANES + l] = (uint32_t)said[l];
    }
}

static inline vec squared(const double *x, size_t d, const double *point) {
    vec sum = v_all(0);
    for (size_t j = 0; j < d; j++) {
        vec difference = v_sub(v_load(x + j * HX_LANES), v_all(point[j]));
        sum = v_fma(difference, difference, sum);
    }
    return sum;
}

static void potential(const double *groups, size_t n, size_t d, const double *points,
                      size_t n_points, const double *closest, double *sums) {
    for (size_t p = 0; p < n_points; p++) {
        vec sum = v_load(sums + p * HX_LANES);
        for (size_t g = 0; g < n; g++)
            sum = v_add(sum, v_min(squared(groups + g * d * HX_LANES, d, points + p * d),
                                   v_load(closest + g * HX_LANES)));
        v_store(sums + p * HX_LANES, sum);
    }
}

static void come_closer(const double *groups, size_t n, size_t d, const double *point,
                        double *closest) {
    for (size_t g = 0; g < n; g++) {
        double *at = closest + g * HX_LANES;
        v_store(at, v_min(squared(groups + g * d * HX_LANES, d, point), v_load(at)));
    }
}

const hx_kmeans_rows HX_ROWS = {HX_ROWS_NAME, assign, potential, come_closer};
