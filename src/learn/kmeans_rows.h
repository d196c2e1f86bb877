/* kmeans_rows.h - the loops of k-means that decide its speed, in one table an instruction set. For src/learn/kmeans*.c.
 *
 * Rows lie in groups of HX_LANES: value j of the rows of a group side by side, groups (n, d, HX_LANES); the last group is filled up with copies of
 * zeros. Each lane does the same operations in the same order whatever the width of the vectors, products and sums fused (fma), so that all
 * tables give the same bits. */
#ifndef HX_LEARN_KMEANS_ROWS_H
#define HX_LEARN_KMEANS_ROWS_H

#include <stddef.h>
#include <stdint.h>

#define HX_LANES 8
#define HX_CENTRES_TOGETHER                                                                        \
    8 /* centres are filled up to a multiple of it; those have norm INFINITY */
#define HX_CANDIDATES_MAX 8

typedef struct {
    const char *name;
    /* labels (n * HX_LANES): the centre with the least norm - 2 x.c, the first of equals. minus2 (k, d) = -2 c, norms (k) = c.c. */
    void (*assign)(const double *groups, size_t n, size_t d, const double *minus2,
                   const double *norms, size_t k, uint32_t *labels);
    /* sums (n_points, HX_LANES) += min(closest, |x - point|^2) of each lane; points (n_points, d). */
    void (*potential)(const double *groups, size_t n, size_t d, const double *points,
                      size_t n_points, const double *closest, double *sums);
    /* closest (n * HX_LANES) = min(closest, |x - point|^2). */
    void (*come_closer)(const double *groups, size_t n, size_t d, const double *point,
                        double *closest);
} hx_kmeans_rows;

extern const hx_kmeans_rows hx_kmeans_rows_base;
#if defined(__x86_64__)
extern const hx_kmeans_rows hx_kmeans_rows_avx2, hx_kmeans_rows_avx512;
#endif
/* The best this processor has. */
const hx_kmeans_rows *hx_kmeans_rows_choose(void);

#endif
