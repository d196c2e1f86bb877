/* huaxiang/learn.h - classic learners of text, and how good predictions are.
 *
 *     texts, labels -> hx_text_learner_fit -> learner -> hx_text_learner_predict -> probabilities -> hx_evaluate -> one JSON record
 *                                               |  ^
 *                              hx_text_learner_save, _load: one file
 *
 * A learner is immutable once it is fitted or loaded, and shared by threads. The same texts, options and seed give the same bytes with any number
 * of threads. */
#ifndef HUAXIANG_LEARN_H
#define HUAXIANG_LEARN_H

#include "huaxiang/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ learners of text */
typedef enum {
    HX_TEXT_LEARNER_SVM = 0, /* TF-IDF, linear SVM (squared hinge) */
    HX_TEXT_LEARNER_LOGISTIC, /* TF-IDF, logistic regression */
    HX_TEXT_LEARNER_NB, /* counts, multinomial naive Bayes */
    HX_TEXT_LEARNER_NBSVM, /* log-count ratios of naive Bayes as weights of the features, linear SVM (Wang, Manning 2012) */
    HX_TEXT_LEARNER_MLP, /* mean of embeddings, a hidden layer */
    HX_TEXT_LEARNER_CNN, /* TextCNN: widths 2-4, greatest over time */
    HX_TEXT_LEARNER_RNN,
    HX_TEXT_LEARNER_GRU, /* both directions */
    HX_TEXT_LEARNER_LSTM,
    HX_TEXT_LEARNER_TRANSFORMER, /* a small encoder, from scratch */
    HX_TEXT_LEARNER_N
} hx_text_learner_kind;

/* "svm", "logistic", ... and back; HX_TEXT_LEARNER_N where there is none. "bert" is another name of transformer. */
HX_API const char *hx_text_learner_name(hx_text_learner_kind kind);
HX_API hx_text_learner_kind hx_text_learner_of_name(const char *name);

/* Labelled texts, borrowed. labels (n), each below n_labels; validation rows have the labels of training. */
typedef struct {
    const hx_str *texts;
    const uint32_t *labels;
    size_t n;
    const char *const *names; /* (n_labels): what the labels are called */
    size_t n_labels;
} hx_text_rows;

/* What a learner says while it learns; once an epoch (neural), or once a candidate (linear). */
typedef struct {
    size_t epoch, n_epochs; /* from 1 */
    double loss; /* mean over training rows */
    double validation_loss, validation_accuracy,
        validation_macro_f1; /* NAN without validation rows */
    double seconds_left; /* NAN where it is not known */
} hx_learn_progress;

/* All zero = defaults. */
typedef struct {
    hx_text_learner_kind kind;
    uint64_t seed;
    size_t n_threads; /* 0 = one a processor */
    size_t n_epochs; /* neural: 0 = 10; the best on validation rows is kept */
    double rate; /* neural: 0 = 0.001 */
    size_t batch; /* neural: texts a step, 0 = 32 */
    size_t width; /* neural: 0 = 128 */
    size_t max_length; /* neural: characters (Han) and words of a text, 0 = 256 */
    double
        cost; /* linear: C of liblinear; 0 = the best of 0.1 to 8 on validation rows, 1 without them */
    size_t min_count; /* features seen in fewer texts are dropped, 0 = 2 */
    void (*progress)(void *context, const hx_learn_progress *p); /* NULL = none */
    void *context;
    const volatile int *cancel;
} hx_text_learner_options;

typedef struct hx_text_learner hx_text_learner;

/* Learns from `train`; `validation` (NULL = none) chooses C or the epoch, and calibrates the probabilities. HX_EINVAL: fewer than two labels with
 * rows, a label out of range. HX_ECANCELLED: nothing is made. */
HX_API hx_status hx_text_learner_fit(hx_text_learner **out, const hx_text_rows *train,
                                     const hx_text_rows *validation,
                                     const hx_text_learner_options *options,
                                     hx_error *err) HX_MUST_USE;
HX_API void hx_text_learner_free(hx_text_learner *l); /* NULL is fine */
/* probabilities (n, n_labels), the caller's; n_threads 0 = one a processor. A text without known features gets the prior of the labels. */
HX_API hx_status hx_text_learner_predict(const hx_text_learner *l, const hx_str *texts, size_t n,
                                         size_t n_threads, float *probabilities,
                                         hx_error *err) HX_MUST_USE;
/* One file: feature schema, training summary, weights, hash over all of it. HX_EFORMAT where a file is damaged or something else. */
HX_API hx_status hx_text_learner_save(const hx_text_learner *l, const char *path,
                                      hx_error *err) HX_MUST_USE;
HX_API hx_status hx_text_learner_load(hx_text_learner **out, const char *path,
                                      hx_error *err) HX_MUST_USE;
/* Whether a file begins as a learner's does. */
HX_API bool hx_text_learner_is_file(const char *path);

HX_API hx_text_learner_kind hx_text_learner_kind_of(const hx_text_learner *l);
HX_API size_t hx_text_learner_labels(const hx_text_learner *l);
HX_API const char *hx_text_learner_label(const hx_text_learner *l, size_t i); /* NULL beyond */
/* How it was trained, as a JSON object: learner, rows, features, options, chosen cost or epoch, figures on validation. Lives as long as l. */
HX_API hx_str hx_text_learner_summary(const hx_text_learner *l);

/* ------------------------------------------------------------------ how good predictions are */
typedef struct {
    const uint32_t *labels, *predictions; /* (n), each below n_labels */
    const float *probabilities; /* (n, n_labels), rows summing to 1; NULL = only labels are known */
    const uint32_t *against; /* (n): what another model says of the same rows; NULL = none */
    size_t n, n_labels;
    const char *const *names; /* (n_labels) */
    size_t rounds; /* of the bootstrap, 0 = 1000 */
    uint64_t seed;
} hx_evaluation;

/* One JSON object: n, accuracy, precision, recall, f1 (of the second label where there are two, else weighted by support), macro_f1, micro_f1,
 * balanced_accuracy, kappa, mcc; with probabilities auc, pr_auc, log_loss, brier, ece, ece_limit (above it the probabilities are not calibrated) and
 * calibration; intervals (95 %) of accuracy and macro_f1; labels, one object a label with its figures and interval of recall; confusion (rows =
 * labels); against: accuracy of the other model, only_first, only_second, p (McNemar, exact). What is not defined is null. */
HX_API hx_status hx_evaluate(const hx_evaluation *e, hx_arena *arena, hx_str *json,
                             hx_error *err) HX_MUST_USE;
/* The temperature that makes softmax(log p / temperature) fit the labels best, in [0.05, 20]; and applying one, in place. NAN: no rows. */
HX_API double hx_temperature_of(const uint32_t *labels, const float *probabilities, size_t n,
                                size_t n_labels, hx_arena *arena);
HX_API void hx_temperature_apply(double temperature, float *probabilities, size_t n,
                                 size_t n_labels);

#ifdef __cplusplus
}
#endif
#endif
