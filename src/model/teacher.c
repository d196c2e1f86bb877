/* teacher.c - a model asked about every batch of plain text or words; see teacher.h.
 *
 * Of plain text the context gives hidden states alone: (T, W) numbers, some megabytes. The step makes logits of them with the teacher's output
 * matrix, as many rows at a time as the loss wants, so that (T, n_vocab) numbers are never there. What is made by the thread of the
 * step (`some`, `scratch`) is apart from what the thread of the batches uses (`context`).
 *
 * A model reads in both directions where its config.json says that one of its own tasks did ("huaxiang.reads_both"); another teaches the
 * sequences of a mixture that are read forwards. */
#include "model/teacher.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "tensor/memory.h"

#define ROWS 64 /* most that are asked for at once (objective_parts.h) */
#define CONFIG_MAX ((size_t)16 << 20)
#define NEVER (-1e4f) /* logit of a token that the teacher does not have */

struct hx_teacher {
    const hx_task *task;
    hx_llama *model; /* owned */
    hx_llama_context *context; /* owned */
    bool both; /* it can read in both directions */
    size_t width;
    float *some; /* (ROWS, width); owned */
    void *scratch; /* owned */
    size_t some_bytes, scratch_bytes;
    hx_form form; /* of the output matrix */
    size_t *place; /* (n_labels): of words; arena */
    hx_token_lists tokens; /* of words; arena */
};

/* ------------------------------------------------------------------ the model */
bool hx_teacher_is_file(const hx_task_config *c) {
    size_t len = c->teacher ? strlen(c->teacher) : 0;
    return len > 6 && strcmp(c->teacher + len - 6, ".jsonl") == 0;
}

hx_status hx_teacher_open_model(const hx_task *t, hx_llama **out, hx_error *err) {
    hx_str path;
    const hx_llama_options options = {.n_threads = t->trainer->n_threads,
                                      .kernels = t->trainer->calls->kernels};
    HX_TRY(hx_model_resolve(t->config->teacher, NULL, t->trainer->arena, &path, err));
    return hx_llama_open(out, path.ptr, &options, err);
}

hx_status hx_teacher_find_labels(const hx_task *t, const hx_llama *m, size_t *place,
                                 hx_error *err) {
    size_t n = hx_llama_describe(m)->n_labels;
    for (size_t i = 0; i < t->n_labels; i++) {
        size_t k = 0;
        while (k < n && strcmp(hx_llama_label(m, k), t->labels[i]) != 0)
            k++;
        if (k == n)
            return hx_fail(err, HX_EINVAL, "the teacher %s does not know the label %s",
                           t->config->teacher, t->labels[i]);
        place[i] = k;
    }
    return HX_OK;
}

bool hx_teacher_knows_several(const hx_llama *m) {
    const hx_llama_head_info *head = hx_llama_head_of(m, m->main_head);
    return head && head->kind == HX_LLAMA_LABELS;
}

void hx_teacher_put_options(const hx_task_config *c, size_t width, hx_head_options *o) {
    bool wanted = width > 0 && c->hidden_share > 0;
    o->temperature = (float)c->temperature;
    o->teacher_width = wanted ? width : 0;
    o->teacher_block = wanted ? (size_t)c->hidden_block : 0;
    o->teacher_cosine = c->hidden_loss == HX_HIDDEN_COSINE;
}

/* Whether one of the tasks that made a folder read whole texts; those of older runs are in the list. */
static hx_status read_directions(hx_teacher *h, hx_error *err) {
    hx_str path;
    hx_buf text;
    json_t *j = NULL;
    size_t i;
    const json_t *one;
    HX_TRY(hx_model_resolve(h->task->config->teacher, NULL, h->task->trainer->arena, &path, err));
    char *config = hx_file_beside(path.ptr, "/config.json");
    if (!config) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&text, CONFIG_MAX);
    hx_status st = HX_OK;
    if (hx_file_exists(config)) {
        st = hx_file_read(config, &text, err);
        if (st == HX_OK) st = hx_json_parse(hx_buf_str(&text), CONFIG_MAX, config, &j, err);
    }
    h->both = json_is_true(json_object_get(j, "huaxiang.reads_both"));
    json_array_foreach(json_object_get(j, "huaxiang.heads"), i, one) {
        const char *kind = json_string_value(json_object_get(one, "kind"));
        if (kind && (strcmp(kind, "masked") == 0 || strcmp(kind, "mixed") == 0)) h->both = true;
    }
    json_decref(j);
    hx_buf_release(&text);
    free(config);
    return st;
}

/* ------------------------------------------------------------------ plain text */
static hx_status same_tokens(const hx_teacher *h, hx_error *err) {
    const hx_tokenizer *own = h->task->trainer->tokenizer, *its = h->model->tokenizer;
    size_t n = hx_tokenizer_n_vocab(own), known = its ? hx_tokenizer_n_vocab(its) : 0;
    bool same = n <= known && n <= h->model->config.n_vocab;
    for (size_t i = 0; same && i < n; i++)
        same = hx_str_equal(hx_tokenizer_spelling(own, (int32_t)i),
                            hx_tokenizer_spelling(its, (int32_t)i));
    if (same) return HX_OK;
    return hx_fail(err, HX_EINVAL,
                   "the teacher %s cuts texts into other tokens than the model: of plain text it "
                   "must have the same tokenizer",
                   h->task->config->teacher);
}

static hx_status warn_of_directions(const hx_teacher *h, hx_error *err) {
    const hx_task_config *c = h->task->config;
    hx_error e = {.ui = h->task->trainer->ui};
    if (h->both || c->kind == HX_TASK_CAUSAL) return HX_OK;
    if (c->kind == HX_TASK_MASKED)
        return hx_fail(err, HX_EINVAL,
                       "the teacher %s reads texts forwards only and can't say what a masked token "
                       "was; one trained with masked or mixed can",
                       c->teacher);
    (void)hx_fail(&e, HX_EINVAL,
                  "the teacher %s reads texts forwards only: it teaches the sequences of the task "
                  "%s that are read forwards",
                  c->teacher, c->name);
    hx_train_notice(h->task->trainer, &e);
    return HX_OK;
}

static hx_status prepare_logits(hx_teacher *h, hx_error *err) {
    hx_trainer *r = h->task->trainer;
    if (!h->model->output)
        return hx_fail(err, HX_EINVAL, "the teacher %s is no language model",
                       h->task->config->teacher);
    HX_TRY(hx_llama_pack_output(h->model, r->nn.team, err));
    h->form = hx_linear_is_packed(h->model->output) ? HX_FORM_INT8 : HX_FORM_EXACT;
    h->some_bytes = ROWS * h->width * sizeof(float);
    h->scratch_bytes = hx_linear_scratch(h->model->output, h->form, ROWS, r->n_threads) + 64;
    h->some = hx_memory_new(h->some_bytes);
    h->scratch = hx_memory_new(h->scratch_bytes);
    return h->some && h->scratch ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

typedef struct {
    hx_teacher *teacher;
    const float *hidden; /* (T, width); arena */
} said;

static void make_logits(void *context, const uint32_t *rows, size_t n, float *logits) {
    const said *s = context;
    hx_teacher *h = s->teacher;
    size_t known = h->model->config.n_vocab, v = hx_trunk_config(h->task->trainer->trunk)->n_vocab;
    for (size_t i = 0; i < n; i++)
        memcpy(h->some + i * h->width, s->hidden + rows[i] * h->width, h->width * sizeof *h->some);
    hx_linear_call call = {
        .x = h->some, .m = n, .ldx = h->width, .y = logits, .ldy = v, .n = known < v ? known : v};
    hx_linear_run(h->model->output, h->form, &call, h->scratch, h->task->trainer->nn.team);
    for (size_t i = 0; i < n; i++)
        for (size_t k = known; k < v; k++)
            logits[i * v + k] = NEVER;
}

/* Pieces of the sequences that it can read; *taught (T) where these are not all. */
static hx_status cut_pieces(const hx_teacher *h, const hx_trunk_batch *b, hx_arena *arena,
                            hx_llama_piece **pieces, bool **taught, size_t *n, hx_error *err) {
    *pieces = hx_arena_alloc(arena, (b->n_sequences + 1) * sizeof **pieces);
    *taught = hx_arena_alloc(arena, b->n_tokens + 1);
    if (!*pieces || !*taught) return hx_fail(err, HX_ENOMEM, "out of memory");
    *n = 0;
    for (size_t i = 0; i < b->n_sequences; i++) {
        size_t from = b->starts[i], len = b->starts[i + 1] - from;
        bool causal = !b->causal || b->causal[i];
        if (len == 0 || (!causal && !h->both)) continue;
        (*pieces)[(*n)++] = (hx_llama_piece){.ids = (const int32_t *)b->ids + from,
                                             .n = len,
                                             .sequence = -1,
                                             .want = HX_WANT_HIDDEN_ALL,
                                             .bidirectional = !causal};
        memset(*taught + from, 1, len);
    }
    return HX_OK;
}

hx_status hx_teacher_ask_text(hx_teacher *h, hx_arena *arena, hx_task_batch *b, hx_error *err) {
    const hx_task_config *c = h->task->config;
    hx_llama_piece *pieces;
    bool *taught;
    size_t n = 0, rows;
    HX_TRY(cut_pieces(h, &b->batch, arena, &pieces, &taught, &n, err));
    said *s = hx_arena_alloc(arena, sizeof *s);
    float *hidden = hx_arena_alloc(arena, (b->batch.n_tokens * h->width + 1) * sizeof *hidden);
    if (!s || !hidden) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (n > 0) HX_TRY(hx_llama_run(h->context, pieces, n, err));
    for (size_t i = 0; i < n; i++) {
        const float *given = hx_llama_hidden(h->context, i, &rows);
        size_t from = (size_t)(pieces[i].ids - (const int32_t *)b->batch.ids);
        memcpy(hidden + from * h->width, given, rows * h->width * sizeof *hidden);
    }
    *s = (said){h, hidden};
    b->targets.taught = taught;
    b->targets.teacher_share = (float)c->teacher_share;
    b->targets.hidden_share = (float)c->hidden_share;
    if (c->hidden_share > 0) b->targets.teacher_hidden = hidden;
    if (!(c->teacher_share > 0)) return HX_OK;
    b->targets.teacher = make_logits;
    b->targets.teacher_context = s;
    return HX_OK;
}

/* ------------------------------------------------------------------ words */
static hx_status prepare_words(hx_teacher *h, hx_dataset *data, hx_error *err) {
    const hx_task *t = h->task;
    hx_trainer *r = t->trainer;
    if (!hx_llama_describe(h->model)->is_token_classifier)
        return hx_fail(err, HX_EINVAL, "the teacher %s has no head for words", t->config->teacher);
    h->place = hx_arena_alloc(r->arena, (t->n_labels + 1) * sizeof *h->place);
    if (!h->place) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_teacher_find_labels(t, h->model, h->place, err));
    return hx_dataset_tokens(data, h->model->tokenizer, HX_PART_TRAIN,
                             (size_t)t->config->max_length, r->n_threads, r->arena, &h->tokens,
                             err);
}

typedef struct {
    bool *taught; /* (T) */
    float *logits, *hidden; /* (T, n_labels), (T, width); NULL = not wanted */
} word_rows;

/* What was said at the first token of each word of a text, to where the word begins in the student's sequence. */
static void put_words(const hx_teacher *h, size_t piece, uint32_t example, uint32_t first,
                      const hx_token_lists *tokens, const word_rows *out) {
    const uint32_t *its = h->tokens.words + h->tokens.word_starts[example],
                   *own = tokens->words + tokens->word_starts[example];
    size_t n = tokens->word_starts[example + 1] - tokens->word_starts[example];
    size_t n_labels = h->task->n_labels, known = h->model->config.n_labels;
    const float *logits = hx_llama_head(h->context, piece, NULL),
                *hidden = hx_llama_hidden(h->context, piece, NULL);
    for (size_t k = 0; k < n; k++) {
        if (own[k] == HX_NO_TOKEN || its[k] == HX_NO_TOKEN) continue;
        size_t row = first + own[k];
        out->taught[row] = true;
        for (size_t l = 0; out->logits && l < n_labels; l++)
            out->logits[row * n_labels + l] = logits[its[k] * known + h->place[l]];
        if (out->hidden)
            memcpy(out->hidden + row * h->width, hidden + its[k] * h->width,
                   h->width * sizeof *hidden);
    }
}

static hx_status alloc_rows(const hx_teacher *h, size_t n_tokens, hx_arena *arena, word_rows *out,
                            hx_error *err) {
    const hx_task_config *c = h->task->config;
    size_t logits = n_tokens * h->task->n_labels, hidden = n_tokens * h->width;
    *out = (word_rows){.taught = hx_arena_alloc(arena, n_tokens + 1)};
    if (c->teacher_share > 0)
        out->logits = hx_arena_alloc(arena, (logits + 1) * sizeof *out->logits);
    if (c->hidden_share > 0)
        out->hidden = hx_arena_alloc(arena, (hidden + 1) * sizeof *out->hidden);
    bool fine = out->taught && (out->logits || !(c->teacher_share > 0)) &&
                (out->hidden || !(c->hidden_share > 0));
    return fine ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

hx_status hx_teacher_ask_words(hx_teacher *h, const uint32_t *order, size_t n,
                               const hx_token_lists *tokens, hx_arena *arena, hx_task_batch *b,
                               hx_error *err) {
    const hx_task_config *c = h->task->config;
    word_rows rows;
    size_t n_pieces = 0;
    hx_llama_piece *pieces = hx_arena_alloc(arena, (n + 1) * sizeof *pieces);
    size_t *text = hx_arena_alloc(arena, (n + 1) * sizeof *text);
    HX_TRY(alloc_rows(h, b->batch.n_tokens, arena, &rows, err));
    if (!pieces || !text) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        uint32_t from = h->tokens.starts[order[i]], end = h->tokens.starts[order[i] + 1];
        if (from == end) continue;
        pieces[n_pieces] = (hx_llama_piece){
            .ids = (const int32_t *)h->tokens.ids + from,
            .n = end - from,
            .sequence = -1,
            .want = HX_WANT_HEAD | (c->hidden_share > 0 ? (unsigned)HX_WANT_HIDDEN_ALL : 0)};
        text[n_pieces++] = i;
    }
    if (n_pieces > 0) HX_TRY(hx_llama_run(h->context, pieces, n_pieces, err));
    for (size_t i = 0; i < n_pieces; i++)
        put_words(h, i, order[text[i]], b->batch.starts[text[i]], tokens, &rows);
    b->targets.taught = rows.taught;
    b->targets.teacher_logits = rows.logits;
    b->targets.teacher_hidden = rows.hidden;
    b->targets.teacher_share = (float)c->teacher_share;
    b->targets.hidden_share = (float)c->hidden_share;
    return HX_OK;
}

/* ------------------------------------------------------------------ both */
static hx_status open_all(hx_teacher *h, hx_dataset *data, hx_error *err) {
    const hx_task_config *c = h->task->config;
    size_t most = (size_t)(data ? c->max_length : c->length);
    const hx_context_options options = {.batch_tokens = most > 2048 ? most : 2048};
    HX_TRY(hx_teacher_open_model(h->task, &h->model, err));
    HX_TRY(hx_llama_context_open(&h->context, h->model, &options, err));
    h->width = h->model->config.n_embd;
    if (data) return prepare_words(h, data, err);
    HX_TRY(same_tokens(h, err));
    HX_TRY(read_directions(h, err));
    HX_TRY(warn_of_directions(h, err));
    return prepare_logits(h, err);
}

hx_status hx_teacher_open(hx_teacher **out, const hx_task *t, hx_dataset *data, hx_error *err) {
    *out = NULL;
    if (!t->config->teacher) return HX_OK;
    if (hx_teacher_is_file(t->config))
        return hx_fail(err, HX_EINVAL, "the teacher of the task %s must be a model, not a file",
                       t->config->name);
    hx_teacher *h = calloc(1, sizeof *h);
    if (!h) return hx_fail(err, HX_ENOMEM, "out of memory");
    h->task = t;
    hx_status st = open_all(h, data, err);
    if (st == HX_OK)
        *out = h;
    else
        hx_teacher_free(h);
    return st;
}

void hx_teacher_free(hx_teacher *h) {
    if (!h) return;
    hx_llama_context_close(h->context);
    hx_llama_close(h->model);
    if (h->some) hx_memory_free(h->some, h->some_bytes);
    if (h->scratch) hx_memory_free(h->scratch, h->scratch_bytes);
    free(h);
}

size_t hx_teacher_width(const hx_teacher *h) {
    return h ? h->width : 0;
}
