/* word_tokens.h - words of a text to token ids, one by one, as taggers are trained: the first token of each is known. For src/llama and src/model. */
#ifndef HX_LLAMA_WORD_TOKENS_H
#define HX_LLAMA_WORD_TOKENS_H

#include "llama/tokenizer.h"

#define HX_WORD_NO_TOKEN UINT32_MAX
#define HX_WORD_SPECIALS_MAX 8

/* What stands around a text: specials. */
typedef struct {
    int32_t before[HX_WORD_SPECIALS_MAX], after[HX_WORD_SPECIALS_MAX];
    size_t n_before, n_after;
} hx_text_frame;
hx_status hx_text_frame_of(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_text_frame *out,
                           hx_error *err) HX_MUST_USE;

/* The next word of a text whose words stand between ASCII white space. False at the end. */
bool hx_word_next(hx_str text, size_t *at, hx_str *word);

/* Appends [before] word word ... [after] to `ids` (int32), and for each word the place of its first token, counted from the first id appended, to
 * `places` (uint32): HX_WORD_NO_TOKEN for words that max_length (0 = no limit) cuts off; *cut says whether there were any. The
 * tokens are those of the words as people write them: "it does n't ." is "it doesn't.", and nothing stands between Han characters. */
hx_status hx_words_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, const hx_text_frame *f,
                          hx_str text, size_t max_length, hx_buf *ids, hx_buf *places, bool *cut,
                          hx_error *err) HX_MUST_USE;

#endif
