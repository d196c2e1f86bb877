/* progress.h - one line on a terminal's standard error: bar, rows, rate, remaining time. */
#ifndef HX_CLI_PROGRESS_H
#define HX_CLI_PROGRESS_H

#include <time.h>

#include "cli/cli.h"

/* The callbacks of hx_import_options; context = the hx_cli. */
void hx_progress_show(void *context, const hx_progress *p);
void hx_progress_notice(void *context, const char *sentence);
/* The same for bytes: `fresh` of them came in `seconds`; total 0 = not known. */
void hx_progress_bytes(const hx_cli *c, const char *what, uint64_t done, uint64_t total,
                       uint64_t fresh, double seconds);
/* A share of some other work, 0 to 1. */
void hx_progress_share(const hx_cli *c, const char *what, double share, double seconds);
/* Work that tells its steps: context of hx_progress_tick(), which shows them every tenth of a second. */
typedef struct {
    const hx_cli *c;
    const char *what;
    struct timespec began;
    double shown; /* seconds, of the last line */
} hx_progress_clock;
void hx_progress_begin(hx_progress_clock *p, const hx_cli *c, const char *what);
void hx_progress_tick(void *context, uint64_t done, uint64_t total);
void hx_progress_clear(const hx_cli *c);

#endif
