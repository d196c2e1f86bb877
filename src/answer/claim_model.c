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
#include "text/corrected.h"

#define MICRO_TEXT 32

/* What the model said of a text for the claim's set; NULL = nothing. */
static const hx_model_label *said_of(const hx_claim_case *k, const hx_event *e) {
    return hx_event_model_label(e, k->claim.set);
}

static bool is_number(const hx_model_label *l) {
    return l->label.len == 0;
}

/* -1.500000 */
static void micro_text(int64_t micro, char out[MICRO_TEXT]) {
    int64_t size = micro < 0 ? -micro : micro;
    (void)snprintf(out, MICRO_TEXT, "%s%" PRId64 ".%06" PRId64, micro < 0 ? "-" : "",
                   size / 1000000, size % 1000000);
}

/* The value of a contribution: label and score, and the model where another one than the claim's read the text. */
static hx_str said_by(hx_claim_case *k, const hx_model_label *l) {
    const hx_model_label *main = k->receipt.said;
    char score[MICRO_TEXT];
    micro_text(hx_label_micro(l->score), score);
    const char *between = is_number(l) ? "" : " ";
    bool same = hx_str_equal(main->model, l->model) && hx_str_equal(main->kernels, l->kernels);
    return same ? hx__claim_text(k, "%.*s%s%s", HX_STR_ARG(l->label), between, score)
                : hx__claim_text(k, "%.*s%s%s (%.*s, %.*s)", HX_STR_ARG(l->label), between, score,
                                 HX_STR_ARG(l->kernels), HX_STR_ARG(l->model));
}

static hx_str kept_json(hx_claim_case *k, hx_buf *b) {
    hx_str json = b->failed ? (hx_str){NULL, 0} : hx_arena_str(k->arena, hx_buf_str(b));
    hx_buf_release(b);
    return json;
}

/* JSON in the arena; {NULL, 0} when out of memory: what was said of one text. */
static hx_str said_json(hx_claim_case *k, const hx_model_label *l) {
    char score[MICRO_TEXT];
    hx_buf b;
    hx_json_writer w;
    micro_text(hx_label_micro(l->score), score);
    hx_buf_init(&b, 1u << 20);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    if (!is_number(l)) hx__value_str(&w, "label", l->label);
    hx__value_cstr(&w, is_number(l) ? "value" : "score", score);
    hx_json_end_object(&w);
    return kept_json(k, &b);
}

/* The same of all texts. */
static hx_str trait_json(hx_claim_case *k, const hx_label_count *last) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, 1u << 20);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx__label_value(&w, last);
    hx__label_counts(&w, k->p, k->claim.set);
    hx_json_end_object(&w);
    return kept_json(k, &b);
}

static hx_status out_of_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
}

/* ------------------------------------------------------------------ one text */
static hx_str said_text(hx_claim_case *k, const hx_model_label *l) {
    bool zh = k->ui == HX_UI_ZH;
    if (is_number(l))
        return hx__claim_text(k,
                              zh ? "模型 %.*s 给这段文本的数值为 %.4g"
                                 : "the model of %.*s gives the text the number %.4g",
                              HX_STR_ARG(l->set), l->score);
    return hx__claim_text(k,
                          zh ? "模型 %.*s 把这段文本读作“%.*s”，概率 %.3f"
                             : "the model of %.*s reads the text as '%.*s', with probability %.3f",
                          HX_STR_ARG(l->set), HX_STR_ARG(l->label), l->score);
}

hx_status hx__claim_model_label(hx_claim_case *k, const hx_event *e, hx_error *err) {
    const hx_model_label *l = said_of(k, e);
    char id[HX_EVENT_ID_TEXT];
    if (!l)
        return hx_fail(err, HX_ENOTFOUND, "event %s: its text has no label of %.*s",
                       hx_event_id_text(k->claim.event, id), HX_STR_ARG(k->claim.set));
    hx__claim_use(k, e);
    k->whole_text = true;
    k->receipt.said = l;
    k->receipt.unit = "1/1000000";
    k->receipt.value = said_json(k, l);
    k->receipt.text = said_text(k, l);
    return hx__claim_add(k,
                         (hx_contribution){.part = "score",
                                           .event = e,
                                           .value = is_number(l) ? l->set : l->label,
                                           .points = hx_label_micro(l->score)},
                         err);
}

/* ------------------------------------------------------------------ all texts of a set */
/* Texts with a label of the set are inputs; those whose label is `wanted` (len 0 = any) have a point, numbers their value x 1,000,000. */
static hx_status add_texts(hx_claim_case *k, hx_str wanted, hx_error *err) {
    k->whole_text = true;
    for (size_t i = k->n; i > 0 && !k->receipt.said; i--)
        k->receipt.said = said_of(k, &k->events[i - 1]);
    for (size_t i = 0; i < k->n; i++) {
        const hx_event *e = &k->events[i];
        const hx_model_label *l = said_of(k, e);
        if (!l) continue;
        bool counts = wanted.len == 0 || hx_str_equal(wanted, l->label);
        hx_str value = said_by(k, l);
        int64_t points = is_number(l) ? hx_label_micro(l->score) : counts ? 1 : 0;
        if (!value.ptr) return out_of_memory(err);
        hx__claim_use(k, e);
        HX_TRY(hx__claim_add(
            k, (hx_contribution){.part = "text", .event = e, .value = value, .points = points},
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
    k->receipt.value = trait_json(k, last);
    if (hx_label_is_number(last)) {
        k->receipt.unit = "1/1000000";
        k->receipt.text = hx__claim_text(
            k,
            k->ui == HX_UI_ZH ? "label.%.*s 为 %.4g：%" PRIu64 " 条文本数值的平均"
                              : "label.%.*s is %.4g: the mean over %" PRIu64 " texts",
            HX_STR_ARG(set), (double)hx_label_mean(last) / 1000000.0, last->count);
        return HX_OK;
    }
    k->receipt.unit = "texts";
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
    char *bound = r->measure == HX_LABEL_LAST   ? NULL
                  : r->measure >= HX_LABEL_MEAN ? strpbrk(rule, "<>")
                                                : strrchr(rule, '>');
    if (bound) *bound = '\0'; /* a fact names what is measured, not how much must be there */
    hx_str measured = hx_arena_str(k->arena, hx_str_of(rule));
    if (!measured.ptr) return out_of_memory(err);
    *fact = hx_label_rule_fact(r, k->p, measured.ptr);
    HX_TRY(r->measure == HX_LABEL_ASPECT ? hx__claim_aspect_texts(k, err)
                                         : add_texts(k, r->label, err));
    k->receipt.facts = fact;
    k->receipt.n_facts = 1;
    k->receipt.is_rule = true;
    k->receipt.unit = r->measure >= HX_LABEL_MEAN ? "1/1000000" : "texts";
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
    double apart = stored->score - now->score, bound = HX_LABEL_SCORE_BOUND;
    if (is_number(stored) && (stored->score > 1 || stored->score < -1))
        bound *= stored->score < 0 ? -stored->score : stored->score;
    return !hx_str_equal(stored->kernels, now->kernels) &&
           hx_str_equal(stored->model, now->model) && hx_str_equal(stored->label, now->label) &&
           apart <= bound && apart >= -bound;
}

static bool is_wanted(const hx_claim_case *k, const hx_event *e) {
    return said_of(k, e) && (k->claim.kind != HX_CLAIM_LABEL || hx_event_id(e) == k->claim.event);
}

/* Of the labeller's entries of a text the one of the claim's set; another model has none, and its first says which model it is. */
static const hx_model_label *fresh_label(const hx_claim_case *k, hx_model_label *all, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(all[i].set, k->claim.set)) return &all[i];
    all->set = k->claim.set;
    return all;
}

static void take_fresh(const hx_claim_case *k, hx_event *e, hx_model_label *all, size_t n) {
    const hx_model_label *now = fresh_label(k, all, n);
    if (is_close(said_of(k, e), now)) return;
    e->model_labels = now;
    e->n_model_labels = 1;
}

hx_status hx__claim_label_again(hx_claim_case *k, const hx_labeller *l, hx_error *err) {
    size_t n = 0, at = 0, width = hx_labeller_width(l);
    hx_str *texts = hx_arena_alloc(k->arena, (k->n + 1) * sizeof *texts);
    uint32_t *labels = hx_arena_alloc(k->arena, (k->n + 1) * sizeof *labels);
    double *scores = hx_arena_alloc(k->arena, (k->n + 1) * width * sizeof *scores);
    hx_model_label *fresh = hx_arena_alloc(k->arena, (k->n + 1) * width * sizeof *fresh);
    if (!texts || !labels || !scores || !fresh) return out_of_memory(err);
    for (size_t i = 0; i < k->n; i++) {
        const hx_event *e = &k->events[i];
        if (!is_wanted(k, e)) continue;
        texts[n] = e->text;
        if (e->annotation)
            texts[n] = hx__corrected_text(&e->annotation->corrected, e->text, k->arena);
        if (!texts[n++].ptr) return out_of_memory(err);
    }
    if (n == 0) return HX_OK;
    HX_TRY(l->read(l->context, texts, n, l->kind == HX_LABELLER_ONE ? labels : NULL, scores, err));
    for (size_t i = 0; i < k->n; i++) {
        if (!is_wanted(k, &k->events[i])) continue;
        hx_labeller_put(l, labels, scores, at, fresh + at * width);
        take_fresh(k, &k->events[i], fresh + at * width, width);
        at++;
    }
    return HX_OK;
}
