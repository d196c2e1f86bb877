/* group_names.c - a dictionary of byte strings that numbers them in the order they come.
 *
 * Open addressing with linear probing over 8-byte slots (32 bits of XXH3 and the id), so that a look-up touches one cache line of
 * slots and, where the hash agrees, the name. Bytes are copied one behind the other into blocks of an arena.
 *
 * Invariants: n_slots is a power of two; at most 3/4 of the slots are used; slot's home = hash & (n_slots - 1). */
#include <string.h>

#include "base/hash.h"
#include "frame/group.h"

#define NAMES_SLOTS_MIN 1024
#define NAMES_BLOCK ((size_t)64 << 10)
#define NAMES_BYTES_CAP (2 * HX_GROUP_BYTES_MAX) /* of one array; the set's cap is reached before */

bool hx_group_names_init(hx_group_names *d) {
    *d = (hx_group_names){.n = 0};
    hx_buf_init(&d->slots, NAMES_BYTES_CAP);
    hx_buf_init(&d->names, NAMES_BYTES_CAP);
    d->bytes = hx_arena_new(NAMES_BYTES_CAP);
    return d->bytes != NULL;
}

void hx_group_names_release(hx_group_names *d) {
    hx_buf_release(&d->slots);
    hx_buf_release(&d->names);
    hx_arena_free(d->bytes);
    d->bytes = NULL;
}

static bool grow(hx_group_names *d) {
    const size_t n_slots = d->n_slots ? d->n_slots * 2 : NAMES_SLOTS_MIN;
    hx_buf bytes;
    hx_buf_init(&bytes, NAMES_BYTES_CAP);
    if (!hx_buf_reserve(&bytes, n_slots * sizeof(uint64_t))) {
        hx_buf_release(&bytes);
        return false;
    }
    memset(bytes.ptr, 0, n_slots * sizeof(uint64_t));
    uint64_t *slots = (uint64_t *)(void *)bytes.ptr;
    const uint64_t *old = (const uint64_t *)(const void *)d->slots.ptr;
    for (size_t i = 0; i < d->n_slots; i++) {
        if (old[i] == 0) continue;
        size_t k = (size_t)(old[i] >> 32) & (n_slots - 1);
        while (slots[k] != 0)
            k = (k + 1) & (n_slots - 1);
        slots[k] = old[i];
    }
    hx_buf_release(&d->slots);
    d->held += (n_slots - d->n_slots) * sizeof(uint64_t);
    d->slots = bytes;
    d->n_slots = n_slots;
    return true;
}

static const char *copy(hx_group_names *d, hx_str s) {
    if (s.len > d->room_len) {
        const size_t len = s.len > NAMES_BLOCK / 4 ? s.len : NAMES_BLOCK;
        char *block = hx_arena_alloc(d->bytes, len);
        if (block == NULL) return NULL;
        d->held += len;
        if (len == s.len) return memcpy(block, s.ptr, s.len);
        d->room = block;
        d->room_len = len;
    }
    char *to = d->room;
    if (s.len > 0) memcpy(to, s.ptr, s.len);
    d->room += s.len;
    d->room_len -= s.len;
    return to;
}

static uint32_t add(hx_group_names *d, hx_str s, uint32_t hash) {
    if (d->n == HX_GROUP_NONE - 1 || s.len > UINT32_MAX) return HX_GROUP_NONE;
    hx_group_name name = {.len = (uint32_t)s.len, .hash = hash};
    name.ptr = copy(d, s);
    if (name.ptr == NULL || !hx_buf_append(&d->names, &name, sizeof name)) return HX_GROUP_NONE;
    d->held += sizeof name;
    return d->n++;
}

uint32_t hx_group_names_put(hx_group_names *d, hx_str s) {
    if (d->n >= d->n_slots / 4 * 3 && !grow(d)) return HX_GROUP_NONE;
    const uint32_t hash = (uint32_t)hx_hash(s);
    uint64_t *slots = (uint64_t *)(void *)d->slots.ptr;
    size_t k = hash & (d->n_slots - 1);
    for (; slots[k] != 0; k = (k + 1) & (d->n_slots - 1)) {
        if (slots[k] >> 32 != hash) continue;
        const uint32_t id = (uint32_t)slots[k] - 1;
        if (hx_str_equal(hx_group_names_at(d, id), s)) return id;
    }
    const uint32_t id = add(d, s, hash);
    if (id != HX_GROUP_NONE) slots[k] = (uint64_t)hash << 32 | (id + 1);
    return id;
}
