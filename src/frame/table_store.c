/* table_store.c - cells of 1, 2, 4 and 8 bytes: reading, appending, widening, and what they stand for.
 *
 * The smallest number of a width stands for a missing cell; it is widened to HX_CELL_NONE and narrowed back. Loops are written per width
 * so that compilers make vector code of them.
 *
 * The double of a decimal is one division of two exact doubles, which IEEE 754 rounds correctly: it equals strtod() of the text. */
#include <math.h>
#include <string.h>

#include "frame/table.h"

int64_t hx_power_of_ten(int k) {
    static const int64_t powers[HX_SCALE_MAX + 1] = {1,
                                                     10,
                                                     100,
                                                     1000,
                                                     10000,
                                                     100000,
                                                     1000000,
                                                     10000000,
                                                     100000000,
                                                     1000000000,
                                                     10000000000,
                                                     100000000000,
                                                     1000000000000,
                                                     10000000000000,
                                                     100000000000000,
                                                     1000000000000000,
                                                     10000000000000000,
                                                     100000000000000000,
                                                     1000000000000000000};
    return powers[k];
}

unsigned char hx_cell_width(int64_t low, int64_t high) {
    if (low > INT8_MIN && high <= INT8_MAX) return 1;
    if (low > INT16_MIN && high <= INT16_MAX) return 2;
    if (low > INT32_MIN && high <= INT32_MAX) return 4;
    return 8;
}

int64_t hx_cell_get(const hx_table_cells *c, size_t row) {
    int64_t out = 0;
    hx_cells_wide(c, row, 1, &out);
    return out;
}

double hx_cell_real(const hx_table_cells *c, size_t row) {
    double v = 0;
    memcpy(&v, c->cells.ptr + row * sizeof v, sizeof v);
    return v;
}

#define WIDE(type, none)                                                                           \
    do {                                                                                           \
        const type *from = (const type *)(const void *)c->cells.ptr + first;                       \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = from[i] == (none) ? HX_CELL_NONE : from[i];                                   \
    } while (0)

void hx_cells_wide(const hx_table_cells *c, size_t first, size_t n, int64_t *out) {
    if (n == 0) return;
    switch (c->width) {
    case 1:
        WIDE(int8_t, INT8_MIN);
        break;
    case 2:
        WIDE(int16_t, INT16_MIN);
        break;
    case 4:
        WIDE(int32_t, INT32_MIN);
        break;
    default:
        memcpy(out, c->cells.ptr + first * sizeof *out, n * sizeof *out);
    }
}

#define NARROW(type, none)                                                                         \
    do {                                                                                           \
        type *place = (type *)(void *)(to->ptr + to->len);                                         \
        for (size_t i = 0; i < n; i++)                                                             \
            place[i] = cells[i] == HX_CELL_NONE ? (none) : (type)cells[i];                         \
    } while (0)

bool hx_cells_append(hx_buf *to, unsigned char width, const int64_t *cells, size_t n) {
    if (n == 0) return true;
    if (n > SIZE_MAX / 8 || !hx_buf_reserve(to, n * width)) return false;
    switch (width) {
    case 1:
        NARROW(int8_t, INT8_MIN);
        break;
    case 2:
        NARROW(int16_t, INT16_MIN);
        break;
    case 4:
        NARROW(int32_t, INT32_MIN);
        break;
    default:
        memcpy(to->ptr + to->len, cells, n * sizeof *cells);
    }
    to->len += n * width;
    return true;
}

#define BLOCK 4096

bool hx_cells_widen(hx_table_cells *c, size_t n, unsigned char width) {
    if (width <= c->width) return true;
    if (n > SIZE_MAX / 8 || !hx_buf_reserve(&c->cells, n * width - c->cells.len)) return false;
    int64_t cells[BLOCK];
    hx_buf view = c->cells; /* appended to from behind, so that nothing unread is overwritten */
    for (size_t end = n; end > 0;) {
        const size_t first = (end - 1) / BLOCK * BLOCK, count = end - first;
        hx_cells_wide(c, first, count, cells);
        view.len = first * width;
        (void)hx_cells_append(&view, width, cells, count);
        end = first;
    }
    c->width = width;
    c->cells.len = n * width;
    return true;
}

double hx_cell_value(const hx_table_cells *c, int64_t cell) {
    if (cell == HX_CELL_NONE) return NAN;
    if (c->about.kind == HX_KIND_TIME) return (double)(cell * c->unit);
    return c->scale == 0 ? (double)cell : (double)cell / (double)hx_power_of_ten(c->scale);
}

/* ------------------------------------------------------------------ blocks of doubles */
#define NUMBERS(type, none, expression)                                                            \
    do {                                                                                           \
        const type *from = (const type *)(const void *)c->cells.ptr + first;                       \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = from[i] == (none) ? NAN : (expression);                                       \
    } while (0)
#define NUMBERS_OF_ALL_WIDTHS(expression)                                                          \
    do {                                                                                           \
        if (c->width == 1)                                                                         \
            NUMBERS(int8_t, INT8_MIN, expression);                                                 \
        else if (c->width == 2)                                                                    \
            NUMBERS(int16_t, INT16_MIN, expression);                                               \
        else if (c->width == 4)                                                                    \
            NUMBERS(int32_t, INT32_MIN, expression);                                               \
        else                                                                                       \
            NUMBERS(int64_t, INT64_MIN, expression);                                               \
    } while (0)

void hx_table_numbers(const hx_table *t, size_t column, size_t first, size_t n, double *out) {
    const hx_table_cells *c = t->columns[column];
    if (n == 0) return;
    if (c->real) {
        memcpy(out, c->cells.ptr + first * sizeof *out, n * sizeof *out);
    } else if (c->about.kind == HX_KIND_TIME) {
        const double unit = (double)c->unit; /* times are below 2^53 ms: the product is exact */
        NUMBERS_OF_ALL_WIDTHS((double)from[i] * unit);
    } else if (c->scale > 0) {
        const double power = (double)hx_power_of_ten(c->scale);
        NUMBERS_OF_ALL_WIDTHS((double)from[i] / power);
    } else {
        NUMBERS_OF_ALL_WIDTHS((double)from[i]);
    }
}

void hx_table_codes(const hx_table *t, size_t column, size_t first, size_t n, uint32_t *out) {
    const hx_table_cells *c = t->columns[column];
    int64_t cells[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t count = n - at < BLOCK ? n - at : BLOCK;
        hx_cells_wide(c, first + at, count, cells);
        for (size_t i = 0; i < count; i++)
            out[at + i] = cells[i] == HX_CELL_NONE ? HX_CODE_MISSING : (uint32_t)cells[i];
    }
}
