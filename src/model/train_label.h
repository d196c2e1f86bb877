/* train_label.h - the inside of tasks on labelled texts and words. For train_label.c, train_figures.c, train_teacher.c, train_tags.c. */
#ifndef HX_MODEL_TRAIN_LABEL_H
#define HX_MODEL_TRAIN_LABEL_H

#include "model/augment.h"
#include "model/dataset.h"
#include "model/run_report.h"
#include "model/train.h"
#include "model/train_batches.h"

typedef struct {
    hx_dataset *data; /* owned */
    hx_token_lists tokens[HX_DATASET_PARTS]; /* in the training's arena, so are all arrays below */
    uint32_t *lengths[HX_DATASET_PARTS];
    hx_batch_cursor cursor; /* of train */
    float *class_weights; /* (n_labels) or NULL */
    float *teacher; /* (n of train, n_labels) logits; NULL = none */
    float *
        teacher_hidden; /* (n of train, teacher_width): what the teacher's head reads; NULL = none */
    size_t teacher_width;
    hx_augmenter *augmenter; /* owned; NULL = texts as they are */
    hx_tokenizer_scratch *scratch; /* owned */
    unsigned augment_kinds;
    double augment_rate;
} label_task;

/* The dataset of a task by its configuration; folds by the calls. The caller frees it, also after a failure. */
hx_status hx_train_read_data(const hx_task *t, hx_dataset **out, hx_error *err) HX_MUST_USE;
hx_status hx_train_read_labels(hx_task *t, const hx_dataset *d, hx_error *err) HX_MUST_USE;
hx_status hx_train_tokenise(const hx_task *t, hx_dataset *d, hx_part part, hx_token_lists *out,
                            uint32_t **lengths, hx_error *err) HX_MUST_USE;
/* What a person should know of the data: leaks, duplicates, imbalance, what was cut or left out. */
void hx_train_warn_of_data(const hx_task *t, const hx_dataset *d);
/* "balanced": class_weights of the labels, from how often they stand in train; the task's data and labels are there. */
hx_status hx_train_weigh_labels(hx_task *t, hx_error *err) HX_MUST_USE;
/* Examples `order` (n) as a packed batch. */
hx_status hx_train_pack(const hx_task *t, const hx_token_lists *lists, const uint32_t *order,
                        size_t n, hx_arena *arena, hx_task_batch *out, hx_error *err) HX_MUST_USE;
hx_part hx_train_part(const hx_dataset *d, bool test); /* what is evaluated on */

/* Logits of the first n > 0 examples of a part, (n, n_labels) in the arena, in file order; and the mean loss. */
hx_status hx_train_label_logits(hx_task *t, hx_part part, size_t n, hx_arena *arena, float **logits,
                                double *loss, hx_error *err) HX_MUST_USE;
/* Logits to probabilities, in place; temperature 0 = 1. */
void hx_train_softmax(float *row, size_t n, double temperature);
void hx_train_sigmoid(float *row, size_t n, double temperature);

/* train_figures.c: members of the evaluation's object into `b`; fills out's figure. logits (n, n_labels) are used up. */
hx_status hx_train_label_figures(const hx_task *t, hx_part part, float *logits, size_t n,
                                 hx_arena *arena, hx_task_figures *out, hx_buf *b,
                                 hx_error *err) HX_MUST_USE;
/* The temperature with the least log loss of these examples of validation; of several labels that of all yes and no answers together. */
hx_status hx_train_fit_temperature(hx_task *t, const float *logits, size_t n, hx_arena *arena,
                                   hx_error *err) HX_MUST_USE;
/* train_tags.c: of TAG and CRF, what is said of the words of the first n > 0 examples, one example behind the other; HX_NN_IGNORE = cut off. */
hx_status hx_train_tags_said(hx_task *t, hx_part part, size_t n, hx_arena *arena, uint32_t **said,
                             hx_error *err) HX_MUST_USE;

/* What was said of a part's texts, one label each; all borrowed. */
typedef struct {
    const hx_dataset *data;
    hx_part part;
    size_t n;
    const char *task; /* its name where there are several, else NULL */
    const char *const *names; /* (n_labels) */
    size_t n_labels;
    const uint32_t *labels, *found; /* (n) */
    const float *rows; /* (n, n_labels) probabilities */
    uint64_t seed; /* of intervals */
    hx_arena *arena;
} hx_answers;

/* train_report.c: lines of predictions.jsonl; and figures, confusions and the worst of them into a report, in the answers' arena. */
void hx_answers_put(const hx_answers *a, hx_buf *lines);
hx_status hx_answers_describe(const hx_answers *a, hx_run_report *r, hx_error *err) HX_MUST_USE;
/* How many texts there are, what is wrong with them, those that stand in train, too. */
hx_status hx_report_of_data(const hx_dataset *d, hx_arena *arena, hx_run_report *r,
                            hx_error *err) HX_MUST_USE;
/* train_teacher.c: the teacher's logits of all texts of train. */
hx_status hx_train_ask_teacher(hx_task *t, hx_error *err) HX_MUST_USE;

#endif
