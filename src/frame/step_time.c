/* step_time.c - the step "time": parts of a time, each a column of its own.
 *
 *     hour, minute   0-23, 0-59                  week, year     of ISO 8601: week 1 has the year's first Thursday; year is the calendar's
 *     date           midnight of the day         weekend        Saturday or Sunday
 *     weekday        1 = Monday ... 7 = Sunday   holiday_cn     "spring_festival", ... or "none" (holidays.c)
 *     day, month     1-31, 1-12                  holiday_us     "thanksgiving", ... or "none"
 *     quarter        1-4                         cyclic         sin and cos of hour / 24, (weekday - 1) / 7, (month - 1) / 12 of a turn
 *
 * All of the clock of "timezone" (default: UTC). Columns are called PREFIX and part, the prefix being COLUMN_ where none is given. Nothing is learnt. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "frame/features.h"

#define PI 3.14159265358979323846

enum {
    HOUR = 0,
    MINUTE,
    DATE,
    WEEKDAY,
    DAY,
    MONTH,
    QUARTER,
    WEEK,
    YEAR,
    WEEKEND,
    HOLIDAY_CN,
    HOLIDAY_US,
    CYCLIC,
    N_PARTS
};
static const char *const part_names[] = {"hour",       "minute",     "date",   "weekday", "day",
                                         "month",      "quarter",    "week",   "year",    "weekend",
                                         "holiday_cn", "holiday_us", "cyclic", NULL};

typedef struct {
    hx_str column, prefix;
    bool parts[N_PARTS];
    hx_zone zone; /* owned */
    hx_time_zone *bare; /* of bare times in texts; owned */
} settings;

static hx_status parse_part(settings *s, hx_str name, hx_error *err) {
    for (int i = 0; i < N_PARTS; i++)
        if (hx_str_equal(name, hx_str_of(part_names[i]))) {
            s->parts[i] = true;
            return HX_OK;
        }
    return hx_fail(err, HX_EINVAL,
                   "a time has no part '%.*s'; there are: hour, minute, date, weekday, day, month, "
                   "quarter, week, year, weekend, holiday_cn, holiday_us, cyclic",
                   HX_STR_ARG(name));
}

static hx_status parse(void *state, const json_t *spec, hx_arena *arena, hx_error *err) {
    settings *s = state;
    hx_names parts;
    hx_str zone;
    HX_TRY(hx_step_text(spec, "column", NULL, &s->column, err));
    HX_TRY(hx_step_text(spec, "prefix", NULL, &s->prefix, err));
    HX_TRY(hx_step_text(spec, "timezone", "UTC", &zone, err));
    HX_TRY(hx_step_names(spec, "parts", arena, &parts, err));
    if (s->column.len == 0) return hx_fail(err, HX_EINVAL, "'column' is missing");
    for (size_t i = 0; i < parts.n; i++)
        HX_TRY(parse_part(s, parts.names[i], err));
    for (int i = HOUR; parts.n == 0 && i < CYCLIC; i++)
        s->parts[i] = i != MINUTE && i != HOLIDAY_CN && i != HOLIDAY_US;
    zone = hx_arena_str(arena, zone);
    if (zone.ptr == NULL) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_zone_init(&s->zone, zone.ptr, err));
    return hx_time_zone_open(&s->bare, zone.ptr, err);
}

static void release(void *state) {
    settings *s = state;
    hx_zone_release(&s->zone);
    hx_time_zone_close(s->bare);
}

/* ------------------------------------------------------------------ parts */
static int iso_week(int64_t day) {
    const int64_t thursday = day - hx_weekday(day * HX_DAY_MS) + 3;
    const hx_civil c = hx_civil_from_ms(thursday * HX_DAY_MS);
    return (int)((thursday - hx_days_from_civil(c.year, 1, 1)) / 7) + 1;
}

static double part_of(int part, int64_t ms) {
    const hx_civil c = hx_civil_from_ms(ms);
    const int64_t day = hx_floor_div(ms, HX_DAY_MS);
    switch (part) {
    case HOUR:
        return c.hour;
    case MINUTE:
        return c.minute;
    case DATE:
        return (double)(day * HX_DAY_MS);
    case WEEKDAY:
        return hx_weekday(ms) + 1;
    case DAY:
        return c.day;
    case MONTH:
        return c.month;
    case QUARTER:
        return (c.month - 1) / 3 + 1;
    case WEEK:
        return iso_week(day);
    case YEAR:
        return c.year;
    default:
        return hx_weekday(ms) >= 5;
    }
}

typedef struct {
    const settings *s;
    hx_table *t;
    const double *local; /* [n]; NaN = missing */
    double *out; /* [n] */
    size_t n;
    hx_arena *room;
} job;

static hx_status put(const job *j, const char *part, const char *more, hx_kind kind, int decimals,
                     hx_error *err) {
    char name[HX_FEATURE_NAME_MAX];
    const hx_str prefix = j->s->prefix.len > 0 ? j->s->prefix : j->s->column;
    (void)snprintf(name, sizeof name, "%.*s%s%s%s", HX_STR_ARG(prefix),
                   j->s->prefix.len > 0 ? "" : "_", part, more);
    return hx_table_put_numbers(j->t, hx_str_of(name), kind, j->out, decimals, err);
}

static hx_status put_part(const job *j, int part, hx_error *err) {
    const hx_kind kind = part == DATE      ? HX_KIND_TIME
                         : part == WEEKEND ? HX_KIND_BOOLEAN
                                           : HX_KIND_NUMBER;
    for (size_t i = 0; i < j->n; i++)
        j->out[i] = isnan(j->local[i]) ? NAN : part_of(part, (int64_t)j->local[i]);
    return put(j, part_names[part], "", kind, 0, err);
}

static hx_status put_cycle(const job *j, int part, double from, double turn, hx_error *err) {
    for (int cosine = 0; cosine < 2; cosine++) {
        for (size_t i = 0; i < j->n; i++) {
            if (isnan(j->local[i])) {
                j->out[i] = NAN;
                continue;
            }
            const double angle = 2 * PI * (part_of(part, (int64_t)j->local[i]) - from) / turn;
            j->out[i] = cosine ? cos(angle) : sin(angle);
        }
        HX_TRY(put(j, part_names[part], cosine ? "_cos" : "_sin", HX_KIND_NUMBER, -1, err));
    }
    return HX_OK;
}

#define HOLIDAYS_MAX 32

/* The code of a name among those seen so far; names are literals, few of them. */
static uint32_t code_of(hx_str *values, size_t *n, const char *name) {
    for (uint32_t k = 0; k < *n; k++)
        if (hx_str_equal(values[k], hx_str_of(name))) return k;
    values[*n] = hx_str_of(name);
    return (uint32_t)(*n)++;
}

static hx_status put_holidays(const job *j, int part, hx_error *err) {
    hx_str values[HOLIDAYS_MAX];
    size_t n_values = 0;
    uint32_t *codes = NULL;
    char name[HX_FEATURE_NAME_MAX];
    const hx_str prefix = j->s->prefix.len > 0 ? j->s->prefix : j->s->column;
    HX_TRY(hx_step_array(j->room, j->n, sizeof *codes, &codes, err));
    for (size_t i = 0; i < j->n; i++) {
        const char *holiday = NULL;
        if (!isnan(j->local[i])) {
            const int64_t day = hx_floor_div((int64_t)j->local[i], HX_DAY_MS);
            holiday = part == HOLIDAY_CN ? hx_holiday_cn(day) : hx_holiday_us(day);
        }
        codes[i] = holiday == NULL ? HX_CODE_MISSING : code_of(values, &n_values, holiday);
    }
    (void)snprintf(name, sizeof name, "%.*s%s%s", HX_STR_ARG(prefix),
                   j->s->prefix.len > 0 ? "" : "_", part_names[part]);
    return hx_table_put_texts(j->t, hx_str_of(name), codes, values, n_values, err);
}

static hx_status put_all(const job *j, hx_error *err) {
    for (int part = 0; part < CYCLIC; part++) {
        if (!j->s->parts[part]) continue;
        HX_TRY(part == HOLIDAY_CN || part == HOLIDAY_US ? put_holidays(j, part, err)
                                                        : put_part(j, part, err));
    }
    if (!j->s->parts[CYCLIC]) return HX_OK;
    HX_TRY(put_cycle(j, HOUR, 0, 24, err));
    HX_TRY(put_cycle(j, WEEKDAY, 1, 7, err));
    return put_cycle(j, MONTH, 1, 12, err);
}

static hx_status apply_in(const settings *s, hx_table *t, hx_arena *room, hx_step_run *run,
                          hx_error *err) {
    job j = {.s = s, .t = t, .n = hx_table_rows(t), .room = room};
    double *local = NULL;
    size_t bad = 0;
    HX_TRY(hx_feature_times(t, s->column, s->bare, room, &local, &bad, err));
    HX_TRY(hx_step_array(room, j.n, sizeof *j.out, &j.out, err));
    for (size_t i = 0; i < j.n; i++)
        if (!isnan(local[i])) local[i] = (double)hx_zone_to_local_ms(&s->zone, (int64_t)local[i]);
    j.local = local;
    if (bad > 0) hx_step_say(run, "values that are no times: %zu", "不是时间的值：%zu 个", bad);
    return put_all(&j, err);
}

static hx_status apply(const void *state, hx_table *t, hx_step_run *run, hx_error *err) {
    hx_arena *room = hx_step_room();
    const hx_status status = apply_in(state, t, room, run, err);
    hx_arena_free(room);
    return status;
}

static const char *const keys[] = {"column", "parts", "timezone", "prefix", NULL};

const hx_step_kind hx_step_time = {.name = "time",
                                   .keys = keys,
                                   .size = sizeof(settings),
                                   .parse = parse,
                                   .apply = apply,
                                   .release = release};
