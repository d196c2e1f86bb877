/* emotion.c - emotions by rules: one of six for a text, from a table of words and the sentiment.
 *
 *     total(e)  = MOOD(e) x logit of the sentiment on that side, at most MOOD_MOST + sum over hits of e: weight x degree
 *     total(neutral) = NEUTRAL
 *     p(e)      = exp(SHARP x total(e)) / sum of the same over all
 *
 * A hit inside a word that a negation reaches speaks for sadness with half its weight where it is a happy one, and for nothing where it is another.
 * Each phrase counts at most TWICE in a text, so that a wall of faces is no louder than a few. SHARP, NEUTRAL and MOOD were chosen on 4,000 dev texts of
 * microblogs (their labels' log loss). Of texts without any hit and with a mood in the middle the emotion is neutral. */
#include "text/emotion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "text/annotator.h"
#include "text/lexicon_file.h"
#include "text/sentiment.h"

enum { EMOTION_WEIGHT = 1024, TWICE = 2 };

static const double emotion_neutral = 0.5, emotion_sharp = 1.7, mood_most = 2.0;
static const double by_praise = 0.6, by_blame = 0.6, by_blame_sad = 0.3;

const char *hx_emotion_name(hx_emotion_label l) {
    static const char *const names[HX_EMOTION_N] = {"neutral", "happy", "angry",
                                                    "sad",     "fear",  "surprise"};
    return (unsigned)l < HX_EMOTION_N ? names[l] : "unknown";
}

/* ------------------------------------------------------------------ the table */
static hx_status read_table(hx_emotions *e, hx_lexicon_file *f, hx_error *err) {
    bool more = true;
    for (;;) {
        int weight, label = HX_EMOTION_HAPPY;
        HX_TRY(hx__lexicon_file_next(f, 3, &more, err));
        if (!more) break;
        while (label < HX_EMOTION_N &&
               !hx_str_equal(f->field[0], hx_str_of(hx_emotion_name((hx_emotion_label)label))))
            label++;
        if (label == HX_EMOTION_N) return hx__lexicon_file_unknown(f, 0, err);
        HX_TRY(hx__lexicon_file_hundredths(f, 1, &weight, err));
        if (weight <= 0) return hx__lexicon_file_unknown(f, 1, err);
        HX_TRY(hx__phrases_add(&e->phrases, f->field[2],
                               (uint32_t)(label * EMOTION_WEIGHT + weight), err));
    }
    e->hash = hx_hash(hx_buf_str(&f->bytes));
    return hx__phrases_build(&e->phrases, err);
}

hx_status hx__emotions_open(hx_emotions **out, const char *share_dir, hx_error *err) {
    hx_lexicon_file f;
    hx_emotions *e = calloc(1, sizeof *e);
    if (!e) return hx_fail(err, HX_ENOMEM, "out of memory while loading the lexicons");
    hx__phrases_init(&e->phrases);
    hx_status status = hx__lexicon_file_open(&f, share_dir, "emotions.tsv", err);
    if (status == HX_OK) status = read_table(e, &f, err);
    hx__lexicon_file_close(&f);
    if (status == HX_OK)
        *out = e;
    else
        hx__emotions_close(e);
    return status;
}

void hx__emotions_close(hx_emotions *e) {
    if (!e) return;
    hx__phrases_release(&e->phrases);
    free(e);
}

/* ------------------------------------------------------------------ a text */
/* The word that a hit begins in or follows; NULL = none. */
static const hx_mention *word_at(const hx_mentions *m, size_t start) {
    const hx_mention *found = NULL;
    for (size_t lo = 0, hi = m->n; lo < hi;) {
        size_t middle = (lo + hi) / 2;
        if (m->list[middle].start <= start) {
            found = &m->list[middle];
            lo = middle + 1;
        } else {
            hi = middle;
        }
    }
    return found && start < found->end ? found : NULL;
}

typedef struct {
    double total[HX_EMOTION_N];
    hx_evidence *list;
    uint8_t *sides; /* the emotion of each piece of evidence */
    size_t n, room;
} emotion_scan;

static void take_hit(emotion_scan *s, const hx_analysis *text, const hx_mentions *mentions,
                     const hx_phrase_hit *hit) {
    const hx_mention *m = word_at(mentions, hit->start);
    unsigned label = hit->value / EMOTION_WEIGHT;
    double weight = hit->value % EMOTION_WEIGHT / 100.0;
    if (m && m->negated) {
        if (label != HX_EMOTION_HAPPY) return;
        label = HX_EMOTION_SAD;
        weight /= 2;
    }
    if (m) weight *= m->degree;
    s->total[label] += weight;
    s->sides[s->n] = (uint8_t)label;
    s->list[s->n++] = (hx_evidence){hx__clean_span(&text->clean, hit->start, hit->end), weight};
}

/* Hits that lie inside the one before them, or were met twice already, count for nothing. */
static bool scan_hits(emotion_scan *s, const hx_emotions *table, const hx_analysis *text,
                      const hx_mentions *mentions, hx_arena *scratch) {
    hx_map met;
    hx_phrase_hit hit, last = {.end = 0};
    bool has_last = false;
    hx_phrase_walk w = hx__phrase_walk_of(&table->phrases, text->clean.text);
    (void)scratch;
    hx_map_init(&met);
    bool whole = true;
    for (bool more = true; more && whole;) {
        more = hx__phrase_walk_next(&w, &hit);
        if (more && has_last && hit.start <= last.start) {
            last = hit; /* longer, from the same place or before */
            continue;
        }
        if (more && has_last && hit.start < last.end) continue;
        if (has_last && s->n < s->room) {
            hx_str words = {text->clean.text.ptr + last.start, last.end - last.start};
            uint64_t *times = hx_map_put(&met, hx_hash(words));
            whole = times != NULL;
            if (times && (*times)++ < TWICE) take_hit(s, text, mentions, &last);
        }
        last = hit;
        has_last = more;
    }
    hx_map_release(&met);
    return whole;
}

static void take_mood(emotion_scan *s, const hx_sentiment *mood) {
    double side = fmin(fabs(mood->logit), mood_most);
    if (mood->n_evidence == 0 || mood->label == HX_SENTIMENT_NEUTRAL) return;
    if (mood->logit > 0) {
        s->total[HX_EMOTION_HAPPY] += by_praise * side;
    } else {
        s->total[HX_EMOTION_ANGRY] += by_blame * side;
        s->total[HX_EMOTION_SAD] += by_blame_sad * side;
    }
}

static void decide(emotion_scan *s, hx_emotion *out) {
    double sum = 0;
    size_t kept = 0;
    s->total[HX_EMOTION_NEUTRAL] = emotion_neutral;
    for (int e = 0; e < HX_EMOTION_N; e++)
        sum += out->scores[e] = exp(emotion_sharp * fmin(s->total[e], 12));
    for (int e = 0; e < HX_EMOTION_N; e++) {
        out->scores[e] /= sum;
        if (out->scores[e] > out->scores[out->label]) out->label = (hx_emotion_label)e;
    }
    out->score = out->scores[out->label];
    for (size_t i = 0; i < s->n; i++)
        if (s->sides[i] == out->label) s->list[kept++] = s->list[i];
    out->evidence = s->list;
    out->n_evidence = kept;
}

hx_status hx__emotion_find(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                           const hx_sentiment *mood, hx_arena *arena, hx_emotion *out,
                           hx_error *err) {
    emotion_scan s = {.room = text->clean.text.len};
    *out = (hx_emotion){.label = HX_EMOTION_NEUTRAL};
    s.list = hx_arena_alloc(arena, (s.room + 1) * sizeof *s.list);
    s.sides = hx_arena_alloc(a->scratch, s.room + 1);
    if (!s.list || !s.sides || !scan_hits(&s, a->model->emotions, text, mentions, a->scratch))
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       text->clean.text.len);
    take_mood(&s, mood);
    decide(&s, out);
    return HX_OK;
}
