/* queue.c - the bounded queue: a ring under one mutex with two conditions.
 *
 * Invariants: n <= capacity; the items are ring[first .. first + n) modulo capacity; `closed` never goes back. Items
 * leave in the order they came. A closed queue takes nothing more but gives out what it holds. */
#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>

struct hx_queue {
    pthread_mutex_t lock;
    pthread_cond_t not_full;
    pthread_cond_t not_empty;
    size_t capacity;
    size_t first;
    size_t n;
    bool closed;
    void *ring[];
};

hx_queue *hx_queue_new(size_t capacity) {
    if (capacity == 0) capacity = 1;
    if (capacity > (SIZE_MAX - sizeof(hx_queue)) / sizeof(void *)) return NULL;
    hx_queue *q = calloc(1, sizeof *q + capacity * sizeof(void *));
    if (!q) return NULL;
    q->capacity = capacity;
    /* With default attributes none of these can fail on Linux. */
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->not_full, NULL);
    pthread_cond_init(&q->not_empty, NULL);
    return q;
}

void hx_queue_free(hx_queue *q) {
    if (!q) return;
    pthread_cond_destroy(&q->not_empty);
    pthread_cond_destroy(&q->not_full);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

bool hx_queue_push(hx_queue *q, void *item) {
    pthread_mutex_lock(&q->lock);
    while (q->n == q->capacity && !q->closed)
        pthread_cond_wait(&q->not_full, &q->lock);
    bool open = !q->closed;
    if (open) {
        q->ring[(q->first + q->n) % q->capacity] = item;
        q->n++;
        pthread_cond_signal(&q->not_empty);
    }
    pthread_mutex_unlock(&q->lock);
    return open;
}

bool hx_queue_pop(hx_queue *q, void **item) {
    pthread_mutex_lock(&q->lock);
    while (q->n == 0 && !q->closed)
        pthread_cond_wait(&q->not_empty, &q->lock);
    bool any = q->n > 0;
    if (any) {
        *item = q->ring[q->first];
        q->first = (q->first + 1) % q->capacity;
        q->n--;
        pthread_cond_signal(&q->not_full);
    }
    pthread_mutex_unlock(&q->lock);
    return any;
}

void hx_queue_close(hx_queue *q) {
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->not_full);
    pthread_cond_broadcast(&q->not_empty);
    pthread_mutex_unlock(&q->lock);
}
