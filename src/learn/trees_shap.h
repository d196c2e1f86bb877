/* trees_shap.h - one tree as its Shapley values are summed: edges in the order of a walk, factors at points of a quadrature. For
 * src/learn/trees_shap*.c only.
 *
 * A path to a leaf meets D features; feature i lets the row through (one = 1) or not (one = 0) and a share `zero` of the training rows. The Shapley
 * value of i is (Shapley 1953, by sizes of coalitions; Owen 1972, by the integral)
 *
 *     value * (one_i - zero_i) * integral over p in [0, 1] of the product over j != i of (p one_j + (1 - p) zero_j)
 *
 * a polynomial of degree D - 1, for which ceil(D / 2) points of Gauss and Legendre are exact. All factors are positive: nothing cancels. On the way
 * down a product is kept a point; on the way up values times products are gathered, and every edge gives its feature what lies below it. A feature that
 * splits again below takes its share of there back. Cost: edges x points, instead of leaves x depth^2. */
#ifndef HX_LEARN_TREES_SHAP_H
#define HX_LEARN_TREES_SHAP_H

#include "learn/trees.h"

#define HX_SHAP_LANES 8 /* rows that are walked together */

/* Which factor of an edge: `q / q before` and `(one - zero) / q - the same before`; before = the nearest edge above of the same feature. */
enum { HX_SHAP_OPEN, HX_SHAP_SHUT, HX_SHAP_GIVE_OPEN, HX_SHAP_GIVE_SHUT, HX_SHAP_FACTORS };

typedef struct {
    uint32_t feature; /* of the split it leaves */
    uint16_t level; /* from 1 */
    uint16_t before; /* level of the edge before, 0 = none */
    uint16_t closes; /* of a leaf: levels above it whose edges end with it */
    bool leaf, right;
    bool takes_missing;
    double threshold;
    double value; /* of a leaf */
    double
        was_shut; /* zero / zero before: the product's factor where the edge before lets nothing through */
} hx_shap_edge;

typedef struct {
    size_t n_edges, n_points, n_levels; /* levels of edges */
    hx_shap_edge *edges; /* (n_edges) in preorder */
    double *factors; /* (n_edges, HX_SHAP_FACTORS, n_points) */
    const double *weights; /* (n_points) of the quadrature */
} hx_shap_tree;

/* Scratch of one thread. */
typedef struct {
    double *products, *gathered; /* (n_levels + 1, n_points, HX_SHAP_LANES) */
    unsigned char *masks; /* (n_levels + 1, 64) which rows the edge of a level lets through */
    uint32_t *path; /* (n_levels + 1) the edge of each level */
} hx_shap_room;

/* Adds what a tree gives: x, phi (n_features, HX_SHAP_LANES). The same bits on every processor. */
typedef void hx_shap_walk(const hx_shap_tree *t, const hx_shap_room *r, const double *x,
                          double *phi);
hx_shap_walk hx_shap_walk_base, hx_shap_walk_avx2, hx_shap_walk_avx512;
hx_shap_walk *hx_shap_walk_choose(void);
/* hx_trees_shap() by one of them. */
hx_status hx_trees_shap_by(hx_shap_walk *walk, const hx_trees *t, const double *x, size_t n,
                           size_t output, size_t n_threads, double *out, hx_error *err) HX_MUST_USE;

#endif
