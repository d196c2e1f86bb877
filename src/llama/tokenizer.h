/* tokenizer.h - text to token ids and back: SentencePiece BPE and unigram, byte-level BPE.
 *
 * Ids are those of Hugging Face `tokenizers` and `sentencepiece`, for any bytes. A tokenizer is immutable and shared by threads. */
#ifndef HX_LLAMA_TOKENIZER_H
#define HX_LLAMA_TOKENIZER_H

#include "base/buf.h"
#include "huaxiang/llama.h"
#include "tensor/tensor_file.h"

typedef struct hx_tokenizer hx_tokenizer;

typedef enum {
    HX_TOKENIZER_BPE_BYTES = 0,
    HX_TOKENIZER_BPE_SENTENCEPIECE,
    HX_TOKENIZER_UNIGRAM
} hx_tokenizer_kind;
typedef enum {
    HX_CHAT_NONE = 0,
    HX_CHAT_CHATML,
    HX_CHAT_LLAMA2,
    HX_CHAT_LLAMA3,
    HX_CHAT_UNKNOWN
} hx_chat_kind;

/* From the tokenizer.ggml.* keys of a GGUF file (which stays open), or tokenizer.json / tokenizer.model with
 * tokenizer_config.json, generation_config.json of a folder. */
hx_status hx_tokenizer_open_gguf(hx_tokenizer **out, const hx_tensor_file *f,
                                 hx_error *err) HX_MUST_USE;
hx_status hx_tokenizer_open_folder(hx_tokenizer **out, const char *folder,
                                   hx_error *err) HX_MUST_USE;
void hx_tokenizer_close(hx_tokenizer *t);

hx_tokenizer_kind hx_tokenizer_kind_of(const hx_tokenizer *t);
hx_chat_kind hx_tokenizer_chat_kind(const hx_tokenizer *t);
size_t hx_tokenizer_n_vocab(const hx_tokenizer *t);
/* 1 + the highest id of a token that is neither added, special nor unused. */
size_t hx_tokenizer_n_plain(const hx_tokenizer *t);
int32_t hx_tokenizer_bos(const hx_tokenizer *t); /* -1 = none; so for the others */
int32_t hx_tokenizer_eos(const hx_tokenizer *t);
int32_t hx_tokenizer_pad(const hx_tokenizer *t);
bool hx_tokenizer_ends(const hx_tokenizer *t,
                       int32_t id); /* eos, end of turn, end of text: generation stops there */
bool hx_tokenizer_is_special(const hx_tokenizer *t,
                             int32_t id); /* control tokens: they have no text */
hx_str hx_tokenizer_spelling(const hx_tokenizer *t, int32_t id); /* as in the file */
hx_str hx_tokenizer_bytes(const hx_tokenizer *t,
                          int32_t id); /* what it stands for in text; empty for specials */
int32_t hx_tokenizer_find(const hx_tokenizer *t, hx_str spelling); /* -1 = no such token */

/* Scratch of one thread: buffers and a cache of words. */
typedef struct hx_tokenizer_scratch hx_tokenizer_scratch;
hx_tokenizer_scratch *hx_tokenizer_scratch_new(const hx_tokenizer *t); /* NULL when out of memory */
void hx_tokenizer_scratch_free(hx_tokenizer_scratch *s);

/* Appends int32 ids to `ids`. */
hx_status hx_tokenizer_encode(const hx_tokenizer *t, hx_tokenizer_scratch *s, hx_str text,
                              const hx_token_options *options, hx_buf *ids,
                              hx_error *err) HX_MUST_USE;
hx_status hx_tokenizer_decode(const hx_tokenizer *t, const int32_t *ids, size_t n, bool special,
                              hx_buf *out, hx_error *err) HX_MUST_USE;
/* Writes the tokenizer.ggml.* keys. */
void hx_tokenizer_put_gguf(const hx_tokenizer *t, hx_gguf_writer *w);

#endif
