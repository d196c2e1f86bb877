/* config.h - what kind of model a file holds: sizes, rotary positions, norms, head; and the table of architectures.
 *
 * Every number is checked against a cap and against the others before anything is sized by it. What a file does not say takes the value
 * transformers gives it; what it says wrongly is an error that names the key. */
#ifndef HX_LLAMA_CONFIG_H
#define HX_LLAMA_CONFIG_H

#include "base/buf.h"
#include "base/json.h"
#include "huaxiang/llama.h"
#include "tensor/tensor_file.h"

#define HX_CONFIG_LAYERS_MAX 1024u
#define HX_CONFIG_VOCAB_MAX (1u << 22)
#define HX_CONFIG_WIDTH_MAX (1u << 20) /* of rows of activations */
#define HX_CONFIG_HEADS_MAX 1024u
#define HX_CONFIG_HEAD_DIM_MAX 1024u
#define HX_CONFIG_POSITIONS_MAX (1u << 24)
#define HX_CONFIG_LABELS_MAX 65536u
#define HX_CONFIG_BYTES_MAX (16u << 20) /* of config.json */
#define HX_CONFIG_TASKS_MAX 64u /* heads of a model */
#define HX_CONFIG_TASK_NAME_MAX 64u
#define HX_CONFIG_CRF_LABELS_MAX 512u

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

/* A head, as training describes it under "huaxiang.heads" (config_tasks.c). Its tensors are "score.weight" [and bias] where it is transformers' own,
 * else "heads.NAME.weight" and others (objective.h). */
typedef struct {
    char *name; /* owned: letters, digits, _ and -; "score" where nothing is said */
    hx_llama_head_kind kind;
    bool is_score, mean, bidirectional, lower; /* lower: texts are read in lower case */
    bool pairs; /* it learnt from pairs of texts (pair_tokens.h) */
    size_t hidden; /* width of the layer before its logits; 0 = none */
    size_t tap; /* reads the stream after this block, by a norm of its own; 0 = the end */
    size_t max_length; /* tokens of a text in training; 0 = not said */
    size_t n_labels; /* columns of what it says; 2 of REPLACED, whose matrix has one row */
    char **labels; /* (n_labels), owned */
    double average, deviation; /* NUMBER: what is learnt is (number - average) / deviation */
    double temperature; /* LABEL, LABELS: logits are divided by it; 0 = not fitted, as they are */
} hx_config_task;

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
    hx_llama_head_kind score_kind; /* of that head */
    hx_config_task *tasks; /* all heads, the one above among them; owned, n_tasks */
    size_t n_tasks;
    bool tasks_said; /* under "huaxiang.heads"; else they follow from the class's name */
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

/* config_tasks.c: the list "huaxiang.heads"; its text for a GGUF key, or as a value of config.json. Takes what labels and class said of the
 * head "score" for granted; to be called last. NULL = not there: then that head is all. Text objectives in the list have no head and are left out. */
hx_status hx_config_read_tasks(hx_config *c, json_t *list, const char *what,
                               hx_error *err) HX_MUST_USE;
void hx_config_write_tasks(const hx_config *c, hx_json_writer *w);
void hx_config_release_tasks(hx_config *c);

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
