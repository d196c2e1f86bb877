/* gemm_vnni.c - the int8 tile with AVX512_VNNI: vpdpbusd adds four products of unsigned (x) and signed (w) bytes to each of 16 sums.
 *
 * 12 x 32 sums in 24 registers. Sums may pass 2^31 on their way, as x carries + 128: they wrap, and `start` brings them back, so
 * that the result is exact for k <= 131072. */
#if defined(__x86_64__)
#include "tensor/gemm_kernels.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i four(const uint8_t *x) {
    int32_t v;
    memcpy(&v, x, sizeof v);
    return _mm512_set1_epi32(v);
}

/* As an instruction and not an intrinsic: gcc 12 copies the accumulators of the intrinsic through the stack in the inner loop. */
INLINE __m512i add_products(__m512i sum, __m512i x, __m512i w) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
}

/* Sums are variables of their own and not an array: compilers keep them in registers. */
#define START(i) __m512i a##i = a, b##i = b;
#define STEP(i)                                                                                    \
    if (i < rows) {                                                                                \
        __m512i v = four(x##i + k);                                                                \
        a##i = add_products(a##i, v, w0);                                                          \
        b##i = add_products(b##i, v, w1);                                                          \
    }
#define FINISH(i)                                                                                  \
    if (i < rows) put(t, i, a##i, b##i);

INLINE void put(const hx_int8_tile *t, size_t m, __m512i a, __m512i b) {
    __m512 scale = _mm512_set1_ps(t->scale_x[m]);
    __m512 va = _mm512_mul_ps(_mm512_cvtepi32_ps(a), scale);
    __m512 vb = _mm512_mul_ps(_mm512_cvtepi32_ps(b), scale);
    va = _mm512_fmadd_ps(va, _mm512_loadu_ps(t->scale_w), _mm512_loadu_ps(t->bias));
    vb = _mm512_fmadd_ps(vb, _mm512_loadu_ps(t->scale_w + 16), _mm512_loadu_ps(t->bias + 16));
    _mm512_storeu_ps(t->out + m * t->ldo, va);
    _mm512_storeu_ps(t->out + m * t->ldo + 16, vb);
}

INLINE void int8_rows(const hx_int8_tile *t, size_t rows) {
    __m512i a = _mm512_loadu_si512(t->start), b = _mm512_loadu_si512(t->start + 16);
    HX_GEMM_EACH_ROW(START)
    const int8_t *w = t->w, *next = t->next;
    HX_GEMM_ROW_POINTERS(const uint8_t, t->x, t->ldx)
    for (size_t k = 0; k < t->k; k += 4, w += HX_GEMM_LANES * 4, next += HX_GEMM_LANES * 4) {
        _mm_prefetch((const char *)next, _MM_HINT_T1);
        _mm_prefetch((const char *)next + 64, _MM_HINT_T1);
        __m512i w0 = _mm512_load_si512(w), w1 = _mm512_load_si512(w + 64);
        HX_GEMM_EACH_ROW(STEP)
    }
    HX_GEMM_EACH_ROW(FINISH)
}

static void int8_vnni(const hx_int8_tile *t) {
    switch (t->rows) {
    case 1:
        int8_rows(t, 1);
        break;
    case 2:
        int8_rows(t, 2);
        break;
    case 3:
        int8_rows(t, 3);
        break;
    case 4:
        int8_rows(t, 4);
        break;
    case 5:
        int8_rows(t, 5);
        break;
    case 6:
        int8_rows(t, 6);
        break;
    case 7:
        int8_rows(t, 7);
        break;
    case 8:
        int8_rows(t, 8);
        break;
    case 9:
        int8_rows(t, 9);
        break;
    case 10:
        int8_rows(t, 10);
        break;
    case 11:
        int8_rows(t, 11);
        break;
    default:
        int8_rows(t, 12);
        break;
    }
}

const hx_gemm_kernels hx_gemm_vnni = {
    .decode = hx_gemm_decode_avx2,
    .norm = hx_gemm_norm_avx512,
    .ready = hx_gemm_ready_avx512,
    .pack8 = hx_gemm_pack8_avx512,
    .pack32 = hx_gemm_pack32_avx512,
    .int8 = int8_vnni,
    .exact = hx_gemm_exact_avx512,
    .product = hx_gemm_product_avx512,
    .add = hx_gemm_add_avx512,
    .swiglu = hx_gemm_swiglu_avx512,
};
#else
typedef int hx_gemm_vnni_is_for_x86; /* ISO C wants a declaration */
#endif
