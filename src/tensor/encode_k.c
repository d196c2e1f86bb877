/* encode_k.c - encoding of Q4_K and Q6_K.
 *
 * Each group is fitted alone (encode_fit.c); the largest scale (and minimum) of the block sets d (dmin), the others become small
 * integers; then, with d and dmin as they will be read back, each group takes the best of its integer and that integer's
 * neighbours, and d and dmin are fitted once more to all codes (kept only where the error of the block falls).
 *
 * Weights of the errors without importance are ggml's: sqrt(mean(x^2)) + |x| in Q4_K, x^2 in Q6_K. */
#include <math.h>

#include "tensor/encode.h"

#define Q4_GROUP 32
#define Q4_GROUPS 8
#define Q6_GROUP 16
#define Q6_GROUPS 16
#define REFITS 2

typedef struct {
    float x[HX_BLOCK_K], w[HX_BLOCK_K], q[HX_BLOCK_K];
    float d, dmin; /* exactly F16 */
    int scale[Q4_GROUPS], min[Q4_GROUPS]; /* 0..63 */
    float error;
} q4_block;

static float square_sum(const float *x, size_t n) {
    float s[HX_LANES] = {0};
    for (size_t i = 0; i < n; i += HX_LANES)
        for (size_t l = 0; l < HX_LANES; l++)
            s[l] += x[i + l] * x[i + l];
    return hx_sum_lanes(s);
}

static float as_f16(float x) {
    return hx_f16_to_f32(hx_f32_to_f16(x));
}

static int small_integer(float x, float d, int low, int high) {
    if (!(fabsf(d) > 0)) return 0;
    return (int)hx_round_small(hx_clamp(x / d, (float)low, (float)high));
}

static void weigh_q4(q4_block *b, const float *importance) {
    float all = 2 * square_sum(b->x, HX_BLOCK_K) / HX_BLOCK_K;
    for (size_t g = 0; g < Q4_GROUPS; g++) {
        const float *x = b->x + g * Q4_GROUP;
        float *w = b->w + g * Q4_GROUP, mean = sqrtf(square_sum(x, Q4_GROUP) / Q4_GROUP);
        for (size_t i = 0; i < Q4_GROUP; i++)
            w[i] = importance ? importance[g * Q4_GROUP + i] * sqrtf(all + x[i] * x[i])
                              : mean + fabsf(x[i]);
    }
}

/* Codes of group g with the small integers s and m; returns the error. */
static float q4_try(const q4_block *b, size_t g, int s, int m, float *q) {
    hx_fit f = {b->d * (float)s, -(b->dmin * (float)m)};
    return hx__fit_codes(b->x + g * Q4_GROUP, b->w + g * Q4_GROUP, Q4_GROUP, f, 0, 15, q);
}

static float q4_choose(q4_block *b, size_t g) {
    float best = INFINITY, q[Q4_GROUP];
    int at_s = b->scale[g], at_m = b->min[g];
    for (int s = at_s > 0 ? at_s - 1 : 0; s <= at_s + 1 && s < 64; s++) {
        for (int m = at_m > 0 ? at_m - 1 : 0; m <= at_m + 1 && m < 64; m++) {
            float e = q4_try(b, g, s, m, q);
            if (!(e < best)) continue;
            best = e;
            b->scale[g] = s;
            b->min[g] = m;
            memcpy(b->q + g * Q4_GROUP, q, sizeof q);
        }
    }
    return best;
}

/* The d and dmin of least error for the codes as they are: x ~ d (s q) - dmin m. */
static bool q4_refit(q4_block *b) {
    double aa = 0, am = 0, mm = 0, xa = 0, xm = 0;
    for (size_t i = 0; i < HX_BLOCK_K; i++) {
        size_t g = i / Q4_GROUP;
        double a = (double)b->q[i] * b->scale[g], m = b->min[g];
        double w = (double)b->w[i], x = (double)b->x[i];
        aa += w * a * a;
        am += w * a * m;
        mm += w * m * m;
        xa += w * x * a;
        xm += w * x * m;
    }
    double det = aa * mm - am * am;
    if (!(det > 1e-12 * aa * mm)) return false;
    float d = as_f16((float)((xa * mm - xm * am) / det));
    float dmin = as_f16((float)((xa * am - xm * aa) / det));
    if (!(d > 0) || !(dmin >= 0) || isinf(d) || isinf(dmin)) return false;
    b->d = d;
    b->dmin = dmin;
    return true;
}

static void q4_search(q4_block *b) {
    float s[Q4_GROUPS], m[Q4_GROUPS], most_s = 0, most_m = 0;
    for (size_t g = 0; g < Q4_GROUPS; g++) {
        size_t at = g * Q4_GROUP;
        hx_fit f = hx__fit_range(b->x + at, b->w + at, Q4_GROUP, 15, true, b->q + at);
        s[g] = f.s;
        m[g] = -f.m;
        most_s = s[g] > most_s ? s[g] : most_s;
        most_m = m[g] > most_m ? m[g] : most_m;
    }
    b->d = as_f16(most_s / 63);
    b->dmin = as_f16(most_m / 63);
    b->error = 0;
    for (size_t g = 0; g < Q4_GROUPS; g++) {
        b->scale[g] = small_integer(s[g], b->d, 0, 63);
        b->min[g] = small_integer(m[g], b->dmin, 0, 63);
        b->error += q4_choose(b, g);
    }
    for (int round = 0; round < REFITS; round++) {
        q4_block next = *b;
        if (!q4_refit(&next)) return;
        next.error = 0;
        for (size_t g = 0; g < Q4_GROUPS; g++)
            next.error += q4_choose(&next, g);
        if (!(next.error < b->error)) return;
        *b = next;
    }
}

static void q4_put(const q4_block *b, hx_block_q4_k *out) {
    memset(out, 0, sizeof *out);
    out->d = hx_f32_to_f16(b->d);
    out->dmin = hx_f32_to_f16(b->dmin);
    for (size_t g = 0; g < 4; g++) {
        int s = b->scale[g], m = b->min[g], s4 = b->scale[g + 4], m4 = b->min[g + 4];
        out->scales[g] = (uint8_t)(s | (s4 >> 4) << 6);
        out->scales[g + 4] = (uint8_t)(m | (m4 >> 4) << 6);
        out->scales[g + 8] = (uint8_t)((s4 & 15) | (m4 & 15) << 4);
    }
    for (size_t i = 0; i < HX_BLOCK_K; i++)
        out->qs[i / 64 * 32 + i % 32] |= (uint8_t)((int)b->q[i] << (i / 32 % 2 * 4));
}

void hx__encode_q4_k(const float *src, size_t n, const float *importance, hx_block_q4_k *dst) {
    for (size_t k = 0; k < n / HX_BLOCK_K; k++) {
        q4_block b;
        memcpy(b.x, src + k * HX_BLOCK_K, sizeof b.x);
        weigh_q4(&b, importance ? importance + k * HX_BLOCK_K : NULL);
        q4_search(&b);
        q4_put(&b, &dst[k]);
    }
}

/* ------------------------------------------------------------------ Q6_K */

/* The best of a group's scale and its neighbours, with their codes. */
static int q6_choose(const float *x, const float *w, float d, int at, float *q) {
    float best = INFINITY, tried[Q6_GROUP];
    int chosen = at;
    for (int s = at - 1; s <= at + 1; s++) {
        if (s < -128 || s > 127) continue;
        float e = hx__fit_codes(x, w, Q6_GROUP, (hx_fit){d * (float)s, 0}, -32, 31, tried);
        if (!(e < best)) continue;
        best = e;
        chosen = s;
        memcpy(q, tried, sizeof tried);
    }
    return chosen;
}

static void q6_put_codes(const float *q, hx_block_q6_k *out) {
    for (size_t i = 0; i < HX_BLOCK_K; i++) {
        int code = (int)q[i] + 32;
        out->ql[i / 128 * 64 + i % 64] |= (uint8_t)((code & 15) << (i / 64 % 2 * 4));
        out->qh[i / 128 * 32 + i % 32] |= (uint8_t)((code >> 4) << (i / 32 % 4 * 2));
    }
}

static void encode_q6_block(const float *x, const float *importance, hx_block_q6_k *out) {
    float w[HX_BLOCK_K], q[HX_BLOCK_K], scales[Q6_GROUPS], most = 0;
    for (size_t i = 0; i < HX_BLOCK_K; i++)
        w[i] = importance ? importance[i] : x[i] * x[i];
    for (size_t g = 0; g < Q6_GROUPS; g++) {
        size_t at = g * Q6_GROUP;
        scales[g] = hx__fit_scale(x + at, w + at, Q6_GROUP, 32, q + at);
        if (fabsf(scales[g]) > fabsf(most)) most = scales[g];
    }
    memset(out, 0, sizeof *out);
    out->d = hx_f32_to_f16(most / -128);
    float d = hx_f16_to_f32(out->d);
    for (size_t g = 0; g < Q6_GROUPS; g++) {
        size_t at = g * Q6_GROUP;
        int s = small_integer(scales[g], d, -128, 127);
        out->scales[g] = (int8_t)q6_choose(x + at, w + at, d, s, q + at);
    }
    q6_put_codes(q, out);
}

void hx__encode_q6_k(const float *src, size_t n, const float *importance, hx_block_q6_k *dst) {
    for (size_t k = 0; k < n / HX_BLOCK_K; k++)
        encode_q6_block(src + k * HX_BLOCK_K, importance ? importance + k * HX_BLOCK_K : NULL,
                        &dst[k]);
}
