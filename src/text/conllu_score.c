/* conllu_score.c - words F1, UPOS, UAS and LAS as conll18_ud_eval.py of the CoNLL 2018 shared task takes them (Zeman et al. 2018).
 *
 *     both files -> their characters without blanks, which must be the same -> each word's place in them
 *     words of one place are the same; where either side has a multiword word, the smallest stretch that cuts none is aligned by the longest
 *     common subsequence of its forms in lower case
 *     precision = right / system, recall = right / gold
 *
 * A head is right where the head's word is aligned to the gold head, or both are the root. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "text/conllu.h"

#define LCS_CELLS ((size_t)1 << 22)

typedef struct {
    const hx_conllu_row *row;
    size_t start, end; /* bytes of the characters */
    size_t head; /* its word, SIZE_MAX = the root or none */
    size_t same; /* the other side's word, SIZE_MAX = none */
    bool several; /* part of a multiword word */
} score_word;

typedef struct {
    hx_buf characters;
    score_word *words; /* owned */
    size_t n_words;
    size_t *ends; /* owned: (n_sentences) where each ends */
    size_t n_sentences;
} score_side;

/* ------------------------------------------------------------------ places */
static void put_characters(hx_buf *b, hx_str form) {
    for (size_t at = 0; at < form.len;) {
        size_t from = at;
        uint32_t cp = hx_utf8_next(form, &at);
        bool blank =
            cp == 0x3000 ||
            (cp != HX_UTF8_BAD && utf8proc_category((utf8proc_int32_t)cp) == UTF8PROC_CATEGORY_ZS);
        if (!blank) (void)hx_buf_append(b, form.ptr + from, at - from);
    }
}

static void add_sentence(score_side *side, const hx_conllu_sentence *s) {
    size_t first = side->n_words, start = 0, end = 0;
    uint32_t covered = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        const hx_conllu_row *row = &s->rows[i];
        bool inside = row->kind == HX_CONLLU_WORD && row->id <= covered;
        if (row->kind == HX_CONLLU_COMMENT || row->kind == HX_CONLLU_EMPTY) continue;
        if (!inside) {
            start = side->characters.len;
            put_characters(&side->characters, row->columns[HX_CONLLU_FORM]);
            end = side->characters.len;
        }
        if (row->kind == HX_CONLLU_RANGE) {
            covered = row->last;
            continue;
        }
        bool none = row->head == 0 || row->head > s->n_words;
        side->words[side->n_words++] = (score_word){
            row, start, end, none ? SIZE_MAX : first + row->head - 1, SIZE_MAX, inside};
    }
    side->ends[side->n_sentences++] = side->characters.len;
}

static hx_status fill_side(score_side *side, const hx_conllu_sentence *s, size_t n, hx_error *err) {
    size_t words = 0;
    for (size_t i = 0; i < n; i++)
        words += s[i].n_words;
    hx_buf_init(&side->characters, SIZE_MAX / 2);
    side->words = calloc(words + 1, sizeof *side->words);
    side->ends = calloc(n + 1, sizeof *side->ends);
    if (!side->words || !side->ends)
        return hx_fail(err, HX_ENOMEM, "out of memory for %zu words", words);
    for (size_t i = 0; i < n; i++)
        add_sentence(side, &s[i]);
    return hx_buf_status(&side->characters, "the characters of a file", err);
}

static void release_side(score_side *side) {
    hx_buf_release(&side->characters);
    free(side->words);
    free(side->ends);
}

/* ------------------------------------------------------------------ alignment */
typedef struct {
    score_side *gold, *system;
    size_t g, s; /* next words */
    uint16_t *room; /* owned: LCS_CELLS */
    hx_error *err;
} aligner;

static bool is_beyond(const score_side *side, size_t i, size_t end) {
    if (i >= side->n_words) return true;
    const score_word *w = &side->words[i];
    return w->several ? w->start >= end : w->end > end;
}

static bool same_form(const score_word *a, const score_word *b) {
    hx_str x = a->row->columns[HX_CONLLU_FORM], y = b->row->columns[HX_CONLLU_FORM];
    size_t i = 0, k = 0;
    while (i < x.len && k < y.len) {
        uint32_t p = hx_utf8_next(x, &i), q = hx_utf8_next(y, &k);
        if (utf8proc_tolower((utf8proc_int32_t)p) != utf8proc_tolower((utf8proc_int32_t)q))
            return false;
    }
    return i == x.len && k == y.len;
}

static void pair_words(const aligner *a, size_t g, size_t s) {
    a->gold->words[g].same = s;
    a->system->words[s].same = g;
}

/* The stretch from the aligner's words: *g and *s are moved to where it begins, the aligner's behind it. */
static void find_stretch(aligner *a, size_t *g, size_t *s) {
    const score_word *gold = a->gold->words, *system = a->system->words;
    size_t end = gold[a->g].several ? gold[a->g].end : system[a->s].end;
    if (gold[a->g].several && !system[a->s].several && system[a->s].start < gold[a->g].start)
        a->s++;
    else if (!gold[a->g].several && gold[a->g].start < system[a->s].start)
        a->g++;
    *g = a->g;
    *s = a->s;
    while (!is_beyond(a->gold, a->g, end) || !is_beyond(a->system, a->s, end)) {
        bool of_gold = a->g < a->gold->n_words &&
                       (a->s >= a->system->n_words || gold[a->g].start <= system[a->s].start);
        const score_word *w = of_gold ? &gold[a->g++] : &system[a->s++];
        if (w->several && w->end > end) end = w->end;
    }
}

static hx_status align_stretch(aligner *a) {
    size_t gs, ss;
    find_stretch(a, &gs, &ss);
    size_t n = a->g - gs, m = a->s - ss, wide = m + 1;
    if (n == 0 || m == 0) return HX_OK;
    if (n >= UINT16_MAX || m >= UINT16_MAX || (n + 1) > LCS_CELLS / wide)
        return hx_fail(a->err, HX_ELIMIT, "a stretch of multiword words has %zu and %zu words", n,
                       m);
    memset(a->room, 0, (n + 1) * wide * sizeof *a->room);
    for (size_t g = n; g-- > 0;)
        for (size_t s = m; s-- > 0;) {
            uint16_t x = a->room[(g + 1) * wide + s], y = a->room[g * wide + s + 1];
            uint16_t best = x > y ? x : y;
            if (same_form(&a->gold->words[gs + g], &a->system->words[ss + s]))
                best = (uint16_t)(a->room[(g + 1) * wide + s + 1] + 1);
            a->room[g * wide + s] = best;
        }
    for (size_t g = 0, s = 0; g < n && s < m;) {
        if (same_form(&a->gold->words[gs + g], &a->system->words[ss + s]))
            pair_words(a, gs + g++, ss + s++);
        else if (a->room[g * wide + s] == a->room[(g + 1) * wide + s])
            g++;
        else
            s++;
    }
    return HX_OK;
}

static hx_status align_words(aligner *a) {
    while (a->g < a->gold->n_words && a->s < a->system->n_words) {
        const score_word *g = &a->gold->words[a->g], *s = &a->system->words[a->s];
        if (g->several || s->several)
            HX_TRY(align_stretch(a));
        else if (g->start == s->start && g->end == s->end)
            pair_words(a, a->g++, a->s++);
        else if (g->start <= s->start)
            a->g++;
        else
            a->s++;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ counts */
static bool same_relation(const score_word *a, const score_word *b) {
    hx_str x = a->row->columns[HX_CONLLU_DEPREL], y = b->row->columns[HX_CONLLU_DEPREL];
    const char *p = memchr(x.ptr, ':', x.len), *q = memchr(y.ptr, ':', y.len);
    if (p) x.len = (size_t)(p - x.ptr);
    if (q) y.len = (size_t)(q - y.ptr);
    return hx_str_equal(x, y);
}

static bool same_head(const score_side *system, const score_word *g, const score_word *s) {
    if (g->row->head == HX_CONLLU_NO_HEAD || s->row->head == HX_CONLLU_NO_HEAD) return false;
    if (s->head == SIZE_MAX || g->head == SIZE_MAX) return s->head == g->head;
    return system->words[s->head].same == g->head;
}

static void count_words(const score_side *gold, const score_side *system, hx_conllu_scores *out) {
    size_t words = 0, upos = 0, heads = 0, arcs = 0;
    for (size_t i = 0; i < gold->n_words; i++) {
        const score_word *g = &gold->words[i];
        if (g->same == SIZE_MAX) continue;
        const score_word *s = &system->words[g->same];
        bool head = same_head(system, g, s);
        words++;
        upos += hx_str_equal(g->row->columns[HX_CONLLU_UPOS], s->row->columns[HX_CONLLU_UPOS]);
        heads += head;
        arcs += head && same_relation(g, s);
    }
    const size_t right[4] = {words, upos, heads, arcs};
    hx_conllu_count *counts[4] = {&out->words, &out->upos, &out->uas, &out->las};
    for (size_t k = 0; k < 4; k++)
        *counts[k] = (hx_conllu_count){gold->n_words, system->n_words, right[k]};
}

static void count_sentences(const score_side *gold, const score_side *system,
                            hx_conllu_count *out) {
    *out = (hx_conllu_count){gold->n_sentences, system->n_sentences, 0};
    for (size_t g = 0, s = 0; g < gold->n_sentences && s < system->n_sentences;) {
        size_t x = g ? gold->ends[g - 1] : 0, y = s ? system->ends[s - 1] : 0;
        out->right += x == y && gold->ends[g] == system->ends[s];
        size_t before = gold->ends[g];
        g += gold->ends[g] <= system->ends[s];
        s += system->ends[s] <= before;
    }
}

static hx_status check_text(const score_side *gold, const score_side *system, hx_error *err) {
    hx_str x = hx_buf_str(&gold->characters), y = hx_buf_str(&system->characters);
    size_t at = 0, i = 0;
    if (hx_str_equal(x, y)) return HX_OK;
    while (at < x.len && at < y.len && x.ptr[at] == y.ptr[at])
        at++;
    while (i + 1 < gold->n_words && gold->words[i].end <= at)
        i++;
    return hx_fail(err, HX_EINVAL,
                   "the two files are not of one text: they differ from byte %zu on, at word %zu",
                   at, i + 1);
}

hx_status hx_conllu_score(const hx_conllu_sentence *gold, size_t n_gold,
                          const hx_conllu_sentence *system, size_t n_system, hx_conllu_scores *out,
                          hx_error *err) {
    score_side g = {.words = NULL}, s = {.words = NULL};
    aligner a = {.gold = &g, .system = &s, .err = err};
    *out = (hx_conllu_scores){.words = {0}};
    hx_buf_init(&s.characters, 0);
    hx_status st = fill_side(&g, gold, n_gold, err);
    if (st == HX_OK) st = fill_side(&s, system, n_system, err);
    if (st == HX_OK) st = check_text(&g, &s, err);
    a.room = st == HX_OK ? calloc(LCS_CELLS, sizeof *a.room) : NULL;
    if (st == HX_OK && !a.room)
        st = hx_fail(err, HX_ENOMEM, "out of memory for %zu words", g.n_words);
    if (st == HX_OK) st = align_words(&a);
    if (st == HX_OK) {
        count_words(&g, &s, out);
        count_sentences(&g, &s, &out->sentences);
    }
    free(a.room);
    release_side(&g);
    release_side(&s);
    return st;
}

double hx_conllu_f1(hx_conllu_count c) {
    return c.gold + c.system > 0 ? 2.0 * (double)c.right / (double)(c.gold + c.system) : 0;
}
