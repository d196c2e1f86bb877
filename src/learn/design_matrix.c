/* design_matrix.c - tables to matrices by a fitted design: features of each row, targets, weights; see problem.h.
 *
 * A text value becomes a level by a map from the codes of the table at hand to levels of the design, made once a table, so that a row costs
 * no look-up of strings.
 *
 * Infinite numbers are missing where features are filled or scaled, and stay where the estimator takes them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/design.h"

#define BLOCK ((size_t)4096)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the features");
}

/* ------------------------------------------------------------------ names */
static bool filled(const hx_design *d) {
    return (d->wants & HX_WANTS_FILLED) != 0;
}

static bool as_level(const hx_design *d, const hx_design_column *c) {
    return c->kind == HX_KIND_TEXT && (d->wants & HX_WANTS_LEVELS);
}

static size_t first_level(const hx_design *d, const hx_design_column *c) {
    return c->n_levels > 0 && (d->wants & HX_WANTS_CONTRASTS) ? 1 : 0;
}

/* Whether missing values of the column have a feature of their own. */
static bool tells_missing(const hx_design *d, const hx_design_column *c) {
    return c->had_missing && !c->tokens && !as_level(d, c) &&
           (filled(d) || c->kind == HX_KIND_TEXT);
}

static size_t features_of(const hx_design *d, const hx_design_column *c) {
    size_t n = tells_missing(d, c);
    if (c->tokens) return c->tokens;
    if (c->kind != HX_KIND_TEXT || as_level(d, c)) return n + 1;
    return n + c->n_levels - first_level(d, c) + c->others;
}

static bool name_feature(hx_design *d, size_t j, size_t column, const char *name,
                         const char *between, const char *value) {
    hx_buf b;
    hx_buf_init(&b, (size_t)64 << 20);
    hx_buf_append_lit(&b, name);
    hx_buf_append_lit(&b, between);
    hx_buf_append_lit(&b, value);
    d->names[j] = b.failed ? NULL : hx_arena_str(d->arena, hx_buf_str(&b)).ptr;
    hx_buf_release(&b);
    d->feature_columns[j] = column;
    return d->names[j] != NULL;
}

static bool name_tokens(hx_design *d, size_t column) {
    const hx_design_column *c = &d->columns[column];
    bool ok = true;
    for (size_t k = 0; k < c->tokens && ok; k++) {
        char place[32];
        (void)snprintf(place, sizeof place, "%zu]", k + 1);
        ok = name_feature(d, c->first + k, column, c->name, "[", place);
    }
    return ok;
}

static bool name_column(hx_design *d, size_t column) {
    const hx_design_column *c = &d->columns[column];
    size_t j = c->first;
    bool ok = true;
    if (c->tokens) return name_tokens(d, column);
    if (c->kind != HX_KIND_TEXT || as_level(d, c)) {
        if (as_level(d, c)) d->levels[j] = (uint32_t)c->n_levels + 1;
        ok = name_feature(d, j++, column, c->name, "", "");
    } else {
        for (size_t k = first_level(d, c); k < c->n_levels && ok; k++)
            ok = name_feature(d, j++, column, c->name, "=", c->levels[k]);
        if (c->others) ok = ok && name_feature(d, j++, column, c->name, "=", "other");
    }
    if (tells_missing(d, c)) ok = ok && name_feature(d, j, column, c->name, " ", "is missing");
    return ok;
}

hx_status hx_design_name_features(hx_design *d, hx_error *err) {
    d->d = 0;
    for (size_t i = 0; i < d->n_columns; i++) {
        d->columns[i].first = d->d;
        d->columns[i].n = features_of(d, &d->columns[i]);
        d->d += d->columns[i].n;
    }
    if (d->d == 0)
        return hx_fail(err, HX_EINVAL, "no column is left to learn from; say which ones by --use");
    if (d->d > HX_DESIGN_FEATURES_MAX)
        return hx_fail(err, HX_ELIMIT, "the table gives %zu features, more than %d", d->d,
                       HX_DESIGN_FEATURES_MAX);
    d->names = hx_arena_alloc(d->arena, d->d * sizeof *d->names);
    d->feature_columns = hx_arena_alloc(d->arena, d->d * sizeof *d->feature_columns);
    bool ok = d->names && d->feature_columns;
    if (d->wants & HX_WANTS_LEVELS) {
        d->levels = hx_arena_alloc(d->arena, d->d * sizeof *d->levels);
        ok = ok && d->levels;
    }
    for (size_t i = 0; i < d->n_columns && ok; i++)
        ok = name_column(d, i);
    return ok ? HX_OK : no_memory(err);
}

/* ------------------------------------------------------------------ features */
static int compare_level(const void *key, const void *level) {
    return hx_str_compare(*(const hx_str *)key, hx_str_of(*(const char *const *)level));
}

/* The place of a text in sorted names, or n where it is not among them. */
static size_t place_of(hx_str value, const char **names, size_t n) {
    const char **found = bsearch(&value, names, n, sizeof *names, compare_level);
    return found ? (size_t)(found - names) : n;
}

/* levels (n_values + 1) of the codes of a column; the last is for missing, HX_CODE_MISSING. */
static hx_status level_map(const hx_table *t, size_t column, const char **names, size_t n,
                           uint32_t **out, hx_error *err) {
    size_t n_values = hx_table_column_at(t, column)->n_values;
    uint32_t *map = calloc(n_values + 1, sizeof *map);
    if (!map) return no_memory(err);
    for (uint32_t k = 0; k < n_values; k++)
        map[k] = (uint32_t)place_of(hx_table_value(t, column, k), names, n);
    *out = map;
    return HX_OK;
}

static void put_level(const hx_design *d, const hx_design_column *c, uint32_t level, double *row) {
    size_t skip = first_level(d, c), at = c->first;
    if (as_level(d, c)) {
        row[at] = level == HX_CODE_MISSING ? NAN : (double)level;
    } else if (level == HX_CODE_MISSING) {
        if (tells_missing(d, c)) row[at + c->n - 1] = 1;
    } else if (level < c->n_levels) {
        if (level >= skip) row[at + level - skip] = 1;
    } else if (c->others) {
        row[at + c->n_levels - skip] = 1;
    }
}

static hx_status text_features(const hx_design *d, const hx_design_column *c, const hx_table *t,
                               size_t column, hx_problem *p, hx_error *err) {
    uint32_t *map = NULL, codes[BLOCK];
    HX_TRY(level_map(t, column, c->levels, c->n_levels, &map, err));
    for (size_t i = 0; i < p->n; i += BLOCK) {
        size_t m = p->n - i < BLOCK ? p->n - i : BLOCK;
        hx_table_codes(t, column, i, m, codes);
        for (size_t k = 0; k < m; k++)
            put_level(d, c, codes[k] == HX_CODE_MISSING ? HX_CODE_MISSING : map[codes[k]],
                      p->x + (i + k) * p->d);
    }
    free(map);
    return HX_OK;
}

static void number_features(const hx_design *d, const hx_design_column *c, const hx_table *t,
                            size_t column, hx_problem *p) {
    double x[BLOCK], unit = c->kind == HX_KIND_TIME ? HX_DESIGN_DAY_MS : 1;
    for (size_t i = 0; i < p->n; i += BLOCK) {
        size_t m = p->n - i < BLOCK ? p->n - i : BLOCK;
        hx_table_numbers(t, column, i, m, x);
        for (size_t k = 0; k < m; k++) {
            double *row = p->x + (i + k) * p->d + c->first;
            bool missing = filled(d) ? !isfinite(x[k]) : isnan(x[k]);
            row[0] = missing ? (filled(d) ? c->mean : NAN) : x[k] / unit;
            if (tells_missing(d, c)) row[1] = missing;
        }
    }
}

static hx_status column_features(const hx_design *d, const hx_design_column *c, const hx_table *t,
                                 hx_problem *p, hx_error *err) {
    size_t column = hx_table_find(t, hx_str_of(c->name));
    if (column == HX_COLUMN_NONE)
        return hx_fail(err, HX_ENOTFOUND, "the model needs a column '%s', which is not there",
                       c->name);
    hx_kind kind = hx_table_column_at(t, column)->kind;
    if (c->tokens) return hx_design_put_tokens(c, t, column, p, err);
    bool empty = hx_table_column_at(t, column)->missing == p->n;
    if ((kind == HX_KIND_TEXT) == (c->kind == HX_KIND_TEXT)) {
        if (kind == HX_KIND_TEXT) return text_features(d, c, t, column, p, err);
        number_features(d, c, t, column, p);
        return HX_OK;
    }
    if (!empty && kind == HX_KIND_TEXT) {
        const hx_str value = hx_table_value(t, column, 0);
        return hx_fail(
            err, HX_EFORMAT,
            "column '%s' holds texts ('%.*s'), but the model learnt from values of kind %s",
            c->name, HX_STR_ARG(value), hx_kind_name(c->kind));
    }
    if (!empty)
        return hx_fail(err, HX_EFORMAT,
                       "column '%s' holds values of kind %s, but the model learnt from %s", c->name,
                       hx_kind_name(kind), hx_kind_name(c->kind));
    for (size_t i = 0; i < p->n; i++) { /* a column without any value has no kind */
        double *row = p->x + i * p->d;
        if (c->kind == HX_KIND_TEXT) {
            put_level(d, c, HX_CODE_MISSING, row);
            continue;
        }
        row[c->first] = filled(d) ? c->mean : NAN;
        if (tells_missing(d, c)) row[c->first + 1] = 1;
    }
    return HX_OK;
}

static void scale(const hx_design *d, hx_problem *p) {
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->d; j++) {
            double *x = &p->x[i * p->d + j];
            *x = !isfinite(*x)          ? NAN
                 : d->deviations[j] > 0 ? (*x - d->means[j]) / d->deviations[j]
                                        : 0;
        }
}

/* ------------------------------------------------------------------ cells */
static void put_cell(const hx_design *d, size_t column, double cell, double *row) {
    const hx_design_column *c = &d->columns[column];
    double *at = row + c->first;
    for (size_t k = 0; k < c->n; k++)
        at[k] = 0;
    if (c->kind == HX_KIND_TEXT) {
        put_level(d, c, isnan(cell) ? HX_CODE_MISSING : (uint32_t)cell, row);
        return;
    }
    bool missing = filled(d) ? !isfinite(cell) : isnan(cell);
    at[0] = missing ? (filled(d) ? c->mean : NAN) : cell;
    if (tells_missing(d, c)) at[1] = missing;
}

void hx_design_put_cell(const hx_design *d, size_t column, double cell, double *row) {
    const hx_design_column *c = &d->columns[column];
    put_cell(d, column, cell, row);
    for (size_t j = c->first; j < c->first + c->n && d->deviations; j++)
        row[j] = d->deviations[j] > 0 ? (row[j] - d->means[j]) / d->deviations[j] : 0;
}

static hx_status text_cells(const hx_design_column *c, const hx_table *t, size_t column,
                            size_t stride, double *out, hx_error *err) {
    uint32_t *map = NULL, codes[BLOCK];
    const size_t n = hx_table_rows(t);
    HX_TRY(level_map(t, column, c->levels, c->n_levels, &map, err));
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t m = n - i < BLOCK ? n - i : BLOCK;
        hx_table_codes(t, column, i, m, codes);
        for (size_t k = 0; k < m; k++)
            out[(i + k) * stride] = codes[k] == HX_CODE_MISSING ? NAN : (double)map[codes[k]];
    }
    free(map);
    return HX_OK;
}

static hx_status column_cells(const hx_design_column *c, const hx_table *t, size_t stride,
                              double *out, hx_error *err) {
    const size_t n = hx_table_rows(t), column = hx_table_find(t, hx_str_of(c->name));
    double x[BLOCK], unit = c->kind == HX_KIND_TIME ? HX_DESIGN_DAY_MS : 1;
    if (column == HX_COLUMN_NONE)
        return hx_fail(err, HX_ENOTFOUND, "the model needs a column '%s', which is not there",
                       c->name);
    const bool text = hx_table_column_at(t, column)->kind == HX_KIND_TEXT;
    for (size_t i = 0; i < n && (c->tokens || text != (c->kind == HX_KIND_TEXT)); i++)
        out[i * stride] = c->tokens ? (double)i : NAN; /* of another kind: it is empty */
    if (c->tokens) return HX_OK;
    if (text != (c->kind == HX_KIND_TEXT)) return HX_OK;
    if (text) return text_cells(c, t, column, stride, out, err);
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t m = n - i < BLOCK ? n - i : BLOCK;
        hx_table_numbers(t, column, i, m, x);
        for (size_t k = 0; k < m; k++)
            out[(i + k) * stride] = x[k] / unit;
    }
    return HX_OK;
}

hx_status hx_design_cells(const hx_design *d, const hx_table *t, hx_arena *arena, double **out,
                          hx_error *err) {
    const size_t n = hx_table_rows(t);
    if (n > SIZE_MAX / sizeof **out / d->n_columns) return no_memory(err);
    if (!(*out = hx_arena_alloc(arena, (n * d->n_columns + 1) * sizeof **out)))
        return no_memory(err);
    for (size_t i = 0; i < d->n_columns; i++)
        HX_TRY(column_cells(&d->columns[i], t, d->n_columns, *out + i, err));
    return HX_OK;
}

/* ------------------------------------------------------------------ targets */
static hx_status special(const hx_table *t, const char *name, size_t *column, hx_error *err) {
    *column = hx_table_find(t, hx_str_of(name));
    if (*column != HX_COLUMN_NONE) return HX_OK;
    return hx_fail(err, HX_ENOTFOUND, "there is no column '%s'", name);
}

static hx_status no_target(const char *name, size_t row, hx_error *err) {
    return hx_fail(
        err, HX_EINVAL,
        "row %zu has no value of '%s'; leave such rows out by --where '%s is not missing'", row + 1,
        name, name);
}

/* Values of the target that are no classes of the design, in the order in which they come. */
typedef struct {
    hx_arena *arena;
    const char **names; /* (HX_UNKNOWN_MAX) */
    double values[HX_UNKNOWN_MAX]; /* of targets that are numbers */
    size_t n;
} unknown_classes;

/* Its place among them; false: no memory. The last place is that of all that have no other. */
static bool add_unknown(unknown_classes *u, hx_str name, double value, size_t *place) {
    *place = u->n < HX_UNKNOWN_MAX ? u->n : HX_UNKNOWN_MAX - 1;
    if (u->n == HX_UNKNOWN_MAX) return (u->names[*place] = "...") != NULL;
    hx_str kept = hx_arena_str(u->arena, name);
    u->names[u->n] = kept.ptr;
    u->values[u->n++] = value;
    return kept.ptr != NULL;
}

/* unknown = NULL: refused. */
static hx_status text_targets(const hx_design *d, const hx_table *t, size_t column,
                              unknown_classes *unknown, hx_problem *p, hx_error *err) {
    uint32_t *map = NULL, code;
    size_t place;
    hx_status st = level_map(t, column, d->classes, d->n_classes, &map, err);
    for (size_t i = 0; i < p->n && st == HX_OK; i++) {
        hx_table_codes(t, column, i, 1, &code);
        if (code != HX_CODE_MISSING && map[code] == d->n_classes && unknown) {
            if (!add_unknown(unknown, hx_table_value(t, column, code), NAN, &place))
                st = no_memory(err);
            map[code] = (uint32_t)(d->n_classes + 1 + place);
        }
        if (code == HX_CODE_MISSING)
            st = no_target(d->target, i, err);
        else if (map[code] > d->n_classes)
            p->y[i] = map[code] - 1;
        else if (map[code] == d->n_classes)
            st = hx_fail(err, HX_EINVAL, "row %zu: '%.*s' is no class the model knows", i + 1,
                         HX_STR_ARG(hx_table_value(t, column, code)));
        else
            p->y[i] = map[code];
    }
    free(map);
    return st;
}

static int by_number(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static hx_status unknown_number(unknown_classes *u, double x, size_t *place, hx_error *err) {
    char name[40];
    for (*place = 0; *place < u->n; ++*place)
        if (u->values[*place] == x) return HX_OK;
    (void)snprintf(name, sizeof name, "%g", x);
    return add_unknown(u, hx_str_of(name), x, place) ? HX_OK : no_memory(err);
}

static hx_status class_targets(const hx_design *d, unknown_classes *unknown, hx_problem *p,
                               hx_error *err) {
    for (size_t i = 0; i < p->n; i++) {
        size_t place;
        const double *found =
            bsearch(&p->y[i], d->class_values, d->n_classes, sizeof *d->class_values, by_number);
        if (!found && unknown) {
            HX_TRY(unknown_number(unknown, p->y[i], &place, err));
            p->y[i] = (double)(d->n_classes + place);
            continue;
        }
        if (!found)
            return hx_fail(err, HX_EINVAL, "row %zu: '%g' is no class the model knows", i + 1,
                           p->y[i]);
        p->y[i] = (double)(found - d->class_values);
    }
    return HX_OK;
}

static hx_status numbers_of(const hx_table *t, const char *name, size_t n, double *out,
                            hx_error *err) {
    size_t column;
    HX_TRY(special(t, name, &column, err));
    if (hx_table_column_at(t, column)->kind == HX_KIND_TEXT)
        return hx_fail(err, HX_EINVAL, "the column '%s' holds texts, not numbers", name);
    hx_table_numbers(t, column, 0, n, out);
    for (size_t i = 0; i < n; i++)
        if (isnan(out[i])) return no_target(name, i, err);
    return HX_OK;
}

static hx_status targets(const hx_design *d, const hx_table *t, unknown_classes *unknown,
                         hx_problem *p, hx_error *err) {
    size_t column;
    HX_TRY(special(t, d->target, &column, err));
    bool text = hx_table_column_at(t, column)->kind == HX_KIND_TEXT;
    if (d->task == HX_TASK_CLASSES && text != (d->target_kind == HX_KIND_TEXT))
        return hx_fail(err, HX_EFORMAT,
                       "column '%s' holds values of kind %s, but the model learnt from %s",
                       d->target, hx_kind_name(hx_table_column_at(t, column)->kind),
                       hx_kind_name(d->target_kind));
    if (d->task == HX_TASK_CLASSES && text) return text_targets(d, t, column, unknown, p, err);
    HX_TRY(numbers_of(t, d->target, p->n, p->y, err));
    return d->task == HX_TASK_CLASSES ? class_targets(d, unknown, p, err) : HX_OK;
}

static hx_status row_weights(const hx_design *d, const hx_table *t, hx_problem *p, hx_error *err) {
    double sum = 0;
    HX_TRY(numbers_of(t, d->weight, p->n, p->weights, err));
    for (size_t i = 0; i < p->n; i++) {
        if (!(p->weights[i] >= 0) || isinf(p->weights[i]))
            return hx_fail(err, HX_EINVAL, "row %zu: the weight %g is not a number of 0 or more",
                           i + 1, p->weights[i]);
        sum += p->weights[i];
    }
    if (!(sum > 0)) return hx_fail(err, HX_EINVAL, "all weights of '%s' are 0", d->weight);
    for (size_t i = 0; i < p->n; i++)
        p->weights[i] *= (double)p->n / sum;
    return HX_OK;
}

static hx_status with_targets(const hx_design *d, const hx_table *t, unknown_classes *unknown,
                              hx_arena *arena, hx_problem *p, hx_error *err) {
    if (d->target[0]) {
        if (!(p->y = hx_arena_alloc(arena, (p->n + 1) * sizeof *p->y))) return no_memory(err);
        HX_TRY(targets(d, t, unknown, p, err));
    }
    if (d->event[0]) {
        if (!(p->event = hx_arena_alloc(arena, (p->n + 1) * sizeof *p->event)))
            return no_memory(err);
        HX_TRY(numbers_of(t, d->event, p->n, p->event, err));
    }
    if (!d->weight[0]) return HX_OK;
    if (!(p->weights = hx_arena_alloc(arena, (p->n + 1) * sizeof *p->weights)))
        return no_memory(err);
    return row_weights(d, t, p, err);
}

static hx_status features(const hx_design *d, const hx_table *t, hx_arena *arena, hx_problem *out,
                          hx_error *err) {
    hx_problem p = {.n = hx_table_rows(t),
                    .d = d->d,
                    .names = d->names,
                    .columns = d->feature_columns,
                    .levels = d->levels,
                    .classes = d->classes,
                    .n_classes = d->n_classes,
                    .task = d->task};
    const hx_design_column *last = &d->columns[d->n_columns - 1];
    p.n_tokens = last->tokens;
    p.n_known = last->tokens ? last->n_levels : 0;
    if (p.n > SIZE_MAX / sizeof *p.x / p.d) return no_memory(err);
    if (!(p.x = hx_arena_alloc(arena, (p.n * p.d + 1) * sizeof *p.x))) return no_memory(err);
    for (size_t i = 0; i < d->n_columns; i++)
        HX_TRY(column_features(d, &d->columns[i], t, &p, err));
    if (d->deviations) scale(d, &p);
    *out = p;
    return HX_OK;
}

hx_status hx_design_problem(const hx_design *d, const hx_table *t, bool with_target,
                            hx_arena *arena, hx_problem *out, hx_error *err) {
    HX_TRY(features(d, t, arena, out, err));
    return with_target ? with_targets(d, t, NULL, arena, out, err) : HX_OK;
}

hx_status hx_design_judged(const hx_design *d, const hx_table *t, hx_arena *arena, hx_problem *out,
                           hx_error *err) {
    const size_t n = d->n_classes;
    unknown_classes unknown = {.arena = arena};
    const char **names = hx_arena_alloc(arena, (n + HX_UNKNOWN_MAX) * sizeof *names);
    if (!names) return no_memory(err);
    unknown.names = names + n;
    HX_TRY(features(d, t, arena, out, err));
    HX_TRY(with_targets(d, t, &unknown, arena, out, err));
    if (d->classes) memcpy(names, d->classes, n * sizeof *names);
    out->classes = names;
    out->n_classes = n + unknown.n;
    out->n_unknown = unknown.n;
    return HX_OK;
}

hx_status hx_problem_pick(const hx_problem *p, const size_t *rows, size_t n, hx_arena *arena,
                          hx_problem *out, hx_error *err) {
    hx_problem q = *p;
    const double *from[3] = {p->y, p->event, p->weights};
    double **to[3] = {&q.y, &q.event, &q.weights};
    q.n = n;
    if (!(q.x = hx_arena_alloc(arena, (n * p->d + 1) * sizeof *q.x))) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        memcpy(q.x + i * p->d, p->x + rows[i] * p->d, p->d * sizeof *q.x);
    for (size_t k = 0; k < 3; k++) {
        if (!from[k]) continue;
        if (!(*to[k] = hx_arena_alloc(arena, (n + 1) * sizeof **to[k]))) return no_memory(err);
        for (size_t i = 0; i < n; i++)
            (*to[k])[i] = from[k][rows[i]];
    }
    *out = q;
    return HX_OK;
}

hx_status hx_problem_plain(const hx_problem *p, hx_arena *arena, hx_problem *out, hx_error *err) {
    hx_problem q = *p;
    q.d = p->d - p->n_tokens;
    q.n_tokens = q.n_known = 0;
    if (p->n_tokens > 0) {
        if (!(q.x = hx_arena_alloc(arena, (p->n * q.d + 1) * sizeof *q.x))) return no_memory(err);
        for (size_t i = 0; i < p->n; i++)
            memcpy(q.x + i * q.d, p->x + i * p->d, q.d * sizeof *q.x);
    }
    *out = q;
    return HX_OK;
}
