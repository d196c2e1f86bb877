/* model_state.h - what the states of estimators have in common: an arena that owns them, how fit and read end, scores, probabilities, weights of
 * classes, and the parameters that several models have under one name. For the families of src/learn. */
#ifndef HX_LEARN_MODEL_STATE_H
#define HX_LEARN_MODEL_STATE_H

#include "learn/estimator.h"

/* A state whose first member is `hx_arena *arena`, which owns all its vectors: `size` bytes, zeroed. NULL = out of memory. */
void *hx_state_new(size_t size);
void hx_state_release(void *state); /* the member of hx_estimator */
/* The end of fit and read: the state goes to *out where `status` is HX_OK, else back by `release`. NULL is out of memory. */
hx_status hx_state_give(void **out, void *state, void (*release)(void *), hx_status status,
                        hx_error *err) HX_MUST_USE;
hx_status hx_state_no_memory(hx_error *err);
hx_status hx_state_damaged(hx_error *err); /* HX_EFORMAT */

/* weights (d + 1), the last the intercept. */
double hx_score_of(const double *weights, const double *x, size_t d);
double hx_sigmoid_of(double z);
/* Scores (n) to probabilities in place; returns the log of the sum of their exponentials. */
double hx_softmax_of(double *scores, size_t n);
/* Weights of classes (n_classes): rows / (classes * rows of the class) where balanced, else 1. */
void hx_class_weights(const hx_problem *p, bool balanced, double *out);

/* One of hx_model_param[]. */
#define HX_PARAM_COST(LOW, HIGH)                                                                   \
    {                                                                                              \
        .name = "C", .fallback = 1, .low = 1e-10, .high = 1e10, .tune_low = (LOW),                 \
        .tune_high = (HIGH), .tune_log = true, .help = {                                           \
            "cost of errors: the smaller, the smoother",                                           \
            "误差代价：越小越平滑"                                                       \
        }                                                                                          \
    }
#define HX_PARAM_STEPS                                                                             \
    {                                                                                              \
        .name = "rounds", .kind = HX_PARAM_COUNT, .fallback = 1000, .low = 1, .high = 1e6,         \
        .help = {                                                                                  \
            "steps at most",                                                                       \
            "最多步数"                                                                         \
        }                                                                                          \
    }
#define HX_PARAM_GRADIENT(USUAL)                                                                   \
    {                                                                                              \
        .name = "tolerance", .fallback = (USUAL), .high = 1, .help = {                             \
            "done where no gradient a row is above it",                                            \
            "每行梯度都不超过它时停止"                                                 \
        }                                                                                          \
    }
#define HX_PARAM_BALANCED                                                                          \
    {                                                                                              \
        .name = "balanced", .kind = HX_PARAM_SWITCH, .high = 1, .help = {                          \
            "classes weigh the same, whatever their number of rows",                               \
            "各类别权重相同，与行数无关"                                              \
        }                                                                                          \
    }

#endif
