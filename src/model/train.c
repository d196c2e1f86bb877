/* train.c - hx_train(): configuration -> model -> tasks -> run folder -> loop; see train.h. */
#include "model/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define CONFIG_MAX ((size_t)1 << 20)
#define RATE_NEW 1e-3
#define RATE_OLD 1e-4
#define RATE_LORA 1e-3

/* What is best not said: by what is trained. */
static void set_usual(hx_train_config *c) {
    if (c->rate <= 0)
        c->rate = c->lora > 0 || c->freeze ? RATE_LORA : c->model ? RATE_OLD : RATE_NEW;
    if (c->floor > c->rate) c->floor = c->rate;
}

static hx_status count_steps(hx_trainer *t, hx_error *err) {
    const hx_train_config *c = t->config;
    uint64_t batches = 0;
    t->steps = (uint64_t)c->steps;
    if (t->steps > 0 || !(c->epochs > 0)) return HX_OK;
    for (size_t i = 0; i < c->n_tasks; i++) {
        uint64_t n = 0;
        if (!(c->tasks[i].sampling > 0)) continue;
        HX_TRY(t->tasks[i].type->count(&t->tasks[i], c->epochs, &n, err));
        batches += n;
    }
    t->steps = (batches + (uint64_t)c->accumulate - 1) / (uint64_t)c->accumulate;
    return HX_OK;
}

/* ------------------------------------------------------------------ config.json of the run */
static hx_status open_run(hx_trainer *t, const json_t *config, const char *run, bool resume,
                          hx_error *err) {
    bool resumed = false;
    json_t *whole = json_deep_copy(config), *sums = json_object();
    hx_status st = whole && sums ? hx_train_sums(t->config, sums, t->arena, err)
                                 : hx_fail(err, HX_ENOMEM, "out of memory");
    if (st != HX_OK) {
        json_decref(whole);
        json_decref(sums);
        return st;
    }
    (void)json_object_set_new(whole, "data_sums", sums);
    char *text = json_dumps(whole, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(whole);
    if (!text) return hx_fail(err, HX_ENOMEM, "out of memory");
    st = hx_run_open(&t->run, run, hx_str_of(text), resume, &resumed, &t->state, err);
    free(text);
    return st;
}

static hx_status train(hx_trainer *t, json_t *config, const char *run, bool resume, hx_str *metrics,
                       hx_error *err) {
    HX_TRY(open_run(t, config, run, resume, err));
    HX_TRY(hx_train_open_model(t, err));
    HX_TRY(count_steps(t, err));
    return hx_train_loop(t, metrics, err);
}

hx_status hx_train(hx_str config, const char *run, bool resume, const hx_train_calls *calls,
                   hx_arena *arena, hx_str *metrics, hx_error *err) {
    static const hx_train_calls none = {0};
    hx_train_config c;
    json_t *j = NULL;
    *metrics = (hx_str){NULL, 0};
    HX_TRY(hx_json_parse(config, CONFIG_MAX, "the training's configuration", &j, err));
    hx_status st = hx_train_config_read(&c, j, arena, err);
    if (st == HX_OK) {
        hx_trainer t = {.config = &c, .calls = calls ? calls : &none, .arena = arena};
        t.ui = err ? err->ui : HX_UI_EN;
        set_usual(&c);
        st = train(&t, j, run, resume, metrics, err);
        hx_run_close(t.run);
        hx_train_close_model(&t);
    }
    json_decref(j);
    return st;
}
