/* explain_labels.c - why a text has each of its labels: one set of erased texts, read by the engine that gave them, many labels.
 *
 *     annotation -> labels to explain -> variants (explain.c) -> annotations of the variants -> a logit a label -> Owen values
 *
 * What is asked is what the product says in the end: of the language model's sentiment the sum of head, grams and rules. Intents and emotions have
 * the logit of their probability. An aspect has that of the head's label `aspect:mood`, since the rules find or do not find it at once; where no head says
 * it, and of rules and learn, its evidence is the explanation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"
#include "text/explain.h"
#include "text/small_read.h"

static const double p_least = 1e-6; /* of a probability whose logit is taken */

typedef struct {
    hx_explained_label *label;
    size_t side; /* of an aspect: the head's label */
} asked_label;

typedef struct {
    hx_annotator *a;
    hx_arena *arena; /* of a variant */
    asked_label list[HX_EXPLAINED_MOST];
    size_t n, n_sides; /* n_sides: aspects among them */
} asking;

static double logit_of(double p) {
    p = fmin(fmax(p, p_least), 1 - p_least);
    return log(p / (1 - p));
}

/* ------------------------------------------------------------------ which labels */
static hx_explained_label *add(hx_explained_label *list, size_t *n, hx_explained_kind kind,
                               int label) {
    if (*n == HX_EXPLAINED_MOST) return NULL;
    list[*n] = (hx_explained_label){.kind = kind, .label = label};
    return &list[(*n)++];
}

static hx_explanation of_evidence(double bias, double logit, const hx_evidence *parts, size_t n) {
    return (hx_explanation){
        .bias = bias, .logit = logit, .score = 1 / (1 + exp(-logit)), .parts = parts, .n_parts = n};
}

/* Evidence of an aspect speaks for positive; of a negative one its other side is explained. NULL in parts: no memory. */
static hx_explanation of_aspect(const hx_aspect *x, hx_arena *arena) {
    const double sign = x->label == HX_SENTIMENT_NEGATIVE ? -1 : 1;
    hx_evidence *parts = hx_arena_alloc(arena, (x->n_evidence + 1) * sizeof *parts);
    for (size_t i = 0; parts && i < x->n_evidence; i++)
        parts[i] = (hx_evidence){x->evidence[i].span, sign * x->evidence[i].weight};
    return of_evidence(0, sign * x->logit, parts, parts ? x->n_evidence : 0);
}

/* The label of the head for aspects that says this; its number of labels where none does. */
static size_t side_of(const hx_annotator *a, const hx_aspect *x) {
    char name[96];
    const hx_small *small = a->model->small;
    const size_t head = small->heads[HX_SMALL_ASPECTS];
    (void)snprintf(name, sizeof name, "%.*s:%s", (int)x->id.len, x->id.ptr,
                   x->label == HX_SENTIMENT_NEGATIVE ? "negative" : "positive");
    return hx__small_label(small, head, name);
}

static bool asks_side(const hx_annotator *a, const hx_aspect *x, size_t *side) {
    const bool polar = x->label == HX_SENTIMENT_NEGATIVE || x->label == HX_SENTIMENT_POSITIVE;
    if (!a->small || !polar || !hx__small_has(a->model->small, HX_SMALL_ASPECTS)) return false;
    const hx_small *small = a->model->small;
    *side = side_of(a, x);
    return *side < hx_llama_head_of(small->llama, small->heads[HX_SMALL_ASPECTS])->n_labels;
}

static void ask(asking *q, hx_explained_label *label, size_t side) {
    if (label) q->list[q->n++] = (asked_label){label, side};
}

static void list_labels(asking *q, const hx_annotation *r, hx_arena *arena,
                        hx_explained_label *list, size_t *n) {
    hx_explained_label *one = add(list, n, HX_EXPLAINED_SENTIMENT, (int)r->sentiment.label);
    one->why = of_evidence(r->sentiment.bias, r->sentiment.logit, r->sentiment.evidence,
                           r->sentiment.n_evidence);
    if (q->a->small) ask(q, one, 0);
    for (int k = 0; k < HX_INTENT_N; k++)
        if (k != HX_INTENT_OTHER && (r->intent.holds >> k & 1))
            ask(q, add(list, n, HX_EXPLAINED_INTENT, k), 0);
    for (size_t i = 0; i < r->n_aspects; i++) {
        const hx_aspect *x = &r->aspects[i];
        size_t side = 0;
        if (x->n_evidence == 0) continue;
        one = add(list, n, HX_EXPLAINED_ASPECT, (int)x->label);
        if (!one) break;
        one->aspect = x->id;
        one->why = of_aspect(x, arena);
        if (!asks_side(q->a, x, &side)) continue;
        ask(q, one, side);
        q->n_sides++;
    }
    if (r->emotion.score > 0 && r->emotion.label != HX_EMOTION_NEUTRAL)
        ask(q, add(list, n, HX_EXPLAINED_EMOTION, (int)r->emotion.label), 0);
}

/* ------------------------------------------------------------------ variants */
static double logit_in(const asked_label *x, const hx_annotation *r, const float *sides) {
    const size_t label = (size_t)x->label->label;
    switch (x->label->kind) {
    case HX_EXPLAINED_SENTIMENT:
        return r->sentiment.logit;
    case HX_EXPLAINED_INTENT:
        return logit_of(r->intent.scores[label]);
    case HX_EXPLAINED_ASPECT:
        return logit_of((double)sides[x->side]);
    case HX_EXPLAINED_EMOTION:
        return logit_of(r->emotion.scores[label]);
    }
    return 0;
}

static hx_status score_some(asking *q, const hx_str *texts, size_t n, double *logits,
                            hx_error *err) {
    const float *sides = NULL;
    size_t width = 0;
    hx_arena_reset(q->arena);
    HX_TRY(hx_text_ahead(q->a, texts, n, HX_ASKS_ALL, err));
    if (q->n_sides > 0) {
        const hx_small *small = q->a->model->small;
        width = hx_llama_head_of(small->llama, small->heads[HX_SMALL_ASPECTS])->n_labels;
        HX_TRY(hx__small_sides(q->a->small, texts, n, q->arena, &sides, err));
    }
    for (size_t i = 0; i < n; i++) {
        hx_annotation r;
        HX_TRY(hx_text_annotate(q->a, texts[i], q->arena, &r, err));
        for (size_t k = 0; k < q->n; k++)
            logits[i * q->n + k] = logit_in(&q->list[k], &r, sides ? sides + i * width : NULL);
    }
    return HX_OK;
}

static hx_status score_labels(void *context, const hx_str *texts, size_t n, double *logits,
                              hx_error *err) {
    asking *q = context;
    for (size_t at = 0; at < n; at += HX_TEXT_AHEAD) {
        const size_t some = n - at < HX_TEXT_AHEAD ? n - at : HX_TEXT_AHEAD;
        HX_TRY(score_some(q, texts + at, some, logits + at * q->n, err));
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ the labels */
static hx_status explain_asked(asking *q, hx_str text, size_t rounds, uint64_t seed,
                               hx_arena *scratch, hx_arena *arena, hx_error *err) {
    hx_explanation why[HX_EXPLAINED_MOST];
    const hx_text_scorer scorer = {
        .score = score_labels, .context = q, .rounds = rounds, .seed = seed};
    if (q->n == 0) return HX_OK;
    HX_TRY(hx__explain_all(q->a, text, &scorer, q->n, scratch, arena, why, err));
    for (size_t k = 0; k < q->n; k++) {
        hx_explained_label *l = q->list[k].label;
        const bool by_table = l->kind == HX_EXPLAINED_ASPECT && why[k].logit < 0;
        if (!by_table)
            l->why = why[k]; /* else the head does not say it: the table's evidence stays */
    }
    return HX_OK;
}

hx_status hx_text_explain_labels(hx_annotator *a, hx_str text, size_t rounds, uint64_t seed,
                                 hx_arena *arena, const hx_explained_label **out, size_t *n,
                                 hx_error *err) {
    asking q = {.a = a};
    hx_annotation r;
    *n = 0;
    HX_TRY(hx_text_annotate(a, text, arena, &r, err));
    hx_explained_label *list = hx_arena_alloc(arena, HX_EXPLAINED_MOST * sizeof *list);
    hx_arena *scratch = hx_arena_new((size_t)1 << 30);
    q.arena = hx_arena_new((size_t)1 << 30);
    hx_status st = list && scratch && q.arena
                       ? HX_OK
                       : hx_fail(err, HX_ENOMEM,
                                 "out of memory while looking at a text of %zu bytes", text.len);
    if (st == HX_OK) {
        list_labels(&q, &r, arena, list, n);
        st = explain_asked(&q, text, rounds, seed, scratch, arena, err);
    }
    *out = list;
    hx_arena_free(scratch);
    hx_arena_free(q.arena);
    return st;
}
