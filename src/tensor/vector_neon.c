/* vector_neon.c - vector.h for NEON; what is left of a length that is no multiple of 4 goes to the scalar set. */
#include "tensor/vector_kernels.h"

#if defined(__aarch64__)

#include "tensor/simd_neon.h"

#include <math.h>

static float dot(const float *x, const float *y, size_t n) {
    float32x4_t a = vdupq_n_f32(0), b = a;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        a = vfmaq_f32(a, vld1q_f32(x + i), vld1q_f32(y + i));
        b = vfmaq_f32(b, vld1q_f32(x + i + 4), vld1q_f32(y + i + 4));
    }
    return vaddvq_f32(vaddq_f32(a, b)) + hx_vector_scalar.dot(x + i, y + i, n - i);
}

static void scale_by(const float *x, size_t n, float scale, const float *w, float *out) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t r = vmulq_n_f32(vld1q_f32(x + i), scale);
        vst1q_f32(out + i, w ? vmulq_f32(r, vld1q_f32(w + i)) : r);
    }
    hx_vector_scalar.scale_by(x + i, n - i, scale, w ? w + i : NULL, out + i);
}

static void rope(float *x, size_t head_dim, const float *cos_, const float *sin_) {
    size_t half = head_dim / 2;
    if (half % 4) {
        hx_vector_scalar.rope(x, head_dim, cos_, sin_);
        return;
    }
    for (size_t i = 0; i < half; i += 4) {
        float32x4_t a = vld1q_f32(x + i), b = vld1q_f32(x + half + i);
        float32x4_t c = vld1q_f32(cos_ + i), s = vld1q_f32(sin_ + i);
        vst1q_f32(x + i, vfmsq_f32(vmulq_f32(a, c), b, s));
        vst1q_f32(x + half + i, vfmaq_f32(vmulq_f32(a, s), b, c));
    }
}

static void rope_interleaved(float *x, size_t head_dim, const float *cos_, const float *sin_) {
    size_t i = 0;
    for (; i + 8 <= head_dim; i += 8) {
        float32x4x2_t p = vld2q_f32(x + i), r;
        float32x4_t c = vld1q_f32(cos_ + i / 2), s = vld1q_f32(sin_ + i / 2);
        r.val[0] = vfmsq_f32(vmulq_f32(p.val[0], c), p.val[1], s);
        r.val[1] = vfmaq_f32(vmulq_f32(p.val[0], s), p.val[1], c);
        vst2q_f32(x + i, r);
    }
    hx_vector_scalar.rope_interleaved(x + i, head_dim - i, cos_ + i / 2, sin_ + i / 2);
}

static void store_f16(const float *x, size_t n, void *out) {
    uint16_t *h = out;
    size_t i = 0;
    const float32x4_t most = vdupq_n_f32(HX_F16_MAX), least = vdupq_n_f32(-HX_F16_MAX);
    for (; i + 4 <= n; i += 4) {
        float32x4_t f = vmaxq_f32(least, vminq_f32(most, vld1q_f32(x + i)));
        vst1_u16(h + i, vreinterpret_u16_f16(vcvt_f16_f32(f)));
    }
    hx_vector_scalar.store_f16(x + i, n - i, h + i);
}

static void store_q8_0(const float *x, size_t n, void *out) {
    uint8_t *block = out;
    for (size_t b = 0; b < n / 32; ++b, x += 32, block += 34) {
        float amax = hx__amax_32(x);
        uint16_t scale = hx_f32_to_f16(amax / 127.0f);
        memcpy(block, &scale, sizeof scale);
        hx__to_int8_32(x, amax > 1e-30f ? 127.0f / amax : 0, (int8_t *)block + 2);
    }
}

static void add(const float *x, size_t n, float *y) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        vst1q_f32(y + i, vaddq_f32(vld1q_f32(y + i), vld1q_f32(x + i)));
    hx_vector_scalar.add(x + i, n - i, y + i);
}

/* vmaxnm gives the number where the other is NaN. */
static float greatest(const float *x, size_t n) {
    float32x4_t most = vdupq_n_f32(-INFINITY);
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        most = vmaxnmq_f32(most, vld1q_f32(x + i));
    float a = vmaxnmvq_f32(most), b = hx_vector_scalar.max(x + i, n - i);
    return a > b ? a : b;
}

static float sum_exp(const float *x, size_t n, float max) {
    float32x4_t sum = vdupq_n_f32(0);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t d = vsubq_f32(vld1q_f32(x + i), vdupq_n_f32(max));
        sum = vaddq_f32(sum, hx__exp2_128(vmulq_n_f32(d, HX_LOG2_E)));
    }
    return vaddvq_f32(sum) + hx_vector_scalar.sum_exp(x + i, n - i, max);
}

const hx_vector_kernels hx_vector_neon = {
    dot, scale_by, rope, rope_interleaved, store_f16, store_q8_0, add, greatest, sum_exp};

#endif
