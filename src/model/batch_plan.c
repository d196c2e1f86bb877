/* batch_plan.c - which examples of an epoch form which batch; see dataset.h.
 *
 *     shuffle all by (seed, epoch) -> windows of about 64 batches -> sort each by length -> fill batches -> shuffle the batches
 *
 * Batches then hold texts of like lengths (less padding for those who pad, even work for those who pack), and yet differ from epoch to
 * epoch. It is a pure function of lengths, bounds, seed and epoch. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "model/dataset.h"

#define WINDOW 64 /* batches */

typedef struct {
    const uint32_t *lengths;
    size_t n, tokens, examples;
    uint32_t *order; /* (n) */
    uint32_t *starts; /* (n + 1) while filling */
    size_t n_batches;
    uint64_t *keys; /* (n) scratch of sorting */
} planner;

static void shuffle(uint32_t *v, size_t n, hx_rng *rng) {
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)hx_rng_below(rng, i);
        uint32_t kept = v[i - 1];
        v[i - 1] = v[k];
        v[k] = kept;
    }
}

/* Longest first; of equal lengths the one that the shuffle put first. */
static int by_length(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    uint32_t long_x = (uint32_t)(x >> 32), long_y = (uint32_t)(y >> 32);
    if (long_x != long_y) return long_x > long_y ? -1 : 1;
    return (uint32_t)x < (uint32_t)y ? -1 : (uint32_t)x > (uint32_t)y;
}

static void sort_window(planner *p, size_t from, size_t to, uint32_t *scratch) {
    for (size_t i = from; i < to; i++)
        p->keys[i] = (uint64_t)p->lengths[p->order[i]] << 32 | (i - from);
    qsort(p->keys + from, to - from, sizeof *p->keys, by_length);
    for (size_t i = from; i < to; i++)
        scratch[i - from] = p->order[from + (uint32_t)p->keys[i]];
    memcpy(p->order + from, scratch, (to - from) * sizeof *scratch);
}

/* The end of what `batches` batches would hold from `from` on. */
static size_t reach(const planner *p, size_t from, size_t batches) {
    uint64_t tokens = 0;
    size_t i = from;
    for (; i < p->n; i++) {
        bool full = (p->examples && i - from >= p->examples * batches) ||
                    (p->tokens && tokens >= (uint64_t)p->tokens * batches);
        if (full) break;
        tokens += p->lengths[p->order[i]];
    }
    return i;
}

static void fill_batches(planner *p, size_t from, size_t to) {
    uint64_t tokens = 0;
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        uint32_t length = p->lengths[p->order[i]];
        bool full = n > 0 && ((p->examples && n >= p->examples) ||
                              (p->tokens && tokens + length > p->tokens));
        if (n == 0 || full) {
            p->starts[p->n_batches++] = (uint32_t)i;
            tokens = 0;
            n = 0;
        }
        tokens += length;
        n++;
    }
}

static void plan(planner *p, uint64_t seed, uint64_t epoch, uint32_t *scratch) {
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(seed, epoch + 1));
    for (size_t i = 0; i < p->n; i++)
        p->order[i] = (uint32_t)i;
    shuffle(p->order, p->n, &rng);
    for (size_t from = 0; from < p->n;) {
        size_t to = reach(p, from, WINDOW);
        sort_window(p, from, to, scratch);
        fill_batches(p, from, to);
        from = to;
    }
    p->starts[p->n_batches] = (uint32_t)p->n;
    for (size_t i = 0; i < p->n_batches; i++)
        scratch[i] = (uint32_t)i;
    shuffle(scratch, p->n_batches, &rng);
}

/* The batches in the order of scratch. */
static void put_in_order(const planner *p, const uint32_t *scratch, hx_batch_plan *out) {
    size_t at = 0;
    for (size_t b = 0; b < p->n_batches; b++) {
        uint32_t from = p->starts[scratch[b]], n = p->starts[scratch[b] + 1] - from;
        out->starts[b] = (uint32_t)at;
        memcpy(out->order + at, p->order + from, n * sizeof *out->order);
        at += n;
    }
    out->starts[p->n_batches] = (uint32_t)at;
    out->n_batches = p->n_batches;
}

hx_status hx_batch_plan_make(const uint32_t *lengths, size_t n, size_t tokens, size_t examples,
                             uint64_t seed, uint64_t epoch, hx_arena *arena, hx_batch_plan *out,
                             hx_error *err) {
    planner p = {.lengths = lengths, .n = n, .tokens = tokens, .examples = examples};
    if (n >= UINT32_MAX) return hx_fail(err, HX_ELIMIT, "more than four thousand million examples");
    p.order = calloc(n + 1, sizeof *p.order);
    p.starts = calloc(n + 1, sizeof *p.starts);
    p.keys = calloc(n + 1, sizeof *p.keys);
    uint32_t *scratch = calloc(n + 1, sizeof *scratch);
    hx_status st = HX_OK;
    if (p.order && p.starts && p.keys && scratch) {
        plan(&p, seed, epoch, scratch);
        hx_batch_plan made = {.order = hx_arena_alloc(arena, (n + 1) * sizeof *made.order),
                              .starts =
                                  hx_arena_alloc(arena, (p.n_batches + 1) * sizeof *made.starts)};
        if (made.order && made.starts) {
            put_in_order(&p, scratch, &made);
            *out = made;
        } else {
            st = hx_fail(err, HX_ENOMEM, "out of memory");
        }
    } else {
        st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    free(p.order);
    free(p.starts);
    free(p.keys);
    free(scratch);
    return st;
}
