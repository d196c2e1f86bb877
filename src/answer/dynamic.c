/* dynamic.c - a dynamic profile from a store: the shop is learnt, the customer's events are read, and the answer is written.
 *
 * Two walks: over all customers for the usual gap and the share sold at a discount (the population, which is there already), and
 * over events in the order of the store for the catalogue, which is cut off early. Both leave out what lies behind as_of, and the
 * place of a cut depends on nothing later: an event that is left out does not count as seen. */
#include "answer/dynamic.h"

#include <stdlib.h>

#include "base/error.h"
#include "insight/quantile.h"

/* --- the shop ------------------------------------------------------------ */
typedef struct {
    hx_catalog *catalog;
    int64_t as_of;
    uint64_t seen;
    bool done;
} shop_walk;

static hx_status see_events(void *context, uint64_t person, const hx_event *events, size_t n,
                            hx_error *err) {
    shop_walk *w = context;
    (void)person;
    (void)err;
    for (size_t i = 0; i < n && !w->done; i++) {
        if (w->as_of != HX_TIME_NONE && events[i].time > w->as_of) break;
        hx_catalog_see(w->catalog, &events[i]);
        w->seen++;
        w->done = w->seen >= HX_SHOP_EVENTS_MAX ||
                  (w->seen >= HX_SHOP_EVENTS_MIN && hx_catalog_settled(w->catalog));
    }
    return w->done ? HX_ECANCELLED : HX_OK;
}

static hx_status want_events(void *context, uint64_t person, const hx_event *events, size_t n,
                             hx_error *err) {
    shop_walk *w = context;
    (void)person;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        if (w->as_of != HX_TIME_NONE && events[i].time > w->as_of) break;
        hx_catalog_want(w->catalog, &events[i]);
    }
    return HX_OK;
}

static hx_status median_gap(const hx_population *pop, double *out, hx_error *err) {
    int64_t *gaps = calloc(2 * pop->n + 1, sizeof *gaps);
    size_t n = 0;
    if (!gaps) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    for (size_t i = 0; i < pop->n; i++)
        if (pop->customers[i].gap > 0) gaps[n++] = pop->customers[i].gap;
    if (n > 0) hx_quantile_sort(gaps, n, gaps + pop->n);
    *out = n > 0 ? (double)hx_quantile_lower(gaps, n, 1, 2) : 0;
    free(gaps);
    return HX_OK;
}

hx_status hx__shop_learn(hx_shop *shop, const hx_population *pop, const hx_event *events, size_t n,
                         hx_error *err) {
    *shop = (hx_shop){.as_of = pop->as_of, .catalog = hx_catalog_new(), .discounted = -1};
    shop_walk w = {.catalog = shop->catalog, .as_of = pop->as_of};
    if (!shop->catalog) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    if (pop->lines > 0) shop->discounted = (double)pop->discounted / (double)pop->lines;
    for (size_t i = 0; i < n; i++)
        hx_catalog_want(shop->catalog, &events[i]);
    if (!events) HX_TRY(hx_store_each_events(pop->store, want_events, &w, err));
    HX_TRY(median_gap(pop, &shop->gap_days, err));
    const hx_status status = hx_store_each_events(pop->store, see_events, &w, err);
    if (status != HX_OK && !w.done) return status;
    if (hx_catalog_failed(shop->catalog))
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    return HX_OK;
}

void hx__shop_release(hx_shop *shop) {
    hx_catalog_free(shop->catalog);
    shop->catalog = NULL;
}

hx_dynamic_options hx__shop_options(const hx_shop *shop, const hx_answer_options *o,
                                    const hx_zone *zone) {
    return (hx_dynamic_options){.from = HX_TIME_NONE,
                                .as_of = shop->as_of,
                                .half_life = o ? o->half_life : 0,
                                .zone = zone,
                                .catalog = shop->catalog,
                                .gap_days = shop->gap_days,
                                .discounted = shop->discounted,
                                .household = o && o->household};
}

/* --- one customer -------------------------------------------------------- */
typedef struct {
    hx_json_writer *w;
    const hx_answer_options *o;
    const hx_event *events;
    size_t n;
    hx_arena *arena;
    hx_dynamic_options base;
    hx_dynamic now;
} person_case;

static hx_status put_drift(person_case *k, hx_error *err) {
    hx_dynamic_drift d = {.now = k->now};
    hx_dynamic_options then = k->base, since = k->base;
    if (!k->o || !k->o->drifts) return HX_OK;
    if (k->base.as_of != HX_TIME_NONE && k->o->since >= k->base.as_of)
        return hx_fail(err, HX_EINVAL,
                       "the time to compare with must lie before the time that is shown");
    then.as_of = since.from = k->o->since;
    HX_TRY(hx_dynamic_of(k->events, k->n, &then, k->arena, &d.then, err));
    HX_TRY(hx_dynamic_of(k->events, k->n, &since, k->arena, &d.since, err));
    hx_json_key(k->w, "drift");
    hx_json_object(k->w);
    hx__dynamic_put_drift(k->w, &d);
    hx_json_end_object(k->w);
    return HX_OK;
}

static hx_status put_person(person_case *k, hx_error *err) {
    HX_TRY(hx_dynamic_of(k->events, k->n, &k->base, k->arena, &k->now, err));
    hx_json_key(k->w, "dynamic");
    hx_json_object(k->w);
    hx__dynamic_put(k->w, &k->now);
    hx_json_end_object(k->w);
    return put_drift(k, err);
}

hx_status hx__dynamic_person(hx_json_writer *w, const hx_population *pop, uint64_t person,
                             const hx_answer_options *o, const hx_zone *zone, hx_error *err) {
    person_case k = {.w = w, .o = o, .arena = hx_arena_new(0)};
    hx_event *events = NULL;
    hx_shop shop = {.catalog = NULL};
    if (!k.arena) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    hx_status status =
        hx__person_events(pop->store, person, pop->as_of, k.arena, &events, &k.n, err);
    k.events = events;
    if (status == HX_OK) status = hx__shop_learn(&shop, pop, events, k.n, err);
    k.base = hx__shop_options(&shop, o, zone);
    if (status == HX_OK) status = put_person(&k, err);
    hx__shop_release(&shop);
    hx_arena_free(k.arena);
    return status;
}
