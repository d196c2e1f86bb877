/* emoji.c - whole emoji (UTS #51): a regional indicator pair, a keycap, or pictographs with variation selectors, skin tones, tags and zero
 * width joiners. Anything else that is no letter, digit or blank is one code point with the combining marks behind it.
 *
 * The sequences are those of the emoji grammar, read greedily; one that is malformed falls apart into its valid pieces, so every input
 * gives a symbol of at least one code point. Pictographs are Unicode's Extended_Pictographic, from utf8proc's tables. */
#include <utf8proc.h>

#include "base/utf8.h"
#include "text/atom.h"

#define VARIATION_16 0xFE0Fu
#define KEYCAP 0x20E3u
#define JOINER 0x200Du

static bool is_regional(uint32_t cp) {
    return cp >= 0x1F1E6 && cp <= 0x1F1FF;
}

static bool is_tone(uint32_t cp) {
    return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

static bool is_tag(uint32_t cp) {
    return cp >= 0xE0020 && cp <= 0xE007F;
}

bool hx__cp_is_pictograph(uint32_t cp) {
    return cp >= 0xA9 && utf8proc_get_property((utf8proc_int32_t)cp)->boundclass ==
                             UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

bool hx__cp_is_emoji(uint32_t cp) {
    return hx__cp_is_pictograph(cp) || is_regional(cp) || is_tone(cp);
}

static uint32_t peek(hx_str s, size_t at, size_t *next) {
    *next = at;
    return at < s.len ? hx_utf8_next(s, next) : 0;
}

static bool is_mark(uint32_t cp) {
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return cp != HX_UTF8_BAD && cp >= 0x300 &&
           (c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC || c == UTF8PROC_CATEGORY_ME);
}

static size_t skip_marks(hx_str s, size_t at, bool *keycap) {
    size_t next;
    for (uint32_t cp = peek(s, at, &next); cp && is_mark(cp); cp = peek(s, at, &next)) {
        if (cp == KEYCAP) *keycap = true;
        at = next;
    }
    return at;
}

/* Behind a pictograph: selectors, tones, tags, and joiners with the next pictograph. */
static size_t skip_sequence(hx_str s, size_t at) {
    size_t next, after;
    for (;;) {
        uint32_t cp = peek(s, at, &next);
        if (cp == VARIATION_16 || cp == KEYCAP || is_tone(cp) || is_tag(cp))
            at = next;
        else if (cp == JOINER && hx__cp_is_pictograph(peek(s, next, &after)))
            at = after;
        else
            return at;
    }
}

size_t hx__atom_keycap(hx_str s, size_t at) {
    size_t next = at + 1, end;
    if (s.ptr[at] < '0' || s.ptr[at] > '9' || next >= s.len || !((unsigned char)s.ptr[next] & 0x80))
        return at;
    uint32_t cp = peek(s, next, &end);
    if (cp == VARIATION_16) cp = peek(s, end, &end);
    return cp == KEYCAP ? end : at;
}

size_t hx__atom_symbol(hx_str s, size_t at, bool *emoji) {
    size_t next, after;
    uint32_t cp = peek(s, at, &next);
    *emoji = hx__cp_is_emoji(cp);
    if (is_regional(cp)) return is_regional(peek(s, next, &after)) ? after : next;
    if (*emoji) return skip_sequence(s, next);
    bool keycap = false;
    size_t end = skip_marks(s, next, &keycap);
    if (keycap && (cp == '#' || cp == '*')) *emoji = true;
    return end;
}
