/* loops.h - the element-wise loops of training, compiled from one source (loops_body.h) for each instruction set. For src/nn only.
 *
 * Each sum has 16 lanes, element i in lane i mod 16, added by halves; products and sums are rounded separately (no fused multiply-add), so that
 * every instruction set gives the same bits. */
#ifndef HX_NN_LOOPS_H
#define HX_NN_LOOPS_H

#include "nn/nn.h"

/* One step of AdamW: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = w keep - rate m / (sqrt(v) root + eps). */
typedef struct {
    float beta1, beta2, eps;
    float rate; /* learning rate / (1 - beta1^t) */
    float root; /* 1 / sqrt(1 - beta2^t) */
    float keep; /* 1 - learning rate * weight decay */
    float scale; /* the gradient is first multiplied by it */
} hx_nn_adam;

typedef struct {
    float (*dot)(const float *x, const float *y, size_t n);
    double (*squares)(const float *x, size_t n); /* their sum, products and sums in doubles */
    float (*max)(const float *x, size_t n); /* n > 0 */
    /* y = exp(scale x - shift); returns the sum. y may be x. */
    float (*exp_sum)(const float *x, size_t n, float scale, float shift, float *y);
    void (*add_scaled)(const float *x, size_t n, float a, float *y); /* y += a x */
    void (*scale)(const float *x, size_t n, float a, float *y); /* y = a x; y may be x */
    /* y = x r w */
    void (*scale_by)(const float *x, const float *w, size_t n, float r, float *y);
    /* dx = r (dy w - x c), c = r^2 sum(dy w x) / n */
    void (*rms_back)(const float *x, const float *w, const float *dy, size_t n, float r, float *dx);
    void (*add_product)(const float *x, const float *y, size_t n, float a,
                        float *z); /* z += x a y */
    void (*swiglu)(const float *gate, const float *up, size_t n, float *y);
    void (*swiglu_back)(const float *gate, const float *up, const float *dy, size_t n, float *dgate,
                        float *dup);
    void (*sigmoid)(const float *x, size_t n, float *y);
    void (*tanh)(const float *x, size_t n, float *y);
    /* ds = p (dp - d) scale, in place on dp */
    void (*softmax_back)(const float *p, size_t n, float d, float scale, float *dp);
    /* (a, b) turned: a cos - b sin, b cos + a sin, sin times `sign` */
    void (*rotate)(float *a, float *b, const float *cos_, const float *sin_, size_t n, float sign);
    void (*adam)(const hx_nn_adam *step, float *w, const float *g, float *m, float *v, size_t n);
} hx_nn_loops;

extern const hx_nn_loops hx_nn_loops_base;
#if defined(__x86_64__)
extern const hx_nn_loops hx_nn_loops_avx2, hx_nn_loops_avx512;
#endif
const hx_nn_loops *hx_nn_loops_of(const hx_kernels *kernels);

#endif
