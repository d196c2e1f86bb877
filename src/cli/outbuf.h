/* outbuf.h - bytes on their way out: a growing buffer that knows JSON, CSV and what a terminal may be shown.
 *
 * All zero is a good start; release it in the end. Out of memory sets `failed` and drops what comes after. */
#ifndef HX_CLI_OUTBUF_H
#define HX_CLI_OUTBUF_H

#include <stdio.h>

#include "huaxiang/base.h"

typedef struct {
    char *ptr; /* owned */
    size_t len, cap;
    bool failed;
} hx_outbuf;

void hx_outbuf_release(hx_outbuf *b);
void hx_outbuf_bytes(hx_outbuf *b, const char *p, size_t n);
void hx_outbuf_text(hx_outbuf *b, const char *s);
void hx_outbuf_byte(hx_outbuf *b, char c);
void hx_outbuf_fill(hx_outbuf *b, char c, size_t n);
void hx_outbuf_printf(hx_outbuf *b, const char *format, ...) HX_PRINTF(2, 3);
void hx_outbuf_uint(hx_outbuf *b, uint64_t v);
void hx_outbuf_score(hx_outbuf *b,
                     double v); /* a probability with up to 4 places, as JSON has numbers */
void hx_outbuf_json(hx_outbuf *b,
                    hx_str s); /* a JSON string, quotes included; foreign bytes become U+FFFD */
void hx_outbuf_csv(hx_outbuf *b, hx_str s); /* a cell as RFC 4180 has it */
/* For eyes: control characters, text direction marks and foreign bytes escaped (\n, \x1b, \u202e), at most `width` columns wide
 * (0 = no limit), cut off with an ellipsis. Holds no byte below 0x20. */
void hx_outbuf_visible(hx_outbuf *b, hx_str s, size_t width);
/* Columns that `s`, as hx_outbuf_visible() makes it, takes on a terminal. */
size_t hx_visible_width(hx_str s);

static inline hx_str hx_outbuf_str(const hx_outbuf *b) {
    return (hx_str){b->ptr, b->len};
}

#endif
