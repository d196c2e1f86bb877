/* special.c - distributions; see special.h. */
#include "learn/special.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define TERMS_MAX 100000
#define TINY 1e-300

static double gamma_series(double a, double x) {
    double term = 1 / a, sum = term;
    for (int n = 1; n < TERMS_MAX && fabs(term) > fabs(sum) * DBL_EPSILON / 4; n++) {
        term *= x / (a + n);
        sum += term;
    }
    return sum * exp(a * log(x) - x - lgamma(a));
}

static double gamma_fraction(double a, double x) {
    double b = x + 1 - a, c = 1 / TINY, d = 1 / b, h = d;
    for (int n = 1; n < TERMS_MAX; n++) {
        double an = -n * (n - a);
        b += 2;
        d = an * d + b;
        c = b + an / c;
        if (fabs(d) < TINY) d = TINY;
        if (fabs(c) < TINY) c = TINY;
        d = 1 / d;
        h *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON) break;
    }
    return h * exp(a * log(x) - x - lgamma(a));
}

double hx_gamma_lower(double a, double x) {
    if (!(x > 0)) return isnan(x) || isnan(a) ? NAN : 0;
    if (isinf(x)) return 1;
    return x < a + 1 ? gamma_series(a, x) : 1 - gamma_fraction(a, x);
}

double hx_gamma_upper(double a, double x) {
    if (!(x > 0)) return isnan(x) || isnan(a) ? NAN : 1;
    if (isinf(x)) return 0;
    return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

static double beta_fraction(double a, double b, double x) {
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    if (fabs(d) < TINY) d = TINY;
    d = 1 / d;
    double h = d;
    for (int m = 1; m < TERMS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int half = 0; half < 2; half++) {
            double term = half == 0 ? even : odd;
            d = 1 + term * d;
            c = 1 + term / c;
            if (fabs(d) < TINY) d = TINY;
            if (fabs(c) < TINY) c = TINY;
            d = 1 / d;
            h *= d * c;
        }
        if (fabs(d * c - 1) < DBL_EPSILON) break;
    }
    return h;
}

double hx_beta_share(double a, double b, double x) {
    if (isnan(a) || isnan(b) || isnan(x)) return NAN;
    if (!(x > 0)) return 0;
    if (!(x < 1)) return 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double hx_normal_cdf(double z) {
    return erfc(-z / sqrt(2)) / 2;
}

double hx_chi2_tail(double x, double freedom) {
    return hx_gamma_upper(freedom / 2, x / 2);
}

double hx_f_tail(double x, double freedom_1, double freedom_2) {
    if (isnan(x)) return NAN;
    if (!(x > 0)) return 1;
    return hx_beta_share(freedom_2 / 2, freedom_1 / 2, freedom_2 / (freedom_2 + freedom_1 * x));
}

double hx_student_tails(double t, double freedom) {
    if (isnan(t)) return NAN;
    return hx_beta_share(freedom / 2, 0.5, freedom / (freedom + t * t));
}

/* The argument in [low, high] at which a rising distribution is p. */
static double invert(double (*cdf)(double x, double parameter), double parameter, double p,
                     double low, double high) {
    for (int i = 0; i < 2000 && high - low > 0; i++) {
        double middle = low + (high - low) / 2;
        if (middle == low || middle == high) break;
        if (cdf(middle, parameter) < p)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

static double normal_of(double z, double unused) {
    (void)unused;
    return hx_normal_cdf(z);
}

static double student_of(double t, double freedom) {
    double half = t * t < 1 /* near the middle the share there says more than that of the tails */
                      ? (1 - hx_beta_share(0.5, freedom / 2, t * t / (freedom + t * t))) / 2
                      : hx_student_tails(t, freedom) / 2;
    return t > 0 ? 1 - half : half;
}

double hx_normal_quantile(double p) {
    if (!(p > 0 && p < 1)) return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
    if (p > 0.5) return -hx_normal_quantile(1 - p);
    return invert(normal_of, 0, p, -40, 0);
}

double hx_student_quantile(double p, double freedom) {
    if (!(p > 0 && p < 1) || !(freedom > 0)) return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
    if (p == 0.5) return 0;
    if (p > 0.5) return -hx_student_quantile(1 - p, freedom);
    double low = -1;
    while (student_of(low, freedom) > p && low > -1e300)
        low *= 2;
    return invert(student_of, freedom, p, low, 0);
}

double hx_digamma(double x) {
    double sum = 0;
    if (!(x > 0)) return NAN;
    for (; x < 12; x++)
        sum -= 1 / x;
    double f = 1 / (x * x);
    return sum + log(x) - 0.5 / x -
           f * (1.0 / 12 - f * (1.0 / 120 - f * (1.0 / 252 - f * (1.0 / 240 - f * (1.0 / 132)))));
}
