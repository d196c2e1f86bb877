/* arena.c - memory with one lifetime, out of chunks.
 *
 *     regular: [64 KiB] -> [128 KiB] -> ... -> [8 MiB] -> [8 MiB]    bump-allocated, in this order
 *     large:   one chunk a request that would waste a regular one
 *
 * Invariants:
 *  - `held` is the sum of all chunks' bytes with their headers, and never more than `cap`.
 *  - What lies in a chunk behind `dirty` has never been given out and is zero since calloc(); the zeroing
 *    of an allocation therefore touches only what was used before a reset.
 *  - reset() frees the large chunks and keeps the regular ones; those behind `current` are empty. Where a
 *    new chunk would break the cap, these empty ones are given back first.
 *  - Under AddressSanitizer all that is not allocated is poisoned, so a use after reset is reported. */
#include "huaxiang/base.h"

#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define ARENA_POISON(p, n) __asan_poison_memory_region((p), (n))
#define ARENA_UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define ARENA_POISON(p, n) ((void)(p), (void)(n))
#define ARENA_UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define ARENA_ALIGN 16u
#define ARENA_CHUNK_MIN ((size_t)64 << 10)
#define ARENA_CHUNK_MAX ((size_t)8 << 20)
#define ARENA_CAP_DEFAULT ((size_t)1 << 30)

typedef struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* bytes behind this header */
    size_t used;
    size_t dirty; /* bytes from the start that may be non-zero */
} arena_chunk;

_Static_assert(sizeof(arena_chunk) % ARENA_ALIGN == 0, "chunk payloads start aligned");

struct hx_arena {
    arena_chunk *first; /* regular chunks, oldest first */
    arena_chunk *current;
    arena_chunk *large;
    size_t chunk_size; /* of the next regular chunk */
    size_t held;
    size_t cap;
};

static char *chunk_bytes(arena_chunk *c) {
    return (char *)(c + 1);
}

static void chunk_list_free(hx_arena *a, arena_chunk *c) {
    while (c) {
        arena_chunk *next = c->next;
        a->held -= sizeof *c + c->size;
        ARENA_UNPOISON(chunk_bytes(c), c->size);
        free(c);
        c = next;
    }
}

/* Empty chunks behind the current one. */
static void arena_trim(hx_arena *a) {
    if (!a->current) return;
    chunk_list_free(a, a->current->next);
    a->current->next = NULL;
}

static arena_chunk *chunk_new(hx_arena *a, size_t size) {
    size_t total = sizeof(arena_chunk) + size;
    if (total < size || total > a->cap) return NULL;
    if (total > a->cap - a->held) arena_trim(a);
    if (total > a->cap - a->held) return NULL;
    arena_chunk *c = calloc(1, total);
    if (!c) return NULL;
    c->size = size;
    a->held += total;
    if (a->chunk_size < ARENA_CHUNK_MAX) a->chunk_size *= 2;
    ARENA_POISON(chunk_bytes(c), size);
    return c;
}

/* `size` is a multiple of ARENA_ALIGN and fits. */
static void *chunk_take(arena_chunk *c, size_t size) {
    char *p = chunk_bytes(c) + c->used;
    ARENA_UNPOISON(p, size);
    if (c->dirty > c->used) {
        size_t old = c->dirty - c->used;
        memset(p, 0, old < size ? old : size);
    }
    c->used += size;
    if (c->used > c->dirty) c->dirty = c->used;
    return p;
}

static void *arena_take_large(hx_arena *a, size_t size) {
    arena_chunk *c = chunk_new(a, size);
    if (!c) return NULL;
    c->next = a->large;
    a->large = c;
    return chunk_take(c, size);
}

static void *arena_take_chunk(hx_arena *a, size_t size) {
    arena_chunk *c = chunk_new(a, a->chunk_size);
    /* Near the cap a whole chunk no longer fits, but the request alone may. */
    if (!c) return arena_take_large(a, size);
    if (a->current)
        a->current->next = c;
    else
        a->first = c;
    a->current = c;
    return chunk_take(c, size);
}

hx_arena *hx_arena_new(size_t cap) {
    hx_arena *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->cap = cap ? cap : ARENA_CAP_DEFAULT;
    a->chunk_size = ARENA_CHUNK_MIN;
    return a;
}

void hx_arena_free(hx_arena *a) {
    if (!a) return;
    chunk_list_free(a, a->first);
    chunk_list_free(a, a->large);
    free(a);
}

void hx_arena_reset(hx_arena *a) {
    chunk_list_free(a, a->large);
    a->large = NULL;
    for (arena_chunk *c = a->first; c; c = c->next) {
        c->used = 0;
        ARENA_POISON(chunk_bytes(c), c->size);
    }
    a->current = a->first;
}

void *hx_arena_alloc(hx_arena *a, size_t size) {
    if (size > SIZE_MAX - 2 * ARENA_ALIGN) return NULL;
    /* Zero bytes get a place of their own too: callers tell NULL from an empty array. */
    size = size ? (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1) : ARENA_ALIGN;
    arena_chunk *c = a->current;
    if (c && size <= c->size - c->used) return chunk_take(c, size);
    if (size > a->chunk_size / 4) return arena_take_large(a, size);
    while (a->current && a->current->next) {
        a->current = a->current->next;
        if (size <= a->current->size) return chunk_take(a->current, size);
    }
    return arena_take_chunk(a, size);
}

hx_str hx_arena_str(hx_arena *a, hx_str s) {
    if (s.len == SIZE_MAX) return (hx_str){NULL, 0};
    char *copy = hx_arena_alloc(a, s.len + 1);
    if (!copy) return (hx_str){NULL, 0};
    if (s.len) memcpy(copy, s.ptr, s.len);
    return (hx_str){copy, s.len};
}
