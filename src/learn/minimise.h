/* minimise.h - the least value of a smooth function: limited-memory BFGS with a line search to the strong Wolfe conditions. For src/learn.
 *
 * Liu, Nocedal 1989; Nocedal, Wright, Numerical Optimization, algorithms 3.5, 3.6 and 7.5. Serial, and the same steps for the same function. */
#ifndef HX_LEARN_MINIMISE_H
#define HX_LEARN_MINIMISE_H

#include "huaxiang/base.h"

/* The value at x (n); gradient (n) overwritten. May give INFINITY where it is not defined. */
typedef double hx_objective_fn(void *context, const double *x, double *gradient);

typedef struct {
    size_t n;
    size_t rounds; /* at most, 0 = 1000 */
    double tolerance; /* done where the greatest component of the gradient is below it */
    const volatile int *cancel;
} hx_minimise_options;

/* x (n): start in, least point out; *value there, *rounds taken (both may be NULL). Ends, too, where no step makes it smaller any more. */
hx_status hx_minimise(hx_objective_fn *f, void *context, const hx_minimise_options *o, double *x,
                      double *value, size_t *rounds, hx_error *err) HX_MUST_USE;

#endif
