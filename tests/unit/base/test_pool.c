/* test_pool.c - the job pool: each job once, worker numbers, and the same failure at any number of threads. */
#include "unit/base/base_test.h"

#include "base/error.h"
#include "base/pool.h"

#include <stdatomic.h>

#define N_JOBS 500

typedef struct {
    atomic_int runs[N_JOBS];
    atomic_int busy[64]; /* a worker number is used by one thread at a time */
    size_t n_threads;
    size_t fails_from, fails_each; /* jobs >= from and divisible by each fail; each 0 = none */
    atomic_int wrong;
} board;

static hx_status run_job(void *context, size_t i, size_t worker, hx_error *err) {
    board *b = context;
    if (worker >= b->n_threads || i >= N_JOBS) {
        atomic_fetch_add(&b->wrong, 1);
        return HX_OK;
    }
    if (atomic_fetch_add(&b->busy[worker], 1) != 0) atomic_fetch_add(&b->wrong, 1);
    atomic_fetch_add(&b->runs[i], 1);
    hx_status status = HX_OK;
    /* The first failure comes late: those behind it are reported before it. */
    if (b->fails_each && i == 105) usleep(3000);
    if (b->fails_each && i >= b->fails_from && i % b->fails_each == 0)
        status =
            hx_fail(err, i % 2 ? HX_EFORMAT : HX_ELIMIT, "job %zu does not like %s", i, "itself");
    atomic_fetch_sub(&b->busy[worker], 1);
    return status;
}

static void runs_each_job_once(void **state) {
    (void)state;
    for (size_t threads = 0; threads <= 9; threads++) {
        board *b = calloc(1, sizeof *b);
        b->n_threads = threads ? threads : hx_processors();
        assert_int_equal(hx_pool_run(threads, N_JOBS, run_job, b, NULL), HX_OK);
        for (size_t i = 0; i < N_JOBS; i++)
            assert_int_equal(b->runs[i], 1);
        assert_int_equal(b->wrong, 0);
        free(b);
    }
}

static void reports_the_first_failure_by_index(void **state) {
    (void)state;
    for (size_t threads = 1; threads <= 8; threads++) {
        board *b = calloc(1, sizeof *b);
        b->n_threads = threads;
        b->fails_from = 100;
        b->fails_each = 7;
        hx_error err = {0};
        assert_int_equal(hx_pool_run(threads, N_JOBS, run_job, b, &err), HX_EFORMAT);
        assert_int_equal(err.code, HX_EFORMAT);
        assert_string_equal(err.message, "job 105 does not like itself");
        for (size_t i = 0; i <= 105; i++)
            assert_int_equal(b->runs[i], 1);
        for (size_t i = 106; i < N_JOBS; i++)
            assert_true(b->runs[i] <= 1);
        if (threads == 1) assert_int_equal(b->runs[106], 0);
        assert_int_equal(b->wrong, 0);
        assert_int_equal(hx_pool_run(threads, N_JOBS, run_job, b, NULL), HX_EFORMAT);
        free(b);
    }
}

static hx_status miss_file(void *context, size_t i, size_t worker, hx_error *err) {
    (void)i;
    (void)worker;
    return hx_fail(err, HX_ENOTFOUND, "%s: no such file", (const char *)context);
}

static void speaks_the_callers_language(void **state) {
    (void)state;
    hx_error err = {.ui = HX_UI_ZH};
    assert_int_equal(hx_pool_run(3, 5, miss_file, (void *)(uintptr_t) "a.csv", &err), HX_ENOTFOUND);
    assert_string_equal(err.message, "a.csv：没有这个文件");
    assert_int_equal(err.ui, HX_UI_ZH);
}

static void leaves_the_error_alone_on_success(void **state) {
    (void)state;
    board *b = calloc(1, sizeof *b);
    b->n_threads = 2;
    hx_error err = {.row = 77};
    assert_int_equal(hx_pool_run(2, 0, run_job, b, &err), HX_OK);
    assert_int_equal(hx_pool_run(2, 3, run_job, b, &err), HX_OK);
    assert_int_equal(err.row, 77);
    assert_true(hx_processors() >= 1);
    free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_each_job_once),
        cmocka_unit_test(reports_the_first_failure_by_index),
        cmocka_unit_test(speaks_the_callers_language),
        cmocka_unit_test(leaves_the_error_alone_on_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
