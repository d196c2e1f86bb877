/* small.c - opens the language model of the engine `llama` and finds its heads; see small.h.
 *
 * Invariant: heads[t] is a head of the kind that the task t needs, so whoever reads it need not look again. The hash covers weights, tokenizer
 * and settings, which are all in one GGUF file; of a folder it covers the files that hold them. Kernels are part of it, since other
 * kernels round otherwise. */
#include "text/small.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"

#define READ_BYTES ((size_t)1 << 18)

typedef struct {
    const char *name;
    hx_llama_head_kind kind;
} small_need;

static const small_need needs[HX_SMALL_N] = {
    {"sentiment", HX_LLAMA_LABEL},   {"emotion", HX_LLAMA_LABEL},
    {"aspects", HX_LLAMA_LABELS},    {"intent", HX_LLAMA_LABELS},
    {"keywords", HX_LLAMA_TAG},      {"words_pku", HX_LLAMA_SEGMENT},
    {"words_sxu", HX_LLAMA_SEGMENT}, {"words_ud", HX_LLAMA_SEGMENT},
    {"pos_zh", HX_LLAMA_TAG},        {"pos_en", HX_LLAMA_TAG},
    {"trees_zh", HX_LLAMA_TREE},     {"trees_en", HX_LLAMA_TREE},
    {"entities", HX_LLAMA_TAG},      {"correct", HX_LLAMA_TAG},
    {"topic", HX_LLAMA_LABEL}};

static hx_status small_path(char *out, size_t size, const char *share_dir, hx_error *err) {
    int n = snprintf(out, size, "%s/%s", share_dir, HX_SMALL_FILE);
    if (n < 0 || (size_t)n >= size)
        return hx_fail(err, HX_EINVAL, "the path of the data folder is too long");
    return HX_OK;
}

bool hx__small_is_there(const char *share_dir) {
    char path[4096];
    return small_path(path, sizeof path, share_dir, NULL) == HX_OK && hx_file_exists(path);
}

/* ------------------------------------------------------------------ hash */
static void hash_file(const char *path, uint64_t *hash) {
    char *block = calloc(1, READ_BYTES);
    FILE *f = block ? fopen(path, "rb") : NULL;
    for (size_t n; f && (n = fread(block, 1, READ_BYTES, f)) > 0;)
        *hash = hx_hash_mix(*hash, hx_hash((hx_str){block, n}));
    if (f) (void)fclose(f);
    free(block);
}

static uint64_t hash_model(const char *path, const char *kernels) {
    static const char *const parts[] = {"config.json", "tokenizer.json", "model.safetensors"};
    uint64_t hash = hx_hash(hx_str_of(kernels));
    char inside[4096];
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        hash_file(path, &hash);
        return hash;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (snprintf(inside, sizeof inside, "%s/%s", path, parts[i]) < (int)sizeof inside)
            hash_file(inside, &hash);
    return hash;
}

/* ------------------------------------------------------------------ heads */
static bool fits(const hx_llama_head_info *h, hx_llama_head_kind kind) {
    bool tags = kind == HX_LLAMA_TAG && h->kind == HX_LLAMA_CRF;
    return (h->kind == kind || tags) && !h->pairs;
}

size_t hx__small_label(const hx_small *s, size_t head, const char *name) {
    size_t n = hx_llama_head_of(s->llama, head)->n_labels, i = 0;
    while (i < n && strcmp(hx_llama_head_label(s->llama, head, i), name) != 0)
        i++;
    return i;
}

/* A head for sentiment has two labels, one of them positive. */
static bool has_labels(const hx_small *s, int task, size_t head) {
    return task != HX_SMALL_SENTIMENT || (hx_llama_head_of(s->llama, head)->n_labels == 2 &&
                                          hx__small_label(s, head, "positive") < 2);
}

static bool find_heads(hx_small *s) {
    size_t n = hx_llama_describe(s->llama)->n_tasks, found = 0;
    for (int t = 0; t < HX_SMALL_N; t++) {
        size_t head = hx_llama_find_head(s->llama, needs[t].name);
        bool has = head < n && fits(hx_llama_head_of(s->llama, head), needs[t].kind) &&
                   has_labels(s, t, head);
        s->heads[t] = has ? head : HX_SMALL_NONE;
        found += has;
    }
    return found > 0;
}

/* The weights of a folder are its model.safetensors, as training writes them. */
static hx_status identify(hx_small *s, const char *path, hx_error *err) {
    char inside[4096];
    struct stat st;
    uint64_t bytes;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
        snprintf(inside, sizeof inside, "%s/model.safetensors", path) < (int)sizeof inside)
        path = inside;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return hx_fail_errno(err, path, errno);
    hx_status status = hx_checksum_file(fd, path, NULL, s->sha256, &bytes, err);
    (void)close(fd);
    return status;
}

hx_status hx__small_open(hx_small **out, const char *share_dir,
                         const hx_text_model_options *options, hx_error *err) {
    const char *path = options ? options->model : NULL;
    const hx_llama_options read = {.n_threads = 1, .kernels = options ? options->kernels : NULL};
    char usual[4096];
    HX_TRY(small_path(usual, sizeof usual, share_dir, err));
    if (!path && !hx_file_exists(usual))
        return hx_fail(err, HX_ENOTFOUND,
                       "the engine llama needs a model: %s isn't there; name one or take another "
                       "engine",
                       usual);
    if (!path) path = usual;
    hx_small *s = calloc(1, sizeof *s);
    if (!s) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    hx_status status = hx_llama_open(&s->llama, path, &read, err);
    if (status == HX_OK && !find_heads(s))
        status = hx_fail(err, HX_EUNSUPPORTED,
                         "%s has no head that the engine llama knows: sentiment, aspects, intent, "
                         "keywords",
                         path);
    if (status == HX_OK && options && options->identified) status = identify(s, path, err);
    if (status != HX_OK) {
        hx__small_close(s);
        return status;
    }
    s->hash = hash_model(path, hx_llama_describe(s->llama)->kernels);
    *out = s;
    return HX_OK;
}

void hx__small_close(hx_small *s) {
    if (!s) return;
    hx_llama_close(s->llama);
    free(s);
}
