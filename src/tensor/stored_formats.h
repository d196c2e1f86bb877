/* stored_formats.h - what the vector sets of stored.h share: the formats with a loop of integers, the size of their blocks, and the table
 * of functions. A set defines
 *
 *     run_format(format, job)      rows of blocks times quantised activations
 *     run_float(hx_dtype, job)     rows of F32, F16 or BF16 times F32
 *     quantise()                   of struct hx_stored_kernels
 *
 * both always inline, so that every function of the table is compiled for its own format; then HX_STORED_RUNS, and HX_STORED_TABLE
 * initialises its table. */
#ifndef HX_TENSOR_STORED_FORMATS_H
#define HX_TENSOR_STORED_FORMATS_H

#include "tensor/simd.h"
#include "tensor/stored_kernels.h"

typedef enum { F_Q4_0, F_Q4_1, F_Q5_0, F_Q8_0, F_Q4_K, F_Q6_K } format;

/* Of a block of the file (blocks.h). */
HX_INLINE size_t block_bytes(format f) {
    switch (f) {
    case F_Q4_0:
        return 18;
    case F_Q4_1:
        return 20;
    case F_Q5_0:
        return 22;
    case F_Q8_0:
        return 34;
    case F_Q4_K:
        return 144;
    default:
        return 210;
    }
}

/* Blocks of 32 activations that meet one block of the file. */
HX_INLINE size_t block_parts(format f) {
    return f == F_Q4_K || f == F_Q6_K ? 8 : 1;
}

#define HX_STORED_RUN(name, run, what)                                                             \
    static void name(const hx_stored_job *job) {                                                   \
        run(what, job);                                                                            \
    }
#define HX_STORED_RUNS                                                                             \
    HX_STORED_RUN(run_q4_0, run_format, F_Q4_0)                                                    \
    HX_STORED_RUN(run_q4_1, run_format, F_Q4_1)                                                    \
    HX_STORED_RUN(run_q5_0, run_format, F_Q5_0)                                                    \
    HX_STORED_RUN(run_q8_0, run_format, F_Q8_0)                                                    \
    HX_STORED_RUN(run_q4_k, run_format, F_Q4_K)                                                    \
    HX_STORED_RUN(run_q6_k, run_format, F_Q6_K)                                                    \
    HX_STORED_RUN(run_f32, run_float, HX_DTYPE_F32)                                                \
    HX_STORED_RUN(run_f16, run_float, HX_DTYPE_F16)                                                \
    HX_STORED_RUN(run_bf16, run_float, HX_DTYPE_BF16)

#define HX_STORED_TABLE                                                                            \
    {                                                                                              \
        .quantise = quantise, .f32 = run_f32, .f16 = run_f16, .bf16 = run_bf16, .q4_0 = run_q4_0,  \
        .q4_1 = run_q4_1, .q5_0 = run_q5_0, .q8_0 = run_q8_0, .q4_k = run_q4_k, .q6_k = run_q6_k   \
    }

#endif
