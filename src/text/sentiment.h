/* sentiment.h - scoring an analysed text; see sentiment.c for the formula. */
#ifndef HX_TEXT_SENTIMENT_H
#define HX_TEXT_SENTIMENT_H

#include "text/lexicon.h"
#include "text/wordseg.h"

/* |logit| below this is neutral: a probability in [0.475, 0.525]. */
#define HX_SENTIMENT_NEUTRAL_LOGIT 0.1

/* The evidence lies in `arena`; scratch memory of the annotator is used, not reset. */
hx_status hx__sentiment_score(hx_annotator *a, const hx_analysis *text, hx_arena *arena,
                              hx_sentiment *out, hx_error *err) HX_MUST_USE;

#endif
