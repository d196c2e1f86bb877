/* svm.c - linear support vector machines, of classes and of numbers.
 *
 *     classes   min w.w / 2 + C sum weight_i max(0, 1 - y_i w.x_i)^2                  y = 1 or -1, one class against the rest
 *     numbers   min w.w / 2 + C sum weight_i max(0, |y_i - w.x_i| - epsilon)^2
 *
 * with the intercept among the weights, as liblinear has it (scikit-learn's LinearSVC and LinearSVR with squared losses). Both are smooth and
 * strongly convex, and are minimised by L-BFGS. Probabilities: margins.h; the log-odds of two classes are linear in the features.
 *
 * Where a text is named, its n-grams are features too, and all of it is wide.c's. "nbsvm" is that alone, with the weights of naive Bayes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "learn/deviations.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/margins.h"
#include "learn/minimise.h"
#include "learn/model_state.h"
#include "learn/wide.h"

enum { COST, EPSILON, ROUNDS, TOLERANCE, BALANCED, LENGTH, MIN_COUNT, GRAMS, PARAMS };

static const hx_model_param params[PARAMS] = {
    HX_PARAM_COST(1e-4, 1e2),
    {.name = "epsilon",
     .high = 1e10,
     .help = {"errors of numbers up to it are none", "数值误差不超过它时不计"}},
    HX_PARAM_STEPS,
    HX_PARAM_GRADIENT(1e-6),
    HX_PARAM_BALANCED,
    HX_PARAM_WIDE,
};

typedef struct {
    hx_arena *arena; /* owned, with all below */
    size_t d, n_classes, n_machines; /* of numbers 0 classes, 1 machine */
    double *weights; /* (n_machines, d + 1), the last of a row the intercept */
    double *platt; /* (n_machines, 2) */
    double *means; /* (d) of the training rows */
    hx_wide *wide; /* with a text, in place of the above; owned */
} state;

static void release(void *state_) {
    state *s = state_;
    hx_wide_free(s->wide);
    hx_state_release(s);
}

static state *new_state(size_t d, size_t n_classes) {
    state *s = hx_state_new(sizeof *s);
    if (!s) return NULL;
    s->d = d;
    s->n_classes = n_classes;
    s->n_machines = n_classes ? hx_machines_of(n_classes) : 1;
    s->weights = hx_arena_alloc(s->arena, s->n_machines * (d + 1) * sizeof(double));
    if (s->weights) s->platt = hx_arena_alloc(s->arena, s->n_machines * 2 * sizeof(double));
    if (s->platt) s->means = hx_arena_alloc(s->arena, (d + 1) * sizeof(double));
    if (s->means) return s;
    hx_state_release(s);
    return NULL;
}

/* ------------------------------------------------------------------ fitting */
typedef struct {
    const hx_problem *p;
    const hx_deviations *v; /* of p's rows */
    size_t positive; /* class */
    double cost, epsilon, of_positive, of_others; /* weights of the two sides */
} objective;

static double weight_of(const hx_problem *p, size_t i) {
    return p->weights ? p->weights[i] : 1;
}

/* How far a score is beyond what is free, signed by the direction in which it should go; *weight of the row. */
static double excess(const objective *o, size_t i, double z, double *weight) {
    const hx_problem *p = o->p;
    *weight = o->cost * weight_of(p, i);
    if (p->task != HX_TASK_CLASSES) {
        double error = p->y[i] - z;
        return error > o->epsilon ? error - o->epsilon : fmin(error + o->epsilon, 0);
    }
    bool yes = (size_t)p->y[i] == o->positive;
    *weight *= yes ? o->of_positive : o->of_others;
    return yes ? fmax(1 - z, 0) : fmin(-1 - z, 0);
}

static double value(void *context, const double *w, double *gradient) {
    const objective *o = context;
    const double usual = hx_deviations_base(o->v, w);
    double loss = 0, sum = 0, by;
    for (size_t j = 0; j <= o->p->d; j++) {
        loss += w[j] * w[j] / 2;
        gradient[j] = w[j];
    }
    for (size_t i = 0; i < o->p->n; i++) {
        double e = excess(o, i, hx_deviations_score(o->v, i, usual, w), &by);
        if (e == 0) continue;
        loss += by * e * e;
        sum -= 2 * by * e;
        hx_deviations_add(o->v, i, -2 * by * e, gradient);
    }
    hx_deviations_finish(o->v, sum, gradient);
    return loss;
}

/* One machine: w (d + 1). */
static hx_status fit_machine(const hx_problem *p, const hx_deviations *v, size_t machine,
                             const hx_fit_options *f, double *w, hx_error *err) {
    objective o = {.p = p,
                   .v = v,
                   .positive = p->n_classes == 2 ? 1 : machine,
                   .cost = f->params[COST],
                   .epsilon = f->params[EPSILON],
                   .of_positive = 1,
                   .of_others = 1};
    double yes = 0, n = (double)p->n;
    for (size_t i = 0; i < p->n && p->task == HX_TASK_CLASSES; i++)
        yes += (size_t)p->y[i] == o.positive;
    if (f->params[BALANCED] != 0 && yes > 0 && yes < n) {
        o.of_positive = n / (2 * yes);
        o.of_others = n / (2 * (n - yes));
    }
    hx_minimise_options m = {.n = p->d + 1,
                             .rounds = (size_t)f->params[ROUNDS],
                             .tolerance = f->params[TOLERANCE] * o.cost * n,
                             .cancel = f->cancel};
    return hx_minimise(value, &o, &m, w, NULL, NULL, err);
}

typedef struct {
    const hx_problem *p;
    const hx_deviations *v;
    const hx_fit_options *o;
    double *weights; /* (machines, d + 1): from where, and what came out */
} machines_job;

static hx_status machine_job(void *context, size_t machine, size_t worker, hx_error *err) {
    const machines_job *f = context;
    (void)worker;
    return fit_machine(f->p, f->v, machine, f->o, f->weights + machine * (f->p->d + 1), err);
}

static hx_status fit_machines(const hx_problem *p, size_t n, const hx_fit_options *o,
                              double *weights, hx_error *err) {
    hx_deviations v;
    HX_TRY(hx_deviations_of(&v, p, err));
    machines_job f = {p, &v, o, weights};
    hx_status st = hx_pool_run(o->n_threads, n, machine_job, &f, err);
    hx_deviations_release(&v);
    return st;
}

typedef struct {
    const hx_fit_options *o;
    const double *weights; /* of all rows: where the machines of a fold begin */
} folds;

static hx_status margins_of(void *context, const hx_problem *train, const hx_problem *ask,
                            double *out, hx_error *err) {
    const folds *f = context;
    size_t machines = hx_machines_of(train->n_classes), d = train->d;
    double *w = calloc(machines * (d + 1), sizeof *w);
    if (!w) return hx_state_no_memory(err);
    memcpy(w, f->weights, machines * (d + 1) * sizeof *w);
    hx_status st = fit_machines(train, machines, f->o, w, err);
    for (size_t k = 0; k < machines && st == HX_OK; k++)
        for (size_t i = 0; i < ask->n; i++)
            out[i * machines + k] = hx_score_of(w + k * (d + 1), ask->x + i * d, d);
    free(w);
    return st;
}

static hx_status fit_state(state *s, const hx_problem *p, const hx_fit_options *o, hx_error *err) {
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->d; j++)
            s->means[j] += p->x[i * p->d + j] / (double)p->n;
    HX_TRY(fit_machines(p, s->n_machines, o, s->weights, err));
    folds f = {o, s->weights};
    const hx_margin_machine m = {.margins = margins_of, .context = &f};
    return s->n_classes ? hx_platt_by_folds(p, &m, o->seed, s->platt, err) : HX_OK;
}

static hx_status fit_wide(state *s, hx_wide_kind kind, const hx_problem *p, const hx_fit_options *o,
                          hx_error *err) {
    const hx_wide_options w = {.kind = s->n_classes ? kind : HX_WIDE_NUMBER,
                               .cost = o->params[COST],
                               .epsilon = o->params[EPSILON],
                               .balanced = o->params[BALANCED] != 0,
                               .grams = (size_t)o->params[GRAMS],
                               .least = (size_t)o->params[MIN_COUNT]};
    return hx_wide_fit(&s->wide, p, &w, o, err);
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    (void)validation;
    state *s = new_state(train->d, train->task == HX_TASK_CLASSES ? train->n_classes : 0);
    hx_status st = !s                ? hx_state_no_memory(err)
                   : train->n_tokens ? fit_wide(s, HX_WIDE_SVM, train, o, err)
                                     : fit_state(s, train, o, err);
    return hx_state_give(out, s, release, st, err);
}

static hx_status fit_nbsvm(void **out, const hx_problem *train, const hx_problem *validation,
                           const hx_fit_options *o, hx_error *err) {
    (void)validation;
    if (train->n_tokens == 0)
        return hx_fail(err, HX_EINVAL, "%s reads a text; name its column by --text", "nbsvm");
    state *s = new_state(train->d, train->n_classes);
    hx_status st = s ? fit_wide(s, HX_WIDE_NBSVM, train, o, err) : hx_state_no_memory(err);
    return hx_state_give(out, s, release, st, err);
}

/* ------------------------------------------------------------------ predicting */
static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    if (s->wide) return hx_wide_predict(s->wide, x, n, n_threads, out, err);
    double *margins = calloc(s->n_machines, sizeof *margins);
    (void)n_threads;
    if (!margins) return hx_state_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < s->n_machines; k++)
            margins[k] = hx_score_of(s->weights + k * (s->d + 1), x + i * s->d, s->d);
        if (s->n_classes)
            hx_platt_apply(s->platt, margins, s->n_classes, out + i * s->n_classes);
        else
            out[i] = margins[0];
    }
    free(margins);
    return HX_OK;
}

/* Of two classes the log-odds, of more the score a margin + b of the class's machine, its sign turned; of numbers the number. */
static hx_status contributions(const void *state_, const double *x, size_t n, size_t class,
                               size_t n_threads, double *out, hx_error *err) {
    const state *s = state_;
    if (s->wide) return hx_wide_contributions(s->wide, x, n, class, out, err);
    size_t machine = s->n_machines == 1 ? 0 : class;
    const double *w = s->weights + machine * (s->d + 1), *platt = s->platt + 2 * machine;
    double by = s->n_classes ? -platt[0] : 1, more = s->n_classes ? -platt[1] : 0;
    double sign = s->n_classes == 2 && class == 0 ? -1 : 1;
    (void)n_threads;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * (s->d + 1);
        row[s->d] = sign * (by * hx_score_of(w, s->means, s->d) + more);
        for (size_t j = 0; j < s->d; j++)
            row[j] = sign * by * w[j] * (x[i * s->d + j] - s->means[j]);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ words and files */
static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    if (s->wide) {
        hx_wide_summary(s->wide, w);
        return;
    }
    hx_put_numbers(w, "coefficients", s->weights, s->n_machines * (s->d + 1));
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    if (s->wide) {
        hx_json_object(w);
        hx_json_key(w, "wide");
        hx_wide_write(s->wide, w);
        hx_json_end_object(w);
        return;
    }
    hx_json_object(w);
    hx_put_numbers(w, "weights", s->weights, s->n_machines * (s->d + 1));
    hx_put_numbers(w, "platt", s->platt, s->n_machines * 2);
    hx_put_numbers(w, "means", s->means, s->d);
    hx_json_end_object(w);
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    bool ok = true;
    const json_t *wide = json_object_get(json, "wide");
    state *s = new_state(d, n_classes);
    if (!s) return hx_state_no_memory(err);
    if (wide)
        return hx_state_give(out, s, release, hx_wide_read(&s->wide, wide, d, n_classes, err), err);
    s->weights = hx_field_numbers(json, "weights", s->n_machines * (d + 1), s->arena, &ok);
    s->platt = hx_field_numbers(json, "platt", s->n_machines * 2, s->arena, &ok);
    s->means = hx_field_numbers(json, "means", d, s->arena, &ok);
    return hx_state_give(out, s, release, ok ? HX_OK : hx_state_damaged(err), err);
}

const hx_estimator hx_estimator_svm = {
    .kind = {.name = "svm",
             .tasks = 1u << HX_TASK_REGRESSION | 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"linear support vector machine", "线性支持向量机"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_SCALED | HX_WANTS_TOKENS_TOO,
    .fit = fit,
    .predict = predict,
    .contributions = contributions,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release,
};

const hx_estimator hx_estimator_nbsvm = {
    .kind = {.name = "nbsvm",
             .tasks = 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"a text's n-grams weighed by naive Bayes, then svm (Wang, Manning 2012)",
                      "文本 n 元组按朴素贝叶斯加权后用 svm（Wang、Manning 2012）"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_SCALED | HX_WANTS_TOKENS,
    .fit = fit_nbsvm,
    .predict = predict,
    .contributions = contributions,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release,
};
