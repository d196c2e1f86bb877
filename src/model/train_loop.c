/* train_loop.c - the loop of a training: rate, step, log, evaluation, checkpoint, the end.
 *
 *     log.jsonl      {"step":10,"epoch":0.1,"loss":..,"rate":..,"norm":..} every `log_every` steps: the mean since the last one
 *                    {"step":100,"epoch":1,"loss":..,"part":"validation","figure":..,"tasks":{"label":{"loss":..,"accuracy":..}}}
 *     timing.jsonl   {"step":10,"seconds":..,"tokens_per_second":..}
 *     adapter/       PEFT's folder of the best weights, where adapters were trained
 *     metrics.json   the same of the best weights, on validation and test
 *
 * Where time bounds the training the rate follows the share of the time that is spent, all else the step's number; with both bounds the
 * larger share, and the one that is reached first ends it. The best weights are kept twice: as a model folder, and as best.safetensors, from which the last evaluation reads them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "model/adapter.h"
#include "model/train.h"

#define TIME_PARTS 1000000 /* of a schedule by time */
#define NOT_FINITE_MAX 20 /* steps in a row */
#define EXPLODES 30.0 /* times the usual norm */
#define JSON_MAX ((size_t)16 << 20)
#define EVALUATE_USUAL 500 /* steps, where time bounds the training */

void hx_train_notice(const hx_trainer *t, const hx_error *sentence) {
    if (t->calls->notice) t->calls->notice(t->calls->context, sentence->message);
}

/* ------------------------------------------------------------------ time and rate */
static double seconds_spent(const hx_trainer *t) {
    return (double)t->milliseconds_before / 1000 + hx_train_clock() - t->began;
}

static double time_share(const hx_trainer *t) {
    double share = seconds_spent(t) / (t->config->minutes * 60);
    return share < 1 ? share : 1;
}

static double rate_of(const hx_trainer *t, uint64_t step) {
    const hx_train_config *c = t->config;
    bool by_time = t->steps == 0;
    double total = by_time ? TIME_PARTS : (double)t->steps;
    double timed = c->minutes > 0 ? time_share(t) * total : 0;
    double at = by_time ? timed : fmax((double)step, timed);
    double warmup = c->warmup < 1 ? c->warmup * total : by_time ? 0 : c->warmup;
    const hx_nn_schedule s = {.kind = (hx_nn_schedule_kind)c->schedule,
                              .warmup = (uint64_t)warmup,
                              .total = (uint64_t)total,
                              .decay = (uint64_t)(c->decay * total),
                              .peak = c->rate,
                              .floor = c->floor};
    double rate = hx_nn_rate(&s, at < 1 ? 1 : (uint64_t)at);
    if (by_time && c->warmup >= 1 && (double)step < c->warmup) rate *= (double)step / c->warmup;
    return rate;
}

/* ------------------------------------------------------------------ records */
static void put_number(hx_json_writer *w, const char *key, double v) {
    hx_json_key(w, key);
    hx_json_double(w, v);
}

static void put_place(hx_json_writer *w, const hx_trainer *t) {
    hx_json_key(w, "step");
    hx_json_int(w, (int64_t)t->state.step);
    put_number(w, "epoch", t->progress.epoch);
}

static hx_status log_step(hx_trainer *t, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_run_state *s = &t->state;
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    put_place(&w, t);
    put_number(&w, "loss", s->loss_count > 0 ? s->loss_sum / s->loss_count : NAN);
    put_number(&w, "rate", t->progress.rate);
    put_number(&w, "norm", t->progress.norm);
    hx_json_end_object(&w);
    s->loss_sum = s->loss_count = 0;
    hx_status st = hx_buf_status(&b, "a log record", err);
    if (st == HX_OK) st = hx_run_log(t->run, hx_buf_str(&b), err);
    hx_buf_reset(&b);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    put_place(&w, t);
    put_number(&w, "seconds", floor(t->progress.seconds * 1000) / 1000);
    put_number(&w, "tokens_per_second", floor(t->progress.tokens_per_second));
    hx_json_end_object(&w);
    if (st == HX_OK) st = hx_buf_status(&b, "a log record", err);
    if (st == HX_OK) st = hx_run_time(t->run, hx_buf_str(&b), err);
    hx_buf_release(&b);
    return st;
}

/* ------------------------------------------------------------------ evaluation */
typedef struct {
    double figure, loss; /* means over the tasks; NAN = none */
} judgement;

static hx_status put_tasks(hx_trainer *t, bool test, hx_json_writer *w, judgement *out,
                           hx_error *err) {
    double sum = 0, loss = 0, n = 0, n_loss = 0;
    hx_json_key(w, "tasks");
    hx_json_object(w);
    for (size_t i = 0; i < t->config->n_tasks; i++) {
        hx_task_figures f = {.figure = NAN};
        hx_task *task = &t->tasks[i];
        hx_arena_reset(t->step_arena);
        HX_TRY(task->type->evaluate(task, test, t->step_arena, &f, err));
        if (f.n == 0) continue;
        hx_json_key(w, task->config->name);
        hx_json_raw(w, f.json);
        loss += f.loss * task->config->weight;
        n_loss += task->config->weight;
        if (isnan(f.figure)) continue;
        sum += f.figure;
        n += 1;
    }
    hx_json_end_object(w);
    out->loss = n_loss > 0 ? loss / n_loss : NAN;
    out->figure = n > 0 ? sum / n : -out->loss;
    return HX_OK;
}

/* One object about a part; `b` is empty before. */
static hx_status evaluate(hx_trainer *t, bool test, hx_buf *b, judgement *out, hx_error *err) {
    hx_json_writer w;
    const hx_run_state *s = &t->state;
    hx_json_begin(&w, b);
    hx_json_object(&w);
    put_place(&w, t);
    put_number(&w, "loss", s->part_count > 0 ? s->part_sum / s->part_count : NAN);
    hx_json_key(&w, "part");
    hx_json_cstr(&w, test ? "test" : "validation");
    HX_TRY(put_tasks(t, test, &w, out, err));
    put_number(&w, "figure", out->figure);
    hx_json_end_object(&w);
    return hx_buf_status(b, "an evaluation", err);
}

static hx_status save_best(hx_trainer *t, hx_error *err) {
    const char *path = hx_run_path(t->run, "best.safetensors", t->step_arena);
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_params_save(hx_trunk_params(t->trunk), path, HX_DTYPE_F32, err));
    return hx_run_keep_best(t->run, hx_train_save_model, t, err);
}

/* With the averaged weights in place, where there are such. */
static hx_status judge(hx_trainer *t, hx_buf *b, hx_error *err) {
    judgement j = {NAN, NAN};
    hx_run_state *s = &t->state;
    HX_TRY(evaluate(t, false, b, &j, err));
    HX_TRY(hx_run_log(t->run, hx_buf_str(b), err));
    if (t->calls->evaluated) t->calls->evaluated(t->calls->context, hx_buf_str(b));
    s->part_sum = s->part_count = 0;
    bool better =
        isnan(j.figure) || j.figure > s->best || (j.figure == s->best && j.loss < s->best_loss);
    s->bad_evaluations = better ? 0 : s->bad_evaluations + 1;
    if (!better) return HX_OK;
    if (!isnan(j.figure)) s->best = j.figure;
    s->best_loss = j.loss;
    s->best_step = s->step;
    return save_best(t, err);
}

static hx_status evaluate_now(hx_trainer *t, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, JSON_MAX);
    bool swapped = hx_optim_swap_average(t->optim);
    hx_status st = judge(t, &b, err);
    if (swapped) (void)hx_optim_swap_average(t->optim);
    hx_buf_release(&b);
    return st;
}

static bool is_evaluated(const hx_trainer *t, uint64_t step) {
    const hx_train_config *c = t->config;
    uint64_t every = (uint64_t)c->evaluate_every;
    if (step == t->steps) return true;
    if (every == 0 && t->steps == 0) every = EVALUATE_USUAL;
    if (every == 0) {
        double parts = c->epochs > 0 && c->steps == 0 ? c->epochs : 10, n = (double)t->steps;
        return floor((double)step * parts / n) > floor((double)(step - 1) * parts / n);
    }
    return step % every == 0;
}

/* ------------------------------------------------------------------ checkpoints */
static hx_status write_checkpoint(void *context, const char *folder, hx_error *err) {
    hx_trainer *t = context;
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/weights.safetensors", folder);
    HX_TRY(hx_params_save(hx_trunk_params(t->trunk), path, HX_DTYPE_F32, err));
    (void)snprintf(path, sizeof path, "%s/optimiser.safetensors", folder);
    return hx_optim_save(t->optim, path, err);
}

static hx_status checkpoint(hx_trainer *t, hx_error *err) {
    t->state.milliseconds = (uint64_t)(seconds_spent(t) * 1000);
    return hx_run_checkpoint(t->run, &t->state, write_checkpoint, t, err);
}

/* How far each task is: its last batch made again says it. */
static hx_status find_epochs(hx_trainer *t, hx_error *err) {
    for (size_t i = 0; i < t->config->n_tasks; i++) {
        hx_task *k = &t->tasks[i];
        hx_task_batch last = {0};
        if (k->n_drawn == 0) continue;
        hx_arena_reset(t->step_arena);
        HX_TRY(k->type->fill(k, k->n_drawn - 1, t->step_arena, &last, err));
    }
    t->progress.epoch = t->tasks[0].epoch;
    return HX_OK;
}

static hx_status go_on(hx_trainer *t, hx_error *err) {
    const char *weights = hx_run_path(t->run, "last/weights.safetensors", t->arena),
               *optimiser = hx_run_path(t->run, "last/optimiser.safetensors", t->arena);
    if (!weights || !optimiser) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_params_load(hx_trunk_params(t->trunk), weights, err));
    HX_TRY(hx_optim_load(t->optim, optimiser, err));
    for (uint64_t step = 1; step <= t->state.step; step++)
        hx_train_replay(t, step);
    return find_epochs(t, err);
}

/* ------------------------------------------------------------------ steps */
/* Told, and kept for the report: in timing.jsonl, since a process that goes on with a run does not know the usual norm yet. */
static hx_status warn(hx_trainer *t, const hx_error *sentence, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_train_notice(t, sentence);
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    put_place(&w, t);
    hx_json_key(&w, "warning");
    hx_json_cstr(&w, sentence->message);
    hx_json_end_object(&w);
    hx_status st = hx_buf_status(&b, "a log record", err);
    if (st == HX_OK) st = hx_run_time(t->run, hx_buf_str(&b), err);
    hx_buf_release(&b);
    return st;
}

static hx_status warn_of_norm(hx_trainer *t, double norm, hx_error *err) {
    hx_error e = {.ui = t->ui};
    if (t->state.step > 20 && norm > EXPLODES * t->usual_norm && t->usual_norm > 0) {
        (void)hx_fail(
            &e, HX_EINVAL,
            "step %llu: the gradient's norm is %.3g, usual is %.3g; a lower rate may help",
            (unsigned long long)t->state.step, norm, t->usual_norm);
        HX_TRY(warn(t, &e, err));
    }
    t->usual_norm = t->usual_norm > 0 ? 0.98 * t->usual_norm + 0.02 * norm : norm;
    return HX_OK;
}

static hx_status check_finite(hx_trainer *t, bool finite, hx_error *err) {
    hx_error e = {.ui = t->ui};
    t->n_not_finite = finite ? 0 : t->n_not_finite + 1;
    if (finite) return HX_OK;
    (void)hx_fail(&e, HX_EINVAL, "step %llu: loss or gradient is no number; the step was left out",
                  (unsigned long long)t->state.step);
    if (t->n_not_finite == 1) HX_TRY(warn(t, &e, err));
    if (t->n_not_finite < NOT_FINITE_MAX) return HX_OK;
    return hx_fail(
        err, HX_EINVAL,
        "loss or gradients were no numbers in %d steps in a row; train with a lower rate",
        NOT_FINITE_MAX);
}

static void tell(hx_trainer *t, double loss) {
    hx_train_progress *p = &t->progress;
    double fresh = hx_train_clock() - t->began;
    p->step = t->state.step;
    p->steps = t->steps;
    p->loss = loss;
    p->seconds = seconds_spent(t);
    p->tokens_per_second = fresh > 0 ? (double)t->tokens / fresh : 0;
    uint64_t done = t->state.step - (t->steps ? t->progress_from : 0);
    p->seconds_left =
        t->steps > 0 && done > 0 ? fresh / (double)done * (double)(t->steps - t->state.step) : NAN;
    if (t->config->minutes > 0)
        p->seconds_left = fmin(p->seconds_left, t->config->minutes * 60 - p->seconds);
    if (t->calls->progress) t->calls->progress(t->calls->context, p);
}

static hx_status one_step(hx_trainer *t, hx_error *err) {
    hx_objective_result r;
    hx_optim_result o;
    hx_run_state *s = &t->state;
    uint64_t step = s->step + 1;
    HX_TRY(hx_train_step(t, step, &r, err));
    HX_TRY(hx_train_room(t, hx_optim_scratch(t->optim, t->n_threads), 0, err));
    double rate = rate_of(t, step);
    hx_nn nn = t->nn;
    nn.bf16 = t->config->arithmetic == HX_TRAIN_BF16;
    hx_optim_step(t->optim, &nn, step, rate, 1, &o);
    s->step = step;
    if (o.finite && isfinite(r.loss)) {
        s->loss_sum += r.loss;
        s->loss_count += 1;
        s->part_sum += r.loss;
        s->part_count += 1;
        HX_TRY(warn_of_norm(t, o.norm, err));
    }
    HX_TRY(check_finite(t, o.finite, err));
    t->progress.rate = rate;
    t->progress.norm = o.norm;
    t->progress.epoch = t->tasks[0].epoch;
    s->epoch = (uint64_t)t->tasks[0].epoch;
    s->batch = t->tasks[0].n_drawn;
    tell(t, r.loss);
    if (step % (uint64_t)t->config->log_every == 0) HX_TRY(log_step(t, err));
    return is_evaluated(t, step) ? evaluate_now(t, err) : HX_OK;
}

static bool is_done(const hx_trainer *t) {
    uint64_t patience = (uint64_t)t->config->early_stopping;
    if (patience > 0 && t->state.bad_evaluations >= patience) return true;
    if (t->steps > 0 && t->state.step >= t->steps) return true;
    return t->config->minutes > 0 && time_share(t) >= 1;
}

/* A training that goes on in other arithmetic says so in its log, where it does. */
static hx_status note_arithmetic(hx_trainer *t, hx_error *err) {
    static const char *const names[] = {"f32", "bf16"};
    char line[96];
    uint64_t now = (uint64_t)t->config->arithmetic, before = t->state.arithmetic;
    t->state.arithmetic = now;
    if (now == before || t->state.step == 0) return HX_OK;
    (void)snprintf(line, sizeof line, "{\"step\":%llu,\"arithmetic\":\"%s\"}",
                   (unsigned long long)t->state.step, names[now]);
    return hx_run_log(t->run, hx_str_of(line), err);
}

static hx_status run_steps(hx_trainer *t, hx_error *err) {
    const hx_train_config *c = t->config;
    double saved = hx_train_clock();
    while (!is_done(t)) {
        if (hx_flag_is_raised(t->calls->cancel)) {
            HX_TRY(checkpoint(t, err));
            return hx_fail(err, HX_ECANCELLED,
                           "stopped on request after step %llu; go on with --resume",
                           (unsigned long long)t->state.step);
        }
        HX_TRY(one_step(t, err));
        bool by_time =
            c->checkpoint_minutes > 0 && hx_train_clock() - saved > c->checkpoint_minutes * 60;
        bool by_step =
            c->checkpoint_every > 0 && t->state.step % (uint64_t)c->checkpoint_every == 0;
        if (!by_time && !by_step) continue;
        HX_TRY(checkpoint(t, err));
        saved = hx_train_clock();
    }
    if (t->state.part_count > 0) HX_TRY(evaluate_now(t, err)); /* time ended it between two */
    return checkpoint(t, err);
}

/* ------------------------------------------------------------------ the end */
/* The temperatures of the best weights go into best/config.json, which was written before they were known. */
static hx_status cool(hx_trainer *t, hx_error *err) {
    const char *best = hx_run_path(t->run, "best", t->arena),
               *config = hx_run_path(t->run, "best/config.json", t->arena);
    bool cooled = false;
    if (!best || !config) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (!hx_file_exists(config)) return HX_OK;
    for (size_t i = 0; i < t->config->n_tasks; i++) {
        hx_task *task = &t->tasks[i];
        hx_arena_reset(t->step_arena);
        if (task->type->cool) HX_TRY(task->type->cool(task, t->step_arena, err));
        cooled = cooled || task->temperature > 0;
    }
    return cooled ? hx_train_save_config(t, best, err) : HX_OK;
}

static hx_status judge_best(hx_trainer *t, hx_buf *b, hx_error *err) {
    judgement j;
    const char *weights = hx_run_path(t->run, "best.safetensors", t->arena),
               *metrics = hx_run_path(t->run, "metrics.json", t->arena);
    if (!weights || !metrics) return hx_fail(err, HX_ENOMEM, "out of memory");
    if (hx_file_exists(weights)) HX_TRY(hx_params_load(hx_trunk_params(t->trunk), weights, err));
    HX_TRY(cool(t, err));
    (void)hx_buf_append_lit(b, "{\"best_step\":");
    (void)hx_buf_printf(b, "%llu,\"validation\":", (unsigned long long)t->state.best_step);
    for (int test = 0; test < 2; test++) {
        hx_buf part;
        hx_buf_init(&part, JSON_MAX);
        hx_status st = evaluate(t, test == 1, &part, &j, err);
        (void)hx_buf_append_str(b, hx_buf_str(&part));
        (void)hx_buf_append_lit(b, test == 0 ? ",\"test\":" : "}\n");
        hx_buf_release(&part);
        if (st != HX_OK) return st;
    }
    HX_TRY(hx_buf_status(b, "metrics.json", err));
    return hx_file_write(metrics, hx_buf_str(b), false, err);
}

/* RUN/adapter: the adapters alone, of the best weights; for the model as it is given, or what RUN/start keeps of it. */
static hx_status write_adapter(hx_trainer *t, hx_error *err) {
    const hx_train_config *c = t->config;
    const hx_task *score = hx_train_score_task(t);
    const hx_adapter_options options = {.rank = (size_t)c->lora,
                                        .alpha = (float)c->lora_alpha,
                                        .dropout = (float)c->lora_dropout,
                                        .base = t->starts_apart ? t->base_path : c->model,
                                        .n_layers = hx_trunk_config(t->trunk)->n_layers,
                                        .classifies = score && !hx_task_is_tags(score->config)};
    const char *folder = hx_run_path(t->run, "adapter", t->arena);
    if (c->lora == 0) return HX_OK;
    if (!folder) return hx_fail(err, HX_ENOMEM, "out of memory");
    return hx_adapter_export(hx_trunk_params(t->trunk), &options, folder, err);
}

static hx_status finish(hx_trainer *t, hx_str *metrics, hx_error *err) {
    hx_buf b;
    hx_buf_init(&b, 2 * JSON_MAX);
    hx_status st = judge_best(t, &b, err);
    if (st == HX_OK) {
        *metrics = hx_arena_str(t->arena, hx_buf_str(&b));
        if (!metrics->ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&b);
    if (st == HX_OK) st = write_adapter(t, err);
    return st == HX_OK ? hx_train_report(t, err) : st;
}

hx_status hx_train_loop(hx_trainer *t, hx_str *metrics, hx_error *err) {
    t->began = hx_train_clock();
    t->milliseconds_before = t->state.milliseconds;
    t->progress_from = t->state.step;
    if (t->state.step > 0) HX_TRY(go_on(t, err));
    HX_TRY(note_arithmetic(t, err));
    HX_TRY(run_steps(t, err));
    return finish(t, metrics, err);
}
