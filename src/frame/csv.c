/* csv.c - rows of delimited text: CSV, TSV, plain lines, and workbooks (which come as CSV).
 *
 * Cells are views into the chunk. Copies are made only of cells that hold doubled quotes, and of records that are not valid UTF-8.
 * A cell is missing (NULL) where the record is too short. Surplus cells that hold something make a row of a text file bad (its cells may
 * have moved); a workbook's cells stand where they stand, so there they go into the row's `extra`.
 * Blank records are numbered, but give no row: those whose cells are all empty, or, with reader->keep_empty, blank lines alone. */
#include "frame/reader.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

typedef struct {
    const hx_reader *r;
    hx_arena *arena;
    hx_csv_dialect dialect;
    hx_flaws flaws;
    hx_csv_cell *cells; /* [max] of the record at hand */
    size_t max;
} parser;

static bool is_blank_byte(char c) {
    return c == ' ' || c == '\t';
}

static hx_str undo_habit(hx_cell_habit habit, hx_str s) {
    if (habit.padded) {
        while (s.len > 0 && is_blank_byte(s.ptr[0]))
            s.ptr++, s.len--;
        while (s.len > 0 && is_blank_byte(s.ptr[s.len - 1]))
            s.len--;
    }
    if (habit.formula && s.len >= 3 && s.ptr[0] == '=' && s.ptr[1] == '"' &&
        s.ptr[s.len - 1] == '"')
        s = (hx_str){s.ptr + 2, s.len - 3};
    return s;
}

static hx_status cell_value(const parser *p, const hx_csv_cell *cell, hx_str *out, hx_error *err) {
    *out = cell->raw;
    if (!cell->escaped) return HX_OK;
    char *to = hx_arena_alloc(p->arena, cell->raw.len + 1);
    if (!to) return hx_fail(err, HX_ENOMEM, "out of memory");
    *out = (hx_str){to, hx_csv_unescape(p->dialect, cell, to)};
    return HX_OK;
}

static bool is_blank_record(const parser *p, size_t n, hx_str raw) {
    if (p->r->keep_empty && p->r->format != HX_FORMAT_XLSX)
        return n <= 1 && hx_record_is_blank(p->r, raw);
    for (size_t i = 0; i < n; i++)
        if (p->cells[i].raw.len > 0) return false;
    return true;
}

static hx_status store_extra(const parser *p, size_t stored, hx_row *row, hx_error *err) {
    size_t n = p->r->n_columns;
    while (stored > n && p->cells[stored - 1].raw.len == 0)
        stored--;
    if (stored <= n) return HX_OK;
    hx_buf b;
    hx_buf_init(&b, HX_ROW_MAX);
    hx_json_writer w;
    hx_json_begin(&w, &b);
    hx_json_array(&w);
    hx_status st = HX_OK;
    for (size_t i = n; i < stored && st == HX_OK; i++) {
        hx_str value = {NULL, 0};
        st = cell_value(p, &p->cells[i], &value, err);
        hx_json_str(&w, value);
    }
    hx_json_end_array(&w);
    if (st == HX_OK) st = hx_buf_status(&b, p->r->name, err);
    if (st == HX_OK) row->extra = hx_arena_str(p->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    if (st == HX_OK && !row->extra.ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    return st;
}

/* What a delimiter too many did to a row of a text file can't be told from here: 1,234 may be one amount or two. */
static hx_status refuse_surplus(const parser *p, size_t stored, hx_row *row, hx_error *err) {
    size_t n = p->r->n_columns;
    bool blank = true;
    for (size_t i = n; i < stored && blank; i++)
        for (size_t k = 0; k < p->cells[i].raw.len && blank; k++)
            blank = is_blank_byte(p->cells[i].raw.ptr[k]);
    if (blank || row->bad) return HX_OK;
    char text[2][HX_SHORT_REASON_MAX];
    snprintf(text[0], sizeof text[0], "has %zu cells where the header has %zu", stored, n);
    snprintf(text[1], sizeof text[1], "有 %zu 个单元格，而表头有 %zu 个", stored, n);
    return hx_row_refuse(row, p->arena, text[0], text[1], err);
}

static bool refuse_long_cells(const parser *p, size_t stored, hx_row *row) {
    for (size_t i = 0; i < stored; i++) {
        if (p->cells[i].raw.len <= HX_CELL_MAX) continue;
        row->bad = HX_BAD_CELL;
        row->bad_column = i < p->r->n_columns ? (int64_t)i : -1;
        return true;
    }
    return false;
}

static hx_status store_cells(const parser *p, size_t n_cells, hx_str *to, hx_row *row,
                             hx_error *err) {
    size_t stored = n_cells < p->max ? n_cells : p->max;
    if (row->raw.len > HX_CELL_MAX && refuse_long_cells(p, stored, row)) return HX_OK;
    size_t n = stored < p->r->n_columns ? stored : p->r->n_columns;
    for (size_t i = 0; i < n; i++) {
        to[i] = p->cells[i].raw;
        if (p->cells[i].escaped) HX_TRY(cell_value(p, &p->cells[i], &to[i], err));
    }
    if (p->r->any_habit)
        for (size_t i = 0; i < n; i++)
            to[i] = undo_habit(p->r->habits[i], to[i]);
    if (n_cells > p->max && !row->bad) row->bad = HX_BAD_COLUMNS;
    if (stored > p->r->n_columns && p->r->format != HX_FORMAT_XLSX)
        return refuse_surplus(p, stored, row, err);
    if (stored > p->r->n_columns) return store_extra(p, stored, row, err);
    return HX_OK;
}

/* A record that is not UTF-8 was mended: its cells are cut again from the copy. */
static hx_status check_bytes(const parser *p, hx_row *row, size_t *n_cells, hx_error *err) {
    const char *before = row->raw.ptr;
    HX_TRY(hx_row_check(p->flaws, p->arena, row, err));
    bool unclosed = false;
    if (row->raw.ptr != before && row->raw.len > 0)
        (void)hx_cut_record(p->dialect, row->raw.ptr, row->raw.len, true, p->cells, p->max, n_cells,
                            &unclosed);
    return HX_OK;
}

/* Parses the record at `at`; *blank = it gives no row. */
static hx_status parse_record(const parser *p, const char *at, size_t n, size_t *used, hx_row *row,
                              bool *blank, hx_error *err) {
    size_t n_cells = 0;
    bool unclosed = false;
    *used = hx_cut_record(p->dialect, at, n, true, p->cells, p->max, &n_cells, &unclosed);
    row->raw = hx_record_text(at, *used);
    *blank = !unclosed && is_blank_record(p, n_cells < p->max ? n_cells : p->max, row->raw);
    if (*blank) return HX_OK;
    row->bad_column = -1;
    if (p->flaws.encoding || p->flaws.nul) HX_TRY(check_bytes(p, row, &n_cells, err));
    if (unclosed) {
        row->bad = HX_BAD_QUOTE;
        return HX_OK;
    }
    return store_cells(p, n_cells, (hx_str *)row->cells, row, err);
}

static hx_csv_dialect dialect_of(const hx_reader *r, hx_str text) {
    hx_csv_dialect d = r->dialect;
    if (r->format == HX_FORMAT_TEXT) d.quote = 0;
    if (d.quote && text.len && !memchr(text.ptr, d.quote, text.len)) d.quote = 0;
    return d;
}

hx_status hx_csv_rows(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                      hx_error *err) {
    if (c->oversize) return hx_row_oversize(r, c, arena, out, err);
    HX_TRY(hx_rows_init(r, c, arena, out, err));
    hx_str text = hx_buf_str(&c->data);
    parser p = {r, arena, dialect_of(r, text), hx_chunk_flaws(c), NULL, HX_COLUMNS_MAX};
    p.cells = hx_arena_alloc(arena, p.max * sizeof *p.cells);
    if (!p.cells) return hx_fail(err, HX_ENOMEM, "out of memory");
    int64_t number = (int64_t)c->start.row;
    for (size_t at = 0; at < text.len && out->n_rows < c->n_records;) {
        hx_row *row = &out->rows[out->n_rows];
        size_t used = 0;
        bool blank = false;
        HX_TRY(parse_record(&p, text.ptr + at, text.len - at, &used, row, &blank, err));
        at += used;
        row->row = ++number;
        out->n_rows += !blank;
    }
    return HX_OK;
}
