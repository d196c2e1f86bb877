/* word_vectors.h - what is inside a corpus of words and vectors learnt from it. For src/learn only; the functions are in huaxiang/learn.h.
 *
 *     words of texts -> corpus: ids in order of appearance -> vocabulary: ids by falling count -> trainer -> vectors
 *
 * Trainers see the words as numbers of the vocabulary, HX_WORD_END between two texts. Rows of weights are `stride` floats, a multiple of
 * HX_WORD_LANES, zeros behind the dimension. */
#ifndef HX_LEARN_WORD_VECTORS_H
#define HX_LEARN_WORD_VECTORS_H

#include "base/buf.h"
#include "base/map.h"
#include "huaxiang/learn.h"
#include "learn/word_kernels.h"

#define HX_WORD_END UINT32_MAX
#define HX_WORDS_MAX ((size_t)1 << 26) /* of a vocabulary */
#define HX_WORD_BYTES_MAX 1000 /* of one word */
#define HX_WORD_DIMENSION_MAX 4096
#define HX_WORD_WINDOW_MAX 100
#define HX_WORD_NEGATIVE_MAX 100
#define HX_WORD_TOKENS_MAX ((size_t)1 << 32) /* running words of a corpus */

struct hx_word_corpus {
    hx_arena *arena; /* bytes of the words */
    hx_map ids; /* hash (with a probe) -> 1 + id */
    hx_buf words; /* hx_str a word */
    hx_buf counts; /* uint64_t a word */
    hx_buf tokens; /* uint32_t: ids, HX_WORD_END behind each text */
    size_t n_tokens; /* without the ends */
};

struct hx_word_vectors {
    hx_arena *arena; /* words and summary */
    hx_str *words; /* (n) in the arena */
    float *rows; /* (n, dimension); owned */
    hx_map ids; /* as of a corpus */
    size_t n, dimension;
    hx_str summary;
};

/* What a trainer is given: words (n_words) by falling count, equals bytewise. */
typedef struct {
    hx_word_options options; /* defaults put in */
    size_t n_words, stride;
    uint64_t n_counted; /* running words that are in the vocabulary */
    const hx_str *words;
    const uint64_t *counts; /* (n_words) */
    const uint32_t *
        tokens; /* (n_tokens) numbers of the vocabulary and ends; words that are too rare are left out */
    size_t n_tokens;
    double *losses; /* (epochs) out: mean loss of each */
    uint64_t *samples; /* (epochs) out: of how many */
} hx_word_task;

/* rows (n_words, stride), zeroed: the vectors of the words. */
hx_status hx_word_train_negative(const hx_word_task *t, float *rows, hx_error *err) HX_MUST_USE;
hx_status hx_word_train_glove(const hx_word_task *t, float *rows, hx_error *err) HX_MUST_USE;
/* Tells the caller; HX_ECANCELLED where it was asked to stop. */
hx_status hx_word_tell(const hx_word_task *t, size_t epoch, double share, double loss,
                       hx_error *err) HX_MUST_USE;

/* The number of a word in a list by its map; SIZE_MAX where it is not there. */
size_t hx_word_find(const hx_map *ids, const hx_str *words, hx_str word);
/* Its place, made where it is absent: *place is 1 + its number, 0 = new, to be set. False: out of memory. */
bool hx_word_place(hx_map *ids, const hx_str *words, hx_str word, uint64_t **place);
/* Vectors without words yet. */
hx_status hx_word_vectors_new(hx_word_vectors **out, size_t n, size_t dimension,
                              hx_error *err) HX_MUST_USE;
/* Adds a word to v, whose row the caller fills; false: out of memory. *fresh = it was not there; a repeated one is left out. */
bool hx_word_vectors_add(hx_word_vectors *v, hx_str word, bool *fresh);

/* One sample of skip-gram or CBOW: h against the rows of a right word (the first) and of wrong ones. */
typedef struct {
    const hx_word_kernels *kernels;
    size_t n; /* rows */
    size_t stride;
    float rate;
} hx_word_step;
/* g (n) = rate (label - sigmoid(h.row)), e (stride) = sum of g row; returns -log of the probability of the labels. */
double hx_word_sample(const hx_word_step *s, const float *h, const float *const *rows, float *g,
                      float *e);

/* One entry of GloVe: x = log of the co-occurrence, f = its weight. Rows are `dimension` values, then the bias; sums of squares beside them. The
 * cost f (w.c + b + b' - x)^2 / 2 before the step. */
typedef struct {
    float x, f, rate;
    size_t dimension;
} hx_glove_step;
double hx_glove_sample(const hx_glove_step *s, float *w, float *w_squares, float *c,
                       float *c_squares);

#endif
