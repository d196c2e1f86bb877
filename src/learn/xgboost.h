/* xgboost.h - the library XGBoost, found when it is needed: trains and gives the model as its own JSON; and models in that JSON. For boosting.c, import.c.
 *
 * Loaded by name at the first training (libxgboost.so.0, from 1.6 on), so that nothing else pays for it or needs it; models that were trained are
 * trees of ours and are read without it. */
#ifndef HX_LEARN_XGBOOST_H
#define HX_LEARN_XGBOOST_H

#include "learn/estimator.h"
#include "learn/trees.h"

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

/* A model in XGBoost's JSON; borrowed from it. */
typedef struct {
    size_t n_features, rounds;
    size_t n_classes; /* 0 = a number is predicted */
    const json_t *names; /* of features; an array that may be empty, or NULL */
} hx_xgboost_shape;
/* HX_EFORMAT: not such a file; HX_EUNSUPPORTED: another booster or objective. */
hx_status hx_xgboost_shape_of(const json_t *json, hx_xgboost_shape *out, hx_error *err) HX_MUST_USE;
/* Adds the first rounds' trees to `t`, which is initialised: n_features, outputs that take turns (1 for two classes). */
hx_status hx_xgboost_trees(hx_trees *t, const json_t *json, size_t n_classes, size_t rounds,
                           hx_error *err) HX_MUST_USE;
/* A state of boosting from a whole model. (boosting.c) */
hx_status hx_boosting_from(void **state, const json_t *json, const hx_xgboost_shape *shape,
                           hx_error *err) HX_MUST_USE;

#endif
