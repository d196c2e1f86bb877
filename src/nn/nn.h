/* nn.h - what every layer is given: kernels, threads, scratch memory; and the conventions of all headers of this module.
 *
 * A layer is a pair of functions on plain float arrays, forward and backward; nothing records what was run. Arrays are dense and row-major with
 * the shapes in the comments: T = rows (tokens of all sequences, one after the other, without padding), D = their width.
 * Backward functions overwrite the gradient of what came in (dx) and ADD to the gradients of weights (dw +=), so that several batches
 * accumulate; weights' gradients may be NULL where they are not wanted (frozen weights). The same pointer may stand for x and y only where
 * the comment says so.
 * The same input gives the same bytes with any number of threads and, but for functions that call libm (logf, erff), any kernel set: sums
 * over rows are made in blocks of a fixed number of rows, which are added in ascending order.
 * Sizes are the caller's to check: nothing here fails. */
#ifndef HX_NN_NN_H
#define HX_NN_NN_H

#include "tensor/kernels.h"
#include "tensor/team.h"

typedef struct {
    const hx_kernels *kernels; /* borrowed */
    hx_team *team; /* borrowed; NULL = one thread */
    void *
        scratch; /* borrowed, aligned to 64; as many bytes as the greatest *_scratch() of the functions that are called */
    bool
        bf16; /* products with weights and of their gradients take factors of bfloat16 (tensor/gemm.h): linear, output loss, Muon's */
} hx_nn;

#endif
