/* word_kernels_avx2.c - the loops of vectors of words, compiled for AVX2; see word_kernels.h and word_kernels_body.inc.
 *
 * The flags are in cmake/kernels.cmake; which processor may run it is decided in word_kernels.c. A product is rounded before it is
 * added, as in the table for any processor: the bits are the same, and the time is that of memory.
 */
#if defined(__x86_64__)
#define HX_WORD_TABLE hx_word_kernels_avx2
#define HX_WORD_TABLE_NAME "avx2"
#include "learn/word_kernels_body.inc"
#else
typedef int hx_word_kernels_avx2_is_for_x86; /* ISO C wants a declaration */
#endif
