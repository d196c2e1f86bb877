/* utf8.c - strict UTF-8 (RFC 3629), table 3-7 of the Unicode standard:
 *
 *     00..7F
 *     C2..DF 80..BF
 *     E0     A0..BF 80..BF        E1..EC, EE, EF  80..BF 80..BF        ED  80..9F 80..BF
 *     F0     90..BF 80..BF 80..BF F1..F3  80..BF 80..BF 80..BF         F4  80..8F 80..BF 80..BF
 *
 * Validity runs in two gears: 16 bytes of ASCII at a time, and a run of three-byte sequences (Chinese) with one
 * branch each; all else takes the general step. No read passes s.len. */
#include "base/utf8.h"

#include <string.h>
#include <utf8proc.h>

#define ASCII_HIGH 0x8080808080808080u

static bool is_tail(unsigned char b) {
    return (b & 0xC0) == 0x80;
}

/* The length of the valid sequence at p (n > 0 bytes are there) and its code point; 0 where there is none. */
static size_t sequence_at(const unsigned char *p, size_t n, uint32_t *cp) {
    unsigned b = p[0];
    if (b < 0x80) {
        *cp = b;
        return 1;
    }
    if (b < 0xC2 || b > 0xF4) return 0;
    if (b < 0xE0) {
        if (n < 2 || !is_tail(p[1])) return 0;
        *cp = (b & 0x1Fu) << 6 | (p[1] & 0x3Fu);
        return 2;
    }
    if (b < 0xF0) {
        if (n < 3 || !is_tail(p[1]) || !is_tail(p[2])) return 0;
        *cp = (b & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        return *cp >= 0x800 && (*cp < 0xD800 || *cp > 0xDFFF) ? 3 : 0;
    }
    if (n < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3])) return 0;
    *cp = (b & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    return *cp >= 0x10000 && *cp <= 0x10FFFF ? 4 : 0;
}

static size_t skip_ascii(const unsigned char *p, size_t i, size_t n) {
    while (n - i >= 16) {
        uint64_t a, b;
        memcpy(&a, p + i, 8);
        memcpy(&b, p + i + 8, 8);
        if ((a | b) & ASCII_HIGH) break;
        i += 16;
    }
    while (i < n && p[i] < 0x80)
        i++;
    return i;
}

/* Three-byte sequences with lead E1..EC, EE, EF, whose tails need no special range. One branch a sequence: the
 * wrong bits of all three bytes are gathered first. */
static size_t skip_three(const unsigned char *p, size_t i, size_t n) {
    while (n - i >= 3) {
        unsigned lead = p[i], wrong = (p[i + 1] ^ 0x80u) | (p[i + 2] ^ 0x80u);
        if ((wrong & 0xC0) || lead - 0xE1u > 0xEFu - 0xE1u || lead == 0xED) break;
        i += 3;
    }
    return i;
}

size_t hx_utf8_valid_prefix(hx_str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0;
    while (i < s.len) {
        if (p[i] < 0x80) {
            i = skip_ascii(p, i, s.len);
            continue;
        }
        size_t from = i;
        i = skip_three(p, i, s.len);
        if (i != from) continue;
        uint32_t cp;
        size_t len = sequence_at(p + i, s.len - i, &cp);
        if (len == 0) break;
        i += len;
    }
    return i;
}

bool hx_utf8_is_valid(hx_str s) {
    return hx_utf8_valid_prefix(s) == s.len;
}

uint32_t hx_utf8_next(hx_str s, size_t *pos) {
    uint32_t cp;
    size_t len = sequence_at((const unsigned char *)s.ptr + *pos, s.len - *pos, &cp);
    *pos += len ? len : 1;
    return len ? cp : HX_UTF8_BAD;
}

size_t hx_utf8_put(uint32_t cp, char out[4]) {
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) return 0;
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (cp & 0x3F));
        cp >>= 6;
    }
    out[0] = (char)((0xF00u >> n & 0xF0) | cp);
    return n;
}

size_t hx_utf8_count(hx_str s) {
    size_t n = 0, pos = 0;
    while (pos < s.len) {
        hx_str rest = {s.ptr + pos, s.len - pos};
        size_t good = hx_utf8_valid_prefix(rest);
        for (size_t i = 0; i < good; i++)
            n += !is_tail((unsigned char)rest.ptr[i]);
        pos += good;
        if (pos < s.len) {
            n++; /* a bad byte, as hx_utf8_next() counts it */
            pos++;
        }
    }
    return n;
}

int hx_utf8_width(uint32_t cp) {
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) return 0;
    if (cp < 0x300) return 1;
    /* Pictographs that terminals draw wide whatever East_Asian_Width of older tables says. */
    if ((cp >= 0x1F300 && cp <= 0x1F64F) || (cp >= 0x1F680 && cp <= 0x1F6FF) ||
        (cp >= 0x1F900 && cp <= 0x1F9FF) || (cp >= 0x1FA70 && cp <= 0x1FAFF))
        return 2;
    if (cp > 0x10FFFF) return 1;
    int width = utf8proc_charwidth((utf8proc_int32_t)cp);
    return width < 0 ? 0 : width;
}

bool hx_utf8_is_han(uint32_t cp) {
    if (cp < 0x3400) return cp == 0x3007;
    return cp <= 0x4DBF || (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0xF900 && cp <= 0xFAFF) ||
           (cp >= 0x20000 && cp <= 0x2FA1F) || (cp >= 0x30000 && cp <= 0x323AF);
}
