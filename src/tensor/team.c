/* team.c - threads that stay and share the pieces of one step after another.
 *
 * Every thread owns a run of the pieces of a step, and takes them in order from the slot of its own; who has none left helps with the runs
 * of others. So a thread reads one stretch of memory after another, the same at every step, and meets others only at its end.
 *
 * A slot describes the run (work, context, first, last, grain) and hands it out by its `ticket`: the number of the step in the high
 * half, then 16 bits of the next unit of `grain` pieces and 16 bits of how many units there are. A thread takes a unit by raising the
 * ticket with compare-and-swap. The description is not written again before all pieces of the step are done, and tickets never
 * come back: who reads ticket, then description, and then succeeds to swap has read the right one, for its unit was not taken till
 * then, so the step not done. A thread that comes late finds another ticket and does no harm; the caller waits for pieces, never for
 * threads. Pieces are counted once a thread and step.
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
#define STEP_BITS 32 /* where the step begins in a ticket */
#define UNIT_BITS 16
#define UNIT_MAX 0xffffu

typedef struct { /* a cache line: what one thread begins with */
    _Alignas(64) atomic_uint_least64_t ticket;
    _Atomic(hx_team_fn *) work;
    _Atomic(void *) context;
    atomic_size_t first, last, grain; /* pieces [first, last), so many a unit */
} team_slot;

typedef struct {
    hx_team_fn *work;
    void *context;
    size_t first, last;
} team_unit;

typedef struct {
    hx_team *team; /* borrowed: the team it is in */
    size_t worker;
    pthread_t thread;
} team_member;

struct hx_team {
    _Alignas(64) atomic_size_t n_done; /* pieces of this step, by members */
    _Alignas(64) atomic_int sleepers; /* members that sleep or are about to */
    atomic_bool is_caller_asleep;
    atomic_bool is_closed;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    size_t size, n_started; /* with the caller; threads that run */
    uint32_t step;
    team_slot *slots; /* owned; (size), that of worker i at i */
    team_member *members; /* owned; (size), the first n_started in use */
};

static void pause_a_little(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* ------------------------------------------------------------------ pieces */
static bool take_unit(team_slot *s, team_unit *out) {
    uint64_t ticket = atomic_load(&s->ticket);
    for (;;) {
        size_t unit = ticket >> UNIT_BITS & UNIT_MAX;
        if (unit >= (ticket & UNIT_MAX)) return false;
        size_t grain = atomic_load_explicit(&s->grain, memory_order_acquire);
        size_t last = atomic_load_explicit(&s->last, memory_order_acquire);
        out->first = atomic_load_explicit(&s->first, memory_order_acquire) + unit * grain;
        out->last = last - out->first < grain ? last : out->first + grain;
        out->work = atomic_load_explicit(&s->work, memory_order_acquire);
        out->context = atomic_load_explicit(&s->context, memory_order_acquire);
        if (atomic_compare_exchange_weak(&s->ticket, &ticket, ticket + ((uint64_t)1 << UNIT_BITS)))
            return true;
    }
}

/* Works on its own run, then on what is left of the others'; returns how many pieces that were. */
static size_t take_pieces(hx_team *t, size_t worker) {
    size_t n = 0;
    for (size_t i = 0; i < t->size; i++) {
        size_t owner = worker + i < t->size ? worker + i : worker + i - t->size;
        team_unit unit;
        while (take_unit(&t->slots[owner], &unit))
            for (size_t j = unit.first; j < unit.last; j++, n++)
                unit.work(unit.context, j, worker);
    }
    return n;
}

/* ------------------------------------------------------------------ members */
static uint64_t step_of(team_slot *s) {
    return atomic_load(&s->ticket) >> STEP_BITS;
}

static bool is_new(const team_member *m, uint64_t seen) {
    return step_of(&m->team->slots[m->worker]) != seen || atomic_load(&m->team->is_closed);
}

static void wait_for_step(const team_member *m, uint64_t seen) {
    hx_team *t = m->team;
    for (int i = 0; i < SPINS; i++) {
        if (is_new(m, seen)) return;
        pause_a_little();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleepers, 1);
    while (!is_new(m, seen))
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->lock);
}

static void count_done(hx_team *t, size_t n) {
    atomic_fetch_add(&t->n_done, n);
    if (!atomic_load(&t->is_caller_asleep)) return;
    pthread_mutex_lock(&t->lock);
    pthread_cond_signal(&t->done);
    pthread_mutex_unlock(&t->lock);
}

static void *member_run(void *arg) {
    const team_member *m = arg;
    while (!atomic_load(&m->team->is_closed)) {
        uint64_t seen = step_of(&m->team->slots[m->worker]);
        size_t n = take_pieces(m->team, m->worker);
        if (n > 0) count_done(m->team, n);
        wait_for_step(m, seen);
    }
    return NULL;
}

/* ------------------------------------------------------------------ the caller */
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

static void publish(hx_team *t, size_t worker, size_t n, hx_team_fn *work, void *context) {
    team_slot *s = &t->slots[worker];
    size_t first, last;
    hx_team_range(t, n, worker, &first, &last);
    size_t grain = (last - first) / UNIT_MAX + 1;
    uint64_t units = (last - first + grain - 1) / grain;
    atomic_store_explicit(&s->work, work, memory_order_release);
    atomic_store_explicit(&s->context, context, memory_order_release);
    atomic_store_explicit(&s->first, first, memory_order_release);
    atomic_store_explicit(&s->last, last, memory_order_release);
    atomic_store_explicit(&s->grain, grain, memory_order_release);
    atomic_store(&s->ticket, (uint64_t)t->step << STEP_BITS | units);
}

static void run_step(hx_team *t, size_t n, hx_team_fn *work, void *context) {
    t->step++;
    atomic_store(&t->n_done, 0);
    for (size_t i = t->n_started + 1; i-- > 0;)
        publish(t, i, n, work, context);
    wake_members(t);
    wait_for_pieces(t, n - take_pieces(t, 0));
}

void hx_team_run(hx_team *t, size_t n, hx_team_fn *work, void *context) {
    if (t && t->n_started > 0 && n > 1) {
        run_step(t, n, work, context);
        return;
    }
    for (size_t i = 0; i < n; i++)
        work(context, i, 0);
}

void hx_team_range(const hx_team *t, size_t n, size_t worker, size_t *first, size_t *last) {
    size_t threads = t ? t->n_started + 1 : 1, each = n / threads, more = n % threads;
    *first = each * worker + (worker < more ? worker : more);
    *last = *first + each + (worker < more ? 1 : 0);
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
    team_slot *slots = aligned_alloc(_Alignof(team_slot), n_threads * sizeof *slots);
    team_member *members = calloc(n_threads, sizeof *members);
    if (!t || !slots || !members) {
        free(t);
        free(slots);
        free(members);
        return hx_fail(err, HX_ENOMEM, "not enough memory for a team of %zu threads", n_threads);
    }
    memset(t, 0, sizeof *t);
    t->size = n_threads;
    t->slots = slots;
    memset(slots, 0, n_threads * sizeof *slots);
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
    free(t->slots);
    free(t);
}
