/* keyword.c - keywords: candidates, TF-IDF, the ranking.
 *
 * Candidates are words that mean something by themselves: no stop words, marks, numbers, single Chinese characters or
 * single letters, nothing of lexicons/keyword_stop.tsv. A Chinese word that no dictionary has, which the hidden Markov model made of
 * single characters, counts only where the text has it twice and no character of it is a function word. A keyword's text is what stands in the cleaned text, its span the first occurrence's original bytes.
 *
 *     TF-IDF    count / all candidates' count x idf     idf of jieba's corpus; English from lexicons/idf.en.tsv
 *     TextRank  textrank.c
 *
 * Scores are divided by the best one's. Equal scores rank by first occurrence, so the order is the same everywhere. */
#include "text/keyword.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "text/annotator.h"
#include "text/keyphrase.h"
#include "text/learned.h"
#include "text/small_read.h"
#include "text/stem.h"

/* Whether the hidden Markov model made it up of characters one of which is a function word. */
static bool has_function_character(hx_str word) {
    static const char functions[] =
        "真才得就说个太没很好了的着过不也都又还再给把被让是有在我你他她它这那么吧吗呢啊";
    for (size_t at = 0; at < word.len;) {
        size_t from = at;
        hx_utf8_next(word, &at);
        for (size_t f = 0; f + 3 <= sizeof functions - 1; f += 3)
            if (at - from == 3 && memcmp(functions + f, word.ptr + from, 3) == 0) return true;
    }
    return false;
}

bool hx__keyword_may_be(const hx_text_model *m, const hx_cut *w, hx_str text) {
    if (w->stop || w->kind == HX_CUT_MARK || w->kind == HX_CUT_NUMBER || w->kind == HX_CUT_EMOJI)
        return false;
    if (w->kind == HX_CUT_USER) return true;
    bool latin = w->kind == HX_CUT_LATIN;
    const hx_lexeme *known =
        hx__lexicon_get(m->lexicon, hx__lexeme_key(latin ? HX_LEXEME_EN : HX_LEXEME_ZH, text));
    if (known && (known->roles & HX_ROLE_NO_KEYWORD)) return false;
    return latin ? text.len > 1 : hx_utf8_count(text) > 1;
}

/* The slot of `hash` in a table of index + 1; slots are a power of two, at most half full. */
static uint32_t *slot_of(uint32_t *table, size_t slots, const hx_candidate *list, uint64_t hash) {
    size_t i = (size_t)hash & (slots - 1);
    while (table[i] != 0 && list[table[i] - 1].hash != hash)
        i = (i + 1) & (slots - 1);
    return &table[i];
}

hx_status hx__candidates_find(hx_annotator *a, const hx_analysis *text, hx_candidates *out,
                              hx_error *err) {
    size_t slots = 16;
    while (slots < text->n_words * 2)
        slots *= 2;
    hx_candidates c = {0};
    c.list = hx_arena_alloc(a->scratch, (text->n_words + 1) * sizeof *c.list);
    c.places = hx_arena_alloc(a->scratch, (text->n_words + 1) * sizeof *c.places);
    uint32_t *table = hx_arena_alloc(a->scratch, slots * sizeof *table);
    if (!c.list || !c.places || !table)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for keywords in a text of %zu words",
                       text->n_words);
    for (size_t i = 0; i < text->n_words; i++) {
        const hx_cut *w = &text->words[i];
        hx_str word = hx__cut_text(&text->clean, w);
        uint32_t *place = &c.places[c.n_places++];
        if (!hx__keyword_may_be(a->model, w, word)) continue;
        uint64_t hash = hx_hash(word);
        uint32_t *slot = slot_of(table, slots, c.list, hash);
        if (*slot == 0) {
            c.list[c.n] = (hx_candidate){hash, w->start, w->end, 0, 0, w->kind == HX_CUT_USER};
            *slot = ++c.n;
        }
        c.list[*slot - 1].count++;
        *place = *slot;
    }
    *out = c;
    return HX_OK;
}

static bool is_latin(hx_str word) {
    return (unsigned char)word.ptr[0] < 0x80;
}

static void score_tfidf(const hx_text_model *m, const hx_analysis *text, hx_candidates *c) {
    double total = 0;
    for (uint32_t i = 0; i < c->n; i++)
        total += c->list[i].count;
    for (uint32_t i = 0; i < c->n; i++) {
        hx_str word = {text->clean.text.ptr + c->list[i].start, c->list[i].end - c->list[i].start};
        double idf = is_latin(word) ? hx__lexicon_idf_en(m->lexicon, word) : hx__words_idf(m, word);
        c->list[i].score = c->list[i].count / total * idf;
    }
}

/* Leaves out what no dictionary has, unless the text repeats it. */
static void drop_invented(const hx_text_model *m, const hx_analysis *text, hx_candidates *c) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        const hx_candidate *k = &c->list[i];
        hx_str word = {text->clean.text.ptr + k->start, k->end - k->start};
        bool known = k->is_user || is_latin(word) || hx__words_has(m, word);
        if (known || (k->count > 1 && !has_function_character(word))) c->list[kept++] = *k;
    }
    c->n = kept;
}

static int by_score(const void *x, const void *y) {
    const hx_candidate *a = x;
    const hx_candidate *b = y;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->start < b->start ? -1 : a->start > b->start;
}

static hx_status take_best(const hx_analysis *text, hx_candidates *c, size_t top, hx_arena *arena,
                           const hx_keyword **out, size_t *n, hx_error *err) {
    size_t count = c->n < top ? c->n : top;
    hx_keyword *list = hx_arena_alloc(arena, (count + 1) * sizeof *list);
    if (!list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for keywords in a text of %zu words",
                       text->n_words);
    qsort(c->list, c->n, sizeof *c->list, by_score);
    for (size_t i = 0; i < count; i++) {
        const hx_candidate *k = &c->list[i];
        hx_str word = {text->clean.text.ptr + k->start, k->end - k->start};
        list[i] = (hx_keyword){hx__clean_span(&text->clean, k->start, k->end),
                               hx_arena_str(arena, word), k->score / c->list[0].score};
        if (!list[i].text.ptr)
            return hx_fail(err, HX_ENOMEM,
                           "out of memory while looking for keywords in a text of %zu words",
                           text->n_words);
    }
    *out = list;
    *n = count;
    return HX_OK;
}

hx_status hx__keywords_find(hx_annotator *a, const hx_analysis *text, hx_keyword_method method,
                            size_t top, hx_arena *arena, const hx_keyword **out, size_t *n,
                            hx_error *err) {
    hx_candidates c;
    HX_TRY(hx__candidates_find(a, text, &c, err));
    if (method == HX_KEYWORDS_TEXTRANK) {
        HX_TRY(hx__textrank_score(a, &c, err));
    } else {
        score_tfidf(a->model, text, &c);
    }
    drop_invented(a->model, text, &c);
    return take_best(text, &c, top, arena, out, n, err);
}

hx_status hx__phrases_find(hx_annotator *a, hx_str original, const hx_analysis *text,
                           hx_keyword_method method, size_t top, hx_arena *arena,
                           const hx_keyword **out, size_t *n, hx_error *err) {
    const hx_learned *l = hx__learned_of(a->model);
    hx_keyphrases p;
    if (method == HX_KEYWORDS_LEARN && !(l && l->phrases.weight))
        return hx_fail(err, HX_EINVAL,
                       "the keyword method learn needs a text model of the engine learn");
    HX_TRY(hx__keyphrases_find(a, original, text, &p, err));
    if (!hx__keyphrases_yake(&p, a->scratch))
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for keywords in a text of %zu words",
                       text->n_words);
    if (method == HX_KEYWORDS_LEARN) hx__keyphrases_learned(&l->phrases, &p);
    if (method == HX_KEYWORDS_EMBEDDING || method == HX_KEYWORDS_ATTENTION)
        HX_TRY(hx__keyphrases_model(a, text, method, &p, err));
    return hx__keyphrases_best(text, &p, top, arena, out, n, err);
}

hx_status hx_keyword_stems(hx_str keyword, hx_arena *arena, hx_str *out, hx_error *err) {
    char *text = hx_arena_alloc(arena, keyword.len + 1);
    size_t n = 0;
    if (!text) return hx_fail(err, HX_ENOMEM, "out of memory while stemming a keyword");
    for (size_t i = 0; i < keyword.len;) {
        size_t from = n;
        while (i < keyword.len && keyword.ptr[i] == ' ')
            i++;
        if (n > 0 && i < keyword.len) text[n++] = ' ', from++;
        for (; i < keyword.len && keyword.ptr[i] != ' '; i++) {
            char c = keyword.ptr[i];
            text[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        n = from + hx__stem(text + from, n - from);
    }
    *out = (hx_str){text, n};
    return HX_OK;
}

hx_status hx_text_keywords(hx_annotator *a, hx_str text, hx_keyword_method method, size_t top,
                           hx_arena *arena, const hx_keyword **out, size_t *n, hx_error *err) {
    if ((unsigned)method >= HX_KEYWORDS_N)
        return hx_fail(err, HX_EINVAL,
                       "keyword method %d is not known; 0 is TF-IDF, 1 TextRank, 2 YAKE, 3 and 4 "
                       "the engines learn and llama, 5 embedding, 6 attention",
                       (int)method);
    hx_analysis analysis;
    hx_arena_reset(a->scratch);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    if (method == HX_KEYWORDS_LLAMA && !hx__small_has(a->model->small, HX_SMALL_KEYWORDS))
        return hx_fail(err, HX_EINVAL,
                       "the keyword method llama needs a text model of the engine llama with a "
                       "head for keywords");
    if (method == HX_KEYWORDS_LLAMA)
        return hx__small_keywords_find(a, text, &analysis, top, arena, out, n, err);
    if (method >= HX_KEYWORDS_YAKE)
        return hx__phrases_find(a, text, &analysis, method, top, arena, out, n, err);
    return hx__keywords_find(a, &analysis, method, top, arena, out, n, err);
}
