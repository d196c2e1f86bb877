/* breaks.c - what is true of a gap between two English words, and which gaps are between sentences; see breaks.h.
 *
 *     w[i-2]  w[i-1]  |  [w[i]]  w[i+1]
 *
 * How many words passed since the last mark that ends a sentence counts, too: long runs without one are several sentences. Words that are
 * joined with the one before begin nothing. */
#include "text/breaks.h"

#include <string.h>

enum { RUN_MAX = 40, EDGE = 7 };

typedef struct {
    uint64_t form, end, shape;
    char first;
} view;

typedef struct {
    uint64_t *out;
    size_t n;
} features;

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static uint64_t shape_of(char c) {
    if (is_upper(c)) return 1;
    if (c >= 'a' && c <= 'z') return 2;
    if (c >= '0' && c <= '9') return 3;
    return (unsigned char)c >= 0x80 ? 4 : 8 + (uint64_t)(unsigned char)c;
}

static char lower(char c) {
    return is_upper(c) ? (char)(c + 32) : c;
}

static view view_of(hx_str text, const hx_english_word *words, size_t n, size_t i) {
    view v = {.form = EDGE, .end = EDGE};
    if (i >= n) return v; /* also where i wrapped round */
    const char *s = text.ptr + words[i].span.start;
    const size_t len = words[i].span.end - words[i].span.start;
    v.first = s[0];
    v.form = 1;
    for (size_t k = 0; k < len; k++) {
        uint64_t shape = shape_of(s[k]);
        v.form = hx__syntax_mix(v.form, (uint64_t)(unsigned char)lower(s[k]));
        if (k == 0 || (k < 12 && (v.shape & 0x7F) != shape)) v.shape = v.shape << 7 | shape;
        if (k + 3 >= len) v.end = hx__syntax_mix(v.end, (uint64_t)(unsigned char)lower(s[k]));
    }
    return v;
}

static bool ends(char c) {
    return c == '.' || c == '!' || c == '?';
}

static size_t run_before(hx_str text, const hx_english_word *words, size_t i) {
    size_t k = 0;
    while (k < i && k < RUN_MAX && !ends(text.ptr[words[i - 1 - k].span.start]))
        k++;
    return k;
}

/* 0 none, 1 blanks, 2 several blanks, 3 a line's end, 4 an empty line */
static uint64_t gap_of(hx_str text, const hx_english_word *words, size_t i) {
    size_t lines = 0, blanks = 0;
    for (size_t at = words[i - 1].span.end; at < words[i].span.start; at++, blanks++)
        lines += text.ptr[at] == '\n';
    return lines > 0 ? (lines > 1 ? 4 : 3) : blanks > 1 ? 2 : blanks;
}

static void add(features *f, uint64_t kind, uint64_t a, uint64_t b) {
    f->out[f->n++] = hx__syntax_mix(hx__syntax_mix(kind, a), b);
}

size_t hx__break_features(hx_str text, const hx_english_word *words, size_t n, size_t i,
                          uint64_t out[HX_BREAK_FEATURES]) {
    features f = {.out = out};
    const view a = view_of(text, words, n, i - 2), b = view_of(text, words, n, i - 1),
               c = view_of(text, words, n, i), d = view_of(text, words, n, i + 1);
    const size_t run = run_before(text, words, i);
    const uint64_t gap = gap_of(text, words, i), rule = words[i].begins,
                   up = (uint64_t)is_upper(c.first) << 1 | is_upper(d.first),
                   way = gap << 3 | rule << 2 | up;
    add(&f, 1, rule, 0);
    add(&f, 2, way, 0);
    add(&f, 3, b.form, 0);
    add(&f, 4, b.form, way);
    add(&f, 5, c.form, 0);
    add(&f, 6, c.form, way);
    add(&f, 7, b.form, c.form);
    add(&f, 8, b.shape, c.shape);
    add(&f, 9, b.shape, way);
    add(&f, 10, c.shape, way);
    add(&f, 11, a.form, b.form);
    add(&f, 12, c.form, d.form);
    add(&f, 13, hx__syntax_mix(a.form, b.form), c.form);
    add(&f, 14, b.form, hx__syntax_mix(c.form, d.form));
    add(&f, 15, d.form, way);
    add(&f, 16, a.form, way);
    add(&f, 17, b.end, c.form);
    add(&f, 18, b.form, c.end);
    add(&f, 19, b.end, c.end);
    add(&f, 20, hx__syntax_mix(a.shape, b.shape), hx__syntax_mix(c.shape, d.shape));
    add(&f, 21, run < 3 ? run : run < 8 ? 4 : run < 15 ? 5 : run < RUN_MAX ? 6 : 7, way);
    add(&f, 22, run < 3 ? run : run < 8 ? 4 : run < 15 ? 5 : run < RUN_MAX ? 6 : 7, c.form);
    add(&f, 23, b.form, up);
    add(&f, 24, hx__syntax_mix(b.form, up), d.form);
    add(&f, 25, i < 4 ? i : 4, way);
    add(&f, 26, c.form, d.shape);
    add(&f, 27, b.shape, c.form);
    return f.n;
}

bool hx__break_is_sure(hx_str text, const hx_english_word *words, size_t i) {
    return i == 0 || gap_of(text, words, i) == 4;
}

void hx__break_words(const hx_syntax_part *p, double bias, hx_str text, hx_english_word *words,
                     size_t n, bool *said) {
    uint64_t hashes[HX_BREAK_FEATURES];
    double logit;
    for (size_t i = 0; i < n; i++) {
        said[i] = hx__break_is_sure(text, words, i);
        if (said[i] || words[i].joins) continue;
        hx__syntax_logits(p, hashes, hx__break_features(text, words, n, i, hashes), &logit);
        said[i] = bias + logit > 0;
    }
    for (size_t i = 0; i < n; i++)
        words[i].begins = said[i];
}
