/* team.h - a few threads that stay and share the steps of one computation.
 *
 * A step is handed out in small pieces from one counter. Between steps that follow each other at once the threads wait a few microseconds
 * awake, then sleep: an idle team uses no processor. What a piece computes must not depend on who does it. */
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

#endif
