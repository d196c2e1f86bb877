/* contract.c - beta-geometric: who renews a contract again (Fader, Hardie 2007, How to Project Customer Retention).
 *
 *     P(left at renewal t) = B(a + 1, b + t - 1) / B(a, b)      S(t) = B(a, b + t) / B(a, b)      r(t) = (b + t - 1) / (a + b + t - 1)
 *
 * The residual lifetime of one who has renewed n times is the sum over k >= 1 of S(n + k) / S(n) / (1 + rate)^k: a hypergeometric series, summed as it
 * stands; without discount it ends only for a > 1, where it is (b + n) / (a - 1). */
#include <math.h>

#include "base/error.h"
#include "insight/purchase.h"
#include "learn/special.h"

enum { CONTRACT_MOST = 100000 };
#define CONTRACT_LOG 13.8 /* of a parameter: beyond it all customers leave with the same chance */

typedef struct {
    const hx_contract *rows;
    size_t n;
    double customers;
} contract_search;

static double value_at(void *context, const double *logs, double *gradient) {
    const contract_search *f = context;
    if (!(fabs(logs[0]) <= CONTRACT_LOG && fabs(logs[1]) <= CONTRACT_LOG)) return INFINITY;
    double a = exp(logs[0]), b = exp(logs[1]), sum = 0, by[2] = {0};
    double g = lgamma(a + b) - lgamma(b), da = hx_digamma(a + b), db = hx_digamma(b);
    for (size_t i = 0; i < f->n; i++) {
        const hx_contract *row = &f->rows[i];
        double t = row->periods - row->left, w = row->weight, end = a + b + row->periods;
        double down = hx_digamma(end);
        sum += w * (g + lgamma(b + t) - lgamma(end) + (row->left ? logs[0] : 0));
        by[0] += w * (da - down + (row->left ? 1 / a : 0));
        by[1] += w * (da - down + hx_digamma(b + t) - db);
    }
    gradient[0] = -by[0] * a / f->customers;
    gradient[1] = -by[1] * b / f->customers;
    bool fine = isfinite(sum) && isfinite(gradient[0] + gradient[1]);
    return fine ? -sum / f->customers : INFINITY;
}

hx_status hx_contract_fit_model(const hx_contract *rows, size_t n, const hx_purchase_options *o,
                                hx_contract_fit *out, hx_error *err) {
    contract_search f = {rows, n, 0};
    bool left = false, stays = false;
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].periods || rows[i].periods > CONTRACT_MOST || !(rows[i].weight > 0))
            return hx_fail(err, HX_EINVAL, "contract %zu: it must have reached 1 to %d renewals",
                           i + 1, CONTRACT_MOST);
        f.customers += rows[i].weight;
        left = left || rows[i].left;
        stays = stays || !rows[i].left || rows[i].periods > 1;
    }
    if (!left || !stays)
        return hx_fail(err, HX_EINVAL,
                       "of these contracts none ended, or all at the first renewal; how long "
                       "others last can't be told from that");
    double start[4] = {0, log(2), 0, 0};
    hx_likely_problem p = {value_at, &f, 2, start, 1, f.customers};
    hx_likely found;
    HX_TRY(hx__likely(&p, o, &found, err));
    *out = (hx_contract_fit){.a = found.parameter[0],
                             .b = found.parameter[1],
                             .error = {found.error[0], found.error[1]},
                             .log_likelihood = -found.value * f.customers,
                             .customers = f.customers};
    return HX_OK;
}

double hx_contract_survival(const hx_contract_fit *f, uint32_t t) {
    return exp(lgamma(f->a + f->b) - lgamma(f->b) + lgamma(f->b + t) - lgamma(f->a + f->b + t));
}

double hx_contract_retention(const hx_contract_fit *f, uint32_t t) {
    return t ? (f->b + t - 1) / (f->a + f->b + t - 1) : 1;
}

double hx_contract_residual(const hx_contract_fit *f, uint32_t n, double rate) {
    double left = 1, sum = 0;
    if (!(rate >= 0)) return NAN;
    if (rate == 0) return f->a > 1 ? (f->b + n) / (f->a - 1) : INFINITY;
    for (double k = 1; k < 1e7; k++) {
        left *= (f->b + n + k - 1) / (f->a + f->b + n + k - 1) / (1 + rate);
        sum += left;
        if (left < 1e-16 * sum) break;
    }
    return sum;
}
