/* adapter_export.c - the adapters of a trunk as a folder of PEFT.
 *
 *     adapter_config.json         peft_type, r, lora_alpha, lora_dropout, target_modules, modules_to_save, task_type
 *     adapter_model.safetensors   lora_A and lora_B as they are called in params, F32; score.weight as base_model.model.score.weight
 *
 * "huaxiang_layers", which PEFT passes over, is how many layers the base has: some may have been left out of the model it was made from.
 * The configuration is written last, so that a folder without it was not finished. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "model/adapter.h"
#include "model/model_file.h"

#define SCORE "base_model.model.score.weight"

static const char *const modules[] = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                      "gate_proj", "up_proj", "down_proj"};
#define N_MODULES (sizeof modules / sizeof *modules)

static bool is_adapter(const hx_param *p) {
    return strstr(p->name, ".lora_A.weight") || strstr(p->name, ".lora_B.weight");
}

static bool is_score(const hx_param *p) {
    return strcmp(p->name, "score.weight") == 0;
}

static hx_status put_values(void *context, hx_tensor_sink *out, hx_error *err) {
    const hx_param *p = context;
    return hx_tensor_sink_write(out, p->w, p->n * sizeof *p->w, err);
}

/* Bits of `modules` that have adapters. */
static unsigned targets_of(const hx_params *params) {
    unsigned bits = 0;
    for (size_t i = 0; i < hx_params_count(params); i++)
        for (unsigned m = 0; m < N_MODULES; m++) {
            const hx_param *p = hx_params_at(params, i);
            if (is_adapter(p) && strstr(p->name, modules[m])) bits |= 1u << m;
        }
    return bits;
}

static void put_text(hx_json_writer *w, const char *key, const char *v) {
    hx_json_key(w, key);
    hx_json_cstr(w, v);
}

static void write_config(const hx_params *params, const hx_adapter_options *o, hx_buf *out) {
    hx_json_writer w;
    unsigned targets = targets_of(params);
    bool scored = hx_params_find(params, "score.weight") != NULL;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_text(&w, "peft_type", "LORA");
    put_text(&w, "task_type", o->classifies ? "SEQ_CLS" : "CAUSAL_LM");
    put_text(&w, "base_model_name_or_path", o->base ? o->base : "");
    if (o->n_layers > 0) {
        hx_json_key(&w, "huaxiang_layers");
        hx_json_int(&w, (int64_t)o->n_layers);
    }
    hx_json_key(&w, "r");
    hx_json_int(&w, (int64_t)o->rank);
    hx_json_key(&w, "lora_alpha");
    hx_json_double(&w, o->alpha > 0 ? (double)o->alpha : 2.0 * (double)o->rank);
    hx_json_key(&w, "lora_dropout");
    hx_json_double(&w, (double)o->dropout);
    put_text(&w, "bias", "none");
    hx_json_key(&w, "inference_mode");
    hx_json_bool(&w, true);
    hx_json_key(&w, "target_modules");
    hx_json_array(&w);
    for (unsigned m = 0; m < N_MODULES; m++)
        if (targets >> m & 1u) hx_json_cstr(&w, modules[m]);
    hx_json_end_array(&w);
    hx_json_key(&w, "modules_to_save");
    if (o->classifies && scored) {
        hx_json_array(&w);
        hx_json_cstr(&w, "score");
        hx_json_end_array(&w);
    } else {
        hx_json_null(&w);
    }
    hx_json_end_object(&w);
}

static hx_status write_weights(const hx_params *params, bool scored, const char *path,
                               hx_error *err) {
    size_t n = 0, all = hx_params_count(params);
    hx_tensor_source *sources = calloc(all + 1, sizeof *sources);
    if (!sources) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < all; i++) {
        hx_param *p = hx_params_at(params, i);
        if (!is_adapter(p) && !(scored && is_score(p))) continue;
        sources[n++] = (hx_tensor_source){
            is_adapter(p) ? p->name : SCORE, HX_DTYPE_F32, p->n_dims, p->dims, put_values, p};
    }
    hx_status st = n > 0 ? hx_safetensors_write(path, sources, n, err)
                         : hx_fail(err, HX_EINVAL, "the model has no LoRA adapters to export");
    free(sources);
    return st;
}

hx_status hx_adapter_export(const hx_params *params, const hx_adapter_options *options,
                            const char *folder, hx_error *err) {
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) return hx_fail_errno(err, folder, errno);
    char *weights = hx_model_join(folder, "adapter_model.safetensors");
    char *config = hx_model_join(folder, "adapter_config.json");
    hx_buf text;
    hx_buf_init(&text, HX_MODEL_JSON_MAX);
    hx_status st = weights && config ? write_weights(params, options->classifies, weights, err)
                                     : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) {
        write_config(params, options, &text);
        st = hx_buf_status(&text, "adapter_config.json", err);
    }
    if (st == HX_OK) st = hx_file_write(config, hx_buf_str(&text), false, err);
    hx_buf_release(&text);
    free(weights);
    free(config);
    return st;
}
