/* sentiment.h - scoring an analysed text; see sentiment.c for the formula. */
#ifndef HX_TEXT_SENTIMENT_H
#define HX_TEXT_SENTIMENT_H

#include "text/mention.h"
#include "text/wordseg.h"

/* |logit| below this is neutral: a probability in [0.475, 0.525]; without a word of a hand-written polarity, where only topics
 * speak, below the second; where polar words pull both ways or a middling one stands, below the others x damp. Chosen on half
 * of a made-up shop's reviews, so that about 5 % of the Chinese dev texts labelled positive or negative become neutral. */
#define HX_SENTIMENT_NEUTRAL_LOGIT 0.1
#define HX_SENTIMENT_NEUTRAL_UNSEEDED 0.8
#define HX_SENTIMENT_NEUTRAL_MIXED 0.5
#define HX_SENTIMENT_NEUTRAL_MIDDLING 1.4

/* Clauses on both sides whose polar words weigh at least this (x damp), the weaker at least a share of the stronger, are mixed,
 * unless an adversative says which side counts. */
#define HX_SENTIMENT_MIXED_LOGIT 1.2
#define HX_SENTIMENT_MIXED_SHARE 0.6
#define HX_SENTIMENT_MIXED_MOST 1.0 /* |logit| of a mixed text: a probability of 0.73 */

/* The evidence lies in `arena`; scratch memory of the annotator is used, not reset. */
hx_status hx__sentiment_score(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                              hx_arena *arena, hx_sentiment *out, hx_error *err) HX_MUST_USE;
/* The same of some mentions: signs (n mentions) of -1, 0 or 1 are factors of their weights. */
hx_status hx__sentiment_part(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                             const int8_t *signs, hx_arena *arena, hx_sentiment *out,
                             hx_error *err) HX_MUST_USE;

/* Whether a middling word stands in the text, not negated, and no other word of a hand-written polarity. */
bool hx__sentiment_is_middling(const hx_mentions *mentions);

/* What an engine said of a cleaned text, moved by the model's adaptation and memory, where it has them. */
hx_status hx__sentiment_move(hx_annotator *a, const hx_clean *clean, hx_arena *arena,
                             hx_sentiment *s, hx_error *err) HX_MUST_USE;

#endif
