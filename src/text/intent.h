/* intent.h - the intent of an analysed text; see intent.c for the rule. */
#ifndef HX_TEXT_INTENT_H
#define HX_TEXT_INTENT_H

#include "text/lexicon.h"
#include "text/wordseg.h"

/* `mood` is the text's sentiment. The evidence lies in `arena`; scratch memory of the annotator is used, not reset. */
hx_status hx__intent_score(hx_annotator *a, const hx_analysis *text, const hx_sentiment *mood,
                           hx_arena *arena, hx_intent *out, hx_error *err) HX_MUST_USE;

#endif
