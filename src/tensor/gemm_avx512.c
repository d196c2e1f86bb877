/* gemm_avx512.c - the loops of linear.h for AVX-512 (F, BW, DQ, VL): 16 lanes a register.
 *
 * The Walsh-Hadamard transform works in registers: distances 1 to 8 are a permutation and one fma with a vector of signs each
 * (fma(x, +-1, y) is y +- x rounded once, as the definition wants), larger ones are sums of whole registers: up to 128 elements stay in
 * registers, for larger blocks a second pass goes over the row, which is in the first-level cache.
 * The F32 tile: 12 x 32 accumulators, one chain a lane. */
#if defined(__x86_64__)
#include "tensor/gemm_kernels.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __mmask16 rest_mask(size_t n) {
    return (__mmask16)(n >= 16 ? 0xffffu : (1u << n) - 1u);
}

static float sum_halves(__m512 s) {
    __m256 a = _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
}

static float norm_factor(const float *x, size_t k, float eps) {
    __m512 a = _mm512_setzero_ps(), b = a, c = a, d = a;
    size_t i = 0;
    for (; i + 64 <= k; i += 64) {
        __m512 va = _mm512_loadu_ps(x + i), vb = _mm512_loadu_ps(x + i + 16);
        __m512 vc = _mm512_loadu_ps(x + i + 32), vd = _mm512_loadu_ps(x + i + 48);
        a = _mm512_fmadd_ps(va, va, a);
        b = _mm512_fmadd_ps(vb, vb, b);
        c = _mm512_fmadd_ps(vc, vc, c);
        d = _mm512_fmadd_ps(vd, vd, d);
    }
    float rest[64] = {0};
    memcpy(rest, x + i, (k - i) * sizeof *x);
    __m512 va = _mm512_loadu_ps(rest), vb = _mm512_loadu_ps(rest + 16);
    __m512 vc = _mm512_loadu_ps(rest + 32), vd = _mm512_loadu_ps(rest + 48);
    a = _mm512_add_ps(_mm512_fmadd_ps(va, va, a), _mm512_fmadd_ps(vc, vc, c));
    b = _mm512_add_ps(_mm512_fmadd_ps(vb, vb, b), _mm512_fmadd_ps(vd, vd, d));
    float sum = sum_halves(_mm512_add_ps(a, b));
    __m128 root = _mm_sqrt_ss(_mm_set_ss(sum / (float)k + eps));
    return 1.0f / _mm_cvtss_f32(root);
}

void hx_gemm_norm_avx512(const float *x, size_t k, const float *w, float eps, float *out) {
    __m512 r = _mm512_set1_ps(norm_factor(x, k, eps));
    for (size_t i = 0; i < k; i += 16) {
        __mmask16 m = rest_mask(k - i);
        __m512 v = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), r);
        _mm512_mask_storeu_ps(out + i, m, _mm512_mul_ps(v, _mm512_maskz_loadu_ps(m, w + i)));
    }
}

#define PLUS_MINUS(h)                                                                              \
    _mm512_setr_ps(S(0, h), S(1, h), S(2, h), S(3, h), S(4, h), S(5, h), S(6, h), S(7, h),         \
                   S(8, h), S(9, h), S(10, h), S(11, h), S(12, h), S(13, h), S(14, h), S(15, h))
#define S(i, h) ((i) & (h) ? -1.0f : 1.0f)

/* Distances 1, 2, 4, 8. */
INLINE __m512 rotate16(__m512 v) {
    v = _mm512_fmadd_ps(v, PLUS_MINUS(1), _mm512_permute_ps(v, 0xB1));
    v = _mm512_fmadd_ps(v, PLUS_MINUS(2), _mm512_permute_ps(v, 0x4E));
    v = _mm512_fmadd_ps(v, PLUS_MINUS(4), _mm512_shuffle_f32x4(v, v, 0xB1));
    return _mm512_fmadd_ps(v, PLUS_MINUS(8), _mm512_shuffle_f32x4(v, v, 0x4E));
}

INLINE void sum_and_difference(__m512 *a, __m512 *b) {
    __m512 old = *a;
    *a = _mm512_add_ps(old, *b);
    *b = _mm512_sub_ps(old, *b);
}

/* A row on its way: where from, factors of the norm (w NULL = none), where to, the greatest bits without sign. */
typedef struct {
    const float *x, *w;
    __m512 r;
    float *out;
    __m512i top;
} row_state;

INLINE __m512 take(const row_state *s, size_t i, bool normed) {
    __m512 v = _mm512_loadu_ps(s->x + i);
    if (normed) v = _mm512_mul_ps(_mm512_mul_ps(v, s->r), _mm512_loadu_ps(s->w + i));
    return rotate16(v);
}

INLINE void give(row_state *s, size_t i, __m512 v) {
    const __m512i bits = _mm512_set1_epi32(0x7fffffff);
    s->top = _mm512_max_epu32(s->top, _mm512_and_si512(_mm512_castps_si512(v), bits));
    _mm512_storeu_ps(s->out + i, v);
}

typedef struct {
    __m512 a, b, c, d;
} registers;

/* 64 elements, distances 1 to 32. */
INLINE registers take64(const row_state *s, size_t i, bool normed) {
    registers v = {take(s, i, normed), take(s, i + 16, normed), take(s, i + 32, normed),
                   take(s, i + 48, normed)};
    sum_and_difference(&v.a, &v.b);
    sum_and_difference(&v.c, &v.d);
    sum_and_difference(&v.a, &v.c);
    sum_and_difference(&v.b, &v.d);
    return v;
}

INLINE void give64(row_state *s, size_t i, registers v) {
    give(s, i, v.a);
    give(s, i + 16, v.b);
    give(s, i + 32, v.c);
    give(s, i + 48, v.d);
}

INLINE void rotate128(row_state *s, size_t i, bool normed) {
    registers v = take64(s, i, normed), w = take64(s, i + 64, normed);
    sum_and_difference(&v.a, &w.a);
    sum_and_difference(&v.b, &w.b);
    sum_and_difference(&v.c, &w.c);
    sum_and_difference(&v.d, &w.d);
    give64(s, i, v);
    give64(s, i + 64, w);
}

/* Distance 128, and 256 where the block is 512, from out to out. */
INLINE void rotate_far(row_state *s, size_t i, size_t block) {
    __m512 a = _mm512_loadu_ps(s->out + i), b = _mm512_loadu_ps(s->out + i + 128);
    sum_and_difference(&a, &b);
    if (block == 512) {
        __m512 c = _mm512_loadu_ps(s->out + i + 256), d = _mm512_loadu_ps(s->out + i + 384);
        sum_and_difference(&c, &d);
        sum_and_difference(&a, &c);
        sum_and_difference(&b, &d);
        give(s, i + 256, c);
        give(s, i + 384, d);
    }
    give(s, i, a);
    give(s, i + 128, b);
}

/* The top of what is not yet the result does not count. */
INLINE void rotate_wide(row_state *s, size_t k, size_t block) {
    s->top = _mm512_setzero_si512();
    for (size_t i = 0; i < k; i += block)
        for (size_t j = 0; j < 128; j += 16)
            rotate_far(s, i + j, block);
}

INLINE void rotate_row(row_state *s, size_t k, size_t block, bool normed) {
    for (size_t i = 0; block == 16 && i < k; i += 16)
        give(s, i, take(s, i, normed));
    for (size_t i = 0; block == 32 && i < k; i += 32) {
        __m512 a = take(s, i, normed), b = take(s, i + 16, normed);
        sum_and_difference(&a, &b);
        give(s, i, a);
        give(s, i + 16, b);
    }
    for (size_t i = 0; block == 64 && i < k; i += 64)
        give64(s, i, take64(s, i, normed));
    for (size_t i = 0; block >= 128 && i < k; i += 128)
        rotate128(s, i, normed);
    if (block == 256) rotate_wide(s, k, 256);
    if (block == 512) rotate_wide(s, k, 512);
}

/* Blocks below a register's width. */
static void rotate_small(row_state *s, size_t k, size_t block, float eps) {
    if (s->w)
        hx_gemm_norm_avx512(s->x, k, s->w, eps, s->out);
    else
        memmove(s->out, s->x, k * sizeof *s->x);
    hx_gemm_rotate_scalar(s->out, k, block);
    const __m512i bits = _mm512_set1_epi32(0x7fffffff);
    for (size_t i = 0; i < k; i += 16) {
        __m512i v = _mm512_maskz_loadu_epi32(rest_mask(k - i), s->out + i);
        s->top = _mm512_max_epu32(s->top, _mm512_and_si512(v, bits));
    }
}

INLINE __m512i scaled(const float *x, __m512 r) {
    return _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(x), r));
}

/* Returns the sum, from those of bytes + 128 by eights. */
static int32_t round_row(const float *x, size_t k, float factor, uint8_t flip, int8_t *out) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i flips = _mm512_set1_epi8((char)flip), high = _mm512_set1_epi8(-128);
    __m512 r = _mm512_set1_ps(factor);
    __m512i sums = _mm512_setzero_si512();
    size_t i = 0;
    for (; i + 64 <= k; i += 64) {
        __m512i a = _mm512_packs_epi32(scaled(x + i, r), scaled(x + i + 16, r));
        __m512i b = _mm512_packs_epi32(scaled(x + i + 32, r), scaled(x + i + 48, r));
        __m512i q = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(a, b));
        __m512i of_8 = _mm512_sad_epu8(_mm512_xor_si512(q, high), _mm512_setzero_si512());
        sums = _mm512_add_epi64(sums, of_8);
        _mm512_storeu_si512(out + i, _mm512_xor_si512(q, flips));
    }
    int32_t sum = (int32_t)_mm512_reduce_add_epi64(sums) - 128 * (int32_t)i;
    for (; i < k; i += 16) {
        __mmask16 m = rest_mask(k - i);
        __m512i v = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), r));
        __m128i q = _mm512_cvtepi32_epi8(v);
        __m128i of_8 = _mm_sad_epu8(_mm_xor_si128(q, _mm_set1_epi8(-128)), _mm_setzero_si128());
        sum += _mm_cvtsi128_si32(of_8) + _mm_extract_epi16(of_8, 4) - 128 * 16;
        _mm_mask_storeu_epi8(out + i, m, _mm_xor_si128(q, _mm_set1_epi8((char)flip)));
    }
    return sum;
}

float hx_gemm_ready_avx512(const float *x, size_t k, const float *w, float eps, size_t block,
                           uint8_t flip, float *scratch, int8_t *out, int32_t *sum) {
    row_state s = {.x = x, .w = w, .out = scratch, .top = _mm512_setzero_si512()};
    if (block < 16) {
        rotate_small(&s, k, block, eps);
    } else if (w) {
        s.r = _mm512_set1_ps(norm_factor(x, k, eps));
        rotate_row(&s, k, block, true);
    } else {
        rotate_row(&s, k, block, false);
    }
    __m128i u = _mm_cvtsi32_si128((int)_mm512_reduce_max_epu32(s.top));
    float most = _mm_cvtss_f32(_mm_castsi128_ps(u));
    *sum = round_row(scratch, k, most > 1e-30f ? 127.0f / most : 0.0f, flip, out);
    return most > 1e-30f || most != most ? most / 127.0f : 0.0f;
}

/* 16 x 16 elements of 32 bits, in place. */
INLINE void transpose16(__m512i *v) {
    __m512i t[16];
    for (size_t i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
    for (size_t i = 0; i < 16; i += 4)
        for (size_t j = 0; j < 2; j++) {
            v[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + 2 + j]);
            v[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + 2 + j]);
        }
    for (size_t i = 0; i < 16; i += 8)
        for (size_t j = 0; j < 4; j++) {
            t[i + j] = _mm512_shuffle_i32x4(v[i + j], v[i + 4 + j], 0x88);
            t[i + 4 + j] = _mm512_shuffle_i32x4(v[i + j], v[i + 4 + j], 0xDD);
        }
    for (size_t j = 0; j < 8; j++) {
        v[j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0x88);
        v[8 + j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0xDD);
    }
}

/* Columns [0, n) of 16 rows of 32-bit elements, n <= 16, to n half panels. */
INLINE void pack_square(const uint8_t *rows, size_t stride, size_t n, uint8_t *out) {
    __m512i v[16];
    for (size_t i = 0; i < 16; i++)
        v[i] = _mm512_maskz_loadu_epi32(rest_mask(n), rows + i * stride);
    transpose16(v);
    for (size_t i = 0; i < 16; i++)
        if (i < n) _mm512_store_si512(out + i * HX_GEMM_LANES * 4, v[i]);
}

static void pack_words(const uint8_t *rows, size_t stride, size_t n, uint8_t *out) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        pack_square(rows + 4 * i, stride, 16, out + i * HX_GEMM_LANES * 4);
    if (i < n) pack_square(rows + 4 * i, stride, n - i, out + i * HX_GEMM_LANES * 4);
}

void hx_gemm_pack8_avx512(const int8_t *rows, size_t stride, size_t k, int8_t *out) {
    pack_words((const uint8_t *)rows, stride, k / 4, (uint8_t *)out);
}

void hx_gemm_pack32_avx512(const float *rows, size_t stride, size_t k, float *out) {
    pack_words((const uint8_t *)rows, stride * 4, k, (uint8_t *)out);
}

/* Sums are variables of their own and not an array: compilers keep them in registers. */
#define START(i) __m512 a##i = zero, b##i = zero;
#define STEP(i)                                                                                    \
    if (i < rows) {                                                                                \
        __m512 v = _mm512_set1_ps(x##i[k]);                                                        \
        a##i = _mm512_fmadd_ps(v, w0, a##i);                                                       \
        b##i = _mm512_fmadd_ps(v, w1, b##i);                                                       \
    }
#define FINISH(i)                                                                                  \
    if (i < rows) put(t, i, a##i, b##i);

INLINE void put(const hx_exact_tile *t, size_t m, __m512 a, __m512 b) {
    float *out = t->out + m * t->ldo;
    _mm512_storeu_ps(out, _mm512_add_ps(a, _mm512_loadu_ps(t->bias)));
    _mm512_storeu_ps(out + 16, _mm512_add_ps(b, _mm512_loadu_ps(t->bias + 16)));
}

INLINE void exact_rows(const hx_exact_tile *t, size_t rows) {
    const __m512 zero = _mm512_setzero_ps();
    HX_GEMM_EACH_ROW(START)
    const float *w = t->w;
    HX_GEMM_ROW_POINTERS(const float, t->x, t->ldx)
    for (size_t k = 0; k < t->k; k++, w += HX_GEMM_LANES) {
        __m512 w0 = _mm512_load_ps(w), w1 = _mm512_load_ps(w + 16);
        HX_GEMM_EACH_ROW(STEP)
    }
    HX_GEMM_EACH_ROW(FINISH)
}

/* one(t, n) for each number of rows n, which the loops then know when compiled. */
#define EACH_HEIGHT(one)                                                                           \
    switch (t->rows) {                                                                             \
        HEIGHT(one, 1)                                                                             \
        HEIGHT(one, 2)                                                                             \
        HEIGHT(one, 3)                                                                             \
        HEIGHT(one, 4)                                                                             \
        HEIGHT(one, 5)                                                                             \
        HEIGHT(one, 6)                                                                             \
        HEIGHT(one, 7)                                                                             \
        HEIGHT(one, 8)                                                                             \
        HEIGHT(one, 9)                                                                             \
        HEIGHT(one, 10)                                                                            \
        HEIGHT(one, 11)                                                                            \
    default:                                                                                       \
        one(t, 12);                                                                                \
        break;                                                                                     \
    }
#define HEIGHT(one, n)                                                                             \
    case n:                                                                                        \
        one(t, n);                                                                                 \
        break;

void hx_gemm_exact_avx512(const hx_exact_tile *t){EACH_HEIGHT(exact_rows)}

INLINE void add_up(const hx_product_tile *t, size_t m, __m512 a, __m512 b) {
    float *out = t->out + m * t->ldo;
    const __m512 zero = _mm512_setzero_ps();
    _mm512_storeu_ps(out, _mm512_add_ps(a, t->add ? _mm512_loadu_ps(out) : zero));
    _mm512_storeu_ps(out + 16, _mm512_add_ps(b, t->add ? _mm512_loadu_ps(out + 16) : zero));
}

#define ADD_UP(i)                                                                                  \
    if (i < rows) add_up(t, i, a##i, b##i);
#define STEP_ACROSS(i)                                                                             \
    if (i < rows) {                                                                                \
        __m512 v = _mm512_set1_ps(x[i]);                                                           \
        a##i = _mm512_fmadd_ps(v, w0, a##i);                                                       \
        b##i = _mm512_fmadd_ps(v, w1, b##i);                                                       \
    }

/* What the sum is added to is wanted a few thousand cycles from now. */
INLINE void fetch_out(const hx_product_tile *t, size_t rows) {
    for (size_t m = 0; m < rows; m++) {
        __builtin_prefetch(t->out + m * t->ldo, 1);
        __builtin_prefetch(t->out + m * t->ldo + 16, 1);
    }
}

/* Rows of x lie along k. */
INLINE void product_along(const hx_product_tile *t, size_t rows) {
    fetch_out(t, rows);
    const __m512 zero = _mm512_setzero_ps();
    HX_GEMM_EACH_ROW(START)
    const float *w = t->w;
    HX_GEMM_ROW_POINTERS(const float, t->x, t->row_step)
    for (size_t k = 0; k < t->k; k++, w += HX_GEMM_LANES) {
        __m512 w0 = _mm512_load_ps(w), w1 = _mm512_load_ps(w + 16);
        HX_GEMM_EACH_ROW(STEP)
    }
    HX_GEMM_EACH_ROW(ADD_UP)
}

/* Rows of x lie side by side. */
INLINE void product_across(const hx_product_tile *t, size_t rows) {
    fetch_out(t, rows);
    const __m512 zero = _mm512_setzero_ps();
    HX_GEMM_EACH_ROW(START)
    const float *w = t->w, *x = t->x;
    for (size_t k = 0; k < t->k; k++, w += HX_GEMM_LANES, x += t->k_step) {
        __m512 w0 = _mm512_load_ps(w), w1 = _mm512_load_ps(w + 16);
        HX_GEMM_EACH_ROW(STEP_ACROSS)
    }
    HX_GEMM_EACH_ROW(ADD_UP)
}

void hx_gemm_product_avx512(const hx_product_tile *t) {
    if (t->row_step == 1 && t->k_step != 1) {
        EACH_HEIGHT(product_across)
    } else {
        EACH_HEIGHT(product_along)
    }
}

void hx_gemm_add_avx512(const float *x, size_t ldx, size_t rows, size_t n, float *y, size_t ldy) {
    for (size_t m = 0; m < rows; m++, x += ldx, y += ldy)
        for (size_t i = 0; i < n; i += 16) {
            __mmask16 k = rest_mask(n - i);
            __m512 v = _mm512_maskz_loadu_ps(k, x + i);
            _mm512_mask_storeu_ps(y + i, k, _mm512_add_ps(_mm512_maskz_loadu_ps(k, y + i), v));
        }
}

/* exp as gemm_scalar.c defines it. */
INLINE __m512 exp16(__m512 x) {
    const __m512 rounder = _mm512_set1_ps(12582912.0f);
    x = _mm512_min_ps(_mm512_max_ps(x, _mm512_set1_ps(-86.0f)), _mm512_set1_ps(88.0f));
    __m512 t = _mm512_fmadd_ps(x, _mm512_set1_ps(1.44269504f), rounder);
    __m512 n = _mm512_sub_ps(t, rounder);
    __m512 r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f),
                               _mm512_fmadd_ps(n, _mm512_set1_ps(-0.693359375f), x));
    __m512 p =
        _mm512_fmadd_ps(_mm512_set1_ps(1.9875691500e-4f), r, _mm512_set1_ps(1.3981999507e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
    p = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r), _mm512_set1_ps(1.0f));
    __m512i power = _mm512_slli_epi32(_mm512_castps_si512(t), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), power));
}

void hx_gemm_swiglu_avx512(const float *g, const float *u, size_t ldx, size_t rows, size_t n,
                           float *y, size_t ldy) {
    const __m512 one = _mm512_set1_ps(1.0f);
    for (size_t m = 0; m < rows; m++, g += ldx, u += ldx, y += ldy)
        for (size_t i = 0; i < n; i += 16) {
            __mmask16 k = rest_mask(n - i);
            __m512 v = _mm512_maskz_loadu_ps(k, g + i);
            __m512 e = exp16(_mm512_xor_ps(v, _mm512_set1_ps(-0.0f)));
            __m512 s = _mm512_div_ps(v, _mm512_add_ps(one, e));
            _mm512_mask_storeu_ps(y + i, k, _mm512_mul_ps(s, _mm512_maskz_loadu_ps(k, u + i)));
        }
}

const hx_gemm_kernels hx_gemm_avx512 = {
    .decode = hx_gemm_decode_avx2,
    .norm = hx_gemm_norm_avx512,
    .ready = hx_gemm_ready_avx512,
    .pack8 = hx_gemm_pack8_avx512,
    .pack32 = hx_gemm_pack32_avx512,
    .int8 = hx_gemm_int8_avx2,
    .exact = hx_gemm_exact_avx512,
    .product = hx_gemm_product_avx512,
    .add = hx_gemm_add_avx512,
    .swiglu = hx_gemm_swiglu_avx512,
};
#else
typedef int hx_gemm_avx512_is_for_x86; /* ISO C wants a declaration */
#endif
