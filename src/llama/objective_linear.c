/* objective_linear.c - kinds whose logits (R, L) are a product, and their losses: labels, numbers, transitions, a teacher's logits.
 *
 *     x (R, D) [-> GELU(x dense^T + bias) (R, hidden)] -> logits = . weight^T [+ bias] (R, L)
 * Each loss leaves dlogits of its share; rows that do not count have zeros there and no part in the sum. Mixup: the loss is
 * share CE(labels) + (1 - share) CE(second), row by row. CRF: what does not count is left out of its sequence. */
#include <math.h>
#include <string.h>

#include "llama/objective_parts.h"
#include "nn/layers.h"
#include "nn/parts.h"

bool hx__head_is_linear(hx_head_kind kind) {
    return kind == HX_HEAD_SEQUENCE || kind == HX_HEAD_MULTI || kind == HX_HEAD_REGRESSION ||
           kind == HX_HEAD_TOKEN || kind == HX_HEAD_CRF || kind == HX_HEAD_REPLACED;
}

void hx__head_linear_room(hx_head_run *r, hx_head_room *room) {
    const hx_train_head *h = r->head;
    size_t hidden = r->n_rows * h->options.hidden, out = r->n_rows * h->n_out;
    r->before = hx__head_carve(room, hidden);
    r->dense = hx__head_carve(room, hidden);
    r->logits = hx__head_carve(room, out);
    if (!r->targets) return;
    if (r->has_gradient) r->ddense = hx__head_carve(room, hidden);
    r->dlogits = hx__head_carve(room, out);
    r->other = hx__head_carve(room, out);
    r->values = hx__head_carve(room, out);
    if (h->options.kind != HX_HEAD_CRF) return;
    r->labels = (uint32_t *)(void *)hx__head_carve(room, 2 * r->n_rows);
    r->starts = (uint32_t *)(void *)hx__head_carve(room, r->batch->n_sequences + 1);
}

static const float *last_layer(const hx_head_run *r, size_t *width) {
    bool has_dense = r->head->options.hidden > 0;
    *width = has_dense ? r->head->options.hidden : r->head->d;
    return has_dense ? r->dense : r->x;
}

void hx__head_linear_logits(hx_head_run *r) {
    const hx_train_head *h = r->head;
    size_t hidden = h->options.hidden, width;
    if (hidden > 0) {
        hx_nn_linear(r->nn, r->x, r->n_rows, h->d, hidden, hx__head_part(h, HX_PART_DENSE)->w,
                     hx__head_part(h, HX_PART_DENSE_BIAS)->w, r->before);
        hx_nn_gelu(r->nn, r->before, r->n_rows * hidden, r->dense);
    }
    const float *x = last_layer(r, &width);
    const hx_param *bias = hx__head_part(h, HX_PART_BIAS);
    hx_nn_linear(r->nn, x, r->n_rows, width, h->n_out, hx__head_part(h, HX_PART_WEIGHT)->w,
                 bias ? bias->w : NULL, r->logits);
}

static void logits_back(const hx_head_run *r) {
    const hx_train_head *h = r->head;
    size_t hidden = h->options.hidden, width;
    const hx_param *w = hx__head_part(h, HX_PART_WEIGHT), *bias = hx__head_part(h, HX_PART_BIAS);
    hx_nn_linear_grad g = {.w = w->w,
                           .dy = r->dlogits,
                           .t = r->n_rows,
                           .n = h->n_out,
                           .dx = hidden > 0 ? r->ddense : r->dx,
                           .dw = w->g,
                           .db = bias ? bias->g : NULL};
    g.x = last_layer(r, &width);
    g.k = width;
    hx_nn_linear_back(r->nn, &g);
    if (hidden == 0) return;
    const hx_param *dense = hx__head_part(h, HX_PART_DENSE);
    hx_nn_gelu_back(r->nn, r->before, r->ddense, r->n_rows * hidden, r->ddense);
    hx_nn_linear_grad d = {.x = r->x,
                           .w = dense->w,
                           .dy = r->ddense,
                           .t = r->n_rows,
                           .k = h->d,
                           .n = hidden,
                           .dx = r->dx,
                           .dw = dense->g,
                           .db = hx__head_part(h, HX_PART_DENSE_BIAS)->g};
    hx_nn_linear_back(r->nn, &d);
}

/* ------------------------------------------------------------------ parts */
/* losses and gradient of row i times `weight` */
static void weigh_row(const hx_head_run *r, size_t i, float weight, float *gradient) {
    size_t n = r->head->n_out;
    r->losses[i] *= weight;
    for (size_t k = 0; gradient && k < n; k++)
        gradient[i * n + k] = weight != 0 ? gradient[i * n + k] * weight : 0;
}

static double sum_losses(const hx_head_run *r) {
    double sum = 0;
    for (size_t i = 0; i < r->n_rows; i++)
        sum += (double)r->losses[i];
    return sum;
}

static void add_other(const hx_head_run *r) {
    for (size_t k = 0; r->has_gradient && k < r->n_rows * r->head->n_out; k++)
        r->dlogits[k] += r->other[k];
}

static size_t greatest(const float *x, size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

static size_t count_right(const hx_head_run *r) {
    size_t n = r->head->n_out, right = 0;
    for (size_t i = 0; i < r->n_rows; i++)
        right += greatest(r->logits + i * n, n) == r->targets->labels[i];
    return right;
}

static double class_loss(hx_head_run *r, float scale) {
    const hx_train_head *h = r->head;
    const hx_targets *g = r->targets;
    hx_nn_classes c = {.labels = g->labels,
                       .weights = g->class_weights,
                       .smoothing = h->options.smoothing,
                       .gamma = h->options.gamma,
                       .scale = scale};
    float *gradient = r->has_gradient ? r->dlogits : NULL;
    double sum =
        hx_nn_cross_entropy(r->nn, &c, r->logits, r->n_rows, h->n_out, r->losses, gradient);
    r->n_right = count_right(r);
    if (!g->second) return sum;
    for (size_t i = 0; i < r->n_rows; i++)
        weigh_row(r, i, r->batch->share[i], gradient);
    sum = sum_losses(r);
    c.labels = g->second;
    gradient = gradient ? r->other : NULL;
    hx_nn_cross_entropy(r->nn, &c, r->logits, r->n_rows, h->n_out, r->losses, gradient);
    for (size_t i = 0; i < r->n_rows; i++)
        weigh_row(r, i, g->labels[i] == HX_NN_IGNORE ? 0 : 1 - r->batch->share[i], gradient);
    add_other(r);
    return sum + sum_losses(r);
}

static double binary_loss(hx_head_run *r, const float *targets, const float *positive, float scale,
                          float *gradient) {
    size_t n = r->head->n_out;
    hx_nn_binary(r->nn, r->logits, targets, positive, r->n_rows, n, scale, r->losses,
                 r->has_gradient ? gradient : NULL);
    for (size_t i = 0; i < r->n_rows; i++)
        if (!hx__head_counts(r, i)) weigh_row(r, i, 0, r->has_gradient ? gradient : NULL);
    return sum_losses(r);
}

static double multi_loss(hx_head_run *r, float scale) {
    const hx_targets *g = r->targets;
    size_t n = r->n_rows * r->head->n_out;
    float smoothing = r->head->options.smoothing;
    for (size_t k = 0; k < n; k++) {
        r->values[k] = g->values[k] * (1 - smoothing) + smoothing / 2;
        bool counts = hx__head_counts(r, k / r->head->n_out);
        r->n_right += counts && (r->logits[k] > 0) == (g->values[k] > 0.5f);
    }
    return binary_loss(r, r->values, g->class_weights, scale, r->dlogits);
}

static double replaced_loss(hx_head_run *r, float scale) {
    const hx_targets *g = r->targets;
    for (size_t i = 0; i < r->n_rows; i++) {
        r->values[i] = g->labels[i] == 1 ? 1 : 0;
        r->n_right += (r->logits[i] > 0 ? 1u : 0u) == g->labels[i];
    }
    binary_loss(r, r->values, NULL, scale, r->dlogits);
    for (size_t i = 0; g->class_weights && i < r->n_rows; i++)
        if (hx__head_counts(r, i))
            weigh_row(r, i, g->class_weights[g->labels[i]], r->has_gradient ? r->dlogits : NULL);
    return sum_losses(r);
}

static double square_loss(hx_head_run *r, const float *targets, float scale, float *gradient) {
    hx_nn_squares(r->nn, r->logits, targets, r->n_rows, 1, scale, r->losses, gradient);
    for (size_t i = 0; i < r->n_rows; i++)
        if (!hx__head_counts(r, i)) weigh_row(r, i, 0, gradient);
    return sum_losses(r);
}

/* ------------------------------------------------------------------ CRF */
/* Logits and labels that count, packed into `values` and labels; places behind labels. */
static size_t pack(const hx_head_run *r) {
    size_t n = r->head->n_out, kept = 0;
    for (size_t s = 0; s < r->batch->n_sequences; s++) {
        r->starts[s] = (uint32_t)kept;
        for (size_t i = r->batch->starts[s]; i < r->batch->starts[s + 1]; i++) {
            if (!hx__head_counts(r, i)) continue;
            memcpy(r->values + kept * n, r->logits + i * n, n * sizeof *r->values);
            r->labels[kept] = r->targets->labels ? r->targets->labels[i] : 0;
            r->labels[r->n_rows + kept++] = (uint32_t)i;
        }
    }
    r->starts[r->batch->n_sequences] = (uint32_t)kept;
    return kept;
}

static hx_nn_crf packed_crf(const hx_head_run *r) {
    const hx_train_head *h = r->head;
    return (hx_nn_crf){.x = r->values,
                       .between = hx__head_part(h, HX_PART_BETWEEN)->w,
                       .start = hx__head_part(h, HX_PART_START)->w,
                       .stop = hx__head_part(h, HX_PART_STOP)->w,
                       .l = h->n_out,
                       .starts = r->starts,
                       .n_sequences = r->batch->n_sequences};
}

static double crf_loss(hx_head_run *r, float scale) {
    const hx_train_head *h = r->head;
    size_t n = h->n_out, kept = pack(r);
    const hx_param *between = hx__head_part(h, HX_PART_BETWEEN);
    const hx_param *start = hx__head_part(h, HX_PART_START), *stop = hx__head_part(h, HX_PART_STOP);
    hx_nn_crf crf = packed_crf(r);
    uint32_t *best = (uint32_t *)(void *)r->losses;
    hx_nn_crf_best(r->nn, &crf, best, NULL);
    for (size_t i = 0; i < kept; i++)
        r->n_right += best[i] == r->labels[i];
    if (!r->has_gradient)
        return hx_nn_crf_loss(r->nn, &crf, r->labels, scale, NULL, NULL, NULL, NULL);
    double sum =
        hx_nn_crf_loss(r->nn, &crf, r->labels, scale, r->other, between->g, start->g, stop->g);
    memset(r->dlogits, 0, r->n_rows * n * sizeof *r->dlogits);
    for (size_t i = 0; i < kept; i++)
        memcpy(r->dlogits + r->labels[r->n_rows + i] * n, r->other + i * n, n * sizeof *r->other);
    return sum;
}

/* ------------------------------------------------------------------ together */
static double label_loss(hx_head_run *r, float scale) {
    const hx_targets *g = r->targets;
    hx_head_kind kind = r->head->options.kind;
    bool has_values = kind == HX_HEAD_MULTI || kind == HX_HEAD_REGRESSION;
    if (has_values ? !g->values : !g->labels) {
        if (r->has_gradient) memset(r->dlogits, 0, r->n_rows * r->head->n_out * sizeof *r->dlogits);
        return 0;
    }
    switch (kind) {
    case HX_HEAD_MULTI:
        return multi_loss(r, scale);
    case HX_HEAD_REGRESSION:
        return square_loss(r, g->values, scale, r->has_gradient ? r->dlogits : NULL);
    case HX_HEAD_REPLACED:
        return replaced_loss(r, scale);
    case HX_HEAD_CRF:
        return crf_loss(r, scale);
    default:
        return class_loss(r, scale);
    }
}

/* Into `other`, then added. */
static double teacher_loss(hx_head_run *r, float scale) {
    const hx_train_head *h = r->head;
    const float *teacher = r->targets->teacher_logits;
    size_t n = r->n_rows * h->n_out;
    double sum;
    if (h->options.kind == HX_HEAD_MULTI || h->options.kind == HX_HEAD_REPLACED) {
        hx_nn_sigmoid(r->nn, teacher, n, r->values);
        sum = binary_loss(r, r->values, NULL, scale, r->other);
    } else if (h->options.kind == HX_HEAD_REGRESSION) {
        sum = square_loss(r, teacher, scale, r->other);
    } else {
        hx_nn_distil(r->nn, r->logits, teacher, r->n_rows, h->n_out, h->options.temperature, scale,
                     r->losses, r->other);
        for (size_t i = 0; i < r->n_rows; i++)
            if (!hx__head_counts(r, i) || !hx__head_is_taught(r, i)) weigh_row(r, i, 0, r->other);
        sum = sum_losses(r);
    }
    add_other(r);
    return sum;
}

void hx__head_linear_loss(hx_head_run *r) {
    const hx_targets *g = r->targets;
    float share = g->teacher_logits ? g->teacher_share : 0;
    hx__head_linear_logits(r);
    r->loss = (1 - (double)share) * label_loss(r, r->scale * (1 - share));
    if (g->teacher_logits) r->loss += (double)share * teacher_loss(r, r->scale * share);
    if (r->has_gradient) logits_back(r);
}

void hx__head_linear_tags(hx_head_run *r, uint32_t *tags) {
    size_t n = r->head->n_out;
    hx_head_kind kind = r->head->options.kind;
    for (size_t i = 0; i < r->n_rows; i++) {
        const float *logits = r->logits + i * n;
        size_t best = kind == HX_HEAD_REPLACED ? logits[0] > 0 : greatest(logits, n);
        tags[i] = hx__head_counts(r, i) ? (uint32_t)best : HX_NN_IGNORE;
    }
    if (kind != HX_HEAD_CRF) return;
    size_t kept = pack(r);
    hx_nn_crf crf = packed_crf(r);
    hx_nn_crf_best(r->nn, &crf, r->labels, NULL);
    for (size_t i = 0; i < kept; i++)
        tags[r->labels[r->n_rows + i]] = r->labels[i];
}
