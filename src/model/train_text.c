/* train_text.c - tasks on plain text: the next token, masked tokens, a mixture of both, replaced tokens, denoising.
 *
 * The batches are the corpus's (corpus.h); a share of the documents, or files of their own, are kept for validation. The figure is minus
 * the mean loss of a token. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/corpus.h"
#include "model/train.h"

#define HELD_OUT_USUAL 0.005
#define EVALUATED_USUAL 40 /* batches */
#define JSON_MAX ((size_t)1 << 16)

typedef struct {
    hx_corpus *corpus, *own_held; /* owned; own_held: of files for validation */
} text_task;

bool hx_train_is_bidirectional(const hx_task_config *c) {
    return hx_task_is_text(c) ? c->kind != HX_TASK_CAUSAL : c->bidirectional;
}

static hx_corpus_objective objective_of(const hx_task_config *c) {
    return c->kind == HX_TASK_CAUSAL     ? HX_CORPUS_CAUSAL
           : c->kind == HX_TASK_MASKED   ? HX_CORPUS_MASKED
           : c->kind == HX_TASK_MIXED    ? HX_CORPUS_MIXED
           : c->kind == HX_TASK_REPLACED ? HX_CORPUS_REPLACED
                                         : HX_CORPUS_DENOISED;
}

static hx_status open_corpus(const hx_task *t, const char *const *paths, size_t n, double held_out,
                             hx_corpus **out, hx_error *err) {
    const hx_task_config *c = t->config;
    const hx_corpus_options options = {.paths = paths,
                                       .n_paths = n,
                                       .text = c->text,
                                       .held_out = held_out,
                                       .n_threads = t->trainer->n_threads,
                                       .cancel = t->trainer->calls->cancel};
    const hx_corpus_batching batching = {
        .objective = objective_of(c),
        .length = (size_t)c->length,
        .tokens = (size_t)(c->batch_tokens > c->length ? c->batch_tokens : c->length),
        .seed = (uint64_t)t->trainer->config->seed,
        .mixed = c->mixed,
        .rate = c->mask_rate};
    HX_TRY(hx_corpus_open(out, t->trainer->tokenizer, &options, err));
    return hx_corpus_batch_by(*out, &batching, err);
}

static hx_status make_corpora(hx_task *t, text_task *own, hx_error *err) {
    const hx_task_config *c = t->config;
    double held = c->validation ? 0 : c->validation_size > 0 ? c->validation_size : HELD_OUT_USUAL;
    HX_TRY(open_corpus(t, (const char *const *)c->data, c->n_data, held, &own->corpus, err));
    if (!c->validation) return HX_OK;
    return open_corpus(t, &c->validation, 1, 1, &own->own_held, err);
}

static hx_status make_text(hx_task *t, hx_error *err) {
    hx_trainer *r = t->trainer;
    text_task *own = hx_arena_alloc(r->arena, sizeof *own);
    const hx_head_options head = {.kind = t->config->kind == HX_TASK_REPLACED ? HX_HEAD_REPLACED
                                                                              : HX_HEAD_LM,
                                  .name = t->config->name,
                                  .smoothing = (float)t->config->smoothing,
                                  .tap = (size_t)t->config->tap};
    t->own = own;
    if (!own) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(make_corpora(t, own, err));
    return hx_train_head_new(&t->head, r->trunk, &head, (uint64_t)r->config->seed, err);
}

static void free_text(hx_task *t) {
    text_task *own = t->own;
    hx_corpus_close(own->corpus);
    hx_corpus_close(own->own_held);
}

static hx_status fill_text(hx_task *t, uint64_t number, hx_arena *arena, hx_task_batch *out,
                           hx_error *err) {
    text_task *own = t->own;
    hx_corpus_batch b = {0};
    HX_TRY(hx_corpus_make_batch(own->corpus, HX_PART_TRAIN, number, arena, &b, err));
    out->batch = b.batch;
    out->targets = b.targets;
    t->epoch = b.share;
    return HX_OK;
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

static hx_status evaluate_text(hx_task *t, bool test, hx_arena *arena, hx_task_figures *out,
                               hx_error *err) {
    text_task *own = t->own;
    hx_corpus *c = own->own_held ? own->own_held : own->corpus;
    hx_objective_result sum = {0};
    uint64_t n = 0, most = (uint64_t)t->config->max_evaluated;
    if (test) return HX_OK;
    HX_TRY(hx_corpus_count_batches(c, HX_PART_VALIDATION, 1, &n, err));
    if (most == 0) most = EVALUATED_USUAL;
    if (n > most) n = most;
    for (uint64_t i = 0; i < n; i++) {
        hx_corpus_batch b = {0};
        hx_task_batch tb = {0};
        hx_objective_result r = {0};
        hx_arena_reset(arena);
        HX_TRY(hx_corpus_make_batch(c, HX_PART_VALIDATION, i, arena, &b, err));
        tb.batch = b.batch;
        tb.targets = b.targets;
        HX_TRY(hx_train_look(t->trainer, t, &tb, &r, NULL, err));
        sum.loss += r.loss;
        sum.count += r.count;
        sum.n_right += r.n_right;
    }
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
