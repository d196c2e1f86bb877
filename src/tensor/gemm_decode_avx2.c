/* gemm_decode_avx2.c - stored blocks to F32 with AVX2, bit-equal to hx_dtype_decode(): the same products and sums, rounded alike.
 *
 * Block formats (ggml-common.h; d, m: F16):
 *   Q8_0  d, 32 int8                          w = d q
 *   Q4_0  d, 16 bytes: low nibbles 0-15, high 16-31       w = d (q - 8)
 *   Q4_1  d, m, 16 bytes                      w = d q + m
 *   Q5_0  d, 32 high bits, 16 bytes           w = d (q - 16)
 *   Q4_K  d, m, 12 bytes of 6-bit scales and minima of 8 runs of 32, 128 bytes     w = (d s) q - (m t)
 *   Q6_K  128 low nibbles, 64 high pairs, 16 int8 scales of runs of 16, d           w = (d s) (q - 32)
 * Other types go to hx_dtype_decode(). */
#if defined(__x86_64__)
#include "tensor/gemm_kernels.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t load32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE float load_f16(const uint8_t *p) {
    uint16_t h;
    memcpy(&h, p, sizeof h);
    return _cvtsh_ss(h);
}

INLINE __m256 of_bytes(const __m128i q) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q));
}

/* 16 signed bytes times d to out[0..15]. */
INLINE void put_scaled(__m128i q, __m256 d, float *out) {
    _mm256_storeu_ps(out, _mm256_mul_ps(of_bytes(q), d));
    _mm256_storeu_ps(out + 8, _mm256_mul_ps(of_bytes(_mm_srli_si128(q, 8)), d));
}

INLINE __m128i low_nibbles(__m128i v) {
    return _mm_and_si128(v, _mm_set1_epi8(15));
}

INLINE __m128i high_nibbles(__m128i v) {
    return _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15));
}

INLINE __m128i load16(const uint8_t *p) {
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static void decode_q8_0(const uint8_t *p, size_t n, float *out) {
    for (size_t i = 0; i < n; i += 32, p += 34) {
        __m256 d = _mm256_set1_ps(load_f16(p));
        put_scaled(load16(p + 2), d, out + i);
        put_scaled(load16(p + 18), d, out + i + 16);
    }
}

static void decode_q4_0(const uint8_t *p, size_t n, float *out) {
    const __m128i eight = _mm_set1_epi8(8);
    for (size_t i = 0; i < n; i += 32, p += 18) {
        __m256 d = _mm256_set1_ps(load_f16(p));
        __m128i v = load16(p + 2);
        put_scaled(_mm_sub_epi8(low_nibbles(v), eight), d, out + i);
        put_scaled(_mm_sub_epi8(high_nibbles(v), eight), d, out + i + 16);
    }
}

/* 16 bytes, d q + m. */
INLINE void put_shifted(__m128i q, __m256 d, __m256 m, float *out) {
    _mm256_storeu_ps(out, _mm256_add_ps(_mm256_mul_ps(of_bytes(q), d), m));
    q = _mm_srli_si128(q, 8);
    _mm256_storeu_ps(out + 8, _mm256_add_ps(_mm256_mul_ps(of_bytes(q), d), m));
}

static void decode_q4_1(const uint8_t *p, size_t n, float *out) {
    for (size_t i = 0; i < n; i += 32, p += 20) {
        __m256 d = _mm256_set1_ps(load_f16(p)), m = _mm256_set1_ps(load_f16(p + 2));
        __m128i v = load16(p + 4);
        put_shifted(low_nibbles(v), d, m, out + i);
        put_shifted(high_nibbles(v), d, m, out + i + 16);
    }
}

/* Bit i of the low 16 bits to byte i: 0 where it is set, 0xF0 = -16 where not. */
INLINE __m128i minus_16_unless(uint32_t bits) {
    const __m128i each = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    const __m128i bit = _mm_set1_epi64x((int64_t)0x8040201008040201u);
    __m128i v = _mm_and_si128(_mm_shuffle_epi8(_mm_cvtsi32_si128((int)bits), each), bit);
    return _mm_and_si128(_mm_cmpeq_epi8(v, _mm_setzero_si128()), _mm_set1_epi8(-16));
}

static void decode_q5_0(const uint8_t *p, size_t n, float *out) {
    for (size_t i = 0; i < n; i += 32, p += 22) {
        __m256 d = _mm256_set1_ps(load_f16(p));
        uint32_t high = load32(p + 2);
        __m128i v = load16(p + 6);
        put_scaled(_mm_or_si128(low_nibbles(v), minus_16_unless(high)), d, out + i);
        put_scaled(_mm_or_si128(high_nibbles(v), minus_16_unless(high >> 16)), d, out + i + 16);
    }
}

/* The 8 scales (low 8 bytes) and 8 minima (high) of a Q4_K block. */
INLINE __m128i k_scales(const uint8_t *p) {
    uint32_t a = load32(p), b = load32(p + 4), c = load32(p + 8);
    uint32_t s_high = (c & 0x0f0f0f0fu) | ((a >> 2) & 0x30303030u);
    uint32_t m_high = ((c >> 4) & 0x0f0f0f0fu) | ((b >> 2) & 0x30303030u);
    return _mm_setr_epi32((int)(a & 0x3f3f3f3fu), (int)s_high, (int)(b & 0x3f3f3f3fu), (int)m_high);
}

static void decode_q4_k(const uint8_t *p, size_t n, float *out) {
    for (size_t i = 0; i < n; i += 256, p += 144) {
        __m128i sm = k_scales(p + 4);
        float scale[8], least[8];
        _mm256_storeu_ps(scale, _mm256_mul_ps(_mm256_set1_ps(load_f16(p)), of_bytes(sm)));
        _mm256_storeu_ps(least, _mm256_mul_ps(_mm256_set1_ps(-load_f16(p + 2)),
                                              of_bytes(_mm_srli_si128(sm, 8))));
        for (size_t j = 0; j < 8; j += 2) {
            float *y = out + i + 32 * j;
            __m256 d0 = _mm256_set1_ps(scale[j]), m0 = _mm256_set1_ps(least[j]);
            __m256 d1 = _mm256_set1_ps(scale[j + 1]), m1 = _mm256_set1_ps(least[j + 1]);
            __m128i v0 = load16(p + 16 + 16 * j), v1 = load16(p + 32 + 16 * j);
            put_shifted(low_nibbles(v0), d0, m0, y);
            put_shifted(low_nibbles(v1), d0, m0, y + 16);
            put_shifted(high_nibbles(v0), d1, m1, y + 32);
            put_shifted(high_nibbles(v1), d1, m1, y + 48);
        }
    }
}

/* 16 of a Q6_K block: nibbles, and two bits of `high` at `shift`. */
INLINE void put_six(__m128i nibbles, __m128i high, int shift, float d, int8_t scale, float *out) {
    __m128i two = _mm_and_si128(_mm_srl_epi16(high, _mm_cvtsi32_si128(shift)), _mm_set1_epi8(3));
    __m128i q = _mm_or_si128(nibbles, _mm_slli_epi16(two, 4));
    put_scaled(_mm_sub_epi8(q, _mm_set1_epi8(32)), _mm256_set1_ps(d * (float)scale), out);
}

static void decode_q6_k(const uint8_t *p, size_t n, float *out) {
    for (size_t i = 0; i < n; i += 256, p += 210) {
        float d = load_f16(p + 208);
        for (size_t half = 0; half < 2; half++)
            for (size_t j = 0; j < 2; j++) {
                const int8_t *s = (const int8_t *)p + 192 + 8 * half + j;
                float *y = out + i + 128 * half + 16 * j;
                __m128i a = load16(p + 64 * half + 16 * j), b = load16(p + 64 * half + 32 + 16 * j);
                __m128i h = load16(p + 128 + 32 * half + 16 * j);
                put_six(low_nibbles(a), h, 0, d, s[0], y);
                put_six(low_nibbles(b), h, 2, d, s[2], y + 32);
                put_six(high_nibbles(a), h, 4, d, s[4], y + 64);
                put_six(high_nibbles(b), h, 6, d, s[6], y + 96);
            }
    }
}

static void decode_f16(const uint8_t *p, size_t n, float *out) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(load16(p + 2 * i)));
    if (i < n) hx_dtype_decode(HX_DTYPE_F16, p + 2 * i, n - i, out + i);
}

static void decode_bf16(const uint8_t *p, size_t n, float *out) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i v = _mm256_slli_epi32(_mm256_cvtepu16_epi32(load16(p + 2 * i)), 16);
        _mm256_storeu_ps(out + i, _mm256_castsi256_ps(v));
    }
    if (i < n) hx_dtype_decode(HX_DTYPE_BF16, p + 2 * i, n - i, out + i);
}

void hx_gemm_decode_avx2(hx_dtype type, const void *src, size_t n, float *dst) {
    switch (type) {
    case HX_DTYPE_F32:
        memcpy(dst, src, n * sizeof *dst);
        break;
    case HX_DTYPE_F16:
        decode_f16(src, n, dst);
        break;
    case HX_DTYPE_BF16:
        decode_bf16(src, n, dst);
        break;
    case HX_DTYPE_Q8_0:
        decode_q8_0(src, n, dst);
        break;
    case HX_DTYPE_Q4_0:
        decode_q4_0(src, n, dst);
        break;
    case HX_DTYPE_Q4_1:
        decode_q4_1(src, n, dst);
        break;
    case HX_DTYPE_Q5_0:
        decode_q5_0(src, n, dst);
        break;
    case HX_DTYPE_Q4_K:
        decode_q4_k(src, n, dst);
        break;
    case HX_DTYPE_Q6_K:
        decode_q6_k(src, n, dst);
        break;
    default:
        hx_dtype_decode(type, src, n, dst);
        break;
    }
}
#else
typedef int hx_gemm_decode_avx2_is_for_x86; /* ISO C wants a declaration */
#endif
