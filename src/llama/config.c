/* config.c - what both readers of configurations share: the table of sizes, defaults, and the checks between numbers.
 *
 *     hx_config_begin()   finds the architecture, sets what stands where the file says nothing
 *     (a reader)          fills in what the file says, each number within its cap
 *     hx_config_finish()  derives what is left open and checks numbers against each other
 *
 * Caps make every product of three of these numbers fit in 64 bits. */
#include "llama/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define DEFAULT_POSITIONS 2048 /* LlamaConfig.max_position_embeddings */

static const hx_config_size sizes[] = {
    {"num_hidden_layers", "block_count", offsetof(hx_config, n_layers), HX_CONFIG_LAYERS_MAX, true},
    {"vocab_size", "vocab_size", offsetof(hx_config, n_vocab), HX_CONFIG_VOCAB_MAX, false},
    {"hidden_size", "embedding_length", offsetof(hx_config, n_embd), HX_CONFIG_WIDTH_MAX, true},
    {"num_attention_heads", "attention.head_count", offsetof(hx_config, n_heads),
     HX_CONFIG_HEADS_MAX, true},
    {"num_key_value_heads", "attention.head_count_kv", offsetof(hx_config, n_kv_heads),
     HX_CONFIG_HEADS_MAX, false},
    {"head_dim", "attention.key_length", offsetof(hx_config, head_dim), HX_CONFIG_HEAD_DIM_MAX,
     false},
    {"intermediate_size", "feed_forward_length", offsetof(hx_config, n_ff), HX_CONFIG_WIDTH_MAX,
     true},
    {"max_position_embeddings", "context_length", offsetof(hx_config, n_positions),
     HX_CONFIG_POSITIONS_MAX, false},
};

const hx_config_size *hx_config_sizes(size_t *n) {
    *n = sizeof sizes / sizeof *sizes;
    return sizes;
}

hx_status hx_config_begin(hx_config *c, hx_str architecture, const char *what, hx_error *err) {
    memset(c, 0, sizeof *c);
    c->architecture = hx_architecture_find(architecture);
    if (!c->architecture)
        return hx_fail(
            err, HX_EUNSUPPORTED,
            "%s: models of architecture '%.*s' cannot be run, only llama, qwen2 and qwen3", what,
            HX_STR_ARG(architecture));
    c->norm_eps = 1e-6;
    c->bos = c->eos = c->pad = -1;
    c->rope = (hx_rope_config){.theta = 10000.0,
                               .factor = 1.0,
                               .low_freq_factor = 1.0,
                               .high_freq_factor = 4.0,
                               .beta_fast = 32.0,
                               .beta_slow = 1.0};
    return HX_OK;
}

static hx_status check_heads(const hx_config *c, const char *what, hx_error *err) {
    if (c->n_heads % c->n_kv_heads != 0)
        return hx_fail(err, HX_EFORMAT,
                       "%s: %zu attention heads cannot share %zu key-value heads evenly", what,
                       c->n_heads, c->n_kv_heads);
    if (c->head_dim % 2 != 0)
        return hx_fail(err, HX_EFORMAT,
                       "%s: heads of %zu elements cannot be rotated, an even number is needed",
                       what, c->head_dim);
    if (c->n_heads * c->head_dim > HX_CONFIG_WIDTH_MAX)
        return hx_fail(err, HX_ELIMIT, "%s: %zu heads of %zu elements are too wide", what,
                       c->n_heads, c->head_dim);
    if (c->rope.dims % 2 != 0 || c->rope.dims > c->head_dim || c->rope.dims == 0)
        return hx_fail(err, HX_EFORMAT, "%s: %zu elements of a head of %zu cannot be rotated", what,
                       c->rope.dims, c->head_dim);
    return HX_OK;
}

static hx_status check_rope(const hx_config *c, const char *what, hx_error *err) {
    const hx_rope_config *r = &c->rope;
    if (r->scaling == HX_ROPE_LLAMA3 && !(r->high_freq_factor > r->low_freq_factor))
        return hx_fail(
            err, HX_EFORMAT,
            "%s: high_freq_factor %g of the rope scaling is not above low_freq_factor %g", what,
            r->high_freq_factor, r->low_freq_factor);
    if (r->scaling == HX_ROPE_YARN && !(r->beta_fast > r->beta_slow))
        return hx_fail(err, HX_EFORMAT,
                       "%s: beta_fast %g of the rope scaling is not above beta_slow %g", what,
                       r->beta_fast, r->beta_slow);
    return HX_OK;
}

hx_status hx_config_finish(hx_config *c, const char *what, hx_error *err) {
    if (!c->n_kv_heads) c->n_kv_heads = c->n_heads;
    if (!c->n_positions) c->n_positions = DEFAULT_POSITIONS;
    if (!c->head_dim) {
        if (c->n_embd % c->n_heads != 0)
            return hx_fail(err, HX_EFORMAT,
                           "%s: %zu elements cannot be shared by %zu attention heads evenly", what,
                           c->n_embd, c->n_heads);
        c->head_dim = c->n_embd / c->n_heads;
    }
    if (!c->rope.dims) c->rope.dims = c->head_dim;
    if (!c->rope.original_positions) c->rope.original_positions = c->n_positions;
    HX_TRY(check_heads(c, what, err));
    return check_rope(c, what, err);
}

/* ------------------------------------------------------------------ labels */
hx_status hx_config_set_labels(hx_config *c, size_t n, hx_error *err) {
    c->labels = calloc(n ? n : 1, sizeof *c->labels);
    if (!c->labels) return hx_fail(err, HX_ENOMEM, "out of memory while reading a model's labels");
    c->n_labels = n;
    return HX_OK;
}

hx_status hx_config_set_label(hx_config *c, size_t i, hx_str label, hx_error *err) {
    c->labels[i] = calloc(label.len + 1, 1);
    if (!c->labels[i])
        return hx_fail(err, HX_ENOMEM, "out of memory while reading a model's labels");
    if (label.len) memcpy(c->labels[i], label.ptr, label.len);
    return HX_OK;
}

void hx_config_release(hx_config *c) {
    for (size_t i = 0; c->labels && i < c->n_labels; i++)
        free(c->labels[i]);
    free(c->labels);
    c->labels = NULL;
    c->n_labels = 0;
    hx_config_release_tasks(c);
}
