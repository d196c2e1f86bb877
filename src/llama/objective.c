/* objective.c - heads: their tensors, what goes into them and where its gradient goes (objective.h).
 *
 *     hidden, or tap -> RMSNorm     (T, D)
 *       -> last or mean of a sequence (R, D)      kinds of sequences
 *       -> dropout -> the kind's own loss (objective_{linear,lm,biaffine}.c), which leaves dx (R, D)
 * and dx goes the same way back, added to dhidden or dtap. Arrays of a pass lie in the head's room, which grows with the batches and is
 * carved anew for each, first counted, then given out by the same function. An empty sequence is a row of zeros. */
#include "llama/objective.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "llama/objective_parts.h"
#include "nn/layers.h"
#include "nn/parts.h"
#include "tensor/memory.h"

#define DEVIATION 0.02f /* initializer_range of transformers */
#define WIDTH 128 /* of BIAFFINE's vectors */

hx_param *hx__head_part(const hx_train_head *h, hx_head_part part) {
    return h->parts[part] == HX_HEAD_NONE ? NULL
                                          : hx_params_at(hx_trunk_params(h->trunk), h->parts[part]);
}

float *hx__head_carve(hx_head_room *room, size_t floats) {
    size_t first = room->bytes;
    room->bytes += (floats * sizeof(float) + 63) / 64 * 64;
    return room->at ? (float *)(void *)(room->at + first) : NULL;
}

/* ------------------------------------------------------------------ making */
typedef struct {
    hx_train_head *head;
    const char *prefix;
    uint64_t seed;
} head_making;

/* ROWS, COLUMNS; columns 0 = a vector. Normal of `deviation`, or 1 where that is negative. */
static hx_status add_part(const head_making *m, hx_head_part part, const char *suffix,
                          uint64_t rows, uint64_t columns, float deviation, hx_error *err) {
    hx_params *params = hx_trunk_params(m->head->trunk);
    char name[HX_PARAM_NAME_MAX];
    const uint64_t dims[2] = {rows, columns > 0 ? columns : 1};
    int32_t layer = (int32_t)hx_trunk_config(m->head->trunk)->n_layers + 1;
    int length = snprintf(name, sizeof name, "%s.%s", m->prefix, suffix);
    if (length < 0 || (size_t)length >= sizeof name)
        return hx_fail(err, HX_EINVAL, "head '%s': its name is too long", m->prefix);
    HX_TRY(hx_params_add(params, name, columns > 0 ? 2 : 1, dims, layer, true,
                         &m->head->parts[part], err));
    hx_param *p = hx_params_at(params, m->head->parts[part]);
    if (deviation > 0) hx_param_randomise(p, deviation, m->seed);
    for (size_t i = 0; deviation < 0 && i < p->n; i++)
        p->w[i] = 1;
    return HX_OK;
}

static hx_status add_linear(const head_making *m, hx_error *err) {
    const hx_train_head *h = m->head;
    uint64_t in = h->d, hidden = h->options.hidden;
    if (hidden > 0) {
        float deviation = (float)(1 / sqrt((double)in));
        HX_TRY(add_part(m, HX_PART_DENSE, "dense.weight", hidden, in, deviation, err));
        HX_TRY(add_part(m, HX_PART_DENSE_BIAS, "dense.bias", hidden, 0, 0, err));
        in = hidden;
    }
    HX_TRY(add_part(m, HX_PART_WEIGHT, "weight", h->n_out, in, DEVIATION, err));
    if (h->options.kind == HX_HEAD_TOKEN && strcmp(m->prefix, "score") == 0)
        HX_TRY(add_part(m, HX_PART_BIAS, "bias", h->n_out, 0, 0, err));
    if (h->options.kind != HX_HEAD_CRF) return HX_OK;
    HX_TRY(add_part(m, HX_PART_BETWEEN, "between", h->n_out, h->n_out, 0, err));
    HX_TRY(add_part(m, HX_PART_START, "start", h->n_out, 0, 0, err));
    return add_part(m, HX_PART_STOP, "stop", h->n_out, 0, 0, err);
}

static hx_status add_biaffine(const head_making *m, hx_error *err) {
    const hx_train_head *h = m->head;
    uint64_t width = h->options.width;
    float in = (float)(1 / sqrt((double)h->d)), pair = (float)(1 / (double)width);
    HX_TRY(add_part(m, HX_PART_MLP, "mlp.weight", 4 * width, h->d, in, err));
    HX_TRY(add_part(m, HX_PART_MLP_BIAS, "mlp.bias", 4 * width, 0, 0, err));
    HX_TRY(add_part(m, HX_PART_ARC, "arc.weight", width + 1, width, pair, err));
    return add_part(m, HX_PART_RELATION, "relation.weight", h->options.n_labels * (width + 1),
                    width + 1, pair, err);
}

static hx_status add_projection(const head_making *m, hx_error *err) {
    const hx_train_head *h = m->head;
    const hx_head_options *o = &h->options;
    head_making own = *m;
    char prefix[HX_PARAM_NAME_MAX];
    bool wanted = o->teacher_block > 0 || (o->teacher_width > 0 && o->teacher_width != h->d);
    if (!wanted) return HX_OK;
    int length = snprintf(prefix, sizeof prefix, "teacher.%s", m->prefix);
    if (length < 0 || (size_t)length >= sizeof prefix)
        return hx_fail(err, HX_EINVAL, "head '%s': its name is too long", m->prefix);
    own.prefix = prefix;
    return add_part(&own, HX_PART_PROJECT, "weight", hx__head_teacher_width(h), h->d,
                    (float)(1 / sqrt((double)h->d)), err);
}

static hx_status check_options(const hx_head_options *o, const hx_config *c, hx_error *err) {
    const char *name = o->name ? o->name : "";
    bool has_labels = o->kind == HX_HEAD_SEQUENCE || o->kind == HX_HEAD_MULTI ||
                      o->kind == HX_HEAD_TOKEN || o->kind == HX_HEAD_CRF ||
                      o->kind == HX_HEAD_BIAFFINE;
    size_t most = o->kind == HX_HEAD_CRF ? HX_NN_TAGS_MAX : HX_CONFIG_LABELS_MAX;
    if ((unsigned)o->kind > HX_HEAD_CONTRAST)
        return hx_fail(err, HX_EINVAL, "head '%s': kind %d is not known", name, (int)o->kind);
    if (has_labels && (o->n_labels == 0 || o->n_labels > most))
        return hx_fail(err, HX_EINVAL, "head '%s': %zu labels; 1 to %zu are allowed", name,
                       o->n_labels, most);
    if (o->tap > c->n_layers)
        return hx_fail(err, HX_EINVAL,
                       "head '%s': there is no block %zu to read; the model has %zu", name, o->tap,
                       c->n_layers);
    if (o->teacher_block > c->n_layers ||
        (o->teacher_block && o->tap && o->tap != o->teacher_block))
        return hx_fail(
            err, HX_EINVAL,
            "head '%s': a teacher can't be compared with block %zu; the model has %zu, and "
            "a head that reads a block is compared there",
            name, o->teacher_block, c->n_layers);
    if (o->hidden > 0 && !hx__head_is_linear(o->kind))
        return hx_fail(err, HX_EINVAL, "head '%s': this kind takes no hidden layer", name);
    if (o->hidden > HX_CONFIG_WIDTH_MAX || o->width > HX_CONFIG_HEAD_DIM_MAX ||
        o->teacher_width > HX_CONFIG_WIDTH_MAX)
        return hx_fail(err, HX_EINVAL, "head '%s': its layers are too wide", name);
    if (!(o->dropout >= 0 && o->dropout < 1) || !(o->smoothing >= 0 && o->smoothing < 1) ||
        !(o->gamma >= 0) || !(o->temperature >= 0))
        return hx_fail(err, HX_EINVAL,
                       "head '%s': dropout %g, smoothing %g, gamma %g or temperature %g makes no "
                       "sense",
                       name, (double)o->dropout, (double)o->smoothing, (double)o->gamma,
                       (double)o->temperature);
    return HX_OK;
}

static size_t columns_of(const hx_head_options *o, const hx_config *c) {
    if (o->kind == HX_HEAD_LM) return c->n_vocab;
    if (o->kind == HX_HEAD_REGRESSION || o->kind == HX_HEAD_REPLACED) return 1;
    return o->n_labels;
}

static void set_up(hx_train_head *h, hx_trunk *t, const hx_head_options *o, const char *prefix) {
    const hx_config *c = hx_trunk_config(t);
    *h = (hx_train_head){.options = *o, .trunk = t, .d = c->n_embd, .n_out = columns_of(o, c)};
    h->options.name = NULL;
    h->key = (uint32_t)hx_hash(hx_str_of(prefix)) | 0x80000000u; /* blocks count from 0 */
    h->is_pooled = o->kind == HX_HEAD_SEQUENCE || o->kind == HX_HEAD_MULTI ||
                   o->kind == HX_HEAD_REGRESSION || o->kind == HX_HEAD_CONTRAST;
    if (h->options.width == 0) h->options.width = WIDTH;
    if (h->options.temperature <= 0)
        h->options.temperature = o->kind == HX_HEAD_CONTRAST ? 0.05f : 1;
    for (int i = 0; i < HX_PART_COUNT; i++)
        h->parts[i] = HX_HEAD_NONE;
}

hx_status hx_train_head_new(hx_train_head **out, hx_trunk *t, const hx_head_options *options,
                            uint64_t seed, hx_error *err) {
    char prefix[HX_PARAM_NAME_MAX] = "score";
    *out = NULL;
    HX_TRY(check_options(options, hx_trunk_config(t), err));
    bool has_name = options->name && options->name[0];
    if (has_name) snprintf(prefix, sizeof prefix, "heads.%s", options->name);
    hx_train_head *h = calloc(1, sizeof *h);
    if (!h) return hx_fail(err, HX_ENOMEM, "out of memory (head '%s')", prefix);
    set_up(h, t, options, prefix);
    head_making m = {h, prefix, seed};
    hx_status status = HX_OK;
    if (options->tap > 0) status = add_part(&m, HX_PART_NORM, "norm.weight", h->d, 0, -1, err);
    if (status == HX_OK && hx__head_is_linear(options->kind)) status = add_linear(&m, err);
    if (status == HX_OK && options->kind == HX_HEAD_BIAFFINE) status = add_biaffine(&m, err);
    if (status == HX_OK) status = add_projection(&m, err);
    if (status != HX_OK) {
        hx_train_head_free(h);
        return status;
    }
    *out = h;
    return HX_OK;
}

void hx_train_head_free(hx_train_head *h) {
    if (!h) return;
    if (h->room) hx_memory_free(h->room, h->room_bytes);
    free(h);
}

/* ------------------------------------------------------------------ room */
static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

size_t hx_train_head_scratch(const hx_train_head *h, size_t n_tokens, size_t n_sequences,
                             size_t n_threads) {
    size_t rows = h->is_pooled ? n_sequences : n_tokens, hidden = h->options.hidden;
    size_t bytes = 0;
    if (h->options.kind == HX_HEAD_BIAFFINE)
        return hx__head_biaffine_scratch(h, n_tokens, n_sequences, n_threads);
    if (h->options.kind == HX_HEAD_CONTRAST)
        return hx_nn_contrast_scratch(rows, rows, h->d, n_threads);
    if (h->options.kind == HX_HEAD_LM)
        bytes = hx_nn_output_loss_scratch(rows, h->d, h->n_out, n_threads);
    if (h->parts[HX_PART_PROJECT] != HX_HEAD_NONE)
        bytes = most(bytes, hx_nn_linear_scratch(rows, h->d, hx__head_teacher_width(h), n_threads));
    if (h->options.kind == HX_HEAD_LM && rows > HX_HEAD_LM_CHUNK) rows = HX_HEAD_LM_CHUNK;
    if (h->options.kind == HX_HEAD_CRF) bytes = hx_nn_crf_scratch(rows, h->n_out);
    if (hidden > 0) bytes = most(bytes, hx_nn_linear_scratch(rows, h->d, hidden, n_threads));
    return most(bytes, hx_nn_linear_scratch(rows, hidden > 0 ? hidden : h->d, h->n_out, n_threads));
}

static void carve_run(hx_head_run *r, hx_head_room *room) {
    const hx_train_head *h = r->head;
    size_t t = r->batch->n_tokens, wide = r->n_rows * h->d;
    if (h->options.tap > 0) {
        r->normed = hx__head_carve(room, t * h->d);
        r->inverse = hx__head_carve(room, t);
        if (r->has_gradient) r->dstream = hx__head_carve(room, t * h->d);
    }
    if (h->is_pooled) r->pooled = hx__head_carve(room, wide);
    if (r->is_dropping) r->dropped = hx__head_carve(room, wide);
    if (r->has_gradient) r->dx = hx__head_carve(room, wide);
    r->losses = hx__head_carve(room, r->n_rows);
    if (hx__head_is_linear(h->options.kind)) hx__head_linear_room(r, room);
    if (h->options.kind == HX_HEAD_BIAFFINE) hx__head_biaffine_room(r, room);
    if (h->options.kind == HX_HEAD_LM && r->targets) hx__head_lm_room(r, room);
    if (r->targets && r->targets->teacher_hidden) hx__head_teacher_room(r, room);
}

static hx_status reserve(hx_train_head *h, hx_head_run *r, hx_error *err) {
    hx_head_room count = {0};
    carve_run(r, &count);
    if (count.bytes > h->room_bytes) {
        size_t bytes = count.bytes + count.bytes / 4;
        void *room = hx_memory_new(bytes);
        if (!room) return hx_fail(err, HX_ENOMEM, "out of memory (a head's %zu rows)", r->n_rows);
        if (h->room) hx_memory_free(h->room, h->room_bytes);
        h->room = room;
        h->room_bytes = bytes;
    }
    hx_head_room room = {.at = (char *)h->room};
    carve_run(r, &room);
    return HX_OK;
}

/* ------------------------------------------------------------------ in and back */
void hx__head_pool(const hx_head_run *r, const float *stream, float *pooled) {
    const hx_train_head *h = r->head;
    const hx_nn_loops *loops = hx_nn_loops_of(r->nn->kernels);
    memset(pooled, 0, r->n_rows * h->d * sizeof *pooled);
    for (size_t s = 0; s < r->n_rows; s++) {
        size_t first = r->batch->starts[s], end = r->batch->starts[s + 1];
        float *y = pooled + s * h->d, share = h->options.mean ? 1 / (float)(end - first) : 1;
        if (!h->options.mean && end > first) first = end - 1;
        for (size_t i = first; i < end; i++)
            loops->add_scaled(stream + i * h->d, h->d, share, y);
    }
}

void hx__head_pool_back(const hx_head_run *r, const float *dx, float *dstream) {
    const hx_train_head *h = r->head;
    const hx_nn_loops *loops = hx_nn_loops_of(r->nn->kernels);
    for (size_t s = 0; s < r->n_rows; s++) {
        size_t first = r->batch->starts[s], end = r->batch->starts[s + 1];
        float share = h->options.mean ? 1 / (float)(end - first) : 1;
        if (!h->options.mean && end > first) first = end - 1;
        for (size_t i = first; i < end; i++)
            loops->add_scaled(dx + s * h->d, h->d, share, dstream + i * h->d);
    }
}

static void go_in(hx_head_run *r) {
    const hx_train_head *h = r->head;
    size_t t = r->batch->n_tokens;
    r->input = r->stream;
    if (h->options.tap > 0) {
        float eps = (float)hx_trunk_config(h->trunk)->norm_eps;
        hx_nn_rms_norm(r->nn, r->stream, t, h->d, hx__head_part(h, HX_PART_NORM)->w, eps,
                       r->inverse, r->normed);
        r->input = r->normed;
    }
    if (h->is_pooled) {
        hx__head_pool(r, r->input, r->pooled);
        r->input = r->pooled;
    }
    r->x = r->input;
    if (r->is_dropping) {
        hx_nn_dropout_key key = {r->batch->seed, r->batch->step, h->key};
        hx_nn_dropout(r->nn, &key, h->options.dropout, r->input, r->n_rows * h->d, r->dropped);
        r->x = r->dropped;
    }
}

typedef struct {
    const float *from;
    float *to;
} add_job;

static void add_range(void *context, size_t first, size_t end, size_t worker) {
    (void)worker;
    const add_job *j = context;
    for (size_t i = first; i < end; i++)
        j->to[i] += j->from[i];
}

void hx__head_add(const hx_nn *nn, const float *from, size_t n, float *to) {
    add_job job = {from, to};
    hx_nn_ranges(nn, n, 8192, add_range, &job);
}

/* `out`: dhidden or dtap. dx is used up. */
static void go_back(hx_head_run *r, float *out) {
    const hx_train_head *h = r->head;
    size_t t = r->batch->n_tokens;
    const float *dtokens = r->dx;
    if (h->is_pooled && h->options.tap == 0) {
        hx__head_pool_back(r, r->dx, out);
        return;
    }
    if (h->is_pooled) {
        memset(r->dstream, 0, t * h->d * sizeof *r->dstream);
        hx__head_pool_back(r, r->dx, r->dstream);
        dtokens = r->dstream;
    }
    if (h->options.tap > 0) {
        hx_param *norm = hx__head_part(h, HX_PART_NORM);
        hx_nn_rms_norm_back(r->nn, r->stream, t, h->d, norm->w, r->inverse, dtokens, r->dstream,
                            norm->g);
        dtokens = r->dstream;
    }
    hx__head_add(r->nn, dtokens, t * h->d, out);
}

/* ------------------------------------------------------------------ losses */
bool hx__head_counts(const hx_head_run *r, size_t row) {
    bool has_labels = r->head->options.kind != HX_HEAD_BIAFFINE && r->targets->labels;
    return !has_labels || r->targets->labels[row] != HX_NN_IGNORE;
}

bool hx__head_is_taught(const hx_head_run *r, size_t row) {
    return !r->targets->taught || r->targets->taught[row];
}

static void contrast_loss(hx_head_run *r) {
    const hx_train_head *h = r->head;
    size_t n = r->n_rows / 2;
    hx_nn_contrast c = {.a = r->x,
                        .b = r->x + n * h->d,
                        .n = n,
                        .m = n,
                        .d = h->d,
                        .temperature = h->options.temperature,
                        .scale = r->scale,
                        .rows = r->losses,
                        .da = r->dx,
                        .db = r->dx + n * h->d};
    r->loss = n > 0 ? hx_nn_info_nce(r->nn, &c) : 0;
}

static hx_status check_labels(const hx_head_run *r, const uint32_t *labels, hx_error *err) {
    bool is_replaced = r->head->options.kind == HX_HEAD_REPLACED;
    size_t n = is_replaced ? 2 : r->head->n_out;
    for (size_t i = 0; labels && i < r->n_rows; i++)
        if (labels[i] >= n && labels[i] != HX_NN_IGNORE)
            return hx_fail(err, HX_EINVAL, "label %lu of row %zu: there are only %zu",
                           (unsigned long)labels[i], i, n);
    return HX_OK;
}

static hx_status check_targets(const hx_head_run *r, hx_error *err) {
    const hx_targets *g = r->targets;
    hx_head_kind kind = r->head->options.kind;
    HX_TRY(hx__head_teacher_check(r, err));
    if (kind == HX_HEAD_BIAFFINE) return hx__head_biaffine_check(r, err);
    bool has_values = kind == HX_HEAD_MULTI || kind == HX_HEAD_REGRESSION;
    bool has_own = has_values ? g->values != NULL : g->labels != NULL;
    bool has_teacher = g->teacher_logits || g->teacher_hidden || (g->teacher && kind == HX_HEAD_LM);
    if (!has_own && kind != HX_HEAD_CONTRAST && !has_teacher)
        return hx_fail(err, HX_EINVAL, "a head has neither labels nor a teacher");
    if (kind == HX_HEAD_CONTRAST && r->n_rows % 2 != 0)
        return hx_fail(err, HX_EINVAL, "%zu sequences do not make pairs", r->n_rows);
    if (g->second && kind != HX_HEAD_SEQUENCE)
        return hx_fail(err, HX_EINVAL, "only labels of sequences can be mixed");
    if (g->second && !r->batch->share)
        return hx_fail(err, HX_EINVAL, "labels are mixed, but the batch has no shares");
    if (has_values || kind == HX_HEAD_CONTRAST) return HX_OK;
    HX_TRY(check_labels(r, g->labels, err));
    return check_labels(r, g->second, err);
}

static hx_head_run run_of(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                          const float *hidden, const hx_targets *targets) {
    hx_head_run r = {.head = h, .nn = nn, .batch = batch, .targets = targets};
    r.n_rows = h->is_pooled ? batch->n_sequences : batch->n_tokens;
    r.stream = h->options.tap > 0 ? hx_trunk_tap(h->trunk) : hidden;
    r.is_dropping = batch->training && targets && h->options.dropout > 0;
    return r;
}

hx_status hx_train_head_loss(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                             const float *hidden, const hx_targets *targets, float scale,
                             float *dhidden, float *dtap, hx_objective_result *out, hx_error *err) {
    float *gradient = h->options.tap > 0 ? dtap : dhidden;
    hx_head_run r = run_of(h, nn, batch, hidden, targets);
    r.scale = scale;
    /* InfoNCE makes its gradients anyway. */
    r.has_gradient = gradient || h->options.kind == HX_HEAD_CONTRAST;
    HX_TRY(check_targets(&r, err));
    HX_TRY(reserve(h, &r, err));
    go_in(&r);
    if (h->options.kind == HX_HEAD_LM)
        hx__head_lm_loss(&r);
    else if (h->options.kind == HX_HEAD_BIAFFINE)
        hx__head_biaffine_loss(&r);
    else if (h->options.kind == HX_HEAD_CONTRAST)
        contrast_loss(&r);
    else
        hx__head_linear_loss(&r);
    if (r.has_gradient && r.is_dropping) {
        hx_nn_dropout_key key = {batch->seed, batch->step, h->key};
        hx_nn_dropout(nn, &key, h->options.dropout, r.dx, r.n_rows * h->d, r.dx);
    }
    if (targets->teacher_hidden) hx__head_teacher_loss(&r, dtap);
    if (gradient) go_back(&r, gradient);
    *out = (hx_objective_result){r.loss, hx_train_head_count(h, batch, targets), r.n_right};
    return HX_OK;
}

static double label_weight(const hx_targets *g, uint32_t label) {
    return g->class_weights ? (double)g->class_weights[label] : 1;
}

static double row_weight(const hx_trunk_batch *batch, const hx_targets *g, size_t i) {
    double weight = label_weight(g, g->labels[i]);
    if (!g->second) return weight;
    double share = (double)batch->share[i];
    double second = g->second[i] == HX_NN_IGNORE ? 0 : label_weight(g, g->second[i]);
    return share * weight + (1 - share) * second;
}

double hx_train_head_count(const hx_train_head *h, const hx_trunk_batch *batch,
                           const hx_targets *targets) {
    hx_head_run r = {.head = h, .batch = batch, .targets = targets};
    size_t rows = h->is_pooled ? batch->n_sequences : batch->n_tokens;
    hx_head_kind kind = h->options.kind;
    double sum = 0;
    if (kind == HX_HEAD_CONTRAST) return (double)(rows / 2);
    if (kind == HX_HEAD_BIAFFINE) {
        for (size_t i = 0; i < targets->word_starts[batch->n_sequences]; i++)
            sum += targets->heads[i] != HX_NN_IGNORE;
        return sum;
    }
    bool is_weighted = targets->labels && (kind == HX_HEAD_LM || kind == HX_HEAD_SEQUENCE ||
                                           kind == HX_HEAD_TOKEN || kind == HX_HEAD_REPLACED);
    for (size_t i = 0; i < rows; i++)
        if (hx__head_counts(&r, i)) sum += is_weighted ? row_weight(batch, targets, i) : 1;
    return kind == HX_HEAD_MULTI ? sum * (double)h->n_out : sum;
}

hx_status hx_train_head_logits(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                               const float *hidden, const float **logits, hx_error *err) {
    if (!hx__head_is_linear(h->options.kind))
        return hx_fail(err, HX_EUNSUPPORTED, "a head of this kind has no logits of its own");
    hx_head_run r = run_of(h, nn, batch, hidden, NULL);
    HX_TRY(reserve(h, &r, err));
    go_in(&r);
    hx__head_linear_logits(&r);
    *logits = r.logits;
    return HX_OK;
}

hx_status hx_train_head_tags(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                             const float *hidden, const uint32_t *labels, uint32_t *tags,
                             hx_error *err) {
    if (!hx__head_is_linear(h->options.kind) || h->is_pooled)
        return hx_fail(err, HX_EUNSUPPORTED, "a head of this kind gives tokens no labels");
    hx_targets targets = {.labels = labels};
    hx_head_run r = run_of(h, nn, batch, hidden, &targets);
    r.is_dropping = false;
    HX_TRY(reserve(h, &r, err));
    go_in(&r);
    hx__head_linear_logits(&r);
    hx__head_linear_tags(&r, tags);
    return HX_OK;
}

hx_status hx_train_head_trees(hx_train_head *h, const hx_nn *nn, const hx_trunk_batch *batch,
                              const float *hidden, const hx_targets *targets, uint32_t *heads,
                              uint32_t *labels, hx_error *err) {
    if (h->options.kind != HX_HEAD_BIAFFINE)
        return hx_fail(err, HX_EUNSUPPORTED, "a head of this kind makes no trees");
    hx_targets words = {.words = targets->words, .word_starts = targets->word_starts};
    hx_head_run r = run_of(h, nn, batch, hidden, &words);
    r.is_dropping = false;
    HX_TRY(hx__head_biaffine_check_words(&r, err));
    HX_TRY(reserve(h, &r, err));
    go_in(&r);
    return hx__head_biaffine_trees(&r, heads, labels, err);
}
