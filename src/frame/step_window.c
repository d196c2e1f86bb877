/* step_window.c - the step "window": what somebody had done before each row, as it could be known at the row's own time.
 *
 *     for each row at time t, over the rows of the same "by" in [t - days, t):
 *     PREFIXcount_30d     how many                              PREFIXsum_amount_30d, PREFIXmean_amount_30d of each of "columns"
 *     PREFIXrecency       days since the row before, of all time
 *
 * Rows at the very same time are not before it: what happens at once is not known yet. Missing and infinite values add nothing; a sum of none is 0,
 * a mean of none is missing. Texts that are amounts (￥68.00, 1.2万) count as numbers. Rows without time or key have no features. Rows come from the table itself: nothing is learnt.
 *
 * Invariant: sums are differences of prefix sums kept as pairs of doubles (T. J. Dekker 1971), so that a window's sum is right to the last digits
 * however much lies before it. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "frame/features.h"

#define WINDOWS_MAX 16
#define AMOUNT_UNIT 1e4

typedef struct {
    hx_names by, columns;
    hx_str time, prefix;
    double days[WINDOWS_MAX];
    size_t n_days;
    bool mean;
} settings;

static hx_status parse_days(settings *s, const json_t *spec, hx_error *err) {
    static const double usual[] = {7, 30, 90};
    const json_t *list = json_object_get(spec, "days");
    const size_t n = json_is_array(list) ? json_array_size(list) : 1;
    if (n == 0 || n > WINDOWS_MAX)
        return hx_fail(err, HX_EINVAL, "'days' takes 1 to %d windows", WINDOWS_MAX);
    s->n_days = list != NULL ? n : sizeof usual / sizeof *usual;
    for (size_t i = 0; i < s->n_days; i++) {
        const json_t *v = json_is_array(list) ? json_array_get(list, i) : list;
        s->days[i] = list != NULL ? json_number_value(v) : usual[i];
        if (!(s->days[i] > 0 && s->days[i] <= 36500))
            return hx_fail(err, HX_EINVAL, "'days' has to be numbers above 0, at most 36500");
    }
    return HX_OK;
}

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    settings *s = state;
    HX_TRY(hx_step_names(spec, "by", arena, &s->by, err));
    HX_TRY(hx_step_names(spec, "columns", arena, &s->columns, err));
    HX_TRY(hx_step_text(spec, "time", NULL, &s->time, err));
    HX_TRY(hx_step_text(spec, "prefix", NULL, &s->prefix, err));
    HX_TRY(hx_step_flag(spec, "mean", false, &s->mean, err));
    if (s->time.len == 0) return hx_fail(err, HX_EINVAL, "'time' is missing");
    if (s->by.n == 0) return hx_fail(err, HX_EINVAL, "'by' is missing");
    return parse_days(s, spec, err);
}

/* ------------------------------------------------------------------ sums */
typedef struct {
    double high, low;
} pair;

static pair pair_add(pair a, double v) {
    const double sum = a.high + v, other = sum - a.high;
    const double error = (a.high - (sum - other)) + (v - other) + a.low;
    const double high = sum + error;
    return (pair){high, error - (high - sum)};
}

static double pair_minus(pair a, pair b) {
    pair d = pair_add(a, -b.high);
    d = pair_add(d, -b.low);
    return d.high + d.low;
}

typedef struct {
    const settings *s;
    hx_table *t;
    hx_timelines lines;
    hx_arena *room;
    size_t n;
    size_t *from, *to; /* [n] of each place in lines.rows: its window is the places [from, to) */
} job;

/* Windows of one length, over all groups. */
static void find_windows(const job *j, double ms) {
    for (size_t g = 0; g < j->lines.groups.n; g++) {
        size_t from = j->lines.start[g], to = from;
        for (size_t at = from; at < j->lines.start[g + 1]; at++) {
            const double now = j->lines.times[j->lines.rows[at]];
            while (j->lines.times[j->lines.rows[from]] < now - ms)
                from++;
            while (j->lines.times[j->lines.rows[to]] < now)
                to++;
            j->from[at] = from;
            j->to[at] = to;
        }
    }
}

static hx_status put(const job *j, const char *what, hx_str column, double days,
                     const double *values, int decimals, hx_error *err) {
    char name[HX_FEATURE_NAME_MAX];
    (void)snprintf(name, sizeof name, "%.*s%s%s%.*s_%gd", HX_STR_ARG(j->s->prefix), what,
                   column.len > 0 ? "_" : "", HX_STR_ARG(column), days);
    return hx_table_put_numbers(j->t, hx_str_of(name), HX_KIND_NUMBER, values, decimals, err);
}

static hx_status put_counts(const job *j, double days, hx_error *err) {
    double *out = NULL;
    HX_TRY(hx_feature_column(j->n, j->room, &out, err));
    for (size_t at = 0; at < j->lines.start[j->lines.groups.n]; at++)
        out[j->lines.rows[at]] = (double)(j->to[at] - j->from[at]);
    return put(j, "count", HX_STR_LIT(""), days, out, 0, err);
}

/* Of texts, as `table group` reads them: amounts, all of them. */
static hx_status amounts_of(const job *j, size_t column, double *v, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(j->t, column);
    uint32_t *codes = NULL;
    double *of_code = NULL;
    HX_TRY(hx_step_codes(j->t, column, j->room, &codes, err));
    HX_TRY(hx_step_array(j->room, about->n_values, sizeof *of_code, &of_code, err));
    for (size_t k = 0; k < about->n_values; k++) {
        const hx_str value = hx_table_value(j->t, column, (uint32_t)k);
        int64_t e4 = 0;
        if (hx_parse_amount(value, false, &e4, NULL, NULL) != HX_OK)
            return hx_fail(err, HX_EINVAL,
                           "the column '%.*s' holds '%.*s', which is no number and no amount",
                           HX_STR_ARG(about->name), HX_STR_ARG(value));
        of_code[k] = (double)e4 / AMOUNT_UNIT;
    }
    for (size_t i = 0; i < j->n; i++)
        v[i] = codes[i] == HX_CODE_MISSING ? (double)NAN : of_code[codes[i]];
    return HX_OK;
}

static hx_status values_of(const job *j, size_t column, double **v, hx_error *err) {
    if (hx_table_column_at(j->t, column)->kind != HX_KIND_TEXT)
        return hx_step_values(j->t, column, j->room, v, err);
    HX_TRY(hx_step_array(j->room, j->n, sizeof **v, v, err));
    return amounts_of(j, column, *v, err);
}

static hx_status put_sums(const job *j, size_t column, double days, hx_error *err) {
    double *v = NULL, *sums = NULL, *means = NULL;
    pair *before = NULL;
    size_t *known = NULL;
    const hx_str name = hx_table_column_at(j->t, column)->name;
    const size_t n = j->lines.start[j->lines.groups.n];
    HX_TRY(values_of(j, column, &v, err));
    HX_TRY(hx_feature_column(j->n, j->room, &sums, err));
    HX_TRY(hx_feature_column(j->n, j->room, &means, err));
    HX_TRY(hx_step_array(j->room, n + 1, sizeof *before, &before, err));
    HX_TRY(hx_step_array(j->room, n + 1, sizeof *known, &known, err));
    for (size_t at = 0; at < n; at++) {
        const double x = v[j->lines.rows[at]];
        before[at + 1] = isfinite(x) ? pair_add(before[at], x) : before[at];
        known[at + 1] = known[at] + (isfinite(x) != 0);
    }
    for (size_t at = 0; at < n; at++) {
        const size_t count = known[j->to[at]] - known[j->from[at]], row = j->lines.rows[at];
        sums[row] = count > 0 ? pair_minus(before[j->to[at]], before[j->from[at]]) : 0;
        if (count > 0) means[row] = sums[row] / (double)count;
    }
    HX_TRY(put(j, "sum", name, days, sums, -1, err));
    return j->s->mean ? put(j, "mean", name, days, means, -1, err) : HX_OK;
}

static hx_status put_recency(const job *j, hx_error *err) {
    double *out = NULL;
    char name[HX_FEATURE_NAME_MAX];
    HX_TRY(hx_feature_column(j->n, j->room, &out, err));
    find_windows(j, INFINITY);
    for (size_t at = 0; at < j->lines.start[j->lines.groups.n]; at++)
        if (j->to[at] > j->from[at])
            out[j->lines.rows[at]] =
                (j->lines.times[j->lines.rows[at]] - j->lines.times[j->lines.rows[j->to[at] - 1]]) /
                (double)HX_DAY_MS;
    (void)snprintf(name, sizeof name, "%.*srecency", HX_STR_ARG(j->s->prefix));
    return hx_table_put_numbers(j->t, hx_str_of(name), HX_KIND_NUMBER, out, -1, err);
}

static hx_status apply_in(const settings *s, hx_table *t, hx_arena *room, hx_step_run *run,
                          hx_error *err) {
    job j = {.s = s, .t = t, .room = room, .n = hx_table_rows(t)};
    size_t *columns = NULL, n_columns = 0;
    if (s->columns.n > 0)
        HX_TRY(hx_step_columns_of(t, s->columns,
                                  HX_KINDS_NUMBER | 1u << HX_KIND_BOOLEAN | 1u << HX_KIND_TEXT,
                                  room, &columns, &n_columns, err));
    HX_TRY(hx_timelines_find(t, s->by, s->time, room, &j.lines, err));
    HX_TRY(hx_step_array(room, j.n, sizeof *j.from, &j.from, err));
    HX_TRY(hx_step_array(room, j.n, sizeof *j.to, &j.to, err));
    HX_TRY(put_recency(&j, err));
    for (size_t w = 0; w < s->n_days; w++) {
        find_windows(&j, s->days[w] * (double)HX_DAY_MS);
        HX_TRY(put_counts(&j, s->days[w], err));
        for (size_t c = 0; c < n_columns; c++)
            HX_TRY(put_sums(&j, columns[c], s->days[w], err));
    }
    const size_t out = j.n - j.lines.start[j.lines.groups.n];
    if (out > 0)
        hx_step_say(run, "rows without time or key, which have no features: %zu",
                    "缺少时间或键、因而没有特征的行：%zu", out);
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    const hx_status status = apply_in(state, t, room, run, err);
    hx_arena_free(room);
    return status;
}

static const char *const keys[] = {"by", "time", "columns", "days", "mean", "prefix", NULL};

const hx_step_kind hx_step_window = {
    .name = "window", .keys = keys, .size = sizeof(settings), .parse = parse, .apply = apply};
