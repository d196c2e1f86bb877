/* cross_validate_folds.c - folds of a table and runs on them; see cross_validate.h.
 *
 * Classes are spread evenly over folds; with groups, rows of a value stay together.
 *
 * A run's learner knows the classes of its training rows only; its probabilities are put under the classes of the whole table by name, and a class it
 * never saw has probability 0. By time the rows are cut into one part more than there are folds, and the first is trained on alone. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/pool.h"
#include "learn/cross_validate.h"
#include "learn/split.h"
#include "learn/special.h"

#define ARENA_MAX ((size_t)64 << 30)

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for cross-validation");
}

/* ------------------------------------------------------------------ names */
/* The model's own name, whatever it was called. */
static hx_status add_model(const char **names, size_t *n, const char *name, size_t len,
                           hx_arena *arena, hx_error *err) {
    const char *copy = hx_arena_str(arena, (hx_str){name, len}).ptr;
    if (!copy) return no_memory(err);
    const hx_estimator *e = NULL;
    HX_TRY(hx_estimator_named(&e, copy, err));
    copy = e->kind.name;
    for (size_t i = 0; i < *n; i++)
        if (strcmp(names[i], copy) == 0)
            return hx_fail(err, HX_EINVAL, "the model '%s' is named twice", copy);
    if (*n == HX_FOLD_MODELS_MAX)
        return hx_fail(err, HX_ELIMIT, "at most %d models at once", HX_FOLD_MODELS_MAX);
    names[(*n)++] = copy;
    return HX_OK;
}

hx_status hx_models_of(const char *list, hx_arena *arena, const char ***names, size_t *n,
                       hx_error *err) {
    const char *at = list && *list ? list : HX_MODEL_DEFAULT;
    *names = hx_arena_alloc(arena, HX_FOLD_MODELS_MAX * sizeof **names);
    *n = 0;
    if (!*names) return no_memory(err);
    for (;;) {
        size_t len = strcspn(at, ",");
        HX_TRY(add_model(*names, n, at, len, arena, err));
        if (at[len] == '\0') return HX_OK;
        at += len + 1;
    }
}

/* ------------------------------------------------------------------ folds */
typedef struct {
    double value;
    size_t row;
} placed;

static int compare_placed(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Equal numbers get equal codes; rows without a value are one group. */
static hx_status number_codes(const hx_table *t, size_t column, size_t n, hx_arena *arena,
                              uint32_t *codes, hx_error *err) {
    double *x = hx_arena_alloc(arena, (n + 1) * sizeof *x);
    placed *p = hx_arena_alloc(arena, (n + 1) * sizeof *p);
    if (!x || !p) return no_memory(err);
    hx_table_numbers(t, column, 0, n, x);
    for (size_t i = 0; i < n; i++)
        p[i] = (placed){isnan(x[i]) ? INFINITY : x[i], i};
    qsort(p, n, sizeof *p, compare_placed);
    uint32_t code = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && p[i].value != p[i - 1].value) code++;
        codes[p[i].row] = code;
    }
    return HX_OK;
}

static hx_status column_of(const hx_table *t, const char *name, size_t *column, hx_error *err) {
    *column = hx_table_find(t, hx_str_of(name));
    if (*column != HX_COLUMN_NONE) return HX_OK;
    return hx_fail(err, HX_ENOTFOUND, "there is no column '%s'", name);
}

hx_status hx_groups_of(const hx_table *t, const char *name, hx_arena *arena, uint32_t **out,
                       hx_error *err) {
    size_t column, n = hx_table_rows(t);
    HX_TRY(column_of(t, name, &column, err));
    uint32_t *codes = hx_arena_alloc(arena, (n + 1) * sizeof *codes);
    if (!codes) return no_memory(err);
    *out = codes;
    const hx_table_column *about = hx_table_column_at(t, column);
    if (about->kind != HX_KIND_TEXT) return number_codes(t, column, n, arena, codes, err);
    hx_table_codes(t, column, 0, n, codes);
    for (size_t i = 0; i < n; i++)
        if (codes[i] == HX_CODE_MISSING) codes[i] = (uint32_t)about->n_values;
    return HX_OK;
}

static hx_status times_of(const hx_table *t, const char *name, hx_arena *arena, double **out,
                          hx_error *err) {
    size_t column, n = hx_table_rows(t);
    HX_TRY(column_of(t, name, &column, err));
    if (hx_table_column_at(t, column)->kind == HX_KIND_TEXT)
        return hx_fail(err, HX_EINVAL, "the column '%s' holds texts, not numbers", name);
    *out = hx_arena_alloc(arena, (n + 1) * sizeof **out);
    if (!*out) return no_memory(err);
    hx_table_numbers(t, column, 0, n, *out);
    return HX_OK;
}

static hx_status deal(hx_folds *f, const hx_cross_options *o, hx_error *err) {
    size_t n = f->truth.n, parts = f->n_folds + f->by_time;
    hx_fold_options s = {0};
    uint32_t *strata = NULL, *groups = NULL;
    double *times = NULL;
    if (o->group) HX_TRY(hx_groups_of(f->t, o->group, f->arena, &groups, err));
    if (o->time) HX_TRY(times_of(f->t, o->time, f->arena, &times, err));
    if (f->truth.task == HX_TASK_CLASSES && !o->group && !o->time) {
        strata = hx_arena_alloc(f->arena, (n + 1) * sizeof *strata);
        for (size_t i = 0; strata && i < n; i++)
            strata[i] = (uint32_t)f->truth.y[i];
        if (!strata) return no_memory(err);
    }
    f->folds = hx_arena_alloc(f->arena, (n * f->n_repeats + 1) * sizeof *f->folds);
    if (!f->folds) return no_memory(err);
    s.strata = strata;
    s.groups = groups;
    s.times = times;
    for (size_t r = 0; r < f->n_repeats; r++) {
        s.seed = hx_hash_mix(f->learn.seed, r);
        HX_TRY(hx_split_folds(n, parts, &s, f->folds + r * n, err));
    }
    return HX_OK;
}

static hx_status open_truth(hx_folds *f, hx_error *err) {
    const hx_design_options d = {.target = f->learn.target, .task = f->learn.task};
    if (!f->learn.target)
        return hx_fail(err, HX_EINVAL, "say which column is to be learnt by --target");
    HX_TRY(hx_design_fit(&f->design, f->t, &d, err));
    f->learn.task = hx_design_task(f->design);
    if (f->learn.task != HX_TASK_REGRESSION && f->learn.task != HX_TASK_CLASSES)
        return hx_fail(err, HX_EINVAL,
                       "only models of numbers and of classes are evaluated row by row");
    return hx_design_problem(f->design, f->t, true, f->arena, &f->truth, err);
}

static hx_status check_counts(const hx_folds *f, const hx_cross_options *o, hx_error *err) {
    if (f->n_folds > HX_FOLDS_MAX || f->n_repeats > HX_REPEATS_MAX)
        return hx_fail(err, HX_EINVAL, "at most %d folds and %d repeats", HX_FOLDS_MAX,
                       HX_REPEATS_MAX);
    if (o->group && o->time)
        return hx_fail(err, HX_EINVAL,
                       "rows are split by strata, by groups or by time: one of the three");
    if (o->time && f->n_repeats > 1)
        return hx_fail(err, HX_EINVAL, "folds in order of time are the same in every repeat");
    return HX_OK;
}

hx_status hx_folds_open(hx_folds *f, const hx_table *t, const hx_cross_options *o, hx_error *err) {
    *f = (hx_folds){.t = t,
                    .learn = o->learn,
                    .n_folds = o->n_folds ? o->n_folds : 5,
                    .n_repeats = o->n_repeats ? o->n_repeats : 1,
                    .by_time = o->time != NULL};
    HX_TRY(check_counts(f, o, err));
    f->arena = hx_arena_new(ARENA_MAX);
    hx_status st = f->arena ? open_truth(f, err) : no_memory(err);
    if (st == HX_OK) st = deal(f, o, err);
    if (st != HX_OK) hx_folds_close(f);
    return st;
}

void hx_folds_close(hx_folds *f) {
    hx_design_free(f->design);
    hx_arena_free(f->arena);
    *f = (hx_folds){0};
}

bool hx_folds_covers(const hx_folds *f, size_t repeat, size_t row) {
    return !f->by_time || f->folds[repeat * f->truth.n + row] > 0;
}

/* ------------------------------------------------------------------ one run */
static size_t class_of(const hx_folds *f, const char *name) {
    for (size_t k = 0; k < f->truth.n_classes; k++)
        if (strcmp(f->truth.classes[k], name) == 0) return k;
    return 0;
}

/* The answers under the classes of the whole table: p (n, n_classes), values become their indexes. */
static hx_status spread(const hx_folds *f, hx_predictions *said, hx_arena *arena, hx_error *err) {
    size_t n_classes = f->truth.n_classes;
    size_t *map = hx_arena_alloc(arena, (said->n_classes + 1) * sizeof *map);
    double *p = hx_arena_alloc(arena, (said->n * n_classes + 1) * sizeof *p);
    if (!map || !p) return no_memory(err);
    memset(p, 0, said->n * n_classes * sizeof *p);
    for (size_t k = 0; k < said->n_classes; k++)
        map[k] = class_of(f, said->classes[k]);
    for (size_t i = 0; i < said->n; i++) {
        for (size_t k = 0; k < said->n_classes; k++)
            p[i * n_classes + map[k]] = said->probabilities[i * said->n_classes + k];
        said->values[i] = (double)map[(size_t)said->values[i]];
    }
    said->probabilities = p;
    said->n_classes = n_classes;
    return HX_OK;
}

static hx_status judge(const hx_folds *f, hx_fold_run *run, const size_t *rows,
                       const hx_predictions *said, hx_arena *arena, hx_error *err) {
    size_t k = f->truth.task == HX_TASK_CLASSES ? f->truth.n_classes : 0;
    double *truth = hx_arena_alloc(arena, (said->n + 1) * sizeof *truth);
    if (!truth) return no_memory(err);
    for (size_t i = 0; i < said->n; i++) {
        truth[i] = f->truth.y[rows[i]];
        if (run->values) run->values[rows[i]] = said->values[i];
        if (run->probabilities && k > 0)
            memcpy(run->probabilities + rows[i] * k, said->probabilities + i * k,
                   k * sizeof(double));
    }
    const hx_scored s = {.task = f->truth.task,
                         .n = said->n,
                         .n_classes = k,
                         .truth = truth,
                         .values = said->values,
                         .probabilities = said->probabilities};
    return hx_figures_of(&s, arena, &run->figures, err);
}

/* Figures of the rows that were learnt from. */
static hx_status judge_seen(const hx_folds *f, hx_fold_run *run, const hx_learner *l,
                            const hx_table *train, const size_t *rows, hx_arena *arena,
                            hx_error *err) {
    hx_predictions said;
    hx_fold_run of = *run;
    if (!run->seen) return HX_OK;
    HX_TRY(hx_learner_predict(l, train, 1, arena, &said, err));
    if (said.probabilities) HX_TRY(spread(f, &said, arena, err));
    of.values = of.probabilities = NULL;
    HX_TRY(judge(f, &of, rows, &said, arena, err));
    *run->seen = of.figures;
    return HX_OK;
}

typedef struct {
    const hx_table *train, *test;
    const size_t *train_rows, *test_rows;
} fold_tables;

static hx_status fit_and_judge(const hx_folds *f, hx_fold_run *run, const fold_tables *of,
                               hx_arena *arena, hx_error *err) {
    hx_learn_options o = f->learn;
    hx_learner *l = NULL;
    hx_predictions said;
    o.model = run->model;
    o.params = run->params;
    o.n_threads = 1;
    o.progress = NULL;
    o.seed = hx_hash_mix(hx_hash_mix(f->learn.seed, run->repeat), run->fold + 1);
    hx_status st =
        run->members ? hx_learner_fit_members(&l, of->train, run->members, run->n_members, &o, err)
                     : hx_learner_fit(&l, of->train, NULL, &o, err);
    if (st == HX_OK) st = hx_learner_predict(l, of->test, 1, arena, &said, err);
    if (st == HX_OK && said.probabilities) st = spread(f, &said, arena, err);
    if (st == HX_OK) st = judge(f, run, of->test_rows, &said, arena, err);
    if (st == HX_OK) st = judge_seen(f, run, l, of->train, of->train_rows, arena, err);
    hx_learner_free(l);
    return st;
}

static int compare_rows(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* Leaves a share of the training rows: by time the latest, else of each class alike, the smaller share within the larger. */
static hx_status thin(const hx_folds *f, const hx_fold_run *run, size_t *train, size_t *n_train,
                      hx_arena *arena, hx_error *err) {
    size_t n = *n_train, k = f->truth.task == HX_TASK_CLASSES ? f->truth.n_classes : 1;
    placed *order = hx_arena_alloc(arena, (n + 1) * sizeof *order);
    size_t *seen = hx_arena_alloc(arena, (2 * k + 1) * sizeof *seen), kept = 0;
    if (run->share <= 0 || run->share >= 1) return HX_OK;
    if (!order || !seen) return no_memory(err);
    memset(seen, 0, 2 * k * sizeof *seen);
    for (size_t i = 0; i < n; i++) {
        uint64_t draw = hx_hash_mix(hx_hash_mix(f->learn.seed, run->repeat), train[i]);
        double place = (double)f->folds[run->repeat * f->truth.n + train[i]];
        order[i] = (placed){f->by_time ? -place : (double)draw, train[i]};
        seen[k + (k > 1 ? (size_t)f->truth.y[train[i]] : 0)]++;
    }
    qsort(order, n, sizeof *order, compare_placed);
    for (size_t i = 0; i < n; i++) {
        size_t class = k > 1 ? (size_t)f->truth.y[order[i].row] : 0;
        if ((double)seen[class] >= ceil(run->share * (double)seen[k + class] - 1e-9)) continue;
        seen[class]++;
        train[kept++] = order[i].row;
    }
    qsort(train, kept, sizeof *train, compare_rows);
    *n_train = kept;
    return HX_OK;
}

static hx_status run_in(const hx_folds *f, hx_fold_run *run, hx_arena *arena, hx_error *err) {
    size_t n = f->truth.n;
    size_t *train = hx_arena_alloc(arena, (n + 1) * sizeof *train);
    size_t *test = hx_arena_alloc(arena, (n + 1) * sizeof *test);
    hx_table *a = NULL, *b = NULL;
    if (!train || !test) return no_memory(err);
    hx_split_rows(f->folds + run->repeat * n, n, (uint32_t)(run->fold + f->by_time), f->by_time,
                  train, &run->n_train, test, &run->n_test);
    HX_TRY(thin(f, run, train, &run->n_train, arena, err));
    hx_status st = hx_table_pick(&a, f->t, train, run->n_train, err);
    if (st == HX_OK) st = hx_table_pick(&b, f->t, test, run->n_test, err);
    const fold_tables of = {a, b, train, test};
    if (st == HX_OK) st = fit_and_judge(f, run, &of, arena, err);
    hx_table_free(a);
    hx_table_free(b);
    return st;
}

static hx_status forgiven(hx_fold_run *run, hx_status st) {
    if (!run->forgive || st == HX_OK || st == HX_ENOMEM || st == HX_ECANCELLED) return st;
    for (int i = 0; i < HX_FIGURES; i++) {
        run->figures.at[i] = NAN;
        if (run->seen) run->seen->at[i] = NAN;
    }
    return HX_OK;
}

typedef struct {
    const hx_folds *f;
    hx_fold_run *runs;
    atomic_size_t ended;
} job;

static hx_status run_one(void *context, size_t i, size_t worker, hx_error *err) {
    job *j = context;
    hx_arena *arena = hx_arena_new(ARENA_MAX);
    hx_status st = arena ? run_in(j->f, &j->runs[i], arena, err) : no_memory(err);
    hx_arena_free(arena);
    size_t ended = atomic_fetch_add(&j->ended, 1) + 1;
    if (j->f->ended && worker == 0) j->f->ended(j->f->context, ended);
    return forgiven(&j->runs[i], st);
}

hx_status hx_folds_run(const hx_folds *f, hx_fold_run *runs, size_t n, size_t n_threads,
                       hx_error *err) {
    job j = {.f = f, .runs = runs};
    atomic_init(&j.ended, 0);
    return hx_pool_run(n_threads, n, run_one, &j, err);
}

/* ------------------------------------------------------------------ sums */
void hx_mean_sd(const double *x, size_t n, double *mean, double *sd) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    *mean = n ? sum / (double)n : NAN;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - *mean) * (x[i] - *mean);
    *sd = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
}

hx_paired hx_paired_test(const double *a, const double *b, size_t n, double test_to_train) {
    hx_paired r = {NAN, NAN, NAN, NAN};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] - b[i];
    r.mean = n ? sum / (double)n : NAN;
    for (size_t i = 0; i < n; i++)
        squares += (a[i] - b[i] - r.mean) * (a[i] - b[i] - r.mean);
    if (n < 2) return r;
    r.sd = sqrt(squares / (double)(n - 1));
    double error = r.sd * sqrt(1 / (double)n + test_to_train);
    r.t = error > 0 ? r.mean / error : r.mean == 0 ? 0 : NAN;
    r.p = isnan(r.t) ? NAN : hx_student_tails(r.t, (double)(n - 1));
    return r;
}
