/* power.c - Box-Cox and Yeo-Johnson: values, inverses, exponents by maximum likelihood; the normal quantile.
 *
 * The likelihood of an exponent l is, but for constants,  -n/2 log var(y) + (l - 1) sum log |dy/dx at l = 0|.  For Box-Cox x is divided by its
 * geometric mean first, so that the second term is 0 and powers of large numbers do not overflow. The greatest is found on a grid, then by
 * Brent's method (Algorithms for Minimization without Derivatives, 5) between its neighbours.
 *
 * The normal quantile: Acklam's rational approximation, then Halley steps on erfc(). */
#include "frame/power.h"

#include <math.h>

#define GRID 0.5
#define EXPONENT_MAX 40.0
#define BRENT_ROUNDS 200
#define GOLDEN 0.3819660112501051

double hx_box_cox(double x, double l) {
    if (!(x > 0)) return NAN;
    return l == 0 ? log(x) : expm1(l * log(x)) / l;
}

double hx_box_cox_inverse(double y, double l) {
    if (l == 0) return exp(y);
    return l * y > -1 ? exp(log1p(l * y) / l) : (double)NAN;
}

double hx_yeo_johnson(double x, double l) {
    if (x >= 0) return hx_box_cox(1 + x, l);
    return x < 0 ? -hx_box_cox(1 - x, 2 - l) : (double)NAN;
}

double hx_yeo_johnson_inverse(double y, double l) {
    if (y >= 0) return hx_box_cox_inverse(y, l) - 1;
    return y < 0 ? 1 - hx_box_cox_inverse(-y, 2 - l) : (double)NAN;
}

/* ------------------------------------------------------------------ likelihood */
typedef struct {
    double *u; /* Box-Cox: log x less its mean; Yeo-Johnson: x */
    size_t n;
    double slope; /* of the second term */
    bool yeo;
} likelihood;

/* Less is better. */
static double cost(const likelihood *f, double l) {
    double mean = 0, squares = 0;
    for (size_t i = 0; i < f->n; i++) {
        const double u = f->u[i];
        const double y = f->yeo ? hx_yeo_johnson(u, l) : l == 0 ? u : expm1(l * u) / l;
        const double step = y - mean;
        mean += step / (double)(i + 1);
        squares += step * (y - mean);
    }
    const double value = 0.5 * log(squares / (double)f->n) - (l - 1) * f->slope;
    return isfinite(value) ? value : HUGE_VAL;
}

typedef struct {
    double low, high, x, w, v, fx, fw, fv, step, last;
} brent;

/* The next point: through a parabola where that is sensible, else golden section. */
static double propose(brent *b, double tolerance) {
    const double middle = 0.5 * (b->low + b->high);
    const double r = (b->x - b->w) * (b->fx - b->fv), q0 = (b->x - b->v) * (b->fx - b->fw);
    double p = (b->x - b->v) * q0 - (b->x - b->w) * r, q = 2 * (q0 - r);
    if (q > 0) p = -p;
    q = fabs(q);
    const double before = b->last;
    b->last = b->step;
    if (fabs(p) < fabs(0.5 * q * before) && p > q * (b->low - b->x) && p < q * (b->high - b->x)) {
        b->step = p / q;
        const double u = b->x + b->step;
        if (u - b->low < 2 * tolerance || b->high - u < 2 * tolerance)
            b->step = b->x < middle ? tolerance : -tolerance;
    } else {
        b->last = b->x < middle ? b->high - b->x : b->low - b->x;
        b->step = GOLDEN * b->last;
    }
    return b->x + (fabs(b->step) >= tolerance ? b->step : b->step > 0 ? tolerance : -tolerance);
}

static void accept(brent *b, double u, double fu) {
    if (fu <= b->fx) {
        if (u < b->x)
            b->high = b->x;
        else
            b->low = b->x;
        b->v = b->w, b->fv = b->fw;
        b->w = b->x, b->fw = b->fx;
        b->x = u, b->fx = fu;
        return;
    }
    if (u < b->x)
        b->low = u;
    else
        b->high = u;
    if (fu <= b->fw || b->w == b->x) {
        b->v = b->w, b->fv = b->fw;
        b->w = u, b->fw = fu;
    } else if (fu <= b->fv || b->v == b->x || b->v == b->w) {
        b->v = u, b->fv = fu;
    }
}

static double least(const likelihood *f, double low, double high) {
    const double x = low + GOLDEN * (high - low), fx = cost(f, x);
    brent b = {low, high, x, x, x, fx, fx, fx, 0, 0};
    for (int round = 0; round < BRENT_ROUNDS; round++) {
        const double tolerance = 1e-10 * fabs(b.x) + 1e-11;
        if (fabs(b.x - 0.5 * (b.low + b.high)) <= 2 * tolerance - 0.5 * (b.high - b.low)) break;
        const double u = propose(&b, tolerance);
        accept(&b, u, cost(f, u));
    }
    return b.x;
}

static double fit(const likelihood *f) {
    double best = 1, value = cost(f, 1);
    if (value >= HUGE_VAL) return 1;
    for (double l = -5; l <= 5; l += GRID) {
        const double at = cost(f, l);
        if (at < value) {
            value = at;
            best = l;
        }
    }
    for (double width = GRID; fabs(best) >= 5 && fabs(best) < EXPONENT_MAX; width = GRID) {
        const double next = best + (best > 0 ? width : -width), at = cost(f, next);
        if (at >= value) break;
        value = at;
        best = next;
    }
    return least(f, best - GRID, best + GRID);
}

static bool is_constant(const double *x, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0]) return false;
    return true;
}

double hx_box_cox_fit(const double *x, size_t n, double *room) {
    double mean = 0;
    if (is_constant(x, n)) return 1;
    for (size_t i = 0; i < n; i++) {
        room[i] = log(x[i]);
        mean += (room[i] - mean) / (double)(i + 1);
    }
    for (size_t i = 0; i < n; i++)
        room[i] -= mean;
    const likelihood f = {room, n, 0, false};
    return fit(&f);
}

double hx_yeo_johnson_fit(const double *x, size_t n, double *room) {
    double slope = 0;
    if (is_constant(x, n)) return 1;
    for (size_t i = 0; i < n; i++) {
        room[i] = x[i];
        slope += (copysign(log1p(fabs(x[i])), x[i]) - slope) / (double)(i + 1);
    }
    const likelihood f = {room, n, slope, true};
    return fit(&f);
}

/* ------------------------------------------------------------------ the normal distribution */
double hx_probit_inverse(double z) {
    return 0.5 * erfc(-z * 0.70710678118654752440);
}

static double approximate(double p) {
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00};
    if (p < 0.02425) {
        const double q = sqrt(-2 * log(p));
        return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
               ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    }
    const double q = p - 0.5, r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

double hx_probit(double p) {
    if (!(p > 0 && p < 1)) return p <= 0 ? -HUGE_VAL : p >= 1 ? HUGE_VAL : (double)NAN;
    if (p > 0.5) return -hx_probit(1 - p);
    double z = approximate(p);
    for (int i = 0; i < 2; i++) {
        const double u = (hx_probit_inverse(z) - p) * 2.50662827463100050242 * exp(0.5 * z * z);
        z -= u / (1 + 0.5 * z * u);
    }
    return z;
}
