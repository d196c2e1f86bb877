/* linear.h - linear classifiers on sparse rows. For src/learn only.
 *
 * A problem is one label against the rest: targets +1 and -1, weights for the columns and one for a constant 1 behind them (the intercept, which is
 * held down like the others, as liblinear has it). Serial, and random in the order of rows alone, which comes from the seed. */
#ifndef HX_LEARN_LINEAR_H
#define HX_LEARN_LINEAR_H

#include "learn/text_features.h"

typedef enum {
    HX_LINEAR_SVM = 0, /* min w.w / 2 + C sum max(0, 1 - y w.x)^2 */
    HX_LINEAR_LOGISTIC /* min w.w / 2 + C sum log(1 + exp(-y w.x)) */
} hx_linear_loss;

typedef struct {
    hx_linear_loss loss;
    double cost; /* C > 0 */
    double
        tolerance; /* greatest violation of the optimum's conditions; 0 = 0.1, as liblinear has it */
    size_t max_passes; /* over the rows; 0 = 1000 */
    uint64_t seed;
    const volatile int *cancel;
    const float
        *weights; /* (rows) by which C is multiplied; a row of 0 is not there; NULL = all 1 */
} hx_linear_options;

/* w (n_columns + 1) overwritten. scale (n_columns): values of a column are multiplied by it, NULL = 1; the weights are for the scaled values.
 * HX_ECANCELLED: w is not finished. */
hx_status hx_linear_fit(const hx_csr *x, const int8_t *targets, const float *scale,
                        const hx_linear_options *options, double *w, hx_error *err) HX_MUST_USE;

/* Multinomial naive Bayes with one added to every count: w (n_columns + 1, n_classes), the last row log of the priors. */
hx_status hx_bayes_fit(const hx_csr *x, const uint32_t *labels, size_t n_classes, float *w,
                       hx_error *err) HX_MUST_USE;
/* Log of the ratio of a column's share among rows of `label` and its share among the others, each row counting once, one added: (n_columns). */
hx_status hx_count_ratios(const hx_csr *x, const uint32_t *labels, uint32_t label, float *ratios,
                          hx_error *err) HX_MUST_USE;

#endif
