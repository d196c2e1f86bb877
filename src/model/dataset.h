/* dataset.h - labelled examples for training: read, checked, split, tokenised, packed into batches. For src/model.
 *
 *     CSV, TSV, JSONL (frame) -> examples -> split -> [augmented] -> token ids -> batches of whole sequences, by length
 *
 * All that is random comes from a seed and a counter: epoch e, batch b are the same in a resumed run. */
#ifndef HX_MODEL_DATASET_H
#define HX_MODEL_DATASET_H

#include "huaxiang/frame.h"
#include "llama/tokenizer.h"

#define HX_DATASET_LABELS_MAX 65536u

typedef enum { HX_PART_TRAIN = 0, HX_PART_VALIDATION, HX_PART_TEST, HX_DATASET_PARTS } hx_part;
typedef enum {
    HX_TARGET_NONE = 0, /* plain text: pre-training */
    HX_TARGET_LABEL, /* one label a text */
    HX_TARGET_LABELS, /* several, separated by '|' */
    HX_TARGET_NUMBER,
    HX_TARGET_TAGS /* the text column holds words, the label column tags, both separated by spaces; or CoNLL-U */
} hx_target_kind;
#define HX_NO_HEAD UINT32_MAX

typedef struct {
    hx_str
        text; /* cleaned for training: stripped; lower case where asked; TAGS: words, one blank between them */
    hx_str raw; /* as in the file */
    hx_str text2; /* cleaned alike; empty = none */
    int64_t row; /* 1-based data row of its file */
    uint32_t source; /* index of the file */
    uint32_t label; /* index into labels; LABELS, TAGS: offset into many */
    uint32_t n_labels; /* LABELS: how many; TAGS: words */
    double number;
    hx_part part; /* HX_DATASET_PARTS = left out: not sampled, or dropped as a leak */
} hx_example;

typedef struct {
    /* Columns, as the file spells them (or but for case, width and blanks); NULL = by role (frame's column names). CoNLL-U (.conllu): label =
     * "upos" (NULL), "xpos", "feats", "deprel"; .conll, .bio: the first column is the word, the last its tag. */
    const char *text, *label;
    const char
        *text2; /* a second text (sentence pairs), joined by the separator token; NULL = none */
    hx_target_kind target;
    bool lower; /* lower case, Unicode */
    double test_size,
        validation_size; /* shares of what `path` holds, [0, 1), stratified by label */
    uint64_t seed;
    const char *validation_path,
        *test_path; /* given parts instead; the share of that part is then 0 */
    size_t max_examples; /* 0 = all; else a seeded sample of so many training examples */
    const char *const *
        labels; /* their order; NULL = bytewise. Another label in a file is an error that names the row */
    size_t n_labels;
    hx_reader_options reader;
    const volatile int *cancel;
} hx_dataset_options;

/* What a person should know before training; counted, never silently repaired. */
typedef struct {
    size_t n_rows; /* of all files; sentences where a sentence has many lines */
    size_t n_empty,
        n_bad; /* left out: no text; can't be read, no number, words and tags not alike many */
    size_t n_unlabelled; /* left out; none of LABELS, where no label is an answer */
    int64_t first_bad; /* row of the first bad one, 0 = none */
    size_t
        n_duplicates; /* examples of train whose text stands in train before (spaces, width, case apart) */
    size_t n_conflicts; /* those of them whose label is another one */
    size_t
        n_leaks; /* texts of validation or test that also stand in train (spaces, width, case apart) */
    size_t n_dropped; /* of train by hx_dataset_drop_leaks() */
    double imbalance; /* largest label's count / smallest's, in train */
    size_t n_long; /* texts cut at max_length by the calls of hx_dataset_tokens() */
} hx_dataset_check;

typedef struct hx_dataset hx_dataset;

hx_status hx_dataset_read(hx_dataset **out, const char *path, const hx_dataset_options *options,
                          hx_error *err) HX_MUST_USE;
void hx_dataset_free(hx_dataset *d); /* NULL is fine */
/* The path that example->source counts: 0 = path, 1 = validation_path, 2 = test_path; NULL = not given. */
const char *hx_dataset_source(const hx_dataset *d, uint32_t source);
hx_target_kind hx_dataset_target(const hx_dataset *d);
size_t hx_dataset_count(const hx_dataset *d, hx_part part);
const hx_example *hx_dataset_at(const hx_dataset *d, hx_part part, size_t i); /* file order */
size_t hx_dataset_n_labels(const hx_dataset *d);
const char *hx_dataset_label(const hx_dataset *d, size_t i);
const uint32_t *hx_dataset_many(const hx_dataset *d,
                                const hx_example *e); /* LABELS and TAGS: e->n_labels of them */
/* CoNLL-U: for each word its head, 0 = root, i = the i-th word; HX_NO_HEAD where not said. NULL for other files. */
const uint32_t *hx_dataset_heads(const hx_dataset *d, const hx_example *e);
const hx_dataset_check *hx_dataset_checked(const hx_dataset *d);
/* The i-th leak: rows of both examples, for the report. False beyond. */
bool hx_dataset_leak(const hx_dataset *d, size_t i, const hx_example **train,
                     const hx_example **other);
/* One sentence about it, with files and rows: "a.csv:12 (test) is also a.csv:3 (train): TEXT". {NULL, 0} beyond. */
hx_str hx_dataset_leak_text(const hx_dataset *d, size_t i, hx_ui_lang ui, hx_arena *arena);
/* Drops leaking texts from train (`--drop-leaks`); checks again, so that no leak is left. */
hx_status hx_dataset_drop_leaks(hx_dataset *d, hx_error *err) HX_MUST_USE;
/* Splits anew into k folds, stratified and seeded: fold f of k is VALIDATION, the rest of train and validation TRAIN. Checks again. */
hx_status hx_dataset_fold(hx_dataset *d, size_t k, size_t f, uint64_t seed,
                          hx_error *err) HX_MUST_USE;

/* Token ids of all examples of a part: ids (sum), starts (n + 1). Specials of the tokenizer are put around; at most max_length (0 = no bound).
 * A second text follows the separator token: "<sep>" or "[SEP]" of the vocabulary, else eos; the longer of the two is cut.
 * TAGS: tokens of the words one by one, whole words only; words (sum of n_labels) = place in the sequence of each word's first token,
 * HX_NO_TOKEN where it was cut off, and word_starts (n + 1). */
#define HX_NO_TOKEN UINT32_MAX
typedef struct {
    uint32_t *ids;
    uint32_t *starts;
    size_t n;
    uint32_t *words, *word_starts; /* NULL but for TAGS */
} hx_token_lists;
hx_status hx_dataset_tokens(hx_dataset *d, const hx_tokenizer *tokenizer, hx_part part,
                            size_t max_length, size_t n_threads, hx_arena *arena,
                            hx_token_lists *out, hx_error *err) HX_MUST_USE;
/* The same of one text, and of a pair where text2 is not empty: appended to ids. */
hx_status hx_dataset_text_tokens(const hx_tokenizer *tokenizer, hx_tokenizer_scratch *scratch,
                                 hx_str text, hx_str text2, size_t max_length, hx_buf *ids,
                                 hx_error *err) HX_MUST_USE;

/* Which examples form which batch of an epoch: shuffled by (seed, epoch), sorted by length within windows of 64 batches, filled up to
 * `tokens` tokens or `examples` examples (0 = no bound; at least one), batches shuffled again. */
typedef struct {
    uint32_t *order; /* (n) examples */
    uint32_t *starts; /* (n_batches + 1) */
    size_t n_batches;
} hx_batch_plan;
hx_status hx_batch_plan_make(const uint32_t *lengths, size_t n, size_t tokens, size_t examples,
                             uint64_t seed, uint64_t epoch, hx_arena *arena, hx_batch_plan *out,
                             hx_error *err) HX_MUST_USE;

#endif
