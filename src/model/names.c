/* names.c - names of tensors, from one format to the other.
 *
 *     blk.7.attn_q.weight   <->   model.layers.7.self_attn.q_proj.weight
 *     output.weight         <->   lm_head.weight
 *     cls.output.weight     <->   score.weight
 *
 * Folders of bare trunks (LlamaModel) have no "model." in front. The suffix, weight or bias, is the same in both. */
#include "model/names.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    const char *gguf, *hf;
} name_pair;

static const name_pair layer_names[] = {
    {"attn_q", "self_attn.q_proj"},      {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},      {"attn_output", "self_attn.o_proj"},
    {"attn_q_norm", "self_attn.q_norm"}, {"attn_k_norm", "self_attn.k_norm"},
    {"attn_norm", "input_layernorm"},    {"ffn_norm", "post_attention_layernorm"},
    {"ffn_gate", "mlp.gate_proj"},       {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
};
static const name_pair model_names[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
    {"cls.output", "score"},
};

static bool starts_with(hx_str s, const char *with) {
    size_t n = strlen(with);
    return s.len >= n && memcmp(s.ptr, with, n) == 0;
}

static hx_str behind(hx_str s, size_t n) {
    return (hx_str){s.ptr + n, s.len - n};
}

/* The last part, "weight" or "bias", is taken off. */
static bool take_suffix(hx_str *name, const char **suffix) {
    static const char *const known[] = {".weight", ".bias"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(known[i]);
        if (name->len <= n || memcmp(name->ptr + name->len - n, known[i], n) != 0) continue;
        name->len -= n;
        *suffix = known[i];
        return true;
    }
    return false;
}

/* "7." at the front. */
static bool take_layer(hx_str *name, unsigned *layer) {
    size_t n = 0;
    *layer = 0;
    for (; n < name->len && n < 5 && name->ptr[n] >= '0' && name->ptr[n] <= '9'; n++)
        *layer = *layer * 10 + (unsigned)(name->ptr[n] - '0');
    if (n == 0 || n == name->len || name->ptr[n] != '.') return false;
    *name = behind(*name, n + 1);
    return true;
}

static const name_pair *find(const name_pair *pairs, size_t n, hx_str name, bool in_gguf) {
    for (size_t i = 0; i < n; i++)
        if (hx_str_equal(name, hx_str_of(in_gguf ? pairs[i].gguf : pairs[i].hf))) return &pairs[i];
    return NULL;
}

bool hx_tensor_name_to_gguf(hx_str hf, hx_tensor_name out) {
    const char *suffix = NULL;
    unsigned layer = 0;
    hx_tensor_name whole;
    if (!take_suffix(&hf, &suffix)) return false;
    hx_str trunk = starts_with(hf, "model.") ? behind(hf, 6) : hf;
    if (starts_with(trunk, "layers.")) {
        hx_str part = behind(trunk, 7);
        if (!take_layer(&part, &layer)) return false;
        const name_pair *p =
            find(layer_names, sizeof layer_names / sizeof *layer_names, part, false);
        if (p) (void)snprintf(out, HX_MODEL_TENSOR_NAME_MAX, "blk.%u.%s%s", layer, p->gguf, suffix);
        return p != NULL;
    }
    size_t n = sizeof model_names / sizeof *model_names;
    const name_pair *p = find(model_names, n, hf, false);
    if (!p) {
        (void)snprintf(whole, sizeof whole, "model.%.*s", (int)(hf.len < 64 ? hf.len : 64), hf.ptr);
        p = find(model_names, n, hx_str_of(whole), false);
    }
    if (p) (void)snprintf(out, HX_MODEL_TENSOR_NAME_MAX, "%s%s", p->gguf, suffix);
    return p != NULL;
}

bool hx_tensor_name_to_hf(hx_str gguf, hx_tensor_name out) {
    const char *suffix = NULL;
    unsigned layer = 0;
    if (!take_suffix(&gguf, &suffix)) return false;
    if (starts_with(gguf, "blk.")) {
        hx_str part = behind(gguf, 4);
        if (!take_layer(&part, &layer)) return false;
        const name_pair *p =
            find(layer_names, sizeof layer_names / sizeof *layer_names, part, true);
        if (p)
            (void)snprintf(out, HX_MODEL_TENSOR_NAME_MAX, "model.layers.%u.%s%s", layer, p->hf,
                           suffix);
        return p != NULL;
    }
    const name_pair *p = find(model_names, sizeof model_names / sizeof *model_names, gguf, true);
    if (p) (void)snprintf(out, HX_MODEL_TENSOR_NAME_MAX, "%s%s", p->hf, suffix);
    return p != NULL;
}

bool hx_tensor_name_is_idle(hx_str hf) {
    static const char end[] = "rotary_emb.inv_freq";
    size_t n = sizeof end - 1;
    return hf.len >= n && memcmp(hf.ptr + hf.len - n, end, n) == 0;
}

bool hx_tensor_name_is_head(hx_str hf) {
    return starts_with(hf, "heads.");
}
