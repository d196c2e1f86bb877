/* export_xgboost.c - boosted trees as XGBoost saves them: the form that every release from 1.6 on reads; see export.h.
 *
 * Features are those of the design, in its order: "age", "city=Paris", "city is missing". Whoever predicts with XGBoost gives it a matrix of these. A
 * border T of ours is the least double that rounds to XGBoost's t or more, so t is the least float that is not below T. base_score is in the unit
 * of predictions: a probability for two classes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "learn/export.h"
#include "learn/fields.h"

static void text(hx_json_writer *w, const char *key, const char *value) {
    hx_json_key(w, key);
    hx_json_cstr(w, value);
}

static void text_count(hx_json_writer *w, const char *key, size_t n) {
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%zu", n);
    text(w, key, digits);
}

static void empty_array(hx_json_writer *w, const char *key) {
    hx_json_key(w, key);
    hx_json_array(w);
    hx_json_end_array(w);
}

static float float_border(double threshold) {
    const float t = (float)threshold;
    return (double)t < threshold ? nextafterf(t, INFINITY) : t;
}

/* ------------------------------------------------------------------ trees */
typedef struct {
    const hx_trees *t;
    size_t first, n; /* nodes of the tree */
} one_tree;

typedef int64_t whole_of(const one_tree *o, size_t i);
typedef double real_of(const one_tree *o, size_t i);

static bool is_leaf(const one_tree *o, size_t i) {
    return o->t->feature[o->first + i] == HX_LEAF;
}
static int64_t left(const one_tree *o, size_t i) {
    return is_leaf(o, i) ? -1 : (int64_t)(o->t->left[o->first + i] - o->first);
}
static int64_t right(const one_tree *o, size_t i) {
    return is_leaf(o, i) ? -1 : left(o, i) + 1;
}
static int64_t feature(const one_tree *o, size_t i) {
    return is_leaf(o, i) ? 0 : o->t->feature[o->first + i];
}
static int64_t missing_left(const one_tree *o, size_t i) {
    return o->t->missing_left[o->first + i];
}
static int64_t zero(const one_tree *o, size_t i) {
    (void)o;
    (void)i;
    return 0;
}
static double condition(const one_tree *o, size_t i) {
    const size_t at = o->first + i;
    return is_leaf(o, i) ? (double)(float)o->t->values[at]
                         : (double)float_border(o->t->threshold[at]);
}
static double weight_of(const one_tree *o, size_t i) {
    return is_leaf(o, i) ? (double)(float)o->t->values[o->first + i] : 0;
}
static double gain_of(const one_tree *o, size_t i) {
    return (double)(float)o->t->gain[o->first + i];
}
static double cover_of(const one_tree *o, size_t i) {
    return (double)(float)o->t->cover[o->first + i];
}

static void wholes(hx_json_writer *w, const char *key, const one_tree *o, whole_of *of) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < o->n; i++)
        hx_json_int(w, of(o, i));
    hx_json_end_array(w);
}

static void reals(hx_json_writer *w, const char *key, const one_tree *o, real_of *of) {
    char digits[40];
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < o->n;
         i++) { /* nine digits, always a real: XGBoost takes no more, and 1 for an integer */
        (void)snprintf(digits, sizeof digits, "%.8E", of(o, i));
        hx_json_raw(w, hx_str_of(digits));
    }
    hx_json_end_array(w);
}

/* 2^31 - 1 is the root's parent. */
static void parents(hx_json_writer *w, const one_tree *o) {
    int64_t at = 0;
    hx_json_key(w, "parents");
    hx_json_array(w);
    hx_json_int(w, INT32_MAX);
    for (size_t i = 1; i < o->n; i++) {
        while (at < (int64_t)i && (is_leaf(o, (size_t)at) || right(o, (size_t)at) < (int64_t)i))
            at++;
        hx_json_int(w, at);
    }
    hx_json_end_array(w);
}

static void tree(hx_json_writer *w, const hx_trees *t, size_t k) {
    const one_tree o = {t, t->roots[k], t->roots[k + 1] - t->roots[k]};
    hx_json_object(w);
    reals(w, "base_weights", &o, weight_of);
    empty_array(w, "categories");
    empty_array(w, "categories_nodes");
    empty_array(w, "categories_segments");
    empty_array(w, "categories_sizes");
    wholes(w, "default_left", &o, missing_left);
    hx_json_key(w, "id");
    hx_json_int(w, (int64_t)k);
    wholes(w, "left_children", &o, left);
    reals(w, "loss_changes", &o, gain_of);
    parents(w, &o);
    wholes(w, "right_children", &o, right);
    reals(w, "split_conditions", &o, condition);
    wholes(w, "split_indices", &o, feature);
    wholes(w, "split_type", &o, zero);
    reals(w, "sum_hessian", &o, cover_of);
    hx_json_key(w, "tree_param");
    hx_json_object(w);
    text(w, "num_deleted", "0");
    text_count(w, "num_feature", t->n_features);
    text_count(w, "num_nodes", o.n);
    text(w, "size_leaf_vector", "1");
    hx_json_end_object(w);
    hx_json_end_object(w);
}

static void booster(hx_json_writer *w, const hx_trees *t) {
    hx_json_key(w, "gradient_booster");
    hx_json_object(w);
    hx_json_key(w, "model");
    hx_json_object(w);
    hx_json_key(w, "gbtree_model_param");
    hx_json_object(w);
    text(w, "num_parallel_tree", "1");
    text_count(w, "num_trees", t->n_trees);
    text(w, "size_leaf_vector", "0");
    hx_json_end_object(w);
    hx_json_key(w, "iteration_indptr");
    hx_json_array(w);
    for (size_t k = 0; k <= t->n_trees; k += t->n_outputs)
        hx_json_int(w, (int64_t)k);
    hx_json_end_array(w);
    hx_json_key(w, "tree_info");
    hx_json_array(w);
    for (size_t k = 0; k < t->n_trees; k++)
        hx_json_int(w, (int64_t)(k % t->n_outputs));
    hx_json_end_array(w);
    hx_json_key(w, "trees");
    hx_json_array(w);
    for (size_t k = 0; k < t->n_trees; k++)
        tree(w, t, k);
    hx_json_end_array(w);
    hx_json_end_object(w);
    text(w, "name", "gbtree");
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ the rest */
static bool equal_bases(const hx_trees *t) {
    for (size_t o = 1; o < t->n_outputs; o++)
        if ((float)t->base[o] != (float)t->base[0]) return false;
    return true;
}

static hx_status base_score(hx_json_writer *w, const hx_trees *t, size_t n_classes, hx_error *err) {
    hx_buf b;
    const size_t n = equal_bases(t) ? 1 : t->n_outputs;
    hx_buf_init(&b, (size_t)1 << 20);
    if (n > 1) hx_buf_append_byte(&b, '[');
    for (size_t o = 0; o < n; o++)
        hx_buf_printf(&b, "%s%.8E", o > 0 ? "," : "",
                      n_classes == 2 ? 1 / (1 + exp(-t->base[o])) : t->base[o]);
    if (n > 1) hx_buf_append_byte(&b, ']');
    hx_json_key(w, "base_score");
    hx_json_str(w, hx_buf_str(&b));
    hx_status status = hx_buf_status(&b, "export", err);
    hx_buf_release(&b);
    return status;
}

static void feature_names(hx_json_writer *w, const hx_learner *l) {
    hx_put_texts(w, "feature_names", l->features, l->n_features);
    hx_json_key(w, "feature_types");
    hx_json_array(w);
    for (size_t j = 0; j < l->n_features; j++)
        hx_json_cstr(w, "float");
    hx_json_end_array(w);
}

static void objective(hx_json_writer *w, size_t n_classes) {
    hx_json_key(w, "objective");
    hx_json_object(w);
    text(w, "name",
         n_classes == 0   ? "reg:squarederror"
         : n_classes == 2 ? "binary:logistic"
                          : "multi:softprob");
    hx_json_key(w, n_classes > 2 ? "softmax_multiclass_param" : "reg_loss_param");
    hx_json_object(w);
    if (n_classes > 2)
        text_count(w, "num_class", n_classes);
    else
        text(w, "scale_pos_weight", "1");
    hx_json_end_object(w);
    hx_json_end_object(w);
}

static void version(hx_json_writer *w, bool vector) {
    static const int numbers[2][3] = {{1, 7, 4}, {3, 1, 0}}; /* several base scores came with 3.1 */
    hx_json_key(w, "version");
    hx_json_array(w);
    for (size_t i = 0; i < 3; i++)
        hx_json_int(w, numbers[vector][i]);
    hx_json_end_array(w);
}

hx_status hx_export_xgboost(const hx_learner *l, hx_buf *out, hx_error *err) {
    hx_formula f;
    hx_json_writer w;
    if (strcmp(l->estimator->kind.name, "boosting") != 0)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "XGBoost's JSON holds models of the kind boosting; this one is of the kind "
                       "'%s'",
                       l->estimator->kind.name);
    l->estimator->formula(l->state, &f);
    hx_json_begin(&w, out);
    hx_json_object(&w);
    hx_json_key(&w, "learner");
    hx_json_object(&w);
    hx_json_key(&w, "attributes");
    hx_json_object(&w);
    hx_json_end_object(&w);
    feature_names(&w, l);
    booster(&w, f.trees);
    hx_json_key(&w, "learner_model_param");
    hx_json_object(&w);
    HX_TRY(base_score(&w, f.trees, l->n_classes, err));
    text(&w, "boost_from_average", "1");
    text_count(&w, "num_class", l->n_classes > 2 ? l->n_classes : 0);
    text_count(&w, "num_feature", l->n_features);
    text(&w, "num_target", "1");
    hx_json_end_object(&w);
    objective(&w, l->n_classes);
    hx_json_end_object(&w);
    version(&w, !equal_bases(f.trees));
    hx_json_end_object(&w);
    hx_buf_append_byte(out, '\n');
    return HX_OK;
}
