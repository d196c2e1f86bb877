/* text_pool.c - several models of texts read as one, as a comparison put them together (train_compare.c).
 *
 *     {"huaxiang":"pool","version":1,"way":"stack","labels":["bad","good"],"bias":[0.1,-0.1],
 *      "members":[{"model":"svm.learner","sha256":"..","weight":0.7},{"model":"llama","sha256":"..","weight":0.4}]}
 *
 * Members stand beside the file: learners, or folders of runs. Their sums are checked, so that the file's own sum says what the whole is.
 * `average` is the mean of their probabilities, `stack` the weighted pool of train_stack.c. Labels go by name. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "huaxiang/learn.h"
#include "huaxiang/model.h"
#include "model/train_stack.h"

#define FILE_MAX ((size_t)16 << 20)
#define MEMBERS_MAX 16
#define HEAD "{\"huaxiang\":\"pool\""

typedef struct {
    hx_text_learner *learner; /* owned; NULL = a language model */
    hx_llama *model; /* owned, with its context */
    hx_llama_context *context;
    size_t head, n_labels;
    size_t *place; /* (n_labels): the pool's label of each of its own */
} member;

struct hx_text_pool {
    hx_arena *arena; /* owned: of all but members' models */
    bool stacked;
    const char **labels;
    size_t n_labels;
    member members[MEMBERS_MAX];
    size_t n;
    double *weights; /* (n + n_labels), of a stack */
};

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status damaged(const char *path, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s is no pool of models, or is damaged", path);
}

bool hx_text_pool_is_file(const char *path) {
    hx_buf b;
    size_t n = path ? strlen(path) : 0;
    if (n < 6 || strcmp(path + n - 5, ".pool") != 0) return false;
    hx_buf_init(&b, FILE_MAX);
    bool is = hx_file_read(path, &b, NULL) == HX_OK && b.len > strlen(HEAD) &&
              memcmp(b.ptr, HEAD, strlen(HEAD)) == 0;
    hx_buf_release(&b);
    return is;
}

/* ------------------------------------------------------------------ members */
static const char *own_label(const member *m, size_t i) {
    return m->learner ? hx_text_learner_label(m->learner, i)
                      : hx_llama_head_label(m->model, m->head, i);
}

static hx_status place_labels(hx_text_pool *p, member *m, const char *path, hx_error *err) {
    m->place = hx_arena_alloc(p->arena, (m->n_labels + 1) * sizeof *m->place);
    if (!m->place) return no_memory(err);
    if (m->n_labels != p->n_labels) return damaged(path, err);
    for (size_t i = 0; i < m->n_labels; i++) {
        size_t k = 0;
        while (k < p->n_labels && strcmp(p->labels[k], own_label(m, i)) != 0)
            k++;
        if (k == p->n_labels) return damaged(path, err);
        m->place[i] = k;
    }
    return HX_OK;
}

static hx_status open_llama(member *m, const char *path, const hx_llama_options *options,
                            hx_error *err) {
    const hx_context_options context = {.batch_tokens = 2048};
    HX_TRY(hx_llama_open(&m->model, path, options, err));
    HX_TRY(hx_llama_context_open(&m->context, m->model, &context, err));
    for (size_t i = 0; i < hx_llama_describe(m->model)->n_tasks; i++) {
        const hx_llama_head_info *h = hx_llama_head_of(m->model, i);
        if (h->kind != HX_LLAMA_LABEL || h->pairs) continue;
        m->head = i;
        m->n_labels = h->n_labels;
        return HX_OK;
    }
    return damaged(path, err);
}

/* The path of a member beside the pool's file; only plain names. */
static hx_status path_of(hx_text_pool *p, const char *pool, const char *name, hx_str *out,
                         hx_error *err) {
    const char *end = strrchr(pool, '/');
    size_t n = end ? (size_t)(end - pool) + 1 : 0;
    hx_buf b;
    if (!name || !*name || strchr(name, '/') || name[0] == '.') return damaged(pool, err);
    hx_buf_init(&b, FILE_MAX);
    (void)hx_buf_append(&b, pool, n);
    (void)hx_buf_append_str(&b, hx_str_of(name));
    hx_str beside = b.failed ? (hx_str){NULL, 0} : hx_arena_str(p->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    if (!beside.ptr) return no_memory(err);
    return hx_model_resolve(beside.ptr, NULL, p->arena, out, err);
}

static hx_status open_member(hx_text_pool *p, const char *pool, const json_t *j,
                             const hx_llama_options *options, hx_error *err) {
    member *m = &p->members[p->n++];
    const char *sum = json_string_value(json_object_get(j, "sha256"));
    char now[65];
    hx_str path;
    HX_TRY(path_of(p, pool, json_string_value(json_object_get(j, "model")), &path, err));
    HX_TRY(hx_model_sum(path.ptr, NULL, now, err));
    if (!sum || strcmp(sum, now) != 0)
        return hx_fail(err, HX_EFORMAT, "%s is not the model that %s was made of", path.ptr, pool);
    if (hx_text_learner_is_file(path.ptr)) {
        HX_TRY(hx_text_learner_load(&m->learner, path.ptr, err));
        m->n_labels = hx_text_learner_labels(m->learner);
    } else {
        HX_TRY(open_llama(m, path.ptr, options, err));
    }
    return place_labels(p, m, pool, err);
}

/* ------------------------------------------------------------------ opening */
static hx_status take_labels(hx_text_pool *p, const char *path, const json_t *list, hx_error *err) {
    p->n_labels = json_array_size(list);
    p->labels = hx_arena_alloc(p->arena, (p->n_labels + 1) * sizeof *p->labels);
    if (!p->labels) return no_memory(err);
    if (p->n_labels == 0) return damaged(path, err);
    for (size_t i = 0; i < p->n_labels; i++) {
        const char *label = json_string_value(json_array_get(list, i));
        if (!label) return damaged(path, err);
        p->labels[i] = hx_arena_str(p->arena, hx_str_of(label)).ptr;
        if (!p->labels[i]) return no_memory(err);
    }
    return HX_OK;
}

static hx_status take_weights(hx_text_pool *p, const char *path, const json_t *j, hx_error *err) {
    const json_t *members = json_object_get(j, "members"), *bias = json_object_get(j, "bias");
    p->weights = hx_arena_alloc(p->arena, (p->n + p->n_labels) * sizeof *p->weights);
    if (!p->weights) return no_memory(err);
    if (!p->stacked) return HX_OK;
    for (size_t i = 0; i < p->n + p->n_labels; i++) {
        const json_t *v = i < p->n ? json_object_get(json_array_get(members, i), "weight")
                                   : json_array_get(bias, i - p->n);
        if (!json_is_number(v)) return damaged(path, err);
        p->weights[i] = json_number_value(v);
    }
    return HX_OK;
}

static hx_status open_all(hx_text_pool *p, const char *path, const json_t *j,
                          const hx_llama_options *options, hx_error *err) {
    const json_t *members = json_object_get(j, "members");
    const char *way = json_string_value(json_object_get(j, "way"));
    size_t n = json_array_size(members);
    if (!way || n == 0 || n > MEMBERS_MAX || json_integer_value(json_object_get(j, "version")) != 1)
        return damaged(path, err);
    p->stacked = strcmp(way, "stack") == 0;
    if (!p->stacked && strcmp(way, "average") != 0) return damaged(path, err);
    HX_TRY(take_labels(p, path, json_object_get(j, "labels"), err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(open_member(p, path, json_array_get(members, i), options, err));
    return take_weights(p, path, j, err);
}

hx_status hx_text_pool_open(hx_text_pool **out, const char *path, const hx_llama_options *options,
                            hx_error *err) {
    hx_buf b;
    json_t *j = NULL;
    hx_text_pool *p = calloc(1, sizeof *p);
    *out = p;
    if (p) p->arena = hx_arena_new(0);
    if (!p || !p->arena) {
        hx_text_pool_close(p);
        *out = NULL;
        return no_memory(err);
    }
    hx_buf_init(&b, FILE_MAX);
    hx_status st = hx_file_read(path, &b, err);
    if (st == HX_OK) st = hx_json_parse(hx_buf_str(&b), FILE_MAX, path, &j, err);
    if (st == HX_OK) st = open_all(p, path, j, options, err);
    json_decref(j);
    hx_buf_release(&b);
    if (st == HX_OK) return HX_OK;
    hx_text_pool_close(p);
    *out = NULL;
    return st;
}

void hx_text_pool_close(hx_text_pool *p) {
    if (!p) return;
    for (size_t i = 0; i < p->n; i++) {
        hx_text_learner_free(p->members[i].learner);
        hx_llama_context_close(p->members[i].context);
        hx_llama_close(p->members[i].model);
    }
    hx_arena_free(p->arena);
    free(p);
}

size_t hx_text_pool_labels(const hx_text_pool *p) {
    return p->n_labels;
}

const char *hx_text_pool_label(const hx_text_pool *p, size_t i) {
    return i < p->n_labels ? p->labels[i] : NULL;
}

const char *hx_text_pool_kernels(const hx_text_pool *p) {
    for (size_t i = 0; i < p->n; i++)
        if (p->members[i].model) return hx_llama_describe(p->members[i].model)->kernels;
    return p->stacked ? "stack" : "average";
}

/* ------------------------------------------------------------------ reading */
static hx_status ask(const hx_text_pool *p, member *m, const hx_str *texts, size_t n,
                     size_t n_threads, float *said, float *out, hx_error *err) {
    HX_TRY(m->learner ? hx_text_learner_predict(m->learner, texts, n, n_threads, said, err)
                      : hx_llama_read(m->context, &m->head, 1, texts, n, 0, &said, err));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < p->n_labels; k++)
            out[i * p->n_labels + m->place[k]] = said[i * p->n_labels + k];
    return HX_OK;
}

static void put_mean(const hx_text_pool *p, float *const *rows, size_t n, float *out) {
    for (size_t i = 0; i < n * p->n_labels; i++) {
        float sum = 0;
        for (size_t k = 0; k < p->n; k++)
            sum += rows[k][i];
        out[i] = sum / (float)p->n;
    }
}

static hx_status put_stack(const hx_text_pool *p, float *const *rows, size_t n, hx_arena *arena,
                           float *out, hx_error *err) {
    double *row = hx_arena_alloc(arena, (p->n_labels + 1) * sizeof *row);
    if (!row) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        hx_stack_row((const float *const *)rows, p->n, p->n_labels, i, p->weights, row);
        for (size_t k = 0; k < p->n_labels; k++)
            out[i * p->n_labels + k] = (float)row[k];
    }
    return HX_OK;
}

static hx_status predict(const hx_text_pool *p, member *members, const hx_str *texts, size_t n,
                         size_t n_threads, hx_arena *arena, float *out, hx_error *err) {
    float *rows[MEMBERS_MAX], *said = hx_arena_alloc(arena, (n * p->n_labels + 1) * sizeof *said);
    if (!said) return no_memory(err);
    for (size_t k = 0; k < p->n; k++) {
        rows[k] = hx_arena_alloc(arena, (n * p->n_labels + 1) * sizeof *said);
        if (!rows[k]) return no_memory(err);
        HX_TRY(ask(p, &members[k], texts, n, n_threads, said, rows[k], err));
    }
    if (p->stacked) return put_stack(p, rows, n, arena, out, err);
    put_mean(p, rows, n, out);
    return HX_OK;
}

hx_status hx_text_pool_predict(hx_text_pool *p, const hx_str *texts, size_t n, size_t n_threads,
                               float *probabilities, hx_error *err) {
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return no_memory(err);
    hx_status st = predict(p, p->members, texts, n, n_threads, arena, probabilities, err);
    hx_arena_free(arena);
    return st;
}
