/* train_search.c - several trainings of one configuration: folds, settings tried out, learners compared and put together.
 *
 *     hx_train_folds     k trainings, each with another part of the data kept for validation; mean and deviation of the figures
 *     hx_train_tune      settings drawn from lists, all trained shortly, the better third longer, ... (successive halving, arXiv 1502.07943)
 *
 * Each training is a run of its own in a folder of the whole: a whole that was broken off goes on where it was. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/rng.h"
#include "huaxiang/model.h"

#define CONFIG_MAX ((size_t)1 << 20)
#define PATH_BYTES 4096
#define METRICS_MAX ((size_t)16 << 20)
#define TRIALS_MAX 256
#define KEEP 3 /* one of so many goes on */

typedef struct {
    json_t *config; /* borrowed */
    const char *folder;
    const hx_train_calls *calls;
    hx_arena *arena;
} search;

static hx_status make_folder(const char *path, hx_error *err) {
    struct stat st;
    if (mkdir(path, 0777) == 0) return HX_OK;
    if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return HX_OK;
    return hx_fail_errno(err, path, errno);
}

/* One training in folder/name; metrics is the caller's to json_decref(). */
static hx_status train_one(const search *s, const json_t *config, const char *name, bool resume,
                           json_t **metrics, hx_error *err) {
    char path[PATH_BYTES];
    hx_str out = {NULL, 0};
    char *text = json_dumps(config, JSON_COMPACT);
    int n = snprintf(path, sizeof path, "%s/%s", s->folder, name);
    if (!text) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_arena *arena = hx_arena_new(0);
    hx_status st = arena && n > 0 && (size_t)n < sizeof path
                       ? hx_train(hx_str_of(text), path, resume, s->calls, arena, &out, err)
                       : hx_fail(err, HX_ENOMEM, "out of memory");
    free(text);
    if (st == HX_OK) st = hx_json_parse(out, METRICS_MAX, "metrics.json", metrics, err);
    hx_arena_free(arena);
    return st;
}

static hx_status write_json(const search *s, const char *name, const json_t *j, hx_str *out,
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

static json_t *figures_of(const json_t *metrics, const char *part) {
    json_t *tasks = json_object_get(json_object_get(metrics, part), "tasks");
    return json_object_iter_value(json_object_iter(tasks));
}

/* ------------------------------------------------------------------ folds */
static json_t *mean_and_deviation(json_t **all, size_t n, const char *key) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_object_get(figures_of(all[i], "validation"), key);
        if (!json_is_number(v)) return NULL;
        sum += json_number_value(v);
    }
    for (size_t i = 0; i < n; i++) {
        double d = json_number_value(json_object_get(figures_of(all[i], "validation"), key)) -
                   sum / (double)n;
        squares += d * d;
    }
    return json_pack("{s:f,s:f}", "mean", sum / (double)n, "deviation",
                     sqrt(squares / (double)(n - 1)));
}

static json_t *summary_of(json_t **all, size_t n) {
    json_t *summary = json_object(), *folds = json_array(), *means = json_object(), *v;
    const char *key;
    for (size_t i = 0; i < n; i++)
        (void)json_array_append(folds, figures_of(all[i], "validation"));
    json_object_foreach(figures_of(all[0], "validation"), key, v) {
        json_t *m = mean_and_deviation(all, n, key);
        if (m) (void)json_object_set_new(means, key, m);
    }
    (void)json_object_set_new(summary, "folds", folds);
    (void)json_object_set_new(summary, "figures", means);
    return summary;
}

static hx_status run_folds(search *s, size_t k, bool resume, json_t **all, hx_error *err) {
    for (size_t i = 0; i < k; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "fold%zu", i + 1);
        (void)json_object_set_new(s->config, "folds", json_integer((json_int_t)k));
        (void)json_object_set_new(s->config, "fold", json_integer((json_int_t)i));
        HX_TRY(train_one(s, s->config, name, resume, &all[i], err));
    }
    return HX_OK;
}

hx_status hx_train_folds(hx_str config, const char *folder, size_t k, bool resume,
                         const hx_train_calls *calls, hx_arena *arena, hx_str *summary,
                         hx_error *err) {
    search s = {.folder = folder, .calls = calls, .arena = arena};
    if (k < 2 || k > 100) return hx_fail(err, HX_EINVAL, "folds are 2 to 100");
    HX_TRY(hx_json_parse(config, CONFIG_MAX, "the training's configuration", &s.config, err));
    json_t **all = calloc(k, sizeof *all);
    hx_status st = all ? make_folder(folder, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = run_folds(&s, k, resume, all, err);
    if (st == HX_OK) {
        json_t *j = summary_of(all, k);
        st = write_json(&s, "folds.json", j, summary, err);
        json_decref(j);
    }
    for (size_t i = 0; all && i < k; i++)
        json_decref(all[i]);
    free(all);
    json_decref(s.config);
    return st;
}

/* ------------------------------------------------------------------ settings */
typedef struct {
    json_t *settings; /* owned */
    double figure;
    size_t number;
} trial;

static json_t *draw_settings(const json_t *space, uint64_t seed, size_t number) {
    json_t *out = json_object(), *list;
    const char *key;
    hx_rng r;
    hx_rng_seed(&r, hx_hash_mix(seed, number));
    json_object_foreach((json_t *)(uintptr_t)space, key, list) {
        size_t n = json_array_size(list);
        if (n > 0) (void)json_object_set(out, key, json_array_get(list, hx_rng_below(&r, n)));
    }
    return out;
}

static bool is_drawn(const trial *all, size_t n, const json_t *settings) {
    for (size_t i = 0; i < n; i++)
        if (json_equal(all[i].settings, settings)) return true;
    return false;
}

/* Different settings, as many as there are, at most n. */
static size_t draw_trials(const json_t *space, uint64_t seed, size_t n, trial *all) {
    size_t found = 0;
    for (size_t i = 0; i < 20 * n && found < n; i++) {
        json_t *settings = draw_settings(space, seed, i);
        if (is_drawn(all, found, settings)) {
            json_decref(settings);
            continue;
        }
        all[found] = (trial){.settings = settings, .number = found + 1};
        found++;
    }
    return found;
}

static int by_figure(const void *a, const void *b) {
    const trial *x = a, *y = b;
    if (x->figure != y->figure) return x->figure > y->figure ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Of the last round all steps or epochs, of the one before a third, ... */
static void shorten(json_t *config, double share) {
    static const char *const keys[] = {"steps", "epochs", "minutes"};
    for (size_t i = 0; i < 3; i++) {
        const json_t *v = json_object_get(config, keys[i]);
        if (!json_is_number(v)) continue;
        double x = json_number_value(v) * share;
        (void)json_object_set_new(config, keys[i],
                                  i == 0 ? json_integer((json_int_t)ceil(x)) : json_real(x));
    }
}

static hx_status try_one(const search *s, trial *t, size_t round, double share, bool resume,
                         json_t *log, hx_error *err) {
    char name[48];
    json_t *config = json_deep_copy(s->config), *metrics = NULL;
    if (!config) return hx_fail(err, HX_ENOMEM, "out of memory");
    (void)json_object_update(config, t->settings);
    shorten(config, share);
    (void)snprintf(name, sizeof name, "round%zu_trial%zu", round, t->number);
    hx_status st = train_one(s, config, name, resume, &metrics, err);
    json_decref(config);
    if (st != HX_OK) return st;
    const json_t *v = json_object_get(json_object_get(metrics, "validation"), "figure");
    t->figure = json_is_number(v) ? json_number_value(v) : -INFINITY;
    (void)json_array_append_new(
        log, json_pack("{s:s,s:O,s:f,s:f}", "run", name, "settings", t->settings, "figure",
                       isfinite(t->figure) ? t->figure : -1e30, "share", share));
    json_decref(metrics);
    return HX_OK;
}

static hx_status run_rounds(const search *s, trial *all, size_t n, bool resume, json_t *log,
                            hx_error *err) {
    size_t rounds = 1;
    for (size_t m = n; m > KEEP; m = (m + KEEP - 1) / KEEP)
        rounds++;
    for (size_t round = 1; round <= rounds; round++) {
        double share = pow(KEEP, -(double)(rounds - round));
        for (size_t i = 0; i < n; i++)
            HX_TRY(try_one(s, &all[i], round, share, resume, log, err));
        qsort(all, n, sizeof *all, by_figure);
        if (round < rounds) n = (n + KEEP - 1) / KEEP;
    }
    return HX_OK;
}

static hx_status tune(search *s, const json_t *space, size_t n, bool resume, hx_str *summary,
                      hx_error *err) {
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(s->config, "seed"));
    trial *all = calloc(n, sizeof *all);
    json_t *log = json_array();
    size_t found = all ? draw_trials(space, seed, n, all) : 0;
    hx_status st = log && found > 0 ? make_folder(s->folder, err)
                                    : hx_fail(err, HX_EINVAL, "there are no settings to try");
    if (st == HX_OK) st = run_rounds(s, all, found, resume, log, err);
    if (st == HX_OK) {
        json_t *last = json_array_get(log, json_array_size(log) - 1);
        for (size_t i = 0; i < json_array_size(log); i++)
            if (json_equal(json_object_get(json_array_get(log, i), "settings"), all[0].settings))
                last = json_array_get(log, i);
        json_t *j = json_pack("{s:O,s:O}", "best", last, "trials", log);
        st = write_json(s, "tune.json", j, summary, err);
        json_decref(j);
    }
    for (size_t i = 0; i < found; i++)
        json_decref(all[i].settings);
    free(all);
    json_decref(log);
    return st;
}

hx_status hx_train_tune(hx_str config, const char *folder, size_t n_trials, bool resume,
                        const hx_train_calls *calls, hx_arena *arena, hx_str *summary,
                        hx_error *err) {
    search s = {.folder = folder, .calls = calls, .arena = arena};
    if (n_trials < 1 || n_trials > TRIALS_MAX)
        return hx_fail(err, HX_EINVAL, "trials are 1 to %d", TRIALS_MAX);
    HX_TRY(hx_json_parse(config, CONFIG_MAX, "the training's configuration", &s.config, err));
    json_t *space = json_incref(json_object_get(s.config, "tune"));
    (void)json_object_del(s.config, "tune");
    hx_status st =
        json_is_object(space)
            ? tune(&s, space, n_trials, resume, summary, err)
            : hx_fail(err, HX_EINVAL,
                      "tuning needs \"tune\": lists of values by key, {\"rate\":[1e-4,3e-4]}");
    json_decref(space);
    json_decref(s.config);
    return st;
}
