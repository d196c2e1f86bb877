/* adapt.h - fitting weights of grams to a few labelled texts: logistic regression whose prior is what an engine says. For src/text. */
#ifndef HX_TEXT_ADAPT_H
#define HX_TEXT_ADAPT_H

#include "text/adapted.h"

/* A text as the fit sees it. */
typedef struct {
    const uint32_t *ids; /* (n) of its grams, distinct */
    size_t n;
    double scale; /* 1 / sqrt(T) */
    double base; /* the engine's logit */
    double y; /* 1 positive, -1 negative */
    unsigned fold;
} hx_adapt_row;

/* All of the texts; in the arena it was made in. */
typedef struct {
    hx_adapt_row *rows;
    size_t n;
    uint64_t *hashes; /* (n_grams) */
    size_t n_grams;
} hx_adapt_rows;

typedef struct {
    double strength; /* of the prior on a gram's weight: lambda */
    bool moves; /* bias and scale are fitted, too */
} hx_adapt_prior;

/* Reads labelled texts by the annotator, whose engine says the logits; those that are neither positive nor negative, or hold no grams, are
 * left out. The arena must live as long as *out. */
hx_status hx__adapt_read(hx_annotator *a, const hx_labelled_texts *data, hx_arena *arena,
                         hx_adapt_rows *out, hx_error *err) HX_MUST_USE;
/* x (n_grams + 2): weights, bias, scale, overwritten; rows of fold `without` are not looked at (UINT_MAX: all are). */
hx_status hx__adapt_fit(const hx_adapt_rows *rows, const hx_adapt_prior *prior, unsigned without,
                        double *x, hx_error *err) HX_MUST_USE;
/* Where n_grams is 0 the grams of the row count for nothing. */
double hx__adapt_logit(const hx_adapt_row *row, const double *x, size_t n_grams);

#endif
