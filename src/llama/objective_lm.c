/* objective_lm.c - the output matrix's loss: next, masked or put-right tokens, beside a teacher's logits where there are such.
 *
 * Labels alone: nn/loss.h's fused product and cross-entropy, of the rows whose label counts. With a teacher the logits of 64 rows at a time
 * stand beside the teacher's; rows that do not count are made and thrown away. Where the output matrix is frozen, only dx comes out. */
#include <string.h>

#include "llama/objective_parts.h"
#include "nn/layers.h"

static hx_nn_classes classes_of(const hx_head_run *r, float scale) {
    return (hx_nn_classes){.labels = r->targets->labels,
                           .weights = r->targets->class_weights,
                           .smoothing = r->head->options.smoothing,
                           .gamma = r->head->options.gamma,
                           .scale = scale};
}

static void zero_rows(const hx_head_run *r, size_t first, size_t n, float *gradient) {
    for (size_t i = 0; i < n; i++) {
        if (hx__head_counts(r, first + i)) continue;
        r->losses[first + i] = 0;
        memset(gradient + i * r->head->n_out, 0, r->head->n_out * sizeof *gradient);
    }
}

/* Rows [first, first + n): losses of both, and dlogits of both together. */
static void chunk_loss(hx_head_run *r, size_t first, size_t n) {
    const hx_targets *g = r->targets;
    size_t v = r->head->n_out;
    float share = g->teacher_share;
    hx_nn_distil(r->nn, r->logits, g->teacher_logits + first * v, n, v,
                 r->head->options.temperature, r->scale * share, r->losses + first, r->dlogits);
    zero_rows(r, first, n, r->dlogits);
    double sum = 0;
    for (size_t i = first; i < first + n; i++)
        sum += (double)r->losses[i];
    r->loss += sum * (double)share;
    if (!g->labels) return;
    hx_nn_classes c = classes_of(r, r->scale * (1 - share));
    c.labels += first;
    r->loss += (1 - (double)share) *
               hx_nn_cross_entropy(r->nn, &c, r->logits, n, v, r->losses + first, r->other);
    for (size_t k = 0; k < n * v; k++)
        r->dlogits[k] += r->other[k];
}

static void taught_loss(hx_head_run *r, const float *w, float *dw) {
    size_t d = r->head->d, v = r->head->n_out;
    for (size_t first = 0; first < r->n_rows; first += HX_HEAD_LM_CHUNK) {
        size_t n = r->n_rows - first < HX_HEAD_LM_CHUNK ? r->n_rows - first : HX_HEAD_LM_CHUNK;
        hx_nn_linear(r->nn, r->x + first * d, n, d, v, w, NULL, r->logits);
        chunk_loss(r, first, n);
        if (!r->has_gradient) continue;
        hx_nn_linear_grad g = {.x = r->x + first * d,
                               .w = w,
                               .dy = r->dlogits,
                               .t = n,
                               .k = d,
                               .n = v,
                               .dx = r->dx + first * d,
                               .dw = dw};
        hx_nn_linear_back(r->nn, &g);
    }
}

void hx__head_lm_loss(hx_head_run *r) {
    const float *w;
    float *dw;
    hx_trunk_output(r->head->trunk, &w, &dw);
    if (r->targets->teacher_logits) {
        taught_loss(r, w, dw);
        return;
    }
    if (!r->targets->labels) {
        if (r->has_gradient) memset(r->dx, 0, r->n_rows * r->head->d * sizeof *r->dx);
        return;
    }
    hx_nn_output_loss call = {.classes = classes_of(r, r->scale),
                              .hidden = r->x,
                              .w = w,
                              .t = r->n_rows,
                              .d = r->head->d,
                              .v = r->head->n_out,
                              .rows = r->losses,
                              .dhidden = r->dx,
                              .dw = r->has_gradient ? dw : NULL};
    r->loss = hx_nn_output_cross_entropy(r->nn, &call);
}
