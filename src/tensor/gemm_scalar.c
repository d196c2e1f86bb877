/* gemm_scalar.c - the reference of the loops of linear.h, in plain C (contracts: gemm_kernels.h).
 *
 * Invariant: fused multiply-adds only where fmaf() stands, every other operation rounded by itself, in the order written.
 *
 * What is written here is the definition: the other sets give the same bits. exp(x) is 2^n e^r with n = round(x / ln 2) and a
 * polynomial of degree 7 in r (coefficients of Cephes' expf); x is first brought into [-86, 88], so that 2^n is a normal number. */
#include "tensor/gemm_kernels.h"

#include <math.h>
#include <string.h>

#define ROUNDER 12582912.0f /* 1.5 * 2^23: adding it leaves the nearest integer in the low bits */

static uint32_t bits_of(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static float float_of(uint32_t u) {
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

static void norm_scalar(const float *x, size_t k, const float *w, float eps, float *out) {
    float s[64] = {0};
    for (size_t i = 0; i < k; i++)
        s[i % 64] = fmaf(x[i], x[i], s[i % 64]);
    for (size_t h = 32; h > 0; h /= 2)
        for (size_t j = 0; j < h; j++)
            s[j] += s[j + h];
    float r = 1.0f / sqrtf(s[0] / (float)k + eps);
    for (size_t i = 0; i < k; i++)
        out[i] = x[i] * r * w[i];
}

void hx_gemm_rotate_scalar(float *x, size_t k, size_t block) {
    for (size_t h = 1; h < block; h *= 2)
        for (size_t i = 0; i < k; i += 2 * h)
            for (size_t j = i; j < i + h; j++) {
                float a = x[j], b = x[j + h];
                x[j] = a + b;
                x[j + h] = a - b;
            }
}

static float quantise_scalar(const float *x, size_t k, uint8_t flip, int8_t *out, int32_t *sum) {
    uint32_t top = 0; /* of non-negative floats, infinity and NaN last, as of their bits */
    for (size_t i = 0; i < k; i++) {
        uint32_t u = bits_of(x[i]) & 0x7fffffffu;
        if (u > top) top = u;
    }
    float most = float_of(top);
    float r = most > 1e-30f ? 127.0f / most : 0.0f;
    *sum = 0;
    for (size_t i = 0; i < k; i++) {
        uint8_t q = (uint8_t)bits_of(x[i] * r + ROUNDER);
        *sum += (int8_t)q;
        out[i] = (int8_t)(q ^ flip);
    }
    return most > 1e-30f || most != most ? most / 127.0f : 0.0f;
}

static float ready_scalar(const float *x, size_t k, const float *w, float eps, size_t block,
                          uint8_t flip, float *scratch, int8_t *out, int32_t *sum) {
    if (w)
        norm_scalar(x, k, w, eps, scratch);
    else
        memmove(scratch, x, k * sizeof *x);
    hx_gemm_rotate_scalar(scratch, k, block);
    return quantise_scalar(scratch, k, flip, out, sum);
}

static void pack8_scalar(const int8_t *rows, size_t stride, size_t k, int8_t *out) {
    for (size_t g = 0; g < k / 4; g++)
        for (size_t lane = 0; lane < HX_GEMM_HALF; lane++)
            memcpy(out + (g * HX_GEMM_LANES + lane) * 4, rows + lane * stride + g * 4, 4);
}

static void pack32_scalar(const float *rows, size_t stride, size_t k, float *out) {
    for (size_t i = 0; i < k; i++)
        for (size_t lane = 0; lane < HX_GEMM_HALF; lane++)
            out[i * HX_GEMM_LANES + lane] = rows[lane * stride + i];
}

static void int8_scalar(const hx_int8_tile *t) {
    for (size_t m = 0; m < t->rows; m++) {
        int32_t sum[HX_GEMM_LANES];
        memcpy(sum, t->start, sizeof sum);
        for (size_t i = 0; i < t->k; i++) {
            const int8_t *w = t->w + i / 4 * HX_GEMM_LANES * 4 + i % 4;
            int32_t x = t->x[m * t->ldx + i];
            for (size_t lane = 0; lane < HX_GEMM_LANES; lane++)
                sum[lane] = (int32_t)((uint32_t)sum[lane] + (uint32_t)(x * w[lane * 4]));
        }
        for (size_t lane = 0; lane < HX_GEMM_LANES; lane++)
            t->out[m * t->ldo + lane] =
                fmaf((float)sum[lane] * t->scale_x[m], t->scale_w[lane], t->bias[lane]);
    }
}

static void exact_scalar(const hx_exact_tile *t) {
    for (size_t m = 0; m < t->rows; m++) {
        float sum[HX_GEMM_LANES] = {0};
        for (size_t i = 0; i < t->k; i++)
            for (size_t lane = 0; lane < HX_GEMM_LANES; lane++)
                sum[lane] = fmaf(t->x[m * t->ldx + i], t->w[i * HX_GEMM_LANES + lane], sum[lane]);
        for (size_t lane = 0; lane < HX_GEMM_LANES; lane++)
            t->out[m * t->ldo + lane] = sum[lane] + t->bias[lane];
    }
}

static void add_scalar(const float *x, size_t ldx, size_t rows, size_t n, float *y, size_t ldy) {
    for (size_t m = 0; m < rows; m++)
        for (size_t i = 0; i < n; i++)
            y[m * ldy + i] += x[m * ldx + i];
}

static float exp_scalar(float x) {
    x = x > -86.0f ? x : -86.0f;
    x = x < 88.0f ? x : 88.0f;
    float t = fmaf(x, 1.44269504f, ROUNDER);
    float n = t - ROUNDER;
    float r = fmaf(n, 2.12194440e-4f, fmaf(n, -0.693359375f, x));
    float p = fmaf(1.9875691500e-4f, r, 1.3981999507e-3f);
    p = fmaf(p, r, 8.3334519073e-3f);
    p = fmaf(p, r, 4.1665795894e-2f);
    p = fmaf(p, r, 1.6666665459e-1f);
    p = fmaf(p, r, 5.0000001201e-1f);
    p = fmaf(p, r * r, r) + 1.0f;
    return float_of(bits_of(p) + (bits_of(t) << 23));
}

float hx_gemm_swiglu_one(float g, float u) {
    return g / (1.0f + exp_scalar(-g)) * u;
}

static void swiglu_scalar(const float *g, const float *u, size_t ldx, size_t rows, size_t n,
                          float *y, size_t ldy) {
    for (size_t m = 0; m < rows; m++)
        for (size_t i = 0; i < n; i++)
            y[m * ldy + i] = hx_gemm_swiglu_one(g[m * ldx + i], u[m * ldx + i]);
}

const hx_gemm_kernels hx_gemm_scalar = {
    .decode = hx_dtype_decode,
    .norm = norm_scalar,
    .ready = ready_scalar,
    .pack8 = pack8_scalar,
    .pack32 = pack32_scalar,
    .int8 = int8_scalar,
    .exact = exact_scalar,
    .add = add_scalar,
    .swiglu = swiglu_scalar,
};
