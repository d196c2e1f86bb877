/* explain_surrogate.c - a small tree that says nearly what the model says: three levels, learnt from the model's answers on two thirds of the rows, judged
 * on the third that it did not see (R2 of the answers; of classes also how often both are on the same side of one half).
 *
 * A share of the rows that is explained well says how far the tree may stand for the model; below one half the page says that it may not.
 *
 * It reads the model's features in their own units, so that its questions are ones about the table: is city 上海, is age below 35.5. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/explain.h"
#include "learn/tree_grow.h"

#define DEPTH 3
#define LEAF_SHARE 0.01 /* of the rows at least */
#define LEAF_ROWS 5.0
#define TELL_APART ((size_t)30) /* with fewer rows it is judged on those it learnt from */
#define ROWS_MAX ((size_t)20000)

typedef struct {
    const hx_explaining *e;
    hx_trees trees;
    size_t *rows, n; /* those that are used */
    double *x, *y; /* (n, d) in their own units, (n) answers */
    double *weights; /* (n): 1 = learnt from, 0 = judged on */
    bool apart;
} surrogate;

static hx_status take(surrogate *s, hx_error *err) {
    const hx_explaining *e = s->e;
    hx_rng rng;
    s->rows = hx_explain_sample(e, e->n, ROWS_MAX, &s->n);
    s->x = hx_arena_alloc(e->arena, (s->n * e->d + 1) * sizeof *s->x);
    s->y = hx_arena_alloc(e->arena, (s->n + 1) * sizeof *s->y);
    s->weights = hx_arena_alloc(e->arena, (s->n + 1) * sizeof *s->weights);
    if (!s->rows || !s->x || !s->y || !s->weights) return hx_explain_no_memory(err);
    s->apart = s->n >= TELL_APART;
    hx_rng_seed(&rng, hx_hash_mix(e->o->seed, s->n));
    for (size_t i = 0; i < s->n; i++) {
        s->y[i] = e->answers[s->rows[i]];
        s->weights[i] = !s->apart || hx_rng_below(&rng, 3) > 0;
        for (size_t j = 0; j < e->d; j++) {
            const bool read = e->design->columns[e->design->feature_columns[j]].tokens > 0;
            const double v = read ? 0 : e->x[s->rows[i] * e->d + j]; /* ids are no numbers */
            s->x[i * e->d + j] =
                e->design->deviations ? v * e->design->deviations[j] + e->design->means[j] : v;
        }
    }
    return HX_OK;
}

static hx_status grow(surrogate *s, hx_error *err) {
    const hx_explaining *e = s->e;
    const hx_problem p = {.x = s->x, .n = s->n, .d = e->d, .y = s->y, .task = HX_TASK_REGRESSION};
    const hx_tree_options o = {.split = HX_SPLIT_SQUARES,
                               .depth = DEPTH,
                               .leaf_rows = (size_t)fmax(LEAF_ROWS, (double)s->n * LEAF_SHARE),
                               .split_rows = 2};
    hx_rng rng;
    hx_rng_seed(&rng, e->o->seed);
    HX_TRY(hx_trees_init(&s->trees, e->d, 1, false, err));
    return hx_tree_grow(&s->trees, &p, s->weights, &o, 1, &rng, err);
}

static double said(const surrogate *s, size_t i) {
    return s->trees.values[hx_trees_leaf(&s->trees, 0, s->x + i * s->e->d)];
}

/* R2 and agreement on the rows it did not learn from. */
static void judge(const surrogate *s, size_t *n, double *r2, double *agreement) {
    double mean = 0, rest = 0, all = 0;
    size_t alike = 0;
    *n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!s->apart || s->weights[i] == 0) {
            mean += s->y[i];
            (*n)++;
            alike += (said(s, i) > 0.5) == (s->y[i] > 0.5);
        }
    mean /= (double)*n;
    for (size_t i = 0; i < s->n; i++)
        if (!s->apart || s->weights[i] == 0) {
            const double off = s->y[i] - said(s, i);
            rest += off * off;
            all += (s->y[i] - mean) * (s->y[i] - mean);
        }
    *r2 = all > 0 ? 1 - rest / all : NAN;
    *agreement = s->e->classes && *n > 0 ? (double)alike / (double)*n : NAN;
}

/* What a split asks: column, and the text value, `missing`, or the number below which a row goes left. */
static void put_question(const surrogate *s, size_t node, hx_json_writer *w) {
    const hx_explaining *e = s->e;
    const size_t j = s->trees.feature[node], column = e->design->feature_columns[j];
    const hx_design_column *c = &e->design->columns[column];
    const char *name = e->l->features[j];
    const size_t len = strlen(c->name);
    hx_json_key(w, "feature");
    hx_json_cstr(w, name);
    hx_json_key(w, "column");
    hx_json_cstr(w, c->name);
    if (strlen(name) > len + 1 && name[len] == '=') {
        hx_json_key(w, "is");
        hx_json_cstr(w, name + len + 1);
    } else if (name[len] == ' ') {
        hx_json_key(w, "missing");
        hx_json_bool(w, true);
    } else if (c->kind == HX_KIND_BOOLEAN) {
        hx_json_key(w, "is");
        hx_json_cstr(w, "true");
    } else {
        hx_json_key(w, "below");
        hx_explain_put_cell(e, column, s->trees.threshold[node], w);
    }
}

static void put_nodes(const surrogate *s, hx_json_writer *w) {
    const hx_trees *t = &s->trees;
    hx_json_key(w, "nodes");
    hx_json_array(w);
    for (size_t i = 0; i < t->n_nodes; i++) {
        hx_json_object(w);
        if (t->feature[i] != HX_LEAF) {
            put_question(s, i, w);
            hx_json_key(w, "left");
            hx_json_int(w, t->left[i]);
        }
        hx_explain_put_number(w, "value", t->values[i]);
        hx_explain_put_number(w, "share", t->cover[i] / t->cover[0]);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* Means of inner nodes, from their children's. */
static void fill_means(hx_trees *t) {
    for (size_t i = t->n_nodes; i-- > 0;) {
        if (t->feature[i] == HX_LEAF) continue;
        const size_t a = t->left[i], b = a + 1;
        t->values[i] = (t->values[a] * t->cover[a] + t->values[b] * t->cover[b]) / t->cover[i];
    }
}

static void put_surrogate(surrogate *s, hx_json_writer *w) {
    size_t n;
    double r2, agreement;
    judge(s, &n, &r2, &agreement);
    fill_means(&s->trees);
    hx_json_key(w, "surrogate");
    hx_json_object(w);
    hx_json_key(w, "rows");
    hx_json_int(w, (int64_t)s->n);
    hx_json_key(w, "judged_on");
    hx_json_int(w, (int64_t)n);
    hx_json_key(w, "unseen");
    hx_json_bool(w, s->apart);
    hx_explain_put_number(w, "r2", r2);
    hx_explain_put_number(w, "agreement", agreement);
    put_nodes(s, w);
    hx_json_end_object(w);
}

hx_status hx_explain_surrogate(const hx_explaining *e, hx_json_writer *w, hx_error *err) {
    surrogate s = {.e = e};
    HX_TRY(take(&s, err));
    hx_status st = grow(&s, err);
    if (st == HX_OK) put_surrogate(&s, w);
    hx_trees_release(&s.trees);
    return st;
}
