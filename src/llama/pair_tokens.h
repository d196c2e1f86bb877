/* pair_tokens.h - two texts as one sequence of tokens, as training makes it and reading must. For src/llama and src/model.
 *
 *     [bos] text separator text2 [eos]        the longer one is cut until both fit
 *
 * The separator is "<sep>" or "[SEP]" of the vocabulary, else eos. */
#ifndef HX_LLAMA_PAIR_TOKENS_H
#define HX_LLAMA_PAIR_TOKENS_H

#include "llama/word_tokens.h"

int32_t hx_pair_separator(const hx_tokenizer *t); /* -1 = none */

/* Appends int32 ids; max_length 0 = no bound. *cut: something had to go; left alone otherwise. */
hx_status hx_pair_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, const hx_text_frame *frame,
                         hx_str text, hx_str text2, size_t max_length, hx_buf *ids, bool *cut,
                         hx_error *err) HX_MUST_USE;

#endif
