/* train_report.c - what a training leaves for people to look at.
 *
 *     RUN/report.html         curves of the log; of each task figures, confusions, worst mistakes, and what its data should warn of
 *     RUN/predictions.jsonl   what the best model says of each example, one object a line; "task" where there are several
 *
 * Examples are those of the test, or of validation where there is no test. Of plain text, trees and segmentation there are no lines. Both files
 * are made anew at each end of a run; comparisons of learners (train_compare.c) make theirs by the same functions. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "huaxiang/learn.h"
#include "llama/objective.h"
#include "model/run_report.h"
#include "model/train_label.h"

#define FILE_MAX_BYTES ((size_t)1 << 30)
#define WRONG_MAX 50
#define LEAKS_MAX 50
#define JOINED_MAX 400

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "out of memory");
}

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

/* ------------------------------------------------------------------ one label a text */
static void begin_line(hx_json_writer *w, hx_buf *b, const char *task, const hx_example *e) {
    hx_json_begin(w, b);
    hx_json_object(w);
    if (task) {
        hx_json_key(w, "task");
        hx_json_cstr(w, task);
    }
    hx_json_key(w, "row");
    hx_json_int(w, e->row);
    hx_json_key(w, "text");
    hx_json_str(w, e->raw);
}

static void end_line(hx_json_writer *w, hx_buf *b) {
    hx_json_end_object(w);
    (void)hx_buf_append_byte(b, '\n');
}

static void put_scores(hx_json_writer *w, const char *const *names, const float *row, size_t n) {
    hx_json_key(w, "scores");
    hx_json_object(w);
    for (size_t k = 0; k < n; k++) {
        hx_json_key(w, names[k]);
        hx_json_double(w, (double)row[k]);
    }
    hx_json_end_object(w);
}

/* {"row":3,"text":"..","label":"positive","predicted":"negative","scores":{"negative":0.7,...}} */
void hx_answers_put(const hx_answers *a, hx_buf *lines) {
    hx_json_writer w;
    for (size_t i = 0; i < a->n; i++) {
        begin_line(&w, lines, a->task, hx_dataset_at(a->data, a->part, i));
        hx_json_key(&w, "label");
        hx_json_cstr(&w, a->names[a->labels[i]]);
        hx_json_key(&w, "predicted");
        hx_json_cstr(&w, a->names[a->found[i]]);
        put_scores(&w, a->names, a->rows + i * a->n_labels, a->n_labels);
        end_line(&w, lines);
    }
}

hx_status hx_report_of_data(const hx_dataset *d, hx_arena *arena, hx_run_report *r, hx_error *err) {
    const hx_example *train, *other;
    hx_report_leak *leaks = hx_arena_alloc(arena, LEAKS_MAX * sizeof *leaks);
    if (!leaks) return no_memory(err);
    for (; r->n_leaks < LEAKS_MAX && hx_dataset_leak(d, r->n_leaks, &train, &other); r->n_leaks++)
        leaks[r->n_leaks] =
            (hx_report_leak){.text = other->raw, .train_row = train->row, .other_row = other->row};
    r->leaks = leaks;
    r->check = hx_dataset_checked(d);
    r->n_train = hx_dataset_count(d, HX_PART_TRAIN);
    r->n_validation = hx_dataset_count(d, HX_PART_VALIDATION);
    r->n_test = hx_dataset_count(d, HX_PART_TEST);
    return HX_OK;
}

hx_status hx_answers_describe(const hx_answers *a, hx_run_report *r, hx_error *err) {
    uint32_t worst[WRONG_MAX];
    hx_report_wrong *wrong = hx_arena_alloc(a->arena, WRONG_MAX * sizeof *wrong);
    if (!wrong) return no_memory(err);
    const hx_evaluation e = {.labels = a->labels,
                             .predictions = a->found,
                             .probabilities = a->rows,
                             .n = a->n,
                             .n_labels = a->n_labels,
                             .names = a->names,
                             .seed = a->seed};
    HX_TRY(hx_evaluate(&e, a->arena, &r->evaluation, err));
    r->n_wrong = hx_report_worst(a->labels, a->found, a->rows, a->n, a->n_labels, WRONG_MAX, worst);
    for (size_t i = 0; i < r->n_wrong; i++) {
        const hx_example *x = hx_dataset_at(a->data, a->part, worst[i]);
        uint32_t found = a->found[worst[i]];
        wrong[i] = (hx_report_wrong){.text = x->raw,
                                     .label = a->names[a->labels[worst[i]]],
                                     .predicted = a->names[found],
                                     .score = (double)a->rows[worst[i] * a->n_labels + found],
                                     .row = x->row};
    }
    r->wrong = wrong;
    return HX_OK;
}

/* ------------------------------------------------------------------ one task of a run */
typedef struct {
    hx_task *t;
    const hx_dataset *data;
    hx_part part;
    size_t n;
    const char *name; /* NULL = the only one */
    hx_arena *arena;
    hx_buf *lines;
    hx_run_report *r;
} looked;

static const hx_example *example(const looked *k, size_t i) {
    return hx_dataset_at(k->data, k->part, i);
}

static hx_status look_label(looked *k, float *rows, hx_error *err) {
    size_t v = k->t->n_labels;
    uint32_t *labels = hx_arena_alloc(k->arena, 2 * k->n * sizeof *labels), *found = labels + k->n;
    if (!labels) return no_memory(err);
    for (size_t i = 0; i < k->n; i++) {
        hx_train_softmax(rows + i * v, v, k->t->temperature);
        labels[i] = example(k, i)->label;
        for (uint32_t m = 1; m < v; m++)
            if (rows[i * v + m] > rows[i * v + found[i]]) found[i] = m;
    }
    const hx_answers a = {.data = k->data,
                          .part = k->part,
                          .n = k->n,
                          .task = k->name,
                          .names = k->t->labels,
                          .n_labels = v,
                          .labels = labels,
                          .found = found,
                          .rows = rows,
                          .seed = (uint64_t)k->t->trainer->config->seed,
                          .arena = k->arena};
    hx_answers_put(&a, k->lines);
    return hx_answers_describe(&a, k->r, err);
}

/* The texts with the highest of `off`, those that are right (0) left out; `show` says what stood there and what was said. */
static hx_status keep_worst(looked *k, const float *off, uint32_t *worst, hx_report_wrong **wrong,
                            hx_error *err) {
    size_t kept = 0;
    *wrong = hx_arena_alloc(k->arena, WRONG_MAX * sizeof **wrong);
    if (!*wrong) return no_memory(err);
    for (size_t i = 0; i < k->n; i++) {
        size_t at = kept;
        if (!(off[i] > 0)) continue;
        while (at > 0 && off[worst[at - 1]] < off[i])
            at--;
        if (at == WRONG_MAX) continue;
        if (kept < WRONG_MAX) kept++;
        memmove(worst + at + 1, worst + at, (kept - at - 1) * sizeof *worst);
        worst[at] = (uint32_t)i;
    }
    for (size_t i = 0; i < kept; i++) {
        const hx_example *x = example(k, worst[i]);
        (*wrong)[i] =
            (hx_report_wrong){.text = x->raw, .score = (double)off[worst[i]], .row = x->row};
    }
    k->r->wrong = *wrong;
    k->r->n_wrong = kept;
    return HX_OK;
}

/* Names with `between`, cut where they are long; "-" where one is not known. NULL: memory. */
static const char *join(const looked *k, const uint32_t *ids, size_t n, char between) {
    hx_buf b;
    hx_buf_init(&b, (size_t)1 << 20);
    for (size_t i = 0; i < n && b.len < JOINED_MAX; i++) {
        if (i > 0) (void)hx_buf_append_byte(&b, between);
        hx_buf_append_str(&b, hx_str_of(ids[i] < k->t->n_labels ? k->t->labels[ids[i]] : "-"));
    }
    const char *joined = hx_arena_str(k->arena, hx_buf_str(&b)).ptr;
    hx_buf_release(&b);
    return joined;
}

static void put_names(hx_json_writer *w, const char *key, const looked *k, const uint32_t *ids,
                      size_t n) {
    hx_json_key(w, key);
    hx_json_array(w);
    for (size_t i = 0; i < n; i++)
        if (ids[i] < k->t->n_labels)
            hx_json_cstr(w, k->t->labels[ids[i]]);
        else
            hx_json_null(w);
    hx_json_end_array(w);
}

/* ------------------------------------------------------------------ several labels a text */
static size_t set_labels(const looked *k, const float *row, uint32_t *out) {
    size_t n = 0;
    for (uint32_t m = 0; m < k->t->n_labels; m++)
        if (row[m] >= 0.5f) out[n++] = m;
    return n;
}

/* How many labels are missing or too many. */
static float labels_off(const looked *k, const hx_example *e, const float *row) {
    const uint32_t *many = hx_dataset_many(k->data, e);
    size_t hit = 0, n = 0;
    for (uint32_t m = 0; m < k->t->n_labels; m++)
        n += row[m] >= 0.5f;
    for (size_t i = 0; i < e->n_labels; i++)
        hit += row[many[i]] >= 0.5f;
    return (float)(n + e->n_labels - 2 * hit);
}

static hx_status look_labels(looked *k, float *rows, hx_error *err) {
    size_t v = k->t->n_labels;
    uint32_t worst[WRONG_MAX], *set = hx_arena_alloc(k->arena, (v + 1) * sizeof *set);
    float *off = hx_arena_alloc(k->arena, k->n * sizeof *off);
    hx_report_wrong *wrong;
    hx_json_writer w;
    if (!set || !off) return no_memory(err);
    for (size_t i = 0; i < k->n; i++) {
        const hx_example *e = example(k, i);
        float *row = rows + i * v;
        hx_train_sigmoid(row, v, k->t->temperature);
        off[i] = labels_off(k, e, row);
        begin_line(&w, k->lines, k->name, e);
        put_names(&w, "labels", k, hx_dataset_many(k->data, e), e->n_labels);
        put_names(&w, "predicted", k, set, set_labels(k, row, set));
        put_scores(&w, k->t->labels, row, v);
        end_line(&w, k->lines);
    }
    k->r->score = HX_WRONG_DISTANCE;
    HX_TRY(keep_worst(k, off, worst, &wrong, err));
    for (size_t i = 0; i < k->r->n_wrong; i++) {
        const hx_example *e = example(k, worst[i]);
        wrong[i].label = join(k, hx_dataset_many(k->data, e), e->n_labels, '|');
        wrong[i].predicted = join(k, set, set_labels(k, rows + worst[i] * v, set), '|');
        if (!wrong[i].label || !wrong[i].predicted) return no_memory(err);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ numbers */
static const char *number_text(const looked *k, double v) {
    char text[40];
    (void)snprintf(text, sizeof text, "%.6g", v);
    return hx_arena_str(k->arena, hx_str_of(text)).ptr;
}

static hx_status look_number(looked *k, float *rows, hx_error *err) {
    uint32_t worst[WRONG_MAX];
    float *off = hx_arena_alloc(k->arena, k->n * sizeof *off);
    hx_report_wrong *wrong;
    hx_json_writer w;
    if (!off) return no_memory(err);
    for (size_t i = 0; i < k->n; i++) {
        const hx_example *e = example(k, i);
        double said = (double)rows[i] * k->t->deviation + k->t->mean;
        rows[i] = (float)said;
        off[i] = (float)fabs(said - e->number);
        begin_line(&w, k->lines, k->name, e);
        hx_json_key(&w, "value");
        hx_json_double(&w, e->number);
        hx_json_key(&w, "predicted");
        hx_json_double(&w, said);
        end_line(&w, k->lines);
    }
    k->r->score = HX_WRONG_DISTANCE;
    HX_TRY(keep_worst(k, off, worst, &wrong, err));
    for (size_t i = 0; i < k->r->n_wrong; i++) {
        wrong[i].label = number_text(k, example(k, worst[i])->number);
        wrong[i].predicted = number_text(k, (double)rows[worst[i]]);
        if (!wrong[i].label || !wrong[i].predicted) return no_memory(err);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ tags */
/* Figures over words; those that were cut off are left out. */
static hx_status describe_words(looked *k, const uint32_t *said, size_t words, hx_error *err) {
    uint32_t *labels = hx_arena_alloc(k->arena, 2 * (words + 1) * sizeof *labels),
             *found = labels + words;
    size_t n = 0, at = 0;
    if (!labels) return no_memory(err);
    for (size_t i = 0; i < k->n; i++) {
        const hx_example *e = example(k, i);
        const uint32_t *gold = hx_dataset_many(k->data, e);
        for (size_t m = 0; m < e->n_labels; m++, at++) {
            if (said[at] == HX_NN_IGNORE) continue;
            labels[n] = gold[m];
            found[n++] = said[at];
        }
    }
    const hx_evaluation e = {.labels = labels,
                             .predictions = found,
                             .n = n,
                             .n_labels = k->t->n_labels,
                             .names = k->t->labels,
                             .seed = (uint64_t)k->t->trainer->config->seed};
    k->r->of_words = true;
    return n > 0 ? hx_evaluate(&e, k->arena, &k->r->evaluation, err) : HX_OK;
}

static float put_sentence(looked *k, const hx_example *e, const uint32_t *said) {
    hx_json_writer w;
    const uint32_t *gold = hx_dataset_many(k->data, e);
    size_t wrong = 0;
    for (size_t m = 0; m < e->n_labels; m++)
        wrong += said[m] != HX_NN_IGNORE && said[m] != gold[m];
    begin_line(&w, k->lines, k->name, e);
    put_names(&w, "tags", k, gold, e->n_labels);
    put_names(&w, "predicted", k, said, e->n_labels);
    end_line(&w, k->lines);
    return e->n_labels ? (float)wrong / (float)e->n_labels : 0;
}

static hx_status look_tags(looked *k, hx_error *err) {
    uint32_t worst[WRONG_MAX], *said, *starts = hx_arena_alloc(k->arena, k->n * sizeof *starts);
    float *off = hx_arena_alloc(k->arena, k->n * sizeof *off);
    hx_report_wrong *wrong;
    uint32_t words = 0;
    if (!off || !starts) return no_memory(err);
    HX_TRY(hx_train_tags_said(k->t, k->part, k->n, k->arena, &said, err));
    for (size_t i = 0; i < k->n; i++) {
        starts[i] = words;
        off[i] = put_sentence(k, example(k, i), said + words);
        words += example(k, i)->n_labels;
    }
    k->r->score = HX_WRONG_SHARE;
    HX_TRY(describe_words(k, said, words, err));
    HX_TRY(keep_worst(k, off, worst, &wrong, err));
    for (size_t i = 0; i < k->r->n_wrong; i++) {
        const hx_example *e = example(k, worst[i]);
        wrong[i].label = join(k, hx_dataset_many(k->data, e), e->n_labels, ' ');
        wrong[i].predicted = join(k, said + starts[worst[i]], e->n_labels, ' ');
        if (!wrong[i].label || !wrong[i].predicted) return no_memory(err);
    }
    return HX_OK;
}

/* ------------------------------------------------------------------ all tasks */
static hx_status look(looked *k, hx_error *err) {
    hx_task_kind kind = k->t->config->kind;
    hx_task_figures figures = {0};
    float *rows = NULL;
    double loss;
    if (kind == HX_TASK_LABEL || kind == HX_TASK_LABELS || kind == HX_TASK_NUMBER)
        HX_TRY(hx_train_label_logits(k->t, k->part, k->n, k->arena, &rows, &loss, err));
    if (kind == HX_TASK_LABEL) return look_label(k, rows, err);
    HX_TRY(k->t->type->evaluate(k->t, k->part == HX_PART_TEST, k->arena, &figures, err));
    k->r->figures = figures.json;
    if (kind == HX_TASK_LABELS) return look_labels(k, rows, err);
    if (kind == HX_TASK_NUMBER) return look_number(k, rows, err);
    return kind == HX_TASK_TAG || kind == HX_TASK_CRF ? look_tags(k, err) : HX_OK;
}

static hx_status look_task(hx_trainer *t, size_t at, hx_run_report *r, hx_buf *lines,
                           hx_error *err) {
    hx_task *task = &t->tasks[at];
    const char *name = t->config->n_tasks > 1 ? task->config->name : NULL;
    r->task = name;
    if (hx_task_is_text(task->config) || !hx_task_has_head(task->config)) return HX_OK;
    const label_task *own = task->own;
    looked k = {.t = task,
                .data = own->data,
                .part = hx_dataset_count(own->data, HX_PART_TEST) > 0 ? HX_PART_TEST
                                                                      : HX_PART_VALIDATION,
                .name = name,
                .arena = t->step_arena,
                .lines = lines,
                .r = r};
    HX_TRY(hx_report_of_data(own->data, k.arena, r, err));
    k.n = hx_dataset_count(k.data, k.part);
    if (k.n == 0) return HX_OK;
    r->part = k.part == HX_PART_TEST ? "test" : "validation";
    return look(&k, err);
}

static hx_status look_all(hx_trainer *t, hx_run_report *r, hx_buf *lines, hx_error *err) {
    for (size_t i = 0; i < t->config->n_tasks; i++) {
        HX_TRY(look_task(t, i, r, lines, err));
        if (i + 1 == t->config->n_tasks) break;
        hx_run_report *next = hx_arena_alloc(t->step_arena, sizeof *next);
        if (!next) return no_memory(err);
        r->next = next;
        r = next;
    }
    return HX_OK;
}

static hx_status add_answers(hx_trainer *t, hx_run_report *r, hx_error *err) {
    hx_buf lines;
    const char *path = hx_run_path(t->run, "predictions.jsonl", t->arena);
    if (!path) return no_memory(err);
    hx_buf_init(&lines, FILE_MAX_BYTES);
    hx_status st = look_all(t, r, &lines, err);
    if (st == HX_OK) st = hx_buf_status(&lines, "predictions.jsonl", err);
    if (st == HX_OK && lines.len > 0) st = hx_file_write(path, hx_buf_str(&lines), false, err);
    hx_buf_release(&lines);
    return st;
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
