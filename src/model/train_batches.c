/* train_batches.c - batches of labelled examples, epoch after epoch; see train_batches.h.
 *
 * The plan of an epoch (dataset.h) is made when its first batch is asked for. How many batches an epoch has differs a little from one to
 * the next, since they are filled by length; so batch `number` is found by going from epoch to epoch. */
#include "model/train_batches.h"

#include <math.h>

#include "base/error.h"

#define PLAN_MAX ((size_t)4 << 30)

hx_status hx_batch_cursor_init(hx_batch_cursor *c, const uint32_t *lengths, size_t n, size_t tokens,
                               size_t examples, uint64_t seed, hx_error *err) {
    *c = (hx_batch_cursor){
        .lengths = lengths, .n = n, .tokens = tokens, .examples = examples, .seed = seed};
    c->arena = hx_arena_new(PLAN_MAX);
    return c->arena ? HX_OK : hx_fail(err, HX_ENOMEM, "out of memory");
}

void hx_batch_cursor_release(hx_batch_cursor *c) {
    hx_arena_free(c->arena);
    *c = (hx_batch_cursor){0};
}

static hx_status make_plan(hx_batch_cursor *c, uint64_t epoch, uint64_t first, hx_error *err) {
    hx_arena_reset(c->arena);
    c->made = false;
    HX_TRY(hx_batch_plan_make(c->lengths, c->n, c->tokens, c->examples, c->seed, epoch, c->arena,
                              &c->plan, err));
    c->epoch = epoch;
    c->first = first;
    c->made = c->plan.n_batches > 0;
    return c->made ? HX_OK : hx_fail(err, HX_EINVAL, "there is nothing to learn from");
}

hx_status hx_batch_cursor_at(hx_batch_cursor *c, uint64_t number, const uint32_t **order, size_t *n,
                             double *epoch, hx_error *err) {
    if (!c->made || number < c->first) HX_TRY(make_plan(c, 0, 0, err));
    while (number - c->first >= c->plan.n_batches)
        HX_TRY(make_plan(c, c->epoch + 1, c->first + c->plan.n_batches, err));
    size_t i = (size_t)(number - c->first);
    *order = c->plan.order + c->plan.starts[i];
    *n = c->plan.starts[i + 1] - c->plan.starts[i];
    *epoch = (double)c->epoch + (double)(i + 1) / (double)c->plan.n_batches;
    return HX_OK;
}

hx_status hx_batch_cursor_count(hx_batch_cursor *c, double epochs, uint64_t *batches,
                                hx_error *err) {
    double whole = floor(epochs);
    HX_TRY(make_plan(c, 0, 0, err));
    while ((double)c->epoch < whole)
        HX_TRY(make_plan(c, c->epoch + 1, c->first + c->plan.n_batches, err));
    *batches = c->first + (uint64_t)ceil((epochs - whole) * (double)c->plan.n_batches);
    if (*batches == 0) *batches = 1;
    return HX_OK;
}
