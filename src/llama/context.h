/* context.h - the state of runs over one model: cache, scratch, results. For src/llama only.
 *
 *     hx_llama_run (batch.c)     checks pieces, reserves all memory, cuts the run into chunks of rows
 *       hx_forward (forward.c)   one chunk through all layers
 *      hx_results (results.c)  rows that were asked for: logits, hidden states, inputs of the head
 *
 * A chunk is a list of stretches: consecutive tokens of one piece. Rows are in the order of pieces and tokens. Nothing is allocated once a
 * run has begun to compute. */
#ifndef HX_LLAMA_CONTEXT_H
#define HX_LLAMA_CONTEXT_H

#include "llama/cache.h"
#include "llama/model.h"
#include "llama/rope.h"

typedef struct {
    const hx_llama_piece *piece;
    size_t index; /* of the piece in the run */
    size_t token, n; /* tokens [token, token + n) of the piece */
    size_t row; /* of its first token in the chunk */
    size_t position; /* of its first token in its sequence */
    size_t wanted_first,
        wanted; /* tokens [wanted_first, wanted_first + wanted) of the stretch go through the end of the last layer */
    size_t wanted_row; /* of the first of them among all wanted rows */
    bool ends; /* the piece's last token is in it */
} hx_stretch;

/* Queries of one stretch that attend together. */
typedef struct {
    uint32_t stretch, first, n; /* tokens [first, first + n) of the stretch */
    uint32_t out; /* row their results go to */
} hx_query_block;

typedef struct {
    hx_form form;
    size_t n_rows, n_stretches, n_wanted, n_blocks, n_wanted_blocks;
    hx_stretch *stretches;
    hx_query_block *blocks, *wanted_blocks; /* all rows; rows somebody wants */
    uint32_t *stretch_of; /* (n_rows) */
    uint32_t *wanted_rows; /* (n_wanted) ascending */
} hx_llama_chunk;

/* Rows of results of one piece: [first, first + n) of the run's rows of that kind. */
typedef struct {
    size_t logits, n_logits, hidden, n_hidden, head, n_head;
} hx_piece_rows;

typedef struct {
    float *data; /* aligned to 64, owned */
    size_t room; /* bytes */
} hx_llama_rows;

struct hx_llama_context {
    hx_llama *model;
    hx_team *team;
    hx_context_options options; /* with defaults filled in */
    hx_cache cache;
    hx_rope_table rope;
    hx_precision precision; /* of the run */
    size_t
        tap; /* of the run: it ends behind this block, without the last norm; 0 = runs to the end */
    /* scratch: (rows, width), rows = those of the largest chunk yet */
    size_t room_rows;
    hx_llama_rows x, qkv, att, ff, linear, attention;
    hx_llama_rows lists; /* the arrays of `chunk` */
    hx_llama_chunk chunk;
    /* results of the last run */
    size_t n_pieces;
    hx_llama_rows piece_rows; /* hx_piece_rows (n_pieces) */
    hx_llama_rows logits, hidden, head_in, head_out;
    size_t n_logits, n_hidden, n_head; /* rows */
    size_t result_bytes; /* most that the rows of one kind may have */
    float *seen; /* (layers, n, n): attention of a run of one whole text; NULL = not kept */
    float *seen_row; /* (n) of room for it */
};

/* Makes room for `bytes`; contents are lost where it grows. */
hx_status hx_rows_reserve(hx_llama_rows *r, size_t bytes, hx_error *err) HX_MUST_USE;
void hx_rows_release(hx_llama_rows *r);

/* One chunk through all layers; the wanted rows, normed, end up as the first n_wanted rows of c->x. */
void hx_forward(hx_llama_context *c);
/* attention.c: fills c->seen of a layer whose q and k are in c->qkv. */
void hx_attention_see(const hx_llama_context *c, size_t layer);
/* hx_llama_attention() of tokens; without spans. */
hx_status hx_attention_of(hx_llama_context *c, size_t head, const hx_tokens *t, hx_arena *arena,
                          hx_attention *out, hx_error *err) HX_MUST_USE;
/* Bytes of the scratch that hx_forward() needs for chunks of `rows` rows. */
hx_status hx_forward_reserve(hx_llama_context *c, size_t rows, hx_error *err) HX_MUST_USE;

/* hx_llama_run() in this arithmetic, whatever the model's is: a model that is FAST also runs EXACT, with the cache it has. The other way round
 * the int8 form would be missing. Weights are then read as stored, from pages that packing let go: both forms are in memory for a time. */
hx_status hx_llama_run_as(hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                          hx_precision precision, hx_error *err) HX_MUST_USE;

/* The same for whole texts that end behind block `tap`: what HX_WANT_HIDDEN_* wants are rows of the stream there. 0 = hx_llama_run_as(). */
hx_status hx_llama_run_tapped(hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                              hx_precision precision, size_t tap, hx_error *err) HX_MUST_USE;

/* Plans and reserves the results of a run; takes those of one chunk; finishes heads and means. */
hx_status hx_results_begin(hx_llama_context *c, const hx_llama_piece *pieces, size_t n,
                           hx_error *err) HX_MUST_USE;
void hx_results_take(hx_llama_context *c);
void hx_results_finish(hx_llama_context *c, const hx_llama_piece *pieces, size_t n);
/* The row of a text's piece that its head read, (n_embd); NULL where no head was wanted. */
const float *hx_results_head_input(const hx_llama_context *c, size_t piece);

/* Broken weights make NaN, which must not be taken for an answer; texts are counted from 1 in the sentence. */
bool hx_are_finite(const float *row, size_t n);
hx_status hx_fail_finite(size_t text, hx_error *err);

/* What the pieces of a run need: bits of hx_want. */
#define HX_WANT_LOGITS (HX_WANT_LOGITS_LAST | HX_WANT_LOGITS_ALL)
#define HX_WANT_HIDDEN (HX_WANT_HIDDEN_LAST | HX_WANT_HIDDEN_ALL | HX_WANT_HIDDEN_MEAN)

/* Own positions of a slot: those behind what it shares. */
size_t hx_sequence_own(const hx_llama_context *c, int32_t sequence);
/* Gives the slot a stamp that no slot of this model's contexts ever had. To be called behind every change. */
void hx_sequence_changed(hx_llama_context *c, size_t slot);
uint64_t hx_sequence_stamp(const hx_llama_context *c, size_t slot);
hx_team *hx_context_team(const hx_llama_context *c);

#endif
