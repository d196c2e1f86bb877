/* word_kernels.c - the loops of vectors of words for any processor, and the choice among those of the instruction sets.
 *
 * The body is the same file for all of them (word_kernels_body.inc): sixteen lanes that the compiler cuts into the registers it may use.
 * Without fused products all tables give the same bits, so that vectors learnt on one machine are those of another.
 */
#include "nn/nn.h"

#define HX_WORD_TABLE hx_word_kernels_base
#define HX_WORD_TABLE_NAME "base"
#include "learn/word_kernels_body.inc"

const hx_word_kernels *hx_word_kernels_choose(void) {
#if defined(__x86_64__)
    if (hx_kernels_has(HX_KERNELS_AVX512)) return &hx_word_kernels_avx512;
    if (hx_kernels_has(HX_KERNELS_AVX2)) return &hx_word_kernels_avx2;
#endif
    return &hx_word_kernels_base;
}
