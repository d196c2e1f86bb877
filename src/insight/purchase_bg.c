/* purchase_bg.c - BG/NBD and MBG/NBD: customers who may stop behind a purchase.
 *
 * With x repeat purchases, the last at t, age T, and d = 0 for BG/NBD (stops behind a repeat purchase) or 1 for MBG/NBD (behind the first, too):
 *
 *     L = G(r + x) alpha^r / G(r)  { B(a, b + x + d) / B(a, b) (alpha + T)^-(r + x)  +  B(a + 1, b + x + d - 1) / B(a, b) (alpha + t)^-(r + x) },
 *
 * the second part only where x + d > 0. Its logarithm is a part of x alone, -(r + x) log(alpha + T), and log(1 + odds) where
 *
 *     odds = a / (b + x + d - 1)  ((alpha + T) / (alpha + t))^(r + x)
 *
 * of having stopped; the probability of being alive is 1 / (1 + odds). Expected purchases in (T, T + s] of an active customer:
 *
 *     (a + b + x + d - 1) / (a - 1)  { 1 - ((alpha + T) / (alpha + T + s))^(r + x)  2F1(r + x, b + x + d; a + b + x + d - 1; s / (alpha + T + s)) }
 *
 * (Fader, Hardie, Lee 2005, formulas 7, 9 and 10; Batislam et al. 2007), those of a new customer with x = T = 0 and, for MBG/NBD, the first
 * purchase's chance to be the last among them. At a = 1 both factors vanish: the mean of two neighbours is taken. Repeat purchases of a new
 * customer in (0, s]: alive all the time and x purchases, or stopped behind the x-th. */
#include <math.h>

#include "insight/purchase.h"
#include "learn/special.h"

#define BG_NEAR_ONE 1e-5

static hx_slope of_count(const double *p, uint32_t x, unsigned d) {
    double r = p[0], alpha = p[1], a = p[2], b = p[3], n = x + d;
    double sum = hx_digamma(a + b) - hx_digamma(a + b + n);
    return (hx_slope){lgamma(r + x) - lgamma(r) + r * log(alpha) + lgamma(a + b) + lgamma(b + n) -
                          lgamma(b) - lgamma(a + b + n),
                      {hx_digamma(r + x) - hx_digamma(r) + log(alpha), r / alpha, sum,
                       sum + hx_digamma(b + n) - hx_digamma(b)}};
}

static double log_odds(const double *p, const hx_purchases *row, unsigned d) {
    if (!(row->x + d)) return -INFINITY;
    return log(p[2] / (p[3] + row->x + d - 1)) +
           (p[0] + row->x) * log((p[1] + row->age) / (p[1] + row->last));
}

static hx_slope of_times(const double *p, const hx_purchases *row, const double logs[2],
                         unsigned d) {
    double n = p[0] + row->x, last = logs[0], end = logs[1];
    if (!(row->x + d)) return (hx_slope){-n * end, {-end, -n / (p[1] + row->age), 0, 0}};
    double b = p[3] + row->x + d - 1;
    double odds = log(p[2] / b) + n * (end - last), e = exp(-fabs(odds));
    double stopped = (odds > 0 ? 1 : e) / (1 + e);
    return (hx_slope){-n * end + fmax(odds, 0) + log1p(e),
                      {-(1 - stopped) * end - stopped * last,
                       -n * ((1 - stopped) / (p[1] + row->age) + stopped / (p[1] + row->last)),
                       stopped / p[2], -stopped / b}};
}

static double alive(const double *p, const hx_purchases *row, unsigned d) {
    return 1 / (1 + exp(log_odds(p, row, d)));
}

/* Of one who still buys; `first` is the shape behind the purchases so far. */
static double active(const double *p, double a, uint32_t x, double b, double age, double t) {
    double n = p[0] + x, c = a + b - 1, end = p[1] + age;
    return c / (a - 1) *
           (1 - exp(n * log(end / (end + t))) * hx__hypergeometric(n, b, c, t / (end + t)));
}

static double expected_of(const double *p, uint32_t x, unsigned d, double age, double t) {
    double b = p[3] + x + d;
    if (fabs(p[2] - 1) < BG_NEAR_ONE || fabs(p[2] + b - 1) < BG_NEAR_ONE)
        return (active(p, p[2] - 4 * BG_NEAR_ONE, x, b, age, t) +
                active(p, p[2] + 4 * BG_NEAR_ONE, x, b, age, t)) /
               2;
    return active(p, p[2], x, b, age, t);
}

static double expected(const double *p, const hx_purchases *row, unsigned d, double t) {
    return t > 0 ? alive(p, row, d) * expected_of(p, row->x, d, row->age, t) : 0;
}

static double fresh(const double *p, unsigned d, double t) {
    if (!(t > 0)) return 0;
    return expected_of(p, 0, d, 0, t) * (d ? p[3] / (p[2] + p[3]) : 1);
}

/* x purchases of a gamma-mixed Poisson process in (0, t]. */
static double nbd(const double *p, double x, double t) {
    double end = p[1] + t;
    return exp(lgamma(p[0] + x) - lgamma(p[0]) - lgamma(x + 1) + p[0] * log(p[1] / end) +
               (x > 0 ? x * log(t / end) : 0));
}

static double count(const double *p, unsigned d, uint32_t x, double t) {
    double a = p[2], b = p[3], n = x + d, below = 0;
    double base = lgamma(a + b) - lgamma(b);
    if (!(t > 0)) return x == 0;
    double here = exp(base + lgamma(b + n) - lgamma(a + b + n)) * nbd(p, x, t);
    if (n < 1) return here;
    for (uint32_t j = 0; j < x; j++)
        below += nbd(p, j, t);
    return here + exp(base + log(a) + lgamma(b + n - 1) - lgamma(a + b + n)) * fmax(0, 1 - below);
}

static hx_slope bg_of_count(const double *p, uint32_t x) {
    return of_count(p, x, 0);
}
static hx_slope bg_of_times(const double *p, const hx_purchases *row, const double logs[2]) {
    return of_times(p, row, logs, 0);
}
static double bg_alive(const double *p, const hx_purchases *row) {
    return alive(p, row, 0);
}
static double bg_expected(const double *p, const hx_purchases *row, double t) {
    return expected(p, row, 0, t);
}
static double bg_fresh(const double *p, double t) {
    return fresh(p, 0, t);
}
static double bg_count(const double *p, uint32_t x, double t) {
    return count(p, 0, x, t);
}

static hx_slope mbg_of_count(const double *p, uint32_t x) {
    return of_count(p, x, 1);
}
static hx_slope mbg_of_times(const double *p, const hx_purchases *row, const double logs[2]) {
    return of_times(p, row, logs, 1);
}
static double mbg_alive(const double *p, const hx_purchases *row) {
    return alive(p, row, 1);
}
static double mbg_expected(const double *p, const hx_purchases *row, double t) {
    return expected(p, row, 1, t);
}
static double mbg_fresh(const double *p, double t) {
    return fresh(p, 1, t);
}
static double mbg_count(const double *p, uint32_t x, double t) {
    return count(p, 1, x, t);
}

const hx_purchase_kind hx_purchase_bg = {.id = "bg-nbd",
                                         .name = "BG/NBD",
                                         .parameters = {"r", "alpha", "a", "b"},
                                         .of_count = bg_of_count,
                                         .of_times = bg_of_times,
                                         .alive = bg_alive,
                                         .expected = bg_expected,
                                         .fresh = bg_fresh,
                                         .count = bg_count};

const hx_purchase_kind hx_purchase_mbg = {.id = "mbg-nbd",
                                          .name = "MBG/NBD",
                                          .parameters = {"r", "alpha", "a", "b"},
                                          .of_count = mbg_of_count,
                                          .of_times = mbg_of_times,
                                          .alive = mbg_alive,
                                          .expected = mbg_expected,
                                          .fresh = mbg_fresh,
                                          .count = mbg_count};
