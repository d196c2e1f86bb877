/* cmd_models.c - models list, get, verify: which models are known, which are here, whether they are sound.
 *
 * list: one record a known model: the hub's file with its type, size and sum, where it lies or would lie, and what lies there where
 * that is another file. verify: one record a file that is sound; what is not is a
 * sentence and exit status 1.
 *
 * `get` is the only command that reads from the network: from the official hub, or from the one that HUAXIANG_HUB names, and what came is
 * checked against the recorded sum, so that any mirror will do. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/llama.h"
#include "cli/output.h"
#include "cli/progress.h"

#define NAMES_MAX 512
#define HINT_MAX 96

static const char *path_of(hx_cli *c, const char *folder, const hx_known_model *m) {
    size_t n = strlen(folder) + strlen(m->name) + 8;
    char *path = hx_arena_alloc(c->arena, n);
    if (path) (void)snprintf(path, n, "%s/%s.gguf", folder, m->name);
    return path;
}

static bool is_here(const char *path) {
    return path && access(path, R_OK) == 0;
}

/* 0 where it is not here. */
static uint64_t size_of(const char *path) {
    struct stat st;
    return path && stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* ------------------------------------------------------------------ list */
static json_t *megabytes(uint64_t bytes) {
    return json_integer((json_int_t)((bytes + 500000) / 1000000));
}

/* The file that is here, where it is not the one of the hub: the packaged one, or something else of that name. */
static void put_other(const hx_cli *c, json_t *r, const hx_known_model *m, uint64_t size) {
    char said[64] = "";
    if (size == 0 || size == m->bytes) return;
    if (size == m->packaged_bytes)
        (void)snprintf(said, sizeof said, "%s, %llu MB", m->packaged_type,
                       (unsigned long long)((size + 500000) / 1000000));
    (void)json_object_set_new(r, "here_bytes", json_integer((json_int_t)size));
    (void)json_object_set_new(
        r, "here_is", json_string(*said ? said : hx_cli_tr(c, "another file", "另一个文件")));
}

static json_t *describe(hx_cli *c, const char *folder, const hx_known_model *m) {
    const char *path = path_of(c, folder, m);
    json_t *r = json_pack("{s:s,s:s,s:b,s:s,s:s,s:s,s:s,s:s,s:s}", "name", m->name, "what",
                          hx_cli_tr(c, m->en, m->zh), "here", is_here(path), "architecture",
                          m->architecture, "type", m->type, "licence", m->licence, "hub",
                          m->repository, "file", m->file, "aliases", m->aliases);
    (void)json_object_set_new(r, "bytes",
                              m->bytes ? json_integer((json_int_t)m->bytes) : json_null());
    (void)json_object_set_new(r, "mb", m->bytes ? megabytes(m->bytes) : json_null());
    (void)json_object_set_new(r, "sha256", json_string(m->sha256 ? m->sha256 : "not recorded"));
    (void)json_object_set_new(r, "path", json_string(path ? path : ""));
    put_other(c, r, m, size_of(path));
    return r;
}

static int list_models(hx_cli *c, const char *folder) {
    static const hx_record_column columns[] = {
        {"name", "name", "名称", HX_CELL_LEFT},
        {"here", "here", "已获取", HX_CELL_CODE},
        {"mb", "MB", "MB", HX_CELL_RIGHT},
        {"type", "type", "类型", HX_CELL_LEFT},
        {"licence", "licence", "许可证", HX_CELL_LEFT},
        {"bytes", NULL, NULL, HX_CELL_RIGHT},
        {"sha256", NULL, NULL, HX_CELL_LEFT},
        {"hub", NULL, NULL, HX_CELL_LEFT},
        {"file", NULL, NULL, HX_CELL_LEFT},
        {"here_is", "the file here", "本机文件", HX_CELL_LEFT},
        {"what", "for", "用途", HX_CELL_LEFT},
    };
    const hx_known_model *all;
    size_t n = hx_known_models(&all);
    json_t *records = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append_new(records, describe(c, folder, &all[i]));
    bool ok = hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok ? HX_EXIT_DONE : HX_EXIT_FAILED;
}

/* ------------------------------------------------------------------ get */
typedef struct {
    hx_cli *c;
    const hx_known_model *model;
    struct timespec began;
    uint64_t first; /* bytes that were there before */
    double shown; /* seconds since then at the last line */
} get_job;

static double since(const struct timespec *began) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

static void show_bytes(void *context, uint64_t done, uint64_t total) {
    get_job *j = context;
    double seconds = since(&j->began);
    if (j->shown < 0) j->first = done;
    if (seconds < j->shown + 0.1 && done < total) return;
    j->shown = seconds;
    hx_progress_bytes(j->c, j->model->name, done, total, done - j->first, seconds);
}

static int get_model(hx_cli *c, const char *folder, const hx_known_model *m) {
    get_job j = {.c = c, .model = m, .shown = -1};
    const char *hub = getenv("HUAXIANG_HUB"), *path = path_of(c, folder, m);
    const hx_download_options options = {
        .hub = hub, .progress = show_bytes, .context = &j, .cancel = &c->cancel};
    hx_error err = {.ui = c->ui};
    clock_gettime(CLOCK_MONOTONIC, &j.began);
    hx_cli_note(c, "getting %s (%s, licence %s) from %s", "正在获取 %s（%s，许可证 %s），来自 %s",
                m->name, m->type, m->licence, hub && *hub ? hub : m->repository);
    if (!m->sha256)
        hx_cli_note(c, "no sum of its file is recorded: only its tables will be checked",
                    "没有记录该文件的校验和：只检查文件中的各表");
    hx_status st = hx_model_download(m, folder, &options, &err);
    hx_progress_clear(c);
    if (st != HX_OK) return hx_cli_error(c, &err);
    hx_cli_note(c, "%s is at %s", "%s 已在 %s", m->name, path ? path : folder);
    return HX_EXIT_DONE;
}

static int unknown_model(hx_cli *c, const char *name) {
    char names[NAMES_MAX], hint[HINT_MAX];
    hx_cli_model_names(names, sizeof names);
    hx_cli_suggest(c, name, names, hint, sizeof hint);
    return hx_cli_usage(c, "'%s' is no known model%s", "没有名为“%s”的模型%s", name,
                        *hint ? hint
                              : hx_cli_tr(c, "; 'huaxiang models list' shows them",
                                          "；“huaxiang models list”列出全部"));
}

static int get_models(hx_cli *c, const char *folder) {
    int status = HX_EXIT_DONE;
    if (c->n_args == 0)
        return hx_cli_usage(c, "models get needs a name; 'huaxiang models list' shows them",
                            "models get 需要名称；“huaxiang models list”列出全部");
    for (int i = 0; i < c->n_args; i++)
        if (!hx_known_model_find(c->args[i])) return unknown_model(c, c->args[i]);
    hx_cli_catch_interrupts(c);
    for (int i = 0; i < c->n_args && status == HX_EXIT_DONE; i++)
        status = get_model(c, folder, hx_known_model_find(c->args[i]));
    return status;
}

/* ------------------------------------------------------------------ verify */
static int verify_file(hx_cli *c, json_t *records, const char *name, const char *path) {
    hx_error err = {.ui = c->ui};
    hx_model_check found;
    const hx_known_model *m = hx_known_model_find(name);
    if (hx_model_verify(m, path, &c->cancel, &found, &err) != HX_OK) return hx_cli_error(c, &err);
    const char *sum = !m               ? hx_cli_tr(c, "of no known model", "不是已知模型")
                      : found.recorded ? hx_cli_tr(c, "as recorded", "与记录一致")
                                       : hx_cli_tr(c, "not recorded", "没有记录");
    (void)json_array_append_new(
        records, json_pack("{s:s,s:s,s:b,s:I,s:I,s:s,s:s,s:b}", "model", m ? m->name : "", "path",
                           path, "sound", 1, "bytes", (json_int_t)found.bytes, "tensors",
                           (json_int_t)found.n_tensors, "sha256", found.sha256, "sum", sum,
                           "recorded", found.recorded));
    return HX_EXIT_DONE;
}

static int verify_named(hx_cli *c, json_t *records, const char *name) {
    const char *path = hx_cli_model_path(c, name);
    return path ? verify_file(c, records, name, path) : HX_EXIT_FAILED;
}

/* Without names: all that are here. */
static int verify_all(hx_cli *c, json_t *records, const char *folder) {
    const hx_known_model *all;
    size_t n = hx_known_models(&all), seen = 0;
    int status = HX_EXIT_DONE;
    for (size_t i = 0; i < n; i++) {
        const char *path = path_of(c, folder, &all[i]);
        if (!is_here(path)) continue;
        seen++;
        if (verify_file(c, records, all[i].name, path) != HX_EXIT_DONE) status = HX_EXIT_FAILED;
    }
    if (seen == 0)
        hx_cli_note(c, "no model is here; 'huaxiang models get NAME' gets one",
                    "本机没有模型；用“huaxiang models get 名称”获取");
    return status;
}

static int verify_models(hx_cli *c, const char *folder) {
    static const hx_record_column columns[] = {
        {"model", "model", "模型", HX_CELL_LEFT},  {"sound", "sound", "完好", HX_CELL_CODE},
        {"bytes", "bytes", "字节", HX_CELL_RIGHT}, {"tensors", "tensors", "张量", HX_CELL_RIGHT},
        {"sum", "sum", "校验和", HX_CELL_LEFT},    {"sha256", "SHA-256", "SHA-256", HX_CELL_LEFT},
        {"recorded", NULL, NULL, HX_CELL_LEFT},    {"path", NULL, NULL, HX_CELL_LEFT}};
    json_t *records = json_array();
    int status = c->n_args == 0 ? verify_all(c, records, folder) : HX_EXIT_DONE;
    for (int i = 0; i < c->n_args; i++)
        if (verify_named(c, records, c->args[i]) != HX_EXIT_DONE) status = HX_EXIT_FAILED;
    bool ok = json_array_size(records) == 0 ||
              hx_output_records(c, records, columns, sizeof columns / sizeof *columns);
    json_decref(records);
    return ok ? status : HX_EXIT_FAILED;
}

int hx_cmd_models(hx_cli *c) {
    const char *folder = hx_cli_models_folder(c);
    if (!folder) return HX_EXIT_FAILED;
    if (strcmp(c->action, "get") == 0) return get_models(c, folder);
    if (strcmp(c->action, "verify") == 0) return verify_models(c, folder);
    if (c->n_args > 0)
        return hx_cli_usage(c, "models list takes no name: '%s'", "models list 不带名称：“%s”",
                            c->args[0]);
    return list_models(c, folder);
}
