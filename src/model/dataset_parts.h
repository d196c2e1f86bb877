/* dataset_parts.h - the inside of a dataset; shared by the files of src/model that make one.
 *
 *     dataset_read.c, dataset_conll.c  files -> examples, labels numbered as they come
 *     dataset.c                        labels sorted, parts listed, accessors
 *     dataset_split.c                  shares, folds, samples
 *     dataset_check.c                  duplicates, conflicts, leaks
 *     dataset_text.c                   strip, lower case, the form in which texts are compared
 *     dataset_tokens.c, batch_plan.c   ids, batches */
#ifndef HX_MODEL_DATASET_PARTS_H
#define HX_MODEL_DATASET_PARTS_H

#include "base/buf.h"
#include "base/map.h"
#include "model/dataset.h"

#define HX_DATASET_FILES 3

typedef struct {
    uint32_t train, other; /* indexes into examples */
} hx__leak;

struct hx_dataset {
    hx_arena *arena; /* owned: texts, labels, paths */
    hx_target_kind target;
    const char *paths[HX_DATASET_FILES]; /* in arena; NULL = not given */
    hx_buf examples; /* hx_example, in the order of files and rows */
    hx_buf many; /* uint32_t: labels of LABELS and TAGS */
    hx_buf heads; /* uint32_t: as long as many where a file was CoNLL-U */
    bool has_heads;
    hx_buf labels; /* const char *, in arena */
    hx_map label_ids; /* hash of a label -> index + 1, while reading */
    bool labels_given;
    uint64_t *keys; /* (n) in arena: hashes of the compared form */
    uint32_t *order[HX_DATASET_PARTS]; /* in one block, order[0] owned */
    size_t n_part[HX_DATASET_PARTS];
    hx_buf leaks; /* hx__leak */
    hx_dataset_check check;
};

/* A row on its way in; views are copied. */
typedef struct {
    hx_str raw, text2, label;
    int64_t row;
    uint32_t source;
    hx_part part;
    bool lower;
} hx__dataset_row;

static inline hx_example *hx__examples(const hx_dataset *d) {
    return (hx_example *)(void *)d->examples.ptr;
}
static inline size_t hx__dataset_n(const hx_dataset *d) {
    return d->examples.len / sizeof(hx_example);
}
static inline uint32_t *hx__many(const hx_dataset *d) {
    return (uint32_t *)(void *)d->many.ptr;
}
static inline const char **hx__labels(const hx_dataset *d) {
    return (const char **)(void *)d->labels.ptr;
}

/* ---- dataset_text.c */
bool hx__is_blank(uint32_t cp); /* white space of Unicode, zero-width space, byte order mark */
hx_str hx__text_strip(hx_str s);
/* Appends s in lower case (simple mappings of Unicode). */
void hx__text_lower(hx_str s, hx_buf *out);
/* Appends the form in which texts are compared: NFKC and case folded, without blanks. */
void hx__text_fold(hx_str s, hx_buf *out);
/* The next piece between blanks (ASCII) of s from *at on; false at the end. */
bool hx__next_word(hx_str s, size_t *at, hx_str *word);

/* ---- dataset_read.c */
hx_status hx__dataset_read_file(hx_dataset *d, uint32_t source, hx_part part,
                                const hx_dataset_options *o, hx_error *err) HX_MUST_USE;
/* Cleans a row, labels it and keeps it; what is left out is counted. */
hx_status hx__dataset_add(hx_dataset *d, const hx__dataset_row *r, hx_error *err) HX_MUST_USE;
hx_status hx__dataset_label_id(hx_dataset *d, hx_str label, const hx__dataset_row *r, uint32_t *id,
                               hx_error *err) HX_MUST_USE;
void hx__dataset_bad(hx_dataset *d, int64_t row);
/* ---- dataset_conll.c */
bool hx__is_conll(const char *path);
hx_status hx__dataset_read_conll(hx_dataset *d, hx_reader *reader, uint32_t source, hx_part part,
                                 const hx_dataset_options *o, hx_error *err) HX_MUST_USE;

/* ---- dataset_split.c: both change `part` of examples alone */
hx_status hx__dataset_split(hx_dataset *d, const hx_dataset_options *o, hx_error *err) HX_MUST_USE;
hx_status hx__dataset_sample(hx_dataset *d, size_t most, uint64_t seed, hx_error *err) HX_MUST_USE;
/* ---- dataset_check.c */
hx_status hx__dataset_make_keys(hx_dataset *d, hx_error *err) HX_MUST_USE;
/* Lists the parts, then duplicates, conflicts, leaks, imbalance. */
hx_status hx__dataset_check_all(hx_dataset *d, hx_error *err) HX_MUST_USE;

#endif
