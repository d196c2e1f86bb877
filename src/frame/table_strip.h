/* table_strip.h - one column of one chunk on its way from text to cells.
 *
 *     cells (text) -> strip: 64-bit cells of one kind -> column of the table (table_join.c), in the order of the file
 *
 * A strip has one kind. A value that is not of it makes the strip misfit: then the whole column is read again as the next kind of its
 * order, which all values decide: BOOLEAN, NUMBER, TIME, TEXT; a column that is a time by its name and head has TIME first. */
#ifndef HX_FRAME_TABLE_STRIP_H
#define HX_FRAME_TABLE_STRIP_H

#include "frame/table.h"

/* ---- the words of a reader's column */
typedef struct {
    const hx_str *words; /* further texts that mean missing; borrowed */
    size_t n_words;
} hx_missing_words;
bool hx_text_is_missing(const hx_missing_words *m, hx_str s);

/* How a column is read. */
typedef struct {
    bool wanted; /* in this pass */
    bool timed; /* TIME is tried first */
    bool decided; /* `kind` is that of the values seen so far; else none was seen */
    bool asked; /* `kind` is what the caller wants: other values are missing, and odd */
    hx_kind kind;
    hx_date_order order;
    bool excel;
    const hx_time_zone *zone;
    const hx_missing_words *missing;
} hx_strip_plan;

/* The kind tried behind `kind`; TEXT is the last. */
hx_kind hx_kind_next(const hx_strip_plan *p, hx_kind kind);
/* The first kind, from `kind` on, that a value is of. */
hx_kind hx_kind_of_text(const hx_strip_plan *p, hx_kind kind, hx_str s);
hx_kind hx_kind_first(const hx_strip_plan *p);

/* ---- numbers in text */
typedef struct {
    bool is_number;
    bool exact; /* value = mantissa / 10^scale, |mantissa| <= 2^53 */
    int64_t mantissa;
    int scale;
    double value; /* if not exact */
} hx_text_number;
/* 12, -1.50, 1e-3, inf; no number: ids (over 15 digits, leading zeros, + and 8 or more digits), nan, what no double holds. */
hx_text_number hx_number_of_text(hx_str s);

/* ---- dictionaries that grow while a file is read: one a column and a worker */
typedef struct {
    hx_dictionary *values;
    hx_buf first; /* uint64_t [values->n]: where each appeared first, ascending */
    hx_buf slots; /* of table_growing.c [n_slots] */
    size_t n_slots; /* a power of two, or 0 */
    hx_buf is_missing; /* one byte a value */
} hx_growing;
void hx_growing_init(hx_growing *g, size_t max_bytes);
void hx_growing_release(hx_growing *g);
/* The code of `s`, HX_CELL_NONE if it means missing, -1: out of memory or codes. */
int64_t hx_growing_code(hx_growing *g, hx_str s, const hx_missing_words *m, uint64_t ordinal);
/* The same of n cells, the first at `ordinal`; an empty one is missing. False: out of memory or codes. */
bool hx_growing_codes(hx_growing *g, const hx_str *cells, size_t n, const hx_missing_words *m,
                      uint64_t ordinal, int64_t *out);

/* ---- strips */
typedef struct {
    hx_buf cells; /* int64_t [n]; doubles where `real` */
    size_t n;
    size_t missing;
    bool has_kind; /* else all are missing so far */
    bool misfit;
    bool no_memory;
    size_t odd; /* of those missing, cells that are no value of the kind asked for */
    char first_odd[HX_ODD_SHOWN + 4]; /* ended by NUL */
    hx_kind kind;
    bool real;
    int scale;
    int64_t unit; /* after hx_strip_finish() */
    int64_t low, high; /* after hx_strip_finish(), 0 included */
} hx_strip;
void hx_strip_start(hx_strip *s, const hx_strip_plan *p);
/* Reads n cells behind those that are there. `ordinal` = that of the first; TEXT goes into `g`. */
void hx_strip_read(hx_strip *s, const hx_strip_plan *p, const hx_str *cells, size_t n,
                   hx_growing *g, uint64_t ordinal);
void hx_strip_finish(hx_strip *s);

/* ---- table_join.c: columns that grow by strips */
typedef struct {
    hx_table_cells c; /* c.about.kind is right if has_kind */
    size_t n;
    bool has_kind;
    bool misfit;
    hx_kind misfit_kind; /* the one tried next */
    size_t odd;
    char first_odd[HX_ODD_SHOWN + 4];
    int64_t low, high;
} hx_joined;
void hx_joined_init(hx_joined *j, size_t max_bytes);
bool hx_joined_append(hx_joined *j, const hx_strip_plan *p, hx_strip *s);
/* All whole? and the like, once everything is there. */
void hx_joined_finish(hx_joined *j);

#endif
