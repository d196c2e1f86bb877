/* timeline.c - a person's events as JSON, oldest first, with the spans that carry what was concluded from each text.
 *
 * Spans are byte offsets into the event's text as it was sent. Members that an event does not have are left out. Undated events
 * come first, with "time":null. With a limit the newest events are given, still oldest first. `event` is the id that label claims
 * take. */
#include "answer/value.h"
#include "base/error.h"

static void put_text_member(hx_json_writer *w, const char *key, hx_str s) {
    if (s.len > 0) hx__value_str(w, key, s);
}

static void put_evidence(hx_json_writer *w, const hx_evidence *e, size_t n) {
    hx_json_key(w, "evidence");
    hx_json_array(w);
    for (size_t i = 0; i < n; i++) {
        hx_json_object(w);
        hx__value_int(w, "start", e[i].span.start);
        hx__value_int(w, "end", e[i].span.end);
        hx__value_double(w, "weight", e[i].weight);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_keywords(hx_json_writer *w, const hx_annotation *a) {
    hx_json_key(w, "keywords");
    hx_json_array(w);
    for (size_t i = 0; i < a->n_keywords; i++) {
        hx_json_object(w);
        hx__value_str(w, "text", a->keywords[i].text);
        hx__value_double(w, "score", a->keywords[i].score);
        hx__value_int(w, "start", a->keywords[i].span.start);
        hx__value_int(w, "end", a->keywords[i].span.end);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_label(hx_json_writer *w, const char *key, const char *label, double score,
                      const hx_evidence *e, size_t n) {
    hx_json_key(w, key);
    hx_json_object(w);
    hx__value_cstr(w, "label", label);
    hx__value_double(w, "score", score);
    put_evidence(w, e, n);
    hx_json_end_object(w);
}

/* What was corrected in the text before it was read (apply), or would be (suggest). */
static void put_corrected(hx_json_writer *w, const hx_corrected *c) {
    if (c->mode == HX_CORRECT_OFF) return;
    hx__value_cstr(w, "correct", hx_correct_mode_name(c->mode));
    hx_json_key(w, "edits");
    hx_json_array(w);
    for (size_t i = 0; i < c->n_edits; i++) {
        const hx_edit *e = &c->edits[i];
        hx_json_object(w);
        hx__value_int(w, "start", e->span.start);
        hx__value_int(w, "end", e->span.end);
        hx__value_str(w, "from", e->from);
        hx__value_str(w, "to", e->to);
        hx__value_double(w, "score", e->score);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_annotation(hx_json_writer *w, const hx_annotation *a) {
    hx__value_cstr(w, "lang", hx_lang_name(a->lang));
    if (a->noise != HX_NOISE_NONE) hx__value_cstr(w, "noise", hx_noise_name(a->noise));
    if (a->sentiment.label != HX_SENTIMENT_NONE)
        put_label(w, "sentiment", hx_sentiment_name(a->sentiment.label), a->sentiment.score,
                  a->sentiment.evidence, a->sentiment.n_evidence);
    put_label(w, "intent", hx_intent_name(a->intent.label), a->intent.score, a->intent.evidence,
              a->intent.n_evidence);
    put_keywords(w, a);
    put_corrected(w, &a->corrected);
    hx__value_cstr(w, "engine", hx_engine_name(a->engine));
    hx__value_hash(w, "model", a->model);
}

static void put_money(hx_json_writer *w, const hx_event *e) {
    if (e->quantity != 0) hx__value_money(w, "quantity", e->quantity);
    if (e->has_amount) hx__value_amount(w, "amount", e->amount, e->currency);
    if (e->discount != 0) hx__value_money(w, "discount", e->discount);
    if (e->rating != HX_RATING_NONE) hx__value_double(w, "rating", e->rating / 1000.0);
}

static void put_properties(hx_json_writer *w, const hx_event *e) {
    if (e->n_properties == 0) return;
    hx_json_key(w, "properties");
    hx_json_object(w);
    for (uint32_t i = 0; i < e->n_properties; i++) {
        hx_json_key_str(w, e->properties[i].name);
        hx_json_str(w, e->properties[i].value);
    }
    hx_json_end_object(w);
}

static void put_event(hx_json_writer *w, const hx_event *e, const hx_zone *zone) {
    hx_json_object(w);
    hx__value_hash(w, "event", hx_event_id(e));
    hx__value_time(w, "time", e->time);
    hx__value_local(w, "time_local", e->time, zone);
    hx__value_str(w, "name",
                  e->kind == HX_KIND_OTHER ? e->name : hx_str_of(hx_event_kind_name(e->kind)));
    put_text_member(w, "order", e->order);
    put_text_member(w, "item", e->item);
    put_text_member(w, "item_name", e->item_name);
    put_text_member(w, "category", e->category);
    put_money(w, e);
    put_text_member(w, "channel", e->channel);
    put_text_member(w, "page", e->page);
    put_text_member(w, "title", e->title);
    put_text_member(w, "text", e->text);
    put_text_member(w, "label", e->label);
    if (e->annotation) put_annotation(w, e->annotation);
    hx__label_of_text(w, e);
    put_properties(w, e);
    hx_json_key(w, "imports");
    hx_json_array(w);
    for (uint32_t i = 0; i < e->n_imports; i++)
        hx_json_int(w, e->imports[i]);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status write_timeline(hx_store *s, uint64_t person, size_t limit, int64_t as_of,
                                const hx_zone *zone, hx_arena *scratch, hx_buf *out,
                                hx_error *err) {
    hx_event *events = NULL;
    size_t n = 0;
    HX_TRY(hx__as_of(s, as_of, &as_of, err));
    HX_TRY(hx__person_events(s, person, as_of, scratch, &events, &n, err));
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_array(&w);
    for (size_t i = limit > 0 && limit < n ? n - limit : 0; i < n; i++)
        put_event(&w, &events[i], zone);
    hx_json_end_array(&w);
    return HX_OK;
}

hx_status hx_answer_timeline(hx_store *s, hx_str who, size_t limit, const hx_answer_options *o,
                             hx_arena *arena, hx_str *json, hx_error *err) {
    uint64_t person;
    hx_zone zone;
    HX_TRY(hx_store_find(s, who, &person, err));
    HX_TRY(hx__answer_zone(s, o, &zone, err));
    hx_arena *scratch = hx_arena_new(0);
    hx_buf out;
    hx_buf_init(&out, HX_ANSWER_BYTES_MAX);
    hx_status status =
        scratch ? write_timeline(s, person, limit, hx__answer_as_of(o), &zone, scratch, &out, err)
                : hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_zone_release(&zone);
    hx_arena_free(scratch);
    return hx__value_finish(&out, status, arena, json, err);
}
