/* corpus.h - plain text for pre-training: read once, tokenised, kept in a mapped file; sequences packed into batches; objectives. For src/model.
 *
 *     files -> documents -> ids with boundaries (cache file) -> sequences <= length -> shuffled by epoch -> batches <= tokens -> masked, replaced, ...
 *
 * Files: plain text (documents divided by blank lines where the file has some, else one a line), CSV, TSV, JSON Lines (a text column), Excel,
 * each also .gz or .zst. A document becomes sequences [bos] ids .. [eos]: a long one is cut into equal parts, each with bos, the last
 * with eos. Sequences lie one after the other; nothing is padded. What is held out is chosen by the text of a document, so it is the same
 * whatever files it comes from, and equal documents are on the same side.
 *
 * Batch `number` is the same in every run, on any number of threads: it follows from (seed, number) alone. */
#ifndef HX_MODEL_CORPUS_H
#define HX_MODEL_CORPUS_H

#include "llama/objective.h"
#include "llama/tokenizer.h"
#include "model/dataset.h"

#define HX_CORPUS_DOCUMENT_MAX ((size_t)64 << 20) /* bytes */

/* ------------------------------------------------------------------ reading */
typedef enum {
    HX_CORPUS_SPLIT_AUTO = 0, /* plain text: blank lines where its first MiB has some */
    HX_CORPUS_SPLIT_LINES,
    HX_CORPUS_SPLIT_BLANK
} hx_corpus_split;

typedef struct {
    const char *const *paths; /* "-" = standard input; then without cache */
    size_t n_paths;
    const char *text; /* column of tables; NULL = by role, else the only one */
    hx_corpus_split split;
    const char
        *cache; /* file for the ids, made where it is missing or stale; NULL = memory alone */
    double held_out; /* share of the documents that are VALIDATION; 0 = none */
    uint64_t max_tokens; /* reading ends behind the document that reaches it; 0 = 2^40 */
    size_t n_threads; /* 0 = one a processor */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* bytes of the files */
    void *context;
    const volatile int *cancel;
} hx_corpus_options;

typedef struct {
    uint64_t n_documents, n_bytes; /* of text */
    uint64_t n_tokens; /* without bos and eos */
    uint64_t n_empty, n_bad; /* documents without text; rows and documents that can't be read */
    bool cached; /* came from the cache file */
} hx_corpus_counts;

typedef struct hx_corpus hx_corpus;

/* Each document of the files, in order: what hx_corpus_open() and the training of tokenizers read. The text lives until `document` returns. */
typedef hx_status hx_corpus_document_fn(void *context, hx_str text, hx_error *err);
hx_status hx_corpus_read(const hx_corpus_options *options, hx_corpus_document_fn *document,
                         void *context, hx_corpus_counts *counts, hx_error *err) HX_MUST_USE;

/* `tokenizer` is borrowed until close. HX_EINVAL where there is no text at all. */
hx_status hx_corpus_open(hx_corpus **out, const hx_tokenizer *tokenizer,
                         const hx_corpus_options *options, hx_error *err) HX_MUST_USE;
void hx_corpus_close(hx_corpus *c); /* NULL is fine */
const hx_corpus_counts *hx_corpus_counted(const hx_corpus *c);
/* Hash of tokenizer and documents: a run that goes on compares it. */
uint64_t hx_corpus_hash(const hx_corpus *c);
/* Documents of TRAIN or VALIDATION. */
size_t hx_corpus_documents(const hx_corpus *c, hx_part part);

/* ------------------------------------------------------------------ objectives */
typedef enum {
    HX_CORPUS_CAUSAL = 0, /* labels[t] = id t + 1 */
    HX_CORPUS_MASKED, /* bidirectional; id t was masked: labels[t - 1] = what it was (as the causal head reads it) */
    HX_CORPUS_MIXED, /* each sequence is masked with probability `mixed`, else causal */
    HX_CORPUS_REPLACED, /* bidirectional; labels[t] = 1 where id t is not what it was, 0 where it is, none on bos, eos, symbols */
    HX_CORPUS_DENOISED /* bidirectional; some ids stand for others (confusions, else unigram): labels[t - 1] = what id t should be, everywhere */
} hx_corpus_objective;

/* What a token is taken for: ids of token i are to[starts[i]..starts[i + 1]]. */
typedef struct {
    const uint32_t *starts; /* (n_vocab + 1) */
    const uint32_t *to;
} hx_confusions;

/* Draws ids for REPLACED: the batch has <mask> (or unk) at `at` (n, ascending); fills ids (n). Must follow from its arguments alone. */
typedef hx_status hx_corpus_generate_fn(void *context, const hx_trunk_batch *masked,
                                        const uint32_t *at, size_t n, uint64_t seed, uint32_t *ids,
                                        hx_error *err);

typedef struct {
    hx_corpus_objective objective;
    size_t length; /* tokens of a sequence, bos and eos included; 0 = 128; 8..1,048,576 */
    size_t tokens; /* of a batch; 0 = 4,096; at least `length` */
    uint64_t seed;
    double mixed; /* MIXED: share of masked sequences, 0 = 0.5 */
    double rate; /* of tokens that are masked or replaced: 0 = 0.15 */
    double keep,
        random; /* MASKED: of those, stay as they are / become another token; 0 and 0 = 0.1 and 0.1 */
    double rest; /* DENOISED: share of unchanged tokens that also count; 0 = 1 */
    bool
        whole_words; /* MASKED: all tokens of a word of letters (from one blank to the next) or none */
    const hx_confusions *confusions; /* DENOISED; NULL = unigram; borrowed until close */
    hx_corpus_generate_fn
        *generate; /* REPLACED; NULL = drawn from unigram^0.75 (arXiv 1310.4546) */
    void *context; /* of generate */
} hx_corpus_batching;

/* Fixes how batches are made; before the others, and again for another way. The masked token is "<mask>" or "[MASK]" where the tokenizer has
 * one, else <unk>, else eos or bos. Where there is no bos, eos stands in front. */
hx_status hx_corpus_batch_by(hx_corpus *c, const hx_corpus_batching *batching,
                             hx_error *err) HX_MUST_USE;
uint32_t hx_corpus_mask_id(const hx_corpus *c);

/* One batch; arrays are the arena's. batch.seed, step and training are left zero. labels: HX_HEAD_LM, for REPLACED HX_HEAD_REPLACED. */
typedef struct {
    hx_trunk_batch batch;
    hx_targets targets;
    uint32_t *labels; /* targets.labels */
    size_t n_counted; /* labels that are not HX_NN_IGNORE */
    uint64_t epoch; /* of TRAIN */
    double share; /* epochs done once this batch is */
} hx_corpus_batch;

/* Batches of `epochs` epochs of TRAIN; of VALIDATION all, whatever epochs. One thread at a time. */
hx_status hx_corpus_count_batches(hx_corpus *c, hx_part part, double epochs, uint64_t *n,
                                  hx_error *err) HX_MUST_USE;
/* TRAIN: any number, epoch after epoch, each shuffled anew. VALIDATION: below its count, always the same masks. One thread at a time. */
hx_status hx_corpus_make_batch(hx_corpus *c, hx_part part, uint64_t number, hx_arena *arena,
                               hx_corpus_batch *out, hx_error *err) HX_MUST_USE;

#endif
