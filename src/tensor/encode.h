/* encode.h - the searches behind encoding, shared by the simple and the K formats. For src/tensor only.
 *
 * x (n) are weights, w (n) >= 0 says how much the squared error of each counts; n is 16 or 32. Codes come back as floats that are
 * whole numbers. All inputs are finite and at most 65504 in size. */
#ifndef HX_TENSOR_ENCODE_H
#define HX_TENSOR_ENCODE_H

#include "tensor/blocks.h"

#define HX_FIT_MAX 32 /* n */

/* Sums in lanes that a compiler keeps in a vector: the order of additions is fixed, so the bits are the same everywhere. */
#define HX_LANES 8

static inline float hx_sum_lanes(const float s[HX_LANES]) {
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* The nearest whole number, ties to even, for |x| < 2^22. */
static inline float hx_round_small(float x) {
    const float magic = 0x1.8p23f;
    return (x + magic) - magic;
}

static inline float hx_clamp(float x, float low, float high) {
    x = x > low ? x : low;
    return x < high ? x : high;
}

/* x ~ s q, q in [-top, top - 1]: the s of least weighted error among inverse scales around -top / extreme. 0 for zeros. */
float hx__fit_scale(const float *x, const float *w, size_t n, int top, float *q);

/* x ~ s q + m, q in [0, top], s >= 0; with `sinks` also m <= 0. */
typedef struct {
    float s, m;
} hx_fit;
hx_fit hx__fit_range(const float *x, const float *w, size_t n, int top, bool sinks, float *q);

/* q = the codes of x for given s and m, in [low, high]; returns the weighted squared error. s = 0 gives zeros. */
float hx__fit_codes(const float *x, const float *w, size_t n, hx_fit f, float low, float high,
                    float *q);

/* Blocks of 256; `importance` may be NULL. */
void hx__encode_q4_k(const float *src, size_t n, const float *importance, hx_block_q4_k *dst);
void hx__encode_q6_k(const float *src, size_t n, const float *importance, hx_block_q6_k *dst);

#endif
