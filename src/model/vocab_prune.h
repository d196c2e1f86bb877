/* vocab_prune.h - a smaller vocabulary: the tokens that given texts need, and files of a tokenizer that has only these. For src/model.
 *
 * Kept are the tokens that occur, all that byte-pair merging makes on the way to them, single bytes, added and special tokens. Then the
 * given texts are cut as before, and any other text still can be written, by bytes or smaller pieces. */
#ifndef HX_MODEL_VOCAB_PRUNE_H
#define HX_MODEL_VOCAB_PRUNE_H

#include "llama/tokenizer.h"
#include "model/dataset.h"

/* Reads the tokenizer's files of `folder`, which `tokenizer` was made from; tokens: ascending old ids below n_rows; arena memory. */
hx_status hx__vocab_choose(hx_dataset *texts, const hx_tokenizer *tokenizer, const char *folder,
                           size_t n_rows, hx_arena *arena, uint32_t **tokens, size_t *n_tokens,
                           hx_error *err) HX_MUST_USE;
/* Writes tokenizer.json or tokenizer.model, and ids in the other files, anew in `folder`. */
hx_status hx__vocab_rewrite(const char *folder, const uint32_t *tokens, size_t n_tokens,
                            hx_error *err) HX_MUST_USE;

#endif
