/* model_file.h - a path to a model as a Hugging Face folder or one file: which files it stands for. */
#ifndef HX_MODEL_FILE_H
#define HX_MODEL_FILE_H

#include "base/buf.h"
#include "llama/config.h"
#include "tensor/tensor_file.h"

#define HX_MODEL_JSON_MAX ((size_t)64 << 20)

/* An open model file or folder and its configuration. */
typedef struct {
    hx_tensor_file *tensors; /* owned */
    bool is_folder;
    bool has_config; /* the configuration was understood */
    hx_config config; /* owned where has_config */
    hx_error problem; /* why not */
    hx_buf config_json; /* of a folder; owned */
} hx_model_file;

/* A configuration that is not understood is no failure here: see `problem`. */
hx_status hx_model_file_open(hx_model_file *s, const char *path, hx_error *err) HX_MUST_USE;
/* HX_OK, or the failure that `problem` holds. */
hx_status hx_model_file_needs_config(const hx_model_file *s, hx_error *err) HX_MUST_USE;
void hx_model_file_release(hx_model_file *s);
bool hx_model_is_folder(const char *path);
/* "folder/name", for the caller to free(); NULL when out of memory. */
char *hx_model_join(const char *folder, const char *name) HX_MUST_USE;

#endif
