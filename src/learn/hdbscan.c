/* hdbscan.c - hierarchical density-based clusters; see hdbscan.h. Labels as scikit-learn's HDBSCAN has them, excess of mass, no single cluster;
 * edges of one length, which it joins in any order, are joined as they were found.
 *
 *     core distances -> least spanning tree of mutual reachability (Prim) -> edges by length joined one by one -> condensed tree: a join of two
 *     clusters of `smallest` rows or more is a split, of fewer rows a falling out -> clusters chosen by stability
 *
 * Rows that are all the same, where no distance splits anything, are one cluster.
 *
 * lambda = 1 / distance; the stability of a cluster is the sum over its rows of the lambda at which they fall out less that of its birth. From the
 * leaves up a cluster stands for its descendants where they are not more stable together. Clusters of the condensed tree are numbered as they appear
 * breadth first, the root is 0; rows are kept by what they fall out of. Time n^2 d, space n. */
#include "learn/hdbscan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"

#define ROWS_A_JOB ((size_t)256)
#define NONE SIZE_MAX

typedef struct {
    size_t a, b;
    double distance;
    size_t step; /* when it was found: equals are joined in this order */
} edge;

/* Joins of two clusters: rows are 0 to n - 1, join i makes n + i. */
typedef struct {
    size_t left, right, rows;
    double distance;
} joint;

typedef struct {
    size_t parent; /* in the condensed tree */
    double birth, lambda, stability; /* distance and lambda of the birth */
    double below; /* stability of its children together */
    bool chosen;
} branch;

typedef struct {
    const double *x;
    size_t n, d;
    const hx_hdbscan_options *o;
    double *cores; /* (n) */
    edge *edges; /* (n) */
    joint *joints; /* (n) */
    size_t *order, *inside, *parents,
        *name; /* (2 n): breadth first; union; number in the condensed tree */
    bool *done; /* (2 n) */
    size_t *home; /* (n): branch a row falls out of */
    branch *branches; /* (n + 1) */
    size_t n_branches;
} finding;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

static double apart(const double *a, const double *b, size_t d) {
    double sum = 0;
    for (size_t j = 0; j < d; j++)
        sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sqrt(sum);
}

/* ------------------------------------------------------------------ core distances */
/* Keeps the `most` least, ascending. */
static void keep_least(double *kept, size_t *n, size_t most, double value) {
    if (most == 0 || (*n == most && value >= kept[most - 1])) return;
    size_t at = *n < most ? (*n)++ : most - 1;
    while (at > 0 && kept[at - 1] > value) {
        kept[at] = kept[at - 1];
        at--;
    }
    kept[at] = value;
}

static hx_status core_job(void *context, size_t job, size_t worker, hx_error *err) {
    const finding *f = context;
    size_t least = f->o->least, from = job * ROWS_A_JOB;
    size_t to = from + ROWS_A_JOB < f->n ? from + ROWS_A_JOB : f->n;
    double *kept = calloc(least + 1, sizeof *kept);
    (void)worker;
    if (!kept) return no_memory(err);
    for (size_t i = from; i < to; i++) {
        size_t n = 0;
        for (size_t j = 0; j < f->n; j++)
            keep_least(kept, &n, least, apart(f->x + i * f->d, f->x + j * f->d, f->d));
        f->cores[i] = kept[least - 1];
    }
    free(kept);
    return hx_flag_is_raised(f->o->cancel) ? hx_fail(err, HX_ECANCELLED, "the learning was stopped")
                                           : HX_OK;
}

/* ------------------------------------------------------------------ spanning tree */
static double greatest(double a, double b, double c) {
    double most = a > b ? a : b;
    return most > c ? most : c;
}

/* Takes the row nearest to the tree, n - 1 times; reach and source (n): of rows outside. */
static hx_status span(finding *f, double *reach, size_t *source, bool *in_tree, hx_error *err) {
    size_t current = 0;
    for (size_t i = 0; i < f->n; i++)
        reach[i] = INFINITY;
    for (size_t step = 0; step + 1 < f->n; step++) {
        edge next = {0, 0, INFINITY, step};
        in_tree[current] = true;
        for (size_t j = 0; j < f->n; j++) {
            if (in_tree[j]) continue;
            double between = apart(f->x + current * f->d, f->x + j * f->d, f->d);
            double mutual = greatest(f->cores[current], f->cores[j], between);
            if (mutual < reach[j]) {
                reach[j] = mutual;
                source[j] = current;
            }
            if (reach[j] < next.distance) next = (edge){source[j], j, reach[j], step};
        }
        f->edges[step] = next;
        current = next.b;
        if (hx_flag_is_raised(f->o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
    }
    return HX_OK;
}

static hx_status span_all(finding *f, hx_error *err) {
    double *reach = calloc(f->n + 1, sizeof *reach);
    size_t *source = calloc(f->n + 1, sizeof *source);
    bool *in_tree = calloc(f->n + 1, sizeof *in_tree);
    hx_status st =
        reach && source && in_tree ? span(f, reach, source, in_tree, err) : no_memory(err);
    free(reach);
    free(source);
    free(in_tree);
    return st;
}

/* ------------------------------------------------------------------ joins */
static int shorter(const void *a, const void *b) {
    const edge *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return (x->step > y->step) - (x->step < y->step);
}

static size_t root_of(size_t *parents, size_t i) {
    while (parents[i] != i) {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    return i;
}

static size_t rows_of(const finding *f, size_t node) {
    return node < f->n ? 1 : f->joints[node - f->n].rows;
}

static void join_all(finding *f) {
    qsort(f->edges, f->n - 1, sizeof *f->edges, shorter);
    for (size_t i = 0; i < 2 * f->n; i++)
        f->parents[i] = i;
    for (size_t i = 0; i + 1 < f->n; i++) {
        size_t left = root_of(f->parents, f->edges[i].a);
        size_t right = root_of(f->parents, f->edges[i].b);
        f->joints[i] =
            (joint){left, right, rows_of(f, left) + rows_of(f, right), f->edges[i].distance};
        f->parents[left] = f->parents[right] = f->n + i;
    }
}

/* ------------------------------------------------------------------ condensed tree */
/* Nodes below and with `root`, breadth first, left before right; returns how many. */
static size_t breadth_first(const finding *f, size_t root, size_t *out) {
    size_t n = 0;
    out[n++] = root;
    for (size_t i = 0; i < n; i++) {
        if (out[i] < f->n) continue;
        out[n++] = f->joints[out[i] - f->n].left;
        out[n++] = f->joints[out[i] - f->n].right;
    }
    return n;
}

/* All rows below `node` leave the branch. */
static void fall_out(finding *f, size_t node, size_t of, double lambda) {
    size_t n = breadth_first(f, node, f->inside);
    for (size_t i = 0; i < n; i++) {
        f->done[f->inside[i]] = true;
        if (f->inside[i] >= f->n) continue;
        f->home[f->inside[i]] = of;
        f->branches[of].stability += lambda - f->branches[of].lambda;
    }
}

static void split_off(finding *f, size_t node, size_t of, double distance, double lambda) {
    branch *parent = &f->branches[of];
    parent->stability += (lambda - parent->lambda) * (double)rows_of(f, node);
    f->branches[f->n_branches] = (branch){.parent = of, .birth = distance, .lambda = lambda};
    f->name[node] = f->n_branches++;
}

static void condense(finding *f) {
    size_t smallest = f->o->smallest, root = 2 * f->n - 2;
    size_t n = breadth_first(f, root, f->order);
    f->branches[0] = (branch){.parent = NONE, .birth = INFINITY};
    f->n_branches = 1;
    f->name[root] = 0;
    for (size_t i = 0; i < n; i++) {
        size_t node = f->order[i];
        if (node < f->n || f->done[node]) continue;
        const joint j = f->joints[node - f->n];
        double lambda = j.distance > 0 ? 1 / j.distance : INFINITY;
        bool left = rows_of(f, j.left) >= smallest, right = rows_of(f, j.right) >= smallest;
        size_t of = f->name[node];
        if (left && right) {
            split_off(f, j.left, of, j.distance, lambda);
            split_off(f, j.right, of, j.distance, lambda);
            continue;
        }
        if (!left) fall_out(f, j.left, of, lambda);
        if (!right) fall_out(f, j.right, of, lambda);
        if (left) f->name[j.left] = of;
        if (right) f->name[j.right] = of;
    }
}

/* ------------------------------------------------------------------ choosing */
static size_t choose(finding *f, uint32_t *labels, double *births) {
    size_t k = 0;
    for (size_t b = f->n_branches; b-- > 1;) {
        branch *own = &f->branches[b];
        own->chosen = !(own->below > own->stability);
        f->branches[own->parent].below += own->chosen ? own->stability : own->below;
    }
    /* from the root down: what stands below a chosen one is part of it; name becomes the label */
    f->name[0] = NONE;
    for (size_t b = 1; b < f->n_branches; b++) {
        const branch *own = &f->branches[b];
        f->name[b] = f->name[own->parent];
        if (f->name[b] != NONE || !own->chosen) continue;
        births[k] = own->birth;
        f->name[b] = k++;
    }
    for (size_t i = 0; i < f->n; i++)
        labels[i] = f->name[f->home[i]] == NONE ? HX_NOISE : (uint32_t)f->name[f->home[i]];
    return k;
}

/* ------------------------------------------------------------------ all of it */
static bool make_room(finding *f) {
    f->edges = calloc(f->n + 1, sizeof *f->edges);
    f->joints = calloc(f->n + 1, sizeof *f->joints);
    f->order = calloc(2 * f->n + 1, sizeof *f->order);
    f->inside = calloc(2 * f->n + 1, sizeof *f->inside);
    f->parents = calloc(2 * f->n + 1, sizeof *f->parents);
    f->name = calloc(2 * f->n + 1, sizeof *f->name);
    f->done = calloc(2 * f->n + 1, sizeof *f->done);
    f->home = calloc(f->n + 1, sizeof *f->home);
    f->branches = calloc(f->n + 2, sizeof *f->branches);
    return f->edges && f->joints && f->order && f->inside && f->parents && f->name && f->done &&
           f->home && f->branches;
}

static void release_room(finding *f) {
    free(f->edges);
    free(f->joints);
    free(f->order);
    free(f->inside);
    free(f->parents);
    free(f->name);
    free(f->done);
    free(f->home);
    free(f->branches);
}

static hx_status find(finding *f, uint32_t *labels, double *births, size_t *k, hx_error *err) {
    size_t jobs = (f->n + ROWS_A_JOB - 1) / ROWS_A_JOB;
    HX_TRY(hx_pool_run(f->o->n_threads, jobs, core_job, f, err));
    HX_TRY(span_all(f, err));
    join_all(f);
    condense(f);
    *k = choose(f, labels, births);
    return HX_OK;
}

static bool all_same(const double *x, size_t n, size_t d) {
    for (size_t i = d; i < n * d; i++)
        if (x[i] != x[i - d]) return false;
    return true;
}

hx_status hx_hdbscan(const double *x, size_t n, size_t d, const hx_hdbscan_options *o,
                     uint32_t *labels, double *cores, double *births, size_t *k, hx_error *err) {
    finding f = {.x = x, .n = n, .d = d, .o = o, .cores = cores};
    *k = 0;
    if (n > HX_HDBSCAN_ROWS_MAX)
        return hx_fail(err, HX_ELIMIT,
                       "hdbscan measures all pairs of rows: %zu rows at most, not %zu; use dbscan",
                       HX_HDBSCAN_ROWS_MAX, n);
    for (size_t i = 0; i < n; i++) {
        labels[i] = HX_NOISE;
        cores[i] = INFINITY;
    }
    if (n < 2 || n < o->least) return HX_OK; /* no row has so many near it */
    if (n >= o->smallest && all_same(x, n, d)) {
        memset(labels, 0, n * sizeof *labels);
        memset(cores, 0, n * sizeof *cores);
        births[0] = 0;
        *k = 1;
        return HX_OK;
    }
    hx_status st = make_room(&f) ? find(&f, labels, births, k, err) : no_memory(err);
    release_room(&f);
    return st;
}

/* ------------------------------------------------------------------ other rows */
uint32_t hx_hdbscan_label(const hx_hdbscan_rule *r, const double *x, double *room) {
    size_t n = 0;
    uint32_t label = HX_NOISE;
    double least = INFINITY;
    for (size_t i = 0; i < r->n; i++) {
        double between = apart(x, r->x + i * r->d, r->d);
        if (between == 0) return r->labels[i];
        keep_least(room, &n, r->least, between);
    }
    /* the row itself is one of those within its core distance */
    double core = r->least <= 1 ? 0 : n + 1 >= r->least ? room[r->least - 2] : INFINITY;
    for (size_t i = 0; i < r->n; i++) {
        double mutual = greatest(core, r->cores[i], apart(x, r->x + i * r->d, r->d));
        if (!(mutual < least)) continue;
        least = mutual;
        label = r->labels[i];
        if (label != HX_NOISE && !(mutual < r->births[label])) label = HX_NOISE;
    }
    return label;
}
