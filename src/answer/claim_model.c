/* claim_model.c - receipts of what a trained model said: the label of one text, the trait label.SET, a rule on labels.
 *
 * Scores are the model's probabilities, rounded to a millionth. A trait or a rule has one point a text that carries the label; its total is
 * the count that the profile holds. Engine, kernels and the SHA-256 of the model's file come from the last text that speaks for the claim;
 * where texts were read by different models, each of their contributions names its own.
 *
 * Verifying reads the texts again in one call. With the kernels of the receipt the bytes must be equal; other kernels round otherwise, so
 * there a label that is the same within HX_LABEL_SCORE_BOUND counts as the one that is stored. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "answer/claim.h"
#include "base/error.h"

#define MICRO 1000000.0

static int64_t micro_of(double v) {
    return (int64_t)(v * MICRO + 0.5);
}

static bool is_of_set(const hx_claim_case *k, const hx_event *e) {
    return e->model_label && hx_str_equal(e->model_label->set, k->claim.set);
}

/* The value of a contribution: label and score, and the model where another one than the claim's read the text. */
static hx_str said_by(hx_claim_case *k, const hx_model_label *l) {
    const hx_model_label *main = k->receipt.said;
    int64_t micro = micro_of(l->score);
    bool same = hx_str_equal(main->model, l->model) && hx_str_equal(main->kernels, l->kernels);
    return same ? hx__claim_text(k, "%.*s %" PRId64 ".%06" PRId64, HX_STR_ARG(l->label),
                                 micro / 1000000, micro % 1000000)
                : hx__claim_text(k, "%.*s %" PRId64 ".%06" PRId64 " (%.*s, %.*s)",
                                 HX_STR_ARG(l->label), micro / 1000000, micro % 1000000,
                                 HX_STR_ARG(l->kernels), HX_STR_ARG(l->model));
}

/* A JSON text made by `put` in the arena; {NULL, 0} when out of memory. */
static hx_str value_json(hx_claim_case *k, const hx_model_label *l, bool counts) {
    char score[32];
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, 1u << 20);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx__value_str(&w, counts ? "value" : "label", l->label);
    if (counts) {
        hx__value_cstr(&w, "type", "text");
        hx__label_counts(&w, k->p, k->claim.set);
    } else {
        int64_t micro = micro_of(l->score);
        (void)snprintf(score, sizeof score, "%" PRId64 ".%06" PRId64, micro / 1000000,
                       micro % 1000000);
        hx__value_cstr(&w, "score", score);
    }
    hx_json_end_object(&w);
    hx_str json = b.failed ? (hx_str){NULL, 0} : hx_arena_str(k->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return json;
}

static hx_status out_of_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

/* ------------------------------------------------------------------ one text */
hx_status hx__claim_model_label(hx_claim_case *k, const hx_event *e, hx_error *err) {
    const hx_model_label *l = e->model_label;
    char id[HX_EVENT_ID_TEXT];
    if (!is_of_set(k, e))
        return hx_fail(err, HX_ENOTFOUND, "event %s: its text has no label of %.*s",
                       hx_event_id_text(k->claim.event, id), HX_STR_ARG(k->claim.set));
    hx__claim_use(k, e);
    k->whole_text = true;
    k->receipt.said = l;
    k->receipt.unit = "1/1000000";
    k->receipt.value = value_json(k, l, false);
    k->receipt.text = hx__claim_text(
        k,
        k->ui == HX_UI_ZH ? "模型 %.*s 把这段文本读作“%.*s”，概率 %.3f"
                          : "the model of %.*s reads the text as '%.*s', with probability %.3f",
        HX_STR_ARG(l->set), HX_STR_ARG(l->label), l->score);
    return hx__claim_add(
        k,
        (hx_contribution){
            .part = "score", .event = e, .value = l->label, .points = micro_of(l->score)},
        err);
}

/* ------------------------------------------------------------------ all texts of a set */
/* Texts with a label of the set are inputs; those whose label is `wanted` (len 0 = any) have a point. */
static hx_status add_texts(hx_claim_case *k, hx_str wanted, hx_error *err) {
    k->whole_text = true;
    for (size_t i = k->n; i > 0 && !k->receipt.said; i--)
        if (is_of_set(k, &k->events[i - 1])) k->receipt.said = k->events[i - 1].model_label;
    for (size_t i = 0; i < k->n; i++) {
        const hx_event *e = &k->events[i];
        if (!is_of_set(k, e)) continue;
        bool counts = wanted.len == 0 || hx_str_equal(wanted, e->model_label->label);
        hx_str value = said_by(k, e->model_label);
        if (!value.ptr) return out_of_memory(err);
        hx__claim_use(k, e);
        HX_TRY(hx__claim_add(
            k,
            (hx_contribution){.part = "text", .event = e, .value = value, .points = counts ? 1 : 0},
            err));
    }
    return HX_OK;
}

hx_status hx__claim_model_trait(hx_claim_case *k, hx_error *err) {
    hx_str set = k->claim.set;
    const hx_label_count *last = hx_profile_last_label(k->p, set);
    if (!last)
        return hx_fail(err, HX_ENOTFOUND, "the customer has no trait '%.*s'",
                       HX_STR_ARG(k->claim.subject));
    HX_TRY(add_texts(k, (hx_str){"", 0}, err));
    k->receipt.unit = "texts";
    k->receipt.value = value_json(k, &(hx_model_label){.label = last->label}, true);
    k->receipt.text = hx__claim_text(
        k,
        k->ui == HX_UI_ZH ? "label.%.*s 为 %.*s：%" PRIu64 " 条文本中有 %" PRIu64 " 条"
                          : "label.%.*s is %.*s: of %" PRIu64 " texts, %" PRIu64 " have that label",
        HX_STR_ARG(set), HX_STR_ARG(last->label), hx_profile_labelled(k->p, set), last->count);
    return HX_OK;
}

hx_status hx__claim_label_rule(hx_claim_case *k, hx_error *err) {
    const hx_label_rule *r = &k->claim.rule;
    char rule[HX_LABEL_RULE_MAX], sentence[HX_LABEL_RULE_MAX + 128];
    hx_fact *fact = hx_arena_alloc(k->arena, sizeof *fact);
    hx_str name =
        hx_label_rule_text(r, rule) ? hx_arena_str(k->arena, hx_str_of(rule)) : (hx_str){NULL, 0};
    if (!fact || !name.ptr) return out_of_memory(err);
    char *bound = r->measure == HX_LABEL_LAST ? NULL : strrchr(rule, '>');
    if (bound) *bound = '\0'; /* a fact names what is measured, not how much must be there */
    hx_str measured = hx_arena_str(k->arena, hx_str_of(rule));
    if (!measured.ptr) return out_of_memory(err);
    *fact = hx_label_rule_fact(r, k->p, measured.ptr);
    HX_TRY(add_texts(k, r->label, err));
    k->receipt.facts = fact;
    k->receipt.n_facts = 1;
    k->receipt.is_rule = true;
    k->receipt.unit = "texts";
    k->receipt.value =
        hx__claim_text(k, "{\"member\":%s,\"conditions\":1}", fact->passed ? "true" : "false");
    hx_label_rule_sentence(r, k->ui, sentence, sizeof sentence);
    k->receipt.text =
        k->ui == HX_UI_ZH
            ? hx__claim_text(k, "%s“%s”：%s", fact->passed ? "属于" : "不属于", name.ptr, sentence)
            : hx__claim_text(k, "%s '%s': %s", fact->passed ? "in" : "not in", name.ptr, sentence);
    return HX_OK;
}

/* ------------------------------------------------------------------ reading again */
static bool is_close(const hx_model_label *stored, const hx_model_label *now) {
    double apart = stored->score - now->score;
    return !hx_str_equal(stored->kernels, now->kernels) &&
           hx_str_equal(stored->model, now->model) && hx_str_equal(stored->label, now->label) &&
           apart <= HX_LABEL_SCORE_BOUND && apart >= -HX_LABEL_SCORE_BOUND;
}

static bool is_wanted(const hx_claim_case *k, const hx_event *e) {
    return is_of_set(k, e) && (k->claim.kind != HX_CLAIM_LABEL || hx_event_id(e) == k->claim.event);
}

hx_status hx__claim_label_again(hx_claim_case *k, const hx_labeller *l, hx_error *err) {
    size_t n = 0, at = 0;
    hx_str *texts = hx_arena_alloc(k->arena, (k->n + 1) * sizeof *texts);
    uint32_t *labels = hx_arena_alloc(k->arena, (k->n + 1) * sizeof *labels);
    double *scores = hx_arena_alloc(k->arena, (k->n + 1) * sizeof *scores);
    hx_model_label *fresh = hx_arena_alloc(k->arena, (k->n + 1) * sizeof *fresh);
    if (!texts || !labels || !scores || !fresh) return out_of_memory(err);
    for (size_t i = 0; i < k->n; i++)
        if (is_wanted(k, &k->events[i])) texts[n++] = k->events[i].text;
    if (n == 0) return HX_OK;
    HX_TRY(l->read(l->context, texts, n, labels, scores, err));
    for (size_t i = 0; i < k->n; i++) {
        hx_event *e = &k->events[i];
        if (!is_wanted(k, e)) continue;
        const char *label = labels[at] < l->n_labels ? l->labels[labels[at]] : "";
        fresh[at] = (hx_model_label){.set = e->model_label->set,
                                     .label = hx_str_of(label),
                                     .score = scores[at],
                                     .engine = l->engine,
                                     .kernels = hx_str_of(l->kernels),
                                     .model = hx_str_of(l->model)};
        if (!is_close(e->model_label, &fresh[at])) e->model_label = &fresh[at];
        at++;
    }
    return HX_OK;
}
