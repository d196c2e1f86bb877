/* tree.h - the best dependency tree of a sentence: one root word, crossing arcs allowed. For src/llama, src/model and src/text. */
#ifndef HX_LLAMA_TREE_H
#define HX_LLAMA_TREE_H

#include "huaxiang/base.h"

#define HX_TREE_WORDS_MAX 2048

/* scores (n + 1, n + 1): row i, column j = how well word i hangs on j; 0 is the root, words count from 1; row 0 and the diagonal are not read.
 * heads (n): of word i + 1: 0 or a word. The sum of the arcs is the greatest of all trees in which one word hangs on the root. A score that is
 * NaN or infinite stands for an arc that is taken only where nothing else makes a tree. HX_ELIMIT above HX_TREE_WORDS_MAX. */
hx_status hx_tree_best(const float *scores, size_t n, uint32_t *heads, hx_error *err) HX_MUST_USE;

#endif
