/* row.c - what is the same for the rows of every format: room for them, and the checks of their bytes.
 *
 * A chunk is checked once; only where it has a flaw are its rows looked at one by one. All text of rows is valid UTF-8: a
 * record that is not is copied, with U+FFFD in place of each bad byte, so that the chunk stays as it is and may be parsed
 * again. Rows of a chunk and their cells are two blocks of the arena, sized before the first row is parsed. */
#include "frame/reader.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

hx_flaws hx_chunk_flaws(const hx_chunk *c) {
    hx_str all = hx_buf_str(&c->data);
    hx_flaws f = {false, false};
    if (all.len == 0) return f;
    f.encoding = !hx_utf8_is_valid(all);
    f.nul = memchr(all.ptr, 0, all.len) != NULL;
    return f;
}

/* `s` with U+FFFD for each bad byte, in the arena. */
static hx_str mend(hx_str s, hx_arena *arena) {
    size_t bad = 0;
    for (size_t i = 0; i < s.len;)
        bad += hx_utf8_next(s, &i) == HX_UTF8_BAD;
    char *to = hx_arena_alloc(arena, s.len + 2 * bad + 1);
    if (!to) return (hx_str){NULL, 0};
    size_t n = 0;
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        if (hx_utf8_next(s, &i) == HX_UTF8_BAD) {
            n += hx_utf8_put(0xFFFD, to + n);
        } else {
            memcpy(to + n, s.ptr + from, i - from);
            n += i - from;
        }
    }
    return (hx_str){to, n};
}

hx_status hx_row_check(hx_flaws flaws, hx_arena *arena, hx_row *row, hx_error *err) {
    if (flaws.nul && memchr(row->raw.ptr, 0, row->raw.len)) row->bad = HX_BAD_NUL;
    if (flaws.encoding && !hx_utf8_is_valid(row->raw)) {
        row->bad = HX_BAD_ENCODING;
        row->raw = mend(row->raw, arena);
        if (!row->raw.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

hx_status hx_row_refuse(hx_row *row, hx_arena *arena, const char *en, const char *zh,
                        hx_error *err) {
    row->bad = hx_arena_str(arena, hx_str_of(en)).ptr;
    row->bad_zh = hx_arena_str(arena, hx_str_of(zh)).ptr;
    return row->bad && row->bad_zh ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_rows_init(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                       hx_error *err) {
    size_t n = c->n_records;
    *out = (hx_rows){NULL, 0, r->n_columns};
    out->rows = hx_arena_alloc(arena, n * sizeof *out->rows + 1);
    hx_str *cells = hx_arena_alloc(arena, n * r->n_columns * sizeof *cells + 1);
    if (!out->rows || !cells) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        out->rows[i].cells = cells + i * r->n_columns;
    return HX_OK;
}

hx_status hx_row_oversize(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                          hx_error *err) {
    HX_TRY(hx_rows_init(r, c, arena, out, err));
    hx_row *row = &out->rows[0];
    row->raw = hx_buf_str(&c->data);
    row->row = (int64_t)c->start.row + 1;
    row->bad_column = -1;
    HX_TRY(hx_row_check(hx_chunk_flaws(c), arena, row, err));
    row->bad = HX_BAD_ROW;
    out->n_rows = 1;
    return HX_OK;
}

hx_str hx_record_text(const char *p, size_t used) {
    if (used > 0 && p[used - 1] == '\n') used--;
    if (used > 0 && p[used - 1] == '\r') used--;
    return (hx_str){p, used};
}

const char *hx_row_bad_text(const hx_row *row, hx_ui_lang ui) {
    const char *zh = NULL;
    if (row->bad && ui == HX_UI_ZH) zh = row->bad_zh ? row->bad_zh : hx_message_zh(row->bad);
    return zh ? zh : row->bad;
}

bool hx_record_is_blank(const hx_reader *r, hx_str text) {
    if (r->format == HX_FORMAT_TEXT) return text.len == 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ' ' && text.ptr[i] != '\t' && text.ptr[i] != '\r') return false;
    return true;
}
