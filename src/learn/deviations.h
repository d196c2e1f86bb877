/* deviations.h - rows of a problem as what differs from each column's usual value: x = usual + deviation.
 *
 * Scaled columns of zeros and ones have no zeros, yet nearly always the same value: of thousands of features a row then keeps some dozens. Scores and
 * sums of rows cost what deviates:
 *
 *     w.x_i = w.usual + sum of w_j deviation_ij          sum of c_i x_i = usual * sum of c_i + sum of c_i deviation_i
 *
 * A column's usual value is what Boyer and Moore's vote (1991) leaves: the most common one wherever it has more than half of the rows. */
#ifndef HX_LEARN_DEVIATIONS_H
#define HX_LEARN_DEVIATIONS_H

#include "learn/problem.h"

typedef struct {
    size_t n, d;
    double *usual; /* (d); owned, as all below */
    size_t *starts; /* (n + 1) of a row's deviations */
    uint32_t *columns; /* ascending within a row */
    double *values;
} hx_deviations;

/* Of p's rows; p is not kept. HX_ENOMEM. */
hx_status hx_deviations_of(hx_deviations *out, const hx_problem *p, hx_error *err) HX_MUST_USE;
void hx_deviations_release(hx_deviations *v);
/* weights (d + 1), the last the intercept: the score of a row without deviations, and of row i of which that is `usual`. */
double hx_deviations_base(const hx_deviations *v, const double *weights);
double hx_deviations_score(const hx_deviations *v, size_t i, double usual, const double *weights);
/* gradient (d + 1) += by * (row i, 1), without the part of the usual values, which `sum`, the sum of all `by`, adds in the end. */
void hx_deviations_add(const hx_deviations *v, size_t i, double by, double *gradient);
void hx_deviations_finish(const hx_deviations *v, double sum, double *gradient);

#endif
