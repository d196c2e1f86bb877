/* dataset_text.c - forms of a text: stripped, in lower case, and the form in which two texts are the same one.
 *
 * Two texts are the same where they agree but for width (NFKC), case (case folding of Unicode) and white space, which is left out: in Chinese
 * it says nothing, and English texts that agree without it agree with it but for typing errors. Characters are decomposed one by one, which is
 * all that comparing needs. ASCII and common Han characters take a short way. */
#include "model/dataset_parts.h"

#include <utf8proc.h>

#include "base/utf8.h"

#define DECOMPOSED_MAX 32 /* code points of one character; the longest of Unicode has 18 */

bool hx__is_blank(uint32_t cp) {
    if (cp < 0x80) return (cp >= 9 && cp <= 13) || (cp >= 28 && cp <= 32);
    return cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200B) ||
           cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000 ||
           cp == 0xFEFF;
}

static bool is_plain_han(uint32_t cp) {
    return cp >= 0x3400 && cp <= 0x9FFF;
}

hx_str hx__text_strip(hx_str s) {
    size_t begin = 0, end = 0, at = 0;
    bool started = false;
    while (at < s.len) {
        size_t from = at;
        if (hx__is_blank(hx_utf8_next(s, &at))) continue;
        if (!started) begin = from;
        started = true;
        end = at;
    }
    return started ? (hx_str){s.ptr + begin, end - begin} : (hx_str){s.ptr, 0};
}

static void put(uint32_t cp, hx_buf *out) {
    char bytes[4];
    (void)hx_buf_append(out, bytes, hx_utf8_put(cp, bytes));
}

void hx__text_lower(hx_str s, hx_buf *out) {
    if (!hx_buf_reserve(out, s.len + 4)) return;
    for (size_t at = 0; at < s.len;) {
        size_t from = at;
        uint32_t cp = hx_utf8_next(s, &at);
        if (cp < 0x80)
            (void)hx_buf_append_byte(out, (char)(cp >= 'A' && cp <= 'Z' ? cp + 32 : cp));
        else if (cp == HX_UTF8_BAD || is_plain_han(cp))
            (void)hx_buf_append(out, s.ptr + from, at - from);
        else
            put((uint32_t)utf8proc_tolower((utf8proc_int32_t)cp), out);
    }
}

static void fold_one(uint32_t cp, hx_buf *out) {
    utf8proc_int32_t parts[DECOMPOSED_MAX];
    int boundary = 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char((utf8proc_int32_t)cp, parts, DECOMPOSED_MAX,
                                UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                    UTF8PROC_STABLE | UTF8PROC_IGNORE,
                                &boundary);
    if (n < 0 || n > DECOMPOSED_MAX) {
        put(cp, out);
        return;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        if (!hx__is_blank((uint32_t)parts[i])) put((uint32_t)parts[i], out);
}

void hx__text_fold(hx_str s, hx_buf *out) {
    for (size_t at = 0; at < s.len;) {
        size_t from = at;
        uint32_t cp = hx_utf8_next(s, &at);
        if (cp == HX_UTF8_BAD || hx__is_blank(cp)) continue;
        if (cp < 0x80)
            (void)hx_buf_append_byte(out, (char)(cp >= 'A' && cp <= 'Z' ? cp + 32 : cp));
        else if (is_plain_han(cp))
            (void)hx_buf_append(out, s.ptr + from, at - from);
        else
            fold_one(cp, out);
    }
}

static bool ends_word(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool hx__next_word(hx_str s, size_t *at, hx_str *word) {
    while (*at < s.len && ends_word(s.ptr[*at]))
        ++*at;
    size_t from = *at;
    while (*at < s.len && !ends_word(s.ptr[*at]))
        ++*at;
    *word = (hx_str){s.ptr + from, *at - from};
    return word->len > 0;
}
