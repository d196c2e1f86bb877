/* text_learner.h - what is inside a learner of texts. For src/learn only; the functions are in huaxiang/learn.h. */
#ifndef HX_LEARN_TEXT_LEARNER_H
#define HX_LEARN_TEXT_LEARNER_H

#include "base/json.h"
#include "huaxiang/learn.h"
#include "learn/linear.h"
#include "learn/text_net.h"

struct hx_text_learner {
    hx_text_learner_kind kind;
    hx_arena *arena; /* labels and summary */
    const char **labels; /* (n_labels) */
    size_t n_labels;
    float *prior; /* (n_labels): shares in training; owned, as what follows */
    double temperature; /* logits are divided by it */
    hx_str summary;
    hx_features features; /* linear kinds */
    float *weights; /* (features.n + 1, n_outputs): a row a feature, the last for the constant */
    size_t
        n_outputs; /* 1 for two labels of svm, logistic, nbsvm: the second against the first; else n_labels */
    hx_text_net *net; /* neural kinds */
};

/* What one training makes known, for the summary. */
typedef struct {
    size_t n_train, n_validation, n_features;
    double cost; /* linear */
    size_t epoch; /* neural: the one that was kept */
    double loss, accuracy, macro_f1; /* on validation rows, NAN without */
} hx_learn_outcome;

static inline bool hx_text_learner_is_neural(hx_text_learner_kind kind) {
    return kind >= HX_TEXT_LEARNER_MLP && kind < HX_TEXT_LEARNER_N;
}

/* The outputs of a row to logits of all labels, in place; `row` (n_labels). */
void hx_learn_spread(const hx_text_learner *l, float *row);
void hx_learn_softmax(float *row, size_t n, double temperature);
/* Log loss, accuracy and macro F1 of logits (n, n_labels) at a temperature. */
hx_status hx_learn_judge(const float *logits, const uint32_t *labels, size_t n, size_t n_labels,
                         double temperature, hx_learn_outcome *out, hx_error *err) HX_MUST_USE;

/* Fits features and weights, chooses the cost, sets the temperature. */
hx_status hx_text_linear_fit(hx_text_learner *l, const hx_text_rows *train,
                             const hx_text_rows *validation, const hx_text_learner_options *options,
                             hx_learn_outcome *outcome, hx_error *err) HX_MUST_USE;
/* Logits (n, n_labels) of rows. */
void hx_text_linear_logits(const hx_text_learner *l, const hx_csr *x, size_t n_threads,
                           float *logits);

#endif
