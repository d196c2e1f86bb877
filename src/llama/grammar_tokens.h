/* grammar_tokens.h - which tokens may go on with a text under a grammar. */
#ifndef HX_LLAMA_GRAMMAR_TOKENS_H
#define HX_LLAMA_GRAMMAR_TOKENS_H

#include "llama/grammar.h"

/* The bytes of a vocabulary's tokens; sorted on first need. Shared by threads. */
typedef struct hx_token_table hx_token_table;

/* `bytes` and `ends` answer for ids [0, n) and are asked at any time until free; bytes are empty for tokens without text, `ends` says
 * which tokens end a text. NULL when out of memory. */
hx_token_table *hx_token_table_new(size_t n, hx_str (*bytes)(const void *context, int32_t id),
                                   bool (*ends)(const void *context, int32_t id),
                                   const void *context);
void hx_token_table_free(hx_token_table *t);

/* Follows one text. */
typedef struct hx_guide hx_guide;

hx_guide *hx_guide_new(const hx_grammar *g,
                       hx_token_table *t); /* keeps both; NULL when out of memory */
void hx_guide_free(hx_guide *u);
/* The same of a table's spares where one follows an equal grammar: its automaton and masks are there already. Give it back, before the table
 * is freed. */
hx_guide *hx_guide_take(const hx_grammar *g, hx_token_table *t);
void hx_guide_give(hx_guide *u); /* NULL is fine */
bool hx_guide_allows(hx_guide *u, int32_t id);
void hx_guide_accept(hx_guide *u, int32_t id); /* an allowed token that is no end */
bool hx_guide_is_over(const hx_guide *u); /* nothing but an end may follow */
/* One bit a token, valid until the next call; NULL on failure, which hx_guide_status tells. */
const uint64_t *hx_guide_mask(hx_guide *u);
hx_status hx_guide_status(const hx_guide *u, hx_error *err) HX_MUST_USE;

#endif
