/* run.h - a run folder: what was asked, what happened, and the state to go on from. For src/model.
 *
 *     RUN/config.json      options, seed, sizes, hash of the data; written once
 *     RUN/log.jsonl        a record every log step: step, epoch, loss, rate, norm, tokens_per_second, memory; and every evaluation
 *     RUN/last/            weights.safetensors, optimiser.safetensors, state.json (step, epoch, batch, best, hash of the log so far)
 *     RUN/best/            a model folder (config.json, model.safetensors, tokenizer): what classify, convert, transformers load
 *     RUN/tokenizer/       a vocabulary of the run's own;  RUN/corpus/ ids of plain text;  RUN/adapter/ adapters, as PEFT has them
 *     RUN/report.html      curves, confusion matrix, wrong examples
 *     RUN/metrics.json     figures of the chosen model on validation and test
 *     WHOLE/whole.json     of folds, compare, tune: the same as config.json for all of their trainings
 *
 * A checkpoint is written to last.tmp and renamed; log records behind its step are cut off when a run goes on, so a resumed run leaves the same
 * bytes as one that was never stopped (times and speeds stand in timing.jsonl, which is not compared). */
#ifndef HX_MODEL_RUN_H
#define HX_MODEL_RUN_H

#include "base/buf.h"
#include "base/json.h"
#include "huaxiang/base.h"

typedef struct hx_run_folder hx_run_folder;

typedef struct {
    uint64_t step, epoch, batch; /* done so far */
    uint64_t best_step;
    double best, best_loss; /* figure that chooses, higher is better; of equals the lower loss */
    uint64_t bad_evaluations; /* since the best: early stopping */
    double loss_sum, loss_count; /* since the last log record */
    double part_sum, part_count; /* since the last evaluation */
    uint64_t arithmetic; /* of the last step: hx_train_arithmetic */
    uint64_t milliseconds; /* spent so far: for runs that are bounded by time */
} hx_run_state;

/* A new folder (HX_ECONFLICT where it holds a run and `resume` is off), or one to go on with: then config must be the same (threads are no part of it, and "arithmetic" may change), the
 * checkpoint's files must be those that were written, and one program at a time may have it open (HX_EBUSY). Where no checkpoint was made yet
 * a resumed run begins anew: *resumed says which. */
hx_status hx_run_open(hx_run_folder **out, const char *folder, hx_str config_json, bool resume,
                      bool *resumed, hx_run_state *state, hx_error *err) HX_MUST_USE;
void hx_run_close(hx_run_folder *r);
/* The folder of several trainings: WHOLE/whole.json is written, or with `resume` compared as config.json of a run is. *resumed: it was there, so that what
 * else is there may be taken. HX_ECONFLICT where the folder holds a run, or without `resume` such a whole. */
hx_status hx_run_claim(const char *folder, hx_str config_json, bool resume, bool *resumed,
                       hx_error *err) HX_MUST_USE;
const char *hx_run_path(const hx_run_folder *r, const char *name, hx_arena *arena); /* RUN/name */
hx_status hx_run_log(hx_run_folder *r, hx_str json_line, hx_error *err) HX_MUST_USE;
hx_status hx_run_time(hx_run_folder *r, hx_str json_line, hx_error *err) HX_MUST_USE;
/* Writes a checkpoint: `write` puts its files into the folder it is given. */
typedef hx_status hx_run_write_fn(void *context, const char *folder, hx_error *err);
hx_status hx_run_checkpoint(hx_run_folder *r, const hx_run_state *state, hx_run_write_fn *write,
                            void *context, hx_error *err) HX_MUST_USE;
/* RUN/best, in the same way. */
hx_status hx_run_keep_best(hx_run_folder *r, hx_run_write_fn *write, void *context,
                           hx_error *err) HX_MUST_USE;
/* The model folder of a run (best, else last), for those who open models; HX_ENOTFOUND where the path is no run,
 * HX_EINVAL where it has no model yet. */
hx_status hx_run_model(const char *folder, hx_arena *arena, hx_str *path,
                       hx_error *err) HX_MUST_USE;

/* A folder that is made, or was there. */
hx_status hx_run_make_folder(const char *path, hx_error *err) HX_MUST_USE;
/* A flat folder with all its files; what is not there is fine. */
hx_status hx_run_remove_folder(const char *path, hx_error *err) HX_MUST_USE;

#endif
