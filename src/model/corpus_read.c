/* corpus_read.c - the documents of files, in order; see corpus.h.
 *
 * All files go through frame's reader, which knows encodings, archives and tables. A row of a table is a document. Of plain text a row is a
 * line, blank lines give no row but have a number: where numbers leap, a document ends (BLANK), else each line is one (LINES).
 * AUTO takes BLANK where a number leaps in the first chunk, which has about a MiB. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "model/corpus.h"

#define COLUMN_NAME_MAX 512u

typedef struct {
    const hx_corpus_options *options;
    hx_corpus_document_fn *document;
    void *context;
    hx_corpus_counts *counts;
    hx_arena *arena; /* of a chunk's rows */
    hx_buf pending; /* lines of a document that is not ended */
    uint64_t bytes_before; /* of the files that are read */
} reading;

typedef struct {
    hx_reader *reader;
    size_t column;
    bool blank; /* documents end at blank lines */
    bool decided;
    int64_t last_row; /* of the pending line */
} one_file;

static hx_status give(reading *r, hx_str text, hx_error *err) {
    if (text.len > HX_CORPUS_DOCUMENT_MAX) {
        r->counts->n_bad++;
        return HX_OK;
    }
    r->counts->n_documents++;
    r->counts->n_bytes += text.len;
    return r->document(r->context, text, err);
}

static hx_status give_pending(reading *r, hx_error *err) {
    if (r->pending.failed && r->pending.no_memory)
        return hx_buf_status(&r->pending, "a document", err);
    hx_status status = HX_OK;
    if (r->pending.failed)
        r->counts->n_bad++;
    else if (r->pending.len)
        status = give(r, hx_buf_str(&r->pending), err);
    hx_buf_reset(&r->pending);
    return status;
}

static bool is_empty(hx_str s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] > ' ') return false;
    return true;
}

static hx_status take_line(reading *r, one_file *f, const hx_row *row, hx_error *err) {
    if (f->last_row + 1 != row->row) HX_TRY(give_pending(r, err));
    f->last_row = row->row;
    if (r->pending.len) hx_buf_append_byte(&r->pending, '\n');
    hx_buf_append_str(&r->pending, row->cells[f->column]);
    return HX_OK;
}

static hx_status take_row(reading *r, one_file *f, const hx_row *row, hx_error *err) {
    if (row->bad) {
        r->counts->n_bad++;
        return HX_OK;
    }
    hx_str text = row->cells[f->column];
    if (is_empty(text)) {
        r->counts->n_empty++;
        return HX_OK;
    }
    return f->blank ? take_line(r, f, row, err) : give(r, text, err);
}

static void decide(const reading *r, one_file *f, const hx_rows *rows) {
    f->decided = true;
    if (hx_reader_format(f->reader) != HX_FORMAT_TEXT) return;
    f->blank = r->options->split == HX_CORPUS_SPLIT_BLANK;
    if (r->options->split != HX_CORPUS_SPLIT_AUTO) return;
    for (size_t i = 1; i < rows->n_rows && !f->blank; i++)
        f->blank = rows->rows[i].row != rows->rows[i - 1].row + 1;
}

static hx_status take_chunk(reading *r, one_file *f, const hx_chunk *chunk, hx_error *err) {
    hx_rows rows;
    hx_arena_reset(r->arena);
    HX_TRY(hx_chunk_rows(f->reader, chunk, r->arena, &rows, err));
    if (!f->decided) decide(r, f, &rows);
    for (size_t i = 0; i < rows.n_rows; i++)
        HX_TRY(take_row(r, f, &rows.rows[i], err));
    return HX_OK;
}

static void report(const reading *r, const hx_reader *reader) {
    uint64_t done = 0, total = 0;
    if (!r->options->progress) return;
    hx_reader_progress(reader, &done, &total);
    r->options->progress(r->options->context, r->bytes_before + done, r->bytes_before + total);
}

static hx_status read_chunks(reading *r, one_file *f, hx_error *err) {
    for (;;) {
        hx_chunk *chunk = NULL;
        if (hx_flag_is_raised(r->options->cancel))
            return hx_fail(err, HX_ECANCELLED, "the reading of texts was stopped");
        HX_TRY(hx_reader_next(f->reader, &chunk, err));
        if (!chunk) return give_pending(r, err);
        hx_status status = take_chunk(r, f, chunk, err);
        hx_chunk_free(chunk);
        HX_TRY(status);
        report(r, f->reader);
    }
}

/* ------------------------------------------------------------------ files */
static hx_status find_column(one_file *f, const char *path, hx_error *err) {
    const hx_column *columns;
    size_t n = hx_reader_columns(f->reader, &columns);
    for (f->column = 0; f->column < n; f->column++)
        if (columns[f->column].role == HX_ROLE_TEXT) return HX_OK;
    f->column = 0;
    if (n == 1) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "%s: no column is known as the text; say which with --text COLUMN", path);
}

static hx_status open_reader(const hx_corpus_options *o, const char *path, hx_reader **out,
                             hx_error *err) {
    char map[COLUMN_NAME_MAX + 8];
    hx_reader_options options = {0};
    HX_TRY(hx_reader_open(out, path, &options, err));
    if (!o->text || hx_reader_format(*out) == HX_FORMAT_TEXT) return HX_OK;
    hx_status status = HX_OK;
    if (strlen(o->text) > COLUMN_NAME_MAX)
        status = hx_fail(err, HX_EINVAL, "the name of the text column is too long");
    (void)snprintf(map, sizeof map, "text=\"%s\"", o->text);
    if (status == HX_OK) status = hx_reader_map(*out, map, err);
    if (status != HX_OK) hx_reader_close(*out);
    return status;
}

static hx_status read_file(reading *r, const char *path, hx_error *err) {
    one_file f = {.last_row = -1};
    uint64_t done = 0, total = 0;
    HX_TRY(open_reader(r->options, path, &f.reader, err));
    hx_status status = find_column(&f, path, err);
    if (status == HX_OK) status = read_chunks(r, &f, err);
    hx_reader_progress(f.reader, &done, &total);
    r->bytes_before += done;
    hx_reader_close(f.reader);
    return status;
}

hx_status hx_corpus_read(const hx_corpus_options *options, hx_corpus_document_fn *document,
                         void *context, hx_corpus_counts *counts, hx_error *err) {
    *counts = (hx_corpus_counts){0};
    reading r = {options, document, context, counts, hx_arena_new(0), {0}, 0};
    if (!r.arena) return hx_fail(err, HX_ENOMEM, "out of memory while texts are read");
    hx_buf_init(&r.pending, HX_CORPUS_DOCUMENT_MAX);
    hx_status status = HX_OK;
    for (size_t i = 0; i < options->n_paths && status == HX_OK; i++)
        status = read_file(&r, options->paths[i], err);
    hx_buf_release(&r.pending);
    hx_arena_free(r.arena);
    return status;
}
