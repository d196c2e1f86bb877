/* context.c - opening a context, its sequence slots, and the rows it keeps.
 *
 * A context belongs to one thread at a time; it has a team of its own. All of its memory grows on demand and stays until close: scratch
 * with the largest chunk, results with the largest run, the cache with its sequences. A stamp that no two changes of any slot share tells
 * who keeps something in a slot (label.c) whether it is still there. */
#include "llama/context.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define SEQUENCES_DEFAULT 1
#define POSITIONS_DEFAULT 2048
#define BATCH_DEFAULT 1024
#define SEQUENCES_MAX 4096
#define BATCH_MAX 65536
#define RESULT_BYTES_MAX ((size_t)8 << 30)

/* ------------------------------------------------------------------ rows */
hx_status hx_rows_reserve(hx_llama_rows *r, size_t bytes, hx_error *err) {
    if (bytes <= r->room) return HX_OK;
    size_t room = (bytes + 63) & ~(size_t)63;
    void *grown = aligned_alloc(64, room);
    if (!grown)
        return hx_fail(err, HX_ENOMEM, "out of memory: a run needs a block of %zu MB", room >> 20);
    free(r->data);
    r->data = grown;
    r->room = room;
    return HX_OK;
}

void hx_rows_release(hx_llama_rows *r) {
    free(r->data);
    *r = (hx_llama_rows){0};
}

/* ------------------------------------------------------------------ life */
static hx_status check_options(const hx_context_options *o, hx_error *err) {
    if (o->n_sequences > SEQUENCES_MAX)
        return hx_fail(err, HX_EINVAL, "a context holds at most %d sequences, not %zu",
                       SEQUENCES_MAX, o->n_sequences);
    if (o->n_positions > HX_CONFIG_POSITIONS_MAX)
        return hx_fail(err, HX_EINVAL, "a sequence holds at most %u positions, not %zu",
                       HX_CONFIG_POSITIONS_MAX, o->n_positions);
    if (o->batch_tokens > BATCH_MAX)
        return hx_fail(err, HX_EINVAL, "at most %d tokens are worked on at once, not %zu",
                       BATCH_MAX, o->batch_tokens);
    if (o->cache != HX_CACHE_F16 && o->cache != HX_CACHE_Q8 && o->cache != HX_CACHE_F32)
        return hx_fail(err, HX_EINVAL, "%d is no type of cache", (int)o->cache);
    return HX_OK;
}

static hx_dtype cache_dtype(const hx_llama *m, hx_cache_type type) {
    if (m->options.precision == HX_PRECISION_EXACT || type == HX_CACHE_F32) return HX_DTYPE_F32;
    return type == HX_CACHE_Q8 ? HX_DTYPE_Q8_0 : HX_DTYPE_F16;
}

hx_status hx_llama_context_open(hx_llama_context **out, hx_llama *m,
                                const hx_context_options *options, hx_error *err) {
    hx_context_options o = options ? *options : (hx_context_options){0};
    if (!o.n_sequences) o.n_sequences = SEQUENCES_DEFAULT;
    if (!o.n_positions) o.n_positions = POSITIONS_DEFAULT;
    if (!o.batch_tokens) o.batch_tokens = BATCH_DEFAULT;
    HX_TRY(check_options(&o, err));
    if (!m->layers)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the model was opened for tokenising only and cannot run");
    hx_llama_context *c = calloc(1, sizeof *c);
    if (!c) return hx_fail(err, HX_ENOMEM, "out of memory for a context");
    c->model = m;
    c->options = o;
    c->result_bytes = RESULT_BYTES_MAX;
    hx_status status = hx_team_new(&c->team, m->options.n_threads, err);
    if (status == HX_OK)
        status = hx_cache_init(&c->cache, &m->config, cache_dtype(m, o.cache), o.n_sequences,
                               o.n_positions, err);
    if (status != HX_OK) {
        hx_llama_context_close(c);
        return status;
    }
    *out = c;
    return HX_OK;
}

void hx_llama_context_close(hx_llama_context *c) {
    if (!c) return;
    hx_llama_rows *all[] = {&c->x,      &c->qkv,       &c->att,     &c->ff,
                            &c->linear, &c->attention, &c->lists,   &c->piece_rows,
                            &c->logits, &c->hidden,    &c->head_in, &c->head_out};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hx_rows_release(all[i]);
    hx_rope_table_release(&c->rope);
    hx_cache_release(&c->cache);
    hx_team_free(c->team);
    free(c);
}

const hx_llama *hx_llama_model_of(const hx_llama_context *c) {
    return c->model;
}

hx_team *hx_context_team(const hx_llama_context *c) {
    return c->team;
}

/* ------------------------------------------------------------------ sequences */
static bool is_slot(const hx_llama_context *c, int32_t sequence) {
    return sequence >= 0 && (size_t)sequence < c->cache.n_slots;
}

static hx_status check_slot(const hx_llama_context *c, int32_t sequence, hx_error *err) {
    if (is_slot(c, sequence)) return HX_OK;
    return hx_fail(err, HX_EINVAL, "there is no sequence %d, only 0 to %zu", (int)sequence,
                   c->cache.n_slots - 1);
}

size_t hx_llama_sequence_length(const hx_llama_context *c, int32_t sequence) {
    return is_slot(c, sequence) ? hx_cache_length(&c->cache, (size_t)sequence) : 0;
}

size_t hx_sequence_own(const hx_llama_context *c, int32_t sequence) {
    return is_slot(c, sequence) ? c->cache.slots[sequence].own : 0;
}

void hx_sequence_changed(hx_llama_context *c, size_t slot) {
    c->cache.slots[slot].stamp =
        atomic_fetch_add_explicit(&c->model->n_changes, 1, memory_order_relaxed) + 1;
}

uint64_t hx_sequence_stamp(const hx_llama_context *c, size_t slot) {
    return c->cache.slots[slot].stamp;
}

hx_status hx_llama_sequence_fork(hx_llama_context *c, int32_t sequence, int32_t prefix,
                                 hx_error *err) {
    HX_TRY(check_slot(c, sequence, err));
    HX_TRY(check_slot(c, prefix, err));
    HX_TRY(hx_cache_fork(&c->cache, (size_t)sequence, (size_t)prefix, err));
    hx_sequence_changed(c, (size_t)sequence);
    return HX_OK;
}

hx_status hx_llama_sequence_cut(hx_llama_context *c, int32_t sequence, size_t length,
                                hx_error *err) {
    HX_TRY(check_slot(c, sequence, err));
    HX_TRY(hx_cache_cut(&c->cache, (size_t)sequence, length, err));
    hx_sequence_changed(c, (size_t)sequence);
    return HX_OK;
}

hx_status hx_llama_sequence_shift(hx_llama_context *c, int32_t sequence, size_t keep,
                                  size_t discard, hx_error *err) {
    HX_TRY(check_slot(c, sequence, err));
    const hx_llama *m = c->model;
    float cos_[HX_CONFIG_HEAD_DIM_MAX / 2], sin_[HX_CONFIG_HEAD_DIM_MAX / 2];
    /* Keys carry the amplitude already: turning back is a plain rotation. */
    hx_rope_angles(m->rope_frequency, m->config.rope.dims / 2, 1.0f, -(double)discard, cos_, sin_);
    hx_cache_turn turn = {m->kernels, cos_, sin_, m->config.rope.dims, m->config.interleaved};
    HX_TRY(hx_cache_shift(&c->cache, (size_t)sequence, keep, discard, &turn, c->team, err));
    hx_sequence_changed(c, (size_t)sequence);
    return HX_OK;
}
