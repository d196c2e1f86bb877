/* chained.h - missing values by regressions of each column on all others, round after round. */
#ifndef HX_FRAME_CHAINED_H
#define HX_FRAME_CHAINED_H

#include "huaxiang/base.h"

#define HX_CHAINED_COLUMNS_MAX 512

/* What a chain has learnt: it is replayed on other rows model by model. */
typedef struct {
    size_t d, rounds;
    double *means; /* [d] */
    double *order; /* [d] whole numbers: columns, the one with the fewest missing first */
    double *
        models; /* (rounds, d, d + 1): the c-th model of a round is of column order[c]; a weight a column (0 of its own), then the constant */
} hx_chained;

/* x (n, d): NaN = missing, each column with a value at least, d >= 2. Ends where no row changes by `tolerance` times the greatest absolute
 * value that was there (sum over its columns), or after `rounds`. Results in the arena. */
hx_status hx_chained_fit(hx_chained *m, const double *x, size_t n, size_t d, size_t rounds,
                         double tolerance, const volatile int *cancel, hx_arena *arena,
                         hx_error *err) HX_MUST_USE;
/* Fills the NaNs of a row (d); room: d doubles. */
void hx_chained_fill(const hx_chained *m, double *row, double *room);

/* Bayesian ridge (MacKay 1992) of the standard matrix of sums: gram (d, d) = X'X, moment (d) = X'y, square = y'y, all centred, n rows.
 * w (d) out; room: 2 d d + 4 d doubles. */
void hx_bayesian_ridge(const double *gram, const double *moment, double square, size_t n, size_t d,
                       double *w, double *room);

#endif
