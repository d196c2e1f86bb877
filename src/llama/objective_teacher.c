/* objective_teacher.c - distillation of hidden states (arXiv 1503.02531; of layers 1412.6550, by cosine 1910.01108).
 *
 *     input of the head (R, D), or the stream behind a block, pooled     -> [projection (W, D)] -> y (R, W)
 *     squares:   share / W  |y - t|^2                                    dy = 2 share / W (y - t)
 *     cosine:    share (1 - y.t / (|y| |t|))                             dy = share / |y| (cos y/|y| - t/|t|)
 *
 * Rows that do not count or that the teacher says nothing of have no part. The projection stands in for what a narrower model can't hold; it is
 * learnt with the rest and thrown away. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/objective_parts.h"
#include "nn/layers.h"

#define LENGTH_MIN 1e-12 /* a row as short as this has no direction */

size_t hx__head_teacher_width(const hx_train_head *h) {
    return h->options.teacher_width > 0 ? h->options.teacher_width : h->d;
}

static bool is_projected(const hx_train_head *h) {
    return h->parts[HX_PART_PROJECT] != HX_HEAD_NONE;
}

hx_status hx__head_teacher_check(const hx_head_run *r, hx_error *err) {
    size_t block = r->head->options.teacher_block;
    if (!r->targets->teacher_hidden || block == 0 || r->batch->tap == block) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "a teacher is compared with block %zu, but the batch keeps block %zu", block,
                   r->batch->tap);
}

void hx__head_teacher_room(hx_head_run *r, hx_head_room *room) {
    const hx_train_head *h = r->head;
    size_t wide = r->n_rows * h->d, projected = r->n_rows * hx__head_teacher_width(h);
    r->compared = hx__head_carve(room, wide);
    r->dinput = hx__head_carve(room, wide);
    if (!is_projected(h)) return;
    r->projected = hx__head_carve(room, projected);
    r->dprojected = hx__head_carve(room, projected);
}

/* One row by its direction: loss, and its gradient times `scale`. */
static float cosine_row(const float *y, const float *t, size_t n, float scale, float *dy) {
    double yy = 0, tt = 0, yt = 0;
    for (size_t i = 0; i < n; i++) {
        yy += (double)y[i] * (double)y[i];
        tt += (double)t[i] * (double)t[i];
        yt += (double)y[i] * (double)t[i];
    }
    memset(dy, 0, n * sizeof *dy);
    if (yy < LENGTH_MIN || tt < LENGTH_MIN) return 1;
    double length = sqrt(yy) * sqrt(tt), cosine = yt / length;
    for (size_t i = 0; i < n; i++)
        dy[i] = (float)((double)scale * (cosine / yy * (double)y[i] - (double)t[i] / length));
    return (float)(1 - cosine);
}

typedef struct {
    const hx_head_run *run;
    const float *y;
    float *dy;
    size_t width;
    float scale;
} row_job;

static void one_row(void *context, size_t i, size_t worker) {
    (void)worker;
    const row_job *j = context;
    const hx_head_run *r = j->run;
    float *dy = j->dy + i * j->width;
    const float *t = r->targets->teacher_hidden + i * j->width;
    if (hx__head_counts(r, i) && hx__head_is_taught(r, i)) {
        r->losses[i] = cosine_row(j->y + i * j->width, t, j->width, j->scale, dy);
        return;
    }
    r->losses[i] = 0;
    memset(dy, 0, j->width * sizeof *dy);
}

static double compare(hx_head_run *r, const float *y, float *dy) {
    size_t width = hx__head_teacher_width(r->head);
    bool by_cosine = r->head->options.teacher_cosine;
    float share = r->targets->hidden_share / (by_cosine ? 1 : (float)width);
    row_job job = {r, y, dy, width, r->scale * share};
    double sum = 0;
    if (by_cosine)
        hx_team_run(r->nn->team, r->n_rows, one_row, &job);
    else
        hx_nn_squares(r->nn, y, r->targets->teacher_hidden, r->n_rows, width, r->scale * share,
                      r->losses, dy);
    for (size_t i = 0; i < r->n_rows; i++) {
        bool counts = hx__head_counts(r, i) && hx__head_is_taught(r, i);
        if (counts) sum += (double)r->losses[i];
        if (!counts) memset(dy + i * width, 0, width * sizeof *dy);
    }
    return sum * (double)share;
}

/* What is compared: (R, D). */
static const float *student_of(const hx_head_run *r) {
    const hx_train_head *h = r->head;
    if (h->options.teacher_block == 0) return r->input;
    const float *stream = hx_trunk_tap(h->trunk);
    if (!h->is_pooled) return stream;
    hx__head_pool(r, stream, r->compared);
    return r->compared;
}

static void give_back(const hx_head_run *r, const float *dx, float *dtap) {
    const hx_train_head *h = r->head;
    size_t n = r->n_rows * h->d;
    if (h->options.teacher_block == 0) {
        if (r->has_gradient) hx__head_add(r->nn, dx, n, r->dx);
    } else if (dtap && h->is_pooled) {
        hx__head_pool_back(r, dx, dtap);
    } else if (dtap) {
        hx__head_add(r->nn, dx, n, dtap);
    }
}

void hx__head_teacher_loss(hx_head_run *r, float *dtap) {
    const hx_train_head *h = r->head;
    const float *x = student_of(r);
    if (!is_projected(h)) {
        r->loss += compare(r, x, r->dinput);
        give_back(r, r->dinput, dtap);
        return;
    }
    hx_param *w = hx__head_part(h, HX_PART_PROJECT);
    size_t width = hx__head_teacher_width(h);
    hx_nn_linear(r->nn, x, r->n_rows, h->d, width, w->w, NULL, r->projected);
    r->loss += compare(r, r->projected, r->dprojected);
    if (!r->has_gradient) return;
    hx_nn_linear_grad g = {.x = x,
                           .w = w->w,
                           .dy = r->dprojected,
                           .t = r->n_rows,
                           .k = h->d,
                           .n = width,
                           .dx = r->dinput,
                           .dw = w->g};
    hx_nn_linear_back(r->nn, &g);
    give_back(r, r->dinput, dtap);
}
