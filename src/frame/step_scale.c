/* step_scale.c - the step "scale": numbers brought to one measure, and back.
 *
 *     minmax      low + (v - min) / (max - min) * (high - low)
 *     z           (v - mean) / std; of the population, of a sample with "sample": true
 *     robust      (v - median) / (q75 - q25); other quantiles by "from" and "to"
 *     maxabs      v / max |v|
 *     quantile    the share of values below v (output = uniform), or the normal quantile of it (normal); by `quantiles` of them
 *     log1p       log(1 + v)
 *     box-cox, yeo-johnson   powers that come nearest to a normal distribution (power.h), then z ("standardize": false: not)
 *
 * What is learnt is of finite values; a column without any is left as it is. A column without spread is shifted, not stretched. Values
 * outside the domain (v <= -1 for log1p, v <= 0 for box-cox) are refused when the step is fitted and become missing when it is applied.
 * Formulas and conventions are those of scikit-learn's MinMaxScaler, StandardScaler, RobustScaler, MaxAbsScaler, QuantileTransformer and
 * PowerTransformer. Undone, columns that are no longer there are passed over. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "frame/power.h"
#include "frame/step_fit.h"
#include "frame/table.h"

#define BOUND 1e-7 /* shares are kept this far from 0 and 1 before the normal quantile */
#define QUANTILES_MAX 100000

typedef enum { MINMAX = 0, Z, ROBUST, MAXABS, QUANTILE, LOG1P, BOX_COX, YEO_JOHNSON } method;

typedef struct {
    double shift, stretch,
        power; /* y = (g(v) - shift) * stretch, plus `low` of MINMAX; stretch 0: nothing was learnt */
    double *marks; /* [n_marks] ascending, of QUANTILE */
    size_t n_marks;
} measure;

typedef struct {
    hx_names names;
    int method, output;
    double low, high, from, to;
    bool sample, standardize;
    int64_t quantiles;
    hx_names columns; /* learnt */
    measure *measures; /* [columns.n] */
} scale;

static const char *const methods[] = {"minmax", "z",       "robust",      "maxabs", "quantile",
                                      "log1p",  "box-cox", "yeo-johnson", NULL};

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    static const char *const outputs[] = {"uniform", "normal", NULL};
    scale *s = state;
    HX_TRY(hx_step_names(spec, "columns", arena, &s->names, err));
    HX_TRY(hx_step_choice(spec, "method", methods, MINMAX, &s->method, err));
    HX_TRY(hx_step_choice(spec, "output", outputs, 0, &s->output, err));
    HX_TRY(hx_step_number(spec, "low", 0, &s->low, err));
    HX_TRY(hx_step_number(spec, "high", 1, &s->high, err));
    HX_TRY(hx_step_number(spec, "from", 0.25, &s->from, err));
    HX_TRY(hx_step_number(spec, "to", 0.75, &s->to, err));
    HX_TRY(hx_step_flag(spec, "sample", false, &s->sample, err));
    HX_TRY(hx_step_flag(spec, "standardize", true, &s->standardize, err));
    HX_TRY(hx_step_count(spec, "quantiles", 1000, 2, QUANTILES_MAX, &s->quantiles, err));
    if (!(s->low < s->high)) return hx_fail(err, HX_EINVAL, "'low' has to be below 'high'");
    if (!(s->from >= 0 && s->from < s->to && s->to <= 1))
        return hx_fail(err, HX_EINVAL,
                       "'from' and 'to' have to be shares of 0 to 1, 'from' the smaller");
    return HX_OK;
}

/* ------------------------------------------------------------------ learning */
typedef struct {
    scale *s;
    const hx_table *t;
    const size_t *columns;
} fitting;

/* Spread below the precision of the values counts as none. */
static double stretch_of(double spread, double greatest) {
    return spread > 10 * DBL_EPSILON * greatest ? 1 / spread : 1;
}

static void fit_z(measure *m, const double *v, size_t n, bool sample) {
    double mean = 0, squares = 0;
    hx_mean_squares(v, n, &mean, &squares);
    m->shift = mean;
    m->stretch = stretch_of(sqrt(squares / (double)(n - (sample && n > 1))), fabs(mean));
}

static hx_status outside(const scale *s, size_t i, const char *domain, hx_error *err) {
    return hx_fail(err, HX_EINVAL,
                   "the method '%s' needs values above %s; the column '%.*s' has others",
                   methods[s->method], domain, HX_STR_ARG(s->columns.names[i]));
}

static hx_status fit_power(const scale *s, size_t i, measure *m, double *v, size_t n, double *room,
                           hx_error *err) {
    for (size_t k = 0; k < n && s->method == BOX_COX; k++)
        if (!(v[k] > 0)) return outside(s, i, "0", err);
    m->power = s->method == BOX_COX ? hx_box_cox_fit(v, n, room) : hx_yeo_johnson_fit(v, n, room);
    for (size_t k = 0; k < n; k++)
        v[k] = s->method == BOX_COX ? hx_box_cox(v[k], m->power) : hx_yeo_johnson(v[k], m->power);
    m->stretch = 1;
    if (s->standardize) fit_z(m, v, n, false);
    return HX_OK;
}

static void fit_marks(measure *m, double *v, size_t n) {
    hx_sort_reals(v, n);
    for (size_t k = 0; k < m->n_marks; k++)
        m->marks[k] =
            hx_quantile_sorted(v, n, m->n_marks > 1 ? (double)k / (double)(m->n_marks - 1) : 0);
    m->stretch = 1;
}

static hx_status fit_values(const scale *s, size_t i, measure *m, double *v, size_t n, double *room,
                            hx_error *err) {
    double low = v[0], high = v[0];
    for (size_t k = 1; k < n; k++) {
        low = v[k] < low ? v[k] : low;
        high = v[k] > high ? v[k] : high;
    }
    const double greatest = fmax(fabs(low), fabs(high));
    if (s->method == LOG1P && low <= -1) return outside(s, i, "-1", err);
    if (s->method >= BOX_COX) return fit_power(s, i, m, v, n, room, err);
    if (s->method == Z) fit_z(m, v, n, s->sample);
    if (s->method == QUANTILE) fit_marks(m, v, n);
    if (s->method == LOG1P) m->stretch = 1;
    if (s->method == MAXABS) m->stretch = greatest > 0 ? 1 / greatest : 1;
    if (s->method == MINMAX) {
        m->stretch = (s->high - s->low) * stretch_of(high - low, 0);
        m->shift = low;
    }
    if (s->method == ROBUST) {
        m->shift = hx_median(v, n);
        m->stretch = stretch_of(hx_quantile(v, n, s->to) - hx_quantile(v, n, s->from), 0);
    }
    return HX_OK;
}

static hx_status fit_column(void *context, size_t i, size_t worker, hx_error *err) {
    const fitting *f = context;
    hx_arena *room = hx_step_room();
    double *v = NULL, *more = NULL;
    size_t n = 0;
    (void)worker;
    hx_status status = hx_step_values(f->t, f->columns[i], room, &v, err);
    for (size_t k = 0; k < hx_table_rows(f->t) && status == HX_OK; k++)
        if (isfinite(v[k])) v[n++] = v[k];
    if (status == HX_OK && f->s->method >= BOX_COX)
        status = hx_step_array(room, n, sizeof *more, &more, err);
    if (status == HX_OK && n > 0) status = fit_values(f->s, i, &f->s->measures[i], v, n, more, err);
    hx_arena_free(room);
    return status;
}

static hx_status fit(void *state, const hx_table *t, hx_arena *arena, hx_step_run *run,
                     hx_error *err) {
    scale *s = state;
    size_t *columns = NULL, n = 0;
    const size_t rows = hx_table_rows(t), most = (size_t)s->quantiles;
    HX_TRY(hx_step_columns_of(t, s->names, HX_KINDS_NUMBER, arena, &columns, &n, err));
    HX_TRY(hx_step_names_of(t, columns, n, arena, &s->columns, err));
    HX_TRY(hx_step_array(arena, n, sizeof *s->measures, &s->measures, err));
    for (size_t i = 0; i < n && s->method == QUANTILE; i++) {
        measure *m = &s->measures[i];
        m->n_marks = rows < most ? rows : most;
        HX_TRY(hx_step_array(arena, m->n_marks, sizeof *m->marks, &m->marks, err));
    }
    fitting f = {s, t, columns};
    return hx_pool_run(run->run.n_threads, n, fit_column, &f, err);
}

/* ------------------------------------------------------------------ values */
/* The place of x among ascending marks as a share of them; of equal marks the mean of the first and the last. */
static double share_of(const measure *m, double x) {
    const double *marks = m->marks;
    const size_t n = m->n_marks;
    if (x <= marks[0] || n < 2) return x > marks[0];
    if (x >= marks[n - 1]) return 1;
    size_t low = 0, high = n - 1; /* marks[low] <= x < marks[high] */
    while (high - low > 1) {
        const size_t half = low + (high - low) / 2;
        if (marks[half] <= x)
            low = half;
        else
            high = half;
    }
    double at = (double)low;
    if (x > marks[low])
        at += (x - marks[low]) / (marks[low + 1] - marks[low]);
    else {
        size_t first = 0, last = low; /* the first mark that is x */
        while (first < last) {
            const size_t half = first + (last - first) / 2;
            if (marks[half] < x)
                first = half + 1;
            else
                last = half;
        }
        at = 0.5 * (at + (double)first);
    }
    return at / (double)(n - 1);
}

static double normal_of(double share) {
    const double edge = BOUND - DBL_EPSILON;
    return hx_probit(share < edge ? edge : share > 1 - edge ? 1 - edge : share);
}

static double mark_at(const measure *m, double share) {
    if (!(share > 0)) return share <= 0 ? m->marks[0] : share;
    return share >= 1 ? m->marks[m->n_marks - 1] : hx_quantile_sorted(m->marks, m->n_marks, share);
}

static double forward(const scale *s, const measure *m, double v) {
    if (v != v || m->stretch == 0) return v;
    if (s->method == QUANTILE) {
        const double share = share_of(m, v);
        return s->output == 0 ? share : normal_of(share);
    }
    if (s->method == LOG1P) return v > -1 ? log1p(v) : (double)NAN;
    if (s->method == BOX_COX) v = hx_box_cox(v, m->power);
    if (s->method == YEO_JOHNSON) v = hx_yeo_johnson(v, m->power);
    return (v - m->shift) * m->stretch + (s->method == MINMAX ? s->low : 0);
}

static double backward(const scale *s, const measure *m, double v) {
    if (v != v || m->stretch == 0) return v;
    if (s->method == QUANTILE) return mark_at(m, s->output == 0 ? v : hx_probit_inverse(v));
    if (s->method == LOG1P) return expm1(v);
    if (s->method == MINMAX) v -= s->low;
    v = v / m->stretch + m->shift;
    if (s->method == BOX_COX) return hx_box_cox_inverse(v, m->power);
    return s->method == YEO_JOHNSON ? hx_yeo_johnson_inverse(v, m->power) : v;
}

typedef struct {
    const scale *s;
    const size_t *which; /* measures of the columns */
    size_t *lost; /* [columns] */
    bool undo;
    const volatile int *cancel;
} change;

static hx_status change_values(void *context, size_t i, double *v, size_t n, int *decimals,
                               bool *same, hx_error *err) {
    const change *c = context;
    const measure *m = &c->s->measures[c->which[i]];
    if (hx_flag_is_raised(c->cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
    for (size_t k = 0; k < n; k++) {
        const bool there = v[k] == v[k];
        v[k] = c->undo ? backward(c->s, m, v[k]) : forward(c->s, m, v[k]);
        c->lost[i] += there && v[k] != v[k];
    }
    *decimals = -1;
    *same = false;
    return HX_OK;
}

static hx_status change_all(const scale *s, hx_table *t, bool undo, hx_step_run *run,
                            hx_arena *room, size_t *lost, hx_error *err) {
    size_t *columns = NULL, *which = NULL, *lost_of = NULL, n = 0;
    HX_TRY(hx_step_array(room, s->columns.n, sizeof *columns, &columns, err));
    HX_TRY(hx_step_array(room, s->columns.n, sizeof *which, &which, err));
    HX_TRY(hx_step_array(room, s->columns.n, sizeof *lost_of, &lost_of, err));
    for (size_t i = 0; i < s->columns.n; i++) {
        if (undo && hx_table_find(t, s->columns.names[i]) == HX_COLUMN_NONE) continue;
        HX_TRY(hx_step_column_of(t, s->columns.names[i], HX_KIND_NUMBER, &columns[n], err));
        which[n++] = i;
    }
    change c = {s, which, lost_of, undo, run->run.cancel};
    HX_TRY(hx_table_change_numbers(t, columns, n, run->run.n_threads, change_values, &c, err));
    for (size_t i = 0; i < n; i++)
        *lost += lost_of[i];
    return HX_OK;
}

static hx_status run_all(const scale *s, hx_table *t, bool undo, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    size_t lost = 0;
    const hx_status status = change_all(s, t, undo, run, room, &lost, err);
    hx_arena_free(room);
    if (lost > 0)
        hx_step_say(run, "columns scaled: %zu; values without a result became missing: %zu",
                    "缩放 %zu 列；没有结果的值变为缺失：%zu 个", s->columns.n, lost);
    else
        hx_step_say(run, "columns scaled: %zu", "缩放 %zu 列", s->columns.n);
    return status;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    return run_all(state, t, false, run, err);
}

static hx_status undo(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    return run_all(state, t, true, run, err);
}

/* ------------------------------------------------------------------ JSON */
static void write(const void *state, hx_json_writer *w) {
    const scale *s = state;
    hx_json_object(w);
    hx_step_write_names(w, "columns", s->columns.names, s->columns.n);
    hx_json_key(w, "measures");
    hx_json_array(w);
    for (size_t i = 0; i < s->columns.n; i++) {
        const measure *m = &s->measures[i];
        const double linear[] = {m->shift, m->stretch, m->power};
        hx_json_object(w);
        hx_step_write_reals(w, "linear", linear, 3);
        if (s->method == QUANTILE) hx_step_write_reals(w, "marks", m->marks, m->n_marks);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status read_measure(const scale *s, const json_t *o, measure *m, hx_arena *arena,
                              hx_error *err) {
    double *linear = NULL;
    HX_TRY(hx_step_read_n(o, "linear", 3, arena, &linear, err));
    *m = (measure){.shift = linear[0], .stretch = linear[1], .power = linear[2]};
    if (s->method != QUANTILE) return HX_OK;
    HX_TRY(hx_step_read_reals(o, "marks", arena, &m->marks, &m->n_marks, err));
    return m->n_marks > 0 || m->stretch == 0 ? HX_OK : hx_step_damaged("marks", err);
}

static hx_status read(void *state, const json_t *fitted, hx_arena *arena, hx_error *err) {
    scale *s = state;
    const json_t *measures = json_object_get(fitted, "measures");
    HX_TRY(hx_step_names(fitted, "columns", arena, &s->columns, err));
    if (json_array_size(measures) != s->columns.n) return hx_step_damaged("measures", err);
    HX_TRY(hx_step_array(arena, s->columns.n, sizeof *s->measures, &s->measures, err));
    for (size_t i = 0; i < s->columns.n; i++)
        HX_TRY(read_measure(s, json_array_get(measures, i), &s->measures[i], arena, err));
    return HX_OK;
}

static const char *const keys[] = {"columns", "method", "output",      "low",       "high", "from",
                                   "to",      "sample", "standardize", "quantiles", NULL};

const hx_step_kind hx_step_scale = {.name = "scale",
                                    .keys = keys,
                                    .size = sizeof(scale),
                                    .parse = parse,
                                    .fit = fit,
                                    .apply = apply,
                                    .undo = undo,
                                    .write = write,
                                    .read = read};
