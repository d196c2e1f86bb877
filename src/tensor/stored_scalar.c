/* stored_scalar.c - stored.h in plain C: the reference of the other sets. Blocks are decoded and multiplied with what
 * the quantised activations stand for, in double. */
#include "tensor/stored_kernels.h"

#include <math.h>
#include <string.h>

static void quantise(const float *x, size_t k, int8_t *q, float *scale, float *sum) {
    for (size_t b = 0; b < k / 32; ++b, x += 32, q += 32) {
        float amax = 0;
        for (size_t i = 0; i < 32; ++i)
            amax = fmaxf(amax, fabsf(x[i]));
        float inverse = amax > 1e-30f ? 127.0f / amax : 0;
        int total = 0;
        for (size_t i = 0; i < 32; ++i) {
            q[i] = (int8_t)lrintf(x[i] * inverse);
            total += q[i];
        }
        scale[b] = amax > 1e-30f ? amax / 127.0f : 0;
        sum[b] = scale[b] * (float)total;
    }
}

/* safetensors files may begin their tensors at any byte. */
static float stored_f32(const uint8_t *w, size_t i) {
    float f;
    memcpy(&f, w + i * sizeof f, sizeof f);
    return f;
}

static void run_f32(const hx_stored_job *job) {
    for (size_t n = 0; n < job->n_rows; ++n) {
        const uint8_t *w = job->w + n * job->row_bytes;
        for (size_t m = 0; m < job->m_rows; ++m) {
            const float *x = job->x + m * job->ldx;
            double sum = 0;
            for (size_t i = 0; i < job->k; ++i)
                sum += (double)stored_f32(w, i) * (double)x[i];
            job->y[m * job->ldy + n] = (float)sum;
        }
    }
}

static double dot_block(const float *w, size_t n, const int8_t *q, const float *scale) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i)
        sum += (double)w[i] * ((double)scale[i / 32] * q[i]);
    return sum;
}

static void run_blocks(const hx_stored_job *job) {
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)job->type);
    size_t stride = hx__stored_stride(job->k);
    for (size_t n = 0; n < job->n_rows; ++n) {
        for (size_t m = 0; m < job->m_rows; ++m) {
            const uint8_t *row = job->rows + m * stride, *w = job->w + n * job->row_bytes;
            const float *scale = hx__stored_scale(row, job->k);
            double sum = 0;
            for (size_t i = 0; i < job->k; i += info->block, w += info->bytes) {
                float decoded[256];
                hx_dtype_decode(job->type, w, info->block, decoded);
                sum += dot_block(decoded, info->block, (const int8_t *)row + i, scale + i / 32);
            }
            job->y[m * job->ldy + n] = (float)sum;
        }
    }
}

const hx_stored_kernels hx_stored_scalar = {.quantise = quantise,
                                            .f32 = run_f32,
                                            .q4_0 = run_blocks,
                                            .q4_1 = run_blocks,
                                            .q5_0 = run_blocks,
                                            .q8_0 = run_blocks,
                                            .q4_k = run_blocks,
                                            .q6_k = run_blocks};
