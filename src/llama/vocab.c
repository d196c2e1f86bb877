/* vocab.c - spellings and pairs by hash.
 *
 * Both tables are open-addressed with linear probing and at most 2/3 full, so every search ends at a free slot. A vocabulary slot holds the
 * upper 32 bits of the spelling's XXH3 and id + 1; a match of these is confirmed by the bytes, so that two spellings of one hash are no
 * danger. The search itself is one miss of the cache, two with the confirmation: where many are looked up, hashes are computed and slots
 * fetched ahead in batches. */
#include "llama/vocab.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define TAG 0xFFFFFFFF00000000u /* of a slot: the upper half of the hash */

/* Slots for n entries: a power of two, at least 3/2 n. */
static size_t slots_for(size_t n) {
    size_t slots = 16;
    while (slots < n + n / 2 + 1)
        slots *= 2;
    return slots;
}

uint64_t hx_vocab_hash(const hx_vocab *v, hx_str spelling) {
    uint64_t h = hx_hash(spelling);
    __builtin_prefetch(&v->slots[h & v->mask]);
    return h;
}

static bool is_spelt(const hx_vocab *v, uint32_t id, hx_str spelling) {
    return v->spans[id].len == spelling.len &&
           hx_same_bytes(v->text + v->spans[id].at, spelling.ptr, spelling.len);
}

int32_t hx_vocab_find_hashed(const hx_vocab *v, hx_str spelling, uint64_t hash) {
    uint64_t tag = hash & TAG;
    for (uint64_t i = hash & v->mask; v->slots[i]; i = (i + 1) & v->mask) {
        uint32_t id = (uint32_t)v->slots[i] - 1;
        if ((v->slots[i] & TAG) == tag && is_spelt(v, id, spelling)) return (int32_t)id;
    }
    return -1;
}

void hx_vocab_prefetch(const hx_vocab *v, uint64_t hash, int step) {
    uint32_t id = (uint32_t)v->slots[hash & v->mask];
    if (id == 0) return;
    if (step == 0)
        __builtin_prefetch(&v->spans[id - 1]);
    else
        __builtin_prefetch(v->text + v->spans[id - 1].at);
}

int32_t hx_vocab_find(const hx_vocab *v, hx_str spelling) {
    if (!spelling.len) return -1;
    return hx_vocab_find_hashed(v, spelling, hx_hash(spelling));
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
    uint64_t hashes[INDEX_BATCH];
    for (size_t id = from; id < to; id++) {
        HX_TRY(check_length(v, id, what, err));
        hashes[id - from] = hx_vocab_hash(v, hx_vocab_spelling(v, id));
    }
    for (size_t id = from; id < to; id++) {
        hx_str spelling = hx_vocab_spelling(v, id);
        uint64_t tag = hashes[id - from] & TAG, i = hashes[id - from] & v->mask;
        for (; v->slots[i]; i = (i + 1) & v->mask)
            if ((v->slots[i] & TAG) == tag && is_spelt(v, (uint32_t)v->slots[i] - 1, spelling))
                return hx_fail(err, HX_EFORMAT, "%s: tokens %d and %zu are both spelt '%.*s'", what,
                               (int)(uint32_t)v->slots[i] - 1, id, HX_STR_ARG(spelling));
        v->slots[i] = tag | (uint32_t)(id + 1);
    }
    return HX_OK;
}

hx_status hx_vocab_index(hx_vocab *v, const char *what, hx_arena *arena, hx_error *err) {
    size_t slots = slots_for(v->n);
    v->slots = hx_arena_alloc(arena, slots * sizeof *v->slots);
    if (!v->slots) return hx_fail(err, HX_ENOMEM, "%s: out of memory", what);
    v->mask = slots - 1;
    for (size_t from = 0; from < v->n; from += INDEX_BATCH) {
        size_t to = v->n - from < INDEX_BATCH ? v->n : from + INDEX_BATCH;
        HX_TRY(index_batch(v, from, to, what, err));
    }
    return HX_OK;
}

bool hx_pairs_init(hx_pairs *p, size_t n, hx_arena *arena) {
    size_t slots = slots_for(n);
    *p = (hx_pairs){NULL, slots - 1, 64, 0};
    while (slots >> (64 - p->shift) != 1)
        p->shift--;
    p->slots = hx_arena_alloc(arena, slots * sizeof *p->slots);
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
