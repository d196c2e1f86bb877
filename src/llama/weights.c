/* weights.c - finds the tensors of a model by the names of its file format, checks their shapes against the configuration, and describes
 * the products of the pass.
 *
 *     GGUF                        safetensors                                      shape
 *     token_embd                  [model.]embed_tokens                             (n_vocab, n_embd)
 *     blk.I.attn_norm             [model.]layers.I.input_layernorm                 (n_embd)
 *     blk.I.attn_q, _k, _v        [model.]layers.I.self_attn.q_proj, ...           (heads * head_dim, n_embd) + bias
 *     blk.I.attn_q_norm, ...      [model.]layers.I.self_attn.q_norm, ...           (head_dim), qwen3
 *     blk.I.ffn_gate, _up, _down  [model.]layers.I.mlp.gate_proj, ...              (n_ff, n_embd), down (n_embd, n_ff)
 *     output, cls.output          lm_head, score                                   (n_vocab, n_embd), (n_labels, n_embd)
 *
 * Matrices stay where they are in the file; norms and biases, a few KB, are decoded to F32 into the model's arena. */
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "llama/heads.h"
#include "llama/model.h"
#include "llama/rope.h"

#define NAME_MAX_BYTES 96

typedef enum {
    PART_Q = 0, /* the first HX_MATRICES parts are a layer's matrices */
    PART_K,
    PART_V,
    PART_OUT,
    PART_GATE,
    PART_UP,
    PART_DOWN,
    PART_NORM_ATTENTION,
    PART_NORM_FF,
    PART_NORM_Q,
    PART_NORM_K,
    PART_EMBEDDING, /* from here on: once a model */
    PART_NORM_OUT,
    PART_OUTPUT,
    PART_HEAD
} part;

static const struct {
    const char *gguf, *hf;
} names[] = {
    [PART_Q] = {"attn_q", "self_attn.q_proj"},
    [PART_K] = {"attn_k", "self_attn.k_proj"},
    [PART_V] = {"attn_v", "self_attn.v_proj"},
    [PART_OUT] = {"attn_output", "self_attn.o_proj"},
    [PART_GATE] = {"ffn_gate", "mlp.gate_proj"},
    [PART_UP] = {"ffn_up", "mlp.up_proj"},
    [PART_DOWN] = {"ffn_down", "mlp.down_proj"},
    [PART_NORM_ATTENTION] = {"attn_norm", "input_layernorm"},
    [PART_NORM_FF] = {"ffn_norm", "post_attention_layernorm"},
    [PART_NORM_Q] = {"attn_q_norm", "self_attn.q_norm"},
    [PART_NORM_K] = {"attn_k_norm", "self_attn.k_norm"},
    [PART_EMBEDDING] = {"token_embd", "embed_tokens"},
    [PART_NORM_OUT] = {"output_norm", "norm"},
    [PART_OUTPUT] = {"output", "lm_head"},
    [PART_HEAD] = {"cls.output", "score"},
};

typedef struct {
    hx_llama *m;
    const char *path;
    bool is_gguf;
    const char *prefix; /* "model." or "" */
    hx_error *err;
} loader;

typedef char tensor_name[NAME_MAX_BYTES];

static void spell(const loader *l, part p, size_t layer, const char *suffix, tensor_name out) {
    bool in_layer = p < PART_EMBEDDING;
    if (l->is_gguf && in_layer)
        snprintf(out, NAME_MAX_BYTES, "blk.%zu.%s.%s", layer, names[p].gguf, suffix);
    else if (l->is_gguf)
        snprintf(out, NAME_MAX_BYTES, "%s.%s", names[p].gguf, suffix);
    else if (in_layer)
        snprintf(out, NAME_MAX_BYTES, "%slayers.%zu.%s.%s", l->prefix, layer, names[p].hf, suffix);
    else
        snprintf(out, NAME_MAX_BYTES, "%s%s.%s", p >= PART_OUTPUT ? "" : l->prefix, names[p].hf,
                 suffix);
}

static hx_status check_type(const loader *l, const hx_tensor_entry *t, size_t columns) {
    const hx_dtype_info *type = hx_dtype_describe(t->type);
    if (!type->is_weight)
        return hx_fail(l->err, HX_EUNSUPPORTED, "%s: tensor %s holds %s, which is no weight",
                       l->path, t->name.ptr, type->name ? type->name : "?");
    if (columns % type->block != 0)
        return hx_fail(l->err, HX_EFORMAT, "%s: rows of tensor %s are no whole blocks of %s",
                       l->path, t->name.ptr, type->name);
    return HX_OK;
}

/* ------------------------------------------------------------------ tensors */
static hx_status find_matrix(const loader *l, part p, size_t layer, size_t rows, size_t columns,
                             const hx_tensor_entry **out) {
    tensor_name name;
    spell(l, p, layer, "weight", name);
    const hx_tensor_entry *t = hx_tensor_file_find(l->m->file, name);
    if (!t) return hx_fail(l->err, HX_EFORMAT, "%s: tensor %s is missing", l->path, name);
    if (t->n_dims != 2 || t->dims[0] != rows || t->dims[1] != columns)
        return hx_fail(l->err, HX_EFORMAT,
                       "%s: tensor %s has shape (%llu, %llu), the configuration says (%zu, %zu)",
                       l->path, name, (unsigned long long)t->dims[0],
                       (unsigned long long)t->dims[1], rows, columns);
    HX_TRY(check_type(l, t, columns));
    l->m->info.n_parameters += t->dims[0] * t->dims[1];
    *out = t;
    return HX_OK;
}

/* A vector as F32 in the arena; NULL where it is not there and not required. */
static hx_status find_named(const loader *l, const char *name, size_t n, bool required,
                            const float **out) {
    *out = NULL;
    const hx_tensor_entry *t = hx_tensor_file_find(l->m->file, name);
    if (!t && required)
        return hx_fail(l->err, HX_EFORMAT, "%s: tensor %s is missing", l->path, name);
    if (!t) return HX_OK;
    if (t->n_dims != 1 || t->dims[0] != n)
        return hx_fail(l->err, HX_EFORMAT,
                       "%s: tensor %s has %u dimensions, %llu the first; the configuration says "
                       "one of %zu",
                       l->path, name, (unsigned)t->n_dims, (unsigned long long)t->dims[0], n);
    HX_TRY(check_type(l, t, n));
    float *v = hx_arena_alloc(l->m->arena, n * sizeof *v);
    if (!v) return hx_fail(l->err, HX_ENOMEM, "out of memory while opening %s", l->path);
    hx_dtype_decode(t->type, t->data, n, v);
    l->m->info.n_parameters += n;
    *out = v;
    return HX_OK;
}

static hx_status find_vector(const loader *l, part p, size_t layer, const char *suffix, size_t n,
                             bool required, const float **out) {
    tensor_name name;
    spell(l, p, layer, suffix, name);
    return find_named(l, name, n, required, out);
}

/* ------------------------------------------------------------------ products */
static hx_status find_part(const loader *l, part p, size_t layer, size_t rows, size_t columns,
                           hx_linear_part *out) {
    const hx_tensor_entry *t = NULL;
    bool needs_bias = l->m->config.architecture->qkv_bias && p <= PART_V;
    HX_TRY(find_matrix(l, p, layer, rows, columns, &t));
    l->m->layers[layer].matrices[p] = t;
    *out = (hx_linear_part){.type = t->type, .n = rows, .data = t->data};
    HX_TRY(find_vector(l, p, layer, "bias", rows, needs_bias, &out->bias));
    l->m->layers[layer].biases[p] = out->bias;
    return HX_OK;
}

static hx_status find_attention(const loader *l, size_t layer) {
    const hx_config *c = &l->m->config;
    hx_llama_layer *a = &l->m->layers[layer];
    const hx_kernels *kernels = l->m->kernels;
    size_t q = c->n_heads * c->head_dim, kv = c->n_kv_heads * c->head_dim;
    hx_linear_part parts[3];
    HX_TRY(find_part(l, PART_Q, layer, q, c->n_embd, &parts[0]));
    HX_TRY(find_part(l, PART_K, layer, kv, c->n_embd, &parts[1]));
    HX_TRY(find_part(l, PART_V, layer, kv, c->n_embd, &parts[2]));
    HX_TRY(hx_linear_new(&a->qkv, kernels, parts, 3, c->n_embd, HX_LINEAR_STORE, l->err));
    HX_TRY(find_part(l, PART_OUT, layer, c->n_embd, q, parts));
    HX_TRY(hx_linear_new(&a->out, kernels, parts, 1, q, HX_LINEAR_ADD, l->err));
    bool norm = c->architecture->qk_norm;
    if (norm) {
        HX_TRY(find_vector(l, PART_NORM_Q, layer, "weight", c->head_dim, true, &a->norm_q));
        HX_TRY(find_vector(l, PART_NORM_K, layer, "weight", c->head_dim, true, &a->norm_k));
    }
    return find_vector(l, PART_NORM_ATTENTION, layer, "weight", c->n_embd, true,
                       &a->norm_attention);
}

static hx_status find_ff(const loader *l, size_t layer) {
    const hx_config *c = &l->m->config;
    hx_llama_layer *a = &l->m->layers[layer];
    hx_linear_part parts[2];
    HX_TRY(find_part(l, PART_GATE, layer, c->n_ff, c->n_embd, &parts[0]));
    HX_TRY(find_part(l, PART_UP, layer, c->n_ff, c->n_embd, &parts[1]));
    HX_TRY(
        hx_linear_new(&a->gate_up, l->m->kernels, parts, 2, c->n_embd, HX_LINEAR_SWIGLU, l->err));
    HX_TRY(find_part(l, PART_DOWN, layer, c->n_embd, c->n_ff, parts));
    HX_TRY(hx_linear_new(&a->down, l->m->kernels, parts, 1, c->n_ff, HX_LINEAR_ADD, l->err));
    return find_vector(l, PART_NORM_FF, layer, "weight", c->n_embd, true, &a->norm_ff);
}

static hx_status find_output(const loader *l) {
    hx_llama *m = l->m;
    const hx_config *c = &m->config;
    tensor_name name;
    spell(l, PART_OUTPUT, 0, "weight", name);
    bool has_matrix = hx_tensor_file_find(m->file, name) != NULL;
    bool tied = l->is_gguf ? !has_matrix : c->tied;
    hx_linear_part out = {.n = c->n_vocab};
    if (tied && !c->has_head)
        m->output_matrix = m->embedding;
    else if (has_matrix && !tied)
        HX_TRY(find_matrix(l, PART_OUTPUT, 0, c->n_vocab, c->n_embd, &m->output_matrix));
    if (!m->output_matrix) return HX_OK;
    HX_TRY(find_vector(l, PART_OUTPUT, 0, "bias", c->n_vocab, false, &out.bias));
    m->output_bias = out.bias;
    out.type = m->output_matrix->type;
    out.data = m->output_matrix->data;
    return hx_linear_new(&m->output, m->kernels, &out, 1, c->n_embd, HX_LINEAR_STORE, l->err);
}

static hx_status find_head(const loader *l) {
    hx_llama *m = l->m;
    const hx_config *c = &m->config;
    const hx_tensor_entry *t = NULL;
    hx_linear_part head = {.n = c->n_labels};
    HX_TRY(find_matrix(l, PART_HEAD, 0, c->n_labels, c->n_embd, &t));
    HX_TRY(find_vector(l, PART_HEAD, 0, "bias", c->n_labels, false, &head.bias));
    m->head_matrix = t;
    head.type = t->type;
    head.data = t->data;
    return hx_linear_new(&m->head, m->kernels, &head, 1, c->n_embd, HX_LINEAR_STORE, l->err);
}

/* ------------------------------------------------------------------ once a model */
static hx_status find_embedding(const loader *l) {
    hx_config *c = &l->m->config;
    tensor_name name;
    spell(l, PART_EMBEDDING, 0, "weight", name);
    const hx_tensor_entry *t = hx_tensor_file_find(l->m->file, name);
    if (t && !c->n_vocab) {
        if (t->dims[0] > HX_CONFIG_VOCAB_MAX)
            return hx_fail(l->err, HX_ELIMIT, "%s: tensor %s has %llu rows, %u at most", l->path,
                           name, (unsigned long long)t->dims[0], HX_CONFIG_VOCAB_MAX);
        c->n_vocab = (size_t)t->dims[0];
    }
    return find_matrix(l, PART_EMBEDDING, 0, c->n_vocab, c->n_embd, &l->m->embedding);
}

static hx_status find_rotations(const loader *l) {
    hx_llama *m = l->m;
    size_t half = m->config.rope.dims / 2;
    const float *factors = NULL;
    if (l->is_gguf) HX_TRY(find_named(l, "rope_freqs.weight", half, false, &factors));
    for (size_t i = 0; factors && i < half; i++)
        if (!(factors[i] >= 1e-6f && factors[i] <= 1e6f))
            return hx_fail(l->err, HX_EFORMAT, "%s: rope_freqs.weight holds %g", l->path,
                           (double)factors[i]);
    m->rope_frequency = hx_arena_alloc(m->arena, half * sizeof(float));
    if (!m->rope_frequency)
        return hx_fail(l->err, HX_ENOMEM, "out of memory while opening %s", l->path);
    m->rope_amplitude = hx_rope_frequencies(&m->config.rope, factors, m->rope_frequency);
    return HX_OK;
}

hx_status hx_llama_find_weights(hx_llama *m, hx_error *err) {
    loader l = {m, hx_tensor_file_path(m->file), hx_tensor_file_is_gguf(m->file), "", err};
    if (hx_tensor_file_find(m->file, "model.embed_tokens.weight")) l.prefix = "model.";
    const hx_config *c = &m->config;
    m->layers = hx_arena_alloc(m->arena, c->n_layers * sizeof *m->layers);
    if (!m->layers) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", l.path);
    HX_TRY(find_embedding(&l));
    HX_TRY(find_rotations(&l));
    for (size_t i = 0; i < c->n_layers; i++) {
        HX_TRY(find_attention(&l, i));
        HX_TRY(find_ff(&l, i));
    }
    HX_TRY(find_vector(&l, PART_NORM_OUT, 0, "weight", c->n_embd, true, &m->norm_out));
    HX_TRY(find_output(&l));
    if (c->has_head) HX_TRY(find_head(&l));
    HX_TRY(hx_heads_find(m, err));
    m->steps_as_stored =
        c->n_embd % 32 == 0 && c->n_heads * c->head_dim % 32 == 0 && c->n_ff % 32 == 0;
    return HX_OK;
}
