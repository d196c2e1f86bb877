/* penalised.c - ridge, lasso and elastic net.
 *
 *     ridge        min |y - Xw - b|^2 + alpha |w|^2                         closed form: rows sqrt(alpha) I below X, least squares (solve.h); cg where that is long
 *     elastic net  min |y - Xw - b|^2 / 2n + alpha l1 |w|_1 + alpha (1 - l1) |w|^2 / 2
 *     lasso        l1 = 1
 *
 * as scikit-learn has them; the intercept is free (columns and y less their means). Lasso and elastic net by cyclic coordinate descent over columns
 * that lie in memory one behind the other, first over all, then over those that are not zero (Friedman, Hastie, Tibshirani 2010), until the
 * duality gap is below tolerance * y'y. */
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

enum { ALPHA, MIX, TOLERANCE, ROUNDS };
#define PARAM_ALPHA                                                                                \
    {                                                                                              \
        .name = "alpha", .fallback = 1, .high = 1e10, .tune_low = 1e-4, .tune_high = 1e3,          \
        .tune_log = true, .help = {                                                                \
            "strength of the penalty",                                                             \
            "惩罚强度"                                                                         \
        }                                                                                          \
    }
#define PARAM_MIX                                                                                  \
    {                                                                                              \
        .name = "l1", .fallback = 0.5, .high = 1, .tune_low = 0.05, .tune_high = 1, .help = {      \
            "share of the penalty that is absolute values",                                        \
            "绝对值惩罚所占比例"                                                          \
        }                                                                                          \
    }
#define PARAM_TOLERANCE                                                                            \
    {                                                                                              \
        .name = "tolerance", .fallback = 1e-8, .high = 1, .help = {                                \
            "done where the duality gap is below it times y'y",                                    \
            "对偶间隙低于它乘 y'y 时停止"                                               \
        }                                                                                          \
    }
#define PARAM_ROUNDS                                                                               \
    {                                                                                              \
        .name = "rounds", .kind = HX_PARAM_COUNT, .fallback = 10000, .low = 1, .high = 1e7,        \
        .help = {                                                                                  \
            "passes over the columns at most",                                                     \
            "最多遍历列的次数"                                                             \
        }                                                                                          \
    }

static const hx_model_param ridge_params[] = {PARAM_ALPHA};
/* Lasso has the parameters of the elastic net with l1 fixed: the same places. */
static const hx_model_param lasso_params[] = {
    PARAM_ALPHA,
    {.name = "l1", .fallback = 1, .low = 1, .high = 1, .help = {"always 1", "固定为 1"}},
    PARAM_TOLERANCE,
    PARAM_ROUNDS};
static const hx_model_param elastic_params[] = {PARAM_ALPHA, PARAM_MIX, PARAM_TOLERANCE,
                                                PARAM_ROUNDS};

typedef struct {
    hx_linear_state linear;
    double gap, r2;
    size_t rounds, nonzero;
} state;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

static void place_intercept(state *s, double mean_y) {
    s->linear.intercept = hx_intercept_of(&s->linear, mean_y);
    for (size_t j = 0; j < s->linear.d; j++)
        s->nonzero += s->linear.weights[j] != 0;
}

/* ------------------------------------------------------------------ ridge */
static hx_status ridge_triangle(const state *s, const hx_problem *p, double alpha, double mean_y,
                                const volatile int *cancel, hx_triangle *t, hx_error *err) {
    HX_TRY(hx_triangle_init(t, p->d + 1, cancel, err));
    double *row = calloc(p->d + 1, sizeof *row);
    if (!row) return no_memory(err);
    for (size_t i = 0; i < p->n && !hx_flag_is_raised(cancel); i++) {
        double root = sqrt(hx_row_weight(p, i));
        for (size_t j = 0; j < p->d; j++)
            row[j] = root * (p->x[i * p->d + j] - s->linear.means[j]);
        row[p->d] = root * (p->y[i] - mean_y);
        hx_triangle_add(t, row);
    }
    memset(row, 0, (p->d + 1) * sizeof *row);
    for (size_t j = 0; j < p->d && alpha > 0; j++) {
        row[j] = sqrt(alpha);
        hx_triangle_add(t, row);
        row[j] = 0;
    }
    free(row);
    return hx_triangle_finish(t, err);
}

static hx_status fit_ridge(state *s, const hx_problem *p, const hx_fit_options *o, hx_error *err) {
    hx_triangle t = {0};
    double mean_y = hx_means_of(p, s->linear.means), residual;
    if (hx_closed_is_long(p)) {
        HX_TRY(hx_conjugate(p, s->linear.means, mean_y, o->params[ALPHA], o->cancel,
                            s->linear.weights, &residual, &s->rounds, err));
        place_intercept(s, mean_y);
        return HX_OK;
    }
    hx_status st = ridge_triangle(s, p, o->params[ALPHA], mean_y, o->cancel, &t, err);
    if (st == HX_OK) st = hx_least_squares(&t, 0, s->linear.weights, NULL, NULL, NULL, err);
    hx_triangle_release(&t);
    place_intercept(s, mean_y);
    return st;
}

/* ------------------------------------------------------------------ elastic net */
typedef struct {
    size_t n, d;
    double *x; /* (d, n): columns less their means, times the root of the row's weight */
    double *squares; /* (d): of columns */
    double *rest; /* (n): y - Xw, so weighted */
    double *w; /* (d) */
    double l1, l2; /* of the sums: alpha l1 n, alpha (1 - l1) n */
    double yy;
} descent;

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* One coordinate to its best; returns how far it moved, in the unit of y. */
static double step(descent *c, size_t j) {
    const double *x = c->x + j * c->n;
    if (c->squares[j] <= 0) return 0;
    double was = c->w[j], pull = dot(x, c->rest, c->n) + was * c->squares[j];
    double soft = fabs(pull) - c->l1;
    double now = soft > 0 ? copysign(soft, pull) / (c->squares[j] + c->l2) : 0;
    if (now == was) return 0;
    for (size_t i = 0; i < c->n; i++)
        c->rest[i] += (was - now) * x[i];
    c->w[j] = now;
    return fabs(now - was) * sqrt(c->squares[j]);
}

/* Duality gap of the objective times n, as scikit-learn reckons it. */
static double gap_of(const descent *c) {
    double most = 0, ww = dot(c->w, c->w, c->d), l1 = 0, rr = dot(c->rest, c->rest, c->n), ry = 0;
    for (size_t j = 0; j < c->d; j++) {
        most = fmax(most, fabs(dot(c->x + j * c->n, c->rest, c->n) - c->l2 * c->w[j]));
        l1 += fabs(c->w[j]);
        ry += c->w[j] * dot(c->x + j * c->n, c->rest, c->n);
    }
    ry += rr; /* r'y, as y = r + Xw */
    double shrink = most > c->l1 && most > 0 ? c->l1 / most : 1;
    double gap = shrink < 1 ? (rr + rr * shrink * shrink) / 2 : rr;
    return gap + c->l1 * l1 - shrink * ry + c->l2 / 2 * (1 + shrink * shrink) * ww;
}

static void fill_descent(descent *c, const hx_problem *p, const double *means, double mean_y) {
    for (size_t i = 0; i < p->n; i++) {
        double root = sqrt(hx_row_weight(p, i));
        for (size_t j = 0; j < p->d; j++)
            c->x[j * p->n + i] = root * (p->x[i * p->d + j] - means[j]);
        c->rest[i] = root * (p->y[i] - mean_y);
    }
    for (size_t j = 0; j < p->d; j++)
        c->squares[j] = dot(c->x + j * p->n, c->x + j * p->n, p->n);
    c->yy = dot(c->rest, c->rest, p->n);
}

static hx_status descend(descent *c, state *s, const hx_fit_options *o, hx_error *err) {
    size_t most = (size_t)o->params[ROUNDS];
    double enough = o->params[TOLERANCE] * c->yy;
    bool all = true;
    for (s->rounds = 0; s->rounds < most; s->rounds++) {
        double moved = 0, largest = 0;
        if (hx_flag_is_raised(o->cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        for (size_t j = 0; j < c->d; j++) {
            if (!all && c->w[j] == 0) continue;
            moved = fmax(moved, step(c, j));
            largest = fmax(largest, fabs(c->w[j]) * sqrt(c->squares[j]));
        }
        bool still = moved <= 1e-3 * sqrt(o->params[TOLERANCE]) * largest;
        if (all && (still || s->rounds % 10 == 9) && (s->gap = gap_of(c)) <= enough) break;
        all = still;
    }
    s->gap = gap_of(c);
    return HX_OK;
}

static hx_status fit_elastic(state *s, const hx_problem *p, const hx_fit_options *o,
                             hx_error *err) {
    double mean_y = hx_means_of(p, s->linear.means);
    double *room = calloc(p->n * (p->d + 1) + p->d + 1, sizeof *room);
    if (!room) return no_memory(err);
    descent c = {.n = p->n,
                 .d = p->d,
                 .x = room,
                 .rest = room + p->n * p->d,
                 .squares = room + p->n * (p->d + 1),
                 .w = s->linear.weights,
                 .l1 = o->params[ALPHA] * o->params[MIX] * (double)p->n,
                 .l2 = o->params[ALPHA] * (1 - o->params[MIX]) * (double)p->n};
    fill_descent(&c, p, s->linear.means, mean_y);
    hx_status st = descend(&c, s, o, err);
    s->r2 = c.yy > 0 ? 1 - dot(c.rest, c.rest, c.n) / c.yy : NAN;
    free(room);
    place_intercept(s, mean_y);
    return st;
}

/* ------------------------------------------------------------------ the estimators */
typedef hx_status fit_fn(state *s, const hx_problem *p, const hx_fit_options *o, hx_error *err);

static hx_status fit_by(fit_fn *f, void **out, const hx_problem *train, const hx_fit_options *o,
                        hx_error *err) {
    state *s = hx_linear_state_new(sizeof *s, train->d);
    if (!s) return no_memory(err);
    s->r2 = s->gap = NAN;
    hx_status st = f(s, train, o, err);
    return hx_state_give(out, s, hx_state_release, st, err);
}

static hx_status ridge(void **out, const hx_problem *train, const hx_problem *validation,
                       const hx_fit_options *o, hx_error *err) {
    (void)validation;
    return fit_by(fit_ridge, out, train, o, err);
}

static hx_status elastic(void **out, const hx_problem *train, const hx_problem *validation,
                         const hx_fit_options *o, hx_error *err) {
    (void)validation;
    return fit_by(fit_elastic, out, train, o, err);
}

static void summary(const void *state_, hx_json_writer *w) {
    const state *s = state_;
    hx_json_key(w, "intercept");
    hx_json_double(w, s->linear.intercept);
    hx_put_numbers(w, "coefficients", s->linear.weights, s->linear.d);
    hx_json_key(w, "nonzero");
    hx_json_int(w, (int64_t)s->nonzero);
    if (s->rounds == 0) return;
    hx_json_key(w, "rounds");
    hx_json_int(w, (int64_t)s->rounds);
    if (isnan(s->r2)) return; /* ridge by conjugate gradients */
    hx_json_key(w, "duality_gap");
    hx_json_double(w, s->gap);
    hx_json_key(w, "r2");
    hx_json_double(w, s->r2);
}

#define PENALISED(NAME, FIT, LIST, EN, ZH)                                                         \
    {                                                                                              \
        .kind = {.name = NAME,                                                                     \
                 .tasks = 1u << HX_TASK_REGRESSION,                                                \
                 .params = LIST,                                                                   \
                 .n_params = sizeof LIST / sizeof *LIST,                                           \
                 .help = {EN, ZH}},                                                                \
        .wants = HX_WANTS_FILLED | HX_WANTS_SCALED, .fit = FIT, .predict = hx_linear_predict,      \
        .contributions = hx_linear_contributions, .summary = summary, .write = hx_linear_write,    \
        .read = hx_linear_read, .release = hx_state_release, .formula = hx_linear_formula          \
    }

const hx_estimator hx_estimator_ridge =
    PENALISED("ridge", ridge, ridge_params, "least squares with small weights", "岭回归");
const hx_estimator hx_estimator_lasso = PENALISED(
    "lasso", elastic, lasso_params, "least squares with few weights", "套索回归（lasso）");
const hx_estimator hx_estimator_elastic = PENALISED(
    "elastic", elastic, elastic_params, "least squares with few and small weights", "弹性网络回归");
