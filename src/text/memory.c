/* memory.c - corrections of single texts: the journal, and what it makes of an engine's sentiment; see memory.h.
 *
 *     equal    the same words in the same order, marks and digits' values aside: the label as taught, logit +-TAUGHT
 *     near     SimHashes that differ in at most NEAR bits, texts of at least NEAR_PIECES pieces of which the engine says the same: +-TAUGHT_NEAR
 *     similar  weights of grams that make the engine say what was taught, as far as a prior of STRENGTH lets them (adapt.c)
 *
 * The condition that the engine says the same of both keeps a "not" that a near text has from being overlooked. Evidence of what was taught is one span,
 * the whole text, beside the engine's own, so the sum still gives the logit. */
#include "text/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "text/adapt.h"
#include "text/annotator.h"
#include "text/grams.h"
#include "text/wordseg.h"

enum { NEAR = 6, NEAR_PIECES = 12 };

#define TAUGHT 5.0
#define TAUGHT_NEAR 3.0
#define MEMORY_STRENGTH 0.3

/* ------------------------------------------------------------------ the journal */
typedef struct {
    hx_taught *list;
    size_t n, room;
    hx_arena *arena;
} journal;

static hx_status bad_line(const char *path, size_t line, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s:%zu: no correction that 'huaxiang teach' wrote", path,
                   line);
}

static hx_sentiment_label label_of_name(const char *name) {
    for (int k = HX_SENTIMENT_NEGATIVE; name && k < HX_SENTIMENT_N; k++)
        if (strcmp(name, hx_sentiment_name((hx_sentiment_label)k)) == 0)
            return (hx_sentiment_label)k;
    return HX_SENTIMENT_NONE;
}

static bool undo(journal *j, int64_t id) {
    for (size_t i = 0; i < j->n; i++)
        if (j->list[i].id == id && !j->list[i].undone) return j->list[i].undone = true;
    return false;
}

static hx_str kept_text(journal *j, const json_t *value) {
    const char *s = json_string_value(value);
    return s ? hx_arena_str(j->arena, (hx_str){s, json_string_length(value)}) : (hx_str){NULL, 0};
}

/* False where it is no list of texts, or memory is out; nothing at all is an empty list. */
static bool kept_words(journal *j, const json_t *list, hx_word_run *out) {
    size_t n = json_array_size(list);
    *out = (hx_word_run){NULL, n};
    if (!list) return true;
    if (!json_is_array(list) || n == 0) return false;
    out->words = hx_arena_alloc(j->arena, n * sizeof *out->words);
    for (size_t i = 0; out->words && i < n; i++) {
        out->words[i] = kept_text(j, json_array_get(list, i));
        if (out->words[i].len == 0) return false;
    }
    return out->words != NULL;
}

static bool kept_learned(journal *j, const json_t *list, hx_taught *t) {
    t->n_learned = json_array_size(list);
    t->learned = hx_arena_alloc(j->arena, (t->n_learned + 1) * sizeof *t->learned);
    for (size_t i = 0; t->learned && i < t->n_learned; i++)
        if (!kept_words(j, json_array_get(list, i), &t->learned[i])) return false;
    return t->learned != NULL;
}

static bool add_entry(journal *j, const json_t *record) {
    hx_taught t = {.id = json_integer_value(json_object_get(record, "id")),
                   .label = label_of_name(json_string_value(json_object_get(record, "label"))),
                   .text = kept_text(j, json_object_get(record, "text")),
                   .engine = kept_text(j, json_object_get(record, "engine")),
                   .at = kept_text(j, json_object_get(record, "at"))};
    if (!kept_words(j, json_object_get(record, "words"), &t.words)) return false;
    if (!kept_learned(j, json_object_get(record, "learned"), &t)) return false;
    if (t.id <= 0 || !t.text.ptr) return false;
    if ((t.label == HX_SENTIMENT_NONE) != (t.words.n > 0)) return false;
    if (j->n > 0 && t.id <= j->list[j->n - 1].id) return false;
    if (j->n == j->room) {
        size_t wider = j->room ? 2 * j->room : 64;
        hx_taught *list = hx_arena_alloc(j->arena, wider * sizeof *list);
        if (!list) return false;
        if (j->n > 0) memcpy(list, j->list, j->n * sizeof *list);
        j->list = list;
        j->room = wider;
    }
    j->list[j->n++] = t;
    return true;
}

static hx_status take_line(journal *j, const char *path, hx_str line, size_t number,
                           hx_error *err) {
    json_t *record = NULL;
    if (hx_json_parse(line, HX_MEMORY_BYTES_MAX, path, &record, err) != HX_OK)
        return bad_line(path, number, err);
    const json_t *undone = json_object_get(record, "undo");
    bool sound = undone ? undo(j, json_integer_value(undone)) : add_entry(j, record);
    json_decref(record);
    if (sound && j->n > HX_MEMORY_ENTRIES_MAX)
        return hx_fail(err, HX_ELIMIT, "%s has more than %u corrections; train on them instead",
                       path, HX_MEMORY_ENTRIES_MAX);
    return sound ? HX_OK : bad_line(path, number, err);
}

hx_status hx_memory_read(const char *path, hx_arena *arena, const hx_taught **out, size_t *n,
                         hx_error *err) {
    journal j = {.arena = arena};
    hx_buf b;
    hx_status status = HX_OK;
    *out = NULL;
    *n = 0;
    if (!hx_file_exists(path)) return HX_OK;
    hx_buf_init(&b, HX_MEMORY_BYTES_MAX);
    status = hx_file_read(path, &b, err);
    for (size_t at = 0, line = 1; status == HX_OK && at < b.len; line++) {
        const char *end = memchr(b.ptr + at, '\n', b.len - at);
        hx_str text = {b.ptr + at, (end ? (size_t)(end - b.ptr) : b.len) - at};
        if (text.len > 0) status = take_line(&j, path, text, line, err);
        at += text.len + 1;
    }
    hx_buf_release(&b);
    *out = j.list;
    *n = j.n;
    return status;
}

static void put_time(hx_json_writer *w, int64_t now) {
    const hx_civil at = hx_civil_from_ms(now);
    char text[80];
    (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", at.year, at.month, at.day,
                   at.hour, at.minute, at.second);
    hx_json_key(w, "at");
    hx_json_cstr(w, text);
}

/* Written behind the end of the file, and on disk when this returns. */
static hx_status append(const char *path, hx_buf *line, hx_error *err) {
    (void)hx_buf_append_byte(line, '\n');
    HX_TRY(hx_buf_status(line, "a correction", err));
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return hx_fail_errno(err, path, errno);
    hx_status status = hx_file_put(fd, path, hx_buf_str(line), err);
    if (status == HX_OK && fsync(fd) != 0) status = hx_fail_errno(err, path, errno);
    if (close(fd) != 0 && status == HX_OK) status = hx_fail_errno(err, path, errno);
    return status;
}

static void put_words(hx_json_writer *w, const hx_word_run *run) {
    hx_json_array(w);
    for (size_t i = 0; i < run->n; i++)
        hx_json_str(w, run->words[i]);
    hx_json_end_array(w);
}

static void put_answer(hx_json_writer *w, const hx_taught *t) {
    if (t->words.n == 0) {
        hx_json_key(w, "label");
        hx_json_cstr(w, hx_sentiment_name(t->label));
        return;
    }
    hx_json_key(w, "words");
    put_words(w, &t->words);
    hx_json_key(w, "learned");
    hx_json_array(w);
    for (size_t i = 0; i < t->n_learned; i++)
        put_words(w, &t->learned[i]);
    hx_json_end_array(w);
}

static hx_status teach(const char *path, const hx_taught *t, int64_t now, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, HX_MEMORY_BYTES_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "id");
    hx_json_int(&w, t->id);
    hx_json_key(&w, "text");
    hx_json_str(&w, t->text);
    put_answer(&w, t);
    hx_json_key(&w, "engine");
    hx_json_str(&w, t->engine);
    put_time(&w, now);
    hx_json_end_object(&w);
    hx_status status = append(path, &b, err);
    hx_buf_release(&b);
    return status;
}

hx_status hx__memory_append(const char *path, hx_taught *t, int64_t now, hx_error *err) {
    const hx_taught *all;
    size_t n;
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    hx_status status = hx_memory_read(path, arena, &all, &n, err);
    if (status == HX_OK && t->text.len == 0)
        status = hx_fail(err, HX_EINVAL, "an empty text teaches nothing");
    if (status == HX_OK && n >= HX_MEMORY_ENTRIES_MAX)
        status = hx_fail(err, HX_ELIMIT, "%s has more than %u corrections; train on them instead",
                         path, HX_MEMORY_ENTRIES_MAX);
    if (status == HX_OK) {
        t->id = n > 0 ? all[n - 1].id + 1 : 1;
        status = teach(path, t, now, err);
    }
    hx_arena_free(arena);
    return status;
}

hx_status hx_memory_teach(const char *path, hx_str text, hx_sentiment_label label, hx_engine engine,
                          int64_t now, int64_t *id, hx_error *err) {
    hx_taught t = {.text = text, .label = label, .engine = hx_str_of(hx_engine_name(engine))};
    if (label <= HX_SENTIMENT_NONE || label >= HX_SENTIMENT_N)
        return hx_fail(err, HX_EINVAL, "a text is negative, neutral, positive or mixed");
    HX_TRY(hx__memory_append(path, &t, now, err));
    *id = t.id;
    return HX_OK;
}

hx_status hx_memory_undo(const char *path, int64_t id, int64_t now, hx_error *err) {
    const hx_taught *all;
    size_t n;
    bool found = false;
    hx_buf b;
    hx_json_writer w;
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    hx_status status = hx_memory_read(path, arena, &all, &n, err);
    for (size_t i = 0; status == HX_OK && i < n; i++)
        found = found || (all[i].id == id && !all[i].undone);
    hx_arena_free(arena);
    if (status != HX_OK) return status;
    if (!found)
        return hx_fail(err, HX_ENOTFOUND, "%s has no correction %lld to take back", path,
                       (long long)id);
    hx_buf_init(&b, 1 << 12);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "undo");
    hx_json_int(&w, id);
    put_time(&w, now);
    hx_json_end_object(&w);
    status = append(path, &b, err);
    hx_buf_release(&b);
    return status;
}

/* ------------------------------------------------------------------ a model's memory */
static uint64_t key_of(const hx_gram_piece *pieces, size_t n) {
    uint64_t key = 0x51ED270B7A53C1E9u;
    bool words = false;
    for (size_t i = 0; i < n && !words; i++)
        words = !pieces[i].mark;
    for (size_t i = 0; i < n; i++)
        if (!words || !pieces[i].mark) key = hx_hash_mix(key, pieces[i].hash);
    return key;
}

static hx_status remember(hx_memory *m, hx_annotator *a, hx_arena *said, const hx_taught *t,
                          hx_error *err) {
    static const hx_clean_rules rules = {0};
    hx_sentiment s;
    hx_clean clean;
    size_t n = 0;
    hx_remembered *r = &m->list[m->n];
    hx_arena_reset(said);
    HX_TRY(hx_text_sentiment(a, t->text, said, &s, err));
    hx_arena_reset(a->scratch);
    HX_TRY(hx__clean(a, t->text, &rules, &clean, err));
    hx_gram_piece *pieces = hx__gram_pieces(clean.text, a->scratch, &n);
    if (!pieces) return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    *r = (hx_remembered){key_of(pieces, n), hx__simhash(clean.text), t->label, s.label};
    m->hash =
        hx_hash_mix(m->hash, hx_hash_mix(r->key, hx_hash_mix(r->similarity, (uint64_t)t->label)));
    uint64_t *at = hx_map_put(&m->keys, r->key);
    if (!at) return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    *at = ++m->n;
    return HX_OK;
}

/* The weights of grams that do what was taught. */
static hx_status move(hx_memory *m, hx_annotator *a, const hx_labelled_texts *data, hx_arena *arena,
                      hx_error *err) {
    const hx_adapt_prior prior = {.strength = MEMORY_STRENGTH};
    const hx_adapted_head head = {.scale = 1};
    hx_adapt_rows rows;
    HX_TRY(hx__adapt_read(a, data, arena, &rows, err));
    if (rows.n == 0) return HX_OK;
    double *x = hx_arena_alloc(arena, (rows.n_grams + 2) * sizeof *x);
    if (!x) return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    HX_TRY(hx__adapt_fit(&rows, &prior, UINT_MAX, x, err));
    m->moved = hx__adapted_new(&head, rows.hashes, x, rows.n_grams);
    return m->moved ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
}

static hx_status fill(hx_memory *m, hx_annotator *a, const char *path, hx_arena *arena,
                      hx_arena *said, hx_error *err) {
    const hx_taught *all;
    size_t n, active = 0;
    HX_TRY(hx_memory_read(path, arena, &all, &n, err));
    hx_str *texts = hx_arena_alloc(arena, (n + 1) * sizeof *texts);
    hx_sentiment_label *labels = hx_arena_alloc(arena, (n + 1) * sizeof *labels);
    m->list = calloc(n + 1, sizeof *m->list);
    if (!texts || !labels || !m->list)
        return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    for (size_t i = 0; i < n; i++) {
        if (all[i].undone || all[i].words.n > 0) continue;
        HX_TRY(remember(m, a, said, &all[i], err));
        texts[active] = all[i].text;
        labels[active++] = all[i].label;
    }
    const hx_labelled_texts data = {texts, labels, active};
    return active > 0 ? move(m, a, &data, arena, err) : HX_OK;
}

hx_status hx__memory_open(hx_memory **out, const hx_text_model *model, const char *path,
                          hx_error *err) {
    hx_annotator *a = NULL;
    hx_memory *m = calloc(1, sizeof *m);
    hx_arena *arena = hx_arena_new(0), *said = hx_arena_new(0);
    hx_status status = m && arena && said
                           ? hx_annotator_new(&a, model, err)
                           : hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    if (status == HX_OK) {
        hx_map_init(&m->keys);
        status = fill(m, a, path, arena, said, err);
    }
    hx_annotator_free(a);
    hx_arena_free(arena);
    hx_arena_free(said);
    if (status == HX_OK)
        *out = m;
    else
        hx__memory_close(m);
    return status;
}

void hx__memory_close(hx_memory *m) {
    if (!m) return;
    hx_map_release(&m->keys);
    hx__adapted_free(m->moved);
    free(m->list);
    free(m);
}

/* ------------------------------------------------------------------ a text */
static const hx_remembered *near_to(const hx_memory *m, uint64_t similarity,
                                    hx_sentiment_label said) {
    for (size_t i = m->n; i-- > 0;) {
        const hx_remembered *r = &m->list[i];
        if (r->said == said && __builtin_popcountll(r->similarity ^ similarity) <= NEAR) return r;
    }
    return NULL;
}

static hx_status take_taught(const hx_remembered *r, double strength, const hx_clean *clean,
                             hx_arena *arena, hx_sentiment *s, hx_error *err) {
    double logit = r->label == HX_SENTIMENT_POSITIVE   ? strength
                   : r->label == HX_SENTIMENT_NEGATIVE ? -strength
                                                       : 0;
    hx_evidence *list = hx_arena_alloc(arena, (s->n_evidence + 1) * sizeof *list);
    if (!list) return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    list[0] = (hx_evidence){hx__clean_span(clean, 0, clean->text.len), logit - s->logit};
    if (s->n_evidence > 0) memcpy(list + 1, s->evidence, s->n_evidence * sizeof *list);
    s->evidence = list;
    s->n_evidence++;
    s->logit = logit;
    s->label = r->label;
    s->score = 1 / (1 + exp(-strength));
    return HX_OK;
}

hx_status hx__memory_apply(hx_annotator *a, const hx_memory *m, const hx_clean *clean,
                           hx_arena *arena, hx_sentiment *s, hx_error *err) {
    size_t n = 0;
    if (m->n == 0 || clean->text.len == 0) return HX_OK;
    hx_gram_piece *pieces = hx__gram_pieces(clean->text, a->scratch, &n);
    if (!pieces) return hx_fail(err, HX_ENOMEM, "out of memory while opening a memory");
    const uint64_t *at = hx_map_get(&m->keys, key_of(pieces, n));
    if (at) return take_taught(&m->list[*at - 1], TAUGHT, clean, arena, s, err);
    const hx_remembered *near =
        n >= NEAR_PIECES ? near_to(m, hx__simhash(clean->text), s->label) : NULL;
    if (near) return take_taught(near, TAUGHT_NEAR, clean, arena, s, err);
    return m->moved ? hx__adapted_apply(a, m->moved, clean, arena, s, err) : HX_OK;
}
