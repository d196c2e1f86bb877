/* adapter.h - LoRA adapters as PEFT keeps them: adapter_config.json and adapter_model.safetensors of a folder.
 *
 *     W' = W + scale B A          scale = alpha / r, or alpha / sqrt(r) with use_rslora (arXiv 2106.09685, 2312.03732)
 *     E' = E + scale (B A)^T      for the embedding
 *
 * Tensors are called base_model.model.NAME.lora_A.weight (r, in), lora_B.weight (out, r), NAME as the base folder has it; what else is there
 * (modules_to_save, biases) stands in for the base's tensor. Heads that it brings are called base_model.model.heads.NAME... and are described by
 * "huaxiang.heads" of adapter_config.json, as in config.json. */
#ifndef HX_MODEL_ADAPTER_H
#define HX_MODEL_ADAPTER_H

#include "base/json.h"
#include "nn/params.h"
#include "tensor/tensor_file.h"

#define HX_ADAPTER_RANK_MAX 4096u

typedef struct {
    const char *
        base; /* name of the base tensor in a folder, "model.layers.0.self_attn.q_proj.weight"; in the adapter's arena */
    const hx_tensor_entry *a, *b; /* NULL where `instead` */
    const hx_tensor_entry *instead; /* the tensor itself */
    bool embedding; /* a (r, n_vocab), b (n_embd, r) */
    size_t rank;
    double scale;
    float *wide_a, *wide_b; /* F32 of a and b, in the arena */
    bool used; /* a tensor of the base was found for it */
} hx_adapter_part;

typedef struct hx_adapter hx_adapter;

/* HX_EUNSUPPORTED for what is no LoRA (IA3, prompts), DoRA, and fan_in_fan_out; HX_EFORMAT names the tensor at fault. */
hx_status hx_adapter_open(hx_adapter **out, const char *folder, hx_error *err) HX_MUST_USE;
void hx_adapter_close(hx_adapter *a); /* NULL is fine */
size_t hx_adapter_count(const hx_adapter *a);
/* "huaxiang.heads" of its configuration, borrowed; NULL = it says nothing of heads. */
json_t *hx_adapter_heads(const hx_adapter *a);
/* Refuses a base with another number of layers than the adapter says it was made for: its blocks are numbered there. */
hx_status hx_adapter_check_layers(const hx_adapter *a, size_t n_layers, hx_error *err) HX_MUST_USE;
hx_adapter_part *hx_adapter_at(hx_adapter *a, size_t i);
/* The part of that base tensor, marked as used; NULL = none. Shapes are checked against (rows, columns). */
hx_status hx_adapter_find(hx_adapter *a, const char *base, uint64_t rows, uint64_t columns,
                          hx_adapter_part **out, hx_error *err) HX_MUST_USE;
/* Adds row `row` of the difference to w (columns). */
void hx_adapter_add_row(const hx_adapter_part *p, size_t row, float *w, size_t columns);

/* ------------------------------------------------------------------ export */
typedef struct {
    size_t rank;
    float alpha; /* 0 = 2 * rank, as hx_trunk_options has it */
    float dropout;
    const char *base; /* base_model_name_or_path; NULL = "" */
    bool classifies; /* task_type SEQ_CLS, else CAUSAL_LM */
    size_t n_layers; /* of base: "huaxiang_layers"; 0 = not said */
} hx_adapter_options;
/* Writes the adapters of a trunk's params (lora_A, lora_B), and score.weight where it is trained, as a folder that PeftModel loads. */
hx_status hx_adapter_export(const hx_params *params, const hx_adapter_options *options,
                            const char *folder, hx_error *err) HX_MUST_USE;

#endif
