/* help.h - what --help prints. */
#ifndef HX_CLI_HELP_H
#define HX_CLI_HELP_H

#include "cli/commands.h"
#include "cli/outbuf.h"

void hx_help_program(const hx_cli *c, hx_outbuf *out);
void hx_help_command(const hx_cli *c, const hx_cli_command *command, hx_outbuf *out);
/* "-s, --store FILE" */
void hx_help_option(const hx_cli_option *o, hx_outbuf *out);
const char *hx_help_group_title(const hx_cli *c, hx_cli_option_group group);

/* What help says of an option; NULL where it says nothing of it: --model of a command that uses none. */
const char *hx_help_said(const hx_cli *c, const hx_cli_command *command, int id);

#endif
