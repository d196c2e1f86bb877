/* ngrams.h - n-grams of a text's tokens as sparse columns beside the other features of a problem. For src/learn only.
 *
 *     ids 7 31 12 -1 -1, grams 3  ->  7, 31, 12, 7 31, 31 12, 7 31 12        an unknown token (0) is in none
 *
 * The key of an n-gram holds its ids in 15 bits each, so no two share one. Values are TF-IDF: (1 + log count) * idf of the row, of Euclidean length 1,
 * idf = log((1 + rows) / (1 + rows with it)) + 1. The problem's other features come first, as they are. */
#ifndef HX_LEARN_NGRAMS_H
#define HX_LEARN_NGRAMS_H

#include "base/map.h"
#include "learn/problem.h"
#include "learn/text_features.h"

#define HX_GRAMS_MAX 4 /* tokens of an n-gram: 60 bits */

typedef struct {
    size_t d, n_tokens; /* features of the problem, and how many of them are ids, at the end */
    size_t grams, n_rows, n;
    uint64_t *keys; /* (n) ascending; owned */
    uint32_t *counts; /* (n) rows with it; owned */
    double *idf; /* (n) owned */
    hx_map places; /* key to column + 1 */
} hx_ngrams;

/* The n-grams that stand in `least` rows or more. */
hx_status hx_ngrams_fit(hx_ngrams *g, const hx_problem *p, size_t grams, size_t least,
                        hx_error *err) HX_MUST_USE;
void hx_ngrams_release(hx_ngrams *g);
/* keys, counts (n), grams, d, n_tokens, n_rows are there: the rest. HX_EFORMAT where the keys can't be true. */
hx_status hx_ngrams_index(hx_ngrams *g, hx_error *err) HX_MUST_USE;
/* Columns of a row: the d - n_tokens other features, then n-grams in the order in which they appear. */
size_t hx_ngrams_columns(const hx_ngrams *g);
/* x (n, d) to sparse rows, given back by hx_csr_release(). */
hx_status hx_ngrams_rows(const hx_ngrams *g, const double *x, size_t n, hx_csr *out,
                         hx_error *err) HX_MUST_USE;

#endif
