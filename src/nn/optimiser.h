/* optimiser.h - steps of weights, schedules, clipping, averages. Conventions: nn.h. State is plain arrays of the caller, to be written
 * byte for byte; steps count from 1. */
#ifndef HX_NN_OPTIMISER_H
#define HX_NN_OPTIMISER_H

#include "nn/loops.h"
#include "nn/nn.h"

typedef struct {
    float rate, beta1, beta2, eps, decay; /* decay: decoupled (arXiv 1711.05101) */
    float scale; /* gradients are multiplied by it first: clipping, accumulation */
    uint64_t step; /* >= 1 */
} hx_nn_adamw;
/* The same as the loop over elements takes it, for who cuts the pieces itself (nn/loops.h). */
hx_nn_adam hx_nn_adam_of(const hx_nn_adamw *o);
/* m, v (n): zero at first. */
void hx_nn_adamw_step(const hx_nn *nn, const hx_nn_adamw *o, float *w, const float *g, size_t n,
                      float *m, float *v);

typedef struct {
    float rate, momentum, decay, scale; /* decay is added to the gradient */
    bool nesterov;
} hx_nn_sgd;
/* PyTorch's: m = momentum m + g, w -= rate m (nesterov: rate (g + momentum m)). m (n): zero at first. */
void hx_nn_sgd_step(const hx_nn *nn, const hx_nn_sgd *o, float *w, const float *g, size_t n,
                    float *m);

/* Muon (K. Jordan 2024) for one matrix (rows, columns): momentum, then five Newton-Schulz steps towards the nearest orthogonal matrix;
 * w = w (1 - rate decay) - rate max(1, rows / columns)^0.5 that. */
typedef struct {
    float rate, momentum, decay, scale;
    bool nesterov;
} hx_nn_muon;
size_t hx_nn_muon_scratch(size_t rows, size_t columns, size_t n_threads);
void hx_nn_muon_step(const hx_nn *nn, const hx_nn_muon *o, float *w, const float *g, size_t rows,
                     size_t columns, float *m);

/* Adafactor (arXiv 1804.04235) without momentum, as transformers has it with relative_step=False: mean squares of rows and columns, the
 * update clipped to root mean square 1. `relative`: the rate is multiplied by max(1e-3, root mean square of w) ("scale_parameter"). */
typedef struct {
    float rate, decay, scale;
    bool relative;
    uint64_t step; /* >= 1 */
} hx_nn_adafactor;
size_t hx_nn_adafactor_scratch(size_t rows, size_t columns);
/* row (rows), column (columns): zero at first. column NULL = a vector or matrix that is not factored: row is (rows, columns). */
void hx_nn_adafactor_step(const hx_nn *nn, const hx_nn_adafactor *o, float *w, const float *g,
                          size_t rows, size_t columns, float *row, float *column);

typedef enum { HX_NN_CONSTANT = 0, HX_NN_LINEAR, HX_NN_COSINE, HX_NN_WSD } hx_nn_schedule_kind;
typedef struct {
    hx_nn_schedule_kind kind; /* WSD: warm-up, stable, then linear over the last `decay` steps */
    uint64_t warmup, total, decay;
    double peak, floor; /* learning rates: after the warm-up, at the end */
} hx_nn_schedule;
/* Of step 1, 2, ...: rises linearly to peak at step `warmup`, is at floor at step `total` and behind it. */
double hx_nn_rate(const hx_nn_schedule *s, uint64_t step);

/* Square root of the sum of squares of all arrays. Scratch: hx_nn_norm_scratch of the longest. NaN and infinity come through. */
size_t hx_nn_norm_scratch(size_t n);
double hx_nn_global_norm(const hx_nn *nn, const float *const *arrays, const size_t *sizes,
                         size_t n_arrays);
float hx_nn_clip_scale(double norm, double most); /* min(1, most / norm); most = 0 = no clipping */

/* average += (1 - keep) (w - average) */
void hx_nn_average(const hx_nn *nn, const float *w, size_t n, float keep, float *average);

#endif
