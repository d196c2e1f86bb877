/* uplift_tree.h - trees that split where treated and untreated rows differ most, one or many. For src/insight/uplift*.c.
 *
 * Rzepakowski, Jaroszewicz 2012, Decision Trees for Uplift Modeling with Single and Multiple Treatments: a test is worth the divergence of the
 * outcome's two distributions that it adds, by the squared Euclidean distance, over a norm that dislikes tests which part treated from untreated or
 * have one large branch. Many trees are each of a part of the rows and of the columns, and their mean is taken (Soltys, Jaroszewicz, Rzepakowski
 * 2015, Ensemble Methods for Uplift Modeling). */
#ifndef HX_INSIGHT_UPLIFT_TREE_H
#define HX_INSIGHT_UPLIFT_TREE_H

#include "huaxiang/base.h"

typedef struct {
    double n[2], y[2]; /* rows and outcomes of untreated, treated */
} hx_uplift_counts;

/* The worth of parting rows into two: gain of divergence over the norm; shares are (y + 1) / (n + 2). */
double hx_uplift_gain(const hx_uplift_counts *left, const hx_uplift_counts *right);
/* Share of the treated with the outcome less that of the untreated, the same shares. */
double hx_uplift_effect(const hx_uplift_counts *c);

typedef struct {
    size_t trees; /* 1 = one tree of all rows and columns */
    size_t depth; /* of a tree, 1 to HX_UPLIFT_DEPTH_MAX */
    size_t least; /* treated rows and untreated rows in a leaf */
    uint64_t seed;
} hx_uplift_tree_options;
#define HX_UPLIFT_DEPTH_MAX 12

typedef struct hx_uplift_trees hx_uplift_trees;
/* x (n, d) without NaN, treated and outcome (n). */
hx_status hx_uplift_trees_fit(hx_uplift_trees **out, const double *x, size_t n, size_t d,
                              const bool *treated, const bool *outcome,
                              const hx_uplift_tree_options *o, hx_error *err) HX_MUST_USE;
void hx_uplift_trees_free(hx_uplift_trees *t); /* NULL is fine */
double hx_uplift_trees_score(const hx_uplift_trees *t, const double *row);
size_t hx_uplift_trees_leaves(const hx_uplift_trees *t);

#endif
