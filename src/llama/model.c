/* model.c - opening a model, what it says of itself, and making the int8 form of its weights.
 *
 *     open: map the file -> configuration -> tokenizer -> find the weights -> (FAST) pack the layers, a matrix after the other
 *
 * While packing, the pages of a matrix are let go as soon as it has been read: at no time are both forms of the model in memory. The
 * output matrix is packed when logits of a whole piece are first wanted; embeddings and labels by a head never need it. */
#include "llama/grammar_tokens.h"
#include "llama/heads.h"
#include "llama/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define ARENA_MAX ((size_t)1 << 30)

/* ------------------------------------------------------------------ packing */
typedef struct {
    const hx_tensor_file *file;
    const hx_tensor_entry *const *parts;
} dropping;

static void drop_part(void *context, size_t part) {
    const dropping *d = context;
    hx_tensor_file_drop(d->file, d->parts[part]);
}

static hx_status pack(hx_llama *m, hx_linear *l, const hx_tensor_entry *const *parts, hx_team *team,
                      hx_error *err) {
    dropping d = {m->file, parts};
    return hx_linear_is_packed(l) ? HX_OK : hx_linear_pack(l, team, drop_part, &d, err);
}

static hx_status pack_layer(hx_llama *m, hx_llama_layer *a, hx_team *team, hx_error *err) {
    HX_TRY(pack(m, a->qkv, a->matrices, team, err));
    HX_TRY(pack(m, a->out, a->matrices + 3, team, err));
    HX_TRY(pack(m, a->gate_up, a->matrices + 4, team, err));
    return pack(m, a->down, a->matrices + 6, team, err);
}

hx_status hx_llama_pack_layers(hx_llama *m, hx_team *team, hx_error *err) {
    hx_status status = HX_OK;
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < m->config.n_layers && status == HX_OK && !m->packed_layers; i++)
        status = pack_layer(m, &m->layers[i], team, err);
    if (status == HX_OK) m->packed_layers = true;
    pthread_mutex_unlock(&m->lock);
    return status;
}

hx_status hx_llama_pack_output(hx_llama *m, hx_team *team, hx_error *err) {
    pthread_mutex_lock(&m->lock);
    hx_status status = m->packed_output ? HX_OK : pack(m, m->output, &m->output_matrix, team, err);
    if (status == HX_OK) m->packed_output = true;
    pthread_mutex_unlock(&m->lock);
    return status;
}

/* ------------------------------------------------------------------ life */
void hx_llama_close(hx_llama *m) {
    if (!m) return;
    for (size_t i = 0; m->layers && i < m->config.n_layers; i++) {
        hx_linear_free(m->layers[i].qkv);
        hx_linear_free(m->layers[i].out);
        hx_linear_free(m->layers[i].gate_up);
        hx_linear_free(m->layers[i].down);
    }
    hx_linear_free(m->output);
    hx_linear_free(m->head);
    hx_token_table_free(m->token_table);
    hx_tokenizer_close(m->tokenizer);
    hx_tensor_file_close(m->file);
    hx_config_release(&m->config);
    hx_arena_free(m->arena);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* Tokens that were added to a tokenizer and never trained have no row of the embedding: runs refuse their ids. That words of the language
 * have none says that the tokenizer is another model's. */
static hx_status check_vocabulary(const hx_llama *m, const char *path, hx_error *err) {
    size_t rows = m->config.n_vocab, n = m->tokenizer ? hx_tokenizer_n_plain(m->tokenizer) : 0;
    if (rows == 0 || n <= rows) return HX_OK;
    return hx_fail(err, HX_EFORMAT,
                   "%s: the tokenizer has %zu tokens, the embedding only %zu rows; they are of "
                   "different models",
                   path, n, rows);
}

/* The tokenizer's id where it has one, else the configuration's; -1 where the embedding (`n` rows, 0 = unknown) has no such row. */
static int32_t pick_token(int32_t a, int32_t b, size_t n) {
    int32_t id = a >= 0 ? a : b;
    return n == 0 || id < 0 || (size_t)id < n ? id : -1;
}

static void describe(hx_llama *m) {
    const hx_config *c = &m->config;
    const hx_tokenizer *t = m->tokenizer;
    hx_llama_info *i = &m->info;
    i->architecture = c->architecture->name;
    i->name = c->name;
    i->kernels = hx_kernels_name(m->kernels);
    i->n_layers = c->n_layers;
    i->n_vocab = c->n_vocab ? c->n_vocab : t ? hx_tokenizer_n_vocab(t) : 0;
    i->n_embd = c->n_embd;
    i->n_heads = c->n_heads;
    i->n_kv_heads = c->n_kv_heads;
    i->head_dim = c->head_dim;
    i->n_ff = c->n_ff;
    i->n_positions = c->n_positions;
    const hx_llama_head_info *head = hx_llama_head_of(m, m->main_head);
    i->n_tasks = m->heads ? c->n_tasks : 0;
    i->n_labels = head ? head->n_labels : 0;
    i->has_output = m->output != NULL;
    i->is_token_classifier = head && head->of_words;
    i->bos = pick_token(t ? hx_tokenizer_bos(t) : -1, c->bos, i->n_vocab);
    i->eos = pick_token(t ? hx_tokenizer_eos(t) : -1, c->eos, i->n_vocab);
    i->pad = pick_token(t ? hx_tokenizer_pad(t) : -1, c->pad, i->n_vocab);
}

static hx_status open_weights(hx_llama *m, hx_error *err) {
    HX_TRY(hx_llama_find_weights(m, err));
    if (m->options.precision == HX_PRECISION_EXACT) return HX_OK;
    hx_team *team = NULL;
    HX_TRY(hx_team_new(&team, m->options.n_threads, err));
    hx_status status = hx_llama_pack_layers(m, team, err);
    hx_team_free(team);
    return status;
}

static hx_status open_all(hx_llama *m, const char *path, const char *kernels, hx_error *err) {
    m->arena = hx_arena_new(ARENA_MAX);
    if (!m->arena) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    HX_TRY(hx_kernels_choose(kernels, &m->kernels, err));
    HX_TRY(hx_llama_open_files(m, path, err));
    HX_TRY(hx_heads_describe(m, err));
    if (!m->options.tokenizer_only) {
        HX_TRY(open_weights(m, err));
        HX_TRY(check_vocabulary(m, path, err));
    }
    describe(m);
    return HX_OK;
}

hx_status hx_llama_open(hx_llama **out, const char *path, const hx_llama_options *options,
                        hx_error *err) {
    hx_llama_options o = options ? *options : (hx_llama_options){0};
    if (o.precision != HX_PRECISION_FAST && o.precision != HX_PRECISION_EXACT)
        return hx_fail(err, HX_EINVAL, "%d is no precision", (int)o.precision);
    hx_llama *m = calloc(1, sizeof *m);
    if (!m) return hx_fail(err, HX_ENOMEM, "out of memory while opening %s", path);
    m->options = o;
    m->main_head = SIZE_MAX;
    m->options.kernels = NULL;
    pthread_mutex_init(&m->lock, NULL);
    hx_status status = open_all(m, path, o.kernels, err);
    if (status != HX_OK) {
        hx_llama_close(m);
        return status;
    }
    *out = m;
    return HX_OK;
}

const hx_llama_info *hx_llama_describe(const hx_llama *m) {
    return &m->info;
}

const char *hx_llama_label(const hx_llama *m, size_t i) {
    return hx_llama_head_label(m, m->main_head, i);
}
