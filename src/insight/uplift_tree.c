/* uplift_tree.c - grows trees for uplift; see uplift_tree.h.
 *
 * Columns are cut at up to BINS - 1 of their quantiles once; a node counts its rows by bin, side and outcome, and looks at each border. With P the
 * distribution of the outcome, T the treated, C the untreated, A the test and shares by Laplace's rule:
 *
 *     gain   sum over branches N(a) / N E(P_T(Y | a), P_C(Y | a)) - E(P_T(Y), P_C(Y)),   E(p, q) = sum (p - q)^2
 *     norm   Gini(N_T / N) E(P_T(A), P_C(A)) + N_T / N Gini(P_T(A)) + N_C / N Gini(P_C(A)) + 1/2
 *
 * A node is split where gain / norm is above 0, both branches keep `least` treated and untreated rows, and it is not too deep. */
#include "insight/uplift_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"

#define BINS 32
#define PART 0.6 /* of the rows for each of many trees */
#define NODES_MAX ((size_t)1 << (HX_UPLIFT_DEPTH_MAX + 1))

typedef struct {
    size_t feature;
    double border; /* x <= border goes left */
    size_t left; /* child; the right one stands behind it; 0 = a leaf */
    double effect;
} uplift_node;

typedef struct {
    uplift_node *nodes; /* (n), owned */
    size_t n;
} uplift_tree;

struct hx_uplift_trees {
    uplift_tree *trees; /* (n), owned */
    size_t n;
};

typedef struct {
    const double *x;
    size_t n, d;
    const bool *treated, *outcome;
    const hx_uplift_tree_options *o;
    double *borders; /* (d, BINS - 1) */
    size_t *n_borders; /* (d) */
    uint8_t *bins; /* (n, d) */
    uint32_t *rows, *room; /* (n) of the tree, by node */
    bool *in; /* (d) columns of the tree */
    hx_rng rng;
    uplift_tree tree;
} uplift_grow;

/* ------------------------------------------------------------------ what a split is worth */
static double share(double part, double all) {
    return (part + 1) / (all + 2);
}

static double gini(double p) {
    return 1 - p * p - (1 - p) * (1 - p);
}

static double distance(double p, double q) {
    return 2 * (p - q) * (p - q);
}

double hx_uplift_effect(const hx_uplift_counts *c) {
    return share(c->y[1], c->n[1]) - share(c->y[0], c->n[0]);
}

static double divergence(const hx_uplift_counts *c) {
    return distance(share(c->y[1], c->n[1]), share(c->y[0], c->n[0]));
}

double hx_uplift_gain(const hx_uplift_counts *left, const hx_uplift_counts *right) {
    hx_uplift_counts all;
    for (int k = 0; k < 2; k++) {
        all.n[k] = left->n[k] + right->n[k];
        all.y[k] = left->y[k] + right->y[k];
    }
    const double n = all.n[0] + all.n[1], l = (left->n[0] + left->n[1]) / n;
    const double gain = l * divergence(left) + (1 - l) * divergence(right) - divergence(&all);
    const double treated = all.n[1] / n, t = share(left->n[1], all.n[1]),
                 c = share(left->n[0], all.n[0]);
    const double norm =
        gini(treated) * distance(t, c) + treated * gini(t) + (1 - treated) * gini(c) + 0.5;
    return gain / norm;
}

/* ------------------------------------------------------------------ bins */
static int ascending(const void *l, const void *r) {
    const double a = *(const double *)l, b = *(const double *)r;
    return (a > b) - (a < b);
}

static void cut_column(uplift_grow *g, size_t j, double *sorted) {
    double *borders = g->borders + j * (BINS - 1);
    size_t n = 0;
    for (size_t i = 0; i < g->n; i++)
        sorted[i] = g->x[i * g->d + j];
    qsort(sorted, g->n, sizeof *sorted, ascending);
    for (size_t k = 1; k < BINS; k++) {
        const double v = sorted[g->n * k / BINS];
        if (v < sorted[g->n - 1] && (n == 0 || v > borders[n - 1])) borders[n++] = v;
    }
    g->n_borders[j] = n;
    for (size_t i = 0; i < g->n; i++) {
        size_t bin = 0;
        while (bin < n && g->x[i * g->d + j] > borders[bin])
            bin++;
        g->bins[i * g->d + j] = (uint8_t)bin;
    }
}

/* ------------------------------------------------------------------ one tree */
static void add_row(const uplift_grow *g, uint32_t row, hx_uplift_counts *c) {
    c->n[g->treated[row]]++;
    c->y[g->treated[row]] += g->outcome[row];
}

static bool enough(const uplift_grow *g, const hx_uplift_counts *c) {
    return c->n[0] >= (double)g->o->least && c->n[1] >= (double)g->o->least;
}

typedef struct {
    size_t feature, bin;
    double gain;
} uplift_split;

static void try_column(const uplift_grow *g, size_t j, const uint32_t *rows, size_t n,
                       const hx_uplift_counts *all, uplift_split *best) {
    hx_uplift_counts by[BINS] = {{{0}, {0}}}, left = {{0}, {0}};
    for (size_t i = 0; i < n; i++)
        add_row(g, rows[i], &by[g->bins[rows[i] * g->d + j]]);
    for (size_t b = 0; b < g->n_borders[j]; b++) {
        hx_uplift_counts right;
        for (int k = 0; k < 2; k++) {
            left.n[k] += by[b].n[k];
            left.y[k] += by[b].y[k];
            right.n[k] = all->n[k] - left.n[k];
            right.y[k] = all->y[k] - left.y[k];
        }
        if (!enough(g, &left) || !enough(g, &right)) continue;
        const double gain = hx_uplift_gain(&left, &right);
        if (gain > best->gain) *best = (uplift_split){j, b, gain};
    }
}

/* Rows that go left come first; returns how many. */
static size_t part_rows(uplift_grow *g, uint32_t *rows, size_t n, const uplift_split *s) {
    size_t left = 0, right = 0;
    for (size_t i = 0; i < n; i++) {
        if (g->bins[rows[i] * g->d + s->feature] <= s->bin)
            rows[left++] = rows[i];
        else
            g->room[right++] = rows[i];
    }
    memcpy(rows + left, g->room, right * sizeof *rows);
    return left;
}

typedef struct {
    size_t node, first, n, depth;
} uplift_open;

static void grow_node(uplift_grow *g, const uplift_open *at, uplift_open *open, size_t *n_open) {
    uint32_t *rows = g->rows + at->first;
    hx_uplift_counts all = {{0}, {0}};
    uplift_split best = {0, 0, 1e-9};
    for (size_t i = 0; i < at->n; i++)
        add_row(g, rows[i], &all);
    g->tree.nodes[at->node] = (uplift_node){.effect = hx_uplift_effect(&all)};
    if (at->depth == g->o->depth) return;
    for (size_t j = 0; j < g->d; j++)
        if (g->in[j]) try_column(g, j, rows, at->n, &all, &best);
    if (!(best.gain > 1e-9)) return;
    const size_t left = part_rows(g, rows, at->n, &best);
    uplift_node *node = &g->tree.nodes[at->node];
    node->feature = best.feature;
    node->border = g->borders[best.feature * (BINS - 1) + best.bin];
    node->left = g->tree.n;
    g->tree.n += 2;
    open[(*n_open)++] = (uplift_open){node->left, at->first, left, at->depth + 1};
    open[(*n_open)++] =
        (uplift_open){node->left + 1, at->first + left, at->n - left, at->depth + 1};
}

/* Rows and columns of one of many trees, by chance; of one tree all. */
static size_t draw(uplift_grow *g) {
    size_t n = 0, wanted = (size_t)ceil(sqrt((double)g->d)) + 1;
    const bool many = g->o->trees > 1;
    for (size_t i = 0; i < g->n; i++)
        if (!many || hx_rng_uniform(&g->rng) < PART) g->rows[n++] = (uint32_t)i;
    for (size_t j = 0; j < g->d; j++) {
        const double left = (double)(g->d - j);
        g->in[j] = !many || hx_rng_uniform(&g->rng) * left < (double)wanted;
        wanted -= g->in[j] && wanted > 0;
    }
    return n;
}

static hx_status grow_tree(uplift_grow *g, uplift_tree *out, uplift_open *open, hx_error *err) {
    size_t n_open = 0;
    g->tree.n = 1;
    open[n_open++] = (uplift_open){0, 0, draw(g), 0};
    while (n_open > 0) {
        const uplift_open at = open[--n_open];
        grow_node(g, &at, open, &n_open);
    }
    out->nodes = calloc(g->tree.n, sizeof *out->nodes);
    if (!out->nodes) return hx_fail(err, HX_ENOMEM, "not enough memory for uplift");
    memcpy(out->nodes, g->tree.nodes, g->tree.n * sizeof *out->nodes);
    out->n = g->tree.n;
    return HX_OK;
}

/* ------------------------------------------------------------------ all trees */
static hx_status grow_all(uplift_grow *g, hx_uplift_trees *t, hx_error *err) {
    uplift_open *open = calloc(NODES_MAX, sizeof *open);
    double *sorted = calloc(g->n + 1, sizeof *sorted);
    hx_status st = open && sorted ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for uplift");
    for (size_t j = 0; st == HX_OK && j < g->d; j++)
        cut_column(g, j, sorted);
    for (size_t k = 0; st == HX_OK && k < t->n; k++)
        st = grow_tree(g, &t->trees[k], open, err);
    free(open);
    free(sorted);
    return st;
}

static bool open_grow(uplift_grow *g) {
    g->borders = calloc(g->d * (BINS - 1) + 1, sizeof *g->borders);
    g->n_borders = calloc(g->d + 1, sizeof *g->n_borders);
    g->bins = calloc(g->n * g->d + 1, sizeof *g->bins);
    g->rows = calloc(g->n + 1, sizeof *g->rows);
    g->room = calloc(g->n + 1, sizeof *g->room);
    g->in = calloc(g->d + 1, sizeof *g->in);
    g->tree.nodes = calloc(NODES_MAX, sizeof *g->tree.nodes);
    return g->borders && g->n_borders && g->bins && g->rows && g->room && g->in && g->tree.nodes;
}

static void close_grow(uplift_grow *g) {
    free(g->borders);
    free(g->n_borders);
    free(g->bins);
    free(g->rows);
    free(g->room);
    free(g->in);
    free(g->tree.nodes);
}

hx_status hx_uplift_trees_fit(hx_uplift_trees **out, const double *x, size_t n, size_t d,
                              const bool *treated, const bool *outcome,
                              const hx_uplift_tree_options *o, hx_error *err) {
    uplift_grow g = {.x = x, .n = n, .d = d, .treated = treated, .outcome = outcome, .o = o};
    if (!n || n > UINT32_MAX || !o->trees || !o->depth || o->depth > HX_UPLIFT_DEPTH_MAX)
        return hx_fail(err, HX_EINVAL, "uplift trees need rows, and a depth from 1 to %d",
                       HX_UPLIFT_DEPTH_MAX);
    hx_uplift_trees *t = calloc(1, sizeof *t);
    if (t) t->trees = calloc(o->trees, sizeof *t->trees);
    if (t) t->n = t->trees ? o->trees : 0;
    hx_rng_seed(&g.rng, o->seed);
    hx_status st = t && t->trees && open_grow(&g)
                       ? grow_all(&g, t, err)
                       : hx_fail(err, HX_ENOMEM, "not enough memory for uplift");
    close_grow(&g);
    if (st == HX_OK)
        *out = t;
    else
        hx_uplift_trees_free(t);
    return st;
}

void hx_uplift_trees_free(hx_uplift_trees *t) {
    if (!t) return;
    for (size_t k = 0; k < t->n; k++)
        free(t->trees[k].nodes);
    free(t->trees);
    free(t);
}

double hx_uplift_trees_score(const hx_uplift_trees *t, const double *row) {
    double sum = 0;
    for (size_t k = 0; k < t->n; k++) {
        const uplift_node *nodes = t->trees[k].nodes, *at = nodes;
        while (at->left)
            at = &nodes[at->left + (row[at->feature] > at->border)];
        sum += at->effect;
    }
    return sum / (double)t->n;
}

size_t hx_uplift_trees_leaves(const hx_uplift_trees *t) {
    size_t n = 0;
    for (size_t k = 0; k < t->n; k++)
        n += (t->trees[k].n + 1) / 2;
    return n;
}
