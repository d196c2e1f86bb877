/* keyphrase_learned.c - the ranker of the engine `learn`: a logistic regression over what is true of a candidate.
 *
 *     phrase.words   i8 (2^k)            a weight by the upper k bits of a feature's hash
 *     phrase.scale   double (2)          bias, scale
 *
 *     p = 1 / (1 + exp(-(bias + scale x sum of the weights of its features)))
 *
 * Features are hashes of a kind, the script of the first word, and values: the words, their endings, the words before and behind, how long, how
 * often, how early, how spread, how rare (idf), how written, its rank by YAKE, what else stands next to it. Numbers are in bins, and crossed with the
 * number of words. Trained by tools/train/learn/fit_phrase.c on phrases that authors chose (CARD.md). */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "text/keyphrase.h"
#include "text/learned.h"

typedef struct {
    uint64_t *out;
    size_t n;
    uint64_t script;
} feature_list;

static void add(feature_list *f, uint64_t kind, uint64_t a, uint64_t b) {
    if (f->n == HX_KEYPHRASE_FEATURES) return;
    uint64_t h = hx_hash_mix(hx_hash_mix(kind * 2 + f->script + 1, a), b);
    f->out[f->n++] = hx_hash_mix(h, 0x9E3779B97F4A7C15u); /* the upper bits are used */
}

static uint64_t bin(double v) {
    return (uint64_t)(2 * log2(1 + (v > 0 ? v : 0)));
}

static void add_words(feature_list *f, const hx_unit *u, uint64_t n) {
    const hx_unit *last = u + n - 1;
    uint64_t tails = 0;
    add(f, 1, u->word, n > 1);
    add(f, 2, last->word, n > 1);
    add(f, 3, u->tail, n > 1);
    add(f, 4, last->tail, n > 1);
    for (uint64_t w = 0; w < n; w++) {
        add(f, 5, u[w].stem, 0);
        tails = hx_hash_mix(tails, u[w].tail);
        if (w > 0) add(f, 6, u[w - 1].tail, u[w].tail);
        if (w > 0 && w + 1 < n) add(f, 7, u[w].tail, 0);
    }
    if (n > 1) add(f, 8, last[-1].stem, last->stem);
    if (n > 1) add(f, 9, tails, n);
    if (n == 1) add(f, 10, u->word, 0);
}

static void add_neighbours(feature_list *f, const hx_keyphrases *p, const hx_keyphrase *k) {
    static const hx_unit edge = {.word = 1, .tail = 1, .kind = HX_UNIT_MARK};
    const hx_unit *u = &p->units[k->first], *last = u + k->n - 1;
    const hx_unit *before = k->first > 0 ? u - 1 : &edge;
    const hx_unit *behind = k->first + k->n < p->n_units ? last + 1 : &edge;
    const hx_unit *before2 = k->first > 1 ? u - 2 : &edge;
    const hx_unit *behind2 = k->first + k->n + 1 < p->n_units ? last + 2 : &edge;
    add(f, 20, before->word, k->n > 1);
    add(f, 21, behind->word, k->n > 1);
    add(f, 22, before->word, u->tail);
    add(f, 23, last->tail, behind->word);
    add(f, 24, (uint64_t)before->kind * 4 + behind->kind, k->n);
    add(f, 25, before->tail, u->tail);
    add(f, 26, last->tail, behind->tail);
    add(f, 27, before->word, behind->word);
    add(f, 28, before2->word, before->word);
    add(f, 29, behind->word, behind2->word);
    add(f, 30, before->tail, 0);
    add(f, 31, behind->tail, 0);
}

static void add_counts(feature_list *f, const hx_keyphrases *p, const hx_keyphrase *k) {
    const hx_unit *u = &p->units[k->first];
    uint64_t n = k->n, count = k->count < 6 ? k->count : 6, least = UINT32_MAX, most = 0;
    double idf = 0, rarest = 0;
    for (uint64_t w = 0; w < n; w++) {
        const hx_term *t = &p->terms[u[w].term];
        if (t->count < least) least = t->count;
        if (t->count > most) most = t->count;
        idf += t->idf / (double)n;
        rarest = fmax(rarest, t->idf);
    }
    add(f, 40, count, n);
    add(f, 41, least < 8 ? least : 8, n);
    add(f, 42, most < 12 ? most : 12, n);
    add(f, 43, count * 16 + (least < 8 ? least : 8), 0);
    add(f, 44, (uint64_t)idf, n);
    add(f, 45, (uint64_t)rarest, n);
    add(f, 46, count, bin((double)p->n_units));
}

static void add_places(feature_list *f, const hx_keyphrases *p, const hx_keyphrase *k) {
    const hx_unit *u = &p->units[k->first], *last = u + k->n - 1;
    double spread = k->count > 1 ? 1 + 4.0 * (k->last - k->first) / (double)p->n_units : 0;
    bool digit = false;
    for (uint64_t w = 0; w < k->n; w++)
        digit = digit || u[w].kind == HX_UNIT_NUMBER;
    add(f, 50, k->n, 0);
    add(f, 51, bin(k->first), 0);
    add(f, 52, (uint64_t)(10.0 * k->first / (double)p->n_units), k->n);
    add(f, 53, u->sentence < 4 ? u->sentence : 4, k->n);
    add(f, 54, (uint64_t)spread, k->n);
    add(f, 55, (uint64_t)u->upper * 4 + u->capitals * 2 + last->capitals, k->n);
    add(f, 56, digit, k->n);
    add(f, 57, bin(last->end - u->start), k->n);
    add(f, 58, bin(k->rank), k->n);
    add(f, 59, bin((double)p->n), k->n);
    add(f, 60, bin(10.0 * k->rank / (double)p->n), 0);
}

size_t hx__keyphrase_features(const hx_keyphrases *p, const hx_keyphrase *k,
                              uint64_t out[HX_KEYPHRASE_FEATURES]) {
    feature_list f = {.out = out, .script = p->units[k->first].han};
    add_words(&f, &p->units[k->first], k->n);
    add_neighbours(&f, p, k);
    add_counts(&f, p, k);
    add_places(&f, p, k);
    return f.n;
}

void hx__keyphrases_learned(const struct hx_learned_phrases *m, hx_keyphrases *p) {
    uint64_t features[HX_KEYPHRASE_FEATURES];
    for (size_t i = 0; i < p->n; i++) {
        size_t n = hx__keyphrase_features(p, &p->list[i], features);
        int64_t sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += m->weight[features[k] >> m->shift];
        p->list[i].score = 1 / (1 + exp(-(m->bias + m->scale * (double)sum)));
    }
}

hx_status hx__learned_take_phrases(hx_learned *l, const char *path, hx_error *err) {
    hx_learned_phrases *m = &l->phrases;
    hx_str words, scale;
    hx_error unsaid = {0};
    if (hx__datafile_section(&l->file, "phrase.words", 1, &words, &unsaid) != HX_OK) return HX_OK;
    HX_TRY(hx__datafile_section(&l->file, "phrase.scale", 2 * sizeof(double), &scale, err));
    if (words.len < 2 || (words.len & (words.len - 1)) != 0 || scale.len != 2 * sizeof(double))
        return hx__learned_damaged(path, err);
    memcpy(&m->bias, scale.ptr, sizeof m->bias);
    memcpy(&m->scale, scale.ptr + sizeof m->bias, sizeof m->scale);
    if (!(fabs(m->bias) < 1e3) || !(fabs(m->scale) < 1e3)) return hx__learned_damaged(path, err);
    m->weight = (const int8_t *)words.ptr;
    m->shift = 64;
    for (size_t n = words.len; n > 1; n /= 2)
        m->shift--;
    return HX_OK;
}
