/* stored_kernels.h - the loops behind stored.h, one table a set, for src/tensor only.
 *
 * A quantised row of k elements, k rounded up to 128 with zeros (K):
 *
 *     int8 q[K] | int8 nibbles[K] | float scale[N] | float sum[N] | float pairs[2 N]      N = K / 32 rounded up to 16
 *
 * pairs = scale and sum of each block, side by side. nibbles = q in another order: of each 128, elements 0-15 of the four blocks, then elements 16-31. sum = scale * (sum of the block's q).
 *
 * w = d (q - offset) + m of a block, so w . x = sum over blocks of d scale (q . x_q) + (m - d offset) sum: q . x_q is an exact
 * integer, the rest is F32. Every (weight row, activation row) is summed in one order, whatever is computed beside it. */
#ifndef HX_TENSOR_STORED_KERNELS_H
#define HX_TENSOR_STORED_KERNELS_H

#include "tensor/kernel_table.h"

typedef struct {
    hx_dtype type;
    const uint8_t *w; /* (n_rows, k) as stored, rows row_bytes apart */
    size_t n_rows, k, row_bytes;
    const uint8_t *rows; /* (m_rows) quantised, hx_stored_row_bytes(k) apart */
    const float *x; /* (m_rows, k), rows ldx apart */
    size_t ldx, m_rows;
    float *y; /* y[m * ldy + n] */
    size_t ldy;
    const uint8_t *after; /* fetched after the last row; no pointer to read from */
} hx_stored_job;

typedef void hx_stored_fn(const hx_stored_job *job);

struct hx_stored_kernels {
    /* One row, without padding and nibbles. */
    void (*quantise)(const float *x, size_t k, int8_t *q, float *scale, float *sum);
    hx_stored_fn *f32, *f16, *bf16; /* read x; f16 and bf16 may be NULL */
    hx_stored_fn *q4_0, *q4_1, *q5_0, *q8_0, *q4_k, *q6_k; /* read rows */
};

/* Where the parts of a quantised row are. */
static inline size_t hx__stored_padded(size_t k) {
    return (k + 127) / 128 * 128;
}
static inline size_t hx__stored_blocks(size_t k) {
    return (hx__stored_padded(k) / 32 + 15) / 16 * 16;
}
static inline size_t hx__stored_stride(size_t k) {
    return hx__stored_padded(k) * 2 + hx__stored_blocks(k) * 4 * sizeof(float);
}
static inline const int8_t *hx__stored_nibbles(const uint8_t *row, size_t k) {
    return (const int8_t *)row + hx__stored_padded(k);
}
static inline const float *hx__stored_scale(const uint8_t *row, size_t k) {
    return (const float *)(const void *)(row + 2 * hx__stored_padded(k));
}
static inline const float *hx__stored_sum(const uint8_t *row, size_t k) {
    return hx__stored_scale(row, k) + hx__stored_blocks(k);
}

static inline const float *hx__stored_pairs(const uint8_t *row, size_t k) {
    return hx__stored_sum(row, k) + hx__stored_blocks(k);
}

extern const hx_stored_kernels hx_stored_scalar;
#if defined(__x86_64__)
extern const hx_stored_kernels hx_stored_avx2, hx_stored_avx512, hx_stored_vnni;
#elif defined(__aarch64__)
extern const hx_stored_kernels hx_stored_neon;
#endif

#endif
