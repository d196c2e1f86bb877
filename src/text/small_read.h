/* small_read.h - what the language model of the engine `llama` says of texts: many in one pass, each as if it were alone. */
#ifndef HX_TEXT_SMALL_READ_H
#define HX_TEXT_SMALL_READ_H

#include "text/small.h"
#include "text/mention.h"
#include "text/wordseg.h"

/* By its heads; NULL where the model has no such head, or it was not asked. */
typedef struct hx_small_said {
    const float *mood; /* (2), probabilities as the head's labels stand */
    const float *wishes; /* (labels of the head for intents) */
    const float *sides; /* (labels of the head for aspects) */
    const float *feeling; /* (labels of the head for emotions) */
    const hx_tags *keys; /* phrases; spans of the text as given, ascending */
} hx_small_said;

/* One thread's: a context of one thread, and what was said last. */
typedef struct hx_small_reader hx_small_reader;
hx_status hx__small_reader_new(hx_small_reader **out, const hx_small *s, hx_error *err) HX_MUST_USE;
void hx__small_reader_free(hx_small_reader *r); /* NULL is fine */

/* Reads n texts as they are given, in one pass; long ones in windows (window.h). What is said of them is kept until the next such call. */
hx_status hx__small_read(hx_small_reader *r, const hx_str *texts, size_t n, unsigned asks,
                         hx_error *err) HX_MUST_USE; /* asks: of hx_text_asks */
/* What is said of a text: kept, or read now (then nothing else is kept). *out belongs to the reader until its next call. */
hx_status hx__small_of(hx_small_reader *r, hx_str text, unsigned asks, const hx_small_said **out,
                       hx_error *err) HX_MUST_USE;
/* What the head for aspects says of n texts by themselves: (n, labels) in `arena`; what is kept stays. */
hx_status hx__small_sides(hx_small_reader *r, const hx_str *texts, size_t n, hx_arena *arena,
                          const float **out, hx_error *err) HX_MUST_USE;

/* Means of the rows of n texts, of length 1: (n, *width) in `arena`. */
hx_status hx__small_vectors(hx_small_reader *r, const hx_str *texts, size_t n, hx_arena *arena,
                            const float **out, size_t *width, hx_error *err) HX_MUST_USE;
/* Where a text's vector comes from, read as the head for sentiment reads it, else as a next token is predicted. */
hx_status hx__small_attention(hx_small_reader *r, hx_str text, hx_arena *arena, hx_attention *out,
                              hx_error *err) HX_MUST_USE;

/* Sentiment. The head's two labels give the logit, rounded to 1/4096; it has no evidence, so the bias is the logit (what beside.h adds has some). Of a text without
 * words nothing is said: what the rules say of it stays. The rules' own sentiment decides between two labels and four:
 *
 *     mixed     the rules find strong words both ways and |logit| <= HX_SMALL_MIXED_MOST
 *     neutral   low <= logit < high, by language and by what the rules say (small_read.c); of a question that they call neutral,
 *               and where a middling word (okay, so-so) is the only one of opinion, |logit| < HX_SMALL_NEUTRAL_MOST
 *     else the sign of logit - (low + high) / 2
 *
 * The score is the label's probability, of mixed 1 - |2p - 1|, of neutral the same around the middle of the band. */
#define HX_SMALL_MIXED_MOST 2.0
#define HX_SMALL_NEUTRAL_MOST 5.0
void hx__small_mood(const hx_small *s, const hx_small_said *said, hx_sentiment *out);
void hx__small_mood_label(const hx_analysis *text, const hx_sentiment *rules, bool is_middling,
                          hx_sentiment *out);

/* All of it for a text: the model's, the rules' for what it leaves open, what was adapted. */
hx_status hx__small_sentiment(hx_annotator *a, hx_str given, const hx_analysis *text,
                              const hx_mentions *mentions, hx_arena *arena, hx_sentiment *out,
                              hx_error *err) HX_MUST_USE;

/* Intents: every one of at least HX_SMALL_HOLDS holds, the likeliest is the label; where none is, `other`, with what is left. */
#define HX_SMALL_HOLDS 0.5
void hx__small_wish(const hx_small *s, const hx_small_said *said, hx_intent *out);

/* small_say.c: emotions, keywords. The head for emotions learnt from Chinese texts alone: hx__small_feels() says whether it is asked. */
bool hx__small_feels(const hx_small *s, const hx_analysis *text);
void hx__small_feeling(const hx_small *s, const hx_small_said *said, hx_emotion *out);
/* The phrases that the head marks, the surest first, each once; of a text where it marks none, and without such a head, TF-IDF's. */
hx_status hx__small_keywords_find(hx_annotator *a, hx_str given, const hx_analysis *text,
                                  size_t top, hx_arena *arena, const hx_keyword **out, size_t *n,
                                  hx_error *err) HX_MUST_USE;

/* small_aspect.c: the aspects that the rules found, with what the model says of them, and those that it finds besides. list (n) may be the rules'. */
hx_status hx__small_aspects(hx_annotator *a, hx_str given, const hx_analysis *text,
                            const hx_mentions *mentions, hx_arena *arena, const hx_aspect **list,
                            size_t *n, hx_error *err) HX_MUST_USE;

#endif
