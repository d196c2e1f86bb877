/* tree_bins.h - the features of a problem as one byte a row, so that splits are looked for by counting instead of sorting. For src/learn. */
#ifndef HX_LEARN_TREE_BINS_H
#define HX_LEARN_TREE_BINS_H

#include "learn/problem.h"
#include "learn/trees.h"

#define HX_BINS_MAX 255
#define HX_BIN_ABSENT 255 /* the row has no value */

/* Bins are in ascending order and none is empty. A feature of at most HX_BINS_MAX different values has one bin each: counting finds what sorting finds. Of
 * others a bin holds as many rows as the next, equal values together. */
typedef struct {
    size_t n, d;
    uint8_t *codes; /* (d, n): the bin of a row */
    uint16_t *count; /* (d): bins of a feature; 0 = no row has a value */
    double *low, *high; /* (d, HX_BINS_MAX): the least and the greatest value in a bin */
} hx_tree_bins;

/* The same for any number of threads. HX_ECANCELLED: *cancel is raised (NULL = never). */
hx_status hx_tree_bins_make(hx_tree_bins **out, const hx_problem *p, size_t n_threads,
                            const volatile int *cancel, hx_error *err) HX_MUST_USE;
void hx_tree_bins_free(hx_tree_bins *b); /* NULL is fine */

#endif
