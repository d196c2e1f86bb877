/* corpus_tokenizer.c - training a tokenizer from files: the documents of corpus.h, line by line, into llama's trainer.
 *
 * A line is a text of its own, as SentencePiece's trainer has it: most texts that a model meets are short, so that beginnings are frequent. */
#include <string.h>

#include "base/error.h"
#include "huaxiang/model.h"
#include "llama/tokenizer_train.h"
#include "model/corpus.h"

static hx_status add_lines(void *context, hx_str text, hx_error *err) {
    hx_tokenizer_trainer *t = context;
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = end ? (size_t)(end - text.ptr) - at : text.len - at;
        if (len) HX_TRY(hx_tokenizer_trainer_add(t, (hx_str){text.ptr + at, len}, err));
        at += len + 1;
    }
    return HX_OK;
}

static hx_tokenizer_train_options options_of(const hx_train_tokenizer_options *o, hx_str *symbols) {
    for (size_t i = 0; i < o->n_symbols; i++)
        symbols[i] = hx_str_of(o->symbols[i]);
    return (hx_tokenizer_train_options){.vocab = o->vocab,
                                        .coverage = o->coverage,
                                        .han_alone = o->han_alone,
                                        .split_digits = o->split_digits,
                                        .symbols = symbols,
                                        .n_symbols = o->n_symbols,
                                        .max_piece = o->max_piece,
                                        .n_threads = o->n_threads,
                                        .max_bytes = o->max_bytes,
                                        .progress = o->progress,
                                        .context = o->context,
                                        .cancel = o->cancel};
}

static hx_status learn(hx_tokenizer_trainer *t, const char *const *paths, size_t n_paths,
                       const char *out, const hx_train_tokenizer_options *o,
                       hx_train_tokenizer_counts *counts, hx_error *err) {
    hx_corpus_options reading = {
        .paths = paths, .n_paths = n_paths, .text = o->text, .cancel = o->cancel};
    hx_corpus_counts read;
    HX_TRY(hx_corpus_read(&reading, add_lines, t, &read, err));
    HX_TRY(hx_tokenizer_trainer_write(t, out, err));
    const hx_tokenizer_train_counts *learnt = hx_tokenizer_trainer_counts(t);
    *counts = (hx_train_tokenizer_counts){.n_documents = read.n_documents,
                                          .n_bytes = learnt->n_bytes,
                                          .n_bad = read.n_bad,
                                          .n_pieces = learnt->n_pieces,
                                          .n_characters = learnt->n_kept,
                                          .n_merges = learnt->n_merges};
    return HX_OK;
}

hx_status hx_train_tokenizer(const char *const *paths, size_t n_paths, const char *out,
                             const hx_train_tokenizer_options *options,
                             hx_train_tokenizer_counts *counts, hx_error *err) {
    hx_tokenizer_trainer *t = NULL;
    hx_str symbols[HX_TRAIN_TOKENIZER_SYMBOLS_MAX];
    if (options->n_symbols > HX_TRAIN_TOKENIZER_SYMBOLS_MAX)
        return hx_fail(err, HX_ELIMIT, "there are at most %u symbols, not %zu",
                       HX_TRAIN_TOKENIZER_SYMBOLS_MAX, options->n_symbols);
    hx_tokenizer_train_options o = options_of(options, symbols);
    HX_TRY(hx_tokenizer_trainer_new(&t, &o, err));
    hx_status status = learn(t, paths, n_paths, out, options, counts, err);
    hx_tokenizer_trainer_free(t);
    return status;
}
