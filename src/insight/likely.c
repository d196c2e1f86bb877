/* likely.c - the most likely parameters of a model of customers, from several starts; see purchase.h.
 *
 * Each start goes down by L-BFGS (learn/minimise.h) on the logarithms of the parameters, so all stay positive; the best is then led to the
 * point where the gradient vanishes by Newton's steps, as long as they make the value no worse. The Hessian is the central difference of
 * the analytic gradient; its inverse over n gives the variances of the logarithms, and error(p) = p error(log p) (delta method). */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "insight/purchase.h"
#include "learn/minimise.h"
#include "learn/solve.h"

enum { LIKELY_STARTS = 8, LIKELY_ROUNDS = 400, LIKELY_NEWTON = 12 };
#define LIKELY_NEAR 1e-6 /* two starts reached the same value */
#define LIKELY_STEP 1e-4 /* of the differences, in logarithms */

static double normal(hx_rng *r) {
    double u = 1 - hx_rng_uniform(r), v = hx_rng_uniform(r);
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

static void hessian_at(const hx_likely_problem *p, const double *x, double *h) {
    double up[4], down[4], at[4];
    for (size_t i = 0; i < p->k; i++) {
        memcpy(at, x, sizeof at);
        at[i] = x[i] + LIKELY_STEP;
        p->f(p->context, at, up);
        at[i] = x[i] - LIKELY_STEP;
        p->f(p->context, at, down);
        for (size_t j = 0; j < p->k; j++)
            h[i * p->k + j] = (up[j] - down[j]) / (2 * LIKELY_STEP);
    }
    for (size_t i = 0; i < p->k; i++)
        for (size_t j = 0; j < i; j++)
            h[i * p->k + j] = h[j * p->k + i] = (h[i * p->k + j] + h[j * p->k + i]) / 2;
}

/* True while a step makes it no worse. */
static bool newton_step(const hx_likely_problem *p, double *x, double *value) {
    double h[16], g[4], next[4] = {0}, after[4];
    p->f(p->context, x, g);
    hessian_at(p, x, h);
    if (!hx_cholesky(h, p->k)) return false;
    hx_cholesky_solve(h, p->k, g);
    double length = 0;
    for (size_t i = 0; i < p->k; i++) {
        next[i] = x[i] - g[i];
        length = fmax(length, fabs(g[i]));
    }
    if (!(length < 1)) return false;
    double v = p->f(p->context, next, after);
    if (!(v <= *value + 1e-13 * fabs(*value))) return false;
    memcpy(x, next, sizeof next);
    *value = v;
    return length > 1e-12;
}

static void errors_of(const hx_likely_problem *p, const double *x, hx_likely *out) {
    double h[16];
    hessian_at(p, x, h);
    bool positive = hx_cholesky(h, p->k);
    if (positive) hx_cholesky_invert(h, p->k);
    for (size_t i = 0; i < p->k; i++) {
        double variance = positive ? h[i * p->k + i] / p->n : -1;
        out->error[i] = variance > 0 ? out->parameter[i] * sqrt(variance) : NAN;
    }
}

static void start_at(const hx_likely_problem *p, size_t which, hx_rng *rng, double *x) {
    for (size_t i = 0; i < p->k; i++)
        x[i] = p->start[i] + (which ? p->spread * normal(rng) : 0);
}

hx_status hx__likely(const hx_likely_problem *p, const hx_purchase_options *o, hx_likely *out,
                     hx_error *err) {
    size_t starts = o && o->starts ? o->starts : LIKELY_STARTS;
    hx_minimise_options m = {p->k, LIKELY_ROUNDS, 1e-7, o ? o->cancel : NULL};
    double best = INFINITY, at[4] = {0};
    *out = (hx_likely){.starts = starts};
    hx_rng rng;
    hx_rng_seed(&rng, o ? o->seed : 0);
    for (size_t s = 0; s < starts; s++) {
        double x[4] = {0}, value;
        start_at(p, s, &rng, x);
        HX_TRY(hx_minimise(p->f, p->context, &m, x, &value, NULL, err));
        if (!isfinite(value)) continue;
        double near = LIKELY_NEAR / fmax(1, p->n);
        if (value < best - near) out->reached = 0;
        out->reached += value < best + near;
        if (value < best) {
            best = value;
            memcpy(at, x, sizeof at);
        }
    }
    if (!isfinite(best))
        return hx_fail(
            err, HX_EFORMAT,
            "no parameters give these customers a likelihood; are all times in one unit?");
    for (size_t i = 0; i < LIKELY_NEWTON && newton_step(p, at, &best); i++) {
    }
    for (size_t i = 0; i < p->k; i++)
        out->parameter[i] = exp(at[i]);
    out->value = best;
    errors_of(p, at, out);
    return HX_OK;
}
