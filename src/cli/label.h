/* label.h - what `label` holds: texts with the proposals of several sources, and the answers a person gave. */
#ifndef HX_CLI_LABEL_H
#define HX_CLI_LABEL_H

#include "cli/evaluate.h"

#define HX_LABEL_SOURCES_MAX 4

typedef struct {
    hx_str text;
    double rating; /* NAN = none */
    size_t label; /* proposed, or by hand */
    double score;
    bool by_hand, skipped;
} hx_label_row;

typedef struct {
    hx_cli *c;
    hx_rate_task task;
    double sure; /* from here on nothing is asked */
    hx_label_row *rows; /* (n), in the run's arena, as all below */
    size_t n, noise, empty; /* noise, empty: left out */
    hx_rate_classes classes;
    const char *sources[HX_LABEL_SOURCES_MAX];
    size_t n_sources;
    float *said; /* (n, n_sources, n labels) */
    double right[HX_LABEL_SOURCES_MAX];
    json_t *answers; /* owned: text -> label */
    size_t n_answered;
} hx_label_job;

/* label_ask.c. The answers file: one {"text","label"} a line; a later line of the same text counts. False after a sentence. */
bool hx_label_answers_read(hx_label_job *j, const char *path);
bool hx_label_ask(hx_label_job *j,
                  const char *path); /* on the terminal; those answered already are not asked */

#endif
