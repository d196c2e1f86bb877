/* vector.c - what the sets share of vector.h: the formula of the norm, the place of the greatest, the stable logarithm.
 *
 * argmax = the place of the first element that equals the greatest: the greatest does not depend on the order it is sought
 * in, so every set gives the same index. */
#include "tensor/vector.h"

#include "tensor/vector_kernels.h"

#include <math.h>
#include <string.h>

void hx_vector_rms_norm(const hx_kernels *kernels, const float *x, size_t n, const float *w,
                        float eps, float *out) {
    const hx_vector_kernels *v = kernels->vector;
    float mean = v->dot(x, x, n) / (float)n;
    v->scale_by(x, n, 1.0f / sqrtf(mean + eps), w, out);
}

void hx_vector_rope(const hx_kernels *kernels, float *x, size_t head_dim, const float *cos_,
                    const float *sin_, bool interleaved) {
    const hx_vector_kernels *v = kernels->vector;
    (interleaved ? v->rope_interleaved : v->rope)(x, head_dim, cos_, sin_);
}

void hx_vector_store(const hx_kernels *kernels, hx_dtype type, const float *x, size_t n,
                     void *out) {
    const hx_vector_kernels *v = kernels->vector;
    if (type == HX_DTYPE_F16)
        v->store_f16(x, n, out);
    else if (type == HX_DTYPE_Q8_0)
        v->store_q8_0(x, n, out);
    else
        memcpy(out, x, n * sizeof *x);
}

void hx_vector_add(const hx_kernels *kernels, const float *x, size_t n, float *y) {
    kernels->vector->add(x, n, y);
}

void hx_vector_scale(const hx_kernels *kernels, float a, size_t n, float *x) {
    kernels->vector->scale_by(x, n, a, NULL, x);
}

float hx_vector_dot(const hx_kernels *kernels, const float *x, const float *y, size_t n) {
    return kernels->vector->dot(x, y, n);
}

size_t hx_vector_argmax(const hx_kernels *kernels, const float *x, size_t n) {
    float max = kernels->vector->max(x, n);
    for (size_t i = 0; i < n; ++i)
        if (x[i] == max) return i;
    return 0; /* all NaN */
}

float hx_vector_log_sum_exp(const hx_kernels *kernels, const float *x, size_t n) {
    float max = kernels->vector->max(x, n);
    if (!isfinite(max)) return max;
    return max + logf(kernels->vector->sum_exp(x, n, max));
}
