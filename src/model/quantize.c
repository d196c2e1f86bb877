/* quantize.c - writes a GGUF file: of another one, or of a Hugging Face folder; matrices of the type that was asked for.
 *
 * Which type a tensor gets (asked for T):
 *
 *     vectors, norms, biases, rotary factors, heads     F32
 *     the output matrix (the embedding, where tied)     Q6_K for T of 4 bits, else T
 *     attn_v, ffn_down for q4_k                         Q6_K in layers i < n/8, i >= 7n/8, (i - n/8) % 3 == 2, as llama.cpp's Q4_K_M
 *     all other matrices                                T
 *
 * Heads of other tasks are kept as F32 in the metadata (llama/heads.h), where llama.cpp passes over them.
 *
 * Where rows are no multiple of the type's block: Q4_K -> Q5_0, Q6_K -> Q8_0, and any -> F16 below 32. Keeping types (conversion)
 * only turns half-precision vectors into F32, which loses nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "llama/heads.h"
#include "llama/rope.h"
#include "llama/tokenizer.h"
#include "model/gguf_out.h"
#include "model/names.h"

#define KEY_BYTES 192

typedef struct {
    const char *name; /* as --type has it */
    hx_dtype type;
    uint32_t file_type; /* general.file_type of llama.cpp */
} known_type;

static const known_type types[] = {
    {"f32", HX_DTYPE_F32, 0},   {"f16", HX_DTYPE_F16, 1},    {"bf16", HX_DTYPE_BF16, 32},
    {"q8_0", HX_DTYPE_Q8_0, 7}, {"q6_k", HX_DTYPE_Q6_K, 18}, {"q4_k", HX_DTYPE_Q4_K, 15},
    {"q4_1", HX_DTYPE_Q4_1, 3}, {"q4_0", HX_DTYPE_Q4_0, 2},
};

static hx_status find_type(const char *name, const known_type **out, hx_error *err) {
    *out = NULL;
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0) *out = &types[i];
    if (*out || !name) return HX_OK;
    return hx_fail(
        err, HX_EINVAL,
        "'%s' is no type for weights; f32, f16, bf16, q8_0, q6_k, q4_k, q4_1 and q4_0 are", name);
}

typedef struct {
    hx_gguf_writer *w; /* owned */
    hx_model_file *source;
    const known_type *type; /* NULL = kept */
    hx_recode_run run;
    hx_arena *arena; /* owned; recodes and names */
    bool tied;
    hx_importance_fn *importance; /* NULL = none */
    const void *context;
} plan;

/* ------------------------------------------------------------------ types */
static unsigned layer_of(const char *name) {
    unsigned layer = 0;
    for (const char *p = name + 4; *p >= '0' && *p <= '9' && layer < 100000; p++)
        layer = layer * 10 + (unsigned)(*p - '0');
    return layer;
}

static bool gets_more(const plan *p, const char *name) {
    bool value = strstr(name, ".attn_v.weight") || strstr(name, ".ffn_down.weight");
    if (!value || p->type->type != HX_DTYPE_Q4_K || !p->source->has_config) return false;
    size_t n = p->source->config.n_layers, i = layer_of(name), eighth = n / 8;
    return i < eighth || i >= 7 * n / 8 || (i - eighth) % 3 == 2;
}

static bool is_four_bit(hx_dtype t) {
    return t == HX_DTYPE_Q4_K || t == HX_DTYPE_Q4_1 || t == HX_DTYPE_Q4_0;
}

static hx_dtype that_fits(hx_dtype t, uint64_t columns) {
    size_t block = hx_dtype_describe(t)->block;
    if (columns % block == 0) return t;
    if (columns % 32 != 0) return HX_DTYPE_F16;
    return t == HX_DTYPE_Q6_K ? HX_DTYPE_Q8_0 : HX_DTYPE_Q5_0;
}

static hx_dtype type_of(const plan *p, const char *name, const hx_tensor_entry *t) {
    bool vector = t->n_dims == 1 || strncmp(name, "cls.", 4) == 0 || strstr(name, "norm") ||
                  strncmp(name, "rope_", 5) == 0;
    if (!hx_dtype_describe(t->type)->is_weight) return t->type;
    if (vector) return HX_DTYPE_F32;
    if (!p->type) return t->type;
    bool output = strcmp(name, p->tied ? "token_embd.weight" : "output.weight") == 0;
    bool more = (output && is_four_bit(p->type->type)) || gets_more(p, name);
    return that_fits(more ? HX_DTYPE_Q6_K : p->type->type, t->dims[t->n_dims - 1]);
}

/* ------------------------------------------------------------------ tensors */
static hx_status add_tensor(plan *p, const hx_tensor_entry *t, const char *name, hx_error *err) {
    hx_recode *r = hx_arena_alloc(p->arena, sizeof *r);
    hx_str kept = hx_arena_str(p->arena, hx_str_of(name));
    if (!r || !kept.ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    *r = (hx_recode){.run = &p->run, .from = t, .type = type_of(p, name, t)};
    if (p->source->is_folder) {
        r->order = hx_row_order_of(&p->source->config, name, true);
        r->head_dim = p->source->config.head_dim;
    }
    hx_tensor_name hf;
    if (p->importance && t->n_dims == 2 && hx_tensor_name_to_hf(kept, hf))
        r->importance = p->importance(p->context, hf);
    p->run.total += hx_tensor_elements(t);
    hx_gguf_put_tensor(p->w, kept.ptr, r->type, t->n_dims, t->dims, hx_recode_fill, r);
    return HX_OK;
}

/* Heads beside transformers' own go into the metadata: llama.cpp refuses tensors that it does not know. */
static hx_status add_heads(plan *p, hx_error *err) {
    hx_tensor_entry *list = NULL;
    size_t n = 0;
    if (!p->source->is_folder) return HX_OK; /* copied with the metadata */
    HX_TRY(hx_heads_tensors(p->source->tensors, p->arena, &list, &n, err));
    for (size_t i = 0; i < n; i++) {
        const hx_tensor_entry *t = &list[i];
        char tensor[KEY_BYTES], shape[KEY_BYTES];
        uint64_t count = hx_tensor_elements(t);
        const int32_t dims[2] = {(int32_t)t->dims[0], (int32_t)t->dims[1]};
        int a = snprintf(tensor, sizeof tensor, "%s%s", HX_HEADS_KEY, t->name.ptr);
        int b = snprintf(shape, sizeof shape, "%s%s", HX_HEADS_SHAPE, t->name.ptr);
        bool fits = a > 0 && (size_t)a < sizeof tensor && b > 0 && (size_t)b < sizeof shape &&
                    t->n_dims <= 2 && t->dims[0] <= INT32_MAX && t->dims[1] <= INT32_MAX &&
                    hx_dtype_describe(t->type)->is_weight;
        if (!fits)
            return hx_fail(err, HX_EUNSUPPORTED,
                           "tensor %s is none of a llama, qwen2 or qwen3 model", t->name.ptr);
        float *values = calloc((size_t)count + 1, sizeof *values);
        if (!values) return hx_fail(err, HX_ENOMEM, "out of memory");
        hx_dtype_decode(t->type, t->data, (size_t)count, values);
        hx_gguf_put_f32s(p->w, tensor, values, (size_t)count);
        hx_gguf_put_i32s(p->w, shape, dims, t->n_dims);
        free(values);
    }
    return HX_OK;
}

/* A tied output matrix that the folder holds a second time is left out, as transformers does when it loads one. */
static bool is_left_out(const plan *p, hx_str name, const char *gguf) {
    return hx_tensor_name_is_idle(name) || (p->tied && strcmp(gguf, "output.weight") == 0);
}

static hx_status add_tensors(plan *p, hx_error *err) {
    const hx_tensor_file *f = p->source->tensors;
    for (size_t i = 0; i < hx_tensor_file_count(f); i++) {
        const hx_tensor_entry *t = hx_tensor_file_at(f, i);
        hx_tensor_name name = "";
        if (!p->source->is_folder) {
            HX_TRY(add_tensor(p, t, t->name.ptr, err));
            continue;
        }
        bool known = hx_tensor_name_to_gguf(t->name, name);
        if (is_left_out(p, t->name, name) || hx_tensor_name_is_head(t->name)) continue;
        if (!known)
            return hx_fail(err, HX_EUNSUPPORTED,
                           "tensor %s is none of a llama, qwen2 or qwen3 model", t->name.ptr);
        HX_TRY(add_tensor(p, t, name, err));
    }
    return HX_OK;
}

/* Llama 3.1 and later: how much slower each pair turns, which GGUF files hold as a tensor. */
static hx_status add_rotations(plan *p, hx_error *err) {
    const hx_rope_config *rope = &p->source->config.rope;
    uint64_t half = rope->dims / 2;
    hx_rope_config plain = *rope;
    if (!p->source->is_folder || rope->scaling != HX_ROPE_LLAMA3) return HX_OK;
    plain.scaling = HX_ROPE_PLAIN;
    hx_recode *r = hx_arena_alloc(p->arena, sizeof *r);
    float *as_is = hx_arena_alloc(p->arena, half * sizeof *as_is);
    float *slowed = hx_arena_alloc(p->arena, half * sizeof *slowed);
    if (!r || !as_is || !slowed) return hx_fail(err, HX_ENOMEM, "out of memory");
    (void)hx_rope_frequencies(&plain, NULL, as_is);
    (void)hx_rope_frequencies(rope, NULL, slowed);
    for (uint64_t i = 0; i < half; i++)
        slowed[i] = as_is[i] / slowed[i];
    *r = (hx_recode){.run = &p->run, .values = slowed, .n_values = half, .type = HX_DTYPE_F32};
    hx_gguf_put_tensor(p->w, "rope_freqs.weight", HX_DTYPE_F32, 1, &half, hx_recode_fill, r);
    return HX_OK;
}

/* ------------------------------------------------------------------ metadata */
static void copy_metadata(plan *p) {
    const hx_tensor_file *f = p->source->tensors;
    for (size_t i = 0; i < hx_tensor_file_n_values(f); i++) {
        const hx_gguf_value *v = hx_tensor_file_value_at(f, i);
        bool ours = hx_str_equal(v->key, HX_STR_LIT("general.file_type")) ||
                    hx_str_equal(v->key, HX_STR_LIT("general.quantization_version")) ||
                    hx_str_equal(v->key, HX_STR_LIT("general.alignment"));
        if (!ours) hx_gguf_put_value(p->w, v);
    }
}

static hx_status add_tokenizer(plan *p, const char *folder, hx_error *err) {
    static const char *const names[] = {"/tokenizer.json", "/tokenizer.model"};
    bool there = false;
    for (size_t i = 0; i < 2 && !there; i++) {
        char *path = hx_file_beside(folder, names[i]);
        there = path && hx_file_exists(path);
        free(path);
    }
    if (!there) return HX_OK;
    hx_tokenizer *t = NULL;
    HX_TRY(hx_tokenizer_open_folder(&t, folder, err));
    hx_tokenizer_put_gguf(t, p->w);
    hx_tokenizer_close(t);
    return HX_OK;
}

/* What no GGUF key says would be lost without a word. */
static hx_status check_rope(const plan *p, hx_error *err) {
    const hx_rope_config *rope = &p->source->config.rope;
    if (rope->scaling != HX_ROPE_YARN || !rope->keep_fractions) return HX_OK;
    return hx_fail(err, HX_EUNSUPPORTED,
                   "the model's rope scaling says truncate: false, which GGUF files can't say");
}

static hx_status add_metadata(plan *p, const char *from, hx_error *err) {
    if (p->source->is_folder) {
        HX_TRY(check_rope(p, err));
        hx_gguf_put_config(p->w, &p->source->config, from);
        HX_TRY(add_tokenizer(p, from, err));
    } else {
        copy_metadata(p);
    }
    if (p->type) hx_gguf_put_u32(p->w, "general.file_type", p->type->file_type);
    hx_gguf_put_u32(p->w, "general.quantization_version", 2);
    return HX_OK;
}

/* ------------------------------------------------------------------ all of it */
static hx_status write_plan(plan *p, const char *from, const char *out, hx_error *err) {
    if (p->source->is_folder) HX_TRY(hx_model_file_needs_config(p->source, err));
    if (!p->source->is_folder && !hx_tensor_file_is_gguf(p->source->tensors))
        return hx_fail(err, HX_EINVAL,
                       "%s: safetensors hold weights only; give the folder with its config.json",
                       from);
    p->tied = p->source->is_folder
                  ? p->source->config.tied
                  : hx_tensor_file_find(p->source->tensors, "output.weight") == NULL;
    p->arena = hx_arena_new((size_t)1 << 30);
    if (!p->arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_gguf_writer_new(&p->w, err));
    HX_TRY(add_metadata(p, from, err));
    HX_TRY(add_heads(p, err));
    HX_TRY(add_tensors(p, err));
    HX_TRY(add_rotations(p, err));
    return hx_gguf_write(p->w, out, err);
}

hx_status hx_gguf_out(hx_model_file *source, const char *from, const char *type, const char *out,
                      const hx_convert_options *options, hx_importance_fn *importance,
                      const void *context, hx_error *err) {
    plan p = {.source = source,
              .run = {.options = options, .file = source->tensors},
              .importance = importance,
              .context = context};
    HX_TRY(find_type(type, &p.type, err));
    HX_TRY(hx_file_replaceable(out, err));
    hx_status st = write_plan(&p, from, out, err);
    hx_gguf_writer_free(p.w);
    hx_arena_free(p.arena);
    return st;
}

hx_status hx_model_quantize(const char *from, const char *type, const char *out,
                            const hx_convert_options *options, hx_error *err) {
    static const hx_convert_options defaults = {0};
    hx_model_file source;
    if (!type) return hx_fail(err, HX_EINVAL, "quantising needs a type");
    HX_TRY(hx_model_file_open(&source, from, err));
    hx_status st =
        hx_gguf_out(&source, from, type, out, options ? options : &defaults, NULL, NULL, err);
    hx_model_file_release(&source);
    return st;
}
