/* learned.h - the engine `learn`: linear models over the grams of a text (grams.h), read from models/huaxiang-learn/learn.hxd.
 *
 * A data file (datafile.h) of kind "learn". Sections, all numbers little-endian:
 *
 *     grams.check    u8  (buckets x 4)   a byte of the gram's hash, 0 = empty
 *     grams.weight   i8  (buckets x 4)   its weight for positive
 *     grams.scale    double (2 x 3)      Chinese, English: bias, base, scale
 *     intent.check, intent.weight, intent.scale   learned_intent.c; where they are missing the rules say the intent
 *     emotion.check, emotion.weight, emotion.scale   the same of the six emotions
 *     phrase.words, phrase.scale                  keyphrase_learned.c; where they are missing it knows no keywords
 *     words.NAME.c, .w, .k, .s                    boundary.h; where they are missing the rules cut into words
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

/* Which slot a gram has. */
typedef struct {
    const uint8_t *check; /* (buckets, HX_LEARNED_WAYS); NULL = no table */
    unsigned shift; /* a hash >> shift is its bucket */
} hx_learned_table;

typedef struct {
    hx_learned_table table;
    const int8_t *weight; /* a slot */
    hx_learned_scale scale[2]; /* Chinese, English */
} hx_learned_sentiment;

#define HX_LEARNED_INTENTS ((size_t)HX_INTENT_N - 1) /* all but `other` */

/* logit = bias + (base + scale x sum weight(g)) / sqrt(T) + up x the mood's logit where it is above 0, down x it below 0 */
typedef struct {
    double bias, base, scale, up, down;
} hx_learned_wish;

typedef struct {
    hx_learned_table table;
    const int8_t *weight; /* (slots, n) */
    size_t n; /* labels: HX_LEARNED_INTENTS, or HX_EMOTION_N */
    double threshold; /* an intent holds from here on; nothing for emotions */
    hx_learned_wish wish[HX_LEARNED_INTENTS];
} hx_learned_intents;

/* keyphrase_learned.c */
typedef struct hx_learned_phrases {
    const int8_t *weight; /* by hash >> shift; NULL = none */
    unsigned shift;
    double bias, scale;
} hx_learned_phrases;

/* boundary.h: where Chinese words begin, by one standard. */
typedef struct {
    hx_learned_table table; /* check NULL = none */
    const int8_t *weight; /* a slot */
    const uint32_t *known; /* (known_mask + 1), never full */
    uint32_t known_mask;
    double bias, scale;
} hx_learned_boundary;

#define HX_BOUNDARY_N ((size_t)3) /* HX_WORDS_UD, HX_WORDS_PKU, HX_WORDS_SXU */

/* Immutable, shared by threads. */
typedef struct hx_learned {
    hx_datafile file;
    hx_learned_sentiment sentiment;
    hx_learned_intents intents, emotions;
    hx_learned_phrases phrases;
    hx_learned_boundary boundary[HX_BOUNDARY_N];
} hx_learned;

/* Opens SHARE_DIR/models/huaxiang-learn/learn.hxd, or the file of a path. */
hx_status hx__learned_open(hx_learned **out, const char *share_dir, hx_error *err) HX_MUST_USE;
hx_status hx__learned_open_file(hx_learned **out, const char *path, hx_error *err) HX_MUST_USE;
void hx__learned_close(hx_learned *l); /* NULL is fine */
/* A table of `check`; false where its size is none of a table's. */
bool hx__learned_table_of(hx_learned_table *t, hx_str check);
/* learned_intent.c; intents and emotions, nothing where the file has no such sections. */
hx_status hx__learned_take_intents(hx_learned *l, const char *path, hx_error *err) HX_MUST_USE;
/* keyphrase_learned.c; the same. */
hx_status hx__learned_take_phrases(hx_learned *l, const char *path, hx_error *err) HX_MUST_USE;
/* boundary.c; the same. */
hx_status hx__learned_take_boundaries(hx_learned *l, const char *path, hx_error *err) HX_MUST_USE;
/* "the file holds no sound model" */
hx_status hx__learned_damaged(const char *path, hx_error *err);

static inline uint8_t hx__learned_check(uint64_t hash) {
    return (uint8_t)(1 + hash % 255);
}

/* The slot of a gram; SIZE_MAX = unknown. */
static inline size_t hx__learned_slot(const hx_learned_table *t, uint64_t hash) {
    size_t at = (size_t)(hash >> t->shift) * HX_LEARNED_WAYS;
    uint8_t check = hx__learned_check(hash);
    for (size_t k = 0; k < HX_LEARNED_WAYS; k++)
        if (t->check[at + k] == check) return at + k;
    return SIZE_MAX;
}

/* What a model has learnt: as its engine, or beside its language model (beside.h). */
const hx_learned *hx__learned_of(const hx_text_model *m);

/* Sentiment of an analysed text; the evidence lies in `arena`. The annotator's scratch memory is used, not reset. */
hx_status hx__learned_text(hx_annotator *a, hx_str text, hx_arena *arena, hx_sentiment *out,
                           hx_error *err) HX_MUST_USE; /* of one that isn't cleaned yet */
hx_status hx__learned_sentiment(hx_annotator *a, const hx_clean *clean, hx_lang lang,
                                hx_arena *arena, hx_sentiment *out, hx_error *err) HX_MUST_USE;
/* Intents of a cleaned text whose mood is known; only where the model has them (`intents.table.check`). */
hx_status hx__learned_intent(hx_annotator *a, const hx_clean *clean, const hx_sentiment *mood,
                             hx_arena *arena, hx_intent *out, hx_error *err) HX_MUST_USE;
/* The emotion of a cleaned text; only where the model has them (`emotions.table.check`). */
hx_status hx__learned_emotion(hx_annotator *a, const hx_clean *clean, hx_lang lang, hx_arena *arena,
                              hx_emotion *out, hx_error *err) HX_MUST_USE;

#endif
