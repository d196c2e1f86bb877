/* conjugate.h - least squares of many features, with or without a penalty of squares, by conjugate gradients. For src/learn. */
#ifndef HX_LEARN_CONJUGATE_H
#define HX_LEARN_CONJUGATE_H

#include "learn/problem.h"

#define HX_CLOSED_MAX 1e10 /* products of the closed form: some ten seconds */

/* Whether the closed form of the problem would take more than that. */
bool hx_closed_is_long(const hx_problem *p);

/* w (d) that minimises sum weight_i (y_i - mean_y - w.(x_i - means))^2 + alpha |w|^2; *residual is the first sum there, *rounds how many were taken. */
hx_status hx_conjugate(const hx_problem *p, const double *means, double mean_y, double alpha,
                       const volatile int *cancel, double *w, double *residual, size_t *rounds,
                       hx_error *err) HX_MUST_USE;

#endif
