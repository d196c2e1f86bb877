/* known.c - the table of known models, and how a name becomes a path; see model.h.
 *
 * A sum in this table is one of a file whose bytes were read and summed, or one that the hub itself states for it (the digest of its
 * large-file record). Where neither is known the entry says so by NULL, and a download is checked by reading its tables alone.
 *
 * All are instruct models with a chat template, so that each can label texts that it was never trained for. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "model/known.h"
#include "model/run.h"

#define COMPARISON_MAX ((size_t)16 << 20)

static const hx_known_model known_models[] = {
    {.name = "smollm2-135m",
     .aliases = "smollm2,smollm2-135m-instruct",
     .en = "English; small and fast: embeddings, a base for training",
     .zh = "英文；小而快：文本向量、训练的基座",
     .architecture = "llama",
     .type = "Q8_0",
     .licence = "Apache-2.0",
     .repository = "HuggingFaceTB/SmolLM2-135M-Instruct-GGUF",
     .file = "smollm2-135m-instruct-q8_0.gguf",
     .packaged_bytes = 98362432,
     .packaged_sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
     .packaged_type = "Q4_1"},
    {.name = "qwen2.5-0.5b",
     .aliases = "qwen2.5-0.5b-instruct",
     .en = "Chinese and English: labels without training, short answers",
     .zh = "中英文：无需训练即可打标签，简短作答",
     .architecture = "qwen2",
     .type = "Q4_K_M",
     .licence = "Apache-2.0",
     .repository = "Qwen/Qwen2.5-0.5B-Instruct-GGUF",
     .file = "qwen2.5-0.5b-instruct-q4_k_m.gguf",
     .bytes = 491400032,
     .sha256 = "74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db"},
    {.name = "qwen2.5-1.5b",
     .aliases = "qwen2.5-1.5b-instruct",
     .en = "Chinese and English: better labels, summaries, JSON",
     .zh = "中英文：更好的标签、摘要和 JSON",
     .architecture = "qwen2",
     .type = "Q4_K_M",
     .licence = "Apache-2.0",
     .repository = "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
     .file = "qwen2.5-1.5b-instruct-q4_k_m.gguf",
     .bytes = 1117320736,
     .sha256 = "6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e"},
    {.name = "qwen2.5-coder-0.5b",
     .aliases = "qwen2.5-coder-0.5b-instruct",
     .en = "Chinese and English: labels without training, JSON",
     .zh = "中英文：无需训练即可打标签，输出 JSON",
     .architecture = "qwen2",
     .type = "Q4_K_M",
     .licence = "Apache-2.0",
     .repository = "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
     .file = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
     .bytes = 491400064,
     .sha256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"},
    {.name = "qwen2.5-coder-1.5b",
     .aliases = "qwen2.5-coder-1.5b-instruct",
     .en = "Chinese and English: better labels, JSON profiles",
     .zh = "中英文：更好的标签，输出 JSON 画像",
     .architecture = "qwen2",
     .type = "Q4_K_M",
     .licence = "Apache-2.0",
     .repository = "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     .file = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
     .bytes = 1117320768,
     .sha256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"},
    {.name = "qwen3-0.6b",
     .aliases = "",
     .en = "Chinese and English, about a hundred languages more",
     .zh = "中英文及百余种语言",
     .architecture = "qwen3",
     .type = "Q8_0",
     .licence = "Apache-2.0",
     .repository = "Qwen/Qwen3-0.6B-GGUF",
     .file = "Qwen3-0.6B-Q8_0.gguf",
     .bytes = 639446688,
     .sha256 = "9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031"},
};

size_t hx_known_models(const hx_known_model **out) {
    *out = known_models;
    return sizeof known_models / sizeof *known_models;
}

/* ------------------------------------------------------------------ names */
static bool same_letters(const char *a, size_t n, const char *b) {
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i])) return false;
    return b[n] == '\0';
}

static bool is_called(const hx_known_model *m, const char *name) {
    if (same_letters(m->name, strlen(m->name), name)) return true;
    for (const char *p = m->aliases; *p;) {
        size_t n = strcspn(p, ",");
        if (same_letters(p, n, name)) return true;
        p += n + (p[n] == ',');
    }
    return false;
}

const hx_known_model *hx_known_model_find(const char *name) {
    for (size_t i = 0; name && i < sizeof known_models / sizeof *known_models; i++)
        if (is_called(&known_models[i], name)) return &known_models[i];
    return NULL;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

#define NAME_MAX_NEAR 48

/* Edits between two names (Levenshtein); far apart where one is too long to be a name. */
static size_t distance(const char *a, const char *b) {
    size_t n = strlen(a), m = strlen(b), row[NAME_MAX_NEAR + 1];
    if (n > NAME_MAX_NEAR || m > NAME_MAX_NEAR) return NAME_MAX_NEAR;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t above = row[j];
            size_t change = corner + (tolower((unsigned char)a[i - 1]) != (unsigned char)b[j - 1]);
            row[j] = least(least(row[j] + 1, row[j - 1] + 1), change);
            corner = above;
        }
    }
    return row[m];
}

const hx_known_model *hx_known_model_near(const char *name) {
    const hx_known_model *found = NULL;
    size_t best = 1 + strlen(name) / 3;
    for (size_t i = 0; i < sizeof known_models / sizeof *known_models; i++) {
        size_t d = distance(name, known_models[i].name);
        if (d > best || (found && d == best)) continue;
        best = d;
        found = &known_models[i];
    }
    return found;
}

/* ------------------------------------------------------------------ paths */
static bool is_there(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

static hx_status join(hx_arena *arena, const char *folder, const char *name, const char *suffix,
                      hx_str *out, hx_error *err) {
    size_t n = strlen(folder) + strlen(name) + strlen(suffix) + 2;
    char *p = hx_arena_alloc(arena, n);
    if (!p) return hx_fail(err, HX_ENOMEM, "out of memory");
    (void)snprintf(p, n, "%s/%s%s", folder, name, suffix);
    *out = (hx_str){p, n - 1};
    return HX_OK;
}

/* What looks like a path is never a name, so that a mistyped path is not looked for in the cache. */
static bool is_path(const char *name) {
    size_t n = strlen(name);
    return strchr(name, '/') || (n > 5 && strcmp(name + n - 5, ".gguf") == 0) ||
           (n > 12 && strcmp(name + n - 12, ".safetensors") == 0);
}

static hx_status not_here(const char *name, hx_error *err) {
    const hx_known_model *m = hx_known_model_find(name);
    if (m)
        return hx_fail(err, HX_ENOTFOUND,
                       "model %s is not on this machine; get it with 'huaxiang models get %s'",
                       m->name, m->name);
    m = hx_known_model_near(name);
    if (m)
        return hx_fail(err, HX_ENOTFOUND, "there is no model %s; did you mean %s?", name, m->name);
    return hx_fail(
        err, HX_ENOTFOUND,
        "there is no model %s: neither a file or folder nor a name that 'huaxiang models "
        "list' shows",
        name);
}

/* The run or learner that a record in the folder names; HX_ENOTFOUND, with nothing said, where there is no such record. */
static hx_status chosen_of(const char *folder, const char *record, hx_arena *arena, hx_str *chosen,
                           hx_error *err) {
    hx_buf text;
    hx_str file = {NULL, 0};
    json_t *j = NULL;
    HX_TRY(join(arena, folder, record, "", &file, err));
    if (!is_there(file.ptr)) return HX_ENOTFOUND;
    hx_buf_init(&text, COMPARISON_MAX);
    hx_status st = hx_file_read(file.ptr, &text, err);
    if (st == HX_OK) st = hx_json_parse(hx_buf_str(&text), COMPARISON_MAX, file.ptr, &j, err);
    hx_buf_release(&text);
    if (st != HX_OK) return st;
    const char *name = json_string_value(json_object_get(j, "chosen"));
    if (!name) name = json_string_value(json_object_get(json_object_get(j, "best"), "run"));
    bool sound = name && *name && !strchr(name, '/') && *name != '.';
    if (sound) *chosen = hx_arena_str(arena, hx_str_of(name));
    json_decref(j);
    if (!sound) return hx_fail(err, HX_EFORMAT, "%s names no chosen learner", file.ptr);
    return chosen->ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

/* Of the folder of a comparison or a search: the learner that was chosen, or its run. HX_ENOTFOUND, with nothing said, where it is none. */
static hx_status resolve_chosen(const char *folder, hx_arena *arena, hx_str *path, hx_error *err) {
    hx_str chosen = {NULL, 0}, file = chosen;
    hx_status st = chosen_of(folder, "compare.json", arena, &chosen, err);
    if (st == HX_ENOTFOUND) st = chosen_of(folder, "tune.json", arena, &chosen, err);
    if (st != HX_OK) return st;
    HX_TRY(join(arena, folder, chosen.ptr, "", path, err));
    HX_TRY(join(arena, folder, chosen.ptr, ".learner", &file, err));
    if (!is_there(file.ptr)) return hx_run_model(path->ptr, arena, path, err);
    *path = file;
    return HX_OK;
}

/* Of a folder that is no run: its best/, of which a copy was made without the rest; or that it holds folds. */
static hx_status resolve_parts(const char *folder, hx_arena *arena, hx_str *path, hx_error *err) {
    hx_str own = {NULL, 0}, best = own, folds = own;
    HX_TRY(join(arena, folder, "config.json", "", &own, err));
    HX_TRY(join(arena, folder, "best/config.json", "", &best, err));
    HX_TRY(join(arena, folder, "folds.json", "", &folds, err));
    if (is_there(folds.ptr))
        return hx_fail(err, HX_EINVAL,
                       "%s holds the folds of a cross-validation, each a model of its own: name "
                       "one of them, %s/fold1, or train without --folds",
                       folder, folder);
    if (is_there(own.ptr) || !is_there(best.ptr)) return HX_ENOTFOUND;
    return join(arena, folder, "best", "", path, err);
}

static hx_status resolve_folder(const char *folder, hx_arena *arena, hx_str *path, hx_error *err) {
    hx_status st = resolve_chosen(folder, arena, path, err);
    if (st == HX_ENOTFOUND) st = hx_run_model(folder, arena, path, err);
    if (st == HX_ENOTFOUND) st = resolve_parts(folder, arena, path, err);
    return st;
}

hx_status hx_model_resolve(const char *name, const char *cache, hx_arena *arena, hx_str *path,
                           hx_error *err) {
    static const char *const suffixes[] = {".gguf", ""};
    if (!name || !*name) return hx_fail(err, HX_EINVAL, "a model's name may not be empty");
    if (is_path(name) || is_there(name)) {
        if (!is_there(name)) return hx_fail(err, HX_ENOTFOUND, "%s: no such file", name);
        hx_status run = resolve_folder(name, arena, path, err);
        if (run != HX_ENOTFOUND) return run;
        *path = hx_arena_str(arena, hx_str_of(name));
        return path->ptr ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    }
    const hx_known_model *m = hx_known_model_find(name);
    for (size_t i = 0; cache && *name != '.' && i < sizeof suffixes / sizeof *suffixes; i++) {
        HX_TRY(join(arena, cache, m ? m->name : name, suffixes[i], path, err));
        if (is_there(path->ptr)) return HX_OK;
    }
    return not_here(name, err);
}
