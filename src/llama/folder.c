/* folder.c - where the parts of a model are: all in one .gguf, or in a folder as Hugging Face lays it out.
 *
 *     folder/config.json                         sizes, rotary positions, labels
 *     folder/model.safetensors                   weights, or
 *     folder/model.safetensors.index.json        which shard beside it holds which tensor
 *     folder/tokenizer.json | tokenizer.model    may be missing: then only token ids go in
 *
 * With `tokenizer_only` the weights of a folder are not even opened. */
#include <errno.h>
#include <stdlib.h>
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

static hx_status open_folder(hx_llama *m, const char *folder, hx_error *err) {
    HX_TRY(read_config(&m->config, folder, err));
    if (has_file(folder, "/tokenizer.json") || has_file(folder, "/tokenizer.model"))
        HX_TRY(hx_tokenizer_open_folder(&m->tokenizer, folder, err));
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

hx_status hx_llama_open_files(hx_llama *m, const char *path, hx_error *err) {
    struct stat st;
    if (stat(path, &st) != 0) return hx_fail_errno(err, path, errno);
    return S_ISDIR(st.st_mode) ? open_folder(m, path, err) : open_gguf(m, path, err);
}
