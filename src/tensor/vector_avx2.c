/* vector_avx2.c - vector.h for AVX2 with FMA and F16C. Tails are masked, so every length takes the same path. */
#include "tensor/vector_kernels.h"

#if defined(__x86_64__)

#include "tensor/simd_avx2.h"

#include <math.h>
#include <string.h>

static float dot(const float *x, const float *y, size_t n) {
    __m256 sum[4];
    for (size_t j = 0; j < 4; ++j)
        sum[j] = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        HX_UNROLL
        for (size_t j = 0; j < 4; ++j)
            sum[j] = _mm256_fmadd_ps(_mm256_loadu_ps(x + i + j * 8), _mm256_loadu_ps(y + i + j * 8),
                                     sum[j]);
    }
    for (; i < n; i += 8) {
        __m256i m = hx__lanes_8(n - i);
        sum[0] =
            _mm256_fmadd_ps(_mm256_maskload_ps(x + i, m), _mm256_maskload_ps(y + i, m), sum[0]);
    }
    return hx__sum_256(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
}

static void scale_by(const float *x, size_t n, float scale, const float *w, float *out) {
    __m256 a = _mm256_set1_ps(scale);
    for (size_t i = 0; i < n; i += 8) {
        __m256i m = hx__lanes_8(n - i);
        __m256 r = _mm256_mul_ps(_mm256_maskload_ps(x + i, m), a);
        if (w) r = _mm256_mul_ps(r, _mm256_maskload_ps(w + i, m));
        _mm256_maskstore_ps(out + i, m, r);
    }
}

static void rope(float *x, size_t head_dim, const float *cos_, const float *sin_) {
    size_t half = head_dim / 2;
    for (size_t i = 0; i < half; i += 8) {
        __m256i m = hx__lanes_8(half - i);
        __m256 a = _mm256_maskload_ps(x + i, m), b = _mm256_maskload_ps(x + half + i, m);
        __m256 c = _mm256_maskload_ps(cos_ + i, m), s = _mm256_maskload_ps(sin_ + i, m);
        _mm256_maskstore_ps(x + i, m, _mm256_fmsub_ps(a, c, _mm256_mul_ps(b, s)));
        _mm256_maskstore_ps(x + half + i, m, _mm256_fmadd_ps(a, s, _mm256_mul_ps(b, c)));
    }
}

static void rope_interleaved(float *x, size_t head_dim, const float *cos_, const float *sin_) {
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
    for (size_t i = 0; i < head_dim; i += 8) {
        __m256i m = hx__lanes_8(head_dim - i);
        size_t left = (head_dim - i) / 2;
        __m256i pairs = hx__lanes_8(left < 4 ? left : 4);
        __m256 a = _mm256_maskload_ps(x + i, m), swapped = _mm256_permute_ps(a, 0xb1);
        __m256 c = _mm256_permutevar8x32_ps(_mm256_maskload_ps(cos_ + i / 2, pairs), twice);
        __m256 s = _mm256_permutevar8x32_ps(_mm256_maskload_ps(sin_ + i / 2, pairs), twice);
        _mm256_maskstore_ps(x + i, m, _mm256_fmaddsub_ps(a, c, _mm256_mul_ps(swapped, s)));
    }
}

static void store_f16(const float *x, size_t n, void *out) {
    uint16_t *h = out;
    for (size_t i = 0; i < n; i += 8) {
        size_t count = n - i < 8 ? n - i : 8;
        __m256 f = _mm256_maskload_ps(x + i, hx__lanes_8(count));
        f = _mm256_max_ps(_mm256_set1_ps(-HX_F16_MAX),
                          _mm256_min_ps(_mm256_set1_ps(HX_F16_MAX), f));
        __m128i r = _mm256_cvtps_ph(f, _MM_FROUND_TO_NEAREST_INT);
        memcpy(h + i, &r, count * sizeof *h);
    }
}

static void store_q8_0(const float *x, size_t n, void *out) {
    uint8_t *block = out;
    for (size_t b = 0; b < n / 32; ++b, x += 32, block += 34) {
        __m256 v[4], most = _mm256_setzero_ps();
        HX_UNROLL
        for (size_t i = 0; i < 4; ++i) {
            v[i] = _mm256_loadu_ps(x + 8 * i);
            most = _mm256_max_ps(most, hx__abs_256(v[i]));
        }
        float amax = hx__max_256(most);
        __m128i scale = _mm_cvtps_ph(_mm_set_ss(amax / 127.0f), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si16(block, scale);
        _mm256_storeu_si256((void *)(block + 2),
                            hx__to_int8_256(v, amax > 1e-30f ? 127.0f / amax : 0));
    }
}

static void add(const float *x, size_t n, float *y) {
    for (size_t i = 0; i < n; i += 8) {
        __m256i m = hx__lanes_8(n - i);
        __m256 r = _mm256_add_ps(_mm256_maskload_ps(y + i, m), _mm256_maskload_ps(x + i, m));
        _mm256_maskstore_ps(y + i, m, r);
    }
}

/* max_ps gives its second operand where one is NaN. */
static float greatest(const float *x, size_t n) {
    __m256 max[4], lowest = _mm256_set1_ps(-INFINITY);
    for (size_t j = 0; j < 4; ++j)
        max[j] = lowest;
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        HX_UNROLL
        for (size_t j = 0; j < 4; ++j)
            max[j] = _mm256_max_ps(_mm256_loadu_ps(x + i + j * 8), max[j]);
    }
    for (; i < n; i += 8) {
        __m256i m = hx__lanes_8(n - i);
        __m256 v = _mm256_maskload_ps(x + i, m);
        max[0] = _mm256_max_ps(_mm256_blendv_ps(lowest, v, _mm256_castsi256_ps(m)), max[0]);
    }
    return hx__max_256(_mm256_max_ps(_mm256_max_ps(max[0], max[1]), _mm256_max_ps(max[2], max[3])));
}

static float sum_exp(const float *x, size_t n, float max) {
    __m256 sum[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256 origin = _mm256_set1_ps(max), factor = _mm256_set1_ps(HX_LOG2_E);
    for (size_t i = 0, j = 0; i < n; i += 8, j ^= 1) {
        __m256i m = hx__lanes_8(n - i);
        __m256 v = _mm256_sub_ps(_mm256_maskload_ps(x + i, m), origin);
        __m256 e = hx__exp2_256(_mm256_mul_ps(v, factor));
        sum[j] = _mm256_add_ps(sum[j], _mm256_and_ps(e, _mm256_castsi256_ps(m)));
    }
    return hx__sum_256(_mm256_add_ps(sum[0], sum[1]));
}

const hx_vector_kernels hx_vector_avx2 = {
    dot, scale_by, rope, rope_interleaved, store_f16, store_q8_0, add, greatest, sum_exp};

#endif
