/* token_spans.c - which bytes of a text its tokens came from.
 *
 * A tokenizer normalises before it cuts, and none of its steps keeps a map back, so the map is found behind: the bytes of all tokens, one
 * after the other, are laid beside the text character by character.
 *
 *   equal, also but for case or width (A and fullwidth A)     stand for each other
 *   a blank that the text has not                             was put in: nothing
 *   white space that the tokens have not                      was left out
 *   anything else                                             the shortest stretch on both sides behind which two characters agree again,
 *                                                             STRETCH_MAX characters at most: each byte of it stands for all of it
 *
 * Where no such end is found the rest stands for the rest. A text that the normaliser leaves alone, nearly every one, is mapped exactly. */
#include <string.h>
#include <utf8proc.h>

#include "base/error.h"
#include "base/utf8.h"
#include "llama/model.h"
#include "llama/tokenizer_parts.h"

enum { STRETCH_MAX = 24, AGREE = 2 };

typedef struct {
    const hx_pretokens *pre;
    hx_str text, made; /* as given, of the tokens */
    size_t i, j; /* how far in each */
    hx_token_span *map; /* (made.len) */
} alignment;

/* ------------------------------------------------------------------ characters */
static bool is_space(const alignment *a, uint32_t cp) {
    return cp != HX_UTF8_BAD && (hx_char_class(a->pre, cp) & HX_CLASS_S) != 0;
}

/* Lower case, of the one character that its compatible form is. */
static uint32_t plain_form(uint32_t cp) {
    utf8proc_int32_t form[4];
    if (cp < 0x80) return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    if (cp == HX_UTF8_BAD) return 0xFFFD;
    utf8proc_ssize_t n =
        utf8proc_decompose_char((utf8proc_int32_t)cp, form, 4, UTF8PROC_COMPAT, NULL);
    return (uint32_t)utf8proc_tolower(n == 1 ? form[0] : (utf8proc_int32_t)cp);
}

static bool are_same(uint32_t x, uint32_t y) {
    return x == y || plain_form(x) == plain_form(y);
}

/* Whether characters agree from here on: AGREE of them, or as many as both have. */
static bool agree_at(const alignment *a, size_t i, size_t j) {
    for (int k = 0; k < AGREE && j < a->made.len; k++) {
        if (i >= a->text.len) return false;
        if (!are_same(hx_utf8_next(a->text, &i), hx_utf8_next(a->made, &j))) return false;
    }
    return true;
}

/* ------------------------------------------------------------------ steps */
/* The tokens' bytes up to `j_end` stand for the text's up to `i_end`. */
static void pair_up(alignment *a, size_t i_end, size_t j_end) {
    for (; a->j < j_end; a->j++)
        a->map[a->j] = (hx_token_span){(uint32_t)a->i, (uint32_t)i_end};
    a->i = i_end;
}

/* Places of the next STRETCH_MAX characters, and how many there are. */
static size_t places_from(hx_str s, size_t at, size_t places[STRETCH_MAX + 1]) {
    size_t n = 0;
    places[0] = at;
    while (n < STRETCH_MAX && at < s.len) {
        (void)hx_utf8_next(s, &at);
        places[++n] = at;
    }
    return n;
}

/* Up to white space. */
static size_t word_end(const alignment *a, size_t i) {
    for (size_t next = i; i < a->text.len; i = next)
        if (is_space(a, hx_utf8_next(a->text, &next))) break;
    return i;
}

static void pair_stretch(alignment *a) {
    size_t of_text[STRETCH_MAX + 1], of_made[STRETCH_MAX + 1];
    size_t n = places_from(a->text, a->i, of_text), m = places_from(a->made, a->j, of_made);
    for (size_t sum = 1; sum <= n + m; sum++)
        for (size_t x = (sum < n ? sum : n) + 1; x-- > (sum > m ? sum - m : 0);) {
            if (x == 0 && n > 0) continue; /* only blanks are put in */
            if (!agree_at(a, of_text[x], of_made[sum - x])) continue;
            bool is_last = of_made[sum - x] == a->made.len;
            pair_up(a, is_last ? word_end(a, of_text[x]) : of_text[x], of_made[sum - x]);
            return;
        }
    pair_up(a, a->text.len, a->made.len);
}

static void align(alignment *a) {
    while (a->j < a->made.len) {
        size_t i = a->i, j = a->j;
        uint32_t of_made = hx_utf8_next(a->made, &j);
        uint32_t of_text = i < a->text.len ? hx_utf8_next(a->text, &i) : HX_UTF8_BAD;
        bool has_text = a->i < a->text.len, blank = is_space(a, of_text);
        if (has_text && (are_same(of_text, of_made) || (of_made == ' ' && blank)))
            pair_up(a, i, j);
        else if (of_made == ' ' || !has_text)
            pair_up(a, a->i, j);
        else if (blank)
            a->i = i;
        else
            pair_stretch(a);
    }
}

/* ------------------------------------------------------------------ tokens */
/* Without white space at either end; a span of nothing else becomes empty. */
static hx_token_span trim(const alignment *a, hx_token_span s) {
    for (size_t at = s.start; s.start < s.end; s.start = (uint32_t)at)
        if (!is_space(a, hx_utf8_next(a->text, &at))) break;
    while (s.end > s.start) {
        size_t at = s.end - 1, end;
        while (at > s.start && ((unsigned char)a->text.ptr[at] & 0xC0) == 0x80)
            at--;
        end = at;
        if (!is_space(a, hx_utf8_next(a->text, &end))) break;
        s.end = (uint32_t)at;
    }
    return s;
}

/* From the first byte that stands for something to the last. */
static hx_token_span span_of(const alignment *a, size_t from, size_t to) {
    hx_token_span s = {0, 0};
    for (size_t j = from; j < to; j++) {
        if (a->map[j].start == a->map[j].end) continue;
        if (s.start == s.end) s.start = a->map[j].start;
        s.end = a->map[j].end;
    }
    return trim(a, s);
}

/* An unknown token stands for characters that nobody knows any more: one that agrees with none. */
static hx_str bytes_of(const hx_tokenizer *t, int32_t id) {
    bool is_unknown = id >= 0 && (size_t)id < t->vocab.n && t->vocab.types[id] == HX_TOKEN_UNKNOWN;
    return is_unknown ? HX_STR_LIT("\xEF\xBF\xBE") : hx_tokenizer_bytes(t, id);
}

hx_status hx_llama_token_spans(const hx_llama *m, hx_str text, const int32_t *ids, size_t n,
                               hx_arena *arena, hx_token_span **spans, hx_error *err) {
    const hx_tokenizer *t = m->tokenizer;
    if (!t) return hx_fail(err, HX_EUNSUPPORTED, "the model has no tokenizer");
    hx_token_span *out = hx_arena_alloc(arena, (n + 1) * sizeof *out);
    size_t size = 0;
    for (size_t i = 0; i < n; i++)
        size += bytes_of(t, ids[i]).len;
    char *made = hx_arena_alloc(arena, size + 1);
    alignment a = {.pre = &t->pre,
                   .text = text,
                   .made = {made, size},
                   .map = hx_arena_alloc(arena, (size + 1) * sizeof *a.map)};
    if (!out || !made || !a.map) return hx_fail(err, HX_ENOMEM, "out of memory for %zu tokens", n);
    for (size_t i = 0, at = 0; i < n; i++) {
        hx_str bytes = bytes_of(t, ids[i]);
        if (bytes.len > 0) memcpy(made + at, bytes.ptr, bytes.len);
        at += bytes.len;
    }
    align(&a);
    for (size_t i = 0, at = 0; i < n; i++) {
        size_t len = bytes_of(t, ids[i]).len;
        out[i] = span_of(&a, at, at + len);
        at += len;
    }
    *spans = out;
    return HX_OK;
}
