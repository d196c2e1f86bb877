/* cache.h - keys and values of the sequences of a context.
 *
 *     slot = [positions of a shared prefix (another slot's)] [own positions]
 *     own rows: one block a slot, (layer, keys | values, key-value head, room, head_dim) in the cache's type
 *
 * Invariants:
 *  - A slot that others share (n_forks > 0) never changes; a slot's `shared` is at most what its prefix held at the fork.
 *  - Prefixes form chains of at most HX_CACHE_SPANS_MAX slots, never rings: only a slot nobody shares becomes a fork.
 *  - Memory of a slot grows by doubling, up to n_positions; rows are moved only in hx_cache_reserve() and hx_cache_shift(). */
#ifndef HX_LLAMA_CACHE_H
#define HX_LLAMA_CACHE_H

#include "llama/config.h"
#include "tensor/attention.h"
#include "tensor/team.h"

#define HX_CACHE_SPANS_MAX 8

typedef struct {
    uint8_t *rows; /* owned; NULL while room is 0 */
    size_t room, own; /* positions */
    size_t shared; /* positions seen of `prefix` and of its prefixes */
    int32_t prefix; /* slot; -1 = none */
    size_t n_forks; /* slots whose prefix this is */
    uint64_t
        stamp; /* of its last change (hx_sequence_changed()): the same stamp, the same contents; 0 = never used */
} hx_cache_slot;

typedef struct {
    hx_dtype type;
    size_t n_layers, n_kv_heads, head_dim, head_bytes; /* head_bytes: of one key or value */
    size_t n_slots, n_positions;
    hx_cache_slot *slots; /* (n_slots), owned */
} hx_cache;

/* HX_EUNSUPPORTED where heads have no whole blocks of the type. */
hx_status hx_cache_init(hx_cache *c, const hx_config *config, hx_dtype type, size_t n_slots,
                        size_t n_positions, hx_error *err) HX_MUST_USE;
void hx_cache_release(hx_cache *c);
size_t hx_cache_length(const hx_cache *c, size_t slot); /* shared + own */

/* HX_ELIMIT where `more` positions do not fit, HX_ECONFLICT where the slot is shared. */
hx_status hx_cache_check(const hx_cache *c, size_t slot, size_t more, hx_error *err) HX_MUST_USE;
/* Room for `more` own positions. */
hx_status hx_cache_reserve(hx_cache *c, size_t slot, size_t more, hx_error *err) HX_MUST_USE;
/* Rows of a head; own position p is p * head_bytes behind. */
uint8_t *hx_cache_keys(const hx_cache *c, size_t slot, size_t layer, size_t head);
uint8_t *hx_cache_values(const hx_cache *c, size_t slot, size_t layer, size_t head);
/* What a head of the slot sees of its first `length` positions, in order; returns the number of spans. */
size_t hx_cache_spans(const hx_cache *c, size_t slot, size_t layer, size_t head, size_t length,
                      hx_attention_span spans[HX_CACHE_SPANS_MAX]);

hx_status hx_cache_fork(hx_cache *c, size_t slot, size_t prefix, hx_error *err) HX_MUST_USE;
hx_status hx_cache_cut(hx_cache *c, size_t slot, size_t length, hx_error *err) HX_MUST_USE;
/* `angles` turns a key back by `discard` positions. */
typedef struct {
    const hx_kernels *kernels;
    const float *cos_, *sin_; /* (dims / 2) */
    size_t dims;
    bool interleaved;
} hx_cache_turn;
hx_status hx_cache_shift(hx_cache *c, size_t slot, size_t keep, size_t discard,
                         const hx_cache_turn *turn, hx_team *team, hx_error *err) HX_MUST_USE;

#endif
