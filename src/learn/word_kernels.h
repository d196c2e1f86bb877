/* word_kernels.h - the loops that decide the speed of vectors of words, in one table an instruction set. For src/learn/word_*.c.
 *
 * Rows are aligned to 64 bytes and a multiple of HX_WORD_LANES floats long. Each of the 16 lanes does the same operations in the same order
 * whatever the width of the registers, products and sums apart (no fma), and lanes are added as a tree: all tables give the same bits. */
#ifndef HX_LEARN_WORD_KERNELS_H
#define HX_LEARN_WORD_KERNELS_H

#include <stddef.h>

#define HX_WORD_LANES ((size_t)16)

typedef struct {
    const char *name;
    /* out (n) = h . rows[k]. */
    void (*dots)(const float *h, const float *const *rows, size_t n, size_t width, float *out);
    /* to = sum of factors[k] rows[k], in this order. */
    void (*mix)(float *to, const float *const *rows, const float *factors, size_t n, size_t width);
    /* to += factor from. */
    void (*add)(float *to, const float *from, float factor, size_t width);
} hx_word_kernels;

extern const hx_word_kernels hx_word_kernels_base;
#if defined(__x86_64__)
extern const hx_word_kernels hx_word_kernels_avx2, hx_word_kernels_avx512;
#endif
/* The best this processor has. */
const hx_word_kernels *hx_word_kernels_choose(void);

#endif
