/* target.c - what a text says of one named thing.
 *
 *     手机很好， 但是 耳机很差        target 手机: +    target 耳机: -
 *     A不如B                          target A: -       target B: +
 *     没这个好看, worse than this     target 这个/this: +
 *
 * A mention counts for the target by its clause (clause.h):
 *   +1  the clause names the target, or follows such a clause in the same sentence and begins with no name of its own: nothing but
 *       negations, degree words, stop words and words of opinion stand before its first opinion
 *   -1  the clause compares with the target: one of 比 没 没有 不如 不及 than as ... stands up to COMPARE_WORDS words before its name
 *    0  else
 * A link (and, because, 而且) parts a clause where opinions stand on both its sides: the driver was friendly | and the car was dirty. An
 * opinion may bring a name of its own behind it: hate the trousers, 讨厌那个包, terrible speakers. What stands behind 不如, 不及, 比不上 is
 * said of the other thing, so its sign turns: 咖啡不如奶茶好喝. Where one adversative factor weighs all that counts it is left out: it
 * tells what matters of the text, not of the target. The label comes from these mentions alone as sentiment.c says. */
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"
#include "text/clause.h"
#include "text/sentiment.h"

enum { COMPARE_WORDS = 3 };

/* The name as cleaning leaves it, in the annotator's scratch. */
static hx_status clean_name(hx_annotator *a, hx_str name, hx_str *out, hx_error *err) {
    hx_analysis analysis;
    HX_TRY(hx__text_analyse(a, name, &analysis, err));
    *out = hx_arena_str(a->scratch, analysis.clean.text);
    if (!out->ptr)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       name.len);
    if (out->len == 0)
        return hx_fail(err, HX_EINVAL, "the target '%.*s' has no letter", HX_STR_ARG(name));
    return HX_OK;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The name at or behind `from`, not inside a longer Latin word; text.len where there is none. */
static size_t find_name(hx_str text, hx_str name, size_t from) {
    for (; from + name.len <= text.len; from++) {
        const char *at = memchr(text.ptr + from, name.ptr[0], text.len - from - name.len + 1);
        if (!at) break;
        from = (size_t)(at - text.ptr);
        size_t end = from + name.len;
        if (memcmp(at, name.ptr, name.len) != 0) continue;
        bool inside = (from > 0 && is_letter(at[0]) && is_letter(at[-1])) ||
                      (end < text.len && is_letter(at[name.len - 1]) && is_letter(text.ptr[end]));
        if (!inside) return from;
    }
    return text.len;
}

static bool compares(const hx_analysis *t, size_t word) {
    static const char *const words[] = {"比",   "没",   "没有", "不如", "不及",     "比不上",
                                        "比起", "than", "as",   "to",   "compared", "unlike"};
    hx_str s = hx__cut_text(&t->clean, &t->words[word]);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (hx_str_equal(s, hx_str_of(words[i]))) return true;
    return false;
}

/* -1 where the name that begins at `at` is what its clause compares with, else 1. *word ascends with the names. */
static int8_t side_of(const hx_analysis *t, uint32_t clause_start, uint32_t at, size_t *word) {
    while (*word < t->n_words && t->words[*word].end <= at)
        ++*word;
    for (size_t i = *word, n = 0; i > 0 && n < COMPARE_WORDS; n++)
        if (t->words[--i].start < clause_start)
            return 1;
        else if (compares(t, i))
            return -1;
    return 1;
}

/* (n clauses): the side of the target in each that names it, else 0. */
static hx_status find_sides(hx_annotator *a, const hx_analysis *t, const hx_clauses *c, hx_str name,
                            int8_t **out, hx_error *err) {
    int8_t *sides = hx_arena_alloc(a->scratch, c->n);
    if (!sides)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       t->clean.text.len);
    memset(sides, 0, c->n);
    hx_str text = t->clean.text;
    size_t clause = 0, word = 0;
    for (size_t at = find_name(text, name, 0); at < text.len;
         at = find_name(text, name, at + name.len)) {
        size_t k = hx__clause_of(c, &clause, (uint32_t)at);
        if (sides[k] == 0) sides[k] = side_of(t, c->list[k].start, (uint32_t)at, &word);
    }
    *out = sides;
    return HX_OK;
}

static unsigned roles_of(const hx_mention *m) {
    return m->lexeme ? m->lexeme->roles : 0;
}

static bool is_opinion(const hx_mention *m) {
    return (roles_of(m) & (HX_ROLE_POLAR | HX_ROLE_MIDDLING)) != 0;
}

static bool is_light(const hx_mention *m) {
    return (roles_of(m) & (HX_ROLE_NEGATOR | HX_ROLE_DEGREE | HX_ROLE_TURN | HX_ROLE_PAUSE)) != 0;
}

static hx_str mention_text(const hx_analysis *t, const hx_mention *m) {
    return (hx_str){t->clean.text.ptr + m->start, m->end - m->start};
}

/* the, my; 这, 那 and what begins with them. */
static bool is_determiner(hx_str word) {
    static const char *const words[] = {"the", "this", "that", "these", "those", "my", "our",
                                        "his", "her",  "its",  "their", "a",     "an"};
    if (word.len >= 3 && (memcmp(word.ptr, "这", 3) == 0 || memcmp(word.ptr, "那", 3) == 0))
        return true;
    return hx__is_one_of(word, words, sizeof words / sizeof *words);
}

static bool is_inferior(hx_str word) {
    static const char *const words[] = {"不如", "不及", "比不上"};
    return hx__is_one_of(word, words, sizeof words / sizeof *words);
}

/* *word ascends with the mentions. */
static bool is_stop(const hx_analysis *t, const hx_mention *m, size_t *word) {
    while (*word < t->n_words && t->words[*word].end < m->end)
        ++*word;
    return *word < t->n_words && t->words[*word].stop;
}

/* Whether the opinion list[i] has a name behind it: hate the trousers; where it `begins` its clause also: terrible speakers. */
static bool brings_name(const hx_analysis *t, const hx_mention *list, size_t i, size_t end,
                        bool begins, size_t word) {
    bool determined = false;
    for (i++; i < end && list[i].follows && is_determiner(mention_text(t, &list[i])); i++)
        determined = true;
    if (i == end || !list[i].follows || is_light(&list[i]) || is_opinion(&list[i])) return false;
    hx_str name = mention_text(t, &list[i]);
    return (determined || (begins && is_letter(name.ptr[0]))) && !is_stop(t, &list[i], &word);
}

/* Whether mentions [from, end) of a clause name nothing before their first opinion, nor directly behind it. */
static bool is_nameless(const hx_analysis *t, const hx_mention *list, size_t from, size_t end,
                        size_t *word) {
    bool begins = true;
    for (size_t i = from; i < end; i++) {
        if (is_opinion(&list[i])) return !brings_name(t, list, i, end, begins, *word);
        if (is_light(&list[i])) continue;
        if (!is_stop(t, &list[i], word)) return false;
        begins = false;
    }
    return false;
}

/* Clauses whose links have opinions on both sides are parted there. */
static hx_status part_at_links(hx_annotator *a, const hx_analysis *t, const hx_mentions *m,
                               hx_clauses *c, hx_error *err) {
    hx_clauses out = {hx_arena_alloc(a->scratch, (c->n + m->n) * sizeof *out.list), 0};
    if (!out.list)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       t->clean.text.len);
    for (size_t k = 0, i = 0; k < c->n; k++) {
        uint32_t stop = k + 1 < c->n ? c->list[k + 1].start : UINT32_MAX;
        size_t last = i, end = i;
        for (; end < m->n && m->list[end].start < stop; end++)
            if (is_opinion(&m->list[end])) last = end;
        out.list[out.n++] = c->list[k];
        for (bool said = false; i < end; i++) {
            if (said && i < last && (roles_of(&m->list[i]) & HX_ROLE_PAUSE)) {
                out.list[out.n++] = (hx_clause){m->list[i].start, false};
                said = false;
            }
            said = said || is_opinion(&m->list[i]);
        }
    }
    *c = out;
    return HX_OK;
}

/* An adversative's factor that all counted mentions share says nothing of the target. */
static void level(hx_mentions *m, const int8_t *signs) {
    double factor = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (signs[i] == 0 || !is_opinion(&m->list[i])) continue;
        if (factor != 0 && factor != m->list[i].clause) return;
        factor = m->list[i].clause;
    }
    for (size_t i = 0; i < m->n && factor != 0; i++)
        if (signs[i] != 0 && m->list[i].clause == factor) m->list[i].clause = 1;
}

static void set_signs(const hx_analysis *t, const hx_mentions *m, const hx_clauses *c,
                      const int8_t *sides, int8_t *signs) {
    size_t word = 0, place = 0;
    int8_t carried = 0;
    size_t last = SIZE_MAX;
    for (size_t i = 0, end = 0; i < m->n; i = end) {
        size_t k = hx__clause_of(c, &place, m->list[i].start), peek = place;
        for (end = i; end < m->n && hx__clause_of(c, &peek, m->list[end].start) == k;)
            end++;
        bool follows = last != SIZE_MAX && k == last + 1 && !c->list[k].sentence;
        if (sides[k] != 0) {
            carried = sides[k];
        } else if (!follows || carried < 0 || !is_nameless(t, m->list, i, end, &word)) {
            carried = 0;
        }
        int8_t sign = carried;
        for (size_t j = i; j < end; j++) {
            signs[j] = sign;
            if (is_inferior(mention_text(t, &m->list[j]))) sign = (int8_t)-carried;
        }
        last = k;
    }
}

hx_status hx_text_sentiment_of(hx_annotator *a, hx_str text, hx_str target, hx_arena *arena,
                               hx_sentiment *out, hx_error *err) {
    hx_analysis analysis;
    hx_mentions mentions;
    hx_clauses clauses;
    hx_str name;
    int8_t *sides = NULL;
    hx_arena_reset(a->scratch);
    HX_TRY(clean_name(a, target, &name, err));
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    *out = (hx_sentiment){.label = HX_SENTIMENT_NONE};
    if (find_name(analysis.clean.text, name, 0) == analysis.clean.text.len) return HX_OK;
    HX_TRY(hx__mentions_find(a, &analysis, &mentions, err));
    HX_TRY(hx__clauses_find(a, &analysis, &mentions, &clauses, err));
    HX_TRY(part_at_links(a, &analysis, &mentions, &clauses, err));
    HX_TRY(find_sides(a, &analysis, &clauses, name, &sides, err));
    int8_t *signs = hx_arena_alloc(a->scratch, mentions.n + 1);
    if (!signs)
        return hx_fail(err, HX_ENOMEM, "out of memory while looking at a text of %zu bytes",
                       text.len);
    set_signs(&analysis, &mentions, &clauses, sides, signs);
    level(&mentions, signs);
    return hx__sentiment_part(a, &analysis, &mentions, signs, arena, out, err);
}
