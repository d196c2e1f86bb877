/* gemm.h - C = alpha op(A) op(B) + beta C in F32: the product of training, where both operands change at every step.
 *
 * op(X) is X, or its transpose where asked, so one function serves y = x W^T (trans_b), dx = dy W and dW = dy^T x (trans_a).
 * Each element of C is, for blocks of 256 of k in ascending order, one chain of fused multiply-adds that is then added to C: the bits depend
 * neither on the number of threads nor on the other rows and columns, and are the same for all kernel sets.
 * With `bf16` the factors (A times alpha) are rounded to bfloat16, to nearest even, and sums stay F32: for blocks of 512 of k in ascending
 * order one chain over pairs of k from 0, in each pair the odd k first, an odd rest with a zero; denormals are zeros in it
 * (gemm_bf16_scalar.c), what a block gives is added to C in F32. The same holds of its bits. Half the time where hx_kernels_has_bf16().
 * A NaN or infinity in A or B reaches C; with beta = 0 what C held is never read. */
#ifndef HX_TENSOR_GEMM_H
#define HX_TENSOR_GEMM_H

#include "tensor/kernels.h"
#include "tensor/team.h"

typedef struct {
    bool trans_a, trans_b;
    bool bf16; /* factors rounded to bfloat16 */
    size_t m, n, k; /* any, also 0 */
    float alpha, beta;
    const float *a; /* (m, k), with trans_a (k, m); rows lda apart */
    size_t lda;
    const float *b; /* (k, n), with trans_b (n, k); rows ldb apart */
    size_t ldb;
    float *c; /* (m, n), rows ldc apart; overlaps neither a nor b */
    size_t ldc;
} hx_gemm_call;

/* Bytes of scratch for a call of these sizes or smaller ones: at most 370 KB a thread. */
size_t hx_gemm_scratch(size_t m, size_t n, size_t n_threads);
/* `scratch` is aligned to 64; a NULL team computes all on the caller. */
void hx_gemm(const hx_kernels *kernels, hx_team *team, const hx_gemm_call *call, void *scratch);

#endif
