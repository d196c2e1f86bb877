/* config.h - what kind of model a file holds: sizes, rotary positions, norms, head; and the table of architectures.
 *
 * Every number is checked against a cap and against the others before anything is sized by it. What a file does not say takes the value
 * transformers gives it; what it says wrongly is an error that names the key. */
#ifndef HX_LLAMA_CONFIG_H
#define HX_LLAMA_CONFIG_H

#include "base/buf.h"
#include "tensor/tensor_file.h"

#define HX_CONFIG_LAYERS_MAX 1024u
#define HX_CONFIG_VOCAB_MAX (1u << 22)
#define HX_CONFIG_WIDTH_MAX (1u << 20) /* of rows of activations */
#define HX_CONFIG_HEADS_MAX 1024u
#define HX_CONFIG_HEAD_DIM_MAX 1024u
#define HX_CONFIG_POSITIONS_MAX (1u << 24)
#define HX_CONFIG_LABELS_MAX 65536u
#define HX_CONFIG_BYTES_MAX (16u << 20) /* of config.json */

typedef enum { HX_ROPE_PLAIN = 0, HX_ROPE_LINEAR, HX_ROPE_LLAMA3, HX_ROPE_YARN } hx_rope_scaling;

typedef struct {
    const char *name; /* "llama", as in general.architecture and (model_type of) config.json */
    bool qkv_bias; /* on q, k, v, always; elsewhere where the file has them */
    bool qk_norm; /* RMSNorm of each head of q and k before the rotation */
    bool gguf_interleaved; /* GGUF files hold q and k rows for pairs (2i, 2i + 1) */
} hx_architecture;

const hx_architecture *hx_architecture_find(hx_str name); /* NULL = unknown */

typedef struct {
    hx_rope_scaling scaling;
    double theta, factor;
    double low_freq_factor, high_freq_factor; /* llama3 */
    double beta_fast, beta_slow; /* yarn */
    double attention_factor; /* yarn: of cos and sin; 0 = 1 + 0.1 ln(factor) */
    bool keep_fractions; /* yarn: the ramp's ends are not rounded ("truncate": false) */
    size_t original_positions, dims; /* dims: leading elements of a head that are rotated */
} hx_rope_config;

typedef struct {
    const hx_architecture *architecture;
    size_t n_layers, n_vocab, n_embd, n_heads, n_kv_heads, head_dim, n_ff, n_positions;
    double norm_eps;
    bool interleaved; /* rotation pairs of this file */
    hx_rope_config rope;
    bool tied; /* the output matrix is the embedding's */
    char name[128];
    int32_t bos, eos, pad; /* of config.json; -1 = not said */
    size_t n_labels;
    char **labels; /* id2label; owned, n_labels */
    bool has_head, head_is_token, head_is_mean;
    bool head_is_odd; /* its rows are no one class a text: several labels, or a number */
} hx_config;

/* GGUF: <architecture>.* keys. A head is said by huaxiang.head.type ("last", "mean", "token") and huaxiang.labels. n_vocab stays 0 where the
 * file does not say it: the embedding's rows decide. */
hx_status hx_config_read_gguf(hx_config *c, const hx_tensor_file *f, hx_error *err) HX_MUST_USE;
/* config.json of transformers, 4.x and 5.x. `what` names it in errors. A head over the mean: "huaxiang.head.type": "mean". */
hx_status hx_config_read_json(hx_config *c, hx_str json, const char *what,
                              hx_error *err) HX_MUST_USE;
void hx_config_release(hx_config *c);
/* config.json as transformers reads it (config_write.c). */
void hx_config_write_json(const hx_config *c, hx_dtype type, bool attention_bias, bool mlp_bias,
                          hx_buf *out);

/* For the two readers: sizes by name, what stands where nothing is said, and how numbers go together. */
typedef struct {
    const char *json, *gguf; /* the latter behind "<architecture>." */
    size_t offset; /* of the size_t in hx_config */
    uint32_t max;
    bool required;
} hx_config_size;
const hx_config_size *hx_config_sizes(size_t *n);
hx_status hx_config_begin(hx_config *c, hx_str architecture, const char *what,
                          hx_error *err) HX_MUST_USE;
hx_status hx_config_finish(hx_config *c, const char *what, hx_error *err) HX_MUST_USE;
hx_status hx_config_set_labels(hx_config *c, size_t n, hx_error *err) HX_MUST_USE; /* all NULL */
hx_status hx_config_set_label(hx_config *c, size_t i, hx_str label, hx_error *err) HX_MUST_USE;

#endif
