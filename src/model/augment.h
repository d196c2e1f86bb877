/* augment.h - texts made a little different, for training and for measuring how a model bears noise. For src/model and src/text.
 *
 * Every change is drawn from the seed and the example's number: the same text again. Chinese and English alike; labels stay. */
#ifndef HX_MODEL_AUGMENT_H
#define HX_MODEL_AUGMENT_H

#include "base/buf.h"
#include "huaxiang/base.h"

typedef enum { /* bits */
               HX_AUGMENT_SYNONYM = 1, /* needs a list */
               HX_AUGMENT_SWAP = 2, /* neighbouring words (en) or characters (zh) */
               HX_AUGMENT_DELETE = 4,
               HX_AUGMENT_INSERT = 8, /* a character or word of the text again */
               HX_AUGMENT_HOMOPHONE = 16, /* zh: a character of the same sound */
               HX_AUGMENT_SHAPE = 32, /* zh: a character of a similar shape */
               HX_AUGMENT_KEYBOARD = 64, /* en: a neighbouring key, a doubled or a missing letter */
               HX_AUGMENT_JOIN = 128 /* the caller's: two texts of one label joined */
} hx_augment_kind;

typedef struct hx_augmenter hx_augmenter;

/* Lists: `synonyms` ("word\tword\t..." a line), `homophones` and `shapes` ("字\t字字字" a line); NULL = that kind does nothing. Borrowed until free. */
typedef struct {
    hx_str synonyms, homophones, shapes;
} hx_augment_lists;
hx_status hx_augmenter_new(hx_augmenter **out, const hx_augment_lists *lists,
                           hx_error *err) HX_MUST_USE;
void hx_augmenter_free(hx_augmenter *a);
/* "synonym,swap,..." to bits. */
hx_status hx_augment_parse(hx_str names, unsigned *kinds, hx_error *err) HX_MUST_USE;
/* Each word or character is changed with probability `rate` by one of `kinds`; never to an empty text, valid UTF-8 stays valid. Appends to out.
 * `origin` (NULL = not wanted) gets, for each character of the result, the byte offset in `text` of the character it stands for (UINT32_MAX for one that
 * was inserted), as u32. */
hx_status hx_augment_text(const hx_augmenter *a, hx_str text, unsigned kinds, double rate,
                          uint64_t seed, uint64_t number, hx_buf *out, hx_buf *origin,
                          hx_error *err) HX_MUST_USE;

#endif
