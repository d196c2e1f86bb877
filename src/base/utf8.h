/* utf8.h - strict UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
#ifndef HX_BASE_UTF8_H
#define HX_BASE_UTF8_H

#include "huaxiang/base.h"

#define HX_UTF8_BAD 0xFFFFFFFFu

/* Bytes of the longest valid prefix; == s.len when all is valid. Vectorised for ASCII. */
size_t hx_utf8_valid_prefix(hx_str s);
bool hx_utf8_is_valid(hx_str s);
/* The code point at s.ptr[*pos] (*pos < s.len), and *pos moved behind it. A bad byte gives HX_UTF8_BAD, one byte on. */
uint32_t hx_utf8_next(hx_str s, size_t *pos);
/* Writes cp as 1-4 bytes to out; returns the length (0 if cp is no scalar value). */
size_t hx_utf8_put(uint32_t cp, char out[4]);
size_t hx_utf8_count(hx_str s); /* code points */
/* Columns on a terminal: 0 for marks, 2 for East Asian wide and emoji, else 1. */
int hx_utf8_width(uint32_t cp);
bool hx_utf8_is_han(uint32_t cp); /* CJK ideographs incl. extensions, 〇 */

#endif
