/* attention.h - softmax(scale q k^T) v for the queries of one sequence and the heads that share one key-value head.
 *
 * Keys and values may lie in several spans (a shared prefix, the sequence's own cache, the batch itself). Tiles of keys with a running
 * maximum and sum (Flash attention, arXiv 2205.14135): memory does not grow with the length. Which tiles there are depends on the
 * sequence alone, so the bits do not depend on what else is computed. */
#ifndef HX_TENSOR_ATTENTION_H
#define HX_TENSOR_ATTENTION_H

#include "tensor/dtype.h"
#include "tensor/kernels.h"

typedef struct {
    hx_dtype type; /* F32, F16 or Q8_0 (head_dim a multiple of 32) */
    const void *k, *v; /* of one key-value head: position p at p * stride bytes */
    size_t stride;
    size_t n; /* positions */
} hx_attention_span;

typedef struct {
    const float
        *q; /* (n_queries, n_heads, head_dim), queries ldq floats apart, heads head_dim apart */
    float *out; /* likewise, ldo apart */
    size_t n_queries, n_heads, head_dim, ldq, ldo;
    const hx_attention_span *spans;
    size_t n_spans;
    size_t first; /* position of query 0 among the keys of all spans */
    bool causal; /* query i sees keys [0, first + i]; otherwise all */
    float scale; /* usually 1 / sqrt(head_dim) */
} hx_attention_call;

#define HX_ATTENTION_QUERIES 64 /* a good number of queries a call; more work too */

size_t hx_attention_scratch(size_t head_dim, size_t n_heads); /* bytes; for any number of queries */
void hx_attention_run(const hx_kernels *kernels, const hx_attention_call *call, void *scratch);

#endif
