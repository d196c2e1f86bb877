/* vocab.c - spellings and pairs by hash.
 *
 * Both tables are open-addressed with linear probing and at most 2/3 full, so every search ends at a free slot. Most spellings have at most 8
 * bytes and are compared in the slot itself, one miss of the cache; those of more bytes by their hash, then by their bytes, so that two
 * spellings of one hash are no danger. Where many are looked up, hashes are computed and slots fetched ahead in batches.
 *
 * Half of the time of opening a tokenizer was the system's giving of pages to these tables, one fault for every 4 KB; hence they are asked for at
 * once. Huge pages would be faster still, but now and then the system takes 10 ms to find one. */
#include "llama/vocab.h"

#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/hash.h"

#define PAGE ((uintptr_t)4096)
#define POPULATE_MIN ((size_t)256 << 10) /* bytes from which the call is worth it */

void *hx_table_alloc(hx_arena *arena, size_t bytes) {
    char *p = hx_arena_alloc(arena, bytes);
#ifdef MADV_POPULATE_WRITE
    uintptr_t pad = -(uintptr_t)p & (PAGE - 1);
    /* where the system does not know it, pages come one after the other */
    if (p && bytes >= POPULATE_MIN)
        (void)madvise(p + pad, (bytes - pad) & ~(PAGE - 1), MADV_POPULATE_WRITE);
#endif
    return p;
}

/* Slots for n entries: a power of two, at least 3/2 n. */
static size_t slots_for(size_t n) {
    size_t slots = 16;
    while (slots < n + n / 2 + 1)
        slots *= 2;
    return slots;
}

/* ------------------------------------------------------------------ spellings */
#define INLINE_LEN 8u /* bytes that fit into a key */

static inline uint64_t mix(uint64_t h) {
    h ^= h >> 32;
    h *= 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static inline hx_vocab_hash hash_of(const hx_vocab *v, hx_str s, const char *end) {
    hx_vocab_hash h;
    if (s.len <= INLINE_LEN)
        h.key = hx_load_within(s.ptr, s.len, end);
    else if (s.len <= 2 * INLINE_LEN)
        h.key = mix(hx_load_bytes(s.ptr, 8) * 0xA0761D6478BD642Fu) ^
                hx_load_bytes(s.ptr + s.len - 8, 8);
    else
        h.key = hx_hash(s);
    h.home = mix((h.key ^ s.len) * 0xE7037ED1A0B428DBu) & v->mask;
    return h;
}

hx_vocab_hash hx_vocab_hash_of(const hx_vocab *v, hx_str spelling, const char *end) {
    hx_vocab_hash h = hash_of(v, spelling, end);
    __builtin_prefetch(&v->slots[h.home]);
    return h;
}

static inline bool is_spelt(const hx_vocab *v, const hx_vocab_slot *slot, hx_str s, uint64_t key) {
    if (slot->key != key || slot->len != s.len) return false;
    return s.len <= INLINE_LEN ||
           hx_same_bytes(v->text + v->spans[slot->next_id - 1].at, s.ptr, s.len);
}

/* The slot of a spelling, or the free one where it would be. */
static inline hx_vocab_slot *slot_of(const hx_vocab *v, hx_str s, hx_vocab_hash h) {
    uint64_t i = h.home;
    while (v->slots[i].next_id && !is_spelt(v, &v->slots[i], s, h.key))
        i = (i + 1) & v->mask;
    return &v->slots[i];
}

int32_t hx_vocab_find_hashed(const hx_vocab *v, hx_str spelling, hx_vocab_hash hash) {
    return (int32_t)slot_of(v, spelling, hash)->next_id - 1;
}

int32_t hx_vocab_find(const hx_vocab *v, hx_str spelling) {
    if (!spelling.len) return -1;
    return hx_vocab_find_hashed(v, spelling, hash_of(v, spelling, spelling.ptr + spelling.len));
}

static hx_status check_length(const hx_vocab *v, size_t id, const char *what, hx_error *err) {
    if (v->spans[id].len == 0) return hx_fail(err, HX_EFORMAT, "%s: token %zu is empty", what, id);
    if (v->spans[id].len > HX_TOKEN_LEN_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: token %zu is %zu bytes long; the most is %u", what, id,
                       (size_t)v->spans[id].len, HX_TOKEN_LEN_MAX);
    return HX_OK;
}

/* Takes ids [from, to), at most INDEX_BATCH of them. */
#define INDEX_BATCH 32
static hx_status index_batch(hx_vocab *v, size_t from, size_t to, const char *what, hx_error *err) {
    hx_vocab_hash hashes[INDEX_BATCH];
    for (size_t id = from; id < to; id++) {
        HX_TRY(check_length(v, id, what, err));
        hashes[id - from] = hx_vocab_hash_of(v, hx_vocab_spelling(v, id), v->end);
    }
    for (size_t id = from; id < to; id++) {
        hx_str spelling = hx_vocab_spelling(v, id);
        hx_vocab_slot *slot = slot_of(v, spelling, hashes[id - from]);
        if (slot->next_id)
            return hx_fail(err, HX_EFORMAT, "%s: tokens %d and %zu are both spelt '%.*s'", what,
                           (int)slot->next_id - 1, id, HX_STR_ARG(spelling));
        *slot = (hx_vocab_slot){hashes[id - from].key, (uint32_t)spelling.len, (uint32_t)(id + 1)};
    }
    return HX_OK;
}

void hx_vocab_measure(hx_vocab *v) {
    size_t end = 0;
    for (size_t id = 0; id < v->n; id++) {
        size_t to = (size_t)v->spans[id].at + v->spans[id].len;
        end = to > end ? to : end;
    }
    v->end = v->text + end;
}

hx_status hx_vocab_index(hx_vocab *v, const char *what, hx_arena *arena, hx_error *err) {
    size_t slots = slots_for(v->n);
    v->slots = hx_table_alloc(arena, slots * sizeof *v->slots);
    if (!v->slots) return hx_fail(err, HX_ENOMEM, "%s: out of memory", what);
    v->mask = slots - 1;
    if (!v->end) hx_vocab_measure(v);
    for (size_t from = 0; from < v->n; from += INDEX_BATCH) {
        size_t to = v->n - from < INDEX_BATCH ? v->n : from + INDEX_BATCH;
        HX_TRY(index_batch(v, from, to, what, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ pairs */
bool hx_pairs_init(hx_pairs *p, size_t n, hx_arena *arena) {
    size_t slots = slots_for(n);
    *p = (hx_pairs){NULL, slots - 1, 64, 0};
    while (slots >> (64 - p->shift) != 1)
        p->shift--;
    p->slots = hx_table_alloc(arena, slots * sizeof *p->slots);
    if (!p->slots) return false;
    memset(p->slots, 0xFF, slots * sizeof *p->slots);
    return true;
}

uint64_t *hx_pairs_put(hx_pairs *p, uint32_t a, uint32_t b) {
    uint64_t key = hx_pair_key(a, b);
    size_t i = hx_pair_home(p, key);
    while (p->slots[i].key != key && p->slots[i].key != HX_PAIR_NONE)
        i = (i + 1) & p->mask;
    if (p->slots[i].key != key) {
        p->slots[i].key = key;
        p->n++;
    }
    return &p->slots[i].value;
}
