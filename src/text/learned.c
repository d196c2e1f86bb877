/* learned.c - the engine `learn`: its file, and sentiment; see learned.h for the format and the formula.
 *
 * Evidence: each gram's weight is divided in equal parts among its pieces (twelfths, so that the parts are whole numbers for one to
 * four pieces); neighbouring pieces that speak for the same side, without a mark between them, are one span. A span's weight is
 * rounded to 1/4096 before it is added, as the rules' is, so the evidence adds up to logit - bias exactly, in any order.
 *
 * The label is the sign of the logit; neutral without evidence, or where the logit is between two numbers: two labels were learnt, of reviews that
 * take a side, and what takes none is read as mildly bad (small_read.c says on which texts such numbers were chosen). */
#include "text/learned.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/annotator.h"
#include "text/beside.h"
#include "text/grams.h"

#define SCALE_MAX 1e3 /* of a logit's parameters: anything above is no file of ours */

static const double unit = 4096;

/* ------------------------------------------------------------------ the file */
hx_status hx__learned_damaged(const char *path, hx_error *err) {
    return hx_fail(err, HX_EFORMAT,
                   "%s holds no sound model of the engine learn; install the program again", path);
}

bool hx__learned_table_of(hx_learned_table *t, hx_str check) {
    size_t buckets = check.len / HX_LEARNED_WAYS;
    if (buckets < 2 || (buckets & (buckets - 1)) != 0) return false;
    t->check = (const uint8_t *)check.ptr;
    for (t->shift = 64; buckets > 1; buckets /= 2)
        t->shift--;
    return true;
}

static hx_status take_grams(hx_learned *l, const char *path, hx_error *err) {
    hx_str check, weight, scale;
    HX_TRY(hx__datafile_section(&l->file, "grams.check", HX_LEARNED_WAYS, &check, err));
    HX_TRY(hx__datafile_section(&l->file, "grams.weight", HX_LEARNED_WAYS, &weight, err));
    HX_TRY(hx__datafile_section(&l->file, "grams.scale", sizeof(hx_learned_scale), &scale, err));
    if (!hx__learned_table_of(&l->sentiment.table, check) || check.len != weight.len ||
        scale.len != sizeof l->sentiment.scale)
        return hx__learned_damaged(path, err);
    memcpy(l->sentiment.scale, scale.ptr, scale.len);
    for (int i = 0; i < 2; i++)
        if (!(fabs(l->sentiment.scale[i].bias) < SCALE_MAX) ||
            !(fabs(l->sentiment.scale[i].base) < SCALE_MAX) ||
            !(fabs(l->sentiment.scale[i].scale) < SCALE_MAX))
            return hx__learned_damaged(path, err);
    l->sentiment.weight = (const int8_t *)weight.ptr;
    return HX_OK;
}

hx_status hx__learned_open_file(hx_learned **out, const char *path, hx_error *err) {
    hx_learned *l = calloc(1, sizeof *l);
    if (!l) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    hx_status status = hx__datafile_open(&l->file, path, HX_LEARNED_KIND, err);
    if (status == HX_OK) status = take_grams(l, path, err);
    if (status == HX_OK) status = hx__learned_take_intents(l, path, err);
    if (status == HX_OK) status = hx__learned_take_phrases(l, path, err);
    if (status == HX_OK) status = hx__learned_take_boundaries(l, path, err);
    if (status != HX_OK) {
        hx__learned_close(l);
        return status;
    }
    *out = l;
    return HX_OK;
}

hx_status hx__learned_open(hx_learned **out, const char *share_dir, hx_error *err) {
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/models/huaxiang-learn/learn.hxd", share_dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return hx_fail(err, HX_EINVAL, "the path of the data folder is too long");
    return hx__learned_open_file(out, path, err);
}

void hx__learned_close(hx_learned *l) {
    if (!l) return;
    hx__datafile_close(&l->file);
    free(l);
}

/* ------------------------------------------------------------------ sentiment */
const hx_learned *hx__learned_of(const hx_text_model *m) {
    return m->learned || !m->beside ? m->learned : m->beside->learned;
}

static int weight_of(const hx_learned_sentiment *m, uint64_t hash) {
    size_t slot = hx__learned_slot(&m->table, hash);
    return slot == SIZE_MAX ? 0 : m->weight[slot];
}

/* Each piece's part of the weights of the grams it stands in; NULL when out of memory. */
static int32_t *share_weights(const hx_learned_sentiment *m, const hx_gram_piece *pieces, size_t n,
                              hx_arena *scratch) {
    hx_gram grams[HX_GRAM_MAX];
    hx_gram_set seen;
    int32_t *parts = hx_arena_alloc(scratch, (n + 1) * sizeof *parts);
    if (!parts || !hx__gram_set_new(&seen, n * HX_GRAM_MAX, scratch)) return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t some = hx__grams_at(pieces, n, i, grams);
        for (size_t g = 0; g < some; g++) {
            int weight = weight_of(m, grams[g].hash);
            if (weight == 0 || !hx__gram_set_add(&seen, grams[g].hash)) continue;
            int32_t part = weight * HX_LEARNED_SHARE / (int32_t)grams[g].n;
            for (size_t k = 0; k < grams[g].n; k++)
                parts[i + k] += part;
        }
    }
    return parts;
}

/* The pieces from `from` on that are one span. */
static size_t span_end(const hx_gram_piece *pieces, const int32_t *parts, size_t n, size_t from) {
    size_t end = from + 1;
    while (end < n && !pieces[from].mark && !pieces[end].mark && parts[end] != 0 &&
           (parts[end] > 0) == (parts[from] > 0))
        end++;
    return end;
}

static void add_spans(hx_sentiment *s, hx_evidence *list, const hx_clean *clean,
                      const hx_gram_piece *pieces, const int32_t *parts, size_t n, double scale) {
    for (size_t i = 0, end; i < n; i = end) {
        int64_t sum = 0;
        end = span_end(pieces, parts, n, i);
        for (size_t k = i; k < end; k++)
            sum += parts[k];
        double weight = nearbyint((double)sum * scale * unit) / unit;
        if (weight == 0) continue;
        list[s->n_evidence++] =
            (hx_evidence){hx__clean_span(clean, pieces[i].start, pieces[end - 1].end), weight};
        s->logit += weight;
    }
}

static void set_label(hx_sentiment *s, bool english) {
    const double low = english ? -0.5 : -0.75, high = 0.1;
    if (s->n_evidence == 0) {
        s->label = HX_SENTIMENT_NEUTRAL;
        s->score = 0.5;
    } else if (low <= s->logit && s->logit < high) {
        s->label = HX_SENTIMENT_NEUTRAL;
        s->score = 2 / (1 + exp(fabs(s->logit - (low + high) / 2)));
    } else {
        s->label = s->logit > 0 ? HX_SENTIMENT_POSITIVE : HX_SENTIMENT_NEGATIVE;
        s->score = 1 / (1 + exp(-fabs(s->logit)));
    }
}

hx_status hx__learned_sentiment(hx_annotator *a, const hx_clean *clean, hx_lang lang,
                                hx_arena *arena, hx_sentiment *out, hx_error *err) {
    const hx_learned_sentiment *m = &hx__learned_of(a->model)->sentiment;
    bool english = lang == HX_LANG_EN || lang == HX_LANG_OTHER;
    const hx_learned_scale *scale = &m->scale[english];
    size_t n = 0;
    hx_gram_piece *pieces = hx__gram_pieces(clean->text, a->scratch, &n);
    int32_t *parts = pieces ? share_weights(m, pieces, n, a->scratch) : NULL;
    hx_evidence *list = parts ? hx_arena_alloc(arena, (n + 1) * sizeof *list) : NULL;
    if (!list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for sentiment in a text of %zu words", n);
    hx_sentiment s = {.evidence = list};
    if (n > 0) {
        s.bias = nearbyint((scale->bias + scale->base / sqrt((double)n)) * unit) / unit;
        s.logit = s.bias;
        add_spans(&s, list, clean, pieces, parts, n,
                  scale->scale / (HX_LEARNED_SHARE * sqrt((double)n)));
    }
    if (s.n_evidence == 0) s.logit = s.bias = 0; /* what a bias alone says is nothing of the text */
    set_label(&s, english);
    *out = s;
    return HX_OK;
}

hx_status hx__learned_text(hx_annotator *a, hx_str text, hx_arena *arena, hx_sentiment *out,
                           hx_error *err) {
    static const hx_clean_rules rules = {0};
    hx_clean clean;
    HX_TRY(hx__clean(a, text, &rules, &clean, err));
    return hx__learned_sentiment(a, &clean, hx_text_lang(clean.text), arena, out, err);
}
