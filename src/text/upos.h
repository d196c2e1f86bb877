/* upos.h - parts of speech by the words around: what the engine `learn` knows of UPOS (universaldependencies.org/u/pos).
 *
 * Each word is judged by itself: a multinomial logistic regression over the word, its beginnings and ends, its shape, the two words on each side and
 * pairs of these; of Chinese words also their characters. The weights are a part of syntax.hxd (syntax.h). */
#ifndef HX_TEXT_UPOS_H
#define HX_TEXT_UPOS_H

#include "text/syntax.h"

#define HX_UPOS_FEATURES 64u

/* What is true of word i (< n); returns how many. Words are as they stand in the text. */
size_t hx__upos_features(const hx_str *words, size_t n, size_t i, bool chinese,
                         uint64_t out[HX_UPOS_FEATURES]);

#endif
