/* tree_grow.c - one decision tree; see tree_grow.h.
 *
 * The rows of a node lie next to each other in `rows`. For a feature they are sorted by value, or summed by bin (tree_bins.h) where it has no more than two
 * bins a row; rows without a value are set aside. One pass moves them from the right side to the left, and the loss is looked at between different values
 * or bins, once with the set-aside rows on each side. A split is put half way between two values, and is finite: the greatest double parts infinities from
 * numbers, and all values from missing ones. Of equal splits the first is taken: features in the order they were drawn (where all are tried: the
 * first feature), values ascending.
 *
 * order[0, constant) are the features known to be constant in the node: those of the parent and what was found since. What is below a node moves only what
 * stands behind them, so that they are still there when its sibling comes.
 *
 * Loss of a side, times its weight: squares: sum w y^2 - (sum w y)^2 / w; gini: w (1 - sum p^2); entropy: -w sum p log2 p. */
#include "learn/tree_grow.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define DEPTH_MAX 10000
#define FEW 24 /* entries that are sorted by insertion */

typedef struct {
    double value;
    uint32_t row;
} entry;

typedef struct {
    double weight, sum, squares; /* regression: of y */
    double *classes; /* (n_classes): weight of each */
    size_t n;
} side;

typedef struct {
    size_t first, n; /* rows of the node */
    uint32_t node;
    size_t depth;
    size_t constant; /* features that are known to be constant in it */
} pending;

typedef struct {
    double gain, threshold;
    uint32_t feature;
    bool missing_left, found;
} best_split;

typedef struct {
    const hx_problem *p;
    const double *weights;
    const hx_tree_options *o;
    hx_trees *trees;
    hx_rng *rng;
    double scale, total;
    uint32_t *rows, *order; /* (n), (d) */
    entry *entries; /* (n) */
    uint32_t *absent; /* (n) rows without a value */
    double *classes; /* (5, n_classes): those of the sides */
    side *bins; /* (HX_BINS_MAX + 1), the last of rows without a value; NULL = all is sorted */
    double *bin_classes; /* (HX_BINS_MAX + 1, n_classes) */
    pending *stack;
    size_t n_stack, stack_room;
} grower;

/* ------------------------------------------------------------------ sides */
static void clear(const grower *g, side *s) {
    double *classes = s->classes;
    *s = (side){.classes = classes};
    if (g->o->split != HX_SPLIT_SQUARES) memset(classes, 0, g->p->n_classes * sizeof *classes);
}

static void copy(const grower *g, side *to, const side *from) {
    double *classes = to->classes;
    *to = *from;
    to->classes = classes;
    if (g->o->split != HX_SPLIT_SQUARES)
        memcpy(classes, from->classes, g->p->n_classes * sizeof *classes);
}

static void add(const grower *g, side *s, uint32_t row, double sign) {
    double w = sign * g->weights[row], y = g->p->y[row];
    s->weight += w;
    s->n = sign > 0 ? s->n + 1 : s->n - 1;
    if (g->o->split != HX_SPLIT_SQUARES) {
        s->classes[(size_t)y] += w;
        return;
    }
    s->sum += w * y;
    s->squares += w * y * y;
}

static void join(const grower *g, side *to, const side *more) {
    to->weight += more->weight;
    to->sum += more->sum;
    to->squares += more->squares;
    to->n += more->n;
    for (size_t k = 0; k < g->p->n_classes && g->o->split != HX_SPLIT_SQUARES; k++)
        to->classes[k] += more->classes[k];
}

static void part_from(const grower *g, side *from, const side *less) {
    from->weight -= less->weight;
    from->sum -= less->sum;
    from->squares -= less->squares;
    from->n -= less->n;
    for (size_t k = 0; k < g->p->n_classes && g->o->split != HX_SPLIT_SQUARES; k++)
        from->classes[k] -= less->classes[k];
}

static double loss(const grower *g, const side *s) {
    double sum = 0;
    if (!(s->weight > 0)) return 0;
    if (g->o->split == HX_SPLIT_SQUARES) return fmax(0, s->squares - s->sum * s->sum / s->weight);
    for (size_t k = 0; k < g->p->n_classes; k++) {
        double share = s->classes[k] / s->weight;
        if (g->o->split == HX_SPLIT_GINI)
            sum += share * share;
        else if (share > 0)
            sum -= share * log2(share);
    }
    return s->weight * (g->o->split == HX_SPLIT_GINI ? 1 - sum : sum);
}

/* ------------------------------------------------------------------ one feature */
static int by_value(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static void sort_entries(entry *e, size_t n) {
    if (n > FEW) {
        qsort(e, n, sizeof *e, by_value);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const entry one = e[i];
        size_t k = i;
        for (; k > 0 && by_value(&one, &e[k - 1]) < 0; k--)
            e[k] = e[k - 1];
        e[k] = one;
    }
}

/* Sorted values of the node's rows; returns how many have one, the others are in `absent`. */
static size_t gather(grower *g, const pending *at, uint32_t feature, size_t *n_absent) {
    size_t n = 0;
    *n_absent = 0;
    for (size_t i = at->first; i < at->first + at->n; i++) {
        double v = g->p->x[g->rows[i] * g->p->d + feature];
        if (isnan(v))
            g->absent[(*n_absent)++] = g->rows[i];
        else
            g->entries[n++] = (entry){v, g->rows[i]};
    }
    sort_entries(g->entries, n);
    return n;
}

static double between(double low, double high) {
    double middle = low / 2 + high / 2;
    if (!(middle > low && middle <= high)) middle = high;
    return middle < DBL_MAX ? middle : DBL_MAX;
}

static void consider(const grower *g, best_split *best, double parent, const side *left,
                     const side *right, double threshold, uint32_t feature, bool missing_left) {
    if (left->n < g->o->leaf_rows || right->n < g->o->leaf_rows) return;
    double gain = parent - loss(g, left) - loss(g, right);
    const bool all = g->o->features == 0 || g->o->features >= g->p->d;
    if (gain > best->gain || (all && best->found && gain == best->gain && feature < best->feature))
        *best = (best_split){.gain = gain,
                             .threshold = threshold,
                             .feature = feature,
                             .missing_left = missing_left,
                             .found = true};
}

typedef struct {
    uint32_t feature;
    double parent; /* loss of the whole */
    side left, right, absent, both;
    best_split *best;
} trial;

static trial new_trial(const grower *g, uint32_t feature, const side *whole, double parent,
                       best_split *best) {
    const size_t c = g->p->n_classes;
    trial t = {.feature = feature,
               .parent = parent,
               .left.classes = g->classes + c,
               .right.classes = g->classes + 2 * c,
               .absent.classes = g->classes + 3 * c,
               .both.classes = g->classes + 4 * c,
               .best = best};
    clear(g, &t.left);
    clear(g, &t.absent);
    copy(g, &t.right, whole);
    return t;
}

/* What is left so far against the rest, parted between two values. */
static void try_between(const grower *g, trial *t, double low, double high) {
    const double threshold = between(low, high);
    if (t->absent.n == 0) {
        consider(g, t->best, t->parent, &t->left, &t->right, threshold, t->feature,
                 t->left.n > t->right.n);
        return;
    }
    copy(g, &t->both, &t->right);
    join(g, &t->both, &t->absent);
    consider(g, t->best, t->parent, &t->left, &t->both, threshold, t->feature, false);
    copy(g, &t->both, &t->left);
    join(g, &t->both, &t->absent);
    consider(g, t->best, t->parent, &t->both, &t->right, threshold, t->feature, true);
}

/* All values against none; the left side holds all rows with one. */
static void try_absent(const grower *g, trial *t, double highest) {
    if (t->absent.n > 0 && highest < DBL_MAX)
        consider(g, t->best, t->parent, &t->left, &t->absent, DBL_MAX, t->feature, false);
}

/* All splits of a feature; false where it is constant in the node. */
static bool try_sorted(grower *g, const pending *at, trial *t) {
    size_t n_absent, n = gather(g, at, t->feature, &n_absent);
    if (n == 0 || (g->entries[0].value == g->entries[n - 1].value && n_absent == 0)) return false;
    for (size_t i = 0; i < n_absent; i++) {
        add(g, &t->absent, g->absent[i], 1);
        add(g, &t->right, g->absent[i], -1);
    }
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && g->entries[i].value != g->entries[i - 1].value)
            try_between(g, t, g->entries[i - 1].value, g->entries[i].value);
        add(g, &t->left, g->entries[i].row, 1);
        add(g, &t->right, g->entries[i].row, -1);
    }
    try_absent(g, t, g->entries[n - 1].value);
    return true;
}

/* ------------------------------------------------------------------ one feature, by bins */
static void sum_bins(grower *g, const pending *at, uint32_t feature) {
    const hx_tree_bins *b = g->o->bins;
    const uint8_t *codes = b->codes + feature * b->n;
    for (size_t k = 0; k <= b->count[feature]; k++)
        clear(g, &g->bins[k < b->count[feature] ? k : HX_BIN_ABSENT]);
    for (size_t i = at->first; i < at->first + at->n; i++)
        add(g, &g->bins[codes[g->rows[i]]], g->rows[i], 1);
}

static bool try_bins(grower *g, const pending *at, trial *t) {
    const hx_tree_bins *b = g->o->bins;
    const double *low = b->low + t->feature * HX_BINS_MAX,
                 *high = b->high + t->feature * HX_BINS_MAX;
    const size_t n = b->count[t->feature];
    size_t last = n; /* the bin before, n = none yet */
    sum_bins(g, at, t->feature);
    for (size_t k = 0; k < n && last == n; k++)
        if (g->bins[k].n > 0) last = k;
    if (last == n || g->bins[last].n == at->n) return false;
    copy(g, &t->absent, &g->bins[HX_BIN_ABSENT]);
    if (t->absent.n > 0) part_from(g, &t->right, &t->absent);
    for (size_t k = last, first = last; k < n; k++) {
        if (g->bins[k].n == 0) continue;
        if (k > first) try_between(g, t, high[last], low[k]);
        join(g, &t->left, &g->bins[k]);
        part_from(g, &t->right, &g->bins[k]);
        last = k;
    }
    try_absent(g, t, high[last]);
    return true;
}

static bool try_feature(grower *g, const pending *at, uint32_t feature, const side *whole,
                        double parent, best_split *best) {
    trial t = new_trial(g, feature, whole, parent, best);
    if (g->bins && g->o->bins->count[feature] <= 2 * at->n) return try_bins(g, at, &t);
    return try_sorted(g, at, &t);
}

/* ------------------------------------------------------------------ nodes */
static void swap_features(grower *g, size_t i, size_t k) {
    const uint32_t was = g->order[i];
    g->order[i] = g->order[k];
    g->order[k] = was;
}

/* at->constant grows by what is found to be constant. */
static void find_split(grower *g, pending *at, const side *whole, double parent, best_split *best) {
    const size_t d = g->p->d, wanted = g->o->features ? g->o->features : d;
    size_t useful = 0, end = d; /* those behind have been tried */
    while (at->constant < end && useful < wanted && !hx_flag_is_raised(g->o->cancel)) {
        const size_t k =
            wanted < d ? at->constant + (size_t)hx_rng_below(g->rng, end - at->constant) : end - 1;
        if (try_feature(g, at, g->order[k], whole, parent, best)) {
            useful++;
            swap_features(g, k, --end);
        } else {
            swap_features(g, k, at->constant++);
        }
    }
}

static bool push(grower *g, pending at) {
    if (g->n_stack == g->stack_room) {
        size_t room = g->stack_room ? 2 * g->stack_room : 64;
        pending *more = calloc(room, sizeof *more);
        if (!more) return false;
        if (g->n_stack > 0) memcpy(more, g->stack, g->n_stack * sizeof *more);
        free(g->stack);
        g->stack = more;
        g->stack_room = room;
    }
    g->stack[g->n_stack++] = at;
    return true;
}

/* Rows that go left come first; returns how many. Both sides keep their order. */
static size_t part(grower *g, const pending *at, const best_split *s) {
    size_t n_left = 0, n_right = 0;
    for (size_t i = at->first; i < at->first + at->n; i++) {
        uint32_t row = g->rows[i];
        double v = g->p->x[row * g->p->d + s->feature];
        if (isnan(v) ? s->missing_left : v < s->threshold)
            g->rows[at->first + n_left++] = row;
        else
            g->absent[n_right++] = row;
    }
    memcpy(g->rows + at->first + n_left, g->absent, n_right * sizeof *g->rows);
    return n_left;
}

static void fill_node(grower *g, const pending *at, const side *whole) {
    hx_trees *t = g->trees;
    double *values = t->values + at->node * t->width;
    t->cover[at->node] = whole->weight;
    if (g->o->split == HX_SPLIT_SQUARES) {
        values[0] = whole->weight > 0 ? g->scale * whole->sum / whole->weight : 0;
        return;
    }
    for (size_t k = 0; k < t->width; k++)
        values[k] = whole->weight > 0 ? g->scale * whole->classes[k] / whole->weight : 0;
}

static bool split_node(grower *g, const pending *at, const best_split *s) {
    uint32_t left = hx_trees_add_node(g->trees), right = hx_trees_add_node(g->trees);
    if (left == HX_LEAF || right == HX_LEAF) return false;
    size_t n_left = part(g, at, s);
    hx_trees *t = g->trees;
    t->feature[at->node] = s->feature;
    t->left[at->node] = left;
    t->threshold[at->node] = s->threshold;
    t->missing_left[at->node] = s->missing_left;
    t->gain[at->node] = s->gain;
    return push(g, (pending){at->first + n_left, at->n - n_left, right, at->depth + 1,
                             at->constant}) &&
           push(g, (pending){at->first, n_left, left, at->depth + 1, at->constant});
}

static bool grow_node(grower *g, pending *at) {
    side whole = {.classes = g->classes};
    best_split best = {.gain = 0};
    size_t deepest = g->o->depth ? g->o->depth : DEPTH_MAX;
    clear(g, &whole);
    for (size_t i = at->first; i < at->first + at->n; i++)
        add(g, &whole, g->rows[i], 1);
    fill_node(g, at, &whole);
    double own = loss(g, &whole);
    if (at->depth >= deepest || at->n < g->o->split_rows || at->n < 2 ||
        own <= 1e-14 * whole.weight)
        return true;
    best.gain = g->o->least_gain > 0
                    ? g->o->least_gain * g->total
                    : -1e-12 * own; /* a split that gains nothing may help those below it */
    find_split(g, at, &whole, own, &best);
    return !best.found || split_node(g, at, &best);
}

static hx_status grow(grower *g, hx_error *err) {
    size_t n = 0;
    for (size_t i = 0; i < g->p->n; i++)
        if (g->weights[i] > 0) {
            g->rows[n++] = (uint32_t)i;
            g->total += g->weights[i];
        }
    for (size_t j = 0; j < g->p->d; j++)
        g->order[j] = (uint32_t)j;
    uint32_t root = hx_trees_add_node(g->trees);
    bool ok = root != HX_LEAF && push(g, (pending){0, n, root, 0, 0});
    while (ok && g->n_stack > 0) {
        if (hx_flag_is_raised(g->o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        pending at = g->stack[--g->n_stack];
        ok = grow_node(g, &at);
    }
    return ok ? hx_trees_end_tree(g->trees, err)
              : hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
}

static bool make_bins(grower *g) {
    g->bins = calloc(HX_BINS_MAX + 1, sizeof *g->bins);
    g->bin_classes = calloc((HX_BINS_MAX + 1) * g->p->n_classes + 1, sizeof *g->bin_classes);
    for (size_t k = 0; k <= HX_BINS_MAX && g->bins && g->bin_classes; k++)
        g->bins[k].classes = g->bin_classes + k * g->p->n_classes;
    return g->bins && g->bin_classes;
}

hx_status hx_tree_grow(hx_trees *trees, const hx_problem *p, const double *weights,
                       const hx_tree_options *o, double scale, hx_rng *rng, hx_error *err) {
    grower g = {.p = p, .weights = weights, .o = o, .trees = trees, .rng = rng, .scale = scale};
    if (p->n >= UINT32_MAX)
        return hx_fail(err, HX_ELIMIT, "%zu rows are too many for a tree", p->n);
    g.rows = calloc(p->n + 1, sizeof *g.rows);
    g.absent = calloc(p->n + 1, sizeof *g.absent);
    g.entries = calloc(p->n + 1, sizeof *g.entries);
    g.order = calloc(p->d + 1, sizeof *g.order);
    g.classes = calloc(5 * p->n_classes + 1, sizeof *g.classes);
    bool ok = !o->bins || make_bins(&g);
    hx_status st = ok && g.rows && g.absent && g.entries && g.order && g.classes
                       ? grow(&g, err)
                       : hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
    free(g.rows);
    free(g.absent);
    free(g.entries);
    free(g.order);
    free(g.classes);
    free(g.bins);
    free(g.bin_classes);
    free(g.stack);
    return st;
}
