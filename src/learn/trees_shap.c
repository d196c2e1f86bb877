/* trees_shap.c - Shapley values of rows by the paths of trees, in polynomial time; see trees.h, and trees_shap.h for the formula.
 *
 * The values are those of Lundberg, Erion, Lee, Consistent Individualized Feature Attribution for Tree Ensembles (2018), algorithm 2. Trees are made
 * ready (factors of their edges) once for all rows, as many at a time as fit into FACTORS_MAX; rows are then walked in blocks, each thread its own. What
 * a row gets is summed in the order of the trees and their edges: the same bits for any number of threads.
 *
 * No recursion: a tree's edges stand in preorder, and the nodes that wait stand on a stack. */
#include "learn/trees_shap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"

#define DEPTH_MAX 1000
#define POINTS_MAX (DEPTH_MAX / 2)
#define FACTORS_MAX ((size_t)8 << 20) /* doubles of factors at once */
#define GROUPS_MAX ((size_t)8) /* of LANES rows in a block */
#define LANES HX_SHAP_LANES

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
}

/* ------------------------------------------------------------------ points of the quadrature */
/* Legendre's polynomial of degree n at x, and its derivative there. */
static double legendre(size_t n, double x, double *slope) {
    double before = 1, p = x;
    for (size_t k = 2; k <= n; k++) {
        const double next = ((double)(2 * k - 1) * x * p - (double)(k - 1) * before) / (double)k;
        before = p;
        p = next;
    }
    *slope = (double)n * (x * p - before) / (x * x - 1);
    return p;
}

/* Of Gauss and Legendre on [0, 1]: points (n), weights (n). */
static void quadrature(size_t n, double *points, double *weights) {
    for (size_t i = 0; i < n; i++) {
        double x = cos(3.14159265358979323846 * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1;
        for (int round = 0; round < 8; round++)
            x -= legendre(n, x, &slope) / slope;
        (void)legendre(n, x, &slope);
        points[i] = (1 - x) / 2;
        weights[i] = 1 / ((1 - x * x) * slope * slope);
    }
}

/* ------------------------------------------------------------------ a tree's edges */
/* An edge on the way down: how it stands to those above. */
typedef struct {
    uint32_t node;
    uint16_t level;
    bool right;
} waiting;

typedef struct {
    const hx_trees *t;
    size_t tree, output;
    const double *points; /* (n_points) */
    hx_shap_tree *to;
    waiting *stack; /* (n_levels + 2) */
    uint32_t *parents; /* (n_levels + 1): the node that the edge of a level leaves */
    double *
        shares; /* (n_levels + 1): shares of training rows of all edges of the feature down to that level */
} building;

static double share_of(const hx_trees *t, uint32_t parent, uint32_t child) {
    return t->cover[parent] > 0 ? t->cover[child] / t->cover[parent] : 0;
}

/* The nearest level above of the same feature; 0 = none. */
static uint16_t level_before(const building *b, size_t level) {
    const uint32_t feature = b->t->feature[b->parents[level]];
    for (size_t l = level; l-- > 1;)
        if (b->t->feature[b->parents[l]] == feature) return (uint16_t)l;
    return 0;
}

/* What an edge gives a feature of which a share `zero` goes this way, where the row does (one = 1) or not. */
static double gives(double one, double zero, double p) {
    if (one == 0) return zero > 0 ? -1 / (1 - p) : 0;
    return (1 - zero) / (p + (1 - p) * zero);
}

static void put_factors(const building *b, size_t i, double zero, double zero_before, bool first) {
    const size_t n = b->to->n_points;
    double *f = b->to->factors + i * HX_SHAP_FACTORS * n;
    for (size_t k = 0; k < n; k++) {
        const double p = b->points[k], open = p + (1 - p) * zero, shut = (1 - p) * zero;
        const double q = first ? 1 : p + (1 - p) * zero_before;
        const double before = first ? 0 : gives(1, zero_before, p);
        f[HX_SHAP_OPEN * n + k] = open / q;
        f[HX_SHAP_SHUT * n + k] = shut / q;
        f[HX_SHAP_GIVE_OPEN * n + k] = gives(1, zero, p) - before;
        f[HX_SHAP_GIVE_SHUT * n + k] = gives(0, zero, p) - before;
    }
}

static void put_edge(building *b, const waiting *w) {
    const hx_trees *t = b->t;
    const size_t i = b->to->n_edges++;
    const uint32_t parent = b->parents[w->level];
    hx_shap_edge *e = &b->to->edges[i];
    const uint16_t before = level_before(b, w->level);
    const double above = before ? b->shares[before] : 1;
    const double zero = above * share_of(t, parent, w->node);
    b->shares[w->level] = zero;
    *e = (hx_shap_edge){.feature = t->feature[parent],
                        .level = w->level,
                        .before = before,
                        .leaf = t->feature[w->node] == HX_LEAF,
                        .right = w->right,
                        .takes_missing = (t->missing_left[parent] != 0) != w->right,
                        .threshold = t->threshold[parent],
                        .was_shut = before && above > 0 ? zero / above : 0};
    if (e->leaf) e->value = t->values[w->node * t->width + (t->turns ? 0 : b->output)];
    put_factors(b, i, zero, above, before == 0);
}

/* Both children wait, the left one on top. */
static size_t push_children(const building *b, uint32_t node, size_t level, size_t waits) {
    const uint32_t left = b->t->left[node];
    b->stack[waits++] = (waiting){left + 1, (uint16_t)(level + 1), true};
    b->stack[waits++] = (waiting){left, (uint16_t)(level + 1), false};
    return waits;
}

static void build_edges(building *b) {
    const hx_trees *t = b->t;
    const uint32_t root = t->roots[b->tree];
    if (t->feature[root] == HX_LEAF) return;
    b->parents[1] = root;
    size_t waits = push_children(b, root, 0, 0);
    while (waits > 0) {
        const waiting w = b->stack[--waits];
        put_edge(b, &w);
        hx_shap_edge *e = &b->to->edges[b->to->n_edges - 1];
        if (e->leaf) {
            const size_t next = waits > 0 ? b->stack[waits - 1].level : 1;
            e->closes = (uint16_t)(w.level - next);
            continue;
        }
        b->parents[w.level + 1] = w.node;
        waits = push_children(b, w.node, w.level, waits);
    }
}

/* ------------------------------------------------------------------ sizes */
typedef struct {
    const hx_trees *t;
    const double *x;
    size_t n, output, n_threads;
    size_t *trees, n_trees; /* those that add to the output */
    size_t *levels, *points; /* (n_trees) */
    size_t most_levels, most_points;
    double base;
    double *out;
    double
        *quadrature; /* (most_points, 2, most_points): points and weights of each number of them */
    hx_shap_tree *ready; /* (n_trees); made from first up to last */
    size_t first, last;
    hx_shap_room *rooms; /* (n_threads) */
    double *blocks; /* (n_threads, 2, groups, d, LANES): rows across, and what they get */
    size_t groups; /* LANES rows each, in a block */
    hx_shap_walk *walk;
} explaining;

/* What measure() overwrites: (n_nodes) each. */
typedef struct {
    uint32_t *depths, *different, *above; /* level, features split by on the way, parent */
    double *values;
} node_room;

/* Whether no split above node i is by its feature. */
static bool splits_anew(const hx_trees *t, const node_room *r, size_t i) {
    for (size_t up = i; r->depths[up] > 0;) {
        up = r->above[up];
        if (t->feature[up] == t->feature[i]) return false;
    }
    return true;
}

/* Levels and the most different features of a path. */
static void measure(explaining *e, size_t k, const node_room *r) {
    const hx_trees *t = e->t;
    const size_t root = t->roots[e->trees[k]];
    size_t levels = 0, most = 0;
    r->depths[root] = r->different[root] = 0;
    for (size_t i = root; i < t->roots[e->trees[k] + 1]; i++) {
        if (r->depths[i] > levels) levels = r->depths[i];
        if (r->different[i] > most) most = r->different[i];
        if (t->feature[i] == HX_LEAF || levels > DEPTH_MAX) continue;
        const uint32_t more = splits_anew(t, r, i);
        for (size_t c = t->left[i]; c <= t->left[i] + (size_t)1; c++) {
            r->depths[c] = r->depths[i] + 1;
            r->different[c] = r->different[i] + more;
            r->above[c] = (uint32_t)i;
        }
    }
    e->levels[k] = levels;
    e->points[k] = most > 1 ? (most + 1) / 2 : 1;
    if (levels > e->most_levels) e->most_levels = levels;
    if (e->points[k] > e->most_points) e->most_points = e->points[k];
}

/* What a tree says where nothing is known. values (n_nodes) are overwritten. */
static double expected(const hx_trees *t, size_t tree, size_t output, double *values) {
    for (size_t i = t->roots[tree + 1]; i-- > t->roots[tree];) {
        if (t->feature[i] == HX_LEAF) {
            values[i] = t->values[i * t->width + (t->turns ? 0 : output)];
            continue;
        }
        size_t a = t->left[i], b = a + 1;
        values[i] =
            t->cover[i] > 0 ? (t->cover[a] * values[a] + t->cover[b] * values[b]) / t->cover[i] : 0;
    }
    return values[t->roots[tree]];
}

static hx_status measure_all(explaining *e, const node_room *r, hx_error *err) {
    const hx_trees *t = e->t;
    e->base = t->base[e->output];
    e->most_points = 1;
    for (size_t k = 0; k < t->n_trees; k++) {
        if (t->turns && k % t->n_outputs != e->output) continue;
        e->trees[e->n_trees] = k;
        measure(e, e->n_trees++, r);
        e->base += expected(t, k, e->output, r->values);
    }
    if (e->most_levels <= DEPTH_MAX) return HX_OK;
    return hx_fail(err, HX_ELIMIT, "trees of more than %d levels are not explained", DEPTH_MAX);
}

static hx_status prepare(explaining *e, hx_error *err) {
    const size_t nodes = e->t->n_nodes + 1, trees = e->t->n_trees + 1;
    const node_room r = {calloc(nodes, sizeof *r.depths), calloc(nodes, sizeof *r.different),
                         calloc(nodes, sizeof *r.above), calloc(nodes, sizeof *r.values)};
    e->trees = calloc(trees, sizeof *e->trees);
    e->levels = calloc(trees, sizeof *e->levels);
    e->points = calloc(trees, sizeof *e->points);
    e->ready = calloc(trees, sizeof *e->ready);
    const bool ok = r.depths && r.different && r.above && r.values && e->trees && e->levels &&
                    e->points && e->ready;
    const hx_status st = ok ? measure_all(e, &r, err) : no_memory(err);
    free(r.depths);
    free(r.different);
    free(r.above);
    free(r.values);
    return st;
}

/* ------------------------------------------------------------------ scratch */
static bool make_room(explaining *e, hx_shap_room *r) {
    const size_t levels = e->most_levels + 1, numbers = levels * e->most_points * LANES;
    r->products = calloc(numbers, sizeof *r->products);
    r->gathered = calloc(numbers, sizeof *r->gathered);
    r->masks = calloc(levels, 64);
    r->path = calloc(levels, sizeof *r->path);
    return r->products && r->gathered && r->masks && r->path;
}

static hx_status make_rooms(explaining *e, hx_error *err) {
    const size_t points = e->most_points, d = e->t->n_features;
    e->groups = d > 4096 ? 1 : GROUPS_MAX;
    e->rooms = calloc(e->n_threads, sizeof *e->rooms);
    e->blocks = calloc(e->n_threads * 2 * e->groups * (d + 1) * LANES, sizeof *e->blocks);
    e->quadrature = calloc(2 * points * points, sizeof *e->quadrature);
    bool ok = e->rooms && e->blocks && e->quadrature;
    for (size_t i = 0; i < e->n_threads && ok; i++)
        ok = make_room(e, &e->rooms[i]);
    for (size_t k = 0; k < e->n_trees && ok; k++) { /* only those that occur */
        double *q = e->quadrature + 2 * points * (e->points[k] - 1);
        if (q[0] == 0) quadrature(e->points[k], q, q + points);
    }
    return ok ? HX_OK : no_memory(err);
}

static void forget_ready(explaining *e) {
    for (size_t k = e->first; k < e->last; k++) {
        free(e->ready[k].edges);
        free(e->ready[k].factors);
        e->ready[k] = (hx_shap_tree){0};
    }
}

static void release(explaining *e) {
    for (size_t i = 0; i < e->n_threads && e->rooms; i++) {
        free(e->rooms[i].products);
        free(e->rooms[i].gathered);
        free(e->rooms[i].masks);
        free(e->rooms[i].path);
    }
    free(e->rooms);
    free(e->blocks);
    free(e->quadrature);
    free(e->trees);
    free(e->levels);
    free(e->points);
    free(e->ready);
}

/* ------------------------------------------------------------------ trees made ready */
static hx_status make_ready(void *context, size_t i, size_t worker, hx_error *err) {
    explaining *e = context;
    const size_t k = e->first + i, tree = e->trees[k], levels = e->levels[k];
    const size_t nodes = e->t->roots[tree + 1] - e->t->roots[tree];
    hx_shap_tree *to = &e->ready[k];
    (void)worker;
    const double *q = e->quadrature + 2 * e->most_points * (e->points[k] - 1);
    *to = (hx_shap_tree){.n_points = e->points[k],
                         .n_levels = levels,
                         .weights = q + e->most_points,
                         .edges = calloc(nodes, sizeof *to->edges),
                         .factors =
                             calloc(nodes * HX_SHAP_FACTORS * e->points[k], sizeof *to->factors)};
    building b = {.t = e->t,
                  .tree = tree,
                  .output = e->output,
                  .points = q,
                  .to = to,
                  .stack = calloc(levels + 2, sizeof *b.stack),
                  .parents = calloc(levels + 2, sizeof *b.parents),
                  .shares = calloc(levels + 2, sizeof *b.shares)};
    const bool ok = to->edges && to->factors && b.stack && b.parents && b.shares;
    if (ok) build_edges(&b);
    free(b.stack);
    free(b.parents);
    free(b.shares);
    return ok ? HX_OK : no_memory(err);
}

/* ------------------------------------------------------------------ rows */
/* Rows [first, first + n) across: (groups, d, LANES); behind the last row its copies. */
static void lay_across(const explaining *e, size_t first, size_t n, double *to) {
    const size_t d = e->t->n_features;
    for (size_t g = 0; g * LANES < n; g++)
        for (size_t l = 0; l < LANES; l++) {
            const size_t i = g * LANES + l < n ? g * LANES + l : n - 1;
            const double *row = e->x + (first + i) * d;
            for (size_t j = 0; j < d; j++)
                to[(g * d + j) * LANES + l] = row[j];
        }
}

static void add_back(const explaining *e, size_t first, size_t n, const double *from) {
    const size_t d = e->t->n_features;
    for (size_t i = 0; i < n; i++) {
        double *row = e->out + (first + i) * (d + 1);
        for (size_t j = 0; j < d; j++)
            row[j] += from[(i / LANES * d + j) * LANES + i % LANES];
    }
}

static hx_status explain_block(void *context, size_t block, size_t worker, hx_error *err) {
    const explaining *e = context;
    const size_t rows = e->groups * LANES, first = block * rows, d = e->t->n_features;
    const size_t n = e->n - first < rows ? e->n - first : rows;
    double *x = e->blocks + worker * 2 * rows * (d + 1), *phi = x + rows * (d + 1);
    (void)err;
    lay_across(e, first, n, x);
    memset(phi, 0, rows * d * sizeof *phi);
    for (size_t k = e->first; k < e->last; k++) {
        if (e->ready[k].n_edges == 0) continue;
        for (size_t g = 0; g * LANES < n; g++)
            e->walk(&e->ready[k], &e->rooms[worker], x + g * d * LANES, phi + g * d * LANES);
    }
    add_back(e, first, n, phi);
    return HX_OK;
}

/* As many trees as fit. */
static void choose_trees(explaining *e) {
    size_t numbers = 0;
    e->first = e->last;
    while (e->last < e->n_trees) {
        const size_t tree = e->trees[e->last];
        numbers +=
            (e->t->roots[tree + 1] - e->t->roots[tree]) * HX_SHAP_FACTORS * e->points[e->last];
        if (numbers > FACTORS_MAX && e->last > e->first) break;
        e->last++;
    }
}

static hx_status explain_all(explaining *e, hx_error *err) {
    const size_t rows = e->groups * LANES, d = e->t->n_features;
    memset(e->out, 0, e->n * (d + 1) * sizeof *e->out);
    for (size_t i = 0; i < e->n; i++)
        e->out[i * (d + 1) + d] = e->base;
    hx_status st = HX_OK;
    while (st == HX_OK && e->last < e->n_trees) {
        choose_trees(e);
        st = hx_pool_run(e->n_threads, e->last - e->first, make_ready, e, err);
        if (st == HX_OK)
            st = hx_pool_run(e->n_threads, (e->n + rows - 1) / rows, explain_block, e, err);
        forget_ready(e);
    }
    return st;
}

hx_status hx_trees_shap_by(hx_shap_walk *walk, const hx_trees *t, const double *x, size_t n,
                           size_t output, size_t n_threads, double *out, hx_error *err) {
    explaining e = {.t = t,
                    .x = x,
                    .n = n,
                    .output = output,
                    .n_threads = n_threads ? n_threads : hx_processors(),
                    .out = out,
                    .walk = walk};
    hx_status st = prepare(&e, err);
    if (st == HX_OK) st = make_rooms(&e, err);
    if (st == HX_OK) st = explain_all(&e, err);
    release(&e);
    return st;
}

hx_status hx_trees_shap(const hx_trees *t, const double *x, size_t n, size_t output,
                        size_t n_threads, double *out, hx_error *err) {
    return hx_trees_shap_by(hx_shap_walk_choose(), t, x, n, output, n_threads, out, err);
}
