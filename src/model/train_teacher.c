/* train_teacher.c - distillation: what a larger model says of every text of training (arXiv 1503.02531).
 *
 *     "teacher": a model with a head for the same labels, in any order; or a file of JSON Lines with one {"scores":{LABEL:P,...}} a text of the
 *     training part, in its order, as `huaxiang classify` writes them
 *
 * Kept are the logarithms of the probabilities, which are logits of the same distribution; of several labels ("labels") log(p / (1 - p)). What
 * a model says of a text sums to 1 over its labels, so it teaches one label a text alone. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "model/train_label.h"

#define TEXTS_AT_ONCE 256
#define FILE_MAX_BYTES ((size_t)1 << 30)
#define P_MIN 1e-6f

static float log_of(float p) {
    return logf(p > P_MIN ? p : P_MIN);
}

/* Of several labels each has its own sigmoid. */
static float logit_of(const hx_task *t, float p) {
    bool several = t->config->kind == HX_TASK_LABELS;
    return several ? log_of(p) - log_of(1 - p) : log_of(p);
}

/* ------------------------------------------------------------------ a model */
static hx_status match_labels(const hx_task *t, const hx_llama *m, size_t *place, hx_error *err) {
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

static hx_status ask(const hx_task *t, hx_llama_context *c, const size_t *place, size_t n_known,
                     hx_error *err) {
    const label_task *own = t->own;
    hx_arena *arena = t->trainer->step_arena;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN);
    for (size_t from = 0; from < n; from += TEXTS_AT_ONCE) {
        size_t count = n - from < TEXTS_AT_ONCE ? n - from : TEXTS_AT_ONCE;
        hx_arena_reset(arena);
        hx_str *texts = hx_arena_alloc(arena, count * sizeof *texts);
        float *rows = hx_arena_alloc(arena, count * n_known * sizeof *rows);
        if (!texts || !rows) return hx_fail(err, HX_ENOMEM, "out of memory");
        for (size_t i = 0; i < count; i++)
            texts[i] = hx_dataset_at(own->data, HX_PART_TRAIN, from + i)->text;
        HX_TRY(hx_llama_classify(c, texts, count, (size_t)t->config->max_length, rows, err));
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < t->n_labels; k++)
                own->teacher[(from + i) * t->n_labels + k] = log_of(rows[i * n_known + place[k]]);
        if (hx_flag_is_raised(t->trainer->calls->cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
    }
    return HX_OK;
}

/* What the teacher's head reads, where pupil and teacher are equally wide ("hidden_share"). */
static hx_status ask_hidden(const hx_task *t, const hx_llama *m, hx_llama_context *c,
                            hx_error *err) {
    label_task *own = t->own;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN), width = hx_llama_describe(m)->n_embd;
    const hx_embed_options options = {.pooling = t->config->mean ? HX_POOL_MEAN : HX_POOL_LAST,
                                      .max_length = (size_t)t->config->max_length};
    if (!(t->config->hidden_share > 0)) return HX_OK;
    if (width != hx_trunk_config(t->trainer->trunk)->n_embd)
        return hx_fail(err, HX_EINVAL,
                       "the teacher's hidden states are %zu wide, the model's %zu: leave "
                       "\"hidden_share\" out",
                       width, hx_trunk_config(t->trainer->trunk)->n_embd);
    own->teacher_hidden = hx_arena_alloc(t->trainer->arena, (n * width + 1) * sizeof(float));
    if (!own->teacher_hidden) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        hx_str text = hx_dataset_at(own->data, HX_PART_TRAIN, i)->text;
        HX_TRY(hx_llama_embed(c, &text, 1, &options, own->teacher_hidden + i * width, err));
    }
    return HX_OK;
}

static hx_status ask_model(const hx_task *t, hx_llama *m, hx_error *err) {
    hx_llama_context *c = NULL;
    const hx_context_options options = {.batch_tokens = 2048};
    size_t *place = hx_arena_alloc(t->trainer->arena, (t->n_labels + 1) * sizeof *place);
    if (!place) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(match_labels(t, m, place, err));
    HX_TRY(hx_llama_context_open(&c, m, &options, err));
    hx_status st = ask(t, c, place, hx_llama_describe(m)->n_labels, err);
    if (st == HX_OK) st = ask_hidden(t, m, c, err);
    hx_llama_context_close(c);
    return st;
}

static hx_status open_and_ask(const hx_task *t, hx_error *err) {
    hx_llama *m = NULL;
    hx_str path;
    const hx_llama_options options = {.n_threads = t->trainer->n_threads,
                                      .kernels = t->trainer->calls->kernels};
    HX_TRY(hx_model_resolve(t->config->teacher, NULL, t->trainer->arena, &path, err));
    HX_TRY(hx_llama_open(&m, path.ptr, &options, err));
    hx_status st = ask_model(t, m, err);
    hx_llama_close(m);
    return st;
}

/* ------------------------------------------------------------------ a file */
static hx_status take_line(const hx_task *t, hx_str line, size_t row, hx_error *err) {
    const label_task *own = t->own;
    json_t *j = NULL;
    HX_TRY(hx_json_parse(line, (size_t)1 << 20, t->config->teacher, &j, err));
    const json_t *scores = json_object_get(j, "scores");
    hx_status st = HX_OK;
    for (size_t k = 0; st == HX_OK && k < t->n_labels; k++) {
        const json_t *p = json_object_get(scores, t->labels[k]);
        double v = json_number_value(p);
        if (!json_is_number(p) || !(v >= 0 && v <= 1))
            st = hx_fail(err, HX_EFORMAT, "%s: row %zu has no probability of the label %s",
                         t->config->teacher, row + 1, t->labels[k]);
        own->teacher[row * t->n_labels + k] = logit_of(t, (float)v);
    }
    json_decref(j);
    return st;
}

static hx_status take_lines(const hx_task *t, hx_str text, hx_error *err) {
    const label_task *own = t->own;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN), row = 0;
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = (end ? (size_t)(end - text.ptr) : text.len) - at;
        if (len > 0 && row < n) HX_TRY(take_line(t, (hx_str){text.ptr + at, len}, row, err));
        row += len > 0;
        at += len + 1;
    }
    if (row == n) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "%s has %zu rows, training has %zu texts", t->config->teacher,
                   row, n);
}

static hx_status take_file(const hx_task *t, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, FILE_MAX_BYTES);
    hx_status st = hx_file_read(t->config->teacher, &b, err);
    if (st == HX_OK) st = take_lines(t, hx_buf_str(&b), err);
    hx_buf_release(&b);
    return st;
}

hx_status hx_train_ask_teacher(hx_task *t, hx_error *err) {
    label_task *own = t->own;
    const char *path = t->config->teacher;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN);
    if (!path) return HX_OK;
    size_t len = strlen(path);
    bool is_lines = len > 6 && strcmp(path + len - 6, ".jsonl") == 0;
    if (t->config->kind == HX_TASK_LABELS && !is_lines)
        return hx_fail(err, HX_EINVAL,
                       "a model says one label of a text, the task %s learns several: its teacher "
                       "is a file of probabilities, .jsonl",
                       t->config->name);
    own->teacher = hx_arena_alloc(t->trainer->arena, (n * t->n_labels + 1) * sizeof(float));
    if (!own->teacher) return hx_fail(err, HX_ENOMEM, "out of memory");
    return is_lines ? take_file(t, err) : open_and_ask(t, err);
}
