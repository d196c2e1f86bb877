/* train_batches.h - which examples are a batch, counted over all epochs. For src/model. */
#ifndef HX_MODEL_TRAIN_BATCHES_H
#define HX_MODEL_TRAIN_BATCHES_H

#include "model/dataset.h"

typedef struct {
    hx_arena *arena; /* of the plan of one epoch; owned */
    const uint32_t *lengths; /* (n) tokens; borrowed, lives until release */
    size_t n, tokens, examples;
    uint64_t seed, epoch, first; /* first: number of the epoch's first batch */
    hx_batch_plan plan;
    bool made;
} hx_batch_cursor;

hx_status hx_batch_cursor_init(hx_batch_cursor *c, const uint32_t *lengths, size_t n, size_t tokens,
                               size_t examples, uint64_t seed, hx_error *err) HX_MUST_USE;
void hx_batch_cursor_release(hx_batch_cursor *c);
/* `order` (n) of batch `number`, valid until the next call. epoch: how far the data has been gone through once this batch is done,
 * 1.5 = one and a half times. */
hx_status hx_batch_cursor_at(hx_batch_cursor *c, uint64_t number, const uint32_t **order, size_t *n,
                             double *epoch, hx_error *err) HX_MUST_USE;
/* Batches of so many epochs, at least 1. */
hx_status hx_batch_cursor_count(hx_batch_cursor *c, double epochs, uint64_t *batches,
                                hx_error *err) HX_MUST_USE;

#endif
