/* sentiment.h - scoring an analysed text; see sentiment.c for the formula. */
#ifndef HX_TEXT_SENTIMENT_H
#define HX_TEXT_SENTIMENT_H

#include "text/lexicon.h"
#include "text/wordseg.h"

/* |logit| below this is neutral: a probability in [0.475, 0.525]; without a word of a hand-written polarity, where only topics
 * speak, below the second; where polar words pull both ways or a middling one stands, below the others x damp. Chosen on half
 * of a made-up shop's reviews, so that about 5 % of the Chinese dev texts labelled positive or negative become neutral. */
#define HX_SENTIMENT_NEUTRAL_LOGIT 0.1
#define HX_SENTIMENT_NEUTRAL_UNSEEDED 0.8
#define HX_SENTIMENT_NEUTRAL_MIXED 0.5
#define HX_SENTIMENT_NEUTRAL_MIDDLING 1.4

/* The evidence lies in `arena`; scratch memory of the annotator is used, not reset. */
hx_status hx__sentiment_score(hx_annotator *a, const hx_analysis *text, hx_arena *arena,
                              hx_sentiment *out, hx_error *err) HX_MUST_USE;

#endif
