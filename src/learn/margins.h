/* margins.h - machines that tell one class from the rest by a signed margin, and probabilities of their margins. For the SVMs of src/learn.
 *
 * Two classes have one machine (the second class is positive), more have one each. Probabilities are Platt's, P = 1 / (1 + exp(a margin + b)), of
 * margins that rows got from machines which did not see them (5 folds); of more than two classes they are divided by their sum. */
#ifndef HX_LEARN_MARGINS_H
#define HX_LEARN_MARGINS_H

#include "learn/estimator.h"

typedef struct {
    /* Margins (n_ask, n_machines) of the rows of `ask` by machines that learn from `train`. */
    hx_status (*margins)(void *context, const hx_problem *train, const hx_problem *ask, double *out,
                         hx_error *err);
    void *context;
} hx_margin_machine;

size_t hx_machines_of(size_t n_classes); /* 1, or as many as classes */
/* a, b of each machine: platt (n_machines, 2). */
hx_status hx_platt_by_folds(const hx_problem *p, const hx_margin_machine *m, uint64_t seed,
                            double *platt, hx_error *err) HX_MUST_USE;
/* a and b of margins whose rows are positive or not, by Newton's method on the likelihood of smoothed targets (Lin, Lin, Weng 2007). weights may be
 * NULL. */
void hx_platt_fit(const double *margins, size_t stride, const bool *positive, const double *weights,
                  size_t n, double *a, double *b);
/* margins (n_machines) to probabilities (n_classes). */
void hx_platt_apply(const double *platt, const double *margins, size_t n_classes, double *out);

#endif
