/* crew.c - see crew.h. The caller keeps finished jobs that came too early in a small table, indexed by sequence modulo the number
 * of jobs: no two jobs under way can meet in one place. */
#include "pipeline/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/queue.h"

struct hx_crew {
    const hx_crew_plan *plan;
    hx_queue *idle, *todo, *done;
    hx_crew_job **early; /* [n_jobs] finished, not yet taken */
    hx_crew_job **all; /* [n_jobs] */
    pthread_t *threads; /* [n_workers + 1], the maker last */
    size_t n_threads; /* started */
    atomic_size_t next_worker;
    atomic_size_t workers_left;
    atomic_bool stop;
};

static void run_step(const hx_crew_plan *plan, hx_crew_job *job, size_t worker) {
    job->err = (hx_error){.ui = plan->ui};
    job->status = plan->work(plan->context, worker, job, &job->err);
}

static void *worker_main(void *argument) {
    hx_crew *c = argument;
    size_t worker = atomic_fetch_add(&c->next_worker, 1);
    void *item = NULL;
    while (hx_queue_pop(c->todo, &item)) {
        hx_crew_job *job = item;
        if (job->status == HX_OK && !atomic_load(&c->stop)) run_step(c->plan, job, worker);
        hx_queue_push(c->done, job);
    }
    if (atomic_fetch_sub(&c->workers_left, 1) == 1) hx_queue_close(c->done);
    return NULL;
}

static void *maker_main(void *argument) {
    hx_crew *c = argument;
    const hx_crew_plan *plan = c->plan;
    bool more = true;
    void *item = NULL;
    for (uint64_t sequence = 0; more && !atomic_load(&c->stop) && hx_queue_pop(c->idle, &item);
         sequence++) {
        hx_crew_job *job = item;
        job->sequence = sequence;
        job->err = (hx_error){.ui = plan->ui};
        job->status = plan->make(plan->context, job, &more, &job->err);
        if (job->status != HX_OK) more = false;
        if (more || job->status != HX_OK) hx_queue_push(c->todo, job);
    }
    hx_queue_close(c->todo);
    return NULL;
}

static void crew_free(hx_crew *c) {
    for (size_t i = 0; c->all && i < c->plan->n_jobs; i++)
        if (c->all[i]) c->plan->free_job(c->plan->context, c->all[i]);
    hx_queue_free(c->idle);
    hx_queue_free(c->todo);
    hx_queue_free(c->done);
    free(c->all);
    free(c->early);
    free(c->threads);
}

static hx_status crew_prepare(hx_crew *c, hx_error *err) {
    const hx_crew_plan *plan = c->plan;
    c->idle = hx_queue_new(plan->n_jobs);
    c->todo = hx_queue_new(plan->n_jobs);
    c->done = hx_queue_new(plan->n_jobs);
    c->all = calloc(plan->n_jobs, sizeof *c->all);
    c->early = calloc(plan->n_jobs, sizeof *c->early);
    c->threads = calloc(plan->n_workers + 1, sizeof *c->threads);
    bool ok = c->idle && c->todo && c->done && c->all && c->early && c->threads;
    for (size_t i = 0; ok && i < plan->n_jobs; i++) {
        c->all[i] = plan->new_job(plan->context);
        ok = c->all[i] && hx_queue_push(c->idle, c->all[i]);
    }
    return ok ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

/* Closing all queues lets every thread run to its end. */
static void crew_stop(hx_crew *c) {
    atomic_store(&c->stop, true);
    hx_queue_close(c->idle);
    hx_queue_close(c->todo);
    hx_queue_close(c->done);
}

static hx_status crew_start(hx_crew *c, hx_error *err) {
    size_t n = c->plan->n_workers;
    atomic_init(&c->workers_left, n);
    for (size_t i = 0; i <= n; i++) {
        if (pthread_create(&c->threads[i], NULL, i < n ? worker_main : maker_main, c) != 0)
            return hx_fail(err, HX_ENOMEM,
                           "no thread could be started; close other programs and try again");
        c->n_threads++;
    }
    return HX_OK;
}

static hx_status take_in_order(hx_crew *c, uint64_t *next, hx_error *err) {
    const hx_crew_plan *plan = c->plan;
    for (;;) {
        hx_crew_job **place = &c->early[*next % plan->n_jobs];
        hx_crew_job *job = *place;
        if (!job) return HX_OK;
        *place = NULL;
        (*next)++;
        if (job->status != HX_OK) {
            if (err) *err = job->err;
            return job->status;
        }
        HX_TRY(plan->take(plan->context, job, err));
        if (!hx_queue_push(c->idle, job)) return HX_OK;
    }
}

static hx_status crew_collect(hx_crew *c, hx_error *err) {
    uint64_t next = 0;
    void *item = NULL;
    while (hx_queue_pop(c->done, &item)) {
        hx_crew_job *job = item;
        c->early[job->sequence % c->plan->n_jobs] = job;
        HX_TRY(take_in_order(c, &next, err));
    }
    return HX_OK;
}

hx_status hx_crew_run(const hx_crew_plan *plan, hx_error *err) {
    hx_crew c = {.plan = plan};
    hx_status status = crew_prepare(&c, err);
    if (status == HX_OK) status = crew_start(&c, err);
    if (status == HX_OK) status = crew_collect(&c, err);
    if (c.done) crew_stop(&c);
    for (size_t i = 0; i < c.n_threads; i++)
        pthread_join(c.threads[i], NULL);
    crew_free(&c);
    return status;
}
