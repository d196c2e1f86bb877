/* xgboost_read.c - a model as XGBoost saves it (JSON, 1.6 to 3.x) to trees of ours; see xgboost.h.
 *
 *     {"learner":{"feature_names":[...],"gradient_booster":{"name":"gbtree","model":{"trees":[...],"tree_info":[...]}},
 *                 "learner_model_param":{"base_score":"[5E-1]","num_class":"0","num_feature":"4"},"objective":{"name":"..."}},"version":[...]}
 *
 * XGBoost compares 32-bit floats: a row goes left where (float)x < t. The same rows go left by x < T in doubles, where T is the border above which
 * numbers round to t or more: half way between t and the float below it, or the double behind that where the half way rounds down. Leaf values
 * are floats. Nothing of the file is believed: children stand behind their parents, each node is taken once, numbers are finite. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "learn/xgboost.h"

#define NAME_MAX_ 64

static hx_status foreign(hx_error *err) {
    return hx_fail(err, HX_EFORMAT,
                   "this is no model that XGBoost saved as JSON (1.6 to 3.x), or it is damaged");
}

static double border(double threshold) {
    float t = (float)threshold, below = nextafterf(t, -INFINITY);
    if (!isfinite(below)) return threshold;
    double middle = ((double)t + (double)below) / 2;
    return (float)middle < t ? nextafter(middle, INFINITY) : middle;
}

static double number(const json_t *array, size_t i, bool *ok) {
    const json_t *value = json_array_get(array, i);
    double x = json_is_number(value)    ? json_number_value(value)
               : json_is_boolean(value) ? json_is_true(value)
                                        : (double)NAN;
    if (!isfinite(x)) *ok = false;
    return x;
}

/* ------------------------------------------------------------------ trees */
/* One tree: nodes are taken in the order of a queue, so that two children lie next to each other. from (n) = XGBoost's number of a node. */
static bool take_tree(hx_trees *t, const json_t *tree, uint32_t *from, size_t n) {
    const json_t *left = json_object_get(tree, "left_children"),
                 *right = json_object_get(tree, "right_children");
    const json_t *feature = json_object_get(tree, "split_indices"),
                 *value = json_object_get(tree, "split_conditions");
    const json_t *missing = json_object_get(tree, "default_left"),
                 *cover = json_object_get(tree, "sum_hessian");
    const json_t *gain = json_object_get(tree, "loss_changes");
    size_t first = t->n_nodes, taken = 1;
    bool ok = hx_trees_add_node(t) != HX_LEAF;
    from[0] = 0;
    for (size_t k = 0; k < taken && ok; k++) {
        size_t i = first + k, own = from[k];
        double a = number(left, own, &ok), b = number(right, own, &ok),
               f = number(feature, own, &ok);
        t->cover[i] = number(cover, own, &ok);
        if (a < 0) {
            t->values[i] = number(value, own, &ok);
            continue;
        }
        ok = ok && a < (double)n && b >= 0 && b < (double)n && f >= 0 &&
             f < (double)t->n_features && taken + 2 <= n;
        if (!ok || hx_trees_add_node(t) == HX_LEAF || hx_trees_add_node(t) == HX_LEAF) return false;
        t->feature[i] = (uint32_t)f;
        t->left[i] = (uint32_t)(first + taken);
        t->threshold[i] = border(number(value, own, &ok));
        t->missing_left[i] = number(missing, own, &ok) != 0;
        t->gain[i] = number(gain, own, &ok);
        from[taken++] = (uint32_t)a;
        from[taken++] = (uint32_t)b;
    }
    return ok;
}

static bool is_categorical(const json_t *tree) {
    const json_t *types = json_object_get(tree, "split_type");
    for (size_t i = 0; i < json_array_size(types); i++)
        if (json_integer_value(json_array_get(types, i)) != 0) return true;
    return false;
}

static hx_status one_tree(hx_trees *t, const json_t *tree, hx_error *err) {
    size_t n = json_array_size(json_object_get(tree, "left_children"));
    if (is_categorical(tree))
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the model splits categories (enable_categorical), which is not read; train "
                       "it on columns of numbers");
    uint32_t *from = calloc(n + 1, sizeof *from);
    bool ok = from && n > 0 && take_tree(t, tree, from, n);
    free(from);
    if (!ok)
        return from ? foreign(err) : hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
    return hx_trees_end_tree(t, err);
}

/* Trees of the outputs take turns, whatever their order in the file: the k-th of output 0, of output 1, ... */
static hx_status take_trees(hx_trees *t, const json_t *model, size_t rounds, hx_error *err) {
    const json_t *trees = json_object_get(model, "trees"),
                 *info = json_object_get(model, "tree_info");
    size_t n = json_array_size(trees), *next = calloc(t->n_outputs + 1, sizeof *next);
    hx_status st = next ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the trees");
    for (size_t k = 0; k < rounds * t->n_outputs && st == HX_OK; k++) {
        size_t o = k % t->n_outputs, *at = &next[o];
        while (*at < n && (size_t)json_integer_value(json_array_get(info, *at)) != o)
            ++*at;
        st = *at < n ? one_tree(t, json_array_get(trees, (*at)++), err) : foreign(err);
    }
    free(next);
    return st;
}

/* ------------------------------------------------------------------ the rest of the file */
static double text_number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return hx_double_of(hx_str_of(json_string_value(value)));
}

/* base_score is a text, "5E-1" or from 3.1 on "[5E-1]" or "[2E-1,5E-1,3E-1]", in the unit of predictions. */
static hx_status take_base(hx_trees *t, const json_t *learner, size_t n_classes, hx_error *err) {
    hx_str text = hx_str_of(json_string_value(
        json_object_get(json_object_get(learner, "learner_model_param"), "base_score")));
    if (text.len > 1 && text.ptr[0] == '[') text = (hx_str){text.ptr + 1, text.len - 2};
    double base = NAN;
    for (size_t o = 0; o < t->n_outputs; o++) {
        const char *comma = text.len > 0 ? memchr(text.ptr, ',', text.len) : NULL;
        size_t n = comma ? (size_t)(comma - text.ptr) : text.len;
        if (n > 0) base = hx_double_of((hx_str){text.ptr, n}); /* one is for all outputs */
        n += comma != NULL;
        text = (hx_str){text.ptr + n, text.len - n};
        t->base[o] = n_classes == 2 ? log(base / (1 - base)) : base;
        if (!isfinite(t->base[o])) return foreign(err);
    }
    return text.len == 0 ? HX_OK : foreign(err);
}

static bool is_one_of(const char *text, const char *const *list) {
    for (size_t i = 0; list[i]; i++)
        if (strcmp(text, list[i]) == 0) return true;
    return false;
}

static hx_status classes_of(const json_t *learner, size_t *n_classes, hx_error *err) {
    static const char *const numbers[] = {"reg:squarederror",  "reg:squaredlogerror",
                                          "reg:absoluteerror", "reg:pseudohubererror",
                                          "reg:linear",        NULL};
    static const char *const more[] = {"multi:softprob", "multi:softmax", NULL};
    const char *objective =
        json_string_value(json_object_get(json_object_get(learner, "objective"), "name"));
    const json_t *param = json_object_get(learner, "learner_model_param");
    double n = text_number(param, "num_class");
    if (!objective) return foreign(err);
    *n_classes = 0;
    if (is_one_of(objective, numbers)) return HX_OK;
    *n_classes = 2;
    if (strcmp(objective, "binary:logistic") == 0) return HX_OK;
    if (!is_one_of(objective, more))
        return hx_fail(err, HX_EUNSUPPORTED,
                       "models of the objective '%.*s' are not read; reg:squarederror, "
                       "binary:logistic and multi:softprob are",
                       NAME_MAX_, objective);
    if (!(n >= 2 && n <= HX_CLASSES_MAX)) return foreign(err);
    if (n == 2)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "a model of two classes is read where its objective is binary:logistic");
    *n_classes = (size_t)n;
    return HX_OK;
}

static hx_status check_booster(const json_t *learner, hx_error *err) {
    const json_t *booster = json_object_get(learner, "gradient_booster");
    const json_t *param = json_object_get(learner, "learner_model_param");
    const char *name = json_string_value(json_object_get(booster, "name"));
    if (!name) return foreign(err);
    if (strcmp(name, "gbtree") != 0)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "models of the booster '%.*s' are not read; those of gbtree are", NAME_MAX_,
                       name);
    if (json_object_get(param, "num_target") && text_number(param, "num_target") > 1)
        return hx_fail(err, HX_EUNSUPPORTED, "a model of several targets is not read");
    return HX_OK;
}

hx_status hx_xgboost_shape_of(const json_t *json, hx_xgboost_shape *out, hx_error *err) {
    const json_t *learner = json_object_get(json, "learner");
    const json_t *model = json_object_get(json_object_get(learner, "gradient_booster"), "model");
    double n = text_number(json_object_get(learner, "learner_model_param"), "num_feature");
    *out = (hx_xgboost_shape){.names = json_object_get(learner, "feature_names")};
    if (!json_is_object(learner)) return foreign(err);
    HX_TRY(check_booster(learner, err));
    HX_TRY(classes_of(learner, &out->n_classes, err));
    size_t outputs = out->n_classes > 2 ? out->n_classes : 1;
    size_t trees = json_array_size(json_object_get(model, "trees"));
    if (!(n >= 1 && n <= HX_DESIGN_FEATURES_MAX) || trees % outputs != 0) return foreign(err);
    out->n_features = (size_t)n;
    out->rounds = trees / outputs;
    return HX_OK;
}

hx_status hx_xgboost_trees(hx_trees *t, const json_t *json, size_t n_classes, size_t rounds,
                           hx_error *err) {
    const json_t *learner = json_object_get(json, "learner");
    const json_t *model = json_object_get(json_object_get(learner, "gradient_booster"), "model");
    HX_TRY(take_base(t, learner, n_classes, err));
    return take_trees(t, model, rounds, err);
}
