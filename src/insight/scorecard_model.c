/* scorecard_model.c - the logistic regression of a scorecard, which columns it keeps, and points.
 *
 *     log(goods / bads) = a + sum b_j woe_j        maximum likelihood by Newton's method, steps halved where they would not climb
 *
 * Weights of evidence grow with the odds of good, so every b_j must be above 0: else the card would punish what is good. A column whose coefficient
 * is not, or whose Wald test says too little, is dropped, the one of the least z first, and the rest is fitted again.
 *
 *     points of a bin = (offset + factor a) / n + factor b_j woe        factor = pdo / ln 2, offset = base - factor ln(odds), n columns in use */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "insight/scorecard.h"
#include "learn/solve.h"
#include "learn/special.h"

#define STEPS_MAX 60
#define HALVINGS_MAX 30

typedef struct {
    hx_scorecard *card;
    uint16_t *const *codes;
    const double *good, *bad;
    size_t rows, n; /* columns in use + 1 */
    size_t *used; /* (n - 1) */
    double *b, *trial, *step, *h, *x;
    const volatile int *cancel;
} regression;

static void release(regression *r) {
    free(r->used);
    free(r->b);
}

static hx_status reserve(regression *r, hx_error *err) {
    const size_t n = r->card->n_variables + 1;
    r->used = calloc(n, sizeof *r->used);
    r->b = calloc(4 * n + n * n, sizeof *r->b);
    if (!r->used || !r->b) return hx_fail(err, HX_ENOMEM, "not enough memory for the regression");
    r->trial = r->b + n;
    r->step = r->trial + n;
    r->x = r->step + n;
    r->h = r->x + n;
    return HX_OK;
}

static double predictor(const regression *r, const double *b, size_t row) {
    double eta = b[0];
    for (size_t j = 1; j < r->n; j++) {
        const hx_card_variable *v = &r->card->variables[r->used[j - 1]];
        r->x[j] = v->bins[r->codes[r->used[j - 1]][row]].woe;
        eta += b[j] * r->x[j];
    }
    return eta;
}

/* log(1 + exp(x)) without overflow. */
static double softplus(double x) {
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double likelihood(const regression *r, const double *b) {
    double sum = 0;
    for (size_t i = 0; i < r->rows; i++) {
        if (!(r->good[i] + r->bad[i] > 0)) continue;
        const double eta = predictor(r, b, i);
        sum -= r->good[i] * softplus(-eta) + r->bad[i] * softplus(eta);
    }
    return sum;
}

/* The gradient (into step) and the information matrix. */
static void derivatives(regression *r) {
    const size_t n = r->n;
    memset(r->h, 0, n * n * sizeof *r->h);
    memset(r->step, 0, n * sizeof *r->step);
    r->x[0] = 1;
    for (size_t i = 0; i < r->rows; i++) {
        const double weight = r->good[i] + r->bad[i];
        if (!(weight > 0)) continue;
        const double p = 1 / (1 + exp(-predictor(r, r->b, i)));
        const double slope = r->good[i] - weight * p, curve = weight * p * (1 - p);
        for (size_t j = 0; j < n; j++) {
            const double cx = curve * r->x[j];
            r->step[j] += slope * r->x[j];
            for (size_t k = 0; k <= j; k++)
                r->h[j * n + k] += cx * r->x[k];
        }
    }
}

static bool climb(regression *r, double *now) {
    for (int halving = 0; halving < HALVINGS_MAX; halving++) {
        for (size_t j = 0; j < r->n; j++)
            r->trial[j] = r->b[j] + ldexp(r->step[j], -halving);
        const double then = likelihood(r, r->trial);
        if (!(then >= *now - fabs(*now) * 1e-14)) continue;
        *now = then;
        memcpy(r->b, r->trial, r->n * sizeof *r->b);
        return true;
    }
    return false;
}

/* Leaves the inverse of the information in h. */
static hx_status newton(regression *r, hx_error *err) {
    memset(r->b, 0, r->n * sizeof *r->b);
    r->b[0] = log(r->card->all.good / r->card->all.bad);
    double now = likelihood(r, r->b);
    for (int step = 0; step < STEPS_MAX; step++) {
        double most = 0;
        if (hx_flag_is_raised(r->cancel))
            return hx_fail(err, HX_ECANCELLED, "the fit of the scorecard was stopped");
        derivatives(r);
        if (!hx_cholesky(r->h, r->n))
            return hx_fail(err, HX_EINVAL,
                           "two columns of the scorecard say the same; leave one out with --drop");
        hx_cholesky_solve(r->h, r->n, r->step);
        for (size_t j = 0; j < r->n; j++)
            most = fmax(most, fabs(r->step[j]) / (1 + fabs(r->b[j])));
        if (most < 1e-12 || !climb(r, &now)) break;
    }
    derivatives(r);
    if (!hx_cholesky(r->h, r->n))
        return hx_fail(err, HX_EINVAL,
                       "two columns of the scorecard say the same; leave one out with --drop");
    hx_cholesky_invert(r->h, r->n);
    return HX_OK;
}

static void collect(regression *r) {
    r->n = 1;
    for (size_t i = 0; i < r->card->n_variables; i++)
        if (r->card->variables[i].used) r->used[r->n++ - 1] = i;
}

/* Writes what was found; returns the column to be dropped, or none (n_variables). */
static size_t judge(regression *r, double max_p) {
    size_t worst = r->card->n_variables;
    double least = INFINITY;
    r->card->intercept = r->b[0];
    for (size_t j = 1; j < r->n; j++) {
        hx_card_variable *v = &r->card->variables[r->used[j - 1]];
        v->coefficient = r->b[j];
        v->error = sqrt(r->h[j * r->n + j]);
        const double z = v->coefficient / v->error;
        v->p = 2 * hx_normal_cdf(-fabs(z));
        if ((v->coefficient > 0 && v->p <= max_p) || z >= least) continue;
        least = z;
        worst = r->used[j - 1];
    }
    return worst;
}

hx_status hx_card_regress(hx_scorecard *card, uint16_t *const *codes, const double *good,
                          const double *bad, size_t rows, double max_p, const volatile int *cancel,
                          hx_error *err) {
    regression r = {
        .card = card, .codes = codes, .good = good, .bad = bad, .rows = rows, .cancel = cancel};
    hx_status status = reserve(&r, err);
    while (status == HX_OK) {
        collect(&r);
        status = newton(&r, err);
        if (status != HX_OK) break;
        const size_t worst = judge(&r, max_p);
        if (worst == card->n_variables) break;
        card->variables[worst].used = false;
    }
    release(&r);
    if (status == HX_OK && r.n == 1)
        status = hx_fail(err, HX_EINVAL, "no column tells good rows from bad ones");
    return status;
}

void hx_card_set_points(hx_scorecard *card) {
    const double factor = card->pdo / log(2), offset = card->base - factor * log(card->odds);
    size_t n = 0;
    for (size_t j = 0; j < card->n_variables; j++)
        n += card->variables[j].used;
    for (size_t j = 0; j < card->n_variables; j++) {
        hx_card_variable *v = &card->variables[j];
        for (size_t k = 0; k < hx_card_all_bins(v); k++) {
            const double exact = (offset + factor * card->intercept) / (double)n +
                                 factor * v->coefficient * v->bins[k].woe;
            const double units = round(exact * pow(10, card->places));
            v->bins[k].points =
                !v->used ? 0 : (int64_t)fmax(-HX_CARD_POINTS_MAX, fmin(HX_CARD_POINTS_MAX, units));
        }
    }
}
