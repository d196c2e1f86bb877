/* trunk.c - a trunk's life: new or of an open model, its configuration, its output matrix (trunk.h).
 *
 * A trunk owns a copy of its configuration, all F32 tensors, and the room of its passes. What is frozen and comes from an open model is read
 * from the model's file whenever it is used. Rows of heads that a GGUF file holds for pairs (2i, 2i + 1) are turned into halves when read, so
 * all F32 weights are as Hugging Face has them. */
#include "llama/trunk.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "llama/trunk_parts.h"
#include "tensor/memory.h"

#define DEVIATION 0.02f /* initializer_range of LlamaConfig; halving with depth: GPT-2 */

/* ------------------------------------------------------------------ configuration */
static hx_status check_options(const hx_config *c, const hx_trunk_options *o, hx_error *err) {
    if (!c->architecture || !c->n_layers || !c->n_vocab || !c->n_embd || !c->n_heads || !c->n_ff)
        return hx_fail(err, HX_EINVAL, "training: the configuration of the model is not complete");
    if (o->lora_rank > c->n_embd)
        return hx_fail(err, HX_EINVAL, "training: LoRA rank %zu is above the model's width %zu",
                       o->lora_rank, c->n_embd);
    if (!(o->dropout >= 0 && o->dropout < 1) || !(o->lora_dropout >= 0 && o->lora_dropout < 1))
        return hx_fail(err, HX_EINVAL, "training: a dropout must be in [0, 1)");
    if (o->quantise_bits != 0 && o->quantise_bits != 4 && o->quantise_bits != 8)
        return hx_fail(err, HX_EINVAL, "training: weights are rounded to 4 or 8 bits, not %d",
                       o->quantise_bits);
    if (o->frozen_layers > c->n_layers)
        return hx_fail(err, HX_EINVAL, "training: %zu layers are to be frozen, the model has %zu",
                       o->frozen_layers, c->n_layers);
    return HX_OK;
}

static hx_status copy_config(hx_config *to, const hx_config *from, hx_error *err) {
    *to = *from;
    to->labels = NULL;
    to->n_labels = to->n_tasks = 0;
    to->tasks = NULL;
    to->tasks_said = false;
    to->interleaved = false;
    HX_TRY(hx_config_finish(to, "training", err));
    if (!from->labels) return HX_OK;
    HX_TRY(hx_config_set_labels(to, from->n_labels, err));
    for (size_t i = 0; i < from->n_labels; i++)
        HX_TRY(hx_config_set_label(to, i, hx_str_of(from->labels[i]), err));
    return HX_OK;
}

hx_status hx_trunk_set_labels(hx_trunk *t, const hx_str *labels, size_t n, bool is_token,
                              bool is_mean, hx_error *err) {
    if (n == 0 || n > HX_CONFIG_LABELS_MAX)
        return hx_fail(err, HX_EINVAL, "training: %zu labels, 1 to %u are possible", n,
                       HX_CONFIG_LABELS_MAX);
    hx_config_release(&t->config);
    HX_TRY(hx_config_set_labels(&t->config, n, err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(hx_config_set_label(&t->config, i, labels[i], err));
    t->config.has_head = true;
    t->config.head_is_token = is_token;
    t->config.head_is_mean = is_mean && !is_token;
    t->config.score_kind = is_token ? HX_LLAMA_TAG : HX_LLAMA_LABEL;
    return HX_OK;
}

static void set_options(hx_trunk *t, const hx_trunk_options *options) {
    static const hx_trunk_options none = {0};
    t->options = options ? *options : none;
    hx_trunk_options *o = &t->options;
    o->layers = NULL;
    if (!o->lora_targets) o->lora_targets = HX_LORA_Q | HX_LORA_V;
    if (!(o->lora_alpha > 0)) o->lora_alpha = 2.0f * (float)o->lora_rank;
    if (!o->quantise_bits) o->quantise_bits = 8;
    t->lora_scale = o->lora_rank ? o->lora_alpha / (float)o->lora_rank : 0;
}

static hx_status make_rotations(hx_trunk *t, hx_error *err) {
    size_t half = t->config.rope.dims / 2;
    t->frequency = calloc(half, sizeof *t->frequency);
    if (!t->frequency) return hx_fail(err, HX_ENOMEM, "out of memory for the weights of a model");
    t->amplitude = hx_rope_frequencies(&t->config.rope, NULL, t->frequency);
    return HX_OK;
}

static hx_status begin(hx_trunk *t, const hx_config *config, const hx_trunk_options *options,
                       hx_error *err) {
    set_options(t, options);
    HX_TRY(check_options(config, &t->options, err));
    HX_TRY(copy_config(&t->config, config, err));
    HX_TRY(hx_params_new(&t->params, err));
    HX_TRY(make_rotations(t, err));
    t->layers = calloc(t->config.n_layers, sizeof *t->layers);
    t->room.slots = calloc(t->config.n_layers, sizeof *t->room.slots);
    return t->layers && t->room.slots
               ? HX_OK
               : hx_fail(err, HX_ENOMEM, "out of memory for the weights of a model");
}

hx_status hx__trunk_begin(hx_trunk **out, const hx_config *config, const hx_trunk_options *options,
                          hx_error *err) {
    hx_trunk *t = calloc(1, sizeof *t);
    if (!t) return hx_fail(err, HX_ENOMEM, "out of memory for the weights of a model");
    hx_status status = begin(t, config, options, err);
    if (status == HX_OK)
        *out = t;
    else
        hx_trunk_free(t);
    return status;
}

/* ------------------------------------------------------------------ new */
static bool writes_to_stream(const hx_trunk_product *p) {
    return p->place == HX_TRUNK_OUT || p->place == HX_TRUNK_DOWN;
}

void hx__trunk_randomise_adapters(hx_trunk *t, uint64_t seed) {
    for (size_t i = 0; i < t->config.n_layers; i++)
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++) {
            const hx_trunk_product *p = &t->layers[i].products[j];
            for (size_t k = 0; k < p->n_parts; k++)
                if (p->parts[k].a != HX_TRUNK_NONE)
                    hx_param_randomise(hx_params_at(t->params, p->parts[k].a),
                                       1.0f / sqrtf(3.0f * (float)p->k), seed);
        }
}

static void randomise(hx_trunk *t, uint64_t seed) {
    float less = DEVIATION / sqrtf(2.0f * (float)t->config.n_layers);
    for (size_t i = 0; i < t->config.n_layers; i++)
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++) {
            const hx_trunk_product *p = &t->layers[i].products[j];
            for (size_t k = 0; k < p->n_parts; k++)
                hx_param_randomise(hx_params_at(t->params, p->parts[k].weight),
                                   writes_to_stream(p) ? less : DEVIATION, seed);
        }
    hx_param *tables[2] = {hx_params_find(t->params, "model.embed_tokens.weight"),
                           hx_params_find(t->params, "lm_head.weight")};
    for (size_t i = 0; i < 2; i++)
        if (tables[i]) hx_param_randomise(tables[i], DEVIATION, seed);
    hx__trunk_randomise_adapters(t, seed);
}

hx_status hx_trunk_new(hx_trunk **out, const hx_config *config, const hx_trunk_options *options,
                       uint64_t seed, hx_error *err) {
    hx_trunk *t = NULL;
    HX_TRY(hx__trunk_begin(&t, config, options, err));
    hx_status status = hx__trunk_add_tensors(t, NULL, err);
    if (status != HX_OK) {
        hx_trunk_free(t);
        return status;
    }
    hx__trunk_bind(t);
    randomise(t, seed);
    *out = t;
    return HX_OK;
}

void hx_trunk_free(hx_trunk *t) {
    if (!t) return;
    hx_memory_free(t->room.memory, t->room.bytes);
    hx_memory_free(t->decoded_output, t->decoded_bytes);
    hx_rope_table_release(&t->rope);
    hx_params_free(t->params);
    hx_config_release(&t->config);
    free(t->room.slots);
    free(t->frequency);
    free(t->layers);
    free(t);
}

/* ------------------------------------------------------------------ looking */
const hx_config *hx_trunk_config(const hx_trunk *t) {
    return &t->config;
}

hx_params *hx_trunk_params(hx_trunk *t) {
    return t->params;
}

static void decode_output(hx_trunk *t, const hx_tensor_entry *e) {
    size_t n = t->config.n_vocab * t->config.n_embd;
    t->decoded_output = hx_memory_new(n * sizeof *t->decoded_output);
    if (!t->decoded_output) return;
    t->decoded_bytes = n * sizeof *t->decoded_output;
    hx_dtype_decode(e->type, e->data, n, t->decoded_output);
}

void hx_trunk_output(hx_trunk *t, const float **w, float **dw) {
    bool own = t->has_output;
    const hx_tensor_entry *e = own ? t->stored_output : t->stored_embedding;
    *w = own ? t->output : t->config.tied ? t->embedding : NULL;
    *dw = own ? t->doutput : t->config.tied ? t->dembedding : NULL;
    if (*w || !e || !(own || t->config.tied)) return;
    if (!t->decoded_output) decode_output(t, e);
    *w = t->decoded_output;
}
