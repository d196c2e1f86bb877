/* summary.c - the shop at one glance: what the table after a run shows.
 *
 * Sums are over customers; guests (events nobody is known for) are counted apart, and only for the newest as_of, because
 * they have no profile to fold back. Segment shares are of all customers, shares of RFM groups of those with a score. Best =
 * most spent in the main currency; unhappiest = lowest mean sentiment below 0. */
#include "answer/value.h"
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

static void put_sizes(hx_json_writer *w, const hx_population *pop, hx_ui_lang ui) {
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

static void put_counts(hx_json_writer *w, const hx_population *pop, const hx_store_summary *all) {
    hx__value_time(w, "as_of", pop->as_of);
    hx__value_count(w, "customers", pop->n);
    hx__value_count(w, "buyers", pop->buyers);
    hx__value_count(w, "events", pop->events);
    hx_json_key(w, "guest_events");
    if (pop->latest)
        hx_json_int(w, (int64_t)all->guest_events);
    else
        hx_json_null(w);
    hx__value_count(w, "undated", pop->undated);
    hx__value_time(w, "first", pop->first);
    hx__value_time(w, "last", pop->last);
    hx__value_count(w, "orders", pop->orders);
    hx__value_count(w, "order_lines", pop->lines);
    hx__value_count(w, "refunds", pop->refunds);
    hx__value_count(w, "texts", pop->texts);
    hx__value_count(w, "noise", pop->noise);
    hx_json_key(w, "sentiments");
    hx_json_object(w);
    for (size_t i = HX_SENTIMENT_NEGATIVE; i < HX_SENTIMENT_N; i++)
        hx__value_count(w, hx__sentiment_name(i), pop->sentiments[i]);
    hx_json_end_object(w);
    hx__value_counts(w, "intents", pop->intents, HX_INTENT_N, hx__intent_name);
    hx__value_counts(w, "languages", pop->langs, HX_LANG_N, hx__lang_name);
    hx__value_counts(w, "kinds", pop->kinds, HX_KIND_N, hx__kind_name);
}

static hx_status write_summary(hx_store *s, const hx_population *pop, hx_ui_lang ui,
                               hx_arena *arena, hx_buf *out, hx_error *err) {
    hx_store_summary all;
    HX_TRY(hx_store_summarize(s, &all, err));
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_counts(&w, pop, &all);
    put_money(&w, pop);
    put_sizes(&w, pop, ui);
    HX_TRY(put_lists(&w, pop, ui, arena, err));
    hx_json_end_object(&w);
    return HX_OK;
}

hx_status hx_answer_summary(hx_store *s, const hx_answer_options *o, hx_arena *arena, hx_str *json,
                            hx_error *err) {
    hx_population *pop = NULL;
    HX_TRY(hx__population_open(&pop, s, hx__answer_as_of(o), err));
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_arena *scratch = hx_arena_new(0);
    hx_status status = scratch ? write_summary(s, pop, hx__answer_ui(o), scratch, &out, err)
                               : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_arena_free(scratch);
    hx__population_close(pop);
    return hx__value_finish(&out, status, arena, json, err);
}
