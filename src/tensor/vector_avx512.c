/* vector_avx512.c - vector.h for AVX-512.
 *
 * Tails are masked, so every length takes the same path and sums have one order. Maxima take the first of equals: lanes keep
 * their own best index, and ties among lanes go to the lowest. exp and log are polynomials with the errors named in
 * vector_kernels.h or the C library's where rows are short. */
#include "tensor/vector_kernels.h"

#if defined(__x86_64__)

#include "tensor/simd_avx512.h"

#include <math.h>

/* Lanes of the 16 from i on that are below n. */
HX_INLINE __mmask16 tail(size_t i, size_t n) {
    return hx__lanes(n - i < 16 ? n - i : 16);
}

static float dot(const float *x, const float *y, size_t n) {
    __m512 sum[4];
    for (size_t j = 0; j < 4; ++j)
        sum[j] = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        HX_UNROLL
        for (size_t j = 0; j < 4; ++j)
            sum[j] = _mm512_fmadd_ps(_mm512_loadu_ps(x + i + j * 16),
                                     _mm512_loadu_ps(y + i + j * 16), sum[j]);
    }
    for (; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        sum[0] = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(m, x + i), _mm512_maskz_loadu_ps(m, y + i),
                                 sum[0]);
    }
    return _mm512_reduce_add_ps(
        _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}

static void scale_by(const float *x, size_t n, float scale, const float *w, float *out) {
    __m512 a = _mm512_set1_ps(scale);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 r = _mm512_mul_ps(_mm512_loadu_ps(x + i), a);
        if (w) r = _mm512_mul_ps(r, _mm512_loadu_ps(w + i));
        _mm512_storeu_ps(out + i, r);
    }
    if (i < n) {
        __mmask16 m = tail(i, n);
        __m512 r = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), a);
        if (w) r = _mm512_mul_ps(r, _mm512_maskz_loadu_ps(m, w + i));
        _mm512_mask_storeu_ps(out + i, m, r);
    }
}

/* The heads of a row lie side by side and are turned one after the other: bytes fetched ahead. */
enum { NEXT_HEADS = 1024 };

HX_INLINE void rope_16(float *x, float *y, const float *cos_, const float *sin_, __mmask16 m) {
    __m512 a = _mm512_maskz_loadu_ps(m, x), b = _mm512_maskz_loadu_ps(m, y);
    __m512 c = _mm512_maskz_loadu_ps(m, cos_), s = _mm512_maskz_loadu_ps(m, sin_);
    _mm512_mask_storeu_ps(x, m, _mm512_fmsub_ps(a, c, _mm512_mul_ps(b, s)));
    _mm512_mask_storeu_ps(y, m, _mm512_fmadd_ps(a, s, _mm512_mul_ps(b, c)));
}

static void rope(float *x, size_t head_dim, const float *cos_, const float *sin_) {
    size_t half = head_dim / 2, i = 0;
    for (; i + 16 <= half; i += 16) {
        _mm_prefetch((const char *)(x + 2 * i) + NEXT_HEADS, _MM_HINT_T0);
        _mm_prefetch((const char *)(x + 2 * i + 16) + NEXT_HEADS, _MM_HINT_T0);
        rope_16(x + i, x + half + i, cos_ + i, sin_ + i, 0xffff);
    }
    if (i < half) rope_16(x + i, x + half + i, cos_ + i, sin_ + i, tail(i, half));
}

/* 8 pairs; c and s hold their cosines and sines in the low half. */
HX_INLINE __m512 turn_pairs(__m512 x, __m512 c, __m512 s) {
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    __m512 swapped = _mm512_permute_ps(x, 0xb1);
    return _mm512_fmaddsub_ps(x, _mm512_permutexvar_ps(twice, c),
                              _mm512_mul_ps(swapped, _mm512_permutexvar_ps(twice, s)));
}

static void rope_interleaved(float *x, size_t head_dim, const float *cos_, const float *sin_) {
    size_t i = 0;
    for (; i + 16 <= head_dim; i += 16) {
        __m512 c = _mm512_castps256_ps512(_mm256_loadu_ps(cos_ + i / 2));
        __m512 s = _mm512_castps256_ps512(_mm256_loadu_ps(sin_ + i / 2));
        _mm_prefetch((const char *)(x + i) + NEXT_HEADS, _MM_HINT_T0);
        _mm512_storeu_ps(x + i, turn_pairs(_mm512_loadu_ps(x + i), c, s));
    }
    if (i == head_dim) return;
    __mmask16 m = tail(i, head_dim), pairs = tail(i / 2, head_dim / 2);
    __m512 c = _mm512_maskz_loadu_ps(pairs, cos_ + i / 2);
    __m512 s = _mm512_maskz_loadu_ps(pairs, sin_ + i / 2);
    _mm512_mask_storeu_ps(x + i, m, turn_pairs(_mm512_maskz_loadu_ps(m, x + i), c, s));
}

static void store_f16(const float *x, size_t n, void *out) {
    uint16_t *h = out;
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        __m512 f = _mm512_maskz_loadu_ps(m, x + i);
        f = _mm512_max_ps(_mm512_set1_ps(-HX_F16_MAX),
                          _mm512_min_ps(_mm512_set1_ps(HX_F16_MAX), f));
        __m256i r = _mm512_cvtps_ph(f, _MM_FROUND_TO_NEAREST_INT);
        _mm256_mask_storeu_epi16(h + i, m, r);
    }
}

static void store_q8_0(const float *x, size_t n, void *out) {
    uint8_t *block = out;
    for (size_t b = 0; b < n / 32; ++b, x += 32, block += 34) {
        __m512 low = _mm512_loadu_ps(x), high = _mm512_loadu_ps(x + 16);
        float amax = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(low), _mm512_abs_ps(high)));
        __m512 inverse = _mm512_set1_ps(amax > 1e-30f ? 127.0f / amax : 0);
        __m128i scale = _mm_cvtps_ph(_mm_set_ss(amax / 127.0f), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si16(block, scale);
        _mm_storeu_si128((void *)(block + 2),
                         _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(low, inverse))));
        _mm_storeu_si128((void *)(block + 18),
                         _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(_mm512_mul_ps(high, inverse))));
    }
}

static void add(const float *x, size_t n, float *y) {
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(i, n);
        _mm512_mask_storeu_ps(
            y + i, m,
            _mm512_add_ps(_mm512_maskz_loadu_ps(m, y + i), _mm512_maskz_loadu_ps(m, x + i)));
    }
}

/* max_ps gives its second operand where one is NaN. */
static float greatest(const float *x, size_t n) {
    __m512 max[4], lowest = _mm512_set1_ps(-INFINITY);
    for (size_t j = 0; j < 4; ++j)
        max[j] = lowest;
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        HX_UNROLL
        for (size_t j = 0; j < 4; ++j)
            max[j] = _mm512_max_ps(_mm512_loadu_ps(x + i + j * 16), max[j]);
    }
    for (; i < n; i += 16)
        max[0] = _mm512_max_ps(_mm512_mask_loadu_ps(lowest, tail(i, n), x + i), max[0]);
    return _mm512_reduce_max_ps(
        _mm512_max_ps(_mm512_max_ps(max[0], max[1]), _mm512_max_ps(max[2], max[3])));
}

static float sum_exp(const float *x, size_t n, float max) {
    __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    __m512 origin = _mm512_set1_ps(max), factor = _mm512_set1_ps(HX_LOG2_E);
    for (size_t i = 0, j = 0; i < n; i += 16, j ^= 1) {
        __mmask16 m = tail(i, n);
        __m512 e = hx__exp2_512(
            _mm512_mul_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(m, x + i), origin), factor));
        sum[j] = _mm512_mask_add_ps(sum[j], m, sum[j], e);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(sum[0], sum[1]));
}

const hx_vector_kernels hx_vector_avx512 = {
    dot, scale_by, rope, rope_interleaved, store_f16, store_q8_0, add, greatest, sum_exp};

#endif
