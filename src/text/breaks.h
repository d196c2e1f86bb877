/* breaks.h - where English sentences begin, by the words around: people write without full stops, and full stops end no sentence in "U.S. troops".
 *
 * A logistic regression over the words on both sides of a gap, their shapes, and what the rules (english_words.c) say there; a part of syntax.hxd
 * (syntax.h) with one weight a feature. Trained by tools/train/learn/fit_breaks.c on documents of a treebank, cut as at work. */
#ifndef HX_TEXT_BREAKS_H
#define HX_TEXT_BREAKS_H

#include "text/conllu.h"
#include "text/syntax.h"

#define HX_BREAK_FEATURES 64u

/* What is true of the gap before word i (0 < i < n) of a text; returns how many. */
size_t hx__break_features(hx_str text, const hx_english_word *words, size_t n, size_t i,
                          uint64_t out[HX_BREAK_FEATURES]);
/* Whether an empty line is in the gap: there a sentence begins, whatever else is true. */
bool hx__break_is_sure(hx_str text, const hx_english_word *words, size_t i);
/* Sets `begins` of all words, which the rules have set: a sentence begins where bias + logit is above 0. `said` (n) is room. */
void hx__break_words(const hx_syntax_part *p, double bias, hx_str text, hx_english_word *words,
                     size_t n, bool *said);

#endif
