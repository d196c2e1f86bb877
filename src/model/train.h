/* train.h - the inside of a training: tasks on one trunk, the loop of steps, evaluation, the run folder. For src/model.
 *
 *     hx_train_config -> model (trunk, tokenizer, heads) -> tasks (data, batches) -> loop -> run folder
 *
 * Step s draws its tasks from (seed, s), a task makes its b-th batch from (seed, b) alone; how often a task was drawn before step s is
 * counted again when a run goes on. So state is weights, optimiser and the step's number, and a resumed run leaves the same bytes. */
#ifndef HX_MODEL_TRAIN_H
#define HX_MODEL_TRAIN_H

#include "huaxiang/model.h"
#include "llama/objective.h"
#include "model/run.h"
#include "model/train_config.h"
#include "nn/optim.h"

typedef struct hx_trainer hx_trainer;
typedef struct hx_task hx_task;
typedef struct hx_train_prepared hx_train_prepared;

/* One batch of a task; all arrays are the arena's it was made in. */
typedef struct {
    hx_trunk_batch batch; /* causal set, seed and step of dropout not */
    hx_targets targets;
} hx_task_batch;

/* Figures of a task on a part of its data. */
typedef struct {
    double loss; /* mean */
    double figure; /* chooses the best, higher is better; NAN = none */
    const char *figure_name;
    hx_str json; /* {"loss":..,"accuracy":..}; arena */
    size_t n; /* examples, words or tokens */
} hx_task_figures;

/* What kinds of tasks differ in. `make` opens the data and adds the head; the others are called after it. */
typedef struct {
    hx_status (*make)(hx_task *t, hx_error *err);
    /* Training batches are numbered from 0; the same number gives the same batch. May be called by another thread than the others, but
     * never beside count, evaluate or itself: it touches nothing that a forward or backward pass writes. */
    hx_status (*fill)(hx_task *t, uint64_t number, hx_arena *arena, hx_task_batch *out,
                      hx_error *err);
    /* Batches until the end of so many epochs; 0 = not known before. */
    hx_status (*count)(hx_task *t, double epochs, uint64_t *batches, hx_error *err);
    hx_status (*evaluate)(hx_task *t, bool test, hx_arena *arena, hx_task_figures *out,
                          hx_error *err);
    /* Sets t->temperature by the weights as they are; NULL = there is none to set. */
    hx_status (*cool)(hx_task *t, hx_arena *arena, hx_error *err);
    void (*free_own)(hx_task *t);
} hx_task_type;

struct hx_task {
    const hx_task_type *type;
    const hx_task_config *config;
    hx_trainer *trainer;
    hx_train_head *head; /* owned */
    void *own; /* of the type */
    uint64_t n_drawn; /* batches so far */
    double epoch; /* of the last batch */
    const char **labels; /* (n_labels): for the model folder; borrowed */
    size_t n_labels;
    double mean, deviation; /* of the numbers of train: NUMBER */
    double temperature; /* of the best weights, fitted on validation: LABEL, LABELS; 0 = none */
};

struct hx_trainer {
    const hx_train_config *config;
    const hx_train_calls *calls;
    hx_ui_lang ui;
    hx_arena *arena; /* of the training; borrowed */
    hx_arena *step_arena; /* of an evaluation; owned */
    hx_train_prepared *prepared[2]; /* batches of even and odd steps; owned */
    hx_llama *base; /* open while frozen weights are read from it; owned */
    hx_tokenizer *own_tokenizer; /* owned */
    const hx_tokenizer *tokenizer;
    const char
        *tokenizer_folder; /* whose files go beside saved models; NULL = those of `base_path` */
    bool starts_apart; /* base_path is RUN/start: some layers of the model */
    const char *base_path; /* NULL = a new model */
    hx_trunk *trunk; /* owned */
    hx_optim *optim; /* owned */
    hx_run_folder *run; /* owned */
    hx_run_state state;
    hx_nn nn;
    size_t scratch_bytes, hidden_bytes;
    float *dhidden, *dtap; /* (hidden_bytes) each */
    size_t n_threads;
    hx_task *tasks; /* (config->n_tasks) */
    bool trunk_learns;
    uint64_t steps; /* in all; 0 = bounded by minutes */
    hx_train_progress progress;
    uint64_t tokens; /* of the steps done by this process */
    double began; /* seconds of a monotonic clock */
    uint64_t progress_from; /* the step it began at */
    uint64_t milliseconds_before; /* spent by earlier processes */
    double usual_norm; /* running mean, for the warning */
    uint64_t n_not_finite; /* steps in a row */
};

/* train_model.c: opens or makes the model; saves it; frees. */
hx_status hx_train_open_model(hx_trainer *t, hx_error *err) HX_MUST_USE;
hx_status hx_train_save_model(void *trainer, const char *folder,
                              hx_error *err); /* hx_run_write_fn */
/* The folder's config.json alone. */
hx_status hx_train_save_config(const hx_trainer *t, const char *folder, hx_error *err) HX_MUST_USE;
void hx_train_close_model(hx_trainer *t);
/* The one task whose head transformers knows as "score"; NULL = none, or several heads. */
const hx_task *hx_train_score_task(const hx_trainer *t);
/* Its sequences are read in both directions. */
bool hx_train_is_bidirectional(const hx_task_config *c);
/* The block whose stream a training batch keeps: the head's, or the one that a teacher's hidden states stand beside; 0 = none. */
size_t hx_train_tap(const hx_task_config *c);

/* train_sums.c: {PATH: hash} of all files that a training reads: data, lists, model, tokenizer, teacher. */
hx_status hx_train_sums(const hx_train_config *c, json_t *sums, hx_arena *arena,
                        hx_error *err) HX_MUST_USE;
/* The same of a configuration that is JSON still. */
hx_status hx_train_sums_of(json_t *config, json_t *sums, hx_arena *arena,
                           hx_error *err) HX_MUST_USE;
/* hx_run_claim() of a whole with these hashes of files; takes `sums`. */
hx_status hx_train_claim(const char *folder, const json_t *config, json_t *sums, bool resume,
                         bool *resumed, hx_error *err) HX_MUST_USE;

/* train_vocabulary.c: the folder of a vocabulary of the run's own, learnt from the labelled texts of train where it is not there yet. */
hx_status hx_train_learn_vocabulary(hx_trainer *t, const char **folder, hx_error *err) HX_MUST_USE;

/* train_step.c: room for a batch; one forward pass; gradients of a step. */
hx_status hx_train_room(hx_trainer *t, size_t scratch, size_t n_tokens, hx_error *err) HX_MUST_USE;
hx_status hx_train_forward(hx_trainer *t, const hx_task *task, const hx_task_batch *b,
                           const float **hidden, hx_error *err) HX_MUST_USE;
/* Loss and logits of a batch without gradients; logits NULL = not wanted. */
hx_status hx_train_look(hx_trainer *t, hx_task *task, const hx_task_batch *b,
                        hx_objective_result *result, const float **logits,
                        hx_error *err) HX_MUST_USE;
hx_status hx_train_prepare_open(hx_trainer *t, hx_error *err) HX_MUST_USE;
void hx_train_prepare_close(hx_trainer *t);
/* `step` is one more than that of the last call. With several threads, the next step's batches are made meanwhile. */
hx_status hx_train_step(hx_trainer *t, uint64_t step, hx_objective_result *result,
                        hx_error *err) HX_MUST_USE;
/* Draws as many tasks as step `step` has batches: counts of batches, as they were after it. */
void hx_train_replay(hx_trainer *t, uint64_t step);

/* train_loop.c */
hx_status hx_train_loop(hx_trainer *t, hx_str *metrics, hx_error *err) HX_MUST_USE;
/* train_report.c: report.html and predictions.jsonl by the weights as they are. */
hx_status hx_train_report(hx_trainer *t, hx_error *err) HX_MUST_USE;
/* A sentence to the caller, as hx_fail() makes it. */
void hx_train_notice(const hx_trainer *t, const hx_error *sentence);

/* Kinds of tasks. */
extern const hx_task_type hx_task_type_text; /* train_text.c: plain text */
extern const hx_task_type hx_task_type_label; /* train_label.c: label, labels, number */
extern const hx_task_type hx_task_type_tags; /* train_tags.c: tag, crf, parse */

double hx_train_clock(void); /* seconds, monotonic */

#endif
