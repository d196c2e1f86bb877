/* config_out.c - a configuration as GGUF metadata, and as config.json; the inverse of src/llama/config_gguf.c and config_json.c.
 *
 * Both write every number that the readers need and no more, so that what is read back is the same configuration.
 *
 * Key names are those of the `gguf` package. Rotary scaling of Llama 3.1 is a tensor in GGUF files, from which its four numbers can't be
 * read back; they are kept in a key of our own, and for foreign files the scalings that Meta published are tried. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "llama/rope.h"
#include "model/gguf_out.h"
#include "model/hf_out.h"

#define KEY_BYTES 96

/* ------------------------------------------------------------------ GGUF */
typedef struct {
    hx_gguf_writer *w;
    const char *architecture;
} keys;

static void put_size(const keys *k, const char *name, size_t v) {
    char key[KEY_BYTES];
    (void)snprintf(key, sizeof key, "%s.%s", k->architecture, name);
    hx_gguf_put_u32(k->w, key, (uint32_t)v);
}

static void put_number(const keys *k, const char *name, double v) {
    char key[KEY_BYTES];
    (void)snprintf(key, sizeof key, "%s.%s", k->architecture, name);
    hx_gguf_put_f32(k->w, key, (float)v);
}

static void put_scaling(const keys *k, const hx_rope_config *r) {
    char key[KEY_BYTES];
    const float llama3[4] = {(float)r->factor, (float)r->low_freq_factor,
                             (float)r->high_freq_factor, (float)r->original_positions};
    if (r->scaling == HX_ROPE_PLAIN) return;
    if (r->scaling == HX_ROPE_LLAMA3) {
        hx_gguf_put_f32s(k->w, HX_KEY_LLAMA3, llama3, 4);
        return;
    }
    bool yarn = r->scaling == HX_ROPE_YARN;
    (void)snprintf(key, sizeof key, "%s.rope.scaling.type", k->architecture);
    hx_gguf_put_str(k->w, key, hx_str_of(yarn ? "yarn" : "linear"));
    put_number(k, "rope.scaling.factor", r->factor);
    if (r->original_positions)
        put_size(k, "rope.scaling.original_context_length", r->original_positions);
    if (!yarn) return;
    put_number(k, "rope.scaling.yarn_beta_fast", r->beta_fast);
    put_number(k, "rope.scaling.yarn_beta_slow", r->beta_slow);
    double usual = 1.0 + 0.1 * log(r->factor);
    put_number(k, "rope.scaling.attn_factor",
               r->attention_factor > 0 ? r->attention_factor / usual : 1.0);
}

static void put_head(const keys *k, const hx_config *c) {
    hx_str *labels = calloc(c->n_labels ? c->n_labels : 1, sizeof *labels);
    if (c->has_head && labels) {
        for (size_t i = 0; i < c->n_labels; i++)
            labels[i] = hx_str_of(c->labels[i]);
        hx_gguf_put_str(k->w, "huaxiang.head.type",
                        hx_str_of(c->head_is_token  ? "token"
                                  : c->head_is_mean ? "mean"
                                                    : "last"));
        hx_gguf_put_strs(k->w, "huaxiang.labels", labels, c->n_labels);
    }
    free(labels);
}

static hx_str base_name(const char *path) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    size_t start = n;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return (hx_str){path + start, n - start};
}

void hx_gguf_put_config(hx_gguf_writer *w, const hx_config *c, const char *from) {
    const keys k = {w, c->architecture->name};
    hx_gguf_put_str(w, "general.architecture", hx_str_of(k.architecture));
    hx_gguf_put_str(w, "general.name", *c->name ? hx_str_of(c->name) : base_name(from));
    put_size(&k, "block_count", c->n_layers);
    put_size(&k, "context_length", c->n_positions);
    put_size(&k, "embedding_length", c->n_embd);
    put_size(&k, "feed_forward_length", c->n_ff);
    put_size(&k, "attention.head_count", c->n_heads);
    put_size(&k, "attention.head_count_kv", c->n_kv_heads);
    put_number(&k, "attention.layer_norm_rms_epsilon", c->norm_eps);
    put_size(&k, "attention.key_length", c->head_dim);
    put_size(&k, "attention.value_length", c->head_dim);
    put_size(&k, "vocab_size", c->n_vocab);
    put_number(&k, "rope.freq_base", c->rope.theta);
    put_size(&k, "rope.dimension_count", c->rope.dims);
    put_scaling(&k, &c->rope);
    put_head(&k, c);
}

/* ------------------------------------------------------------------ config.json */
/* "llama" -> "LlamaForCausalLM" */
static void put_class(hx_json_writer *w, const hx_config *c) {
    char name[64];
    (void)snprintf(name, sizeof name, "%sFor%s", c->architecture->name,
                   !c->has_head       ? "CausalLM"
                   : c->head_is_token ? "TokenClassification"
                                      : "SequenceClassification");
    name[0] = (char)(name[0] - 'a' + 'A');
    hx_json_key(w, "architectures");
    hx_json_array(w);
    hx_json_cstr(w, name);
    hx_json_end_array(w);
}

static void put_json_size(hx_json_writer *w, const char *key, size_t v) {
    hx_json_key(w, key);
    hx_json_int(w, (int64_t)v);
}

static void put_json_number(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

static void put_json_scaling(hx_json_writer *w, const hx_rope_config *r) {
    static const char *const names[] = {"default", "linear", "llama3", "yarn"};
    if (r->scaling == HX_ROPE_PLAIN) return;
    hx_json_key(w, "rope_scaling");
    hx_json_object(w);
    hx_json_key(w, "rope_type");
    hx_json_cstr(w, names[r->scaling]);
    put_json_number(w, "factor", r->factor);
    if (r->original_positions && r->scaling != HX_ROPE_LINEAR)
        put_json_size(w, "original_max_position_embeddings", r->original_positions);
    if (r->scaling == HX_ROPE_LLAMA3) {
        put_json_number(w, "low_freq_factor", r->low_freq_factor);
        put_json_number(w, "high_freq_factor", r->high_freq_factor);
    }
    if (r->scaling == HX_ROPE_YARN) {
        put_json_number(w, "beta_fast", r->beta_fast);
        put_json_number(w, "beta_slow", r->beta_slow);
        if (r->attention_factor > 0) put_json_number(w, "attention_factor", r->attention_factor);
        if (r->keep_fractions) {
            hx_json_key(w, "truncate");
            hx_json_bool(w, false);
        }
    }
    hx_json_end_object(w);
}

static void put_json_labels(hx_json_writer *w, const hx_config *c) {
    char key[24];
    hx_json_key(w, "id2label");
    hx_json_object(w);
    for (size_t i = 0; i < c->n_labels; i++) {
        (void)snprintf(key, sizeof key, "%zu", i);
        hx_json_key(w, key);
        hx_json_cstr(w, c->labels[i]);
    }
    hx_json_end_object(w);
    hx_json_key(w, "label2id");
    hx_json_object(w);
    for (size_t i = 0; i < c->n_labels; i++)
        put_json_size(w, c->labels[i], i);
    hx_json_end_object(w);
    if (!c->head_is_mean) return;
    hx_json_key(w, "huaxiang.head.type");
    hx_json_cstr(w, "mean");
}

static void put_token(hx_json_writer *w, const char *key, int32_t id) {
    if (id < 0) return;
    hx_json_key(w, key);
    hx_json_int(w, id);
}

static const char *dtype_name(hx_dtype t) {
    return t == HX_DTYPE_F16 ? "float16" : t == HX_DTYPE_BF16 ? "bfloat16" : "float32";
}

/* GGUF holds it as F32, whose seven digits are those that were written once: 1e-05, not 9.99999974e-06. */
static void put_epsilon(hx_json_writer *w, double v) {
    char text[32];
    int n = snprintf(text, sizeof text, "%.7g", v);
    hx_json_key(w, "rms_norm_eps");
    hx_json_raw(w, (hx_str){text, (size_t)n});
}

void hx_config_write_json(const hx_config *c, hx_dtype type, bool attention_bias, bool mlp_bias,
                          hx_buf *out) {
    hx_json_writer w;
    hx_json_begin(&w, out);
    hx_json_object(&w);
    put_class(&w, c);
    hx_json_key(&w, "model_type");
    hx_json_cstr(&w, c->architecture->name);
    put_json_size(&w, "hidden_size", c->n_embd);
    put_json_size(&w, "intermediate_size", c->n_ff);
    put_json_size(&w, "num_hidden_layers", c->n_layers);
    put_json_size(&w, "num_attention_heads", c->n_heads);
    put_json_size(&w, "num_key_value_heads", c->n_kv_heads);
    put_json_size(&w, "head_dim", c->head_dim);
    put_json_size(&w, "vocab_size", c->n_vocab);
    put_json_size(&w, "max_position_embeddings", c->n_positions);
    put_epsilon(&w, c->norm_eps);
    put_json_number(&w, "rope_theta", c->rope.theta);
    put_json_scaling(&w, &c->rope);
    hx_json_key(&w, "hidden_act");
    hx_json_cstr(&w, "silu");
    hx_json_key(&w, "attention_bias");
    hx_json_bool(&w, attention_bias);
    hx_json_key(&w, "mlp_bias");
    hx_json_bool(&w, mlp_bias);
    hx_json_key(&w, "tie_word_embeddings");
    hx_json_bool(&w, c->tied);
    put_token(&w, "bos_token_id", c->bos);
    put_token(&w, "eos_token_id", c->eos);
    put_token(&w, "pad_token_id", c->pad);
    hx_json_key(&w, "torch_dtype");
    hx_json_cstr(&w, dtype_name(type));
    if (c->has_head) put_json_labels(&w, c);
    hx_json_end_object(&w);
    (void)hx_buf_append_byte(out, '\n');
}

/* ------------------------------------------------------------------ Llama 3.1's scaling out of a GGUF file */
static bool slows_like(const hx_rope_config *r, const float *factors, size_t half, float *scratch) {
    hx_rope_config plain = *r;
    plain.scaling = HX_ROPE_PLAIN;
    (void)hx_rope_frequencies(&plain, NULL, scratch);
    (void)hx_rope_frequencies(r, NULL, scratch + half);
    for (size_t i = 0; i < half; i++)
        if (fabsf(scratch[i] / scratch[half + i] - factors[i]) > 1e-3f * factors[i]) return false;
    return true;
}

static bool find_published(hx_rope_config *r, const float *factors, size_t half, float *scratch) {
    static const double published[] = {8, 32, 16}; /* Llama 3.1 and 3.3; 3.2; 4 */
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        r->factor = published[i];
        r->low_freq_factor = 1;
        r->high_freq_factor = 4;
        r->original_positions = 8192;
        r->scaling = HX_ROPE_LLAMA3;
        if (slows_like(r, factors, half, scratch)) return true;
    }
    return false;
}

static bool read_own(hx_rope_config *r, const hx_gguf_value *v) {
    float f[4];
    if (!v || !v->is_array || v->type != HX_GGUF_F32 || v->n != 4) return false;
    memcpy(f, v->raw.ptr, sizeof f);
    for (size_t i = 0; i < 4; i++)
        if (!(f[i] > 0 && f[i] < 1e9f)) return false;
    r->scaling = HX_ROPE_LLAMA3;
    r->factor = (double)f[0];
    r->low_freq_factor = (double)f[1];
    r->high_freq_factor = (double)f[2];
    r->original_positions = (size_t)f[3];
    return true;
}

hx_status hx_rope_of_gguf(const hx_tensor_file *f, hx_rope_config *r, hx_error *err) {
    const hx_tensor_entry *t = hx_tensor_file_find(f, "rope_freqs.weight");
    size_t half = r->dims / 2;
    if (!t || read_own(r, hx_tensor_file_value(f, HX_KEY_LLAMA3))) return HX_OK;
    if (t->type != HX_DTYPE_F32 || hx_tensor_elements(t) != half)
        return hx_fail(err, HX_EFORMAT, "tensor rope_freqs.weight is no list of %zu F32 numbers",
                       half);
    float *scratch = calloc(2 * half + 1, sizeof *scratch);
    if (!scratch) return hx_fail(err, HX_ENOMEM, "out of memory");
    bool found = find_published(r, t->data, half, scratch);
    free(scratch);
    return found ? HX_OK
                 : hx_fail(err, HX_EUNSUPPORTED,
                           "the rotary scaling of rope_freqs.weight has no name in config.json");
}
