/* test_queue.c - the bounded queue: order, blocking, closing. */
#include "unit/base/base_test.h"

#include "base/queue.h"

#include <pthread.h>

static void *item(size_t v) {
    return (void *)(uintptr_t)v;
}

static void keeps_the_order(void **state) {
    (void)state;
    hx_queue *q = hx_queue_new(3);
    size_t in = 0, out = 0;
    while (out < 100) {
        for (int k = 0; k < 3; k++)
            assert_true(hx_queue_push(q, item(++in)));
        for (int k = 0; k < 3; k++) {
            void *p;
            assert_true(hx_queue_pop(q, &p));
            assert_ptr_equal(p, item(++out));
        }
    }
    hx_queue_free(q);
    hx_queue_free(NULL);
}

static void gives_out_the_rest_after_closing(void **state) {
    (void)state;
    hx_queue *q = hx_queue_new(0);
    assert_true(hx_queue_push(q, item(1)));
    hx_queue_close(q);
    assert_false(hx_queue_push(q, item(2)));
    void *p;
    assert_true(hx_queue_pop(q, &p));
    assert_ptr_equal(p, item(1));
    assert_false(hx_queue_pop(q, &p));
    hx_queue_close(q);
    hx_queue_free(q);
    assert_null(hx_queue_new(SIZE_MAX));
}

#define N_THREADS 4
#define N_ITEMS 5000

typedef struct {
    hx_queue *q;
    size_t from, n;
    uint64_t sum;
} side;

static void *produce(void *arg) {
    side *s = arg;
    for (size_t i = 0; i < N_ITEMS; i++)
        s->n += hx_queue_push(s->q, item(s->from + i));
    return NULL;
}

static void *consume(void *arg) {
    side *s = arg;
    for (void *p; hx_queue_pop(s->q, &p); s->n++)
        s->sum += (uintptr_t)p;
    return NULL;
}

static void passes_each_item_once(void **state) {
    (void)state;
    hx_queue *q = hx_queue_new(8);
    side in[N_THREADS], out[N_THREADS];
    pthread_t producers[N_THREADS], consumers[N_THREADS];
    for (size_t t = 0; t < N_THREADS; t++) {
        in[t] = (side){.q = q, .from = 1 + t * N_ITEMS};
        out[t] = (side){.q = q};
        assert_int_equal(pthread_create(&consumers[t], NULL, consume, &out[t]), 0);
        assert_int_equal(pthread_create(&producers[t], NULL, produce, &in[t]), 0);
    }
    for (size_t t = 0; t < N_THREADS; t++)
        pthread_join(producers[t], NULL);
    hx_queue_close(q);
    uint64_t sum = 0;
    size_t n = 0;
    for (size_t t = 0; t < N_THREADS; t++) {
        pthread_join(consumers[t], NULL);
        sum += out[t].sum;
        n += out[t].n;
    }
    const uint64_t total = N_THREADS * N_ITEMS;
    assert_int_equal(n, total);
    assert_true(sum == total * (total + 1) / 2);
    hx_queue_free(q);
}

/* Threads that wait, full or empty, come back when the queue is closed; a hang here is a failure by timeout. */
static void closing_wakes_everyone(void **state) {
    (void)state;
    hx_queue *full = hx_queue_new(1), *empty = hx_queue_new(1);
    side in[2] = {{.q = full, .from = 1}, {.q = full, .from = 1}};
    side out[2] = {{.q = empty}, {.q = empty}};
    pthread_t threads[4];
    for (int t = 0; t < 2; t++) {
        assert_int_equal(pthread_create(&threads[t], NULL, produce, &in[t]), 0);
        assert_int_equal(pthread_create(&threads[2 + t], NULL, consume, &out[t]), 0);
    }
    usleep(2000); /* lets them block; correct without it, only less telling */
    hx_queue_close(full);
    hx_queue_close(empty);
    for (int t = 0; t < 4; t++)
        pthread_join(threads[t], NULL);
    assert_true(in[0].n + in[1].n <= 1);
    assert_int_equal(out[0].n + out[1].n, 0);
    hx_queue_free(full);
    hx_queue_free(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order),
        cmocka_unit_test(gives_out_the_rest_after_closing),
        cmocka_unit_test(passes_each_item_once),
        cmocka_unit_test(closing_wakes_everyone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
