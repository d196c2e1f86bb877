/* gleu.h - GLEU, how good a corrected text is beside what people made of it (Napoles et al. 2015, 2016; the measure of JFLEG). */
#ifndef HX_CLI_GLEU_H
#define HX_CLI_GLEU_H

#include "huaxiang/base.h"

#define HX_GLEU_ORDER 4

/* Sums over sentences: of the corrected text and of a reference. */
typedef struct {
    double said, wanted; /* their lengths in words */
    double hits[HX_GLEU_ORDER], most[HX_GLEU_ORDER]; /* n-grams that count, and all */
} hx_gleu_sums;

/* Adds one sentence against one reference; words stand between blanks. False: no memory. */
bool hx_gleu_add(hx_arena *arena, hx_str source, hx_str said, hx_str reference, hx_gleu_sums *sums);
/* GLEU of the sums, 0 to 1. Where an n-gram order has no hit: 0, but `smooth` makes each at least 1 (of one sentence). */
double hx_gleu(const hx_gleu_sums *sums, bool smooth);

#endif
