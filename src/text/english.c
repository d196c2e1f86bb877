/* english.c - atoms of letters and digits in any alphabet but Han, and what may stand inside them.
 *
 * A run of letters, digits, marks and '_' is one atom; Japanese kana are cut where the syllabary changes. A connector joins two runs when
 * both its neighbours allow it:   ' ’  letters (don't)    .  digits (3.14)    ,  groups of three digits (1,000)    : /  digits (12:30)
 * -  ASCII letters or digits (wi-fi, 5w-30)    &  letters behind at most two letters (r&d, at&t)
 * Behind a number % belongs to it; behind a single letter ++ and # do (c++, c#). A whole e-mail address is one atom. */
#include <utf8proc.h>

#include "base/utf8.h"
#include "text/atom.h"

#define LOCAL_MAX 64u /* bytes of an e-mail address before the @ (RFC 5321) */
#define DOMAIN_MAX 255u

typedef enum { RUN_NONE = 0, RUN_LETTERS, RUN_HIRAGANA, RUN_KATAKANA } run_kind;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_alnum(char c) {
    return is_digit(c) || is_letter(c);
}

static char byte_at(hx_str s, size_t i) {
    return i < s.len ? s.ptr[i] : '\0';
}

static run_kind run_of(uint32_t cp) {
    if (cp >= 0x3041 && cp <= 0x309F) return RUN_HIRAGANA;
    if (cp >= 0x30A1 && cp <= 0x30FF && cp != 0x30FB) return RUN_KATAKANA;
    if (cp == HX_UTF8_BAD || hx_utf8_is_han(cp)) return RUN_NONE;
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return cp >= 0xFE00 && cp <= 0xFE0F ? RUN_NONE : RUN_LETTERS;
    default:
        return RUN_NONE;
    }
}

/* Whether the run may begin with cp: a mark needs a letter before it. */
static bool begins_run(uint32_t cp) {
    return utf8proc_category((utf8proc_int32_t)cp) != UTF8PROC_CATEGORY_MN;
}

/* The end of the run of one kind at `at`. */
static size_t run_end(hx_str s, size_t at) {
    run_kind kind = RUN_NONE;
    while (at < s.len) {
        char c = s.ptr[at];
        if (is_alnum(c) || (c == '_' && kind == RUN_LETTERS)) {
            if (kind != RUN_NONE && kind != RUN_LETTERS) break;
            kind = RUN_LETTERS;
            at++;
            continue;
        }
        if (!((unsigned char)c & 0x80)) break;
        size_t next = at;
        uint32_t cp = hx_utf8_next(s, &next);
        run_kind k = run_of(cp);
        if (k == RUN_NONE || (kind != RUN_NONE && k != kind) ||
            (kind == RUN_NONE && !begins_run(cp)))
            break;
        kind = k;
        at = next;
    }
    return at;
}

static bool is_thousands(hx_str s, size_t at) {
    return is_digit(byte_at(s, at + 1)) && is_digit(byte_at(s, at + 2)) &&
           is_digit(byte_at(s, at + 3)) && !is_digit(byte_at(s, at + 4));
}

/* Bytes of the connector at `at` that joins the atom from `start` with what follows, 0 = none. */
static size_t connector(hx_str s, size_t start, size_t at) {
    char before = s.ptr[at - 1], c = byte_at(s, at), after = byte_at(s, at + 1);
    switch (c) {
    case '\'':
        return is_letter(before) && is_letter(after) ? 1 : 0;
    case '.':
        return is_digit(before) && is_digit(after) ? 1 : 0;
    case ',':
        return is_digit(before) && is_thousands(s, at) ? 1 : 0;
    case ':':
    case '/':
        return is_digit(before) && is_digit(after) ? 1 : 0;
    case '-':
        return is_alnum(before) && is_alnum(after) ? 1 : 0;
    case '&':
        return is_letter(before) && is_letter(after) && at - start <= 2 ? 1 : 0;
    case '\xE2': /* U+2019, the typographic apostrophe */
        return byte_at(s, at + 1) == '\x80' && byte_at(s, at + 2) == '\x99' && is_letter(before) &&
                       is_letter(byte_at(s, at + 3))
                   ? 3
                   : 0;
    default:
        return 0;
    }
}

static bool is_local(char c) {
    return is_alnum(c) || c == '.' || c == '_' || c == '%' || c == '+' || c == '-';
}

/* The end of the domain at `at`: labels with at least one dot, the last of two letters or more; `at` where there is none. */
static size_t domain_end(hx_str s, size_t at) {
    size_t end = at, i = at, label = at;
    for (; i < s.len && i - at < DOMAIN_MAX; i++) {
        if (is_alnum(s.ptr[i]) || s.ptr[i] == '-') {
            if (label > at && i + 1 - label >= 2 && is_letter(s.ptr[i])) end = i + 1;
        } else if (s.ptr[i] == '.' && i > label) {
            label = i + 1;
        } else {
            break;
        }
    }
    return end;
}

static size_t email_end(hx_str s, size_t at) {
    size_t i = at;
    while (i < s.len && i - at < LOCAL_MAX && is_local(s.ptr[i]))
        i++;
    if (i == at || byte_at(s, i) != '@') return at;
    size_t end = domain_end(s, i + 1);
    return end > i + 1 ? end : at;
}

static size_t suffix(hx_str s, size_t start, size_t end) {
    if (is_digit(s.ptr[end - 1]) && byte_at(s, end) == '%') return end + 1;
    if (end - start != 1 || !is_letter(s.ptr[start])) return end;
    if (byte_at(s, end) == '+' && byte_at(s, end + 1) == '+') return end + 2;
    if (byte_at(s, end) == '#' && !is_alnum(byte_at(s, end + 1))) return end + 1;
    return end;
}

size_t hx__atom_latin(hx_str s, size_t at, bool *number) {
    *number = is_digit(s.ptr[at]);
    size_t end = email_end(s, at);
    if (end > at) {
        *number = false;
        return end;
    }
    end = run_end(s, at);
    if (end == at) return at;
    for (size_t n = connector(s, at, end); n > 0; n = connector(s, at, end)) {
        size_t next = run_end(s, end + n);
        if (next == end + n) break;
        end = next;
    }
    return suffix(s, at, end);
}
