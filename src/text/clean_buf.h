/* clean_buf.h - the text that cleaning writes, with where each byte comes from. */
#ifndef HX_TEXT_CLEAN_BUF_H
#define HX_TEXT_CLEAN_BUF_H

#include <string.h>

#include "text/annotator.h"

#define HX_CLEAN_CAP ((size_t)64 << 20) /* bytes of a cleaned text: NFKC may make a text longer */

void hx__clean_buf_init(hx_clean_buf *b);
void hx__clean_buf_release(hx_clean_buf *b);
/* Room for `more` bytes behind len; false when out of memory or over the cap. */
bool hx__clean_buf_grow(hx_clean_buf *b, size_t more);

static inline bool hx__clean_buf_reserve(hx_clean_buf *b, size_t more) {
    return more <= b->cap - b->len || hx__clean_buf_grow(b, more);
}

/* Appends bytes that all come from original bytes [start, end). */
bool hx__clean_buf_put(hx_clean_buf *b, const char *bytes, size_t n, uint32_t start, uint32_t end);
/* Appends bytes that map one to one to original bytes from `start` on. */
bool hx__clean_buf_copy(hx_clean_buf *b, const char *bytes, size_t n, uint32_t start);
/* Appends bytes [from, from + n) of another buffer with their map. */
bool hx__clean_buf_move(hx_clean_buf *b, const hx_clean_buf *other, size_t from, size_t n);
/* The code point that ends at byte `end` > 0, and where it begins. */
uint32_t hx__clean_buf_before(const hx_clean_buf *b, size_t end, size_t *begin);

#endif
