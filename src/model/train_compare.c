/* train_compare.c - several learners on the same parts of one file, and their mean.
 *
 *     each learner:  train -> probabilities of validation and test        svm, nb, cnn, ... (huaxiang/learn.h), "llama", "bert" = hx_train()
 *     average:       mean of all learners' probabilities
 *     stack:         their weighted pool, weights learnt on validation (train_stack.h)
 *
 * The one with the best macro F1 on validation is chosen; only its figures on the test are told, and those of the two ensembles beside them: a
 * test that all are tried on would no longer be one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "huaxiang/learn.h"
#include "huaxiang/llama.h"
#include "learn/metrics.h"
#include "model/train_label.h"
#include "model/train_stack.h"

#define CONFIG_MAX ((size_t)1 << 20)
#define PATH_BYTES 4096
#define LEARNERS_MAX 16
#define EPOCHS_MAX 100000

typedef struct {
    char name[32];
    float *rows[HX_DATASET_PARTS]; /* validation, test: (n, n_labels) */
    double accuracy, f1; /* on validation; f1: macro */
    double seconds;
} rival;

typedef struct {
    hx_trainer trainer; /* configuration and calls alone */
    hx_task task;
    hx_dataset *data; /* owned */
    hx_text_rows parts[HX_DATASET_PARTS];
    hx_str config;
    json_t *json; /* the same; borrowed */
    const char *folder;
    bool resume;
    bool resumed; /* the folder's learners were trained on the same files with the same options */
    rival rivals[LEARNERS_MAX + 2]; /* the last two: average and stack */
    const double *weights; /* of the stack */
    size_t n;
    bool
        alone; /* without the learner llama: then epochs, rate, batch, hidden_size and max_length are the neural learners' */
    size_t max_length; /* as the configuration says; 0 = not said */
    double epochs; /* "learner_epochs": of neural learners beside a model; 0 = as they do */
} comparison;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

/* ------------------------------------------------------------------ data */
static hx_status list_part(comparison *c, hx_part part, hx_error *err) {
    hx_arena *arena = c->trainer.arena;
    size_t n = hx_dataset_count(c->data, part);
    hx_str *texts = hx_arena_alloc(arena, (n + 1) * sizeof *texts);
    uint32_t *labels = hx_arena_alloc(arena, (n + 1) * sizeof *labels);
    if (!texts || !labels) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const hx_example *e = hx_dataset_at(c->data, part, i);
        texts[i] = e->text;
        labels[i] = e->label;
    }
    c->parts[part] = (hx_text_rows){.texts = texts,
                                    .labels = labels,
                                    .n = n,
                                    .names = c->task.labels,
                                    .n_labels = c->task.n_labels};
    return HX_OK;
}

static hx_status read_parts(comparison *c, hx_error *err) {
    HX_TRY(hx_train_read_data(&c->task, &c->data, err));
    HX_TRY(hx_train_read_labels(&c->task, c->data, err));
    for (int part = 0; part < HX_DATASET_PARTS; part++)
        HX_TRY(list_part(c, (hx_part)part, err));
    if (c->parts[HX_PART_VALIDATION].n > 0) return HX_OK;
    return hx_fail(
        err, HX_EINVAL,
        "a comparison needs texts for validation: --split 70,15,15 or --validation FILE");
}

/* ------------------------------------------------------------------ learners */
static hx_status place_of(const comparison *c, const char *name, const char *suffix,
                          char out[PATH_BYTES], hx_error *err) {
    int n = snprintf(out, PATH_BYTES, "%s/%s%s", c->folder, name, suffix);
    return n > 0 && n < PATH_BYTES ? HX_OK : hx_fail(err, HX_EINVAL, "the path is too long");
}

static hx_status ask_classic(const comparison *c, const hx_text_learner *l, rival *r,
                             hx_error *err) {
    for (int part = HX_PART_VALIDATION; part < HX_DATASET_PARTS; part++) {
        const hx_text_rows *p = &c->parts[part];
        HX_TRY(hx_text_learner_predict(l, p->texts, p->n, c->trainer.calls->n_threads,
                                       r->rows[part], err));
    }
    return HX_OK;
}

static hx_status run_classic(const comparison *c, rival *r, hx_error *err) {
    char path[PATH_BYTES];
    hx_text_learner *l = NULL;
    const hx_train_config *k = c->trainer.config;
    const json_t *width = json_object_get(k->sizes, "hidden_size");
    const hx_text_learner_options options = {
        .kind = hx_text_learner_of_name(r->name),
        .n_epochs = (size_t)ceil(c->alone ? k->epochs : c->epochs),
        .rate = c->alone ? k->rate : 0,
        .batch = c->alone ? (size_t)k->batch : 0,
        .width = c->alone ? (size_t)json_integer_value(width) : 0,
        .max_length = c->alone ? c->max_length : 0,
        .seed = (uint64_t)c->trainer.config->seed,
        .n_threads = c->trainer.calls->n_threads,
        .cancel = c->trainer.calls->cancel};
    HX_TRY(place_of(c, r->name, ".learner", path, err));
    if (c->resumed && hx_file_exists(path))
        HX_TRY(hx_text_learner_load(&l, path, err));
    else
        HX_TRY(hx_text_learner_fit(&l, &c->parts[HX_PART_TRAIN], &c->parts[HX_PART_VALIDATION],
                                   &options, err));
    hx_status st = ask_classic(c, l, r, err);
    if (st == HX_OK) st = hx_text_learner_save(l, path, err);
    hx_text_learner_free(l);
    return st;
}

static hx_status ask_llama(const comparison *c, const char *path, rival *r, hx_error *err) {
    hx_llama *m = NULL;
    hx_llama_context *k = NULL;
    const hx_llama_options options = {.precision = HX_PRECISION_EXACT,
                                      .n_threads = c->trainer.calls->n_threads,
                                      .kernels = c->trainer.calls->kernels};
    const hx_context_options context = {.batch_tokens = 2048};
    HX_TRY(hx_llama_open(&m, path, &options, err));
    hx_status st = hx_llama_context_open(&k, m, &context, err);
    for (int part = HX_PART_VALIDATION; st == HX_OK && part < HX_DATASET_PARTS; part++)
        st = hx_llama_classify(k, c->parts[part].texts, c->parts[part].n,
                               (size_t)c->task.config->max_length, r->rows[part], err);
    hx_llama_context_close(k);
    hx_llama_close(m);
    return st;
}

/* Trained by hx_train(): "llama", and where there is a model to start from "bert", which reads it in both directions. */
static bool is_model(const comparison *c, const rival *r) {
    return strcmp(r->name, "llama") == 0 ||
           (c->trainer.config->model && strcmp(r->name, "bert") == 0);
}

static hx_status config_for(const comparison *c, const rival *r, hx_arena *arena, hx_str *out,
                            hx_error *err) {
    *out = c->config;
    if (strcmp(r->name, "bert") != 0) return HX_OK;
    json_t *j = json_deep_copy(c->json);
    (void)json_object_set_new(json_array_get(json_object_get(j, "tasks"), 0), "bidirectional",
                              json_true());
    char *text = json_dumps(j, JSON_COMPACT);
    json_decref(j);
    *out = text ? hx_arena_str(arena, hx_str_of(text)) : (hx_str){NULL, 0};
    free(text);
    return out->ptr ? HX_OK : no_memory(err);
}

static hx_status run_llama(const comparison *c, rival *r, hx_error *err) {
    char path[PATH_BYTES];
    hx_str config, metrics, model;
    HX_TRY(place_of(c, r->name, "", path, err));
    hx_arena *arena = hx_arena_new(0);
    if (!arena) return no_memory(err);
    hx_status st = config_for(c, r, arena, &config, err);
    if (st == HX_OK) st = hx_train(config, path, c->resume, c->trainer.calls, arena, &metrics, err);
    if (st == HX_OK) st = hx_model_resolve(path, NULL, arena, &model, err);
    if (st == HX_OK) st = ask_llama(c, model.ptr, r, err);
    hx_arena_free(arena);
    return st;
}

/* ------------------------------------------------------------------ figures */
static void predict(const comparison *c, const rival *r, hx_part part, uint32_t *out) {
    size_t v = c->task.n_labels;
    for (size_t i = 0; i < c->parts[part].n; i++) {
        out[i] = 0;
        for (uint32_t k = 1; k < v; k++)
            if (r->rows[part][i * v + k] > r->rows[part][i * v + out[i]]) out[i] = k;
    }
}

static hx_status judge(const comparison *c, rival *r, hx_error *err) {
    hx_classification m;
    const hx_text_rows *p = &c->parts[HX_PART_VALIDATION];
    uint32_t *found = hx_arena_alloc(c->trainer.arena, (p->n + 1) * sizeof *found);
    if (!found) return no_memory(err);
    predict(c, r, HX_PART_VALIDATION, found);
    HX_TRY(hx_classification_of(p->labels, found, r->rows[HX_PART_VALIDATION], p->n, p->n_labels,
                                c->trainer.arena, &m, err));
    r->accuracy = m.accuracy;
    r->f1 = m.macro_f1;
    return HX_OK;
}

static hx_status alloc_rows(const comparison *c, rival *r, hx_error *err) {
    for (int part = HX_PART_VALIDATION; part < HX_DATASET_PARTS; part++) {
        size_t n = c->parts[part].n * c->task.n_labels;
        r->rows[part] = hx_arena_alloc(c->trainer.arena, (n + 1) * sizeof(float));
        if (!r->rows[part]) return no_memory(err);
    }
    return HX_OK;
}

static hx_status run_rival(comparison *c, rival *r, hx_error *err) {
    double began = hx_train_clock();
    HX_TRY(alloc_rows(c, r, err));
    HX_TRY(is_model(c, r) ? run_llama(c, r, err) : run_classic(c, r, err));
    r->seconds = hx_train_clock() - began;
    return judge(c, r, err);
}

static hx_status average(comparison *c, rival *all, hx_error *err) {
    (void)snprintf(all->name, sizeof all->name, "average");
    HX_TRY(alloc_rows(c, all, err));
    for (int part = HX_PART_VALIDATION; part < HX_DATASET_PARTS; part++) {
        size_t n = c->parts[part].n * c->task.n_labels;
        for (size_t i = 0; i < n; i++) {
            for (size_t k = 0; k < c->n; k++)
                all->rows[part][i] += c->rivals[k].rows[part][i];
            all->rows[part][i] /= (float)c->n;
        }
    }
    return judge(c, all, err);
}

static hx_status stack(comparison *c, rival *all, hx_error *err) {
    const float *validation[LEARNERS_MAX], *test[LEARNERS_MAX];
    (void)snprintf(all->name, sizeof all->name, "stack");
    HX_TRY(alloc_rows(c, all, err));
    for (size_t k = 0; k < c->n; k++) {
        validation[k] = c->rivals[k].rows[HX_PART_VALIDATION];
        test[k] = c->rivals[k].rows[HX_PART_TEST];
    }
    const hx_stack s = {.validation = validation,
                        .test = test,
                        .labels = c->parts[HX_PART_VALIDATION].labels,
                        .n_models = c->n,
                        .n_validation = c->parts[HX_PART_VALIDATION].n,
                        .n_test = c->parts[HX_PART_TEST].n,
                        .n_labels = c->task.n_labels};
    HX_TRY(hx_train_stack(&s, c->trainer.arena, all->rows[HX_PART_VALIDATION],
                          all->rows[HX_PART_TEST], &c->weights, err));
    return judge(c, all, err);
}

/* ------------------------------------------------------------------ what comes out */
/* The record of one on a part, compared with another by McNemar's test. */
static hx_status record_of(const comparison *c, hx_part part, const rival *r, const rival *against,
                           hx_str *out, hx_error *err) {
    const hx_text_rows *p = &c->parts[part];
    uint32_t *found = hx_arena_alloc(c->trainer.arena, (p->n + 1) * sizeof *found),
             *other = hx_arena_alloc(c->trainer.arena, (p->n + 1) * sizeof *other);
    *out = HX_STR_LIT("null");
    if (!found || !other) return no_memory(err);
    if (p->n == 0) return HX_OK;
    predict(c, r, part, found);
    predict(c, against, part, other);
    const hx_evaluation e = {.labels = p->labels,
                             .predictions = found,
                             .probabilities = r->rows[part],
                             .against = r == against ? NULL : other,
                             .n = p->n,
                             .n_labels = p->n_labels,
                             .names = p->names,
                             .seed = (uint64_t)c->trainer.config->seed};
    return hx_evaluate(&e, c->trainer.arena, out, err);
}

static void put_rival(hx_json_writer *w, const rival *r) {
    hx_json_object(w);
    hx_json_key(w, "learner");
    hx_json_cstr(w, r->name);
    hx_json_key(w, "accuracy");
    hx_json_double(w, r->accuracy);
    hx_json_key(w, "macro_f1");
    hx_json_double(w, r->f1);
    hx_json_key(w, "seconds");
    hx_json_double(w, floor(r->seconds * 100) / 100);
    hx_json_end_object(w);
}

static hx_status report(comparison *c, hx_str *summary, hx_error *err) {
    char path[PATH_BYTES];
    size_t best = 0;
    hx_str chosen, ensemble, stacked;
    hx_buf b;
    hx_json_writer w;
    for (size_t i = 1; i < c->n; i++)
        if (c->rivals[i].f1 > c->rivals[best].f1) best = i;
    HX_TRY(record_of(c, HX_PART_TEST, &c->rivals[best], &c->rivals[best], &chosen, err));
    HX_TRY(record_of(c, HX_PART_TEST, &c->rivals[c->n], &c->rivals[best], &ensemble, err));
    HX_TRY(record_of(c, HX_PART_TEST, &c->rivals[c->n + 1], &c->rivals[best], &stacked, err));
    hx_buf_init(&b, (size_t)64 << 20);
    hx_json_begin(&w, &b);
    hx_json_object(&w);
    hx_json_key(&w, "validation");
    hx_json_array(&w);
    for (size_t i = 0; i < c->n + (c->n > 1 ? 2 : 0); i++)
        put_rival(&w, &c->rivals[i]);
    hx_json_end_array(&w);
    hx_json_key(&w, "chosen");
    hx_json_cstr(&w, c->rivals[best].name);
    hx_json_key(&w, "test");
    hx_json_raw(&w, chosen);
    if (c->n > 1) {
        hx_json_key(&w, "ensemble");
        hx_json_raw(&w, ensemble);
        hx_json_key(&w, "stack");
        hx_json_raw(&w, stacked);
    }
    hx_json_end_object(&w);
    hx_status st = hx_buf_status(&b, "the comparison", err);
    if (st == HX_OK) *summary = hx_arena_str(c->trainer.arena, hx_buf_str(&b));
    if (st == HX_OK && !summary->ptr) st = no_memory(err);
    if (st == HX_OK) st = place_of(c, "compare.json", "", path, err);
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&b), false, err);
    hx_buf_release(&b);
    return st;
}

/* ------------------------------------------------------------------ the run's other files */
static hx_status write_text(const comparison *c, const char *name, hx_str text, hx_error *err) {
    char path[PATH_BYTES];
    HX_TRY(place_of(c, name, "", path, err));
    return hx_file_write(path, text, false, err);
}

static void put_log(const comparison *c, hx_buf *b) {
    hx_json_writer w;
    for (size_t i = 0; i < c->n; i++) {
        hx_json_begin(&w, b);
        hx_json_object(&w);
        hx_json_key(&w, "learner");
        hx_json_cstr(&w, c->rivals[i].name);
        hx_json_key(&w, "accuracy");
        hx_json_double(&w, c->rivals[i].accuracy);
        hx_json_key(&w, "macro_f1");
        hx_json_double(&w, c->rivals[i].f1);
        hx_json_end_object(&w);
        (void)hx_buf_append_byte(b, '\n');
    }
}

/* {"validation":{"figure":..,"tasks":{"label":{hx_evaluate()'s}}},"test":{"tasks":{"label":{..}}}}, as hx_train() has them. */
static hx_status put_metrics(const comparison *c, const rival *best, hx_str test, hx_buf *b,
                             hx_error *err) {
    const char *name = c->task.config->name;
    hx_str validation;
    HX_TRY(record_of(c, HX_PART_VALIDATION, best, best, &validation, err));
    hx_buf_printf(b, "{\"learner\":\"%s\",\"validation\":{\"figure\":%.6f,\"tasks\":{\"%s\":",
                  best->name, best->f1, name);
    hx_buf_append_str(b, validation);
    hx_buf_printf(b, "}},\"test\":{\"tasks\":{\"%s\":", name);
    hx_buf_append_str(b, test.len > 0 ? test : HX_STR_LIT("null"));
    hx_buf_append_lit(b, "}}}\n");
    return HX_OK;
}

/* report.html, predictions.jsonl and metrics.json of the chosen one. */
static hx_status write_answers(const comparison *c, const rival *best, hx_buf *metrics,
                               hx_error *err) {
    char path[PATH_BYTES];
    hx_part part = c->parts[HX_PART_TEST].n > 0 ? HX_PART_TEST : HX_PART_VALIDATION;
    const hx_text_rows *p = &c->parts[part];
    uint32_t *found = hx_arena_alloc(c->trainer.arena, (p->n + 1) * sizeof *found);
    hx_run_report r = {.title = c->folder, .ui = c->trainer.ui, .config = c->config};
    hx_buf b;
    if (!found) return no_memory(err);
    predict(c, best, part, found);
    const hx_answers a = {.data = c->data,
                          .part = part,
                          .n = p->n,
                          .names = p->names,
                          .n_labels = p->n_labels,
                          .labels = p->labels,
                          .found = found,
                          .rows = best->rows[part],
                          .seed = (uint64_t)c->trainer.config->seed,
                          .arena = c->trainer.arena};
    r.part = part == HX_PART_TEST ? "test" : "validation";
    HX_TRY(hx_report_of_data(c->data, c->trainer.arena, &r, err));
    HX_TRY(hx_answers_describe(&a, &r, err));
    HX_TRY(place_of(c, "report.html", "", path, err));
    HX_TRY(hx_run_report_write(&r, path, err));
    hx_buf_init(&b, (size_t)1 << 30);
    hx_answers_put(&a, &b);
    hx_status st =
        put_metrics(c, best, part == HX_PART_TEST ? r.evaluation : (hx_str){NULL, 0}, metrics, err);
    if (st == HX_OK) st = hx_buf_status(&b, "predictions.jsonl", err);
    if (st == HX_OK) st = write_text(c, "predictions.jsonl", hx_buf_str(&b), err);
    if (st == HX_OK) st = write_text(c, "metrics.json", hx_buf_str(metrics), err);
    hx_buf_release(&b);
    return st;
}

/* What every run leaves: config.json, log.jsonl (a line a learner), and those above; whole.json has the sums of the data. */
static hx_status write_run(const comparison *c, hx_error *err) {
    size_t best = 0;
    hx_buf b;
    for (size_t i = 1; i < c->n; i++)
        if (c->rivals[i].f1 > c->rivals[best].f1) best = i;
    hx_buf_init(&b, (size_t)256 << 20);
    put_log(c, &b);
    hx_status st = hx_buf_status(&b, "log.jsonl", err);
    if (st == HX_OK) st = write_text(c, "log.jsonl", hx_buf_str(&b), err);
    if (st == HX_OK) st = write_text(c, "config.json", c->config, err);
    b.len = 0;
    if (st == HX_OK) st = write_answers(c, &c->rivals[best], &b, err);
    hx_buf_release(&b);
    return st;
}

/* ------------------------------------------------------------------ pools */
static void put_pool(const comparison *c, const char *way, char sums[][65], const double *weights,
                     hx_json_writer *w) {
    hx_json_object(w);
    hx_json_key(w, "huaxiang");
    hx_json_cstr(w, "pool");
    hx_json_key(w, "version");
    hx_json_int(w, 1);
    hx_json_key(w, "way");
    hx_json_cstr(w, way);
    hx_json_key(w, "labels");
    hx_json_array(w);
    for (size_t i = 0; i < c->task.n_labels; i++)
        hx_json_cstr(w, c->task.labels[i]);
    hx_json_end_array(w);
    hx_json_key(w, "members");
    hx_json_array(w);
    for (size_t i = 0; i < c->n; i++) {
        char name[sizeof c->rivals[i].name + 16];
        (void)snprintf(name, sizeof name, "%s%s", c->rivals[i].name,
                       is_model(c, &c->rivals[i]) ? "" : ".learner");
        hx_json_object(w);
        hx_json_key(w, "model");
        hx_json_cstr(w, name);
        hx_json_key(w, "sha256");
        hx_json_cstr(w, sums[i]);
        hx_json_key(w, "weight");
        hx_json_double(w, weights ? weights[i] : 1.0 / (double)c->n);
        hx_json_end_object(w);
    }
    hx_json_end_array(w);
    hx_json_key(w, "bias");
    hx_json_array(w);
    for (size_t i = 0; i < c->task.n_labels; i++)
        hx_json_double(w, weights ? weights[c->n + i] : 0);
    hx_json_end_array(w);
    hx_json_end_object(w);
}

static hx_status sum_of(const comparison *c, const rival *r, char sum[65], hx_error *err) {
    char path[PATH_BYTES];
    hx_str model;
    HX_TRY(place_of(c, r->name, is_model(c, r) ? "" : ".learner", path, err));
    HX_TRY(hx_model_resolve(path, NULL, c->trainer.arena, &model, err));
    return hx_model_sum(model.ptr, c->trainer.calls->cancel, sum, err);
}

/* average.pool and stack.pool (text_pool.c): the ensembles, which read texts as every other model does. */
static hx_status write_pools(const comparison *c, hx_error *err) {
    static const char *const ways[] = {"average", "stack"};
    char sums[LEARNERS_MAX][65];
    hx_status st = HX_OK;
    if (c->n < 2) return HX_OK;
    for (size_t i = 0; i < c->n; i++)
        HX_TRY(sum_of(c, &c->rivals[i], sums[i], err));
    for (size_t k = 0; k < 2 && st == HX_OK; k++) {
        char name[32];
        hx_json_writer w;
        hx_buf b;
        hx_buf_init(&b, (size_t)16 << 20);
        hx_json_begin(&w, &b);
        put_pool(c, ways[k], sums, k == 1 ? c->weights : NULL, &w);
        (void)snprintf(name, sizeof name, "%s.pool", ways[k]);
        st = hx_buf_status(&b, name, err);
        if (st == HX_OK) st = write_text(c, name, hx_buf_str(&b), err);
        hx_buf_release(&b);
    }
    return st;
}

/* ------------------------------------------------------------------ all */
static hx_status name_rivals(comparison *c, const char *learners, hx_error *err) {
    for (const char *at = learners; *at;) {
        size_t n = strcspn(at, ",");
        rival *r = &c->rivals[c->n];
        if (c->n == LEARNERS_MAX || n == 0 || n >= sizeof r->name)
            return hx_fail(err, HX_EINVAL, "learners are 1 to %d names with commas between them",
                           LEARNERS_MAX);
        memcpy(r->name, at, n);
        if (strcmp(r->name, "llama") != 0 && hx_text_learner_of_name(r->name) == HX_TEXT_LEARNER_N)
            return hx_fail(err, HX_EINVAL,
                           "there is no learner %s: svm, logistic, nb, nbsvm, mlp, cnn, rnn, gru, "
                           "lstm, cnn-gru, transformer, llama",
                           r->name);
        c->n++;
        at += n + (at[n] == ',');
    }
    return c->n > 0 ? HX_OK : hx_fail(err, HX_EINVAL, "a comparison needs learners");
}

/* Learners that were trained on other texts may have seen the test's. */
static hx_status claim(comparison *c, const char *learners, hx_error *err) {
    json_t *sums = json_object(), *whole = json_deep_copy(c->json);
    (void)json_object_set_new(whole, "learner", json_string(learners));
    if (c->epochs > 0) (void)json_object_set_new(whole, "learner_epochs", json_real(c->epochs));
    hx_status st = sums && whole ? hx_train_sums(c->trainer.config, sums, c->trainer.arena, err)
                                 : no_memory(err);
    if (st == HX_OK)
        st = hx_train_claim(c->folder, whole, json_incref(sums), c->resume, &c->resumed, err);
    json_decref(sums);
    json_decref(whole);
    return st;
}

static hx_status compare(comparison *c, const char *learners, hx_str *summary, hx_error *err) {
    HX_TRY(name_rivals(c, learners, err));
    c->alone = true;
    for (size_t i = 0; i < c->n; i++)
        c->alone = c->alone && !is_model(c, &c->rivals[i]);
    if (c->task.config->text2)
        return hx_fail(err, HX_EINVAL,
                       "learners are compared on one text a row: leave \"text2\" out");
    HX_TRY(read_parts(c, err));
    if (c->alone) hx_train_warn_of_data(&c->task, c->data); /* hx_train() warns by itself */
    HX_TRY(claim(c, learners, err));
    for (size_t i = 0; i < c->n; i++) {
        if (hx_flag_is_raised(c->trainer.calls->cancel))
            return hx_fail(err, HX_ECANCELLED, "stopped on request");
        HX_TRY(run_rival(c, &c->rivals[i], err));
    }
    HX_TRY(average(c, &c->rivals[c->n], err));
    HX_TRY(stack(c, &c->rivals[c->n + 1], err));
    HX_TRY(report(c, summary, err));
    HX_TRY(write_pools(c, err));
    return write_run(c, err);
}

/* "learner_epochs" is for comparisons alone; what is trained does not know it. */
static hx_status take_epochs(json_t *j, double *epochs, hx_str *config, hx_arena *arena,
                             hx_error *err) {
    const json_t *said = json_object_get(j, "learner_epochs");
    *epochs = 0;
    if (!said) return HX_OK;
    *epochs = json_number_value(said);
    if (!(*epochs > 0 && *epochs <= EPOCHS_MAX))
        return hx_fail(err, HX_EINVAL, "\"learner_epochs\" must be above 0 and at most %d",
                       EPOCHS_MAX);
    (void)json_object_del(j, "learner_epochs");
    char *text = json_dumps(j, JSON_COMPACT);
    *config = text ? hx_arena_str(arena, hx_str_of(text)) : (hx_str){NULL, 0};
    free(text);
    return config->ptr ? HX_OK : no_memory(err);
}

hx_status hx_train_compare(hx_str config, const char *folder, const char *learners, bool resume,
                           const hx_train_calls *calls, hx_arena *arena, hx_str *summary,
                           hx_error *err) {
    static const hx_train_calls none = {0};
    hx_train_config k;
    json_t *j = NULL;
    *summary = (hx_str){NULL, 0};
    HX_TRY(hx_json_parse(config, CONFIG_MAX, "the training's configuration", &j, err));
    double epochs = 0;
    hx_status st = take_epochs(j, &epochs, &config, arena, err);
    if (st == HX_OK) st = hx_train_config_read(&k, j, arena, err);
    if (st == HX_OK && (k.n_tasks != 1 || k.tasks[0].kind != HX_TASK_LABEL))
        st = hx_fail(err, HX_EINVAL, "learners are compared on one task, of kind label");
    comparison *c = calloc(1, sizeof *c);
    if (st == HX_OK && !c) st = no_memory(err);
    if (st == HX_OK) {
        c->trainer = (hx_trainer){.config = &k, .calls = calls ? calls : &none, .arena = arena};
        c->trainer.ui = err ? err->ui : HX_UI_EN;
        c->task = (hx_task){.config = &k.tasks[0], .trainer = &c->trainer};
        c->config = config;
        c->epochs = epochs;
        c->json = j;
        c->folder = folder;
        c->resume = resume;
        c->max_length = (size_t)json_integer_value(
            json_object_get(json_array_get(json_object_get(j, "tasks"), 0), "max_length"));
        st = compare(c, learners, summary, err);
        hx_dataset_free(c->data);
    }
    free(c);
    json_decref(j);
    return st;
}
