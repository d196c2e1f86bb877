/* train_report.c - what a training leaves for people to look at.
 *
 *     RUN/report.html         curves of the log, and of one task with labels its figures, confusions and worst mistakes
 *     RUN/predictions.jsonl   what the best model says of each example, one object a line
 *
 * Examples are those of the test, or of validation where there is no test. Both files are made anew at each end of a run. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "huaxiang/learn.h"
#include "model/run_report.h"
#include "model/train_label.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)
#define WRONG_MAX 50
#define LEAKS_MAX 50

typedef struct {
    const hx_task *t;
    hx_part part;
    size_t n;
    uint32_t *labels, *found; /* (n) */
    float *rows; /* (n, n_labels) */
    hx_arena *arena;
} answers;

static hx_status read_file(hx_trainer *t, const char *name, hx_str *out, hx_error *err) {
    hx_buf b;
    const char *path = hx_run_path(t->run, name, t->arena);
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&b, FILE_MAX_BYTES);
    hx_status st = hx_file_read(path, &b, err);
    if (st == HX_OK) {
        *out = hx_arena_str(t->arena, hx_buf_str(&b));
        if (!out->ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&b);
    return st;
}

static hx_status answer(answers *a, hx_error *err) {
    const label_task *own = a->t->own;
    size_t v = a->t->n_labels;
    double loss;
    a->labels = hx_arena_alloc(a->arena, (a->n + 1) * sizeof *a->labels);
    a->found = hx_arena_alloc(a->arena, (a->n + 1) * sizeof *a->found);
    if (!a->labels || !a->found) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_train_label_logits((hx_task *)(uintptr_t)a->t, a->part, a->n, a->arena, &a->rows,
                                 &loss, err));
    for (size_t i = 0; i < a->n; i++) {
        hx_train_softmax(a->rows + i * v, v);
        a->labels[i] = hx_dataset_at(own->data, a->part, i)->label;
        for (uint32_t k = 1; k < v; k++)
            if (a->rows[i * v + k] > a->rows[i * v + a->found[i]]) a->found[i] = k;
    }
    return HX_OK;
}

/* {"row":3,"text":"..","label":"positive","predicted":"negative","scores":{"negative":0.7,...}} */
static void put_prediction(const answers *a, size_t i, hx_json_writer *w) {
    const label_task *own = a->t->own;
    const hx_example *e = hx_dataset_at(own->data, a->part, i);
    hx_json_object(w);
    hx_json_key(w, "row");
    hx_json_int(w, e->row);
    hx_json_key(w, "text");
    hx_json_str(w, e->raw);
    hx_json_key(w, "label");
    hx_json_cstr(w, a->t->labels[a->labels[i]]);
    hx_json_key(w, "predicted");
    hx_json_cstr(w, a->t->labels[a->found[i]]);
    hx_json_key(w, "scores");
    hx_json_object(w);
    for (size_t k = 0; k < a->t->n_labels; k++) {
        hx_json_key(w, a->t->labels[k]);
        hx_json_double(w, (double)a->rows[i * a->t->n_labels + k]);
    }
    hx_json_end_object(w);
    hx_json_end_object(w);
}

static hx_status write_predictions(hx_trainer *t, const answers *a, hx_error *err) {
    hx_buf b;
    hx_json_writer w;
    const char *path = hx_run_path(t->run, "predictions.jsonl", t->arena);
    if (!path) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&b, FILE_MAX_BYTES);
    for (size_t i = 0; i < a->n; i++) {
        hx_json_begin(&w, &b);
        put_prediction(a, i, &w);
        (void)hx_buf_append_byte(&b, '\n');
    }
    hx_status st = hx_buf_status(&b, "predictions.jsonl", err);
    if (st == HX_OK) st = hx_file_write(path, hx_buf_str(&b), false, err);
    hx_buf_release(&b);
    return st;
}

static void put_wrong(const answers *a, const uint32_t *worst, size_t n, hx_report_wrong *out) {
    const label_task *own = a->t->own;
    for (size_t i = 0; i < n; i++) {
        const hx_example *e = hx_dataset_at(own->data, a->part, worst[i]);
        uint32_t found = a->found[worst[i]];
        out[i] = (hx_report_wrong){.text = e->raw,
                                   .label = a->t->labels[a->labels[worst[i]]],
                                   .predicted = a->t->labels[found],
                                   .score = (double)a->rows[worst[i] * a->t->n_labels + found],
                                   .row = e->row};
    }
}

static void put_leaks(const label_task *own, hx_report_leak *out, size_t *n) {
    const hx_example *train, *other;
    while (*n < LEAKS_MAX && hx_dataset_leak(own->data, *n, &train, &other)) {
        out[*n] =
            (hx_report_leak){.text = other->raw, .train_row = train->row, .other_row = other->row};
        ++*n;
    }
}

static hx_status describe(hx_trainer *t, answers *a, hx_run_report *r, hx_error *err) {
    const label_task *own = a->t->own;
    uint32_t worst[WRONG_MAX];
    hx_report_wrong *wrong = hx_arena_alloc(a->arena, WRONG_MAX * sizeof *wrong);
    hx_report_leak *leaks = hx_arena_alloc(a->arena, LEAKS_MAX * sizeof *leaks);
    if (!wrong || !leaks) return hx_fail(err, HX_ENOMEM, "out of memory");
    const hx_evaluation e = {.labels = a->labels,
                             .predictions = a->found,
                             .probabilities = a->rows,
                             .n = a->n,
                             .n_labels = a->t->n_labels,
                             .names = a->t->labels,
                             .seed = (uint64_t)t->config->seed};
    HX_TRY(hx_evaluate(&e, a->arena, &r->evaluation, err));
    r->n_wrong =
        hx_report_worst(a->labels, a->found, a->rows, a->n, a->t->n_labels, WRONG_MAX, worst);
    put_wrong(a, worst, r->n_wrong, wrong);
    put_leaks(own, leaks, &r->n_leaks);
    r->wrong = wrong;
    r->leaks = leaks;
    r->check = hx_dataset_checked(own->data);
    r->part = a->part == HX_PART_TEST ? "test" : "validation";
    r->n_train = hx_dataset_count(own->data, HX_PART_TRAIN);
    r->n_validation = hx_dataset_count(own->data, HX_PART_VALIDATION);
    r->n_test = hx_dataset_count(own->data, HX_PART_TEST);
    return HX_OK;
}

static hx_status add_answers(hx_trainer *t, hx_run_report *r, hx_error *err) {
    answers a = {.t = &t->tasks[0], .arena = t->step_arena, .part = HX_PART_TEST};
    const label_task *own = a.t->own;
    if (t->config->n_tasks != 1 || a.t->config->kind != HX_TASK_LABEL) return HX_OK;
    a.n = hx_dataset_count(own->data, a.part);
    if (a.n == 0) {
        a.part = HX_PART_VALIDATION;
        a.n = hx_dataset_count(own->data, a.part);
    }
    if (a.n == 0) return HX_OK;
    HX_TRY(answer(&a, err));
    HX_TRY(write_predictions(t, &a, err));
    return describe(t, &a, r, err);
}

hx_status hx_train_report(hx_trainer *t, hx_error *err) {
    const char *path = hx_run_path(t->run, "report.html", t->arena),
               *timing = hx_run_path(t->run, "timing.jsonl", t->arena),
               *title = hx_run_path(t->run, "", t->arena); /* with a stroke at its end */
    hx_run_report r = {.title = title, .ui = t->ui};
    if (!path || !timing || !title) return hx_fail(err, HX_ENOMEM, "out of memory");
    size_t n = strlen(title);
    r.title = hx_arena_str(t->arena, (hx_str){title, n > 1 ? n - 1 : n}).ptr;
    if (!r.title) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_arena_reset(t->step_arena);
    HX_TRY(read_file(t, "config.json", &r.config, err));
    HX_TRY(read_file(t, "log.jsonl", &r.log, err));
    if (hx_file_exists(timing)) HX_TRY(read_file(t, "timing.jsonl", &r.timing, err));
    HX_TRY(add_answers(t, &r, err));
    return hx_run_report_write(&r, path, err);
}
