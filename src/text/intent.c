/* intent.c - what a customer wants, by weighted phrases (lexicons/intent.tsv) in the cleaned text.
 *
 *     total(i) = sum of the weights of intent i's phrases that stand in the text, exclusions below 0
 *     label    = the intent of the greatest total, `other` where none exceeds OTHER
 *     score    = exp(total) / sum of exp over `other` and the intents met, totals capped at TOTAL_MAX
 *
 * A phrase inside a longer one of the same intent does not count (退款 in 申请退款). Where no phrase of a definite wish is
 * there, the mood speaks: a text that is clearly positive is praise, a clearly negative one a complaint; the strongest
 * sentiment span is then the evidence. */
#include "text/intent.h"

#include <math.h>

#include "base/error.h"
#include "text/annotator.h"

static const double other_total = 2;
static const double total_max = 8;
static const double rest_mass = 0.5; /* what is left to unseen intents in the softmax */
static const double mood_share = 1.6; /* of the sentiment's logit */
static const double mood_max = 3.2;

/* One phrase met. */
typedef struct {
    hx_intent_label label;
    int weight; /* hundredths */
    uint32_t start, end; /* bytes of the clean text */
    uint32_t previous; /* index + 1 of the intent's hit before it */
    bool dropped; /* inside a longer one */
} intent_hit;

typedef struct {
    intent_hit *list;
    uint32_t n;
    uint32_t last[HX_INTENT_N]; /* index + 1 */
    double total[HX_INTENT_N];
    bool met[HX_INTENT_N];
} intent_scan;

const char *hx_intent_name(hx_intent_label l) {
    static const char *const names[HX_INTENT_N] = {
        "other",     "buy",     "refund", "exchange", "complaint", "consult", "praise", "churn",
        "logistics", "invoice", "repair", "price",    "cancel",    "account", "suggest"};
    return (unsigned)l < HX_INTENT_N ? names[l] : "unknown";
}

static const hx_intent_pattern *pattern_at(const hx_lexicon *l, uint32_t i) {
    return (const hx_intent_pattern *)(const void *)l->intents.ptr + i;
}

/* Hits come in order of their ends, the longest first: what lies inside this one came before, or ends with it. */
static void take_hit(intent_scan *s, const hx_intent_pattern *p, const hx_phrase_hit *at) {
    uint32_t *last = &s->last[p->label];
    if (*last && s->list[*last - 1].end == at->end) return;
    while (*last && s->list[*last - 1].start >= at->start) {
        s->list[*last - 1].dropped = true;
        *last = s->list[*last - 1].previous;
    }
    s->list[s->n] =
        (intent_hit){p->label, p->weight, (uint32_t)at->start, (uint32_t)at->end, *last, false};
    *last = ++s->n;
}

static hx_status scan(hx_annotator *a, const hx_analysis *text, intent_scan *s, hx_error *err) {
    const hx_lexicon *l = a->model->lexicon;
    hx_phrase_hit hit;
    size_t count = 0;
    hx_found_walk walk;
    HX_TRY(hx__found_of(a, text, HX_PHRASE_INTENT, &walk, err));
    while (hx__found_next(&walk, &hit))
        for (uint32_t i = hit.value + 1; i != 0; i = pattern_at(l, i - 1)->next)
            count++;
    s->list = hx_arena_alloc(a->scratch, (count + 1) * sizeof *s->list);
    if (!s->list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for the intent of a text of %zu bytes",
                       text->clean.text.len);
    walk.at = 0;
    while (hx__found_next(&walk, &hit))
        for (uint32_t i = hit.value + 1; i != 0; i = pattern_at(l, i - 1)->next)
            take_hit(s, pattern_at(l, i - 1), &hit);
    int totals[HX_INTENT_N] = {0};
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->list[i].dropped) continue;
        totals[s->list[i].label] += s->list[i].weight;
        s->met[s->list[i].label] = true;
    }
    for (int i = 0; i < HX_INTENT_N; i++)
        s->total[i] = totals[i] / 100.0;
    return HX_OK;
}

/* The mood as an intent where nothing definite is wished for; returns what it adds. */
static double take_mood(intent_scan *s, const hx_sentiment *mood, hx_intent_label *label) {
    for (int i = HX_INTENT_OTHER; i < HX_INTENT_N; i++)
        if (i != HX_INTENT_PRAISE && i != HX_INTENT_COMPLAINT && s->total[i] > 0) return 0;
    if (mood->label != HX_SENTIMENT_POSITIVE && mood->label != HX_SENTIMENT_NEGATIVE) return 0;
    *label = mood->logit > 0 ? HX_INTENT_PRAISE : HX_INTENT_COMPLAINT;
    double add = fmin(mood_share * fabs(mood->logit), mood_max);
    s->total[*label] += add;
    s->met[*label] = true;
    return add;
}

static hx_evidence strongest(const hx_sentiment *mood, double weight) {
    hx_evidence best = {{0, 0}, 0};
    double sign = mood->logit > 0 ? 1 : -1;
    for (size_t i = 0; i < mood->n_evidence; i++)
        if (sign * mood->evidence[i].weight > best.weight)
            best = (hx_evidence){mood->evidence[i].span, sign * mood->evidence[i].weight};
    best.weight = weight;
    return best;
}

static double score_of(const intent_scan *s, hx_intent_label label) {
    double mass = rest_mass + exp(other_total);
    for (int i = 1; i < HX_INTENT_N; i++)
        if (s->met[i]) mass += exp(fmin(s->total[i], total_max));
    return exp(label == HX_INTENT_OTHER ? other_total : fmin(s->total[label], total_max)) / mass;
}

static hx_intent_label best_label(const intent_scan *s) {
    hx_intent_label best = HX_INTENT_OTHER;
    for (int i = 1; i < HX_INTENT_N; i++)
        if (s->total[i] > (best == HX_INTENT_OTHER ? other_total : s->total[best]))
            best = (hx_intent_label)i;
    return best;
}

static void set_scores(const intent_scan *s, hx_intent *out) {
    out->holds = 1u << out->label;
    out->scores[HX_INTENT_OTHER] = score_of(s, HX_INTENT_OTHER);
    for (int i = 1; i < HX_INTENT_N; i++) {
        if (!s->met[i]) continue;
        out->scores[i] = score_of(s, (hx_intent_label)i);
        if (s->total[i] > other_total) out->holds |= 1u << i;
    }
}

hx_status hx__intent_score(hx_annotator *a, const hx_analysis *text, const hx_sentiment *mood,
                           hx_arena *arena, hx_intent *out, hx_error *err) {
    intent_scan s = {0};
    HX_TRY(scan(a, text, &s, err));
    hx_intent_label mood_label = HX_INTENT_OTHER;
    double mood_weight = take_mood(&s, mood, &mood_label);
    hx_intent result = {.label = best_label(&s)};
    result.score = score_of(&s, result.label);
    set_scores(&s, &result);
    hx_evidence *list = hx_arena_alloc(arena, (s.n + 1) * sizeof *list);
    if (!list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for the intent of a text of %zu bytes",
                       text->clean.text.len);
    for (uint32_t i = 0; i < s.n; i++)
        if (!s.list[i].dropped && s.list[i].label == result.label)
            list[result.n_evidence++] =
                (hx_evidence){hx__clean_span(&text->clean, s.list[i].start, s.list[i].end),
                              s.list[i].weight / 100.0};
    if (mood_weight > 0 && mood_label == result.label)
        list[result.n_evidence++] = strongest(mood, mood_weight);
    result.evidence = list;
    *out = result;
    return HX_OK;
}
