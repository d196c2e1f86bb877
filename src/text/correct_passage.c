/* correct_passage.c - which bytes of a text stay as they are, and where its passages end.
 *
 * A passage ends behind a mark of an end (。！？；… ! ? ; a line's end, or a full stop before a blank) that is not kept itself. Edits never put in or
 * take out such marks, so a corrected text has the passages of the text as given, each corrected.
 *
 * Kept: runs of ASCII that hold a digit, or an '@', '_', '/', '\\', or a dot or colon between letters (order numbers, prices, e-mail addresses,
 * links, files, versions); words with capitals behind small letters, or of two to five capitals (iPhone, APP); @name, #tag#, 《title》; and the phrases
 * of the caller. A word of the caller's in Latin letters is found as a whole word only, in any case. */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "text/correct.h"

#define PHRASE_MAX 63 /* bytes: their lengths are bits of one number */
#define PHRASES_CAP ((size_t)16 << 20)
#define TITLE_MAX 120 /* bytes between 《 and 》, or # and # */

static bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ------------------------------------------------------------------ runs of ASCII */
static size_t run_end(hx_str s, size_t at) {
    while (at < s.len && s.ptr[at] > 0x20 && s.ptr[at] < 0x7F)
        at++;
    return at;
}

static bool is_code(hx_str run) {
    for (size_t i = 0; i < run.len; i++) {
        char c = run.ptr[i];
        if (is_digit(c) || (c && strchr("@_/\\#=&+~|<>{}[]^`", c))) return true;
        bool inside =
            i > 0 && i + 1 < run.len && is_alpha(run.ptr[i - 1]) && is_alpha(run.ptr[i + 1]);
        if (inside && c == ':') return true;
        /* "shop.com", but not "good.But" */
        if (inside && c == '.' && run.ptr[i + 1] >= 'a') return true;
    }
    return false;
}

static void keep_words(hx_str run, uint8_t *kept) {
    for (size_t i = 0; i < run.len; i++) {
        size_t from = i, upper = 0, inner = 0;
        for (; i < run.len && is_alpha(run.ptr[i]); i++) {
            bool capital = run.ptr[i] <= 'Z';
            upper += capital;
            inner += capital && i > from && run.ptr[i - 1] >= 'a';
        }
        size_t n = i - from;
        if (inner > 0 || (n >= 2 && n <= 5 && upper == n)) memset(kept + from, 1, n);
    }
}

static void keep_ascii(hx_str text, uint8_t *kept) {
    for (size_t at = 0; at < text.len; at++) {
        size_t end = run_end(text, at);
        hx_str run = {text.ptr + at, end - at};
        if (run.len > 0 && is_code(run))
            memset(kept + at, 1, run.len);
        else if (run.len > 0)
            keep_words(run, kept + at);
        at = end;
    }
}

/* ------------------------------------------------------------------ marks around */
static void keep_between(hx_str text, const char *open, const char *close, uint8_t *kept) {
    size_t n = strlen(open), m = strlen(close);
    for (size_t at = 0; at + n + m <= text.len; at++) {
        if (memcmp(text.ptr + at, open, n) != 0) continue;
        for (size_t end = at + n; end + m <= text.len && end - at <= TITLE_MAX; end++) {
            if (text.ptr[end] == '\n') break;
            if (memcmp(text.ptr + end, close, m) != 0) continue;
            memset(kept + at, 1, end + m - at);
            at = end + m - 1;
            break;
        }
    }
}

/* @name: up to the next blank or mark. */
static void keep_mentions(hx_str text, uint8_t *kept) {
    for (size_t at = 0; at < text.len; at++) {
        if (text.ptr[at] != '@') continue;
        size_t end = at + 1, next;
        for (; end < text.len && end - at < 48; end = next) {
            next = end;
            uint32_t cp = hx_utf8_next(text, &next);
            bool name =
                hx_utf8_is_han(cp) ||
                (cp < 128 && (is_alpha((char)cp) || is_digit((char)cp) || cp == '_' || cp == '-'));
            if (!name) break;
        }
        memset(kept + at, 1, end - at);
    }
}

/* ------------------------------------------------------------------ the caller's */
static size_t fold(hx_str s, char out[PHRASE_MAX + 1]) {
    for (size_t i = 0; i < s.len && i <= PHRASE_MAX; i++)
        out[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] + 32) : s.ptr[i];
    return s.len;
}

static bool whole_word(hx_str text, size_t at, size_t n) {
    bool left = at == 0 || !is_alpha(text.ptr[at - 1]) || !is_alpha(text.ptr[at]);
    bool right =
        at + n == text.len || !is_alpha(text.ptr[at + n]) || !is_alpha(text.ptr[at + n - 1]);
    return left && right;
}

static void keep_phrases(hx_str text, const hx_map *phrases, uint64_t lengths, uint8_t *kept) {
    char folded[PHRASE_MAX + 1];
    for (size_t at = 0; at < text.len; at++)
        for (size_t n = 1; n <= PHRASE_MAX && at + n <= text.len; n++) {
            if (!(lengths >> n & 1) || !whole_word(text, at, n)) continue;
            hx_str key = {folded, fold((hx_str){text.ptr + at, n}, folded)};
            if (hx_map_get(phrases, hx_hash(key))) memset(kept + at, 1, n);
        }
}

void hx__correct_keep(hx_str text, const hx_map *phrases, const uint64_t *lengths, uint8_t *kept) {
    memset(kept, 0, text.len);
    keep_ascii(text, kept);
    keep_between(text, "《", "》", kept);
    keep_between(text, "#", "#", kept);
    keep_mentions(text, kept);
    if (*lengths) keep_phrases(text, phrases, *lengths, kept);
}

static hx_status add_phrase(hx_str line, hx_map *phrases, uint64_t *lengths, hx_error *err) {
    char folded[PHRASE_MAX + 1];
    size_t n = 0;
    while (n < line.len && line.ptr[n] != '\t')
        n++;
    while (n > 0 && (line.ptr[n - 1] == ' ' || line.ptr[n - 1] == '\r'))
        n--;
    if (n == 0 || n > PHRASE_MAX) return HX_OK;
    hx_str key = {folded, fold((hx_str){line.ptr, n}, folded)};
    uint64_t *value = hx_map_put(phrases, hx_hash(key));
    if (!value) return hx_fail(err, HX_ENOMEM, "out of memory");
    *value = 1;
    *lengths |= (uint64_t)1 << n;
    return HX_OK;
}

hx_status hx__correct_phrases(const char *path, hx_map *phrases, uint64_t *lengths, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, PHRASES_CAP);
    hx_status st = hx_file_read(path, &b, err);
    for (size_t at = 0; st == HX_OK && at < b.len;) {
        const char *end = memchr(b.ptr + at, '\n', b.len - at);
        size_t n = end ? (size_t)(end - b.ptr) - at : b.len - at;
        st = add_phrase((hx_str){b.ptr + at, n}, phrases, lengths, err);
        at += n + 1;
    }
    hx_buf_release(&b);
    return st;
}

/* ------------------------------------------------------------------ passages */
static bool ends_here(hx_str text, uint32_t cp, size_t next) {
    if (cp == '\n' || cp == '!' || cp == '?' || cp == ';') return true;
    if (cp == 0x3002 || cp == 0xFF01 || cp == 0xFF1F || cp == 0xFF1B || cp == 0x2026) return true;
    return cp == '.' && (next == text.len || text.ptr[next] == ' ' || text.ptr[next] == '\n');
}

size_t hx__passage_end(hx_str text, const uint8_t *kept, size_t at) {
    while (at < text.len) {
        size_t next = at;
        uint32_t cp = hx_utf8_next(text, &next);
        if (!kept[at] && ends_here(text, cp, next)) return next;
        at = next;
    }
    return at;
}
