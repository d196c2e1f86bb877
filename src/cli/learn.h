/* learn.h - what the actions of `learn` share. The texts for eyes are in cmd_learn_show.c. */
#ifndef HX_CLI_LEARN_H
#define HX_CLI_LEARN_H

#include <jansson.h>

#include "cli/cli.h"
#include "cli/outbuf.h"

/* --target, --use, --drop, --weight, --task, --event, --recipe, --seed, --threads. False after a sentence. */
bool hx_learn_options_of(hx_cli *c, hx_learn_options *out);
/* --params and every --param as one JSON object, and --solver, --learning-rate, --epochs; with `nested` MODEL.NAME=VALUE is allowed. In the run's arena. */
bool hx_learn_params_of(hx_cli *c, bool nested, hx_str *out);
/* The input file, read. */
bool hx_learn_read(hx_cli *c, hx_table **out);
/* `path` (NULL: the input file) read as what the learner learnt from. */
bool hx_learn_read_for(hx_cli *c, const hx_learner *l, const char *path, hx_table **out);

/* Of a fitted model and, where there is one, of its test: one JSON object, or for eyes. */
bool hx_learn_show_fit(hx_cli *c, hx_str summary, hx_str test);
bool hx_learn_show_evaluation(hx_cli *c, hx_str figures);
bool hx_learn_show_cross(hx_cli *c, hx_str json);
bool hx_learn_show_tuning(hx_cli *c, hx_str json);
/* --report: the parts that are not empty as one HTML page; nothing where it is not asked for. False after a sentence. */
typedef struct {
    const char *target, *en, *zh; /* what the page is of, in two languages */
    size_t rows;
    hx_str fit, evaluation, cross, tuning, survival;
} hx_learn_pages;
bool hx_learn_wants_page(const hx_cli *c);
bool hx_learn_write_page(hx_cli *c, const hx_learn_pages *of);
/* --cost as two numbers, 0 without it. False after a sentence. */
bool hx_learn_costs_of(hx_cli *c, double *false_positive, double *false_negative);
/* The rest of `learn fit --help`: models and their parameters. */
void hx_learn_help(const hx_cli *c, hx_outbuf *out);

#endif
