/* convert.c - a Hugging Face folder to a GGUF file, and back; see model.h.
 *
 * To a file: see quantize.c, which does it for both.
 *
 * To a folder: all tensors in one float type - the one asked for, else that of the embedding, else F32 where that is quantised - in the
 * folder's order of rows, then the tokenizer, then config.json, last, so that a folder without it was not finished. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "llama/heads.h"
#include "model/gguf_out.h"
#include "model/hf_out.h"
#include "model/names.h"

typedef struct {
    hx_model_file *source;
    hx_config config; /* borrows the source's, with what tensors say added */
    hx_dtype type;
    hx_recode_run run;
    hx_arena *arena; /* owned */
    hx_tensor_source *tensors; /* in the arena */
    size_t n_tensors;
} plan;

/* ------------------------------------------------------------------ what it becomes */
static bool is_float(hx_dtype t) {
    return t == HX_DTYPE_F32 || t == HX_DTYPE_F16 || t == HX_DTYPE_BF16;
}

static hx_status choose_type(plan *p, const char *asked, hx_error *err) {
    const hx_tensor_entry *t = hx_tensor_file_find(p->source->tensors, "token_embd.weight");
    if (!t) return hx_fail(err, HX_EFORMAT, "tensor token_embd.weight is missing");
    p->type = is_float(t->type) ? t->type : HX_DTYPE_F32;
    if (asked && (!hx_dtype_of_name(hx_str_of(asked), &p->type) || !is_float(p->type)))
        return hx_fail(err, HX_EINVAL, "a folder holds f32, f16 or bf16, not '%s'", asked);
    p->config.n_vocab = (size_t)t->dims[0];
    return HX_OK;
}

static hx_status read_token(plan *p, const char *key, int32_t *out, hx_error *err) {
    uint64_t v = 0;
    bool found = false;
    HX_TRY(hx_gguf_read_u64(p->source->tensors, key, INT32_MAX, &v, &found, err));
    *out = found ? (int32_t)v : -1;
    return HX_OK;
}

static hx_status complete_config(plan *p, hx_error *err) {
    const hx_tensor_file *f = p->source->tensors;
    p->config.tied = !p->config.has_head && !hx_tensor_file_find(f, "output.weight");
    HX_TRY(read_token(p, "tokenizer.ggml.bos_token_id", &p->config.bos, err));
    HX_TRY(read_token(p, "tokenizer.ggml.eos_token_id", &p->config.eos, err));
    HX_TRY(read_token(p, "tokenizer.ggml.padding_token_id", &p->config.pad, err));
    return hx_rope_of_gguf(f, &p->config.rope, err);
}

/* ------------------------------------------------------------------ tensors */
static hx_status add_tensor(plan *p, const hx_tensor_entry *t, hx_error *err) {
    hx_tensor_name name;
    if (hx_str_equal(t->name, HX_STR_LIT("rope_freqs.weight"))) return HX_OK;
    if (!hx_tensor_name_to_hf(t->name, name))
        return hx_fail(err, HX_EUNSUPPORTED, "tensor %s is none of a llama, qwen2 or qwen3 model",
                       t->name.ptr);
    if (!hx_dtype_describe(t->type)->is_weight)
        return hx_fail(err, HX_EUNSUPPORTED, "tensor %s holds no weights", t->name.ptr);
    hx_recode *r = hx_arena_alloc(p->arena, sizeof *r);
    hx_str kept = hx_arena_str(p->arena, hx_str_of(name));
    if (!r || !kept.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    *r = (hx_recode){.run = &p->run,
                     .from = t,
                     .type = p->type,
                     .order = hx_row_order_of(&p->config, t->name.ptr, false),
                     .head_dim = p->config.head_dim};
    p->tensors[p->n_tensors++] =
        (hx_tensor_source){kept.ptr, p->type, t->n_dims, t->dims, hx_recode_fill, r};
    p->run.total += hx_tensor_elements(t);
    return HX_OK;
}

/* Heads of other tasks, which a GGUF file holds as metadata. */
static hx_status add_heads(plan *p, const hx_tensor_entry *list, size_t n, hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        hx_recode *r = hx_arena_alloc(p->arena, sizeof *r);
        if (!r) return hx_fail(err, HX_ENOMEM, "out of memory");
        *r = (hx_recode){.run = &p->run, .from = &list[i], .type = p->type};
        p->tensors[p->n_tensors++] = (hx_tensor_source){
            list[i].name.ptr, p->type, list[i].n_dims, list[i].dims, hx_recode_fill, r};
        p->run.total += hx_tensor_elements(&list[i]);
    }
    return HX_OK;
}

static hx_status add_tensors(plan *p, hx_error *err) {
    size_t n = hx_tensor_file_count(p->source->tensors), n_heads = 0;
    hx_tensor_entry *heads = NULL;
    HX_TRY(hx_heads_tensors(p->source->tensors, p->arena, &heads, &n_heads, err));
    p->tensors = hx_arena_alloc(p->arena, (n + n_heads + 1) * sizeof *p->tensors);
    if (!p->tensors) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(add_heads(p, heads, n_heads, err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(add_tensor(p, hx_tensor_file_at(p->source->tensors, i), err));
    return HX_OK;
}

/* ------------------------------------------------------------------ the folder */
static hx_status write_weights(const plan *p, const char *folder, hx_error *err) {
    char *path = hx_model_join(folder, "model.safetensors");
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_safetensors_write(path, p->tensors, p->n_tensors, err);
    free(path);
    return st;
}

static hx_status write_config(const plan *p, const char *folder, hx_error *err) {
    const hx_tensor_file *f = p->source->tensors;
    bool attention_bias = hx_tensor_file_find(f, "blk.0.attn_output.bias") != NULL;
    bool mlp_bias = hx_tensor_file_find(f, "blk.0.ffn_down.bias") != NULL;
    hx_buf out;
    hx_buf_init(&out, HX_MODEL_JSON_MAX);
    hx_config_write_json(&p->config, p->type, attention_bias, mlp_bias, &out);
    hx_status st = hx_buf_status(&out, "config.json", err);
    char *path = hx_model_join(folder, "config.json");
    if (st == HX_OK && !path) st = hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&out), false, err);
    free(path);
    hx_buf_release(&out);
    return st;
}

static hx_status write_folder(plan *p, const char *asked, const char *folder, hx_error *err) {
    HX_TRY(hx_model_file_needs_config(p->source, err));
    p->config = p->source->config;
    HX_TRY(choose_type(p, asked, err));
    HX_TRY(complete_config(p, err));
    p->arena = hx_arena_new((size_t)1 << 30);
    if (!p->arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(add_tensors(p, err));
    if (mkdir(folder, 0755) != 0 && errno != EEXIST) return hx_fail_errno(err, folder, errno);
    HX_TRY(write_weights(p, folder, err));
    HX_TRY(hx_tokenizer_out(p->source->tensors, folder, err));
    return write_config(p, folder, err);
}

static hx_status convert(hx_model_file *s, const char *from, hx_model_format to, const char *out,
                         const hx_convert_options *options, hx_error *err) {
    if (to == HX_MODEL_GGUF && !s->is_folder)
        return hx_fail(err, HX_EINVAL,
                       "%s: is no folder; 'huaxiang quantize' writes a GGUF file with other types",
                       from);
    if (to == HX_MODEL_GGUF)
        return hx_gguf_out(s, from, options->type, out, options, NULL, NULL, err);
    if (s->is_folder) return hx_fail(err, HX_EINVAL, "%s: is such a folder already", from);
    plan p = {.source = s, .run = {.options = options, .file = s->tensors}};
    hx_status st = write_folder(&p, options->type, out, err);
    hx_arena_free(p.arena);
    return st;
}

hx_status hx_model_convert(const char *from, hx_model_format to, const char *out,
                           const hx_convert_options *options, hx_error *err) {
    static const hx_convert_options defaults = {0};
    hx_model_file source;
    HX_TRY(hx_model_file_open(&source, from, err));
    hx_status st = convert(&source, from, to, out, options ? options : &defaults, err);
    hx_model_file_release(&source);
    return st;
}
