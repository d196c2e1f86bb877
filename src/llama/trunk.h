/* trunk.h - a LLaMA trunk in training: packed forward pass that keeps what backward needs, and backward. For src/llama, src/model and src/text.
 *
 *     ids (T) -> embedding [-> mixed] -> blocks -> last norm -> hidden (T, n_embd)      the engine's own forward pass (forward.c) reads what
 *                                                                                       is saved here, and gives the same to 1e-4
 * Sequences lie one after the other without padding. Weights are F32 and trained, or frozen: then F32 or as the file stores them (decoded
 * panel by panel when used), with LoRA adapters (arXiv 2106.09685) beside the chosen matrices. */
#ifndef HX_LLAMA_TRUNK_H
#define HX_LLAMA_TRUNK_H

#include "llama/config.h"
#include "llama/model.h"
#include "nn/params.h"

typedef enum { /* bits */
               HX_LORA_Q = 1,
               HX_LORA_K = 2,
               HX_LORA_V = 4,
               HX_LORA_OUT = 8,
               HX_LORA_GATE = 16,
               HX_LORA_UP = 32,
               HX_LORA_DOWN = 64,
               HX_LORA_ALL = 127
} hx_lora_target;

typedef struct {
    bool recompute; /* keep only the input of each block; backward runs its forward again */
    float dropout; /* of what attention and feed-forward add to the stream */
    bool frozen; /* no gradients of the trunk's own weights (LoRA's are trained) */
    bool frozen_embedding; /* of the embedding alone */
    size_t frozen_layers; /* the first so many blocks and the embedding */
    size_t lora_rank; /* 0 = none */
    float lora_alpha; /* 0 = 2 * rank */
    float lora_dropout; /* of their input */
    unsigned lora_targets; /* hx_lora_target bits; 0 = Q | V */
    size_t
        keep_layers; /* of_model: 0 = all, else only these many blocks, chosen by `layers` (NULL = the first) */
    const size_t *layers; /* (keep_layers), ascending */
    bool
        quantise_aware; /* matrices are rounded to int8 rows (straight-through, arXiv 1308.3432) in forward */
    int quantise_bits; /* 8 or 4 (blocks of 32); 0 = 8 */
    bool without_output; /* the output matrix of its own is left out: heads alone are trained */
} hx_trunk_options;

typedef struct hx_trunk hx_trunk;

/* A new one: matrices normal, 0.02 (those that write to the stream 0.02 / sqrt(2 n_layers)), norms 1. config is copied. */
hx_status hx_trunk_new(hx_trunk **out, const hx_config *config, const hx_trunk_options *options,
                       uint64_t seed, hx_error *err) HX_MUST_USE;
/* The weights of an open model, which must stay open where frozen ones are read from it. */
hx_status hx_trunk_of_model(hx_trunk **out, const hx_llama *m, const hx_trunk_options *options,
                            uint64_t seed, hx_error *err) HX_MUST_USE;
void hx_trunk_free(hx_trunk *t);
/* The labels that config.json names, for a head called "score"; copied. */
hx_status hx_trunk_set_labels(hx_trunk *t, const hx_str *labels, size_t n, bool is_token,
                              bool is_mean, hx_error *err) HX_MUST_USE;
const hx_config *hx_trunk_config(const hx_trunk *t);
/* All tensors that are held as F32 (trained ones first to last); heads add theirs to the same list. LoRA's are named as PEFT does:
 * "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight" (rank, in), ..lora_B.weight (out, rank). */
hx_params *hx_trunk_params(hx_trunk *t);
/* W += alpha / rank B A, and the adapters are gone; for export. Frozen stored weights become F32 first. Scratch as of a batch of 64 tokens. */
hx_status hx_trunk_merge(hx_trunk *t, const hx_nn *nn, hx_error *err) HX_MUST_USE;

typedef struct {
    const uint32_t *ids; /* (T): below n_vocab */
    size_t n_tokens;
    const uint32_t *starts; /* (n_sequences + 1) */
    size_t n_sequences;
    const bool *causal; /* (n_sequences); NULL = all */
    const uint32_t
        *mixed; /* (T): ids whose embeddings are mixed in (mixup, arXiv 1905.08941); NULL = none */
    const float *share; /* (n_sequences): of `ids` in the mixture, [0, 1] */
    uint64_t seed, step; /* of dropout */
    bool training; /* dropout on; what backward needs is kept */
    size_t
        tap; /* 1..n_layers: the stream after this block is kept too (hx_trunk_tap), 0 = no; its gradient may be given */
} hx_trunk_batch;

/* Makes room for a batch, then bytes of nn->scratch that forward and backward need for it. Called by the two below when needed. */
size_t hx_trunk_scratch(const hx_trunk *t, size_t n_tokens, size_t n_sequences, size_t n_threads);
/* hidden (T, n_embd) lives until the next forward. The batch is borrowed until backward has run. */
hx_status hx_trunk_forward(hx_trunk *t, const hx_nn *nn, const hx_trunk_batch *batch,
                           const float **hidden, hx_error *err) HX_MUST_USE;
const float *hx_trunk_tap(const hx_trunk *t); /* (T, n_embd) */
/* dhidden (T, n_embd) is used up; dtap (T, n_embd) or NULL is added behind block `tap`. Gradients are added to those of the params. */
void hx_trunk_backward(hx_trunk *t, const hx_nn *nn, float *dhidden, const float *dtap);

/* The output matrix (n_vocab, n_embd) and its gradient: the embedding where they are tied. dw NULL = frozen. For nn/loss.h's fused loss. */
void hx_trunk_output(hx_trunk *t, const float **w, float **dw);

/* What an open engine needs is a folder: config.json, model.safetensors (F32 or F16, adapters merged into what is written, the trunk unchanged), and, with
 * `heads`, every other tensor of params that is no adapter. The tokenizer's files are the caller's to put there. Makes the folder. Scratch as of a batch of 64 tokens where there are adapters. */
hx_status hx_trunk_save_folder(hx_trunk *t, const hx_nn *nn, const char *folder, hx_dtype type,
                               bool heads, hx_error *err) HX_MUST_USE;

#endif
