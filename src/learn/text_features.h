/* text_features.h - texts as sparse rows of numbers. For src/learn only.
 *
 * Features are n-grams of characters (1 to char_max, of the text in lower case, runs of white space one blank, as scikit-learn's analyzer "char") and
 * of words (1 to word_max; a word is a run of letters, digits and _). A feature is known by 64 bits of its hash, whose top bit says which of the two
 * it is; columns are in ascending order of these, so the characters' come first. */
#ifndef HX_LEARN_TEXT_FEATURES_H
#define HX_LEARN_TEXT_FEATURES_H

#include "base/buf.h"
#include "base/codec.h"
#include "huaxiang/base.h"

#define HX_FEATURE_TEXT_MAX ((size_t)1 << 20) /* bytes of a text that are read */
#define HX_FEATURES_MAX ((size_t)1 << 27)

typedef enum { HX_VALUES_TFIDF = 0, HX_VALUES_COUNTS } hx_feature_values;

typedef struct {
    uint32_t char_max, word_max; /* 0 = none of this kind; at most 8 */
    uint32_t min_count; /* a feature stands in so many texts at least */
} hx_feature_schema;

typedef struct {
    hx_feature_schema schema;
    uint64_t *keys; /* (n) ascending; owned, as the others */
    double *idf; /* (n) log((1 + rows) / (1 + rows with it)) + 1 */
    uint32_t *first; /* (2^bits + 1): where keys with these top bits begin */
    unsigned bits;
    size_t n;
} hx_features;

/* Sparse rows, owned: row i has columns[starts[i] .. starts[i + 1]), ascending. */
typedef struct {
    size_t n_rows, n_columns;
    size_t *starts; /* (n_rows + 1) */
    uint32_t *columns;
    float *values;
} hx_csr;

/* Learns which features there are. Same result with any number of threads. */
hx_status hx_features_fit(hx_features *f, const hx_str *texts, size_t n,
                          const hx_feature_schema *schema, size_t n_threads,
                          const volatile int *cancel, hx_error *err) HX_MUST_USE;
void hx_features_release(hx_features *f);
/* Known features of texts: TF-IDF with tf = 1 + log(count), the characters' and the words' part each of Euclidean length 1; or counts. */
hx_status hx_features_rows(const hx_features *f, const hx_str *texts, size_t n,
                           hx_feature_values values, size_t n_threads, hx_csr *out,
                           hx_error *err) HX_MUST_USE;
void hx_csr_release(hx_csr *x);

/* One thread's room for reading texts. */
typedef struct {
    hx_buf text, starts, keys, spare, columns, values;
} hx_feature_room;
void hx_feature_room_init(hx_feature_room *r);
void hx_feature_room_release(hx_feature_room *r);
/* One row in double precision: r->columns (u32) and r->values (double) hold the result, *n entries. False: out of memory. */
bool hx_features_row(const hx_features *f, hx_feature_room *r, hx_str text,
                     hx_feature_values values, size_t *n);
/* The column of an n-gram of characters, or of words separated by single blanks; SIZE_MAX = not known. In lower case. */
size_t hx_features_column(const hx_features *f, bool words, hx_str gram);

/* Leaves the `most` features that stand in the most texts; of equals those with the smaller keys. */
hx_status hx_features_keep_most(hx_features *f, size_t most, hx_error *err) HX_MUST_USE;
/* names (f->n): what the features are called, from the texts they were found in; words joined by blanks. In the arena. */
hx_status hx_features_names(const hx_features *f, const hx_str *texts, size_t n, hx_arena *arena,
                            hx_str **names, hx_error *err) HX_MUST_USE;
/* The way back: terms (n) in the order of the features, the first n_characters of them characters; idf (n). HX_EFORMAT where they are in another order. */
hx_status hx_features_of_terms(hx_features *f, const hx_feature_schema *schema, const hx_str *terms,
                               size_t n_characters, size_t n, const double *idf,
                               hx_error *err) HX_MUST_USE;
/* How many of the features are of characters: the first ones. */
size_t hx_features_characters(const hx_features *f);
/* All n-grams of a text, known or not, in `width` places by their hash, with a sign by it: tf = 1 + log(count), out (width) of Euclidean length 1.
 * False: out of memory. */
bool hx_features_hashed(const hx_feature_schema *schema, hx_feature_room *r, hx_str text,
                        size_t width, double *out);

/* As bytes, and back. HX_EFORMAT where they can't be true. */
void hx_features_write(const hx_features *f, hx_buf *out);
hx_status hx_features_read(hx_features *f, hx_cursor *in, hx_error *err) HX_MUST_USE;

#endif
