/* objective_biaffine.c - arcs and relations of words (Dozat, Manning 2017, arXiv 1611.01734).
 *
 * Rows: of each sequence its root (token 0), then its words: sequence s has rows word_starts[s] + s and behind. One layer with GELU gives each
 * row four vectors of `width`: a, b of arcs and p, q of relations, as dependent and as head.
 *     arc (i, j)         = [a_i; 1]^T U b_j                    cross-entropy over all rows j of the sequence, label = the head
 *     relation (i, j, c) = [p_i; 1]^T W_c [q_j; 1]             cross-entropy over c at the gold head j
 * Relations are only made at gold arcs: with z = W_c [q; 1] of all rows, logit (i, c) = [p_i; 1] . z_head(i), and back through both factors.
 * The loss of a word is the sum of both. Words whose head is HX_NN_IGNORE count nothing, a relation that is, has no part. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/objective_parts.h"
#include "llama/tree.h"
#include "nn/layers.h"
#include "nn/parts.h"

/* R rows, W = width, L = relations, M = rows of the longest sequence. */
typedef struct {
    size_t rows, width, labels, longest;
    float *x, *before, *mlp, *dmlp; /* (R, D), (R, 4 W), (R, 4 W), (R, 4 W) */
    float *a, *b, *p, *q; /* (R, W + 1), (R, W), (R, W + 1), (R, W + 1) */
    float *da, *db, *dp, *dq;
    float *scores, *z, *dz; /* (M, M), (R, W + 1), (R, W + 1) */
    float *logits, *dlogits; /* (R, L) */
    float *losses; /* (R) */
    uint32_t *heads, *relations; /* (R): the head within the sequence, its label; or HX_NN_IGNORE */
    uint32_t *head_rows; /* (R): row of the gold head */
    uint32_t *best; /* (R): the head of the highest arc */
} biaffine;

static size_t first_row(const hx_targets *g, size_t s) {
    return g->word_starts[s] + s;
}

static void layout(const hx_head_run *r, biaffine *f, hx_head_room *room) {
    const hx_targets *g = r->targets;
    size_t n = r->batch->n_sequences, w = r->head->options.width;
    *f = (biaffine){.rows = first_row(g, n), .width = w, .labels = r->head->options.n_labels};
    for (size_t s = 0; s < n; s++) {
        size_t rows = first_row(g, s + 1) - first_row(g, s);
        if (rows > f->longest) f->longest = rows;
    }
    size_t rows = f->rows;
    f->x = hx__head_carve(room, rows * r->head->d);
    float **const wide[] = {&f->before, &f->mlp, &f->dmlp};
    for (size_t i = 0; i < 3; i++)
        *wide[i] = hx__head_carve(room, rows * 4 * w);
    float **const narrow[] = {&f->a,  &f->b,  &f->p,  &f->q, &f->da,
                              &f->db, &f->dp, &f->dq, &f->z, &f->dz};
    for (size_t i = 0; i < sizeof narrow / sizeof narrow[0]; i++)
        *narrow[i] = hx__head_carve(room, rows * (w + 1));
    f->scores = hx__head_carve(room, f->longest * f->longest);
    f->logits = hx__head_carve(room, rows * f->labels);
    f->dlogits = hx__head_carve(room, rows * f->labels);
    f->losses = hx__head_carve(room, rows);
    uint32_t **const numbers[] = {&f->heads, &f->relations, &f->head_rows, &f->best};
    for (size_t i = 0; i < 4; i++)
        *numbers[i] = (uint32_t *)(void *)hx__head_carve(room, rows);
}

void hx__head_biaffine_room(hx_head_run *r, hx_head_room *room) {
    hx_head_room inner = {0};
    biaffine f;
    layout(r, &f, &inner);
    r->words = hx__head_carve(room, inner.bytes / sizeof(float));
}

size_t hx__head_biaffine_scratch(const hx_train_head *h, size_t n_tokens, size_t n_sequences,
                                 size_t n_threads) {
    size_t rows = n_tokens + n_sequences, w = h->options.width;
    size_t arcs = hx_nn_biaffine_scratch(n_tokens + 1, w + 1, w, n_threads);
    size_t mlp = hx_nn_linear_scratch(rows, h->d, 4 * w, n_threads);
    size_t relations = hx_nn_linear_scratch(rows, w + 1, w + 1, n_threads);
    size_t most = arcs > mlp ? arcs : mlp;
    return most > relations ? most : relations;
}

/* ------------------------------------------------------------------ checks */
static hx_status check_words(const hx_head_run *r, size_t s, hx_error *err) {
    const hx_targets *g = r->targets;
    size_t first = g->word_starts[s], end = g->word_starts[s + 1];
    uint32_t least = r->batch->starts[s];
    for (size_t i = first; i < end; i++) {
        if (g->words[i] < least || g->words[i] >= r->batch->starts[s + 1])
            return hx_fail(err, HX_EINVAL,
                           "word %zu of sequence %zu begins at token %lu, which is not behind the "
                           "word before it",
                           i - first, s, (unsigned long)g->words[i]);
        least = g->words[i] + 1;
        if (g->heads && g->heads[i] != HX_NN_IGNORE && g->heads[i] > end - first)
            return hx_fail(err, HX_EINVAL, "word %zu of sequence %zu has head %lu of %zu words",
                           i - first, s, (unsigned long)g->heads[i], end - first);
        if (g->labels && g->labels[i] != HX_NN_IGNORE && g->labels[i] >= r->head->options.n_labels)
            return hx_fail(err, HX_EINVAL, "word %zu of sequence %zu has relation %lu of %zu",
                           i - first, s, (unsigned long)g->labels[i], r->head->options.n_labels);
    }
    return HX_OK;
}

static hx_status check_batch(const hx_head_run *r, hx_error *err) {
    const hx_targets *g = r->targets;
    if (!g->words || !g->word_starts || g->word_starts[0] != 0)
        return hx_fail(err, HX_EINVAL, "a head of arcs needs words and where sequences start");
    for (size_t s = 0; s < r->batch->n_sequences; s++) {
        if (g->word_starts[s + 1] < g->word_starts[s])
            return hx_fail(err, HX_EINVAL, "words of sequence %zu end before they start", s);
        HX_TRY(check_words(r, s, err));
    }
    return HX_OK;
}

hx_status hx__head_biaffine_check(const hx_head_run *r, hx_error *err) {
    if (!r->targets->heads) return hx_fail(err, HX_EINVAL, "words have no heads to learn");
    return check_batch(r, err);
}

/* ------------------------------------------------------------------ forward */
static void gather(const hx_head_run *r, const biaffine *f) {
    const hx_targets *g = r->targets;
    size_t d = r->head->d;
    for (size_t s = 0; s < r->batch->n_sequences; s++) {
        size_t row = first_row(g, s), first = g->word_starts[s], token = r->batch->starts[s];
        bool is_empty = token == r->batch->starts[s + 1];
        memset(f->x + row * d, 0, d * sizeof *f->x);
        if (!is_empty) memcpy(f->x + row * d, r->x + token * d, d * sizeof *f->x);
        f->heads[row] = f->relations[row] = HX_NN_IGNORE;
        for (size_t i = first; i < g->word_starts[s + 1]; i++) {
            memcpy(f->x + ++row * d, r->x + g->words[i] * d, d * sizeof *f->x);
            f->heads[row] = g->heads ? g->heads[i] : HX_NN_IGNORE;
            bool counts = g->labels && f->heads[row] != HX_NN_IGNORE;
            f->relations[row] = counts ? g->labels[i] : HX_NN_IGNORE;
            f->head_rows[row] = (uint32_t)first_row(g, s) + (counts ? f->heads[row] : 0);
        }
        f->head_rows[first_row(g, s)] = (uint32_t)first_row(g, s);
    }
}

static void split(const biaffine *f) {
    size_t w = f->width;
    for (size_t i = 0; i < f->rows; i++) {
        const float *from = f->mlp + i * 4 * w;
        memcpy(f->a + i * (w + 1), from, w * sizeof *from);
        memcpy(f->b + i * w, from + w, w * sizeof *from);
        memcpy(f->p + i * (w + 1), from + 2 * w, w * sizeof *from);
        memcpy(f->q + i * (w + 1), from + 3 * w, w * sizeof *from);
        f->a[i * (w + 1) + w] = f->p[i * (w + 1) + w] = f->q[i * (w + 1) + w] = 1;
    }
}

static void forward(const hx_head_run *r, const biaffine *f) {
    const hx_train_head *h = r->head;
    gather(r, f);
    hx_nn_linear(r->nn, f->x, f->rows, h->d, 4 * f->width, hx__head_part(h, HX_PART_MLP)->w,
                 hx__head_part(h, HX_PART_MLP_BIAS)->w, f->before);
    hx_nn_gelu(r->nn, f->before, f->rows * 4 * f->width, f->mlp);
    split(f);
}

static hx_nn_biaffine_call arcs_of(const hx_head_run *r, const biaffine *f, size_t s) {
    size_t first = first_row(r->targets, s);
    return (hx_nn_biaffine_call){.a = f->a + first * (f->width + 1),
                                 .b = f->b + first * f->width,
                                 .w = hx__head_part(r->head, HX_PART_ARC)->w,
                                 .t = first_row(r->targets, s + 1) - first,
                                 .d = f->width + 1,
                                 .e = f->width,
                                 .l = 1};
}

/* z = W_c [q; 1] of all rows. */
static const float *relation_half(const hx_head_run *r, const biaffine *f, size_t c) {
    size_t e = f->width + 1;
    const float *w = hx__head_part(r->head, HX_PART_RELATION)->w + c * e * e;
    hx_nn_linear(r->nn, f->q, f->rows, e, e, w, NULL, f->z);
    return w;
}

static void relation_logits(const hx_head_run *r, const biaffine *f) {
    const hx_nn_loops *loops = hx_nn_loops_of(r->nn->kernels);
    size_t e = f->width + 1;
    for (size_t c = 0; c < f->labels; c++) {
        relation_half(r, f, c);
        for (size_t i = 0; i < f->rows; i++)
            f->logits[i * f->labels + c] = loops->dot(f->p + i * e, f->z + f->head_rows[i] * e, e);
    }
}

static size_t greatest(const float *x, size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (x[i] > x[best]) best = i;
    return best;
}

/* ------------------------------------------------------------------ loss and back */
static double arc_loss(const hx_head_run *r, const biaffine *f) {
    size_t w = f->width;
    double sum = 0;
    for (size_t s = 0; s < r->batch->n_sequences; s++) {
        hx_nn_biaffine_call call = arcs_of(r, f, s);
        size_t first = first_row(r->targets, s);
        hx_nn_classes c = {.labels = f->heads + first, .scale = r->scale};
        float *ds = r->has_gradient ? f->scores : NULL;
        hx_nn_biaffine(r->nn, &call, f->scores);
        for (size_t i = 0; i < call.t; i++)
            f->best[first + i] = (uint32_t)greatest(f->scores + i * call.t, call.t);
        sum += hx_nn_cross_entropy(r->nn, &c, f->scores, call.t, call.t, f->losses, ds);
        if (ds)
            hx_nn_biaffine_back(r->nn, &call, ds, f->da + first * (w + 1), f->db + first * w,
                                hx__head_part(r->head, HX_PART_ARC)->g);
    }
    return sum;
}

static void relation_back(const hx_head_run *r, const biaffine *f) {
    const hx_nn_loops *loops = hx_nn_loops_of(r->nn->kernels);
    size_t e = f->width + 1;
    memset(f->dp, 0, f->rows * e * sizeof *f->dp);
    for (size_t c = 0; c < f->labels; c++) {
        const float *w = relation_half(r, f, c);
        memset(f->dz, 0, f->rows * e * sizeof *f->dz);
        for (size_t i = 0; i < f->rows; i++) {
            float d = f->dlogits[i * f->labels + c];
            if (f->relations[i] == HX_NN_IGNORE) continue;
            loops->add_scaled(f->p + i * e, e, d, f->dz + f->head_rows[i] * e);
            loops->add_scaled(f->z + f->head_rows[i] * e, e, d, f->dp + i * e);
        }
        hx_nn_linear_grad g = {.x = f->q,
                               .w = w,
                               .dy = f->dz,
                               .t = f->rows,
                               .k = e,
                               .n = e,
                               .dx = f->dq,
                               .dw = hx__head_part(r->head, HX_PART_RELATION)->g + c * e * e,
                               .add = c > 0};
        hx_nn_linear_back(r->nn, &g);
    }
}

static double relation_loss(const hx_head_run *r, const biaffine *f) {
    hx_nn_classes c = {
        .labels = f->relations, .weights = r->targets->class_weights, .scale = r->scale};
    relation_logits(r, f);
    double sum = hx_nn_cross_entropy(r->nn, &c, f->logits, f->rows, f->labels, f->losses,
                                     r->has_gradient ? f->dlogits : NULL);
    if (r->has_gradient) relation_back(r, f);
    return sum;
}

/* The ones at the ends have no gradient to pass on. */
static void join(const biaffine *f) {
    size_t w = f->width;
    for (size_t i = 0; i < f->rows; i++) {
        float *to = f->dmlp + i * 4 * w;
        memcpy(to, f->da + i * (w + 1), w * sizeof *to);
        memcpy(to + w, f->db + i * w, w * sizeof *to);
        memcpy(to + 2 * w, f->dp + i * (w + 1), w * sizeof *to);
        memcpy(to + 3 * w, f->dq + i * (w + 1), w * sizeof *to);
    }
}

/* To the tokens that rows were taken from; x is no longer needed and holds its own gradient. */
static void scatter(const hx_head_run *r, const biaffine *f) {
    const hx_targets *g = r->targets;
    const hx_nn_loops *loops = hx_nn_loops_of(r->nn->kernels);
    size_t d = r->head->d;
    memset(r->dx, 0, r->n_rows * d * sizeof *r->dx);
    for (size_t s = 0; s < r->batch->n_sequences; s++) {
        size_t row = first_row(g, s), token = r->batch->starts[s];
        if (token == r->batch->starts[s + 1]) continue;
        loops->add_scaled(f->x + row * d, d, 1, r->dx + token * d);
        for (size_t i = g->word_starts[s]; i < g->word_starts[s + 1]; i++)
            loops->add_scaled(f->x + ++row * d, d, 1, r->dx + g->words[i] * d);
    }
}

static void backward(const hx_head_run *r, const biaffine *f) {
    const hx_param *mlp = hx__head_part(r->head, HX_PART_MLP);
    size_t n = f->rows * 4 * f->width;
    join(f);
    hx_nn_gelu_back(r->nn, f->before, f->dmlp, n, f->dmlp);
    hx_nn_linear_grad weights = {.x = f->x,
                                 .w = mlp->w,
                                 .dy = f->dmlp,
                                 .t = f->rows,
                                 .k = r->head->d,
                                 .n = 4 * f->width,
                                 .dw = mlp->g,
                                 .db = hx__head_part(r->head, HX_PART_MLP_BIAS)->g};
    hx_nn_linear_grad input = weights;
    input.dw = input.db = NULL;
    input.dx = f->x;
    hx_nn_linear_back(r->nn, &weights);
    hx_nn_linear_back(r->nn, &input);
    scatter(r, f);
}

void hx__head_biaffine_loss(hx_head_run *r) {
    hx_head_room inner = {.at = (char *)r->words};
    biaffine f;
    layout(r, &f, &inner);
    forward(r, &f);
    r->loss = arc_loss(r, &f) + relation_loss(r, &f);
    if (r->has_gradient) backward(r, &f);
    for (size_t i = 0; i < f.rows; i++) {
        const float *logits = f.logits + i * f.labels;
        if (f.heads[i] == HX_NN_IGNORE || f.heads[i] != f.best[i]) continue;
        r->n_right +=
            f.relations[i] == HX_NN_IGNORE || greatest(logits, f.labels) == f.relations[i];
    }
}

/* ------------------------------------------------------------------ trees */
hx_status hx__head_biaffine_trees(hx_head_run *r, uint32_t *heads, uint32_t *labels,
                                  hx_error *err) {
    const hx_targets *g = r->targets;
    hx_head_room inner = {.at = (char *)r->words};
    biaffine f;
    layout(r, &f, &inner);
    forward(r, &f);
    for (size_t s = 0; s < r->batch->n_sequences; s++) {
        hx_nn_biaffine_call call = arcs_of(r, &f, s);
        size_t row = first_row(g, s);
        hx_nn_biaffine(r->nn, &call, f.scores);
        HX_TRY(hx_tree_best(f.scores, call.t - 1, heads + g->word_starts[s], err));
        for (size_t i = 1; i < call.t; i++)
            f.head_rows[row + i] = (uint32_t)row + heads[g->word_starts[s] + i - 1];
    }
    relation_logits(r, &f);
    for (size_t s = 0; s < r->batch->n_sequences; s++)
        for (size_t i = g->word_starts[s]; i < g->word_starts[s + 1]; i++)
            labels[i] = (uint32_t)greatest(f.logits + (i + s + 1) * f.labels, f.labels);
    return HX_OK;
}

hx_status hx__head_biaffine_check_words(const hx_head_run *r, hx_error *err) {
    return check_batch(r, err);
}
