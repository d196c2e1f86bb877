/* charclass.h - what cleaning does with each code point, as one byte a BMP code point (64 KB, computed at open). */
#ifndef HX_TEXT_CHARCLASS_H
#define HX_TEXT_CHARCLASS_H

#include "text/t2s.h"

typedef enum {
    HX_CC_PLAIN =
        0, /* copied; the only class of the fast path, for all letters, digits and most Han */
    HX_CC_UPPER, /* ASCII A-Z */
    HX_CC_BLANK, /* white space: folded to one blank */
    HX_CC_DROP, /* control, zero-width and other invisible characters */
    HX_CC_FOLD, /* !? , and the like: repeats become one */
    HX_CC_FOLD3, /* . - = * and the like: more than three become three */
    HX_CC_MARKUP, /* & ; < > @ : have a meaning in HTML, URLs or mentions */
    HX_CC_WIDE, /* full-width ASCII, U+FF01 to U+FF5E: one character to one */
    HX_CC_NORM, /* changed by NFKC or lower-casing, or composes with what stands before it */
    HX_CC_TRADITIONAL, /* copied, but the text needs traditional -> simplified */
    HX_CC_JOINER /* U+200D, U+FE0F: kept inside emoji only */
} hx_cc;

typedef struct hx_charclass {
    uint8_t bmp[0x10000];
} hx_charclass;

/* NULL when out of memory. `t` gives the characters that start a conversion. */
hx_charclass *hx__charclass_new(const hx_t2s *t);
void hx__charclass_free(hx_charclass *c); /* NULL is fine */

/* Of any code point; supplementary ones are computed. */
hx_cc hx__charclass_of(const hx_charclass *c, const hx_t2s *t, uint32_t cp);

/* Whether cp may compose with a character before it, or must be ordered among marks. */
bool hx__cp_composes_back(uint32_t cp);

#endif
