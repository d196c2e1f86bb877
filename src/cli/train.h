/* train.h - what the kinds of training share on the command line; see cmd_train.c and train_config.c. */
#ifndef HX_CLI_TRAIN_H
#define HX_CLI_TRAIN_H

#include <jansson.h>

#include "cli/cli.h"

/* Each returns the exit status. A row in cmd_train.c and an action in commands.c make one known. */
int hx_cmd_train_pretrain(hx_cli *c);
int hx_cmd_train_classify(hx_cli *c);
int hx_cmd_train_adapt(hx_cli *c); /* classify --model learn */
int hx_cmd_train_tag(hx_cli *c);
int hx_cmd_train_multitask(hx_cli *c);
int hx_cmd_train_compare(hx_cli *c);
int hx_cmd_train_tune(hx_cli *c);
int hx_cmd_train_tokenizer(hx_cli *c);

#define HX_TRAIN_LEARNERS "nb,logistic,svm,nbsvm,cnn" /* what is compared where nobody says it */

/* --config FILE, completed and overruled by the options: the object that hx_train() takes, with one task named `task`. The caller
 * json_decref()s it. NULL after a sentence, *status set. */
json_t *hx_train_config_of(hx_cli *c, const char *task, int *status);
/* --split and --test as shares and files of a task; HX_EXIT_DONE, or the exit status after a sentence. */
int hx_train_put_parts(hx_cli *c, json_t *task);
/* Sets a member where it is not there yet. */
void hx_train_usual(json_t *object, const char *key, json_t *value);
json_t *hx_train_task_of(json_t *config); /* its first task; borrowed */

/* What suits a new model with a vocabulary of its own; nothing where the configuration names a model or a tokenizer. */
void hx_train_put_small(const hx_cli *c, json_t *config, json_t *task);

/* The configuration of labelled texts, by all options of classify. NULL after a sentence, *status set. */
json_t *hx_train_labels_of(hx_cli *c, int *status);

typedef enum {
    HX_TRAIN_ONE = 0, /* one training */
    HX_TRAIN_FOLDS, /* --folds of them */
    HX_TRAIN_COMPARE, /* --learner */
    HX_TRAIN_TUNE /* --trials */
} hx_train_way;

/* Runs it into --out, with a progress line, a row an evaluation, and the figures at the end; takes `config`. */
int hx_train_go(hx_cli *c, json_t *config, hx_train_way way);

#endif
