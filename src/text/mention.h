/* mention.h - the words of a text that can carry sentiment, each with what stands around it: negation, degree, adversatives. */
#ifndef HX_TEXT_MENTION_H
#define HX_TEXT_MENTION_H

#include "text/lexicon.h"
#include "text/wordseg.h"

typedef struct {
    uint64_t key; /* hx__lexeme_key() of the word */
    uint32_t start,
        end; /* bytes of the clean text: the word (or phrase, which counts as one word) */
    uint32_t from; /* start of the negation or degree word that acts on it, else `start` */
    bool negated; /* an odd number of negations reaches it */
    bool follows; /* stands directly behind the mention before it, without a pause */
    double degree; /* product of the degree words before it, 1 = none */
    double clause; /* factor by adversatives, 1 = none */
    const hx_lexeme *lexeme; /* NULL = not in the lexicon */
} hx_mention;

typedef struct {
    hx_mention *list; /* in text order */
    size_t n;
    double damp; /* factor on every weight: long texts weigh less a word */
} hx_mentions;

/* *out lies in the annotator's scratch, borrowed until its next reset. */
hx_status hx__mentions_find(hx_annotator *a, const hx_analysis *text, hx_mentions *out,
                            hx_error *err) HX_MUST_USE;

/* What a word adds to the score, before damping: sentiment.c says how. */
double hx__mention_weight(const hx_mention *m, const hx_sentiment_parameters *p);

/* Whether a clean word is one of `n`. */
bool hx__is_one_of(hx_str word, const char *const *list, size_t n);

#endif
