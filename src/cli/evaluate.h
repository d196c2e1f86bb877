/* evaluate.h - labelled rows, and what reads them: for evaluate alone.
 *
 *     --data -> rows (texts, labels as given) -> classes of the evaluation
 *     --model, --engine -> a rater: rules, a learner's file, or a language model by its head or by a prompt -> probabilities over the classes */
#ifndef HX_CLI_EVALUATE_H
#define HX_CLI_EVALUATE_H

#include "cli/llama.h"
#include "cli/output.h"

typedef enum {
    HX_RATE_SENTIMENT = 0,
    HX_RATE_INTENT,
    HX_RATE_CLASSIFY,
    HX_RATE_KEYWORDS,
    HX_RATE_EMOTION
} hx_rate_task;

#define HX_RATE_CLASSES_MAX 4096

/* All in the run's arena. */
typedef struct {
    hx_str *texts;
    const char **given; /* labels, as the task calls them */
    size_t n, skipped; /* skipped: no text, no label, can't be read */
} hx_rated_rows;

/* Rows of a file by --text and --label. False after a sentence. */
bool hx_rated_read(hx_cli *c, const char *path, hx_rate_task task, hx_rated_rows *out);

/* What answers there are. */
typedef struct {
    const char **names; /* in the run's arena */
    size_t n;
} hx_rate_classes;

typedef struct {
    hx_engine engine;
    const char *name; /* what it was asked for by: "rules", a path, a model's name */
    hx_rate_task task;
    const char **labels; /* (n_labels), as the task calls them; in the run's arena */
    size_t n_labels;
    hx_text_model *rules; /* owned, as the others; NULL = not this one */
    hx_annotator *annotator;
    hx_text_learner *learner;
    hx_text_pool *pool;
    hx_cli_llama llama;
    hx_label_prompt *prompt; /* NULL: the model's head */
    double temperature; /* of that head; 0 = none */
} hx_rater;

/* `model` NULL or "rules" = the rules; `engine` NULL = by the model. HX_EXIT_DONE, or the exit status after a sentence. `classes` are what a language
 * model without a head is asked to choose from. */
int hx_rater_open(hx_cli *c, hx_rater *r, hx_rate_task task, const char *model, const char *engine,
                  const hx_rate_classes *classes);
void hx_rater_close(hx_rater *r);
/* Labels of the rows, and of the rater where the task is classify; in the order of the task, or of the rater, then of the rows. False: too many. */
bool hx_rate_classes_add(hx_cli *c, hx_rate_classes *classes, const char *name);
bool hx_rate_classes_of(hx_cli *c, hx_rate_task task, const hx_rated_rows *rows,
                        hx_rate_classes *out);
/* Probabilities (n, classes->n) in the run's arena: the rater's over the classes it shares, which sum to 1. False after a sentence. */
bool hx_rater_run(hx_cli *c, hx_rater *r, const hx_rated_rows *rows, const hx_rate_classes *classes,
                  float **out);
size_t hx_rate_class(const hx_rate_classes *classes, const char *name); /* n = none */
/* "positive" for "1", "pos", "正面", ... where the task is sentiment; else the name itself. */
const char *hx_rate_name(hx_rate_task task, const char *given, bool from_minus_one, bool to_two);

/* What a temperature did, as a note, where a record has one. */
void hx_evaluate_say_temperature(hx_cli *c, const json_t *record);

/* evaluate_scope.c: rows whose labels are indexes of classes, and their probabilities (n, classes). */
typedef struct {
    const uint32_t *labels;
    const float *p;
    size_t n;
} hx_scope_rows;

/* `out` is the class out of scope; `dev` (n 0 = none) is what the threshold is fitted on. `said` (rows->n) gets the answers. The record; NULL: no memory. */
json_t *hx_evaluate_scope(hx_cli *c, const hx_rate_classes *classes, size_t out,
                          const hx_scope_rows *rows, const hx_scope_rows *dev, uint32_t *said);
bool hx_evaluate_put_scope(hx_cli *c, json_t *scope); /* behind the figures, as a table */

/* A note: of all engines llama is left out, because huaxiang-small is not installed. */
void hx_cli_say_no_small(hx_cli *c);

int hx_cmd_evaluate_keywords(hx_cli *c);
int hx_cmd_evaluate_correct(hx_cli *c);
int hx_cmd_evaluate_parse(hx_cli *c);
int hx_cmd_evaluate_words(hx_cli *c);
int hx_cmd_evaluate_labels(hx_cli *c, hx_rate_task task);
/* Heads that training left, but for one label a text without --task: false there, and hx_cmd_evaluate_labels() does it. */
bool hx_cmd_evaluate_heads(hx_cli *c, bool of_words, int *status);

#endif
