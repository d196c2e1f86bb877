/* pool.c - n independent jobs on a few threads.
 *
 * Indexes are handed out in ascending order from one counter. Hence, when job j fails, every i < j has been handed
 * out before and runs to its end: the smallest failing index is the same at any number of threads. Jobs after a
 * known failure are skipped.
 *
 * The caller's thread is worker 0, so that the run gets through even where no thread can be started; all workers
 * are joined before the return, whatever happened. */
#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define POOL_THREADS_MAX 256u

typedef struct {
    hx_pool_fn *run;
    void *context;
    size_t n;
    hx_ui_lang ui;
    pthread_mutex_t lock; /* guards what follows */
    size_t next;
    size_t failed_at; /* smallest failing index; n = none */
    hx_status status; /* of failed_at */
    hx_error error; /* of failed_at */
} pool_state;

typedef struct {
    pool_state *state;
    size_t worker;
    pthread_t thread;
    bool started;
} pool_worker;

static bool pool_take(pool_state *p, size_t *i) {
    pthread_mutex_lock(&p->lock);
    bool any = p->next < p->failed_at;
    if (any) *i = p->next++;
    pthread_mutex_unlock(&p->lock);
    return any;
}

static void pool_note(pool_state *p, size_t i, hx_status status, const hx_error *error) {
    pthread_mutex_lock(&p->lock);
    if (i < p->failed_at) {
        p->failed_at = i;
        p->status = status;
        p->error = *error;
    }
    pthread_mutex_unlock(&p->lock);
}

static void pool_work(pool_state *p, size_t worker) {
    size_t i;
    while (pool_take(p, &i)) {
        hx_error error = {.ui = p->ui};
        hx_status status = p->run(p->context, i, worker, &error);
        if (status != HX_OK) pool_note(p, i, status, &error);
    }
}

static void *pool_thread(void *arg) {
    pool_worker *w = arg;
    pool_work(w->state, w->worker);
    return NULL;
}

static void pool_run_threads(pool_state *p, pool_worker *workers, size_t n_threads) {
    for (size_t t = 1; t < n_threads; t++) {
        workers[t].state = p;
        workers[t].worker = t;
        workers[t].started = !pthread_create(&workers[t].thread, NULL, pool_thread, &workers[t]);
    }
    pool_work(p, 0);
    for (size_t t = 1; t < n_threads; t++)
        if (workers[t].started) pthread_join(workers[t].thread, NULL);
}

hx_status hx_pool_run(size_t n_threads, size_t n, hx_pool_fn *run, void *context, hx_error *err) {
    if (n_threads == 0) n_threads = hx_processors();
    if (n_threads > POOL_THREADS_MAX) n_threads = POOL_THREADS_MAX;
    if (n_threads > n) n_threads = n ? n : 1;
    pool_state p = {.run = run, .context = context, .n = n, .ui = err ? err->ui : HX_UI_EN};
    p.failed_at = n;
    pthread_mutex_init(&p.lock, NULL);
    pool_worker workers[POOL_THREADS_MAX];
    pool_run_threads(&p, workers, n_threads);
    pthread_mutex_destroy(&p.lock);
    if (p.failed_at == n) return HX_OK;
    if (err) *err = p.error;
    return p.status;
}

size_t hx_processors(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? (size_t)n : 1;
}
