/* encode.c - one row of F32 to a stored type: checks, float formats, blocks of 32.
 *
 * Without importance a block of 32 is encoded as gguf/quants.py does it, bit for bit: the scale from the extreme value, codes rounded
 * half up. With importance the scale (and minimum) of least weighted error is searched (encode_fit.c); the weight of an element is
 * importance * sqrt(mean of the row's x^2 + x^2), ggml's choice: large weights matter more than their squared error alone says. */
#include <math.h>

#include "base/error.h"
#include "tensor/encode.h"

#define F16_LIMIT 65520.0f /* from here on F16 is infinite */
#define BF16_LIMIT 0x1.ffp127f
#define BLOCK_LIMIT 65504.0f /* scales and minima are F16 */

static hx_status check_range(hx_dtype type, const float *src, size_t n, float limit, bool is_below,
                             hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        float size = fabsf(src[i]);
        if (is_below ? size < limit : size <= limit) continue;
        return hx_fail(err, HX_EFORMAT, "element %zu of a row is %g, which %s cannot hold", i,
                       (double)src[i], hx_dtype_describe((uint32_t)type)->name);
    }
    return HX_OK;
}

static float inverse_of(float d) {
    float inverse = d != 0 ? 1 / d : 0;
    return isinf(inverse) ? 0 : inverse;
}

/* Truncated, as the reference does after adding one half. */
static uint8_t code_of(float x, int top) {
    int q = (int)x;
    return (uint8_t)(q < 0 ? 0 : q > top ? top : q);
}

static float extreme_of(const float *x) {
    float extreme = x[0];
    for (int i = 1; i < HX_BLOCK; i++)
        if (fabsf(x[i]) > fabsf(extreme)) extreme = x[i];
    return extreme;
}

/* What is known of the errors that matter in one block; importance NULL = nothing. */
typedef struct {
    const float *importance; /* (HX_BLOCK) */
    float mean_square; /* of the row */
} block_weights;

static float mean_square(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return n ? (float)(sum / (double)n) : 0;
}

static void weigh(const float *x, const block_weights *k, float *w) {
    for (int i = 0; i < HX_BLOCK; i++)
        w[i] = k->importance[i] * sqrtf(k->mean_square + x[i] * x[i]);
}

/* Codes in [0, 2 top - 1] around top; returns the scale. */
static uint16_t symmetric_codes(const float *x, const block_weights *k, int top, uint8_t *q) {
    if (!k->importance) {
        float d = extreme_of(x) / (float)-top, inverse = inverse_of(d);
        for (int i = 0; i < HX_BLOCK; i++)
            q[i] = code_of(x[i] * inverse + ((float)top + 0.5f), 2 * top - 1);
        return hx_f32_to_f16(d);
    }
    float w[HX_BLOCK], codes[HX_BLOCK];
    weigh(x, k, w);
    uint16_t d = hx_f32_to_f16(hx__fit_scale(x, w, HX_BLOCK, top, codes));
    hx__fit_codes(x, w, HX_BLOCK, (hx_fit){hx_f16_to_f32(d), 0}, (float)-top, (float)(top - 1),
                  codes);
    for (int i = 0; i < HX_BLOCK; i++)
        q[i] = (uint8_t)((int)codes[i] + top);
    return d;
}

/* Codes in [0, top] above the minimum. */
static uint16_t range_codes(const float *x, const block_weights *k, int top, uint8_t *q,
                            uint16_t *minimum) {
    if (!k->importance) {
        float min = x[0], max = x[0];
        for (int i = 1; i < HX_BLOCK; i++) {
            min = x[i] < min ? x[i] : min;
            max = x[i] > max ? x[i] : max;
        }
        float d = (max - min) / (float)top, inverse = inverse_of(d);
        for (int i = 0; i < HX_BLOCK; i++)
            q[i] = code_of((x[i] - min) * inverse + 0.5f, top);
        *minimum = hx_f32_to_f16(min);
        return hx_f32_to_f16(d);
    }
    float w[HX_BLOCK], codes[HX_BLOCK];
    weigh(x, k, w);
    hx_fit fit = hx__fit_range(x, w, HX_BLOCK, top, false, codes);
    uint16_t d = hx_f32_to_f16(fit.s);
    *minimum = hx_f32_to_f16(fit.m);
    hx_fit stored = {hx_f16_to_f32(d), hx_f16_to_f32(*minimum)};
    hx__fit_codes(x, w, HX_BLOCK, stored, 0, (float)top, codes);
    for (int i = 0; i < HX_BLOCK; i++)
        q[i] = (uint8_t)codes[i];
    return d;
}

static void put_nibbles(const uint8_t *q, uint8_t *qs) {
    for (int i = 0; i < 16; i++)
        qs[i] = (uint8_t)((q[i] & 15) | (q[i + 16] & 15) << 4);
}

static void put_fifth_bits(const uint8_t *q, uint8_t *qh) {
    for (int i = 0; i < 4; i++) {
        qh[i] = 0;
        for (int k = 0; k < 8; k++)
            qh[i] |= (uint8_t)((q[8 * i + k] >> 4) << k);
    }
}

static void encode_q4_0(const float *x, const block_weights *k, hx_block_q4_0 *b) {
    uint8_t q[HX_BLOCK];
    b->d = symmetric_codes(x, k, 8, q);
    put_nibbles(q, b->qs);
}

static void encode_q5_0(const float *x, const block_weights *k, hx_block_q5_0 *b) {
    uint8_t q[HX_BLOCK];
    b->d = symmetric_codes(x, k, 16, q);
    put_nibbles(q, b->qs);
    put_fifth_bits(q, b->qh);
}

static void encode_q4_1(const float *x, const block_weights *k, hx_block_q4_1 *b) {
    uint8_t q[HX_BLOCK];
    b->d = range_codes(x, k, 15, q, &b->m);
    put_nibbles(q, b->qs);
}

static void encode_q5_1(const float *x, const block_weights *k, hx_block_q5_1 *b) {
    uint8_t q[HX_BLOCK];
    b->d = range_codes(x, k, 31, q, &b->m);
    put_nibbles(q, b->qs);
    put_fifth_bits(q, b->qh);
}

/* At 8 bits a search gains nothing: importance is not asked. */
static void encode_q8_0(const float *x, hx_block_q8_0 *b) {
    float d = fabsf(extreme_of(x)) / 127, inverse = inverse_of(d);
    b->d = hx_f32_to_f16(d);
    for (int i = 0; i < HX_BLOCK; i++)
        b->qs[i] = (int8_t)roundf(x[i] * inverse);
}

static void encode_blocks(hx_dtype type, const float *x, size_t n, const float *importance,
                          void *dst) {
    block_weights w = {NULL, importance ? mean_square(x, n) : 0};
    for (size_t i = 0; i < n / HX_BLOCK; i++, x += HX_BLOCK) {
        if (importance) w.importance = importance + i * HX_BLOCK;
        if (type == HX_DTYPE_Q4_0)
            encode_q4_0(x, &w, (hx_block_q4_0 *)dst + i);
        else if (type == HX_DTYPE_Q4_1)
            encode_q4_1(x, &w, (hx_block_q4_1 *)dst + i);
        else if (type == HX_DTYPE_Q5_0)
            encode_q5_0(x, &w, (hx_block_q5_0 *)dst + i);
        else if (type == HX_DTYPE_Q5_1)
            encode_q5_1(x, &w, (hx_block_q5_1 *)dst + i);
        else
            encode_q8_0(x, (hx_block_q8_0 *)dst + i);
    }
}

static void encode_halves(hx_dtype type, const float *src, size_t n, void *dst) {
    char *out = dst;
    for (size_t i = 0; i < n; i++) {
        uint16_t h = type == HX_DTYPE_F16 ? hx_f32_to_f16(src[i]) : hx_f32_to_bf16(src[i]);
        memcpy(out + 2 * i, &h, sizeof h);
    }
}

static bool is_encodable(hx_dtype type) {
    return type == HX_DTYPE_Q4_0 || type == HX_DTYPE_Q4_1 || type == HX_DTYPE_Q5_0 ||
           type == HX_DTYPE_Q5_1 || type == HX_DTYPE_Q8_0 || type == HX_DTYPE_Q4_K ||
           type == HX_DTYPE_Q6_K;
}

hx_status hx_dtype_encode(hx_dtype type, const float *src, size_t n, const float *importance,
                          void *dst, hx_error *err) {
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)type);
    if (type == HX_DTYPE_F32) {
        if (n) memcpy(dst, src, n * sizeof *src);
        return HX_OK;
    }
    if (type == HX_DTYPE_F16 || type == HX_DTYPE_BF16) {
        float limit = type == HX_DTYPE_F16 ? F16_LIMIT : BF16_LIMIT;
        HX_TRY(check_range(type, src, n, limit, true, err));
        encode_halves(type, src, n, dst);
        return HX_OK;
    }
    if (!is_encodable(type))
        return hx_fail(err, HX_EUNSUPPORTED, "weights cannot be stored as %s",
                       info->name ? info->name : "?");
    if (n % info->block != 0)
        return hx_fail(err, HX_EINVAL, "a row of %zu elements is no multiple of %zu as %s needs", n,
                       info->block, info->name);
    HX_TRY(check_range(type, src, n, BLOCK_LIMIT, false, err));
    if (type == HX_DTYPE_Q4_K)
        hx__encode_q4_k(src, n, importance, dst);
    else if (type == HX_DTYPE_Q6_K)
        hx__encode_q6_k(src, n, importance, dst);
    else
        encode_blocks(type, src, n, importance, dst);
    return HX_OK;
}
