/* claim.c - claims: their text, their evidence, their receipt; see claim.h.
 *
 * A claim is written KIND:SUBJECT. The canonical text names segments by their key, so a claim asked for in Chinese gives the
 * receipt that is asked for in English. Texts that are read again keep the stored judgement of what is noise: it may rest on
 * other texts (repeated ones), and are corrected in the mode they were read in. The population is opened only for claims that compare with others. */
#include "answer/claim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

typedef hx_status claim_maker(hx_claim_case *k, hx_error *err);

static const struct {
    const char *name;
    claim_maker *make;
} claim_kinds[HX_CLAIM_N] = {
    [HX_CLAIM_LABEL] = {"label", hx__claim_label},
    [HX_CLAIM_TRAIT] = {"trait", hx__claim_trait},
    [HX_CLAIM_SCORE] = {"score", hx__claim_score},
    [HX_CLAIM_SEGMENT] = {"segment", hx__claim_segment},
    [HX_CLAIM_INTEREST] = {"interest", hx__claim_interest},
};

/* ------------------------------------------------------------------ the text of a claim */
/* "label.SET", as the names of traits and tasks have it. */
static bool parse_set(hx_str s, hx_str *set) {
    if (s.len < 7 || memcmp(s.ptr, "label.", 6) != 0) return false;
    *set = (hx_str){s.ptr + 6, s.len - 6};
    return true;
}

/* "aspect.NAME" */
static bool parse_aspect(hx_str s, hx_str *aspect) {
    if (s.len < 8 || memcmp(s.ptr, "aspect.", 7) != 0) return false;
    *aspect = (hx_str){s.ptr + 7, s.len - 7};
    return true;
}

/* EVENT/sentiment, EVENT/intent or EVENT/label.SET */
static bool parse_label(hx_claim *c) {
    const char *slash = memchr(c->subject.ptr, '/', c->subject.len);
    if (!slash) return false;
    size_t id_len = (size_t)(slash - c->subject.ptr);
    hx_str task = {slash + 1, c->subject.len - id_len - 1};
    c->intent = hx_str_equal(task, HX_STR_LIT("intent"));
    return (c->intent || hx_str_equal(task, HX_STR_LIT("sentiment")) || parse_set(task, &c->set)) &&
           hx_event_id_parse((hx_str){c->subject.ptr, id_len}, &c->event);
}

static bool parse_subject(hx_claim *c) {
    if (c->subject.len == 0) return false;
    if (c->kind == HX_CLAIM_LABEL) return parse_label(c);
    if (c->kind == HX_CLAIM_SCORE) return hx__claim_find_score(c->subject, &c->score);
    if (c->kind == HX_CLAIM_SEGMENT) {
        c->segment = hx_segment_find(c->subject);
        if (c->segment != HX_SEGMENT_N) return true;
        c->defined = !hx_label_rule_parse(c->subject, &c->rule);
        if (c->defined)
            return !parse_set(c->subject, &c->set) && !parse_aspect(c->subject, &c->aspect);
        *(c->rule.measure == HX_LABEL_ASPECT ? &c->aspect : &c->set) = c->rule.set;
        return true;
    }
    if (c->kind == HX_CLAIM_TRAIT && !parse_set(c->subject, &c->set))
        (void)parse_aspect(c->subject, &c->aspect);
    return true;
}

static bool parse_kind(hx_str text, hx_claim *out) {
    const char *colon = text.len > 0 ? memchr(text.ptr, ':', text.len) : NULL;
    if (!colon) return false;
    hx_str kind = {text.ptr, (size_t)(colon - text.ptr)};
    out->subject = (hx_str){colon + 1, text.len - kind.len - 1};
    for (int i = 0; i < HX_CLAIM_N; i++)
        if (hx_str_equal(kind, hx_str_of(claim_kinds[i].name))) {
            out->kind = (hx_claim_kind)i;
            return true;
        }
    return false;
}

hx_status hx__claim_parse(hx_str text, hx_arena *arena, hx_claim *out, hx_error *err) {
    *out = (hx_claim){.segment = HX_SEGMENT_N};
    if (!parse_kind(text, out) || !parse_subject(out))
        return hx_fail(
            err, HX_EINVAL,
            "'%.*s' is not a claim; write label:EVENT/sentiment, label:EVENT/intent, trait:NAME, "
            "score:rfm (recency, frequency, monetary, sentiment), segment:NAME or interest:NAME; "
            "of a "
            "model's labels label:EVENT/label.SET, trait:label.SET or segment:label.SET=LABEL; "
            "of an aspect trait:aspect.NAME or segment:aspect.NAME<0",
            HX_STR_ARG(text));
    char rule[HX_LABEL_RULE_MAX];
    if (out->segment != HX_SEGMENT_N)
        out->subject = hx_str_of(hx_segment_key(out->segment));
    else if (out->kind == HX_CLAIM_SEGMENT && !out->defined && hx_label_rule_text(&out->rule, rule))
        out->subject = hx_arena_str(arena, hx_str_of(rule));
    if (!out->subject.ptr) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_buf b;
    hx_buf_init(&b, text.len + 64);
    hx_buf_append_lit(&b, claim_kinds[out->kind].name);
    hx_buf_append_byte(&b, ':');
    hx_buf_append_str(&b, out->subject);
    hx_status status = hx_buf_status(&b, "claim", err);
    if (status == HX_OK) out->text = hx_arena_str(arena, hx_buf_str(&b));
    if (status == HX_OK && !out->text.ptr)
        status = hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_buf_release(&b);
    return status;
}

/* ------------------------------------------------------------------ tools of the kinds */
hx_status hx__claim_add(hx_claim_case *k, hx_contribution c, hx_error *err) {
    if (k->n_contributions == k->contributions_cap) {
        size_t cap = k->contributions_cap ? k->contributions_cap * 2 : 64;
        hx_contribution *more = hx_arena_alloc(k->arena, cap * sizeof *more);
        if (!more) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
        if (k->n_contributions > 0)
            memcpy(more, k->contributions, k->n_contributions * sizeof *more);
        k->contributions = more;
        k->contributions_cap = cap;
    }
    k->contributions[k->n_contributions++] = c;
    return HX_OK;
}

void hx__claim_use(hx_claim_case *k, const hx_event *e) {
    k->used[e - k->events] = 1;
}

hx_str hx__claim_text(hx_claim_case *k, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n < 0) return (hx_str){NULL, 0};
    size_t len = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    return hx_arena_str(k->arena, (hx_str){text, len});
}

hx_status hx__claim_watch(hx_claim_case *k, hx_claim_probe *touch, hx_claim_probe *value,
                          const char *part, hx_error *err) {
    hx_profile_reset(k->p);
    for (size_t i = 0; i < k->n; i++) {
        int64_t touched = touch(k), before = value ? value(k) : 0;
        hx_profile_fold(k->p, &k->events[i]);
        int64_t points;
        if (__builtin_sub_overflow(value ? value(k) : 0, before, &points))
            return hx_fail(err, HX_ELIMIT,
                           "the receipt's contributions are larger than can be counted");
        if (touch(k) == touched && points == 0) continue;
        hx__claim_use(k, &k->events[i]);
        if (value)
            HX_TRY(hx__claim_add(
                k, (hx_contribution){.part = part, .event = &k->events[i], .points = points}, err));
    }
    k->p->key = k->person;
    return k->p->failed ? hx_fail(err, HX_ENOMEM, "not enough memory for the answer") : HX_OK;
}

/* ------------------------------------------------------------------ evidence */
/* What made a text noise may lie in other texts (repeated ones), so that judgement is kept. */
static hx_status read_again(hx_claim_case *k, hx_annotator *replay, hx_error *err) {
    for (size_t i = 0; i < k->n; i++) {
        hx_event *e = &k->events[i];
        if (!e->annotation || e->text.len == 0) continue;
        hx_annotation *fresh = hx_arena_alloc(k->arena, sizeof *fresh);
        if (!fresh) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
        hx_annotator_correct(replay, e->annotation->corrected.mode);
        HX_TRY(hx_text_annotate(replay, e->text, k->arena, fresh, err));
        hx_event_temper(e->kind, fresh);
        fresh->noise = e->annotation->noise;
        e->annotation = fresh;
    }
    return HX_OK;
}

static bool needs_population(const hx_claim *c) {
    if (c->kind == HX_CLAIM_SEGMENT) return c->segment != HX_SEGMENT_N;
    return c->kind == HX_CLAIM_SCORE && hx__claim_score_is_relative(c->score);
}

static hx_status load(hx_claim_case *k, hx_store *s, const hx_claim_options *o, hx_error *err) {
    HX_TRY(hx__person_events(s, k->person, o->as_of, k->arena, &k->events, &k->n, err));
    if (k->n == 0) {
        char id[HX_PROFILE_ID_MAX];
        return hx_fail(err, HX_ENOTFOUND,
                       "customer %s: there are no events up to the time asked for",
                       hx_profile_id_text(k->person, id));
    }
    k->used = hx_arena_alloc(k->arena, k->n);
    if (!k->used) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (o->replay) HX_TRY(read_again(k, o->replay, err));
    if (o->labeller && k->claim.set.ptr) HX_TRY(hx__claim_label_again(k, o->labeller, err));
    HX_TRY(hx__person_fold(k->events, k->n, k->person, k->p, err));
    if (!needs_population(&k->claim)) return HX_OK;
    HX_TRY(hx__population_open(&k->pop, s, o->as_of, err));
    hx_customer_measure(k->p, k->pop->as_of, hx_str_of(k->pop->currency), &k->c);
    hx_rfm_score(&k->pop->thresholds.rfm, &k->c);
    k->c.segments = hx_segment_mask(&k->pop->thresholds, &k->c);
    return HX_OK;
}

/* ------------------------------------------------------------------ the receipt */
static void set_origin(hx_claim_case *k, const hx_event *e) {
    const hx_annotation *a = e->annotation;
    hx_receipt *r = &k->receipt;
    if (!a) return;
    r->engine = a->engine;
    r->kernels = a->kernels;
    r->weights = a->weights;
    if (a->corrected.mode != HX_CORRECT_OFF) r->corrected = a->corrected;
    if (r->model == 0)
        r->model = a->model;
    else if (r->model != a->model)
        r->model = hx_hash_mix(r->model, a->model);
}

static hx_status set_inputs(hx_claim_case *k, hx_error *err) {
    hx_receipt_input *inputs = hx_arena_alloc(k->arena, (k->n + 1) * sizeof *inputs);
    if (!inputs) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++) {
        const hx_event *e = &k->events[i];
        const hx_annotation *a = e->annotation;
        if (!k->used[i]) continue;
        hx_receipt_input *in = &inputs[n++];
        *in = (hx_receipt_input){.event = e, .whole_text = k->whole_text};
        set_origin(k, e);
        if (!a) continue;
        in->evidence = k->intents ? a->intent.evidence : a->sentiment.evidence;
        in->n_evidence = k->intents ? a->intent.n_evidence : a->sentiment.n_evidence;
        if (in->n_evidence == 0) in->whole_text = true;
    }
    k->receipt.inputs = inputs;
    k->receipt.n_inputs = n;
    return HX_OK;
}

static hx_status make(hx_claim_case *k, hx_store *s, const hx_claim_options *o, hx_arena *arena,
                      hx_str *json, hx_error *err) {
    HX_TRY(load(k, s, o, err));
    hx_receipt *r = &k->receipt;
    *r = (hx_receipt){.claim = k->claim.text, .person = k->person, .as_of = o->as_of, .ui = o->ui};
    hx_receipt_population population;
    if (k->pop) {
        population = (hx_receipt_population){&k->pop->thresholds, k->pop->n, k->pop->hash,
                                             hx_str_of(k->pop->currency)};
        r->population = &population;
    }
    HX_TRY(claim_kinds[k->claim.kind].make(k, err));
    if (!r->text.ptr || !r->value.ptr)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    r->contributions = k->contributions;
    r->n_contributions = k->n_contributions;
    HX_TRY(set_inputs(k, err));
    return hx_receipt_write(r, arena, json, err);
}

hx_status hx__claim_receipt(hx_store *s, uint64_t person, hx_str claim, const hx_claim_options *o,
                            hx_arena *arena, hx_str *json, hx_error *err) {
    hx_claim_case k = {.person = person,
                       .store = s,
                       .as_of = o->as_of,
                       .ui = o->ui,
                       .arena = hx_arena_new(0),
                       .p = hx_profile_new()};
    hx_status status = HX_OK;
    if (!k.arena || !k.p) status = hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (status == HX_OK) status = hx__claim_parse(claim, k.arena, &k.claim, err);
    if (status == HX_OK) status = make(&k, s, o, arena, json, err);
    hx__population_close(k.pop);
    hx_profile_free(k.p);
    hx_arena_free(k.arena);
    return status;
}
