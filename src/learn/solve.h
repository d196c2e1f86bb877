/* solve.h - small dense linear algebra in double precision: least squares, Cholesky, symmetric eigenvalues. For src/learn. Row-major. */
#ifndef HX_LEARN_SOLVE_H
#define HX_LEARN_SOLVE_H

#include "huaxiang/base.h"

/* The sum of a_i b_i: four sums side by side, in the same order whatever the machine. */
double hx_dot(const double *a, const double *b, size_t n);

/* Least squares by Householder reflections, rows coming in blocks: after any number of rows R (d + m, d + m) is the triangle of [X y], so that X'X = R'R.
 * n < d is fine. (Golub, Van Loan, Matrix Computations, 5.2; blocks as in TSQR.) */
typedef struct {
    size_t columns; /* d + m */
    double *r; /* (columns, columns), upper; owned */
    double *room; /* rows that wait, and one more; owned */
    size_t filled; /* rows that wait */
    const volatile int *cancel;
} hx_triangle;
/* cancel (NULL = never): where it is raised work ends soon, and finish and what follows it tell. */
hx_status hx_triangle_init(hx_triangle *t, size_t columns, const volatile int *cancel,
                           hx_error *err) HX_MUST_USE;
void hx_triangle_release(hx_triangle *t);
/* One row of [x y], weight > 0 already multiplied in (by its root). */
void hx_triangle_add(hx_triangle *t, const double *row);
hx_status hx_triangle_finish(hx_triangle *t,
                             hx_error *err) HX_MUST_USE; /* what waits is worked in */

/* The shortest w (d) that minimises |X w - y|, of a finished triangle whose last column is y; columns whose part that the others don't tell is shorter
 * than `cut` times the longest column count as told by them (0 = the precision of doubles times d). rank, residual (sum of squares), root may be NULL:
 * root (d, d), vectors of length d as rows, (X'X)^+ = the sum of their outer products. */
hx_status hx_least_squares(const hx_triangle *t, double cut, double *w, size_t *rank,
                           double *residual, double *root, hx_error *err) HX_MUST_USE;

/* A = L L' in place (lower triangle of a (n, n)); false where A is not positive definite. Then A x = b in place of b. */
bool hx_cholesky(double *a, size_t n);
void hx_cholesky_solve(const double *l, size_t n, double *b);
/* The inverse of A from its Cholesky factor, in place, symmetric. */
void hx_cholesky_invert(double *l, size_t n);

/* Singular values of a (n, d), n >= d, by one-sided Jacobi rotations: a becomes U diag(s), v (d, d) the right vectors as columns, s (d) in descending
 * order. (Demmel, Veselic 1992: small values come out to high relative precision.) */
hx_status hx_singular(double *a, size_t n, size_t d, double *s, double *v,
                      const volatile int *cancel, hx_error *err) HX_MUST_USE;

#endif
