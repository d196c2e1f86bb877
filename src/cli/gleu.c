/* gleu.c - GLEU, the form of 2016 without a tuned weight, as jfleg/eval/gleu.py computes it.
 *
 *     hits(n) = sum over n-grams of the corrected text  min(said, in the reference)
 *             - sum over n-grams of the source that the reference lacks  min(said, in the source)          at least 0
 *     p(n)    = hits(n) / n-grams of the corrected text
 *     GLEU    = min(1, exp(1 - wanted / said)) x (p(1) p(2) p(3) p(4))^(1/4)
 *
 * over the sums of all sentences. With several references the original draws one a sentence at random, 500 times, and takes the mean; here each
 * reference is taken in turn for all sentences, and the mean over them: the same expectation but for the draw's mixture. */
#include "cli/gleu.h"

#include <math.h>
#include <string.h>

typedef struct {
    hx_str *words;
    size_t n;
} sentence;

static bool cut_words(hx_arena *arena, hx_str s, sentence *out) {
    out->n = 0;
    out->words = hx_arena_alloc(arena, (s.len / 2 + 2) * sizeof *out->words);
    if (!out->words) return false;
    for (size_t at = 0; at < s.len;) {
        while (at < s.len && strchr(" \t\r\n", s.ptr[at]))
            at++;
        size_t from = at;
        while (at < s.len && !strchr(" \t\r\n", s.ptr[at]))
            at++;
        if (at > from) out->words[out->n++] = (hx_str){s.ptr + from, at - from};
    }
    return true;
}

static bool same_gram(const hx_str *a, const hx_str *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!hx_str_equal(a[i], b[i])) return false;
    return true;
}

static size_t count_gram(const sentence *s, const hx_str *gram, size_t n) {
    size_t found = 0;
    for (size_t i = 0; i + n <= s->n; i++)
        found += same_gram(s->words + i, gram, n);
    return found;
}

/* Whether it stands in `s` before place i as well. */
static bool seen_before(const sentence *s, size_t i, size_t n) {
    for (size_t k = 0; k < i; k++)
        if (same_gram(s->words + k, s->words + i, n)) return true;
    return false;
}

static double count_hits(const sentence *source, const sentence *said, const sentence *reference,
                         size_t n) {
    double hits = 0;
    for (size_t i = 0; i + n <= said->n; i++) {
        if (seen_before(said, i, n)) continue;
        const hx_str *gram = said->words + i;
        size_t mine = count_gram(said, gram, n), right = count_gram(reference, gram, n);
        hits += (double)(mine < right ? mine : right);
        size_t was = right > 0 ? 0 : count_gram(source, gram, n);
        hits -= (double)(mine < was ? mine : was);
    }
    return hits > 0 ? hits : 0;
}

bool hx_gleu_add(hx_arena *arena, hx_str source, hx_str said, hx_str reference,
                 hx_gleu_sums *sums) {
    sentence s, h, r;
    if (!cut_words(arena, source, &s) || !cut_words(arena, said, &h) ||
        !cut_words(arena, reference, &r))
        return false;
    sums->said += (double)h.n;
    sums->wanted += (double)r.n;
    for (size_t n = 1; n <= HX_GLEU_ORDER; n++) {
        sums->hits[n - 1] += count_hits(&s, &h, &r, n);
        sums->most[n - 1] += h.n >= n ? (double)(h.n - n + 1) : 0;
    }
    return true;
}

double hx_gleu(const hx_gleu_sums *sums, bool smooth) {
    double sum = 0;
    if (sums->said <= 0) return 0;
    for (size_t n = 0; n < HX_GLEU_ORDER; n++) {
        double hits = sums->hits[n], most = sums->most[n];
        if (smooth && hits < 1) hits = 1;
        if (smooth && most < 1) most = 1;
        if (hits <= 0 || most <= 0) return 0;
        sum += log(hits / most) / HX_GLEU_ORDER;
    }
    double brevity = 1 - sums->wanted / sums->said;
    return exp((brevity < 0 ? brevity : 0) + sum);
}
