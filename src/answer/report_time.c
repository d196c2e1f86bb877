/* report_time.c - the charts' time: which columns there are, and in which a moment falls.
 *
 * Days up to 45 of them, else months up to 60, else quarters, else years; always in the report's zone. A few wrong dates (year
 * 1970, year 2099) must not flatten every chart, so the ends of the core (customers' first and last events without 2 % at each
 * side) are moved out to the real ends only where those lie no further out than the core is long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/report.h"
#include "insight/quantile.h"

#define DAYS_MAX 45
#define TRIM_PARTS 50 /* 1/50 at each side; nobody where there are fewer */

static int64_t ordinal_of(hx_report_step step, int64_t local_ms) {
    if (step == HX_STEP_DAY) return hx_floor_div(local_ms, HX_DAY_MS);
    hx_civil c = hx_civil_from_ms(local_ms);
    if (step == HX_STEP_YEAR) return c.year;
    if (step == HX_STEP_QUARTER) return c.year * 4 + (c.month - 1) / 3;
    return c.year * 12 + c.month - 1;
}

/* Days before as_of that bound the core of first and last events; false where nobody has a time. */
static bool core_days(const hx_report *r, int64_t *oldest, int64_t *newest) {
    const hx_population *pop = r->pop;
    int64_t *values = pop->n ? hx_arena_alloc(r->arena, 2 * pop->n * sizeof *values) : NULL;
    if (!values) return false;
    size_t n = 0;
    for (size_t i = 0; i < pop->n; i++)
        if (pop->customers[i].silent != HX_DAYS_UNKNOWN) values[n++] = pop->customers[i].silent;
    if (n == 0) return false;
    hx_quantile_sort(values, n, values + pop->n);
    *newest = values[n / TRIM_PARTS];
    n = 0;
    for (size_t i = 0; i < pop->n; i++) {
        const hx_customer *c = &pop->customers[i];
        if (c->silent != HX_DAYS_UNKNOWN) values[n++] = c->age > c->silent ? c->age : c->silent;
    }
    hx_quantile_sort(values, n, values + pop->n);
    *oldest = values[n - 1 - n / TRIM_PARTS];
    return true;
}

/* First and last moment to be shown; false where nothing has a time. */
static bool choose_ends(const hx_report *r, int64_t *from, int64_t *to) {
    *from = r->store_summary.first;
    *to = r->pop->as_of;
    if (*from == HX_TIME_NONE || *to == HX_TIME_NONE || *from > *to) return false;
    int64_t oldest, newest;
    if (!core_days(r, &oldest, &newest)) return true;
    if (oldest < newest) oldest = newest;
    int64_t reach = (oldest - newest + 31) * HX_DAY_MS;
    int64_t low = *to - (oldest + 1) * HX_DAY_MS, high = *to - newest * HX_DAY_MS;
    if (*from < low - reach) *from = low;
    if (*to > high + reach) *to = high;
    return *from <= *to;
}

static void choose_window(hx_report *r, int64_t from, int64_t to) {
    static const int windows[] = {90, 30, 7};
    int64_t days = (to - from) / HX_DAY_MS + 1;
    for (size_t i = 0; i < 3 && r->window == 0; i++)
        if (days >= 2 * windows[i]) r->window = windows[i];
}

void hx__report_axis_choose(hx_report *r) {
    int64_t from, to;
    if (!choose_ends(r, &from, &to)) return;
    choose_window(r, from, to);
    int64_t local_from = hx_zone_to_local_ms(&r->zone, from);
    int64_t local_to = hx_zone_to_local_ms(&r->zone, to);
    for (int step = HX_STEP_DAY; step <= HX_STEP_YEAR; step++) {
        int64_t a = ordinal_of((hx_report_step)step, local_from);
        int64_t b = ordinal_of((hx_report_step)step, local_to);
        int64_t most = step == HX_STEP_DAY ? DAYS_MAX : HX_REPORT_BUCKETS_MAX;
        if (b - a >= most && step != HX_STEP_YEAR) continue;
        if (b - a >= most) a = b - most + 1;
        r->axis = (hx_report_axis){(hx_report_step)step, a, (size_t)(b - a + 1)};
        return;
    }
}

int hx__report_bucket_of(const hx_report *r, int64_t ms) {
    if (ms == HX_TIME_NONE || r->axis.n == 0) return -1;
    int64_t at = ordinal_of(r->axis.step, hx_zone_to_local_ms(&r->zone, ms)) - r->axis.first;
    return at >= 0 && at < (int64_t)r->axis.n ? (int)at : -1;
}

char *hx__report_bucket_label(const hx_report *r, size_t i, char out[HX_REPORT_LABEL_MAX]) {
    int64_t o = r->axis.first + (int64_t)i;
    hx_civil c;
    switch (r->axis.step) {
    case HX_STEP_DAY:
        c = hx_civil_from_ms(o * HX_DAY_MS);
        snprintf(out, HX_REPORT_LABEL_MAX, "%04d-%02d-%02d", c.year, c.month, c.day);
        break;
    case HX_STEP_MONTH:
        snprintf(out, HX_REPORT_LABEL_MAX, "%04d-%02d", (int)(o / 12), (int)(o % 12) + 1);
        break;
    case HX_STEP_QUARTER:
        snprintf(out, HX_REPORT_LABEL_MAX, "%04d Q%d", (int)(o / 4), (int)(o % 4) + 1);
        break;
    default:
        snprintf(out, HX_REPORT_LABEL_MAX, "%04d", (int)o);
    }
    return out;
}

char *hx__report_local_text(const hx_report *r, int64_t ms, char out[HX_REPORT_LABEL_MAX]) {
    out[0] = '\0';
    if (ms == HX_TIME_NONE) return out;
    hx_civil c = hx_civil_from_ms(hx_zone_to_local_ms(&r->zone, ms));
    snprintf(out, HX_REPORT_LABEL_MAX, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour,
             c.minute);
    return out;
}
