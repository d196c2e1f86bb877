/* gemm_bf16.c - pairs of bfloat16 made of floats, and multiplied, by AVX512_BF16 (contracts: gemm_kernels.h).
 *
 * The tile is that of gemm_avx512.c with a pair where a float stands: 12 x 32 accumulators, for each pair of k two registers of W and a
 * broadcast one of x. vdpbf16ps has the rate of a fused multiply-add of floats and does twice its work. It adds the product of the odd element
 * first, then that of the even one, each step rounded to the nearest even, denormals taken and given as zero, whatever the control register
 * says; the conversions do the same. That is what gemm_bf16_scalar.c writes out. */
#if defined(__x86_64__)
#include "tensor/gemm_kernels.h"
#include "tensor/simd_avx512.h"

#define LANES 16

HX_INLINE size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* n <= 16 of them, zeros behind. */
HX_INLINE __m512 take(const float *x, size_t n, __m512 alpha) {
    return _mm512_mul_ps(_mm512_maskz_loadu_ps(hx__lanes(n), x), alpha);
}

static void pairs_bf16(const float *x, size_t n, float alpha, float *out) {
    const __m512 factor = _mm512_set1_ps(alpha);
    for (size_t i = 0; i < n; i += 2 * LANES) {
        size_t low = least(n - i, LANES), high = least(n - i - low, LANES);
        __m512 b = high > 0 ? take(x + i + LANES, high, factor) : _mm512_setzero_ps();
        __m512i v = (__m512i)_mm512_cvtne2ps_pbh(b, take(x + i, low, factor));
        _mm512_mask_storeu_epi32(out + i / 2, hx__lanes((low + high + 1) / 2), v);
    }
}

static void weave_bf16(const hx_bf16_weave *w) {
    const __m512i order =
        _mm512_add_epi32(_mm512_set1_epi32(16 << 16),
                         _mm512_mullo_epi32(_mm512_set1_epi32(0x10001),
                                            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                                                              12, 13, 14, 15)));
    const __m512 factor = _mm512_set1_ps(w->alpha);
    float *out = w->out;
    for (size_t first = 0; first < w->n; first += w->piece, out += w->step)
        for (size_t i = 0; i < w->piece; i += LANES) {
            size_t n = least(w->piece - i, LANES), at = first + i;
            __m512 odd = w->odd ? take(w->odd + at, n, factor) : _mm512_setzero_ps();
            __m512i v = (__m512i)_mm512_cvtne2ps_pbh(odd, take(w->even + at, n, factor));
            _mm512_mask_storeu_epi32(out + i, hx__lanes(n), _mm512_permutexvar_epi16(order, v));
        }
}

/* Sums are variables of their own and not an array: compilers keep them in registers. */
#define START(i) __m512 a##i = zero, b##i = zero;
#define ADD_PRODUCTS(i, word)                                                                      \
    if (i < rows) {                                                                                \
        __m512bh v = (__m512bh)_mm512_castps_si512(_mm512_set1_ps(word));                          \
        a##i = _mm512_dpbf16_ps(a##i, v, w0);                                                      \
        b##i = _mm512_dpbf16_ps(b##i, v, w1);                                                      \
    }
#define STEP(i) ADD_PRODUCTS(i, x##i[k])
#define STEP_ACROSS(i) ADD_PRODUCTS(i, x[i])
#define ADD_UP(i)                                                                                  \
    if (i < rows) add_up(t, i, a##i, b##i);

HX_INLINE void add_up(const hx_product_tile *t, size_t m, __m512 a, __m512 b) {
    float *out = t->out + m * t->ldo;
    const __m512 zero = _mm512_setzero_ps();
    _mm512_storeu_ps(out, _mm512_add_ps(a, t->add ? _mm512_loadu_ps(out) : zero));
    _mm512_storeu_ps(out + LANES, _mm512_add_ps(b, t->add ? _mm512_loadu_ps(out + LANES) : zero));
}

HX_INLINE __m512bh load_pairs(const float *w) {
    return (__m512bh)_mm512_load_si512(w);
}

/* What the sum is added to is wanted a thousand cycles from now. */
HX_INLINE void fetch_out(const hx_product_tile *t, size_t rows) {
    for (size_t m = 0; m < rows; m++) {
        __builtin_prefetch(t->out + m * t->ldo, 1);
        __builtin_prefetch(t->out + m * t->ldo + LANES, 1);
    }
}

/* Rows of x lie along k. */
HX_INLINE void product_along(const hx_product_tile *t, size_t rows) {
    fetch_out(t, rows);
    const __m512 zero = _mm512_setzero_ps();
    HX_GEMM_EACH_ROW(START)
    const float *w = t->w;
    HX_GEMM_ROW_POINTERS(const float, t->x, t->row_step)
    for (size_t k = 0; k < t->k; k++, w += HX_GEMM_LANES) {
        __m512bh w0 = load_pairs(w), w1 = load_pairs(w + LANES);
        HX_GEMM_EACH_ROW(STEP)
    }
    HX_GEMM_EACH_ROW(ADD_UP)
}

/* Rows of x lie side by side. */
HX_INLINE void product_across(const hx_product_tile *t, size_t rows) {
    fetch_out(t, rows);
    const __m512 zero = _mm512_setzero_ps();
    HX_GEMM_EACH_ROW(START)
    const float *w = t->w, *x = t->x;
    for (size_t k = 0; k < t->k; k++, w += HX_GEMM_LANES, x += t->k_step) {
        __m512bh w0 = load_pairs(w), w1 = load_pairs(w + LANES);
        HX_GEMM_EACH_ROW(STEP_ACROSS)
    }
    HX_GEMM_EACH_ROW(ADD_UP)
}

/* one(t, n) for each number of rows n, which the loops then know when compiled. */
#define HEIGHT(one, n)                                                                             \
    case n:                                                                                        \
        one(t, n);                                                                                 \
        break;
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

static void product_bf16(const hx_product_tile *t) {
    if (t->row_step == 1 && t->k_step != 1) {
        EACH_HEIGHT(product_across)
    } else {
        EACH_HEIGHT(product_along)
    }
}

const hx_bf16_kernels hx_bf16_avx512 = {
    .pairs = pairs_bf16, .weave = weave_bf16, .product = product_bf16};
#else
typedef int hx_gemm_bf16_is_for_x86; /* ISO C wants a declaration */
#endif
