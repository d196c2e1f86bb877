/* step_outliers.c - the step "outliers": values far from the rest flagged, brought back, made missing, or their rows removed.
 *
 *     method   bounds                                                       factor
 *     iqr      q25 - f (q75 - q25), q75 + f (q75 - q25)   (Tukey 1977)        1.5
 *     z        mean - f std, mean + f std                 (sample)            3
 *     mad      median - f 1.4826 m, median + f 1.4826 m, m the median of |v - median|   (Iglewicz, Hoaglin 1993)   3.5
 *
 *     action   flag: a true/false column NAME_outlier; clip: the bound instead; missing: no value; remove: the row goes
 *
 * Bounds are learnt from finite values, per group with "by" (a group that was not seen takes those of the whole table). A column or group
 * without spread has no bounds: nothing in it is an outlier. A missing value is none; infinities are. Rows that are unlike the others in all columns
 * together are found by the step "isolation" of src/learn. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "frame/step_fit.h"

#define NORMAL_MAD 1.482602218505602 /* 1 / the 0.75 quantile of the normal distribution */
#define NAME_BYTES 1024

typedef enum { IQR = 0, Z, MAD, ISOLATION } method;
typedef enum { FLAG = 0, CLIP, MISSING, REMOVE } action;

typedef struct {
    hx_names names, by;
    int method, action;
    double factor;
    hx_names columns; /* learnt */
    hx_groups groups;
    double *bounds; /* (columns.n, groups + 1, 2), NaN = none; the last group is the whole table */
} outliers;

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    static const char *const methods[] = {"iqr", "z", "mad", "isolation", NULL};
    static const char *const actions[] = {"flag", "clip", "missing", "remove", NULL};
    static const double factors[] = {1.5, 3, 3.5};
    outliers *s = state;
    HX_TRY(hx_step_names(spec, "columns", arena, &s->names, err));
    HX_TRY(hx_step_names(spec, "by", arena, &s->by, err));
    HX_TRY(hx_step_choice(spec, "method", methods, IQR, &s->method, err));
    if (s->method == ISOLATION)
        return hx_fail(err, HX_EINVAL,
                       "the method 'isolation' is a step of its own: {\"step\":\"isolation\"}");
    HX_TRY(hx_step_choice(spec, "action", actions, FLAG, &s->action, err));
    HX_TRY(hx_step_number(spec, "factor", factors[s->method], &s->factor, err));
    if (!(s->factor > 0)) return hx_fail(err, HX_EINVAL, "'factor' has to be above 0");
    return HX_OK;
}

/* ------------------------------------------------------------------ learning */
/* Bounds of values; v is moved about. */
static void bounds_of(const outliers *s, double *v, size_t n, double out[2]) {
    double low = 0, high = 0, spread = 0;
    if (s->method == IQR) {
        low = hx_quantile(v, n, 0.25);
        high = hx_quantile(v, n, 0.75);
        spread = high - low;
    } else if (s->method == Z) {
        double squares = 0;
        hx_mean_squares(v, n, &low, &squares);
        high = low;
        spread = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
    } else {
        low = high = hx_median(v, n);
        for (size_t i = 0; i < n; i++)
            v[i] = fabs(v[i] - low);
        spread = NORMAL_MAD * hx_median(v, n);
    }
    const bool some = n > 0 && spread > 0;
    out[0] = some ? low - s->factor * spread : (double)NAN;
    out[1] = some ? high + s->factor * spread : (double)NAN;
}

typedef struct {
    outliers *s;
    const hx_table *t;
    const size_t *columns, *rows, *start;
} fitting;

static hx_status fit_column(void *context, size_t i, size_t worker, hx_error *err) {
    const fitting *f = context;
    const outliers *s = f->s;
    const size_t groups = s->groups.n, n = hx_table_rows(f->t);
    double *v = NULL, *part = NULL, *out = s->bounds + i * (groups + 1) * 2;
    hx_arena *room = hx_step_room();
    (void)worker;
    hx_status status = hx_step_values(f->t, f->columns[i], room, &v, err);
    if (status == HX_OK) status = hx_step_array(room, n, sizeof *part, &part, err);
    for (size_t g = 0; g <= groups && status == HX_OK; g++) {
        const size_t first = g < groups ? f->start[g] : 0, last = g < groups ? f->start[g + 1] : n;
        size_t count = 0;
        for (size_t k = first; k < last; k++) {
            const double value = v[g < groups ? f->rows[k] : k];
            if (isfinite(value)) part[count++] = value;
        }
        bounds_of(s, part, count, out + 2 * g);
    }
    hx_arena_free(room);
    return status;
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    outliers *s = state;
    size_t *columns = NULL, n = 0, kept = 0, *rows = NULL, *start = NULL;
    uint32_t *of_row = NULL;
    HX_TRY(hx_step_columns_of(t, s->names, HX_KINDS_NUMBER, arena, &columns, &n, err));
    for (size_t i = 0; i < n; i++) {
        bool grouping = false;
        for (size_t k = 0; k < s->by.n && s->names.n == 0; k++)
            grouping =
                grouping || hx_str_equal(s->by.names[k], hx_table_column_at(t, columns[i])->name);
        if (!grouping) columns[kept++] = columns[i];
    }
    HX_TRY(hx_step_names_of(t, columns, kept, arena, &s->columns, err));
    hx_arena *room = hx_step_room();
    hx_status status = hx_groups_find(t, s->by, arena, room, &s->groups, &of_row, err);
    if (status == HX_OK)
        status = hx_groups_sort(of_row, hx_table_rows(t), s->groups.n, room, &rows, &start, err);
    if (status == HX_OK)
        status =
            hx_step_array(arena, kept * (s->groups.n + 1) * 2, sizeof(double), &s->bounds, err);
    fitting f = {s, t, columns, rows, start};
    if (status == HX_OK) status = hx_pool_run(run->run.n_threads, kept, fit_column, &f, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ applying */
typedef struct {
    const outliers *s;
    hx_table *t;
    uint32_t *of_row;
    double *v, *flags; /* [rows] */
    bool *keep; /* [rows] */
    size_t n, found;
} work;

static hx_status run_column(work *k, size_t i, hx_error *err) {
    const outliers *s = k->s;
    const double *bounds = s->bounds + i * (s->groups.n + 1) * 2;
    const hx_str name = s->columns.names[i];
    char flag[NAME_BYTES];
    size_t column = 0, before = k->found;
    HX_TRY(hx_step_column_of(k->t, name, HX_KIND_NUMBER, &column, err));
    int decimals = hx_table_column_at(k->t, column)->decimals;
    hx_table_numbers(k->t, column, 0, k->n, k->v);
    for (size_t row = 0; row < k->n; row++) {
        const double *b =
            bounds + 2 * (k->of_row[row] == HX_GROUP_NONE ? s->groups.n : k->of_row[row]);
        const double v = k->v[row];
        const bool is = v < b[0] || v > b[1];
        k->flags[row] = is;
        k->found += is;
        if (!is) continue;
        k->keep[row] = false;
        k->v[row] = s->action == CLIP ? (v < b[0] ? b[0] : b[1]) : (double)NAN;
        decimals = hx_step_decimals(decimals, k->v[row]);
    }
    if (s->action == REMOVE) return HX_OK;
    if (s->action != FLAG)
        return k->found > before
                   ? hx_table_put_numbers(k->t, name, HX_KIND_NUMBER, k->v, decimals, err)
                   : HX_OK;
    const int len = snprintf(flag, sizeof flag, "%.*s_outlier",
                             (int)(name.len < 1000 ? name.len : 1000), name.ptr);
    return hx_step_add_numbers(k->t, (hx_str){flag, (size_t)len}, HX_KIND_BOOLEAN, k->flags, -1,
                               err);
}

static hx_status run_all(work *k, hx_arena *room, hx_step_run *run, hx_error *err) {
    HX_TRY(hx_groups_match(k->t, &k->s->groups, room, &k->of_row, err));
    HX_TRY(hx_step_array(room, k->n, sizeof(double), &k->v, err));
    HX_TRY(hx_step_array(room, k->n, sizeof(double), &k->flags, err));
    HX_TRY(hx_step_array(room, k->n, sizeof(bool), &k->keep, err));
    memset(k->keep, 1, k->n * sizeof(bool));
    for (size_t i = 0; i < k->s->columns.n; i++)
        HX_TRY(run_column(k, i, err));
    if (k->s->action == REMOVE && !run->run.keep_rows)
        HX_TRY(hx_step_keep_rows(k->t, k->keep, err));
    hx_step_say(run, "outliers: %zu; rows removed: %zu of %zu",
                "离群值 %zu 个；去掉 %zu 行（共 %zu 行）", k->found, k->n - hx_table_rows(k->t),
                k->n);
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    work k = {.s = state, .t = t, .n = hx_table_rows(t)};
    hx_arena *room = hx_step_room();
    const hx_status status = run_all(&k, room, run, err);
    hx_arena_free(room);
    return status;
}

/* ------------------------------------------------------------------ JSON */
static void write(const void *state, hx_json_writer *w) {
    const outliers *s = state;
    hx_json_object(w);
    hx_step_write_names(w, "columns", s->columns.names, s->columns.n);
    if (s->by.n > 0) hx_step_write_names(w, "groups", s->groups.keys, s->groups.n);
    hx_step_write_reals(w, "bounds", s->bounds, s->columns.n * (s->groups.n + 1) * 2);
    hx_json_end_object(w);
}

static hx_status read(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    outliers *s = state;
    hx_names keys = {NULL, 0};
    HX_TRY(hx_step_names(fitted, "columns", arena, &s->columns, err));
    HX_TRY(hx_step_names(fitted, "groups", arena, &keys, err));
    s->groups = (hx_groups){.by = s->by, .n = s->by.n > 0 ? keys.n : 1, .keys = keys.names};
    return hx_step_read_n(fitted, "bounds", s->columns.n * (s->groups.n + 1) * 2, arena, &s->bounds,
                          err);
}

static const char *const keys[] = {"columns", "by", "method", "action", "factor", NULL};

const hx_step_kind hx_step_outliers = {.name = "outliers",
                                       .keys = keys,
                                       .size = sizeof(outliers),
                                       .parse = parse,
                                       .fit = fit,
                                       .apply = apply,
                                       .write = write,
                                       .read = read};
