/* explain.h - Owen values of several labels from one set of variants (explain.c).
 *
 * The scorer fills (n, k) logits, row by row: those of the k labels for each text. Every label's parts sum to its own logit exactly, and are those that
 * a scorer of this label alone would give. */
#ifndef HX_TEXT_EXPLAIN_H
#define HX_TEXT_EXPLAIN_H

#include "huaxiang/text.h"

/* out: (k). Parts lie in `arena`; what is needed on the way in `scratch`, which the scorer must leave alone. */
hx_status hx__explain_all(hx_annotator *a, hx_str text, const hx_text_scorer *s, size_t k,
                          hx_arena *scratch, hx_arena *arena, hx_explanation *out,
                          hx_error *err) HX_MUST_USE;

#endif
