/* explain.h - --explain of annotate, sentiment and intent. */
#ifndef HX_CLI_EXPLAIN_H
#define HX_CLI_EXPLAIN_H

#include "cli/cli.h"

/* The whole command in place of its filter. Returns the exit status. */
int hx_cli_explain(hx_cli *c);

#endif
