/* loops_body.h - the source of loops.h; a file includes it after defining HX_NN_LOOPS, the name of the table. For loops*.c only.
 *
 * Plain C that compilers turn into the vector instructions of the file's flags. No expression may depend on those: no fused multiply-add
 * (-ffp-contract=off), no libm but sqrtf, sums in the lanes that loops.h states.
 * exp(x) = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2, e^r by a polynomial of degree 7 (coefficients of Cephes' expf); x is brought
 * into [-87, 88] first; relative error below 3e-7. */
#include <math.h>
#include <string.h>

#include "nn/loops.h"

#define LANES 16
#define ROUNDER 12582912.0f /* 1.5 * 2^23: adding it leaves the nearest integer in the low bits */

static inline float exp_one(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float n = x * 1.44269504f + ROUNDER;
    uint32_t bits;
    memcpy(&bits, &n, sizeof bits);
    n -= ROUNDER;
    float r = x - n * 0.693359375f - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    bits = (bits << 23) + 0x3f800000u;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

static inline float lanes_sum(float *s) {
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++)
            s[j] += s[j + half];
    return s[0];
}

static float dot_loop(const float *x, const float *y, size_t n) {
    float s[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            s[j] += x[i + j] * y[i + j];
    for (size_t j = 0; i + j < n; j++)
        s[j] += x[i + j] * y[i + j];
    return lanes_sum(s);
}

static double squares_loop(const float *x, size_t n) {
    double s[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            s[j] += (double)x[i + j] * (double)x[i + j];
    for (size_t j = 0; i + j < n; j++)
        s[j] += (double)x[i + j] * (double)x[i + j];
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++)
            s[j] += s[j + half];
    return s[0];
}

static float max_loop(const float *x, size_t n) {
    float s[LANES];
    for (size_t j = 0; j < LANES; j++)
        s[j] = x[j < n ? j : 0];
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            s[j] = x[i + j] > s[j] ? x[i + j] : s[j];
    for (size_t j = 0; i + j < n; j++)
        s[j] = x[i + j] > s[j] ? x[i + j] : s[j];
    float top = s[0];
    for (size_t j = 1; j < LANES; j++)
        top = s[j] > top ? s[j] : top;
    return top;
}

static float exp_sum_loop(const float *x, size_t n, float scale, float shift, float *y) {
    float s[LANES] = {0};
    for (size_t i = 0; i < n; i++)
        y[i] = exp_one(x[i] * scale - shift);
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            s[j] += y[i + j];
    for (size_t j = 0; i + j < n; j++)
        s[j] += y[i + j];
    return lanes_sum(s);
}

static void add_scaled_loop(const float *x, size_t n, float a, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

static void scale_loop(const float *x, size_t n, float a, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = a * x[i];
}

static void scale_by_loop(const float *x, const float *w, size_t n, float r, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * r * w[i];
}

static void rms_back_loop(const float *x, const float *w, const float *dy, size_t n, float r,
                          float *dx) {
    float s[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            s[j] += dy[i + j] * w[i + j] * x[i + j];
    for (size_t j = 0; i + j < n; j++)
        s[j] += dy[i + j] * w[i + j] * x[i + j];
    float c = lanes_sum(s) * r * r / (float)n;
    for (size_t k = 0; k < n; k++)
        dx[k] = r * (dy[k] * w[k] - x[k] * c);
}

static void add_product_loop(const float *x, const float *y, size_t n, float a, float *z) {
    for (size_t i = 0; i < n; i++)
        z[i] += x[i] * a * y[i];
}

static void swiglu_loop(const float *gate, const float *up, size_t n, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = gate[i] / (1.0f + exp_one(-gate[i])) * up[i];
}

static void swiglu_back_loop(const float *gate, const float *up, const float *dy, size_t n,
                             float *dgate, float *dup) {
    for (size_t i = 0; i < n; i++) {
        float g = gate[i], u = up[i], d = dy[i], s = 1.0f / (1.0f + exp_one(-g));
        dup[i] = d * g * s;
        dgate[i] = d * u * s * (1.0f + g * (1.0f - s));
    }
}

static void sigmoid_loop(const float *x, size_t n, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = 1.0f / (1.0f + exp_one(-x[i]));
}

/* An odd polynomial of degree 9 near zero (Cephes' tanhf), else by exp. */
static void tanh_loop(const float *x, size_t n, float *y) {
    for (size_t i = 0; i < n; i++) {
        float v = x[i], q = v * v;
        float far = 1.0f - 2.0f / (1.0f + exp_one(2.0f * v));
        float p = -5.70498872745e-3f;
        p = p * q + 2.06390887954e-2f;
        p = p * q - 5.37397155531e-2f;
        p = p * q + 1.33314422036e-1f;
        p = p * q - 3.33332819422e-1f;
        y[i] = q < 0.390625f ? v + v * q * p : far;
    }
}

static void softmax_back_loop(const float *p, size_t n, float d, float scale, float *dp) {
    for (size_t i = 0; i < n; i++)
        dp[i] = p[i] * (dp[i] - d) * scale;
}

static void rotate_loop(float *a, float *b, const float *cos_, const float *sin_, size_t n,
                        float sign) {
    for (size_t i = 0; i < n; i++) {
        float x = a[i], y = b[i], s = sign * sin_[i];
        a[i] = x * cos_[i] - y * s;
        b[i] = y * cos_[i] + x * s;
    }
}

/* The arrays are different ones, which the compiler cannot know; without errno (the file's flags) sqrtf is one instruction. */
static void adam_loop(const hx_nn_adam *step, float *restrict w, const float *restrict g,
                      float *restrict m, float *restrict v, size_t n) {
    const hx_nn_adam s = *step;
    float rest1 = 1.0f - s.beta1, rest2 = 1.0f - s.beta2;
    for (size_t i = 0; i < n; i++) {
        float d = g[i] * s.scale;
        float mean = s.beta1 * m[i] + rest1 * d, square = s.beta2 * v[i] + rest2 * d * d;
        m[i] = mean;
        v[i] = square;
        w[i] = w[i] * s.keep - s.rate * mean / (sqrtf(square) * s.root + s.eps);
    }
}

const hx_nn_loops HX_NN_LOOPS = {
    .dot = dot_loop,
    .squares = squares_loop,
    .max = max_loop,
    .exp_sum = exp_sum_loop,
    .add_scaled = add_scaled_loop,
    .scale = scale_loop,
    .scale_by = scale_by_loop,
    .rms_back = rms_back_loop,
    .add_product = add_product_loop,
    .swiglu = swiglu_loop,
    .swiglu_back = swiglu_back_loop,
    .sigmoid = sigmoid_loop,
    .tanh = tanh_loop,
    .softmax_back = softmax_back_loop,
    .rotate = rotate_loop,
    .adam = adam_loop,
};
