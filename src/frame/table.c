/* table.c - a table as a list of columns: finding, placing, renaming, removing, and picking rows.
 *
 * A column has its own block, so that what hx_table_column_at() gave stays where it is while others come and go. Rows are picked column
 * by column into exactly sized cells; dictionaries are shared, so that codes keep their meaning.
 * Ownership: a table owns its columns and their names; a column owns its cells and one reference to its dictionary. */
#include "frame/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

const char *hx_kind_name(hx_kind kind) {
    static const char *const names[] = {"number", "time", "boolean", "text"};
    return kind >= 0 && kind <= HX_KIND_TEXT ? names[kind] : "text";
}

/* ------------------------------------------------------------------ life */
static void release_values(hx_table_cells *c) {
    hx_buf_release(&c->cells);
    hx_dictionary_drop(c->dictionary);
    c->dictionary = NULL;
}

void hx_table_cells_release(hx_table_cells *c) {
    if (c == NULL) return;
    release_values(c);
    free((char *)(uintptr_t)c->about.name.ptr);
    free(c);
}

hx_status hx_table_new(hx_table **out, size_t n_rows, hx_error *err) {
    if (n_rows > HX_TABLE_ROWS_MAX)
        return hx_fail(err, HX_ELIMIT, "a table has at most %u rows", HX_TABLE_ROWS_MAX);
    hx_table *t = calloc(1, sizeof *t);
    if (t == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    t->n_rows = n_rows;
    *out = t;
    return HX_OK;
}

void hx_table_free(hx_table *t) {
    if (t == NULL) return;
    for (size_t i = 0; i < t->n_columns; i++)
        hx_table_cells_release(t->columns[i]);
    free(t->columns);
    free(t->odd);
    free(t);
}

/* ------------------------------------------------------------------ what it is */
size_t hx_table_rows(const hx_table *t) {
    return t->n_rows;
}

size_t hx_table_columns(const hx_table *t) {
    return t->n_columns;
}

size_t hx_table_bad_rows(const hx_table *t) {
    return t->bad_rows;
}

const char *hx_table_first_bad(const hx_table *t) {
    return t->first_bad;
}

const hx_table_column *hx_table_column_at(const hx_table *t, size_t column) {
    return &t->columns[column]->about;
}

size_t hx_table_find(const hx_table *t, hx_str name) {
    for (size_t i = 0; i < t->n_columns; i++)
        if (hx_str_equal(t->columns[i]->about.name, name)) return i;
    return HX_COLUMN_NONE;
}

hx_str hx_table_value(const hx_table *t, size_t column, uint32_t code) {
    return hx_dictionary_value(t->columns[column]->dictionary, code);
}

bool hx_table_is_missing(const hx_table *t, size_t column, size_t row) {
    const hx_table_cells *c = t->columns[column];
    if (!c->real) return hx_cell_get(c, row) == HX_CELL_NONE;
    const double v = hx_cell_real(c, row);
    return v != v;
}

/* ------------------------------------------------------------------ columns come and go */
static hx_str copy_name(hx_str name) {
    char *to = calloc(1, name.len + 1);
    if (to != NULL && name.len > 0) memcpy(to, name.ptr, name.len);
    return (hx_str){to, name.len};
}

static bool grow(hx_table *t) {
    if (t->n_columns < t->room) return true;
    const size_t room = t->room == 0 ? 16 : 2 * t->room;
    hx_table_cells **columns = calloc(room, sizeof *columns);
    if (columns == NULL) return false;
    if (t->n_columns > 0) memcpy(columns, t->columns, t->n_columns * sizeof *columns);
    free(t->columns);
    t->columns = columns;
    t->room = room;
    return true;
}

hx_status hx_table_place(hx_table *t, hx_str name, hx_table_cells **out, hx_error *err) {
    const size_t at = hx_table_find(t, name);
    if (at != HX_COLUMN_NONE) {
        *out = t->columns[at];
        const hx_str kept = (*out)->about.name;
        release_values(*out);
        **out = (hx_table_cells){.about.name = kept, .unit = 1};
        return HX_OK;
    }
    if (t->n_columns >= HX_COLUMNS_MAX * 16u)
        return hx_fail(err, HX_ELIMIT, "a table has at most %u columns", HX_COLUMNS_MAX * 16u);
    hx_table_cells *c = grow(t) ? calloc(1, sizeof *c) : NULL;
    if (c == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    *c = (hx_table_cells){.about.name = copy_name(name), .unit = 1};
    if (c->about.name.ptr == NULL) {
        free(c);
        return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    t->columns[t->n_columns++] = c;
    *out = c;
    return HX_OK;
}

hx_status hx_table_rename(hx_table *t, size_t column, hx_str name, hx_error *err) {
    const size_t there = hx_table_find(t, name);
    if (there == column) return HX_OK;
    if (there != HX_COLUMN_NONE)
        return hx_fail(err, HX_ECONFLICT, "there is a column '%.*s' already", HX_STR_ARG(name));
    if (name.len == 0) return hx_fail(err, HX_EINVAL, "a column needs a name");
    const hx_str copy = copy_name(name);
    if (copy.ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_table_column *about = &t->columns[column]->about;
    free((char *)(uintptr_t)about->name.ptr);
    about->name = copy;
    return HX_OK;
}

void hx_table_remove(hx_table *t, size_t column) {
    hx_table_cells_release(t->columns[column]);
    t->n_columns--;
    memmove(t->columns + column, t->columns + column + 1,
            (t->n_columns - column) * sizeof *t->columns);
}

/* ------------------------------------------------------------------ kinds that were asked for */
size_t hx_table_odd(const hx_table *t) {
    return t->n_odd;
}

const hx_odd_cells *hx_table_odd_at(const hx_table *t, size_t i) {
    return i < t->n_odd ? &t->odd[i].about : NULL;
}

hx_status hx_table_kinds(const hx_table *t, hx_arena *arena, hx_column_kind **out, size_t *n,
                         hx_error *err) {
    hx_column_kind *list = hx_arena_alloc(arena, (t->n_columns + 1) * sizeof *list);
    if (list == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t c = 0; c < t->n_columns; c++)
        list[c] = (hx_column_kind){t->columns[c]->about.name, t->columns[c]->about.kind};
    *out = list;
    *n = t->n_columns;
    return HX_OK;
}

/* ------------------------------------------------------------------ rows */
#define PICK(type, is_missing)                                                                     \
    do {                                                                                           \
        const type *in = (const type *)(const void *)from->cells.ptr;                              \
        type *out = (type *)(void *)to->cells.ptr;                                                 \
        for (size_t i = 0; i < n; i++) {                                                           \
            const type v = in[rows[i]];                                                            \
            out[i] = v;                                                                            \
            missing += (is_missing);                                                               \
        }                                                                                          \
    } while (0)

static bool pick_cells(hx_table_cells *to, const hx_table_cells *from, const size_t *rows,
                       size_t n) {
    hx_buf_init(&to->cells, SIZE_MAX);
    if (n == 0) return true;
    if (n > SIZE_MAX / 8 || !hx_buf_reserve(&to->cells, n * from->width)) return false;
    size_t missing = 0;
    if (from->real)
        PICK(double, v != v);
    else if (from->width == 1)
        PICK(int8_t, v == INT8_MIN);
    else if (from->width == 2)
        PICK(int16_t, v == INT16_MIN);
    else if (from->width == 4)
        PICK(int32_t, v == INT32_MIN);
    else
        PICK(int64_t, v == INT64_MIN);
    to->cells.len = n * from->width;
    to->about.missing = missing;
    return true;
}

static hx_status pick_column(hx_table *to, const hx_table_cells *from, const size_t *rows, size_t n,
                             hx_error *err) {
    hx_table_cells *c = NULL;
    HX_TRY(hx_table_place(to, from->about.name, &c, err));
    const hx_str name = c->about.name;
    *c = *from;
    c->about.name = name;
    c->about.missing = 0;
    c->cells = (hx_buf){0};
    if (c->dictionary != NULL) c->dictionary = hx_dictionary_share(c->dictionary);
    return pick_cells(c, from, rows, n) ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_table_pick(hx_table **out, const hx_table *t, const size_t *rows, size_t n,
                        hx_error *err) {
    hx_table *to = NULL;
    HX_TRY(hx_table_new(&to, n, err));
    hx_status status = HX_OK;
    for (size_t i = 0; i < t->n_columns && status == HX_OK; i++)
        status = pick_column(to, t->columns[i], rows, n, err);
    if (status == HX_OK)
        *out = to;
    else
        hx_table_free(to);
    return status;
}

hx_status hx_table_keep(hx_table *t, const size_t *rows, size_t n, hx_error *err) {
    if (n > HX_TABLE_ROWS_MAX)
        return hx_fail(err, HX_ELIMIT, "a table has at most %u rows", HX_TABLE_ROWS_MAX);
    hx_table_cells *picked = calloc(t->n_columns + 1, sizeof *picked);
    if (picked == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    bool good = true;
    for (size_t i = 0; i < t->n_columns && good; i++)
        good = pick_cells(&picked[i], t->columns[i], rows, n);
    for (size_t i = 0; i < t->n_columns; i++) {
        hx_table_cells *c = t->columns[i];
        if (good) {
            const hx_buf before = c->cells;
            c->cells = picked[i].cells;
            c->about.missing = picked[i].about.missing;
            picked[i].cells = before;
        }
        hx_buf_release(&picked[i].cells);
    }
    free(picked);
    if (!good) return hx_fail(err, HX_ENOMEM, "out of memory");
    t->n_rows = n;
    return HX_OK;
}
