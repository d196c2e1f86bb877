/* noise.h - texts that are no voice of a customer: empty, default praise, adverts, repeated characters. */
#ifndef HX_TEXT_NOISE_H
#define HX_TEXT_NOISE_H

#include "text/lexicon.h"
#include "text/wordseg.h"

/* `raw` = the text as given, in which links still stand. */
hx_status hx__noise_find(hx_annotator *a, hx_str raw, const hx_analysis *text, hx_noise *out,
                         hx_error *err) HX_MUST_USE;

#endif
