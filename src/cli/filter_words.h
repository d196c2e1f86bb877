/* filter_words.h - what a tagger says of a text: words of a standard, parts of speech, trees, triples, names; how it is written.
 *
 *     JSON: members · CSV and tables: cells · blocks: lines of CoNLL-U, or a tree to look at */
#ifndef HX_CLI_FILTER_WORDS_H
#define HX_CLI_FILTER_WORDS_H

#include "cli/filter.h"

/* All of it in the worker's arena of the row. */
typedef struct {
    hx_tagged_text text;
    hx_triple *triples;
    size_t n_triples;
    hx_entity *entities;
    size_t n_entities;
    hx_word *words; /* of words --standard */
    size_t n_words;
    hx_str conllu; /* where that is the shape */
} hx_filter_words;

hx_status hx_filter_words_read(const hx_filter_plan *p, hx_filter_worker *w, hx_str text,
                               hx_filter_words *out, hx_error *err) HX_MUST_USE;
void hx_filter_words_json(hx_outbuf *b, const hx_filter_plan *p, hx_str text,
                          const hx_filter_words *f);
void hx_filter_words_cell(hx_outbuf *b, hx_str text, const hx_filter_words *f, const char *name);
void hx_filter_words_block(hx_outbuf *b, const hx_filter_plan *p, uint64_t row, hx_str text,
                           const hx_filter_words *f);

#endif
