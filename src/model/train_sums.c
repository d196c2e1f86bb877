/* train_sums.c - hashes of all files that a training reads: a run goes on with the same ones only.
 *
 *     "data_sums": {"comments.csv":"16 digits","smollm2.gguf":"16 digits","lm/best/config.json":"16 digits",...}
 *
 * XXH3 of all bytes, of models too: size and time would not show a file that was written again, and reading one takes less time than a
 * step. Of a model's folder the files count that make up the model, of a tokenizer's those that make up a vocabulary. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "huaxiang/model.h"
#include "model/model_file.h"
#include "model/train.h"

static hx_status put_file(json_t *sums, const char *path, hx_error *err) {
    hx_mapping m;
    if (!path || strcmp(path, "-") == 0 || json_object_get(sums, path)) return HX_OK;
    HX_TRY(hx_mapping_open(&m, path, err));
    (void)json_object_set_new(sums, path,
                              json_sprintf("%016llx", (unsigned long long)hx_hash(m.bytes)));
    hx_mapping_close(&m);
    return HX_OK;
}

/* ------------------------------------------------------------------ folders */
static bool ends_with(const char *name, const char *end) {
    size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static bool is_of_vocabulary(const char *name) {
    static const char *const begins[] = {"tokenizer", "special_tokens", "added_tokens", "vocab.",
                                         "merges."};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0) return true;
    return false;
}

static bool is_of_model(const char *name) {
    return is_of_vocabulary(name) || ends_with(name, ".safetensors") || ends_with(name, ".json");
}

static hx_status put_folder(json_t *sums, const char *folder, bool (*wanted)(const char *name),
                            hx_error *err) {
    DIR *d = opendir(folder);
    if (!d) return hx_fail_errno(err, folder, errno);
    hx_status st = HX_OK;
    for (struct dirent *e; st == HX_OK && (e = readdir(d));) {
        if (e->d_name[0] == '.' || !wanted(e->d_name)) continue;
        char *path = hx_model_join(folder, e->d_name);
        st = path ? put_file(sums, path, err) : hx_fail(err, HX_ENOMEM, "out of memory");
        free(path);
    }
    (void)closedir(d);
    return st;
}

/* ------------------------------------------------------------------ what a training names */
static hx_status put_model(json_t *sums, const char *name, hx_arena *arena, hx_error *err) {
    hx_str path;
    if (!name) return HX_OK;
    HX_TRY(hx_model_resolve(name, NULL, arena, &path, err));
    return hx_model_is_folder(path.ptr) ? put_folder(sums, path.ptr, is_of_model, err)
                                        : put_file(sums, path.ptr, err);
}

/* A folder, or a file of one: then its other files count, too. */
static hx_status put_tokenizer(json_t *sums, const char *path, hx_arena *arena, hx_error *err) {
    if (!path) return HX_OK;
    if (hx_model_is_folder(path)) return put_folder(sums, path, is_of_vocabulary, err);
    if (!hx_file_exists(path)) return HX_OK; /* the model says what it misses */
    const char *slash = strrchr(path, '/');
    hx_str folder = slash ? (hx_str){path, (size_t)(slash - path)} : HX_STR_LIT(".");
    folder = hx_arena_str(arena, folder.len ? folder : HX_STR_LIT("/"));
    if (!folder.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    return put_folder(sums, folder.ptr, is_of_vocabulary, err);
}

static hx_status put_task(json_t *sums, const hx_task_config *k, hx_arena *arena, hx_error *err) {
    const char *const files[] = {k->validation, k->test, k->synonyms, k->homophones, k->shapes};
    for (size_t i = 0; i < k->n_data; i++)
        HX_TRY(put_file(sums, k->data[i], err));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        HX_TRY(put_file(sums, files[i], err));
    if (!k->teacher) return HX_OK;
    return ends_with(k->teacher, ".jsonl") ? put_file(sums, k->teacher, err)
                                           : put_model(sums, k->teacher, arena, err);
}

hx_status hx_train_sums(const hx_train_config *c, json_t *sums, hx_arena *arena, hx_error *err) {
    for (size_t i = 0; i < c->n_tasks; i++)
        HX_TRY(put_task(sums, &c->tasks[i], arena, err));
    HX_TRY(put_model(sums, c->model, arena, err));
    return put_tokenizer(sums, c->tokenizer, arena, err);
}

hx_status hx_train_sums_of(json_t *config, json_t *sums, hx_arena *arena, hx_error *err) {
    hx_train_config c;
    HX_TRY(hx_train_config_read(&c, config, arena, err));
    return hx_train_sums(&c, sums, arena, err);
}

/* ------------------------------------------------------------------ several trainings */
hx_status hx_train_claim(const char *folder, const json_t *config, json_t *sums, bool resume,
                         bool *resumed, hx_error *err) {
    json_t *whole = json_deep_copy(config);
    if (!whole)
        json_decref(sums);
    else
        (void)json_object_set_new(whole, "data_sums", sums);
    char *text = whole ? json_dumps(whole, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
    json_decref(whole);
    hx_status st = text ? hx_run_claim(folder, hx_str_of(text), resume, resumed, err)
                        : hx_fail(err, HX_ENOMEM, "out of memory");
    free(text);
    return st;
}
