/* value.c - the small values that every answer is made of; see value.h.
 *
 * A member is written only through these, so that a time, an amount or an id looks the same in every answer. Money goes out as
 * the exact decimal text of money.h, never through a double; counts beyond int64 are saturated, because JSON readers take
 * integers as signed. */
#include "answer/value.h"

#include <stdio.h>

#include "base/error.h"

void hx__value_time(hx_json_writer *w, const char *key, int64_t ms) {
    char text[HX_ISO_MAX];
    hx_json_key(w, key);
    if (ms == HX_TIME_NONE)
        hx_json_null(w);
    else
        hx_json_cstr(w, hx_iso_from_ms(ms, text));
}

void hx__value_local(hx_json_writer *w, const char *key, int64_t ms, const hx_zone *zone) {
    char text[64];
    if (ms == HX_TIME_NONE) {
        hx__value_cstr(w, key, NULL);
        return;
    }
    hx_civil c = hx_civil_from_ms(hx_zone_to_local_ms(zone, ms));
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day,
                   c.hour, c.minute, c.second);
    hx__value_cstr(w, key, text);
}

void hx__value_int(hx_json_writer *w, const char *key, int64_t v) {
    hx_json_key(w, key);
    hx_json_int(w, v);
}

void hx__value_count(hx_json_writer *w, const char *key, uint64_t v) {
    hx__value_int(w, key, v > INT64_MAX ? INT64_MAX : (int64_t)v);
}

void hx__value_cstr(hx_json_writer *w, const char *key, const char *v) {
    hx_json_key(w, key);
    if (v)
        hx_json_cstr(w, v);
    else
        hx_json_null(w);
}

void hx__value_str(hx_json_writer *w, const char *key, hx_str v) {
    hx_json_key(w, key);
    hx_json_str(w, v);
}

void hx__value_double(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

void hx__value_money(hx_json_writer *w, const char *key, hx_money m) {
    char text[HX_MONEY_TEXT_MAX];
    hx_json_key(w, key);
    hx_json_raw(w, hx_str_of(hx_money_text(m, text)));
}

void hx__value_hash(hx_json_writer *w, const char *key, uint64_t hash) {
    char text[HX_EVENT_ID_TEXT];
    hx__value_cstr(w, key, hx_event_id_text(hash, text));
}

static void put_currency(hx_json_writer *w, hx_str currency) {
    hx_json_key(w, "currency");
    if (currency.len > 0)
        hx_json_str(w, currency);
    else
        hx_json_null(w);
}

void hx__value_amount(hx_json_writer *w, const char *key, hx_money m, hx_str currency) {
    hx_json_key(w, key);
    hx_json_object(w);
    hx__value_money(w, "value", m);
    put_currency(w, currency);
    hx_json_end_object(w);
}

void hx__value_ids(hx_json_writer *w, const hx_profile *p) {
    hx_json_key(w, "ids");
    hx_json_object(w);
    for (uint32_t i = 0; i < p->n_ids; i++) {
        bool first = i == 0 || p->ids[i - 1].type != p->ids[i].type;
        bool last = i + 1 == p->n_ids || p->ids[i + 1].type != p->ids[i].type;
        if (first) {
            hx_json_key(w, hx_id_type_name(p->ids[i].type));
            hx_json_array(w);
        }
        hx_json_str(w, p->ids[i].value);
        if (last) hx_json_end_array(w);
    }
    hx_json_end_object(w);
}

void hx__value_rfm(hx_json_writer *w, const char *key, const hx_customer *c, hx_ui_lang ui) {
    int group = c ? hx_rfm_group(c) : -1;
    hx_json_key(w, key);
    if (group < 0) {
        hx_json_null(w);
        return;
    }
    hx_json_object(w);
    hx__value_int(w, "r", c->r);
    hx__value_int(w, "f", c->f);
    hx__value_int(w, "m", c->m);
    hx__value_cstr(w, "name", hx_rfm_group_name(group, ui));
    hx__value_cstr(w, "group", hx_rfm_group_id(group));
    hx_json_end_object(w);
}

void hx__value_segments(hx_json_writer *w, const char *key, const hx_customer *c) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (int id = 0; id < HX_SEGMENT_N; id++)
        if (c && c->segments >> id & 1) hx_json_cstr(w, hx_segment_key((hx_segment_id)id));
    hx_json_end_array(w);
}

const char *hx__intent_name(size_t i) {
    return hx_intent_name((hx_intent_label)i);
}

const char *hx__lang_name(size_t i) {
    return hx_lang_name((hx_lang)i);
}

const char *hx__sentiment_name(size_t i) {
    return i == HX_SENTIMENT_NONE ? "none" : hx_sentiment_name((hx_sentiment_label)i);
}

const char *hx__kind_name(size_t i) {
    return i == HX_KIND_OTHER ? "Other" : hx_event_kind_name((hx_event_kind)i);
}

void hx__value_counts(hx_json_writer *w, const char *key, const uint64_t *counts, size_t n,
                      hx_value_name *name) {
    hx_json_key(w, key);
    hx_json_object(w);
    for (size_t i = 0; i < n; i++)
        if (counts[i] > 0) hx__value_count(w, name(i), counts[i]);
    hx_json_end_object(w);
}

static void put_days(hx_json_writer *w, const char *key, int32_t days) {
    hx_json_key(w, key);
    if (days == HX_DAYS_UNKNOWN)
        hx_json_null(w);
    else
        hx_json_int(w, days);
}

void hx__value_customer(hx_json_writer *w, const hx_population *pop, const hx_customer *c,
                        const hx_profile *p, hx_ui_lang ui) {
    char id[HX_PROFILE_ID_MAX], scratch[HX_PROFILE_ID_MAX];
    hx_json_object(w);
    hx__value_cstr(w, "id", hx_profile_id_text(c->person, id));
    hx__value_str(w, "name", hx__person_name(p, scratch));
    hx__value_ids(w, p);
    hx__value_rfm(w, "rfm", c, ui);
    put_days(w, "recency_days", c->recency);
    hx__value_int(w, "orders", c->orders);
    hx__value_amount(w, "spent", c->monetary, hx_str_of(pop->currency));
    hx__value_int(w, "texts", c->texts);
    hx_json_key(w, "sentiment");
    if (c->texts > 0)
        hx_json_double(w, (double)c->sentiment / HX_SHARE_ONE);
    else
        hx_json_null(w);
    hx__value_segments(w, "segments", c);
    hx_json_end_object(w);
}

hx_status hx__value_customers(hx_json_writer *w, const hx_population *pop, const uint32_t *indexes,
                              size_t n, hx_ui_lang ui, hx_error *err) {
    hx_profile *p = hx_profile_new();
    if (!p) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_status status = HX_OK;
    hx_json_array(w);
    for (size_t i = 0; i < n && status == HX_OK; i++) {
        const hx_customer *c = &pop->customers[indexes[i]];
        status = hx__person_profile(pop->store, c->person, pop->as_of, p, err);
        if (status == HX_OK) hx__value_customer(w, pop, c, p, ui);
    }
    hx_json_end_array(w);
    hx_profile_free(p);
    return status;
}

hx_status hx__value_finish(hx_buf *b, hx_status so_far, hx_arena *arena, hx_str *json,
                           hx_error *err) {
    if (so_far == HX_OK) so_far = hx_buf_status(b, "answer", err);
    if (so_far == HX_OK) {
        *json = hx_arena_str(arena, hx_buf_str(b));
        if (!json->ptr) so_far = hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    }
    hx_buf_release(b);
    return so_far;
}

hx_ui_lang hx__answer_ui(const hx_answer_options *o) {
    return o ? o->ui : HX_UI_EN;
}

int64_t hx__answer_as_of(const hx_answer_options *o) {
    return o ? o->as_of : HX_AS_OF_LATEST;
}
