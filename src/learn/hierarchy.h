/* hierarchy.h - agglomerative clusters: the two nearest are joined until one is left. For src/learn. */
#ifndef HX_LEARN_HIERARCHY_H
#define HX_LEARN_HIERARCHY_H

#include "huaxiang/base.h"

#define HX_HIERARCHY_ROWS_MAX ((size_t)20000) /* distances of all pairs are kept: 1.6 GB */

typedef enum {
    HX_LINKAGE_WARD = 0,
    HX_LINKAGE_AVERAGE,
    HX_LINKAGE_COMPLETE,
    HX_LINKAGE_SINGLE
} hx_linkage;

/* One join: clusters a < b (rows are 0 to n - 1, the cluster of join i is n + i), their distance, rows together. */
typedef struct {
    size_t a, b, rows;
    double distance;
} hx_join;

/* joins (n - 1) by ascending distance, as scipy's linkage has them. HX_ELIMIT: more rows than HX_HIERARCHY_ROWS_MAX. */
hx_status hx_hierarchy(const double *x, size_t n, size_t d, hx_linkage linkage, hx_join *joins,
                       const volatile int *cancel, hx_error *err) HX_MUST_USE;
/* Labels (n) of the k clusters that are left when all but k - 1 joins are made, numbered by their first rows. */
hx_status hx_hierarchy_cut(const hx_join *joins, size_t n, size_t k, uint32_t *labels,
                           hx_error *err) HX_MUST_USE;

#endif
