/* forest.c - a decision tree, and a random forest of them (Breiman 2001): each on a bootstrap of the rows, each split among a few features drawn
 * anew. Tree k depends on the seed and k alone, so that threads change nothing. Probabilities and numbers are means over trees.
 *
 * A tree is grown on its own and appended to the others in the order of their numbers; its leaves hold shares of classes or means, divided by
 * how many trees there are, so that a forest is a sum. Of more than 255 rows the values are put into bins once, for all trees. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/model_state.h"
#include "learn/tree_grow.h"

enum { DEPTH, LEAF_ROWS, SPLIT_ROWS, CRITERION, LEAST_GAIN, EXACT, TREE_PARAMS };
enum { TREES = TREE_PARAMS, FEATURES, BOOTSTRAP };

static const char *const criteria[] = {"gini", "entropy", NULL};
#define PARAM_TREE(DEPTH_HIGH)                                                                     \
    {.name = "depth",                                                                              \
     .kind = HX_PARAM_COUNT,                                                                       \
     .high = 1000,                                                                                 \
     .tune_low = 2,                                                                                \
     .tune_high = DEPTH_HIGH,                                                                      \
     .help = {"greatest depth, 0 = any", "最大深度，0 表示不限"}},                                 \
        {.name = "leaf_rows",                                                                      \
         .kind = HX_PARAM_COUNT,                                                                   \
         .fallback = 1,                                                                            \
         .low = 1,                                                                                 \
         .high = 1e9,                                                                              \
         .tune_low = 1,                                                                            \
         .tune_high = 50,                                                                          \
         .tune_log = true,                                                                         \
         .help = {"rows of a leaf at least", "叶节点最少行数"}},                                   \
        {.name = "split_rows",                                                                     \
         .kind = HX_PARAM_COUNT,                                                                   \
         .fallback = 2,                                                                            \
         .low = 2,                                                                                 \
         .high = 1e9,                                                                              \
         .help = {"rows of a node that is split at least", "可分裂节点最少行数"}},                 \
        {.name = "criterion",                                                                      \
         .kind = HX_PARAM_CHOICE,                                                                  \
         .choices = criteria,                                                                      \
         .help = {"how mixed a node of classes is", "类别节点的不纯度"}},                          \
        {.name = "least_gain",                                                                     \
         .high = 1e9,                                                                              \
         .help = {"a split must make the loss smaller by this, a row",                             \
                  "每行损失至少降低这么多才分裂"}},                                                \
    {                                                                                              \
        .name = "exact", .kind = HX_PARAM_SWITCH, .high = 1, .help = {                             \
            "look between all values, not 255 bins: slower",                                       \
            "在所有取值之间查找分裂点，而非 255 个分箱：较慢"                 \
        }                                                                                          \
    }

static const hx_model_param tree_params[] = {PARAM_TREE(15)};
static const hx_model_param forest_params[] = {
    PARAM_TREE(30),
    {.name = "trees",
     .kind = HX_PARAM_COUNT,
     .fallback = 300,
     .low = 1,
     .high = 100000,
     .help = {"how many", "树的数量"}},
    {.name = "features",
     .low = 0,
     .high = 1,
     .tune_low = 0.1,
     .tune_high = 1,
     .help = {"share tried at a split; 0 = the root of their number (classes), a third (numbers)",
              "每次分裂尝试的特征比例；0 表示平方根（类别）或三分之一（数值）"}},
    {.name = "bootstrap",
     .kind = HX_PARAM_SWITCH,
     .fallback = 1,
     .high = 1,
     .help = {"rows are drawn with replacement", "有放回抽样"}},
};

typedef struct {
    hx_trees trees; /* first: hx_trees_state_write() takes it for the state */
} state;

static void release(void *state_) {
    state *s = state_;
    hx_trees_release(&s->trees);
    free(s);
}

static state *new_state(size_t d, size_t n_classes, hx_error *err) {
    state *s = calloc(1, sizeof *s);
    if (s && hx_trees_init(&s->trees, d, n_classes ? n_classes : 1, false, err) == HX_OK) return s;
    free(s);
    return NULL;
}

static hx_tree_options options_of(const hx_problem *p, const hx_fit_options *o) {
    return (hx_tree_options){.split = p->task == HX_TASK_REGRESSION ? HX_SPLIT_SQUARES
                                      : o->params[CRITERION] != 0   ? HX_SPLIT_ENTROPY
                                                                    : HX_SPLIT_GINI,
                             .depth = (size_t)o->params[DEPTH],
                             .leaf_rows = (size_t)o->params[LEAF_ROWS],
                             .split_rows = (size_t)o->params[SPLIT_ROWS],
                             .least_gain = o->params[LEAST_GAIN],
                             .cancel = o->cancel};
}

/* ------------------------------------------------------------------ fitting */
typedef struct {
    const hx_problem *p;
    const hx_fit_options *o;
    hx_tree_options options;
    hx_tree_bins *bins; /* owned; NULL of exact splits */
    hx_trees *grown; /* (n_trees), one tree each */
    double **weights; /* (n_threads) of rows */
    size_t n_trees;
    bool bootstrap;
} growing;

static void draw_rows(const growing *g, hx_rng *rng, double *weights) {
    const hx_problem *p = g->p;
    for (size_t i = 0; i < p->n; i++)
        weights[i] = g->bootstrap ? 0 : 1;
    for (size_t i = 0; i < p->n && g->bootstrap; i++)
        weights[hx_rng_below(rng, p->n)]++;
    for (size_t i = 0; i < p->n && p->weights; i++)
        weights[i] *= p->weights[i];
}

static hx_status grow_one(void *context, size_t k, size_t worker, hx_error *err) {
    growing *g = context;
    hx_rng rng;
    if (hx_flag_is_raised(g->o->cancel))
        return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
    hx_rng_seed(&rng, hx_hash_mix(g->o->seed, k));
    draw_rows(g, &rng, g->weights[worker]);
    size_t outputs = g->p->n_classes ? g->p->n_classes : 1;
    HX_TRY(hx_trees_init(&g->grown[k], g->p->d, outputs, false, err));
    return hx_tree_grow(&g->grown[k], g->p, g->weights[worker], &g->options, 1 / (double)g->n_trees,
                        &rng, err);
}

static hx_status grow_all(state *s, growing *g, hx_error *err) {
    size_t n_threads = g->o->n_threads;
    bool ok = (g->grown = calloc(g->n_trees, sizeof *g->grown)) != NULL &&
              (g->weights = calloc(n_threads, sizeof *g->weights)) != NULL;
    for (size_t i = 0; i < n_threads && ok; i++)
        ok = (g->weights[i] = calloc(g->p->n + 1, sizeof(double))) != NULL;
    hx_status st =
        ok ? hx_pool_run(n_threads, g->n_trees, grow_one, g, err) : hx_trees_no_memory(err);
    for (size_t k = 0; k < g->n_trees && g->grown; k++) {
        if (st == HX_OK) st = hx_trees_append(&s->trees, &g->grown[k], err);
        hx_trees_release(&g->grown[k]);
    }
    for (size_t i = 0; i < n_threads && g->weights; i++)
        free(g->weights[i]);
    free(g->weights);
    free(g->grown);
    return st;
}

static hx_status fit_by(void **out, growing *g, hx_error *err) {
    state *s = new_state(g->p->d, g->p->n_classes, err);
    if (!s) return hx_trees_no_memory(err);
    hx_status st = HX_OK;
    if (g->o->params[EXACT] == 0 && g->p->n > HX_BINS_MAX)
        st = hx_tree_bins_make(&g->bins, g->p, g->o->n_threads, g->o->cancel, err);
    g->options.bins = g->bins;
    if (st == HX_OK) st = grow_all(s, g, err);
    hx_tree_bins_free(g->bins);
    return hx_state_give(out, s, release, st, err);
}

static hx_status fit_tree(void **out, const hx_problem *train, const hx_problem *validation,
                          const hx_fit_options *o, hx_error *err) {
    growing g = {.p = train, .o = o, .options = options_of(train, o), .n_trees = 1};
    (void)validation;
    return fit_by(out, &g, err);
}

static hx_status fit_forest(void **out, const hx_problem *train, const hx_problem *validation,
                            const hx_fit_options *o, hx_error *err) {
    growing g = {.p = train,
                 .o = o,
                 .options = options_of(train, o),
                 .n_trees = (size_t)o->params[TREES],
                 .bootstrap = o->params[BOOTSTRAP] != 0};
    double d = (double)train->d, share = o->params[FEATURES];
    double wanted = share > 0 ? share * d : train->task == HX_TASK_REGRESSION ? d / 3 : sqrt(d);
    (void)validation;
    g.options.features = wanted > 1 ? (size_t)wanted : 1;
    return fit_by(out, &g, err);
}

/* ------------------------------------------------------------------ the rest */
static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    return hx_trees_sum(&((const state *)state_)->trees, x, n, n_threads, out, err);
}

static hx_status contributions(const void *state_, const double *x, size_t n, size_t class,
                               size_t n_threads, double *out, hx_error *err) {
    return hx_trees_shap(&((const state *)state_)->trees, x, n, class, n_threads, out, err);
}

static void summary(const void *state_, hx_json_writer *w) {
    const hx_trees *t = &((const state *)state_)->trees;
    hx_json_key(w, "trees");
    hx_json_int(w, (int64_t)t->n_trees);
    hx_json_key(w, "leaves");
    hx_json_int(w, (int64_t)((t->n_nodes + t->n_trees) / 2));
}

static void formula(const void *state_, hx_formula *out) {
    const hx_trees *t = &((const state *)state_)->trees;
    *out = (hx_formula){.n_outputs = t->n_outputs,
                        .trees = t,
                        .link = t->n_outputs > 1 ? HX_LINK_SHARES : HX_LINK_NUMBER};
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    state *s = new_state(d, n_classes, err);
    if (!s) return hx_trees_no_memory(err);
    hx_status st = hx_trees_read(&s->trees, json, err);
    return hx_state_give(out, s, release, st, err);
}

#define OF_TREES(NAME, FIT, LIST, EN, ZH)                                                          \
    {                                                                                              \
        .kind = {.name = NAME,                                                                     \
                 .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,                        \
                 .params = LIST,                                                                   \
                 .n_params = sizeof LIST / sizeof *LIST,                                           \
                 .help = {EN, ZH}},                                                                \
        .fit = FIT, .predict = predict, .contributions = contributions,                            \
        .importance = hx_trees_state_importance, .summary = summary,                               \
        .write = hx_trees_state_write, .read = read, .release = release, .formula = formula        \
    }

const hx_estimator hx_estimator_tree =
    OF_TREES("tree", fit_tree, tree_params, "one decision tree (CART)", "单棵决策树（CART）");
const hx_estimator hx_estimator_forest =
    OF_TREES("forest", fit_forest, forest_params, "a random forest", "随机森林");
