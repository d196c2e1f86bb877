/* tokenizer_train_parts.h - the stages of tokenizer_train.c. Only for tokenizer_train*.c.
 *
 *     text -> words and characters with counts (tokenizer_train_words.c) -> merges (tokenizer_train_merge.c) -> ModelProto (tokenizer_train_write.c)
 *
 * Here a blank is ' ', in the file U+2581. */
#ifndef HX_LLAMA_TOKENIZER_TRAIN_PARTS_H
#define HX_LLAMA_TOKENIZER_TRAIN_PARTS_H

#include "base/buf.h"
#include "base/map.h"
#include "llama/tokenizer_train.h"

#define HX_TRAIN_CODE_POINTS 0x110000u
#define HX_TRAIN_WORD_MAX 512u /* bytes; longer ones go on as another word */

/* Room for n elements of `each` bytes in *block, by doubling: old elements stay, the rest is zero. False = out of memory, all as it was. */
bool hx__train_grow(void **block, size_t *room, size_t n, size_t each);

/* ------------------------------------------------------------------ words */
typedef enum { /* what a character does; below these: its script, 0 = any */
               HX_TRAIN_ALONE = 251, /* a word of its own: Han or digits, where asked */
               HX_TRAIN_INHERITED = 252, /* of the script before it */
               HX_TRAIN_ANY = 253, /* script of a word that has only such characters so far */
               HX_TRAIN_BLANK = 254,
               HX_TRAIN_BREAK = 255 /* ends a word, becomes no piece */
} hx_train_class;

/* How texts are cut into words; immutable while they are. */
typedef struct {
    uint8_t *classes; /* (0x110000) */
    const hx_str *symbols; /* borrowed */
    size_t n_symbols;
    bool opens_symbol[256]; /* a symbol begins with this byte */
} hx_train_cutter;

typedef struct {
    uint64_t n;
    uint64_t at; /* in text */
    uint32_t len;
} hx_train_word;

/* Of one thread, or of all. Owned; released by hx__train_counts_release. */
typedef struct {
    hx_map index; /* hash of a word -> 1 + its index */
    hx_buf text;
    hx_train_word *words;
    size_t n_words, room;
    uint64_t *characters; /* (0x110000) */
} hx_train_counts;

hx_status hx__train_cutter_init(hx_train_cutter *c, const hx_tokenizer_train_options *options,
                                hx_error *err) HX_MUST_USE;
void hx__train_cutter_release(hx_train_cutter *c);
hx_status hx__train_counts_init(hx_train_counts *c, hx_error *err) HX_MUST_USE;
void hx__train_counts_release(hx_train_counts *c);
/* Counts the words of a text or, without `opens`, of the part of one behind a line break. */
hx_status hx__train_count(const hx_train_cutter *cutter, hx_train_counts *c, hx_str text,
                          bool opens, hx_error *err) HX_MUST_USE;
/* Adds what `from` counted. */
hx_status hx__train_counts_join(hx_train_counts *c, const hx_train_counts *from,
                                hx_error *err) HX_MUST_USE;

/* ------------------------------------------------------------------ merges */
typedef struct {
    size_t max_piece, n_merges; /* characters of a piece, merges wanted */
    const hx_tokenizer_train_options *options; /* progress, cancel */
} hx_train_merge_limits;

/* Pieces best first: text(i) = text[starts[i]..starts[i + 1]]. Owned; hx__train_pieces_release. */
typedef struct {
    hx_buf text;
    uint32_t *starts; /* (n + 1) */
    size_t n;
} hx_train_pieces;

/* kept (n_kept): characters that have pieces; a word is cut at others. */
hx_status hx__train_merge(const hx_train_counts *counts, const uint32_t *kept, size_t n_kept,
                          const hx_train_merge_limits *limits, hx_train_pieces *out,
                          hx_error *err) HX_MUST_USE;
void hx__train_pieces_release(hx_train_pieces *p);

/* ------------------------------------------------------------------ file */
hx_status hx__train_write(const char *path, const hx_tokenizer_train_options *options,
                          const hx_train_pieces *merges, const uint32_t *kept, size_t n_kept,
                          hx_error *err) HX_MUST_USE;

#endif
