/* evaluate.c - all figures of one evaluation as one JSON object; see huaxiang/learn.h.
 *
 * Intervals of accuracy and macro F1 are percentile bootstraps over rows; those of a label's precision and recall are Wilson's (1927):
 *
 *     (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n),   z = 1.96
 *
 * which stay within [0, 1] for a handful of rows. */
#include <math.h>
#include <string.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json.h"
#include "huaxiang/learn.h"
#include "learn/metrics.h"

#define LEVEL 0.95
#define LEVEL_Z 1.959963984540054 /* of LEVEL */
#define ROUNDS_USUAL 1000
#define LIMIT_ROUNDS 200
#define BINS 10
#define JSON_MAX ((size_t)256 << 20)

static void put_number(hx_json_writer *w, const char *key, double value) {
    hx_json_key(w, key);
    hx_json_double(w, value);
}

static void put_count(hx_json_writer *w, const char *key, uint64_t value) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)value);
}

static void put_interval(hx_json_writer *w, const char *key, hx_metric_interval i) {
    hx_json_key(w, key);
    hx_json_array(w);
    hx_json_double(w, i.low);
    hx_json_double(w, i.high);
    hx_json_end_array(w);
}

static hx_metric_interval wilson(uint64_t hits, uint64_t rows) {
    if (rows == 0) return (hx_metric_interval){NAN, NAN};
    double n = (double)rows, p = (double)hits / n, z2 = LEVEL_Z * LEVEL_Z;
    double middle = p + z2 / (2 * n);
    double reach = LEVEL_Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return (hx_metric_interval){fmax(0, (middle - reach) / (1 + z2 / n)),
                                fmin(1, (middle + reach) / (1 + z2 / n))};
}

/* precision, recall and f1 are those of the label "positive", the second of two, as scikit-learn's average='binary' has it; of more labels
 * there is none, and they are means over the labels (macro). */
static void put_figures(hx_json_writer *w, const hx_evaluation *e, const hx_classification *c) {
    bool two = c->n_classes == 2;
    put_count(w, "n", c->n);
    hx_json_key(w, "positive");
    if (two)
        hx_json_cstr(w, e->names[1]);
    else
        hx_json_null(w);
    put_number(w, "accuracy", c->accuracy);
    put_number(w, "precision", two ? c->classes[1].precision : c->macro_precision);
    put_number(w, "recall", two ? c->classes[1].recall : c->macro_recall);
    put_number(w, "f1", two ? c->classes[1].f1 : c->macro_f1);
    put_number(w, "macro_precision", c->macro_precision);
    put_number(w, "macro_recall", c->macro_recall);
    put_number(w, "macro_f1", c->macro_f1);
    put_number(w, "weighted_f1", c->weighted_f1);
    put_number(w, "micro_f1", c->micro_f1);
    put_number(w, "balanced_accuracy", c->balanced_accuracy);
    put_number(w, "kappa", c->kappa);
    put_number(w, "mcc", c->mcc);
}

static void put_calibration(hx_json_writer *w, const hx_evaluation *e, hx_arena *arena) {
    hx_calibration_bin bins[BINS];
    double ece;
    size_t used = hx_calibration_bins(e->labels, e->probabilities, e->n, e->n_labels, BINS, arena,
                                      bins, &ece);
    double limit =
        hx_ece_limit(e->probabilities, e->n, e->n_labels, BINS, LIMIT_ROUNDS, e->seed, arena);
    put_number(w, "ece_limit", limit);
    hx_json_key(w, "ece_within");
    if (isnan(limit))
        hx_json_null(w);
    else
        hx_json_bool(w, ece <= limit);
    hx_json_key(w, "calibration");
    hx_json_array(w);
    for (size_t b = 0; b < used; b++) {
        hx_json_object(w);
        put_number(w, "confidence", bins[b].confidence);
        put_number(w, "accuracy", bins[b].accuracy);
        put_count(w, "n", bins[b].n);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* How far off the probabilities would be without the temperature. */
static void put_before(hx_json_writer *w, const hx_evaluation *e, hx_arena *arena) {
    size_t n = e->n * e->n_labels;
    float *plain = hx_arena_alloc(arena, (n + 1) * sizeof *plain);
    hx_calibration_bin bins[BINS];
    double ece = NAN;
    if (plain) {
        memcpy(plain, e->probabilities, n * sizeof *plain);
        hx_temperature_apply(1 / e->temperature, plain, e->n, e->n_labels);
        (void)hx_calibration_bins(e->labels, plain, e->n, e->n_labels, BINS, arena, bins, &ece);
    }
    put_number(w, "ece_before", ece);
    put_number(w, "temperature", e->temperature);
}

static void put_probable(hx_json_writer *w, const hx_evaluation *e, const hx_classification *c,
                         hx_arena *arena) {
    put_number(w, "auc", c->auc);
    put_number(w, "pr_auc", c->pr_auc);
    put_number(w, "log_loss", c->log_loss);
    put_number(w, "brier", c->brier);
    put_number(w, "ece", c->ece);
    if (e->probabilities && e->n > 0) put_calibration(w, e, arena);
    if (e->probabilities && e->n > 0 && e->temperature > 0) put_before(w, e, arena);
}

static hx_status put_intervals(hx_json_writer *w, const hx_evaluation *e, hx_arena *arena,
                               hx_error *err) {
    size_t rounds = e->rounds ? e->rounds : ROUNDS_USUAL;
    hx_metric_interval accuracy = {NAN, NAN}, macro_f1 = {NAN, NAN};
    uint64_t *room = hx_arena_alloc(arena, (3 * e->n_labels + 1) * sizeof *room);
    if (!room)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", e->n);
    if (e->n > 0) {
        HX_TRY(hx_bootstrap(e->labels, e->predictions, e->n, e->n_labels, hx_figure_accuracy, NULL,
                            rounds, LEVEL, e->seed, &accuracy, err));
        HX_TRY(hx_bootstrap(e->labels, e->predictions, e->n, e->n_labels, hx_figure_macro_f1, room,
                            rounds, LEVEL, e->seed, &macro_f1, err));
    }
    hx_json_key(w, "intervals");
    hx_json_object(w);
    put_number(w, "level", LEVEL);
    put_interval(w, "accuracy", accuracy);
    put_interval(w, "macro_f1", macro_f1);
    hx_json_end_object(w);
    return HX_OK;
}

static void put_labels(hx_json_writer *w, const hx_evaluation *e, const hx_classification *c) {
    hx_json_key(w, "labels");
    hx_json_array(w);
    for (size_t k = 0; k < e->n_labels; k++) {
        const hx_class_metrics *m = &c->classes[k];
        hx_json_object(w);
        hx_json_key(w, "label");
        hx_json_cstr(w, e->names[k]);
        put_count(w, "n", m->support);
        put_count(w, "predicted", m->predicted);
        put_number(w, "precision", m->precision);
        put_interval(w, "precision_interval", wilson(m->hit, m->predicted));
        put_number(w, "recall", m->recall);
        put_interval(w, "recall_interval", wilson(m->hit, m->support));
        put_number(w, "f1", m->f1);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_confusion(hx_json_writer *w, const hx_classification *c) {
    hx_json_key(w, "confusion");
    hx_json_array(w);
    for (size_t k = 0; k < c->n_classes; k++) {
        hx_json_array(w);
        for (size_t j = 0; j < c->n_classes; j++)
            hx_json_int(w, (int64_t)c->confusion[k * c->n_classes + j]);
        hx_json_end_array(w);
    }
    hx_json_end_array(w);
}

static void put_against(hx_json_writer *w, const hx_evaluation *e) {
    hx_mcnemar m = hx_mcnemar_of(e->labels, e->predictions, e->against, e->n);
    hx_json_key(w, "against");
    hx_json_object(w);
    put_number(w, "accuracy", hx_figure_accuracy(e->labels, e->against, e->n, e->n_labels, NULL));
    put_count(w, "only_first", m.b);
    put_count(w, "only_second", m.c);
    put_number(w, "p", m.p);
    hx_json_end_object(w);
}

static hx_status put_record(hx_json_writer *w, const hx_evaluation *e, const hx_classification *c,
                            hx_arena *arena, hx_error *err) {
    hx_json_object(w);
    put_figures(w, e, c);
    put_probable(w, e, c, arena);
    HX_TRY(put_intervals(w, e, arena, err));
    put_labels(w, e, c);
    put_confusion(w, c);
    if (e->against) put_against(w, e);
    hx_json_end_object(w);
    return HX_OK;
}

hx_status hx_evaluate(const hx_evaluation *e, hx_arena *arena, hx_str *json, hx_error *err) {
    hx_classification c;
    HX_TRY(hx_classification_of(e->labels, e->predictions, e->probabilities, e->n, e->n_labels,
                                arena, &c, err));
    for (size_t i = 0; e->against && i < e->n; i++)
        if (e->against[i] >= e->n_labels)
            return hx_fail(
                err, HX_EINVAL,
                "row %zu: label %u or prediction %u is not below the number of classes, %zu", i + 1,
                e->labels[i], e->against[i], e->n_labels);
    hx_buf out;
    hx_json_writer w;
    hx_buf_init(&out, JSON_MAX);
    hx_json_begin(&w, &out);
    hx_status st = put_record(&w, e, &c, arena, err);
    if (st == HX_OK) st = hx_buf_status(&out, "the evaluation", err);
    if (st == HX_OK) {
        *json = hx_arena_str(arena, hx_buf_str(&out));
        if (!json->ptr)
            st = hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", e->n);
    }
    hx_buf_release(&out);
    return st;
}

double hx_temperature_of(const uint32_t *labels, const float *probabilities, size_t n,
                         size_t n_labels, hx_arena *arena) {
    float *logits = hx_arena_alloc(arena, (n * n_labels + 1) * sizeof *logits);
    for (size_t i = 0; logits && i < n * n_labels; i++)
        logits[i] = logf(fmaxf(probabilities[i], 1e-30f));
    return logits ? hx_temperature_fit(logits, labels, n, n_labels) : NAN;
}

static void sharpen(float *row, size_t n, double power) {
    double most = 0, sum = 0;
    for (size_t k = 0; k < n; k++)
        most = fmax(most, (double)row[k]);
    for (size_t k = 0; k < n; k++)
        sum += pow((double)row[k] / most, power);
    for (size_t k = 0; k < n; k++)
        row[k] = (float)(pow((double)row[k] / most, power) / sum);
}

void hx_temperature_apply(double temperature, float *probabilities, size_t n, size_t n_labels) {
    if (!(temperature > 0)) return;
    for (size_t i = 0; i < n; i++)
        sharpen(probabilities + i * n_labels, n_labels, 1 / temperature);
}
