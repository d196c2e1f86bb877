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

/* *out (in the annotator's scratch, borrowed until its next reset) in text order; *n_words = how many words the text has, marks and
 * numbers counted. */
hx_status hx__mentions_find(hx_annotator *a, const hx_analysis *text, hx_mention **out, size_t *n,
                            size_t *n_words, hx_error *err) HX_MUST_USE;

#endif
