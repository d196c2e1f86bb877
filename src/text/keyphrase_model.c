/* keyphrase_model.c - candidates ranked by the language model: by likeness to the text, or by how much of the text's vector is made of them.
 *
 *     embedding    cosine of the candidate's and the text's vectors (means of their rows), chosen one by one so that none is like those before:
 *                  most * cosine - (1 - most) * the greatest cosine with one already chosen (MMR; Bennani-Smires et al. 2018, EmbedRank;
 *                  Carbonell, Goldstein 1998)
 *     attention    sum over the candidate's pieces, wherever it stands, of what the text's vector takes from them (attention rollout, Abnar and
 *                  Zuidema 2020), times its words (after Ding, Luo 2021, AttentionRank)
 *
 * Only the best by YAKE are embedded, which bounds time; those behind them have a score of 0 and are never before them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"
#include "text/keyphrase.h"
#include "text/small_read.h"

enum { EMBEDDED = 64 };
/* The share of the likeness to the text; chosen on 150 texts of keyphrase_inspec's dev part, as is the factor n of attention. */
static const double most_likeness = 0.95;

static hx_status no_memory(const hx_analysis *text, hx_error *err) {
    return hx_fail(err, HX_ENOMEM,
                   "out of memory while looking for keywords in a text of %zu words",
                   text->n_words);
}

static hx_str words_of(const hx_keyphrases *p, const hx_analysis *text, const hx_keyphrase *k) {
    const uint32_t start = p->units[k->first].start, end = p->units[k->first + k->n - 1].end;
    return (hx_str){text->clean.text.ptr + start, end - start};
}

/* ------------------------------------------------------------------ likeness */
static double cosine(const float *a, const float *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static int by_rank(const void *x, const void *y) {
    const hx_keyphrase *a = x, *b = y;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

/* vectors (n + 1, width): of the text, then of the first n candidates. `worst` (n) is scratch: the greatest likeness to one chosen. */
static void choose(hx_keyphrases *p, size_t n, const float *vectors, size_t width, double *worst) {
    for (size_t i = 0; i < p->n; i++)
        p->list[i].score = -1;
    for (size_t i = 0; i < n; i++)
        worst[i] = 0;
    for (size_t round = 0; round < n; round++) {
        size_t best = n;
        double most = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            if (p->list[i].score >= 0) continue;
            const double like = cosine(vectors, vectors + (i + 1) * width, width);
            const double value = most_likeness * like - (1 - most_likeness) * worst[i];
            if (value > most) best = i;
            most = fmax(most, value);
        }
        /* in (0, 1], falling: what is chosen later is worth less */
        p->list[best].score = (most + 1) / 2;
        for (size_t i = 0; i < n; i++)
            worst[i] = fmax(worst[i],
                            cosine(vectors + (best + 1) * width, vectors + (i + 1) * width, width));
    }
    for (size_t i = n; i < p->n; i++)
        p->list[i].score = 0;
}

static hx_status by_embedding(hx_annotator *a, const hx_analysis *text, hx_keyphrases *p,
                              hx_error *err) {
    const size_t n = p->n < EMBEDDED ? p->n : EMBEDDED;
    const float *vectors;
    size_t width;
    hx_str *texts = hx_arena_alloc(a->scratch, (n + 1) * sizeof *texts);
    double *worst = hx_arena_alloc(a->scratch, (n + 1) * sizeof *worst);
    if (!texts || !worst) return no_memory(text, err);
    qsort(p->list, p->n, sizeof *p->list, by_rank);
    texts[0] = text->clean.text;
    for (size_t i = 0; i < n; i++)
        texts[i + 1] = words_of(p, text, &p->list[i]);
    HX_TRY(hx__small_vectors(a->small, texts, n + 1, a->scratch, &vectors, &width, err));
    choose(p, n, vectors, width, worst);
    return HX_OK;
}

/* ------------------------------------------------------------------ attention */
/* What the vector takes from the bytes [start, end) of the text. */
static double taken_from(const hx_attention *at, uint32_t start, uint32_t end) {
    double sum = 0;
    for (size_t t = 0; t < at->n_tokens; t++)
        if (at->spans[t].end > start && at->spans[t].start < end) sum += (double)at->rollout[t];
    return sum;
}

static bool same_at(const hx_keyphrases *p, const hx_keyphrase *k, size_t at) {
    for (uint32_t i = 0; i < k->n; i++)
        if (p->units[at + i].stem != p->units[k->first + i].stem) return false;
    return true;
}

static hx_status by_attention(hx_annotator *a, const hx_analysis *text, hx_keyphrases *p,
                              hx_error *err) {
    hx_attention at;
    double *taken = hx_arena_alloc(a->scratch, (p->n_units + 1) * sizeof *taken);
    if (!taken) return no_memory(text, err);
    HX_TRY(hx__small_attention(a->small, text->clean.text, a->scratch, &at, err));
    for (size_t u = 0; u < p->n_units; u++)
        taken[u] = taken_from(&at, p->units[u].start, p->units[u].end);
    for (size_t i = 0; i < p->n; i++) {
        hx_keyphrase *k = &p->list[i];
        k->score = 0;
        for (size_t u = k->first; u <= k->last && u + k->n <= p->n_units; u++) {
            if (!same_at(p, k, u)) continue;
            for (size_t w = 0; w < k->n; w++)
                k->score += taken[u + w] * (double)k->n;
        }
    }
    return HX_OK;
}

hx_status hx__keyphrases_model(hx_annotator *a, const hx_analysis *text, hx_keyword_method method,
                               hx_keyphrases *p, hx_error *err) {
    if (!a->small)
        return hx_fail(err, HX_EINVAL,
                       "the keyword methods embedding and attention need a text model of the "
                       "engine llama");
    if (p->n == 0) return HX_OK;
    return method == HX_KEYWORDS_EMBEDDING ? by_embedding(a, text, p, err)
                                           : by_attention(a, text, p, err);
}
