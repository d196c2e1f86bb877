/* model.h - an open model: file, configuration, tokenizer, weights as the forward pass reads them. Immutable once open, except that int8
 * forms of the weights are made on first need under `lock`. */
#ifndef HX_LLAMA_MODEL_H
#define HX_LLAMA_MODEL_H

#include <pthread.h>

#include "llama/config.h"
#include "llama/tokenizer.h"
#include "tensor/linear.h"

#define HX_MATRICES 7

typedef struct {
    const float *norm_attention, *norm_ff; /* (n_embd) */
    const float *norm_q, *norm_k; /* (head_dim) or NULL */
    hx_linear *qkv; /* rows q, k, v; STORE */
    hx_linear *out; /* ADD */
    hx_linear *gate_up; /* SWIGLU */
    hx_linear *down; /* ADD */
    const hx_tensor_entry *matrices[HX_MATRICES]; /* in the file: q, k, v, out, gate, up, down */
    const float *biases[HX_MATRICES]; /* of them, or NULL */
} hx_llama_layer;

/* A head that training left, decoded to F32 in the model's arena (heads.c); NULL = it has no such tensor. All are NULL for the one that is
 * `head` below. D = n_embd, H = hidden or D, L = n_out, W = width. */
typedef struct {
    const hx_config_task *task;
    hx_llama_head_info info;
    size_t n_out; /* rows of its matrix */
    size_t width; /* TREE: of the vectors of arcs and relations */
    const float *norm; /* (D), with tap */
    const float *dense, *dense_bias; /* (H, D), (H) */
    const float *weight, *bias; /* (L, H), (L) */
    const float *between, *start, *stop; /* CRF: (L, L), (L), (L) */
    const float *mlp, *mlp_bias; /* TREE: (4 W, D), (4 W) */
    const float *arc, *relation; /* (W + 1, W), (L (W + 1), W + 1) */
} hx_model_head;

struct hx_llama {
    hx_llama_info info;
    hx_config config;
    hx_llama_options options; /* kernels is not kept */
    hx_tensor_file *file; /* NULL with tokenizer_only on a folder */
    hx_tokenizer *tokenizer; /* NULL where the folder has none */
    const hx_kernels *kernels;
    hx_llama_layer *layers; /* (n_layers) */
    const hx_tensor_entry *embedding; /* (n_vocab, n_embd) */
    const hx_tensor_entry *output_matrix; /* the same where they are tied; NULL = none */
    const float *norm_out; /* (n_embd) */
    hx_linear *output; /* (n_vocab, n_embd); NULL = none */
    const float *output_bias; /* (n_vocab) of it; NULL = none */
    hx_linear *head; /* (n_labels, n_embd); NULL = none */
    const hx_tensor_entry *head_matrix; /* of it, in the file */
    hx_model_head *heads; /* (config.n_tasks) */
    size_t main_head; /* what n_labels and hx_llama_label() are of; SIZE_MAX = none */
    hx_arena *arena; /* norms and biases decoded to F32, rotary frequencies, names */
    float *rope_frequency; /* (rope dims / 2), scaled; and the factor of cos and sin */
    float rope_amplitude;
    _Atomic uint64_t n_changes; /* of slots of all its contexts: stamps (context.h) */
    pthread_mutex_t lock; /* guards packing */
    bool packed_layers, packed_output;
    struct hx_token_table
        *token_table; /* for grammars; made under lock on first need (generate.c) */
    bool steps_as_stored; /* every matrix has whole blocks of 32 columns: the form STORED works */
};

/* Makes what the fast form needs; nothing when it is there. */
hx_status hx_llama_pack_layers(hx_llama *m, hx_team *team, hx_error *err) HX_MUST_USE;
hx_status hx_llama_pack_output(hx_llama *m, hx_team *team, hx_error *err) HX_MUST_USE;

/* For hx_llama_open(): opens m->file, m->config and m->tokenizer of a file or a folder (folder.c), then finds the weights, checks their
 * shapes and describes the products (weights.c). m owns what was made, also after a failure. */
hx_status hx_llama_open_files(hx_llama *m, const char *path, hx_error *err) HX_MUST_USE;
hx_status hx_llama_find_weights(hx_llama *m, hx_error *err) HX_MUST_USE;

#endif
