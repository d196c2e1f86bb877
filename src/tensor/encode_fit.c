/* encode_fit.c - least-squares searches for the scale (and minimum) of a group of weights.
 *
 * Rounding makes the error a rugged function of the scale. As in ggml's make_qx_quants and make_qkx2_quants a handful of scales
 * around the obvious one is tried; for each the codes are fixed and the best scale for these codes follows in closed form:
 *
 *     x ~ s q:      s = Sxq / Sqq                    the error falls by Sxq^2 / Sqq
 *     x ~ s q + m:  s = (Sw Sxq - Sx Sq) / D,  m = (Sqq Sx - Sq Sxq) / D,  D = Sw Sqq - Sq^2;  error Sxx - s Sxq - m Sx
 *
 * where S.. are sums weighted by w. The best range is polished: nearest codes for the line, best line for the codes, in turn. */
#include <math.h>

#include "tensor/encode.h"

#define SCALE_STEPS 9 /* to both sides, each 0.1 codes */
#define RANGE_STEPS 21 /* from top - 1 to top + 1 codes in the range */
#define RANGE_STEP 0.1f
#define POLISHINGS 3
#define TINY 1e-30f /* less is zero in F16 scales anyway, and its inverse might overflow */

/* The weighted sums over the codes that an inverse scale gives. */
static void scale_sums(const float *x, const float *w, size_t n, float inverse, float top,
                       float *xq, float *qq) {
    float a[HX_LANES] = {0}, b[HX_LANES] = {0};
    for (size_t i = 0; i < n; i += HX_LANES) {
        for (size_t l = 0; l < HX_LANES; l++) {
            float q = hx_clamp(hx_round_small(x[i + l] * inverse), -top, top - 1);
            float wq = w[i + l] * q;
            a[l] += wq * x[i + l];
            b[l] += wq * q;
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
        scale_sums(x, w, n, tried, (float)top, &xq, &qq);
        if (!(qq > 0) || !(xq * xq > best * qq)) continue;
        best = xq * xq / qq;
        scale = xq / qq;
        inverse = tried;
    }
    for (size_t i = 0; i < n; i++)
        q[i] = hx_clamp(hx_round_small(x[i] * inverse), -(float)top, (float)top - 1);
    return scale;
}

/* Weighted sums over a group: of 1, x, x^2, and of the codes. */
typedef struct {
    float w, x, xx, q, xq, qq;
} range_sums;

static range_sums sum_numbers(const float *x, const float *w, size_t n) {
    float a[HX_LANES] = {0}, b[HX_LANES] = {0}, c[HX_LANES] = {0};
    for (size_t i = 0; i < n; i += HX_LANES) {
        for (size_t l = 0; l < HX_LANES; l++) {
            float wx = w[i + l] * x[i + l];
            a[l] += w[i + l];
            b[l] += wx;
            c[l] += wx * x[i + l];
        }
    }
    return (range_sums){.w = hx_sum_lanes(a), .x = hx_sum_lanes(b), .xx = hx_sum_lanes(c)};
}

/* Adds the sums over the codes that the line m + q / inverse gives. */
static void sum_codes(const float *x, const float *w, size_t n, float inverse, float m, float top,
                      range_sums *s) {
    float a[HX_LANES] = {0}, b[HX_LANES] = {0}, c[HX_LANES] = {0};
    for (size_t i = 0; i < n; i += HX_LANES) {
        for (size_t l = 0; l < HX_LANES; l++) {
            float q = hx_round_small(hx_clamp((x[i + l] - m) * inverse, 0, top));
            float wq = w[i + l] * q;
            a[l] += wq;
            b[l] += wq * x[i + l];
            c[l] += wq * q;
        }
    }
    s->q = hx_sum_lanes(a);
    s->xq = hx_sum_lanes(b);
    s->qq = hx_sum_lanes(c);
}

/* The best line through the codes, and its error; false where they are all equal. */
static bool solve_range(const range_sums *s, bool sinks, hx_fit *out, float *error) {
    float d = s->w * s->qq - s->q * s->q;
    if (!(d > 0)) return false;
    *out = (hx_fit){(s->w * s->xq - s->x * s->q) / d, (s->qq * s->x - s->q * s->xq) / d};
    if (sinks && out->m > 0) *out = (hx_fit){s->xq / s->qq, 0};
    *error = s->xx - out->s * s->xq - out->m * s->x;
    return out->s > TINY;
}

float hx__fit_codes(const float *x, const float *w, size_t n, hx_fit f, float low, float high,
                    float *q) {
    float inverse = fabsf(f.s) < TINY ? 0 : 1 / f.s, a[HX_LANES] = {0};
    /* The clamp before rounding keeps the rounding trick in its range where a scale has shrunk to almost nothing. */
    for (size_t i = 0; i < n; i += HX_LANES) {
        for (size_t l = 0; l < HX_LANES; l++) {
            float code = hx_round_small(hx_clamp((x[i + l] - f.m) * inverse, low, high));
            float e = f.s * code + f.m - x[i + l];
            q[i + l] = code;
            a[l] += w[i + l] * e * e;
        }
    }
    return hx_sum_lanes(a);
}

hx_fit hx__fit_range(const float *x, const float *w, size_t n, int top, bool sinks, float *q) {
    float min = x[0], max = x[0];
    for (size_t i = 1; i < n; i++) {
        min = x[i] < min ? x[i] : min;
        max = x[i] > max ? x[i] : max;
    }
    if (sinks && min > 0) min = 0;
    for (size_t i = 0; i < n; i++)
        q[i] = 0;
    if (max - min < TINY) return (hx_fit){0, min};
    range_sums sums = sum_numbers(x, w, n);
    hx_fit f, best = {(max - min) / (float)top, min};
    float e, error = hx__fit_codes(x, w, n, best, 0, (float)top, q);
    for (int step = 0; step < RANGE_STEPS + POLISHINGS; step++) {
        bool is_search = step < RANGE_STEPS;
        float inverse =
            is_search ? ((float)top - 1 + RANGE_STEP * (float)step) / (max - min) : 1 / best.s;
        sum_codes(x, w, n, inverse, is_search ? min : best.m, (float)top, &sums);
        if (solve_range(&sums, sinks, &f, &e) && e < error) {
            error = e;
            best = f;
        } else if (!is_search) {
            break;
        }
    }
    (void)hx__fit_codes(x, w, n, best, 0, (float)top, q);
    return best;
}
