/* split.h - which rows are for training and which for testing: folds, shares, groups, time. For src/learn and above.
 *
 * Rows are put in an order drawn from the seed, then dealt; the same rows, options and seed give the same folds. */
#ifndef HX_LEARN_SPLIT_H
#define HX_LEARN_SPLIT_H

#include "huaxiang/base.h"

typedef struct {
    const uint32_t *
        strata; /* (n): rows of a stratum are spread evenly, folds differ by one row of each at most; NULL */
    const uint32_t *
        groups; /* (n): rows of a group stay together, the largest group first into the fold with fewest rows; NULL */
    const double *
        times; /* (n): fold k holds the rows after those of fold k - 1, ties by row; NULL. With neither of the others */
    uint64_t seed;
} hx_fold_options;

/* Deals n rows into n_folds >= 2: folds (n) gets numbers below n_folds. HX_EINVAL: fewer rows, groups or times than folds, or options that
 * exclude each other. */
hx_status hx_split_folds(size_t n, size_t n_folds, const hx_fold_options *o, uint32_t *folds,
                         hx_error *err) HX_MUST_USE;

/* Parts by shares that sum to 1 (n_shares of them, each > 0): parts (n) gets numbers below n_shares. As folds, but of these sizes; of strata each
 * part gets its share of each, rounded. */
hx_status hx_split_shares(size_t n, const double *shares, size_t n_shares, const hx_fold_options *o,
                          uint32_t *parts, hx_error *err) HX_MUST_USE;

/* Rows to train and to test on for a fold: rows of the fold are tested; all others train, of times only those before. Returns how many of each;
 * train, test have room for n. */
void hx_split_rows(const uint32_t *folds, size_t n, uint32_t fold, bool by_time, size_t *train,
                   size_t *n_train, size_t *test, size_t *n_test);

#endif
