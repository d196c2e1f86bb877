/* mention.c - from words to mentions: one pass that carries the scopes along.
 *
 *     房间  不   是   很   大    ，   但是   服务   非常   好
 *     |    neg------------->  pause  turn   |     x1.3  |
 *     x0.7 (stands before the turn) ....... x1.2 (behind it) .....
 *
 * Scopes:
 *   negation   reaches the next `scope` words, ends at a pause mark or word (and) or an adversative; a second negation inside turns
 *              it back (不是不好), and the words then count as not negated
 *   never      before such, so, 这么, 如此, 这样 negates nothing behind them: what never was so bad is bad now
 *   degree     acts on the next word; several in a row multiply, from 0.5 to 2; a negation word passes it on (很 不 好 = 很不 + 好)
 *   turn       inside one sentence (up to . ! ? ; 。): all before it x before, all behind it x after; the last turn
 *              counts. At a sentence's start it turns nothing.
 *   concede    up to the next pause mark: x before
 *   irony      (yeah right, 呵呵了) turns the praise of its sentence; so do quotation marks around a word of praise: 真是“好”啊
 * Phrases of the lexicon (没得说, "not only") are one word: a negation inside them negates nothing. Of overlapping ones
 * the leftmost counts, then the longest. Numbers and marks are no mentions. */
#include "text/mention.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"

static const double degree_min = 0.5, degree_max = 2;

/* The walk's state. */
typedef struct {
    const hx_lexicon *lexicon;
    const hx_sentiment_parameters *p;
    const hx_analysis *text;
    hx_mention *list;
    size_t n;
    size_t sentence; /* first mention of the sentence */
    size_t turn; /* first mention behind the sentence's last adversative; SIZE_MAX = none */
    bool conceding;
    bool ironic; /* the sentence has a marker of irony */
    bool follows;
    int scope_left; /* words the negation still reaches */
    bool negated;
    bool never; /* the negation is never, 从没, 从来没有 */
    uint32_t scope_from;
    double degree;
    uint32_t degree_from;
} walk;

static void end_scopes(walk *w) {
    w->scope_left = 0;
    w->negated = false;
    w->degree = 1;
    w->conceding = false;
    w->follows = false;
}

static bool is_praise(const hx_mention *m) {
    return m->lexeme && (m->lexeme->roles & HX_ROLE_POLAR) && m->lexeme->weight > 0 && !m->negated;
}

static void end_sentence(walk *w) {
    for (size_t i = w->sentence; w->ironic && i < w->n; i++)
        if (is_praise(&w->list[i])) w->list[i].negated = true;
    w->ironic = false;
    if (w->turn != SIZE_MAX) {
        for (size_t i = w->sentence; i < w->turn; i++)
            w->list[i].clause *= w->p->before;
        for (size_t i = w->turn; i < w->n; i++)
            w->list[i].clause *= w->p->after;
    }
    w->sentence = w->n;
    w->turn = SIZE_MAX;
}

static void take_mark(walk *w, hx_str mark) {
    static const char ends[] = ".!?;";
    if (mark.len == 1 && strchr("-'\"*/_", mark.ptr[0]) != NULL) return;
    end_scopes(w);
    bool is_end = mark.len == 1 ? strchr(ends, mark.ptr[0]) != NULL
                                : mark.len == 3 && memcmp(mark.ptr, "。", 3) == 0;
    if (is_end) end_sentence(w);
}

/* don't, isn’t, and the n't of a text cut that way. */
static bool is_contracted_not(hx_str word) {
    if (word.len >= 3 && memcmp(word.ptr + word.len - 3, "n't", 3) == 0) return true;
    return word.len >= 5 && memcmp(word.ptr + word.len - 5, "n’t", 5) == 0;
}

bool hx__is_one_of(hx_str word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(word, hx_str_of(list[i]))) return true;
    return false;
}

static bool says_never(const walk *w, const hx_mention *m, hx_str word) {
    static const char *const words[] = {"never", "从没", "从未", "从来没有", "从来没"};
    static const char always[] = "从来";
    if (hx__is_one_of(word, words, sizeof words / sizeof *words)) return true;
    size_t n = sizeof always - 1;
    return m->start >= n && memcmp(w->text->clean.text.ptr + m->start - n, always, n) == 0;
}

static bool is_such(hx_str word) {
    static const char *const words[] = {"such", "so", "这么", "如此", "这样"};
    return hx__is_one_of(word, words, sizeof words / sizeof *words);
}

static void take_negator(walk *w, const hx_mention *m) {
    bool again = w->scope_left > 0 && w->negated;
    if (w->scope_left <= 0) w->scope_from = m->from;
    w->negated = !again;
    w->scope_left = w->p->scope;
}

static void take_roles(walk *w, const hx_mention *m, hx_str word) {
    unsigned roles = m->lexeme ? m->lexeme->roles : 0;
    if ((roles & HX_ROLE_NEGATOR) || is_contracted_not(word)) {
        take_negator(w, m);
        w->never = w->negated && says_never(w, m, word);
        return;
    }
    if (roles & HX_ROLE_DEGREE) {
        if (w->degree == 1) w->degree_from = m->start;
        w->degree = fmin(fmax(w->degree * m->lexeme->degree / 100.0, degree_min), degree_max);
        return;
    }
    w->degree = 1;
    if (roles & (HX_ROLE_TURN | HX_ROLE_CONCEDE)) end_scopes(w);
    if (roles & HX_ROLE_PAUSE) w->scope_left = 0;
    if (roles & HX_ROLE_CONCEDE) w->conceding = true;
    if (roles & HX_ROLE_IRONY) w->ironic = true;
    if ((roles & HX_ROLE_TURN) && w->n > w->sentence + 1) w->turn = w->n;
}

/* Quotation marks stand directly on both sides. */
static bool is_quoted(hx_str text, size_t start, size_t end) {
    if (start < 1 || end >= text.len) return false;
    if (text.ptr[start - 1] == '"') return text.ptr[end] == '"';
    return start >= 3 && text.len - end >= 3 && memcmp(text.ptr + start - 3, "“", 3) == 0 &&
           memcmp(text.ptr + end, "”", 3) == 0;
}

static void take_word(walk *w, uint32_t start, uint32_t end, hx_lexeme_kind kind,
                      hx_lexeme_kind other) {
    hx_str word = {w->text->clean.text.ptr + start, end - start};
    hx_mention *m = &w->list[w->n++];
    m->key = hx__lexeme_key(kind, word);
    m->lexeme = hx__lexicon_get(w->lexicon, m->key);
    if (!m->lexeme && other != kind) {
        m->key = hx__lexeme_key(other, word);
        m->lexeme = hx__lexicon_get(w->lexicon, m->key);
    }
    m->start = m->from = start;
    m->end = end;
    m->follows = w->follows;
    m->degree = w->degree;
    m->clause = w->conceding ? w->p->before : 1;
    if (w->degree != 1) m->from = w->degree_from;
    if (w->never && is_such(word)) w->scope_left = 0;
    if (w->scope_left > 0) {
        m->negated = w->negated;
        if (w->scope_from < m->from) m->from = w->scope_from;
        w->scope_left--;
    }
    if (is_quoted(w->text->clean.text, start, end) && is_praise(m)) m->negated = true;
    bool is_negator = m->lexeme && (m->lexeme->roles & HX_ROLE_NEGATOR);
    if (is_negator || is_contracted_not(word)) {
        m->negated = false;
        m->degree = 1;
        m->from = start;
    }
    w->follows = true;
    take_roles(w, m, word);
}

/* The leftmost-longest phrases of a text, one after the other. */
typedef struct {
    const hx_analysis *text;
    hx_found_walk walk;
    hx_phrase_hit next;
    bool has_next;
} phrase_reader;

/* The first word that ends at `end` or behind it; n_words if there is none. */
static size_t word_ending_at(const hx_analysis *t, size_t end) {
    size_t low = 0, high = t->n_words;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->words[middle].end < end) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A phrase whose edges fall inside words is none: 没这个好 is not in 没这个好看. */
static bool is_on_cuts(const hx_analysis *t, const hx_phrase_hit *hit) {
    size_t last = word_ending_at(t, hit->end);
    size_t first = word_ending_at(t, hit->start + 1);
    return last < t->n_words && t->words[last].end == hit->end &&
           t->words[first].start == hit->start;
}

/* Sets `best` to the leftmost-longest phrase at or behind `from`; false at the end. Hits come by their ends: one that begins
 * earlier than the best so far may still come while it ends later, as long as it overlaps it. */
static bool next_phrase(phrase_reader *r, size_t from, hx_phrase_hit *best) {
    bool found = false;
    for (;;) {
        if (!r->has_next) r->has_next = hx__found_next(&r->walk, &r->next);
        if (!r->has_next) return found;
        const hx_phrase_hit *h = &r->next;
        if (h->start >= from && is_on_cuts(r->text, h)) {
            if (found && h->start >= best->end) return true;
            if (!found || h->start < best->start || (h->start == best->start && h->end > best->end))
                *best = *h;
            found = true;
        }
        r->has_next = false;
    }
}

static void walk_words(walk *w, hx_found_walk found) {
    const hx_analysis *t = w->text;
    bool english = t->lang == HX_LANG_EN || t->lang == HX_LANG_OTHER;
    hx_lexeme_kind kind = english ? HX_LEXEME_EN : HX_LEXEME_ZH;
    phrase_reader r = {.text = t, .walk = found};
    hx_phrase_hit hit;
    bool has_hit = next_phrase(&r, 0, &hit);
    for (size_t i = 0; i < t->n_words;) {
        const hx_cut *cut = &t->words[i];
        while (has_hit && hit.start < cut->start)
            has_hit = next_phrase(&r, cut->start, &hit);
        if (has_hit && hit.start == cut->start) {
            take_word(w, cut->start, (uint32_t)hit.end, kind, kind);
            i = word_ending_at(t, hit.end) + 1;
            continue;
        }
        i++;
        if (cut->kind == HX_CUT_MARK) {
            take_mark(w, hx__cut_text(&t->clean, cut));
        } else if (cut->kind == HX_CUT_NUMBER) {
            w->follows = false;
        } else {
            take_word(w, cut->start, cut->end, kind,
                      cut->kind == HX_CUT_LATIN ? HX_LEXEME_EN : kind);
        }
    }
    end_sentence(w);
}

double hx__mention_weight(const hx_mention *m, const hx_sentiment_parameters *p) {
    if (!m->lexeme) return 0;
    double v =
        m->negated ? m->lexeme->negated - p->negation * m->lexeme->weight : m->lexeme->weight;
    return v / 100 * m->degree * m->clause;
}

hx_status hx__mentions_find(hx_annotator *a, const hx_analysis *text, hx_mentions *out,
                            hx_error *err) {
    walk w = {.lexicon = a->model->lexicon, .text = text, .turn = SIZE_MAX, .degree = 1};
    w.p = hx__lexicon_parameters(w.lexicon, text->lang);
    w.list = hx_arena_alloc(a->scratch, (text->n_words + 1) * sizeof *w.list);
    if (!w.list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for sentiment in a text of %zu words",
                       text->n_words);
    hx_found_walk found;
    HX_TRY(hx__found_of(a, text, HX_PHRASE_WORD, &found, err));
    walk_words(&w, found);
    double words = (double)text->n_words;
    *out = (hx_mentions){w.list, w.n, words > w.p->length ? sqrt(w.p->length / words) : 1};
    return HX_OK;
}
