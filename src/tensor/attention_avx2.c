/* attention_avx2.c - attention.h for AVX2.
 *
 * 6 rows of queries x 16 positions of keys, and 6 rows x 16 elements of the value, stay in 12 of the 16 registers while the sums run;
 * the rest holds what is broadcast and loaded. The formulas, the order of the sums and the error of exp are those of
 * attention_avx512.c. */
#include "tensor/attention_kernels.h"

#if defined(__x86_64__)

#include "tensor/simd_avx2.h"

enum { TILE = HX_ATTENTION_TILE, GROUP = HX_ATTENTION_GROUP };

/* Elements [d, d + 8) of a row as F32. */
HX_INLINE __m256 load_row(hx_dtype type, const void *row, size_t d) {
    if (type == HX_DTYPE_F32) return _mm256_loadu_ps((const float *)row + d);
    if (type == HX_DTYPE_F16)
        return _mm256_cvtph_ps(_mm_loadu_si128((const void *)((const uint16_t *)row + d)));
    const uint8_t *block = (const uint8_t *)row + d / 32 * 34;
    __m128i q = _mm_loadl_epi64((const void *)(block + 2 + d % 32));
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q)),
                         _mm256_set1_ps(hx__scale_f16_avx2(block)));
}

HX_INLINE void transpose(__m256 *r) {
    __m256 t[8];
    HX_UNROLL
    for (size_t i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    HX_UNROLL
    for (size_t i = 0; i < 8; i += 4) {
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    HX_UNROLL
    for (size_t i = 0; i < 4; ++i) {
        t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
        t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
    }
    HX_UNROLL
    for (size_t i = 0; i < 8; ++i)
        r[i] = t[i];
}

HX_INLINE void keys_of(hx_dtype type, const void *const *rows, size_t head_dim, float *k_t) {
    for (size_t d = 0; d < head_dim; d += 8) {
        for (size_t half = 0; half < 2; ++half) {
            __m256 r[8];
            HX_UNROLL
            for (size_t p = 0; p < 8; ++p)
                r[p] = load_row(type, rows[8 * half + p], d);
            transpose(r);
            HX_UNROLL
            for (size_t i = 0; i < 8; ++i)
                _mm256_storeu_ps(k_t + (d + i) * TILE + 8 * half, r[i]);
        }
    }
}

static void keys(hx_dtype type, const void *const *rows, size_t head_dim, float *k_t) {
    if (type == HX_DTYPE_F32)
        keys_of(HX_DTYPE_F32, rows, head_dim, k_t);
    else if (type == HX_DTYPE_F16)
        keys_of(HX_DTYPE_F16, rows, head_dim, k_t);
    else
        keys_of(HX_DTYPE_Q8_0, rows, head_dim, k_t);
}

HX_INLINE void values_of(hx_dtype type, const void *row, size_t head_dim, float *out) {
    for (size_t d = 0; d < head_dim; d += 8)
        _mm256_storeu_ps(out + d, load_row(type, row, d));
}

static void values(hx_dtype type, const void *const *rows, size_t n, size_t head_dim, float *out,
                   size_t width) {
    for (size_t i = 0; i < n; ++i, out += width) {
        if (type == HX_DTYPE_F32)
            values_of(HX_DTYPE_F32, rows[i], head_dim, out);
        else if (type == HX_DTYPE_F16)
            values_of(HX_DTYPE_F16, rows[i], head_dim, out);
        else
            values_of(HX_DTYPE_Q8_0, rows[i], head_dim, out);
    }
}

/* One group of positions. */
HX_INLINE void scores_of(size_t rows, const float *const *q, const float *k_t, size_t head_dim,
                         float *s) {
    __m256 acc[HX_ATTENTION_ROWS][2];
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        acc[r][0] = acc[r][1] = _mm256_setzero_ps();
    for (size_t d = 0; d < head_dim; ++d) {
        __m256 k0 = _mm256_loadu_ps(k_t + d * TILE), k1 = _mm256_loadu_ps(k_t + d * TILE + 8);
        HX_UNROLL
        for (size_t r = 0; r < rows; ++r) {
            __m256 x = _mm256_set1_ps(q[r][d]);
            acc[r][0] = _mm256_fmadd_ps(x, k0, acc[r][0]);
            acc[r][1] = _mm256_fmadd_ps(x, k1, acc[r][1]);
        }
    }
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r) {
        _mm256_storeu_ps(s + r * TILE, acc[r][0]);
        _mm256_storeu_ps(s + r * TILE + 8, acc[r][1]);
    }
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

/* The first `visible` - p of the 8 lanes from p on. */
HX_INLINE __m256 seen_of(size_t visible, size_t p) {
    return _mm256_castsi256_ps(hx__lanes_8(visible > p ? visible - p : 0));
}

HX_INLINE float greatest(const float *s, size_t visible, float max) {
    __m256 most = _mm256_set1_ps(max);
    for (size_t p = 0; p < visible; p += 8) {
        __m256 x = _mm256_max_ps(most, _mm256_loadu_ps(s + p));
        most = _mm256_blendv_ps(most, x, seen_of(visible, p));
    }
    return hx__max_256(most);
}

HX_INLINE float exponentials(float *s, size_t groups, size_t visible, float max, __m256 factor) {
    __m256 sum = _mm256_setzero_ps(), origin = _mm256_set1_ps(max);
    for (size_t p = 0; p < groups * GROUP; p += 8) {
        __m256 x = _mm256_sub_ps(_mm256_loadu_ps(s + p), origin);
        x = _mm256_and_ps(hx__exp2_256(_mm256_mul_ps(x, factor)), seen_of(visible, p));
        sum = _mm256_add_ps(sum, x);
        _mm256_storeu_ps(s + p, x);
    }
    return hx__sum_256(sum);
}

static void softmax(float *s, size_t n_rows, size_t groups, float scale,
                    hx_attention_state *state) {
    float max[8] = {0}, old[8] = {0}, alpha[8];
    __m256 factor = _mm256_set1_ps(scale * HX_LOG2_E);
    for (size_t r = 0; r < n_rows; ++r) {
        old[r] = state->max[r];
        max[r] = greatest(s + r * TILE, state->visible[r], old[r]);
    }
    __m256 less = _mm256_sub_ps(_mm256_loadu_ps(old), _mm256_loadu_ps(max));
    _mm256_storeu_ps(alpha, hx__exp2_256(_mm256_mul_ps(less, factor)));
    for (size_t r = 0; r < n_rows; ++r) {
        float sum = exponentials(s + r * TILE, groups, state->visible[r], max[r], factor);
        state->alpha[r] = alpha[r];
        state->max[r] = max[r];
        state->sum[r] = state->sum[r] * alpha[r] + sum;
    }
}

/* 16 elements of the value. */
HX_INLINE void weigh_of(size_t rows, const float *s, size_t n, const float *v, size_t ldv,
                        size_t width, const float *alpha, float *acc) {
    __m256 sum[HX_ATTENTION_ROWS][2];
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r) {
        sum[r][0] = sum[r][1] = _mm256_setzero_ps();
        if (!alpha) continue;
        __m256 a = _mm256_set1_ps(alpha[r]);
        sum[r][0] = _mm256_mul_ps(a, _mm256_loadu_ps(acc + r * width));
        sum[r][1] = _mm256_mul_ps(a, _mm256_loadu_ps(acc + r * width + 8));
    }
    for (size_t p = 0; p < n; ++p, v += ldv) {
        __m256 v0 = _mm256_loadu_ps(v), v1 = _mm256_loadu_ps(v + 8);
        HX_UNROLL
        for (size_t r = 0; r < rows; ++r) {
            __m256 w = _mm256_set1_ps(s[r * TILE + p]);
            sum[r][0] = _mm256_fmadd_ps(w, v0, sum[r][0]);
            sum[r][1] = _mm256_fmadd_ps(w, v1, sum[r][1]);
        }
    }
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r) {
        _mm256_storeu_ps(acc + r * width, sum[r][0]);
        _mm256_storeu_ps(acc + r * width + 8, sum[r][1]);
    }
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

const hx_attention_kernels hx_attention_avx2 = {keys, values, scores, softmax, weigh};

#endif
