/* table_chunk.c - one chunk of a file to a strip for each column.
 *
 * Delimited text without peculiarities is taken apart by hx_csv_index_fill(), then read column by column, a batch of rows at a time, while
 * its bytes are in the cache. Everything else (JSON Lines, flaws in the bytes, cells wrapped by spreadsheets, unclosed quotes) goes
 * through hx_chunk_rows(): both ways give the same cells and leave out the same rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "frame/table_read.h"

#define INDEX_BYTES_MAX (((size_t)HX_CSV_INDEX_MAX + HX_CSV_INDEX_SLACK) * sizeof(uint32_t))
#define SEQUENCE_SHIFT 32 /* a value's place in the file: chunk, row of the chunk */

/* Cells [first, behind) of the chunk's index are a row. */
typedef struct {
    uint32_t first, behind;
} row_cells;

bool hx_read_worker_init(hx_read_worker *w, const hx_read_job *j) {
    hx_buf_init(&w->ends, INDEX_BYTES_MAX);
    hx_buf_init(&w->rows, INDEX_BYTES_MAX);
    hx_buf_init(&w->firsts, INDEX_BYTES_MAX);
    w->arena = hx_arena_new((size_t)4 << 30);
    w->growing = calloc(j->n_columns + 1, sizeof *w->growing);
    return w->arena != NULL && w->growing != NULL;
}

void hx_read_worker_release(hx_read_worker *w, size_t n_columns) {
    for (size_t c = 0; w->growing != NULL && c < n_columns; c++)
        hx_growing_release(&w->growing[c]);
    hx_buf_release(&w->ends);
    hx_buf_release(&w->rows);
    hx_buf_release(&w->firsts);
    hx_arena_free(w->arena);
    free(w->growing);
}

static void note_bad(hx_read_part *p, int64_t row, const char *why, hx_ui_lang ui) {
    if (p->n_bad++ > 0) return;
    (void)snprintf(p->first_bad, sizeof p->first_bad,
                   ui == HX_UI_ZH ? "第 %lld 行%s" : "row %lld %s", (long long)row, why);
}

/* ------------------------------------------------------------------ the general way */
static hx_status strips_of_rows(const hx_read_job *j, hx_read_worker *w, const hx_chunk *c,
                                hx_read_part *p, hx_error *err) {
    hx_rows rows = {NULL, 0, 0};
    HX_TRY(hx_chunk_rows(j->reader, c, w->arena, &rows, err));
    size_t n = 0;
    for (size_t i = 0; i < rows.n_rows; i++) {
        const hx_row *row = &rows.rows[i];
        if (row->bad != NULL)
            note_bad(p, row->row, hx_row_bad_text(row, err->ui), err->ui);
        else
            rows.rows[n++] = *row;
    }
    for (size_t at = 0; at < n; at += HX_READ_BATCH) {
        const size_t count = n - at < HX_READ_BATCH ? n - at : HX_READ_BATCH;
        for (size_t k = 0; k < j->n_columns; k++) {
            if (!j->plans[k].wanted) continue;
            for (size_t i = 0; i < count; i++)
                w->cells[i] = rows.rows[at + i].cells[k];
            hx_strip_read(&p->strips[k], &j->plans[k], w->cells, count, &w->growing[k],
                          (p->sequence << SEQUENCE_SHIFT) + at);
        }
    }
    p->n_rows = n;
    return HX_OK;
}

/* ------------------------------------------------------------------ the fast way */
typedef struct {
    hx_csv_dialect d;
    const char *p;
    hx_csv_index x;
    const row_cells *rows; /* the good ones */
    size_t n_rows;
} split;

static bool has_habit(const hx_read_job *j) {
    for (size_t k = 0; k < j->n_columns; k++) {
        const hx_cell_habit habit = j->reader->habits[k];
        if (j->plans[k].wanted && (habit.formula || habit.padded)) return true;
    }
    return false;
}

/* Whether the chunk has no peculiarity, and its cells. */
static bool split_chunk(const hx_read_job *j, hx_read_worker *w, const hx_chunk *c, split *s) {
    const hx_reader *r = j->reader;
    const size_t n = c->data.len, room = (n + HX_CSV_INDEX_SLACK) * sizeof(uint32_t);
    if (r->format == HX_FORMAT_JSONL || c->oversize || n > HX_CELL_MAX || has_habit(j))
        return false;
    const hx_flaws flaws = hx_chunk_flaws(c);
    if (flaws.encoding || flaws.nul) return false;
    if (!hx_buf_reserve(&w->ends, room) || !hx_buf_reserve(&w->rows, room)) return false;
    *s = (split){.d = r->dialect, .p = c->data.ptr};
    if (r->format == HX_FORMAT_TEXT) s->d.quote = '\0';
    s->x.ends = (uint32_t *)(void *)w->ends.ptr;
    s->x.rows = (uint32_t *)(void *)w->rows.ptr;
    (void)hx_csv_index_fill(s->d, s->p, n, true, &s->x);
    return !s->x.open && s->x.n_rows == c->n_records;
}

static size_t cell_start(const split *s, size_t i) {
    return i == 0 ? 0 : (size_t)s->x.ends[i - 1] + 1;
}

static hx_csv_cell cell_of(const split *s, size_t i, size_t behind) {
    return hx_csv_cell_at(s->d, s->p, cell_start(s, i), s->x.ends[i], i + 1 == behind);
}

/* Separators alone are a row of missing values, a blank line is none; a workbook has neither, and its empty rows are not rows. */
static bool is_blank_row(const hx_reader *reader, const split *s, row_cells r) {
    if (reader->format != HX_FORMAT_XLSX) {
        const size_t start = cell_start(s, r.first), end = s->x.ends[r.behind - 1];
        return r.behind - r.first == 1 &&
               hx_record_is_blank(reader, hx_record_text(s->p + start, end - start));
    }
    if (s->x.ends[r.behind - 1] - cell_start(s, r.first) > 3 * (size_t)(r.behind - r.first))
        return false;
    for (size_t i = r.first; i < r.behind; i++)
        if (cell_of(s, i, r.behind).raw.len > 0) return false;
    return true;
}

static bool has_surplus(const split *s, row_cells r, size_t n_columns) {
    for (size_t i = r.first + n_columns; i < r.behind; i++) {
        const hx_str cell = cell_of(s, i, r.behind).raw;
        for (size_t k = 0; k < cell.len; k++)
            if (cell.ptr[k] != ' ' && cell.ptr[k] != '\t') return true;
    }
    return false;
}

static void note_surplus(hx_read_part *p, int64_t row, size_t n, size_t n_columns, hx_ui_lang ui) {
    char why[HX_SHORT_REASON_MAX];
    (void)snprintf(why, sizeof why,
                   ui == HX_UI_ZH ? "有 %zu 个单元格，而表头有 %zu 个"
                                  : "has %zu cells where the header has %zu",
                   n, n_columns);
    note_bad(p, row, why, ui);
}

/* The rows that are neither blank nor bad. */
static hx_status find_rows(const hx_read_job *j, hx_read_worker *w, const hx_chunk *c, split *s,
                           hx_read_part *p, hx_error *err) {
    if (!hx_buf_reserve(&w->firsts, s->x.n_rows * sizeof(row_cells) + 1))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    row_cells *to = (row_cells *)(void *)w->firsts.ptr;
    const bool strict = j->reader->format != HX_FORMAT_XLSX;
    row_cells r = {0, 0};
    for (size_t k = 0; k < s->x.n_rows; k++, r.first = r.behind) {
        r.behind = s->x.rows[k];
        const size_t n = r.behind - r.first;
        if (n != j->n_columns || n <= 1) {
            const int64_t number = (int64_t)c->start.row + (int64_t)k + 1;
            if (is_blank_row(j->reader, s, r)) continue;
            if (n > HX_COLUMNS_MAX ||
                (n > j->n_columns && strict && has_surplus(s, r, j->n_columns))) {
                note_surplus(p, number, n, j->n_columns, err->ui);
                continue;
            }
        } else if (!strict && s->x.ends[r.behind - 1] - cell_start(s, r.first) <= 3 * n &&
                   is_blank_row(j->reader, s, r)) {
            continue;
        }
        to[s->n_rows++] = r;
    }
    s->rows = to;
    p->n_rows = s->n_rows;
    return HX_OK;
}

static bool unescape(const split *s, hx_read_worker *w, const hx_csv_cell *cell, hx_str *out) {
    char *to = hx_arena_alloc(w->arena, cell->raw.len + 1);
    if (to == NULL) return false;
    *out = (hx_str){to, hx_csv_unescape(s->d, cell, to)};
    return true;
}

/* The cells of column k in rows [at, at + n). */
static bool take_cells(const split *s, hx_read_worker *w, size_t k, size_t at, size_t n) {
    const uint32_t *ends = s->x.ends;
    for (size_t i = 0; i < n; i++) {
        const row_cells r = s->rows[at + i];
        const size_t cell = r.first + k;
        if (cell >= r.behind) {
            w->cells[i] = (hx_str){NULL, 0};
            continue;
        }
        const size_t start = cell == 0 ? 0 : (size_t)ends[cell - 1] + 1;
        const hx_csv_cell c = hx_csv_cell_at(s->d, s->p, start, ends[cell], cell + 1 == r.behind);
        w->cells[i] = c.raw;
        if (c.escaped && !unescape(s, w, &c, &w->cells[i])) return false;
    }
    return true;
}

static hx_status strips_of_split(const hx_read_job *j, hx_read_worker *w, const split *s,
                                 hx_read_part *p, hx_error *err) {
    for (size_t at = 0; at < s->n_rows; at += HX_READ_BATCH) {
        const size_t n = s->n_rows - at < HX_READ_BATCH ? s->n_rows - at : HX_READ_BATCH;
        for (size_t k = 0; k < j->n_columns; k++) {
            if (!j->plans[k].wanted || p->strips[k].misfit) continue;
            if (!take_cells(s, w, k, at, n)) return hx_fail(err, HX_ENOMEM, "out of memory");
            hx_strip_read(&p->strips[k], &j->plans[k], w->cells, n, &w->growing[k],
                          (p->sequence << SEQUENCE_SHIFT) + at);
        }
    }
    return HX_OK;
}

hx_status hx_read_strips(const hx_read_job *j, hx_read_worker *w, const hx_chunk *c,
                         hx_read_part *p, hx_error *err) {
    split s;
    hx_arena_reset(w->arena);
    p->n_rows = p->n_bad = 0;
    for (size_t k = 0; k < j->n_columns; k++)
        if (j->plans[k].wanted) hx_strip_start(&p->strips[k], &j->plans[k]);
    if (split_chunk(j, w, c, &s)) {
        HX_TRY(find_rows(j, w, c, &s, p, err));
        HX_TRY(strips_of_split(j, w, &s, p, err));
    } else {
        HX_TRY(strips_of_rows(j, w, c, p, err));
    }
    for (size_t k = 0; k < j->n_columns; k++)
        if (j->plans[k].wanted) hx_strip_finish(&p->strips[k]);
    return HX_OK;
}
