/* sentences.c - sentences of a text, and the few that say most of it.
 *
 *     sentence    up to a mark that ends one (. ! ? ; and the Chinese ones), closing marks with it; never changed, given by its bytes
 *     vector      tf-idf of its words that mean something (idf as in keyword.c)
 *     centre(s)   cosine of the sentence's vector and the sum of all
 *     choice      again and again the sentence of the greatest  LAMBDA x centre - (1 - LAMBDA) x likeness to the likest one chosen
 *
 * (Carbonell and Goldstein 1998.) Of equal ones the first. Only the first SENTENCES_MAX sentences are looked at. */
#include "text/sentences.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"
#include "text/keyphrase.h"

enum { SENTENCES_MAX = 2048 };

static const double lambda = 0.7;

typedef struct {
    uint32_t term;
    double value;
} part;

typedef struct {
    uint32_t first, last; /* cuts */
    part *parts; /* by term */
    size_t n;
    double centre, likest;
    bool chosen;
} sentence;

static hx_status no_memory(size_t n, hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory while parting a text of %zu words", n);
}

static bool is_one_of(hx_str s, const char *const *list) {
    for (; *list; list++)
        if (hx_str_equal(s, hx_str_of(*list))) return true;
    return false;
}

bool hx__ends_sentence(const hx_analysis *text, size_t i) {
    static const char *const ends[] = {".", "!", "?", "。", "！", "？", ";", "；", "…", NULL};
    static const char *const closing[] = {"\"", "'", ")", "”", "’", "）", "」", "』", NULL};
    if (text->words[i].kind != HX_CUT_MARK) return false;
    hx_str mark = hx__cut_text(&text->clean, &text->words[i]);
    bool next_is_end = false;
    if (i + 1 < text->n_words && text->words[i + 1].kind == HX_CUT_MARK) {
        hx_str next = hx__cut_text(&text->clean, &text->words[i + 1]);
        next_is_end = is_one_of(next, ends) || is_one_of(next, closing);
    }
    bool point = hx_str_equal(mark, HX_STR_LIT("."));
    bool apart = i + 1 >= text->n_words || text->words[i + 1].start > text->words[i].end;
    if (next_is_end) return false;
    if (is_one_of(mark, ends)) return !point || apart;
    return i > 0 && is_one_of(mark, closing) && text->words[i - 1].kind == HX_CUT_MARK &&
           is_one_of(hx__cut_text(&text->clean, &text->words[i - 1]), ends);
}

static size_t part_text(const hx_analysis *text, sentence *list) {
    size_t n = 0, units = text->n_words < HX_KEYPHRASE_UNITS ? text->n_words : HX_KEYPHRASE_UNITS;
    for (size_t i = 0, from = 0; i < units && n < SENTENCES_MAX; i++) {
        if (i + 1 < units && !hx__ends_sentence(text, i)) continue;
        list[n++] = (sentence){.first = (uint32_t)from, .last = (uint32_t)i};
        from = i + 1;
    }
    return n;
}

static int by_term(const void *a, const void *b) {
    const part *x = a, *y = b;
    return (x->term > y->term) - (x->term < y->term);
}

/* Unit vectors; a term that stands twice in a sentence counts twice. */
static bool set_vectors(const hx_keyphrases *p, sentence *list, size_t n, hx_arena *scratch) {
    for (size_t s = 0; s < n; s++) {
        size_t words = list[s].last - list[s].first + 1, kept = 0;
        double length = 0;
        part *parts = hx_arena_alloc(scratch, (words + 1) * sizeof *parts);
        if (!parts) return false;
        for (size_t i = list[s].first; i <= list[s].last; i++)
            if (p->units[i].kind == HX_UNIT_CONTENT)
                parts[list[s].n++] = (part){p->units[i].term, p->terms[p->units[i].term].idf};
        qsort(parts, list[s].n, sizeof *parts, by_term);
        for (size_t i = 0; i < list[s].n; i++) {
            if (kept > 0 && parts[kept - 1].term == parts[i].term)
                parts[kept - 1].value += parts[i].value;
            else
                parts[kept++] = parts[i];
        }
        for (size_t i = 0; i < kept; i++)
            length += parts[i].value * parts[i].value;
        for (size_t i = 0; i < kept; i++)
            parts[i].value /= sqrt(length > 0 ? length : 1);
        list[s].parts = parts;
        list[s].n = kept;
    }
    return true;
}

static bool set_centres(const hx_keyphrases *p, sentence *list, size_t n, hx_arena *scratch) {
    double *sum = hx_arena_alloc(scratch, (p->n_terms + 1) * sizeof *sum), length = 0;
    if (!sum) return false;
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0; i < list[s].n; i++)
            sum[list[s].parts[i].term] += list[s].parts[i].value * sqrt((double)list[s].n);
    for (size_t t = 0; t < p->n_terms; t++)
        length += sum[t] * sum[t];
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0; i < list[s].n; i++)
            list[s].centre +=
                list[s].parts[i].value * sum[list[s].parts[i].term] / sqrt(length > 0 ? length : 1);
    return true;
}

static double likeness(const sentence *a, const sentence *b) {
    double sum = 0;
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        if (a->parts[i].term == b->parts[k].term)
            sum += a->parts[i++].value * b->parts[k++].value;
        else if (a->parts[i].term < b->parts[k].term)
            i++;
        else
            k++;
    }
    return sum;
}

static sentence *choose(sentence *list, size_t n) {
    sentence *best = NULL;
    double best_value = 0;
    for (size_t s = 0; s < n; s++) {
        double value = lambda * list[s].centre - (1 - lambda) * list[s].likest;
        if (list[s].chosen || list[s].n == 0 || list[s].likest > 0.999) continue;
        if (!best || value > best_value) {
            best = &list[s];
            best_value = value;
        }
    }
    for (size_t s = 0; best && s < n; s++)
        list[s].likest = fmax(list[s].likest, likeness(best, &list[s]));
    if (best) best->chosen = true;
    return best;
}

hx_status hx_text_sentences(hx_annotator *a, hx_str text, size_t top, hx_arena *arena,
                            const hx_key_sentence **out, size_t *n, hx_error *err) {
    hx_analysis analysis;
    hx_keyphrases p;
    size_t kept = 0;
    hx_arena_reset(a->scratch);
    HX_TRY(hx__text_analyse(a, text, &analysis, err));
    HX_TRY(hx__keyphrases_find(a, text, &analysis, &p, err));
    sentence *list = hx_arena_alloc(a->scratch, SENTENCES_MAX * sizeof *list);
    size_t count = list ? part_text(&analysis, list) : 0;
    hx_key_sentence *chosen =
        hx_arena_alloc(arena, ((top < count ? top : count) + 1) * sizeof *chosen);
    if (!list || !chosen || !set_vectors(&p, list, count, a->scratch) ||
        !set_centres(&p, list, count, a->scratch))
        return no_memory(analysis.n_words, err);
    for (sentence *s; kept < top && kept < count && (s = choose(list, count)) != NULL;) {
        hx_span span = hx__clean_span(&analysis.clean, analysis.words[s->first].start,
                                      analysis.words[s->last].end);
        chosen[kept++] = (hx_key_sentence){span, fmin(s->centre, 1)};
    }
    *out = chosen;
    *n = kept;
    return HX_OK;
}
