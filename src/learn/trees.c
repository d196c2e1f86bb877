/* trees.c - decision trees in flat arrays: making and walking; see trees.h.
 *
 * Arrays grow by doubling. Rows are taken in blocks, all trees for one block before the next, and values are added in the order of the trees,
 * so that the number of threads changes nothing. A walk ends since children stand behind their parents: growers make them so, and files are
 * checked for it. */
#include "learn/trees.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"

#define NODES_MAX (1u << 30)
#define TREES_MAX 1000000u
#define BLOCK ((size_t)512) /* rows a job */

hx_status hx_trees_no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
}

/* ------------------------------------------------------------------ making */
hx_status hx_trees_init(hx_trees *t, size_t n_features, size_t n_outputs, bool turns,
                        hx_error *err) {
    *t = (hx_trees){.n_features = n_features,
                    .n_outputs = n_outputs,
                    .width = turns ? 1 : n_outputs,
                    .turns = turns,
                    .roots = calloc(1, sizeof *t->roots),
                    .base = calloc(n_outputs + 1, sizeof *t->base)};
    if (t->roots && t->base) return HX_OK;
    hx_trees_release(t);
    return hx_trees_no_memory(err);
}

void hx_trees_release(hx_trees *t) {
    free(t->roots);
    free(t->base);
    free(t->feature);
    free(t->left);
    free(t->threshold);
    free(t->missing_left);
    free(t->cover);
    free(t->gain);
    free(t->values);
    *t = (hx_trees){0};
}

/* Room for n instead of `have`, what is there copied. */
static bool grow(void **p, size_t have, size_t n, size_t size) {
    void *more = calloc(n, size);
    if (!more) return false;
    if (have > 0) memcpy(more, *p, have * size);
    free(*p);
    *p = more;
    return true;
}

static bool reserve(hx_trees *t, size_t n) {
    if (n <= t->room) return true;
    size_t room = t->room ? t->room : 64;
    while (room < n)
        room *= 2;
    if (room > NODES_MAX) return false;
    bool ok = grow((void **)&t->feature, t->n_nodes, room, sizeof *t->feature) &&
              grow((void **)&t->left, t->n_nodes, room, sizeof *t->left) &&
              grow((void **)&t->threshold, t->n_nodes, room, sizeof *t->threshold) &&
              grow((void **)&t->missing_left, t->n_nodes, room, sizeof *t->missing_left) &&
              grow((void **)&t->cover, t->n_nodes, room, sizeof *t->cover) &&
              grow((void **)&t->gain, t->n_nodes, room, sizeof *t->gain) &&
              grow((void **)&t->values, t->n_nodes * t->width, room * t->width, sizeof *t->values);
    if (ok) t->room = room;
    return ok;
}

uint32_t hx_trees_add_node(hx_trees *t) {
    if (!reserve(t, t->n_nodes + 1)) return HX_LEAF;
    size_t i = t->n_nodes++;
    t->feature[i] = HX_LEAF;
    t->left[i] = 0;
    t->missing_left[i] = 0;
    t->threshold[i] = t->cover[i] = t->gain[i] = 0;
    memset(t->values + i * t->width, 0, t->width * sizeof *t->values);
    return (uint32_t)i;
}

hx_status hx_trees_end_tree(hx_trees *t, hx_error *err) {
    if (t->n_trees >= TREES_MAX) return hx_fail(err, HX_ELIMIT, "more than %u trees", TREES_MAX);
    if (!grow((void **)&t->roots, t->n_trees + 1, t->n_trees + 2, sizeof *t->roots))
        return hx_trees_no_memory(err);
    t->roots[++t->n_trees] = (uint32_t)t->n_nodes;
    return HX_OK;
}

hx_status hx_trees_append(hx_trees *to, const hx_trees *from, hx_error *err) {
    size_t at = to->n_nodes, n = from->n_nodes;
    if (!reserve(to, at + n)) return hx_trees_no_memory(err);
    memcpy(to->feature + at, from->feature, n * sizeof *to->feature);
    memcpy(to->threshold + at, from->threshold, n * sizeof *to->threshold);
    memcpy(to->missing_left + at, from->missing_left, n * sizeof *to->missing_left);
    memcpy(to->cover + at, from->cover, n * sizeof *to->cover);
    memcpy(to->gain + at, from->gain, n * sizeof *to->gain);
    memcpy(to->values + at * to->width, from->values, n * to->width * sizeof *to->values);
    for (size_t i = 0; i < n; i++)
        to->left[at + i] = from->feature[i] == HX_LEAF ? 0 : from->left[i] + (uint32_t)at;
    for (size_t k = 0; k < from->n_trees; k++) {
        to->n_nodes = at + from->roots[k + 1];
        HX_TRY(hx_trees_end_tree(to, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ walking */
uint32_t hx_trees_leaf(const hx_trees *t, size_t tree, const double *x) {
    uint32_t i = t->roots[tree];
    while (t->feature[i] != HX_LEAF) {
        double v = x[t->feature[i]];
        bool left = isnan(v) ? t->missing_left[i] != 0 : v < t->threshold[i];
        i = t->left[i] + !left;
    }
    return i;
}

typedef struct {
    const hx_trees *t;
    const double *x;
    size_t n;
    double *out;
} summing;

static hx_status sum_block(void *context, size_t block, size_t worker, hx_error *err) {
    const summing *s = context;
    const hx_trees *t = s->t;
    size_t first = block * BLOCK, last = first + BLOCK < s->n ? first + BLOCK : s->n;
    (void)worker;
    (void)err;
    for (size_t i = first; i < last; i++)
        memcpy(s->out + i * t->n_outputs, t->base, t->n_outputs * sizeof *s->out);
    for (size_t k = 0; k < t->n_trees; k++)
        for (size_t i = first; i < last; i++) {
            double *out = s->out + i * t->n_outputs;
            const double *value =
                t->values + hx_trees_leaf(t, k, s->x + i * t->n_features) * t->width;
            if (t->turns) {
                out[k % t->n_outputs] += value[0];
                continue;
            }
            for (size_t o = 0; o < t->n_outputs; o++)
                out[o] += value[o];
        }
    return HX_OK;
}

hx_status hx_trees_sum(const hx_trees *t, const double *x, size_t n, size_t n_threads, double *out,
                       hx_error *err) {
    summing s = {.t = t, .x = x, .n = n, .out = out};
    return hx_pool_run(n_threads, (n + BLOCK - 1) / BLOCK, sum_block, &s, err);
}

void hx_trees_importance(const hx_trees *t, double *out) {
    double total = 0;
    memset(out, 0, t->n_features * sizeof *out);
    for (size_t k = 0; k < t->n_trees; k++) {
        double sum = 0;
        for (size_t i = t->roots[k]; i < t->roots[k + 1]; i++)
            sum += t->gain[i];
        for (size_t i = t->roots[k]; i < t->roots[k + 1] && sum > 0; i++)
            if (t->feature[i] != HX_LEAF) out[t->feature[i]] += t->gain[i] / sum;
    }
    for (size_t j = 0; j < t->n_features; j++)
        total += out[j];
    for (size_t j = 0; j < t->n_features && total > 0; j++)
        out[j] /= total;
}

void hx_trees_state_importance(const void *state, double *out) {
    hx_trees_importance(state, out);
}
