/* batch.c - the batch driver: all files of a run, then the fold. What can be killed when, and goes on how, is told in read_stage.c and
 * fold_stage.c; here stands the order of things.
 *
 * A run is a number in the list of imports. It is unfinished while one of its imports is being read or waits for the fold; with `resume` such
 * a run goes on, without it a new run refuses to start, because pending events of two runs would mix. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/file.h"
#include "base/pool.h"
#include "pipeline/rejects.h"
#include "pipeline/run.h"

double hx_run_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void hx_run_progress(hx_run *run, const hx_progress *p, bool now) {
    double seconds = hx_run_seconds();
    if (!run->options->progress || (!now && seconds - run->reported < 0.1)) return;
    hx_progress told = *p;
    told.seconds = seconds - run->began;
    run->reported = seconds;
    run->options->progress(run->options->context, &told);
}

void hx_run_notice(const hx_run *run, const char *sentence) {
    if (run->options->notice) run->options->notice(run->options->context, sentence);
}

bool hx_run_is_cancelled(const hx_run *run) {
    return hx_flag_is_raised(run->options->cancel);
}

hx_status hx_run_cancelled(hx_error *err) {
    return hx_fail(err, HX_ECANCELLED, "stopped; what was read is stored, go on with --resume");
}

/* ------------------------------------------------------------------ the run */
/* Every file that broke off must be named again, or its events would wait for ever. */
static hx_status check_named(void *context, int64_t import, hx_str path, hx_error *err) {
    const hx_run *run = context;
    for (size_t i = 0; i < run->n_paths; i++)
        if (hx_str_equal(hx_str_of(run->paths[i]), path)) return HX_OK;
    return hx_fail(err, HX_ECONFLICT,
                   "%s: the import of %.*s broke off; name it again, or take it back with "
                   "'huaxiang imports undo %d'",
                   hx_store_path(run->store), HX_STR_ARG(path), (int)import);
}

static hx_status settle_number(hx_run *run, hx_error *err) {
    int64_t unfinished;
    HX_TRY(hx_store_unfinished_run(run->store, &unfinished, err));
    HX_TRY(hx_store_refuse_half_undone(run->store, err));
    if (unfinished == 0) return hx_store_next_run(run->store, &run->number, err);
    if (!run->options->resume)
        return hx_fail(err, HX_ECONFLICT,
                       "%s: an import broke off here; go on with --resume, or see 'huaxiang "
                       "imports list' and take it back with 'huaxiang imports undo'",
                       hx_store_path(run->store));
    run->number = unfinished;
    HX_TRY(hx_store_each_unfinished(run->store, unfinished, check_named, run, err));
    return hx_store_run_rejects(run->store, unfinished, &run->rejects_bytes, err);
}

static bool is_named_before(const hx_run *run, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (strcmp(run->paths[i], run->paths[at]) == 0) return true;
    return false;
}

/* A file that fails must not keep the others from being read: the first such sentence is kept. */
static hx_status read_files(hx_run *run, hx_error *err) {
    for (size_t i = 0; i < run->n_paths; i++) {
        hx_error failure = {.ui = run->ui};
        if (is_named_before(run, i)) continue;
        hx_status status = hx_run_read_file(run, run->paths[i], &failure);
        bool of_file = status == HX_EFORMAT || status == HX_ENOTFOUND || status == HX_EIO ||
                       status == HX_EINVAL || status == HX_EUNSUPPORTED || status == HX_EDENIED;
        if (status == HX_OK) {
            run->result->files++;
        } else if (!of_file) {
            if (err) *err = failure;
            return status;
        } else if (run->first_failure.code == HX_OK) {
            run->first_failure = failure;
        }
    }
    return HX_OK;
}

static hx_status count_profile(void *context, const hx_profile *p, hx_error *err) {
    hx_import_result *r = context;
    (void)err;
    r->customers++;
    r->conflicts += p->n_conflicts;
    return HX_OK;
}

/* Bare times are read in the zone that is given, else in the store's, else as UTC; the store keeps the last that was given. */
static hx_status settle_zone(hx_run *run, hx_error *err) {
    hx_str kept = {NULL, 0};
    const char *given = run->options->timezone;
    hx_arena *arena = hx_arena_new(1u << 16);
    hx_status status = arena ? hx_store_get_meta(run->store, "timezone", arena, &kept, err)
                             : hx_fail(err, HX_ENOMEM, "out of memory");
    const char *name = given ? given : kept.ptr ? kept.ptr : "UTC";
    if (status == HX_OK) status = hx_time_zone_open(&run->zone, name, err);
    if (status == HX_OK && (given || !kept.ptr))
        status = hx_store_set_meta(run->store, "timezone", hx_str_of(name), err);
    hx_arena_free(arena);
    return status;
}

static hx_status run_all(hx_run *run, hx_error *err) {
    hx_store *s = run->store;
    HX_TRY(hx_rejects_check(run->rejects, &run->rejects_bytes, err));
    HX_TRY(settle_number(run, err));
    HX_TRY(settle_zone(run, err));
    HX_TRY(hx_run_settle_correction(run, err));
    uint64_t before = 0;
    HX_TRY(hx_store_count_profiles(s, &before, err));
    HX_TRY(read_files(run, err));
    HX_TRY(hx_run_fold(run, err));
    HX_TRY(hx_run_keep_segments(s, err));
    HX_TRY(hx_store_finish_run(s, run->number, run->options->now, err));
    HX_TRY(hx_store_flush(s, err));
    HX_TRY(hx_store_each_profile(s, count_profile, run->result, err));
    /* Joining may leave fewer customers than there were. */
    run->result->new_customers =
        run->result->customers > before ? run->result->customers - before : 0;
    if (run->first_failure.code == HX_OK) return HX_OK;
    if (err) *err = run->first_failure;
    return run->first_failure.code;
}

static void notice_waiting(const hx_run *run) {
    char sentence[HX_MESSAGE_MAX];
    snprintf(sentence, sizeof sentence,
             run->ui == HX_UI_ZH ? "正在等待另一个写入 %s 的程序"
                                 : "waiting for another program that writes %s",
             hx_store_path(run->store));
    hx_run_notice(run, sentence);
}

static hx_status run_locked(hx_run *run, hx_error *err) {
    if (!hx_store_lock_soon(run->store, 2000)) notice_waiting(run);
    HX_TRY(hx_store_lock(run->store, err));
    hx_status status = run_all(run, err);
    hx_store_unlock(run->store);
    return status;
}

hx_status hx_import_files(hx_store *store, const char *const *paths, size_t n_paths,
                          const hx_import_options *options, hx_import_result *result,
                          hx_error *err) {
    char *rejects = hx_file_beside(hx_store_path(store), ".rejects.csv");
    if (!rejects) return hx_fail(err, HX_ENOMEM, "out of memory");
    *result = (hx_import_result){0};
    hx_run run = {.store = store,
                  .paths = paths,
                  .n_paths = n_paths,
                  .options = options,
                  .result = result,
                  .n_threads = options->n_threads ? options->n_threads : hx_processors(),
                  .began = hx_run_seconds(),
                  .rejects = options->rejects ? options->rejects : rejects,
                  .ui = err ? err->ui : HX_UI_EN};
    run.first_failure.ui = run.ui;
    hx_status status = run_locked(&run, err);
    hx_time_zone_close(run.zone);
    free(rejects);
    return status;
}
