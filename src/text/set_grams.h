/* set_grams.h - what runs of words and of letters say of a set's labels, beside the head of huaxiang-small for that set.
 *
 * One linear model a set (banking77, topic, ...): L2-loss SVMs, each label against all others (Fan and others, "LIBLINEAR", JMLR 9, 2008), over the
 * distinct features of a text, each of value idf / norm, with the norm over what is known:
 *
 *     runs of one to four pieces (grams.h) of the text in lower case
 *     of each word of letters, runs of three to five bytes of ^word$
 *
 * models/huaxiang-learn/sets.hxd is a data file (datafile.h) of kind "sets"; sections of each set NAME, all numbers little-endian:
 *
 *     NAME.c   u8 (buckets x 4)      checks of the features' hashes, as in learned.h
 *     NAME.i   u8 (buckets x 4)      idf x 16
 *     NAME.w   i8 (buckets x 4, n)   weights of the n labels
 *     NAME.s   float (2, n)          of each label: bias, and the scale of its weights
 *     NAME.l   the labels, each with a line feed behind it
 *
 * With the head's probabilities q and the numbers of beside.tsv,  p ~ q^llama x exp(learn x score), times e^bias for the label `oos`.
 * Trained by tools/train/learn/fit_sets.c, which reads texts through this file. */
#ifndef HX_TEXT_SET_GRAMS_H
#define HX_TEXT_SET_GRAMS_H

#include "huaxiang/text.h"
#include "text/learned.h"

#define HX_SET_GRAMS_KIND "sets"
#define HX_SET_GRAMS_IDF 16.0

/* The hashes of a text's distinct features, in `arena`; NULL when out of memory. */
uint64_t *hx__set_features(hx_str text, hx_arena *arena, size_t *n);

#endif
