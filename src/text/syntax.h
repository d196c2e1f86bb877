/* syntax.h - what the engine `learn` knows of grammar: sentences, parts of speech, arcs and relations of trees, beside the heads of huaxiang-small.
 *
 * models/huaxiang-learn/syntax.hxd is a data file (datafile.h) of kind "syntax". Each part is a linear model over hashed features (upos.h, arcs.h,
 * relations.h, breaks.h), for LANG zh and en; all numbers little-endian:
 *
 *     PART.LANG.c   u8 (buckets x 4)      checks of the features' hashes, as in learned.h; PART: upos, arcs, rels, brks
 *     PART.LANG.w   i8 (buckets x 4, n)   their weights for the n labels; arcs and breaks have one
 *     PART.LANG.s   double                scale: logit = scale x sum of weights
 *     PART.LANG.l   the labels, each with a line feed behind it; none of arcs and breaks
 *
 * Trained by tools/train/learn/fit_syntax.c and fit_breaks.c, which read words through the same files. How much each side counts: beside.tsv (beside.h). */
#ifndef HX_TEXT_SYNTAX_H
#define HX_TEXT_SYNTAX_H

#include "text/learned.h"

#define HX_SYNTAX_KIND "syntax"
#define HX_SYNTAX_LABELS_MAX ((size_t)64)

typedef enum {
    HX_SYNTAX_UPOS = 0, /* upos.h */
    HX_SYNTAX_ARCS, /* arcs.h */
    HX_SYNTAX_RELATIONS, /* relations.h */
    HX_SYNTAX_BREAKS, /* breaks.h; English alone */
    HX_SYNTAX_N
} hx_syntax_kind;

typedef struct {
    hx_learned_table table; /* check NULL = none */
    const int8_t *weight; /* (slots, n) */
    size_t n; /* labels; 1 of arcs and breaks */
    double scale;
    hx_str names; /* each with a line feed behind it */
} hx_syntax_part;

/* Immutable, shared by threads. */
typedef struct hx_syntax {
    hx_datafile file;
    hx_syntax_part part[HX_SYNTAX_N][2]; /* Chinese, English */
} hx_syntax;

hx_status hx__syntax_open_file(hx_syntax **out, const char *path, hx_error *err) HX_MUST_USE;
void hx__syntax_close(hx_syntax *s); /* NULL is fine */

/* logits (p->n) of what has these features. */
void hx__syntax_logits(const hx_syntax_part *p, const uint64_t *features, size_t n, double *logits);
/* The place of a name among the labels; p->n = none. */
size_t hx__syntax_label(const hx_syntax_part *p, const char *name);

/* ------------------------------------------------------------------ words */
#define HX_UPOS_N 17u /* of Universal Dependencies */

/* A word of a sentence, as arcs and relations see it. */
typedef struct {
    uint64_t form, begin,
        end; /* hashes: lower case, digits as 0; its first two and last three characters */
    uint8_t tag; /* 0 .. HX_UPOS_N - 1 in the order of the alphabet, HX_UPOS_N = none */
    bool comma, verb, mark; /* a comma; VERB or AUX; PUNCT */
} hx_syntax_word;

/* words (n) of forms (n) and UPOS (n; NULL = none). */
void hx__syntax_words(const hx_str *forms, const char *const *upos, size_t n,
                      hx_syntax_word *words);
/* The number of a part of speech; HX_UPOS_N = none. */
uint8_t hx__upos_number(const char *name);

/* Hashes of features: quick, and well spread over all bits. */
static inline uint64_t hx__syntax_mix(uint64_t a, uint64_t b) {
    uint64_t h = (a ^ (b << 29 | b >> 35)) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ h >> 29;
}

#endif
