/* table_write.c - cells as text, and rows as CSV or JSON Lines, on all processors.
 *
 * A number is written with its column's decimals; where those are as many as needed, with the fewest digits that read back equal. Times are
 * ISO 8601: a column of whole days as dates. Rows are made in pieces by all threads and handed on in order, a round of pieces at a time. */
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
