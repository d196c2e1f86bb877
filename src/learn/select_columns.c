/* select_columns.c - the columns of a table in the forms that rankings need; see select.h.
 *
 * Levels of a text are its values that occur in five rows at least (a twentieth of the rows where that is less, but two), the 255 commonest of them; all
 * others are one level. A column in which values that common have less than a tenth of the rows is an identifier: what its values would tell is chance. Levels of numbers are their values where there are few, else tenths of the rows: the edges are the quantiles 0.1 to 0.9 (linear
 * interpolation, equal ones once), x is in the level of as many edges as lie below it. Infinite numbers count as missing. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "learn/select.h"

#define BLOCK ((size_t)4096)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to rank the columns");
}

/* ------------------------------------------------------------------ numbers */
static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many of the edges lie below v. */
static size_t edges_below(const double *edges, size_t n, double v) {
    size_t low = 0;
    while (low < n && edges[low] < v)
        low++;
    return low;
}

/* Different values of `sorted` (m), at most HX_SELECT_FEW of them; returns how many, or one more. */
static size_t few_values(const double *sorted, size_t m, double *values) {
    size_t n = 0;
    for (size_t i = 0; i < m; i++) {
        if (n > 0 && values[n - 1] == sorted[i]) continue;
        if (n == HX_SELECT_FEW) return n + 1;
        values[n++] = sorted[i];
    }
    return n;
}

/* The inner edges of ten parts with as many rows each, equal ones once; returns how many. */
static size_t tenths(const double *sorted, size_t m, double *edges) {
    size_t n = 0;
    for (size_t k = 1; k < HX_SELECT_BINS; k++) {
        const size_t at = k * (m - 1) / HX_SELECT_BINS, rest = k * (m - 1) % HX_SELECT_BINS;
        const double share = (double)rest / HX_SELECT_BINS;
        const double edge =
            rest == 0 ? sorted[at] : sorted[at] + (sorted[at + 1] - sorted[at]) * share;
        if (n == 0 || edge > edges[n - 1]) edges[n++] = edge;
    }
    return n;
}

size_t hx_select_levels_of(const double *x, size_t n, double *room, uint32_t *levels, bool *few) {
    double edges[HX_SELECT_FEW + HX_SELECT_BINS];
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(x[i])) room[m++] = x[i];
    qsort(room, m, sizeof *room, ascending);
    size_t n_edges = few_values(room, m, edges), n_levels = n_edges;
    *few = n_edges <= HX_SELECT_FEW;
    if (!*few) {
        n_edges = tenths(room, m, edges);
        n_levels = n_edges + (edges[n_edges - 1] < room[m - 1]);
    }
    for (size_t i = 0; i < n; i++)
        levels[i] = (uint32_t)(isnan(x[i]) ? n_levels : edges_below(edges, n_edges, x[i]));
    return n_levels + (m < n);
}

static bool has_spread(const double *x, size_t n) {
    double first = NAN;
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        if (isnan(first)) first = x[i];
        if (x[i] != first) return true;
    }
    return false;
}

static hx_status of_numbers(hx_select_data *d, hx_select_column *c, const hx_table *t,
                            size_t column, double *room, hx_error *err) {
    c->x = hx_arena_alloc(d->arena, (d->n + 1) * sizeof *c->x);
    if (!c->x) return no_memory(err);
    hx_table_numbers(t, column, 0, d->n, c->x);
    for (size_t i = 0; i < d->n; i++)
        if (isinf(c->x[i])) c->x[i] = NAN;
    c->n_levels = hx_select_levels_of(c->x, d->n, room, c->levels, &c->few);
    return HX_OK;
}

/* ------------------------------------------------------------------ texts */
typedef struct {
    hx_str value;
    size_t rows;
    uint32_t code;
} text_value;

static int commonest(const void *a, const void *b) {
    const text_value *x = a, *y = b;
    if (x->rows != y->rows) return x->rows < y->rows ? 1 : -1;
    return hx_str_compare(x->value, y->value);
}

size_t hx_select_least_rows(size_t n) {
    return n / 20 < 2 ? 2 : n / 20 > 5 ? 5 : n / 20;
}

/* map (n_values) from codes to levels; returns how many levels, without that of missing values; *repeated: rows of values that are common enough, *alone:
 * they are hardly any. */
static size_t map_values(text_value *v, size_t n, size_t least, uint32_t *map, size_t *n_values,
                         size_t *repeated, bool *alone) {
    size_t kept = 0, rows = 0;
    bool others = false;
    qsort(v, n, sizeof *v, commonest);
    *n_values = 0;
    for (size_t i = 0; i < n && v[i].rows > 0; i++, (*n_values)++) {
        const bool keeps = v[i].rows >= least && kept < HX_LEVELS_MAX - 1;
        map[v[i].code] = keeps ? (uint32_t)kept++ : UINT32_MAX;
        others = others || !keeps;
        rows += v[i].rows;
        if (v[i].rows >= least) *repeated += v[i].rows;
    }
    for (size_t i = 0; i < n; i++)
        if (map[v[i].code] == UINT32_MAX) map[v[i].code] = (uint32_t)kept;
    *alone = *n_values > 2 && *repeated * 10 < rows;
    return kept + others;
}

static void count_rows(const hx_table *t, size_t column, size_t n, uint32_t *codes, text_value *v) {
    hx_table_codes(t, column, 0, n, codes);
    for (size_t i = 0; i < n; i++)
        if (codes[i] != HX_CODE_MISSING) v[codes[i]].rows++;
}

/* 0 and 1 in bytewise order of the two values. */
static hx_status two_values(hx_select_data *d, hx_select_column *c, const text_value *v,
                            hx_error *err) {
    const uint32_t first = hx_str_compare(v[0].value, v[1].value) < 0 ? v[0].code : v[1].code;
    c->x = hx_arena_alloc(d->arena, (d->n + 1) * sizeof *c->x);
    if (!c->x) return no_memory(err);
    for (size_t i = 0; i < d->n; i++)
        c->x[i] = c->levels[i] == HX_CODE_MISSING ? NAN : c->levels[i] == first ? 0 : 1;
    return HX_OK;
}

static hx_status fill_texts(hx_select_data *d, hx_select_column *c, const hx_table *t,
                            size_t column, text_value *v, uint32_t *map, hx_error *err) {
    const size_t n = hx_table_column_at(t, column)->n_values;
    size_t n_values = 0;
    bool missing = false;
    for (uint32_t k = 0; k < n; k++)
        v[k] = (text_value){hx_table_value(t, column, k), 0, k};
    count_rows(t, column, d->n, c->levels, v);
    c->n_levels =
        map_values(v, n, hx_select_least_rows(d->n), map, &n_values, &c->repeated, &c->identifier);
    if (n_values == 2) HX_TRY(two_values(d, c, v, err));
    for (size_t i = 0; i < d->n; i++) {
        const bool none = c->levels[i] == HX_CODE_MISSING;
        missing = missing || none;
        c->levels[i] = none ? (uint32_t)c->n_levels : map[c->levels[i]];
    }
    c->few = true;
    c->n_levels += missing;
    return HX_OK;
}

static hx_status of_texts(hx_select_data *d, hx_select_column *c, const hx_table *t, size_t column,
                          hx_error *err) {
    const size_t n = hx_table_column_at(t, column)->n_values;
    text_value *v = calloc(n + 1, sizeof *v);
    uint32_t *map = calloc(n + 1, sizeof *map);
    hx_status st = v && map ? fill_texts(d, c, t, column, v, map, err) : no_memory(err);
    free(v);
    free(map);
    return st;
}

/* ------------------------------------------------------------------ all of them */
static hx_status target_of(hx_select_data *d, const hx_table *t, const char *target, double *room,
                           hx_error *err) {
    const size_t column = hx_table_find(t, hx_str_of(target));
    const bool text = hx_table_column_at(t, column)->kind == HX_KIND_TEXT;
    bool few = false;
    if (!(d->target = hx_arena_alloc(d->arena, (d->n + 1) * sizeof *d->target)))
        return no_memory(err);
    if (d->task == HX_TASK_REGRESSION) {
        d->y = d->problem.y;
        d->n_targets = hx_select_levels_of(d->y, d->n, room, d->target, &few);
        if (has_spread(d->y, d->n)) return HX_OK;
        return hx_fail(err, HX_EINVAL,
                       "the target '%s' has only one value: nothing can be told apart", target);
    }
    d->n_targets = d->problem.n_classes;
    for (size_t i = 0; i < d->n; i++)
        d->target[i] = (uint32_t)d->problem.y[i];
    if (d->n_targets == 2) d->y = d->problem.y;
    if (d->n_targets == 2 || text) return HX_OK;
    if (!(d->y = hx_arena_alloc(d->arena, (d->n + 1) * sizeof *d->y))) return no_memory(err);
    hx_table_numbers(t, column, 0, d->n, d->y);
    return HX_OK;
}

static hx_status column_of(hx_select_data *d, hx_select_column *c, const hx_table *t, double *room,
                           hx_error *err) {
    const size_t column = hx_table_find(t, hx_str_of(c->name));
    c->kind = hx_table_column_at(t, column)->kind;
    c->levels = hx_arena_alloc(d->arena, (d->n + 1) * sizeof *c->levels);
    if (!c->levels) return no_memory(err);
    HX_TRY(c->kind == HX_KIND_TEXT ? of_texts(d, c, t, column, err)
                                   : of_numbers(d, c, t, column, room, err));
    c->spread = c->x && has_spread(c->x, d->n);
    c->tells = c->n_levels > 1 && !c->identifier;
    return HX_OK;
}

hx_status hx_select_columns_of(hx_select_data *d, const hx_table *t, const char *target,
                               const hx_design *design, const bool *skip, hx_error *err) {
    size_t n = 0;
    const char *const *names = hx_design_columns(design, &n);
    double *room = calloc(d->n + 1, sizeof *room);
    d->columns = hx_arena_alloc(d->arena, (n + 1) * sizeof *d->columns);
    hx_status st = room && d->columns ? target_of(d, t, target, room, err) : no_memory(err);
    for (size_t i = 0; i < n && st == HX_OK; i++) {
        if (skip[i]) continue;
        hx_select_column *c = &d->columns[d->n_columns++];
        c->name = names[i];
        c->design = i;
        st = column_of(d, c, t, room, err);
    }
    free(room);
    return st;
}

/* Features [first, end) of one column: all but the commonest go to the first of the others. rows (d): how many each has; is forgotten. */
static void merge_rare(size_t *merge, double *rows, size_t first, size_t end) {
    for (size_t k = 0; k + 1 < HX_SELECT_DUMMIES; k++) {
        size_t best = first;
        for (size_t j = first; j < end; j++)
            if (rows[j] > rows[best]) best = j;
        rows[best] = -1; /* stays */
    }
    size_t rest = end;
    for (size_t j = first; j < end; j++) {
        if (rows[j] < 0) continue;
        if (rest == end) rest = j;
        merge[j] = rest;
    }
}

hx_status hx_select_merge_of(hx_select_data *d, const hx_problem *p, hx_error *err) {
    size_t *merge = hx_arena_alloc(d->arena, (p->d + 1) * sizeof *merge);
    double *rows = hx_arena_alloc(d->arena, (p->d + 1) * sizeof *rows);
    if (!merge || !rows) return no_memory(err);
    for (size_t j = 0; j < p->d; j++)
        merge[j] = j;
    d->merge = merge;
    if (p->d <= HX_SELECT_TREE_FEATURES) return HX_OK;
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->d; j++)
            rows[j] += p->x[i * p->d + j];
    for (size_t first = 0, end; first < p->d; first = end) {
        for (end = first + 1; end < p->d && p->columns[end] == p->columns[first];)
            end++;
        if (end - first <= HX_SELECT_DUMMIES) continue;
        merge_rare(merge, rows, first, end);
        d->merged = true;
    }
    return HX_OK;
}

hx_status hx_select_features_of(const hx_problem *p, const bool *use, const size_t *merge,
                                hx_arena *arena, hx_problem *out, hx_error *err) {
    hx_problem q = *p;
    size_t *columns = hx_arena_alloc(arena, (p->d + 1) * sizeof *columns);
    size_t *to = hx_arena_alloc(arena, (p->d + 1) * sizeof *to);
    const char **names = hx_arena_alloc(arena, (p->d + 1) * sizeof *names);
    if (!columns || !to || !names) return no_memory(err);
    q.d = 0;
    for (size_t j = 0; j < p->d; j++) {
        if (!use[p->columns[j]]) continue;
        if (merge && merge[j] != j) { /* it stands before */
            to[j] = to[merge[j]];
            continue;
        }
        columns[q.d] = p->columns[j];
        names[q.d] = p->names[j];
        to[j] = q.d++;
    }
    if (!(q.x = hx_arena_alloc(arena, (p->n * q.d + 1) * sizeof *q.x))) return no_memory(err);
    for (size_t i = 0; i < p->n; i++)
        for (size_t j = 0; j < p->d; j++) {
            const double v = p->x[i * p->d + j];
            if (use[p->columns[j]]) q.x[i * q.d + to[j]] += isinf(v) ? NAN : v;
        }
    q.columns = columns;
    q.names = names;
    q.levels = NULL;
    *out = q;
    return HX_OK;
}
