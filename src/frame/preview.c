/* preview.c - what was understood of a file (--dry-run), as one JSON object:
 *
 *     {"file","format","encoding","compression","delimiter","columns":[{"name","role","type","date_order","date_order_guessed"}],
 *      "rows":[[cell,...]],"sampled":n,"rejected":n,"reasons":[{"row","column","reason"}]}
 *
 * The sampled rows stay to be read. A sampled row counts as rejected where it can't be parsed or a time or an amount in it can't be understood. */
#include "frame/reader.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "frame/time_parse.h"

#define REASONS_MAX 20
#define PREVIEW_BYTES_MAX (64u << 20)
#define CELL_SHOWN 2000 /* bytes */

static const char *order_name(hx_date_order o) {
    static const char *const names[] = {"none", "ymd", "dmy", "mdy"};
    return names[o];
}

static void write_columns(hx_json_writer *w, const hx_reader *r) {
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t k = 0; k < r->n_columns; k++) {
        const hx_column *c = &r->columns[k];
        hx_json_object(w);
        hx_json_key(w, "name");
        hx_json_str(w, c->name);
        hx_json_key(w, "role");
        hx_json_cstr(w, hx_role_name(c->role));
        hx_json_key(w, "type");
        hx_json_cstr(w, hx_type_name(c->type));
        if (c->type == HX_TYPE_TIME) {
            hx_json_key(w, "date_order");
            hx_json_cstr(w, c->excel_serial ? "excel" : order_name(c->date_order));
            hx_json_key(w, "date_order_guessed");
            hx_json_bool(w, c->date_order_guessed);
        }
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void write_rows(hx_json_writer *w, const hx_rows *rows, size_t n) {
    hx_json_key(w, "rows");
    hx_json_array(w);
    for (size_t i = 0; i < rows->n_rows && i < n; i++) {
        hx_json_array(w);
        for (size_t k = 0; k < rows->n_columns; k++) {
            hx_str s = rows->rows[i].cells[k];
            if (s.len > CELL_SHOWN) s.len = CELL_SHOWN;
            if (s.ptr)
                hx_json_str(w, s);
            else
                hx_json_null(w);
        }
        hx_json_end_array(w);
    }
    hx_json_end_array(w);
}

static bool is_amount(hx_role role) {
    return role == HX_ROLE_AMOUNT || role == HX_ROLE_UNIT_PRICE || role == HX_ROLE_QUANTITY ||
           role == HX_ROLE_DISCOUNT || role == HX_ROLE_REFUND;
}

/* Why the cell would be refused; false = it would not. */
static bool refused(const hx_column *c, hx_str cell, const hx_time_zone *zone, hx_error *why) {
    int64_t value = 0;
    if (cell.len == 0) return false;
    if (c->role == HX_ROLE_TIME && !hx_time_is_clock(cell))
        return hx_parse_time(cell, c->date_order, c->excel_serial, zone, &value, why) != HX_OK;
    return is_amount(c->role) && hx_parse_amount(cell, false, &value, NULL, why) != HX_OK;
}

static bool find_reason(const hx_reader *r, const hx_row *row, const hx_time_zone *zone,
                        hx_error *why, int64_t *column) {
    *column = row->bad_column;
    if (row->bad) {
        const char *text = hx_row_bad_text(row, why->ui);
        size_t n = strlen(text);
        memcpy(why->message, text, n < HX_MESSAGE_MAX ? n + 1 : 0);
        return true;
    }
    for (size_t k = 0; k < r->n_columns; k++) {
        *column = (int64_t)k;
        if (refused(&r->columns[k], row->cells[k], zone, why)) return true;
    }
    return false;
}

static void write_reason(hx_json_writer *w, const hx_reader *r, const hx_row *row,
                         const hx_error *why, int64_t column) {
    hx_json_object(w);
    hx_json_key(w, "row");
    hx_json_int(w, row->row);
    if (column >= 0) {
        hx_json_key(w, "column");
        hx_json_str(w, r->columns[column].name);
    }
    hx_json_key(w, "reason");
    hx_json_cstr(w, why->message);
    hx_json_end_object(w);
}

static void write_rejects(hx_json_writer *w, const hx_reader *r, const hx_rows *rows,
                          const hx_time_zone *zone, hx_ui_lang ui) {
    int64_t rejected = 0, column = -1;
    hx_json_key(w, "reasons");
    hx_json_array(w);
    for (size_t i = 0; i < rows->n_rows; i++) {
        hx_error why = {.ui = ui};
        if (!find_reason(r, &rows->rows[i], zone, &why, &column)) continue;
        if (rejected++ < REASONS_MAX) write_reason(w, r, &rows->rows[i], &why, column);
    }
    hx_json_end_array(w);
    hx_json_key(w, "sampled");
    hx_json_int(w, (int64_t)rows->n_rows);
    hx_json_key(w, "rejected");
    hx_json_int(w, rejected);
}

static void write_file(hx_json_writer *w, const hx_reader *r) {
    char delimiter[2] = {hx_reader_delimiter(r), '\0'};
    hx_json_key(w, "file");
    hx_json_cstr(w, r->name);
    hx_json_key(w, "format");
    hx_json_cstr(w, hx_reader_format_name(r));
    hx_json_key(w, "encoding");
    hx_json_cstr(w, hx_reader_encoding_name(r));
    hx_json_key(w, "compression");
    hx_json_cstr(w, hx_reader_compression(r));
    hx_json_key(w, "delimiter");
    hx_json_cstr(w, delimiter);
}

hx_status hx_reader_preview(hx_reader *r, size_t n_rows, const hx_time_zone *zone, hx_arena *arena,
                            hx_str *json, hx_error *err) {
    hx_chunk *c = NULL;
    hx_rows rows = {NULL, 0, r->n_columns};
    hx_buf b;
    HX_TRY(hx_reader_sample(r, n_rows > HX_SAMPLE_ROWS ? n_rows : HX_SAMPLE_ROWS, &c, err));
    hx_status st = c ? hx_chunk_rows(r, c, arena, &rows, err) : HX_OK;
    hx_buf_init(&b, PREVIEW_BYTES_MAX);
    if (st == HX_OK) {
        hx_json_writer w;
        hx_json_begin(&w, &b);
        hx_json_object(&w);
        write_file(&w, r);
        write_columns(&w, r);
        write_rows(&w, &rows, n_rows);
        write_rejects(&w, r, &rows, zone, err ? err->ui : HX_UI_EN);
        hx_json_end_object(&w);
        st = hx_buf_status(&b, r->name, err);
    }
    if (st == HX_OK) {
        *json = hx_arena_str(arena, hx_buf_str(&b));
        if (!json->ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&b);
    hx_chunk_free(c);
    return st;
}
