/* train_tune.c - hx_train_tune(): settings drawn from lists, tried, the best by validation kept.
 *
 *     "tune":   {"rate":[1e-4,1e-3],"layers":[1,2],"width":[128,256],"smoothing":[0,0.1],"lora":[4,8]}
 *     "search": "halving"   all are trained a short while, the better third three times as long, ... (successive halving, arXiv 1502.07943)
 *               "random"    all are trained to the end (Bergstra & Bengio 2012)
 *
 * A setting is a key of the training or of its one task; "layers" and "width" are sizes of a new model, of a given one "layers" is how many
 * of its blocks stay. Only the best run keeps its weights and figures; the others keep what was asked, their log and trial.json, from which a
 * broken-off whole knows them. The test is told of the chosen one alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "model/run.h"
#include "model/train.h"
#include "model/train_search.h"

#define PATH_BYTES 4096
#define TRIALS_MAX 256
#define SETTINGS_BYTES 200
#define KEEP 3 /* one of so many goes on */

typedef struct {
    json_t *settings; /* owned */
    double figure;
    size_t number;
} trial;

typedef struct {
    hx_search search;
    const hx_train_calls *calls; /* the caller's */
    hx_train_calls
        quiet; /* of trials: without evaluations, and with the notices of the first alone, since the data stay the same */
    const char *folder;
    bool resume, halving;
    bool resumed; /* trials that are there were trained on the same files */
    size_t n, rounds, round; /* trials of this round, rounds in all */
    char kept[48]; /* the run that has its weights still; "" = none */
    double kept_figure;
    size_t kept_round;
    json_t *log; /* owned */
    hx_ui_lang ui;
} tuning;

/* ------------------------------------------------------------------ drawing */
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

/* ------------------------------------------------------------------ configurations */
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

static json_t *object_in(json_t *config, const char *key) {
    if (!json_object_get(config, key)) (void)json_object_set_new(config, key, json_object());
    return json_object_get(config, key);
}

/* Where a setting belongs, and what it is called there. */
static json_t *owner_of(json_t *config, const char **key) {
    static const char *const of_task[] = {"smoothing", "focal",         "mixup",      "mean",
                                          "balanced",  "teacher_share", "augment",    "hidden",
                                          "mask_rate", "hidden_share",  "max_length", "length"};
    bool given = json_object_get(config, "model") != NULL;
    if (strcmp(*key, "layers") == 0) {
        *key = given ? "keep_layers" : "num_hidden_layers";
        return given ? config : object_in(config, "sizes");
    }
    if (strcmp(*key, "width") == 0) {
        *key = "hidden_size";
        return object_in(config, "sizes");
    }
    for (size_t i = 0; i < sizeof of_task / sizeof *of_task; i++)
        if (strcmp(*key, of_task[i]) == 0)
            return json_array_get(json_object_get(config, "tasks"), 0);
    return config;
}

static json_t *config_of(const tuning *u, const json_t *settings, double share) {
    json_t *config = json_deep_copy(u->search.config), *v;
    const char *key;
    json_object_foreach((json_t *)(uintptr_t)settings, key, v) {
        const char *name = key;
        json_t *owner = config ? owner_of(config, &name) : NULL;
        if (owner) (void)json_object_set(owner, name, v);
    }
    if (config) shorten(config, share);
    return config;
}

static hx_status check_space(const json_t *config, const json_t *space, hx_error *err) {
    const char *key;
    const json_t *list;
    if (!json_is_object(space))
        return hx_fail(err, HX_EINVAL,
                       "tuning needs \"tune\": lists of values by key, {\"rate\":[1e-4,3e-4]}");
    if (json_object_size(space) == 0)
        return hx_fail(err, HX_EINVAL, "there are no settings to try");
    if (json_array_size(json_object_get(config, "tasks")) != 1)
        return hx_fail(err, HX_EINVAL, "settings are tuned for one task");
    json_object_foreach((json_t *)(uintptr_t)space, key, list) {
        if (json_array_size(list) == 0)
            return hx_fail(err, HX_EINVAL, "\"tune\": \"%s\" needs a list of values", key);
        if (strcmp(key, "width") == 0 && json_object_get(config, "model"))
            return hx_fail(err, HX_EINVAL,
                           "\"tune\": the width of a given model can't be changed; leave "
                           "\"width\" or \"model\" out");
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ folders of trials */
static bool path_of(const tuning *u, const char *run, const char *name, char out[PATH_BYTES]) {
    int n = snprintf(out, PATH_BYTES, "%s/%s%s%s", u->folder, run, *name ? "/" : "", name);
    return n > 0 && n < PATH_BYTES;
}

/* Weights, figures on the test and what was predicted there; what stays is small and says nothing of the test. */
static void drop_weights(const tuning *u, const char *run) {
    static const char *const names[] = {"best",         "last",
                                        "start",        "tokenizer",
                                        "corpus",       "adapter",
                                        "best.old",     "last.old",
                                        "metrics.json", "best.safetensors",
                                        "report.html",  "predictions.jsonl"};
    char path[PATH_BYTES];
    for (size_t i = 0; *run && i < sizeof names / sizeof *names; i++)
        if (path_of(u, run, names[i], path) && unlink(path) != 0)
            if (hx_run_remove_folder(path, NULL) != HX_OK) continue;
}

/* What is known of a trial that was done before: its figure. False where it is another one's, or not done. */
static bool recall(const tuning *u, const char *run, const json_t *config, double *figure) {
    char path[PATH_BYTES];
    json_t *j = NULL;
    hx_buf b;
    hx_buf_init(&b, HX_SEARCH_CONFIG_MAX);
    bool found = u->resumed && path_of(u, run, "trial.json", path) && hx_file_exists(path) &&
                 hx_file_read(path, &b, NULL) == HX_OK &&
                 hx_json_parse(hx_buf_str(&b), HX_SEARCH_CONFIG_MAX, path, &j, NULL) == HX_OK &&
                 json_equal(json_object_get(j, "config"), config);
    const json_t *v = json_object_get(j, "figure");
    if (found) *figure = json_is_number(v) ? json_number_value(v) : -INFINITY;
    json_decref(j);
    hx_buf_release(&b);
    return found;
}

static hx_status remember(const tuning *u, const char *run, const json_t *config, double figure,
                          hx_error *err) {
    char name[64];
    hx_str text;
    (void)snprintf(name, sizeof name, "%s/trial.json", run);
    json_t *j = json_pack("{s:O,s:o}", "config", config, "figure",
                          isfinite(figure) ? json_real(figure) : json_null());
    if (!j) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_status st = hx_search_write(&u->search, name, j, &text, err);
    json_decref(j);
    return st;
}

/* The best of the latest round keeps its weights. */
static void keep_best(tuning *u, const char *run, double figure) {
    bool better = !*u->kept || u->round > u->kept_round || figure > u->kept_figure;
    if (strcmp(run, u->kept) == 0) return;
    drop_weights(u, better ? u->kept : run);
    if (!better) return;
    (void)snprintf(u->kept, sizeof u->kept, "%s", run);
    u->kept_figure = figure;
    u->kept_round = u->round;
}

/* ------------------------------------------------------------------ trials */
static void tell(const tuning *u, const trial *t, size_t place) {
    hx_error e = {.ui = u->ui};
    const hx_train_calls *calls = u->calls;
    char *text = json_dumps(t->settings, JSON_COMPACT | JSON_REAL_PRECISION(6));
    (void)hx_fail(&e, HX_EINVAL, "round %zu of %zu, trial %zu of %zu: %.*s, %.4f", u->round,
                  u->rounds, place, u->n, SETTINGS_BYTES, text ? text : "", t->figure);
    if (calls->notice) calls->notice(calls->context, e.message);
    free(text);
}

static hx_status train_trial(const tuning *u, const json_t *config, const char *run, double *figure,
                             hx_error *err) {
    json_t *metrics = NULL;
    if (recall(u, run, config, figure)) return HX_OK;
    HX_TRY(hx_search_train(&u->search, config, run, u->resume, &metrics, err));
    const json_t *v = json_object_get(json_object_get(metrics, "validation"), "figure");
    *figure = json_is_number(v) ? json_number_value(v) : -INFINITY;
    json_decref(metrics);
    return remember(u, run, config, *figure, err);
}

static hx_status try_one(tuning *u, trial *t, size_t place, double share, hx_error *err) {
    char run[48];
    json_t *config = config_of(u, t->settings, share);
    if (!config) return hx_fail(err, HX_ENOMEM, "out of memory");
    (void)snprintf(run, sizeof run, "round%zu_trial%zu", u->round, t->number);
    hx_status st = train_trial(u, config, run, &t->figure, err);
    json_decref(config);
    if (st != HX_OK) return st;
    u->quiet.notice = NULL;
    keep_best(u, run, t->figure);
    tell(u, t, place);
    (void)json_array_append_new(
        u->log, json_pack("{s:s,s:O,s:f,s:f}", "run", run, "settings", t->settings, "figure",
                          isfinite(t->figure) ? t->figure : -1e30, "share", share));
    return HX_OK;
}

static hx_status run_rounds(tuning *u, trial *all, hx_error *err) {
    u->rounds = 1;
    for (size_t m = u->n; u->halving && m > KEEP; m = (m + KEEP - 1) / KEEP)
        u->rounds++;
    for (u->round = 1; u->round <= u->rounds; u->round++) {
        double share = pow(KEEP, -(double)(u->rounds - u->round));
        for (size_t i = 0; i < u->n; i++)
            HX_TRY(try_one(u, &all[i], i + 1, share, err));
        qsort(all, u->n, sizeof *all, by_figure);
        if (u->round < u->rounds) u->n = (u->n + KEEP - 1) / KEEP;
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ the end */
static hx_status read_metrics(const tuning *u, json_t **out, hx_error *err) {
    char path[PATH_BYTES];
    hx_buf b;
    hx_buf_init(&b, (size_t)16 << 20);
    hx_status st = path_of(u, u->kept, "metrics.json", path)
                       ? hx_file_read(path, &b, err)
                       : hx_fail(err, HX_EINVAL, "the path is too long");
    if (st == HX_OK) st = hx_json_parse(hx_buf_str(&b), b.len + 1, path, out, err);
    hx_buf_release(&b);
    return st;
}

/* The chosen run's record, with its figures on validation and, this once, on the test. */
static hx_status summarise(const tuning *u, hx_str *summary, hx_error *err) {
    json_t *metrics = NULL, *best = NULL;
    for (size_t i = 0; i < json_array_size(u->log); i++) {
        json_t *one = json_array_get(u->log, i);
        if (strcmp(json_string_value(json_object_get(one, "run")), u->kept) == 0) best = one;
    }
    HX_TRY(read_metrics(u, &metrics, err));
    json_t *chosen = json_copy(best);
    json_t *validation = hx_search_figures(metrics, "validation"),
           *test = hx_search_figures(metrics, "test");
    if (validation) (void)json_object_set(chosen, "validation", validation);
    if (test) (void)json_object_set(chosen, "test", test);
    json_t *j = json_pack("{s:o,s:O}", "best", chosen, "trials", u->log);
    hx_status st = j ? hx_search_write(&u->search, "tune.json", j, summary, err)
                     : hx_fail(err, HX_ENOMEM, "out of memory");
    json_decref(j);
    json_decref(metrics);
    return st;
}

/* Files are those of all trials: a model may be among the settings. */
static hx_status claim(tuning *u, const json_t *space, const trial *all, hx_error *err) {
    json_t *sums = json_object(), *whole = json_deep_copy(u->search.config);
    hx_status st = sums && whole ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; st == HX_OK && i < u->n; i++) {
        json_t *config = config_of(u, all[i].settings, 1);
        st = config ? hx_train_sums_of(config, sums, u->search.arena, err)
                    : hx_fail(err, HX_ENOMEM, "out of memory");
        json_decref(config);
    }
    (void)json_object_set(whole, "tune", (json_t *)(uintptr_t)space);
    (void)json_object_set_new(whole, "search", json_string(u->halving ? "halving" : "random"));
    if (st == HX_OK)
        st = hx_train_claim(u->folder, whole, json_incref(sums), u->resume, &u->resumed, err);
    json_decref(sums);
    json_decref(whole);
    return st;
}

static hx_status tune(tuning *u, const json_t *space, size_t n, hx_str *summary, hx_error *err) {
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(u->search.config, "seed"));
    trial *all = calloc(n, sizeof *all);
    u->log = json_array();
    size_t found = u->n = all ? draw_trials(space, seed, n, all) : 0;
    hx_status st =
        u->log && found > 0 ? claim(u, space, all, err) : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st == HX_OK) st = run_rounds(u, all, err);
    if (st == HX_OK) st = summarise(u, summary, err);
    for (size_t i = 0; i < found; i++)
        json_decref(all[i].settings);
    free(all);
    json_decref(u->log);
    return st;
}

static hx_status read_way(tuning *u, json_t *config, hx_error *err) {
    const char *way = json_string_value(json_object_get(config, "search"));
    u->halving = !way || strcmp(way, "halving") == 0;
    if (!u->halving && strcmp(way, "random") != 0)
        return hx_fail(err, HX_EINVAL, "\"search\" is halving or random, not %s", way);
    (void)json_object_del(config, "search");
    return HX_OK;
}

hx_status hx_train_tune(hx_str config, const char *folder, size_t n_trials, bool resume,
                        const hx_train_calls *calls, hx_arena *arena, hx_str *summary,
                        hx_error *err) {
    static const hx_train_calls none = {0};
    tuning u = {.search = {.folder = folder, .arena = arena},
                .calls = calls ? calls : &none,
                .folder = folder,
                .resume = resume,
                .ui = err ? err->ui : HX_UI_EN};
    u.quiet = *u.calls;
    u.quiet.evaluated = NULL;
    u.search.calls = &u.quiet;
    if (n_trials < 1 || n_trials > TRIALS_MAX)
        return hx_fail(err, HX_EINVAL, "trials are 1 to %d", TRIALS_MAX);
    HX_TRY(hx_json_parse(config, HX_SEARCH_CONFIG_MAX, "the training's configuration",
                         &u.search.config, err));
    json_t *space = json_incref(json_object_get(u.search.config, "tune"));
    (void)json_object_del(u.search.config, "tune");
    hx_status st = read_way(&u, u.search.config, err);
    if (st == HX_OK) st = check_space(u.search.config, space, err);
    if (st == HX_OK) st = tune(&u, space, n_trials, summary, err);
    json_decref(space);
    json_decref(u.search.config);
    return st;
}
