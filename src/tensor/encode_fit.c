/* encode_fit.c - least-squares searches for the scale (and minimum) of a group of weights.
 *
 * Rounding makes the error a rugged function of the scale. As in ggml's make_qx_quants and make_qkx2_quants a handful of scales
 * around the obvious one is tried; for each the codes are fixed and the best scale for these codes follows in closed form:
 *
 *     x ~ s q:      s = Sxq / Sqq                    the error falls by Sxq^2 / Sqq
 *     x ~ s q + m:  s = (Sw Sxq - Sx Sq) / D,  m = (Sqq Sx - Sq Sxq) / D,  D = Sw Sqq - Sq^2
 *
 * where S.. are sums weighted by w. The best range is polished: nearest codes for the line, best line for the codes, in turn. */
#include <math.h>

#include "tensor/encode.h"

#define SCALE_STEPS 9 /* to both sides, each 0.1 codes */
#define RANGE_STEPS 20 /* from top - 1 to top + 1 codes in the range */
#define POLISHINGS 3
#define TINY 1e-30f /* less is zero in F16 scales anyway, and its inverse might overflow */

static void scale_codes(const float *x, size_t n, float inverse, float top, float *q) {
    for (size_t i = 0; i < n; i++)
        q[i] = hx_clamp(hx_round_small(x[i] * inverse), -top, top - 1);
}

static void scale_sums(const float *x, const float *w, const float *q, size_t n, float *xq,
                       float *qq) {
    float a[HX_LANES] = {0}, b[HX_LANES] = {0};
    for (size_t i = 0; i < n; i += HX_LANES) {
        for (size_t l = 0; l < HX_LANES; l++) {
            float wq = w[i + l] * q[i + l];
            a[l] += wq * x[i + l];
            b[l] += wq * q[i + l];
        }
    }
    *xq = hx_sum_lanes(a);
    *qq = hx_sum_lanes(b);
}

static float extreme_of(const float *x, size_t n) {
    float extreme = 0;
    for (size_t i = 0; i < n; i++)
        if (fabsf(x[i]) > fabsf(extreme)) extreme = x[i];
    return extreme;
}

float hx__fit_scale(const float *x, const float *w, size_t n, int top, float *q) {
    float extreme = extreme_of(x, n), inverse = 0, best = -1, scale = 0;
    for (size_t i = 0; i < n; i++)
        q[i] = 0;
    if (fabsf(extreme) < TINY) return 0;
    for (int step = -SCALE_STEPS; step <= SCALE_STEPS; step++) {
        float xq, qq, tried = -((float)top + 0.1f * (float)step) / extreme;
        scale_codes(x, n, tried, (float)top, q);
        scale_sums(x, w, q, n, &xq, &qq);
        if (!(qq > 0) || !(xq * xq > best * qq)) continue;
        best = xq * xq / qq;
        scale = xq / qq;
        inverse = tried;
    }
    scale_codes(x, n, inverse, (float)top, q);
    return scale;
}

typedef struct {
    float w, x, q, xq, qq;
} range_sums;

static range_sums sum_range(const float *x, const float *w, const float *q, size_t n) {
    float a[HX_LANES] = {0}, b[HX_LANES] = {0}, c[HX_LANES] = {0};
    float d[HX_LANES] = {0}, e[HX_LANES] = {0};
    for (size_t i = 0; i < n; i += HX_LANES) {
        for (size_t l = 0; l < HX_LANES; l++) {
            float wq = w[i + l] * q[i + l];
            a[l] += w[i + l];
            b[l] += w[i + l] * x[i + l];
            c[l] += wq;
            d[l] += wq * x[i + l];
            e[l] += wq * q[i + l];
        }
    }
    return (range_sums){hx_sum_lanes(a), hx_sum_lanes(b), hx_sum_lanes(c), hx_sum_lanes(d),
                        hx_sum_lanes(e)};
}

/* The best line through the codes; false where they are all equal. */
static bool solve_range(const range_sums *s, bool sinks, hx_fit *out) {
    float d = s->w * s->qq - s->q * s->q;
    if (!(d > 0)) return false;
    *out = (hx_fit){(s->w * s->xq - s->x * s->q) / d, (s->qq * s->x - s->q * s->xq) / d};
    if (sinks && out->m > 0) *out = (hx_fit){s->xq / s->qq, 0};
    return out->s > 0;
}

static float residual(const float *x, const float *w, const float *q, size_t n, hx_fit f) {
    float a[HX_LANES] = {0};
    for (size_t i = 0; i < n; i += HX_LANES) {
        for (size_t l = 0; l < HX_LANES; l++) {
            float e = f.s * q[i + l] + f.m - x[i + l];
            a[l] += w[i + l] * e * e;
        }
    }
    return hx_sum_lanes(a);
}

static void range_codes(const float *x, size_t n, float inverse, float m, float low, float high,
                        float *q) {
    for (size_t i = 0; i < n; i++)
        q[i] = hx_clamp(hx_round_small((x[i] - m) * inverse), low, high);
}

float hx__fit_codes(const float *x, const float *w, size_t n, hx_fit f, float low, float high,
                    float *q) {
    float inverse = fabsf(f.s) < TINY ? 0 : 1 / f.s;
    /* The clamp before rounding keeps the rounding trick in its range where a scale has shrunk to almost nothing. */
    for (size_t i = 0; i < n; i++)
        q[i] = hx_round_small(hx_clamp((x[i] - f.m) * inverse, low, high));
    return residual(x, w, q, n, f);
}

/* Takes the best line through `tried` where it beats `error`. */
static bool range_improve(const float *x, const float *w, size_t n, bool sinks, const float *tried,
                          float *q, hx_fit *best, float *error) {
    hx_fit f;
    range_sums sums = sum_range(x, w, tried, n);
    if (!solve_range(&sums, sinks, &f)) return false;
    float e = residual(x, w, tried, n, f);
    if (!(e < *error)) return false;
    *error = e;
    *best = f;
    memcpy(q, tried, n * sizeof *q);
    return true;
}

hx_fit hx__fit_range(const float *x, const float *w, size_t n, int top, bool sinks, float *q) {
    float min = x[0], max = x[0], tried[HX_FIT_MAX] = {0};
    for (size_t i = 1; i < n; i++) {
        min = x[i] < min ? x[i] : min;
        max = x[i] > max ? x[i] : max;
    }
    if (sinks && min > 0) min = 0;
    for (size_t i = 0; i < n; i++)
        q[i] = 0;
    if (max - min < TINY) return (hx_fit){0, min};
    hx_fit best = {(max - min) / (float)top, min};
    float error = hx__fit_codes(x, w, n, best, 0, (float)top, q);
    for (int step = 0; step <= RANGE_STEPS; step++) {
        float inverse = ((float)top - 1 + 0.1f * (float)step) / (max - min);
        range_codes(x, n, inverse, min, 0, (float)top, tried);
        (void)range_improve(x, w, n, sinks, tried, q, &best, &error);
    }
    for (int i = 0; i < POLISHINGS; i++) {
        (void)hx__fit_codes(x, w, n, best, 0, (float)top, tried);
        if (!range_improve(x, w, n, sinks, tried, q, &best, &error)) break;
    }
    return best;
}
