/* kernels.h - the loops that decide speed, in one table an instruction set, and the choice among them.
 *
 * Sets: scalar (the reference), avx2, avx512, vnni (avx512 + AVX512_VNNI), neon. Results of different sets agree within 1e-5 relative
 * (sums in another order) - integer sums exactly; the same set gives the same bits on every machine. */
#ifndef HX_TENSOR_KERNELS_H
#define HX_TENSOR_KERNELS_H

#include "tensor/dtype.h"

typedef enum {
    HX_KERNELS_SCALAR = 0,
    HX_KERNELS_AVX2,
    HX_KERNELS_AVX512,
    HX_KERNELS_VNNI,
    HX_KERNELS_NEON,
    HX_KERNELS_N
} hx_kernels_set;

typedef struct hx_kernels hx_kernels; /* function pointers: kernel_table.h, for src/tensor only */

/* A set by name; NULL or "" = the best this processor has. The table is constant and lives for ever. HX_EUNSUPPORTED says what is missing. */
hx_status hx_kernels_choose(const char *name, const hx_kernels **out, hx_error *err) HX_MUST_USE;
const char *hx_kernels_name(const hx_kernels *k);
bool hx_kernels_has(hx_kernels_set set); /* compiled in, and this processor can run it */
/* Products of bfloat16 (gemm.h) are instructions of this set and processor (AVX512_BF16), twice as fast as of F32; else they are the reference in
 * plain C, a hundred times slower. */
bool hx_kernels_has_bf16(const hx_kernels *k);

#endif
