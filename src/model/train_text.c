/* train_text.c - tasks on plain text: the next token, masked tokens, a mixture of both, replaced tokens, denoising.
 *
 * The batches are the corpus's (corpus.h); a share of the documents, or files of their own, are kept for validation, a file for the test. The figure is minus
 * the mean loss of a token. For "spelling", tokens are replaced by what they are taken for: lists of characters of the same sound or of a
 * similar shape ("homophones", "shapes"), without lists by any. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "model/corpus.h"
#include "model/teacher.h"

#define HELD_OUT_USUAL 0.005
#define EVALUATED_USUAL 40 /* batches */
#define JSON_MAX ((size_t)1 << 16)
#define PAIRS_MAX ((size_t)256 << 20)

typedef struct {
    hx_corpus *corpus, *own_held,
        *test; /* owned; of a file for validation, for the test; NULL = none */
    hx_confusions confusions; /* SPELLING; in the training's arena; zeros = none */
    hx_teacher *teacher; /* owned; NULL = none */
} text_task;

bool hx_train_is_bidirectional(const hx_task_config *c) {
    return hx_task_is_text(c) ? c->kind != HX_TASK_CAUSAL
                              : c->kind == HX_TASK_CORRECT || c->bidirectional;
}

static hx_corpus_objective objective_of(const hx_task_config *c) {
    return c->kind == HX_TASK_CAUSAL     ? HX_CORPUS_CAUSAL
           : c->kind == HX_TASK_MASKED   ? HX_CORPUS_MASKED
           : c->kind == HX_TASK_MIXED    ? HX_CORPUS_MIXED
           : c->kind == HX_TASK_REPLACED ? HX_CORPUS_REPLACED
                                         : HX_CORPUS_DENOISED;
}

/* ------------------------------------------------------------------ what a token is taken for */
typedef struct {
    uint32_t from, to;
} confusion;

static int by_from(const void *a, const void *b) {
    const confusion *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* The token of one character, alone or with the blank that begins a word. */
static int32_t token_of(const hx_tokenizer *k, hx_str character) {
    char spelt[16];
    int32_t id = hx_tokenizer_find(k, character);
    int n = snprintf(spelt, sizeof spelt, "\xe2\x96\x81%.*s", (int)character.len, character.ptr);
    return id >= 0 || n < 0 || (size_t)n >= sizeof spelt
               ? id
               : hx_tokenizer_find(k, (hx_str){spelt, (size_t)n});
}

/* A line "字\t字字字": each of the right may stand where the left should. */
static void put_line(const hx_tokenizer *k, hx_str line, hx_buf *pairs) {
    size_t at = 0;
    int32_t first = -1;
    while (at < line.len) {
        size_t from = at;
        if (hx_utf8_next(line, &at) == HX_UTF8_BAD) return;
        hx_str one = {line.ptr + from, at - from};
        if (one.ptr[0] == '\t' || one.ptr[0] == '\r') continue;
        int32_t id = token_of(k, one);
        if (first < 0) {
            if (id < 0) return;
            first = id;
            continue;
        }
        const confusion c = {(uint32_t)first, (uint32_t)id};
        if (id >= 0 && id != first) (void)hx_buf_append(pairs, &c, sizeof c);
    }
}

static hx_status put_list(const hx_task *t, const char *path, hx_buf *pairs, hx_error *err) {
    hx_mapping m;
    if (!path) return HX_OK;
    HX_TRY(hx_mapping_open(&m, path, err));
    for (size_t at = 0; at < m.bytes.len;) {
        const char *end = memchr(m.bytes.ptr + at, '\n', m.bytes.len - at);
        size_t n = (end ? (size_t)(end - m.bytes.ptr) : m.bytes.len) - at;
        put_line(t->trainer->tokenizer, (hx_str){m.bytes.ptr + at, n}, pairs);
        at += n + 1;
    }
    hx_mapping_close(&m);
    return hx_buf_status(pairs, path, err);
}

static hx_status index_pairs(const hx_task *t, hx_buf *pairs, hx_confusions *out, hx_error *err) {
    confusion *all = (confusion *)(void *)pairs->ptr;
    size_t n = pairs->len / sizeof *all, v = hx_tokenizer_n_vocab(t->trainer->tokenizer);
    uint32_t *starts = hx_arena_alloc(t->trainer->arena, (v + 1) * sizeof *starts),
             *to = hx_arena_alloc(t->trainer->arena, (n + 1) * sizeof *to);
    if (!starts || !to) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (n > 0) qsort(all, n, sizeof *all, by_from);
    for (size_t i = 0; i < n; i++) {
        to[i] = all[i].to;
        starts[all[i].from + 1]++;
    }
    for (size_t i = 0; i < v; i++)
        starts[i + 1] += starts[i];
    *out = (hx_confusions){starts, to};
    return HX_OK;
}

static hx_status read_confusions(hx_task *t, text_task *own, hx_error *err) {
    hx_buf pairs;
    if (!t->config->homophones && !t->config->shapes) return HX_OK;
    hx_buf_init(&pairs, PAIRS_MAX);
    hx_status st = put_list(t, t->config->homophones, &pairs, err);
    if (st == HX_OK) st = put_list(t, t->config->shapes, &pairs, err);
    if (st == HX_OK) st = index_pairs(t, &pairs, &own->confusions, err);
    hx_buf_release(&pairs);
    return st;
}

/* ------------------------------------------------------------------ corpora */
/* The ids stay in the run folder, so that a run that goes on need not cut its texts again. */
static hx_status cache_of(const hx_task *t, const char *part, const char **path, hx_error *err) {
    char name[80];
    (void)snprintf(name, sizeof name, "corpus/%s%s.ids", t->config->name, part);
    const char *folder = hx_run_path(t->trainer->run, "corpus", t->trainer->arena);
    *path = hx_run_path(t->trainer->run, name, t->trainer->arena);
    if (!folder || !*path) return hx_fail(err, HX_ENOMEM, "out of memory");
    return hx_run_make_folder(folder, err);
}

static hx_status open_corpus(const hx_task *t, const char *const *paths, size_t n, double held_out,
                             const char *part, hx_corpus **out, hx_error *err) {
    const hx_task_config *c = t->config;
    const text_task *own = t->own;
    const char *cache;
    HX_TRY(cache_of(t, part, &cache, err));
    const hx_corpus_options options = {.paths = paths,
                                       .n_paths = n,
                                       .text = c->text,
                                       .cache = cache,
                                       .held_out = held_out,
                                       .n_threads = t->trainer->n_threads,
                                       .cancel = t->trainer->calls->cancel};
    const hx_corpus_batching batching = {
        .objective = objective_of(c),
        .length = (size_t)c->length,
        .tokens = (size_t)(c->batch_tokens > c->length ? c->batch_tokens : c->length),
        .seed = (uint64_t)t->trainer->config->seed,
        .mixed = c->mixed,
        .rate = c->mask_rate,
        .confusions = own->confusions.starts ? &own->confusions : NULL};
    HX_TRY(hx_corpus_open(out, t->trainer->tokenizer, &options, err));
    return hx_corpus_batch_by(*out, &batching, err);
}

static hx_status make_corpora(hx_task *t, text_task *own, hx_error *err) {
    const hx_task_config *c = t->config;
    double held = c->validation ? 0 : c->validation_size > 0 ? c->validation_size : HELD_OUT_USUAL;
    HX_TRY(open_corpus(t, (const char *const *)c->data, c->n_data, held, "", &own->corpus, err));
    if (c->validation)
        HX_TRY(open_corpus(t, &c->validation, 1, 1, "-validation", &own->own_held, err));
    return c->test ? open_corpus(t, &c->test, 1, 1, "-test", &own->test, err) : HX_OK;
}

static hx_status make_text(hx_task *t, hx_error *err) {
    hx_trainer *r = t->trainer;
    text_task *own = hx_arena_alloc(r->arena, sizeof *own);
    hx_head_options head = {.kind =
                                t->config->kind == HX_TASK_REPLACED ? HX_HEAD_REPLACED : HX_HEAD_LM,
                            .name = t->config->name,
                            .smoothing = (float)t->config->smoothing,
                            .tap = (size_t)t->config->tap};
    t->own = own;
    if (!own) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(read_confusions(t, own, err));
    HX_TRY(make_corpora(t, own, err));
    HX_TRY(hx_teacher_open(&own->teacher, t, NULL, err));
    hx_teacher_put_options(t->config, hx_teacher_width(own->teacher), &head);
    return hx_train_head_new(&t->head, r->trunk, &head, (uint64_t)r->config->seed, err);
}

static void free_text(hx_task *t) {
    text_task *own = t->own;
    hx_corpus_close(own->corpus);
    hx_corpus_close(own->own_held);
    hx_corpus_close(own->test);
    hx_teacher_free(own->teacher);
}

static hx_status fill_text(hx_task *t, uint64_t number, hx_arena *arena, hx_task_batch *out,
                           hx_error *err) {
    text_task *own = t->own;
    hx_corpus_batch b = {0};
    HX_TRY(hx_corpus_make_batch(own->corpus, HX_PART_TRAIN, number, arena, &b, err));
    out->batch = b.batch;
    out->targets = b.targets;
    t->epoch = b.share;
    return own->teacher ? hx_teacher_ask_text(own->teacher, arena, out, err) : HX_OK;
}

static hx_status count_text(hx_task *t, double epochs, uint64_t *batches, hx_error *err) {
    text_task *own = t->own;
    return hx_corpus_count_batches(own->corpus, HX_PART_TRAIN, epochs, batches, err);
}

static hx_status put_figures(const hx_task *t, const hx_objective_result *sum, hx_arena *arena,
                             hx_task_figures *out, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    bool replaced = t->config->kind == HX_TASK_REPLACED;
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "loss");
    hx_json_double(&w, out->loss);
    hx_json_key(&w, replaced ? "accuracy" : "perplexity");
    hx_json_double(&w, replaced ? (double)sum->n_right / sum->count : exp(out->loss));
    hx_json_key(&w, "tokens");
    hx_json_int(&w, (int64_t)sum->count);
    hx_json_end_object(&w);
    hx_status st = hx_buf_status(&b, "an evaluation", err);
    if (st == HX_OK) out->json = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st;
}

/* Losses of the first `n` batches of held-out texts, added to `sum`. */
static hx_status look_at(hx_task *t, hx_corpus *c, uint64_t n, hx_arena *arena,
                         hx_objective_result *sum, hx_error *err) {
    for (uint64_t i = 0; i < n; i++) {
        hx_corpus_batch b = {0};
        hx_task_batch tb = {0};
        hx_objective_result r = {0};
        hx_arena_reset(arena);
        HX_TRY(hx_corpus_make_batch(c, HX_PART_VALIDATION, i, arena, &b, err));
        tb.batch = b.batch;
        tb.batch.tap = (size_t)t->config->tap;
        tb.targets = b.targets;
        HX_TRY(hx_train_look(t->trainer, t, &tb, &r, NULL, err));
        sum->loss += r.loss;
        sum->count += r.count;
        sum->n_right += r.n_right;
    }
    return HX_OK;
}

/* The test is read whole, of what is for validation at most so many batches. */
static hx_status evaluate_text(hx_task *t, bool test, hx_arena *arena, hx_task_figures *out,
                               hx_error *err) {
    text_task *own = t->own;
    hx_corpus *c = test ? own->test : own->own_held ? own->own_held : own->corpus;
    hx_objective_result sum = {0};
    uint64_t n = 0, most = (uint64_t)t->config->max_evaluated;
    if (!c) return HX_OK;
    HX_TRY(hx_corpus_count_batches(c, HX_PART_VALIDATION, 1, &n, err));
    if (most == 0) most = EVALUATED_USUAL;
    if (n > most && !test) n = most;
    HX_TRY(look_at(t, c, n, arena, &sum, err));
    if (sum.count <= 0) return HX_OK;
    out->loss = sum.loss / sum.count;
    out->n = (size_t)sum.count;
    return put_figures(t, &sum, arena, out, err);
}

const hx_task_type hx_task_type_text = {
    .make = make_text,
    .fill = fill_text,
    .count = count_text,
    .evaluate = evaluate_text,
    .free_own = free_text,
};
