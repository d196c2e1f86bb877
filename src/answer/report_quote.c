/* report_quote.c - what customers said, verbatim: masked, cut to a sentence, the newest of each mood, no near duplicates.
 *
 * Masking here is blunt on purpose: a report is passed around. Every run of 7 digits or more (blanks, dashes and dots between
 * digits belong to it; full-width digits too) keeps its first 3 and last 2 digits, every mail address its first letter.
 * A date (2026-03-05) is no such number. Masking keeps the length in bytes, so that offsets still hold. */
#include <stdlib.h>
#include <string.h>

#include "answer/report.h"
#include "base/hash.h"
#include "base/utf8.h"

#define DIGITS_MIN 7
#define NEAR_BITS 3
#define MASK_MARGIN 64 /* bytes about a cut in which a number that it divides is still seen */

/* ------------------------------------------------------------------ masking */
/* Bytes of a digit at s[at] (1, or 3 for a full-width one), 0 for none. */
static size_t digit_at(hx_str s, size_t at) {
    const unsigned char *p = (const unsigned char *)s.ptr + at;
    if (*p >= '0' && *p <= '9') return 1;
    bool wide = s.len - at >= 3 && p[0] == 0xEF && p[1] == 0xBC && p[2] >= 0x90 && p[2] <= 0x99;
    return wide ? 3 : 0;
}

/* End of a run of digits that begins at `at`, with how many there are. A lone blank, dash or dot between digits belongs to it. */
static size_t digits_end(hx_str s, size_t at, size_t *count) {
    size_t end = at, len;
    for (*count = 0; at < s.len; at += len) {
        len = digit_at(s, at);
        if (len > 0) {
            (*count)++;
            end = at + len;
        } else if (at == end && (s.ptr[at] == ' ' || s.ptr[at] == '-')) {
            len = 1;
        } else {
            break;
        }
    }
    return end;
}

/* YYYY-MM-DD is no number to hide. */
static bool is_date(hx_str s, size_t at) {
    if (s.len - at < 10 || s.ptr[at + 4] != '-' || s.ptr[at + 7] != '-') return false;
    for (size_t i = 0; i < 10; i++)
        if (i != 4 && i != 7 && digit_at(s, at + i) != 1) return false;
    return s.len - at == 10 || digit_at(s, at + 10) == 0;
}

static void mask_digits(char *out, size_t from, size_t to, size_t count) {
    hx_str s = {out, to};
    size_t seen = 0;
    for (size_t i = from; i < to;) {
        size_t len = digit_at(s, i);
        if (len == 1 && seen >= 3 && seen + 2 < count) out[i] = '*';
        /* U+FF0A, the asterisk as wide as the digit it stands for */
        if (len == 3 && seen >= 3 && seen + 2 < count) memcpy(out + i, "\xEF\xBC\x8A", 3);
        seen += len > 0;
        i += len ? len : 1;
    }
}

static bool is_mail_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '+' || c == '%';
}

static void mask_mail(char *out, size_t len, size_t at) {
    bool behind = at + 1 < len && is_mail_char(out[at + 1]);
    size_t from = at;
    while (behind && from > 0 && is_mail_char(out[from - 1]))
        from--;
    for (size_t i = from + 1; i < at; i++)
        out[i] = '*';
}

hx_str hx__report_mask(hx_str text, hx_arena *arena) {
    hx_str copy = hx_arena_str(arena, text);
    if (!copy.ptr) return copy;
    char *out = (char *)(uintptr_t)copy.ptr;
    for (size_t i = 0; i < copy.len; i++)
        if (out[i] == '@') mask_mail(out, copy.len, i);
    for (size_t i = 0; i < copy.len;) {
        size_t count, end;
        if (digit_at(copy, i) == 0) {
            end = i + 1;
        } else if (is_date(copy, i)) {
            end = i + 10;
        } else {
            end = digits_end(copy, i, &count);
            if (count >= DIGITS_MIN) mask_digits(out, i, end, count);
        }
        i = end;
    }
    return copy;
}

/* ------------------------------------------------------------------ cutting */
static bool is_inside(hx_str s, size_t at) {
    return at < s.len && ((unsigned char)s.ptr[at] & 0xC0) == 0x80;
}

static bool ends_sentence(hx_str s, size_t at) {
    char c = s.ptr[at];
    if (c == '\n' || c == '!' || c == '?') return true;
    if (c == '.') return at + 1 == s.len || s.ptr[at + 1] == ' ';
    /* the last byte of 。 (E3 80 82), ！ (EF BC 81), ？ (EF BC 9F) */
    if (at < 2) return false;
    return memcmp(s.ptr + at - 2, "。", 3) == 0 || memcmp(s.ptr + at - 2, "！", 3) == 0 ||
           memcmp(s.ptr + at - 2, "？", 3) == 0;
}

hx_span hx__report_cut(hx_str text, uint32_t at) {
    if (text.len <= HX_REPORT_QUOTE_BYTES) return (hx_span){0, (uint32_t)text.len};
    if (at >= text.len) at = 0;
    size_t from = at, least = at > HX_REPORT_QUOTE_BYTES / 2 ? at - HX_REPORT_QUOTE_BYTES / 2 : 0;
    while (from > least && !ends_sentence(text, from - 1))
        from--;
    while (from > 0 && is_inside(text, from))
        from--;
    size_t to = from + HX_REPORT_QUOTE_BYTES < text.len ? from + HX_REPORT_QUOTE_BYTES : text.len;
    while (to > from && is_inside(text, to))
        to--;
    return (hx_span){(uint32_t)from, (uint32_t)to};
}

hx_str hx__report_mask_cut(hx_str text, hx_span cut, hx_arena *arena) {
    size_t from = cut.start > MASK_MARGIN ? cut.start - MASK_MARGIN : 0;
    size_t to = text.len - cut.end > MASK_MARGIN ? cut.end + MASK_MARGIN : text.len;
    hx_str all = hx__report_mask((hx_str){text.ptr + from, to - from}, arena);
    if (!all.ptr) return all;
    return (hx_str){all.ptr + (cut.start - from), cut.end - cut.start};
}

hx_str hx__report_shorten(hx_str s, size_t most) {
    if (s.len <= most) return s;
    while (most > 0 && is_inside(s, most))
        most--;
    return (hx_str){s.ptr, most};
}

/* ------------------------------------------------------------------ lists */
/* Slots of a mood: negative 0-3, neutral 4, positive 5-8. */
static void slots_of(hx_sentiment_label label, size_t *from, size_t *n) {
    *from = label == HX_SENTIMENT_NEGATIVE ? 0 : label == HX_SENTIMENT_POSITIVE ? 5 : 4;
    *n = *from == 4 ? 1 : 4;
}

static bool is_near(uint64_t a, uint64_t b) {
    return __builtin_popcountll(a ^ b) <= NEAR_BITS;
}

static bool is_newer(int64_t time, uint64_t event, const hx_report_quote *q) {
    return time != q->time ? time > q->time : event > q->event;
}

/* The slot an event may take, or -1: a free one, else the oldest where the event is newer. */
static int slot_for(const hx_report *r, const hx_report_list *list, const hx_event *e,
                    hx_sentiment_label label) {
    size_t from, n;
    int oldest = -1;
    slots_of(label, &from, &n);
    for (size_t i = 0; i < HX_REPORT_SLOTS; i++) {
        if (!list->quote[i]) continue;
        const hx_report_quote *q = &hx__report_quotes(r)[list->quote[i] - 1];
        if (!is_near(q->similarity, e->annotation->similarity)) continue;
        bool replaces = i >= from && i < from + n && is_newer(e->time, hx_event_id(e), q);
        return replaces ? (int)i : -1;
    }
    for (size_t i = from; i < from + n; i++) {
        if (!list->quote[i]) return (int)i;
        const hx_report_quote *q = &hx__report_quotes(r)[list->quote[i] - 1];
        if (oldest < 0 ||
            !is_newer(q->time, q->event, &hx__report_quotes(r)[list->quote[oldest] - 1]))
            oldest = (int)i;
    }
    bool newer = oldest >= 0 &&
                 is_newer(e->time, hx_event_id(e), &hx__report_quotes(r)[list->quote[oldest] - 1]);
    return newer ? oldest : -1;
}

static hx_str item_name(const hx_report *r, const hx_event *e) {
    hx_str key = e->item.len > 0 ? e->item : e->item_name;
    uint64_t *at = key.len ? hx_map_get(&r->item_index, hx_hash(key)) : NULL;
    return at ? hx__report_items(r)[*at - 1].name : (hx_str){NULL, 0};
}

/* text[cut], masked, with an ellipsis where it ends early. */
static hx_str quoted(const hx_report *r, hx_str text, hx_span cut) {
    static const char ellipsis[] = "\xE2\x80\xA6";
    hx_str masked = hx__report_mask_cut(text, cut, r->arena);
    if (!masked.ptr || cut.end == text.len) return masked;
    char *copy = hx_arena_alloc(r->arena, masked.len + sizeof ellipsis);
    if (!copy) return (hx_str){NULL, 0};
    if (masked.len) memcpy(copy, masked.ptr, masked.len);
    memcpy(copy + masked.len, ellipsis, sizeof ellipsis);
    return (hx_str){copy, masked.len + sizeof ellipsis - 1};
}

/* The place of an event's quote in r->quotes, plus 1; 0 = out of memory. */
static uint32_t quote_of(hx_report *r, uint64_t person, const hx_event *e, uint32_t at) {
    hx_span cut = hx__report_cut(e->text, at);
    uint64_t *index =
        hx_map_put(&r->quote_index, hx_hash_mix(hx_event_id(e), (uint64_t)cut.start + 1));
    if (!index) r->quotes.no_memory = true;
    if (!index || *index) return index ? (uint32_t)*index : 0;
    hx_report_quote q = {.event = hx_event_id(e),
                         .person = person,
                         .similarity = e->annotation->similarity,
                         .time = e->time,
                         .item = item_name(r, e),
                         .label = e->annotation->sentiment.label,
                         .rating = e->rating,
                         .number = -1};
    q.text = quoted(r, e->text, cut);
    if (!q.text.ptr || !hx_buf_append(&r->quotes, &q, sizeof q)) {
        r->quotes.no_memory = true;
        return 0;
    }
    *index = r->quotes.len / sizeof q;
    return (uint32_t)*index;
}

void hx__report_offer(hx_report *r, hx_report_list *list, uint64_t person, const hx_event *e,
                      uint32_t at, hx_sentiment_label label) {
    int slot = slot_for(r, list, e, label);
    if (slot < 0) return;
    uint32_t quote = quote_of(r, person, e, at);
    if (quote) list->quote[slot] = quote;
}

size_t hx__report_list_sorted(const hx_report *r, const hx_report_list *list,
                              uint32_t out[HX_REPORT_SLOTS]) {
    size_t n = 0;
    for (size_t i = 0; i < HX_REPORT_SLOTS; i++) {
        if (!list->quote[i]) continue;
        const hx_report_quote *q = &hx__report_quotes(r)[list->quote[i] - 1];
        size_t at = n++;
        while (at > 0 && is_newer(q->time, q->event, &hx__report_quotes(r)[out[at - 1]])) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = list->quote[i] - 1;
    }
    return n;
}

int32_t hx__report_number_quote(hx_report *r, uint32_t quote) {
    hx_report_quote *q = &hx__report_quotes(r)[quote];
    if (q->number < 0) q->number = r->n_numbered++;
    return q->number;
}

int32_t hx__report_quote_number(hx_report *r, uint64_t person, const hx_event *e) {
    uint32_t at =
        e->annotation->sentiment.n_evidence ? e->annotation->sentiment.evidence[0].span.start : 0;
    uint32_t quote = quote_of(r, person, e, at);
    return quote ? hx__report_number_quote(r, quote - 1) : -1;
}
