/* impute_fill.c - filling with one value a column and group, and carrying values along.
 *
 * Means, medians and commonest values are of the rows of a group; a group without a value, or one that was not seen when the step was
 * fitted, takes the whole table's; where that has none either, the values stay missing. Infinities are not learnt from. Among equally common
 * values the least is taken. Means of times are rounded to milliseconds.
 *
 * Columns are learnt from by several threads, each with an arena of its own for scratch; results are in the order of columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/pool.h"
#include "frame/impute.h"
#include "frame/table.h"

/* ------------------------------------------------------------------ learning */
typedef struct {
    hx_impute *s;
    const hx_table *t;
    const size_t *columns, *rows, *start;
} fitting;

static size_t keep_finite(double *v, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(v[i])) v[kept++] = v[i];
    return kept;
}

static double figure(int method, double *v, size_t n) {
    double mean = NAN, squares = 0;
    n = keep_finite(v, n);
    if (method == HX_IMPUTE_MEDIAN) return hx_median(v, n);
    if (method == HX_IMPUTE_MODE) return hx_mode(v, n);
    hx_mean_squares(v, n, &mean, &squares);
    return mean;
}

static hx_status fit_numbers(const fitting *f, size_t column, hx_impute_fill *fill, hx_arena *room,
                             hx_error *err) {
    const size_t groups = f->s->groups.n, n = hx_table_rows(f->t);
    double *v = NULL, *part = NULL;
    HX_TRY(hx_step_values(f->t, column, room, &v, err));
    HX_TRY(hx_step_array(room, n, sizeof *part, &part, err));
    for (size_t g = 0; g < groups && f->s->by.n > 0; g++) {
        const size_t count = f->start[g + 1] - f->start[g];
        for (size_t i = 0; i < count; i++)
            part[i] = v[f->rows[f->start[g] + i]];
        fill->number[g] = figure(f->s->method, part, count);
    }
    fill->number[groups] = figure(f->s->method, v, n);
    if (f->s->by.n == 0) fill->number[0] = fill->number[groups];
    for (size_t g = 0; g <= groups && fill->kind == HX_KIND_TIME; g++)
        fill->number[g] = rint(fill->number[g]);
    return HX_OK;
}

/* The commonest code of some rows; HX_CODE_MISSING where all are missing. counts: zero, and again after. */
static uint32_t commonest(const hx_table *t, size_t column, const uint32_t *codes,
                          const size_t *rows, size_t n, size_t *counts) {
    uint32_t best = HX_CODE_MISSING;
    for (size_t i = 0; i < n; i++) {
        const uint32_t code = codes[rows[i]];
        if (code != HX_CODE_MISSING) counts[code]++;
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t code = codes[rows[i]];
        if (code == HX_CODE_MISSING || code == best) continue;
        const size_t most = best != HX_CODE_MISSING ? counts[best] : 0;
        if (counts[code] > most ||
            (counts[code] == most &&
             hx_str_compare(hx_table_value(t, column, code), hx_table_value(t, column, best)) < 0))
            best = code;
    }
    for (size_t i = 0; i < n; i++)
        if (codes[rows[i]] != HX_CODE_MISSING) counts[codes[rows[i]]] = 0;
    return best;
}

/* Texts of `fill` borrow from the table: they are copied by the caller. */
static hx_status fit_texts(const fitting *f, size_t column, hx_impute_fill *fill, hx_arena *room,
                           hx_error *err) {
    const size_t groups = f->s->groups.n, n = hx_table_rows(f->t);
    uint32_t *codes = NULL;
    size_t *counts = NULL, *all = NULL;
    HX_TRY(hx_step_codes(f->t, column, room, &codes, err));
    HX_TRY(hx_step_array(room, hx_table_column_at(f->t, column)->n_values, sizeof *counts, &counts,
                         err));
    HX_TRY(hx_step_array(room, n, sizeof *all, &all, err));
    for (size_t i = 0; i < n; i++)
        all[i] = i;
    for (size_t g = 0; g <= groups; g++) {
        const size_t *rows = g < groups ? f->rows + f->start[g] : all;
        const size_t count = g < groups ? f->start[g + 1] - f->start[g] : n;
        const uint32_t code = commonest(f->t, column, codes, rows, count, counts);
        fill->text[g] = code != HX_CODE_MISSING ? hx_table_value(f->t, column, code) : (hx_str){0};
    }
    return HX_OK;
}

static hx_status fit_column(void *context, size_t i, size_t worker, hx_error *err) {
    const fitting *f = context;
    hx_impute_fill *fill = &f->s->fills[i];
    (void)worker;
    hx_arena *room = hx_step_room();
    const hx_status status = fill->kind == HX_KIND_TEXT
                                 ? fit_texts(f, f->columns[i], fill, room, err)
                                 : fit_numbers(f, f->columns[i], fill, room, err);
    hx_arena_free(room);
    return status;
}

static hx_status keep_texts(hx_impute *s, hx_arena *arena, hx_error *err) {
    for (size_t i = 0; i < s->columns.n; i++)
        for (size_t g = 0; s->fills[i].text != NULL && g <= s->groups.n; g++) {
            hx_str *text = &s->fills[i].text[g];
            if (text->ptr == NULL) continue;
            *text = hx_arena_str(arena, *text);
            if (text->ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
        }
    return HX_OK;
}

static hx_status make_fills(hx_impute *s, hx_arena *arena, hx_error *err) {
    for (size_t i = 0; i < s->columns.n; i++) {
        hx_impute_fill *fill = &s->fills[i];
        const size_t n = s->groups.n + 1;
        if (fill->kind == HX_KIND_TEXT)
            HX_TRY(hx_step_array(arena, n, sizeof *fill->text, &fill->text, err));
        else
            HX_TRY(hx_step_array(arena, n, sizeof *fill->number, &fill->number, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ a constant */
static hx_status constant_of(const json_t *value, hx_kind kind, hx_str name, double *out,
                             hx_error *err) {
    const hx_str text = {json_string_value(value), json_string_length(value)};
    int64_t ms = 0;
    *out = NAN;
    if (kind == HX_KIND_NUMBER)
        *out = json_is_number(value)   ? json_number_value(value)
               : json_is_string(value) ? hx_double_of(text)
                                       : (double)NAN;
    else if (kind == HX_KIND_BOOLEAN && json_is_boolean(value))
        *out = json_is_true(value);
    else if (kind == HX_KIND_BOOLEAN && json_is_string(value))
        *out = hx_str_equal(text, HX_STR_LIT("true"))    ? 1
               : hx_str_equal(text, HX_STR_LIT("false")) ? 0
                                                         : (double)NAN;
    else if (kind == HX_KIND_TIME && json_is_string(value) &&
             hx_parse_time(text, HX_DATE_ORDER_AUTO, false, NULL, &ms, NULL) == HX_OK)
        *out = (double)ms;
    if (isfinite(*out)) return HX_OK;
    return hx_fail(err, HX_EINVAL, "'value' does not fit the column '%.*s'", HX_STR_ARG(name));
}

static hx_status fit_constant(hx_impute *s, hx_error *err) {
    for (size_t i = 0; i < s->columns.n; i++) {
        hx_impute_fill *fill = &s->fills[i];
        if (fill->kind == HX_KIND_TEXT) {
            if (!json_is_string(s->value))
                return hx_fail(err, HX_EINVAL, "'value' does not fit the column '%.*s'",
                               HX_STR_ARG(s->columns.names[i]));
            fill->text[0] = (hx_str){json_string_value(s->value), json_string_length(s->value)};
            fill->text[1] = fill->text[0];
            continue;
        }
        HX_TRY(constant_of(s->value, fill->kind, s->columns.names[i], &fill->number[0], err));
        fill->number[1] = fill->number[0];
    }
    return HX_OK;
}

hx_status hx_impute_fit_fills(hx_impute *s, const hx_table *t, const size_t *columns,
                              hx_arena *arena, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    uint32_t *of_row = NULL;
    size_t *rows = NULL, *start = NULL;
    hx_status status = hx_groups_find(t, s->by, arena, room, &s->groups, &of_row, err);
    if (status == HX_OK) status = make_fills(s, arena, err);
    if (status == HX_OK && s->method == HX_IMPUTE_CONSTANT) {
        status = fit_constant(s, err);
    } else if (status == HX_OK) {
        status = hx_groups_sort(of_row, hx_table_rows(t), s->groups.n, room, &rows, &start, err);
        fitting f = {.s = s, .t = t, .columns = columns, .rows = rows, .start = start};
        if (status == HX_OK)
            status = hx_pool_run(run->run.n_threads, s->columns.n, fit_column, &f, err);
    }
    if (status == HX_OK) status = keep_texts(s, arena, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ filling */
typedef struct {
    const hx_impute *s;
    const uint32_t *of_row;
    const size_t *which; /* fills of the columns */
    size_t *filled; /* [columns] */
    const volatile int *cancel;
} number_filling;

static hx_status fill_numbers(void *context, size_t i, double *v, size_t n, int *decimals,
                              bool *same, hx_error *err) {
    const number_filling *f = context;
    const hx_impute_fill *fill = &f->s->fills[f->which[i]];
    const size_t groups = f->s->groups.n;
    if (hx_flag_is_raised(f->cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
    for (size_t row = 0; row < n; row++) {
        if (v[row] == v[row]) continue;
        double with = fill->number[f->of_row[row] == HX_GROUP_NONE ? groups : f->of_row[row]];
        if (with != with) with = fill->number[groups];
        if (with != with) continue;
        *decimals = hx_step_decimals(*decimals, with);
        v[row] = with;
        f->filled[i]++;
    }
    *same = f->filled[i] == 0;
    return HX_OK;
}

static hx_status fill_texts(const hx_impute_fill *fill, size_t groups, const uint32_t *of_row,
                            hx_table *t, size_t column, hx_arena *room, size_t *filled,
                            hx_error *err) {
    const size_t n_values = hx_table_column_at(t, column)->n_values;
    uint32_t *codes = NULL, *of_group = NULL;
    hx_str *extra = NULL;
    size_t n_extra = 0;
    HX_TRY(hx_step_codes(t, column, room, &codes, err));
    HX_TRY(hx_step_array(room, groups + 1, sizeof *of_group, &of_group, err));
    HX_TRY(hx_step_array(room, groups + 1, sizeof *extra, &extra, err));
    for (size_t g = 0; g <= groups; g++) {
        const hx_str text = fill->text[g].ptr != NULL ? fill->text[g] : fill->text[groups];
        of_group[g] = HX_CODE_MISSING;
        if (text.ptr == NULL) continue;
        of_group[g] = hx_step_code_of(t, column, text);
        if (of_group[g] < n_values) continue;
        size_t k = 0;
        while (k < n_extra && !hx_str_equal(extra[k], text))
            k++;
        if (k == n_extra) extra[n_extra++] = text;
        of_group[g] = (uint32_t)(n_values + k);
    }
    for (size_t i = 0; i < hx_table_rows(t); i++) {
        if (codes[i] != HX_CODE_MISSING) continue;
        codes[i] = of_group[of_row[i] == HX_GROUP_NONE ? groups : of_row[i]];
        *filled += codes[i] != HX_CODE_MISSING;
    }
    return hx_step_put_codes(t, column, codes, extra, n_extra, err);
}

static hx_status fill_all(const hx_impute *s, hx_table *t, const size_t *columns, size_t *filled,
                          hx_step_run *run, hx_arena *room, hx_error *err) {
    number_filling f = {.s = s, .cancel = run->run.cancel};
    uint32_t *of_row = NULL;
    size_t *numbers = NULL, *which = NULL, n = 0;
    HX_TRY(hx_groups_match(t, &s->groups, room, &of_row, err));
    HX_TRY(hx_step_array(room, s->columns.n, sizeof *numbers, &numbers, err));
    HX_TRY(hx_step_array(room, s->columns.n, sizeof *which, &which, err));
    HX_TRY(hx_step_array(room, s->columns.n, sizeof *f.filled, &f.filled, err));
    for (size_t i = 0; i < s->columns.n; i++) {
        if (hx_table_column_at(t, columns[i])->missing == 0) continue;
        if (s->fills[i].kind == HX_KIND_TEXT) {
            HX_TRY(fill_texts(&s->fills[i], s->groups.n, of_row, t, columns[i], room, filled, err));
            continue;
        }
        numbers[n] = columns[i];
        which[n++] = i;
    }
    f.of_row = of_row;
    f.which = which;
    HX_TRY(hx_table_change_numbers(t, numbers, n, run->run.n_threads, fill_numbers, &f, err));
    for (size_t i = 0; i < n; i++)
        *filled += f.filled[i];
    return HX_OK;
}

hx_status hx_impute_apply_fills(const hx_impute *s, hx_table *t, const size_t *columns,
                                size_t *filled, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    const hx_status status = fill_all(s, t, columns, filled, run, room, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ carrying along */
typedef struct {
    const size_t *rows, *start;
    size_t groups;
    bool backward;
    size_t limit; /* 0 = none */
} walk;

/* from (rows): the row whose value each row takes: itself, or the last before it that has one. */
static void sources(const walk *w, const bool *missing, size_t *from) {
    for (size_t g = 0; g < w->groups; g++) {
        const size_t n = w->start[g + 1] - w->start[g];
        size_t last = SIZE_MAX, steps = 0;
        for (size_t i = 0; i < n; i++) {
            const size_t row = w->rows[w->start[g] + (w->backward ? n - 1 - i : i)];
            steps = missing[row] ? steps + 1 : 0;
            if (!missing[row]) last = row;
            from[row] = last != SIZE_MAX && (w->limit == 0 || steps <= w->limit) ? last : row;
        }
    }
}

static hx_status carry_column(const walk *w, hx_table *t, size_t column, hx_arena *room,
                              size_t *filled, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    const size_t n = hx_table_rows(t);
    bool *missing = NULL;
    size_t *from = NULL;
    double *v = NULL;
    uint32_t *codes = NULL;
    HX_TRY(hx_step_array(room, n, sizeof *missing, &missing, err));
    HX_TRY(hx_step_array(room, n, sizeof *from, &from, err));
    if (about->kind == HX_KIND_TEXT)
        HX_TRY(hx_step_codes(t, column, room, &codes, err));
    else
        HX_TRY(hx_step_values(t, column, room, &v, err));
    for (size_t i = 0; i < n; i++)
        missing[i] = codes != NULL ? codes[i] == HX_CODE_MISSING : v[i] != v[i];
    sources(w, missing, from);
    for (size_t i = 0; i < n; i++) {
        if (!missing[i] || from[i] == i) continue;
        ++*filled;
        if (codes != NULL)
            codes[i] = codes[from[i]];
        else
            v[i] = v[from[i]];
    }
    if (codes != NULL) return hx_step_put_codes(t, column, codes, NULL, 0, err);
    return hx_table_put_numbers(t, about->name, about->kind, v, about->decimals, err);
}

hx_status hx_impute_carry(const hx_impute *s, hx_table *t, const size_t *columns, size_t *filled,
                          hx_error *err) {
    hx_arena *keys = hx_step_room(), *room = hx_step_room();
    hx_groups groups;
    uint32_t *of_row = NULL;
    size_t *rows = NULL, *start = NULL;
    hx_status status = hx_groups_find(t, s->by, keys, keys, &groups, &of_row, err);
    if (status == HX_OK)
        status = hx_groups_sort(of_row, hx_table_rows(t), groups.n, keys, &rows, &start, err);
    if (status == HX_OK) status = hx_step_order(t, s->order, start, groups.n, rows, keys, err);
    const walk w = {rows, start, groups.n, s->method == HX_IMPUTE_BACKWARD, (size_t)s->limit};
    for (size_t i = 0; i < s->columns.n && status == HX_OK; i++) {
        if (hx_table_column_at(t, columns[i])->missing == 0) continue;
        status = carry_column(&w, t, columns[i], room, filled, err);
        hx_arena_reset(room);
    }
    hx_arena_free(keys);
    hx_arena_free(room);
    return status;
}
