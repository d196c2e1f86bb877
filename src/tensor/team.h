/* team.h - a few threads that stay and share the steps of one computation.
 *
 * Every thread begins with a run of the pieces of its own, in order, and then helps the others: what lies side by side is read by one
 * thread. Between steps that follow each other at once the threads wait some tens of microseconds awake, then sleep: an idle team
 * uses no processor. What a piece computes must not depend on who does it. */
#ifndef HX_TENSOR_TEAM_H
#define HX_TENSOR_TEAM_H

#include "huaxiang/base.h"

typedef struct hx_team hx_team;

hx_status hx_team_new(hx_team **out, size_t n_threads,
                      hx_error *err) HX_MUST_USE; /* 0 = one a processor */
void hx_team_free(hx_team *t);
size_t hx_team_size(const hx_team *t); /* NULL = 1 */

/* work(context, i, worker) for every i in [0, n), worker in [0, size). Returns when all are done. One caller at a time. A NULL team
 * runs it all on the caller. */
typedef void hx_team_fn(void *context, size_t i, size_t worker);
void hx_team_run(hx_team *t, size_t n, hx_team_fn *work, void *context);
/* The pieces [*first, *last) of n that a worker begins with; none where a thread could not be started. NULL team: all for worker 0. */
void hx_team_range(const hx_team *t, size_t n, size_t worker, size_t *first, size_t *last);

#endif
