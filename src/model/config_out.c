/* config_out.c - a configuration as GGUF metadata; the inverse of src/llama/config_gguf.c. (As config.json: src/llama/config_write.c.)
 *
 * It writes every number that the reader needs and no more, so that what is read back is the same configuration.
 *
 * Key names are those of the `gguf` package. Rotary scaling of Llama 3.1 is a tensor in GGUF files, from which its four numbers can't be
 * read back; they are kept in a key of our own, and for foreign files the scalings that Meta published are tried. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "llama/rope.h"
#include "model/gguf_out.h"
#include "model/hf_out.h"

#define KEY_BYTES 96

/* ------------------------------------------------------------------ GGUF */
typedef struct {
    hx_gguf_writer *w;
    const char *architecture;
} keys;

static void put_size(const keys *k, const char *name, size_t v) {
    char key[KEY_BYTES];
    (void)snprintf(key, sizeof key, "%s.%s", k->architecture, name);
    hx_gguf_put_u32(k->w, key, (uint32_t)v);
}

static void put_number(const keys *k, const char *name, double v) {
    char key[KEY_BYTES];
    (void)snprintf(key, sizeof key, "%s.%s", k->architecture, name);
    hx_gguf_put_f32(k->w, key, (float)v);
}

static void put_scaling(const keys *k, const hx_rope_config *r) {
    char key[KEY_BYTES];
    const float llama3[4] = {(float)r->factor, (float)r->low_freq_factor,
                             (float)r->high_freq_factor, (float)r->original_positions};
    if (r->scaling == HX_ROPE_PLAIN) return;
    if (r->scaling == HX_ROPE_LLAMA3) {
        hx_gguf_put_f32s(k->w, HX_KEY_LLAMA3, llama3, 4);
        return;
    }
    bool yarn = r->scaling == HX_ROPE_YARN;
    (void)snprintf(key, sizeof key, "%s.rope.scaling.type", k->architecture);
    hx_gguf_put_str(k->w, key, hx_str_of(yarn ? "yarn" : "linear"));
    put_number(k, "rope.scaling.factor", r->factor);
    if (r->original_positions)
        put_size(k, "rope.scaling.original_context_length", r->original_positions);
    if (!yarn) return;
    put_number(k, "rope.scaling.yarn_beta_fast", r->beta_fast);
    put_number(k, "rope.scaling.yarn_beta_slow", r->beta_slow);
    double usual = 1.0 + 0.1 * log(r->factor);
    put_number(k, "rope.scaling.attn_factor",
               r->attention_factor > 0 ? r->attention_factor / usual : 1.0);
}

static void put_head(const keys *k, const hx_config *c) {
    hx_str *labels = calloc(c->n_labels ? c->n_labels : 1, sizeof *labels);
    if (c->has_head && labels) {
        for (size_t i = 0; i < c->n_labels; i++)
            labels[i] = hx_str_of(c->labels[i]);
        hx_gguf_put_str(k->w, "huaxiang.head.type",
                        hx_str_of(c->head_is_token  ? "token"
                                  : c->head_is_mean ? "mean"
                                                    : "last"));
        hx_gguf_put_strs(k->w, "huaxiang.labels", labels, c->n_labels);
    }
    free(labels);
}

/* The list of all heads, as config.json has it. */
static void put_heads(const keys *k, const hx_config *c) {
    bool is_plain =
        !c->has_head || c->score_kind == HX_LLAMA_LABEL || c->score_kind == HX_LLAMA_TAG;
    hx_buf text;
    hx_json_writer w;
    if (c->n_tasks == 0 || (!c->tasks_said && is_plain)) return;
    hx_buf_init(&text, HX_CONFIG_BYTES_MAX);
    hx_json_begin(&w, &text);
    hx_config_write_tasks(c, &w);
    hx_gguf_put_str(k->w, "huaxiang.heads", hx_buf_str(&text));
    hx_buf_release(&text);
}

static hx_str base_name(const char *path) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    size_t start = n;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return (hx_str){path + start, n - start};
}

void hx_gguf_put_config(hx_gguf_writer *w, const hx_config *c, const char *from) {
    const keys k = {w, c->architecture->name};
    hx_gguf_put_str(w, "general.architecture", hx_str_of(k.architecture));
    hx_gguf_put_str(w, "general.name", *c->name ? hx_str_of(c->name) : base_name(from));
    put_size(&k, "block_count", c->n_layers);
    put_size(&k, "context_length", c->n_positions);
    put_size(&k, "embedding_length", c->n_embd);
    put_size(&k, "feed_forward_length", c->n_ff);
    put_size(&k, "attention.head_count", c->n_heads);
    put_size(&k, "attention.head_count_kv", c->n_kv_heads);
    put_number(&k, "attention.layer_norm_rms_epsilon", c->norm_eps);
    put_size(&k, "attention.key_length", c->head_dim);
    put_size(&k, "attention.value_length", c->head_dim);
    put_size(&k, "vocab_size", c->n_vocab);
    put_number(&k, "rope.freq_base", c->rope.theta);
    put_size(&k, "rope.dimension_count", c->rope.dims);
    put_scaling(&k, &c->rope);
    put_head(&k, c);
    put_heads(&k, c);
}

/* ------------------------------------------------------------------ Llama 3.1's scaling out of a GGUF file */
static bool slows_like(const hx_rope_config *r, const float *factors, size_t half, float *scratch) {
    hx_rope_config plain = *r;
    plain.scaling = HX_ROPE_PLAIN;
    (void)hx_rope_frequencies(&plain, NULL, scratch);
    (void)hx_rope_frequencies(r, NULL, scratch + half);
    for (size_t i = 0; i < half; i++)
        if (fabsf(scratch[i] / scratch[half + i] - factors[i]) > 1e-3f * factors[i]) return false;
    return true;
}

static bool find_published(hx_rope_config *r, const float *factors, size_t half, float *scratch) {
    static const double published[] = {8, 32, 16}; /* Llama 3.1 and 3.3; 3.2; 4 */
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        r->factor = published[i];
        r->low_freq_factor = 1;
        r->high_freq_factor = 4;
        r->original_positions = 8192;
        r->scaling = HX_ROPE_LLAMA3;
        if (slows_like(r, factors, half, scratch)) return true;
    }
    return false;
}

static bool read_own(hx_rope_config *r, const hx_gguf_value *v) {
    float f[4];
    if (!v || !v->is_array || v->type != HX_GGUF_F32 || v->n != 4) return false;
    memcpy(f, v->raw.ptr, sizeof f);
    for (size_t i = 0; i < 4; i++)
        if (!(f[i] > 0 && f[i] < 1e9f)) return false;
    r->scaling = HX_ROPE_LLAMA3;
    r->factor = (double)f[0];
    r->low_freq_factor = (double)f[1];
    r->high_freq_factor = (double)f[2];
    r->original_positions = (size_t)f[3];
    return true;
}

hx_status hx_rope_of_gguf(const hx_tensor_file *f, hx_rope_config *r, hx_error *err) {
    const hx_tensor_entry *t = hx_tensor_file_find(f, "rope_freqs.weight");
    size_t half = r->dims / 2;
    if (!t || read_own(r, hx_tensor_file_value(f, HX_KEY_LLAMA3))) return HX_OK;
    if (t->type != HX_DTYPE_F32 || hx_tensor_elements(t) != half)
        return hx_fail(err, HX_EFORMAT, "tensor rope_freqs.weight is no list of %zu F32 numbers",
                       half);
    float *scratch = calloc(2 * half + 1, sizeof *scratch);
    if (!scratch) return hx_fail(err, HX_ENOMEM, "out of memory");
    bool found = find_published(r, t->data, half, scratch);
    free(scratch);
    return found ? HX_OK
                 : hx_fail(err, HX_EUNSUPPORTED,
                           "the rotary scaling of rope_freqs.weight has no name in config.json");
}
