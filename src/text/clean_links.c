/* clean_links.c - URLs and @mentions become a blank, in place over the cleaned text.
 *
 * A URL begins with http:// https:// ftp:// or www. where no ASCII letter or digit stands before it and one behind, and goes on over the ASCII
 * characters that RFC 3986 allows; closing punctuation at its end belongs to the sentence. A mention is @ and up to 30 letters, digits, _ or - of any
 * alphabet, the first no digit, where what stands before @ can be no part of an e-mail address. */
#include <utf8proc.h>

#include "base/utf8.h"
#include "text/cleaner.h"

#define MENTION_MAX 30u

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_url_char(char c) {
    return c > ' ' && c < 127 && !strchr("<>\"\\^`{|}", c);
}

static bool begins_with(hx_str s, const char *prefix) {
    size_t i = 0;
    for (; prefix[i]; i++)
        if (i >= s.len || (is_alnum(s.ptr[i]) ? (s.ptr[i] | 32) : s.ptr[i]) != prefix[i])
            return false;
    return true;
}

/* A full-width mark became ASCII, but ends a URL. */
static bool goes_on(const hx_clean_buf *b, size_t at) {
    return is_alnum(b->text[at]) || (is_url_char(b->text[at]) && b->ends[at] == b->starts[at] + 1);
}

static size_t url_len(const hx_clean_buf *b, size_t from) {
    hx_str s = {b->text + from, b->len - from};
    static const char *const prefixes[] = {"http://", "https://", "ftp://", "www."};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (!begins_with(s, prefixes[i])) continue;
        size_t prefix = strlen(prefixes[i]), n = prefix;
        if (n >= s.len || !is_alnum(s.ptr[n])) return 0;
        while (n < s.len && goes_on(b, from + n))
            n++;
        while (n > prefix && strchr(".,!?;:'*~)]-=", s.ptr[n - 1]))
            n--;
        return n > prefix ? n : 0;
    }
    return 0;
}

static bool is_name_char(uint32_t cp) {
    if (cp < 128) return is_alnum((char)cp) || cp == '_' || cp == '-';
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

static size_t mention_len(hx_str s) {
    size_t n = 1, next = 1;
    for (unsigned count = 0; n < s.len && count < MENTION_MAX; count++) {
        uint32_t cp = hx_utf8_next(s, &next);
        if (!is_name_char(cp) || (count == 0 && (cp == '-' || (cp < 128 && is_digit((char)cp)))))
            break;
        n = next;
    }
    return n > 1 ? n : 0;
}

/* Bytes of the link at `from`, given what was kept before it. */
static size_t link_len(const hx_clean_buf *b, size_t from, size_t kept) {
    char c = b->text[from], before = kept ? b->text[kept - 1] : ' ';
    if (c == '@')
        return is_alnum(before) || strchr("._%+-", before)
                   ? 0
                   : mention_len((hx_str){b->text + from, b->len - from});
    c = (char)(c | 32);
    return (c == 'h' || c == 'f' || c == 'w') && !is_alnum(before) ? url_len(b, from) : 0;
}

/* The variation selector of a keycap whose digit goes with the link. */
static size_t selector_len(const hx_clean_buf *b, size_t at) {
    return b->len - at >= 3 && memcmp(b->text + at, "\xEF\xB8\x8F", 3) == 0 ? 3 : 0;
}

static void keep_blank(hx_clean_buf *b, size_t *kept, uint32_t start, uint32_t end) {
    if (*kept == 0) return;
    if (b->text[*kept - 1] == ' ') {
        b->ends[*kept - 1] = end;
        return;
    }
    b->text[*kept] = ' ';
    b->starts[*kept] = start;
    b->ends[(*kept)++] = end;
}

bool hx__clean_drop_links(hx_clean_buf *b) {
    size_t kept = 0;
    bool dropped = false;
    for (size_t from = 0; from < b->len;) {
        size_t n = link_len(b, from, kept);
        if (n > 0 || b->text[from] == ' ') {
            dropped |= n > 0;
            n = n > 0 ? n + selector_len(b, from + n) : 1;
            keep_blank(b, &kept, b->starts[from], b->ends[from + n - 1]);
            from += n;
            continue;
        }
        b->text[kept] = b->text[from];
        b->starts[kept] = b->starts[from];
        b->ends[kept++] = b->ends[from++];
    }
    if (kept > 0 && b->text[kept - 1] == ' ') kept--;
    b->len = kept;
    return dropped;
}
