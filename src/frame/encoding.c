/* encoding.c - see encoding.h.
 *
 * GB18030 (GB 18030-2005): one byte 00-7F; two bytes 81-FE, 40-7E|80-FE; four bytes 81-FE 30-39 81-FE 30-39. The table
 * of the two-byte codes is made once from the C library's iconv, which also converts the rare four-byte codes.
 *
 * Which of two encodings a damaged text is in: multi-byte UTF-8 sequences hardly ever appear by chance in GB18030 text
 * (three bytes in fixed ranges, no two-byte pairs), so a text with many good sequences and few bad ones is damaged
 * UTF-8, even where its bytes also happen to be legal GB18030. Else lines are counted, so that one foreign row, however long, does not
 * decide for the others. */
#include "frame/encoding.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

#define GBK_LEADS 126 /* 81-FE */
#define GBK_TRAILS 190 /* 40-7E, 80-FE */
#define GOOD_PER_BAD                                                                               \
    4 /* good UTF-8 sequences per bad one from which a text counts as damaged UTF-8 */

typedef struct {
    size_t good; /* multi-byte sequences */
    size_t bad;
} tally;

static bool is_lead(unsigned c) {
    return c >= 0x81 && c <= 0xFE;
}

static bool is_trail(unsigned c) {
    return c >= 0x40 && c <= 0xFE && c != 0x7F;
}

static bool is_digit(unsigned c) {
    return c >= 0x30 && c <= 0x39;
}

/* Length of the sequence at p[0, n): 0 = bad, > n = cut off. */
static size_t gb_length(const unsigned char *p, size_t n) {
    if (p[0] < 0x80) return 1;
    if (!is_lead(p[0])) return 0;
    if (n < 2) return 2;
    if (is_trail(p[1])) return 2;
    if (!is_digit(p[1])) return 0;
    if (n < 3) return 4;
    if (!is_lead(p[2])) return 0;
    if (n < 4) return 4;
    return is_digit(p[3]) ? 4 : 0;
}

static tally tally_gb(hx_str s, bool whole) {
    tally t = {0, 0};
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        size_t k = gb_length(p + i, s.len - i);
        if (k > s.len - i) {
            t.bad += whole;
            break;
        }
        t.good += k > 1;
        t.bad += k == 0;
        i += k ? k : 1;
    }
    return t;
}

static tally tally_utf8(hx_str s, bool whole) {
    tally t = {0, 0};
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        uint32_t cp = hx_utf8_next(s, &i);
        if (cp == HX_UTF8_BAD) {
            /* Up to three bytes at the very end may be a sequence that the head cuts. */
            if (!whole && s.len - from < 4 && (unsigned char)s.ptr[from] >= 0xC2) break;
            t.bad++;
        } else
            t.good += cp >= 0x80;
    }
    return t;
}

typedef struct {
    size_t good; /* lines with multi-byte UTF-8, all of it valid */
    size_t bad; /* lines that are no UTF-8 */
    size_t bad_gb; /* lines that are no GB18030 */
} line_tally;

static line_tally tally_lines(hx_str s, bool whole) {
    line_tally t = {0, 0, 0};
    for (size_t at = 0; at < s.len;) {
        const char *end = memchr(s.ptr + at, '\n', s.len - at);
        hx_str line = {s.ptr + at, end ? (size_t)(end - (s.ptr + at)) : s.len - at};
        if (!end && !whole && at > 0) break;
        tally u = tally_utf8(line, true), b = tally_gb(line, true);
        t.good += u.good > 0 && u.bad == 0;
        t.bad += u.bad > 0;
        t.bad_gb += b.bad > 0;
        at += line.len + 1;
    }
    return t;
}

/* Lines of GBK are hardly ever UTF-8 with multi-byte characters by chance, while most lines of UTF-8 are legal GBK: where good lines are no
 * fewer than bad ones, the bad ones are the strangers. Else the encoding with fewer bad lines; of equals UTF-8. */
static hx_encoding encoding_of_lines(line_tally t) {
    if (t.good >= t.bad && t.good > 0) return HX_ENCODING_UTF8;
    return t.bad_gb < t.bad ? HX_ENCODING_GB18030 : HX_ENCODING_UTF8;
}

/* UTF-16 without a mark: NUL bytes in one half of the pairs (in the other they come from 一, 退, ...), in 40 % of them (Latin letters), or in 5 % of a text that is
 * no UTF-8 either (Chinese with ASCII punctuation). A stray NUL in UTF-8 is none. */
static bool nul_pattern(hx_str s, hx_encoding *encoding) {
    size_t n[2] = {0, 0};
    size_t pairs = s.len / 2;
    for (size_t i = 0; i < pairs * 2; i++)
        n[i & 1] += s.ptr[i] == 0;
    if (pairs == 0 || (n[0] == 0 && n[1] == 0)) return false;
    size_t more = n[1] > n[0] ? 1 : 0;
    if (n[more] * 20 < pairs || n[1 - more] * 3 > n[more]) return false;
    if (n[more] * 5 < pairs * 2 && hx_utf8_is_valid(s)) return false;
    *encoding = more == 1 ? HX_ENCODING_UTF16LE : HX_ENCODING_UTF16BE;
    return true;
}

static bool byte_order_mark(hx_str s, hx_encoding_guess *g) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (s.len >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
        *g = (hx_encoding_guess){HX_ENCODING_UTF8, 3, false};
        return true;
    }
    if (s.len >= 4 && (memcmp(p, "\xFF\xFE\0\0", 4) == 0 || memcmp(p, "\0\0\xFE\xFF", 4) == 0)) {
        *g = (hx_encoding_guess){HX_ENCODING_UTF8, 4, true};
        return true;
    }
    if (s.len >= 2 && (memcmp(p, "\xFF\xFE", 2) == 0 || memcmp(p, "\xFE\xFF", 2) == 0)) {
        *g =
            (hx_encoding_guess){p[0] == 0xFF ? HX_ENCODING_UTF16LE : HX_ENCODING_UTF16BE, 2, false};
        return true;
    }
    if (s.len >= 4 && memcmp(p, "\x84\x31\x95\x33", 4) == 0) {
        *g = (hx_encoding_guess){HX_ENCODING_GB18030, 4, false};
        return true;
    }
    return false;
}

hx_encoding_guess hx_encoding_detect(hx_str head, bool whole) {
    hx_encoding_guess g = {HX_ENCODING_UTF8, 0, false};
    if (byte_order_mark(head, &g) || nul_pattern(head, &g.encoding)) return g;
    tally u = tally_utf8(head, whole);
    if (u.bad == 0 || u.good > GOOD_PER_BAD * u.bad) return g;
    g.encoding = encoding_of_lines(tally_lines(head, whole));
    return g;
}

/* ------------------------------------------------------------------ decoding */

static uint32_t convert_one(iconv_t cd, const unsigned char *p, size_t n) {
    char in[4], out[8] = {0};
    memcpy(in, p, n);
    char *from = in, *to = out;
    size_t left = n, room = sizeof out;
    (void)iconv(cd, NULL, NULL, NULL, NULL);
    if (iconv(cd, &from, &left, &to, &room) == (size_t)-1 || left) return HX_UTF8_BAD;
    (void)iconv(cd, NULL, NULL, &to, &room);
    size_t pos = 0;
    hx_str got = {out, sizeof out - room};
    uint32_t cp = got.len ? hx_utf8_next(got, &pos) : HX_UTF8_BAD;
    return pos == got.len ? cp : HX_UTF8_BAD;
}

static size_t gbk_index(unsigned lead, unsigned trail) {
    return (size_t)(lead - 0x81) * GBK_TRAILS + (trail - 0x40) - (trail > 0x7F);
}

static hx_status init_gb(hx_decoder *d, hx_error *err) {
    iconv_t cd = iconv_open("UTF-8", "GB18030");
    if (cd == (iconv_t)-1)
        return hx_fail(err, HX_EUNSUPPORTED, "this system's iconv does not know GB18030");
    d->four = cd;
    d->gbk = calloc(GBK_LEADS * GBK_TRAILS, sizeof *d->gbk);
    if (!d->gbk) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (unsigned lead = 0x81; lead <= 0xFE; lead++)
        for (unsigned trail = 0x40; trail <= 0xFE; trail++) {
            unsigned char pair[2] = {(unsigned char)lead, (unsigned char)trail};
            if (trail == 0x7F) continue;
            uint32_t cp = convert_one(cd, pair, 2);
            /* A few codes lie beyond the first plane; they take the slow way. */
            d->gbk[gbk_index(lead, trail)] = cp > 0xFFFF ? 0 : (uint16_t)cp;
        }
    return HX_OK;
}

hx_status hx_decoder_init(hx_decoder *d, hx_encoding encoding, hx_error *err) {
    memset(d, 0, sizeof *d);
    d->encoding = encoding;
    if (encoding != HX_ENCODING_GB18030) return HX_OK;
    hx_status st = init_gb(d, err);
    if (st != HX_OK) hx_decoder_release(d);
    return st;
}

void hx_decoder_release(hx_decoder *d) {
    if (d->four) (void)iconv_close((iconv_t)d->four);
    free(d->gbk);
    memset(d, 0, sizeof *d);
}

static size_t put_or_mark(uint32_t cp, char *to) {
    size_t n = cp == HX_UTF8_BAD ? 0 : hx_utf8_put(cp, to);
    if (n == 0) to[n++] = HX_UNDECODED;
    return n;
}

/* Decodes one sequence at p[0, n); returns bytes used (0 = cut off), *cp. */
static size_t next_gb(const hx_decoder *d, const unsigned char *p, size_t n, uint32_t *cp) {
    size_t k = gb_length(p, n);
    if (k > n) return 0;
    *cp = HX_UTF8_BAD;
    if (k == 1) *cp = p[0];
    if (k == 2) *cp = d->gbk[gbk_index(p[0], p[1])];
    if (k == 4 || (k == 2 && *cp == 0)) *cp = convert_one((iconv_t)d->four, p, k);
    return k ? k : 1;
}

static uint32_t unit16(const unsigned char *p, bool little) {
    return little ? (uint32_t)(p[0] | p[1] << 8) : (uint32_t)(p[0] << 8 | p[1]);
}

static size_t next_utf16(const hx_decoder *d, const unsigned char *p, size_t n, uint32_t *cp) {
    bool little = d->encoding == HX_ENCODING_UTF16LE;
    if (n < 2) return 0;
    uint32_t u = unit16(p, little);
    *cp = u;
    if (u < 0xD800 || u > 0xDFFF) return 2;
    *cp = HX_UTF8_BAD;
    if (u > 0xDBFF) return 2;
    if (n < 4) return 0;
    uint32_t v = unit16(p + 2, little);
    if (v < 0xDC00 || v > 0xDFFF) return 2;
    *cp = 0x10000 + ((u - 0xD800) << 10) + (v - 0xDC00);
    return 4;
}

/* Decodes p[0, n) to `to` (room for 3 n + 4 bytes); *used stops before a sequence that is cut off. */
static size_t decode(const hx_decoder *d, const unsigned char *p, size_t n, char *to,
                     size_t *used) {
    bool gb = d->encoding == HX_ENCODING_GB18030;
    size_t out = 0, i = 0;
    while (i < n) {
        uint32_t cp = 0;
        if (gb && p[i] < 0x80) {
            to[out++] = (char)p[i++];
            continue;
        }
        size_t k = gb ? next_gb(d, p + i, n - i, &cp) : next_utf16(d, p + i, n - i, &cp);
        if (k == 0) break;
        out += put_or_mark(cp, to + out);
        i += k;
    }
    *used = i;
    return out;
}

/* The sequence begun by the kept bytes is finished first, byte by byte. */
static size_t finish_kept(hx_decoder *d, hx_str in, char *to, size_t *taken) {
    size_t out = 0;
    *taken = 0;
    while (d->n_kept > 0 && *taken < in.len) {
        d->kept[d->n_kept++] = (unsigned char)in.ptr[(*taken)++];
        size_t used = 0;
        out += decode(d, d->kept, d->n_kept, to + out, &used);
        memmove(d->kept, d->kept + used, d->n_kept - used);
        d->n_kept -= used;
    }
    return out;
}

hx_status hx_decoder_write(hx_decoder *d, hx_str in, bool last, hx_buf *out, hx_error *err) {
    size_t taken = 0, used = 0;
    if (!hx_buf_reserve(out, in.len * 3 + 32)) return hx_buf_status(out, "decoded text", err);
    out->len += finish_kept(d, in, out->ptr + out->len, &taken);
    size_t left = in.len - taken;
    if (left > 0) {
        const unsigned char *p = (const unsigned char *)in.ptr + taken;
        out->len += decode(d, p, left, out->ptr + out->len, &used);
        d->n_kept = left - used;
        memcpy(d->kept, p + used, d->n_kept);
    }
    if (last && d->n_kept > 0) {
        out->ptr[out->len++] = HX_UNDECODED;
        d->n_kept = 0;
    }
    return HX_OK;
}
