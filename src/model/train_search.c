/* train_search.c - several trainings of one configuration, each a run of its own in a folder of the whole: a whole that was broken off goes
 * on where it was. Settings that are tried: train_tune.c. Here:
 *
 *     folds    k trainings, each with another part of the data kept for validation; mean and deviation of their figures
 *     learner  the same of a learner of learn.h: each fold is a comparison of that one (train_compare.c), which leaves a run's files; of
 *              several learners each fold compares them, and their figures on the folds are put side by side */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"
#include "model/run.h"
#include "model/train.h"
#include "model/train_search.h"

#define PATH_BYTES 4096
#define METRICS_MAX ((size_t)16 << 20)

static bool are_several(const hx_search *s) {
    return s->learner && strchr(s->learner, ',') != NULL;
}

/* A comparison of one learner leaves the same files as a run; of several its own summary says how each did. */
static hx_status train_learner(const hx_search *s, hx_str config, const char *path, bool resume,
                               hx_arena *arena, hx_str *metrics, hx_error *err) {
    char place[PATH_BYTES + 16];
    hx_buf b;
    (void)snprintf(place, sizeof place, "%s/metrics.json", path);
    HX_TRY(hx_train_compare(config, path, s->learner, resume, s->calls, arena, metrics, err));
    if (are_several(s)) return HX_OK;
    hx_buf_init(&b, METRICS_MAX);
    hx_status st = hx_file_read(place, &b, err);
    if (st == HX_OK) *metrics = hx_arena_str(arena, hx_buf_str(&b));
    hx_buf_release(&b);
    return st == HX_OK && !metrics->ptr ? hx_fail(err, HX_ENOMEM, "out of memory") : st;
}

hx_status hx_search_train(const hx_search *s, const json_t *config, const char *name, bool resume,
                          json_t **metrics, hx_error *err) {
    char path[PATH_BYTES];
    hx_str out = {NULL, 0};
    char *text = json_dumps(config, JSON_COMPACT);
    int n = snprintf(path, sizeof path, "%s/%s", s->folder, name);
    if (!text) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_arena *arena = hx_arena_new(0);
    hx_status st = HX_OK;
    if (!arena || n <= 0 || (size_t)n >= sizeof path)
        st = hx_fail(err, HX_ENOMEM, "out of memory");
    else if (s->learner)
        st = train_learner(s, hx_str_of(text), path, resume, arena, &out, err);
    else
        st = hx_train(hx_str_of(text), path, resume, s->calls, arena, &out, err);
    free(text);
    if (st == HX_OK) st = hx_json_parse(out, METRICS_MAX, "metrics.json", metrics, err);
    hx_arena_free(arena);
    return st;
}

hx_status hx_search_write(const hx_search *s, const char *name, const json_t *j, hx_str *out,
                          hx_error *err) {
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", s->folder, name);
    char *text = json_dumps(j, JSON_COMPACT);
    if (!text) return hx_fail(err, HX_ENOMEM, "out of memory");
    *out = hx_arena_str(s->arena, hx_str_of(text));
    free(text);
    if (!out->ptr) return hx_fail(err, HX_ENOMEM, "out of memory");
    return hx_file_write(path, *out, false, err);
}

json_t *hx_search_figures(const json_t *metrics, const char *part) {
    json_t *tasks = json_object_get(json_object_get(metrics, part), "tasks");
    return json_object_iter_value(json_object_iter(tasks));
}

/* ------------------------------------------------------------------ folds */
static json_t *mean_and_deviation(json_t **all, size_t n, const char *part, const char *key) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_object_get(hx_search_figures(all[i], part), key);
        if (!json_is_number(v)) return NULL;
        sum += json_number_value(v);
    }
    for (size_t i = 0; i < n; i++) {
        double d = json_number_value(json_object_get(hx_search_figures(all[i], part), key)) -
                   sum / (double)n;
        squares += d * d;
    }
    return json_pack("{s:f,s:f}", "mean", sum / (double)n, "deviation",
                     sqrt(squares / (double)(n - 1)));
}

static json_t *means_of(json_t **all, size_t n, const char *part) {
    json_t *means = json_object(), *v;
    const char *key;
    json_object_foreach(hx_search_figures(all[0], part), key, v) {
        json_t *m = mean_and_deviation(all, n, part, key);
        if (m) (void)json_object_set_new(means, key, m);
    }
    return means;
}

/* A test that was asked for is the same of all folds: the figures say how their models do there. */
static json_t *summary_of(json_t **all, size_t n) {
    json_t *summary = json_object(), *folds = json_array();
    for (size_t i = 0; i < n; i++)
        (void)json_array_append(folds, hx_search_figures(all[i], "validation"));
    (void)json_object_set_new(summary, "folds", folds);
    (void)json_object_set_new(summary, "figures", means_of(all, n, "validation"));
    if (json_is_object(hx_search_figures(all[0], "test")))
        (void)json_object_set_new(summary, "test", means_of(all, n, "test"));
    return summary;
}

/* Row r of the fold's list: {"learner","accuracy","macro_f1"}. */
static const json_t *row_of(const json_t *fold, size_t r) {
    return json_array_get(json_object_get(fold, "validation"), r);
}

static json_t *over_folds(json_t **all, size_t n, size_t r, const char *key) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += json_number_value(json_object_get(row_of(all[i], r), key));
    for (size_t i = 0; i < n; i++) {
        double d = json_number_value(json_object_get(row_of(all[i], r), key)) - sum / (double)n;
        squares += d * d;
    }
    return json_pack("{s:f,s:f}", "mean", sum / (double)n, "deviation",
                     sqrt(squares / (double)(n - 1)));
}

static double mean_f1(const json_t *row) {
    return json_number_value(json_object_get(json_object_get(row, "macro_f1"), "mean"));
}

static bool is_together(const json_t *row) {
    const char *name = json_string_value(json_object_get(row, "learner"));
    return strcmp(name, "average") == 0 || strcmp(name, "stack") == 0;
}

/* {"learners":[{"learner","accuracy":{mean,deviation},"macro_f1":..,"gain"}],"chosen","folds":k}; gain: of the mean macro F1 over the best
 * single learner. */
static json_t *summary_of_learners(json_t **all, size_t n) {
    json_t *list = json_array(), *row, *best = NULL;
    size_t i;
    for (size_t r = 0; r < json_array_size(json_object_get(all[0], "validation")); r++) {
        row = json_pack("{s:O}", "learner", json_object_get(row_of(all[0], r), "learner"));
        (void)json_object_set_new(row, "accuracy", over_folds(all, n, r, "accuracy"));
        (void)json_object_set_new(row, "macro_f1", over_folds(all, n, r, "macro_f1"));
        (void)json_array_append_new(list, row);
        if (!is_together(row) && (!best || mean_f1(row) > mean_f1(best))) best = row;
    }
    json_array_foreach(list, i, row) if (is_together(row))(void)
        json_object_set_new(row, "gain", json_real(mean_f1(row) - mean_f1(best)));
    return json_pack("{s:o,s:O,s:I}", "learners", list, "chosen", json_object_get(best, "learner"),
                     "folds", (json_int_t)n);
}

/* All texts are in one of the folds, unless a test is asked for. */
static void leave_test_out(json_t *config) {
    json_t *task;
    size_t i;
    json_array_foreach(json_object_get(config, "tasks"), i,
                       task) if (!json_object_get(task, "test_size") &&
                                 !json_object_get(task, "test"))(void)
        json_object_set_new(task, "test_size", json_integer(0));
}

static hx_status claim(const hx_search *s, size_t k, bool resume, hx_error *err) {
    bool resumed;
    json_t *sums = json_object();
    (void)json_object_set_new(s->config, "folds", json_integer((json_int_t)k));
    (void)json_object_del(s->config, "fold");
    json_t *plain = json_copy(s->config); /* as a training knows it */
    if (plain) (void)json_object_del(plain, "learner_epochs");
    hx_status st = sums && plain ? hx_train_sums_of(plain, sums, s->arena, err)
                                 : hx_fail(err, HX_ENOMEM, "out of memory");
    json_decref(plain);
    if (st != HX_OK) {
        json_decref(sums);
        return st;
    }
    if (s->learner) (void)json_object_set_new(s->config, "learner", json_string(s->learner));
    st = hx_train_claim(s->folder, s->config, sums, resume, &resumed, err);
    (void)json_object_del(s->config, "learner");
    return st;
}

/* "learner" is for folds alone; what is trained does not know it. */
static hx_status take_learner(hx_search *s, hx_error *err) {
    const char *name = json_string_value(json_object_get(s->config, "learner"));
    if (!name) return HX_OK;
    s->learner = hx_arena_str(s->arena, hx_str_of(name)).ptr;
    (void)json_object_del(s->config, "learner");
    return s->learner ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

static hx_status run_folds(hx_search *s, size_t k, bool resume, json_t **all, hx_error *err) {
    for (size_t i = 0; i < k; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "fold%zu", i + 1);
        (void)json_object_set_new(s->config, "fold", json_integer((json_int_t)i));
        HX_TRY(hx_search_train(s, s->config, name, resume, &all[i], err));
    }
    return HX_OK;
}

hx_status hx_train_folds(hx_str config, const char *folder, size_t k, bool resume,
                         const hx_train_calls *calls, hx_arena *arena, hx_str *summary,
                         hx_error *err) {
    hx_search s = {.folder = folder, .calls = calls, .arena = arena};
    if (k < 2 || k > 100) return hx_fail(err, HX_EINVAL, "folds are 2 to 100");
    HX_TRY(hx_json_parse(config, HX_SEARCH_CONFIG_MAX, "the training's configuration", &s.config,
                         err));
    json_t **all = calloc(k, sizeof *all);
    leave_test_out(s.config);
    hx_status st = all ? take_learner(&s, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = claim(&s, k, resume, err);
    if (st == HX_OK) st = run_folds(&s, k, resume, all, err);
    if (st == HX_OK) {
        json_t *j = are_several(&s) ? summary_of_learners(all, k) : summary_of(all, k);
        st = hx_search_write(&s, "folds.json", j, summary, err);
        json_decref(j);
    }
    for (size_t i = 0; all && i < k; i++)
        json_decref(all[i]);
    free(all);
    json_decref(s.config);
    return st;
}
