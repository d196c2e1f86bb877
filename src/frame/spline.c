/* spline.c - slopes at the points and the cubic between two of them (Hermite's form).
 *
 *     between x_k and x_k + h, t = x - x_k, m = (y_{k+1} - y_k) / h, slopes a, b:
 *     y = y_k + t (a + t ((3 m - 2 a - b) / h + t (a + b - 2 m) / h^2))
 *
 * Cubic splines: continuous second derivatives give a tridiagonal system for the slopes (de Boor, A Practical Guide to Splines, IV), solved by
 * elimination; two points give a line, three not-a-knot points a parabola. PCHIP and Akima as scipy has them: PCHIP's ends by the
 * three-point formula that keeps the shape (Moler), Akima's with two more slopes beyond each end, undefined ones their mean. */
#include "frame/spline.h"

#include <math.h>

/* ------------------------------------------------------------------ cubic splines */
typedef struct {
    double *below, *middle, *above, *right; /* [n] of the tridiagonal system */
} system_of;

static double width(const hx_spline *s, size_t k) {
    return s->x[k + 1] - s->x[k];
}

static double rise(const hx_spline *s, size_t k) {
    return (s->y[k + 1] - s->y[k]) / width(s, k);
}

static void parabola(const hx_spline *s) {
    const double bend = (rise(s, 1) - rise(s, 0)) / (s->x[2] - s->x[0]);
    s->slopes[0] = rise(s, 0) - bend * width(s, 0);
    s->slopes[1] = rise(s, 0) + bend * width(s, 0);
    s->slopes[2] = rise(s, 1) + bend * width(s, 1);
}

static void ends_not_a_knot(const hx_spline *s, const system_of *e) {
    const size_t n = s->n;
    const double h0 = width(s, 0), h1 = width(s, 1), d = h0 + h1;
    const double g0 = width(s, n - 2), g1 = width(s, n - 3), f = g0 + g1;
    e->middle[0] = h1;
    e->above[0] = d;
    e->right[0] = ((h0 + 2 * d) * h1 * rise(s, 0) + h0 * h0 * rise(s, 1)) / d;
    e->middle[n - 1] = g1;
    e->below[n - 1] = f;
    e->right[n - 1] = (g0 * g0 * rise(s, n - 3) + (2 * f + g0) * g1 * rise(s, n - 2)) / f;
}

static void ends(const hx_spline *s, const system_of *e) {
    const size_t n = s->n;
    const bool natural = s->kind == HX_SPLINE_NATURAL;
    e->middle[0] = e->middle[n - 1] = natural ? 2 : 1;
    e->above[0] = e->below[n - 1] = natural ? 1 : 0;
    e->right[0] = natural ? 3 * rise(s, 0) : 0;
    e->right[n - 1] = natural ? 3 * rise(s, n - 2) : 0;
}

static void solve(const hx_spline *s, const system_of *e) {
    const size_t n = s->n;
    for (size_t k = 1; k < n; k++) {
        const double factor = e->below[k] / e->middle[k - 1];
        e->middle[k] -= factor * e->above[k - 1];
        e->right[k] -= factor * e->right[k - 1];
    }
    s->slopes[n - 1] = e->right[n - 1] / e->middle[n - 1];
    for (size_t k = n - 1; k-- > 0;)
        s->slopes[k] = (e->right[k] - e->above[k] * s->slopes[k + 1]) / e->middle[k];
}

static void fit_cubic(const hx_spline *s, double *room) {
    const size_t n = s->n;
    const system_of e = {room, room + n, room + 2 * n, room + 3 * n};
    if (s->kind == HX_SPLINE_NOT_A_KNOT && n == 3) {
        parabola(s);
        return;
    }
    for (size_t k = 1; k + 1 < n; k++) {
        e.below[k] = width(s, k);
        e.middle[k] = 2 * (width(s, k - 1) + width(s, k));
        e.above[k] = width(s, k - 1);
        e.right[k] = 3 * (width(s, k) * rise(s, k - 1) + width(s, k - 1) * rise(s, k));
    }
    if (s->kind == HX_SPLINE_NOT_A_KNOT)
        ends_not_a_knot(s, &e);
    else
        ends(s, &e);
    solve(s, &e);
}

/* ------------------------------------------------------------------ PCHIP */
static int sign(double v) {
    return (v > 0) - (v < 0);
}

static double end_slope(double h0, double h1, double m0, double m1) {
    const double d = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1);
    if (sign(d) != sign(m0)) return 0;
    if (sign(m0) != sign(m1) && fabs(d) > 3 * fabs(m0)) return 3 * m0;
    return d;
}

static void fit_pchip(const hx_spline *s) {
    const size_t n = s->n;
    for (size_t k = 1; k + 1 < n; k++) {
        const double before = rise(s, k - 1), after = rise(s, k);
        const double w1 = 2 * width(s, k) + width(s, k - 1), w2 = width(s, k) + 2 * width(s, k - 1);
        s->slopes[k] =
            sign(before) * sign(after) > 0 ? 1 / ((w1 / before + w2 / after) / (w1 + w2)) : 0;
    }
    s->slopes[0] = end_slope(width(s, 0), width(s, 1), rise(s, 0), rise(s, 1));
    s->slopes[n - 1] = end_slope(width(s, n - 2), width(s, n - 3), rise(s, n - 2), rise(s, n - 3));
}

/* ------------------------------------------------------------------ Akima */
#define AKIMA_SMALL 1e-9 /* of the greatest sum of bends: below it the slope is not defined */

static double bends(const double *m, size_t k) {
    return fabs(m[k + 3] - m[k + 2]) + fabs(m[k + 1] - m[k]);
}

static void fit_akima(const hx_spline *s, double *m) {
    const size_t n = s->n;
    double most = 0;
    for (size_t k = 0; k + 1 < n; k++)
        m[k + 2] = rise(s, k);
    m[1] = 2 * m[2] - m[3];
    m[0] = 2 * m[1] - m[2];
    m[n + 1] = 2 * m[n] - m[n - 1];
    m[n + 2] = 2 * m[n + 1] - m[n];
    for (size_t k = 0; k < n; k++)
        most = fmax(most, bends(m, k));
    for (size_t k = 0; k < n; k++) {
        const double all = bends(m, k), before = fabs(m[k + 1] - m[k]);
        s->slopes[k] = all > AKIMA_SMALL * most ? m[k + 1] + before / all * (m[k + 2] - m[k + 1])
                                                : 0.5 * (m[k + 3] + m[k]);
    }
}

/* ------------------------------------------------------------------ all */
void hx_spline_fit(hx_spline *s, double *room) {
    if (s->kind <= HX_SPLINE_NEAREST || s->n < 2) return;
    if (s->n == 2 && s->kind != HX_SPLINE_CLAMPED) {
        s->slopes[0] = s->slopes[1] = rise(s, 0);
        return;
    }
    if (s->kind == HX_SPLINE_PCHIP)
        fit_pchip(s);
    else if (s->kind == HX_SPLINE_AKIMA)
        fit_akima(s, room);
    else
        fit_cubic(s, room);
}

/* The piece of `at`: the last k with x_k <= at, of the first n - 1. */
static size_t piece_of(const hx_spline *s, double at) {
    size_t low = 0, high = s->n - 1;
    while (high - low > 1) {
        const size_t half = low + (high - low) / 2;
        if (s->x[half] <= at)
            low = half;
        else
            high = half;
    }
    return low;
}

double hx_spline_at(const hx_spline *s, double at) {
    if (s->n == 1) return s->y[0];
    const size_t k = piece_of(s, at);
    const double h = width(s, k), t = at - s->x[k], m = rise(s, k);
    if (s->kind == HX_SPLINE_NEAREST) return t <= h / 2 ? s->y[k] : s->y[k + 1];
    if (s->kind == HX_SPLINE_LINEAR) return s->y[k] + m * t;
    const double a = s->slopes[k], b = s->slopes[k + 1];
    return s->y[k] + t * (a + t * ((3 * m - 2 * a - b) / h + t * ((a + b - 2 * m) / (h * h))));
}
