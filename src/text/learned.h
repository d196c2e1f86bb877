/* learned.h - the engine `learn`: linear models over the grams of a text (grams.h), read from models/huaxiang-learn/learn.hxd.
 *
 * A data file (datafile.h) of kind "learn". Sections, all numbers little-endian:
 *
 *     grams.check    u8  (buckets x 4)   a byte of the gram's hash, 0 = empty
 *     grams.weight   i8  (buckets x 4)   its weight for positive
 *     grams.scale    double (2 x 3)      Chinese, English: bias, base, scale
 *
 * buckets is a power of two; a gram's bucket are the upper bits of its hash, its check 1 + the lower bits mod 255. With T pieces and
 * the distinct grams g that the table knows
 *
 *     logit = bias + (base + scale x sum weight(g)) / sqrt(T)
 *
 * and 1 / (1 + exp(-logit)) is the calibrated probability of positive. An unknown gram is taken for a known one with a probability
 * of about 4 / 255 x the table's load. */
#ifndef HX_TEXT_LEARNED_H
#define HX_TEXT_LEARNED_H

#include "huaxiang/text.h"
#include "text/datafile.h"
#include "text/wordseg.h"

#define HX_LEARNED_KIND "learn"
#define HX_LEARNED_WAYS 4u /* grams of a bucket */
#define HX_LEARNED_SHARE 12 /* a gram's weight, in twelfths, is divided among its 1 .. 4 pieces */

typedef struct {
    double bias, base, scale;
} hx_learned_scale;

typedef struct {
    const uint8_t *check; /* (buckets, HX_LEARNED_WAYS) */
    const int8_t *weight;
    unsigned shift; /* a hash >> shift is its bucket */
    hx_learned_scale scale[2]; /* Chinese, English */
} hx_learned_sentiment;

/* Immutable, shared by threads. */
typedef struct hx_learned {
    hx_datafile file;
    hx_learned_sentiment sentiment;
} hx_learned;

/* Opens SHARE_DIR/models/huaxiang-learn/learn.hxd. */
hx_status hx__learned_open(hx_learned **out, const char *share_dir, hx_error *err) HX_MUST_USE;
void hx__learned_close(hx_learned *l); /* NULL is fine */

static inline uint8_t hx__learned_check(uint64_t hash) {
    return (uint8_t)(1 + hash % 255);
}

/* Sentiment of an analysed text; the evidence lies in `arena`. The annotator's scratch memory is used, not reset. */
hx_status hx__learned_text(hx_annotator *a, hx_str text, hx_arena *arena, hx_sentiment *out,
                           hx_error *err) HX_MUST_USE; /* of one that isn't cleaned yet */
hx_status hx__learned_sentiment(hx_annotator *a, const hx_clean *clean, hx_lang lang,
                                hx_arena *arena, hx_sentiment *out, hx_error *err) HX_MUST_USE;

#endif
