/* grams.h - what the engine `learn` sees of a text: runs of one to four pieces of the clean text.
 *
 *     piece   a Chinese character; a run of letters or digits; any other mark. Blanks are none.
 *     gram    n pieces in a row: n = 1 .. 4 from a Chinese character on, 1 .. 3 from anything else on
 *
 * Each distinct gram of a text counts once, where it first stands. Grams are known by 64-bit hashes alone, so the trainer
 * (tools/train/learn/fit.c) and the engine must read texts through this file. */
#ifndef HX_TEXT_GRAMS_H
#define HX_TEXT_GRAMS_H

#include "huaxiang/base.h"

typedef struct {
    uint64_t hash;
    uint32_t start, end; /* bytes of the clean text */
    bool han;
    bool mark; /* neither letter nor digit */
} hx_gram_piece;

typedef struct {
    uint64_t hash;
    uint32_t first; /* piece */
    uint32_t n; /* pieces, 1 .. HX_GRAM_MAX */
} hx_gram;

#define HX_GRAM_MAX 4u

/* The pieces of a cleaned text (valid UTF-8), in `arena`; NULL when out of memory. */
hx_gram_piece *hx__gram_pieces(hx_str clean, hx_arena *arena, size_t *n);
/* The grams of n pieces that start at the first of them; returns how many. */
size_t hx__grams_at(const hx_gram_piece *pieces, size_t n, size_t first, hx_gram out[HX_GRAM_MAX]);

/* A set of hashes; in the arena it was made in. */
typedef struct {
    uint64_t *slots;
    uint64_t mask;
} hx_gram_set;

/* Room for n hashes. False when out of memory. */
bool hx__gram_set_new(hx_gram_set *s, size_t n, hx_arena *arena);
/* True where the hash was not in the set yet. */
bool hx__gram_set_add(hx_gram_set *s, uint64_t hash);

#endif
