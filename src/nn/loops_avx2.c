/* loops_avx2.c - the loops of training, compiled for AVX2.
 *
 * The source is loops_body.h, the flags are in CMakeLists.txt. Which processor may run it is decided in src/tensor/kernels.c;
 * hx_nn_loops_of() follows that choice. The bits are those of loops.c. */
#if defined(__x86_64__)
#define HX_NN_LOOPS hx_nn_loops_avx2
#include "nn/loops_body.h"
#else
typedef int hx_nn_loops_avx2_is_for_x86; /* ISO C wants a declaration */
#endif
