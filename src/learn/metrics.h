/* metrics.h - how good predictions are, as scikit-learn defines it. For every module above.
 *
 * All functions take labels first, predictions second. Where a figure is not defined (no positive, one class only, no row) it is NAN, never 0;
 * in an average over classes an undefined member counts 0, as scikit-learn has it. Sums are in ascending order of the rows. Scores and
 * probabilities that are NaN are refused: HX_EINVAL, or NAN from functions that return a number (as where memory ran out). */
#ifndef HX_LEARN_METRICS_H
#define HX_LEARN_METRICS_H

#include "huaxiang/base.h"

/* Of one class, and averages. */
typedef struct {
    uint64_t support, predicted, hit;
    double precision, recall, f1;
} hx_class_metrics;

typedef struct {
    size_t n, n_classes;
    uint64_t *confusion; /* (n_classes, n_classes): row = label, column = prediction; arena */
    hx_class_metrics *classes; /* (n_classes); arena */
    double accuracy, balanced_accuracy, kappa, mcc;
    double macro_precision, macro_recall,
        macro_f1; /* over classes that occur in labels or predictions */
    double micro_precision, micro_recall, micro_f1;
    double weighted_precision, weighted_recall, weighted_f1;
    /* from probabilities, NAN without them. log_loss clips to [FLT_EPSILON, 1 - FLT_EPSILON]; brier of two classes is that of class 1, of more the
     * sum over classes; auc and pr_auc of two classes are those of class 1 */
    double log_loss, brier, ece, auc,
        pr_auc; /* several classes: auc one against the rest, macro; ece of the top label, 10 equal-mass bins */
} hx_classification;

/* labels, predictions (n), each < n_classes; probabilities (n, n_classes) rows summing to 1, or NULL. */
hx_status hx_classification_of(const uint32_t *labels, const uint32_t *predictions,
                               const float *probabilities, size_t n, size_t n_classes,
                               hx_arena *arena, hx_classification *out, hx_error *err) HX_MUST_USE;

/* Labels of any number a text: decisions at p >= `threshold`; labels and probabilities (n, n_labels), a label is set where > 0.5. macro_f1 is
 * over labels that occur or are predicted; a text with no label and none predicted counts 1 in sample_f1. */
typedef struct {
    double micro_f1, macro_f1, sample_f1, exact, hamming, macro_auc, micro_auc;
} hx_multilabel;
hx_status hx_multilabel_of(const float *labels, const float *probabilities, size_t n,
                           size_t n_labels, float threshold, hx_arena *arena, hx_multilabel *out,
                           hx_error *err) HX_MUST_USE;

/* r2 needs two different values; mape no value 0. */
typedef struct {
    double rmse, mae, r2, median_error, max_error, mape;
} hx_regression;
hx_status hx_regression_of(const double *values, const double *predictions, size_t n,
                           hx_regression *out, hx_error *err) HX_MUST_USE;

/* Of one class against the rest: labels are 0 or 1, higher scores speak for 1. */
double hx_auc(const uint8_t *labels, const double *scores, size_t n,
              hx_arena *arena); /* ties count half */
double hx_average_precision(const uint8_t *labels, const double *scores, size_t n, hx_arena *arena);
double hx_ks(const uint8_t *labels, const double *scores, size_t n,
             hx_arena *arena); /* greatest distance of the two distributions */

/* Equal-mass calibration bins of the top probability; and the 95th percentile of the ECE that a perfectly calibrated model with these
 * probabilities would show (bootstrap from its own probabilities). */
typedef struct {
    double confidence, accuracy;
    size_t n;
} hx_calibration_bin;
size_t hx_calibration_bins(const uint32_t *labels, const float *probabilities, size_t n,
                           size_t n_classes, size_t n_bins, hx_arena *arena,
                           hx_calibration_bin *bins, double *ece);
double hx_ece_limit(const float *probabilities, size_t n, size_t n_classes, size_t n_bins,
                    size_t rounds, uint64_t seed, hx_arena *arena);

/* Percentile bootstrap (linear interpolation between order statistics; round r draws from (seed, r)) of accuracy, macro F1 or any `figure` over rows. */
typedef double hx_figure_fn(const uint32_t *labels, const uint32_t *predictions, size_t n,
                            size_t n_classes, void *context);
typedef struct {
    double low, high;
} hx_metric_interval;
hx_status hx_bootstrap(const uint32_t *labels, const uint32_t *predictions, size_t n,
                       size_t n_classes, hx_figure_fn *figure, void *context, size_t rounds,
                       double level, uint64_t seed, hx_metric_interval *out,
                       hx_error *err) HX_MUST_USE;
double hx_figure_accuracy(const uint32_t *labels, const uint32_t *predictions, size_t n,
                          size_t n_classes, void *context);
/* context: room for 3 * n_classes uint64_t. */
double hx_figure_macro_f1(const uint32_t *labels, const uint32_t *predictions, size_t n,
                          size_t n_classes, void *context);

/* McNemar's exact test of two models on the same rows: b = only the first is right, c = only the second; p two-sided. */
typedef struct {
    uint64_t b, c;
    double p;
} hx_mcnemar;
hx_mcnemar hx_mcnemar_of(const uint32_t *labels, const uint32_t *first, const uint32_t *second,
                         size_t n);

/* The temperature that minimises the log loss of softmax(logits / temperature) on these rows, [0.05, 20]. */
double hx_temperature_fit(const float *logits, const uint32_t *labels, size_t n, size_t n_classes);

/* Segmentation, tags and entities: spans [start, end) with a label; micro precision, recall, F1 by exact match. */
typedef struct {
    uint32_t text, start, end, label;
} hx_labelled_span;
typedef struct {
    double precision, recall, f1;
    uint64_t n_gold, n_found, n_right;
} hx_span_metrics;
hx_status hx_spans_of(const hx_labelled_span *gold, size_t n_gold, const hx_labelled_span *found,
                      size_t n_found, hx_arena *arena, hx_span_metrics *out,
                      hx_error *err) HX_MUST_USE;

#endif
