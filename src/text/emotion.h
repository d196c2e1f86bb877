/* emotion.h - the table of emotions: words, exclamations and faces with what they speak for (lexicons/emotions.tsv). */
#ifndef HX_TEXT_EMOTION_H
#define HX_TEXT_EMOTION_H

#include "text/mention.h"

/* Immutable once open. */
typedef struct hx_emotions {
    hx_phrases phrases; /* value: emotion x 1024 + weight in hundredths */
    uint64_t hash;
} hx_emotions;

hx_status hx__emotions_open(hx_emotions **out, const char *share_dir, hx_error *err) HX_MUST_USE;
void hx__emotions_close(hx_emotions *e); /* NULL is fine */

/* The emotion of an analysed text; evidence in `arena`. The annotator's scratch is used, not reset. */
hx_status hx__emotion_find(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                           const hx_sentiment *mood, hx_arena *arena, hx_emotion *out,
                           hx_error *err) HX_MUST_USE;

#endif
