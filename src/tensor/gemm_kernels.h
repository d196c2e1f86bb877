/* gemm_kernels.h - the loops of linear.h: rows made ready, weights decoded and packed, tiles multiplied. For src/tensor only.
 *
 * Every set computes the same bits. Sums of floats have one stated order, products are added by one fused multiply-add where the text
 * says fma and are rounded otherwise, and integer sums are exact: tests compare the sets with memcmp().
 *
 * Panel: 32 rows of W side by side ("lanes"). INT8: (k / 4, 32, 4) int8, k padded with zeros to a multiple of 4, so that one 64-byte
 * register holds 4 k of 16 lanes, as vpdpbusd wants it. EXACT: (k, 32) F32.
 * Tile: at most 12 rows of x times one panel: 24 accumulators of 16 lanes, two registers of W, one of x. */
#ifndef HX_TENSOR_GEMM_KERNELS_H
#define HX_TENSOR_GEMM_KERNELS_H

#include "tensor/kernel_table.h"

#define HX_GEMM_ROWS 12
#define HX_GEMM_LANES 32
#define HX_GEMM_HALF 16 /* lanes that are packed together */

/* out[m * ldo + lane] = fma((float)sum * scale_x[m], scale_w[lane], bias[lane]), sum = start[lane] + sum over k of x[m][k] w[k][lane] */
typedef struct {
    const uint8_t *x; /* (rows, k): int8 + 128, rows ldx bytes apart */
    size_t ldx, rows; /* rows in [1, 12] */
    const float *scale_x; /* (rows) */
    const int8_t *w; /* a panel, aligned to 64 */
    const int8_t *next; /* k * 32 bytes that will be wanted soon; w where there are none */
    size_t k; /* a multiple of 4 */
    const int32_t *start; /* (32): -128 sum over k of w */
    const float *scale_w, *bias; /* (32) */
    float *out; /* rows ldo apart */
    size_t ldo;
} hx_int8_tile;

/* out[m * ldo + lane] = (fma chain over ascending k from 0 of x[m][k] w[k][lane]) + bias[lane] */
typedef struct {
    const float *x; /* (rows, k), ldx floats apart */
    size_t ldx, rows; /* rows in [1, 12] */
    const float *w; /* a panel, aligned to 64 */
    size_t k;
    const float *bias; /* (32) */
    float *out;
    size_t ldo;
} hx_exact_tile;

/* out[m * ldo + lane] = (fma chain over ascending k from 0 of x[m * row_step + k * k_step] w[k][lane]) + (add ? out : 0) */
typedef struct {
    const float *x; /* one of the steps is 1 */
    size_t row_step, k_step, rows; /* rows in [1, 12] */
    const float *w; /* a panel, aligned to 64 */
    size_t k;
    bool add;
    float *out;
    size_t ldo;
} hx_product_tile;

/* Word j of piece i is (even[i * piece + j], odd[...]) as a pair; pieces lie `step` words apart. Values are multiplied by alpha first. */
typedef struct {
    const float *even, *odd; /* (n); odd NULL = zeros */
    size_t n, piece, step; /* n a multiple of piece */
    float alpha;
    float *out;
} hx_bf16_weave;

/* Pair: a word with two bfloat16, the element of even k in its lower half, that of the next k in its upper one; arrays of floats hold such
 * words where the comment says pairs. Rounding and sums: gemm_bf16_scalar.c. The sets give the same bits (a NaN may be another one). */
typedef struct {
    /* x (n) times alpha to (n + 1) / 2 pairs; a last one that is single gets a zero. */
    void (*pairs)(const float *x, size_t n, float alpha, float *out);
    void (*weave)(const hx_bf16_weave *weave);
    void (*product)(const hx_product_tile *tile); /* x and w are pairs, k counts them */
} hx_bf16_kernels;

struct hx_gemm_kernels {
    /* n elements (whole blocks) of stored weights to F32, bit-equal to hx_dtype_decode(). */
    void (*decode)(hx_dtype type, const void *src, size_t n, float *dst);
    /* out = (x * r) * w, r = 1 / sqrt(sum / k + eps). sum of x^2: 64 fma chains, element i in chain i mod 64, added by halves
     * (j and j + 32, j and j + 16, ...). out may be x. */
    void (*norm)(const float *x, size_t k, const float *w, float eps, float *out);
    /* A row to int8: v = norm of x (w NULL = x itself); the Walsh-Hadamard transform of blocks of v (a power of two that divides k, 512
     * at most), distances 1, 2, 4, ... in this order, not scaled, so sqrt(block) times the orthonormal one; then the nearest int8 to
     * v * (127 / max|v|), ties to even, each byte xor `flip`. Returns max|v| / 127: zero where all is zero, and no finite number where
     * x has a NaN or an infinity, so that it is not lost. *sum = the sum of the int8, before `flip`. `scratch`: k floats, may be x. */
    float (*ready)(const float *x, size_t k, const float *w, float eps, size_t block, uint8_t flip,
                   float *scratch, int8_t *out, int32_t *sum);
    /* 16 rows, `stride` elements apart, into a half of a panel (out = its first lane). */
    void (*pack8)(const int8_t *rows, size_t stride, size_t k, int8_t *out);
    void (*pack32)(const float *rows, size_t stride, size_t k, float *out);
    void (*int8)(const hx_int8_tile *tile);
    void (*exact)(const hx_exact_tile *tile);
    void (*product)(const hx_product_tile *tile); /* NULL: hx_gemm() makes do with exact and add */
    /* Rows of n; those of y ldy apart, the others ldx. y += x */
    void (*add)(const float *x, size_t ldx, size_t rows, size_t n, float *y, size_t ldy);
    /* y = g / (1 + exp(-g)) * u; exp as in gemm_scalar.c, relative error below 3e-7 for |g| <= 86. */
    void (*swiglu)(const float *g, const float *u, size_t ldx, size_t rows, size_t n, float *y,
                   size_t ldy);
};

/* f(0) ... f(11), and x0 ... x11 as pointers to the rows of a tile. */
#define HX_GEMM_EACH_ROW(f) f(0) f(1) f(2) f(3) f(4) f(5) f(6) f(7) f(8) f(9) f(10) f(11)
#define HX_GEMM_ROW_POINTERS(type, x, ld)                                                          \
    type *x0 = (x), *x1 = x0 + (ld), *x2 = x1 + (ld), *x3 = x2 + (ld), *x4 = x3 + (ld),            \
         *x5 = x4 + (ld), *x6 = x5 + (ld), *x7 = x6 + (ld), *x8 = x7 + (ld), *x9 = x8 + (ld),      \
         *x10 = x9 + (ld), *x11 = x10 + (ld);

extern const hx_gemm_kernels hx_gemm_scalar;
extern const hx_bf16_kernels hx_bf16_scalar;
/* The reference where the set or the processor has no instructions for pairs. */
const hx_bf16_kernels *hx__kernels_bf16(const hx_kernels *kernels);
#if defined(__x86_64__)
extern const hx_bf16_kernels hx_bf16_avx512;
extern const hx_gemm_kernels hx_gemm_avx2, hx_gemm_avx512, hx_gemm_vnni;
/* Shared by the sets above avx2. */
void hx_gemm_decode_avx2(hx_dtype type, const void *src, size_t n, float *dst);
void hx_gemm_int8_avx2(const hx_int8_tile *tile);
void hx_gemm_norm_avx512(const float *x, size_t k, const float *w, float eps, float *out);
float hx_gemm_ready_avx512(const float *x, size_t k, const float *w, float eps, size_t block,
                           uint8_t flip, float *scratch, int8_t *out, int32_t *sum);
void hx_gemm_pack8_avx512(const int8_t *rows, size_t stride, size_t k, int8_t *out);
void hx_gemm_pack32_avx512(const float *rows, size_t stride, size_t k, float *out);
void hx_gemm_exact_avx512(const hx_exact_tile *tile);
void hx_gemm_product_avx512(const hx_product_tile *tile);
void hx_gemm_add_avx512(const float *x, size_t ldx, size_t rows, size_t n, float *y, size_t ldy);
void hx_gemm_swiglu_avx512(const float *g, const float *u, size_t ldx, size_t rows, size_t n,
                           float *y, size_t ldy);
#elif defined(__aarch64__)
extern const hx_gemm_kernels hx_gemm_neon;
#endif
/* Of any processor, for the ends and odd sizes that the others leave. */
void hx_gemm_rotate_scalar(float *x, size_t k, size_t block);
float hx_gemm_swiglu_one(float g, float u);

#endif
