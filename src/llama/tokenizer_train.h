/* tokenizer_train.h - learning a byte-pair vocabulary from text, written as a SentencePiece model. For src/llama and src/model.
 *
 * The file is SentencePiece's own (ModelProto, type BPE, byte fallback): `sentencepiece`, transformers, llama.cpp and the engine read it.
 *
 *     0 <unk>  1 <s>  2 </s>  3..258 <0x00>..<0xFF>  symbols, as given  merges, best first, score -rank  characters, most frequent first
 *
 * Text is not normalised (rule `identity`): ids decode to the very bytes that went in, line breaks, full-width forms and runs of blanks
 * included. A blank is put before the text (add_dummy_prefix) and blanks are escaped, as LLaMA's own model does; blanks are never
 * dropped (remove_extra_whitespaces is off), because llama.cpp knows no other way for this kind. Who wants clean text cleans it first.
 *
 * A piece keeps to one script (Han and kana are one, SentencePiece's split_by_unicode_script), begins with at most one blank or is
 * blanks alone, and has no line break, control character or half of a symbol in it. */
#ifndef HX_LLAMA_TOKENIZER_TRAIN_H
#define HX_LLAMA_TOKENIZER_TRAIN_H

#include "huaxiang/base.h"

#define HX_TOKENIZER_TRAIN_VOCAB_MIN 512u
#define HX_TOKENIZER_TRAIN_VOCAB_MAX 262144u
#define HX_TOKENIZER_TRAIN_SYMBOLS_MAX 1024u
#define HX_TOKENIZER_TRAIN_PIECE_MAX 64u /* characters */

typedef struct {
    size_t vocab; /* pieces in all: 3 + 256 bytes + symbols + characters + merges; 512..262,144 */
    double coverage; /* of characters that become pieces, the rest is bytes; 0 = 0.9995 */
    bool han_alone; /* a Han character is never part of a longer piece */
    bool split_digits; /* each digit is its own piece */
    const hx_str *symbols; /* user-defined pieces, e.g. "<mask>", "<sep>"; copied */
    size_t n_symbols;
    size_t max_piece; /* characters; 0 = 16 */
    size_t n_threads; /* 0 = one a processor */
    uint64_t max_bytes; /* of text read, HX_ELIMIT beyond; 0 = 1 GiB */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* merges */
    void *context;
    const volatile int *cancel;
} hx_tokenizer_train_options;

/* What was read and learnt. */
typedef struct {
    uint64_t n_texts, n_bytes, n_characters;
    size_t n_words; /* different ones: runs of one script */
    size_t n_pieces; /* of the file; less than asked where no pair stands twice any more */
    size_t n_kept; /* characters with a piece of their own */
    size_t n_merges;
} hx_tokenizer_train_counts;

typedef struct hx_tokenizer_trainer hx_tokenizer_trainer;
/* Each text is counted as the tokenizer will see it, with a blank before it; a line break ends a word. Words are counted, texts are not
 * kept. Bytes that are no UTF-8 end a word and count for nothing. */
hx_status hx_tokenizer_trainer_new(hx_tokenizer_trainer **out,
                                   const hx_tokenizer_train_options *options,
                                   hx_error *err) HX_MUST_USE;
hx_status hx_tokenizer_trainer_add(hx_tokenizer_trainer *t, hx_str text, hx_error *err) HX_MUST_USE;
/* Learns and writes `path` (tokenizer.model); once. The same texts in any order, on any number of threads, give the same file. */
hx_status hx_tokenizer_trainer_write(hx_tokenizer_trainer *t, const char *path,
                                     hx_error *err) HX_MUST_USE;
const hx_tokenizer_train_counts *hx_tokenizer_trainer_counts(const hx_tokenizer_trainer *t);
void hx_tokenizer_trainer_free(hx_tokenizer_trainer *t); /* NULL is fine */

#endif
