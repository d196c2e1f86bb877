/* features.h - what the steps that make features share: times of a column, rows of somebody in order of time, holidays.
 *
 * step_time.c (parts of a time), step_window.c (what somebody did before), step_session.c (visits), step_interact.c (products and ratios),
 * step_join.c (what another file said at that time); leak_check.c finds features that know the future.
 *
 * Times are milliseconds since 1970 UTC; a NaN is a missing one. */
#ifndef HX_FRAME_FEATURES_H
#define HX_FRAME_FEATURES_H

#include "base/buf.h"
#include "base/civil.h"
#include "frame/step_fit.h"

/* ---- features.c */
/* A column of times, or of texts where some are none: those are missing and counted in *bad; bare times in texts are of `zone` (NULL = UTC).
 * values (rows) in `room`. */
hx_status hx_feature_times(const hx_table *t, hx_str name, const hx_time_zone *zone, hx_arena *room,
                           double **values, size_t *bad, hx_error *err) HX_MUST_USE;

/* Rows of each group in order of time; rows of one time as they stand. Rows without a time or without any of the keys are left out. */
typedef struct {
    hx_groups groups;
    size_t *rows; /* group g is rows[start[g], start[g + 1]); groups in order of first appearance */
    size_t *start; /* [groups.n + 1] */
    double *times; /* [rows of the table] */
    size_t bad; /* values that are no times */
} hx_timelines;
/* All of it in `room`. */
hx_status hx_timelines_find(const hx_table *t, hx_names by, hx_str time, hx_arena *room,
                            hx_timelines *out, hx_error *err) HX_MUST_USE;

/* A buffer for the name of a column, "amount_sum_7d"; cut at its end. */
#define HX_FEATURE_NAME_MAX 512
/* A column of numbers that is all missing. */
hx_status hx_feature_column(size_t n, hx_arena *room, double **out, hx_error *err) HX_MUST_USE;
/* A duration such as 90s, 30m, 12h, 30d, 2w in milliseconds; a bare number is days. HX_EINVAL names the key. */
hx_status hx_feature_duration(hx_str text, const char *key, double *ms, hx_error *err) HX_MUST_USE;

/* ---- holidays.c: days are numbers since 1970-01-01 */
#define HX_HOLIDAY_NONE "none"
#define HX_HOLIDAY_CN_FIRST 2000 /* years of the table of lunar dates */
#define HX_HOLIDAY_CN_LAST 2050
/* The name of the statutory holiday of mainland China on that day, HX_HOLIDAY_NONE where it is none, NULL where the year is not in the table. */
const char *hx_holiday_cn(int64_t day);
/* The same of the United States with Easter; any year from 1900 on. */
const char *hx_holiday_us(int64_t day);
int64_t hx_easter(int year); /* Gregorian Easter Sunday */

#endif
