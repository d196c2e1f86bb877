/* linear_regression.c - ordinary least squares: in closed form, by conjugate gradients or by gradient descent.
 *
 * closed: columns less their means, triangle by reflections, shortest solution of least squares (solve.h), so that dependent columns are no
 * error; standard errors s^2 (X'X)^+, intervals of Student's t with n - rank - 1 degrees of freedom. As scikit-learn's LinearRegression and, for
 * figures of inference, statsmodels' OLS. It takes n d^2 + d^3 steps.
 *
 * cg: conjugate gradients (conjugate.h): the same answers, n d steps a round, no standard errors. Taken in place of the closed form where that would
 * take more than HX_CLOSED_MAX steps; the summary names the solver.
 *
 * gd: J(b) = sum (y - b0 - b x)^2, b <- b - rate dJ/db over all rows, once an epoch; J of each epoch is kept. rate 0 = 1 / (greatest
 * eigenvalue of 2 X'X), with which J can't grow. A rate at which J grows without bound ends in a sentence. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/conjugate.h"
#include "learn/families.h"
#include "learn/fields.h"
#include "learn/linear_state.h"
#include "learn/model_state.h"
#include "learn/solve.h"
#include "learn/special.h"

enum { SOLVER, RATE, EPOCHS, PARAMS };
enum { CLOSED, DESCENT, CONJUGATE };
#define POWER_ROUNDS 100

static const char *const solvers[] = {"closed", "gd", "cg", NULL};
static const hx_model_param params[PARAMS] = {
    {.name = "solver",
     .kind = HX_PARAM_CHOICE,
     .choices = solvers,
     .help = {"closed form (of thousands of features cg), gradient descent, conjugate gradients",
              "闭式解（特征数以千计时用 cg）、梯度下降 gd 或共轭梯度 cg"}},
    {.name = "rate",
     .high = 1e6,
     .help = {"gd: learning rate; 0 = as large as is safe", "gd：学习率；0 = 安全的最大值"}},
    {.name = "epochs",
     .kind = HX_PARAM_COUNT,
     .fallback = 1000,
     .low = 1,
     .high = 1e7,
     .help = {"gd: passes over the rows", "gd：遍历数据的次数"}},
};

typedef struct {
    hx_linear_state linear;
    size_t n;
    int solver; /* the one that was taken */
    size_t rounds; /* of cg */
    double *errors; /* (d): standard errors, NaN of a constant column; NULL of gd and cg */
    double intercept_error, freedom, residual, r2;
    double *trace; /* (n_trace): J an epoch, of gd */
    size_t n_trace;
} state;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

static hx_status stopped(hx_error *err) {
    return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
}

/* ------------------------------------------------------------------ closed form */
static hx_status triangle_of(const hx_problem *p, const double *means, double mean_y,
                             const volatile int *cancel, hx_triangle *t, double *total,
                             hx_error *err) {
    HX_TRY(hx_triangle_init(t, p->d + 1, cancel, err));
    double *row = calloc(p->d + 1, sizeof *row);
    if (!row) return no_memory(err);
    *total = 0;
    for (size_t i = 0; i < p->n && !hx_flag_is_raised(cancel); i++) {
        double root = sqrt(hx_row_weight(p, i));
        for (size_t j = 0; j < p->d; j++)
            row[j] = root * (p->x[i * p->d + j] - means[j]);
        row[p->d] = root * (p->y[i] - mean_y);
        *total += row[p->d] * row[p->d];
        hx_triangle_add(t, row);
    }
    free(row);
    return hx_triangle_finish(t, err);
}

/* root: (rank) vectors whose outer products sum to (X'X)^+. */
static void infer(state *s, const double *root, size_t rank) {
    const size_t d = s->linear.d;
    double between = 0;
    s->freedom = (double)s->n - (double)rank - 1;
    double variance = s->freedom > 0 ? s->residual / s->freedom : NAN;
    for (size_t k = 0; k < rank; k++) {
        double dot = 0;
        for (size_t j = 0; j < d; j++) {
            s->errors[j] += root[k * d + j] * root[k * d + j];
            dot += root[k * d + j] * s->linear.means[j];
        }
        between += dot * dot;
    }
    for (size_t j = 0; j < d; j++)
        s->errors[j] = s->errors[j] > 0 ? sqrt(variance * s->errors[j]) : NAN;
    s->intercept_error = sqrt(variance * (1 / (double)s->n + between));
}

static hx_status fit_closed(state *s, const hx_problem *p, const hx_fit_options *o, hx_error *err) {
    hx_triangle t = {0};
    size_t rank = 0, d = s->linear.d;
    double total = 0, mean_y = hx_means_of(p, s->linear.means);
    double *root = calloc(d * d + 1, sizeof *root);
    s->errors = hx_arena_alloc(s->linear.arena, (d + 1) * sizeof *s->errors);
    hx_status st = root && s->errors
                       ? triangle_of(p, s->linear.means, mean_y, o->cancel, &t, &total, err)
                       : no_memory(err);
    if (st == HX_OK)
        st = hx_least_squares(&t, 0, s->linear.weights, &rank, &s->residual, root, err);
    if (st == HX_OK) infer(s, root, rank);
    hx_triangle_release(&t);
    free(root);
    s->linear.intercept = hx_intercept_of(&s->linear, mean_y);
    s->r2 = total > 0 ? 1 - s->residual / total : NAN;
    return st;
}

static hx_status fit_conjugate(state *s, const hx_problem *p, const hx_fit_options *o,
                               hx_error *err) {
    double total = 0;
    const double mean_y = hx_means_of(p, s->linear.means);
    HX_TRY(hx_conjugate(p, s->linear.means, mean_y, 0, o->cancel, s->linear.weights, &s->residual,
                        &s->rounds, err));
    for (size_t i = 0; i < p->n; i++)
        total += hx_row_weight(p, i) * (p->y[i] - mean_y) * (p->y[i] - mean_y);
    s->r2 = total > 0 ? 1 - s->residual / total : NAN;
    s->linear.intercept = hx_intercept_of(&s->linear, mean_y);
    return HX_OK;
}

/* ------------------------------------------------------------------ gradient descent */
/* J of the present weights, and its gradient: (d + 1), the last of the intercept. */
static double gradient_of(const state *s, const hx_problem *p, double *gradient) {
    double j_sum = 0;
    memset(gradient, 0, (p->d + 1) * sizeof *gradient);
    for (size_t i = 0; i < p->n; i++) {
        const double *x = p->x + i * p->d;
        double off = p->y[i] - s->linear.intercept, w = hx_row_weight(p, i);
        for (size_t j = 0; j < p->d; j++)
            off -= s->linear.weights[j] * x[j];
        j_sum += w * off * off;
        for (size_t j = 0; j < p->d; j++)
            gradient[j] -= 2 * w * off * x[j];
        gradient[p->d] -= 2 * w * off;
    }
    return j_sum;
}

/* The greatest eigenvalue of 2 [X 1]'[X 1], a little above it, by the power method. v, next (d + 1). */
static double greatest_curvature(const hx_problem *p, const volatile int *cancel, double *v,
                                 double *next) {
    double value = 0;
    for (size_t j = 0; j <= p->d; j++)
        v[j] = 1 / sqrt((double)(p->d + 1));
    for (int round = 0; round < POWER_ROUNDS && !hx_flag_is_raised(cancel); round++) {
        memset(next, 0, (p->d + 1) * sizeof *next);
        for (size_t i = 0; i < p->n; i++) {
            const double *x = p->x + i * p->d;
            double dot = v[p->d], w = 2 * hx_row_weight(p, i);
            for (size_t j = 0; j < p->d; j++)
                dot += v[j] * x[j];
            for (size_t j = 0; j < p->d; j++)
                next[j] += w * dot * x[j];
            next[p->d] += w * dot;
        }
        double norm = 0;
        for (size_t j = 0; j <= p->d; j++)
            norm += next[j] * next[j];
        value = sqrt(norm);
        for (size_t j = 0; j <= p->d && value > 0; j++)
            v[j] = next[j] / value;
    }
    return value * 1.01;
}

static hx_status descend(state *s, const hx_problem *p, const hx_fit_options *o, double rate,
                         double *gradient, hx_error *err) {
    double before = INFINITY;
    for (size_t e = 0; e < s->n_trace; e++) {
        s->trace[e] = gradient_of(s, p, gradient);
        if (!isfinite(s->trace[e]) || (e > 0 && s->trace[e] > 1e6 * (s->trace[0] + 1)))
            return hx_fail(
                err, HX_EINVAL,
                "gradient descent with a learning rate of %g makes the loss grow (epoch %zu); "
                "take a smaller one, or scale the columns",
                rate, e + 1);
        if (hx_flag_is_raised(o->cancel)) return stopped(err);
        for (size_t j = 0; j < p->d; j++)
            s->linear.weights[j] -= rate * gradient[j];
        s->linear.intercept -= rate * gradient[p->d];
        hx_learn_progress at = {.epoch = e + 1,
                                .n_epochs = s->n_trace,
                                .loss = s->trace[e],
                                .validation_loss = NAN,
                                .validation_accuracy = NAN,
                                .validation_macro_f1 = NAN,
                                .seconds_left = NAN};
        if (o->progress) o->progress(o->context, &at);
        before = s->trace[e];
    }
    s->residual = before;
    return HX_OK;
}

static hx_status fit_descent(state *s, const hx_problem *p, const hx_fit_options *o,
                             hx_error *err) {
    double mean_y = hx_means_of(p, s->linear.means), total = 0, rate = o->params[RATE];
    double *gradient = hx_arena_alloc(s->linear.arena, (2 * p->d + 2) * sizeof *gradient);
    s->n_trace = (size_t)o->params[EPOCHS];
    s->trace = hx_arena_alloc(s->linear.arena, s->n_trace * sizeof *s->trace);
    if (!gradient || !s->trace) return no_memory(err);
    if (rate == 0) {
        double curvature = greatest_curvature(p, o->cancel, gradient, gradient + p->d + 1);
        rate = curvature > 0 ? 1 / curvature : 1;
    }
    HX_TRY(descend(s, p, o, rate, gradient, err));
    for (size_t i = 0; i < p->n; i++)
        total += hx_row_weight(p, i) * (p->y[i] - mean_y) * (p->y[i] - mean_y);
    s->residual = gradient_of(s, p, gradient);
    s->r2 = total > 0 ? 1 - s->residual / total : NAN;
    return HX_OK;
}

/* ------------------------------------------------------------------ the estimator */
static int solver_of(const hx_problem *p, const hx_fit_options *o) {
    const int asked = (int)o->params[SOLVER];
    return asked == CLOSED && hx_closed_is_long(p) ? CONJUGATE : asked;
}

static hx_status fit(void **out, const hx_problem *train, const hx_problem *validation,
                     const hx_fit_options *o, hx_error *err) {
    (void)validation;
    state *s = hx_linear_state_new(sizeof *s, train->d);
    if (!s) return no_memory(err);
    s->n = train->n;
    s->solver = solver_of(train, o);
    hx_status st = s->solver == CLOSED      ? fit_closed(s, train, o, err)
                   : s->solver == CONJUGATE ? fit_conjugate(s, train, o, err)
                                            : fit_descent(s, train, o, err);
    return hx_state_give(out, s, hx_state_release, st, err);
}

static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "solver");
    hx_json_cstr(w, solvers[s->solver]);
    if (s->solver == CONJUGATE) {
        hx_json_key(w, "rounds");
        hx_json_int(w, (int64_t)s->rounds);
    }
    hx_json_key(w, "r2");
    hx_json_double(w, s->r2);
    hx_json_key(w, "residual");
    hx_json_double(w, s->residual);
    hx_json_key(w, "intercept");
    hx_json_double(w, s->linear.intercept);
    hx_put_numbers(w, "coefficients", s->linear.weights, s->linear.d);
    if (s->n_trace > 0) hx_put_numbers(w, "loss", s->trace, s->n_trace);
    if (!s->errors) return;
    double t = s->freedom > 0 ? hx_student_quantile(0.975, s->freedom) : NAN;
    hx_put_numbers(w, "standard_errors", s->errors, s->linear.d);
    hx_json_key(w, "intercept_error");
    hx_json_double(w, s->intercept_error);
    hx_json_key(w, "t_95");
    hx_json_double(w, t);
    hx_json_key(w, "p");
    hx_json_array(w);
    for (size_t j = 0; j < s->linear.d; j++)
        hx_json_double(w, hx_student_tails(s->linear.weights[j] / s->errors[j], s->freedom));
    hx_json_end_array(w);
}

const hx_estimator hx_estimator_linear = {
    .kind = {.name = "linear",
             .tasks = 1u << HX_TASK_REGRESSION,
             .params = params,
             .n_params = PARAMS,
             .help = {"ordinary least squares, with intervals; or gradient descent (solver gd)",
                      "普通最小二乘，给出区间；或梯度下降（solver gd）"}},
    .wants = HX_WANTS_FILLED | HX_WANTS_CONTRASTS,
    .fit = fit,
    .predict = hx_linear_predict,
    .contributions = hx_linear_contributions,
    .summary = summary,
    .write = hx_linear_write,
    .read = hx_linear_read,
    .release = hx_state_release,
    .formula = hx_linear_formula,
};
