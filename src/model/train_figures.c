/* train_figures.c - figures of labelled texts from their logits, by learn/metrics.h.
 *
 *     label     accuracy; precision, recall, f1: of the second label ("positive") where there are two, else macro; macro_precision,
 *               macro_recall, macro_f1, weighted_f1, mcc, log_loss, ece, auc
 *               of the best weights with a temperature those of the cooled probabilities, and ece_before, temperature
 *     labels    f1 (micro), macro_f1, exact, hamming, auc, at a threshold of one half
 *     number    rmse, mae, r2, in the units of the data */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/metrics.h"
#include "model/train_label.h"

static void put(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

static float cooling(double temperature) {
    return temperature > 0 ? (float)(1 / temperature) : 1;
}

void hx_train_softmax(float *row, size_t n, double temperature) {
    float max = row[0], sum = 0, cooled = cooling(temperature);
    for (size_t i = 1; i < n; i++)
        if (row[i] > max) max = row[i];
    for (size_t i = 0; i < n; i++) {
        row[i] = expf((row[i] - max) * cooled);
        sum += row[i];
    }
    for (size_t i = 0; i < n; i++)
        row[i] /= sum;
}

void hx_train_sigmoid(float *row, size_t n, double temperature) {
    float cooled = cooling(temperature);
    for (size_t i = 0; i < n; i++)
        row[i] = 1 / (1 + expf(-row[i] * cooled));
}

/* ------------------------------------------------------------------ temperature */
/* At an end of the range nothing was fitted: where all of validation is right, any certainty would do. */
#define TEMPERATURE_LEAST 0.0501
#define TEMPERATURE_MOST 19.99

/* Each answer of several labels as one of two: logits 0 and z. */
static hx_status temperature_of_many(const hx_task *t, const float *logits, size_t n,
                                     hx_arena *arena, double *out, hx_error *err) {
    const label_task *own = t->own;
    size_t v = t->n_labels;
    float *pairs = hx_arena_alloc(arena, 2 * (n * v + 1) * sizeof *pairs);
    uint32_t *set = hx_arena_alloc(arena, (n * v + 1) * sizeof *set);
    if (!pairs || !set) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const hx_example *e = hx_dataset_at(own->data, HX_PART_VALIDATION, i);
        const uint32_t *many = hx_dataset_many(own->data, e);
        for (size_t k = 0; k < e->n_labels; k++)
            set[i * v + many[k]] = 1;
    }
    for (size_t i = 0; i < n * v; i++)
        pairs[2 * i + 1] = logits[i];
    *out = hx_temperature_fit(pairs, set, n * v, 2);
    return HX_OK;
}

static hx_status temperature_of_one(const hx_task *t, const float *logits, size_t n,
                                    hx_arena *arena, double *out, hx_error *err) {
    const label_task *own = t->own;
    uint32_t *labels = hx_arena_alloc(arena, (n + 1) * sizeof *labels);
    if (!labels) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        labels[i] = hx_dataset_at(own->data, HX_PART_VALIDATION, i)->label;
    *out = hx_temperature_fit(logits, labels, n, t->n_labels);
    return HX_OK;
}

hx_status hx_train_fit_temperature(hx_task *t, const float *logits, size_t n, hx_arena *arena,
                                   hx_error *err) {
    double fitted = NAN;
    HX_TRY(t->config->kind == HX_TASK_LABELS
               ? temperature_of_many(t, logits, n, arena, &fitted, err)
               : temperature_of_one(t, logits, n, arena, &fitted, err));
    t->temperature = fitted > TEMPERATURE_LEAST && fitted < TEMPERATURE_MOST ? fitted : 0;
    return HX_OK;
}

static uint32_t best_of(const float *row, size_t n) {
    uint32_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (row[i] > row[best]) best = (uint32_t)i;
    return best;
}

/* As hx_evaluate() has them. */
static void put_averages(hx_json_writer *w, const hx_task *t, const hx_classification *m) {
    bool two = m->n_classes == 2;
    if (two) {
        hx_json_key(w, "positive");
        hx_json_cstr(w, t->labels[1]);
    }
    put(w, "precision", two ? m->classes[1].precision : m->macro_precision);
    put(w, "recall", two ? m->classes[1].recall : m->macro_recall);
    put(w, "f1", two ? m->classes[1].f1 : m->macro_f1);
    put(w, "macro_precision", m->macro_precision);
    put(w, "macro_recall", m->macro_recall);
    put(w, "macro_f1", m->macro_f1);
}

static hx_status figures_of_label(const hx_task *t, hx_part part, float *logits, size_t n,
                                  hx_arena *arena, hx_task_figures *out, hx_json_writer *w,
                                  hx_error *err) {
    const label_task *own = t->own;
    hx_classification m, plain = {.ece = NAN};
    uint32_t *labels = hx_arena_alloc(arena, n * sizeof *labels),
             *found = hx_arena_alloc(arena, n * sizeof *found);
    bool cooled = t->temperature > 0;
    float *before = cooled ? hx_arena_alloc(arena, n * t->n_labels * sizeof *before) : logits;
    if (!before) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (cooled) memcpy(before, logits, n * t->n_labels * sizeof *before);
    if (!labels || !found) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        float *row = logits + i * t->n_labels;
        labels[i] = hx_dataset_at(own->data, part, i)->label;
        found[i] = best_of(row, t->n_labels);
        hx_train_softmax(row, t->n_labels, t->temperature);
        if (cooled) hx_train_softmax(before + i * t->n_labels, t->n_labels, 0);
    }
    if (cooled)
        HX_TRY(hx_classification_of(labels, found, before, n, t->n_labels, arena, &plain, err));
    HX_TRY(hx_classification_of(labels, found, logits, n, t->n_labels, arena, &m, err));
    put(w, "accuracy", m.accuracy);
    put_averages(w, t, &m);
    put(w, "weighted_f1", m.weighted_f1);
    put(w, "mcc", m.mcc);
    put(w, "log_loss", m.log_loss);
    put(w, "ece", m.ece);
    if (cooled) put(w, "ece_before", plain.ece);
    if (cooled) put(w, "temperature", t->temperature);
    put(w, "auc", m.auc);
    out->figure = m.macro_f1;
    out->figure_name = "macro_f1";
    return HX_OK;
}

static hx_status figures_of_labels(const hx_task *t, hx_part part, float *logits, size_t n,
                                   hx_arena *arena, hx_task_figures *out, hx_json_writer *w,
                                   hx_error *err) {
    const label_task *own = t->own;
    hx_multilabel m;
    float *gold = hx_arena_alloc(arena, n * t->n_labels * sizeof *gold);
    if (!gold) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const hx_example *e = hx_dataset_at(own->data, part, i);
        const uint32_t *many = hx_dataset_many(own->data, e);
        for (size_t k = 0; k < e->n_labels; k++)
            gold[i * t->n_labels + many[k]] = 1;
    }
    hx_train_sigmoid(logits, n * t->n_labels, t->temperature);
    HX_TRY(hx_multilabel_of(gold, logits, n, t->n_labels, 0.5f, arena, &m, err));
    put(w, "f1", m.micro_f1);
    put(w, "macro_f1", m.macro_f1);
    put(w, "accuracy", m.exact);
    put(w, "hamming", m.hamming);
    put(w, "auc", m.micro_auc);
    if (t->temperature > 0) put(w, "temperature", t->temperature);
    out->figure = m.micro_f1;
    out->figure_name = "f1";
    return HX_OK;
}

static hx_status figures_of_number(const hx_task *t, hx_part part, const float *logits, size_t n,
                                   hx_arena *arena, hx_task_figures *out, hx_json_writer *w,
                                   hx_error *err) {
    const label_task *own = t->own;
    hx_regression m;
    double *gold = hx_arena_alloc(arena, n * sizeof *gold),
           *found = hx_arena_alloc(arena, n * sizeof *found);
    if (!gold || !found) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        gold[i] = hx_dataset_at(own->data, part, i)->number;
        found[i] = (double)logits[i] * t->deviation + t->mean;
    }
    HX_TRY(hx_regression_of(gold, found, n, &m, err));
    put(w, "rmse", m.rmse);
    put(w, "mae", m.mae);
    put(w, "r2", m.r2);
    out->figure = isnan(m.r2) ? -m.rmse : m.r2;
    out->figure_name = "r2";
    return HX_OK;
}

hx_status hx_train_label_figures(const hx_task *t, hx_part part, float *logits, size_t n,
                                 hx_arena *arena, hx_task_figures *out, hx_buf *b, hx_error *err) {
    hx_json_writer w;
    hx_json_begin(&w, b);
    hx_json_object(&w);
    put(&w, "loss", out->loss);
    hx_json_key(&w, "n");
    hx_json_int(&w, (int64_t)n);
    for (size_t i = 0; i < n * t->n_labels; i++)
        if (!isfinite(logits[i]))
            return hx_fail(err, HX_EINVAL,
                           "the model's numbers are not finite any more; train with a lower rate");
    hx_status st = t->config->kind == HX_TASK_LABEL
                       ? figures_of_label(t, part, logits, n, arena, out, &w, err)
                   : t->config->kind == HX_TASK_LABELS
                       ? figures_of_labels(t, part, logits, n, arena, out, &w, err)
                       : figures_of_number(t, part, logits, n, arena, out, &w, err);
    hx_json_end_object(&w);
    return st;
}
