/* map.c - open addressing with linear probing, no removal.
 *
 * Invariants: slots is 0 or a power of two >= 16; at most 3/4 of the slots are used, so every probe ends at a
 * free one; keys, values and used are one block, owned by `keys`.
 *
 * A key's home slot depends on the size of the table too: two tables of different size order their keys
 * differently, so that copying one map into a smaller one in slot order does not pile keys up in one place. */
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#define MAP_SLOTS_MIN 16u

void hx_map_init(hx_map *m) {
    *m = (hx_map){0};
}

void hx_map_release(hx_map *m) {
    free(m->keys);
    *m = (hx_map){0};
}

void hx_map_reset(hx_map *m) {
    if (m->n) memset(m->used, 0, m->slots);
    m->n = 0;
}

static size_t map_home(const hx_map *m, uint64_t key) {
    uint64_t x = key ^ ((uint64_t)m->slots * 0xD6E8FEB86659FD93u);
    x ^= x >> 32;
    x *= 0x9E3779B97F4A7C15u; /* 2^64 / golden ratio */
    x ^= x >> 29;
    return (size_t)(x & (m->slots - 1));
}

/* The slot that holds `key`, or the free one where it belongs. slots > 0. */
static size_t map_slot(const hx_map *m, uint64_t key) {
    size_t i = map_home(m, key);
    while (m->used[i] && m->keys[i] != key)
        i = (i + 1) & (m->slots - 1);
    return i;
}

static bool map_grow(hx_map *m) {
    size_t slots = m->slots ? m->slots * 2 : MAP_SLOTS_MIN;
    const size_t each = 2 * sizeof(uint64_t) + 1;
    if (slots < m->slots || slots > SIZE_MAX / each) return false;
    uint64_t *block = calloc(slots, each);
    if (!block) return false;
    hx_map grown = {block, block + slots, (uint8_t *)(block + 2 * slots), m->n, slots};
    for (size_t i = 0; i < m->slots; i++) {
        if (!m->used[i]) continue;
        size_t to = map_slot(&grown, m->keys[i]);
        grown.used[to] = 1;
        grown.keys[to] = m->keys[i];
        grown.values[to] = m->values[i];
    }
    free(m->keys);
    *m = grown;
    return true;
}

uint64_t *hx_map_put(hx_map *m, uint64_t key) {
    if (m->slots) {
        size_t i = map_slot(m, key);
        if (m->used[i]) return &m->values[i];
    }
    if (m->n >= m->slots / 4 * 3 && !map_grow(m)) return NULL;
    size_t i = map_slot(m, key);
    m->used[i] = 1;
    m->keys[i] = key;
    m->values[i] = 0;
    m->n++;
    return &m->values[i];
}

uint64_t *hx_map_get(const hx_map *m, uint64_t key) {
    if (m->n == 0) return NULL;
    size_t i = map_slot(m, key);
    return m->used[i] ? &m->values[i] : NULL;
}

bool hx_map_next(const hx_map *m, size_t *i, uint64_t *key, uint64_t *value) {
    while (*i < m->slots && !m->used[*i])
        ++*i;
    if (*i >= m->slots) return false;
    *key = m->keys[*i];
    *value = m->values[*i];
    ++*i;
    return true;
}
