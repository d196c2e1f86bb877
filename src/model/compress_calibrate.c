/* compress_calibrate.c - what matters in a model; see compress.h.
 *
 *     8 texts -> trunk forward -> head, loss -> trunk backward -> |sum w g|, sum g^2 added up -> gradients are zero again
 *
 * Batches are made of texts in file order, spread evenly over the data; sums are in that order, so that the same texts give the same bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"
#include "llama/objective.h"
#include "model/compress.h"
#include "tensor/memory.h"

#define TEXTS_A_BATCH 8
#define LENGTH_MAX 256
#define PARAMETERS_MAX 700000000u /* F32 weights and gradients: 5.6 GB */

typedef struct {
    hx_llama *model;
    hx_trunk *trunk;
    hx_train_head *head;
    hx_nn nn;
    size_t scratch_bytes, hidden_bytes;
    float *dhidden;
    size_t n_threads;
    const hx_config *config;
    const hx_config_task *reads; /* borrowed */
    hx_params *params;
    hx__calibration *out;
    hx_arena *arena;
    double *sums; /* (widest of n_ff and query rows) */
} calibrator;

/* ------------------------------------------------------------------ opening */
static hx_status check_model(const hx_llama *m, hx_error *err) {
    const hx_llama_info *info = hx_llama_describe(m);
    if (info->n_labels == 0 || info->is_token_classifier)
        return hx_fail(err, HX_EUNSUPPORTED,
                       "the model has no head for texts; train one first: huaxiang train classify");
    if (info->n_parameters <= PARAMETERS_MAX) return HX_OK;
    return hx_fail(err, HX_ELIMIT,
                   "the model has %llu parameters; up to %u can be calibrated in memory",
                   (unsigned long long)info->n_parameters, PARAMETERS_MAX);
}

static hx_status load_head(calibrator *c, hx_error *err) {
    const hx_tensor_entry *e = c->model->head_matrix;
    const hx_head_options o = {.kind = HX_HEAD_SEQUENCE,
                               .name = "",
                               .n_labels = c->config->n_labels,
                               .mean = c->config->head_is_mean};
    HX_TRY(hx_train_head_new(&c->head, c->trunk, &o, 1, err));
    hx_param *p = hx_params_find(c->params, "score.weight");
    if (!p || !e || p->n != (size_t)(e->dims[0] * e->dims[1]))
        return hx_fail(err, HX_EINTERNAL, "the head's matrix has another shape");
    hx_dtype_decode(e->type, e->data, p->n, p->w);
    return HX_OK;
}

static hx_status open_all(calibrator *c, const char *path, hx_error *err) {
    const hx_llama_options lo = {.precision = HX_PRECISION_EXACT, .n_threads = 1};
    const hx_trunk_options to = {.recompute = false};
    HX_TRY(hx_llama_open(&c->model, path, &lo, err));
    HX_TRY(check_model(c->model, err));
    HX_TRY(hx_kernels_choose(NULL, &c->nn.kernels, err));
    HX_TRY(hx_team_new(&c->nn.team, c->n_threads, err));
    HX_TRY(hx_trunk_of_model(&c->trunk, c->model, &to, 1, err));
    c->config = hx_trunk_config(c->trunk);
    c->params = hx_trunk_params(c->trunk);
    return load_head(c, err);
}

static void close_all(calibrator *c) {
    hx_train_head_free(c->head);
    hx_trunk_free(c->trunk);
    hx_team_free(c->nn.team);
    hx_memory_free(c->nn.scratch, c->scratch_bytes);
    hx_memory_free(c->dhidden, c->hidden_bytes);
    hx_llama_close(c->model);
}

/* ------------------------------------------------------------------ room for results */
static bool is_matrix(const hx_param *p) {
    return p->n_dims == 2 && p->g && strncmp(p->name, "score", 5) != 0;
}

static hx_status make_room(calibrator *c, hx_error *err) {
    hx__calibration *o = c->out;
    size_t n = hx_params_count(c->params), bytes = 0;
    *o = (hx__calibration){.n_layers = c->config->n_layers,
                           .n_ff = c->config->n_ff,
                           .n_groups = c->config->n_kv_heads};
    o->channels = hx_arena_alloc(c->arena, o->n_layers * o->n_ff * sizeof *o->channels);
    o->groups = hx_arena_alloc(c->arena, o->n_layers * o->n_groups * sizeof *o->groups);
    o->layers = hx_arena_alloc(c->arena, o->n_layers * sizeof *o->layers);
    o->names = hx_arena_alloc(c->arena, n * sizeof *o->names);
    o->columns = hx_arena_alloc(c->arena, n * sizeof *o->columns);
    size_t q = c->config->n_heads * c->config->head_dim, widest = q > o->n_ff ? q : o->n_ff;
    c->sums = hx_arena_alloc(c->arena, widest * sizeof *c->sums);
    if (!c->sums || !o->channels || !o->groups || !o->layers || !o->names || !o->columns)
        return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const hx_param *p = hx_params_at(c->params, i);
        if (!is_matrix(p)) continue;
        bytes = (size_t)p->dims[1] * sizeof(float);
        o->names[o->n_matrices] = hx_arena_str(c->arena, hx_str_of(p->name)).ptr;
        o->columns[o->n_matrices] = hx_arena_alloc(c->arena, bytes);
        if (!o->names[o->n_matrices] || !o->columns[o->n_matrices])
            return hx_fail(err, HX_ENOMEM, "out of memory");
        o->n_matrices++;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ adding up */
static void add_columns(const hx_param *p, float *sums) {
    size_t columns = (size_t)p->dims[1];
    for (size_t r = 0; r < p->dims[0]; r++)
        for (size_t k = 0; k < columns; k++)
            sums[k] += p->g[r * columns + k] * p->g[r * columns + k];
}

/* |sum of w g| over the columns of each unit of `width` columns, added to `units`; the signed sum of all is returned. sums (columns): scratch. */
static double add_units(const hx_param *p, size_t width, double *units, double *sums) {
    size_t columns = (size_t)p->dims[1];
    double all = 0;
    memset(sums, 0, columns * sizeof *sums);
    for (size_t r = 0; r < p->dims[0]; r++)
        for (size_t k = 0; k < columns; k++)
            sums[k] += (double)p->w[r * columns + k] * (double)p->g[r * columns + k];
    for (size_t u = 0; u < columns / width; u++) {
        double sum = 0;
        for (size_t k = u * width; k < (u + 1) * width; k++)
            sum += sums[k];
        units[u] += fabs(sum);
        all += sum;
    }
    return all;
}

static hx_status add_up(calibrator *c, hx_error *err) {
    hx__calibration *o = c->out;
    size_t m = 0;
    for (size_t i = 0; i < hx_params_count(c->params); i++) {
        const hx_param *p = hx_params_at(c->params, i);
        if (is_matrix(p)) add_columns(p, o->columns[m++]);
    }
    for (size_t l = 0; l < o->n_layers; l++) {
        char name[HX_PARAM_NAME_MAX];
        (void)snprintf(name, sizeof name, "model.layers.%zu.mlp.down_proj.weight", l);
        const hx_param *down = hx_params_find(c->params, name);
        (void)snprintf(name, sizeof name, "model.layers.%zu.self_attn.o_proj.weight", l);
        const hx_param *out = hx_params_find(c->params, name);
        if (!down || !out || !down->g || !out->g)
            return hx_fail(err, HX_EINTERNAL, "layer %zu has no matrices to look at", l);
        double sum = add_units(down, 1, o->channels + l * o->n_ff, c->sums);
        sum += add_units(out, (size_t)out->dims[1] / o->n_groups, o->groups + l * o->n_groups,
                         c->sums);
        o->layers[l] += fabs(sum);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ passes */
static hx_status make_scratch(calibrator *c, const hx_trunk_batch *b, hx_error *err) {
    size_t trunk = hx_trunk_scratch(c->trunk, b->n_tokens, b->n_sequences, c->n_threads);
    size_t head = hx_train_head_scratch(c->head, b->n_tokens, b->n_sequences, c->n_threads);
    size_t wanted = trunk > head ? trunk : head;
    size_t hidden = b->n_tokens * c->config->n_embd * sizeof(float);
    if (wanted > c->scratch_bytes) {
        hx_memory_free(c->nn.scratch, c->scratch_bytes);
        c->nn.scratch = hx_memory_new(wanted);
        c->scratch_bytes = c->nn.scratch ? wanted : 0;
    }
    if (hidden > c->hidden_bytes) {
        hx_memory_free(c->dhidden, c->hidden_bytes);
        c->dhidden = hx_memory_new(hidden);
        c->hidden_bytes = c->dhidden ? hidden : 0;
    }
    return c->nn.scratch && c->dhidden ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status run_batch(calibrator *c, const hx_trunk_batch *b, const uint32_t *labels,
                           hx_error *err) {
    const hx_targets targets = {.labels = labels};
    const float *hidden = NULL;
    hx_objective_result result;
    HX_TRY(make_scratch(c, b, err));
    HX_TRY(hx_trunk_forward(c->trunk, &c->nn, b, &hidden, err));
    memset(c->dhidden, 0, b->n_tokens * c->config->n_embd * sizeof(float));
    HX_TRY(hx_train_head_loss(c->head, &c->nn, b, hidden, &targets, 1.0f / (float)b->n_sequences,
                              c->dhidden, NULL, &result, err));
    hx_trunk_backward(c->trunk, &c->nn, c->dhidden, NULL);
    HX_TRY(add_up(c, err));
    hx_params_zero_gradients(&c->nn, c->params);
    return HX_OK;
}

/* Texts first, first + step, ...: n of them into one batch. */
static hx_status run_texts(calibrator *c, const hx_dataset *d, const hx_token_lists *l,
                           size_t first, size_t n, size_t step, uint32_t *ids, hx_error *err) {
    uint32_t starts[TEXTS_A_BATCH + 1] = {0}, labels[TEXTS_A_BATCH];
    bool causal[TEXTS_A_BATCH];
    size_t made = 0;
    for (size_t k = 0; k < n; k++) {
        size_t i = first + k * step, length = l->starts[i + 1] - l->starts[i];
        if (length == 0) continue;
        memcpy(ids + starts[made], l->ids + l->starts[i], length * sizeof *ids);
        causal[made] = !c->reads->bidirectional;
        labels[made] = hx_dataset_at(d, HX_PART_TRAIN, i)->label;
        starts[made + 1] = starts[made] + (uint32_t)length;
        made++;
    }
    const hx_trunk_batch b = {.ids = ids,
                              .n_tokens = starts[made],
                              .starts = starts,
                              .n_sequences = made,
                              .causal = causal,
                              .training = true};
    return made > 0 ? run_batch(c, &b, labels, err) : HX_OK;
}

static hx_status run_all(calibrator *c, hx_dataset *d, size_t max_texts, const volatile int *cancel,
                         hx_error *err) {
    hx_token_lists l;
    size_t most = c->reads->max_length;
    if (most == 0 || most > LENGTH_MAX) most = LENGTH_MAX;
    HX_TRY(hx_dataset_tokens(d, c->model->tokenizer, HX_PART_TRAIN, most, c->n_threads, c->arena,
                             &l, err));
    size_t n = l.n < max_texts ? l.n : max_texts, step = n ? l.n / n : 1;
    uint32_t *ids = hx_arena_alloc(c->arena, TEXTS_A_BATCH * LENGTH_MAX * sizeof *ids);
    if (!ids) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t at = 0; at < n; at += TEXTS_A_BATCH) {
        size_t some = n - at < TEXTS_A_BATCH ? n - at : TEXTS_A_BATCH;
        HX_TRY(run_texts(c, d, &l, at * step, some, step, ids, err));
        if (hx_flag_is_raised(cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
    }
    return HX_OK;
}

/* Columns that no gradient came to still count a little, or they would be rounded to anything. */
static void finish(hx__calibration *o, const hx_params *params) {
    size_t m = 0;
    for (size_t i = 0; i < hx_params_count(params); i++) {
        const hx_param *p = hx_params_at(params, i);
        double mean = 0;
        if (!is_matrix(p)) continue;
        float *c = o->columns[m++];
        for (size_t k = 0; k < p->dims[1]; k++)
            mean += (double)c[k] / (double)p->dims[1];
        for (size_t k = 0; k < p->dims[1]; k++)
            c[k] = mean > 0 ? (float)((double)c[k] / mean) + 0.01f : 1;
    }
}

hx_status hx__calibrate(const char *model, const hx_config_task *head, hx_dataset *data,
                        size_t max_texts, size_t n_threads, const volatile int *cancel,
                        hx_arena *arena, hx__calibration *out, hx_error *err) {
    calibrator c = {.out = out, .arena = arena, .reads = head};
    c.n_threads = n_threads ? n_threads : hx_processors();
    hx_status st = open_all(&c, model, err);
    if (st == HX_OK && !c.model->tokenizer)
        st = hx_fail(err, HX_EUNSUPPORTED, "the model has no tokenizer");
    if (st == HX_OK) st = make_room(&c, err);
    if (st == HX_OK) st = run_all(&c, data, max_texts, cancel, err);
    if (st == HX_OK) finish(out, c.params);
    close_all(&c);
    return st;
}

const float *hx__calibration_columns(const hx__calibration *c, const char *name) {
    for (size_t i = 0; c && i < c->n_matrices; i++)
        if (strcmp(c->names[i], name) == 0) return c->columns[i];
    return NULL;
}
