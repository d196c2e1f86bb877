/* teacher.h - a model that the engine runs beside a training, asked what it says of each batch. For src/model.
 *
 *     plain text   ids of the batch (the same tokenizer)  -> hidden states (T, W), from which the step makes 64 rows of logits at a time
 *     words        the words, cut by the teacher's tokenizer -> logits and hidden states at each word's first token
 *
 * It is asked where batches are made, which may be a thread beside the step; what it says of a sequence depends on its tokens alone, so
 * the bytes of a run do not change with threads or resumption. */
#ifndef HX_MODEL_TEACHER_H
#define HX_MODEL_TEACHER_H

#include "model/dataset.h"
#include "model/train.h"

typedef struct hx_teacher hx_teacher;

/* The model of a task's "teacher", by any name that hx_model_resolve() takes. */
hx_status hx_teacher_open_model(const hx_task *t, hx_llama **out, hx_error *err) HX_MUST_USE;
/* place (t->n_labels): of each label of the task among the model's. HX_EINVAL names one that it does not know. */
hx_status hx_teacher_find_labels(const hx_task *t, const hx_llama *m, size_t *place,
                                 hx_error *err) HX_MUST_USE;
/* Its head says any number of labels of a text. */
bool hx_teacher_knows_several(const hx_llama *m);
/* The teacher's logits and hidden states stand in the task's configuration as JSON Lines instead. */
bool hx_teacher_is_file(const hx_task_config *c);
/* What a head needs for the task's hidden states; width 0 = none are wanted. */
void hx_teacher_put_options(const hx_task_config *c, size_t width, hx_head_options *o);

/* NULL where the task has no teacher. Of plain text: checks that tokens are the same. `data`: of words, whose TRAIN part is cut by the
 * teacher's tokenizer; else NULL. */
hx_status hx_teacher_open(hx_teacher **out, const hx_task *t, hx_dataset *data,
                          hx_error *err) HX_MUST_USE;
void hx_teacher_free(hx_teacher *h); /* NULL is fine */
size_t hx_teacher_width(const hx_teacher *h); /* of its hidden states */

/* Puts what the teacher says of the batch into b->targets; arena memory. */
hx_status hx_teacher_ask_text(hx_teacher *h, hx_arena *arena, hx_task_batch *b,
                              hx_error *err) HX_MUST_USE;
/* The same of examples `order` (n) of TRAIN, whose words begin at words[word_starts[example]..] of their sequences (dataset.h). */
hx_status hx_teacher_ask_words(hx_teacher *h, const uint32_t *order, size_t n,
                               const hx_token_lists *tokens, hx_arena *arena, hx_task_batch *b,
                               hx_error *err) HX_MUST_USE;

#endif
