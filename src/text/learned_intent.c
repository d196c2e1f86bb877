/* learned_intent.c - what a customer wants and feels, by the engine `learn`: one linear model a label over the grams of the text and its mood.
 *
 *     intent.check    u8  (buckets x 4)           as grams.check (learned.h)
 *     intent.weight   i8  (buckets x 4 x 14)      a slot's weight for each intent but `other`
 *     intent.scale    double (1 + 14 x 5)         threshold; bias, base, scale, up, down of each
 *
 *     p(i)     = 1 / (1 + exp(-logit(i))), the logit of learned.h; each intent is asked on its own, so several may hold
 *     holds    = p(i) >= threshold; `other` where none does
 *     other    = the product of all 1 - p(i), or what is left of 1 by the surest, whichever is more
 *
 * Emotions stand in emotion.* in the same form, all six of them, and one is the text's: its p(e) are divided by their sum.
 *
 * The evidence of the label is what its grams weigh, in spans as sentiment has them (learned.c), those alone that speak for it; where the
 * mood alone decides, its strongest span. A text of marks and blanks alone wants nothing. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"
#include "text/grams.h"
#include "text/learned.h"

#define PARAMETER_MAX 1e3
#define MOOD_MAX 4.0 /* of the mood's logit, either way */

static hx_status take_labels(hx_learned *l, hx_learned_intents *m, const char *const names[3],
                             size_t n, const char *path, hx_error *err) {
    hx_str check, weight, scale;
    hx_error unsaid = {0};
    if (hx__datafile_section(&l->file, names[0], HX_LEARNED_WAYS, &check, &unsaid) != HX_OK)
        return HX_OK;
    HX_TRY(hx__datafile_section(&l->file, names[1], n, &weight, err));
    HX_TRY(hx__datafile_section(&l->file, names[2], sizeof(double), &scale, err));
    if (scale.len != sizeof m->threshold + n * sizeof *m->wish || weight.len / n != check.len ||
        !hx__learned_table_of(&m->table, check))
        return hx__learned_damaged(path, err);
    memcpy(&m->threshold, scale.ptr, sizeof m->threshold);
    memcpy(m->wish, scale.ptr + sizeof m->threshold, n * sizeof *m->wish);
    m->n = n;
    for (size_t i = 0; i < scale.len / sizeof(double); i++) {
        double v;
        memcpy(&v, scale.ptr + i * sizeof v, sizeof v);
        if (!(fabs(v) < PARAMETER_MAX)) return hx__learned_damaged(path, err);
    }
    m->weight = (const int8_t *)weight.ptr;
    return HX_OK;
}

hx_status hx__learned_take_intents(hx_learned *l, const char *path, hx_error *err) {
    static const char *const wishes[] = {"intent.check", "intent.weight", "intent.scale"};
    static const char *const feelings[] = {"emotion.check", "emotion.weight", "emotion.scale"};
    HX_TRY(take_labels(l, &l->intents, wishes, HX_LEARNED_INTENTS, path, err));
    return take_labels(l, &l->emotions, feelings, HX_EMOTION_N, path, err);
}

/* ------------------------------------------------------------------ probabilities */
typedef struct {
    const hx_gram_piece *pieces;
    size_t n;
    hx_gram *known; /* distinct grams of the table */
    size_t *slots;
    size_t n_known;
    int64_t sums[HX_LEARNED_INTENTS];
} wish_scan;

static bool scan_grams(const hx_learned_intents *m, wish_scan *s, hx_arena *scratch) {
    hx_gram grams[HX_GRAM_MAX];
    hx_gram_set seen;
    s->known = hx_arena_alloc(scratch, (s->n * HX_GRAM_MAX + 1) * sizeof *s->known);
    s->slots = hx_arena_alloc(scratch, (s->n * HX_GRAM_MAX + 1) * sizeof *s->slots);
    if (!s->known || !s->slots || !hx__gram_set_new(&seen, s->n * HX_GRAM_MAX, scratch))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        size_t some = hx__grams_at(s->pieces, s->n, i, grams);
        for (size_t g = 0; g < some; g++) {
            size_t slot = hx__learned_slot(&m->table, grams[g].hash);
            if (slot == SIZE_MAX || !hx__gram_set_add(&seen, grams[g].hash)) continue;
            for (size_t k = 0; k < m->n; k++)
                s->sums[k] += m->weight[slot * m->n + k];
            s->known[s->n_known] = grams[g];
            s->slots[s->n_known++] = slot;
        }
    }
    return true;
}

static double by_mood(const hx_learned_wish *w, const hx_sentiment *mood) {
    double logit = fmax(fmin(mood->logit, MOOD_MAX), -MOOD_MAX);
    return logit > 0 ? w->up * logit : w->down * logit;
}

static double surety(const hx_learned_intents *m, const wish_scan *s, const hx_sentiment *mood,
                     size_t k) {
    const hx_learned_wish *w = &m->wish[k];
    double root = sqrt((double)s->n);
    double logit = w->bias + (w->base + w->scale * (double)s->sums[k]) / root + by_mood(w, mood);
    return 1 / (1 + exp(-logit));
}

static void set_scores(const hx_learned_intents *m, const wish_scan *s, const hx_sentiment *mood,
                       hx_intent *out) {
    double none = 1, best = 0;
    for (size_t k = 0; k < HX_LEARNED_INTENTS; k++) {
        double p = surety(m, s, mood, k);
        out->scores[k + 1] = p;
        none *= 1 - p;
        if (p >= m->threshold) out->holds |= 1u << (k + 1);
        if (p > best) {
            best = p;
            out->label = (hx_intent_label)(k + 1);
        }
    }
    out->scores[HX_INTENT_OTHER] = fmax(none, 1 - best);
    if (out->holds == 0) {
        out->label = HX_INTENT_OTHER;
        out->holds = 1u << HX_INTENT_OTHER;
    }
    out->score = out->scores[out->label];
}

/* ------------------------------------------------------------------ evidence */
static hx_evidence mood_span(const hx_learned_wish *w, const hx_sentiment *mood) {
    double sign = mood->logit > 0 ? 1 : -1;
    hx_evidence best = {{0, 0}, 0};
    for (size_t i = 0; i < mood->n_evidence; i++)
        if (sign * mood->evidence[i].weight > best.weight)
            best = (hx_evidence){mood->evidence[i].span, sign * mood->evidence[i].weight};
    best.weight = best.weight > 0 ? by_mood(w, mood) : 0;
    return best;
}

static void add_spans(const wish_scan *s, const int32_t *parts, const hx_clean *clean, double scale,
                      hx_evidence *list, size_t *n) {
    for (size_t i = 0; i < s->n;) {
        int64_t sum = parts[i];
        size_t from = i++;
        if (sum <= 0 || s->pieces[from].mark) continue;
        while (i < s->n && parts[i] > 0 && !s->pieces[i].mark)
            sum += parts[i++];
        list[(*n)++] =
            (hx_evidence){hx__clean_span(clean, s->pieces[from].start, s->pieces[i - 1].end),
                          scale * (double)sum};
    }
}

/* What speaks for label k; false when out of memory. */
static bool find_evidence(hx_annotator *a, const hx_learned_intents *m, const wish_scan *s,
                          const hx_clean *clean, const hx_sentiment *mood, size_t k,
                          hx_arena *arena, const hx_evidence **out, size_t *n) {
    int32_t *parts = hx_arena_alloc(a->scratch, (s->n + 1) * sizeof *parts);
    hx_evidence *list = hx_arena_alloc(arena, (s->n + 2) * sizeof *list);
    if (!parts || !list) return false;
    for (size_t g = 0; g < s->n_known; g++) {
        int32_t part =
            m->weight[s->slots[g] * m->n + k] * HX_LEARNED_SHARE / (int32_t)s->known[g].n;
        for (size_t i = 0; i < s->known[g].n; i++)
            parts[s->known[g].first + i] += part;
    }
    double scale = m->wish[k].scale / (HX_LEARNED_SHARE * sqrt((double)s->n));
    *n = 0;
    add_spans(s, parts, clean, scale, list, n);
    hx_evidence feeling = mood_span(&m->wish[k], mood);
    if (*n == 0 && feeling.weight > 0) list[(*n)++] = feeling;
    *out = list;
    return true;
}

/* False when out of memory. */
static bool scan_text(hx_annotator *a, const hx_learned_intents *m, const hx_clean *clean,
                      wish_scan *s, bool *says) {
    *s = (wish_scan){.n = 0};
    *says = false;
    s->pieces = hx__gram_pieces(clean->text, a->scratch, &s->n);
    for (size_t i = 0; s->pieces && i < s->n && !*says; i++)
        *says = !s->pieces[i].mark;
    return s->pieces && scan_grams(m, s, a->scratch);
}

hx_status hx__learned_intent(hx_annotator *a, const hx_clean *clean, const hx_sentiment *mood,
                             hx_arena *arena, hx_intent *out, hx_error *err) {
    const hx_learned_intents *m = &hx__learned_of(a->model)->intents;
    hx_intent result = {.label = HX_INTENT_OTHER};
    wish_scan s;
    bool says, done = scan_text(a, m, clean, &s, &says);
    if (done && says) {
        set_scores(m, &s, mood, &result);
        if (result.label != HX_INTENT_OTHER)
            done = find_evidence(a, m, &s, clean, mood, (size_t)result.label - 1, arena,
                                 &result.evidence, &result.n_evidence);
    } else {
        result.holds = 1u << HX_INTENT_OTHER;
        result.score = result.scores[HX_INTENT_OTHER] = 1;
    }
    if (!done)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for the intent of a text of %zu bytes",
                       clean->text.len);
    *out = result;
    return HX_OK;
}

/* ------------------------------------------------------------------ emotions */
hx_status hx__learned_emotion(hx_annotator *a, const hx_clean *clean, hx_lang lang, hx_arena *arena,
                              hx_emotion *out, hx_error *err) {
    const hx_learned_intents *m = &hx__learned_of(a->model)->emotions;
    hx_emotion result = {.label = HX_EMOTION_NEUTRAL};
    hx_sentiment mood;
    wish_scan s;
    bool says;
    double sum = 0;
    HX_TRY(hx__learned_sentiment(a, clean, lang, a->scratch, &mood, err));
    bool done = scan_text(a, m, clean, &s, &says);
    for (size_t k = 0; k < HX_EMOTION_N; k++)
        sum += result.scores[k] = done && s.n > 0 ? surety(m, &s, &mood, k) : k == 0;
    for (size_t k = 0; k < HX_EMOTION_N; k++) {
        result.scores[k] /= sum;
        if (result.scores[k] > result.scores[result.label]) result.label = (hx_emotion_label)k;
    }
    result.score = result.scores[result.label];
    if (done)
        done = find_evidence(a, m, &s, clean, &mood, result.label, arena, &result.evidence,
                             &result.n_evidence);
    if (!done)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       clean->text.len);
    *out = result;
    return HX_OK;
}
