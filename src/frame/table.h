/* table.h - the inside of a table: columns of small integers, or of doubles where those would not be exact.
 *
 *     NUMBER   value = cell / 10^scale     (a correctly rounded division: the double that the text in the file stands for)
 *     TIME     value = cell * unit         (unit: 1 ms, 1 s or a day, the largest that all values are a multiple of)
 *     BOOLEAN  value = cell                (0, 1)
 *     TEXT     code  = cell                (into the column's dictionary)
 *     real     value = cell                (doubles; NUMBER and TIME)
 *
 * Invariants: a cell takes `width` bytes (1, 2, 4, 8; signed), the smallest negative number of that width is a missing one; |cell| <=
 * 2^53 in NUMBER columns, scale <= HX_SCALE_MAX, so that both operands of the division are exact. Real cells are doubles, NaN = missing.
 * A dictionary is immutable and shared by the tables that were picked from one. */
#ifndef HX_FRAME_TABLE_H
#define HX_FRAME_TABLE_H

#include <stdatomic.h>

#include "base/buf.h"
#include "huaxiang/frame.h"

#define HX_SCALE_MAX 18
#define HX_MANTISSA_MAX (INT64_C(1) << 53)
#define HX_CELL_NONE INT64_MIN /* a missing cell, widened */
#define HX_TABLE_BYTES_MAX ((size_t)16 << 30)

typedef struct {
    atomic_size_t refs;
    size_t n;
    hx_buf bytes; /* value i is bytes[i ? ends[i - 1] : 0, ends[i]) */
    hx_buf ends; /* uint64_t [n] */
} hx_dictionary;

typedef struct {
    hx_table_column about; /* about.name.ptr is owned */
    bool real;
    unsigned char width; /* bytes */
    int scale;
    int64_t unit; /* > 0 */
    hx_buf cells; /* width * rows bytes */
    hx_dictionary *dictionary; /* one reference; TEXT */
} hx_table_cells;

#define HX_ODD_SHOWN 40 /* bytes */

typedef struct {
    hx_odd_cells about; /* its texts point into these */
    char column[256];
    char first[HX_ODD_SHOWN + 4];
} hx_odd_column;

struct hx_table {
    size_t n_rows;
    size_t n_columns;
    hx_table_cells **columns; /* owned, each too: their addresses do not move */
    size_t room; /* of columns */
    size_t bad_rows;
    char first_bad[HX_MESSAGE_MAX];
    hx_odd_column *odd; /* [n_odd], owned; NULL */
    size_t n_odd;
};

/* ---- table.c */
void hx_table_cells_release(hx_table_cells *c);
/* A new column behind the others, its name copied, or the emptied one of that name where it stands. */
hx_status hx_table_place(hx_table *t, hx_str name, hx_table_cells **out, hx_error *err) HX_MUST_USE;
/* Exactly 10^k, 0 <= k <= HX_SCALE_MAX. */
int64_t hx_power_of_ten(int k);

/* ---- table_put.c */
/* The values (n) of the i-th of the columns, changed in place: times stay whole, booleans 0 and 1; *same = false where any was. *decimals as
 * hx_table_put_numbers() has it. Sees this column alone. */
typedef hx_status hx_table_change_fn(void *context, size_t i, double *v, size_t n, int *decimals,
                                     bool *same, hx_error *err);
/* Changes columns that are no TEXT, each named once, by several threads. Where it fails some may have been changed. */
hx_status hx_table_change_numbers(hx_table *t, const size_t *columns, size_t n, size_t n_threads,
                                  hx_table_change_fn *change, void *context,
                                  hx_error *err) HX_MUST_USE;

/* ---- table_list.c: "a,b,\"c,d\"" */
/* The next item of a list, trimmed; false at its end. */
bool hx_list_next(hx_str *rest, hx_str *item);
/* The name of `names` closest to `name`, or an empty view where none is close. */
hx_str hx_nearest_name(hx_str name, const hx_str *names, size_t n);

/* ---- table_store.c: cells of any width */
int64_t hx_cell_get(const hx_table_cells *c, size_t row); /* HX_CELL_NONE; not of real columns */
double hx_cell_real(const hx_table_cells *c, size_t row);
/* Cells [first, first + n) as 64 bits; HX_CELL_NONE. Not of real columns. */
void hx_cells_wide(const hx_table_cells *c, size_t first, size_t n, int64_t *out);
/* Bytes that hold all of [low, high] and a missing one. */
unsigned char hx_cell_width(int64_t low, int64_t high);
/* Appends cells as `width` bytes each. */
bool hx_cells_append(hx_buf *to, unsigned char width, const int64_t *cells, size_t n);
/* Makes each of the first n cells `width` bytes, never fewer than now. */
bool hx_cells_widen(hx_table_cells *c, size_t n, unsigned char width);
/* value of a NUMBER, TIME or BOOLEAN cell; NaN. */
double hx_cell_value(const hx_table_cells *c, int64_t cell);

/* ---- table_dictionary.c */
hx_dictionary *hx_dictionary_new(size_t max_bytes); /* NULL: out of memory */
hx_dictionary *hx_dictionary_share(hx_dictionary *d);
void hx_dictionary_drop(hx_dictionary *d);
bool hx_dictionary_add(hx_dictionary *d, hx_str value);
hx_str hx_dictionary_value(const hx_dictionary *d, size_t code);

#endif
