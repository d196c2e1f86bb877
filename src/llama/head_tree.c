/* head_tree.c - the tree of a text's words by a head of arcs and relations (Dozat, Manning 2017, arXiv 1611.01734), as training decodes it.
 *
 *     rows: the text's first token, which is the root, then the first token of each word
 *     GELU(x mlp^T + bias) = a | b | p | q, each of `width`
 *     arc (i, j) = [a_i; 1]^T U b_j      the best tree of these with one root word (tree.h)
 *     relation of word i at its head j: the greatest [p_i; 1]^T W_c [q_j; 1]
 *
 * A word's score is the softmax of its arcs at the head that the tree gave it. Where something stands beside the head (hx_tree_beside), it changes
 * the log-probabilities of arcs and relations before each is chosen. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "llama/heads.h"
#include "llama/tree.h"
#include "nn/crf.h"
#include "nn/layers.h"
#include "nn/parts.h"
#include "tensor/memory.h"
#include "tensor/vector.h"

typedef struct {
    const hx_model_head *head;
    hx_nn nn;
    size_t rows, width, d;
    float *x, *before, *mlp; /* (R, D), (R, 4 W), (R, 4 W) */
    float *a, *b, *p, *q; /* (R, W + 1), (R, W), (R, W + 1), (R, W + 1) */
    float *scores, *z, *logs; /* (R, R), (R, W + 1), (R, labels) */
    float *best; /* (R) */
    char *room; /* owned */
    size_t bytes;
} tree_room;

static float *carve(tree_room *r, size_t floats) {
    size_t first = r->bytes;
    r->bytes += (floats * sizeof(float) + 63) / 64 * 64;
    return r->room ? (float *)(void *)(r->room + first) : NULL;
}

static void layout(tree_room *r, size_t n_threads) {
    size_t n = r->rows, w = r->width;
    size_t mlp = hx_nn_linear_scratch(n, r->d, 4 * w, n_threads),
           arcs = hx_nn_biaffine_scratch(n, w + 1, w, n_threads),
           relations = hx_nn_linear_scratch(n, w + 1, w + 1, n_threads);
    size_t most = mlp > arcs ? mlp : arcs;
    r->bytes = 0;
    r->x = carve(r, n * r->d);
    r->before = carve(r, n * 4 * w);
    r->mlp = carve(r, n * 4 * w);
    r->a = carve(r, n * (w + 1));
    r->b = carve(r, n * w);
    r->p = carve(r, n * (w + 1));
    r->q = carve(r, n * (w + 1));
    r->scores = carve(r, n * n);
    r->z = carve(r, n * (w + 1));
    r->logs = carve(r, n * r->head->n_out);
    r->best = carve(r, n);
    r->nn.scratch = carve(r, (most > relations ? most : relations) / sizeof(float) + 16);
}

static hx_status reserve(tree_room *r, size_t n_threads, hx_error *err) {
    layout(r, n_threads);
    r->room = hx_memory_new(r->bytes);
    if (!r->room) return hx_fail(err, HX_ENOMEM, "out of memory (tree of %zu words)", r->rows - 1);
    layout(r, n_threads);
    return HX_OK;
}

static void gather(const hx_llama *m, tree_room *r, const float *hidden, const uint32_t *places) {
    for (size_t i = 0; i < r->rows; i++)
        hx_head_norm(m, r->head, &r->nn, hidden + (i == 0 ? 0 : places[i - 1]) * r->d, 1, r->best,
                     r->x + i * r->d);
}

static void split(const tree_room *r) {
    size_t w = r->width;
    for (size_t i = 0; i < r->rows; i++) {
        const float *from = r->mlp + i * 4 * w;
        memcpy(r->a + i * (w + 1), from, w * sizeof *from);
        memcpy(r->b + i * w, from + w, w * sizeof *from);
        memcpy(r->p + i * (w + 1), from + 2 * w, w * sizeof *from);
        memcpy(r->q + i * (w + 1), from + 3 * w, w * sizeof *from);
        r->a[i * (w + 1) + w] = r->p[i * (w + 1) + w] = r->q[i * (w + 1) + w] = 1;
    }
}

static void score_arcs(tree_room *r) {
    const hx_model_head *h = r->head;
    size_t w = r->width;
    hx_nn_linear(&r->nn, r->x, r->rows, r->d, 4 * w, h->mlp, h->mlp_bias, r->before);
    hx_nn_gelu(&r->nn, r->before, r->rows * 4 * w, r->mlp);
    split(r);
    hx_nn_biaffine_call call = {
        .a = r->a, .b = r->b, .w = h->arc, .t = r->rows, .d = w + 1, .e = w, .l = 1};
    hx_nn_biaffine(&r->nn, &call, r->scores);
}

static void to_logs(const tree_room *r, float *row, size_t n) {
    const float sum = hx_vector_log_sum_exp(r->nn.kernels, row, n);
    for (size_t k = 0; k < n; k++)
        row[k] -= sum;
}

static void score_relations(tree_room *r, const uint32_t *heads) {
    const hx_nn_loops *loops = hx_nn_loops_of(r->nn.kernels);
    size_t e = r->width + 1, labels = r->head->n_out;
    for (size_t c = 0; c < labels; c++) {
        hx_nn_linear(&r->nn, r->q, r->rows, e, e, r->head->relation + c * e * e, NULL, r->z);
        for (size_t i = 0; i + 1 < r->rows; i++)
            r->logs[i * labels + c] = loops->dot(r->p + (i + 1) * e, r->z + heads[i] * e, e);
    }
}

static void choose_relations(const tree_room *r, uint32_t *labels) {
    size_t n = r->head->n_out;
    for (size_t i = 0; i + 1 < r->rows; i++) {
        const float *row = r->logs + i * n;
        labels[i] = 0;
        for (uint32_t c = 1; c < n; c++)
            if (row[c] > row[labels[i]]) labels[i] = c;
    }
}

/* The probability of each word's head among all rows. */
static void measure(const tree_room *r, const uint32_t *heads, float *scores) {
    for (size_t i = 0; i + 1 < r->rows; i++) {
        const float *row = r->scores + (i + 1) * r->rows;
        scores[i] = expf(row[heads[i]] - hx_vector_log_sum_exp(r->nn.kernels, row, r->rows));
    }
}

/* ------------------------------------------------------------------ all of it */
static hx_status join_arcs(tree_room *r, const hx_head_words *w, hx_error *err) {
    if (!w->beside) return HX_OK;
    for (size_t i = 1; i < r->rows; i++)
        to_logs(r, r->scores + i * r->rows, r->rows);
    return w->beside->arcs(w->beside->self, w->text, w->n, r->scores, err);
}

static hx_status join_relations(tree_room *r, const hx_head_words *w, const uint32_t *heads,
                                hx_error *err) {
    size_t n = r->head->n_out;
    if (!w->beside) return HX_OK;
    for (size_t i = 0; i + 1 < r->rows; i++)
        to_logs(r, r->logs + i * n, n);
    return w->beside->relations(w->beside->self, w->text, heads, w->n, r->logs, err);
}

static hx_status make_tree(tree_room *r, const hx_llama *m, const hx_head_words *w, uint32_t *heads,
                           uint32_t *labels, float *scores, hx_error *err) {
    gather(m, r, w->hidden, w->places);
    score_arcs(r);
    HX_TRY(join_arcs(r, w, err));
    HX_TRY(hx_tree_best(r->scores, w->n, heads, err));
    score_relations(r, heads);
    HX_TRY(join_relations(r, w, heads, err));
    choose_relations(r, labels);
    measure(r, heads, scores);
    return HX_OK;
}

hx_status hx_head_tree(const hx_llama *m, const hx_model_head *h, hx_team *team,
                       const hx_head_words *words, uint32_t *heads, uint32_t *labels, float *scores,
                       hx_error *err) {
    tree_room r = {.head = h,
                   .nn = {.kernels = m->kernels, .team = team},
                   .rows = words->n + 1,
                   .width = h->width,
                   .d = m->config.n_embd};
    if (words->n == 0 || words->n_tokens == 0) return HX_OK;
    if (words->n > HX_TREE_WORDS_MAX)
        return hx_fail(err, HX_ELIMIT, "a sentence has %zu words; trees are made of at most %d",
                       words->n, HX_TREE_WORDS_MAX);
    HX_TRY(reserve(&r, hx_team_size(team), err));
    hx_status st = make_tree(&r, m, words, heads, labels, scores, err);
    hx_memory_free(r.room, r.bytes);
    return st;
}
