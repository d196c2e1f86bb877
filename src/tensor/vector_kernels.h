/* vector_kernels.h - the loops behind vector.h, one table a set, for src/tensor only. */
#ifndef HX_TENSOR_VECTOR_KERNELS_H
#define HX_TENSOR_VECTOR_KERNELS_H

#include "tensor/kernel_table.h"

#define HX_F16_MAX 65504.0f /* the greatest finite F16 */

struct hx_vector_kernels {
    float (*dot)(const float *x, const float *y, size_t n);
    /* out = x * scale * w; w NULL = 1 */
    void (*scale_by)(const float *x, size_t n, float scale, const float *w, float *out);
    void (*rope)(float *x, size_t head_dim, const float *cos_, const float *sin_);
    void (*rope_interleaved)(float *x, size_t head_dim, const float *cos_, const float *sin_);
    void (*store_f16)(const float *x, size_t n, void *out); /* clamped to +-HX_F16_MAX; NaN stays */
    void (*store_q8_0)(const float *x, size_t n, void *out);
    void (*add)(const float *x, size_t n, float *y);
    float (*max)(const float *x, size_t n); /* without NaN; -infinity where there is nothing else */
    float (*sum_exp)(const float *x, size_t n, float max); /* sum of exp(x - max) */
};

extern const hx_vector_kernels hx_vector_scalar;
#if defined(__x86_64__)
extern const hx_vector_kernels hx_vector_avx2, hx_vector_avx512;
#elif defined(__aarch64__)
extern const hx_vector_kernels hx_vector_neon;
#endif

#endif
