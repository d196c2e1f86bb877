/* aspect.c - aspects by rules, on the words and mentions that the sentiment has found already.
 *
 *     房间 很 干净 ， 但是 早餐 太贵 了      the room is clean, but breakfast is overpriced
 *     term    +         term   - price
 *
 * 1. Terms: the leftmost-longest phrases of the table whose edges lie on word cuts (of a Chinese term of two characters or more one edge
 *    will do: word cuts err).
 * 2. Opinions: mentions of a hand-written polarity with their weight of sentiment.c (negation, degree, adversatives), unless they are part
 *    of a plain term (性价比).
 * 3. In a clause an opinion belongs to the term nearest to it. In Chinese what it is about stands before it unless 的 follows
 *    (很好的服务); terms that are enumerated (price and quality) share it.
 * 4. A clause without a term goes on about the last term of the clause before in the same sentence.
 * 5. A term that is an opinion by itself (太贵-, 送得慢-) counts for its aspect, turned where a negation outside reaches it.
 * 6. What was said of one aspect in a text is added up: positive or negative by the sign, mixed where both sides are strong, neutral
 *    without any opinion.
 *
 * logit = sum of the evidence, each rounded to 1/4096 as in sentiment.c. p(label) = 1 / (1 + exp(-SHARPNESS |logit|)).
 *
 * SHARPNESS, NEUTRAL_SCORE and the other numbers are set by hand, not fitted. Against car owners' remarks (car_absa, ten aspects, two
 * thirds of them neutral; train / dev part): F1 of aspects .688 / .714, of aspect and sentiment .409 / .417; where rules and people both
 * take a side it is the same one for 86 % / 83 %; neutral is right for 73 % on train. A SHARPNESS of 1.05, the likeliest on train among
 * those with a side (log loss .41 for .47), is worse on dev (.62 for .56) and too sure where neutral is possible: not taken. */
#include "text/aspect.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"
#include "text/clause.h"

#define OWN_WEIGHT 1.5 /* of a term that is an opinion by itself, at least */
#define MIDDLING 0.2 /* factor of so-so, 一般: nearly neutral */
#define BAND 0.2 /* |logit| below is neutral */
#define STRONG 0.8 /* either side of a mixed aspect, at least */
#define STRONG_SHARE 0.5 /* the weaker side of the stronger, at least */
#define SHARPNESS 0.5
#define NEUTRAL_SCORE 0.75
#define WORD_BYTES 3 /* one edge of a Chinese term longer than this lies on a cut */
#define BEHIND 12 /* bytes that a term behind its opinion seems further away */
#define REACH 120 /* bytes: a term further away is not what an opinion is about */
#define JOIN_MAX 9 /* bytes between enumerated terms */

typedef struct {
    uint32_t start, end, aspect;
    hx_term_kind kind;
    size_t clause;
} term;

/* What is said of a term. */
typedef struct {
    uint32_t start, end;
    double weight;
    size_t term;
} opinion;

typedef struct {
    const hx_analysis *text;
    const hx_sentiment_parameters *p;
    const hx_mentions *mentions;
    hx_clauses clauses;
    term *terms;
    opinion *opinions;
    size_t n_terms, n_opinions, opinions_max;
    bool english;
} finder;

/* ------------------------------------------------------------------ terms */
static bool is_cut_at(const hx_analysis *t, uint32_t at, bool end) {
    size_t low = 0, high = t->n_words;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t edge = end ? t->words[middle].end : t->words[middle].start;
        if (edge == at) return true;
        if (edge < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

static bool is_on_word(const hx_analysis *t, const hx_phrase_hit *h) {
    bool starts = is_cut_at(t, (uint32_t)h->start, false);
    bool ends = is_cut_at(t, (uint32_t)h->end, true);
    bool han = (unsigned char)t->clean.text.ptr[h->start] >= 0x80;
    return han && h->end - h->start > WORD_BYTES ? starts || ends : starts && ends;
}

/* Takes a hit in the place of shorter ones it covers; hits come by their ends. */
static void take_term(finder *f, const hx_phrase_hit *h) {
    size_t keep = f->n_terms;
    while (keep > 0 && f->terms[keep - 1].start >= h->start)
        keep--;
    if (keep > 0 && f->terms[keep - 1].end > h->start) return;
    f->n_terms = keep;
    f->terms[f->n_terms++] = (term){.start = (uint32_t)h->start,
                                    .end = (uint32_t)h->end,
                                    .aspect = h->value / 4,
                                    .kind = (hx_term_kind)(h->value % 4)};
}

static void find_terms(finder *f, hx_found_walk *walk) {
    hx_phrase_hit hit;
    while (hx__found_next(walk, &hit))
        if (is_on_word(f->text, &hit)) take_term(f, &hit);
}

/* ------------------------------------------------------------------ opinions */
static void say(finder *f, size_t at, uint32_t start, uint32_t end, double weight) {
    if (f->n_opinions == f->opinions_max) return;
    f->opinions[f->n_opinions++] = (opinion){start, end, weight, at};
}

static bool has_text(const finder *f, uint32_t from, uint32_t to, const char *what) {
    size_t n = strlen(what);
    return to - from == n && memcmp(f->text->clean.text.ptr + from, what, n) == 0;
}

/* How far a term is from an opinion, in bytes. */
static uint32_t distance(const finder *f, const term *t, const hx_mention *m) {
    if (t->end <= m->start) return m->start - t->end;
    if (t->start < m->end) return 0;
    if (has_text(f, m->end, t->start, "的") || has_text(f, m->end, t->start, " ")) return 1;
    return t->start - m->end + BEHIND;
}

/* Terms with nothing but a word of enumeration between them. */
static bool are_joined(const finder *f, const term *a, const term *b) {
    static const char *const words[] = {"和", "与", "及", "跟", "、",   "以及",
                                        "/",  " ",  "",   "&",  " and", " & "};
    uint32_t from = a->end, to = b->start;
    if (a->clause != b->clause || to - from > JOIN_MAX) return false;
    if (has_text(f, from, to, " and ") || has_text(f, from, to, " or ")) return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_text(f, from, to, words[i])) return true;
    return false;
}

/* Says it of a term and of those that are enumerated with it, as far as they are plain and in [first, end). */
static void say_joined(finder *f, size_t at, size_t first, size_t end, const hx_mention *m,
                       double weight) {
    size_t from = at, to = at + 1;
    while (from > first && f->terms[from - 1].kind == HX_TERM_PLAIN &&
           are_joined(f, &f->terms[from - 1], &f->terms[from]))
        from--;
    while (to < end && f->terms[to].kind == HX_TERM_PLAIN &&
           are_joined(f, &f->terms[to - 1], &f->terms[to]))
        to++;
    for (size_t i = from; i < to; i++)
        say(f, i, m->from, m->end, weight);
}

/* The plain term of [first, end) that an opinion is about, `end` where it is part of one or there is none. */
static size_t nearest(const finder *f, size_t first, size_t end, const hx_mention *m) {
    size_t best = end;
    uint32_t best_distance = UINT32_MAX;
    for (size_t i = first; i < end; i++) {
        const term *t = &f->terms[i];
        if (t->kind != HX_TERM_PLAIN) continue;
        if (t->start < m->end && m->start < t->end) return end;
        uint32_t d = distance(f, t, m);
        if (d < best_distance) {
            best = i;
            best_distance = d;
        }
    }
    return best;
}

static bool is_opinion(const hx_mention *m) {
    return m->lexeme && (m->lexeme->roles & (HX_ROLE_POLAR | HX_ROLE_MIDDLING)) != 0;
}

/* A clause without a term that stands in the sentence of the term before it, one clause on. */
static bool goes_on(const finder *f, size_t next, size_t clause) {
    return next > 0 && !f->clauses.list[clause].sentence && f->terms[next - 1].clause + 1 == clause;
}

/* Mentions and terms side by side, clause by clause. */
static void assign(finder *f) {
    size_t first = 0, low = 0, clause = 0, place = 0;
    for (size_t i = 0; i < f->mentions->n; i++) {
        const hx_mention *m = &f->mentions->list[i];
        if (!is_opinion(m)) continue;
        double weight = hx__mention_weight(m, f->p);
        if (m->lexeme->roles & HX_ROLE_MIDDLING) weight *= MIDDLING;
        clause = hx__clause_of(&f->clauses, &place, m->start);
        while (first < f->n_terms && f->terms[first].clause < clause)
            first++;
        if (first == f->n_terms || f->terms[first].clause != clause) {
            if (goes_on(f, first, clause)) say(f, first - 1, m->from, m->end, weight);
            continue;
        }
        low = low > first ? low : first;
        while (low < f->n_terms && f->terms[low].end + REACH < m->start)
            low++;
        size_t end = low;
        while (end < f->n_terms && f->terms[end].clause == clause &&
               f->terms[end].start <= m->end + REACH)
            end++;
        size_t at = nearest(f, low, end, m);
        if (at < end) say_joined(f, at, low, end, m, weight);
    }
}

/* Terms that are opinions: by the weights of the words in them, where these point the same way, at least OWN_WEIGHT. */
static void say_themselves(finder *f) {
    size_t m = 0;
    for (size_t i = 0; i < f->n_terms; i++) {
        const term *t = &f->terms[i];
        if (t->kind == HX_TERM_PLAIN) continue;
        double sign = t->kind == HX_TERM_GOOD ? 1 : -1, sum = 0;
        uint32_t from = t->start;
        bool turned = false;
        while (m < f->mentions->n && f->mentions->list[m].end <= t->start)
            m++;
        for (size_t k = m; k < f->mentions->n && f->mentions->list[k].start < t->end; k++) {
            const hx_mention *w = &f->mentions->list[k];
            sum += fabs(hx__mention_weight(w, f->p));
            if (w->from >= t->start) continue;
            from = w->from;
            turned = turned || w->negated;
        }
        say(f, i, from, t->end,
            (turned ? -sign : sign) * fmax(OWN_WEIGHT, fmin(sum, 2 * OWN_WEIGHT)));
    }
}

/* ------------------------------------------------------------------ results */
static void set_label(hx_aspect *a, double plus, double minus) {
    double p = 1 / (1 + exp(-SHARPNESS * fabs(a->logit)));
    bool both =
        fmin(plus, minus) >= STRONG && fmin(plus, minus) >= STRONG_SHARE * fmax(plus, minus);
    if (both) {
        a->label = HX_SENTIMENT_MIXED;
        a->score = 2 - 2 * p;
    } else if (fabs(a->logit) < BAND) {
        a->label = HX_SENTIMENT_NEUTRAL;
        a->score = NEUTRAL_SCORE;
    } else {
        a->label = a->logit > 0 ? HX_SENTIMENT_POSITIVE : HX_SENTIMENT_NEGATIVE;
        a->score = p;
    }
}

/* Adds up the opinions about an aspect. */
static hx_status sum_up(const finder *f, uint32_t aspect, hx_arena *arena, hx_aspect *a,
                        hx_error *err) {
    static const double unit = 4096;
    double plus = 0, minus = 0, most = 0;
    size_t n = 0;
    for (size_t i = 0; i < f->n_opinions; i++)
        n += f->terms[f->opinions[i].term].aspect == aspect;
    hx_evidence *list = hx_arena_alloc(arena, (n + 1) * sizeof *list);
    if (!list)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       f->text->clean.text.len);
    for (size_t i = 0; i < f->n_opinions; i++) {
        const opinion *o = &f->opinions[i];
        double w = nearbyint(o->weight * unit) / unit;
        if (f->terms[o->term].aspect != aspect || w == 0) continue;
        hx_span span = hx__clean_span(&f->text->clean, o->start, o->end);
        list[a->n_evidence++] = (hx_evidence){span, w};
        a->logit += w;
        if (w > 0) plus += w;
        if (w < 0) minus -= w;
        if (fabs(w) > most) a->opinion = span;
        most = fmax(most, fabs(w));
    }
    a->evidence = list;
    set_label(a, plus, minus);
    return HX_OK;
}

static hx_status write_aspects(const finder *f, const hx_lexicon *l, hx_arena *arena,
                               const hx_aspect **out, size_t *n, hx_error *err) {
    const hx_aspect_entry *table = (const hx_aspect_entry *)(const void *)l->aspect_table.ptr;
    size_t n_table = l->aspect_table.len / sizeof *table;
    size_t room = f->n_terms < n_table ? f->n_terms : n_table;
    hx_aspect *list = hx_arena_alloc(arena, (room + 1) * sizeof *list);
    if (!list)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       f->text->clean.text.len);
    size_t shown = 0;
    bool seen[HX_ASPECT_TABLE_MAX] = {false};
    for (size_t i = 0; i < f->n_terms; i++) {
        uint32_t aspect = f->terms[i].aspect;
        if (seen[aspect]) continue;
        seen[aspect] = true;
        hx_aspect *a = &list[shown++];
        *a = (hx_aspect){.span =
                             hx__clean_span(&f->text->clean, f->terms[i].start, f->terms[i].end)};
        a->id = hx_arena_str(arena, table[aspect].id);
        a->name = hx_arena_str(arena, f->english ? table[aspect].en : table[aspect].zh);
        a->opinion = (hx_span){a->span.end, a->span.end};
        if (!a->id.ptr || !a->name.ptr)
            return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                           f->text->clean.text.len);
        HX_TRY(sum_up(f, aspect, arena, a, err));
    }
    *out = list;
    *n = shown;
    return HX_OK;
}

hx_status hx__aspects_find(hx_annotator *a, const hx_analysis *text, const hx_mentions *mentions,
                           hx_arena *arena, const hx_aspect **out, size_t *n, hx_error *err) {
    const hx_lexicon *l = a->model->lexicon;
    finder f = {.text = text,
                .p = hx__lexicon_parameters(l, text->lang),
                .mentions = mentions,
                .english = text->lang == HX_LANG_EN || text->lang == HX_LANG_OTHER};
    f.opinions_max = 2 * text->n_words + 8;
    f.terms = hx_arena_alloc(a->scratch, (text->n_words * 2 + 1) * sizeof *f.terms);
    f.opinions = hx_arena_alloc(a->scratch, f.opinions_max * sizeof *f.opinions);
    if (!f.terms || !f.opinions)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       text->clean.text.len);
    *out = NULL;
    *n = 0;
    hx_found_walk walk;
    HX_TRY(hx__found_of(a, text, HX_PHRASE_ASPECT, &walk, err));
    find_terms(&f, &walk);
    if (f.n_terms == 0) return HX_OK;
    HX_TRY(hx__clauses_find(a, text, mentions, &f.clauses, err));
    size_t place = 0;
    for (size_t i = 0; i < f.n_terms; i++)
        f.terms[i].clause = hx__clause_of(&f.clauses, &place, f.terms[i].start);
    assign(&f);
    say_themselves(&f);
    return write_aspects(&f, l, arena, out, n, err);
}
