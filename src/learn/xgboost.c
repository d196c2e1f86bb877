/* xgboost.c - training through XGBoost's C interface; see xgboost.h.
 *
 * The library is opened with each training and stays in the process, since threads of its own may live on. Its figures come as text, "[7]\ttrain-logloss:0.41".
 *
 * All calls take the handles of one training; what they say of failures is cut down to its first sentence, without the stack trace behind it. */
#include "learn/xgboost.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

#define MODEL_MAX ((size_t)2 << 30)

typedef void *handle;
typedef struct {
    void *library;
    const char *(*last_error)(void);
    int (*matrix_new)(const float *data, uint64_t n, uint64_t d, float missing, handle *out);
    int (*matrix_set)(handle m, const char *field, const float *x, uint64_t n);
    int (*matrix_free)(handle m);
    int (*booster_new)(const handle matrices[], uint64_t n, handle *out);
    int (*booster_free)(handle b);
    int (*set)(handle b, const char *name, const char *value);
    int (*update)(handle b, int round, handle train);
    int (*evaluate)(handle b, int round, handle matrices[], const char *names[], uint64_t n,
                    const char **out);
    int (*save)(handle b, const char *config, uint64_t *n, const char **out);
    int (*on_log)(void (*callback)(const char *));
} xgboost;

static bool find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol,
           sizeof symbol); /* ISO C has no cast between the two kinds of pointers */
    return symbol != NULL;
}

static hx_status open_library(xgboost *x, hx_error *err) {
    x->library = dlopen("libxgboost.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!x->library) x->library = dlopen("libxgboost.so", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!x->library)
        return hx_fail(
            err, HX_EUNSUPPORTED,
            "boosting needs the library XGBoost, which is not installed (Debian: apt install "
            "libxgboost0); --model forest works without");
    bool ok = find(x->library, "XGBGetLastError", &x->last_error) &&
              find(x->library, "XGDMatrixCreateFromMat", &x->matrix_new) &&
              find(x->library, "XGDMatrixSetFloatInfo", &x->matrix_set) &&
              find(x->library, "XGDMatrixFree", &x->matrix_free) &&
              find(x->library, "XGBoosterCreate", &x->booster_new) &&
              find(x->library, "XGBoosterFree", &x->booster_free) &&
              find(x->library, "XGBoosterSetParam", &x->set) &&
              find(x->library, "XGBoosterUpdateOneIter", &x->update) &&
              find(x->library, "XGBoosterEvalOneIter", &x->evaluate) &&
              find(x->library, "XGBoosterSaveModelToBuffer", &x->save) &&
              find(x->library, "XGBRegisterLogCallback", &x->on_log);
    if (ok) return HX_OK;
    dlclose(x->library);
    return hx_fail(err, HX_EUNSUPPORTED, "the library XGBoost that is installed is older than 1.6");
}

static void say_nothing(const char *text) {
    (void)text;
}

/* What XGBoost says first of what went wrong; its sentences are followed by a stack trace. */
static hx_status failed(const xgboost *x, hx_error *err) {
    hx_str s = hx_str_of(x->last_error());
    const char *colon = s.ptr ? strstr(s.ptr, ": ") : NULL;
    if (colon) s = hx_str_of(colon + 2);
    const char *end = s.ptr ? strchr(s.ptr, '\n') : NULL;
    if (end) s.len = (size_t)(end - s.ptr);
    return hx_fail(err, HX_EINVAL, "XGBoost: %.*s", HX_STR_ARG(s));
}

/* ------------------------------------------------------------------ matrices */
/* Infinite numbers are learnt from as these. */
#define REACH 1e38

static bool is_beyond(double v) {
    return isfinite(v) && fabs(v) > REACH;
}

/* XGBoost keeps numbers of 32 bits, and refuses those that are infinite there. */
static hx_status check_range(const hx_problem *p, hx_error *err) {
    for (size_t i = 0; i < p->n * p->d; i++)
        if (is_beyond(p->x[i]))
            return hx_fail(err, HX_ELIMIT,
                           "row %zu: '%s' is %g; boosting takes numbers up to 1e38: scale the "
                           "column (huaxiang table scale), leave it out by --drop, or take "
                           "--model forest",
                           i / p->d + 1, p->names ? p->names[i % p->d] : "", p->x[i]);
    for (size_t i = 0; i < p->n; i++)
        if (is_beyond(p->y[i]))
            return hx_fail(err, HX_ELIMIT,
                           "row %zu: the target is %g; boosting takes numbers up to 1e38: scale "
                           "it (huaxiang table scale), or take --model forest",
                           i + 1, p->y[i]);
    return HX_OK;
}

/* The split of missing values from all others lies at twice the greatest number, and an infinite one would be on the wrong side of it. */
static hx_status check_infinite(const hx_problem *p, hx_error *err) {
    size_t n = p->n * p->d, i = 0;
    while (i < n && !(p->x[i] == INFINITY))
        i++;
    for (size_t k = 0; k < p->d && i < n; k++) {
        size_t infinite = p->n;
        bool missing = false;
        for (size_t r = 0; r < p->n; r++) {
            const double v = p->x[r * p->d + k];
            missing |= isnan(v);
            if (v == INFINITY && infinite == p->n) infinite = r;
        }
        if (missing && infinite < p->n)
            return hx_fail(err, HX_EUNSUPPORTED,
                           "row %zu: '%s' is infinite, and missing in other rows; boosting can't "
                           "tell the two apart: name it by --missing inf, or take --model forest",
                           infinite + 1, p->names ? p->names[k] : "");
    }
    return HX_OK;
}

static hx_status matrix_of(const xgboost *x, const hx_problem *p, const float *weights, handle *out,
                           hx_error *err) {
    size_t n = p->n * p->d;
    float *data = calloc(n + p->n + 1, sizeof *data), *y = data + n;
    if (!data) return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
    for (size_t i = 0; i < n; i++) {
        double v = p->x[i];
        data[i] = isnan(v) ? NAN : (float)fmin(fmax(v, -REACH), REACH);
    }
    for (size_t i = 0; i < p->n; i++)
        y[i] = (float)p->y[i];
    bool ok = x->matrix_new(data, p->n, p->d, NAN, out) == 0;
    ok = ok && x->matrix_set(*out, "label", y, p->n) == 0;
    ok = ok && (!weights || x->matrix_set(*out, "weight", weights, p->n) == 0);
    free(data);
    return ok ? HX_OK : failed(x, err);
}

/* ------------------------------------------------------------------ rounds */
typedef struct {
    const xgboost *x;
    handle booster, matrices[2];
    uint64_t n_matrices;
    const hx_xgboost_options *o;
    hx_xgboost_model *out;
} training;

static double figure_of(const char *text, const char *name) {
    const char *at = text ? strstr(text, name) : NULL, *colon = at ? strchr(at, ':') : NULL;
    return colon ? hx_double_of((hx_str){colon + 1, strcspn(colon + 1, "\t\n")}) : NAN;
}

static void tell(const training *t, size_t round) {
    hx_learn_progress p = {.epoch = round + 1,
                           .n_epochs = t->o->rounds,
                           .loss = t->out->losses[round],
                           .validation_loss = t->out->validation ? t->out->validation[round] : NAN,
                           .validation_accuracy = NAN,
                           .validation_macro_f1 = NAN,
                           .seconds_left = NAN};
    if (t->o->o->progress) t->o->o->progress(t->o->o->context, &p);
}

static hx_status one_round(training *t, size_t round, hx_error *err) {
    const char *names[] = {"train", "validation"}, *text = NULL;
    if (hx_flag_is_raised(t->o->o->cancel))
        return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
    if (t->x->update(t->booster, (int)round, t->matrices[0]) != 0) return failed(t->x, err);
    if (t->x->evaluate(t->booster, (int)round, t->matrices, names, t->n_matrices, &text) != 0)
        return failed(t->x, err);
    t->out->losses[round] = figure_of(text, "train-");
    if (t->out->validation) t->out->validation[round] = figure_of(text, "validation-");
    t->out->rounds_done = round + 1;
    tell(t, round);
    return HX_OK;
}

static hx_status all_rounds(training *t, hx_error *err) {
    size_t best = 0;
    const double *figures = t->out->validation;
    for (size_t r = 0; r < t->o->rounds; r++) {
        HX_TRY(one_round(t, r, err));
        if (!figures) continue;
        if (figures[r] < figures[best]) best = r;
        if (t->o->patience > 0 && r - best >= t->o->patience) break;
    }
    t->out->rounds = figures && t->o->patience > 0 ? best + 1 : t->out->rounds_done;
    return HX_OK;
}

static hx_status give_model(training *t, hx_error *err) {
    const char *bytes = NULL;
    uint64_t n = 0;
    if (t->x->save(t->booster, "{\"format\":\"json\"}", &n, &bytes) != 0) return failed(t->x, err);
    hx_buf_init(&t->out->json, MODEL_MAX);
    hx_buf_append(&t->out->json, bytes, (size_t)n);
    return hx_buf_status(&t->out->json, "XGBoost", err);
}

static hx_status train(training *t, hx_error *err) {
    const hx_xgboost_options *o = t->o;
    if (t->x->booster_new(t->matrices, t->n_matrices, &t->booster) != 0) return failed(t->x, err);
    for (size_t i = 0; i < o->n_params; i++)
        if (t->x->set(t->booster, o->params[i].name, o->params[i].value) != 0)
            return failed(t->x, err);
    t->out->losses = calloc(o->rounds + 1, sizeof(double));
    if (t->n_matrices > 1) t->out->validation = calloc(o->rounds + 1, sizeof(double));
    if (!t->out->losses || (t->n_matrices > 1 && !t->out->validation))
        return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    HX_TRY(all_rounds(t, err));
    return give_model(t, err);
}

hx_status hx_xgboost_train(hx_xgboost_model *out, const hx_problem *train_rows,
                           const hx_problem *validation, const hx_xgboost_options *options,
                           hx_error *err) {
    xgboost x = {0};
    training t = {.x = &x, .n_matrices = validation ? 2 : 1, .o = options, .out = out};
    memset(out, 0, sizeof *out);
    HX_TRY(check_range(train_rows, err));
    HX_TRY(check_infinite(train_rows, err));
    if (validation) HX_TRY(check_range(validation, err));
    HX_TRY(open_library(&x, err));
    x.on_log(say_nothing);
    hx_status st = matrix_of(&x, train_rows, options->weights, &t.matrices[0], err);
    if (st == HX_OK && validation) st = matrix_of(&x, validation, NULL, &t.matrices[1], err);
    if (st == HX_OK) st = train(&t, err);
    if (t.booster) x.booster_free(t.booster);
    for (size_t i = 0; i < 2; i++)
        if (t.matrices[i]) x.matrix_free(t.matrices[i]);
    dlclose(x.library);
    if (st != HX_OK) hx_xgboost_release(out);
    return st;
}

void hx_xgboost_release(hx_xgboost_model *m) {
    hx_buf_release(&m->json);
    free(m->losses);
    free(m->validation);
    memset(m, 0, sizeof *m);
}
