/* step_interpolate.c - the step "interpolate": missing numbers from the curve through those before and behind.
 *
 *     method     linear nearest natural not-a-knot clamped pchip akima (spline.h)
 *     order_by   the column x of times or numbers; none: rows count 0, 1, 2, ... (in their group)
 *     by         a curve for each group
 *     limit      at most so many missing values in a row are filled, from the front
 *     extrapolate  before the first and behind the last value the curve is carried on; without it they stay missing
 *
 * Nothing is learnt: the values of the table itself are used. Values at one x count as one, their mean. Infinities are no points of a curve and
 * stay; rows without x are not filled. A column (of a group) with one value has no curve; `nearest` takes it where extrapolation is asked for. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "frame/spline.h"
#include "frame/step_fit.h"

typedef struct {
    hx_names names, by;
    hx_str order;
    int method;
    int64_t limit;
    bool extrapolate;
} interpolation;

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    static const char *const methods[] = {"linear",  "nearest", "natural", "not-a-knot",
                                          "clamped", "pchip",   "akima",   NULL};
    interpolation *s = state;
    HX_TRY(hx_step_choice(spec, "method", methods, HX_SPLINE_LINEAR, &s->method, err));
    HX_TRY(hx_step_names(spec, "columns", arena, &s->names, err));
    HX_TRY(hx_step_names(spec, "by", arena, &s->by, err));
    HX_TRY(hx_step_text(spec, "order_by", NULL, &s->order, err));
    HX_TRY(hx_step_count(spec, "limit", 0, 0, INT32_MAX, &s->limit, err));
    return hx_step_flag(spec, "extrapolate", false, &s->extrapolate, err);
}

/* ------------------------------------------------------------------ one curve */
typedef struct {
    const interpolation *s;
    const size_t *rows; /* in order */
    size_t n;
    const double *at; /* x of rows in the table; NULL: their number here */
    double *x, *y, *slopes, *room; /* n + 1 each; room 4 n + 8 */
    int decimals;
    size_t filled;
} curve;

static double place(const curve *c, size_t i) {
    return c->at != NULL ? c->at[c->rows[i]] : (double)i;
}

/* The points of the curve; values at one x become their mean. */
static size_t gather(const curve *c, const double *v) {
    size_t n = 0, same = 0;
    for (size_t i = 0; i < c->n; i++) {
        const double x = place(c, i), y = v[c->rows[i]];
        if (!isfinite(x) || !isfinite(y)) continue;
        if (n > 0 && x <= c->x[n - 1]) {
            same++;
            c->y[n - 1] += (y - c->y[n - 1]) / (double)(same + 1);
            continue;
        }
        same = 0;
        c->x[n] = x;
        c->y[n++] = y;
    }
    return n;
}

static void fill(curve *c, double *v) {
    const size_t n = gather(c, v), limit = (size_t)c->s->limit;
    const bool single = n == 1 && c->s->method == HX_SPLINE_NEAREST;
    hx_spline spline = {(hx_spline_kind)c->s->method, n, c->x, c->y, c->slopes};
    size_t run = 0;
    if (n < 2 && !single) return;
    hx_spline_fit(&spline, c->room);
    for (size_t i = 0; i < c->n; i++) {
        double *value = &v[c->rows[i]];
        const double x = place(c, i);
        run = *value == *value ? 0 : run + 1;
        if (*value == *value || !isfinite(x) || (limit > 0 && run > limit)) continue;
        if (!c->s->extrapolate && (x < c->x[0] || x > c->x[n - 1])) continue;
        *value = hx_spline_at(&spline, x);
        c->decimals = hx_step_decimals(c->decimals, *value);
        c->filled++;
    }
}

/* ------------------------------------------------------------------ columns */
typedef struct {
    hx_arena *room;
    size_t *columns, n_columns;
    size_t *rows, *start, groups;
    curve c;
} work;

static hx_status prepare(work *k, const interpolation *s, const hx_table *t, hx_error *err) {
    const size_t n = hx_table_rows(t);
    uint32_t *of_row = NULL;
    hx_groups groups;
    size_t order = 0;
    double *at = NULL;
    HX_TRY(
        hx_step_columns_of(t, s->names, HX_KINDS_NUMBER, k->room, &k->columns, &k->n_columns, err));
    HX_TRY(hx_groups_find(t, s->by, k->room, k->room, &groups, &of_row, err));
    HX_TRY(hx_groups_sort(of_row, n, groups.n, k->room, &k->rows, &k->start, err));
    HX_TRY(hx_step_order(t, s->order, k->start, groups.n, k->rows, k->room, err));
    if (s->order.len > 0) {
        HX_TRY(hx_step_column(t, s->order, &order, err));
        HX_TRY(hx_step_values(t, order, k->room, &at, err));
    }
    k->groups = groups.n;
    k->c = (curve){.s = s, .at = at};
    HX_TRY(hx_step_array(k->room, n, sizeof(double), &k->c.x, err));
    HX_TRY(hx_step_array(k->room, n, sizeof(double), &k->c.y, err));
    HX_TRY(hx_step_array(k->room, n, sizeof(double), &k->c.slopes, err));
    return hx_step_array(k->room, 4 * n + 8, sizeof(double), &k->c.room, err);
}

static bool is_filled(const interpolation *s, const hx_table_column *about) {
    if (about->missing == 0) return false;
    if (s->names.n > 0) return true;
    for (size_t i = 0; i < s->by.n; i++)
        if (hx_str_equal(s->by.names[i], about->name)) return false;
    return !hx_str_equal(s->order, about->name);
}

static hx_status run_columns(work *k, hx_table *t, hx_step_run *run, size_t *missing,
                             hx_error *err) {
    const interpolation *s = k->c.s;
    double *v = NULL;
    HX_TRY(hx_step_array(k->room, hx_table_rows(t), sizeof *v, &v, err));
    for (size_t i = 0; i < k->n_columns; i++) {
        const hx_table_column *about = hx_table_column_at(t, k->columns[i]);
        if (!is_filled(s, about)) continue;
        if (hx_flag_is_raised(run->run.cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
        *missing += about->missing;
        hx_table_numbers(t, k->columns[i], 0, hx_table_rows(t), v);
        k->c.decimals = about->decimals;
        for (size_t g = 0; g < k->groups; g++) {
            k->c.rows = k->rows + k->start[g];
            k->c.n = k->start[g + 1] - k->start[g];
            fill(&k->c, v);
        }
        HX_TRY(hx_table_put_numbers(t, about->name, HX_KIND_NUMBER, v, k->c.decimals, err));
    }
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    const interpolation *s = state;
    work k = {.room = hx_step_room()};
    size_t missing = 0;
    if (k.room == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status status = prepare(&k, s, t, err);
    if (status == HX_OK) status = run_columns(&k, t, run, &missing, err);
    if (status == HX_OK)
        hx_step_say(run, "missing values filled: %zu of %zu", "填补缺失值 %zu 个（共 %zu 个）",
                    k.c.filled, missing);
    hx_arena_free(k.room);
    return status;
}

static const char *const keys[] = {"method", "columns",     "by", "order_by",
                                   "limit",  "extrapolate", NULL};

const hx_step_kind hx_step_interpolate = {.name = "interpolate",
                                          .keys = keys,
                                          .size = sizeof(interpolation),
                                          .parse = parse,
                                          .apply = apply};
