/* topics.c - what a collection of texts speaks of: names, sizes, quotes; see topics.h for the other steps.
 *
 *     weight(t, c) = texts of c with t / texts of c x log(1 + texts with t over all groups' mean / texts with t)      class-based TF-IDF
 *                  = share in c x log(1 + mean / all)
 *     words        the best by weight; a word gives way to a pair that has it where the pair stands in half of its texts
 *     name         the three best words
 *     quotes       texts next to the centre, none like another, short ones as a whole, of longer ones the first sentence that has a word of the name */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "text/annotator.h"
#include "text/sentences.h"
#include "text/topics.h"

enum { LOOKED_AT = 40, NAME_WORDS = 3, QUOTES = 3, QUOTES_MAX = 20, NEAREST = 64, WHOLE = 240 };

static hx_status no_memory(size_t n, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while looking for topics in %zu texts", n);
}

/* ------------------------------------------------------------------ words */
typedef struct {
    double weight;
    uint32_t term, count;
} weighed;

static int by_weight(const void *a, const void *b) {
    const weighed *x = a, *y = b;
    if (x->weight > y->weight || y->weight > x->weight) return x->weight > y->weight ? -1 : 1;
    return (x->term > y->term) - (x->term < y->term);
}

static bool holds(hx_str big, hx_str small) {
    return memmem(big.ptr, big.len, small.ptr, small.len) != NULL;
}

/* Puts a word behind the chosen ones, in the place of one, or nowhere. */
static size_t take_word(const hx_topic_space *s, const weighed *w, weighed *chosen, size_t n,
                        size_t most) {
    hx_str text = s->terms[w->term].text;
    for (size_t i = 0; i < n; i++) {
        hx_str other = s->terms[chosen[i].term].text;
        if (holds(other, text)) return n;
        if (!holds(text, other)) continue;
        if (w->count * 2 >= chosen[i].count) chosen[i] = *w;
        return n;
    }
    if (n < most) chosen[n++] = *w;
    return n;
}

size_t hx__topic_words(const hx_topic_space *s, const uint32_t *counts, size_t k, size_t c,
                       uint32_t *out, size_t most, hx_arena *scratch) {
    weighed *list = hx_arena_alloc(scratch, (s->n_terms + 1) * sizeof *list);
    weighed chosen[LOOKED_AT];
    double mean = 0;
    size_t n = 0, kept = 0;
    if (!list) return 0;
    for (size_t t = 0; t < s->n_terms; t++)
        mean += s->terms[t].texts / (double)k;
    for (uint32_t t = 0; t < s->n_terms; t++) {
        uint32_t count = counts[t * k + c];
        if (count > 0) list[n++] = (weighed){count * log(1 + mean / s->terms[t].texts), t, count};
    }
    qsort(list, n, sizeof *list, by_weight);
    for (size_t i = 0; i < n && i < LOOKED_AT; i++)
        kept = take_word(s, &list[i], chosen, kept, most < LOOKED_AT ? most : LOOKED_AT);
    for (size_t i = 0; i < kept; i++)
        out[i] = chosen[i].term;
    return kept;
}

static hx_status set_words(const hx_topic_space *s, const uint32_t *terms, size_t n,
                           hx_arena *arena, hx_topic *t, hx_error *err) {
    hx_str *words = hx_arena_alloc(arena, (n + 1) * sizeof *words);
    hx_buf name;
    if (!words) return no_memory(s->n_texts, err);
    hx_buf_init(&name, 4096);
    for (size_t i = 0; i < n; i++) {
        words[i] = s->terms[terms[i]].text;
        if (i >= NAME_WORDS) continue;
        if (i > 0) (void)hx_buf_append_lit(&name, s->terms[terms[0]].han ? "、" : ", ");
        (void)hx_buf_append_str(&name, words[i]);
    }
    t->words = words;
    t->n_words = n;
    t->name = hx_arena_str(arena, hx_buf_str(&name));
    hx_buf_release(&name);
    return t->name.ptr ? HX_OK : no_memory(s->n_texts, err);
}

/* ------------------------------------------------------------------ quotes */
typedef struct {
    float value;
    size_t row;
} near_row;

/* A text of few terms says little. */
static float nearness(const hx_topic_space *s, const float *likeness, size_t row) {
    size_t terms = s->from[row + 1] - s->from[row];
    return likeness[row] * (float)(terms < 4 ? 0.6 + 0.1 * (double)terms : 1);
}

static void keep_near(near_row *list, size_t *n, near_row r) {
    size_t at = *n < NEAREST ? (*n)++ : NEAREST - 1;
    if (at == NEAREST - 1 && *n == NEAREST && list[at].row != SIZE_MAX && list[at].value >= r.value)
        return;
    while (at > 0 && list[at - 1].value < r.value) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = r;
}

static double overlap(const hx_topic_space *s, size_t a, size_t b) {
    size_t both = 0, n_a = s->from[a + 1] - s->from[a], n_b = s->from[b + 1] - s->from[b];
    for (size_t i = s->from[a]; i < s->from[a + 1]; i++)
        for (size_t k = s->from[b]; k < s->from[b + 1]; k++)
            both += s->ids[i] == s->ids[k];
    return (double)both / (double)(n_a + n_b - both);
}

/* The text, or the first sentence of a long one that has one of the topic's words. */
static hx_status quote_of(hx_annotator *a, hx_str text, const hx_topic *t, hx_span *out,
                          hx_error *err) {
    hx_analysis analysis;
    *out = (hx_span){0, (uint32_t)text.len};
    if (text.len <= WHOLE) return HX_OK;
    hx_arena_reset(a->scratch);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    for (size_t i = 0, from = 0; i < analysis.n_words; i++) {
        if (i + 1 < analysis.n_words && !hx__ends_sentence(&analysis, i)) continue;
        uint32_t start = analysis.words[from].start, end = analysis.words[i].end;
        hx_str sentence = {analysis.clean.text.ptr + start, end - start};
        from = i + 1;
        for (size_t w = 0; w < t->n_words && w < NAME_WORDS; w++)
            if (holds(sentence, t->words[w])) {
                *out = hx__clean_span(&analysis.clean, start, end);
                return HX_OK;
            }
    }
    return HX_OK;
}

static hx_status set_quotes(hx_annotator *a, const hx_topic_space *s, const hx_topics_options *o,
                            const near_row *list, size_t n, hx_arena *arena, hx_topic *t,
                            hx_error *err) {
    size_t most = o->n_quotes ? o->n_quotes : QUOTES;
    if (most > QUOTES_MAX) most = QUOTES_MAX;
    hx_topic_quote *quotes = hx_arena_alloc(arena, (most + 1) * sizeof *quotes);
    if (!quotes) return no_memory(o->n, err);
    for (size_t i = 0; i < n && t->n_quotes < most; i++) {
        bool alike = false;
        for (size_t k = 0; k < t->n_quotes; k++)
            alike = alike || overlap(s, quotes[k].row, list[i].row) > 0.6;
        if (alike) continue;
        quotes[t->n_quotes].row = list[i].row;
        HX_TRY(quote_of(a, o->texts[list[i].row], t, &quotes[t->n_quotes++].span, err));
    }
    t->quotes = quotes;
    return HX_OK;
}

/* ------------------------------------------------------------------ all of it */
static hx_status describe(hx_annotator *a, const hx_topic_space *s, const hx_topics_options *o,
                          const float *likeness, hx_arena *arena, hx_topics *out, hx_error *err) {
    hx_topic *topics = hx_arena_alloc(arena, (out->n + 1) * sizeof *topics);
    uint32_t *counts = hx_arena_alloc(arena, (s->n_terms * out->n + 1) * sizeof *counts);
    near_row *near = hx_arena_alloc(arena, (out->n * NEAREST + 1) * sizeof *near);
    size_t *n_near = hx_arena_alloc(arena, (out->n + 1) * sizeof *n_near);
    uint32_t words[HX_TOPIC_WORDS];
    if (!topics || !counts || !near || !n_near) return no_memory(o->n, err);
    for (size_t i = 0; i < o->n; i++) {
        uint32_t c = out->topic_of[i];
        out->n_without += c == HX_TOPIC_NONE;
        if (c == HX_TOPIC_NONE) continue;
        topics[c].size++;
        for (size_t e = s->from[i]; e < s->from[i + 1]; e++)
            counts[s->ids[e] * out->n + c]++;
        keep_near(near + c * NEAREST, &n_near[c], (near_row){nearness(s, likeness, i), i});
    }
    for (size_t c = 0; c < out->n; c++) {
        size_t n = hx__topic_words(s, counts, out->n, c, words, HX_TOPIC_WORDS, arena);
        HX_TRY(set_words(s, words, n, arena, &topics[c], err));
        HX_TRY(set_quotes(a, s, o, near + c * NEAREST, n_near[c], arena, &topics[c], err));
    }
    out->list = topics;
    HX_TRY(hx__topic_trends(o, out->topic_of, arena, topics, out, err));
    return hx__topic_alarm(s, o, arena, out, err);
}

hx_status hx_topics_find(const hx_text_model *m, const hx_topics_options *o, hx_arena *arena,
                         hx_topics *out, hx_error *err) {
    hx_topics r = {.n = o->n_topics};
    hx_topic_space s;
    uint32_t *topic_of;
    float *likeness;
    hx_annotator *a = NULL;
    if (o->n_topics > HX_TOPICS_MAX)
        return hx_fail(err, HX_EINVAL, "%zu topics are too many; at most %d", o->n_topics,
                       HX_TOPICS_MAX);
    HX_TRY(hx__topic_space(m, o, arena, &s, err));
    HX_TRY(hx__topic_cluster(&s, o, arena, &r.n, &topic_of, &likeness, err));
    r.topic_of = topic_of;
    HX_TRY(hx_annotator_new(&a, m, err));
    hx_status st = describe(a, &s, o, likeness, arena, &r, err);
    hx_annotator_free(a);
    if (st == HX_OK) *out = r;
    return st;
}
