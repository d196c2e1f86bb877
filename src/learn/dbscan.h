/* dbscan.h - clusters as regions where rows are dense (Ester, Kriegel, Sander, Xu 1996). For src/learn. */
#ifndef HX_LEARN_DBSCAN_H
#define HX_LEARN_DBSCAN_H

#include "huaxiang/base.h"

#define HX_NOISE UINT32_MAX

/* A row with `least` rows (itself one of them) within `radius` is a core; cores within radius of each other, and rows within radius of a core, are one
 * cluster; others are HX_NOISE. Clusters are numbered by their first cores; a row near two goes to the first. cores (n): whether; returns the number
 * of clusters in *k. */
hx_status hx_dbscan(const double *x, size_t n, size_t d, double radius, size_t least,
                    uint32_t *labels, bool *cores, size_t *k, const volatile int *cancel,
                    hx_error *err) HX_MUST_USE;

#endif
