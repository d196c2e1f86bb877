/* config.h - what kind of model a file holds: sizes, rotary positions, norms, biases; and the table of architectures. */
#ifndef HX_LLAMA_CONFIG_H
#define HX_LLAMA_CONFIG_H

#include "tensor/tensor_file.h"

typedef enum { HX_ROPE_PLAIN = 0, HX_ROPE_LINEAR, HX_ROPE_LLAMA3, HX_ROPE_YARN } hx_rope_scaling;

typedef struct {
    const char *name; /* "llama", as in general.architecture and (model_type of) config.json */
    bool qkv_bias; /* on q, k, v, where the file does not say */
    bool qk_norm; /* RMSNorm of each head of q and k before the rotation */
    bool gguf_interleaved; /* GGUF files hold q and k rows for pairs (2i, 2i + 1) */
} hx_architecture;

const hx_architecture *hx_architecture_find(hx_str name); /* NULL = unknown */

typedef struct {
    const hx_architecture *architecture;
    size_t n_layers, n_vocab, n_embd, n_heads, n_kv_heads, head_dim, n_ff, n_positions;
    float norm_eps;
    bool interleaved; /* rotation pairs of this file */
    struct {
        hx_rope_scaling scaling;
        double theta, factor, low_freq_factor, high_freq_factor, beta_fast, beta_slow,
            attention_factor;
        size_t original_positions, dims;
    } rope;
    bool tied; /* the output matrix is the embedding's */
    char name[128];
    int32_t bos, eos, pad; /* of config.json; -1 = not said */
    size_t n_labels;
    char **labels; /* id2label; owned, n_labels; NULL entries = LABEL_i */
    bool has_head, head_is_token, head_is_mean;
} hx_config;

/* Every number is checked against caps and against the others. */
hx_status hx_config_read_gguf(hx_config *c, const hx_tensor_file *f, hx_error *err) HX_MUST_USE;
hx_status hx_config_read_json(hx_config *c, hx_str json, const char *what,
                              hx_error *err) HX_MUST_USE;
void hx_config_release(hx_config *c);

#endif
