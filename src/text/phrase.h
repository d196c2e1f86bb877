/* phrase.h - many fixed phrases found in one pass over a text (Aho, Corasick 1975). Immutable once built, shared by threads. */
#ifndef HX_TEXT_PHRASE_H
#define HX_TEXT_PHRASE_H

#include "base/buf.h"

#define HX_PHRASE_BYTES_MAX 200u /* of one phrase */
#define HX_PHRASE_STATES_MAX 65535u /* bytes of all phrases, less shared beginnings */

typedef struct {
    uint32_t len; /* bytes */
    uint32_t
        next_same_end; /* index + 1 of the next shorter phrase that ends where this one ends, 0 = none */
    uint32_t value; /* what the caller gave */
} hx_phrase;

typedef struct {
    hx_buf phrases; /* hx_phrase[] */
    hx_buf nodes; /* building only */
    uint8_t class_of[256]; /* byte -> class; class 0 = in no phrase */
    uint32_t n_classes;
    uint32_t n_states;
    uint16_t *next; /* owned; (n_states, n_classes): the state after a byte of this class */
    uint32_t
        *ends; /* owned; (n_states): index + 1 of the longest phrase that ends here, 0 = none */
    bool odd; /* a phrase begins inside a code point: `starts` says nothing */
    uint8_t *
        starts; /* owned; bits of code points of three bytes and of pairs of them that begin phrases: phrase.c */
} hx_phrases;

typedef struct {
    size_t start, end; /* bytes */
    uint32_t value;
} hx_phrase_hit;

void hx__phrases_init(hx_phrases *p);
void hx__phrases_release(hx_phrases *p);
/* A phrase given twice keeps its first value. */
hx_status hx__phrases_add(hx_phrases *p, hx_str phrase, uint32_t value, hx_error *err) HX_MUST_USE;
/* The same; *kept = the value it has: this one, or that of the first time. */
hx_status hx__phrases_add_once(hx_phrases *p, hx_str phrase, uint32_t value, uint32_t *kept,
                               hx_error *err) HX_MUST_USE;
/* After the last add, before the first walk. */
hx_status hx__phrases_build(hx_phrases *p, hx_error *err) HX_MUST_USE;

/* One walk over one text; all hits in order of their ends, of those the longest first. A phrase that begins (ends) with an ASCII letter
 * or digit only counts where no ASCII letter or digit stands before (behind) it: "buy" is not in "buyer". */
typedef struct {
    const hx_phrases *phrases;
    hx_str text;
    size_t pos;
    uint32_t state;
    uint32_t pending; /* index + 1 of the next phrase ending at pos */
} hx_phrase_walk;

hx_phrase_walk hx__phrase_walk_of(const hx_phrases *p, hx_str text);
bool hx__phrase_walk_next(hx_phrase_walk *w, hx_phrase_hit *hit);

#endif
