/* cli.h - what every command of the program shares: how it was called, where its output goes, how it speaks.
 *
 * The program stands on the public headers alone. A command gets one hx_cli, writes data to c->out, sentences to
 * standard error, and returns its exit status: HX_EXIT_DONE, HX_EXIT_FAILED or HX_EXIT_USAGE. */
#ifndef HX_CLI_CLI_H
#define HX_CLI_CLI_H

#include <stdio.h>

#include "cli/options.h"
#include "huaxiang/huaxiang.h"

enum { HX_EXIT_DONE = 0, HX_EXIT_FAILED = 1, HX_EXIT_USAGE = 2 };

typedef enum {
    HX_SHAPE_JSON = 0,
    HX_SHAPE_TABLE,
    HX_SHAPE_CSV,
    HX_SHAPE_XLSX,
    HX_SHAPE_CONLLU
} hx_cli_shape;

typedef struct hx_cli_command hx_cli_command;

typedef struct {
    hx_ui_lang ui;
    const hx_cli_command *command;
    hx_cli_values options;
    const char *action; /* "list" of `segment list`; NULL where the command has none */
    char **args; /* behind command and action; borrowed from argv */
    int n_args;
    FILE *out;
    const char *out_name; /* for sentences */
    hx_cli_shape shape;
    bool color; /* of standard output */
    bool quiet;
    bool talks; /* standard error is a terminal */
    hx_arena *arena; /* the run's */
    volatile int cancel; /* set by Ctrl-C, see surroundings.c */
    hx_str prompt; /* of generate; in the run's arena */
    hx_embedder *embedder; /* owned; of llama.h, NULL until something asks for it */
    int *said; /* the exit status that goes with the last sentence; NULL = nobody asks */
} hx_cli;

/* One of two forms of a text, by the language that was asked for. */
static inline const char *hx_cli_tr(const hx_cli *c, const char *en, const char *zh) {
    return c->ui == HX_UI_ZH ? zh : en;
}

/* ------------------------------------------------------------------ sentences (message.c) */
/* "huaxiang: SENTENCE" on standard error, control characters and foreign bytes escaped. All return the exit status. */
int hx_cli_fail(const hx_cli *c, const char *en, const char *zh, ...) HX_PRINTF(2, 4);
int hx_cli_error(const hx_cli *c, const hx_error *err);
int hx_cli_usage(const hx_cli *c, const char *en, const char *zh, ...)
    HX_PRINTF(2, 4); /* with a hint where to read on */
/* The same without failing, and not with --quiet. */
void hx_cli_note(const hx_cli *c, const char *en, const char *zh, ...) HX_PRINTF(2, 4);
/* A finished sentence, not with --quiet. */
void hx_cli_say(const hx_cli *c, const char *sentence);
/* ", did you mean X?" in `out` where one of the comma-separated `known` is near `word`, else "". */
void hx_cli_suggest(const hx_cli *c, const char *word, const char *known, char *out, size_t size);

/* ------------------------------------------------------------------ surroundings */
/* The folder of the program's data, in the run's arena; NULL after a sentence. */
const char *hx_cli_share(hx_cli *c);
/* From now on Ctrl-C sets c->cancel; the second one ends the program. */
void hx_cli_catch_interrupts(hx_cli *c);
int64_t hx_cli_now(void); /* ms since 1970 UTC */
/* All of a file ("-" = standard input), at most `max` bytes, in the run's arena. False after a sentence. */
bool hx_cli_read_file(hx_cli *c, const char *path, size_t max, hx_str *out);
/* --store, opened; NULL after a sentence, *exit_status set. */
hx_store *hx_cli_store(hx_cli *c, hx_store_mode mode, int *exit_status);
/* --as-of, --timezone and the language. False after a sentence. */
bool hx_cli_answer_options(hx_cli *c, hx_answer_options *out);
/* --delimiter, --map, ... False after a sentence. */
bool hx_cli_reader_options(hx_cli *c, hx_reader_options *out);
/* The column that holds the texts: by --text and --map, else by its name, else the only one. False after a sentence. */
bool hx_cli_text_column(const hx_cli *c, const char *path, const hx_column *columns, size_t n,
                        size_t *column);
/* Whether a language model is to read the texts: by --model and --engine. */
bool hx_cli_wants_llama(const hx_cli *c);
/* The engine asked for is there; names it on standard error. */
bool hx_cli_engine(hx_cli *c);
bool hx_cli_learns(const hx_cli *c); /* --engine learn */
/* Whether huaxiang-small lies in the data folder; whether it reads this command's texts: by --engine llama, or because nothing else was said. */
bool hx_cli_small_is_there(hx_cli *c);
/* --method of keywords: from this number on the model ranks. */
#define HX_CLI_METHOD_MODEL 3
const char *hx_cli_small_path(hx_cli *c); /* in the run's arena; NULL where it is not there */
extern const char hx_cli_small_name[]; /* what --model calls it */
/* Commands that need a model and got no name take huaxiang-small, where it is installed; vectors are then the means of both directions. */
void hx_cli_small_by_default(hx_cli *c);
bool hx_cli_is_small(const hx_cli *c);
/* --adapt says which engine where --engine does not. False after a sentence. */
bool hx_cli_adapt(hx_cli *c);
bool hx_cli_names_learn(const char *model); /* "learn"; NULL is fine */
/* --memory, else the file beside --store, which need not be there; NULL = none. In the run's arena. */
const char *hx_cli_memory(hx_cli *c);
hx_text_model *hx_cli_text_model(hx_cli *c); /* by --engine; NULL after a sentence */
hx_text_model *hx_cli_text_model_of(hx_cli *c, hx_engine engine); /* the same by an engine */
/* ... that corrects as `how` says: mode, engine, thresholds (0 = of --false-alarms, or the usual ones). */
hx_text_model *hx_cli_text_model_by(hx_cli *c, hx_engine engine, const hx_corrected *how);
/* What --correct, --false-alarms and --protect ask for; with `remembers` a store that is there says what is not asked for. False after a sentence. */
bool hx_cli_correction(hx_cli *c, bool remembers, hx_corrected *out);
hx_engine hx_cli_text_engine(const hx_cli *c); /* by --engine */

typedef enum { HX_CLI_FROM_TEXT = 0, HX_CLI_FROM_CONLLU, HX_CLI_FROM_CONLLU_TEXT } hx_cli_from;
/* What parse, tag and evaluate words read of a file: --from, else by its name. */
hx_cli_from hx_cli_from_trees(const hx_cli *c, const char *path);

#endif
