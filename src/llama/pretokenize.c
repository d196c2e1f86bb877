/* pretokenize.c - scanners that are the regular expressions of the pre-tokenizers, and their character classes.
 *
 *   gpt2    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *   llama3  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *   qwen2   the same with \p{N} instead of \p{N}{1,3}
 *   smollm  digits are cut out first (each alone), gpt2 on what lies between: a space before a digit is the end of its piece
 *
 * Alternatives are tried in their order, quantifiers are greedy; \s+(?!\S) therefore takes all white space but the last character, or all at
 * the end of the text. Every scanner consumes at least one character and reads on only through what it consumes, but for white space that
 * is looked at and left (once: the rest of it is the next word). (?i) also takes U+017F for s.
 *
 * Classes come from pretokenize_class.inc (ranges, ascending): the first plane as a table of bytes, the rest by binary search. */
#include "llama/pretokenize.h"

#include <string.h>

#define PLANE ((uint32_t)0x10000)

static const struct {
    uint32_t first, last;
    uint8_t classes;
} class_ranges[] = {
#include "llama/pretokenize_class.inc"
};
#define N_RANGES (sizeof class_ranges / sizeof class_ranges[0])

bool hx_pretokens_init(hx_pretokens *p, hx_arena *arena) {
    uint8_t *table = hx_arena_alloc(arena, PLANE);
    if (!table) return false;
    for (size_t i = 0; i < N_RANGES && class_ranges[i].first < PLANE; i++) {
        uint32_t last = class_ranges[i].last < PLANE ? class_ranges[i].last : PLANE - 1;
        memset(table + class_ranges[i].first, class_ranges[i].classes,
               last - class_ranges[i].first + 1);
    }
    p->classes = table;
    return true;
}

uint8_t hx_char_class(const hx_pretokens *p, uint32_t cp) {
    if (cp < PLANE) return p->classes[cp];
    size_t low = 0, high = N_RANGES;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (class_ranges[mid].last < cp)
            low = mid + 1;
        else
            high = mid;
    }
    return low < N_RANGES && class_ranges[low].first <= cp ? class_ranges[low].classes : 0;
}

bool hx_text_needs_nfc(const hx_pretokens *p, hx_str text) {
    size_t i = 0;
    while (i < text.len) {
        unsigned char c = (unsigned char)text.ptr[i];
        unsigned len = 1;
        if (c < 0x80) {
            i++;
            continue;
        }
        /* U+4000 to U+9FFF: nothing for NFC there */
        if (c >= 0xE4 && c <= 0xE9) {
            i += 3;
            continue;
        }
        if (hx_char_class(p, hx_char_at(text.ptr + i, &len)) & HX_CLASS_NFC) return true;
        i += len;
    }
    return false;
}

/* ------------------------------------------------------------------ scanning */
typedef struct {
    const hx_pretokens *p;
    const char *text;
    size_t end;
    uint8_t stop; /* classes the text ends before (digits, of smollm) */
} scan;

#define CLASS_OTHER 0
#define LNS (HX_CLASS_L | HX_CLASS_N | HX_CLASS_S)

/* The class at i; `*len` bytes. At the end of the piece: `*len` = 0. */
static inline uint8_t class_at(const scan *s, size_t i, unsigned *len) {
    *len = 0;
    if (i >= s->end) return 0;
    unsigned n;
    uint32_t cp = hx_char_at(s->text + i, &n);
    uint8_t c = hx_char_class(s->p, cp);
    if (c & s->stop) return 0;
    *len = n;
    return c;
}

/* Behind all characters from i on whose class (of L, N, S) is `wanted`. */
static inline size_t run_of(const scan *s, size_t i, uint8_t wanted) {
    unsigned len;
    for (;;) {
        uint8_t c = class_at(s, i, &len);
        if (len == 0 || (c & LNS) != wanted) return i;
        i += len;
    }
}

static size_t run_of_newlines(const scan *s, size_t i) {
    while (i < s->end && (s->text[i] == '\r' || s->text[i] == '\n'))
        i++;
    return i;
}

/* \s+(?!\S)|\s+ where white space stands at i. */
static size_t white_space(const scan *s, size_t i) {
    unsigned len = 0;
    size_t last = i, at = i;
    for (;;) {
        uint8_t c = class_at(s, at, &len);
        if (len == 0) return at;
        if (!(c & HX_CLASS_S)) break;
        last = at;
        at += len;
    }
    return last > i ? last : at;
}

/* Length of 's 't 're 've 'm 'll 'd at i, where a ' stands; 0 = none. */
static size_t contraction(const scan *s, size_t i, bool any_case) {
    size_t left = s->end - i;
    const char *p = s->text + i;
    if (left < 2) return 0;
    char mask = any_case ? (char)0x20 : 0;
    char a = (char)(p[1] | mask), b = left > 2 ? (char)(p[2] | mask) : 0;
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
    if ((a == 'r' || a == 'v') && b == 'e') return 3;
    if (a == 'l' && b == 'l') return 3;
    if (any_case && left > 2 && memcmp(p + 1, "\xC5\xBF", 2) == 0) return 3;
    return 0;
}

static size_t next_gpt2(const scan *s, size_t i) {
    unsigned len;
    if (s->text[i] == '\'') {
        size_t n = contraction(s, i, false);
        if (n) return i + n;
    }
    uint8_t c = class_at(s, i, &len);
    if (s->text[i] == ' ') {
        unsigned next_len;
        uint8_t next = class_at(s, i + 1, &next_len);
        if (next_len && !(next & HX_CLASS_S)) return run_of(s, i + 1 + next_len, next & LNS);
    }
    if (c & HX_CLASS_S) return white_space(s, i);
    return run_of(s, i + len, c & LNS);
}

/* Digits from i on, at most `most`. */
static size_t digits(const scan *s, size_t i, unsigned most) {
    unsigned len;
    for (; most > 0; most--) {
        if (!(class_at(s, i, &len) & HX_CLASS_N)) break;
        i += len;
    }
    return i;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ where white space stands at i. */
static size_t white_space_lines(const scan *s, size_t i) {
    size_t end = run_of(s, i, HX_CLASS_S), at = end;
    while (at > i && s->text[at - 1] != '\r' && s->text[at - 1] != '\n')
        at--;
    return at > i ? at : white_space(s, i);
}

static size_t next_lines(const scan *s, size_t i, unsigned n_digits) {
    unsigned len, next_len;
    char first = s->text[i];
    if (first == '\'') {
        size_t n = contraction(s, i, true);
        if (n) return i + n;
    }
    uint8_t c = class_at(s, i, &len);
    if (c & HX_CLASS_L) return run_of(s, i + len, HX_CLASS_L);
    if (c & HX_CLASS_N) return digits(s, i, n_digits);
    uint8_t next = class_at(s, i + len, &next_len);
    if (first != '\r' && first != '\n' && (next & HX_CLASS_L))
        return run_of(s, i + len + next_len, HX_CLASS_L);
    if (!(c & HX_CLASS_S)) return run_of_newlines(s, run_of(s, i + len, CLASS_OTHER));
    if (first == ' ' && next_len && !(next & LNS))
        return run_of_newlines(s, run_of(s, i + len + next_len, CLASS_OTHER));
    return white_space_lines(s, i);
}

static size_t next_smollm(scan *s, size_t i) {
    unsigned len;
    uint8_t c = class_at(s, i, &len);
    if (c & HX_CLASS_DIGIT) return i + len;
    s->stop = HX_CLASS_DIGIT;
    return next_gpt2(s, i);
}

/* Up to the next U+2581 (E2 96 81). */
static size_t next_metaspace(const scan *s, size_t i) {
    for (i += 1; i + 3 <= s->end; i++)
        if (memcmp(s->text + i, "\xE2\x96\x81", 3) == 0) return i;
    return s->end;
}

size_t hx_pretoken_end(const hx_pretokens *p, hx_str text, size_t at) {
    scan s = {p, text.ptr, text.len, 0};
    switch (p->kind) {
    case HX_PRE_GPT2:
        return next_gpt2(&s, at);
    case HX_PRE_LLAMA3:
        return next_lines(&s, at, 3);
    case HX_PRE_QWEN2:
        return next_lines(&s, at, 1);
    case HX_PRE_SMOLLM:
        return next_smollm(&s, at);
    case HX_PRE_METASPACE:
        return next_metaspace(&s, at);
    default:
        return text.len;
    }
}
