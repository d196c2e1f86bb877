/* run.h - one run over files: what its stages share. */
#ifndef HX_PIPELINE_RUN_H
#define HX_PIPELINE_RUN_H

#include "huaxiang/pipeline.h"
#include "store/store.h"

typedef struct {
    hx_store *store;
    const hx_import_options *options;
    hx_import_result *result;
    const char *const *paths; /* [n_paths] */
    size_t n_paths;
    hx_time_zone *zone; /* owned by the run */
    int64_t number; /* of the run in the store */
    size_t n_threads;
    double began; /* monotonic seconds */
    double reported; /* when progress was last told */
    hx_error first_failure; /* of a file that broke off; code HX_OK = none */
    size_t n_reject_notices;
    uint64_t
        rejects_bytes; /* of the rejects file that earlier runs and this one's checkpoints hold */
    const char *rejects; /* its path */
    hx_ui_lang ui;
} hx_run;

double hx_run_seconds(void); /* monotonic */
/* Tells the caller, at most ten times a second (`now` = always). */
void hx_run_progress(hx_run *run, const hx_progress *p, bool now);
void hx_run_notice(const hx_run *run, const char *sentence);
bool hx_run_is_cancelled(const hx_run *run);
hx_status hx_run_cancelled(hx_error *err); /* the sentence for it */

/* Says where texts are corrected otherwise than the store's so far, and remembers how (correction.c). */
hx_status hx_run_settle_correction(hx_run *run, hx_error *err) HX_MUST_USE;

/* Stage 1: reads one file into pending events, going on where an earlier try stopped. */
hx_status hx_run_read_file(hx_run *run, const char *path, hx_error *err) HX_MUST_USE;
/* Stage 2: brings persons up to date with the edges, merges all pending events into blocks and folds the persons they touch. */
hx_status hx_run_fold(hx_run *run, hx_error *err) HX_MUST_USE;
/* Folds what has become dirty, by the second stage of a run without files. */
hx_status hx_run_fold_dirty(hx_store *s, hx_error *err) HX_MUST_USE;
/* Brings the segments of all persons up whose profile was written (segments.c). */
hx_status hx_run_keep_segments(hx_store *store, hx_error *err) HX_MUST_USE;

#endif
