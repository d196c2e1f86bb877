/* annotator.h - inside hx_annotator: one thread's scratch memory over a shared model, and the phrases of the text in hand. */
#ifndef HX_TEXT_ANNOTATOR_H
#define HX_TEXT_ANNOTATOR_H

#include "base/buf.h"
#include "text/lexicon.h"
#include "text/wordseg.h"

/* A growing text with its map to the original (clean.h); see clean_buf.c. */
typedef struct {
    hx_buf text_memory, starts_memory, ends_memory; /* own the three arrays */
    char *text; /* each has `cap` elements, `len` of them in use */
    uint32_t *starts;
    uint32_t *ends;
    size_t len;
    size_t cap;
} hx_clean_buf;

struct hx_wordseg_scratch; /* wordseg.c */
struct hx_correcting; /* corrected.c */

struct hx_annotator {
    const hx_text_model *model; /* kept until free */
    hx_clean_buf clean
        [3]; /* traditional -> simplified reads one and writes another; the third is for cleaning again */
    struct hx_small_reader *small; /* owned; NULL: the engine is not llama */
    struct hx_wordseg_scratch *wordseg; /* owned */
    hx_arena *
        scratch; /* for the engines (sentiment, keywords, intent): each public call resets it first */
    struct hx_correcting *correcting; /* owned; NULL: texts are read as given */
    hx_correct_mode correct;
    bool feels; /* annotations have emotions of every engine */
    hx_buf found; /* hx_found[]: the phrases of the text analysed last, where `has_found` */
    bool has_found;
};

/* A phrase in a clean text. */
typedef struct {
    uint32_t start, end; /* bytes */
    uint32_t use; /* index into hx_lexicon.uses */
} hx_found;

/* The phrases of one kind in a text, in the order of hx__phrase_walk_next(). Borrowed from the annotator until its next analysis. */
typedef struct {
    const hx_found *list;
    size_t n, at;
    const hx_phrase_use *uses;
    hx_phrase_kind kind;
} hx_found_walk;

/* text: the annotator's last analysis; it is walked once, whatever is asked for. */
hx_status hx__found_of(hx_annotator *a, const hx_analysis *text, hx_phrase_kind kind,
                       hx_found_walk *out, hx_error *err) HX_MUST_USE;
bool hx__found_next(hx_found_walk *w, hx_phrase_hit *hit);

#endif
