/* labeller.c - what a trained model says of texts, as entries of events; see event.h.
 *
 *     one label     set "mood": the label and its probability
 *     several       a set a label, "topics.price": yes or no, and the probability of that answer
 *     a number      set "stars", without a label: the number
 *
 * So everything that counts labels counts several labels, too, and a set is always of one kind. */
#include <math.h>

#include "profile/event.h"

#define MICRO 1000000.0

const hx_model_label *hx_event_model_label(const hx_event *e, hx_str set) {
    for (uint32_t i = 0; i < e->n_model_labels; i++)
        if (hx_str_equal(e->model_labels[i].set, set)) return &e->model_labels[i];
    return NULL;
}

int64_t hx_label_micro(double score) {
    return (int64_t)floor(score * MICRO + 0.5);
}

size_t hx_labeller_width(const hx_labeller *l) {
    return l->kind == HX_LABELLER_SEVERAL ? l->n_labels : 1;
}

static double within(double v) {
    return isnan(v) ? 0 : fmin(fmax(v, -HX_LABEL_NUMBER_MAX), HX_LABEL_NUMBER_MAX);
}

static hx_model_label entry(const hx_labeller *l, const char *set, const char *label,
                            double score) {
    return (hx_model_label){.set = hx_str_of(set),
                            .label = hx_str_of(label),
                            .score = score,
                            .engine = l->engine,
                            .kernels = hx_str_of(l->kernels),
                            .model = hx_str_of(l->model)};
}

void hx_labeller_put(const hx_labeller *l, const uint32_t *labels, const double *scores, size_t i,
                     hx_model_label *out) {
    double threshold = l->threshold > 0 ? l->threshold : 0.5;
    switch (l->kind) {
    case HX_LABELLER_NUMBER:
        *out = entry(l, l->set, "", within(scores[i]));
        return;
    case HX_LABELLER_SEVERAL:
        for (size_t k = 0; k < l->n_labels; k++) {
            double p = scores[i * l->n_labels + k];
            out[k] =
                entry(l, l->sets[k], p >= threshold ? "yes" : "no", p >= threshold ? p : 1 - p);
        }
        return;
    default:
        *out = entry(l, l->set, labels[i] < l->n_labels ? l->labels[labels[i]] : "", scores[i]);
    }
}
