/* conv.h - one-dimensional convolution over packed sequences, and the greatest over time. Conventions: nn.h. */
#ifndef HX_NN_CONV_H
#define HX_NN_CONV_H

#include "nn/nn.h"

/* y (T, N): y[t] = b + sum over j < width of W_j x[t + j - before], W (N, width, K); x outside of the token's own sequence is zero.
 * before = (width - 1) / 2 keeps the length, 0 looks ahead, width - 1 looks back. */
typedef struct {
    const float *x, *w, *b; /* (T, K), (N, width, K), (N) */
    size_t k, n, width, before;
    const uint32_t *starts; /* (n_sequences + 1) */
    size_t n_sequences;
} hx_nn_conv_call;
size_t hx_nn_conv_scratch(size_t t, size_t k, size_t n, size_t width, size_t n_threads);
void hx_nn_conv(const hx_nn *nn, const hx_nn_conv_call *call, float *y);
/* dx overwritten; dw, db +=. Any may be NULL. */
void hx_nn_conv_back(const hx_nn *nn, const hx_nn_conv_call *call, const float *dy, float *dx,
                     float *dw, float *db);

/* y (n_sequences, D): the greatest of each column over the tokens of a sequence; at (n_sequences, D): its row, the first of equals. An
 * empty sequence gives 0, and at = UINT32_MAX. */
void hx_nn_max_over_time(const hx_nn *nn, const float *x, size_t d, const uint32_t *starts,
                         size_t n_sequences, uint32_t *at, float *y);
/* dx (T, D) overwritten. */
void hx_nn_max_over_time_back(const hx_nn *nn, const float *dy, const uint32_t *at, size_t d,
                              size_t t, size_t n_sequences, float *dx);

#endif
