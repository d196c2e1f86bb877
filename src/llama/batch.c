/* batch.c - a run: pieces are checked, all memory is taken, then chunk after chunk goes through the layers.
 *
 *     pieces    [slot 0: 5 tokens] [whole text: 9] [slot 1: 700] ...
 *     chunks    at most batch_tokens rows of one arithmetic form; pieces of slots are cut where a chunk is full, since the cache joins
 *               them again; whole texts (sequence -1) are not cut: a longer one is a chunk of its own
 *
 * A run that fails has changed nothing: everything that can fail happens before the first chunk. Results do not depend on where chunks end:
 * rows of a matrix product are independent, and attention reads the same keys in the same tiles. */
#include <string.h>

#include "base/error.h"
#include "llama/context.h"

#define PIECES_MAX (1u << 20)
#define SEEN_BYTES 512 /* a bit for each of at most 4096 slots */

/* ------------------------------------------------------------------ checks */
static hx_status check_want(const hx_llama *m, const hx_llama_piece *p, size_t i, hx_error *err) {
    unsigned hidden = p->want & HX_WANT_HIDDEN, logits = p->want & HX_WANT_LOGITS;
    if (p->want > (HX_WANT_LOGITS | HX_WANT_HIDDEN | HX_WANT_HEAD))
        return hx_fail(err, HX_EINVAL, "piece %zu wants %u, which is nothing known", i, p->want);
    if ((hidden & (hidden - 1)) != 0 || (logits & (logits - 1)) != 0)
        return hx_fail(err, HX_EINVAL,
                       "piece %zu wants more than one kind of hidden rows or of logits", i);
    if (logits && !m->output)
        return hx_fail(err, HX_EUNSUPPORTED, "the model has no output matrix and gives no logits");
    if (p->want & HX_WANT_HEAD && !m->head)
        return hx_fail(err, HX_EUNSUPPORTED, "the model has no classification head");
    return HX_OK;
}

static hx_status check_ids(const hx_llama *m, const hx_llama_piece *p, size_t i, hx_error *err) {
    for (size_t t = 0; t < p->n; t++)
        if (p->ids[t] < 0 || (size_t)p->ids[t] >= m->config.n_vocab)
            return hx_fail(err, HX_EINVAL, "token %zu of piece %zu is %d; the model knows 0 to %zu",
                           t, i, (int)p->ids[t], m->config.n_vocab - 1);
    return HX_OK;
}

/* All rows of a whole text are in memory at once: how many that may be is the caller's to say. */
static hx_status check_whole(const hx_llama_context *c, const hx_llama_piece *p, size_t i,
                             hx_error *err) {
    const hx_llama *m = c->model;
    size_t most = HX_WHOLE_BATCHES * c->options.batch_tokens;
    if (most < HX_WHOLE_TOKENS) most = HX_WHOLE_TOKENS;
    if (p->n > m->config.n_positions)
        return hx_fail(err, HX_ELIMIT, "piece %zu has %zu tokens; the model reads at most %zu", i,
                       p->n, m->config.n_positions);
    if (p->n > most)
        return hx_fail(err, HX_ELIMIT,
                       "a text has %zu tokens, more than the %zu read at once; cut it, or open the "
                       "context with more batch_tokens",
                       p->n, most);
    return HX_OK;
}

static hx_status check_piece(const hx_llama_context *c, const hx_llama_piece *p, size_t i,
                             hx_error *err) {
    const hx_llama *m = c->model;
    if (p->n == 0 || !p->ids) return hx_fail(err, HX_EINVAL, "piece %zu has no tokens", i);
    HX_TRY(check_want(m, p, i, err));
    if (p->step && (p->n != 1 || p->sequence < 0))
        return hx_fail(err, HX_EINVAL, "piece %zu is no step: a step is one token of a sequence",
                       i);
    if (p->sequence < -1 || (p->sequence >= 0 && (size_t)p->sequence >= c->cache.n_slots))
        return hx_fail(err, HX_EINVAL, "piece %zu is for sequence %d; there are 0 to %zu", i,
                       (int)p->sequence, c->cache.n_slots - 1);
    if (p->bidirectional && p->sequence >= 0)
        return hx_fail(err, HX_EINVAL,
                       "piece %zu is bidirectional and cannot go on a sequence; give sequence -1",
                       i);
    if (p->sequence < 0) HX_TRY(check_whole(c, p, i, err));
    if (p->sequence >= 0) HX_TRY(hx_cache_check(&c->cache, (size_t)p->sequence, p->n, err));
    return check_ids(m, p, i, err);
}

static hx_status check_pieces(const hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                              hx_error *err) {
    uint8_t seen[SEEN_BYTES] = {0};
    if (n > PIECES_MAX)
        return hx_fail(err, HX_ELIMIT, "a run has at most %u pieces, not %zu", PIECES_MAX, n);
    for (size_t i = 0; i < n; i++) {
        HX_TRY(check_piece(c, &pieces[i], i, err));
        if (pieces[i].sequence < 0) continue;
        size_t slot = (size_t)pieces[i].sequence;
        if (seen[slot / 8] >> (slot % 8) & 1)
            return hx_fail(err, HX_EINVAL, "sequence %zu occurs twice in a run", slot);
        seen[slot / 8] |= (uint8_t)(1u << (slot % 8));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ memory */
static hx_form form_of(const hx_llama_context *c, const hx_llama_piece *p) {
    if (c->precision == HX_PRECISION_EXACT) return HX_FORM_EXACT;
    bool alone = p->step && c->cache.n_slots == 1 && c->model->steps_as_stored;
    return alone ? HX_FORM_STORED : HX_FORM_INT8;
}

/* A whole text nobody wants anything of needs no work. */
static bool is_idle(const hx_llama_piece *p) {
    return p->sequence < 0 && p->want == HX_WANT_NOTHING;
}

static hx_status reserve(hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                         hx_error *err) {
    const hx_llama *m = c->model;
    size_t rows = 0, positions = 0, longest = 0;
    bool packs_output = false;
    for (size_t i = 0; i < n; i++) {
        const hx_llama_piece *p = &pieces[i];
        size_t before = hx_llama_sequence_length(c, p->sequence);
        if (is_idle(p)) continue;
        rows += p->n;
        if (p->sequence < 0 && p->n > longest) longest = p->n;
        if (before + p->n > positions) positions = before + p->n;
        if (p->want & HX_WANT_LOGITS && form_of(c, p) == HX_FORM_INT8) packs_output = true;
        if (p->sequence >= 0) HX_TRY(hx_cache_reserve(&c->cache, (size_t)p->sequence, p->n, err));
    }
    if (rows > c->options.batch_tokens) rows = c->options.batch_tokens;
    HX_TRY(hx_forward_reserve(c, rows > longest ? rows : longest, err));
    HX_TRY(hx_rope_table_grow(&c->rope, m->rope_frequency, m->config.rope.dims / 2,
                              m->rope_amplitude, positions, err));
    return packs_output ? hx_llama_pack_output(c->model, c->team, err) : HX_OK;
}

/* ------------------------------------------------------------------ chunks */
typedef struct {
    const hx_llama_piece *pieces;
    size_t n;
    size_t at, token; /* the next token: of piece `at` */
} cursor;

static void set_wanted(hx_stretch *s, bool head_reads_all) {
    unsigned all = HX_WANT_LOGITS_ALL | HX_WANT_HIDDEN_ALL | HX_WANT_HIDDEN_MEAN;
    unsigned want = s->piece->want;
    if (want & all || (want & HX_WANT_HEAD && head_reads_all)) {
        s->wanted = s->n;
    } else if (want && s->ends) {
        s->wanted_first = s->n - 1;
        s->wanted = 1;
    }
}

static size_t cut_blocks(hx_query_block *blocks, size_t n_blocks, size_t stretch, size_t first,
                         size_t n, size_t out) {
    for (size_t i = 0; i < n; i += HX_ATTENTION_QUERIES) {
        size_t m = n - i < HX_ATTENTION_QUERIES ? n - i : HX_ATTENTION_QUERIES;
        blocks[n_blocks++] = (hx_query_block){(uint32_t)stretch, (uint32_t)(first + i), (uint32_t)m,
                                              (uint32_t)(out + i)};
    }
    return n_blocks;
}

static void add_stretch(hx_llama_context *c, const cursor *at, size_t n) {
    hx_llama_chunk *k = &c->chunk;
    const hx_config *config = &c->model->config;
    const hx_llama_piece *p = &at->pieces[at->at];
    hx_stretch *s = &k->stretches[k->n_stretches];
    *s = (hx_stretch){.piece = p, .index = at->at, .token = at->token, .n = n, .row = k->n_rows};
    s->position = p->sequence < 0 ? 0 : hx_llama_sequence_length(c, p->sequence);
    s->ends = at->token + n == p->n;
    set_wanted(s, config->head_is_token || config->head_is_mean);
    s->wanted_row = k->n_wanted;
    for (size_t i = 0; i < n; i++)
        k->stretch_of[k->n_rows + i] = (uint32_t)k->n_stretches;
    for (size_t i = 0; i < s->wanted; i++)
        k->wanted_rows[k->n_wanted + i] = (uint32_t)(s->row + s->wanted_first + i);
    k->n_blocks = cut_blocks(k->blocks, k->n_blocks, k->n_stretches, 0, n, s->row);
    k->n_wanted_blocks = cut_blocks(k->wanted_blocks, k->n_wanted_blocks, k->n_stretches,
                                    s->wanted_first, s->wanted, s->wanted_row);
    k->n_rows += n;
    k->n_wanted += s->wanted;
    k->n_stretches++;
}

/* Fills c->chunk with what comes next; false at the end of the run. */
static bool next_chunk(hx_llama_context *c, cursor *at) {
    hx_llama_chunk *k = &c->chunk;
    size_t most = c->options.batch_tokens;
    k->n_rows = k->n_stretches = k->n_wanted = k->n_blocks = k->n_wanted_blocks = 0;
    while (at->at < at->n) {
        const hx_llama_piece *p = &at->pieces[at->at];
        size_t left = p->n - at->token, room = most > k->n_rows ? most - k->n_rows : 0;
        if (!is_idle(p)) {
            if (k->n_rows > 0 && form_of(c, p) != k->form) break;
            if (k->n_rows > 0 && (room == 0 || (p->sequence < 0 && left > room))) break;
            size_t n = p->sequence >= 0 && left > room ? room : left;
            k->form = form_of(c, p);
            add_stretch(c, at, n);
            at->token += n;
            if (at->token < p->n) break;
        }
        at->at++;
        at->token = 0;
    }
    return k->n_rows > 0;
}

static void keep_rows(hx_llama_context *c) {
    for (size_t i = 0; i < c->chunk.n_stretches; i++) {
        const hx_stretch *s = &c->chunk.stretches[i];
        if (s->piece->sequence < 0) continue;
        c->cache.slots[s->piece->sequence].own += s->n;
        hx_sequence_changed(c, (size_t)s->piece->sequence);
    }
}

hx_status hx_llama_run_tapped(hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                              hx_precision precision, size_t tap, hx_error *err) {
    c->precision = precision;
    c->tap = tap;
    HX_TRY(check_pieces(c, pieces, n, err));
    HX_TRY(reserve(c, pieces, n, err));
    HX_TRY(hx_results_begin(c, pieces, n, err));
    cursor at = {pieces, n, 0, 0};
    while (next_chunk(c, &at)) {
        hx_forward(c);
        keep_rows(c);
        hx_results_take(c);
    }
    hx_results_finish(c, pieces, n);
    return HX_OK;
}

hx_status hx_llama_run_as(hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                          hx_precision precision, hx_error *err) {
    return hx_llama_run_tapped(c, pieces, n, precision, 0, err);
}

hx_status hx_llama_run(hx_llama_context *c, const hx_llama_piece *pieces, size_t n, hx_error *err) {
    return hx_llama_run_as(c, pieces, n, c->model->options.precision, err);
}
