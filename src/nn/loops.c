/* loops.c - the loops of training for any processor, and the choice among those of the instruction sets.
 *
 * The tables differ in speed alone, never in bits, so the choice is made by the name of the kernels that the caller uses:
 * avx512 and vnni use AVX-512, avx2 uses AVX2, all others the code that any processor of the architecture runs. */
#define HX_NN_LOOPS hx_nn_loops_base
#include "nn/loops_body.h"

const hx_nn_loops *hx_nn_loops_of(const hx_kernels *kernels) {
#if defined(__x86_64__)
    const char *name = hx_kernels_name(kernels);
    if (strcmp(name, "avx2") == 0) return &hx_nn_loops_avx2;
    if (strcmp(name, "avx512") == 0 || strcmp(name, "vnni") == 0) return &hx_nn_loops_avx512;
#else
    (void)kernels;
#endif
    return &hx_nn_loops_base;
}
