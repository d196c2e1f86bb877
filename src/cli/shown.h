/* shown.h - what library answers look like on a terminal: a dry run, the summary of a store, one customer, events, receipts. */
#ifndef HX_CLI_SHOWN_H
#define HX_CLI_SHOWN_H

#include "cli/output.h"

void hx_shown_preview(hx_cli *c, const json_t *preview, hx_outbuf *out);
void hx_shown_summary(hx_cli *c, const json_t *summary,
                      hx_outbuf *out); /* "import" in it, if there was one */
void hx_shown_profile(hx_cli *c, const json_t *profile, hx_outbuf *out);
void hx_shown_dynamic(hx_cli *c, const json_t *dynamic,
                      hx_outbuf *out); /* of a profile; none is fine */
void hx_shown_drift(hx_cli *c, const json_t *drift, hx_outbuf *out);
void hx_shown_events(hx_cli *c, const json_t *events, hx_outbuf *out);
/* `events` = the person's timeline, where the receipt's events are looked up. */
void hx_shown_receipt(hx_cli *c, const json_t *receipt, const json_t *events, hx_outbuf *out);

/* "  label      value" with the label padded to `column`; nothing where the value is null. */
void hx_shown_field(hx_outbuf *out, const char *label, const json_t *value, size_t column);
void hx_shown_title(const hx_cli *c, hx_outbuf *out, const char *title);
/* A date and, unless it is midnight, the hours and minutes of a local time; or nothing. */
void hx_shown_time(hx_outbuf *out, const json_t *value);

#endif
