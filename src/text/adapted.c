/* adapted.c - the file of an adaptation, and what it adds to an engine's sentiment; see adapted.h for the formula.
 *
 * Evidence: the engine's, each times `scale`, then the adaptation's own. A gram's weight is divided in equal parts among its pieces; neighbouring
 * pieces that speak for the same side, without a mark between them, are one span. All weights are rounded to 1/4096 before they are added, so
 * the evidence adds up to logit - bias exactly, in any order.
 *
 * The label is the sign of the logit, neutral where neither side has 52.5 %. What the engine called mixed stays so within a wider
 * band (sentiment.h), what it called neutral while little is added, or while what is added speaks for the other side than the sum. A text of which neither the engine nor the adaptation knows anything stays as it was. */
#include "text/adapted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "text/annotator.h"
#include "text/grams.h"
#include "text/learned.h"
#include "text/sentiment.h"
#include "text/small.h"
#include "text/wordseg_data.h"

static const double unit = 4096;

uint64_t hx__adapted_base(const hx_text_model *m) {
    if (m->small) return m->small->hash;
    return m->learned ? m->learned->file.checksum
                      : hx_hash_mix(m->wordseg->file.checksum, hx__lexicon_hash(m->lexicon));
}

static double rounded(double x) {
    return nearbyint(x * unit) / unit;
}

/* ------------------------------------------------------------------ in memory */
static bool put_weight(hx_adapted *a, uint64_t hash, double weight) {
    uint64_t *at = hx_map_put(&a->weights, hash);
    if (at) memcpy(at, &weight, sizeof weight);
    return at != NULL;
}

hx_adapted *hx__adapted_new(const hx_adapted_head *head, const uint64_t *hashes,
                            const double *weights, size_t n) {
    hx_adapted *a = calloc(1, sizeof *a);
    bool whole = a != NULL;
    if (!a) return NULL;
    hx_map_init(&a->weights);
    a->head = *head;
    a->hash = hx_hash((hx_str){(const char *)head, sizeof *head});
    for (size_t i = 0; i < n && whole; i++) {
        uint64_t bits;
        memcpy(&bits, &weights[i], sizeof bits);
        a->hash = hx_hash_mix(a->hash, hx_hash_mix(hashes[i], bits));
        whole = put_weight(a, hashes[i], weights[i]);
    }
    if (whole) return a;
    hx__adapted_free(a);
    return NULL;
}

void hx__adapted_free(hx_adapted *a) {
    if (!a) return;
    hx_map_release(&a->weights);
    free(a);
}

/* ------------------------------------------------------------------ the file */
static hx_status damaged(const char *path, hx_error *err) {
    return hx_fail(err, HX_EFORMAT,
                   "%s is no sound adaptation; make it anew with 'huaxiang train classify'", path);
}

static bool is_sound(const hx_adapted_head *h) {
    return fabs(h->bias) < HX_ADAPTED_WEIGHT_MAX && h->scale > 0 &&
           h->scale < HX_ADAPTED_WEIGHT_MAX && h->engine > HX_ENGINE_AUTO &&
           h->engine <= HX_ENGINE_LLAMA;
}

static hx_status take(hx_adapted **out, const hx_datafile *file, const hx_text_model *m,
                      const char *path, hx_error *err) {
    hx_str head, hashes, weights;
    hx_adapted_head h;
    HX_TRY(hx__datafile_section(file, "adapt.head", sizeof h, &head, err));
    HX_TRY(hx__datafile_section(file, "adapt.hash", sizeof(uint64_t), &hashes, err));
    HX_TRY(hx__datafile_section(file, "adapt.weight", sizeof(double), &weights, err));
    size_t n = hashes.len / sizeof(uint64_t);
    if (head.len != sizeof h || weights.len != n * sizeof(double) || n > HX_ADAPTED_GRAMS_MAX)
        return damaged(path, err);
    memcpy(&h, head.ptr, sizeof h);
    const double *w = (const double *)(const void *)weights.ptr;
    bool sound = is_sound(&h);
    for (size_t i = 0; i < n && sound; i++)
        sound = fabs(w[i]) < HX_ADAPTED_WEIGHT_MAX;
    if (!sound) return damaged(path, err);
    if (h.engine != (uint64_t)hx_text_model_engine(m))
        return hx_fail(err, HX_EINVAL,
                       "%s was made for the engine %s; this is the engine %s, which it cannot move",
                       path, hx_engine_name((hx_engine)h.engine),
                       hx_engine_name(hx_text_model_engine(m)));
    if (h.base != hx__adapted_base(m))
        return hx_fail(err, HX_EINVAL,
                       "%s was made on other data of the engine %s than are installed; make it "
                       "anew with 'huaxiang train classify'",
                       path, hx_engine_name((hx_engine)h.engine));
    *out = hx__adapted_new(&h, (const uint64_t *)(const void *)hashes.ptr, w, n);
    return *out ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
}

hx_status hx__adapted_open(hx_adapted **out, const hx_text_model *m, const char *path,
                           hx_error *err) {
    hx_datafile file = {.n_sections = 0};
    HX_TRY(hx__datafile_open(&file, path, HX_ADAPTED_KIND, err));
    hx_status status = take(out, &file, m, path, err);
    hx__datafile_close(&file);
    return status;
}

hx_status hx_text_adapt_engine(const char *path, hx_engine *out, hx_error *err) {
    hx_datafile file = {.n_sections = 0};
    hx_adapted_head h = {.engine = 0};
    hx_str head;
    HX_TRY(hx__datafile_open(&file, path, HX_ADAPTED_KIND, err));
    hx_status status = hx__datafile_section(&file, "adapt.head", sizeof h, &head, err);
    if (status == HX_OK && head.len == sizeof h) memcpy(&h, head.ptr, sizeof h);
    hx__datafile_close(&file);
    if (status == HX_OK && !is_sound(&h)) status = damaged(path, err);
    if (status == HX_OK) *out = (hx_engine)h.engine;
    return status;
}

static int by_hash(const void *x, const void *y) {
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

hx_status hx__adapted_write(const hx_adapted *a, const char *path, hx_error *err) {
    size_t n = 0, at = 0;
    uint64_t value, *hashes = calloc(a->weights.n + 1, sizeof *hashes);
    double *weights = calloc(a->weights.n + 1, sizeof *weights);
    hx_status status = HX_OK;
    if (hashes && weights) {
        while (hx_map_next(&a->weights, &at, &hashes[n], &value))
            n++;
        qsort(hashes, n, sizeof *hashes, by_hash);
        for (size_t i = 0; i < n; i++)
            memcpy(&weights[i], hx_map_get(&a->weights, hashes[i]), sizeof *weights);
        const hx_datafile_part parts[] = {
            {"adapt.head", {(const char *)&a->head, sizeof a->head}},
            {"adapt.hash", {(const char *)hashes, n * sizeof *hashes}},
            {"adapt.weight", {(const char *)weights, n * sizeof *weights}}};
        status = hx__datafile_write(path, HX_ADAPTED_KIND, parts, 3, err);
    } else {
        status = hx_fail(err, HX_ENOMEM, "out of memory while writing %s", path);
    }
    free(hashes);
    free(weights);
    return status;
}

/* ------------------------------------------------------------------ a text */
/* Each piece's part of the weights; NULL when out of memory. */
static double *share_out(const hx_adapted *a, const hx_gram_piece *pieces, size_t n,
                         hx_arena *scratch) {
    hx_gram grams[HX_GRAM_MAX];
    hx_gram_set seen;
    double *parts = hx_arena_alloc(scratch, (n + 1) * sizeof *parts);
    if (!parts || !hx__gram_set_new(&seen, n * HX_GRAM_MAX, scratch)) return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t some = hx__grams_at(pieces, n, i, grams);
        for (size_t g = 0; g < some; g++) {
            double weight;
            const uint64_t *at = hx_map_get(&a->weights, grams[g].hash);
            if (!at || !hx__gram_set_add(&seen, grams[g].hash)) continue;
            memcpy(&weight, at, sizeof weight);
            for (size_t k = 0; k < grams[g].n; k++)
                parts[i + k] += weight / grams[g].n;
        }
    }
    return parts;
}

static void add_parts(hx_sentiment *s, hx_evidence *list, const hx_clean *clean,
                      const hx_gram_piece *pieces, const double *parts, size_t n) {
    double scale = 1 / sqrt(n > 0 ? (double)n : 1);
    for (size_t i = 0, end; i < n; i = end) {
        double sum = parts[i];
        for (end = i + 1;
             end < n && !pieces[i].mark && !pieces[end].mark && parts[end] * parts[i] > 0; end++)
            sum += parts[end];
        double weight = rounded(sum * scale);
        if (weight == 0) continue;
        list[s->n_evidence++] =
            (hx_evidence){hx__clean_span(clean, pieces[i].start, pieces[end - 1].end), weight};
        s->logit += weight;
    }
}

static int by_start(const void *x, const void *y) {
    const hx_evidence *a = x, *b = y;
    return a->span.start != b->span.start
               ? (a->span.start > b->span.start) - (a->span.start < b->span.start)
               : (a->weight > b->weight) - (a->weight < b->weight);
}

/* `before` is what the engine said. */
static void set_label(hx_sentiment *s, const hx_sentiment *before) {
    double p = 1 / (1 + exp(-fabs(s->logit))), moved = s->logit - before->logit;
    if (s->label == HX_SENTIMENT_NEUTRAL &&
        (fabs(moved) < HX_SENTIMENT_NEUTRAL_MIXED || moved * s->logit < 0)) {
        s->score = before->score;
        return;
    }
    double band = s->label == HX_SENTIMENT_MIXED     ? HX_SENTIMENT_MIXED_MOST
                  : s->label == HX_SENTIMENT_NEUTRAL ? HX_SENTIMENT_NEUTRAL_MIXED
                                                     : HX_SENTIMENT_NEUTRAL_LOGIT;
    if (fabs(s->logit) < band) {
        if (s->label != HX_SENTIMENT_MIXED) s->label = HX_SENTIMENT_NEUTRAL;
        s->score = 2 - 2 * p;
    } else {
        s->label = s->logit > 0 ? HX_SENTIMENT_POSITIVE : HX_SENTIMENT_NEGATIVE;
        s->score = p;
    }
}

hx_status hx__adapted_apply(hx_annotator *a, const hx_adapted *adapted, const hx_clean *clean,
                            hx_arena *arena, hx_sentiment *s, hx_error *err) {
    size_t n = 0, before = s->n_evidence;
    hx_gram_piece *pieces = hx__gram_pieces(clean->text, a->scratch, &n);
    double *parts = pieces ? share_out(adapted, pieces, n, a->scratch) : NULL;
    hx_evidence *list = parts ? hx_arena_alloc(arena, (n + before + 1) * sizeof *list) : NULL;
    if (!list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for sentiment in a text of %zu words", n);
    hx_sentiment r = {.label = s->label, .evidence = list};
    r.bias = rounded(adapted->head.bias + adapted->head.scale * s->bias);
    r.logit = r.bias;
    for (size_t i = 0; i < before; i++) {
        double weight = rounded(adapted->head.scale * s->evidence[i].weight);
        if (weight == 0) continue;
        list[r.n_evidence++] = (hx_evidence){s->evidence[i].span, weight};
        r.logit += weight;
    }
    add_parts(&r, list, clean, pieces, parts, n);
    if (s->label == HX_SENTIMENT_NONE || (r.n_evidence == 0 && s->logit == 0)) return HX_OK;
    if (r.n_evidence > 1) qsort(list, r.n_evidence, sizeof *list, by_start);
    set_label(&r, s);
    *s = r;
    return HX_OK;
}
