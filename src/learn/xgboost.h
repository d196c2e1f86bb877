/* xgboost.h - the library XGBoost, found when it is needed: trains and gives the model as its own JSON. For boosting.c.
 *
 * Loaded by name at the first training (libxgboost.so.0, from 1.6 on), so that nothing else pays for it or needs it; models that were trained are
 * trees of ours and are read without it. */
#ifndef HX_LEARN_XGBOOST_H
#define HX_LEARN_XGBOOST_H

#include "learn/estimator.h"

typedef struct {
    const char *name;
    char value[40];
} hx_xgboost_param;

typedef struct {
    const hx_xgboost_param *params; /* (n_params) as XGBoost knows them */
    size_t n_params;
    size_t rounds;
    size_t
        patience; /* rounds without a better figure on validation rows before it stops; 0 = never */
    const float *weights; /* (n) of training rows; NULL */
    const hx_fit_options *o; /* progress, cancel */
} hx_xgboost_options;

typedef struct {
    hx_buf json; /* the model; released by the caller */
    size_t rounds; /* those to keep */
    double *losses,
        *validation; /* (rounds_done): the figure of each round; validation NULL without such rows; owned by the caller */
    size_t rounds_done;
} hx_xgboost_model;

/* HX_EUNSUPPORTED with a sentence what to install where the library is absent. */
hx_status hx_xgboost_train(hx_xgboost_model *out, const hx_problem *train,
                           const hx_problem *validation, const hx_xgboost_options *options,
                           hx_error *err) HX_MUST_USE;
void hx_xgboost_release(hx_xgboost_model *m);

#endif
