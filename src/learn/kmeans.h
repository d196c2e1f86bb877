/* kmeans.h - k-means on a dense matrix (Lloyd 1982; k-means++, Arthur, Vassilvitskii 2007). For src/learn.
 *
 * All restarts walk over the rows together, so that a row is read once for all of them. The same bits for any number of threads and any instruction
 * set: rows are in fixed segments, whose sums are added in their order. */
#ifndef HX_LEARN_KMEANS_H
#define HX_LEARN_KMEANS_H

#include "huaxiang/base.h"

#define HX_KMEANS_SEGMENTS 32

typedef struct {
    size_t k; /* 1 to n */
    size_t restarts; /* 0 = 10; the one with the least inertia is kept */
    size_t rounds; /* at most, 0 = 300 */
    double
        tolerance; /* done where centres moved by less, squared, than it times the mean variance; < 0: 1e-4 */
    const double *start; /* (k, d): where to begin, with one restart; NULL = k-means++ */
    size_t batch; /* rows a step of mini-batch (Sculley 2010); 0 = all rows, Lloyd */
    uint64_t seed;
    size_t n_threads;
    const volatile int *cancel;
} hx_kmeans_options;

typedef struct {
    double *centres; /* (k, d) in the arena */
    uint32_t *labels; /* (n) in the arena */
    double inertia; /* sum of squared distances to the own centre */
    size_t rounds; /* of the restart that was kept */
} hx_kmeans_result;

/* x (n, d), finite. HX_EINVAL: k is 0 or above n. */
hx_status hx_kmeans(const double *x, size_t n, size_t d, const hx_kmeans_options *o,
                    hx_arena *arena, hx_kmeans_result *out, hx_error *err) HX_MUST_USE;
/* The nearest centre of each row, the first of equals. */
void hx_kmeans_nearest(const double *x, size_t n, size_t d, const double *centres, size_t k,
                       uint32_t *labels);

#endif
