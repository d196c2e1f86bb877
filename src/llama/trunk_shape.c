/* trunk_shape.c - the tensors of a trunk: names as Hugging Face has them, which are F32 and trained, which stay in the model's file, where
 * adapters stand; and the pointers that the passes use (trunk_parts.h).
 *
 *     model.embed_tokens.weight                         (n_vocab, n_embd)     layer 0
 *     model.layers.I.self_attn.{q,k,v}_proj.weight      adjacent              layer I + 1
 *     model.layers.I.self_attn.{q,k}_norm.weight        (head_dim)
 *     model.layers.I.self_attn.o_proj.weight            (n_embd, q)
 *     model.layers.I.mlp.{gate,up}_proj.weight          adjacent
 *     model.layers.I.mlp.down_proj.weight               (n_embd, n_ff)
 *     model.norm.weight, lm_head.weight                                       layer n_layers + 1 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "llama/trunk_parts.h"

static const char *const matrix_names[HX_MATRICES] = {
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};

static const struct {
    size_t first, n; /* matrices of a product */
} products[HX_TRUNK_PRODUCTS] = {{0, 3}, {3, 1}, {4, 2}, {6, 1}};

typedef struct {
    hx_trunk *t;
    const hx_llama_layer *source; /* or NULL */
    size_t layer;
    bool frozen;
    hx_error *err;
} shaper;

void hx__trunk_name(size_t layer, size_t matrix, const char *suffix, char out[HX_TRUNK_NAME]) {
    (void)snprintf(out, HX_TRUNK_NAME, "model.layers.%zu.%s.%s", layer, matrix_names[matrix],
                   suffix);
}

static void describe(const hx_trunk *t, hx_trunk_product *p, size_t layer, size_t place) {
    const hx_config *c = &t->config;
    size_t q = c->n_heads * c->head_dim, kv = c->n_kv_heads * c->head_dim;
    const size_t rows[HX_MATRICES] = {q, kv, kv, c->n_embd, c->n_ff, c->n_ff, c->n_embd};
    *p = (hx_trunk_product){.n_parts = products[place].n, .layer = layer, .place = place};
    p->k = place == HX_TRUNK_OUT ? q : place == HX_TRUNK_DOWN ? c->n_ff : c->n_embd;
    for (size_t i = 0; i < p->n_parts; i++) {
        size_t matrix = products[place].first + i;
        p->parts[i] = (hx_trunk_matrix){.rows = rows[matrix],
                                        .matrix = matrix,
                                        .weight = HX_TRUNK_NONE,
                                        .bias = HX_TRUNK_NONE,
                                        .a = HX_TRUNK_NONE,
                                        .b = HX_TRUNK_NONE};
        p->n += rows[matrix];
    }
}

/* ------------------------------------------------------------------ weights, biases */
static hx_status add_weights(const shaper *s, hx_trunk_product *p) {
    char names[3][HX_TRUNK_NAME];
    hx_param_shape shapes[3];
    size_t index = 0;
    for (size_t i = 0; i < p->n_parts; i++) {
        hx__trunk_name(s->layer, p->parts[i].matrix, "weight", names[i]);
        shapes[i] = (hx_param_shape){names[i], 2, {p->parts[i].rows, p->k}};
    }
    HX_TRY(hx_params_add_adjacent(s->t->params, shapes, p->n_parts, (int32_t)s->layer + 1,
                                  !s->frozen, &index, s->err));
    for (size_t i = 0; i < p->n_parts; i++)
        p->parts[i].weight = index + i;
    return HX_OK;
}

static bool has_bias(const shaper *s, const hx_trunk_product *p) {
    bool has = s->t->config.architecture->qkv_bias && p->place == HX_TRUNK_QKV;
    for (size_t i = 0; s->source && i < p->n_parts; i++)
        has = has || s->source->biases[p->parts[i].matrix];
    return has;
}

static hx_status add_biases(const shaper *s, hx_trunk_product *p) {
    char names[3][HX_TRUNK_NAME];
    hx_param_shape shapes[3];
    size_t index = 0;
    for (size_t i = 0; i < p->n_parts; i++) {
        hx__trunk_name(s->layer, p->parts[i].matrix, "bias", names[i]);
        shapes[i] = (hx_param_shape){names[i], 1, {p->parts[i].rows, 1}};
    }
    HX_TRY(hx_params_add_adjacent(s->t->params, shapes, p->n_parts, (int32_t)s->layer + 1,
                                  !s->frozen, &index, s->err));
    for (size_t i = 0; i < p->n_parts; i++)
        p->parts[i].bias = index + i;
    return HX_OK;
}

/* ------------------------------------------------------------------ adapters */
static void adapter_name(size_t layer, size_t matrix, char side, char out[HX_TRUNK_NAME]) {
    (void)snprintf(out, HX_TRUNK_NAME, "base_model.model.model.layers.%zu.%s.lora_%c.weight", layer,
                   matrix_names[matrix], side);
}

static hx_status add_adapters(const shaper *s, hx_trunk_product *p) {
    char names[3][HX_TRUNK_NAME];
    hx_param_shape shapes[3];
    size_t index = 0, n = 0, rank = s->t->options.lora_rank;
    for (size_t i = 0; i < p->n_parts; i++) {
        if (!(s->t->options.lora_targets & (1u << p->parts[i].matrix))) continue;
        adapter_name(s->layer, p->parts[i].matrix, 'A', names[n]);
        shapes[n] = (hx_param_shape){names[n], 2, {rank, p->k}};
        p->parts[i].a = n;
        p->parts[i].column = n++ * rank;
    }
    p->adapted = n * rank;
    if (n == 0) return HX_OK;
    HX_TRY(hx_params_add_adjacent(s->t->params, shapes, n, (int32_t)s->layer + 1, true, &index,
                                  s->err));
    for (size_t i = 0; i < p->n_parts; i++) {
        hx_trunk_matrix *m = &p->parts[i];
        const uint64_t dims[2] = {m->rows, rank};
        if (m->a == HX_TRUNK_NONE) continue;
        m->a += index;
        adapter_name(s->layer, m->matrix, 'B', names[0]);
        HX_TRY(hx_params_add(s->t->params, names[0], 2, dims, (int32_t)s->layer + 1, true, &m->b,
                             s->err));
    }
    return HX_OK;
}

static hx_status add_product(const shaper *s, hx_trunk_product *p, size_t place) {
    const hx_config *c = &s->t->config;
    describe(s->t, p, s->layer, place);
    bool stays = s->frozen && s->source;
    for (size_t i = 0; s->source && i < p->n_parts; i++) {
        p->parts[i].stored = s->source->matrices[p->parts[i].matrix];
        p->parts[i].turned =
            s->t->model->config.interleaved && p->parts[i].matrix < 2 ? c->head_dim : 0;
    }
    if (!stays) HX_TRY(add_weights(s, p));
    if (has_bias(s, p)) HX_TRY(add_biases(s, p));
    bool adapts = s->t->options.lora_rank > 0 && s->layer >= s->t->options.frozen_layers;
    return adapts ? add_adapters(s, p) : HX_OK;
}

/* ------------------------------------------------------------------ the rest */
static hx_status add_vector(const shaper *s, const char *name, size_t n, int32_t layer) {
    size_t index = 0;
    const uint64_t dims[2] = {n, 1};
    HX_TRY(hx_params_add(s->t->params, name, 1, dims, layer, !s->frozen, &index, s->err));
    hx_param *p = hx_params_at(s->t->params, index);
    for (size_t i = 0; i < n; i++)
        p->w[i] = 1;
    return HX_OK;
}

static const char *const norm_names[4] = {"input_layernorm", "post_attention_layernorm",
                                          "self_attn.q_norm", "self_attn.k_norm"};

static void norm_name(size_t layer, size_t i, char out[HX_TRUNK_NAME]) {
    (void)snprintf(out, HX_TRUNK_NAME, "model.layers.%zu.%s.weight", layer, norm_names[i]);
}

static hx_status add_norms(const shaper *s) {
    const hx_config *c = &s->t->config;
    char name[HX_TRUNK_NAME];
    for (size_t i = 0; i < (c->architecture->qk_norm ? 4u : 2u); i++) {
        norm_name(s->layer, i, name);
        HX_TRY(add_vector(s, name, i < 2 ? c->n_embd : c->head_dim, (int32_t)s->layer + 1));
    }
    return HX_OK;
}

static hx_status add_table(const shaper *s, const char *name, int32_t layer) {
    const uint64_t dims[2] = {s->t->config.n_vocab, s->t->config.n_embd};
    return hx_params_add(s->t->params, name, 2, dims, layer, !s->frozen, NULL, s->err);
}

static hx_status add_embedding(hx_trunk *t, hx_error *err) {
    const hx_trunk_options *o = &t->options;
    shaper s = {.t = t, .err = err};
    s.frozen = o->frozen || o->frozen_embedding || o->frozen_layers > 0;
    if (t->model) t->stored_embedding = t->model->embedding;
    if (s.frozen && t->model) return HX_OK;
    return add_table(&s, "model.embed_tokens.weight", 0);
}

static hx_status add_output(hx_trunk *t, hx_error *err) {
    shaper s = {.t = t, .frozen = t->options.frozen, .err = err};
    int32_t layer = (int32_t)t->config.n_layers + 1;
    HX_TRY(add_vector(&s, "model.norm.weight", t->config.n_embd, layer));
    t->has_output = !t->config.tied && !t->options.without_output;
    if (t->model && !t->config.tied) {
        t->stored_output = t->options.without_output ? NULL : t->model->output_matrix;
        t->has_output = t->stored_output != NULL;
    }
    if (!t->has_output || (s.frozen && t->model)) return HX_OK;
    return add_table(&s, "lm_head.weight", layer);
}

hx_status hx__trunk_add_tensors(hx_trunk *t, const size_t *from, hx_error *err) {
    HX_TRY(add_embedding(t, err));
    for (size_t i = 0; i < t->config.n_layers; i++) {
        shaper s = {.t = t, .layer = i, .err = err};
        s.frozen = t->options.frozen || i < t->options.frozen_layers;
        s.source = t->model ? &t->model->layers[from ? from[i] : i] : NULL;
        HX_TRY(add_norms(&s));
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++)
            HX_TRY(add_product(&s, &t->layers[i].products[j], j));
    }
    return add_output(t, err);
}

/* ------------------------------------------------------------------ pointers */
static void bind_named(hx_trunk *t, const char *name, float **w, float **g) {
    const hx_param *p = hx_params_find(t->params, name);
    *w = p ? p->w : NULL;
    *g = p ? p->g : NULL;
}

static void bind_product(hx_trunk *t, hx_trunk_product *p) {
    const hx_trunk_matrix *m = &p->parts[0];
    const hx_param *w = m->weight == HX_TRUNK_NONE ? NULL : hx_params_at(t->params, m->weight);
    const hx_param *b = m->bias == HX_TRUNK_NONE ? NULL : hx_params_at(t->params, m->bias);
    p->w = w ? w->w : NULL;
    p->dw = w ? w->g : NULL;
    p->bias = b ? b->w : NULL;
    p->dbias = b ? b->g : NULL;
    p->a = p->da = NULL;
    for (size_t i = 0; i < p->n_parts; i++)
        if (p->parts[i].a != HX_TRUNK_NONE && p->parts[i].column == 0) {
            p->a = hx_params_at(t->params, p->parts[i].a)->w;
            p->da = hx_params_at(t->params, p->parts[i].a)->g;
        }
    if (p->n > t->widest_rows) t->widest_rows = p->n;
    if (p->k > t->widest_columns) t->widest_columns = p->k;
}

static void bind_layer(hx_trunk *t, size_t layer) {
    hx_trunk_layer *a = &t->layers[layer];
    char name[HX_TRUNK_NAME];
    a->trained = false;
    for (size_t i = 0; i < 4; i++) {
        norm_name(layer, i, name);
        bind_named(t, name, &a->norm[i], &a->dnorm[i]);
        a->trained = a->trained || a->dnorm[i];
    }
    for (size_t i = 0; i < HX_TRUNK_PRODUCTS; i++) {
        bind_product(t, &a->products[i]);
        a->trained = a->trained || hx__trunk_is_trained(&a->products[i]);
    }
}

void hx__trunk_bind(hx_trunk *t) {
    bind_named(t, "model.embed_tokens.weight", &t->embedding, &t->dembedding);
    bind_named(t, "model.norm.weight", &t->norm_out, &t->dnorm_out);
    bind_named(t, "lm_head.weight", &t->output, &t->doutput);
    t->first_trained = t->config.n_layers;
    for (size_t i = t->config.n_layers; i-- > 0;) {
        bind_layer(t, i);
        if (t->layers[i].trained) t->first_trained = i;
    }
    if (t->dembedding) t->first_trained = 0;
    t->any_trained = t->first_trained < t->config.n_layers || t->dnorm_out;
}
