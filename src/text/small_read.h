/* small_read.h - what the language model of the engine `llama` says of texts: many in one pass, each as if it were alone. */
#ifndef HX_TEXT_SMALL_READ_H
#define HX_TEXT_SMALL_READ_H

#include "text/small.h"
#include "text/mention.h"
#include "text/wordseg.h"

/* Probabilities by its heads; NULL where the model has no such head. */
typedef struct hx_small_said {
    const float *mood; /* (2), as the head's labels stand */
    const float *wishes; /* (labels of the head for intents) */
} hx_small_said;

/* One thread's: a context of one thread, and what was said last. */
typedef struct hx_small_reader hx_small_reader;
hx_status hx__small_reader_new(hx_small_reader **out, const hx_small *s, hx_error *err) HX_MUST_USE;
void hx__small_reader_free(hx_small_reader *r); /* NULL is fine */

/* Reads n texts as they are given, in one pass; long ones in windows (window.h). What is said of them is kept until the next such call. */
hx_status hx__small_read(hx_small_reader *r, const hx_str *texts, size_t n,
                         hx_error *err) HX_MUST_USE;
/* What is said of a text: kept, or read now (then nothing else is kept). *out belongs to the reader until its next call. */
hx_status hx__small_of(hx_small_reader *r, hx_str text, const hx_small_said **out,
                       hx_error *err) HX_MUST_USE;

/* Sentiment. The head's two labels give the logit, rounded to 1/4096; it has no evidence, so the bias is the logit. Of a text without
 * words nothing is said: what the rules say of it stays. The rules' own sentiment decides between two labels and four:
 *
 *     mixed     the rules find strong words both ways and |logit| <= HX_SMALL_MIXED_MOST
 *     neutral   |logit| < HX_SMALL_NEUTRAL, or the rules find no word of opinion and |logit| < HX_SMALL_NEUTRAL_PLAIN
 *     else the sign of the logit
 *
 * The score is the label's probability, of neutral and mixed 1 - |2p - 1|. */
#define HX_SMALL_MIXED_MOST 2.0
#define HX_SMALL_NEUTRAL 0.1
#define HX_SMALL_NEUTRAL_PLAIN 0.6
void hx__small_mood(const hx_small *s, const hx_small_said *said, const hx_analysis *text,
                    const hx_sentiment *rules, hx_sentiment *out);

/* All of it for a text: the model's, the rules' for what it leaves open, what was adapted. */
hx_status hx__small_sentiment(hx_annotator *a, hx_str given, const hx_analysis *text,
                              const hx_mentions *mentions, hx_arena *arena, hx_sentiment *out,
                              hx_error *err) HX_MUST_USE;

/* Intents: every one of at least HX_SMALL_HOLDS holds, the likeliest is the label; where none is, `other`, with what is left. */
#define HX_SMALL_HOLDS 0.5
void hx__small_wish(const hx_small *s, const hx_small_said *said, hx_intent *out);

#endif
