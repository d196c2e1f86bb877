/* recode.c - streams a tensor from one file into another; see recode.h.
 *
 * The order of rows. Rotary positions turn pairs of a head's elements. Folders pair element i with i + d/2 (halves); GGUF files of the
 * llama architecture pair 2i with 2i + 1, so the rows of q and k, and their biases, change places:
 *
 *     row (head, i, s) of pairs = row (head, s, i) of halves        i < d/2, s < 2; row = head * d + 2i + s, or head * d + s * d/2 + i
 *
 * Rows of a batch are encoded by several threads; what a row becomes does not depend on them. Rows that keep type and order are written
 * from the mapping as they are. The pages of a tensor are given back when it is done. */
#include "model/recode.h"

#include <string.h>

#include "base/error.h"
#include "base/pool.h"

#define BATCH_ELEMENTS ((size_t)1 << 21)
#define ROWS_A_JOB 16
#define PIECE ((size_t)4 << 20)

uint64_t hx_tensor_elements(const hx_tensor_entry *t) {
    uint64_t n = 1;
    for (uint32_t d = 0; d < t->n_dims; d++)
        n *= t->dims[d];
    return n;
}

hx_row_order hx_row_order_of(const hx_config *c, const char *gguf_name, bool to_gguf) {
    const char *part = strncmp(gguf_name, "blk.", 4) == 0 ? strchr(gguf_name + 4, '.') : NULL;
    bool turned =
        part && (strcmp(part, ".attn_q.weight") == 0 || strcmp(part, ".attn_q.bias") == 0 ||
                 strcmp(part, ".attn_k.weight") == 0 || strcmp(part, ".attn_k.bias") == 0);
    if (!turned || !c->architecture->gguf_interleaved) return HX_ROWS_KEPT;
    return to_gguf ? HX_ROWS_INTERLEAVED : HX_ROWS_HALVES;
}

/* ------------------------------------------------------------------ rows */
typedef struct {
    const hx_recode *r;
    size_t rows, columns; /* a vector whose order changes is rows of one column */
    size_t from_bytes, to_bytes; /* of a row */
    size_t first, n; /* the batch */
    float *decoded; /* (workers, columns) */
    char *out; /* (n, to_bytes) */
} batch;

static size_t source_row(const hx_recode *r, size_t row) {
    size_t d = r->head_dim, head = row / (d ? d : 1), x = row % (d ? d : 1);
    if (r->order == HX_ROWS_INTERLEAVED) return head * d + (x % 2) * (d / 2) + x / 2;
    if (r->order == HX_ROWS_HALVES) return head * d + (x % (d / 2)) * 2 + x / (d / 2);
    return row;
}

static const char *source_of(const batch *b, size_t row) {
    return (const char *)b->r->from->data + source_row(b->r, row) * b->from_bytes;
}

static hx_status encode_rows(void *context, size_t job, size_t worker, hx_error *err) {
    const batch *b = context;
    float *row = b->decoded + worker * b->columns;
    size_t end = (job + 1) * ROWS_A_JOB < b->n ? (job + 1) * ROWS_A_JOB : b->n;
    for (size_t i = job * ROWS_A_JOB; i < end; i++) {
        const char *from = source_of(b, b->first + i);
        char *to = b->out + i * b->to_bytes;
        if (b->r->from->type == b->r->type) {
            memcpy(to, from, b->to_bytes);
            continue;
        }
        hx_dtype_decode(b->r->from->type, from, b->columns, row);
        HX_TRY(hx_dtype_encode(b->r->type, row, b->columns, b->r->importance, to, err));
    }
    return HX_OK;
}

static hx_status advance(hx_recode_run *run, uint64_t n, hx_error *err) {
    const hx_convert_options *o = run->options;
    run->done += n;
    if (o->progress) o->progress(o->context, run->done, run->total);
    return hx_flag_is_raised(o->cancel) ? hx_fail(err, HX_ECANCELLED, "stopped on request") : HX_OK;
}

static hx_status write_batches(batch *b, hx_tensor_sink *out, hx_error *err) {
    size_t step = BATCH_ELEMENTS / b->columns;
    if (step < ROWS_A_JOB) step = ROWS_A_JOB;
    for (b->first = 0; b->first < b->rows; b->first += b->n) {
        b->n = b->rows - b->first < step ? b->rows - b->first : step;
        HX_TRY(hx_pool_run(b->r->run->options->n_threads, (b->n + ROWS_A_JOB - 1) / ROWS_A_JOB,
                           encode_rows, b, err));
        HX_TRY(hx_tensor_sink_write(out, b->out, b->n * b->to_bytes, err));
        HX_TRY(advance(b->r->run, (uint64_t)b->n * b->columns, err));
    }
    return HX_OK;
}

static hx_status recode_rows(batch *b, hx_tensor_sink *out, hx_error *err) {
    size_t workers =
        b->r->run->options->n_threads ? b->r->run->options->n_threads : hx_processors();
    size_t step = BATCH_ELEMENTS / b->columns;
    if (step < ROWS_A_JOB) step = ROWS_A_JOB;
    hx_arena *scratch = hx_arena_new((size_t)4 << 30);
    if (scratch) b->decoded = hx_arena_alloc(scratch, workers * b->columns * sizeof(float));
    if (b->decoded) b->out = hx_arena_alloc(scratch, step * b->to_bytes);
    hx_status st = b->out ? write_batches(b, out, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    hx_arena_free(scratch);
    return st;
}

/* ------------------------------------------------------------------ a tensor */
static hx_status copy_bytes(const hx_recode *r, hx_tensor_sink *out, hx_error *err) {
    const char *p = r->from->data;
    uint64_t left = r->from->bytes, n = hx_tensor_elements(r->from);
    while (left > 0) {
        size_t piece = left < PIECE ? (size_t)left : PIECE;
        HX_TRY(hx_tensor_sink_write(out, p, piece, err));
        if (hx_flag_is_raised(r->run->options->cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
        p += piece;
        left -= piece;
    }
    return advance(r->run, n, err);
}

static hx_status fill_from(const hx_recode *r, hx_tensor_sink *out, hx_error *err) {
    const hx_tensor_entry *t = r->from;
    uint64_t from = 0, to = 0, n = hx_tensor_elements(t);
    if (t->type == r->type && r->order == HX_ROWS_KEPT) return copy_bytes(r, out, err);
    batch b = {.r = r, .columns = (size_t)t->dims[t->n_dims - 1]};
    if (t->n_dims == 1 && r->order != HX_ROWS_KEPT) b.columns = 1;
    if (b.columns == 0) return HX_OK;
    b.rows = (size_t)(n / b.columns);
    if (r->order != HX_ROWS_KEPT && (r->head_dim < 2 || b.rows % r->head_dim != 0))
        return hx_fail(err, HX_EFORMAT, "tensor %s: its %zu rows are no whole heads of %zu",
                       t->name.ptr, b.rows, r->head_dim);
    if (!hx_dtype_size(t->type, b.columns, &from) || !hx_dtype_size(r->type, b.columns, &to))
        return hx_fail(err, HX_EFORMAT, "tensor %s: rows of %zu elements are no whole blocks",
                       t->name.ptr, b.columns);
    b.from_bytes = (size_t)from;
    b.to_bytes = (size_t)to;
    return recode_rows(&b, out, err);
}

hx_status hx_recode_fill(void *context, hx_tensor_sink *out, hx_error *err) {
    const hx_recode *r = context;
    if (!r->from) return hx_tensor_sink_write(out, r->values, r->n_values * sizeof(float), err);
    hx_status st = fill_from(r, out, err);
    hx_tensor_file_drop(r->run->file, r->from);
    return st;
}
