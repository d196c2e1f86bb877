/* cross_validate.c - cross-validation of models on the same folds as one JSON object; see hx_cross_validate() in huaxiang/learn.h.
 *
 * A figure of a model is the mean over folds (of all repeats) with its sample standard deviation. Two models are compared fold by fold; folds share
 * training rows, so the t-test is corrected as Nadeau and Bengio (2003) have it, with n_test / n_train of the mean fold. McNemar's exact test counts the
 * rows of the first repeat that only one model has right. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "learn/cross_validate.h"
#include "learn/fields.h"

#define JSON_MAX ((size_t)1 << 30)
#define PARAMS_MAX ((size_t)1 << 20)
#define NAME_MAX_ 256

typedef struct {
    hx_folds folds;
    const char **models;
    size_t n_models, n_runs; /* n_runs of one model: folds x repeats */
    hx_fold_run *runs; /* (n_models, n_repeats, n_folds) */
    double **values, **probabilities; /* (n_models): of the first repeat */
    hx_str *params; /* (n_models) */
    const hx_cross_options *o;
    hx_arena *arena; /* borrowed */
} crossing;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for cross-validation");
}

/* ------------------------------------------------------------------ parameters */
static hx_status member_of(const json_t *all, const char *model, hx_arena *arena, hx_str *out,
                           hx_error *err) {
    const json_t *one = json_object_get(all, model);
    *out = (hx_str){0};
    if (!one) return HX_OK;
    char *text = json_dumps(one, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text) *out = hx_arena_str(arena, hx_str_of(text));
    free(text);
    return out->ptr ? HX_OK : no_memory(err);
}

static hx_status check_names(const crossing *c, json_t *all, hx_error *err) {
    const char *name;
    json_t *value;
    json_object_foreach(all, name, value) {
        bool known = false;
        for (size_t m = 0; m < c->n_models; m++)
            known |= strcmp(c->models[m], name) == 0;
        if (!known)
            return hx_fail(err, HX_EINVAL,
                           "parameters of several models stand under their names: '%s' is none",
                           name);
    }
    return HX_OK;
}

/* Of several models {"ridge":{...},...}. */
static hx_status params_of(const crossing *c, hx_str params, hx_str *out, hx_error *err) {
    json_t *all;
    for (size_t m = 0; m < c->n_models; m++)
        out[m] = c->n_models == 1 ? params : (hx_str){0};
    if (c->n_models == 1 || params.len == 0) return HX_OK;
    HX_TRY(hx_json_parse(params, PARAMS_MAX, "parameters", &all, err));
    hx_status st = check_names(c, all, err);
    for (size_t m = 0; m < c->n_models && st == HX_OK; m++)
        st = member_of(all, c->models[m], c->arena, &out[m], err);
    json_decref(all);
    return st;
}

/* ------------------------------------------------------------------ the runs */
static hx_status make_rooms(crossing *c, hx_error *err) {
    const hx_problem *truth = &c->folds.truth;
    size_t k = truth->task == HX_TASK_CLASSES ? truth->n_classes : 0;
    c->values = hx_arena_alloc(c->arena, c->n_models * sizeof *c->values);
    c->probabilities = hx_arena_alloc(c->arena, c->n_models * sizeof *c->probabilities);
    if (!c->values || !c->probabilities) return no_memory(err);
    for (size_t m = 0; m < c->n_models; m++) {
        c->values[m] = hx_arena_alloc(c->arena, (truth->n + 1) * sizeof(double));
        c->probabilities[m] = hx_arena_alloc(c->arena, (truth->n * k + 1) * sizeof(double));
        if (!c->values[m] || !c->probabilities[m]) return no_memory(err);
        for (size_t i = 0; i < truth->n; i++)
            c->values[m][i] = NAN;
        for (size_t i = 0; i < truth->n * k; i++)
            c->probabilities[m][i] = NAN;
    }
    return HX_OK;
}

static hx_status run_all(crossing *c, const hx_cross_options *o, hx_error *err) {
    hx_str *params = c->params = hx_arena_alloc(c->arena, c->n_models * sizeof *params);
    size_t n_folds = c->folds.n_folds;
    c->n_runs = n_folds * c->folds.n_repeats;
    c->runs = hx_arena_alloc(c->arena, c->n_models * c->n_runs * sizeof *c->runs);
    if (!params || !c->runs) return no_memory(err);
    HX_TRY(params_of(c, o->params, params, err));
    HX_TRY(make_rooms(c, err));
    for (size_t m = 0; m < c->n_models; m++)
        for (size_t i = 0; i < c->n_runs; i++) {
            bool first = i < n_folds;
            c->runs[m * c->n_runs + i] =
                (hx_fold_run){.model = c->models[m],
                              .params = params[m],
                              .repeat = i / n_folds,
                              .fold = i % n_folds,
                              .values = first ? c->values[m] : NULL,
                              .probabilities = first ? c->probabilities[m] : NULL};
        }
    return hx_folds_run(&c->folds, c->runs, c->n_models * c->n_runs, o->learn.n_threads, err);
}

/* ------------------------------------------------------------------ words */
static void put_number(hx_json_writer *w, const char *key, double value) {
    hx_json_key(w, key);
    hx_json_double(w, value);
}

static double *figure_of(const crossing *c, size_t model, int figure, double *room) {
    for (size_t i = 0; i < c->n_runs; i++)
        room[i] = c->runs[model * c->n_runs + i].figures.at[figure];
    return room;
}

/* What was said of rows out of fold in the first repeat, as an evaluation with its curves. */
static hx_status put_said(const crossing *c, size_t m, hx_json_writer *w, hx_error *err) {
    const hx_problem *truth = &c->folds.truth;
    size_t k = truth->task == HX_TASK_CLASSES ? truth->n_classes : 0, kept = 0;
    double *y = hx_arena_alloc(c->arena, (truth->n + 1) * sizeof *y);
    double *values = hx_arena_alloc(c->arena, (truth->n + 1) * sizeof *values);
    double *p = hx_arena_alloc(c->arena, (truth->n * k + 1) * sizeof *p);
    if (!y || !values || !p) return no_memory(err);
    for (size_t i = 0; i < truth->n; i++) {
        if (!hx_folds_covers(&c->folds, 0, i)) continue;
        y[kept] = truth->y[i];
        values[kept] = c->values[m][i];
        memcpy(p + kept++ * k, c->probabilities[m] + i * k, k * sizeof *p);
    }
    const hx_scored s = {truth->task, kept, k, y, values, p, 0};
    const hx_assessed of = {c->models[m], c->folds.learn.target, truth->classes};
    const hx_assess_options o = {.cost_false_positive = c->o->cost_false_positive,
                                 .cost_false_negative = c->o->cost_false_negative,
                                 .seed = c->folds.learn.seed,
                                 .n_threads = c->o->learn.n_threads,
                                 .curves = true};
    hx_json_key(w, "out_of_fold");
    hx_json_object(w);
    HX_TRY(hx_assessment_write(&of, &s, &o, c->arena, w, err));
    hx_json_end_object(w);
    return HX_OK;
}

static hx_status put_model(const crossing *c, size_t m, double *room, hx_json_writer *w,
                           hx_error *err) {
    hx_json_object(w);
    hx_json_key(w, "model");
    hx_json_cstr(w, c->models[m]);
    for (int f = 0; f < HX_FIGURES; f++) {
        if (!hx_figure_is_of((hx_figure)f, c->folds.truth.task)) continue;
        double mean, sd;
        hx_mean_sd(figure_of(c, m, f, room), c->n_runs, &mean, &sd);
        hx_json_key(w, hx_figure_name((hx_figure)f));
        hx_json_object(w);
        put_number(w, "mean", mean);
        put_number(w, "sd", sd);
        hx_put_numbers(w, "folds", room, c->n_runs);
        hx_json_end_object(w);
    }
    if (c->o->curve)
        HX_TRY(hx_learning_curve(&c->folds, c->models[m], c->params[m], c->o->learn.n_threads, w,
                                 err));
    if (c->o->curves) HX_TRY(put_said(c, m, w, err));
    hx_json_end_object(w);
    return HX_OK;
}

static double test_to_train(const crossing *c) {
    double test = 0, train = 0;
    for (size_t i = 0; i < c->n_runs; i++) {
        test += (double)c->runs[i].n_test;
        train += (double)c->runs[i].n_train;
    }
    return test / train;
}

static hx_status put_mcnemar(const crossing *c, size_t a, size_t b, hx_json_writer *w,
                             hx_error *err) {
    size_t n = c->folds.truth.n, kept = 0;
    uint32_t *labels = calloc(3 * n + 1, sizeof *labels);
    if (!labels) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        if (!hx_folds_covers(&c->folds, 0, i)) continue;
        labels[kept] = (uint32_t)c->folds.truth.y[i];
        labels[n + kept] = (uint32_t)c->values[a][i];
        labels[2 * n + kept++] = (uint32_t)c->values[b][i];
    }
    const hx_mcnemar m = hx_mcnemar_of(labels, labels + n, labels + 2 * n, kept);
    free(labels);
    hx_json_key(w, "mcnemar");
    hx_json_object(w);
    hx_json_key(w, "only_first");
    hx_json_int(w, (int64_t)m.b);
    hx_json_key(w, "only_second");
    hx_json_int(w, (int64_t)m.c);
    put_number(w, "p", m.p);
    hx_json_end_object(w);
    return HX_OK;
}

static hx_status put_test(const crossing *c, size_t a, size_t b, double *room, hx_json_writer *w,
                          hx_error *err) {
    int usual = (int)hx_figure_usual(c->folds.truth.task);
    const double *x = figure_of(c, a, usual, room), *y = figure_of(c, b, usual, room + c->n_runs);
    const hx_paired t = hx_paired_test(x, y, c->n_runs, test_to_train(c));
    hx_json_object(w);
    hx_json_key(w, "first");
    hx_json_cstr(w, c->models[a]);
    hx_json_key(w, "second");
    hx_json_cstr(w, c->models[b]);
    put_number(w, "difference", t.mean);
    put_number(w, "sd", t.sd);
    put_number(w, "t", t.t);
    hx_json_key(w, "freedom");
    hx_json_int(w, (int64_t)c->n_runs - 1);
    put_number(w, "p", t.p);
    if (c->folds.truth.task == HX_TASK_CLASSES) HX_TRY(put_mcnemar(c, a, b, w, err));
    hx_json_end_object(w);
    return HX_OK;
}

static size_t best_of(const crossing *c, double *room) {
    size_t best = 0;
    double most = -INFINITY, mean, sd;
    for (size_t m = 0; m < c->n_models; m++) {
        hx_mean_sd(figure_of(c, m, (int)hx_figure_usual(c->folds.truth.task), room), c->n_runs,
                   &mean, &sd);
        if (mean > most) {
            most = mean;
            best = m;
        }
    }
    return best;
}

static void put_head(const crossing *c, hx_json_writer *w) {
    const hx_problem *truth = &c->folds.truth;
    const struct {
        const char *key;
        size_t n;
    } counts[] = {{"n", truth->n}, {"folds", c->folds.n_folds}, {"repeats", c->folds.n_repeats}};
    hx_json_key(w, "target");
    hx_json_cstr(w, c->folds.learn.target);
    hx_json_key(w, "task");
    hx_json_cstr(w, truth->task == HX_TASK_CLASSES ? "classes" : "regression");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        hx_json_key(w, counts[i].key);
        hx_json_int(w, (int64_t)counts[i].n);
    }
    if (truth->task == HX_TASK_CLASSES)
        hx_put_texts(w, "classes", truth->classes, truth->n_classes);
    hx_json_key(w, "figure");
    hx_json_cstr(w, hx_figure_name(hx_figure_usual(truth->task)));
}

static hx_status put_all(const crossing *c, hx_json_writer *w, hx_error *err) {
    double *room = hx_arena_alloc(c->arena, (2 * c->n_runs + 1) * sizeof *room);
    hx_status st = HX_OK;
    if (!room) return no_memory(err);
    hx_json_object(w);
    put_head(c, w);
    hx_json_key(w, "models");
    hx_json_array(w);
    for (size_t m = 0; m < c->n_models && st == HX_OK; m++)
        st = put_model(c, m, room, w, err);
    hx_json_end_array(w);
    hx_json_key(w, "best");
    hx_json_cstr(w, c->models[best_of(c, room)]);
    hx_json_key(w, "tests");
    hx_json_array(w);
    for (size_t a = 0; a < c->n_models; a++)
        for (size_t b = a + 1; b < c->n_models && st == HX_OK; b++)
            st = put_test(c, a, b, room, w, err);
    hx_json_end_array(w);
    hx_json_end_object(w);
    return st;
}

/* ------------------------------------------------------------------ out of fold */
static hx_status put_labels(const crossing *c, hx_table *t, const char *name, const double *values,
                            hx_error *err) {
    const hx_problem *truth = &c->folds.truth;
    hx_str *texts = hx_arena_alloc(c->arena, (truth->n_classes + 1) * sizeof *texts);
    uint32_t *codes = hx_arena_alloc(c->arena, (truth->n + 1) * sizeof *codes);
    if (!texts || !codes) return no_memory(err);
    for (size_t k = 0; k < truth->n_classes; k++)
        texts[k] = hx_str_of(truth->classes[k]);
    for (size_t i = 0; i < truth->n; i++)
        codes[i] = isnan(values[i]) ? HX_CODE_MISSING : (uint32_t)values[i];
    return hx_table_put_texts(t, hx_str_of(name), codes, texts, truth->n_classes, err);
}

/* Of two classes the probability of the second, else that of the class that was said. */
static hx_status put_probability(const crossing *c, hx_table *t, const char *name, size_t m,
                                 hx_error *err) {
    const hx_problem *truth = &c->folds.truth;
    double *p = hx_arena_alloc(c->arena, (truth->n + 1) * sizeof *p);
    if (!p) return no_memory(err);
    for (size_t i = 0; i < truth->n; i++) {
        double said = truth->n_classes == 2 ? 1 : c->values[m][i];
        p[i] =
            isnan(c->values[m][i]) ? NAN : c->probabilities[m][i * truth->n_classes + (size_t)said];
    }
    return hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, p, -1, err);
}

static hx_status put_columns(const crossing *c, hx_table *t, hx_error *err) {
    size_t n = c->folds.truth.n;
    char name[NAME_MAX_];
    double *folds = hx_arena_alloc(c->arena, (n + 1) * sizeof *folds);
    if (!folds) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        folds[i] = c->folds.folds[i] + !c->folds.by_time;
    HX_TRY(hx_table_put_numbers(t, HX_STR_LIT("fold"), HX_KIND_NUMBER, folds, 0, err));
    for (size_t m = 0; m < c->n_models; m++) {
        (void)snprintf(name, sizeof name, "prediction %s", c->models[m]);
        if (c->folds.truth.task != HX_TASK_CLASSES) {
            HX_TRY(hx_table_put_numbers(t, hx_str_of(name), HX_KIND_NUMBER, c->values[m], -1, err));
            continue;
        }
        HX_TRY(put_labels(c, t, name, c->values[m], err));
        (void)snprintf(name, sizeof name, "probability %s", c->models[m]);
        HX_TRY(put_probability(c, t, name, m, err));
    }
    return HX_OK;
}

static hx_status put_table(const crossing *c, hx_table **out, hx_error *err) {
    size_t n = c->folds.truth.n, *rows = hx_arena_alloc(c->arena, (n + 1) * sizeof *rows);
    if (!rows) return no_memory(err);
    for (size_t i = 0; i < n; i++)
        rows[i] = i;
    HX_TRY(hx_table_pick(out, c->folds.t, rows, n, err));
    hx_status st = put_columns(c, *out, err);
    if (st == HX_OK) return HX_OK;
    hx_table_free(*out);
    *out = NULL;
    return st;
}

/* ------------------------------------------------------------------ the whole */
static hx_status write_json(const crossing *c, hx_str *json, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    hx_buf_init(&b, JSON_MAX);
    hx_json_begin(&w, &b);
    hx_status st = put_all(c, &w, err);
    if (st == HX_OK) st = hx_buf_status(&b, "figures", err);
    if (st == HX_OK) *json = hx_arena_str(c->arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st != HX_OK || json->ptr ? st : no_memory(err);
}

hx_status hx_cross_validate(const hx_table *t, const hx_cross_options *o, hx_arena *arena,
                            hx_str *json, hx_table **out_of_fold, hx_error *err) {
    crossing c = {.arena = arena, .o = o};
    *json = (hx_str){0};
    if (out_of_fold) *out_of_fold = NULL;
    HX_TRY(hx_models_of(o->models, arena, &c.models, &c.n_models, err));
    HX_TRY(hx_folds_open(&c.folds, t, o, err));
    hx_status st = run_all(&c, o, err);
    if (st == HX_OK) st = write_json(&c, json, err);
    if (st == HX_OK && out_of_fold) st = put_table(&c, out_of_fold, err);
    hx_folds_close(&c.folds);
    return st;
}
