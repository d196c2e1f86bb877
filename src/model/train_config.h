/* train_config.h - what a training is asked to do: JSON read, checked, and in one structure. For src/model.
 *
 * Every key has a range; a key that is not known is an error that names it. Paths are as given. All memory is the arena's. */
#ifndef HX_MODEL_TRAIN_CONFIG_H
#define HX_MODEL_TRAIN_CONFIG_H

#include "base/json.h"
#include "huaxiang/base.h"

#define HX_TASKS_MAX 32
#define HX_TASK_FILES_MAX 256

typedef enum { /* in the order of the choices in train_config.c */
               HX_TASK_CAUSAL = 0,
               HX_TASK_MASKED,
               HX_TASK_MIXED,
               HX_TASK_REPLACED,
               HX_TASK_SPELLING,
               HX_TASK_LABEL,
               HX_TASK_LABELS,
               HX_TASK_NUMBER,
               HX_TASK_TAG,
               HX_TASK_CRF,
               HX_TASK_PARSE,
               HX_TASK_SEGMENT,
               HX_TASK_CORRECT
} hx_task_kind;

typedef enum { HX_HIDDEN_SQUARES = 0, HX_HIDDEN_COSINE } hx_hidden_loss;

typedef struct {
    const char *name; /* of the head, unique: letters, digits, _ and - */
    int64_t kind; /* hx_task_kind */
    const char **data; /* (n_data) */
    size_t n_data;
    const char *text, *label, *text2; /* columns; NULL = by role */
    const char *validation, *test; /* files; NULL = parts of the data */
    double validation_size, test_size;
    double sampling; /* how often a batch is this task's, against the others */
    double weight; /* of its loss */
    double mixed; /* MIXED: share of sequences that are masked */
    double mask_rate; /* of tokens */
    int64_t length; /* tokens of a sequence of plain text */
    int64_t max_length; /* tokens of a text */
    int64_t max_examples, max_evaluated; /* 0 = all */
    int64_t batch_tokens, batch; /* 0 = the training's */
    bool mean, bidirectional, lower, drop_leaks, balanced;
    int64_t hidden, tap, width;
    double smoothing, focal, dropout;
    const char *augment; /* "swap,delete:0.1" */
    double mixup; /* of embeddings: alpha of the beta distribution; 0 = off */
    const char *synonyms, *homophones, *shapes; /* files */
    const char *teacher; /* model; of texts also JSON Lines of probabilities */
    double teacher_share, hidden_share, temperature;
    int64_t
        hidden_block; /* of the student, beside the teacher's last hidden states; 0 = what the head reads */
    int64_t hidden_loss; /* hx_hidden_loss */
} hx_task_config;

typedef enum { HX_TRAIN_F32 = 0, HX_TRAIN_BF16 } hx_train_arithmetic;
typedef struct {
    const char *
        model; /* to start from: with its tokenizer and, where the labels are the same, its head; NULL = a new one */
    const char *tokenizer;
    const json_t
        *sizes; /* of a new model: keys of transformers' config.json; borrowed from the JSON */
    const char *layers; /* of model, "0-5,7"; NULL = all */
    int64_t keep_layers; /* the first of these; 0 = all */
    int64_t steps; /* 0 = by epochs or minutes */
    double epochs, minutes;
    int64_t batch_tokens, batch, accumulate;
    double rate, floor;
    int64_t schedule; /* hx_nn_schedule_kind */
    double warmup; /* steps, or below 1 their share */
    double decay; /* of WSD: share of all steps */
    int64_t optimizer; /* hx_optim_kind */
    double weight_decay, clip, layer_rate, ema, beta2;
    int64_t swa_from, swa_every;
    int64_t evaluate_every; /* steps; 0 = once an epoch, or a tenth of all steps */
    int64_t log_every;
    double checkpoint_minutes;
    int64_t checkpoint_every; /* steps; 0 = by minutes alone */
    int64_t early_stopping; /* 0 = off */
    int64_t seed;
    int64_t folds, fold; /* cross-validation: the fold'th of folds is validation; 0 = off */
    int64_t lora;
    const char *lora_targets; /* "q,v"; NULL = q and v */
    unsigned lora_bits; /* the same as hx_lora_target; 0 = usual */
    double lora_alpha, lora_dropout, dropout;
    bool freeze, freeze_embedding, recompute;
    int64_t arithmetic; /* hx_train_arithmetic: of the products of learning */
    int64_t freeze_layers;
    int64_t quantise_bits; /* 0 = off */
    hx_task_config *tasks;
    size_t n_tasks;
} hx_train_config;

/* `j` must outlive the structure. */
hx_status hx_train_config_read(hx_train_config *c, json_t *j, hx_arena *arena,
                               hx_error *err) HX_MUST_USE;
bool hx_task_is_text(
    const hx_task_config *t); /* plain text: causal, masked, mixed, replaced, spelling */
bool hx_task_is_tags(const hx_task_config *t); /* words: tag, crf, parse, segment */
bool hx_task_has_head(const hx_task_config *t); /* of its own: not the output matrix */

#define HX_TASK_KIND_NAME 16
const char *hx_task_kind_name(int64_t kind, char out[HX_TASK_KIND_NAME]); /* "label"; returns out */

/* A key is there, and neither false, 0 nor null. */
bool hx_train_is_said(const json_t *object, const char *name);
/* train_rules.c: what does nothing beside, or without, something else is refused; lists of names are read. */
hx_status hx_train_rules(hx_train_config *c, const json_t *j, hx_error *err) HX_MUST_USE;
hx_status hx_train_rules_of_task(const hx_task_config *t, const json_t *j,
                                 hx_error *err) HX_MUST_USE;

#endif
