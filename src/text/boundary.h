/* boundary.h - where words of Chinese begin, by the characters around: what the engine `learn` knows of cutting.
 *
 * Each place between two characters is judged by itself, as in KyTea (Neubig, Nakata & Mori, "Pointwise Prediction for Robust, Adaptable
 * Japanese Morphological Analysis", ACL 2011): a logistic regression over
 *
 *     the runs of one to four characters near the place, and what kinds of characters they are
 *     the longest words of the people who cut (words.NAME.known) that end, begin or go on there
 *     the same of the dictionary (words.hxd), with how frequent they are
 *
 * Sections of learn.hxd for each standard NAME (pku, sxu, ud), beside those of learned.h; all numbers little-endian:
 *
 *     words.NAME.c   u8  (buckets x 4)   checks of the features' hashes
 *     words.NAME.w   i8  (buckets x 4)   their weights for "a word begins here"
 *     words.NAME.k   u32 (2^k)           words that were cut at least twice: upper half of their hash, at the lower half's slot or behind; 0 = free
 *     words.NAME.s   double (2)          bias, scale: logit = bias + scale x sum of weights
 *
 * Trained by tools/train/learn/fit_words.c, which reads texts through this file. */
#ifndef HX_TEXT_BOUNDARY_H
#define HX_TEXT_BOUNDARY_H

#include "text/learned.h"
#include "text/wordseg_data.h"

#define HX_BOUNDARY_FEATURES 48u
#define HX_BOUNDARY_WORD 5u /* characters of the longest known word */

typedef struct {
    uint32_t start; /* byte of the text */
    uint32_t cp; /* wide forms as narrow ones, digits as 0, letters as a */
    uint8_t kind;
    uint8_t known; /* bit L - 1: a known word of L characters begins here */
    uint16_t
        listed; /* 3 bits for each L = 2 .. 5: 0 = none in the dictionary, else 1 (rare) .. 4 (frequent) */
} hx_boundary_char;

/* The characters of a text without white space, in `arena`; `known` of words in the standard's list, where m is not NULL. NULL when out of memory. */
hx_boundary_char *hx__boundary_chars(const hx_learned_boundary *m, const hx_wordseg *w, hx_str text,
                                     hx_arena *arena, size_t *n);
/* What is true of the place before character i (0 < i < n); returns how many. */
size_t hx__boundary_features(const hx_boundary_char *chars, size_t n, size_t i,
                             uint64_t out[HX_BOUNDARY_FEATURES]);
/* The hash of n characters as a word. */
uint64_t hx__boundary_word(const hx_boundary_char *chars, size_t n);

/* logits (n): that a word begins at each character; the first has one. */
void hx__boundary_logits(const hx_learned_boundary *m, const hx_boundary_char *chars, size_t n,
                         float *logits);

#endif
