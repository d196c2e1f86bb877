/* dynamic_habits.c - when and where a customer is: the hours he prefers, weekends, channels; see dynamic.h.
 *
 * Events of one sitting say no more than one, so visits are counted: an hour of the clock with any event, a day on a channel. An
 * event at exactly midnight has no time of day: that is how dates without a time are read. The best of 24 windows looks better
 * than chance even in noise; the window is sure only where its 99 % interval lies above chance. */
#include <math.h>

#include "insight/dynamic_part.h"

#define HOUR_MS 3600000LL
#define SURE_LEVEL 0.99

typedef struct {
    int64_t hours[24], all; /* points */
    double squares;
    hx_faded weekend;
    int64_t last_hour, last_day;
} visits;

static void add_visit(const hx_history *h, visits *v, const hx_event *e, hx_habits *out) {
    const int64_t local = hx__history_local(h, e->time), hour = hx_floor_div(local, HOUR_MS);
    const int64_t day = hx_floor_div(local, HX_DAY_MS);
    const double w = hx__history_fade(h, e->time);
    if (day != v->last_day) {
        hx__faded_add(&v->weekend, w, hx_weekday(local) >= 5 ? 1 : 0);
        out->n_days++;
    }
    v->last_day = day;
    if (local == day * HX_DAY_MS || hour == v->last_hour) return;
    const int64_t points = hx__history_points(h, e, 1);
    v->last_hour = hour;
    v->hours[hour - 24 * day] += points;
    v->all += points;
    v->squares += w * w;
    out->n++;
}

static int64_t window_points(const visits *v, int from) {
    int64_t sum = 0;
    for (int i = 0; i < HX_DYNAMIC_WINDOW; i++)
        sum += v->hours[(from + i) % 24];
    return sum;
}

static void find_window(const visits *v, hx_habits *out) {
    int best = 0;
    out->hour = -1;
    out->share = (hx_interval){NAN, NAN, NAN};
    if (v->all == 0) return;
    for (int from = 1; from < 24; from++)
        if (window_points(v, from) > window_points(v, best)) best = from;
    const double share = (double)window_points(v, best) / (double)v->all;
    const double n = hx__history_effective((double)v->all / HX_POINT, v->squares);
    out->hour = best;
    out->share = hx_wilson(share, n, HX_DYNAMIC_LEVEL);
    out->sure = hx_wilson(share, n, SURE_LEVEL).low > HX_DYNAMIC_WINDOW / 24.0;
}

/* A day counts once a channel; events are in order of time. */
static void add_channel(const hx_history *h, hx_tally *t, const hx_event *e) {
    const hx_dynamic_entry *known = hx__tally_find(t, e->channel);
    const int64_t day = hx_floor_div(hx__history_local(h, e->time), HX_DAY_MS);
    if (known && known->last_time != HX_TIME_NONE &&
        hx_floor_div(hx__history_local(h, known->last_time), HX_DAY_MS) == day)
        return;
    hx__tally_add(t, e->channel, hx__history_points(h, e, 1), e);
}

bool hx__dynamic_habits(const hx_history *h, hx_habits *out) {
    visits v = {.last_hour = INT64_MIN, .last_day = INT64_MIN};
    hx_tally channels;
    *out = (hx_habits){.n = 0};
    hx__tally_init(&channels);
    for (size_t i = 0; i < h->n; i++) {
        const hx_event *e = &h->events[i];
        if (e->time == HX_TIME_NONE || e->kind == HX_KIND_TRAITS) continue;
        add_visit(h, &v, e, out);
        if (e->channel.len > 0) add_channel(h, &channels, e);
    }
    find_window(&v, out);
    out->weekend = hx_wilson(
        v.weekend.mean, hx__history_effective(v.weekend.sum, v.weekend.squares), HX_DYNAMIC_LEVEL);
    if (out->n_days == 0) out->weekend = (hx_interval){NAN, NAN, NAN};
    return hx__tally_finish(&channels, h->arena, &out->channels);
}
