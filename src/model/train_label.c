/* train_label.c - tasks on labelled texts: one label, several labels, a number.
 *
 *     files -> dataset (dataset.h) -> ids -> [texts changed anew each epoch] -> batches of whole texts, packed -> head on the last token
 *                                                                                                           or the mean
 *
 * The figure that chooses is the macro F1 of one label, the micro F1 of several, R^2 of a number, on validation, or on the test's
 * examples where there is no validation. A teacher's probabilities of all texts of training are asked for once, before the first step. */
#include "model/train_label.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "model/teacher.h"

#define JSON_MAX ((size_t)1 << 22)
#define IMBALANCE_SAID 10.0
#define IMBALANCE_OF_TAGS 100.0
#define LIST_MAX ((size_t)64 << 20)
#define COMPANIONS_TRIED 50
#define SALT_JOIN 0x6a6f696eu
#define SALT_MIXUP 0x6d697875u
#define SALT_SECOND 0x32u

/* ------------------------------------------------------------------ warnings */
/* Relations and words are never alike many, and no weights help; tags differ more than labels do. */
static double imbalance_said(const hx_task *t) {
    bool words = t->config->kind == HX_TASK_PARSE || t->config->kind == HX_TASK_SEGMENT;
    return words ? INFINITY : hx_task_is_tags(t->config) ? IMBALANCE_OF_TAGS : IMBALANCE_SAID;
}

static void warn_of_imbalance(const hx_task *t, const hx_dataset_check *k) {
    hx_error e = {.ui = t->trainer->ui};
    if (k->imbalance <= imbalance_said(t)) return;
    if (t->config->balanced || t->config->kind == HX_TASK_CRF)
        (void)hx_fail(&e, HX_EINVAL,
                      "the most frequent label is %.0f times as frequent as the rarest",
                      k->imbalance);
    else
        (void)hx_fail(&e, HX_EINVAL,
                      "the most frequent label is %.0f times as frequent as the rarest; "
                      "--class-weights balanced may help",
                      k->imbalance);
    hx_train_notice(t->trainer, &e);
}

static void warn_of_no_test(const hx_task *t, const hx_dataset *d) {
    hx_error e = {.ui = t->trainer->ui};
    const hx_task_config *c = t->config;
    bool asked = c->test || c->validation || c->test_size > 0 || c->validation_size > 0;
    if (!asked || hx_dataset_count(d, HX_PART_VALIDATION) + hx_dataset_count(d, HX_PART_TEST) > 0)
        return;
    (void)hx_fail(&e, HX_EINVAL,
                  "the task %s has no texts to be judged by: too few rows for a test; nothing says "
                  "how good the model is",
                  c->name);
    hx_train_notice(t->trainer, &e);
}

void hx_train_warn_of_data(const hx_task *t, const hx_dataset *d) {
    const hx_dataset_check *k = hx_dataset_checked(d);
    hx_error e = {.ui = t->trainer->ui};
    warn_of_no_test(t, d);
    if (k->n_leaks > 0) {
        hx_str first = hx_dataset_leak_text(d, 0, t->trainer->ui, t->trainer->arena);
        (void)hx_fail(&e, HX_EINVAL,
                      "%zu texts of validation or test also stand in train; --drop-leaks leaves "
                      "them out there: %.*s",
                      k->n_leaks, HX_STR_ARG(first));
        hx_train_notice(t->trainer, &e);
    }
    if (k->n_duplicates > 0) {
        (void)hx_fail(&e, HX_EINVAL, "%zu texts of train stand there twice, %zu with another label",
                      k->n_duplicates, k->n_conflicts);
        hx_train_notice(t->trainer, &e);
    }
    warn_of_imbalance(t, k);
    if (k->n_long > 0) {
        (void)hx_fail(&e, HX_EINVAL, "%zu texts are longer than %lld tokens and were cut",
                      k->n_long, (long long)t->config->max_length);
        hx_train_notice(t->trainer, &e);
    }
    if (k->n_bad + k->n_unlabelled > 0) {
        (void)hx_fail(&e, HX_EINVAL, "%zu rows can't be read and %zu have no label: left out",
                      k->n_bad, k->n_unlabelled);
        hx_train_notice(t->trainer, &e);
    }
}

/* ------------------------------------------------------------------ data */
static hx_target_kind target_of(const hx_task_config *c) {
    return c->kind == HX_TASK_LABEL     ? HX_TARGET_LABEL
           : c->kind == HX_TASK_LABELS  ? HX_TARGET_LABELS
           : c->kind == HX_TASK_NUMBER  ? HX_TARGET_NUMBER
           : c->kind == HX_TASK_CORRECT ? HX_TARGET_NONE
                                        : HX_TARGET_TAGS;
}

hx_status hx_train_read_data(const hx_task *t, hx_dataset **out, hx_error *err) {
    const hx_task_config *c = t->config;
    const hx_dataset_options options = {.text = c->text,
                                        .label = !c->label && c->kind == HX_TASK_PARSE ? "deprel"
                                                                                       : c->label,
                                        .text2 = c->text2,
                                        .target = target_of(c),
                                        .lower = c->lower,
                                        .test_size = c->test ? 0 : c->test_size,
                                        .validation_size = c->validation ? 0 : c->validation_size,
                                        .seed = (uint64_t)t->trainer->config->seed,
                                        .validation_path = c->validation,
                                        .test_path = c->test,
                                        .max_examples = (size_t)c->max_examples,
                                        .cancel = t->trainer->calls->cancel};
    if (c->n_data != 1)
        return hx_fail(err, HX_EINVAL, "the task %s takes one file as its data", c->name);
    HX_TRY(hx_dataset_read(out, c->data[0], &options, err));
    const hx_train_config *r = t->trainer->config;
    if (r->folds > 1)
        HX_TRY(hx_dataset_fold(*out, (size_t)r->folds, (size_t)r->fold, options.seed, err));
    return c->drop_leaks ? hx_dataset_drop_leaks(*out, err) : HX_OK;
}

hx_status hx_train_tokenise(const hx_task *t, hx_dataset *d, hx_part part, hx_token_lists *out,
                            uint32_t **lengths, hx_error *err) {
    hx_trainer *r = t->trainer;
    HX_TRY(hx_dataset_tokens(d, r->tokenizer, part, (size_t)t->config->max_length, r->n_threads,
                             r->arena, out, err));
    *lengths = hx_arena_alloc(r->arena, (out->n + 1) * sizeof **lengths);
    if (!*lengths) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < out->n; i++)
        (*lengths)[i] = out->starts[i + 1] - out->starts[i];
    return HX_OK;
}

hx_status hx_train_read_labels(hx_task *t, const hx_dataset *d, hx_error *err) {
    t->n_labels = hx_dataset_n_labels(d);
    t->labels = hx_arena_alloc(t->trainer->arena, (t->n_labels + 1) * sizeof *t->labels);
    if (!t->labels) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < t->n_labels; i++)
        t->labels[i] = hx_dataset_label(d, i);
    return HX_OK;
}

/* How often each label stands in train; all = of how many texts or words. */
static uint64_t count_labels(const hx_task *t, uint64_t *counts) {
    const label_task *own = t->own;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN);
    uint64_t all = t->config->kind == HX_TASK_TAG ? 0 : n;
    for (size_t i = 0; i < n; i++) {
        const hx_example *e = hx_dataset_at(own->data, HX_PART_TRAIN, i);
        const uint32_t *many = hx_dataset_many(own->data, e);
        if (t->config->kind == HX_TASK_LABEL) counts[e->label]++;
        for (size_t k = 0; many && k < e->n_labels; k++)
            counts[many[k]]++;
        if (t->config->kind == HX_TASK_TAG) all += e->n_labels;
    }
    return all;
}

/* One label of several: all / (labels * its count), as scikit-learn has it. Several labels a text: texts without it / texts with it, the weight
 * of a text that has it. */
hx_status hx_train_weigh_labels(hx_task *t, hx_error *err) {
    label_task *own = t->own;
    if (!t->config->balanced) return HX_OK;
    float *w = hx_arena_alloc(t->trainer->arena, (t->n_labels + 1) * sizeof *w);
    uint64_t *counts = hx_arena_alloc(t->trainer->arena, (t->n_labels + 1) * sizeof *counts);
    if (!w || !counts) return hx_fail(err, HX_ENOMEM, "out of memory");
    double all = (double)count_labels(t, counts);
    for (size_t i = 0; i < t->n_labels; i++) {
        double n = (double)counts[i];
        w[i] = n <= 0                              ? 0
               : t->config->kind == HX_TASK_LABELS ? (float)((all - n) / n)
                                                   : (float)(all / ((double)t->n_labels * n));
    }
    own->class_weights = w;
    return HX_OK;
}

/* What is learnt is (number - mean) / deviation. */
static void measure_numbers(hx_task *t) {
    const label_task *own = t->own;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += hx_dataset_at(own->data, HX_PART_TRAIN, i)->number;
    t->mean = n > 0 ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++) {
        double d = hx_dataset_at(own->data, HX_PART_TRAIN, i)->number - t->mean;
        squares += d * d;
    }
    t->deviation = squares > 0 ? sqrt(squares / (double)n) : 1;
}

/* ------------------------------------------------------------------ changed texts */
static hx_status read_list(const hx_task *t, const char *path, hx_str *out, hx_error *err) {
    hx_buf b;
    if (!path) return HX_OK;
    hx_buf_init(&b, LIST_MAX);
    hx_status st = hx_file_read(path, &b, err);
    if (st == HX_OK) {
        *out = hx_arena_str(t->trainer->arena, hx_buf_str(&b));
        if (!out->ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&b);
    return st;
}

/* Changes that are asked for by name need what they draw from. */
static hx_status check_lists(const hx_task *t, hx_str names, unsigned kinds, hx_error *err) {
    const hx_task_config *c = t->config;
    const struct {
        unsigned kind;
        const char *path, *name, *key;
    } needed[] = {{HX_AUGMENT_SYNONYM, c->synonyms, "synonym", "synonyms"},
                  {HX_AUGMENT_HOMOPHONE, c->homophones, "homophone", "homophones"},
                  {HX_AUGMENT_SHAPE, c->shapes, "shape", "shapes"}};
    if (hx_str_equal(names, HX_STR_LIT("all"))) return HX_OK;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if ((kinds & needed[i].kind) && !needed[i].path)
            return hx_fail(err, HX_EINVAL,
                           "'%s' changes texts by a list: the task %s needs \"%s\", a file, in its "
                           "configuration",
                           needed[i].name, c->name, needed[i].key);
    return HX_OK;
}

/* "swap,delete:0.1" */
static hx_status open_augmenter(hx_task *t, hx_error *err) {
    const hx_task_config *c = t->config;
    label_task *own = t->own;
    hx_augment_lists lists = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    if (!c->augment) return HX_OK;
    const char *colon = strchr(c->augment, ':');
    hx_str names = {c->augment, colon ? (size_t)(colon - c->augment) : strlen(c->augment)};
    own->augment_rate = 0.1;
    if (colon) {
        json_t *rate = json_loads(colon + 1, JSON_DECODE_ANY, NULL);
        own->augment_rate = json_is_number(rate) ? json_number_value(rate) : -1;
        json_decref(rate);
    }
    if (!(own->augment_rate > 0 && own->augment_rate < 1))
        return hx_fail(err, HX_EINVAL, "the rate of '%s' must be between 0 and 1", c->augment);
    HX_TRY(hx_augment_parse(names, &own->augment_kinds, err));
    HX_TRY(check_lists(t, names, own->augment_kinds, err));
    HX_TRY(read_list(t, c->synonyms, &lists.synonyms, err));
    HX_TRY(read_list(t, c->homophones, &lists.homophones, err));
    HX_TRY(read_list(t, c->shapes, &lists.shapes, err));
    HX_TRY(hx_augmenter_new(&own->augmenter, &lists, err));
    own->scratch = hx_tokenizer_scratch_new(t->trainer->tokenizer);
    return own->scratch ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

/* Another text of the same label, by the seed; the example itself where none is found soon. */
static const hx_example *companion(const hx_task *t, const hx_example *e, hx_rng *r) {
    const label_task *own = t->own;
    size_t n = hx_dataset_count(own->data, HX_PART_TRAIN);
    for (int i = 0; i < COMPANIONS_TRIED; i++) {
        const hx_example *other = hx_dataset_at(own->data, HX_PART_TRAIN, hx_rng_below(r, n));
        if (other->label == e->label && other != e) return other;
    }
    return e;
}

/* Two texts of one label, one behind the other, with the probability augment_rate. */
static void join(const hx_task *t, const hx_example *e, uint64_t number, hx_buf *text) {
    const label_task *own = t->own;
    hx_rng r;
    hx_rng_seed(&r, hx_hash_mix((uint64_t)t->trainer->config->seed ^ SALT_JOIN, number));
    bool wanted = (own->augment_kinds & HX_AUGMENT_JOIN) && t->config->kind == HX_TASK_LABEL &&
                  !t->config->text2 && hx_rng_uniform(&r) < own->augment_rate;
    if (!wanted) return;
    (void)hx_buf_append_byte(text, ' ');
    (void)hx_buf_append_str(text, companion(t, e, &r)->text);
}

/* One text of an example as it reads in this epoch; `number` says which draw. */
static hx_status change(const hx_task *t, hx_str text, uint64_t number, hx_buf *out,
                        hx_error *err) {
    const label_task *own = t->own;
    return hx_augment_text(own->augmenter, text, own->augment_kinds & ~(unsigned)HX_AUGMENT_JOIN,
                           own->augment_rate, (uint64_t)t->trainer->config->seed, number, out, NULL,
                           err);
}

/* The example as it reads in this epoch, both texts of a pair: appended to `ids`, at most max_length tokens. */
static hx_status put_changed(const hx_task *t, size_t example, uint64_t epoch, hx_buf *ids,
                             hx_error *err) {
    const label_task *own = t->own;
    const hx_example *e = hx_dataset_at(own->data, HX_PART_TRAIN, example);
    uint64_t number = epoch * hx_dataset_count(own->data, HX_PART_TRAIN) + example;
    hx_buf text, text2;
    hx_buf_init(&text, HX_LLAMA_TEXT_MAX);
    hx_buf_init(&text2, HX_LLAMA_TEXT_MAX);
    hx_status st = change(t, e->text, number, &text, err);
    if (st == HX_OK && e->text2.len > 0)
        st = change(t, e->text2, hx_hash_mix(number, SALT_SECOND), &text2, err);
    if (st == HX_OK) join(t, e, number, &text);
    if (st == HX_OK) st = hx_buf_status(&text, "a text", err);
    if (st == HX_OK) st = hx_buf_status(&text2, "a text", err);
    if (st == HX_OK)
        st = hx_dataset_text_tokens(t->trainer->tokenizer, own->scratch, hx_buf_str(&text),
                                    hx_buf_str(&text2), (size_t)t->config->max_length, ids, err);
    hx_buf_release(&text);
    hx_buf_release(&text2);
    return st;
}

/* ------------------------------------------------------------------ make */
static hx_status add_head(hx_task *t, hx_error *err) {
    const hx_task_config *c = t->config;
    hx_trainer *r = t->trainer;
    const label_task *own = t->own;
    hx_head_options head = {.kind = c->kind == HX_TASK_LABEL    ? HX_HEAD_SEQUENCE
                                    : c->kind == HX_TASK_LABELS ? HX_HEAD_MULTI
                                                                : HX_HEAD_REGRESSION,
                            .name = hx_train_score_task(r) == t ? "" : c->name,
                            .n_labels = t->n_labels,
                            .mean = c->mean,
                            .smoothing = (float)c->smoothing,
                            .gamma = (float)c->focal,
                            .hidden = (size_t)c->hidden,
                            .dropout = (float)c->dropout,
                            .tap = (size_t)c->tap};
    hx_teacher_put_options(c, own->teacher_width, &head);
    return hx_train_head_new(&t->head, r->trunk, &head, (uint64_t)r->config->seed, err);
}

static hx_status make_label(hx_task *t, hx_error *err) {
    static const char *const value[] = {"value"};
    hx_trainer *r = t->trainer;
    label_task *own = t->own = hx_arena_alloc(r->arena, sizeof *own);
    if (!own) return hx_fail(err, HX_ENOMEM, "out of memory");
    HX_TRY(hx_train_read_data(t, &own->data, err));
    HX_TRY(hx_train_read_labels(t, own->data, err));
    if (t->config->kind == HX_TASK_NUMBER) {
        t->labels = (const char **)(uintptr_t)value;
        t->n_labels = 1;
        measure_numbers(t);
    }
    for (int part = 0; part < HX_DATASET_PARTS; part++)
        HX_TRY(hx_train_tokenise(t, own->data, (hx_part)part, &own->tokens[part],
                                 &own->lengths[part], err));
    hx_train_warn_of_data(t, own->data);
    if (t->config->kind != HX_TASK_NUMBER && t->n_labels < 2)
        return hx_fail(err, HX_EINVAL, "the task %s has %zu labels; it needs two at least",
                       t->config->name, t->n_labels);
    HX_TRY(hx_train_weigh_labels(t, err));
    HX_TRY(open_augmenter(t, err));
    HX_TRY(hx_train_ask_teacher(t, err));
    HX_TRY(hx_batch_cursor_init(&own->cursor, own->lengths[HX_PART_TRAIN],
                                own->tokens[HX_PART_TRAIN].n, (size_t)t->config->batch_tokens,
                                (size_t)t->config->batch, (uint64_t)r->config->seed, err));
    return add_head(t, err);
}

static void free_label(hx_task *t) {
    label_task *own = t->own;
    hx_batch_cursor_release(&own->cursor);
    hx_augmenter_free(own->augmenter);
    hx_tokenizer_scratch_free(own->scratch);
    hx_dataset_free(own->data);
}

/* ------------------------------------------------------------------ batches */
hx_status hx_train_pack(const hx_task *t, const hx_token_lists *lists, const uint32_t *order,
                        size_t n, hx_arena *arena, hx_task_batch *out, hx_error *err) {
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += lists->starts[order[i] + 1] - lists->starts[order[i]];
    uint32_t *ids = hx_arena_alloc(arena, (total + 1) * sizeof *ids),
             *starts = hx_arena_alloc(arena, (n + 1) * sizeof *starts);
    bool *causal = hx_arena_alloc(arena, n + 1);
    if (!ids || !starts || !causal) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0, at = 0; i < n; i++) {
        size_t from = lists->starts[order[i]], len = lists->starts[order[i] + 1] - from;
        memcpy(ids + at, lists->ids + from, len * sizeof *ids);
        at += len;
        starts[i + 1] = (uint32_t)at;
        causal[i] = !hx_train_is_bidirectional(t->config);
    }
    out->batch = (hx_trunk_batch){.ids = ids,
                                  .n_tokens = total,
                                  .starts = starts,
                                  .n_sequences = n,
                                  .causal = causal,
                                  .tap = (size_t)t->config->tap};
    return HX_OK;
}

/* The same of changed texts. */
static hx_status pack_changed(const hx_task *t, uint64_t epoch, const uint32_t *order, size_t n,
                              hx_arena *arena, hx_task_batch *out, hx_error *err) {
    hx_buf ids;
    hx_str copy = {NULL, 0};
    uint32_t *starts = hx_arena_alloc(arena, (n + 1) * sizeof *starts);
    bool *causal = hx_arena_alloc(arena, n + 1);
    if (!starts || !causal) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_buf_init(&ids, LIST_MAX);
    hx_status st = HX_OK;
    for (size_t i = 0; st == HX_OK && i < n; i++) {
        st = put_changed(t, order[i], epoch, &ids, err);
        starts[i + 1] = (uint32_t)(ids.len / sizeof(uint32_t));
        causal[i] = !hx_train_is_bidirectional(t->config);
    }
    if (st == HX_OK) {
        copy = hx_arena_str(arena, hx_buf_str(&ids));
        if (!copy.ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&ids);
    out->batch = (hx_trunk_batch){.ids = (const uint32_t *)(const void *)copy.ptr,
                                  .n_tokens = starts[n],
                                  .starts = starts,
                                  .n_sequences = n,
                                  .causal = causal,
                                  .tap = (size_t)t->config->tap};
    return st;
}

static void put_many(const hx_task *t, const hx_example *e, float *row) {
    const label_task *own = t->own;
    const uint32_t *many = hx_dataset_many(own->data, e);
    for (size_t i = 0; i < e->n_labels; i++)
        row[many[i]] = 1;
}

static hx_status put_targets(const hx_task *t, hx_part part, const uint32_t *order, size_t n,
                             hx_arena *arena, hx_targets *out, hx_error *err) {
    const label_task *own = t->own;
    size_t width = t->config->kind == HX_TASK_LABEL ? 0 : t->n_labels;
    uint32_t *labels = hx_arena_alloc(arena, (n + 1) * sizeof *labels);
    float *values = hx_arena_alloc(arena, (n * width + 1) * sizeof *values);
    if (!labels || !values) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const hx_example *e = hx_dataset_at(own->data, part, order[i]);
        labels[i] = e->label;
        if (t->config->kind == HX_TASK_LABELS) put_many(t, e, values + i * width);
        if (t->config->kind == HX_TASK_NUMBER)
            values[i] = (float)((e->number - t->mean) / t->deviation);
    }
    *out = (hx_targets){.class_weights = own->class_weights};
    if (width == 0)
        out->labels = labels;
    else
        out->values = values;
    return HX_OK;
}

static hx_status put_hidden(const hx_task *t, const uint32_t *order, size_t n, hx_arena *arena,
                            hx_targets *out, hx_error *err) {
    const label_task *own = t->own;
    size_t width = own->teacher_width;
    float *rows = hx_arena_alloc(arena, (n * width + 1) * sizeof *rows);
    if (!rows) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        memcpy(rows + i * width, own->teacher_hidden + order[i] * width, width * sizeof *rows);
    out->teacher_hidden = rows;
    out->hidden_share = (float)t->config->hidden_share;
    return HX_OK;
}

static hx_status put_teacher(const hx_task *t, const uint32_t *order, size_t n, hx_arena *arena,
                             hx_targets *out, hx_error *err) {
    const label_task *own = t->own;
    size_t width = t->n_labels;
    if (own->teacher_hidden) HX_TRY(put_hidden(t, order, n, arena, out, err));
    if (!own->teacher) return HX_OK;
    float *rows = hx_arena_alloc(arena, (n * width + 1) * sizeof *rows);
    if (!rows) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        memcpy(rows + i * width, own->teacher + order[i] * width, width * sizeof *rows);
    out->teacher_logits = rows;
    out->teacher_share = (float)t->config->teacher_share;
    return HX_OK;
}

/* ------------------------------------------------------------------ mixup (arXiv 1905.08941) */
/* Beta(a, a) by Joehnk's way (1964): good for a <= 1. */
static double draw_share(hx_rng *r, double a) {
    for (int i = 0; i < 1000; i++) {
        double x = pow(hx_rng_uniform(r), 1 / a), y = pow(hx_rng_uniform(r), 1 / a);
        if (x + y > 0 && x + y <= 1) return x / (x + y);
    }
    return 0.5;
}

/* Each sequence is mixed with one of the batch, token by token as far as both go. */
static void mix_sequence(const hx_trunk_batch *b, size_t i, size_t other, uint32_t *mixed) {
    size_t n = b->starts[i + 1] - b->starts[i], m = b->starts[other + 1] - b->starts[other];
    for (size_t k = 0; k < n; k++)
        mixed[b->starts[i] + k] = k < m ? b->ids[b->starts[other] + k] : b->ids[b->starts[i] + k];
}

static hx_status put_mixup(const hx_task *t, uint64_t number, hx_arena *arena, hx_task_batch *out,
                           hx_error *err) {
    size_t n = out->batch.n_sequences;
    hx_rng r;
    if (!(t->config->mixup > 0) || n < 2 || t->config->kind != HX_TASK_LABEL) return HX_OK;
    uint32_t *mixed = hx_arena_alloc(arena, out->batch.n_tokens * sizeof *mixed),
             *second = hx_arena_alloc(arena, n * sizeof *second);
    float *share = hx_arena_alloc(arena, n * sizeof *share);
    if (!mixed || !second || !share) return hx_fail(err, HX_ENOMEM, "out of memory");
    hx_rng_seed(&r, hx_hash_mix((uint64_t)t->trainer->config->seed ^ SALT_MIXUP, number));
    for (size_t i = 0; i < n; i++) {
        size_t other = hx_rng_below(&r, n);
        share[i] = (float)draw_share(&r, t->config->mixup);
        second[i] = out->targets.labels[other];
        mix_sequence(&out->batch, i, other, mixed);
    }
    out->batch.mixed = mixed;
    out->batch.share = share;
    out->targets.second = second;
    return HX_OK;
}

static hx_status fill_label(hx_task *t, uint64_t number, hx_arena *arena, hx_task_batch *out,
                            hx_error *err) {
    label_task *own = t->own;
    const uint32_t *order;
    size_t n;
    HX_TRY(hx_batch_cursor_at(&own->cursor, number, &order, &n, &t->epoch, err));
    if (own->augmenter)
        HX_TRY(pack_changed(t, own->cursor.epoch, order, n, arena, out, err));
    else
        HX_TRY(hx_train_pack(t, &own->tokens[HX_PART_TRAIN], order, n, arena, out, err));
    HX_TRY(put_targets(t, HX_PART_TRAIN, order, n, arena, &out->targets, err));
    HX_TRY(put_mixup(t, number, arena, out, err));
    return put_teacher(t, order, n, arena, &out->targets, err);
}

static hx_status count_label(hx_task *t, double epochs, uint64_t *batches, hx_error *err) {
    label_task *own = t->own;
    return hx_batch_cursor_count(&own->cursor, epochs, batches, err);
}

/* ------------------------------------------------------------------ evaluation */
hx_part hx_train_part(const hx_dataset *d, bool test) {
    bool has = hx_dataset_count(d, HX_PART_VALIDATION) > 0;
    return test || !has ? HX_PART_TEST : HX_PART_VALIDATION;
}

static hx_status look_at(hx_task *t, hx_part part, const uint32_t *order, size_t n, float *logits,
                         hx_arena *arena, hx_objective_result *sum, hx_error *err) {
    label_task *own = t->own;
    hx_task_batch b = {0};
    hx_objective_result r = {0};
    const float *rows;
    HX_TRY(hx_train_pack(t, &own->tokens[part], order, n, arena, &b, err));
    HX_TRY(put_targets(t, part, order, n, arena, &b.targets, err));
    HX_TRY(hx_train_look(t->trainer, t, &b, &r, &rows, err));
    memcpy(logits, rows, n * t->n_labels * sizeof *logits);
    sum->loss += r.loss;
    sum->count += r.count;
    return HX_OK;
}

hx_status hx_train_label_logits(hx_task *t, hx_part part, size_t n, hx_arena *arena, float **logits,
                                double *loss, hx_error *err) {
    label_task *own = t->own;
    hx_objective_result sum = {0};
    size_t most = (size_t)t->config->batch_tokens, tokens = 0, from = 0;
    uint32_t *order = hx_arena_alloc(arena, (n + 1) * sizeof *order);
    *logits = hx_arena_alloc(arena, (n * t->n_labels + 1) * sizeof **logits);
    if (!order || !*logits) return hx_fail(err, HX_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = 0; i < n; i++) {
        uint32_t len = own->lengths[part][i];
        if (i > from && tokens + len > most) {
            HX_TRY(look_at(t, part, order + from, i - from, *logits + from * t->n_labels, arena,
                           &sum, err));
            from = i;
            tokens = 0;
        }
        tokens += len;
    }
    HX_TRY(
        look_at(t, part, order + from, n - from, *logits + from * t->n_labels, arena, &sum, err));
    *loss = sum.count > 0 ? sum.loss / sum.count : NAN;
    return HX_OK;
}

static hx_status evaluate_label(hx_task *t, bool test, hx_arena *arena, hx_task_figures *out,
                                hx_error *err) {
    const label_task *own = t->own;
    hx_part part = hx_train_part(own->data, test);
    size_t n = hx_dataset_count(own->data, part), most = (size_t)t->config->max_evaluated;
    float *logits;
    hx_buf b;
    if (!test && most > 0 && n > most) n = most;
    if (n == 0) return HX_OK;
    HX_TRY(hx_train_label_logits(t, part, n, arena, &logits, &out->loss, err));
    out->n = n;
    hx_buf_init(&b, JSON_MAX);
    hx_status st = hx_train_label_figures(t, part, logits, n, arena, out, &b, err);
    if (st == HX_OK) st = hx_buf_status(&b, "an evaluation", err);
    if (st == HX_OK) {
        out->json = hx_arena_str(arena, hx_buf_str(&b));
        if (!out->json.ptr) st = hx_fail(err, HX_ENOMEM, "out of memory");
    }
    hx_buf_release(&b);
    return st;
}

/* Of texts that training did not see: without a part for validation there is no temperature, since the test's figures would flatter. */
static hx_status cool_label(hx_task *t, hx_arena *arena, hx_error *err) {
    const label_task *own = t->own;
    size_t n = hx_dataset_count(own->data, HX_PART_VALIDATION);
    float *logits;
    double loss;
    if (n == 0 || t->config->kind == HX_TASK_NUMBER) return HX_OK;
    HX_TRY(hx_train_label_logits(t, HX_PART_VALIDATION, n, arena, &logits, &loss, err));
    return hx_train_fit_temperature(t, logits, n, arena, err);
}

const hx_task_type hx_task_type_label = {
    .make = make_label,
    .fill = fill_label,
    .count = count_label,
    .evaluate = evaluate_label,
    .cool = cool_label,
    .free_own = free_label,
};
