/* recurrent.h - GRU and LSTM over one sequence, as PyTorch defines them. Conventions: nn.h.
 *
 * x (T, K); w (G H, K) and a (G H) of the input, u (G H, H) and b (G H) of the state, G = 3 gates (r, z, n) or 4 (i, f, g, o). The state
 * before the first token is zero. To read from the end, give the rows in the other order. */
#ifndef HX_NN_RECURRENT_H
#define HX_NN_RECURRENT_H

#include "nn/nn.h"

typedef enum { HX_NN_GRU = 3, HX_NN_LSTM = 4 } hx_nn_cell; /* its number of gates */

typedef struct {
    hx_nn_cell cell;
    const float *x, *w, *u, *a, *b;
    size_t t, k, h;
    float *y; /* (T, H): the states */
    float *
        gates; /* (T, 4 H): kept for backward: gates after their functions; GRU: then U h + b of n */
    float *cells; /* (T, H): LSTM's; NULL for GRU */
} hx_nn_recurrent;

size_t hx_nn_recurrent_scratch(size_t t, size_t k, size_t h, size_t n_threads);
void hx_nn_recur(const hx_nn *nn, const hx_nn_recurrent *r);
/* dx (T, K) overwritten; dw, du, da, db +=. All wanted. */
void hx_nn_recur_back(const hx_nn *nn, const hx_nn_recurrent *r, const float *dy, float *dx,
                      float *dw, float *du, float *da, float *db);

#endif
