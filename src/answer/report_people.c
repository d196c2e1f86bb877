/* report_people.c - people in the report: best and unhappiest customers, and the first members of each segment.
 *
 * A person is shown by the profile id and the main id, masked: names and numbers stay in the store. */
#include "answer/report.h"
#include "base/error.h"

#define MEMBERS 3
#define ID_BYTES 64
#define MOBILE_DIGITS                                                                              \
    11 /* a customer number of so many digits may be a phone or an identity card */

/* The newest text of a person that counts; of negative mood where asked and there is one. NULL = none. */
static const hx_event *last_text(const hx_event *events, size_t n, bool negative) {
    const hx_event *newest = NULL;
    for (size_t i = n; i-- > 0;) {
        const hx_event *e = &events[i];
        if (!hx__report_speaks(e)) continue;
        if (!newest) newest = e;
        if (!negative || e->annotation->sentiment.label == HX_SENTIMENT_NEGATIVE) return e;
    }
    return newest;
}

/* An id as it may be passed around: mail and phone masked, also where a shop uses them as customer numbers. */
static hx_str masked_id(const hx_report *r, hx_id id) {
    hx_str value = hx__report_shorten(id.value, ID_BYTES);
    bool personal = id.type == HX_ID_EMAIL || id.type == HX_ID_PHONE;
    size_t digits = 0;
    for (size_t i = 0; i < value.len; i++) {
        digits += value.ptr[i] >= '0' && value.ptr[i] <= '9';
        personal = personal || value.ptr[i] == '@';
    }
    personal = personal || (digits == value.len && digits >= MOBILE_DIGITS);
    return personal ? hx__report_mask(value, r->arena) : hx_arena_str(r->arena, value);
}

hx_str hx__report_shown_id(const hx_report *r, const hx_profile *p) {
    char text[HX_PROFILE_ID_MAX];
    for (uint32_t i = 0; i < p->n_ids; i++)
        if (p->ids[i].type == HX_ID_CUSTOMER) return masked_id(r, p->ids[i]);
    if (p->n_ids > 0) return masked_id(r, p->ids[0]);
    return hx_arena_str(r->arena, hx_str_of(hx_profile_id_text(p->key, text)));
}

static void put_person(hx_report *r, hx_json_writer *w, const hx_customer *c, const hx_profile *p) {
    char id[HX_PROFILE_ID_MAX], time[HX_REPORT_LABEL_MAX];
    hx__value_cstr(w, "id", hx_profile_id_text(c->person, id));
    hx__value_str(w, "main", hx__report_shown_id(r, p));
    hx__value_int(w, "orders", c->orders);
    hx__value_money(w, "spent", c->monetary);
    hx__value_int(w, "texts", c->texts);
    if (c->texts > 0)
        hx__value_double(w, "mood", (double)c->sentiment / HX_SHARE_ONE);
    else
        hx__value_cstr(w, "mood", NULL);
    hx__value_cstr(w, "seen", hx__report_local_text(r, p->last, time));
    hx__value_segments(w, "segments", c);
}

static hx_status put_last_text(hx_report *r, hx_json_writer *w, const hx_customer *c, bool negative,
                               hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_event *events = NULL;
    size_t n = 0;
    hx_status status =
        hx__person_events(r->store, c->person, r->pop->as_of, arena, &events, &n, err);
    const hx_event *e = status == HX_OK ? last_text(events, n, negative) : NULL;
    hx__value_int(w, "quote", e ? hx__report_quote_number(r, c->person, e) : -1);
    hx_arena_free(arena);
    return status;
}

/* An array of people; with their last text where `quotes`. */
static hx_status put_list(hx_report *r, hx_json_writer *w, const uint32_t *list, size_t n,
                          bool quotes, bool negative, hx_error *err) {
    hx_profile *p = hx_profile_new();
    if (!p) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_status status = HX_OK;
    hx_json_array(w);
    for (size_t i = 0; i < n && status == HX_OK; i++) {
        const hx_customer *c = &r->pop->customers[list[i]];
        status = hx__person_profile(r->store, c->person, r->pop->as_of, p, err);
        hx_json_object(w);
        if (status == HX_OK) put_person(r, w, c, p);
        if (status == HX_OK && quotes) status = put_last_text(r, w, c, negative, err);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_profile_free(p);
    return status;
}

hx_status hx__report_put_people(hx_report *r, hx_json_writer *w, hx_error *err) {
    uint32_t *list = NULL;
    size_t n = 0;
    HX_TRY(hx__population_best(r->pop, HX_REPORT_PEOPLE, r->arena, &list, &n, err));
    hx_json_key(w, "best");
    HX_TRY(put_list(r, w, list, n, true, false, err));
    HX_TRY(hx__population_unhappiest(r->pop, HX_REPORT_PEOPLE, r->arena, &list, &n, err));
    hx_json_key(w, "unhappiest");
    return put_list(r, w, list, n, true, true, err);
}

/* ------------------------------------------------------------------ segments */
static int compare_members(const void *context, const hx_customer *a, const hx_customer *b) {
    return hx_segment_compare(*(const hx_segment_id *)context, a, b);
}

static bool is_member(const void *context, const hx_customer *c) {
    return c->segments >> *(const hx_segment_id *)context & 1;
}

static hx_status put_segment(hx_report *r, hx_json_writer *w, hx_segment_id id, hx_error *err) {
    uint32_t *list = NULL;
    size_t n = 0;
    HX_TRY(hx__population_top(r->pop, is_member, compare_members, &id, MEMBERS, r->arena, &list, &n,
                              err));
    hx_json_object(w);
    hx__value_cstr(w, "id", hx_segment_key(id));
    hx__value_cstr(w, "zh", hx_segment_name(id, HX_UI_ZH));
    hx__value_cstr(w, "en", hx_segment_name(id, HX_UI_EN));
    hx__value_cstr(w, "rule_zh", hx_segment_rule(id, HX_UI_ZH));
    hx__value_cstr(w, "rule_en", hx_segment_rule(id, HX_UI_EN));
    hx__value_count(w, "size", r->pop->segment_sizes[id]);
    hx_json_key(w, "members");
    HX_TRY(put_list(r, w, list, n, false, false, err));
    hx_json_end_object(w);
    return HX_OK;
}

hx_status hx__report_put_segments(hx_report *r, hx_json_writer *w, hx_error *err) {
    hx_json_key(w, "segments");
    hx_json_array(w);
    for (int id = 0; id < HX_SEGMENT_N; id++)
        HX_TRY(put_segment(r, w, (hx_segment_id)id, err));
    hx_json_end_array(w);
    return HX_OK;
}
