/* vector.h - rows of numbers: norms, rotations, conversions, sums. */
#ifndef HX_TENSOR_VECTOR_H
#define HX_TENSOR_VECTOR_H

#include "tensor/dtype.h"
#include "tensor/kernels.h"

/* out = x / sqrt(mean(x^2) + eps) * w (arXiv 1910.07467). out may be x. w NULL = 1. */
void hx_vector_rms_norm(const hx_kernels *kernels, const float *x, size_t n, const float *w,
                        float eps, float *out);
/* Rotary positions (arXiv 2104.09864) in place on one head: `cos_`, `sin_` (head_dim / 2). Pairs are (i, i + head_dim / 2), or with
 * `interleaved` (2i, 2i + 1), as GGUF files of the llama architecture store them. */
void hx_vector_rope(const hx_kernels *kernels, float *x, size_t head_dim, const float *cos_,
                    const float *sin_, bool interleaved);
/* F32 to F16, Q8_0 or F32: rows of a key-value cache. n a multiple of the block. What F16 cannot hold becomes +-65504, not infinite: a key that
 * a query must not see has the weight 0, and 0 times infinity is NaN. */
void hx_vector_store(const hx_kernels *kernels, hx_dtype type, const float *x, size_t n, void *out);
void hx_vector_add(const hx_kernels *kernels, const float *x, size_t n, float *y); /* y += x */
void hx_vector_scale(const hx_kernels *kernels, float a, size_t n, float *x); /* x *= a */
float hx_vector_dot(const hx_kernels *kernels, const float *x, const float *y, size_t n);
/* Index of the greatest, the lowest of equals; n > 0. NaN never wins. */
size_t hx_vector_argmax(const hx_kernels *kernels, const float *x, size_t n);
/* log(sum(exp(x))), stable. */
float hx_vector_log_sum_exp(const hx_kernels *kernels, const float *x, size_t n);

#endif
