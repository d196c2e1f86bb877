/* annotator.h - inside hx_annotator: one thread's scratch memory over a shared model. */
#ifndef HX_TEXT_ANNOTATOR_H
#define HX_TEXT_ANNOTATOR_H

#include "base/buf.h"
#include "text/model.h"

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

struct hx_annotator {
    const hx_text_model *model; /* kept until free */
    hx_clean_buf clean
        [3]; /* traditional -> simplified reads one and writes another; the third is for cleaning again */
    struct hx_wordseg_scratch *wordseg; /* owned */
    hx_arena *
        scratch; /* for the engines (sentiment, keywords, intent): each public call resets it first */
};

#endif
