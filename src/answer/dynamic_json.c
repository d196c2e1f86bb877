/* dynamic_json.c - a dynamic profile as JSON: each value with its interval, how many events it rests on and which say most.
 *
 * Decimals have four places: what is behind them says nothing at these numbers of events. What can't be said is null, never 0.
 * Keys never change with the language.
 * The wire is small enough to be read by eye: members are in the order in which a reader asks, who stays, what for, how he feels. */
#include <math.h>

#include "answer/dynamic.h"

#define PLACES 1e4
#define TOPICS_SHOWN 8

static void put_number(hx_json_writer *w, const char *key, double v) {
    hx__value_double(w, key, isfinite(v) ? round(v * PLACES) / PLACES + 0.0 : NAN);
}

/* Members "value" (or another name), "low", "high". */
static void put_interval(hx_json_writer *w, const char *name, hx_interval v) {
    put_number(w, name, v.value);
    put_number(w, "low", v.low);
    put_number(w, "high", v.high);
}

static void put_events(hx_json_writer *w, const uint64_t *events, uint32_t n) {
    char id[HX_EVENT_ID_TEXT];
    hx_json_key(w, "events");
    hx_json_array(w);
    for (uint32_t i = 0; i < n; i++)
        hx_json_cstr(w, hx_event_id_text(events[i], id));
    hx_json_end_array(w);
}

static void put_event(hx_json_writer *w, const char *key, uint64_t event) {
    if (event)
        hx__value_hash(w, key, event);
    else
        hx__value_cstr(w, key, NULL);
}

static void begin(hx_json_writer *w, const char *key) {
    hx_json_key(w, key);
    hx_json_object(w);
}

/* --- parts --------------------------------------------------------------- */
static void put_life(hx_json_writer *w, const hx_life *l, double shop) {
    begin(w, "life");
    hx__value_cstr(w, "stage", l->stage == HX_STAGE_UNKNOWN ? NULL : hx_stage_name(l->stage));
    hx__value_cstr(w, "by", l->by_purchases ? "purchases" : "events");
    hx__value_int(w, "days", l->days);
    put_number(w, "own_gap_days", l->own_gap);
    put_number(w, "gap_days", l->gap);
    put_number(w, "shop_gap_days", shop > 0 ? shop : NAN);
    put_number(w, "silent_days", l->silent);
    put_number(w, "known_days", l->known);
    put_number(w, "chance_of_silence", l->tail);
    put_number(w, "p_gaps_as_before", l->growth);
    put_event(w, "last_event", l->last_event);
    hx_json_end_object(w);
}

static void put_entry(hx_json_writer *w, const hx_dynamic_entry *e) {
    hx_json_object(w);
    hx__value_str(w, "name", e->name);
    put_interval(w, "share", e->share);
    hx__value_int(w, "points", e->points);
    hx__value_int(w, "n", e->n);
    hx__value_int(w, "orders", e->orders);
    hx__value_int(w, "reviews", e->reviews);
    hx__value_int(w, "views", e->views);
    hx__value_time(w, "last", e->last_time);
    put_events(w, e->events, e->n_events);
    hx_json_end_object(w);
}

static void put_list(hx_json_writer *w, const char *key, const hx_dynamic_list *l, size_t limit) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < l->n && i < limit; i++)
        put_entry(w, &l->at[i]);
    hx_json_end_array(w);
}

static void put_mood(hx_json_writer *w, const hx_mood *m) {
    begin(w, "mood");
    put_interval(w, "now", m->now);
    hx__value_int(w, "n", m->n);
    hx__value_cstr(w, "turn", m->turn == HX_TURN_UNKNOWN ? NULL : hx_turn_name(m->turn));
    begin(w, "slope");
    put_interval(w, "month", m->slope);
    hx_json_end_object(w);
    put_event(w, "best", m->best);
    put_event(w, "worst", m->worst);
    hx_json_end_object(w);
}

static void put_aspect(hx_json_writer *w, const hx_dynamic_aspect *a) {
    hx_json_object(w);
    hx__value_str(w, "id", a->id);
    hx__value_str(w, "aspect", a->name);
    hx__value_cstr(w, "verdict", a->verdict > 0 ? "praised" : a->verdict < 0 ? "blamed" : "open");
    hx_json_key(w, "sure");
    hx_json_bool(w, a->sure);
    put_number(w, "sentiment", a->mean);
    put_interval(w, "praise", a->praise);
    hx__value_int(w, "n", a->n);
    hx__value_int(w, "praised", a->praised);
    hx__value_int(w, "blamed", a->blamed);
    put_events(w, a->events, a->n_events);
    hx_json_end_object(w);
}

static void put_habits(hx_json_writer *w, const hx_habits *h) {
    begin(w, "habits");
    hx_json_key(w, "hours");
    if (h->hour >= 0) {
        hx_json_object(w);
        hx__value_int(w, "from", h->hour);
        hx__value_int(w, "to", (h->hour + HX_DYNAMIC_WINDOW) % 24);
        put_interval(w, "share", h->share);
        hx_json_key(w, "sure");
        hx_json_bool(w, h->sure);
        hx__value_int(w, "n", h->n);
        hx_json_end_object(w);
    } else {
        hx_json_null(w);
    }
    begin(w, "weekend");
    put_interval(w, "share", h->weekend);
    hx__value_int(w, "n", h->n_days);
    hx_json_end_object(w);
    put_list(w, "channels", &h->channels, HX_DYNAMIC_LIST_MAX);
    hx_json_end_object(w);
}

static void put_price(hx_json_writer *w, const hx_price_sense *p, double shop) {
    begin(w, "price");
    put_number(w, "sensitivity", p->shrunk);
    hx__value_cstr(w, "than_the_shop",
                   p->verdict > 0   ? "more"
                   : p->verdict < 0 ? "less"
                                    : "as others");
    begin(w, "discounted");
    put_interval(w, "share", p->share);
    hx__value_int(w, "lines", p->n);
    hx__value_int(w, "at_a_discount", p->discounted);
    put_number(w, "shop", shop >= 0 ? shop : NAN);
    hx_json_end_object(w);
    put_number(w, "depth", p->depth);
    begin(w, "level");
    put_interval(w, "of_usual", p->level);
    hx__value_int(w, "lines", p->n_level);
    hx_json_end_object(w);
    begin(w, "words");
    put_interval(w, "share", p->words_share);
    hx__value_int(w, "texts", p->words);
    hx_json_end_object(w);
    put_events(w, p->events, p->n_events);
    hx_json_end_object(w);
}

void hx__dynamic_put(hx_json_writer *w, const hx_dynamic *d) {
    hx__value_time(w, "as_of", d->options.as_of);
    put_number(w, "half_life_days", d->options.half_life);
    put_number(w, "level", HX_DYNAMIC_LEVEL);
    hx__value_int(w, "n", d->n);
    put_life(w, &d->life, d->options.gap_days);
    put_list(w, "interests", &d->interests, HX_DYNAMIC_LIST_MAX);
    put_list(w, "topics", &d->topics, TOPICS_SHOWN);
    put_mood(w, &d->mood);
    hx_json_key(w, "aspects");
    hx_json_array(w);
    for (size_t i = 0; i < d->n_aspects; i++)
        put_aspect(w, &d->aspects[i]);
    hx_json_end_array(w);
    put_habits(w, &d->habits);
    put_price(w, &d->price, d->options.discounted);
    if (d->options.household)
        put_list(w, "household", &d->home, HX_DYNAMIC_LIST_MAX);
    else
        hx__value_cstr(w, "household", NULL);
}

/* --- drift --------------------------------------------------------------- */
static bool is_sure(hx_interval d) {
    return d.low > 0 || d.high < 0;
}

static void put_change(hx_json_writer *w, hx_interval before, hx_interval since) {
    const hx_interval d = hx_interval_difference(before, since);
    put_number(w, "before", before.value);
    put_number(w, "since", since.value);
    put_interval(w, "change", d);
    hx_json_key(w, "sure");
    hx_json_bool(w, is_sure(d));
}

static void put_changed(hx_json_writer *w, const char *key, hx_interval before, hx_interval since) {
    begin(w, key);
    put_change(w, before, since);
    hx_json_end_object(w);
}

/* A name that one list lacks has a share of 0 there, with the interval that so many events give. */
static hx_interval share_in(const hx_dynamic_list *l, hx_str name) {
    const hx_dynamic_entry *e = hx_dynamic_find(l, name);
    const double sum = (double)l->points / HX_POINT;
    if (e) return e->share;
    return hx_wilson(0, l->squares > 0 ? sum * sum / l->squares : 0, HX_DYNAMIC_LEVEL);
}

static void put_named_change(hx_json_writer *w, const hx_dynamic_list *then,
                             const hx_dynamic_list *since, hx_str name) {
    hx_json_object(w);
    hx__value_str(w, "name", name);
    put_change(w, share_in(then, name), share_in(since, name));
    hx_json_end_object(w);
}

static void put_list_drift(hx_json_writer *w, const char *key, const hx_dynamic_list *then,
                           const hx_dynamic_list *since) {
    begin(w, key);
    put_number(w, "divergence", hx_dynamic_divergence(then, since));
    hx_json_key(w, "changes");
    hx_json_array(w);
    for (size_t i = 0; since->points > 0 && i < then->n; i++)
        put_named_change(w, then, since, then->at[i].name);
    for (size_t i = 0; then->points > 0 && i < since->n; i++)
        if (!hx_dynamic_find(then, since->at[i].name))
            put_named_change(w, then, since, since->at[i].name);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

void hx__dynamic_put_drift(hx_json_writer *w, const hx_dynamic_drift *d) {
    const hx_life *then = &d->then.life, *now = &d->now.life;
    hx__value_time(w, "from", d->then.options.as_of);
    hx__value_time(w, "to", d->now.options.as_of);
    hx__value_int(w, "events_before", d->then.n);
    hx__value_int(w, "events_since", d->since.n);
    begin(w, "stage");
    hx__value_cstr(w, "then", then->stage ? hx_stage_name(then->stage) : NULL);
    hx__value_cstr(w, "now", now->stage ? hx_stage_name(now->stage) : NULL);
    hx_json_end_object(w);
    put_list_drift(w, "interests", &d->then.interests, &d->since.interests);
    put_changed(w, "mood", d->then.mood.now, d->since.mood.now);
    put_changed(w, "weekend", d->then.habits.weekend, d->since.habits.weekend);
    put_list_drift(w, "channels", &d->then.habits.channels, &d->since.habits.channels);
    put_changed(w, "discounted", d->then.price.share, d->since.price.share);
}
