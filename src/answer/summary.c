/* summary.c - the shop at one glance: what the table after a run shows.
 *
 * Money and orders are summed over customers; what is said counts whoever said it, guests (events nobody is known for)
 * too, and how much of it is theirs stands beside. Segment shares are of all customers, shares of RFM groups of those with a score. Best =
 * most spent in the main currency; unhappiest = lowest mean sentiment below 0. */
#include "answer/segment_rules.h"
#include "base/error.h"

#define SUMMARY_LIST 10

static double share_of(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : 0;
}

static void put_money(hx_json_writer *w, const hx_population *pop) {
    hx__value_amount(w, "spent", pop->n_spent ? pop->spent[0].amount : 0, hx_str_of(pop->currency));
    hx_json_key(w, "spent_by_currency");
    hx_json_array(w);
    for (size_t i = 0; i < pop->n_spent; i++) {
        hx_json_object(w);
        hx__value_cstr(w, "currency", pop->spent[i].currency[0] ? pop->spent[i].currency : NULL);
        hx__value_money(w, "value", pop->spent[i].amount);
        hx__value_money(w, "refunded", pop->spent[i].refunded);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static hx_status put_sizes(hx_json_writer *w, const hx_population *pop, hx_ui_lang ui,
                           hx_error *err) {
    hx_json_key(w, "segments");
    hx_json_array(w);
    for (int id = 0; id < HX_SEGMENT_N; id++) {
        hx_json_object(w);
        hx__value_cstr(w, "id", hx_segment_key((hx_segment_id)id));
        hx__value_cstr(w, "name", hx_segment_name((hx_segment_id)id, ui));
        hx__value_count(w, "size", pop->segment_sizes[id]);
        hx__value_double(w, "share", share_of(pop->segment_sizes[id], pop->n));
        hx_json_end_object(w);
    }
    HX_TRY(hx__segments_list(w, pop, err));
    hx_json_end_array(w);
    hx_json_key(w, "rfm");
    hx_json_array(w);
    for (int g = HX_RFM_GROUPS - 1; g >= 0; g--) {
        hx_json_object(w);
        hx__value_cstr(w, "group", hx_rfm_group_id(g));
        hx__value_cstr(w, "name", hx_rfm_group_name(g, ui));
        hx__value_count(w, "size", pop->group_sizes[g]);
        hx__value_double(w, "share", share_of(pop->group_sizes[g], pop->thresholds.rfm.n));
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    return HX_OK;
}

static hx_status put_lists(hx_json_writer *w, const hx_population *pop, hx_ui_lang ui,
                           hx_arena *arena, hx_error *err) {
    uint32_t *list = NULL;
    size_t n = 0;
    HX_TRY(hx__population_best(pop, SUMMARY_LIST, arena, &list, &n, err));
    hx_json_key(w, "best");
    HX_TRY(hx__value_customers(w, pop, list, n, ui, err));
    HX_TRY(hx__population_unhappiest(pop, SUMMARY_LIST, arena, &list, &n, err));
    hx_json_key(w, "unhappiest");
    return hx__value_customers(w, pop, list, n, ui, err);
}

/* All guests as if they were one person; events later than as_of are not seen. */
typedef struct {
    hx_profile *together;
    int64_t as_of;
} guest_walk;

static hx_status fold_guests(void *context, uint64_t person, const hx_event *events, size_t n,
                             hx_error *err) {
    guest_walk *g = context;
    (void)person;
    (void)err;
    for (size_t i = 0; i < n; i++)
        if (events[i].time <= g->as_of) hx_profile_fold(g->together, &events[i]);
    return HX_OK;
}

static void put_sum(hx_json_writer *w, const char *key, const uint64_t *a, const uint64_t *b,
                    size_t n, const char *(*name)(size_t)) {
    uint64_t sums[32];
    for (size_t i = 0; i < n; i++)
        sums[i] = a[i] + b[i];
    hx__value_counts(w, key, sums, n, name);
}

/* Only where a model labelled texts. */
static hx_status put_labels(hx_json_writer *w, hx_population *pop, const hx_profile *guests,
                            hx_error *err) {
    hx__label_sums_add(&pop->labels, guests, false);
    HX_TRY(hx__label_sums_finish(&pop->labels, err));
    if (pop->labels.n == 0) return HX_OK;
    hx_json_key(w, "labels");
    hx__label_sums_put(w, &pop->labels);
    return HX_OK;
}

static void put_voice(hx_json_writer *w, const hx_population *pop, const hx_profile *guests) {
    hx__value_count(w, "texts", pop->texts + guests->n_texts);
    hx__value_count(w, "guest_texts", guests->n_texts);
    hx__value_count(w, "noise", pop->noise + guests->n_noise);
    hx_json_key(w, "sentiments");
    hx_json_object(w);
    for (size_t i = HX_SENTIMENT_NEGATIVE; i < HX_SENTIMENT_N; i++)
        hx__value_count(w, hx__sentiment_name(i), pop->sentiments[i] + guests->sentiments[i]);
    hx_json_end_object(w);
    put_sum(w, "intents", pop->intents, guests->intents, HX_INTENT_N, hx__intent_name);
    put_sum(w, "languages", pop->langs, guests->langs, HX_LANG_N, hx__lang_name);
    put_sum(w, "kinds", pop->kinds, guests->kinds, HX_KIND_N, hx__kind_name);
}

static void put_counts(hx_json_writer *w, const hx_population *pop, const hx_profile *guests,
                       const hx_zone *zone) {
    hx__value_time(w, "as_of", pop->as_of);
    hx__value_cstr(w, "timezone", zone->name[0] ? zone->name : "UTC");
    hx__value_count(w, "customers", pop->n);
    hx__value_count(w, "buyers", pop->buyers);
    hx__value_count(w, "events", pop->events);
    hx__value_count(w, "guest_events", guests->n_events);
    hx__value_count(w, "undated", pop->undated);
    hx__value_time(w, "first", pop->first);
    hx__value_time(w, "last", pop->last);
    hx__value_local(w, "first_local", pop->first, zone);
    hx__value_local(w, "last_local", pop->last, zone);
    hx__value_count(w, "orders", pop->orders);
    hx__value_count(w, "order_lines", pop->lines);
    hx__value_count(w, "refunds", pop->refunds);
    put_voice(w, pop, guests);
}

static hx_status write_summary(const hx_profile *guests, hx_population *pop, const hx_zone *zone,
                               hx_ui_lang ui, hx_arena *arena, hx_buf *out, hx_error *err) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_counts(&w, pop, guests, zone);
    HX_TRY(put_labels(&w, pop, guests, err));
    put_money(&w, pop);
    HX_TRY(put_sizes(&w, pop, ui, err));
    HX_TRY(put_lists(&w, pop, ui, arena, err));
    hx_json_end_object(&w);
    return HX_OK;
}

static hx_status summarize(hx_store *s, hx_population *pop, const hx_answer_options *o,
                           hx_profile *guests, hx_buf *out, hx_error *err) {
    hx_zone zone;
    HX_TRY(hx__answer_zone(s, o, &zone, err));
    guest_walk walk = {guests, pop->as_of};
    hx_arena *scratch = hx_arena_new(0);
    hx_status status = scratch ? hx_store_each_guest(s, fold_guests, &walk, err)
                               : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (status == HX_OK)
        status = write_summary(guests, pop, &zone, hx__answer_ui(o), scratch, out, err);
    hx_zone_release(&zone);
    hx_arena_free(scratch);
    return status;
}

hx_status hx_answer_summary(hx_store *s, const hx_answer_options *o, hx_arena *arena, hx_str *json,
                            hx_error *err) {
    hx_population *pop = NULL;
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_profile *guests = hx_profile_new();
    hx_status status = guests ? summarize(s, pop, o, guests, &out, err)
                              : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_profile_free(guests);
    hx__population_close(pop);
    return hx__value_finish(&out, status, arena, json, err);
}
