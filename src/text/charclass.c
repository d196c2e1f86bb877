/* charclass.c - the class of each code point, from utf8proc's Unicode tables and OpenCC's triggers.
 *
 * Invariant: the fast path of clean.c may copy a PLAIN character whatever stands around it, and cleaning it again gives the same.
 * A character is PLAIN only if lower-casing and NFKC leave it as it is wherever it stands. White space is Unicode's White_Space; dropped are
 * controls (Cc), format characters (Cf), variation selectors and fillers, except what emoji need. */
#include "text/charclass.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

#define DECOMPOSED_MAX 32 /* the longest compatibility decomposition has 18 code points (U+FDFA) */

static bool is_blank(uint32_t cp) {
    return (cp >= 9 && cp <= 13) || cp == ' ' || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

static bool is_dropped(uint32_t cp) {
    if (cp == 0x034F || cp == 0x115F || cp == 0x1160 || cp == 0x17B4 || cp == 0x17B5 ||
        cp == 0x3164 || cp == 0xFFA0)
        return true;
    if ((cp >= 0x180B && cp <= 0x180F) || (cp >= 0xFE00 && cp <= 0xFE0F) ||
        (cp >= 0xE0100 && cp <= 0xE01EF))
        return true;
    if (cp >= 0xE0020 && cp <= 0xE007F)
        return false; /* the tags of flags: clean.c looks at what stands before */
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return c == UTF8PROC_CATEGORY_CC || c == UTF8PROC_CATEGORY_CF;
}

bool hx__cp_composes_back(uint32_t cp) {
    const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)cp);
    bool second = p->comb_index != UINT16_MAX && p->comb_index >= 0x8000;
    return p->combining_class != 0 || second || (cp >= 0x1161 && cp <= 0x1175) ||
           (cp >= 0x11A8 && cp <= 0x11C2);
}

/* Whether lower-casing or NFKC changes a lone cp. */
static bool is_changed(uint32_t cp) {
    if (cp >= 0xAC00 && cp <= 0xD7A3) return false;
    if (utf8proc_tolower((utf8proc_int32_t)cp) != (utf8proc_int32_t)cp) return true;
    utf8proc_int32_t parts[DECOMPOSED_MAX];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)cp, parts, DECOMPOSED_MAX,
                                                 UTF8PROC_COMPOSE | UTF8PROC_COMPAT, &boundary);
    if (n < 1 || n > DECOMPOSED_MAX) return true;
    n = utf8proc_normalize_utf32(parts, n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return n != 1 || parts[0] != (utf8proc_int32_t)cp;
}

static hx_cc ascii_class(uint32_t cp) {
    if (cp >= 'A' && cp <= 'Z') return HX_CC_UPPER;
    if (is_blank(cp)) return HX_CC_BLANK;
    if (cp < 32 || cp == 127) return HX_CC_DROP;
    if (strchr("!?,~", (int)cp)) return HX_CC_FOLD;
    if (strchr(".-=*_#+^|/\\", (int)cp)) return HX_CC_FOLD3;
    if (strchr("&;<>@:", (int)cp)) return HX_CC_MARKUP;
    return HX_CC_PLAIN;
}

static bool is_folded_mark(uint32_t cp) {
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
        return true;
    default:
        return false;
    }
}

static hx_cc compute(uint32_t cp) {
    if (cp < 128) return ascii_class(cp);
    if (cp == 0x200D || cp == 0xFE0F) return HX_CC_JOINER;
    if (is_blank(cp)) return HX_CC_BLANK;
    if (is_dropped(cp)) return HX_CC_DROP;
    if (cp >= 0xFF01 && cp <= 0xFF5E) return HX_CC_WIDE;
    if (hx__cp_composes_back(cp) || is_changed(cp)) return HX_CC_NORM;
    return is_folded_mark(cp) ? HX_CC_FOLD : HX_CC_PLAIN;
}

hx_cc hx__charclass_of(const hx_charclass *c, const hx_t2s *t, uint32_t cp) {
    if (cp < 0x10000) return (hx_cc)c->bmp[cp];
    if (cp >= 0xE0020 && cp <= 0xE007F) return HX_CC_JOINER;
    if (hx_utf8_is_han(cp) && hx__trie_step(&t->trie, 0, hx__trie_code(&t->trie, cp)))
        return HX_CC_TRADITIONAL;
    return compute(cp);
}

hx_charclass *hx__charclass_new(const hx_t2s *t) {
    hx_charclass *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    for (uint32_t cp = 0; cp < 0x10000; cp++)
        c->bmp[cp] = (uint8_t)(cp < 0xD800 || cp > 0xDFFF ? compute(cp) : HX_CC_DROP);
    for (size_t i = 0; i < t->n_triggers; i++)
        if (t->triggers[i] < 0x10000 && c->bmp[t->triggers[i]] == HX_CC_PLAIN)
            c->bmp[t->triggers[i]] = HX_CC_TRADITIONAL;
    return c;
}

void hx__charclass_free(hx_charclass *c) {
    free(c);
}
