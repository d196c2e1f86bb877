/* step_impute.c - the step "impute": missing values filled, or the rows and columns that have them removed.
 *
 *     method        fills with
 *     mean median   of the column, or of its group (by); numbers and times
 *     mode          the commonest value; all kinds
 *     constant      value
 *     ffill bfill   the value before or behind, in order_by and in its group, at most `limit` in a row; nothing is learnt
 *     knn           mean of the nearest rows (neighbours, weights = uniform | distance), of the group (by) where it has as many
 *     iterative     chained Bayesian ridge regressions (rounds, tolerance)
 *     drop-rows     rows with any, all, or fewer than `least` values are removed
 *     drop-columns  columns with a share of missing values above `share` when fitted are removed
 *
 * mask adds a true/false column NAME_missing for each column that is named, or, where none is, for each that has missing values when fitted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "frame/impute.h"

#define DONORS 20000

static const char *const methods[] = {"mean",      "median",       "mode", "constant",
                                      "ffill",     "bfill",        "knn",  "iterative",
                                      "drop-rows", "drop-columns", NULL};

/* ------------------------------------------------------------------ settings */
static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    static const char *const weights[] = {"uniform", "distance", NULL};
    static const char *const hows[] = {"any", "all", NULL};
    hx_impute *s = state;
    HX_TRY(hx_step_choice(spec, "method", methods, HX_IMPUTE_MEDIAN, &s->method, err));
    HX_TRY(hx_step_names(spec, "columns", arena, &s->names, err));
    HX_TRY(hx_step_names(spec, "by", arena, &s->by, err));
    HX_TRY(hx_step_text(spec, "order_by", NULL, &s->order, err));
    HX_TRY(hx_step_count(spec, "limit", 0, 0, INT32_MAX, &s->limit, err));
    HX_TRY(hx_step_count(spec, "neighbours", 5, 1, 10000, &s->neighbours, err));
    HX_TRY(hx_step_count(spec, "donors", DONORS, 1, 10000000, &s->donors, err));
    HX_TRY(hx_step_choice(spec, "weights", weights, 0, &s->weights, err));
    HX_TRY(hx_step_count(spec, "rounds", 10, 1, 1000, &s->rounds, err));
    HX_TRY(hx_step_number(spec, "tolerance", 1e-3, &s->tolerance, err));
    HX_TRY(hx_step_choice(spec, "how", hows, 0, &s->how, err));
    HX_TRY(hx_step_count(spec, "least", 0, 0, HX_COLUMNS_MAX, &s->least, err));
    HX_TRY(hx_step_number(spec, "share", 0.5, &s->share, err));
    HX_TRY(hx_step_flag(spec, "mask", false, &s->mask, err));
    s->value = json_object_get(spec, "value");
    if (s->method == HX_IMPUTE_CONSTANT && s->value == NULL)
        return hx_fail(err, HX_EINVAL, "the method 'constant' needs a 'value'");
    if (s->method > HX_IMPUTE_KNN && s->by.n > 0)
        return hx_fail(err, HX_EINVAL, "the method '%s' does not go by groups", methods[s->method]);
    if (s->method >= HX_IMPUTE_DROP_ROWS && s->mask)
        return hx_fail(err, HX_EINVAL, "the method '%s' leaves nothing to mask",
                       methods[s->method]);
    return HX_OK;
}

/* The kinds a method takes. */
static unsigned kinds_of(const hx_impute *s) {
    if (s->method <= HX_IMPUTE_MEDIAN) return 1u << HX_KIND_NUMBER | 1u << HX_KIND_TIME;
    if (s->method == HX_IMPUTE_KNN || s->method == HX_IMPUTE_ITERATIVE) return HX_KINDS_NUMBER;
    if (s->method != HX_IMPUTE_CONSTANT || s->names.n > 0) return HX_KINDS_ALL;
    const hx_str text = {json_string_value(s->value), json_string_length(s->value)};
    if (json_is_boolean(s->value)) return 1u << HX_KIND_BOOLEAN;
    if (json_is_string(s->value) && !isfinite(hx_double_of(text))) return 1u << HX_KIND_TEXT;
    return HX_KINDS_NUMBER;
}

/* ------------------------------------------------------------------ learning */
static bool is_among(const hx_impute *s, hx_str name) {
    bool found = hx_str_equal(s->order, name);
    for (size_t i = 0; i < s->by.n; i++)
        found = found || hx_str_equal(s->by.names[i], name);
    return found;
}

/* Without names: what groups and orders rows is not filled. */
static size_t leave_out(const hx_impute *s, const hx_table *t, size_t *columns, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (s->names.n > 0 || !is_among(s, hx_table_column_at(t, columns[i])->name))
            columns[kept++] = columns[i];
    return kept;
}

static hx_status about_columns(hx_impute *s, const hx_table *t, const size_t *columns, size_t n,
                               hx_arena *arena, hx_error *err) {
    HX_TRY(hx_step_names_of(t, columns, n, arena, &s->columns, err));
    HX_TRY(hx_step_array(arena, n, sizeof *s->fills, &s->fills, err));
    for (size_t i = 0; i < n; i++) {
        const hx_table_column *about = hx_table_column_at(t, columns[i]);
        s->fills[i].kind = about->kind;
        s->fills[i].mask = s->mask && (s->names.n > 0 || about->missing > 0);
    }
    return HX_OK;
}

static hx_status fit_drop(hx_impute *s, const hx_table *t, size_t *columns, size_t n,
                          hx_arena *arena, hx_error *err) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const double missing = (double)hx_table_column_at(t, columns[i])->missing;
        if (missing > s->share * (double)hx_table_rows(t)) columns[kept++] = columns[i];
    }
    return about_columns(s, t, columns, kept, arena, err);
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    hx_impute *s = state;
    size_t *columns = NULL, n = 0;
    HX_TRY(hx_step_columns_of(t, s->names, kinds_of(s), arena, &columns, &n, err));
    n = leave_out(s, t, columns, n);
    if (s->method == HX_IMPUTE_DROP_COLUMNS) return fit_drop(s, t, columns, n, arena, err);
    HX_TRY(about_columns(s, t, columns, n, arena, err));
    if (s->method <= HX_IMPUTE_CONSTANT) return hx_impute_fit_fills(s, t, columns, arena, run, err);
    if (s->method == HX_IMPUTE_KNN || s->method == HX_IMPUTE_ITERATIVE)
        return hx_impute_fit_model(s, t, columns, arena, run, err);
    return HX_OK;
}

/* ------------------------------------------------------------------ applying */
static hx_status add_mask(const hx_impute *s, hx_table *t, size_t i, size_t column, double *room,
                          hx_error *err) {
    char name[1024];
    const hx_str base = s->columns.names[i];
    if (!s->fills[i].mask) return HX_OK;
    for (size_t row = 0; row < hx_table_rows(t); row++)
        room[row] = hx_table_is_missing(t, column, row);
    const int len = snprintf(name, sizeof name, "%.*s_missing",
                             (int)(base.len < 1000 ? base.len : 1000), base.ptr);
    return hx_step_add_numbers(t, (hx_str){name, (size_t)len}, HX_KIND_BOOLEAN, room, -1, err);
}

static hx_status drop_columns(const hx_impute *s, hx_table *t, hx_step_run *run) {
    size_t dropped = 0;
    for (size_t i = 0; i < s->columns.n; i++) {
        const size_t column = hx_table_find(t, s->columns.names[i]);
        if (column == HX_COLUMN_NONE) continue;
        hx_table_remove(t, column);
        dropped++;
    }
    hx_step_say(run, "columns dropped: %zu", "去掉 %zu 列", dropped);
    return HX_OK;
}

static hx_status drop_rows(const hx_impute *s, hx_table *t, const size_t *columns, hx_step_run *run,
                           hx_error *err) {
    const size_t n = hx_table_rows(t), d = s->columns.n;
    const size_t least = s->least > 0 ? (size_t)s->least : s->how == 0 ? d : (size_t)(d > 0);
    hx_arena *room = hx_step_room();
    bool *keep = NULL;
    if (run->run.keep_rows) {
        hx_arena_free(room);
        return HX_OK;
    }
    hx_status status = hx_step_array(room, n, sizeof *keep, &keep, err);
    for (size_t i = 0; i < n && status == HX_OK; i++) {
        size_t there = 0;
        for (size_t j = 0; j < d; j++)
            there += !hx_table_is_missing(t, columns[j], i);
        keep[i] = there >= least;
    }
    if (status == HX_OK) status = hx_step_keep_rows(t, keep, err);
    hx_step_say(run, "rows removed: %zu of %zu", "去掉 %zu 行（共 %zu 行）", n - hx_table_rows(t),
                n);
    hx_arena_free(room);
    return status;
}

/* Missing values of all columns that the step is about, those among them that nothing could be learnt of. */
static size_t count_missing(const hx_impute *s, const hx_table *t, const size_t *columns) {
    size_t count = 0;
    for (size_t i = 0; i < s->columns.n; i++)
        count += hx_table_column_at(t, columns[i])->missing;
    for (size_t c = 0; c < hx_table_columns(t); c++) {
        const hx_table_column *about = hx_table_column_at(t, c);
        bool learnt = about->missing == 0 || (kinds_of(s) >> about->kind & 1) == 0;
        bool meant = s->names.n == 0 && !is_among(s, about->name);
        for (size_t i = 0; i < s->columns.n; i++)
            learnt = learnt || columns[i] == c;
        for (size_t i = 0; i < s->names.n; i++)
            meant = meant || hx_str_equal(s->names.names[i], about->name);
        count += learnt || !meant ? 0 : about->missing;
    }
    return count;
}

static void say_filled(size_t filled, size_t before, size_t wide, hx_step_run *run) {
    if (wide > 0)
        hx_step_say(run,
                    "missing values filled: %zu of %zu; left missing for want of a value: %zu; "
                    "told by all rows, as their groups have too few: %zu",
                    "填补缺失值 %zu 个（共 %zu 个）；无值可填而仍缺失 %zu 个；"
                    "组内行数不足而由全部行填补 %zu 个",
                    filled, before, before - filled, wide);
    else if (filled < before)
        hx_step_say(run, "missing values filled: %zu of %zu; left missing for want of a value: %zu",
                    "填补缺失值 %zu 个（共 %zu 个）；无值可填而仍缺失 %zu 个", filled, before,
                    before - filled);
    else
        hx_step_say(run, "missing values filled: %zu of %zu", "填补缺失值 %zu 个（共 %zu 个）",
                    filled, before);
}

static hx_status fill(const hx_impute *s, hx_table *t, const size_t *columns, hx_step_run *run,
                      hx_arena *room, hx_error *err) {
    size_t filled = 0, wide = 0;
    const size_t before = count_missing(s, t, columns);
    double *mask = NULL;
    HX_TRY(hx_step_array(room, hx_table_rows(t), sizeof *mask, &mask, err));
    for (size_t i = 0; i < s->columns.n; i++)
        HX_TRY(add_mask(s, t, i, columns[i], mask, err));
    if (s->method <= HX_IMPUTE_CONSTANT)
        HX_TRY(hx_impute_apply_fills(s, t, columns, &filled, run, err));
    else if (s->method <= HX_IMPUTE_BACKWARD)
        HX_TRY(hx_impute_carry(s, t, columns, &filled, err));
    else
        HX_TRY(hx_impute_apply_model(s, t, columns, &filled, &wide, run, err));
    say_filled(filled, before, wide, run);
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const hx_impute *s = state;
    if (s->method == HX_IMPUTE_DROP_COLUMNS) return drop_columns(s, t, run);
    hx_arena *room = hx_step_room();
    size_t *columns = NULL;
    hx_status status = hx_step_array(room, s->columns.n, sizeof *columns, &columns, err);
    for (size_t i = 0; i < s->columns.n && status == HX_OK; i++)
        status = hx_step_column_of(t, s->columns.names[i], s->fills[i].kind, &columns[i], err);
    if (status == HX_OK)
        status = s->method == HX_IMPUTE_DROP_ROWS ? drop_rows(s, t, columns, run, err)
                                                  : fill(s, t, columns, run, room, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ JSON */
static void write_fill(const hx_impute *s, const hx_impute_fill *f, hx_json_writer *w) {
    if (f->number != NULL) hx_step_write_reals(w, "with", f->number, s->groups.n + 1);
    if (f->text == NULL) return;
    hx_json_key(w, "with");
    hx_json_array(w);
    for (size_t g = 0; g <= s->groups.n; g++) {
        if (f->text[g].ptr != NULL)
            hx_json_str(w, f->text[g]);
        else
            hx_json_null(w);
    }
    hx_json_end_array(w);
}

static void write(const void *state, hx_json_writer *w) {
    const hx_impute *s = state;
    hx_json_object(w);
    if (s->by.n > 0) hx_step_write_names(w, "groups", s->groups.keys, s->groups.n);
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t i = 0; i < s->columns.n; i++) {
        hx_json_object(w);
        hx_json_key(w, "name");
        hx_json_str(w, s->columns.names[i]);
        hx_json_key(w, "kind");
        hx_json_cstr(w, hx_kind_name(s->fills[i].kind));
        hx_json_key(w, "mask");
        hx_json_bool(w, s->fills[i].mask);
        write_fill(s, &s->fills[i], w);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    if (s->method == HX_IMPUTE_KNN || s->method == HX_IMPUTE_ITERATIVE) hx_impute_write_model(s, w);
    hx_json_end_object(w);
}

static hx_status read_texts(const json_t *o, size_t n, hx_arena *arena, hx_str **out,
                            hx_error *err) {
    const json_t *v = json_object_get(o, "with");
    if (!json_is_array(v) || json_array_size(v) != n) return hx_step_damaged("with", err);
    HX_TRY(hx_step_array(arena, n, sizeof **out, out, err));
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(v, i);
        if (!json_is_string(item) && !json_is_null(item)) return hx_step_damaged("with", err);
        (*out)[i] = (hx_str){json_string_value(item), json_string_length(item)};
    }
    return HX_OK;
}

static hx_status read_column(hx_impute *s, size_t i, const json_t *o, hx_arena *arena,
                             hx_error *err) {
    static const char *const kinds[] = {"number", "time", "boolean", "text", NULL};
    hx_impute_fill *f = &s->fills[i];
    int kind = -1;
    HX_TRY(hx_step_text(o, "name", NULL, &s->columns.names[i], err));
    HX_TRY(hx_step_choice(o, "kind", kinds, -1, &kind, err));
    HX_TRY(hx_step_flag(o, "mask", false, &f->mask, err));
    if (kind < 0 || s->columns.names[i].len == 0) return hx_step_damaged("columns", err);
    f->kind = (hx_kind)kind;
    if (s->method > HX_IMPUTE_CONSTANT) return HX_OK;
    if (f->kind == HX_KIND_TEXT) return read_texts(o, s->groups.n + 1, arena, &f->text, err);
    return hx_step_read_n(o, "with", s->groups.n + 1, arena, &f->number, err);
}

static hx_status read(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    hx_impute *s = state;
    const json_t *columns = json_object_get(fitted, "columns");
    hx_names keys = {NULL, 0};
    if (!json_is_array(columns)) return hx_step_damaged("columns", err);
    HX_TRY(hx_step_names(fitted, "groups", arena, &keys, err));
    s->groups = (hx_groups){.by = s->by, .n = s->by.n > 0 ? keys.n : 1, .keys = keys.names};
    s->columns.n = json_array_size(columns);
    HX_TRY(hx_step_array(arena, s->columns.n, sizeof(hx_str), &s->columns.names, err));
    HX_TRY(hx_step_array(arena, s->columns.n, sizeof *s->fills, &s->fills, err));
    for (size_t i = 0; i < s->columns.n; i++)
        HX_TRY(read_column(s, i, json_array_get(columns, i), arena, err));
    if (s->method == HX_IMPUTE_KNN || s->method == HX_IMPUTE_ITERATIVE)
        return hx_impute_read_model(s, fitted, arena, err);
    return HX_OK;
}

static const char *const keys[] = {
    "method", "columns",   "by",  "order_by", "limit", "neighbours", "donors", "weights",
    "rounds", "tolerance", "how", "least",    "share", "mask",       "value",  NULL};

const hx_step_kind hx_step_impute = {.name = "impute",
                                     .keys = keys,
                                     .size = sizeof(hx_impute),
                                     .parse = parse,
                                     .fit = fit,
                                     .apply = apply,
                                     .write = write,
                                     .read = read};
