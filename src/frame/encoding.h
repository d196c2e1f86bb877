/* encoding.h - which encoding a text is in, and its way to UTF-8.
 *
 * The decoder gives UTF-8, but for bytes it can't decode it gives HX_UNDECODED: a byte that no UTF-8 holds, so that one check
 * (strict UTF-8, in rows) finds what was wrong in any encoding, and only that row is bad. */
#ifndef HX_FRAME_ENCODING_H
#define HX_FRAME_ENCODING_H

#include "huaxiang/frame.h"
#include "base/buf.h"

#define HX_UNDECODED ((char)0xFF)

typedef struct {
    hx_encoding encoding;
    size_t bom; /* bytes of the mark at the start */
    bool utf32; /* refused: nobody means it */
} hx_encoding_guess;

/* BOM, then NUL pattern, then strict UTF-8, then strict GB18030; where neither holds, the one with fewer bad sequences.
 * `whole` = the head is the whole input (a sequence may not be cut at its end). */
hx_encoding_guess hx_encoding_detect(hx_str head, bool whole);

typedef struct {
    hx_encoding encoding;
    uint16_t *gbk; /* owned: code points of the two-byte codes, [126 * 190], 0 = none; else NULL */
    void *four; /* owned: iconv_t for four-byte codes; NULL else */
    unsigned char kept[4]; /* of a sequence cut by the end of the last input */
    size_t n_kept;
} hx_decoder;

hx_status hx_decoder_init(hx_decoder *d, hx_encoding encoding, hx_error *err) HX_MUST_USE;
void hx_decoder_release(hx_decoder *d);
/* Appends the UTF-8 of `in` to `out`; `last` = nothing follows. Not for HX_ENCODING_UTF8, which needs no decoder. */
hx_status hx_decoder_write(hx_decoder *d, hx_str in, bool last, hx_buf *out,
                           hx_error *err) HX_MUST_USE;

#endif
