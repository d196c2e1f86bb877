/* hdbscan.h - clusters of any density: those that last longest while the radius shrinks (Campello, Moulavi, Sander 2013). For src/learn. */
#ifndef HX_LEARN_HDBSCAN_H
#define HX_LEARN_HDBSCAN_H

#include "learn/dbscan.h"

#define HX_HDBSCAN_ROWS_MAX ((size_t)100000) /* all pairs are measured */

typedef struct {
    size_t least; /* rows within a row's core distance, itself one of them; >= 1 */
    size_t smallest; /* rows of a cluster; >= 2 */
    size_t n_threads; /* 0 = one a processor */
    const volatile int *cancel;
} hx_hdbscan_options;

/* The distance from which two rows are near: the greatest of what is between them and their core distances (that of the least-th row, each itself
 * counting). labels (n), HX_NOISE of rows in no cluster, and cores (n), the core distances, are the caller's; births (at most n) gets for each of the
 * *k clusters the distance below which it is one by itself. HX_ELIMIT: more rows than HX_HDBSCAN_ROWS_MAX. */
hx_status hx_hdbscan(const double *x, size_t n, size_t d, const hx_hdbscan_options *o,
                     uint32_t *labels, double *cores, double *births, size_t *k,
                     hx_error *err) HX_MUST_USE;

/* A fitted rule: all rows it was fitted on. */
typedef struct {
    const double *x, *cores, *births; /* (n, d), (n), (k) */
    const uint32_t *labels; /* (n) */
    size_t n, d, least;
} hx_hdbscan_rule;
/* The cluster of the nearest row, where that is nearer than the cluster's birth, else HX_NOISE. Rows that were fitted get their own labels. `room`
 * (least) is scratch. */
uint32_t hx_hdbscan_label(const hx_hdbscan_rule *r, const double *x, double *room);

#endif
