/* kernel_table.h - the tables behind kernels.h, for src/tensor only. One group of loops a subject, one file a group and instruction set:
 * gemm_avx512.c, attention_avx2.c, ... A group that has nothing of its own for a set takes the next lower set's. */
#ifndef HX_TENSOR_KERNEL_TABLE_H
#define HX_TENSOR_KERNEL_TABLE_H

#include "tensor/kernels.h"

typedef struct hx_gemm_kernels
    hx_gemm_kernels; /* gemm_kernels.h: decoding and packing weights, EXACT and INT8 products */
typedef struct hx_vector_kernels
    hx_vector_kernels; /* vector_kernels.h: norms, rotations, conversions, sums */
typedef struct hx_attention_kernels hx_attention_kernels; /* attention_kernels.h */
typedef struct hx_stored_kernels
    hx_stored_kernels; /* stored_kernels.h: blocks as stored x int8 activations */

struct hx_kernels {
    const char *name;
    hx_kernels_set set;
    const hx_gemm_kernels *gemm;
    const hx_vector_kernels *vector;
    const hx_attention_kernels *attention;
    const hx_stored_kernels *stored;
};

#endif
