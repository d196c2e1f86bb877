/* taught_words.h - words that a person corrected (memory.h), as cutting into words reads them.
 *
 *     a whole text, or one of its lines    is cut as taught, whatever cuts it
 *     one word that was cut otherwise      is a user's word (wordseg_data.h): the best path weighs it
 *     several words that were              are cut so where the best path begins and ends a word at both sides of them
 *
 * All of it is compared as cleaned: simplified, lower case, NFKC. Of equal runs the latest correction holds. */
#ifndef HX_TEXT_TAUGHT_WORDS_H
#define HX_TEXT_TAUGHT_WORDS_H

#include "base/map.h"
#include "huaxiang/text.h"
#include "text/clean.h"
#include "text/trie.h"

/* A cleaned text and its words: bytes of it, in order; only blanks lie between. */
typedef struct {
    hx_str text;
    hx_span *words;
    size_t n;
} hx_taught_cut;

/* Immutable once made; shared by threads. */
typedef struct hx_taught_words {
    hx_arena *arena; /* owned; all below lives there, but for the maps */
    hx_map texts; /* hash of a whole cleaned text -> hx_taught_cut */
    hx_map runs; /* hash of a cleaned run -> hx_taught_cut, of one word or several */
    hx_trie trie; /* of runs of several words; the value is the hx_taught_cut */
    hx_trie_parts parts; /* owned */
    bool has_trie;
    uint64_t hash; /* 0 = nothing was taught */
} hx_taught_words;

/* Reads a journal. `a` is an annotator of the model under construction. A journal without words gives NULL. */
hx_status hx__taught_words_open(hx_taught_words **out, hx_annotator *a, const char *path,
                                hx_error *err) HX_MUST_USE;
void hx__taught_words_close(hx_taught_words *t); /* NULL is fine */

/* The runs of one word, cleaned, in arena memory. */
hx_status hx__taught_words_single(const hx_taught_words *t, hx_arena *arena, hx_str **out,
                                  size_t *n, hx_error *err) HX_MUST_USE;
/* The cut of a whole cleaned text; NULL = it was not taught. */
const hx_taught_cut *hx__taught_text(const hx_taught_words *t, hx_str clean);

#endif
