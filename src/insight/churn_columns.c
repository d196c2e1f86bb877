/* churn_columns.c - what became of customers by each column: the facts that reasons are told with.
 *
 * Numbers, times and true/false are cut into at most HX_CHURN_BINS bins of about equally many customers, between different values; of texts the
 * HX_CHURN_VALUES commonest are counted. Missing cells are a bin of their own. A value between two bins belongs to
 * the nearer one; a text that was not counted has no bin, and a reason says so. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "insight/churn.h"

typedef struct {
    double value, left;
} counted_cell;

typedef struct {
    double rows, left;
    uint32_t code;
} counted_value;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a model of churn");
}

static int by_value(const void *l, const void *r) {
    const counted_cell *a = l, *b = r;
    return (a->value > b->value) - (a->value < b->value);
}

static int commonest_first(const void *l, const void *r) {
    const counted_value *a = l, *b = r;
    if (a->rows != b->rows) return a->rows > b->rows ? -1 : 1;
    return (a->code > b->code) - (a->code < b->code);
}

static void add_to(hx_churn_bin *b, double left) {
    b->rows++;
    b->left += left;
}

/* A bin ends where it has its share of the rows, behind the last cell of an equal value. */
static void cut_cells(hx_churn_column *c, const counted_cell *cells, size_t n) {
    size_t first = 0;
    while (first < n && c->n_bins < HX_CHURN_BINS) {
        hx_churn_bin *b = &c->bins[c->n_bins++];
        const size_t wanted = c->n_bins == HX_CHURN_BINS ? n : n * c->n_bins / HX_CHURN_BINS;
        b->low = cells[first].value;
        do {
            b->high = cells[first].value;
            add_to(b, cells[first++].left);
        } while (first < n && (first < wanted || cells[first].value == b->high));
    }
}

static hx_status count_numbers(hx_churn_column *c, const hx_table *t, size_t column,
                               const double *left, hx_error *err) {
    const size_t rows = hx_table_rows(t);
    double *values = calloc(rows + 1, sizeof *values);
    counted_cell *cells = calloc(rows + 1, sizeof *cells);
    size_t n = 0;
    if (values && cells) hx_table_numbers(t, column, 0, rows, values);
    for (size_t i = 0; values && cells && i < rows; i++) {
        if (isfinite(values[i]))
            cells[n++] = (counted_cell){values[i], left[i]};
        else
            add_to(&c->missing, left[i]);
    }
    if (n) qsort(cells, n, sizeof *cells, by_value);
    if (n) cut_cells(c, cells, n);
    const bool ok = values && cells;
    free(values);
    free(cells);
    return ok ? HX_OK : no_memory(err);
}

static hx_status count_texts(hx_churn *m, hx_churn_column *c, const hx_table *t, size_t column,
                             const double *left, hx_error *err) {
    const size_t rows = hx_table_rows(t), n = hx_table_column_at(t, column)->n_values;
    uint32_t *codes = calloc(rows + 1, sizeof *codes);
    counted_value *all = calloc(n + 1, sizeof *all);
    hx_status st = codes && all ? HX_OK : no_memory(err);
    for (size_t k = 0; st == HX_OK && k < n; k++)
        all[k].code = (uint32_t)k;
    if (st == HX_OK) hx_table_codes(t, column, 0, rows, codes);
    for (size_t i = 0; st == HX_OK && i < rows; i++) {
        if (codes[i] == HX_CODE_MISSING) {
            add_to(&c->missing, left[i]);
            continue;
        }
        all[codes[i]].rows++;
        all[codes[i]].left += left[i];
    }
    if (st == HX_OK && n) qsort(all, n, sizeof *all, commonest_first);
    for (size_t k = 0; st == HX_OK && k < n && k < HX_CHURN_VALUES && all[k].rows > 0; k++) {
        hx_churn_bin *b = &c->bins[c->n_bins++];
        *b = (hx_churn_bin){.rows = all[k].rows, .left = all[k].left};
        b->value = hx_arena_str(m->arena, hx_table_value(t, column, all[k].code));
        if (!b->value.ptr) st = no_memory(err);
    }
    free(codes);
    free(all);
    return st;
}

const hx_churn_column *hx_churn_column_of(const hx_churn *m, hx_str name) {
    for (size_t i = 0; i < m->n_columns; i++)
        if (hx_str_equal(m->columns[i].name, name)) return &m->columns[i];
    return NULL;
}

static hx_status count_column(hx_churn *m, hx_str name, const hx_table *t, const double *left,
                              hx_error *err) {
    const size_t at = hx_table_find(t, name);
    if (at == HX_COLUMN_NONE || hx_churn_column_of(m, name)) return HX_OK;
    hx_churn_column *c = &m->columns[m->n_columns];
    c->name = hx_arena_str(m->arena, name);
    c->kind = hx_table_column_at(t, at)->kind;
    if (!c->name.ptr) return no_memory(err);
    m->n_columns++;
    return c->kind == HX_KIND_TEXT ? count_texts(m, c, t, at, left, err)
                                   : count_numbers(c, t, at, left, err);
}

hx_status hx_churn_count(hx_churn *m, const hx_table *t, const double *left, hx_error *err) {
    size_t room = 1;
    for (size_t k = 0; k < m->n_members; k++)
        room += m->members[k]->design ? hx_table_columns(t) : 0;
    m->columns = hx_arena_alloc(m->arena, room * sizeof *m->columns);
    if (!m->columns) return no_memory(err);
    for (size_t k = 0; k < m->n_members; k++) {
        size_t n;
        const char *const *names = hx_design_columns(m->members[k]->design, &n);
        for (size_t i = 0; i < n; i++)
            HX_TRY(count_column(m, hx_str_of(names[i]), t, left, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ where a cell belongs */
static const hx_churn_bin *bin_of_number(const hx_churn_column *c, double v) {
    for (size_t k = 0; k + 1 < c->n_bins; k++)
        if (v <= c->bins[k].high || v - c->bins[k].high < c->bins[k + 1].low - v)
            return &c->bins[k];
    return c->n_bins ? &c->bins[c->n_bins - 1] : NULL;
}

const hx_churn_bin *hx_churn_bin_of(const hx_churn_column *c, const hx_table *t, size_t column,
                                    size_t row) {
    if (column == HX_COLUMN_NONE || hx_table_is_missing(t, column, row)) return &c->missing;
    const bool text = hx_table_column_at(t, column)->kind == HX_KIND_TEXT;
    if (text != (c->kind == HX_KIND_TEXT)) return NULL;
    if (text) {
        uint32_t code;
        hx_table_codes(t, column, row, 1, &code);
        for (size_t k = 0; k < c->n_bins; k++)
            if (hx_str_equal(c->bins[k].value, hx_table_value(t, column, code))) return &c->bins[k];
        return NULL;
    }
    double v;
    hx_table_numbers(t, column, row, 1, &v);
    return isfinite(v) ? bin_of_number(c, v) : &c->missing;
}
