/* features.c - times of a column, and who did what in which order; see features.h.
 *
 *     rows -> groups of equal keys -> rows of a group in order of time
 *
 * Times of a text column are read once for each value of its dictionary. Sorting is stable: rows of one time stay in the order of the table. */
#include "frame/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"

#define BLOCK 4096
#define MS_SECOND 1000.0
#define DURATION_MAX 1e6 /* of any unit */

/* ------------------------------------------------------------------ times */
static hx_status times_of_texts(const hx_table *t, size_t column, const hx_time_zone *zone,
                                hx_arena *room, double *out, hx_error *err) {
    const size_t n = hx_table_rows(t), n_values = hx_table_column_at(t, column)->n_values;
    double *known = NULL;
    uint32_t codes[BLOCK];
    HX_TRY(hx_step_array(room, n_values, sizeof *known, &known, err));
    for (uint32_t k = 0; k < n_values; k++) {
        int64_t ms = 0;
        const hx_str text = hx_table_value(t, column, k);
        const bool good = hx_parse_time(text, HX_DATE_ORDER_AUTO, false, zone, &ms, NULL) == HX_OK;
        known[k] = good ? (double)ms : NAN;
    }
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t some = n - i < BLOCK ? n - i : BLOCK;
        hx_table_codes(t, column, i, some, codes);
        for (size_t j = 0; j < some; j++)
            out[i + j] = codes[j] == HX_CODE_MISSING ? NAN : known[codes[j]];
    }
    return HX_OK;
}

hx_status hx_feature_times(const hx_table *t, hx_str name, const hx_time_zone *zone, hx_arena *room,
                           double **values, size_t *bad, hx_error *err) {
    size_t column = 0;
    const size_t n = hx_table_rows(t);
    HX_TRY(hx_step_column(t, name, &column, err));
    HX_TRY(hx_step_array(room, n, sizeof **values, values, err));
    const hx_kind kind = hx_table_column_at(t, column)->kind;
    *bad = 0;
    if (kind != HX_KIND_TEXT && kind != HX_KIND_TIME && hx_table_column_at(t, column)->missing < n)
        return hx_fail(err, HX_EINVAL, "column '%.*s' holds no times", HX_STR_ARG(name));
    if (kind != HX_KIND_TEXT) {
        hx_table_numbers(t, column, 0, n, *values);
        return HX_OK;
    }
    HX_TRY(times_of_texts(t, column, zone, room, *values, err));
    for (size_t i = 0; i < n; i++)
        *bad += isnan((*values)[i]) != 0;
    *bad -= hx_table_column_at(t, column)->missing;
    return HX_OK;
}

/* ------------------------------------------------------------------ timelines */
typedef struct {
    double time;
    size_t row;
} moment;

static int by_time(const void *a, const void *b) {
    const moment *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool is_keyless(const hx_table *t, const size_t *columns, size_t n, size_t row) {
    for (size_t i = 0; i < n; i++)
        if (hx_table_is_missing(t, columns[i], row)) return true;
    return false;
}

static hx_status leave_out(const hx_table *t, hx_names by, const double *times, uint32_t *of_row,
                           hx_arena *room, hx_error *err) {
    size_t *columns = NULL;
    HX_TRY(hx_step_array(room, by.n, sizeof *columns, &columns, err));
    for (size_t i = 0; i < by.n; i++)
        HX_TRY(hx_step_column(t, by.names[i], &columns[i], err));
    for (size_t i = 0; i < hx_table_rows(t); i++)
        if (isnan(times[i]) || is_keyless(t, columns, by.n, i)) of_row[i] = HX_GROUP_NONE;
    return HX_OK;
}

static hx_status sort_groups(hx_timelines *l, size_t n, hx_arena *room, hx_error *err) {
    moment *moments = NULL;
    HX_TRY(hx_step_array(room, n, sizeof *moments, &moments, err));
    for (size_t g = 0; g < l->groups.n; g++) {
        const size_t first = l->start[g], count = l->start[g + 1] - first;
        for (size_t i = 0; i < count; i++)
            moments[i] = (moment){l->times[l->rows[first + i]], l->rows[first + i]};
        if (count > 1) qsort(moments, count, sizeof *moments, by_time);
        for (size_t i = 0; i < count; i++)
            l->rows[first + i] = moments[i].row;
    }
    return HX_OK;
}

hx_status hx_timelines_find(const hx_table *t, hx_names by, hx_str time, hx_arena *room,
                            hx_timelines *out, hx_error *err) {
    uint32_t *of_row = NULL;
    *out = (hx_timelines){0};
    HX_TRY(hx_feature_times(t, time, NULL, room, &out->times, &out->bad, err));
    HX_TRY(hx_groups_find(t, by, room, room, &out->groups, &of_row, err));
    HX_TRY(leave_out(t, by, out->times, of_row, room, err));
    HX_TRY(hx_groups_sort(of_row, hx_table_rows(t), out->groups.n, room, &out->rows, &out->start,
                          err));
    return sort_groups(out, hx_table_rows(t), room, err);
}

/* ------------------------------------------------------------------ small change */
hx_status hx_feature_column(size_t n, hx_arena *room, double **out, hx_error *err) {
    HX_TRY(hx_step_array(room, n, sizeof **out, out, err));
    for (size_t i = 0; i < n; i++)
        (*out)[i] = NAN;
    return HX_OK;
}

static double unit_of(char letter) {
    switch (letter) {
    case 's':
        return MS_SECOND;
    case 'm':
        return 60 * MS_SECOND;
    case 'h':
        return 3600 * MS_SECOND;
    case 'd':
        return (double)HX_DAY_MS;
    case 'w':
        return 7 * (double)HX_DAY_MS;
    default:
        return 0;
    }
}

hx_status hx_feature_duration(hx_str text, const char *key, double *ms, hx_error *err) {
    double unit = (double)HX_DAY_MS;
    hx_str digits = text;
    if (text.len > 0 && unit_of(text.ptr[text.len - 1]) > 0) {
        unit = unit_of(text.ptr[text.len - 1]);
        digits.len--;
    }
    const double v = hx_double_of(digits);
    if (!(v > 0) || !(v <= DURATION_MAX))
        return hx_fail(err, HX_EINVAL,
                       "'%s' has to be a duration such as 90s, 30m, 12h, 30d or 2w, not '%.*s'",
                       key, HX_STR_ARG(text));
    *ms = v * unit;
    return HX_OK;
}
