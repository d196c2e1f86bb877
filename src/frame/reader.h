/* reader.h - the inside of a reader and of a chunk; shared by the files of src/frame that make a reader.
 *
 *     source -> decoder | workbook -> window -> cut -> chunk -> rows
 *
 * Everything above the line "moving" is fixed once hx_reader_open() has returned, so that any thread may parse chunks. */
#ifndef HX_FRAME_READER_H
#define HX_FRAME_READER_H

#include "huaxiang/frame.h"
#include "base/buf.h"
#include "base/map.h"
#include "frame/csv_scan.h"
#include "frame/encoding.h"
#include "frame/source_stream.h"
#include "frame/xlsx.h"

#define HX_HEAD_BYTES (1u << 20) /* what is looked at before the first row is given */
#define HX_XLSX_BYTES_MAX (512u << 20) /* of a workbook from a pipe */
#define HX_SAMPLE_ROWS 2000 /* rows of the head from which types are inferred */
#define HX_CHUNK_CELLS (2u << 20) /* rows x columns of one chunk: bounds the memory of its rows */

/* What the sample said of a column's cells, to be undone in each of them. */
typedef struct {
    bool formula; /* ="123": how shops keep Excel from eating digits */
    bool padded; /* blanks or tabs around values */
} hx_cell_habit;

struct hx_reader {
    hx_arena *arena; /* owned: names, columns */
    char *name; /* the path or "standard input", for messages; in arena */
    hx_format format;
    hx_encoding encoding;
    size_t bom;
    hx_csv_dialect dialect; /* delimiter 0: a record is one cell */
    hx_reader_options options; /* map = NULL */
    hx_column *columns; /* [n_columns] in arena */
    hx_cell_habit *habits; /* [n_columns] in arena */
    bool any_habit;
    bool keep_empty; /* records of separators alone are rows; set behind opening */
    size_t n_columns;
    hx_str header;
    hx_map by_name; /* JSON Lines: hash of a name -> column + 1 */
    size_t chunk_bytes;
    size_t max_records; /* of a chunk */
    /* ---- moving */
    hx_source *source; /* owned */
    hx_xlsx *workbook; /* owned; NULL if the input is none */
    hx_buf workbook_bytes; /* of a workbook that is no plain file */
    hx_decoder decoder; /* of UTF-16 and GB18030 */
    hx_buf raw; /* bytes on their way through the decoder */
    hx_buf window; /* decoded bytes; [at, window.len) are not given yet */
    size_t at;
    hx_position
        position; /* of window.ptr[at]; `offset` counts decoded bytes from behind the mark */
    bool ended; /* nothing follows the window */
    bool broken; /* ... because of `failure` */
    bool moved; /* a chunk was given or a seek done */
    hx_error failure;
};

struct hx_chunk {
    hx_buf data; /* whole records */
    hx_position start, end;
    size_t n_records; /* with blank ones */
    bool oversize; /* data is the start of one record that is longer than HX_ROW_MAX */
};

/* ---- cut.c: where a chunk ends */
typedef struct {
    size_t bytes; /* 0 = no whole record */
    size_t records;
} hx_record_cut;
/* Whole records at the start of p[0, n): at most `max`, and no more once they have `enough` bytes and their quotes are not plain.
 * `final` = the input ends at n; `forced` = a first record that is still open at n is taken as its first line. */
hx_record_cut hx_cut_records(const hx_reader *r, const char *p, size_t n, size_t enough, size_t max,
                             bool final, bool forced);
/* The record at p[0, n), n > 0, with its cells (at most `max`); returns its bytes with the line end. Where a quote was not closed
 * (or was, but only by the quote of a later line), *unclosed is set and the record is its first line. 0 = open at n and not
 * `final`. */
size_t hx_cut_record(hx_csv_dialect d, const char *p, size_t n, bool final, hx_csv_cell *cells,
                     size_t max, size_t *n_cells, bool *unclosed);
/* Is each line one record? */
bool hx_cut_is_by_line(const hx_reader *r);

/* ---- reader.c */
/* Makes the window hold `want` bytes or all there is. A break of the input is kept in r->failure. */
hx_status hx_reader_fill(hx_reader *r, size_t want, hx_error *err) HX_MUST_USE;
/* A chunk of the first rows that were not given yet, which stay in the window; *out = NULL if there is none. */
hx_status hx_reader_sample(hx_reader *r, size_t max_rows, hx_chunk **out,
                           hx_error *err) HX_MUST_USE;

/* ---- sniff.c: format by name and content, delimiter */
hx_status hx_sniff_container(hx_reader *r, const char *path, hx_str head,
                             hx_error *err) HX_MUST_USE;
hx_status hx_sniff_text(hx_reader *r, hx_error *err) HX_MUST_USE; /* of the decoded window */

/* ---- columns.c */
hx_status hx_columns_read(hx_reader *r,
                          hx_error *err) HX_MUST_USE; /* header, sample, roles, types */
hx_status hx_columns_map(hx_reader *r, const char *map, hx_error *err) HX_MUST_USE;
hx_status hx_columns_set(hx_reader *r, const hx_str *names, size_t n, hx_error *err) HX_MUST_USE;
void hx_columns_assign_roles(hx_reader *r, const hx_rows *sample);

/* ---- infer.c */
void hx_infer_columns(hx_reader *r, const hx_rows *sample);

/* ---- row.c: what is checked in every record */
typedef struct {
    bool encoding; /* some bytes are not UTF-8 */
    bool nul;
} hx_flaws;
hx_flaws hx_chunk_flaws(const hx_chunk *c);
#define HX_SHORT_REASON_MAX 160
/* Makes the row bad for a reason with figures in it; both texts are copied. */
hx_status hx_row_refuse(hx_row *row, hx_arena *arena, const char *en, const char *zh,
                        hx_error *err) HX_MUST_USE;
/* Sets row->bad where row->raw has one of the chunk's flaws; a raw that is not UTF-8 is replaced by a mended copy. */
hx_status hx_row_check(hx_flaws flaws, hx_arena *arena, hx_row *row, hx_error *err) HX_MUST_USE;
/* The one row of a chunk that is the start of an over-long record. */
hx_status hx_row_oversize(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                          hx_error *err) HX_MUST_USE;
/* Room for the rows of a chunk, all cells missing. rows[i].cells is set. */
hx_status hx_rows_init(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                       hx_error *err) HX_MUST_USE;
/* The record without its line end. */
hx_str hx_record_text(const char *p, size_t used);
/* A line of nothing but blanks and tabs; of plain text only an empty one. */
bool hx_record_is_blank(const hx_reader *r, hx_str text);

/* ---- csv.c, jsonl.c: rows of a chunk */
hx_status hx_csv_rows(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                      hx_error *err) HX_MUST_USE;
hx_status hx_jsonl_rows(const hx_reader *r, const hx_chunk *c, hx_arena *arena, hx_rows *out,
                        hx_error *err) HX_MUST_USE;
hx_status hx_jsonl_columns(hx_reader *r,
                           hx_error *err) HX_MUST_USE; /* the keys of the first lines */

#define HX_BAD_ENCODING "holds bytes that are not valid in the file's encoding"
#define HX_BAD_NUL "holds a NUL byte"
#define HX_BAD_QUOTE "has a quotation mark that is never closed"
#define HX_BAD_CELL "has a cell of more than 64 MB"
#define HX_BAD_ROW "is longer than 96 MB"
#define HX_BAD_COLUMNS "has more than 4096 cells"
#define HX_BAD_JSON "is not a JSON object"
#define HX_BAD_NESTED "holds a list or an object where one value is expected"

#endif
