/* table_put.c - columns from doubles and codes, stored as small as they can be without loss.
 *
 * A NUMBER column becomes whole numbers over a power of ten if each value v is rint(v * 10^d) / 10^d again, bit for bit, else doubles. How
 * many digits d it takes is tried on the first values: most columns of doubles need either few digits or all of them.
 *
 * A column is made beside the table and then takes its place, so that a failure leaves the table as it was. */
#include <math.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/pool.h"
#include "frame/table.h"

#define BLOCK 4096
#define TRIED_VALUES 256
#define TRIED_DECIMALS 6

/* How doubles become cells: cell = rint(v * power) / unit. */
typedef struct {
    double power;
    int64_t unit;
    int64_t low, high;
    size_t missing;
    bool whole; /* all values are */
} fit;

/* The cell of v; false where it does not stand for v exactly. */
static inline bool to_cell(double v, double power, int64_t *cell) {
    const double m = rint(v * power);
    *cell = (int64_t)(fabs(m) <= (double)HX_MANTISSA_MAX ? m : 0);
    return (double)*cell / power == v;
}

static bool fits(const double *v, size_t n, fit *f) {
    for (size_t i = 0; i < n; i++) {
        int64_t cell = 0;
        if (v[i] != v[i]) {
            f->missing++;
            continue;
        }
        if (!to_cell(v[i], f->power, &cell)) return false;
        if (cell < f->low) f->low = cell;
        if (cell > f->high) f->high = cell;
    }
    return true;
}

static fit fit_new(int scale) {
    return (fit){.power = (double)hx_power_of_ten(scale), .unit = 1};
}

static int find_scale(const double *v, size_t n) {
    for (int scale = 0; scale <= TRIED_DECIMALS; scale++) {
        fit f = fit_new(scale);
        size_t seen = 0, i = 0;
        bool good = true;
        for (; i < n && seen < TRIED_VALUES && good; i++) {
            seen += v[i] == v[i];
            good = fits(v + i, 1, &f);
        }
        if (good) return scale;
    }
    return -1;
}

static bool all_whole(const double *v, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (v[i] == v[i] && !(fabs(v[i]) < (double)HX_MANTISSA_MAX && floor(v[i]) == v[i]))
            return false;
    return true;
}

static bool put_cells(hx_table_cells *c, const double *v, size_t n, const fit *f) {
    int64_t cells[BLOCK];
    hx_buf_init(&c->cells, SIZE_MAX);
    c->width = hx_cell_width(f->low / f->unit, f->high / f->unit);
    if (!hx_buf_reserve(&c->cells, n * c->width + 1)) return false;
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t count = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < count; i++) {
            const double x = v[at + i];
            cells[i] = x == x ? (int64_t)rint(x * f->power) / f->unit : HX_CELL_NONE;
        }
        if (!hx_cells_append(&c->cells, c->width, cells, count)) return false;
    }
    c->about.missing = f->missing;
    return true;
}

static bool put_reals(hx_table_cells *c, const double *v, size_t n) {
    hx_buf_init(&c->cells, SIZE_MAX);
    c->real = true;
    c->width = sizeof *v;
    for (size_t i = 0; i < n; i++)
        c->about.missing += v[i] != v[i];
    return n == 0 || hx_buf_append(&c->cells, v, n * sizeof *v);
}

/* ------------------------------------------------------------------ kinds */
static bool put_number(hx_table_cells *c, const double *v, size_t n, int decimals) {
    c->about.decimals = decimals;
    c->about.integer = all_whole(v, n);
    int scale = c->about.integer ? 0 : find_scale(v, n);
    if (decimals > scale && scale >= 0 && decimals <= TRIED_DECIMALS) scale = decimals;
    if (c->about.integer) scale = 0;
    fit f = fit_new(scale < 0 ? 0 : scale);
    if (scale < 0 || !fits(v, n, &f)) return put_reals(c, v, n);
    c->scale = scale;
    return put_cells(c, v, n, &f);
}

static hx_status check_values(hx_kind kind, hx_str name, const double *v, size_t n, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (v[i] != v[i]) continue;
        if (kind == HX_KIND_BOOLEAN && v[i] != 0 && v[i] != 1)
            return hx_fail(err, HX_EINVAL, "column '%.*s': %g is neither true (1) nor false (0)",
                           HX_STR_ARG(name), v[i]);
        if (kind == HX_KIND_TIME && !(fabs(v[i]) < (double)HX_MANTISSA_MAX))
            return hx_fail(err, HX_EINVAL, "column '%.*s': %g ms is no time", HX_STR_ARG(name),
                           v[i]);
    }
    return HX_OK;
}

/* The largest of a day, a second and a millisecond that all times are a multiple of. */
static int64_t find_unit(const double *v, size_t n) {
    int64_t unit = HX_DAY_MS;
    for (size_t i = 0; i < n && unit > 1; i++) {
        if (v[i] != v[i]) continue;
        const int64_t ms = (int64_t)rint(v[i]);
        if (ms % unit != 0) unit = unit == HX_DAY_MS && ms % 1000 == 0 ? 1000 : 1;
    }
    return unit;
}

static bool put_times(hx_table_cells *c, const double *v, size_t n) {
    fit f = fit_new(0);
    for (size_t i = 0; i < n; i++) {
        if (v[i] != v[i]) {
            f.missing++;
            continue;
        }
        const int64_t ms = (int64_t)rint(v[i]);
        if (ms < f.low) f.low = ms;
        if (ms > f.high) f.high = ms;
    }
    c->unit = f.unit = find_unit(v, n);
    return put_cells(c, v, n, &f);
}

/* Cells without a name; released by the caller, where it fails too. */
static bool make_cells(hx_table_cells *made, hx_kind kind, const double *values, size_t n,
                       int decimals) {
    fit f = fit_new(0);
    *made = (hx_table_cells){.unit = 1};
    made->about.kind = kind;
    made->about.decimals = -1;
    if (kind == HX_KIND_NUMBER)
        return put_number(made, values, n, decimals > HX_SCALE_MAX ? HX_SCALE_MAX : decimals);
    if (kind == HX_KIND_TIME) return put_times(made, values, n);
    return fits(values, n, &f) && put_cells(made, values, n, &f);
}

hx_status hx_table_put_numbers(hx_table *t, hx_str name, hx_kind kind, const double *values,
                               int decimals, hx_error *err) {
    if (kind == HX_KIND_TEXT || name.len == 0)
        return hx_fail(err, HX_EINVAL, "a column needs a name and values of its kind");
    if (kind != HX_KIND_NUMBER) HX_TRY(check_values(kind, name, values, t->n_rows, err));
    hx_table_cells made, *c = NULL;
    const bool good = make_cells(&made, kind, values, t->n_rows, decimals);
    hx_status status =
        good ? hx_table_place(t, name, &c, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (status != HX_OK) {
        hx_buf_release(&made.cells);
        return status;
    }
    made.about.name = c->about.name;
    *c = made;
    return HX_OK;
}

/* ------------------------------------------------------------------ many columns */
typedef struct {
    hx_table *t;
    const size_t *columns;
    hx_table_change_fn *change;
    void *context;
} changing;

/* No other job touches this column. */
static hx_status change_column(void *context, size_t i, size_t worker, hx_error *err) {
    const changing *k = context;
    hx_table_cells *c = k->t->columns[k->columns[i]], made;
    const size_t n = k->t->n_rows;
    int decimals = c->about.decimals;
    hx_buf values;
    (void)worker;
    hx_buf_init(&values, SIZE_MAX);
    if (!hx_buf_reserve(&values, (n + 1) * sizeof(double)))
        return hx_fail(err, HX_ENOMEM, "out of memory");
    double *v = (double *)(void *)values.ptr;
    hx_table_numbers(k->t, k->columns[i], 0, n, v);
    bool same = true;
    hx_status status = k->change(k->context, i, v, n, &decimals, &same, err);
    if (status == HX_OK && !same) {
        if (make_cells(&made, c->about.kind, v, n, decimals)) {
            made.about.name = c->about.name;
            hx_buf_release(&c->cells);
            *c = made;
        } else {
            hx_buf_release(&made.cells);
            status = hx_fail(err, HX_ENOMEM, "out of memory");
        }
    }
    hx_buf_release(&values);
    return status;
}

hx_status hx_table_change_numbers(hx_table *t, const size_t *columns, size_t n, size_t n_threads,
                                  hx_table_change_fn *change, void *context, hx_error *err) {
    changing k = {t, columns, change, context};
    return hx_pool_run(n_threads, n, change_column, &k, err);
}

/* ------------------------------------------------------------------ texts */
static hx_status put_codes(hx_table_cells *c, const uint32_t *codes, size_t n, size_t n_values,
                           hx_error *err) {
    int64_t cells[BLOCK];
    hx_buf_init(&c->cells, SIZE_MAX);
    c->width = hx_cell_width(0, n_values == 0 ? 0 : (int64_t)n_values - 1);
    for (size_t at = 0; at < n; at += BLOCK) {
        const size_t count = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < count; i++) {
            const uint32_t code = codes[at + i];
            if (code != HX_CODE_MISSING && code >= n_values)
                return hx_fail(err, HX_EINVAL, "code %u: there are %zu values", code, n_values);
            c->about.missing += code == HX_CODE_MISSING;
            cells[i] = code == HX_CODE_MISSING ? HX_CELL_NONE : code;
        }
        if (!hx_cells_append(&c->cells, c->width, cells, count))
            return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

static hx_status put_values(hx_table_cells *c, const hx_str *values, size_t n_values,
                            hx_error *err) {
    c->dictionary = hx_dictionary_new(SIZE_MAX);
    bool good = c->dictionary != NULL;
    for (size_t i = 0; i < n_values && good; i++)
        good = hx_dictionary_add(c->dictionary, values[i]);
    return good ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_table_put_texts(hx_table *t, hx_str name, const uint32_t *codes, const hx_str *values,
                             size_t n_values, hx_error *err) {
    if (name.len == 0) return hx_fail(err, HX_EINVAL, "a column needs a name");
    if (n_values > INT32_MAX)
        return hx_fail(err, HX_ELIMIT, "a column has at most %d different values", INT32_MAX);
    hx_table_cells made = {.unit = 1}, *c = NULL;
    made.about.kind = HX_KIND_TEXT;
    made.about.decimals = -1;
    made.about.n_values = n_values;
    hx_status status = put_values(&made, values, n_values, err);
    if (status == HX_OK) status = put_codes(&made, codes, t->n_rows, n_values, err);
    if (status == HX_OK) status = hx_table_place(t, name, &c, err);
    if (status != HX_OK) {
        hx_buf_release(&made.cells);
        hx_dictionary_drop(made.dictionary);
        return status;
    }
    made.about.name = c->about.name;
    *c = made;
    return HX_OK;
}
