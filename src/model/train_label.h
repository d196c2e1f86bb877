/* train_label.h - the inside of tasks on labelled texts and words. For train_label.c, train_figures.c, train_teacher.c, train_tags.c. */
#ifndef HX_MODEL_TRAIN_LABEL_H
#define HX_MODEL_TRAIN_LABEL_H

#include "model/augment.h"
#include "model/dataset.h"
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
void hx_train_softmax(float *row, size_t n); /* in place */

/* train_figures.c: members of the evaluation's object into `b`; fills out's figure. logits (n, n_labels) are used up. */
hx_status hx_train_label_figures(const hx_task *t, hx_part part, float *logits, size_t n,
                                 hx_arena *arena, hx_task_figures *out, hx_buf *b,
                                 hx_error *err) HX_MUST_USE;
/* train_teacher.c: the teacher's logits of all texts of train. */
hx_status hx_train_ask_teacher(hx_task *t, hx_error *err) HX_MUST_USE;

#endif
