/* error.c - finished sentences into hx_error.
 *
 * The sentence is printed in the language of err->ui (messages.c holds the Chinese forms) and then cleaned,
 * for its %s arguments may be foreign bytes on their way to a terminal or a log:
 *  - bytes that are not UTF-8, control characters (C0, DEL, C1) and the invisible direction marks that
 *    can reorder a line come out as \xNN;
 *  - what is longer than HX_MESSAGE_MAX is cut at a code point and ends in "...". */
#include "base/error.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef __clang_analyzer__
#undef hx_fail
#undef hx_fail_row
#endif

/* Longer than any message that fits, shorter than a careless frame on the stack. */
#define ERROR_RAW_MAX 2048
#define ERROR_CUT "\xE2\x80\xA6"

static bool cp_is_unsafe(uint32_t cp) {
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2066 && cp <= 0x2069) || cp == 0x200E || cp == 0x200F || cp == 0x2028 ||
           cp == 0x2029 || cp == HX_UTF8_BAD;
}

/* One code point (or bad byte) of raw[from, to) for the reader: 1-16 bytes into `out`. */
static size_t error_put(const char *raw, size_t from, size_t to, uint32_t cp, char out[17]) {
    if (!cp_is_unsafe(cp)) {
        memcpy(out, raw + from, to - from);
        return to - from;
    }
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        out[n++] = '\\';
        out[n++] = 'x';
        out[n++] = hex[(unsigned char)raw[i] >> 4];
        out[n++] = hex[(unsigned char)raw[i] & 15];
    }
    return n;
}

/* Cleans raw into message; `cut` = raw is itself only a beginning. */
static void error_clean(hx_str raw, bool cut, char message[HX_MESSAGE_MAX]) {
    const size_t room =
        HX_MESSAGE_MAX - sizeof ERROR_CUT; /* what fits with the mark and NUL behind it */
    size_t len = 0, mark = 0, pos = 0;
    while (pos < raw.len) {
        size_t from = pos;
        uint32_t cp = hx_utf8_next(raw, &pos);
        char piece[17];
        size_t n = error_put(raw.ptr, from, pos, cp, piece);
        if (len + n >= HX_MESSAGE_MAX) {
            cut = true;
            break;
        }
        memcpy(message + len, piece, n);
        len += n;
        if (len <= room) mark = len;
    }
    if (cut) {
        memcpy(message + mark, ERROR_CUT, sizeof ERROR_CUT - 1);
        len = mark + sizeof ERROR_CUT - 1;
    }
    message[len] = '\0';
}

static void error_fill(hx_error *err, hx_status code, int64_t row, const char *format,
                       va_list args) {
    const char *zh = err->ui == HX_UI_ZH ? hx_message_zh(format) : NULL;
    char raw[ERROR_RAW_MAX];
    int n = vsnprintf(raw, sizeof raw, zh ? zh : format, args);
    hx_str text = {raw, n < 0 ? 0 : (size_t)n};
    bool cut = text.len >= sizeof raw;
    if (n < 0) text = hx_str_of(format);
    if (cut) text.len = sizeof raw - 1;
    err->code = code;
    err->row = row;
    err->byte = -1;
    error_clean(text, cut, err->message);
}

hx_status hx_fail(hx_error *err, hx_status code, const char *format, ...) {
    if (!err) return code;
    va_list args;
    va_start(args, format);
    error_fill(err, code, 0, format, args);
    va_end(args);
    return code;
}

hx_status hx_fail_row(hx_error *err, hx_status code, int64_t row, const char *format, ...) {
    if (!err) return code;
    va_list args;
    va_start(args, format);
    error_fill(err, code, row, format, args);
    va_end(args);
    return code;
}

int hx_str_shown(hx_str s) {
    if (!s.ptr) return 0;
    if (s.len <= HX_STR_SHOWN_MAX) return (int)s.len;
    size_t len = HX_STR_SHOWN_MAX;
    /* Not into the middle of a sequence; bytes that are no UTF-8 anyway may be cut anywhere. */
    for (size_t back = 0; back < 3 && ((unsigned char)s.ptr[len] & 0xC0) == 0x80; back++)
        len--;
    return (int)len;
}
