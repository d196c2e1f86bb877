/* json_writer.c - JSON out: a stream of calls becomes text in a buffer, without a tree in between.
 *
 * The writer keeps one flag a level (has an item: a comma is due). Unbalanced or too deep calls are defects of the
 * caller and fail the buffer, never write outside the struct. The output is always valid UTF-8: bad bytes become
 * U+FFFD, one each. Numbers do not depend on the locale. */
#include "base/json.h"
#include "base/utf8.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_REPLACEMENT "\xEF\xBF\xBD"

void hx_json_begin(hx_json_writer *w, hx_buf *out) {
    memset(w, 0, sizeof *w);
    w->out = out;
}

/* The comma before an item, unless it is the value of a key just written. */
static void json_separate(hx_json_writer *w) {
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0) return;
    if (w->has_item[w->depth - 1]) hx_buf_append_byte(w->out, ',');
    w->has_item[w->depth - 1] = 1;
}

static void json_enter(hx_json_writer *w, char bracket) {
    json_separate(w);
    if (w->depth == HX_JSON_DEPTH_MAX) {
        w->out->failed = true;
        return;
    }
    w->has_item[w->depth++] = 0;
    hx_buf_append_byte(w->out, bracket);
}

static void json_leave(hx_json_writer *w, char bracket) {
    if (w->depth == 0) {
        w->out->failed = true;
        return;
    }
    w->depth--;
    hx_buf_append_byte(w->out, bracket);
}

void hx_json_object(hx_json_writer *w) {
    json_enter(w, '{');
}

void hx_json_end_object(hx_json_writer *w) {
    json_leave(w, '}');
}

void hx_json_array(hx_json_writer *w) {
    json_enter(w, '[');
}

void hx_json_end_array(hx_json_writer *w) {
    json_leave(w, ']');
}

static bool json_must_escape(char c) {
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static void json_put_escape(hx_buf *out, char c) {
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    const char *at = memchr(from, c, sizeof from - 1);
    if (at) {
        hx_buf_append_byte(out, '\\');
        hx_buf_append_byte(out, to[at - from]);
    } else {
        hx_buf_printf(out, "\\u%04x", (unsigned)(unsigned char)c);
    }
}

static void json_put_valid(hx_buf *out, hx_str s) {
    size_t from = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!json_must_escape(s.ptr[i])) continue;
        hx_buf_append(out, s.ptr + from, i - from);
        json_put_escape(out, s.ptr[i]);
        from = i + 1;
    }
    if (s.len > from) hx_buf_append(out, s.ptr + from, s.len - from);
}

static void json_put_string(hx_buf *out, hx_str s) {
    hx_buf_append_byte(out, '"');
    while (s.len > 0) {
        size_t good = hx_utf8_valid_prefix(s);
        json_put_valid(out, (hx_str){s.ptr, good});
        if (good < s.len) {
            hx_buf_append_lit(out, JSON_REPLACEMENT);
            good++;
        }
        s = (hx_str){s.ptr + good, s.len - good};
    }
    hx_buf_append_byte(out, '"');
}

void hx_json_key_str(hx_json_writer *w, hx_str key) {
    json_separate(w);
    json_put_string(w->out, key);
    hx_buf_append_byte(w->out, ':');
    w->after_key = true;
}

void hx_json_key(hx_json_writer *w, const char *key) {
    hx_json_key_str(w, hx_str_of(key));
}

void hx_json_str(hx_json_writer *w, hx_str s) {
    json_separate(w);
    json_put_string(w->out, s);
}

void hx_json_cstr(hx_json_writer *w, const char *s) {
    hx_json_str(w, hx_str_of(s));
}

void hx_json_int(hx_json_writer *w, int64_t v) {
    char digits[20];
    size_t at = sizeof digits;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u);
    if (v < 0) digits[--at] = '-';
    json_separate(w);
    hx_buf_append(w->out, digits + at, sizeof digits - at);
}

void hx_json_double(hx_json_writer *w, double v) {
    if (!isfinite(v)) {
        hx_json_null(w);
        return;
    }
    /* Whole numbers below 2^53 are exact and need no search; it also keeps 1e15 from coming out as "1e+15" and
     * gives minus zero, which equals zero, its shorter form. */
    if (fabs(v) < 0x1p53 && floor(v) == v) {
        hx_json_int(w, (int64_t)v);
        return;
    }
    /* 15 digits always survive a normal double; subnormal ones carry fewer. */
    char text[40];
    for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v) break;
    }
    char *comma = strchr(text, ',');
    if (comma) *comma = '.';
    json_separate(w);
    hx_buf_append_lit(w->out, text);
}

void hx_json_bool(hx_json_writer *w, bool v) {
    json_separate(w);
    hx_buf_append_lit(w->out, v ? "true" : "false");
}

void hx_json_null(hx_json_writer *w) {
    json_separate(w);
    hx_buf_append_lit(w->out, "null");
}

void hx_json_raw(hx_json_writer *w, hx_str json) {
    json_separate(w);
    hx_buf_append_str(w->out, json);
}
