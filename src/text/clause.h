/* clause.h - where the clauses of an analysed text begin: behind a pause mark, at an adversative, at a blank between Chinese words. */
#ifndef HX_TEXT_CLAUSE_H
#define HX_TEXT_CLAUSE_H

#include "text/mention.h"

typedef struct {
    uint32_t start; /* byte of the clean text */
    bool sentence; /* begins a sentence, not only a clause */
} hx_clause;

typedef struct {
    hx_clause *list; /* at least one; in text order */
    size_t n;
} hx_clauses;

/* *out lies in the annotator's scratch. */
hx_status hx__clauses_find(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                           hx_clauses *out, hx_error *err) HX_MUST_USE;

/* The clause that byte `at` is in; `*from` = where to begin looking, for positions that ascend. */
size_t hx__clause_of(const hx_clauses *c, size_t *from, uint32_t at);

#endif
