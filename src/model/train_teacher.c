/* train_teacher.c - distillation of labels: what a larger model says of every text of training (arXiv 1503.02531).
 *
 *     "teacher": a model with a head for the same labels, in any order; or a file of JSON Lines, {"scores":{LABEL:P,...}} with the text as
 *     `huaxiang classify` writes them: of the whole data, say, in any order; without texts one a text of the training part, in its order
 *
 * All texts are read once, before the first step. Kept are logits: of one label the logarithms of the probabilities, which are logits of the same
 * distribution; of several ("labels") what each sigmoid is made of, log(p / (1 - p)). A head for one label sums to 1 over its labels, so it
 * can't teach several. Plain text and words are asked about batch by batch: teacher.h. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "model/dataset_parts.h"
#include "model/teacher.h"
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
typedef struct {
    const hx_task *task;
    hx_llama_context *context;
    const size_t *place; /* of the task's labels among the teacher's */
    size_t n_known; /* the teacher's labels */
} asking;

/* Rows of the head as they are: n texts from `from` on. */
static hx_status read_head(const asking *a, hx_llama *m, const hx_str *texts, size_t n, float *rows,
                           hx_error *err) {
    hx_arena *arena = a->task->trainer->step_arena;
    const hx_token_options options = {.special = true,
                                      .max_length = (size_t)a->task->config->max_length};
    hx_llama_piece *pieces = hx_arena_alloc(arena, n * sizeof *pieces);
    size_t *text = hx_arena_alloc(arena, n * sizeof *text), n_pieces = 0;
    if (!pieces || !text) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        hx_tokens ids;
        HX_TRY(hx_llama_tokenize(m, texts[i], &options, arena, &ids, NULL, err));
        if (ids.n == 0) continue;
        pieces[n_pieces] =
            (hx_llama_piece){.ids = ids.ids, .n = ids.n, .sequence = -1, .want = HX_WANT_HEAD};
        text[n_pieces++] = i;
    }
    if (n_pieces > 0) HX_TRY(hx_llama_run(a->context, pieces, n_pieces, err));
    for (size_t i = 0; i < n_pieces; i++)
        memcpy(rows + text[i] * a->n_known, hx_llama_head(a->context, i, NULL),
               a->n_known * sizeof *rows);
    return HX_OK;
}

static hx_status ask_some(const asking *a, hx_llama *m, size_t from, size_t n, hx_error *err) {
    const hx_task *t = a->task;
    const label_task *own = t->own;
    hx_arena *arena = t->trainer->step_arena;
    bool several = t->config->kind == HX_TASK_LABELS;
    hx_arena_reset(arena);
    hx_str *texts = hx_arena_alloc(arena, n * sizeof *texts);
    float *rows = hx_arena_alloc(arena, n * a->n_known * sizeof *rows);
    if (!texts || !rows) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        texts[i] = hx_dataset_at(own->data, HX_PART_TRAIN, from + i)->text;
    if (several)
        HX_TRY(read_head(a, m, texts, n, rows, err));
    else
        HX_TRY(hx_llama_classify(a->context, texts, n, (size_t)t->config->max_length, rows, err));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < t->n_labels; k++) {
            float said = rows[i * a->n_known + a->place[k]];
            own->teacher[(from + i) * t->n_labels + k] = several ? said : log_of(said);
        }
    return HX_OK;
}

static hx_status ask(const asking *a, hx_llama *m, hx_error *err) {
    const hx_task *t = a->task;
    const label_task *own = t->own;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN);
    for (size_t from = 0; from < n; from += TEXTS_AT_ONCE) {
        HX_TRY(ask_some(a, m, from, n - from < TEXTS_AT_ONCE ? n - from : TEXTS_AT_ONCE, err));
        if (hx_flag_is_raised(t->trainer->calls->cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
    }
    return HX_OK;
}

/* What the teacher's head reads ("hidden_share"). */
static hx_status ask_hidden(const hx_task *t, const hx_llama *m, hx_llama_context *c,
                            hx_error *err) {
    label_task *own = t->own;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN), width = hx_llama_describe(m)->n_embd;
    const hx_embed_options options = {.pooling = t->config->mean ? HX_POOL_MEAN : HX_POOL_LAST,
                                      .max_length = (size_t)t->config->max_length};
    if (!(t->config->hidden_share > 0)) return HX_OK;
    own->teacher_width = width;
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
    bool several = t->config->kind == HX_TASK_LABELS;
    size_t *place = hx_arena_alloc(t->trainer->arena, (t->n_labels + 1) * sizeof *place);
    if (!place) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (several && !hx_teacher_knows_several(m))
        return hx_fail(err, HX_EINVAL,
                       "%s says one label of a text, the task %s learns several: its teacher must "
                       "have learnt several too, or be a file of probabilities, .jsonl",
                       t->config->teacher, t->config->name);
    HX_TRY(hx_teacher_find_labels(t, m, place, err));
    HX_TRY(hx_llama_context_open(&c, m, &options, err));
    const asking a = {t, c, place, hx_llama_describe(m)->n_labels};
    hx_status st = ask(&a, m, err);
    if (st == HX_OK) st = ask_hidden(t, m, c, err);
    hx_llama_context_close(c);
    return st;
}

static hx_status open_and_ask(const hx_task *t, hx_error *err) {
    hx_llama *m = NULL;
    HX_TRY(hx_teacher_open_model(t, &m, err));
    hx_status st = ask_model(t, m, err);
    hx_llama_close(m);
    return st;
}

/* ------------------------------------------------------------------ a file */
typedef struct {
    const hx_task *task;
    size_t n, n_rows; /* texts of training, rows of the file */
    hx_map
        first; /* hash of a text -> 1 + the first of training that is it; empty where rows say no texts */
    bool *said; /* (n): a row was found for it */
    hx_buf lower;
} lines;

static hx_status take_line(const lines *l, const json_t *j, size_t place, hx_error *err) {
    const hx_task *t = l->task;
    const label_task *own = t->own;
    const json_t *scores = json_object_get(j, "scores");
    for (size_t k = 0; k < t->n_labels; k++) {
        const json_t *p = json_object_get(scores, t->labels[k]);
        double v = json_number_value(p);
        if (!json_is_number(p) || !(v >= 0 && v <= 1))
            return hx_fail(err, HX_EFORMAT, "%s: row %zu has no probability of the label %s",
                           t->config->teacher, l->n_rows, t->labels[k]);
        own->teacher[place * t->n_labels + k] = logit_of(t, (float)v);
    }
    l->said[place] = true;
    return HX_OK;
}

/* Second texts are kept in lower case where the task reads it, so that they count in lower case. */
static uint64_t key_of(lines *l, hx_str text, hx_str text2) {
    uint64_t key = hx_hash(hx__text_strip(text));
    if (text2.len == 0) return key;
    hx_buf_reset(&l->lower);
    hx__text_lower(hx__text_strip(text2), &l->lower);
    return hx_hash_mix(key, hx_hash(hx_buf_str(&l->lower)));
}

static hx_str member(const json_t *j, const char *key) {
    const json_t *v = key ? json_object_get(j, key) : NULL;
    return (hx_str){json_string_value(v), json_string_length(v)};
}

/* A row's text: that of the task's column, else the longest string that training knows. Pairs are known by the columns' names. */
static const uint64_t *find_text(lines *l, const json_t *j) {
    const hx_task_config *c = l->task->config;
    hx_str text = member(j, c->text), text2 = member(j, c->text2);
    const uint64_t *found = NULL;
    const char *key;
    json_t *v;
    size_t longest = 0;
    if (text.ptr || c->text2) return hx_map_get(&l->first, key_of(l, text, text2));
    json_object_foreach((json_t *)(uintptr_t)j, key, v) {
        hx_str one = member(j, key);
        const uint64_t *place =
            one.len > longest ? hx_map_get(&l->first, key_of(l, one, text2)) : NULL;
        if (!place) continue;
        found = place;
        longest = one.len;
    }
    return found;
}

/* Beside its label. */
static bool holds_text(const json_t *j) {
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)j, key,
                        v) if (json_is_string(v) && strcmp(key, "label") != 0) return true;
    return false;
}

static hx_status list_texts(lines *l, hx_error *err) {
    const label_task *own = l->task->own;
    for (size_t i = 0; i < l->n; i++) {
        const hx_example *e = hx_dataset_at(own->data, HX_PART_TRAIN, i);
        uint64_t *place = hx_map_put(&l->first, key_of(l, e->raw, e->text2));
        if (!place) return hx_fail(err, HX_ENOMEM, "out of memory");
        if (*place == 0) *place = i + 1;
    }
    return HX_OK;
}

/* The first row says which kind of file it is. */
static hx_status take_row(lines *l, hx_str line, hx_error *err) {
    json_t *j = NULL;
    size_t row = l->n_rows++;
    HX_TRY(hx_json_parse(line, (size_t)1 << 20, l->task->config->teacher, &j, err));
    hx_status st = row == 0 && holds_text(j) ? list_texts(l, err) : HX_OK;
    const uint64_t *found = l->first.n > 0 ? find_text(l, j) : NULL;
    size_t place = l->first.n == 0 ? row : found ? (size_t)*found - 1 : l->n;
    if (st == HX_OK && place < l->n) st = take_line(l, j, place, err);
    json_decref(j);
    return st;
}

/* Texts that stand twice in training share a row; each must have one. */
static hx_status share_rows(lines *l, hx_error *err) {
    const hx_task *t = l->task;
    const label_task *own = t->own;
    size_t bytes = t->n_labels * sizeof *own->teacher;
    for (size_t i = 0; i < l->n; i++) {
        const hx_example *e = hx_dataset_at(own->data, HX_PART_TRAIN, i);
        const uint64_t *first = hx_map_get(&l->first, key_of(l, e->raw, e->text2));
        size_t from = first ? (size_t)*first - 1 : i;
        if (!l->said[from])
            return hx_fail(err, HX_EFORMAT, "%s has no row for the text of %s:%lld: %.*s",
                           t->config->teacher, hx_dataset_source(own->data, e->source),
                           (long long)e->row, HX_STR_ARG(e->text));
        if (from != i)
            memcpy(own->teacher + i * t->n_labels, own->teacher + from * t->n_labels, bytes);
    }
    return HX_OK;
}

static hx_status take_lines(const hx_task *t, hx_str text, hx_error *err) {
    const label_task *own = t->own;
    lines l = {.task = t, .n = hx_dataset_count(own->data, HX_PART_TRAIN)};
    l.said = hx_arena_alloc(t->trainer->arena, l.n + 1);
    hx_map_init(&l.first);
    hx_buf_init(&l.lower, FILE_MAX_BYTES);
    hx_status st = l.said ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t at = 0; st == HX_OK && at < text.len;) {
        const char *end = memchr(text.ptr + at, '\n', text.len - at);
        size_t len = (end ? (size_t)(end - text.ptr) : text.len) - at;
        if (len > 0) st = take_row(&l, (hx_str){text.ptr + at, len}, err);
        at += len + 1;
    }
    if (st == HX_OK && l.first.n == 0 && l.n_rows != l.n)
        st = hx_fail(err, HX_EFORMAT, "%s has %zu rows, training has %zu texts", t->config->teacher,
                     l.n_rows, l.n);
    if (st == HX_OK) st = share_rows(&l, err);
    hx_map_release(&l.first);
    hx_buf_release(&l.lower);
    return st;
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
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN);
    bool is_file = hx_teacher_is_file(t->config);
    if (!t->config->teacher) return HX_OK;
    if (is_file && t->config->hidden_share > 0)
        return hx_fail(err, HX_EINVAL,
                       "a file of probabilities has no hidden states: leave \"hidden_share\" out");
    own->teacher = hx_arena_alloc(t->trainer->arena, (n * t->n_labels + 1) * sizeof(float));
    if (!own->teacher) return hx_fail(err, HX_ENOMEM, "out of memory");
    return is_file ? take_file(t, err) : open_and_ask(t, err);
}
