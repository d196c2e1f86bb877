/* progress.h - one line on a terminal's standard error: bar, rows, rate, remaining time. */
#ifndef HX_CLI_PROGRESS_H
#define HX_CLI_PROGRESS_H

#include "cli/cli.h"

/* The callbacks of hx_import_options; context = the hx_cli. */
void hx_progress_show(void *context, const hx_progress *p);
void hx_progress_notice(void *context, const char *sentence);
void hx_progress_clear(const hx_cli *c);

#endif
