/* members.h - models with weights as one model: what a search chose. For src/learn.
 *
 *     tune.c: settings that went through all folds, what they said of rows out of fold -> hx_members_choose: how often each is in
 *     hx_learner_fit_members (learner.h) -> the estimator "ensemble" of members.c -> one learner, one file */
#ifndef HX_LEARN_MEMBERS_H
#define HX_LEARN_MEMBERS_H

#include "learn/cross_validate.h"

#define HX_MEMBERS_MAX 16

struct hx_member {
    const hx_estimator *estimator;
    const double *params; /* (estimator->kind.n_params) */
    double weight; /* of all members they sum to 1 */
};

/* said: of each candidate (rows, n_classes) probabilities or (rows) numbers, out of fold. counts (n) gets how often each is in: at least one is. found
 * (n_folds): the usual figure of their mean. The same for any number of threads. HX_EINVAL: no candidate has a figure. */
hx_status hx_members_choose(const hx_folds *f, const double *const *said, size_t n,
                            size_t n_threads, uint32_t *counts, double *found,
                            hx_error *err) HX_MUST_USE;

#endif
