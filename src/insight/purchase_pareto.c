/* purchase_pareto.c - Pareto/NBD: customers who may stop at any time.
 *
 * With x repeat purchases, the last at t, and age T (Schmittlein, Morrison, Colombo 1987; the integral as it stands before hypergeometric functions
 * are put in its place, since its derivatives by all four parameters are integrals of the same kind):
 *
 *     L = G(r + x) alpha^r beta^s / G(r)  { (alpha + T)^-(r + x) (beta + T)^-s  +  s int_t^T (alpha + y)^-(r + x) (beta + y)^-(s + 1) dy }
 *
 * The first part is that of being alive. Over u = log(c + y), c the smaller of alpha and beta, the integrand is as smooth as exp(-k u),
 * k <= r + x + s + 1: rules of Gauss and Legendre with 16 points on panels of length 8 / k, at most 1, are exact to the last digits; they end where nothing
 * is left to add. All is taken relative to (alpha + t)^-(r + x) (beta + t)^-(s + 1), so that nothing underflows. */
#include <math.h>

#include "insight/purchase.h"
#include "learn/special.h"

enum { PARETO_NODES = 8 }; /* of one half of the rule */

static const double pareto_node[PARETO_NODES] = {0.0950125098376374401853, 0.281603550779258913230,
                                                 0.458016777657227386342,  0.617876244402643748447,
                                                 0.755404408355003033895,  0.865631202387831743880,
                                                 0.944575023073232576078,  0.989400934991649932596};
static const double pareto_weight[PARETO_NODES] = {
    0.189450610455068496285,  0.182603415044923588867, 0.169156519395002538189,
    0.149595988816576732082,  0.124628971255533872052, 0.0951585116824927848099,
    0.0622535239386478928628, 0.0271524594117540948518};

static hx_slope of_count(const double *p, uint32_t x) {
    double r = p[0], a = log(p[1]), b = log(p[3]);
    return (hx_slope){lgamma(r + x) - lgamma(r) + r * a + p[2] * b,
                      {hx_digamma(r + x) - hx_digamma(r) + a, r / p[1], b, p[2] / p[3]}};
}

typedef struct {
    double r, alpha, s, beta; /* r + x */
    double log_alpha, log_beta; /* logarithms of alpha + t, beta + t */
    double sum; /* of alive and stopped */
    double alive;
    double by[4]; /* sums of derivatives */
} pareto_parts;

/* Adds s (alpha + y)^-r (beta + y)^-(s + 1) dy at c + y = e. */
static void add_at(pareto_parts *q, double e, double c, double dy) {
    double y = e - c, la = log(q->alpha + y), lb = log(q->beta + y);
    double f = q->s * dy * exp(-q->r * (la - q->log_alpha) - (q->s + 1) * (lb - q->log_beta));
    q->sum += f;
    q->by[0] -= f * la;
    q->by[1] -= f * q->r / (q->alpha + y);
    q->by[2] += f * (1 / q->s - lb);
    q->by[3] -= f * (q->s + 1) / (q->beta + y);
}

static void add_panel(pareto_parts *q, double c, double from, double to) {
    double middle = (from + to) / 2, half = (to - from) / 2;
    for (int i = 0; i < PARETO_NODES; i++)
        for (int side = -1; side <= 1; side += 2) {
            double e = exp(middle + side * half * pareto_node[i]);
            add_at(q, e, c, pareto_weight[i] * half * e);
        }
}

static pareto_parts parts_of(const double *p, const hx_purchases *row) {
    pareto_parts q = {.r = p[0] + row->x, .alpha = p[1], .s = p[2], .beta = p[3]};
    double la = log(p[1] + row->age), lb = log(p[3] + row->age);
    q.log_alpha = log(p[1] + row->last);
    q.log_beta = log(p[3] + row->last);
    double f = (p[3] + row->age) * exp(-q.r * (la - q.log_alpha) - (q.s + 1) * (lb - q.log_beta));
    q.alive = q.sum = f;
    q.by[0] = -f * la;
    q.by[1] = -f * q.r / (p[1] + row->age);
    q.by[2] = -f * lb;
    q.by[3] = -f * q.s / (p[3] + row->age);
    double c = fmin(p[1], p[3]), at = log(c + row->last), end = log(c + row->age);
    double step = fmin(1, 8 / (q.r + q.s + 1));
    for (double before = 0; at < end && q.sum > before * (1 + 1e-17);) {
        double to = end - at < step * 1.001 ? end : at + step;
        before = q.sum;
        add_panel(&q, c, at, to);
        at = to;
    }
    return q;
}

static hx_slope of_times(const double *p, const hx_purchases *row, const double logs[2]) {
    (void)logs;
    pareto_parts q = parts_of(p, row);
    hx_slope out = {log(q.sum) - q.r * q.log_alpha - (q.s + 1) * q.log_beta, {0}};
    for (int i = 0; i < 4; i++)
        out.by[i] = q.by[i] / q.sum;
    return out;
}

static double alive(const double *p, const hx_purchases *row) {
    pareto_parts q = parts_of(p, row);
    return q.alive / q.sum;
}

/* (1 - exp(-z w)) / z, also at z = 0. */
static double saturated(double z, double w) {
    return fabs(z) < 1e-12 ? w : -expm1(-z * w) / z;
}

static double active(const double *p, uint32_t x, double age, double t) {
    double end = p[3] + age;
    return (p[0] + x) / (p[1] + age) * end * saturated(p[2] - 1, log((end + t) / end));
}

static double expected(const double *p, const hx_purchases *row, double t) {
    return t > 0 ? alive(p, row) * active(p, row->x, row->age, t) : 0;
}

static double fresh(const double *p, double t) {
    return t > 0 ? active(p, 0, 0, t) : 0;
}

static double nbd(const double *p, double x, double t) {
    double end = p[1] + t;
    return exp(lgamma(p[0] + x) - lgamma(p[0]) - lgamma(x + 1) + p[0] * log(p[1] / end) +
               (x > 0 ? x * log(t / end) : 0));
}

static double stopped_then(const double *p, uint32_t x, double y) {
    return nbd(p, x, y) * p[2] / p[3] * exp(-(p[2] + 1) * log1p(y / p[3]));
}

static double count(const double *p, uint32_t x, double t) {
    if (!(t > 0)) return x == 0;
    double c = fmin(p[1], p[3]), at = log(c), end = log(c + t);
    double sum = nbd(p, x, t) * exp(-p[2] * log1p(t / p[3]));
    double panels = fmax(1, ceil((end - at) * fmax(1, (p[0] + x + p[2] + 1) / 8)));
    double half = (end - at) / panels / 2;
    for (double k = 0; k < panels; k++)
        for (int i = 0; i < PARETO_NODES; i++)
            for (int side = -1; side <= 1; side += 2) {
                double e = exp(at + half * (2 * k + 1 + side * pareto_node[i]));
                sum += pareto_weight[i] * half * e * stopped_then(p, x, e - c);
            }
    return sum;
}

const hx_purchase_kind hx_purchase_pareto = {.id = "pareto-nbd",
                                             .name = "Pareto/NBD",
                                             .parameters = {"r", "alpha", "s", "beta"},
                                             .two_times = true,
                                             .of_count = of_count,
                                             .of_times = of_times,
                                             .alive = alive,
                                             .expected = expected,
                                             .fresh = fresh,
                                             .count = count};
