/* train_stack.h - probabilities of several learners put together by weights learnt on validation. For src/model. */
#ifndef HX_MODEL_TRAIN_STACK_H
#define HX_MODEL_TRAIN_STACK_H

#include "huaxiang/base.h"

typedef struct {
    const float *const *validation; /* (n_models) of (n_validation, n_labels) probabilities */
    const float *const *test; /* (n_models) of (n_test, n_labels) */
    const uint32_t *labels; /* (n_validation), below n_labels */
    size_t n_models, n_validation, n_test, n_labels;
} hx_stack;

/* validation (n_validation, n_labels): each by weights that did not see its text; test (n_test, n_labels): by those of all of validation, which
 * *weights is set to: (n_models), then a bias a label; in the arena. */
hx_status hx_train_stack(const hx_stack *s, hx_arena *arena, float *validation, float *test,
                         const double **weights, hx_error *err) HX_MUST_USE;
/* Text i of (n, n_labels) probabilities of each model, put together by such weights: row (n_labels). */
void hx_stack_row(const float *const *models, size_t n_models, size_t n_labels, size_t i,
                  const double *weights, double *row);

#endif
