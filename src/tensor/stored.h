/* stored.h - a few rows of activations times weights in their stored blocks: what generating one token at a time needs.
 *
 * Activations are quantised in blocks of 32 to int8 with an F32 scale and the block's sum (for formats with a minimum). Memory-bound: every
 * byte of the weights is read once for all rows of x. F32, F16 and BF16 weights are multiplied in F32. */
#ifndef HX_TENSOR_STORED_H
#define HX_TENSOR_STORED_H

#include "tensor/dtype.h"
#include "tensor/kernels.h"

#define HX_STORED_ROWS_MAX 16 /* rows of x a call */

/* Bytes of one quantised row of k elements, a multiple of 64. */
size_t hx_stored_row_bytes(size_t k);
/* x (k) -> quantised row; k a multiple of 32. */
void hx_stored_quantise(const hx_kernels *kernels, const float *x, size_t k, void *out);
/* y[m * ldy + n] = w_n . x_m for n < n_rows, m < m_rows; w (n_rows, k) as stored. Both the quantised rows and F32 `x` (ldx apart) are given: float
 * formats read the latter. Any weight type works; those without a loop of their own are decoded to F32 first. `scratch`: k floats. `after`: where weights are read next, fetched
 * ahead at the end (a hint, never read here; NULL = what lies behind). */
void hx_stored_run(const hx_kernels *kernels, hx_dtype type, const void *w, size_t n_rows, size_t k,
                   const void *rows, const float *x, size_t ldx, size_t m_rows, float *y,
                   size_t ldy, float *scratch, const void *after);

#endif
