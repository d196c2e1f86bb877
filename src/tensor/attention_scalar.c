/* attention_scalar.c - attention.h in plain C: the reference of the other sets. */
#include "tensor/attention_kernels.h"

#include <math.h>
#include <string.h>

enum { TILE = HX_ATTENTION_TILE, GROUP = HX_ATTENTION_GROUP };

static void values(hx_dtype type, const void *const *rows, size_t n, size_t head_dim, float *out,
                   size_t width) {
    for (size_t i = 0; i < n; ++i, out += width) {
        if (type == HX_DTYPE_F32)
            memcpy(out, rows[i], head_dim * sizeof *out);
        else
            hx_dtype_decode(type, rows[i], head_dim, out);
    }
}

static void keys(hx_dtype type, const void *const *rows, size_t head_dim, float *k_t) {
    float row[256];
    for (size_t p = 0; p < GROUP; ++p) {
        values(type, rows + p, 1, head_dim, row, 0);
        for (size_t d = 0; d < head_dim; ++d)
            k_t[d * TILE + p] = row[d];
    }
}

static void scores(const float *const *q, size_t n_rows, const float *k_t, size_t head_dim,
                   size_t groups, float *s) {
    for (size_t r = 0; r < n_rows; ++r) {
        float *row = s + r * TILE;
        for (size_t p = 0; p < groups * GROUP; ++p)
            row[p] = 0;
        for (size_t d = 0; d < head_dim; ++d)
            for (size_t p = 0; p < groups * GROUP; ++p)
                row[p] += q[r][d] * k_t[d * TILE + p];
    }
}

static void softmax_row(float *s, size_t groups, float scale, hx_attention_state *state, size_t r) {
    size_t visible = state->visible[r];
    float max = state->max[r], sum = 0;
    for (size_t p = 0; p < visible; ++p)
        max = s[p] > max ? s[p] : max;
    for (size_t p = 0; p < groups * GROUP; ++p) {
        s[p] = p < visible ? expf((s[p] - max) * scale) : 0;
        sum += s[p];
    }
    state->alpha[r] = expf((state->max[r] - max) * scale);
    state->max[r] = max;
    state->sum[r] = state->sum[r] * state->alpha[r] + sum;
}

static void softmax(float *s, size_t n_rows, size_t groups, float scale,
                    hx_attention_state *state) {
    for (size_t r = 0; r < n_rows; ++r)
        softmax_row(s + r * TILE, groups, scale, state, r);
}

static void weigh(const float *s, size_t n_rows, size_t n, const float *v, size_t ldv, size_t width,
                  const float *alpha, float *acc) {
    for (size_t r = 0; r < n_rows; ++r, s += TILE, acc += width) {
        for (size_t d = 0; d < width; ++d)
            acc[d] = alpha ? acc[d] * alpha[r] : 0;
        for (size_t p = 0; p < n; ++p)
            for (size_t d = 0; d < width; ++d)
                acc[d] += s[p] * v[p * ldv + d];
    }
}

const hx_attention_kernels hx_attention_scalar = {keys, values, scores, softmax, weigh};
