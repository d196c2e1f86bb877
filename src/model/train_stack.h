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

/* validation (n_validation, n_labels): each by weights that did not see its text; test (n_test, n_labels): by those of all of validation. */
hx_status hx_train_stack(const hx_stack *s, hx_arena *arena, float *validation, float *test,
                         hx_error *err) HX_MUST_USE;

#endif
