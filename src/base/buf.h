/* buf.h - a growing byte buffer with a cap from birth. After a failed append the buffer is `failed` and
 * stays so: append many, check once. */
#ifndef HX_BASE_BUF_H
#define HX_BASE_BUF_H

#include "huaxiang/base.h"

typedef struct {
    char *ptr; /* owned; NULL while empty */
    size_t len;
    size_t alloc;
    size_t cap; /* the most bytes it may hold */
    bool failed; /* out of memory or over the cap: what was appended since is lost */
    bool no_memory; /* `failed` for want of memory */
} hx_buf;

void hx_buf_init(hx_buf *b, size_t cap);
void hx_buf_release(hx_buf *b);
void hx_buf_reset(hx_buf *b); /* len = 0, not failed; keeps the memory */
bool hx_buf_reserve(hx_buf *b, size_t more); /* room for `more` bytes behind len */
bool hx_buf_append(hx_buf *b, const void *data, size_t len);
bool hx_buf_append_str(hx_buf *b, hx_str s);
bool hx_buf_append_lit(hx_buf *b, const char *s);
bool hx_buf_append_byte(hx_buf *b, char c);
bool hx_buf_printf(hx_buf *b, const char *format, ...) HX_PRINTF(2, 3);
hx_str hx_buf_str(const hx_buf *b);
/* HX_OK, or HX_ELIMIT/HX_ENOMEM with a sentence about `what` where an append failed. */
hx_status hx_buf_status(const hx_buf *b, const char *what, hx_error *err) HX_MUST_USE;

#endif
