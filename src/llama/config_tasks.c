/* config_tasks.c - the heads of a model, as "huaxiang.heads" lists them.
 *
 *     [{"name":"mood","kind":"label","pooling":"mean","bidirectional":true,"tap":0,"hidden":0,"max_length":512,"lower":false,
 *       "labels":["bad","good"],"temperature":1.4}, {"name":"stars","kind":"number",...,"mean":3.2,"deviation":1.1}, ...]
 *
 * In config.json the list is a value, in GGUF files a text. Where there is none, the head of transformers' classes (score, cls.output) is the only
 * one. Of the list, the head that transformers knows is the one of a kind it knows, without a layer of its own, where there is such a head. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "llama/config.h"

static const char *const kinds[] = {"label", "labels", "number",  "tag",
                                    "crf",   "parse",  "segment", "replaced"};
static const char *const without[] = {"causal", "masked", "mixed", "spelling", "correct"};

#define TEMPERATURE_MAX 1000.0

/* ------------------------------------------------------------------ memory */
static void release(hx_config_task *t) {
    for (size_t i = 0; t->labels && i < t->n_labels; i++)
        free(t->labels[i]);
    free(t->labels);
    free(t->name);
}

void hx_config_release_tasks(hx_config *c) {
    for (size_t i = 0; c->tasks && i < c->n_tasks; i++)
        release(&c->tasks[i]);
    free(c->tasks);
    c->tasks = NULL;
    c->n_tasks = 0;
}

static hx_status copy_text(hx_str from, char **out, hx_error *err) {
    *out = calloc(from.len + 1, 1);
    if (!*out) return hx_fail(err, HX_ENOMEM, "out of memory while reading a model's labels");
    if (from.len) memcpy(*out, from.ptr, from.len);
    return HX_OK;
}

static hx_status room_for_labels(hx_config_task *t, size_t n, hx_error *err) {
    t->labels = calloc(n, sizeof *t->labels);
    if (!t->labels) return hx_fail(err, HX_ENOMEM, "out of memory while reading a model's labels");
    t->n_labels = n;
    return HX_OK;
}

/* ------------------------------------------------------------------ reading */
typedef struct {
    json_t *entry;
    size_t index;
    const char *what;
    hx_error *err;
} reading;

static hx_str text_of(const json_t *v) {
    return (hx_str){json_string_value(v), json_string_length(v)};
}

static hx_status fail_key(const reading *r, const char *key) {
    return hx_fail(r->err, HX_EFORMAT, "%s: \"%s\" of head %zu in huaxiang.heads makes no sense",
                   r->what, key, r->index + 1);
}

static hx_status read_size(const reading *r, const char *key, size_t max, size_t *out) {
    json_t *v = json_object_get(r->entry, key);
    if (!v || json_is_null(v)) return HX_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 0 ||
        (uint64_t)json_integer_value(v) > (uint64_t)max)
        return fail_key(r, key);
    *out = (size_t)json_integer_value(v);
    return HX_OK;
}

static hx_status read_bool(const reading *r, const char *key, bool *out) {
    json_t *v = json_object_get(r->entry, key);
    if (v && !json_is_boolean(v)) return fail_key(r, key);
    *out = json_is_true(v);
    return HX_OK;
}

static hx_status read_number(const reading *r, const char *key, double *out) {
    json_t *v = json_object_get(r->entry, key);
    if (!v) return HX_OK;
    if (!json_is_number(v) || !isfinite(json_number_value(v))) return fail_key(r, key);
    *out = json_number_value(v);
    return HX_OK;
}

static hx_status read_name(const reading *r, char **out) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    json_t *v = json_object_get(r->entry, "name");
    const char *name = json_string_value(v);
    size_t n = name ? strspn(name, letters) : 0;
    if (n == 0 || n > HX_CONFIG_TASK_NAME_MAX || n != json_string_length(v))
        return fail_key(r, "name");
    return copy_text(text_of(v), out, r->err);
}

/* *out = the kind; or n where it is one without a head. */
static hx_status read_kind(const reading *r, size_t *out) {
    const size_t n = sizeof kinds / sizeof *kinds;
    const char *kind = json_string_value(json_object_get(r->entry, "kind"));
    for (*out = 0; kind && *out < n; ++*out)
        if (strcmp(kinds[*out], kind) == 0) return HX_OK;
    for (size_t i = 0; kind && i < sizeof without / sizeof *without; i++)
        if (strcmp(without[i], kind) == 0) return HX_OK;
    return fail_key(r, "kind");
}

static hx_status read_labels(const reading *r, hx_config_task *t) {
    static const char *const replaced[] = {"original", "replaced"};
    json_t *list = json_object_get(r->entry, "labels");
    size_t n = json_array_size(list),
           most = t->kind == HX_LLAMA_CRF ? HX_CONFIG_CRF_LABELS_MAX : HX_CONFIG_LABELS_MAX;
    bool is_replaced = t->kind == HX_LLAMA_REPLACED;
    if (is_replaced) n = 2;
    if (t->kind == HX_LLAMA_NUMBER && n > 1) return fail_key(r, "labels");
    if (t->kind == HX_LLAMA_NUMBER) n = 1;
    if (n == 0 || n > most) return fail_key(r, "labels");
    HX_TRY(room_for_labels(t, n, r->err));
    for (size_t i = 0; i < n; i++) {
        json_t *v = json_array_get(list, i);
        hx_str label = is_replaced ? hx_str_of(replaced[i]) : HX_STR_LIT("value");
        if (!is_replaced && v && !json_is_string(v)) return fail_key(r, "labels");
        if (!is_replaced && v) label = text_of(v);
        HX_TRY(copy_text(label, &t->labels[i], r->err));
    }
    return HX_OK;
}

static hx_status read_pooling(const reading *r, bool *mean) {
    json_t *v = json_object_get(r->entry, "pooling");
    const char *name = v ? json_string_value(v) : "last";
    if (!name || (strcmp(name, "mean") != 0 && strcmp(name, "last") != 0))
        return fail_key(r, "pooling");
    *mean = strcmp(name, "mean") == 0;
    return HX_OK;
}

static hx_status read_task(const reading *r, const hx_config *c, hx_config_task *t) {
    HX_TRY(read_name(r, &t->name));
    HX_TRY(read_pooling(r, &t->mean));
    HX_TRY(read_bool(r, "bidirectional", &t->bidirectional));
    HX_TRY(read_bool(r, "lower", &t->lower));
    HX_TRY(read_bool(r, "pairs", &t->pairs));
    HX_TRY(read_size(r, "tap", c->n_layers, &t->tap));
    HX_TRY(read_size(r, "hidden", HX_CONFIG_WIDTH_MAX, &t->hidden));
    HX_TRY(read_size(r, "max_length", HX_CONFIG_POSITIONS_MAX, &t->max_length));
    t->deviation = 1;
    HX_TRY(read_number(r, "mean", &t->average));
    HX_TRY(read_number(r, "deviation", &t->deviation));
    HX_TRY(read_number(r, "temperature", &t->temperature));
    if (json_object_get(r->entry, "temperature") &&
        !(t->temperature > 0 && t->temperature <= TEMPERATURE_MAX))
        return fail_key(r, "temperature");
    return read_labels(r, t);
}

/* ------------------------------------------------------------------ together */
/* The head of transformers' classes, of which nothing more is said. */
static hx_status take_score(hx_config *c, hx_error *err) {
    hx_config_task *t = &c->tasks[0];
    c->n_tasks = 1;
    *t = (hx_config_task){
        .kind = c->score_kind, .is_score = true, .mean = c->head_is_mean, .deviation = 1};
    HX_TRY(copy_text(HX_STR_LIT("score"), &t->name, err));
    HX_TRY(room_for_labels(t, c->n_labels, err));
    for (size_t i = 0; i < c->n_labels; i++)
        HX_TRY(
            copy_text(c->labels[i] ? hx_str_of(c->labels[i]) : HX_STR_LIT(""), &t->labels[i], err));
    return HX_OK;
}

static bool may_be_score(const hx_config *c, const hx_config_task *t) {
    bool known = t->kind <= HX_LLAMA_TAG || t->kind == HX_LLAMA_SEGMENT;
    return c->has_head && known && t->hidden == 0 && t->tap == 0 && t->n_labels == c->n_labels;
}

static hx_status read_list(hx_config *c, json_t *list, const char *what, hx_error *err) {
    const size_t none = sizeof kinds / sizeof *kinds;
    bool has_score = false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const reading r = {json_array_get(list, i), i, what, err};
        size_t kind;
        HX_TRY(read_kind(&r, &kind));
        if (kind == none) continue;
        hx_config_task *t = &c->tasks[c->n_tasks++];
        t->kind = (hx_llama_head_kind)kind;
        HX_TRY(read_task(&r, c, t));
        for (size_t k = 0; k + 1 < c->n_tasks; k++)
            if (strcmp(c->tasks[k].name, t->name) == 0) return fail_key(&r, "name");
        t->is_score = !has_score && may_be_score(c, t);
        has_score = has_score || t->is_score;
        if (t->is_score) c->score_kind = t->kind;
    }
    if (!c->has_head || has_score) return HX_OK;
    return hx_fail(err, HX_EFORMAT, "%s: huaxiang.heads says nothing of the head 'score'", what);
}

hx_status hx_config_read_tasks(hx_config *c, json_t *list, const char *what, hx_error *err) {
    size_t n = list ? json_array_size(list) : 1;
    if (list && (!json_is_array(list) || n > HX_CONFIG_TASKS_MAX))
        return hx_fail(err, HX_EFORMAT, "%s: huaxiang.heads is no list of at most %u heads", what,
                       HX_CONFIG_TASKS_MAX);
    if (!list && !c->has_head) return HX_OK;
    c->tasks = calloc(n + 1, sizeof *c->tasks);
    if (!c->tasks) return hx_fail(err, HX_ENOMEM, "out of memory while reading a model's labels");
    c->tasks_said = list != NULL;
    return list ? read_list(c, list, what, err) : take_score(c, err);
}

/* ------------------------------------------------------------------ writing */
static void put_size(hx_json_writer *w, const char *key, size_t v) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)v);
}

static void put_bool(hx_json_writer *w, const char *key, bool v) {
    hx_json_key(w, key);
    hx_json_bool(w, v);
}

static void put_text(hx_json_writer *w, const char *key, const char *v) {
    hx_json_key(w, key);
    hx_json_cstr(w, v);
}

static void put_task(hx_json_writer *w, const hx_config_task *t) {
    hx_json_object(w);
    put_text(w, "name", t->name);
    put_text(w, "kind", kinds[t->kind]);
    put_text(w, "pooling", t->mean ? "mean" : "last");
    put_bool(w, "bidirectional", t->bidirectional);
    put_size(w, "tap", t->tap);
    put_size(w, "hidden", t->hidden);
    if (t->max_length > 0) put_size(w, "max_length", t->max_length);
    if (t->lower) put_bool(w, "lower", true);
    if (t->pairs) put_bool(w, "pairs", true);
    hx_json_key(w, "labels");
    hx_json_array(w);
    for (size_t i = 0; i < t->n_labels; i++)
        hx_json_cstr(w, t->labels[i]);
    hx_json_end_array(w);
    if (t->temperature > 0) {
        hx_json_key(w, "temperature");
        hx_json_double(w, t->temperature);
    }
    if (t->kind == HX_LLAMA_NUMBER) {
        hx_json_key(w, "mean");
        hx_json_double(w, t->average);
        hx_json_key(w, "deviation");
        hx_json_double(w, t->deviation);
    }
    hx_json_end_object(w);
}

void hx_config_write_tasks(const hx_config *c, hx_json_writer *w) {
    hx_json_array(w);
    for (size_t i = 0; i < c->n_tasks; i++)
        put_task(w, &c->tasks[i]);
    hx_json_end_array(w);
}
