/* classification.c - figures of one label a row, as scikit-learn defines them.
 *
 *     precision = hit / predicted    recall = hit / support    F1 = 2 hit / (support + predicted)
 *     kappa = (accuracy - chance) / (1 - chance),    chance = sum over classes of support predicted / n^2
 *     MCC   = (n hits - sum of support predicted) / sqrt(n^2 - sum predicted^2) / sqrt(n^2 - sum support^2)
 *
 * macro: mean over the classes that occur in labels or predictions; weighted: by support; micro: over all rows. All counts are integers, the figures
 * are made of them at the end. */
#include <float.h>
#include <math.h>

#include "base/error.h"
#include "learn/metrics.h"

#define ECE_BINS 10

static hx_status check(const uint32_t *labels, const uint32_t *predictions,
                       const float *probabilities, size_t n, size_t n_classes, hx_error *err) {
    for (size_t i = 0; i < n; i++)
        if (labels[i] >= n_classes || predictions[i] >= n_classes)
            return hx_fail(
                err, HX_EINVAL,
                "row %zu: label %u or prediction %u is not below the number of classes, %zu", i + 1,
                labels[i], predictions[i], n_classes);
    for (size_t i = 0; probabilities && i < n * n_classes; i++)
        if (isnan(probabilities[i]))
            return hx_fail(err, HX_EINVAL, "row %zu: a probability is not a number",
                           i / n_classes + 1);
    return HX_OK;
}

static double share(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : NAN;
}

static double or_zero(double x) {
    return isnan(x) ? 0 : x;
}

static void count(const uint32_t *labels, const uint32_t *predictions, hx_classification *c) {
    for (size_t i = 0; i < c->n; i++)
        c->confusion[(size_t)labels[i] * c->n_classes + predictions[i]]++;
    for (size_t k = 0; k < c->n_classes; k++) {
        hx_class_metrics *m = &c->classes[k];
        for (size_t j = 0; j < c->n_classes; j++) {
            m->support += c->confusion[k * c->n_classes + j];
            m->predicted += c->confusion[j * c->n_classes + k];
        }
        m->hit = c->confusion[k * c->n_classes + k];
        m->precision = share(m->hit, m->predicted);
        m->recall = share(m->hit, m->support);
        m->f1 = share(2 * m->hit, m->support + m->predicted);
    }
}

static void average(hx_classification *c) {
    double macro[3] = {0, 0, 0}, weighted[3] = {0, 0, 0}, balanced = 0;
    size_t present = 0, supported = 0;
    for (size_t k = 0; k < c->n_classes; k++) {
        const hx_class_metrics *m = &c->classes[k];
        const double figures[3] = {or_zero(m->precision), or_zero(m->recall), or_zero(m->f1)};
        if (m->support + m->predicted == 0) continue;
        present++;
        supported += m->support > 0;
        if (m->support > 0) balanced += m->recall;
        for (int f = 0; f < 3; f++) {
            macro[f] += figures[f];
            weighted[f] += figures[f] * (double)m->support;
        }
    }
    double classes = (double)present, rows = (double)c->n;
    c->balanced_accuracy = balanced / (double)supported;
    c->macro_precision = macro[0] / classes;
    c->macro_recall = macro[1] / classes;
    c->macro_f1 = macro[2] / classes;
    c->weighted_precision = weighted[0] / rows;
    c->weighted_recall = weighted[1] / rows;
    c->weighted_f1 = weighted[2] / rows;
}

static void agree(hx_classification *c) {
    double rows = (double)c->n, hits = 0, both = 0, labels = 0, predictions = 0;
    for (size_t k = 0; k < c->n_classes; k++) {
        double s = (double)c->classes[k].support, p = (double)c->classes[k].predicted;
        hits += (double)c->classes[k].hit;
        both += s * p;
        labels += s * s;
        predictions += p * p;
    }
    double spread = sqrt(rows * rows - predictions) * sqrt(rows * rows - labels);
    double chance = both / (rows * rows);
    c->accuracy = c->micro_precision = c->micro_recall = c->micro_f1 = hits / rows;
    c->kappa = chance < 1 ? (c->accuracy - chance) / (1 - chance) : NAN;
    c->mcc = spread > 0 ? (hits * rows - both) / spread : NAN;
}

static double log_loss(const uint32_t *labels, const float *p, size_t n, size_t n_classes) {
    const double least = (double)FLT_EPSILON;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum -= log(fmin(fmax((double)p[i * n_classes + labels[i]], least), 1 - least));
    return sum / (double)n;
}

static double brier(const uint32_t *labels, const float *p, size_t n, size_t n_classes) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = n_classes == 2; k < n_classes; k++) {
            double off = (double)p[i * n_classes + k] - (labels[i] == k ? 1 : 0);
            sum += off * off;
        }
    return sum / (double)n;
}

/* The mean over classes of their figures against the rest; of two classes that of class 1. */
typedef double ranking_fn(const uint8_t *labels, const double *scores, size_t n, hx_arena *arena);
static double against_rest(ranking_fn *figure, const uint32_t *labels, const float *p,
                           const hx_classification *c, uint8_t *is, double *scores,
                           hx_arena *arena) {
    double sum = 0;
    size_t defined = 0;
    for (size_t k = c->n_classes == 2; k < c->n_classes; k++) {
        for (size_t i = 0; i < c->n; i++) {
            is[i] = labels[i] == k;
            scores[i] = (double)p[i * c->n_classes + k];
        }
        double value = figure(is, scores, c->n, arena);
        if (isnan(value)) continue;
        sum += value;
        defined++;
    }
    return defined ? sum / (double)defined : NAN;
}

static hx_status from_probabilities(const uint32_t *labels, const float *p, hx_arena *arena,
                                    hx_classification *c, hx_error *err) {
    hx_calibration_bin bins[ECE_BINS];
    uint8_t *is = hx_arena_alloc(arena, c->n);
    double *scores = hx_arena_alloc(arena, c->n * sizeof *scores);
    if (!is || !scores)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", c->n);
    c->log_loss = log_loss(labels, p, c->n, c->n_classes);
    c->brier = brier(labels, p, c->n, c->n_classes);
    c->auc = against_rest(hx_auc, labels, p, c, is, scores, arena);
    c->pr_auc = against_rest(hx_average_precision, labels, p, c, is, scores, arena);
    (void)hx_calibration_bins(labels, p, c->n, c->n_classes, ECE_BINS, arena, bins, &c->ece);
    return HX_OK;
}

static void undefined(hx_classification *c) {
    c->accuracy = c->balanced_accuracy = c->kappa = c->mcc = NAN;
    c->macro_precision = c->macro_recall = c->macro_f1 = NAN;
    c->micro_precision = c->micro_recall = c->micro_f1 = NAN;
    c->weighted_precision = c->weighted_recall = c->weighted_f1 = NAN;
    c->log_loss = c->brier = c->ece = c->auc = c->pr_auc = NAN;
}

hx_status hx_classification_of(const uint32_t *labels, const uint32_t *predictions,
                               const float *probabilities, size_t n, size_t n_classes,
                               hx_arena *arena, hx_classification *out, hx_error *err) {
    hx_classification c = {.n = n, .n_classes = n_classes};
    HX_TRY(check(labels, predictions, probabilities, n, n_classes, err));
    bool fits = n_classes < 65537;
    c.confusion =
        fits ? hx_arena_alloc(arena, (n_classes * n_classes + 1) * sizeof *c.confusion) : NULL;
    c.classes = fits ? hx_arena_alloc(arena, (n_classes + 1) * sizeof *c.classes) : NULL;
    if (!c.confusion || !c.classes)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", n);
    undefined(&c);
    count(labels, predictions, &c);
    if (n > 0) {
        average(&c);
        agree(&c);
        if (probabilities) HX_TRY(from_probabilities(labels, probabilities, arena, &c, err));
    }
    *out = c;
    return HX_OK;
}
