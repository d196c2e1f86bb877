/* layers.h - embedding, linear, norms, activations, rotary positions, dropout. Conventions: nn.h. */
#ifndef HX_NN_LAYERS_H
#define HX_NN_LAYERS_H

#include "nn/nn.h"

/* y (T, D) = rows `ids` (T, each below the number of rows) of table (V, D). */
void hx_nn_embedding(const hx_nn *nn, const uint32_t *ids, size_t t, size_t d, const float *table,
                     float *y);
void hx_nn_embedding_back(const hx_nn *nn, const uint32_t *ids, size_t t, size_t d, const float *dy,
                          float *dtable);

/* y (T, N) = x (T, K) W^T + b; W (N, K), b (N) or NULL. */
size_t hx_nn_linear_scratch(size_t t, size_t k, size_t n, size_t n_threads); /* both directions */
void hx_nn_linear(const hx_nn *nn, const float *x, size_t t, size_t k, size_t n, const float *w,
                  const float *b, float *y);
/* dx (T, K) = dy W, or with `add` +=; dw += dy^T x; db += sum of the rows of dy. dx, dw, db may be NULL. */
typedef struct {
    const float *x, *w, *dy;
    size_t t, k, n;
    float *dx, *dw, *db;
    bool add; /* to dx: several layers that read the same x */
} hx_nn_linear_grad;
void hx_nn_linear_back(const hx_nn *nn, const hx_nn_linear_grad *grad);

/* y = x r w, r (T) = 1 / sqrt(mean(x^2) + eps), kept for backward (arXiv 1910.07467). Backward, dx may be dy. */
void hx_nn_rms_norm(const hx_nn *nn, const float *x, size_t t, size_t d, const float *w, float eps,
                    float *r, float *y);
void hx_nn_rms_norm_back(const hx_nn *nn, const float *x, size_t t, size_t d, const float *w,
                         const float *r, const float *dy, float *dx, float *dw);
/* The same of each head by itself: x (T, n_heads, head_dim), rows ldx floats apart, w (head_dim), r (T, n_heads), y (T, n_heads, head_dim),
 * rows ldy apart; dy like y, where dx may be dy. */
typedef struct {
    const float *x, *w;
    size_t t, n_heads, head_dim, ldx, ldy;
    float eps;
    float *r;
} hx_nn_head_norm_call;
void hx_nn_head_norm(const hx_nn *nn, const hx_nn_head_norm_call *call, float *y);
void hx_nn_head_norm_back(const hx_nn *nn, const hx_nn_head_norm_call *call, const float *dy,
                          float *dx, float *dw);
/* y = (x - mean) r w + b; mean (T), r (T) = 1 / sqrt(variance + eps) are kept (arXiv 1607.06450). */
void hx_nn_layer_norm(const hx_nn *nn, const float *x, size_t t, size_t d, const float *w,
                      const float *b, float eps, float *mean, float *r, float *y);
void hx_nn_layer_norm_back(const hx_nn *nn, const float *x, size_t t, size_t d, const float *w,
                           const float *mean, const float *r, const float *dy, float *dx, float *dw,
                           float *db);

/* Element-wise; y may be x, dx may be dy. GELU is x Phi(x) with the error function. tanh and sigmoid take y backward. */
void hx_nn_gelu(const hx_nn *nn, const float *x, size_t n, float *y);
void hx_nn_gelu_back(const hx_nn *nn, const float *x, const float *dy, size_t n, float *dx);
void hx_nn_relu(const hx_nn *nn, const float *x, size_t n, float *y);
void hx_nn_relu_back(const hx_nn *nn, const float *x, const float *dy, size_t n, float *dx);
void hx_nn_tanh(const hx_nn *nn, const float *x, size_t n, float *y);
void hx_nn_tanh_back(const hx_nn *nn, const float *y, const float *dy, size_t n, float *dx);
void hx_nn_sigmoid(const hx_nn *nn, const float *x, size_t n, float *y);
void hx_nn_sigmoid_back(const hx_nn *nn, const float *y, const float *dy, size_t n, float *dx);

/* y (T, F) = silu(gate) up; gate_up (T, 2 F), gate first (arXiv 2002.05202). dgate_up may be gate_up. */
void hx_nn_swiglu(const hx_nn *nn, const float *gate_up, size_t t, size_t f, float *y);
void hx_nn_swiglu_back(const hx_nn *nn, const float *gate_up, const float *dy, size_t t, size_t f,
                       float *dgate_up);

/* Rotary positions in place (arXiv 2104.09864): heads (T, n_heads, head_dim), rows ld floats apart; cos_, sin_ (positions, head_dim / 2);
 * positions (T). Pairs are (i, i + head_dim / 2). Backward is the same with `inverse`. */
typedef struct {
    const uint32_t *positions;
    const float *cos_, *sin_;
    size_t t, n_heads, head_dim, ld;
    bool inverse;
    size_t
        dims; /* leading elements of a head that are turned, in pairs (i, i + dims / 2); 0 = all of them */
} hx_nn_rope_call;
void hx_nn_rope(const hx_nn *nn, const hx_nn_rope_call *call, float *x);

/* y += a x */
void hx_nn_add(const hx_nn *nn, const float *x, size_t n, float a, float *y);

/* y = x / (1 - p) with probability 1 - p, else 0. Which elements stay is a hash of the key and the index alone: backward is the same
 * call on dy, and a resumed run drops what an uninterrupted one would. y may be x; p in [0, 1). */
typedef struct {
    uint64_t seed, step;
    uint32_t layer;
} hx_nn_dropout_key;
void hx_nn_dropout(const hx_nn *nn, const hx_nn_dropout_key *key, float p, const float *x, size_t n,
                   float *y);

#endif
