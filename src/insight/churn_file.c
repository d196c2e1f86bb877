/* churn_file.c - a model of churn as text, and back: one line of JSON, then one line for each member (learner_file.c).
 *
 *   {"churn":1,"target":"Churn","churned":"Yes","customer":"","members":4,"weights":[...],"intercept":-0.1,"rows":4225,"left":1121,
 *    "out_of_fold":{"auc":...,"log_loss":...,"brier":...},"map":{...} or null,"about":{...} or null,
 *    "columns":[{"name":"tenure","kind":"number","missing":[0,0],"bins":[[1,5,900,470],...]},
 *               {"name":"Contract","kind":"text","missing":[0,0],"bins":[["Two year",1000,30],...]}],"hash":"16 hexadecimal digits"}
 *   {"format":"huaxiang/model/1",...}
 *
 * The hash is XXH3 of the first line's canonical form (compact, keys sorted) without it, mixed with that of all other lines. It tells that a file
 * was changed otherwise than by a fit, it is no signature. What is read is hostile: numbers, names and members are checked before they are used. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "insight/churn.h"

#define NUMBER_MAX 1e15
#define COLUMNS_MAX 100000
#define NAME_MAX_BYTES 1000

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for a model of churn");
}

hx_status hx_churn_new(hx_churn **out, hx_error *err) {
    hx_churn *m = calloc(1, sizeof *m);
    if (m) m->arena = hx_arena_new((size_t)4 << 30);
    if (!m || !m->arena) {
        free(m);
        return no_memory(err);
    }
    *out = m;
    return HX_OK;
}

void hx_churn_free(hx_churn *m) {
    if (!m) return;
    for (size_t k = 0; k < m->n_members; k++)
        hx_learner_free(m->members[k]);
    hx_calibration_free(m->map);
    hx_arena_free(m->arena);
    free(m);
}

hx_str hx_churn_target(const hx_churn *m) {
    return m->target;
}
hx_str hx_churn_customer(const hx_churn *m) {
    return m->customer;
}
hx_str hx_churn_about(const hx_churn *m) {
    return m->about;
}

/* All but the target: a file to be scored need not have it, and may write it otherwise. */
hx_status hx_churn_kinds(const hx_churn *m, hx_arena *arena, hx_column_kind **out, size_t *n,
                         hx_error *err) {
    *n = 0;
    *out = hx_arena_alloc(arena, (m->n_columns + 1) * sizeof **out);
    if (!*out) return no_memory(err);
    for (size_t i = 0; i < m->n_columns; i++)
        (*out)[(*n)++] = (hx_column_kind){m->columns[i].name, m->columns[i].kind};
    return HX_OK;
}

/* ------------------------------------------------------------------ writing */
static void put_number(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

static void put_text(hx_json_writer *w, const char *key, hx_str v) {
    hx_json_key(w, key);
    hx_json_str(w, v);
}

static void put_raw(hx_json_writer *w, const char *key, hx_str json) {
    hx_json_key(w, key);
    if (json.len > 0)
        hx_json_raw(w, json);
    else
        hx_json_null(w);
}

static void put_bin(hx_json_writer *w, const hx_churn_bin *b, bool counts_alone, bool text) {
    hx_json_array(w);
    if (!counts_alone && text) hx_json_str(w, b->value);
    if (!counts_alone && !text) {
        hx_json_double(w, b->low);
        hx_json_double(w, b->high);
    }
    hx_json_double(w, b->rows);
    hx_json_double(w, b->left);
    hx_json_end_array(w);
}

static void put_column(hx_json_writer *w, const hx_churn_column *c) {
    hx_json_object(w);
    put_text(w, "name", c->name);
    put_text(w, "kind", hx_str_of(hx_kind_name(c->kind)));
    hx_json_key(w, "missing");
    put_bin(w, &c->missing, true, false);
    hx_json_key(w, "bins");
    hx_json_array(w);
    for (size_t k = 0; k < c->n_bins; k++)
        put_bin(w, &c->bins[k], false, c->kind == HX_KIND_TEXT);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static void put_facts(hx_json_writer *w, const hx_churn *m) {
    put_text(w, "target", m->target);
    put_text(w, "churned", m->churned);
    put_text(w, "customer", m->customer);
    hx_json_key(w, "members");
    hx_json_int(w, (int64_t)m->n_members);
    hx_json_key(w, "weights");
    hx_json_array(w);
    for (size_t k = 0; k < m->n_members; k++)
        hx_json_double(w, m->weights[k]);
    hx_json_end_array(w);
    put_number(w, "intercept", m->intercept);
    put_number(w, "rows", m->rows);
    put_number(w, "left", m->left);
    hx_json_key(w, "out_of_fold");
    hx_json_object(w);
    put_number(w, "auc", m->figures.auc);
    put_number(w, "log_loss", m->figures.log_loss);
    put_number(w, "brier", m->figures.brier);
    hx_json_end_object(w);
}

static void put_head(hx_json_writer *w, const hx_churn *m) {
    hx_json_object(w);
    hx_json_key(w, "churn");
    hx_json_int(w, 1);
    put_facts(w, m);
    hx_json_key(w, "map");
    if (m->map)
        hx_calibration_write(m->map, w);
    else
        hx_json_null(w);
    put_raw(w, "about", m->about);
    hx_json_key(w, "columns");
    hx_json_array(w);
    for (size_t i = 0; i < m->n_columns; i++)
        put_column(w, &m->columns[i]);
    hx_json_end_array(w);
}

static hx_status hash_of(const json_t *head, hx_str members, uint64_t *hash, hx_error *err) {
    json_t *copy = json_copy((json_t *)(uintptr_t)head); /* shallow: only the hash leaves it */
    char *text = NULL;
    if (copy) {
        (void)json_object_del(copy, "hash");
        text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
    }
    json_decref(copy);
    if (!text) return no_memory(err);
    *hash = hx_hash_mix(hx_hash(hx_str_of(text)), hx_hash(members));
    free(text);
    return HX_OK;
}

/* The two parts of the text; *hash is what the first one tells at its end. */
static hx_status write_all(const hx_churn *m, hx_buf *head, hx_buf *members, uint64_t *hash,
                           hx_error *err) {
    hx_json_writer w;
    json_t *parsed = NULL;
    for (size_t k = 0; k < m->n_members; k++)
        HX_TRY(hx_learner_write(m->members[k], "the model", members, err));
    hx_json_begin(&w, head);
    put_head(&w, m);
    const size_t body = head->len;
    (void)hx_buf_append_byte(head, '}');
    HX_TRY(hx_buf_status(head, "a model of churn", err));
    HX_TRY(hx_json_parse(hx_buf_str(head), HX_CHURN_BYTES_MAX, "the model", &parsed, err));
    hx_status st = hash_of(parsed, hx_buf_str(members), hash, err);
    json_decref(parsed);
    HX_TRY(st);
    head->len = body;
    (void)hx_buf_printf(head, ",\"hash\":\"%016llx\"}\n", (unsigned long long)*hash);
    (void)hx_buf_append_str(head, hx_buf_str(members));
    return hx_buf_status(head, "a model of churn", err);
}

static hx_status write_text(const hx_churn *m, hx_arena *arena, hx_str *text, uint64_t *hash,
                            hx_error *err) {
    hx_buf head, members;
    hx_buf_init(&head, HX_CHURN_BYTES_MAX);
    hx_buf_init(&members, HX_CHURN_BYTES_MAX);
    hx_status st = write_all(m, &head, &members, hash, err);
    if (st == HX_OK && text) {
        *text = hx_arena_str(arena, hx_buf_str(&head));
        if (!text->ptr) st = no_memory(err);
    }
    hx_buf_release(&head);
    hx_buf_release(&members);
    return st;
}

hx_status hx_churn_text(const hx_churn *m, hx_arena *arena, hx_str *text, hx_error *err) {
    uint64_t hash;
    return write_text(m, arena, text, &hash, err);
}

hx_status hx_churn_seal(hx_churn *m, hx_error *err) {
    return write_text(m, NULL, NULL, &m->hash, err);
}

/* ------------------------------------------------------------------ reading */
static hx_status damaged(const char *en, const char *zh, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "this is no model of churn that can be used: %s",
                   err && err->ui == HX_UI_ZH ? zh : en);
}

static bool number_of(const json_t *n, double low, double high, double *v) {
    *v = json_number_value(n);
    return json_is_number(n) && *v >= low && *v <= high;
}

static bool number_at(const json_t *o, const char *key, double low, double high, double *v) {
    return number_of(json_object_get(o, key), low, high, v);
}

static bool text_of(hx_churn *m, const json_t *s, hx_str *v) {
    if (!json_is_string(s)) return false;
    *v = hx_arena_str(m->arena, (hx_str){json_string_value(s), json_string_length(s)});
    return v->ptr != NULL && strlen(v->ptr) == v->len;
}

static bool counts_of(const json_t *bin, size_t at, hx_churn_bin *b) {
    return number_of(json_array_get(bin, at), 0, NUMBER_MAX, &b->rows) &&
           number_of(json_array_get(bin, at + 1), 0, b->rows, &b->left);
}

static bool bin_of(hx_churn *m, const hx_churn_column *c, const json_t *bin, hx_churn_bin *b) {
    if (c->kind == HX_KIND_TEXT)
        return text_of(m, json_array_get(bin, 0), &b->value) && counts_of(bin, 1, b);
    return number_of(json_array_get(bin, 0), -1e308, 1e308, &b->low) &&
           number_of(json_array_get(bin, 1), b->low, 1e308, &b->high) && counts_of(bin, 2, b);
}

static hx_status read_column(hx_churn *m, const json_t *o, hx_churn_column *c, hx_error *err) {
    const json_t *bins = json_object_get(o, "bins");
    const char *kind = json_string_value(json_object_get(o, "kind"));
    bool known = false;
    if (!text_of(m, json_object_get(o, "name"), &c->name) || c->name.len == 0 ||
        c->name.len > NAME_MAX_BYTES || !kind)
        return damaged("a column without name or kind", "某列没有名称或类型", err);
    for (int k = HX_KIND_NUMBER; k <= HX_KIND_TEXT; k++) {
        if (strcmp(kind, hx_kind_name((hx_kind)k)) != 0) continue;
        c->kind = (hx_kind)k;
        known = true;
    }
    c->n_bins = json_array_size(bins);
    known = known && counts_of(json_object_get(o, "missing"), 0, &c->missing);
    if (!known || c->n_bins > HX_CHURN_VALUES)
        return damaged("a column of no known kind, or with too many bins", "某列类型未知或分箱过多",
                       err);
    for (size_t k = 0; k < c->n_bins; k++)
        if (!bin_of(m, c, json_array_get(bins, k), &c->bins[k]))
            return damaged("a bin without its customers", "某个分箱缺少客户数", err);
    return HX_OK;
}

static hx_status read_columns(hx_churn *m, const json_t *head, hx_error *err) {
    const json_t *list = json_object_get(head, "columns");
    const size_t n = json_array_size(list);
    if (n == 0 || n > COLUMNS_MAX) return damaged("no columns", "没有列", err);
    m->columns = hx_arena_alloc(m->arena, n * sizeof *m->columns);
    if (!m->columns) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        HX_TRY(read_column(m, json_array_get(list, i), &m->columns[i], err));
        if (hx_churn_column_of(m, m->columns[i].name))
            return damaged("a column that is there twice", "某列出现两次", err);
        m->n_columns++;
    }
    return HX_OK;
}

static hx_status read_facts(hx_churn *m, const json_t *head, hx_error *err) {
    const json_t *out = json_object_get(head, "out_of_fold");
    if (!text_of(m, json_object_get(head, "target"), &m->target) ||
        !text_of(m, json_object_get(head, "churned"), &m->churned) ||
        !text_of(m, json_object_get(head, "customer"), &m->customer))
        return damaged("no target", "没有目标列", err);
    if (!number_at(head, "intercept", -1e3, 1e3, &m->intercept) ||
        !number_at(head, "rows", 1, NUMBER_MAX, &m->rows) ||
        !number_at(head, "left", 0, m->rows, &m->left) ||
        !number_at(out, "auc", 0, 1, &m->figures.auc) ||
        !number_at(out, "log_loss", 0, NUMBER_MAX, &m->figures.log_loss) ||
        !number_at(out, "brier", 0, 1, &m->figures.brier))
        return damaged("its counts or figures are missing or out of range",
                       "计数或指标缺失或超出范围", err);
    return HX_OK;
}

static hx_status read_about(hx_churn *m, const json_t *head, hx_error *err) {
    const json_t *about = json_object_get(head, "about"), *map = json_object_get(head, "map");
    if (map && !json_is_null(map)) HX_TRY(hx_calibration_read(&m->map, map, 2, err));
    if (!about || json_is_null(about)) return HX_OK;
    char *text = json_dumps(about, JSON_COMPACT | JSON_SORT_KEYS);
    if (text) m->about = hx_arena_str(m->arena, hx_str_of(text));
    free(text);
    return m->about.ptr ? HX_OK : no_memory(err);
}

static hx_status read_member(hx_churn *m, hx_str line, hx_error *err) {
    hx_learner **l = &m->members[m->n_members];
    HX_TRY(hx_learner_read(l, line, "the model", err));
    m->n_members++;
    if (hx_learner_task(*l) != HX_TASK_CLASSES || (*l)->n_classes != 2 ||
        !(*l)->estimator->contributions)
        return damaged("a member that does not tell two classes", "某个成员不能区分两类", err);
    return HX_OK;
}

static hx_status read_members(hx_churn *m, const json_t *head, hx_str rest, hx_error *err) {
    const json_t *weights = json_object_get(head, "weights");
    const size_t n = json_array_size(weights);
    if (n == 0 || n > HX_CHURN_MEMBERS_MAX) return damaged("no members", "没有成员", err);
    for (size_t k = 0; k < n; k++) {
        const char *end = rest.len ? memchr(rest.ptr, '\n', rest.len) : NULL;
        if (!end) return damaged("a member is missing", "缺少成员", err);
        if (!number_of(json_array_get(weights, k), 0, 1e6, &m->weights[k]))
            return damaged("a member without its weight", "某个成员没有权重", err);
        const hx_str line = {rest.ptr, (size_t)(end - rest.ptr) + 1};
        HX_TRY(read_member(m, line, err));
        rest = (hx_str){end + 1, rest.len - line.len};
    }
    return rest.len ? damaged("something stands behind its members", "成员之后有多余内容", err)
                    : HX_OK;
}

static hx_status read_model(hx_churn *m, const json_t *head, hx_str rest, hx_error *err) {
    char hash[20];
    const json_t *said = json_object_get(head, "hash");
    if (json_integer_value(json_object_get(head, "churn")) != 1)
        return damaged("it does not begin with \"churn\":1", "开头不是 \"churn\":1", err);
    HX_TRY(hash_of(head, rest, &m->hash, err));
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)m->hash);
    if (!json_is_string(said) || strcmp(json_string_value(said), hash) != 0)
        return hx_fail(err, HX_EFORMAT,
                       "the model of churn was changed since it was saved (its hash is %016llx "
                       "now); fit it again",
                       (unsigned long long)m->hash);
    HX_TRY(read_facts(m, head, err));
    HX_TRY(read_columns(m, head, err));
    HX_TRY(read_about(m, head, err));
    return read_members(m, head, rest, err);
}

hx_status hx_churn_read(hx_churn **out, hx_str text, hx_error *err) {
    json_t *head = NULL;
    hx_churn *m = NULL;
    const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    if (!end) return damaged("it has no lines", "没有内容行", err);
    const hx_str first = {text.ptr, (size_t)(end - text.ptr)};
    HX_TRY(hx_json_parse(first, HX_CHURN_BYTES_MAX, "the model of churn", &head, err));
    hx_status st = hx_churn_new(&m, err);
    if (st == HX_OK) st = read_model(m, head, (hx_str){end + 1, text.len - first.len - 1}, err);
    json_decref(head);
    if (st == HX_OK) {
        *out = m;
        return HX_OK;
    }
    hx_churn_free(m);
    return st;
}
