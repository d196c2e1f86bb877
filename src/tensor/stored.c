/* stored.c - which loop multiplies a stored type; types without one are decoded to F32 row by row. */
#include "tensor/stored.h"

#include "tensor/stored_kernels.h"

#include <string.h>

size_t hx_stored_row_bytes(size_t k) {
    return hx__stored_stride(k);
}

static void order_nibbles(const int8_t *q, size_t n, int8_t *out) {
    for (size_t i = 0; i < n; i += 128, q += 128, out += 128)
        for (size_t block = 0; block < 4; ++block) {
            memcpy(out + 16 * block, q + 32 * block, 16);
            memcpy(out + 64 + 16 * block, q + 32 * block + 16, 16);
        }
}

void hx_stored_quantise(const hx_kernels *kernels, const float *x, size_t k, void *out) {
    size_t padded = hx__stored_padded(k), blocks = hx__stored_blocks(k);
    int8_t *q = out;
    float *scale = (float *)(void *)(q + 2 * padded);
    float *sum = scale + blocks, *pairs = sum + blocks;
    memset(scale, 0, blocks * 4 * sizeof(float));
    memset(q + k, 0, padded - k);
    kernels->stored->quantise(x, k, q, scale, sum);
    for (size_t i = 0; i < k / 32; ++i) {
        pairs[2 * i] = scale[i];
        pairs[2 * i + 1] = sum[i];
    }
    order_nibbles(q, padded, q + padded);
}

static hx_stored_fn *loop_of(const hx_stored_kernels *s, hx_dtype type) {
    switch (type) {
    case HX_DTYPE_F32:
        return s->f32;
    case HX_DTYPE_F16:
        return s->f16;
    case HX_DTYPE_BF16:
        return s->bf16;
    case HX_DTYPE_Q4_0:
        return s->q4_0;
    case HX_DTYPE_Q4_1:
        return s->q4_1;
    case HX_DTYPE_Q5_0:
        return s->q5_0;
    case HX_DTYPE_Q8_0:
        return s->q8_0;
    case HX_DTYPE_Q4_K:
        return s->q4_k;
    case HX_DTYPE_Q6_K:
        return s->q6_k;
    default:
        return NULL;
    }
}

static void run_decoded(const hx_kernels *kernels, hx_dtype type, const hx_stored_job *job,
                        float *scratch) {
    hx_stored_job one = *job;
    one.n_rows = 1;
    one.w = (const uint8_t *)scratch;
    one.row_bytes = job->k * sizeof(float);
    for (size_t n = 0; n < job->n_rows; ++n) {
        hx_dtype_decode(type, job->w + n * job->row_bytes, job->k, scratch);
        one.y = job->y + n;
        kernels->stored->f32(&one);
    }
}

void hx_stored_run(const hx_kernels *kernels, hx_dtype type, const void *w, size_t n_rows, size_t k,
                   const void *rows, const float *x, size_t ldx, size_t m_rows, float *y,
                   size_t ldy, float *scratch, const void *after) {
    const hx_dtype_info *info = hx_dtype_describe((uint32_t)type);
    hx_stored_job job = {.type = type,
                         .w = w,
                         .n_rows = n_rows,
                         .k = k,
                         .row_bytes = k / info->block * info->bytes,
                         .rows = rows,
                         .x = x,
                         .ldx = ldx,
                         .m_rows = m_rows,
                         .y = y,
                         .ldy = ldy};
    const uint8_t *end = job.w + n_rows * job.row_bytes;
    job.after = after ? after : end;
    hx_stored_fn *loop = loop_of(kernels->stored, type);
    if (loop)
        loop(&job);
    else
        run_decoded(kernels, type, &job, scratch);
}
