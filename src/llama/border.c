/* border.c - is a text's label certain in the fast arithmetic? The model of its noise is in border.h.
 *
 * Distances of labels are sums in F64: they cost n_labels products of n_embd a text, as the head itself does. */
#include "llama/border.h"

#include <math.h>

#include "tensor/vector.h"

static size_t best_of(const float *logits, size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (logits[i] > logits[best]) best = i;
    return best;
}

static double distance(const float *a, const float *b, size_t n) {
    double square = 0;
    for (size_t i = 0; i < n; i++)
        square += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(square);
}

bool hx_border_is_near_head(const hx_kernels *kernels, const float *weights, size_t n_labels,
                            size_t n_embd, const float *hidden, const float *logits) {
    size_t best = best_of(logits, n_labels);
    double length = sqrt((double)hx_vector_dot(kernels, hidden, hidden, n_embd) / (double)n_embd);
    double reach = (double)(HX_BORDER_SIGMAS * HX_BORDER_NOISE) * length;
    for (size_t i = 0; i < n_labels; i++) {
        if (i == best) continue;
        double margin = (double)logits[best] - (double)logits[i];
        double apart = distance(weights + best * n_embd, weights + i * n_embd, n_embd);
        if (!(margin >= reach * apart)) return true;
    }
    return false;
}

bool hx_border_is_near_zero(const hx_kernels *kernels, const float *weights, size_t n_labels,
                            size_t n_embd, const float *hidden, const float *logits) {
    double length = sqrt((double)hx_vector_dot(kernels, hidden, hidden, n_embd) / (double)n_embd);
    double reach = (double)(HX_BORDER_SIGMAS * HX_BORDER_NOISE) * length;
    for (size_t i = 0; i < n_labels; i++) {
        const float *w = weights + i * n_embd;
        double size = sqrt((double)hx_vector_dot(kernels, w, w, n_embd));
        if (!(fabs((double)logits[i]) >= reach * size)) return true;
    }
    return false;
}

bool hx_border_is_near(const double *scores, const double *prior, size_t n_labels) {
    double best = -INFINITY, second = -INFINITY;
    for (size_t i = 0; i < n_labels; i++) {
        double score = scores[i] - prior[i];
        if (score > best) {
            second = best;
            best = score;
        } else if (score > second) {
            second = score;
        }
    }
    return !(best - second >= HX_BORDER_LOG_ODDS);
}
