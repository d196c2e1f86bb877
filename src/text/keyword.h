/* keyword.h - the words a text is about. */
#ifndef HX_TEXT_KEYWORD_H
#define HX_TEXT_KEYWORD_H

#include "text/lexicon.h"
#include "text/wordseg.h"

/* A distinct word that may be a keyword. */
typedef struct {
    uint64_t hash; /* of its text */
    uint32_t start, end; /* clean bytes of its first occurrence */
    uint32_t count;
    double score;
    bool is_user; /* a word of the user's */
} hx_candidate;

/* The candidates of a text in order of their first occurrence, and which of them stands where. All in the annotator's scratch. */
typedef struct {
    hx_candidate *list;
    uint32_t n;
    uint32_t *
        places; /* (n_places): index + 1 of the candidate at each word that is no blank; 0 = no candidate */
    size_t n_places;
} hx_candidates;

/* Whether a word means something by itself. */
bool hx__keyword_may_be(const hx_text_model *m, const hx_cut *w, hx_str text);

hx_status hx__candidates_find(hx_annotator *a, const hx_analysis *text, hx_candidates *out,
                              hx_error *err) HX_MUST_USE;

/* textrank.c: sets each candidate's score. */
hx_status hx__textrank_score(hx_annotator *a, hx_candidates *c, hx_error *err) HX_MUST_USE;

/* The best `top` keywords, in `arena`. */
hx_status hx__keywords_find(hx_annotator *a, const hx_analysis *text, hx_keyword_method method,
                            size_t top, hx_arena *arena, const hx_keyword **out, size_t *n,
                            hx_error *err) HX_MUST_USE;
/* Phrases by YAKE or LEARN, which needs what was learnt (learned.h). `original` is the text as given. */
hx_status hx__phrases_find(hx_annotator *a, hx_str original, const hx_analysis *text,
                           hx_keyword_method method, size_t top, hx_arena *arena,
                           const hx_keyword **out, size_t *n, hx_error *err) HX_MUST_USE;

#endif
