/* run_report_parts.h - sections of a run's page. For src/model/run_report*.c only. */
#ifndef HX_MODEL_RUN_REPORT_PARTS_H
#define HX_MODEL_RUN_REPORT_PARTS_H

#include "base/json.h"
#include "model/run_report.h"

/* Text with & < > " escaped; invalid UTF-8 becomes U+FFFD. */
void hx__report_text(hx_buf *b, hx_str s);
/* Two spans, of which the page shows one. Not escaped: HTML is fine. */
void hx__report_both(hx_buf *b, const char *en, const char *zh);
/* "<section ...><h2>" with a title in both languages; end with </section>. */
void hx__report_section(hx_buf *b, const char *id, const char *en, const char *zh);
/* A number for eyes: 4 significant digits; "-" for NaN. */
void hx__report_number(hx_buf *b, double v);
void hx__report_percent(hx_buf *b, double v); /* 93.4 % */
/* The number of a member, NAN where there is none. */
double hx__report_at(const json_t *object, const char *key);

/* Curves out of a log; *bad = lines that could not be read, *nans = losses that are no number. False: memory. */
bool hx__report_curves(hx_buf *b, hx_str log, size_t *bad, size_t *nans);

void hx__report_confusion(hx_buf *b, const json_t *evaluation);
void hx__report_labels(hx_buf *b, const json_t *evaluation);
void hx__report_calibration(hx_buf *b, const json_t *evaluation);

#endif
