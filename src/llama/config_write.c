/* config_write.c - a configuration as config.json; the inverse of config_json.c.
 *
 * It writes every number that the reader and transformers need and no more, so that what is read back is the same configuration. */
#include <stdio.h>

#include "base/json.h"
#include "llama/config.h"

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
    if (c->score_kind == HX_LLAMA_LABELS || c->score_kind == HX_LLAMA_NUMBER) {
        hx_json_key(w, "problem_type");
        hx_json_cstr(w, c->score_kind == HX_LLAMA_LABELS ? "multi_label_classification"
                                                         : "regression");
    }
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
    if (c->tasks_said) {
        hx_json_key(&w, "huaxiang.heads");
        hx_config_write_tasks(c, &w);
    }
    hx_json_end_object(&w);
    (void)hx_buf_append_byte(out, '\n');
}
