/* csv_scan.h - the inner loops of CSV: where records end and cells start, 32 or 64 bytes at a time.
 *
 * Grammar: RFC 4180 with any one-byte delimiter and quote (0 = no quoting), records ended by LF, CRLF or CR-less end of data. A
 * quote opens a quoted cell only at the cell's start; inside, "" is one quote; bytes behind the closing quote up to the next
 * delimiter are kept as they are (lenient, as spreadsheets do). */
#ifndef HX_FRAME_CSV_SCAN_H
#define HX_FRAME_CSV_SCAN_H

#include "huaxiang/base.h"

typedef struct {
    char delimiter;
    char quote; /* 0 = none */
} hx_csv_dialect;

/* Length of the prefix of p[0, n) that holds whole records only (ends behind a line end outside quotes); 0 if none. The prefix starts
 * at a record's start. */
size_t hx_csv_whole_records(hx_csv_dialect d, const char *p, size_t n);

typedef struct {
    hx_str raw; /* the cell without its surrounding quotes; borrowed */
    bool escaped; /* holds doubled quotes or bytes behind the closing quote: needs hx_csv_unescape() */
    bool quoted;
} hx_csv_cell;

/* Splits the record at p[0, n). At most `max` cells are stored, *n_cells counts all. Returns the bytes consumed with the line end;
 * *open is set when the data end inside quotes. n > 0. */
size_t hx_csv_record(hx_csv_dialect d, const char *p, size_t n, hx_csv_cell *cells, size_t max, size_t *n_cells, bool *open);

/* Writes the value of an escaped cell to out (room for raw.len bytes); returns its length. */
size_t hx_csv_unescape(hx_csv_dialect d, const hx_csv_cell *cell, char *out);

#endif
