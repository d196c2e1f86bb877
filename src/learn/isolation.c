/* isolation.c - isolation forest (Liu, Ting, Zhou 2008): rows that few random splits tell from all others are outliers.
 *
 *     score(x) = 2^(-E[h(x)] / c(m)),   c(m) = 2 (ln(m - 1) + 0.5772156649) - 2 (m - 1) / m,  c(2) = 1,  c(1) = 0
 *
 * h is the depth of the leaf plus c(rows of the leaf); a tree sees m rows drawn without replacement and ends at depth log2(m). A node splits a
 * feature drawn among those that differ there, at a point drawn between its least and greatest value. Rows without the value go where more rows
 * went. Near 1 = an outlier, below 0.5 = as others. Tree k depends on the seed and k alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "base/rng.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/trees.h"

#define EULER 0.577215664901532861
#define SAMPLE_MAX 1000000
#define DEPTH_ROOM 64

enum { TREES, SAMPLE, PARAMS };
static const hx_model_param params[PARAMS] = {
    {.name = "trees",
     .kind = HX_PARAM_COUNT,
     .fallback = 100,
     .low = 1,
     .high = 100000,
     .help = {"how many", "树的数量"}},
    {.name = "sample",
     .kind = HX_PARAM_COUNT,
     .fallback = 256,
     .low = 2,
     .high = SAMPLE_MAX,
     .help = {"rows a tree sees", "每棵树抽取的行数"}},
};

typedef struct {
    hx_trees trees;
    double path; /* c(m) */
} state;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
}

/* The mean path of an unsuccessful search among n. */
static double mean_path(size_t n) {
    if (n < 2) return 0;
    if (n == 2) return 1;
    double m = (double)n;
    return 2 * (log(m - 1) + EULER) - 2 * (m - 1) / m;
}

static void release(void *state_) {
    state *s = state_;
    hx_trees_release(&s->trees);
    free(s);
}

static state *new_state(size_t d, hx_error *err) {
    state *s = calloc(1, sizeof *s);
    if (s && hx_trees_init(&s->trees, d, 1, false, err) == HX_OK) return s;
    free(s);
    return NULL;
}

/* ------------------------------------------------------------------ one tree */
typedef struct {
    uint32_t node;
    size_t from, n, depth; /* rows of the node */
} part;

typedef struct {
    const hx_problem *p;
    hx_trees *trees;
    hx_rng rng;
    size_t *rows, *spare, *features; /* (n), (sample), (d) */
    size_t depth;
    double scale;
    part stack[2 * DEPTH_ROOM];
    size_t waiting;
} growing;

static bool range_of(const growing *g, const part *at, size_t feature, double *low, double *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = at->from; i < at->from + at->n; i++) {
        double v = g->p->x[g->rows[i] * g->p->d + feature];
        if (!isfinite(v)) continue;
        *low = fmin(*low, v);
        *high = fmax(*high, v);
    }
    return *low < *high;
}

/* A feature whose values differ, and a point above the least of them; false where there is none. */
static bool draw_split(growing *g, const part *at, size_t *feature, double *threshold) {
    double low, high;
    for (size_t left = g->p->d; left > 0; left--) {
        size_t i = (size_t)hx_rng_below(&g->rng, left), f = g->features[i];
        g->features[i] = g->features[left - 1];
        g->features[left - 1] = f;
        if (!range_of(g, at, f, &low, &high)) continue;
        double u = 1 - hx_rng_uniform(&g->rng); /* (0, 1] */
        *feature = f;
        *threshold = fmin(low + u * (high - low), high);
        if (!(*threshold > low)) *threshold = high;
        return true;
    }
    return false;
}

/* Rows of the left side first; returns how many. */
static size_t divide(growing *g, const part *at, size_t feature, double threshold, bool *missing) {
    size_t *rows = g->rows + at->from, left = 0, right = 0, unknown = 0;
    for (size_t i = 0; i < at->n; i++) {
        double v = g->p->x[rows[i] * g->p->d + feature];
        unknown += isnan(v) ? 1 : 0;
        left += v < threshold;
    }
    *missing = 2 * left > at->n - unknown;
    left = 0;
    for (size_t i = 0; i < at->n; i++) {
        double v = g->p->x[rows[i] * g->p->d + feature];
        if (isnan(v) ? *missing : v < threshold)
            rows[left++] = rows[i];
        else
            g->spare[right++] = rows[i];
    }
    memcpy(rows + left, g->spare, right * sizeof *rows);
    return left;
}

static bool split(growing *g, const part *at) {
    hx_trees *t = g->trees;
    size_t feature;
    double threshold;
    bool missing;
    t->cover[at->node] = (double)at->n;
    t->values[at->node] = ((double)at->depth + mean_path(at->n)) * g->scale;
    if (at->n < 2 || at->depth >= g->depth || !draw_split(g, at, &feature, &threshold)) return true;
    size_t left = divide(g, at, feature, threshold, &missing);
    uint32_t a = hx_trees_add_node(t), b = hx_trees_add_node(t);
    if (a == HX_LEAF || b == HX_LEAF) return false;
    t->feature[at->node] = (uint32_t)feature;
    t->left[at->node] = a;
    t->threshold[at->node] = threshold;
    t->missing_left[at->node] = missing;
    t->values[at->node] = 0;
    g->stack[g->waiting++] = (part){b, at->from + left, at->n - left, at->depth + 1};
    g->stack[g->waiting++] = (part){a, at->from, left, at->depth + 1};
    return true;
}

static hx_status grow_tree(growing *g, size_t sample, hx_error *err) {
    for (size_t i = 0; i < sample; i++) {
        size_t j = i + (size_t)hx_rng_below(&g->rng, g->p->n - i), row = g->rows[j];
        g->rows[j] = g->rows[i];
        g->rows[i] = row;
    }
    uint32_t root = hx_trees_add_node(g->trees);
    if (root == HX_LEAF) return no_memory(err);
    g->stack[0] = (part){root, 0, sample, 0};
    for (g->waiting = 1; g->waiting > 0;) {
        part at = g->stack[--g->waiting];
        if (!split(g, &at)) return no_memory(err);
    }
    return hx_trees_end_tree(g->trees, err);
}

/* ------------------------------------------------------------------ the forest */
typedef struct {
    const hx_problem *p;
    const hx_fit_options *o;
    hx_trees *grown; /* (n_trees), one tree each */
    size_t n_trees, sample, depth;
} forest;

static hx_status grow_one(void *context, size_t k, size_t worker, hx_error *err) {
    forest *f = context;
    const hx_problem *p = f->p;
    growing g = {.p = p,
                 .trees = &f->grown[k],
                 .rows = calloc(p->n + 1, sizeof *g.rows),
                 .spare = calloc(f->sample + 1, sizeof *g.spare),
                 .features = calloc(p->d + 1, sizeof *g.features),
                 .depth = f->depth,
                 .scale = 1 / (double)f->n_trees};
    (void)worker;
    hx_status st = g.rows && g.spare && g.features ? HX_OK : no_memory(err);
    if (st == HX_OK) st = hx_trees_init(&f->grown[k], p->d, 1, false, err);
    if (st == HX_OK && hx_flag_is_raised(f->o->cancel))
        st = hx_fail(err, HX_ECANCELLED, "the learning was stopped");
    if (st == HX_OK) {
        for (size_t i = 0; i < p->n; i++)
            g.rows[i] = i;
        for (size_t j = 0; j < p->d; j++)
            g.features[j] = j;
        hx_rng_seed(&g.rng, hx_hash_mix(f->o->seed, k));
        st = grow_tree(&g, f->sample, err);
    }
    free(g.rows);
    free(g.spare);
    free(g.features);
    return st;
}

static hx_status grow_all(state *s, forest *f, hx_error *err) {
    f->grown = calloc(f->n_trees, sizeof *f->grown);
    if (!f->grown) return no_memory(err);
    hx_status st = hx_pool_run(f->o->n_threads, f->n_trees, grow_one, f, err);
    for (size_t k = 0; k < f->n_trees; k++) {
        if (st == HX_OK) st = hx_trees_append(&s->trees, &f->grown[k], err);
        hx_trees_release(&f->grown[k]);
    }
    free(f->grown);
    return st;
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    size_t wanted = (size_t)o->params[SAMPLE];
    forest f = {.p = train,
                .o = o,
                .n_trees = (size_t)o->params[TREES],
                .sample = wanted < train->n ? wanted : train->n};
    (void)validation;
    while (f.depth < DEPTH_ROOM && ((size_t)1 << f.depth) < f.sample)
        f.depth++;
    state *s = new_state(train->d, err);
    if (!s) return no_memory(err);
    s->path = mean_path(f.sample);
    hx_status st = grow_all(s, &f, err);
    if (st != HX_OK) {
        release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    HX_TRY(hx_trees_sum(&s->trees, x, n, n_threads, out, err));
    for (size_t i = 0; i < n; i++)
        out[i] = s->path > 0 ? exp2(-out[i] / s->path) : 0.5;
    return HX_OK;
}

/* ------------------------------------------------------------------ words and files */
static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "trees");
    hx_json_int(w, (int64_t)s->trees.n_trees);
    hx_json_key(w, "mean_path");
    hx_json_double(w, s->path);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    hx_json_key(w, "mean_path");
    hx_json_double(w, s->path);
    hx_json_key(w, "trees");
    hx_trees_write(&s->trees, w);
    hx_json_end_object(w);
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    bool ok = true;
    (void)n_classes;
    state *s = new_state(d, err);
    if (!s) return no_memory(err);
    s->path = hx_field_number(json, "mean_path", &ok);
    hx_status st = ok && s->path >= 0
                       ? hx_trees_read(&s->trees, json_object_get(json, "trees"), err)
                       : hx_fail(err, HX_EFORMAT, "the model's weights are damaged");
    if (st != HX_OK) {
        release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

const hx_estimator hx_estimator_isolation = {
    .kind = {.name = "isolation",
             .tasks = 1u << HX_TASK_OUTLIERS,
             .params = params,
             .n_params = PARAMS,
             .help = {"isolation forest: how unlike the others a row is",
                      "孤立森林：一行与其他行的差异程度"}},
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release,
};
