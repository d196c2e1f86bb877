/* step_join.c - the step "join": what another file said of each row at the row's own time (a point-in-time join).
 *
 *     row (key, as_of) -> rows of "file" of that key -> the latest whose time is at or before as_of, at most "tolerance" older
 *
 * As pandas.merge_asof(direction="backward"): of several rows at one time the last in the file; "strict": true takes only rows before as_of. No
 * later row of the file can change a result: nothing of the future gets in. The columns of the file but for the keys are added, under PREFIX and
 * their names, a name that is taken with "_joined" behind it. Rows without a match have missing values, and are counted.
 *
 * The file is read where the step is applied. "until" (ms since 1970) leaves out its rows from later times: leak_check.c looks whether that
 * changes anything. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "frame/features.h"

#define NO_ROW SIZE_MAX

typedef struct {
    hx_names key, columns;
    hx_str as_of, time, prefix;
    const char *file; /* in the arena */
    double tolerance; /* ms; INFINITY = any age */
    double until; /* INFINITY = all */
    bool strict;
    hx_time_zone *zone; /* of bare times; owned */
} settings;

static hx_status copy_of(hx_arena *arena, hx_str s, const char **out, hx_error *err) {
    *out = hx_arena_str(arena, s).ptr;
    return *out != NULL ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status parse_texts(settings *s, const json_t *spec, hx_arena *arena, hx_error *err) {
    hx_str file, zone;
    const char *zone_name = NULL;
    HX_TRY(hx_step_text(spec, "file", NULL, &file, err));
    HX_TRY(hx_step_text(spec, "as_of", NULL, &s->as_of, err));
    HX_TRY(hx_step_text(spec, "time", NULL, &s->time, err));
    HX_TRY(hx_step_text(spec, "prefix", NULL, &s->prefix, err));
    HX_TRY(hx_step_text(spec, "timezone", "UTC", &zone, err));
    if (file.len == 0) return hx_fail(err, HX_EINVAL, "'file' is missing");
    if (s->as_of.len == 0) return hx_fail(err, HX_EINVAL, "'as_of' is missing");
    if (s->time.len == 0) s->time = s->as_of;
    HX_TRY(copy_of(arena, file, &s->file, err));
    HX_TRY(copy_of(arena, zone, &zone_name, err));
    return hx_time_zone_open(&s->zone, zone_name, err);
}

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    settings *s = state;
    hx_str tolerance;
    HX_TRY(parse_texts(s, spec, arena, err));
    HX_TRY(hx_step_names(spec, "key", arena, &s->key, err));
    HX_TRY(hx_step_names(spec, "columns", arena, &s->columns, err));
    HX_TRY(hx_step_text(spec, "tolerance", NULL, &tolerance, err));
    HX_TRY(hx_step_flag(spec, "strict", false, &s->strict, err));
    HX_TRY(hx_step_number(spec, "until", INFINITY, &s->until, err));
    s->tolerance = INFINITY;
    return tolerance.len == 0 ? HX_OK
                              : hx_feature_duration(tolerance, "tolerance", &s->tolerance, err);
}

static void release(void *state) {
    settings *s = state;
    hx_time_zone_close(s->zone);
}

/* ------------------------------------------------------------------ rows */
typedef struct {
    const settings *s;
    hx_table *t;
    hx_table *right; /* owned */
    hx_timelines lines; /* of right */
    size_t *match; /* [rows of t] rows of right, NO_ROW */
    size_t n, matched;
} job;

/* Places [low, high) of one key in order of time: the last at or before `now`. */
static size_t latest(const job *j, size_t low, size_t high, double now) {
    const size_t first = low;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const double at = j->lines.times[j->lines.rows[middle]];
        if (at < now || (at == now && !j->s->strict))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == first) return NO_ROW;
    const size_t row = j->lines.rows[low - 1];
    return now - j->lines.times[row] <= j->s->tolerance ? row : NO_ROW;
}

static hx_status check_keys(const job *j, hx_error *err) {
    for (size_t i = 0; i < j->s->key.n; i++) {
        size_t a = 0, b = 0;
        HX_TRY(hx_step_column(j->t, j->s->key.names[i], &a, err));
        HX_TRY(hx_step_column(j->right, j->s->key.names[i], &b, err));
        const hx_kind left = hx_table_column_at(j->t, a)->kind,
                      right = hx_table_column_at(j->right, b)->kind;
        if (left != right && hx_table_rows(j->t) > 0 && hx_table_rows(j->right) > 0)
            return hx_fail(err, HX_EINVAL,
                           "the key '%.*s' is not of one kind in both files: %s here, %s in %s",
                           HX_STR_ARG(j->s->key.names[i]), hx_kind_name(left), hx_kind_name(right),
                           j->s->file);
    }
    return HX_OK;
}

static hx_status match_rows(job *j, hx_arena *room, hx_error *err) {
    double *now = NULL;
    uint32_t *of_row = NULL;
    size_t bad = 0;
    HX_TRY(check_keys(j, err));
    HX_TRY(hx_timelines_find(j->right, j->s->key, j->s->time, room, &j->lines, err));
    HX_TRY(hx_feature_times(j->t, j->s->as_of, NULL, room, &now, &bad, err));
    HX_TRY(hx_groups_match(j->t, &j->lines.groups, room, &of_row, err));
    HX_TRY(hx_step_array(room, j->n, sizeof *j->match, &j->match, err));
    for (size_t i = 0; i < j->n; i++) {
        j->match[i] = NO_ROW;
        if (of_row[i] == HX_GROUP_NONE || isnan(now[i])) continue;
        j->match[i] = latest(j, j->lines.start[of_row[i]], j->lines.start[of_row[i] + 1], now[i]);
        j->matched += j->match[i] != NO_ROW;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ columns */
static void name_of(const job *j, hx_str column, char name[HX_FEATURE_NAME_MAX]) {
    (void)snprintf(name, HX_FEATURE_NAME_MAX, "%.*s%.*s", HX_STR_ARG(j->s->prefix),
                   HX_STR_ARG(column));
    if (hx_table_find(j->t, hx_str_of(name)) != HX_COLUMN_NONE)
        (void)snprintf(name, HX_FEATURE_NAME_MAX, "%.*s%.*s_joined", HX_STR_ARG(j->s->prefix),
                       HX_STR_ARG(column));
}

static hx_status add_texts(const job *j, size_t column, const char *name, hx_arena *room,
                           hx_error *err) {
    const size_t n_values = hx_table_column_at(j->right, column)->n_values;
    uint32_t *there = NULL, *codes = NULL;
    hx_str *values = NULL;
    HX_TRY(hx_step_codes(j->right, column, room, &there, err));
    HX_TRY(hx_step_array(room, j->n, sizeof *codes, &codes, err));
    HX_TRY(hx_step_array(room, n_values, sizeof *values, &values, err));
    for (uint32_t k = 0; k < n_values; k++)
        values[k] = hx_table_value(j->right, column, k);
    for (size_t i = 0; i < j->n; i++)
        codes[i] = j->match[i] == NO_ROW ? HX_CODE_MISSING : there[j->match[i]];
    return hx_table_put_texts(j->t, hx_str_of(name), codes, values, n_values, err);
}

static hx_status add_column(const job *j, size_t column, hx_arena *room, hx_error *err) {
    const hx_table_column *about = hx_table_column_at(j->right, column);
    char name[HX_FEATURE_NAME_MAX];
    double *there = NULL, *out = NULL;
    name_of(j, about->name, name);
    if (about->kind == HX_KIND_TEXT) return add_texts(j, column, name, room, err);
    HX_TRY(hx_step_values(j->right, column, room, &there, err));
    HX_TRY(hx_feature_column(j->n, room, &out, err));
    for (size_t i = 0; i < j->n; i++)
        if (j->match[i] != NO_ROW) out[i] = there[j->match[i]];
    return hx_table_put_numbers(j->t, hx_str_of(name), about->kind, out, about->decimals, err);
}

static bool is_key(const settings *s, hx_str name) {
    for (size_t i = 0; i < s->key.n; i++)
        if (hx_str_equal(s->key.names[i], name)) return true;
    return false;
}

static hx_status add_columns(const job *j, hx_arena *room, hx_error *err) {
    size_t *columns = NULL, n = 0;
    HX_TRY(hx_step_columns(j->right, j->s->columns, HX_KINDS_ALL, room, &columns, &n, err));
    for (size_t i = 0; i < n; i++)
        if (!is_key(j->s, hx_table_column_at(j->right, columns[i])->name))
            HX_TRY(add_column(j, columns[i], room, err));
    return HX_OK;
}

/* ------------------------------------------------------------------ the step */
static hx_status keep_until(job *j, hx_arena *room, hx_error *err) {
    double *at = NULL;
    bool *keep = NULL;
    size_t bad = 0;
    if (isinf(j->s->until)) return HX_OK;
    HX_TRY(hx_feature_times(j->right, j->s->time, NULL, room, &at, &bad, err));
    HX_TRY(hx_step_array(room, hx_table_rows(j->right), sizeof *keep, &keep, err));
    for (size_t i = 0; i < hx_table_rows(j->right); i++)
        keep[i] = at[i] <= j->s->until;
    return hx_step_keep_rows(j->right, keep, err);
}

static hx_status join(job *j, hx_arena *room, hx_step_run *run, hx_error *err) {
    const hx_table_options options = {
        .zone = j->s->zone, .n_threads = run->run.n_threads, .cancel = run->run.cancel};
    HX_TRY(hx_table_read(&j->right, j->s->file, &options, err));
    HX_TRY(keep_until(j, room, err));
    HX_TRY(match_rows(j, room, err));
    HX_TRY(add_columns(j, room, err));
    hx_step_say(run, "rows with a match: %zu of %zu", "匹配到的行：%zu 行（共 %zu 行）", j->matched,
                j->n);
    return HX_OK;
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    job j = {.s = state, .t = t, .n = hx_table_rows(t)};
    const hx_status status = join(&j, room, run, err);
    hx_table_free(j.right);
    hx_arena_free(room);
    return status;
}

static const char *const keys[] = {"file",      "key",    "as_of",    "time",  "columns", "prefix",
                                   "tolerance", "strict", "timezone", "until", NULL};

const hx_step_kind hx_step_join = {.name = "join",
                                   .keys = keys,
                                   .size = sizeof(settings),
                                   .parse = parse,
                                   .apply = apply,
                                   .release = release};
