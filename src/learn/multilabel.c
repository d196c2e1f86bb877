/* multilabel.c - figures where a text has any number of labels.
 *
 * Each cell of the (texts, labels) table is a yes-or-no decision. F1 is counted over all cells (micro), as the mean of each label's (macro) and of
 * each text's (sample); `exact` is the share of texts whose labels are all right, `hamming` the share of cells that are wrong. AUCs are of the
 * cells of one label (mean over labels that have both kinds), and of all cells. */
#include <math.h>

#include "base/error.h"
#include "learn/metrics.h"

typedef struct {
    uint64_t set, said, hit;
} tally;

static void count(tally *t, bool set, bool said) {
    t->set += set;
    t->said += said;
    t->hit += set && said;
}

static double f1_of(const tally *t) {
    return t->set + t->said ? 2 * (double)t->hit / (double)(t->set + t->said) : NAN;
}

static hx_status check(const float *labels, const float *probabilities, size_t n, size_t n_labels,
                       hx_error *err) {
    for (size_t i = 0; i < n * n_labels; i++)
        if (isnan(labels[i]) || isnan(probabilities[i]))
            return hx_fail(err, HX_EINVAL, "row %zu: a probability is not a number",
                           i / n_labels + 1);
    return HX_OK;
}

static void decide(const float *labels, const float *probabilities, size_t n, size_t n_labels,
                   float threshold, tally *by_label, hx_multilabel *out) {
    tally all = {0, 0, 0};
    uint64_t exact = 0, wrong = 0;
    double texts = 0, macro = 0;
    size_t present = 0;
    for (size_t i = 0; i < n; i++) {
        tally text = {0, 0, 0};
        for (size_t k = 0; k < n_labels; k++) {
            bool set = labels[i * n_labels + k] > 0.5f;
            bool said = probabilities[i * n_labels + k] >= threshold;
            count(&text, set, said);
            count(&by_label[k], set, said);
        }
        uint64_t off = text.set + text.said - 2 * text.hit;
        all = (tally){all.set + text.set, all.said + text.said, all.hit + text.hit};
        exact += off == 0;
        wrong += off;
        texts += text.set + text.said ? f1_of(&text) : 1;
    }
    for (size_t k = 0; k < n_labels; k++) {
        if (by_label[k].set + by_label[k].said == 0) continue;
        macro += f1_of(&by_label[k]);
        present++;
    }
    out->micro_f1 = f1_of(&all);
    out->macro_f1 = present ? macro / (double)present : NAN;
    out->sample_f1 = texts / (double)n;
    out->exact = (double)exact / (double)n;
    out->hamming = (double)wrong / ((double)n * (double)n_labels);
}

static void copy_column(const float *labels, const float *probabilities, size_t n, size_t step,
                        uint8_t *set, double *scores) {
    for (size_t i = 0; i < n; i++) {
        set[i] = labels[i * step] > 0.5f;
        scores[i] = (double)probabilities[i * step];
    }
}

static void rank(const float *labels, const float *probabilities, size_t n, size_t n_labels,
                 uint8_t *set, double *scores, hx_arena *arena, hx_multilabel *out) {
    double sum = 0;
    size_t defined = 0;
    for (size_t k = 0; k < n_labels; k++) {
        copy_column(labels + k, probabilities + k, n, n_labels, set, scores);
        double auc = hx_auc(set, scores, n, arena);
        if (isnan(auc)) continue;
        sum += auc;
        defined++;
    }
    copy_column(labels, probabilities, n * n_labels, 1, set, scores);
    out->macro_auc = defined ? sum / (double)defined : NAN;
    out->micro_auc = hx_auc(set, scores, n * n_labels, arena);
}

hx_status hx_multilabel_of(const float *labels, const float *probabilities, size_t n,
                           size_t n_labels, float threshold, hx_arena *arena, hx_multilabel *out,
                           hx_error *err) {
    *out = (hx_multilabel){NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    if (n == 0 || n_labels == 0) return HX_OK;
    HX_TRY(check(labels, probabilities, n, n_labels, err));
    tally *by_label = hx_arena_alloc(arena, n_labels * sizeof *by_label);
    uint8_t *set = hx_arena_alloc(arena, n * n_labels);
    double *scores = hx_arena_alloc(arena, n * n_labels * sizeof *scores);
    if (!by_label || !set || !scores)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the figures of %zu rows", n);
    decide(labels, probabilities, n, n_labels, threshold, by_label, out);
    rank(labels, probabilities, n, n_labels, set, scores, arena, out);
    return HX_OK;
}
