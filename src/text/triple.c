/* triple.c - triples of a tree; see triple.h.
 *
 * A phrase is the run of words around its head that hang on it, directly or not, by relations that make phrases; so it is verbatim, and a clause,
 * a mark of punctuation or a conjoined clause ends it. A sentence has at most HX_TAGGED_WORDS_MAX words: what is quadratic stays small.
 *
 * Words are numbered from 0 here, their heads from 1. A tree that is none (a cycle) does no harm: climbing ends after as many steps as there are
 * words. */
#include "text/triple.h"

#include <string.h>

#include "base/error.h"

#define NO_WORD SIZE_MAX

typedef struct {
    const hx_tagged_sentence *s;
    hx_triple *out;
    size_t n, most;
} triples;

/* ------------------------------------------------------------------ relations */
/* Of a word: `name`, or one of its kinds. */
static bool is_rel(const hx_tagged_sentence *s, size_t w, const char *name) {
    const char *rel = s->words[w].deprel;
    size_t n = strlen(name);
    return strncmp(rel, name, n) == 0 && (rel[n] == '\0' || rel[n] == ':');
}

static bool is_just(const hx_tagged_sentence *s, size_t w, const char *name) {
    return strcmp(s->words[w].deprel, name) == 0;
}

static bool is_any(const hx_tagged_sentence *s, size_t w, const char *const *names) {
    for (; *names; names++)
        if (is_rel(s, w, *names)) return true;
    return false;
}

static size_t child_of(const hx_tagged_sentence *s, size_t w, const char *name, bool just) {
    for (size_t i = 0; i < s->n; i++)
        if (s->words[i].head == w + 1 && (just ? is_just(s, i, name) : is_rel(s, i, name)))
            return i;
    return NO_WORD;
}

/* ------------------------------------------------------------------ phrases */
/* Whether word i is part of the phrase whose head is w: no word from it up to w hangs by a relation that ends phrases, nor, at w itself, by one that
 * belongs to what w does. */
static bool is_part(const hx_tagged_sentence *s, size_t i, size_t w) {
    static const char *const ends[] = {"punct", "parataxis", "discourse", "vocative", "list", NULL};
    static const char *const own[] = {"nsubj", "csubj", "cop", "aux",   "mark", "conj",
                                      "cc",    "case",  "dep", "advcl", NULL};
    for (size_t step = 0; step < s->n && i != w; step++) {
        size_t head = s->words[i].head;
        if (head == 0 || is_any(s, i, ends)) return false;
        bool joined = is_rel(s, w, "obj") || is_rel(s, w, "nsubj");
        bool keeps = joined && (is_rel(s, i, "conj") || is_rel(s, i, "cc"));
        if (head == w + 1 && !keeps && is_any(s, i, own)) return false;
        i = head - 1;
    }
    return i == w;
}

static hx_span phrase_of(const hx_tagged_sentence *s, size_t w) {
    size_t first = w, last = w;
    while (first > 0 && is_part(s, first - 1, w))
        first--;
    while (last + 1 < s->n && is_part(s, last + 1, w))
        last++;
    return (hx_span){s->words[first].span.start, s->words[last].span.end};
}

/* A predicate with what stands beside it: negation, degree, auxiliaries, particles. */
static void widen(const hx_tagged_sentence *s, size_t w, size_t *first, size_t *last) {
    static const char *const before[] = {"aux", "advmod", NULL};
    static const char *const behind[] = {"aux", "compound", NULL};
    while (*first > 0 && s->words[*first - 1].head == w + 1 && is_any(s, *first - 1, before))
        --*first;
    while (*last + 1 < s->n && s->words[*last + 1].head == w + 1 && is_any(s, *last + 1, behind))
        ++*last;
}

static hx_span predicate_of(const hx_tagged_sentence *s, size_t w, size_t to) {
    size_t first = w, last = to;
    widen(s, w, &first, &last);
    if (to != w) widen(s, to, &(size_t){to}, &last);
    return (hx_span){s->words[first].span.start, s->words[last].span.end};
}

/* ------------------------------------------------------------------ triples */
/* Its own, or that of what it is joined to; `passive` asks for subjects that something is done to. */
static size_t subject_of(const hx_tagged_sentence *s, size_t w, bool passive) {
    for (size_t step = 0; step < s->n; step++) {
        size_t found = NO_WORD;
        for (size_t i = 0; i < s->n && found == NO_WORD; i++) {
            bool subject =
                s->words[i].head == w + 1 && (is_rel(s, i, "nsubj") || is_rel(s, i, "csubj"));
            if (subject) found = i;
        }
        if (found != NO_WORD)
            return (strstr(s->words[found].deprel, ":pass") != NULL) == passive ? found : NO_WORD;
        if (!is_rel(s, w, "conj") || s->words[w].head == 0) return NO_WORD;
        w = s->words[w].head - 1;
    }
    return NO_WORD;
}

static void add_triple(triples *t, size_t subject, hx_span predicate, hx_span object) {
    hx_span none = {predicate.start, predicate.start};
    hx_span who = subject == NO_WORD ? none : phrase_of(t->s, subject);
    if (t->n < t->most) t->out[t->n++] = (hx_triple){who, predicate, object};
}

/* A triple for each object of word `w`, said of the predicate; how many. */
static size_t add_objects(triples *t, size_t w, size_t subject, hx_span predicate) {
    const hx_tagged_sentence *s = t->s;
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->words[i].head != w + 1) continue;
        if (!is_rel(s, i, "obj") && !is_rel(s, i, "iobj") && !is_just(s, i, "obl:patient"))
            continue;
        add_triple(t, subject, predicate, phrase_of(s, i));
        n++;
    }
    return n;
}

static void add_copula(triples *t, size_t w, size_t cop, size_t subject) {
    size_t first = cop, last = cop;
    while (first > 0 && t->s->words[first - 1].head == w + 1 &&
           (is_rel(t->s, first - 1, "advmod") || is_rel(t->s, first - 1, "aux")))
        first--;
    while (last + 1 < w && t->s->words[last + 1].head == w + 1 && is_rel(t->s, last + 1, "advmod"))
        last++;
    hx_span predicate = {t->s->words[first].span.start, t->s->words[last].span.end};
    hx_span object = phrase_of(t->s, w);
    if (object.start < predicate.end && object.end > predicate.start) {
        predicate = t->s->words[cop].span;
        if (object.start < predicate.end) object.start = t->s->words[w].span.start;
    }
    add_triple(t, subject, predicate, object);
}

static void add_predicate(triples *t, size_t w) {
    const hx_tagged_sentence *s = t->s;
    size_t subject = subject_of(s, w, false), passive = subject_of(s, w, true),
           cop = child_of(s, w, "cop", false), more = w;
    if (cop != NO_WORD && subject != NO_WORD) {
        add_copula(t, w, cop, subject);
        return;
    }
    if (passive != NO_WORD) {
        size_t agent = child_of(s, w, "obl:agent", true);
        add_triple(t, agent, predicate_of(s, w, w), phrase_of(s, passive));
        return;
    }
    if (is_rel(s, w, "xcomp") || is_rel(s, w, "amod")) return; /* said with its head */
    size_t found = add_objects(t, w, subject, predicate_of(s, w, w));
    for (size_t step = 0; step < s->n; step++) {
        size_t next = child_of(s, more, "xcomp", false);
        if (next == NO_WORD || next < more) break;
        more = next;
    }
    hx_span whole = predicate_of(s, w, more);
    if (more != w) found += add_objects(t, more, subject, whole);
    if (found == 0 && subject != NO_WORD)
        add_triple(t, subject, whole, (hx_span){whole.end, whole.end});
}

hx_status hx_triples_find(const hx_tagged_sentence *s, hx_arena *arena, hx_triple **out, size_t *n,
                          hx_error *err) {
    triples t = {.s = s, .most = 2 * s->n + 1};
    *n = 0;
    *out = t.out = hx_arena_alloc(arena, t.most * sizeof *t.out);
    if (!t.out) return hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
    for (size_t w = 0; w < s->n; w++)
        if (!s->words[w].deprel || s->words[w].head > s->n) return HX_OK;
    for (size_t w = 0; w < s->n; w++)
        add_predicate(&t, w);
    *n = t.n;
    return HX_OK;
}
