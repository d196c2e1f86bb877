/* loops_avx512.c - the loops of training, compiled for AVX-512.
 *
 * The source is loops_body.h, the flags are in CMakeLists.txt. Which processor may run it is decided in src/tensor/kernels.c;
 * hx_nn_loops_of() follows that choice. The bits are those of loops.c. */
#if defined(__x86_64__)
#define HX_NN_LOOPS hx_nn_loops_avx512
#include "nn/loops_body.h"
#else
typedef int hx_nn_loops_avx512_is_for_x86; /* ISO C wants a declaration */
#endif
