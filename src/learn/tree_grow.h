/* tree_grow.h - grows one decision tree (CART, Breiman et al. 1984) on rows of a problem. For src/learn. */
#ifndef HX_LEARN_TREE_GROW_H
#define HX_LEARN_TREE_GROW_H

#include "base/rng.h"
#include "learn/problem.h"
#include "learn/tree_bins.h"
#include "learn/trees.h"

typedef enum { HX_SPLIT_GINI = 0, HX_SPLIT_ENTROPY, HX_SPLIT_SQUARES } hx_split_kind;

typedef struct {
    hx_split_kind split; /* SQUARES of regression, the others of classes */
    size_t depth; /* at most; 0 = any */
    size_t leaf_rows; /* of a leaf at least */
    size_t split_rows; /* of a node that is split at least */
    size_t
        features; /* tried at a node, chosen anew each time; those that are constant there do not count; 0 = all */
    double least_gain; /* a split must make the loss smaller by this share of the root's rows */
    const hx_tree_bins *bins; /* of the same problem, borrowed; NULL = every split is exact */
    const volatile int *cancel; /* NULL = never */
} hx_tree_options;

/* Appends one tree to `trees`. weights (n): 0 leaves a row out (bootstrap). Leaves hold shares of classes, or the mean; times `scale`. Missing values go
 * where the loss is smaller; where none was seen, to the side with more rows. */
hx_status hx_tree_grow(hx_trees *trees, const hx_problem *p, const double *weights,
                       const hx_tree_options *o, double scale, hx_rng *rng,
                       hx_error *err) HX_MUST_USE;

#endif
