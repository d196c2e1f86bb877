/* tastes.c - what customers of a store said of items and bought, for preferences.
 *
 *     a rating, a text of an item with a mood    an opinion: liked, or not
 *     an order line                              had it; a refund of it = not liked
 *
 * The scale of ratings is told by the greatest of each import. Texts that are adverts or copies say nothing, nor do searches. Customers come in the order of
 * their keys, events in theirs: equal stores give equal bytes. */
#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/civil.h"
#include "base/error.h"
#include "base/map.h"
#include "huaxiang/pipeline.h"
#include "insight/tastes.h"
#include "store/store.h"

#define ARENA_MAX ((size_t)16 << 30)
#define LATEST INT64_MIN /* HX_AS_OF_LATEST */
#define UNITS 10000.0 /* of amounts and quantities */

typedef struct {
    hx_store *store;
    hx_tastes *tastes;
    int64_t as_of;
    hx_map scales; /* import -> greatest rating, in thousandths */
    hx_buf customers; /* gathered */
    hx_arena *names, *scratch;
} gathering;

typedef struct {
    uint64_t key;
    hx_str name; /* in names */
} gathered;

static hx_status no_memory(hx_error *err) {
    return hx_fail(err, HX_ENOMEM, "not enough memory for preferences");
}

static hx_status note_customer(void *context, const hx_profile *p, hx_error *err) {
    gathering *g = context;
    char room[HX_PROFILE_ID_MAX];
    const hx_str id = p->n_ids > 0 ? p->ids[0].value : hx_str_of(hx_profile_id_text(p->key, room));
    const gathered c = {p->key, hx_arena_str(g->names, id)};
    if (hx_id_key_is_guest(p->key)) return HX_OK;
    return c.name.ptr && hx_buf_append(&g->customers, &c, sizeof c) ? HX_OK : no_memory(err);
}

static hx_status note_scales(void *context, uint64_t person, const hx_event *events, size_t n,
                             hx_error *err) {
    gathering *g = context;
    (void)person;
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; events[i].rating != HX_RATING_NONE && k < events[i].n_imports; k++) {
            uint64_t *most = hx_map_put(&g->scales, events[i].imports[k]);
            if (!most) return no_memory(err);
            if (events[i].rating > 0 && (uint64_t)events[i].rating > *most)
                *most = (uint64_t)events[i].rating;
        }
    return HX_OK;
}

static double liked_by_rating(const gathering *g, const hx_event *e) {
    const uint64_t *most = e->n_imports > 0 ? hx_map_get(&g->scales, e->imports[0]) : NULL;
    return hx_tastes_liked((double)e->rating / 1000, most ? (double)*most / 1000 : 5);
}

static double liked_of(const gathering *g, const hx_event *e) {
    const hx_annotation *a = e->annotation;
    if (e->kind == HX_KIND_REFUND) return 0;
    if (e->rating != HX_RATING_NONE) return liked_by_rating(g, e);
    if (e->kind != HX_KIND_REVIEW || e->text.len == 0 || !a || a->noise != HX_NOISE_NONE)
        return NAN;
    if (a->sentiment.label == HX_SENTIMENT_POSITIVE) return 1;
    return a->sentiment.label == HX_SENTIMENT_NEGATIVE ? 0 : NAN;
}

static double price_of(const hx_event *e) {
    if (e->kind != HX_KIND_ORDER || !e->has_amount || e->amount <= 0) return NAN;
    return (double)e->amount / (e->quantity > 0 ? (double)e->quantity : UNITS);
}

/* A review in the customer's own voice: not a shop's filler, an advert, a copy. */
static bool is_said(const hx_event *e) {
    return e->kind == HX_KIND_REVIEW && e->text.len > 0 &&
           (!e->annotation || e->annotation->noise == HX_NOISE_NONE);
}

static hx_status add_event(gathering *g, hx_str name, const hx_event *e, hx_error *err) {
    char id[HX_EVENT_ID_TEXT];
    const double liked = liked_of(g, e);
    if (e->item.len == 0 || e->time == HX_TIME_NONE || e->time > g->as_of) return HX_OK;
    if (isnan(liked) && e->kind != HX_KIND_ORDER) return HX_OK;
    const hx_taste taste = {.customer = name,
                            .item = e->item,
                            .text = e->item_name,
                            .category = e->category,
                            .comment = is_said(e) ? e->text : (hx_str){NULL, 0},
                            .event = hx_str_of(hx_event_id_text(hx_event_id(e), id)),
                            .time = (double)e->time,
                            .liked = liked,
                            .price = price_of(e)};
    return hx_tastes_add(g->tastes, &taste, err);
}

static hx_status add_customer(gathering *g, const gathered *c, hx_error *err) {
    hx_event *events;
    size_t n;
    hx_arena_reset(g->scratch);
    HX_TRY(hx_store_events(g->store, c->key, g->scratch, &events, &n, err));
    for (size_t i = 0; i < n; i++)
        HX_TRY(add_event(g, c->name, &events[i], err));
    return HX_OK;
}

static hx_status gather(gathering *g, hx_error *err) {
    if (g->as_of == LATEST) HX_TRY(hx_store_latest(g->store, &g->as_of, err));
    HX_TRY(hx_store_each_events(g->store, note_scales, g, err));
    HX_TRY(hx_store_each_profile(g->store, note_customer, g, err));
    const gathered *all = (const gathered *)(const void *)g->customers.ptr;
    for (size_t i = 0; i < g->customers.len / sizeof *all; i++)
        HX_TRY(add_customer(g, &all[i], err));
    return HX_OK;
}

hx_status hx_tastes_of_store(hx_tastes *tastes, hx_store *store, int64_t as_of, hx_error *err) {
    gathering g = {.store = store, .tastes = tastes, .as_of = as_of};
    hx_map_init(&g.scales);
    hx_buf_init(&g.customers, ARENA_MAX);
    g.names = hx_arena_new(ARENA_MAX);
    g.scratch = hx_arena_new(ARENA_MAX);
    const hx_status st = g.names && g.scratch ? gather(&g, err) : no_memory(err);
    hx_map_release(&g.scales);
    hx_buf_release(&g.customers);
    hx_arena_free(g.names);
    hx_arena_free(g.scratch);
    return st;
}
