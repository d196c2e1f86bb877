/* attention_neon.c - attention.h for NEON: 6 rows x 16 positions, and 6 rows x 16 elements of the value, stay in 24 registers while
 * the sums run. The formulas are those of attention_avx512.c. */
#include "tensor/attention_kernels.h"

#if defined(__aarch64__)

#include "tensor/simd_neon.h"

#include <math.h>

enum { TILE = HX_ATTENTION_TILE, GROUP = HX_ATTENTION_GROUP };

static void values(hx_dtype type, const void *const *rows, size_t n, size_t head_dim, float *out,
                   size_t width) {
    if (type != HX_DTYPE_F16) {
        hx_attention_scalar.values(type, rows, n, head_dim, out, width);
        return;
    }
    for (size_t i = 0; i < n; ++i, out += width)
        for (size_t d = 0; d < head_dim; d += 4)
            vst1q_f32(out + d, hx__load_f16_4((const uint16_t *)rows[i] + d));
}

static void keys(hx_dtype type, const void *const *rows, size_t head_dim, float *k_t) {
    float row[256];
    for (size_t p = 0; p < GROUP; ++p) {
        values(type, rows + p, 1, head_dim, row, 0);
        for (size_t d = 0; d < head_dim; ++d)
            k_t[d * TILE + p] = row[d];
    }
}

/* One group of positions. */
HX_INLINE void scores_of(size_t rows, const float *const *q, const float *k_t, size_t head_dim,
                         float *s) {
    float32x4_t acc[HX_ATTENTION_ROWS][4];
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        acc[r][0] = acc[r][1] = acc[r][2] = acc[r][3] = vdupq_n_f32(0);
    for (size_t d = 0; d < head_dim; ++d, k_t += TILE) {
        HX_UNROLL
        for (size_t r = 0; r < rows; ++r) {
            HX_UNROLL
            for (size_t i = 0; i < 4; ++i)
                acc[r][i] = vfmaq_n_f32(acc[r][i], vld1q_f32(k_t + 4 * i), q[r][d]);
        }
    }
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t i = 0; i < 4; ++i)
        vst1q_f32(s + r * TILE + 4 * i, acc[r][i]);
}

static void scores(const float *const *q, size_t n_rows, const float *k_t, size_t head_dim,
                   size_t groups, float *s) {
    for (size_t g = 0; g < groups * GROUP; g += GROUP) {
        size_t r = 0;
        for (; r + 6 <= n_rows; r += 6)
            scores_of(6, q + r, k_t + g, head_dim, s + r * TILE + g);
        for (; r + 3 <= n_rows; r += 3)
            scores_of(3, q + r, k_t + g, head_dim, s + r * TILE + g);
        for (; r < n_rows; ++r)
            scores_of(1, q + r, k_t + g, head_dim, s + r * TILE + g);
    }
}

HX_INLINE float exponentials(float *s, size_t groups, size_t visible, float max, float factor) {
    float32x4_t sum = vdupq_n_f32(0);
    for (size_t p = visible; p < groups * GROUP; ++p)
        s[p] = -INFINITY;
    for (size_t p = 0; p < groups * GROUP; p += 4) {
        float32x4_t x = vsubq_f32(vld1q_f32(s + p), vdupq_n_f32(max));
        x = hx__exp2_128(vmulq_n_f32(x, factor));
        sum = vaddq_f32(sum, x);
        vst1q_f32(s + p, x);
    }
    return vaddvq_f32(sum);
}

static void softmax(float *s, size_t n_rows, size_t groups, float scale,
                    hx_attention_state *state) {
    float factor = scale * HX_LOG2_E;
    for (size_t r = 0; r < n_rows; ++r, s += TILE) {
        float old = state->max[r], max = old;
        for (size_t p = 0; p < state->visible[r]; ++p)
            max = s[p] > max ? s[p] : max;
        float sum = exponentials(s, groups, state->visible[r], max, factor);
        float alpha = vgetq_lane_f32(hx__exp2_128(vdupq_n_f32((old - max) * factor)), 0);
        state->alpha[r] = alpha;
        state->max[r] = max;
        state->sum[r] = state->sum[r] * alpha + sum;
    }
}

/* 16 elements of the value. */
HX_INLINE void weigh_of(size_t rows, const float *s, size_t n, const float *v, size_t ldv,
                        size_t width, const float *alpha, float *acc) {
    float32x4_t sum[HX_ATTENTION_ROWS][4];
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t i = 0; i < 4; ++i)
        sum[r][i] =
            alpha ? vmulq_n_f32(vld1q_f32(acc + r * width + 4 * i), alpha[r]) : vdupq_n_f32(0);
    for (size_t p = 0; p < n; ++p, v += ldv) {
        HX_UNROLL
        for (size_t r = 0; r < rows; ++r) {
            HX_UNROLL
            for (size_t i = 0; i < 4; ++i)
                sum[r][i] = vfmaq_n_f32(sum[r][i], vld1q_f32(v + 4 * i), s[r * TILE + p]);
        }
    }
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t i = 0; i < 4; ++i)
        vst1q_f32(acc + r * width + 4 * i, sum[r][i]);
}

static void weigh(const float *s, size_t n_rows, size_t n, const float *v, size_t ldv, size_t width,
                  const float *alpha, float *acc) {
    for (size_t d = 0; d < width; d += 16) {
        size_t r = 0;
        for (; r + 6 <= n_rows; r += 6)
            weigh_of(6, s + r * TILE, n, v + d, ldv, width, alpha ? alpha + r : NULL,
                     acc + r * width + d);
        for (; r + 3 <= n_rows; r += 3)
            weigh_of(3, s + r * TILE, n, v + d, ldv, width, alpha ? alpha + r : NULL,
                     acc + r * width + d);
        for (; r < n_rows; ++r)
            weigh_of(1, s + r * TILE, n, v + d, ldv, width, alpha ? alpha + r : NULL,
                     acc + r * width + d);
    }
}

const hx_attention_kernels hx_attention_neon = {keys, values, scores, softmax, weigh};

#endif
