/* vector_scalar.c - vector.h in plain C: the reference of the other sets.
 *
 * Sums run in double, so that this set is the nearest to the truth. */
#include "tensor/vector_kernels.h"

#include <math.h>

static float dot(const float *x, const float *y, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i)
        sum += (double)x[i] * (double)y[i];
    return (float)sum;
}

static void scale_by(const float *x, size_t n, float scale, const float *w, float *out) {
    for (size_t i = 0; i < n; ++i)
        out[i] = w ? x[i] * scale * w[i] : x[i] * scale;
}

static void rotate(float *a, float *b, float c, float s) {
    float x = *a, y = *b;
    *a = x * c - y * s;
    *b = x * s + y * c;
}

static void rope(float *x, size_t head_dim, const float *cos_, const float *sin_) {
    size_t half = head_dim / 2;
    for (size_t i = 0; i < half; ++i)
        rotate(&x[i], &x[i + half], cos_[i], sin_[i]);
}

static void rope_interleaved(float *x, size_t head_dim, const float *cos_, const float *sin_) {
    for (size_t i = 0; i < head_dim / 2; ++i)
        rotate(&x[2 * i], &x[2 * i + 1], cos_[i], sin_[i]);
}

static void store_f16(const float *x, size_t n, void *out) {
    uint16_t *h = out;
    for (size_t i = 0; i < n; ++i)
        h[i] = hx_f32_to_f16(x[i] > HX_F16_MAX    ? HX_F16_MAX
                             : x[i] < -HX_F16_MAX ? -HX_F16_MAX
                                                  : x[i]);
}

/* Blocks of 34 bytes: scale F16, 32 int8. */
static void store_q8_0(const float *x, size_t n, void *out) {
    uint8_t *block = out;
    for (size_t b = 0; b < n / 32; ++b, x += 32, block += 34) {
        float amax = 0;
        for (size_t i = 0; i < 32; ++i)
            amax = fmaxf(amax, fabsf(x[i]));
        float inverse = amax > 1e-30f ? 127.0f / amax : 0;
        uint16_t scale = hx_f32_to_f16(amax / 127.0f);
        block[0] = (uint8_t)scale;
        block[1] = (uint8_t)(scale >> 8);
        for (size_t i = 0; i < 32; ++i)
            block[2 + i] = (uint8_t)(int8_t)lrintf(x[i] * inverse);
    }
}

static void add(const float *x, size_t n, float *y) {
    for (size_t i = 0; i < n; ++i)
        y[i] += x[i];
}

static float greatest(const float *x, size_t n) {
    float max = -INFINITY;
    for (size_t i = 0; i < n; ++i)
        if (x[i] > max) max = x[i];
    return max;
}

static float sum_exp(const float *x, size_t n, float max) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i)
        sum += exp((double)x[i] - (double)max);
    return (float)sum;
}

const hx_vector_kernels hx_vector_scalar = {
    dot, scale_by, rope, rope_interleaved, store_f16, store_q8_0, add, greatest, sum_exp};
