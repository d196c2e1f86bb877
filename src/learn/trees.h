/* trees.h - decision trees in flat arrays: what trees, forests, boosting and isolation forests leave behind, what predicts and explains. For src/learn.
 *
 *     node i: a leaf where feature[i] == HX_LEAF, else x[feature] < threshold goes to left[i], x >= threshold to left[i] + 1, NaN where missing_left
 *     says. Children stand behind their parent, so that a walk ends whatever a file says.
 *
 * Trees of a model add up: output o of a row is base[o] + the sum of values of the leaves it falls into (boosting: tree t adds to output
 * t % n_outputs alone, with one value a leaf; forests: n_outputs values a leaf, already divided by the number of trees). */
#ifndef HX_LEARN_TREES_H
#define HX_LEARN_TREES_H

#include "base/json.h"

#define HX_LEAF UINT32_MAX

typedef struct {
    size_t n_trees, n_nodes, room; /* nodes of all trees together; places there are for them */
    uint32_t
        *roots; /* (n_trees + 1): first node of a tree; its nodes end where the next one's begin */
    uint32_t *feature, *left; /* (n_nodes) */
    double *threshold;
    uint8_t *missing_left;
    double *cover; /* weight of the training rows that came here */
    double *gain; /* by how much the split made the loss smaller; 0 of leaves */
    double *values; /* (n_nodes, width); of inner nodes too where the grower knows them, else 0 */
    size_t width; /* n_outputs, or 1 where trees take turns */
    size_t n_outputs, n_features;
    bool turns; /* tree t adds to output t % n_outputs alone */
    double *base; /* (n_outputs) */
} hx_trees;

hx_status hx_trees_init(hx_trees *t, size_t n_features, size_t n_outputs, bool turns,
                        hx_error *err) HX_MUST_USE;
void hx_trees_release(hx_trees *t);
/* A new leaf behind all others, zeroed; HX_LEAF = out of memory. */
uint32_t hx_trees_add_node(hx_trees *t);
/* Says that the nodes since the last call are one tree. */
hx_status hx_trees_end_tree(hx_trees *t, hx_error *err) HX_MUST_USE;
/* All trees of `from` behind those of `to`, which has the same shape. */
hx_status hx_trees_append(hx_trees *to, const hx_trees *from, hx_error *err) HX_MUST_USE;

/* The leaf of a row in one tree. */
uint32_t hx_trees_leaf(const hx_trees *t, size_t tree, const double *x);
/* x (n, n_features), out (n, n_outputs). The same bits for any number of threads. */
hx_status hx_trees_sum(const hx_trees *t, const double *x, size_t n, size_t n_threads, double *out,
                       hx_error *err) HX_MUST_USE;
/* Gains by feature, each tree's summing to 1 before the mean over trees, then summing to 1: (n_features). */
void hx_trees_importance(const hx_trees *t, double *out);

void hx_trees_write(const hx_trees *t, hx_json_writer *w); /* one object */
/* Members of hx_estimator for states whose first member is an hx_trees. */
void hx_trees_state_importance(const void *state, double *out);
void hx_trees_state_write(const void *state, hx_json_writer *w);
hx_status hx_trees_no_memory(hx_error *err);
/* Checked: children in place, features below n_features, finite numbers. `t` is initialised. */
hx_status hx_trees_read(hx_trees *t, const json_t *json, hx_error *err) HX_MUST_USE;

/* Shapley values of one output by the paths of the trees (Lundberg, Erion, Lee 2018, algorithm 2): out (n, n_features + 1), the last the expected
 * value; a row sums to its output. cover must be set. */
hx_status hx_trees_shap(const hx_trees *t, const double *x, size_t n, size_t output,
                        size_t n_threads, double *out, hx_error *err) HX_MUST_USE;

#endif
