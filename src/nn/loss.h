/* loss.h - losses with their gradients. Conventions: nn.h.
 *
 * A loss returns the sum over its rows in doubles, rows ascending; the gradient is that of `scale` times the sum, so the mean over n rows is
 * the sum / n with scale = 1 / n, and several batches can be one step. Gradients are overwritten, but for those of weights. `rows` (T) is
 * room for the loss of each row, which is left there. */
#ifndef HX_NN_LOSS_H
#define HX_NN_LOSS_H

#include "nn/nn.h"

#define HX_NN_IGNORE UINT32_MAX /* a label that does not count */

typedef struct {
    const uint32_t *labels; /* (T): below V, or HX_NN_IGNORE */
    const float *weights; /* (V), of classes, or NULL = 1 */
    float smoothing; /* e in [0, 1): each class gets e / V of the target */
    float
        gamma; /* focal loss (arXiv 1708.02002): a row's loss is multiplied by (1 - p_label)^gamma; without smoothing. 0 = off */
    float scale;
} hx_nn_classes;

/* Sum of the weights of the labels that count: the mean as PyTorch defines it has scale = 1 / this. */
double hx_nn_class_weight(const hx_nn_classes *classes, size_t t);

/* Cross-entropy of logits (T, V); dlogits (T, V) may be logits, or NULL. */
double hx_nn_cross_entropy(const hx_nn *nn, const hx_nn_classes *classes, const float *logits,
                           size_t t, size_t v, float *rows, float *dlogits);

/* The same of logits = hidden (T, D) w^T, w (V, D), in chunks of 256 rows whose label counts: the logits of all rows are never there.
 * dhidden overwritten, dw +=; dw may be NULL, and dhidden together with dw. */
typedef struct {
    hx_nn_classes classes;
    const float *hidden, *w;
    size_t t, d, v;
    float *rows, *dhidden, *dw;
} hx_nn_output_loss;
size_t hx_nn_output_loss_scratch(size_t t, size_t d, size_t v, size_t n_threads);
double hx_nn_output_cross_entropy(const hx_nn *nn, const hx_nn_output_loss *call);

/* Sigmoid and cross-entropy of each of L labels; targets (T, L) in [0, 1]; positive (L) multiplies the term of target 1, or NULL. */
double hx_nn_binary(const hx_nn *nn, const float *logits, const float *targets,
                    const float *positive, size_t t, size_t l, float scale, float *rows,
                    float *dlogits);
/* Sum of (x - target)^2, T rows of D. */
double hx_nn_squares(const hx_nn *nn, const float *x, const float *target, size_t t, size_t d,
                     float scale, float *rows, float *dx);
/* Distillation (arXiv 1503.02531): temperature^2 KL(softmax(teacher / temperature) || softmax(student / temperature)); the gradient goes to
 * the student alone. */
double hx_nn_distil(const hx_nn *nn, const float *student, const float *teacher, size_t t, size_t v,
                    float temperature, float scale, float *rows, float *dstudent);
/* InfoNCE (arXiv 1807.03748): row i of a (N, D) must find row i of b among all rows of b (M, D), M >= N, by cosine / temperature. Rows of
 * zeros have cosine 0. */
typedef struct {
    const float *a, *b;
    size_t n, m, d;
    float temperature, scale;
    float *rows, *da, *db;
} hx_nn_contrast;
size_t hx_nn_contrast_scratch(size_t n, size_t m, size_t d, size_t n_threads);
double hx_nn_info_nce(const hx_nn *nn, const hx_nn_contrast *call);

#endif
