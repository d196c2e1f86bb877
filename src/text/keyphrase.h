/* keyphrase.h - phrases of one to five words that may be what a text is about, and ways to rank them.
 *
 *     unit        a word of the text as it was cut, or a mark
 *     candidate   up to PHRASE_WORDS units in a row without a mark or stop word; the same stems (English) or words (Chinese) are one candidate
 *
 * Candidates are verbatim in the text. Only the first HX_KEYPHRASE_UNITS units of a text are looked at, which bounds time and memory. */
#ifndef HX_TEXT_KEYPHRASE_H
#define HX_TEXT_KEYPHRASE_H

#include "text/keyword.h"

#define HX_KEYPHRASE_WORDS 5u
#define HX_KEYPHRASE_UNITS ((size_t)1 << 16)

typedef enum { HX_UNIT_MARK = 0, HX_UNIT_STOP, HX_UNIT_NUMBER, HX_UNIT_CONTENT } hx_unit_kind;

typedef struct {
    uint32_t start, end; /* clean bytes */
    uint64_t word, stem,
        tail; /* hashes: of the word, of its stem, of its last three letters or last Chinese character */
    uint32_t term; /* index into terms */
    uint32_t sentence;
    uint8_t kind; /* hx_unit_kind */
    bool han, upper, capitals; /* as it stands in the original: first letter, all letters */
} hx_unit;

/* A distinct stem. */
typedef struct {
    uint64_t stem;
    uint32_t count, upper, capitals;
    uint32_t sentences, last_sentence; /* distinct ones that have it; last: + 1 */
    uint32_t left, right, n_left, n_right; /* distinct and all neighbours */
    double sentence_sum;
    double idf;
    double weight; /* YAKE's S(t), low = important */
} hx_term;

typedef struct {
    uint64_t key; /* of its stems */
    uint32_t first, n; /* units of the first occurrence */
    uint32_t last; /* first unit of the last occurrence */
    uint32_t count;
    uint32_t rank; /* by YAKE, from 0 */
    double score; /* high = better */
} hx_keyphrase;

/* All in the annotator's scratch memory. */
typedef struct {
    hx_unit *units;
    size_t n_units;
    hx_term *terms;
    size_t n_terms;
    hx_keyphrase *list; /* in the order of their first occurrence */
    size_t n;
    uint32_t n_sentences, most; /* most: count of the commonest content term */
} hx_keyphrases;

hx_status hx__keyphrases_find(hx_annotator *a, hx_str original, const hx_analysis *text,
                              hx_keyphrases *out, hx_error *err) HX_MUST_USE;
/* keyphrase_yake.c: sets scores and ranks; the list keeps its order. False when out of memory. */
bool hx__keyphrases_yake(hx_keyphrases *p, hx_arena *scratch);

#define HX_KEYPHRASE_FEATURES 64u

/* keyphrase_learned.c: hashes of what is true of a candidate whose rank is set; returns how many. */
size_t hx__keyphrase_features(const hx_keyphrases *p, const hx_keyphrase *k,
                              uint64_t out[HX_KEYPHRASE_FEATURES]);

struct hx_learned_phrases;
/* Sets scores: the probability that an author would choose it. */
void hx__keyphrases_learned(const struct hx_learned_phrases *m, hx_keyphrases *p);

/* keyphrase_model.c: sets scores by HX_KEYWORDS_EMBEDDING or _ATTENTION; ranks are set. HX_EINVAL: no language model. */
hx_status hx__keyphrases_model(hx_annotator *a, const hx_analysis *text, hx_keyword_method method,
                               hx_keyphrases *p, hx_error *err) HX_MUST_USE;

/* The best `top`, each of its own: no piece of a better one that never stands alone. In `arena`. */
hx_status hx__keyphrases_best(const hx_analysis *text, hx_keyphrases *p, size_t top,
                              hx_arena *arena, const hx_keyword **out, size_t *n,
                              hx_error *err) HX_MUST_USE;

#endif
