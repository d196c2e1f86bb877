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

typedef enum { HX_PART_TRAIN = 0, HX_PART_VALIDATION, HX_PART_TEST, HX_PARTS } hx_part;
typedef enum {
    HX_TARGET_NONE = 0, /* plain text: pre-training */
    HX_TARGET_LABEL, /* one label a text */
    HX_TARGET_LABELS, /* several, separated by '|' */
    HX_TARGET_NUMBER,
    HX_TARGET_TAGS /* the text column holds words, the label column tags, both separated by spaces; or CoNLL-U */
} hx_target_kind;

typedef struct {
    hx_str text; /* cleaned for training: stripped; lower case where asked */
    hx_str raw; /* as in the file */
    int64_t row; /* 1-based data row of its file */
    uint32_t source; /* index of the file */
    uint32_t label; /* index into labels; LABELS: offset into many */
    uint32_t n_labels; /* LABELS: how many; TAGS: words */
    double number;
    hx_part part;
} hx_example;

typedef struct {
    const char *text, *label; /* columns; NULL = by role (frame's column names) */
    const char
        *text2; /* a second text (sentence pairs), joined by the separator token; NULL = none */
    hx_target_kind target;
    bool lower; /* lower case, Unicode */
    double test_size, validation_size; /* shares of what `path` holds, stratified by label */
    uint64_t seed;
    const char *validation_path, *test_path; /* given parts instead */
    size_t max_examples; /* 0 = all; else a seeded sample of so many training examples */
    const char *const *labels; /* their order; NULL = bytewise */
    size_t n_labels;
    hx_reader_options reader;
    const volatile int *cancel;
} hx_dataset_options;

/* What a person should know before training; counted, never silently repaired. */
typedef struct {
    size_t n_rows, n_empty, n_unlabelled, n_bad;
    size_t n_duplicates; /* equal texts within train */
    size_t n_conflicts; /* equal texts with different labels */
    size_t
        n_leaks; /* texts of validation or test that also stand in train (spaces, width, case apart) */
    double imbalance; /* largest label's count / smallest's, in train */
    size_t n_long; /* texts cut at max_length, once tokenised */
} hx_dataset_check;

typedef struct hx_dataset hx_dataset;

hx_status hx_dataset_read(hx_dataset **out, const char *path, const hx_dataset_options *options,
                          hx_error *err) HX_MUST_USE;
void hx_dataset_free(hx_dataset *d);
size_t hx_dataset_count(const hx_dataset *d, hx_part part);
const hx_example *hx_dataset_at(const hx_dataset *d, hx_part part, size_t i); /* file order */
size_t hx_dataset_n_labels(const hx_dataset *d);
const char *hx_dataset_label(const hx_dataset *d, size_t i);
const uint32_t *hx_dataset_many(const hx_dataset *d,
                                const hx_example *e); /* LABELS and TAGS: e->n_labels of them */
const hx_dataset_check *hx_dataset_checked(const hx_dataset *d);
/* The i-th leak: rows of both examples, for the report. False beyond. */
bool hx_dataset_leak(const hx_dataset *d, size_t i, const hx_example **train,
                     const hx_example **other);
/* Drops leaking texts from train (`--drop-leaks`). */
void hx_dataset_drop_leaks(hx_dataset *d);
/* Splits anew into k folds, stratified and seeded: fold f of k is VALIDATION, the rest of train and validation TRAIN. */
hx_status hx_dataset_fold(hx_dataset *d, size_t k, size_t f, uint64_t seed,
                          hx_error *err) HX_MUST_USE;

/* Token ids of all examples: ids (sum), starts (n + 1). Specials of the tokenizer are put around; at most max_length. */
typedef struct {
    uint32_t *ids;
    uint32_t *starts;
    size_t n;
} hx_token_lists;
hx_status hx_dataset_tokens(hx_dataset *d, const hx_tokenizer *tokenizer, hx_part part,
                            size_t max_length, size_t n_threads, hx_arena *arena,
                            hx_token_lists *out, hx_error *err) HX_MUST_USE;

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
