/* smo.h - the dual problem of kernel machines by sequential minimal optimisation. For src/learn.
 *
 *     min over a:  a'Qa / 2 + p'a,   0 <= a_i <= cost_i,   y'a = 0,   Q_ij = y_i y_j K(row_i, row_j)
 *
 * The pair that moves is the most violating variable and the one that promises the greatest gain by its second derivative (Fan, Chen, Lin 2005), as
 * in libsvm. Rows of K are reckoned when they are wanted and kept as far as `cache` goes. Serial, without chance. */
#ifndef HX_LEARN_SMO_H
#define HX_LEARN_SMO_H

#include "huaxiang/base.h"

typedef enum { HX_KERNEL_RBF = 0, HX_KERNEL_POLY, HX_KERNEL_LINEAR } hx_kernel_kind;
typedef struct {
    hx_kernel_kind kind;
    double gamma, coef0; /* exp(-gamma |a - b|^2); (gamma a.b + coef0)^degree; a.b */
    unsigned degree;
} hx_kernel;
double hx_kernel_value(const hx_kernel *k, const double *a, const double *b, size_t d);

/* Rows of K of a table, shared by the problems over it. */
typedef struct hx_kernel_rows hx_kernel_rows;
/* x (n, d) is borrowed. */
hx_status hx_kernel_rows_new(hx_kernel_rows **out, const hx_kernel *k, const double *x, size_t n,
                             size_t d, size_t cache, hx_error *err) HX_MUST_USE;
void hx_kernel_rows_free(hx_kernel_rows *r);

typedef struct {
    size_t n; /* variables */
    const size_t *rows; /* (n): of K */
    const double *p, *cost; /* (n) */
    const signed char *y; /* (n): 1 or -1 */
    double tolerance; /* of the optimum's conditions */
    const volatile int *cancel;
} hx_smo;
/* a (n) overwritten; *rho: decision = sum a_i y_i K(row_i, x) - rho. */
hx_status hx_smo_solve(const hx_smo *s, hx_kernel_rows *k, double *a, double *rho,
                       hx_error *err) HX_MUST_USE;

#endif
