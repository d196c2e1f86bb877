/* model_file.c - opens a model for looking at and converting; see model_file.h.
 *
 * A folder holds config.json and model.safetensors, or model.safetensors.index.json with the shards that it names;
 * where both are there the one whole file is taken, as transformers does. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "model/model_file.h"

bool hx_model_is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *hx_model_join(const char *folder, const char *name) {
    char slashed[64];
    (void)snprintf(slashed, sizeof slashed, "/%s", name);
    return hx_file_beside(folder, slashed);
}

static hx_status open_weights(hx_model_file *s, const char *folder, hx_error *err) {
    static const char *const names[] = {"model.safetensors", "model.safetensors.index.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = hx_model_join(folder, names[i]);
        if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
        bool there = hx_file_exists(path);
        hx_status st = there ? hx_tensor_file_open(&s->tensors, path, err) : HX_OK;
        free(path);
        if (there) return st;
    }
    return hx_fail(err, HX_ENOTFOUND,
                   "%s: holds neither model.safetensors nor model.safetensors.index.json", folder);
}

static hx_status read_config_file(hx_model_file *s, const char *folder, hx_error *err) {
    char *path = hx_model_join(folder, "config.json");
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_file_read(path, &s->config_json, err);
    free(path);
    return st;
}

static void read_config(hx_model_file *s, hx_ui_lang ui) {
    hx_error *err = &s->problem;
    hx_status st = HX_EFORMAT;
    err->ui = ui;
    if (s->is_folder)
        st = hx_config_read_json(&s->config, hx_buf_str(&s->config_json), "config.json", err);
    else if (hx_tensor_file_is_gguf(s->tensors))
        st = hx_config_read_gguf(&s->config, s->tensors, err);
    else
        (void)hx_fail(err, st, "a .safetensors file alone does not say what kind of model it is");
    s->has_config = st == HX_OK;
}

hx_status hx_model_file_needs_config(const hx_model_file *s, hx_error *err) {
    if (s->has_config) return HX_OK;
    if (err) *err = s->problem;
    return s->problem.code;
}

hx_status hx_model_file_open(hx_model_file *s, const char *path, hx_error *err) {
    *s = (hx_model_file){.is_folder = hx_model_is_folder(path)};
    hx_buf_init(&s->config_json, HX_MODEL_JSON_MAX);
    hx_status st = HX_OK;
    if (s->is_folder) {
        st = read_config_file(s, path, err);
        if (st == HX_OK) st = open_weights(s, path, err);
    } else {
        st = hx_tensor_file_open(&s->tensors, path, err);
    }
    if (st != HX_OK) {
        hx_model_file_release(s);
        return st;
    }
    read_config(s, err ? err->ui : HX_UI_EN);
    return HX_OK;
}

void hx_model_file_release(hx_model_file *s) {
    if (s->has_config) hx_config_release(&s->config);
    hx_tensor_file_close(s->tensors);
    hx_buf_release(&s->config_json);
    *s = (hx_model_file){0};
}
