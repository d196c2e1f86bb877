/* trunk_model.c - a trunk of an open model: all of its layers or chosen ones, F32 copies of what is trained (trunk.h).
 *
 * What is frozen is not copied. Norms and biases, a few KB, always are. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "llama/trunk_parts.h"

/* The row of a file that holds row i of a matrix whose heads are turned in halves. */
static size_t stored_row(const hx_trunk_matrix *m, size_t i) {
    if (!m->turned) return i;
    size_t half = m->turned / 2, in = i % m->turned;
    return i - in + in % half * 2 + in / half;
}

void hx__trunk_decode_row(const hx_trunk_matrix *m, size_t row, size_t k, float *out) {
    const hx_tensor_entry *e = m->stored;
    size_t bytes = (size_t)(e->bytes / e->dims[0]);
    hx_dtype_decode(e->type, (const uint8_t *)e->data + stored_row(m, row) * bytes, k, out);
}

static void copy_vector(hx_trunk *t, size_t index, const float *from, const hx_trunk_matrix *m) {
    hx_param *p = hx_params_at(t->params, index);
    for (size_t i = 0; from && i < p->n; i++)
        p->w[i] = from[stored_row(m, i)];
}

static void copy_product(hx_trunk *t, hx_trunk_product *p, const hx_llama_layer *from) {
    for (size_t i = 0; i < p->n_parts; i++) {
        hx_trunk_matrix *m = &p->parts[i];
        if (m->bias != HX_TRUNK_NONE) copy_vector(t, m->bias, from->biases[m->matrix], m);
        if (m->weight == HX_TRUNK_NONE) continue;
        hx_param *w = hx_params_at(t->params, m->weight);
        for (size_t row = 0; row < m->rows; row++)
            hx__trunk_decode_row(m, row, p->k, w->w + row * p->k);
        hx_tensor_file_drop(t->model->file, m->stored);
        m->stored = NULL;
    }
}

static void copy_norms(hx_trunk *t, hx_trunk_layer *to, const hx_llama_layer *from) {
    const hx_trunk_matrix plain = {0};
    const hx_trunk_matrix *halves = t->layers[0].products[HX_TRUNK_QKV].parts;
    const float *norms[4] = {from->norm_attention, from->norm_ff, from->norm_q, from->norm_k};
    for (size_t i = 0; i < 4; i++) {
        const hx_trunk_matrix *m = i < 2 ? &plain : halves;
        size_t n = i < 2 ? t->config.n_embd : t->config.head_dim;
        for (size_t j = 0; to->norm[i] && norms[i] && j < n; j++)
            to->norm[i][j] = norms[i][stored_row(m, j)];
    }
}

static void copy_table(hx_trunk *t, float *to, const hx_tensor_entry **from) {
    if (!to || !*from) return;
    hx_dtype_decode((*from)->type, (*from)->data, t->config.n_vocab * t->config.n_embd, to);
    hx_tensor_file_drop(t->model->file, *from);
    *from = NULL;
}

static void copy_weights(hx_trunk *t, const size_t *from) {
    const hx_llama *m = t->model;
    for (size_t i = 0; i < t->config.n_layers; i++) {
        const hx_llama_layer *source = &m->layers[from ? from[i] : i];
        copy_norms(t, &t->layers[i], source);
        for (size_t j = 0; j < HX_TRUNK_PRODUCTS; j++)
            copy_product(t, &t->layers[i].products[j], source);
    }
    memcpy(t->norm_out, m->norm_out, t->config.n_embd * sizeof *t->norm_out);
    memcpy(t->frequency, m->rope_frequency, t->config.rope.dims / 2 * sizeof *t->frequency);
    t->amplitude = m->rope_amplitude;
    copy_table(t, t->embedding, &t->stored_embedding);
    copy_table(t, t->output, &t->stored_output);
}

static hx_status check_layers(const hx_llama *m, const hx_trunk_options *o, hx_error *err) {
    size_t n = o ? o->keep_layers : 0, most = m->config.n_layers;
    if (n > most)
        return hx_fail(err, HX_EINVAL, "training: %zu layers are to be kept, the model has %zu", n,
                       most);
    for (size_t i = 0; o && o->layers && i < n; i++)
        if (o->layers[i] >= most || (i > 0 && o->layers[i] <= o->layers[i - 1]))
            return hx_fail(err, HX_EINVAL,
                           "training: kept layers must ascend and be below %zu, not %zu", most,
                           o->layers[i]);
    return HX_OK;
}

hx_status hx_trunk_of_model(hx_trunk **out, const hx_llama *m, const hx_trunk_options *options,
                            uint64_t seed, hx_error *err) {
    hx_trunk *t = NULL;
    if (!m->layers)
        return hx_fail(err, HX_EINVAL, "training: the model was opened for its tokenizer alone");
    HX_TRY(check_layers(m, options, err));
    const size_t *from = options && options->keep_layers ? options->layers : NULL;
    hx_config config = m->config;
    if (options && options->keep_layers) config.n_layers = options->keep_layers;
    if (!config.n_vocab) config.n_vocab = (size_t)m->embedding->dims[0];
    config.tied = m->output_matrix == m->embedding || (!m->output_matrix && m->config.tied);
    HX_TRY(hx__trunk_begin(&t, &config, options, err));
    t->model = m;
    hx_status status = hx__trunk_add_tensors(t, from, err);
    if (status != HX_OK) {
        hx_trunk_free(t);
        return status;
    }
    hx__trunk_bind(t);
    copy_weights(t, from);
    hx__trunk_randomise_adapters(t, seed);
    *out = t;
    return HX_OK;
}
