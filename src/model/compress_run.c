/* compress_run.c - the texts by which a model is compressed, where it comes from a run that learnt from the same file.
 *
 *     RUN/best -> RUN/config.json -> the task of its head -> the same bytes of data? -> the run's own parts
 *
 * A test drawn anew would hold texts that the model learnt from: each way, and the model as it is, would look better than it is. So the run's
 * parts are read again as the run read them: its shares, seed, files, folds. Where it kept no test, its validation is measured on. */
#include <string.h>

#include "base/error.h"
#include "model/compress.h"
#include "model/learnt_from.h"
#include "model/train_label.h"

/* The run's task of this head, where all of its texts are still the same; NULL = none. */
static hx_task_config *same_task(const hx__compress_job *j, const hx_train_config *c,
                                 const json_t *sums) {
    for (size_t i = 0; i < c->n_tasks; i++) {
        hx_task_config *t = &c->tasks[i];
        bool same = t->kind == HX_TASK_LABEL && t->n_data == 1 && !t->text2 &&
                    strcmp(t->name, j->head->name) == 0 &&
                    hx_is_noted(j->options->data, sums, t->data[0]);
        if (same && t->validation) same = hx_is_noted(t->validation, sums, t->validation);
        if (same && t->test) same = hx_is_noted(t->test, sums, t->test);
        if (same) return t;
    }
    return NULL;
}

static hx_status read_parts(hx__compress_job *j, const hx_train_config *c, hx_task_config *task,
                            hx_error *err) {
    const hx_compress_options *o = j->options;
    const hx_train_calls calls = {.n_threads = o->n_threads, .cancel = o->cancel};
    hx_trainer trainer = {.config = c, .calls = &calls, .arena = j->arena};
    const hx_task t = {.config = task, .trainer = &trainer};
    task->data[0] = o->data;
    if (o->text) task->text = o->text;
    if (o->label) task->label = o->label;
    HX_TRY(hx_train_read_data(&t, &j->data, err));
    j->measured = hx_dataset_count(j->data, HX_PART_TEST) > 0 ? HX_PART_TEST : HX_PART_VALIDATION;
    return HX_OK;
}

static void say(const hx__compress_job *j, hx_ui_lang ui) {
    const hx_compress_options *o = j->options;
    hx_error e = {.ui = ui};
    if (!o->notice) return;
    if (j->data)
        (void)hx_fail(&e, HX_EINVAL, "measured on %zu texts of %s, the run's own test",
                      hx_dataset_count(j->data, j->measured), o->data);
    else
        (void)hx_fail(&e, HX_EINVAL,
                      "%s is what the model learnt from: a test other than the run's own may hold "
                      "texts that it knows",
                      o->data);
    o->notice(o->context, e.message);
}

/* Labels of the run's data are those of its model, in their order, unless somebody changed the model. */
static bool has_labels(const hx_dataset *d, const char *const *labels, size_t n) {
    bool same = hx_dataset_n_labels(d) == n;
    for (size_t i = 0; same && i < n; i++)
        same = strcmp(hx_dataset_label(d, i), labels[i]) == 0;
    return same;
}

static hx_status read_same(hx__compress_job *j, json_t *config, const char *const *labels, size_t n,
                           hx_error *err) {
    const hx_compress_options *o = j->options;
    hx_train_config c;
    hx_error quiet = {0};
    json_t *sums = json_incref(json_object_get(config, "data_sums"));
    (void)json_object_del(config, "data_sums");
    bool known = sums && hx_train_config_read(&c, config, j->arena, &quiet) == HX_OK;
    hx_task_config *task = known ? same_task(j, &c, sums) : NULL;
    json_decref(sums);
    if (!task) return HX_OK;
    bool own = !o->test && !(o->test_size > 0) && o->seed == 0;
    hx_status st = own ? read_parts(j, &c, task, err) : HX_OK;
    bool usable = st == HX_OK && j->data && has_labels(j->data, labels, n) &&
                  hx_dataset_count(j->data, j->measured) > 0;
    if (!usable) {
        hx_dataset_free(j->data);
        j->data = NULL;
        j->measured = HX_PART_TEST;
    }
    if (st == HX_OK) say(j, err->ui);
    return st;
}

hx_status hx__compress_read_run(hx__compress_job *j, const char *const *labels, size_t n_labels,
                                hx_error *err) {
    json_t *config = NULL;
    HX_TRY(hx_run_config_of(j->model, &config, err));
    hx_status st = config ? read_same(j, config, labels, n_labels, err) : HX_OK;
    json_decref(config);
    return st;
}
