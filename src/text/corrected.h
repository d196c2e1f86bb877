/* corrected.h - texts corrected before they are annotated, and what was found in the corrected text put back into the text as given.
 *
 *     texts -> hx__correcting_read() -> corrections, kept until the next such call -> hx__correcting_of() -> one text's
 *     spans of the corrected text -> hx__original_annotation() -> spans of the text as given
 */
#ifndef HX_TEXT_CORRECTED_H
#define HX_TEXT_CORRECTED_H

#include "huaxiang/text.h"

typedef struct hx_correcting hx_correcting; /* one thread's */
hx_status hx__correcting_new(hx_correcting **out, const hx_correct_model *m,
                             hx_error *err) HX_MUST_USE; /* keeps m until free */
void hx__correcting_free(hx_correcting *c); /* NULL is fine */
/* Corrects n texts, equal ones once. One above HX_TEXT_MAX is left as it is. */
hx_status hx__correcting_read(hx_correcting *c, const hx_str *texts, size_t n,
                              hx_error *err) HX_MUST_USE;
/* The correction of a text, which is read now if it was not among the last ones. Until the next read. */
hx_status hx__correcting_of(hx_correcting *c, hx_str text, const hx_correction **out,
                            hx_error *err) HX_MUST_USE;
/* One that is kept; NULL = it was not among the texts read last. */
const hx_correction *hx__correcting_kept(const hx_correcting *c, hx_str text);

/* The bytes of the text as given that bytes [span) of c->text stand for: those of every edit that the span touches are whole; what was put in belongs
 * to the character before it (at the beginning, behind it). An empty span stays empty. */
hx_span hx__original_span(const hx_correction *c, hx_str given, hx_span span);
/* Puts all spans of an annotation of c->text into the text as given. */
hx_status hx__original_annotation(const hx_correction *c, hx_str given, hx_arena *arena,
                                  hx_annotation *a, hx_error *err) HX_MUST_USE;

/* How a model corrects in a mode, without edits; and with those of c, copied into `arena`. */
hx_corrected hx__correction_of(const hx_text_model *m, hx_correct_mode mode);
hx_status hx__correction_keep(const hx_correction *c, hx_arena *arena, hx_corrected *out,
                              hx_error *err) HX_MUST_USE;

/* The text that was read in place of `given`: with its edits where they were made, else `given` itself. In `arena`; {NULL, 0}: no memory. */
hx_str hx__corrected_text(const hx_corrected *c, hx_str given, hx_arena *arena);

#endif
