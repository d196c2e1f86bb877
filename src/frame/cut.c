/* cut.c - where records end, and so where a chunk may end.
 *
 * A chunk depends on nothing but the bytes from its start on, so that reading can go on from any chunk's end and gives the same
 * chunks. Records are found by the same function here and when rows are parsed (csv.c).
 *
 * An unclosed quote must not swallow the rest of a file. A record is its first line alone, and bad, where
 *  - its quote is still open at the end of the input, or HX_ROW_MAX bytes on, or
 *  - it spans lines, and text follows a closing quote: that quote then opened a cell of a later row.
 * The lines behind it are read as rows of their own. */
#include "frame/reader.h"

#include <string.h>

#define CELLS_CHECKED 256 /* cells looked at for text behind a closing quote */

bool hx_cut_is_by_line(const hx_reader *r) {
    return r->format == HX_FORMAT_JSONL || r->format == HX_FORMAT_TEXT || r->dialect.quote == 0;
}

static size_t line_bytes(const char *p, size_t n) {
    const char *end = memchr(p, '\n', n);
    return end ? (size_t)(end - p) + 1 : n;
}

/* Text other than blanks behind the closing quote. */
static bool has_tail(hx_csv_dialect d, const hx_csv_cell *cell) {
    if (!cell->quoted || !cell->escaped) return false;
    const char *p = cell->raw.ptr;
    for (size_t i = 0; i < cell->raw.len; i++) {
        if (p[i] != d.quote) continue;
        if (i + 1 < cell->raw.len && p[i + 1] == d.quote) {
            i++;
            continue;
        }
        for (size_t k = i + 1; k < cell->raw.len; k++)
            if (p[k] != ' ' && p[k] != '\t') return true;
        return false;
    }
    return false;
}

static bool is_torn(hx_csv_dialect d, const char *p, size_t n) {
    hx_csv_cell cells[CELLS_CHECKED];
    size_t n_cells = 0;
    bool open = false;
    (void)hx_csv_record(d, p, n, cells, CELLS_CHECKED, &n_cells, &open);
    size_t stored = n_cells < CELLS_CHECKED ? n_cells : CELLS_CHECKED;
    for (size_t i = 0; i < stored; i++)
        if (has_tail(d, &cells[i]) && memchr(cells[i].raw.ptr, '\n', cells[i].raw.len)) return true;
    return false;
}

size_t hx_cut_record(hx_csv_dialect d, const char *p, size_t n, bool final, hx_csv_cell *cells,
                     size_t max, size_t *n_cells, bool *unclosed) {
    bool open = false;
    *unclosed = false;
    size_t used = hx_csv_record(d, p, n, cells, max, n_cells, &open);
    if (open) {
        *unclosed = true;
        return final ? line_bytes(p, n) : 0;
    }
    if (d.quote == 0) return used;
    size_t first = line_bytes(p, used);
    if (first < used && is_torn(d, p, used)) {
        *unclosed = true;
        return first;
    }
    return used;
}

static size_t count_lines(const char *p, size_t n) {
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += p[i] == '\n';
    return lines;
}

static hx_record_cut cut_lines(const char *p, size_t n, size_t max, bool final) {
    const char *end = final ? NULL : memrchr(p, '\n', n);
    size_t whole = final ? n : end ? (size_t)(end - p) + 1 : 0;
    if (whole == 0) return (hx_record_cut){0, 0};
    size_t lines = count_lines(p, whole) + (p[whole - 1] != '\n');
    if (lines <= max) return (hx_record_cut){whole, lines};
    size_t bytes = 0;
    for (size_t i = 0; i < max; i++)
        bytes += line_bytes(p + bytes, whole - bytes);
    return (hx_record_cut){bytes, max};
}

hx_record_cut hx_cut_records(const hx_reader *r, const char *p, size_t n, size_t enough, size_t max,
                             bool final, bool forced) {
    if (n == 0) return (hx_record_cut){0, 0};
    if (hx_cut_is_by_line(r) || !memchr(p, r->dialect.quote, n)) return cut_lines(p, n, max, final);
    hx_record_cut cut = {0, 0};
    const hx_csv_extent whole = hx_csv_whole_records(r->dialect, p, n);
    /* Plain quoting: no record is torn, and all but the rest behind the last line end are known at once. */
    if (whole.plain && whole.records <= max) cut = (hx_record_cut){whole.bytes, whole.records};
    while (cut.bytes < n && cut.bytes < enough && cut.records < max) {
        size_t n_cells = 0;
        bool unclosed = false;
        bool end_known = final || (forced && cut.records == 0);
        size_t used = hx_cut_record(r->dialect, p + cut.bytes, n - cut.bytes, end_known, NULL, 0,
                                    &n_cells, &unclosed);
        if (used == 0 || (!final && p[cut.bytes + used - 1] != '\n')) break;
        cut.bytes += used;
        cut.records++;
    }
    return cut;
}
