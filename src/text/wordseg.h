/* wordseg.h - cutting a cleaned text into words; see wordseg.c for the method. */
#ifndef HX_TEXT_WORDSEG_H
#define HX_TEXT_WORDSEG_H

#include "text/clean.h"

typedef enum {
    HX_CUT_HAN = 0, /* Chinese, also dictionary words with Latin in them (T恤) */
    HX_CUT_LATIN, /* letters of any alphabet: don't, wi-fi, iphone15 */
    HX_CUT_NUMBER, /* begins with a digit: 3.14, 1,000, 50%, 5kg, 2026-03-05, 12:30 */
    HX_CUT_MARK, /* one punctuation mark or symbol */
    HX_CUT_EMOJI, /* one emoji, sequences whole */
    HX_CUT_USER /* from the user's dictionary */
} hx_cut_kind;

/* One word of a cleaned text, blanks are none. */
typedef struct {
    uint32_t start, end; /* bytes of the clean text */
    uint8_t kind; /* hx_cut_kind */
    bool stop;
    bool taught; /* its begin and end are what a correction says (taught_words.h) */
} hx_cut;

/* Cuts `c` (made with any rules). Adjacent cuts that come from one original character are one (½ -> "1⁄2"), so the original spans of
 * cuts never overlap. *out is borrowed from the annotator until its next call. */
hx_status hx__wordseg_cut(hx_annotator *a, const hx_clean *c, const hx_cut **out, size_t *n,
                          hx_error *err) HX_MUST_USE;

static inline hx_str hx__cut_text(const hx_clean *c, const hx_cut *w) {
    return (hx_str){c->text.ptr + w->start, w->end - w->start};
}

/* Inverse document frequency of a word (jieba's corpus); the median where the word is unknown. */
double hx__words_idf(const hx_text_model *m, hx_str word);
/* Whether it is a word of the dictionary (lower case, simplified). */
bool hx__words_has(const hx_text_model *m, hx_str word);
/* Whether it is a stop word (lower case, simplified). */
bool hx__stopwords_has(const hx_text_model *m, hx_str word);

/* What every engine starts from: one clean text, its words and its language. */
typedef struct {
    hx_clean clean;
    const hx_cut *words;
    size_t n_words;
    hx_lang lang;
} hx_analysis;

/* Borrowed from the annotator until its next call. Rules: URLs dropped, repeats folded, lower case, simplified. */
hx_status hx__text_analyse(hx_annotator *a, hx_str text, hx_analysis *out,
                           hx_error *err) HX_MUST_USE;

/* SimHash (Charikar 2002) of the code point 3-grams of a cleaned text; 0 for an empty one. */
uint64_t hx__simhash(hx_str clean);

#endif
