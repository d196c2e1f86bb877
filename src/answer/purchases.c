/* purchases.c - a store's purchases, for models of buying again: everybody's as transactions, one customer's with the events.
 *
 * A purchase is a paid order line with a time; a line of a negative amount is a return, refunds are none. Amounts of other currencies than
 * the store's main one can't be added to it and are left out. Days are those of the answer's time zone. Customers go by the first of
 * their ids, by which 'show' finds them. */
#include <stdlib.h>

#include "answer/value.h"
#include "base/error.h"

typedef struct {
    const hx_population *pop;
    const hx_zone *zone;
    uint64_t left_out;
} buying;

static int32_t day_of(const buying *b, int64_t ms) {
    return (int32_t)hx_floor_div(hx_zone_to_local_ms(b->zone, ms), HX_DAY_MS);
}

static bool is_main(const buying *b, const hx_event *e) {
    return hx_str_equal(e->currency, hx_str_of(b->pop->currency));
}

/* Whether a line counts; else it may be one that had to be left out. */
static bool counts(buying *b, const hx_event *e) {
    if (e->kind != HX_KIND_ORDER || (!e->has_amount && e->quantity < 0)) return false;
    if (e->time != HX_TIME_NONE && (!e->has_amount || is_main(b, e))) return true;
    b->left_out++;
    return false;
}

static hx_str first_id(const hx_event *events, size_t n) {
    const hx_id *least = NULL;
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < events[i].n_ids; k++)
            if (!least || hx_id_compare(events[i].ids[k], *least) < 0) least = &events[i].ids[k];
    return least ? least->value : (hx_str){NULL, 0};
}

/* --- everybody ----------------------------------------------------------- */
static hx_status add_person(buying *b, const hx_event *events, size_t n, hx_transactions *out,
                            hx_error *err) {
    const hx_str who = first_id(events, n);
    for (size_t i = 0; i < n && who.len > 0; i++)
        if (counts(b, &events[i]))
            HX_TRY(hx_transactions_add(out, who, day_of(b, events[i].time),
                                       events[i].has_amount ? events[i].amount : 0, err));
    return HX_OK;
}

static hx_status add_all(buying *b, hx_transactions *out, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    hx_status status = arena ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    for (size_t i = 0; i < b->pop->n && status == HX_OK; i++) {
        hx_event *events = NULL;
        size_t n = 0;
        hx_arena_reset(arena);
        status = hx__person_events(b->pop->store, b->pop->customers[i].person, b->pop->as_of, arena,
                                   &events, &n, err);
        if (status == HX_OK) status = add_person(b, events, n, out, err);
    }
    if (b->pop->as_of != HX_TIME_NONE) hx_transactions_watch(out, day_of(b, b->pop->as_of));
    hx_arena_free(arena);
    return status;
}

hx_status hx_answer_transactions(hx_store *s, const hx_answer_options *o, hx_transactions *out,
                                 uint64_t *left_out, hx_error *err) {
    hx_zone zone;
    hx_population *pop = NULL;
    HX_TRY(hx__answer_zone(s, o, &zone, err));
    hx_status status = hx__population_open(&pop, s, hx__answer_as_of(o), err);
    buying b = {pop, &zone, 0};
    if (status == HX_OK) status = add_all(&b, out, err);
    *left_out = b.left_out;
    hx__population_close(pop);
    hx_zone_release(&zone);
    return status;
}

/* --- one customer -------------------------------------------------------- */
static void put_events(hx_json_writer *w, buying *b, const hx_event *events, size_t n,
                       int32_t day) {
    char id[HX_EVENT_ID_TEXT];
    hx_json_key(w, "events");
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        if (counts(b, &events[i]) && events[i].amount >= 0 && day_of(b, events[i].time) == day)
            hx_json_cstr(w, hx_event_id_text(hx_event_id(&events[i]), id));
    hx_json_end_array(w);
}

static void put_day(hx_json_writer *w, buying *b, const hx_event *events, size_t n, size_t first) {
    const int32_t day = day_of(b, events[first].time);
    char date[HX_ISO_MAX];
    hx_money sum = 0, more;
    for (size_t i = first;
         i < n && events[i].time != HX_TIME_NONE && day_of(b, events[i].time) == day; i++)
        if (counts(b, &events[i]) && events[i].amount >= 0 &&
            hx_money_add(sum, events[i].amount, &more))
            sum = more;
    size_t end = first;
    while (end < n && day_of(b, events[end].time) == day)
        end++;
    (void)hx_iso_from_ms((int64_t)day * HX_DAY_MS, date);
    date[10] = '\0';
    hx_json_object(w);
    hx__value_int(w, "day", day);
    hx__value_cstr(w, "date", date);
    hx__value_money(w, "amount", sum);
    put_events(w, b, events + first, end - first, day);
    hx_json_end_object(w);
}

static void put_person(hx_json_writer *w, buying *b, const hx_event *events, size_t n) {
    int32_t last = INT32_MIN;
    hx_json_object(w);
    hx__value_str(w, "customer", first_id(events, n));
    hx__value_time(w, "as_of", b->pop->as_of);
    if (b->pop->as_of != HX_TIME_NONE) hx__value_int(w, "until", day_of(b, b->pop->as_of));
    hx__value_cstr(w, "currency", b->pop->currency);
    hx_json_key(w, "days");
    hx_json_array(w);
    for (size_t i = 0; i < n; i++) {
        if (!counts(b, &events[i]) || events[i].amount < 0 || day_of(b, events[i].time) == last)
            continue;
        last = day_of(b, events[i].time);
        put_day(w, b, events, n, i);
    }
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status ask_person(buying *b, uint64_t person, hx_buf *out, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    hx_event *events = NULL;
    size_t n = 0;
    hx_json_writer w;
    if (!arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    const hx_status status =
        hx__person_events(b->pop->store, person, b->pop->as_of, arena, &events, &n, err);
    hx_json_begin(&w, out);
    if (status == HX_OK) put_person(&w, b, events, n);
    hx_arena_free(arena);
    return status;
}

hx_status hx_answer_purchases(hx_store *s, hx_str who, const hx_answer_options *o, hx_arena *arena,
                              hx_str *json, hx_error *err) {
    uint64_t person;
    hx_zone zone;
    hx_buf out;
    hx_population *pop = NULL;
    HX_TRY(hx_store_find(s, who, &person, err));
    HX_TRY(hx__answer_zone(s, o, &zone, err));
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status = hx__population_open(&pop, s, hx__answer_as_of(o), err);
    buying b = {pop, &zone, 0};
    if (status == HX_OK) status = ask_person(&b, person, &out, err);
    hx__population_close(pop);
    hx_zone_release(&zone);
    return hx__value_finish(&out, status, arena, json, err);
}
