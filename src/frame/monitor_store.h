/* monitor_store.h - kept profiles of runs: files of a folder, one a run. */
#ifndef HX_FRAME_MONITOR_STORE_H
#define HX_FRAME_MONITOR_STORE_H

#include "frame/drift.h"

#define HX_RUNS_MAX 999999

typedef struct {
    int64_t run, at_ms;
    size_t rows, alarms;
    hx_profile_table profile; /* only where it was asked for */
} hx_kept_run;

/* Numbers of the runs of a series in ascending order, in the arena. A folder that is not there has none. */
hx_status hx_runs_list(const char *folder, const char *name, hx_arena *arena, int64_t **runs,
                       size_t *n, hx_error *err) HX_MUST_USE;
hx_status hx_runs_read(const char *folder, const char *name, int64_t run, bool with_profile,
                       hx_arena *arena, hx_kept_run *out, hx_error *err) HX_MUST_USE;
/* HX_EBUSY where that run is there already. Makes the folder. */
hx_status hx_runs_write(const char *folder, const char *name, const hx_kept_run *run,
                        hx_error *err) HX_MUST_USE;

#endif
