/* words.c - the public faces of cleaning and of cutting into words, with spans in the original text.
 *
 * Cleaning drops bytes (tags, URLs, mentions, controls, invalid bytes). hx_text_words() gives them back as words of their own with an empty
 * text: what lies between two words, cut at white space (not inside <...>) and around tags. So the spans of all words, put together, are
 * the original without its white space, whatever the input. */
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/wordseg.h"

hx_status hx_text_clean(hx_annotator *a, hx_str text, const hx_clean_options *options,
                        hx_arena *arena, hx_clean_text *out, hx_error *err) {
    hx_clean_rules rules = {0};
    if (options)
        rules = (hx_clean_rules){.keep_traditional = options->keep_traditional,
                                 .keep_case = options->keep_case,
                                 .keep_urls = options->keep_urls};
    hx_clean c;
    HX_TRY(hx__clean(a, text, &rules, &c, err));
    size_t n = c.text.len;
    uint32_t *offsets = hx_arena_alloc(arena, (n + 1) * sizeof *offsets);
    hx_str copy = hx_arena_str(arena, c.text);
    if (!offsets || (n > 0 && !copy.ptr))
        return hx_fail(err, HX_ENOMEM, "out of memory while cleaning a text of %zu bytes",
                       text.len);
    if (n > 0) {
        memcpy(offsets, c.starts, n * sizeof *offsets);
        offsets[n] = c.ends[n - 1];
    }
    *out = (hx_clean_text){copy, offsets};
    return HX_OK;
}

/* ------------------------------------------------------------------ words */
/* The words being collected: counted first (list NULL), then written. */
typedef struct {
    hx_str original;
    hx_word *list;
    size_t n;
} collector;

static void add(collector *k, size_t start, size_t end, hx_str text, bool stop) {
    if (k->list) k->list[k->n] = (hx_word){{(uint32_t)start, (uint32_t)end}, text, stop};
    k->n++;
}

/* Bytes of the white space at `at`, 0 = none. */
static size_t blank_len(hx_str s, size_t at) {
    unsigned char c = (unsigned char)s.ptr[at];
    if (c == ' ' || (c >= 9 && c <= 13)) return 1;
    if (c != 0xC2 && (c < 0xE1 || c > 0xE3)) return 0;
    size_t next = at;
    uint32_t cp = hx_utf8_next(s, &next);
    bool blank = cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
                 cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
    return blank ? next - at : 0;
}

/* What was dropped between two words. `closable`: there is a > ahead, looked for once, so the time is linear. */
static void add_dropped(collector *k, size_t from, size_t to) {
    hx_str s = {k->original.ptr, to};
    size_t start = from;
    bool tag = false, closable = true;
    for (size_t at = from; at < to;) {
        size_t blank = tag ? 0 : blank_len(s, at);
        bool opens = !tag && closable && s.ptr[at] == '<';
        if (opens) opens = closable = memchr(s.ptr + at, '>', to - at) != NULL;
        if ((blank > 0 || opens) && at > start) add(k, start, at, (hx_str){"", 0}, true);
        if (blank > 0 || opens) start = at + blank;
        if (opens) tag = true;
        bool closes = tag && s.ptr[at] == '>';
        at += blank ? blank : 1;
        if (!closes) continue;
        add(k, start, at, (hx_str){"", 0}, true);
        start = at;
        tag = false;
    }
    if (to > start) add(k, start, to, (hx_str){"", 0}, true);
}

/* A span without the white space before it, which a mark that composed with a blank brings in (￣). */
static hx_span trim(hx_str s, hx_span span) {
    while (span.start < span.end) {
        size_t n = blank_len((hx_str){s.ptr, span.end}, span.start);
        if (n == 0) break;
        span.start += (uint32_t)n;
    }
    return span;
}

/* `text` is the cleaned text's copy in the arena. */
static void collect(collector *k, const hx_clean *c, const hx_cut *cuts, size_t n,
                    const char *text) {
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        hx_span span = trim(k->original, hx__clean_span(c, cuts[i].start, cuts[i].end));
        if (span.start > at) add_dropped(k, at, span.start);
        add(k, span.start, span.end, (hx_str){text + cuts[i].start, cuts[i].end - cuts[i].start},
            cuts[i].stop);
        at = span.end;
    }
    if (k->original.len > at) add_dropped(k, at, k->original.len);
}

hx_status hx_text_words(hx_annotator *a, hx_str text, hx_arena *arena, const hx_word **out,
                        size_t *n, hx_error *err) {
    static const hx_clean_rules rules = {.keep_repeats = true};
    hx_clean c;
    const hx_cut *cuts;
    size_t n_cuts;
    HX_TRY(hx__clean(a, text, &rules, &c, err));
    HX_TRY(hx__wordseg_cut(a, &c, &cuts, &n_cuts, err));
    collector k = {.original = text};
    collect(&k, &c, cuts, n_cuts, c.text.ptr);
    hx_str copy = hx_arena_str(arena, c.text);
    k.list = hx_arena_alloc(arena, (k.n + 1) * sizeof *k.list);
    if (!k.list || (c.text.len > 0 && !copy.ptr))
        return hx_fail(err, HX_ENOMEM, "out of memory while cutting a text of %zu bytes", text.len);
    k.n = 0;
    collect(&k, &c, cuts, n_cuts, copy.ptr);
    *out = k.list;
    *n = k.n;
    return HX_OK;
}
