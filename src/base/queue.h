/* queue.h - a bounded queue of pointers between threads (many producers, many consumers). push blocks while
 * full, pop while empty; close wakes everyone. */
#ifndef HX_BASE_QUEUE_H
#define HX_BASE_QUEUE_H

#include "huaxiang/base.h"

typedef struct hx_queue hx_queue;

hx_queue *hx_queue_new(size_t capacity); /* NULL when out of memory */
void hx_queue_free(hx_queue *q);
bool hx_queue_push(hx_queue *q, void *item); /* false once closed */
bool hx_queue_pop(hx_queue *q, void **item); /* false once closed and empty */
void hx_queue_close(hx_queue *q);

#endif
