/* codec.h - the store's byte codec: varints (LEB128), zigzag, fixed little-endian, length-prefixed strings; base64 for bytes in texts.
 * Reading never runs past `end`; the first bad byte sets `failed`, and all later reads give zero. */
#ifndef HX_BASE_CODEC_H
#define HX_BASE_CODEC_H

#include "base/buf.h"

void hx_put_u64(hx_buf *b, uint64_t v); /* varint, 1-10 bytes */
void hx_put_i64(hx_buf *b, int64_t v); /* zigzag varint */
void hx_put_fixed64(hx_buf *b, uint64_t v); /* 8 bytes, little-endian */
void hx_put_str(hx_buf *b, hx_str s); /* varint length + bytes */

typedef struct {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} hx_cursor;

hx_cursor hx_cursor_of(hx_str bytes);
uint64_t hx_get_u64(hx_cursor *c);
int64_t hx_get_i64(hx_cursor *c);
uint64_t hx_get_fixed64(hx_cursor *c);
hx_str hx_get_str(hx_cursor *c); /* borrows from the input */
/* A count that is followed by at least `each` bytes an element: refuses counts that can't be true. */
size_t hx_get_count(hx_cursor *c, size_t each);

/* RFC 4648 with padding: 4 characters for 3 bytes. Getting appends to `out`; false, where the text is none, or out is full. */
void hx_put_base64(hx_buf *b, hx_str bytes);
bool hx_get_base64(hx_str text, hx_buf *out);

#endif
