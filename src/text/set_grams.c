/* set_grams.c - features of a text, a set's scores over them, and how they are joined with a head's probabilities; see set_grams.h.
 *
 *     text -> lower case -> pieces, runs of pieces, runs of a word's letters -> weights of the known ones -> scores of labels -> joined
 *
 * A set whose labels are not all known is treated as unknown: the head then speaks alone. Reading changes nothing, so threads share it. */
#include "text/set_grams.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "text/beside.h"
#include "text/grams.h"

#define WORD_MAX 48u /* bytes of a word that are looked into */
#define RUN_MIN 3u
#define RUN_MAX 5u
#define TEXT_CAP ((size_t)1 << 16) /* bytes of a text that are read */
#define Q_MIN 1e-6
#define SCALE_MAX 1e3f

struct hx_set_grams {
    hx_datafile file;
    hx_learned_table table;
    const uint8_t *idf; /* a slot */
    const int8_t *weight; /* (slots, n) */
    float *bias, *scale; /* (n), owned, in the order of the head's labels */
    uint32_t *place; /* (n): where the head's label stands in the file */
    size_t n, other; /* labels; the one named oos, n = none */
    hx_beside_mix mix;
};

/* ------------------------------------------------------------------ features */
typedef struct {
    uint64_t *out;
    size_t n;
    hx_gram_set seen;
} features;

static void add(features *f, uint64_t hash) {
    if (hash && hx__gram_set_add(&f->seen, hash)) f->out[f->n++] = hash;
}

static void add_runs(features *f, hx_str word) {
    char framed[WORD_MAX + 2];
    size_t n = word.len < WORD_MAX ? word.len : WORD_MAX;
    framed[0] = '^';
    memcpy(framed + 1, word.ptr, n);
    framed[n + 1] = '$';
    for (size_t len = RUN_MIN; len <= RUN_MAX; len++)
        for (size_t at = 0; at + len <= n + 2; at++)
            add(f, hx_hash_seed((hx_str){framed + at, len}, len));
}

static hx_str lowered(hx_str text, hx_arena *arena) {
    if (text.len > TEXT_CAP) text.len = TEXT_CAP;
    char *out = hx_arena_alloc(arena, text.len + 1);
    for (size_t i = 0; out && i < text.len; i++)
        out[i] = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] | 32 : text.ptr[i]);
    return (hx_str){out, out ? text.len : 0};
}

uint64_t *hx__set_features(hx_str text, hx_arena *arena, size_t *n) {
    hx_gram grams[HX_GRAM_MAX];
    features f = {.n = 0};
    size_t n_pieces = 0;
    hx_str low = lowered(text, arena);
    hx_gram_piece *pieces = low.ptr ? hx__gram_pieces(low, arena, &n_pieces) : NULL;
    size_t most = n_pieces * HX_GRAM_MAX + (RUN_MAX - RUN_MIN + 1) * (low.len + 2 * n_pieces);
    f.out = pieces ? hx_arena_alloc(arena, (most + 1) * sizeof *f.out) : NULL;
    *n = 0;
    if (!f.out || !hx__gram_set_new(&f.seen, most, arena)) return NULL;
    for (size_t i = 0; i < n_pieces; i++) {
        size_t some = hx__grams_at(pieces, n_pieces, i, grams);
        for (size_t k = 0; k < some; k++)
            add(&f, grams[k].hash);
        if (!pieces[i].han && !pieces[i].mark)
            add_runs(&f, (hx_str){low.ptr + pieces[i].start, pieces[i].end - pieces[i].start});
    }
    *n = f.n;
    return f.out;
}

/* ------------------------------------------------------------------ the file */
static hx_status damaged(const char *path, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s holds no sound model; install the program again", path);
}

static hx_status section(const hx_set_grams *g, const char *task, char what, size_t each,
                         hx_str *out, hx_error *err) {
    char name[HX_DATAFILE_NAME_MAX + 1];
    int n = snprintf(name, sizeof name, "%s.%c", task, what);
    if (n < 0 || (size_t)n >= sizeof name)
        return hx_fail(err, HX_ENOTFOUND, "no grams of %s", task);
    return hx__datafile_section(&g->file, name, each, out, err);
}

/* Which of the file's labels this is; SIZE_MAX = none. */
static size_t find_label(hx_str list, const char *label, size_t *n) {
    size_t found = SIZE_MAX, at = 0;
    for (*n = 0; at < list.len; ++*n) {
        const char *end = memchr(list.ptr + at, '\n', list.len - at);
        if (!end) break;
        hx_str one = {list.ptr + at, (size_t)(end - list.ptr) - at};
        if (hx_str_equal(one, hx_str_of(label))) found = *n;
        at += one.len + 1;
    }
    return found;
}

static bool place_labels(hx_set_grams *g, hx_str list, const char *const *labels) {
    size_t n = 0;
    g->other = g->n;
    for (size_t i = 0; i < g->n; i++) {
        size_t at = find_label(list, labels[i], &n);
        if (at == SIZE_MAX || n != g->n) return false;
        g->place[i] = (uint32_t)at;
        if (strcmp(labels[i], "oos") == 0) g->other = i;
    }
    return true;
}

static bool take_scales(hx_set_grams *g, hx_str scales) {
    if (scales.len != 2 * g->n * sizeof(float)) return false;
    for (size_t i = 0; i < g->n; i++) {
        memcpy(&g->bias[i], scales.ptr + g->place[i] * sizeof(float), sizeof(float));
        memcpy(&g->scale[i], scales.ptr + (g->n + g->place[i]) * sizeof(float), sizeof(float));
        if (!(fabsf(g->bias[i]) < SCALE_MAX) || !(fabsf(g->scale[i]) < SCALE_MAX)) return false;
    }
    return true;
}

/* *known: false where the file says nothing of the set, or not of all its labels. */
static hx_status take_set(hx_set_grams *g, const char *path, const char *task,
                          const char *const *labels, bool *known, hx_error *err) {
    hx_str check, idf, weight, scales, list;
    hx_error unsaid = {0};
    *known = false;
    if (section(g, task, 'l', 1, &list, &unsaid) != HX_OK || !place_labels(g, list, labels))
        return HX_OK;
    HX_TRY(section(g, task, 'c', HX_LEARNED_WAYS, &check, err));
    HX_TRY(section(g, task, 'i', HX_LEARNED_WAYS, &idf, err));
    HX_TRY(section(g, task, 'w', g->n, &weight, err));
    HX_TRY(section(g, task, 's', sizeof(float), &scales, err));
    if (!hx__learned_table_of(&g->table, check) || idf.len != check.len ||
        weight.len != check.len * g->n || !take_scales(g, scales))
        return damaged(path, err);
    g->idf = (const uint8_t *)idf.ptr;
    g->weight = (const int8_t *)weight.ptr;
    *known = true;
    return HX_OK;
}

static hx_status open_set(hx_set_grams *g, const char *path, const char *task,
                          const char *const *labels, bool *known, hx_error *err) {
    g->bias = calloc(2 * g->n + 1, sizeof *g->bias);
    g->place = calloc(g->n + 1, sizeof *g->place);
    if (!g->bias || !g->place)
        return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    g->scale = g->bias + g->n;
    HX_TRY(hx__datafile_open(&g->file, path, HX_SET_GRAMS_KIND, err));
    return take_set(g, path, task, labels, known, err);
}

hx_status hx_set_grams_open(hx_set_grams **out, const char *share_dir, const char *task,
                            const char *const *labels, size_t n, hx_error *err) {
    char path[4096];
    bool known = false;
    hx_beside_mix mix;
    *out = NULL;
    HX_TRY(hx__beside_set(share_dir, task, &mix, err));
    int len = snprintf(path, sizeof path, "%s/models/huaxiang-learn/sets.hxd", share_dir);
    if (!mix.is_set || n == 0 || len < 0 || (size_t)len >= sizeof path || !hx_file_exists(path))
        return HX_OK;
    hx_set_grams *g = calloc(1, sizeof *g);
    if (!g) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    g->mix = mix;
    g->n = n;
    hx_status st = open_set(g, path, task, labels, &known, err);
    if (st == HX_OK && known)
        *out = g;
    else
        hx_set_grams_close(g);
    return st;
}

void hx_set_grams_close(hx_set_grams *g) {
    if (!g) return;
    hx__datafile_close(&g->file);
    free(g->bias);
    free(g->place);
    free(g);
}

/* ------------------------------------------------------------------ scores */
static void score_text(const hx_set_grams *g, const uint64_t *hashes, size_t n, double *scores) {
    double squares = 0;
    for (size_t i = 0; i < g->n; i++)
        scores[i] = 0;
    for (size_t f = 0; f < n; f++) {
        size_t slot = hx__learned_slot(&g->table, hashes[f]);
        if (slot == SIZE_MAX) continue;
        const int8_t *w = g->weight + slot * g->n;
        double idf = g->idf[slot] / HX_SET_GRAMS_IDF;
        squares += idf * idf;
        for (size_t i = 0; i < g->n; i++)
            scores[i] += idf * w[g->place[i]];
    }
    double norm = squares > 0 ? 1 / sqrt(squares) : 0;
    for (size_t i = 0; i < g->n; i++)
        scores[i] = (double)g->bias[i] + norm * (double)g->scale[i] * scores[i];
}

/* scores become logits, then exponents. */
static void join_text(const hx_set_grams *g, double *z, float *p) {
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < g->n; i++) {
        z[i] = g->mix.learn * z[i] + g->mix.llama * log(fmax((double)p[i], Q_MIN)) +
               (i == g->other ? g->mix.bias : 0);
        most = fmax(most, z[i]);
    }
    for (size_t i = 0; i < g->n; i++)
        sum += z[i] = exp(z[i] - most);
    for (size_t i = 0; i < g->n; i++)
        p[i] = (float)(z[i] / sum);
}

hx_status hx_set_grams_join(const hx_set_grams *g, const hx_str *texts, size_t n, float *p,
                            hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    hx_status st = HX_OK;
    for (size_t i = 0; arena && i < n && st == HX_OK; i++) {
        size_t some;
        uint64_t *hashes = hx__set_features(texts[i], arena, &some);
        double *scores = hashes ? hx_arena_alloc(arena, g->n * sizeof *scores) : NULL;
        if (!scores) st = HX_ENOMEM;
        if (scores) score_text(g, hashes, some, scores);
        if (scores) join_text(g, scores, p + i * g->n);
        hx_arena_reset(arena);
    }
    hx_arena_free(arena);
    return arena && st == HX_OK ? HX_OK
                                : hx_fail(err, HX_ENOMEM, "out of memory while reading texts");
}
