/* simd_neon.h - helpers of the NEON files (ARMv8-A; dot products of 8-bit numbers where the compiler may use them). */
#ifndef HX_TENSOR_SIMD_NEON_H
#define HX_TENSOR_SIMD_NEON_H

#include "tensor/simd.h"

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* sum + 4 sums of 4 products: lane i holds elements 4 i to 4 i + 3 with dot products, others without; only the total is the same. */
HX_INLINE int32x4_t hx__dot_16(int32x4_t sum, int8x16_t a, int8x16_t b) {
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sum, a, b);
#else
    int16x8_t pairs = vmull_s8(vget_low_s8(a), vget_low_s8(b));
    return vpadalq_s16(sum, vmlal_s8(pairs, vget_high_s8(a), vget_high_s8(b)));
#endif
}

/* 2^x; 0 below HX_EXP2_LOWEST, NaN of NaN; x <= 127. */
HX_INLINE float32x4_t hx__exp2_128(float32x4_t x) {
    uint32x4_t low = vcltq_f32(x, vdupq_n_f32(HX_EXP2_LOWEST));
    float32x4_t n = vrndnq_f32(x), r = vsubq_f32(x, n);
    float32x4_t p = vdupq_n_f32(HX_EXP2_6);
    p = vfmaq_f32(vdupq_n_f32(HX_EXP2_5), p, r);
    p = vfmaq_f32(vdupq_n_f32(HX_EXP2_4), p, r);
    p = vfmaq_f32(vdupq_n_f32(HX_EXP2_3), p, r);
    p = vfmaq_f32(vdupq_n_f32(HX_EXP2_2), p, r);
    p = vfmaq_f32(vdupq_n_f32(HX_EXP2_1), p, r);
    p = vfmaq_f32(vdupq_n_f32(1.0f), p, r);
    int32x4_t power = vshlq_n_s32(vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127)), 23);
    float32x4_t y = vmulq_f32(p, vreinterpretq_f32_s32(power));
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), low));
}

/* 4 half-precision numbers. */
HX_INLINE float32x4_t hx__load_f16_4(const void *p) {
    uint16x4_t h = vld1_u16(p);
    return vcvt_f32_f16(vreinterpret_f16_u16(h));
}

HX_INLINE float hx__scale_f16_neon(const uint8_t *p) {
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(h))), 0);
}

/* The greatest magnitude of 32 numbers. */
HX_INLINE float hx__amax_32(const float *x) {
    float32x4_t most = vdupq_n_f32(0);
    for (size_t i = 0; i < 32; i += 4)
        most = vmaxnmq_f32(most, vabsq_f32(vld1q_f32(x + i)));
    return vmaxnmvq_f32(most);
}

/* 32 numbers times `factor`, to the nearest int8. */
HX_INLINE void hx__to_int8_32(const float *x, float factor, int8_t *q) {
    for (size_t i = 0; i < 32; i += 8) {
        int32x4_t a = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i), factor));
        int32x4_t b = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i + 4), factor));
        vst1_s8(q + i, vqmovn_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b))));
    }
}

#endif
