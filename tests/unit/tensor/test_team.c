/* test_team.c - the team of threads: each piece once, worker numbers, steps one after another, a team of any size. */
#include "unit/base/base_test.h"

#include <stdatomic.h>
#include <time.h>

#include "base/pool.h"
#include "tensor/team.h"

#define N_PIECES 700

typedef struct {
    atomic_int runs[N_PIECES];
    atomic_int busy[16]; /* a worker number is used by one thread at a time */
    size_t size;
    atomic_int wrong;
} board;

static void run_piece(void *context, size_t i, size_t worker) {
    board *b = context;
    if (worker >= b->size || i >= N_PIECES) {
        atomic_fetch_add(&b->wrong, 1);
        return;
    }
    if (atomic_fetch_add(&b->busy[worker], 1) != 0) atomic_fetch_add(&b->wrong, 1);
    atomic_fetch_add(&b->runs[i], 1);
    atomic_fetch_sub(&b->busy[worker], 1);
}

static void each_piece_runs_once(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 17, N_PIECES};
    for (size_t threads = 1; threads <= 5; threads++) {
        hx_team *team = NULL;
        assert_int_equal(hx_team_new(&team, threads, NULL), HX_OK);
        assert_int_equal(hx_team_size(team), threads);
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            board *b = calloc(1, sizeof *b);
            b->size = threads;
            hx_team_run(team, counts[c], run_piece, b);
            for (size_t i = 0; i < N_PIECES; i++)
                assert_int_equal(b->runs[i], i < counts[c]);
            assert_int_equal(b->wrong, 0);
            free(b);
        }
        hx_team_free(team);
    }
}

static void no_team_is_the_caller_alone(void **state) {
    (void)state;
    board *b = calloc(1, sizeof *b);
    b->size = 1;
    hx_team_run(NULL, N_PIECES, run_piece, b);
    for (size_t i = 0; i < N_PIECES; i++)
        assert_int_equal(b->runs[i], 1);
    assert_int_equal(b->wrong, 0);
    assert_int_equal(hx_team_size(NULL), 1);
    hx_team_free(NULL);
    free(b);
}

static void zero_threads_are_one_a_processor(void **state) {
    (void)state;
    hx_team *team = NULL;
    assert_int_equal(hx_team_new(&team, 0, NULL), HX_OK);
    assert_int_equal(hx_team_size(team), hx_processors());
    hx_team_free(team);
}

/* Plain memory: what a step wrote, the caller and the next step read. ThreadSanitizer watches. */
typedef struct {
    unsigned from[64], to[64];
} wave;

static void step_of_wave(void *context, size_t i, size_t worker) {
    (void)worker;
    wave *w = context;
    w->to[i] = w->from[i] + w->from[(i + 1) % 64];
}

static void nap(long microseconds) {
    struct timespec t = {0, microseconds * 1000};
    nanosleep(&t, NULL);
}

static void a_step_sees_what_the_one_before_wrote(void **state) {
    (void)state;
    hx_team *team = NULL;
    assert_int_equal(hx_team_new(&team, 4, NULL), HX_OK);
    wave w = {.from = {1}}, alone = {.from = {1}};
    for (int step = 0; step < 3000; step++) {
        size_t n = step % 7 == 0 ? 1 : 64; /* one piece runs on the caller */
        memcpy(w.to, w.from, sizeof w.to);
        memcpy(alone.to, alone.from, sizeof alone.to);
        hx_team_run(team, n, step_of_wave, &w);
        hx_team_run(NULL, n, step_of_wave, &alone);
        memcpy(w.from, w.to, sizeof w.to);
        memcpy(alone.from, alone.to, sizeof alone.to);
        if (step % 500 == 0) nap(2000); /* the members fall asleep and are woken */
    }
    assert_memory_equal(w.from, alone.from, sizeof w.from);
    hx_team_free(team);
}

/* Members are slower than the caller: as a rule they end a step, while the caller is about to write the next one. */
static void slow_member_piece(void *context, size_t i, size_t worker) {
    for (int j = 0; worker > 0 && j < 100; j++)
        atomic_load(&((board *)context)->wrong);
    run_piece(context, i, worker);
}

/* A thread that comes late from a small step must take no piece of the next, larger one. */
static void steps_of_growing_and_shrinking_size(void **state) {
    (void)state;
    for (size_t threads = 2; threads <= 3; threads++) {
        hx_team *team = NULL;
        assert_int_equal(hx_team_new(&team, threads, NULL), HX_OK);
        board *b = calloc(1, sizeof *b);
        b->size = threads;
        for (size_t step = 0; step < 60000; step++) {
            size_t n = 2 + step * 7 % 5;
            for (size_t i = 0; i < 8; i++)
                atomic_store_explicit(&b->runs[i], 0, memory_order_relaxed);
            hx_team_run(team, n, slow_member_piece, b);
            for (size_t i = 0; i < 8; i++)
                assert_int_equal(atomic_load(&b->runs[i]), i < n);
        }
        assert_int_equal(b->wrong, 0);
        free(b);
        hx_team_free(team);
    }
}

typedef struct {
    atomic_int n_started;
    long naps[4];
} slow_step;

static void sleepy_piece(void *context, size_t i, size_t worker) {
    (void)worker;
    slow_step *s = context;
    atomic_fetch_add(&s->n_started, 1);
    nap(s->naps[i]);
}

/* The caller falls asleep while it waits, and so do members that find nothing. */
static void slow_pieces_are_waited_for(void **state) {
    (void)state;
    hx_team *team = NULL;
    assert_int_equal(hx_team_new(&team, 3, NULL), HX_OK);
    for (int round = 0; round < 30; round++) {
        slow_step s = {.naps = {10, round * 100, 3000 - round * 100, 20}};
        hx_team_run(team, 4, sleepy_piece, &s);
        assert_int_equal(s.n_started, 4);
    }
    hx_team_free(team);
}

static void an_idle_team_uses_no_processor(void **state) {
    (void)state;
    hx_team *team = NULL;
    assert_int_equal(hx_team_new(&team, 4, NULL), HX_OK);
    slow_step s = {.naps = {0}};
    hx_team_run(team, 4, sleepy_piece, &s);
    nap(50000);
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    nap(300000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    double used = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
    assert_true(used < 0.03);
    hx_team_free(team);
}

/* More pieces than a ticket counts one by one: they go in units. */
static void count_piece(void *context, size_t i, size_t worker) {
    (void)worker;
    ((unsigned char *)context)[i]++;
}

static void many_pieces_run_once(void **state) {
    (void)state;
    const size_t counts[] = {131070, 131071, 400001};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        hx_team *team = NULL;
        assert_int_equal(hx_team_new(&team, 2, NULL), HX_OK);
        unsigned char *seen = calloc(counts[c], 1);
        assert_non_null(seen);
        hx_team_run(team, counts[c], count_piece, seen);
        for (size_t i = 0; i < counts[c]; i++)
            assert_int_equal(seen[i], 1);
        free(seen);
        hx_team_free(team);
    }
}

static void ranges_follow_each_other(void **state) {
    (void)state;
    for (size_t threads = 1; threads <= 5; threads++) {
        hx_team *team = NULL;
        assert_int_equal(hx_team_new(&team, threads, NULL), HX_OK);
        for (size_t n = 0; n < 23; n++) {
            size_t first, last, end = 0;
            for (size_t worker = 0; worker < threads; worker++, end = last) {
                hx_team_range(team, n, worker, &first, &last);
                assert_int_equal(first, end);
                assert_in_range(last - first, n / threads, n / threads + 1);
            }
            assert_int_equal(end, n);
        }
        hx_team_free(team);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_piece_runs_once),
        cmocka_unit_test(no_team_is_the_caller_alone),
        cmocka_unit_test(zero_threads_are_one_a_processor),
        cmocka_unit_test(a_step_sees_what_the_one_before_wrote),
        cmocka_unit_test(steps_of_growing_and_shrinking_size),
        cmocka_unit_test(slow_pieces_are_waited_for),
        cmocka_unit_test(an_idle_team_uses_no_processor),
        cmocka_unit_test(many_pieces_run_once),
        cmocka_unit_test(ranges_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
