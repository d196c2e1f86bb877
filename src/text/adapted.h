/* adapted.h - sentiment fitted to a shop's own texts: weights of grams on top of an engine's logit, from a few labelled texts.
 *
 *     logit = bias + scale x logit of the engine + sum over distinct grams g of weight(g) / sqrt(T),    T pieces (grams.h)
 *
 * The prior is the engine itself: bias 0, scale 1, all weights 0. adapt.c fits them.
 *
 * A data file (datafile.h) of kind "adapted": section "adapt.head" (hx_adapted_head), "adapt.hash" (u64 each, ascending) and "adapt.weight" (float
 * each), all little-endian. It goes with the engine and the very data it was fitted on top of: another engine, or other data, refuses it. */
#ifndef HX_TEXT_ADAPTED_H
#define HX_TEXT_ADAPTED_H

#include "base/map.h"
#include "text/clean.h"
#include "text/datafile.h"

#define HX_ADAPTED_KIND "adapted"
#define HX_ADAPTED_GRAMS_MAX 60000u /* kept of a fit: the strongest */
#define HX_ADAPTED_WEIGHT_MAX 100.0 /* above is no file of ours */

typedef struct {
    double bias, scale;
    uint64_t engine; /* hx_engine */
    uint64_t base; /* hx__adapted_base() of the model it was fitted on */
    uint64_t texts; /* it was fitted to */
    double before, after; /* share of right labels by cross-validation, [0, 1] */
    double strength; /* of the prior */
} hx_adapted_head;

/* Immutable once made. */
typedef struct hx_adapted {
    hx_adapted_head head;
    hx_map weights; /* hash -> bits of a double */
    uint64_t hash; /* of its content */
} hx_adapted;

/* What an adaptation is bound to: the engine's own data. */
uint64_t hx__adapted_base(const hx_text_model *m);

/* Reads a file for a model whose engine stands. */
hx_status hx__adapted_open(hx_adapted **out, const hx_text_model *m, const char *path,
                           hx_error *err) HX_MUST_USE;
/* n weights with their hashes; copied. NULL when out of memory. */
hx_adapted *hx__adapted_new(const hx_adapted_head *head, const uint64_t *hashes,
                            const double *weights, size_t n);
hx_status hx__adapted_write(const hx_adapted *a, const char *path, hx_error *err) HX_MUST_USE;
void hx__adapted_free(hx_adapted *a); /* NULL is fine */

/* Moves what the engine said of a cleaned text; the evidence lies in `arena`. The annotator's scratch is used, not reset. */
hx_status hx__adapted_apply(hx_annotator *a, const hx_adapted *adapted, const hx_clean *clean,
                            hx_arena *arena, hx_sentiment *s, hx_error *err) HX_MUST_USE;

#endif
