/* csv_scan.h - the inner loops of CSV: where records end and cells start, 64 bytes at a time.
 *
 * Grammar: RFC 4180 with any one-byte delimiter and quote (0 = no quoting), records ended by LF, CRLF or the end of the data
 * (a CR right before either is no part of the cell). A quote opens a quoted cell only at the cell's start; inside, "" is one
 * quote; bytes behind the closing quote up to the next delimiter are kept as they are (lenient, as spreadsheets do).
 *
 * Two ways in, same cells: hx_csv_index() finds all cells of a chunk at once (several GB/s: the way for tables), and
 * hx_csv_record() walks one record (the way for a header). An empty line is a record of one empty cell. */
#ifndef HX_FRAME_CSV_SCAN_H
#define HX_FRAME_CSV_SCAN_H

#include "huaxiang/base.h"

typedef struct {
    char delimiter;
    char quote; /* 0 = none */
} hx_csv_dialect;

/* The whole records at the start of p[0, n), which is a record's start; each ends behind a line end outside quotes. */
typedef struct {
    size_t bytes;
    size_t records;
    /* Each quote stands at a cell's edge or is doubled. Else nothing is said: bytes and records are 0. */
    bool plain;
} hx_csv_extent;
hx_csv_extent hx_csv_whole_records(hx_csv_dialect d, const char *p, size_t n);

typedef struct {
    hx_str raw; /* the cell without its surrounding quotes; borrowed */
    bool
        escaped; /* holds doubled quotes or bytes behind the closing quote: needs hx_csv_unescape() */
    bool quoted;
} hx_csv_cell;

/* ------------------------------------------------------------------ a chunk at once */
/* The cells of p[0, n): record k holds the cells [k ? rows[k - 1] : 0, rows[k]); cell i lies in p[i ? ends[i - 1] + 1 : 0,
 * ends[i]). The caller brings the arrays, each with room for n + HX_CSV_INDEX_SLACK numbers; only what is used is touched, so
 * pieces of 64 KiB stay in the cache. Typical loop:
 *
 *     size_t i = 0, at = 0;
 *     for (size_t k = 0; k < x.n_rows; k++)
 *         for (; i < x.rows[k]; i++) {
 *             hx_csv_cell c = hx_csv_cell_at(d, p, at, x.ends[i], i + 1 == x.rows[k]);
 *             at = x.ends[i] + 1;
 *         }
 */
#define HX_CSV_INDEX_SLACK 2
#define HX_CSV_INDEX_MAX (1u << 31) /* the most bytes a chunk may have */

typedef struct {
    uint32_t *ends; /* offset of the delimiter, LF or end of the data behind each cell; not owned */
    uint32_t *rows; /* cells up to and with each record; not owned */
    size_t n_rows;
    bool open; /* the data end inside quotes (then with `last` that cell is the rest of the data) */
} hx_csv_index;

/* Fills `x` from p[0, n), n <= HX_CSV_INDEX_MAX, which starts at a record's start. Returns the bytes used: all whole records,
 * and with `last` also a last one without line end (nothing follows p + n). */
size_t hx_csv_index_fill(hx_csv_dialect d, const char *p, size_t n, bool last, hx_csv_index *x);

/* The cell in p[start, end), the quoted or irregular case; use hx_csv_cell_at(). */
hx_csv_cell hx_csv_cell_quoted(hx_csv_dialect d, const char *p, size_t start, size_t end);

/* The cell in p[start, end); `last` = the record's last one, which may have the CR of a CRLF at its end. */
static inline hx_csv_cell hx_csv_cell_at(hx_csv_dialect d, const char *p, size_t start, size_t end,
                                         bool last) {
    if (last && end > start && p[end - 1] == '\r') end--;
    if (end > start && p[start] == d.quote && d.quote != '\0')
        return hx_csv_cell_quoted(d, p, start, end);
    return (hx_csv_cell){.raw = {p + start, end - start}};
}

/* ------------------------------------------------------------------ one record */
/* Splits the record at p[0, n). At most `max` cells are stored, *n_cells counts all. Returns the bytes consumed with the line end;
 * *open is set when the data end inside quotes. n > 0. */
size_t hx_csv_record(hx_csv_dialect d, const char *p, size_t n, hx_csv_cell *cells, size_t max,
                     size_t *n_cells, bool *open);

/* Writes the value of an escaped cell to out (room for raw.len bytes); returns its length. */
size_t hx_csv_unescape(hx_csv_dialect d, const hx_csv_cell *cell, char *out);

/* ------------------------------------------------------------------ for tests */
/* The instruction sets there are variants for; AUTO takes the best the processor has. */
typedef enum {
    HX_CSV_SIMD_AUTO = 0,
    HX_CSV_SIMD_NONE,
    HX_CSV_SIMD_SSE2,
    HX_CSV_SIMD_AVX2,
    HX_CSV_SIMD_AVX512,
    HX_CSV_SIMD_N
} hx_csv_simd;
bool hx_csv_simd_is_there(hx_csv_simd simd);
size_t hx_csv_index_fill_simd(hx_csv_simd simd, hx_csv_dialect d, const char *p, size_t n,
                              bool last, hx_csv_index *x);

#endif
