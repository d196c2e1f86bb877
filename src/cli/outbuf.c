/* outbuf.c - the growing buffer of the program's output; see outbuf.h.
 *
 * Widths are those of utf8proc (Unicode's East Asian Width: wide and full-width characters take two columns). What a terminal could
 * take for a command is never passed on: C0 and C1 controls, DEL, and the marks that turn the direction of text.
 * A cell can therefore use bytes below 0x20 as its own marks (grid.c). */
#include "cli/outbuf.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#define OUTBUF_MAX ((size_t)4 << 30)

void hx_outbuf_release(hx_outbuf *b) {
    free(b->ptr);
    *b = (hx_outbuf){0};
}

static bool reserve(hx_outbuf *b, size_t more) {
    if (b->failed) return false;
    if (more <= b->cap - b->len) return true;
    size_t cap = b->cap ? b->cap : 4096;
    while (cap - b->len < more && cap < OUTBUF_MAX)
        cap *= 2;
    char *p = cap - b->len >= more ? calloc(1, cap) : NULL;
    if (!p) {
        b->failed = true;
        return false;
    }
    if (b->len > 0) memcpy(p, b->ptr, b->len);
    free(b->ptr);
    b->ptr = p;
    b->cap = cap;
    return true;
}

void hx_outbuf_bytes(hx_outbuf *b, const char *p, size_t n) {
    if (n == 0 || !reserve(b, n)) return;
    memcpy(b->ptr + b->len, p, n);
    b->len += n;
}

void hx_outbuf_text(hx_outbuf *b, const char *s) {
    hx_outbuf_bytes(b, s, strlen(s));
}

void hx_outbuf_byte(hx_outbuf *b, char c) {
    hx_outbuf_bytes(b, &c, 1);
}

void hx_outbuf_fill(hx_outbuf *b, char c, size_t n) {
    if (n == 0 || !reserve(b, n)) return;
    memset(b->ptr + b->len, c, n);
    b->len += n;
}

void hx_outbuf_printf(hx_outbuf *b, const char *format, ...) {
    char small[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n < 0) return;
    if ((size_t)n < sizeof small) {
        hx_outbuf_bytes(b, small, (size_t)n);
        return;
    }
    if (!reserve(b, (size_t)n + 1)) return;
    va_start(args, format);
    (void)vsnprintf(b->ptr + b->len, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
}

void hx_outbuf_uint(hx_outbuf *b, uint64_t v) {
    char digits[20];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    hx_outbuf_bytes(b, digits + n, sizeof digits - n);
}

void hx_outbuf_score(hx_outbuf *b, double v) {
    if (!(v >= 0 && v <= 1)) {
        hx_outbuf_printf(b, "%.6g", v);
        return;
    }
    unsigned scaled = (unsigned)(v * 10000 + 0.5);
    char text[6] = {scaled >= 10000 ? '1' : '0',      '.',
                    (char)('0' + scaled / 1000 % 10), (char)('0' + scaled / 100 % 10),
                    (char)('0' + scaled / 10 % 10),   (char)('0' + scaled % 10)};
    size_t n = sizeof text;
    while (text[n - 1] == '0')
        n--;
    hx_outbuf_bytes(b, text, text[n - 1] == '.' ? n - 1 : n);
}

/* ------------------------------------------------------------------ code points */
/* The code point at `p`, its length in *n; -1 = a foreign byte (length 1). */
static int32_t decode(const char *p, size_t left, size_t *n) {
    utf8proc_int32_t cp = -1;
    utf8proc_ssize_t used =
        utf8proc_iterate((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)left, &cp);
    *n = used > 0 ? (size_t)used : 1;
    return used > 0 ? cp : -1;
}

static bool is_dangerous(int32_t cp) {
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069) || cp == 0x200E || cp == 0x200F || cp == 0x2028 ||
           cp == 0x2029;
}

static bool is_plain(unsigned char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static void put_json_escape(hx_outbuf *b, unsigned char c) {
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i + 1 < sizeof letters - 1; i += 2)
        if (c == (unsigned char)letters[i]) {
            hx_outbuf_byte(b, '\\');
            hx_outbuf_byte(b, letters[i + 1]);
            return;
        }
    hx_outbuf_printf(b, "\\u%04x", c);
}

void hx_outbuf_json(hx_outbuf *b, hx_str s) {
    hx_outbuf_byte(b, '"');
    size_t from = 0, i = 0;
    while (i < s.len) {
        unsigned char c = (unsigned char)s.ptr[i];
        size_t n = 1;
        if (is_plain(c) || (c >= 0x80 && decode(s.ptr + i, s.len - i, &n) >= 0)) {
            i += n;
            continue;
        }
        hx_outbuf_bytes(b, s.ptr + from, i - from);
        if (c >= 0x80)
            hx_outbuf_text(b, "\xEF\xBF\xBD");
        else if (c == 0x7F)
            hx_outbuf_byte(b, (char)c);
        else
            put_json_escape(b, c);
        from = ++i;
    }
    hx_outbuf_bytes(b, s.ptr + from, s.len - from);
    hx_outbuf_byte(b, '"');
}

void hx_outbuf_csv(hx_outbuf *b, hx_str s) {
    bool quote = s.len > 0 && (s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ');
    for (size_t i = 0; i < s.len && !quote; i++)
        quote = s.ptr[i] == ',' || s.ptr[i] == '"' || s.ptr[i] == '\n' || s.ptr[i] == '\r';
    if (!quote) {
        hx_outbuf_bytes(b, s.ptr, s.len);
        return;
    }
    hx_outbuf_byte(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"') hx_outbuf_byte(b, '"');
        hx_outbuf_byte(b, s.ptr[i]);
    }
    hx_outbuf_byte(b, '"');
}

/* ------------------------------------------------------------------ for eyes */
static size_t width_of(int32_t cp) {
    int w = utf8proc_charwidth(cp);
    return w > 0 ? (size_t)w : 0;
}

/* The form of one code point, at most 8 bytes; its width in columns. */
static size_t visible_form(const char *p, size_t n, int32_t cp, char form[12], size_t *form_len) {
    int len = 0;
    if (cp == '\n' || cp == '\r' || cp == '\t')
        len = snprintf(form, 12, "\\%c", cp == '\n' ? 'n' : cp == '\r' ? 'r' : 't');
    else if (cp < 0)
        len = snprintf(form, 12, "\\x%02x", (unsigned)(unsigned char)*p);
    else if (is_dangerous(cp))
        len = snprintf(form, 12, cp < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)cp);
    if (len > 0) {
        *form_len = (size_t)len;
        return (size_t)len;
    }
    memcpy(form, p, n);
    *form_len = n;
    return width_of(cp);
}

void hx_outbuf_visible(hx_outbuf *b, hx_str s, size_t width) {
    size_t used = 0, cut_at = b->len;
    for (size_t i = 0, n = 0; i < s.len; i += n) {
        char form[12];
        size_t form_len = 0;
        int32_t cp = decode(s.ptr + i, s.len - i, &n);
        size_t w = visible_form(s.ptr + i, n, cp, form, &form_len);
        if (width > 0 && used + w > width) {
            b->len = cut_at;
            hx_outbuf_text(b, "…");
            return;
        }
        hx_outbuf_bytes(b, form, form_len);
        used += w;
        if (width == 0 || used + 1 <= width) cut_at = b->len;
    }
}

size_t hx_visible_width(hx_str s) {
    size_t width = 0;
    for (size_t i = 0, n = 0; i < s.len; i += n) {
        int32_t cp = decode(s.ptr + i, s.len - i, &n);
        width += cp < 0 ? 1 : width_of(cp);
    }
    return width;
}
