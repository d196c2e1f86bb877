/* group_names.c - a dictionary of byte strings that numbers them in the order they come.
 *
 * Open addressing with linear probing. A slot is half a cache line and holds a string of up to 24 bytes whole, so that finding it costs one
 * miss; longer ones are compared by length and hash first. Keys come in batches: all hashes are made and their slots prefetched
 * before the first is looked at, so that the misses overlap. Equal neighbours (the lines of an invoice) are looked up once.
 *
 *     slot   [ 24 bytes, zero-padded | address, hash, 8 bytes 0 ] [ id + 1 ] [ length ]
 *
 * Invariants: n_slots is a power of two; at most 3/4 of the slots are used; a slot's home is hash & (n_slots - 1); the bytes of
 * names lie one behind the other in blocks of an arena, in the order of their ids. */
#include <string.h>

#include "base/hash.h"
#include "frame/group.h"

#define NAMES_SLOTS_MIN 1024
#define NAMES_BLOCK ((size_t)64 << 10)
#define NAMES_BYTES_CAP (4 * HX_GROUP_BYTES_MAX) /* of one array; the set's cap is reached before */
#define INLINE_MAX 24

typedef struct {
    uint64_t words[3];
    uint32_t id1; /* 0 = free */
    uint32_t len;
} slot;

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

/* ------------------------------------------------------------------ what a slot holds */
static uint64_t load8(const char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* n < 8 bytes, zero-padded, in memory order of a little-endian machine; any injective order would do. */
static uint64_t load_tail(const char *p, size_t n) {
    uint64_t v = 0;
    if (n >= 4) {
        uint32_t lo, hi;
        memcpy(&lo, p, sizeof lo);
        memcpy(&hi, p + n - 4, sizeof hi);
        return lo | (uint64_t)hi << (8 * (n - 4));
    }
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return v;
}

static slot slot_of(hx_str s, uint32_t hash) {
    slot x = {{0, 0, 0}, 0, (uint32_t)s.len};
    if (s.len > INLINE_MAX) {
        x.words[1] = hash;
        return x;
    }
    size_t at = 0, w = 0;
    for (; s.len - at >= 8; at += 8)
        x.words[w++] = load8(s.ptr + at);
    if (at < s.len) x.words[w] = load_tail(s.ptr + at, s.len - at);
    return x;
}

static bool is_same(const slot *a, const slot *b, hx_str s) {
    if (a->len != b->len || a->words[1] != b->words[1]) return false;
    if (s.len <= INLINE_MAX) return a->words[0] == b->words[0] && a->words[2] == b->words[2];
    return memcmp((const char *)(uintptr_t)a->words[0], s.ptr, s.len) == 0;
}

static void remember(slot *x, const char *copy, size_t len, uint32_t id) {
    if (len > INLINE_MAX) x->words[0] = (uint64_t)(uintptr_t)copy;
    x->id1 = id + 1;
}

/* ------------------------------------------------------------------ growing */
static slot *slots_of(const hx_group_names *d) {
    return (slot *)(void *)d->slots.ptr;
}

static bool grow(hx_group_names *d) {
    const size_t n_slots = d->n_slots ? d->n_slots * 2 : NAMES_SLOTS_MIN;
    hx_buf_release(&d->slots);
    if (!hx_buf_reserve(&d->slots, n_slots * sizeof(slot))) {
        d->n_slots = 0;
        return false;
    }
    slot *slots = memset(d->slots.ptr, 0, n_slots * sizeof(slot));
    const hx_group_name *names = (const hx_group_name *)(const void *)d->names.ptr;
    for (uint32_t id = 0; id < d->n; id++) {
        size_t k = names[id].hash & (n_slots - 1);
        while (slots[k].id1 != 0)
            k = (k + 1) & (n_slots - 1);
        slots[k] = slot_of(hx_group_names_at(d, id), names[id].hash);
        remember(&slots[k], names[id].ptr, names[id].len, id);
    }
    d->held += (n_slots - d->n_slots) * sizeof(slot);
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

static bool add(hx_group_names *d, hx_str s, uint32_t hash, slot *x) {
    if (d->n == HX_GROUP_NONE - 1 || s.len > UINT32_MAX) return false;
    hx_group_name name = {.len = (uint32_t)s.len, .hash = hash};
    name.ptr = copy(d, s);
    if (name.ptr == NULL || !hx_buf_append(&d->names, &name, sizeof name)) return false;
    remember(x, name.ptr, s.len, d->n++);
    d->held += sizeof name;
    return true;
}

/* ------------------------------------------------------------------ looking up */
static uint32_t put_one(hx_group_names *d, hx_str s, uint32_t hash) {
    const slot wanted = slot_of(s, hash);
    slot *slots = slots_of(d);
    size_t k = hash & (d->n_slots - 1);
    for (; slots[k].id1 != 0; k = (k + 1) & (d->n_slots - 1))
        if (is_same(&slots[k], &wanted, s)) return slots[k].id1 - 1;
    slots[k] = wanted;
    return add(d, s, hash, &slots[k]) ? slots[k].id1 - 1 : HX_GROUP_NONE;
}

static bool is_equal(hx_str a, hx_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool hx_group_names_put(hx_group_names *d, const hx_str *keys, size_t n, uint32_t *ids) {
    uint32_t hashes[HX_GROUP_BATCH];
    bool repeats[HX_GROUP_BATCH];
    while (d->n + n > d->n_slots / 4 * 3)
        if (!grow(d)) return false;
    for (size_t i = 0; i < n; i++) {
        repeats[i] = i > 0 && is_equal(keys[i], keys[i - 1]);
        if (repeats[i]) continue;
        hashes[i] = (uint32_t)hx_hash(keys[i]);
        __builtin_prefetch(slots_of(d) + (hashes[i] & (d->n_slots - 1)), 1);
    }
    for (size_t i = 0; i < n; i++) {
        ids[i] = repeats[i] ? ids[i - 1] : put_one(d, keys[i], hashes[i]);
        if (ids[i] == HX_GROUP_NONE) return false;
    }
    return true;
}
