/* train_step.c - one step: tasks are drawn, their batches made, passed forward and backward; then the optimiser.
 *
 *     for each of `accumulate` batches: task by (seed, step, i) -> batch (task, number)
 *     scale of a batch = weight of the task * (its batches / accumulate) / (all that counts in its batches)
 *
 * so that with one task the gradient is that of the mean over all labels of the step, however they are spread over batches, and with
 * several each has its share by how often it is drawn. All batches are made before the first pass: the mean has to be known. While the
 * passes of a step run, one helper thread makes the batches of the next: what they hold follows from the step's number, not from who makes
 * them, so the bytes are the same with it and without. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "model/train.h"
#include "tensor/memory.h"

double hx_train_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

size_t hx_train_tap(const hx_task_config *c) {
    if (c->tap > 0) return (size_t)c->tap;
    return c->teacher && c->hidden_share > 0 ? (size_t)c->hidden_block : 0;
}

/* ------------------------------------------------------------------ room */
static hx_status grow(void **p, size_t *bytes, size_t wanted, hx_error *err) {
    if (wanted <= *bytes) return HX_OK;
    hx_memory_free(*p, *bytes);
    *bytes = 0;
    *p = hx_memory_new(wanted);
    if (!*p) return hx_fail(err, HX_ENOMEM, "out of memory");
    *bytes = wanted;
    return HX_OK;
}

hx_status hx_train_room(hx_trainer *t, size_t scratch, size_t n_tokens, hx_error *err) {
    size_t bytes = n_tokens * hx_trunk_config(t->trunk)->n_embd * sizeof(float);
    HX_TRY(grow(&t->nn.scratch, &t->scratch_bytes, scratch, err));
    if (bytes <= t->hidden_bytes) return HX_OK;
    size_t had = t->hidden_bytes;
    void *hidden = t->dhidden, *tap = t->dtap;
    hx_status st = grow(&hidden, &had, bytes, err);
    t->dhidden = hidden;
    had = t->hidden_bytes;
    if (st == HX_OK) st = grow(&tap, &had, bytes, err);
    t->dtap = tap;
    t->hidden_bytes = st == HX_OK ? bytes : 0;
    return st;
}

static size_t room_of(const hx_trainer *t, const hx_task *task, const hx_task_batch *b) {
    size_t tokens = b->batch.n_tokens, sequences = b->batch.n_sequences;
    size_t trunk = hx_trunk_scratch(t->trunk, tokens, sequences, t->n_threads);
    size_t head = hx_train_head_scratch(task->head, tokens, sequences, t->n_threads);
    return trunk > head ? trunk : head;
}

/* ------------------------------------------------------------------ passes */
hx_status hx_train_forward(hx_trainer *t, const hx_task *task, const hx_task_batch *b,
                           const float **hidden, hx_error *err) {
    HX_TRY(hx_train_room(t, room_of(t, task, b), b->batch.n_tokens, err));
    return hx_trunk_forward(t->trunk, &t->nn, &b->batch, hidden, err);
}

hx_status hx_train_look(hx_trainer *t, hx_task *task, const hx_task_batch *b,
                        hx_objective_result *result, const float **logits, hx_error *err) {
    const float *hidden;
    HX_TRY(hx_train_forward(t, task, b, &hidden, err));
    HX_TRY(hx_train_head_loss(task->head, &t->nn, &b->batch, hidden, &b->targets, 0, NULL, NULL,
                              result, err));
    if (!logits) return HX_OK;
    return hx_train_head_logits(task->head, &t->nn, &b->batch, hidden, logits, err);
}

/* Forward, loss and backward. */
static hx_status pass(hx_trainer *t, hx_task *task, const hx_task_batch *b, float scale,
                      hx_objective_result *result, hx_error *err) {
    const float *hidden;
    size_t bytes = b->batch.n_tokens * hx_trunk_config(t->trunk)->n_embd * sizeof(float);
    HX_TRY(hx_train_forward(t, task, b, &hidden, err));
    float *tap = b->batch.tap ? t->dtap : NULL;
    memset(t->dhidden, 0, bytes);
    if (tap) memset(tap, 0, bytes);
    HX_TRY(hx_train_head_loss(task->head, &t->nn, &b->batch, hidden, &b->targets, scale, t->dhidden,
                              tap, result, err));
    if (t->trunk_learns) hx_trunk_backward(t->trunk, &t->nn, t->dhidden, tap);
    return HX_OK;
}

/* What is judged is what users will run: evaluations stay in F32. */
static hx_status learn(hx_trainer *t, hx_task *task, const hx_task_batch *b, float scale,
                       hx_objective_result *result, hx_error *err) {
    t->nn.bf16 = t->config->arithmetic == HX_TRAIN_BF16;
    hx_status st = pass(t, task, b, scale, result, err);
    t->nn.bf16 = false;
    return st;
}

/* ------------------------------------------------------------------ drawing */
static size_t draw(const hx_trainer *t, hx_rng *r) {
    const hx_train_config *c = t->config;
    double sum = 0, at;
    for (size_t i = 0; i < c->n_tasks; i++)
        sum += c->tasks[i].sampling;
    at = hx_rng_uniform(r) * sum;
    for (size_t i = 0; i < c->n_tasks; i++) {
        at -= c->tasks[i].sampling;
        if (at < 0 && c->tasks[i].sampling > 0) return i;
    }
    return 0;
}

static void seed_step(const hx_trainer *t, uint64_t step, hx_rng *r) {
    hx_rng_seed(r, hx_hash_mix((uint64_t)t->config->seed, step));
}

void hx_train_replay(hx_trainer *t, uint64_t step) {
    hx_rng r;
    seed_step(t, step, &r);
    for (int64_t i = 0; i < t->config->accumulate; i++)
        t->tasks[draw(t, &r)].n_drawn++;
}

/* ------------------------------------------------------------------ batches of a step */
typedef struct {
    hx_task *task;
    hx_task_batch batch;
    double count, epoch;
} drawn;

struct hx_train_prepared {
    hx_trainer *trainer;
    hx_arena *arena; /* of the batches; owned */
    uint64_t step; /* 0 = none */
    drawn *all; /* (accumulate) */
    hx_status status;
    hx_error error;
};

static hx_status fill(hx_train_prepared *p, size_t n, hx_error *err) {
    hx_trainer *t = p->trainer;
    hx_rng r;
    seed_step(t, p->step, &r);
    for (size_t i = 0; i < n; i++) {
        drawn *d = &p->all[i];
        d->task = &t->tasks[draw(t, &r)];
        HX_TRY(d->task->type->fill(d->task, d->task->n_drawn++, p->arena, &d->batch, err));
        d->epoch = d->task->epoch;
        d->batch.batch.training = true;
        d->batch.batch.seed = (uint64_t)t->config->seed;
        d->batch.batch.step = p->step * n + i;
        d->batch.batch.tap = hx_train_tap(d->task->config);
        d->count = hx_train_head_count(d->task->head, &d->batch.batch, &d->batch.targets);
    }
    return HX_OK;
}

static void prepare(hx_train_prepared *p, uint64_t step) {
    size_t n = (size_t)p->trainer->config->accumulate;
    hx_arena_reset(p->arena);
    p->step = step;
    p->error = (hx_error){.ui = p->trainer->ui};
    p->all = hx_arena_alloc(p->arena, n * sizeof *p->all);
    p->status = p->all ? fill(p, n, &p->error) : hx_fail(&p->error, HX_ENOMEM, "out of memory");
}

static void *prepare_ahead(void *context) {
    hx_train_prepared *p = context;
    prepare(p, p->step);
    return NULL;
}

hx_status hx_train_prepare_open(hx_trainer *t, hx_error *err) {
    for (size_t i = 0; i < 2; i++) {
        hx_train_prepared *p = t->prepared[i] = calloc(1, sizeof *p);
        if (p) *p = (hx_train_prepared){.trainer = t, .arena = hx_arena_new(0)};
        if (!p || !p->arena) return hx_fail(err, HX_ENOMEM, "out of memory");
    }
    return HX_OK;
}

void hx_train_prepare_close(hx_trainer *t) {
    for (size_t i = 0; i < 2; i++) {
        if (t->prepared[i]) hx_arena_free(t->prepared[i]->arena);
        free(t->prepared[i]);
        t->prepared[i] = NULL;
    }
}

/* ------------------------------------------------------------------ a step */
static float scale_of(const drawn *all, size_t n, const drawn *d) {
    double count = 0, batches = 0;
    for (size_t i = 0; i < n; i++) {
        if (all[i].task != d->task) continue;
        count += all[i].count;
        batches += 1;
    }
    return count > 0 ? (float)(d->task->config->weight * batches / (double)n / count) : 0;
}

static hx_status learn_all(hx_trainer *t, const drawn *all, size_t n, hx_objective_result *result,
                           hx_error *err) {
    for (size_t i = 0; i < n; i++) {
        hx_objective_result r = {0};
        float scale = scale_of(all, n, &all[i]);
        HX_TRY(learn(t, all[i].task, &all[i].batch, scale, &r, err));
        result->loss += (double)scale * r.loss;
        result->n_right += r.n_right;
        t->tokens += all[i].batch.batch.n_tokens;
    }
    result->count = 1;
    return HX_OK;
}

/* The helper has ended when this returns, so that evaluations and checkpoints have the tasks for themselves. */
hx_status hx_train_step(hx_trainer *t, uint64_t step, hx_objective_result *result, hx_error *err) {
    size_t n = (size_t)t->config->accumulate;
    hx_train_prepared *now = t->prepared[step & 1], *next = t->prepared[(step + 1) & 1];
    double epochs[HX_TASKS_MAX]; /* the helper's batches are of a step that is not done yet */
    pthread_t helper;
    *result = (hx_objective_result){0};
    if (now->step != step) prepare(now, step);
    if (now->status != HX_OK) {
        if (err) *err = now->error;
        return now->status;
    }
    for (size_t i = 0; i < n; i++)
        now->all[i].task->epoch = now->all[i].epoch;
    for (size_t i = 0; i < t->config->n_tasks; i++)
        epochs[i] = t->tasks[i].epoch;
    next->step = step + 1;
    bool helped = t->n_threads > 1 && (t->steps == 0 || step < t->steps) &&
                  pthread_create(&helper, NULL, prepare_ahead, next) == 0;
    if (!helped) next->step = 0;
    hx_status st = learn_all(t, now->all, n, result, err);
    if (helped) (void)pthread_join(helper, NULL);
    for (size_t i = 0; i < t->config->n_tasks; i++)
        t->tasks[i].epoch = epochs[i];
    return st;
}
