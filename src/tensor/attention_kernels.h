/* attention_kernels.h - the loops behind attention.h, one table a set, for src/tensor only.
 *
 * A row is one query of one head. Keys come in tiles of 64 positions, transposed: k_t[d * TILE + p]. Every score is one sum over d in
 * ascending order, every output one sum over positions in ascending order, so neither the number of rows nor of groups changes a bit. */
#ifndef HX_TENSOR_ATTENTION_KERNELS_H
#define HX_TENSOR_ATTENTION_KERNELS_H

#include "tensor/kernel_table.h"

#define HX_ATTENTION_TILE 64 /* positions */
#define HX_ATTENTION_GROUP 16 /* positions that are transposed together */
#define HX_ATTENTION_ROWS 6 /* rows at once, at most */

/* What a row has seen so far: its greatest score and its sum of exp(scale (score - max)). */
typedef struct {
    float max[HX_ATTENTION_ROWS], sum[HX_ATTENTION_ROWS];
    size_t visible[HX_ATTENTION_ROWS]; /* in: positions of this tile that it sees */
    float alpha[HX_ATTENTION_ROWS]; /* out: what earlier sums are to be multiplied with */
} hx_attention_state;

struct hx_attention_kernels {
    /* The keys of 16 positions (head_dim elements each) into 16 columns of k_t. */
    void (*keys)(hx_dtype type, const void *const *rows, size_t head_dim, float *k_t);
    /* n rows of values to F32, `width` floats apart. */
    void (*values)(hx_dtype type, const void *const *rows, size_t n, size_t head_dim, float *out,
                   size_t width);
    /* s[r * TILE + p] = q_r . k_p for p < 16 * groups, r < n_rows <= ROWS */
    void (*scores)(const float *const *q, size_t n_rows, const float *k_t, size_t head_dim,
                   size_t groups, float *s);
    /* Scores of n_rows rows to weights exp(scale (s - max)), 0 from `visible` to the end of the groups. */
    void (*softmax)(float *s, size_t n_rows, size_t groups, float scale, hx_attention_state *state);
    /* acc_r = alpha_r acc_r + sum over p < n of s[r * TILE + p] v_p; alpha NULL = 0, then acc is not read. Rows of acc are `width` floats apart, rows of v ldv; width = head_dim
     * rounded up to 16, and that much of v can be read. */
    void (*weigh)(const float *s, size_t n_rows, size_t n, const float *v, size_t ldv, size_t width,
                  const float *alpha, float *acc);
};

extern const hx_attention_kernels hx_attention_scalar;
#if defined(__x86_64__)
extern const hx_attention_kernels hx_attention_avx2, hx_attention_avx512;
#elif defined(__aarch64__)
extern const hx_attention_kernels hx_attention_neon;
#endif

#endif
