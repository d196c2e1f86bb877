/* receipt.c - writing and checking receipts; see receipt.h for their form.
 *
 * The writer streams members in a fixed order, then the finished text is parsed once, dumped canonically and hashed, and the hash
 * is put before the closing brace. So a receipt that was pretty-printed, or whose members were reordered by another program,
 * still verifies: only the canonical form counts.
 *
 * The counterfactual of a membership lists each condition turned round: for a member, any single one of them failing ends the
 * membership; for a non-member, all that failed must hold. */
#include "insight/receipt.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"

/* ------------------------------------------------------------------ small values */
static void put_time(hx_json_writer *w, int64_t ms) {
    char text[HX_ISO_MAX];
    if (ms == HX_TIME_NONE)
        hx_json_null(w);
    else
        hx_json_cstr(w, hx_iso_from_ms(ms, text));
}

static void put_hash(hx_json_writer *w, uint64_t hash) {
    char text[HX_EVENT_ID_TEXT];
    hx_json_cstr(w, hx_event_id_text(hash, text));
}

static void put_key_int(hx_json_writer *w, const char *key, int64_t v) {
    hx_json_key(w, key);
    hx_json_int(w, v);
}

static void put_key_cstr(hx_json_writer *w, const char *key, const char *v) {
    hx_json_key(w, key);
    hx_json_cstr(w, v);
}

/* Bytes [start, end) of the text, cut at code points and at the cap. */
static hx_str quote_of(hx_str text, hx_span span) {
    if (span.end > text.len || span.start > span.end) return (hx_str){NULL, 0};
    hx_str q = {text.ptr + span.start, span.end - span.start};
    if (q.len <= HX_RECEIPT_QUOTE_MAX) return q;
    q.len = HX_RECEIPT_QUOTE_MAX;
    while (q.len > 0 && ((unsigned char)q.ptr[q.len] & 0xC0) == 0x80)
        q.len--;
    return q;
}

/* ------------------------------------------------------------------ members */
static void put_contribution(hx_json_writer *w, const hx_contribution *c) {
    hx_json_object(w);
    put_key_cstr(w, "part", c->part);
    if (c->event) {
        hx_json_key(w, "event");
        put_hash(w, hx_event_id(c->event));
    }
    if (c->event && c->has_span) {
        hx_json_key(w, "span");
        hx_json_array(w);
        hx_json_int(w, c->span.start);
        hx_json_int(w, c->span.end);
        hx_json_end_array(w);
        hx_json_key(w, "quote");
        hx_json_str(w, quote_of(c->event->text, c->span));
    }
    if (c->value.ptr) {
        hx_json_key(w, "value");
        hx_json_str(w, c->value);
    }
    put_key_int(w, "points", c->points);
    hx_json_end_object(w);
}

static void put_others(hx_json_writer *w, size_t n, int64_t points) {
    hx_json_object(w);
    put_key_cstr(w, "part", "others");
    put_key_int(w, "events", (int64_t)n);
    put_key_int(w, "points", points);
    hx_json_end_object(w);
}

static hx_status put_contributions(hx_json_writer *w, const hx_receipt *r, hx_error *err) {
    int64_t total = 0, others = 0;
    bool overflow = false;
    hx_json_key(w, "contributions");
    hx_json_array(w);
    for (size_t i = 0; i < r->n_contributions; i++) {
        int64_t points = r->contributions[i].points;
        overflow |= __builtin_add_overflow(total, points, &total);
        if (i < HX_RECEIPT_LIST_MAX)
            put_contribution(w, &r->contributions[i]);
        else
            overflow |= __builtin_add_overflow(others, points, &others);
    }
    if (r->n_contributions > HX_RECEIPT_LIST_MAX)
        put_others(w, r->n_contributions - HX_RECEIPT_LIST_MAX, others);
    hx_json_end_array(w);
    put_key_int(w, "total", total);
    if (overflow)
        return hx_fail(err, HX_ELIMIT,
                       "receipt: the contributions add up to more than can be counted");
    return HX_OK;
}

static void put_facts(hx_json_writer *w, const hx_receipt *r) {
    hx_json_key(w, "facts");
    hx_json_array(w);
    for (size_t i = 0; i < r->n_facts; i++) {
        const hx_fact *f = &r->facts[i];
        hx_json_object(w);
        put_key_cstr(w, "fact", f->name);
        put_key_int(w, "value", f->value);
        put_key_cstr(w, "relation", f->relation);
        put_key_int(w, "threshold", f->threshold);
        put_key_cstr(w, "unit", f->unit);
        put_key_cstr(w, "source", f->source);
        hx_json_key(w, "passed");
        hx_json_bool(w, f->passed);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static bool all_passed(const hx_receipt *r) {
    for (size_t i = 0; i < r->n_facts; i++)
        if (!r->facts[i].passed) return false;
    return r->n_facts > 0;
}

static const char *opposite_of(const char *relation) {
    if (strcmp(relation, ">") == 0) return "<=";
    return strcmp(relation, ">=") == 0 ? "<" : ">";
}

static void put_counterfactual_text(hx_json_writer *w, const hx_receipt *r, const hx_fact *f,
                                    const char *relation, bool member) {
    char text[256], number[HX_FACT_TEXT_MAX];
    const char *label = hx_fact_label(f, r->ui);
    hx_fact_text(f, f->threshold, r->ui, number);
    if (r->ui == HX_UI_ZH)
        snprintf(text, sizeof text, "%s：%s %s %s", member ? "若如此则不再属于" : "须如此才会属于",
                 label, relation, number);
    else
        snprintf(text, sizeof text, "%s: %s %s %s",
                 member ? "would not be a member with" : "could be a member only with", label,
                 relation, number);
    put_key_cstr(w, "text", text);
}

/* A rule's condition, whose fact has its whole text. */
static void put_turn_text(hx_json_writer *w, const hx_receipt *r, const hx_fact *f) {
    hx_buf b;
    hx_buf_init(&b, HX_RECEIPT_QUOTE_MAX + 256);
    const bool zh = r->ui == HX_UI_ZH;
    hx_buf_append_str(
        &b, hx_str_of(zh ? (r->member ? "若如此则不再属于：" : "若如此则属于：")
                         : (r->member ? "would not be a member, if " : "would be a member, if ")));
    hx_buf_append_str(&b, hx_str_of(f->name));
    hx_buf_append_str(&b, hx_str_of(zh ? (f->passed ? " 不成立" : " 成立")
                                       : (f->passed ? " did not hold" : " held")));
    hx_json_key(w, "text");
    hx_json_str(w, hx_buf_str(&b));
    hx_buf_release(&b);
}

static void put_turn(hx_json_writer *w, const hx_receipt *r) {
    for (size_t i = 0; i < r->n_facts && i < 64; i++) {
        const hx_fact *f = &r->facts[i];
        if (!(r->turn >> i & 1)) continue;
        hx_json_object(w);
        put_key_cstr(w, "fact", f->name);
        put_key_cstr(w, "relation", f->relation);
        put_key_int(w, "threshold", f->threshold);
        put_key_cstr(w, "unit", f->unit);
        hx_json_key(w, "holds");
        hx_json_bool(w, !f->passed);
        put_turn_text(w, r, f);
        hx_json_end_object(w);
    }
}

static void put_counterfactual(hx_json_writer *w, const hx_receipt *r) {
    bool member = all_passed(r);
    hx_json_key(w, "counterfactual");
    hx_json_array(w);
    for (size_t i = 0; i < r->n_facts && r->is_rule; i++) {
        const hx_fact *f = &r->facts[i];
        if (f->passed != member) continue;
        const char *relation = member ? opposite_of(f->relation) : f->relation;
        hx_json_object(w);
        put_key_cstr(w, "fact", f->name);
        put_key_cstr(w, "relation", relation);
        put_key_int(w, "threshold", f->threshold);
        put_key_cstr(w, "unit", f->unit);
        put_counterfactual_text(w, r, f, relation, member);
        hx_json_end_object(w);
    }
    put_turn(w, r);
    hx_json_end_array(w);
}

static void put_quote(hx_json_writer *w, const hx_event *e, hx_span span) {
    hx_json_object(w);
    put_key_int(w, "start", span.start);
    put_key_int(w, "end", span.end);
    hx_json_key(w, "text");
    hx_json_str(w, quote_of(e->text, span));
    hx_json_end_object(w);
}

/* Only of a text that has some. */
static void put_edits(hx_json_writer *w, const hx_corrected *c) {
    if (c->n_edits == 0) return;
    hx_json_key(w, "edits");
    hx_json_array(w);
    for (size_t i = 0; i < c->n_edits && i < HX_RECEIPT_LIST_MAX; i++) {
        const hx_edit *e = &c->edits[i];
        hx_json_object(w);
        put_key_int(w, "start", e->span.start);
        put_key_int(w, "end", e->span.end);
        hx_json_key(w, "from");
        hx_json_str(w, e->from);
        hx_json_key(w, "to");
        hx_json_str(w, e->to);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
}

static void put_input(hx_json_writer *w, const hx_receipt_input *in) {
    const hx_event *e = in->event;
    hx_json_object(w);
    hx_json_key(w, "event");
    put_hash(w, hx_event_id(e));
    hx_json_key(w, "kind");
    if (e->kind == HX_KIND_OTHER)
        hx_json_str(w, e->name);
    else
        hx_json_cstr(w, hx_event_kind_name(e->kind));
    hx_json_key(w, "time");
    put_time(w, e->time);
    hx_json_key(w, "imports");
    hx_json_array(w);
    for (uint32_t i = 0; i < e->n_imports; i++)
        hx_json_int(w, e->imports[i]);
    hx_json_end_array(w);
    hx_json_key(w, "quotes");
    hx_json_array(w);
    if (in->whole_text && e->text.len > 0) put_quote(w, e, (hx_span){0, (uint32_t)e->text.len});
    for (size_t i = 0; i < in->n_evidence && !in->whole_text; i++)
        put_quote(w, e, in->evidence[i].span);
    hx_json_end_array(w);
    if (e->annotation) put_edits(w, &e->annotation->corrected);
    hx_json_end_object(w);
}

static void put_inputs(hx_json_writer *w, const hx_receipt *r) {
    size_t shown = r->n_inputs < HX_RECEIPT_LIST_MAX ? r->n_inputs : HX_RECEIPT_LIST_MAX;
    hx_json_key(w, "inputs");
    hx_json_array(w);
    for (size_t i = 0; i < shown; i++)
        put_input(w, &r->inputs[i]);
    hx_json_end_array(w);
    uint64_t all = 0; /* also of those not listed */
    for (size_t i = 0; i < r->n_inputs; i++)
        all = hx_hash_mix(all, hx_event_id(r->inputs[i].event));
    put_key_int(w, "n_inputs", (int64_t)r->n_inputs);
    hx_json_key(w, "inputs_hash");
    put_hash(w, all);
}

static void put_thresholds(hx_json_writer *w, const char *key, const int64_t *v, size_t n) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_int(w, v[i]);
    hx_json_end_array(w);
}

static void put_population(hx_json_writer *w, const hx_receipt_population *p) {
    hx_json_key(w, "population");
    if (!p) {
        hx_json_null(w);
        return;
    }
    const hx_segment_population *t = p->thresholds;
    hx_json_object(w);
    put_key_int(w, "customers", (int64_t)p->customers);
    hx_json_key(w, "hash");
    put_hash(w, p->hash);
    hx_json_key(w, "currency");
    hx_json_str(w, p->currency);
    put_key_int(w, "scored", (int64_t)t->rfm.n);
    put_thresholds(w, "recency", t->rfm.recency, HX_RFM_THRESHOLDS);
    put_thresholds(w, "frequency", t->rfm.frequency, HX_RFM_THRESHOLDS);
    put_thresholds(w, "monetary", t->rfm.monetary, HX_RFM_THRESHOLDS);
    put_key_int(w, "history_days", t->history_days);
    put_key_int(w, "gap_median", t->gap_median);
    put_key_int(w, "sleeping_days", t->sleeping_days);
    put_key_int(w, "price_share_median", t->price_share_median);
    hx_json_end_object(w);
}

static void put_key_str(hx_json_writer *w, const char *key, hx_str v) {
    hx_json_key(w, key);
    hx_json_str(w, v);
}

static void put_micro(hx_json_writer *w, const char *key, double v) {
    put_key_int(w, key, (int64_t)(v * 1e6 + 0.5));
}

/* What verify needs to correct again; thresholds in 1/1,000,000. */
static void put_corrected(hx_json_writer *w, const hx_receipt *r) {
    const hx_corrected *c = &r->corrected;
    uint64_t texts = 0, edits = 0;
    if (c->mode == HX_CORRECT_OFF) return;
    for (size_t i = 0; i < r->n_inputs; i++) {
        const hx_annotation *a = r->inputs[i].event->annotation;
        texts += a && a->corrected.n_edits > 0;
        edits += a ? a->corrected.n_edits : 0;
    }
    hx_json_key(w, "correct");
    hx_json_object(w);
    put_key_cstr(w, "mode", hx_correct_mode_name(c->mode));
    put_key_cstr(w, "engine", hx_engine_name(c->engine));
    put_micro(w, "threshold_zh", c->threshold[0]);
    put_micro(w, "threshold_en", c->threshold[1]);
    hx_json_key(w, "corrector");
    put_hash(w, c->hash);
    put_key_int(w, "texts", (int64_t)texts);
    put_key_int(w, "edits", (int64_t)edits);
    hx_json_end_object(w);
}

static void put_origin(hx_json_writer *w, const hx_receipt *r) {
    put_corrected(w, r);
    if (r->said) {
        put_key_cstr(w, "engine", hx_engine_name(r->said->engine));
        put_key_str(w, "kernels", r->said->kernels);
        put_key_str(w, "model", r->said->model);
        return;
    }
    hx_json_key(w, "engine");
    if (r->engine == HX_ENGINE_AUTO)
        hx_json_null(w);
    else
        hx_json_cstr(w, hx_engine_name(r->engine));
    put_key_str(w, "kernels", r->weights.len > 0 ? r->kernels : HX_STR_LIT("rules"));
    hx_json_key(w, "model");
    if (r->model == 0)
        hx_json_null(w);
    else
        put_hash(w, r->model);
    if (r->weights.len > 0) put_key_str(w, "weights", r->weights);
}

static hx_status put_members(hx_json_writer *w, const hx_receipt *r, hx_error *err) {
    char id[HX_PROFILE_ID_MAX];
    put_key_int(w, "receipt", HX_RECEIPT_VERSION);
    hx_json_key(w, "claim");
    hx_json_str(w, r->claim);
    put_key_cstr(w, "customer", hx_profile_id_text(r->person, id));
    hx_json_key(w, "as_of");
    put_time(w, r->as_of);
    put_key_cstr(w, "lang", r->ui == HX_UI_ZH ? "zh" : "en");
    hx_json_key(w, "text");
    hx_json_str(w, r->text);
    hx_json_key(w, "value");
    hx_json_raw(w, r->value);
    put_key_cstr(w, "unit", r->unit);
    HX_TRY(put_contributions(w, r, err));
    put_facts(w, r);
    put_counterfactual(w, r);
    put_inputs(w, r);
    put_origin(w, r);
    put_population(w, r->population);
    return HX_OK;
}

/* ------------------------------------------------------------------ the canonical form */
static int append_chunk(const char *bytes, size_t n, void *context) {
    return hx_buf_append(context, bytes, n) ? 0 : -1;
}

/* Compact, keys sorted, without the member "hash" of the outermost object. */
static bool canonical_form(const json_t *receipt, hx_buf *out) {
    json_t *copy = json_copy((json_t *)(uintptr_t)receipt);
    if (!copy) return false;
    json_object_del(copy, "hash");
    int failed = json_dump_callback(copy, append_chunk, out, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(copy);
    return !failed && !out->failed;
}

static bool canonical_hash(const json_t *receipt, uint64_t *hash) {
    hx_buf form;
    hx_buf_init(&form, HX_RECEIPT_BYTES_MAX);
    bool good = canonical_form(receipt, &form);
    if (good) *hash = hx_hash(hx_buf_str(&form));
    hx_buf_release(&form);
    return good;
}

/* Puts the hash behind the last member of the finished object in `out`. */
static hx_status seal(hx_buf *out, hx_error *err) {
    json_t *parsed = NULL;
    HX_TRY(hx_json_parse(hx_buf_str(out), HX_RECEIPT_BYTES_MAX, "receipt", &parsed, err));
    uint64_t hash = 0;
    bool good = canonical_hash(parsed, &hash);
    json_decref(parsed);
    if (!good) return hx_fail(err, HX_ENOMEM, "not enough memory to seal the receipt");
    char text[HX_EVENT_ID_TEXT];
    out->len--;
    hx_buf_printf(out, ",\"hash\":\"%s\"}", hx_event_id_text(hash, text));
    return HX_OK;
}

static hx_status write_receipt(const hx_receipt *r, hx_buf *out, hx_error *err) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    HX_TRY(put_members(&w, r, err));
    hx_json_end_object(&w);
    HX_TRY(hx_buf_status(out, "receipt", err));
    HX_TRY(seal(out, err));
    return hx_buf_status(out, "receipt", err);
}

hx_status hx_receipt_write(const hx_receipt *r, hx_arena *arena, hx_str *json, hx_error *err) {
    hx_buf out;
    hx_buf_init(&out, HX_RECEIPT_BYTES_MAX);
    hx_status status = write_receipt(r, &out, err);
    if (status == HX_OK) {
        *json = hx_arena_str(arena, hx_buf_str(&out));
        if (!json->ptr) status = hx_fail(err, HX_ENOMEM, "not enough memory for a receipt");
    }
    hx_buf_release(&out);
    return status;
}

/* ------------------------------------------------------------------ reading */
static bool has_shape(const json_t *r) {
    return json_is_object(r) && json_is_string(json_object_get(r, "claim")) &&
           json_is_string(json_object_get(r, "customer")) &&
           json_is_string(json_object_get(r, "lang")) &&
           json_is_array(json_object_get(r, "contributions")) &&
           json_is_integer(json_object_get(r, "total")) &&
           json_is_array(json_object_get(r, "inputs")) &&
           json_is_string(json_object_get(r, "hash"));
}

hx_status hx_receipt_parse(hx_str json, json_t **out, hx_error *err) {
    json_t *r = NULL;
    HX_TRY(hx_json_parse(json, HX_RECEIPT_BYTES_MAX, "receipt", &r, err));
    json_int_t version = json_integer_value(json_object_get(r, "receipt"));
    hx_status status = HX_OK;
    if (version > HX_RECEIPT_VERSION)
        status = hx_fail(
            err, HX_EUNSUPPORTED,
            "receipt: it is of version %lld, made by a newer program; this one knows version %d",
            (long long)version, HX_RECEIPT_VERSION);
    else if (version < 1 || !has_shape(r))
        status = hx_fail(err, HX_EFORMAT, "receipt: this JSON is no receipt; 'why' writes one");
    if (status == HX_OK)
        *out = r;
    else
        json_decref(r);
    return status;
}

static bool sum_is_total(const json_t *receipt) {
    const json_t *list = json_object_get(receipt, "contributions");
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *points = json_object_get(json_array_get(list, i), "points");
        if (!json_is_integer(points)) return false;
        if (__builtin_add_overflow(sum, json_integer_value(points), &sum)) return false;
    }
    return sum == json_integer_value(json_object_get(receipt, "total"));
}

bool hx_receipt_is_intact(const json_t *receipt) {
    uint64_t hash = 0;
    char text[HX_EVENT_ID_TEXT];
    if (!canonical_hash(receipt, &hash)) return false;
    const char *inside = json_string_value(json_object_get(receipt, "hash"));
    return inside && strcmp(inside, hx_event_id_text(hash, text)) == 0 && sum_is_total(receipt);
}

bool hx_receipt_equal(const json_t *a, const json_t *b) {
    hx_buf x, y;
    hx_buf_init(&x, HX_RECEIPT_BYTES_MAX);
    hx_buf_init(&y, HX_RECEIPT_BYTES_MAX);
    bool equal = canonical_form(a, &x) && canonical_form(b, &y) &&
                 hx_str_equal(hx_buf_str(&x), hx_buf_str(&y));
    hx_buf_release(&x);
    hx_buf_release(&y);
    return equal;
}
