/* look.h - commands that ask the library a question about a store and show its answer.
 *
 * The store is open for reading while `ask` runs and closed before the command ends; options of the question are those of --as-of,
 * --timezone and --lang. What is shown is written in the shape that was asked for. */
#ifndef HX_CLI_LOOK_H
#define HX_CLI_LOOK_H

#include "cli/output.h"

/* The answer as JSON in c->arena. */
typedef hx_status hx_cli_ask(hx_cli *c, hx_store *s, const hx_answer_options *o, hx_str *json,
                             hx_error *err);
/* False after a sentence. */
typedef bool hx_cli_present(hx_cli *c, hx_str json);

/* The exit status. */
int hx_cli_look(hx_cli *c, hx_cli_ask *ask, hx_cli_present *show);
bool hx_cli_write_line(hx_cli *c, hx_str json);

#endif
