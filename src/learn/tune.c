/* tune.c - random search with successive halving over models and their parameters; see hx_learner_tune() in huaxiang/learn.h.
 *
 * Settings come in rounds of 9: first every model as it is, then drawn - every other one by chance over the ranges that the model's table of parameters
 * gives (on a logarithmic scale where it says so), the others around the best setting of that model so far, in the unit cube with a deviation of 0.15.
 * Models without ranges are tried as they are alone. A round is judged on one fold; the better third goes on to a third of the folds, the best third of those to all (Jamieson, Talwalkar 2016, with folds
 * as the budget). Settings as they are go on always, so that the search never ends below them. The best is that of the highest mean over all folds.
 *
 * Setting i is drawn from (seed, i): with the same number of settings the same search for any number of threads. A limit of seconds is looked at
 * between the steps of a round, behind the first round. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/rng.h"
#include "learn/cross_validate.h"
#include "learn/fields.h"

#define ROUND 9
#define TRIALS_USUAL 27
#define TRIALS_MAX 100000
#define NEAR 0.15
#define JSON_MAX ((size_t)1 << 30)
#define ARENA_MAX ((size_t)64 << 30)

typedef struct {
    const hx_model_kind *kind;
    double *unit; /* (kind.n_params): place in the range, NAN = fallback; arena */
    hx_str params; /* JSON; arena */
    double *found; /* (n_folds); arena */
    size_t done; /* folds */
    double mean, sd;
    bool plain; /* the model as it is */
} setting;

typedef struct {
    hx_folds folds;
    const char **models;
    size_t n_models, n_tuned; /* n_tuned: of those in `tuned`, which have ranges to draw from */
    const char *tuned[HX_FOLD_MODELS_MAX];
    setting *tried; /* (n_tried), room for n_most; arena */
    size_t n_tried, n_most;
    double deadline; /* monotonic seconds; INFINITY */
    size_t n_threads;
    uint64_t seed;
    hx_arena *arena; /* borrowed */
} search;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for the search");
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------ drawing */
static bool is_tuned(const hx_model_param *p) {
    return p->tune_high > p->tune_low;
}

static double value_of(const hx_model_param *p, double unit) {
    if (isnan(unit)) return p->fallback;
    double v = p->tune_log && p->tune_low > 0 ? p->tune_low * pow(p->tune_high / p->tune_low, unit)
                                              : p->tune_low + unit * (p->tune_high - p->tune_low);
    if (p->kind != HX_PARAM_NUMBER) v = round(v);
    return fmin(fmax(v, p->low), p->high);
}

static double normal(hx_rng *rng) {
    double radius = sqrt(-2 * log(1 - hx_rng_uniform(rng)));
    return radius * cos(2 * acos(-1) * hx_rng_uniform(rng));
}

/* The best setting of a model that went through all folds; NULL. */
static const setting *best_of(const search *s, const hx_model_kind *kind) {
    const setting *best = NULL;
    for (size_t i = 0; i < s->n_tried; i++) {
        const setting *one = &s->tried[i];
        if ((kind && one->kind != kind) || one->done < s->folds.n_folds || isnan(one->mean))
            continue;
        if (!best || one->mean > best->mean) best = one;
    }
    return best;
}

static void draw(const search *s, size_t index, setting *one) {
    hx_rng rng;
    bool free = !one->plain && (index - s->n_models) / s->n_tuned % 2 == 0;
    const setting *best = free ? NULL : best_of(s, one->kind);
    hx_rng_seed(&rng, hx_hash_mix(s->seed, index));
    for (size_t i = 0; i < one->kind->n_params; i++) {
        one->unit[i] = NAN;
        if (one->plain || !is_tuned(&one->kind->params[i])) continue;
        bool near = best && !isnan(best->unit[i]);
        double u = hx_rng_uniform(&rng), off = NEAR * normal(&rng);
        one->unit[i] = near ? fmin(fmax(best->unit[i] + off, 0), 1) : u;
    }
}

static hx_status write_params(const search *s, setting *one, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    double *values = calloc(one->kind->n_params + 1, sizeof *values);
    if (!values) return no_memory(err);
    for (size_t i = 0; i < one->kind->n_params; i++)
        values[i] = value_of(&one->kind->params[i], one->unit[i]);
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_params_write(one->kind, values, &w);
    hx_status st = hx_buf_status(&b, "parameters", err);
    if (st == HX_OK) one->params = hx_arena_str(s->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    free(values);
    return st != HX_OK || one->params.ptr ? st : no_memory(err);
}

static hx_status add_setting(search *s, hx_error *err) {
    size_t index = s->n_tried;
    setting *one = &s->tried[index];
    bool plain = index < s->n_models;
    const hx_model_kind *kind =
        hx_model_kind_of(plain ? s->models[index] : s->tuned[(index - s->n_models) % s->n_tuned]);
    *one = (setting){.kind = kind, .plain = plain, .mean = NAN, .sd = NAN};
    one->unit = hx_arena_alloc(s->arena, (kind->n_params + 1) * sizeof *one->unit);
    one->found = hx_arena_alloc(s->arena, s->folds.n_folds * sizeof *one->found);
    if (!one->unit || !one->found) return no_memory(err);
    draw(s, index, one);
    s->n_tried++;
    return write_params(s, one, err);
}

/* ------------------------------------------------------------------ a round */
/* Takes settings to `end` folds each. */
static hx_status advance(search *s, setting *const *list, size_t n, size_t end, hx_error *err) {
    hx_fold_run *runs = calloc(n * s->folds.n_folds + 1, sizeof *runs);
    size_t n_runs = 0, at = 0;
    hx_figure usual = hx_figure_usual(s->folds.truth.task);
    if (!runs) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        for (size_t k = list[i]->done; k < end; k++)
            runs[n_runs++] = (hx_fold_run){.model = list[i]->kind->name,
                                           .params = list[i]->params,
                                           .fold = k,
                                           .forgive = !list[i]->plain};
    hx_status st = hx_folds_run(&s->folds, runs, n_runs, s->n_threads, err);
    for (size_t i = 0; i < n && st == HX_OK; i++) {
        for (size_t k = list[i]->done; k < end; k++)
            list[i]->found[k] = runs[at++].figures.at[usual];
        list[i]->done = end > list[i]->done ? end : list[i]->done;
        hx_mean_sd(list[i]->found, list[i]->done, &list[i]->mean, &list[i]->sd);
    }
    free(runs);
    return st;
}

/* Those as they are first, then by descending mean; of equal ones the earlier. */
static int compare_settings(const void *a, const void *b) {
    const setting *x = *(setting *const *)a, *y = *(setting *const *)b;
    if (x->plain != y->plain) return x->plain ? -1 : 1;
    double u = isnan(x->mean) ? -INFINITY : x->mean, v = isnan(y->mean) ? -INFINITY : y->mean;
    if (u != v) return u > v ? -1 : 1;
    return (x > y) - (x < y);
}

static size_t better_third(setting **list, size_t n) {
    size_t plain = 0;
    qsort(list, n, sizeof *list, compare_settings);
    while (plain < n && list[plain]->plain)
        plain++;
    return plain + (n - plain + 2) / 3;
}

static bool is_late(const search *s, size_t first) {
    return first > 0 && now() >= s->deadline;
}

static hx_status run_round(search *s, hx_error *err) {
    setting *list[ROUND + HX_FOLD_MODELS_MAX];
    size_t n = 0, first = s->n_tried, k = s->folds.n_folds;
    size_t most = first == 0 && s->n_models > ROUND ? s->n_models : ROUND;
    const size_t ends[] = {1, k > 3 ? (k + 2) / 3 : k > 1 ? 2 : 1, k};
    while (n < most && s->n_tried < s->n_most) {
        HX_TRY(add_setting(s, err));
        list[n++] = &s->tried[s->n_tried - 1];
    }
    for (size_t r = 0; r < sizeof ends / sizeof *ends; r++) {
        if (is_late(s, first)) return HX_OK;
        if (hx_flag_is_raised(s->folds.learn.cancel))
            return hx_fail(err, HX_ECANCELLED, "the learning was stopped");
        HX_TRY(advance(s, list, n, ends[r], err));
        n = better_third(list, n);
    }
    return HX_OK;
}

static hx_status run_search(search *s, const hx_tune_options *o, double seconds, hx_error *err) {
    s->n_most = o->n_trials ? o->n_trials : seconds > 0 ? TRIALS_MAX : TRIALS_USUAL;
    if (s->n_most < s->n_models || s->n_tuned == 0) s->n_most = s->n_models;
    if (s->n_most > TRIALS_MAX) s->n_most = TRIALS_MAX;
    s->tried = hx_arena_alloc(s->arena, s->n_most * sizeof *s->tried);
    if (!s->tried) return no_memory(err);
    s->deadline = seconds > 0 ? now() + seconds : INFINITY;
    while (s->n_tried < s->n_most && !is_late(s, s->n_tried))
        HX_TRY(run_round(s, err));
    return HX_OK;
}

/* ------------------------------------------------------------------ the search of one table */
static hx_status open_search(search *s, const hx_table *t, const hx_tune_options *o,
                             hx_arena *arena, hx_error *err) {
    hx_cross_options cross = o->cross;
    *s = (search){
        .arena = arena, .n_threads = o->cross.learn.n_threads, .seed = o->cross.learn.seed};
    cross.n_repeats = 1;
    HX_TRY(hx_models_of(cross.models, arena, &s->models, &s->n_models, err));
    for (size_t m = 0; m < s->n_models; m++) {
        const hx_model_kind *kind = hx_model_kind_of(s->models[m]);
        bool tuned = false;
        for (size_t i = 0; i < kind->n_params; i++)
            tuned |= is_tuned(&kind->params[i]);
        if (tuned) s->tuned[s->n_tuned++] = s->models[m];
    }
    return hx_folds_open(&s->folds, t, &cross, err);
}

static hx_status fit_best(const search *s, const hx_table *t, hx_learner **out, hx_error *err) {
    const setting *best = best_of(s, NULL);
    hx_learn_options o = s->folds.learn;
    if (!best)
        return hx_fail(err, HX_EINVAL, "no setting gave a figure; are there too few rows a fold?");
    o.model = best->kind->name;
    o.params = best->params;
    return hx_learner_fit(out, t, NULL, &o, err);
}

/* ------------------------------------------------------------------ nested */
typedef struct {
    double found[HX_FOLDS_MAX];
    size_t n;
} nested;

static hx_status judge(const hx_folds *outer, size_t fold, const hx_table *train,
                       const hx_tune_options *o, double seconds, hx_arena *arena, double *found,
                       hx_error *err) {
    search s;
    hx_fold_run run = {.fold = fold};
    HX_TRY(open_search(&s, train, o, arena, err));
    hx_status st = run_search(&s, o, seconds, err);
    const setting *best = st == HX_OK ? best_of(&s, NULL) : NULL;
    if (st == HX_OK && !best)
        st = hx_fail(err, HX_EINVAL, "no setting gave a figure; are there too few rows a fold?");
    if (st == HX_OK) {
        run.model = best->kind->name;
        run.params = best->params;
        st = hx_folds_run(outer, &run, 1, 1, err);
    }
    *found = run.figures.at[hx_figure_usual(outer->truth.task)];
    hx_folds_close(&s.folds);
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

static void put_setting(const setting *one, hx_json_writer *w) {
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

static hx_status write_json(const search *s, const nested *of, hx_str *json, hx_error *err) {
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
    put_setting(best_of(s, NULL), &w);
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
    search s;
    nested of = {.n = 0};
    double seconds = o->seconds / (double)(o->n_outer + 1);
    *best = NULL;
    *json = (hx_str){0};
    if (o->n_outer == 1 || o->n_outer > HX_FOLDS_MAX)
        return hx_fail(err, HX_EINVAL, "a nested search needs 2 to %d outer folds", HX_FOLDS_MAX);
    HX_TRY(open_search(&s, t, o, arena, err));
    hx_status st = run_search(&s, o, seconds, err);
    if (st == HX_OK && o->n_outer > 0) st = run_nested(t, o, seconds, &of, err);
    if (st == HX_OK) st = fit_best(&s, t, best, err);
    if (st == HX_OK) st = write_json(&s, &of, json, err);
    if (st != HX_OK) hx_learner_free(*best);
    if (st != HX_OK) *best = NULL;
    hx_folds_close(&s.folds);
    return st;
}
