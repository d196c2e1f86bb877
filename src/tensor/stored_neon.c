/* stored_neon.c - stored.h for NEON.
 *
 * One block of 32 at a time, codes made signed before they meet the activations, so that integer sums need no correction; with the
 * dot-product instructions where the compiler may use them, otherwise by widening. Sums over blocks have one order whatever the
 * number of rows. */
#include "tensor/stored_kernels.h"

#if defined(__aarch64__)

#include "tensor/simd_neon.h"
#include "tensor/stored_formats.h"

#include <string.h>

/* Scales of each 16 elements of a block of the file, and minima (or 0) of each 32. */
typedef struct {
    float d[16], m[8];
} head;

HX_INLINE head read_head(format f, const uint8_t *w) {
    head h = {{0}, {0}};
    float d = hx__scale_f16_neon(f == F_Q6_K ? w + 208 : w);
    if (f == F_Q4_K) {
        const uint8_t *s = w + 4;
        float dmin = hx__scale_f16_neon(w + 2);
        for (size_t j = 0; j < 8; ++j) {
            int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
            int minimum = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | s[j] >> 6 << 4;
            h.d[2 * j] = h.d[2 * j + 1] = d * (float)scale;
            h.m[j] = -dmin * (float)minimum;
        }
    } else if (f == F_Q6_K) {
        for (size_t j = 0; j < 16; ++j)
            h.d[j] = d * (float)(int8_t)w[192 + j];
    } else {
        h.d[0] = h.d[1] = d;
        if (f == F_Q4_1) h.m[0] = hx__scale_f16_neon(w + 2);
    }
    return h;
}

typedef struct {
    int8x16_t a, b; /* elements 0-15, 16-31 */
} codes;

static const uint8_t bit_of_lane[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};

/* 16 where bit i is set, i = 0 to 15. */
HX_INLINE uint8x16_t fifth_bits(const uint8_t *p) {
    uint8x16_t spread = vcombine_u8(vdup_n_u8(p[0]), vdup_n_u8(p[1]));
    return vandq_u8(vtstq_u8(spread, vld1q_u8(bit_of_lane)), vdupq_n_u8(16));
}

HX_INLINE codes to_signed(uint8x16_t a, uint8x16_t b, uint8_t offset) {
    int8x16_t less = vdupq_n_s8((int8_t)offset);
    return (codes){vsubq_s8(vreinterpretq_s8_u8(a), less), vsubq_s8(vreinterpretq_s8_u8(b), less)};
}

/* ql[64 h + i], qh[32 h + i]: see blocks.h. */
HX_INLINE codes codes_q6_k(const uint8_t *w, size_t j) {
    const uint8_t *l = w + j / 4 * 64 + j % 2 * 32, *t = w + 128 + j / 4 * 32;
    int8x16_t shift = vdupq_n_s8((int8_t) - (int)(j % 4 * 2));
    uint8x16_t q[2];
    for (size_t i = 0; i < 2; ++i) {
        uint8x16_t low = vld1q_u8(l + 16 * i), top = vshlq_u8(vld1q_u8(t + 16 * i), shift);
        low = j % 4 / 2 ? vshrq_n_u8(low, 4) : vandq_u8(low, vdupq_n_u8(15));
        q[i] = vorrq_u8(low, vshlq_n_u8(vandq_u8(top, vdupq_n_u8(3)), 4));
    }
    return to_signed(q[0], q[1], 32);
}

HX_INLINE codes codes_of(format f, const uint8_t *w, size_t j) {
    const uint8x16_t nibble = vdupq_n_u8(15);
    if (f == F_Q6_K) return codes_q6_k(w, j);
    if (f == F_Q8_0) return to_signed(vld1q_u8(w + 2), vld1q_u8(w + 18), 0);
    if (f == F_Q4_K) {
        uint8x16_t a = vld1q_u8(w + 16 + j / 2 * 32), b = vld1q_u8(w + 32 + j / 2 * 32);
        if (j % 2) return to_signed(vshrq_n_u8(a, 4), vshrq_n_u8(b, 4), 0);
        return to_signed(vandq_u8(a, nibble), vandq_u8(b, nibble), 0);
    }
    uint8x16_t raw = vld1q_u8(w + block_bytes(f) - 16);
    uint8x16_t a = vandq_u8(raw, nibble), b = vshrq_n_u8(raw, 4);
    if (f == F_Q5_0) {
        a = vorrq_u8(a, fifth_bits(w + 2));
        b = vorrq_u8(b, fifth_bits(w + 4));
    }
    return to_signed(a, b, f == F_Q4_0 ? 8 : f == F_Q5_0 ? 16 : 0);
}

/* A row of weights x a row of activations. */
HX_INLINE float dot_row(format f, const uint8_t *w, const uint8_t *row, size_t k) {
    const float *scale = hx__stored_scale(row, k), *sum = hx__stored_sum(row, k);
    const int8_t *x = (const int8_t *)row;
    float32x4_t acc = vdupq_n_f32(0);
    float low = 0;
    for (size_t at = 0; at < k; at += 32 * block_parts(f), w += block_bytes(f)) {
        head h = read_head(f, w);
        for (size_t j = 0; j < block_parts(f); ++j) {
            size_t i = at / 32 + j;
            codes q = codes_of(f, w, j);
            int32x4_t a = hx__dot_16(vdupq_n_s32(0), q.a, vld1q_s8(x + 32 * i));
            int32x4_t b = hx__dot_16(vdupq_n_s32(0), q.b, vld1q_s8(x + 32 * i + 16));
            acc = vfmaq_n_f32(acc, vcvtq_f32_s32(a), h.d[2 * j] * scale[i]);
            acc = vfmaq_n_f32(acc, vcvtq_f32_s32(b), h.d[2 * j + 1] * scale[i]);
            low += h.m[j] * sum[i];
        }
    }
    return vaddvq_f32(acc) + low;
}

HX_INLINE void run_format(format f, const hx_stored_job *job) {
    size_t stride = hx__stored_stride(job->k);
    for (size_t n = 0; n < job->n_rows; ++n)
        for (size_t m = 0; m < job->m_rows; ++m)
            job->y[m * job->ldy + n] =
                dot_row(f, job->w + n * job->row_bytes, job->rows + m * stride, job->k);
}

/* ---------------------------------------------------------------- float formats */

HX_INLINE float32x4_t load_float(hx_dtype type, const uint8_t *w, size_t i) {
    if (type == HX_DTYPE_F32) return vreinterpretq_f32_u8(vld1q_u8(w + 4 * i));
    if (type == HX_DTYPE_F16) return hx__load_f16_4(w + 2 * i);
    return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(w + 2 * i)), 16));
}

HX_INLINE void run_float(hx_dtype type, const hx_stored_job *job) {
    for (size_t n = 0; n < job->n_rows; ++n) {
        const uint8_t *w = job->w + n * job->row_bytes;
        for (size_t m = 0; m < job->m_rows; ++m) {
            const float *x = job->x + m * job->ldx;
            float32x4_t a = vdupq_n_f32(0), b = a;
            size_t i = 0;
            for (; i + 8 <= job->k; i += 8) {
                a = vfmaq_f32(a, load_float(type, w, i), vld1q_f32(x + i));
                b = vfmaq_f32(b, load_float(type, w, i + 4), vld1q_f32(x + i + 4));
            }
            if (i < job->k) {
                const size_t bytes = type == HX_DTYPE_F32 ? 4 : 2;
                uint8_t last[32] = {0};
                float last_x[8] = {0};
                memcpy(last, w + bytes * i, bytes * (job->k - i));
                memcpy(last_x, x + i, (job->k - i) * sizeof *x);
                a = vfmaq_f32(a, load_float(type, last, 0), vld1q_f32(last_x));
                b = vfmaq_f32(b, load_float(type, last, 4), vld1q_f32(last_x + 4));
            }
            job->y[m * job->ldy + n] = vaddvq_f32(vaddq_f32(a, b));
        }
    }
}

static void quantise(const float *x, size_t k, int8_t *q, float *scale, float *sum) {
    for (size_t b = 0; b < k / 32; ++b, x += 32, q += 32) {
        float amax = hx__amax_32(x);
        bool some = amax > 1e-30f;
        hx__to_int8_32(x, some ? 127.0f / amax : 0, q);
        int total = vaddlvq_s8(vld1q_s8(q)) + vaddlvq_s8(vld1q_s8(q + 16));
        scale[b] = some ? amax / 127.0f : 0;
        sum[b] = scale[b] * (float)total;
    }
}

HX_STORED_RUNS

const hx_stored_kernels hx_stored_neon = HX_STORED_TABLE;

#endif
