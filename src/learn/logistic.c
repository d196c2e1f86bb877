/* logistic.c - logistic regression of two or more classes.
 *
 *     min over W, b:  |W|^2 / 2 + C sum_i weight_i * -log softmax(W x_i + b)[y_i]
 *
 * as scikit-learn's LogisticRegression (penalty l2, the intercept is free); two classes have one row of weights, more have one each. Minimised
 * by L-BFGS; of two classes and at most CURVATURE_MAX features Newton's steps with the curvature where that ended (a chord) finish it. Of two classes also standard errors from the inverse of the curvature at the optimum (weights and intercept; of the penalised
 * likelihood, so that they are a little small where C is small). Where a text is named, its n-grams are features too: wide.c. Scores are blocks of rows times weights; sums over rows are in their order. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/minimise.h"
#include "learn/model_state.h"
#include "learn/solve.h"
#include "learn/special.h"
#include "learn/wide.h"

enum { COST, ROUNDS, TOLERANCE, BALANCED, LENGTH, MIN_COUNT, GRAMS, PARAMS };
#define CURVATURE_MAX 1500 /* features of which errors are reckoned */
#define CHORD_FROM 100 /* times the tolerance: from there on Newton's steps are shorter */
#define CHORDS 5 /* Newton's steps at most */

static const hx_model_param params[PARAMS] = {
    HX_PARAM_COST(1e-4, 1e3), HX_PARAM_STEPS, HX_PARAM_GRADIENT(1e-8),
    HX_PARAM_BALANCED,        HX_PARAM_WIDE,
};

typedef struct {
    hx_arena *arena; /* owned, with all below */
    size_t d, n_classes, n_rows; /* n_rows of weights: 1 of two classes */
    double *weights; /* (n_rows, d + 1), the last of a row the intercept */
    double *means; /* (d) of the training rows */
    double *errors; /* (d + 1); NULL of more classes and many features */
    double loss;
    size_t rounds;
    hx_wide *wide; /* with a text, in place of the above; owned */
} state;

static void release(void *state_) {
    state *s = state_;
    hx_wide_free(s->wide);
    hx_state_release(s);
}

typedef struct {
    const hx_problem *p;
    const double *class_weights; /* (n_classes) */
    size_t n_rows;
    double cost;
    double *scores; /* (n_classes) */
} objective;

static double row_weight(const objective *o, size_t i) {
    return (o->p->weights ? o->p->weights[i] : 1) * o->class_weights[(size_t)o->p->y[i]];
}

static double softplus(double z) {
    return z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

static void add_scaled(double *out, const double *x, double by, size_t d) {
    for (size_t j = 0; j < d; j++)
        out[j] += by * x[j];
    out[d] += by;
}

static double two_classes(objective *o, const double *w, double *gradient) {
    size_t d = o->p->d;
    double loss = 0;
    for (size_t i = 0; i < o->p->n; i++) {
        const double *x = o->p->x + i * d;
        double z = hx_score_of(w, x, d), by = o->cost * row_weight(o, i);
        bool second = o->p->y[i] > 0;
        loss += by * softplus(second ? -z : z);
        add_scaled(gradient, x, by * (hx_sigmoid_of(z) - second), d);
    }
    return loss;
}

static double more_classes(objective *o, const double *w, double *gradient) {
    size_t d = o->p->d, n = o->n_rows;
    double loss = 0;
    for (size_t i = 0; i < o->p->n; i++) {
        const double *x = o->p->x + i * d;
        size_t y = (size_t)o->p->y[i];
        double by = o->cost * row_weight(o, i), own;
        for (size_t k = 0; k < n; k++)
            o->scores[k] = hx_score_of(w + k * (d + 1), x, d);
        own = o->scores[y];
        loss += by * (hx_softmax_of(o->scores, n) - own);
        for (size_t k = 0; k < n; k++)
            add_scaled(gradient + k * (d + 1), x, by * (o->scores[k] - (k == y)), d);
    }
    return loss;
}

static double value(void *context, const double *w, double *gradient) {
    objective *o = context;
    size_t d = o->p->d;
    memset(gradient, 0, o->n_rows * (d + 1) * sizeof *gradient);
    double loss = o->n_rows == 1 ? two_classes(o, w, gradient) : more_classes(o, w, gradient);
    for (size_t k = 0; k < o->n_rows; k++)
        for (size_t j = 0; j < d; j++) {
            double x = w[k * (d + 1) + j];
            loss += x * x / 2;
            gradient[k * (d + 1) + j] += x;
        }
    return loss;
}

/* ------------------------------------------------------------------ errors of two classes */
static void add_outer(double *a, const double *x, double by, size_t d) {
    for (size_t j = 0; j <= d; j++) {
        double xj = by * (j < d ? x[j] : 1);
        for (size_t k = 0; k <= j; k++)
            a[j * (d + 1) + k] += xj * (k < d ? x[k] : 1);
    }
}

/* a (d + 1, d + 1) of zeroes, lower triangle: its Cholesky factor; false where it has none, or on request. */
static bool curvature_of(const objective *o, const double *w, const volatile int *cancel,
                         double *a) {
    const size_t d = o->p->d, n = d + 1;
    for (size_t i = 0; i < o->p->n; i++) {
        const double *x = o->p->x + i * d;
        double p = hx_sigmoid_of(hx_score_of(w, x, d));
        if (hx_flag_is_raised(cancel)) return false;
        add_outer(a, x, o->cost * row_weight(o, i) * p * (1 - p), d);
    }
    for (size_t j = 0; j < d; j++)
        a[j * n + j] += 1;
    return hx_cholesky(a, n);
}

static double steepest(const double *g, size_t n) {
    double most = 0;
    for (size_t j = 0; j < n; j++)
        most = fmax(most, fabs(g[j]));
    return most;
}

/* Steps of length H^-1 g, as long as each makes the gradient smaller. room (3, d + 1). */
static void polish(state *s, objective *o, const double *factor, double enough, double *room) {
    const size_t n = s->d + 1;
    double *g = room, *step = g + n, *next = step + n;
    double loss = value(o, s->weights, g), most = steepest(g, n);
    for (int k = 0; k < CHORDS && most > enough; k++) {
        memcpy(step, g, n * sizeof *g);
        hx_cholesky_solve(factor, n, step);
        for (size_t j = 0; j < n; j++)
            next[j] = s->weights[j] - step[j];
        loss = value(o, next, g);
        if (!(steepest(g, n) < most)) break;
        most = steepest(g, n);
        memcpy(s->weights, next, n * sizeof *next);
        s->loss = loss;
        s->rounds++;
    }
}

/* Whether the feature has one value in all rows: there is nothing to be said of its weight. */
static bool is_constant(const hx_problem *p, size_t j) {
    for (size_t i = 1; i < p->n; i++)
        if (p->x[i * p->d + j] != p->x[j]) return false;
    return true;
}

static hx_status finish(state *s, objective *o, double enough, const volatile int *cancel,
                        hx_error *err) {
    size_t d = s->d, n = d + 1;
    if (s->n_rows != 1 || d > CURVATURE_MAX) return HX_OK;
    double *a = calloc(n * n + 3 * n, sizeof *a);
    s->errors = hx_arena_alloc(s->arena, n * sizeof *s->errors);
    if (!a || !s->errors) {
        free(a);
        return hx_state_no_memory(err);
    }
    bool ok = curvature_of(o, s->weights, cancel, a);
    if (ok) polish(s, o, a, enough, a + n * n);
    if (ok) hx_cholesky_invert(a, n);
    for (size_t j = 0; j < n; j++)
        s->errors[j] = ok && (j == d || !is_constant(o->p, j)) ? sqrt(a[j * n + j] * o->cost) : NAN;
    free(a);
    return hx_flag_is_raised(cancel) ? hx_fail(err, HX_ECANCELLED, "the learning was stopped")
                                     : HX_OK;
}

/* ------------------------------------------------------------------ fitting */
static state *new_state(size_t d, size_t n_classes) {
    state *s = hx_state_new(sizeof *s);
    if (!s) return NULL;
    s->d = d;
    s->n_classes = n_classes;
    s->n_rows = n_classes == 2 ? 1 : n_classes;
    s->weights = hx_arena_alloc(s->arena, s->n_rows * (d + 1) * sizeof *s->weights);
    if (s->weights) s->means = hx_arena_alloc(s->arena, (d + 1) * sizeof *s->means);
    if (s->means) return s;
    hx_state_release(s);
    return NULL;
}

static hx_status fit_state(state *s, const hx_problem *p, const hx_fit_options *o, double *room,
                           hx_error *err) {
    objective f = {.p = p,
                   .class_weights = room,
                   .n_rows = s->n_rows,
                   .cost = o->params[COST],
                   .scores = room + s->n_classes};
    const double enough = o->params[TOLERANCE] * o->params[COST] * (double)p->n;
    const bool polished = s->n_rows == 1 && s->d <= CURVATURE_MAX;
    hx_minimise_options m = {.n = s->n_rows * (s->d + 1),
                             .rounds = (size_t)o->params[ROUNDS],
                             .tolerance = polished ? enough * CHORD_FROM : enough,
                             .cancel = o->cancel};
    hx_class_weights(p, o->params[BALANCED] != 0, room);
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->d; j++)
            s->means[j] += p->x[i * p->d + j] / (double)p->n;
    HX_TRY(hx_minimise(value, &f, &m, s->weights, &s->loss, &s->rounds, err));
    return finish(s, &f, enough, o->cancel, err);
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    (void)validation;
    state *s = new_state(train->d, train->n_classes);
    double *room = calloc(2 * train->n_classes + 1, sizeof *room);
    const hx_wide_options w = {.kind = HX_WIDE_LOGISTIC,
                               .cost = o->params[COST],
                               .balanced = o->params[BALANCED] != 0,
                               .grams = (size_t)o->params[GRAMS],
                               .least = (size_t)o->params[MIN_COUNT]};
    hx_status st = !s || !room       ? hx_state_no_memory(err)
                   : train->n_tokens ? hx_wide_fit(&s->wide, train, &w, o, err)
                                     : fit_state(s, train, o, room, err);
    free(room);
    return hx_state_give(out, s, release, st, err);
}

static hx_status predict(const void *state_, const double *x, size_t n, size_t n_threads,
                         double *out, hx_error *err) {
    const state *s = state_;
    if (s->wide) return hx_wide_predict(s->wide, x, n, n_threads, out, err);
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * s->n_classes;
        if (s->n_rows == 1) {
            double z = hx_score_of(s->weights, x + i * s->d, s->d);
            row[1] = hx_sigmoid_of(z);
            row[0] = hx_sigmoid_of(-z);
            continue;
        }
        for (size_t k = 0; k < s->n_rows; k++)
            row[k] = hx_score_of(s->weights + k * (s->d + 1), x + i * s->d, s->d);
        hx_softmax_of(row, s->n_classes);
    }
    return HX_OK;
}

/* Log-odds of a class: of two against the other, of more the score. */
static hx_status contributions(const void *state_, const double *x, size_t n, size_t class,
                               size_t n_threads, double *out, hx_error *err) {
    const state *s = state_;
    if (s->wide) return hx_wide_contributions(s->wide, x, n, class, out, err);
    const double *w = s->weights + (s->n_rows == 1 ? 0 : class * (s->d + 1));
    double sign = s->n_rows == 1 && class == 0 ? -1 : 1;
    (void)n_threads;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        double *row = out + i * (s->d + 1);
        row[s->d] = sign * hx_score_of(w, s->means, s->d);
        for (size_t j = 0; j < s->d; j++)
            row[j] = sign * w[j] * (x[i * s->d + j] - s->means[j]);
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
    hx_json_key(w, "loss");
    hx_json_double(w, s->loss);
    hx_json_key(w, "rounds");
    hx_json_int(w, (int64_t)s->rounds);
    hx_put_numbers(w, "coefficients", s->weights, s->n_rows * (s->d + 1));
    if (!s->errors) return;
    hx_put_numbers(w, "standard_errors", s->errors, s->d + 1);
    hx_json_key(w, "p");
    hx_json_array(w);
    for (size_t j = 0; j <= s->d; j++)
        hx_json_double(w, erfc(fabs(s->weights[j] / s->errors[j]) / sqrt(2)));
    hx_json_end_array(w);
}

static void write(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_object(w);
    if (s->wide) {
        hx_json_key(w, "wide");
        hx_wide_write(s->wide, w);
        hx_json_end_object(w);
        return;
    }
    hx_put_numbers(w, "weights", s->weights, s->n_rows * (s->d + 1));
    hx_put_numbers(w, "means", s->means, s->d);
    hx_json_end_object(w);
}

static void formula(const void *state_, hx_formula *out) {
    const state *s = state_;
    *out = (hx_formula){.n_outputs = s->n_rows,
                        .stride = s->d + 1,
                        .weights = s->weights,
                        .intercepts = s->weights + s->d,
                        .link = s->n_rows == 1 ? HX_LINK_LOGIT : HX_LINK_SOFTMAX};
}

static hx_status read(void **out, const json_t *json, size_t d, size_t n_classes, hx_error *err) {
    bool ok = n_classes >= 2;
    state *s = ok ? new_state(d, n_classes) : NULL;
    if (!s) return hx_state_no_memory(err);
    const json_t *wide = json_object_get(json, "wide");
    if (wide)
        return hx_state_give(out, s, release, hx_wide_read(&s->wide, wide, d, n_classes, err), err);
    s->weights = hx_field_numbers(json, "weights", s->n_rows * (d + 1), s->arena, &ok);
    s->means = hx_field_numbers(json, "means", d, s->arena, &ok);
    return hx_state_give(out, s, release, ok ? HX_OK : hx_state_damaged(err), err);
}

const hx_estimator hx_estimator_logistic = {
    .kind = {.name = "logistic",
             .tasks = 1u << HX_TASK_CLASSES,
             .params = params,
             .n_params = PARAMS,
             .help = {"logistic regression of two or more classes", "逻辑回归（二分类或多分类）"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_SCALED | HX_WANTS_TOKENS_TOO,
    .fit = fit,
    .predict = predict,
    .contributions = contributions,
    .summary = summary,
    .write = write,
    .read = read,
    .release = release,
    .formula = formula,
};
