/* claim_fact.c - receipts of what stands in events: a label of a text, a trait of a person, what is thought of an aspect.
 *
 * A label's score is a logit: the weights of the evidence spans plus the model's bias, each rounded to a millionth and then
 * summed, so the total is the sum of what is listed. The calibrated probability stands beside it as a decimal text. A trait lists
 * every statement of it; the one that holds has a point, those it overruled have none. An aspect lists the texts that speak of it with
 * the signed probability of each; its value is their mean. */
#include <inttypes.h>
#include <stdio.h>

#include "answer/claim.h"
#include "base/error.h"

#define MICRO 1000000.0

static int64_t micro_of(double v) {
    return (int64_t)(v < 0 ? v * MICRO - 0.5 : v * MICRO + 0.5);
}

/* ------------------------------------------------------------------ labels */
static hx_status find_text(hx_claim_case *k, const hx_event **out, hx_error *err) {
    char id[HX_EVENT_ID_TEXT];
    for (size_t i = 0; i < k->n; i++) {
        const hx_event *e = &k->events[i];
        if (hx_event_id(e) != k->claim.event) continue;
        bool read = k->claim.set.ptr ? e->n_model_labels > 0 : e->annotation != NULL;
        if (!read)
            return hx_fail(err, HX_ENOTFOUND, "event %s: it has no text that was read",
                           hx_event_id_text(k->claim.event, id));
        *out = e;
        return HX_OK;
    }
    return hx_fail(err, HX_ENOTFOUND, "event %s is gone: this customer has no such event",
                   hx_event_id_text(k->claim.event, id));
}

static hx_status add_evidence(hx_claim_case *k, const hx_event *e, const hx_evidence *evidence,
                              size_t n, hx_error *err) {
    for (size_t i = 0; i < n; i++)
        HX_TRY(hx__claim_add(k,
                             (hx_contribution){.part = "evidence",
                                               .event = e,
                                               .has_span = true,
                                               .span = evidence[i].span,
                                               .points = micro_of(evidence[i].weight)},
                             err));
    return HX_OK;
}

hx_status hx__claim_label(hx_claim_case *k, hx_error *err) {
    const hx_event *e = NULL;
    HX_TRY(find_text(k, &e, err));
    if (k->claim.set.ptr) return hx__claim_model_label(k, e, err);
    const hx_annotation *a = e->annotation;
    const char *label = k->claim.intent ? hx_intent_name(a->intent.label)
                                        : hx__sentiment_name((size_t)a->sentiment.label);
    int64_t score = micro_of(k->claim.intent ? a->intent.score : a->sentiment.score);
    if (k->claim.intent) {
        HX_TRY(add_evidence(k, e, a->intent.evidence, a->intent.n_evidence, err));
    } else {
        HX_TRY(add_evidence(k, e, a->sentiment.evidence, a->sentiment.n_evidence, err));
        HX_TRY(hx__claim_add(
            k, (hx_contribution){.part = "bias", .points = micro_of(a->sentiment.bias)}, err));
    }
    hx__claim_use(k, e);
    k->whole_text = true;
    k->receipt.unit = k->claim.intent ? "1/1000000" : "1/1000000 logit";
    k->receipt.value =
        hx__claim_text(k, "{\"label\":\"%s\",\"score\":\"%" PRId64 ".%06" PRId64 "\"}", label,
                       score / 1000000, score % 1000000);
    const char *shown = hx_answer_label(label, HX_UI_ZH);
    k->receipt.text = k->ui == HX_UI_ZH
                          ? hx__claim_text(k, "这段文本读作“%s”，概率 %.3f", shown ? shown : label,
                                           (double)score / MICRO)
                          : hx__claim_text(k, "the text reads as %s, with probability %.3f", label,
                                           (double)score / MICRO);
    return HX_OK;
}

/* ------------------------------------------------------------------ traits */
static const hx_property *stated(const hx_event *e, hx_str name) {
    for (uint32_t i = 0; e->kind == HX_KIND_TRAITS && i < e->n_properties; i++)
        if (hx_str_equal(e->properties[i].name, name)) return &e->properties[i];
    return NULL;
}

static const hx_trait *find_trait(const hx_profile *p, hx_str name) {
    for (uint32_t i = 0; i < p->n_traits; i++)
        if (hx_str_equal(p->traits[i].name, name)) return &p->traits[i];
    return NULL;
}

static hx_str trait_value(hx_claim_case *k, const hx_trait *t) {
    static const char *const types[] = {"text", "number", "date", "boolean"};
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, 1u << 20);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx__value_str(&w, "value", t->value);
    hx__value_cstr(&w, "type", types[t->type]);
    hx_json_end_object(&w);
    hx_str json = b.failed ? (hx_str){NULL, 0} : hx_arena_str(k->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return json;
}

hx_status hx__claim_trait(hx_claim_case *k, hx_error *err) {
    hx_str name = k->claim.subject;
    const hx_trait *t = find_trait(k->p, name);
    if (!t && k->claim.set.ptr) return hx__claim_model_trait(k, err);
    if (!t && k->claim.aspect.ptr) return hx__claim_aspect(k, err);
    if (!t) return hx_fail(err, HX_ENOTFOUND, "the customer has no trait '%.*s'", HX_STR_ARG(name));
    for (size_t i = 0; i < k->n; i++) {
        const hx_event *e = &k->events[i];
        const hx_property *said = stated(e, name);
        if (!said) continue;
        bool holds = hx_event_id(e) == t->event;
        hx__claim_use(k, e);
        HX_TRY(hx__claim_add(k,
                             (hx_contribution){.part = holds ? "holds" : "overruled",
                                               .event = e,
                                               .value = said->value,
                                               .points = holds},
                             err));
    }
    k->receipt.unit = "statements";
    k->receipt.value = trait_value(k, t);
    k->receipt.text =
        k->ui == HX_UI_ZH
            ? hx__claim_text(k, "%.*s 为 %.*s", HX_STR_ARG(name), HX_STR_ARG(t->value))
            : hx__claim_text(k, "%.*s is %.*s", HX_STR_ARG(name), HX_STR_ARG(t->value));
    return HX_OK;
}

/* ------------------------------------------------------------------ aspects */
/* What a text says of an aspect, where the profile counts it. */
static const hx_aspect *said_of(const hx_event *e, hx_str id) {
    const hx_annotation *a = e->annotation;
    if (!a || a->noise != HX_NOISE_NONE || e->kind == HX_KIND_SEARCH) return NULL;
    for (size_t i = 0; i < a->n_aspects; i++)
        if (hx_str_equal(a->aspects[i].id, id)) return &a->aspects[i];
    return NULL;
}

hx_status hx__claim_aspect_texts(hx_claim_case *k, hx_error *err) {
    const hx_aspect_count *c = hx_profile_aspect(k->p, k->claim.aspect);
    k->whole_text = true;
    for (size_t i = 0; i < k->n && c; i++) {
        const hx_event *e = &k->events[i];
        const hx_aspect *a = said_of(e, c->id);
        if (!a) continue;
        bool opinion = a->opinion.end > a->opinion.start;
        hx__claim_use(k, e);
        HX_TRY(hx__claim_add(k,
                             (hx_contribution){.part = "text",
                                               .event = e,
                                               .has_span = true,
                                               .span = opinion ? a->opinion : a->span,
                                               .value = hx_str_of(hx_sentiment_name(a->label)),
                                               .points = hx_aspect_milli(a) * 1000},
                             err));
    }
    return HX_OK;
}

static hx_str aspect_value(hx_claim_case *k, const hx_aspect_count *c) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, 1u << 20);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx__value_str(&w, "aspect", c->name);
    hx__value_str(&w, "id", c->id);
    hx__value_double(&w, "sentiment", hx_profile_aspect_mean(c));
    hx__value_count(&w, "n", c->count);
    hx_json_end_object(&w);
    hx_str json = b.failed ? (hx_str){NULL, 0} : hx_arena_str(k->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return json;
}

hx_status hx__claim_aspect(hx_claim_case *k, hx_error *err) {
    const hx_aspect_count *c = hx_profile_aspect(k->p, k->claim.aspect);
    if (!c)
        return hx_fail(err, HX_ENOTFOUND, "the customer has no trait '%.*s'",
                       HX_STR_ARG(k->claim.subject));
    HX_TRY(hx__claim_aspect_texts(k, err));
    k->receipt.unit = "1/1000000";
    k->receipt.value = aspect_value(k, c);
    k->receipt.text = hx__claim_text(
        k,
        k->ui == HX_UI_ZH ? "%.*s 为 %.3f：%" PRIu64 " 条文本对它的情感的平均"
                          : "%.*s is %.3f: the mean sentiment towards it of %" PRIu64 " texts",
        HX_STR_ARG(k->claim.subject), hx_profile_aspect_mean(c), c->count);
    return HX_OK;
}
