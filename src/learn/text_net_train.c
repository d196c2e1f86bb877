/* text_net_train.c - training and running the small networks on rows of ids; see text_net.h and text_net_inside.h.
 *
 *     epoch: rows shuffled by (seed, epoch) -> batches -> forward, cross-entropy or squares, backward -> clip to norm 1 -> AdamW; rate warmed up, then a
 *     cosine
 *
 * After each epoch the validation rows are read; the weights of the best epoch (accuracy, then loss; of numbers the loss) are kept, and learning ends
 * where `patience` epochs bring nothing. All random numbers come from the seed, the epoch and the step; the layers give the same bits with any number
 * of threads. */
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
#define BATCH_MAX 65536
#define READ_TOGETHER 32
#define CLIP 1.0

/* What runs the layers. */
typedef struct {
    hx_nn nn;
    hx_team *team;
    hx_arena *arena;
    uint32_t *ids, *starts; /* of a batch */
    float *more; /* (batch, n_more) */
} engine;

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
    e->more = calloc(batch * net->n_more + 1, sizeof *e->more);
    if (!e->nn.scratch || !e->arena || !e->ids || !e->starts || !e->more)
        return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    return HX_OK;
}

static void close_engine(engine *e) {
    hx_team_free(e->team);
    hx_arena_free(e->arena);
    free(e->nn.scratch);
    free(e->ids);
    free(e->starts);
    free(e->more);
}

/* Rows order[from .. from + b) as a batch; order NULL = as they stand. */
static hx_net_batch batch_of(engine *e, const hx_net_rows *rows, size_t n_more,
                             const uint32_t *order, size_t from, size_t b) {
    size_t t = 0;
    for (size_t i = 0; i < b; i++) {
        size_t row = order ? order[from + i] : from + i;
        size_t n = rows->starts[row + 1] - rows->starts[row];
        memcpy(e->ids + t, rows->ids + rows->starts[row], n * sizeof *e->ids);
        if (n_more > 0)
            memcpy(e->more + i * n_more, rows->more + row * n_more, n_more * sizeof *e->more);
        e->starts[i] = (uint32_t)t;
        t += n;
    }
    e->starts[b] = (uint32_t)t;
    return (hx_net_batch){.ids = e->ids, .starts = e->starts, .t = t, .b = b, .more = e->more};
}

/* ------------------------------------------------------------------ reading */
static hx_status run_rows(const hx_text_net *net, engine *e, const hx_net_rows *rows, float *logits,
                          const volatile int *cancel, hx_error *err) {
    for (size_t at = 0; at < rows->n; at += READ_TOGETHER) {
        size_t b = rows->n - at < READ_TOGETHER ? rows->n - at : READ_TOGETHER;
        hx_net_batch batch = batch_of(e, rows, net->n_more, NULL, at, b);
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

hx_status hx_net_run(const hx_text_net *net, const hx_net_rows *rows, size_t n_threads,
                     float *logits, hx_error *err) {
    engine e;
    hx_status st = open_engine(&e, net, rows->longest, READ_TOGETHER, n_threads, err);
    if (st == HX_OK) st = run_rows(net, &e, rows, logits, NULL, err);
    close_engine(&e);
    return st;
}

/* ------------------------------------------------------------------ training */
typedef struct {
    hx_text_net *net;
    const hx_net_rows *rows, *held; /* held NULL = none */
    const hx_text_learner_options *o;
    engine e;
    uint32_t *order; /* (rows->n) */
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
    for (size_t i = 0; i < t->rows->n; i++)
        t->order[i] = (uint32_t)i;
    for (size_t i = t->rows->n; i > 1; i--) {
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

/* What a batch is told of its answers. */
typedef struct {
    uint32_t *labels; /* (b) of classes */
    float *targets, *weights; /* (b) of numbers; NULL = all 1 */
    float *rows, *dlogits; /* (b), (b, L) */
} answers;

static bool make_answers(training *t, size_t from, size_t b, answers *a) {
    const hx_net_rows *r = t->rows;
    hx_arena *arena = t->e.arena;
    *a = (answers){.labels = hx_arena_alloc(arena, b * sizeof *a->labels),
                   .targets = hx_arena_alloc(arena, b * sizeof *a->targets),
                   .weights = hx_arena_alloc(arena, b * sizeof *a->weights),
                   .rows = hx_arena_alloc(arena, b * sizeof *a->rows),
                   .dlogits = hx_arena_alloc(arena, b * t->net->n_labels * sizeof *a->dlogits)};
    if (!a->labels || !a->targets || !a->weights || !a->rows || !a->dlogits) return false;
    for (size_t i = 0; i < b; i++) {
        size_t row = t->order[from + i];
        if (r->labels) a->labels[i] = r->labels[row];
        if (r->targets) a->targets[i] = r->targets[row];
        a->weights[i] = r->weights ? r->weights[row] : 1;
    }
    return true;
}

static double loss_of(training *t, const answers *a, const float *logits, size_t b) {
    size_t labels = t->net->n_labels;
    float scale = 1 / (float)b;
    const hx_nn_classes classes = {.labels = a->labels, .scale = scale};
    double sum =
        t->rows->targets
            ? hx_nn_squares(&t->e.nn, logits, a->targets, b, 1, scale, a->rows, a->dlogits)
            : hx_nn_cross_entropy(&t->e.nn, &classes, logits, b, labels, a->rows, a->dlogits);
    if (!t->rows->weights) return sum;
    sum = 0;
    for (size_t i = 0; i < b; i++) {
        sum += (double)a->weights[i] * (double)a->rows[i];
        for (size_t k = 0; k < labels; k++)
            a->dlogits[i * labels + k] *= a->weights[i];
    }
    return sum;
}

static hx_status train_batch(training *t, size_t from, size_t b, double *loss, hx_error *err) {
    hx_net_batch batch = batch_of(&t->e, t->rows, t->net->n_more, t->order, from, b);
    hx_net_state state;
    answers a;
    hx_arena_reset(t->e.arena);
    const hx_net_call call = {.nn = &t->e.nn,
                              .arena = t->e.arena,
                              .training = true,
                              .key = {.seed = t->o->seed, .step = t->step}};
    if (!make_answers(t, from, b, &a) || !hx_net_forward(t->net, &call, &batch, &state))
        return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    *loss += loss_of(t, &a, state.logits, b);
    if (!hx_net_backward(t->net, &call, &batch, &state, a.dlogits))
        return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    update(t);
    return HX_OK;
}

static hx_status train_epoch(training *t, size_t epoch, double *loss, hx_error *err) {
    double sum = 0;
    shuffle(t, epoch);
    for (size_t at = 0; at < t->rows->n; at += t->batch) {
        size_t b = t->rows->n - at < t->batch ? t->rows->n - at : t->batch;
        if (hx_flag_is_raised(t->o->cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
        t->step++;
        HX_TRY(train_batch(t, at, b, &sum, err));
    }
    *loss = sum / (double)t->rows->n;
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

/* Loss of the validation rows; of classes accuracy and macro F1 too. */
static hx_status judge(training *t, hx_learn_outcome *seen, hx_error *err) {
    const hx_net_rows *held = t->held;
    *seen = (hx_learn_outcome){.loss = NAN, .accuracy = NAN, .macro_f1 = NAN};
    if (!held || held->n == 0) return HX_OK;
    HX_TRY(run_rows(t->net, &t->e, held, t->logits, t->o->cancel, err));
    if (!held->targets)
        return hx_learn_judge(t->logits, held->labels, held->n, t->net->n_labels, 1, seen, err);
    double sum = 0, weights = 0;
    for (size_t i = 0; i < held->n; i++) {
        double off = (double)t->logits[i] - (double)held->targets[i];
        double w = held->weights ? (double)held->weights[i] : 1;
        sum += w * off * off;
        weights += w;
    }
    seen->loss = weights > 0 ? sum / weights : NAN;
    return HX_OK;
}

static bool is_better(const training *t, const hx_learn_outcome *seen,
                      const hx_learn_outcome *best) {
    if (!t->held || t->held->n == 0) return true;
    if (t->held->targets) return !(seen->loss >= best->loss);
    return seen->accuracy > best->accuracy ||
           (seen->accuracy == best->accuracy && seen->loss < best->loss);
}

static hx_status train_all(training *t, hx_net_outcome *out, hx_error *err) {
    hx_learn_outcome best = {.accuracy = -1, .loss = INFINITY}, seen;
    size_t patience = t->o->patience ? t->o->patience : t->n_epochs;
    for (size_t epoch = 1; epoch <= t->n_epochs && epoch - out->best_epoch <= patience; epoch++) {
        double loss = NAN;
        HX_TRY(train_epoch(t, epoch, &loss, err));
        HX_TRY(judge(t, &seen, err));
        const hx_learn_progress p = {epoch,         t->n_epochs,   loss, seen.loss,
                                     seen.accuracy, seen.macro_f1, NAN};
        if (t->o->progress) t->o->progress(t->o->context, &p);
        out->epochs = epoch;
        if (out->losses) out->losses[epoch - 1] = loss;
        if (!is_better(t, &seen, &best)) continue;
        best = seen;
        *out = (hx_net_outcome){epoch, epoch, loss, seen.loss, seen.accuracy, out->losses};
        copy_weights(t, false);
    }
    copy_weights(t, true);
    return HX_OK;
}

static hx_status open_training(training *t, hx_error *err) {
    const hx_text_learner_options *o = t->o;
    size_t n_held = t->held ? t->held->n : 0, longest = t->rows->longest;
    t->n_epochs = o->n_epochs ? o->n_epochs : EPOCHS_USUAL;
    t->batch = o->batch ? o->batch : BATCH_USUAL;
    if (t->held && t->held->longest > longest) longest = t->held->longest;
    size_t together = t->batch > READ_TOGETHER ? t->batch : READ_TOGETHER;
    HX_TRY(open_engine(&t->e, t->net, longest, together, o->n_threads, err));
    t->n_weights = (size_t)hx_params_elements(t->net->params, false);
    t->order = calloc(t->rows->n + 1, sizeof *t->order);
    t->moments = calloc(2 * t->n_weights + 1, sizeof *t->moments);
    t->kept = calloc(t->n_weights + 1, sizeof *t->kept);
    t->logits = calloc(n_held * t->net->n_labels + 1, sizeof *t->logits);
    if (!t->order || !t->moments || !t->kept || !t->logits)
        return hx_fail(err, HX_ENOMEM, "not enough memory for a learner");
    uint64_t steps = (t->rows->n + t->batch - 1) / t->batch * t->n_epochs;
    double peak = o->rate > 0 ? o->rate : RATE_USUAL;
    t->schedule = (hx_nn_schedule){.kind = HX_NN_COSINE,
                                   .warmup = steps / 20,
                                   .total = steps,
                                   .peak = peak,
                                   .floor = peak / 50};
    return HX_OK;
}

hx_status hx_net_train(hx_text_net *net, const hx_net_rows *train, const hx_net_rows *held,
                       const hx_text_learner_options *options, hx_net_outcome *out, hx_error *err) {
    training t = {.net = net, .rows = train, .held = held, .o = options};
    if (options->batch > BATCH_MAX)
        return hx_fail(err, HX_EINVAL, "maximum length and batch are at most %d", BATCH_MAX);
    *out = (hx_net_outcome){.held_loss = NAN, .held_accuracy = NAN, .losses = out->losses};
    hx_status st = open_training(&t, err);
    if (st == HX_OK) st = train_all(&t, out, err);
    close_engine(&t.e);
    free(t.order);
    free(t.moments);
    free(t.kept);
    free(t.logits);
    return st;
}
