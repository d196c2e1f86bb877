/* tokenizer_train.h - learning a byte-pair vocabulary from text, written as a SentencePiece model. For src/llama and src/model.
 *
 * The file is SentencePiece's own (ModelProto, type BPE, byte fallback): `sentencepiece`, transformers, llama.cpp and the engine read it. */
#ifndef HX_LLAMA_TOKENIZER_TRAIN_H
#define HX_LLAMA_TOKENIZER_TRAIN_H

#include "huaxiang/base.h"

typedef struct {
    size_t vocab; /* pieces in all: 3 + 256 bytes + symbols + characters + merges; 512..262,144 */
    double coverage; /* of characters that become pieces, the rest is bytes; 0 = 0.9995 */
    bool han_alone; /* a Han character is never part of a longer piece */
    bool split_digits; /* each digit is its own piece */
    const hx_str *symbols; /* user-defined pieces, e.g. "<mask>", "<sep>" */
    size_t n_symbols;
    size_t max_piece; /* characters; 0 = 16 */
    size_t n_threads; /* 0 = one a processor */
    uint64_t max_bytes; /* of text read; 0 = 1 GiB */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
    const volatile int *cancel;
} hx_tokenizer_train_options;

typedef struct hx_tokenizer_trainer hx_tokenizer_trainer;
/* Text comes in pieces of any size (lines or documents; a line break ends a word). Words are counted, texts are not kept. */
hx_status hx_tokenizer_trainer_new(hx_tokenizer_trainer **out,
                                   const hx_tokenizer_train_options *options,
                                   hx_error *err) HX_MUST_USE;
hx_status hx_tokenizer_trainer_add(hx_tokenizer_trainer *t, hx_str text, hx_error *err) HX_MUST_USE;
/* Learns and writes `path` (tokenizer.model). The same texts in any order give the same file. */
hx_status hx_tokenizer_trainer_write(hx_tokenizer_trainer *t, const char *path,
                                     hx_error *err) HX_MUST_USE;
void hx_tokenizer_trainer_free(hx_tokenizer_trainer *t);

#endif
