/* trees_shap.c - Shapley values of rows by the paths of trees, in polynomial time; see trees.h.
 *
 * Lundberg, Erion, Lee, Consistent Individualized Feature Attribution for Tree Ensembles (2018), algorithm 2. On the way down a path of entries is
 * kept, one a feature that was split on: the share of training rows that go this way where the feature is unknown (zero), whether the row itself goes
 * this way (one), and the weight of all subsets by size. Each level of the tree has a copy of its own, so that both children start from their
 * parent's. A leaf then gives each entry (one - zero) times the weight of the path without it times the leaf's value.
 *
 * No recursion: children wait on a stack, the one that the row takes first. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "learn/trees.h"

#define DEPTH_MAX 1000
#define BLOCK ((size_t)64)

typedef struct {
    uint32_t feature;
    double zero, one, weight;
} entry;

typedef struct {
    uint32_t node, feature; /* the split that leads here */
    size_t level;
    double zero, one;
} waiting;

typedef struct {
    entry *paths; /* level l has room for l + 2 entries, behind those of the levels above */
    size_t *lengths; /* (levels) */
    waiting *stack;
} room;

static entry *path_of(const room *r, size_t level) {
    return r->paths + level * (level + 3) / 2;
}

/* One more entry; `n` are there. */
static void extend(entry *m, size_t n, double zero, double one, uint32_t feature) {
    m[n] = (entry){feature, zero, one, n == 0 ? 1 : 0};
    for (size_t i = n; i-- > 0;) {
        m[i + 1].weight += one * m[i].weight * (double)(i + 1) / (double)(n + 1);
        m[i].weight = zero * m[i].weight * (double)(n - i) / (double)(n + 1);
    }
}

/* Takes entry k out again; `n` are there. */
static void unwind(entry *m, size_t n, size_t k) {
    double one = m[k].one, zero = m[k].zero, next = m[n - 1].weight;
    for (size_t i = n - 1; i-- > 0;) {
        if (one != 0) {
            double was = m[i].weight;
            m[i].weight = next * (double)n / ((double)(i + 1) * one);
            next = was - m[i].weight * zero * (double)(n - 1 - i) / (double)n;
        } else if (zero != 0) {
            m[i].weight = m[i].weight * (double)n / (zero * (double)(n - 1 - i));
        }
    }
    for (size_t i = k; i + 1 < n; i++) {
        m[i].feature = m[i + 1].feature;
        m[i].zero = m[i + 1].zero;
        m[i].one = m[i + 1].one;
    }
}

/* Sum of the weights with entry k taken out. */
static double without(const entry *m, size_t n, size_t k) {
    double one = m[k].one, zero = m[k].zero, next = m[n - 1].weight, sum = 0;
    if (one != 0) {
        for (size_t i = n - 1; i-- > 0;) {
            double weight = next / ((double)(i + 1) * one);
            sum += weight;
            next = m[i].weight - weight * zero * (double)(n - 1 - i);
        }
    } else if (zero != 0) {
        for (size_t i = n - 1; i-- > 0;)
            sum += m[i].weight / (zero * (double)(n - 1 - i));
    }
    return sum * (double)n;
}

static void give(const entry *m, size_t n, double value, double *out) {
    for (size_t k = 1; k < n; k++)
        out[m[k].feature] += without(m, n, k) * (m[k].one - m[k].zero) * value;
}

/* What waits, started from its parent's path; returns the number of entries. */
static size_t start(const room *r, const waiting *w) {
    entry *m = path_of(r, w->level);
    size_t n = 0;
    if (w->level > 0) {
        n = r->lengths[w->level - 1];
        memcpy(m, path_of(r, w->level - 1), n * sizeof *m);
    }
    extend(m, n, w->zero, w->one, w->feature);
    return n + 1;
}

static void explain_tree(const hx_trees *t, size_t tree, size_t output, const double *x,
                         const room *r, double *out) {
    size_t waits = 1;
    r->stack[0] = (waiting){t->roots[tree], HX_LEAF, 0, 1, 1};
    while (waits > 0) {
        waiting w = r->stack[--waits];
        entry *m = path_of(r, w.level);
        size_t n = start(r, &w), i = w.node;
        if (t->feature[i] == HX_LEAF) {
            give(m, n, t->values[i * t->width + (t->turns ? 0 : output)], out);
            continue;
        }
        uint32_t feature = t->feature[i];
        double zero = 1, one = 1, v = x[feature], cover = t->cover[i];
        for (size_t k = 1; k < n; k++)
            if (m[k].feature == feature) {
                zero = m[k].zero;
                one = m[k].one;
                unwind(m, n--, k);
                break;
            }
        r->lengths[w.level] = n;
        bool left = isnan(v) ? t->missing_left[i] != 0 : v < t->threshold[i];
        uint32_t hot = t->left[i] + !left, cold = t->left[i] + left;
        double hot_share = cover > 0 ? t->cover[hot] / cover : 0,
               cold_share = cover > 0 ? t->cover[cold] / cover : 0;
        r->stack[waits++] = (waiting){cold, feature, w.level + 1, zero * cold_share, 0};
        r->stack[waits++] = (waiting){hot, feature, w.level + 1, zero * hot_share, one};
    }
}

/* ------------------------------------------------------------------ rows */
/* Levels of the deepest tree; depths (n_nodes). */
static size_t levels_of(const hx_trees *t, uint32_t *depths) {
    size_t most = 0;
    for (size_t k = 0; k < t->n_trees; k++)
        for (size_t i = t->roots[k]; i < t->roots[k + 1]; i++) {
            if (i == t->roots[k]) depths[i] = 0;
            if (depths[i] > most) most = depths[i];
            if (t->feature[i] == HX_LEAF) continue;
            depths[t->left[i]] = depths[t->left[i] + 1] = depths[i] + 1;
        }
    return most + 1;
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

typedef struct {
    const hx_trees *t;
    const double *x;
    size_t n, output, levels;
    double base;
    double *out;
    room *rooms; /* (n_threads) */
} explaining;

static hx_status explain_block(void *context, size_t block, size_t worker, hx_error *err) {
    const explaining *e = context;
    const hx_trees *t = e->t;
    size_t first = block * BLOCK, last = first + BLOCK < e->n ? first + BLOCK : e->n,
           d = t->n_features;
    (void)err;
    memset(e->out + first * (d + 1), 0, (last - first) * (d + 1) * sizeof *e->out);
    for (size_t k = 0; k < t->n_trees; k++) {
        if (t->turns && k % t->n_outputs != e->output) continue;
        for (size_t i = first; i < last; i++)
            explain_tree(t, k, e->output, e->x + i * d, &e->rooms[worker], e->out + i * (d + 1));
    }
    for (size_t i = first; i < last; i++)
        e->out[i * (d + 1) + d] = e->base;
    return HX_OK;
}

static bool make_room(room *r, size_t levels) {
    r->paths = calloc((levels + 1) * (levels + 4) / 2, sizeof *r->paths);
    r->lengths = calloc(levels + 1, sizeof *r->lengths);
    r->stack = calloc(2 * levels + 2, sizeof *r->stack);
    return r->paths && r->lengths && r->stack;
}

static void free_rooms(room *rooms, size_t n) {
    for (size_t i = 0; i < n && rooms; i++) {
        free(rooms[i].paths);
        free(rooms[i].lengths);
        free(rooms[i].stack);
    }
    free(rooms);
}

static hx_status prepare(explaining *e, hx_error *err) {
    const hx_trees *t = e->t;
    uint32_t *depths = calloc(t->n_nodes + 1, sizeof *depths);
    double *values = calloc(t->n_nodes + 1, sizeof *values);
    bool ok = depths && values;
    if (ok) e->levels = levels_of(t, depths);
    e->base = t->base[e->output];
    for (size_t k = 0; k < t->n_trees && ok; k++)
        if (!t->turns || k % t->n_outputs == e->output)
            e->base += expected(t, k, e->output, values);
    free(depths);
    free(values);
    if (!ok) return hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
    if (e->levels > DEPTH_MAX)
        return hx_fail(err, HX_ELIMIT, "trees of more than %d levels are not explained", DEPTH_MAX);
    return HX_OK;
}

hx_status hx_trees_shap(const hx_trees *t, const double *x, size_t n, size_t output,
                        size_t n_threads, double *out, hx_error *err) {
    explaining e = {.t = t, .x = x, .n = n, .output = output, .out = out};
    if (n_threads == 0) n_threads = hx_processors();
    HX_TRY(prepare(&e, err));
    e.rooms = calloc(n_threads, sizeof *e.rooms);
    bool ok = e.rooms != NULL;
    for (size_t i = 0; i < n_threads && ok; i++)
        ok = make_room(&e.rooms[i], e.levels);
    hx_status st = ok ? hx_pool_run(n_threads, (n + BLOCK - 1) / BLOCK, explain_block, &e, err)
                      : hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
    free_rooms(e.rooms, n_threads);
    return st;
}
