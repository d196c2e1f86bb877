/* grams.c - pieces and runs of pieces of a clean text; see grams.h.
 *
 * A number is a piece by its count of digits ("2026" and "1998" are alike), a word or mark by its bytes. The hash of a run is that of
 * its pieces mixed in order, and is never 0, so that 0 says "empty" in a set. */
#include "text/grams.h"

#include "base/hash.h"
#include "base/utf8.h"

typedef enum { KIND_BLANK = 0, KIND_HAN, KIND_LETTER, KIND_DIGIT, KIND_MARK } kind_of_char;

static kind_of_char kind_of(uint32_t cp) {
    if (cp == ' ' || cp == '\t' || cp == '\n' || cp == '\r') return KIND_BLANK;
    if (cp >= '0' && cp <= '9') return KIND_DIGIT;
    if ((cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z')) return KIND_LETTER;
    if (cp < 0xC0) return KIND_MARK;
    if (cp < 0x2000) return KIND_LETTER;
    return hx_utf8_is_han(cp) ? KIND_HAN : KIND_MARK;
}

static uint64_t hash_of(hx_str text, kind_of_char kind) {
    static const char zeros[] = "00000000";
    if (kind == KIND_DIGIT) {
        text.ptr = zeros;
        text.len = text.len < sizeof zeros - 1 ? text.len : sizeof zeros - 1;
    }
    return hx_hash(text);
}

hx_gram_piece *hx__gram_pieces(hx_str clean, hx_arena *arena, size_t *n) {
    hx_gram_piece *list = hx_arena_alloc(arena, (clean.len + 1) * sizeof *list);
    size_t at = 0, count = 0;
    while (list && at < clean.len) {
        size_t start = at, next = at;
        kind_of_char kind = kind_of(hx_utf8_next(clean, &next));
        at = next;
        if (kind == KIND_BLANK) continue;
        while ((kind == KIND_LETTER || kind == KIND_DIGIT) && next < clean.len &&
               kind_of(hx_utf8_next(clean, &next)) == kind)
            at = next;
        list[count++] = (hx_gram_piece){
            .hash = hash_of((hx_str){clean.ptr + start, at - start}, kind),
            .start = (uint32_t)start,
            .end = (uint32_t)at,
            .han = kind == KIND_HAN,
            .mark = kind == KIND_MARK,
        };
    }
    *n = count;
    return list;
}

size_t hx__grams_at(const hx_gram_piece *pieces, size_t n, size_t first, hx_gram out[HX_GRAM_MAX]) {
    size_t most = pieces[first].han ? HX_GRAM_MAX : HX_GRAM_MAX - 1;
    if (most > n - first) most = n - first;
    uint64_t hash = 0x9E3779B97F4A7C15u;
    for (size_t k = 0; k < most; k++) {
        hash = hx_hash_mix(hash, pieces[first + k].hash);
        out[k] = (hx_gram){hash ? hash : 1, (uint32_t)first, (uint32_t)k + 1};
    }
    return most;
}

bool hx__gram_set_new(hx_gram_set *s, size_t n, hx_arena *arena) {
    size_t room = 16;
    while (room < 2 * n)
        room *= 2;
    s->slots = hx_arena_alloc(arena, room * sizeof *s->slots);
    s->mask = room - 1;
    return s->slots != NULL;
}

bool hx__gram_set_add(hx_gram_set *s, uint64_t hash) {
    uint64_t at = hash & s->mask;
    while (s->slots[at] != 0) {
        if (s->slots[at] == hash) return false;
        at = (at + 1) & s->mask;
    }
    s->slots[at] = hash;
    return true;
}
