/* dtype.h - element types of tensors and their block formats, numbered as in GGUF.
 *
 * A row of n elements is n / block blocks of `bytes` bytes. Formats are those of ggml (ggml-common.h, ggml-quants.c): decoding is
 * bit-equal to the `gguf` Python package (gguf/quants.py), which is the reference of the tests. */
#ifndef HX_TENSOR_DTYPE_H
#define HX_TENSOR_DTYPE_H

#include "huaxiang/base.h"

typedef enum {
    HX_DTYPE_F32 = 0,
    HX_DTYPE_F16 = 1,
    HX_DTYPE_Q4_0 = 2,
    HX_DTYPE_Q4_1 = 3,
    HX_DTYPE_Q5_0 = 6,
    HX_DTYPE_Q5_1 = 7,
    HX_DTYPE_Q8_0 = 8,
    HX_DTYPE_Q2_K = 10,
    HX_DTYPE_Q3_K = 11,
    HX_DTYPE_Q4_K = 12,
    HX_DTYPE_Q5_K = 13,
    HX_DTYPE_Q6_K = 14,
    HX_DTYPE_I8 = 24,
    HX_DTYPE_I16 = 25,
    HX_DTYPE_I32 = 26,
    HX_DTYPE_I64 = 27,
    HX_DTYPE_F64 = 28,
    HX_DTYPE_BF16 = 30
} hx_dtype;

typedef struct {
    const char *name; /* "Q4_K"; NULL = no such type */
    size_t block; /* elements */
    size_t bytes; /* of a block */
    bool is_weight; /* can be decoded to F32 and multiplied with */
} hx_dtype_info;

/* Of any number: an unknown one has name NULL and block 0. */
const hx_dtype_info *hx_dtype_describe(uint32_t type);
bool hx_dtype_of_name(hx_str name, hx_dtype *out); /* case-insensitive */
/* Bytes of n elements in rows; false where n is no multiple of the block or the product overflows. */
bool hx_dtype_size(hx_dtype type, uint64_t n, uint64_t *bytes);

/* n elements (a multiple of the block) to F32. Only weight types. */
void hx_dtype_decode(hx_dtype type, const void *src, size_t n, float *dst);
/* One row of n elements to F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K or Q6_K. `importance` (n) weighs the squared errors of
 * the searched formats; NULL = ggml's default weights. HX_EUNSUPPORTED for other types. */
hx_status hx_dtype_encode(hx_dtype type, const float *src, size_t n, const float *importance,
                          void *dst, hx_error *err) HX_MUST_USE;

float hx_f16_to_f32(uint16_t h);
uint16_t hx_f32_to_f16(float f); /* round to nearest even */
float hx_bf16_to_f32(uint16_t h);
uint16_t hx_f32_to_bf16(float f); /* round to nearest even; NaN stays quiet */

#endif
