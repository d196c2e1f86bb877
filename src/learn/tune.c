/* tune.c - a search over models and their parameters; see hx_learner_tune() in huaxiang/learn.h.
 *
 * Settings come in rounds of 9: first every model as it is, then drawn (tune_draw.c). Models without ranges are tried as they are alone. By chance, on a grid
 * and by TPE every setting is judged on all folds. With successive halving a round is judged on one fold; the better third goes on to a third of the folds, the best third of those to all (Jamieson, Talwalkar 2016, with folds
 * as the budget). Settings as they are go on always, so that the search never ends below them. The best is that of the highest mean over all folds.
 *
 * What the best settings said of rows out of fold chooses those that are best together (tune_members.c); they are the model, unless the best alone
 * was asked for or is as good.
 *
 * Setting i is drawn from (seed, i): with the same number of settings the same search for any number of threads. A limit of seconds is looked at
 * between the steps of a round, behind the first round. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/hash.h"
#include "learn/fields.h"
#include "learn/tune.h"

#define ROUND 9
#define TRIALS_USUAL 27
#define TRIALS_MAX 100000
#define GRID_USUAL 256 /* points of a model at most */
#define TPE_FIRST 8 /* settings of a model drawn by chance before what was found counts */
#define SAID_MAX                                                                                   \
    ((size_t)64 << 20) /* bytes of what a setting said; of more the best is kept alone */
#define FOREST_ROWS                                                                                \
    5000 /* of more rows a forest is tried only where it is named: it sorts, and takes tens of times as long as boosting */
#define SHARES 1000 /* steps of the progress */
#define JSON_MAX ((size_t)1 << 30)
#define ARENA_MAX ((size_t)64 << 30)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the search");
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static hx_status write_params(const hx_tuning *s, hx_setting *one, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    double *values = calloc(one->kind->n_params + 1, sizeof *values);
    if (!values) return no_memory(err);
    for (size_t i = 0; i < one->kind->n_params; i++)
        values[i] = hx_param_at(&one->kind->params[i], one->unit[i]);
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_params_write(one->kind, values, &w);
    hx_status st = hx_buf_status(&b, "parameters", err);
    if (st == HX_OK) one->params = hx_arena_str(s->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    free(values);
    return st != HX_OK || one->params.ptr ? st : no_memory(err);
}

static hx_status add_setting(hx_tuning *s, hx_error *err) {
    size_t index = s->n_tried;
    hx_setting *one = &s->tried[index];
    bool plain = index < s->n_models;
    const hx_model_kind *kind = hx_model_kind_of(hx_setting_model(s, index));
    *one = (hx_setting){.kind = kind, .plain = plain, .mean = NAN, .sd = NAN};
    one->unit = hx_arena_alloc(s->arena, (kind->n_params + 1) * sizeof *one->unit);
    one->found = hx_arena_alloc(s->arena, s->folds.n_folds * sizeof *one->found);
    if (!one->unit || !one->found) return no_memory(err);
    HX_TRY(hx_setting_draw(s, index, one, err));
    s->n_tried++;
    return write_params(s, one, err);
}

/* ------------------------------------------------------------------ a round */
/* Tells the share of the search that is done, by time or by fits. */
static void tell(void *context, size_t ended) {
    const hx_tuning *s = context;
    const hx_learn_options *o = &s->folds.learn;
    double past = now() - s->began, share = (double)(s->n_runs + ended) / (double)s->n_expected;
    if (isfinite(s->deadline)) share = fmax(share, past / (s->deadline - s->began));
    if (!o->progress) return;
    share = ((double)s->part + fmin(share, 1)) / (double)s->n_parts;
    const hx_learn_progress p = {.epoch = (size_t)(share * SHARES),
                                 .n_epochs = SHARES,
                                 .loss = NAN,
                                 .validation_loss = NAN,
                                 .validation_accuracy = NAN,
                                 .validation_macro_f1 = NAN,
                                 .seconds_left = NAN};
    o->progress(o->context, &p);
}

/* The fits of one setting on folds up to `end`. */
static hx_status list_runs(const hx_tuning *s, hx_setting *one, size_t end, hx_fold_run *runs,
                           size_t *n, hx_error *err) {
    size_t cells = s->folds.truth.n * s->columns;
    bool classes = s->folds.truth.task == HX_TASK_CLASSES;
    if (cells > 0 && !one->said && !(one->said = calloc(cells, sizeof *one->said)))
        return no_memory(err);
    for (size_t k = one->done; k < end; k++)
        runs[(*n)++] = (hx_fold_run){.model = one->kind->name,
                                     .params = one->params,
                                     .fold = k,
                                     .values = classes ? NULL : one->said,
                                     .probabilities = classes ? one->said : NULL,
                                     .forgive = !one->plain || s->usual};
    return HX_OK;
}

/* Takes settings to `end` folds each. */
static hx_status advance(hx_tuning *s, hx_setting *const *list, size_t n, size_t end,
                         hx_error *err) {
    hx_fold_run *runs = calloc(n * s->folds.n_folds + 1, sizeof *runs);
    size_t n_runs = 0, at = 0;
    hx_figure usual = hx_figure_usual(s->folds.truth.task);
    hx_status st = runs ? HX_OK : no_memory(err);
    for (size_t i = 0; i < n && st == HX_OK; i++)
        st = list_runs(s, list[i], end, runs, &n_runs, err);
    if (st == HX_OK) st = hx_folds_run(&s->folds, runs, n_runs, s->n_threads, err);
    for (size_t i = 0; i < n && st == HX_OK; i++) {
        for (size_t k = list[i]->done; k < end; k++)
            list[i]->found[k] = runs[at++].figures.at[usual];
        list[i]->done = end > list[i]->done ? end : list[i]->done;
        hx_mean_sd(list[i]->found, list[i]->done, &list[i]->mean, &list[i]->sd);
    }
    s->n_runs += n_runs;
    free(runs);
    return st;
}

/* Those as they are first, then by descending mean; of equal ones the earlier. */
static int compare_settings(const void *a, const void *b) {
    const hx_setting *x = *(hx_setting *const *)a, *y = *(hx_setting *const *)b;
    if (x->plain != y->plain) return x->plain ? -1 : 1;
    double u = isnan(x->mean) ? -INFINITY : x->mean, v = isnan(y->mean) ? -INFINITY : y->mean;
    if (u != v) return u > v ? -1 : 1;
    return (x > y) - (x < y);
}

static size_t better_third(hx_setting **list, size_t n) {
    size_t plain = 0;
    qsort(list, n, sizeof *list, compare_settings);
    while (plain < n && list[plain]->plain)
        plain++;
    return plain + (n - plain + 2) / 3;
}

static bool is_late(const hx_tuning *s, size_t first) {
    return first > 0 && now() >= s->deadline;
}

static hx_status run_round(hx_tuning *s, hx_error *err) {
    hx_setting *list[ROUND + HX_FOLD_MODELS_MAX];
    size_t n = 0, first = s->n_tried, k = s->folds.n_folds;
    size_t most = first == 0 && s->n_models > ROUND ? s->n_models : ROUND;
    const size_t ends[] = {1, k > 3 ? (k + 2) / 3 : k > 1 ? 2 : 1, k};
    if (s->how == HX_SEARCH_TPE && first >= s->n_models + TPE_FIRST * s->n_tuned) most = 1;
    while (n < most && s->n_tried < s->n_most) {
        HX_TRY(add_setting(s, err));
        list[n++] = &s->tried[s->n_tried - 1];
    }
    for (size_t r = s->how == HX_SEARCH_HALVING ? 0 : 2; r < sizeof ends / sizeof *ends; r++) {
        if (is_late(s, first)) return HX_OK;
        if (hx_flag_is_raised(s->folds.learn.cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        HX_TRY(advance(s, list, n, ends[r], err));
        n = better_third(list, n);
    }
    hx_search_forget(s);
    return HX_OK;
}

/* Fits of a search of n_most settings. */
static size_t fits_of(const hx_tuning *s) {
    size_t k = s->folds.n_folds, first = s->n_models > ROUND ? s->n_models : ROUND, sum = 0;
    if (s->how != HX_SEARCH_HALVING) return s->n_most * k;
    for (size_t done = 0; done < s->n_most;) {
        size_t most = done ? ROUND : first, n = s->n_most - done < most ? s->n_most - done : most;
        size_t plain = done ? 0 : s->n_models, drawn = n - plain, third = (drawn + 2) / 3;
        const size_t ends[] = {1, k > 3 ? (k + 2) / 3 : k > 1 ? 2 : 1, k};
        sum += plain * k + drawn + third * (ends[1] - 1) + (third + 2) / 3 * (k - ends[1]);
        done += n;
    }
    return sum;
}

static hx_status run_search(hx_tuning *s, const hx_tune_options *o, double seconds, hx_error *err) {
    s->n_most = o->n_trials ? o->n_trials : seconds > 0 ? TRIALS_MAX : TRIALS_USUAL;
    if (s->how == HX_SEARCH_GRID) {
        size_t points, most = o->n_trials ? o->n_trials : GRID_USUAL * s->n_tuned;
        HX_TRY(hx_grid_plan(s, most, &points, err));
        s->n_most = s->n_models + points;
    }
    if (s->n_most < s->n_models || s->n_tuned == 0) s->n_most = s->n_models;
    if (s->n_most > TRIALS_MAX) s->n_most = TRIALS_MAX;
    s->tried = hx_arena_alloc(s->arena, s->n_most * sizeof *s->tried);
    if (!s->tried) return no_memory(err);
    s->began = now();
    s->deadline = seconds > 0 ? s->began + seconds : INFINITY;
    s->n_expected = fits_of(s);
    s->folds.ended = tell;
    s->folds.context = s;
    while (s->n_tried < s->n_most && !is_late(s, s->n_tried))
        HX_TRY(run_round(s, err));
    return s->columns > 0 ? hx_search_choose(s, err) : HX_OK;
}

/* ------------------------------------------------------------------ the search of one table */
/* Columns of what a setting says; 0 where it is not kept: one alone is asked for, it is too much, or the model is to be calibrated. */
static size_t columns_kept(const hx_tuning *s, const hx_tune_options *o) {
    const hx_problem *truth = &s->folds.truth;
    size_t columns = truth->task == HX_TASK_CLASSES ? truth->n_classes : 1;
    bool alone =
        o->single || o->cross.learn.conformal != 0 || o->cross.learn.calibrate != HX_CALIBRATE_NONE;
    return alone || truth->n > SAID_MAX / sizeof(double) / columns ? 0 : columns;
}

static const char *usual_models(const hx_problem *truth) {
    bool small = truth->n <= FOREST_ROWS;
    if (truth->task == HX_TASK_CLASSES)
        return small ? "boosting,logistic,forest" : "boosting,logistic";
    return small ? "boosting,elastic,forest" : "boosting,elastic";
}

static hx_status open_search(hx_tuning *s, const hx_table *t, const hx_tune_options *o,
                             hx_arena *arena, hx_error *err) {
    hx_cross_options cross = o->cross;
    *s = (hx_tuning){.arena = arena,
                     .n_threads = o->cross.learn.n_threads,
                     .seed = o->cross.learn.seed,
                     .how = o->search,
                     .n_parts = o->n_outer + 1};
    cross.n_repeats = 1;
    HX_TRY(hx_folds_open(&s->folds, t, &cross, err));
    s->columns = columns_kept(s, o);
    s->usual = !cross.models || !cross.models[0];
    const char *models = s->usual ? usual_models(&s->folds.truth) : cross.models;
    HX_TRY(hx_models_of(models, arena, &s->models, &s->n_models, err));
    for (size_t m = 0; m < s->n_models; m++) {
        const hx_model_kind *kind = hx_model_kind_of(s->models[m]);
        bool tuned = false;
        for (size_t i = 0; i < kind->n_params; i++)
            tuned |= hx_param_is_tuned(&kind->params[i]);
        if (tuned) s->tuned[s->n_tuned++] = s->models[m];
    }
    return HX_OK;
}

static void close_search(hx_tuning *s) {
    for (size_t i = 0; i < s->n_tried; i++)
        free(s->tried[i].said);
    hx_folds_close(&s->folds);
}

static hx_status fit_best(const hx_tuning *s, const hx_table *t, hx_learner **out, hx_error *err) {
    const hx_setting *best = hx_setting_best(s, NULL);
    hx_learn_options o = s->folds.learn;
    if (!best)
        return hx_fail(err, HX_EINVAL,
                       "no setting gave a figure: some folds have too few rows, or rows of one "
                       "class alone; take fewer --folds, or more rows");
    o.progress = NULL;
    o.model = best->kind->name;
    o.params = best->params;
    if (!s->together) return hx_learner_fit(out, t, NULL, &o, err);
    hx_member *members;
    size_t n;
    HX_TRY(hx_search_members(s, &members, &n, err));
    return hx_learner_fit_members(out, t, members, n, &o, err);
}

/* ------------------------------------------------------------------ nested */
typedef struct {
    double found[HX_FOLDS_MAX];
    size_t n;
} nested;

/* What a search found, fitted and judged on an outer fold. */
static hx_status judge_found(const hx_tuning *s, const hx_folds *outer, size_t fold, double *found,
                             hx_error *err) {
    hx_fold_run run = {.fold = fold};
    hx_member *members = NULL;
    const hx_setting *best = hx_setting_best(s, NULL);
    if (!best)
        return hx_fail(err, HX_EINVAL,
                       "no setting gave a figure: some folds have too few rows, or rows of one "
                       "class alone; take fewer --folds, or more rows");
    if (s->together) HX_TRY(hx_search_members(s, &members, &run.n_members, err));
    run.model = best->kind->name;
    run.params = best->params;
    run.members = members;
    HX_TRY(hx_folds_run(outer, &run, 1, 1, err));
    *found = run.figures.at[hx_figure_usual(outer->truth.task)];
    return HX_OK;
}

static hx_status judge(const hx_folds *outer, size_t fold, const hx_table *train,
                       const hx_tune_options *o, double seconds, hx_arena *arena, double *found,
                       hx_error *err) {
    hx_tuning s;
    hx_status st = open_search(&s, train, o, arena, err);
    s.part = fold + 1;
    if (st == HX_OK) st = run_search(&s, o, seconds, err);
    if (st == HX_OK) st = judge_found(&s, outer, fold, found, err);
    close_search(&s);
    return st;
}

/* The whole search on the training rows of an outer fold, judged on its test rows. */
static hx_status outer_fold(const hx_folds *outer, size_t fold, const hx_tune_options *o,
                            double seconds, double *found, hx_error *err) {
    size_t n = outer->truth.n, kept = 0;
    hx_table *train = NULL;
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    size_t *rows = arena ? hx_arena_alloc(arena, (n + 1) * sizeof *rows) : NULL;
    hx_status st = rows ? HX_OK : no_memory(err);
    for (size_t i = 0; rows && i < n; i++)
        if (outer->by_time ? outer->folds[i] <= fold : outer->folds[i] != fold) rows[kept++] = i;
    if (st == HX_OK) st = hx_table_pick(&train, outer->t, rows, kept, err);
    if (st == HX_OK) st = judge(outer, fold, train, o, seconds, arena, found, err);
    hx_table_free(train);
    hx_arena_free(arena);
    return st;
}

static hx_status run_nested(const hx_table *t, const hx_tune_options *o, double seconds,
                            nested *out, hx_error *err) {
    hx_folds outer;
    hx_cross_options cross = o->cross;
    cross.n_folds = o->n_outer;
    cross.n_repeats = 1;
    HX_TRY(hx_folds_open(&outer, t, &cross, err));
    hx_status st = HX_OK;
    for (size_t k = 0; k < outer.n_folds && st == HX_OK; k++)
        st = outer_fold(&outer, k, o, seconds, &out->found[out->n++], err);
    hx_folds_close(&outer);
    return st;
}

/* ------------------------------------------------------------------ words */
static void put_number(hx_json_writer *w, const char *key, double value) {
    hx_json_key(w, key);
    hx_json_double(w, value);
}

static void put_setting(const hx_setting *one, hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "model");
    hx_json_cstr(w, one->kind->name);
    hx_json_key(w, "params");
    hx_json_raw(w, one->params);
    put_number(w, "mean", one->mean);
    put_number(w, "sd", one->sd);
    hx_put_numbers(w, "folds", one->found, one->done);
    hx_json_end_object(w);
}

static void put_nested(const nested *of, hx_json_writer *w) {
    double mean, sd;
    hx_mean_sd(of->found, of->n, &mean, &sd);
    hx_json_key(w, "nested");
    hx_json_object(w);
    put_number(w, "mean", mean);
    put_number(w, "sd", sd);
    hx_put_numbers(w, "folds", of->found, of->n);
    hx_json_end_object(w);
}

static hx_status write_json(const hx_tuning *s, const nested *of, hx_str *json, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_learn_task task = s->folds.truth.task;
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "target");
    hx_json_cstr(&w, s->folds.learn.target);
    hx_json_key(&w, "task");
    hx_json_cstr(&w, task == HX_TASK_CLASSES ? "classes" : "regression");
    hx_json_key(&w, "n");
    hx_json_int(&w, (int64_t)s->folds.truth.n);
    hx_json_key(&w, "folds");
    hx_json_int(&w, (int64_t)s->folds.n_folds);
    hx_json_key(&w, "figure");
    hx_json_cstr(&w, hx_figure_name(hx_figure_usual(task)));
    hx_json_key(&w, "best");
    put_setting(hx_setting_best(s, NULL), &w);
    if (s->together) hx_search_put_members(s, &w);
    if (of->n > 0) put_nested(of, &w);
    hx_json_key(&w, "tried");
    hx_json_array(&w);
    for (size_t i = 0; i < s->n_tried; i++)
        put_setting(&s->tried[i], &w);
    hx_json_end_array(&w);
    hx_json_end_object(&w);
    hx_status st = hx_buf_status(&b, "figures", err);
    if (st == HX_OK) *json = hx_arena_str(s->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st != HX_OK || json->ptr ? st : no_memory(err);
}

hx_status hx_learner_tune(hx_learner **best, const hx_table *t, const hx_tune_options *o,
                          hx_arena *arena, hx_str *json, hx_error *err) {
    hx_tuning s;
    nested of = {.n = 0};
    double seconds = o->seconds / (double)(o->n_outer + 1);
    *best = NULL;
    *json = (hx_str){0};
    if (o->n_outer == 1 || o->n_outer > HX_FOLDS_MAX)
        return hx_fail(err, HX_EINVAL, "a nested search needs 2 to %d outer folds", HX_FOLDS_MAX);
    hx_status st = open_search(&s, t, o, arena, err);
    if (st == HX_OK) st = run_search(&s, o, seconds, err);
    if (st == HX_OK && o->n_outer > 0) st = run_nested(t, o, seconds, &of, err);
    if (st == HX_OK) st = fit_best(&s, t, best, err);
    if (st == HX_OK) st = write_json(&s, &of, json, err);
    if (st != HX_OK) hx_learner_free(*best);
    if (st != HX_OK) *best = NULL;
    close_search(&s);
    return st;
}
