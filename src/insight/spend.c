/* spend.c - gamma-gamma: what a customer's purchases are worth on average (Fader, Hardie 2013).
 *
 * The mean m of x amounts has, over customers, the log-likelihood
 *
 *     log G(p x + q) - log G(p x) - log G(q) + q log v + (p x - 1) log m + p x log x - (p x + q) log(x m + v)
 *
 * and the expected amount of a customer is p (v + x m) / (p x + q - 1), of a new one p v / (q - 1). */
#include <math.h>

#include "base/error.h"
#include "insight/purchase.h"
#include "learn/special.h"

#define SPEND_MOST 25.0 /* logarithm of a parameter */

typedef struct {
    const hx_spend *rows;
    size_t n;
    double customers;
} spend_search;

static bool counts(const hx_spend *row) {
    return row->x > 0 && row->mean > 0;
}

static double value_at(void *context, const double *logs, double *gradient) {
    const spend_search *f = context;
    for (int i = 0; i < 3; i++)
        if (!(fabs(logs[i]) <= SPEND_MOST)) return INFINITY;
    double p = exp(logs[0]), q = exp(logs[1]), v = exp(logs[2]), sum = 0, by[3] = {0};
    double gq = lgamma(q), dq = hx_digamma(q);
    for (size_t i = 0; i < f->n; i++) {
        const hx_spend *row = &f->rows[i];
        if (!counts(row)) continue;
        double x = row->x, px = p * x, end = log(x * row->mean + v), w = row->weight;
        double both = hx_digamma(px + q);
        sum += w * (lgamma(px + q) - lgamma(px) - gq + q * logs[2] + (px - 1) * log(row->mean) +
                    px * log(x) - (px + q) * end);
        by[0] += w * x * (both - hx_digamma(px) + log(row->mean) + log(x) - end);
        by[1] += w * (both - dq + logs[2] - end);
        by[2] += w * (q / v - (px + q) / (x * row->mean + v));
    }
    gradient[0] = -by[0] * p / f->customers;
    gradient[1] = -by[1] * q / f->customers;
    gradient[2] = -by[2] * v / f->customers;
    bool fine = isfinite(sum) && isfinite(gradient[0] + gradient[1] + gradient[2]);
    return fine ? -sum / f->customers : INFINITY;
}

static double correlation(const hx_spend *rows, size_t n, double customers) {
    double x = 0, m = 0, xx = 0, mm = 0, xm = 0;
    for (size_t i = 0; i < n; i++)
        if (counts(&rows[i])) {
            x += rows[i].weight * rows[i].x / customers;
            m += rows[i].weight * rows[i].mean / customers;
        }
    for (size_t i = 0; i < n; i++)
        if (counts(&rows[i])) {
            double a = rows[i].x - x, b = rows[i].mean - m, w = rows[i].weight;
            xx += w * a * a;
            mm += w * b * b;
            xm += w * a * b;
        }
    return xm / sqrt(xx * mm);
}

hx_status hx_spend_fit_model(const hx_spend *rows, size_t n, const hx_purchase_options *o,
                             hx_spend_fit *out, hx_error *err) {
    spend_search f = {rows, n, 0};
    double mean = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(rows[i].mean) || !(rows[i].weight > 0) || rows[i].x > HX_PURCHASES_MAX)
            return hx_fail(err, HX_EINVAL, "customer %zu: the mean amount is no number", i + 1);
        if (!counts(&rows[i])) continue;
        f.customers += rows[i].weight;
        mean += rows[i].weight * rows[i].mean;
    }
    if (!(f.customers >= 2))
        return hx_fail(err, HX_EINVAL,
                       "fewer than two customers bought twice for an amount above 0; what a "
                       "purchase is worth can't be told from that");
    double start[4] = {log(2), log(4), log(mean / f.customers * 1.5), 0};
    hx_likely_problem p = {value_at, &f, 3, start, 1, f.customers};
    hx_likely found;
    HX_TRY(hx__likely(&p, o, &found, err));
    *out = (hx_spend_fit){.p = found.parameter[0],
                          .q = found.parameter[1],
                          .v = found.parameter[2],
                          .error = {found.error[0], found.error[1], found.error[2]},
                          .log_likelihood = -found.value * f.customers,
                          .customers = f.customers,
                          .correlation = correlation(rows, n, f.customers)};
    return HX_OK;
}

double hx_spend_expected(const hx_spend_fit *f, uint32_t x, double mean) {
    double below = f->p * x + f->q - 1;
    if (!(below > 0)) return NAN;
    return f->p * (f->v + (x ? x * mean : 0)) / below;
}
