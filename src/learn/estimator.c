/* estimator.c - the list of estimators, and parameters from JSON.
 *
 * A new kind is one line here. What people call it besides is in model_names.c.
 *
 * Parameters come as one JSON object and leave as numbers in the order of kind.params: what is not named has its fallback, a choice is its place in the list.
 * Whatever is unknown, of the wrong type or out of range is refused by a sentence with the name of the model and of the parameter. */
#include "learn/estimator.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "learn/families.h"

#define PARAMS_BYTES_MAX ((size_t)1 << 20)

static const hx_estimator *const estimators[] = {
    &hx_estimator_linear,      &hx_estimator_ridge,     &hx_estimator_lasso,
    &hx_estimator_elastic,     &hx_estimator_logistic,  &hx_estimator_tree,
    &hx_estimator_forest,      &hx_estimator_boosting,  &hx_estimator_svm,
    &hx_estimator_kernel_svm,  &hx_estimator_bayes,     &hx_estimator_neighbours,
    &hx_estimator_mlp,         &hx_estimator_textcnn,   &hx_estimator_rnn,
    &hx_estimator_gru,         &hx_estimator_lstm,      &hx_estimator_cnn_gru,
    &hx_estimator_transformer, &hx_estimator_isolation, &hx_estimator_voting,
    &hx_estimator_blending,    &hx_estimator_stacking,  &hx_estimator_bagging,
    &hx_estimator_cox,         &hx_estimator_llama,     &hx_estimator_nbsvm,
};
#define ESTIMATORS (sizeof estimators / sizeof *estimators)

const hx_estimator *const *hx_estimators(size_t *n) {
    *n = ESTIMATORS;
    return estimators;
}

/* Also those that only a search makes, which are not in the list of kinds. What other names stand for is in the list: no more than one step. */
const hx_estimator *hx_estimator_of(const char *name) {
    if (strcmp(hx_estimator_members.kind.name, name) == 0) return &hx_estimator_members;
    for (size_t i = 0; i < ESTIMATORS; i++)
        if (strcmp(estimators[i]->kind.name, name) == 0) return estimators[i];
    const char *other = hx_model_other_name(name);
    return other ? hx_estimator_of(other) : NULL;
}

hx_status hx_estimator_named(const hx_estimator **out, const char *name, hx_error *err) {
    *out = hx_estimator_of(name);
    if (*out) return HX_OK;
    const char *near = hx_model_near_name(name);
    if (near)
        return hx_fail(err, HX_EINVAL,
                       "there is no model '%s'; did you mean %s? see huaxiang learn fit --help",
                       name, near);
    return hx_fail(err, HX_EINVAL, "there is no model '%s'; see huaxiang learn fit --help", name);
}

size_t hx_model_kinds(void) {
    return ESTIMATORS;
}

const hx_model_kind *hx_model_kind_at(size_t i) {
    return i < ESTIMATORS ? &estimators[i]->kind : NULL;
}

const hx_model_kind *hx_model_kind_of(const char *name) {
    const hx_estimator *e = hx_estimator_of(name);
    return e ? &e->kind : NULL;
}

/* ------------------------------------------------------------------ parameters */
static hx_status refuse(const hx_model_kind *kind, const hx_model_param *p, hx_error *err) {
    if (p->kind == HX_PARAM_SWITCH)
        return hx_fail(err, HX_EINVAL, "%s: '%s' is true or false", kind->name, p->name);
    if (p->kind == HX_PARAM_COUNT)
        return hx_fail(err, HX_EINVAL, "%s: '%s' is a whole number from %g to %g", kind->name,
                       p->name, p->low, p->high);
    return hx_fail(err, HX_EINVAL, "%s: '%s' is a number from %g to %g", kind->name, p->name,
                   p->low, p->high);
}

static hx_status choice_of(const hx_model_kind *kind, const hx_model_param *p, const json_t *value,
                           double *out, hx_error *err) {
    const char *name = json_is_string(value) ? json_string_value(value) : "";
    for (size_t k = 0; p->choices[k]; k++)
        if (strcmp(p->choices[k], name) == 0) {
            *out = (double)k;
            return HX_OK;
        }
    hx_buf list;
    hx_buf_init(&list, 4096);
    for (size_t k = 0; p->choices[k]; k++)
        hx_buf_printf(&list, "%s%s", k ? ", " : "", p->choices[k]);
    hx_status st = hx_fail(err, HX_EINVAL, "%s: '%s' is one of %.*s", kind->name, p->name,
                           HX_STR_ARG(hx_buf_str(&list)));
    hx_buf_release(&list);
    return st;
}

static hx_status value_of(const hx_model_kind *kind, const hx_model_param *p, const json_t *value,
                          double *out, hx_error *err) {
    if (p->kind == HX_PARAM_CHOICE) return choice_of(kind, p, value, out, err);
    if (p->kind == HX_PARAM_SWITCH) {
        *out = json_is_true(value) || (json_is_integer(value) && json_integer_value(value) == 1);
        bool known =
            json_is_boolean(value) || (json_is_integer(value) && json_integer_value(value) >= 0 &&
                                       json_integer_value(value) <= 1);
        return known ? HX_OK : refuse(kind, p, err);
    }
    double x = json_is_number(value) ? json_number_value(value) : NAN;
    if (!(x >= p->low && x <= p->high) || (p->kind == HX_PARAM_COUNT && x != floor(x)))
        return refuse(kind, p, err);
    *out = x;
    return HX_OK;
}

static const hx_model_param *param_of(const hx_model_kind *kind, const char *name, size_t *index) {
    for (*index = 0; *index < kind->n_params; ++*index)
        if (strcmp(kind->params[*index].name, name) == 0) return &kind->params[*index];
    return NULL;
}

static hx_status read_params(const hx_model_kind *kind, json_t *json, double *params,
                             hx_error *err) {
    const char *name;
    json_t *value;
    size_t index;
    if (!json_is_object(json))
        return hx_fail(err, HX_EINVAL, "the parameters of %s are no JSON object", kind->name);
    json_object_foreach(json, name, value) {
        const hx_model_param *p = param_of(kind, name, &index);
        if (!p)
            return hx_fail(err, HX_EINVAL,
                           "%s has no parameter '%.*s'; see huaxiang learn fit --help", kind->name,
                           HX_STR_ARG(hx_str_of(name)));
        HX_TRY(value_of(kind, p, value, &params[index], err));
    }
    return HX_OK;
}

hx_status hx_params_of(const hx_model_kind *kind, hx_str json, double *params, hx_error *err) {
    json_t *parsed = NULL;
    for (size_t i = 0; i < kind->n_params; i++)
        params[i] = kind->params[i].fallback;
    if (json.len == 0) return HX_OK;
    HX_TRY(hx_json_parse(json, PARAMS_BYTES_MAX, "--params", &parsed, err));
    hx_status st = read_params(kind, parsed, params, err);
    json_decref(parsed);
    return st;
}

void hx_params_write(const hx_model_kind *kind, const double *params, hx_json_writer *w) {
    hx_json_object(w);
    for (size_t i = 0; i < kind->n_params; i++) {
        const hx_model_param *p = &kind->params[i];
        hx_json_key(w, p->name);
        if (p->kind == HX_PARAM_SWITCH)
            hx_json_bool(w, params[i] != 0);
        else if (p->kind == HX_PARAM_CHOICE)
            hx_json_cstr(w, p->choices[(size_t)params[i]]);
        else if (p->kind == HX_PARAM_COUNT)
            hx_json_int(w, (int64_t)params[i]);
        else
            hx_json_double(w, params[i]);
    }
    hx_json_end_object(w);
}
