/* claim_rule.c - receipts of memberships in segments that somebody defined (src/insight/segment_rule.h).
 *
 * The person's events up to the time asked for go through the engine with all definitions of the store. Each condition of the rule is a
 * fact: what it comes to, what it is compared with, whether it holds; a point where it does. The events that a condition counts stand
 * behind it without points: those in its window, the pair of a sequence, the last statement of a trait. What would turn the membership
 * are the fewest conditions whose change does. The value has the rule, since when it is so, and until when it will be if nothing happens. */
#include <inttypes.h>
#include <string.h>

#include "answer/claim.h"
#include "answer/segment_rules.h"
#include "base/error.h"

#define TEXT_BYTES_MAX ((size_t)1 << 20)

typedef struct {
    hx_claim_case *k;
    hx__segments g;
    size_t at; /* the definition */
    const hx_segment_program *rule;
    uint32_t place;
    uint64_t held;
    int64_t now, since, until;
    bool member;
} rule_claim;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

/* ------------------------------------------------------------------ the engine */
static hx_status find_times(rule_claim *c, hx_error *err) {
    hx_claim_case *k = c->k;
    hx_buf written;
    HX_TRY(hx_segment_times_find(&c->g.times, k->person, k->events, k->n, err));
    const hx_segment_times *t = &c->g.times;
    size_t from = 0, end;
    while (from < t->n && t->at[from].definition != c->at)
        from++;
    for (end = from; end < t->n && t->at[end].definition == c->at;)
        end++;
    hx_buf_init(&written, TEXT_BYTES_MAX * 64);
    hx_segment_times_write(t->at + from, end - from, &written);
    hx_status status = hx_buf_status(&written, "times of a segment", err);
    if (status == HX_OK)
        c->member = hx_segment_times_in(hx_buf_str(&written), c->now, &c->since, &c->until);
    hx_buf_release(&written);
    return status;
}

static hx_status play(rule_claim *c, hx_error *err) {
    hx_claim_case *k = c->k;
    hx_segment_live *l = c->g.live;
    HX_TRY(find_times(c, err));
    hx_segment_live_forget(l);
    for (size_t i = 0; i < k->n; i++)
        HX_TRY(hx_segment_live_add(l, k->person, &k->events[i], err));
    HX_TRY(hx_segment_live_advance(l, c->now, err));
    if (!hx_segment_live_place(l, k->person, &c->place))
        return hx_fail(err, HX_EINTERNAL, "the segments do not know the customer");
    c->rule = hx_segment_live_rule(l, c->at);
    c->held = hx_segment_live_held(l, c->at, c->place);
    return HX_OK;
}

/* ------------------------------------------------------------------ what a condition rests on */
static bool is_in_window(const rule_claim *c, const hx_condition *d, const hx_event *e) {
    if (d->window == 0) return true;
    return e->time != HX_TIME_NONE && e->time > c->now - d->window;
}

static hx_status add_event(rule_claim *c, const char *part, const hx_event *e, hx_str value,
                           hx_error *err) {
    hx__claim_use(c->k, e);
    return hx__claim_add(c->k, (hx_contribution){.part = part, .event = e, .value = value}, err);
}

static hx_str amount_of(rule_claim *c, const hx_condition *d, const hx_event *e) {
    char text[HX_MONEY_TEXT_MAX];
    if (d->kind != HX_COND_SUM) return (hx_str){NULL, 0};
    hx_money_text(e->has_amount ? e->amount : 0, text);
    return hx__claim_text(c->k, "%s", text);
}

static hx_status add_counted(rule_claim *c, const hx_condition *d, const char *part,
                             hx_error *err) {
    for (size_t i = 0; i < c->k->n; i++) {
        const hx_event *e = &c->k->events[i];
        if (!is_in_window(c, d, e) || !hx_segment_events_match(&d->a, e)) continue;
        HX_TRY(add_event(c, part, e, amount_of(c, d, e), err));
    }
    return HX_OK;
}

/* The latest pair, as the engine looks for it. */
static hx_status add_sequence(rule_claim *c, const hx_condition *d, const char *part,
                              hx_error *err) {
    const hx_event *b = NULL;
    for (size_t i = c->k->n; i > 0; i--) {
        const hx_event *e = &c->k->events[i - 1];
        if (e->time == HX_TIME_NONE || !is_in_window(c, d, e)) break;
        if (b && b->time - e->time <= d->within && hx_segment_events_match(&d->a, e)) {
            HX_TRY(add_event(c, part, e, (hx_str){NULL, 0}, err));
            return add_event(c, part, b, (hx_str){NULL, 0}, err);
        }
        if (hx_segment_events_match(&d->b, e)) b = e;
    }
    return HX_OK;
}

static hx_str said_by(const hx_condition *d, const hx_event *e) {
    for (uint32_t i = 0; e->kind == HX_KIND_TRAITS && i < e->n_properties; i++)
        if (hx_str_equal(e->properties[i].name, d->name)) return e->properties[i].value;
    const hx_model_label *l =
        d->name.len > 6 ? hx_event_model_label(e, (hx_str){d->name.ptr + 6, d->name.len - 6})
                        : NULL;
    return l ? l->label : (hx_str){NULL, 0};
}

static const hx_event *last_statement(const rule_claim *c, const hx_condition *d) {
    bool holds;
    for (size_t i = c->k->n; i > 0; i--)
        if (hx_segment_trait_said(d, &c->k->events[i - 1], &holds)) return &c->k->events[i - 1];
    return NULL;
}

static hx_status add_evidence(rule_claim *c, const hx_condition *d, const char *part,
                              hx_error *err) {
    const hx_event *e;
    switch (d->kind) {
    case HX_COND_COUNT:
    case HX_COND_SUM:
        return add_counted(c, d, part, err);
    case HX_COND_SEQUENCE:
        return add_sequence(c, d, part, err);
    case HX_COND_TRAIT:
        e = last_statement(c, d);
        return e ? add_event(c, part, e, said_by(d, e), err) : HX_OK;
    case HX_COND_SEGMENT:
        break;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ facts */
/* Of what is so or not: 1 or 0, which must be 1. */
static void truth_fact(hx_fact *f, const char *unit) {
    f->value = f->passed;
    f->relation = ">=";
    f->threshold = 1;
    f->unit = unit;
}

static void trait_fact(const rule_claim *c, const hx_condition *d, hx_fact *f) {
    const hx_event *e = last_statement(c, d);
    int64_t number;
    truth_fact(f, "statements");
    if (!e || !d->is_number || !hx_segment_number(said_by(d, e), &number)) return;
    f->value = number;
    f->relation = hx_relation_sign(d->relation);
    f->threshold = d->number;
    f->unit = "1/10000";
}

static void number_fact(const rule_claim *c, size_t condition, hx_fact *f) {
    const hx_condition *d = &c->rule->conditions[condition];
    const bool whole = d->kind == HX_COND_COUNT && d->number % HX_MONEY_ONE == 0;
    f->value = hx_segment_live_value(c->g.live, c->at, condition, c->place);
    f->threshold = d->number;
    f->relation = hx_relation_sign(d->relation);
    f->unit = whole ? "events" : "1/10000";
    if (!whole) return;
    f->value /= HX_MONEY_ONE;
    f->threshold /= HX_MONEY_ONE;
}

static hx_status put_fact(rule_claim *c, size_t i, hx_fact *f, hx_error *err) {
    const hx_condition *d = &c->rule->conditions[i];
    const hx_str name = hx_arena_str(c->k->arena, d->text);
    if (!name.ptr) return no_memory(err);
    *f = (hx_fact){.name = name.ptr, .source = "rule", .passed = c->held >> i & 1};
    if (d->kind == HX_COND_TRAIT)
        trait_fact(c, d, f);
    else if (d->kind == HX_COND_SEQUENCE || d->kind == HX_COND_SEGMENT)
        truth_fact(f, d->kind == HX_COND_SEGMENT ? "segments" : "pairs");
    else
        number_fact(c, i, f);
    HX_TRY(hx__claim_add(c->k, (hx_contribution){.part = name.ptr, .points = f->passed}, err));
    return add_evidence(c, d, name.ptr, err);
}

/* ------------------------------------------------------------------ value and sentence */
static hx_str kept(hx_claim_case *k, hx_buf *b) {
    const hx_str s = b->failed ? (hx_str){NULL, 0} : hx_arena_str(k->arena, hx_buf_str(b));
    hx_buf_release(b);
    return s;
}

static hx_str value_of(const rule_claim *c) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, TEXT_BYTES_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "member");
    hx_json_bool(&w, c->member);
    hx__value_str(&w, "rule", c->rule->text);
    hx__value_count(&w, "conditions", c->rule->n_conditions);
    hx__value_time(&w, "since", c->since);
    hx__value_time(&w, "until", c->until == INT64_MAX ? HX_TIME_NONE : c->until);
    hx_json_end_object(&w);
    return kept(c->k, &b);
}

static void put_time(hx_buf *b, const char *before, int64_t ms) {
    char text[HX_ISO_MAX];
    if (ms == HX_TIME_NONE || ms == INT64_MAX) return;
    hx_buf_append_str(b, hx_str_of(before));
    hx_buf_append_str(b, hx_str_of(hx_iso_from_ms(ms, text)));
}

static hx_str sentence_of(const rule_claim *c) {
    const bool zh = c->k->ui == HX_UI_ZH;
    hx_buf b;
    hx_buf_init(&b, TEXT_BYTES_MAX);
    hx_buf_append_str(
        &b, hx_str_of(zh ? (c->member ? "属于“" : "不属于“") : (c->member ? "in '" : "not in '")));
    hx_buf_append_str(&b, c->g.list[c->at].name);
    hx_buf_append_str(&b, hx_str_of(zh ? "”：" : "': "));
    hx_buf_append_str(&b, c->rule->text);
    put_time(&b, zh ? "；自 " : "; since ", c->since);
    put_time(&b,
             zh ? (c->member ? "；若无新事件，将于此时离开：" : "；若无新事件，将于此时进入：")
                : (c->member ? "; leaves, if nothing happens, at "
                             : "; comes in, if nothing happens, at "),
             c->until);
    return kept(c->k, &b);
}

/* ------------------------------------------------------------------ the claim */
static hx_status make(rule_claim *c, hx_error *err) {
    hx_claim_case *k = c->k;
    if (!hx__segments_index(&c->g, k->claim.subject, &c->at))
        return hx_fail(err, HX_ENOTFOUND,
                       "there is no segment '%.*s'; 'huaxiang segment list' shows those there are",
                       HX_STR_ARG(k->claim.subject));
    HX_TRY(play(c, err));
    hx_fact *facts = hx_arena_alloc(k->arena, (c->rule->n_conditions + 1) * sizeof *facts);
    if (!facts) return no_memory(err);
    for (size_t i = 0; i < c->rule->n_conditions; i++)
        HX_TRY(put_fact(c, i, &facts[i], err));
    k->receipt.facts = facts;
    k->receipt.n_facts = c->rule->n_conditions;
    k->receipt.turn = hx_segment_rule_nearest(c->rule, c->held);
    k->receipt.member = c->member;
    k->receipt.unit = "conditions";
    k->receipt.value = value_of(c);
    k->receipt.text = sentence_of(c);
    return HX_OK;
}

hx_status hx__claim_rule(hx_claim_case *k, hx_error *err) {
    rule_claim c = {.k = k, .now = k->as_of};
    hx_status status = hx__segments_load(&c.g, k->store, NULL, err);
    if (status == HX_OK) status = make(&c, err);
    hx__segments_release(&c.g);
    return status;
}
