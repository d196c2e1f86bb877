/* table_write.c - cells as text, and rows as CSV or JSON Lines, on all processors.
 *
 * A number is written with its column's decimals; where those are as many as needed, with the fewest digits that read back equal. Times are
 * ISO 8601: a column of whole days as dates. Rows are made in pieces by all threads and handed on in order, a round of pieces at a time.
 *
 * CSV as RFC 4180 with LF; in JSON a missing or infinite value is null. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/json.h"
#include "base/number.h"
#include "base/pool.h"
#include "frame/table.h"

#define ROOM 64

/* ------------------------------------------------------------------ one cell */
/* cell / 10^scale with `decimals` >= scale digits behind the point, or as few as it takes for decimals < 0. */
static size_t put_decimal(int64_t cell, int scale, int decimals, char *out) {
    size_t n = 0;
    uint64_t v = (uint64_t)(cell < 0 ? -cell : cell);
    if (decimals < 0)
        for (; scale > 0 && v % 10 == 0; scale--)
            v /= 10;
    if (cell < 0) out[n++] = '-';
    const uint64_t power = (uint64_t)hx_power_of_ten(scale);
    n += hx_int_put((int64_t)(v / power), out + n);
    if (scale == 0 && decimals <= 0) return n;
    out[n++] = '.';
    uint64_t rest = v % power;
    for (int i = scale; i > 0; i--, rest /= 10)
        out[n + (size_t)i - 1] = (char)('0' + rest % 10);
    n += (size_t)scale;
    for (int i = scale; i < decimals; i++)
        out[n++] = '0';
    return n;
}

/* v rounded to `decimals` digits. */
static size_t put_fixed(double v, int decimals, char *out) {
    if (!(fabs(v) < 1e15)) return hx_double_put(v, out);
    char text[ROOM];
    const int n = snprintf(text, sizeof text, "%.*f", decimals, v);
    char *comma = strchr(text, ',');
    if (comma != NULL) *comma = '.';
    memcpy(out, text, (size_t)n);
    return (size_t)n;
}

static size_t put_time(const hx_table_cells *c, int64_t cell, char *out) {
    char text[HX_ISO_MAX];
    const size_t n = strlen(hx_iso_from_ms(cell * c->unit, text));
    const char *day_end = c->unit == HX_DAY_MS ? strchr(text, 'T') : NULL;
    const size_t len = day_end != NULL ? (size_t)(day_end - text) : n;
    memcpy(out, text, len);
    return len;
}

/* A cell that is there, of a column that is no TEXT. */
static size_t put_cell(const hx_table_cells *c, int64_t cell, double real, char *out) {
    if (c->about.kind == HX_KIND_BOOLEAN) {
        memcpy(out, cell ? "true" : "false", 5);
        return cell ? 4 : 5;
    }
    if (c->about.kind == HX_KIND_TIME) return put_time(c, cell, out);
    const int decimals = c->about.decimals;
    if (c->real) return decimals < 0 ? hx_double_put(real, out) : put_fixed(real, decimals, out);
    if (decimals < 0 || decimals >= c->scale) return put_decimal(cell, c->scale, decimals, out);
    return put_fixed(hx_cell_value(c, cell), decimals, out);
}

hx_str hx_table_cell(const hx_table *t, size_t row, size_t column, char *room) {
    const hx_table_cells *c = t->columns[column];
    if (hx_table_is_missing(t, column, row)) return (hx_str){"", 0};
    const int64_t cell = c->real ? 0 : hx_cell_get(c, row);
    if (c->about.kind == HX_KIND_TEXT) return hx_dictionary_value(c->dictionary, (size_t)cell);
    return (hx_str){room, put_cell(c, cell, c->real ? hx_cell_real(c, row) : 0, room)};
}

/* ------------------------------------------------------------------ rows */
#define PIECE_ROWS 4096
#define PIECE_BYTES_MAX ((size_t)4 << 30)
#define PIECES_A_THREAD 4
#define DECODED_ROWS 512 /* of all columns at a time */

typedef struct {
    const hx_table *t;
    bool json;
    size_t first, n; /* rows to write */
    size_t start; /* of the round */
    hx_buf *pieces;
    hx_buf *decoded; /* int64_t [n_columns][DECODED_ROWS]; one a worker */
    hx_buf keys; /* JSON: {"a": of each column, with its separator */
    size_t *key_ends; /* [n_columns] */
} writing;

static bool needs_quotes(hx_str s) {
    if (s.len == 0 || s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ') return true;
    for (size_t i = 0; i < s.len; i++) {
        const unsigned char c = (unsigned char)s.ptr[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r') return true;
    }
    return false;
}

static void put_csv_text(hx_buf *b, hx_str s) {
    if (!needs_quotes(s)) {
        (void)hx_buf_append(b, s.ptr, s.len);
        return;
    }
    (void)hx_buf_append_byte(b, '"');
    for (const char *quote = NULL; s.len > 0;) {
        quote = memchr(s.ptr, '"', s.len);
        const size_t n = quote != NULL ? (size_t)(quote - s.ptr) + 1 : s.len;
        (void)hx_buf_append(b, s.ptr, n);
        if (quote != NULL) (void)hx_buf_append_byte(b, '"');
        s = (hx_str){s.ptr + n, s.len - n};
    }
    (void)hx_buf_append_byte(b, '"');
}

static void put_json_text(hx_buf *b, hx_str s) {
    hx_json_writer w;
    hx_json_begin(&w, b);
    hx_json_str(&w, s);
}

/* A cell of `c`; `image` is its cell, or its double where real. */
static void put_value(hx_buf *b, const hx_table_cells *c, int64_t image, bool json) {
    double real = NAN;
    if (c->real) memcpy(&real, &image, sizeof real);
    const bool missing = c->real ? real != real : image == HX_CELL_NONE;
    if (missing || (json && c->real && isinf(real))) {
        if (json) (void)hx_buf_append_lit(b, "null");
        return;
    }
    if (c->about.kind == HX_KIND_TEXT) {
        const hx_str s = hx_dictionary_value(c->dictionary, (size_t)image);
        if (json)
            put_json_text(b, s);
        else
            put_csv_text(b, s);
        return;
    }
    if (!hx_buf_reserve(b, ROOM + 2)) return;
    const bool quoted = json && c->about.kind == HX_KIND_TIME;
    if (quoted) b->ptr[b->len++] = '"';
    b->len += put_cell(c, image, real, b->ptr + b->len);
    if (quoted) b->ptr[b->len++] = '"';
}

static bool decode(const writing *w, size_t first, size_t n, hx_buf *decoded) {
    const hx_table *t = w->t;
    hx_buf_reset(decoded);
    if (!hx_buf_reserve(decoded, t->n_columns * DECODED_ROWS * sizeof(int64_t) + 1)) return false;
    int64_t *to = (int64_t *)(void *)decoded->ptr;
    for (size_t c = 0; c < t->n_columns; c++, to += DECODED_ROWS) {
        const hx_table_cells *column = t->columns[c];
        if (column->real)
            memcpy(to, column->cells.ptr + first * sizeof *to, n * sizeof *to);
        else
            hx_cells_wide(column, first, n, to);
    }
    return true;
}

static void put_rows(const writing *w, const hx_buf *decoded, size_t n, hx_buf *b) {
    const int64_t *cells = (const int64_t *)(const void *)decoded->ptr;
    const bool alone = w->t->n_columns == 1 && !w->json;
    for (size_t i = 0; i < n; i++) {
        const size_t start_of_row = b->len;
        for (size_t c = 0; c < w->t->n_columns; c++) {
            if (w->json) {
                const size_t start = c == 0 ? 0 : w->key_ends[c - 1];
                (void)hx_buf_append(b, w->keys.ptr + start, w->key_ends[c] - start);
            } else if (c > 0) {
                (void)hx_buf_append_byte(b, ',');
            }
            put_value(b, w->t->columns[c], cells[c * DECODED_ROWS + i], w->json);
        }
        if (alone && b->len == start_of_row)
            (void)hx_buf_append_lit(b, "\"\""); /* a blank line would be no row */
        (void)hx_buf_append_lit(b, w->json ? "}\n" : "\n");
    }
}

static hx_status write_piece(void *context, size_t i, size_t worker, hx_error *err) {
    writing *w = context;
    hx_buf *b = &w->pieces[i];
    const size_t from = w->start + i * PIECE_ROWS, left = w->n - from;
    const size_t n = left < PIECE_ROWS ? left : PIECE_ROWS;
    hx_buf_reset(b);
    for (size_t at = 0; at < n; at += DECODED_ROWS) {
        const size_t count = n - at < DECODED_ROWS ? n - at : DECODED_ROWS;
        if (!decode(w, w->first + from + at, count, &w->decoded[worker]))
            return hx_fail(err, HX_ENOMEM, "out of memory");
        put_rows(w, &w->decoded[worker], count, b);
    }
    return hx_buf_status(b, "rows", err);
}

static hx_status write_header(const writing *w, hx_table_write_fn *write, void *context,
                              hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, PIECE_BYTES_MAX);
    for (size_t c = 0; c < w->t->n_columns; c++) {
        if (c > 0) (void)hx_buf_append_byte(&b, ',');
        put_csv_text(&b, w->t->columns[c]->about.name);
    }
    (void)hx_buf_append_byte(&b, '\n');
    hx_status status = hx_buf_status(&b, "header", err);
    if (status == HX_OK) status = write(context, b.ptr, b.len, err);
    hx_buf_release(&b);
    return status;
}

static hx_status make_keys(writing *w, hx_error *err) {
    for (size_t c = 0; c < w->t->n_columns; c++) {
        (void)hx_buf_append_byte(&w->keys, c == 0 ? '{' : ',');
        put_json_text(&w->keys, w->t->columns[c]->about.name);
        (void)hx_buf_append_byte(&w->keys, ':');
        w->key_ends[c] = w->keys.len;
    }
    if (w->t->n_columns == 0) (void)hx_buf_append_byte(&w->keys, '{');
    return hx_buf_status(&w->keys, "header", err);
}

static hx_status write_rounds(writing *w, size_t n_threads, hx_table_write_fn *write, void *context,
                              hx_error *err) {
    const size_t most = n_threads * PIECES_A_THREAD;
    if (w->json) HX_TRY(make_keys(w, err));
    if (!w->json && w->first == 0) HX_TRY(write_header(w, write, context, err));
    for (w->start = 0; w->start < w->n; w->start += most * PIECE_ROWS) {
        const size_t left = (w->n - w->start + PIECE_ROWS - 1) / PIECE_ROWS;
        const size_t count = left < most ? left : most;
        HX_TRY(hx_pool_run(n_threads, count, write_piece, w, err));
        for (size_t i = 0; i < count; i++)
            HX_TRY(write(context, w->pieces[i].ptr, w->pieces[i].len, err));
    }
    return HX_OK;
}

static hx_status write_with(writing *w, size_t n_threads, hx_table_write_fn *write, void *context,
                            hx_error *err) {
    const size_t n_pieces = n_threads * PIECES_A_THREAD;
    w->pieces = calloc(n_pieces, sizeof *w->pieces);
    w->decoded = calloc(n_threads, sizeof *w->decoded);
    w->key_ends = calloc(w->t->n_columns + 1, sizeof *w->key_ends);
    hx_buf_init(&w->keys, PIECE_BYTES_MAX);
    hx_status status = HX_ENOMEM;
    if (w->pieces != NULL && w->decoded != NULL && w->key_ends != NULL) {
        for (size_t i = 0; i < n_pieces; i++)
            hx_buf_init(&w->pieces[i], PIECE_BYTES_MAX);
        for (size_t i = 0; i < n_threads; i++)
            hx_buf_init(&w->decoded[i], PIECE_BYTES_MAX);
        status = write_rounds(w, n_threads, write, context, err);
    } else {
        status = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    for (size_t i = 0; w->pieces != NULL && i < n_pieces; i++)
        hx_buf_release(&w->pieces[i]);
    for (size_t i = 0; w->decoded != NULL && i < n_threads; i++)
        hx_buf_release(&w->decoded[i]);
    free(w->pieces);
    free(w->decoded);
    free(w->key_ends);
    hx_buf_release(&w->keys);
    return status;
}

hx_status hx_table_write(const hx_table *t, hx_format format, size_t first, size_t n,
                         size_t n_threads, hx_table_write_fn *write, void *context, hx_error *err) {
    if (format != HX_FORMAT_CSV && format != HX_FORMAT_JSONL)
        return hx_fail(err, HX_EUNSUPPORTED, "tables are written as CSV or JSON Lines");
    if (first > t->n_rows) first = t->n_rows;
    if (n > t->n_rows - first) n = t->n_rows - first;
    if (n_threads == 0) n_threads = hx_processors();
    if (n_threads > 64) n_threads = 64;
    writing w = {.t = t, .json = format == HX_FORMAT_JSONL, .first = first, .n = n};
    return write_with(&w, n_threads, write, context, err);
}
