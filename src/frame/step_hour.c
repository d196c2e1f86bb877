/* step_hour.c - the step "hour": the hour of the day of a time, as a number.
 *
 *     hour       0 to 23; with "fraction": true the minutes and seconds too, 14.5 = 14:30
 *
 * Of a column of times, or of texts where some are no times (an impossible "27:61:00"): those become missing and are counted. Hours are
 * those of the column's own clock: bare times as they stand, others in UTC. The column itself stays; the hour is a column of its own, called "as"
 * (default: hour). Nothing is learnt. */
#include <math.h>

#include "base/error.h"
#include "frame/step.h"

#define MS_DAY INT64_C(86400000)
#define MS_HOUR INT64_C(3600000)
#define BLOCK 4096

typedef struct {
    hx_str column, as;
    bool fraction;
} hour;

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    hour *s = state;
    (void)arena;
    HX_TRY(hx_step_text(spec, "column", NULL, &s->column, err));
    HX_TRY(hx_step_text(spec, "as", "hour", &s->as, err));
    HX_TRY(hx_step_flag(spec, "fraction", false, &s->fraction, err));
    return s->column.len > 0 ? HX_OK : hx_fail(err, HX_EINVAL, "'column' is missing");
}

static double hour_of(const hour *s, double ms) {
    if (isnan(ms)) return NAN;
    int64_t at = (int64_t)ms % MS_DAY;
    if (at < 0) at += MS_DAY;
    return s->fraction ? (double)at / (double)MS_HOUR : (double)(at / MS_HOUR);
}

/* Each value of the dictionary once. */
static hx_status of_texts(const hour *s, const hx_table *t, size_t column, double *out,
                          hx_arena *arena, hx_error *err) {
    const size_t n = hx_table_rows(t), n_values = hx_table_column_at(t, column)->n_values;
    double *hours = hx_arena_alloc(arena, (n_values + 1) * sizeof *hours);
    uint32_t codes[BLOCK];
    if (hours == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (uint32_t k = 0; k < n_values; k++) {
        int64_t ms;
        const hx_str text = hx_table_value(t, column, k);
        const bool ok = hx_parse_time(text, HX_DATE_ORDER_AUTO, false, NULL, &ms, NULL) == HX_OK;
        hours[k] = ok ? hour_of(s, (double)ms) : NAN;
    }
    for (size_t i = 0; i < n; i += BLOCK) {
        const size_t some = n - i < BLOCK ? n - i : BLOCK;
        hx_table_codes(t, column, i, some, codes);
        for (size_t j = 0; j < some; j++)
            out[i + j] = codes[j] == HX_CODE_MISSING ? NAN : hours[codes[j]];
    }
    return HX_OK;
}

static hx_status hours_of(const hour *s, const hx_table *t, size_t column, double *out,
                          hx_arena *arena, hx_error *err) {
    const size_t n = hx_table_rows(t);
    const hx_kind kind = hx_table_column_at(t, column)->kind;
    if (kind == HX_KIND_TEXT) return of_texts(s, t, column, out, arena, err);
    if (kind != HX_KIND_TIME)
        return hx_fail(err, HX_EINVAL, "column '%.*s' holds no times", HX_STR_ARG(s->column));
    hx_table_numbers(t, column, 0, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = hour_of(s, out[i]);
    return HX_OK;
}

static hx_status apply_in(const hour *s, hx_table *t, hx_arena *arena, hx_step_run *run,
                          hx_error *err) {
    size_t column = 0, bad = 0;
    const size_t n = hx_table_rows(t);
    double *out = hx_arena_alloc(arena, (n + 1) * sizeof *out);
    if (out == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_step_column(t, s->column, &column, err));
    HX_TRY(hours_of(s, t, column, out, arena, err));
    for (size_t i = 0; i < n; i++)
        bad += isnan(out[i]) && !hx_table_is_missing(t, column, i);
    if (bad > 0) hx_step_say(run, "values that are no times: %zu", "不是时间的值：%zu 个", bad);
    return hx_table_put_numbers(t, s->as, HX_KIND_NUMBER, out, s->fraction ? -1 : 0, err);
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    const hx_status st = arena != NULL ? apply_in(state, t, arena, run, err)
                                       : hx_fail(err, HX_ENOMEM, "out of memory");
    hx_arena_free(arena);
    return st;
}

static const char *const keys[] = {"column", "as", "fraction", NULL};

const hx_step_kind hx_step_hour = {
    .name = "hour", .keys = keys, .size = sizeof(hour), .parse = parse, .apply = apply};
