/* leak_check.c - which features know the future: columns that change when later rows are taken away.
 *
 *     steps on all rows                  -> features
 *     steps on the rows up to a cut      -> features of the same rows: a column that differs knew of rows behind the cut
 *
 * Cuts stand at each tenth of the times there are. Steps are fitted anew for each, so that what is learnt from later rows (means,
 * ranges) shows too; files of the step "join" lose their later rows as well. Rows are kept by all steps, so that they can be compared one by one. Numbers
 * differ where they are more than 1e-9 of the larger apart: sums over other rows round otherwise. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "frame/features.h"

#define TOLERANCE 1e-9
#define N_CUTS 9
#define JSON_BYTES_MAX ((size_t)16 << 20)

typedef struct {
    const hx_table *t;
    json_t *steps; /* owned */
    const hx_recipe_run *run;
    double *times; /* [rows] */
    hx_arena *arena, *room;
    hx_table *all; /* the table with features; owned */
    hx_leak *leaks; /* [columns of all] */
} job;

/* The steps on these rows. */
static hx_status make(const job *j, const size_t *rows, size_t n, hx_table **out, hx_error *err) {
    hx_recipe *r = NULL;
    hx_recipe_run run = j->run != NULL ? *j->run : (hx_recipe_run){0};
    char *text = json_dumps(j->steps, JSON_COMPACT | JSON_REAL_PRECISION(17));
    if (text == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    run.keep_rows = true;
    hx_status status = hx_recipe_open(&r, hx_str_of(text), NULL, 0, err);
    if (status == HX_OK) status = hx_table_pick(out, j->t, rows, n, err);
    if (status == HX_OK) status = hx_recipe_fit(r, *out, &run, err);
    if (status == HX_OK && hx_table_rows(*out) != n)
        status = hx_fail(err, HX_EINVAL,
                         "steps that remove rows can't be checked for leaks: rows are compared one "
                         "by one");
    hx_recipe_free(r);
    free(text);
    return status;
}

/* ------------------------------------------------------------------ comparing */
static bool same_cell(const hx_table *a, size_t column_a, size_t row_a, const hx_table *b,
                      size_t column_b, size_t row_b) {
    char room_a[64], room_b[64];
    const hx_kind kind = hx_table_column_at(a, column_a)->kind;
    if (kind != hx_table_column_at(b, column_b)->kind)
        return hx_table_is_missing(a, column_a, row_a) && hx_table_is_missing(b, column_b, row_b);
    if (kind == HX_KIND_TEXT)
        return hx_str_equal(hx_table_cell(a, row_a, column_a, room_a),
                            hx_table_cell(b, row_b, column_b, room_b));
    double x = 0, y = 0;
    hx_table_numbers(a, column_a, row_a, 1, &x);
    hx_table_numbers(b, column_b, row_b, 1, &y);
    if (isnan(x) || isnan(y)) return isnan(x) && isnan(y);
    return x == y || fabs(x - y) <= TOLERANCE * fmax(fabs(x), fabs(y));
}

static void compare(job *j, const hx_table *part, const size_t *rows, size_t n) {
    for (size_t c = 0; c < hx_table_columns(j->all); c++) {
        hx_leak *leak = &j->leaks[c];
        const size_t column = hx_table_find(part, hx_table_column_at(j->all, c)->name);
        for (size_t i = 0; i < n; i++) {
            leak->compared++;
            if (column != HX_COLUMN_NONE && same_cell(j->all, c, rows[i], part, column, i))
                continue;
            if (leak->changed == 0 || rows[i] < leak->first_row) leak->first_row = rows[i];
            leak->changed++;
        }
    }
}

static hx_status cut_at(job *j, double cut, hx_error *err) {
    size_t *rows = NULL, n = 0;
    hx_table *part = NULL;
    size_t i = 0;
    json_t *step = NULL;
    json_array_foreach(j->steps, i, step) {
        const char *name = json_string_value(json_object_get(step, "step"));
        if (name != NULL && strcmp(name, "join") == 0)
            json_object_set_new(step, "until", json_real(cut));
    }
    HX_TRY(hx_step_array(j->room, hx_table_rows(j->t), sizeof *rows, &rows, err));
    for (size_t row = 0; row < hx_table_rows(j->t); row++)
        if (j->times[row] <= cut) rows[n++] = row;
    const hx_status status = make(j, rows, n, &part, err);
    if (status == HX_OK) compare(j, part, rows, n);
    hx_table_free(part);
    return status;
}

/* ------------------------------------------------------------------ the check */
static hx_status make_all(job *j, hx_error *err) {
    size_t *rows = NULL;
    const size_t n = hx_table_rows(j->t);
    HX_TRY(hx_step_array(j->room, n, sizeof *rows, &rows, err));
    for (size_t i = 0; i < n; i++)
        rows[i] = i;
    HX_TRY(make(j, rows, n, &j->all, err));
    const size_t n_columns = hx_table_columns(j->all);
    HX_TRY(hx_step_array(j->arena, n_columns, sizeof *j->leaks, &j->leaks, err));
    for (size_t c = 0; c < n_columns; c++) {
        j->leaks[c].column = hx_arena_str(j->arena, hx_table_column_at(j->all, c)->name);
        if (j->leaks[c].column.ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

static hx_status check(job *j, hx_str time, hx_error *err) {
    size_t bad = 0;
    double *sorted = NULL;
    const size_t n = hx_table_rows(j->t);
    HX_TRY(hx_feature_times(j->t, time, NULL, j->room, &j->times, &bad, err));
    HX_TRY(make_all(j, err));
    HX_TRY(hx_step_array(j->room, n, sizeof *sorted, &sorted, err));
    if (n > 0) memcpy(sorted, j->times, n * sizeof *sorted);
    const size_t known = hx_drop_missing(sorted, n);
    hx_sort_reals(sorted, known);
    for (size_t k = 1; k <= N_CUTS && known > 0; k++)
        HX_TRY(cut_at(j, sorted[(known - 1) * k / (N_CUTS + 1)], err));
    return HX_OK;
}

hx_status hx_recipe_leaks(hx_str steps, const hx_table *t, hx_str time, const hx_recipe_run *run,
                          hx_arena *arena, hx_leak **out, size_t *n, hx_error *err) {
    job j = {.t = t, .run = run, .arena = arena};
    HX_TRY(hx_json_parse(steps, JSON_BYTES_MAX, "recipe", &j.steps, err));
    j.room = hx_step_room();
    const hx_status status =
        j.room != NULL ? check(&j, time, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    *n = 0;
    for (size_t c = 0; status == HX_OK && c < hx_table_columns(j.all); c++)
        if (j.leaks[c].changed > 0) j.leaks[(*n)++] = j.leaks[c];
    *out = j.leaks;
    hx_table_free(j.all);
    hx_arena_free(j.room);
    json_decref(j.steps);
    return status;
}
