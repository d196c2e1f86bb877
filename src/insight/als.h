/* als.h - factors of people and items by alternating least squares over implicit feedback.
 *
 * With a confidence c_ui = 1 + alpha x_ui for what person u took up, and 1 for all else, people P and items Q minimise
 *
 *     sum c_ui (p_ui - P_u.Q_i)^2 + penalty (|P|^2 + |Q|^2),    p_ui = 1 where taken up, else 0
 *
 * by solving for all people, then for all items, in turn. Only items are kept: a person is folded in by his past alone,
 * P_u = (Q'Q + Q_u'diag(alpha x_u)Q_u + penalty I)^-1 Q_u'(1 + alpha x_u), so the score of item j is a sum of one term for each item of that past:
 * (1 + alpha x_ui) Q_j'(...)^-1 Q_i.
 * Source: Y. Hu, Y. Koren, C. Volinsky, Collaborative Filtering for Implicit Feedback Datasets, ICDM 2008. */
#ifndef HX_INSIGHT_ALS_H
#define HX_INSIGHT_ALS_H

#include "insight/ease.h"

#define HX_ALS_MAX_FACTORS 256

typedef struct {
    size_t factors, rounds; /* 1 to HX_ALS_MAX_FACTORS; 1 and more */
    double penalty, alpha; /* > 0, finite */
} hx_als_setting;

typedef struct {
    hx_als_setting setting;
    size_t n_items;
    double *items; /* (n_items, factors); owned */
    double *gram; /* (factors, factors): Q'Q + penalty I; owned */
} hx_als;

/* From factors drawn by a fixed seed: the same interactions give the same bytes. HX_EINVAL: a setting out of range, weights below 0. */
hx_status hx_als_fit(hx_als *out, const hx_interactions *x, const hx_als_setting *setting,
                     hx_error *err) HX_MUST_USE;
void hx_als_release(hx_als *a); /* zeroed is fine */

/* A person's past, folded in. */
typedef struct {
    double *factor; /* (factors, factors): Cholesky of the matrix of his past; owned */
    double *taste; /* (factors): P_u; owned */
} hx_als_person;
hx_status hx_als_fold(const hx_als *a, const hx_interactions *x, size_t u, hx_als_person *out,
                      hx_error *err) HX_MUST_USE;
void hx_als_person_release(hx_als_person *p);
/* score (n_items) */
void hx_als_score(const hx_als *a, const hx_als_person *p, double *score);
/* term (items of u's past): what each adds to the score of `item`; `room` has factors doubles. */
void hx_als_terms(const hx_als *a, const hx_interactions *x, size_t u, const hx_als_person *p,
                  size_t item, double *room, double *term);

#endif
