/* objective_lm.c - the output matrix's loss: next, masked or put-right tokens, beside a teacher's logits where there are such.
 *
 * Labels alone: nn/loss.h's fused product and cross-entropy, of the rows whose label counts. With a teacher the rows that count and that it
 * says something of are gathered, 64 at a time: their logits stand beside the teacher's, which are given for the whole batch or made for these
 * rows alone. The others go through the fused loss, with labels from which the taught rows are taken out. Where the output matrix is
 * frozen, only dx comes out. */
#include <string.h>

#include "llama/objective_parts.h"
#include "nn/layers.h"

static bool has_teacher(const hx_targets *g) {
    return g->teacher_logits || g->teacher;
}

void hx__head_lm_room(hx_head_run *r, hx_head_room *room) {
    size_t n = HX_HEAD_LM_CHUNK, v = r->head->n_out, d = r->head->d;
    if (!has_teacher(r->targets)) return;
    r->logits = hx__head_carve(room, n * v);
    r->dlogits = hx__head_carve(room, n * v);
    r->other = hx__head_carve(room, n * v);
    r->values = hx__head_carve(room, n * v);
    r->some = hx__head_carve(room, n * d);
    r->dsome = hx__head_carve(room, n * d);
    r->rows = (uint32_t *)(void *)hx__head_carve(room, n);
    r->chosen = (uint32_t *)(void *)hx__head_carve(room, n);
    r->labels = (uint32_t *)(void *)hx__head_carve(room, r->n_rows);
}

static hx_nn_classes classes_of(const hx_head_run *r, const uint32_t *labels, float scale) {
    return (hx_nn_classes){.labels = labels,
                           .weights = r->targets->class_weights,
                           .smoothing = r->head->options.smoothing,
                           .gamma = r->head->options.gamma,
                           .scale = scale};
}

static void labels_loss(hx_head_run *r, const uint32_t *labels, const float *w, float *dw) {
    hx_nn_output_loss call = {.classes = classes_of(r, labels, r->scale),
                              .hidden = r->x,
                              .w = w,
                              .t = r->n_rows,
                              .d = r->head->d,
                              .v = r->head->n_out,
                              .rows = r->losses,
                              .dhidden = r->dx,
                              .dw = r->has_gradient ? dw : NULL};
    r->loss += hx_nn_output_cross_entropy(r->nn, &call);
}

/* The teacher's logits of the n gathered rows, (n, V). */
static const float *ask(const hx_head_run *r, size_t n) {
    const hx_targets *g = r->targets;
    size_t v = r->head->n_out;
    if (g->teacher) {
        g->teacher(g->teacher_context, r->rows, n, r->values);
        return r->values;
    }
    for (size_t i = 0; i < n; i++)
        memcpy(r->values + i * v, g->teacher_logits + r->rows[i] * v, v * sizeof *r->values);
    return r->values;
}

/* Losses of n gathered rows by both; dlogits of both together. */
static void chunk_loss(hx_head_run *r, size_t n) {
    const hx_targets *g = r->targets;
    size_t v = r->head->n_out;
    float share = g->teacher_share;
    r->loss += (double)share * hx_nn_distil(r->nn, r->logits, ask(r, n), n, v,
                                            r->head->options.temperature, r->scale * share,
                                            r->losses, r->dlogits);
    if (!g->labels) return;
    hx_nn_classes c = classes_of(r, r->chosen, r->scale * (1 - share));
    r->loss +=
        (1 - (double)share) * hx_nn_cross_entropy(r->nn, &c, r->logits, n, v, r->losses, r->other);
    hx__head_add(r->nn, r->other, n * v, r->dlogits);
}

static void learn_chunk(hx_head_run *r, size_t n, const float *w, float *dw) {
    size_t d = r->head->d, v = r->head->n_out;
    hx_nn_linear(r->nn, r->some, n, d, v, w, NULL, r->logits);
    chunk_loss(r, n);
    if (!r->has_gradient) return;
    hx_nn_linear_grad g = {
        .x = r->some, .w = w, .dy = r->dlogits, .t = n, .k = d, .n = v, .dx = r->dsome, .dw = dw};
    hx_nn_linear_back(r->nn, &g);
    for (size_t i = 0; i < n; i++)
        memcpy(r->dx + r->rows[i] * d, r->dsome + i * d, d * sizeof *r->dx);
}

/* The loss of what is not taught. */
static void untaught_loss(hx_head_run *r, const float *w, float *dw) {
    const hx_targets *g = r->targets;
    size_t n = 0;
    for (size_t i = 0; g->labels && g->taught && i < r->n_rows; i++) {
        r->labels[i] = hx__head_is_taught(r, i) ? HX_NN_IGNORE : g->labels[i];
        n += r->labels[i] != HX_NN_IGNORE;
    }
    if (n > 0)
        labels_loss(r, r->labels, w, dw);
    else if (r->has_gradient)
        memset(r->dx, 0, r->n_rows * r->head->d * sizeof *r->dx);
}

static void taught_loss(hx_head_run *r, const float *w, float *dw) {
    size_t d = r->head->d, n = 0;
    for (size_t i = 0; i < r->n_rows; i++) {
        if (!hx__head_counts(r, i) || !hx__head_is_taught(r, i)) continue;
        memcpy(r->some + n * d, r->x + i * d, d * sizeof *r->some);
        r->chosen[n] = r->targets->labels ? r->targets->labels[i] : 0;
        r->rows[n++] = (uint32_t)i;
        if (n < HX_HEAD_LM_CHUNK) continue;
        learn_chunk(r, n, w, dw);
        n = 0;
    }
    if (n > 0) learn_chunk(r, n, w, dw);
}

void hx__head_lm_loss(hx_head_run *r) {
    const float *w;
    float *dw;
    hx_trunk_output(r->head->trunk, &w, &dw);
    if (has_teacher(r->targets)) {
        untaught_loss(r, w, dw);
        taught_loss(r, w, dw);
    } else if (r->targets->labels) {
        labels_loss(r, r->targets->labels, w, dw);
    } else if (r->has_gradient) {
        memset(r->dx, 0, r->n_rows * r->head->d * sizeof *r->dx);
    }
}
