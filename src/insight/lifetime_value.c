/* lifetime_value.c - what a customer will be worth in a horizon: expected, and between which amounts.
 *
 * Expected: purchases of each period of discounting times the expected amount, divided by (1 + rate)^i, as in lifetimes' customer_lifetime_value
 * (a last period may be shorter). The interval comes from draws of the customer's future given the past: alive with its probability; the rate
 * Gamma(r + x, alpha + T); the chance to stop Beta(a, b + x) (MBG: b + x + 1), or the rate of stopping Gamma(s, beta + T); the mean amount p / nu,
 * nu ~ Gamma(q + p x, v + x m), single amounts Gamma(p, nu). The same row, options and fit give the same draws. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "insight/purchase.h"

enum {
    VALUE_DRAWS = 400,
    VALUE_DRAWS_MOST = 1000000,
    VALUE_PERIODS = 100000,
    VALUE_EVENTS = 100000
};

static double normal(hx_rng *r) {
    double u = 1 - hx_rng_uniform(r), v = hx_rng_uniform(r);
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

/* Gamma(shape, 1) (Marsaglia, Tsang 2000). */
static double gamma_draw(hx_rng *r, double shape) {
    if (shape < 1) {
        double u = 1 - hx_rng_uniform(r);
        return gamma_draw(r, shape + 1) * pow(u, 1 / shape);
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double z = normal(r), v = 1 + c * z;
        if (v <= 0) continue;
        v = v * v * v;
        if (log(1 - hx_rng_uniform(r)) < 0.5 * z * z + d - d * v + d * log(v)) return d * v;
    }
}

typedef struct {
    const hx_purchase_fit *f;
    const hx_spend_fit *s;
    const hx_purchases *row;
    double mean, horizon, step, rate, alive;
} value_person;

typedef struct {
    double rate; /* of purchases */
    double stop; /* chance behind each, or when */
    double nu;
} value_fate;

static value_fate fate_of(const value_person *w, hx_rng *r) {
    const double *p = w->f->parameter;
    double x = w->row->x;
    value_fate out = {gamma_draw(r, p[0] + x) / (p[1] + w->row->age), 0, 0};
    if (w->f->model == HX_PARETO_NBD) {
        double hazard = gamma_draw(r, p[2]) / (p[3] + w->row->age);
        out.stop = -log(1 - hx_rng_uniform(r)) / hazard;
    } else {
        double a = gamma_draw(r, p[2]);
        double b = gamma_draw(r, p[3] + x + (w->f->model == HX_MBG_NBD));
        out.stop = a / (a + b);
    }
    out.nu = gamma_draw(r, w->s->q + w->s->p * x) / (w->s->v + (w->row->x ? x * w->mean : 0));
    return out;
}

static double future_of(const value_person *w, hx_rng *r) {
    if (hx_rng_uniform(r) >= w->alive) return 0;
    value_fate fate = fate_of(w, r);
    bool pareto = w->f->model == HX_PARETO_NBD;
    double sum = 0, end = pareto ? fmin(w->horizon, fate.stop) : w->horizon, at = 0;
    for (int i = 0; i < VALUE_EVENTS; i++) {
        at -= log(1 - hx_rng_uniform(r)) / fate.rate;
        if (!(at <= end)) break;
        sum += gamma_draw(r, w->s->p) / fate.nu * pow(1 + w->rate, -ceil(at / w->step));
        if (!pareto && hx_rng_uniform(r) < fate.stop) break;
    }
    return sum;
}

static int ascending(const void *l, const void *r) {
    double a = *(const double *)l, b = *(const double *)r;
    return (a > b) - (a < b);
}

static uint64_t seed_of(const value_person *w, uint64_t seed) {
    double about[6] = {w->row->x, w->row->last, w->row->age, w->mean, w->horizon, w->rate};
    return hx_hash_seed((hx_str){(const char *)about, sizeof about}, seed);
}

static hx_status interval_of(const value_person *w, const hx_value_options *o, hx_value *out,
                             hx_error *err) {
    size_t n = o->draws ? o->draws : VALUE_DRAWS;
    double level = o->level > 0 ? o->level : 0.8, *sums = calloc(n, sizeof *sums);
    if (!sums) return hx_fail(err, HX_ENOMEM, "not enough memory for %zu draws", n);
    hx_rng rng;
    hx_rng_seed(&rng, seed_of(w, o->seed));
    for (size_t i = 0; i < n; i++)
        sums[i] = future_of(w, &rng);
    qsort(sums, n, sizeof *sums, ascending);
    double below = (1 - level) / 2 * (double)(n - 1);
    out->low = sums[(size_t)below];
    out->high = sums[n - 1 - (size_t)below];
    free(sums);
    return HX_OK;
}

static hx_status check(const hx_value_options *o, hx_error *err) {
    if (!(o->horizon > 0) || !(o->step >= 0) || !(o->rate >= 0) || !(o->level >= 0 && o->level < 1))
        return hx_fail(err, HX_EINVAL,
                       "lifetime value: the horizon must be above 0, the rate not below, the level "
                       "in (0, 1)");
    if (o->draws > VALUE_DRAWS_MOST || (o->step > 0 && o->horizon / o->step > VALUE_PERIODS))
        return hx_fail(err, HX_ELIMIT, "lifetime value: at most %d periods and %d draws",
                       VALUE_PERIODS, VALUE_DRAWS_MOST);
    return HX_OK;
}

hx_status hx_value_expect(const hx_purchase_fit *f, const hx_spend_fit *s, const hx_purchases *row,
                          double mean, const hx_value_options *o, hx_value *out, hx_error *err) {
    HX_TRY(check(o, err));
    value_person w = {f, s, row, mean, o->horizon, o->step > 0 ? o->step : o->horizon, o->rate, 0};
    double spend = hx_spend_expected(s, row->x, mean), before = 0;
    *out = (hx_value){0};
    w.alive = hx_purchase_alive(f, row);
    size_t periods = (size_t)ceil(w.horizon / w.step * (1 - 1e-12));
    for (size_t i = 1; i <= periods; i++) {
        double t = fmin((double)i * w.step, w.horizon), n = hx_purchase_expected(f, row, t);
        out->value += spend * (n - before) / pow(1 + w.rate, (double)i);
        before = n;
    }
    out->purchases = before;
    return interval_of(&w, o, out, err);
}
