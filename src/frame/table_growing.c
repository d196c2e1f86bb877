/* table_growing.c - a dictionary with its hash table, filled while a file is read.
 *
 * Open addressing with linear steps, at most 5 of 8 slots used. The slot of a text of at most 8 bytes holds the text itself, that of a longer
 * one its 64-bit hash: so the values are looked at only for longer texts, and then almost only for the one that is equal. Texts that mean
 * missing are entries like others, marked: so the question is asked once a value. */
#include <string.h>

#include "base/hash.h"
#include "frame/table_strip.h"

#define FIRST_SLOTS 64
#define CODES_MAX ((size_t)INT32_MAX)
#define MISSING_BIT 0x80000000u
#define SHORT_BYTES 8
#define TOGETHER 16 /* texts looked up together, so that their slots come from memory at once */

typedef struct {
    uint64_t key; /* the text, or its hash */
    uint32_t code; /* + 1; 0 = free; with MISSING_BIT */
    uint32_t len;
} slot;

void hx_growing_init(hx_growing *g, size_t max_bytes) {
    *g = (hx_growing){0};
    g->values = hx_dictionary_new(max_bytes);
    hx_buf_init(&g->first, max_bytes);
    hx_buf_init(&g->slots, max_bytes);
    hx_buf_init(&g->is_missing, max_bytes);
}

void hx_growing_release(hx_growing *g) {
    hx_dictionary_drop(g->values);
    hx_buf_release(&g->first);
    hx_buf_release(&g->slots);
    hx_buf_release(&g->is_missing);
    *g = (hx_growing){0};
}

static inline uint64_t load8(const char *p) {
    uint64_t v = 0;
    memcpy(&v, p, 8);
    return v;
}

static inline uint64_t load4(const char *p) {
    uint32_t v = 0;
    memcpy(&v, p, 4);
    return v;
}

/* Different for different texts of one length of at most 8. */
static inline uint64_t short_key(hx_str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (s.len == 8) return load8(s.ptr);
    if (s.len >= 4) return load4(s.ptr) | load4(s.ptr + s.len - 4) << 32;
    if (s.len == 0) return 0;
    return (uint64_t)p[0] | (uint64_t)p[s.len / 2] << 8 | (uint64_t)p[s.len - 1] << 16;
}

static inline uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 32)) * 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 29)) * 0xBF58476D1CE4E5B9u;
    return x ^ (x >> 32);
}

static inline uint64_t long_key(hx_str s) {
    if (s.len > 16) return hx_hash(s);
    return mix(load8(s.ptr)) + 0x94D049BB133111EBu * load8(s.ptr + s.len - 8);
}

static inline uint64_t key_of(hx_str s) {
    return s.len <= SHORT_BYTES ? short_key(s) : long_key(s);
}

static slot *slots_of(const hx_growing *g) {
    return (slot *)(void *)g->slots.ptr;
}

static size_t first_slot(const hx_growing *g, uint64_t key, size_t len) {
    return (size_t)mix(key + len) & (g->n_slots - 1);
}

static bool grow(hx_growing *g) {
    const size_t before = g->n_slots, n = before == 0 ? FIRST_SLOTS : 2 * before;
    hx_buf fresh;
    hx_buf_init(&fresh, g->slots.cap);
    if (!hx_buf_reserve(&fresh, n * sizeof(slot))) return false;
    memset(fresh.ptr, 0, n * sizeof(slot));
    slot *to = (slot *)(void *)fresh.ptr;
    const slot *from = slots_of(g);
    g->n_slots = n;
    for (size_t i = 0; i < before; i++) {
        if (from[i].code == 0) continue;
        size_t at = first_slot(g, from[i].key, from[i].len);
        while (to[at].code != 0)
            at = (at + 1) & (n - 1);
        to[at] = from[i];
    }
    hx_buf_release(&g->slots);
    g->slots = fresh;
    return true;
}

static int64_t add(hx_growing *g, hx_str s, const hx_missing_words *m, uint64_t ordinal,
                   uint64_t key, size_t at) {
    const size_t code = g->values->n;
    const bool missing = hx_text_is_missing(m, s);
    if (code >= CODES_MAX || !hx_buf_append(&g->first, &ordinal, sizeof ordinal) ||
        !hx_buf_append_byte(&g->is_missing, (char)missing) || !hx_dictionary_add(g->values, s))
        return -1;
    slots_of(g)[at] =
        (slot){key, (uint32_t)(code + 1) | (missing ? MISSING_BIT : 0), (uint32_t)s.len};
    return missing ? HX_CELL_NONE : (int64_t)code;
}

static bool is_same(const hx_growing *g, uint32_t code, hx_str s) {
    const hx_str there = hx_dictionary_value(g->values, code);
    return memcmp(there.ptr, s.ptr, s.len) == 0;
}

static int64_t find_or_add(hx_growing *g, hx_str s, const hx_missing_words *m, uint64_t ordinal,
                           uint64_t key, size_t at) {
    const slot *slots = slots_of(g);
    for (; slots[at].code != 0; at = (at + 1) & (g->n_slots - 1)) {
        if (slots[at].key != key || slots[at].len != (uint32_t)s.len) continue;
        const uint32_t code = (slots[at].code & ~MISSING_BIT) - 1;
        if (s.len <= SHORT_BYTES || is_same(g, code, s))
            return slots[at].code & MISSING_BIT ? HX_CELL_NONE : (int64_t)code;
    }
    return add(g, s, m, ordinal, key, at);
}

static bool make_room(hx_growing *g, size_t more) {
    if (g->values == NULL) return false; /* there was no memory for it */
    while (g->values->n + more > g->n_slots / 8 * 5)
        if (!grow(g)) return false;
    return true;
}

int64_t hx_growing_code(hx_growing *g, hx_str s, const hx_missing_words *m, uint64_t ordinal) {
    if (!make_room(g, 1)) return -1;
    const uint64_t key = key_of(s);
    return find_or_add(g, s, m, ordinal, key, first_slot(g, key, s.len));
}

bool hx_growing_codes(hx_growing *g, const hx_str *cells, size_t n, const hx_missing_words *m,
                      uint64_t ordinal, int64_t *out) {
    uint64_t keys[TOGETHER];
    size_t slots[TOGETHER];
    for (size_t at = 0; at < n; at += TOGETHER) {
        const size_t count = n - at < TOGETHER ? n - at : TOGETHER;
        const hx_str *s = cells + at;
        if (!make_room(g, count)) return false;
        for (size_t i = 0; i < count; i++) {
            keys[i] = key_of(s[i]);
            slots[i] = first_slot(g, keys[i], s[i].len);
            __builtin_prefetch(slots_of(g) + slots[i]);
        }
        for (size_t i = 0; i < count; i++) {
            out[at + i] = s[i].len == 0
                              ? HX_CELL_NONE
                              : find_or_add(g, s[i], m, ordinal + at + i, keys[i], slots[i]);
            if (out[at + i] == -1) return false;
        }
    }
    return true;
}
