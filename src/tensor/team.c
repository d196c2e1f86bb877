/* team.c - threads that stay and share the pieces of one step after another.
 *
 * A step is published in `ticket`: the number of the step in the high half, the next piece in the low half. A thread takes a piece by
 * raising the low half with compare-and-swap. The description of the step (work, context, n) is written while the ticket is closed (its
 * low half is a value that leaves no piece), and not again before all pieces of the step are done. So a thread that reads it and then
 * succeeds to swap has read the right one: the step it took a piece of was published before and is not done. Fields are stored with
 * release and loaded with acquire: who reads those of a later step also sees that the ticket moved on, and its swap fails. A thread that
 * comes late finds another ticket and does no harm; the caller waits for pieces, never for threads.
 *
 * Waiting: SPINS pauses awake (some tens of microseconds), then a condition variable. `sleepers` and `ticket`, `is_caller_asleep` and
 * `n_done` are written and read in opposite order by the two sides, sequentially consistent: one of them sees the other. */
#include "tensor/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pool.h"

#define TEAM_THREADS_MAX 256u
#define SPINS 800
#define INDEX_BITS 32
#define INDEX_MASK 0xffffffffu

typedef struct {
    hx_team *team; /* borrowed: the team it is in */
    size_t worker;
    pthread_t thread;
} team_member;

struct hx_team {
    _Alignas(64) atomic_uint_least64_t ticket;
    _Alignas(64) atomic_size_t n_done;
    _Alignas(64) _Atomic(hx_team_fn *) work;
    _Atomic(void *) context;
    atomic_size_t n;
    _Alignas(64) atomic_int sleepers; /* members that sleep or are about to */
    atomic_bool is_caller_asleep;
    atomic_bool is_closed;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    size_t size, n_started; /* with the caller; threads that run */
    team_member *members; /* owned; (size), the first n_started in use */
};

static void pause_a_little(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Takes pieces of the step that stands in the ticket until there are none; returns that step. */
static uint64_t take_pieces(hx_team *t, size_t worker) {
    uint64_t ticket = atomic_load(&t->ticket);
    for (;;) {
        hx_team_fn *work = atomic_load_explicit(&t->work, memory_order_acquire);
        void *context = atomic_load_explicit(&t->context, memory_order_acquire);
        size_t n = atomic_load_explicit(&t->n, memory_order_acquire);
        size_t i = ticket & INDEX_MASK;
        if (i >= n) return ticket >> INDEX_BITS;
        if (!atomic_compare_exchange_weak(&t->ticket, &ticket, ticket + 1)) continue;
        work(context, i, worker);
        if (atomic_fetch_add(&t->n_done, 1) + 1 == n && atomic_load(&t->is_caller_asleep)) {
            pthread_mutex_lock(&t->lock);
            pthread_cond_signal(&t->done);
            pthread_mutex_unlock(&t->lock);
        }
        ticket = atomic_load(&t->ticket);
    }
}

static bool is_new(hx_team *t, uint64_t seen) {
    return atomic_load(&t->ticket) >> INDEX_BITS != seen || atomic_load(&t->is_closed);
}

static void wait_for_step(hx_team *t, uint64_t seen) {
    for (int i = 0; i < SPINS; i++) {
        if (is_new(t, seen)) return;
        pause_a_little();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleepers, 1);
    while (!is_new(t, seen))
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->lock);
}

static void *member_run(void *arg) {
    team_member *m = arg;
    uint64_t seen = 0;
    while (!atomic_load(&m->team->is_closed)) {
        seen = take_pieces(m->team, m->worker);
        wait_for_step(m->team, seen);
    }
    return NULL;
}

static void wake_members(hx_team *t) {
    if (atomic_load(&t->sleepers) == 0) return;
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

static void wait_for_pieces(hx_team *t, size_t n) {
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load(&t->n_done) == n) return;
        pause_a_little();
    }
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->is_caller_asleep, true);
    while (atomic_load(&t->n_done) != n)
        pthread_cond_wait(&t->done, &t->lock);
    atomic_store(&t->is_caller_asleep, false);
    pthread_mutex_unlock(&t->lock);
}

/* n below 2^32. */
static void run_step(hx_team *t, size_t n, hx_team_fn *work, void *context) {
    uint64_t old = atomic_load(&t->ticket) >> INDEX_BITS, step = old + 1;
    /* Closed first: a late thread that reads the new n beside the old ticket must not take a piece. */
    atomic_store(&t->ticket, old << INDEX_BITS | INDEX_MASK);
    atomic_store_explicit(&t->work, work, memory_order_release);
    atomic_store_explicit(&t->context, context, memory_order_release);
    atomic_store_explicit(&t->n, n, memory_order_release);
    atomic_store(&t->n_done, 0);
    atomic_store(&t->ticket, step << INDEX_BITS);
    wake_members(t);
    take_pieces(t, 0);
    wait_for_pieces(t, n);
}

void hx_team_run(hx_team *t, size_t n, hx_team_fn *work, void *context) {
    if (t && t->n_started > 0 && n > 1 && n < INDEX_MASK) {
        run_step(t, n, work, context);
        return;
    }
    for (size_t i = 0; i < n; i++)
        work(context, i, 0);
}

size_t hx_team_size(const hx_team *t) {
    return t ? t->size : 1;
}

/* A thread that cannot be started is done without. */
static void start_members(hx_team *t) {
    for (size_t i = 1; i < t->size; i++) {
        team_member *m = &t->members[t->n_started];
        *m = (team_member){.team = t, .worker = t->n_started + 1};
        if (pthread_create(&m->thread, NULL, member_run, m) == 0) t->n_started++;
    }
}

hx_status hx_team_new(hx_team **out, size_t n_threads, hx_error *err) {
    if (n_threads == 0) n_threads = hx_processors();
    if (n_threads > TEAM_THREADS_MAX) n_threads = TEAM_THREADS_MAX;
    hx_team *t = aligned_alloc(_Alignof(hx_team), sizeof *t);
    team_member *members = calloc(n_threads, sizeof *members);
    if (!t || !members) {
        free(t);
        free(members);
        return hx_fail(err, HX_ENOMEM, "not enough memory for a team of %zu threads", n_threads);
    }
    memset(t, 0, sizeof *t);
    t->size = n_threads;
    t->members = members;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    pthread_cond_init(&t->done, NULL);
    start_members(t);
    *out = t;
    return HX_OK;
}

void hx_team_free(hx_team *t) {
    if (!t) return;
    atomic_store(&t->is_closed, true);
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
    for (size_t i = 0; i < t->n_started; i++)
        pthread_join(t->members[i].thread, NULL);
    pthread_cond_destroy(&t->done);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t->members);
    free(t);
}
