/* text_net.c - training and using the small networks; see text_net.h and text_net_inside.h.
 *
 *     epoch: rows shuffled by (seed, epoch) -> batches -> forward, cross-entropy, backward -> clip to norm 1 -> AdamW; rate warmed up, then a cosine
 *
 * After each epoch the validation rows are read; the weights of the best epoch (accuracy, then loss) are kept. All random numbers come from the seed,
 * the epoch and the step; the layers give the same bits with any number of threads. */
#include "learn/text_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/text_learner.h"
#include "learn/text_net_inside.h"
#include "nn/loss.h"
#include "nn/optimiser.h"

#define EPOCHS_USUAL 10
#define RATE_USUAL 1e-3
#define BATCH_USUAL 32
#define WIDTH_USUAL 128
#define LENGTH_USUAL 256
#define WIDTH_MAX 4096
#define LENGTH_MAX 65536
#define READ_TOGETHER 32
#define CLIP 1.0

/* Texts as ids, one behind the other. */
typedef struct {
    uint32_t *ids;
    size_t *starts; /* (n + 1) */
    size_t n, longest;
} token_rows;

/* What runs the layers. */
typedef struct {
    hx_nn nn;
    hx_team *team;
    hx_arena *arena;
    uint32_t *ids, *starts; /* of a batch */
} engine;

/* ------------------------------------------------------------------ texts and batches */
static hx_status read_tokens(const hx_text_net *net, const hx_str *texts, size_t n, token_rows *out,
                             hx_error *err) {
    hx_buf word, row, all;
    *out = (token_rows){.n = n, .starts = calloc(n + 1, sizeof *out->starts)};
    hx_buf_init(&word, (size_t)1 << 30);
    hx_buf_init(&row, (size_t)1 << 30);
    hx_buf_init(&all, SIZE_MAX / 2);
    bool done = out->starts != NULL;
    for (size_t i = 0; i < n && done; i++) {
        done = hx_net_ids(net, texts[i], &word, &row) && hx_buf_append_str(&all, hx_buf_str(&row));
        size_t length = row.len / sizeof(uint32_t);
        if (done) out->starts[i + 1] = out->starts[i] + length;
        if (length > out->longest) out->longest = length;
    }
    out->ids = (uint32_t *)(void *)all.ptr; /* owned by the caller now */
    hx_buf_release(&word);
    hx_buf_release(&row);
    return done ? HX_OK : hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
}

static void release_tokens(token_rows *t) {
    free(t->ids);
    free(t->starts);
}

static hx_status open_engine(engine *e, const hx_text_net *net, size_t longest, size_t batch,
                             size_t n_threads, hx_error *err) {
    const hx_kernels *kernels;
    *e = (engine){.team = NULL};
    HX_TRY(hx_kernels_choose(NULL, &kernels, err));
    HX_TRY(hx_team_new(&e->team, n_threads, err));
    e->nn = (hx_nn){.kernels = kernels, .team = e->team};
    size_t most = batch * longest + 1;
    e->nn.scratch = aligned_alloc(64, hx_net_scratch(net, most, batch, hx_team_size(e->team)));
    e->arena = hx_arena_new((size_t)16 << 30);
    e->ids = calloc(most, sizeof *e->ids);
    e->starts = calloc(batch + 1, sizeof *e->starts);
    if (!e->nn.scratch || !e->arena || !e->ids || !e->starts)
        return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    return HX_OK;
}

static void close_engine(engine *e) {
    hx_team_free(e->team);
    hx_arena_free(e->arena);
    free(e->nn.scratch);
    free(e->ids);
    free(e->starts);
}

/* Rows order[from .. from + b) as a batch; order NULL = as they stand. */
static hx_net_batch batch_of(engine *e, const token_rows *rows, const uint32_t *order, size_t from,
                             size_t b) {
    size_t t = 0;
    for (size_t i = 0; i < b; i++) {
        size_t row = order ? order[from + i] : from + i;
        size_t n = rows->starts[row + 1] - rows->starts[row];
        memcpy(e->ids + t, rows->ids + rows->starts[row], n * sizeof *e->ids);
        e->starts[i] = (uint32_t)t;
        t += n;
    }
    e->starts[b] = (uint32_t)t;
    return (hx_net_batch){e->ids, e->starts, t, b};
}

/* ------------------------------------------------------------------ reading */
static hx_status run_rows(const hx_text_net *net, engine *e, const token_rows *rows, float *logits,
                          const volatile int *cancel, hx_error *err) {
    for (size_t at = 0; at < rows->n; at += READ_TOGETHER) {
        size_t b = rows->n - at < READ_TOGETHER ? rows->n - at : READ_TOGETHER;
        hx_net_batch batch = batch_of(e, rows, NULL, at, b);
        const hx_net_call call = {.nn = &e->nn, .arena = e->arena};
        hx_net_state state;
        hx_arena_reset(e->arena);
        if (hx_flag_is_raised(cancel)) return hx_fail(err, HX_ECANCELLED, "stopped on request");
        if (!hx_net_forward(net, &call, &batch, &state))
            return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
        memcpy(logits + at * net->n_labels, state.logits, b * net->n_labels * sizeof *logits);
    }
    return HX_OK;
}

hx_status hx_text_net_logits(const hx_text_net *net, const hx_str *texts, size_t n,
                             size_t n_threads, float *logits, hx_error *err) {
    token_rows rows;
    engine e = {.team = NULL};
    hx_status st = read_tokens(net, texts, n, &rows, err);
    if (st == HX_OK) st = open_engine(&e, net, rows.longest, READ_TOGETHER, n_threads, err);
    if (st == HX_OK) st = run_rows(net, &e, &rows, logits, NULL, err);
    close_engine(&e);
    release_tokens(&rows);
    return st;
}

/* ------------------------------------------------------------------ training */
typedef struct {
    hx_text_net *net;
    const hx_text_rows *train, *validation;
    const hx_text_learner_options *o;
    token_rows rows, held;
    engine e;
    uint32_t *order; /* (rows.n) */
    float *moments; /* first and second of all weights */
    float *kept; /* the best epoch's weights */
    float *logits; /* of validation rows */
    size_t n_epochs, batch, n_weights;
    uint64_t step;
    hx_nn_schedule schedule;
} training;

static void shuffle(training *t, size_t epoch) {
    hx_rng rng;
    hx_rng_seed(&rng, hx_hash_mix(t->o->seed, epoch));
    for (size_t i = 0; i < t->rows.n; i++)
        t->order[i] = (uint32_t)i;
    for (size_t i = t->rows.n; i > 1; i--) {
        size_t j = (size_t)hx_rng_below(&rng, i);
        uint32_t swap = t->order[i - 1];
        t->order[i - 1] = t->order[j];
        t->order[j] = swap;
    }
}

static void update(training *t) {
    hx_params *params = t->net->params;
    double norm = 0;
    float *moment = t->moments;
    for (size_t i = 0; i < hx_params_count(params); i++) {
        const hx_param *p = hx_params_at(params, i);
        for (size_t j = 0; j < p->n; j++)
            norm += (double)p->g[j] * (double)p->g[j];
    }
    hx_nn_adamw rule = {.rate = (float)hx_nn_rate(&t->schedule, t->step),
                        .beta1 = 0.9f,
                        .beta2 = 0.999f,
                        .eps = 1e-8f,
                        .step = t->step,
                        .scale = hx_nn_clip_scale(sqrt(norm), CLIP)};
    for (size_t i = 0; i < hx_params_count(params) && isfinite(norm); i++) {
        hx_param *p = hx_params_at(params, i);
        rule.decay = i == t->net->embedding ? 0 : 0.01f;
        hx_nn_adamw_step(&t->e.nn, &rule, p->w, p->g, p->n, moment, moment + p->n);
        moment += 2 * p->n;
    }
    hx_params_zero_gradients(&t->e.nn, params);
}

static hx_status train_batch(training *t, size_t from, size_t b, double *loss, hx_error *err) {
    size_t labels = t->net->n_labels;
    hx_net_batch batch = batch_of(&t->e, &t->rows, t->order, from, b);
    hx_net_state state;
    hx_arena_reset(t->e.arena);
    const hx_net_call call = {.nn = &t->e.nn,
                              .arena = t->e.arena,
                              .training = true,
                              .key = {.seed = t->o->seed, .step = t->step}};
    uint32_t *targets = hx_arena_alloc(t->e.arena, b * sizeof *targets);
    float *rows = hx_arena_alloc(t->e.arena, b * sizeof *rows);
    float *dlogits = hx_arena_alloc(t->e.arena, b * labels * sizeof *dlogits);
    bool room = targets && rows && dlogits && hx_net_forward(t->net, &call, &batch, &state);
    for (size_t i = 0; room && i < b; i++)
        targets[i] = t->train->labels[t->order[from + i]];
    if (room) {
        const hx_nn_classes classes = {.labels = targets, .scale = 1 / (float)b};
        *loss += hx_nn_cross_entropy(&t->e.nn, &classes, state.logits, b, labels, rows, dlogits);
        room = hx_net_backward(t->net, &call, &batch, &state, dlogits);
    }
    if (!room) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    update(t);
    return HX_OK;
}

static hx_status train_epoch(training *t, size_t epoch, double *loss, hx_error *err) {
    double sum = 0;
    shuffle(t, epoch);
    for (size_t at = 0; at < t->rows.n; at += t->batch) {
        size_t b = t->rows.n - at < t->batch ? t->rows.n - at : t->batch;
        if (hx_flag_is_raised(t->o->cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
        t->step++;
        HX_TRY(train_batch(t, at, b, &sum, err));
    }
    *loss = sum / (double)t->rows.n;
    return HX_OK;
}

static void copy_weights(training *t, bool back) {
    float *at = t->kept;
    for (size_t i = 0; i < hx_params_count(t->net->params); i++) {
        hx_param *p = hx_params_at(t->net->params, i);
        memcpy(back ? p->w : at, back ? at : p->w, p->n * sizeof *p->w);
        at += p->n;
    }
}

static hx_status train_all(training *t, size_t *best_epoch, hx_error *err) {
    hx_learn_outcome best = {.accuracy = -1};
    for (size_t epoch = 1; epoch <= t->n_epochs; epoch++) {
        hx_learn_outcome seen = {.loss = NAN, .accuracy = NAN, .macro_f1 = NAN};
        double loss = NAN;
        HX_TRY(train_epoch(t, epoch, &loss, err));
        if (t->validation) {
            HX_TRY(run_rows(t->net, &t->e, &t->held, t->logits, t->o->cancel, err));
            HX_TRY(hx_learn_judge(t->logits, t->validation->labels, t->held.n, t->net->n_labels, 1,
                                  &seen, err));
        }
        const hx_learn_progress p = {epoch,         t->n_epochs,   loss, seen.loss,
                                     seen.accuracy, seen.macro_f1, NAN};
        if (t->o->progress) t->o->progress(t->o->context, &p);
        bool better = !t->validation || seen.accuracy > best.accuracy ||
                      (seen.accuracy == best.accuracy && seen.loss < best.loss);
        if (!better) continue;
        best = seen;
        *best_epoch = epoch;
        copy_weights(t, false);
    }
    copy_weights(t, true);
    return HX_OK;
}

static hx_status open_training(training *t, hx_error *err) {
    const hx_text_learner_options *o = t->o;
    t->n_epochs = o->n_epochs ? o->n_epochs : EPOCHS_USUAL;
    t->batch = o->batch ? o->batch : BATCH_USUAL;
    HX_TRY(read_tokens(t->net, t->train->texts, t->train->n, &t->rows, err));
    if (t->validation)
        HX_TRY(read_tokens(t->net, t->validation->texts, t->validation->n, &t->held, err));
    size_t longest = t->rows.longest > t->held.longest ? t->rows.longest : t->held.longest;
    size_t together = t->batch > READ_TOGETHER ? t->batch : READ_TOGETHER;
    HX_TRY(open_engine(&t->e, t->net, longest, together, o->n_threads, err));
    t->n_weights = (size_t)hx_params_elements(t->net->params, false);
    t->order = calloc(t->rows.n + 1, sizeof *t->order);
    t->moments = calloc(2 * t->n_weights + 1, sizeof *t->moments);
    t->kept = calloc(t->n_weights + 1, sizeof *t->kept);
    t->logits = calloc(t->held.n * t->net->n_labels + 1, sizeof *t->logits);
    if (!t->order || !t->moments || !t->kept || !t->logits)
        return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    uint64_t steps = (t->rows.n + t->batch - 1) / t->batch * t->n_epochs;
    double peak = o->rate > 0 ? o->rate : RATE_USUAL;
    t->schedule = (hx_nn_schedule){.kind = HX_NN_COSINE,
                                   .warmup = steps / 20,
                                   .total = steps,
                                   .peak = peak,
                                   .floor = peak / 50};
    return HX_OK;
}

static void close_training(training *t) {
    close_engine(&t->e);
    release_tokens(&t->rows);
    release_tokens(&t->held);
    free(t->order);
    free(t->moments);
    free(t->kept);
    free(t->logits);
}

static hx_status check_sizes(const hx_text_learner_options *o, hx_error *err) {
    if (o->width > WIDTH_MAX || o->width % 8 != 0)
        return hx_fail(err, HX_EINVAL, "the width of a network is a multiple of 8 up to %d",
                       WIDTH_MAX);
    if (o->max_length > LENGTH_MAX || o->batch > LENGTH_MAX)
        return hx_fail(err, HX_EINVAL, "maximum length and batch are at most %d", LENGTH_MAX);
    return HX_OK;
}

hx_status hx_text_net_fit(hx_text_net **out, const hx_text_rows *train,
                          const hx_text_rows *validation, const hx_text_learner_options *o,
                          size_t *best_epoch, hx_error *err) {
    HX_TRY(check_sizes(o, err));
    hx_text_net *net = calloc(1, sizeof *net);
    if (!net) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    net->kind = o->kind;
    net->n_labels = train->n_labels;
    net->d = o->width ? o->width : WIDTH_USUAL;
    net->max_length = o->max_length ? o->max_length : LENGTH_USUAL;
    training t = {.net = net, .train = train, .validation = validation, .o = o};
    hx_status st = hx_net_learn_tokens(net, train, o->min_count ? o->min_count : 2, err);
    if (st == HX_OK) st = hx_net_build(net, o->seed, true, err);
    if (st == HX_OK) st = open_training(&t, err);
    if (st == HX_OK) st = train_all(&t, best_epoch, err);
    close_training(&t);
    if (st == HX_OK)
        *out = net;
    else
        hx_text_net_free(net);
    return st;
}

void hx_text_net_free(hx_text_net *net) {
    if (!net) return;
    hx_params_free(net->params);
    free(net->keys);
    free(net);
}

/* ------------------------------------------------------------------ bytes */
void hx_text_net_write(const hx_text_net *net, hx_buf *out) {
    hx_put_u64(out, (uint64_t)net->kind);
    hx_put_u64(out, net->d);
    hx_put_u64(out, net->max_length);
    hx_put_u64(out, net->n_known);
    for (size_t i = 0; i < net->n_known; i++)
        hx_put_fixed64(out, net->keys[i]);
    for (size_t i = 0; i < hx_params_count(net->params); i++) {
        const hx_param *p = hx_params_at(net->params, i);
        for (size_t j = 0; j < p->n; j++) {
            uint32_t bits;
            memcpy(&bits, &p->w[j], sizeof bits);
            const char bytes[4] = {(char)bits, (char)(bits >> 8), (char)(bits >> 16),
                                   (char)(bits >> 24)};
            hx_buf_append(out, bytes, sizeof bytes);
        }
    }
}

static bool read_weights(hx_text_net *net, hx_cursor *in) {
    for (size_t i = 0; i < hx_params_count(net->params); i++) {
        hx_param *p = hx_params_at(net->params, i);
        if ((size_t)(in->end - in->at) / 4 < p->n) return false;
        for (size_t j = 0; j < p->n; j++, in->at += 4) {
            uint32_t bits = (uint32_t)in->at[0] | (uint32_t)in->at[1] << 8 |
                            (uint32_t)in->at[2] << 16 | (uint32_t)in->at[3] << 24;
            memcpy(&p->w[j], &bits, sizeof bits);
            if (!isfinite(p->w[j])) return false;
        }
    }
    return true;
}

static hx_status read_net(hx_text_net *net, hx_cursor *in, hx_error *err) {
    uint64_t kind = hx_get_u64(in);
    net->d = (size_t)hx_get_u64(in);
    net->max_length = (size_t)hx_get_u64(in);
    net->n_known = hx_get_count(in, 8);
    bool sound = !in->failed && kind >= HX_TEXT_LEARNER_MLP && kind < HX_TEXT_LEARNER_N &&
                 net->d >= 8 && net->d <= WIDTH_MAX && net->d % 8 == 0 && net->max_length > 0 &&
                 net->max_length <= LENGTH_MAX;
    if (!sound || (size_t)(in->end - in->at) / 4 / net->d < net->n_known)
        return hx_fail(err, HX_EFORMAT, "the learner's network is damaged");
    net->kind = (hx_text_learner_kind)kind;
    net->keys = calloc(net->n_known + 1, sizeof *net->keys);
    if (!net->keys) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    for (size_t i = 0; i < net->n_known; i++) {
        net->keys[i] = hx_get_fixed64(in);
        if (i > 0 && net->keys[i] <= net->keys[i - 1])
            return hx_fail(err, HX_EFORMAT, "the learner's network is damaged");
    }
    HX_TRY(hx_net_build(net, 0, false, err));
    return read_weights(net, in) ? HX_OK
                                 : hx_fail(err, HX_EFORMAT, "the learner's network is damaged");
}

hx_status hx_text_net_read(hx_text_net **out, hx_cursor *in, size_t n_labels, hx_error *err) {
    hx_text_net *net = calloc(1, sizeof *net);
    if (!net) return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    net->n_labels = n_labels;
    hx_status st = read_net(net, in, err);
    if (st == HX_OK)
        *out = net;
    else
        hx_text_net_free(net);
    return st;
}
