/* beside.c - reads what joins the language model and the engine learn, and joins them; see beside.h.
 *
 * Invariant: every weight of a sentiment is a multiple of 1 / 4096, so evidence and bias sum to the logit exactly, in any order.
 *
 * Probabilities of emotions are kept away from 0: what is quite sure of itself can still be outvoted. */
#include "text/beside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/number.h"
#include "text/annotator.h"
#include "text/model.h"

#define FILE_CAP ((size_t)1 << 16)
#define NUMBER_MAX 100.0
#define P_MIN 1e-6

static const double unit = 4096;
static const char *const task_names[HX_BESIDE_N] = {
    "sentiment", "emotion",   "words_ud", "words_pku", "words_sxu", "upos",
    "arcs",      "relations", "breaks",   "banking77", "clinc150",  "smp2019",
    "cais",      "snips",     "topic",    "tnews",     "iflytek"};

/* ------------------------------------------------------------------ the file */
static hx_str take_field(hx_str *line) {
    const char *tab = memchr(line->ptr, '\t', line->len);
    hx_str field = {line->ptr, tab ? (size_t)(tab - line->ptr) : line->len};
    size_t used = field.len + (tab != NULL);
    *line = (hx_str){line->ptr + used, line->len - used};
    return field;
}

static bool take_number(hx_str *line, double *out) {
    *out = hx_double_of(take_field(line));
    return isfinite(*out) && fabs(*out) <= NUMBER_MAX;
}

static bool take_line(hx_beside *b, hx_str line) {
    size_t task = 0;
    hx_str name = take_field(&line), lang = take_field(&line);
    while (task < HX_BESIDE_N && !hx_str_equal(name, hx_str_of(task_names[task])))
        task++;
    bool english = hx_str_equal(lang, HX_STR_LIT("en"));
    if (task == HX_BESIDE_N || (!english && !hx_str_equal(lang, HX_STR_LIT("zh")))) return false;
    hx_beside_mix *mix = &b->mix[task][english];
    mix->is_set = take_number(&line, &mix->bias) && take_number(&line, &mix->llama) &&
                  take_number(&line, &mix->learn);
    mix->rules = 0;
    if (mix->is_set && task == HX_BESIDE_SENTIMENT && line.len > 0)
        mix->is_set = take_number(&line, &mix->rules);
    mix->is_set = mix->is_set && line.len == 0;
    return mix->is_set;
}

static hx_status read_lines(hx_beside *b, hx_str text, const char *path, hx_error *err) {
    for (size_t at = 0, row = 1; at < text.len; row++) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t n = end ? (size_t)(end - text.ptr) - at : text.len - at;
        hx_str line = {text.ptr + at, n};
        at += n + 1;
        if (n > 0 && line.ptr[0] != '#' && !take_line(b, line))
            return hx_fail(err, HX_EFORMAT, "%s: line %zu is no task, language and three numbers",
                           path, row);
    }
    return HX_OK;
}

static hx_status read_file(hx_beside *b, const char *path, hx_error *err) {
    hx_buf buf;
    hx_buf_init(&buf, FILE_CAP);
    hx_status st = hx_file_read(path, &buf, err);
    if (st == HX_OK) st = read_lines(b, hx_buf_str(&buf), path, err);
    b->hash = hx_hash(hx_buf_str(&buf));
    hx_buf_release(&buf);
    return st;
}

hx_status hx__beside_open(hx_beside **out, const char *share_dir, hx_error *err) {
    char path[4096], learned[4096], syntax[4096];
    *out = NULL;
    int n = snprintf(path, sizeof path, "%s/models/huaxiang-small/beside.tsv", share_dir);
    int k = snprintf(learned, sizeof learned, "%s/models/huaxiang-learn/learn.hxd", share_dir);
    int j = snprintf(syntax, sizeof syntax, "%s/models/huaxiang-learn/syntax.hxd", share_dir);
    if (n < 0 || (size_t)n >= sizeof path || k < 0 || (size_t)k >= sizeof learned || j < 0 ||
        (size_t)j >= sizeof syntax)
        return hx_fail(err, HX_EINVAL, "the path of the data folder is too long");
    if (!hx_file_exists(path) || !hx_file_exists(learned)) return HX_OK;
    hx_beside *b = calloc(1, sizeof *b);
    if (!b) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    hx_status st = read_file(b, path, err);
    if (st == HX_OK) st = hx__learned_open_file(&b->learned, learned, err);
    if (st == HX_OK && hx_file_exists(syntax)) st = hx__syntax_open_file(&b->syntax, syntax, err);
    if (st != HX_OK) {
        hx__beside_close(b);
        return st;
    }
    b->hash = hx_hash_mix(b->hash, b->learned->file.checksum);
    if (b->syntax) b->hash = hx_hash_mix(b->hash, b->syntax->file.checksum);
    *out = b;
    return HX_OK;
}

hx_status hx__beside_set(const char *share_dir, const char *task, hx_beside_mix *out,
                         hx_error *err) {
    hx_beside b = {.hash = 0};
    char path[4096];
    size_t which = HX_BESIDE_SETS;
    *out = (hx_beside_mix){.is_set = false};
    while (which < HX_BESIDE_N && strcmp(task_names[which], task) != 0)
        which++;
    int n = snprintf(path, sizeof path, "%s/models/huaxiang-small/beside.tsv", share_dir);
    if (which == HX_BESIDE_N || n < 0 || (size_t)n >= sizeof path || !hx_file_exists(path))
        return HX_OK;
    HX_TRY(read_file(&b, path, err));
    *out = b.mix[which][0].is_set ? b.mix[which][0] : b.mix[which][1];
    return HX_OK;
}

void hx__beside_close(hx_beside *b) {
    if (!b) return;
    hx__learned_close(b->learned);
    hx__syntax_close(b->syntax);
    free(b);
}

const hx_beside_mix *hx__beside_mix(const hx_beside *b, hx_beside_task task, hx_lang lang) {
    const hx_beside_mix *mix =
        b ? &b->mix[task][lang == HX_LANG_EN || lang == HX_LANG_OTHER] : NULL;
    return mix && mix->is_set ? mix : NULL;
}

/* ------------------------------------------------------------------ sentiment */
static double rounded(double x) {
    return nearbyint(x * unit) / unit;
}

static void add_evidence(hx_sentiment *out, hx_evidence *list, const hx_sentiment *from,
                         double factor) {
    for (size_t i = 0; i < from->n_evidence; i++) {
        const double weight = rounded(factor * from->evidence[i].weight);
        if (weight == 0) continue;
        list[out->n_evidence++] = (hx_evidence){from->evidence[i].span, weight};
        out->logit += weight;
    }
}

static int by_place(const void *x, const void *y) {
    const hx_evidence *a = x, *b = y;
    if (a->span.start != b->span.start) return a->span.start < b->span.start ? -1 : 1;
    if (a->span.end != b->span.end) return a->span.end < b->span.end ? -1 : 1;
    return (a->weight > b->weight) - (a->weight < b->weight);
}

/* What the grams and the rules both say of a span is one piece of evidence. `list` is in order. */
static size_t join_equal(hx_evidence *list, size_t n) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const bool same = kept > 0 && list[kept - 1].span.start == list[i].span.start &&
                          list[kept - 1].span.end == list[i].span.end;
        if (same)
            list[kept - 1].weight += list[i].weight;
        else
            list[kept++] = list[i];
    }
    return kept;
}

hx_status hx__beside_mood(hx_annotator *a, const hx_analysis *text, const hx_sentiment *rules,
                          hx_arena *arena, hx_sentiment *out, hx_error *err) {
    const hx_beside_mix *mix = hx__beside_mix(a->model->beside, HX_BESIDE_SENTIMENT, text->lang);
    hx_sentiment grams;
    if (!mix) return HX_OK;
    HX_TRY(hx__learned_sentiment(a, &text->clean, text->lang, a->scratch, &grams, err));
    const size_t most = grams.n_evidence + rules->n_evidence;
    hx_evidence *list = hx_arena_alloc(arena, (most + 1) * sizeof *list);
    if (!list)
        return hx_fail(err, HX_ENOMEM,
                       "out of memory while looking for sentiment in a text of %zu words",
                       text->n_words);
    out->bias = rounded(mix->bias + mix->llama * out->bias + mix->learn * grams.bias +
                        mix->rules * rules->bias);
    out->logit = out->bias;
    out->evidence = list;
    out->n_evidence = 0;
    add_evidence(out, list, &grams, mix->learn);
    add_evidence(out, list, rules, mix->rules);
    if (out->n_evidence > 1) qsort(list, out->n_evidence, sizeof *list, by_place);
    out->n_evidence = join_equal(list, out->n_evidence);
    return HX_OK;
}

/* ------------------------------------------------------------------ emotions */
hx_status hx__beside_feeling(hx_annotator *a, const hx_analysis *text, hx_arena *arena,
                             hx_emotion *out, hx_error *err) {
    const hx_beside *b = a->model->beside;
    const hx_beside_mix *mix = hx__beside_mix(b, HX_BESIDE_EMOTION, text->lang);
    hx_emotion grams;
    double sum = 0;
    if (!mix || !b->learned->emotions.table.check) return HX_OK;
    HX_TRY(hx__learned_emotion(a, &text->clean, text->lang, arena, &grams, err));
    for (size_t i = 0; i < HX_EMOTION_N; i++)
        sum += out->scores[i] = pow(fmax(out->scores[i], P_MIN), mix->llama) *
                                pow(fmax(grams.scores[i], P_MIN), mix->learn);
    for (size_t i = 0; i < HX_EMOTION_N; i++) {
        out->scores[i] /= sum;
        if (out->scores[i] > out->scores[out->label]) out->label = (hx_emotion_label)i;
    }
    out->score = out->scores[out->label];
    if (out->label != grams.label) return HX_OK;
    out->evidence = grams.evidence;
    out->n_evidence = grams.n_evidence;
    return HX_OK;
}
