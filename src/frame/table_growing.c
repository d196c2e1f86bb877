/* table_growing.c - a dictionary with its hash table, filled while a file is read.
 *
 * Open addressing with linear steps, at most 5 of 8 slots used. A slot holds 32 bits of the hash and the code, so that a value is looked at
 * only where it is very likely the one. Texts that mean missing are entries like others, marked: so the question is asked once a value. */
#include <string.h>

#include "base/hash.h"
#include "frame/table_strip.h"

#define FIRST_SLOTS 64
#define CODES_MAX ((size_t)INT32_MAX)
#define MISSING_BIT 0x80000000u

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

static uint64_t load(const char *p, size_t n) {
    uint64_t v = 0;
    memcpy(&v, p, n);
    return v;
}

/* Short texts are most of them: two multiplications. */
static uint64_t hash_of(hx_str s) {
    if (s.len > 16) return hx_hash(s);
    uint64_t a = s.len, b = 0;
    if (s.len > 8) {
        a ^= load(s.ptr, 8);
        b = load(s.ptr + s.len - 8, 8);
    } else if (s.len >= 4) {
        a ^= load(s.ptr, 4) << 32 | load(s.ptr + s.len - 4, 4);
    } else if (s.len > 0) {
        a ^= load(s.ptr, s.len) << 8;
    }
    a = (a ^ 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
    b = (b ^ (a >> 29) ^ a) * 0x94D049BB133111EBu;
    return b ^ (b >> 32);
}

static uint64_t *slots_of(const hx_growing *g) {
    return (uint64_t *)(void *)g->slots.ptr;
}

static bool grow(hx_growing *g) {
    const size_t n = g->n_slots == 0 ? FIRST_SLOTS : 2 * g->n_slots;
    hx_buf fresh;
    hx_buf_init(&fresh, g->slots.cap);
    if (!hx_buf_reserve(&fresh, n * sizeof(uint64_t))) return false;
    memset(fresh.ptr, 0, n * sizeof(uint64_t));
    uint64_t *to = (uint64_t *)(void *)fresh.ptr;
    const uint64_t *from = slots_of(g);
    for (size_t i = 0; i < g->n_slots; i++) {
        if (from[i] == 0) continue;
        const uint32_t code = ((uint32_t)from[i] & ~MISSING_BIT) - 1;
        size_t at = (size_t)hash_of(hx_dictionary_value(g->values, code)) & (n - 1);
        while (to[at] != 0)
            at = (at + 1) & (n - 1);
        to[at] = from[i];
    }
    hx_buf_release(&g->slots);
    g->slots = fresh;
    g->n_slots = n;
    return true;
}

static int64_t add(hx_growing *g, hx_str s, const hx_missing_words *m, uint64_t ordinal,
                   uint64_t hash, size_t at) {
    const size_t code = g->values->n;
    const char missing = hx_text_is_missing(m, s);
    if (code >= CODES_MAX || !hx_buf_append(&g->first, &ordinal, sizeof ordinal) ||
        !hx_buf_append_byte(&g->is_missing, missing) || !hx_dictionary_add(g->values, s))
        return -1;
    slots_of(g)[at] = (hash & 0xFFFFFFFF00000000u) | (missing ? MISSING_BIT : 0) | (code + 1);
    return missing ? HX_CELL_NONE : (int64_t)code;
}

int64_t hx_growing_code(hx_growing *g, hx_str s, const hx_missing_words *m, uint64_t ordinal) {
    if (g->values->n >= g->n_slots / 8 * 5 && !grow(g)) return -1;
    const uint64_t hash = hash_of(s);
    const uint64_t *slots = slots_of(g);
    size_t at = (size_t)hash & (g->n_slots - 1);
    for (; slots[at] != 0; at = (at + 1) & (g->n_slots - 1)) {
        if ((slots[at] ^ hash) >> 32 != 0) continue;
        const uint32_t low = (uint32_t)slots[at], code = (low & ~MISSING_BIT) - 1;
        const hx_str there = hx_dictionary_value(g->values, code);
        if (there.len == s.len && memcmp(there.ptr, s.ptr, s.len) == 0)
            return low & MISSING_BIT ? HX_CELL_NONE : (int64_t)code;
    }
    return add(g, s, m, ordinal, hash, at);
}
