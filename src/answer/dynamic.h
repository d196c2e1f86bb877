/* dynamic.h - dynamic profiles of a store's customers: what the shop teaches, one customer at one time, two times compared, as JSON.
 *
 * The shop (its catalogue, the usual gap between purchases, the share sold at a discount) is learnt from what happened up to
 * the population's as_of, so that later events change nothing. For one customer the walk over the store ends as soon as the
 * items are settled that the customer touched. */
#ifndef HX_ANSWER_DYNAMIC_H
#define HX_ANSWER_DYNAMIC_H

#include "answer/value.h"
#include "insight/dynamic.h"

#define HX_SHOP_EVENTS_MIN 50000 /* a walk goes at least so far: prices need a sample */
#define HX_SHOP_EVENTS_MAX 2000000 /* and no farther */

typedef struct {
    int64_t as_of;
    hx_catalog *catalog; /* owned */
    double gap_days, discounted; /* as in hx_dynamic_options */
} hx_shop;

/* `events`: of the customer it is for; NULL: for everybody. Released by hx__shop_release() in any case. */
hx_status hx__shop_learn(hx_shop *shop, const hx_population *pop, const hx_event *events, size_t n,
                         hx_error *err) HX_MUST_USE;
void hx__shop_release(hx_shop *shop);
hx_dynamic_options hx__shop_options(const hx_shop *shop, const hx_answer_options *o,
                                    const hx_zone *zone);

/* The members of "dynamic" of the answer of show (dynamic_json.c). */
void hx__dynamic_put(hx_json_writer *w, const hx_dynamic *d);
/* Of "drift": `then` up to a time, `since` of what came behind it, `now` of all. */
typedef struct {
    hx_dynamic then, since, now;
} hx_dynamic_drift;
void hx__dynamic_put_drift(hx_json_writer *w, const hx_dynamic_drift *d);

/* Members "dynamic" and, with o->drifts, "drift" of a person at pop->as_of. */
hx_status hx__dynamic_person(hx_json_writer *w, const hx_population *pop, uint64_t person,
                             const hx_answer_options *o, const hx_zone *zone,
                             hx_error *err) HX_MUST_USE;

#endif
