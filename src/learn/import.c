/* import.c - a model that XGBoost saved as JSON becomes a learner of ours: predict, evaluate, explain and export take it; see huaxiang/learn.h.
 *
 * Features are columns of numbers under the names that the file has, f0, f1, ... where it has none. Classes are 0, 1, ... as XGBoost was given them.
 * All rounds count, as in Booster.predict().
 *
 * The design is written as JSON and read by hx_design_read(), which checks it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "learn/fields.h"
#include "learn/learner.h"
#include "learn/xgboost.h"

#define FILE_BYTES_MAX ((size_t)2 << 30)
#define DESIGN_BYTES_MAX ((size_t)256 << 20)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

static void text(hx_json_writer *w, const char *key, const char *value) {
    hx_json_key(w, key);
    hx_json_cstr(w, value);
}

static void write_columns(hx_json_writer *w, const hx_xgboost_shape *x) {
    char name[24];
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t j = 0; j < x->n_features; j++) {
        const char *own = json_string_value(json_array_get(x->names, j));
        (void)snprintf(name, sizeof name, "f%zu", j);
        hx_json_object(w);
        text(w, "name", own ? own : name);
        text(w, "kind", "number");
        hx_json_key(w, "missing");
        hx_json_bool(w, true);
        hx_json_key(w, "mean");
        hx_json_int(w, 0);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void write_classes(hx_json_writer *w, size_t n) {
    char name[24];
    hx_json_key(w, "classes");
    hx_json_array(w);
    for (size_t k = 0; k < n; k++) {
        (void)snprintf(name, sizeof name, "%zu", k);
        hx_json_cstr(w, name);
    }
    hx_json_end_array(w);
    if (n == 0) return;
    hx_json_key(w, "class_values");
    hx_json_array(w);
    for (size_t k = 0; k < n; k++)
        hx_json_int(w, (int64_t)k);
    hx_json_end_array(w);
}

static void write_design(hx_json_writer *w, const hx_xgboost_shape *x, const char *target) {
    hx_json_object(w);
    text(w, "task", x->n_classes > 0 ? "classes" : "regression");
    hx_json_key(w, "wants");
    hx_json_int(w, 0);
    text(w, "target", target);
    text(w, "target_kind", "number");
    text(w, "event", "");
    text(w, "weight", "");
    write_classes(w, x->n_classes);
    write_columns(w, x);
    hx_json_end_object(w);
}

static hx_status make_design(hx_learner *l, const hx_xgboost_shape *x, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    json_t *json = NULL;
    hx_buf_init(&b, DESIGN_BYTES_MAX);
    hx_json_begin(&w, &b);
    write_design(&w, x, l->target);
    hx_status st = hx_buf_status(&b, "design", err);
    if (st == HX_OK) st = hx_json_parse(hx_buf_str(&b), DESIGN_BYTES_MAX, "design", &json, err);
    if (st == HX_OK) st = hx_design_read(&l->design, json, err);
    json_decref(json);
    hx_buf_release(&b);
    return st;
}

/* Names that a table can have: as many as features, all different. */
static hx_status check_names(const hx_xgboost_shape *x, hx_error *err) {
    size_t n = json_array_size(x->names);
    if (x->n_features > HX_COLUMNS_MAX)
        return hx_fail(err, HX_ELIMIT, "the model has %zu features, more than a table's %d columns",
                       x->n_features, HX_COLUMNS_MAX);
    bool ok = n == 0 || n == x->n_features;
    for (size_t i = 0; i < n && ok; i++) {
        const char *name = json_string_value(json_array_get(x->names, i));
        ok = name && name[0];
        for (size_t k = 0; k < i && ok; k++)
            ok = strcmp(name, json_string_value(json_array_get(x->names, k))) != 0;
    }
    return ok ? HX_OK
              : hx_fail(err, HX_EFORMAT,
                        "the model's feature names are not one a feature, all different");
}

static hx_status summarise(hx_learner *l, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    double *shares = calloc(l->n_features + 1, sizeof *shares);
    if (!shares) return no_memory(err);
    hx_buf_init(&b, DESIGN_BYTES_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    text(&w, "model", l->estimator->kind.name);
    text(&w, "target", l->target);
    text(&w, "from", "XGBoost");
    hx_json_key(&w, "features");
    hx_json_int(&w, (int64_t)l->n_features);
    text(&w, "task", l->n_classes > 0 ? "classes" : "regression");
    hx_put_texts(&w, "names", l->features, l->n_features);
    if (l->n_classes > 0) hx_put_texts(&w, "classes", l->classes, l->n_classes);
    l->estimator->importance(l->state, shares);
    hx_put_numbers(&w, "importances", shares, l->n_features);
    l->estimator->summary(l->state, &w);
    hx_json_end_object(&w);
    hx_status st = hx_buf_status(&b, "summary", err);
    if (st == HX_OK) l->summary = hx_arena_str(l->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    free(shares);
    return st != HX_OK || l->summary.ptr ? st : no_memory(err);
}

static hx_status make_learner(hx_learner *l, const json_t *json, const char *target,
                              hx_error *err) {
    hx_xgboost_shape x;
    l->estimator = hx_estimator_of("boosting");
    l->target = hx_arena_str(l->arena, hx_str_of(target)).ptr;
    l->params = hx_arena_alloc(l->arena, (l->estimator->kind.n_params + 1) * sizeof *l->params);
    if (!l->target || !l->params) return no_memory(err);
    HX_TRY(hx_xgboost_shape_of(json, &x, err));
    HX_TRY(check_names(&x, err));
    HX_TRY(hx_params_of(&l->estimator->kind, (hx_str){0}, l->params, err));
    HX_TRY(make_design(l, &x, err));
    HX_TRY(hx_boosting_from(&l->state, json, &x, err));
    hx_design_names(l->design, &l->features, &l->n_features, &l->classes, &l->n_classes);
    return summarise(l, err);
}

hx_status hx_learner_import_text(hx_learner **out, hx_str file, const char *name,
                                 const char *target, hx_error *err) {
    json_t *json = NULL;
    if (!target || !target[0])
        return hx_fail(err, HX_EINVAL, "say which column is to be learnt by --target");
    HX_TRY(hx_json_parse(file, FILE_BYTES_MAX, name, &json, err));
    hx_learner *l = hx_learner_new();
    hx_status st = l ? make_learner(l, json, target, err) : no_memory(err);
    json_decref(json);
    if (st != HX_OK) {
        hx_learner_free(l);
        return st;
    }
    *out = l;
    return HX_OK;
}

hx_status hx_learner_import(hx_learner **out, const char *path, const char *target, hx_error *err) {
    hx_buf file;
    hx_buf_init(&file, FILE_BYTES_MAX);
    hx_status st = hx_file_read(path, &file, err);
    if (st == HX_OK) st = hx_learner_import_text(out, hx_buf_str(&file), path, target, err);
    hx_buf_release(&file);
    return st;
}
