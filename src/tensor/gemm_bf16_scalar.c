/* gemm_bf16_scalar.c - the reference of products of bfloat16, in plain C (contracts: gemm_kernels.h).
 *
 * What is written here is the definition, bit for bit, of what AVX512_BF16 does: a float becomes a bfloat16 by rounding to the nearest, ties to
 * even (its upper 16 bits then; a denormal becomes a zero of its sign, a NaN stays one), and a pair of them adds
 *     sum = flush(fma(x odd, w odd, flush(sum))), sum = flush(fma(x even, w even, sum))
 * to a sum in F32, with denormals flushed to a zero of their sign. A product of two bfloat16 is exact in F32, so each step rounds once. */
#include "tensor/gemm_kernels.h"

#include <math.h>
#include <string.h>

#define LEAST_NORMAL 0x1p-126f

static float flush(float x) {
    return fabsf(x) < LEAST_NORMAL ? copysignf(0.0f, x) : x;
}

static uint32_t upper_half(float x) {
    uint32_t u;
    x = flush(x);
    memcpy(&u, &x, sizeof u);
    if (x != x) return u >> 16 | 0x40u;
    return (u + 0x7fffu + (u >> 16 & 1u)) >> 16;
}

static void put_pair(float even, float odd, float *out) {
    uint32_t u = upper_half(even) | upper_half(odd) << 16;
    memcpy(out, &u, sizeof u);
}

static void pairs_scalar(const float *x, size_t n, float alpha, float *out) {
    for (size_t i = 0; i < n; i += 2)
        put_pair(x[i] * alpha, i + 1 < n ? x[i + 1] * alpha : 0.0f, out + i / 2);
}

static void weave_scalar(const hx_bf16_weave *w) {
    for (size_t i = 0; i < w->n; i++)
        put_pair(w->even[i] * w->alpha, w->odd ? w->odd[i] * w->alpha : 0.0f,
                 w->out + i / w->piece * w->step + i % w->piece);
}

/* The floats of a pair: [0] even, [1] odd. */
static void take_pair(const float *pair, float out[2]) {
    uint32_t u, halves[2];
    memcpy(&u, pair, sizeof u);
    halves[0] = u << 16;
    halves[1] = u & 0xffff0000u;
    memcpy(out, halves, sizeof halves);
}

static void product_scalar(const hx_product_tile *t) {
    for (size_t m = 0; m < t->rows; m++) {
        float sum[HX_GEMM_LANES] = {0};
        for (size_t k = 0; k < t->k; k++) {
            float x[2], w[2];
            take_pair(t->x + m * t->row_step + k * t->k_step, x);
            for (size_t lane = 0; lane < HX_GEMM_LANES; lane++) {
                take_pair(t->w + k * HX_GEMM_LANES + lane, w);
                sum[lane] = flush(fmaf(x[1], w[1], sum[lane]));
                sum[lane] = flush(fmaf(x[0], w[0], sum[lane]));
            }
        }
        for (size_t lane = 0; lane < HX_GEMM_LANES; lane++) {
            float *out = t->out + m * t->ldo + lane;
            *out = sum[lane] + (t->add ? *out : 0.0f);
        }
    }
}

const hx_bf16_kernels hx_bf16_scalar = {
    .pairs = pairs_scalar, .weave = weave_scalar, .product = product_scalar};
