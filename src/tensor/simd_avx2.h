/* simd_avx2.h - helpers of the AVX2 files. */
#ifndef HX_TENSOR_SIMD_AVX2_H
#define HX_TENSOR_SIMD_AVX2_H

#include "tensor/simd.h"

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* The first n of 8 lanes. */
HX_INLINE __m256i hx__lanes_8(size_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < 8 ? (int)n : 8),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

HX_INLINE __m256 hx__abs_256(__m256 x) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

HX_INLINE float hx__sum_256(__m256 x) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

HX_INLINE float hx__max_256(__m256 x) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

/* 2^x; 0 below HX_EXP2_LOWEST, NaN of NaN; x <= 127. */
HX_INLINE __m256 hx__exp2_256(__m256 x) {
    __m256 keep = _mm256_cmp_ps(x, _mm256_set1_ps(HX_EXP2_LOWEST), _CMP_NLT_UQ);
    __m256 n = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_sub_ps(x, n);
    __m256 p = _mm256_set1_ps(HX_EXP2_6);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(HX_EXP2_5));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(HX_EXP2_4));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(HX_EXP2_3));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(HX_EXP2_2));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(HX_EXP2_1));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.0f));
    __m256i power =
        _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_and_ps(keep, _mm256_mul_ps(p, _mm256_castsi256_ps(power)));
}

HX_INLINE float hx__scale_f16_avx2(const uint8_t *p) {
    return _mm_cvtss_f32(_mm_cvtph_ps(_mm_loadu_si16(p)));
}

/* 32 floats times `factor`, to the nearest int8, in order. */
HX_INLINE __m256i hx__to_int8_256(const __m256 *x, float factor) {
    __m256i q[4];
    HX_UNROLL
    for (int i = 0; i < 4; ++i)
        q[i] = _mm256_cvtps_epi32(_mm256_mul_ps(x[i], _mm256_set1_ps(factor)));
    __m256i packed =
        _mm256_packs_epi16(_mm256_packs_epi32(q[0], q[1]), _mm256_packs_epi32(q[2], q[3]));
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

#endif
