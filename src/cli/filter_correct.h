/* filter_correct.h - the filter `correct`, and the model of it that other commands use. */
#ifndef HX_CLI_FILTER_CORRECT_H
#define HX_CLI_FILTER_CORRECT_H

#include "cli/filter.h"
#include "cli/llama.h"

/* Corrects n rows at once; what becomes of them is w->corrected (n), in w->ahead.arena. */
hx_status hx_filter_correct_read(const hx_filter_plan *p, const hx_row *rows, size_t n,
                                 hx_filter_worker *w, hx_error *err) HX_MUST_USE;
void hx_filter_correct_edits(hx_outbuf *b, const hx_edit *edits, size_t n); /* a JSON array */
void hx_filter_correct_json(hx_outbuf *b, const hx_correction *c);
void hx_filter_correct_cell(hx_outbuf *b, const hx_filter_plan *p, hx_str given,
                            const hx_correction *c, const char *name);
/* By --engine, --model, --threshold, --false-alarms, --protect, --user-words; NULL after a sentence. Keeps `words`. */
hx_correct_model *hx_cli_correct_model(hx_cli *c, const hx_text_model *words);

#endif
