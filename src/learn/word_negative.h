/* word_negative.h - what skip-gram and CBOW share: the stream of an epoch, wrong words, weights. For src/learn/word_*.c.
 *
 *     word_negative.c   weights, thinning out, drawing of wrong words, one sample, the epochs
 *     word_skipgram.c   an epoch of pairs: blocks of pairs that share no row are learnt at the same time
 *     word_cbow.c       an epoch of windows: batches that see the weights before them
 */
#ifndef HX_LEARN_WORD_NEGATIVE_H
#define HX_LEARN_WORD_NEGATIVE_H

#include "base/rng.h"
#include "learn/word_vectors.h"
#include "nn/nn.h"

typedef struct {
    const hx_word_task *t;
    const hx_word_kernels *kernels;
    hx_team *team;
    size_t stride,
        n_parts; /* word i is of part i mod n_parts; wrong words come from the centre's part */
    float *inputs, *outputs; /* (n_words, stride) */
    float *stays; /* (n_words) probability that a word is kept */
    float *own; /* (n_words) place k of a part's table is its word k with this probability, */
    uint32_t *other; /* else this word */
    uint32_t *stream; /* (n_tokens) */
    size_t n_stream;
    size_t epoch;
    uint64_t samples; /* of the epoch, as `loss` (their sum) */
    double loss;
} hx_negative;

typedef struct hx_negative_trainer hx_negative_trainer;
struct hx_negative_trainer {
    size_t size;
    hx_status (*open)(void *self, hx_negative *n, hx_error *err);
    void (*release)(void *self);
    /* stream[first, ...): learns from the next of them; *used = how many. */
    void (*learn)(void *self, hx_negative *n, size_t first, float rate, size_t *used);
};
extern const hx_negative_trainer hx_negative_skipgram, hx_negative_cbow;

/* The number of parts that suits a vocabulary; the same for any number of threads. */
size_t hx_negative_parts(const hx_word_task *t);
/* The centre first, then wrong words of its part; returns how many. ids (1 + negative). */
uint32_t hx_negative_draw(const hx_negative *n, uint32_t centre, hx_rng *rng, uint32_t *ids);
/* The window of stream[at], [*from, *to), within its text; how many words it takes on each side is drawn. */
void hx_negative_window(const hx_negative *n, size_t at, hx_rng *rng, size_t *from, size_t *to);

#endif
