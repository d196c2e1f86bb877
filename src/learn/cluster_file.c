/* cluster_file.c - clusters as one JSON file:
 *
 *     {"format":"huaxiang/clusters/1","version":"0.1.0","method":"kmeans","k":3,"params":{...},"design":{...},"factors":[...],"place":[...],"rule":{...},
 *      "summary":{...},"hash":"0123456789abcdef"}
 *
 * rule: centres (k, d) of k-means, mini-batch, hierarchical; weights, centres and factors (k, d, d) of mixtures; radius, cores and core_labels of
 * DBSCAN; least, cores (all rows), core_labels (k = none), core_distances (null = none) and births of HDBSCAN. The hash is XXH3 of the file's bytes up to `,"hash"`, checked before anything is believed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "learn/cluster.h"
#include "learn/fields.h"

#define FORMAT "huaxiang/clusters/1"
#define FILE_MAX_ ((size_t)2 << 30)
#define HASH_LEAD ",\"hash\":\""
#define HASH_TAIL "\"}\n"
#define HASH_DIGITS 16
#define CLUSTERS_MAX ((size_t)1 << 24)

/* ------------------------------------------------------------------ writing */
/* Noise is written as k. */
static void write_labels(hx_json_writer *w, const char *key, const uint32_t *labels, size_t n,
                         size_t k) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        hx_json_int(w, labels[i] < k ? (int64_t)labels[i] : (int64_t)k);
    hx_json_end_array(w);
}

static void write_branches(const hx_cluster_rule *r, hx_json_writer *w) {
    hx_json_key(w, "least");
    hx_json_int(w, (int64_t)r->least);
    hx_put_numbers(w, "core_distances", r->core_distances, r->n_cores);
    hx_put_numbers(w, "births", r->births, r->k);
}

static void write_rule(const hx_cluster_rule *r, hx_json_writer *w) {
    hx_json_object(w);
    if (hx_cluster_is_dense(r->method)) {
        hx_json_key(w, "radius");
        hx_json_double(w, r->radius);
        hx_json_key(w, "n_cores");
        hx_json_int(w, (int64_t)r->n_cores);
        hx_put_numbers(w, "cores", r->cores, r->n_cores * r->d);
        write_labels(w, "core_labels", r->core_labels, r->n_cores, r->k);
        if (r->method == HX_CLUSTER_HDBSCAN) write_branches(r, w);
    } else {
        hx_put_numbers(w, "centres", r->centres, r->k * r->d);
    }
    if (r->method == HX_CLUSTER_MIXTURE) {
        hx_json_key(w, "covariance");
        hx_json_int(w, r->mixture.kind);
        hx_put_numbers(w, "weights", r->mixture.weights, r->k);
        hx_put_numbers(w, "factors", r->mixture.factors, r->k * r->d * r->d);
    }
    hx_json_end_object(w);
}

static void write_members(const hx_clusters *c, hx_buf *b) {
    hx_json_writer w;
    hx_json_begin(&w, b);
    hx_json_object(&w);
    hx_json_key(&w, "format");
    hx_json_cstr(&w, FORMAT);
    hx_json_key(&w, "version");
    hx_json_cstr(&w, HX_VERSION);
    hx_json_key(&w, "method");
    hx_json_cstr(&w, hx_cluster_method_name(c->rule.method));
    hx_json_key(&w, "k");
    hx_json_int(&w, (int64_t)c->rule.k);
    hx_json_key(&w, "params");
    hx_params_write(&hx_cluster_kind, c->params, &w);
    hx_json_key(&w, "design");
    hx_design_write(c->design, &w);
    hx_put_numbers(&w, "factors", c->factors, c->rule.d);
    hx_json_key(&w, "place");
    hx_json_array(&w);
    for (size_t i = 0; i < c->rule.k; i++)
        hx_json_int(&w, (int64_t)c->place[i]);
    hx_json_end_array(&w);
    hx_json_key(&w, "rule");
    write_rule(&c->rule, &w);
    hx_json_key(&w, "summary");
    hx_json_raw(&w, c->summary);
}

hx_status hx_clusters_save(const hx_clusters *c, const char *path, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, FILE_MAX_);
    write_members(c, &b);
    unsigned long long hash = hx_hash(hx_buf_str(&b));
    hx_buf_printf(&b, HASH_LEAD "%016llx" HASH_TAIL, hash);
    hx_status st = hx_buf_status(&b, path, err);
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&b), false, err);
    hx_buf_release(&b);
    return st;
}

/* ------------------------------------------------------------------ reading */
static hx_status damaged(const char *path, hx_error *err) {
    return hx_fail(err, HX_EFORMAT, "%s is damaged; train it again or copy it anew", path);
}

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the clusters");
}

static hx_status check_hash(hx_str file, const char *path, hx_error *err) {
    static const char start[] = "{\"format\":\"" FORMAT "\"";
    const size_t tail = sizeof HASH_LEAD - 1 + HASH_DIGITS + sizeof HASH_TAIL - 1;
    if (file.len < sizeof start || memcmp(file.ptr, start, sizeof start - 1) != 0)
        return hx_fail(err, HX_EFORMAT, "%s holds no clusters that huaxiang learn cluster made",
                       path);
    if (file.len < sizeof start + tail) return damaged(path, err);
    hx_buf b;
    hx_buf_init(&b, 2 * tail);
    hx_buf_printf(&b, HASH_LEAD "%016llx" HASH_TAIL,
                  (unsigned long long)hx_hash((hx_str){file.ptr, file.len - tail}));
    bool same = !b.failed && memcmp(file.ptr + file.len - tail, b.ptr, tail) == 0;
    hx_buf_release(&b);
    return same ? HX_OK : damaged(path, err);
}

static size_t index_at(const json_t *array, size_t i, size_t below, bool *ok) {
    const json_t *v = json_array_get(array, i);
    json_int_t x = json_is_integer(v) ? json_integer_value(v) : -1;
    if (x >= 0 && (uint64_t)x < below) return (size_t)x;
    *ok = false;
    return 0;
}

/* Where no row has so many near it, no core distance is a number: they were written as null, and no cluster is there. */
static void read_branches(hx_clusters *c, const json_t *json, bool *ok) {
    hx_cluster_rule *r = &c->rule;
    bool none = r->k == 0, given = true;
    r->least = hx_field_count(json, "least", HX_TABLE_ROWS_MAX, ok);
    r->core_distances = hx_field_numbers(json, "core_distances", r->n_cores, c->arena, &given);
    r->births = hx_field_numbers(json, "births", r->k, c->arena, ok);
    if (r->least == 0 || (!given && !none)) *ok = false;
    if (!given && *ok)
        r->core_distances = hx_arena_alloc(c->arena, (r->n_cores + 1) * sizeof *r->core_distances);
    if (!r->core_distances) *ok = false;
    for (size_t i = 0; i < r->n_cores && *ok; i++) {
        if (r->core_labels[i] == r->k) r->core_labels[i] = HX_NOISE;
        if (!given) r->core_distances[i] = INFINITY;
    }
}

static void read_cores(hx_clusters *c, const json_t *json, bool *ok) {
    hx_cluster_rule *r = &c->rule;
    r->radius = hx_field_number(json, "radius", ok);
    r->n_cores = hx_field_count(json, "n_cores", HX_TABLE_ROWS_MAX, ok);
    r->cores = hx_field_numbers(json, "cores", r->n_cores * r->d, c->arena, ok);
    const json_t *labels = json_object_get(json, "core_labels");
    if (!json_is_array(labels) || json_array_size(labels) != r->n_cores) *ok = false;
    if (*ok) r->core_labels = hx_arena_alloc(c->arena, (r->n_cores + 1) * sizeof *r->core_labels);
    if (!r->core_labels) *ok = false;
    for (size_t i = 0; i < r->n_cores && *ok; i++)
        r->core_labels[i] =
            (uint32_t)index_at(labels, i, r->k + (r->method == HX_CLUSTER_HDBSCAN), ok);
    if (r->method == HX_CLUSTER_HDBSCAN && *ok) read_branches(c, json, ok);
}

static void read_mixture(hx_clusters *c, const json_t *json, bool *ok) {
    hx_cluster_rule *r = &c->rule;
    r->mixture = (hx_mixture){.k = r->k, .d = r->d, .means = r->centres};
    r->mixture.kind =
        (hx_covariance)hx_field_count(json, "covariance", HX_COVARIANCE_SPHERICAL, ok);
    r->mixture.weights = hx_field_numbers(json, "weights", r->k, c->arena, ok);
    r->mixture.factors = hx_field_numbers(json, "factors", r->k * r->d * r->d, c->arena, ok);
    for (size_t i = 0; i < r->k && *ok; i++)
        for (size_t j = 0; j < r->d && *ok; j++)
            *ok = r->mixture.weights[i] >= 0 && r->mixture.factors[(i * r->d + j) * r->d + j] > 0;
}

static hx_status read_rule(hx_clusters *c, const json_t *json, const char *path, hx_error *err) {
    const json_t *rule = json_object_get(json, "rule"), *place = json_object_get(json, "place");
    bool ok = json_array_size(place) == c->rule.k;
    c->factors = hx_field_numbers(json, "factors", c->rule.d, c->arena, &ok);
    if (hx_cluster_is_dense(c->rule.method))
        read_cores(c, rule, &ok);
    else
        c->rule.centres = hx_field_numbers(rule, "centres", c->rule.k * c->rule.d, c->arena, &ok);
    if (c->rule.method == HX_CLUSTER_MIXTURE && ok) read_mixture(c, rule, &ok);
    if (ok) c->place = hx_arena_alloc(c->arena, (c->rule.k + 1) * sizeof *c->place);
    for (size_t i = 0; i < c->rule.k && c->place; i++)
        c->place[i] = index_at(place, i, c->rule.k, &ok);
    return ok && c->place ? HX_OK : damaged(path, err);
}

static hx_status read_texts(hx_clusters *c, const json_t *json, hx_error *err) {
    char *params = json_dumps(json_object_get(json, "params"), JSON_COMPACT);
    char *summary = json_dumps(json_object_get(json, "summary"), JSON_COMPACT);
    c->params = hx_arena_alloc(c->arena, HX_CLUSTER_PARAMS * sizeof *c->params);
    hx_status st = params && summary && c->params
                       ? hx_params_of(&hx_cluster_kind, hx_str_of(params), c->params, err)
                       : no_memory(err);
    if (st == HX_OK) c->summary = hx_arena_str(c->arena, hx_str_of(summary));
    free(params);
    free(summary);
    return st == HX_OK && !c->summary.ptr ? no_memory(err) : st;
}

static hx_status read_members(hx_clusters *c, const json_t *json, const char *path, hx_error *err) {
    const char *const *names, *const *classes;
    size_t n_classes;
    bool ok = true;
    c->rule.method = hx_cluster_method_of(hx_field_text(json, "method", c->arena, &ok));
    c->rule.k = hx_field_count(json, "k", CLUSTERS_MAX, &ok);
    if (!ok || c->rule.method == HX_CLUSTER_METHODS ||
        !json_is_object(json_object_get(json, "params")))
        return damaged(path, err);
    HX_TRY(read_texts(c, json, err));
    HX_TRY(hx_design_read(&c->design, json_object_get(json, "design"), err));
    hx_design_names(c->design, &names, &c->rule.d, &classes, &n_classes);
    return read_rule(c, json, path, err);
}

static hx_status read_file(hx_clusters *c, hx_str file, const char *path, hx_error *err) {
    json_t *json = NULL;
    HX_TRY(check_hash(file, path, err));
    HX_TRY(hx_json_parse(file, FILE_MAX_, path, &json, err));
    hx_status st = read_members(c, json, path, err);
    json_decref(json);
    return st;
}

hx_status hx_clusters_load(hx_clusters **out, const char *path, hx_error *err) {
    hx_buf file;
    hx_buf_init(&file, FILE_MAX_);
    hx_clusters *c = calloc(1, sizeof *c);
    if (c) c->arena = hx_arena_new((size_t)64 << 30);
    hx_status st = c && c->arena ? hx_file_read(path, &file, err) : no_memory(err);
    if (st == HX_OK) st = read_file(c, hx_buf_str(&file), path, err);
    hx_buf_release(&file);
    if (st != HX_OK) {
        hx_clusters_free(c);
        return st;
    }
    *out = c;
    return HX_OK;
}
