/* monitor.c - each run's profile kept, and compared with one that was kept before.
 *
 *     table -> profile ------------------------------------> kept as run n + 1
 *                 | columns against the baseline's -> distances -> limits -> alarms
 *
 * A limit is the larger of a floor, below which a change does not matter, and what chance does: with no change at all, PSI and JS are as
 * simulation has them (drift_limits.c), KS follows Kolmogorov's law, the share of missing is exact, rows of new values follow Good and Turing's
 * estimate. alpha is shared out over all tests of the run (Bonferroni), so a run over unchanged data raises an alarm
 * in near alpha; docs/quality.md has what was measured of all cases, however few rows and however many columns there are; bench/monitor_alarms.c measures it. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "frame/monitor_store.h"

#define PSI_FLOOR 0.2
#define JS_FLOOR 0.2
#define KS_FLOOR 0.1
#define MISSING_FLOOR 0.01
#define NEW_FLOOR 0.01
#define ROWS_FACTOR 2
#define TESTS 4 /* of a column */
#define SHOWN_BINS 10
#define HISTORY 30
#define CLUSTERED                                                                                  \
    2 /* rows of a new value come in clumps: the spread of their number over Poisson's */

/* ------------------------------------------------------------------ limits */
static double larger(double a, double b) {
    return a > b ? a : b;
}

static void set_limits(hx_monitor_column *c, const hx_profile_column *base,
                       const hx_drift_bins *bins, size_t rows, double tail) {
    const hx_drift *d = &c->drift;
    const double n = (double)d->before, m = (double)d->now;
    const size_t before = base->count + base->missing;
    double psi, js;
    c->psi_limit = c->js_limit = c->ks_limit = c->missing_limit = c->new_limit = NAN;
    if (before > 0 && rows > 0)
        c->missing_limit = larger(MISSING_FLOOR, hx_drift_missing_limit(before, base->missing, rows,
                                                                        rows - d->now, tail));
    if (n == 0 || m == 0 || d->n_bins == 0) return;
    /* below both floors there is no alarm whatever chance does */
    hx_drift_limits(bins, tail, d->psi > PSI_FLOOR || d->js > JS_FLOOR, &psi, &js);
    c->psi_limit = larger(PSI_FLOOR, psi);
    c->js_limit = larger(JS_FLOOR, js);
    if (d->ks == d->ks) c->ks_limit = larger(KS_FLOOR, sqrt(-log(tail / 2) / 2 * (1 / n + 1 / m)));
    if (!d->knows_new) return;
    const double expected = d->new_expected + m / n, z = hx_normal_above(tail);
    c->new_limit = larger(NEW_FLOOR * m, expected + z * sqrt(CLUSTERED * expected * (1 + m / n)) +
                                             CLUSTERED * z * z / 3);
}

static void raise_alarms(hx_monitor_column *c) {
    const hx_drift *d = &c->drift;
    if (d->psi > c->psi_limit) c->alarms |= HX_ALARM_PSI;
    if (d->js > c->js_limit) c->alarms |= HX_ALARM_JS;
    if (d->ks > c->ks_limit) c->alarms |= HX_ALARM_KS;
    if (fabs(d->missing_now - d->missing_before) > c->missing_limit) c->alarms |= HX_ALARM_MISSING;
    if ((double)d->new_rows > c->new_limit) c->alarms |= HX_ALARM_NEW_VALUES;
}

/* ------------------------------------------------------------------ columns */
/* At most ten bins for pictures: of texts the commonest nine, then all others. */
static void keep_bins(hx_monitor_column *c, const hx_drift_bins *bins) {
    for (size_t i = 0; i < bins->n; i++) {
        const size_t to = i < SHOWN_BINS ? i : SHOWN_BINS - 1;
        c->bins_before[to] += bins->before[i];
        c->bins_now[to] += bins->now[i];
        if (to + 1 > c->n_bins) c->n_bins = to + 1;
    }
}

static hx_status compare_column(const hx_profile_column *base, const hx_table *t, size_t column,
                                double tail, hx_arena *arena, hx_monitor_column *c, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(t, column);
    hx_drift_bins bins = {.n = 0};
    const bool both = base->count > 0 && about->missing < hx_table_rows(t);
    if (both && base->kind != about->kind) {
        c->alarms = HX_ALARM_KIND;
        return HX_OK;
    }
    HX_TRY(hx_drift_of(base, t, column, arena, &c->drift, &bins, err));
    keep_bins(c, &bins);
    set_limits(c, base, &bins, hx_table_rows(t), tail);
    raise_alarms(c);
    return HX_OK;
}

static void no_drift(hx_monitor_column *c) {
    hx_drift *d = &c->drift;
    d->psi = d->js = d->ks = d->ks_p = d->new_expected = NAN;
    d->missing_before = d->missing_now = d->missing_p = NAN;
    c->psi_limit = c->js_limit = c->ks_limit = c->missing_limit = c->new_limit = NAN;
}

static hx_status compare_table(const hx_table *t, const hx_profile_table *base, double alpha,
                               hx_arena *arena, hx_monitor_report *out, hx_error *err) {
    const size_t n = hx_table_columns(t);
    const double tail = alpha / (TESTS * (double)(n > 0 ? n : 1));
    for (size_t i = 0; i < n; i++) {
        hx_monitor_column *c = &out->columns[out->n++];
        const hx_table_column *about = hx_table_column_at(t, i);
        const hx_profile_column *was = hx_profile_find(base, about->name);
        c->column = hx_arena_str(arena, about->name);
        c->kind = about->kind;
        if (c->column.ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
        no_drift(c);
        c->is_new = was == NULL;
        if (was != NULL) HX_TRY(compare_column(was, t, i, tail, arena, c, err));
    }
    for (size_t i = 0; i < base->n; i++) {
        if (hx_table_find(t, base->columns[i].name) != HX_COLUMN_NONE) continue;
        hx_monitor_column *c = &out->columns[out->n++];
        c->column = base->columns[i].name;
        c->kind = base->columns[i].kind;
        no_drift(c);
        c->alarms = HX_ALARM_GONE;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ the run */
static hx_status check_options(const hx_monitor_options *o, hx_error *err) {
    const char *p = o->name;
    while (*p != '\0' && ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
                          (*p >= 'A' && *p <= 'Z') || *p == '-' || *p == '_'))
        p++;
    if (p == o->name || *p != '\0' || p - o->name > 100)
        return hx_fail(err, HX_EINVAL,
                       "a series of runs is named by letters, digits, - and _, not '%.*s'",
                       HX_STR_ARG(hx_str_of(o->name)));
    if (!(o->alpha > 0 && o->alpha <= 0.5))
        return hx_fail(err, HX_EINVAL, "'alpha' is a probability: above 0, at most 0.5");
    return HX_OK;
}

/* The run to compare with; 0 = none. */
static hx_status choose_baseline(const hx_monitor_options *o, const int64_t *runs, size_t n,
                                 hx_arena *arena, int64_t *run, hx_error *err) {
    const char *which = o->baseline != NULL ? o->baseline : "previous";
    hx_kept_run kept;
    *run = n > 0 ? runs[0] : 0;
    if (strcmp(which, "first") == 0) return HX_OK;
    if (strcmp(which, "previous") == 0) {
        for (size_t i = n; i-- > 1;) {
            HX_TRY(hx_runs_read(o->folder, o->name, runs[i], false, arena, &kept, err));
            if (kept.alarms > 0) continue;
            *run = runs[i];
            break;
        }
        return HX_OK;
    }
    const double number = hx_double_of(hx_str_of(which));
    for (size_t i = 0; i < n; i++)
        if ((double)runs[i] == number) {
            *run = runs[i];
            return HX_OK;
        }
    return hx_fail(err, HX_ENOTFOUND,
                   "there is no run '%.*s' to compare with; there are: previous, first, and the "
                   "numbers of runs",
                   HX_STR_ARG(hx_str_of(which)));
}

static hx_status read_history(const hx_monitor_options *o, const int64_t *runs, size_t n,
                              hx_arena *arena, hx_monitor_report *out, hx_error *err) {
    const size_t first = n > HISTORY - 1 ? n - (HISTORY - 1) : 0;
    hx_kept_run kept;
    out->history = hx_arena_alloc(arena, (n - first + 1) * sizeof *out->history);
    if (out->history == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = first; i < n; i++) {
        HX_TRY(hx_runs_read(o->folder, o->name, runs[i], false, arena, &kept, err));
        out->history[out->n_history].run = kept.run;
        out->history[out->n_history].at_ms = kept.at_ms;
        out->history[out->n_history].rows = kept.rows;
        out->history[out->n_history++].alarms = kept.alarms;
    }
    out->history[out->n_history].run = out->run;
    out->history[out->n_history].at_ms = o->now_ms;
    out->history[out->n_history].rows = out->rows;
    out->history[out->n_history++].alarms = out->n_alarms;
    return HX_OK;
}

static hx_status compare_run(const hx_table *t, const hx_monitor_options *o, int64_t run,
                             hx_arena *arena, hx_monitor_report *out, hx_error *err) {
    hx_kept_run kept;
    HX_TRY(hx_runs_read(o->folder, o->name, run, true, arena, &kept, err));
    out->baseline = run;
    out->baseline_ms = kept.at_ms;
    out->baseline_rows = kept.rows;
    out->rows_alarm = out->rows * ROWS_FACTOR < kept.rows || out->rows > kept.rows * ROWS_FACTOR;
    out->columns =
        hx_arena_alloc(arena, (hx_table_columns(t) + kept.profile.n + 1) * sizeof *out->columns);
    if (out->columns == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(compare_table(t, &kept.profile, o->alpha, arena, out, err));
    out->n_alarms = out->rows_alarm;
    for (size_t i = 0; i < out->n; i++)
        out->n_alarms += out->columns[i].alarms != 0;
    return HX_OK;
}

hx_status hx_monitor_kinds(const hx_monitor_options *o, hx_arena *arena, hx_column_kind **out,
                           size_t *n, hx_error *err) {
    int64_t *runs = NULL, baseline = 0;
    size_t n_runs = 0;
    hx_kept_run kept;
    *n = 0;
    HX_TRY(check_options(o, err));
    HX_TRY(hx_runs_list(o->folder, o->name, arena, &runs, &n_runs, err));
    HX_TRY(choose_baseline(o, runs, n_runs, arena, &baseline, err));
    if (baseline == 0) return HX_OK;
    HX_TRY(hx_runs_read(o->folder, o->name, baseline, true, arena, &kept, err));
    *out = hx_arena_alloc(arena, (kept.profile.n + 1) * sizeof **out);
    if (*out == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < kept.profile.n; i++)
        if (kept.profile.columns[i].count > 0)
            (*out)[(*n)++] =
                (hx_column_kind){kept.profile.columns[i].name, kept.profile.columns[i].kind};
    return HX_OK;
}

hx_status hx_table_monitor(const hx_table *t, const hx_monitor_options *options, hx_arena *arena,
                           hx_monitor_report *out, hx_error *err) {
    int64_t *runs = NULL, baseline = 0;
    size_t n = 0;
    hx_kept_run kept = {.at_ms = options->now_ms, .rows = hx_table_rows(t)};
    *out = (hx_monitor_report){.rows = hx_table_rows(t)};
    HX_TRY(check_options(options, err));
    HX_TRY(hx_runs_list(options->folder, options->name, arena, &runs, &n, err));
    HX_TRY(choose_baseline(options, runs, n, arena, &baseline, err));
    out->run = n > 0 ? runs[n - 1] + 1 : 1;
    if (out->run > HX_RUNS_MAX)
        return hx_fail(err, HX_ELIMIT, "a series has at most %d runs", HX_RUNS_MAX);
    if (baseline > 0) HX_TRY(compare_run(t, options, baseline, arena, out, err));
    HX_TRY(hx_profile_take(t, options->n_threads, arena, &kept.profile, err));
    HX_TRY(read_history(options, runs, n, arena, out, err));
    kept.run = out->run;
    kept.alarms = out->n_alarms;
    return hx_runs_write(options->folder, options->name, &kept, err);
}
