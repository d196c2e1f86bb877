/* gemm_neon.c - the products of linear.h for NEON, with the bits of the scalar set; what is not hot is the scalar set's.
 *
 * INT8: activations are stored + 128; `start` takes 128 times the sum of the weights off again. Here they are made signed instead, so
 * the sum begins at 0: the same integer. 4 lanes of a panel x 4 k are one register. */
#include "tensor/gemm_kernels.h"

#if defined(__aarch64__)

#include "tensor/simd_neon.h"

enum { VECTORS = HX_GEMM_LANES / 4 };

/* Sums of 4 products for 4 lanes each. */
HX_INLINE void add_products(int32x4_t *sum, int8x16_t w, int8x16_t x) {
#if defined(__ARM_FEATURE_DOTPROD)
    *sum = vdotq_s32(*sum, w, x);
#else
    int32x4_t a = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(x)));
    int32x4_t b = vpaddlq_s16(vmull_s8(vget_high_s8(w), vget_high_s8(x)));
    *sum = vaddq_s32(*sum, vpaddq_s32(a, b));
#endif
}

/* One row of activations. */
static void int8_row(const hx_int8_tile *t, size_t m) {
    int32x4_t sum[VECTORS];
    const uint8_t *x = t->x + m * t->ldx;
    const int8_t *w = t->w;
    HX_UNROLL
    for (size_t v = 0; v < VECTORS; ++v)
        sum[v] = vdupq_n_s32(0);
    for (size_t i = 0; i < t->k; i += 4, w += 4 * HX_GEMM_LANES) {
        uint32_t four;
        memcpy(&four, x + i, sizeof four);
        int8x16_t a = vreinterpretq_s8_u32(vdupq_n_u32(four ^ 0x80808080u));
        HX_UNROLL
        for (size_t v = 0; v < VECTORS; ++v)
            add_products(&sum[v], vld1q_s8(w + 16 * v), a);
    }
    HX_UNROLL
    for (size_t v = 0; v < VECTORS; ++v) {
        float32x4_t r = vmulq_n_f32(vcvtq_f32_s32(sum[v]), t->scale_x[m]);
        r = vfmaq_f32(vld1q_f32(t->bias + 4 * v), r, vld1q_f32(t->scale_w + 4 * v));
        vst1q_f32(t->out + m * t->ldo + 4 * v, r);
    }
}

static void int8_neon(const hx_int8_tile *t) {
    for (size_t m = 0; m < t->rows; ++m)
        int8_row(t, m);
}

/* `rows` rows from m on. */
HX_INLINE void exact_rows(size_t rows, const hx_exact_tile *t, size_t m) {
    float32x4_t sum[2][VECTORS];
    const float *x = t->x + m * t->ldx, *w = t->w;
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t v = 0; v < VECTORS; ++v)
        sum[r][v] = vdupq_n_f32(0);
    for (size_t i = 0; i < t->k; ++i, w += HX_GEMM_LANES) {
        HX_UNROLL
        for (size_t v = 0; v < VECTORS; ++v) {
            float32x4_t b = vld1q_f32(w + 4 * v);
            HX_UNROLL
            for (size_t r = 0; r < rows; ++r)
                sum[r][v] = vfmaq_n_f32(sum[r][v], b, x[r * t->ldx + i]);
        }
    }
    HX_UNROLL
    for (size_t r = 0; r < rows; ++r)
        HX_UNROLL
    for (size_t v = 0; v < VECTORS; ++v)
        vst1q_f32(t->out + (m + r) * t->ldo + 4 * v,
                  vaddq_f32(sum[r][v], vld1q_f32(t->bias + 4 * v)));
}

static void exact_neon(const hx_exact_tile *t) {
    size_t m = 0;
    for (; m + 2 <= t->rows; m += 2)
        exact_rows(2, t, m);
    if (m < t->rows) exact_rows(1, t, m);
}

static void norm(const float *x, size_t k, const float *w, float eps, float *out) {
    hx_gemm_scalar.norm(x, k, w, eps, out);
}

static float ready(const float *x, size_t k, const float *w, float eps, size_t block, uint8_t flip,
                   float *scratch, int8_t *out, int32_t *sum) {
    return hx_gemm_scalar.ready(x, k, w, eps, block, flip, scratch, out, sum);
}

static void pack8(const int8_t *rows, size_t stride, size_t k, int8_t *out) {
    hx_gemm_scalar.pack8(rows, stride, k, out);
}

static void pack32(const float *rows, size_t stride, size_t k, float *out) {
    hx_gemm_scalar.pack32(rows, stride, k, out);
}

static void add(const float *x, size_t ldx, size_t rows, size_t n, float *y, size_t ldy) {
    hx_gemm_scalar.add(x, ldx, rows, n, y, ldy);
}

static void swiglu(const float *g, const float *u, size_t ldx, size_t rows, size_t n, float *y,
                   size_t ldy) {
    hx_gemm_scalar.swiglu(g, u, ldx, rows, n, y, ldy);
}

const hx_gemm_kernels hx_gemm_neon = {
    .decode = hx_dtype_decode,
    .norm = norm,
    .ready = ready,
    .pack8 = pack8,
    .pack32 = pack32,
    .int8 = int8_neon,
    .exact = exact_neon,
    .add = add,
    .swiglu = swiglu,
};

#endif
