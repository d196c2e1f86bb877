/* crew.h - jobs made by one thread, done by several, taken back in order by the caller's thread.
 *
 *     maker --(todo)--> workers --(done)--> caller, by sequence number
 *       ^                                     |
 *       +-------------(free jobs)-------------+
 *
 * There are only so many jobs, and each goes round: that bounds memory. A failure of the maker or of a worker travels in its job and
 * reaches the caller in order. */
#ifndef HX_PIPELINE_CREW_H
#define HX_PIPELINE_CREW_H

#include "huaxiang/base.h"

typedef struct hx_crew hx_crew;

/* What is passed round; the first member of the user's own job struct. */
typedef struct {
    uint64_t sequence;
    hx_status status; /* of make or work */
    hx_error err; /* valid where status != HX_OK */
} hx_crew_job;

typedef struct {
    void *context;
    size_t n_workers; /* >= 1 */
    size_t n_jobs; /* more than n_workers */
    hx_crew_job *(*new_job)(void *context); /* NULL = out of memory */
    void (*free_job)(void *context, hx_crew_job *job);
    /* On the maker's thread: fills a job; *more = false at the end (the job is then not used). */
    hx_status (*make)(void *context, hx_crew_job *job, bool *more, hx_error *err);
    /* On a worker's thread. */
    hx_status (*work)(void *context, size_t worker, hx_crew_job *job, hx_error *err);
    /* On the caller's thread, in sequence. */
    hx_status (*take)(void *context, hx_crew_job *job, hx_error *err);
    hx_ui_lang ui; /* of the errors made on other threads */
} hx_crew_plan;

/* Runs until make says no more, or the first failure in sequence; all threads have ended when it returns. */
hx_status hx_crew_run(const hx_crew_plan *plan, hx_error *err) HX_MUST_USE;

#endif
