/* cache.c - the cache of keys and values (layout and invariants: cache.h).
 *
 * Rows of one head lie one behind the other, so that attention reads them as a stream. A shift moves the positions behind the forgotten
 * ones down and turns their keys back: decoded, rotated by -discard positions, encoded again; values are moved as they are. Rotations add
 * up, so that the result is the key of the new position; with Q8_0 rows each shift rounds once more. */
#include "llama/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "tensor/vector.h"

#define ROOM_MIN 64 /* positions */

hx_status hx_cache_init(hx_cache *c, const hx_config *config, hx_dtype type, size_t n_slots,
                        size_t n_positions, hx_error *err) {
    uint64_t bytes = 0;
    memset(c, 0, sizeof *c);
    if (!hx_dtype_size(type, config->head_dim, &bytes))
        return hx_fail(
            err, HX_EUNSUPPORTED,
            "heads of %zu elements cannot be cached in blocks of %zu; take the F16 cache",
            config->head_dim, hx_dtype_describe(type)->block);
    c->slots = calloc(n_slots, sizeof *c->slots);
    if (!c->slots) return hx_fail(err, HX_ENOMEM, "out of memory for %zu sequences", n_slots);
    for (size_t i = 0; i < n_slots; i++)
        c->slots[i].prefix = -1;
    c->type = type;
    c->n_layers = config->n_layers;
    c->n_kv_heads = config->n_kv_heads;
    c->head_dim = config->head_dim;
    c->head_bytes = (size_t)bytes;
    c->n_slots = n_slots;
    c->n_positions = n_positions;
    return HX_OK;
}

void hx_cache_release(hx_cache *c) {
    for (size_t i = 0; c->slots && i < c->n_slots; i++)
        free(c->slots[i].rows);
    free(c->slots);
    memset(c, 0, sizeof *c);
}

size_t hx_cache_length(const hx_cache *c, size_t slot) {
    return c->slots[slot].shared + c->slots[slot].own;
}

/* ------------------------------------------------------------------ room */
static size_t n_streams(const hx_cache *c) {
    return c->n_layers * 2 * c->n_kv_heads;
}

static uint8_t *stream(const hx_cache *c, const hx_cache_slot *s, size_t i) {
    return s->rows + i * s->room * c->head_bytes;
}

uint8_t *hx_cache_keys(const hx_cache *c, size_t slot, size_t layer, size_t head) {
    return stream(c, &c->slots[slot], (2 * layer) * c->n_kv_heads + head);
}

uint8_t *hx_cache_values(const hx_cache *c, size_t slot, size_t layer, size_t head) {
    return stream(c, &c->slots[slot], (2 * layer + 1) * c->n_kv_heads + head);
}

static hx_status check_unshared(const hx_cache *c, size_t slot, hx_error *err) {
    if (c->slots[slot].n_forks > 0)
        return hx_fail(err, HX_ECONFLICT,
                       "sequence %zu is the prefix of %zu others and cannot change", slot,
                       c->slots[slot].n_forks);
    return HX_OK;
}

hx_status hx_cache_check(const hx_cache *c, size_t slot, size_t more, hx_error *err) {
    HX_TRY(check_unshared(c, slot, err));
    size_t length = hx_cache_length(c, slot);
    if (more > c->n_positions - length)
        return hx_fail(err, HX_ELIMIT,
                       "sequence %zu holds %zu of at most %zu positions and cannot take %zu more",
                       slot, length, c->n_positions, more);
    return HX_OK;
}

hx_status hx_cache_reserve(hx_cache *c, size_t slot, size_t more, hx_error *err) {
    hx_cache_slot *s = &c->slots[slot];
    size_t need = s->own + more, room = s->room ? s->room : ROOM_MIN;
    if (need <= s->room) return HX_OK;
    while (room < need)
        room *= 2;
    if (room > c->n_positions) room = c->n_positions;
    hx_cache_slot grown = *s;
    grown.room = room;
    grown.rows = calloc(n_streams(c) * room, c->head_bytes);
    if (!grown.rows)
        return hx_fail(err, HX_ENOMEM, "out of memory for %zu positions of sequence %zu", room,
                       slot);
    for (size_t i = 0; i < n_streams(c) && s->own; i++)
        memcpy(stream(c, &grown, i), stream(c, s, i), s->own * c->head_bytes);
    free(s->rows);
    *s = grown;
    return HX_OK;
}

size_t hx_cache_spans(const hx_cache *c, size_t slot, size_t layer, size_t head, size_t length,
                      hx_attention_span spans[HX_CACHE_SPANS_MAX]) {
    size_t n = 0;
    int32_t at = (int32_t)slot;
    while (at >= 0 && length > 0 && n < HX_CACHE_SPANS_MAX) {
        const hx_cache_slot *s = &c->slots[at];
        if (length > s->shared) {
            memmove(spans + 1, spans, n * sizeof *spans);
            spans[0] = (hx_attention_span){.type = c->type,
                                           .k = hx_cache_keys(c, (size_t)at, layer, head),
                                           .v = hx_cache_values(c, (size_t)at, layer, head),
                                           .stride = c->head_bytes,
                                           .n = length - s->shared};
            n++;
            length = s->shared;
        }
        at = s->prefix;
    }
    return n;
}

/* ------------------------------------------------------------------ sharing and forgetting */
static void unlink_prefix(hx_cache *c, hx_cache_slot *s) {
    if (s->prefix >= 0) c->slots[s->prefix].n_forks--;
    s->prefix = -1;
    s->shared = 0;
}

static size_t chain_length(const hx_cache *c, size_t slot) {
    size_t n = 0;
    for (int32_t at = (int32_t)slot; at >= 0; at = c->slots[at].prefix)
        n++;
    return n;
}

hx_status hx_cache_fork(hx_cache *c, size_t slot, size_t prefix, hx_error *err) {
    hx_cache_slot *s = &c->slots[slot];
    if (slot == prefix)
        return hx_fail(err, HX_EINVAL, "sequence %zu cannot be its own prefix", slot);
    HX_TRY(check_unshared(c, slot, err));
    if (chain_length(c, prefix) >= HX_CACHE_SPANS_MAX)
        return hx_fail(err, HX_ELIMIT, "sequence %zu is already the %dth fork of a fork", prefix,
                       HX_CACHE_SPANS_MAX - 1);
    unlink_prefix(c, s);
    s->own = 0;
    s->shared = hx_cache_length(c, prefix);
    if (s->shared == 0) return HX_OK;
    s->prefix = (int32_t)prefix;
    c->slots[prefix].n_forks++;
    return HX_OK;
}

hx_status hx_cache_cut(hx_cache *c, size_t slot, size_t length, hx_error *err) {
    hx_cache_slot *s = &c->slots[slot];
    if (length > hx_cache_length(c, slot))
        return hx_fail(err, HX_EINVAL, "sequence %zu holds %zu positions and cannot be cut to %zu",
                       slot, hx_cache_length(c, slot), length);
    HX_TRY(check_unshared(c, slot, err));
    if (length >= s->shared) {
        s->own = length - s->shared;
        return HX_OK;
    }
    s->own = 0;
    if (length == 0)
        unlink_prefix(c, s);
    else
        s->shared = length;
    return HX_OK;
}

typedef struct {
    const hx_cache *cache;
    const hx_cache_slot *slot;
    const hx_cache_turn *turn;
    size_t from, to, n; /* own positions: n of them move from `from` to `to` */
} shift_job;

/* Positions move down in ascending order: what a row is written over has already been read. */
static void shift_stream(void *context, size_t i, size_t worker) {
    (void)worker;
    const shift_job *job = context;
    const hx_cache *c = job->cache;
    const hx_cache_turn *turn = job->turn;
    uint8_t *rows = stream(c, job->slot, i), *to = rows + job->to * c->head_bytes;
    const uint8_t *from = rows + job->from * c->head_bytes;
    bool is_values = i / c->n_kv_heads % 2 == 1;
    if (is_values) {
        memmove(to, from, job->n * c->head_bytes);
        return;
    }
    float key[HX_CONFIG_HEAD_DIM_MAX];
    for (size_t p = 0; p < job->n; p++) {
        hx_dtype_decode(c->type, from + p * c->head_bytes, c->head_dim, key);
        hx_vector_rope(turn->kernels, key, turn->dims, turn->cos_, turn->sin_, turn->interleaved);
        hx_vector_store(turn->kernels, c->type, key, c->head_dim, to + p * c->head_bytes);
    }
}

hx_status hx_cache_shift(hx_cache *c, size_t slot, size_t keep, size_t discard,
                         const hx_cache_turn *turn, hx_team *team, hx_error *err) {
    hx_cache_slot *s = &c->slots[slot];
    size_t length = hx_cache_length(c, slot);
    if (keep > length || discard > length - keep)
        return hx_fail(
            err, HX_EINVAL,
            "sequence %zu holds %zu positions and cannot forget %zu behind the first %zu", slot,
            length, discard, keep);
    HX_TRY(check_unshared(c, slot, err));
    if (keep < s->shared)
        return hx_fail(err, HX_EINVAL,
                       "sequence %zu shares its first %zu positions; only those behind them can be "
                       "forgotten",
                       slot, s->shared);
    if (discard == 0) return HX_OK;
    shift_job job = {
        c, s, turn, keep + discard - s->shared, keep - s->shared, length - keep - discard};
    hx_team_run(team, n_streams(c), shift_stream, &job);
    s->own -= discard;
    return HX_OK;
}
