/* tokenizer_train_queue.c - see tokenizer_train_queue.h.
 *
 * slots is an open-addressing table (linear probing, at most 5/8 full) of candidates by the 64-bit hash of their spelling, which alone
 * decides: pairs that spell the same meet in one candidate without a look at the bytes. (Among 10^7 candidates two that differ share a
 * hash once in 400,000 trainings; a piece would then be counted too high.) base/map keeps key, value and mark apart: three cache
 * misses a look-up, and there are tens of millions.
 *
 * Places lie in chunks of 2, 4, 8, ... 1,024, chained from the newest to the oldest; n_places says how many there are, and with it
 * how long each chunk is. Chunks are never given back before the end. */
#include "llama/tokenizer_train_queue.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_FIRST 2u
#define CHUNK_MAX 1024u
#define CHUNKS_MAX 0xFFFFFFF0u

void hx__train_queue_init(hx_train_queue *q) {
    *q = (hx_train_queue){.n_candidates = 1, .n_chunks = 1};
}

void hx__train_queue_release(hx_train_queue *q) {
    free(q->candidates);
    free(q->slots);
    free(q->heap);
    free(q->touched);
    free(q->chunks);
    *q = (hx_train_queue){0};
}

bool hx__train_grow(void **block, size_t *room, size_t n, size_t each) {
    if (n <= *room) return true;
    size_t more = *room ? *room : 1024;
    while (more < n)
        more *= 2;
    void *grown = calloc(more, each);
    if (!grown) return false;
    if (*room) memcpy(grown, *block, *room * each);
    free(*block);
    *block = grown;
    *room = more;
    return true;
}

/* ------------------------------------------------------------------ table */
static size_t home_of(const hx_train_queue *q, uint64_t hash) {
    return (size_t)((hash ^ hash >> 31) * 0x9E3779B97F4A7C15u >> 20) & (q->n_slots - 1);
}

static uint64_t slot_of(uint64_t hash, size_t candidate) {
    return (hash >> 32) << 32 | candidate;
}

static bool grow_table(hx_train_queue *q) {
    size_t n = q->n_slots ? 2 * q->n_slots : 4096;
    uint64_t *slots = calloc(n, sizeof *slots);
    if (!slots) return false;
    free(q->slots);
    q->slots = slots;
    q->n_slots = n;
    for (size_t i = 1; i < q->n_candidates; i++) {
        uint64_t hash = q->candidates[i].hash;
        size_t at = home_of(q, hash);
        while (slots[at])
            at = (at + 1) & (n - 1);
        slots[at] = slot_of(hash, i);
    }
    return true;
}

static hx_train_candidate *new_candidate(hx_train_queue *q, size_t at, uint64_t hash,
                                         hx_train_pair pair, uint8_t n_characters) {
    void *block = q->candidates;
    bool fine = q->n_candidates < UINT32_MAX &&
                hx__train_grow(&block, &q->room, q->n_candidates + 1, sizeof *q->candidates);
    q->candidates = block;
    if (!fine) return NULL;
    q->slots[at] = slot_of(hash, q->n_candidates);
    hx_train_candidate *c = &q->candidates[q->n_candidates++];
    *c = (hx_train_candidate){.hash = hash, .pair = pair, .n_characters = n_characters};
    return c;
}

hx_train_candidate *hx__train_queue_at(hx_train_queue *q, uint64_t hash, hx_train_pair pair,
                                       uint8_t n_characters) {
    if (8 * q->n_candidates >= 5 * q->n_slots && !grow_table(q)) return NULL;
    size_t at = home_of(q, hash);
    for (; q->slots[at]; at = (at + 1) & (q->n_slots - 1)) {
        if (q->slots[at] >> 32 != hash >> 32) continue;
        hx_train_candidate *c = &q->candidates[q->slots[at] & UINT32_MAX];
        if (c->hash == hash) return c;
    }
    return new_candidate(q, at, hash, pair, n_characters);
}

/* ------------------------------------------------------------------ places */
/* Places of the chunk in which place i lies, and how many lie before it. */
static uint32_t chunk_of(uint32_t i, uint32_t *before) {
    uint32_t size = CHUNK_FIRST;
    *before = 0;
    while (i - *before >= size) {
        *before += size;
        if (size < CHUNK_MAX) size *= 2;
    }
    return size;
}

static bool new_chunk(hx_train_queue *q, hx_train_candidate *c) {
    uint32_t before = 0, size = CHUNK_MAX;
    if (c->n_places < 2 * CHUNK_MAX) size = chunk_of(c->n_places, &before);
    if (q->n_chunks + size + 1 > CHUNKS_MAX) return false;
    void *block = q->chunks;
    bool fine = hx__train_grow(&block, &q->chunks_room, q->n_chunks + size + 1, sizeof *q->chunks);
    q->chunks = block;
    if (!fine) return false;
    q->chunks[q->n_chunks] = c->chunk;
    c->chunk = (uint32_t)q->n_chunks;
    c->filled = 0;
    q->n_chunks += size + 1;
    return true;
}

/* Is its newest chunk full? Chunks double: 2, 2 + 4, 2 + 4 + 8, ..., then 1,024 more each. */
static bool is_full(const hx_train_candidate *c) {
    if (c->n_places < 2 * CHUNK_MAX - CHUNK_FIRST) {
        uint32_t n = c->n_places + CHUNK_FIRST;
        return (n & (n - 1)) == 0;
    }
    return (c->n_places - (2 * CHUNK_MAX - CHUNK_FIRST)) % CHUNK_MAX == 0;
}

bool hx__train_queue_add(hx_train_queue *q, hx_train_candidate *c, uint32_t at, uint64_t n) {
    if (is_full(c) && !new_chunk(q, c)) return false;
    q->chunks[c->chunk + 1 + c->filled++] = at;
    c->n_places++;
    c->n += n;
    if (c->touched) return true;
    void *block = q->touched;
    bool fine = hx__train_grow(&block, &q->touched_room, q->n_touched + 1, sizeof *q->touched);
    q->touched = block;
    if (!fine) return false;
    q->touched[q->n_touched++] = (uint32_t)(c - q->candidates);
    c->touched = true;
    return true;
}

size_t hx__train_queue_places(const hx_train_queue *q, const hx_train_candidate *c, uint32_t *out) {
    uint32_t left = c->n_places, n = c->filled;
    for (uint32_t chunk = c->chunk; chunk && left;) {
        memcpy(out + left - n, q->chunks + chunk + 1, n * sizeof *out);
        left -= n;
        chunk = q->chunks[chunk];
        uint32_t before = 0;
        if (left) {
            (void)chunk_of(left - 1, &before);
            n = left - before;
        }
    }
    return c->n_places;
}

/* ------------------------------------------------------------------ heap */
typedef struct {
    const hx_train_queue *q;
    const void *context;
    hx_pair_queue_compare *compare;
} ordering;

static bool is_before(const ordering *o, hx_train_entry a, hx_train_entry b) {
    if (a.key != b.key) return a.key > b.key;
    if (a.candidate == b.candidate) return false;
    return o->compare(o->context, o->q->candidates[a.candidate].pair,
                      o->q->candidates[b.candidate].pair) < 0;
}

static void sift_up(hx_train_queue *q, const ordering *o, size_t i) {
    hx_train_entry e = q->heap[i];
    while (i && is_before(o, e, q->heap[(i - 1) / 2])) {
        q->heap[i] = q->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    q->heap[i] = e;
}

static void sift_down(hx_train_queue *q, const ordering *o) {
    hx_train_entry e = q->heap[0];
    size_t i = 0;
    for (size_t child = 1; child < q->n_heap; child = 2 * i + 1) {
        if (child + 1 < q->n_heap && is_before(o, q->heap[child + 1], q->heap[child])) child++;
        if (!is_before(o, q->heap[child], e)) break;
        q->heap[i] = q->heap[child];
        i = child;
    }
    q->heap[i] = e;
}

static hx_train_entry entry_of(const hx_train_queue *q, uint32_t candidate) {
    const hx_train_candidate *c = &q->candidates[candidate];
    return (hx_train_entry){c->n << 8 | (255u - c->n_characters), candidate};
}

bool hx__train_queue_settle(hx_train_queue *q, const void *context,
                            hx_pair_queue_compare *compare) {
    ordering o = {q, context, compare};
    for (size_t i = 0; i < q->n_touched; i++) {
        hx_train_candidate *c = &q->candidates[q->touched[i]];
        c->touched = false;
        if (c->symbol || c->n < 2 || c->n <= c->queued) continue;
        void *block = q->heap;
        bool fine = hx__train_grow(&block, &q->heap_room, q->n_heap + 1, sizeof *q->heap);
        q->heap = block;
        if (!fine) return false;
        q->heap[q->n_heap] = entry_of(q, q->touched[i]);
        c->queued = c->n;
        sift_up(q, &o, q->n_heap++);
    }
    q->n_touched = 0;
    return true;
}

static void pop(hx_train_queue *q, const ordering *o) {
    q->heap[0] = q->heap[--q->n_heap];
    if (q->n_heap) sift_down(q, o);
}

bool hx__train_queue_best(hx_train_queue *q, uint64_t least, const void *context,
                          hx_pair_queue_compare *compare, uint32_t *best) {
    ordering o = {q, context, compare};
    while (q->n_heap) {
        hx_train_entry e = q->heap[0];
        hx_train_candidate *c = &q->candidates[e.candidate];
        uint64_t n = e.key >> 8;
        bool newest = n == c->queued && !c->symbol;
        if (newest && n == c->n) {
            if (n < least) return false;
            pop(q, &o);
            *best = e.candidate;
            return true;
        }
        if (newest && c->n >= 2) {
            q->heap[0] = entry_of(q, e.candidate);
            c->queued = c->n;
            sift_down(q, &o);
            continue;
        }
        if (newest) c->queued = 0;
        pop(q, &o);
    }
    return false;
}
