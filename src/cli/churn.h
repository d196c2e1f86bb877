/* churn.h - what the files of score churn share: one run, its panel, its model, its rows and how well it does.
 *
 * cmd_score_churn.c reads, learns and judges; cmd_score_churn_show.c shows customers, receipts and figures;
 * cmd_score_churn_list.c chooses whom to contact. */
#ifndef HX_CLI_CHURN_H
#define HX_CLI_CHURN_H

#include <jansson.h>

#include "cli/cli.h"
#include "huaxiang/insight.h"
#include "huaxiang/pipeline.h"

typedef struct {
    hx_cli *c;
    hx_error err;
    bool of_store;
    hx_churn_definition definition;
    const char *defined; /* as it was asked for */
    hx_churn_panel_about about; /* of a store */
    hx_churn *model; /* owned */
    hx_table *rows; /* to be scored; owned */
    hx_risk_quality held, held_here; /* all of the held out, and those who were not gone */
    bool has_held, has_held_here;
    size_t n_learnt, n_held;
} hx_churn_run;

/* Customers, or receipts with --reasons, then the figures. False after a sentence or a failed write. */
bool hx_churn_show(hx_churn_run *r);
/* Replays --verify. The exit status. */
int hx_churn_replay(hx_churn_run *r);
/* Writes --list and its campaign. False after a sentence. */
bool hx_churn_list(hx_churn_run *r);
/* The exit status where --list lacks what it needs. */
int hx_churn_check_list(const hx_cli *c);
/* The id of a row as text; room as hx_table_cell(). */
hx_str hx_churn_who(const hx_churn_run *r, size_t row, char *room);
/* Rows to show, by descending chance, at most --head; *n of them, in the run's arena. NULL after a sentence. */
size_t *hx_churn_order(hx_churn_run *r, const double *chances, size_t *n);

#endif
