/* survival_learner.c - Cox regression as a model of the list: `learn fit --task survival --event E --model cox`, and how good its order is.
 *
 *     what it says of a row: exp(b (x - mean)), how many times the risk it has of a row whose features are the means of training
 *
 * The target is the time, the event says whether it ended then (1) or was only seen so long (0). A model is judged by concordance: of pairs of rows whose
 * order is known, the share in which the one that ended earlier has the greater risk. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/special.h"
#include "learn/survival.h"

#define ARENA_MAX ((size_t)64 << 30)

typedef struct {
    size_t d;
    double *coefficients, *errors, *means; /* (d); the first owns all */
    double concordance, log_likelihood, null_log_likelihood;
    bool converged;
} state;

enum { TIES };
static const char *const ties[] = {"efron", "breslow", NULL};
static const hx_model_param params[] = {
    {.name = "ties",
     .kind = HX_PARAM_CHOICE,
     .choices = ties,
     .help = {"how rows that ended together count", "同时发生的行如何计算"}},
};

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for survival");
}

static void release(void *state_) {
    state *s = state_;
    free(s->coefficients);
    free(s);
}

static state *state_new(size_t d) {
    state *s = calloc(1, sizeof *s);
    if (!s || !(s->coefficients = calloc(3 * d + 1, sizeof *s->coefficients))) {
        free(s);
        return NULL;
    }
    s->d = d;
    s->errors = s->coefficients + d;
    s->means = s->errors + d;
    return s;
}

/* ------------------------------------------------------------------ rows */
/* Times and events of a problem, checked; in the arena. */
static hx_status lives_of(const hx_problem *p, hx_arena *arena, hx_lives *out, hx_error *err) {
    unsigned char *events = hx_arena_alloc(arena, p->n + 1);
    if (!events) return no_memory(err);
    if (!p->event)
        return hx_fail(err, HX_EINVAL,
                       "survival needs --event, the column that says whether a row ended");
    for (size_t i = 0; i < p->n; i++) {
        if (!(p->y[i] >= 0) || isinf(p->y[i]))
            return hx_fail(err, HX_EINVAL,
                           "row %zu: the time until the event is no number from 0 on", i + 1);
        if (p->event[i] != 0 && p->event[i] != 1)
            return hx_fail(err, HX_EINVAL, "row %zu: the event is neither 0 nor 1", i + 1);
        events[i] = p->event[i] == 1;
    }
    *out = (hx_lives){p->n, p->y, events};
    return HX_OK;
}

static hx_status fit_in(state *s, const hx_problem *p, bool breslow, hx_arena *arena,
                        hx_error *err) {
    hx_lives l;
    hx_cox c;
    HX_TRY(lives_of(p, arena, &l, err));
    HX_TRY(hx_cox_fit(&l, p->x, p->d, breslow, arena, &c, err));
    memcpy(s->coefficients, c.coefficients, p->d * sizeof *s->coefficients);
    memcpy(s->errors, c.errors, p->d * sizeof *s->errors);
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->d; j++)
            s->means[j] += p->x[i * p->d + j] / (double)p->n;
    for (size_t j = 0; j < p->d; j++)
        if (!isfinite(s->errors[j])) s->errors[j] = 0;
    s->concordance = c.concordance;
    s->log_likelihood = c.log_likelihood;
    s->null_log_likelihood = c.null_log_likelihood;
    s->converged = c.converged;
    return HX_OK;
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    state *s = state_new(train->d);
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    (void)validation;
    hx_status st = s && arena ? fit_in(s, train, o->params[TIES] == 1, arena, err) : no_memory(err);
    hx_arena_free(arena);
    if (st != HX_OK) {
        if (s) release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    (void)n_threads;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        double eta = 0;
        for (size_t j = 0; j < s->d; j++)
            eta += s->coefficients[j] * (x[i * s->d + j] - s->means[j]);
        out[i] = exp(eta);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ words and files */
static void put_number(hx_json_writer *w, const char *key, double value) {
    hx_json_key(w, key);
    hx_json_double(w, value);
}

static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    const double ratio = 2 * (s->log_likelihood - s->null_log_likelihood);
    hx_put_numbers(w, "coefficients", s->coefficients, s->d);
    hx_put_numbers(w, "standard_errors", s->errors, s->d);
    hx_json_key(w, "p");
    hx_json_array(w);
    for (size_t j = 0; j < s->d; j++)
        hx_json_double(w, s->errors[j] > 0
                              ? 2 * hx_normal_cdf(-fabs(s->coefficients[j] / s->errors[j]))
                              : NAN);
    hx_json_end_array(w);
    put_number(w, "concordance", s->concordance);
    put_number(w, "log_likelihood", s->log_likelihood);
    put_number(w, "likelihood_ratio", ratio);
    hx_json_key(w, "converged");
    hx_json_bool(w, s->converged);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    hx_put_numbers(w, "coefficients", s->coefficients, s->d);
    hx_put_numbers(w, "errors", s->errors, s->d);
    hx_put_numbers(w, "means", s->means, s->d);
    hx_json_end_object(w);
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    static const char *const keys[] = {"coefficients", "errors", "means"};
    bool ok = n_classes == 0;
    state *s = state_new(d);
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    hx_status st = s && arena ? HX_OK : no_memory(err);
    for (size_t k = 0; k < 3 && st == HX_OK && ok; k++) {
        const double *x = hx_field_numbers(json, keys[k], d, arena, &ok);
        if (ok) memcpy(s->coefficients + k * d, x, d * sizeof *x);
    }
    if (st == HX_OK && !ok) st = hx_fail(err, HX_EFORMAT, "the model's weights are damaged");
    hx_arena_free(arena);
    if (st != HX_OK) {
        if (s) release(s);
        return st;
    }
    *out = s;
    return HX_OK;
}

const hx_estimator hx_estimator_cox = {
    .kind = {.name = "cox",
             .tasks = 1u << HX_TASK_SURVIVAL,
             .params = params,
             .n_params = sizeof params / sizeof *params,
             .help = {"proportional hazards: --task survival --event COLUMN, --target is the time",
                      "比例风险模型：--task survival --event 列，--target 为时间"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_CONTRASTS,
    .fit = fit,
    .predict = predict,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release};

/* ------------------------------------------------------------------ how good */
hx_status hx_survival_assess(const hx_problem *p, const double *risks, hx_arena *arena,
                             hx_json_writer *w, hx_error *err) {
    hx_lives l;
    size_t ended = 0;
    HX_TRY(lives_of(p, arena, &l, err));
    for (size_t i = 0; i < l.n; i++)
        ended += l.events[i];
    hx_json_key(w, "n");
    hx_json_int(w, (int64_t)l.n);
    hx_json_key(w, "events");
    hx_json_int(w, (int64_t)ended);
    put_number(w, "concordance", hx_concordance(&l, risks, arena));
    return HX_OK;
}
