/* commands.h - the one table of commands. Help, the man page, completion and the documents come from it. */
#ifndef HX_CLI_COMMANDS_H
#define HX_CLI_COMMANDS_H

#include "cli/cli.h"

#define HX_EXAMPLES_MAX 6

typedef struct {
    const char *command; /* runs as it stands beside samples/ */
    const char *en, *zh;
} hx_cli_example;

typedef enum {
    HX_PART_MAIN = 0,
    HX_PART_LOOK,
    HX_PART_KEEP,
    HX_PART_TEXT,
    HX_PART_MODEL,
    HX_PART_PROGRAM,
    HX_PART_N
} hx_cli_part;

/* What --model may be. */
typedef enum {
    HX_MODEL_RULES = 0, /* rules, which is the same as nothing */
    HX_MODEL_MAY, /* rules, or a language model */
    HX_MODEL_MUST /* a language model */
} hx_cli_model_use;

struct hx_cli_command {
    const char *name;
    hx_cli_part part;
    const char *args; /* as help shows them, behind the name */
    const char *actions; /* comma-separated, one must follow the name; NULL = none */
    int min_args, max_args; /* behind the action; -1 = any number */
    const unsigned short *options; /* ids beside the global ones, ended by HX_OPT_N; NULL = none */
    const char *en, *zh; /* one line */
    const char *more_en, *more_zh; /* a paragraph */
    hx_cli_example examples[HX_EXAMPLES_MAX]; /* ended by command = NULL where fewer */
    int (*run)(hx_cli *c);
    hx_cli_model_use model;
};

extern const hx_cli_command hx_cli_commands[];
extern const size_t hx_cli_commands_n;

const hx_cli_command *hx_cli_command_find(const char *name); /* NULL where there is none */

/* Actions with options of their own (commands_table.c): their names are COMMAND ACTION. A command of such actions has run = NULL. */
extern const hx_cli_command hx_cli_actions[];
extern const size_t hx_cli_actions_n;
const hx_cli_command *hx_cli_action_find(const char *command, const char *action); /* or NULL */
void hx_cli_command_names(char *out, size_t size); /* comma-separated */
const char *hx_cli_part_title(const hx_cli *c, hx_cli_part part);
hx_cli_option_set hx_cli_command_options(const hx_cli_command *command); /* with the global ones */

int hx_cmd_profile(hx_cli *c);
int hx_cmd_show(hx_cli *c);
int hx_cmd_timeline(hx_cli *c);
int hx_cmd_segment(hx_cli *c);
int hx_cmd_ask(hx_cli *c);
int hx_cmd_why(hx_cli *c);
int hx_cmd_verify(hx_cli *c);
int hx_cmd_imports(hx_cli *c);
int hx_cmd_identity(hx_cli *c);
int hx_cmd_unmerge(hx_cli *c);
int hx_cmd_export(hx_cli *c);
int hx_cmd_backup(hx_cli *c);
int hx_cmd_restore(hx_cli *c);
int hx_cmd_erase(hx_cli *c);
int hx_cmd_doctor(hx_cli *c);
int hx_cmd_filter(hx_cli *c);
int hx_cmd_intent(hx_cli *c); /* clean redact words sentiment ... and tokenize embed classify tag */
int hx_cmd_label(hx_cli *c);
int hx_cmd_models(hx_cli *c);
int hx_cmd_teach(hx_cli *c);
int hx_cmd_inspect(hx_cli *c);
int hx_cmd_convert(hx_cli *c);
int hx_cmd_quantize(hx_cli *c);
int hx_cmd_generate(hx_cli *c);
int hx_cmd_evaluate(hx_cli *c);
int hx_cmd_bench(hx_cli *c);
int hx_cmd_compress(hx_cli *c);
int hx_cmd_train(hx_cli *c);
int hx_cmd_learn_fit(hx_cli *c);
int hx_cmd_learn_predict(hx_cli *c);
int hx_cmd_learn_evaluate(hx_cli *c);
int hx_cmd_learn_cross_validate(hx_cli *c);
int hx_cmd_learn_tune(hx_cli *c);
int hx_cmd_learn_ensemble(hx_cli *c);
int hx_cmd_learn_export(hx_cli *c);
int hx_cmd_learn_import(hx_cli *c);
int hx_cmd_learn_explain(hx_cli *c);
int hx_cmd_learn_cluster(hx_cli *c);
int hx_cmd_learn_words(hx_cli *c);
int hx_cmd_similar(hx_cli *c);
int hx_cmd_score_campaign(hx_cli *c);
int hx_cmd_score_churn(hx_cli *c);
int hx_cmd_score_clv(hx_cli *c);
int hx_cmd_score_credit(hx_cli *c);
int hx_cmd_score_next(hx_cli *c);
int hx_cmd_score_satisfaction(hx_cli *c);
int hx_cmd_score_uplift(hx_cli *c);
/* Whether a file of receipts is one of preferences; their replay against --store. */
bool hx_cmd_prefer_is(hx_str receipts);
int hx_cmd_prefer_replay(hx_cli *c, hx_str receipts);
int hx_cmd_prefer(hx_cli *c);
int hx_cmd_evaluate_prefer(hx_cli *c);
int hx_cmd_recommend(hx_cli *c);
bool hx_cmd_recommend_is(hx_str receipts);
int hx_cmd_recommend_replay(hx_cli *c, hx_str receipts);
int hx_cmd_evaluate_recommend(hx_cli *c);
int hx_cmd_topics(hx_cli *c);
int hx_cmd_learn_survival(hx_cli *c);
int hx_cmd_table_apply(hx_cli *c);
int hx_cmd_table_check(hx_cli *c);
int hx_cmd_table_dedupe(hx_cli *c);
int hx_cmd_table_describe(hx_cli *c);
int hx_cmd_table_embed(hx_cli *c);
int hx_cmd_table_features(hx_cli *c);
int hx_cmd_table_group(hx_cli *c);
int hx_cmd_table_convert(hx_cli *c);
int hx_cmd_table_encode(hx_cli *c);
int hx_cmd_table_impute(hx_cli *c);
int hx_cmd_table_interpolate(hx_cli *c);
int hx_cmd_table_outliers(hx_cli *c);
int hx_cmd_table_scale(hx_cli *c);
int hx_cmd_table_monitor(hx_cli *c);
int hx_cmd_table_reconcile(hx_cli *c);
int hx_cmd_table_repair(hx_cli *c);
int hx_cmd_table_select(hx_cli *c);
int hx_cmd_table_split(hx_cli *c);
int hx_cmd_completion(hx_cli *c);
int hx_cmd_man(hx_cli *c);
int hx_cmd_help(hx_cli *c);
int hx_cmd_version(hx_cli *c);

#endif
