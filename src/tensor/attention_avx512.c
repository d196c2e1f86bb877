/* attention_avx512.c - attention.h for AVX-512: 6 rows x 64 positions, and 6 rows x 64 elements of the value, stay in 24 registers
 * while the sums run.
 *
 * One step of a sum is 24 multiply-adds for 4 loads and 6 broadcasts. exp is hx__exp2_512 of scale log2(e) (score - max), so
 * its error is one unit of the last place of the weight plus that of the product, nothing at the maximum itself. */
#include "tensor/attention_kernels.h"

#if defined(__x86_64__)

#include "tensor/simd_avx512.h"

enum { TILE = HX_ATTENTION_TILE, GROUP = HX_ATTENTION_GROUP };

/* Elements [d, d + n) of a row, n = 16 or 8, as F32; the rest 0. */
HX_INLINE __m512 load_row(hx_dtype type, const void *row, size_t d, size_t n) {
    if (type == HX_DTYPE_F32) return _mm512_maskz_loadu_ps(hx__lanes(n), (const float *)row + d);
    if (type == HX_DTYPE_F16) {
        __m256i h = _mm256_maskz_loadu_epi16(hx__lanes(n), (const uint16_t *)row + d);
        return _mm512_cvtph_ps(h);
    }
    const uint8_t *block = (const uint8_t *)row + d / 32 * 34;
    __m128i q = _mm_maskz_loadu_epi8(hx__lanes(n), block + 2 + d % 32);
    return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(q)),
                         _mm512_set1_ps(hx__scale_f16(block)));
}

HX_INLINE void transpose(__m512 *r) {
    __m512 t[16];
    HX_UNROLL
    for (size_t i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    HX_UNROLL
    for (size_t i = 0; i < 16; i += 4) {
        r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    HX_UNROLL
    for (size_t i = 0; i < 4; ++i) {
        __m512 a = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        __m512 b = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        __m512 c = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        __m512 d = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
        t[i] = _mm512_shuffle_f32x4(a, c, 0x88);
        t[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
        t[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
    HX_UNROLL
    for (size_t i = 0; i < 16; ++i)
        r[i] = t[i];
}

/* Elements [d, d + n) of 16 keys, n = 16 or 8. */
HX_INLINE void keys_part(hx_dtype type, const void *const *rows, size_t d, size_t n, float *k_t) {
    __m512 r[16];
    HX_UNROLL
    for (size_t p = 0; p < 16; ++p)
        r[p] = load_row(type, rows[p], d, n);
    transpose(r);
    HX_UNROLL
    for (size_t i = 0; i < n; ++i)
        _mm512_storeu_ps(k_t + (d + i) * TILE, r[i]);
}

HX_INLINE void keys_of(hx_dtype type, const void *const *rows, size_t head_dim, float *k_t) {
    size_t d = 0;
    for (; d + 16 <= head_dim; d += 16)
        keys_part(type, rows, d, 16, k_t);
    if (d < head_dim) keys_part(type, rows, d, 8, k_t);
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
    size_t d = 0;
    for (; d + 16 <= head_dim; d += 16)
        _mm512_storeu_ps(out + d, load_row(type, row, d, 16));
    if (d < head_dim) _mm512_mask_storeu_ps(out + d, 0xff, load_row(type, row, d, 8));
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

HX_INLINE void scores_of(size_t rows, size_t groups, const float *const *q, const float *k_t,
                         size_t head_dim, float *s) {
    __m512 acc[HX_ATTENTION_ROWS][4];
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t g = 0; g < groups; ++g)
        acc[r][g] = _mm512_setzero_ps();
    for (size_t d = 0; d < head_dim; ++d) {
        __m512 k[4];
        HX_UNROLL
        for (size_t g = 0; g < groups; ++g)
            k[g] = _mm512_loadu_ps(k_t + d * TILE + g * GROUP);
        HX_UNROLL
        for (size_t r = 0; r < rows; ++r) {
            __m512 x = _mm512_set1_ps(q[r][d]);
            HX_UNROLL
            for (size_t g = 0; g < groups; ++g)
                acc[r][g] = _mm512_fmadd_ps(x, k[g], acc[r][g]);
        }
    }
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t g = 0; g < groups; ++g)
        _mm512_storeu_ps(s + r * TILE + g * GROUP, acc[r][g]);
}

#define SCORES(rows)                                                                               \
    static void scores_##rows(const float *const *q, const float *k_t, size_t head_dim,            \
                              size_t groups, float *s) {                                           \
        switch (groups) {                                                                          \
        case 1:                                                                                    \
            scores_of(rows, 1, q, k_t, head_dim, s);                                               \
            break;                                                                                 \
        case 2:                                                                                    \
            scores_of(rows, 2, q, k_t, head_dim, s);                                               \
            break;                                                                                 \
        case 3:                                                                                    \
            scores_of(rows, 3, q, k_t, head_dim, s);                                               \
            break;                                                                                 \
        default:                                                                                   \
            scores_of(rows, 4, q, k_t, head_dim, s);                                               \
            break;                                                                                 \
        }                                                                                          \
    }
SCORES(6)
SCORES(3)
SCORES(1)

static void scores(const float *const *q, size_t n_rows, const float *k_t, size_t head_dim,
                   size_t groups, float *s) {
    size_t r = 0;
    for (; r + 6 <= n_rows; r += 6)
        scores_6(q + r, k_t, head_dim, groups, s + r * TILE);
    for (; r + 3 <= n_rows; r += 3)
        scores_3(q + r, k_t, head_dim, groups, s + r * TILE);
    for (; r < n_rows; ++r)
        scores_1(q + r, k_t, head_dim, groups, s + r * TILE);
}

/* Lanes of group g that are visible. */
HX_INLINE __mmask16 seen_of(size_t visible, size_t g) {
    size_t before = g * GROUP;
    return hx__lanes(visible <= before ? 0 : visible - before < 16 ? visible - before : 16);
}

HX_INLINE float greatest(size_t groups, const float *s, size_t visible, float max) {
    __m512 most = _mm512_set1_ps(max);
    HX_UNROLL
    for (size_t g = 0; g < groups; ++g)
        most = _mm512_mask_max_ps(most, seen_of(visible, g), most, _mm512_loadu_ps(s + g * GROUP));
    return _mm512_reduce_max_ps(most);
}

HX_INLINE float exponentials(size_t groups, float *s, size_t visible, float max, __m512 factor) {
    __m512 sum = _mm512_setzero_ps(), origin = _mm512_set1_ps(max);
    HX_UNROLL
    for (size_t g = 0; g < groups; ++g) {
        __m512 x = _mm512_sub_ps(_mm512_loadu_ps(s + g * GROUP), origin);
        x = _mm512_maskz_mov_ps(seen_of(visible, g), hx__exp2_512(_mm512_mul_ps(x, factor)));
        sum = _mm512_add_ps(sum, x);
        _mm512_storeu_ps(s + g * GROUP, x);
    }
    return _mm512_reduce_add_ps(sum);
}

HX_INLINE void softmax_of(size_t groups, float *s, size_t n_rows, float scale,
                          hx_attention_state *state) {
    float max[16] = {0}, sum[16] = {0};
    const __mmask16 rows = hx__lanes(n_rows);
    __m512 factor = _mm512_set1_ps(scale * HX_LOG2_E);
    for (size_t r = 0; r < n_rows; ++r)
        max[r] = greatest(groups, s + r * TILE, state->visible[r], state->max[r]);
    for (size_t r = 0; r < n_rows; ++r)
        sum[r] = exponentials(groups, s + r * TILE, state->visible[r], max[r], factor);
    __m512 old = _mm512_maskz_loadu_ps(rows, state->max), now = _mm512_loadu_ps(max);
    __m512 alpha = hx__exp2_512(_mm512_mul_ps(_mm512_sub_ps(old, now), factor));
    __m512 total =
        _mm512_fmadd_ps(_mm512_maskz_loadu_ps(rows, state->sum), alpha, _mm512_loadu_ps(sum));
    _mm512_mask_storeu_ps(state->max, rows, now);
    _mm512_mask_storeu_ps(state->sum, rows, total);
    _mm512_mask_storeu_ps(state->alpha, rows, alpha);
}

static void softmax(float *s, size_t n_rows, size_t groups, float scale,
                    hx_attention_state *state) {
    switch (groups) {
    case 1:
        softmax_of(1, s, n_rows, scale, state);
        break;
    case 2:
        softmax_of(2, s, n_rows, scale, state);
        break;
    case 3:
        softmax_of(3, s, n_rows, scale, state);
        break;
    default:
        softmax_of(4, s, n_rows, scale, state);
        break;
    }
}

/* `parts` vectors of the value from element 0 of v and acc on. */
HX_INLINE void weigh_of(size_t rows, size_t parts, const float *s, size_t n, const float *v,
                        size_t ldv, size_t width, const float *alpha, float *acc) {
    __m512 sum[HX_ATTENTION_ROWS][4];
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t i = 0; i < parts; ++i)
        sum[r][i] = alpha ? _mm512_mul_ps(_mm512_set1_ps(alpha[r]),
                                          _mm512_loadu_ps(acc + r * width + i * 16))
                          : _mm512_setzero_ps();
    for (size_t p = 0; p < n; ++p, v += ldv) {
        __m512 x[4];
        HX_UNROLL
        for (size_t i = 0; i < parts; ++i)
            x[i] = _mm512_loadu_ps(v + i * 16);
        HX_UNROLL
        for (size_t r = 0; r < rows; ++r) {
            __m512 w = _mm512_set1_ps(s[r * TILE + p]);
            HX_UNROLL
            for (size_t i = 0; i < parts; ++i)
                sum[r][i] = _mm512_fmadd_ps(w, x[i], sum[r][i]);
        }
    }
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t i = 0; i < parts; ++i)
        _mm512_storeu_ps(acc + r * width + i * 16, sum[r][i]);
}

#define WEIGH(rows)                                                                                \
    static void weigh_##rows(const float *s, size_t n, const float *v, size_t ldv, size_t width,   \
                             const float *alpha, float *acc) {                                     \
        size_t d = 0;                                                                              \
        for (; d + 64 <= width; d += 64)                                                           \
            weigh_of(rows, 4, s, n, v + d, ldv, width, alpha, acc + d);                            \
        for (; d + 32 <= width; d += 32)                                                           \
            weigh_of(rows, 2, s, n, v + d, ldv, width, alpha, acc + d);                            \
        for (; d < width; d += 16)                                                                 \
            weigh_of(rows, 1, s, n, v + d, ldv, width, alpha, acc + d);                            \
    }
WEIGH(6)
WEIGH(3)
WEIGH(1)

static void weigh(const float *s, size_t n_rows, size_t n, const float *v, size_t ldv, size_t width,
                  const float *alpha, float *acc) {
    size_t r = 0;
    for (; r + 6 <= n_rows; r += 6)
        weigh_6(s + r * TILE, n, v, ldv, width, alpha ? alpha + r : NULL, acc + r * width);
    for (; r + 3 <= n_rows; r += 3)
        weigh_3(s + r * TILE, n, v, ldv, width, alpha ? alpha + r : NULL, acc + r * width);
    for (; r < n_rows; ++r)
        weigh_1(s + r * TILE, n, v, ldv, width, alpha ? alpha + r : NULL, acc + r * width);
}

const hx_attention_kernels hx_attention_avx512 = {keys, values, scores, softmax, weigh};

#endif
