/* drift_profile.c - what is kept of a table so that a later one can be compared with it: see drift.h.
 *
 *     numbers -> sorted -> points with the rows below and up to each        texts -> rows of each value, the commonest first
 *
 * A profile holds no row of the table, but it does hold values: at most HX_PROFILE_POINTS numbers and HX_PROFILE_VALUES texts a column. Where a
 * column has no more different numbers than that the distribution is kept exactly, else at ranks of equal distance. Written as JSON by
 * columns of equal length, read with caps, since profiles come back from files. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "frame/drift.h"
#include "frame/step.h"

#define BLOCK 4096
#define COLUMNS_MAX HX_COLUMNS_MAX

static int compare_numbers(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double *hx_drift_sorted(const hx_table *t, size_t column, size_t *n) {
    const size_t rows = hx_table_rows(t);
    double *out = calloc(rows + 1, sizeof *out), block[BLOCK];
    *n = 0;
    for (size_t at = 0; out != NULL && at < rows; at += BLOCK) {
        const size_t k = rows - at < BLOCK ? rows - at : BLOCK;
        hx_table_numbers(t, column, at, k, block);
        for (size_t i = 0; i < k; i++)
            if (block[i] == block[i]) out[(*n)++] = block[i];
    }
    if (out != NULL) qsort(out, *n, sizeof *out, compare_numbers);
    return out;
}

size_t *hx_drift_counts(const hx_table *t, size_t column) {
    const hx_table_column *about = hx_table_column_at(t, column);
    const size_t rows = hx_table_rows(t);
    const bool is_text = about->kind == HX_KIND_TEXT;
    size_t *out = calloc((is_text ? about->n_values : 2) + 1, sizeof *out);
    uint32_t codes[BLOCK];
    double block[BLOCK];
    for (size_t at = 0; out != NULL && at < rows; at += BLOCK) {
        const size_t k = rows - at < BLOCK ? rows - at : BLOCK;
        if (is_text)
            hx_table_codes(t, column, at, k, codes);
        else
            hx_table_numbers(t, column, at, k, block);
        for (size_t i = 0; i < k; i++) {
            if (is_text && codes[i] != HX_CODE_MISSING) out[codes[i]]++;
            if (!is_text && block[i] == block[i]) out[block[i] != 0]++;
        }
    }
    return out;
}

/* ------------------------------------------------------------------ taking */
static bool allot_points(hx_profile_column *p, size_t n, hx_arena *arena) {
    p->points = hx_arena_alloc(arena, (n + 1) * sizeof *p->points);
    p->below = hx_arena_alloc(arena, (n + 1) * sizeof *p->below);
    p->up_to = hx_arena_alloc(arena, (n + 1) * sizeof *p->up_to);
    return p->points != NULL && p->below != NULL && p->up_to != NULL;
}

static void put_point(hx_profile_column *p, const double *v, size_t n, size_t at) {
    size_t first = at, last = at;
    if (p->n > 0 && p->points[p->n - 1] == v[at]) return;
    while (first > 0 && v[first - 1] == v[at])
        first--;
    while (last + 1 < n && v[last + 1] == v[at])
        last++;
    p->points[p->n] = v[at];
    p->below[p->n] = first;
    p->up_to[p->n++] = last + 1;
}

static bool take_numbers(hx_profile_column *p, const hx_table *t, size_t column, hx_arena *arena) {
    size_t n = 0;
    double *v = hx_drift_sorted(t, column, &n);
    if (v == NULL || !allot_points(p, HX_PROFILE_POINTS, arena)) {
        free(v);
        return false;
    }
    if (p->unique <= HX_PROFILE_POINTS) {
        for (size_t i = 0; i < n; i = p->up_to[p->n - 1])
            put_point(p, v, n, i);
    } else {
        for (size_t i = 0; i < HX_PROFILE_POINTS; i++)
            put_point(p, v, n, (size_t)((double)i / (HX_PROFILE_POINTS - 1) * (double)(n - 1)));
    }
    free(v);
    return true;
}

typedef struct {
    size_t rows, code;
} counted;

static int compare_counted(const void *a, const void *b) {
    const counted *x = a, *y = b;
    if (x->rows != y->rows) return x->rows < y->rows ? 1 : -1;
    return (x->code > y->code) - (x->code < y->code);
}

static hx_str value_of(const hx_table *t, size_t column, size_t code) {
    if (hx_table_column_at(t, column)->kind != HX_KIND_TEXT)
        return hx_str_of(code != 0 ? "true" : "false");
    return hx_table_value(t, column, (uint32_t)code);
}

static bool keep_commonest(hx_profile_column *p, const hx_table *t, size_t column,
                           const counted *list, size_t n, hx_arena *arena) {
    p->n = n < HX_PROFILE_VALUES ? n : HX_PROFILE_VALUES;
    p->values = hx_arena_alloc(arena, (p->n + 1) * sizeof *p->values);
    p->rows = hx_arena_alloc(arena, (p->n + 1) * sizeof *p->rows);
    if (p->values == NULL || p->rows == NULL) return false;
    for (size_t i = 0; i < p->n; i++) {
        p->values[i] = hx_arena_str(arena, value_of(t, column, list[i].code));
        p->rows[i] = list[i].rows;
        if (p->values[i].ptr == NULL) return false;
    }
    return true;
}

static bool take_texts(hx_profile_column *p, const hx_table *t, size_t column, hx_arena *arena) {
    const hx_table_column *about = hx_table_column_at(t, column);
    const size_t codes = about->kind == HX_KIND_TEXT ? about->n_values : 2;
    size_t *counts = hx_drift_counts(t, column), n = 0;
    counted *list = calloc(codes + 1, sizeof *list);
    bool good = counts != NULL && list != NULL;
    for (size_t i = 0; good && i < codes; i++) {
        if (counts[i] == 0) continue;
        p->singles += counts[i] == 1;
        list[n++] = (counted){counts[i], i};
    }
    if (good) {
        qsort(list, n, sizeof *list, compare_counted);
        p->unique = n;
        good = keep_commonest(p, t, column, list, n, arena);
    }
    free(counts);
    free(list);
    return good;
}

hx_status hx_profile_take(const hx_table *t, size_t n_threads, hx_arena *arena,
                          hx_profile_table *out, hx_error *err) {
    hx_description *d = NULL;
    HX_TRY(hx_table_describe(t, n_threads, arena, &d, err));
    *out = (hx_profile_table){hx_table_rows(t), hx_table_columns(t), NULL};
    out->columns = hx_arena_alloc(arena, (out->n + 1) * sizeof *out->columns);
    if (out->columns == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t c = 0; c < out->n; c++) {
        const hx_table_column *about = hx_table_column_at(t, c);
        const bool is_number = about->kind == HX_KIND_NUMBER || about->kind == HX_KIND_TIME;
        hx_profile_column *p = &out->columns[c];
        *p = (hx_profile_column){.name = hx_arena_str(arena, about->name),
                                 .kind = about->kind,
                                 .count = d[c].count,
                                 .missing = d[c].missing,
                                 .unique = d[c].unique,
                                 .mean = d[c].mean,
                                 .std = d[c].std,
                                 .min = d[c].min,
                                 .max = d[c].max};
        if (p->name.ptr == NULL ||
            !(is_number ? take_numbers(p, t, c, arena) : take_texts(p, t, c, arena)))
            return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

const hx_profile_column *hx_profile_find(const hx_profile_table *p, hx_str name) {
    for (size_t i = 0; i < p->n; i++)
        if (hx_str_equal(p->columns[i].name, name)) return &p->columns[i];
    return NULL;
}

/* ------------------------------------------------------------------ JSON */
static void put_counts(hx_json_writer *w, const char *key, const size_t *v, size_t n) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_int(w, (int64_t)v[i]);
    hx_json_end_array(w);
}

static void put_count(hx_json_writer *w, const char *key, size_t v) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)v);
}

static void put_figure(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

static void put_numbers(const hx_profile_column *p, hx_json_writer *w) {
    hx_json_key(w, "points");
    hx_json_array(w);
    for (size_t i = 0; i < p->n; i++)
        hx_json_double(w, p->points[i]);
    hx_json_end_array(w);
    put_counts(w, "below", p->below, p->n);
    put_counts(w, "up_to", p->up_to, p->n);
}

static void put_texts(const hx_profile_column *p, hx_json_writer *w) {
    put_count(w, "singles", p->singles);
    hx_json_key(w, "values");
    hx_json_array(w);
    for (size_t i = 0; i < p->n; i++)
        hx_json_str(w, p->values[i]);
    hx_json_end_array(w);
    put_counts(w, "rows", p->rows, p->n);
}

void hx_profile_put(const hx_profile_table *table, hx_json_writer *w) {
    hx_json_object(w);
    put_count(w, "rows", table->rows);
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t c = 0; c < table->n; c++) {
        const hx_profile_column *p = &table->columns[c];
        hx_json_object(w);
        hx_json_key(w, "name");
        hx_json_str(w, p->name);
        hx_json_key(w, "kind");
        hx_json_cstr(w, hx_kind_name(p->kind));
        put_count(w, "count", p->count);
        put_count(w, "missing", p->missing);
        put_count(w, "unique", p->unique);
        put_figure(w, "mean", p->mean);
        put_figure(w, "std", p->std);
        put_figure(w, "min", p->min);
        put_figure(w, "max", p->max);
        if (p->points != NULL)
            put_numbers(p, w);
        else
            put_texts(p, w);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status get_count(const json_t *o, const char *key, size_t *out, hx_error *err) {
    int64_t n = 0;
    HX_TRY(hx_step_count(o, key, 0, 0, HX_TABLE_ROWS_MAX, &n, err));
    *out = (size_t)n;
    return HX_OK;
}

static hx_status broken(hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "the profile is damaged: its lists do not fit each other");
}

/* A list of counts as long as the others, none above `most`. */
static hx_status get_counts(const json_t *o, const char *key, size_t n, size_t most,
                            hx_arena *arena, size_t **out, hx_error *err) {
    const json_t *list = json_object_get(o, key);
    if (!json_is_array(list) || json_array_size(list) != n) return broken(err);
    *out = hx_arena_alloc(arena, (n + 1) * sizeof **out);
    if (*out == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_integer(v) || json_integer_value(v) < 0 ||
            (uint64_t)json_integer_value(v) > most)
            return broken(err);
        (*out)[i] = (size_t)json_integer_value(v);
    }
    return HX_OK;
}

static hx_status get_numbers(const json_t *o, hx_profile_column *p, hx_arena *arena,
                             hx_error *err) {
    const json_t *list = json_object_get(o, "points");
    p->n = json_array_size(list);
    if (!json_is_array(list) || p->n > HX_PROFILE_POINTS) return broken(err);
    p->points = hx_arena_alloc(arena, (p->n + 1) * sizeof *p->points);
    if (p->points == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < p->n; i++) {
        const json_t *v = json_array_get(list, i);
        /* infinities are null in JSON: they can only be the outermost */
        p->points[i] = json_is_number(v) ? json_number_value(v) : i == 0 ? -INFINITY : INFINITY;
        if (i > 0 && !(p->points[i] > p->points[i - 1])) return broken(err);
    }
    HX_TRY(get_counts(o, "below", p->n, p->count, arena, &p->below, err));
    return get_counts(o, "up_to", p->n, p->count, arena, &p->up_to, err);
}

static hx_status get_texts(const json_t *o, hx_profile_column *p, hx_arena *arena, hx_error *err) {
    const json_t *list = json_object_get(o, "values");
    p->n = json_array_size(list);
    if (!json_is_array(list) || p->n > HX_PROFILE_VALUES) return broken(err);
    HX_TRY(get_count(o, "singles", &p->singles, err));
    p->values = hx_arena_alloc(arena, (p->n + 1) * sizeof *p->values);
    if (p->values == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < p->n; i++) {
        const json_t *v = json_array_get(list, i);
        if (!json_is_string(v)) return broken(err);
        p->values[i] = hx_arena_str(arena, (hx_str){json_string_value(v), json_string_length(v)});
        if (p->values[i].ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return get_counts(o, "rows", p->n, p->count, arena, &p->rows, err);
}

static hx_status get_column(const json_t *o, hx_arena *arena, hx_profile_column *p, hx_error *err) {
    static const char *const kinds[] = {"number", "time", "boolean", "text", NULL};
    int kind = HX_KIND_TEXT;
    hx_str name;
    HX_TRY(hx_step_text(o, "name", NULL, &name, err));
    HX_TRY(hx_step_choice(o, "kind", kinds, kind, &kind, err));
    p->name = hx_arena_str(arena, name);
    if (p->name.ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    p->kind = (hx_kind)kind;
    HX_TRY(get_count(o, "count", &p->count, err));
    HX_TRY(get_count(o, "missing", &p->missing, err));
    HX_TRY(get_count(o, "unique", &p->unique, err));
    HX_TRY(hx_step_number(o, "mean", NAN, &p->mean, err));
    HX_TRY(hx_step_number(o, "std", NAN, &p->std, err));
    HX_TRY(hx_step_number(o, "min", NAN, &p->min, err));
    HX_TRY(hx_step_number(o, "max", NAN, &p->max, err));
    return kind == HX_KIND_NUMBER || kind == HX_KIND_TIME ? get_numbers(o, p, arena, err)
                                                          : get_texts(o, p, arena, err);
}

hx_status hx_profile_get(const json_t *object, hx_arena *arena, hx_profile_table *out,
                         hx_error *err) {
    const json_t *list = json_object_get(object, "columns");
    *out = (hx_profile_table){0, json_array_size(list), NULL};
    if (!json_is_array(list) || out->n > COLUMNS_MAX) return broken(err);
    HX_TRY(get_count(object, "rows", &out->rows, err));
    out->columns = hx_arena_alloc(arena, (out->n + 1) * sizeof *out->columns);
    if (out->columns == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < out->n; i++) {
        out->columns[i] = (hx_profile_column){.kind = HX_KIND_NUMBER};
        HX_TRY(get_column(json_array_get(list, i), arena, &out->columns[i], err));
    }
    return HX_OK;
}
