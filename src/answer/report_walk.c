/* report_walk.c - the first walk over all events: customers, orders, money and moods over time.
 *
 * Blocks come one id at a time. A customer's first moment and the columns he was active in are gathered over all of his ids, so
 * that a person of two ids counts once; orders are told apart within a block (lines without an order id: by local day).
 * All sums saturate; nothing here depends on the order of blocks. */
#include <string.h>

#include "answer/report.h"
#include "base/error.h"
#include "base/hash.h"

typedef struct {
    hx_report *r;
    hx_report_customer *customer; /* of the block; NULL for guests */
} walk_block;

bool hx__report_is_seen(const hx_report *r, const hx_event *e) {
    int64_t as_of = r->pop->as_of;
    return as_of == HX_TIME_NONE || e->time == HX_TIME_NONE || e->time <= as_of;
}

bool hx__report_speaks(const hx_event *e) {
    return e->text.len > 0 && e->kind != HX_KIND_SEARCH && e->annotation &&
           e->annotation->noise == HX_NOISE_NONE;
}

static hx_money add_money(hx_money a, hx_money b) {
    hx_money sum;
    if (hx_money_add(a, b, &sum)) return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

/* The recent period a moment is in, or HX_PERIOD_ALL where it is in neither. */
static int period_of(const hx_report *r, int64_t ms) {
    if (ms == HX_TIME_NONE || r->window == 0) return HX_PERIOD_ALL;
    int64_t days = (r->pop->as_of - ms) / HX_DAY_MS;
    if (days < r->window) return HX_PERIOD_LAST;
    return days < 2 * r->window ? HX_PERIOD_BEFORE : HX_PERIOD_ALL;
}

/* ------------------------------------------------------------------ one event */
/* What tells an order apart: its id; else the day, of a customer, or the row itself, of a guest. */
static uint64_t order_key(const hx_report *r, const hx_event *e) {
    if (e->order.len > 0) return hx_hash(e->order);
    if (e->n_ids == 0) return hx_event_id(e);
    if (e->time == HX_TIME_NONE) return 0;
    int64_t local = hx_zone_to_local_ms(&r->zone, e->time);
    return hx_hash_mix((uint64_t)hx_floor_div(local, HX_DAY_MS), 1);
}

static void count_order(hx_report *r, const hx_event *e, int bucket, int period) {
    bool guest = e->n_ids == 0;
    if (guest && r->guest_orders.n >= HX_REPORT_GUEST_ORDERS_MAX) return;
    uint64_t *seen = hx_map_put(guest ? &r->guest_orders : &r->order_ids, order_key(r, e));
    if (!seen || *seen) return;
    *seen = 1;
    r->periods[HX_PERIOD_ALL].orders++;
    if (period != HX_PERIOD_ALL) r->periods[period].orders++;
    if (bucket >= 0) r->buckets[bucket].orders++;
}

static void count_currency(hx_report *r, const hx_event *e) {
    if (e->currency.len >= HX_CURRENCY_TEXT_MAX) return;
    size_t i = 0;
    while (i < r->n_money && !hx_str_equal(hx_str_of(r->money[i].currency), e->currency))
        i++;
    if (i == HX_REPORT_CURRENCIES_MAX) return;
    if (i == r->n_money) {
        if (e->currency.len) memcpy(r->money[i].currency, e->currency.ptr, e->currency.len);
        r->n_money++;
    }
    r->money[i].amount = add_money(r->money[i].amount, e->amount);
}

static void count_money(hx_report *r, const hx_event *e, int bucket, int period,
                        hx_report_item *item) {
    if (!e->has_amount) return;
    count_currency(r, e);
    if (!hx_str_equal(hx_str_of(r->pop->currency), e->currency)) return;
    hx_report_period *all = &r->periods[HX_PERIOD_ALL];
    all->revenue = add_money(all->revenue, e->amount);
    if (period != HX_PERIOD_ALL)
        r->periods[period].revenue = add_money(r->periods[period].revenue, e->amount);
    if (bucket >= 0) r->buckets[bucket].revenue = add_money(r->buckets[bucket].revenue, e->amount);
    if (item) item->amount = add_money(item->amount, e->amount);
}

static void count_engine(hx_report *r, const hx_annotation *a) {
    size_t i = 0;
    while (i < r->n_engines &&
           (r->engines[i].engine != a->engine || r->engines[i].model != a->model))
        i++;
    if (i == HX_REPORT_ENGINES_MAX) return;
    if (i == r->n_engines) r->engines[r->n_engines++] = (hx_report_engine){a->engine, a->model, 0};
    r->engines[i].texts++;
}

static void count_period_text(hx_report_period *p, hx_sentiment_label label) {
    p->texts++;
    p->sentiments[label]++;
}

static void count_voice(hx_report *r, const hx_event *e, int bucket, int period,
                        hx_report_item *item) {
    hx_sentiment_label label = e->annotation->sentiment.label;
    count_period_text(&r->periods[HX_PERIOD_ALL], label);
    if (period != HX_PERIOD_ALL) count_period_text(&r->periods[period], label);
    if (bucket >= 0) r->buckets[bucket].sentiments[label]++;
    if (item) {
        item->texts++;
        item->sentiments[label]++;
    }
    hx_report_voice *intent = &r->intents[e->annotation->intent.label];
    intent->count++;
    intent->sentiments[label]++;
    hx__report_count_words(r, e);
}

static void count_rating(hx_report *r, const hx_event *e, int period, hx_report_item *item) {
    int which[2] = {HX_PERIOD_ALL, period};
    for (int i = 0; i < (period == HX_PERIOD_ALL ? 1 : 2); i++) {
        r->periods[which[i]].n_ratings++;
        r->periods[which[i]].rating_sum += e->rating;
    }
    if (!item) return;
    item->n_ratings++;
    item->rating_sum += e->rating;
}

static void count_text(hx_report *r, const hx_event *e) {
    if (e->text.len == 0) return;
    if (!e->annotation) {
        r->quality.unread++;
        return;
    }
    count_engine(r, e->annotation);
    r->quality.noise[(unsigned)e->annotation->noise % HX_NOISE_N]++;
    const hx_corrected *c = &e->annotation->corrected;
    r->quality.corrected[c->mode] += c->n_edits > 0;
    r->quality.edits[c->mode] += c->n_edits;
}

static void mark_customer(hx_report_customer *c, const hx_event *e, int bucket, int period) {
    if (e->time == HX_TIME_NONE) return;
    if (c->first == HX_TIME_NONE || e->time < c->first) c->first = e->time;
    if (e->kind == HX_KIND_TRAITS) return;
    if (bucket >= 0) c->active |= UINT64_C(1) << bucket;
    c->periods |= (uint8_t)(1u << period);
}

static void visit_event(walk_block *b, const hx_event *e) {
    hx_report *r = b->r;
    int bucket = hx__report_bucket_of(r, e->time), period = period_of(r, e->time);
    r->quality.undated += e->time == HX_TIME_NONE;
    r->quality.outside += e->time != HX_TIME_NONE && bucket < 0;
    r->quality.guest_events += e->n_ids == 0;
    if (b->customer) mark_customer(b->customer, e, bucket, period);
    bool sale = e->kind == HX_KIND_ORDER || e->kind == HX_KIND_REFUND,
         speaks = hx__report_speaks(e);
    hx_report_item *item = NULL;
    if (sale || speaks || e->rating != HX_RATING_NONE) item = hx__report_item_of(r, e, true);
    if (e->kind == HX_KIND_ORDER) count_order(r, e, bucket, period);
    if (item && e->kind == HX_KIND_ORDER) item->lines++;
    if (sale) count_money(r, e, bucket, period, item);
    if (e->rating != HX_RATING_NONE) count_rating(r, e, period, item);
    count_text(r, e);
    if (speaks) count_voice(r, e, bucket, period, item);
}

static hx_status visit_block(void *context, uint64_t person, const hx_event *events, size_t n,
                             hx_error *err) {
    hx_report *r = context;
    walk_block b = {r, NULL};
    const hx_customer *c = person ? hx__population_find(r->pop, person) : NULL;
    if (c) b.customer = &r->customers[c - r->pop->customers];
    hx_map_reset(&r->order_ids);
    for (size_t i = 0; i < n; i++)
        if (hx__report_is_seen(r, &events[i])) visit_event(&b, &events[i]);
    if (r->items.no_memory || r->words.no_memory)
        return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    return HX_OK;
}

/* ------------------------------------------------------------------ sums over customers */
static void add_customer(hx_report *r, const hx_report_customer *c) {
    int bucket = hx__report_bucket_of(r, c->first), period = period_of(r, c->first);
    if (bucket >= 0) r->buckets[bucket].new_customers++;
    if (period != HX_PERIOD_ALL && c->first != HX_TIME_NONE) r->periods[period].customers++;
    for (size_t i = 0; i < r->axis.n; i++)
        r->buckets[i].active += c->active >> i & 1;
    for (int i = 0; i < HX_PERIOD_ALL; i++)
        r->periods[i].active += c->periods >> i & 1;
    r->periods[HX_PERIOD_ALL].active += c->periods != 0;
}

static void put_main_currency_first(hx_report *r) {
    for (size_t i = 1; i < r->n_money; i++)
        if (strcmp(r->money[i].currency, r->pop->currency) == 0) {
            hx_report_money main = r->money[i];
            r->money[i] = r->money[0];
            r->money[0] = main;
        }
}

hx_status hx__report_walk(hx_report *r, hx_error *err) {
    size_t n = r->pop->n;
    r->customers = hx_arena_alloc(r->arena, (n ? n : 1) * sizeof *r->customers);
    if (!r->customers) return hx_fail(err, HX_ENOMEM, "not enough memory for the answer");
    for (size_t i = 0; i < n; i++)
        r->customers[i].first = HX_TIME_NONE;
    HX_TRY(hx_store_each_events(r->store, visit_block, r, err));
    for (size_t i = 0; i < n; i++)
        add_customer(r, &r->customers[i]);
    r->periods[HX_PERIOD_ALL].customers = n;
    put_main_currency_first(r);
    return HX_OK;
}
