/* keyphrase.c - candidates of keyphrases, and the best of them; see keyphrase.h.
 *
 * Two occurrences are one candidate where their words have the same stems in the same order, so "nets" adds to "net"; what is shown is the first
 * occurrence as it stands in the text. A candidate is dropped at the end where a better one has all its words in a row and it never stands
 * outside of it (both have the same count).
 *
 * The sentence of a unit goes up at a mark that ends one (. ! ? and the Chinese ones). */
#include "text/keyphrase.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/grams.h"
#include "text/stem.h"

enum { STEM_MAX = 48, TAIL = 3 };

static hx_status no_memory(size_t n, hx_error *err) {
    return hx_fail(err, HX_ENOMEM,
                   "out of memory while looking for keywords in a text of %zu words", n);
}

/* ------------------------------------------------------------------ units */
static uint64_t stem_of(hx_str word) {
    char copy[STEM_MAX + 1];
    if (word.len > STEM_MAX) return hx_hash(word);
    memcpy(copy, word.ptr, word.len);
    return hx_hash((hx_str){copy, hx__stem(copy, word.len)});
}

static uint64_t tail_of(hx_str word) {
    size_t from = word.len > TAIL ? word.len - TAIL : 0;
    while (from > 0 && ((unsigned char)word.ptr[from] & 0xC0) == 0x80)
        from--;
    return hx_hash((hx_str){word.ptr + from, word.len - from});
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static void set_case(hx_unit *u, hx_str original, hx_span span) {
    size_t upper = 0, n = span.end - span.start;
    for (size_t i = span.start; i < span.end; i++)
        upper += is_upper(original.ptr[i]);
    u->upper = n > 0 && is_upper(original.ptr[span.start]);
    u->capitals = n > 1 && upper * 2 > n;
}

static bool ends_sentence(hx_str mark) {
    static const char *const ends[] = {".", "!", "?", "。", "！", "？", ";", "；"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (hx_str_equal(mark, hx_str_of(ends[i]))) return true;
    return false;
}

static hx_unit unit_of(const hx_annotator *a, hx_str original, const hx_analysis *text,
                       const hx_cut *w) {
    hx_str word = hx__cut_text(&text->clean, w);
    hx_unit u = {.start = w->start, .end = w->end, .word = hx_hash(word), .tail = tail_of(word)};
    const bool latin = w->kind == HX_CUT_LATIN;
    u.han = w->kind == HX_CUT_HAN;
    u.stem = latin ? stem_of(word) : u.word;
    u.kind = w->kind == HX_CUT_MARK || w->kind == HX_CUT_EMOJI ? HX_UNIT_MARK
             : w->kind == HX_CUT_NUMBER                        ? HX_UNIT_NUMBER
             : w->stop || (latin && word.len < 2) || hx__stopwords_has(a->model, word)
                 ? HX_UNIT_STOP
                 : HX_UNIT_CONTENT;
    if (latin) set_case(&u, original, hx__clean_span(&text->clean, w->start, w->end));
    return u;
}

/* The slot of `key` in a table of index + 1. */
static uint32_t *slot_of(uint32_t *table, size_t slots, const uint64_t *keys, uint64_t key) {
    size_t i = (size_t)key & (slots - 1);
    while (table[i] != 0 && keys[table[i] - 1] != key)
        i = (i + 1) & (slots - 1);
    return &table[i];
}

static size_t slots_for(size_t n) {
    size_t slots = 16;
    while (slots < n * 2)
        slots *= 2;
    return slots;
}

static void add_to_term(hx_term *t, const hx_unit *u, bool starts_sentence) {
    t->count++;
    t->upper += u->upper && !starts_sentence;
    t->capitals += u->capitals;
    t->sentence_sum += u->sentence;
    if (t->last_sentence != u->sentence + 1) t->sentences++;
    t->last_sentence = u->sentence + 1;
}

static bool make_terms(hx_annotator *a, const hx_analysis *text, hx_keyphrases *p) {
    size_t slots = slots_for(p->n_units);
    uint32_t *table = hx_arena_alloc(a->scratch, slots * sizeof *table);
    uint64_t *keys = hx_arena_alloc(a->scratch, (p->n_units + 1) * sizeof *keys);
    p->terms = hx_arena_alloc(a->scratch, (p->n_units + 1) * sizeof *p->terms);
    if (!table || !keys || !p->terms) return false;
    bool starts = true;
    for (size_t i = 0; i < p->n_units; i++) {
        hx_unit *u = &p->units[i];
        uint32_t *slot = slot_of(table, slots, keys, u->stem);
        if (*slot == 0) {
            hx_str word = {text->clean.text.ptr + u->start, u->end - u->start};
            keys[p->n_terms] = u->stem;
            p->terms[p->n_terms] =
                (hx_term){.stem = u->stem,
                          .idf = u->han ? hx__words_idf(a->model, word)
                                        : hx__lexicon_idf_en(a->model->lexicon, word)};
            *slot = (uint32_t)++p->n_terms;
        }
        u->term = *slot - 1;
        add_to_term(&p->terms[u->term], u, starts);
        if (u->kind == HX_UNIT_CONTENT && p->terms[u->term].count > p->most)
            p->most = p->terms[u->term].count;
        starts = u->kind == HX_UNIT_MARK;
    }
    return true;
}

static bool count_neighbours(hx_annotator *a, hx_keyphrases *p) {
    hx_gram_set seen;
    if (!hx__gram_set_new(&seen, p->n_units * 2, a->scratch)) return false;
    for (size_t i = 1; i < p->n_units; i++) {
        const hx_unit *left = &p->units[i - 1], *right = &p->units[i];
        if (left->kind == HX_UNIT_MARK || right->kind == HX_UNIT_MARK) continue;
        uint64_t pair = hx_hash_mix(left->stem, right->stem);
        hx_term *l = &p->terms[left->term], *r = &p->terms[right->term];
        bool is_new = hx__gram_set_add(&seen, pair ? pair : 1);
        l->n_right++;
        r->n_left++;
        l->right += is_new;
        r->left += is_new;
    }
    return true;
}

/* ------------------------------------------------------------------ candidates */
static bool may_be(const hx_keyphrases *p, size_t first, size_t n) {
    const hx_unit *u = &p->units[first], *last = u + n - 1;
    if (u->kind < HX_UNIT_NUMBER || last->kind < HX_UNIT_NUMBER) return false;
    if (n == 1) return u->kind == HX_UNIT_CONTENT && u->end - u->start > (u->han ? 3u : 1u);
    return true;
}

static bool make_candidates(hx_annotator *a, hx_keyphrases *p) {
    size_t most = p->n_units * HX_KEYPHRASE_WORDS, slots = slots_for(most);
    uint32_t *table = hx_arena_alloc(a->scratch, slots * sizeof *table);
    uint64_t *keys = hx_arena_alloc(a->scratch, (most + 1) * sizeof *keys);
    p->list = hx_arena_alloc(a->scratch, (most + 1) * sizeof *p->list);
    if (!table || !keys || !p->list) return false;
    for (size_t i = 0; i < p->n_units; i++) {
        uint64_t key = 0x9E3779B97F4A7C15u;
        for (size_t n = 1; n <= HX_KEYPHRASE_WORDS && i + n <= p->n_units; n++) {
            const hx_unit *u = &p->units[i + n - 1];
            if (u->kind < HX_UNIT_NUMBER) break;
            key = hx_hash_mix(key, u->stem);
            if (!may_be(p, i, n)) continue;
            uint32_t *slot = slot_of(table, slots, keys, key);
            if (*slot == 0) {
                keys[p->n] = key;
                p->list[p->n] = (hx_keyphrase){.key = key, .first = (uint32_t)i, .n = (uint32_t)n};
                *slot = (uint32_t)++p->n;
            }
            p->list[*slot - 1].count++;
            p->list[*slot - 1].last = (uint32_t)i;
        }
    }
    return true;
}

hx_status hx__keyphrases_find(hx_annotator *a, hx_str original, const hx_analysis *text,
                              hx_keyphrases *out, hx_error *err) {
    hx_keyphrases p = {.n_units =
                           text->n_words < HX_KEYPHRASE_UNITS ? text->n_words : HX_KEYPHRASE_UNITS};
    p.units = hx_arena_alloc(a->scratch, (p.n_units + 1) * sizeof *p.units);
    if (!p.units) return no_memory(text->n_words, err);
    for (size_t i = 0; i < p.n_units; i++) {
        p.units[i] = unit_of(a, original, text, &text->words[i]);
        p.units[i].sentence = p.n_sentences;
        if (p.units[i].kind == HX_UNIT_MARK)
            p.n_sentences += ends_sentence(hx__cut_text(&text->clean, &text->words[i]));
    }
    p.n_sentences++;
    if (!make_terms(a, text, &p) || !count_neighbours(a, &p) || !make_candidates(a, &p))
        return no_memory(text->n_words, err);
    *out = p;
    return HX_OK;
}

/* ------------------------------------------------------------------ the best */
static int by_score(const void *x, const void *y) {
    const hx_keyphrase *a = x, *b = y;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a->n > b->n ? -1 : a->n < b->n;
}

static bool is_piece(const hx_keyphrases *p, const hx_keyphrase *small, const hx_keyphrase *big) {
    for (uint32_t at = 0; small->n < big->n && at + small->n <= big->n; at++) {
        uint32_t same = 0;
        while (same < small->n &&
               p->units[small->first + same].stem == p->units[big->first + at + same].stem)
            same++;
        if (same == small->n) return true;
    }
    return false;
}

static bool is_said(const hx_keyphrases *p, const hx_keyphrase *chosen, size_t n,
                    const hx_keyphrase *k) {
    for (size_t i = 0; i < n; i++)
        if ((chosen[i].count >= k->count && is_piece(p, k, &chosen[i])) ||
            (chosen[i].count <= k->count && is_piece(p, &chosen[i], k)))
            return true;
    return false;
}

hx_status hx__keyphrases_best(const hx_analysis *text, hx_keyphrases *p, size_t top,
                              hx_arena *arena, const hx_keyword **out, size_t *n, hx_error *err) {
    size_t kept = 0, room = p->n < top ? p->n : top;
    hx_keyword *list = hx_arena_alloc(arena, (room + 1) * sizeof *list);
    if (!list) return no_memory(text->n_words, err);
    qsort(p->list, p->n, sizeof *p->list, by_score);
    for (size_t i = 0; i < p->n && kept < room; i++) {
        const hx_keyphrase k = p->list[i];
        if (is_said(p, p->list, kept, &k)) continue;
        uint32_t start = p->units[k.first].start, end = p->units[k.first + k.n - 1].end;
        hx_str words = {text->clean.text.ptr + start, end - start};
        list[kept] =
            (hx_keyword){hx__clean_span(&text->clean, start, end), hx_arena_str(arena, words), 1};
        if (!list[kept].text.ptr) return no_memory(text->n_words, err);
        if (kept > 0) list[kept].score = p->list[0].score > 0 ? k.score / p->list[0].score : 1;
        p->list[kept++] = k;
    }
    *out = list;
    *n = kept;
    return HX_OK;
}
