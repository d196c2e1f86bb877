/* dynamic.c - a dynamic profile, put together from its parts; see dynamic.h.
 *
 * The events within the borders are a stretch of those given: undated ones come first and count where no `from` is set, what
 * lies behind `as_of` is never read. How events fade and what makes a text count is decided here, once for all parts. */
#include "insight/dynamic.h"

#include <math.h>

#include "base/error.h"
#include "insight/dynamic_part.h"

const char *hx_stage_name(hx_stage s) {
    static const char *const names[] = {"unknown", "new", "active", "slowing", "asleep", "lost"};
    return s < HX_STAGE_N ? names[s] : names[0];
}

const char *hx_turn_name(hx_turn t) {
    static const char *const names[] = {"unknown", "steady", "rising", "falling"};
    return t <= HX_TURN_DOWN ? names[t] : names[0];
}

/* --- history ------------------------------------------------------------- */
double hx__history_fade(const hx_history *h, int64_t time) {
    const int64_t at = time == HX_TIME_NONE ? h->first : time;
    if (at == HX_TIME_NONE || h->o->as_of == HX_TIME_NONE) return 1;
    const double days = ((double)h->o->as_of - (double)at) / (double)HX_DAY_MS;
    return exp2(-days / h->o->half_life);
}

int64_t hx__history_points(const hx_history *h, const hx_event *e, double weight) {
    return (int64_t)llround(weight * hx__history_fade(h, e->time) * HX_POINT);
}

int64_t hx__history_local(const hx_history *h, int64_t ms) {
    return h->o->zone ? hx_zone_to_local_ms(h->o->zone, ms) : ms;
}

bool hx__history_is_paid(const hx_event *e) {
    if (e->kind != HX_KIND_ORDER) return false;
    return e->has_amount ? e->amount > 0 : e->quantity >= 0;
}

bool hx__history_speaks(const hx_event *e) {
    return e->text.len > 0 && e->annotation && e->annotation->noise == HX_NOISE_NONE &&
           e->kind != HX_KIND_SEARCH;
}

double hx__history_mood(const hx_sentiment *s) {
    return s->label == HX_SENTIMENT_POSITIVE   ? s->score
           : s->label == HX_SENTIMENT_NEGATIVE ? -s->score
                                               : 0;
}

double hx__history_effective(double sum, double squares) {
    return squares > 0 ? sum * sum / squares : 0;
}

static hx_history history_of(const hx_event *events, size_t n, const hx_dynamic_options *o,
                             hx_arena *arena) {
    hx_history h = {.events = events, .n = n, .o = o, .first = HX_TIME_NONE, .arena = arena};
    while (h.n > 0 && o->as_of != HX_TIME_NONE && events[h.n - 1].time > o->as_of)
        h.n--;
    while (h.n > 0 && o->from != HX_TIME_NONE && h.events->time <= o->from) {
        h.events++;
        h.n--;
    }
    for (size_t i = 0; i < h.n && h.first == HX_TIME_NONE; i++)
        h.first = h.events[i].time;
    return h;
}

hx_status hx_dynamic_of(const hx_event *events, size_t n, const hx_dynamic_options *o,
                        hx_arena *arena, hx_dynamic *out, hx_error *err) {
    *out = (hx_dynamic){.options = *o};
    if (!(out->options.half_life > 0)) out->options.half_life = HX_DYNAMIC_HALF_LIFE;
    const hx_history h = history_of(events, n, &out->options, arena);
    out->n = (uint32_t)h.n;
    hx__dynamic_mood(&h, &out->mood);
    hx__dynamic_price(&h, &out->price);
    const bool ok = hx__dynamic_interests(&h, out) && hx__dynamic_topics(&h, out) &&
                    hx__dynamic_aspects(&h, out) && hx__dynamic_life(&h, &out->life) &&
                    hx__dynamic_habits(&h, &out->habits) && hx__dynamic_home(&h, out);
    if (!ok) return hx_fail(err, HX_ENOMEM, "not enough memory for the dynamic profile");
    return HX_OK;
}
