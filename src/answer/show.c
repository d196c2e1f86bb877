/* show.c - one customer's profile as JSON: who, what was done, what was said, what is concluded from it.
 *
 * The stored profile counts hours and weekdays in UTC; for other zones both are counted anew from the person's events (weekdays
 * cannot be turned by an offset alone). Scores and segments need everybody's thresholds: one walk over the population. Traits have
 * the type they were read with; a number too long or oddly written for JSON stays text. */
#include <string.h>

#include "answer/dynamic.h"
#include "answer/segment_rules.h"
#include "base/error.h"

#define WORDS_SHOWN 20
#define INTERESTS_SHOWN 20

typedef struct {
    const hx_profile *p;
    const hx_population *pop;
    const hx_customer *c; /* NULL where the person is not in the population */
    hx_ui_lang ui;
    const hx_zone *zone;
    uint32_t by_hour[24], by_weekday[7];
} show_view;

/* ------------------------------------------------------------------ traits */
/* A JSON number as it stands: no leading zeros or plus, digits on both sides of a point. */
static bool is_json_number(hx_str s) {
    size_t i = s.len > 0 && s.ptr[0] == '-';
    size_t digits = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    if (i == digits || (i > digits + 1 && s.ptr[digits] == '0')) return false;
    if (i == s.len) return true;
    if (s.ptr[i++] != '.') return false;
    digits = i;
    while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
        i++;
    return i == s.len && i > digits;
}

static void put_typed(hx_json_writer *w, const hx_trait *t) {
    static const char *const types[] = {"text", "number", "date", "boolean"};
    hx_json_key(w, "value");
    if (t->type == HX_VALUE_NUMBER && t->value.len <= 32 && is_json_number(t->value))
        hx_json_raw(w, t->value);
    else if (t->type == HX_VALUE_BOOLEAN)
        hx_json_bool(w, hx_str_equal(t->value, HX_STR_LIT("true")));
    else
        hx_json_str(w, t->value);
    hx__value_cstr(w, "type", types[t->type]);
}

static void put_traits(hx_json_writer *w, const hx_profile *p) {
    hx_json_key(w, "traits");
    hx_json_object(w);
    for (uint32_t i = 0; i < p->n_traits; i++) {
        const hx_trait *t = &p->traits[i];
        hx_json_key_str(w, t->name);
        hx_json_object(w);
        put_typed(w, t);
        hx__value_cstr(w, "source", "identify");
        hx__value_time(w, "at", t->at);
        hx__value_hash(w, "event", t->event);
        hx_json_end_object(w);
    }
    hx__label_traits(w, p);
    hx_json_end_object(w);
}

static void put_conflicts(hx_json_writer *w, const hx_profile *p) {
    hx_json_key(w, "conflicts");
    hx_json_array(w);
    for (uint32_t i = 0; i < p->n_conflicts; i++) {
        const hx_conflict *c = &p->conflicts[i];
        hx_json_object(w);
        hx__value_str(w, "trait", c->name);
        hx__value_str(w, "value", c->value);
        hx__value_hash(w, "event", c->event);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

/* ------------------------------------------------------------------ activity */
static void put_histogram(hx_json_writer *w, const char *key, const uint32_t *counts, size_t n) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_int(w, counts[i]);
    hx_json_end_array(w);
}

static void put_spent(hx_json_writer *w, const hx_profile *p) {
    hx_str currency;
    hx_money amount = hx_profile_spent(p, &currency);
    hx__value_amount(w, "spent", amount, currency);
    hx_json_key(w, "spent_by_currency");
    hx_json_array(w);
    for (uint32_t i = 0; i < p->n_spent; i++) {
        const hx_spent *s = &p->spent[i];
        hx_json_object(w);
        hx_json_key(w, "currency");
        if (s->currency.len > 0)
            hx_json_str(w, s->currency);
        else
            hx_json_null(w);
        hx__value_money(w, "value", s->amount);
        hx__value_money(w, "refunded", s->refunded);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_activity(hx_json_writer *w, const show_view *v) {
    const hx_profile *p = v->p;
    hx_json_key(w, "activity");
    hx_json_object(w);
    hx__value_time(w, "first", p->first);
    hx__value_time(w, "last", p->last);
    hx__value_local(w, "first_local", p->first, v->zone);
    hx__value_local(w, "last_local", p->last, v->zone);
    hx__value_count(w, "events", p->n_events);
    hx__value_count(w, "undated", p->n_undated);
    hx__value_count(w, "orders", p->n_orders);
    hx__value_count(w, "order_lines", p->n_lines);
    hx__value_count(w, "refunds", p->n_refunds);
    hx__value_money(w, "quantity", p->quantity);
    put_spent(w, p);
    hx__value_money(w, "discount", p->discount);
    hx__value_time(w, "first_purchase", p->first_purchase);
    hx__value_time(w, "last_purchase", p->last_purchase);
    hx__value_int(w, "purchase_days", p->purchase_days);
    hx_json_key(w, "mean_gap_days");
    if (p->purchase_days > 1)
        hx_json_double(w, (double)p->gap_sum / (double)(p->purchase_days - 1));
    else
        hx_json_null(w);
    hx__value_counts(w, "kinds", p->kinds, HX_KIND_N, hx__kind_name);
    hx__value_cstr(w, "timezone", v->zone->name[0] ? v->zone->name : "UTC");
    put_histogram(w, "by_hour", v->by_hour, 24);
    put_histogram(w, "by_weekday", v->by_weekday, 7);
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ voice */
static void put_words(hx_json_writer *w, const hx_profile *p) {
    uint32_t order[HX_TOP_WORDS_MAX];
    size_t n = hx_profile_words(p, order);
    hx_json_key(w, "keywords");
    hx_json_array(w);
    for (size_t i = 0; i < n && i < WORDS_SHOWN; i++) {
        const hx_top_word *word = &p->words[order[i]];
        hx_json_object(w);
        hx__value_str(w, "text", word->text);
        hx__value_int(w, "count", word->count);
        hx__value_int(w, "positive", word->positive);
        hx__value_int(w, "negative", word->negative);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_sentiment(hx_json_writer *w, const hx_profile *p) {
    uint64_t n = 0;
    for (int i = HX_SENTIMENT_NEGATIVE; i < HX_SENTIMENT_N; i++)
        n += p->sentiments[i];
    hx_json_key(w, "sentiment");
    if (n == 0) {
        hx_json_null(w);
        return;
    }
    hx_json_object(w);
    hx__value_double(w, "mean", hx_profile_sentiment_mean(p));
    hx__value_double(w, "trend", hx_profile_sentiment_trend(p));
    for (size_t i = HX_SENTIMENT_NEGATIVE; i < HX_SENTIMENT_N; i++)
        hx__value_count(w, hx__sentiment_name(i), p->sentiments[i]);
    hx_json_end_object(w);
}

static void put_aspects(hx_json_writer *w, const hx_profile *p) {
    hx_aspect_count list[HX_PROFILE_ASPECTS_MAX];
    size_t n = hx_profile_aspects(p, list);
    hx_json_key(w, "aspects");
    hx_json_array(w);
    for (size_t i = 0; i < n; i++) {
        hx_json_object(w);
        hx__value_str(w, "aspect", list[i].name);
        hx__value_str(w, "id", list[i].id);
        hx__value_double(w, "sentiment", hx_profile_aspect_mean(&list[i]));
        hx__value_count(w, "n", list[i].count);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_voice(hx_json_writer *w, const hx_profile *p) {
    hx_json_key(w, "voice");
    hx_json_object(w);
    hx__value_count(w, "texts", p->n_texts);
    hx__value_count(w, "noise", p->n_noise);
    put_sentiment(w, p);
    hx__value_counts(w, "intents", p->intents, HX_INTENT_N, hx__intent_name);
    put_aspects(w, p);
    put_words(w, p);
    hx__value_counts(w, "languages", p->langs, HX_LANG_N, hx__lang_name);
    hx_json_key(w, "rating");
    if (p->n_ratings > 0) {
        hx_json_object(w);
        hx__value_double(w, "mean", (double)p->rating_sum / 1000 / (double)p->n_ratings);
        hx__value_count(w, "n", p->n_ratings);
        hx_json_end_object(w);
    } else {
        hx_json_null(w);
    }
    hx_json_end_object(w);
}

/* ------------------------------------------------------------------ interests, scores */
static void put_interest(hx_json_writer *w, const hx_interest *i, int64_t sum) {
    hx_buf claim;
    hx_buf_init(&claim, 1u << 20);
    hx_buf_append_lit(&claim, "interest:");
    hx_buf_append_str(&claim, i->name);
    hx_json_object(w);
    hx__value_str(w, "name", i->name);
    hx__value_double(w, "weight", (double)i->weight / (double)sum);
    hx__value_int(w, "points", i->weight);
    hx__value_int(w, "orders", i->orders);
    hx__value_int(w, "views", i->views);
    hx__value_int(w, "reviews", i->reviews);
    hx__value_str(w, "claim", hx_buf_str(&claim));
    hx_json_end_object(w);
    hx_buf_release(&claim);
}

static void put_interests(hx_json_writer *w, const hx_profile *p) {
    uint32_t order[HX_INTERESTS_MAX];
    size_t n = hx_profile_interests(p, order);
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += p->interests[i].weight;
    hx_json_key(w, "interests");
    hx_json_array(w);
    for (size_t i = 0; i < n && i < INTERESTS_SHOWN && sum > 0; i++)
        put_interest(w, &p->interests[order[i]], sum);
    hx_json_end_array(w);
}

static void put_scores(hx_json_writer *w, const show_view *v) {
    hx_json_key(w, "scores");
    hx_json_object(w);
    hx__value_rfm(w, "rfm", v->c, v->ui);
    hx_json_end_object(w);
}

/* Fixed ones, then those that somebody defined. */
static hx_status put_segments(hx_json_writer *w, const show_view *v, hx_error *err) {
    hx_json_key(w, "segments");
    hx_json_array(w);
    for (int id = 0; id < HX_SEGMENT_N; id++)
        if (v->c && v->c->segments >> id & 1) hx_json_cstr(w, hx_segment_key((hx_segment_id)id));
    HX_TRY(hx__segment_put_names(w, v->pop->store, v->p->key, v->pop->as_of, err));
    hx_json_end_array(w);
    return HX_OK;
}

static hx_status put_profile(hx_json_writer *w, const show_view *v, const hx_answer_options *o,
                             hx_error *err) {
    char id[HX_PROFILE_ID_MAX], scratch[HX_PROFILE_ID_MAX];
    hx_json_object(w);
    hx__value_cstr(w, "id", hx_profile_id_text(v->p->key, id));
    hx__value_str(w, "name", hx__person_name(v->p, scratch));
    hx__value_ids(w, v->p);
    hx__value_time(w, "as_of", v->pop->as_of);
    hx__value_local(w, "as_of_local", v->pop->as_of, v->zone);
    put_traits(w, v->p);
    put_activity(w, v);
    put_voice(w, v->p);
    put_interests(w, v->p);
    put_scores(w, v);
    HX_TRY(put_segments(w, v, err));
    HX_TRY(hx__dynamic_person(w, v->pop, v->p->key, o, v->zone, err));
    put_conflicts(w, v->p);
    hx_json_end_object(w);
    return HX_OK;
}

/* ------------------------------------------------------------------ hours and weekdays */
static void count_hours(show_view *v, const hx_zone *zone, const hx_event *events, size_t n) {
    memset(v->by_hour, 0, sizeof v->by_hour);
    memset(v->by_weekday, 0, sizeof v->by_weekday);
    for (size_t i = 0; i < n; i++) {
        if (events[i].time == HX_TIME_NONE || events[i].kind == HX_KIND_TRAITS) continue;
        int64_t local = hx_zone_to_local_ms(zone, events[i].time);
        v->by_hour[hx_civil_from_ms(local).hour]++;
        v->by_weekday[hx_weekday(local)]++;
    }
}

static hx_status set_hours(show_view *v, hx_store *s, const hx_zone *zone, hx_error *err) {
    memcpy(v->by_hour, v->p->by_hour, sizeof v->by_hour);
    memcpy(v->by_weekday, v->p->by_weekday, sizeof v->by_weekday);
    v->zone = zone;
    if (!zone->at && zone->fixed == 0) return HX_OK;
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_event *events = NULL;
    size_t n = 0;
    hx_status status = hx__person_events(s, v->p->key, v->pop->as_of, arena, &events, &n, err);
    if (status == HX_OK) count_hours(v, zone, events, n);
    hx_arena_free(arena);
    return status;
}

static hx_status show_person(hx_store *s, uint64_t person, const hx_answer_options *o,
                             const hx_population *pop, hx_profile *p, hx_buf *out, hx_error *err) {
    show_view v = {.p = p, .pop = pop, .ui = hx__answer_ui(o)};
    hx_zone zone;
    HX_TRY(hx__person_profile(s, person, pop->as_of, p, err));
    HX_TRY(hx__answer_zone(s, o, &zone, err));
    v.c = hx__population_find(pop, person);
    hx_status status = set_hours(&v, s, &zone, err);
    hx_json_writer w;
    hx_json_begin(&w, out);
    if (status == HX_OK) status = put_profile(&w, &v, o, err);
    hx_zone_release(&zone);
    return status;
}

hx_status hx_answer_show(hx_store *s, hx_str who, const hx_answer_options *o, hx_arena *arena,
                         hx_str *json, hx_error *err) {
    uint64_t person;
    HX_TRY(hx_store_find(s, who, &person, err));
    hx_population *pop = NULL;
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    hx_profile *p = hx_profile_new();
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status = p ? show_person(s, person, o, pop, p, &out, err)
                         : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_profile_free(p);
    hx__population_close(pop);
    return hx__value_finish(&out, status, arena, json, err);
}
