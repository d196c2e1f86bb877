/* boosting.c - gradient boosting: trained by XGBoost (xgboost.h), kept as trees of ours (trees.h).
 *
 * What XGBoost gives is its own JSON, read by xgboost_read.c, as files of users are. Margins are log-odds (two classes), scores (more) or numbers.
 *
 * The defaults are small trees, a slow rate and drawn rows and features: on the training parts of the nine sets of docs/results.md (five folds each)
 * better on every one than XGBoost's depth of five or six at a rate of 0.1, which says too much of a few hundred rows.
 *
 * One thread a model, so that sums in histograms have one order; folds and trials of a search run side by side instead. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/model_state.h"
#include "learn/trees.h"
#include "learn/xgboost.h"

enum {
    ROUNDS,
    RATE,
    DEPTH,
    LEAF_WEIGHT,
    ROWS,
    FEATURES,
    LAMBDA,
    ALPHA,
    GAIN,
    PATIENCE,
    BALANCED,
    PARAMS
};
#define MODEL_BYTES_MAX ((size_t)2 << 30)
#define SETTINGS_MAX 20

static const hx_model_param params[PARAMS] = {
    {.name = "rounds",
     .kind = HX_PARAM_COUNT,
     .fallback = 300,
     .low = 1,
     .high = 100000,
     .tune_low = 30,
     .tune_high = 1000,
     .tune_log = true,
     .help = {"trees a class", "每个类别的树数"}},
    {.name = "rate",
     .fallback = 0.05,
     .low = 1e-6,
     .high = 1,
     .tune_low = 0.01,
     .tune_high = 0.3,
     .tune_log = true,
     .help = {"share of each tree that counts", "学习率：每棵树的权重"}},
    {.name = "depth",
     .kind = HX_PARAM_COUNT,
     .fallback = 3,
     .low = 1,
     .high = 30,
     .tune_low = 1,
     .tune_high = 9,
     .help = {"greatest depth", "最大深度"}},
    {.name = "leaf_weight",
     .fallback = 1,
     .high = 1e9,
     .tune_low = 0.5,
     .tune_high = 30,
     .tune_log = true,
     .help = {"curvature of a leaf at least", "叶节点最小权重"}},
    {.name = "rows",
     .fallback = 0.8,
     .low = 0.01,
     .high = 1,
     .tune_low = 0.5,
     .tune_high = 1,
     .help = {"share of rows drawn for a tree", "每棵树抽取的行比例"}},
    {.name = "features",
     .fallback = 0.8,
     .low = 0.01,
     .high = 1,
     .tune_low = 0.3,
     .tune_high = 1,
     .help = {"share of features drawn for a tree", "每棵树抽取的特征比例"}},
    {.name = "lambda",
     .fallback = 1,
     .high = 1e9,
     .tune_low = 0.1,
     .tune_high = 30,
     .tune_log = true,
     .help = {"penalty of squared leaves", "叶值平方惩罚"}},
    {.name = "alpha", .high = 1e9, .help = {"penalty of absolute leaves", "叶值绝对值惩罚"}},
    {.name = "gain",
     .high = 1e9,
     .help = {"a split must make the loss smaller by this", "分裂至少带来的损失下降"}},
    {.name = "patience",
     .kind = HX_PARAM_COUNT,
     .fallback = 50,
     .high = 100000,
     .help = {"rounds without a better loss on validation rows, then it stops; 0 = never",
              "验证损失连续多少轮不改善即停止；0 表示不停"}},
    HX_PARAM_BALANCED,
};

typedef struct {
    hx_trees trees; /* first: hx_trees_state_write() takes it for the state */
    size_t n_classes; /* 0 of numbers */
    double *losses, *validation; /* (rounds_done); validation NULL without such rows */
    size_t rounds_done, rounds;
} state;

static void release(void *state_) {
    state *s = state_;
    hx_trees_release(&s->trees);
    free(s->losses);
    free(s->validation);
    free(s);
}

static state *new_state(size_t d, size_t n_classes, hx_error *err) {
    state *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->n_classes = n_classes;
    if (hx_trees_init(&s->trees, d, n_classes > 2 ? n_classes : 1, true, err) == HX_OK) return s;
    free(s);
    return NULL;
}

static hx_status take_model(state *s, hx_str text, size_t rounds, hx_error *err) {
    json_t *json = NULL;
    HX_TRY(hx_json_parse(text, MODEL_BYTES_MAX, "XGBoost", &json, err));
    hx_status st = hx_xgboost_trees(&s->trees, json, s->n_classes, rounds, err);
    json_decref(json);
    return st;
}

hx_status hx_boosting_from(void **out, const json_t *json, const hx_xgboost_shape *shape,
                           hx_error *err) {
    state *s = new_state(shape->n_features, shape->n_classes, err);
    if (!s) return hx_trees_no_memory(err);
    s->rounds = shape->rounds;
    hx_status st = hx_xgboost_trees(&s->trees, json, shape->n_classes, shape->rounds, err);
    return hx_state_give(out, s, release, st, err);
}

/* ------------------------------------------------------------------ fitting */
static size_t settings_of(const hx_problem *p, const hx_fit_options *o, hx_xgboost_param *out) {
    static const struct {
        const char *name;
        int param;
    } numbers[] = {{"eta", RATE},
                   {"max_depth", DEPTH},
                   {"min_child_weight", LEAF_WEIGHT},
                   {"subsample", ROWS},
                   {"colsample_bytree", FEATURES},
                   {"lambda", LAMBDA},
                   {"alpha", ALPHA},
                   {"gamma", GAIN}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++, n++) {
        out[n].name = numbers[i].name;
        snprintf(out[n].value, sizeof out[n].value, "%.9g", o->params[numbers[i].param]);
    }
    const char *objective = p->task == HX_TASK_REGRESSION ? "reg:squarederror"
                            : p->n_classes == 2           ? "binary:logistic"
                                                          : "multi:softprob";
    const char *metric = p->task == HX_TASK_REGRESSION ? "rmse"
                         : p->n_classes == 2           ? "logloss"
                                                       : "mlogloss";
    const char *const texts[][2] = {{"objective", objective},
                                    {"eval_metric", metric},
                                    {"tree_method", "hist"},
                                    {"nthread", "1"},
                                    {"verbosity", "0"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++, n++) {
        out[n].name = texts[i][0];
        snprintf(out[n].value, sizeof out[n].value, "%s", texts[i][1]);
    }
    out[n].name = "seed";
    snprintf(out[n++].value, sizeof out[0].value, "%u", (unsigned)(o->seed & 0x7fffffff));
    if (p->n_classes > 2) {
        out[n].name = "num_class";
        snprintf(out[n++].value, sizeof out[0].value, "%zu", p->n_classes);
    }
    return n;
}

/* Weights of rows times those of their class; NULL where all are 1. */
static hx_status weights_of(const hx_problem *p, bool balanced, float **out, hx_error *err) {
    const bool classes = p->n_classes > 0;
    *out = NULL;
    if (!p->weights && !(balanced && classes)) return HX_OK;
    float *w = calloc(p->n + 1, sizeof *w);
    double *of_class = calloc(p->n_classes + 1, sizeof *of_class);
    bool ok = w && of_class;
    if (ok && classes) hx_class_weights(p, balanced, of_class);
    for (size_t i = 0; i < p->n && ok; i++)
        w[i] =
            (float)((classes ? of_class[(size_t)p->y[i]] : 1) * (p->weights ? p->weights[i] : 1));
    free(of_class);
    if (!ok) {
        free(w);
        return hx_trees_no_memory(err);
    }
    *out = w;
    return HX_OK;
}

static hx_status fit_state(state *s, const hx_problem *train, const hx_problem *validation,
                           const hx_fit_options *o, hx_error *err) {
    hx_xgboost_param settings[SETTINGS_MAX];
    hx_xgboost_model model;
    float *weights = NULL;
    HX_TRY(weights_of(train, o->params[BALANCED] != 0, &weights, err));
    hx_xgboost_options x = {.params = settings,
                            .n_params = settings_of(train, o, settings),
                            .rounds = (size_t)o->params[ROUNDS],
                            .patience = (size_t)o->params[PATIENCE],
                            .weights = weights,
                            .o = o};
    hx_status st = hx_xgboost_train(&model, train, validation, &x, err);
    free(weights);
    if (st != HX_OK) return st;
    st = take_model(s, hx_buf_str(&model.json), model.rounds, err);
    s->losses = model.losses;
    s->validation = model.validation;
    s->rounds_done = model.rounds_done;
    s->rounds = model.rounds;
    model.losses = model.validation = NULL;
    hx_xgboost_release(&model);
    return st;
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    state *s = new_state(train->d, train->n_classes, err);
    if (!s) return hx_trees_no_memory(err);
    hx_status st = fit_state(s, train, validation, o, err);
    return hx_state_give(out, s, release, st, err);
}

/* ------------------------------------------------------------------ predicting */
static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    HX_TRY(hx_trees_sum(&s->trees, x, n, n_threads, out, err));
    for (size_t i = n; i-- > 0 && s->n_classes == 2;) { /* from the end: two places a sum */
        const double z = out[i];
        out[2 * i + 1] = hx_sigmoid_of(z);
        out[2 * i] = hx_sigmoid_of(-z);
    }
    for (size_t i = 0; i < n && s->n_classes > 2; i++)
        (void)hx_softmax_of(out + i * s->n_classes, s->n_classes);
    return HX_OK;
}

static hx_status contributions(const void *state_, const double *x, size_t n, size_t class,
                               size_t n_threads, double *out, hx_error *err) {
    const state *s = state_;
    HX_TRY(hx_trees_shap(&s->trees, x, n, s->n_classes > 2 ? class : 0, n_threads, out, err));
    if (s->n_classes != 2 || class == 1) return HX_OK;
    for (size_t i = 0; i < n * (s->trees.n_features + 1); i++)
        out[i] = -out[i];
    return HX_OK;
}

static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "trees");
    hx_json_int(w, (int64_t)s->trees.n_trees);
    hx_json_key(w, "rounds");
    hx_json_int(w, (int64_t)s->rounds);
    hx_put_numbers(w, "loss", s->losses, s->rounds_done);
    if (s->validation) hx_put_numbers(w, "validation_loss", s->validation, s->rounds_done);
}

static void formula(const void *state_, hx_formula *out) {
    const state *s = state_;
    *out = (hx_formula){.n_outputs = s->trees.n_outputs,
                        .trees = &s->trees,
                        .link = s->n_classes == 0   ? HX_LINK_NUMBER
                                : s->n_classes == 2 ? HX_LINK_LOGIT
                                                    : HX_LINK_SOFTMAX};
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    state *s = new_state(d, n_classes, err);
    if (!s) return hx_trees_no_memory(err);
    hx_status st = hx_trees_read(&s->trees, json, err);
    return hx_state_give(out, s, release, st, err);
}

const hx_estimator hx_estimator_boosting = {
    .kind = {.name = "boosting",
             .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"gradient boosting of trees (XGBoost)", "梯度提升树（XGBoost）"}},
    .fit = fit,
    .predict = predict,
    .contributions = contributions,
    .importance = hx_trees_state_importance,
    .summary = summary,
    .write = hx_trees_state_write,
    .read = read,
    .release = release,
    .formula = formula,
};
