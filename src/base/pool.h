/* pool.h - runs `n` independent jobs on a fixed number of threads. */
#ifndef HX_BASE_POOL_H
#define HX_BASE_POOL_H

#include "huaxiang/base.h"

/* Calls run(context, i, worker) for each i in [0, n) on `n_threads` threads (0 = one a processor), worker in
 * [0, n_threads). Returns the first failure in index order; later jobs may then not have run. `err` is that job's. */
typedef hx_status hx_pool_fn(void *context, size_t i, size_t worker, hx_error *err);
hx_status hx_pool_run(size_t n_threads, size_t n, hx_pool_fn *run, void *context,
                      hx_error *err) HX_MUST_USE;
size_t hx_processors(void);

#endif
