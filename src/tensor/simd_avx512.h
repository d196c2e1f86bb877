/* simd_avx512.h - helpers of the AVX-512 files. */
#ifndef HX_TENSOR_SIMD_AVX512_H
#define HX_TENSOR_SIMD_AVX512_H

#include "tensor/simd.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* The first n of 16 lanes, n <= 16. */
HX_INLINE __mmask16 hx__lanes(size_t n) {
    return (__mmask16)((1u << n) - 1);
}

/* 2^x; 0 below HX_EXP2_LOWEST, NaN of NaN. */
HX_INLINE __m512 hx__exp2_512(__m512 x) {
    __mmask16 keep = _mm512_cmp_ps_mask(x, _mm512_set1_ps(HX_EXP2_LOWEST), _CMP_NLT_UQ);
    __m512 n = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_sub_ps(x, n);
    __m512 p = _mm512_set1_ps(HX_EXP2_6);
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(HX_EXP2_5));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(HX_EXP2_4));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(HX_EXP2_3));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(HX_EXP2_2));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(HX_EXP2_1));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
    return _mm512_maskz_scalef_ps(keep, p, n);
}

HX_INLINE __m512 hx__load_f16(const void *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}

HX_INLINE float hx__scale_f16(const uint8_t *p) {
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_loadu_si16(p)));
}

#endif
