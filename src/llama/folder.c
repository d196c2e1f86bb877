/* folder.c - where the parts of a model are: all in one .gguf, or in a folder as Hugging Face lays it out.
 *
 *     folder/config.json                         sizes, rotary positions, labels
 *     folder/model.safetensors                   weights, or
 *     folder/model.safetensors.index.json        which shard beside it holds which tensor
 *     folder/tokenizer.json | tokenizer.model    may be missing: then only token ids go in
 *
 * With `tokenizer_only` the weights of a folder are not even opened, and a tokenizer alone will do: a folder without config.json, or the
 * path of its tokenizer.json or tokenizer.model. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "llama/model.h"

static bool has_file(const char *folder, const char *name) {
    char *path = hx_file_beside(folder, name);
    bool has = path && hx_file_exists(path);
    free(path);
    return has;
}

static hx_status open_at(hx_tensor_file **out, const char *folder, const char *name,
                         hx_error *err) {
    char *path = hx_file_beside(folder, name);
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", folder);
    hx_status status = hx_tensor_file_open(out, path, err);
    free(path);
    return status;
}

static hx_status read_config(hx_config *c, const char *folder, hx_error *err) {
    hx_buf json;
    hx_buf_init(&json, HX_CONFIG_BYTES_MAX);
    char *path = hx_file_beside(folder, "/config.json");
    hx_status status = path ? hx_file_read(path, &json, err)
                            : hx_fail(err, HX_ENOMEM, "out of memory while opening %s", folder);
    if (status == HX_OK) status = hx_config_read_json(c, hx_buf_str(&json), path, err);
    free(path);
    hx_buf_release(&json);
    return status;
}

static bool has_tokenizer(const char *folder) {
    return has_file(folder, "/tokenizer.json") || has_file(folder, "/tokenizer.model");
}

static hx_status open_folder(hx_llama *m, const char *folder, hx_error *err) {
    bool tokens = has_tokenizer(folder);
    if (m->options.tokenizer_only && tokens && !has_file(folder, "/config.json"))
        HX_TRY(hx_config_begin(&m->config, HX_STR_LIT("llama"), folder, err));
    else
        HX_TRY(read_config(&m->config, folder, err));
    if (tokens) HX_TRY(hx_tokenizer_open_folder(&m->tokenizer, folder, err));
    if (m->options.tokenizer_only) return HX_OK;
    if (has_file(folder, "/model.safetensors"))
        return open_at(&m->file, folder, "/model.safetensors", err);
    if (has_file(folder, "/model.safetensors.index.json"))
        return open_at(&m->file, folder, "/model.safetensors.index.json", err);
    return hx_fail(err, HX_ENOTFOUND,
                   "%s: neither model.safetensors nor model.safetensors.index.json is there",
                   folder);
}

static hx_status open_gguf(hx_llama *m, const char *path, hx_error *err) {
    HX_TRY(hx_tensor_file_open(&m->file, path, err));
    if (!hx_tensor_file_is_gguf(m->file))
        return hx_fail(err, HX_EFORMAT,
                       "%s: safetensors hold weights only; give the folder with its config.json",
                       path);
    HX_TRY(hx_config_read_gguf(&m->config, m->file, err));
    if (!hx_tensor_file_value(m->file, "tokenizer.ggml.model")) return HX_OK;
    return hx_tokenizer_open_gguf(&m->tokenizer, m->file, err);
}

static bool is_tokenizer(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return strcmp(name, "tokenizer.json") == 0 || strcmp(name, "tokenizer.model") == 0;
}

static hx_status open_beside(hx_llama *m, const char *path, hx_error *err) {
    const char *slash = strrchr(path, '/');
    hx_str folder = slash ? (hx_str){path, (size_t)(slash - path) + 1} : HX_STR_LIT(".");
    hx_str copy = hx_arena_str(m->arena, folder); /* ends in NUL */
    if (!copy.ptr) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    return open_folder(m, copy.ptr, err);
}

hx_status hx_llama_open_files(hx_llama *m, const char *path, hx_error *err) {
    struct stat st;
    if (stat(path, &st) != 0) return hx_fail_errno(err, path, errno);
    if (m->options.tokenizer_only && S_ISREG(st.st_mode) && is_tokenizer(path))
        return open_beside(m, path, err);
    return S_ISDIR(st.st_mode) ? open_folder(m, path, err) : open_gguf(m, path, err);
}
