/* crf.h - linear-chain conditional random field on packed sequences, and the biaffine scorer. Conventions: nn.h. */
#ifndef HX_NN_CRF_H
#define HX_NN_CRF_H

#include "nn/nn.h"

#define HX_NN_TAGS_MAX 512

/* Score of tags y of a sequence: start[y_0] + sum x[t][y_t] + sum between[y_{t-1}][y_t] + stop[y_last]; the probability is its exponential by
 * the sum over all tags (Lafferty et al. 2001). */
typedef struct {
    const float *x; /* (T, L): scores of tokens */
    const float *between, *start, *stop; /* (L, L) from row to column; (L); (L) */
    size_t l; /* tags, at most HX_NN_TAGS_MAX */
    const uint32_t *starts; /* (n_sequences + 1); an empty sequence counts nothing */
    size_t n_sequences;
} hx_nn_crf;

size_t hx_nn_crf_scratch(size_t t, size_t l); /* of both functions */
/* Sum over the sequences of -log p(tags), tags (T). Gradients of scale times it: dx (T, L) overwritten, dbetween, dstart, dstop +=; all NULL
 * together = the loss alone. */
double hx_nn_crf_loss(const hx_nn *nn, const hx_nn_crf *crf, const uint32_t *tags, float scale,
                      float *dx, float *dbetween, float *dstart, float *dstop);
/* The best tags (T) of each sequence (Viterbi), of equals the lowest; scores (n_sequences) or NULL. */
void hx_nn_crf_best(const hx_nn *nn, const hx_nn_crf *crf, uint32_t *tags, float *scores);

/* s (T, T, L): s[i][j][c] = a_i^T W_c b_j, a (T, D), b (T, E), w (L, D, E) (arXiv 1611.01734); a constant 1 at the end of a and b makes
 * the linear terms. */
typedef struct {
    const float *a, *b, *w;
    size_t t, d, e, l;
} hx_nn_biaffine_call;
size_t hx_nn_biaffine_scratch(size_t t, size_t d, size_t e, size_t n_threads);
void hx_nn_biaffine(const hx_nn *nn, const hx_nn_biaffine_call *call, float *s);
/* da, db overwritten; dw +=, or NULL. */
void hx_nn_biaffine_back(const hx_nn *nn, const hx_nn_biaffine_call *call, const float *ds,
                         float *da, float *db, float *dw);

#endif
