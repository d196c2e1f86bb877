/* relations.h - what a word is to the word it hangs on, by both, their neighbours and what else hangs on them in the tree (syntax.h).
 *
 * A multinomial logistic regression over the features of one word of a whole tree: said when the tree is known, so the relation may look at a word's
 * own children (a preposition tells an oblique from an object) and at those beside it. */
#ifndef HX_TEXT_RELATIONS_H
#define HX_TEXT_RELATIONS_H

#include "text/syntax.h"

#define HX_RELATION_FEATURES 128u

/* What is true of word i (< n) in a tree: heads (n), 0 = the root, words count from 1. Returns how many. */
size_t hx__relation_features(const hx_syntax_word *words, const uint32_t *heads, size_t n, size_t i,
                             uint64_t out[HX_RELATION_FEATURES]);

#endif
