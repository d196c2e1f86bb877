/* learner_file.c - a learner of tables as one JSON file:
 *
 *     {"format":"huaxiang/model/1","version":"0.1.0","model":"ridge","target":"churn","params":{...},"recipe":{...} or null,
 *      "design":{...},"state":...,"summary":{...},"hash":"0123456789abcdef"}
 *
 * and in front of the summary, where the model has them, "calibration":{...} (calibration.h) and "conformal":{...} (conformal.h).
 *
 * The hash is XXH3 of the file's bytes up to `,"hash"`, and is checked before anything is believed; what it can't tell is checked field by
 * field by those who read it: hx_recipe_read(), hx_design_read(), the estimator's read(). */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "learn/calibration.h"
#include "learn/conformal.h"
#include "learn/fields.h"
#include "learn/learner.h"

#define FORMAT "huaxiang/model/1"
#define FILE_MAX_ ((size_t)2 << 30)
#define HASH_LEAD ",\"hash\":\""
#define HASH_TAIL "\"}\n"
#define HASH_DIGITS 16

static hx_status write_recipe(const hx_learner *l, hx_json_writer *w, hx_error *err) {
    hx_str json;
    hx_json_key(w, "recipe");
    if (!l->recipe) {
        hx_json_null(w);
        return HX_OK;
    }
    HX_TRY(hx_recipe_json(l->recipe, l->arena, &json, err));
    hx_json_raw(w, json);
    return HX_OK;
}

static hx_status write_members(const hx_learner *l, hx_buf *b, hx_error *err) {
    hx_json_writer w;
    hx_json_begin(&w, b);
    hx_json_object(&w);
    hx_json_key(&w, "format");
    hx_json_cstr(&w, FORMAT);
    hx_json_key(&w, "version");
    hx_json_cstr(&w, HX_VERSION);
    hx_json_key(&w, "model");
    hx_json_cstr(&w, l->estimator->kind.name);
    hx_json_key(&w, "target");
    hx_json_cstr(&w, l->target);
    hx_json_key(&w, "params");
    hx_params_write(&l->estimator->kind, l->params, &w);
    HX_TRY(write_recipe(l, &w, err));
    hx_json_key(&w, "design");
    hx_design_write(l->design, &w);
    hx_json_key(&w, "state");
    l->estimator->write(l->state, &w);
    if (l->calibration) {
        hx_json_key(&w, "calibration");
        hx_calibration_write(l->calibration, &w);
    }
    if (l->conformal) {
        hx_json_key(&w, "conformal");
        hx_conformal_write(l->conformal, &w);
    }
    hx_json_key(&w, "summary");
    hx_json_raw(&w, l->summary);
    return HX_OK;
}

hx_status hx_learner_write(const hx_learner *l, const char *name, hx_buf *out, hx_error *err) {
    const size_t first = out->len;
    HX_TRY(write_members(l, out, err));
    if (!out->failed) {
        const hx_str body = {out->ptr + first, out->len - first};
        hx_buf_printf(out, HASH_LEAD "%016llx" HASH_TAIL, (unsigned long long)hx_hash(body));
    }
    return hx_buf_status(out, name, err);
}

hx_status hx_learner_save(const hx_learner *l, const char *path, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, FILE_MAX_);
    hx_status st = hx_learner_write(l, path, &b, err);
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&b), false, err);
    hx_buf_release(&b);
    return st;
}

/* ------------------------------------------------------------------ reading */
static hx_status damaged(const char *path, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s is damaged; train it again or copy it anew", path);
}

/* Checks lead, digits and tail of the hash at the end, then the hash. */
static hx_status check_hash(hx_str file, const char *path, hx_error *err) {
    static const char start[] = "{\"format\":\"" FORMAT "\"";
    const size_t lead = sizeof HASH_LEAD - 1, tail = sizeof HASH_TAIL - 1;
    char digits[HASH_DIGITS + 1];
    if (file.len < sizeof start || memcmp(file.ptr, start, sizeof start - 1) != 0)
        return hx_fail(err, HX_EFORMAT, "%s is no model that huaxiang learn fit made", path);
    if (file.len < sizeof start + lead + HASH_DIGITS + tail) return damaged(path, err);
    size_t body = file.len - lead - HASH_DIGITS - tail;
    hx_buf b;
    hx_buf_init(&b, sizeof digits + 1);
    hx_buf_printf(&b, "%016llx", (unsigned long long)hx_hash((hx_str){file.ptr, body}));
    bool same = !b.failed && memcmp(file.ptr + body, HASH_LEAD, lead) == 0 &&
                memcmp(file.ptr + body + lead, b.ptr, HASH_DIGITS) == 0 &&
                memcmp(file.ptr + file.len - tail, HASH_TAIL, tail) == 0;
    hx_buf_release(&b);
    return same ? HX_OK : damaged(path, err);
}

static hx_status read_params(hx_learner *l, const json_t *json, hx_error *err) {
    char *text = json_dumps(json_object_get(json, "params"), JSON_COMPACT);
    l->params = hx_arena_alloc(l->arena, (l->estimator->kind.n_params + 1) * sizeof *l->params);
    hx_status st = text && l->params
                       ? hx_params_of(&l->estimator->kind, hx_str_of(text), l->params, err)
                       : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    free(text);
    return st;
}

static hx_status read_recipe(hx_learner *l, const json_t *json, hx_error *err) {
    const json_t *recipe = json_object_get(json, "recipe");
    if (!recipe || json_is_null(recipe)) return HX_OK;
    char *text = json_dumps(recipe, JSON_COMPACT);
    if (!text) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    size_t n_more;
    const hx_step_kind *const *more = hx_learn_steps(&n_more);
    hx_status st = hx_recipe_read(&l->recipe, hx_str_of(text), more, n_more, err);
    free(text);
    return st;
}

static hx_status read_summary(hx_learner *l, const json_t *json, hx_error *err) {
    char *text = json_dumps(json_object_get(json, "summary"), JSON_COMPACT);
    if (text) l->summary = hx_arena_str(l->arena, hx_str_of(text));
    free(text);
    return l->summary.ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

/* Members that a file may have. */
static hx_status read_additions(hx_learner *l, const json_t *json, hx_error *err) {
    const json_t *calibration = json_object_get(json, "calibration");
    const json_t *conformal = json_object_get(json, "conformal");
    hx_learn_task task = hx_design_task(l->design);
    if (calibration && task == HX_TASK_CLASSES)
        HX_TRY(hx_calibration_read(&l->calibration, calibration, l->n_classes, err));
    if (!conformal) return HX_OK;
    HX_TRY(hx_conformal_read(&l->conformal, conformal, err));
    if ((l->conformal->residuals != NULL) == (task == HX_TASK_REGRESSION)) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "the model's rows kept for coverage are damaged");
}

static hx_status know(hx_learner *l, hx_error *err) {
    hx_design_names(l->design, &l->features, &l->n_features, &l->classes, &l->n_classes);
    if (l->estimator->kind.tasks & 1u << hx_design_task(l->design)) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "the model's features are damaged");
}

static hx_status read_members(hx_learner *l, const json_t *json, const char *path, hx_error *err) {
    bool ok = true;
    const char *name = hx_field_text(json, "model", l->arena, &ok);
    l->target = hx_field_text(json, "target", l->arena, &ok);
    if (!ok || !json_is_object(json_object_get(json, "params"))) return damaged(path, err);
    l->estimator = hx_estimator_of(name);
    if (!l->estimator)
        return hx_fail(err, HX_EUNSUPPORTED, "%s holds a learner this version does not know", path);
    HX_TRY(read_params(l, json, err));
    HX_TRY(read_recipe(l, json, err));
    HX_TRY(hx_design_read(&l->design, json_object_get(json, "design"), err));
    HX_TRY(know(l, err));
    HX_TRY(l->estimator->read(&l->state, json_object_get(json, "state"), l->n_features,
                              l->n_classes, err));
    HX_TRY(read_additions(l, json, err));
    return read_summary(l, json, err);
}

static hx_status read_file(hx_learner *l, hx_str file, const char *path, hx_error *err) {
    json_t *json = NULL;
    HX_TRY(check_hash(file, path, err));
    HX_TRY(hx_json_parse(file, FILE_MAX_, path, &json, err));
    hx_status st = read_members(l, json, path, err);
    json_decref(json);
    return st;
}

hx_status hx_learner_read(hx_learner **out, hx_str file, const char *name, hx_error *err) {
    hx_learner *l = hx_learner_new();
    hx_status st = l ? read_file(l, file, name, err)
                     : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    if (st != HX_OK) {
        hx_learner_free(l);
        return st;
    }
    *out = l;
    return HX_OK;
}

hx_status hx_learner_load(hx_learner **out, const char *path, hx_error *err) {
    hx_buf file;
    hx_buf_init(&file, FILE_MAX_);
    hx_status st = hx_file_read(path, &file, err);
    if (st == HX_OK) st = hx_learner_read(out, hx_buf_str(&file), path, err);
    hx_buf_release(&file);
    return st;
}
