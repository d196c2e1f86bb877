/* calibration_folds.c - the calibration of a learner of tables by rows out of fold; see calibration.h.
 *
 *     table -> folds, classes spread evenly -> what models of the other folds say -> map -> the learner, which learnt from all rows
 *
 * As scikit-learn's CalibratedClassifierCV(ensemble=False). The figures before and after are both of rows out of fold: behind, each fold is mapped by
 * what was fitted on the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/calibration.h"
#include "learn/cross_validate.h"

#define FOLDS_USUAL 5
#define SUMMARY_MAX ((size_t)1 << 20)

typedef struct {
    hx_learner *l;
    const hx_learn_options *o;
    hx_folds folds;
    hx_calibration_rows rows; /* all rows, under the learner's classes; in the folds' arena */
    uint32_t *labels;
    double *probabilities, *values, *weights; /* of rows */
} calibrating;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory to calibrate");
}

/* As many folds as the second commonest class has rows, so that each model sees two classes. */
static hx_status choose_folds(const hx_table *t, hx_cross_options *cross, hx_error *err) {
    hx_folds f;
    cross->n_folds = 2;
    HX_TRY(hx_folds_open(&f, t, cross, err));
    size_t *counts = hx_arena_alloc(f.arena, (f.truth.n_classes + 1) * sizeof *counts);
    size_t most = 0, second = 0;
    if (counts) memset(counts, 0, (f.truth.n_classes + 1) * sizeof *counts);
    for (size_t i = 0; counts && i < f.truth.n; i++)
        counts[(size_t)f.truth.y[i]]++;
    for (size_t k = 0; counts && k < f.truth.n_classes; k++) {
        second = counts[k] > most ? most : counts[k] > second ? counts[k] : second;
        most = counts[k] > most ? counts[k] : most;
    }
    hx_status st = counts ? HX_OK : no_memory(err);
    hx_folds_close(&f);
    cross->n_folds = second < FOLDS_USUAL ? second : FOLDS_USUAL;
    if (st == HX_OK && second < 2)
        st = hx_fail(err, HX_EINVAL, "to calibrate, two classes need two rows each or more");
    return st;
}

static hx_status write_params(const hx_learner *l, hx_arena *arena, hx_str *out, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, SUMMARY_MAX);
    hx_json_begin(&w, &b);
    hx_params_write(&l->estimator->kind, l->params, &w);
    hx_status st = hx_buf_status(&b, "parameters", err);
    if (st == HX_OK) *out = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st != HX_OK || out->ptr ? st : no_memory(err);
}

static hx_status run_folds(calibrating *c, hx_error *err) {
    hx_fold_run runs[FOLDS_USUAL];
    const hx_problem *truth = &c->folds.truth;
    hx_str params;
    c->values = hx_arena_alloc(c->folds.arena, (truth->n + 1) * sizeof *c->values);
    c->probabilities = hx_arena_alloc(c->folds.arena,
                                      (truth->n * truth->n_classes + 1) * sizeof *c->probabilities);
    if (!c->values || !c->probabilities) return no_memory(err);
    HX_TRY(write_params(c->l, c->folds.arena, &params, err));
    for (size_t k = 0; k < c->folds.n_folds; k++)
        runs[k] = (hx_fold_run){.model = c->l->estimator->kind.name,
                                .params = params,
                                .fold = k,
                                .values = c->values,
                                .probabilities = c->probabilities};
    return hx_folds_run(&c->folds, runs, c->folds.n_folds, c->o->n_threads, err);
}

/* The learner has its classes behind its recipe, the folds before it. */
static hx_status same_classes(const calibrating *c, hx_error *err) {
    const hx_problem *truth = &c->folds.truth;
    bool same = truth->n_classes == c->l->n_classes;
    for (size_t k = 0; k < truth->n_classes && same; k++)
        same = strcmp(truth->classes[k], c->l->classes[k]) == 0;
    return same ? HX_OK
                : hx_fail(err, HX_EINVAL,
                          "a recipe that changes the classes of '%s' can't be calibrated",
                          c->l->target);
}

static hx_status gather(calibrating *c, const hx_table *t, hx_error *err) {
    const hx_problem *truth = &c->folds.truth;
    size_t n = truth->n;
    c->labels = hx_arena_alloc(c->folds.arena, (n + 1) * sizeof *c->labels);
    c->weights = hx_arena_alloc(c->folds.arena, (n + 1) * sizeof *c->weights);
    if (!c->labels || !c->weights) return no_memory(err);
    size_t weight = c->o->weight ? hx_table_find(t, hx_str_of(c->o->weight)) : HX_COLUMN_NONE;
    for (size_t i = 0; i < n; i++)
        c->labels[i] = (uint32_t)truth->y[i];
    if (weight != HX_COLUMN_NONE) hx_table_numbers(t, weight, 0, n, c->weights);
    c->rows = (hx_calibration_rows){n, truth->n_classes, c->labels, c->probabilities,
                                    weight != HX_COLUMN_NONE ? c->weights : NULL};
    return HX_OK;
}

/* ------------------------------------------------------------------ before and after */
/* Rows of a fold (in = true) or of the others, copied; in the arena. */
static hx_status pick(const calibrating *c, size_t fold, bool in, hx_calibration_rows *out,
                      size_t *places, hx_error *err) {
    size_t n = c->rows.n, k = c->rows.n_classes;
    hx_arena *arena = c->folds.arena;
    uint32_t *labels = hx_arena_alloc(arena, (n + 1) * sizeof *labels);
    double *p = hx_arena_alloc(arena, (n * k + 1) * sizeof *p);
    double *weights = hx_arena_alloc(arena, (n + 1) * sizeof *weights);
    *out = (hx_calibration_rows){0, k, labels, p, c->rows.weights ? weights : NULL};
    if (!labels || !p || !weights) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        if ((c->folds.folds[i] == fold) != in) continue;
        places[out->n] = i;
        labels[out->n] = c->rows.labels[i];
        if (c->rows.weights) weights[out->n] = c->rows.weights[i];
        memcpy(p + out->n++ * k, c->rows.probabilities + i * k, k * sizeof *p);
    }
    return HX_OK;
}

/* out (n, classes): each fold mapped by what the others say. */
static hx_status map_folds(const calibrating *c, double *out, hx_error *err) {
    size_t *places = hx_arena_alloc(c->folds.arena, (c->rows.n + 1) * sizeof *places);
    size_t k = c->rows.n_classes;
    if (!places) return no_memory(err);
    for (size_t fold = 0; fold < c->folds.n_folds; fold++) {
        hx_calibration_rows others, own;
        hx_calibration *map = NULL;
        HX_TRY(pick(c, fold, false, &others, places, err));
        HX_TRY(pick(c, fold, true, &own, places, err));
        HX_TRY(hx_calibration_fit(&map, c->o->calibrate, &others, err));
        for (size_t i = 0; i < own.n; i++)
            memcpy(out + places[i] * k, own.probabilities + i * k, k * sizeof *out);
        for (size_t i = 0; i < own.n; i++)
            hx_calibration_apply(map, out + places[i] * k, 1);
        hx_calibration_free(map);
    }
    return HX_OK;
}

static hx_status figures_of(const calibrating *c, const double *p, hx_figures *out, hx_error *err) {
    const hx_scored s = {.task = HX_TASK_CLASSES,
                         .n = c->rows.n,
                         .n_classes = c->rows.n_classes,
                         .truth = c->folds.truth.y,
                         .values = c->values,
                         .probabilities = p};
    return hx_figures_of(&s, c->folds.arena, out, err);
}

static hx_status tell(const calibrating *c, hx_error *err) {
    static const hx_figure shown[] = {HX_FIGURE_ECE, HX_FIGURE_LOG_LOSS, HX_FIGURE_BRIER};
    hx_figures before, after;
    hx_buf b;
    hx_json_writer w;
    double *p = hx_arena_alloc(c->folds.arena, (c->rows.n * c->rows.n_classes + 1) * sizeof *p);
    if (!p) return no_memory(err);
    HX_TRY(map_folds(c, p, err));
    HX_TRY(figures_of(c, c->rows.probabilities, &before, err));
    HX_TRY(figures_of(c, p, &after, err));
    hx_buf_init(&b, SUMMARY_MAX);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "method");
    hx_json_cstr(&w, hx_calibrate_name(c->o->calibrate));
    hx_json_key(&w, "folds");
    hx_json_int(&w, (int64_t)c->folds.n_folds);
    for (int when = 0; when < 2; when++) {
        hx_json_key(&w, when ? "after" : "before");
        hx_json_object(&w);
        for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
            hx_json_key(&w, hx_figure_name(shown[i]));
            hx_json_double(&w, (when ? &after : &before)->at[shown[i]]);
        }
        hx_json_end_object(&w);
    }
    hx_json_end_object(&w);
    hx_status st = hx_learner_tell(c->l, "calibration", hx_buf_str(&b), err);
    hx_buf_release(&b);
    return st;
}

/* ------------------------------------------------------------------ the whole */
static hx_status calibrate(calibrating *c, const hx_table *t, hx_error *err) {
    HX_TRY(same_classes(c, err));
    HX_TRY(run_folds(c, err));
    HX_TRY(gather(c, t, err));
    HX_TRY(hx_calibration_fit(&c->l->calibration, c->o->calibrate, &c->rows, err));
    return tell(c, err);
}

hx_status hx_learner_calibrate(hx_learner *l, const hx_table *t, const hx_learn_options *o,
                               hx_error *err) {
    calibrating c = {.l = l, .o = o};
    hx_cross_options cross = {.learn = *o};
    if (hx_learner_task(l) != HX_TASK_CLASSES)
        return hx_fail(err, HX_EINVAL, "only probabilities of classes are calibrated");
    cross.learn.calibrate = HX_CALIBRATE_NONE;
    cross.learn.conformal = 0;
    cross.learn.task = HX_TASK_CLASSES;
    HX_TRY(choose_folds(t, &cross, err));
    HX_TRY(hx_folds_open(&c.folds, t, &cross, err));
    hx_status st = calibrate(&c, t, err);
    hx_folds_close(&c.folds);
    return st;
}
