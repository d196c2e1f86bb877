/* ease.h - item-item weights by ridge regression of each item on all the others (EASE).
 *
 * Of the interactions X (people, items) the weights B minimise |X - X B|^2 + lambda |B|^2 with a diagonal of zero. With
 * P = (X'X + lambda I)^-1 they are B_ij = -P_ij / P_jj, and 0 on the diagonal. The score of item j for a person x is the sum
 * of x_i B_ij: each item of that person's past adds one term, which is its contribution.
 * The penalty of item i is lambda (G_ii / mean G)^power with G = X'X: 0 = the same for all; above 0 well-known items, of which more is seen, lean less on
 * what they are seen with, as with dropout (Steck, Autoencoders that don't overfit towards the Identity, NeurIPS 2020).
 * Source: H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019. */
#ifndef HX_INSIGHT_EASE_H
#define HX_INSIGHT_EASE_H

#include "huaxiang/base.h"

/* Most items of a fit: X'X is dense, 8 bytes a cell. */
#define HX_EASE_MAX_ITEMS 20000

/* Interactions by person: those of person u stand at [start[u], start[u + 1]) of item and weight. Borrowed. */
typedef struct {
    size_t n_people, n_items;
    const size_t *start; /* (n_people + 1), ascending from 0 */
    const uint32_t *item; /* < n_items; an item stands at most once a person */
    const double *weight; /* finite */
} hx_interactions;

/* Writes B (n_items, n_items), row-major, of the caller. lambda > 0, finite; power in [0, 1]. HX_EINVAL where there are no items or too many, no
 * interactions, an item or a weight out of range, or a lambda that isn't positive; b is then undefined. */
hx_status hx_ease_fit(const hx_interactions *x, double lambda, double power, double *b,
                      hx_error *err) HX_MUST_USE;
/* score (n_items) of person u: the sum of x_ui times row i of B. */
void hx_ease_score(const hx_interactions *x, const double *b, size_t u, double *score);

#endif
